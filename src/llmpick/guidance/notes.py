"""What the profile adds to the table's answer: each note stands on its own and may hold beside any other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from llmpick.guidance import sources
from llmpick.guidance.decision import writes
from llmpick.record import record

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from llmpick.profile import Profile
    from llmpick.schema import ApiModel


@record
class Note:
    """One remark for `because` or `instead`, and when it holds."""

    id: str
    holds: Callable[[Profile, str], bool]
    """Of the profile and the table's answer (yes, maybe, no)."""
    part: Literal["because", "instead"]
    text: str
    sources: tuple[str, ...]


NOTES: tuple[Note, ...] = (
    Note(
        id="evaluation-first",
        holds=lambda profile, answer: answer != "no" and writes(profile),
        part="because",
        text="set up the evaluation before the training: without it nobody can tell whether tuning helped",
        sources=(sources.OPENAI_SFT,),
    ),
    Note(
        id="knowledge",
        holds=lambda profile, answer: profile.task in ("question-answering", "chat") and profile.facts_change is None,
        part="instead",
        text="if the answers rest on facts that change or on your own documents: retrieval, with or without tuning",
        sources=(sources.FACTS_OVADIA,),
    ),
    Note(
        id="latency",
        holds=lambda profile, answer: (
            answer != "no" and writes(profile) and (profile.latency is not None or profile.serve_gpu is not None)
        ),
        part="because",
        text="a tuned small model needs no examples in its prompt: shorter and faster requests",
        sources=(sources.AZURE_TUNING,),
    ),
    Note(
        id="budget",
        holds=lambda profile, answer: answer != "no" and profile.budget is not None,
        part="because",
        text="keep some of the budget for more than one run: on small sets the seed alone moves the result, and the "
        "first settings are seldom the last",
        sources=(sources.DODGE,),
    ),
    Note(
        id="no-experience",
        holds=lambda profile, answer: answer != "no" and profile.expertise == "none" and not profile.privacy,
        part="instead",
        text="a vendor's tuning service (--weights api): you send examples and run no training code",
        sources=(sources.AZURE_TUNING,),
    ),
    Note(
        id="privacy",
        holds=lambda profile, answer: bool(profile.privacy) and profile.weights != "open",
        part="because",
        text="the text must not leave your machines, so vendors' tuning services are out: ask for --weights open",
        sources=(sources.AZURE_TUNING,),
    ),
)


def notes_for(profile: Profile, answer: str) -> tuple[Note, ...]:
    """The notes that hold for this profile and this answer of the table."""
    return tuple(note for note in NOTES if note.holds(profile, answer))


def vendors_asked(profile: Profile) -> bool:
    """Whether the user asked for vendors: `--weights api`, or `any` said in so many words."""
    return profile.weights == "api" or (profile.weights == "any" and "weights" not in profile.assumed)


def closing(profile: Profile, apis: Sequence[ApiModel]) -> tuple[Note, ...]:
    """One warning for each vendor that takes new customers no more, where vendors were asked for."""
    if not vendors_asked(profile):
        return ()
    found: dict[str, ApiModel] = {}
    for api in apis:
        if api.status == "closing" and profile.task in api.tasks:
            found.setdefault(api.vendor, api)
    return tuple(_closing(api, apis) for api in found.values())


def _closing(api: ApiModel, apis: Sequence[ApiModel]) -> Note:
    same = [each for each in apis if each.vendor == api.vendor and each.status == "closing"]
    days = sorted(each.shutdown for each in same if each.shutdown)
    when = f": models tuned there stop by {days[-1]}" if days else ", at a date it has not given"
    return Note(
        id="closing",
        holds=lambda profile, answer: True,
        part="because",
        text=f"{api.vendor} is closing its tuning service{when}; do not build on it now",
        sources=tuple(source.url for source in api.sources[:1]),
    )
