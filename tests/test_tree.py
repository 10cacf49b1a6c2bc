"""`llmpick tree` leaves nothing out that a model is judged by."""

from __future__ import annotations

from llmpick import engine, request
from llmpick.steps import vendor
from llmpick.steps.asked import ask
from llmpick.tree import CONSTRAINTS, tree

WISHES = {
    "task": "chat",
    "gpu": "RTX 4090",
    "serve_gpu": "RTX 4060 8GB",
    "latency": "20",
    "budget": "5",
    "license": "permissive",
}
WISHES |= {"examples": "3", "privacy": True, "commercial": True, "weights": "any"}


def test_every_constraint_and_criterion_is_in_the_tree(facts):
    profile = request.build(WISHES, facts)
    asked = ask(profile, facts)
    steps = [step for model in facts.models[:200] for step in engine.judge(model, asked, all_steps=True).steps]
    steps += [step for api in facts.apis for step in vendor.judge(api, asked)[0]]
    checked = {(step.step, check.name) for step in steps for check in step.checks}
    assert checked == {(step, name) for step, asks in CONSTRAINTS.items() for name, _ in asks}
    rated = {(step.step, rating.criterion) for step in steps for rating in step.ratings}
    branches = tree(facts, "chat").branches
    assert rated == {(branch.step, criterion.name) for branch in branches for criterion in branch.criteria}
