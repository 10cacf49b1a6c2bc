"""A model tuned through a vendor's API, put through the same five steps: no card to fit, but prices and dates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick.catalog.shelf import facts_in
from llmpick.record import NamedTuple
from llmpick.sizing.cost import vendor_dollars
from llmpick.steps import community, domain, license, resources, task
from llmpick.steps.asked import Weighed
from llmpick.verdict import Check, Finding, StepVerdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from llmpick.catalog.facts import Facts
    from llmpick.profile import Profile
    from llmpick.schema import ApiModel, Model
    from llmpick.steps.asked import Asked, Range
    from llmpick.verdict import LicenseVerdict, Span

HEADROOM = 1.0, 1.0
"""What the vendor's machines leave of it."""


class Offer(NamedTuple):
    """A model that a vendor tunes, and what is known of the open weights it is made of."""

    api: ApiModel
    base: Facts | None
    """None = it is none, or they are not in the catalog."""


def offers(asked: Asked) -> list[Offer]:
    """All that vendors tune."""
    apis = asked.catalog.apis
    wanted = {api.base for api in apis}
    bases = {facts.id: facts for facts in facts_in(asked.catalog.models) if facts.id in wanted}
    return [Offer(api, bases.get(api.base or "")) for api in apis]


def judge(api: ApiModel, asked: Asked) -> tuple[tuple[StepVerdict, ...], LicenseVerdict, Span | None]:
    """All five Steps, the verdict on the vendor's terms, and the dollars of one run."""
    base = asked.model(api.base) if api.base else None
    cost = price(api, asked.profile)
    licensed, verdict = license.judge(api, asked)
    steps = (
        judge_task(api, base, asked),
        judge_resources(api, base, cost, asked),
        judge_domain(base, asked),
        licensed,
        judge_community(api, base, asked),
    )
    return steps, verdict, cost


def weigh(offer: Offer, asked: Asked) -> tuple[Weighed, ...]:
    """The same in numbers, Step by Step."""
    api, base, profile = offer.api, offer.base, asked.profile
    key = ("offer", base and base.id)
    if key not in asked.memo:
        asked.memo[key] = _weigh_base(base, asked)
    rated, resourced, domained, licensed, known = asked.memo[key]
    fit = (find_purpose(api, asked), *find_examples(api, profile))
    return (
        checked(Weighed() if refused(fit) else rated, fit, asked),
        checked(resourced, (*find_privacy(profile), *_find_budget(api, profile)), asked),
        domained,
        licensed,
        checked(known, (find_availability(api),), asked),
    )


def _weigh_base(base: Facts | None, asked: Asked) -> tuple[Weighed, ...]:
    """What holds for all offers of the same open weights: the Ratings of each Step."""
    ranges = [("economy", resources.economy(base.active, asked) if base else asked.unknown_range("economy"))]
    if "headroom" in asked.weights:
        ranges.append(("headroom", HEADROOM))
    if "method" in asked.weights:
        ranges.append(("method", method(asked)))
    return (
        task.adds(base, asked)
        if base
        else asked.adding(("quality", asked.unknown_range("quality")), ("fit", task.fit(None, "", asked))),
        asked.adding(*ranges),
        domain.weigh(base, asked)
        if base
        else asked.adding(("domain", unread(asked)), ("language", asked.unknown_range("language"))),
        license.weighed(license.decide_vendor(asked.profile), asked),
        community.weigh(base, asked)
        if base
        else asked.adding(*((name, asked.unknown_range(name)) for name in ("popularity", "tooling"))),
    )


def checked(known: Weighed, findings: Sequence[Finding], asked: Asked) -> Weighed:
    """What a Step's Ratings add, and what its Checks find."""
    if all(one.outcome == "ok" for one in findings):
        return known
    return asked.weighed_by(findings)._replace(low=known.low, high=known.high)


def refused(findings: Iterable[Finding]) -> bool:
    """Whether one of them says no."""
    return any(one.outcome == "no" for one in findings)


def price(api: ApiModel, profile: Profile) -> Span | None:
    """The dollars of one run."""
    return vendor_dollars(api, profile.examples, profile.seq_len, profile.epochs)


def judge_task(api: ApiModel, base: Model | None, asked: Asked) -> StepVerdict:
    """Checks `purpose` and `examples`; rates `quality` and `fit` as of the open base; unknown without one."""
    asks = asked.task.id
    purpose, examples = find_purpose(api, asked), find_examples(api, asked.profile)
    because = (
        f"the vendor tunes it for {asks}" if purpose.outcome == "ok" else f"the vendor does not tune it for {asks}"
    )
    checks = (purpose.said(because), *(one.said(_outside(api, asked.profile)) for one in examples))
    if refused((purpose, *examples)):
        return StepVerdict(step="task", checks=checks)
    rating = task.rate_quality(base, asked) if base else asked.unknown("quality", "no published result, no open base")
    return StepVerdict(step="task", checks=checks, ratings=(rating, task.rate_fit(base, asked)))


def find_purpose(api: ApiModel, asked: Asked) -> Finding:
    """Constraint: the vendor tunes it for the task."""
    return Finding("purpose", "ok" if asked.task.id in api.tasks else "no")


def find_examples(api: ApiModel, profile: Profile) -> tuple[Finding, ...]:
    """Constraint: it takes that many examples; nothing is found where it does, or their number is not known."""
    have, least, most = profile.examples, api.min_examples, api.max_examples
    if have is None:
        return ()
    if least is not None and have < least:
        return (Finding("examples", "no", 1 - have / least),)
    if most is not None and have > most:
        return (Finding("examples", "no", 1 - most / have),)
    return ()


def _outside(api: ApiModel, profile: Profile) -> str:
    have, least = profile.examples or 0, api.min_examples
    limit = f"at least {least:,}" if least is not None and have < least else f"at most {api.max_examples:,}"
    return f"takes {limit} examples, there are {have:,}"


def judge_resources(api: ApiModel, base: Model | None, cost: Span | None, asked: Asked) -> StepVerdict:
    """Checks `privacy`, `residency` and `budget`; the vendor's machines leave headroom and choose the method."""
    private = [one.said("the text would leave your machines") for one in find_privacy(asked.profile)]
    checks = [*private, *_residency(api), *_budget(api, cost, asked.profile)]
    ratings = [
        resources.rate_economy(base.parameters.active, asked)
        if base
        else asked.unknown("economy", "its size is not published")
    ]
    if "headroom" in asked.weights:
        ratings.append(asked.rating("headroom", *HEADROOM, f"{api.vendor} brings the machines"))
    if "method" in asked.weights:
        ratings.append(asked.rating("method", *method(asked), f"{api.vendor} chooses the method"))
    return StepVerdict(step="resources", checks=tuple(checks), ratings=tuple(ratings))


def method(asked: Asked) -> Range:
    """Criterion: what the vendor's choice of a method is worth."""
    worth = asked.constants["method-lora"]
    return worth, worth


def find_privacy(profile: Profile) -> tuple[Finding, ...]:
    """Constraint: the text stays on the user's machines, where that is asked."""
    return (Finding("privacy", "no", remedy="--no-privacy"),) if profile.privacy else ()


def _residency(api: ApiModel) -> list[Check]:
    """Where the text is kept and for how long, in the catalog's words; nothing where that is not on record."""
    if api.data_terms is None:
        return []
    cited = tuple(source.url for source in api.sources)
    return [
        Check(name="residency", outcome="ok", because=f"your data: {' '.join(api.data_terms.split())}", sources=cited)
    ]


def charged(api: ApiModel, cost: Span | None, budget: float) -> float | None:
    """Dollars to hold against the budget: those expected, else the least that a job costs where that is too much."""
    least = api.min_usd_per_job or 0.0
    return cost.expected if cost else least if least > budget else None


def _budget(api: ApiModel, cost: Span | None, profile: Profile) -> list[Check]:
    if profile.budget is None:
        return []
    asks = charged(api, cost, profile.budget)
    if asks is None:
        return [Check(name="budget", outcome="unknown", because="its price or the number of examples is not known")]
    return [resources.within(asks, profile.budget)]


def _find_budget(api: ApiModel, profile: Profile) -> tuple[Finding, ...]:
    if profile.budget is None:
        return ()
    asks = charged(api, price(api, profile), profile.budget)
    if asks is None:
        return (Finding("budget", "unknown"),)
    short = resources.above(asks, profile.budget)
    return (Finding("budget", "ok" if short is None else "no", short),)


def judge_domain(base: Model | None, asked: Asked) -> StepVerdict:
    """What the open base has read; a vendor's own model is taken to know the languages asked for, unverified."""
    if base:
        return domain.judge(base, asked)
    said = "what it read is not published"
    ratings = (
        asked.rating("domain", *unread(asked), said),
        asked.unknown("language", "its languages are not published"),
    )
    return StepVerdict(step="domain", ratings=ratings)


def unread(asked: Asked) -> Range:
    """What the domain may be worth of a model of which nobody knows what it read."""
    return domain.domain_worth((), "", asked)


def judge_community(api: ApiModel, base: Model | None, asked: Asked) -> StepVerdict:
    """Check `availability`: a vendor that has closed is no choice, one that is closing must be said."""
    when = f" on {api.shutdown}" if api.shutdown else ""
    said = {
        "open": f"{api.vendor} takes new jobs",
        "closing": f"{api.vendor} is closing it{when}",
        "closed": f"{api.vendor} closed it{when}",
    }[api.status]
    note = f": {api.status_note}" if api.status_note and api.status != "open" else ""
    check = find_availability(api).said(said + note, tuple(source.url for source in api.sources))
    ratings = (
        (community.rate_popularity(base, asked), community.rate_tooling(base, asked))
        if base
        else (asked.unknown("popularity", "no public count"), asked.unknown("tooling", "only the vendor's own"))
    )
    return StepVerdict(step="community", checks=(check,), ratings=ratings)


def find_availability(api: ApiModel) -> Finding:
    """Constraint: the vendor takes new jobs, and will go on doing so."""
    return Finding("availability", "ok" if api.status == "open" else "no")
