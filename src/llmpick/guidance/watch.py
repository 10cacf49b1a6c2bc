"""What to look at while it trains, and what to change first when it goes wrong."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from llmpick.guidance.fit import heaviest
from llmpick.guidance.pace import epochs_of
from llmpick.guidance.recipe import HEADS, PAIRED
from llmpick.guidance.technique import chosen
from llmpick.sizing.adapters import adapts_experts
from llmpick.sizing.estimate import peak
from llmpick.units import GIB

if TYPE_CHECKING:
    from llmpick.guidance.setup import Setup

SHORT_RUN = 100
"""Optimizer steps below which LoRA Without Regret found a higher rate to suit (15 times full tuning's)."""
_DIVERGES = "loss jumps or turns nan: halve the learning rate, then double the warm-up"


def watch(setup: Setup) -> tuple[str, ...]:
    """Sentences, the most likely trouble first."""
    found = [_DIVERGES, _overfits(setup), _out_of_memory(setup)]
    if setup.recipe.kind in HEADS:
        found.append("loss flat from the start, one class for everything: the run failed to start; take the next seed")
    if setup.recipe.kind in ("writer", "seq2seq"):
        found.append("read twenty outputs at every evaluation: a lower loss does not always mean better text")
    if setup.recipe.kind == "embedder":
        found.append("two rows of one batch with the same answer count as wrong for each other: keep duplicates apart")
    found += [*_few_shot_notes(setup), *_adapter_notes(setup), *_loss_notes(setup)]
    if setup.recipe.after != "none":
        found.append(
            f"hours and dollars are of the supervised stage; {setup.recipe.after.upper()} comes on top, with a "
            "second pass through the frozen model for every batch"
        )
    if setup.recipe.after == "dpo":
        found.append(
            "DPO: rewards/margins should rise; if the chosen answers' log-probability falls fast, halve the rate"
        )
    if setup.recipe.after == "kto":
        found.append("KTO: needs more than one example per card, since each is held against another of its batch")
    if setup.recipe.kind == "writer" and chosen(setup.profile).id == "rft":
        found.append(
            "reinforcement against your grader comes after this plan and is not in it: it writes answers while it "
            "trains, and what that takes is not estimated here"
        )
    return tuple(found)


def _few_shot_notes(setup: Setup) -> list[str]:
    """Where the technique advised for so few labels is for another kind of network than this."""
    advised = setup.recipe.kind == "classifier" and chosen(setup.profile).id == "setfit"
    if not advised or setup.architecture.structure == "encoder":
        return []
    return [
        "SetFit, which is advised for so few examples, needs an encoder: tune the best-ranked one that way too, "
        "and keep what wins"
    ]


def _loss_notes(setup: Setup) -> list[str]:
    """What the memory counts that some trainers do not hold (docs/sizing.md names where that was read)."""
    if setup.recipe.kind != "writer":
        return []
    chunked = peak(setup.architecture, replace(heaviest(setup.job, setup.recipe), chunked_loss=True)).peak
    return [
        "the memory counts all logits, as transformers' Trainer holds them; TRL 1.16 and Unsloth take the loss in "
        f"chunks and need about {chunked / GIB:.1f} GiB of it"
    ]


def _overfits(setup: Setup) -> str:
    if setup.recipe.kind == "setfit":
        return "perfect on the training texts, poor on others: more examples of the confused classes, not more steps"
    return "development loss rises while training loss falls: keep the best checkpoint; fewer epochs or more data next"


def _out_of_memory(setup: Setup) -> str:
    how = "" if setup.recipe.kind in PAIRED else " and double accumulation"
    steps = [f"halve batch_size ({setup.per_card}){how}"] if setup.per_card > 1 else []
    if not setup.job.gradient_checkpointing and setup.recipe.kind != "setfit":
        steps.append("turn gradient checkpointing on")
    steps.append(f"shorten seq_len ({setup.job.seq_len})")
    if setup.job.method != "qlora" and setup.recipe.kind != "setfit":
        steps.append("go to QLoRA" if setup.adapters else "go to LoRA")
    return f"out of memory: {', then '.join(steps)}"


def _adapter_notes(setup: Setup) -> list[str]:
    if not setup.adapters:
        return []
    notes = []
    total = setup.steps(epochs_of(setup))
    if total is not None and total < SHORT_RUN:
        notes.append(f"only {total:,} steps: LoRA may want half as much again of the learning rate in runs so short")
    if setup.architecture.moe is not None and not adapts_experts(setup.architecture.model_type, setup.job.targets):
        notes.append(
            "experts stored as one block of weights are no linear layers: PEFT reaches them by target_parameters"
        )
    return notes
