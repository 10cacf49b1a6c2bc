"""License verdicts in words: each duty for engineers and lawyers, and the sentence with the numbers that decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick.licensing.amounts import counted, exceeded, figures, limits, short
from llmpick.licensing.schema import LIFTS, NOTICES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmpick.licensing.schema import Above, License, Term
    from llmpick.licensing.situation import Situation

DUTIES = {
    "attribution": ("credit the author", "Credit the author, name the license and link to both"),
    "comply_law": ("obey the law", "Obey the law that applies to you"),
    "include_licence_copy": (
        "pass on a copy of the license",
        "Give everyone who gets the weights a copy of the license",
    ),
    "keep_notice": ("keep the notices", "Keep the copyright and license notices in every copy"),
    "state_changes": ("state your changes", "Say prominently that you changed it, and what"),
    "comply_aup": ("obey its use policy", "Obey the acceptable-use policy or list of forbidden uses"),
    "pass_on_use_restrictions": (
        "bind your users to its use policy",
        "Bind your own users to the use policy by contract",
    ),
    "notify_licensor": ("notify the licensor", "Tell the licensor, once, before commercial use"),
    "register": ("register with the licensor", "Register with the licensor before commercial use"),
    "apply_for_commercial_licence": (
        "apply for its commercial license",
        "Apply for the commercial license and wait for the approval",
    ),
    "keep_guardrails": ("keep its guardrails", "Do not remove or weaken the safety guardrails"),
    "legal_review": (
        "have a lawyer read it",
        "Have a lawyer read the license: the case is open, or the text was not at hand",
    ),
    "non_commercial_only": ("stay non-commercial", "Use it for non-commercial purposes only"),
    "comply_terms": ("obey the vendor's terms", "Obey the vendor's terms of service"),
    "separate_licence": ("get a separate license", "Get a separate license from the licensor first"),
    "security_review": ("pass a security review", "Pass the licensor's security review first"),
    "regulatory_authorisation": ("get authorized", "Get the authorization of the health regulator first"),
    "choose_other_model": ("choose another model", "Choose another model: nothing usual lifts this"),
}
"""Duty -> in a few words, and in a sentence."""
WITH_VALUE = {
    "display": ("show “{}”", "Show “{}” prominently on the website, in the interface or in the documentation"),
    "name_prefix": ("begin its name with “{}”", "Begin the name of the model you give away with “{}”"),
    "share_alike": ("publish it under {}", "Publish your fine-tuned weights under {} too, with the source it asks for"),
}
MODEL_NAME = ("show the model's name", "Show the name of the model prominently in the user interface")


def words(duty: str) -> tuple[str, str]:
    """A duty in a few words, and in a sentence; an id nobody explained stands for itself."""
    if duty == "display:model name":
        return MODEL_NAME
    kind, _, value = duty.partition(":")
    if value and kind in WITH_VALUE:
        brief, full = WITH_VALUE[kind]
        return brief.format(value), full.format(value)
    return DUTIES.get(duty, (duty, duty))


def duty_text(duty: str) -> str:
    """A duty id as one plain sentence without a full stop; an id nobody explained is returned as it is."""
    return words(duty)[1]


REGION_NAMES = {"EU": "the EU", "GB": "the United Kingdom", "KR": "South Korea"}
BUSINESS_NAMES = {
    "model-as-a-service": "a Model-as-a-Service business",
    "ai-work-assistant": "an AI work assistant business",
    "software-provider": "a software provider",
    "cloud-provider": "a cloud provider",
    "competitor": "competing with the licensor",
}
FIELD_NAMES = {
    "military": "military use",
    "medical-advice": "giving medical advice",
    "law-enforcement": "use in law enforcement or migration",
    "unlicensed-clinical-use": "use on patients without the authorization of a health regulator",
}
ACT_NAMES = {
    "distribution": "giving the fine-tuned weights to others",
    "hosting": "hosting it for others",
    "training": "training another model on its outputs",
    "llm-training": "training another language model on its outputs",
    "student": "giving away a model trained on its outputs",
    "distilled-student": "giving away a model distilled from it",
    "unlike-student": "giving away a model trained on its outputs",
}


def because_forbidden(license_: License, term: Term, situation: Situation) -> str:
    """Why the use is not permitted, with the numbers, and what would lift that."""
    where = f" ({term.section})" if term.section else ""
    return f"{offense(term, situation)}{where}: {lifted(term.duty, license_)}"


def offense(term: Term, situation: Situation) -> str:
    """What the use does that the term forbids."""
    if term.above:
        over = " and ".join(excess(term.above, *one) for one in exceeded(term.above, situation))
        return f"for {named(term.businesses, BUSINESS_NAMES)}, {over}" if term.businesses else over
    if term.regions:
        theirs = [REGION_NAMES.get(region, region) for region in term.regions if region in situation.regions]
        return f"{withheld(term)} to licensees in {' or '.join(theirs)}"
    if term.fields:
        return f"{named(term.fields, FIELD_NAMES)} is not permitted"
    if term.businesses:
        return f"{named(term.businesses, BUSINESS_NAMES)} is not licensed"
    return plain_offense(term)


def plain_offense(term: Term) -> str:
    """The same, for terms about acts, commerce and guardrails, or about any use at all."""
    acts = named(term.when, ACT_NAMES)
    if term.guardrails_removed:
        return "the license ends where safety guardrails are weakened"
    if term.commercial:
        return f"{acts} commercially is not permitted" if acts else "commercial use is not permitted"
    return f"{acts} is not permitted" if acts else (term.note or "no use is permitted")


def named(ids: Sequence[str], names: dict[str, str]) -> str:
    """The names of `ids`, joined by 'or'."""
    return " or ".join(names[id_] for id_ in ids)


def excess(above: Above, name: str, figure: float, limit: float) -> str:
    """'900 million monthly users exceed the limit of 700 million counted at the release date'."""
    money = "$" if "revenue" in name else ""
    when = " counted at the release date" if name == "monthly_users" and above.measured == "at-release" else ""
    return f"{counted(name, figure)} {'exceeds' if money else 'exceed'} the limit of {money}{short(limit)}{when}"


def lifted(duty: str, license_: License) -> str:
    """What would make a forbidden use possible."""
    who = license_.licensor or "the licensor"
    return {
        "separate_licence": f"a separate license from {who} is needed",
        "security_review": f"a security review by {who} must be passed first",
        "regulatory_authorisation": "the authorization must be obtained first",
        "choose_other_model": "choose another model",
    }[duty]


def because_permitted(licenses: Sequence[License], duties: set[str], situation: Situation) -> str:
    """What the use owes, and the limits to keep an eye on."""
    owed = ", ".join(words(duty)[0] for duty in (*sorted(duties - NOTICES), *sorted(duties & NOTICES)))
    permitted = f"permitted if you {owed}" if owed else "permitted, and nothing is owed"
    return "; ".join((permitted, *watch(licenses, situation)))


def watch(licenses: Sequence[License], situation: Situation) -> tuple[str, ...]:
    """Limits that do not bind now but might: of users, revenue and region, where no other fact excludes them."""
    found = [
        sentence
        for license_ in licenses
        for term in license_.terms
        if term.duty in LIFTS and not (term.commercial and situation.commercial is False)
        for sentence in (unreached(term, license_, situation), unstated_region(term, situation))
        if sentence
    ]
    return tuple(dict.fromkeys(found))


def unreached(term: Term, license_: License, situation: Situation) -> str:
    """'above 700 million monthly users a separate license from Meta is needed', with the figure that is below."""
    if term.above is None or term.businesses:
        return ""
    stated = figures(term.above, situation)
    below = [f"you have {counted(name, figure)}" for name in limits(term.above) if (figure := stated[name]) is not None]
    line = " or ".join(counted(name, limit) for name, limit in limits(term.above).items())
    when = " at the release date" if term.above.measured == "at-release" else ""
    return f"above {line}{when} {lifted(term.duty, license_)}{f' ({below[0]})' if below else ''}"


def unstated_region(term: Term, situation: Situation) -> str:
    """'not in the EU', while the region is unknown and the model may be meant."""
    if not term.regions or situation.region is not None or (term.multimodal and situation.multimodal is False):
        return ""
    return f"{withheld(term)} to licensees in {', '.join(REGION_NAMES.get(region, region) for region in term.regions)}"


def withheld(term: Term) -> str:
    """What a region does not get."""
    return "its multimodal models are not licensed" if term.multimodal else "nothing is licensed"
