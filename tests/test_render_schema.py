"""The committed JSON Schemas are those of the code, and real answers satisfy them."""

from __future__ import annotations

import json as json_reader
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

import render_answers as answers
import render_cases as cases
from llmpick.catalog.listed import listed_of
from llmpick.guidance.tuning import tuning
from llmpick.render import json, schema, shapes
from llmpick.schema import ApiModel

COMMITTED = Path(__file__).parents[1] / "docs" / "schema"
EXAMPLES: dict[str, Any] = {
    "recommend": json.ranking(answers.RANKING),
    "estimate": json.estimate(answers.ESTIMATE),
    "compare": json.compare(answers.RANKING.profile, answers.COMPARED),
    "explain": json.explain(answers.RANKING.profile, answers.EXPLANATION),
    "advise": json.advise(answers.ADVICE),
    "plan": json.plan(answers.PLAN),
    "license": json.license(answers.LICENSE),
    "catalog-list": list(json.models((listed_of(cases.model("org/model", 1)),), {"org/model": "ours"})),
}


def test_a_vendors_estimate_satisfies_the_schema() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    api = ApiModel(
        id="vendor/model", vendor="Vendor", model="M", tasks=("chat",), status="open", sources=(answers.SOURCE,)
    )
    written = json.dumps(json.estimate(tuning(api, None, examples=None, seq_len=512, epochs=1)))
    jsonschema.Draft202012Validator(schema.json_schema("estimate")).validate(json_reader.loads(written))
    known = TypeAdapter(shapes.TuningShape).validate_json(written, strict=True)
    assert json_reader.loads(json.dumps(known)) == json_reader.loads(written)


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
    written = json.dumps(EXAMPLES[name])
    # Keys that the shape does not have are dropped on the way through.
    known = TypeAdapter(shape).validate_json(written, strict=True)
    assert json_reader.loads(json.dumps(known)) == json_reader.loads(written)


@pytest.mark.parametrize("name", ["recommend", "estimate", "explain"])
def test_a_missing_key_fails(name: str) -> None:
    for key in EXAMPLES[name]:
        broken = {k: v for k, v in EXAMPLES[name].items() if k != key}
        with pytest.raises(ValidationError):
            TypeAdapter(schema.ANSWERS[name][0]).validate_json(json.dumps(broken))


def test_hostile_and_empty_answers_satisfy_the_schema() -> None:
    for answer in (cases.hostile(), cases.nothing()):
        TypeAdapter(shapes.RecommendShape).validate_json(json.dumps(json.ranking(answer)))
