"""The answer on a terminal. Rich is imported inside; strings from data are `Text`, never markup; ids stay whole."""

from __future__ import annotations

import re
from typing import IO, TYPE_CHECKING, TypeVar

from llmpick.render import outline
from llmpick.render.text import NONE, age, dollars, dollars_range, hours, hours_range, plural, safe, sentence, stop

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from rich.console import Console
    from rich.text import Text

    from llmpick.verdict import Memory, Ranking, Span, Verdict

T = TypeVar("T")
WIDEST = 110
"""Columns beyond which lines of prose get hard to read."""
NARROW = 96
"""Below this many columns the least important figures are folded away."""
INDENT = 5
LABEL = 11
VERDICT_STYLES = {"allowed": "green", "conditional": "yellow", "forbidden": "red", "unknown": "magenta"}


def console(file: IO[str] | None = None, width: int | None = None) -> Console:
    """A console that prints what it is given: no markup, no emoji codes, no highlighting; at most WIDEST columns."""
    from rich.console import Console

    made = Console(file=file, width=width, markup=False, emoji=False, highlight=False)
    made.width = min(made.width, WIDEST)
    return made


def ranking(answer: Ranking, out: Console, top: int | None = None, today: date | None = None) -> None:
    """The whole answer: the question, the ranking with reasons, what was ruled out, what is undecided, the notes."""
    _question(answer, out)
    shown = outline.top(answer, top)
    if shown:
        _headings(out)
    for verdict in shown:
        _row(verdict, out)
    if not shown:
        out.print(styled("Nothing qualifies.", "bold red"), soft_wrap=True)
        out.print()
    _around(answer, len(shown), out, today)


def styled(text: object, style: str = "") -> Text:
    """Foreign text as rich Text: safe, never markup."""
    from rich.text import Text

    return Text(safe(text), style=style)


def fact(out: Console, label: str, text: Text | str, style: str = "bold", indent: int = 0) -> None:
    """A label and its text, wrapped with a hanging indent."""
    wide = indent + max(LABEL, len(label)) + 1
    prose(out, styled(text) if isinstance(text, str) else text, wide, styled(f"{' ' * indent}{label:{wide}}", style))


def prose(out: Console, text: Text, indent: int = INDENT, first: Text | None = None) -> None:
    """A paragraph, indented, its first line behind `first`. Words (ids) are never broken, even when they overflow."""
    from rich.text import Text

    for number, line in enumerate(text.divide(breaks(text.plain, max(20, out.width - indent)))):
        line.rstrip()
        head = first if first is not None and number == 0 else Text(" " * indent)
        out.print(head + line, soft_wrap=True)


def breaks(text: str, width: int) -> list[int]:
    """Offsets at which `text` is to be broken between words so that lines keep to `width` columns.

    Rich would cut a long word to pieces; here it overflows instead, so that an id can be copied.
    """
    from rich.cells import cell_len

    found, used = [], 0
    for word in re.finditer(r"\S+\s*", text):
        long = cell_len(word[0].rstrip())
        if used and used + long > width:
            found.append(word.start())
            used = 0
        used += cell_len(word[0])
    return found


def id_line(out: Console, left: Text, right: Text | None = None) -> None:
    """A line that starts with a model's id and ends with a figure at the right edge; a long id gets the line alone."""
    from rich.text import Text

    room = out.width - left.cell_len - (right.cell_len if right else 0)
    if right is None or room < 2:
        out.print(left, soft_wrap=True)
        left, room = Text(), out.width - (right.cell_len if right else 0)
    if right is not None:
        out.print(Text.assemble(left, " " * max(0, room), right), soft_wrap=True)


def bar(share: float, cells: int, out: Console) -> Text:
    """`share` of one card as a bar; over 1 it is full and red."""
    from rich.text import Text

    full, empty = ("#", ".") if out.options.ascii_only else ("█", "░")
    filled = min(cells, max(1, round(share * cells))) if share > 0 else 0
    color = "red" if share > 1 else "yellow" if share > 0.9 else "green"
    return Text.assemble((full * filled, color), (empty * (cells - filled), "dim"))


def _question(answer: Ranking, out: Console) -> None:
    said = outline.answers(answer.profile)
    fact(out, "Asked", " · ".join(f"{a.label}: {a.value}" for a in said if not a.assumed))
    assumed = [a for a in said if a.assumed]
    if assumed:
        fact(out, "Assumed", " · ".join(f"{a.label}: {a.value}" for a in assumed), style="dim")
        fact(out, "", styled(f"change with {' '.join(a.flag for a in assumed)}", "dim"))
    because = " ".join(map(sentence, answer.advice.because))
    fact(out, "Fine-tune?", f"{answer.advice.fine_tune.capitalize()}. {because}")
    for text in answer.advice.instead:
        fact(out, "", f"Instead: {safe(text)}")
    out.print()


def _widths(out: Console) -> tuple[int, int, int, int, int]:
    """Columns of method, memory, bar, time, cost; the license takes the rest."""
    return (6, 16, 10, 7, 8) if out.width < NARROW else (6, 16, 14, 11, 12)


def _headings(out: Console) -> None:
    method, memory, cells, time, cost = _widths(out)
    id_line(out, styled(f"{'#':>3}  Model", "bold"), styled("Score", "bold"))
    words = f"{'Method':{method}} {'Memory on the card':{memory + cells + 1}}  {'Time':{time}} {'Cost':{cost}} License"
    out.print(styled(" " * INDENT + words, "bold dim"), soft_wrap=True)
    out.rule(style="dim", characters="-" if out.options.ascii_only else "─")


def _row(verdict: Verdict, out: Console) -> None:
    from rich.text import Text

    name = Text.assemble((f"{outline.rank(verdict):>3}", "bold"), "  ", (outline.name(verdict), "bold cyan"))
    id_line(out, name, styled(outline.score(verdict), "bold"))
    out.print(_figures(verdict, out), soft_wrap=True)
    prose(out, _reasons(verdict))
    out.print()


def _figures(verdict: Verdict, out: Console) -> Text:
    from rich.text import Text

    method, memory, cells, time, cost = _widths(out)
    wide = out.width >= NARROW
    share = outline.share(verdict.memory)
    line = Text(" " * INDENT)
    line.append(f"{outline.method(verdict):{method}} {_memory(verdict.memory):{memory}} ")
    line.append(bar(share, cells, out) if share is not None else Text(" " * cells))
    line.append(f"  {_time(verdict.time_hours, wide):{time}} {_cost(verdict.cost_usd, wide):{cost}} ")
    return line.append(_license(verdict, out.width - line.cell_len))


def _memory(memory: Memory | None) -> str:
    return "at the vendor" if memory is None else outline.fit(memory)


def _time(span: Span | None, wide: bool) -> str:
    return NONE if span is None else hours_range(span) if wide else hours(span.expected)


def _cost(span: Span | None, wide: bool) -> str:
    return NONE if span is None else dollars_range(span) if wide else dollars(span.expected)


def _license(verdict: Verdict, room: int) -> Text:
    """`apache-2.0 allowed`; where that is too long, the verdict alone."""
    from rich.text import Text

    said = verdict.license
    word = (said.verdict, VERDICT_STYLES[said.verdict])
    full = Text.assemble(f"{safe(said.id)} ", word)
    return full if full.cell_len <= room else Text.assemble(word)


def _reasons(verdict: Verdict) -> Text:
    from rich.text import Text

    text = Text(sentence("; ".join(verdict.because)) or "No reason was recorded.")
    if verdict.despite:
        text.append(f" Despite: {stop('; '.join(verdict.despite))}", "dim")
    if verdict.missing:
        text.append(f" To verify: {stop('; '.join(verdict.missing))}", "yellow")
    if verdict.siblings:
        text.append(f" Also stands for {', '.join(map(safe, verdict.siblings))}.", "dim")
    return text


def _around(answer: Ranking, shown: int, out: Console, today: date | None) -> None:
    more = len(answer.recommended) - shown
    if more > 0:
        fact(
            out,
            "More",
            f"{plural(more, 'further model qualifies', 'further models qualify')}: --top {len(answer.recommended)}",
        )
    if answer.ruled_out:
        _ruled_out(answer, out)
    for verdict in answer.undecided:
        fact(out, "Undecided", f"{outline.name(verdict)}: missing {', '.join(verdict.missing)}", "bold magenta")
    for text in answer.notes:
        fact(out, "Note", sentence(text))
    dated = f"{answer.catalog_date}{age(answer.catalog_date, today)}"
    fact(out, "Catalog", f"{dated}, {plural(answer.catalog_models, 'model')}, policy {answer.policy_version}", "dim")


def _ruled_out(answer: Ranking, out: Console) -> None:
    from rich.text import Text

    steps = ", ".join(f"{number:,} at {step}" for step, number in outline.counts(answer))
    fact(out, "Ruled out", f"{plural(len(answer.ruled_out), 'model')}: {steps}")
    for label, miss in _labelled("Near misses", outline.nearest(answer)):
        needed = f"; it would need {safe(miss.check.remedy)}" if miss.check.remedy else ""
        text = Text.assemble((outline.name(miss.verdict), "cyan"), f": {safe(miss.check.because)}{needed}")
        fact(out, label, text)


def _labelled(label: str, items: Iterable[T]) -> Iterable[tuple[str, T]]:
    return ((label if first == 0 else "", item) for first, item in enumerate(items))
