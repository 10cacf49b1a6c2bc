"""Settings in the names of Hugging Face's TrainingArguments, PEFT's LoraConfig and bitsandbytes' configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmpick.guidance.frameworks.launch import sharded

if TYPE_CHECKING:
    from llmpick.guidance.answers import Plan

OPTIMIZERS = {
    "adamw": "adamw_torch_fused",
    "adamw-foreach": "adamw_torch",
    "adamw-8bit": "adamw_bnb_8bit",
    "paged-adamw-8bit": "paged_adamw_8bit",
    "adafactor": "adafactor",
    "sgd": "sgd",
}
"""The estimator's names of optimizers in transformers' words."""
TORCH_DTYPES = {"bf16": "bfloat16", "fp16": "float16", "fp32": "float32"}
TASK_TYPES = {
    "classifier": "SEQ_CLS",
    "tagger": "TOKEN_CLS",
    "reader": "QUESTION_ANS",
    "embedder": "FEATURE_EXTRACTION",
    "seq2seq": "SEQ_2_SEQ_LM",
    "writer": "CAUSAL_LM",
}
"""PEFT's TaskType for what is trained."""


def training_arguments(plan: Plan) -> dict[str, Any]:
    """Keyword arguments of transformers.TrainingArguments, output_dir and seed left out."""
    values = plan.values
    arguments: dict[str, Any] = {
        "num_train_epochs": values["epochs"],
        "learning_rate": values["learning_rate"],
        "lr_scheduler_type": values["lr_schedule"],
        # A fraction since transformers 5: the share of all steps.
        "warmup_steps": values["warmup_ratio"],
        "per_device_train_batch_size": values["batch_size"],
        "per_device_eval_batch_size": values["batch_size"],
        "gradient_accumulation_steps": values["accumulation"],
        "optim": OPTIMIZERS[values["optimizer"]],
        "weight_decay": values["weight_decay"],
        "max_grad_norm": values["max_grad_norm"],
        "bf16": values["precision"] == "bf16",
        "fp16": values["precision"] == "fp16",
        "gradient_checkpointing": values["gradient_checkpointing"],
        "logging_steps": 10,
        "report_to": "none",
    }
    return arguments | selection_arguments(plan)


def saving_arguments(plan: Plan) -> dict[str, Any]:
    """Evaluate and save ten times, keep the best by the trainer's own loss."""
    values = plan.values
    return {
        "eval_strategy": "steps",
        "eval_steps": values["evaluate_every"],
        "save_strategy": "steps",
        "save_steps": values["evaluate_every"],
        "save_total_limit": 2,
        "load_best_model_at_end": True,
    }


def selection_arguments(plan: Plan) -> dict[str, Any]:
    """The same by the metric of the plan."""
    values = plan.values
    return saving_arguments(plan) | {
        "metric_for_best_model": f"eval_{values['best_by']}",
        "greater_is_better": values["best_by"] != "loss",
    }


def judged_arguments(plan: Plan) -> dict[str, Any]:
    """The same for the preference stage, with its own rate and passes; beta, which no two trainers call alike, is not.

    A judged pair is two sequences: half the examples per card keep the memory of supervised tuning. KTO holds each
    example against another of its batch and needs two.
    """
    values, name = plan.values, plan.after
    size = max(values["batch_size"] // 2, 1 if name == "dpo" else 2)
    return training_arguments(plan) | {
        "learning_rate": values[f"{name}_learning_rate"],
        "num_train_epochs": values[f"{name}_epochs"],
        "per_device_train_batch_size": size,
        "per_device_eval_batch_size": size,
        "gradient_accumulation_steps": max(values["accumulation"] * values["batch_size"] // size, 1),
        "metric_for_best_model": "eval_loss",
        "greater_is_better": False,
    }


def lora_arguments(plan: Plan) -> dict[str, Any] | None:
    """Keyword arguments of peft.LoraConfig; None where all weights train."""
    if plan.method not in ("lora", "qlora"):
        return None
    values = plan.values
    targets = values["lora_targets"]
    return {
        "task_type": TASK_TYPES[plan.kind],
        "r": values["lora_rank"],
        "lora_alpha": values["lora_alpha"],
        "lora_dropout": values["lora_dropout"],
        "target_modules": targets if isinstance(targets, str) else list(targets),
    }


def quantization_arguments(plan: Plan) -> dict[str, Any] | None:
    """Keyword arguments of transformers.BitsAndBytesConfig; None where the weights stay as they are."""
    if plan.method != "qlora":
        return None
    arguments = {
        "load_in_4bit": True,
        "bnb_4bit_quant_type": "nf4",
        "bnb_4bit_use_double_quant": True,
        "bnb_4bit_compute_dtype": dtype(plan),
    }
    # FSDP splits numbers of the type that computes and no other: https://huggingface.co/docs/bitsandbytes/fsdp_qlora
    return arguments | ({"bnb_4bit_quant_storage": dtype(plan)} if sharded(plan) else {})


def dtype(plan: Plan) -> str:
    """torch's name of what the weights are kept in."""
    return TORCH_DTYPES[plan.values["weights_dtype"]]
