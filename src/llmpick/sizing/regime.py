"""In which precision a Job computes, what it trains, and what a matrix or a norm keeps for the way back.

All sizes are bytes per token unless said otherwise. docs/sizing.md derives the terms; `tools/trace_memory.py` shows
the same tensors in real steps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick.record import NamedTuple
from llmpick.sizing.adapters import expert_roles
from llmpick.sizing.names import names_of
from llmpick.sizing.styles import style_of

if TYPE_CHECKING:
    from llmpick.architecture import Architecture
    from llmpick.sizing.job import Job
    from llmpick.sizing.styles import Style

WIDTH = {"fp32": 4, "bf16": 2, "fp16": 2}
"""Bytes of one number."""


class Regime(NamedTuple):
    """Widths are bytes of one number."""

    style: Style
    c: int
    """What matrices are multiplied in."""
    w: int
    """Norms and tables."""
    r: int
    """The residual stream."""
    n: int
    """What the matrices read: a norm's output, or the stream itself where norms come after."""
    auto: bool
    """Autocast casts as it goes."""
    full: bool
    """All weights are trained, not adapters."""
    quantized: bool
    rank: int
    dropped: bool
    """Adapters draw a dropout mask over their input."""
    targets: frozenset[str] | None
    """Names of attention's matrices with adapters; None = all of them."""
    mlp_targets: frozenset[str] | None
    """The same of the other blocks' (BERT calls matrices of both `dense`)."""
    experts: bool
    """Adapters reach the stacked experts."""
    eager: bool
    """Attention writes its scores out."""
    length: int
    """Keys every query looks at."""
    batch: int

    @property
    def any_length(self) -> bool:
        """Whether a token costs the same in sequences of any length and batches of any size."""
        style = self.style
        return not (self.eager or style.mask or style.bias or style.disentangled)

    def adapted(self, *names: str) -> int:
        """How many of the matrices `names` carry an adapter."""
        if self.full:
            return 0
        return len(names) if self.targets is None else sum(name in self.targets for name in names)

    def inputs(self, width: int, n: int, *names: str) -> float:
        """Kept so that the matrices `names`, which read one tensor `width` wide of `n`-byte numbers, can be trained.

        Frozen matrices need no input. Autocast casts per matrix, so each keeps a copy of its own where there was
        something to cast; PEFT casts to the adapter's fp32 first, so under autocast there always is.
        """
        if self.full:
            return self.c * width * (1 if n == self.c else len(names))
        adapted = self.adapted(*names)
        if not adapted:
            return 0
        hidden = adapted * (self.c * self.rank + (width if self.dropped else 0))
        if not self.dropped and (not self.auto or (self.quantized and n == self.c)):
            return n * width + hidden
        return adapted * self.c * width + hidden

    def norm(self, width: int, n: int) -> float:
        """Kept by one norm over `width` numbers of `n` bytes: its input in fp32, and what its weight scales."""
        match self.style.norm:
            case "layer":
                return (4 if self.auto else self.c) * width + 8
            case "layer32":
                return (12 if self.full else 8) * width
            case "wide":
                return 4 * width + 8
            case "rms16":
                return (4 + (n if n == 2 else 0) + (n if self.full else 0)) * width + 4
            case "rms":
                return (4 + (n if self.full else 0)) * width + 4
            case _:
                return (4 + (4 if self.full else 0)) * width + 4

    def norm_back(self, width: int) -> float:
        """Alive inside a norm's backward pass beyond what it keeps: an RMS norm is written in elementary steps."""
        if self.style.norm in {"layer", "wide"}:
            return (4 if self.auto else self.c) * width
        return 16 * width if self.full else 20 * width


def regime_of(architecture: Architecture, job: Job) -> Regime:
    """The Regime that `job` runs `architecture` in."""
    style = style_of(architecture)
    auto = job.mixed_precision != "no"
    # the mixed precision of FSDP gathers weights in 16 bits, whatever their shards are kept in
    stored = 2 if auto and job.gathers else stored_width(job)
    c = 2 if auto else stored
    # autocast runs layer norms in fp32, and what follows one keeps that width
    widened = style.norm == "layer" and (style.order == "post" or architecture.embedding_norm)
    stream = 4 if widened else stored
    r = stream if auto else c
    return Regime(
        style=style,
        c=c,
        w=stored,
        r=r,
        n=(4 if style.norm == "layer" else max(stored, r)) if auto else c,
        auto=auto,
        full=job.method == "full",
        quantized=job.method == "qlora",
        rank=job.rank,
        dropped=job.adapter_dropout,
        targets=targets_of(architecture.model_type, job.targets),
        mlp_targets=frozenset() if job.targets == "attention" else targets_of("", job.targets),
        experts="gate_up_proj" in expert_roles(architecture.model_type, job.targets) and job.method != "full",
        eager=job.attention == "eager" or (job.attention == "sdpa" and not style.sdpa),
        length=keys(style, job.seq_len),
        batch=job.batch_size,
    )


def keys(style: Style, length: int) -> int:
    """Scores of every query of a sequence, those of its padding shared out."""
    if style.block:
        return 3 * style.block * style.block * -(-length // style.block) // length
    return min(length, style.window or length)


def stored_width(job: Job) -> int:
    """Bytes of a weight that is not packed: norms, tables, heads, and outside QLoRA all of them.

    PEFT's `prepare_model_for_kbit_training` widens them to fp32, except where FSDP or ZeRO-3 shards the model: those
    want one dtype, so TRL leaves the preparation out there (its `prepare_peft_model`; bitsandbytes, FSDP-QLoRA).
    """
    prepared = job.method == "qlora" and job.mixed_precision != "no" and not uniform(job)
    return 4 if prepared else WIDTH.get(job.dtype, 2)


def uniform(job: Job) -> bool:
    """Whether QLoRA's weights are sharded, so that all else, adapters included, is kept in one dtype."""
    return job.method == "qlora" and job.n_gpus > 1 and job.sharding in {"fsdp", "zero3"}


def targets_of(model_type: str, targets: str) -> frozenset[str] | None:
    """The module names that `targets` means; None for every linear layer."""
    if targets == "all-linear":
        return None
    if targets == "attention":
        names = names_of(model_type)
        return frozenset(filter(None, (names.q, names.k, names.v, names.o, names.qkv)))
    return frozenset(name.strip() for name in targets.split(","))
