"""Which catalog files a directory holds, and whether they changed since somebody looked."""

from __future__ import annotations

import marshal
import os
import stat
import zlib
from itertools import chain
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING

from llmpick.errors import LlmpickError
from llmpick.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ENDINGS = frozenset({".yaml", ".json"})
DEPTH = 3
"""Levels of folders a catalog has: models/<org>/<name>.yaml."""
SKIPPED = frozenset({"schema", "evidence"})
"""Folders of a catalog that answers do not read."""


BY_VALUE = 2
"""The last format in which `marshal` writes what is equal as the same bytes."""


class Stat(NamedTuple):
    """What the file system says of a file."""

    size: int
    mtime_ns: int


MODE = attrgetter("st_mode")
STAT = attrgetter("st_size", "st_mtime_ns")


def scan(directory: Path) -> dict[str, tuple[int, int]]:
    """Size and time of every regular file under `directory` that may be a catalog file, by relative path, sorted.

    There are thousands at every start: each is listed and asked for without a line of Python of its own.
    Raises LlmpickError when the directory cannot be read.
    """
    base = f"{directory}{os.sep}"
    try:
        folders = _folders(base, "", DEPTH)
        listed = ((place, os.listdir(base + place)) for place in folders)  # noqa: PTH208
        paths = sorted([place + name for place, names in listed for name in names if name[-5:] in ENDINGS])
    except OSError as error:
        raise LlmpickError(f"{directory}: cannot read the catalog directory: {error.strerror}") from error
    try:
        found = list(map(os.stat, [base + path for path in paths]))
        regular = all(map(stat.S_ISREG, set(map(MODE, found))))
    except OSError:  # a link that leads nowhere
        regular = False
    if not regular:
        paths = [path for path in paths if os.path.isfile(base + path)]  # noqa: PTH113 - Path's own may raise
        found = [Path(base, path).stat() for path in paths]
    return dict(zip(paths, map(STAT, found), strict=True))


def _folders(folder: str, place: str, depth: int) -> Iterator[str]:
    """`place`, where `folder` lies in the catalog, and the places of all folders beneath that may hold its files."""
    yield place
    if depth > 1:
        with os.scandir(folder) as entries:
            for entry in entries:
                name = entry.name
                if (
                    name not in SKIPPED
                    and name[0] != "."
                    and name[-5:] not in ENDINGS
                    and entry.is_dir(follow_symlinks=False)
                ):
                    yield from _folders(entry.path, f"{place}{name}/", depth - 1)


def stamp(files: Mapping[str, tuple[int, int]]) -> int:
    """A number that changes when a file is added, removed, resized or rewritten."""
    return zlib.crc32(marshal.dumps((list(files), list(chain.from_iterable(files.values()))), BY_VALUE))
