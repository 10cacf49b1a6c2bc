"""JSON Schemas of the catalog's files, written from the records, so that editors complete and check YAML."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from llmpick.catalog.kinds import KINDS, Kind
from llmpick.record import PYDANTIC_CONFIG

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def generate() -> dict[str, str]:
    """File name -> text of the JSON Schema of every kind of file that people write."""
    with _described():
        return {f"{kind.schema}.json": _text(kind) for kind in KINDS if kind.schema}


@contextmanager
def _described() -> Iterator[None]:
    """While it lasts, pydantic reads what fields mean from the source; what validates is ready sooner without that."""
    PYDANTIC_CONFIG["use_attribute_docstrings"] = True
    try:
        yield
    finally:
        del PYDANTIC_CONFIG["use_attribute_docstrings"]


def stale(directory: Path) -> dict[str, str]:
    """File name -> text of the schemas that `directory` lacks or has in another version."""
    return {name: text for name, text in generate().items() if not _says(directory / name, text)}


def _says(file: Path, text: str) -> bool:
    try:
        return file.is_file() and file.read_bytes() == text.encode()
    except OSError:
        return False


def _text(kind: Kind) -> str:
    from pydantic import TypeAdapter

    schema: dict[str, Any] = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$comment": kind.folder}
    schema |= TypeAdapter[Any](kind.hint()).json_schema()
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
