from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmpick.architecture import Architecture
from llmpick.errors import LlmpickError
from llmpick.profile import Profile
from llmpick.sizing.estimate import cheapest_change, estimate, largest_batch, largest_seq, peak
from llmpick.sizing.job import Job, check, usual
from llmpick.sizing.methods import across, choose, ladder
from llmpick.sizing.parameters import Linear, Parameters
from llmpick.units import GIB, GpuSetup

LLAMA = Architecture(
    model_type="llama", structure="decoder", hidden_size=4096, num_hidden_layers=32, num_attention_heads=32,
    num_key_value_heads=8, vocab_size=128256, intermediate_size=14336, tie_word_embeddings=False,
)  # fmt: skip
SHAPES = (("q_proj", "attention", 4096, 4096), ("k_proj", "attention", 4096, 1024), ("v_proj", "attention", 4096, 1024),
          ("o_proj", "attention", 4096, 4096), ("gate_proj", "mlp", 4096, 14336), ("up_proj", "mlp", 4096, 14336),
          ("down_proj", "mlp", 14336, 4096))  # fmt: skip
COUNTED = Parameters(
    linears=tuple(Linear(name=n, group=g, d_in=i, d_out=o, count=32) for n, g, i, o in SHAPES),
    embedding=128256 * 4096, head=128256 * 4096, other=65 * 4096,
)  # fmt: skip


def card(gib: float) -> GpuSetup:
    return GpuSetup(count=1, memory_bytes=int(gib * GIB), usable_bytes=int(gib * GIB))


def profile(gib: float, **fields: object) -> Profile:
    return Profile(task="chat", gpu=card(gib), **fields)


def test_peak_is_the_sum_of_its_parts() -> None:
    parts = peak(LLAMA, usual(LLAMA, "lora"), COUNTED)
    assert parts.peak == sum(getattr(parts, name) for name in parts.__dataclass_fields__)
    assert parts.weights == 2 * COUNTED.total


def test_an_8b_model_needs_about_16_gb_with_lora_and_far_less_with_qlora() -> None:
    lora = estimate("llama", LLAMA, usual(LLAMA, "lora"), card(24), parameters=COUNTED)
    qlora = estimate("llama", LLAMA, usual(LLAMA, "qlora"), card(24), parameters=COUNTED)
    assert lora.fits
    assert lora.margin_bytes == lora.available_bytes - lora.breakdown.peak
    assert 8 * GIB < qlora.breakdown.peak < lora.breakdown.peak < 20 * GIB
    assert lora.trainable_params == qlora.trainable_params == 41_943_040


def test_the_largest_that_fits_fits_and_one_more_does_not() -> None:
    job = usual(LLAMA, "lora")
    batch = largest_batch(LLAMA, job, 24 * GIB, COUNTED)
    length = largest_seq(LLAMA, job, 24 * GIB, COUNTED)
    for field, size in (("batch_size", batch), ("seq_len", length)):
        assert peak(LLAMA, usual(LLAMA, "lora", **{field: size}), COUNTED).peak <= 24 * GIB
        assert peak(LLAMA, usual(LLAMA, "lora", **{field: size + 1}), COUNTED).peak > 24 * GIB


def test_the_cheapest_change_makes_it_fit() -> None:
    change = cheapest_change(LLAMA, usual(LLAMA, "full"), 24 * GIB, COUNTED)
    assert change is not None
    assert change.job.method == "lora"
    assert change.peak_bytes <= 24 * GIB
    assert cheapest_change(LLAMA, usual(LLAMA, "lora"), 80 * GIB, COUNTED) is None


@pytest.mark.parametrize(("gib", "method"), [(24, "lora"), (12, "qlora"), (4, None)])
def test_the_method_is_one_the_card_holds(gib: float, method: str | None) -> None:
    job = choose(LLAMA, profile(gib), vocabulary_head=True, parameters=COUNTED)
    assert (job and job.method) == method


@given(st.floats(1, 200), st.floats(0, 200), st.sampled_from([None, 1_000, 1_000_000]), st.integers(1, 4096))
def test_more_memory_never_makes_the_choice_worse(gib: float, more: float, examples: int | None, length: int) -> None:
    def place(size: float) -> int:
        asked = profile(size, examples=examples, seq_len=length)
        jobs = ladder(LLAMA.structure, COUNTED.total, asked, seq_len=asked.seq_len, vocabulary_head=True, splits=True)
        job = choose(LLAMA, asked, vocabulary_head=True, parameters=COUNTED)
        return jobs.index(job) if job else len(jobs)

    assert place(gib + more) <= place(gib)


def test_a_batch_is_split_only_where_nobody_asked_for_it() -> None:
    asked = profile(16, batch_size=64, seq_len=1024)
    assert choose(LLAMA, asked, vocabulary_head=True, parameters=COUNTED) is None
    split = choose(LLAMA, replace(asked, assumed=("batch_size",)), vocabulary_head=True, parameters=COUNTED)
    assert split is not None
    assert (split.batch_size, split.accumulation) == (1, 64)


def test_several_gpus_each_hold_a_copy_if_they_can_and_share_if_not() -> None:
    job = usual(LLAMA, "lora", n_gpus=2)
    assert across(LLAMA, job, 24 * GIB).sharding == "ddp"
    assert across(LLAMA, job, 16 * GIB).sharding == "fsdp"
    assert across(LLAMA, replace(job, n_gpus=1), 16 * GIB).sharding == "none"


def test_an_explicit_method_is_honored_or_refused() -> None:
    assert choose(LLAMA, profile(24, method="full"), vocabulary_head=True, parameters=COUNTED) is None
    assert choose(LLAMA, profile(80, method="qlora"), vocabulary_head=True, parameters=COUNTED).method == "qlora"


@pytest.mark.parametrize("field", ["rank", "seq_len", "batch_size"])
@pytest.mark.parametrize("value", [0, -1, 10**10])
def test_absurd_sizes_are_refused(field: str, value: int) -> None:
    with pytest.raises(LlmpickError, match=field.replace("_", "-")):
        check(Job(method="lora", **{field: value}))
