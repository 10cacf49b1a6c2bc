"""The same question as `recommend`, asked in plain words: pure steps from answers to the next question, a thin loop.

Prompts are plain lines on stderr, so that a pipe, a dumb terminal and a screen reader get the same; the answer alone
goes to stdout.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from dataclasses import replace
from io import TextIOWrapper, UnsupportedOperation
from textwrap import wrap as fill
from typing import TYPE_CHECKING, Any

from llmpick.errors import LlmpickError
from llmpick.questions import Question, questions
from llmpick.record import record
from llmpick.render.text import safe

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from llmpick.catalog import Catalog
    from llmpick.keyboard import Read
    from llmpick.verdict import Ranking

    Parse = Callable[[Mapping[str, Any]], object]
    """Reads raw answers as `recommend` would; raises LlmpickError where one cannot be read."""


@record
class State:
    """How far the interview has come."""

    questions: tuple[Question, ...]
    given: tuple[tuple[str, Any], ...] = ()
    """What flags or a profile said before; never asked."""
    answers: tuple[tuple[str, str | None], ...] = ()
    """In the order in which they were asked."""

    @property
    def raw(self) -> dict[str, Any]:
        """All that is known, as flag values."""
        return dict(self.given) | {field: answer for field, answer in self.answers if answer is not None}


WIDTH = 78
"""Columns of the questions: those of a plain terminal."""


def next_question(state: State) -> Question | None:
    """The first question that nothing has answered yet; None when all are."""
    known = {field for field, _ in (*state.given, *state.answers)}
    return next((q for q in state.questions if q.field not in known and _applies(q, state)), None)


def _applies(question: Question, state: State) -> bool:
    if question.only_if is None:
        return True
    field, wanted = question.only_if
    said = state.raw.get(field)
    return said == wanted or (said is True and wanted == "yes")


def apply(state: State, question: Question, line: str, parse: Parse) -> tuple[State, str]:
    """The state after `line` was answered to `question`, and what to say about it ('' = nothing)."""
    text = line.strip()
    if text == "?":
        return state, question.explains
    if text == "<":
        return (replace(state, answers=state.answers[:-1]), "") if state.answers else (state, "This is the first one.")
    answer = _answer(question, text)
    after = replace(state, answers=(*state.answers, (question.field, answer)))
    try:
        # The task is not known when its question stands last; any task lets the other answers be read.
        parse({"task": question_task(state), **after.raw})
    except LlmpickError as error:
        return state, str(error)
    return after, ""


def question_task(state: State) -> str:
    """The task so far, or the one that Enter would answer."""
    return str(state.raw.get("task") or next(q.default for q in state.questions if q.field == "task"))


def _answer(question: Question, text: str) -> str | None:
    """What was meant: the default, a choice by its number, or the text itself."""
    if not text:
        return question.default
    if not question.choices:
        return text
    words = text.replace(">", ",").split(",") if question.several else [text]
    return ",".join(_choice(question, word.strip()) for word in words if word.strip())


def _choice(question: Question, word: str) -> str:
    number = int(word) if word.isascii() and word.isdigit() else 0
    return question.choices[number - 1].value if 0 < number <= len(question.choices) else word


def prompt(question: Question, number: int) -> str:
    """The lines that ask it; `[…]` is what Enter answers."""
    wide = max((len(choice.value) for choice in question.choices), default=0)
    lines = ["", *fill(f"{number}. {question.asks}", WIDTH)]
    for place, choice in enumerate(question.choices, 1):
        lines.append(f"  {place:2}  {safe(choice.value):{wide}}  {safe(choice.says)}".rstrip())
    lines += fill(safe(", ".join(question.words)), WIDTH, initial_indent="  ", subsequent_indent="  ")
    return "\n".join(lines) + "\n"


def ask(state: State, read: Read, say: Callable[[str], None], parse: Parse, keys: str = "") -> State:
    """Ask until nothing is missing. Raises LlmpickError naming the flag when the answers end too early."""
    parse({"task": question_task(state), **state.raw})
    say("Enter takes what stands in brackets, ? explains, < goes back.\n" + (f"{keys}\n" if keys else ""))
    asked = None
    while question := next_question(state):
        if question != asked:  # an error or an explanation is not followed by the whole list again
            say(prompt(question, len(state.answers) + 1))
        offered = question.words or [choice.value for choice in question.choices]
        asked, line = question, read(f"[{question.default or question.skipped}] ", offered)
        if not line:
            say("\n")
            raise LlmpickError(f"the answers end before {question.flag}", f"answer it, or say {question.flag}")
        state, said = apply(state, question, line, parse)
        say("".join(f"{part}\n" for part in fill(safe(said), WIDTH)))
    return state


def run(given: Mapping[str, Any], catalog: Catalog, *, save: Path | None = None, force: bool = False) -> dict[str, Any]:
    """Ask on this terminal, or read a pipe of answers, and return what `recommend` would have been given.

    `save` gets the same as YAML, whole or not at all. Raises LlmpickError where nobody can be asked.
    """
    from llmpick import files, keyboard, machine, profile
    from llmpick.steps.asked import vocabulary

    if save is not None and save.exists() and not force:
        raise LlmpickError(f"{save} exists", "add --force to overwrite it, or name another file")
    if sys.stdin.isatty() and not sys.stderr.isatty():
        raise LlmpickError(
            "nobody can see the questions: stderr is no terminal", "say --task and the other flags instead"
        )
    if isinstance(sys.stdin, TextIOWrapper):
        with suppress(UnsupportedOperation):  # it has been read from before, and decodes as it did then
            sys.stdin.reconfigure(errors="replace")
    known = vocabulary(catalog)
    state = State(questions=questions(catalog), given=tuple((f, v) for f, v in given.items() if v is not None))
    try:
        parse = lambda raw: profile.build(machine.resolve(raw, catalog.gpus), known)  # noqa: E731
        read, keys = keyboard.reader(_say)
        state = ask(state, read, _say, parse, keys)
    except KeyboardInterrupt:
        _say("\n")
        left = LlmpickError("interrupted")
        left.exit_code = 130
        raise left from None
    if save is not None:
        files.write(save, to_yaml(state.raw), force=force)
        _say(f"wrote {save}\n")
    return state.raw


def _say(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()


def to_yaml(raw: Mapping[str, Any]) -> str:
    """The answers as a profile file, which `--profile` reads back as the same question."""
    import yaml

    return yaml.safe_dump(
        {"language" if field == "languages" else field: _typed(field, value) for field, value in raw.items()},
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=False,
    )


def _typed(field: str, value: Any) -> Any:
    """`yes` as true, `500` as 500, `de,en` as a list; the rest as it was written."""
    if field in {"languages", "priority", "license"} and isinstance(value, str):
        return [word.strip() for word in value.split(",")]
    if field == "commercial" and value in {"yes", "no"}:
        return value == "yes"
    if isinstance(value, tuple):
        return list(value)
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value


def finish(answer: Ranking, written: Callable[[str], str], *, force: bool = False) -> None:
    """After the ranking: the command line that asks the same, and the report for whoever wants it.

    `written` gives the report as `markdown` or `html`.
    """
    from llmpick import keyboard
    from llmpick.render import question

    _say(f"\nThe same again: {question.command(answer.profile)}\n")
    _say("A report? Name a file, .md or .html, or Enter for none.\n")
    read, _ = keyboard.reader(_say)
    try:
        while name := read("[none] ", ("report.md", "report.html")).strip():
            if _report(written, name, force):
                return
    except KeyboardInterrupt:
        _say("\n")


def _report(written: Callable[[str], str], name: str, force: bool) -> bool:
    """Write the report; False, and the reason said, when that cannot be."""
    from pathlib import Path

    from llmpick import files

    form = "html" if Path(name).suffix.lower() in {".html", ".htm"} else "markdown"
    try:
        files.write(Path(name), written(form), force=force)
    except LlmpickError as error:
        _say(f"{safe(error)}\n")
        return False
    _say(f"wrote {safe(name)}\n")
    return True
