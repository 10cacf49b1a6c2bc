"""Judge collected situations, each a license and a use with the verdict and the duties that somebody read off the text.

    python benchmarks/licenses.py [--truth DIR]

The truth directory is not part of this repository; its `license_cases.json` holds the situations. Prints those that are
judged otherwise.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from figures import ROOT, save, write

from llmpick.catalog import Catalog, load
from llmpick.licensing.asking import answer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--truth", type=Path, default=ROOT.parent / "shared" / "truth")
    path = parser.parse_args().truth / "license_cases.json"
    if not path.exists():
        sys.exit(f"{path.parent} holds no license_cases.json: name its directory with --truth")
    cases, catalog = json.loads(path.read_text("utf-8"))["cases"], load()
    found = [(case, *judged(case, catalog)) for case in cases]
    for case, verdict, duties in found:
        expected = case["expected"]["verdict"], set(case["expected"]["duties"])
        if (verdict, duties) != expected:
            print(f"{case['id']}: {verdict}, {sorted(duties)}; collected: {expected[0]}, {sorted(expected[1])}")
    alike = [case["expected"]["verdict"] == verdict for case, verdict, _ in found]
    exact = [set(case["expected"]["duties"]) == duties for case, _, duties in found]
    more = [set(case["expected"]["duties"]) < duties for case, _, duties in found]
    columns = {"situations": "d", "same verdict": "d", "same duties": "d", "more duties": "d"}
    save("licenses", "collected situations", columns, {"all": [len(found), sum(alike), sum(exact), sum(more)]})
    print(f"{len(found)} situations: {sum(alike)} verdicts and {sum(exact)} lists of duties alike, {sum(more)} longer")
    write()


def judged(case: dict[str, Any], catalog: Catalog) -> tuple[str, set[str]]:
    """Our verdict and duties."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "case.json")
        file.write_text(json.dumps(case), "utf-8")
        verdict = answer(case["licence_id"], {"situation": file}, catalog).verdict
    return verdict.verdict, set(verdict.duties)


if __name__ == "__main__":
    main()
