"""What a license says about one use: the terms that bind, and the verdict they make together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick.licensing.amounts import exceeded
from llmpick.licensing.schema import LIFTS, NOTICES
from llmpick.licensing.situation import slug
from llmpick.licensing.wording import because_forbidden, because_permitted
from llmpick.record import NamedTuple
from llmpick.verdict import LicenseVerdict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import TypeVar

    from llmpick.licensing.schema import Act, Exemption, Grant, License, Term
    from llmpick.licensing.situation import Situation
    from llmpick.schema import Model
    from llmpick.verdict import Permission

    Bound = tuple[str, Term]
    """The id of a license, and one of its terms."""
    G = TypeVar("G", bound=License | Grant)

NON_COMMERCIAL = "non_commercial_only"
MISSING = "verify the license: none is on record"
MULTIMODAL = frozenset({"image", "audio", "video"})
BUSINESS_WORDS = {
    "model-as-a-service": (
        "maas",
        "model_as_a_service",
        "inference",
        "model_api",
        "llm_api",
        "api_provider",
        "hosting",
    ),
    "ai-work-assistant": ("work_assistant", "coding_assistant", "office_assistant", "office_productivity", "ai_coding"),
    "software-provider": ("software", "saas"),
    "cloud-provider": ("cloud",),
    "competitor": ("competitor", "competes", "competing"),
}
FIELD_WORDS = {
    "military": ("military", "defense", "defence", "weapon", "warfare"),
    "medical-advice": ("medical", "clinical", "medicine", "healthcare", "health_care"),
    "law-enforcement": ("law_enforcement", "police", "policing", "immigration", "asylum"),
}


def judge(license_: License, situation: Situation) -> LicenseVerdict:
    """The verdict of one license. What the situation does not state changes nothing."""
    return judge_all((license_,), situation)


def judge_all(licenses: Sequence[License], situation: Situation) -> LicenseVerdict:
    """The verdict of licenses that bind at the same time: duties add up, the strictest wins. Needs one at least."""
    return say(decide(licenses, situation), licenses, situation)


class Decision(NamedTuple):
    """What licenses say about one use, not yet in words."""

    verdict: Permission
    duties: tuple[str, ...] = ()
    """Duty ids, sorted; of a forbidden use the one that says what would lift it."""
    terms: tuple[Bound, ...] = ()
    """What it rests on: the term that forbids, or those that would if the use were commercial, then those that bind."""


UNKNOWN = Decision("unknown")
"""Where no license is on record."""


def decide(licenses: Sequence[License | Grant], situation: Situation) -> Decision:
    """Forbidden by the hardest term that forbids; else allowed where only notices are owed, else conditional.

    While nobody said whether the use is commercial, terms that would forbid commercial use make it conditional.
    """
    bound: list[Bound] = []
    reserved: list[Bound] = []
    for license_ in licenses:
        for term in license_.terms:
            if meets(term, license_, situation):
                if not term.commercial or is_commercial(term, situation):
                    bound.append((license_.id, term))
                elif situation.commercial is None and term.duty in LIFTS:
                    reserved.append((license_.id, term))
    forbidding = [pair for pair in bound if pair[1].duty in LIFTS]
    if forbidding:
        hardest = min(forbidding, key=hardness)
        return Decision("forbidden", (hardest[1].duty,), (hardest,))
    duties = {term.duty for _, term in bound} | ({NON_COMMERCIAL} if reserved else set())
    return Decision("conditional" if duties - NOTICES else "allowed", tuple(sorted(duties)), (*reserved, *bound))


def say(decision: Decision, licenses: Sequence[License], situation: Situation) -> LicenseVerdict:
    """A decision on licenses that are on record, in words."""
    if decision.verdict == "forbidden":
        return forbidden(licenses, decision.terms[0], situation)
    return LicenseVerdict(
        id=licenses[0].id,
        verdict=decision.verdict,
        duties=decision.duties,
        because=because_permitted(licenses, set(decision.duties), situation),
        **clause(licenses, decision.terms),
    )


class Licensed(NamedTuple):
    """What the verdict on a model's weights depends on of the model."""

    ids: tuple[str, ...]
    """The licenses that bind; empty = none is on record."""
    multimodal: bool
    """It reads more than text."""


def licensed(model: Model) -> Licensed:
    """What the verdict on the model's weights depends on."""
    ids = (model.license.id, *model.license.also) if model.license else ()
    return Licensed(ids, not MULTIMODAL.isdisjoint(model.modalities))


def binding(ids: Sequence[str], licenses: Mapping[str, G]) -> tuple[G, ...]:
    """The licenses with these ids; empty when one of them is not on record."""
    return tuple(licenses[id_] for id_ in ids) if all(id_ in licenses for id_ in ids) else ()


def missing(ids: Sequence[str] = ()) -> LicenseVerdict:
    """The verdict where no license is on record, or not all of those that bind."""
    return LicenseVerdict(id=ids[0] if ids else "unknown", verdict="unknown", because=MISSING)


def hardness(bound: Bound) -> int:
    """Rank of a forbidding term: 0 is the hardest."""
    return next(rank for rank, lift in enumerate(LIFTS) if lift == bound[1].duty)


def forbidden(licenses: Sequence[License], bound: Bound, situation: Situation) -> LicenseVerdict:
    """Not permitted as described; the one duty says what would lift it."""
    id_, term = bound
    license_ = next(one for one in licenses if one.id == id_)
    because = because_forbidden(license_, term, situation)
    return LicenseVerdict(
        id=licenses[0].id,
        verdict="forbidden",
        duties=(term.duty,),
        because=because if len(licenses) == 1 else f"{license_.name}: {because}",
        clause=term.quote or license_.quote or "",
        source=term.source or license_.sources[0].url,
    )


def clause(licenses: Sequence[License], bound: Sequence[Bound]) -> dict[str, str]:
    """The words that decide: of the first quoted term that owes more than a notice, else of any, else the license's."""
    quoted = [pair for pair in bound if pair[1].quote]
    further = [pair for pair in quoted if pair[1].duty not in NOTICES]
    for id_, term in further + quoted:
        cited = term.source or next(one.sources[0].url for one in licenses if one.id == id_)
        return {"clause": term.quote or "", "source": cited}
    return {"clause": licenses[0].quote or "", "source": licenses[0].sources[0].url}


def meets(term: Term, license_: License | Grant, situation: Situation) -> bool:
    """Whether everything the term asks for is stated, commerce aside."""
    return (
        (not term.when or any(ACTS[act](situation, license_) for act in term.when))
        and (term.above is None or bool(exceeded(term.above, situation)))
        and (not term.regions or not situation.regions.isdisjoint(term.regions))
        and (not term.businesses or any(in_business(business, situation) for business in term.businesses))
        and (not term.fields or any(in_field(field, situation) for field in term.fields))
        and (not term.multimodal or situation.multimodal is True)
        and (not term.guardrails_removed or situation.guardrails_removed is True)
        and not any(EXEMPTIONS[exemption](situation) for exemption in term.unless)
    )


def is_commercial(term: Term, situation: Situation) -> bool:
    """Whether commercial use is stated, or must be presumed: a limit of users or revenue is exceeded, and nobody said
    that the use is not commercial.
    """
    return situation.commercial is True or (situation.commercial is None and term.above is not None)


def trains_another(situation: Situation, license_: License | Grant) -> bool:
    """The outputs train a model outside the license's own family."""
    own = {slug(name) for name in (license_.id, *license_.aliases, *license_.own_family)}
    return situation.trains_other_model_on_outputs is True and slug(situation.student_base) not in own


def gives_student(situation: Situation) -> bool:
    """A model trained on the outputs is distributed."""
    return situation.trains_other_model_on_outputs is True and situation.other_model_distributed is True


ACTS: dict[Act, Callable[[Situation, License | Grant], bool]] = {
    "distribution": lambda situation, _: situation.distributes_weights is True,
    "hosting": lambda situation, _: situation.hosts_api_for_third_parties is True,
    "training": trains_another,
    "llm-training": lambda s, license_: trains_another(s, license_) and s.student_is_language_model is not False,
    "student": lambda situation, _: gives_student(situation),
    "distilled-student": lambda s, _: gives_student(s) and s.student_imitates_teacher is not False,
    "unlike-student": lambda s, _: gives_student(s) and s.student_imitates_teacher is False,
}
EXEMPTIONS: dict[Exemption, Callable[[Situation], bool]] = {
    "internal-use": lambda situation: situation.internal,
    "non-profit": lambda situation: situation.non_profit,
    "certified-partner": lambda situation: situation.certified_partner is True,
    "end-user": lambda situation: "end_user" in slug(situation.role),
}


def in_business(business: str, situation: Situation) -> bool:
    """Whether the licensee is in that business; hosting the model for others is Model as a Service."""
    if business == "model-as-a-service" and situation.hosts_api_for_third_parties is True:
        return True
    return any(word in slug(situation.business) for word in BUSINESS_WORDS[business])


def in_field(field: str, situation: Situation) -> bool:
    """Whether the use falls into that field; a medical domain without clinical use gives no medical advice."""
    if field == "unlicensed-clinical-use":
        return situation.clinical_use is True and situation.has_regulatory_authorisation is False
    if field == "medical-advice" and situation.clinical_use is not None:
        return situation.clinical_use
    return any(word in slug(situation.domain) for word in FIELD_WORDS[field])
