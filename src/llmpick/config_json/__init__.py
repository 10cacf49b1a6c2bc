"""Read any Hugging Face `config.json` into an Architecture, with no network and no transformers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from llmpick.architecture import Architecture
from llmpick.config_json.classes import DECODERS, SAME_AS, TEXT_DEFAULTS, UNLIKE_LLAMA
from llmpick.config_json.decoders import decoder
from llmpick.config_json.encoders import ENCODERS, encoder
from llmpick.config_json.fields import Fields, shown
from llmpick.config_json.seq2seq import BART_FAMILY, T5_FAMILY, bart, t5, t5gemma
from llmpick.config_json.towers import tower_parameters
from llmpick.errors import LlmpickError
from llmpick.record import record

# Where multimodal classes keep the text model's config.
TEXT_KEYS = ("text_config", "llm_config", "language_config")
TOWERS = ("vision_config", "audio_config", "vision_encoder", "speech_config", "visual")


@record
class Reading:
    """What a `config.json` says, and what had to be assumed to size it."""

    architecture: Architecture
    assumptions: tuple[str, ...] = ()


def read_config(config: Mapping[str, object]) -> Reading:
    """The network that `config`, a parsed `config.json`, describes.

    Raises LlmpickError, one line, where a needed field is missing, is of another type or impossible. A class that is
    not known here is taken for a Llama-like decoder (a BERT-like encoder where it says so) if it has the fields, and
    the assumption is listed.
    """
    if not isinstance(config, Mapping):
        raise LlmpickError(f"config.json is {shown(config)}", "it must be an object with keys such as model_type")
    if "peft_type" in config:
        raise LlmpickError("this is an adapter_config.json", "give the base model's config.json")
    fields = Fields(config)
    shape = _shape(fields)
    shape["non_text_parameters"] = _towers(fields, shape["hidden_size"])
    architecture = Architecture(**shape)
    _consistent(architecture)
    return Reading(architecture=architecture, assumptions=tuple(fields.assumptions))


def parse_config(data: bytes, name: str, hint: str = "") -> Any:
    """The JSON in `data`, the bytes of a `config.json` called `name`; raises LlmpickError, one line."""
    try:
        return json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        said = "it is nested too deep" if isinstance(error, RecursionError) else error
        raise LlmpickError(f"{name} is not JSON: {said}", hint) from None


def from_config(config: Mapping[str, object]) -> Architecture:
    """The architecture alone; raises as `read_config` does."""
    return read_config(config).architecture


def _towers(fields: Fields, text_width: int) -> int:
    """Parameters of the towers where a closed form is known; what is left out is noted."""
    vision = tower_parameters(fields, text_width) if fields.has("vision_config") else None
    others = [key for key in (*TEXT_KEYS, *TOWERS) if fields.has(key) and key != "vision_config"]
    if vision is None and (others or fields.has("vision_config")):
        fields.note("only the text part is counted, without the towers of other modalities and their projectors")
    elif vision is not None and any(key in TOWERS for key in others):
        fields.note("the vision tower is counted, other towers are not")
    return vision or 0


def _consistent(a: Architecture) -> None:
    """Raise LlmpickError where the file gives some kind of layer more often than it has layers."""
    kinds = {
        "attention layers": a.num_attention_layers,
        "recurrent layers": a.num_ssm_layers,
        "MLP layers": a.num_mlp_layers,
        "full-attention layers": a.num_full_attention_layers,
        "leading dense layers": a.moe.first_dense_layers if a.moe else None,
        "layers with experts": a.moe.num_sparse_layers if a.moe else None,
        "layers listed by shape": sum(group.count for group in a.layer_groups) if a.layer_groups else None,
    }
    for kind, number in kinds.items():
        if number is not None and not 0 <= number <= a.num_hidden_layers:
            raise LlmpickError(
                f"config.json: {number} {kind}, but num_hidden_layers is {a.num_hidden_layers}", "make them agree"
            )
    if any(group.count < 1 for group in a.layer_groups):
        raise LlmpickError(
            f"config.json: more shared layers than num_hidden_layers {a.num_hidden_layers}", "lower them"
        )


def _shape(fields: Fields) -> dict[str, Any]:
    model_type = fields.text("model_type")
    if not model_type:
        raise LlmpickError("config.json: model_type is missing", 'it names the class, e.g. "llama"')
    if model_type in T5_FAMILY:
        return t5(fields, model_type)
    if model_type in BART_FAMILY:
        return bart(fields, model_type)
    if model_type == "t5gemma":
        return t5gemma(fields, model_type)
    if model_type in ENCODERS:
        return encoder(fields, model_type)
    text = next((key for key in TEXT_KEYS if fields.has(key)), None)
    return _nested(fields, text) if text else _single(fields, model_type)


def _single(fields: Fields, model_type: str) -> dict[str, Any]:
    known = SAME_AS.get(model_type, model_type) in DECODERS
    if model_type in UNLIKE_LLAMA:
        raise LlmpickError(
            f"config.json: model_type {model_type} is not sized yet", "its layers follow a plan of their own"
        )
    if not known and fields.flag("is_encoder_decoder"):
        raise LlmpickError(f"config.json: encoder-decoder {model_type} is not known here", "only known ones are sized")
    names = [str(name) for name in fields.items("architectures")]
    if not known and (fields.has("type_vocab_size") or any("MaskedLM" in name for name in names)):
        return encoder(fields, model_type)
    shape = decoder(fields, model_type)
    bare = next((name for name in names if name.endswith("Model") and "LMHead" not in name), None)
    if bare and not shape["tie_word_embeddings"]:
        fields.note(f"architectures names {bare}, which has no output head: none is counted")
        shape["tie_word_embeddings"] = True
    return shape


def _nested(fields: Fields, key: str) -> dict[str, Any]:
    """A multimodal model's text part; what it leaves out, its class fills in."""
    outer = fields.text("model_type")
    inner_type = fields.inner(key).text("model_type", default=SAME_AS.get(outer, outer))
    inner = fields.inner(key, defaults=TEXT_DEFAULTS.get(SAME_AS.get(inner_type, inner_type)))
    if fields.has("tie_word_embeddings"):  # the head belongs to the outer class
        tied = {"tie_word_embeddings": fields.flag("tie_word_embeddings")}
        inner = Fields(
            {**inner.values, **tied}, path=inner.path, defaults=inner.defaults, assumptions=inner.assumptions
        )
    return _single(inner, inner_type)
