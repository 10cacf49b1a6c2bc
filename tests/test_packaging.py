"""What pyproject.toml promises about dependencies is what continuous integration installs."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PINNED = dict(
    line.split("==") for line in (ROOT / "tests" / "lowest.txt").read_text("utf-8").split("\n") if "==" in line
)
DECLARED = [
    *PROJECT["build-system"]["requires"],
    *PROJECT["project"]["dependencies"],
    *PROJECT["project"]["optional-dependencies"]["nvidia"],
    *(one for one in PROJECT["project"]["optional-dependencies"]["test"] if not one.startswith("llmpick[")),
]


@pytest.mark.parametrize("declared", sorted(set(DECLARED)))
def test_the_lowest_declared_version_is_the_one_tested(declared):
    name, lowest = re.match(r"([\w-]+)>=([\d.]+)", declared).groups()
    pinned = PINNED[name]
    assert (
        pinned == lowest or re.fullmatch(rf"{re.escape(lowest)}(\.0)*", pinned) or name in ("nvidia-ml-py", "cmarkgfm")
    )
    assert pinned.startswith(lowest)


def test_nothing_is_pinned_that_is_not_declared():
    assert {re.match(r"[\w-]+", one)[0] for one in DECLARED} == PINNED.keys()


@pytest.mark.parametrize("declared", PROJECT["project"]["dependencies"])
def test_what_an_installation_needs_has_an_upper_bound(declared):
    assert re.search(r",<\d+", declared)
