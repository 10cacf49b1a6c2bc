"""From what was asked (flags, a profile file, directories) to the catalog and the Profile an answer rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from llmpick.catalog import Catalog
    from llmpick.profile import Profile


def load(directories: list[Path] | None) -> Catalog:
    """The bundled catalog with the user's own laid over it; those are held to the rules an answer rests on."""
    from llmpick import catalog
    from llmpick.catalog import sound
    from llmpick.hub import user_catalog

    own = user_catalog()
    layers = ([own] if own else []) + list(directories or [])
    facts = catalog.load(tuple(layers))
    if layers and not sound.known(facts.mark):
        from llmpick import lint

        lint.demand(layers)
        sound.remember(facts.mark)
    return facts


def given(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The flags laid over the fields of the file that `--profile` names."""
    from llmpick import profile

    flags = {name: value for name, value in raw.items() if value is not None and name != "profile"}
    base: Mapping[str, Any] = {}
    if raw.get("profile"):
        from llmpick.files import read_mapping

        base = read_mapping(str(raw["profile"]))
    return profile.merge(base, flags)


def build(fields: Mapping[str, Any], facts: Catalog) -> Profile:
    """The Profile that `fields` describe, this machine's cards put in for `auto`."""
    from llmpick import profile
    from llmpick.steps.asked import vocabulary

    if any(str(fields.get(name, "")).strip().casefold() == "auto" for name in ("gpu", "serve_gpu")):
        from llmpick import machine

        fields = machine.resolve(fields, facts.gpus)
    return profile.build(fields, vocabulary(facts))
