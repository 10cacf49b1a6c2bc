"""Parameters of the vision tower and its projector beside a multimodal model's text network.

Closed forms read off transformers 5.23's modules. A tower that is not known here, or whose config leaves sizes to the
class, is not counted; the reader says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from llmpick.config_json.fields import Fields

# The tower of classes that leave its model_type out.
USUAL = {
    "gemma3": "siglip_vision_model",
    "llama4": "llama4_vision_model",
    "mistral3": "pixtral",
    "qwen3_5": "qwen3_vision",
    "qwen3_5_moe": "qwen3_vision",
    "qwen3_vl": "qwen3_vision",
    "qwen3_vl_moe": "qwen3_vision",
}
QWEN3 = ("qwen3_5", "qwen3_5_moe", "qwen3_vl", "qwen3_vl_moe")
SAME_TOWER = {f"{name}{suffix}": "qwen3_vision" for name in QWEN3 for suffix in ("", "_vision")}


def tower_parameters(config: Fields, text_width: int) -> int | None:
    """Parameters of the vision tower and projector of a multimodal `config`; None where they cannot be told."""
    vision = config.inner("vision_config")
    outer = config.text("model_type")
    kind = vision.text("model_type", default=USUAL.get(outer, ""))
    form = FORMS.get((outer, SAME_TOWER.get(kind, kind)))
    needed = NEEDED.get(SAME_TOWER.get(kind, kind), ())
    if form is None or not all(vision.has(key) for key in needed):
        return None
    return form(config, vision, text_width)


def _block(width: int, mlp: int) -> int:
    """A pre-norm layer with biases: attention, a two-matrix MLP, two LayerNorms."""
    return 4 * (width * width + width) + 2 * width * mlp + mlp + width + 4 * width


def _siglip(config: Fields, vision: Fields, text_width: int) -> int:
    """SigLIP, with its pooling head where the file does not leave it out, and Gemma 3's projection."""
    width, patch, mlp = vision.size("hidden_size"), vision.size("patch_size"), vision.size("intermediate_size")
    patches = (vision.size("image_size") // patch) ** 2
    body = 3 * patch * patch * width + width + patches * width + 2 * width
    head = _block(width, mlp) - width if vision.flag("vision_use_head", default=True) else 0
    return body + vision.size("num_hidden_layers") * _block(width, mlp) + head + width * text_width + width


def _pixtral(config: Fields, vision: Fields, text_width: int) -> int:
    """Pixtral (RMS norms, gated MLP, no biases), and Mistral 3's patch merger and projector."""
    width, patch, mlp = vision.size("hidden_size"), vision.size("patch_size"), vision.size("intermediate_size")
    body = 3 * patch * patch * width + width
    layers = vision.size("num_hidden_layers") * (4 * width * width + 3 * width * mlp + 2 * width)
    merge = config.size("spatial_merge_size", default=2) ** 2
    projector = width + merge * width * width + width * text_width + text_width * text_width
    return body + layers + projector + (2 * text_width if config.flag("multimodal_projector_bias") else 0)


def _llama4(config: Fields, vision: Fields, text_width: int) -> int:
    """Llama 4's tower: a class token, norms before and after, an adapter over shuffled pixels."""
    width, patch, mlp = vision.size("hidden_size"), vision.size("patch_size"), vision.size("intermediate_size")
    patches = (vision.size("image_size") // patch) ** 2
    inner, out = vision.size("projector_input_dim"), vision.size("projector_output_dim")
    body = 3 * patch * patch * width + width + (patches + 1) * width + 4 * width
    adapter = mlp * inner + inner * out
    layers = vision.size("num_hidden_layers") * _block(width, mlp)
    return body + layers + adapter + vision.size("vision_output_dim") * text_width


def _qwen3(config: Fields, vision: Fields, text_width: int) -> int:
    """Qwen3-VL's and Qwen3.5's tower: patches over time, a merger, further mergers that feed early text layers."""
    width, patch, mlp = vision.size("hidden_size"), vision.size("patch_size"), vision.size("intermediate_size")
    merged = vision.size("spatial_merge_size") ** 2 * width
    channels = vision.size("in_channels", default=3) * vision.size("temporal_patch_size")
    body = channels * patch * patch * width + width + vision.size("num_position_embeddings") * width
    out = vision.size("out_hidden_size")
    merger = merged * merged + merged + merged * out + out
    mergers = merger + 2 * width + len(vision.items("deepstack_visual_indexes")) * (merger + 2 * merged)
    return body + vision.size("depth") * _block(width, mlp) + mergers


COMMON = ("hidden_size", "intermediate_size", "patch_size")
NEEDED = {
    "llama4_vision_model": (*COMMON, "num_hidden_layers", "image_size", "vision_output_dim", "projector_input_dim"),
    "pixtral": (*COMMON, "num_hidden_layers"),
    "qwen3_vision": (*COMMON, "depth", "num_position_embeddings", "out_hidden_size", "spatial_merge_size"),
    "siglip_vision_model": (*COMMON, "num_hidden_layers", "image_size"),
}
FORMS: dict[tuple[str, str], Callable[[Fields, Fields, int], int]] = {
    ("gemma3", "siglip_vision_model"): _siglip,
    ("llama4", "llama4_vision_model"): _llama4,
    ("mistral3", "pixtral"): _pixtral,
    **{(outer, "qwen3_vision"): _qwen3 for outer in QWEN3},
}
