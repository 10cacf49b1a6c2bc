"""`llmpick catalog list`: what is searched for, from flags."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmpick.catalog.browse import Wanted
from llmpick.profile import language_code
from llmpick.units import parse_number

if TYPE_CHECKING:
    from collections.abc import Mapping


def wanted(raw: Mapping[str, Any]) -> Wanted:
    """The search that these flags describe; raises LlmpickError naming the flag."""
    sizes = {
        name: int(parse_number(raw[name], f"--{name.replace('_', '-')}", 0, 1e14))
        for name in ("max_params", "min_params")
        if name in raw
    }
    language = {"language": language_code(raw["language"].strip(), "--language")} if raw.get("language") else {}
    return Wanted(**{**raw, **sizes, **language})
