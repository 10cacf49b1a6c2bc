"""Terminal views of every answer other than the ranking. They print what `rows` says, laid out for people."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from llmpick.render import entries, outline, question, rows, sizes
from llmpick.render.screen import INDENT, LABEL, bar, breaks, fact, first_of, id_line, labeled, prose, styled
from llmpick.render.terminal import VERDICT_STYLES
from llmpick.render.text import (
    NONE,
    count,
    dollars,
    dollars_range,
    gib,
    hours,
    hours_range,
    link,
    listed,
    percent,
    plural,
    safe,
    sentence,
)
from llmpick.verdict import Tuning

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from rich.console import Console

    from llmpick.catalog import Catalog
    from llmpick.catalog.browse import Stats
    from llmpick.catalog.listed import Listed
    from llmpick.explain import Basis, Compared, Contribution, Explanation
    from llmpick.guidance.answers import AdviseAnswer, Plan
    from llmpick.licensing.asking import Answer
    from llmpick.machine import Card
    from llmpick.profile import Profile
    from llmpick.schema import ApiModel, Gpu, Model
    from llmpick.sizing.options import Estimate
    from llmpick.tree import Tree
    from llmpick.verdict import Memory, Rating, StepVerdict

OUTCOME_STYLES = {"ok": "green", "no": "bold red", "unknown": "magenta"}
PARTS_BAR = 30
"""Cells of the bars of `estimate`."""
MOST = 12
"""Licenses and models without an architecture that `catalog stats` names."""
COLUMN = 22
"""Columns a model needs at least in `compare`."""
LAST = 24
"""Columns the last cell of a `grid` needs beside the others; with fewer it stands beneath them."""


def grid(out: Console, header: Sequence[str], cells: Iterable[Sequence[object]], right: Sequence[int] = ()) -> None:
    """Columns as wide as their text; the last one takes what is left and wraps between words.

    Where that leaves it too little, each row's last cell stands beneath the row.
    """
    from rich.text import Text

    table = [[safe(NONE if cell is None else cell) for cell in row] for row in (header, *cells)]
    widths = [max(len(row[i]) for row in table) for i in range(len(header) - 1)]
    start = sum(width + 2 for width in widths)
    beneath = start + min(LAST, max(len(row[-1]) for row in table)) > out.width
    for number, row in enumerate(table):
        aligned = [f"{c:>{w}}" if i in right else f"{c:{w}}" for i, (c, w) in enumerate(zip(row, widths, strict=False))]
        style = "bold" if number == 0 else ""
        first = Text("".join(f"{cell}  " for cell in aligned), style)
        if beneath:
            first.rstrip()
            out.print(first, soft_wrap=True)
        prose(out, styled(row[-1], style), *((INDENT,) if beneath else (start, first)))


def memory(need: Memory, out: Console) -> None:
    """Part by part with bars against the card, whether it fits, time and cost."""
    from rich.text import Text

    peak, card = need.breakdown.peak, need.available_bytes
    title = Text.assemble((safe(need.model), "bold cyan"), f", {question.METHOD_WORDS[need.method]}")
    out.print(title, soft_wrap=True)
    out.print()
    for part, size in [*outline.parts(need), ("together", peak)]:
        share = size / (card or peak or 1)
        style = "bold" if part == "together" else ""
        line = Text(f"  {part:12} {gib(size):>10}  ", style)
        out.print(Text.assemble(line, bar(share, PARTS_BAR, out), f" {percent(share):>9}"), soft_wrap=True)
    out.print()
    if card is not None:
        fact(out, "Card", styled(f"{gib(card)}: {rows.spared(need)}", "green" if need.fits else "bold red"))
    if need.method != "inference":
        fact(out, "Trains", rows.trained(need))
    _amounts(need, out)
    for label, text in labeled("Assumed", need.assumptions):
        fact(out, label, styled(text), "dim")


def estimate(answer: Estimate | Tuning, today: date | None, out: Console) -> None:
    """The memory; then dollars with the age of their prices, room to grow, what would fit, the cards that hold it."""
    if isinstance(answer, Tuning):
        _tuned(answer, today, out)
        return
    memory(answer.memory, out)
    out.print()
    for label, text in (
        ("Spot", dollars_range(answer.spot_cost_usd) if answer.spot_cost_usd else ""),
        ("Power", dollars_range(answer.electricity_usd) if answer.electricity_usd else ""),
        ("Price", sizes.priced(answer.price, today) if answer.price else ""),
        ("Speed", sizes.speed(answer)),
        ("Largest", sizes.room(answer)),
        ("Would fit", sizes.change(answer)),
        ("Cards", sizes.holding(answer)),
    ):
        if text:
            fact(out, label, styled(text))
    if answer.cards:
        out.print()
        grid(
            out, ("Size", "Fit", "Cheapest to rent", "Cards"), [_swapped(row) for row in sizes.by_size(answer)], (0, 1)
        )


def _tuned(answer: Tuning, today: date | None, out: Console) -> None:
    """A vendor's model: dollars, tokens and their price, what was assumed, what binds."""
    from rich.text import Text

    out.print(Text.assemble((safe(answer.api.id), "bold cyan"), f", {question.METHOD_WORDS['api']}"), soft_wrap=True)
    out.print()
    cost = answer.cost_usd
    for label, text in (
        ("Cost", f"{dollars(cost.expected)} ({dollars_range(cost)})" if cost else ""),
        ("Tokens", sizes.billed(answer)),
        ("Price", sizes.token_price(answer, today)),
        ("Methods", ", ".join(answer.api.methods)),
    ):
        if text:
            fact(out, label, styled(text))
    for label, text in labeled("Assumed", answer.assumptions):
        fact(out, label, styled(text), "dim")
    for label, text in labeled("Watch", answer.watch):
        fact(out, label, sentence(text))


def _swapped(row: tuple[str, str, str, str]) -> tuple[str, str, str, str]:
    size, fits, cards, rent = row
    return size, fits, rent or NONE, cards


def _amounts(answer: Memory | Plan, out: Console) -> None:
    time, cost = answer.time_hours, answer.cost_usd
    if time:
        fact(out, "Time", f"{hours(time.expected)} ({hours_range(time)})")
    if cost:
        fact(out, "Cost", f"{dollars(cost.expected)} ({dollars_range(cost)})")


def explain(asked: Profile, answer: Explanation, out: Console) -> None:
    """Where it stands and why: every step, the contrast to the best other, what would make it win."""
    said = answer.verdict
    id_line(out, styled(said.model.id, "bold cyan"), styled(outline.score(said), "bold"))
    fact(out, "Standing", sentence(answer.status))
    fact(out, "Method", f"{outline.method(said)}, {outline.fit(said.memory)}")
    _license(said.license.id, said.license.verdict, said.license.because, out)
    for step in said.steps:
        _step(step, out)
    if answer.contrast:
        out.print()
        said_of = f"{answer.contrast.ahead} stands over {answer.contrast.behind} by {answer.contrast.gap:.3f}"
        prose(out, styled(said_of, "bold"), 0)
        _contributions("because", answer.contrast.because, out)
        _contributions("despite", answer.contrast.despite, out)
    for label, condition in labeled("Wins if", answer.would_win_if):
        fact(out, label, condition.text)
    if answer.basis:
        _basis(answer.basis, out)
    _firmness(answer, out)


def _basis(basis: Basis, out: Console) -> None:
    """The quality's range, what adds up to it, and every published comparison behind it."""
    out.print()
    found = basis.quality
    said = f"Quality {found.expected:.2f} ({found.low:.2f}–{found.high:.2f}): {found.because}"
    prose(out, styled(said, "bold"), 0)
    fact(out, "Adds up", ", ".join(f"{part.name} {part.amount:+.2f}" for part in basis.parts), indent=2)
    for label, one in labeled("Evidence", basis.published):
        fact(out, label, f"{one.because}: {link(one.source) or one.source}", indent=2)


def _firmness(answer: Explanation, out: Console) -> None:
    """How far each weight may move before another model leads, and how often this one does under all weightings."""
    if answer.stability:
        out.print()
        prose(out, styled(f"{answer.ranking.recommended[0].model.id} stays first while", "bold"), 0)
    for one in answer.stability:
        if one.below or one.above:
            prose(out, styled(one.text), 4, styled("  "))
    if free := [one.criterion for one in answer.stability if not one.below and not one.above]:
        prose(out, styled(f"and {listed(free)} may weigh anything"), 4, styled("  "))
    if answer.first_share is not None:
        said = f"{answer.verdict.model.id} comes first under {percent(answer.first_share)} of all weightings"
        prose(out, styled(said), 0)


def _step(step: StepVerdict, out: Console) -> None:
    from rich.text import Text

    out.print()
    out.print(styled(step.step.capitalize(), "bold"))
    for check in step.checks:
        head = Text.assemble("  ", (f"{check.outcome:8}", OUTCOME_STYLES[check.outcome]), f"{safe(check.name)}: ")
        prose(out, styled(check.because), 10, head)
    for rating in step.ratings:
        _rating(rating, out)


def _rating(rating: Rating, out: Console) -> None:
    """`+0.34  quality 0.62–0.86, weight 0.55: …`: what it adds to the score at least."""
    from rich.text import Text

    head = Text.assemble("  ", (f"{rating.weight * rating.low:+.3f}  ", "cyan"), f"{safe(rating.criterion)} ")
    head.append(f"{outline.worth(rating)} × {rating.weight:.2f}: ")
    prose(out, styled(rating.because), 10, head)


def _contributions(label: str, parts: Sequence[Contribution], out: Console) -> None:
    for word, part in labeled(label, parts):
        fact(out, word, f"{part.criterion} {part.gap:+.3f}: {part.because}", indent=2)


def _license(id: str, verdict: str, because: str, out: Console) -> None:
    from rich.text import Text

    known = "" if id == verdict else f"{safe(id)} "
    fact(out, "License", Text.assemble(known, (verdict, VERDICT_STYLES[verdict]), f": {sentence(because)}"))


def license(answer: Answer, out: Console) -> None:
    """The verdict, why, what must be done, and the words that decide."""
    said = answer.verdict
    fact(out, "License", styled(f"{answer.name} ({said.id})", "bold cyan"))
    fact(out, "Verdict", styled(said.verdict, f"bold {VERDICT_STYLES[said.verdict]}"))
    fact(out, "Because", sentence(said.because))
    for label, duty in labeled("Duties", outline.duties(said.duties)):
        fact(out, label, sentence(duty))
    if said.clause:
        fact(out, "Clause", f"“{said.clause}”")
    if said.source:
        fact(out, "Source", link(said.source) or said.source)
    fact(out, "", styled(sentence(rows.NOT_ADVICE), "dim"))


def compare(asked: Profile, models: Sequence[Compared], out: Console) -> None:
    """Side by side under letters where the models differ; in what they are alike stands on one line."""
    from rich.text import Text

    letters = [chr(ord("A") + number % 26) for number in range(len(models))]
    for letter, one in zip(letters, models, strict=True):
        out.print(Text.assemble((f"{letter}  ", "bold"), (outline.name(one.verdict), "bold cyan")), soft_wrap=True)
    told = rows.compared(models)
    facts = [row for row in told if len(models) == 1 or len(set(row[1:])) > 1]
    label = min(max(len(safe(row[0])) for row in facts) + 2, COLUMN)
    fits = max(1, (out.width - label) // COLUMN)
    for start in range(0, len(models), fits):
        shown = range(start, min(start + fits, len(models)))
        out.print()
        _side_by_side(
            [letters[i] for i in shown], [(row[0], *(row[i + 1] for i in shown)) for row in facts], label, out
        )
    alike = [f"{row[0]} {row[1]}" for row in told if row not in facts and row[1] != NONE]
    if alike:
        out.print()
        fact(out, "Alike", " · ".join(alike))


def _side_by_side(letters: Sequence[str], facts: Sequence[tuple[str, ...]], label: int, out: Console) -> None:
    width = (out.width - label) // len(letters)
    _cells(("", *letters), label, width, "bold", out)
    for row in facts:
        _cells(row, label, width, "", out)


def _cells(row: Sequence[str], label: int, width: int, style: str, out: Console) -> None:
    """One row whose cells wrap between words."""
    wrapped = [_wrapped(cell, width - 2) for cell in row[1:]]
    for number in range(max(map(len, wrapped))):
        line = f"{safe(row[0]) if number == 0 else '':{label}}"
        line += "".join(f"{cell[number] if number < len(cell) else '':{width}}" for cell in wrapped)
        out.print(styled(line.rstrip(), style), soft_wrap=True)


def _wrapped(text: str, width: int) -> list[str]:
    plain = safe(text)
    cuts = [0, *breaks(plain, width), len(plain)]
    return [plain[a:b].strip() for a, b in pairwise(cuts)]


def models(found: Sequence[Listed], laid: Mapping[str, str], out: Console) -> None:
    """One model a line; an id too long for that gets a line alone, so that it can be copied."""
    from rich.text import Text

    name = min(max((len(one.id) for one in found), default=5), out.width - 38)
    out.print(styled(f"{'Model':{name}}  {'Params':>7}  {'License':18} Released", "bold"), soft_wrap=True)
    for one in found:
        figures = f"  {count(one.params):>7}  {safe(one.license or NONE):18} {one.released or NONE}"
        figures += f"  from {safe(laid[one.id])}" if one.id in laid else ""
        head = f"{safe(one.id):{name}}"
        if len(head) + len(figures) > out.width:
            out.print(styled(head.rstrip(), "cyan"), soft_wrap=True)
            head = " " * max(0, min(name, out.width - len(figures)))
        out.print(Text.assemble((head, "cyan"), figures), soft_wrap=True)
    out.print(styled(plural(len(found), "model"), "dim"))


def entry(facts: Catalog, one: Model | ApiModel, out: Console) -> None:
    """Every fact of one entry, then each source once with the blocks that were read from it."""
    from llmpick.catalog.browse import file_of

    told = entries.facts(one)
    column = min(COLUMN, max(LABEL, *(len(field) for field, _ in told)))
    for field, said in told:
        fact(out, field, said, column=column)
    out.print()
    blocks: dict[tuple[str, str], list[str]] = {}
    for block, source in rows.cited(one):
        blocks.setdefault((source.url, source.checked), []).append(block)
    for label, ((url, checked), read) in labeled("Sources", blocks.items()):
        fact(out, label, f"{link(url) or url} ({listed(list(dict.fromkeys(read)))}; checked {checked})", column=column)
    file = file_of(facts, one)
    if file:
        fact(out, "File", file, column=column)


def stats(found: Stats, out: Console) -> None:
    """What the catalog holds and how well each field is covered."""
    from rich.text import Text

    held = (("model", found.models), ("lineage", found.lineages), ("license", found.licenses), ("GPU", found.gpus))
    fact(out, "Catalog", f"{found.date}: {', '.join(plural(number, noun) for noun, number in held)}")
    fact(out, "", f"{plural(found.apis, 'vendor API')}, {plural(found.prices, 'price')}")
    sourced = f"{found.sourced:,} of {found.blocks:,} blocks of facts have a source"
    fact(out, "Sources", f"{sourced}; {plural(found.sources, 'place')} cited")
    counted = f"{found.identical:,} equal the published count, {found.explained:,} differ and say why"
    fact(out, "Parameters", f"{counted}, {found.unconfirmed:,} have no published count")
    fact(out, "Structures", ", ".join(f"{name} {number:,}" for name, number in found.structures))
    fact(out, "Licenses", first_of([f"{name} {number:,}" for name, number in found.by_license], MOST))
    out.print()
    for one in found.coverage:
        share = one.known / one.models if one.models else 0.0
        line = Text(f"{one.field:30} {one.known:>6,} of {one.models:,} ")
        out.print(Text.assemble(line, bar(share, 20, out, limit=False)), soft_wrap=True)
    out.print()
    for label, fact_ in labeled("Oldest", found.oldest):
        fact(out, label, f"{fact_.checked} {fact_.model} ({fact_.block})")
    bare = [f"{one.model} ({one.because})" for one in found.without_architecture]
    if bare:
        fact(out, "Unsized", first_of(bare, MOST))
    for layer in found.layers:
        does = (("adds", layer.added), ("replaces", layer.replaced), ("hides", layer.hidden))
        said = [f"{verb} {len(names):,} ({first_of(list(names), MOST)})" for verb, names in does if names]
        fact(out, "Laid over", f"{layer.directory}: {'; '.join(said) or 'changes nothing'}")


def gpus(cards: Sequence[Gpu], out: Console) -> None:
    """What each known GPU has."""
    cells = [
        (g.name, f"{g.memory_gib:g}", _number(g.bandwidth_gb_s), _number(g.tflops_bf16), g.kind)
        for g in sorted(cards, key=lambda card: (card.memory_gib, card.name))
    ]
    grid(out, ("GPU", "GiB", "GB/s", "bf16 TFLOPS", "Kind"), cells, right=(1, 2, 3))


def _number(amount: float | None) -> str:
    return NONE if amount is None else f"{amount:,.4g}"


def machine(cards: Sequence[Card], out: Console) -> None:
    """This machine's GPUs."""
    if not cards:
        out.print(styled("No GPU answers on this machine; --gpus lists the known ones."))
    for card in cards:
        fact(out, "GPU", f"{card.name}: {gib(card.total_bytes)}, {gib(card.free_bytes)} of them free")


def tree(answer: Tree, out: Console) -> None:
    """The steps in order, what prunes in each and what trades off, with the weights."""
    head = f"Decision tree for {answer.task} ({answer.kind}), policy {answer.policy_version}"
    prose(out, styled(head, "bold"), 0)
    for number, branch in enumerate(answer.branches, 1):
        out.print()
        out.print(styled(f"{number}. {branch.step.capitalize()}, weight {branch.weight:.2f}", "bold cyan"))
        prose(out, styled(branch.because, "dim"), INDENT - 2)
        for label, one in labeled("rules out", branch.constraints):
            fact(out, label, f"{one.name}: {one.asks}", "red", indent=INDENT - 2)
        for label, criterion in labeled("weighs", branch.criteria):
            fact(
                out, label, f"{criterion.name} {criterion.weight:.3f}: {criterion.because}", "green", indent=INDENT - 2
            )


def advise(answer: AdviseAnswer, out: Console) -> None:
    """Whether, how, with how much data, judged by what."""
    because = " ".join(map(sentence, answer.because))
    fact(out, "Fine-tune?", f"{answer.fine_tune.capitalize()}. {because}")
    for label, text in labeled("Instead", answer.instead):
        fact(out, label, sentence(text))
    out.print()
    fact(out, "Technique", f"{answer.technique.name}: {sentence(answer.technique.because)}")
    for label, other in labeled("Or", answer.others):
        fact(out, label, f"{other.name}: {sentence(other.because)}", "dim")
    out.print()
    data = answer.data
    have = "you did not say how many you have" if data.have is None else f"you have {data.have:,}"
    fact(out, "Examples", f"at least {data.minimum:,}, good from {data.good:,}; {have}. {sentence(data.because)}")
    fact(out, "Splits", sentence(data.splits))
    for label, text in labeled("Quality", data.quality):
        fact(out, label, sentence(text))
    out.print()
    for label, metric in labeled("Metrics", answer.metrics):
        fact(out, label, f"{metric.name}: {sentence(metric.because)}")
    fact(out, "Baseline", sentence(answer.baseline))
    for label, source in labeled("Sources", answer.sources):
        fact(out, label, styled(link(source) or source, "dim"), "dim")


def plan(answer: Plan, out: Console) -> None:
    """Every setting with its reason, what it takes, what to watch."""
    from rich.text import Text

    out.print(Text.assemble((safe(answer.model), "bold cyan"), f", {safe(answer.method)}"), soft_wrap=True)
    out.print()
    for setting in answer.settings:
        prose(out, Text.assemble((safe(setting.name), "bold"), f" = {safe(rows.value(setting.value))}"), 0)
        prose(out, styled(sentence(setting.because), "dim"), 2)
    out.print()
    if answer.memory:
        fact(out, "Memory", ": ".join(filter(None, (outline.fit(answer.memory), rows.spared(answer.memory)))))
    _amounts(answer, out)
    for label, text in labeled("Watch", answer.watch):
        fact(out, label, sentence(text))
