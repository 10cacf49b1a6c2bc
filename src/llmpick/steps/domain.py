"""Step 3, domain: has the model read this kind of text, in these languages?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick import quality
from llmpick.steps.asked import Weighed
from llmpick.verdict import Check, StepVerdict

if TYPE_CHECKING:
    from llmpick.catalog.facts import Facts
    from llmpick.schema import Model
    from llmpick.steps.asked import Asked, Range
    from llmpick.verdict import Outcome, Rating

GENERAL_TEXT = frozenset({"web", "books", "wikipedia", "news", "general", "dialogue"})
MULTIPLE = "mul"


def judge(model: Model, asked: Asked) -> StepVerdict:
    """Check `language`; rate `domain` and `language`."""
    check = language(model, asked)
    if check.outcome == "no":
        return StepVerdict(step="domain", checks=(check,))
    return StepVerdict(step="domain", checks=(check,), ratings=(rate_domain(model, asked), rate_language(model, asked)))


def weigh(facts: Facts, asked: Asked) -> Weighed:
    """The same in numbers."""
    key = ("domain", facts.languages, facts.reads, facts.traits.structure)
    if key not in asked.memo:
        asked.memo[key] = _weigh(*key[1:], asked)
    known: Weighed = asked.memo[key]
    return known


def _weigh(languages: tuple[str, ...], reads: tuple[str, ...], structure: str, asked: Asked) -> Weighed:
    key = languages, reads, structure
    if key not in asked.domains:
        worths = domain_worth(reads, structure, asked), language_worth(languages, asked)
        asked.domains[key] = reads_language(languages, asked), *worths
    outcome, domain, language = asked.domains[key]
    if outcome == "no":
        return Weighed(no=True)
    return asked.adding(("domain", domain), ("language", language), unknown=outcome == "unknown")


def reads_language(known: tuple[str, ...], asked: Asked) -> Outcome:
    """Constraint: at least one of the languages asked for is among those the model was trained on."""
    wanted = asked.profile.languages
    if not known:
        return "ok" if wanted == ("en",) else "unknown"
    return "ok" if MULTIPLE in known or any(knows(code, known) for code in wanted) else "no"


def language(model: Model, asked: Asked) -> Check:
    """`language` with its sentence."""
    wanted, known = asked.profile.languages, model.languages
    outcome = reads_language(known, asked)
    if not known:
        taken = "; English is taken for granted" if outcome == "ok" else ""
        return Check(name="language", outcome=outcome, because=f"its languages are not on record{taken}")
    read = [code for code in wanted if knows(code, known)]
    if outcome == "ok":
        said = f"trained on {', '.join(read)}" if read else "multilingual; the list of languages is not on record"
        return Check(name="language", outcome=outcome, because=said)
    listed = ", ".join(known[:6]) + (f" and {len(known) - 6} more" if len(known) > 6 else "")
    return Check(name="language", outcome=outcome, because=f"trained on {listed}, not on {', '.join(wanted)}")


def language_worth(known: tuple[str, ...], asked: Asked) -> Range:
    """Criterion: the share of the languages asked for that the model has read.

    Those it has read beyond the ones on record are unknown: from what is listed up to all of them.
    """
    wanted = asked.profile.languages
    missing = [code for code in wanted if not knows(code, known)]
    if missing and (not known or MULTIPLE in known):
        if len(wanted) == 1:
            return asked.unknown_range("language")
        return max(len(wanted) - len(missing), 1) / len(wanted), 1.0
    share = 1 - len(missing) / len(wanted)
    return share, share


def knows(wanted: str, known: tuple[str, ...]) -> bool:
    """Whether a model that knows some languages reads one; `mul`, many, is read by whoever knows many."""
    return wanted in known or (wanted == MULTIPLE and len(known) >= quality.MULTILINGUAL)


def rate_language(model: Model, asked: Asked) -> Rating:
    """`language` with its sentence."""
    wanted, known = asked.profile.languages, model.languages
    low, high = language_worth(known, asked)
    missing = [code for code in wanted if not knows(code, known)]
    if missing and (not known or MULTIPLE in known):
        one = "its languages are not on record"
        said = one if len(wanted) == 1 else "which of these languages it read is not on record"
        return asked.rating("language", low, high, said)
    sources = [source.url for source in model.identity]
    because = f"not trained on {', '.join(missing)}" if missing else f"trained on {', '.join(wanted)}"
    return asked.rating("language", low, high, because, sources)


def domain_worth(reads: tuple[str, ...], structure: str, asked: Asked) -> Range:
    """Criterion: how near the pre-training text is to the domain asked for."""
    if not reads:
        return asked.constants[least(asked)], 1.0
    worth, _ = _match(reads, structure, asked)
    return worth, worth


def rate_domain(model: Model, asked: Asked) -> Rating:
    """`domain` with its sentence."""
    read = model.pretraining
    if read is None or not read.domains:
        return asked.rating("domain", *domain_worth((), "", asked), "what it read is not on record")
    worth, because = _match(read.domains, quality.traits(model).structure, asked)
    return asked.rating("domain", worth, worth, because, [source.url for source in read.sources])


def least(asked: Asked) -> str:
    """The policy's constant for a model that has read nothing near the domain asked for."""
    return "domain-specialist" if asked.domain.id == "general" else f"domain-general-{asked.domain.distance}"


def _match(domains: tuple[str, ...], structure: str, asked: Asked) -> tuple[float, str]:
    read, wanted, constant = frozenset(domains), asked.domain, asked.constants
    listed = ", ".join(sorted(read))
    if wanted.id == "general":
        if read & GENERAL_TEXT:
            return 1.0, f"read general text ({listed})"
        return constant["domain-specialist"], f"read {listed} text, little general text"
    plain = constant[f"domain-general-{wanted.distance}"]
    if wanted.id in read:
        share, how = _role(frozenset((wanted.id,)), domains, structure, asked)
        return plain + (1 - plain) * share, f"read {wanted.id} text: {how}"
    near = (read & frozenset(wanted.near)) - GENERAL_TEXT
    if near:
        share, how = _role(near, domains, structure, asked)
        said = f"read {', '.join(sorted(near))} text, near {wanted.id}: {how}"
        return plain + (1 - plain) * share * constant["domain-near"], said
    return plain, f"read {listed}; nothing marked as {wanted.id}"


def _role(fields: frozenset[str], domains: tuple[str, ...], structure: str, asked: Asked) -> tuple[float, str]:
    """Share of a specialist's lead over general models that it gets for having read `fields`, and as what it did."""
    if fields <= GENERAL_TEXT:
        return 1.0, "as much of the web is"
    own = fields & frozenset(quality.specialties(domains))
    if not own:
        return asked.constants["domain-among"], "among much else"
    if structure == "decoder" and not own & quality.EXACT:
        return asked.constants["domain-decoder"], "which gained decoders little"
    return 1.0, "its main field"
