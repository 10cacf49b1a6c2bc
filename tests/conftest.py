"""What every test may use: the bundled catalog, loaded once, and a way to ask it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

from llmpick import catalog as catalogs
from llmpick import profile as profiles
from llmpick import request
from llmpick.catalog import compiled
from llmpick.hub import user_catalog
from llmpick.steps.asked import vocabulary

if TYPE_CHECKING:
    from collections.abc import Callable

    from llmpick.catalog import Catalog
    from llmpick.profile import Profile

# Whoever runs the tests may have a catalog of their own: no test sees it.
os.environ["XDG_DATA_HOME"] = str(Path(tempfile.gettempdir()) / "llmpick-tests-without-a-user-catalog")
# No deadline and no clock: a slow machine must not turn a law into a failure.
settings.register_profile("llmpick", deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
settings.load_profile("llmpick")


@pytest.fixture(scope="session")
def facts() -> Catalog:
    """The bundled catalog."""
    return catalogs.load()


@pytest.fixture
def loaded(facts: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands that ask the bundled catalog alone get it as it was loaded once: half of what a short one takes."""
    load = request.load
    monkeypatch.setattr(request, "load", lambda layers: load(layers) if layers or user_catalog() else facts)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The small catalog in the place of the bundled one: what an overlay does, it does to any catalog."""
    folder = Path(__file__).parent / "data" / "catalog_small"
    monkeypatch.setattr(catalogs, "bundled", lambda: folder)
    monkeypatch.setattr(compiled, "SHIPPED", tmp_path / "shipped.bin")
    return folder


@pytest.fixture(scope="session")
def ask(facts: Catalog) -> Callable[..., Profile]:
    """A Profile from flag values, as the command line would build it."""
    known = vocabulary(facts)
    return lambda **raw: profiles.build(raw, known)


def pytest_assertrepr_compare(op: str, left: Any, right: Any) -> list[str] | None:
    """Long lists of ids read better one a line."""
    if op == "==" and isinstance(left, list) and isinstance(right, list) and left and isinstance(left[0], str):
        return ["orders differ:", *(f"{a}  |  {b}" for a, b in zip(left, right, strict=False) if a != b)]
    return None
