"""Which catalog files a directory holds, and whether they changed since somebody looked."""

from __future__ import annotations

import os
import stat
import zlib
from typing import TYPE_CHECKING, NamedTuple

from llmpick.errors import LlmpickError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

DEPTH = 3
"""Levels of folders a catalog has: models/<org>/<name>.yaml."""
SKIPPED = frozenset({"schema", "evidence"})
"""Folders of a catalog that answers do not read."""


class Stat(NamedTuple):
    """What the file system says of a file."""

    size: int
    mtime_ns: int


def scan(directory: Path) -> dict[str, Stat]:
    """Size and time of every regular file under `directory` that may be a catalog file, by relative path, sorted.

    Raises LlmpickError when the directory cannot be read.
    """
    try:
        return dict(sorted(_walk(str(directory), "", DEPTH)))
    except OSError as error:
        raise LlmpickError(f"{directory}: cannot read the catalog directory: {error.strerror}") from error


def _walk(folder: str, prefix: str, depth: int) -> Iterator[tuple[str, Stat]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            name = entry.name
            if name.endswith((".yaml", ".json")):
                status = _status(entry)
                if status is not None:
                    yield prefix + name, status
            elif depth > 1 and name not in SKIPPED and name[0] != "." and entry.is_dir(follow_symlinks=False):
                yield from _walk(entry.path, f"{prefix}{name}/", depth - 1)


def _status(entry: os.DirEntry[str]) -> Stat | None:
    """None for a dangling link, a device, a pipe or a folder."""
    try:
        found = entry.stat()
    except OSError:
        return None
    return Stat(found.st_size, found.st_mtime_ns) if stat.S_ISREG(found.st_mode) else None


def stamp(files: Mapping[str, Stat]) -> int:
    """A number that changes when a file is added, removed, resized or rewritten."""
    return zlib.crc32("\n".join([f"{path}\t{size}\t{time}" for path, (size, time) in files.items()]).encode())
