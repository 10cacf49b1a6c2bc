"""Training scripts: transformers, sentence-transformers, SetFit, TRL, unsloth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmpick.errors import LlmpickError
from llmpick.guidance.frameworks.launch import sharded
from llmpick.guidance.frameworks.render import render
from llmpick.guidance.frameworks.trainer import (
    dtype,
    judged_arguments,
    lora_arguments,
    quantization_arguments,
    saving_arguments,
    training_arguments,
)

if TYPE_CHECKING:
    from llmpick.guidance.answers import Plan


def transformers(plan: Plan) -> dict[str, str]:
    """train.py for a classifier, tagger, reader or sequence-to-sequence model."""
    arguments = training_arguments(plan)
    return {"train.py": render(f"{plan.kind}.py.jinja", arguments=arguments, **_shared(plan))}


def sentence_transformers(plan: Plan) -> dict[str, str]:
    """train.py for an embedding model on pairs."""
    arguments = training_arguments(plan) | {"batch_sampler": "no_duplicates"}
    arguments["metric_for_best_model"] = "eval_dev_cosine_ndcg@10"
    return {"train.py": render("embedder.py.jinja", arguments=arguments, **_shared(plan))}


def setfit(plan: Plan) -> dict[str, str]:
    """train.py for a few-shot classifier."""
    values = plan.values
    arguments = {
        "batch_size": values["batch_size"],
        "num_epochs": int(values["epochs"]),
        "body_learning_rate": values["learning_rate"],
        "warmup_proportion": values["warmup_ratio"],
        "num_iterations": values["pairs_per_example"],
        "max_length": values["seq_len"],
        "use_amp": values["precision"] == "fp16",
        "report_to": "none",
        "logging_steps": 10,
        # By its own loss on pairs, the only number it has before the head is trained.
        **saving_arguments(plan),
    }
    patience = values["early_stopping_patience"]
    return {"train.py": render("setfit.py.jinja", model=plan.model, arguments=arguments, patience=patience)}


def trl(plan: Plan) -> dict[str, str]:
    """sft.py, and dpo.py or kto.py where judged answers follow."""
    sft = training_arguments(plan) | {
        "max_length": plan.values["seq_len"],
        "packing": plan.values["packing"],
        "completion_only_loss": True,
    }
    files = {"sft.py": render("sft.py.jinja", arguments=sft, **_shared(plan))}
    if plan.after != "none":
        after = _judged(plan)
        files[f"{plan.after}.py"] = render("preference.py.jinja", arguments=after, after=plan.after, **_shared(plan))
    return files


def unsloth(plan: Plan) -> dict[str, str]:
    """train.py on unsloth's patched model, trained by TRL."""
    if sharded(plan):
        raise LlmpickError(
            "unsloth's own guide covers a copy of the model on each card, and no single card holds this one",
            "take --framework trl",
        )
    arguments = training_arguments(plan) | {"max_length": plan.values["seq_len"], "packing": plan.values["packing"]}
    # unsloth checkpoints in its own way, asked for when the model is made.
    del arguments["gradient_checkpointing"]
    return {"train.py": render("unsloth.py.jinja", arguments=arguments, **_shared(plan))}


def _judged(plan: Plan) -> dict[str, Any]:
    arguments = judged_arguments(plan)
    arguments |= {"beta": plan.values[f"{plan.after}_beta"], "max_length": plan.values["seq_len"]}
    # The reference model's answers are computed once, so that no second copy of the weights stays in memory.
    return arguments | ({"precompute_ref_log_probs": True} if plan.method == "full" else {})


def _shared(plan: Plan) -> dict[str, Any]:
    return {
        "model": plan.model,
        "dtype": dtype(plan),
        "seq_len": plan.values["seq_len"],
        "patience": plan.values["early_stopping_patience"],
        "seeds": plan.values["seeds"],
        "lora": lora_arguments(plan),
        "quantization": quantization_arguments(plan),
        "sharded": sharded(plan),
        "checkpointing": plan.values["gradient_checkpointing"],
    }
