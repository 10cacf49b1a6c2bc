"""How good a base will be after fine-tuning: an estimate fitted to published results, with its range and reason.

The scale is absolute: a model's strength for a question is a sum of terms of `catalog/quality.yaml`, which
`tools/fit_quality.py` writes, and `value_of` maps it into [0, 1]. Nothing depends on which other models are present.
`question` works out a profile once; `judge` answers it for one model's `traits`.
"""

from __future__ import annotations

from llmpick.quality.judging import (
    Own,
    Published,
    Quality,
    estimate,
    judge,
    own,
    published,
    settled,
    span,
    strength,
    value_of,
)
from llmpick.quality.parts import Part, parts
from llmpick.quality.question import EXACT, Question, question
from llmpick.quality.table import QualityTable
from llmpick.quality.traits import MULTILINGUAL, Traits, specialties, traits

__all__ = [
    "EXACT",
    "MULTILINGUAL",
    "Own",
    "Part",
    "Published",
    "Quality",
    "QualityTable",
    "Question",
    "Traits",
    "estimate",
    "judge",
    "own",
    "parts",
    "published",
    "question",
    "settled",
    "span",
    "specialties",
    "strength",
    "traits",
    "value_of",
]
