"""The facts of a model that the estimate reads, and the amounts it weighs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

from llmpick.record import NamedTuple

if TYPE_CHECKING:
    from llmpick.schema import Model

Structure = Literal["encoder", "decoder", "encoder-decoder"]
STRUCTURES: tuple[Structure, ...] = ("encoder", "decoder", "encoder-decoder")

BOUNDS = {"size": (-2.0, 3.5), "year": (-0.7, 2.2), "tokens": (-0.6, 0.6)}
"""Where a numeric trait is clamped, so that none is carried far beyond what was seen."""
GENERAL = frozenset({"general", "web", "wikipedia", "books", "news", "dialogue", "education", "reviews"})
"""Kinds of text that specialize a model in nothing."""
LATE = 2022
"""Year from which an encoder's release may count otherwise."""
LARGE = 0.7
"""log10 of parameters over 1e8 (half a billion) from which the size of all but decoders may count otherwise."""
LARGEST = {"encoder": "large*encoder", "encoder-decoder": "large*encoder-decoder"}
MULTILINGUAL = 9
"""Languages from which an encoder counts as multilingual: its capacity is shared."""
DECODER_EMBEDDING = 1_000_000_000
"""Parameters from which an embedding model without a shape is taken for a decoder, as all but CodeSage are."""
SIZE = {structure: f"size*{structure}" for structure in STRUCTURES}
YEAR = {structure: f"year*{structure}" for structure in STRUCTURES}
FEW = 4
"""Languages up to which a model counts as made for each of them."""
REPLACED_TOKEN = frozenset({"electra", "convbert"})
"""Values of `model_type` that are pre-trained by telling replaced tokens apart (ELECTRA, ConvBERT papers)."""


class Traits(NamedTuple):
    """The facts of one model that the estimate reads. None or empty = unknown."""

    id: str
    family: str
    structure: Structure
    size: float
    """Parameters of the text network; for a mixture of experts the geometric mean of all and of the active ones."""
    year: float | None
    """Release, in years and fractions of a year."""
    tokens: float | None
    """Training tokens."""
    replaced_token: bool
    """Pre-trained by telling replaced tokens apart, which learns from every token."""
    variant: str
    languages: tuple[str, ...]
    specialties: tuple[str, ...]
    """Domains it was made for: all it read, where the first of them is not general text."""
    trained_for: str = ""
    """The task it was already trained for with labels or pairs; empty = none."""
    active: float | None = None
    """Of a mixture of experts, the parameters a token passes through; None where those are all."""
    shared: bool = False
    """Many languages share its capacity: its own, or those of the base it was tuned from."""


class Amounts(NamedTuple):
    """What an estimate reads of one model, apart from what it has in common with others."""

    names: tuple[str, ...]
    """Of its traits."""
    values: tuple[float, ...]
    alike: tuple[Any, ...]
    """The same for all models that meet every question alike, and of which the same facts are not on record."""


def amounts_of(facts: Traits) -> Amounts:
    """Those of `facts`."""
    known = amounts(facts)
    dated, counted = facts.year is not None, bool(facts.tokens) or not counts_tokens(facts)
    speaks, reads = (facts.languages, facts.shared), (facts.specialties, facts.trained_for)
    alike = facts.structure, facts.variant, *speaks, *reads, dated, counted
    return Amounts(tuple(known), tuple(known.values()), alike)


def traits(model: Model) -> Traits:
    """The facts of `model` that the estimate reads."""
    read = model.pretraining
    shape = model.architecture.shape if model.architecture else None
    objective = read.objective if read else None
    other = shape.non_text_parameters if shape else 0
    total, active = model.parameters.total - other, model.parameters.active - other
    return Traits(
        id=model.id,
        family=model.family,
        structure=shape.structure if shape else structure_of(objective, model.tasks, total),
        size=total if active >= total or active <= 0 else math.sqrt(total * active),
        year=int(model.released[:4]) + (int(model.released[5:7]) - 1) / 12 if model.released else None,
        tokens=read.tokens if read else None,
        replaced_token=objective == "replaced-token" or (shape is not None and shape.model_type in REPLACED_TOKEN),
        variant=model.variant,
        languages=model.languages,
        specialties=specialties(read.domains) if read else (),
        trained_for=model.tasks[0] if model.variant == "task" and model.tasks else "",
        active=active if 0 < active < total else None,
        shared=many(model.languages) or (read is not None and many(read.languages)),
    )


def many(languages: tuple[str, ...]) -> bool:
    """Whether an encoder of these languages is multilingual."""
    return len(languages) >= MULTILINGUAL or "mul" in languages


def structure_of(objective: str | None, tasks: tuple[str, ...], parameters: int) -> Structure:
    """The structure where no shape is on record: told by the pre-training objective, else by size and purpose."""
    by_objective: dict[str, Structure] = {
        "causal": "decoder",
        "masked": "encoder",
        "replaced-token": "encoder",
        "denoising": "encoder-decoder",
        "translation": "encoder-decoder",
    }
    if objective in by_objective:
        return by_objective[objective]
    if "generation" in tasks or ("retrieval" in tasks and parameters > DECODER_EMBEDDING):
        return "decoder"
    return "encoder-decoder" if {"summarization", "translation"} & set(tasks) else "encoder"


def specialties(domains: tuple[str, ...]) -> tuple[str, ...]:
    """What a model that read `domains`, the main one first, is made for; empty when that is general text."""
    if not domains or domains[0] in GENERAL:
        return ()
    return tuple(domain for domain in domains if domain not in GENERAL)


def usual_tokens(year: float) -> float:
    """log10 of the training tokens that are usual for a decoder of that year.

    The line nearest (in absolute terms) to the 357 decoders of the catalog whose tokens and release are on record
    (2026-11): 63 billion in 2020, growing 2.6-fold a year.
    """
    return 10.8 + 0.42 * (year - 2020)


def year_trait(facts: Traits) -> str:
    """The name its release goes by: that of an embedding model is later than that of the network it was made from."""
    return "year*embedding" if facts.variant == "embedding" else YEAR[facts.structure]


def counts_tokens(facts: Traits) -> bool:
    """Whether its training tokens are read: of encoders few are known, of specialists often only the last phase."""
    return facts.structure == "decoder" and not facts.specialties


def amounts(facts: Traits) -> dict[str, float]:
    """Trait -> amount, for every trait that does not depend on the question and is known."""
    structure = facts.structure
    size = clamp("size", math.log10(max(facts.size, 1.0) / 1e8))
    found = {structure: 1.0, "size": size, SIZE[structure]: size}
    if size < 0:
        found["small"] = size
    elif size > LARGE and structure in LARGEST:
        found[LARGEST[structure]] = size - LARGE
    if facts.year is not None:
        _add_release(facts, facts.year, found)
    if facts.variant != "base":
        found["instruct" if facts.variant == "reasoning" else facts.variant] = 1.0
    _add_flags(facts, found)
    return found


def _add_release(facts: Traits, year: float, found: dict[str, float]) -> None:
    found[year_trait(facts)] = clamp("year", (year - 2020) / 3)
    if year > LATE and year_trait(facts) == "year*encoder":
        found["late*encoder"] = clamp("year", (year - 2020) / 3) - (LATE - 2020) / 3
    if facts.tokens and counts_tokens(facts):
        found["tokens"] = clamp("tokens", math.log10(facts.tokens) - usual_tokens(year))


def _add_flags(facts: Traits, found: dict[str, float]) -> None:
    if facts.replaced_token:
        found["replaced-token"] = 1.0
    if facts.shared and facts.structure != "decoder":
        found["multilingual"] = 1.0


def clamp(name: str, amount: float) -> float:
    """`amount` within the bounds of the trait `name`."""
    low, high = BOUNDS[name]
    return low if amount < low else high if amount > high else amount
