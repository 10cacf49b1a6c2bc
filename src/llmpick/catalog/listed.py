"""What `catalog list` reads of each model, as plain values: a model is decoded when somebody asks for all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmpick.catalog.codec import shared
from llmpick.record import NamedTuple, bare

if TYPE_CHECKING:
    from llmpick.schema import Model


class Listed(NamedTuple):
    """One model as it is searched for and listed. None = not on record."""

    id: str
    family: str
    lineage: str
    params: int
    active_params: int
    structure: str | None
    license: str | None
    licenses: tuple[str, ...]
    """All licenses it is under."""
    released: str | None
    tasks: tuple[str, ...]
    domains: tuple[str, ...] | None
    """Kinds of text it was pre-trained on."""
    languages: tuple[str, ...]


def listed_of(model: Model) -> Listed:
    """What `catalog list` reads of `model`."""
    return Listed(
        id=model.id,
        family=model.family,
        lineage=model.lineage,
        params=model.parameters.total,
        active_params=model.parameters.active,
        structure=model.architecture.shape.structure if model.architecture else None,
        license=model.license.id if model.license else None,
        licenses=(model.license.id, *model.license.also) if model.license else (),
        released=model.released,
        tasks=model.tasks,
        domains=model.pretraining.domains if model.pretraining else None,
        languages=model.languages,
    )


class Plain:
    """Rows as plain tuples, to be stored; what many models have in common is one object."""

    def __init__(self, writer: object) -> None:
        self._seen: dict[Any, Any] = {}

    def __call__(self, model: Model) -> tuple[Any, ...]:
        """What `catalog list` reads of `model`."""
        row: tuple[Any, ...] = shared(bare(listed_of(model)), self._seen)
        return row
