"""The ranking on a terminal: the question, the models with their figures and reasons, what was ruled out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick.render import outline, question
from llmpick.render.screen import INDENT, bar, fact, first_of, id_line, labeled, prose, styled
from llmpick.render.text import (
    NONE,
    age,
    dollars,
    dollars_range,
    hours,
    hours_range,
    listed,
    plural,
    safe,
    sentence,
    stop,
)

if TYPE_CHECKING:
    from collections.abc import Container, Sequence
    from datetime import date

    from rich.console import Console
    from rich.text import Text

    from llmpick.verdict import Memory, Ranking, Span, Verdict

NARROW = 96
"""Below this many columns the least important figures are folded away."""
REASONS = 2
"""Reasons for and against that stand under each row."""
VERDICT_STYLES = {"allowed": "green", "conditional": "yellow", "forbidden": "red", "unknown": "magenta"}


def ranking(answer: Ranking, out: Console, today: date | None = None) -> None:
    """The whole answer: the question, the ranking with reasons, what was ruled out, what is undecided, the notes."""
    _question(answer, out)
    shown = outline.top(answer)
    if shown:
        _headings(out)
    shared = _shared(shown)
    for verdict in shown:
        _row(verdict, out, shared)
    if not shown:
        out.print(styled("Nothing qualifies.", "bold red"), soft_wrap=True)
        out.print()
    for label, (fact_, ranks) in labeled("To verify", shared.items()):
        fact(out, label, f"{fact_} (ranks {listed(ranks)})")
    _around(answer, len(shown), out, today)


def _shared(shown: Sequence[Verdict]) -> dict[str, list[str]]:
    """What is not known of several rows, with their ranks: said once under the ranking instead of in each."""
    ranks: dict[str, list[str]] = {}
    for verdict in shown:
        for unknown in outline.verify(verdict):
            ranks.setdefault(unknown, []).append(outline.rank(verdict))
    return {unknown: places for unknown, places in ranks.items() if len(places) > 1}


def _question(answer: Ranking, out: Console) -> None:
    said = question.answers(answer.profile)
    fact(out, "Asked", " · ".join(f"{a.label}: {a.value}" for a in said if not a.assumed))
    because = " ".join(map(sentence, answer.advice.because))
    fact(out, "Fine-tune?", f"{answer.advice.fine_tune.capitalize()}. {because}")
    for text in answer.advice.instead:
        fact(out, "", f"Instead: {safe(text)}")
    out.print()


def _assumed(answer: Ranking, out: Console) -> None:
    assumed = [a for a in question.answers(answer.profile) if a.assumed]
    if assumed:
        fact(out, "Assumed", styled(" · ".join(f"{a.label}: {a.value}" for a in assumed), "dim"), "dim")
        fact(out, "", styled(f"change with {' '.join(a.flag for a in assumed)}", "dim"))


def _widths(out: Console) -> tuple[int, int, int, int, int]:
    """Columns of method, memory, bar, time, cost; the license takes the rest."""
    return (6, 16, 10, 7, 8) if out.width < NARROW else (6, 16, 14, 11, 12)


def _headings(out: Console) -> None:
    method, memory, cells, time, cost = _widths(out)
    id_line(out, styled(f"{'#':>3}  Model", "bold"), styled("Score", "bold"))
    words = f"{'Method':{method}} {'Memory on the card':{memory + cells + 1}}  {'Time':{time}} {'Cost':{cost}} License"
    out.print(styled(" " * INDENT + words, "bold dim"), soft_wrap=True)
    out.rule(style="dim", characters="-" if out.options.ascii_only else "─")


def _row(verdict: Verdict, out: Console, said: Container[str]) -> None:
    from rich.text import Text

    name = Text.assemble((f"{outline.rank(verdict):>3}", "bold"), "  ", (outline.name(verdict), "bold cyan"))
    id_line(out, name, styled(outline.score(verdict), "bold"))
    out.print(_figures(verdict, out), soft_wrap=True)
    prose(out, _reasons(verdict, said))
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
    full = Text.assemble("" if said.id == said.verdict else f"{safe(said.id)} ", word)
    return full if full.cell_len <= room else Text.assemble(word)


def _reasons(verdict: Verdict, said: Container[str]) -> Text:
    """The heaviest reasons for and against; the others stand in `explain` and in the other formats."""
    from rich.text import Text

    text = Text(sentence("; ".join(verdict.because[:REASONS])) or "No reason was recorded.")
    if verdict.despite:
        text.append(f" Despite: {stop('; '.join(verdict.despite[:REASONS]))}", "dim")
    if unknown := [fact_ for fact_ in outline.verify(verdict) if fact_ not in said]:
        text.append(f" To verify: {stop(first_of(unknown, REASONS, '; '))}", "yellow")
    if verdict.siblings:
        text.append(f" Also stands for {first_of(verdict.siblings, 3)}.", "dim")
    return text


def _around(answer: Ranking, shown: int, out: Console, today: date | None) -> None:
    more = len(answer.recommended) - shown
    if more > 0:
        further = plural(more, "further model qualifies", "further models qualify")
        fact(out, "More", f"{further}: --top {len(answer.recommended)}")
    if answer.ruled_out:
        _ruled_out(answer, out)
    if answer.undecided:
        _undecided(answer, out)
    _assumed(answer, out)
    for label, note in labeled("Notes", answer.notes):
        fact(out, label, sentence(note))
    dated = f"{answer.catalog_date}{age(answer.catalog_date, today)}"
    fact(out, "Catalog", f"{dated}, {plural(answer.catalog_models, 'model')}, policy {answer.policy_version}", "dim")


def _undecided(answer: Ranking, out: Console) -> None:
    from rich.text import Text

    first = answer.undecided[0]
    many = plural(len(answer.undecided), "model is", "models are")
    text = Text(f"{many} not known well enough (--format json lists all), such as ")
    fact(out, "Undecided", Text.assemble(text, (outline.name(first), "cyan"), f": {safe(outline.unknown(first, 1))}"))


def _ruled_out(answer: Ranking, out: Console) -> None:
    from rich.text import Text

    steps = ", ".join(f"{number:,} at {step}" for step, number in outline.counts(answer))
    fact(out, "Ruled out", f"{plural(len(answer.ruled_out), 'model')}: {steps}")
    for label, miss in labeled("Near misses", outline.nearest(answer)):
        remedy = outline.needed(miss)
        needed = f"; it would need {remedy}" if remedy else ""
        text = Text.assemble((outline.name(miss.verdict), "cyan"), f": {safe(miss.check.because)}{needed}")
        fact(out, label, text)
