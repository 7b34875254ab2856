"""A value that could not be had: the other half of every column.

A fault is data, not an exception: it taints exactly the figures computed from it, and `choose`
passes on only the fault of the branch that is taken.
"""

from __future__ import annotations

from collections.abc import Callable


class Fault:
    """A code, what is wrong, and what to do.  The text may be put together when it is first read: most refusals are never met."""

    __slots__ = ("_text", "code", "hint")

    def __init__(self, code: str, text: str | Callable[[], str], hint: str = "") -> None:
        self.code = code  # "RR501"
        self._text = text  # "mark price of ETH-USDT is 12 s old, the limit is 5 s"
        self.hint = hint

    @property
    def text(self) -> str:
        if not isinstance(self._text, str):
            self._text = self._text()
        return self._text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Fault) and (self.code, self.text, self.hint) == (other.code, other.text, other.hint)

    def __hash__(self) -> int:
        return hash((self.code, self.text, self.hint))

    def __repr__(self) -> str:
        return f"Fault({self.code!r}, {self.text!r}, {self.hint!r})"
