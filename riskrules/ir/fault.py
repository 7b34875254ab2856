"""A value that could not be had: the other half of every column.

A fault is data, not an exception: it taints exactly the figures computed from it, and `choose`
passes on only the fault of the branch that is taken.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    code: str  # "RR501"
    text: str  # "mark price of ETH-USDT is 12 s old, the limit is 5 s"
    hint: str = ""
