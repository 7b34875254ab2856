"""YAML to a document, strictly: one spelling for each thing, every fault at once, each with its place.

The parser gives events, and this module alone builds the tree from them: nothing is guessed, nothing
is resolved, every scalar stays the text that was written.  A document is given only if no fault was
found, so that nobody works on half a file.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from riskrules.diagnostics.problem import Problem, Span
from riskrules.text.document import Mapping, Place, Sequence, Text, span_from
from riskrules.text.scalars import faults_of_key, faults_of_plain
from riskrules.text.screen import HIDDEN_CODES, code_of, first_refused, say_character, screen

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

MOST_BYTES = 16 * 1024 * 1024
MOST_EVENTS = 2_000_000
DEEPEST = 32
MOST_PROBLEMS = 200

Labels = tuple[tuple[Span, str], ...]

_DIRECTIVE = re.compile(r"(?:[ ]*(?:#[^\n]*)?\n)*(%[^\n]*)")
_BLOCK = re.compile(r"[|>][-+]?(?: +#[^\n]*| *)\n *[^ \n]")
_QUESTION = re.compile(r"\?(?: |$)", re.MULTILINE)
_TAG = re.compile(r"!\S*")

OF_SCALARS = frozenset(f"RR{number}" for number in range(130, 144))  # about one scalar, whose text is there all the same


def read(text: bytes | str, file: str) -> tuple[Mapping | None, list[Problem]]:
    """The document, or None and every fault that was found."""
    document, problems = read_on(text, file)
    return (None if problems else document), problems


def read_on(text: bytes | str, file: str) -> tuple[Mapping | None, list[Problem]]:
    """The same, and the document too where only single scalars are at fault: what else is wrong with it can then be told at once."""
    if len(text) > MOST_BYTES:
        size = f"{len(text):,} is more than {MOST_BYTES:,} bytes"
        return None, [Problem("RR103", None, f"{file}: {size}", "split the file: one file sets one or a few tables")]
    decoded = _decode(text, file) if isinstance(text, bytes) else text
    if isinstance(decoded, Problem):
        return None, [decoded]
    return _read(decoded, file)


def _read(text: str, file: str) -> tuple[Mapping | None, list[Problem]]:
    problems: list[Problem] = []
    if text.startswith("\ufeff"):
        problems.append(Problem("RR102", Span(file, 1, 1, 1, 2), "a byte-order mark (U+FEFF)", "save the file as UTF-8 without one"))
        text = text[1:]
    text, unseen = screen(text, file)
    problems += unseen
    if match := _DIRECTIVE.match(text):
        problems.append(_directive(text, match, file))
        text = f"{text[: match.start(1)]}#{text[match.start(1) + 1 :]}"
    composer = _Composer(text, file, problems)
    composer.compose()
    sound = all(problem.code in OF_SCALARS for problem in composer.problems)
    return (composer.root if sound and isinstance(composer.root, Mapping) else None), composer.problems


def _decode(data: bytes, file: str) -> str | Problem:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        at, byte = Span(file, line, column, line, column + 1), f"0x{data[error.start]:02x}"
        return Problem("RR101", at, f"byte {byte} is not UTF-8", "save the file as UTF-8", found=byte)


def _directive(text: str, match: re.Match[str], file: str) -> Problem:
    line = text.count("\n", 0, match.start(1)) + 1
    span = Span(file, line, 1, line, len(match[1]) + 1)
    return Problem("RR125", span, f"a directive: {match[1]}", "delete the line: policies have one dialect", found=match[1])


class _Composer:
    """Builds the tree of one text from the parser's events and collects what is wrong on the way."""

    def __init__(self, text: str, file: str, problems: list[Problem]) -> None:
        self.text = text
        self.file = file
        self.problems = problems
        self.root: Mapping | Sequence | Text | None = None
        self.node: Mapping | Sequence | None = None  # the collection being filled
        self.fields: dict[str, Place] | None = None  # where its keys stand, if it is a mapping
        self.key: str | None = None  # the key that waits for its value
        self.stack: list[tuple[Mapping | Sequence | None, str | None]] = []
        self.end: tuple[int, int] = (0, 0)  # where the last scalar or collection ended
        self.documents = 0
        self.full = False  # so many faults that nobody reads on
        self.asks = _QUESTION.search(text) is not None  # only then can there be a `? key`
        self.good_keys: set[str] = set()  # most keys stand in every row: judged once
        self.good_plain: set[str] = set()

    def compose(self) -> None:
        blanked = any(problem.code in HIDDEN_CODES for problem in self.problems)
        loader = _Loader(self.text)
        try:
            self._all_events(loader.get_event)
        except yaml.MarkedYAMLError as error:
            if not blanked:  # else it may be the blank's doing
                self.problems.append(_not_yaml(error, self.file))
        finally:
            loader.dispose()
        self.problems.sort(key=lambda problem: (problem.at.line, problem.at.column) if problem.at else (MOST_BYTES, 0))
        if not self.problems and not isinstance(self.root, Mapping):
            self.problems.append(self._no_mapping())

    def _all_events(self, get_event: Callable[[], Any]) -> None:
        for _ in range(MOST_EVENTS):
            event = get_event()
            if type(event) is ScalarEvent:
                self._scalar(event)
            elif not self._structure(event):
                return
            if self.full:
                return
        self._add("RR103", None, f"{self.file}: more than {MOST_EVENTS:,} keys, values and brackets", "split the file")

    def _scalar(self, event: Any) -> None:
        value: str = event.value
        first, last = event.start_mark, event.end_mark
        place = (self.file, first.line, first.column, last.line, last.column)
        self.end = place[3:]
        if event.anchor is not None or event.tag is not None:
            self._properties(event)
        if self.fields is not None and self.key is None:
            self._take_key(value, place, event)
            return
        style = event.style
        text = Text(value)
        text.at = place
        text.plain = not style  # '' from the C parser, None from the other
        if not style:
            if value not in self.good_plain:
                self._judge_plain(value, place)
        elif style == '"':
            self._judge_escapes(value, place)
        elif style != "'":
            self._judge_block(value, place, first.index)
        self._attach(text)

    def _take_key(self, key: str, place: Place, event: Any) -> None:
        fields = self.fields
        assert fields is not None
        if key not in self.good_keys:
            key = self._judge_key(key, place, event)
        if self.asks and _asked(self.text, event.start_mark):
            self._add("RR127", place, f"a key behind a question mark: {key}", "write the key and a colon, without the ?")
        if event.style and _glued(self.text, event.end_mark.index):
            hint = "write a space after the colon: parsers differ on it"
            self._add("RR127", place, f"a quoted key whose colon touches its value: {key}", hint)
        if key in fields:
            labels = ((span_from(fields[key]), "given first here"),)
            self._add("RR120", place, f"{key} is given twice", "keep one of them", key, labels)
        fields[key] = place
        self.key = key

    def _attach(self, child: Mapping | Sequence | Text) -> None:
        node = self.node
        if self.fields is not None:
            node[self.key] = child  # type: ignore[index,call-overload]
            self.key = None
        elif node is not None:
            node.append(child)  # type: ignore[union-attr]
        else:
            self.root = child

    def _structure(self, event: Any) -> bool:
        """All that is not a scalar; False when there is nothing more to read."""
        kind = type(event)
        if kind is MappingStartEvent or kind is SequenceStartEvent:
            return self._open(event)
        if kind is MappingEndEvent or kind is SequenceEndEvent:
            self._close(event)
        elif kind is AliasEvent:
            self._alias(event)
        elif kind is DocumentStartEvent:
            return self._document(event)
        elif kind is DocumentEndEvent and event.explicit:
            self._add("RR126", self._place(event), "a document marker", "delete the ...: a file is one document")
        return kind is not StreamEndEvent

    def _place(self, event: Any) -> Place:
        first, last = event.start_mark, event.end_mark
        return self.file, first.line, first.column, last.line, last.column

    def _open(self, event: Any) -> bool:
        place = self._place(event)
        if event.anchor is not None or event.tag is not None:
            self._properties(event)
        child: Mapping | Sequence
        fields: dict[str, Place] | None = None
        if type(event) is MappingStartEvent:
            child = Mapping()
            child.key_at = fields = {}
        else:
            child = Sequence()
        child.at = place
        if self.fields is not None and self.key is None:  # kept out of the tree
            self._add("RR127", place, "a list or mapping as a key", "a key is a name: one word or a few")
            self.stack.append((self.node, ""))
        else:
            self._attach(child)
            self.stack.append((self.node, None))
        self.node, self.fields, self.key = child, fields, None
        if len(self.stack) > DEEPEST:
            self._add("RR104", place, f"nested more than {DEEPEST} deep", "give the inner part a name and set it beside")
            return False
        return True

    def _close(self, event: Any) -> None:
        """A bracket ends a flow collection; a block collection ends with the last thing in it."""
        node = self.node
        assert node is not None
        last = event.end_mark
        if event.start_mark.index != last.index:
            self.end = last.line, last.column
        node.at = (*node.at[:3], *self.end)
        self.node, self.key = self.stack.pop()
        self.fields = self.node.key_at if type(self.node) is Mapping else None

    def _alias(self, event: Any) -> None:
        place = self._place(event)
        alias = f"*{event.anchor}"
        self._add("RR122", place, f"an alias: {alias}", "write the value out: a reviewer reads one place", alias)
        self.end = place[3:]
        self.key = "" if self.fields is not None and self.key is None else None

    def _document(self, event: Any) -> bool:
        self.documents += 1
        if self.documents > 1:
            self._add("RR126", self._place(event), "a second document", "a file is one document: move it to a file of its own")
            return False
        if event.explicit:
            self._add("RR126", self._place(event), "a document marker", "delete the ---: a file is one document")
        return True

    def _properties(self, event: Any) -> None:
        """An anchor or a tag before a node.  The event holds neither's place: both are found in the line."""
        mark = event.start_mark
        if event.anchor is not None:
            anchor = f"&{event.anchor}"
            self._add("RR121", self._word(mark, anchor), f"an anchor: {anchor}", "delete it: nothing may refer to another place", anchor)
        if event.tag is not None:
            written = _TAG.search(self.text, mark.index)
            tag = written[0] if written else "!"
            self._add("RR124", self._word(mark, tag), f"a tag: {tag}", "delete it: the schema says what a value is", tag)

    def _word(self, mark: Any, word: str) -> Place:
        at = self.text.index(word, mark.index)
        lines = self.text.count("\n", mark.index, at)
        column = at - self.text.rfind("\n", mark.index, at) - 1 if lines else mark.column + at - mark.index
        return self.file, mark.line + lines, column, mark.line + lines, column + len(word)

    def _judge_plain(self, value: str, place: Place) -> None:
        faults = list(faults_of_plain(value))
        if not faults:
            self.good_plain.add(value)
        for fault in faults:
            self._add(fault.code, place, fault.text, fault.hint, fault.found)

    def _judge_key(self, key: str, place: Place, event: Any) -> str:
        """The key as it is compared with the others: two spellings of the same letters are one key."""
        faults = list(faults_of_key(key))
        if not faults:
            self.good_keys.add(key)
        for fault in faults:
            self._add(fault.code, place, fault.text, fault.hint, fault.found)
        if event.style == '"':
            self._judge_escapes(key, place)
        return unicodedata.normalize("NFC", key)

    def _judge_escapes(self, value: str, place: Place) -> None:
        """An escape may not bring in what may not be written; a line break in prose is text."""
        character = first_refused(value)
        if character is not None:
            found = f"U+{ord(character):04X}"
            self._add(code_of(character), place, f"an escape for {say_character(character)}", "delete the escape", found)

    def _judge_block(self, value: str, place: Place, start: int) -> None:
        """A block of text has the one form that all parsers read alike: no indent number, no blank line first."""
        if not value.strip():
            self._add("RR128", place, "an empty block of text, where a value is due", "give a value, or leave the key out")
        elif _BLOCK.match(self.text, start) is None:
            hint = "write | or > (with - or + at most), then the text from the next line on"
            self._add("RR129", place, "a block of text that parsers read differently", hint)

    def _no_mapping(self) -> Problem:
        if self.root is None:
            return Problem("RR106", Span(self.file, 1, 1, 1, 1), "nothing in the file", "write the policy, or delete the file")
        kind = "a list" if isinstance(self.root, Sequence) else "a text"
        hint = "start with `kind: ` and the other keys of a policy"
        return Problem("RR107", self.root.span, f"the file is {kind}", hint, expected="a mapping of keys to values")

    def _add(self, code: str, place: Place | None, text: str, hint: str, found: str = "", labels: Labels = ()) -> None:
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(Problem(code, span_from(place) if place else None, text, hint, found=found, labels=labels))
        elif not self.full:
            self.full = True
            text = f"{self.file}: more than {MOST_PROBLEMS} faults; the rest is not listed"
            self.problems.append(Problem("RR108", None, text, "correct these first"))


def _glued(text: str, end: int) -> bool:
    """Whether the colon after a quoted key is followed by its value at once."""
    colon = text.find(":", end)
    return colon >= 0 and not text[end:colon].strip() and text[colon + 1 : colon + 2].strip() != ""


def _asked(text: str, mark: Any) -> bool:
    """Whether the key at this mark stands behind a `?` of its own line."""
    start, at = mark.index - mark.column, mark.index - 1
    while at > start and text[at] == " ":
        at -= 1
    return at >= start and text[at] == "?" and (at == start or text[at - 1] in " {,[")


_YAML_HINTS = (  # a part of the parser's words, and what to do then
    ("mapping values are not allowed", "quote a text that has a colon and a space in it, or check how the line is indented"),
    ("cannot start any token", "quote a text that begins with a sign such as % @ ` or a tab"),
    ("could not find expected ':'", "write the key, a colon, a space and the value"),
    ("',' or ']'", "put a comma between the entries and a ] at the end"),
    ("',' or '}'", "put a comma between the entries and a } at the end"),
    ("end of stream", "close the quote"),
    ("escape", "use single quotes, in which a backslash is a backslash"),
    ("expected key", "begin the lines of one mapping in the same column"),
    ("block end", "begin the lines of one mapping in the same column"),
    ("'-' indicator", "begin the entries of one list in the same column"),
    ("tag", "delete the tag: the schema says what a value is"),
)


def _not_yaml(error: Any, file: str) -> Problem:
    """The parser's complaint at the parser's place, with what to do about it."""
    words = error.problem or "cannot be read"
    hint = next((hint for part, hint in _YAML_HINTS if part in words), "compare the line with the one above it")
    code = "RR124" if "tag handle" in words else "RR105"
    labels: Labels = ()
    if error.context and error.context_mark and error.context_mark.index != error.problem_mark.index:
        labels = ((_point(error.context_mark, file), error.context),)
    at = _point(error.problem_mark, file) if error.problem_mark else None
    return Problem(code, at, f"not YAML: {words[:1].lower()}{words[1:]}", hint, labels=labels)


def _point(mark: Any, file: str) -> Span:
    return Span(file, mark.line + 1, mark.column + 1, mark.line + 1, mark.column + 2)
