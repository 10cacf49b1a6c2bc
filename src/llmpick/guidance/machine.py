"""How the card is used: optimizer, precision, checkpointing, sharding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick.guidance import sources
from llmpick.guidance.fit import T5_TYPES
from llmpick.guidance.setup import setting

if TYPE_CHECKING:
    from llmpick.guidance.answers import Setting
    from llmpick.guidance.setup import Setup


def machine(setup: Setup) -> tuple[Setting, ...]:
    """Optimizer, weight decay, gradient clipping, precision, checkpointing, sharding."""
    if setup.recipe.kind == "setfit":
        return (_precision(setup),)
    found = [
        _optimizer(setup),
        _weight_decay(setup),
        _max_grad_norm(setup),
        _precision(setup),
        _weights(setup),
        _checkpointing(setup),
    ]
    if setup.job.n_gpus > 1:
        found.append(_sharding(setup))
    return tuple(found)


def _optimizer(setup: Setup) -> Setting:
    name = setup.job.optimizer
    if name == "adamw":
        why = "AdamW, fused: bias correction matters when tuning for few steps; it keeps two states per trained weight"
        return setting("optimizer", name, why, sources.MOSBACH)
    why = "AdamW with 8-bit states, because the 32-bit ones would not fit beside the weights"
    return setting("optimizer", name, why, sources.BITSANDBYTES)


def _weight_decay(setup: Setup) -> Setting:
    if setup.adapters:
        return setting("weight_decay", 0.0, "none, as in Zephyr's QLoRA recipe", sources.ZEPHYR_QLORA)
    return setting("weight_decay", 0.01, "as DeBERTa and BART were tuned with", sources.DEBERTA)


def _max_grad_norm(setup: Setup) -> Setting:
    if setup.job.method == "qlora":
        return setting("max_grad_norm", 0.3, "as in the QLoRA paper", sources.QLORA)
    return setting(
        "max_grad_norm", 1.0, "the trainer's default: one bad batch cannot throw the weights off", sources.TRAINER
    )


def _precision(setup: Setup) -> Setting:
    value = setup.job.mixed_precision
    if setup.recipe.kind == "setfit" and value == "fp16":
        return setting("precision", value, "what SetFit's use_amp switches on", sources.SETFIT_ARGUMENTS)
    if setup.architecture.model_type in T5_TYPES and value == "no" and not setup.on_cpu:
        why = "fp32: your card has no bf16, and T5 overflows in fp16"
        return setting("precision", value, why, sources.T5_FP16)
    reasons = {
        "bf16": "matrix products in bf16: half the memory of fp32 and the same range, so no loss scaling",
        "fp16": "your card has no bf16; fp16 with loss scaling instead: watch for overflow",
        "no": "fp32: without a GPU half precision saves no time",
    }
    return setting("precision", value, reasons[value], sources.MIXED_PRECISION)


def _weights(setup: Setup) -> Setting:
    dtype = setup.job.dtype
    if setup.job.method == "qlora":
        return setting(
            "weights_dtype", dtype, "what the 4-bit weights are unpacked to; adapters stay in fp32", sources.QLORA
        )
    if setup.adapters:
        return setting(
            "weights_dtype", dtype, "the frozen weights as they are stored; adapters stay in fp32", sources.PEFT_LORA
        )
    if dtype == "fp32":
        why = "weights that train are kept in fp32, so that small updates are not rounded away"
        return setting("weights_dtype", dtype, why, sources.MIXED_PRECISION)
    why = "as the checkpoint is stored; fp32 is safer where memory allows, since small updates round away in 16 bits"
    return setting("weights_dtype", dtype, why, sources.MIXED_PRECISION)


def _checkpointing(setup: Setup) -> Setting:
    on = setup.job.gradient_checkpointing
    if on:
        why = "on: keeps only each layer's input and computes the rest again, about 20 % slower, far less memory"
        return setting("gradient_checkpointing", on, why, sources.CHECKPOINTING)
    return setting("gradient_checkpointing", on, "off: it fits without, and training is faster", sources.CHECKPOINTING)


def _sharding(setup: Setup) -> Setting:
    value = setup.job.sharding
    if value == "ddp":
        why = "each card holds the whole model and its own batch: the fastest where it fits"
        return setting("sharding", value, why, sources.FSDP)
    return setting(
        "sharding",
        value,
        "weights, gradients and optimizer states split over the cards, since one cannot hold them",
        sources.FSDP,
    )
