"""Which checkpoint to keep and when to stop: evaluation, early stopping, seeds, the preference stage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick.guidance import sources
from llmpick.guidance.recipe import HEADS
from llmpick.guidance.setup import setting

if TYPE_CHECKING:
    from llmpick.guidance.answers import Setting
    from llmpick.guidance.setup import Setup

SEEDS = (42, 43, 44, 45, 46)


def selection(setup: Setup) -> tuple[Setting, ...]:
    """Evaluation interval, what picks the best checkpoint, patience, seeds."""
    return (_every(), _best_by(setup), _patience(), _seeds(setup))


def preference(setup: Setup) -> tuple[Setting, ...]:
    """The stage after supervised tuning that learns from judged answers; nothing where there is none."""
    if setup.recipe.after == "none":
        return ()
    rate = 1e-5 if setup.adapters else 1e-6
    source = sources.TRL_DPO if setup.recipe.after == "dpo" else sources.TRL_KTO
    how = "adapters bear more than full weights" if setup.adapters else "the trainer's default"
    name = setup.recipe.after
    return (
        setting(f"{name}_learning_rate", rate, f"{how}: far smaller steps than supervised tuning", source),
        setting(
            f"{name}_beta", 0.1, "the trainer's default: how closely it stays to the model it started from", source
        ),
        setting(f"{name}_epochs", 1, "one pass, as Zephyr's recipe", sources.TRL_DPO),
    )


def _every() -> Setting:
    return setting("evaluate_every", 0.1, "ten evaluations over the run, a checkpoint at each", sources.TRAINER)


def _best_by(setup: Setup) -> Setting:
    names = {"classifier": "macro_f1", "tagger": "f1", "reader": "f1", "embedder": "cosine_ndcg@10"}
    value = names.get(setup.recipe.kind, "loss")
    if setup.recipe.kind in HEADS or setup.recipe.kind == "embedder":
        return setting(
            "best_by", value, "the task's own metric on the development set picks the checkpoint", sources.ROBERTA
        )
    if setup.recipe.kind == "setfit":
        why = "the loss on pairs of the development set; SetFit's head, trained afterwards, plays no part in it"
        return setting("best_by", "embedding_loss", why, sources.SETFIT_ARGUMENTS)
    why = "the development loss, which is cheap; let the task's own metric choose among the last checkpoints"
    return setting("best_by", value, why, sources.LIMA)


def _patience() -> Setting:
    why = "three evaluations without a new best end the run; one alone may be chance"
    return setting("early_stopping_patience", 3, why, sources.CALLBACKS)


def _seeds(setup: Setup) -> Setting:
    examples = setup.profile.examples
    if setup.recipe.kind in HEADS and examples is not None and examples < 10_000:
        why = "with few examples the seed alone decides much: train five, keep the best (hours and dollars: of one)"
        return setting("seeds", SEEDS, why, sources.DODGE)
    return setting("seeds", SEEDS[:1], "one run; repeat with another seed before believing a small gain", sources.DODGE)
