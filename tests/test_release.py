"""A release moves what is under Unreleased, keeps program and catalog apart, and refuses what makes no sense."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
RELEASE = runpy.run_path(str(ROOT / "tools" / "release.py"))
BEFORE = """# Changelog

## Unreleased

### Program

- A new command.
  It does more.

### Catalog

- Ten models, <!--= catalog/licenses -->1,200<!--/--> licenses.

## 0.1.0 (2026-11-21)

### Program

- The first.
"""


def test_unreleased_gets_a_version_and_an_empty_successor():
    after = RELEASE["released"](BEFORE, "0.2.0", "2026-12-01")
    assert after.count("## Unreleased") == 1
    assert after.index("## Unreleased") < after.index("## 0.2.0 (2026-12-01)") < after.index("## 0.1.0")
    assert (
        after.index("## 0.2.0")
        < after.index("- A new command.\n  It does more.")
        < after.index("- Ten models, 1,200 licenses.")
    )
    assert RELEASE["released"](after.replace("### Program\n\n###", "### Program\n\n- X\n\n###"), "0.3.0", "2027-01-01")


@pytest.mark.parametrize("changelog", [RELEASE["EMPTY"], "# Changelog\n", BEFORE.replace("0.1.0", "0.2.0")])
def test_nothing_to_release_is_refused(changelog):
    with pytest.raises(ValueError, match=r"CHANGELOG\.md"):
        RELEASE["released"](changelog, "0.2.0", "2026-12-01")


def test_the_version_is_set_once_and_never_goes_back():
    project = '[project]\nversion = "0.1.0"\n[tool.x]\npython_version = "3.11"\n'
    assert RELEASE["numbered"](project, "0.2.0") == project.replace("0.1.0", "0.2.0")
    for version in ("0.0.9", "1.0", "next"):
        with pytest.raises(ValueError, match=version):
            RELEASE["numbered"](project, version)


def test_this_changelog_can_be_released():
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    said = text.replace("### Program\n\n###", "### Program\n\n- Right after a release.\n\n###", 1)
    assert "## 9.9.9 (2099-01-01)" in RELEASE["released"](said, "9.9.9", "2099-01-01")
