"""One catalog file -> its record, or every Fault in it with the line it stands on.

With `yamltext` the only module that reads a catalog through pydantic or yaml; answers read the compiled form instead.
"""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from functools import cache
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import TypeAdapter, ValidationError

from llmpick import yamltext
from llmpick.catalog.faults import Fault, printable
from llmpick.catalog.kinds import KINDS
from llmpick.errors import LlmpickError, did_you_mean
from llmpick.reading import read_bytes
from llmpick.yamltext import Document, Mark, Problem, mark_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pydantic_core import ErrorDetails

    from llmpick.catalog.kinds import Kind

Loc = tuple[str | int, ...]
LARGEST = max(kind.limit for kind in KINDS)
LOCATED = 1024 * 1024
"""Characters of JSON beyond which nobody looks for the line."""
MOST_FAULTS = 100
"""Faults of one file that are worth reading."""
SHOWN = 40
"""Characters of a wrong value that an error repeats."""
MISSING = ("missing", "missing_keyword_only_argument")
PLAIN_WORDS = {
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "int_parsing": "must be a whole number",
    "float_type": "must be a number",
    "string_type": "must be text; put it in quotes",
    "bool_type": "must be true or false",
    "tuple_type": "must be a list",
    "dict_type": "must be a mapping of names to values",
    "dataclass_type": "must be a mapping of names to values",
}


def parse(data: bytes, kind: Kind, path: str) -> tuple[Any, tuple[Fault, ...]]:
    """The record (or rows) in `data`, and its faults; the value is None when there are any.

    `path` is relative to the catalog and gives the record its id.
    """
    try:
        document = _document(data, kind)
    except Problem as problem:
        return None, (_fault(path, problem),)
    if document.problems:
        return None, tuple(_fault(path, problem) for problem in document.problems[:MOST_FAULTS])
    text, problem_ = _with_id(document, kind.id_of(path))
    if problem_ is not None:
        return None, (_fault(path, problem_),)
    try:
        return adapter(kind).validate_json(text), ()
    except ValidationError as error:
        hint = kind.hint()
        root = document.root or _nodes(text)
        # What is missing comes last: a misspelled key explains it.
        details = sorted(error.errors(include_url=False), key=lambda one: one["type"] in MISSING)
        return None, tuple(_explain(path, root, hint, one) for one in details[:MOST_FAULTS])


def _nodes(text: str) -> yaml.Node | None:
    """The nodes of JSON text, which know their lines; None where YAML would not have it or it is too long."""
    try:
        return yamltext.read(text).root if len(text) <= LOCATED else None
    except Problem:
        return None


def locate(file: Path, places: Sequence[Loc]) -> list[Mark]:
    """Where each of `places` stands in `file`; the nearest enclosing place where it is not written."""
    if not any(places):
        return [Mark(1, 1)] * len(places)
    try:
        root = yamltext.read(yamltext.decode(read_bytes(file, LARGEST))).root
    except (LlmpickError, Problem):
        return [Mark(1, 1)] * len(places)
    return [_mark(root, loc) for loc in places]


@cache
def adapter(kind: Kind) -> TypeAdapter[Any]:
    """Pydantic's strict reader of a whole file of `kind`."""
    return TypeAdapter(kind.hint())


def _fault(path: str, problem: Problem) -> Fault:
    return Fault(path, problem.mark.line, problem.mark.column, printable(problem.message))


def _document(data: bytes, kind: Kind) -> Document:
    if len(data) > kind.limit:
        raise Problem(Mark(1, 1), f"the file has more than the {kind.limit:,} bytes that {kind.folder} may have")
    text = yamltext.decode(data)
    return _read_json(text) if kind.folder.endswith(".json") else yamltext.read(text)


def _read_json(text: str) -> Document:
    """Machine-written JSON. It is read as YAML, of which it is a part, only to say where something stands."""
    try:
        json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        raise Problem(Mark(error.lineno, error.colno), f"not valid JSON: {error.msg}") from None
    except (ValueError, RecursionError) as error:
        located = yamltext.read(text).problems if len(text) <= LOCATED else ()
        raise (located[0] if located else Problem(Mark(1, 1), f"not valid JSON: {error}")) from None
    return Document(text, None, ())


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no number")


def _with_id(document: Document, id_: str | None) -> tuple[str, Problem | None]:
    """The JSON text with the id that the path gives."""
    root = document.root
    if id_ is None or not isinstance(root, yaml.MappingNode):
        return document.json, None
    for key, _ in root.value:
        if key.value == "id":
            return "", Problem(mark_of(key.start_mark), "`id` is the file's path; remove this line")
    rest = document.json[1:]
    return f'{{"id":{json.dumps(id_)}{"," if root.value else ""}{rest}', None


def _explain(path: str, root: yaml.Node | None, hint: Any, error: ErrorDetails) -> Fault:
    loc: Loc = error["loc"]
    kind = error["type"]
    missing = kind in MISSING
    mark = _mark(root, loc[:-1] if missing else loc)
    name = f"`{_dotted(loc)}`" if loc else "the file"
    if missing:
        return Fault(path, *mark, f"{name} is missing; add it{_meaning(hint, loc)}")
    if kind in ("unexpected_keyword_argument", "extra_forbidden"):
        known = _fields(_descend(hint, loc[:-1]))
        near = did_you_mean(str(loc[-1]), known)
        return Fault(path, *mark, f"unknown key {name}; {near or 'known here: ' + ', '.join(known)}")
    what = PLAIN_WORDS.get(kind) or error["msg"].replace("Input should", "must", 1).replace("String should", "must", 1)
    return Fault(path, *mark, f"{name} {what[0].lower() + what[1:]}; it is {_shown(error['input'])}")


def _mark(root: yaml.Node | None, loc: Loc) -> Mark:
    """Where the value at `loc` stands: its key in a mapping, its first character in a list, else the first line."""
    node, mark = root, Mark(1, 1)
    for part in loc:
        if isinstance(node, yaml.MappingNode):
            pair = next(((key, value) for key, value in node.value if key.value == str(part)), None)
            if pair is None:
                break
            mark, node = mark_of(pair[0].start_mark), pair[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            mark = mark_of(node.start_mark)
        else:
            break
    return mark


def _dotted(loc: Loc) -> str:
    """`scores[2].value`."""
    text = ""
    for part in loc:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def _fields(hint: Any) -> list[str]:
    return [field.name for field in dataclasses.fields(hint)] if dataclasses.is_dataclass(hint) else []


def _meaning(hint: Any, loc: Loc) -> str:
    """The kind of value that belongs at `loc`, in brackets."""
    words = {int: "a whole number", float: "a number", str: "text", bool: "true or false", tuple: "a list"}
    wanted = _descend(hint, loc)
    word = words.get(typing.get_origin(wanted) or wanted, "a mapping" if dataclasses.is_dataclass(wanted) else "")
    return f" ({word})" if word else ""


def _descend(hint: Any, loc: Loc) -> Any:
    """The type expected at `loc`, without Annotated and None; None where that cannot be told."""
    hint = _bare(hint)
    for part in loc:
        if dataclasses.is_dataclass(hint):
            hint = typing.get_type_hints(hint, include_extras=True).get(str(part))
        else:
            arguments = typing.get_args(hint)
            hint = arguments[-2 if arguments[-1:] == (...,) else -1] if arguments else None
        hint = _bare(hint)
    return hint


def _bare(hint: Any) -> Any:
    """`hint` without Annotated and without `| None`."""
    if typing.get_origin(hint) is typing.Annotated:
        return _bare(typing.get_args(hint)[0])
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        options = [option for option in typing.get_args(hint) if option is not type(None)]
        return _bare(options[0]) if len(options) == 1 else None
    return hint
