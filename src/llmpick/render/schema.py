"""The JSON Schemas of docs/schema, from `render.shapes`; `python -m llmpick.render.schema docs/schema` writes them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from llmpick.render import json, shapes

ANSWERS: dict[str, tuple[Any, str]] = {
    "recommend": (shapes.RecommendShape, "llmpick recommend --format json"),
    "estimate": (shapes.EstimateShape | shapes.TuningShape, "llmpick estimate --format json"),
    "compare": (shapes.CompareShape, "llmpick compare --format json"),
    "explain": (shapes.ExplainShape, "llmpick explain --format json"),
    "advise": (shapes.AdviseShape, "llmpick advise --format json"),
    "plan": (shapes.PlanShape, "llmpick plan --format json"),
    "license": (shapes.LicenseAnswerShape, "llmpick license --format json"),
    "catalog-list": (list[shapes.ModelRowShape], "llmpick catalog list --format json"),
}


def json_schema(name: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of one answer. Unknown keys are allowed: answers change only by addition."""
    from pydantic import TypeAdapter

    shape, title = ANSWERS[name]
    found = TypeAdapter(shape).json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **found, "title": title}


def files() -> dict[str, str]:
    """File name -> text of every schema."""
    return {f"{name}.json": json.dumps(json_schema(name)) + "\n" for name in ANSWERS}


def main(folder: str) -> None:
    """Write the schemas into `folder`."""
    for name, text in files().items():
        Path(folder, name).write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
