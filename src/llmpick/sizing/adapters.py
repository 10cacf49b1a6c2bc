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


def adapted(architecture: Architecture, targets: str, counted: Parameters | None = None) -> tuple[Linear, ...]:
    """The matrices of the text network that get an adapter under `targets`.

    "all-linear" is every nn.Linear but the output head, as PEFT means it; "attention" is the projections of attention;
    anything else is a comma-separated list of module names, of which at least one must exist. Stacked experts are no
    nn.Linear and get none. Raises LlmpickError where nothing matches.
    """
    linears = (counted or count(architecture)).linears
    adaptable = tuple(linear for linear in linears if not linear.fused and _allowed(architecture, linear))
    if targets == "all-linear":
        return adaptable
    if targets == "attention":
        return tuple(linear for linear in adaptable if linear.group in ATTENTION)
    names = {name.strip() for name in targets.split(",")}
    found = tuple(linear for linear in adaptable if linear.name in names)
    if not found:
        raise _nothing_matches(architecture, targets, adaptable)
    return found


def adapter_parameters(architecture: Architecture, rank: int, targets: str, counted: Parameters | None = None) -> int:
    """Trainable parameters of LoRA at `rank`: rank x (d_in + d_out) per adapted matrix (arXiv 2106.09685).

    `targets` as in `adapted`. Biases, a task head and towers of other modalities are not among them.
    """
    return rank * sum(
        (linear.modules or linear.count) * (linear.d_in + linear.d_out)
        for linear in adapted(architecture, targets, counted)
    )


def _allowed(architecture: Architecture, linear: Linear) -> bool:
    return not (linear.name == "out_proj" and architecture.model_type in MAMBA_KERNELS)


def _nothing_matches(architecture: Architecture, targets: str, adaptable: tuple[Linear, ...]) -> LlmpickError:
    names = sorted({linear.name for linear in adaptable})
    hint = did_you_mean(targets.split(",", maxsplit=1)[0].strip(), names) or f"it has {', '.join(names)}"
    return LlmpickError(f"no linear layer of a {architecture.model_type} network is called {targets}", hint)
