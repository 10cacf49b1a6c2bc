"""The command line: argv in, exit code out. Each command parses, asks, and hands the answer to a renderer."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, Optional

import typer

from llmpick.errors import LlmpickError
from llmpick.flags import CATALOG, asks_profile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmpick.catalog import Catalog
    from llmpick.profile import Profile

NOTHING_QUALIFIES = 3
FORMATS = ("table", "plain", "json", "markdown", "html", "csv")

app = typer.Typer(
    name="llmpick",
    help="Which base model should I fine-tune, and how?",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
catalog_app = typer.Typer(help="The catalog: read, search, check.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(catalog_app, name="catalog")

FORMAT = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--format", metavar="FORMAT", help=f"{', '.join(FORMATS)}; table on a terminal, plain in a pipe."),
]
OUTPUT = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option("--output", "-o", metavar="FILE", help="Write there instead of to stdout."),
]
FORCE = Annotated[bool, typer.Option("--force", help="Overwrite an existing --output file.")]
TOP = Annotated[Optional[str], typer.Option("--top", metavar="N", help="How many models to show (5).")]  # noqa: UP045
MODEL = Annotated[
    str, typer.Argument(metavar="MODEL", help="Hub id, or an unambiguous short name.", show_default=False)
]


@app.command()
@asks_profile
def recommend(
    raw: dict[str, Any],
    catalog: CATALOG = None,
    format: FORMAT = None,
    output: OUTPUT = None,
    force: FORCE = False,
    top: TOP = None,
) -> None:
    """Rank base models to fine-tune for a task, with the method, what it takes and why."""
    from llmpick import engine
    from llmpick.render import ranking as render

    facts, profile = _asked(raw | ({"top": top} if top else {}), catalog)
    answer = engine.rank(facts, profile)
    _emit(render.text(answer, _format(format, output)), output, force)
    if not answer.recommended:
        raise typer.Exit(NOTHING_QUALIFIES)


def main() -> NoReturn:
    """Run the command line and leave with the exit code of the contract."""
    for stream in (sys.stdout, sys.stderr):
        # A legacy console code page must not turn a name it lacks into a traceback.
        stream.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """The exit code of one invocation; every known fault is one line on stderr."""
    usage_error = typer.BadParameter.__mro__[2]  # ClickException, which typer does not export by name
    try:
        return int(app(arguments, standalone_mode=False) or 0)
    except LlmpickError as error:
        return _say(str(error), error.exit_code)
    except usage_error as error:
        return _say(error.format_message(), 2)  # type: ignore[attr-defined]
    except typer.Exit as error:
        return error.exit_code
    except BrokenPipeError:
        # The reader left (`| head`): nothing more to say, and Python must not say it at shutdown either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (KeyboardInterrupt, typer.Abort):
        return _say("interrupted", 130)


def _say(message: str, code: int) -> int:
    from llmpick.render.text import safe

    print(f"llmpick: {safe(message)}", file=sys.stderr)
    return code


def _asked(raw: Mapping[str, Any], directories: list[Path] | None) -> tuple[Catalog, Profile]:
    """The catalog and the Profile that the flags describe, over what `--profile` gives."""
    from llmpick import catalog, profile

    facts = catalog.load(tuple(directories or ()))
    given = dict(raw)
    path = given.pop("profile", None)
    base = catalog.read_profile(path) if path else {}
    return facts, profile.build(profile.merge(base, given), catalog.vocabulary(facts))


def _format(wanted: str | None, output: Path | None) -> str:
    from llmpick.errors import did_you_mean

    if wanted is None:
        return "table" if output is None and sys.stdout.isatty() else "plain"
    if wanted not in FORMATS:
        hint = did_you_mean(wanted, FORMATS) or f"one of: {', '.join(FORMATS)}"
        raise LlmpickError(f"--format: {wanted!r} is not known", hint)
    return wanted


def _emit(text: str, output: Path | None, force: bool) -> None:
    if output is None:
        sys.stdout.write(text if text.endswith("\n") else text + "\n")
        sys.stdout.flush()
        return
    from llmpick.files import write

    write(output, text, force=force)
    print(f"wrote {output}", file=sys.stderr)
