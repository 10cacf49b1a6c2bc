"""Step 3, domain: has the model read this kind of text, in these languages?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick.verdict import Check, StepVerdict

if TYPE_CHECKING:
    from llmpick.schema import Domain, Model
    from llmpick.steps.asked import Asked
    from llmpick.verdict import Rating

GENERAL_TEXT = frozenset({"web", "books", "wikipedia", "news", "general", "dialogue"})
# Worth of general pre-training by how far the asked text is from the web: judgement, from published pairs where a
# general model met an in-domain one of equal size (level on web-like text, behind it on legal and clinical text).
GENERAL_WORTH = {"web": 0.9, "near": 0.6, "far": 0.4}
NEAR_WORTH = 0.7
SPECIALIST_ON_GENERAL = 0.6
MULTIPLE = "mul"


def judge(model: Model, asked: Asked) -> StepVerdict:
    """Check `language`; rate `domain` and `language`."""
    check = language(model, asked)
    if check.outcome == "no":
        return StepVerdict(step="domain", checks=(check,))
    return StepVerdict(step="domain", checks=(check,), ratings=(rate_domain(model, asked), rate_language(model, asked)))


def language(model: Model, asked: Asked) -> Check:
    """Constraint: at least one of the languages asked for is among those the model was trained on."""
    wanted, known = asked.profile.languages, model.languages
    if not known:
        outcome = "ok" if wanted == ("en",) else "unknown"
        return Check(name="language", outcome=outcome, because="its languages are not on record")
    if MULTIPLE in known:
        return Check(name="language", outcome="ok", because="multilingual; the list of languages is not on record")
    read = [code for code in wanted if code in known]
    if read:
        return Check(name="language", outcome="ok", because=f"trained on {', '.join(read)}")
    listed = ", ".join(known[:6]) + (f" and {len(known) - 6} more" if len(known) > 6 else "")
    return Check(name="language", outcome="no", because=f"trained on {listed}, not on {', '.join(wanted)}")


def rate_language(model: Model, asked: Asked) -> Rating:
    """Criterion: the share of the languages asked for that the model has read."""
    wanted, known = asked.profile.languages, model.languages
    if not known or MULTIPLE in known:
        return asked.unknown("language", "its languages are not on record")
    share = sum(code in known for code in wanted) / len(wanted)
    missing = [code for code in wanted if code not in known]
    sources = [source.url for source in model.identity]
    because = f"not trained on {', '.join(missing)}" if missing else f"trained on {', '.join(wanted)}"
    return asked.rating("language", share, share, because, sources)


def rate_domain(model: Model, asked: Asked) -> Rating:
    """Criterion: how near the pre-training text is to the domain asked for."""
    read = frozenset(model.pretraining.domains) if model.pretraining else frozenset()
    if not read:
        return asked.unknown("domain", "what it read is not on record")
    worth, because = _match(read, asked.domain)
    sources = [source.url for source in model.pretraining.sources] if model.pretraining else ()
    return asked.rating("domain", worth, worth, because, sources)


def _match(read: frozenset[str], wanted: Domain) -> tuple[float, str]:
    listed = ", ".join(sorted(read))
    if wanted.id == "general":
        if read & GENERAL_TEXT:
            return 1.0, f"read general text ({listed})"
        return SPECIALIST_ON_GENERAL, f"read {listed} text, little general text"
    if wanted.id in read:
        return 1.0, f"pre-trained on {wanted.id} text"
    near = sorted(read & frozenset(wanted.near))
    if near:
        return NEAR_WORTH, f"read {', '.join(near)}, which is near {wanted.id}"
    worth = GENERAL_WORTH[wanted.distance]
    return worth, f"read {listed}; nothing marked as {wanted.id}"
