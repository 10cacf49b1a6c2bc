"""Constraint of step 2: how long an answer takes on the card it is served from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick.sizing.latency import (
    duration,
    pace,
    read_per_pass,
    seconds_per_pass,
    seconds_to_read,
    span_of,
    speed,
    two,
    wait,
)
from llmpick.verdict import Check

if TYPE_CHECKING:
    from llmpick.architecture import Architecture
    from llmpick.schema import Gpu
    from llmpick.sizing.job import Job
    from llmpick.sizing.latency import Speed
    from llmpick.sizing.parameters import Parameters


def latency(shape: Architecture, job: Job, card: Gpu, counted: Parameters, limit: float) -> Check | None:
    """Whether an answer of `limit` milliseconds is out of reach, within reach of typical software, or to be measured.

    Only what no software could do is ruled out; typical speeds, with their range, are said. None without a bandwidth.
    """
    least = seconds_per_pass(counted, card, job.n_gpus)
    if least is None:
        return None
    short = out_of_reach(read_per_pass(counted), card, job.n_gpus, limit)
    if short is not None:
        return _too_slow(1e3 * least, card, limit, short)
    typical = speed(shape, job, card, counted)
    if typical is None:
        said = "no published speed covers its kind of network on that kind of card: measure how fast it answers"
        return Check(name="latency", outcome="unknown", because=said)
    seconds = limit / 1e3
    if typical.token is None or not job.vocabulary_head:
        return _at_a_stroke(typical, job, card, seconds)
    return _token_by_token(typical, job, card, seconds)


def out_of_reach(weights: int, card: Gpu, n_gpus: int, limit: float) -> float | None:
    """How far even one pass that reads so many weights is from `limit` milliseconds; None = within, or not known."""
    least = seconds_to_read(weights, card, n_gpus)
    return None if least is None or 1e3 * least <= limit else 1 - limit / (1e3 * least)


def _too_slow(least: float, card: Gpu, limit: float, short: float) -> Check:
    said = f"a pass through its weights takes at least {least:.2g} ms on {card.name}, in 4 bits"
    return Check(
        name="latency",
        outcome="no",
        because=f"{said}; an answer may take {limit:g} ms",
        shortfall=short,
        remedy=f"{least:.2g} ms for an answer",
    )


def _at_a_stroke(typical: Speed, job: Job, card: Gpu, limit: float) -> Check | None:
    """An answer that takes one pass: a label, tags, a vector."""
    first = typical.first
    if first is None:
        return None
    plain = f"; PyTorch as it comes takes {duration(typical.plain)}" if typical.plain else ""
    said = (
        f"an engine takes about {span_of(first)} for {job.seq_len:,} tokens "
        f"on {card.name}, that is {wait(first.expected)}{plain}"
    )
    return _check(said, surely=first.high <= limit, likely=first.expected <= limit)


def _token_by_token(typical: Speed, job: Job, card: Gpu, limit: float) -> Check:
    """An answer that is written: the wait for its first token, then so many a second.

    How long answers are is not known, but no longer than the training length, which holds prompt and answer.
    """
    token, first = typical.token, typical.first
    assert token is not None, "a decoder's token has a time wherever its card has a bandwidth"
    rate = f"{two(1 / token.expected)} tokens a second ({two(1 / token.high)}–{two(1 / token.low)})"
    where = f"in {job.dtype} on {card.name}"
    if first is None:
        said = f"an engine writes about {rate} {where}, {pace(token.expected)}; the wait for a prompt is not known"
        return Check(name="latency", outcome="unknown", because=said)
    written = int(max(0.0, limit - first.expected) / token.expected) + (first.expected <= limit)
    said = (
        f"an engine reads {job.seq_len:,} tokens of prompt in about {span_of(first)} and "
        f"writes {rate} {where}: the answer starts {wait(first.expected)} and grows {pace(token.expected)}, "
        f"some {written:,} tokens in {duration(limit)}"
    )
    return _check(said, surely=first.high + job.seq_len * token.high <= limit, likely=first.expected <= limit)


def _check(said: str, *, surely: bool, likely: bool) -> Check:
    if surely:
        return Check(name="latency", outcome="ok", because=said)
    doubt = "measure it" if likely else "likely too slow; measure it"
    return Check(name="latency", outcome="unknown", because=f"{said}; {doubt}")
