"""Asked: a Profile with everything worked out from it that is the same for every Candidate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmpick import policy as policies
from llmpick import quality
from llmpick.catalog.shelf import finder, lasting_in, store_in
from llmpick.profile import Vocabulary
from llmpick.record import NamedTuple, record
from llmpick.sizing.estimate import Run
from llmpick.verdict import Rating

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from llmpick.catalog import Catalog
    from llmpick.policy import Policy
    from llmpick.profile import Profile
    from llmpick.quality import Own
    from llmpick.schema import Domain, Gpu, Model, Price, Task
    from llmpick.sizing.size import Store
    from llmpick.verdict import Check, Finding

DECISIVE = ("memory", "language", "license allow-list")
# What is not judged where no card is named: every candidate is trained by the method it would rather have.
WITHOUT_A_CARD = ("method",)
# What is not judged on a CPU: its memory is not asked for.
ON_A_CPU = ("headroom", "method")


Range = tuple[float, float]
"""Low and high end of what a criterion is worth, in [0, 1]."""


class Weighed(NamedTuple):
    """One Step's Checks and Ratings as bare numbers: what the ranking goes by."""

    low: float = 0.0
    """What the low ends of its Ratings add to the score: the sum of weight times worth."""
    high: float = 0.0
    """The same of the high ends."""
    no: bool = False
    """A Check says no."""
    shortfall: float | None = None
    """Of that Check; None = no matter of degree."""
    helped: bool = False
    """Something could turn that Check."""
    unknown: bool = False
    """A Check whose answer decides has none."""


@record
class Asked:
    """One question, ready to be put to each Candidate."""

    profile: Profile
    catalog: Catalog
    policy: Policy
    task: Task
    domain: Domain
    weights: Mapping[str, float]
    """Criterion -> weight, summing to 1 over the criteria that apply."""
    quality: quality.Question
    gpu: Gpu | None
    """The named card, where one was named."""
    price: Price | None
    serving_card: Gpu | None
    """The card it is to be served from where one was named, else the card it is trained on."""
    decisive: tuple[str, ...]
    """Checks whose `unknown` leaves a model undecided: what they ask can rule it out, and nobody knows."""
    constants: Mapping[str, float]
    """Of the policy, by name."""
    curves: Mapping[str, Callable[[float], float]]
    """The policy's value functions, by name."""
    plenty: float
    """Headroom from which more is worth nothing more: how many times what a model needs the card holds."""
    model: Callable[[str], Model | None]
    """Finds one by its id."""
    run: Run
    """What the hours and dollars of a run depend on beside the Job."""
    store: Store
    """What was worked out of networks, kept from question to question where the catalog does."""
    numbers: dict[Any, Any]
    """Of networks: what was worked out for one question and holds for those alike in what it is about."""
    memo: dict[Any, Any]
    """What was worked out for one candidate and holds for others: a thousand models share a few dozen licenses."""
    licenses: dict[Any, Any]
    """The same, and holds for other questions about this use of the weights."""
    domains: dict[Any, Any]
    """The same about this domain and these languages."""
    owns: dict[str, Own]
    """Of quality by model: the same about this kind of task."""

    def rating(self, criterion: str, low: float, high: float, because: str, sources: Any = ()) -> Rating:
        """A Rating with this question's weight."""
        weight = self.weights.get(criterion, 0.0)
        return Rating(criterion=criterion, low=low, high=high, weight=weight, because=because, sources=tuple(sources))

    def known(self, id_: str) -> Model:
        """The model of an id that the catalog gave."""
        found = self.model(id_)
        assert found is not None, id_
        return found

    def weighed_by(self, checks: Sequence[Check | Finding], *ranges: tuple[str, Range]) -> Weighed:
        """Checks, and what the worth of these criteria adds, as numbers."""
        refused = next((check for check in checks if check.outcome == "no"), None)
        return self.adding(*ranges)._replace(
            no=refused is not None,
            shortfall=refused.shortfall if refused else None,
            helped=refused is not None and (bool(refused.remedy) or refused.shortfall is not None),
            unknown=any(check.outcome == "unknown" and check.name in self.decisive for check in checks),
        )

    def adding(self, *ranges: tuple[str, Range], unknown: bool = False) -> Weighed:
        """What the worth of these criteria adds to the score, with this question's weights."""
        lows = highs = 0.0
        for criterion, (low, high) in ranges:
            weight = self.weights.get(criterion, 0.0)
            lows += weight * low
            highs += weight * high
        return Weighed(lows, highs, unknown=unknown)

    def unknown(self, criterion: str, because: str) -> Rating:
        """A Rating over the policy's range for a fact nobody recorded."""
        return self.rating(criterion, *self.unknown_range(criterion), because)

    def unknown_range(self, criterion: str) -> Range:
        """What a criterion may be worth when its fact is not on record."""
        span = self.policy.unknown_range(criterion)
        return span.low, span.high


def ask(profile: Profile, catalog: Catalog) -> Asked:
    """Work out what `profile` asks of `catalog`: weights, vocabulary, the named card and its price."""
    task = next(task for task in catalog.tasks if task.id == profile.task)
    domain = next(domain for domain in catalog.domains if domain.id == profile.domain)
    name = profile.gpu.name if profile.gpu else None
    serving = profile.serve_gpu.name if profile.serve_gpu else name
    card = _card(name, catalog)
    price = next((price for price in catalog.prices if price.gpu == name), None) if name else None
    lasting = lasting_in(catalog.models)
    question = _question(profile, task, catalog)
    use = profile.commercial, profile.monthly_users, profile.annual_revenue, profile.region, profile.license
    return Asked(
        profile=profile,
        catalog=catalog,
        policy=catalog.policy,
        task=task,
        domain=domain,
        weights=_weights(profile, catalog.policy, task.kind),
        quality=question,
        gpu=card,
        price=price,
        serving_card=_card(serving, catalog),
        # A license nobody knows decides only where the use was described.
        decisive=DECISIVE if profile.commercial is None else (*DECISIVE, "license use"),
        constants={constant.name: constant.value for constant in catalog.policy.constants},
        curves={value.name: value.curve() for value in catalog.policy.values},
        plenty=catalog.policy.value("headroom").points[-1].at,
        model=finder(catalog.models),
        run=Run(
            examples=profile.examples,
            epochs=profile.epochs,
            card=card,
            price=price,
            efficiencies=catalog.efficiencies,
        ),
        store=store_in(catalog.models),
        numbers=lasting.of(catalog, "networks"),
        memo={},
        licenses=lasting.of(catalog, "license", *use),
        domains=lasting.of(catalog, "domain", profile.domain, profile.languages),
        owns=lasting.of(catalog, "quality", *quality.settled(question)),
    )


def _card(name: str | None, catalog: Catalog) -> Gpu | None:
    """The card of that name; where a card is only a size, the table is not read."""
    return next((gpu for gpu in catalog.gpus if gpu.name == name), None) if name else None


def _question(profile: Profile, task: Task, catalog: Catalog) -> quality.Question:
    return quality.question(
        task,
        domain=profile.domain,
        languages=profile.languages,
        examples=profile.examples,
        table=catalog.quality,
        domains=catalog.domains,
    )


def vocabulary(catalog: Catalog) -> Vocabulary:
    """The closed lists that a Profile for this catalog may use."""
    from llmpick.licensing.classes import CLASSES

    return Vocabulary(
        tasks=catalog.tasks,
        domains=catalog.domains,
        gpus=catalog.gpus,
        licenses=(*CLASSES, *catalog.licenses),
        criteria=policies.criteria(catalog.policy),
    )


def _weights(profile: Profile, policy: Policy, kind: str) -> dict[str, float]:
    found = policies.weights(policy, kind, profile.priority, profile.weight)
    if profile.gpu is None or profile.gpu.count == 0:
        left_out = WITHOUT_A_CARD if profile.gpu is None else ON_A_CPU
        found = {criterion: weight for criterion, weight in found.items() if criterion not in left_out}
    total = sum(found.values()) or 1.0
    return {criterion: weight / total for criterion, weight in found.items()}
