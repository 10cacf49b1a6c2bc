"""The least time of a pass: a sum by hand, what must hold for every card, and what the ranking makes of it."""

from __future__ import annotations

import runpy
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmpick import engine
from llmpick.catalog.facts import facts_of
from llmpick.sizing.job import usual
from llmpick.sizing.latency import (
    CACHE,
    COMPUTE,
    GEFORCE,
    LAUNCH,
    PLAIN,
    QUANTIZED,
    READ,
    pace,
    seconds_per_pass,
    speed,
    terms,
    two,
    wait,
)
from llmpick.sizing.parameters import count
from llmpick.steps import resources
from llmpick.steps.asked import ask as put
from test_memory import BERT, LLAMA
from test_sizing_time import A100


def test_a_pass_reads_half_a_byte_per_weight_but_no_table() -> None:
    counted = count(LLAMA)
    read = 0.5 * (counted.active - 128256 * 4096) - CACHE
    assert seconds_per_pass(counted, A100) == pytest.approx(read / 2.039e12)


def test_a_network_that_fits_a_cache_has_no_bound_above_zero() -> None:
    assert seconds_per_pass(count(BERT), A100) == 0


def test_without_a_known_bandwidth_nothing_is_said() -> None:
    assert seconds_per_pass(count(LLAMA), replace(A100, bandwidth_gb_s=None)) is None


@given(st.integers(1, 16), st.floats(100, 1e4), st.floats(1, 10))
def test_more_cards_and_more_bandwidth_never_take_longer(cards: int, bandwidth: float, factor: float) -> None:
    counted = count(LLAMA)
    slow, fast = (replace(A100, bandwidth_gb_s=one) for one in (bandwidth, bandwidth * factor))
    assert seconds_per_pass(counted, fast, cards) <= seconds_per_pass(counted, slow, cards)
    assert seconds_per_pass(counted, slow, cards + 1) <= seconds_per_pass(counted, slow, cards)


def test_a_token_and_a_prompt_are_the_sum_of_their_parts() -> None:
    counted, job = count(LLAMA), usual(LLAMA, "inference", seq_len=1000)
    found = speed(LLAMA, job, A100, counted)
    matrices = counted.active - 128256 * 4096 - counted.other  # the table is looked up; the head of its own is read
    keys = 2 * 2 * 32 * 8 * 128 * 1000
    assert found.token.expected == pytest.approx(32 * LAUNCH + (2 * matrices + keys) / 2.039e12 / READ, rel=1e-3)
    layers = matrices - 128256 * 4096
    operations = 2 * 1000 * layers + 2 * 128256 * 4096 + 4 * 32 * 4096 * 1000 * 500
    wait = 32 * LAUNCH + 2 * matrices / 2.039e12 / READ + operations / 312e12 / COMPUTE
    assert found.first.expected == pytest.approx(wait, rel=1e-3)
    assert found.plain is None


@pytest.mark.parametrize(
    ("name", "dtype", "share"),
    [("A100", "bf16", COMPUTE), ("A100", "int4", QUANTIZED), ("GeForce RTX 4090", "int4", GEFORCE)],
)
def test_prompts_reach_a_share_of_the_peak_by_card_and_weights(name: str, dtype: str, share: float) -> None:
    job, counted = usual(LLAMA, "inference", seq_len=8000, dtype=dtype), count(LLAMA)
    at = [speed(LLAMA, job, replace(A100, name=name, tflops_bf16=peak), counted) for peak in (100, 1e9)]
    compute = terms(LLAMA, job, replace(A100, tflops_bf16=100), counted, tokens=8000).compute
    assert at[0].first.expected - at[1].first.expected == pytest.approx(compute / share, rel=1e-3)


def test_an_encoder_answers_in_one_pass_and_slower_without_an_engine() -> None:
    found = speed(BERT, usual(BERT, "inference", seq_len=128), A100, count(BERT))
    assert found.token is None
    assert found.plain - found.first.expected == pytest.approx(12 * (PLAIN - LAUNCH))


SPANS = st.builds(
    dict,
    seq_len=st.integers(1, 8192),
    dtype=st.sampled_from(("bf16", "int8", "int4")),
    n_gpus=st.integers(1, 8),
)


@given(SPANS, st.floats(1, 10))
def test_a_better_card_and_a_shorter_prompt_never_take_longer_nor_tokens_of_leaner_weights(given_, factor) -> None:
    for shape in (LLAMA, BERT):
        counted, job = count(shape), usual(shape, "inference", **given_)
        found = speed(shape, job, A100, counted)
        faster = replace(A100, bandwidth_gb_s=2039 * factor, tflops_bf16=312 * factor)
        leaner = speed(shape, replace(job, dtype="int4"), A100, counted)
        assert found.token is None or leaner.token.expected <= found.token.expected
        shorter = replace(job, seq_len=max(1, job.seq_len // 2))
        for other in (speed(shape, job, faster, counted), speed(shape, shorter, A100, counted)):
            assert other.first.expected <= found.first.expected
            assert found.token is None or other.token.expected <= found.token.expected
        assert found.first.low < found.first.expected < found.first.high
        assert found.first.low >= seconds_per_pass(counted, A100, job.n_gpus)
        assert found.token is None or found.token.low >= seconds_per_pass(counted, A100, job.n_gpus)


def test_without_a_peak_only_the_tokens_are_known() -> None:
    card = replace(A100, tflops_bf16=None, tflops_fp16=None)
    assert speed(LLAMA, usual(LLAMA, "inference"), card, count(LLAMA)).first is None
    assert speed(BERT, usual(BERT, "inference"), card, count(BERT)).first is None


def test_words_for_waits_and_for_text_that_grows() -> None:
    assert [wait(seconds) for seconds in (0.1, 1, 10, 11)] == [
        "at once", "without breaking a train of thought", "while attention lasts", "longer than attention lasts",
    ]  # fmt: skip
    assert [pace(1 / rate) for rate in (3, 5, 8)] == [
        "slower than people read", "about as fast as people read", "faster than people read",
    ]  # fmt: skip
    assert [two(number) for number in (0.2449, 5.34, 12.4, 113.2, 1049)] == ["0.24", "5.3", "12", "110", "1,000"]


@pytest.mark.parametrize(
    ("kind", "bars"),
    [("decode", (1.15, 0.98, 0.9)), ("pass", (1.2, 0.98, 0.9)), ("prefill", (1.35, 0.8, 0.88))],
)
def test_published_speeds_are_as_near_as_the_docs_say(kind, bars, facts, monkeypatch) -> None:
    """Every engine's row of `benchmarks/data/serving_speeds.csv`, by the shares in the code."""
    folder = Path(__file__).parents[1] / "benchmarks"
    monkeypatch.syspath_prepend(str(folder))
    benchmark = SimpleNamespace(**runpy.run_path(str(folder / "latency.py")))
    rows = [row for row in benchmark.read(facts) if row.kind == kind and not row.plain]
    found = [row.measured / benchmark.expected(row, benchmark.HELD) for row in rows]
    factors = sorted(max(ratio, 1 / ratio) for ratio in found)
    low, high = benchmark.RANGES[kind]
    median, twice, held = bars
    assert factors[len(factors) // 2] <= median
    assert sum(factor <= 2 for factor in factors) >= twice * len(factors)
    assert sum(low <= ratio <= high for ratio in found) >= held * len(found)
    assert all(row.measured >= row.least for row in rows)


def latency(model, profile, facts):
    named = next(one for one in facts.models if one.id == model)
    plan = resources.judge(named, facts_of(named), put(profile, facts))
    return next((check for check in plan.verdict.checks if check.name == "latency"), None)


def test_what_no_software_could_serve_in_time_is_ruled_out_with_the_margin(facts, ask) -> None:
    found = latency("Qwen/Qwen3-8B", ask(task="chat", gpu="H100 SXM", serve_gpu="RTX 3090", latency="2"), facts)
    assert found.outcome == "no"
    assert found.because.startswith("a pass through its weights takes at least 3.8 ms on GeForce RTX 3090, in 4 bits")
    assert found.because.endswith("an answer may take 2 ms")
    assert found.remedy == "3.8 ms for an answer"
    assert found.shortfall == pytest.approx(0.47, abs=0.01)


def test_what_might_be_fast_enough_is_left_to_be_measured(facts, ask) -> None:
    soon = latency("Qwen/Qwen3-8B", ask(task="chat", gpu="RTX 3090", latency="20"), facts)
    later = latency("Qwen/Qwen3-8B", ask(task="chat", gpu="RTX 3090", latency="5000"), facts)
    assert soon.outcome == later.outcome == "unknown"
    assert soon.because.endswith("some 0 tokens in 20 ms; likely too slow; measure it")
    assert "likely too slow" not in later.because
    assert later.because.endswith("tokens in 5 s; measure it")


def test_what_even_the_slow_end_does_in_time_is_ok(facts, ask) -> None:
    long = latency("Qwen/Qwen3-8B", ask(task="chat", gpu="RTX 3090", latency="1e6"), facts)
    label = latency("google-bert/bert-base-uncased", ask(task="classification", gpu="T4", latency="20"), facts)
    assert long.outcome == label.outcome == "ok"
    assert label.because.startswith("an engine takes about ")
    assert "for 256 tokens on Tesla T4, that is at once; PyTorch as it comes takes" in label.because


@pytest.mark.parametrize(
    ("model", "gpu"),
    [
        ("google/flan-t5-xl", "RTX 3090"),
        ("microsoft/deberta-v3-large", "RTX 3090"),
        ("Qwen/Qwen3-4B", "Gaudi 3"),
        ("state-spaces/mamba-130m-hf", "RTX 3090"),
    ],
)
def test_where_nobody_published_a_speed_nothing_is_claimed(model, gpu, facts, ask) -> None:
    found = latency(model, ask(task="classification", gpu=gpu, latency="1000"), facts)
    assert found.outcome == "unknown"
    assert found.because.startswith("no published speed covers")


@pytest.mark.parametrize("where", [{}, {"gpu": "24GB"}, {"gpu": "RTX 3090", "serve_gpu": "24GB"}, {"gpu": "none"}])
def test_without_a_card_s_name_latency_rules_nothing_out_and_a_note_says_so(where, facts, ask) -> None:
    profile = ask(task="chat", latency="0.001", **where)
    assert latency("Qwen/Qwen3-8B", profile, facts) is None
    assert "rules nothing out" in " ".join(engine.notes(profile))


def test_more_time_for_an_answer_never_rules_a_model_out(facts, ask) -> None:
    few = replace(facts, models=facts.models[::60])
    out = [
        {one.verdict.model.id for one in engine.rank(few, ask(task="chat", gpu="RTX 3090", latency=limit)).ruled_out}
        for limit in ("0.5", "2", "8", "1000")
    ]
    assert out[0] > out[-1]
    assert all(more >= less for more, less in pairwise(out))
