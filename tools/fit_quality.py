"""Fit `catalog/quality.yaml` to `catalog/evidence`: `python tools/fit_quality.py` (needs numpy).

The model, in the order it is built here:

1. Within each task of each comparison, scores become normal scores of their ranks, so that metrics, collapsed runs
   and single outliers carry no weight of their own. A task on which the first fit expects the models to lie close
   together is scaled down: there, order is mostly noise.
2. A model's score is a sum of traits (`llmpick.quality.traits`, `matches`), some of them by kind of task or by few
   examples, plus effects of its family and of itself. Traits have prior means with a reason (`PRIOR`), effects
   have mean zero; all have a prior variance (`VARIANCE`).
3. What a comparison says of one model again and again (its recipe suits the model) is one piece of news, not thirty:
   errors share a part per model and comparison, and one per kind of task in it.
4. Each comparison counts once, however many tasks it has.
5. Spreads are read off comparisons left out of the fit.
"""

from __future__ import annotations

import argparse
import dataclasses
import math
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np
import yaml

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "src"))

from llmpick import catalog as catalogs  # noqa: E402
from llmpick.catalog.suites import load  # noqa: E402
from llmpick.quality import Question, Traits, question, strength, traits  # noqa: E402
from llmpick.quality.evidence import Results, Suite, subject_traits  # noqa: E402
from llmpick.quality.question import guessed, low_data, matches, put_to, unlisted  # noqa: E402
from llmpick.quality.table import Cited, QualityTable, Spread, Standing, Term  # noqa: E402
from llmpick.quality.traits import amounts, year_trait  # noqa: E402

BY_KIND = {"encoder", "decoder", "encoder-decoder", "year*decoder", "embedding"}
BY_KIND |= {f"size*{structure}" for structure in ("encoder", "decoder", "encoder-decoder")} | {"large*encoder-decoder"}
"""Traits whose weight may differ by kind of task."""
BY_LOW_DATA = {"decoder", "encoder-decoder", "size*decoder", "size*encoder", "year*encoder", "year*decoder"}
BY_LOW_DATA |= {"multilingual", "replaced-token", "instruct"}
"""Traits whose weight may differ where examples are few."""
ONLY_IN = {"year*embedding": {"vectors", "low-data"}}
"""Traits that count in some contexts only: what newer pairs teach is of use for vectors, and where examples are few."""
LOW_DATA = {"low-data", "few-labels"}
"""Contexts of few examples: for any task, and for classification."""

PRIOR: dict[str, float] = {
    # One standard deviation of a comparison per tenfold parameters; LLaMA 7B -> 13B and XLM-R base -> large say so.
    "size": 1.0,
    # DeBERTa-v2 of 1.6 B hardly beats 0.9 B, XLM-R of 10.7 B hardly 3.5 B.
    "large*encoder": -0.7,
    # LLaMA 7B, Llama 2 7B and Llama 3 8B under one recipe: 15 months gained as much as doubling the size.
    "year*decoder": 0.6,
    "year*encoder": 0.3,
    # T5Gemma starts from a newer decoder: as good a reason as a decoder's own release; few are compared.
    "year*encoder-decoder": 0.3,
    # From 2022 on encoders gained speed and context more than accuracy (ModernBERT, EuroBERT below DeBERTa-v3).
    "late*encoder": -0.5,
    # Ten times the usual tokens: about a third of what ten times the parameters give.
    "tokens": 0.4,
    # ELECTRA and DeBERTa-v3 reach with one size what masked models reach with the next.
    "replaced-token": 0.3,
    "distilled": -0.3,
    # An embedding model has done most of the work of similarity and retrieval before tuning.
    "embedding@vectors": 0.6,
    "year*embedding@vectors": 0.45,
    # For labels with plenty of examples it is as old as the network it was made from, however new its pairs are; with
    # few (EuroEval) the E5 of 2024 stand above the sentence transformers of 2020.
    "year*embedding@low-data": 0.15,
    # Hundreds of millions of sentence pairs: translation itself is learnt, what remains is the domain. A classifier
    # or summarizer of other people's labels has learnt less of what is asked for.
    "trained-for:translation": 1.0,
    "trained-for": 0.2,
    # Capacity shared by a hundred languages; a language never read cannot be taught by a few thousand examples.
    "multilingual": -0.4,
    "language:among": -0.4,
    "language:among:en": -0.4,
    "language:among:decoder": -0.4,
    "language:related": -0.7,
    "language:related:decoder": -0.5,
    "language:absent": -1.2,
    # A vocabulary without the script spells it byte by byte or not at all; no comparison here shows how much it costs.
    "language:script": -1.0,
    "language:absent:en": -1.2,
    "language:absent:decoder": -0.7,
    # Legal-BERT, SciBERT, BioLinkBERT and Legal-XLM-R against general models of their size; continued pre-training
    # of decoders on prose lost on 9 of 12 biomedical models (arxiv:2404.04067).
    "domain:same:far": 0.6,
    "domain:same:near": 0.3,
    "domain:same:decoder-prose": 0.1,
    "domain:other": -0.5,
    # With plenty of examples the best of ten decoders of 2 to 8 B (LoRA Land) stays below RoBERTa-large (DeBERTa
    # README) on all five GLUE tasks they share; SuperGLEBer's decoders lead on labels from 7 B on, on tags never.
    "decoder@labels": -2.5,
    "decoder@tags": -2.0,
    "decoder@spans": -1.5,
    "decoder@vectors": -0.3,
    # An encoder has nothing to write with: a decoder must be trained from nothing. None was compared on writing.
    "encoder@text": -1.5,
    "encoder@reasoning": -1.5,
    # T5 on GLUE (arxiv:1910.10683) needs 3 B (88.5) for what masked encoders reach with a tenth, and 11 B to lead them.
    "encoder-decoder@labels": -2.0,
    # There, too, the last step gains less: 3.7 points from 0.2 B to 0.8 B, 1.8 from 3 B to 11 B.
    "large*encoder-decoder@labels": -0.7,
    "encoder-decoder@tags": -2.0,
    "encoder-decoder@spans": -1.2,
    "encoder-decoder@vectors": -0.3,
    # What is newer in newer decoders is made for writing.
    "year*decoder@labels": -0.5,
    "year*decoder@tags": -0.5,
    "year*decoder@spans": -0.5,
    "year*decoder@vectors": -0.15,
    # Few labels favor decoders (Georgian's 20 newsgroups, RAFT); for tags and spans nothing of the kind was measured.
    # Newer encoders need more data to settle: EuroBERT loses to XLM-R in 40 of 41 EuroEval tasks, ModernBERT to
    # DeBERTa-v3 by far, so that nothing of their lead is left at 1,000 examples.
    "decoder@few-labels": 1.5,
    # They, too, know labels as words: Flan-T5 on 266 of Georgian's newsgroups, T-Few on RAFT.
    "encoder-decoder@few-labels": 1.2,
    "instruct@low-data": 0.1,
    "year*encoder@low-data": -0.6,
}
"""Trait -> what its coefficient is expected to be before the evidence speaks, with the reason above it."""

VARIANCE = {"trait": 0.2, "context": 0.03, "family": 0.05, "model": 0.05, "generation": 0.02}
"""Prior variances of a trait's coefficient, of its change by context, of the effects of families and models."""
NOISE, SHARED, SHARED_KIND = 0.4, 0.2, 0.1
"""Error variances: of a single result, of all results of a model in one comparison, of those on one kind of task and
domain in it."""
FAMILY = "family "
FLAT = 100.0
"""Prior variance of a task's mean: large, so that only differences within a task count."""
CLOSE = 0.3
"""Expected spread of a task's models at which half of its order is noise."""
RECURS = 3
"""Comparisons from which a model's own results count beyond its traits. What it did in one or two others did not
recur on those left out (slope 0.0 to 0.1); from three on some of it did, from six on half."""
DAMPED = {"low": 0.5, "medium": 1.0, "high": 1.0}
"""Weight of a comparison by confidence."""
COMMON = "ar bn cs da de el es fi fr hi id it ja ko nl no pl pt ro ru sv sw th tr uk vi zh".split()
"""Languages people tune for besides English, by which it is told how many models know a language."""
SCALES = 2
"""Rounds of fitting and rescaling."""


class Task(NamedTuple):
    """One task of one comparison, as the fit sees it."""

    suite: Suite
    results: Results
    asked: Question
    subjects: tuple[Traits, ...]
    scores: Any
    """One per subject, larger is better."""


class Fit(NamedTuple):
    """A fitted model: coefficient and standard error of each column."""

    values: Mapping[str, float]
    sds: Mapping[str, float]


# ---------------------------------------------------------------------------------------------------- reading


def subjects_of(suites: Iterable[Suite], catalog: catalogs.Catalog) -> dict[str, Traits]:
    """Every model with a catalog file or facts in the evidence."""
    found = {subject.id: subject_traits(subject) for suite in suites for subject in suite.subjects}
    return found | {model.id: traits(model) for model in catalog.models}


def tasks_of(suites: Iterable[Suite], subjects: Mapping[str, Traits], domains: Any, table: QualityTable) -> list[Task]:
    """Every task on which at least two models differ."""
    found = []
    for suite in suites:
        for results in suite.tasks:
            asked = ask(results, table, domains)
            scores = np.array(list(results.scores.values())) * (-1 if results.lower_is_better else 1)
            if np.ptp(scores) > 0:
                found.append(Task(suite, results, asked, tuple(subjects[id_] for id_ in results.scores), scores))
    return found


def ask(results: Results, table: QualityTable, domains: Any) -> Question:
    """The question a profile with this task would ask."""
    return question(
        results.task,
        domain=results.domain,
        languages=results.languages,
        examples=results.examples,
        table=table,
        domains=domains,
    )


EMPTY = QualityTable(
    version="",
    results=0,
    tasks=0,
    suites={},
    terms={},
    families={},
    effects={},
    standings={},
    usual={},
    spread=Spread(known=1.0, unknown=1.0),
)


def empty(usual: Mapping[str, float]) -> QualityTable:
    """A table without numbers: only what is usual, by which a question is put."""
    return dataclasses.replace(EMPTY, usual=dict(usual))


def columns(facts: Traits, asked: Question, usual: Mapping[str, float]) -> dict[str, float]:
    """Column -> amount of one result: traits, traits by context, effects of family and model."""
    found: dict[str, float] = {}
    known = amounts(facts)
    if facts.year is None:
        known[year_trait(facts)] = usual.get(year_trait(facts), 0.0)
    for name, amount in known.items():
        if name in ONLY_IN:
            found |= {f"{name}@{one}": amount * share for one, share in asked.contexts.items() if one in ONLY_IN[name]}
            continue
        found[name] = amount
        if name in BY_KIND:
            found[f"{name}@{asked.kind}"] = amount
        if name in BY_LOW_DATA:
            for context in LOW_DATA & asked.contexts.keys():
                found[f"{name}@{context}"] = amount * asked.contexts[context]
    found |= matches(facts, asked)
    add_guesses(facts, asked, usual, found)
    found[FAMILY + facts.family] = 1.0
    return found


def add_guesses(facts: Traits, asked: Question, usual: Mapping[str, float], found: dict[str, float]) -> None:
    """What is usual, for the languages of which nobody recorded if the model knows them."""
    for wanted in asked.languages:
        if unlisted(facts, wanted):
            for name, share in guessed(facts, wanted, usual).items():
                found[name] = found.get(name, 0.0) + share / len(asked.languages)


# ---------------------------------------------------------------------------------------------------- fitting


class Design:
    """The evidence as matrices, summed per comparison, so that leaving one out is a subtraction."""

    def __init__(self, tasks: Sequence[Task], usual: Mapping[str, float], prior: Mapping[str, float] = PRIOR) -> None:
        self.tasks = tasks
        rows = [columns(facts, task.asked, usual) for task in tasks for facts in task.subjects]
        self.names = sorted({name for row in rows for name in row})
        index = {name: i for i, name in enumerate(self.names)}
        self.matrix = np.zeros((len(rows), len(self.names)))
        for i, row in enumerate(rows):
            for name, amount in row.items():
                self.matrix[i, index[name]] = amount
        self.starts = np.cumsum([0] + [len(task.subjects) for task in tasks])
        self.suites = list(dict.fromkeys(task.suite.id for task in tasks))
        self.means = np.array([prior.get(name, 0.0) for name in self.names])
        self.precision = 1 / np.array([variance_of(name) for name in self.names])
        self.normal = np.concatenate([normal_scores(task.scores) for task in tasks])
        self.weigh(np.ones(len(tasks)))
        for _ in range(SCALES):
            self.weigh(self.scales())

    def weigh(self, scales: Any) -> None:
        """Sum each comparison's evidence, its tasks scaled by `scales`."""
        self.scale = scales
        target = self.normal * np.repeat(scales, np.diff(self.starts))
        self.sums = {suite: self._summed(suite, target) for suite in self.suites}
        self.matrix_sum = sum(one[0] for one in self.sums.values())
        self.target_sum = sum(one[1] for one in self.sums.values())

    def scales(self) -> Any:
        """How far each task's order says something: by the spread that a fit without its comparison expects."""
        found = np.zeros(len(self.tasks))
        for suite in self.suites:
            values = self.solve({suite})[0]
            for i in self.of(suite):
                found[i] = math.hypot(float(np.std(self.rows(i) @ values)), CLOSE)
        return found / math.hypot(0.5, CLOSE)

    def of(self, suite: str) -> list[int]:
        """The tasks of one comparison."""
        return [i for i, task in enumerate(self.tasks) if task.suite.id == suite]

    def rows(self, task: int) -> Any:
        """The rows of one task."""
        return self.matrix[self.starts[task] : self.starts[task + 1]]

    def expected(self, task: int) -> Any:
        """What the fit to everything expects of each model of one task, from the task's mean."""
        guess = self.rows(task) @ self.solve()[0]
        return guess - guess.mean()

    def error(self, task: int, values: Any) -> Any:
        """How far each model of one task came out from what `values` expect, from the task's mean."""
        guess = self.rows(task) @ values
        truth = self.normal[self.starts[task] : self.starts[task + 1]] * self.scale[task]
        return (truth - truth.mean()) - (guess - guess.mean())

    def _summed(self, suite: str, target: Any) -> tuple[Any, Any]:
        own = self.of(suite)
        places = np.concatenate([np.arange(self.starts[i], self.starts[i + 1]) for i in own])
        tasks = np.repeat(own, [len(self.tasks[i].subjects) for i in own])
        models = codes(facts.id for i in own for facts in self.tasks[i].subjects)
        kinds = codes(f"{self.tasks[i].asked.kind} {self.tasks[i].asked.domain}" for i in tasks)
        same = models[:, None] == models
        covariance = NOISE * np.eye(len(places)) + SHARED * same + SHARED_KIND * (same & (kinds[:, None] == kinds))
        covariance += FLAT * (tasks[:, None] == tasks)
        rows = self.matrix[places]
        solved = np.linalg.solve(covariance, rows)
        weight = DAMPED[self.tasks[own[0]].suite.confidence] / len(own)
        return weight * (rows.T @ solved), weight * (solved.T @ target[places])

    def solve(self, without: Iterable[str] = ()) -> tuple[Any, Any]:
        """(coefficients, columns the evidence touches) without some comparisons."""
        matrix = self.matrix_sum - sum((self.sums[suite][0] for suite in without), np.zeros(()))
        target = self.target_sum - sum((self.sums[suite][1] for suite in without), np.zeros(()))
        seen = np.diag(matrix) > 1e-9
        system = matrix[np.ix_(seen, seen)] + np.diag(self.precision[seen])
        values = self.means.copy()
        values[seen] += np.linalg.solve(system, (target - matrix @ self.means)[seen])
        return values, seen

    def fit(self, without: Iterable[str] = ()) -> Fit:
        """Coefficients by name, with standard errors."""
        without = set(without)
        values, seen = self.solve(without)
        matrix = self.matrix_sum - sum((self.sums[suite][0] for suite in without), np.zeros(()))
        sds = np.sqrt(1 / self.precision)
        sds[seen] = np.sqrt(np.diag(np.linalg.inv(matrix[np.ix_(seen, seen)] + np.diag(self.precision[seen]))))
        return Fit(dict(zip(self.names, values, strict=True)), dict(zip(self.names, sds, strict=True)))


def variance_of(name: str) -> float:
    """The prior variance of a column."""
    if name.startswith(FAMILY):
        return VARIANCE["family"]
    if name in ("year*decoder", "year*encoder-decoder"):
        return VARIANCE["generation"]
    return VARIANCE["context" if "@" in name else "trait"]


def normal_scores(scores: Any) -> Any:
    """Ranks (ties share the mean rank) through the inverse normal distribution."""
    order = np.argsort(scores, kind="stable")
    ranks = np.empty(len(scores))
    ranks[order] = np.arange(len(scores))
    ranks = np.array([ranks[scores == score].mean() for score in scores])
    normal = NormalDist()
    return np.array([normal.inv_cdf((rank + 0.5) / len(scores)) for rank in ranks])


def codes(words: Iterable[str]) -> Any:
    """Equal words, equal numbers."""
    seen: dict[str, int] = {}
    return np.array([seen.setdefault(word, len(seen)) for word in words])


# ---------------------------------------------------------------------------------------------------- the table


def table_of(
    fit: Fit,
    tasks: Sequence[Task],
    effects: Mapping[str, dict[str, float]],
    usual: Mapping[str, float],
    spread: Spread,
) -> QualityTable:
    """The fitted numbers as the run-time table, with the standings that explain them."""
    terms = {name: Term(value=value, sd=math.sqrt(variance_of(name))) for name, value in PRIOR.items()}
    for name, value in fit.values.items():
        if not name.startswith(FAMILY):
            terms[name] = Term(value=value, sd=fit.sds[name])
    families = {name.removeprefix(FAMILY): value for name, value in fit.values.items() if name.startswith(FAMILY)}
    standings = standings_of(tasks)
    found = QualityTable(
        version=max((source.checked for task in tasks for source in task.suite.sources), default=""),
        results=sum(len(task.subjects) for task in tasks),
        tasks=len(tasks),
        suites={task.suite.id: Cited(title=task.suite.title, url=task.suite.sources[0].url) for task in tasks},
        terms=terms | {"offset": Term(value=0.0, sd=0.0)},
        families=families,
        effects={id_: effects[id_] for id_ in standings if effects.get(id_)},
        standings={id_: tuple(own) for id_, own in standings.items()},
        usual=dict(usual),
        spread=spread,
    )
    return centered(found, tasks)


def centered(table: QualityTable, tasks: Sequence[Task]) -> QualityTable:
    """`table` with the offset that puts strength 0 in the middle of the evidence, each comparison counted once."""
    means: dict[str, list[float]] = defaultdict(list)
    for task in tasks:
        asked = put_to(task.asked, table)
        means[task.suite.id].append(float(np.mean([strength(facts, asked)[1] for facts in task.subjects])))
    middle = float(np.mean([np.mean(own) for own in means.values()])) if means else 0.0
    return dataclasses.replace(table, terms=table.terms | {"offset": Term(value=-middle, sd=0.0)})


def standings_of(tasks: Sequence[Task]) -> dict[str, list[Standing]]:
    """Model -> where it stood in each comparison, the comparisons in order of their names."""
    shared = Counter(
        id_ for suite in {task.suite.id: task.suite for task in tasks}.values() for id_ in models_of(suite)
    )
    found: dict[str, list[Standing]] = defaultdict(list)
    for suite_id in sorted({task.suite.id for task in tasks}):
        own = [task for task in tasks if task.suite.id == suite_id]
        scores: dict[str, dict[int, float]] = defaultdict(dict)
        for i, task in enumerate(own):
            for facts, score in zip(task.subjects, normal_scores(task.scores), strict=True):
                scores[facts.id][i] = float(score)
        means = {id_: sum(one.values()) / len(one) for id_, one in scores.items()}
        for id_, one in scores.items():
            over = min((other for other in scores if other != id_), key=lambda other: (-shared[other], other))
            met = sorted(one.keys() & scores[over].keys())
            wins = sum(one[i] > scores[over][i] for i in met)
            leads = 2 * wins > len(met)
            found[id_].append(
                Standing(
                    suite=suite_id,
                    tasks=len(one),
                    place=1 + sum(mean > means[id_] + 1e-9 for mean in means.values()),
                    of=len(means),
                    kinds=tuple(sorted({own[i].asked.kind for i in one})),
                    domains=tuple(sorted({own[i].asked.domain for i in one})),
                    languages=tuple(sorted({language for i in one for language in own[i].asked.languages})),
                    over=over if leads else None,
                    wins=wins if leads else 0,
                    met=len(met) if leads else 0,
                )
            )
    return found


def models_of(suite: Suite) -> set[str]:
    """The models of a comparison."""
    return {id_ for results in suite.tasks for id_ in results.scores}


def effects_of(design: Design, without: Iterable[str] = ()) -> dict[str, dict[str, float]]:
    """Model -> context -> what its own results say beyond its traits and family, shrunken to what tends to recur.

    First over all its comparisons, then what is left on one kind of task.
    """
    values, _ = design.solve(without)
    errors: dict[str, dict[str, dict[str, list[float]]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    for i, task in enumerate(design.tasks):
        if task.suite.id not in set(without):
            for facts, error in zip(task.subjects, design.error(i, values), strict=True):
                for context in ("any", task.asked.kind):
                    errors[facts.id][context][task.suite.id].append(float(error))
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for id_, own in errors.items():
        for context, suites in own.items():  # `any` comes first
            if len(suites) >= RECURS:
                found[id_][context] = shrunken(suites, found[id_].get("any", 0.0))
    return found


def shrunken(suites: Mapping[str, Sequence[float]], known: float) -> float:
    """The mean error over comparisons beyond what is `known`, times the share of it that is not noise."""
    noise = [SHARED + SHARED_KIND + NOISE / len(errors) for errors in suites.values()]
    weight = sum(1 / one for one in noise)
    mean = sum(float(np.mean(errors)) / one for errors, one in zip(suites.values(), noise, strict=True)) / weight
    return (mean - known) * VARIANCE["model"] / (VARIANCE["model"] + 1 / weight)


def low_data_share(suites: Sequence[Suite]) -> float:
    """How far a published task is usually low-data, where it says how many examples it has; each comparison once."""
    known = [[low_data(one.examples) for one in suite.tasks if one.examples] for suite in suites]
    means = [float(np.mean(own)) for own in known if own]
    return float(np.mean(means)) if means else 0.0


def usual_of(catalog: catalogs.Catalog, suites: Sequence[Suite]) -> dict[str, float]:
    """What is assumed of a model where a fact is not on record: what is usual among models where it is."""
    facts = [traits(model) for model in catalog.models]
    found = {"tokens": 0.0}
    found["low-data"] = round(low_data_share(suites), 2)
    for structure in ("encoder", "decoder", "encoder-decoder"):
        years = sorted((one.year - 2020) / 3 for one in facts if one.year is not None and one.structure == structure)
        found[f"year*{structure}"] = round(years[len(years) // 2], 2) if years else 0.0
    found["year*embedding"] = found["year*encoder"]
    known = [one.languages for one in facts if one.languages]
    counted = Counter(language for languages in known for language in set(languages))
    others = [counted[language] for language in COMMON]
    found["knows:en"] = round(counted["en"] / len(known), 2)
    found["knows"] = round(sum(others) / len(others) / len(known), 2)
    many = [set(languages) for languages in known if len(languages) > 30]
    found["knows:mul"] = round(sum(len(one & set(COMMON)) for one in many) / len(COMMON) / len(many), 2)
    return found


class Error(NamedTuple):
    """How far a model came out from what a fit without the comparison expects, on one kind of its tasks."""

    suite: str
    known: bool
    """It has results in other comparisons."""
    size: float
    weight: float


def all_errors(design: Design) -> list[Error]:
    """The errors of every comparison, each ranked by the others."""
    met = Counter(id_ for suite in design.suites for id_ in {one.id for one in subjects_in(design, suite)})
    found = []
    for suite in design.suites:
        own = errors_in(design, suite)
        for (facts, _), errors in own.items():
            found.append(Error(suite, met[facts.id] > 1, float(np.mean(errors)), 1 / len(own)))
    return found


def spread_of(errors: Sequence[Error]) -> Spread:
    """How widely models scatter around their estimates, with own results elsewhere or without."""
    known = deviation([error for error in errors if error.known])
    # A model nobody compared may be less like the compared ones than those are like each other, never more.
    return Spread(known=known, unknown=max(known, deviation([error for error in errors if not error.known])))


def subjects_in(design: Design, suite: str) -> list[Traits]:
    """The models of a comparison, once per task."""
    return [facts for i in design.of(suite) for facts in design.tasks[i].subjects]


def errors_in(design: Design, suite: str) -> dict[tuple[Traits, str], list[float]]:
    """(model, kind of task) -> how far it came out from what a fit without this comparison expects, per task."""
    values, _ = design.solve({suite})
    found: dict[tuple[Traits, str], list[float]] = defaultdict(list)
    for i in design.of(suite):
        task = design.tasks[i]
        error = design.error(i, values)
        # Errors from a task's own mean are smaller than errors from a fixed scale.
        grown = math.sqrt(len(error) / (len(error) - 1))
        for facts, one in zip(task.subjects, error, strict=True):
            found[facts, task.asked.kind].append(float(one) * grown)
    return found


def deviation(errors: Sequence[Error]) -> float:
    """The standard deviation whose 80 % range holds 80 % of the weighted errors."""
    total, seen = sum(error.weight for error in errors), 0.0
    for error in sorted(errors, key=lambda error: abs(error.size)):
        seen += error.weight
        if seen >= 0.8 * total:
            return abs(error.size) / NormalDist().inv_cdf(0.9)
    return 1.0


def make(catalog: catalogs.Catalog, suites: Sequence[Suite]) -> QualityTable:
    """The table fitted to `suites`, checked: at run time it must give what the fit gives."""
    subjects, usual = subjects_of(suites, catalog), usual_of(catalog, suites)
    design = Design(tasks_of(suites, subjects, catalog.domains, empty(usual)), usual)
    table = design_table(design, usual)
    for i, task in enumerate(design.tasks):
        gap = np.abs(design.expected(i) - at_run_time(task, table)).max()
        if gap > 1e-9:
            raise AssertionError(f"{task.suite.id}, {task.results.name}: fit and run time differ by {gap}")
    return table


def at_run_time(task: Task, table: QualityTable) -> Any:
    """Strengths of a task's models without their own effects, from the task's mean, as `recommend` works them out."""
    asked = put_to(task.asked, dataclasses.replace(table, effects={}))
    found = np.array([strength(facts, asked)[1] for facts in task.subjects])
    return found - found.mean()


def design_table(
    design: Design, usual: Mapping[str, float], without: Iterable[str] = (), spread: Spread | None = None
) -> QualityTable:
    """The table of a fit without some comparisons."""
    without = set(without)
    kept = [task for task in design.tasks if task.suite.id not in without]
    effects = effects_of(design, without)
    return table_of(design.fit(without), kept, effects, usual, spread or spread_of(all_errors(design)))


def text_of(table: QualityTable) -> str:
    """The table as YAML, to three decimals, in a fixed order."""
    plain = yaml.dump(rounded(dataclasses.asdict(table)), default_flow_style=None, width=160, allow_unicode=True)
    return HEADER + plain


HEADER = """\
# Written by tools/fit_quality.py from catalog/evidence; do not edit. docs/quality.md says what the numbers mean.
"""


def rounded(value: Any) -> Any:
    """Plain lists and mappings, numbers to three decimals, empty and absent things left out."""
    if isinstance(value, Mapping):
        return {key: rounded(one) for key, one in value.items() if one is not None}
    if isinstance(value, tuple | list):
        return [rounded(one) for one in value]
    if isinstance(value, float):
        return round(float(value), 3) + 0.0
    return value


def main() -> None:
    parser = argparse.ArgumentParser(description="Fit catalog/quality.yaml to catalog/evidence.")
    parser.add_argument("--catalog", type=Path, default=ROOT / "catalog")
    parser.add_argument("--check", action="store_true", help="exit with 1 if the file is not what this would write")
    given = parser.parse_args()
    text = text_of(make(catalogs.load(base=given.catalog), load(given.catalog)))
    file = given.catalog / "quality.yaml"
    if given.check:
        sys.exit(0 if file.read_text("utf-8") == text else f"{file} is stale: run tools/fit_quality.py")
    file.write_text(text, "utf-8")
    print(f"wrote {file}: {len(text):,} characters")


if __name__ == "__main__":
    main()
