"""Bytes one GPU holds while it answers: weights, the keys and values of the whole context, the prompt's working set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick.record import NamedTuple
from llmpick.sizing.layers import groups_of
from llmpick.sizing.overhead import context as cuda_context
from llmpick.sizing.overhead import slack
from llmpick.sizing.parameters import count
from llmpick.sizing.stacks import decoder_of
from llmpick.verdict import Breakdown

if TYPE_CHECKING:
    from llmpick.architecture import Architecture
    from llmpick.sizing.job import Job
    from llmpick.sizing.linear import Parameters

PACKED = {"fp32": 4.0, "bf16": 2.0, "fp16": 2.0, "int8": 1 + 3 / 128, "int4": 0.5 + 2.5 / 128}
"""Bytes per parameter of a matrix; GPTQ and AWQ keep a 16-bit scale and a zero point per group of 128."""
HALF = 2
"""Bytes of a 16-bit number: activations, keys, values, and the tables and heads that quantization leaves alone."""
LAST_LOGITS = 6
"""Bytes per logit of the last token: 16 bits, and an fp32 copy to sample from."""


class Served(NamedTuple):
    """What serving a network takes, whatever the prompt: numbers of parameters, and bytes per token."""

    matrices: int
    """Parameters that can be quantized."""
    rest: int
    near: int
    """Keys and values of the layers that see only the window."""
    far: int
    """The same of those that see everything."""
    window: int
    """0 = none."""
    working: int
    """Alive per token of the prompt."""
    heads: int
    """Of attention, where it is eager."""
    vocabulary: int


def served_of(architecture: Architecture, counted: Parameters) -> Served:
    """What serving `architecture` takes."""
    matrices = sum(linear.size for linear in counted.linears)
    near, far = cache_widths(architecture)
    return Served(
        matrices=matrices,
        rest=counted.total - matrices,
        near=near,
        far=far,
        window=architecture.sliding_window or 0,
        working=working_set(architecture),
        heads=architecture.num_attention_heads,
        vocabulary=architecture.vocab_size,
    )


def serve(architecture: Architecture, job: Job, parameters: Parameters | None = None) -> Breakdown:
    """The peak of answering `job.batch_size` prompts of `seq_len` tokens with `target_len` more; weights in `dtype`.

    Several GPUs split weights and cache evenly (tensor parallelism).
    """
    return serve_by(served_of(architecture, parameters or count(architecture)), job)


def serve_by(served: Served, job: Job) -> Breakdown:
    """The same from what serving takes."""
    weights = (served.matrices * PACKED[job.dtype] + served.rest * (4 if job.dtype == "fp32" else HALF)) / job.n_gpus
    cache = job.batch_size * cached(served, job.seq_len + (job.target_len or 0)) / job.n_gpus
    scores = (HALF + 4) * served.heads * job.seq_len if job.attention == "eager" else 0
    activations = cache + job.tokens * (served.working + scores)
    logits = LAST_LOGITS * job.batch_size * served.vocabulary if job.vocabulary_head else 0
    return Breakdown(
        weights=round(weights),
        adapters=0,
        gradients=0,
        optimizer=0,
        activations=round(activations),
        logits=logits,
        overhead=round(cuda_context(job) + slack(weights + cache, activations - cache, logits)),
    )


def cache_bytes(architecture: Architecture, prompt: int, answer: int) -> int:
    """Keys and values of one sequence, in 16 bits; an encoder keeps none."""
    near, far = cache_widths(architecture)
    return _cached(near, far, architecture.sliding_window or 0, prompt + answer)


def cached(served: Served, tokens: int) -> int:
    """Keys and values of one sequence of `tokens`, in 16 bits."""
    return _cached(served.near, served.far, served.window, tokens)


def _cached(near: int, far: int, window: int, tokens: int) -> int:
    return HALF * (near * min(tokens, window or tokens) + far * tokens)


def cache_widths(architecture: Architecture) -> tuple[int, int]:
    """Numbers kept per token in layers that see only the window, and in those that see everything."""
    a = architecture
    if a.structure == "encoder":
        return 0, 0
    if a.structure == "encoder-decoder":
        decoder = decoder_of(a)
        return 0, 2 * decoder.kv_heads * decoder.head_width * a.num_decoder_layers
    if a.mla:  # one latent vector and the rotated part of the keys, for all heads together
        return 0, (a.mla.kv_lora_rank + a.mla.qk_rope_head_dim) * sum(group.count for group in groups_of(a))
    local = 0 if a.num_full_attention_layers is None else a.num_hidden_layers - a.num_full_attention_layers
    seen = everything = 0
    for group in groups_of(a):
        width = (group.num_key_value_heads or a.kv_heads) * (group.head_dim or a.head_width)
        near = group.count if group.sliding else min(local, group.count) if not a.layer_groups else 0
        seen += 2 * width * near
        everything += 2 * width * (group.count - near)
    return seen, everything


def working_set(architecture: Architecture) -> int:
    """Alive per token of the prompt at the busiest moment of a layer: the MLP's three results, the stream, a norm."""
    a = architecture
    width = a.intermediate_size
    if a.moe:
        width = max(width, a.moe.num_experts_per_tok * a.moe.moe_intermediate_size + a.moe.shared_intermediate_size)
    return HALF * ((3 if a.gated_mlp else 2) * width + 3 * a.hidden_size) + 4 * a.hidden_size
