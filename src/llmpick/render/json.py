"""The answer as JSON, key by key as docs/reference says. Text stays as it is in the data: JSON needs no cleaning."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from llmpick.render import outline

if TYPE_CHECKING:
    from llmpick.profile import Profile
    from llmpick.render import shapes
    from llmpick.units import GpuSetup
    from llmpick.verdict import LicenseVerdict, Memory, Ranking, RuledOut, Span, StepVerdict, Verdict


def dumps(answer: object) -> str:
    """`answer` as indented JSON, UTF-8, with every control or invisible character escaped: safe to print."""
    text = json.dumps(answer, indent=2, ensure_ascii=False, allow_nan=False)
    return "".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text)


def ranking(answer: Ranking, top: int | None = None) -> shapes.RecommendShape:
    """The object of `recommend`: the first `top` ranked (default: the Profile's), all ruled out, all undecided."""
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
        "recommended": [_recommended(verdict) for verdict in outline.top(answer, top)],
        "ruled_out": [_ruled_out(out) for out in answer.ruled_out],
        "undecided": [{"model": v.model.id, "missing": list(v.missing)} for v in answer.undecided],
        "notes": list(answer.notes),
    }


def memory(need: Memory) -> shapes.MemoryShape:
    """The object of `estimate`."""
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


def _recommended(verdict: Verdict) -> shapes.RecommendedShape:
    return {
        "rank": verdict.rank,
        "model": verdict.model.id,
        "method": verdict.method,
        "score": verdict.score,
        "score_high": verdict.score_high,
        "steps": [step(judged) for judged in verdict.steps],
        "memory": None if verdict.memory is None else memory(verdict.memory),
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
        "model": out.verdict.model.id,
        "step": out.step,
        "because": out.check.because,
        "remedy": out.check.remedy or None,
    }
