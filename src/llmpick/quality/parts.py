"""What an expected strength is made of, in the words of people: the same sum as `judging.strength`, term by term."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick.quality.judging import strength
from llmpick.quality.question import matches
from llmpick.quality.traits import STRUCTURES, Traits, amounts
from llmpick.record import record

if TYPE_CHECKING:
    from llmpick.quality.question import Question

WORDS = (
    ("size", "size"),
    ("small", "size"),
    ("large*", "size"),
    ("year*", "generation"),
    ("tokens", "training tokens"),
    ("multilingual", "languages"),
    ("language:", "languages"),
    ("domain:", "domain"),
)
"""How a trait's name begins, and what it is about; every other trait is about how the model was trained."""


@record
class Part:
    """One term of the sum."""

    name: str
    amount: float
    """Strength; 1 = a standard deviation between the models of a typical comparison."""


def parts(facts: Traits, asked: Question) -> tuple[Part, ...]:
    """What adds up to the expected strength, the structure first, then the largest first; zeros are left out."""
    found: dict[str, float] = {"structure": asked.weights["offset"]}
    for name, amount in (amounts(facts) | matches(facts, asked)).items():
        found[about(name)] = found.get(about(name), 0.0) + asked.weights.get(name, 0.0) * amount
    found["family"] = asked.table.families.get(facts.family, 0.0)
    effects = asked.table.effects.get(facts.id, {})
    found["its own results"] = sum(effects.get(name, 0.0) * share for name, share in asked.contexts.items())
    expected = strength(facts, asked)[1]
    found["what is usual where facts are missing"] = expected - sum(found.values())
    ordered = sorted(found.items(), key=lambda item: (item[0] != "structure", -abs(item[1]), item[0]))
    return tuple(Part(name=name, amount=amount) for name, amount in ordered if abs(amount) > 1e-9)


def about(trait: str) -> str:
    """What a trait is about, in words."""
    if trait in STRUCTURES:
        return "structure"
    return next((words for start, words in WORDS if trait.startswith(start)), "training")
