"""Step 4, license: may these weights be used for this, and is their license on the allow-list?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick.licensing.classes import accepts
from llmpick.licensing.judge import MISSING, binding, judge_all, licensed, missing
from llmpick.licensing.schema import NOTICES
from llmpick.licensing.situation import Situation
from llmpick.schema import ApiModel
from llmpick.verdict import Check, LicenseVerdict, StepVerdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llmpick.catalog.facts import Facts
    from llmpick.licensing.judge import Licensed
    from llmpick.licensing.schema import License
    from llmpick.profile import Profile
    from llmpick.schema import Model
    from llmpick.steps.asked import Asked, Range, Weighed
    from llmpick.verdict import Rating

USE, ALLOW_LIST = "license use", "license allow-list"
VENDOR_TERMS = "vendor-terms"
REMEDIES = {
    "separate_licence": "a separate license from the licensor",
    "security_review": "the licensor's security review passed",
    "regulatory_authorisation": "the health regulator's authorization",
}
"""What would lift a `no`; where nothing usual does, there is no remedy."""


def judge(model: Model | ApiModel, asked: Asked) -> tuple[StepVerdict, LicenseVerdict]:
    """The Checks `license use` and `license allow-list` and the Rating `license`, with the verdict they rest on."""
    if isinstance(model, ApiModel):
        return _step(*checks(model, asked.catalog.licenses, asked.profile), asked)
    return judge_licensed(licensed(model), asked)


def judge_licensed(weights: Licensed, asked: Asked) -> tuple[StepVerdict, LicenseVerdict]:
    """The same for open weights, which is worked out once for all models under the same licenses."""
    key = ("license", weights)
    if key not in asked.memo:
        asked.memo[key] = _step(*_judged(weights, asked), asked)
    known: tuple[StepVerdict, LicenseVerdict] = asked.memo[key]
    return known


def _judged(weights: Licensed, asked: Asked) -> tuple[tuple[Check, ...], LicenseVerdict]:
    if weights not in asked.licenses:
        use = asked.licenses.get(weights.multimodal) or situation_of(asked.profile, multimodal=weights.multimodal)
        asked.licenses[weights.multimodal] = use
        asked.licenses[weights] = checks_in(use, weights, asked.catalog.licenses, asked.profile)
    known: tuple[tuple[Check, ...], LicenseVerdict] = asked.licenses[weights]
    return known


def weigh(facts: Facts, asked: Asked) -> Weighed:
    """The same in numbers."""
    key = ("license weighed", facts.license)
    if key not in asked.memo:
        found, verdict = _judged(facts.license, asked)
        asked.memo[key] = asked.weighed_by(found, ("license", worth(verdict, asked)))
    known: Weighed = asked.memo[key]
    return known


def _step(found: tuple[Check, ...], verdict: LicenseVerdict, asked: Asked) -> tuple[StepVerdict, LicenseVerdict]:
    return StepVerdict(step="license", checks=found, ratings=(rate(verdict, asked),)), verdict


def rate(verdict: LicenseVerdict, asked: Asked) -> Rating:
    """Criterion: a use that owes only notices is worth 1, one with further duties the policy's constant."""
    if verdict.verdict == "unknown":
        return asked.unknown("license", verdict.because)
    sources = [verdict.source] if verdict.source else []
    further = len(set(verdict.duties) - NOTICES)
    owes = "owes notices at most" if verdict.verdict == "allowed" else f"{verdict.verdict}, {further} further duties"
    because = f"{verdict.id}: {owes}".replace("1 further duties", "1 further duty")
    return asked.rating("license", *worth(verdict, asked), because, sources)


def worth(verdict: LicenseVerdict, asked: Asked) -> Range:
    """What a verdict is worth."""
    if verdict.verdict == "unknown":
        return asked.unknown_range("license")
    found = {"allowed": 1.0, "conditional": asked.constants["license-conditional"]}.get(verdict.verdict, 0.0)
    return found, found


def checks(
    model: Model | ApiModel, licenses: Mapping[str, License], profile: Profile
) -> tuple[tuple[Check, ...], LicenseVerdict]:
    """The Checks of the license step, the second only with an allow-list, and the verdict they rest on."""
    if isinstance(model, ApiModel):
        verdict = vendor_verdict(model)
        return _checks(verdict, (), profile), verdict
    return checks_of(licensed(model), licenses, profile)


def checks_of(
    weights: Licensed, licenses: Mapping[str, License], profile: Profile
) -> tuple[tuple[Check, ...], LicenseVerdict]:
    """The same for open weights."""
    return checks_in(situation_of(profile, multimodal=weights.multimodal), weights, licenses, profile)


def checks_in(
    situation: Situation, weights: Licensed, licenses: Mapping[str, License], profile: Profile
) -> tuple[tuple[Check, ...], LicenseVerdict]:
    """The same in a situation that the Profile describes."""
    found = binding(weights.ids, licenses)
    verdict = judge_all(found, situation) if found else missing(weights.ids)
    return _checks(verdict, found, profile), verdict


def _checks(verdict: LicenseVerdict, found: tuple[License, ...], profile: Profile) -> tuple[Check, ...]:
    use = use_check(verdict, found)
    return (use, allow_list_check(found, verdict, profile.license)) if profile.license else (use,)


def situation_of(profile: Profile, *, multimodal: bool) -> Situation:
    """What a Profile says about the use. Nothing is assumed about distribution, hosting or outputs."""
    return Situation(
        commercial=profile.commercial,
        monthly_active_users=profile.monthly_users,
        annual_revenue_usd=profile.annual_revenue,
        region=profile.region,
        multimodal=multimodal,
    )


def vendor_verdict(model: ApiModel) -> LicenseVerdict:
    """No weights change hands: the vendor's terms of service are what binds."""
    terms = f": {model.terms}" if model.terms else ""
    return LicenseVerdict(
        id=VENDOR_TERMS,
        verdict="conditional",
        duties=("comply_terms",),
        because=f"you get no weights; the terms of {model.vendor} bind{terms}",
        source=model.sources[0].url,
    )


def use_check(verdict: LicenseVerdict, found: Sequence[License]) -> Check:
    """The verdict as a Check: forbidden is `no`, with what would lift it."""
    sources = tuple(dict.fromkeys(license_.sources[0].url for license_ in found)) or (
        (verdict.source,) if verdict.source else ()
    )
    name = " with ".join(dict.fromkeys(license_.name for license_ in found))
    if verdict.verdict == "forbidden":
        remedy = REMEDIES.get(verdict.duties[0], "")
        clause = f" (“{verdict.clause}”)" if verdict.clause else ""
        because = f"{name}: {verdict.because}{clause}"
        return Check(name=USE, outcome="no", because=because, sources=sources, remedy=remedy)
    outcome = "unknown" if verdict.verdict == "unknown" else "ok"
    because = f"{name}: {verdict.because}" if name else verdict.because
    return Check(name=USE, outcome=outcome, because=because, sources=sources)  # type: ignore[arg-type]


def allow_list_check(found: Sequence[License], verdict: LicenseVerdict, allowed: Sequence[str]) -> Check:
    """Whether every license that binds is on the list; what no license is known of cannot be."""
    wanted = ", ".join(allowed)
    if verdict.verdict == "unknown":
        return Check(name=ALLOW_LIST, outcome="unknown", because=MISSING)
    if not found:
        because = f"a vendor's API comes with no license; you accept {wanted}"
        return Check(name=ALLOW_LIST, outcome="no", because=because, remedy="a profile without --license")
    refused = [license_.id for license_ in found if not accepts(license_, allowed)]
    if refused:
        because = f"{', '.join(refused)} is not among {wanted}"
        return Check(name=ALLOW_LIST, outcome="no", because=because, remedy=f"{refused[0]} on the list of --license")
    return Check(name=ALLOW_LIST, outcome="ok", because=f"{verdict.id} is among {wanted}")
