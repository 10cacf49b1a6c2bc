"""Reading the published comparisons in `evidence/`, which no answer loads: the fit and the catalog check do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick.catalog.kinds import kind_of
from llmpick.catalog.parsing import parse
from llmpick.errors import CatalogError, did_you_mean
from llmpick.languages import KNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
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
    files = set(catalog.ids)
    for directory in catalog.directories:
        sound, told = [], set(files)
        for suite, faults in _read(directory):
            yield from ((fault.path, fault.message) for fault in faults)
            if not faults:
                sound.append(suite)
                yield from _placed(suite, (*_retold(suite, files, told), *_unusable(suite, catalog)))
        for suite in sound:
            yield from _placed(suite, _untold(suite, told))


def _placed(suite: Suite, messages: Iterable[str]) -> Iterator[tuple[str, str]]:
    return ((f"evidence/{suite.id}.yaml", message) for message in messages)


def _retold(suite: Suite, files: set[str], told: set[str]) -> Iterator[str]:
    """Subjects told twice, or without their reason; `told` holds the models known so far, and grows."""
    for subject in suite.subjects:
        if subject.id in files:
            yield f"{subject.id} has a file now; remove it from `subjects`"
        elif subject.id in told:
            yield f"the facts of {subject.id} stand in another comparison; remove it from `subjects`"
        elif not subject.without_file:
            yield f"{subject.id}: say in `without_file` why it has no file of its own, or add the file"
        told.add(subject.id)


def _untold(suite: Suite, told: set[str]) -> Iterator[str]:
    """Compared models that neither a file nor a row of `subjects` tells of; each is named once."""
    for id_ in dict.fromkeys(id_ for results in suite.tasks for id_ in results.scores):
        if id_ not in told:
            yield f"{id_} is compared but has no file; add it, or give its facts and the reason under `subjects`"
            told.add(id_)


def _unusable(suite: Suite, catalog: Catalog) -> Iterator[str]:
    """Words of the results that the fit could not use."""
    words = {"task": {one.id for one in catalog.tasks}, "domain": {one.id for one in catalog.domains}}
    for results in suite.tasks:
        for name, known in words.items():
            word = getattr(results, name)
            if word not in known:
                hint = did_you_mean(word, known) or f"use one of {name}s.yaml"
                yield f"{results.name}: unknown {name} `{word}`; {hint}"
        for language in results.languages:
            if language != "mul" and language not in KNOWN:
                yield f"{results.name}: unknown language `{language}`; write its ISO 639-1 code"
