"""Step 1, task: can this model do it at all, and how good will it be once it is tuned?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick import quality
from llmpick.steps.asked import Weighed
from llmpick.verdict import Check, StepVerdict

if TYPE_CHECKING:
    from llmpick.catalog.facts import Facts
    from llmpick.schema import Model
    from llmpick.steps.asked import Asked, Range
    from llmpick.verdict import Rating

LABELS: dict[str, tuple[str, str]] = {
    "encoder": ("made", "an encoder gives labels and spans directly"),
    "decoder": ("adapted", "a decoder gives labels through a head on its last token"),
    "encoder-decoder": ("text", "an encoder-decoder writes its labels as text"),
}
SAME: dict[str, tuple[str, str]] = {
    "encoder": ("text", "an encoder does not write"),
    "decoder": ("made", "a decoder writes text"),
    "encoder-decoder": ("made", "an encoder-decoder turns text into text"),
}
FREE: dict[str, tuple[str, str]] = SAME | {
    "encoder-decoder": ("adapted", "an encoder-decoder writes, but not at length")
}
EMBEDS = ("made", "already trained to embed")
POOLS = ("adapted", "has to learn to embed")
FITS = {
    (kind, structure): entry
    for kind, table in (
        ("understanding", LABELS),
        ("sequence-to-sequence", SAME),
        ("generation", FREE),
    )
    for structure, entry in table.items()
}
"""(kind of task, structure) -> which of the policy's `fit-` constants holds, and the sentence."""


def judge(model: Model, asked: Asked) -> StepVerdict:
    """Checks `purpose` and `context`; rates `quality` and `fit`."""
    checks = (purpose(model, asked), context(model, asked))
    if any(check.outcome == "no" for check in checks):
        return StepVerdict(step="task", checks=checks)
    return StepVerdict(step="task", checks=checks, ratings=(rate_quality(model, asked), rate_fit(model, asked)))


def weigh(facts: Facts, asked: Asked) -> Weighed:
    """The same in numbers."""
    if asked.task.id not in facts.tasks and not of_its_field(facts.structure, facts.variant, facts.reads, asked):
        return UNFIT
    if too_long(facts.context, asked):
        return Weighed(no=True, shortfall=lacking(facts.context, asked), helped=True)
    return adds(facts, asked)


def adds(facts: Facts, asked: Asked) -> Weighed:
    """What `quality` and `fit` add to the score."""
    if facts.id not in asked.owns:
        asked.owns[facts.id] = quality.own(facts.traits, facts.amounts, asked.quality)
    low, high = quality.span(facts.traits, asked.quality, asked.owns[facts.id])
    weight, suits = asked.weights.get("quality", 0.0), _weigh_fit(facts.structure, facts.variant, asked)
    return Weighed(weight * low + suits.low, weight * high + suits.high)


UNFIT = Weighed(no=True)


def _weigh_fit(structure: str | None, variant: str, asked: Asked) -> Weighed:
    key = ("fit", structure, variant)
    if key not in asked.memo:
        asked.memo[key] = asked.adding(("fit", fit(structure, variant, asked)))
    known: Weighed = asked.memo[key]
    return known


def purpose(model: Model, asked: Asked) -> Check:
    """Constraint: the model is made for the task, or is regularly tuned for it."""
    task = asked.task
    if task.id in model.tasks:
        return Check(name="purpose", outcome="ok", because=f"made or regularly tuned for {task.id}")
    field = writes_of_its_field(model, asked)
    if field:
        return Check(name="purpose", outcome="ok", because=field)
    made_for = ", ".join(model.tasks[:3])
    because = f"made for {made_for}, not for {task.id}"
    if model.architecture and model.architecture.shape.structure not in task.structures:
        because = f"an {model.architecture.shape.structure} cannot do {task.id}"
    return Check(name="purpose", outcome="no", because=because.replace("an decoder", "a decoder"))


def writes_of_its_field(model: Model, asked: Asked) -> str:
    """Why a specialist may be tuned for a task of its own field that nobody listed: code models for code's summaries.

    Empty where it may not: another field, another structure, or vectors, which take training of their own.
    """
    structure = model.architecture.shape.structure if model.architecture else None
    if not of_its_field(structure, model.variant, model.pretraining.domains if model.pretraining else (), asked):
        return ""
    return f"made for {asked.domain.id} text, and tuned for {asked.task.id} as any {structure} may be"


def of_its_field(structure: str | None, variant: str, reads: tuple[str, ...], asked: Asked) -> bool:
    """Whether the task is of a specialist's own field, and of the kind that its structure may be tuned for."""
    if structure is None or asked.domain.id == "general" or asked.domain.id not in reads:
        return False
    fits = structure in asked.task.structures and asked.task.kind != "embedding" and variant != "embedding"
    return fits and asked.domain.id in quality.specialties(reads)


def context(model: Model, asked: Asked) -> Check:
    """Constraint: the training length asked for fits into the model's context. A default length is cut to fit."""
    wanted, has = asked.profile.seq_len, model.context_length
    if has is None:
        return Check(name="context", outcome="unknown", because="its context length is not on record")
    if not too_long(has, asked):
        return Check(name="context", outcome="ok", because=f"reads up to {has:,} tokens")
    return Check(
        name="context",
        outcome="no",
        because=f"reads {has:,} tokens, {wanted:,} are asked for",
        shortfall=lacking(has, asked),
        remedy=f"texts cut to {has:,} tokens",
    )


def too_long(context: int | None, asked: Asked) -> bool:
    """Whether the training length asked for exceeds a context that is on record."""
    return context is not None and asked.profile.seq_len > context and "seq_len" not in asked.profile.assumed


def lacking(context: int | None, asked: Asked) -> float:
    """The share of the training length that does not fit into the context."""
    return 1 - (context or 0) / asked.profile.seq_len


def rate_quality(model: Model, asked: Asked) -> Rating:
    """Criterion: expected strength after fine-tuning, from published results or from what resembles the model."""
    found = quality.judge(quality.traits(model), asked.quality)
    return asked.rating("quality", found.low, found.high, found.because, found.evidence)


def fit(structure: str | None, variant: str, asked: Asked) -> Range:
    """Criterion: the network is built for this kind of output, adapted to it, or writes it as text to be read back."""
    constants = asked.constants
    if structure is None:
        return constants["fit-text"], constants["fit-made"]
    worth = constants[f"fit-{_how(structure, variant, asked)[0]}"]
    return worth, worth


def _how(structure: str, variant: str, asked: Asked) -> tuple[str, str]:
    if asked.task.kind == "embedding":
        return EMBEDS if variant == "embedding" else POOLS
    return FITS[asked.task.kind, structure]


def rate_fit(model: Model | None, asked: Asked) -> Rating:
    """`fit` with its sentence."""
    if model is None or model.architecture is None:
        return asked.rating("fit", *fit(None, "", asked), "its structure is not on record")
    structure = model.architecture.shape.structure
    because = _how(structure, model.variant, asked)[1]
    return asked.rating("fit", *fit(structure, model.variant, asked), because)
