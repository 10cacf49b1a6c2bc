"""Step 4, license: may these weights be used for this, and is their license on the allow-list?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick.catalog.shelf import grants_in
from llmpick.licensing.judge import MISSING, UNKNOWN, Decision, binding, decide, licensed, missing, say
from llmpick.licensing.schema import NOTICES
from llmpick.licensing.situation import Situation
from llmpick.record import NamedTuple
from llmpick.schema import ApiModel
from llmpick.verdict import Finding, LicenseVerdict, StepVerdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llmpick.catalog.facts import Facts
    from llmpick.licensing.judge import Licensed
    from llmpick.licensing.schema import Grant, License
    from llmpick.profile import Profile
    from llmpick.schema import Model
    from llmpick.steps.asked import Asked, Range, Weighed
    from llmpick.verdict import Check, Permission, Rating

USE, ALLOW_LIST = "license use", "license allow-list"
VENDOR_TERMS = "vendor-terms"
TERMS_BIND = Decision("conditional", ("comply_terms",))
"""Of a vendor: no weights change hands, its terms of service are what binds."""
REMEDIES = {
    "separate_licence": "a separate license from the licensor",
    "security_review": "the licensor's security review passed",
    "regulatory_authorisation": "the health regulator's authorization",
}
"""What would lift a `no`; where nothing usual does, there is no remedy."""


class Decided(NamedTuple):
    """What the licenses of some weights say of a use, in numbers."""

    decision: Decision
    findings: tuple[Finding, ...]
    """Of the Checks `license use` and, with an allow-list, `license allow-list`."""


def judge(model: Model | ApiModel, asked: Asked) -> tuple[StepVerdict, LicenseVerdict]:
    """The Checks `license use` and `license allow-list` and the Rating `license`, with the verdict they rest on."""
    if isinstance(model, ApiModel):
        return _step(*checks(model, asked.catalog.licenses, asked.profile), asked)
    return judge_licensed(licensed(model), asked)


def judge_licensed(weights: Licensed, asked: Asked) -> tuple[StepVerdict, LicenseVerdict]:
    """The same for open weights, which is put in words once for all models under the same licenses."""
    key = ("license", weights)
    if key not in asked.memo:
        asked.memo[key] = _step(*said(_use(weights, asked), weights, asked.catalog.licenses, asked.profile), asked)
    known: tuple[StepVerdict, LicenseVerdict] = asked.memo[key]
    return known


def weigh(facts: Facts, asked: Asked) -> Weighed:
    """The same in numbers."""
    key = ("license weighed", facts.license)
    if key not in asked.memo:
        asked.memo[key] = weighed(decided(facts.license, asked), asked)
    known: Weighed = asked.memo[key]
    return known


def weighed(known: Decided, asked: Asked) -> Weighed:
    """What is decided of a use, in numbers."""
    return asked.weighed_by(known.findings, ("license", worth(known.decision.verdict, asked)))


def decided(weights: Licensed, asked: Asked) -> Decided:
    """What the licenses of open weights say of the use in question."""
    if weights not in asked.licenses:
        found = binding(weights.ids, grants_in(asked.catalog.licenses))
        asked.licenses[weights] = decide_in(_use(weights, asked), found, asked.profile)
    known: Decided = asked.licenses[weights]
    return known


def _use(weights: Licensed, asked: Asked) -> Situation:
    if weights.multimodal not in asked.licenses:
        asked.licenses[weights.multimodal] = situation_of(asked.profile, multimodal=weights.multimodal)
    known: Situation = asked.licenses[weights.multimodal]
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
    return asked.rating("license", *worth(verdict.verdict, asked), because, sources)


def worth(verdict: Permission, asked: Asked) -> Range:
    """What a verdict is worth."""
    if verdict == "unknown":
        return asked.unknown_range("license")
    found = {"allowed": 1.0, "conditional": asked.constants["license-conditional"]}.get(verdict, 0.0)
    return found, found


def checks(
    model: Model | ApiModel, licenses: Mapping[str, License], profile: Profile
) -> tuple[tuple[Check, ...], LicenseVerdict]:
    """The Checks of the license step, the second only with an allow-list, and the verdict they rest on."""
    if isinstance(model, ApiModel):
        verdict = vendor_verdict(model)
        return _checks(decide_vendor(profile), verdict, (), profile), verdict
    weights = licensed(model)
    return said(situation_of(profile, multimodal=weights.multimodal), weights, licenses, profile)


def decide_in(situation: Situation, found: Sequence[License | Grant], profile: Profile) -> Decided:
    """What the licenses `found` say in a situation that the Profile describes; none = not all that bind are known."""
    return _decided(found, decide(found, situation) if found else UNKNOWN, profile)


def decide_vendor(profile: Profile) -> Decided:
    """What the terms of a vendor say of any use: there is no license, and they bind."""
    return _decided((), TERMS_BIND, profile)


def _decided(found: Sequence[License | Grant], decision: Decision, profile: Profile) -> Decided:
    listed = (find_listed(found, decision, profile.license),) if profile.license else ()
    return Decided(decision, (find_use(decision), *listed))


def said(
    situation: Situation, weights: Licensed, licenses: Mapping[str, License], profile: Profile
) -> tuple[tuple[Check, ...], LicenseVerdict]:
    """The same in words."""
    found = binding(weights.ids, licenses)
    known = decide_in(situation, found, profile)
    verdict = say(known.decision, found, situation) if found else missing(weights.ids)
    return _checks(known, verdict, found, profile), verdict


def _checks(known: Decided, verdict: LicenseVerdict, found: Sequence[License], profile: Profile) -> tuple[Check, ...]:
    use, *listed = known.findings
    return (say_use(use, verdict, found), *(say_listed(one, verdict, found, profile.license) for one in listed))


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
        verdict=TERMS_BIND.verdict,
        duties=TERMS_BIND.duties,
        because=f"you get no weights; the terms of {model.vendor} bind{terms}",
        source=model.sources[0].url,
    )


def find_use(decision: Decision) -> Finding:
    """Constraint: the use is permitted; forbidden is `no`, with what would lift it."""
    if decision.verdict == "forbidden":
        return Finding(USE, "no", remedy=REMEDIES.get(decision.duties[0], ""))
    return Finding(USE, "unknown" if decision.verdict == "unknown" else "ok")


def say_use(use: Finding, verdict: LicenseVerdict, found: Sequence[License]) -> Check:
    """`license use` with its sentence."""
    sources = tuple(dict.fromkeys(license_.sources[0].url for license_ in found)) or (
        (verdict.source,) if verdict.source else ()
    )
    name = " with ".join(dict.fromkeys(license_.name for license_ in found))
    clause = f" (“{verdict.clause}”)" if verdict.clause and use.outcome == "no" else ""
    return use.said(f"{name}: {verdict.because}{clause}" if name else verdict.because, sources)


def find_listed(found: Sequence[License | Grant], decision: Decision, allowed: Sequence[str]) -> Finding:
    """Constraint: every license that binds is on the allow-list; what no license is known of cannot be."""
    if decision.verdict == "unknown":
        return Finding(ALLOW_LIST, "unknown")
    if not found:
        return Finding(ALLOW_LIST, "no", remedy="a profile without --license")
    refused = _refused(found, allowed)
    if refused:
        return Finding(ALLOW_LIST, "no", remedy=f"{refused[0]} on the list of --license")
    return Finding(ALLOW_LIST, "ok")


def say_listed(listed: Finding, verdict: LicenseVerdict, found: Sequence[License], allowed: Sequence[str]) -> Check:
    """`license allow-list` with its sentence."""
    wanted = ", ".join(allowed)
    if listed.outcome == "unknown":
        return listed.said(MISSING)
    if listed.outcome == "ok":
        return listed.said(f"{verdict.id} is among {wanted}")
    refused = ", ".join(_refused(found, allowed))
    no_license = f"a vendor's API comes with no license; you accept {wanted}"
    return listed.said(f"{refused} is not among {wanted}" if refused else no_license)


def _refused(found: Sequence[License | Grant], allowed: Sequence[str]) -> list[str]:
    from llmpick.licensing.classes import accepts

    return [license_.id for license_ in found if not accepts(license_, allowed)]
