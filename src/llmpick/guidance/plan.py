"""`llmpick plan`: every hyperparameter with its reason and source, fitted to the card."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from llmpick.guidance.adapter import adapter
from llmpick.guidance.answers import Plan
from llmpick.guidance.fit import job_for
from llmpick.guidance.machine import machine
from llmpick.guidance.pace import epochs_of, pace
from llmpick.guidance.recipe import recipe
from llmpick.guidance.selection import preference, selection
from llmpick.guidance.setup import Setup
from llmpick.guidance.text import text
from llmpick.guidance.watch import watch
from llmpick.sizing.estimate import Run, estimate
from llmpick.sizing.parameters import count

if TYPE_CHECKING:
    from llmpick.architecture import Architecture
    from llmpick.profile import Profile


def plan(
    model: str,
    architecture: Architecture,
    profile: Profile,
    *,
    run: Run | None = None,
    context_length: int | None = None,
    lora_targets: tuple[str, ...] = (),
) -> Plan:
    """How to train `model` for this profile.

    Method and shape are fitted to the card. `run` carries the card, its price and the
    efficiencies that hours and dollars need; its examples and epochs are set here. Raises LlmpickError where the
    network cannot do the task or no method fits.
    """
    setup = setup_for(model, architecture, profile, run=run, context_length=context_length, lora_targets=lora_targets)
    ran = replace(run or Run(), examples=setup.sequences_per_pass, epochs=epochs_of(setup))
    memory = estimate(model, architecture, setup.job, profile.gpu, run=ran)
    return Plan(
        model=model,
        task=profile.task,
        kind=setup.recipe.kind,
        after=setup.recipe.after,
        cards=setup.job.n_gpus,
        method=setup.job.method,
        settings=(
            *adapter(setup), *pace(setup), *text(setup), *machine(setup), *selection(setup), *preference(setup),
        ),
        memory=memory,
        time_hours=memory.time_hours,
        cost_usd=memory.cost_usd,
        watch=watch(setup),
    )  # fmt: skip


def setup_for(
    model: str,
    architecture: Architecture,
    profile: Profile,
    *,
    run: Run | None = None,
    context_length: int | None = None,
    lora_targets: tuple[str, ...] = (),
) -> Setup:
    """What the settings are decided from: the recipe, and the Job fitted to the card."""
    if context_length is not None and profile.seq_len > context_length:
        profile = replace(profile, seq_len=context_length)
    how, counted = recipe(profile, architecture.structure), count(architecture)
    bf16 = not (run and run.card and run.card.bf16 is False)
    return Setup(
        model=model,
        architecture=architecture,
        parameters=counted.total,
        profile=profile,
        recipe=how,
        job=job_for(architecture, profile, how, counted, bf16=bf16),
        context_length=context_length,
        lora_targets=lora_targets,
    )
