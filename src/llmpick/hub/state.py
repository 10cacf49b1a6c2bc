"""`.refresh.json`: what a refresh has heard so far, with the ETags; and the lock that keeps two refreshes apart."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager, suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from llmpick.errors import LlmpickError
from llmpick.files import sweep, write
from llmpick.hub.local import read_bytes
from llmpick.hub.repository import NAME, SHA, Repository, day, number, text, texts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILE = ".refresh.json"
LOCK = ".refresh.lock"
LARGEST = 8 << 20
"""Bytes of the file: 20,000 models."""
KEPT = (
    "id", "sha", "downloads", "likes", "changed", "gated", "license", "license_name", "license_link", "tags"
)  # fmt: skip
"""What of a reply is kept: enough to answer again when the Hub says that nothing changed."""


class State:
    """Answers by id. Its methods may be called from several threads."""

    def __init__(self, directory: Path, *, dry: bool = False) -> None:
        self.path, self.is_dry = directory / FILE, dry
        self._lock = threading.Lock()
        self._said: dict[str, dict[str, Any]] = {}
        self._etags: dict[str, str] = {}
        self._fresh: set[str] = set()
        self._unfinished = ""
        """Day on which a run began that did not end."""
        self._load()

    @classmethod
    def dry(cls, directory: Path) -> State:
        """One that is never written."""
        return cls(directory, dry=True)

    def _load(self) -> None:
        """Read the file; a broken one is as good as none."""
        with suppress(LlmpickError, ValueError, RecursionError, KeyError, TypeError, AttributeError):
            said = json.loads(read_bytes(self.path, LARGEST))
            rows = {id_: row for id_, row in said["models"].items() if NAME.fullmatch(id_) and isinstance(row, dict)}
            self._etags = {id_: text(row.pop("etag", "")) for id_, row in rows.items()}
            self._fresh = {id_ for id_, row in rows.items() if row.pop("fresh", False) is True}
            self._said, self._unfinished = rows, day(said["unfinished"])

    def begin(self, today: str) -> None:
        """Start a run, or go on with one that was cut off today."""
        if self._unfinished != today:
            self._fresh = set()
        self._unfinished = today

    def finish(self, *, complete: bool) -> None:
        """End the run; an incomplete one asks only for the rest next time."""
        if complete:
            self._unfinished, self._fresh = "", set()
        self.save()

    def is_fresh(self, id_: str) -> bool:
        """Whether this run has heard of `id_`."""
        return id_ in self._fresh

    def etag(self, id_: str) -> str:
        """The name of the answer that is kept; empty where there is none."""
        return self._etags.get(id_, "") if id_ in self._said else ""

    def name(self, id_: str, etag: str) -> None:
        """Remember the ETag of an answer that is about to be kept."""
        with self._lock:
            self._etags[id_] = text(etag)
            self._said.pop(id_, None)

    def repo(self, id_: str) -> Repository:
        """The kept answer."""
        row = self._said.get(id_, {})
        sha, gated = text(row.get("sha")), row.get("gated")
        return Repository(
            id=text(row.get("id")) or id_,
            sha=sha if SHA.fullmatch(sha) else "",
            downloads=number(row.get("downloads")),
            likes=number(row.get("likes")),
            changed=day(row.get("changed")),
            gated=gated if isinstance(gated, bool) else None,
            license=text(row.get("license")),
            license_name=text(row.get("license_name")),
            license_link=text(row.get("license_link")),
            tags=texts(row.get("tags")),
        )

    def keep(self, repo: Repository, id_: str) -> None:
        """Keep what the Hub said of `id_`."""
        said = asdict(repo)
        said["tags"] = [tag for tag in repo.tags if tag.startswith(("absent:", "license:"))]
        with self._lock:
            self._said[id_] = {name: said[name] for name in KEPT if said[name] not in (None, "", [])}
            self._fresh.add(id_)

    def save(self) -> None:
        """Write it, whole or not at all, unless this is a dry run."""
        if self.is_dry:
            return
        with self._lock:
            rows = {
                id_: self._said[id_]
                | ({"etag": etag} if (etag := self._etags.get(id_)) else {})
                | ({"fresh": True} if id_ in self._fresh else {})
                for id_ in sorted(self._said)
            }
        said = {"unfinished": self._unfinished, "models": rows}
        write(self.path, json.dumps(said, indent=0, ensure_ascii=False), force=True)


@contextmanager
def locked(directory: Path) -> Iterator[State]:
    """The state of `directory`, while no other refresh may write there; LlmpickError where one is at work."""
    from filelock import FileLock, Timeout

    try:
        (directory / LOCK).touch()  # filelock takes a directory that cannot be written for a lock that is held
        with FileLock(directory / LOCK, timeout=0):
            sweep(directory / FILE)
            yield State(directory)
    except Timeout:
        raise LlmpickError(f"another refresh is at work in {directory}", "wait until it is done") from None
    except OSError as error:
        raise LlmpickError(
            f"cannot write in {directory}: {error.strerror}", "name a directory you can write to"
        ) from None
