"""hub.json of one catalog directory: what a machine wrote, and nothing else."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from llmpick.catalog.kinds import kind_of
from llmpick.catalog.parsing import parse
from llmpick.errors import CatalogError, LlmpickError
from llmpick.files import sweep, write
from llmpick.hub.local import read_bytes
from llmpick.schema import Popularity

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from llmpick.hub.repository import Repository

NAME = "hub.json"
LOCK = ".hub.lock"
PATIENCE_S = 10
"""Seconds to wait for another run that writes hub.json: it takes milliseconds."""


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


def of(repo: Repository, today: str) -> Popularity:
    """What the Hub says of one model today."""
    return Popularity(downloads=repo.downloads, likes=repo.likes, changed=repo.changed or None, as_of=today)


def dump(models: Mapping[str, Popularity]) -> str:
    """hub.json's text: by id, empty fields left out."""
    rows = {
        id_: {name: value for name, value in asdict(models[id_]).items() if value is not None} for id_ in sorted(models)
    }
    newest = max((one.as_of[-10:] for one in models.values() if one.as_of), default="1970-01-01")
    return json.dumps({"as_of": newest, "models": rows}, indent=1, ensure_ascii=False) + "\n"


def update(directory: Path, models: Mapping[str, Popularity]) -> bool:
    """Lay `models` over hub.json, whole or not at all; False where it said so already.

    What others write meanwhile is kept: reading and writing happen under a lock.
    """
    from filelock import FileLock, Timeout

    path = directory / NAME
    try:
        (directory / LOCK).touch()  # filelock takes a directory that cannot be written for a lock that is held
        with FileLock(directory / LOCK, timeout=PATIENCE_S):
            sweep(path)
            text = dump(load(directory) | dict(models))
            if path.exists() and path.read_bytes() == text.encode():
                return False
            write(path, text, force=True)
            return True
    except Timeout:
        raise LlmpickError(f"{directory / LOCK} is held by somebody else", "try again later") from None
    except OSError as error:
        raise LlmpickError(
            f"cannot write in {directory}: {error.strerror}", "name a directory you can write to"
        ) from None


def record_one(directory: Path, repo: Repository, today: str) -> None:
    """Add one model's figures to hub.json; a folder of this machine has none."""
    if repo.downloads is not None or repo.likes is not None:
        update(directory, {repo.id: of(repo, today)})
