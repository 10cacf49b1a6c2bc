"""Step 3, domain: has the model read this kind of text, in these languages?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick import quality
from llmpick.verdict import Check, StepVerdict

if TYPE_CHECKING:
    from llmpick.schema import Model
    from llmpick.steps.asked import Asked
    from llmpick.verdict import Rating

GENERAL_TEXT = frozenset({"web", "books", "wikipedia", "news", "general", "dialogue"})
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
        said = "its languages are not on record"
        return Check(name="language", outcome="ok" if wanted == ("en",) else "unknown", because=said)
    read = [code for code in wanted if code in known]
    if read:
        return Check(name="language", outcome="ok", because=f"trained on {', '.join(read)}")
    if MULTIPLE in known:
        return Check(name="language", outcome="ok", because="multilingual; the list of languages is not on record")
    listed = ", ".join(known[:6]) + (f" and {len(known) - 6} more" if len(known) > 6 else "")
    return Check(name="language", outcome="no", because=f"trained on {listed}, not on {', '.join(wanted)}")


def rate_language(model: Model, asked: Asked) -> Rating:
    """Criterion: the share of the languages asked for that the model has read."""
    wanted, known = asked.profile.languages, model.languages
    missing = [code for code in wanted if code not in known]
    if missing and (not known or MULTIPLE in known):
        return _unlisted(asked, read=len(wanted) - len(missing))
    share = 1 - len(missing) / len(wanted)
    sources = [source.url for source in model.identity]
    because = f"not trained on {', '.join(missing)}" if missing else f"trained on {', '.join(wanted)}"
    return asked.rating("language", share, share, because, sources)


def _unlisted(asked: Asked, read: int) -> Rating:
    """The languages a model has read beyond those on record are unknown: from what is listed up to all of them."""
    wanted = len(asked.profile.languages)
    if wanted == 1:
        return asked.unknown("language", "its languages are not on record")
    said = "which of these languages it read is not on record"
    return asked.rating("language", max(read, 1) / wanted, 1.0, said)


def rate_domain(model: Model, asked: Asked) -> Rating:
    """Criterion: how near the pre-training text is to the domain asked for."""
    read = frozenset(model.pretraining.domains) if model.pretraining else frozenset()
    if not read or model.pretraining is None:
        return asked.rating("domain", asked.policy.constant(least(asked)), 1.0, "what it read is not on record")
    worth, because = _match(read, model, asked)
    return asked.rating("domain", worth, worth, because, [source.url for source in model.pretraining.sources])


def least(asked: Asked) -> str:
    """The policy's constant for a model that has read nothing near the domain asked for."""
    return "domain-specialist" if asked.domain.id == "general" else f"domain-general-{asked.domain.distance}"


def _match(read: frozenset[str], model: Model, asked: Asked) -> tuple[float, str]:
    wanted, constant = asked.domain, asked.policy.constant
    listed = ", ".join(sorted(read))
    if wanted.id == "general":
        if read & GENERAL_TEXT:
            return 1.0, f"read general text ({listed})"
        return constant("domain-specialist"), f"read {listed} text, little general text"
    plain = constant(f"domain-general-{wanted.distance}")
    if wanted.id in read:
        share, how = _role(frozenset((wanted.id,)), model, asked)
        return plain + (1 - plain) * share, f"read {wanted.id} text: {how}"
    near = (read & frozenset(wanted.near)) - GENERAL_TEXT
    if near:
        share, how = _role(near, model, asked)
        said = f"read {', '.join(sorted(near))} text, near {wanted.id}: {how}"
        return plain + (1 - plain) * share * constant("domain-near"), said
    return plain, f"read {listed}; nothing marked as {wanted.id}"


def _role(fields: frozenset[str], model: Model, asked: Asked) -> tuple[float, str]:
    """Share of a specialist's lead over general models that it gets for having read `fields`, and as what it did."""
    if fields <= GENERAL_TEXT:
        return 1.0, "as much of the web is"
    own = fields & frozenset(quality.specialties(model.pretraining.domains) if model.pretraining else ())
    if not own:
        return asked.policy.constant("domain-among"), "among much else"
    if quality.traits(model).structure == "decoder" and not own & quality.EXACT:
        return asked.policy.constant("domain-decoder"), "which gained decoders little"
    return 1.0, "its main field"
