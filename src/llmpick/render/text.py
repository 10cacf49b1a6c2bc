"""Amounts and foreign strings as people read them: the one place where text from data becomes safe to print."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from llmpick.units import GIB, MIB

if TYPE_CHECKING:
    from datetime import date

    from llmpick.verdict import Span

NONE = "–"
"""Stands where nothing sound can be said."""

_GITHUB = r"github:([\w.-]+/[\w.-]+)@(\w+)(?::(\S+))?"
_URL_CHARACTERS = "%/:=&?~#+!$,;'@()*[]-._"


def safe(text: object) -> str:
    """`text` on one line without control, bidirectional or invisible characters; white space becomes a space.

    An escape sequence loses its escape character and stays visible as text.
    """
    plain = str(text)
    if plain.isprintable():
        return plain
    return "".join(c if c.isprintable() else " " if c.isspace() else "" for c in plain).strip()


def gib(size: float) -> str:
    """Bytes as `9.8 GiB`, small ones as `310 MiB`."""
    if 0 < size < GIB / 10:
        return f"{max(1, round(size / MIB))} MiB"
    return f"{gib_number(size)} GiB"


def gib_number(size: float) -> str:
    """Bytes in GiB without the unit: `9.8`, `141`."""
    number = size / GIB
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:.1f}"


def count(number: float) -> str:
    """A count of parameters or tokens: `149M`, `7.6B`, `12K`."""
    for unit, name in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "K")):
        if number >= unit * 0.9995:
            scaled = number / unit
            return f"{scaled:.0f}{name}" if scaled >= 99.95 else f"{scaled:.1f}".removesuffix(".0") + name
    return f"{number:g}"


def percent(share: float) -> str:
    """A share in [0, 1] as `13 %`."""
    return f"{100 * share:.0f} %" if share == 0 or abs(share) >= 0.01 else "under 1 %"


def hours(time: float) -> str:
    """Hours as `25 min`, `3.2 h`, `140 h`."""
    number, unit = _time(time)
    return f"{number} {unit}"


def _time(time: float) -> tuple[str, str]:
    if time < 0.995:
        minutes = round(60 * time)
        return (str(minutes), "min") if minutes else ("under 1", "min")
    return (f"{time:.1f}" if time < 99.5 else f"{time:,.0f}"), "h"


def hours_range(span: Span) -> str:
    """Low to high: `12–31 min`, `0.8–3.2 h`, `up to 3 min`."""
    (low, unit), (high, high_unit) = _time(span.low), _time(span.high)
    if (low, unit) == (high, high_unit):
        return f"{low} {unit}"
    if low.startswith("under"):
        return f"up to {high} {high_unit}"
    return f"{low}–{high} {unit}" if unit == high_unit else f"{low} {unit}–{high} {high_unit}"


def dollars(amount: float) -> str:
    """US dollars as `$0.31`, `$12.40`, `$1,240`."""
    if 0 < amount < 0.005:
        return "under $0.01"
    return f"${amount:,.2f}" if amount < 100 else f"${amount:,.0f}"


def dollars_range(span: Span) -> str:
    """Low to high: `$0.20–0.55`, `up to $0.01`."""
    low, high = dollars(span.low), dollars(span.high)
    if low == high:
        return low
    return f"up to {high}" if low.startswith("under") else f"{low}–{high.removeprefix('$')}"


def plural(number: int, noun: str, many: str = "") -> str:
    """`1 model`, `2 models`, `1,204 models`."""
    return f"{number:,} {noun if number == 1 else many or noun + 's'}"


def listed(words: list[str] | tuple[str, ...]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def age(day: str, today: date | None) -> str:
    """`, 94 days old`: how long before `today` an ISO date lies; '' when either is not a date."""
    from datetime import date

    try:
        days = (today - date.fromisoformat(day)).days if today else 0
    except ValueError:
        return ""
    return f", {plural(days, 'day')} old" if days > 0 else ""


def stop(text: str) -> str:
    """`text` with a full stop."""
    plain = safe(text)
    return plain if not plain or plain.endswith((".", "!", "?", ":")) else plain + "."


def sentence(text: str) -> str:
    """`text` with a capital first letter and a full stop."""
    plain = stop(text)
    first = plain.split(maxsplit=1)[0] if plain else ""
    # A word with a capital, digit or slash inside, or before a colon, is a name (`mT5`, `org/model`, `mit:`).
    return plain[0].upper() + plain[1:] if first.rstrip(",.;").isalpha() and first.islower() else plain


def link(source: str) -> str | None:
    """The public https page of a Source's url; None when it has none (then it is shown as text, never linked)."""
    from urllib.parse import quote

    plain = safe(source)
    if github := re.fullmatch(_GITHUB, plain):
        repository, commit, path = github.groups()
        return quote(
            f"https://github.com/{repository}/{'blob' if path else 'tree'}/{commit}/{path or ''}", safe=_URL_CHARACTERS
        ).rstrip("/")
    for prefix, page in (("arxiv:", "https://arxiv.org/abs/"), ("doi:", "https://doi.org/"), ("https://", "https://")):
        if plain.startswith(prefix):
            return quote(page + plain.removeprefix(prefix), safe=_URL_CHARACTERS)
    return None
