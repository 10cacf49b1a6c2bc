"""The command line: argv in, exit code out. Each command parses, asks, and hands the answer to a renderer."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from llmpick import request
from llmpick.errors import CatalogError, LlmpickError
from llmpick.flags import ANSWER, CATALOG, FORMATS, JOB, PROFILE, RANKING, SEARCH, USE, VIEW, Taking, takes
from llmpick.record import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from llmpick.catalog import Catalog
    from llmpick.verdict import Ranking

NOTHING_QUALIFIES = 3
INTERRUPTED = 130

SETTINGS: dict[str, Any] = {
    "name": "llmpick",
    "help": "Which base model should I fine-tune, and how?",
    "no_args_is_help": True,
    "pretty_exceptions_enable": False,
    "rich_markup_mode": None,
    "context_settings": {"help_option_names": ["-h", "--help"]},
}
app = typer.Typer(**SETTINGS)
catalog_app = typer.Typer(help="The catalog: read, search, check.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(catalog_app, name="catalog")

MODEL = Annotated[
    str, typer.Argument(metavar="MODEL", help="Hub id, or an unambiguous short name.", show_default=False)
]
DOCUMENT = Annotated[str | None, typer.Option("--format", metavar="FORMAT", help="markdown (default) or html.")]
MODELS = Annotated[list[str], typer.Argument(metavar="MODEL…", help="Hub ids or short names.", show_default=False)]
TRAINERS = (
    "Write what it loads: transformers, sentence-transformers, setfit, trl, unsloth, axolotl, llama-factory, "
    "torchtune, or api for a vendor."
)
VERSION = Annotated[bool, typer.Option("--version", help="Print the version and leave.")]


@app.callback(invoke_without_command=True)
def root(version: VERSION = False) -> None:
    """Which base model should I fine-tune, and how? Ranked answers from a sourced catalog, offline."""
    if version:
        from importlib.metadata import version as installed

        print(f"llmpick {installed('llmpick')}")
        raise typer.Exit


def answers(view: str, flags: dict[str, Any]) -> Callable[[Callable[..., tuple[Any, ...]]], Taking]:
    """A command that answers with the values `view` shows; it is given the catalog and its flags."""

    def decorate(command: Callable[..., tuple[Any, ...]]) -> Taking:
        def run(raw: dict[str, Any], **own: Any) -> None:
            asked = {name: value for name, value in raw.items() if name not in VIEW}
            _show(view, command(request.load(raw.get("catalog")), asked, **own), raw)

        return Taking(command, flags | VIEW, run)

    return decorate


@app.command()
@takes(PROFILE | RANKING | ANSWER)
def recommend(raw: dict[str, Any]) -> None:
    """Rank base models to fine-tune for a task, with the method, what it takes and why."""
    form = _format(raw)
    _leave(_rank(raw, request.load(raw.get("catalog")), form))


@app.command()
@takes(PROFILE | {name: flag for name, flag in ANSWER.items() if name != "output"})
def interview(
    raw: dict[str, Any],
    *,
    save: Annotated[Path | None, typer.Option("--save", metavar="FILE", help="Write the profile as YAML.")] = None,
) -> None:
    """Ask for the profile question by question, then answer like `recommend`."""
    from llmpick import interview

    form, force = _format(raw), raw.get("force", False)
    facts = request.load(raw.get("catalog"))
    answers = interview.run(_given(raw), facts, save=save, force=force)
    answer = _rank(answers, facts, form)
    interview.finish(answer, lambda form: "".join(_written(answer, facts, form, to_file=True)), force=force)
    _leave(answer)


@app.command()
@takes(PROFILE | {"top": RANKING["top"]} | ANSWER | {"format": DOCUMENT})
def report(raw: dict[str, Any]) -> None:
    """The answer as a document: what was asked, the ranking, the leaders in depth, the sources."""
    form = _choice(raw.get("format", "markdown"), ("markdown", "html"))
    _leave(_rank(raw, request.load(raw.get("catalog")), form))


@app.command()
@answers("explain", PROFILE)
def explain(facts: Catalog, raw: dict[str, Any], *, model: MODEL) -> tuple[Any, ...]:
    """Why a model is ranked where it is, or ruled out, and what would have to change for it to win."""
    from llmpick import explain
    from llmpick.catalog import browse

    profile = request.build(request.given(raw), facts)
    return profile, explain.explain(browse.find(facts, model), facts, profile)


@app.command()
@answers("compare", PROFILE)
def compare(facts: Catalog, raw: dict[str, Any], *, models: MODELS) -> tuple[Any, ...]:
    """Models side by side for a profile, whether they fit or not."""
    from llmpick import explain
    from llmpick.catalog import browse

    profile = request.build(request.given(raw), facts)
    return profile, explain.compare([browse.find(facts, name) for name in models], facts, profile)


@app.command()
@answers("estimate", JOB)
def estimate(
    facts: Catalog,
    raw: dict[str, Any],
    *,
    model: Annotated[str | None, typer.Argument(metavar="MODEL", show_default=False)] = None,
    config: Annotated[Path | None, typer.Option("--config", metavar="FILE", help="A Hugging Face config.json.")] = None,
) -> tuple[Any, ...]:
    """Memory, time and cost of training or serving one model, part by part."""
    from datetime import date

    from llmpick import estimating

    return estimating.answer(raw, model, config, facts), date.today()


@app.command()
@answers("advise", PROFILE)
def advise(facts: Catalog, raw: dict[str, Any]) -> tuple[Any, ...]:
    """Should I fine-tune at all, with which technique, how much data, which metrics?"""
    from llmpick.guidance.advise import advise

    return (advise(request.build(request.given(raw), facts), facts.apis),)


@app.command()
@takes(PROFILE | {name: flag for name, flag in VIEW.items() if name != "output"})
def plan(
    raw: dict[str, Any],
    *,
    model: MODEL,
    framework: Annotated[str | None, typer.Option("--framework", metavar="NAME", help=TRAINERS)] = None,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="Folder for its files.")] = Path("plan"),
) -> None:
    """Hyperparameters with reasons; with --framework, the config or script that trainer loads."""
    from llmpick import planning

    facts = request.load(raw.get("catalog"))
    made = planning.answer(model, facts, request.build(_given(raw), facts))
    wrote = planning.write_files(made, framework, output, force=raw.get("force", False)) if framework else ()
    _show("plan", (made,), raw)
    for path in wrote:
        print(f"wrote {path}", file=sys.stderr)


@app.command()
@answers("license", USE)
def license(
    facts: Catalog,
    raw: dict[str, Any],
    *,
    name: Annotated[str, typer.Argument(metavar="LICENSE|MODEL", show_default=False)],
) -> tuple[Any, ...]:
    """May I use it, for this? Verdict, duties and the clause. Not legal advice."""
    from llmpick.licensing import asking

    return (asking.answer(name, raw, facts),)


@app.command()
@answers("tree", {"task": PROFILE["task"]})
def tree(facts: Catalog, raw: dict[str, Any]) -> tuple[Any, ...]:
    """The decision tree itself: steps, constraints, criteria, weights."""
    from llmpick import tree

    return (tree.tree(facts, raw.get("task")),)


@app.command()
@takes(VIEW)
def hardware(
    raw: dict[str, Any], *, gpus: Annotated[bool, typer.Option("--gpus", help="What each known GPU has.")] = False
) -> None:
    """What this machine has; with --gpus, what each known GPU has."""
    from llmpick import machine

    facts = request.load(raw.get("catalog"))
    if gpus:
        return _show("gpus", (facts.gpus,), raw)
    cards = machine.cards()
    if not cards and _format(raw) != "table":
        print("no GPU answers on this machine; --gpus lists the known ones", file=sys.stderr)
    return _show("machine", (cards,), raw)


@app.command()
def mcp(*, catalog: CATALOG = None) -> None:
    """Serve the same answers to an agent: a Model Context Protocol server over stdio (extra `mcp`)."""
    from llmpick import mcp_server

    mcp_server.serve(catalog)


@catalog_app.command("list")
@answers("models", SEARCH)
def catalog_list(facts: Catalog, raw: dict[str, Any]) -> tuple[Any, ...]:
    """The models, by family, task, license, size, language or domain."""
    from llmpick.catalog import browse
    from llmpick.searching import wanted

    found = browse.select(facts, wanted(raw))
    if not found:
        print("no model of the catalog answers all of that; leave out a demand", file=sys.stderr)
    return found, browse.laid(facts, found)


@catalog_app.command("show")
@answers("entry", {})
def catalog_show(facts: Catalog, raw: dict[str, Any], *, model: MODEL) -> tuple[Any, ...]:
    """One model's whole entry with its sources."""
    from llmpick.catalog import browse

    return facts, browse.find_any(facts, model)


@catalog_app.command("stats")
@answers("stats", {})
def catalog_stats(facts: Catalog, raw: dict[str, Any]) -> tuple[Any, ...]:
    """Counts, coverage per field, the oldest facts."""
    from llmpick.catalog import browse

    return (browse.stats(facts),)


@catalog_app.command("check")
def catalog_check(
    *,
    directories: Annotated[list[Path] | None, typer.Argument(metavar="[DIR]…", show_default=False)] = None,
    catalog: CATALOG = None,
) -> None:
    """Lint the catalog: each finding is `file:line:column: rule: what, and the fix`; exit 4 when there is one."""
    from llmpick import lint

    report = lint.check(tuple(directories or catalog or ()))
    _emit([report.text], None, False)
    if report.findings:
        raise typer.Exit(CatalogError.exit_code)


@catalog_app.command("add")
def catalog_add(
    *,
    names: Annotated[
        list[str], typer.Argument(metavar="ORG/NAME…", help="Hub ids, their URLs, or folders.", show_default=False)
    ],
    catalog: CATALOG = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite a model file that is there.")] = False,
) -> None:
    """Add models from the Hub to your own catalog, for you to complete. Needs the network."""
    from datetime import date

    from llmpick import hub

    folder, facts, today = hub.target(catalog or []), request.load(catalog), date.today().isoformat()
    done = hub.add_all(names, facts, folder, today, force=force)
    _emit([done.text], None, False)
    if done.exit_code:
        raise typer.Exit(done.exit_code)


@catalog_app.command("refresh")
def catalog_refresh(
    *,
    family: Annotated[str | None, typer.Option("--family", metavar="NAME", help="Only this family.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change; write nothing.")] = False,
    catalog: CATALOG = None,
) -> None:
    """Ask the Hub for downloads, likes and last changes anew. Needs the network."""
    from datetime import date

    from llmpick import hub

    folder = hub.target(catalog or [], make=not dry_run)
    refreshed = hub.refresh(request.load(catalog), folder, date.today().isoformat(), family=family, dry_run=dry_run)
    _emit([refreshed.text], None, False)
    if refreshed.exit_code:
        raise typer.Exit(refreshed.exit_code)


@catalog_app.command("schema")
def catalog_schema(
    *,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="Folder to write into.")] = Path(
        "schema"
    ),
    force: Annotated[bool, typer.Option("--force", help="Overwrite existing schemas that differ.")] = False,
) -> None:
    """Write the JSON Schemas of the catalog's files, for editors."""
    from llmpick.catalog import schemas
    from llmpick.files import write_all

    for path in write_all(output, schemas.stale(output), force=force):
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
    usage_error: Any = typer.BadParameter.__mro__[2]  # ClickException, which typer does not export by name
    try:
        code = int(_narrowed(arguments)(arguments, prog_name="llmpick", standalone_mode=False) or 0)
        return _say("interrupted", code) if code == INTERRUPTED else code
    except LlmpickError as error:
        return _say(str(error), error.exit_code)
    except usage_error as error:
        return _refused(error.format_message(), arguments[0])
    except typer.Exit as error:
        return error.exit_code
    except OSError as error:
        return _unheard(error)
    except (KeyboardInterrupt, typer.Abort):
        return _say("interrupted", INTERRUPTED)


def _refused(said: str, command: str) -> int:
    """Say what typer found wrong with the line; where something is missing, also what tells what it is."""
    return _say(f"{said.rstrip('.')}; see llmpick {command} --help" if said.startswith("Missing") else said, 2)


def _narrowed(arguments: list[str]) -> typer.Typer:
    """`app` with the one command that is asked for: typer builds each it knows, and all its flags, at every start."""
    name = next(iter(arguments), "")
    one = typer.Typer(**SETTINGS)
    one.registered_callback = app.registered_callback
    one.registered_commands = [known for known in app.registered_commands if known.callback.__name__ == name]  # type: ignore[union-attr]
    one.registered_groups = [known for known in app.registered_groups if known.name == name]
    return one if one.registered_commands or one.registered_groups else app


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
    from datetime import date

    from llmpick.render import ranking as render

    guide = None
    if form in ("markdown", "html"):
        from llmpick import planning

        guide = planning.guide(answer, facts)
    return render.pieces(answer, form, to_file=to_file, today=date.today(), guide=guide)


def _leave(answer: Ranking) -> None:
    """Exit 3 when nothing qualifies."""
    if not answer.recommended:
        raise typer.Exit(NOTHING_QUALIFIES)


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
