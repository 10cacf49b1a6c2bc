"""Which layers attend, which see everything, and which variants nobody sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick.errors import LlmpickError

if TYPE_CHECKING:
    from llmpick.config_json.fields import Fields

ATTENDING = {"attention", "full_attention", "sliding_attention", "chunked_attention", "hybrid"}
# Of how many layers one sees the whole context, in classes that do not list their layers.
ONE_FULL_IN = {"cohere2": 4, "gemma2": 2, "gemma3_text": 6, "gemma4_text": 6, "gpt_oss": 2, "vaultgemma": 2}


def full_attention_layers(config: Fields, name: str, layers: int) -> int | None:
    """Layers that see the whole context where others see a window; None where the file does not tell them apart."""
    kinds = config.items("layer_types")
    if kinds:
        return kinds.count("full_attention") if "sliding_attention" in kinds else None
    period = config.size("sliding_window_pattern", default=ONE_FULL_IN.get(name, 1))
    return layers // period if period > 1 else None


def layer_kinds(config: Fields) -> list[str]:
    """What each layer is, as the file lists it; empty where it does not."""
    kinds = config.items("layer_types", "layers_block_type")
    if any(not isinstance(kind, str) for kind in kinds):
        raise LlmpickError(f"config.json: {config.path}layer_types has an entry that is not text", "name each layer")
    return [str(kind) for kind in kinds]


def refuse(config: Fields, *switches: str) -> None:
    """Raise LlmpickError where a switch is on that no closed form here covers."""
    for switch in switches:
        if config.flag(switch):
            raise LlmpickError(f"config.json: {config.path}{switch} is true", "that variant of the class is not sized")


def attending_layers(config: Fields, layers: int, every: int = 1) -> int:
    """How many of `layers` attend: counted from the list, else one in `every`."""
    kinds = layer_kinds(config)
    return sum(kind in ATTENDING for kind in kinds) if kinds else layers // every
