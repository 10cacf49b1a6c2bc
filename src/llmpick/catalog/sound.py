"""Which overlays keep the rules that an answer rests on: remembered, so that unchanged ones are not judged again.

Only good news is kept. Whatever is wrong with the file means: judge them.
"""

from __future__ import annotations

import zlib

from llmpick.catalog import compiled

NAME = "sound.txt"
MOST = 64
"""Combinations of directories, in the state they were in, that are remembered."""


def known(mark: str) -> bool:
    """Whether the catalogs that make up `mark` were found sound by this very lint."""
    return _digest(mark) in _lines()


def remember(mark: str) -> None:
    """They are sound. Where nothing can be written, nothing is."""
    folder = compiled.cache_folder()
    if folder:
        lines = [*_lines()[1 - MOST :], _digest(mark)]
        compiled.write(folder / NAME, [f"{line}\n".encode() for line in lines])


def _digest(mark: str) -> str:
    lint = b"".join(path.read_bytes() for path in sorted((compiled.PACKAGE / "lint").glob("*.py")))
    return f"{zlib.crc32(mark.encode()):08x}{zlib.crc32(lint, len(mark)):08x}"


def _lines() -> list[str]:
    folder = compiled.cache_folder()
    try:
        said = (folder / NAME).read_bytes()[: MOST * 17].decode("ascii") if folder else ""
        return [line for line in said.split() if len(line) == 16]
    except (OSError, UnicodeDecodeError):
        return []
