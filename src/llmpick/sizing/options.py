"""What surrounds an estimate: the cards that hold the job, how far it could grow on one, what would make it fit."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from llmpick.record import record
from llmpick.sizing.cost import dollars, electricity, spot_dollars
from llmpick.sizing.estimate import cheapest_change, largest_batch, largest_seq
from llmpick.sizing.latency import speed
from llmpick.sizing.parameters import count
from llmpick.sizing.time import hours
from llmpick.units import usable_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmpick.architecture import Architecture
    from llmpick.schema import Gpu, Price
    from llmpick.sizing.estimate import Change, Run
    from llmpick.sizing.job import Job
    from llmpick.sizing.latency import Speed
    from llmpick.units import GpuSetup
    from llmpick.verdict import Memory, Span

DISCRETE = {"consumer", "workstation", "datacenter", "laptop"}
"""Kinds of cards with memory of their own, which PyTorch's CUDA and ROCm builds train on."""


@record
class OnCard:
    """The job on one known card."""

    name: str
    memory_gib: float
    available_bytes: int
    fits: bool
    price: Price | None
    time_hours: Span | None
    cost_usd: Span | None


@record
class Estimate:
    """The whole answer of `llmpick estimate`."""

    memory: Memory
    batch_size: int
    seq_len: int
    n_gpus: int
    largest_batch: int | None
    """Most sequences per GPU that fit the named card; None without one."""
    largest_seq: int | None
    """Longest sequence that fits it."""
    change: Change | None
    """What to change at the least cost where the job does not fit."""
    price: Price | None
    """Of the named card."""
    spot_cost_usd: Span | None
    """What preemptible cards would cost."""
    electricity_usd: Span | None
    """What one's own card would draw, where a price per kWh was given."""
    cards: tuple[OnCard, ...]
    """Every card of the catalog with memory of its own."""
    speed: Speed | None = None
    """How fast the named card answers when serving; None where no published speed carries a claim."""


@record
class Market:
    """The cards there are, and what they cost."""

    gpus: Sequence[Gpu] = ()
    prices: Sequence[Price] = ()
    usd_per_kwh: float | None = None
    """What the user pays for electricity."""


def around(
    need: Memory, architecture: Architecture, job: Job, *, gpu: GpuSetup | None, run: Run, market: Market
) -> Estimate:
    """`need`, the Memory of `job`, and what surrounds it."""
    counted = count(architecture)
    size = gpu.usable_bytes if gpu and gpu.count else None
    time = need.time_hours
    prices = {price.gpu: price for price in market.prices}
    cards = [
        _on(card, need, prices.get(card.name), hours(architecture, job, replace(run, card=card), counted), job)
        for card in market.gpus
        if card.kind in DISCRETE
    ]
    return Estimate(
        memory=need,
        batch_size=job.batch_size,
        seq_len=job.seq_len,
        n_gpus=job.n_gpus,
        largest_batch=None if size is None else largest_batch(architecture, job, size, counted),
        largest_seq=None if size is None else largest_seq(architecture, job, size, counted),
        change=None if size is None else cheapest_change(architecture, job, size, counted),
        price=run.price,
        spot_cost_usd=spot_dollars(time, run.price, job.n_gpus),
        electricity_usd=electricity(time, run.card, market.usd_per_kwh, job.n_gpus),
        cards=tuple(cards),
        speed=speed(architecture, job, run.card, counted) if job.method == "inference" and run.card else None,
    )


def _on(card: Gpu, need: Memory, price: Price | None, time: Span | None, job: Job) -> OnCard:
    """The job on as many of `card`; no hours or dollars where they do not hold it."""
    fits = need.breakdown.peak <= usable_bytes(card)
    return OnCard(
        name=card.name,
        memory_gib=card.memory_gib,
        available_bytes=usable_bytes(card),
        fits=fits,
        price=price,
        time_hours=time if fits else None,
        cost_usd=dollars(time, price, job.n_gpus) if fits else None,
    )
