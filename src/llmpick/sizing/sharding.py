"""What several GPUs share: the static bytes of one of them, and what sharding itself costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick.record import NamedTuple

if TYPE_CHECKING:
    from llmpick.sizing.job import Job

LIVE = 10**9
"""Parameters ZeRO-3 keeps gathered at most (`stage3_max_live_parameters`, DeepSpeed's default)."""
BUCKET = 5 * 10**8
"""Numbers in DeepSpeed's reduce and all-gather buckets (`reduce_bucket_size`, its default)."""
SUB_GROUP = 10**9
"""Parameters ZeRO-3 updates at a time (`sub_group_size`, its default)."""


class Static(NamedTuple):
    """Bytes that stay through the step."""

    weights: float
    adapters: float
    gradients: float
    optimizer: float
    buffers: float = 0.0
    """Communication buckets, and what ZeRO-3 keeps gathered."""


class Gathered(NamedTuple):
    """Bytes that FSDP holds unsharded while it computes, but no longer when it updates."""

    weights: float = 0.0
    """The layer at work, the next one, and what lies in no layer, which stays from the first layer to the last."""
    layer: float = 0.0
    """Gradient of the layer at work."""
    root: float = 0.0
    """Gradient of what lies in no layer, shared out at the end of the backward pass."""


def gather(job: Job, layer: float, root: float, *, trained: bool) -> Gathered:
    """What FSDP gathers of weights that take `layer` bytes in one layer and `root` bytes outside all of them.

    The unit of the whole model is not sharded again after its forward pass, and BACKWARD_PRE, accelerate's default,
    gathers a layer before the one above it has gone (PyTorch's FullyShardedDataParallel).
    """
    if not job.gathers:
        return Gathered()
    return Gathered(2 * layer + root, layer, root) if trained else Gathered(2 * layer + root)


def shard(whole: Static, job: Job, trained: int) -> Static:
    """What one of `job.n_gpus` GPUs holds of `whole`.

    ZeRO keeps an fp32 master copy and fp32 states, 12 bytes per trained parameter, next to 16-bit weights and
    gradients (Rajbhandari et al. 2020, arXiv 1910.02054, section 3), on a single GPU, too. Only stage 3 and FSDP share
    frozen weights.
    """
    n = job.n_gpus
    if job.sharding == "none" or (n == 1 and not job.sharding.startswith("zero")):
        return whole
    if job.sharding == "ddp":  # its buckets are a second copy of the gradients (gradient_as_bucket_view=False)
        return whole._replace(buffers=whole.gradients)
    if job.sharding == "fsdp":
        return Static(whole.weights / n, whole.adapters / n, whole.gradients / n, whole.optimizer / n)
    states = 12 * trained / n
    halved = 2 * trained
    if job.sharding == "zero3":
        live = min(2 * LIVE, whole.weights + whole.adapters)
        return Static(whole.weights / n, whole.adapters / n, halved / n, states, live)
    bucket = 2 * min(2 * BUCKET, halved)
    return Static(whole.weights, whole.adapters, halved if job.sharding == "zero1" else halved / n, states, bucket)


def step_copies(trained: int, job: Job) -> float:
    """What DeepSpeed allocates to update its share: the gradients once more, flattened in 16 bits and then in fp32.

    All of the share at once in stages 1 and 2, a sub-group at a time in stage 3 (`single_grad_partition` in DeepSpeed's
    `stage_1_and_2.py`, `_prepare_fp32_grad_for_sub_group` in `stage3.py`).
    """
    share = trained / job.n_gpus
    return 6.0 * (min(share, SUB_GROUP) if job.sharding == "zero3" else share)
