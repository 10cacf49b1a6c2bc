"""How much data a task needs, how to split it, and what a good set looks like."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

from llmpick.guidance import sources
from llmpick.guidance.answers import Data
from llmpick.guidance.decision import PLENTY, Work, good, minimum, work_of

if TYPE_CHECKING:
    from llmpick.profile import Profile

# (why this much, its sources)
_ENOUGH: dict[Work, tuple[str, tuple[str, ...]]] = {
    "labels": (
        "8 labeled examples per class are where few-shot tuning has been shown to work; from about 1,000 in all plain "
        "fine-tuning does as well",
        (sources.SETFIT, sources.EUROEVAL),
    ),
    "spans": (
        "50 tagged examples of each type are advised to start; encoders are commonly compared after tuning on 1,024",
        (sources.AZURE_NER, sources.EUROEVAL),
    ),
    "vectors": (
        "8 real pairs let a large model write more in their manner; a published run used 7,000 pairs",
        (sources.PROMPTAGATOR, sources.SCHMID_PAIRS),
    ),
    "text": (
        "50 well-made examples show whether tuning helps at all; 1,000 carefully chosen ones made a strong assistant",
        (sources.OPENAI_SFT, sources.LIMA),
    ),
}

# What a share of 80 % is one of, where an answer is more than right or wrong.
_GOOD: dict[Work, str] = {"text": "good", "vectors": "found"}

QUALITY: tuple[tuple[str, str], ...] = (
    ("take inputs from the real thing: the same sources, lengths, languages and mistakes as later", sources.OPENAI_SFT),
    (
        "remove exact and near duplicates first, across the splits as well: what is in both is memorized, not learned",
        sources.DEDUPLICATE,
    ),
    (
        "have two people label the same sample and settle where they differ; even much-used test sets hold 3.3 % "
        "wrong labels on average",
        sources.LABEL_ERRORS,
    ),
    (
        "keep everything from one customer, document or day on one side of the split, or the test flatters the model",
        sources.GROUP_FOLDS,
    ),
    ("few and good beats many and careless: every mistake in the answers is taught as well", sources.LIMA),
)


def data(profile: Profile) -> Data:
    """Data needed for this profile's task: figures, splits, and what makes a set good."""
    because, cited = _ENOUGH[work_of(profile.task)]
    return Data(
        have=profile.examples,
        minimum=minimum(profile),
        good=good(profile),
        because=because,
        splits=splits(profile.examples, PLENTY[work_of(profile.task)], _GOOD.get(work_of(profile.task), "right")),
        quality=tuple(text for text, _ in QUALITY),
        sources=tuple(dict.fromkeys((*cited, *(source for _, source in QUALITY)))),
    )


def splits(examples: int | None, plenty: int, well: str = "right") -> str:
    """How to divide `examples`: three fixed parts where there are plenty, else a test set and cross-validation.

    `well`: what an answer is that counts.
    """
    if examples is None:
        return "80 % to train on, 10 % to choose by, 10 % to judge by at the very end; fix the test set first"
    if examples < 20:
        return "fewer than 20 are too few to train on and to test with: keep them all for judging"
    test = max(examples // 5, 10) if examples < plenty else min(examples // 10, 2000)
    blur = f"80 % {well} of {test:,} is uncertain by about {100 * margin(test):.0f} points either way"
    if examples < plenty:
        return (
            f"set {test:,} aside to judge by; train and choose on the other {examples - test:,} by 5-fold "
            f"cross-validation; {blur}"
        )
    return f"{examples - 2 * test:,} to train on, {test:,} to choose by, {test:,} to judge by at the very end; {blur}"


def margin(test: int) -> float:
    """Half the 95 % interval of a share of 80 % on `test` examples (normal approximation of the binomial)."""
    return 1.96 * sqrt(0.8 * (1 - 0.8) / test)
