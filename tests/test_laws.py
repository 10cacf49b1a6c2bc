"""The laws of the ranking (docs/explanation): stated once, tried on random profiles and random parts of the catalog."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmpick import catalog as catalogs
from llmpick import engine, explain
from llmpick import profile as profiles
from llmpick.catalog.facts import facts_of
from llmpick.catalog.shelf import Shelf, facts_in
from llmpick.schema import Popularity
from llmpick.sizing.size import USUAL, Parts, Store, whole_ladder
from llmpick.steps import vendor
from llmpick.steps.asked import ask, vocabulary
from llmpick.units import GIB, USABLE_SHARE, GpuSetup, parse_gpu
from weighing import standing

FACTS = catalogs.load()
KNOWN = vocabulary(FACTS)
TASKS = [task.id for task in FACTS.tasks]
DOMAINS = [domain.id for domain in FACTS.domains]
TRIES = settings(max_examples=60)


def card(gigabytes: int, count: int = 1) -> GpuSetup:
    size = gigabytes * GIB
    return GpuSetup(count=count, memory_bytes=size, usable_bytes=int(size * USABLE_SHARE))


@st.composite
def questions(draw, *, gpu=True):
    """A random but valid Profile."""
    raw = {
        "task": draw(st.sampled_from(TASKS)),
        "domain": draw(st.sampled_from(DOMAINS)),
        "language": draw(st.sampled_from([None, "en", "de", "ko", "en,fr"])),
        "examples": draw(st.sampled_from([None, 200, 3000, 200_000])),
        "commercial": draw(st.sampled_from([None, True, False])),
        "seq_len": draw(st.sampled_from([None, 128, 2048])),
    }
    profile = profiles.build(raw, KNOWN)
    size = draw(st.sampled_from([4, 8, 16, 24, 48, 80]))
    return replace(profile, gpu=card(size) if gpu else None)


BY_ID = {model.id: model for model in FACTS.models}
READ = {facts.id: facts for facts in facts_in(FACTS.models)}
# A few models by name, not the records themselves: what a failing example prints must be short.
some_models = st.lists(st.sampled_from(sorted(BY_ID)), min_size=3, max_size=12, unique_by=lambda n: BY_ID[n].lineage)


def only(names):
    """The bundled catalog with these models alone, in this order, and what it keeps of them."""
    part = Shelf({}, FACTS.models.values)
    part.paths = {name: FACTS.models.paths[name] for name in names}
    part.facts = [READ[name] for name in names]
    return replace(FACTS, models=part)


def order(catalog, profile):
    return [verdict.model.id for verdict in engine.rank(catalog, profile).recommended]


def scores(catalog, profile):
    return {verdict.model.id: verdict.score for verdict in engine.rank(catalog, profile).recommended}


@TRIES
@given(some_models, questions())
def test_a_new_candidate_never_reorders_the_others(names, profile):
    part = only(names)
    fewer = replace(part, models=part.models[:-1])
    newcomer = part.models[-1].id
    assert [name for name in order(part, profile) if name != newcomer] == order(fewer, profile)


@TRIES
@given(some_models, questions(), st.randoms(use_true_random=False))
def test_the_order_of_the_catalog_does_not_matter(names, profile, random):
    part = only(names)
    shuffled = list(part.models)
    random.shuffle(shuffled)
    assert order(replace(part, models=tuple(shuffled)), profile) == order(part, profile)


@TRIES
@given(some_models, questions(), st.sampled_from([1, 2, 8, 60, 200]))
def test_more_memory_never_rules_out_or_lowers_a_score(names, profile, more):
    part = only(names)
    small = scores(part, profile)
    large = scores(part, replace(profile, gpu=card(profile.gpu.memory_bytes // GIB + more)))
    for name, score in small.items():
        assert large[name] >= score - 1e-12


@TRIES
@given(some_models, questions(), st.sampled_from([1.0, 20.0, 1000.0]), st.floats(1, 50))
def test_more_budget_never_rules_out(names, profile, budget, factor):
    part = only(names)
    named = replace(profile, gpu=profiles.parse_gpu("RTX 4090", FACTS.gpus), examples=20_000)
    poor, rich = replace(named, budget=budget), replace(named, budget=budget * factor)
    assert set(order(part, poor)) <= set(order(part, rich))


@TRIES
@given(some_models, questions())
def test_more_context_never_rules_out_or_lowers_a_score(names, profile):
    part = only(names)
    asked = replace(profile, assumed=(), seq_len=4096)
    wider = tuple(replace(model, context_length=(model.context_length or 512) * 64) for model in part.models)
    before = scores(part, asked)
    after = scores(replace(part, models=wider), asked)
    for name, score in before.items():
        assert after[name] >= score - 1e-12


@TRIES
@given(some_models, questions(), st.integers(0, 10**8))
def test_more_downloads_never_lower_a_rank(names, profile, downloads):
    part = only(names)
    before = order(part, profile)
    for place, name in enumerate(before):
        known = FACTS.popularity.get(name)
        more = downloads + ((known.downloads or 0) if known else 0)
        lifted = replace(part, popularity=dict(FACTS.popularity) | {name: Popularity(downloads=more)})
        assert order(lifted, profile).index(name) <= place


@TRIES
@given(some_models, questions())
def test_a_dominated_model_never_ranks_above_its_dominator(names, profile):
    part = only(names)
    ranked = engine.rank(part, profile).recommended
    worth = [{rating.criterion: rating.low for rating in verdict.ratings} for verdict in ranked]
    for above in range(len(ranked)):
        for below in range(above + 1, len(ranked)):
            better = [worth[below][name] > worth[above][name] + 1e-9 for name in worth[above]]
            no_worse = all(worth[below][name] >= worth[above][name] for name in worth[above])
            assert not (no_worse and any(better)) or ranked[above].score == pytest.approx(ranked[below].score)


@TRIES
@given(some_models, questions(), st.floats(0.1, 50))
def test_scaling_all_weights_changes_nothing(names, profile, factor):
    part = only(names)
    scaled = replace(profile, weight=tuple((name, factor) for name in KNOWN.criteria))
    assert order(part, scaled) == order(part, profile)
    assert scores(part, scaled) == pytest.approx(scores(part, profile))


@TRIES
@given(some_models, questions())
def test_contributions_sum_to_the_gap(names, profile):
    part = only(names)
    ranked = engine.rank(part, profile).recommended
    for ahead, behind in pairwise(ranked):
        total = sum(part.gap for part in explain.contributions(ahead, behind))
        assert total == pytest.approx(ahead.score - behind.score)


@TRIES
@given(some_models, questions(), st.integers(0, 10**9))
def test_learning_the_downloads_moves_the_score_inside_its_range(names, profile, downloads):
    part = only(names)
    unknown = replace(part, popularity={})
    for verdict in engine.rank(unknown, profile).recommended[:3]:
        learned = replace(part, popularity={verdict.model.id: Popularity(downloads=downloads)})
        after = engine.judge(verdict.model, ask(profile, learned))
        assert verdict.score - 1e-9 <= after.score <= verdict.score_high + 1e-9


@TRIES
@given(some_models, questions(), st.sampled_from(["languages", "pretraining", "tooling"]))
def test_learning_a_fact_moves_the_score_inside_its_range(names, profile, fact):
    """A model whose fact is hidden prints a range that holds the score it gets once the fact is back."""
    part = only(names)
    for model in part.models:
        hidden = replace(model, **{fact: () if fact == "languages" else None})
        before = engine.judge(hidden, ask(profile, part), all_steps=True)
        after = engine.judge(model, ask(profile, part), all_steps=True)
        names = [rating.criterion for rating in after.ratings if rating.criterion != "quality"]
        if names != [rating.criterion for rating in before.ratings if rating.criterion != "quality"]:
            continue  # learned that it is ruled out
        for old, new in zip(before.ratings, after.ratings, strict=True):
            if old.criterion != "quality":
                assert old.low - 1e-9 <= new.low <= new.high <= old.high + 1e-9


@TRIES
@given(some_models, questions())
def test_scores_lie_between_zero_and_one_and_weights_sum_to_one(names, profile):
    part = only(names)
    for verdict in engine.rank(part, profile).recommended:
        assert 0 <= verdict.score <= verdict.score_high <= 1 + 1e-9
        assert sum(rating.weight for rating in verdict.ratings) == pytest.approx(1)


@TRIES
@given(some_models, questions())
def test_every_model_is_in_exactly_one_list(names, profile):
    part = only(names)
    answer = engine.rank(part, profile)
    placed = [name for verdict in answer.recommended for name in (verdict.model.id, *verdict.siblings)]
    placed += [out.verdict.model.id for out in answer.ruled_out]
    placed += [verdict.model.id for verdict in answer.undecided]
    assert sorted(placed) == sorted(model.id for model in part.models)


@TRIES
@given(some_models, questions())
def test_the_same_question_gets_the_same_answer(names, profile):
    part = only(names)
    assert engine.rank(part, profile) == engine.rank(part, profile)


@TRIES
@given(some_models, questions())
def test_nothing_recommended_exceeds_the_card(names, profile):
    part = only(names)
    for verdict in engine.rank(part, profile).recommended:
        assert verdict.memory is not None
        assert verdict.memory.fits


@st.composite
def limits(draw):
    """Cards by name or number, and what else may rule a model out for want of something."""
    cards = st.sampled_from(["RTX 4090", "A100-80GB", "2xRTX 4090", "4x24GB", "none"])
    found = {
        "gpu": parse_gpu(draw(cards), FACTS.gpus),
        "batch_size": draw(st.sampled_from([1, 6, 32])),
        "budget": draw(st.sampled_from([None, 0.2, 3.0, 50.0])),
        "serve_gpu": draw(st.none() | cards.map(lambda name: parse_gpu(name, FACTS.gpus))),
        "latency": draw(st.sampled_from([None, 3.0, 50.0])),
    }
    return found if draw(st.booleans()) else {}


@settings(max_examples=8, deadline=None)
@given(questions(), limits())
def test_every_model_stands_where_its_sentences_say(profile, found):
    asked = ask(replace(profile, **found), FACTS)
    for facts in facts_in(FACTS.models):
        weighed = engine.weigh(facts, asked)
        assert weighed.standing == standing(engine.write(weighed, asked), asked)


@settings(max_examples=20, deadline=None)
@given(questions(), limits(), st.booleans(), st.sampled_from([(), ("mit",)]))
def test_every_offer_of_a_vendor_stands_where_its_sentences_say(profile, found, privacy, license):
    asked = ask(replace(profile, privacy=privacy, license=license, **found), FACTS)
    for offer in vendor.offers(asked):
        weighed = engine.weigh_offer(offer, asked)
        assert weighed.standing == standing(engine.write(weighed, asked), asked)


@settings(max_examples=25, deadline=None)
@given(some_models, questions(), limits())
def test_what_a_catalog_remembers_changes_no_answer(names, profile, found):
    profile = replace(profile, **found)
    long, fresh = ask(profile, FACTS), ask(profile, only(names))
    known = {facts.id: facts for facts in facts_in(FACTS.models)}
    for name in names:
        remembered, anew = engine.weigh(known[name], long), engine.weigh(facts_of(BY_ID[name]), fresh)
        assert remembered.standing == anew.standing


def standings(profile, catalog):
    return [one.standing for one in engine.judge_all(ask(profile, catalog))]


@pytest.mark.parametrize(
    "change",
    [
        {"gpu": card(16)},
        {"gpu": card(8, count=2)},
        {"method": "qlora"},
        {"batch_size": 64},
        {"assumed": ()},
        {"examples": 100_000},
        {"task": "similarity"},
        {"seq_len": 512},
        {"examples": 1500},
        {"domain": "legal"},
        {"languages": ("de",)},
        {"commercial": True},
        {"license": ("mit",)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_was_worked_out_for_one_question_serves_none_that_differs(change):
    """The one change makes a difference, whatever was asked before it."""
    before = replace(profiles.build({"task": "classification", "examples": 5000}, KNOWN), gpu=card(8))
    after = replace(before, **change)
    used, fresh = only(BY_ID), only(BY_ID)
    first = standings(before, used)
    assert first != standings(after, used) == standings(after, fresh)


def test_what_is_stored_of_a_model_is_what_its_record_says():
    assert [bare(facts) for facts in facts_in(FACTS.models)] == [bare(facts_of(model)) for model in FACTS.models]


def bare(facts):
    """The facts with all that is kept of the network."""
    if facts.size is None:
        return facts
    *size, number, networks = facts.size
    needs = networks.frames(number), networks.running(number), networks.shape(number)
    return facts._replace(size=(*size, *needs))


@TRIES
@given(
    st.sampled_from([facts.size for facts in facts_in(FACTS.models) if facts.size]), st.sampled_from(range(len(USUAL)))
)
def test_a_kept_peak_is_the_peak_worked_out(size, number):
    ladder = whole_ladder(size.structure, number)
    width, known = size.networks.peaks(number)
    kept = list(known[size.number * width :][: len(ladder.jobs)])
    nobody_asks = size.structure == "encoder" and ladder.jobs[0].vocabulary_head
    worked_out = list(map(Parts(size).peak, ladder.jobs, ladder.lots, ladder.means))
    assert kept == ([0] * len(ladder.jobs) if nobody_asks else worked_out)
    assert list(Store().peaks(size, ladder)) == worked_out


def test_the_lengths_and_batches_of_every_task_are_kept():
    asked = {
        (length, task.batch_size, task.vocabulary_head)
        for task in FACTS.tasks
        for length in {task.seq_len, min(task.seq_len, 512)}
    }
    assert asked == set(USUAL)
