"""`llmpick license`: which licenses and which use are meant, and the answer."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from llmpick.errors import LlmpickError, did_you_mean
from llmpick.licensing import casefile
from llmpick.licensing.judge import binding, judge_all, licensed, missing
from llmpick.licensing.situation import Situation, typed
from llmpick.record import record

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llmpick.licensing.schema import License
    from llmpick.schema import Model
    from llmpick.verdict import LicenseVerdict

FLAGS = {
    "commercial": "commercial",
    "monthly_users": "monthly_active_users",
    "annual_revenue": "annual_revenue_usd",
    "region": "region",
    "distribute_weights": "distributes_weights",
    "host_api": "hosts_api_for_third_parties",
    "train_on_outputs": "trains_other_model_on_outputs",
}
"""Flag of `llmpick license` -> field of the Situation."""
MULTIMODAL_WORDS = re.compile(r"(?<![a-z])(vision|vl|vlm|multimodal|omni|audio)(?![a-z])", re.IGNORECASE)
SEVERAL = re.compile(r"\s*(?:,|\+|&|\bwith\b|\band\b)\s*", re.IGNORECASE)


class Known(Protocol):
    """What a catalog offers here."""

    @property
    def licenses(self) -> Mapping[str, License]:
        """By id."""

    @property
    def ids(self) -> Sequence[str]:
        """Of the models."""

    def model(self, id_: str) -> Model:
        """The model of that id."""


@record
class Answer:
    """What `llmpick license` answers."""

    verdict: LicenseVerdict
    name: str
    """The names of all licenses that bind."""


def answer(query: str, raw: Mapping[str, Any], catalog: Known) -> Answer:
    """The verdict on a license, on several ('mit + llama3.1') or on a model, for the use that the flags describe.

    Flags win over `--situation FILE`, and QUERY over the license the file names; what the file lists under
    `also_applies` binds too. LlmpickError when nothing of that name is known or the file is wrong.
    """
    situation, also, model_name = stated_use(raw)
    known = fold(query) in spellings(catalog.licenses)
    model = None if known else find_model(query, catalog)
    ids = licensed(model).ids if model else ()
    found = binding(ids, catalog.licenses) if model else find_licenses(query, catalog)
    if not found:
        return Answer(verdict=missing(ids), name="no license on record")
    found = tuple(dict.fromkeys((*found, *(one for name in also for one in find_licenses(name, catalog)))))
    if situation.multimodal is None:
        meant = model or find_model(model_name, catalog)
        situation = replace(
            situation, multimodal=licensed(meant).multimodal if meant else sounds_multimodal(model_name)
        )
    verdict = judge_all(found, situation)
    if situation.ignored:
        verdict = replace(verdict, because=f"{verdict.because}; not considered: {', '.join(situation.ignored)}")
    return Answer(verdict=verdict, name=" with ".join(license_.name for license_ in found))


def sounds_multimodal(name: str) -> bool | None:
    """Whether a model's name says that it reads more than text; None where it says nothing."""
    return True if MULTIMODAL_WORDS.search(name) else None


def stated_use(raw: Mapping[str, Any]) -> tuple[Situation, tuple[str, ...], str]:
    """The Situation of the flags laid over that of the file, and the further licenses and the model the file names."""
    case = casefile.read(Path(raw["situation"])) if raw.get("situation") else casefile.CaseFile(situation=Situation())
    given = {field: raw[flag] for flag, field in FLAGS.items() if raw.get(flag) is not None}
    return replace(case.situation, **typed(given)), case.also_applies, case.model or ""


def find_model(query: str, catalog: Known) -> Model | None:
    """The model of that Hub id, or the only one whose id ends so; None when there is none."""
    wanted = query.strip().casefold()
    exact = [id_ for id_ in catalog.ids if id_.casefold() == wanted]
    named = exact or [id_ for id_ in catalog.ids if id_.casefold().partition("/")[2] == wanted]
    return catalog.model(named[0]) if len(named) == 1 else None


def find_licenses(query: str, catalog: Known) -> tuple[License, ...]:
    """The license that `query` names by id or alias, or those it lists. LlmpickError names the nearest known ones."""
    names = spellings(catalog.licenses)
    if fold(query) in names:
        return (names[fold(query)],)
    parts = [part for part in SEVERAL.split(query) if part]
    if len(parts) > 1 and all(fold(part) in names for part in parts):
        return tuple(dict.fromkeys(names[fold(part)] for part in parts))
    hint = did_you_mean(query, [*names, *catalog.ids])
    raise LlmpickError(f"no license or model named {query!r}", hint or "say `other` or `unknown` if none is declared")


def spellings(licenses: Mapping[str, License]) -> dict[str, License]:
    """Every spelling of every license; an id wins over another one's alias."""
    aliases = {fold(alias): license_ for license_ in licenses.values() for alias in license_.aliases}
    return {**aliases, **{fold(id_): license_ for id_, license_ in licenses.items()}}


def fold(name: str) -> str:
    """A name as it is compared: `license:MIT` is `mit`."""
    return " ".join(name.casefold().removeprefix("license:").split())
