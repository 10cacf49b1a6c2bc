"""Published comparisons: several models put through one recipe. Read by the fit and `catalog check`, never to rank."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from llmpick.architecture import Positive
from llmpick.quality.traits import Structure, Traits, many, specialties
from llmpick.record import Bound, Pattern, record
from llmpick.schema import Language, Month, Slug, Sources, Text

HubId = Annotated[str, Pattern(r"[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*")]


@record
class Results:
    """One task of a comparison: what each model scored after fine-tuning on it."""

    name: Text
    task: Slug
    """An id of `tasks.yaml`."""
    domain: Slug = "general"
    """An id of `domains.yaml`."""
    languages: Annotated[tuple[Language, ...], Bound(min_length=1)] = ("en",)
    """`mul` = the source averages over many."""
    examples: Positive | None = None
    """Training examples; None = not stated."""
    methods: tuple[Text, ...] = ("full",)
    metric: Text
    lower_is_better: bool = False
    scores: Annotated[dict[HubId, float], Bound(min_length=2)]


@record
class Subject:
    """A compared model that has no file of its own: the few facts the fit needs."""

    id: HubId
    family: Slug
    structure: Structure
    parameters: Positive
    active: Positive | None = None
    """Of a mixture of experts: those that answer one token."""
    released: Month | None = None
    replaced_token: bool = False
    variant: Literal["base", "instruct", "distilled", "embedding", "task"] = "base"
    languages: tuple[Language, ...] = ()
    domains: tuple[Slug, ...] = ()
    """What it read, the main kind of text first."""
    without_file: Text | None = None
    """Why it has no file of its own: a copy, a step of an ablation, no weights or no license that anyone can open.
    `catalog check` demands it."""


@record
class Suite:
    """One published comparison: `catalog/evidence/<id>.yaml`."""

    id: str
    title: Text
    by: Text
    """Who ran it."""
    fixed: Text
    """What was held fixed over the models."""
    caution: str | None = None
    """What to know before trusting it."""
    confidence: Literal["high", "medium", "low"]
    sources: Sources
    tasks: Annotated[tuple[Results, ...], Bound(min_length=1)]
    subjects: tuple[Subject, ...] = ()
    """Facts of compared models that have no catalog file; each stands in one suite only."""
    left_out: dict[Text, Text] | None = None
    """What the source compares and the rows do not, as it is printed there -> why."""


def subject_traits(subject: Subject) -> Traits:
    """The facts of a compared model without a file, as the estimate reads them."""
    released = subject.released
    return Traits(
        id=subject.id,
        family=subject.family,
        structure=subject.structure,
        size=math.sqrt(subject.parameters * (subject.active or subject.parameters)),
        year=int(released[:4]) + (int(released[5:7]) - 1) / 12 if released else None,
        tokens=None,
        replaced_token=subject.replaced_token,
        variant=subject.variant,
        languages=subject.languages,
        specialties=specialties(subject.domains),
        shared=many(subject.languages),
    )
