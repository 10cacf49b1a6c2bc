"""The Situation: who uses a model, how, where and for what. What is not stated stays None and changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmpick.errors import LlmpickError, did_you_mean
from llmpick.record import record
from llmpick.units import parse_number

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

EU = frozenset("AT BE BG CY CZ DE DK EE EL ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split())
"""ISO 3166 codes of the member states, EL being the Union's own code for Greece."""
REGIONS = {
    "EUROPEAN UNION": "EU",
    "UK": "GB",
    "UNITED KINGDOM": "GB",
    "GREAT BRITAIN": "GB",
    "SOUTH KOREA": "KR",
    "KOREA": "KR",
    "USA": "US",
    "UNITED STATES": "US",
    "CHINA": "CN",
    "JAPAN": "JP",
    "GERMANY": "DE",
    "FRANCE": "FR",
    "SWITZERLAND": "CH",
}
LARGEST = 1e18
"""Users or dollars: more is a slip of the finger."""
NON_PROFITS = ("non_profit", "nonprofit", "charity", "university", "academic", "research_institution", "academia")


@record
class Situation:
    """A use of a model, as the license cases describe it; None = not stated."""

    commercial: bool | None = None
    internal_use_only: bool | None = None
    monthly_active_users: float | None = None
    monthly_active_users_at_release: float | None = None
    """In the month before the model came out; None = the present figure stands in for it."""
    daily_active_users: float | None = None
    annual_revenue_usd: float | None = None
    monthly_revenue_usd: float | None = None
    monthly_output_tokens: float | None = None
    affiliates_monthly_active_users: float | None = None
    """Of all affiliates together, the licensee's own not counted; so too for their revenue."""
    affiliates_annual_revenue_usd: float | None = None
    employer_monthly_revenue_usd: float | None = None
    """Of the employer, where the licensee is a natural person."""
    employer_annual_revenue_usd: float | None = None
    region: str | None = None
    """Where the licensee lives or has its principal place of business: ISO 3166, EU, or a common name."""
    distributes_weights: bool | None = None
    hosts_api_for_third_parties: bool | None = None
    trains_other_model_on_outputs: bool | None = None
    other_model_distributed: bool | None = None
    student_base: str | None = None
    """License or family of the model trained on the outputs."""
    student_imitates_teacher: bool | None = None
    student_is_language_model: bool | None = None
    business: str | None = None
    domain: str | None = None
    role: str | None = None
    licensee_type: str | None = None
    multimodal: bool | None = None
    """The model reads images, audio or video."""
    clinical_use: bool | None = None
    has_regulatory_authorisation: bool | None = None
    guardrails_removed: bool | None = None
    certified_partner: bool | None = None
    ignored: tuple[str, ...] = ()
    """Statements of `extra` that no license here asks about."""

    @property
    def regions(self) -> frozenset[str]:
        """The region and what it is part of, as ISO codes or EU; empty when not stated."""
        return region_codes(self.region) if self.region else frozenset()

    @property
    def internal(self) -> bool:
        """Nobody outside gets the weights, the model or a student of it."""
        outside = (self.distributes_weights, self.hosts_api_for_third_parties, self.other_model_distributed)
        return self.internal_use_only is True and True not in outside

    @property
    def non_profit(self) -> bool:
        """The licensee is said to be a non-profit or a research body."""
        kind = slug(self.licensee_type)
        return any(word in kind for word in NON_PROFITS) and "for_profit" not in kind.replace("not_for_profit", "")


def region_codes(region: str) -> frozenset[str]:
    """The ISO code of a region, with EU for its member states. LlmpickError for what is neither code nor known name."""
    name = slug(region).upper().replace("_", " ")
    code = REGIONS.get(name, name)
    if len(code) != 2 or not code.isascii() or not code.isalpha():
        raise LlmpickError(f"unknown region {region!r}", "write an ISO 3166 code such as DE, or EU")
    return frozenset({code, "EU"} if code in EU else {code})


def slug(text: object) -> str:
    """`text` in lower case with `_` between words; '' for None."""
    return "" if text is None else "_".join(str(text).lower().replace("-", " ").replace("_", " ").split())


def from_mapping(stated: Mapping[str, Any]) -> Situation:
    """The Situation these fields describe. LlmpickError names what is wrong."""
    from llmpick.licensing.switches import read_extra

    extra = stated.get("extra") or {}
    if not isinstance(extra, dict):
        raise LlmpickError("`extra` must hold fields", "for example `clinical_use: false`")
    plain = {key: value for key, value in stated.items() if key not in ("extra", "note") and value is not None}
    refuse_unknown(plain, FIELDS, "the situation")
    switches, ignored = read_extra(extra, FIELDS)
    return Situation(**typed({**switches, **plain}), ignored=ignored)


def refuse_unknown(values: Mapping[str, Any], known: Collection[str], where: str) -> None:
    """LlmpickError for the first key that is not known."""
    for key in values:
        if key not in known:
            hint = did_you_mean(str(key), known) or f"use one of {', '.join(sorted(known))}"
            raise LlmpickError(f"unknown field `{key}` in {where}", hint)


FIELDS = frozenset(Situation.__annotations__) - {"ignored"}


def typed(stated: Mapping[str, Any]) -> dict[str, Any]:
    """These fields, each of the right type. LlmpickError says which is not."""
    kinds = {name: str(kind).split(" |")[0] for name, kind in Situation.__annotations__.items()}
    return {key: READERS[kinds[key]](key, value) for key, value in stated.items()}


WORDS = {"true": True, "yes": True, "false": False, "no": False}


def read_bool(key: str, value: object) -> bool:
    """`value` if it is true or false, or the word for it."""
    value = WORDS.get(value.strip().casefold()) if isinstance(value, str) else value
    if not isinstance(value, bool):
        raise LlmpickError(f"`{key}` is {value!r}", "write true or false")
    return value


def read_float(key: str, value: object) -> float:
    """`value` as a number that is not negative; `9e8`, `900M` and `$20,000,000` are read as people mean them."""
    return parse_number(value, f"`{key}`", 0, LARGEST)


def read_str(key: str, value: object) -> str:
    """`value` if it is text, a region only if it is known; `NO` is Norway, though YAML 1.1 reads it as false."""
    text = "NO" if key == "region" and value is False else value
    if not isinstance(text, str):
        raise LlmpickError(f"`{key}` is {value!r}", "write text")
    if key == "region":
        region_codes(text)
    return text


READERS: dict[str, Callable[[str, object], Any]] = {"bool": read_bool, "float": read_float, "str": read_str}
