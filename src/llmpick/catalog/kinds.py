"""The kinds of file a catalog is made of: where they lie, what record they hold, where an id comes from."""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any, Literal

from llmpick.record import NamedTuple

KIB = 1024
MIB = 1024 * KIB
NAME = r"[A-Za-z0-9][A-Za-z0-9._-]*"


def named(name: str) -> Any:
    """What `module:Class` names, imported when first needed."""
    module, _, own = name.partition(":")
    return getattr(import_module(module), own)


class Kind(NamedTuple):
    """One kind of catalog file."""

    name: str
    """What it fills in the Catalog."""
    folder: str
    """`models/*/*.yaml`, for people."""
    pattern: str
    """Regular expression of the relative path; its group `id` becomes the record's `id`."""
    record: str
    """`module:Class`, imported when first needed."""
    shape: Literal["one", "rows"] = "one"
    """The file is one record, or a list of records."""
    schema: str = ""
    """Stem of its JSON Schema under `schema/`; empty = written by machines, no schema."""
    limit: int = 256 * KIB
    """Bytes beyond which the file is refused."""
    key: str = ""
    """Field that tells rows apart: an overlay's row replaces the one beneath it that says the same there."""
    derived: tuple[tuple[str, str], ...] = ()
    """Section of the compiled form, and the `module:Class` whose instances make of a record what is kept there."""
    at_hand: bool = True
    """Part of every loaded Catalog; False = read only where it is asked for."""

    def type(self) -> Any:
        """The record class."""
        return named(self.record)

    def hint(self) -> Any:
        """The type of the content of a file."""
        one: Any = self.type()
        return tuple[one, ...] if self.shape == "rows" else one

    def spec(self) -> Any:
        """How the content of a file is stored, as `codec` says it."""
        one = ["r", self.record]
        return ["t", one] if self.shape == "rows" else one

    def id_of(self, path: str) -> str | None:
        """The id that a file at `path` gives its record; None where records carry their own."""
        match = re.fullmatch(self.pattern, path)
        return match.groupdict().get("id") if match else None


KINDS = (
    Kind(
        "models",
        "models/*/*.yaml",
        rf"models/(?P<id>{NAME}/{NAME})\.yaml",
        "llmpick.schema:Model",
        schema="model",
        derived=(("facts", "llmpick.catalog.facts:Plain"), ("listed", "llmpick.catalog.listed:Plain")),
    ),
    Kind("apis", "apis/*/*.yaml", rf"apis/(?P<id>{NAME}/{NAME})\.yaml", "llmpick.schema:ApiModel", schema="api"),
    Kind(
        "licenses",
        "licenses/*.yaml",
        r"licenses/(?P<id>[a-z0-9][a-z0-9.+-]*)\.yaml",
        "llmpick.licensing.schema:License",
        schema="license",
        derived=(("grants", "llmpick.catalog.grants:Plain"),),
    ),
    Kind("gpus", "gpus.yaml", r"gpus\.yaml", "llmpick.schema:Gpu", "rows", "gpus", MIB, "name"),
    Kind("prices", "prices.yaml", r"prices\.yaml", "llmpick.schema:Price", "rows", "prices", MIB, "gpu"),
    Kind(
        "efficiencies",
        "efficiency.yaml",
        r"efficiency\.yaml",
        "llmpick.schema:Efficiency",
        "rows",
        "efficiency",
        key="method",
    ),
    Kind("tasks", "tasks.yaml", r"tasks\.yaml", "llmpick.schema:Task", "rows", "tasks", key="id"),
    Kind("domains", "domains.yaml", r"domains\.yaml", "llmpick.schema:Domain", "rows", "domains", key="id"),
    Kind(
        "benchmarks",
        "benchmarks.yaml",
        r"benchmarks\.yaml",
        "llmpick.schema:Benchmark",
        "rows",
        "benchmarks",
        MIB,
        key="id",
    ),
    Kind("hub", "hub.json", r"hub\.json", "llmpick.schema:Hub", limit=4 * MIB),
    Kind("hide", "hide.yaml", r"hide\.yaml", "llmpick.schema:Hide", schema="hide"),
    Kind("policy", "policy.yaml", r"policy\.yaml", "llmpick.policy:Policy", schema="policy"),
    Kind("quality", "quality.yaml", r"quality\.yaml", "llmpick.quality.table:QualityTable", limit=2 * MIB),
    Kind(
        "evidence",
        "evidence/*.yaml",
        r"evidence/(?P<id>[a-z0-9][a-z0-9.+-]*)\.yaml",
        "llmpick.quality.evidence:Suite",
        schema="evidence",
        at_hand=False,
    ),
)


_BY_NAME = {kind.name: kind for kind in KINDS}
_BY_HEAD = {kind.folder.partition("/")[0]: kind for kind in KINDS}


def kind_of(path: str) -> Kind | None:
    """The kind of the file at `path` (relative, with forward slashes); None if it is no catalog file."""
    kind = _BY_HEAD.get(path.partition("/")[0])
    return kind if kind and re.fullmatch(kind.pattern, path) else None


def kind_named(name: str) -> Kind:
    """The kind of that name."""
    return _BY_NAME[name]
