"""Reading the published comparisons in `evidence/`, which no answer loads: the fit and the catalog check do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick.catalog.kinds import kind_of
from llmpick.catalog.parsing import parse
from llmpick.errors import CatalogError, did_you_mean
from llmpick.languages import KNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from llmpick.catalog import Catalog
    from llmpick.catalog.faults import Fault
    from llmpick.quality.evidence import Suite


def load(directory: Path) -> tuple[Suite, ...]:
    """The suites of the catalog in `directory`, by id. Raises CatalogError naming the first fault."""
    found = []
    for suite, faults in _read(directory):
        if faults:
            raise CatalogError(str(faults[0]))
        found.append(suite)
    return tuple(found)


def _read(directory: Path) -> Iterator[tuple[Suite, tuple[Fault, ...]]]:
    for file in sorted((directory / "evidence").glob("*.yaml")):
        path = f"evidence/{file.name}"
        kind = kind_of(path)
        if kind and file.is_file():
            with file.open("rb") as opened:
                yield parse(opened.read(kind.limit + 1), kind, path)


def problems(catalog: Catalog) -> Iterator[tuple[str, str]]:
    """(path, what is wrong) of each comparison that cannot be read or used."""
    for directory in catalog.directories:
        told: set[str] = set()
        for suite, faults in _read(directory):
            yield from ((fault.path, fault.message) for fault in faults)
            if not faults:
                yield from ((f"evidence/{suite.id}.yaml", text) for text in _unusable(suite, catalog, told))


def _unusable(suite: Suite, catalog: Catalog, told: set[str]) -> Iterator[str]:
    """What the fit could not use; `told` holds the models whose facts are known so far, and grows."""
    for subject in suite.subjects:
        if subject.id in told:
            yield f"the facts of {subject.id} stand in another comparison; remove it from `subjects`"
        told.add(subject.id)
    words = {"task": {one.id for one in catalog.tasks}, "domain": {one.id for one in catalog.domains}}
    for results in suite.tasks:
        for name, known in words.items():
            word = getattr(results, name)
            if word not in known:
                yield f"{results.name}: unknown {name} `{word}`; {did_you_mean(word, known)}"
        for language in results.languages:
            if language != "mul" and language not in KNOWN:
                yield f"{results.name}: unknown language `{language}`; write its ISO 639-1 code"
