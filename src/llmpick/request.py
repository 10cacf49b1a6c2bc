"""From what was asked (flags, a profile file, directories) to the catalog and the Profile an answer rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmpick.errors import LlmpickError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from llmpick.catalog import Catalog
    from llmpick.profile import Profile


def load(directories: list[Path] | None) -> Catalog:
    """The bundled catalog with the user's own laid over it; those are held to the rules an answer rests on."""
    from llmpick import catalog
    from llmpick.hub import user_catalog

    own = user_catalog()
    layers = ([own] if own else []) + list(directories or [])
    facts = catalog.load(tuple(layers))
    if layers:
        _demand(layers, facts.mark)
    return facts


def _demand(layers: Sequence[Path], mark: str) -> None:
    """Raise CatalogError unless these directories, of which a catalog with that `mark` was made, keep the rules."""
    from llmpick.catalog import sound

    if not sound.known(mark):
        from llmpick import lint

        lint.demand(layers)
        sound.remember(mark)


def given(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The flags laid over the fields of the file that `--profile` names."""
    from llmpick import profile

    flags = {name: value for name, value in raw.items() if value is not None and name != "profile"}
    return _over_file(str(raw["profile"]), flags) if raw.get("profile") else profile.merge({}, flags)


def _over_file(path: str, flags: Mapping[str, Any]) -> dict[str, Any]:
    """`flags` over the fields of the profile at `path`, which keep their places in it."""
    from llmpick import profile
    from llmpick.files import read_mapping
    from llmpick.reading import Placed

    base, over = read_mapping(path), profile.merge({}, flags)
    places = {}
    for key, place in base.places.items():
        try:
            places[profile.field(key)] = place
        except LlmpickError as error:
            raise LlmpickError(f"{place}: {error.message}", error.hint) from None
    fields = Placed(profile.merge(base, over))
    fields.places = {name: place for name, place in places.items() if name not in over}
    return fields


def build(fields: Mapping[str, Any], facts: Catalog) -> Profile:
    """The Profile that `fields` describe, this machine's cards put in for `auto`."""
    from llmpick import profile
    from llmpick.steps.asked import vocabulary

    if any(str(fields.get(name, "")).strip().casefold() == "auto" for name in ("gpu", "serve_gpu")):
        from llmpick import machine

        fields = machine.resolve(fields, facts.gpus)
    known = vocabulary(facts)
    for name, place in getattr(fields, "places", {}).items():
        try:
            profile.parse(name, fields[name], known)
        except LlmpickError as error:
            raise LlmpickError(f"{place}: {error.message}", error.hint) from None
    return profile.build(fields, known)
