"""What is wrong with a catalog file, and where."""

from __future__ import annotations

from llmpick.errors import CatalogError
from llmpick.record import NamedTuple


class Fault(NamedTuple):
    """One thing wrong in one file, with the fix. Lines and columns count from 1."""

    path: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}: {self.message}"


def printable(text: str) -> str:
    """`text` on one line, whatever a file put into it."""
    return (
        text
        if text.isprintable()
        else "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text)
    )


class InvalidCatalogError(CatalogError):
    """A catalog with at least one invalid file; `faults` holds all of them, the message the first."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        more = len(faults) - 1
        super().__init__(str(faults[0]) + (f" (and {more} more: see `llmpick catalog check`)" if more else ""))
        self.faults = faults
