"""What the interview asks: the questions in plain words, in the order of the decision."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick.record import record

if TYPE_CHECKING:
    from llmpick.catalog import Catalog


@record
class Choice:
    """One answer to pick by its number or its word."""

    value: str
    says: str = ""


@record
class Question:
    """One field of the Profile, asked in plain words."""

    field: str
    flag: str
    asks: str
    explains: str
    default: str | None = None
    """What Enter answers; None = leave the field out."""
    skipped: str = ""
    """What leaving it out means, in two or three words."""
    choices: tuple[Choice, ...] = ()
    words: tuple[str, ...] = ()
    """Answers that are understood, where there are too many to number."""
    several: bool = False
    """More than one choice, in order."""
    only_if: tuple[str, str] | None = None
    """(field, answer) without which the question is pointless."""


SWINGS = {
    "quality": "the weakest tuned model becomes the strongest",
    "fit": "a model that needs a detour becomes one built for the task",
    "headroom": "a run that barely fits the card gets room to spare",
    "economy": "a slow, costly model becomes a fast, cheap one",
    "method": "only a quantized adapter can be trained, then all weights can",
    "domain": "a model new to your kind of text becomes one raised on it",
    "language": "a model hardly knowing your languages comes to know them well",
    "license": "a license with hard duties becomes one without any",
    "popularity": "a model nobody runs becomes one everybody runs",
    "tooling": "a model no tool knows becomes one that every tool knows",
}
"""What moving a criterion from its worst to its best would change."""


def questions(catalog: Catalog) -> tuple[Question, ...]:
    """Every question, in the order of the decision."""
    return (*_wanted(catalog), *_allowed(), *_afterwards(), _importance(catalog))


def _wanted(catalog: Catalog) -> tuple[Question, ...]:
    """The task, the card, the data, the kind of text."""
    return (
        Question(
            field="task",
            flag="--task",
            asks="What should the tuned model do?",
            explains="This decides which models can do it at all and what they are judged by. Your own word may do, "
            "too: sentiment, ner, summarize.",
            default="classification",
            choices=tuple(Choice(value=task.id, says=task.name) for task in catalog.tasks),
        ),
        Question(
            field="gpu",
            flag="--gpu",
            asks="Which GPU will train it?",
            explains="Write the memory (24GB, 2x24GB), a name (RTX 4090, 2xA100-80GB), auto for this machine, or none "
            "for the CPU. What does not fit is ruled out.",
            skipped="memory does not matter",
        ),
        Question(
            field="examples",
            flag="--examples",
            asks="How many training examples do you have?",
            explains="Labeled texts, pairs or conversations. With few, other models and methods lead; hours and "
            "dollars can only be said with this number. 5000, 20k and 1e6 are understood.",
            skipped="not known",
        ),
        Question(
            field="domain",
            flag="--domain",
            asks="What kind of text is it?",
            explains="A model that has read much of the same kind of text starts ahead, most so where that text is far "
            "from the web.",
            skipped="general",
            words=tuple(domain.id for domain in catalog.domains),
        ),
        Question(
            field="languages",
            flag="--language",
            asks="In which languages?",
            explains="Codes or names, comma-separated: en, de, Korean. A model that knows none of them is ruled out.",
            skipped="en",
        ),
    )


def _allowed() -> tuple[Question, ...]:
    """What the license has to permit."""
    return (
        Question(
            field="commercial",
            flag="--commercial",
            asks="Will you earn money with it, or use it in a business?",
            explains="Some weights are free for research only. With yes, these are ruled out and the clause is named; "
            "without an answer, conditions are shown and nothing is ruled out.",
            skipped="not decided",
            choices=(Choice(value="yes"), Choice(value="no")),
        ),
        Question(
            field="monthly_users",
            flag="--monthly-users",
            asks="How many people use your products in a month?",
            explains="A few licenses ask large companies for a separate agreement; the limits lie at many millions.",
            skipped="not known",
            only_if=("commercial", "yes"),
        ),
    )


def _afterwards() -> tuple[Question, ...]:
    """Where the tuned model lives."""
    return (
        Question(
            field="weights",
            flag="--weights",
            asks="Who may run the model?",
            explains="Open weights are trained and run by you. A vendor's API trains and runs a model for you: no GPU, "
            "but your text goes there and every answer is paid for.",
            skipped="any",
            choices=(
                Choice(value="open", says="we do: open weights only"),
                Choice(value="api", says="a vendor: models tuned through an API"),
                Choice(value="any", says="either"),
            ),
        ),
        Question(
            field="serve_gpu",
            flag="--serve-gpu",
            asks="On which GPU must it run afterwards?",
            explains="In the words of the question about training: 8GB, RTX 4060, none for the CPU.",
            skipped="not considered",
        ),
    )


def _importance(catalog: Catalog) -> Question:
    from llmpick.policy import criteria

    known = criteria(catalog.policy)
    return Question(
        field="priority",
        flag="--priority",
        asks="Imagine a model that is worst in all of these. Which would you rather move from worst to best first, and "
        "which next?",
        explains="Name one or more in order, such as 1,3. The first named weighs most. What you do not name shares the "
        "last place. Enter keeps the weights of the policy (llmpick tree shows them).",
        skipped="the policy's weights",
        choices=tuple(Choice(value=name, says=SWINGS.get(name, "")) for name in known),
        several=True,
    )
