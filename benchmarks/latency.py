"""Hold the least time of a pass against published serving speeds: no measurement may be faster.

    python benchmarks/latency.py [--truth DIR]

The truth directory is not part of this repository; its `memory.csv` prints tokens per second beside the memory that
serving took.
"""

from __future__ import annotations

import argparse
import csv
import re
import statistics
import sys
from collections import defaultdict
from pathlib import Path

from figures import save, write
from memory import ROOT, find

from llmpick.catalog import Catalog, load
from llmpick.errors import LlmpickError
from llmpick.sizing.latency import seconds_per_pass
from llmpick.sizing.parameters import count
from llmpick.units import parse_gpu


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--truth", type=Path, default=ROOT.parent / "shared" / "truth")
    path = parser.parse_args().truth / "memory.csv"
    if not path.exists():
        sys.exit(f"{path.parent} holds no memory.csv: name its directory with --truth")
    catalog, groups = load(), defaultdict(list)
    with path.open(newline="") as lines:
        for row in csv.DictReader(lines):
            speed = re.match(r"([\d.]+) ?tok", row["throughput"])
            if row["kind"] != "infer" or not speed:
                continue
            least = least_seconds(row, catalog)
            if least:
                took = int(row["batch_size_per_gpu"] or 1) / float(speed[1])
                groups[f"{row['id'].partition('-')[0]}, {row['weight_dtype'].split()[0]}"].append(took / least)
    groups["all"] = [ratio for ratios in groups.values() for ratio in ratios]
    print(f"{'measured / least':24} {'rows':>5} {'least':>7} {'median':>7} {'most':>7}")
    for name, ratios in groups.items():
        spread = f"{min(ratios):7.1f} {statistics.median(ratios):7.1f} {max(ratios):7.1f}"
        print(f"{name:24} {len(ratios):5} {spread}")
    columns = {"rows": ",d", "least": ".1f", "median": ".1f", "most": ".1f"}
    rows = {name: [len(all_), min(all_), statistics.median(all_), max(all_)] for name, all_ in groups.items()}
    save("latency", "measured beside the least", columns, rows)
    write()


def least_seconds(row: dict[str, str], catalog: Catalog) -> float | None:
    """The bound for the row's model on its cards; None where either is not in the catalog."""
    shapes = {model.id.casefold(): model.architecture.shape for model in catalog.models if model.architecture}
    try:
        shape, setup = find(row["model"], shapes), parse_gpu(row["gpu_model"], catalog.gpus)
    except (LlmpickError, ValueError):
        return None
    card = next((card for card in catalog.gpus if card.name == setup.name), None)
    return seconds_per_pass(count(shape), card, int(row["n_gpus"] or 1)) if card else None


if __name__ == "__main__":
    main()
