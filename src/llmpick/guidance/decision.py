"""Fine-tune at all? One table: five questions with few answers each, and exactly one row for every combination."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from llmpick.guidance import sources
from llmpick.record import record

if TYPE_CHECKING:
    from llmpick.profile import Profile

Work = Literal["labels", "spans", "vectors", "text"]
WORKS: tuple[Work, ...] = ("labels", "spans", "vectors", "text")
AMOUNTS = ("unknown", "too few", "some", "many")
FACTS = ("change often", "stable or unknown")
STYLE = ("matters", "no matter or unknown")
STAGE = ("exploration", "later or unknown")

# What comes out of a task: one label, marked spans of the input, a vector, or written text.
WORK_OF_TASK: dict[str, Work] = {
    "classification": "labels",
    "code-understanding": "labels",
    "token-classification": "spans",
    "extractive-qa": "spans",
    "similarity": "vectors",
    "retrieval": "vectors",
    "summarization": "text",
    "translation": "text",
    "generation": "text",
    "chat": "text",
    "question-answering": "text",
    "information-extraction": "text",
    "code-generation": "text",
    "text-to-sql": "text",
    "function-calling": "text",
    "math-reasoning": "text",
}

# Examples below which tuning is not worth starting; for labels and spans per class (SetFit, Azure; Promptagator: 8
# examples let a model write the rest; OpenAI: start with 50).
MINIMUM: dict[Work, int] = {"labels": 8, "spans": 50, "vectors": 8, "text": 50}
# Examples from which the published recipes apply (SetFit's comparison stops paying; the size of EuroEval's training
# sets; Schmid's pairs; LIMA).
PLENTY: dict[Work, int] = {"labels": 1000, "spans": 1000, "vectors": 7000, "text": 1000}


@record
class Case:
    """What the table looks at, each as one of few words."""

    work: Work
    amount: str
    facts: str
    style: str
    stage: str


@record
class Row:
    """One rule. An empty tuple stands for every answer to that question."""

    id: str
    work: Work
    amount: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    style: tuple[str, ...] = ()
    stage: tuple[str, ...] = ()
    fine_tune: Literal["yes", "maybe", "no"]
    because: str
    """Filled with `have`, `minimum`, `good` and `classes`."""
    instead: tuple[str, ...] = ()
    sources: tuple[str, ...]

    def holds(self, case: Case) -> bool:
        """Whether this row is the one for `case`."""
        asked = (
            (self.amount, case.amount),
            (self.facts, case.facts),
            (self.style, case.style),
            (self.stage, case.stage),
        )
        return self.work == case.work and all(not answers or answer in answers for answers, answer in asked)


_PROMPT = "put your best examples into the prompt of a large instruction model and measure that first"
_RETRIEVE = "retrieval: look the facts up when the question comes and put them into the prompt"
_EXTRACTOR = "a ready-made extractor (GLiNER for entities it was never shown, a reader tuned on SQuAD for answers)"
_READY = "measure a ready-made embedding model first, and BM25 where you search; tune only if that misses too much"
_ENOUGH = ("some", "many")

ROWS: tuple[Row, ...] = (
    Row(
        id="labels-too-few",
        work="labels",
        amount=("too few",),
        fine_tune="no",
        because="{have:,} labeled examples are fewer than 8 for each of {classes:,} classes, the least that few-shot "
        "tuning has been shown to work with",
        instead=(
            "label until every class has at least 8 examples ({minimum:,} in all)",
            "until then, a zero-shot classifier or a prompt that describes the classes",
        ),
        sources=(sources.SETFIT,),
    ),
    Row(
        id="labels-unknown",
        work="labels",
        amount=("unknown",),
        fine_tune="maybe",
        because="it depends on the labeled examples you have: from 8 per class few-shot tuning works, and tuned small "
        "models can beat prompts to larger ones",
        instead=("say --examples; with none yet, a prompt that describes the classes is the place to start",),
        sources=(sources.SETFIT, sources.CLASSIFICATION_STUDY),
    ),
    Row(
        id="labels-some",
        work="labels",
        amount=("some",),
        fine_tune="yes",
        because="{have:,} labeled examples are enough for few-shot tuning: on one sentiment set, 8 per class came near "
        "RoBERTa-large tuned on 3,000",
        sources=(sources.SETFIT,),
    ),
    Row(
        id="labels-many",
        work="labels",
        amount=("many",),
        fine_tune="yes",
        because="{have:,} labeled examples: over 16 classification sets, small tuned models could still beat few-shot "
        "prompts to larger ones",
        sources=(sources.CLASSIFICATION_STUDY,),
    ),
    Row(
        id="spans-too-few",
        work="spans",
        amount=("too few",),
        fine_tune="no",
        because="{have:,} examples are fewer than the {minimum:,} tagged ones to start with (50 for each type)",
        instead=(
            _EXTRACTOR,
            "correct its output by hand: that gives the labels you lack",
        ),
        sources=(sources.AZURE_NER, sources.GLINER),
    ),
    Row(
        id="spans-unknown",
        work="spans",
        amount=("unknown",),
        fine_tune="maybe",
        because="it depends on the tagged examples you have: about 50 for each type are advised to start",
        instead=(f"say --examples; with none yet, {_EXTRACTOR} shows how far you get without",),
        sources=(sources.AZURE_NER, sources.GLINER),
    ),
    Row(
        id="spans-some",
        work="spans",
        amount=("some",),
        fine_tune="maybe",
        because="{have:,} tagged examples are enough to start, and so few that a ready-made extractor may do as well",
        instead=(f"measure {_EXTRACTOR} on the same test set; tune what wins",),
        sources=(sources.AZURE_NER, sources.GLINER),
    ),
    Row(
        id="spans-many",
        work="spans",
        amount=("many",),
        fine_tune="yes",
        because="{have:,} tagged examples carry ordinary fine-tuning; EuroEval compares encoders on 1,024",
        sources=(sources.EUROEVAL,),
    ),
    Row(
        id="vectors-too-few",
        work="vectors",
        amount=("too few",),
        fine_tune="no",
        because="{have:,} pairs teach an embedding model nothing; a ready-made one is the bar, and for search BM25",
        instead=(
            "a ready-made embedding model, measured on your own pairs, against BM25 where you search",
            "collect at least {minimum:,} real pairs, such as questions and passages: they let a model write more",
        ),
        sources=(sources.BEIR, sources.PROMPTAGATOR),
    ),
    Row(
        id="vectors-unknown",
        work="vectors",
        amount=("unknown",),
        fine_tune="maybe",
        because="ready-made embedding models often fall short on text unlike their own; tuning one on questions "
        "written for your documents raised Recall@10 and NDCG@10 by over 10 % in one report",
        instead=(_READY,),
        sources=(sources.BEIR, sources.NVIDIA_EMBEDDING),
    ),
    Row(
        id="vectors-some",
        work="vectors",
        amount=("some",),
        fine_tune="maybe",
        because="{have:,} pairs are fewer than the {good:,} of the published run; let a model write more from your "
        "own text to get there, such as questions for passages",
        instead=(_READY,),
        sources=(sources.SCHMID_PAIRS, sources.NVIDIA_EMBEDDING),
    ),
    Row(
        id="vectors-many",
        work="vectors",
        amount=("many",),
        fine_tune="yes",
        because="{have:,} pairs: a published run on {good:,} raised nDCG@10 from 0.77 to 0.83 in minutes on 24 GB",
        sources=(sources.SCHMID_EMBEDDING, sources.SCHMID_PAIRS),
    ),
    Row(
        id="text-facts",
        work="text",
        facts=("change often",),
        style=("no matter or unknown",),
        fine_tune="no",
        because="facts that change often do not belong in the weights: retrieval beat tuning both for known and for "
        "new facts",
        instead=(_RETRIEVE, "fine-tune later for form and tone, if prompts cannot give them"),
        sources=(sources.FACTS_OVADIA, sources.MICROSOFT_STRATEGIES),
    ),
    Row(
        id="text-facts-form-thin",
        work="text",
        facts=("change often",),
        style=("matters",),
        amount=("unknown", "too few"),
        fine_tune="no",
        because="the facts change often, which asks for retrieval; {minimum:,} well-made examples of the "
        "form are what tuning starts with",
        instead=(_RETRIEVE, "describe the form in the prompt with two or three examples, and collect {minimum:,}"),
        sources=(sources.FACTS_OVADIA, sources.OPENAI_SFT),
    ),
    Row(
        id="text-facts-form",
        work="text",
        facts=("change often",),
        style=("matters",),
        amount=_ENOUGH,
        fine_tune="maybe",
        because="tuning can teach the form, not the changing facts: {have:,} examples are enough for the form only",
        instead=(_RETRIEVE, "then fine-tune on examples that already contain the retrieved passages"),
        sources=(sources.FACTS_OVADIA, sources.MICROSOFT_STRATEGIES),
    ),
    Row(
        id="text-too-few",
        work="text",
        facts=("stable or unknown",),
        amount=("too few",),
        fine_tune="no",
        because="{have:,} examples are fewer than the {minimum:,} well-made ones to start with",
        instead=(_PROMPT, "let a large model draft more and have a person correct them, up to {minimum:,}"),
        sources=(sources.OPENAI_SFT, sources.HF_COURSE_SFT),
    ),
    Row(
        id="text-exploring",
        work="text",
        facts=("stable or unknown",),
        amount=("unknown", "some"),
        stage=("exploration",),
        fine_tune="no",
        because="while you explore, a prompt shows in a day what the task is worth; tune only once prompting falls "
        "short on a fixed evaluation",
        instead=(_PROMPT, "write the evaluation set now: it is what any later tuning is judged by"),
        sources=(sources.HF_COURSE_SFT, sources.OPENAI_SFT),
    ),
    Row(
        id="text-exploring-many",
        work="text",
        facts=("stable or unknown",),
        amount=("many",),
        stage=("exploration",),
        fine_tune="maybe",
        because="{have:,} examples would carry it, but no prompt has been measured yet to say that tuning is needed",
        instead=(_PROMPT,),
        sources=(sources.HF_COURSE_SFT, sources.LIMA),
    ),
    Row(
        id="text-unknown",
        work="text",
        facts=("stable or unknown",),
        amount=("unknown",),
        stage=("later or unknown",),
        fine_tune="maybe",
        because="it depends on the examples you have: {minimum:,} good ones show an effect, about {good:,} made a "
        "strong assistant in one study",
        instead=("say --examples", _PROMPT),
        sources=(sources.OPENAI_SFT, sources.LIMA),
    ),
    Row(
        id="text-some",
        work="text",
        facts=("stable or unknown",),
        amount=("some",),
        stage=("later or unknown",),
        style=("no matter or unknown",),
        fine_tune="maybe",
        because="{have:,} examples are enough to see an effect; whether it beats a prompt that holds the best of them "
        "has to be measured",
        instead=(_PROMPT,),
        sources=(sources.OPENAI_SFT, sources.HF_COURSE_SFT),
    ),
    Row(
        id="text-some-form",
        work="text",
        facts=("stable or unknown",),
        amount=("some",),
        stage=("later or unknown",),
        style=("matters",),
        fine_tune="yes",
        because="a fixed voice or format is what tuning teaches best, and {have:,} examples show it",
        sources=(sources.MICROSOFT_BEHAVIOR, sources.OPENAI_SFT),
    ),
    Row(
        id="text-many",
        work="text",
        facts=("stable or unknown",),
        amount=("many",),
        stage=("later or unknown",),
        fine_tune="yes",
        because="{have:,} examples: 1,000 well-chosen ones were enough for strong results in one study, and tuning "
        "takes more than a prompt can hold",
        sources=(sources.LIMA, sources.AZURE_TUNING),
    ),
)


def work_of(task: str) -> Work:
    """What the task puts out; a task of a user's own catalog counts as writing text."""
    return WORK_OF_TASK.get(task, "text")


def writes(profile: Profile) -> bool:
    """Whether what comes out is written text."""
    return work_of(profile.task) == "text"


def minimum(profile: Profile) -> int:
    """Examples below which tuning is not worth starting: per class for labels and spans (2 classes, 1 type assumed)."""
    work = work_of(profile.task)
    groups = {"labels": profile.classes or 2, "spans": profile.classes or 1}.get(work, 1)
    return MINIMUM[work] * groups


def good(profile: Profile) -> int:
    """Examples from which the published recipes apply; never less than the minimum."""
    return max(PLENTY[work_of(profile.task)], minimum(profile))


def case_of(profile: Profile) -> Case:
    """The profile in the few words the table knows."""
    return Case(
        work=work_of(profile.task),
        amount=_amount(profile),
        facts=FACTS[0 if profile.facts_change == "often" else 1],
        style=STYLE[0 if profile.style_matters else 1],
        stage=STAGE[0 if profile.stage == "exploration" else 1],
    )


def _amount(profile: Profile) -> str:
    if profile.examples is None:
        return "unknown"
    if profile.examples < minimum(profile):
        return "too few"
    return "some" if profile.examples < good(profile) else "many"


def row_for(case: Case) -> Row:
    """The one row that holds; that there is exactly one is tested over every combination."""
    return next(row for row in ROWS if row.holds(case))
