"""torchtune: one of its own configurations, and the overrides that make it this plan."""

from __future__ import annotations

import json
from math import ceil
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

from llmpick.errors import LlmpickError

if TYPE_CHECKING:
    from llmpick.guidance.answers import Plan

CONFIGS = Path(__file__).parent.parent / "templates" / "torchtune_configs.json"
"""Read from the release 0.6.1: which model each configuration it ships trains, and which of our keys it has."""
LORA_MODULES = '["q_proj","k_proj","v_proj","output_proj"]'
PRECISIONS = {"bf16": "bf16", "fp32": "fp32"}


def torchtune(plan: Plan) -> dict[str, str]:
    """run.sh: download the weights, then train with overrides of a configuration that torchtune ships."""
    row = _row(plan)
    dtype = plan.values["weights_dtype"]
    if dtype not in PRECISIONS:
        raise LlmpickError("torchtune trains in bf16 or fp32, and this plan in fp16", "take --framework trl")
    overrides = {**row["paths"], **_shape(plan, row), **_data()}
    lines = [f"  {key}={quote(_written(value))}" for key, value in overrides.items()]
    many = f"--nproc_per_node {plan.cards} " if row["cards"] == "many" else ""
    ignore = f" --ignore-patterns {quote(row['ignore'])}" if row["ignore"] else ""
    script = "\n".join(
        [
            "#!/bin/sh",
            "# Written by llmpick; every value and its reason stands in README.md.",
            "set -e",
            f"tune download {quote(plan.model)} --output-dir model{ignore}",
            f"tune run {many}{row['recipe']} --config {row['config']} \\",
            " \\\n".join(lines),
        ]
    )
    return {"run.sh": script + "\n"}


def _row(plan: Plan) -> dict[str, Any]:
    rows = json.loads(CONFIGS.read_text(encoding="utf-8"))
    same = [row for row in rows if _key(row["model"]) == _key(plan.model)]
    if not same:
        names = sorted({row["model"] for row in rows})
        raise LlmpickError(f"torchtune ships no configuration for {plan.model}", f"it has: {', '.join(names)}")
    cards = "one" if plan.cards == 1 else "many"
    fitting = [row for row in same if row["method"] == plan.method and row["cards"] == cards]
    if not fitting:
        found = ", ".join(
            sorted({f"{row['method']} on {row['cards']} card{'s' * (row['cards'] == 'many')}" for row in same})
        )
        raise LlmpickError(f"torchtune trains {plan.model} by: {found}", "choose one with --method, or --framework trl")
    row: dict[str, Any] = fitting[0]
    return row


def _key(model: str) -> str:
    """Base and instruct checkpoints of one network share a configuration."""
    name = model.casefold().replace("meta-llama/meta-", "meta-llama/")
    for ending in ("-instruct", "-hf", "-it"):
        name = name.removesuffix(ending)
    return name


def _shape(plan: Plan, row: dict[str, Any]) -> dict[str, Any]:
    values = plan.values
    shape: dict[str, Any] = {
        "output_dir": "output",
        "seed": values["seeds"][0],
        "dtype": PRECISIONS[values["weights_dtype"]],
        "epochs": ceil(values["epochs"]),
        "batch_size": values["batch_size"],
        "gradient_accumulation_steps": values["accumulation"],
        "enable_activation_checkpointing": values["gradient_checkpointing"],
        "optimizer.lr": values["learning_rate"],
        "clip_grad_norm": values["max_grad_norm"],
        "tokenizer.max_seq_len": values["seq_len"],
    }
    if plan.method in ("lora", "qlora"):
        shape |= {
            "model.lora_rank": values["lora_rank"],
            "model.lora_alpha": values["lora_alpha"],
            "model.lora_dropout": values["lora_dropout"],
            "model.lora_attn_modules": LORA_MODULES,
            "model.apply_lora_to_mlp": True,
        }
    return {key: value for key, value in shape.items() if key in row["keys"] or key == "clip_grad_norm"}


def _data() -> dict[str, Any]:
    return {
        "dataset._component_": "torchtune.datasets.chat_dataset",
        "dataset.source": "json",
        "dataset.data_files": "train.jsonl",
        "dataset.split": "train",
        "dataset.conversation_column": "messages",
        "dataset.conversation_style": "openai",
        "dataset.train_on_input": False,
        "dataset.packed": False,
    }


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return str(value)
    return f"{value:g}" if isinstance(value, float) else str(value)
