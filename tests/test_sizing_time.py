"""Hours and dollars: sums worked out by hand, and what must hold for every job."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmpick.schema import ApiModel, Efficiency, Gpu, Price, Source
from llmpick.sizing.cost import dollars, vendor_dollars
from llmpick.sizing.estimate import Run, estimate
from llmpick.sizing.job import Dtype, JobMethod, usual
from llmpick.sizing.parameters import count
from llmpick.sizing.time import hours, pace_of, peak_tflops, products_of, seconds_of, work_of
from llmpick.verdict import Span
from test_memory import BERT, LLAMA

SOURCE = (Source(url="https://example.org/speeds", checked="2026-11-20"),)
A100 = Gpu(
    name="A100", vendor="NVIDIA", kind="datacenter", memory_gib=80, bandwidth_gb_s=2039, tflops_bf16=312,
    tflops_fp16=312, tflops_fp32=19.5, bf16=True, sources=SOURCE,
)  # fmt: skip
ROWS = tuple(
    Efficiency(method=method, compute=0.5, traffic=8.0, launch_ms=2.0, low=0.5, high=2.0, rows=1, sources=SOURCE)
    for method in ("full", "lora", "qlora")
)
PRICE = Price(gpu="A100", on_demand_low=1.0, on_demand_typical=2.0, offers=3, as_of="2026-08-22", sources=SOURCE)
RUN = Run(examples=10_000, epochs=3, card=A100, price=PRICE, efficiencies=ROWS)


def test_a_full_step_is_six_operations_per_matrix_weight_and_token() -> None:
    job = usual(LLAMA, "full", seq_len=512, gradient_checkpointing=False)
    counted = count(LLAMA)
    matrices = counted.total - counted.embedding - counted.other
    attention = 2 * 32 * 4096 * 512 / 2
    assert products_of(pace_of(LLAMA, counted), job) == 6 * 512 * (matrices + attention)


def test_frozen_weights_need_a_third_less_and_checkpointing_a_pass_more() -> None:
    pace = pace_of(LLAMA, count(LLAMA))
    full = products_of(pace, usual(LLAMA, "full", gradient_checkpointing=False))
    assert products_of(pace, usual(LLAMA, "lora", gradient_checkpointing=False)) == full * 4 / 6
    assert products_of(pace, usual(LLAMA, "lora")) == full


def test_hours_of_an_8b_model_with_lora() -> None:
    span = hours(LLAMA, usual(LLAMA, "lora", seq_len=1024), RUN, count(LLAMA))
    assert span is not None
    assert span.low < span.expected < span.high
    assert span.high == pytest.approx(4 * span.low)
    assert 2 < span.expected < 8


def test_a_tiny_batch_takes_as_long_as_launching_its_kernels() -> None:
    jobs = [usual(BERT, "full", seq_len=32, batch_size=size, vocabulary_head=False) for size in (1, 2)]
    tiny, small = (seconds_of(work_of(BERT, job, count(BERT)), job, A100, ROWS[0]) for job in jobs)
    assert tiny
    assert tiny == pytest.approx(small, rel=0.05)


@pytest.mark.parametrize(("method", "dtype", "width"), [("full", "bf16", 2), ("full", "fp32", 4), ("lora", "bf16", 4)])
def test_the_update_reads_and_writes_seven_numbers_per_trained_one_as_wide_as_they_are(
    method: JobMethod, dtype: Dtype, width: int
) -> None:
    job = usual(LLAMA, method, dtype=dtype)
    once, twice = (replace(job, accumulation=steps) for steps in (1, 2))
    work = work_of(LLAMA, job, count(LLAMA))
    saved = (seconds_of(work, once, A100, ROWS[0]) or 0) - (seconds_of(work, twice, A100, ROWS[0]) or 0)
    assert saved == pytest.approx(7 * width * work.trained / 2 / 2039e9, rel=1e-6)


@given(st.integers(1, 4096), st.integers(1, 32), st.integers(1, 2048))
def test_longer_sequences_and_more_examples_never_take_less(length: int, batch: int, more: int) -> None:
    counted = count(LLAMA)
    job = usual(LLAMA, "lora", seq_len=length, batch_size=batch)
    first = hours(LLAMA, job, RUN, counted)
    longer = hours(LLAMA, replace(job, seq_len=length + more), RUN, counted)
    further = hours(LLAMA, job, replace(RUN, examples=10_000 + more), counted)
    assert first and longer and further
    assert first.expected <= longer.expected
    assert first.expected <= further.expected


@pytest.mark.parametrize(
    "run",
    [
        replace(RUN, examples=None),
        replace(RUN, card=None),
        replace(RUN, efficiencies=()),
        replace(RUN, card=replace(A100, bandwidth_gb_s=None)),
        replace(RUN, card=replace(A100, tflops_bf16=None, tflops_fp16=None)),
    ],
)
def test_nothing_is_said_where_nothing_is_known(run: Run) -> None:
    memory = estimate("x", LLAMA, usual(LLAMA, "lora"), run=run)
    assert memory.time_hours is None
    assert memory.cost_usd is None


def test_cards_without_bf16_run_fp16_and_plain_fp32_runs_fp32() -> None:
    turing = replace(A100, tflops_bf16=None, tflops_fp16=65.0)
    assert peak_tflops(turing, usual(LLAMA, "lora")) == 65.0
    assert peak_tflops(A100, usual(LLAMA, "full", dtype="fp32", mixed_precision="no")) == 19.5


def test_dollars_go_from_the_quick_run_at_the_lowest_price_to_the_slow_one_at_the_usual() -> None:
    time = Span(low=1, expected=2, high=4)
    assert dollars(time, PRICE, 2) == Span(low=2, expected=8, high=16)
    assert dollars(time, replace(PRICE, on_demand_low=None), 1) == Span(low=2, expected=4, high=8)
    assert dollars(time, replace(PRICE, on_demand_low=None, on_demand_typical=None)) is None
    assert dollars(None, PRICE) is None
    assert dollars(time, None) is None


def test_a_vendor_bills_the_tokens_of_the_data() -> None:
    api = ApiModel(
        id="vendor/model", vendor="Vendor", model="Model", tasks=("chat",), status="open", sources=SOURCE,
        train_usd_per_million_tokens=8.0,
    )  # fmt: skip
    span = vendor_dollars(api, 1000, 1000, 3)
    assert span is not None
    assert (span.low, span.expected, span.high) == (6.0, 12.0, 24.0)
    assert vendor_dollars(api, None, 1000, 3) is None
    assert vendor_dollars(replace(api, train_usd_per_million_tokens=None), 1000, 1000, 3) is None


def test_a_vendor_never_bills_less_than_its_minimum_and_counts_whole_passes() -> None:
    api = ApiModel(
        id="vendor/model", vendor="Vendor", model="Model", tasks=("chat",), status="open", sources=SOURCE,
        train_usd_per_million_tokens=8.0, min_usd_per_job=10.0,
    )  # fmt: skip
    assert vendor_dollars(api, 1000, 1000, 3) == Span(low=10.0, expected=12.0, high=24.0)
    assert vendor_dollars(api, 1, 1, 1) == Span(low=10.0, expected=10.0, high=10.0)
    assert vendor_dollars(api, 1000, 1000, 2.1) == vendor_dollars(api, 1000, 1000, 3)
