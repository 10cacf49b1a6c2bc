"""`catalog add`: read one model at a pinned commit, draft its entry, hold it to the rules, write it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llmpick import lint
from llmpick.catalog.kinds import kind_of
from llmpick.catalog.parsing import parse
from llmpick.errors import LlmpickError, NetworkError
from llmpick.files import make, sweep, write
from llmpick.hub import client, local, popularity
from llmpick.hub.asking import with_progress
from llmpick.hub.copies import refuse_copies
from llmpick.hub.draft import Drafted, draft
from llmpick.hub.repository import NAME, Repository, from_api, parse_json
from llmpick.lint.files import modeline
from llmpick.reading import LARGEST_CONFIG
from llmpick.record import record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmpick.catalog import Catalog
    from llmpick.schema import Model

LARGEST_REPLY = 8 << 20
"""Bytes of the Hub's description of one model: repositories of 10,000 files stay below."""
FROM_FILES = frozenset({"modelines", "expected-files"})
"""Rules that look at files, not at entries."""
DEVICES = frozenset(
    ["con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(10))]
)
"""Names that are no files on Windows, whatever follows their first dot."""
URL = re.compile(r"https?://[^/\s]+/(?P<id>[^/\s?#]+/[^/\s?#]+)(/(tree|blob|resolve)/[^\s?#]*)?/?([?#].*)?")


@record
class Batch:
    """What became of several models."""

    added: tuple[Added, ...]
    there: tuple[str, ...]
    """Names whose entries existed."""
    failures: tuple[LlmpickError, ...]

    @property
    def exit_code(self) -> int:
        """0, or that of the worst failure."""
        return max((error.exit_code for error in self.failures), default=0)

    @property
    def text(self) -> str:
        """Each entry with its notes, then what exists and what failed."""
        lines = [one.text for one in self.added]
        lines += [f"exists: {name}" for name in self.there]
        lines += [f"failed: {error}" for error in self.failures]
        counts = f"{len(self.added):,} added, {len(self.there):,} existed, {len(self.failures):,} failed"
        return "\n".join([*lines, f"{counts}; run it again to go on" if self.failures else counts])


@record
class Added:
    """An entry that was written."""

    path: Path
    notes: tuple[str, ...]
    """What a person still has to look at."""
    model: Model
    exit_code: int = 0

    @property
    def text(self) -> str:
        """The file, then one note a line."""
        return "\n".join([f"wrote {self.path}", *(f"to check: {note}" for note in self.notes)])


def add(name: str, catalog: Catalog, directory: Path, today: str, *, force: bool) -> Added:
    """Write the entry of `name` (Hub id, its URL or a local folder) under `directory`, whole or not at all.

    Raises LlmpickError for what is no original model or exists already without `force`, NetworkError where the Hub
    cannot be read.
    """
    repo, config, card = _read(name)
    path = f"models/{repo.id}.yaml"
    target = inside(directory, path)
    if target.exists() and not force:
        raise LlmpickError(f"{target} exists", "add --force to overwrite what people wrote in it")
    parsed = parse_json(config, f"config.json of {repo.id}") if config else {}
    refuse_copies(repo, parsed, card, catalog.ids)
    if not config:
        raise LlmpickError(f"{repo.id} has no config.json: not added", "only transformers models can be sized")
    drafted = draft(repo, parsed, hashlib.sha256(config).hexdigest(), catalog, today)
    text = to_yaml(drafted, path, repo)
    model, warnings = _hold(text, path, repo.id, catalog)
    before = target.read_bytes() if target.exists() else None
    make(target.parent)
    sweep(target)
    write(target, text, force=force)
    try:
        popularity.record_one(directory, repo, today)
    except LlmpickError:
        _restore(target, before)
        raise
    return Added(path=target, notes=drafted.remarks + warnings, model=model)


def _restore(path: Path, before: bytes | None) -> None:
    """Put back what was there."""
    if before is None:
        path.unlink(missing_ok=True)
    else:
        path.write_bytes(before)


def add_all(names: Sequence[str], catalog: Catalog, directory: Path, today: str, *, force: bool) -> Batch:
    """`add` for each name in turn; what exists is left alone, what fails is told at the end.

    Each entry is drafted beside those before it, so that a run that was cut off and one that was not end in the same
    files. It stops where the Hub does.
    """
    added: list[Added] = []
    there: list[str] = []
    failures: list[LlmpickError] = []
    for name in with_progress(names, len(names)):
        try:
            if not force and _is_there(name, directory, today):
                there.append(name)
                continue
            added.append(add(name, catalog, directory, today, force=force))
            catalog = joined(catalog, added[-1].model)
        except LlmpickError as error:
            failures.append(error)
            if isinstance(error, NetworkError) and not isinstance(error, client.RefusedError):
                break
    return Batch(added=tuple(added), there=tuple(there), failures=tuple(failures))


def _is_there(name: str, directory: Path, today: str) -> bool:
    """Whether the entry of a Hub model exists; a run that was cut off may have left out its downloads."""
    folder = Path(name).expanduser()
    id_ = "/".join(folder.absolute().parts[-2:]) if folder.is_dir() else model_id(name)
    if not inside(directory, f"models/{id_}.yaml").exists():
        return False
    if not folder.is_dir() and id_ not in popularity.load(directory):
        client.reach()
        popularity.record_one(directory, _asked(id_, client.Pace()), today)
    return True


def _read(name: str) -> tuple[Repository, bytes, str]:
    """What a folder or the Hub says of the model, its config.json (empty = it has none) and its card."""
    folder = Path(name).expanduser()
    if (name.startswith((".", "/", "~")) or not NAME.fullmatch(name)) and folder.is_dir():
        return local.read(folder)
    id_ = model_id(name)
    if id_ == name and (folder / "config.json").is_file():
        return local.read(folder)
    client.reach()
    pace = client.Pace()
    repo = _asked(id_, pace)
    if repo.id.casefold() != id_.casefold():
        raise LlmpickError(f"{id_} is now {repo.id} on the Hub", f"add {repo.id}")
    if not repo.sha:
        raise LlmpickError(f"the Hub names no commit of {id_}", "is the repository empty?")
    config = _file(repo, "config.json", LARGEST_CONFIG, pace)
    card = _file(repo, "README.md", local.LARGEST_CARD, pace).decode("utf-8", "replace")
    return repo, config, card


def _asked(id_: str, pace: client.Pace) -> Repository:
    """What the Hub says of one model."""
    said = client.get(f"/api/models/{id_}", id_, limit=LARGEST_REPLY, pace=pace)
    return from_api(parse_json(said.body, f"the Hub's reply about {id_}"), id_)


def _file(repo: Repository, name: str, limit: int, pace: client.Pace) -> bytes:
    """A file at the pinned commit; empty where the repository has none."""
    if name not in repo.files:
        return b""
    what = f"{name} of {repo.id}"
    return client.get(f"/{repo.id}/resolve/{repo.sha}/{name}", what, limit=limit, pace=pace).body


def model_id(name: str) -> str:
    """The Hub id in an id or a URL; raises LlmpickError for anything else."""
    wanted = name.strip()
    match = URL.fullmatch(wanted)
    id_ = match["id"] if match else wanted
    if not NAME.fullmatch(id_) or ".." in id_ or "--" in id_ or (match and id_.split("/")[0] in ("datasets", "spaces")):
        raise LlmpickError(f"{name!r} is no model on the Hub", "write ORG/NAME, its URL, or a folder with config.json")
    return id_


def inside(directory: Path, path: str) -> Path:
    """`path` under `directory`; raises LlmpickError where links lead it elsewhere."""
    target = directory / path
    if any(part.partition(".")[0].casefold() in DEVICES for part in path.split("/")):
        raise LlmpickError(f"{path} has the name of a device on Windows", "a catalog must be one on every system")
    if not target.parent.resolve().is_relative_to(directory.resolve()) or target.is_symlink():
        raise LlmpickError(f"{target} is a link out of {directory}", "nothing is written outside the catalog directory")
    return target


def _hold(text: str, path: str, id_: str, catalog: Catalog) -> tuple[Model, tuple[str, ...]]:
    """The entry, and what the catalog check will say of it; raises LlmpickError where it would not load or mislead."""
    kind = kind_of(path)
    assert kind is not None, path
    model, faults = parse(text.encode(), kind, path)
    if faults:
        raise LlmpickError(f"{id_}: no sound entry can be made of it: {faults[0].message}", "nothing was written")
    found = _remarks(model, path, catalog)
    fatal = {lint.rule_id(rule) for rule in lint.FATAL}
    for rule, message in found:
        if rule in fatal:
            raise LlmpickError(f"{id_}: {message}", "nothing was written")
    return model, tuple(f"`catalog check` will say: {message}" for _, message in found)


def joined(catalog: Catalog, model: Model) -> Catalog:
    """The catalog with `model` in it."""
    models = (*(one for one in catalog.models if one.id != model.id), model)
    return replace(catalog, models=tuple(sorted(models, key=attrgetter("id"))))


def _remarks(model: Model, path: str, catalog: Catalog) -> list[tuple[str, str]]:
    """Rule and message of everything the rules find in `model` when it joins `catalog`."""
    rules = [rule for rule in lint.RULES if lint.rule_id(rule) not in FROM_FILES]
    # Rules look at one entry, at its lineage, at what it was made from, or at ids: the others cannot say more of it.
    parent = model.pretraining and model.pretraining.initialized_from
    near = (model.lineage, parent, model.id.casefold())
    kin = tuple(one for one in catalog.models if {one.lineage, one.id, one.id.casefold()} & {*near})
    beside = joined(replace(catalog, models=kin), model)
    found = [(lint.rule_id(rule), remark) for rule in rules for remark in rule(beside)]
    return [(rule, remark.message) for rule, remark in found if remark.path == path]


def to_yaml(drafted: Drafted, path: str, repo: Repository) -> str:
    """The file: the modeline, what to look at as comments, the entry in the order of the schema."""
    import yaml

    class Dumper(yaml.SafeDumper):
        def increase_indent(self, flow: bool = False, indentless: bool = False) -> Any:
            return super().increase_indent(flow, False)

        def ignore_aliases(self, data: Any) -> bool:
            return True

    def sequence(dumper: yaml.SafeDumper, values: Any) -> yaml.Node:
        flat = all(isinstance(value, str | int) for value in values)
        return dumper.represent_sequence("tag:yaml.org,2002:seq", values, flow_style=flat)

    Dumper.add_representer(list, sequence)
    Dumper.add_representer(tuple, sequence)
    body = yaml.dump(drafted.entry, Dumper=Dumper, sort_keys=False, width=118, allow_unicode=True)
    origin = f"{repo.id} at {repo.sha[:10]}" if repo.sha else f"the folder of {repo.id}"
    head = [modeline(path, "model"), f"# Draft by `llmpick catalog add` from {origin}. Still to check:"]
    return "\n".join([*head, *(f"# - {remark}" for remark in drafted.remarks), body])
