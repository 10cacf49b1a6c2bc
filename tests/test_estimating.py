"""`llmpick estimate`: what surrounds the figures, its flags, and what it makes of any config.json."""

from __future__ import annotations

import json
import math
from dataclasses import asdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmpick import catalog as catalogs
from llmpick import estimating
from llmpick.cli import run
from llmpick.errors import LlmpickError
from llmpick.sizing.estimate import peak
from llmpick.sizing.options import DISCRETE
from llmpick.units import usable_bytes
from test_architecture import JUNK, LLAMA, PUBLISHED, TYPES

FACTS = catalogs.load()


def answered(**raw):
    return estimating.answer(raw, "Qwen/Qwen3-8B", None, FACTS)


def test_every_card_with_memory_of_its_own_is_judged_by_what_it_has() -> None:
    found = answered(method="qlora", gpu="24GB")
    known = {card.name: usable_bytes(card) for card in FACTS.gpus if card.kind in DISCRETE}
    assert {card.name: card.available_bytes for card in found.cards} == known
    need = found.memory.breakdown.peak
    assert {card.name for card in found.cards if card.fits} == {name for name, size in known.items() if size >= need}
    assert 0 < sum(card.fits for card in found.cards) < len(found.cards)


def test_only_cards_that_hold_it_get_hours_and_only_those_with_a_price_dollars() -> None:
    found = answered(method="lora", examples=1000)
    assert all(card.time_hours is None for card in found.cards if not card.fits)
    assert any(card.time_hours for card in found.cards)
    assert all(card.cost_usd is None for card in found.cards if card.price is None)
    assert any(card.cost_usd for card in found.cards)


@pytest.mark.parametrize(
    ("raw", "what"),
    [
        ({"method": "full", "optimizer": "adamw-8bit", "gpu": "24GB"}, "train with LoRA instead"),
        (
            {"method": "qlora", "gpu": "16GB", "seq_len": 2048},
            "compute the loss in chunks (Liger or cut cross-entropy)",
        ),
        (
            {"method": "qlora", "gpu": "24GB", "seq_len": 4096, "batch_size": 4},
            "compute the loss in chunks (Liger or cut cross-entropy), and use batch size 2 and accumulate 2 steps",
        ),
        ({"serve": True, "gpu": "16GB"}, "keep the weights in int8"),
        ({"serve": True, "gpu": "8GB", "dtype": "int8"}, "keep the weights in int4"),
        ({"serve": True, "gpu": "12GB", "dtype": "int8"}, None),
        ({"method": "qlora", "gpu": "4GB"}, None),
    ],
)
def test_the_cheapest_change_fits_and_is_the_first_that_does(raw, what) -> None:
    found = answered(**raw)
    assert (found.change.what if found.change else None) == what
    if found.change:
        assert not found.memory.fits
        assert found.change.peak_bytes <= found.memory.available_bytes


def test_the_largest_batch_and_sequence_are_those_of_the_card() -> None:
    found = answered(method="lora", gpu="24GB", seq_len=1024)
    assert answered(method="lora", gpu="24GB", seq_len=1024, batch_size=found.largest_batch).memory.fits
    assert not answered(method="lora", gpu="24GB", seq_len=1024, batch_size=found.largest_batch + 1).memory.fits
    assert not answered(method="lora", gpu="24GB", seq_len=found.largest_seq + 1).memory.fits
    assert answered(method="lora").largest_batch is None


def test_flags_of_the_job_reach_it() -> None:
    plain = answered(method="qlora", seq_len=2048).memory.breakdown
    assert answered(method="qlora", seq_len=2048, chunked_loss=True).memory.breakdown.logits == 0 < plain.logits
    assert answered(method="qlora", seq_len=2048, accumulation=4).memory.breakdown.gradients > plain.gradients == 0
    assert answered(method="qlora", seq_len=2048, double_quantized=False).memory.breakdown.weights > plain.weights
    assert answered(method="qlora", seq_len=2048, adapter_dropout=True).memory.breakdown.peak >= plain.peak
    foreach, fused = (
        answered(method="full", optimizer=one).memory.breakdown.peak for one in ("adamw-foreach", "adamw")
    )
    assert foreach > fused


def test_serving_sizes_weights_and_the_cache_of_prompt_and_answer() -> None:
    short, long = (answered(serve=True, dtype="int4", target_len=n).memory.breakdown for n in (1, 4097))
    assert long.activations - short.activations == 4096 * 36 * 2 * 8 * 128 * 2
    assert answered(serve=True).memory == answered(method="inference").memory
    with pytest.raises(LlmpickError, match="exclude each other"):
        answered(serve=True, method="lora")
    with pytest.raises(LlmpickError, match="cannot train weights kept in int8"):
        answered(method="lora", dtype="int8")


def test_adapters_that_peft_cannot_make_are_refused() -> None:
    with pytest.raises(LlmpickError, match="called q_prj"):
        answered(lora_targets="q_prj")
    mixtral = "mistralai/Mixtral-8x7B-v0.1"
    with pytest.raises(LlmpickError, match="stacked experts of a mixtral network"):
        estimating.answer({"adapter_dropout": True}, mixtral, None, FACTS)
    assert estimating.answer({"adapter_dropout": True, "lora_targets": "attention"}, mixtral, None, FACTS)


def test_power_is_hours_times_the_board_s_watts() -> None:
    found = answered(gpu="RTX 4090", examples=10_000, electricity_price=0.5)
    watts = next(card.tdp_w for card in FACTS.gpus if card.name == "GeForce RTX 4090")
    assert found.electricity_usd.expected == pytest.approx(found.memory.time_hours.expected * watts / 1000 * 0.5)
    assert answered(gpu="24GB", examples=10_000, electricity_price=0.5).electricity_usd is None
    assert answered(gpu="RTX 4090", examples=10_000).electricity_usd is None


def test_what_had_to_be_assumed_of_a_config_is_said(tmp_path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps({**LLAMA, "model_type": "llamaful"}))
    said = estimating.answer({}, None, path, FACTS).memory.assumptions
    assert any("llamaful" in text for text in said)


def numbers(value):
    if isinstance(value, dict):
        return [one for inner in value.values() for one in numbers(inner)]
    return [value] if isinstance(value, int | float) else []


@settings(max_examples=150)
@given(
    st.sampled_from(list(PUBLISHED.values())),
    st.sampled_from(TYPES),
    st.sampled_from(["full", "lora", "qlora", "inference"]),
    st.data(),
)
def test_any_config_is_sized_in_finite_numbers_or_refused_in_one_line(published, model_type, method, data) -> None:
    config = {**published[0], "model_type": model_type}
    keys = data.draw(st.lists(st.sampled_from([*config, "moe_topk", "layer_types", "head_dim"]), max_size=3))
    junk = JUNK | st.sampled_from([1, 2, 63, 10_000, 9_999_999, 10**400, -5, 0.5, "4096", math.nan, math.inf])
    broken = {**config, **{key: data.draw(junk) for key in keys}}
    try:
        shape = estimating.config_json.read_config(broken).architecture
        parts = peak(shape, estimating.usual(shape, method))
    except LlmpickError as error:
        assert "\n" not in str(error)
    else:
        assert all(math.isfinite(one) and one >= 0 for one in numbers(asdict(parts)))
        assert parts.peak == sum(asdict(parts).values())


@pytest.mark.parametrize(
    "change",
    [
        {"num_hidden_layers": None}, {"hidden_size": "4096"}, {"vocab_size": -1}, {"intermediate_size": 10**15},
        {"hidden_size": math.nan}, {"num_attention_heads": {"a": [{}]}}, {"model_type": [[]]}, {"head_dim": "64"},
    ],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_a_bad_config_gives_one_line_and_exit_2(change, tmp_path, capsys) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps({**LLAMA, **change}))
    code = run(["estimate", "--config", str(path)])
    out, err = capsys.readouterr()
    assert code == 2
    assert out == ""
    assert err.count("\n") == 1
    assert next(iter(change)) in err


TUNED = "openai/gpt-4.1-mini-2025-04-14"


def tuned(name: str = TUNED, **raw):
    return estimating.answer(raw, name, None, FACTS)


@pytest.mark.parametrize("api", FACTS.apis, ids=lambda api: api.id)
def test_every_vendors_model_is_estimated_by_its_whole_id(api) -> None:
    found = tuned(api.id, examples=1000, seq_len=1000, epochs=2)
    assert found.api == api
    assert found.tokens.high == 2_000_000
    priced = api.train_usd_per_million_tokens is not None and api.status != "closed"
    assert (found.cost_usd is not None) is priced
    if found.cost_usd:
        assert found.cost_usd.high == pytest.approx(max(2 * api.train_usd_per_million_tokens, api.min_usd_per_job or 0))
    for known in (api.shutdown, api.status_note):
        assert not known or any(" ".join(known.split()).rstrip(".") in line for line in found.watch)


def test_a_vendors_model_takes_only_what_decides_the_tokens() -> None:
    for raw, flag in (
        ({"gpu": "24GB"}, "--gpu"),
        ({"serve": True}, "--serve"),
        ({"accumulation": 2}, "--gradient-acc"),
    ):
        with pytest.raises(LlmpickError, match=f"^{flag}.* says nothing of {TUNED}"):
            tuned(**raw)
    with pytest.raises(LlmpickError, match="takes at least 10 examples, not 9"):
        tuned(examples=9)
    with pytest.raises(LlmpickError, match="takes at most 3,000,000 examples"):
        tuned("fireworks/open-models-up-to-16b", examples=3_000_001)


def test_a_vendors_dollars_follow_examples_length_and_passes() -> None:
    one = tuned(examples=1000, seq_len=512).cost_usd
    for more in ({"examples": 2000, "seq_len": 512}, {"examples": 1000, "seq_len": 1024}):
        assert tuned(**more).cost_usd.expected == pytest.approx(2 * one.expected)
    assert tuned(examples=1000, seq_len=512, epochs=1.5).cost_usd.expected == pytest.approx(2 * one.expected)
    assert tuned(examples=1000, task="chat").tokens.high == 1000 * 2048
    assert tuned().cost_usd is None


@pytest.mark.parametrize("form", ["table", "plain", "json", "csv", "markdown"])
def test_a_vendors_model_is_shown_in_every_form(form, capsys) -> None:
    assert run(["estimate", TUNED, "--examples", "2000", "--format", form]) == 0
    shown = capsys.readouterr().out
    assert "2027-01-14" in shown
    if form == "json":
        answer = json.loads(shown)
        assert answer["peak_bytes"] is answer["time_hours"] is answer["fits"] is None
        assert answer["vendor"]["usd_per_million_tokens"]["train"] == 5.0
        assert answer["cost_usd"] == {"low": 1.28, "expected": 2.56, "high": 5.12}


@pytest.mark.parametrize(
    ("model", "off", "said"),
    [("Qwen/Qwen3.5-0.8B", True, True), ("Qwen/Qwen3.5-0.8B", False, False), ("Qwen/Qwen3-8B", True, False)],
)
def test_what_missing_kernels_would_cost_is_said_where_it_matters(model: str, off: bool, said: bool) -> None:
    switched = {"gradient_checkpointing": not off}
    found = estimating.answer({"method": "lora", **switched}, model, None, FACTS)
    assert any("fused kernels" in text for text in found.memory.assumptions) is said
