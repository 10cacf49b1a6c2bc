"""Hold what llmpick says of serving speed against published speeds: the bound, and what engines are said to take.

    python benchmarks/latency.py [--truth DIR] [--fit]

`data/serving_speeds.csv` holds the speeds of one request at a time, each with its page. The truth directory
is not part of this repository; its `memory.csv` prints tokens per second beside the memory that serving took. `--fit`
prints the shares that `llmpick.sizing.latency` holds.
"""

from __future__ import annotations

import argparse
import csv
import math
import re
import statistics
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import fitting
from figures import save, write
from fitting import Shares
from memory import ROOT, find

from llmpick.catalog import Catalog, load
from llmpick.errors import LlmpickError
from llmpick.sizing import latency
from llmpick.sizing.job import usual
from llmpick.sizing.latency import Terms, seconds_per_pass, terms
from llmpick.sizing.parameters import count
from llmpick.units import parse_gpu

SPEEDS = Path(__file__).parent / "data" / "serving_speeds.csv"
PLAIN = {"eager PyTorch", "TorchScript", "TensorFlow XLA"}
"""Software that launches kernels one by one."""
RANGES = {"decode": latency.TOKEN_RANGE, "prefill": latency.PROMPT_RANGE, "pass": latency.PASS_RANGE}
HELD = (latency.LAUNCH, latency.PLAIN, latency.READ, latency.COMPUTE, latency.SPLIT, latency.GEFORCE, latency.QUANTIZED)
NAMES = ("launch", "plain", "read", "compute", "split", "GeForce", "quantized")


class Row(NamedTuple):
    """One published speed."""

    source: str
    group: str
    kind: str
    plain: bool
    split: bool
    peak: int
    """The place of the share of the peak among the shares."""
    terms: Terms
    measured: float
    """Seconds."""
    least: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--truth", type=Path, default=ROOT.parent / "shared" / "truth")
    parser.add_argument("--fit", action="store_true", help="print the shares fitted to all sources")
    arguments = parser.parse_args()
    catalog = load()
    rows = read(catalog)
    report("serving speeds, all in the fit", rows, lambda _: HELD)
    if arguments.fit:
        print(
            "\nfitted to all: launch, plain, read, compute, split, GeForce, quantized:",
            [f"{share:.3g}" for share in fit(rows)],
        )
    sources = {row.source for row in rows}
    without = {source: fit([row for row in rows if row.source != source]) for source in sources}
    report("serving speeds, each source left out", rows, lambda row: without[row.source])
    groups = {"engines": [row.measured / row.least for row in rows if row.least and row.kind == "decode"]}
    path = arguments.truth / "memory.csv"
    if path.exists():
        groups = published(path, catalog) | groups
    bound(groups)
    write()


def read(catalog: Catalog) -> list[Row]:
    """The rows of `serving_speeds.csv`; a prompt on a card whose peak is not known is left out."""
    shapes = {model.id: model.architecture.shape for model in catalog.models if model.architecture}
    cards = {card.name: card for card in catalog.gpus}
    rows = []
    with SPEEDS.open(newline="") as lines:
        for line in csv.DictReader(lines):
            shape, card, kind = shapes[line["model"]], cards[line["gpu"]], line["kind"]
            counted, n_gpus = count(shape), int(line["n_gpus"])
            job = usual(shape, "inference", n_gpus=n_gpus)
            tokens, context, width = int(line["tokens"]), int(line["context"]), float(line["bytes_per_weight"])
            made = terms(shape, job, card, counted, tokens=tokens, context=context, width=width)
            if kind == "decode" or made.compute is not None:
                plain = line["software"] in PLAIN
                peak = NAMES.index("GeForce" if latency.halved(card) else "compute" if width >= 2 else "quantized")
                group = f"{line['source_id']}, {'plain' if plain else kind}"
                seconds = float(line["milliseconds"]) / 1e3
                least = seconds_per_pass(counted, card, n_gpus) if width >= latency.LEAST_BYTES else None
                rows.append(Row(line["source_id"], group, kind, plain, n_gpus > 1, peak, made, seconds, least or 0.0))
    return rows


def expected(row: Row, shares: Shares) -> float:
    """Seconds, as `latency.speed` adds them up; a token's own arithmetic is hidden behind reading."""
    launch, plain, reading, _, split, _, _ = shares
    each = (plain if row.plain else launch) * (split if row.split else 1)
    computed = 0.0 if row.kind == "decode" else (row.terms.compute or 0.0) / shares[row.peak]
    return each * row.terms.layers + row.terms.read / reading + computed


def off(row: Row, shares: Shares) -> float:
    """Log of the estimated over the measured time."""
    return math.log(expected(row, shares) / row.measured)


def fit(rows: list[Row]) -> Shares:
    """The shares that suit these rows best, reading no faster than the card does."""
    start = (35e-6, 400e-6, 0.85, 0.5, 1.5, 0.8, 0.3)
    return fitting.fit(rows, start, off, lambda row: row.group, lambda shares: shares[NAMES.index("read")] <= 1)


def report(title: str, rows: list[Row], shares_for: Callable[[Row], Shares]) -> None:
    groups: dict[str, list[tuple[float, bool]]] = defaultdict(list)
    for row in rows:
        low, high = RANGES[row.kind]
        error = off(row, shares_for(row))
        for name in (row.group, f"all, {'plain' if row.plain else row.kind}"):
            groups[name].append((error, low <= math.exp(-error) <= high))
    fitting.report("latency", title, groups)


def published(path: Path, catalog: Catalog) -> dict[str, list[float]]:
    """Measured over least seconds of a token, by source and width of the weights."""
    groups = defaultdict(list)
    with path.open(newline="") as lines:
        for row in csv.DictReader(lines):
            speed = re.match(r"([\d.]+) ?tok", row["throughput"])
            if row["kind"] != "infer" or not speed:
                continue
            least = least_seconds(row, catalog)
            if least:
                took = int(row["batch_size_per_gpu"] or 1) / float(speed[1])
                groups[f"{row['id'].partition('-')[0]}, {row['weight_dtype'].split()[0]}"].append(took / least)
    return dict(groups)


def bound(groups: dict[str, list[float]]) -> None:
    groups["all"] = [ratio for ratios in groups.values() for ratio in ratios]
    print(f"\n{'measured / least':24} {'rows':>5} {'least':>7} {'median':>7} {'most':>7}")
    for name, ratios in groups.items():
        spread = f"{min(ratios):7.1f} {statistics.median(ratios):7.1f} {max(ratios):7.1f}"
        print(f"{name:24} {len(ratios):5} {spread}")
    columns = {"rows": ",d", "least": ".1f", "median": ".1f", "most": ".1f"}
    rows = {name: [len(all_), min(all_), statistics.median(all_), max(all_)] for name, all_ in groups.items()}
    save("latency", "measured beside the least", columns, rows)


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
