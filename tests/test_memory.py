"""What must hold for every network and every job, and a few sums worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmpick.architecture import Architecture, Moe
from llmpick.sizing.estimate import peak
from llmpick.sizing.job import Job, usual
from llmpick.sizing.memory import NF4, train, trainable
from llmpick.sizing.parameters import adapter_parameters, count
from llmpick.sizing.serving import cache_bytes, serve
from llmpick.sizing.sharding import step_copies
from llmpick.units import GIB

LLAMA = Architecture(
    model_type="llama", structure="decoder", hidden_size=4096, num_hidden_layers=32, num_attention_heads=32,
    num_key_value_heads=8, vocab_size=128256, intermediate_size=14336, tie_word_embeddings=False,
)  # fmt: skip
BERT = Architecture(
    model_type="bert", structure="encoder", hidden_size=768, num_hidden_layers=12, num_attention_heads=12,
    vocab_size=30522, intermediate_size=3072, gated_mlp=False, norm="layer", position="learned", position_rows=512,
    qkv_bias=True, o_bias=True, mlp_bias=True, type_vocab_size=2, embedding_norm=True, pooler=True,
)  # fmt: skip
T5 = Architecture(
    model_type="t5", structure="encoder-decoder", hidden_size=768, num_hidden_layers=12, num_decoder_layers=12,
    num_attention_heads=12, head_dim=64, vocab_size=32128, intermediate_size=2048, position="relative",
    relative_buckets=32,
)  # fmt: skip
MIXTRAL = replace(
    LLAMA,
    model_type="mixtral",
    moe=Moe(num_experts=8, num_experts_per_tok=2, moe_intermediate_size=14336),
    vocab_size=32000,
)
NETWORKS = (
    LLAMA,
    BERT,
    T5,
    MIXTRAL,
    replace(LLAMA, model_type="gemma2", norms_per_block=4),
    replace(LLAMA, norm="layer"),
)

jobs = st.builds(
    Job,
    method=st.sampled_from(["full", "lora", "qlora"]),
    rank=st.integers(1, 256),
    targets=st.sampled_from(["all-linear", "attention", "q_proj,v_proj"]),
    seq_len=st.integers(1, 8192),
    batch_size=st.integers(1, 64),
    dtype=st.sampled_from(["bf16", "fp32"]),
    mixed_precision=st.sampled_from(["bf16", "no"]),
    optimizer=st.sampled_from(["adamw", "adamw-foreach", "adamw-8bit", "paged-adamw-8bit", "adafactor", "sgd"]),
    gradient_checkpointing=st.booleans(),
    attention=st.sampled_from(["flash", "sdpa", "eager"]),
    vocabulary_head=st.booleans(),
    chunked_loss=st.booleans(),
    accumulation=st.sampled_from([1, 8]),
    adapter_dropout=st.booleans(),
)
networks = st.sampled_from(NETWORKS)


@given(networks, jobs)
def test_parts_are_whole_bytes_that_sum_to_the_peak(network: Architecture, job: Job) -> None:
    parts = train(network, job)
    values = [getattr(parts, name) for name in parts.__dataclass_fields__]
    assert all(isinstance(value, int) and value >= 0 for value in values)
    assert parts.peak == sum(values)


@given(networks, jobs, st.sampled_from(["seq_len", "batch_size", "rank"]), st.integers(1, 4096))
def test_more_tokens_and_wider_adapters_never_need_less(network: Architecture, job: Job, field: str, more: int) -> None:
    larger = replace(job, **{field: getattr(job, field) + more})
    assert train(network, larger).peak >= train(network, job).peak


@given(networks, jobs, st.integers(1, 48))
def test_more_layers_never_need_less(network: Architecture, job: Job, more: int) -> None:
    deeper = replace(network, num_hidden_layers=network.num_hidden_layers + more)
    assert train(deeper, job).peak >= train(network, job).peak


@given(networks, jobs)
def test_more_trained_parameters_never_need_less(network: Architecture, job: Job) -> None:
    few = replace(job, method="lora", targets="q_proj,v_proj")
    some = replace(job, method="lora", targets="attention")
    most = replace(job, method="lora", targets="all-linear")
    assert train(network, few).peak <= train(network, some).peak <= train(network, most).peak


@given(networks, jobs)
@settings(max_examples=200)
def test_checkpointing_never_needs_more(network: Architecture, job: Job) -> None:
    on, off = replace(job, gradient_checkpointing=True), replace(job, gradient_checkpointing=False)
    assert train(network, on).peak <= train(network, off).peak
    one = replace(network, num_hidden_layers=1)
    assert train(one, on).peak <= train(one, off).peak


@given(networks, jobs)
def test_what_saves_memory_saves_memory(network: Architecture, job: Job) -> None:
    whole = train(network, job).peak
    assert train(network, replace(job, chunked_loss=True)).peak <= whole
    assert train(network, replace(job, vocabulary_head=False)).peak <= whole
    assert train(network, replace(job, optimizer="sgd")).peak <= train(network, replace(job, optimizer="adamw")).peak
    assert train(network, replace(job, accumulation=1)).peak <= train(network, replace(job, accumulation=4)).peak


@given(networks, jobs, st.sampled_from(["zero2", "zero3", "fsdp"]), st.integers(2, 63))
def test_more_gpus_never_need_more_each(network: Architecture, job: Job, sharding: str, n_gpus: int) -> None:
    fewer = replace(job, sharding=sharding, n_gpus=n_gpus)
    assert train(network, replace(fewer, n_gpus=n_gpus + 1)).peak <= train(network, fewer).peak


def test_weights_are_what_they_are_stored_in() -> None:
    total = count(LLAMA).total
    assert train(LLAMA, usual(LLAMA, "lora")).weights == 2 * total
    assert train(LLAMA, usual(LLAMA, "full", dtype="fp32")).weights == 4 * total
    table = 2 * 128256 * 4096
    packed = sum(linear.size for linear in count(LLAMA).linears)
    assert train(LLAMA, usual(LLAMA, "qlora")).weights == pytest.approx(NF4 * packed + 4 * (table + 65 * 4096), abs=2)


def test_sharded_qlora_keeps_all_in_one_dtype() -> None:
    table, norms, packed = 2 * 128256 * 4096, 65 * 4096, sum(linear.size for linear in count(LLAMA).linears)
    alone = train(LLAMA, usual(LLAMA, "qlora"))
    for sharding in ("fsdp", "zero3"):
        shared = train(LLAMA, usual(LLAMA, "qlora", n_gpus=2, sharding=sharding))
        assert shared.weights == pytest.approx((NF4 * packed + 2 * (table + norms)) / 2, abs=2)
        assert shared.adapters == pytest.approx(alone.adapters / 4, abs=2)
    assert train(LLAMA, usual(LLAMA, "qlora", n_gpus=2, sharding="ddp")).weights == alone.weights


def test_scales_that_are_not_quantized_again_take_a_ninth_more() -> None:
    packed = sum(linear.size for linear in count(LLAMA).linears)
    once = train(LLAMA, usual(LLAMA, "qlora", double_quantized=False)).weights
    assert once - train(LLAMA, usual(LLAMA, "qlora")).weights == pytest.approx((0.5625 - NF4) * packed, abs=2)


def test_adam_keeps_two_numbers_per_trained_one() -> None:
    full = train(LLAMA, usual(LLAMA, "full"))
    assert full.optimizer == 2 * full.weights
    lora = train(LLAMA, usual(LLAMA, "lora"))
    assert lora.adapters == 4 * trainable(LLAMA, count(LLAMA), usual(LLAMA, "lora")) == 4 * 41_943_040
    assert lora.optimizer == 2 * lora.adapters
    assert train(LLAMA, usual(LLAMA, "lora", mixed_precision="no")).adapters == 2 * 41_943_040


def test_8_bit_adam_keeps_the_states_of_tables_in_32_bits() -> None:
    total, table = count(LLAMA).total, LLAMA.vocab_size * LLAMA.hidden_size
    full = train(LLAMA, usual(LLAMA, "full", optimizer="adamw-8bit")).optimizer
    assert full == pytest.approx((total - table) * (2 + 8 / 256) + table * 8, abs=1)
    adapters = trainable(LLAMA, count(LLAMA), usual(LLAMA, "lora"))
    lora = train(LLAMA, usual(LLAMA, "lora", optimizer="adamw-8bit")).optimizer
    assert lora == pytest.approx(adapters * (2 + 8 / 256), abs=1)


def test_bert_base_for_classification_needs_about_two_gigabytes() -> None:
    parts = train(BERT, usual(BERT, "full", seq_len=128, batch_size=16, vocabulary_head=False))
    assert parts.logits == 0
    assert 1.9 * GIB < parts.peak - parts.overhead < 2.3 * GIB


def test_adapters_on_attention_leave_bert_s_other_dense_layers_frozen() -> None:
    kept = {
        targets: train(BERT, usual(BERT, "lora", targets=targets, seq_len=512, batch_size=32)).activations
        for targets in ("attention", "query,key,value", "all-linear")
    }
    assert kept["query,key,value"] <= kept["attention"] < kept["all-linear"]


def test_stacked_experts_are_not_packed() -> None:
    experts = sum(linear.size for linear in count(MIXTRAL).linears if linear.group == "expert")
    assert train(MIXTRAL, usual(MIXTRAL, "qlora")).weights > 4 * experts


def test_adapted_experts_are_copied_in_every_layer_without_checkpointing_and_in_one_with() -> None:
    layer = 2 * sum(linear.size for linear in count(MIXTRAL).linears if linear.group == "expert") / 32
    small = {"seq_len": 1, "gradient_checkpointing": False}
    bare = train(MIXTRAL, usual(MIXTRAL, "lora", targets="attention", **small)).activations
    kept = train(MIXTRAL, usual(MIXTRAL, "lora", **small)).activations
    once = train(MIXTRAL, usual(MIXTRAL, "lora", seq_len=1)).activations
    adapters = trainable(MIXTRAL, count(MIXTRAL), usual(MIXTRAL, "lora"))
    assert adapters == adapter_parameters(MIXTRAL, 16, "all-linear")
    assert kept - bare == pytest.approx((32 + 1 / 3) * layer + 2 * adapters, rel=0.01)
    assert once - bare == pytest.approx((1 + 1 / 3) * layer, rel=0.01)


def test_a_class_whose_experts_peft_cannot_reach_copies_nothing() -> None:
    other = replace(MIXTRAL, model_type="gpt_oss")
    few, all_ = (trainable(other, count(other), usual(other, "lora", targets=t)) for t in ("attention", "all-linear"))
    assert few == all_


def test_deepspeed_keeps_a_master_copy_on_a_single_gpu_too() -> None:
    job = usual(LLAMA, "full")
    trained = count(LLAMA).total
    for sharding in ("zero1", "zero2", "zero3"):
        assert train(LLAMA, replace(job, sharding=sharding)).optimizer == 12 * trained
    for sharding in ("ddp", "fsdp"):
        assert train(LLAMA, replace(job, sharding=sharding)) == train(LLAMA, job)


def test_deepspeed_copies_its_share_of_the_gradients_to_update() -> None:
    assert step_copies(4 * 10**9, usual(LLAMA, "full", n_gpus=2, sharding="zero2")) == 6 * 2 * 10**9
    assert step_copies(4 * 10**9, usual(LLAMA, "full", n_gpus=2, sharding="zero3")) == 6 * 10**9


def test_fsdp_updates_a_shard_and_gathers_only_while_it_computes() -> None:
    """Mistral-7B on two cards held exactly half of what it held on one (fms-acceleration: 33.74 and 67.46 GiB)."""
    job = usual(LLAMA, "full", seq_len=64, mixed_precision="no", optimizer="adamw-foreach")
    one = train(LLAMA, job)
    two = train(LLAMA, replace(job, n_gpus=2, sharding="fsdp"))
    assert two.peak - two.overhead == pytest.approx((one.peak - one.overhead) / 2, rel=1e-6)
    frozen = usual(LLAMA, "lora", seq_len=64)
    gathered = train(LLAMA, replace(frozen, n_gpus=8, sharding="fsdp")).activations - train(LLAMA, frozen).activations
    in_no_layer = 2 * 2 * LLAMA.vocab_size * LLAMA.hidden_size
    layer = (2 * count(LLAMA).total - in_no_layer) / LLAMA.num_hidden_layers
    assert gathered == pytest.approx(in_no_layer + 2 * layer, rel=0.01)


def test_blocks_that_are_alike_leave_less_behind() -> None:
    job = usual(LLAMA, "lora", seq_len=4096, batch_size=4)
    whole, chunked = train(LLAMA, job), train(LLAMA, replace(job, chunked_loss=True))
    assert chunked.overhead - whole.overhead < -0.2 * chunked.activations


def test_frozen_weights_are_shared_by_fsdp_but_not_by_ddp() -> None:
    job = usual(LLAMA, "lora", n_gpus=4)
    whole = train(LLAMA, replace(job, sharding="ddp")).weights
    assert train(LLAMA, replace(job, sharding="zero2")).weights == whole
    assert train(LLAMA, replace(job, sharding="fsdp")).weights == whole // 4


def test_keys_and_values_of_a_grouped_decoder() -> None:
    assert cache_bytes(LLAMA, 1000, 24) == 2 * 2 * 32 * 8 * 128 * 1024
    assert cache_bytes(BERT, 1000, 24) == 0
    window = replace(LLAMA, sliding_window=512, num_full_attention_layers=8)
    assert cache_bytes(window, 1000, 24) == 2 * 2 * 8 * 128 * (8 * 1024 + 24 * 512)


@given(networks, st.integers(1, 10_000), st.integers(1, 64), st.integers(0, 4096))
def test_serving_more_never_needs_less(network: Architecture, prompt: int, batch: int, answer: int) -> None:
    job = usual(network, "inference", seq_len=prompt, batch_size=batch, target_len=answer)
    base = serve(network, job).peak
    for field in ("seq_len", "batch_size", "target_len"):
        assert serve(network, replace(job, **{field: (getattr(job, field) or 0) + 1})).peak >= base
    assert serve(network, replace(job, dtype="int4")).peak < serve(network, replace(job, dtype="int8")).peak < base


def test_the_estimate_serves_when_asked_to() -> None:
    job = usual(LLAMA, "inference", seq_len=2048, target_len=256)
    assert peak(LLAMA, job) == serve(LLAMA, job)
    assert 15.5 * GIB < peak(LLAMA, job).peak < 17.5 * GIB
