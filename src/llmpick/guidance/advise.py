"""Should I fine-tune at all, how, with how much data, judged by what?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick.guidance.decision import case_of, good, minimum, row_for, work_of
from llmpick.guidance.notes import closing, notes_for
from llmpick.verdict import Advice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmpick.guidance.answers import AdviseAnswer
    from llmpick.profile import Profile
    from llmpick.schema import ApiModel


def advice(profile: Profile, apis: Sequence[ApiModel] = ()) -> Advice:
    """Whether to fine-tune: the one row of the decision table that holds, and the notes that apply besides.

    `apis` are the catalog's vendors, of which those that are closing are named to whoever asks for vendors.
    """
    row = row_for(case_of(profile))
    words = _words(profile)
    notes = notes_for(profile, row.fine_tune)
    warned = closing(profile, apis)
    cited = (*row.sources, *(source for note in (*notes, *warned) for source in note.sources))
    return Advice(
        fine_tune=row.fine_tune,
        because=(row.because.format(**words), *(note.text for note in (*notes, *warned) if note.part == "because")),
        instead=(
            *(text.format(**words) for text in row.instead),
            *(note.text for note in notes if note.part == "instead"),
        ),
        sources=tuple(dict.fromkeys(cited)),
    )


def advise(profile: Profile, apis: Sequence[ApiModel] = ()) -> AdviseAnswer:
    """The whole answer of `llmpick advise`: the advice, the technique, the data, the metrics and the baseline."""
    from llmpick.guidance.answers import AdviseAnswer
    from llmpick.guidance.data import data
    from llmpick.guidance.metrics import judging
    from llmpick.guidance.technique import others, technique

    said = advice(profile, apis)
    judged = judging(profile.task)
    way, needed = technique(profile), data(profile)
    cited = (*said.sources, *way.sources, *needed.sources, judged.baseline_source)
    return AdviseAnswer(
        fine_tune=said.fine_tune,
        because=said.because,
        instead=said.instead,
        technique=way,
        others=others(profile),
        data=needed,
        metrics=judged.metrics,
        baseline=judged.baseline,
        sources=tuple(dict.fromkeys((*cited, *(metric.source for metric in judged.metrics)))),
    )


def _words(profile: Profile) -> dict[str, int]:
    assumed_classes = {"labels": 2}.get(work_of(profile.task), 1)
    return {
        "have": profile.examples or 0,
        "minimum": minimum(profile),
        "good": good(profile),
        "classes": profile.classes or assumed_classes,
    }
