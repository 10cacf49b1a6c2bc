"""The License record (`catalog/licenses/<id>.yaml`): a list of terms; a term is a duty and when it binds."""

from __future__ import annotations

from typing import Annotated, Literal

from llmpick.record import Bound, NamedTuple, Pattern, record
from llmpick.schema import Slug, Sources, Text, Url

Region = Annotated[str, Pattern("[A-Z]{2}")]
"""ISO 3166-1 alpha-2, or EU for its member states."""
DutyId = Annotated[str, Pattern(r"[a-z][a-z_]*(:\S.*)?")]
"""`keep_notice`, `display:Built with Llama`; the part after the colon is the text to show, or the license to keep."""
Limit = Annotated[float, Bound(gt=0)]
Lift = Literal["separate_licence", "security_review", "regulatory_authorisation", "choose_other_model"]
"""Duties that mean "not permitted as described": what would lift it; `choose_other_model` = nothing usual would."""
LIFTS: tuple[Lift, ...] = ("choose_other_model", "separate_licence", "regulatory_authorisation", "security_review")
"""Hardest first: where several forbid, the hardest is the answer."""
NOTICES = frozenset({"attribution", "comply_law", "include_licence_copy", "keep_notice", "state_changes"})
"""Duties that leave a use plainly allowed."""

Act = Literal["distribution", "hosting", "training", "llm-training", "student", "distilled-student", "unlike-student"]
"""distribution: weights (adapters too) are given to others. hosting: others use the model over an API.
training: its outputs train a model of another family; llm-training: unless that is known to be no language model.
student: a model trained on its outputs is distributed.
distilled-student: the same, unless it is known not to imitate its teacher. unlike-student: known not to imitate it."""
Exemption = Literal["internal-use", "non-profit", "certified-partner", "end-user"]
"""internal-use: nobody outside uses it. non-profit: a qualified non-profit or research body.
certified-partner: an inference partner certified by the licensor. end-user: uses somebody else's product."""
Business = Literal["model-as-a-service", "ai-work-assistant", "software-provider", "cloud-provider", "competitor"]
"""competitor: of the licensor's products."""
Field = Literal["military", "medical-advice", "law-enforcement", "unlicensed-clinical-use"]
"""Fields of use; unlicensed-clinical-use: on patients, without the authorization of a health regulator."""
Permission = Literal["commercial-use", "modification", "distribution", "patent-use", "output-training"]
"""What the text grants in so many words; output-training: outputs may expressly train other models."""
Confidence = Literal["text-read", "copy-read", "quote-only", "well-known", "secondary"]
"""text-read: the text at its source. copy-read: a full copy elsewhere. quote-only: the quoted sentences.
well-known: a standard text listed by SPDX. secondary: what others say of it."""


@record
class Above:
    """Amounts of which any one exceeded makes the term bind."""

    monthly_users: Limit | None = None
    daily_users: Limit | None = None
    annual_revenue: Limit | None = None
    """US dollars in any twelve months."""
    monthly_revenue: Limit | None = None
    """US dollars."""
    monthly_output_tokens: Limit | None = None
    measured: Literal["continuously", "at-release"] = "continuously"
    """Users are counted all the time, or once: in the month before the model version came out."""
    whose: tuple[Literal["licensee", "affiliates", "employer"], ...] = ("licensee",)


@record
class Term:
    """One duty and when it binds: every field that is set must hold; an unset field asks for nothing."""

    duty: DutyId
    when: tuple[Act, ...] = ()
    """Any of these acts; empty = any use."""
    commercial: bool = False
    """Only commercial use."""
    above: Above | None = None
    regions: tuple[Region, ...] = ()
    """The licensee lives or has its principal place of business in one of these."""
    businesses: tuple[Business, ...] = ()
    fields: tuple[Field, ...] = ()
    multimodal: bool = False
    """Only models that read images, audio or video."""
    guardrails_removed: bool = False
    """Only where safety guardrails of the model were weakened or bypassed."""
    unless: tuple[Exemption, ...] = ()
    section: str | None = None
    quote: str | None = None
    """At most 30 words of the text, verbatim."""
    source: Url | None = None
    """Where the quotation stands, when not in the license's first source."""
    note: str | None = None


@record
class License:
    """One license: `catalog/licenses/<id>.yaml`; its id is the file's name."""

    id: Slug
    """Filled from the file's name, never typed."""
    name: Text
    spdx: str | None = None
    url: Text
    """Where the text is published."""
    licensor: str | None = None
    """Who grants it, where that is one party: 'Meta'."""
    aliases: tuple[str, ...] = ()
    """Other spellings people and Hub tags use."""
    version: str | None = None
    """Date or version of the text that was read."""
    models: tuple[Text, ...] = ()
    """Well-known models under it, in words."""
    osi_approved: bool = False
    permissions: tuple[Permission, ...] = ()
    terms: tuple[Term, ...] = ()
    own_family: tuple[Slug, ...] = ()
    """Licenses or families whose models its outputs may train where other models are barred."""
    acceptable_use_policy: str | None = None
    """Where the policy stands that users must obey."""
    termination: str | None = None
    """Which lawsuits end it."""
    gated: bool | None = None
    """The Hub asks to accept it before the download."""
    ambiguity: str | None = None
    """What the text leaves open, or what people get wrong."""
    quote: str | None = None
    """The sentence that sums it up, at most 30 words, verbatim."""
    confidence: Confidence
    sources: Sources
    looked_for: tuple[Text, ...] = ()
    """Facts somebody searched for and did not find."""


class Grant(NamedTuple):
    """What of a License decides whether a use is permitted, field by field as there."""

    id: Slug
    aliases: tuple[str, ...]
    own_family: tuple[Slug, ...]
    spdx: str | None
    osi_approved: bool
    permissions: tuple[Permission, ...]
    terms: tuple[Term, ...]
    """Those that owe more than a notice, without their words."""
