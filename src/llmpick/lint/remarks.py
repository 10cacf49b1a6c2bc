"""What a rule says of a place, what a check makes of it, and the few words all rules share."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from llmpick.errors import did_you_mean
from llmpick.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from llmpick.schema import ApiModel, Model

Loc = tuple[str | int, ...]


class Remark(NamedTuple):
    """What a rule has to say of one place."""

    path: str
    loc: Loc
    message: str


class Finding(NamedTuple):
    """A rule that does not hold, where, and the fix. Lines and columns count from 1."""

    path: str
    line: int
    column: int
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}: {self.rule}: {self.message}"


def file_of(entry: Model | ApiModel) -> str:
    """Relative path of an entry's file."""
    return f"{'models' if hasattr(entry, 'lineage') else 'apis'}/{entry.id}.yaml"


def unless_known(path: str, loc: Loc, what: str, word: str, known: Iterable[str]) -> Iterator[Remark]:
    """The remark that `word` is no known `what`, with the nearest that is one; nothing where it is known."""
    names = set(known)
    if word not in names:
        hint = did_you_mean(word, names) or f"the catalog has {len(names)}"
        yield Remark(path, loc, f"unknown {what} `{word}`; {hint}")


def is_day(text: str) -> bool:
    """Whether the text is a day of the calendar, YYYY-MM-DD."""
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
