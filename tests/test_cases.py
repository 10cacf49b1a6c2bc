"""Situations a practitioner would agree with: tests/cases/recommend/*.yaml, each with its reason.

`leads`: one of these is ranked first. `leads_structure`, `leads_variant`: the first three are all of this kind.
`top`: all of these are among the first `within` (5). `above`: the first of a pair ranks above the second.
`ruled_out`: at that step. `never`: neither ranked nor standing behind a sibling. `method`: the method chosen for a
ranked model. `nothing`: none qualifies. `largest`: no ranked model has more parameters than this many billions.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from llmpick import engine
from llmpick.verdict import placed

FILES = sorted((Path(__file__).parent / "cases" / "recommend").glob("*.yaml"))
CASES = [(path.stem, case) for path in FILES for case in yaml.safe_load(path.read_text(encoding="utf-8"))]
CLAIMS = {
    "leads",
    "leads_structure",
    "leads_variant",
    "top",
    "within",
    "above",
    "ruled_out",
    "never",
    "method",
    "nothing",
    "largest",
}


@pytest.fixture(scope="module")
def answers(facts, ask):
    return lambda raw: engine.rank(facts, ask(**raw))


def rows_of(answer):
    """Ranked rows as sets: a model stands for its siblings."""
    return [{row.id, *row.siblings} for row in placed(answer.recommended)]


def place(name, rows):
    return next(index for index, row in enumerate(rows) if name in row)


def check_order(claims, answer):
    rows = rows_of(answer)
    if "leads" in claims:
        assert rows[0] & set(claims["leads"]), rows[:5]
    if "leads_structure" in claims:
        found = [verdict.model.architecture.shape.structure for verdict in answer.recommended[:3]]
        assert found == [claims["leads_structure"]] * 3, rows[:3]
    if "leads_variant" in claims:
        assert [verdict.model.variant for verdict in answer.recommended[:3]] == [claims["leads_variant"]] * 3, rows[:3]
    for wanted in claims.get("top", []):
        assert any(wanted in row for row in rows[: claims.get("within", 5)]), rows[:8]
    for better, worse in claims.get("above", []):
        assert place(better, rows) < place(worse, rows), rows[: place(worse, rows) + 1]


def check_limits(claims, answer, facts):
    steps = {out.standing.id: out.step for out in answer.ruled_out}
    assert {name: steps.get(name) for name in claims.get("ruled_out", {})} == claims.get("ruled_out", {})
    rows = placed(answer.recommended)
    ranked = set().union(*rows_of(answer))
    assert not ranked & set(claims.get("never", []))
    for name, method in claims.get("method", {}).items():
        (found,) = (answer.recommended[place] for place, row in enumerate(rows) if row.id == name)
        assert found.method == method
    assert bool(rows) != claims.get("nothing", False)
    if "largest" in claims:
        assert all(facts.model(row.id).parameters.total <= claims["largest"] * 1e9 for row in rows)


@pytest.mark.parametrize("case", [pytest.param(case, id=f"{stem}: {case['given']}") for stem, case in CASES])
def test_case(case: dict[str, Any], answers, facts):
    claims = {key: value for key, value in case.items() if key in CLAIMS}
    assert claims, "a case must claim something"
    assert not set(case) - CLAIMS - {"given", "because", "profile"}
    answer = answers(case["profile"])
    check_order(claims, answer)
    check_limits(claims, answer, facts)


def test_every_model_a_case_names_is_in_the_catalog(facts):
    named = [name for _, case in CASES for key in ("leads", "top", "never", "ruled_out") for name in case.get(key, [])]
    assert not set(named) - {model.id for model in facts.models}


def test_there_are_at_least_forty_cases_each_with_its_reason():
    assert len(CASES) >= 40
    assert all(len(case["because"]) > 30 for _, case in CASES)
