"""The answer as JSON, key by key as docs/reference says. Text stays as it is in the data: JSON needs no cleaning."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, cast

from llmpick.render import outline
from llmpick.render.text import link
from llmpick.sizing.latency import pace, wait
from llmpick.verdict import Tuning

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from llmpick.catalog import Catalog
    from llmpick.catalog.browse import Stats
    from llmpick.catalog.listed import Listed
    from llmpick.explain import Basis, Compared, Contrast, Contribution, Explanation
    from llmpick.guidance.answers import AdviseAnswer, Plan, Setting, Technique
    from llmpick.licensing.asking import Answer
    from llmpick.machine import Card
    from llmpick.profile import Profile
    from llmpick.quality import Quality
    from llmpick.render import shapes
    from llmpick.schema import ApiModel, Gpu, Model, Price
    from llmpick.sensitivity import Stability
    from llmpick.sizing.latency import Speed
    from llmpick.sizing.options import Estimate, OnCard
    from llmpick.tree import Tree
    from llmpick.units import GpuSetup
    from llmpick.verdict import LicenseVerdict, Memory, Ranking, RuledOut, Span, StepVerdict, Verdict


encoded = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
"""A text, number, true, false or null as JSON; `json.dumps` looks at its options each time."""


def dumps(answer: object) -> str:
    """`answer` as indented JSON, UTF-8, with every control or invisible character escaped: safe to print."""
    return "".join(pieces(answer))


def pieces(answer: object) -> Iterator[str]:
    """The same piece by piece. An iterator is a list: each item of it is made, written and forgotten in turn."""
    if isinstance(answer, Iterator):
        yield from _items(answer, "\n")
    elif isinstance(answer, dict) and answer:
        begin = "{"
        for key, value in answer.items():
            yield f"{begin}\n  {_leaf(key)}: "
            yield from _items(value, "\n  ") if isinstance(value, Iterator) else [_text(value, "\n  ")]
            begin = ","
        yield "\n}"
    else:
        yield _text(answer, "\n")


def _items(found: Iterator[object], margin: str) -> Iterator[str]:
    """A list whose last line begins with `margin`."""
    inner, begin = f"{margin}  ", "["
    for item in found:
        yield f"{begin}{inner}{_text(item, inner)}"
        begin = ","
    yield f"{margin}]" if begin == "," else "[]"


def _text(value: object, margin: str) -> str:
    """Any value; its last line begins with `margin`."""
    inner = f"{margin}  "
    if isinstance(value, dict):
        held = [f"{_leaf(key)}: {_text(item, inner)}" for key, item in value.items()]
        return f"{{{inner}{f',{inner}'.join(held)}{margin}}}" if held else "{}"
    if isinstance(value, list | tuple):
        held = [_text(item, inner) for item in value]
        return f"[{inner}{f',{inner}'.join(held)}{margin}]" if held else "[]"
    return _leaf(value)


def _leaf(value: object) -> str:
    text = encoded(value)
    return text if text.isprintable() else "".join(c if c.isprintable() else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    """A lone half of a surrogate pair is no character, and strict parsers refuse it."""
    return "\ufffd" if "\ud800" <= character <= "\udfff" else json.dumps(character)[1:-1]


def ranking(answer: Ranking) -> shapes.RecommendShape:
    """The object of `recommend`: as many ranked as the Profile asks for, all ruled out, all undecided."""
    found = streamed(answer)
    return cast("shapes.RecommendShape", {k: list(v) if isinstance(v, Iterator) else v for k, v in found.items()})


def streamed(answer: Ranking) -> dict[str, Any]:
    """The same; what was ruled out and what is undecided is put in words one by one."""
    return {
        "schema_version": "1",
        "catalog": {
            "date": answer.catalog_date,
            "models": answer.catalog_models,
            "policy": answer.policy_version,
        },
        "profile": profile(answer.profile),
        "advice": {
            "fine_tune": answer.advice.fine_tune,
            "because": list(answer.advice.because),
            "instead": list(answer.advice.instead),
        },
        "recommended": [_recommended(verdict) for verdict in outline.top(answer)],
        "ruled_out": map(_ruled_out, answer.ruled_out),
        "undecided": ({"model": v.model.id, "missing": list(v.missing)} for v in answer.undecided),
        "notes": list(answer.notes),
    }


def memory(need: Memory) -> shapes.MemoryShape:
    """What training or serving takes on the fullest GPU."""
    parts = need.breakdown
    return {
        "model": need.model,
        "method": need.method,
        "params": need.params,
        "trainable_params": need.trainable_params,
        "peak_bytes": parts.peak,
        "breakdown_bytes": {
            "weights": parts.weights,
            "adapters": parts.adapters,
            "gradients": parts.gradients,
            "optimizer": parts.optimizer,
            "activations": parts.activations,
            "logits": parts.logits,
            "overhead": parts.overhead,
        },
        "available_bytes": need.available_bytes,
        "fits": need.fits,
        "margin_bytes": need.margin_bytes,
        "time_hours": _span(need.time_hours),
        "cost_usd": _span(need.cost_usd),
        "assumptions": list(need.assumptions),
    }


def estimate(answer: Estimate | Tuning, today: date | None = None) -> shapes.EstimateShape | shapes.TuningShape:
    """The object of `estimate`: the memory, and what surrounds it; `today` dates nothing here."""
    return _tuned(answer) if isinstance(answer, Tuning) else _sized(answer)


def _tuned(answer: Tuning) -> shapes.TuningShape:
    """A vendor's model: the keys of any estimate, with null for what is the vendor's affair."""
    api = answer.api
    return {
        "model": api.id,
        "method": "api",
        "params": answer.params,
        "trainable_params": None,
        "peak_bytes": None,
        "breakdown_bytes": None,
        "available_bytes": None,
        "fits": None,
        "margin_bytes": None,
        "time_hours": None,
        "cost_usd": _span(answer.cost_usd),
        "assumptions": list(answer.assumptions),
        "vendor": {
            "name": api.vendor,
            "base": api.base,
            "methods": list(api.methods),
            "usd_per_million_tokens": {
                "train": api.train_usd_per_million_tokens,
                "input": api.input_usd_per_million_tokens,
                "output": api.output_usd_per_million_tokens,
            },
            "min_usd_per_job": api.min_usd_per_job,
            "as_of": api.price_as_of,
            "tokens_billed": _span(answer.tokens),
            "passes": answer.passes,
            "context_length": api.context_length,
            "min_examples": api.min_examples,
            "max_examples": api.max_examples,
            "status": api.status,
            "shutdown": api.shutdown,
            "watch": list(answer.watch),
            "sources": [source.url for source in api.sources],
        },
    }


def _sized(answer: Estimate) -> shapes.EstimateShape:
    change = answer.change
    return {
        **memory(answer.memory),
        "largest_batch": answer.largest_batch,
        "largest_seq_len": answer.largest_seq,
        "cheapest_change": {"what": change.what, "peak_bytes": change.peak_bytes} if change else None,
        "usd_per_hour": _hourly(answer.price),
        "spot_cost_usd": _span(answer.spot_cost_usd),
        "electricity_usd": _span(answer.electricity_usd),
        "gpus": [_on_card(card) for card in answer.cards],
        "speed": _speed(answer.speed),
    }


def _speed(found: Speed | None) -> shapes.SpeedShape | None:
    if found is None:
        return None
    return {
        "first_seconds": _span(found.first),
        "starts": wait(found.first.expected) if found.first else None,
        "token_seconds": _span(found.token),
        "grows": pace(found.token.expected) if found.token else None,
        "plain_seconds": found.plain,
    }


def _on_card(card: OnCard) -> shapes.CardFitShape:
    return {
        "name": card.name,
        "memory_gib": card.memory_gib,
        "available_bytes": card.available_bytes,
        "fits": card.fits,
        "usd_per_hour": _hourly(card.price),
        "time_hours": _span(card.time_hours),
        "cost_usd": _span(card.cost_usd),
    }


def _hourly(price: Price | None) -> shapes.HourlyShape | None:
    if price is None:
        return None
    return {
        "on_demand_low": price.on_demand_low,
        "on_demand_typical": price.on_demand_typical,
        "spot_low": price.spot_low,
        "spot_typical": price.spot_typical,
        "as_of": price.as_of,
    }


def compare(asked: Profile, models: Sequence[Compared]) -> shapes.CompareShape:
    """The object of `compare`, in the order given."""
    return {"schema_version": "1", "profile": profile(asked), "models": [_compared(one) for one in models]}


def explain(asked: Profile, answer: Explanation) -> shapes.ExplainShape:
    """The object of `explain`."""
    verdict = answer.verdict
    return {
        "schema_version": "1",
        "profile": profile(asked),
        "model": verdict.model.id,
        "rank": answer.rank,
        "status": answer.status,
        "score": verdict.score,
        "score_high": verdict.score_high,
        "method": verdict.method,
        "steps": [step(judged) for judged in verdict.steps],
        "memory": _memory(verdict.memory),
        "time_hours": _span(verdict.time_hours),
        "cost_usd": _span(verdict.cost_usd),
        "license": license_of(verdict.license),
        "contrast": None if answer.contrast is None else _contrast(answer.contrast),
        "would_win_if": [one.text for one in answer.would_win_if],
        "quality": None if answer.basis is None else _basis(answer.basis),
        "stability": [_stability(one) for one in answer.stability],
        "first_share": answer.first_share,
        "because": list(verdict.because),
        "despite": list(verdict.despite),
        "missing": list(verdict.missing),
        "siblings": list(verdict.siblings),
        "sources": outline.links(verdict),
    }


def advise(answer: AdviseAnswer) -> shapes.AdviseShape:
    """The object of `advise`."""
    data = answer.data
    return {
        "fine_tune": answer.fine_tune,
        "because": list(answer.because),
        "instead": list(answer.instead),
        "technique": _technique(answer.technique),
        "others": [_technique(other) for other in answer.others],
        "data": {
            "have": data.have,
            "minimum": data.minimum,
            "good": data.good,
            "because": data.because,
            "splits": data.splits,
            "quality": list(data.quality),
            "sources": list(data.sources),
        },
        "metrics": [{"name": m.name, "because": m.because, "source": m.source} for m in answer.metrics],
        "baseline": answer.baseline,
        "sources": list(answer.sources),
    }


def plan(answer: Plan) -> shapes.PlanShape:
    """The object of `plan`."""
    return {
        "model": answer.model,
        "method": answer.method,
        "settings": [
            {
                "name": setting.name,
                "value": _value(setting),
                "because": setting.because,
                "source": setting.source,
            }
            for setting in answer.settings
        ],
        "memory": _memory(answer.memory),
        "time_hours": _span(answer.time_hours),
        "cost_usd": _span(answer.cost_usd),
        "watch": list(answer.watch),
    }


def license(answer: Answer) -> shapes.LicenseAnswerShape:
    """The object of `license`."""
    said = answer.verdict
    return {
        "license": said.id,
        "name": answer.name,
        "verdict": said.verdict,
        "duties": list(said.duties),
        "because": said.because,
        "clause": {"quote": said.clause or None, "source": said.source or None},
        "not_legal_advice": True,
    }


def models(found: Sequence[Listed], laid: Mapping[str, str]) -> Iterator[shapes.ModelRowShape]:
    """The list of `catalog list`; `laid` has the directory of those that are not bundled."""
    return (model_row(model, laid.get(model.id)) for model in found)


def entry(facts: Catalog, one: Model | ApiModel) -> dict[str, Any]:
    """The whole entry with its sources: `catalog show`."""
    from llmpick.catalog.browse import entry_json

    return entry_json(facts, one)


def stats(found: Stats) -> dict[str, Any]:
    """The object of `catalog stats`."""
    return asdict(found)


def gpus(cards: Sequence[Gpu]) -> list[dict[str, Any]]:
    """The list of `hardware --gpus`, with sources."""
    return [asdict(card) for card in cards]


def machine(cards: Sequence[Card]) -> list[dict[str, Any]]:
    """The list of `hardware`."""
    return [asdict(card) for card in cards]


def tree(answer: Tree) -> dict[str, Any]:
    """The object of `tree`."""
    return asdict(answer)


def model_row(model: Listed, directory: str | None) -> shapes.ModelRowShape:
    """One row of `catalog list`."""
    return {
        "model": model.id,
        "family": model.family,
        "params": model.params,
        "active_params": model.active_params,
        "architecture": model.structure,
        "license": model.license,
        "tasks": list(model.tasks),
        "domains": list(model.domains or ()),
        "languages": list(model.languages),
        "released": model.released,
        "directory": directory,
    }


def profile(asked: Profile) -> shapes.ProfileShape:
    """Every field after defaults, and which of them were assumed."""
    return {
        "task": asked.task,
        "gpu": _gpu(asked.gpu),
        "domain": asked.domain,
        "languages": list(asked.languages),
        "commercial": asked.commercial,
        "monthly_users": asked.monthly_users,
        "annual_revenue": asked.annual_revenue,
        "region": asked.region,
        "license": list(asked.license),
        "examples": asked.examples,
        "seq_len": asked.seq_len,
        "batch_size": asked.batch_size,
        "epochs": asked.epochs,
        "method": asked.method,
        "budget": asked.budget,
        "serve_gpu": _gpu(asked.serve_gpu),
        "latency": asked.latency,
        "weights": asked.weights,
        "priority": list(asked.priority),
        "weight": dict(asked.weight),
        "top": asked.top,
        "stage": asked.stage,
        "facts_change": asked.facts_change,
        "style_matters": asked.style_matters,
        "privacy": asked.privacy,
        "expertise": asked.expertise,
        "classes": asked.classes,
        "feedback": asked.feedback,
        "unlabeled": asked.unlabeled,
        "assumed": list(asked.assumed),
    }


def _gpu(gpu: GpuSetup | None) -> shapes.GpuShape | None:
    if gpu is None:
        return None
    return {
        "count": gpu.count,
        "name": gpu.name,
        "memory_bytes": gpu.memory_bytes,
        "usable_bytes": gpu.usable_bytes,
    }


def _span(span: Span | None) -> shapes.SpanShape | None:
    return None if span is None else {"low": span.low, "expected": span.expected, "high": span.high}


def _memory(need: Memory | None) -> shapes.MemoryShape | None:
    return None if need is None else memory(need)


def _recommended(verdict: Verdict) -> shapes.RecommendedShape:
    return {
        "rank": verdict.rank,
        "model": verdict.model.id,
        "method": verdict.method,
        "score": verdict.score,
        "score_high": verdict.score_high,
        "steps": [step(judged) for judged in verdict.steps],
        "memory": _memory(verdict.memory),
        "time_hours": _span(verdict.time_hours),
        "cost_usd": _span(verdict.cost_usd),
        "license": license_of(verdict.license),
        "because": list(verdict.because),
        "despite": list(verdict.despite),
        "missing": list(verdict.missing),
        "siblings": list(verdict.siblings),
        "sources": outline.links(verdict),
    }


def step(judged: StepVerdict) -> shapes.StepShape:
    """What one Step said."""
    return {
        "step": judged.step,
        "checks": [{"name": c.name, "outcome": c.outcome, "because": c.because} for c in judged.checks],
        "ratings": [
            {"criterion": r.criterion, "low": r.low, "high": r.high, "weight": r.weight, "because": r.because}
            for r in judged.ratings
        ],
    }


def license_of(said: LicenseVerdict) -> shapes.LicenseShape:
    """The license verdict, duties in words."""
    return {"id": said.id, "verdict": said.verdict, "duties": outline.duties(said.duties), "because": said.because}


def _ruled_out(out: RuledOut) -> shapes.RuledOutShape:
    return {
        "model": out.standing.id,
        "step": out.step,
        "because": out.check.because,
        "remedy": out.check.remedy or None,
    }


def _compared(one: Compared) -> shapes.ComparedShape:
    verdict = one.verdict
    return {
        "model": verdict.model.id,
        "rank": one.rank,
        "score": verdict.score,
        "score_high": verdict.score_high,
        "method": verdict.method,
        "quality": _quality(one.quality),
        "memory": _memory(verdict.memory),
        "time_hours": _span(verdict.time_hours),
        "cost_usd": _span(verdict.cost_usd),
        "license": license_of(verdict.license),
        "ruled_out": one.failed or None,
        "steps": [step(judged) for judged in verdict.steps],
        "because": list(verdict.because),
        "despite": list(verdict.despite),
        "missing": list(verdict.missing),
        "sources": outline.links(verdict),
    }


def _quality(found: Quality) -> shapes.QualityShape:
    pages = [page for source in found.evidence if (page := link(source))]
    return {"expected": found.expected, "low": found.low, "high": found.high, "evidence": list(dict.fromkeys(pages))}


def _basis(basis: Basis) -> shapes.BasisShape:
    found = basis.quality
    return {
        "expected": found.expected,
        "low": found.low,
        "high": found.high,
        "because": found.because,
        "parts": [{"name": part.name, "amount": part.amount} for part in basis.parts],
        "evidence": [
            {
                "suite": one.suite,
                "tasks": one.tasks,
                "place": one.place,
                "of": one.of,
                "beats": one.beats,
                "because": one.because,
                "source": link(one.source) or one.source,
            }
            for one in basis.published
        ],
    }


def _stability(one: Stability) -> shapes.StabilityShape:
    return {
        "criterion": one.criterion,
        "weight": one.weight,
        "low": one.low,
        "high": one.high,
        "below": one.below,
        "above": one.above,
    }


def _contrast(answer: Contrast) -> shapes.ContrastShape:
    return {
        "ahead": answer.ahead,
        "behind": answer.behind,
        "gap": answer.gap,
        "because": [_contribution(part) for part in answer.because],
        "despite": [_contribution(part) for part in answer.despite],
    }


def _contribution(part: Contribution) -> shapes.ContributionShape:
    return {"criterion": part.criterion, "gap": part.gap, "because": part.because}


def _technique(technique: Technique) -> shapes.TechniqueShape:
    return {"name": technique.name, "because": technique.because, "sources": list(technique.sources)}


def _value(setting: Setting) -> str | float | int | bool | list[str] | list[int]:
    return list(setting.value) if isinstance(setting.value, tuple) else setting.value  # type: ignore[return-value]
