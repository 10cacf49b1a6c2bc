"""Hand-made answers for the renderers: realistic figures, a tie, a vendor's API, ruled out, undecided, hostile text.

Figures are made up and stand for nothing; only their shape matters here.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from llmpick.profile import Profile
from llmpick.schema import ApiModel, LicenseFacts, Model, ParameterFacts, Source
from llmpick.units import GIB, MIB, GpuSetup
from llmpick.verdict import (
    Advice,
    Breakdown,
    Check,
    LicenseVerdict,
    Memory,
    Ranking,
    Rating,
    RuledOut,
    Span,
    Standing,
    StepVerdict,
    Verdict,
)

HOSTILE = (
    '"><script>alert(1)</script>',
    "[x](javascript:1)",
    "| a | b |",
    "\x1b[31mred\x1b[0m",
    "[red]markup[/red] :smile:",
    "\u202eevil\u2066",
    "two\nlines\r\tand a tab",
    "=HYPERLINK(1)",
    "`code` *star* _under_ #hash ~~x~~ <b> &amp; \\ ![i](u)",
    "\ud800 lone surrogate \x00 nul \x9b31m c1",
    "{{ 7 * 7 }} {% raw %}",
)
CARD = GpuSetup(count=1, memory_bytes=24 * GIB, usable_bytes=int(22.5 * GIB))
SOURCE = "github:huggingface/transformers@8e04ae6d3a1c:src/transformers/models/modernbert/configuration_modernbert.py"
PAPER = "arxiv:2412.13663"
CARD_PAGE = "https://huggingface.co/answerdotai/ModernBERT-large"


def profile(**fields: Any) -> Profile:
    assumed = ("domain", "languages", "seq_len", "batch_size", "epochs", "method", "weights", "top")
    given: dict[str, Any] = {"task": "classification", "gpu": CARD, "batch_size": 16, "seq_len": 256}
    return Profile(**{**given, "assumed": assumed, **fields})


def model(id: str, params: int, license: str = "apache-2.0", **fields: Any) -> Model:
    source = (Source(url="https://huggingface.co/" + id, checked="2026-11-20"),)
    given: dict[str, Any] = {
        "family": "modernbert",
        "lineage": "modernbert-large",
        "developer": "Answer.AI",
        "variant": "base",
        "released": "2024-12",
        "tasks": ("classification",),
        "languages": ("en",),
        "context_length": 8192,
        "identity": source,
        "parameters": ParameterFacts(total=params, active=params, sources=source),
        "license": LicenseFacts(id=license, sources=source),
    }
    return Model(id=id, **{**given, **fields})


def memory(id: str, params: int, method: Any = "full", available: int | None = CARD.usable_bytes) -> Memory:
    small = method != "full"
    parts = Breakdown(
        weights=params * (1 if method == "qlora" else 4),
        adapters=80 * MIB if small else 0,
        gradients=80 * MIB if small else params * 4,
        optimizer=160 * MIB if small else params * 8,
        activations=int(2.4 * GIB),
        logits=0,
        overhead=700 * MIB,
    )
    return Memory(
        model=id,
        method=method,
        params=params,
        trainable_params=20_000_000 if small else params,
        breakdown=parts,
        available_bytes=available,
        time_hours=Span(low=0.21, expected=0.32, high=0.52),
        cost_usd=Span(low=0.08, expected=0.14, high=0.31),
        assumptions=("AdamW, weights in fp32, bf16 autocast", "gradient checkpointing off", "256 tokens, batch 16"),
    )


def license_verdict(id: str = "apache-2.0", verdict: Any = "allowed", **fields: Any) -> LicenseVerdict:
    given: dict[str, Any] = {
        "duties": ("include_licence_copy", "state_changes"),
        "because": "Apache 2.0 allows commercial use with notices",
        "clause": "You may reproduce and distribute copies of the Work or Derivative Works",
        "source": "https://www.apache.org/licenses/LICENSE-2.0",
    }
    return LicenseVerdict(id=id, verdict=verdict, **{**given, **fields})


def steps(quality: tuple[float, float], said: LicenseVerdict, fits: str = "9.8 of 22.5 GiB") -> tuple[StepVerdict, ...]:
    return (
        StepVerdict(
            step="task",
            checks=(Check(name="structure", outcome="ok", because="an encoder can classify", sources=(SOURCE,)),),
            ratings=(
                Rating(
                    criterion="quality",
                    low=quality[0],
                    high=quality[1],
                    weight=0.55,
                    because="2nd of 14 models on 9 classification tasks of the same suite",
                    sources=(PAPER, CARD_PAGE),
                ),
            ),
        ),
        StepVerdict(
            step="resources",
            checks=(Check(name="memory", outcome="ok", because=f"needs {fits}"),),
            ratings=(
                Rating(criterion="headroom", low=0.7, high=0.7, weight=0.15, because="56 % of the card stays free"),
            ),
        ),
        StepVerdict(
            step="domain",
            ratings=(Rating(criterion="language", low=1.0, high=1.0, weight=0.1, because="trained on English"),),
        ),
        StepVerdict(
            step="license",
            checks=(Check(name="license", outcome="ok", because=said.because, sources=(said.source,)),),
        ),
        StepVerdict(
            step="community",
            ratings=(
                Rating(criterion="tooling", low=0.6, high=0.9, weight=0.2, because="transformers and PEFT know it"),
            ),
        ),
    )


def verdict(
    id: str, params: int, quality: tuple[float, float] = (0.6, 0.8), method: Any = "full", **fields: Any
) -> Verdict:
    said = fields.pop("license", license_verdict())
    judged = steps(quality, said)
    ratings = [rating for step in judged for rating in step.ratings]
    need = memory(id, params, method)
    given: dict[str, Any] = {
        "score": sum(r.weight * r.low for r in ratings),
        "score_high": sum(r.weight * r.high for r in ratings),
        "memory": need,
        "time_hours": need.time_hours,
        "cost_usd": need.cost_usd,
        "because": ("2nd of 14 models on 9 classification tasks of the same suite", "56 % of the card stays free"),
        "despite": ("its context is 8,192 tokens where others read 32,768",),
    }
    return Verdict(model=model(id, params, said.id), method=method, steps=judged, license=said, **{**given, **fields})


def api(id: str = "openai/gpt-4.1-mini-2025-04-14") -> Verdict:
    source = (Source(url="https://platform.openai.com/docs/pricing", checked="2026-11-18"),)
    entry = ApiModel(
        id=id, vendor="OpenAI", model="gpt-4.1-mini", tasks=("classification",), status="open", sources=source
    )
    said = license_verdict("openai-terms", "conditional", because="outputs may not train a competing model", duties=())
    return replace(
        verdict(id, 1, (0.4, 0.75), license=said, method="api"),
        model=entry,
        memory=None,
        time_hours=None,
        cost_usd=Span(low=1.2, expected=4.0, high=12.5),
        because=("no card is needed",),
        despite=("the weights stay with the vendor", "each answer is paid for"),
        missing=("a published result on a like task",),
    )


def ruled_out(id: str, params: int, step: Any, check: Check, **fields: Any) -> RuledOut:
    one = verdict(id, params, **fields)
    helped = bool(check.remedy) or check.shortfall is not None
    standing = Standing(id, one.score, one.score_high, False, step, check.shortfall, helped)
    return RuledOut(standing, lambda: (one, check))


def short(by: float, need: str, remedy: str) -> Check:
    return Check(
        name="memory", outcome="no", because=f"needs {need}, the card has 22.5 GiB", shortfall=by, remedy=remedy
    )


def ranking(**fields: Any) -> Ranking:
    llama = license_verdict(
        "llama3.1",
        "conditional",
        duties=("display_built_with_llama", "name_prefix_llama"),
        because="allowed below 700 million monthly users, with the name kept",
        source="https://www.llama.com/llama3_1/license/",
    )
    ranked = (
        replace(verdict("answerdotai/ModernBERT-large", 395_831_296, (0.62, 0.86)), rank=1, tied=True),
        replace(
            verdict("microsoft/deberta-v3-large", 434_012_160, (0.61, 0.7), siblings=("microsoft/mdeberta-v3-base",)),
            rank=1,
            tied=True,
        ),
        replace(verdict("FacebookAI/roberta-large", 355_359_744, (0.5, 0.5)), rank=3, despite=()),
        replace(api(), rank=4),
        replace(
            verdict(
                "an-organization-with-a-long-name/its-model-with-a-very-long-name-v2.5-8B-Instruct-2511",
                8_030_261_248,
                (0.3, 0.7),
                "qlora",
                license=llama,
                missing=("a published result on a like task",),
            ),
            rank=5,
        ),
        replace(verdict("google-bert/bert-base-uncased", 109_482_240, (0.2, 0.3)), rank=6),
    )
    noncommercial = Check(
        name="license",
        outcome="no",
        because="CC-BY-NC-4.0 forbids commercial use (section 2(a)(1))",
        remedy="a paid license",
    )
    given: dict[str, Any] = {
        "profile": profile(),
        "advice": Advice(
            fine_tune="maybe",
            because=("a prompted model may reach this without training",),
            instead=("try SetFit with 8 examples per class",),
        ),
        "recommended": ranked,
        "ruled_out": (
            ruled_out("Qwen/Qwen3-32B", 32_762_123_264, "resources", short(0.12, "25.6 GiB", "a 32 GB card")),
            ruled_out("google/gemma-3-27b-it", 27_432_406_640, "resources", short(0.03, "23.2 GiB", "256 tokens")),
            ruled_out(
                "meta-llama/Llama-3.1-70B", 70_553_706_496, "resources", short(0.61, "57.9 GiB", "an 80 GB card")
            ),
            ruled_out("jinaai/jina-embeddings-v3", 572_310_396, "license", noncommercial),
        ),
        "undecided": (verdict("org/new-model", 1_000_000_000, missing=("its license", "its languages")),),
        "catalog_date": "2026-11-21",
        "catalog_models": 312,
        "policy_version": "1",
        "notes": (
            "the number of examples was not given: 1,000 to 10,000 were assumed to rate quality",
            "hours and dollars need the card's name",
        ),
    }
    return Ranking(**{**given, **fields})


def nothing() -> Ranking:
    """Nothing qualifies."""
    return ranking(recommended=(), undecided=())


def hostile() -> Ranking:
    """Every text that comes from data or from the user is hostile."""
    return _spoil(ranking())


def _spoil(value: Any, path: str = "") -> Any:
    """Replace every free text in a tree of records by a hostile one; closed vocabularies stay."""
    free = {"id", "because", "despite", "missing", "siblings", "remedy", "notes", "instead", "clause", "domain", "name"}
    free |= {
        "assumptions",
        "duties",
        "criterion",
        "source",
        "sources",
        "catalog_date",
        "policy_version",
        "languages",
        "what",
    }
    if isinstance(value, tuple):
        return tuple(_spoil(item, path) for item in value)
    if isinstance(value, str):
        return " ".join(HOSTILE) if path in free else value
    if hasattr(value, "__dataclass_fields__"):
        return replace(value, **{f: _spoil(getattr(value, f), f) for f in value.__dataclass_fields__})
    return value
