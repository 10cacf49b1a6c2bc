"""Which catalog files a directory holds, and whether they changed since somebody looked."""

from __future__ import annotations

import os
import stat
import zlib
from typing import TYPE_CHECKING

from llmpick.errors import LlmpickError
from llmpick.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

DEPTH = 3
"""Levels of folders a catalog has: models/<org>/<name>.yaml."""
KIND_OF_FILE, REGULAR = stat.S_IFMT(0xFFFF), stat.S_IFREG
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
    found: dict[str, Stat] = {}
    try:
        _walk(str(directory), "", DEPTH, found)
    except OSError as error:
        raise LlmpickError(f"{directory}: cannot read the catalog directory: {error.strerror}") from error
    return {path: found[path] for path in sorted(found)}


def _walk(folder: str, prefix: str, depth: int, found: dict[str, Stat]) -> None:
    with os.scandir(folder) as entries:
        for entry in entries:
            name = entry.name
            if name.endswith((".yaml", ".json")):
                try:
                    status = entry.stat()
                except OSError:  # a dangling link
                    continue
                if status.st_mode & KIND_OF_FILE == REGULAR:  # no device, pipe or folder
                    found[prefix + name] = Stat(status.st_size, status.st_mtime_ns)
            elif depth > 1 and name not in SKIPPED and name[0] != "." and entry.is_dir(follow_symlinks=False):
                _walk(entry.path, f"{prefix}{name}/", depth - 1, found)


def stamp(files: Mapping[str, Stat]) -> int:
    """A number that changes when a file is added, removed, resized or rewritten."""
    return zlib.crc32("\n".join([f"{path}\t{size}\t{time}" for path, (size, time) in files.items()]).encode())
