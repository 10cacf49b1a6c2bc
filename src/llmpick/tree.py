"""The decision tree as a value: what `llmpick tree` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick import policy as policies
from llmpick.profile import find_task
from llmpick.record import record
from llmpick.verdict import STEPS

if TYPE_CHECKING:
    from llmpick.catalog import Catalog
    from llmpick.verdict import Step

CONSTRAINTS: dict[Step, tuple[tuple[str, str], ...]] = {
    "task": (
        ("purpose", "made for the task, or regularly tuned for it"),
        ("context", "reads as many tokens as the training length asked for"),
        ("examples", "its vendor takes as many examples as there are"),
    ),
    "resources": (
        ("memory", "one card holds the peak of full, LoRA or QLoRA training"),
        ("budget", "one run is expected to cost no more than the budget"),
        ("serving", "the serving card holds it in bf16, int8 or int4"),
        ("latency", "one pass through its weights in 4 bits takes no longer than an answer may"),
        ("privacy", "the text stays on your machines, where that is asked for"),
        ("residency", "where its vendor keeps your data: said, never judged"),
    ),
    "domain": (("language", "trained on at least one of the languages asked for"),),
    "license": (
        ("license use", "the license permits the use described"),
        ("license allow-list", "the license is one of those accepted"),
    ),
    "community": (("availability", "its vendor takes new jobs, and is not about to close"),),
}
"""Step -> its constraints and what they ask, those of models tuned through a vendor's API too."""


@record
class Constraint:
    """A yes/no demand of a Step."""

    name: str
    asks: str


@record
class Criterion:
    """Something to have more of, its weight over the whole, and why it weighs that."""

    name: str
    weight: float
    because: str


@record
class Branch:
    """One Step of the tree."""

    step: Step
    weight: float
    because: str
    constraints: tuple[Constraint, ...]
    criteria: tuple[Criterion, ...]


@record
class Tree:
    """The whole tree for one task."""

    policy_version: str
    task: str
    kind: str
    branches: tuple[Branch, ...]


def tree(catalog: Catalog, task: str | None = None) -> Tree:
    """Steps in order, with what prunes and what trades off; the weights are those of `task` (classification)."""
    chosen = find_task(task or "classification", catalog.tasks)
    weights = policies.weights(catalog.policy, chosen.kind)
    return Tree(
        policy_version=catalog.policy.version,
        task=chosen.id,
        kind=chosen.kind,
        branches=tuple(_branch(catalog.policy, step, weights) for step in STEPS),
    )


def _branch(policy: policies.Policy, step: Step, weights: dict[str, float]) -> Branch:
    entry = next(entry for entry in policy.tree if entry.step == step)
    criteria = tuple(
        Criterion(name=leaf.criterion, weight=weights[leaf.criterion], because=leaf.because) for leaf in entry.criteria
    )
    return Branch(
        step=step,
        weight=sum(criterion.weight for criterion in criteria),
        because=entry.because,
        constraints=tuple(Constraint(name=name, asks=asks) for name, asks in CONSTRAINTS[step]),
        criteria=criteria,
    )
