"""What judging reads of each license, worked out once, as plain values: the terms that decide, none of the texts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmpick.catalog.codec import shared
from llmpick.licensing.schema import NOTICES, Grant
from llmpick.record import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from llmpick.catalog.codec import Writer
    from llmpick.licensing.schema import License, Term

TERM = ["r", "llmpick.licensing.schema:Term"]
"""How a Term is stored."""


TERMS = Grant._fields.index("terms")


def grant_of(license_: License) -> Grant:
    """What of `license_` decides."""
    found = Grant(*[getattr(license_, field) for field in Grant._fields])
    further = [term for term in found.terms if term.duty not in NOTICES]
    wordless = {"section": None, "quote": None, "source": None, "note": None}
    return found._replace(terms=tuple([replace(term, **wordless) for term in further]))


class Plain:
    """Grants as plain tuples, to be stored. Terms that many licenses have in common are one object."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self._seen: dict[Any, Any] = {}

    def __call__(self, license_: License) -> Any:
        """What of `license_` decides."""
        grant = grant_of(license_)
        terms = tuple([self.writer.plain(term, TERM) for term in grant.terms])
        return shared((*grant[:TERMS], terms), self._seen)


def unpack(rows: Iterable[Any], term: Callable[[Any], Term]) -> list[Grant]:
    """What was stored, as it was; `term` makes Terms. What is one object there stays one."""
    made: dict[int, Term] = {}
    grants = []
    for row in rows:
        for one in row[TERMS]:
            if id(one) not in made:
                made[id(one)] = term(one)
        terms = tuple([made[id(one)] for one in row[TERMS]])
        grants.append(tuple.__new__(Grant, (*row[:TERMS], terms)))
    return grants
