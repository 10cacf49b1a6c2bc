"""`catalog refresh`: downloads, likes and last changes from the Hub into hub.json; all else is only proposed.

What came in is kept beside hub.json in `.refresh.json`, with the ETags, so that a killed run goes on where it stopped
and a later one asks only for what changed. hub.json itself is swapped once, at the end.
"""

from __future__ import annotations

import time
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from llmpick.errors import LlmpickError, NetworkError
from llmpick.hub import client, popularity
from llmpick.hub.asking import ask_all, with_progress
from llmpick.hub.draft import license_id
from llmpick.hub.repository import Repository, from_api, parse_json
from llmpick.hub.state import State, locked
from llmpick.record import record

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from llmpick.catalog import Catalog
    from llmpick.schema import Model, Popularity

ASKED = ("downloads", "likes", "lastModified", "gated", "cardData", "tags", "sha")
"""What the Hub is asked for of each model (`expand`)."""
LARGEST_REPLY = 4 << 20
"""Bytes of a reply beyond which it is refused."""
SAVE_EVERY_S = 1.0
"""How much of a run a kill may cost."""
MOST_SHOWN = 40
"""Changes that are named one by one."""


@record
class Refreshed:
    """What a refresh found."""

    path: Path
    asked: int
    changes: tuple[str, ...]
    """One line for each model whose figures moved."""
    proposals: tuple[str, ...]
    """Differences between what people wrote and what the Hub says; nothing of it was applied."""
    failures: tuple[str, ...]
    """Models the Hub could not be asked about."""
    dry_run: bool
    wrote: bool = False
    """hub.json has other bytes than before: figures moved, or were confirmed on a later day."""
    resumed: int = 0
    """Answers that an interrupted run had brought already."""

    @property
    def exit_code(self) -> int:
        """0, or 5 where some models could not be asked about."""
        return NetworkError.exit_code if self.failures else 0

    @property
    def text(self) -> str:
        """A diff people can read, then the sums."""
        lines = list(self.changes[:MOST_SHOWN])
        if len(self.changes) > MOST_SHOWN:
            lines.append(f"... and {len(self.changes) - MOST_SHOWN:,} more")
        lines += [f"propose: {one}" for one in self.proposals]
        lines += [f"failed: {one}" for one in self.failures]
        went_on = f", {self.resumed:,} of them by a run that was cut off" if self.resumed else ""
        wrote = "nothing to write"
        if self.wrote:
            wrote = f"written to {self.path}" if self.changes else f"the day written to {self.path}"
        elif self.changes and self.dry_run:
            wrote = f"not written to {self.path} (dry run)"
        lines.append(f"{self.asked:,} models asked about{went_on}; {len(self.changes):,} changed: {wrote}")
        return "\n".join(lines)


def refresh(catalog: Catalog, directory: Path, today: str, *, family: str | None, dry_run: bool) -> Refreshed:
    """Bring hub.json under `directory` up to `today` for the models of `catalog`, or of one `family`.

    Raises NetworkError where the Hub cannot be reached or stops answering, LlmpickError where another refresh is at
    work, the family is unknown or nothing can be written; hub.json is then as it was.
    """
    models = _chosen(catalog, family)
    if dry_run:
        client.reach()
        return _run(models, catalog, directory, today, State.dry(directory))
    with locked(directory) as state:
        client.reach()
        return _run(models, catalog, directory, today, state)


def _chosen(catalog: Catalog, family: str | None) -> tuple[Model, ...]:
    from llmpick.catalog.browse import Wanted, select

    return tuple(catalog.model(one.id) for one in select(catalog, Wanted(family=family)))


def _run(models: Sequence[Model], catalog: Catalog, directory: Path, today: str, state: State) -> Refreshed:
    state.begin(today)
    before = popularity.load(directory)
    wanted = [model.id for model in models if not state.is_fresh(model.id)]
    failures = _gather(wanted, state)
    known = {model.id: state.repo(model.id) for model in models if state.is_fresh(model.id)}
    if wanted and len(failures) == len(wanted) and isinstance(failures[wanted[0]], NetworkError):
        raise failures[wanted[0]]
    fresh = {id_: popularity.of(repo, today) for id_, repo in known.items() if repo.sha}
    shown_before = {**catalog.popularity, **before}
    changes = tuple(line for id_ in sorted(fresh) if (line := _change(id_, shown_before.get(id_), fresh[id_])))
    wrote = bool(fresh) and not state.is_dry and popularity.update(directory, fresh)
    state.finish(complete=not failures)
    by_id = {model.id: model for model in models}
    proposals = tuple(line for id_ in sorted(known) for line in _proposals(by_id[id_], known[id_], catalog))
    return Refreshed(
        path=directory / popularity.NAME,
        asked=len(models),
        changes=changes,
        proposals=proposals,
        failures=tuple(str(failures[id_]) for id_ in sorted(failures)),
        dry_run=state.is_dry,
        wrote=wrote,
        resumed=len(models) - len(wanted),
    )


def _gather(ids: Sequence[str], state: State) -> dict[str, LlmpickError]:
    """Ask for each id and keep what comes; what failed, by id. What came stays kept however this ends."""
    failures: dict[str, LlmpickError] = {}
    saved = time.monotonic()
    try:
        for id_, said in with_progress(ask_all(ids, lambda id_, pace: _ask(id_, pace, state)), len(ids)):
            if isinstance(said, Repository):
                state.keep(said, id_)
            elif isinstance(said, LlmpickError):
                failures[id_] = said
            if time.monotonic() - saved > SAVE_EVERY_S:
                state.save()
                saved = time.monotonic()
    except NetworkError as error:
        raise NetworkError(f"{error.message}; hub.json is as it was", "run it again to go on from here") from None
    finally:
        state.save()
    return failures


def _ask(id_: str, pace: client.Pace, state: State) -> Repository:
    """What the Hub says of one model now; a model it does not have, or does not show, has no commit."""
    query = urlencode([("expand", name) for name in ASKED])
    try:
        reply = client.get(f"/api/models/{id_}?{query}", id_, limit=LARGEST_REPLY, etag=state.etag(id_), pace=pace)
    except client.RefusedError as error:
        if error.why == "refused":
            raise
        return Repository(id=id_, tags=(f"absent:{error.why}",))
    if reply.unchanged:
        return state.repo(id_)
    state.name(id_, reply.etag)
    return from_api(parse_json(reply.body, f"the Hub's reply about {id_}"), id_)


def _change(id_: str, before: Popularity | None, now: Popularity) -> str:
    """One line on what moved; empty where nothing did."""
    if before is not None and replace(before, as_of=now.as_of) == now:
        return ""
    parts = []
    for name, said in asdict(now).items():
        was = getattr(before, name, None)
        if name != "as_of" and was != said:
            parts.append(f"{name} {_shown(was)} -> {_shown(said)}")
    return f"{id_}: {', '.join(parts)}"


def _shown(value: Any) -> str:
    return "unknown" if value is None else f"{value:,}" if isinstance(value, int) else str(value)


def _proposals(model: Model, repo: Repository, catalog: Catalog) -> list[str]:
    """Where the Hub disagrees with what people wrote of `model`."""
    file = f"models/{model.id}.yaml"
    absent = next((tag[7:] for tag in repo.tags if tag.startswith("absent:")), "")
    if absent:
        said = "it is gated" if absent == "gated" else "the Hub has no such model any more, or hides it"
        return [f"{file}: {said}"]
    found = []
    if repo.id != model.id:
        found.append(f"{file}: the Hub calls it {repo.id} now")
    return found + _license_proposals(model, repo, file, catalog)


def _license_proposals(model: Model, repo: Repository, file: str, catalog: Catalog) -> list[str]:
    said, ours = license_id(repo, catalog), model.license
    if ours is None:
        return [f"{file}: license: -> {said}, the card's tag"] if said and said != "other" else []
    found = []
    # `apache-2.0-gpt-oss` is what a person found behind the tag `apache-2.0`.
    mine = (ours.id, *ours.also)
    if said and said != "other" and not any(id_ == said or id_.startswith(f"{said}-") for id_ in mine):
        found.append(f"{file}: license: {ours.id} -> {said}, the card's tag")
    if None not in (ours.gated, repo.gated) and ours.gated != repo.gated:
        found.append(f"{file}: license.gated: {_yes(ours.gated)} -> {_yes(repo.gated)}")
    return found


def _yes(value: bool | None) -> str:
    return "true" if value else "false"
