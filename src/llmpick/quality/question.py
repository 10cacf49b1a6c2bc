"""The profile as the estimate sees it: what it shares with published results, and the coefficients that hold for it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from llmpick.quality.traits import FEW, MULTILINGUAL, Traits
from llmpick.record import record, replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from llmpick.quality.table import QualityTable, Term
    from llmpick.schema import Domain, Task

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
    "information-extraction": "text",
    "question-answering": "answers",
    "code-generation": "reasoning",
    "code-understanding": "labels",
    "text-to-sql": "reasoning",
    "function-calling": "reasoning",
    "math-reasoning": "reasoning",
}
"""Task id -> the kind of output by which results are pooled."""
TEXTS = {"code-generation": "code", "code-understanding": "code", "text-to-sql": "code", "math-reasoning": "math"}
"""Task id -> the domain its text belongs to whatever it is about: a query over bank accounts is code."""
LOW_DATA = 1000
"""Training examples up to which a task is wholly low-data (most of the evidence on few examples has 1,024)."""
PLENTY = 5 * LOW_DATA
"""Training examples from which it is not low-data at all."""
TRAINED_FOR = {"translation": "trained-for:translation"}
"""Task -> the trait of models already trained for it, where that is not the trait of all such models."""
RELATED = (frozenset({"da", "no", "nb", "nn", "sv", "fo", "is"}),)
"""Languages of which a model that knows one does better on another than a stranger: shown for the Nordic ones only."""
SCRIPTS = {
    language: script
    for script, languages in {
        "arabic": "ar arz fa ku ps sd ug ur",
        "bengali": "as bn",
        "cyrillic": "be bg kk ky mk mn ru sr tg uk",
        "devanagari": "hi mr ne sa",
        "ethiopic": "am ti",
        "greek": "el",
        "hangul": "ko",
        "han": "ja yue zh",
        "hebrew": "he yi",
        "own": "bo dv gu hy ka km kn lo ml my or pa si ta te th",
    }.items()
    for language in languages.split()
}
"""Language -> its script where that is not Latin; `own` = hardly shared with another language."""
BESIDES = 0.5
"""How far a specialist counts in a field that is not its main one: a coder that also read mathematics."""
EXACT = frozenset({"code", "math"})
"""Domains whose text is checked by machines; decoders gain from specializing in them, unlike in prose."""


@record
class Question:
    """One profile, worked out once for all models."""

    task: str
    kind: str
    domain: str
    text: str
    """The domain that the task's own text belongs to; '' = that of `domain` alone."""
    near: frozenset[str]
    distance: str
    """How far the domain is from web text: `web`, `near` or `far`."""
    languages: tuple[str, ...]
    contexts: dict[str, float]
    """Context -> how far it applies, in [0, 1]."""
    weights: dict[str, float]
    """Trait -> coefficient under these contexts."""
    plenty: dict[str, float]
    """Trait -> the same were there plenty of examples."""
    few: dict[str, float]
    """Trait -> what few examples would add to it."""
    share: float
    """How far the examples are few, in [0, 1]; what is usual where their number is not known."""
    counted: bool
    """Whether it is known."""
    table: QualityTable
    memo: dict[Any, Any]
    """What was worked out for one model and holds for others."""


def question(
    task: Task | str,
    *,
    domain: str,
    languages: tuple[str, ...],
    examples: int | None,
    table: QualityTable,
    domains: Iterable[Domain] | Mapping[str, Domain] = (),
) -> Question:
    """The profile's terms. `domains` are the rows of `domains.yaml`.

    The method is none of them: rankings by LoRA, QLoRA and full tuning agree about as well as two runs of one method
    do, so that one set of coefficients serves all three.
    """
    id_ = task if isinstance(task, str) else task.id
    kind, text = KINDS.get(id_, "text"), TEXTS.get(id_, "")
    domain = text if domain == "general" and text else domain
    rows = list(domains.values() if hasattr(domains, "values") else domains)
    row = next((row for row in rows if row.id == domain), None)
    share = table.usual.get("low-data", 0.0) if examples is None else low_data(examples)
    weights, plenty, few = coefficients(table.terms, kind, domain, languages, share)
    return Question(
        task=id_,
        kind=kind,
        domain=domain,
        text=text,
        near=frozenset(near for one in rows if one.id in (domain, text) for near in one.near),
        distance=row.distance if row else "web",
        languages=languages,
        contexts=contexts_of(kind, domain, languages, share),
        weights=weights,
        plenty=plenty,
        few=few,
        share=share,
        counted=examples is not None,
        table=table,
        memo={},
    )


def low_data(examples: int) -> float:
    """How far a number of training examples is low-data: 1 wholly, 0 not at all."""
    if examples >= PLENTY:
        return 0.0
    return 1 - math.log(max(examples, LOW_DATA) / LOW_DATA) / math.log(PLENTY / LOW_DATA)


def few_of(terms: Mapping[str, Term], kind: str) -> dict[str, float]:
    """What few examples add to the coefficient of each trait that they change."""
    own = {name: term for name, term in terms.items() if "@" in name}
    few = weights_of(own, dict.fromkeys(few_contexts(kind), 1.0))
    return {trait: value for trait, value in few.items() if value}


def few_contexts(kind: str) -> frozenset[str]:
    """The contexts of few examples."""
    return frozenset(("low-data", "few-labels") if kind == "labels" else ("low-data",))


def put_to(asked: Question, table: QualityTable) -> Question:
    """The same question put to another table."""
    weights, plenty, few = coefficients(table.terms, asked.kind, asked.domain, asked.languages, asked.share)
    return replace(asked, table=table, weights=weights, plenty=plenty, few=few, memo={})


def coefficients(
    terms: Mapping[str, Term], kind: str, domain: str, languages: tuple[str, ...], share: float
) -> tuple[dict[str, float], dict[str, float], dict[str, float]]:
    """Trait -> coefficient as things are, were there plenty of examples, and what few examples would add."""
    plenty, few = weights_of(terms, contexts_of(kind, domain, languages, 0.0)), few_of(terms, kind)
    return {trait: value + share * few.get(trait, 0.0) for trait, value in plenty.items()}, plenty, few


def contexts_of(kind: str, domain: str, languages: tuple[str, ...], low: float) -> dict[str, float]:
    """What a question shares with published results, and how far: 1 wholly, 0 not at all. `low` = low-data."""
    found = {"any": 1.0, kind: 1.0}
    if domain != "general":
        found[f"domain:{domain}"] = 1.0
    for language in languages:
        found[f"language:{language}"] = 1 / len(languages)
    return found | dict.fromkeys(few_contexts(kind), low) if low > 0 else found


def weights_of(terms: Mapping[str, Term], contexts: Mapping[str, float]) -> dict[str, float]:
    """The coefficient of each trait: its own plus those of the contexts that apply."""
    found: dict[str, float] = {}
    for name, term in terms.items():
        trait, _, context = name.partition("@")
        found[trait] = found.get(trait, 0.0) + term.value * contexts.get(context or "any", 0.0)
    return found


def matches(facts: Traits, asked: Question) -> dict[str, float]:
    """How the model's languages and reading meet the question: trait -> amount.

    Languages nobody recorded add nothing here; the range covers them.
    """
    found: dict[str, float] = {}
    if facts.languages:
        for wanted in asked.languages:
            name = None if unlisted(facts, wanted) else language_trait(facts, wanted)
            if name:
                found[name] = found.get(name, 0.0) + 1 / len(asked.languages)
                if name.startswith("language:absent") and strange(facts, wanted):
                    found["language:script"] = found.get("language:script", 0.0) + 1 / len(asked.languages)
    if facts.specialties:
        found |= domain_traits(facts, asked)
    if facts.trained_for and facts.trained_for == asked.task:
        found[TRAINED_FOR.get(asked.task, "trained-for")] = 1.0
    return found


def unlisted(facts: Traits, wanted: str) -> bool:
    """Whether nobody recorded if the model knows the language: no list, or one with `mul` (and others) in it."""
    known = facts.languages
    return not known or ("mul" in known and wanted not in known)


def language_trait(facts: Traits, wanted: str) -> str | None:
    """How a model meets one language: None = it was made for it, else as one `among` many, `related`, `absent`.

    Every decoder is made for English, however many languages it lists besides.
    """
    known = facts.languages
    if wanted in known:
        made_for = len(known) <= FEW or (wanted == "en" and facts.structure == "decoder")
        return None if made_for else language_name(facts.structure, "among", wanted)
    if wanted == "mul":
        how = "among" if len(known) >= MULTILINGUAL else "absent"
    else:
        related = any(wanted in group and not group.isdisjoint(known) for group in RELATED)
        how = "related" if related else "absent"
    return language_name(facts.structure, how, wanted)


def guessed(facts: Traits, wanted: str, usual: Mapping[str, float]) -> dict[str, float]:
    """How a model whose knowledge of a language nobody recorded usually meets it: trait -> share."""
    knows = usual.get("knows:mul" if facts.languages else "knows:en" if wanted == "en" else "knows", 0.0)
    found = {language_name(facts.structure, "absent", wanted): 1 - knows}
    if wanted in SCRIPTS:
        found["language:script"] = 1 - knows
    if facts.languages:
        found[language_name(facts.structure, "among", wanted)] = knows
    return found


def strange(facts: Traits, wanted: str) -> bool:
    """Whether the language is written in a script that none of the model's languages has."""
    script = SCRIPTS.get(wanted)
    return script is not None and all(
        one != wanted and (script == "own" or SCRIPTS.get(one) != script) for one in facts.languages
    )


def language_name(structure: str, how: str, wanted: str) -> str:
    """The trait's name: decoders, and English for the others, have coefficients of their own."""
    if structure == "decoder":
        return f"language:{how}:decoder"
    return f"language:{how}:en" if wanted == "en" else f"language:{how}"


def domain_traits(facts: Traits, asked: Question) -> dict[str, float]:
    """How a specialist meets the domain, by its main field or, half as much, by another it was made for.

    Empty where its field is near enough to be neither help nor harm.
    """
    own = next((one for one in facts.specialties if one in (asked.domain, asked.text)), None)
    if own is None:
        return {} if not asked.near.isdisjoint(facts.specialties) else {"domain:other": 1.0}
    prose = facts.structure == "decoder" and own not in EXACT
    name = "domain:same:decoder-prose" if prose else f"domain:same:{asked.distance}"
    return {name: 1.0 if own == facts.specialties[0] else BESIDES}
