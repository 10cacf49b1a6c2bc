"""How well is a comparison nobody has seen ranked? Each one is left out of the fit, then ranked by what is left.

`python benchmarks/ranking.py` (needs numpy, about two minutes) prints the tables of docs/quality.md. Every ranking goes
through `question` and `judge`, as `recommend` and `compare` do. `--nested` (three minutes more) also chooses the form
without the comparison that is ranked; `--llmfit FILE` and `--whichllm FILE` rank by those programs where they know the
models.

Per task: normalized regret (best - chosen) / (best - worst) of the first choice and of the best of the first three,
and Kendall's tau-b between estimate and result. Averaged over the tasks of a comparison, then over comparisons, so
that each counts once; intervals are 90 % of 10,000 bootstrap draws of comparisons.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import permutations
from pathlib import Path
from typing import Any, NamedTuple

import figures as quoted
import numpy as np

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tools")]

import fit_quality as fitting  # noqa: E402

from llmpick import catalog as catalogs  # noqa: E402
from llmpick.catalog.suites import load  # noqa: E402
from llmpick.quality import QualityTable, Traits, judge  # noqa: E402
from llmpick.quality.judging import RANGE_Z  # noqa: E402
from llmpick.quality.question import put_to  # noqa: E402

DRAWS = 10_000
FIGURES = ("regret@1", "regret@3", "tau")
Guess = Callable[[fitting.Task], Any]
"""A task -> one number per model, larger is better."""

CLUSTERS = (
    "euroeval-encoders-nordic euroeval-encoders-west-germanic supergleber-de",
    "turkish-model-zoo turkish-model-zoo-old",
    "hfl-chinese-plm hfl-minirbt clue text2vec-chinese",
    "koelectra-korean klue",
    "jglue simcse-ja",
    "maria-spanish bsc-bio-es",
    "banglue banglanlg",
    "robbert-dutch bertje-dutch",
    "lexglue lexglue-small casehold lextreme",
    "blue biolinkbert adalm-domain scibert-grid biom-squad2 biomistral-sft",
    "glue-squad-dev-deberta-readme electra-sizes albert-v1-v2 bert-miniatures-glue-test minilm-glue-dev xlnet-glue-dev"
    " linkbert-mrqa anli rasbt-imdb model-recycling fairseq-bart",
    "minilm-xnli-xlt xlmr-sizes masakhaner2 mafand-mt mt5-xtreme",
    "glge lmqg-qgbench s2s-summarization-collected rectified-scaling-law",
    "sbert-cross-encoders sbert-bi-encoders sbert-ms-marco-rerankers simcse",
    "metamath-sft dart-math-sft tora-sft xwin-math-sft abel-math-sft llm-adapters dora-commonsense simplerl-zoo",
)
"""Comparisons that share models, tasks or authors: left out together for the harder test."""
LATER = frozenset(
    "arbert banglanlg banglue bertimbau biomistral-sft bsc-bio-es clue fairseq-bart gollie graphcodebert-search jglue"
    " klej-polish-roberta klue mafand-mt maria-spanish model-recycling mt5-xtreme opencodeinterpreter parsbert simcse"
    " simcse-ja simplerl-zoo text2vec-chinese tweeteval".split()
)
"""Comparisons collected when the form of the estimate and its coefficients had been settled on the others."""


class Score(NamedTuple):
    """Figures of one task."""

    suite: str
    task: str
    domain: str
    figures: tuple[float, float, float]


def figures(truth: Any, guess: Any) -> tuple[float, float, float]:
    """(regret@1, regret@3, tau) of one task; models tied for first share the regret."""
    span = np.ptp(truth)
    first = truth[np.isclose(guess, guess.max())].mean()
    three = truth[np.argsort(-guess, kind="stable")[:3]].max()
    return (truth.max() - first) / span, (truth.max() - three) / span, tau(truth, guess)


def tau(truth: Any, guess: Any) -> float:
    """Kendall's tau-b; 0 where one side is all ties."""
    upper = np.triu_indices(len(truth), 1)
    a, b = (np.sign(np.subtract.outer(x, x))[upper] for x in (truth, guess))
    pairs = np.sqrt(float((a != 0).sum()) * float((b != 0).sum()))
    return float((a * b).sum() / pairs) if pairs else 0.0


def scored(tasks: Iterable[fitting.Task], guess: Guess) -> list[Score]:
    """Every task, as `guess` ranks it."""
    return [
        Score(task.suite.id, task.results.task, task.results.domain, figures(task.scores, np.asarray(guess(task))))
        for task in tasks
    ]


def by_suite(scores: Sequence[Score]) -> Any:
    """One row of figures per comparison."""
    found: dict[str, list[tuple[float, ...]]] = defaultdict(list)
    for one in scores:
        found[one.suite].append(one.figures)
    return np.array([np.mean(found[suite], axis=0) for suite in sorted(found)])


def interval(rows: Any, seed: int = 0) -> Any:
    """5 % and 95 % of the mean over bootstrap draws of comparisons."""
    draws = np.random.default_rng(seed).integers(0, len(rows), (DRAWS, len(rows)))
    return np.percentile(rows[draws].mean(axis=1), [5, 95], axis=0)


class Left:
    """The tables fitted without each comparison."""

    def __init__(self, design: fitting.Design, usual: dict[str, float]) -> None:
        self.design, self.usual = design, usual
        self.tables: dict[frozenset[str], QualityTable] = {}

    def without(self, suites: Iterable[str]) -> QualityTable:
        """The table fitted without `suites`."""
        key = frozenset(suites)
        if key not in self.tables:
            self.tables[key] = fitting.design_table(self.design, self.usual, key, spread=fitting.EMPTY.spread)
        return self.tables[key]

    def expected(self, task: fitting.Task, out: Iterable[str], end: str = "expected") -> list[float]:
        """What the run-time path expects of the task's models (`end`: or the low end of their ranges)."""
        asked = put_to(task.asked, self.without(out))
        return [getattr(judge(facts, asked), end) for facts in task.subjects]


def cluster(suite: str) -> set[str]:
    """The comparisons left out together with `suite`."""
    return next((set(one.split()) for one in CLUSTERS if suite in one.split()), {suite})


def strangers(task: fitting.Task, tasks: Sequence[fitting.Task]) -> fitting.Task | None:
    """The task with only the models that no other comparison has; None where fewer than two differ."""
    elsewhere = {facts.id for other in tasks if other.suite.id != task.suite.id for facts in other.subjects}
    return narrowed(task, lambda facts: facts.id not in elsewhere)


def narrowed(task: fitting.Task, keep: Callable[[Traits], bool]) -> fitting.Task | None:
    """The task with some of its models; None where fewer than two differ."""
    places = [i for i, facts in enumerate(task.subjects) if keep(facts)]
    if len(places) < 2 or np.ptp(task.scores[places]) == 0:
        return None
    return task._replace(subjects=tuple(task.subjects[i] for i in places), scores=task.scores[places])


def chance(task: fitting.Task, draws: int = 200) -> tuple[float, float, float]:
    """Mean figures of a random order."""
    order = random.Random(f"{task.suite.id} {task.results.name}")
    places = list(range(len(task.subjects)))
    rows = []
    for _ in range(draws):
        order.shuffle(places)
        rows.append(figures(task.scores, np.array(places, float)))
    return tuple(np.mean(rows, axis=0))


FORMS: tuple[tuple[str, dict[str, float], dict[str, float]], ...] = (
    ("no prior means", {}, {}),
    ("prior means alone, no evidence", dict.fromkeys(fitting.VARIANCE, 1e-6), fitting.PRIOR),
    ("no effects of families", {"family": 1e-6}, fitting.PRIOR),
    ("no effects of models", {"model": 1e-6}, fitting.PRIOR),
    (
        "nothing by kind of task or few examples",
        {"context": 1e-6},
        {k: v for k, v in fitting.PRIOR.items() if "@" not in k},
    ),
    (
        "effects of models and families alone",
        {"trait": 1e-6, "context": 1e-6, "generation": 1e-6, "family": 0.3, "model": 0.3},
        {},
    ),
)
"""Other forms of the same model: name, prior variances, prior means."""


def form(
    tasks: Sequence[fitting.Task], usual: dict[str, float], changes: dict[str, float], prior: dict[str, float]
) -> list[Score]:
    """Every task as another form of the model ranks it, its comparison left out."""
    kept = dict(fitting.VARIANCE), dict(fitting.PRIOR), fitting.RECURS
    fitting.VARIANCE |= changes
    fitting.PRIOR.clear()
    fitting.PRIOR |= prior
    fitting.RECURS = 1 if changes.get("model", 0.0) > 0.1 else fitting.RECURS
    try:
        left = Left(fitting.Design(tasks, usual, prior), usual)
        return scored(tasks, lambda task: left.expected(task, {task.suite.id}))
    finally:
        fitting.VARIANCE |= kept[0]
        fitting.PRIOR |= kept[1]
        fitting.RECURS = kept[2]


def coverage(design: fitting.Design) -> tuple[float, float]:
    """Shares of models (with results elsewhere, without) that come out inside a range read off other comparisons."""
    errors = fitting.all_errors(design)
    inside: dict[bool, list[tuple[float, float]]] = {True: [], False: []}
    for suite in design.suites:
        spread = fitting.spread_of([error for error in errors if error.suite != suite])
        for error in errors:
            if error.suite == suite:
                half = RANGE_Z * (spread.known if error.known else spread.unknown)
                inside[error.known].append((float(abs(error.size) <= half), error.weight))
    shares = []
    for which in (True, False):
        hits, weights = zip(*inside[which], strict=True)
        shares.append(float(np.average(hits, weights=weights)))
    return shares[0], shares[1]


def forgotten(tasks: Sequence[fitting.Task], usual: dict[str, float], what: str) -> list[Score]:
    """Every task ranked by a fit that saw no task of its kind or domain (`what`), nor its comparison."""
    found = []
    for value in sorted({getattr(task.results, what) for task in tasks}):
        kept = [task for task in tasks if getattr(task.results, what) != value]
        left = Left(fitting.Design(kept, usual), usual)
        known = {task.suite.id for task in kept}
        asked = [task for task in tasks if getattr(task.results, what) == value]
        found += scored(asked, lambda task, left=left, known=known: left.expected(task, {task.suite.id} & known))  # type: ignore[misc]
    return found


CHOICES = [{"trait": 0.2 * times, "context": 0.03 * times, "family": 0.05 * times} for times in (0.5, 1.0, 2.0)]
"""Prior variances the nested test chooses among, with and without prior means."""


def nested(tasks: Sequence[fitting.Task], usual: dict[str, float]) -> list[Score]:
    """Every comparison ranked by the form that ranks the others best when two at a time are left out.

    Effects of single models are left out here: they take a fit of their own for every pair.
    """
    suites = sorted({task.suite.id for task in tasks})
    kept, outer, inner = dict(fitting.VARIANCE), [], []
    for variances in CHOICES:
        for prior in ({}, fitting.PRIOR):
            fitting.VARIANCE |= variances
            design = fitting.Design(tasks, usual, prior)
            outer.append({suite: by_rows(design, suite, {suite}) for suite in suites})
            inner.append({pair: by_rows(design, pair[1], pair) for pair in permutations(suites, 2)})
    fitting.VARIANCE |= kept
    found = []
    for suite in suites:
        worth = [np.mean([worth_of(one[suite, other]) for other in suites if other != suite]) for one in inner]
        found += outer[int(np.argmax(worth))][suite]
    return found


def by_rows(design: fitting.Design, suite: str, out: Iterable[str]) -> list[Score]:
    """The tasks of one comparison as a fit without some comparisons ranks them, straight from the matrices."""
    values, places = design.solve(out)[0], design.of(suite)
    guesses = {id(design.tasks[i]): design.rows(i) @ values for i in places}
    return scored([design.tasks[i] for i in places], lambda task: guesses[id(task)])


def worth_of(scores: Sequence[Score]) -> float:
    """One figure to choose a form by: tau less both regrets."""
    first, three, order = np.mean([one.figures for one in scores], axis=0)
    return float(order - first - three)


def peer_llmfit(program: str) -> dict[str, dict[str, float]]:
    """What llmfit prints of every model it knows, on a machine that holds them all: figure -> model -> score."""
    asked = [program, "--json", "--memory", "2000G", "--ram", "4000G", "fit", "-n", "1000000"]
    models = json.loads(subprocess.run(asked, capture_output=True, text=True, check=True, timeout=120).stdout)["models"]
    return {
        "llmfit, its score": {one["name"]: one["score"] for one in models},
        "llmfit, its quality": {one["name"]: one["score_components"]["quality"] for one in models},
    }


def peer_whichllm(program: str) -> dict[str, dict[str, float]]:
    """The same of whichllm, which asks the Hub while it runs."""
    asked = [program, "--json", "--gpu", "8x H200", "--top", "100000"]
    done = subprocess.run(asked, check=False, capture_output=True, text=True, timeout=300)
    if done.returncode:
        print(f"\nwhichllm does not answer: {(done.stdout + done.stderr).strip().splitlines()[-1]}")
        return {}
    models = json.loads(done.stdout)["models"]
    return {"whichllm, its score": {one.get("id") or one["name"]: one["score"] for one in models}}


def against(name: str, peer: dict[str, float], tasks: Sequence[fitting.Task], left: Left) -> dict[str, list[Any]]:
    """A peer's order, ours and by size, on the models the peer ranks."""
    known = [narrowed(task, lambda facts: facts.id in peer) for task in tasks]
    some = [task for task in known if task]
    if not some:
        print(f"{name}: ranks no two models of one task")
        return {}
    return {
        name: row(scored(some, lambda task: [peer[facts.id] for facts in task.subjects])),
        f"... llmpick beside {name}": row(scored(some, lambda task: left.expected(task, {task.suite.id}))),
        f"... largest beside {name}": row(scored(some, lambda task: [facts.size for facts in task.subjects])),
    }


def row(scores: Sequence[Score]) -> list[Any]:
    """Each figure with its interval, then how many comparisons and tasks it stands on."""
    rows = by_suite(scores)
    return [*zip(rows.mean(0), *interval(rows), strict=True), len(rows), len(scores)]


def show(table: str, columns: dict[str, str], rows: dict[str, list[Any]]) -> None:
    """Print a table and store it."""
    print(f"\n{table}\n{quoted.table(columns, rows)}", flush=True)
    quoted.save("ranking", table, columns, rows)


def paired(ours: Sequence[Score], theirs: Sequence[Score]) -> list[Any]:
    """How much better than a baseline, comparison by comparison."""
    gain = by_suite(theirs) - by_suite(ours)
    gain[:, 2] *= -1
    return list(zip(gain.mean(0), *interval(gain), strict=True))


COLUMNS = {**dict.fromkeys(FIGURES, ".3f"), "comparisons": "d", "tasks": "d"}


def show_overall(tasks: Sequence[fitting.Task], left: Left, ours: list[Score], baselines: dict[str, Any]) -> None:
    """Every comparison left out, alone and with its relatives, beside the baselines."""
    related = scored(tasks, lambda task: left.expected(task, cluster(task.suite.id)))
    low = scored(tasks, lambda task: left.expected(task, {task.suite.id}, "low"))
    rows = {
        "llmpick, comparison left out": row(ours),
        "llmpick, all related comparisons left out": row(related),
        "llmpick, comparison left out, by the low end": row(low),
        **{name: row(scores) for name, scores in baselines.items()},
    }
    show("overall", COLUMNS, rows)
    gains = {name: paired(ours, scores) for name, scores in baselines.items()}
    show("better than", dict.fromkeys(FIGURES, "+.3f"), gains)


def show_later(tasks: Sequence[fitting.Task], left: Left) -> None:
    """Comparisons that had no part in any choice, ranked by a fit without all of them."""
    later = [task for task in tasks if task.suite.id in LATER]
    rows = {
        "llmpick": row(scored(later, lambda task: left.expected(task, LATER))),
        "llmpick, by the low end": row(scored(later, lambda task: left.expected(task, LATER, "low"))),
        "largest": row(scored(later, lambda task: [facts.size for facts in task.subjects])),
        "newest": row(scored(later, lambda task: [facts.year or 0 for facts in task.subjects])),
    }
    show("later", COLUMNS, rows)


def show_parts(tasks: Sequence[fitting.Task], left: Left, in_catalog: set[str]) -> None:
    """The same on some of the models."""
    rows = {}
    for name, keep in (
        ("only models with a catalog file", [narrowed(task, lambda facts: facts.id in in_catalog) for task in tasks]),
        ("only models no other comparison has", [strangers(task, tasks) for task in tasks]),
    ):
        some = [task for task in keep if task]
        rows[name] = row(scored(some, lambda task: left.expected(task, {task.suite.id})))
        rows[f"... largest of {name}"] = row(scored(some, lambda task: [facts.size for facts in task.subjects]))
    show("parts", COLUMNS, rows)


def show_harder(tasks: Sequence[fitting.Task], usual: dict[str, float], deep: bool) -> None:
    """Tasks and domains never seen; the form, too, chosen without the comparison."""
    unseen = {f"no task of its {what} seen": row(forgotten(tasks, usual, what)) for what in ("task", "domain")}
    show("harder", COLUMNS, unseen)
    if deep:
        show("nested", COLUMNS, {"form chosen without it": row(nested(tasks, usual))})


def show_peers(tasks: Sequence[fitting.Task], left: Left, llmfit: str | None, whichllm: str | None) -> None:
    """Other programs where they rank the same models."""
    peers = peer_llmfit(llmfit) if llmfit else {}
    peers |= peer_whichllm(whichllm) if whichllm else {}
    rows = {name: cells for peer in peers for name, cells in against(peer, peers[peer], tasks, left).items()}
    if rows:
        show("peers", COLUMNS, rows)


def show_by(what: str, ours: list[Score], largest: list[Score]) -> None:
    """Apart for each task or domain."""
    rows = {}
    for value in sorted({getattr(one, what) for one in ours}):
        mine = [one for one in ours if getattr(one, what) == value]
        base = [one for one in largest if getattr(one, what) == value]
        rows[value] = [*row(mine), by_suite(base).mean(0)[2]]
    show(f"by {what}", {**COLUMNS, "tau of largest": ".2f"}, rows)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Rank each published comparison from all the others.")
    parser.add_argument("--catalog", type=Path, default=ROOT / "catalog")
    parser.add_argument("--nested", action="store_true", help="also choose the form without the comparison ranked")
    parser.add_argument("--llmfit", help="the program, to rank by it where it knows the models")
    parser.add_argument("--whichllm", help="the same; needs the network")
    return parser.parse_args()


def main() -> None:
    given = arguments()
    catalog, suites = catalogs.load(base=given.catalog), load(given.catalog)
    subjects, usual = fitting.subjects_of(suites, catalog), fitting.usual_of(catalog, suites)
    tasks = fitting.tasks_of(suites, subjects, catalog.domains, fitting.empty(usual))
    left = Left(fitting.Design(tasks, usual), usual)
    downloads = {id_: one.downloads or 0 for id_, one in catalog.popularity.items()}

    ours = scored(tasks, lambda task: left.expected(task, {task.suite.id}))
    baselines = {
        "largest": scored(tasks, lambda task: [facts.size for facts in task.subjects]),
        "newest": scored(tasks, lambda task: [facts.year or 0 for facts in task.subjects]),
        "most downloaded": scored(tasks, lambda task: [downloads.get(facts.id, 0) for facts in task.subjects]),
        "random": [Score(task.suite.id, task.results.task, task.results.domain, chance(task)) for task in tasks],
    }
    show_overall(tasks, left, ours, baselines)
    show_later(tasks, left)
    show_parts(tasks, left, {model.id for model in catalog.models})
    show("forms", COLUMNS, {name: row(form(tasks, usual, changes, prior)) for name, changes, prior in FORMS})
    show_harder(tasks, usual, given.nested)
    show_peers(tasks, left, given.llmfit, given.whichllm)
    known, unknown = coverage(left.design)
    share = {"of a model with results elsewhere": ".0%", "without": ".0%"}
    show("ranges that hold", share, {"holds (80 % wanted)": [known, unknown]})
    for what in ("task", "domain"):
        show_by(what, ours, baselines["largest"])
    quoted.write()


if __name__ == "__main__":
    main()
