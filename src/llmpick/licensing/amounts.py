"""Users, revenue and tokens: what a situation says about them, which limits it exceeds, and how they read."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from llmpick.licensing.schema import Above
    from llmpick.licensing.situation import Situation

MONTHS = 12
NOUNS = {
    "monthly_users": "monthly users",
    "daily_users": "daily users",
    "annual_revenue": "revenue a year",
    "monthly_revenue": "revenue a month",
    "monthly_output_tokens": "output tokens a month",
}
SCALES = ((1e9, " billion"), (1e6, " million"), (1e3, " thousand"))


def at_least(*stated: float | None) -> float | None:
    """The largest of the lower bounds that are stated; None when none is."""
    known = [value for value in stated if value is not None]
    return max(known) if known else None


def figures(above: Above, situation: Situation) -> dict[str, float | None]:
    """What the situation says about each amount a term may limit, at the time the term measures it.

    Who is active on a day is active in that month; a year earns at least what one of its months does, and one of its
    months at least a twelfth of the year.
    """
    s = situation
    users = at_least(s.monthly_active_users, s.daily_active_users)
    if above.measured == "at-release" and s.monthly_active_users_at_release is not None:
        users = s.monthly_active_users_at_release
    return {
        "monthly_users": users,
        "daily_users": s.daily_active_users,
        "annual_revenue": at_least(s.annual_revenue_usd, s.monthly_revenue_usd),
        "monthly_revenue": at_least(s.monthly_revenue_usd, s.annual_revenue_usd and s.annual_revenue_usd / MONTHS),
        "monthly_output_tokens": s.monthly_output_tokens,
    }


def limits(above: Above) -> dict[str, float]:
    """The amounts that the term limits."""
    every = {name: getattr(above, name) for name in NOUNS}
    return {name: limit for name, limit in every.items() if limit is not None}


def exceeded(above: Above, situation: Situation) -> tuple[tuple[str, float, float], ...]:
    """(amount, figure, limit) of each limit that is exceeded; reaching it is not exceeding it."""
    stated = figures(above, situation)
    pairs = ((name, stated[name], limit) for name, limit in limits(above).items())
    return tuple((name, figure, limit) for name, figure, limit in pairs if figure is not None and figure > limit)


def short(value: float) -> str:
    """700000000 -> '700 million'."""
    for scale, word in SCALES:
        if value >= scale:
            return f"{value / scale:.4g}{word}"
    return f"{value:g}"


def counted(name: str, value: float) -> str:
    """'700 million monthly users', '$20 million revenue a month'."""
    return f"{'$' if 'revenue' in name else ''}{short(value)} {NOUNS[name]}"
