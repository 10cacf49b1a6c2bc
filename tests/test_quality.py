"""The estimate of strength after fine-tuning: laws on a small made-up table."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmpick.quality import ModelEffects, QualityTable, Standing, SuiteNote, Traits, judge, question

TABLE = QualityTable(
    version="test",
    results=8,
    suites={"LexGLUE": SuiteNote(title="LexGLUE", url="https://example.org/lexglue")},
    terms={
        "size": 0.8,
        "size@text": 0.4,
        "year": 0.1,
        "tokens": 0.2,
        "encoder": 0.3,
        "language:own": 0.0,
        "language:among": -0.3,
        "language:absent": -1.0,
        "domain:same:far": 0.6,
    },
    families={"bert": {"any": -0.1}},
    models={
        "a/known": ModelEffects(
            effects={"any": 0.2, "labels": 0.1},
            sd=0.4,
            standings=(
                Standing(
                    suite="LexGLUE",
                    tasks=13,
                    place=1,
                    of=8,
                    kinds=("labels",),
                    domains=("legal",),
                    beats="b/bert",
                    wins=12,
                ),
            ),
        )
    },
    usual={"year": 2.0, "tokens": 0.5},
    sd={"encoder": 0.8, "decoder": 0.9, "encoder-decoder": 0.9, "unknown": 1.1},
)
PLAIN = Traits(
    id="a/b",
    family="bert",
    structure="encoder",
    params=1e8,
    total=1.2e8,
    year=2020.0,
    tokens=1e10,
    objective="masked",
    variant="base",
    languages=frozenset({"en"}),
    domains=frozenset(),
)
ASKED = question("classification", domain="legal", languages=("en",), examples=None, method="full", table=TABLE)


@given(st.floats(2018, 2027), st.floats(1e9, 4e13))
def test_learning_a_fact_moves_the_estimate_inside_its_range(year: float, tokens: float) -> None:
    unknown = judge(replace(PLAIN, year=None, tokens=None, languages=frozenset()), ASKED)
    known = judge(replace(PLAIN, year=year, tokens=tokens), ASKED)
    assert unknown.low <= known.low <= known.expected <= known.high <= unknown.high
    assert set(unknown.missing) == {"year", "tokens", "languages"}


def test_without_results_the_reason_says_so() -> None:
    assert judge(PLAIN, ASKED).because.startswith("no direct evidence; expected from 120 M parameters")


def test_with_results_the_reason_names_them_and_their_source() -> None:
    quality = judge(replace(PLAIN, id="a/known"), ASKED)
    assert quality.because == "best of 8 on 13 tasks (LexGLUE); beats b/bert on 12 of 13"
    assert quality.evidence == ("https://example.org/lexglue",)
    assert quality.high - quality.low < judge(PLAIN, ASKED).high - judge(PLAIN, ASKED).low


@pytest.mark.parametrize("language,better", [("en", True), ("ko", False)])
def test_a_model_that_knows_the_language_is_expected_to_do_better(language: str, better: bool) -> None:
    asked = question("classification", domain="general", languages=("en",), examples=None, method="full", table=TABLE)
    known = judge(replace(PLAIN, languages=frozenset({language})), asked).expected
    assert (known > judge(replace(PLAIN, languages=frozenset({"fr"})), asked).expected) is better
