"""What every setting of a plan is decided from."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from llmpick.guidance.answers import Setting
from llmpick.record import record

if TYPE_CHECKING:
    from collections.abc import Callable

    from llmpick.architecture import Architecture
    from llmpick.guidance.recipe import Recipe
    from llmpick.profile import Profile
    from llmpick.sizing.job import Job

PAIRS_PER_EXAMPLE = 20
"""Pairs of equal and of unequal labels that SetFit draws for every example here (`num_iterations` of its examples)."""

Value = str | int | float | bool | tuple[str, ...] | tuple[int, ...]


@record
class Setup:
    """The model, the profile, the recipe and the Job that was fitted to the card."""

    model: str
    architecture: Architecture
    parameters: int
    """Of the whole network."""
    profile: Profile
    recipe: Recipe
    job: Job
    context_length: int | None = None
    lora_targets: tuple[str, ...] = ()
    """Linear modules to name where PEFT knows none for this network."""

    @property
    def adapters(self) -> bool:
        """Whether small adapters train and the weights stay as they are."""
        return self.job.method in ("lora", "qlora")

    @property
    def on_cpu(self) -> bool:
        """Whether the user said that there is no GPU; False where nothing was said."""
        return self.profile.gpu is not None and self.profile.gpu.count == 0

    @property
    def per_card(self) -> int:
        """Examples per card and step; an example is a pair where the recipe trains on pairs."""
        return max(self.job.batch_size // self.recipe.sequences, 1)

    @property
    def effective_batch(self) -> int:
        """Examples between two steps of the optimizer."""
        return self.per_card * self.job.accumulation * self.job.n_gpus

    @property
    def sequences_per_pass(self) -> int | None:
        """Sequences of one pass over the data, pairs counted as two; None when the number of examples is unknown."""
        if self.profile.examples is None:
            return None
        pairs = 2 * PAIRS_PER_EXAMPLE if self.recipe.kind == "setfit" else 1
        return self.profile.examples * pairs * self.recipe.sequences

    def steps(self, epochs: float) -> int | None:
        """Optimizer steps of the whole run; None when the number of examples is unknown."""
        if self.sequences_per_pass is None:
            return None
        return max(ceil(self.sequences_per_pass / self.recipe.sequences / self.effective_batch * epochs), 1)


@record
class Rule:
    """One line of a table: the value where `holds` does."""

    holds: Callable[[Setup], bool]
    value: float
    because: str
    source: str


def first(rules: tuple[Rule, ...], setup: Setup) -> Rule:
    """The first rule that holds; the last of every table always does."""
    return next(rule for rule in rules if rule.holds(setup))


def given(setup: Setup, field: str) -> bool:
    """Whether the user named this field of the profile."""
    return field not in setup.profile.assumed


def setting(name: str, value: Value, because: str, source: str) -> Setting:
    """A Setting in one line."""
    return Setting(name=name, value=value, because=because, source=source)
