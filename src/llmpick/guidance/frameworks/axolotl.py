"""axolotl: one YAML file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmpick.guidance.frameworks.render import yaml_text
from llmpick.guidance.frameworks.trainer import OPTIMIZERS

if TYPE_CHECKING:
    from llmpick.guidance.answers import Plan


def axolotl(plan: Plan) -> dict[str, str]:
    """config.yaml for supervised fine-tuning."""
    values = plan.values
    config: dict[str, Any] = {
        "base_model": plan.model,
        "chat_template": "tokenizer_default_fallback_chatml",
        "datasets": [_dataset("train.jsonl")],
        "test_datasets": [_dataset("dev.jsonl")],
        "output_dir": "output",
        "sequence_len": values["seq_len"],
        "sample_packing": values["packing"],
        "train_on_inputs": values["loss_on"] != "completion",
        **_adapter(plan),
        "num_epochs": values["epochs"],
        "micro_batch_size": values["batch_size"],
        "gradient_accumulation_steps": values["accumulation"],
        "learning_rate": values["learning_rate"],
        "lr_scheduler": values["lr_schedule"],
        "warmup_ratio": values["warmup_ratio"],
        "optimizer": OPTIMIZERS[values["optimizer"]],
        "weight_decay": values["weight_decay"],
        "max_grad_norm": values["max_grad_norm"],
        "bf16": values["precision"] == "bf16",
        "fp16": values["precision"] == "fp16",
        "gradient_checkpointing": values["gradient_checkpointing"],
        "attn_implementation": "sdpa",
        "eval_steps": values["evaluate_every"],
        "save_steps": values["evaluate_every"],
        "save_total_limit": 2,
        "load_best_model_at_end": True,
        "metric_for_best_model": "eval_loss",
        "early_stopping_patience": values["early_stopping_patience"],
        "logging_steps": 10,
        "seed": values["seeds"][0],
    }
    if values.get("sharding") == "fsdp":
        config |= {"fsdp_version": 2, "fsdp_config": {"auto_wrap_policy": "TRANSFORMER_BASED_WRAP"}}
    return {"config.yaml": yaml_text(config)}


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
