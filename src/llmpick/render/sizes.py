"""What surrounds an estimate in words: prices with their age, room to grow, the cards that hold the job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick.render.text import age, count, dollars, gib, plural, safe
from llmpick.sizing.latency import duration, pace, span_of, two, wait

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from llmpick.schema import Price
    from llmpick.sizing.options import Estimate, OnCard
    from llmpick.verdict import Tuning

NAMED = 2
"""Cards of one size that are named."""
SHOWN = 4
"""Sizes that hold the job that are shown."""


def priced(price: Price, today: date | None) -> str:
    """`$0.35–0.38/h on demand, $0.20/h spot (2026-08-22, 91 days old)`: cheapest to typical."""
    offers = [
        f"{_hourly(low, typical)} {kind}"
        for kind, low, typical in (
            ("on demand", price.on_demand_low, price.on_demand_typical),
            ("spot", price.spot_low, price.spot_typical),
        )
        if low is not None or typical is not None
    ]
    return f"{', '.join(offers)} ({price.as_of}{age(price.as_of, today)})"


def _hourly(low: float | None, typical: float | None) -> str:
    ends = [dollars(amount) for amount in (low, typical) if amount is not None]
    return "–".join(dict.fromkeys((ends[0], *(end.removeprefix("$") for end in ends[1:] if end != ends[0])))) + "/h"


def room(answer: Estimate) -> str:
    """How far the job could grow on the named card; '' without one."""
    batch, length = answer.largest_batch, answer.largest_seq
    if batch is None or length is None:
        return ""
    if not batch and not length:
        return "nothing: not even one token fits"
    of = f"batch {batch:,} at {answer.seq_len:,} tokens" if batch else f"no batch at {answer.seq_len:,} tokens"
    return f"{of}; {length:,} tokens at batch {answer.batch_size:,}" if length else of


def change(answer: Estimate) -> str:
    """What would make it fit; '' where it does, or where no card was named."""
    if answer.memory.fits is not False:
        return ""
    if answer.change is None:
        return "no change of the job; take a larger card, or more of them"
    return f"{answer.change.what}: {gib(answer.change.peak_bytes)}"


def by_size(answer: Estimate) -> list[tuple[str, str, str, str]]:
    """(size, how it fits, cards, cheapest to rent): the largest size that is too small, then those that hold it."""
    sizes: dict[tuple[int, bool], list[OnCard]] = {}
    for card in answer.cards:
        sizes.setdefault((round(card.memory_gib), card.fits), []).append(card)
    small = sorted((size for size, fits in sizes if not fits), reverse=True)[:1]
    enough = sorted(size for size, fits in sizes if fits)[:SHOWN]
    shown = [(size, False) for size in small] + [(size, True) for size in enough]
    return [_size(size, sizes[size, fits], answer) for size, fits in sorted(shown)]


def _size(size: int, cards: Sequence[OnCard], answer: Estimate) -> tuple[str, str, str, str]:
    spare = min(card.available_bytes for card in cards) - answer.memory.breakdown.peak
    fits = f"{gib(spare)} to spare" if cards[0].fits else f"{gib(-spare)} too much"
    rented = sorted((card for card in cards if _typical(card) is not None), key=lambda card: (_worth(card), card.name))
    named = list(dict.fromkeys([*(card.name for card in rented), *sorted(card.name for card in cards)]))
    more = len(named) - NAMED
    listed = ", ".join(map(safe, named[:NAMED])) + (f" and {more} more" if more > 0 else "")
    return f"{size} GiB", fits, listed, _rent(rented[0], answer.n_gpus) if rented and cards[0].fits else ""


def _rent(card: OnCard, n_gpus: int) -> str:
    each = " each" if n_gpus > 1 else ""
    cost = f"{dollars(card.cost_usd.expected)} a run" if card.cost_usd else f"{dollars(_typical(card) or 0)}/h{each}"
    return f"{safe(card.name)}: {cost}"


def _worth(card: OnCard) -> float:
    """What the run is expected to cost there; without known hours, what an hour does."""
    return card.cost_usd.expected if card.cost_usd else _typical(card) or 0.0


def _typical(card: OnCard) -> float | None:
    price = card.price
    return None if price is None else price.on_demand_typical or price.on_demand_low


def holding(answer: Estimate) -> str:
    """`97 of 186 known cards hold it, from 20 GiB on`; of several cards, so many of each."""
    fitting = [card for card in answer.cards if card.fits]
    if not fitting:
        return f"none of {plural(len(answer.cards), 'known card')} holds it" if answer.cards else ""
    least = min(card.memory_gib for card in fitting)
    each = f", {answer.n_gpus} of each," if answer.n_gpus > 1 else ","
    return f"{len(fitting):,} of {plural(len(answer.cards), 'known card')} hold it{each} from {least:g} GiB on"


def billed(answer: Tuning) -> str:
    """`1.5M (0.8M–3M)`: the tokens a vendor bills; '' where they are not known."""
    tokens = answer.tokens
    return f"{count(tokens.expected)} ({count(tokens.low)}–{count(tokens.high)})" if tokens else ""


def token_price(answer: Tuning, today: date | None) -> str:
    """`$25.00 per million tokens of training (list of 2026-03-26, 240 days old)`; '' where no price was found."""
    price, day = answer.api.train_usd_per_million_tokens, answer.api.price_as_of
    if price is None:
        return ""
    since = f"list of {day}{age(day, today)}" if day else "undated list"
    return f"{dollars(price)} per million tokens of training ({since})"


def speed(answer: Estimate) -> str:
    """`starts after 0.11 s (60 ms–0.39 s), then 52 tokens a second (29–69)`; '' where nothing is said."""
    found = answer.speed
    if found is None:
        return ""
    first = f"{span_of(found.first)} for {answer.seq_len:,} tokens" if found.first else ""
    if found.token is None:
        plain = f"; {duration(found.plain)} in plain PyTorch" if found.plain else ""
        return f"a pass takes {first}, {wait(found.first.expected)}{plain}" if found.first else ""
    rate = f"{two(1 / found.token.expected)} tokens a second ({two(1 / found.token.high)}–{two(1 / found.token.low)})"
    starts = f"starts after {first}, then " if first else ""
    return f"{starts}{rate}, {pace(found.token.expected)}"
