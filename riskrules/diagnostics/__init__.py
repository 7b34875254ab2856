"""What is wrong, where, and what to do about it: values first, printing last."""

from riskrules.diagnostics.codes import CODES, Code
from riskrules.diagnostics.problem import Problem, Span, to_json
from riskrules.diagnostics.snippet import render

__all__ = ["CODES", "Code", "Problem", "Span", "render", "to_json"]
