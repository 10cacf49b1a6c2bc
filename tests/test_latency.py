"""The least time of a pass: a sum by hand, what must hold for every card, and what the ranking makes of it."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmpick import engine
from llmpick.catalog.facts import facts_of
from llmpick.sizing.latency import CACHE, seconds_per_pass
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
    found = latency("Qwen/Qwen3-8B", ask(task="chat", gpu="RTX 3090", latency="20"), facts)
    assert found.outcome == "unknown"
    assert found.because.endswith("how fast it answers must be measured")


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
