"""Bytes one GPU holds at the worst moment of training or serving, part by part.

A step has three moments that can be the worst: the loss (all kept activations and the logits), the way back through
a layer (what is kept, that layer's working set, the gradients made so far) and the optimizer's update. The peak is
the largest of them, not the sum of every part's own largest value. docs/sizing.md derives each term.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from llmpick.sizing.parameters import count
from llmpick.units import GIB
from llmpick.verdict import Breakdown

if TYPE_CHECKING:
    from llmpick.architecture import Architecture
    from llmpick.sizing.job import Job
    from llmpick.sizing.parameters import Linear, Parameters

WIDTH = {"fp32": 4, "bf16": 2, "fp16": 2, "int8": 1, "int4": 0.5}
NF4 = 0.5 + 1 / 64 + 4 / (64 * 256)
"""Bytes per parameter: 4 bits, an 8-bit scale per 64 weights, an fp32 scale per 256 scales (QLoRA, section 3)."""
CONTEXT = int(0.5 * GIB)
SLACK = 0.04


def train(architecture: Architecture, job: Job, parameters: Parameters | None = None) -> Breakdown:
    """The peak of one training step on one GPU; `parameters` saves counting them again."""
    counted = parameters or count(architecture)
    adapters = _adapter_parameters(counted, job) if job.method != "full" else 0
    trainable = adapters or counted.total - counted.non_text
    weights = _weights(counted, job)
    adapter_bytes = int(adapters * _trainable_width(job))
    gradients = int(trainable * _trainable_width(job))
    optimizer = int(trainable * _optimizer_width(job))
    kept, working = _activations(architecture, job)
    logits = _logits(architecture, job)
    moments = [
        _Moment(kept, logits, 0 if job.accumulation == 1 else gradients),
        _Moment(kept + working, 0, 0 if job.method == "full" else gradients),
        _Moment(working, 0, gradients),
    ]
    worst = max(moments, key=sum)
    return _with_overhead(weights, adapter_bytes, worst, optimizer)


def serve(architecture: Architecture, job: Job, parameters: Parameters | None = None) -> Breakdown:
    """The peak of answering: weights, the keys and values of the whole context, the prefill's working set."""
    counted = parameters or count(architecture)
    context = job.seq_len + (job.target_len or 0)
    cache = 2 * 2 * architecture.num_hidden_layers * architecture.kv_heads * architecture.head_width
    working = job.tokens * 2 * (3 * architecture.intermediate_size + 4 * architecture.hidden_size)
    logits = 6 * job.batch_size * architecture.vocab_size if job.vocabulary_head else 0
    activations = cache * context * job.batch_size + working
    return _with_overhead(int(counted.total * WIDTH[job.dtype]), 0, _Moment(activations, logits, 0), 0)


class _Moment(NamedTuple):
    activations: int
    logits: int
    gradients: int


def trainable(counted: Parameters, job: Job) -> int:
    """Parameters that training changes: none when serving, the adapters under LoRA and QLoRA."""
    if job.method == "inference":
        return 0
    return counted.total - counted.non_text if job.method == "full" else _adapter_parameters(counted, job)


def _with_overhead(weights: int, adapters: int, moment: _Moment, optimizer: int) -> Breakdown:
    return Breakdown(
        weights=weights,
        adapters=adapters,
        gradients=moment.gradients,
        optimizer=optimizer,
        activations=moment.activations,
        logits=moment.logits,
        overhead=CONTEXT + int(SLACK * (weights + sum(moment))),
    )


def _weights(counted: Parameters, job: Job) -> int:
    if job.method != "qlora":
        return int(counted.total * WIDTH[job.dtype])
    packed = sum(linear.size for linear in counted.linears if _quantized(linear))
    return int(packed * NF4 + (counted.total - packed) * 4)


def _quantized(linear: Linear) -> bool:
    return linear.group != "head" and not getattr(linear, "fused", False)


def _targeted(linear: Linear, targets: str) -> bool:
    if linear.group in {"head", "router"} or getattr(linear, "fused", False):
        return False
    if targets == "all-linear":
        return True
    if targets == "attention":
        return linear.group in {"attention", "cross-attention"}
    return linear.name in targets.split(",")


def _adapter_parameters(counted: Parameters, job: Job) -> int:
    return sum(
        linear.count * job.rank * (linear.d_in + linear.d_out)
        for linear in counted.linears
        if _targeted(linear, job.targets)
    )


def _trainable_width(job: Job) -> int:
    if job.method == "full" or job.mixed_precision == "no":
        return int(WIDTH[job.dtype])
    return 4


def _optimizer_width(job: Job) -> float:
    width = _trainable_width(job)
    return {"adamw-8bit": 2.03, "paged-adamw-8bit": 0, "adafactor": 0.02, "sgd": 0}.get(job.optimizer, 2 * width)


def _activations(architecture: Architecture, job: Job) -> tuple[int, int]:
    """Bytes kept for the way back, and one layer's working set beyond them."""
    half = 2 if job.mixed_precision != "no" else int(WIDTH[job.dtype])
    queries = architecture.num_attention_heads * architecture.head_width
    keys = architecture.kv_heads * architecture.head_width
    mlp = architecture.intermediate_size * (4 if architecture.gated_mlp else 3)
    if architecture.moe:
        routed = architecture.moe.num_experts_per_tok * architecture.moe.moe_intermediate_size
        mlp = 4 * (routed + architecture.moe.shared_intermediate_size)
    layer = job.tokens * (
        half * (2 * queries + 2 * keys + mlp + 2 * architecture.hidden_size) + 8 * architecture.hidden_size
    )
    if job.attention == "eager":
        layer += job.tokens * job.seq_len * architecture.num_attention_heads * (2 * half + 4)
    layers = architecture.num_hidden_layers + architecture.num_decoder_layers
    working = job.tokens * half * 2 * architecture.intermediate_size
    if not job.gradient_checkpointing:
        return layers * layer, working
    residual = 4 if job.method == "qlora" or job.dtype == "fp32" else 2
    return layers * job.tokens * residual * architecture.hidden_size, layer + working


def _logits(architecture: Architecture, job: Job) -> int:
    if not job.vocabulary_head or job.chunked_loss:
        return 0
    length = job.target_len if architecture.num_decoder_layers and job.target_len else job.seq_len
    return 14 * job.batch_size * length * architecture.vocab_size
