"""What single encoder classes read beyond the common fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmpick.errors import LlmpickError

if TYPE_CHECKING:
    from collections.abc import Callable

    from llmpick.config_json.fields import Fields


def _big_bird(config: Fields, _: dict[str, Any]) -> dict[str, Any]:
    return {"qkv_bias": config.flag("use_bias", default=True)}


def _albert(config: Fields, _: dict[str, Any]) -> dict[str, Any]:
    if config.size("inner_group_num", default=1) != 1:
        raise LlmpickError("config.json: inner_group_num is not 1", "that variant of ALBERT is not sized yet")
    return {"num_layer_groups": config.size("num_hidden_groups", default=1)}


def _deberta(config: Fields, shape: dict[str, Any]) -> dict[str, Any]:
    positions = config.size("max_position_embeddings")
    reach = config.values.get("max_relative_positions")
    reach = reach if isinstance(reach, int) and reach > 0 else positions
    if not config.flag("relative_attention") and config.flag("position_biased_input", default=True):
        return {"position": "learned", "position_rows": positions}
    _need_relative(config, {"c2p", "p2c"})
    absolute = positions if config.flag("position_biased_input", default=True) else 0
    return {"position_rows": absolute + 2 * reach}


def _deberta_v2(config: Fields, shape: dict[str, Any]) -> dict[str, Any]:
    positions = config.size("max_position_embeddings")
    buckets = config.values.get("position_buckets")
    buckets = buckets if isinstance(buckets, int) and buckets > 0 else positions
    _need_relative(config, set())
    if not config.flag("share_att_key") or config.text("norm_rel_ebd") != "layer_norm":
        raise LlmpickError(
            "config.json: share_att_key is not true or norm_rel_ebd not layer_norm",
            "only DeBERTa-v2 with shared attention keys is sized",
        )
    absolute = positions if config.flag("position_biased_input", default=True) else 0
    kernel = config.count("conv_kernel_size")
    return {
        "position_rows": absolute + 2 * buckets,
        "extra": {"conv_kernel_size": kernel} if kernel else None,
    }


def _need_relative(config: Fields, terms: set[str]) -> None:
    """Only DeBERTa with relative attention, and all its terms, has a closed form here."""
    given = config.values.get("pos_att_type")
    listed = set(given.split("|")) if isinstance(given, str) else {str(term) for term in config.items("pos_att_type")}
    if not config.flag("relative_attention") or not terms <= listed:
        raise LlmpickError(
            "config.json: relative_attention is not true or pos_att_type lacks p2c or c2p",
            "that variant of DeBERTa is not sized yet",
        )


def _biased(config: Fields, shape: dict[str, Any]) -> dict[str, Any]:
    attention, mlp = config.flag("attention_bias"), config.flag("mlp_bias")
    kv_heads = config.size("num_key_value_heads", default=shape["num_attention_heads"])
    return {"qkv_bias": attention, "o_bias": attention, "mlp_bias": mlp, "num_key_value_heads": kv_heads}


def _modernbert(config: Fields, shape: dict[str, Any]) -> dict[str, Any]:
    if config.flag("norm_bias"):
        raise LlmpickError("config.json: norm_bias is true", "that variant of ModernBERT is not sized yet")
    every = config.size("global_attn_every_n_layers", default=3)
    return {
        **{key: value for key, value in _biased(config, shape).items() if key != "num_key_value_heads"},
        "sliding_window": config.size("local_attention", default=128),
        "num_full_attention_layers": -(-shape["num_hidden_layers"] // every),
    }


def _neobert(config: Fields, shape: dict[str, Any]) -> dict[str, Any]:
    """NeoBERT narrows its SwiGLU to two thirds, rounded up to a multiple of 8."""
    return {"intermediate_size": 8 * -(-(2 * shape["intermediate_size"] // 3) // 8)}


def _norbert(config: Fields, _: dict[str, Any]) -> dict[str, Any]:
    """A table of relative positions, whose config.json names no class: `model_type` has to be written in."""
    return {"position_rows": 2 * config.size("position_bucket_size", default=32) - 1}


def _mpnet(config: Fields, shape: dict[str, Any]) -> dict[str, Any]:
    return {"relative_buckets": config.size("relative_attention_num_buckets", default=32), "type_vocab_size": 0}


def _ernie(config: Fields, shape: dict[str, Any]) -> dict[str, Any]:
    tasks = config.size("task_type_vocab_size", default=3) if config.flag("use_task_id") else 0
    return {"type_vocab_size": shape["type_vocab_size"] + tasks}


def _squeezebert(config: Fields, _: dict[str, Any]) -> dict[str, Any]:
    groups = [config.size(f"{part}_groups", default=4) for part in ("q", "k", "v", "intermediate", "output")]
    if groups != [4] * 5 or config.size("post_attention_groups", default=1) != 1:
        raise LlmpickError("config.json: the groups of its convolutions are not 4", "only that SqueezeBERT is sized")
    return {}


def _luke(config: Fields, _: dict[str, Any]) -> dict[str, Any]:
    sizes = {key: config.size(key, default=default) for key, default in LUKE.items()}
    return {"extra": {**sizes, "entity_queries": 3 if config.flag("use_entity_aware_attention", default=True) else 0}}


def _xlm(config: Fields, _: dict[str, Any]) -> dict[str, Any]:
    """Languages have rows of a table of their own, unless one model reads them all alike."""
    languages = config.size("n_langs", default=1) if config.flag("use_lang_emb", default=True) else 1
    return {"type_vocab_size": languages if languages > 1 else 0}


def _extra(**defaults: int) -> Callable[[Fields, dict[str, Any]], dict[str, Any]]:
    """Sizes that only the closed form of one class reads, with the class's defaults."""

    def rule(config: Fields, shape: dict[str, Any]) -> dict[str, Any]:
        return {"extra": {key: config.size(key, default=default) for key, default in defaults.items()}}

    return rule


LUKE = {"entity_vocab_size": 500_000, "entity_emb_size": 256}
"""The class's defaults."""
RULES: dict[str, Callable[[Fields, dict[str, Any]], dict[str, Any]]] = {
    "albert": _albert,
    "big_bird": _big_bird,
    "canine": _extra(downsampling_rate=4),
    "convbert": _extra(conv_kernel_size=9),
    "deberta": _deberta,
    "deberta-v2": _deberta_v2,
    "ernie": _ernie,
    "eurobert": _biased,
    "luke": _luke,
    "mobilebert": _extra(intra_bottleneck_size=128, num_feedforward_networks=4),
    "modernbert": _modernbert,
    "mpnet": _mpnet,
    "neobert": _neobert,
    "norbert": _norbert,
    "squeezebert": _squeezebert,
    "ultrabert": _biased,
    "xlm": _xlm,
}
