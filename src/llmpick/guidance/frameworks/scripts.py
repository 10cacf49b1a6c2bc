"""Training scripts: transformers, sentence-transformers, SetFit, TRL, unsloth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmpick.guidance.frameworks.render import render
from llmpick.guidance.frameworks.trainer import (
    dtype,
    lora_arguments,
    quantization_arguments,
    selection_arguments,
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
    }
    return {"train.py": render("setfit.py.jinja", model=plan.model, arguments=arguments)}


def trl(plan: Plan) -> dict[str, str]:
    """sft.py, and dpo.py or kto.py where judged answers follow."""
    sft = training_arguments(plan) | {
        "max_length": plan.values["seq_len"],
        "packing": plan.values["packing"],
        "completion_only_loss": True,
    }
    files = {"sft.py": render("sft.py.jinja", arguments=sft, **_shared(plan))}
    if plan.after != "none":
        after = _preference_arguments(plan)
        files[f"{plan.after}.py"] = render("preference.py.jinja", arguments=after, after=plan.after, **_shared(plan))
    return files


def unsloth(plan: Plan) -> dict[str, str]:
    """train.py on unsloth's patched model, trained by TRL."""
    arguments = training_arguments(plan) | {"max_length": plan.values["seq_len"], "packing": plan.values["packing"]}
    # unsloth checkpoints in its own way, asked for when the model is made.
    del arguments["gradient_checkpointing"]
    return {"train.py": render("unsloth.py.jinja", arguments=arguments, **_shared(plan))}


def _preference_arguments(plan: Plan) -> dict[str, Any]:
    values, name = plan.values, plan.after
    # A judged pair is two sequences: half the examples per card keep the memory of supervised tuning.
    size = max(values["batch_size"] // 2, 1 if name == "dpo" else 2)
    arguments = training_arguments(plan) | {
        "learning_rate": values[f"{name}_learning_rate"],
        "beta": values[f"{name}_beta"],
        "num_train_epochs": values[f"{name}_epochs"],
        "max_length": values["seq_len"],
        "per_device_train_batch_size": size,
        "per_device_eval_batch_size": size,
        "gradient_accumulation_steps": max(values["accumulation"] * values["batch_size"] // size, 1),
    }
    if plan.method == "full":
        # The reference model's answers are computed once, so that no second copy of the weights stays in memory.
        arguments["precompute_ref_log_probs"] = True
    return arguments | selection_arguments(plan)


def _shared(plan: Plan) -> dict[str, Any]:
    return {
        "model": plan.model,
        "dtype": dtype(plan),
        "seq_len": plan.values["seq_len"],
        "patience": plan.values["early_stopping_patience"],
        "seeds": plan.values["seeds"],
        "lora": lora_arguments(plan),
        "quantization": quantization_arguments(plan),
        "checkpointing": plan.values["gradient_checkpointing"],
    }
