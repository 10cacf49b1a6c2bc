"""What every renderer says in the same words: the question, the fit, the score, what was ruled out. It never judges."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any

from llmpick.record import record
from llmpick.render.text import NONE, dollars, gib, gib_number, link, listed, safe
from llmpick.units import GpuSetup
from llmpick.verdict import STEPS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from llmpick.profile import Profile
    from llmpick.verdict import Memory, Method, Ranking, RuledOut, Step, Verdict

METHODS: dict[Method, str] = {
    "full": "full",
    "lora": "LoRA",
    "qlora": "QLoRA",
    "api": "API",
    "inference": "inference",
}


_NEGATIVE = {"--commercial": "--non-commercial"}
_TOP = 5


@record
class Answer:
    """One field of the Profile in words."""

    field: str
    flag: str
    label: str
    value: str
    assumed: bool


def _gpu(gpu: GpuSetup) -> str:
    return str(gpu) if gpu.count == 0 else f"{gpu} ({gib(gpu.usable_bytes)} usable{' each' if gpu.count > 1 else ''})"


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _pairs(pairs: tuple[tuple[str, float], ...]) -> str:
    return ", ".join(f"{criterion}={ratio:g}" for criterion, ratio in pairs)


_FIELDS: tuple[tuple[str, str, str, Callable[..., str]], ...] = (
    ("task", "--task", "task", str),
    ("gpu", "--gpu", "GPU", _gpu),
    ("domain", "--domain", "domain", str),
    ("languages", "--language", "languages", ", ".join),
    ("commercial", "--commercial", "commercial use", _yes),
    ("monthly_users", "--monthly-users", "monthly users", "{:,}".format),
    ("annual_revenue", "--annual-revenue", "annual revenue", dollars),
    ("region", "--region", "region", str),
    ("license", "--license", "licenses accepted", ", ".join),
    ("examples", "--examples", "training examples", "{:,}".format),
    ("seq_len", "--seq-len", "sequence length", "{:,} tokens".format),
    ("batch_size", "--batch-size", "batch size", "{} per GPU".format),
    ("epochs", "--epochs", "epochs", "{:g}".format),
    ("method", "--method", "method", lambda method: METHODS.get(method) or "auto"),
    ("budget", "--budget", "budget", dollars),
    ("serve_gpu", "--serve-gpu", "served on", _gpu),
    ("latency", "--latency", "latency", "{:g} ms".format),
    ("weights", "--weights", "weights", {"any": "open or vendor API", "open": "open", "api": "vendor API"}.__getitem__),
    ("priority", "--priority", "priority", " > ".join),
    ("weight", "--weight", "weight ratios", _pairs),
    ("stage", "--stage", "stage", str),
    ("facts_change", "--facts-change", "facts change", str),
    ("style_matters", "--style-matters", "style matters", _yes),
    ("privacy", "--privacy", "text stays on own machines", _yes),
    ("expertise", "--expertise", "experience", str),
    ("classes", "--classes", "classes", "{:,}".format),
    ("feedback", "--feedback", "feedback", str),
    ("unlabeled", "--unlabeled", "much unlabeled text", _yes),
)


def answers(profile: Profile) -> tuple[Answer, ...]:
    """The Profile in words, in the order of the decision; fields without a value are left out."""
    found = []
    for field, flag, label, words in _FIELDS:
        value = getattr(profile, field)
        if value is not None and value != ():
            assumed = field in profile.assumed
            found.append(Answer(field=field, flag=flag, label=label, value=safe(words(value)), assumed=assumed))
    return tuple(found)


def arguments(profile: Profile) -> list[str]:
    """The flags that ask the same question again: what was given, nothing that was assumed."""
    words = []
    for field, flag, _label, _words in _FIELDS:
        value = getattr(profile, field)
        if field not in profile.assumed and value is not None and value != ():
            words += _argument(flag, value)
    return words + (["--top", str(profile.top)] if profile.top != _TOP else [])


def _argument(flag: str, value: Any) -> list[str]:
    if isinstance(value, bool):
        return [flag if value else _NEGATIVE.get(flag, flag.replace("--", "--no-", 1))]
    if flag == "--weight":
        return [word for criterion, ratio in value for word in (flag, f"{criterion}={ratio:g}")]
    if isinstance(value, GpuSetup):
        return [flag, value.text or str(value)]
    return [
        flag,
        ",".join(value) if isinstance(value, tuple) else f"{value:.12g}" if isinstance(value, float) else str(value),
    ]


def command(profile: Profile, name: str = "recommend") -> str:
    """The shell line that asks the same question: `llmpick recommend --task classification --gpu 24GB`."""
    return shlex.join(["llmpick", *name.split(), *map(safe, arguments(profile))])


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


def fit(memory: Memory | None) -> str:
    """`9.8 of 22.5 GiB`, or `9.8 GiB` when no card was named; a dash for a vendor's API."""
    if memory is None:
        return NONE
    peak = memory.breakdown.peak
    if memory.available_bytes is None:
        return gib(peak)
    return f"{gib_number(peak)} of {gib_number(memory.available_bytes)} GiB"


def parts(memory: Memory) -> tuple[tuple[str, int], ...]:
    """(part, bytes) of the peak, in the order of `Breakdown`."""
    return tuple((part, getattr(memory.breakdown, part)) for part in memory.breakdown.__dataclass_fields__)


def share(memory: Memory | None) -> float | None:
    """Peak as a share of what one GPU has; None when there is nothing to compare with."""
    return memory.breakdown.peak / memory.available_bytes if memory and memory.available_bytes else None


def counts(ranking: Ranking) -> tuple[tuple[Step, int], ...]:
    """How many models each Step ruled out, in the order of the Steps, Steps without any left out."""
    steps = [out.step for out in ranking.ruled_out]
    return tuple((step, steps.count(step)) for step in STEPS if step in steps)


def nearest(ranking: Ranking, each: int = 2) -> tuple[RuledOut, ...]:
    """Per Step the `each` models that came closest and could be helped; without any such, the closest three."""
    close = by_distance(ranking)
    helped = [out for out in close if out.check.remedy or out.check.shortfall is not None]
    found = [out for step in STEPS for out in [out for out in helped if out.step == step][:each]]
    return tuple(found or close[:3])


def by_distance(ranking: Ranking) -> list[RuledOut]:
    """All that was ruled out, what came closest first."""
    return sorted(ranking.ruled_out, key=_distance)


def _distance(out: RuledOut) -> tuple[bool, float, int, float, str]:
    """Least short first, then the furthest down the Steps, then the best score."""
    short = out.check.shortfall
    return (short is None, short or 0.0, -STEPS.index(out.step), -out.verdict.score, out.verdict.model.id)


def top(ranking: Ranking, limit: int | None = None) -> tuple[Verdict, ...]:
    """The Verdicts to show: the first `limit`, or as many as the Profile asks for."""
    return ranking.recommended[: ranking.profile.top if limit is None else limit]


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
    first, *others = ranking.recommended
    said = [_lead(first, others[0])] if others else ["It is the only model that qualifies"]
    rivals = [f"{name(other)} (up to {other.score_high:.2f})" for other in others if other.score_high > first.score]
    if rivals:
        more = f" and {len(rivals) - 4} more" if len(rivals) > 4 else ""
        said.append(f"Facts that nobody knows yet could still put others first: {', '.join(rivals[:4])}{more}")
    else:
        said.append("No other model could reach its score, whatever the unknown facts turn out to be")
    said += [f"Not known about {name(first)}: {safe(fact)}" for fact in first.missing]
    guessed = [answer.label for answer in answers(ranking.profile) if answer.assumed]
    if guessed:
        said.append(f"It rests on assumptions about {listed(guessed)}")
    return said


def _lead(first: Verdict, second: Verdict) -> str:
    gap = f"{name(first)} scores {first.score:.2f}, {name(second)} {second.score:.2f}"
    return f"{gap}: too close to tell apart" if first.tied and second.tied else gap
