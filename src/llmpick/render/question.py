"""The Profile in words, and as the command line that asks the same again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmpick.record import record
from llmpick.render.text import dollars, gib, safe
from llmpick.units import GpuSetup

if TYPE_CHECKING:
    from collections.abc import Callable

    from llmpick.profile import Profile
    from llmpick.verdict import Method

METHODS: dict[Method, str] = {
    "full": "full",
    "lora": "LoRA",
    "qlora": "QLoRA",
    "api": "API",
    "inference": "inference",
}


METHOD_WORDS: dict[Method, str] = {
    "full": "training all its weights",
    "lora": "training a LoRA adapter",
    "qlora": "training a LoRA adapter over 4-bit weights (QLoRA)",
    "api": "tuning it through its vendor's API",
    "inference": "running it as it is",
}
_NEGATIVE = {"--commercial": "--non-commercial"}
_TOP = 5
"""What the Profile shows where nobody asks for more."""


@record
class Answer:
    """One field of the Profile in words."""

    field: str
    flag: str
    label: str
    value: str
    assumed: bool


def _gpu(gpu: GpuSetup) -> str:
    each = " each" if gpu.count > 1 else ""
    return "none (CPU)" if gpu.count == 0 else f"{gpu}, {gib(gpu.usable_bytes)} usable{each}"


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _pairs(pairs: tuple[tuple[str, float], ...]) -> str:
    return ", ".join(f"{criterion}={ratio:g}" for criterion, ratio in pairs)


_FIELDS: tuple[tuple[str, str, str, Callable[..., str]], ...] = (
    ("task", "--task", "task", str),
    ("gpu", "--gpu", "GPU", _gpu),
    ("domain", "--domain", "domain", str),
    ("languages", "--language", "languages", ", ".join),
    ("commercial", "--commercial", "commercial use", _yes),
    ("monthly_users", "--monthly-users", "monthly users", "{:,}".format),
    ("annual_revenue", "--annual-revenue", "annual revenue", dollars),
    ("region", "--region", "region", str),
    ("license", "--license", "licenses accepted", ", ".join),
    ("examples", "--examples", "training examples", "{:,}".format),
    ("seq_len", "--seq-len", "sequence length", "{:,} tokens".format),
    ("batch_size", "--batch-size", "batch size", "{} per GPU".format),
    ("epochs", "--epochs", "epochs", "{:g}".format),
    ("method", "--method", "method", lambda method: METHODS.get(method) or "auto"),
    ("budget", "--budget", "budget", dollars),
    ("serve_gpu", "--serve-gpu", "served on", _gpu),
    ("latency", "--latency", "latency", "{:g} ms".format),
    ("weights", "--weights", "weights", {"any": "open or vendor API", "open": "open", "api": "vendor API"}.__getitem__),
    ("priority", "--priority", "priority", " > ".join),
    ("weight", "--weight", "weight ratios", _pairs),
    ("stage", "--stage", "stage", str),
    ("facts_change", "--facts-change", "facts change", str),
    ("style_matters", "--style-matters", "style matters", _yes),
    ("privacy", "--privacy", "text stays on own machines", _yes),
    ("expertise", "--expertise", "experience", str),
    ("classes", "--classes", "classes", "{:,}".format),
    ("feedback", "--feedback", "feedback", str),
    ("unlabeled", "--unlabeled", "much unlabeled text", _yes),
)


def answers(profile: Profile) -> tuple[Answer, ...]:
    """The Profile in words, in the order of the decision; fields without a value are left out."""
    found = []
    for field, flag, label, words in _FIELDS:
        value = getattr(profile, field)
        if value is not None and value != ():
            assumed = field in profile.assumed
            if field == "weights" and assumed and profile.gpu is not None:
                value = "open"  # who names a card wants to train on it: vendors' models are left out
            found.append(Answer(field=field, flag=flag, label=label, value=safe(words(value)), assumed=assumed))
    return tuple(found)


def arguments(profile: Profile) -> list[str]:
    """The flags that ask the same question again: what was given, nothing that was assumed."""
    words = []
    for field, flag, _label, _words in _FIELDS:
        value = getattr(profile, field)
        if field not in profile.assumed and value is not None and value != ():
            words += _argument(flag, value)
    return words + (["--top", str(profile.top)] if profile.top != _TOP else [])


def _argument(flag: str, value: Any) -> list[str]:
    if isinstance(value, bool):
        return [flag if value else _NEGATIVE.get(flag, flag.replace("--", "--no-", 1))]
    if flag == "--weight":
        return [word for criterion, ratio in value for word in (flag, f"{criterion}={ratio:g}")]
    if isinstance(value, GpuSetup):
        return [flag, value.text or str(value)]
    return [
        flag,
        ",".join(value) if isinstance(value, tuple) else f"{value:.12g}" if isinstance(value, float) else str(value),
    ]


def command(profile: Profile, name: str = "recommend") -> str:
    """The shell line that asks the same question: `llmpick recommend --task classification --gpu 24GB`."""
    import shlex

    return shlex.join(["llmpick", *name.split(), *map(safe, arguments(profile))])
