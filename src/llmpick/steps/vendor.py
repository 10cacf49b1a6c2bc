"""A model tuned through a vendor's API, put through the same five steps: no card to fit, but prices and dates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick.sizing.cost import vendor_dollars
from llmpick.steps import community, domain, license, resources, task
from llmpick.verdict import Check, StepVerdict

if TYPE_CHECKING:
    from llmpick.profile import Profile
    from llmpick.schema import ApiModel, Model
    from llmpick.steps.asked import Asked
    from llmpick.verdict import LicenseVerdict, Span


def considered(profile: Profile) -> bool:
    """Whether vendors are asked at all: not when only open weights are, nor by default when a card was named."""
    if profile.weights == "any" and "weights" in profile.assumed:
        return profile.gpu is None and not profile.privacy
    return profile.weights != "open"


def judge(api: ApiModel, asked: Asked) -> tuple[tuple[StepVerdict, ...], LicenseVerdict, Span | None]:
    """All five Steps, the verdict on the vendor's terms, and the dollars of one run."""
    base = asked.model(api.base) if api.base else None
    cost = vendor_dollars(api, asked.profile.examples, asked.profile.seq_len, asked.profile.epochs)
    licensed, verdict = license.judge(api, asked)
    steps = (
        judge_task(api, base, asked),
        judge_resources(api, base, cost, asked),
        judge_domain(base, asked),
        licensed,
        judge_community(api, base, asked),
    )
    return steps, verdict, cost


def judge_task(api: ApiModel, base: Model | None, asked: Asked) -> StepVerdict:
    """Checks `purpose` and `examples`; rates `quality` and `fit` as of the open base; unknown without one."""
    asks = asked.task.id
    fit = asks in api.tasks
    because = f"the vendor tunes it for {asks}" if fit else f"the vendor does not tune it for {asks}"
    checks = [Check(name="purpose", outcome="ok" if fit else "no", because=because)]
    checks += _examples(api, asked.profile)
    if any(check.outcome == "no" for check in checks):
        return StepVerdict(step="task", checks=tuple(checks))
    rating = task.rate_quality(base, asked) if base else asked.unknown("quality", "no published result, no open base")
    return StepVerdict(step="task", checks=tuple(checks), ratings=(rating, task.rate_fit(base, asked)))


def _examples(api: ApiModel, profile: Profile) -> list[Check]:
    have, least, most = profile.examples, api.min_examples, api.max_examples
    if have is None:
        return []
    if least is not None and have < least:
        return [_outside(f"takes at least {least:,} examples, there are {have:,}", 1 - have / least)]
    if most is not None and have > most:
        return [_outside(f"takes at most {most:,} examples, there are {have:,}", 1 - most / have)]
    return []


def _outside(because: str, shortfall: float) -> Check:
    return Check(name="examples", outcome="no", because=because, shortfall=shortfall)


def judge_resources(api: ApiModel, base: Model | None, cost: Span | None, asked: Asked) -> StepVerdict:
    """Checks `privacy`, `residency` and `budget`; the vendor's machines leave headroom and choose the method."""
    checks = [*_privacy(asked.profile), *_residency(api), *_budget(api, cost, asked.profile)]
    ratings = [
        resources.rate_economy(base.parameters.active, asked)
        if base
        else asked.unknown("economy", "its size is not published")
    ]
    if asked.profile.gpu and asked.profile.gpu.count:
        ratings.append(asked.rating("headroom", 1.0, 1.0, f"{api.vendor} brings the machines"))
        worth = asked.policy.constant("method-lora")
        ratings.append(asked.rating("method", worth, worth, f"{api.vendor} chooses the method"))
    return StepVerdict(step="resources", checks=tuple(checks), ratings=tuple(ratings))


def _privacy(profile: Profile) -> list[Check]:
    if not profile.privacy:
        return []
    because = "the text would leave your machines"
    return [Check(name="privacy", outcome="no", because=because, remedy="--no-privacy")]


def _residency(api: ApiModel) -> list[Check]:
    """Where the text is kept and for how long, in the catalog's words; nothing where that is not on record."""
    if api.data_terms is None:
        return []
    cited = tuple(source.url for source in api.sources)
    return [
        Check(name="residency", outcome="ok", because=f"your data: {' '.join(api.data_terms.split())}", sources=cited)
    ]


def _budget(api: ApiModel, cost: Span | None, profile: Profile) -> list[Check]:
    if profile.budget is None:
        return []
    least = api.min_usd_per_job or 0.0
    if cost is None and least > profile.budget:
        return [resources.within(least, profile.budget)]
    if cost is None:
        return [Check(name="budget", outcome="unknown", because="its price or the number of examples is not known")]
    return [resources.within(cost.expected, profile.budget)]


def judge_domain(base: Model | None, asked: Asked) -> StepVerdict:
    """What the open base has read; a vendor's own model is taken to know the languages asked for, unverified."""
    if base:
        return domain.judge(base, asked)
    said = "what it read is not published"
    worth = asked.policy.constant(domain.least(asked))
    ratings = (asked.rating("domain", worth, 1.0, said), asked.unknown("language", "its languages are not published"))
    return StepVerdict(step="domain", ratings=ratings)


def judge_community(api: ApiModel, base: Model | None, asked: Asked) -> StepVerdict:
    """Check `availability`: a vendor that has closed is no choice, one that is closing must be said."""
    when = f" on {api.shutdown}" if api.shutdown else ""
    said = {
        "open": f"{api.vendor} takes new jobs",
        "closing": f"{api.vendor} is closing it{when}",
        "closed": f"{api.vendor} closed it{when}",
    }[api.status]
    note = f": {api.status_note}" if api.status_note and api.status != "open" else ""
    check = Check(
        name="availability",
        outcome="no" if api.status != "open" else "ok",
        because=said + note,
        sources=tuple(source.url for source in api.sources),
    )
    ratings = (
        (community.rate_popularity(base, asked), community.rate_tooling(base, asked))
        if base
        else (asked.unknown("popularity", "no public count"), asked.unknown("tooling", "only the vendor's own"))
    )
    return StepVerdict(step="community", checks=(check,), ratings=ratings)
