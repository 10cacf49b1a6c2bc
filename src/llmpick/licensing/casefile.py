"""`--situation FILE`: a situation, or a whole license case, in YAML or JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmpick.errors import LlmpickError
from llmpick.licensing.situation import Situation, from_mapping, refuse_unknown
from llmpick.reading import read_mapping
from llmpick.record import record

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LICENSE_KEYS = ("license", "licence", "license_id", "licence_id")
CASE_KEYS = (*LICENSE_KEYS, "also_applies", "model")
OTHER_KEYS = ("id", "situation", "expected", "why", "trap", "clause", "confidence", "note")


@record
class CaseFile:
    """What a situation file says."""

    situation: Situation
    license: str | None = None
    also_applies: tuple[str, ...] = ()
    model: str | None = None


def read(path: Path) -> CaseFile:
    """The case in a YAML or JSON file. LlmpickError says what is wrong with it."""
    values = read_mapping(str(path), "write `field: value` lines, such as `commercial: true`")
    try:
        return from_case(values)
    except LlmpickError as error:
        raise LlmpickError(f"{path}: {error.message}", error.hint) from error


def from_case(values: Mapping[str, Any]) -> CaseFile:
    """A case from its fields: `situation` holds those of the use, or they stand beside `license` and `model`."""
    if "situation" in values:
        refuse_unknown(values, (*CASE_KEYS, *OTHER_KEYS), "the case")
        stated = values["situation"]
    else:
        stated = {key: value for key, value in values.items() if key not in CASE_KEYS}
    if not isinstance(stated, dict):
        raise LlmpickError("`situation` must hold fields", "for example `commercial: true`")
    named = next((values[key] for key in LICENSE_KEYS if values.get(key)), None)
    also = values.get("also_applies") or ()
    return CaseFile(
        situation=from_mapping(stated),
        license=None if named is None else str(named),
        also_applies=(also,) if isinstance(also, str) else tuple(map(str, also)),
        model=None if values.get("model") is None else str(values["model"]),
    )
