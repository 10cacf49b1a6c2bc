"""The Hub: the only package that touches the network. Imports stay inside bodies, so that answers load none of it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from llmpick.errors import LlmpickError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmpick.catalog import Catalog
    from llmpick.hub.adding import Added, Batch
    from llmpick.hub.refreshing import Refreshed


def user_catalog() -> Path | None:
    """The user's own catalog directory, laid over the bundled one; None where there is none."""
    path = user_directory()
    return path if path is not None and path.is_dir() else None


def user_directory() -> Path | None:
    """Where the user's own catalog lies or would lie; None where the user has no home.

    $XDG_DATA_HOME/llmpick/catalog, ~/.local/share/llmpick/catalog, on Windows under %LOCALAPPDATA%.
    """
    base = os.environ.get("XDG_DATA_HOME", "")
    if not os.path.isabs(base):  # noqa: PTH117 - the XDG rule: relative means unset
        base = os.environ.get("LOCALAPPDATA", "") if os.name == "nt" else ""
        base = base or os.path.expanduser("~/.local/share")  # noqa: PTH111 - Path's own raises without a home
    return None if base.startswith("~") else Path(base) / "llmpick" / "catalog"


def target(directories: Sequence[Path], *, make: bool = True) -> Path:
    """The directory that `add` and `refresh` write into: the last one given, else the user's own; made if need be.

    Raises LlmpickError where it lies in the installed package or cannot be made.
    """
    path = directories[-1] if directories else user_directory()
    if path is None:
        raise LlmpickError("there is no home directory for a catalog of your own", "name one: --catalog DIR")
    if path.resolve().is_relative_to(Path(__file__).resolve().parents[1]):
        raise LlmpickError(f"{path} belongs to the installed package", "name a directory of your own: --catalog DIR")
    try:
        if make:
            path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LlmpickError(f"cannot make {path}: {error.strerror}", "name a directory you can write to") from None
    return path


def add(name: str, catalog: Catalog, directory: Path, today: str, *, force: bool = False) -> Added:
    """Write a draft entry for `name`, a Hub id, its URL or a local folder, under `directory`; see `adding.add`."""
    from llmpick.hub import adding

    return adding.add(name, catalog, directory, today, force=force)


def add_all(
    names: Sequence[str], catalog: Catalog, directory: Path, today: str, *, force: bool = False
) -> Added | Batch:
    """The same for each of `names`; of several, those that exist are left alone and faults are told at the end."""
    from llmpick.hub import adding

    if len(names) == 1:
        return adding.add(names[0], catalog, directory, today, force=force)
    return adding.add_all(names, catalog, directory, today, force=force)


def refresh(
    catalog: Catalog, directory: Path, today: str, *, family: str | None = None, dry_run: bool = False
) -> Refreshed:
    """Ask the Hub for downloads, likes and last changes of `catalog`'s models; see `refreshing.refresh`."""
    from llmpick.hub import refreshing

    return refreshing.refresh(catalog, directory, today, family=family, dry_run=dry_run)
