"""How good a base will be after fine-tuning: an estimate fitted to published results, with its range and its reason.

The scale is absolute. A model's strength for a question is a sum of terms on a scale where 1 is one standard
deviation between the models of a typical published comparison; `value_of` maps it into [0, 1]. Every term is a number
of `catalog/quality.yaml`, which `tools/fit_quality.py` writes. Nothing depends on which other models are present.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Literal

from llmpick.record import record
from llmpick.schema import Domain, Model, Task

Structure = Literal["encoder", "decoder", "encoder-decoder"]

LOW_DATA = 1000
"""Training examples up to which a task counts as low-data (EuroEval trains on 1,024 at most)."""
RANGE_Z = 1.2816
"""Half width of the printed range in standard errors: an 80 % interval of a normal distribution."""
BOUNDS = {"size": (-2.0, 3.5), "year": (-2.0, 7.0), "tokens": (-1.5, 2.5)}
"""Where a numeric trait is clamped: log10 of parameters over 1e8, years since 2020, log10 of tokens over 1e11."""
KINDS = {
    "classification": "labels",
    "token-classification": "tags",
    "extractive-qa": "spans",
    "similarity": "vectors",
    "retrieval": "vectors",
    "summarization": "text",
    "translation": "text",
    "generation": "text",
    "chat": "text",
    "question-answering": "answers",
    "information-extraction": "text",
    "code-generation": "reasoning",
    "code-understanding": "labels",
    "text-to-sql": "reasoning",
    "function-calling": "reasoning",
    "math-reasoning": "reasoning",
}
"""Task id -> the kind of output it is fitted with; tasks of one kind rank models alike."""


@record
class Standing:
    """One model's direct evidence on the suites it took part in, or on one kind, domain or language of them."""

    suite: str
    tasks: int
    place: int
    """1 = best mean standing in the suite."""
    of: int
    """Models compared."""
    kinds: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    beats: str | None = None
    """A well-known model of the same comparison."""
    wins: int = 0
    """Tasks on which it does better than that model."""


@record
class ModelEffects:
    """What published results say of one model beyond its facts: shrunken effects by context, and where it stood."""

    effects: dict[str, float]
    sd: float
    """Standard error left in its strength where its own results speak to the question."""
    standings: tuple[Standing, ...] = ()


@record
class SuiteNote:
    """A published comparison, as cited."""

    title: str
    url: str


@record
class QualityTable:
    """`catalog/quality.yaml`: the fitted numbers. Machine-written."""

    version: str
    results: int
    suites: dict[str, SuiteNote]
    terms: dict[str, float]
    """Coefficient of each trait, `trait` or `trait@context`."""
    families: dict[str, dict[str, float]]
    """Family -> context -> shrunken effect."""
    models: dict[str, ModelEffects]
    usual: dict[str, float]
    """Trait -> the amount assumed where nobody knows it."""
    sd: dict[str, float]
    """Standard error of an estimate without direct evidence, by structure; `unknown` where nobody knows it."""


@record
class Quality:
    """How good a model is expected to be after fine-tuning, in [0, 1], and why."""

    expected: float
    low: float
    high: float
    because: str
    evidence: tuple[str, ...] = ()
    """Where the results behind it can be read."""
    missing: tuple[str, ...] = ()
    """Facts that would narrow the range."""


@record
class Traits:
    """The facts of a model that the estimate reads. None or empty = unknown."""

    id: str
    family: str
    structure: Structure | None
    params: float
    """Parameters that work on each token, without the embedding tables."""
    total: float
    year: float | None
    """Release, in years and fractions of a year."""
    tokens: float | None
    objective: str | None
    variant: str
    languages: frozenset[str]
    domains: frozenset[str]


@record
class Question:
    """The profile as the estimate sees it, with the coefficients that hold for it."""

    kind: str
    domain: str
    near: frozenset[str]
    distance: str
    languages: tuple[str, ...]
    contexts: dict[str, float]
    """Context -> how far it applies, in [0, 1]."""
    weights: dict[str, float]
    """Trait -> coefficient under these contexts."""
    table: QualityTable


def value_of(strength: float) -> float:
    """Strength -> [0, 1]: the logistic curve; 0.5 is the middle of a typical published comparison."""
    return 1 / (1 + math.exp(-strength))


def traits(model: Model) -> Traits:
    """The facts of `model` that the estimate reads."""
    read = model.pretraining
    return Traits(
        id=model.id,
        family=model.family,
        structure=model.architecture.shape.structure if model.architecture else None,
        params=_working_parameters(model),
        total=model.parameters.total,
        year=_year(model.released),
        tokens=read.tokens if read else None,
        objective=read.objective if read else None,
        variant=model.variant,
        languages=frozenset(model.languages),
        domains=frozenset(read.domains) if read else frozenset(),
    )


def _working_parameters(model: Model) -> float:
    """Active parameters without embedding tables; 80 % of the active ones where the shape is unknown."""
    active = model.parameters.active
    if model.architecture is None:
        return active * 0.8
    shape = model.architecture.shape
    width = shape.embedding_size or shape.hidden_size
    tables = 1 if shape.tie_word_embeddings else 2
    return float(max(active - shape.non_text_parameters - shape.vocab_size * width * tables, active * 0.05))


def _year(month: str | None) -> float | None:
    return int(month[:4]) + (int(month[5:7]) - 1) / 12 if month else None


def question(
    task: Task | str,
    *,
    domain: str,
    languages: tuple[str, ...],
    examples: int | None,
    method: str,
    table: QualityTable,
    domains: Iterable[Domain] | Mapping[str, Domain] = (),
) -> Question:
    """The profile's terms, worked out once for all models."""
    kind = KINDS.get(task if isinstance(task, str) else task.id, "text")
    rows = domains.values() if isinstance(domains, Mapping) else domains
    row = next((row for row in rows if row.id == domain), None)
    contexts = contexts_of(kind, domain, languages, examples, method)
    return Question(
        kind=kind,
        domain=domain,
        near=frozenset(row.near) if row else frozenset(),
        distance=row.distance if row else "web",
        languages=languages,
        contexts=contexts,
        weights=_weights(table.terms, contexts),
        table=table,
    )


def contexts_of(
    kind: str, domain: str, languages: tuple[str, ...], examples: int | None, method: str
) -> dict[str, float]:
    """What a question shares with published results, and how far: 1 wholly, 0 not at all."""
    found = {"any": 1.0, kind: 1.0}
    if domain != "general":
        found[f"domain:{domain}"] = 1.0
    for language in languages:
        found[f"language:{language}"] = 1 / len(languages)
    if examples is not None and examples < 10 * LOW_DATA:
        found["low-data"] = min(1.0, 1 - math.log10(max(examples, LOW_DATA) / LOW_DATA))
    if method in ("lora", "qlora"):
        found["adapter"] = 1.0
    return found


def _weights(terms: Mapping[str, float], contexts: Mapping[str, float]) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, value in terms.items():
        trait, _, context = name.partition("@")
        found[trait] = found.get(trait, 0.0) + value * contexts.get(context or "any", 0.0)
    return found


def general_traits(facts: Traits) -> tuple[dict[str, float], tuple[str, ...]]:
    """Trait -> amount for everything that does not depend on the question, and the numeric traits nobody knows."""
    found = {"size": _clamp("size", math.log10(facts.params / 1e8)), f"variant:{facts.variant}": 1.0}
    unknown = []
    for name, number, amount in (
        ("year", facts.year, lambda x: x - 2020),
        ("tokens", facts.tokens, lambda x: math.log10(max(x, 1) / 1e11)),
    ):
        if number is None:
            unknown.append(name)
        else:
            found[name] = _clamp(name, amount(number))
    if facts.structure:
        found[facts.structure] = 1.0
        found[f"size*{facts.structure}"] = found["size"]
    if facts.objective:
        found[f"objective:{facts.objective}"] = 1.0
    return found, tuple(unknown)


def _clamp(name: str, amount: float) -> float:
    low, high = BOUNDS[name]
    return min(max(amount, low), high)


def language_match(known: frozenset[str], wanted: tuple[str, ...]) -> dict[str, float]:
    """How the model's languages meet the wanted ones: shares of `own`, `among` and `absent`; empty = unknown."""
    if not known:
        return {}
    found: dict[str, float] = {}
    for language in wanted:
        name = "absent" if language not in known and "mul" not in known else "own" if len(known) <= 3 else "among"
        found[f"language:{name}"] = found.get(f"language:{name}", 0.0) + 1 / len(wanted)
    return found


def domain_match(read: frozenset[str], asked: Question) -> dict[str, float]:
    """How the model's reading meets the domain: `domain:same` or `domain:near`, by how far the domain is from web."""
    if asked.domain in read:
        return {f"domain:same:{asked.distance}": 1.0}
    if asked.near & read:
        return {f"domain:near:{asked.distance}": 1.0}
    return {}


def estimate(
    model: Model,
    task: Task | str,
    *,
    domain: str,
    languages: tuple[str, ...],
    examples: int | None,
    method: str,
    table: QualityTable,
    domains: Iterable[Domain] | Mapping[str, Domain] = (),
) -> Quality:
    """How good `model` is expected to be after fine-tuning for this task. For many models, ask one `question`."""
    asked = question(
        task, domain=domain, languages=languages, examples=examples, method=method, table=table, domains=domains
    )
    return judge(traits(model), asked)


def judge(facts: Traits, asked: Question) -> Quality:
    """The answer for one model: expected strength with its range, the reason, and what would narrow it."""
    low, expected, high, missing = strength(facts, asked)
    found = asked.table.models.get(facts.id)
    spread = RANGE_Z * (found.sd if found else asked.table.sd[facts.structure or "unknown"])
    standing = _nearest(found.standings, asked) if found else None
    return Quality(
        expected=value_of(expected),
        low=value_of(low - spread),
        high=value_of(high + spread),
        because=_because(facts, standing),
        evidence=(asked.table.suites[standing.suite].url,) if standing else (),
        missing=missing,
    )


def strength(facts: Traits, asked: Question) -> tuple[float, float, float, tuple[str, ...]]:
    """Lowest, expected and highest strength over what unknown facts may be, and the names of those facts."""
    amounts, unknown = general_traits(facts)
    amounts |= domain_match(facts.domains, asked)
    amounts |= language_match(facts.languages, asked.languages)
    total = sum(asked.weights.get(name, 0.0) * amount for name, amount in amounts.items())
    for effects in (
        asked.table.families.get(facts.family),
        asked.table.models[facts.id].effects if facts.id in asked.table.models else None,
    ):
        total += sum(effects.get(name, 0.0) * share for name, share in asked.contexts.items()) if effects else 0.0
    spans = [_span(name, asked) for name in unknown]
    if not facts.languages:
        spans.append(_language_span(asked))
        unknown += ("languages",)
    low, expected, high = (total + sum(span[i] for span in spans) for i in range(3))
    return low, expected, high, unknown


def _span(name: str, asked: Question) -> tuple[float, float, float]:
    """What an unknown number may add: lowest, expected, highest."""
    weight = asked.weights.get(name, 0.0)
    ends = sorted(weight * bound for bound in BOUNDS[name])
    return ends[0], weight * asked.table.usual[name], ends[1]


def _language_span(asked: Question) -> tuple[float, float, float]:
    ends = [asked.weights.get(f"language:{name}", 0.0) for name in ("own", "among", "absent")]
    return min(ends), sum(ends) / 3, max(ends)


def _nearest(standings: tuple[Standing, ...], asked: Question) -> Standing | None:
    """The standing that speaks most to the question: same kind, then domain, then language, then most tasks."""
    return max(
        standings,
        key=lambda s: (
            asked.kind in s.kinds,
            asked.domain in s.domains,
            bool(set(asked.languages) & set(s.languages)),
            s.tasks,
        ),
        default=None,
    )


def _because(facts: Traits, standing: Standing | None) -> str:
    if standing is None:
        return f"no direct evidence; expected from {_facts_in_words(facts)}"
    place = "best" if standing.place == 1 else f"{_ordinal(standing.place)} best"
    beats = f"; beats {standing.beats} on {standing.wins} of {standing.tasks}" if standing.beats else ""
    tasks = "1 task" if standing.tasks == 1 else f"{standing.tasks} tasks"
    return f"{place} of {standing.of} on {tasks} ({standing.suite}){beats}"


def _facts_in_words(facts: Traits) -> str:
    words = [f"{_amount(facts.total)} parameters", f"{facts.family} family"]
    if facts.year:
        words.append(f"released {int(facts.year)}")
    if facts.tokens:
        words.append(f"{_amount(facts.tokens)} training tokens")
    return ", ".join(words)


def _amount(number: float) -> str:
    for size, unit in ((1e12, " T"), (1e9, " B"), (1e6, " M")):
        if number >= size:
            return f"{number / size:.3g}{unit}"
    return f"{number:.0f}"


def _ordinal(number: int) -> str:
    return {2: "second", 3: "third"}.get(number, f"{number}th")
