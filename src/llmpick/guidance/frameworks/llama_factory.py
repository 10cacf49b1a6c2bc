"""LLaMA-Factory: a YAML of arguments for each stage, and the description of the data."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from llmpick.guidance.frameworks.launch import launch, sharded
from llmpick.guidance.frameworks.render import yaml_text
from llmpick.guidance.frameworks.trainer import judged_arguments, training_arguments

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
    """config.yaml for supervised fine-tuning, dataset_info.json, and the files of the preference stage."""
    files = {"config.yaml": yaml_text(_supervised(plan))}
    info = {name: _described(f"{name}.jsonl") for name in ("train", "dev")}
    if writes_stage(plan):
        files[f"{plan.after}.yaml"] = yaml_text(_judged(plan))
        files |= {"merge.yaml": yaml_text(_merge(plan))}
        info |= {name: _described_judged(f"{name}.jsonl", plan.after) for name in _judged_sets(plan)}
    return files | {"dataset_info.json": json.dumps(info, indent=2) + "\n"}


def writes_stage(plan: Plan) -> bool:
    """Only with adapters: without them it loads a second copy of the weights, for which no plan has made room."""
    return plan.after != "none" and plan.method != "full"


def commands(plan: Plan) -> tuple[str, ...]:
    """Train; where judged answers follow, make the adapters part of the model and train on those."""
    first = (_train("config.yaml", plan),)
    if not writes_stage(plan):
        return first
    return (*first, "llamafactory-cli export merge.yaml", _train(f"{plan.after}.yaml", plan))


def _train(config: str, plan: Plan) -> str:
    """Its own launcher starts one process a card; splitting the weights over cards takes accelerate's."""
    if sharded(plan):
        return launch(f"-m llamafactory.launcher {config}", plan)
    return f"llamafactory-cli train {config}"


def _supervised(plan: Plan) -> dict[str, Any]:
    values = plan.values
    return {
        "model_name_or_path": plan.model,
        "stage": "sft",
        **_common(plan, training_arguments(plan)),
        "dataset": "train",
        "eval_dataset": "dev",
        "packing": values["packing"],
        "train_on_prompt": values["loss_on"] != "completion",
        "output_dir": "output",
    }


def _judged(plan: Plan) -> dict[str, Any]:
    train, dev = _judged_sets(plan)
    return {
        "model_name_or_path": "output/merged",
        "stage": plan.after,
        "pref_beta": plan.values[f"{plan.after}_beta"],
        **_common(plan, judged_arguments(plan)),
        "dataset": train,
        "eval_dataset": dev,
        "output_dir": f"output-{plan.after}",
    }


def _merge(plan: Plan) -> dict[str, Any]:
    return {
        "model_name_or_path": plan.model,
        "adapter_name_or_path": "output",
        "finetuning_type": "lora",
        "export_dir": "output/merged",
    }


def _common(plan: Plan, arguments: dict[str, Any]) -> dict[str, Any]:
    # It runs on transformers 4 and 5; the ratio is understood by both.
    arguments["warmup_ratio"] = arguments.pop("warmup_steps")
    # Its own switch turns checkpointing off; on is what it does.
    checkpointing = arguments.pop("gradient_checkpointing")
    return {
        "do_train": True,
        **_tuning(plan),
        "disable_gradient_checkpointing": not checkpointing,
        "dataset_dir": ".",
        "cutoff_len": plan.values["seq_len"],
        "early_stopping_steps": plan.values["early_stopping_patience"],
        "seed": plan.values["seeds"][0],
        **arguments,
    }


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


def _judged_sets(plan: Plan) -> tuple[str, str]:
    kind = "pairs" if plan.after == "dpo" else "ratings"
    return f"{kind}-train", f"{kind}-dev"


def _described_judged(file_name: str, stage: str) -> dict[str, Any]:
    described = _described(file_name)
    if stage == "kto":
        return described | {"columns": {"messages": "messages", "kto_tag": "label"}}
    columns = {"messages": "messages", "chosen": "chosen", "rejected": "rejected"}
    return described | {"ranking": True, "columns": columns}
