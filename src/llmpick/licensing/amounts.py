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


def together(own: float | None, others: float | None) -> float | None:
    """Own and others' figure added up; None when neither is stated."""
    return None if own is None and others is None else (own or 0.0) + (others or 0.0)


def figures(above: Above, situation: Situation) -> dict[str, float | None]:
    """What the situation says about each amount a term may limit, of those whom it counts, at the time it counts.

    Who is active on a day is active in that month; a year earns at least what one of its months does, and one of its
    months at least a twelfth of the year.
    """
    s = situation
    users = at_least(s.monthly_active_users, s.daily_active_users)
    yearly = at_least(s.annual_revenue_usd, s.monthly_revenue_usd)
    monthly = at_least(s.monthly_revenue_usd, a_month(s.annual_revenue_usd))
    if "affiliates" in above.whose:
        users = together(users, s.affiliates_monthly_active_users)
        yearly = together(yearly, s.affiliates_annual_revenue_usd)
    if "employer" in above.whose:
        monthly = at_least(monthly, s.employer_monthly_revenue_usd, a_month(s.employer_annual_revenue_usd))
    if above.measured == "at-release" and s.monthly_active_users_at_release is not None:
        users = s.monthly_active_users_at_release
    return {
        "monthly_users": users,
        "daily_users": s.daily_active_users,
        "annual_revenue": yearly,
        "monthly_revenue": monthly,
        "monthly_output_tokens": s.monthly_output_tokens,
    }


def a_month(yearly: float | None) -> float | None:
    """What some month of a year earns at least."""
    return None if yearly is None else yearly / MONTHS


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
