"""Score the time model against published training speeds, with every source left out of the fit in turn.

    python benchmarks/throughput.py [--truth DIR] [--fit]

The truth directory holds `throughput.csv`: published speeds of training with their sources. Rows whose speed exceeds
the card's peak, or that state no length, are left out. `--fit` prints the shares that `catalog/efficiency.yaml` holds.
`data/training_speeds.csv` holds speeds that were collected afterwards: they took no part in the fit.
"""

from __future__ import annotations

import argparse
import csv
import math
import sys
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import fitting
from figures import write
from fitting import Shares

from llmpick.architecture import Architecture
from llmpick.catalog import load
from llmpick.schema import Gpu
from llmpick.sizing import time
from llmpick.sizing.job import Job
from llmpick.sizing.parameters import count
from llmpick.sizing.working import lot_of, working

ROOT = Path(__file__).resolve().parent.parent
APART = Path(__file__).parent / "data" / "training_speeds.csv"
METHODS = ("full", "lora", "qlora")
CATALOG_IDS = {
    "qwen-1.8b": "Qwen/Qwen-1_8B", "qwen-7b": "Qwen/Qwen-7B", "qwen-14b": "Qwen/Qwen-14B", "qwen-72b": "Qwen/Qwen-72B",
    "llama-2 70b": "meta-llama/Llama-2-70b-hf", "llama 2 7b": "meta-llama/Llama-2-7b-hf",
    "llama 3.1 8b": "meta-llama/Llama-3.1-8B", "llama 3.1 70b": "meta-llama/Llama-3.1-70B",
    "llama 3.1 405b": "meta-llama/Llama-3.1-405B", "llama 3.2 3b": "meta-llama/Llama-3.2-3B",
    "bert-base": "google-bert/bert-base-uncased", "bert-large": "google-bert/bert-large-uncased",
}  # fmt: skip
# Widths and depths of llm-foundry's MPT benchmark configurations.
MPT = {"125m": (768, 12), "350m": (1024, 24), "760m": (1536, 24), "1b": (2048, 24), "3b": (2560, 32), "7b": (4096, 32),
       "13b": (5120, 40), "30b": (7168, 48), "70b": (8192, 64)}  # fmt: skip
SQUAD_LENGTH = 384
"""Tokens per sequence of NVIDIA's BERT fine-tuning script, which Lambda's benchmark runs."""
SQUAD_BATCH = 32


class Row(NamedTuple):
    """One published speed: the terms of the model, in seconds at full efficiency, and the measured seconds."""

    source: str
    method: int
    products: float
    kept: float
    weights: float
    layers: float
    update: float
    measured: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--truth", type=Path, default=ROOT.parent / "shared" / "truth")
    parser.add_argument("--fit", action="store_true", help="print the shares fitted to all sources")
    arguments = parser.parse_args()
    catalog = load()
    shares = [row for method in METHODS for row in catalog.efficiencies if row.method == method]
    held = (shares[0].compute, shares[0].traffic, *(row.launch_ms for row in shares))
    apart, _ = read(APART, catalog, row_apart)
    report("collected after the fit", apart, lambda _: held, [(row.low, row.high) for row in shares])
    path = arguments.truth / "throughput.csv"
    if not path.exists():
        sys.exit(f"{arguments.truth} holds no throughput.csv: name its directory with --truth")
    rows, skipped = read(path, catalog, row_of)
    report("as the catalog has it", rows, lambda _: held, [(row.low, row.high) for row in shares])
    if arguments.fit:
        print("\nfitted to all: compute, traffic, launch_ms of full, LoRA, QLoRA:", [round(x, 2) for x in fit(rows)])
    sources = sorted({row.source for row in rows})
    without = {source: fit([row for row in rows if row.source != source]) for source in sources}
    report("each source left out of the fit", rows, without.__getitem__, [(row.low, row.high) for row in shares])
    print("\nnot compared:", ", ".join(f"{reason} ({number})" for reason, number in skipped.most_common()))
    write()


def read(path: Path, catalog: Any, row_of: Any) -> tuple[list[Row], Counter[str]]:
    """The rows that state enough, and why the others do not."""
    shapes = {model.id: model.architecture.shape for model in catalog.models if model.architecture}
    cards = {name: card for card in catalog.gpus for name in (card.name, *card.aliases)}
    rows, skipped = [], Counter()
    with path.open(newline="") as lines:
        for line in csv.DictReader(lines):
            try:
                rows.append(row_of(line, shapes, cards))
            except ValueError as reason:
                skipped[str(reason)] += 1
    return rows, skipped


def row_of(line: dict[str, str], shapes: dict[str, Architecture], cards: dict[str, Gpu]) -> Row:
    """One line of the truth; raises ValueError with the reason where it cannot be compared."""
    if line["plausible"] in {"no", "doubtful"} or "offload" in line["memory_tricks"].casefold():
        raise ValueError("implausible, or offloaded to the CPU")
    card, shape = cards.get(line["gpu"]), shape_of(line["model"], shapes)
    if card is None or shape is None or line["method"] not in METHODS:
        raise ValueError("card, model or method is not in the catalog")
    squad = line["workload"] == "squad"
    length = SQUAD_LENGTH if squad else int(float(line["seq_len"] or 0))
    speed = float(line["tokens_per_sec_per_gpu"] or 0)
    if squad:
        speed = float(line["samples_per_sec"] or 0) * length / float(line["n_gpus"])
    if not speed or not length or "unpacked" in line["memory_tricks"] or line["memory_tricks"] == "Baseline":
        raise ValueError("length, packing or speed is not stated")
    job = Job(
        method=line["method"],  # type: ignore[arg-type]
        seq_len=length,
        batch_size=int(float(line["micro_batch"] or (SQUAD_BATCH if squad else 1))),
        accumulation=int(float(line["grad_accum"] or 1)),
        n_gpus=int(float(line["n_gpus"])),
        gradient_checkpointing=checkpointed(line),
        vocabulary_head=not squad,
        attention="eager" if squad else "flash",
    )
    seconds = job.tokens / speed
    return terms(line["source_id"].partition("_v")[0], job, card, shape, line["precision"])._replace(measured=seconds)


def row_apart(line: dict[str, str], shapes: dict[str, Architecture], cards: dict[str, Gpu]) -> Row:
    """One line of `training_speeds.csv`, whose models and cards are the catalog's."""
    job = Job(
        method=line["method"],  # type: ignore[arg-type]
        targets=line["targets"] or "all-linear",
        seq_len=int(line["seq_len"]),
        batch_size=int(line["micro_batch"]),
        accumulation=int(line["grad_accum"]),
        n_gpus=int(line["n_gpus"]),
        gradient_checkpointing=line["checkpointing"] == "yes",
        vocabulary_head=line["vocabulary_head"] == "yes",
        attention=line["attention"],  # type: ignore[arg-type]
    )
    seconds = job.tokens / float(line["tokens_per_sec_per_gpu"])
    source = f"{line['source_id']}, {line['method']}"
    return terms(source, job, cards[line["gpu"]], shapes[line["model"]], line["precision"])._replace(measured=seconds)


def terms(source: str, job: Job, card: Gpu, shape: Architecture, precision: str) -> Row:
    counted = count(shape)
    peak = time.peak_tflops(card, job)
    if peak is None or card.bandwidth_gb_s is None:
        raise ValueError("the card's pace is not known")
    wide = precision.startswith("fp32")
    if wide:  # NVIDIA's containers let matrices run in TF32, at half the 16-bit pace, where the card can
        peak = peak / 2 if card.bf16 else card.tflops_fp32 or peak / 8
    work = time.work_of(shape, job, counted)
    kept, _, _ = working(work.layers, lot_of(job), checkpointing=False)
    bandwidth = card.bandwidth_gb_s * 1e9
    return Row(
        source=source,
        method=METHODS.index(job.method),
        products=time.products_of(work.pace, job) / (peak * 1e12),
        kept=kept * (2 if wide else 1) / bandwidth,
        weights=time.weight_traffic(work.pace, job) / bandwidth,
        layers=shape.num_hidden_layers * (time.RECOMPUTE if job.gradient_checkpointing else 1) / 1e3,
        update=time.UPDATE * 2 * work.trained / job.accumulation / job.n_gpus / bandwidth,
        measured=0.0,
    )


def shape_of(name: str, shapes: dict[str, Architecture]) -> Architecture | None:
    if name.startswith("MPT-"):
        width, layers = MPT.get(name[4:], (0, 0))
        if not width:
            return None
        return Architecture(
            model_type="mpt", structure="decoder", hidden_size=width, num_hidden_layers=layers, vocab_size=50368,
            num_attention_heads=max(width // 128, 1), intermediate_size=4 * width, gated_mlp=False,
            norm="layer-nobias", position="alibi",
        )  # fmt: skip
    return shapes.get(CATALOG_IDS.get(name.casefold(), ""))


def checkpointed(line: dict[str, str]) -> bool:
    """Whether activations are computed again: the sources say it in their own words."""
    tricks = line["memory_tricks"]
    if "checkpointing" in tricks:
        return "checkpointing False" not in tricks
    stacked = ("Fuse optimizer", "Activation Checkpointing", "8-bit AdamW")  # torchtune's table adds flag after flag
    return tricks in {"LoRA", "QLoRA"} or any(flag in tricks for flag in stacked)


def off(row: Row, shares: Shares) -> float:
    """Log of the estimated over the measured time."""
    compute, traffic, *launch = shares
    card = row.products / compute + traffic * row.kept + row.weights
    return math.log((max(card, launch[row.method] * row.layers) + row.update) / row.measured)


def fit(rows: list[Row]) -> Shares:
    """The shares that suit these rows best."""
    return fitting.fit(rows, (0.6, 5.0, 1.0, 3.0, 5.0), off, lambda row: row.source)


def report(title: str, rows: list[Row], shares_for: Callable[[str], Shares], spans: list[tuple[float, float]]) -> None:
    groups: dict[str, list[tuple[float, bool]]] = defaultdict(list)
    for row in rows:
        low, high = spans[row.method]
        error = off(row, shares_for(row.source))
        for name in (row.source, "all"):
            groups[name].append((error, low <= math.exp(-error) <= high))
    fitting.report("throughput", title, groups)


if __name__ == "__main__":
    main()
