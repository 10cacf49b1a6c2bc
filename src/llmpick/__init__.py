"""llmpick: which base model should I fine-tune, and how?

    from llmpick import Profile, load, recommend

`load` reads the catalog once; `recommend` answers one question about it. Nothing is imported before it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from llmpick.asking import load, recommend
    from llmpick.catalog import Catalog
    from llmpick.errors import LlmpickError
    from llmpick.profile import Profile
    from llmpick.verdict import Ranking

_FROM = {
    "Catalog": "llmpick.catalog",
    "LlmpickError": "llmpick.errors",
    "Profile": "llmpick.profile",
    "Ranking": "llmpick.verdict",
    "load": "llmpick.asking",
    "recommend": "llmpick.asking",
}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in _FROM:
        raise AttributeError(f"module 'llmpick' has no attribute {name!r}")
    return getattr(import_module(_FROM[name]), name)


__all__ = ["Catalog", "LlmpickError", "Profile", "Ranking", "load", "recommend"]
