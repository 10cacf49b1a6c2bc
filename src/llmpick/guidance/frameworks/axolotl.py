"""axolotl: a YAML file for each stage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmpick.guidance.frameworks.launch import sharded
from llmpick.guidance.frameworks.render import yaml_text
from llmpick.guidance.frameworks.trainer import judged_arguments, training_arguments

if TYPE_CHECKING:
    from llmpick.guidance.answers import Plan


def axolotl(plan: Plan) -> dict[str, str]:
    """config.yaml for supervised fine-tuning; dpo.yaml after it where pairs follow."""
    files = {"config.yaml": yaml_text(_supervised(plan))}
    if writes_stage(plan):
        files["dpo.yaml"] = yaml_text(_judged(plan))
    return files


def writes_stage(plan: Plan) -> bool:
    """DPO, but not where 4-bit weights are split over cards, which axolotl refuses; its KTO knows no chat templates."""
    return plan.after == "dpo" and not (plan.method == "qlora" and sharded(plan))


def commands(plan: Plan) -> tuple[str, ...]:
    """Train; where pairs follow, make the adapters part of the model and train on those."""
    first = ("axolotl train config.yaml",)
    if not writes_stage(plan):
        return first
    merge = () if plan.method == "full" else ("axolotl merge-lora config.yaml",)
    return (*first, *merge, "axolotl train dpo.yaml")


def _supervised(plan: Plan) -> dict[str, Any]:
    values = plan.values
    return {
        "base_model": plan.model,
        **_common(plan, training_arguments(plan)),
        "datasets": [_dataset("train.jsonl")],
        "test_datasets": [_dataset("dev.jsonl")],
        "output_dir": "output",
        "sample_packing": values["packing"],
        "train_on_inputs": values["loss_on"] != "completion",
        "load_best_model_at_end": True,
        "metric_for_best_model": "eval_loss",
        "early_stopping_patience": values["early_stopping_patience"],
    }


def _judged(plan: Plan) -> dict[str, Any]:
    """DPO on the tuned model; one pass, so that its builder's lack of early stopping costs little."""
    config = {
        "base_model": "output" if plan.method == "full" else "output/merged",
        **_common(plan, judged_arguments(plan)),
        "rl": "dpo",
        "rl_beta": plan.values["dpo_beta"],
        "datasets": [_pairs("pairs-train.jsonl")],
        "test_datasets": [_pairs("pairs-dev.jsonl")],
        "output_dir": "output-dpo",
    }
    # The reference model's answers are computed once, so that no second copy of the weights stays in memory.
    return config | ({"precompute_ref_log_probs": True} if plan.method == "full" else {})


def _common(plan: Plan, arguments: dict[str, Any]) -> dict[str, Any]:
    config: dict[str, Any] = {
        "chat_template": "tokenizer_default_fallback_chatml",
        "sequence_len": plan.values["seq_len"],
        **_adapter(plan),
        "num_epochs": arguments["num_train_epochs"],
        "micro_batch_size": arguments["per_device_train_batch_size"],
        "gradient_accumulation_steps": arguments["gradient_accumulation_steps"],
        "learning_rate": arguments["learning_rate"],
        "lr_scheduler": arguments["lr_scheduler_type"],
        "warmup_ratio": plan.values["warmup_ratio"],
        "optimizer": arguments["optim"],
        "weight_decay": arguments["weight_decay"],
        "max_grad_norm": arguments["max_grad_norm"],
        "bf16": arguments["bf16"],
        "fp16": arguments["fp16"],
        "gradient_checkpointing": arguments["gradient_checkpointing"],
        "attn_implementation": "sdpa",
        "eval_steps": arguments["eval_steps"],
        "save_steps": arguments["save_steps"],
        "save_total_limit": arguments["save_total_limit"],
        "logging_steps": arguments["logging_steps"],
        "seed": plan.values["seeds"][0],
    }
    return config | (_FSDP if sharded(plan) else {})


_FSDP: dict[str, Any] = {
    "fsdp_version": 2,
    "fsdp_config": {
        "auto_wrap_policy": "TRANSFORMER_BASED_WRAP",
        "reshard_after_forward": True,
        "state_dict_type": "FULL_STATE_DICT",
    },
}


def _pairs(path: str) -> dict[str, Any]:
    return {
        "path": path,
        "split": "train",
        "type": "chat_template.default",
        "field_messages": "prompt",
        "field_chosen": "chosen",
        "field_rejected": "rejected",
    }


def _dataset(path: str) -> dict[str, Any]:
    return {
        "path": path,
        "ds_type": "json",
        "split": "train",
        "type": "chat_template",
        "field_messages": "messages",
        "roles_to_train": ["assistant"],
    }


def _adapter(plan: Plan) -> dict[str, Any]:
    if plan.method not in ("lora", "qlora"):
        return {}
    values = plan.values
    targets = values["lora_targets"]
    where = {"lora_target_linear": True} if targets == "all-linear" else {"lora_target_modules": list(targets)}
    return {
        "adapter": plan.method,
        "load_in_4bit": plan.method == "qlora",
        "lora_r": values["lora_rank"],
        "lora_alpha": values["lora_alpha"],
        "lora_dropout": values["lora_dropout"],
        **where,
    }
