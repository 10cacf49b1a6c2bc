"""What no tensor accounts for: the CUDA context, the work space of libraries, the allocator's slack."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick.units import MIB

if TYPE_CHECKING:
    from llmpick.sizing.job import Job

CONTEXT = 750 * MIB
"""CUDA context and kernels: 141 MiB were measured on a T4 with CUDA 13, 1343 MiB on a V100 with CUDA 11; other cards
and versions lie between (docs/sizing.md)."""
COMMUNICATION = 1400 * MIB
"""NCCL's buffers, where several GPUs work together: 1.45 GiB after the first barrier (stas00's ml-engineering), 1.4
beyond the context in fms-acceleration's runs on 2 and 4 GPUs."""
MOVING = 0.5
"""Share of activations that the caching allocator holds beyond them."""
LOGITS = 0.25
"""The same for logits, a few large blocks that the next step takes over whole.

Least error over seven sources that print what was reserved, each weighing alike, is at 0.5 and 0.15 to 0.2, whichever
is left out; rounded up, for too little costs more. Training on texts of many lengths leaves far more behind, which the
allocator gives back before it fails."""
ALIKE = 0.2
"""The same for activations where the loss is taken in chunks: no block is much larger than another, and the next step
finds what this one left. fms-acceleration's runs with Liger: 0.08 to 0.12 on one GPU, 0.2 under FSDP."""
SHARDED = 0.3
"""The same under FSDP with the logits held whole: least error over fms-acceleration and fsdp_qlora."""
STILL = 0.01
"""The same for what stays through the step: blocks are rounded up to 2 MiB."""


def context(job: Job) -> float:
    """Bytes that the driver and its libraries take before the first tensor."""
    return CONTEXT + (COMMUNICATION if job.n_gpus > 1 else 0)


def moving(job: Job) -> float:
    """Share of activations that the allocator holds beyond them."""
    if job.chunked_loss:
        return ALIKE
    return SHARDED if job.gathers else MOVING


def slack(still: float, activations: float, logits: float) -> float:
    """Bytes the allocator holds beyond `still` bytes of weights and states, activations and logits."""
    return STILL * still + MOVING * activations + LOGITS * logits


def shed(job: Job, gathered_gradients: float) -> float:
    """Bytes of whole gradients that FSDP has shared out but whose blocks wait for the stream that sent them.

    Full training on 2 and 4 GPUs holds half to all of one copy beside what is allocated (fms-acceleration); as above,
    half is counted, for the allocator gives the rest back before it fails.
    """
    return MOVING * gathered_gradients if job.gathers else 0.0
