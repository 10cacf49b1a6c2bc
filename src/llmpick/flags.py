"""The Profile's flags, declared once: every command that asks about a profile takes them all as one mapping."""

from __future__ import annotations

import inspect
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

if TYPE_CHECKING:
    from collections.abc import Callable

CATALOG = Annotated[
    Optional[list[Path]],  # noqa: UP045 - typer reads this at run time
    typer.Option("--catalog", metavar="DIR", help="A further catalog laid over the bundled one; repeatable."),
]


def _text(flag: str, metavar: str, says: str) -> Any:
    return Annotated[Optional[str], typer.Option(flag, metavar=metavar, help=says)]  # noqa: UP045


def _texts(flag: str, metavar: str, says: str) -> Any:
    return Annotated[Optional[list[str]], typer.Option(flag, metavar=metavar, help=says)]  # noqa: UP045


def _yes_no(flags: str, says: str) -> Any:
    return Annotated[Optional[bool], typer.Option(flags, help=says)]  # noqa: UP045


PROFILE: dict[str, Any] = {
    "task": _text("--task", "TASK", "What the tuned model must do: classification, summarization, chat …"),
    "gpu": _text("--gpu", "GPU", "24GB, 2x24GB, 'RTX 4090', 2xA100-80GB, auto (this machine), none (CPU)."),
    "domain": _text("--domain", "DOMAIN", "Kind of text: general, legal, biomedical, finance, code …"),
    "language": _texts("--language", "CODE", "ISO 639-1, repeatable or comma-separated."),
    "commercial": _yes_no("--commercial/--non-commercial", "Whether the use is commercial."),
    "monthly_users": _text("--monthly-users", "N", "Monthly active users of your products."),
    "annual_revenue": _text("--annual-revenue", "USD", "Your organization's annual revenue."),
    "region": _text("--region", "CODE", "Where you are: ISO 3166 (US, KR) or EU."),
    "license": _texts("--license", "ID", "Acceptable licenses: ids, open-source, permissive; repeatable."),
    "examples": _text("--examples", "N", "Number of training examples."),
    "seq_len": _text("--seq-len", "TOKENS", "Training length; the task's default when absent."),
    "batch_size": _text("--batch-size", "N", "Sequences per GPU and step."),
    "epochs": _text("--epochs", "N", "Passes over the data."),
    "method": _text("--method", "METHOD", "auto, full, lora or qlora."),
    "budget": _text("--budget", "USD", "Dollars for one training run."),
    "serve_gpu": _text("--serve-gpu", "GPU", "Where the tuned model must run."),
    "latency": _text("--latency", "MS", "Milliseconds one answer may take."),
    "weights": _text("--weights", "KIND", "open (open weights), api (tuned through a vendor) or any."),
    "priority": _texts("--priority", "A,B,C", "Criteria in order of importance."),
    "weight": _texts("--weight", "CRITERION=RATIO", "Multiply a criterion's weight; repeatable."),
    "stage": _text("--stage", "STAGE", "exploration, pilot or production."),
    "facts_change": _text("--facts-change", "HOW", "rarely or often: how fast the facts behind the answers change."),
    "style_matters": _yes_no("--style-matters/--no-style-matters", "A fixed voice, form or schema matters."),
    "privacy": _yes_no("--privacy/--no-privacy", "The text must not leave your own machines."),
    "expertise": _text("--expertise", "HOW", "none, some or strong: machine-learning experience at hand."),
    "classes": _text("--classes", "N", "Labels or entity types to tell apart."),
    "feedback": _text("--feedback", "KIND", "pairs or ratings: judged answers at hand."),
    "unlabeled": _yes_no("--unlabeled/--no-unlabeled", "Much plain text of the domain without labels is at hand."),
    "profile": Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--profile", metavar="FILE|-", help="The same fields as YAML; flags win over it."),
    ],
}


def asks_profile(command: Callable[..., None]) -> Callable[..., None]:
    """Give `command(raw, …)` every profile flag: they reach it as the mapping `raw` of those the user gave."""
    own = [p for name, p in inspect.signature(command, eval_str=True).parameters.items() if name != "raw"]

    @wraps(command)
    def wrapper(**given: Any) -> None:
        raw = {name: given.pop(name) for name in PROFILE}
        command(raw={name: value for name, value in raw.items() if value not in (None, [])}, **given)

    keyword = inspect.Parameter.KEYWORD_ONLY
    flags = [inspect.Parameter(n, keyword, default=None, annotation=kind) for n, kind in PROFILE.items()]
    merged = [parameter.replace(kind=keyword) for parameter in own] + flags
    wrapper.__signature__ = inspect.Signature(merged)  # type: ignore[attr-defined]
    wrapper.__annotations__ = {parameter.name: parameter.annotation for parameter in merged}
    del wrapper.__wrapped__  # typer would read the inner signature
    return wrapper
