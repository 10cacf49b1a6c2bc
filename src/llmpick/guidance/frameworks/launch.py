"""How a script is started on the cards of a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from llmpick.guidance.answers import Plan

FSDP = (
    " --use_fsdp --fsdp_version 2 --fsdp_auto_wrap_policy TRANSFORMER_BASED_WRAP --fsdp_state_dict_type FULL_STATE_DICT"
)
"""accelerate's own defaults gather the whole network at once, and save only shards, which no later step reads."""


def sharded(plan: Plan) -> bool:
    """Whether one card cannot hold a copy, so that the weights are split over all of them."""
    return plan.values.get("sharding") == "fsdp"


def launch(script: str, plan: Plan) -> str:
    """The command that runs `script` on as many cards as the plan was fitted to."""
    if plan.cards == 1:
        return f"python {script}"
    return f"accelerate launch --num_processes {plan.cards}{FSDP if sharded(plan) else ''} {script}"
