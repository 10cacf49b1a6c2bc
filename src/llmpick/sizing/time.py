"""Hours a Job takes: the arithmetic of its tokens over what the card really delivers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick.verdict import Span

if TYPE_CHECKING:
    from llmpick.architecture import Architecture
    from llmpick.schema import Efficiency
    from llmpick.sizing.estimate import Run
    from llmpick.sizing.job import Job
    from llmpick.sizing.parameters import Parameters

SECONDS_PER_HOUR = 3600


def hours(architecture: Architecture, job: Job, run: Run, parameters: Parameters) -> Span | None:
    """Hours of training; None without examples, without a known card or where no efficiency was measured."""
    if run.examples is None or run.card is None or job.method == "inference" or not run.card.tflops_bf16:
        return None
    efficiency = pick(run.efficiencies, job)
    if efficiency is None:
        return None
    work = run.examples * job.seq_len * run.epochs * flops_per_token(architecture, job, parameters)
    ideal = work / (run.card.tflops_bf16 * 1e12 * job.n_gpus * SECONDS_PER_HOUR)
    return Span(low=ideal / efficiency.high, expected=ideal / efficiency.typical, high=ideal / efficiency.low)


def flops_per_token(architecture: Architecture, job: Job, parameters: Parameters) -> float:
    """Useful floating-point operations per token: 6 per active weight when all train, 4 when frozen, attention."""
    per_weight = 6 if job.method == "full" else 4
    matrices = parameters.active - parameters.embedding - parameters.other
    layers = architecture.num_hidden_layers + architecture.num_decoder_layers
    queries = architecture.num_attention_heads * architecture.head_width
    attention = 2 * per_weight / 2 * layers * queries * job.seq_len
    return per_weight * matrices + attention


def pick(efficiencies: tuple[Efficiency, ...], job: Job) -> Efficiency | None:
    """The row measured on the most similar job."""
    same = [row for row in efficiencies if row.method == job.method]
    return same[0] if same else None
