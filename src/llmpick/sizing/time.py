"""Hours a Job takes: arithmetic and memory traffic at the pace a card can keep, or the pace kernels are launched at.

A step of one batch takes as long as the slower of two: the card (matrix products at a share of its dense peak, then
what passes through its memory: activations, weights, the optimizer's states) and the host, which launches every
layer's kernels one by one. The second is why short sequences in small batches do not get faster. The three shares and
their spread are data, `catalog/efficiency.yaml`; docs/sizing.md shows how they were found and how well they hold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick.record import replace
from llmpick.sizing.memory import trainable
from llmpick.sizing.regime import WIDTH, regime_of
from llmpick.sizing.working import layers_of, working
from llmpick.verdict import Span

if TYPE_CHECKING:
    from llmpick.architecture import Architecture
    from llmpick.schema import Efficiency, Gpu
    from llmpick.sizing.estimate import Run
    from llmpick.sizing.job import Job
    from llmpick.sizing.linear import Parameters

SECONDS_PER_HOUR = 3600
RECOMPUTE = 4 / 3
"""Forward and backward pass launch one and two shares of kernels; checkpointing launches the forward's again."""
UNPACKED = 4.5
"""Bytes per parameter and pass that NF4 moves: packed weights read, 16-bit weights written and read."""
UPDATE = 7
"""Numbers AdamW reads or writes per parameter: weight, gradient, two states; all but the gradient both ways."""


def hours(architecture: Architecture, job: Job, run: Run, parameters: Parameters) -> Span | None:
    """Hours of training; None without examples, without a known card or where nothing was measured for the method."""
    row = next((row for row in run.efficiencies if row.method == job.method), None)
    if row is None or run.card is None or run.examples is None:
        return None
    step = seconds_per_batch(architecture, job, run.card, row, parameters)
    if step is None:
        return None
    batches = run.examples * run.epochs / (job.batch_size * job.n_gpus)
    expected = batches * step / SECONDS_PER_HOUR
    return Span(low=expected * row.low, expected=expected, high=expected * row.high)


def seconds_per_batch(
    architecture: Architecture, job: Job, card: Gpu, row: Efficiency, parameters: Parameters
) -> float | None:
    """Seconds for one batch on every GPU, the optimizer's share included; None where the card's pace is unknown."""
    peak = peak_tflops(card, job)
    if not peak or not card.bandwidth_gb_s:
        return None
    bandwidth = card.bandwidth_gb_s * 1e9
    products = flops(architecture, job, parameters) / (peak * 1e12 * row.compute)
    layers = layers_of(architecture, job, regime_of(architecture, job))
    kept = working(layers, replace(job, gradient_checkpointing=False)).kept
    moved = row.traffic * kept + weight_traffic(parameters, job)
    depth = architecture.num_hidden_layers + architecture.num_decoder_layers
    launched = row.launch_ms / 1e3 * depth * (RECOMPUTE if job.gradient_checkpointing else 1)
    update = UPDATE * _trained_width(job) * trainable(architecture, parameters, job) / job.accumulation / job.n_gpus
    return max(products + moved / bandwidth, launched) + update / bandwidth


def peak_tflops(card: Gpu, job: Job) -> float | None:
    """The card's dense peak in what `job` computes in; cards without bf16 run fp16."""
    if job.mixed_precision == "no" and job.dtype == "fp32":
        return card.tflops_fp32
    return card.tflops_bf16 or card.tflops_fp16


def flops(architecture: Architecture, job: Job, parameters: Parameters) -> float:
    """Floating-point operations of one batch: two per weight and token forth, four back (two where frozen).

    Attention adds four per unit of width, layer and pair of tokens forth, half of it where it looks back only; what
    checkpointing computes again counts. Kaplan et al. 2020 (arXiv 2001.08361), section 2.1; llm-foundry's `mfu`.
    """
    a = architecture
    passes = (3 if job.method == "full" else 2) + (1 if job.gradient_checkpointing else 0)
    table = a.vocab_size * (a.embedding_size or a.hidden_size)
    head = table if job.vocabulary_head and not parameters.head else 0
    matrices = parameters.active - parameters.embedding - parameters.other + head
    layers = a.num_hidden_layers + a.num_decoder_layers
    pairs = job.seq_len * (0.5 if a.structure == "decoder" else 1)
    attention = 2 * layers * a.num_attention_heads * a.head_width * pairs
    return 2 * passes * job.tokens * (matrices + attention)


def weight_traffic(parameters: Parameters, job: Job) -> float:
    """Bytes of weights read in one batch."""
    passes = 3 if job.gradient_checkpointing else 2
    per_weight = UNPACKED if job.method == "qlora" else 2 if job.mixed_precision != "no" else WIDTH[job.dtype]
    return passes * per_weight * (parameters.total - parameters.embedding)


def _trained_width(job: Job) -> int:
    return WIDTH[job.dtype] if job.method == "full" else 4
