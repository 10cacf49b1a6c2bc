"""The commands as typer has them: help, completion, paths, and the sentence on a word that is wrong."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Annotated, Any

import typer

from llmpick.errors import LlmpickError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from llmpick.flags import Command, Flag

SETTINGS: dict[str, Any] = {
    "name": "llmpick",
    "help": "Which base model should I fine-tune, and how?",
    "no_args_is_help": True,
    "pretty_exceptions_enable": False,
    "rich_markup_mode": None,
    "context_settings": {"help_option_names": ["-h", "--help"]},
}
GROUPS = {"catalog": "The catalog: read, search, check."}


def read(words: Sequence[str], commands: Mapping[str, Command]) -> tuple[Command, dict[str, Any]] | int:
    """The command that `words` name and what they give of its flags; an exit code where nothing is left to do.

    Raises LlmpickError that names the word which is wrong.
    """
    usage_error: Any = typer.BadParameter.__mro__[2]  # ClickException, which typer does not export by name
    try:
        found: Any = app(_narrowed(words, commands))(list(words), prog_name="llmpick", standalone_mode=False)
    except usage_error as error:
        raise LlmpickError(_refused(error.format_message(), words[0])) from None
    except SystemExit as left:
        if isinstance(left.__context__, OSError):  # of whoever stopped reading help, typer makes a failure
            raise left.__context__ from None
        raise
    return found or 0


def _refused(said: str, command: str) -> str:
    """What typer found wrong with the line; where something is missing, also what tells what it is."""
    return f"{said.rstrip('.')}; see llmpick {command} --help" if said.startswith("Missing") else said


def _narrowed(words: Sequence[str], commands: Mapping[str, Command]) -> Mapping[str, Command]:
    """The one command or group that is asked for: typer builds each it knows, and all its flags, at every start."""
    first = next(iter(words), "")
    return {name: command for name, command in commands.items() if name.partition(" ")[0] == first} or commands


def app(commands: Mapping[str, Command]) -> typer.Typer:
    """`commands`, by their words, as one program that says which of them is asked for."""
    groups = {"": typer.Typer(**SETTINGS)}
    groups[""].callback(invoke_without_command=True)(root)
    for name, command in commands.items():
        group, _, own = name.rpartition(" ")
        if group not in groups:
            groups[group] = typer.Typer(help=GROUPS[group], no_args_is_help=True, rich_markup_mode=None)
            groups[""].add_typer(groups[group], name=group)
        groups[group].command(own)(_asked(command))
    return groups[""]


def root(version: Annotated[bool, typer.Option("--version", help="Print the version and leave.")] = False) -> None:
    """Which base model should I fine-tune, and how? Ranked answers from a sourced catalog, offline."""
    if version:
        from importlib.metadata import version as installed

        print(f"llmpick {installed('llmpick')}")
        raise typer.Exit


def _asked(command: Command) -> Callable[..., tuple[Command, dict[str, Any]]]:
    """What typer calls for `command`; it reads the flags from the signature."""

    def asked(**given: Any) -> tuple[Command, dict[str, Any]]:
        return command, {field: value for field, value in given.items() if value not in (None, [])}

    asked.__doc__ = command.says
    asked.__annotations__ = {field: flag.kind for field, flag in command.flags.items()}
    asked.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            inspect.Parameter(field, inspect.Parameter.KEYWORD_ONLY, default=_option(flag), annotation=flag.kind)
            for field, flag in command.flags.items()
        ]
    )
    return asked


def _option(flag: Flag) -> Any:
    if flag.names:
        return typer.Option(flag.default, *flag.names, metavar=flag.metavar, help=flag.says)
    return typer.Argument(flag.default, metavar=flag.metavar, help=flag.says, show_default=False)
