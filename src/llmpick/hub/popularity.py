"""hub.json of one catalog directory: what a machine wrote, and nothing else."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from llmpick.catalog.kinds import kind_of
from llmpick.catalog.parsing import parse
from llmpick.errors import CatalogError
from llmpick.files import write
from llmpick.hub.local import read_bytes
from llmpick.schema import Popularity

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from llmpick.hub.facts import Facts

NAME = "hub.json"


def load(directory: Path) -> dict[str, Popularity]:
    """What the directory's hub.json says, by Hub id; empty without one; CatalogError where it is broken."""
    path = directory / NAME
    kind = kind_of(NAME)
    assert kind is not None
    if not path.exists():
        return {}
    hub, faults = parse(read_bytes(path, kind.limit), kind, NAME)
    if faults:
        fault = faults[0]
        raise CatalogError(
            f"{path}:{fault.line}:{fault.column}: {fault.message}", "remove the file; refresh writes it anew"
        )
    return dict(hub.models)


def of(facts: Facts, today: str) -> Popularity:
    """What the Hub says of one model today."""
    return Popularity(downloads=facts.downloads, likes=facts.likes, changed=facts.changed or None, as_of=today)


def dump(models: Mapping[str, Popularity]) -> str:
    """hub.json's text: by id, empty fields left out."""
    rows = {
        id_: {name: value for name, value in asdict(models[id_]).items() if value is not None} for id_ in sorted(models)
    }
    newest = max((one.as_of[-10:] for one in models.values() if one.as_of), default="1970-01-01")
    return json.dumps({"as_of": newest, "models": rows}, indent=1, ensure_ascii=False) + "\n"


def save(directory: Path, models: Mapping[str, Popularity]) -> bool:
    """Write hub.json, whole or not at all; False where it said so already."""
    path, text = directory / NAME, dump(models)
    if path.exists() and path.read_bytes() == text.encode():
        return False
    write(path, text, force=True)
    return True


def record_one(directory: Path, facts: Facts, today: str) -> None:
    """Add one model's figures to hub.json; a folder of this machine has none."""
    if facts.downloads is not None or facts.likes is not None:
        save(directory, load(directory) | {facts.id: of(facts, today)})
