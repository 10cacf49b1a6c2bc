"""`llmpick plan`: a Plan for a catalog model, and the files a trainer loads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick.catalog import browse
from llmpick.errors import LlmpickError
from llmpick.files import write_all
from llmpick.guidance import frameworks
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


def answer(name: str, catalog: Catalog, profile: Profile) -> Plan:
    """How to train that model for this profile; raises LlmpickError where nothing can be planned."""
    model = browse.find_any(catalog, name)
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


def write_files(made: Plan, framework: str, folder: Path, *, force: bool) -> tuple[Path, ...]:
    """The files `framework` loads, in `folder`; none is written when one of them exists, unless `force`."""
    return write_all(folder, frameworks.write(made, framework), force=force)
