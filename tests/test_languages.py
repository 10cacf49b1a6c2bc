"""Which of the languages asked for a model has read, when its list ends in `mul`: and many more."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from llmpick.steps import domain
from llmpick.steps.asked import ask as put

if TYPE_CHECKING:
    from collections.abc import Callable

    from llmpick.catalog import Catalog
    from llmpick.profile import Profile


@pytest.mark.parametrize(
    ("known", "wanted", "share"),
    [
        (("en", "mul"), "en", (1.0, 1.0)),
        (("en", "mul"), "en,de", (0.5, 1.0)),
        (("mul",), "en,de", (0.5, 1.0)),
        (("en", "de"), "en,de", (1.0, 1.0)),
        (("en",), "en,de", (0.5, 0.5)),
    ],
)
def test_what_is_listed_counts_and_what_is_not_is_open(
    facts: Catalog,
    ask: Callable[..., Profile],
    known: tuple[str, ...],
    wanted: str,
    share: tuple[float, float],
) -> None:
    asked = put(ask(task="classification", language=wanted), facts)
    model = replace(facts.models[0], languages=known)
    rating = domain.rate_language(model, asked)
    assert (rating.low, rating.high) == share


def test_one_language_beyond_the_list_is_unknown(facts: Catalog, ask: Callable[..., Profile]) -> None:
    asked = put(ask(task="classification", language="de"), facts)
    rating = domain.rate_language(replace(facts.models[0], languages=("en", "mul")), asked)
    assert rating.low < rating.high
    assert domain.language(replace(facts.models[0], languages=("en", "mul")), asked).outcome == "ok"
