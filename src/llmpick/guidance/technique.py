"""How to train: the first technique whose condition holds, from the most special to the plain one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick.guidance import sources
from llmpick.guidance.answers import Technique
from llmpick.guidance.decision import good, work_of, writes
from llmpick.record import record

if TYPE_CHECKING:
    from collections.abc import Callable

    from llmpick.profile import Profile


@record
class Choice:
    """A technique, the tasks it suits, and the condition under which it is the one to take."""

    id: str
    name: str
    suits: Callable[[Profile], bool]
    """Whether the task is one for it."""
    holds: Callable[[Profile], bool]
    """Of a task it suits: the condition; one that no field of the Profile tells never holds."""
    when: str
    """Task and condition in words."""
    because: str
    sources: tuple[str, ...]


def _any(profile: Profile) -> bool:
    return True


def _few(profile: Profile) -> bool:
    return profile.examples is not None and profile.examples < good(profile)


CHOICES: tuple[Choice, ...] = (
    Choice(
        id="dpo",
        name="supervised fine-tuning, then DPO",
        suits=writes,
        holds=lambda profile: profile.feedback == "pairs",
        when="you have pairs of a better and a worse answer to the same question",
        because="DPO learns from better-and-worse pairs with a plain classification loss, without a reward model; it "
        "starts from a model that already does the task",
        sources=(sources.DPO, sources.TRL_DPO),
    ),
    Choice(
        id="kto",
        name="supervised fine-tuning, then KTO",
        suits=writes,
        holds=lambda profile: profile.feedback == "ratings",
        when="you have single answers marked good or bad",
        because="KTO needs no pairs, only whether one answer was good or bad, which is what thumbs up and down give",
        sources=(sources.KTO,),
    ),
    Choice(
        id="rft",
        name="supervised fine-tuning, then reinforcement against a grader (RFT)",
        suits=writes,
        holds=lambda profile: profile.feedback == "grader",
        when="a program can score any answer: tests, an exact result, rows a query returns",
        because="where a program can tell right from wrong, training on its verdicts raised exactly what it verifies "
        "(math, following instructions) over a model already tuned on examples; other skills did not always follow",
        sources=(sources.TULU_3, sources.OPENAI_RFT),
    ),
    Choice(
        id="contrastive",
        name="contrastive fine-tuning on pairs",
        suits=lambda profile: work_of(profile.task) == "vectors",
        holds=_any,
        when="the task is search or similarity",
        because="with in-batch negatives every other passage of the batch serves as a wrong answer, so (question, "
        "passage) pairs are all the labels needed",
        sources=(sources.MNRL, sources.SCHMID_EMBEDDING),
    ),
    Choice(
        id="setfit",
        name="few-shot contrastive fine-tuning (SetFit)",
        suits=lambda profile: profile.task == "classification",
        holds=_few,
        when="you sort texts into classes and have from 8 per class to about 1,000 examples in all",
        because="SetFit turns a few labels into many pairs, tunes a sentence encoder on them and trains a linear "
        "classifier on top, without prompts",
        sources=(sources.SETFIT,),
    ),
    Choice(
        id="continued",
        name="continued pre-training on your text, then supervised fine-tuning",
        suits=_any,
        holds=lambda profile: bool(profile.unlabeled) and profile.domain != "general",
        when="you have much unlabeled text from a field that reads unlike the web",
        because="a second phase of pre-training on text of the domain improved tasks with many and with few labels in "
        "four domains",
        sources=(sources.DAPT,),
    ),
    Choice(
        id="distillation",
        name="distillation: a large model's checked answers train a small one",
        suits=writes,
        holds=lambda profile: _few(profile) and (profile.latency is not None or profile.serve_gpu is not None),
        when="you have few examples, a large model does the task well, and the answer must come fast or from a small "
        "card",
        because="answers and reasons written by a large model replace the labels you lack; a 770M student trained so "
        "beat a prompted 540B model on one benchmark. Check that the teacher's license allows it",
        sources=(sources.DISTILLING,),
    ),
    Choice(
        id="supervised",
        name="supervised fine-tuning",
        suits=lambda profile: work_of(profile.task) != "vectors",
        holds=_any,
        when="you have examples of input and wanted output, and no other condition holds",
        because="examples of input and wanted output are what it learns from; every other technique builds on it",
        sources=(sources.HF_COURSE_SFT,),
    ),
)

# Techniques no profile field asks for; they are offered with their condition.
FURTHER: tuple[Choice, ...] = (
    Choice(
        id="sequential",
        name="sequential fine-tuning: a related task first, then yours",
        suits=_any,
        holds=lambda profile: False,
        when="your labels are few and a large public set exists for a related task",
        because="training on a related, data-rich task first helped most where labels were few, and made runs steadier",
        sources=(sources.STILTS,),
    ),
    Choice(
        id="multi-task",
        name="multi-task fine-tuning: one model for several tasks at once",
        suits=_any,
        holds=lambda profile: False,
        when="you need several related tasks and can mix their examples in one training set",
        because="the other tasks act as a regularizer, and one model serves them all",
        sources=(sources.MTDNN,),
    ),
)


def chosen(profile: Profile) -> Choice:
    """The first choice that suits the task and whose condition holds: plain supervised or contrastive tuning always."""
    return next(choice for choice in CHOICES if choice.suits(profile) and choice.holds(profile))


def technique(profile: Profile) -> Technique:
    """The technique for this profile, with its reason."""
    choice = chosen(profile)
    return Technique(name=choice.name, because=choice.because, sources=choice.sources)


def others(profile: Profile) -> tuple[Technique, ...]:
    """Techniques for text or labels like these under another condition; `because` says which."""
    taken = chosen(profile)
    fitting = [choice for choice in (*CHOICES, *FURTHER) if choice is not taken and choice.suits(profile)]
    return tuple(Technique(name=item.name, because=f"when {item.when}", sources=item.sources) for item in fitting)
