"""Make a release: `python tools/release.py 0.2.0` on a clean main.

Gives the changelog's Unreleased part its version and day, sets the version, builds wheel and sdist, and tries both in
clean environments on every Python named with --python. Commits and tags only when all of that went well; publishing
stays with a person.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[1]
CHANGELOG = ROOT / "CHANGELOG.md"
PROJECT = ROOT / "pyproject.toml"
PARTS = ("Program", "Catalog")
EMPTY = "## Unreleased\n\n### Program\n\n### Catalog\n"


def released(changelog: str, version: str, day: str) -> str:
    """`changelog` with its Unreleased part under `version`, and an empty one on top.

    Raises ValueError where there is nothing to release or the version is there already.
    """
    if f"## {version} " in changelog:
        raise ValueError(f"CHANGELOG.md has {version} already: choose the next version")
    found = re.search(r"## Unreleased\n(.*?)(?=\n## |\Z)", changelog, re.DOTALL)
    if found is None or "\n- " not in found[1]:
        raise ValueError("CHANGELOG.md: nothing stands under Unreleased: write what changed for users")
    said = [part for part in PARTS if re.search(rf"### {part}\n\n- ", found[1])]
    kept = "\n".join(f"### {part}\n{_section(found[1], part)}" for part in said).rstrip()
    kept = re.sub(r"<!--= [^>]* -->(.*?)<!--/-->", r"\1", kept)  # from now on these figures are history
    fresh = f"{EMPTY}\n## {version} ({day})\n\n{kept}\n"
    return changelog[: found.start()] + fresh + changelog[found.end() :]


def _section(text: str, part: str) -> str:
    found = re.search(rf"### {part}\n(.*?)(?=\n### |\Z)", text, re.DOTALL)
    return found[1].rstrip() + "\n" if found else ""


def numbered(project: str, version: str) -> str:
    """pyproject.toml with that version; raises ValueError for one that is no x.y.z or not newer."""
    found = re.search(r'^version = "([^"]+)"$', project, re.MULTILINE)
    if found is None or not re.fullmatch(r"\d+\.\d+\.\d+", version):
        raise ValueError(f"{version!r} is no version: write three numbers, for example 0.2.0")
    if _order(version) < _order(found[1]):
        raise ValueError(f"{version} comes before {found[1]}, the version now")
    return project[: found.start(1)] + version + project[found.end(1) :]


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def build(folder: Path) -> list[Path]:
    """The wheel and the sdist, built into `folder`."""
    _run(sys.executable, "-m", "build", "--outdir", str(folder), str(ROOT))
    return sorted(folder.iterdir())


def check(artifact: Path, python: str) -> None:
    """Install it alone in a clean environment and ask it; an sdist must also pass the tests it carries."""
    with tempfile.TemporaryDirectory() as folder:
        _run(python, "-m", "venv", folder)
        own = str(Path(folder) / "bin" / "python")
        _run(own, "-m", "pip", "install", "-q", str(artifact))
        _run(own, "-m", "llmpick", "recommend", "--task", "classification", "--gpu", "24GB", "--top", "1")
        if artifact.name.endswith(".tar.gz"):
            source = Path(folder) / "source"
            source.mkdir()
            _run("tar", "-xzf", str(artifact), "-C", str(source), "--strip-components=1")
            _run(own, "-m", "pip", "install", "-q", f"{source}[test]")
            _run(own, "-m", "pytest", "-q", cwd=source)


def _run(*command: str, cwd: Path = ROOT) -> None:
    print("$", *command, file=sys.stderr)
    subprocess.run(command, cwd=cwd, check=True)


def _clean() -> bool:
    status = subprocess.run(["git", "status", "--porcelain"], cwd=ROOT, capture_output=True, text=True, check=True)
    return not status.stdout


def main() -> None:
    """Release, or leave everything as it was."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    asked.add_argument("version")
    asked.add_argument("--python", action="append", help="A Python to try the artifacts on; repeatable (this one).")
    asked.add_argument("--dry-run", action="store_true", help="Build and try; change and tag nothing.")
    given = asked.parse_args()
    if not given.dry_run and not _clean():
        sys.exit("release: commit or remove what git status shows first")
    before = {path: path.read_text("utf-8") for path in (CHANGELOG, PROJECT)}
    try:
        CHANGELOG.write_text(released(before[CHANGELOG], given.version, datetime.now(UTC).date().isoformat()), "utf-8")
        PROJECT.write_text(numbered(before[PROJECT], given.version), "utf-8")
        with tempfile.TemporaryDirectory() as folder:
            for artifact in build(Path(folder)):
                for python in given.python or [sys.executable]:
                    check(artifact, python)
        if given.dry_run:
            return
        _run("git", "commit", "-q", "-m", f"Release {given.version}", "--", str(CHANGELOG), str(PROJECT))
        _run("git", "tag", "-a", f"v{given.version}", "-m", f"llmpick {given.version}")
        before = {}
    except (ValueError, subprocess.CalledProcessError) as error:
        sys.exit(f"release: {error}; nothing changed")
    finally:
        for path, text in before.items():
            path.write_text(text, "utf-8")
    print(f"tagged v{given.version}: push it, then publish dist built from the tag", file=sys.stderr)


if __name__ == "__main__":
    main()
