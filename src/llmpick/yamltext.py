"""YAML text -> JSON text, strictly: one document, no aliases, no tags, no duplicate keys, bounded depth and size.

Plain scalars follow JSON: only `true`, `false`, `null` and JSON numbers are more than text, so `no`, `3:30`,
`1_000` and `2024-01-31` stay the text that somebody wrote. Nothing is ever constructed from a tag.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

import yaml

from llmpick.record import NamedTuple

quoted = json.JSONEncoder().encode
"""A text as JSON; `json.dumps` looks at its options each time."""
MAX_DEPTH = 20
"""Levels of lists and mappings; the deepest file of the catalog has five."""
MAX_NODES = 100_000
"""Values and keys: as Python objects they take some 70 MB. The largest file of the catalog has some 20,000."""
MAX_NUMBER = 32
"""Characters of a number."""
MAX_SCALAR = 20_000
"""Characters of one text."""
MAX_KEY = 200
"""Characters of a key."""
PLAIN = "plain"
QUOTED = "quoted"
MAPPING = "mapping"
SEQUENCE = "sequence"
FIRST = frozenset("-0123456789")
"""What a number begins with."""
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
CONSTANTS = {"": "null", "~": "null", "null": "null", "true": "true", "false": "false"}
INDENTED = "\n" + " " * 100
"""A line so far to the right may lie deeper than MAX_DEPTH."""
COMPACT = re.compile(r"[-?:][ \t]+(?:[-?:][ \t]+){19}")
"""Lists of lists of lists on one line; beginning with its indicator, not with a group, it is looked for fast."""
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")
"""Control characters and those that reverse the direction of text."""


class Mark(NamedTuple):
    """Where something stands; both count from 1."""

    line: int
    column: int


class Problem(Exception):  # noqa: N818 - becomes a Fault once the path is known
    """Something wrong in a text."""

    def __init__(self, mark: Mark, message: str) -> None:
        super().__init__(message)
        self.mark = mark
        self.message = message


class _Loader(yaml.CSafeLoader):
    """Composes nodes whose tag says only how they were written."""

    def resolve(self, kind: type, value: Any, implicit: Any) -> str:
        """A word of ours in place of a YAML tag."""
        if kind is yaml.ScalarNode:
            return PLAIN if implicit[0] else QUOTED
        return MAPPING if kind is yaml.MappingNode else SEQUENCE

    def descend_resolver(self, parent: Any, index: Any) -> None:
        """Nothing to prepare: paths do not matter."""

    def ascend_resolver(self) -> None:
        """Nothing to undo."""


class Document(NamedTuple):
    """A YAML document as JSON text, with the nodes that know where each part stands."""

    json: str
    root: yaml.Node | None
    """None where the text was JSON."""
    problems: tuple[Problem, ...]


def decode(data: bytes) -> str:
    """UTF-8 text of `data`, or a Problem at the first byte that is not UTF-8."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        mark = Mark(before.count(b"\n") + 1, error.start - before.rfind(b"\n"))
        raise Problem(mark, f"byte 0x{data[error.start]:02x} is not UTF-8; save the file as UTF-8") from None


def read(text: str) -> Document:
    """The document in `text`; raises Problem where it is no single, bounded YAML document."""
    _bound(text)
    root = _compose(text)
    if root is None:
        raise Problem(Mark(1, 1), "the file is empty; write one field a line, as `name: value`")
    writer = _Writer(text)
    return Document(writer.json(root, 0), root, tuple(writer.problems))


def _compose(text: str) -> yaml.Node | None:
    try:
        node: yaml.Node | None = yaml.compose(text, Loader=_Loader)
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        mark = Mark(before.count("\n") + 1, error.position - before.rfind("\n"))
        raise Problem(mark, f"character {_shown(error.character)} is not allowed; remove it") from None
    except yaml.MarkedYAMLError as error:
        raise _problem(error, text) from None
    return node


def _problem(error: yaml.MarkedYAMLError, text: str) -> Problem:
    mark = mark_of(error.problem_mark or error.context_mark)
    lines = text.splitlines()
    line = lines[mark.line - 1] if mark.line <= len(lines) else ""
    said = ", ".join(part for part in (error.context, error.problem) if part)
    if "\t" in line[: len(line) - len(line.lstrip())] or ("cannot start any token" in said and "\t" in line):
        return Problem(mark, "a tab indents this line; use spaces")
    if "single document" in said:
        return Problem(mark, "a second document starts here; one file holds one document")
    began = mark_of(error.context_mark).line if error.context_mark else mark.line
    return Problem(mark, f"not valid YAML: {said}" + (f" (it begins on line {began})" if began != mark.line else ""))


def mark_of(mark: Any) -> Mark:
    """A Mark from libyaml's, which counts from 0."""
    return Mark(mark.line + 1, mark.column + 1) if mark else Mark(1, 1)


def _bound(text: str) -> None:
    """Refuse deep nesting before the composer, which recurses in C, can exhaust the stack; and too many values."""
    openers = text.count("[") + text.count("{")
    # Between two values there is a comma, a colon, a dash or a line break.
    many = openers + sum(map(text.count, ",:-?\n")) >= MAX_NODES
    if many or openers >= 400 or INDENTED in f"\n{text}" or COMPACT.search(text):
        _count(text)


def _count(text: str) -> None:
    depth = nodes = 0
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            nodes += isinstance(event, yaml.NodeEvent)
            if nodes > MAX_NODES:
                raise Problem(mark_of(event.start_mark), f"more than {MAX_NODES:,} values; no file of ours needs that")
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
                if depth > MAX_DEPTH:
                    raise _too_deep(mark_of(event.start_mark))
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
    except yaml.YAMLError:
        return  # the composer says it better


def _too_deep(mark: Mark) -> Problem:
    return Problem(mark, f"nested deeper than {MAX_DEPTH} levels; no catalog file needs that")


class _Writer:
    """Writes nodes as JSON text and notes what is wrong on the way."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.problems: list[Problem] = []
        self.seen: set[int] | None = set() if "*" in text else None
        """Nodes met before, where the text may hold an alias at all."""

    def json(self, node: yaml.Node, depth: int) -> str:
        """JSON text of `node`; what cannot be read becomes null and a Problem."""
        if self.seen is not None:
            if id(node) in self.seen:
                return self._fail(_alias_mark(self.text), "aliases (`*name`) are not accepted; write the value out")
            self.seen.add(id(node))
        if depth > MAX_DEPTH:
            raise _too_deep(mark_of(node.start_mark))
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        if node.tag not in (MAPPING, SEQUENCE):
            return self._fail(mark_of(node.start_mark), f"the tag `{node.tag[:60]}` is not accepted; remove it")
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, depth)
        return f"[{','.join([self.json(item, depth + 1) for item in node.value])}]"

    def _scalar(self, node: yaml.ScalarNode) -> str:
        value: str = node.value
        if node.tag == PLAIN:
            known = CONSTANTS.get(value)
            if known is not None:
                return known
            if value[0] in FIRST and NUMBER.fullmatch(value):
                return self._number(node, value)
        elif node.tag != QUOTED:
            return self._fail(mark_of(node.start_mark), f"the tag `{node.tag[:60]}` is not accepted; remove it")
        if len(value) > MAX_SCALAR:
            return self._fail(mark_of(node.start_mark), f"text longer than {MAX_SCALAR:,} characters; shorten it")
        if not value.isprintable() and (unseen := UNSEEN.search(value)):
            return self._fail(mark_of(node.start_mark), f"the text holds {_shown(unseen[0])}; remove it")
        return quoted(value)

    def _number(self, node: yaml.ScalarNode, value: str) -> str:
        if len(value) > MAX_NUMBER or not math.isfinite(float(value)):
            return self._fail(mark_of(node.start_mark), f"the number {value[:20]}... is out of range")
        return value

    def _mapping(self, node: yaml.MappingNode, depth: int) -> str:
        first: dict[str, yaml.Node] = {}
        parts = []
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode) or len(key.value) > MAX_KEY or not key.value.isprintable():
                self._fail(mark_of(key.start_mark), "a key must be one short word")
                continue
            name = key.value
            if name in first:
                stands = f"`{name}` stands on line {mark_of(first[name].start_mark).line} already"
                self._fail(mark_of(key.start_mark), f"{stands}; keep one of them")
                continue
            first[name] = key
            parts.append(f"{quoted(name)}:{self.json(value, depth + 1)}")
        return f"{{{','.join(parts)}}}"

    def _fail(self, mark: Mark, message: str) -> str:
        self.problems.append(Problem(mark, message))
        return "null"


def _alias_mark(text: str) -> Mark:
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.AliasEvent):
            return mark_of(event.start_mark)
    return Mark(1, 1)


def _shown(character: str | int) -> str:
    """`U+0007` for a character that must not be printed."""
    return f"U+{character if isinstance(character, int) else ord(character):04X}"
