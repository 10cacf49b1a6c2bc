"""Flags that several commands share, declared once: a command takes a whole set of them as one mapping."""

from __future__ import annotations

import inspect
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from llmpick.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

FORMATS = ("table", "plain", "json", "markdown", "html", "csv")
"""The forms of a ranking; any other answer has all but html."""
GIVEN = ("facts", "raw")
"""Parameters of a command that no flag fills."""

CATALOG = Annotated[
    list[Path] | None,
    typer.Option("--catalog", metavar="DIR", help="A further catalog laid over the bundled one; repeatable."),
]
FORCE = Annotated[bool | None, typer.Option("--force", help="Overwrite an existing --output file.")]


class Flag(NamedTuple):
    """One flag; typer is told of those of the command that runs."""

    kind: Any
    """The type of its value."""
    names: tuple[str, ...]
    says: str
    metavar: str | None = None

    def option(self) -> Any:
        """The same for typer."""
        return typer.Option(None, *self.names, metavar=self.metavar, help=self.says)


TEXT, TEXTS, YES_NO, FILE = str | None, list[str] | None, bool | None, Path | None


def _text(flag: str, metavar: str, says: str) -> Flag:
    return Flag(TEXT, (flag,), says, metavar)


def _texts(flag: str, metavar: str, says: str) -> Flag:
    return Flag(TEXTS, (flag,), says, metavar)


def _yes_no(flags: str, says: str) -> Flag:
    return Flag(YES_NO, (flags,), says)


PROFILE: dict[str, Flag] = {
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
    "feedback": _text("--feedback", "KIND", "pairs, ratings or grader: how answers can be judged."),
    "unlabeled": _yes_no("--unlabeled/--no-unlabeled", "Much plain text of the domain without labels is at hand."),
    "profile": _text("--profile", "FILE|-", "The same fields as YAML; flags win over it."),
}


JOB: dict[str, Flag] = {
    "method": _text("--method", "METHOD", "full, lora, qlora or inference."),
    "serve": _yes_no("--serve", "Size serving it: --method inference."),
    "rank": _text("--rank", "N", "LoRA rank."),
    "lora_targets": _text("--lora-targets", "WHICH", "all-linear, attention, or module names: q_proj,v_proj."),
    "seq_len": _text("--seq-len", "TOKENS", "Tokens per sequence."),
    "batch_size": _text("--batch-size", "N", "Sequences per GPU and step."),
    "target_len": _text("--target-len", "TOKENS", "Tokens of an answer when serving, of an encoder-decoder's target."),
    "dtype": _text("--dtype", "TYPE", "What the weights are kept in: bf16, fp16 or fp32; int8 or int4 to serve."),
    "mixed_precision": _text("--mixed-precision", "TYPE", "Autocast over the weights: bf16, fp16 or no."),
    "optimizer": _text("--optimizer", "NAME", "adamw, adamw-foreach, adamw-8bit, paged-adamw-8bit, adafactor, sgd."),
    "accumulation": _text("--gradient-accumulation", "N", "Steps whose gradients are summed before an update."),
    "chunked_loss": _yes_no(
        "--chunked-loss/--no-chunked-loss", "The loss never holds all logits (Liger, cut or chunked cross-entropy)."
    ),
    "adapter_dropout": _yes_no("--adapter-dropout/--no-adapter-dropout", "Adapters drop out some of their input."),
    "double_quantized": _yes_no("--double-quantization/--no-double-quantization", "QLoRA quantizes its scales, too."),
    "gradient_checkpointing": _yes_no(
        "--gradient-checkpointing/--no-gradient-checkpointing", "Compute activations again on the way back."
    ),
    "attention": _text("--attention", "KIND", "flash, sdpa or eager."),
    "sharding": _text("--sharding", "KIND", "none, ddp, zero1, zero2, zero3 or fsdp."),
    "gpu": _text("--gpu", "GPU", "24GB, 2x24GB, 'RTX 4090', 2xA100-80GB."),
    "task": _text("--task", "TASK", "Decides whether there is a vocabulary head (classification has none)."),
    "examples": _text("--examples", "N", "Number of training examples, for hours and dollars."),
    "epochs": _text("--epochs", "N", "Passes over the data."),
    "electricity_price": _text("--electricity-price", "USD", "Dollars per kWh, for a card of your own."),
}

USE: dict[str, Flag] = {
    "commercial": PROFILE["commercial"],
    "monthly_users": PROFILE["monthly_users"],
    "annual_revenue": PROFILE["annual_revenue"],
    "region": PROFILE["region"],
    "distribute_weights": _yes_no("--distribute-weights/--no-distribute-weights", "You pass the weights on."),
    "host_api": _yes_no("--host-api/--no-host-api", "Third parties call the model through your API."),
    "train_on_outputs": _yes_no("--train-on-outputs/--no-train-on-outputs", "Outputs train another model."),
    "situation": _text("--situation", "FILE", "The full situation as YAML or JSON."),
}


SEARCH: dict[str, Flag] = {
    "family": _text("--family", "NAME", "Family or lineage: qwen3, deberta-v3."),
    "task": _text("--task", "TASK", "Made or regularly tuned for this task."),
    "license": _text("--license", "ID", "License id, open-source or permissive."),
    "language": _text("--language", "CODE", "Trained on this language."),
    "domain": _text("--domain", "DOMAIN", "Pre-trained on this kind of text."),
    "max_params": _text("--max-params", "N", "At most so many parameters: 8B, 500M."),
    "min_params": _text("--min-params", "N", "At least so many parameters."),
}


def _format(forms: Iterable[str]) -> Flag:
    return _text("--format", "FORMAT", f"{', '.join(forms)}; table on a terminal, plain in a pipe.")


ANSWER: dict[str, Any] = {
    "catalog": CATALOG,
    "format": _format(FORMATS),
    "output": Flag(FILE, ("--output", "-o"), "Write there instead of to stdout.", "FILE"),
    "force": FORCE,
}
"""Where a ranking comes from and where it goes."""

VIEW = ANSWER | {"format": _format(form for form in FORMATS if form != "html")}
"""The same of any other answer."""

RANKING: dict[str, Flag] = {
    "top": _text("--top", "N", "How many models to show (5)."),
    "what_if": _texts("--what-if", "FLAG=VALUE", "Also say what this would change: gpu=48GB; repeatable."),
}


class Taking:
    """A command and the flags it takes as the mapping `raw`; typer reads which they are from its signature.

    `run` stands between the two where something is done with what the command returns.
    """

    def __init__(
        self, command: Callable[..., Any], flags: dict[str, Any], run: Callable[..., None] | None = None
    ) -> None:
        self.command = command
        self.flags = flags
        self.run = run or command
        self.__name__ = command.__name__
        self.__doc__ = command.__doc__

    def __call__(self, **given: Any) -> None:
        """Run the command with what the user gave."""
        raw = {name: given.pop(name) for name in self.flags}
        self.run({name: value for name, value in raw.items() if value not in (None, [])}, **given)

    @cached_property
    def __signature__(self) -> inspect.Signature:
        keyword, known = inspect.Parameter.KEYWORD_ONLY, self.command.__globals__
        own = [one for name, one in inspect.signature(self.command).parameters.items() if name not in GIVEN]
        # Only these are evaluated: what a command is given may be named for the type checker alone.
        merged = [one.replace(kind=keyword, annotation=eval(one.annotation, known)) for one in own]
        for name, flag in self.flags.items():
            kind, default = (flag.kind, flag.option()) if isinstance(flag, Flag) else (flag, None)
            merged.append(inspect.Parameter(name, keyword, default=default, annotation=kind))
        return inspect.Signature(merged)

    @property
    def __annotations__(self) -> dict[str, Any]:  # type: ignore[override]
        return {name: parameter.annotation for name, parameter in self.__signature__.parameters.items()}


def takes(flags: dict[str, Any]) -> Callable[[Callable[..., None]], Taking]:
    """Give a command `flags`: those the user gave reach it as the mapping `raw`."""
    return lambda command: Taking(command, flags)
