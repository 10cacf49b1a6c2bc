"""The user's files: a profile read strictly, an answer written so that no failure loses what was there."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from llmpick.errors import LlmpickError

LARGEST_PROFILE = 1 << 20
"""Bytes of a profile file beyond which it is refused: it has some twenty short fields."""


def read_mapping(path: str) -> dict[str, Any]:
    """The YAML mapping at `path`, `-` for standard input; raises LlmpickError as `file:line:column: what`."""
    from llmpick.catalog import yamltext

    name = "stdin" if path == "-" else path
    try:
        data = _bytes(path)
        document = yamltext.read(yamltext.decode(data))
        problems = document.problems
    except OSError as error:
        raise LlmpickError(f"cannot read {name}: {error.strerror}", "name a YAML file, or - for stdin") from None
    except yamltext.Problem as error:
        problems = (error,)
    if problems:
        mark = problems[0].mark
        raise LlmpickError(f"{name}:{mark.line}:{mark.column}: {problems[0].message}")
    fields = json.loads(document.json)
    if not isinstance(fields, dict):
        raise LlmpickError(f"{name}:1:1: not a mapping", "write one field a line, for example `task: classification`")
    return fields


def _bytes(path: str) -> bytes:
    if path == "-":
        return sys.stdin.buffer.read(LARGEST_PROFILE)
    with Path(path).open("rb") as file:
        data = file.read(LARGEST_PROFILE + 1)
    if len(data) > LARGEST_PROFILE:
        raise LlmpickError(f"{path} is larger than 1 MiB", "a profile has some twenty short fields")
    return data


def write(path: Path, text: str, *, force: bool) -> None:
    """Put `text` at `path`, whole or not at all; an existing file only with `force`."""
    if path.exists() and not force:
        raise LlmpickError(f"{path} exists", "add --force to overwrite it, or name another file")
    try:
        handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise LlmpickError(
            f"cannot write {path}: {error.strerror}", "name a file in a folder you can write to"
        ) from None
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text if text.endswith("\n") else text + "\n")
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(beside, 0o666 & ~umask)  # noqa: PTH101 - mkstemp makes it private
        os.replace(beside, path)  # noqa: PTH105
    except OSError as error:
        raise LlmpickError(f"cannot write {path}: {error.strerror}", "free some space or name another file") from None
    finally:
        with suppress(FileNotFoundError):
            os.unlink(beside)  # noqa: PTH108
