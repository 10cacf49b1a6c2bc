"""The command line: argv in, exit code out. Each command parses, asks, and hands the answer to a renderer."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from llmpick import request
from llmpick.errors import CatalogError, LlmpickError
from llmpick.flags import (
    ANSWER,
    CATALOG,
    FILE,
    FILES,
    FORMATS,
    JOB,
    PROFILE,
    RANKING,
    SEARCH,
    TEXT,
    USE,
    VIEW,
    YES_NO,
    Command,
    Flag,
    read,
)
from llmpick.record import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from llmpick.catalog import Catalog
    from llmpick.verdict import Ranking

    Asked = dict[str, Any]

NOTHING_QUALIFIES = 3
INTERRUPTED = 130
COMMANDS: dict[str, Command] = {}
"""By the words that ask for them."""

MODEL = Flag(str, (), "Hub id, or an unambiguous short name.", "MODEL", ...)


def command(name: str, flags: Mapping[str, Flag]) -> Callable[[Callable[[Asked], int | None]], None]:
    """Make a function the command `name`; what was given of `flags` reaches it as a mapping."""

    def keep(run: Callable[[Asked], int | None]) -> None:
        COMMANDS[name] = Command(flags, run, run.__doc__)

    return keep


def answers(name: str, view: str, flags: Mapping[str, Flag]) -> Callable[[Callable[..., tuple[Any, ...]]], None]:
    """A command that answers with the values `view` shows; it is given the catalog and its flags."""

    def keep(answer: Callable[..., tuple[Any, ...]]) -> None:
        def run(raw: Asked) -> None:
            asked = {name: value for name, value in raw.items() if name not in VIEW}
            _show(view, answer(request.load(raw.get("catalog")), asked), raw)

        COMMANDS[name] = Command({**flags, **VIEW}, run, answer.__doc__)

    return keep


@command("recommend", PROFILE | RANKING | ANSWER)
def recommend(raw: Asked) -> int:
    """Rank base models to fine-tune for a task, with the method, what it takes and why."""
    form = _format(raw)
    return _code(_rank(raw, request.load(raw.get("catalog")), form))


@command(
    "interview",
    {"save": Flag(FILE, ("--save",), "Write the profile as YAML.", "FILE")}
    | PROFILE
    | {name: flag for name, flag in ANSWER.items() if name != "output"},
)
def interview(raw: Asked) -> int:
    """Ask for the profile question by question, then answer like `recommend`."""
    from llmpick import interview

    save, form, force = raw.pop("save", None), _format(raw), raw.get("force", False)
    facts = request.load(raw.get("catalog"))
    answers = interview.run(_given(raw), facts, save=save, force=force)
    answer = _rank(answers, facts, form)
    interview.finish(answer, lambda form: "".join(_written(answer, facts, form, to_file=True)), force=force)
    return _code(answer)


DOCUMENT = Flag(TEXT, ("--format",), "markdown (default) or html.", "FORMAT")


@command("report", PROFILE | {"top": RANKING["top"]} | ANSWER | {"format": DOCUMENT})
def report(raw: Asked) -> int:
    """The answer as a document: what was asked, the ranking, the leaders in depth, the sources."""
    form = _choice(raw.get("format", "markdown"), ("markdown", "html"))
    return _code(_rank(raw, request.load(raw.get("catalog")), form))


@answers("explain", "explain", {"model": MODEL} | PROFILE)
def explain(facts: Catalog, raw: Asked) -> tuple[Any, ...]:
    """Why a model is ranked where it is, or ruled out, and what would have to change for it to win."""
    from llmpick import explain
    from llmpick.catalog import browse

    model = raw.pop("model")
    profile = request.build(request.given(raw), facts)
    return profile, explain.explain(browse.find(facts, model), facts, profile)


@answers("compare", "compare", {"models": Flag(list[str], (), "Hub ids or short names.", "MODEL…", ...)} | PROFILE)
def compare(facts: Catalog, raw: Asked) -> tuple[Any, ...]:
    """Models side by side for a profile, whether they fit or not."""
    from llmpick import explain
    from llmpick.catalog import browse

    models = raw.pop("models")
    profile = request.build(request.given(raw), facts)
    return profile, explain.compare([browse.find(facts, name) for name in models], facts, profile)


OF = {
    "model": Flag(TEXT, (), None, "MODEL"),
    "config": Flag(FILE, ("--config",), "A Hugging Face config.json.", "FILE"),
}


@answers("estimate", "estimate", OF | JOB)
def estimate(facts: Catalog, raw: Asked) -> tuple[Any, ...]:
    """Memory, time and cost of training or serving one model, part by part."""
    from datetime import date

    from llmpick import estimating

    model, config = (raw.pop(name, None) for name in OF)
    return estimating.answer(raw, model, config, facts), date.today()


@answers("advise", "advise", PROFILE)
def advise(facts: Catalog, raw: Asked) -> tuple[Any, ...]:
    """Should I fine-tune at all, with which technique, how much data, which metrics?"""
    from llmpick.guidance.advise import advise

    return (advise(request.build(request.given(raw), facts), facts.apis),)


TRAINERS = (
    "Write what it loads: transformers, sentence-transformers, setfit, trl, unsloth, axolotl, llama-factory, "
    "torchtune, or api for a vendor."
)
PLAN = {
    "model": MODEL,
    "framework": Flag(TEXT, ("--framework",), TRAINERS, "NAME"),
    "output": Flag(FILE, ("--output", "-o"), "Folder for its files.", "DIR", Path("plan")),
}


@command("plan", PLAN | PROFILE | {name: flag for name, flag in VIEW.items() if name != "output"})
def plan(raw: Asked) -> None:
    """Hyperparameters with reasons; with --framework, the config or script that trainer loads."""
    from llmpick import planning

    model, framework, output = (raw.pop(name, None) for name in PLAN)
    facts = request.load(raw.get("catalog"))
    made = planning.answer(model, facts, request.build(_given(raw), facts))
    wrote = planning.write_files(made, framework, output, force=raw.get("force", False)) if framework else ()
    _show("plan", (made,), raw)
    for path in wrote:
        print(f"wrote {path}", file=sys.stderr)


@answers("license", "license", {"name": Flag(str, (), None, "LICENSE|MODEL", ...)} | USE)
def license(facts: Catalog, raw: Asked) -> tuple[Any, ...]:
    """May I use it, for this? Verdict, duties and the clause. Not legal advice."""
    from llmpick.licensing import asking

    name = raw.pop("name")
    return (asking.answer(name, raw, facts),)


@answers("tree", "tree", {"task": PROFILE["task"]})
def tree(facts: Catalog, raw: Asked) -> tuple[Any, ...]:
    """The decision tree itself: steps, constraints, criteria, weights."""
    from llmpick import tree

    return (tree.tree(facts, raw.get("task")),)


@command("hardware", {"gpus": Flag(YES_NO, ("--gpus",), "What each known GPU has.")} | VIEW)
def hardware(raw: Asked) -> None:
    """What this machine has; with --gpus, what each known GPU has."""
    from llmpick import machine

    facts = request.load(raw.get("catalog"))
    if raw.get("gpus"):
        return _show("gpus", (facts.gpus,), raw)
    cards = machine.cards()
    if not cards and _format(raw) != "table":
        print("no GPU answers on this machine; --gpus lists the known ones", file=sys.stderr)
    return _show("machine", (cards,), raw)


@command("mcp", {"catalog": CATALOG})
def mcp(raw: Asked) -> None:
    """Serve the same answers to an agent: a Model Context Protocol server over stdio (extra `mcp`)."""
    from llmpick import mcp_server

    mcp_server.serve(raw.get("catalog"))


@answers("catalog list", "models", SEARCH)
def catalog_list(facts: Catalog, raw: Asked) -> tuple[Any, ...]:
    """The models, by family, task, license, size, language or domain."""
    from llmpick.catalog import browse
    from llmpick.searching import wanted

    found = browse.select(facts, wanted(raw))
    if not found:
        print("no model of the catalog answers all of that; leave out a demand", file=sys.stderr)
    return found, browse.laid(facts, found)


@answers("catalog show", "entry", {"model": MODEL})
def catalog_show(facts: Catalog, raw: Asked) -> tuple[Any, ...]:
    """One model's whole entry with its sources."""
    from llmpick.catalog import browse

    return facts, browse.find_any(facts, raw["model"])


@answers("catalog stats", "stats", {})
def catalog_stats(facts: Catalog, raw: Asked) -> tuple[Any, ...]:
    """Counts, coverage per field, the oldest facts."""
    from llmpick.catalog import browse

    return (browse.stats(facts),)


@command("catalog check", {"directories": Flag(FILES, (), None, "[DIR]…"), "catalog": CATALOG})
def catalog_check(raw: Asked) -> int:
    """Lint the catalog: each finding is `file:line:column: rule: what, and the fix`; exit 4 when there is one."""
    from llmpick import lint

    report = lint.check(tuple(raw.get("directories") or raw.get("catalog") or ()))
    _emit([report.text], None, False)
    return CatalogError.exit_code if report.findings else 0


ADD = {
    "names": Flag(list[str], (), "Hub ids, their URLs, or folders.", "ORG/NAME…", ...),
    "catalog": CATALOG,
    "force": Flag(YES_NO, ("--force",), "Overwrite a model file that is there."),
}


@command("catalog add", ADD)
def catalog_add(raw: Asked) -> int:
    """Add models from the Hub to your own catalog, for you to complete. Needs the network."""
    from datetime import date

    from llmpick import hub

    catalog, force = raw.get("catalog", []), raw.get("force", False)
    folder, facts, today = hub.target(catalog), request.load(catalog), date.today().isoformat()
    done = hub.add_all(raw["names"], facts, folder, today, force=force)
    _emit([done.text], None, False)
    return done.exit_code


REFRESH = {
    "family": Flag(TEXT, ("--family",), "Only this family.", "NAME"),
    "dry_run": Flag(YES_NO, ("--dry-run",), "Say what would change; write nothing."),
    "catalog": CATALOG,
}


@command("catalog refresh", REFRESH)
def catalog_refresh(raw: Asked) -> int:
    """Ask the Hub for downloads, likes and last changes anew. Needs the network."""
    from datetime import date

    from llmpick import hub

    catalog, dry_run = raw.get("catalog", []), raw.get("dry_run", False)
    folder, facts, today = hub.target(catalog, make=not dry_run), request.load(catalog), date.today().isoformat()
    refreshed = hub.refresh(facts, folder, today, family=raw.get("family"), dry_run=dry_run)
    _emit([refreshed.text], None, False)
    return refreshed.exit_code


SCHEMA = {
    "output": Flag(FILE, ("--output", "-o"), "Folder to write into.", "DIR", Path("schema")),
    "force": Flag(YES_NO, ("--force",), "Overwrite existing schemas that differ."),
}


@command("catalog schema", SCHEMA)
def catalog_schema(raw: Asked) -> None:
    """Write the JSON Schemas of the catalog's files, for editors."""
    from llmpick.catalog import schemas
    from llmpick.files import write_all

    output = raw["output"]
    for path in write_all(output, schemas.stale(output), force=raw.get("force", False)):
        print(f"wrote {path}", file=sys.stderr)


def main() -> NoReturn:
    """Run the command line and leave with the exit code of the contract."""
    for name in ("stdout", "stderr"):
        # A caller may have closed it: then nobody listens, which is no fault.
        stream: Any = getattr(sys, name) or open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
        # A legacy console code page must not turn a name it lacks into a traceback.
        stream.reconfigure(encoding="utf-8", errors="replace")
        setattr(sys, name, stream)
    _end(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """The exit code of one invocation; every known fault is one line on stderr."""
    if arguments in ([], ["catalog"]):  # no fault, and typer's own answer to it is help that reads like one
        arguments = [*arguments, "--help"]
    try:
        found = _plainly(arguments) or _by_typer(arguments)
        return found if isinstance(found, int) else found[0].run(found[1]) or 0
    except LlmpickError as error:
        return _say(str(error), error.exit_code)
    except OSError as error:
        return _unheard(error)
    except (KeyboardInterrupt, EOFError):
        return _say("interrupted", INTERRUPTED)


def _plainly(arguments: list[str]) -> tuple[Command, Asked] | None:
    """The command asked for and what was given of its flags; None where it takes typer to say."""
    if "_LLMPICK_COMPLETE" in os.environ:  # a shell asks how a line may go on
        return None
    for words in (1, 2):
        asked = COMMANDS.get(" ".join(arguments[:words]))
        given = asked and read(arguments[words:], asked.flags)
        if asked and given is not None:
            return asked, given
    return None


def _by_typer(arguments: list[str]) -> tuple[Command, Asked] | int:
    from llmpick import by_typer

    return by_typer.read(arguments, COMMANDS)


def _end(code: int) -> NoReturn:
    """Leave at once: to take apart every object that is left takes as long as to print the answer."""
    if sys.getprofile() or sys.gettrace():
        sys.exit(code)  # whoever watches has something to do at the end
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            code = code or 1
    os._exit(code)


def _unheard(error: OSError) -> int:
    """The exit code where stdout cannot be written. A fault with a file is none of this, and raised again."""
    if error.filename:
        raise error
    _hang_up()
    if isinstance(error, BrokenPipeError):
        return 0  # the reader left (`| head`): nothing more to say
    return _say(f"cannot write the answer: {error.strerror}; send it somewhere else", 2)


def _hang_up() -> None:
    """Send what is left of stdout nowhere, so that Python has nothing to say of it at shutdown."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _say(message: str, code: int) -> int:
    from llmpick.render.text import safe

    print(f"llmpick: {safe(message)}", file=sys.stderr)
    return code


def _given(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of the Profile among the flags."""
    return request.given({name: value for name, value in raw.items() if name not in (*ANSWER, "what_if")})


def _what_if(change: str, given: Mapping[str, Any], answer: Ranking, facts: Catalog) -> str:
    """One sentence on what `flag=value` would change."""
    from llmpick import profile, sensitivity

    name, equals, value = change.partition("=")
    if not equals:
        raise LlmpickError(f"--what-if: {change!r} is no change", "write flag=value, for example gpu=48GB")
    try:
        changed = request.build(profile.merge(given, {name: value}), facts)
    except LlmpickError as error:
        raise LlmpickError(f"--what-if {change}: {error.message}", error.hint) from None
    return sensitivity.what_if(change, answer, changed, facts).text


def _rank(raw: Mapping[str, Any], facts: Catalog, form: str) -> Ranking:
    """Rank and print."""
    from llmpick import engine
    from llmpick.render import ranking as render

    given = _given(raw)
    answer = engine.rank(facts, request.build(given, facts))
    said = tuple(_what_if(change, given, answer, facts) for change in raw.get("what_if") or ())
    answer = replace(answer, notes=answer.notes + said)
    talk = render.talk(answer, form)
    if talk:
        print(talk, file=sys.stderr)
    output = raw.get("output")
    _emit(_written(answer, facts, form, to_file=output is not None), output, raw.get("force", False))
    return answer


def _written(answer: Ranking, facts: Catalog, form: str, *, to_file: bool) -> Iterable[str]:
    """The ranking in `form`; a document also says how to train what leads it."""
    from llmpick.render import ranking as render

    guide = today = None
    if form in ("table", "markdown", "html"):  # those that say how old the catalog is
        from datetime import date

        today = date.today()
    if form in ("markdown", "html"):
        from llmpick import planning

        guide = planning.guide(answer, facts)
    return render.pieces(answer, form, to_file=to_file, today=today, guide=guide)


def _code(answer: Ranking) -> int:
    """The exit code: 3 when nothing qualifies."""
    return 0 if answer.recommended else NOTHING_QUALIFIES


def _show(view: str, values: tuple[Any, ...], raw: Mapping[str, Any]) -> None:
    """Print an answer other than a ranking, as the flags in `raw` say."""
    from llmpick.render import views

    output = raw.get("output")
    _emit(views.pieces(view, values, _format(raw), to_file=output is not None), output, raw.get("force", False))


def _format(raw: Mapping[str, Any]) -> str:
    """The format asked for; else a table on a terminal, plain in a pipe or a file."""
    if "format" in raw:
        return _choice(raw["format"], FORMATS)
    return "table" if raw.get("output") is None and sys.stdout.isatty() else "plain"


def _choice(word: str, allowed: tuple[str, ...]) -> str:
    from llmpick.errors import did_you_mean

    if word not in allowed:
        hint = did_you_mean(word, allowed) or f"one of: {', '.join(allowed)}"
        raise LlmpickError(f"--format: {word!r} is not known", hint)
    return word


def _emit(pieces: Iterable[str], output: Path | None, force: bool) -> None:
    """Write an answer, and end its last line."""
    if output is None:
        last = ""
        for last in pieces:
            sys.stdout.write(last)
        sys.stdout.write("" if last.endswith("\n") or not last else "\n")
        sys.stdout.flush()
        return
    from llmpick.files import write

    write(output, "".join(pieces), force=force)
    print(f"wrote {output}", file=sys.stderr)
