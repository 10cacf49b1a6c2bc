"""JSON Schemas of the catalog's files, written from the records, so that editors complete and check YAML."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from llmpick.catalog.kinds import KINDS, Kind

if TYPE_CHECKING:
    from pathlib import Path


def generate() -> dict[str, str]:
    """File name -> text of the JSON Schema of every kind of file that people write."""
    return {f"{kind.schema}.json": _text(kind) for kind in KINDS if kind.schema}


def stale(directory: Path) -> list[str]:
    """Names under `directory` that are missing, outdated or no schema of ours."""
    wanted = generate()
    present = {file.name: file.read_text("utf-8") for file in sorted(directory.glob("*.json"))}
    return sorted(name for name in wanted.keys() | present.keys() if wanted.get(name) != present.get(name))


def write(directory: Path) -> list[str]:
    """Make `directory` hold exactly the schemas of `generate`; returns the names that changed."""
    wanted = generate()
    changed = stale(directory)
    directory.mkdir(parents=True, exist_ok=True)
    for name in changed:
        if name in wanted:
            (directory / name).write_text(wanted[name], "utf-8")
        else:
            (directory / name).unlink()
    return changed


def _text(kind: Kind) -> str:
    from llmpick.catalog.parsing import adapter

    schema: dict[str, Any] = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$comment": kind.folder}
    schema |= adapter(kind).json_schema()
    if kind.id_of(kind.folder.replace("*", "x")) is not None:
        schema["properties"].pop("id")  # the path gives it
        schema["required"].remove("id")
    return json.dumps(_plain(schema), indent=1, ensure_ascii=False) + "\n"


def _plain(schema: Any) -> Any:
    """`schema` without the titles that only repeat a key."""
    if isinstance(schema, list):
        return [_plain(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    echo = isinstance(schema.get("title"), str) and "properties" not in schema
    return {key: _plain(value) for key, value in schema.items() if not (echo and key == "title")}
