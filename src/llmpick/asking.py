"""Asking from Python: one question, or a thousand about one loaded catalog."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llmpick import engine, request
from llmpick.errors import LlmpickError
from llmpick.profile import Profile

if TYPE_CHECKING:
    from llmpick.catalog import Catalog
    from llmpick.verdict import Ranking


def load(*directories: Path | str) -> Catalog:
    """The bundled catalog with the user's own and then `directories` laid over it; nothing changes it afterwards.

    Raises LlmpickError when a directory cannot be read or one of its files is wrong.
    """
    return request.load([Path(directory) for directory in directories])


def recommend(question: Profile | Mapping[str, Any], catalog: Catalog | None = None) -> Ranking:
    """The models of `catalog` ranked for a Profile, or for its fields in the words of the flags: {"gpu": "24GB"}.

    Without `catalog` it is loaded for this one question. Raises LlmpickError that names the field that is wrong.
    """
    facts = load() if catalog is None else catalog
    return engine.rank(facts, _profile(question, facts))


def _profile(question: Any, facts: Catalog) -> Profile:
    if isinstance(question, Profile):
        return question
    if not isinstance(question, Mapping):
        raise LlmpickError(f"{question!r} is no profile", 'write its fields: {"task": "chat", "gpu": "24GB"}')
    return request.build(question, facts)
