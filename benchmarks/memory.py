"""Score the memory model: against traced steps, against published measurements, against runs that did not fit.

    python benchmarks/memory.py [--truth DIR] [--rows] [--traces FILE]

The truth directory is not part of this repository: it holds `memory.csv` and `memory_bounds.csv`, one published
measurement a row with its source. `data/training_memory.csv` holds measurements that were collected after the model of
memory was made: they are its test. A measurement is compared with what its metric counts: `allocated` with the live
tensors, `reserved` with the allocator's slack on top, what the driver reports (or a training row of no stated metric)
with the CUDA context as well.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import statistics
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any, NamedTuple

from figures import save, write

from llmpick.architecture import Architecture
from llmpick.catalog import load
from llmpick.config_json import from_config
from llmpick.errors import LlmpickError
from llmpick.sizing.estimate import peak
from llmpick.sizing.job import Job
from llmpick.sizing.memory import OUTPUTS
from llmpick.sizing.overhead import context
from llmpick.units import GIB

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
from trace_families import NETWORKS  # noqa: E402

UNSEEN = Path(__file__).parent / "data" / "training_memory.csv"
METHODS = {"full": "full", "lora": "lora", "qlora": "qlora", "inference": "inference"}
GB_OVER_GIB = 1e9 / GIB


class Scored(NamedTuple):
    """One measurement and what was said of it, in GiB."""

    id: str
    source: str
    method: str
    measured: float
    said: float
    full: float
    """The whole estimate, overhead included."""

    @property
    def error(self) -> float:
        return self.said / self.measured - 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--truth", type=Path, default=ROOT.parent / "shared" / "truth")
    parser.add_argument("--traces", type=Path, default=ROOT / "tests" / "data" / "trace_memory.json")
    parser.add_argument("--rows", action="store_true", help="print every published row that is compared")
    arguments = parser.parse_args()
    if arguments.traces.exists():
        traces(arguments.traces)
    if not (arguments.truth / "memory.csv").exists():
        sys.exit(f"{arguments.truth} holds no memory.csv: name its directory with --truth")
    shapes = {model.id.casefold(): model.architecture.shape for model in load().models if model.architecture}
    unseen(UNSEEN, shapes, show=arguments.rows)
    published(arguments.truth / "memory.csv", shapes, show=arguments.rows)
    bounds(arguments.truth / "memory_bounds.csv", shapes)
    write()


def traces(path: Path) -> None:
    """Tensors of the estimate against those of the traced step, as Trainer runs it and with its outputs still named."""
    traced = json.loads(path.read_text())
    groups: dict[str, list[float]] = defaultdict(list)
    for row in traced["cases"]:
        job, network = Job(**row["job"]), from_config(traced["configs"][row["name"]])
        parts = peak(network, job)
        tensors, outputs = parts.peak - parts.overhead, 0.0
        if "log_softmax" in row["op"]:
            width = 4 if job.dtype == "fp32" and job.mixed_precision == "no" else 2
            outputs = width * job.tokens * network.vocab_size
        error = tensors / (row["peak"] + OUTPUTS * outputs) - 1
        switched = "on" if job.gradient_checkpointing else "off"
        autocast = "no autocast" if job.mixed_precision == "no" else "autocast"
        groups[f"{job.method}, {job.dtype}, {autocast}"].append(error)
        groups[f"{job.attention} attention, checkpointing {switched}"].append(error)
        groups[f"{network.structure}s"].append(error)
        if row["name"] in NETWORKS:
            groups["classes traced later"].append(error)
        groups["all, 0.6 of the outputs named"].append(error)
        groups["all, Trainer"].append(tensors / row["peak"] - 1)
        groups["all, a loop that names its outputs"].append(tensors / (row["peak"] + outputs) - 1)
    table("traced steps", dict(sorted(groups.items(), key=lambda group: group[0].startswith("all"))))


class Unseen(NamedTuple):
    """One row of `training_memory.csv`, which no part of the model was derived from when it was collected."""

    scored: Scored
    metric: str
    apart: str
    """What its code does otherwise than the code that is sized; '' = nothing known."""


def unseen_rows(path: Path, shapes: dict[str, Architecture]) -> list[Unseen]:
    """Every row with what is said of it: live tensors, or with the allocator's slack, or with the context as well."""
    with path.open(newline="") as lines:
        return [_unseen(row, shapes) for row in csv.DictReader(lines)]


def _unseen(row: dict[str, str], shapes: dict[str, Architecture]) -> Unseen:
    kinds = {"rank": int, "seq_len": int, "batch_size": int, "accumulation": int, "n_gpus": int}
    switches = {"gradient_checkpointing", "chunked_loss", "adapter_dropout", "double_quantized"}
    fields = {name: row[name] for name in Job.__dataclass_fields__ if row.get(name)}
    given = {name: text == "yes" if name in switches else kinds.get(name, str)(text) for name, text in fields.items()}
    job = Job(**given)
    parts = peak(shapes[row["model"].casefold()], job)
    counted = {"allocated": parts.overhead, "reserved": context(job), "driver": 0}
    said, measured = (parts.peak - counted[row["metric"]]) / GIB, float(row["gib"])
    if row["source_id"] == "universal_llm_trainer":  # prints 10^9 bytes and calls them GiB, in one of two places
        measured = min((measured, measured * GB_OVER_GIB), key=lambda value: abs(said / value - 1))
    scored = Scored(row["where"], row["source_id"], job.method, measured, said, parts.peak / GIB)
    return Unseen(scored, row["metric"], row["apart"])


def unseen(path: Path, shapes: dict[str, Architecture], *, show: bool) -> None:
    """The estimate against measurements collected after it was made, by source, metric and what differs in the code."""
    groups: dict[str, list[float]] = defaultdict(list)
    for one in unseen_rows(path, shapes):
        said, error = one.scored.said, one.scored.error
        if show:
            print(f"{one.scored.source} {one.scored.id:40} measured {one.scored.measured:6.2f} GiB, said {said:6.2f}")
        if one.apart:
            groups[f"apart: {one.apart}"].append(error)
        else:
            groups[f"{one.scored.source}, {one.scored.method}, {one.metric}"].append(error)
            groups["all that run what is sized"].append(error)
        groups["all"].append(error)
    table("unseen measurements", dict(sorted(groups.items(), key=_last)))


def _last(group: tuple[str, Any]) -> tuple[bool, bool, str]:
    return group[0].startswith("all"), group[0].startswith("apart"), group[0]


def published(path: Path, shapes: dict[str, Architecture], *, show: bool) -> None:
    """The estimate against published measurements, by source."""
    skipped: Counter[str] = Counter()
    scored = []
    with path.open(newline="") as lines:
        for row in csv.DictReader(lines):
            try:
                scored.append(score(row, shapes))
            except (LlmpickError, ValueError) as reason:
                skipped[str(reason).partition(":")[0][:60]] += 1
    groups: dict[str, list[float]] = defaultdict(list)
    for one in scored:
        if show:
            print(
                f"{one.id:10} {one.method:6} measured {one.measured:7.2f} GiB, said {one.said:7.2f} ({one.error:+.1%})"
            )
        groups[f"{one.source}, {one.method}"].append(one.error)
        groups["all serving" if one.method == "inference" else "all training"].append(one.error)
    table("published measurements", groups)
    cards = (8, 11, 12, 16, 24, 32, 40, 48, 80)
    wrong = [(one, card) for one in scored for card in cards if one.full <= card < one.measured]
    told = sum(1 for one in scored for card in cards if one.full <= card)
    print(f"said it fits a {cards} GiB card and it did not: {len(wrong)} of {told} ({len(wrong) / max(told, 1):.1%})")
    columns = {"answers": ",d", "wrong": "d", "share": ".1%"}
    save("memory", "said it fits", columns, {"all": [told, len(wrong), len(wrong) / max(told, 1)]})
    print("not compared:", ", ".join(f"{reason} ({count})" for reason, count in skipped.most_common(12)))


def score(row: dict[str, str], shapes: dict[str, Architecture]) -> Scored:
    """One row; raises ValueError with the reason where it cannot be compared."""
    if row["confidence"] != "high":
        raise ValueError("not of high confidence")
    shape = find(row["model"], shapes)
    job = job_of(row)
    parts = peak(shape, job)
    tensors = parts.peak - parts.overhead
    measured, metric = float(row["peak_mem_gb"]), row["mem_unit_note"]
    if "scope=sum" in metric:
        measured /= job.n_gpus
    said = tensors
    if "allocated" not in metric and "active" not in metric:
        said = parts.peak
        if "reserved" in metric or job.method == "inference":
            said -= context(job)
    said /= GIB
    if "unit=GiB" not in metric:  # printed as GB: either may be meant, 7 % apart
        measured = min((measured, measured * GB_OVER_GIB), key=lambda value: abs(said / value - 1))
    return Scored(row["id"], row["id"].partition("-")[0], job.method, measured, said, parts.peak / GIB)


def find(name: str, shapes: dict[str, Architecture]) -> Architecture:
    """The architecture of a model by its id, or by that of the checkpoint it was tuned or quantized from."""
    plain = re.sub(r"(?i)(-chat|-instruct)?(-int4|-int8|-awq|-gptq-int[48])?$", "", name)
    aliases = {"huggyllama": "meta-llama/Llama-2-7b-hf"} if "llama-7b" in name.casefold() else {}
    for candidate in (name, plain, aliases.get(name.partition("/")[0], "")):
        found = shapes.get(candidate.casefold())
        if found:
            return found
    raise ValueError(f"model not in the catalog: {name}")


def job_of(row: dict[str, str]) -> Job:
    """The Job a row describes; raises ValueError where it leaves something open."""
    if row["kind"] == "infer":
        return serving_job(row)
    method = METHODS.get(row["method"])
    if method is None:
        raise ValueError("a method or kind that is not modelled")
    if "offload" in row["sharding"] or "context" in row["sharding"] or "mlx" in row["framework"].casefold():
        raise ValueError("offloading, context parallelism or another device")
    notes = row["notes"].casefold()
    if "offload" in notes or "fuse" in notes or "in backward" in notes or int(row["n_gpus"] or 1) > 16:
        raise ValueError("offloading, an optimizer inside the backward pass or tensor parallelism")
    if row["gradient_checkpointing"] not in {"yes", "no"} or not row["seq_len"] or not row["batch_size_per_gpu"]:
        raise ValueError("checkpointing, length or batch is not stated")
    return Job(
        method=method,
        rank=int(row["lora_rank"] or 16),
        targets=targets(row["lora_targets"]),
        seq_len=int(row["seq_len"]),
        batch_size=int(row["batch_size_per_gpu"]),
        accumulation=int(row["grad_accum"] or 1),
        gradient_checkpointing=row["gradient_checkpointing"] == "yes",
        n_gpus=int(row["n_gpus"] or 1),
        vocabulary_head="classification" not in notes,
        chunked_loss="chunked" in notes,
        **precision(row),
        **{"attention": {"flash2": "flash", "eager": "eager"}.get(row["attention_impl"], "sdpa")},
        **{"sharding": row["sharding"] if row["sharding"] in {"ddp", "zero2", "zero3", "fsdp"} else "none"},
        **{"optimizer": optimizer(row["optimizer"], row["framework"])},
    )


def serving_job(row: dict[str, str]) -> Job:
    """The Job of an inference row."""
    written = re.search(r"gen_tokens=(\d+)", row["notes"])
    if not (row["seq_len"] and row["batch_size_per_gpu"] and written) or "mlx" in row["framework"].casefold():
        raise ValueError("prompt, batch or answer length is not stated")
    if "full-prompt" in row["notes"] and "no full-prompt" not in row["notes"]:
        raise ValueError("logits of the whole prompt, which transformers no longer computes")
    return Job(
        method="inference",
        dtype=row["weight_dtype"].split()[0],  # type: ignore[arg-type]
        seq_len=int(row["seq_len"]),
        target_len=int(written[1]),
        batch_size=int(row["batch_size_per_gpu"]),
        n_gpus=int(row["n_gpus"] or 1),
        attention="flash",
    )


def precision(row: dict[str, str]) -> dict[str, Any]:
    dtype = row["weight_dtype"].split()[0].rstrip(",;")
    if dtype in {"int4", "int8"}:
        raise ValueError("weights packed by GPTQ")
    compute = row["compute_dtype"].split()[0]
    # fitcheck's script prepares a packed model as PEFT does and fsdp_qlora's keeps all in bf16; neither uses autocast
    prepared, bare = "measure.py" in row["framework"], "fsdp_qlora" in row["framework"]
    if dtype == "nf4":
        dtype = "fp32" if prepared else "bf16"
    mixed = "no" if compute == "fp32" or prepared or bare else compute
    return {"dtype": dtype, "mixed_precision": mixed, "double_quantized": "no double" not in row["weight_dtype"]}


def targets(text: str) -> str:
    if not text or "linear" in text:
        return "all-linear"
    if "+" in text:
        raise ValueError("targets in words")
    return text


def optimizer(text: str, framework: str) -> str:
    """torchtune's configs say `fused: True` (`recipes/configs/llama3_2/3B_full.yaml`, `3B_lora_single_device.yaml` at
    bd2a0fc7c3); elsewhere PyTorch's own default, `foreach`, ran in those years.
    """
    plain = text.casefold()
    if "8" in plain and "bit" in plain:
        return "adamw-8bit"
    usual = "adamw" if framework == "torchtune" else "adamw-foreach"
    return next((name for name in ("adafactor", "sgd") if name in plain), usual)


def bounds(path: Path, shapes: dict[str, Architecture]) -> None:
    """Runs that did not fit: the estimate must not say they do."""
    print("\nruns that did not fit")
    broken = []
    with path.open(newline="") as lines:
        for row in csv.DictReader(lines):
            limit = re.search(r"more than (?:(\d+)x)?([\d.]+) GB", row["mem_unit_note"])
            try:
                said = peak(find(row["model"], shapes), job_of(row)).peak / GIB
            except (LlmpickError, ValueError):
                continue
            if limit:
                broken.append(said <= float(limit[2]))
                verdict = "BROKEN" if broken[-1] else "respected"
                print(f"  {row['id']:10} needs more than {limit[2]} GB, said {said:.1f} GiB: {verdict}")
    save("memory", "runs that did not fit", {"rows": "d", "said to fit": "d"}, {"all": [len(broken), sum(broken)]})


def table(title: str, groups: dict[str, list[float]]) -> None:
    print(f"\n{title}\n{'':44} {'rows':>5} {'median':>8} {'p90':>8} {'bias':>8} {'>5% low':>8}")
    rows = {}
    for name, errors in groups.items():
        sizes = sorted(map(abs, errors))
        low = sum(error < -0.05 for error in errors) / len(errors)
        middle, ninety = statistics.median(sizes), sizes[int(0.9 * (len(sizes) - 1))]
        bias = statistics.mean(errors)
        print(f"{name:44} {len(errors):5} {middle:8.1%} {ninety:8.1%} {bias:+8.1%} {low:8.1%}")
        rows[name] = [len(errors), middle, ninety, bias, low]
    columns = {"rows": ",d", "median": ".1%", "p90": ".1%", "bias": "+.1%", "over 5 % low": ".1%"}
    save("memory", title, columns, rows)


if __name__ == "__main__":
    main()
