"""What every renderer says in the same words: the question, the fit, the score, what was ruled out. It never judges."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from llmpick.render.question import METHODS, answers
from llmpick.render.text import NONE, gib, gib_number, link, listed, percent, plural, safe
from llmpick.units import GIB, beyond
from llmpick.verdict import STEPS, placed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from llmpick.verdict import Memory, Ranking, Rating, RuledOut, Step, Verdict


def name(verdict: Verdict) -> str:
    """The model's id, safe to print."""
    return safe(verdict.model.id)


def rank(verdict: Verdict) -> str:
    """`1`, or `1=` for a tie."""
    return f"{verdict.rank}{'=' if verdict.tied else ''}"


def method(verdict: Verdict) -> str:
    """The training method as it is written in the field: `LoRA`."""
    return METHODS[verdict.method]


def score(verdict: Verdict) -> str:
    """`0.44 (up to 0.86)`, or `0.44` when nothing that is unknown could change it."""
    low, high = f"{verdict.score:.2f}", f"{verdict.score_high:.2f}"
    return low if low == high else f"{low} (up to {high})"


def worth(rating: Rating) -> str:
    """`0.62–0.86`, or `0.70` where it is known."""
    low, high = f"{rating.low:.2f}", f"{rating.high:.2f}"
    return low if low == high else f"{low}–{high}"


def fit(memory: Memory | None) -> str:
    """`9.8 of 22.5 GiB`, or `9.8 GiB` when no card was named; a dash for a vendor's API.

    What does not fit never reads as if it did: where both would read alike, the need is rounded up, the card down.
    """
    if memory is None:
        return NONE
    peak, available = memory.breakdown.peak, memory.available_bytes
    if available is None:
        return gib(peak)
    need, has = gib_number(peak), gib_number(available)
    if need == has and peak > available:
        need, has = beyond(peak / GIB, available / GIB, 1)
    return f"{need} of {has} GiB"


def parts(memory: Memory) -> tuple[tuple[str, int], ...]:
    """(part, bytes) of the peak, in the order of `Breakdown`."""
    return tuple((part, getattr(memory.breakdown, part)) for part in memory.breakdown.__dataclass_fields__)


def share(memory: Memory | None) -> float | None:
    """Peak as a share of what one GPU has; None when there is nothing to compare with."""
    return memory.breakdown.peak / memory.available_bytes if memory and memory.available_bytes else None


def unknown(verdict: Verdict, shown: int) -> str:
    """The first `shown` facts that keep a model undecided, and how many more there are."""
    more = len(verdict.missing) - shown
    rest = f", and {plural(more, 'more fact')} to verify" if more > 0 else ""
    return ("; ".join(verdict.missing[:shown]) or "its range is too wide") + rest


def verify(verdict: Verdict) -> tuple[str, ...]:
    """What is not known of a model and stands in none of its reasons."""
    return tuple(fact for fact in verdict.missing if fact not in (*verdict.because, *verdict.despite))


def needed(out: RuledOut) -> str:
    """What would lift a `no`, where its reason does not say so already; else ''."""
    remedy = safe(out.check.remedy)
    known = safe(out.check.because)
    said = re.search(r"\$[\d.,]+|[\d.]+ GiB", remedy) or re.match(r"\S+ \S+ \S+", remedy)
    return "" if said and said[0] in known else remedy


def label(source: str) -> str:
    """A Source as a reader names it: `arXiv 2412.13663`, `owner/name: path/to/file`; else as the catalog writes it."""
    plain = safe(source)
    if github := re.fullmatch(r"github:([^@]+)@\w+(?::(\S+))?", plain):
        return f"{github[1]}: {github[2]}" if github[2] else github[1]
    kinds = {"arxiv:": "arXiv ", "doi:": "DOI ", "https://": "", "pypi:": "Python package "}
    return next((said + plain.removeprefix(kind) for kind, said in kinds.items() if plain.startswith(kind)), plain)


def counts(ranking: Ranking) -> tuple[tuple[Step, int], ...]:
    """How many models each Step ruled out, in the order of the Steps, Steps without any left out."""
    steps = Counter(out.step for out in ranking.ruled_out)
    return tuple((step, steps[step]) for step in STEPS if step in steps)


def nearest(ranking: Ranking, each: int = 2) -> tuple[RuledOut, ...]:
    """Per Step the `each` models that came closest and could be helped; without any such, the closest three.

    Of those with the same reason only the first: what helps one helps the others.
    """
    close = by_distance(ranking)
    helped = [out for out in close if out.standing.helped]
    found = [out for step in STEPS for out in _distinct((out for out in helped if out.step == step), each)]
    return tuple(found or close[:3])


def _distinct(outs: Iterable[RuledOut], limit: int) -> list[RuledOut]:
    """The first `limit` with a reason of their own; no further reason is put into words."""
    told: dict[str, RuledOut] = {}
    for out in outs:
        told.setdefault(out.check.because, out)
        if len(told) == limit:
            break
    return list(told.values())


def by_distance(ranking: Ranking) -> list[RuledOut]:
    """All that was ruled out, what came closest first."""
    return sorted(ranking.ruled_out, key=_distance)


def _distance(out: RuledOut) -> tuple[bool, float, int, float, str]:
    """Least short first, then the furthest down the Steps, then the best score."""
    one = out.standing
    return (one.shortfall is None, one.shortfall or 0.0, -STEPS.index(out.step), -one.score, one.id)


def top(ranking: Ranking) -> tuple[Verdict, ...]:
    """The Verdicts to show: as many as the Profile asks for."""
    return tuple(ranking.recommended[: ranking.profile.top])


def sources(verdict: Verdict) -> tuple[str, ...]:
    """What a Verdict rests on, each Source once, in the order of the Steps, the license's last."""
    cited = [source for check in verdict.checks for source in check.sources]
    cited += [source for rating in verdict.ratings for source in rating.sources]
    return tuple(dict.fromkeys([*cited, *([verdict.license.source] if verdict.license.source else [])]))


def links(verdict: Verdict) -> list[str]:
    """Public pages of a Verdict's sources."""
    return list(dict.fromkeys(page for source in sources(verdict) if (page := link(source))))


def duties(ids: Iterable[str]) -> list[str]:
    """Duties of a license in words."""
    from llmpick.licensing.wording import duty_text

    return [duty_text(duty) for duty in ids]


def page(verdict: Verdict) -> str | None:
    """The model's page on the Hub; None for a vendor's API and for an id that cannot be one."""
    on_hub = verdict.method != "api" and re.fullmatch(r"[\w.-]+/[\w.-]+", verdict.model.id, re.ASCII)
    return f"https://huggingface.co/{verdict.model.id}" if on_hub else None


def firmness(ranking: Ranking) -> list[str]:
    """How firm the first place is: its lead, who could still overtake, what nobody knows. One sentence each."""
    if not ranking.recommended:
        return []
    first, *others = ranking.recommended[:2]
    said = [_lead(first, others[0])] if others else ["It is the only model that qualifies"]
    if ranking.first_share is not None:
        said.append(f"It stays first under {percent(ranking.first_share)} of all weightings of the criteria")
    higher = [one for one in placed(ranking.recommended)[1:] if one.score_high > first.score]
    rivals = [f"{safe(one.id)} (up to {one.score_high:.2f})" for one in higher]
    if rivals:
        more = f" and {len(rivals) - 4} more" if len(rivals) > 4 else ""
        said.append(f"Facts that nobody knows yet could still put others first: {', '.join(rivals[:4])}{more}")
    else:
        said.append("No other ranked model could reach its score, whatever the unknown facts turn out to be")
    said += [f"Not known about {name(first)}: {safe(fact)}" for fact in first.missing]
    guessed = [answer.label for answer in answers(ranking.profile) if answer.assumed]
    if guessed:
        said.append(f"It rests on assumptions about {listed(guessed)}")
    return said


def _lead(first: Verdict, second: Verdict) -> str:
    gap = f"{name(first)} scores {first.score:.2f}, {name(second)} {second.score:.2f}"
    return f"{gap}: too close to tell apart" if first.tied else gap
