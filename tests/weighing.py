"""Numbers taken from sentences: where a Verdict stands by what it says, to hold against where it was put."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick import engine

if TYPE_CHECKING:
    from llmpick.steps.asked import Asked, Weighed
    from llmpick.verdict import Standing, StepVerdict, Verdict


def weighed(step: StepVerdict, asked: Asked) -> Weighed:
    """A Step's Checks and Ratings as numbers."""
    return asked.weighed_by(step.checks, *((one.criterion, (one.low, one.high)) for one in step.ratings))


def standing(one: Verdict, asked: Asked) -> Standing:
    """Where its Steps put it."""
    found = engine.stand(one.model.id, [weighed(step, asked) for step in one.steps], engine.WEIGHED, asked)
    return found._replace(score=one.score, score_high=one.score_high)
