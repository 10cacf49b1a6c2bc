"""Which weights train: adapters, their rank and reach, quantization, freezing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick.guidance import sources
from llmpick.guidance.setup import setting
from llmpick.sizing.adapters import adapts_experts
from llmpick.sizing.methods import MANY_EXAMPLES

if TYPE_CHECKING:
    from llmpick.guidance.answers import Setting
    from llmpick.guidance.setup import Setup

ALPHA = 32


def adapter(setup: Setup) -> tuple[Setting, ...]:
    """The method; the adapters' settings where there are some; what stays frozen."""
    if not setup.adapters:
        return (_method(setup), _frozen(setup))
    found = [_method(setup), _rank(setup), _alpha(), _dropout(setup), _targets(setup)]
    if setup.job.method == "qlora":
        found.append(_quantization())
    return (*found, _frozen(setup))


def _method(setup: Setup) -> Setting:
    method = setup.job.method
    reasons = {
        "full": ("all weights train: nothing limits what can be learned", sources.LORA_REGRET),
        "lora": (
            "adapters over the unchanged weights learn as well as full tuning on data of this size",
            sources.LORA_REGRET,
        ),
        "qlora": ("adapters over 4-bit weights: the same quality in the paper, in far less memory", sources.QLORA),
    }
    why, source = reasons[method]
    if method == "lora" and (setup.profile.examples or 0) >= MANY_EXAMPLES:
        why = "adapters over the unchanged weights, in far less memory; on so much data full tuning may learn more"
    return setting("method", method, why, source)


def _rank(setup: Setup) -> Setting:
    rank, examples = setup.job.rank, setup.profile.examples
    if rank == 16:
        why = "as Zephyr's QLoRA recipe; with every layer adapted the rank hardly matters on data of this size"
        return setting("lora_rank", rank, why, sources.ZEPHYR_QLORA)
    why = f"{examples or 0:,} examples may say more than rank 16 can hold; an adapter that is too small learns slower"
    return setting("lora_rank", rank, why, sources.TRL_LORA)


def _alpha() -> Setting:
    why = "held at 32 for any rank, the best learning rate stays the same for any rank"
    return setting("lora_alpha", ALPHA, why, sources.LORA_REGRET)


def _dropout(setup: Setup) -> Setting:
    if adapts_experts(setup.architecture.model_type, setup.job.targets):
        why = "none: PEFT adapts the stacked experts too, and refuses dropout on them"
        return setting("lora_dropout", 0.0, why, sources.PEFT_EXPERTS)
    return setting("lora_dropout", 0.05, "as in Zephyr's QLoRA recipe", sources.ZEPHYR_QLORA)


def _targets(setup: Setup) -> Setting:
    if setup.lora_targets:
        why = "every linear layer, named because PEFT has no list for this network; attention alone learns worse"
        return setting("lora_targets", setup.lora_targets, why, sources.LORA_REGRET)
    why = "every linear layer: attention alone learns worse, even with as many trainable weights"
    return setting("lora_targets", "all-linear", why, sources.LORA_REGRET)


def _quantization() -> Setting:
    return setting(
        "quantization", "nf4-double", "4-bit NormalFloat with double quantization, as in the paper", sources.QLORA
    )


def _frozen(setup: Setup) -> Setting:
    if setup.adapters:
        return setting(
            "frozen_layers", 0, "none by hand: the network below the adapters is frozen as a whole", sources.QLORA
        )
    why = (
        "none: all layers train; if memory runs out, the top quarter alone reached 90 % of the quality for "
        "BERT and RoBERTa"
    )
    return setting("frozen_layers", 0, why, sources.ELSA)
