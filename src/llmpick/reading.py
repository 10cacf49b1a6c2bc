"""The user's own files, read within bounds: so many bytes and no more, one mapping, faults by line and column."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llmpick.errors import LlmpickError

if TYPE_CHECKING:
    from collections.abc import Mapping

LARGEST_MAPPING = 1 << 20
"""Bytes of a profile or a situation beyond which it is refused: they have some twenty short fields."""
LARGEST_CONFIG = 4 << 20
"""Bytes of a config.json. The largest known have some 100 kB; 4 MiB of brackets take 100 MB as Python objects."""


class Placed(dict[str, Any]):
    """The fields of a file, and where each of them stands."""

    places: Mapping[str, str]
    """`file:line:column` of the value of each."""


def read_bytes(path: Path, limit: int, hint: str = "") -> bytes:
    """The bytes at `path`, a pipe's too; LlmpickError where it cannot be read or holds more than `limit`."""
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise LlmpickError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}", hint) from None
    return _bounded(data, limit, str(path), hint)


def _bounded(data: bytes, limit: int, name: str, hint: str) -> bytes:
    if len(data) > limit:
        raise LlmpickError(f"{name} is larger than {limit >> 20} MiB", hint)
    return data


def read_mapping(path: str, hint: str) -> Placed:
    """The YAML (or JSON) mapping at `path`, `-` for standard input; `hint` says what should be there.

    Raises LlmpickError as `file:line:column: what`.
    """
    if path == "-":
        data = sys.stdin.buffer.read(LARGEST_MAPPING + 1)
        return mapping(_bounded(data, LARGEST_MAPPING, "stdin", hint), "stdin", hint)
    return mapping(read_bytes(Path(path), LARGEST_MAPPING, hint), path, hint)


def mapping(data: bytes, name: str, hint: str) -> Placed:
    """The mapping in `data`; LlmpickError with the place of the first fault."""
    from llmpick import yamltext

    try:
        text = yamltext.decode(data)
        # JSON is YAML but for the tabs that may indent it.
        document = yamltext.read(text.replace("\t", " ") if text.lstrip().startswith("{") else text)
        problems = document.problems
    except yamltext.Problem as error:
        problems = (error,)
    if problems:
        mark = problems[0].mark
        raise LlmpickError(f"{name}:{mark.line}:{mark.column}: {problems[0].message}")
    fields = json.loads(document.json)
    if document.root is None or not isinstance(fields, dict):
        raise LlmpickError(f"{name}:1:1: not a mapping", hint)
    placed = Placed(fields)
    marks = ((key.value, yamltext.mark_of(value.start_mark)) for key, value in document.root.value)
    placed.places = {key: f"{name}:{mark.line}:{mark.column}" for key, mark in marks}
    return placed
