"""The policy's arithmetic: value functions, weights, priorities."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmpick.lint.tables import NEEDED
from llmpick.policy import criteria, curve, weights

KINDS = ("understanding", "embedding", "sequence-to-sequence", "generation")


@pytest.mark.parametrize("kind", KINDS)
def test_weights_sum_to_one(kind, facts):
    assert sum(weights(facts.policy, kind).values()) == pytest.approx(1)


def test_steps_share_out_the_whole(facts):
    assert sum(step.share for step in facts.policy.tree) == pytest.approx(1)
    for step in facts.policy.tree:
        assert sum(leaf.share for leaf in step.criteria) == pytest.approx(1)


def test_priority_gives_rank_order_centroid_weights(facts):
    found = weights(facts.policy, "generation", priority=("license", "quality"))
    # Three ranks (two named, one for the rest): (1 + 1/2 + 1/3) / 3, (1/2 + 1/3) / 3, (1/3) / 3.
    assert found["license"] == pytest.approx(11 / 18)
    assert found["quality"] == pytest.approx(5 / 18)
    assert sum(found.values()) == pytest.approx(1)


def test_a_ratio_multiplies_one_weight(facts):
    plain = weights(facts.policy, "generation")
    tripled = weights(facts.policy, "generation", ratios=[("license", 3)])
    assert tripled["license"] / tripled["quality"] == pytest.approx(3 * plain["license"] / plain["quality"])


@given(st.lists(st.floats(0, 1), min_size=2, max_size=5), st.floats(-5, 5), st.floats(0, 3))
def test_interpolation_stays_between_its_points_and_rises_with_them(worths, at, step):
    points = list(zip(range(len(worths)), sorted(worths), strict=True))
    low, high = curve(points)(at), curve(points)(at + step)
    assert min(worths) <= low <= high + 1e-12 <= max(worths) + 1e-9


def test_every_number_of_the_policy_has_a_sentence(facts):
    policy = facts.policy
    said = [leaf.because for step in policy.tree for leaf in step.criteria] + [step.because for step in policy.tree]
    said += [entry.because for entry in (*policy.values, *policy.unknown, *policy.constants, *policy.kinds)]
    assert all(len(text) > 15 for text in said)


def test_the_policy_holds_what_judging_reads_and_nothing_else(facts):
    policy = facts.policy
    assert list(criteria(policy)) == NEEDED["tree"]
    assert {one.name for one in policy.values} == set(NEEDED["values"])
    assert {one.criterion for one in policy.unknown} == set(NEEDED["unknown"])
    assert {one.name for one in policy.constants} == set(NEEDED["constants"])


def test_unknown_ranges_and_weights_speak_of_known_criteria(facts):
    known = set(criteria(facts.policy))
    assert {entry.criterion for entry in facts.policy.unknown} <= known
