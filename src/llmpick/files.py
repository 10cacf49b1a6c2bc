"""The user's files: a profile read strictly, an answer written so that no failure loses what was there."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from llmpick.errors import LlmpickError

PROFILE_HINT = "write one field a line, for example `task: classification`"


def read_mapping(path: str) -> dict[str, Any]:
    """The profile at `path`, `-` for standard input; raises LlmpickError as `file:line:column: what`."""
    from llmpick import reading

    return reading.read_mapping(path, PROFILE_HINT)


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
