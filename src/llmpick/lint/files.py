"""Rules on files: each is one that llmpick reads, names its schema, and hides only what there is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick.catalog.kinds import KINDS, kind_of
from llmpick.catalog.layers import HIDE
from llmpick.lint.remarks import Remark

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llmpick.catalog import Catalog


def modelines(catalog: Catalog) -> Iterator[Remark]:
    """The first line names the file's JSON Schema, so that editors complete and check it."""
    for path, directory in catalog.origins.items():
        kind = kind_of(path)
        if kind and kind.schema:
            wanted = modeline(path, kind.schema)
            with (directory / path).open(encoding="utf-8-sig", errors="replace") as file:
                first = file.readline(200).rstrip("\r\n")
            if first != wanted:
                yield Remark(path, (), f"the first line must be `{wanted}`")


def expected_files(catalog: Catalog) -> Iterator[Remark]:
    """Every file of a catalog is one that llmpick reads."""
    for directory in catalog.directories:
        for file in sorted(directory.rglob("*")):
            path = file.relative_to(directory).as_posix()
            odd = file.suffix in (".yaml", ".yml", ".json") and not kind_of(path)
            if odd and path not in _written(path) and not file.is_dir():
                folders = ", ".join(kind.folder for kind in KINDS)
                yield Remark(path, (), f"nothing reads this file; rename or remove it (files read: {folders})")


def hidden_entries(catalog: Catalog) -> Iterator[Remark]:
    """Every name in hide.yaml is of something that a catalog beneath it has."""
    for layer in catalog.layers:
        for kind, position in layer.idle:
            message = f"no catalog beneath has such a name among its {kind}; correct or remove it"
            yield Remark(str((layer.directory / HIDE).absolute()), (kind, position), message)


def usable_evidence(catalog: Catalog) -> Iterator[Remark]:
    """Every comparison under evidence/ can be read, uses the catalog's words and says each model's facts once."""
    from llmpick.catalog.suites import problems

    for path, message in problems(catalog):
        yield Remark(path, (), message)


def modeline(path: str, schema: str) -> str:
    """The first line of the catalog file at `path`."""
    return f"# yaml-language-server: $schema={'../' * path.count('/')}schema/{schema}.json"


def _written(path: str) -> tuple[str, ...]:
    """Paths that tools write."""
    return (path,) if path.startswith(("schema/", ".")) else ()
