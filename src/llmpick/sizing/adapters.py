"""LoRA adapters: which matrices PEFT would wrap, and how many parameters that trains."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick.errors import LlmpickError, did_you_mean
from llmpick.sizing.stacks import count

if TYPE_CHECKING:
    from llmpick.architecture import Architecture
    from llmpick.sizing.linear import Linear, Parameters

ATTENTION = {"attention", "cross-attention"}
# PEFT refuses to adapt out_proj in these classes, whose kernels read its weight past the module (peft 0.21,
# tuners_utils._check_lora_target_modules_mamba).
MAMBA_KERNELS = {"falcon_h1", "falcon_mamba", "mamba", "mamba2", "nemotron_h"}
# Classes whose stacked experts PEFT adapts all the same, under the names the experts had in transformers 4, and only
# them under these names (peft 0.21 with transformers 5, utils.transformers_weight_conversion).
MIXTRAL_NAMES = {"gate": "router", "w1": "gate_up_proj", "w3": "gate_up_proj", "w2": "down_proj"}
QWEN_NAMES = {"gate": "router", "gate_proj": "gate_up_proj", "up_proj": "gate_up_proj", "down_proj": "down_proj"}
EXPERT_NAMES = {
    **dict.fromkeys(("minimax", "minimax_m2", "mixtral"), MIXTRAL_NAMES),
    **dict.fromkeys(
        (
            "afmoe", "deepseek_v2", "deepseek_v3", "deepseek_v32", "dots1", "ernie4_5_moe", "exaone_moe", "glm4_moe",
            "glm4_moe_lite", "glm_moe_dsa", "hunyuan_v1_moe", "mellum", "olmoe", "qwen3_moe", "qwen3_next",
            "solar_open",
        ),
        QWEN_NAMES,
    ),
}  # fmt: skip


def adapted(architecture: Architecture, targets: str, counted: Parameters | None = None) -> tuple[Linear, ...]:
    """The matrices of the text network that get an adapter under `targets`.

    "all-linear" is what PEFT makes of it: every nn.Linear but the output head, and in some classes the stacked
    experts; "attention" is the projections of attention; anything else is a comma-separated list of module names, of
    which at least one must exist. Raises LlmpickError where nothing matches.
    """
    linears = (counted or count(architecture)).linears
    modules = [linear for linear in linears if not linear.fused and _allowed(architecture, linear)]
    if targets == "attention":
        return tuple(linear for linear in modules if linear.group in ATTENTION)
    old = EXPERT_NAMES.get(architecture.model_type, {})
    names = {name.strip() for name in targets.split(",")}
    if targets == "all-linear":
        names = {linear.name for linear in modules} | old.keys()
    roles = _roles(old, names)
    found = [linear for linear in modules if linear.name in names - old.keys()]
    found += [linear for linear in linears if _role(linear) in roles]
    if not found:
        raise _nothing_matches(architecture, targets, modules)
    return tuple(found)


def adapter_parameters(architecture: Architecture, rank: int, targets: str, counted: Parameters | None = None) -> int:
    """Trainable parameters of LoRA at `rank`: rank x (d_in + d_out) per adapted matrix (arXiv 2106.09685).

    `targets` as in `adapted`. Biases, a task head and towers of other modalities are not among them.
    """
    return sum(
        rank * branches(linear) * (linear.modules or linear.count) * (linear.d_in + linear.d_out)
        for linear in adapted(architecture, targets, counted)
    )


def branches(linear: Linear) -> int:
    """How many times the rank an adapter on `linear` has: a stacked gate and up matrix counts twice."""
    return 2 if linear.fused and linear.name == "gate_up_proj" else 1


def expert_roles(model_type: str, targets: str) -> frozenset[str]:
    """The stacked parameters of experts (and the router) that `targets` reaches in a class; mostly none."""
    old = EXPERT_NAMES.get(model_type, {})
    if not old or targets == "attention":
        return frozenset()
    names = set(old) if targets == "all-linear" else {name.strip() for name in targets.split(",")}
    return frozenset(_roles(old, names))


def adapts_experts(model_type: str, targets: str) -> bool:
    """Whether `targets` reaches stacked experts or their router."""
    return bool(expert_roles(model_type, targets))


def _roles(old: dict[str, str], names: set[str]) -> set[str]:
    """The stacked parameters that `names` reach by their old names; PEFT refuses one half of a stacked matrix."""
    halves = {name for name, role in old.items() if role == "gate_up_proj"}
    if len(halves & names) == 1:
        raise LlmpickError(
            f"the target {(halves & names).pop()} alone cannot be adapted", f"name both {' and '.join(sorted(halves))}"
        )
    return {role for name, role in old.items() if name in names}


def _role(linear: Linear) -> str:
    if linear.group == "router" and linear.name == "gate":
        return "router"
    return linear.name if linear.fused else ""


def _allowed(architecture: Architecture, linear: Linear) -> bool:
    return not (linear.name == "out_proj" and architecture.model_type in MAMBA_KERNELS)


def _nothing_matches(architecture: Architecture, targets: str, modules: list[Linear]) -> LlmpickError:
    names = sorted({linear.name for linear in modules})
    hint = did_you_mean(targets.split(",", maxsplit=1)[0].strip(), names) or f"it has {', '.join(names)}"
    return LlmpickError(f"no linear layer of a {architecture.model_type} network is called {targets}", hint)
