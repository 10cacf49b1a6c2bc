"""Hours a Job takes: arithmetic and memory traffic at the pace a card can keep, or the pace kernels are launched at.

A step of one batch takes as long as the slower of two: the card (matrix products at a share of its dense peak, then
what passes through its memory: activations, weights, the optimizer's states) and the host, which launches every
layer's kernels one by one. The second is why short sequences in small batches do not get faster. The three figures and
their spread are data, `catalog/efficiency.yaml`; docs/sizing.md shows how they were found and how well they hold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick.record import NamedTuple
from llmpick.sizing.memory import trainable
from llmpick.sizing.regime import WIDTH, regime_of
from llmpick.sizing.working import layers_of, lot_of, working
from llmpick.verdict import Span

if TYPE_CHECKING:
    from llmpick.architecture import Architecture
    from llmpick.schema import Efficiency, Gpu
    from llmpick.sizing.estimate import Run
    from llmpick.sizing.job import Job
    from llmpick.sizing.linear import Parameters
    from llmpick.sizing.working import Layers

SECONDS_PER_HOUR = 3600
RECOMPUTE = 4 / 3
"""Forward and backward pass launch one and two shares of kernels; checkpointing launches the forward's again."""
UNPACKED = 4.5
"""Bytes per parameter and pass that NF4 moves: packed weights read, 16-bit weights written and read."""
UPDATE = 7
"""Numbers AdamW reads or writes per parameter: weight, gradient, two states; all but the gradient both ways."""


class Pace(NamedTuple):
    """What the time of a step depends on of a network, beside its layers. Numbers of parameters unless said so."""

    depth: int
    """Layers of all stacks."""
    attention: int
    """Twice the width of attention in all layers: products per pair of tokens."""
    causal: bool
    """It looks back only, at half the pairs."""
    matrices: int
    """In products that a token passes through, a tied head not among them."""
    tied: int
    """Of the table, where it serves as head."""
    stored: int
    """Outside the tables."""


def pace_of(architecture: Architecture, parameters: Parameters) -> Pace:
    """The Pace of a network."""
    a = architecture
    layers = a.num_hidden_layers + a.num_decoder_layers
    return Pace(
        depth=layers,
        attention=2 * layers * a.num_attention_heads * a.head_width,
        causal=a.structure == "decoder",
        matrices=parameters.active - parameters.embedding - parameters.other,
        tied=0 if parameters.head else a.vocab_size * (a.embedding_size or a.hidden_size),
        stored=parameters.total - parameters.embedding,
    )


class Work(NamedTuple):
    """A network in one way of training: all that the time of a step follows from, whatever the card."""

    pace: Pace
    layers: Layers
    trained: int
    """Parameters that training changes."""


def work_of(architecture: Architecture, job: Job, parameters: Parameters) -> Work:
    """The Work of a Job."""
    layers = layers_of(architecture, job, regime_of(architecture, job))
    return Work(pace_of(architecture, parameters), layers, trainable(architecture, parameters, job))


def hours(architecture: Architecture, job: Job, run: Run, parameters: Parameters) -> Span | None:
    """Hours of training; None without examples, without a known card or where nothing was measured for the method."""
    if run.card is None or run.examples is None:
        return None
    return hours_of(work_of(architecture, job, parameters), job, run)


def hours_of(work: Work, job: Job, run: Run) -> Span | None:
    """The same from what the time follows from."""
    row = efficiency_of(job, run)
    step = seconds_of(work, job, run.card, row) if row and run.card else None
    if row is None or step is None or run.examples is None:
        return None
    expected = expected_hours(step, job, run.examples * run.epochs)
    return Span(low=expected * row.low, expected=expected, high=expected * row.high)


def efficiency_of(job: Job, run: Run) -> Efficiency | None:
    """What was measured for the Job's method; None where nothing was."""
    return next((row for row in run.efficiencies if row.method == job.method), None)


def expected_hours(step: float, job: Job, examples: float) -> float:
    """Hours of training on so many examples, repetitions counted, where a step takes so many seconds."""
    return examples / (job.batch_size * job.n_gpus) * step / SECONDS_PER_HOUR


def seconds_of(work: Work, job: Job, card: Gpu, row: Efficiency) -> float | None:
    """Seconds for one batch on every GPU, the optimizer's share included; None where the card's pace is unknown."""
    peak = peak_tflops(card, job)
    if not peak or not card.bandwidth_gb_s:
        return None
    bandwidth = card.bandwidth_gb_s * 1e9
    products = products_of(work.pace, job) / (peak * 1e12 * row.compute)
    kept, _, _ = working(work.layers, lot_of(job), checkpointing=False)
    moved = row.traffic * kept + weight_traffic(work.pace, job)
    launched = row.launch_ms / 1e3 * work.pace.depth * (RECOMPUTE if job.gradient_checkpointing else 1)
    update = UPDATE * _trained_width(job) * work.trained / job.accumulation / job.n_gpus
    return max(products + moved / bandwidth, launched) + update / bandwidth


def peak_tflops(card: Gpu, job: Job) -> float | None:
    """The card's dense peak in what `job` computes in; cards without bf16 run fp16."""
    if job.mixed_precision == "no" and job.dtype == "fp32":
        return card.tflops_fp32
    return card.tflops_bf16 or card.tflops_fp16


def products_of(pace: Pace, job: Job) -> float:
    """Floating-point operations of one batch: two per weight and token forth, four back (two where frozen).

    Attention adds four per unit of width, layer and pair of tokens forth, half of it where it looks back only; what
    checkpointing computes again counts. Kaplan et al. 2020 (arXiv 2001.08361), section 2.1; llm-foundry's `mfu`.
    """
    passes = (3 if job.method == "full" else 2) + (1 if job.gradient_checkpointing else 0)
    matrices = pace.matrices + (pace.tied if job.vocabulary_head else 0)
    pairs = job.seq_len * (0.5 if pace.causal else 1)
    return 2 * passes * job.tokens * (matrices + pace.attention * pairs)


def weight_traffic(pace: Pace, job: Job) -> float:
    """Bytes of weights read in one batch."""
    passes = 3 if job.gradient_checkpointing else 2
    per_weight = UNPACKED if job.method == "qlora" else 2 if job.mixed_precision != "no" else WIDTH[job.dtype]
    return passes * per_weight * pace.stored


def _trained_width(job: Job) -> int:
    return WIDTH[job.dtype] if job.method == "full" else 4
