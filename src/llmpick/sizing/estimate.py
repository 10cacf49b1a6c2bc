"""The object of `llmpick estimate`: what a Job needs, whether a card holds it, and what would make it fit."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from llmpick.record import record
from llmpick.sizing import memory
from llmpick.sizing.cost import dollars
from llmpick.sizing.parameters import count
from llmpick.sizing.regime import stored_width
from llmpick.sizing.serving import serve
from llmpick.sizing.styles import style_of
from llmpick.sizing.time import hours
from llmpick.verdict import Memory

if TYPE_CHECKING:
    from collections.abc import Callable

    from llmpick.architecture import Architecture
    from llmpick.schema import Efficiency, Gpu, Price
    from llmpick.sizing.job import Job
    from llmpick.sizing.parameters import Parameters
    from llmpick.units import GpuSetup
    from llmpick.verdict import Breakdown

LARGEST = 1 << 22
"""Where the search for the largest batch or sequence stops."""


@record
class Run:
    """What hours and dollars depend on beside the Job: the data, the card and its price."""

    examples: int | None = None
    epochs: float = 1.0
    card: Gpu | None = None
    """The row of `gpus.yaml`; None = only a size is known, and so no time."""
    price: Price | None = None
    efficiencies: tuple[Efficiency, ...] = ()


@record
class Change:
    """One thing to do differently, and the peak it leads to."""

    what: str
    job: Job
    peak_bytes: int


def peak(architecture: Architecture, job: Job, parameters: Parameters | None = None) -> Breakdown:
    """The Breakdown of training, or of serving where the Job's method is `inference`."""
    if job.method == "inference":
        return serve(architecture, job, parameters)
    return memory.train(architecture, job, parameters)


def estimate(
    model_id: str,
    architecture: Architecture,
    job: Job,
    gpu: GpuSetup | None = None,
    *,
    run: Run | None = None,
    parameters: Parameters | None = None,
    breakdown: Breakdown | None = None,
) -> Memory:
    """Memory, hours and dollars of `job`; hours need `run.examples` and `run.card`, dollars a price as well.

    `parameters` and `breakdown` save working out again what the caller has.
    """
    counted = parameters or count(architecture)
    run = run or Run()
    time = hours(architecture, job, run, counted)
    return Memory(
        model=model_id,
        method=job.method,
        params=counted.total,
        trainable_params=memory.trainable(counted, job),
        breakdown=breakdown or peak(architecture, job, counted),
        available_bytes=gpu.usable_bytes if gpu and gpu.count else None,
        time_hours=time,
        cost_usd=dollars(time, run.price, job.n_gpus),
        assumptions=assumptions(architecture, job),
    )


def assumptions(architecture: Architecture, job: Job) -> tuple[str, ...]:
    """What the figures take for granted, in sentences."""
    said = [f"{job.batch_size} x {job.seq_len} tokens per GPU and step, all of them real or padding"]
    if job.method == "inference":
        return (*said, f"weights in {job.dtype}, keys and values in 16 bits, logits of the last token only")
    said.append(f"weights kept in {_stored(job)}, mixed precision {job.mixed_precision}, {job.optimizer}")
    checkpointing = "on" if job.gradient_checkpointing else "off"
    said.append(f"gradient checkpointing {checkpointing}, {_attention(architecture, job)} attention")
    if job.n_gpus > 1:
        said.append(f"{job.n_gpus} GPUs, {SHARDING[job.sharding]}")
    if job.vocabulary_head:
        loss = "never held whole" if job.chunked_loss else "held whole while the loss is taken"
        said.append(f"logits over {architecture.vocab_size:,} tokens, {loss}")
    if job.optimizer == "paged-adamw-8bit":
        said.append("optimizer states paged out to the host's memory")
    return tuple(said)


SHARDING = {
    "none": "each with a copy of everything",
    "ddp": "each with a copy of everything (DDP)",
    "zero1": "optimizer states shared (ZeRO-1)",
    "zero2": "optimizer states and gradients shared (ZeRO-2)",
    "zero3": "weights, gradients and optimizer states shared (ZeRO-3)",
    "fsdp": "weights, gradients and optimizer states shared (FSDP)",
}


def _attention(architecture: Architecture, job: Job) -> str:
    if job.attention == "sdpa" and not style_of(architecture).sdpa:
        return "eager (this class has no SDPA)"
    return job.attention


def largest_batch(
    architecture: Architecture, job: Job, available_bytes: int, parameters: Parameters | None = None
) -> int:
    """Most sequences per GPU that fit in `available_bytes`; 0 when not even one does."""
    counted = parameters or count(architecture)
    return _largest(lambda size: peak(architecture, replace(job, batch_size=size), counted).peak <= available_bytes)


def largest_seq(
    architecture: Architecture, job: Job, available_bytes: int, parameters: Parameters | None = None
) -> int:
    """Longest sequence in tokens that fits in `available_bytes`; 0 when not even one token does."""
    counted = parameters or count(architecture)
    return _largest(lambda size: peak(architecture, replace(job, seq_len=size), counted).peak <= available_bytes)


def cheapest_change(
    architecture: Architecture, job: Job, available_bytes: int, parameters: Parameters | None = None
) -> Change | None:
    """The single change that makes `job` fit and costs least; None when none does, or it fits already."""
    counted = parameters or count(architecture)
    if peak(architecture, job, counted).peak <= available_bytes:
        return None
    for what, changed in _changes(architecture, job, available_bytes, counted):
        bytes_needed = peak(architecture, changed, counted).peak
        if bytes_needed <= available_bytes:
            return Change(what=what, job=changed, peak_bytes=bytes_needed)
    return None


def _changes(architecture: Architecture, job: Job, available_bytes: int, counted: Parameters) -> list[tuple[str, Job]]:
    """From the one that costs nothing but a flag to those that train something else."""
    if job.method == "inference":
        return [
            ("keep the weights in int8", replace(job, dtype="int8")),
            ("keep them in int4", replace(job, dtype="int4")),
        ]
    found = [
        ("use SDPA attention instead of eager", replace(job, attention="sdpa")),
        ("compute the loss in chunks (Liger or cut cross-entropy)", replace(job, chunked_loss=True)),
        ("turn gradient checkpointing on", replace(job, gradient_checkpointing=True)),
        ("use 8-bit AdamW", replace(job, optimizer="adamw-8bit")),
    ]
    batch = largest_batch(architecture, job, available_bytes, counted)
    if 0 < batch < job.batch_size:
        steps = -(-job.batch_size // batch) * job.accumulation
        smaller = replace(job, batch_size=batch, accumulation=steps)
        found.append((f"use batch size {batch} and accumulate {steps} steps", smaller))
    if job.method == "full":
        found.append(("train with LoRA instead", replace(job, method="lora", dtype="bf16")))
    if job.method != "qlora":
        found.append(("train with QLoRA instead", replace(job, method="qlora", dtype="bf16")))
    length = largest_seq(architecture, job, available_bytes, counted)
    if 0 < length < job.seq_len:
        found.append((f"cut sequences to {length} tokens", replace(job, seq_len=length)))
    return [(what, changed) for what, changed in found if changed != job]


def _stored(job: Job) -> str:
    if job.method != "qlora":
        return job.dtype
    rest = "fp32" if stored_width(job) == 4 else job.dtype
    return f"NF4 {'with' if job.double_quantized else 'without'} double quantization, the rest in {rest}"


def _largest(fits: Callable[[int], bool]) -> int:
    """The largest n in 0..LARGEST with fits(n), for a `fits` that never turns true again."""
    if not fits(1):
        return 0
    low, high = 1, 2
    while high <= LARGEST and fits(high):
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low
