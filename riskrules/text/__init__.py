"""YAML text to a strict document: one spelling for each thing, and a place for every node."""

from riskrules.text.document import Mapping, Node, Sequence, Text, node_at, span_at
from riskrules.text.reader import read

__all__ = ["Mapping", "Node", "Sequence", "Text", "node_at", "read", "span_at"]
