"""`llmpick plan`: a Plan for a catalog model, and the files a trainer loads."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal, cast

from llmpick.catalog import browse
from llmpick.errors import LlmpickError
from llmpick.files import write_all
from llmpick.guidance import frameworks
from llmpick.guidance.advise import advise
from llmpick.guidance.answers import Guide
from llmpick.guidance.plan import plan
from llmpick.guidance.vendor import vendor_plan
from llmpick.schema import ApiModel
from llmpick.sizing.estimate import Run
from llmpick.steps.asked import ask

if TYPE_CHECKING:
    from pathlib import Path

    from llmpick.catalog import Catalog
    from llmpick.guidance.answers import Plan
    from llmpick.profile import Profile
    from llmpick.schema import Model
    from llmpick.verdict import Ranking


def answer(name: str, catalog: Catalog, profile: Profile) -> Plan:
    """How to train that model for this profile; raises LlmpickError where nothing can be planned."""
    return _plan(browse.find_any(catalog, name), catalog, profile)


def _plan(model: Model | ApiModel, catalog: Catalog, profile: Profile) -> Plan:
    if isinstance(model, ApiModel):
        return vendor_plan(model, profile)
    if model.architecture is None:
        raise LlmpickError(
            f"the architecture of {model.id} is not on record", "choose another model, or add it to a catalog"
        )
    asked = ask(profile, catalog)
    return plan(
        model.id,
        model.architecture.shape,
        profile,
        run=Run(card=asked.gpu, price=asked.price, efficiencies=catalog.efficiencies),
        context_length=model.context_length,
        lora_targets=model.tooling.lora_targets if model.tooling else (),
    )


def guide(answer: Ranking, catalog: Catalog) -> Guide:
    """The whole advice, and a plan for the model that leads, by the method it leads with where that can be planned."""
    said = advise(answer.profile, catalog.apis)
    if not answer.recommended:
        return Guide(advise=said, unplanned="nothing qualifies")
    first = answer.recommended[0]
    try:
        return Guide(advise=said, plan=_plan(first.model, catalog, _by(answer.profile, first.method)))
    except LlmpickError as error:
        return Guide(advise=said, unplanned=error.message)


def _by(profile: Profile, method: str) -> Profile:
    """The profile with the method that the ranking took."""
    if method not in ("full", "lora", "qlora"):
        return profile
    return replace(profile, method=cast("Literal['full', 'lora', 'qlora']", method))


def write_files(made: Plan, framework: str, folder: Path, *, force: bool) -> tuple[Path, ...]:
    """The files `framework` loads, in `folder`; none is written when one of them exists, unless `force`."""
    return write_all(folder, frameworks.write(made, framework), force=force)
