"""Plans as files that other people's trainers load."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from llmpick.errors import LlmpickError, did_you_mean
from llmpick.guidance.frameworks import api, axolotl, llama_factory
from llmpick.guidance.frameworks.launch import launch
from llmpick.guidance.frameworks.readme import PREFIX, Rows, readme
from llmpick.guidance.frameworks.render import render
from llmpick.guidance.frameworks.scripts import sentence_transformers, setfit, transformers, trl, unsloth
from llmpick.guidance.frameworks.torchtune import torchtune
from llmpick.record import record

if TYPE_CHECKING:
    from collections.abc import Callable

    from llmpick.guidance.answers import Plan


@record
class Framework:
    """One trainer: what it can train, how to install it, and the files it loads."""

    name: str
    kinds: tuple[str, ...]
    install: str
    """The version range its files were checked against."""
    commands: Callable[[Plan], tuple[str, ...]]
    files: Callable[[Plan], dict[str, str]]
    data: str
    """What one line of train.jsonl, dev.jsonl and test.jsonl holds."""
    judged: tuple[tuple[str, str], ...] = ()
    """(preference stage, what one line of its files holds), for the stages it can train."""


_MESSAGES = '{"messages": [{"role": "user", "content": "..."}, {"role": "assistant", "content": "..."}]}'
_QUESTION, _BETTER, _WORSE = (
    f'{{"role": "{role}", "content": "{text}"}}'
    for role, text in (("user", "..."), ("assistant", "the better answer"), ("assistant", "the worse one"))
)
_PAIRS = f'{{"prompt": [{_QUESTION}], "chosen": [{_BETTER}], "rejected": [{_WORSE}]}}'
_RATINGS = f'{{"prompt": [{_QUESTION}], "completion": [{_BETTER}], "label": true}}'
# LLaMA-Factory reads the question as `messages` and each answer as one message, not a list.
_PAIRS_BESIDE = f'{{"messages": [{_QUESTION}], "chosen": {_BETTER}, "rejected": {_WORSE}}}'
_RATED = f'{{"messages": [{_QUESTION}, {_BETTER}], "label": true}}'
_ROWS = {
    "classifier": '{"text": "...", "label": "..."}',
    "tagger": '{"tokens": ["...", "..."], "tags": ["O", "B-NAME"]}',
    "reader": '{"question": "...", "context": "...", "answer": "a passage of the context; empty for none"}',
    "seq2seq": '{"input": "...", "output": "..."}',
}


# Fields of one row of data, and the type check_data.py asks of each.
_FIELDS = {
    "classifier": {"text": "text", "label": "any"},
    "setfit": {"text": "text", "label": "any"},
    "tagger": {"tokens": "list", "tags": "list"},
    "reader": {"question": "text", "context": "text", "answer": "any text"},
    "seq2seq": {"input": "text", "output": "text"},
    "embedder": {"anchor": "text", "positive": "text"},
    "writer": {"messages": "list"},
}


def _script(plan: Plan) -> tuple[str, ...]:
    return (launch("train.py", plan),)


def _trl(plan: Plan) -> tuple[str, ...]:
    after = (launch(f"{plan.after}.py", plan),) if plan.after != "none" else ()
    return (launch("sft.py", plan), *after)


FRAMEWORKS: tuple[Framework, ...] = (
    Framework(
        name="transformers",
        kinds=("classifier", "tagger", "reader", "seq2seq"),
        install='pip install "transformers>=5,<6" "datasets>=4" "accelerate>=1.10" "peft>=0.18" scikit-learn seqeval',
        commands=_script,
        files=transformers,
        data="",
    ),
    Framework(
        name="sentence-transformers",
        kinds=("embedder",),
        install='pip install "sentence-transformers[train]>=6,<7" "peft>=0.18"',
        commands=_script,
        files=sentence_transformers,
        data='{"anchor": "a question", "positive": "the passage that answers it"}',
    ),
    Framework(
        name="setfit",
        kinds=("setfit",),
        install='pip install "setfit>=1.2,<2" scikit-learn',
        commands=_script,
        files=setfit,
        data='{"text": "...", "label": "..."}',
    ),
    Framework(
        name="trl",
        kinds=("writer",),
        install='pip install "trl>=1,<2" "transformers>=5,<6" "peft>=0.18" "datasets>=4" "bitsandbytes>=0.46"',
        commands=_trl,
        files=trl,
        data=_MESSAGES,
        judged=(("dpo", _PAIRS), ("kto", _RATINGS)),
    ),
    Framework(
        name="unsloth",
        kinds=("writer",),
        install='pip install "unsloth>=2026.10" "transformers>=5.2"',
        commands=_script,
        files=unsloth,
        data=_MESSAGES,
    ),
    Framework(
        name="axolotl",
        kinds=("writer",),
        install='pip install "axolotl>=0.19,<0.20"',
        commands=axolotl.commands,
        files=axolotl.axolotl,
        data=_MESSAGES,
        judged=(("dpo", _PAIRS),),
    ),
    Framework(
        name="llama-factory",
        kinds=("writer",),
        install='pip install "llamafactory>=0.9.5,<0.10" "bitsandbytes>=0.46"',
        commands=llama_factory.commands,
        files=llama_factory.llama_factory,
        data=_MESSAGES,
        judged=(("dpo", _PAIRS_BESIDE), ("kto", _RATED)),
    ),
    Framework(
        name="torchtune",
        kinds=("writer",),
        install='pip install "torchtune==0.6.1" torchao',
        commands=lambda plan: ("sh run.sh",),
        files=torchtune,
        data=_MESSAGES,
    ),
    Framework(
        name="api",
        kinds=("vendor",),
        install="",
        commands=api.commands,
        files=api.request,
        data="",
    ),
)


def find(name: str) -> Framework:
    """The framework called `name`; LlmpickError with the nearest names."""
    known = {framework.name: framework for framework in FRAMEWORKS}
    known |= {"llamafactory": known["llama-factory"], "sbert": known["sentence-transformers"]}
    if name.casefold() not in known:
        hint = did_you_mean(name, known) or f"known: {', '.join(framework.name for framework in FRAMEWORKS)}"
        raise LlmpickError(f"--framework: none is called {name!r}", hint)
    return known[name.casefold()]


def fitting(kind: str) -> tuple[str, ...]:
    """Names of the frameworks that train this kind of plan."""
    return tuple(framework.name for framework in FRAMEWORKS if kind in framework.kinds)


def write(plan: Plan, name: str) -> dict[str, str]:
    """File names and their texts, a README.md among them; LlmpickError where this trainer does not train this plan."""
    framework = find(name)
    if plan.kind not in framework.kinds:
        if plan.kind == "vendor":
            raise LlmpickError(f"{framework.name} trains on your own machines", "for a vendor take --framework api")
        raise LlmpickError(
            f"{framework.name} does not train a {plan.kind}", f"for {plan.task} take {' or '.join(fitting(plan.kind))}"
        )
    texts = framework.files(plan)
    stages = {name.split(".")[0] for name in texts}
    judged = dict(framework.judged).get(plan.after) if plan.after in stages else None
    row = _row(plan, framework)
    fields = api.FIELDS[row] if plan.kind == "vendor" else _FIELDS[plan.kind]
    checks = render("check_data.py.jinja", kind=plan.kind, fields=fields, judged=_judged_check(plan, judged))
    data = Rows(row=row, judged=judged)
    commands = framework.commands(plan)
    return texts | {
        "check_data.py": checks,
        "README.md": readme(plan, framework.name, framework.install, commands, data),
    }


def _row(plan: Plan, framework: Framework) -> str:
    """What one line of the data holds."""
    if plan.kind == "vendor":
        return api.vendor(plan).row(plan)
    return framework.data or _ROWS[plan.kind]


def _judged_check(plan: Plan, row: str | None) -> dict[str, Any]:
    """File names of the judged answers and the type each field of their rows must have."""
    if row is None:
        return {}
    kinds = {list: "list", dict: "message", bool: "yes or no"}
    fields = {field: kinds[type(value)] for field, value in json.loads(row).items()}
    prefix = PREFIX[plan.after]
    return {f"{prefix}-{name}.jsonl": fields for name in ("train", "dev")}
