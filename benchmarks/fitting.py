"""What `latency.py` and `throughput.py` share: fit shares to published speeds, and say how far off the rows are."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import figures

STEPS = (1.6, 1.25, 1.1, 1.04, 1.015)
"""Factors by which the descent tries a share, one after another: the last is finer than any share is published."""
Row = TypeVar("Row")
Shares = tuple[float, ...]
COLUMNS = {
    "rows": ",d",
    "median factor": ".2f",
    "within 1.35": ".0%",
    "within 2": ".0%",
    "in the range": ".0%",
    "bias factor": ".2f",
}


def fit(
    rows: Sequence[Row],
    start: Shares,
    off: Callable[[Row, Shares], float],
    group: Callable[[Row], str],
    possible: Callable[[Shares], bool] = lambda _: True,
) -> Shares:
    """Shares with the least absolute log error by coordinate descent from `start`, each group weighing nearly alike.

    `off`: log of the estimated over the measured seconds; beyond a factor of e a row counts no more.
    """
    sizes = Counter(map(group, rows))

    def loss(shares: Shares) -> float:
        return sum(min(abs(off(row, shares)), 1.0) / sizes[group(row)] ** 0.7 for row in rows)

    shares, best = start, loss(start)
    for step in STEPS:
        moved = True
        while moved:
            moved = False
            for place in range(len(shares)):
                for factor in (step, 1 / step):
                    tried = (*shares[:place], shares[place] * factor, *shares[place + 1 :])
                    if possible(tried) and (now := loss(tried)) < best - 1e-9:
                        shares, best, moved = tried, now, True
    return shares


def report(benchmark: str, title: str, groups: Mapping[str, Sequence[tuple[float, bool]]]) -> None:
    """Print and keep one row a group, `all` last; a group holds each row's `off` and whether its range holds."""
    print(f"\n{title}\n{'':28} {'rows':>5} {'median':>8} {'<= 1.35':>8} {'<= 2':>6} {'in range':>9} {'bias':>6}")
    kept: dict[str, list[Any]] = {}
    for name in sorted(groups, key=lambda name: (name.startswith("all"), name)):
        found = groups[name]
        ratios = [math.exp(abs(off)) for off, _ in found]
        median = statistics.median(ratios)
        near, double = (sum(ratio <= most for ratio in ratios) / len(ratios) for most in (1.35, 2))
        held = sum(inside for _, inside in found) / len(found)
        bias = math.exp(statistics.median(off for off, _ in found))
        kept[name] = [len(found), median, near, double, held, bias]
        print(f"{name:28} {len(found):5} {median:8.2f} {near:8.0%} {double:6.0%} {held:9.0%} {bias:6.2f}")
    figures.save(benchmark, title, COLUMNS, kept)
