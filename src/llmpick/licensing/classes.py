"""Kinds of license, and whether an allow-list accepts one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from llmpick.licensing.schema import LIFTS, NOTICES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from llmpick.licensing.schema import Grant, License, Term

LicenseClass = Literal["open-source", "permissive", "copyleft", "non-commercial", "custom"]
CLASSES: tuple[LicenseClass, ...] = ("open-source", "permissive", "copyleft", "non-commercial", "custom")


def classes(license_: License | Grant) -> frozenset[LicenseClass]:
    """open-source: approved by the OSI. permissive: owes nothing but notices, for any use. copyleft: changed copies
    stay under it. non-commercial: commercial use needs another license, whoever asks. custom: no SPDX id.
    """
    terms = license_.terms
    kinds: dict[LicenseClass, bool] = {
        "open-source": license_.osi_approved,
        "permissive": "commercial-use" in license_.permissions and all(term.duty in NOTICES for term in terms),
        "copyleft": any(term.duty.startswith("share_alike:") for term in terms),
        "non-commercial": any(is_non_commercial(term) for term in terms),
        "custom": license_.spdx is None,
    }
    return frozenset(kind for kind, holds in kinds.items() if holds)


def is_non_commercial(term: Term) -> bool:
    """Whether the term forbids commercial use as such."""
    narrowed = term.when or term.above or term.regions or term.businesses or term.fields or term.multimodal
    return term.commercial and term.duty in LIFTS and not narrowed


def accepts(license_: License | Grant, allowed: Iterable[str]) -> bool:
    """Whether the allow-list names the license, one of its aliases or one of its classes; an empty one accepts all."""
    wanted = {name.casefold() for name in allowed}
    names = {name.casefold() for name in (license_.id, *license_.aliases)} | classes(license_)
    return not wanted or not wanted.isdisjoint(names)
