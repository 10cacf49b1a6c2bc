"""Flags of the commands, declared once, and the plain reading of what a user gave of them.

`read` reads words that are right. All else (help, completion, a path, a fault to name) typer reads by the same
declarations: `by_typer` says how. To import typer alone takes longer than to rank the catalog.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from llmpick.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

FORMATS = ("table", "plain", "json", "markdown", "html", "csv")
"""The forms of a ranking; any other answer has all but html."""


class Flag(NamedTuple):
    """One flag of a command; one without names is an argument."""

    kind: Any
    """The type of its value."""
    names: tuple[str, ...]
    says: str | None
    metavar: str | None = None
    default: Any = None
    """`...` where the user must give one."""


class Command(NamedTuple):
    """What a user can ask for."""

    flags: Mapping[str, Flag]
    run: Callable[[dict[str, Any]], int | None]
    """Takes what was given of the flags; the exit code, where it is not 0."""
    says: str | None


TEXT, TEXTS, YES_NO, FILE, FILES = str | None, list[str] | None, bool | None, Path | None, list[Path] | None
MANY = (TEXTS, list[str])
CATALOG = Flag(FILES, ("--catalog",), "A further catalog laid over the bundled one; repeatable.", "DIR")
FORCE = Flag(YES_NO, ("--force",), "Overwrite an existing --output file.")


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


ANSWER: dict[str, Flag] = {
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


def read(words: Sequence[str], flags: Mapping[str, Flag]) -> dict[str, Any] | None:
    """What `words` give of `flags`, in the order of these; None where only typer knows what to make of them."""
    said: dict[str, list[Any]] = {field: [] for field in flags}
    try:
        for field, value in _said(words, flags):
            said[field].append(value)
    except LookupError:
        return None
    given = {
        field: flags[field].default if not values else values if flags[field].kind in MANY else values[-1]
        for field, values in said.items()
    }
    return None if ... in given.values() else {field: value for field, value in given.items() if value is not None}


def _said(words: Sequence[str], flags: Mapping[str, Flag]) -> Iterator[tuple[str, Any]]:
    """Each flag that `words` name, and its value; raises LookupError at the first word that is not plain."""
    # The argument is known by the name "".
    known = {name: field for field, flag in flags.items() for name in "/".join(flag.names).split("/")}
    left = iter(words)
    for word in left:
        name, equals, value = word.partition("=") if word.startswith("--") else ("", "=", word)
        field = known[name]
        kind = flags[field].kind
        if kind == YES_NO and not equals:
            yield field, flags[field].names[0].partition("/")[0] == name
            continue
        value = value if equals else next(left, "-")
        if value.startswith("-") or kind not in (TEXT, str, *MANY):
            raise LookupError(word)
        yield field, value
        if not name and kind not in MANY:
            del known[name]  # one argument is all it takes
