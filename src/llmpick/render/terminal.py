"""The answer on a terminal. Rich is imported inside; strings from data are `Text`, never markup; ids stay whole."""

from __future__ import annotations

import re
from typing import IO, TYPE_CHECKING, Any, TypeVar

from llmpick.render import outline
from llmpick.render.text import NONE, age, dollars, dollars_range, hours, hours_range, plural, safe, sentence, stop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
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
REASONS = 2
"""Reasons for and against that stand under each row."""
SHOWN = 3
"""Undecided models that are named."""
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


def text(view: Callable[..., None], *values: Any, to_file: bool = False, **options: Any) -> str:
    """What `view(*values, out)` prints, as one string: with stdout's width and colors, or `to_file` at 100 columns."""
    from io import StringIO

    out = console(StringIO(), 100) if to_file else console()
    with out.capture() as printed:
        view(*values, out, **options)
    return printed.get()


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
    """The heaviest reasons for and against; the others stand in `explain` and in the other formats."""
    from rich.text import Text

    text = Text(sentence("; ".join(verdict.because[:REASONS])) or "No reason was recorded.")
    if verdict.despite:
        text.append(f" Despite: {stop('; '.join(verdict.despite[:REASONS]))}", "dim")
    if verdict.missing:
        text.append(f" To verify: {stop(first_of(verdict.missing, REASONS, '; '))}", "yellow")
    if verdict.siblings:
        text.append(f" Also stands for {first_of(verdict.siblings, 3)}.", "dim")
    return text


def first_of(words: Sequence[str], limit: int, joint: str = ", ") -> str:
    """The first `limit` of `words`, and how many more there are."""
    more = len(words) - limit
    return joint.join(map(safe, words[:limit])) + (f" and {more:,} more" if more > 0 else "")


def _around(answer: Ranking, shown: int, out: Console, today: date | None) -> None:
    more = len(answer.recommended) - shown
    if more > 0:
        further = plural(more, "further model qualifies", "further models qualify")
        fact(out, "More", f"{further}: --top {len(answer.recommended)}")
    if answer.ruled_out:
        _ruled_out(answer, out)
    if answer.undecided:
        _undecided(answer, out)
    for label, note in _labelled("Notes", answer.notes):
        fact(out, label, sentence(note))
    dated = f"{answer.catalog_date}{age(answer.catalog_date, today)}"
    fact(out, "Catalog", f"{dated}, {plural(answer.catalog_models, 'model')}, policy {answer.policy_version}", "dim")


def _undecided(answer: Ranking, out: Console) -> None:
    from rich.text import Text

    for label, verdict in _labelled("Undecided", answer.undecided[:SHOWN]):
        fact(
            out,
            label,
            Text.assemble((outline.name(verdict), "cyan"), f": unknown: {first_of(verdict.missing, 2, '; ')}"),
        )
    if len(answer.undecided) > SHOWN:
        fact(out, "", f"and {plural(len(answer.undecided) - SHOWN, 'further model')}: --format json lists all")


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
