"""LLaMA-Factory: a YAML of arguments, and the description of the data."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from llmpick.guidance.frameworks.render import yaml_text
from llmpick.guidance.frameworks.trainer import training_arguments

if TYPE_CHECKING:
    from llmpick.guidance.answers import Plan

_TAGS = {
    "role_tag": "role",
    "content_tag": "content",
    "user_tag": "user",
    "assistant_tag": "assistant",
    "system_tag": "system",
}


def llama_factory(plan: Plan) -> dict[str, str]:
    """config.yaml for supervised fine-tuning, and dataset_info.json."""
    values = plan.values
    arguments = training_arguments(plan)
    # It runs on transformers 4 and 5; the ratio is understood by both.
    arguments["warmup_ratio"] = arguments.pop("warmup_steps")
    # Its own switch turns checkpointing off; on is what it does.
    checkpointing = arguments.pop("gradient_checkpointing")
    config: dict[str, Any] = {
        "model_name_or_path": plan.model,
        "stage": "sft",
        "do_train": True,
        **_tuning(plan),
        "disable_gradient_checkpointing": not checkpointing,
        "dataset_dir": ".",
        "dataset": "train",
        "eval_dataset": "dev",
        "cutoff_len": values["seq_len"],
        "packing": values["packing"],
        "train_on_prompt": values["loss_on"] != "completion",
        "output_dir": "output",
        "seed": values["seeds"][0],
        **arguments,
    }
    info = {name: _described(f"{name}.jsonl") for name in ("train", "dev")}
    return {"config.yaml": yaml_text(config), "dataset_info.json": json.dumps(info, indent=2) + "\n"}


def _tuning(plan: Plan) -> dict[str, Any]:
    if plan.method not in ("lora", "qlora"):
        return {"finetuning_type": "full"}
    values = plan.values
    targets = values["lora_targets"]
    found: dict[str, Any] = {
        "finetuning_type": "lora",
        "lora_rank": values["lora_rank"],
        "lora_alpha": values["lora_alpha"],
        "lora_dropout": values["lora_dropout"],
        "lora_target": "all" if targets == "all-linear" else ",".join(targets),
    }
    if plan.method == "qlora":
        found |= {
            "quantization_method": "bnb",
            "quantization_bit": 4,
            "quantization_type": "nf4",
            "double_quantization": True,
        }
    return found


def _described(file_name: str) -> dict[str, Any]:
    return {
        "file_name": file_name,
        "formatting": "sharegpt",
        "columns": {"messages": "messages"},
        "tags": _TAGS,
    }
