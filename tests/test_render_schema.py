"""The committed JSON Schemas are those of the code, and real answers satisfy them."""

from __future__ import annotations

import json as json_reader
from pathlib import Path
from typing import Any

import pytest
from pydantic import ConfigDict, TypeAdapter, ValidationError

import render_cases as cases
from llmpick.explain import Compared, Contrast, Contribution, Explanation
from llmpick.guidance.answers import AdviseAnswer, Data, Metric, Plan, Setting, Technique
from llmpick.quality import Quality
from llmpick.render import json, schema, shapes

COMMITTED = Path(__file__).parents[1] / "docs" / "schema"
RANKING = cases.ranking()
FIRST, SECOND, *_ = RANKING.recommended
TECHNIQUE = Technique(name="LoRA", because="few examples", sources=("https://arxiv.org/abs/2106.09685",))
EXPLANATION = Explanation(
    verdict=SECOND,
    rank=1,
    status="ranked 1=",
    contrast=Contrast(
        ahead=FIRST.model.id,
        behind=SECOND.model.id,
        gap=0.0055,
        because=(Contribution(criterion="quality", gap=0.0055, because="two places higher"),),
        despite=(),
    ),
    would_win_if=("its quality were 0.63 instead of 0.61",),
    ranking=RANKING,
)
COMPARED = (
    Compared(verdict=FIRST, rank=1, quality=Quality(expected=0.7, low=0.6, high=0.8, because="-"), failed=""),
    Compared(
        verdict=RANKING.ruled_out[0].verdict,
        rank=None,
        quality=Quality(expected=0.7, low=0.6, high=0.8, because="-", evidence=("arxiv:2412.13663",)),
        failed="resources: needs 25.6 GiB",
    ),
)
ADVICE = AdviseAnswer(
    fine_tune="yes",
    because=("there are 5,000 examples",),
    instead=(),
    technique=TECHNIQUE,
    others=(TECHNIQUE,),
    data=Data(
        have=None, minimum=100, good=1000, because="-", splits="80/10/10", quality=("no duplicates",), sources=()
    ),
    metrics=(Metric(name="macro F1", because="classes are uneven", source="https://example.org"),),
    baseline="the majority class",
    sources=(),
)
PLAN = Plan(
    model=FIRST.model.id,
    method="full",
    settings=(
        Setting(name="learning_rate", value=2e-5, because="-", source="https://example.org"),
        Setting(name="target_modules", value=("q_proj", "v_proj"), because="-", source="https://example.org"),
        Setting(name="bf16", value=True, because="-", source="https://example.org"),
    ),
    memory=FIRST.memory,
    time_hours=FIRST.time_hours,
    cost_usd=None,
    watch=("the loss",),
)
EXAMPLES: dict[str, Any] = {
    "recommend": json.ranking(RANKING),
    "estimate": json.memory(cases.memory("org/model", 7_000_000_000, "qlora")),
    "compare": json.compare(RANKING.profile, COMPARED),
    "explain": json.explain(EXPLANATION),
    "advise": json.advise(ADVICE),
    "plan": json.plan(PLAN),
    "license": json.license_answer(cases.license_verdict(), "Apache License 2.0"),
    "catalog-list": [json.model_row(cases.model("org/model", 1))],
}


def test_committed_schemas_are_those_of_the_code() -> None:
    """`python -m llmpick.render.schema docs/schema` writes them anew."""
    assert {path.name: path.read_text("utf-8") for path in COMMITTED.iterdir()} == schema.files()


@pytest.mark.parametrize("name", schema.ANSWERS)
def test_answers_satisfy_their_schema(name: str) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    checker = jsonschema.Draft202012Validator(schema.json_schema(name))
    checker.check_schema(schema.json_schema(name))
    checker.validate(json_reader.loads(json.dumps(EXAMPLES[name])))


@pytest.mark.parametrize("name", schema.ANSWERS)
def test_answers_have_exactly_the_keys_of_their_shape(name: str) -> None:
    shape = schema.ANSWERS[name][0]
    strict = TypeAdapter(shape) if name == "catalog-list" else TypeAdapter(shape, config=ConfigDict(extra="forbid"))
    written = json.dumps(EXAMPLES[name])
    assert json_reader.loads(json.dumps(strict.validate_json(written, strict=True))) == json_reader.loads(written)


@pytest.mark.parametrize("name", ["recommend", "estimate", "explain"])
def test_a_missing_key_fails(name: str) -> None:
    for key in EXAMPLES[name]:
        broken = {k: v for k, v in EXAMPLES[name].items() if k != key}
        with pytest.raises(ValidationError):
            TypeAdapter(schema.ANSWERS[name][0]).validate_json(json.dumps(broken))


def test_hostile_and_empty_answers_satisfy_the_schema() -> None:
    for answer in (cases.hostile(), cases.nothing()):
        TypeAdapter(shapes.RecommendShape).validate_json(json.dumps(json.ranking(answer)))
