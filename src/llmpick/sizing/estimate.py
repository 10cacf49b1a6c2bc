"""The object of `llmpick estimate`: what a Job needs, whether a card holds it, and what would make it fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmpick.record import record, replace
from llmpick.sizing import memory
from llmpick.sizing.cost import dollars
from llmpick.sizing.parameters import count
from llmpick.sizing.regime import stored_width
from llmpick.sizing.serving import PACKED, cache_bytes, serve
from llmpick.sizing.styles import style_of
from llmpick.sizing.time import hours
from llmpick.units import GIB
from llmpick.verdict import Memory

if TYPE_CHECKING:
    from collections.abc import Callable

    from llmpick.architecture import Architecture
    from llmpick.schema import Efficiency, Gpu, Price
    from llmpick.sizing.job import Dtype, Job
    from llmpick.sizing.parameters import Parameters
    from llmpick.units import GpuSetup
    from llmpick.verdict import Breakdown

SHORTEST = 64
"""Tokens below which nobody would cut sequences to make a job fit."""
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
        trainable_params=memory.trainable(architecture, counted, job),
        breakdown=breakdown or peak(architecture, job, counted),
        available_bytes=gpu.usable_bytes if gpu and gpu.count else None,
        time_hours=time,
        cost_usd=dollars(time, run.price, job.n_gpus),
        assumptions=(*assumptions(architecture, job), *_without_bf16(job, run.card)),
    )


def assumptions(architecture: Architecture, job: Job) -> tuple[str, ...]:
    """What the figures take for granted, in sentences."""
    if job.method == "inference":
        cache = job.batch_size * cache_bytes(architecture, job.seq_len, job.target_len or 0) / job.n_gpus
        return (
            f"{job.batch_size} x {job.seq_len:,} tokens of prompt and {job.target_len or 0:,} of answer at a time",
            f"keys and values in 16 bits, {cache / GIB:.1f} GiB of the activations; logits of the last token only",
            f"weights in {job.dtype}",
        )
    said = [f"{job.batch_size} x {job.seq_len} tokens per GPU and step, all of them real or padding"]
    said.append(f"weights kept in {_stored(job)}, mixed precision {job.mixed_precision}, {job.optimizer}")
    checkpointing = "on" if job.gradient_checkpointing else "off"
    said.append(f"gradient checkpointing {checkpointing}, {_attention(architecture, job)} attention")
    if job.accumulation > 1:
        said.append(f"gradients summed over {job.accumulation} steps")
    if job.n_gpus > 1:
        said.append(f"{job.n_gpus} GPUs, {SHARDING[job.sharding]}")
    if job.vocabulary_head:
        loss = "never held whole" if job.chunked_loss else "held whole while the loss is taken"
        said.append(f"logits over {architecture.vocab_size:,} tokens, {loss}")
    if architecture.ssm and architecture.ssm.kind != "short_conv" and not job.gradient_checkpointing:
        said.append("recurrent layers in fused kernels; without their packages it takes up to 1.7 times as much")
    if job.optimizer == "paged-adamw-8bit":
        said.append("optimizer states paged out to the host's memory")
    return tuple(said)


def _without_bf16(job: Job, card: Gpu | None) -> tuple[str, ...]:
    """Where the card cannot compute as counted: fp16 is as wide, and no slower than what hours assume there."""
    half = card is not None and card.bf16 is False and job.method != "inference"
    return ("the card has no bf16: fp16 in its place takes as much",) if half and job.mixed_precision == "bf16" else ()


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
    """The change that makes `job` fit and costs least: a single one where one is enough, else several.

    None when nothing helps, or it fits already.
    """
    counted = parameters or count(architecture)
    if peak(architecture, job, counted).peak <= available_bytes:
        return None
    useful = [(what, field, value) for what, field, value in FLAGS if _helps(job, field, value)]
    thrifty = replace(job, **{field: value for _, field, value in useful})
    together = ", and ".join(what for what, _, _ in useful)
    room = (available_bytes, counted)
    tried = [*_changes(architecture, job, *room), (together, thrifty)]
    tried += [
        (f"{together}, and {what}", changed) for what, changed in _changes(architecture, thrifty, *room) if useful
    ]
    tried += _shorter(architecture, job, *room)
    tried += [
        (f"{together}, and {what}", changed) for what, changed in _shorter(architecture, thrifty, *room) if useful
    ]
    for what, changed in tried:
        bytes_needed = peak(architecture, changed, counted).peak
        if bytes_needed <= available_bytes:
            return Change(what=what, job=changed, peak_bytes=bytes_needed)
    return None


LEANER: tuple[Dtype, ...] = ("bf16", "int8", "int4")
"""What weights can be served in, the closest to what was trained first."""
FLAGS: tuple[tuple[str, str, Any], ...] = (
    ("use SDPA attention instead of eager", "attention", "sdpa"),
    ("compute the loss in chunks (Liger or cut cross-entropy)", "chunked_loss", True),
    ("turn gradient checkpointing on", "gradient_checkpointing", True),
)
"""Changes that cost nothing but a flag and teach the same."""


def _helps(job: Job, field: str, value: Any) -> bool:
    """Whether the flag would change anything: flash needs no more than SDPA, and logits may be absent."""
    if field == "attention":
        return job.attention == "eager"
    return bool(getattr(job, field) != value) and (field != "chunked_loss" or job.vocabulary_head)


def _changes(architecture: Architecture, job: Job, available_bytes: int, counted: Parameters) -> list[tuple[str, Job]]:
    """From the one that costs nothing but a flag to those that train something else."""
    if job.method == "inference":
        leaner = [dtype for dtype in LEANER if PACKED[dtype] < PACKED[job.dtype]]
        return [(f"keep the weights in {dtype}", replace(job, dtype=dtype)) for dtype in leaner]
    found = [(what, replace(job, **{field: value})) for what, field, value in FLAGS if _helps(job, field, value)]
    found.append(("use 8-bit AdamW", replace(job, optimizer="adamw-8bit")))
    batch = largest_batch(architecture, job, available_bytes, counted)
    if 0 < batch < job.batch_size:
        steps = -(-job.batch_size // batch) * job.accumulation
        smaller = replace(job, batch_size=batch, accumulation=steps)
        found.append((f"use batch size {batch} and accumulate {steps} steps", smaller))
    if job.method == "full":
        found.append(("train with LoRA instead", replace(job, method="lora", dtype="bf16")))
    if job.method != "qlora":
        found.append(("train with QLoRA instead", replace(job, method="qlora", dtype="bf16")))
    return [(what, changed) for what, changed in found if changed != job]


def _shorter(architecture: Architecture, job: Job, available_bytes: int, counted: Parameters) -> list[tuple[str, Job]]:
    """What loses text, and so comes last."""
    length = largest_seq(architecture, job, available_bytes, counted)
    if not SHORTEST <= length < job.seq_len:
        return []
    return [(f"cut sequences to {length:,} tokens", replace(job, seq_len=length))]


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
