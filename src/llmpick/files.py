"""The user's files: a profile read strictly, an answer written so that no failure loses what was there."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING

from llmpick.errors import LlmpickError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from llmpick.reading import Placed

PROFILE_HINT = "write one field a line, for example `task: classification`"


def read_mapping(path: str) -> Placed:
    """The profile at `path`, `-` for standard input; raises LlmpickError as `file:line:column: what`."""
    from llmpick import reading

    return reading.read_mapping(path, PROFILE_HINT)


def write_all(folder: Path, texts: Mapping[str, str], *, force: bool) -> tuple[Path, ...]:
    """Write `texts` (name -> text) into `folder`, made if need be; none where one exists already, unless `force`."""
    paths = tuple(folder / name for name in texts)
    existing = [path for path in paths if path.exists() or path.is_symlink()]
    if existing and not force:
        raise LlmpickError(f"{existing[0]} exists", "add --force to overwrite it, or name another folder")
    make(folder)
    for path, text in zip(paths, texts.values(), strict=True):
        write(path, text, force=True)
    return paths


def make(folder: Path) -> None:
    """Make a folder with its parents; LlmpickError where that is not possible."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        hint = "name a folder you can write to"
        raise LlmpickError(f"cannot make the folder {folder}: {error.strerror}", hint) from None


def write(path: Path, text: str, *, force: bool) -> None:
    """Put `text` at `path`, whole or not at all; an existing file only with `force`, and with the rights it has.

    A pipe or a terminal is written to. A link is replaced, never followed: it may lead anywhere.
    """
    whole = text if text.endswith("\n") else text + "\n"
    try:
        found = path.stat().st_mode if path.exists() else None
        if found is not None and (stat.S_ISCHR(found) or stat.S_ISFIFO(found)):
            path.write_text(whole, encoding="utf-8", newline="\n")
        elif found is not None and not stat.S_ISREG(found):
            raise LlmpickError(f"{path} is no file", "name a file")
        elif not force and (found is not None or path.is_symlink()):
            raise LlmpickError(f"{path} exists", "add --force to overwrite it, or name another file")
        else:
            _swap(path, whole, found)
    except OSError as error:
        raise LlmpickError(
            f"cannot write {path}: {error.strerror}", "name a file you can write, with room for it"
        ) from None


def sweep(path: Path) -> None:
    """Remove what killed runs left when they were writing `path`."""
    with suppress(OSError):
        for left in path.parent.glob(f".{path.name}.????????"):
            left.unlink(missing_ok=True)


def _swap(path: Path, text: str, found: int | None) -> None:
    """Write beside `path`, then rename; `found` is the mode of the file that is there."""
    import tempfile  # an answer to a terminal writes no file

    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:100]}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(beside, 0o666 & ~umask if found is None else stat.S_IMODE(found))  # noqa: PTH101 - mkstemp's is private
        os.replace(beside, path)  # noqa: PTH105
    finally:
        with suppress(FileNotFoundError):
            os.unlink(beside)  # noqa: PTH108
