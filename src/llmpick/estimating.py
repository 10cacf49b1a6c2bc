"""`llmpick estimate`: a Job from flags, for a catalog model or any config.json."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, get_args

from llmpick import config_json
from llmpick.catalog import browse
from llmpick.catalog.shelf import finder
from llmpick.config_json import Reading, parse_config
from llmpick.errors import LlmpickError, did_you_mean
from llmpick.guidance.tuning import tuning
from llmpick.profile import find_task
from llmpick.reading import LARGEST_CONFIG, read_bytes
from llmpick.schema import ApiModel
from llmpick.sizing.adapters import adapted, expert_roles
from llmpick.sizing.estimate import Run, estimate
from llmpick.sizing.job import Attention, Dtype, Job, JobMethod, MixedPrecision, Optimizer, Sharding, usual
from llmpick.sizing.methods import across
from llmpick.sizing.options import Market, around
from llmpick.units import parse_gpu, parse_number

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from llmpick.architecture import Architecture
    from llmpick.catalog import Catalog
    from llmpick.sizing.options import Estimate
    from llmpick.units import GpuSetup
    from llmpick.verdict import Tuning

WORDS = {
    "method": get_args(JobMethod),
    "dtype": get_args(Dtype),
    "mixed_precision": get_args(MixedPrecision),
    "optimizer": get_args(Optimizer),
    "attention": get_args(Attention),
    "sharding": get_args(Sharding),
}
"""Fields of a Job that take one of a few words."""
WHOLE = {
    "rank": 65_536,
    "seq_len": 10_000_000,
    "batch_size": 1_000_000,
    "target_len": 10_000_000,
    "accumulation": 1_000_000,
}
FLAGS = {"accumulation": "--gradient-accumulation"}
"""Flags that are not called as the Job's field."""
BILLED = {"examples", "epochs", "seq_len", "task"}
"""What decides the tokens that a vendor bills."""
SWITCHES = ("gradient_checkpointing", "chunked_loss", "adapter_dropout", "double_quantized")


def answer(raw: Mapping[str, Any], model: str | None, config: Path | None, catalog: Catalog) -> Estimate | Tuning:
    """What training or serving that model by that Job takes, and what surrounds it; of a vendor's, its dollars.

    Raises LlmpickError naming the flag or the file's field.
    """
    if (model is None) == (config is None):
        raise LlmpickError("estimate needs one model", "name a MODEL of the catalog, or --config config.json")
    if config:
        return _sized(raw, str(config), read_config(config), catalog)
    found = browse.find_any(catalog, str(model))
    if isinstance(found, ApiModel):
        return _tuned(raw, found, catalog)
    if found.architecture is None:
        raise LlmpickError(f"the architecture of {found.id} is not on record", "give its config.json with --config")
    return _sized(raw, found.id, Reading(architecture=found.architecture.shape), catalog)


def _tuned(raw: Mapping[str, Any], api: ApiModel, catalog: Catalog) -> Tuning:
    """A vendor's model: only what decides the tokens billed may be asked."""
    strange = [field for field in raw if field not in BILLED]
    if strange:
        flag = FLAGS.get(strange[0]) or "--" + strange[0].replace("_", "-")
        raise LlmpickError(
            f"{flag} says nothing of {api.id}: {api.vendor} trains and serves it", "use --examples, --seq-len, --epochs"
        )
    seq_len = _field("seq_len", raw["seq_len"]) if "seq_len" in raw else None
    task = find_task(str(raw["task"]), catalog.tasks) if "task" in raw else None
    base = finder(catalog.models)(api.base) if api.base else None
    run = _run(raw, None, catalog)
    return tuning(
        api,
        base.parameters.total if base else None,
        examples=run.examples,
        seq_len=seq_len or (task.seq_len if task else Job(method="lora").seq_len),
        epochs=run.epochs,
    )


def _sized(raw: Mapping[str, Any], name: str, network: Reading, catalog: Catalog) -> Estimate:
    shape = network.architecture
    gpu = parse_gpu(str(raw["gpu"]), catalog.gpus) if "gpu" in raw else None
    given = {field: _field(field, value) for field, value in raw.items() if field in WORDS or field in WHOLE}
    method = _method(given.pop("method", None), serve=bool(raw.get("serve")))
    given |= _task(raw, catalog, given) | _cards(gpu, method)
    given |= {switch: raw[switch] for switch in SWITCHES if switch in raw}
    given |= {"targets": str(raw["lora_targets"])} if "lora_targets" in raw else {}
    job = _trainable(shape, usual(shape, method, **given))
    if gpu and job.n_gpus > 1 and "sharding" not in raw:
        job = across(shape, job, gpu.usable_bytes)
    run = _run(raw, gpu, catalog)
    market = Market(gpus=catalog.gpus, prices=catalog.prices, usd_per_kwh=_electricity(raw))
    need = estimate(name, shape, job, gpu, run=run)
    need = replace(need, assumptions=(*need.assumptions, *network.assumptions))
    return around(need, shape, job, gpu=gpu, run=run, market=market)


def read_config(path: Path) -> Reading:
    """The network in a config.json, and what had to be assumed of it; raises LlmpickError in one line."""
    hint = "name a Hugging Face config.json"
    fields = parse_config(read_bytes(path, LARGEST_CONFIG, hint), str(path), hint)
    try:
        return config_json.read_config(fields)
    except LlmpickError as error:
        raise LlmpickError(f"{path}: {error.message}", error.hint) from None


def _field(field: str, value: Any) -> Any:
    flag = FLAGS.get(field) or "--" + field.replace("_", "-")
    if field in WHOLE:
        number = parse_number(value, flag, 1, WHOLE[field])
        if number != int(number):
            raise LlmpickError(f"{flag}: {value!r} is not a whole number", f"write one from 1 to {WHOLE[field]:,}")
        return int(number)
    if value not in WORDS[field]:
        hint = did_you_mean(str(value), WORDS[field]) or f"one of: {', '.join(WORDS[field])}"
        raise LlmpickError(f"{flag}: {value!r} is not known", hint)
    return value


def _method(given: JobMethod | None, *, serve: bool) -> JobMethod:
    """`--serve` is short for `--method inference`."""
    if serve and given not in {None, "inference"}:
        raise LlmpickError(f"--serve and --method {given} exclude each other", "leave one of them out")
    return "inference" if serve else given or "lora"


def _trainable(shape: Architecture, job: Job) -> Job:
    """`job` itself; raises LlmpickError where PEFT cannot make its adapters."""
    if job.method not in {"lora", "qlora"}:
        return job
    adapted(shape, job.targets)
    if job.adapter_dropout and expert_roles(shape.model_type, job.targets):
        raise LlmpickError(
            f"--adapter-dropout: PEFT drops nothing out before the stacked experts of a {shape.model_type} network",
            "add --lora-targets attention, or leave the dropout out",
        )
    return job


def _electricity(raw: Mapping[str, Any]) -> float | None:
    price = raw.get("electricity_price")
    return None if price is None else parse_number(price, "--electricity-price", 0, 100)


def _task(raw: Mapping[str, Any], catalog: Catalog, given: Mapping[str, Any]) -> dict[str, Any]:
    """A task decides whether there is a vocabulary head; its default length holds where none was given."""
    if "task" not in raw:
        return {}
    task = find_task(str(raw["task"]), catalog.tasks)
    length = {} if "seq_len" in given else {"seq_len": task.seq_len}
    return {"vocabulary_head": task.vocabulary_head, **length}


def _cards(gpu: GpuSetup | None, method: str) -> dict[str, Any]:
    """Several cards train together; serving takes one."""
    return {"n_gpus": gpu.count} if gpu and gpu.count > 1 and method != "inference" else {}


def _run(raw: Mapping[str, Any], gpu: GpuSetup | None, catalog: Catalog) -> Run:
    name = gpu.name if gpu else None
    return Run(
        examples=int(parse_number(raw["examples"], "--examples", 0, 1e12)) if "examples" in raw else None,
        epochs=parse_number(raw["epochs"], "--epochs", 0.01, 1e4) if "epochs" in raw else 1.0,
        card=next((card for card in catalog.gpus if card.name == name), None),
        price=next((price for price in catalog.prices if price.gpu == name), None),
        efficiencies=catalog.efficiencies,
    )
