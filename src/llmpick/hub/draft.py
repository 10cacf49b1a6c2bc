"""A catalog entry from what a machine can know, and the list of what a person still has to look at."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

from llmpick.config_json import read_config
from llmpick.errors import LlmpickError
from llmpick.hub.copies import packing, refuse_reupload
from llmpick.hub.counting import compare, held
from llmpick.hub.repository import number, text
from llmpick.languages import KNOWN as LANGUAGES
from llmpick.record import record
from llmpick.sizing.parameters import count

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmpick.architecture import Architecture
    from llmpick.catalog import Catalog
    from llmpick.hub.repository import Repository
    from llmpick.schema import Model

HUB = "https://huggingface.co"
FIRST_CREATED = "2022-03-03"
"""The Hub knows no creation before 2 March 2022 and gives that day to all older repositories."""
TUNED = re.compile(r"(?<![a-z])(instruct|chat|it|sft|dpo|assistant)(?![a-z])", re.IGNORECASE)
BASE = re.compile(r"(?<![a-z])(base|pt|pretrain(ed)?)(?![a-z])", re.IGNORECASE)
REASONS = re.compile(r"(?<![a-z])(r1|reasoning|reasoner|thinking|think)(?![a-z])", re.IGNORECASE)
SIZE_AND_ON = re.compile(r"[-_](\d+(\.\d+)?x?\d*[bm]|base|instruct|chat|it|large|small|medium|tiny|mini|xl)\b.*", re.I)
STAGE = re.compile(r"[-_](base|instruct|chat|it|pt|sft|dpo|bf16|hf)\b", re.IGNORECASE)
CONTEXT = ("max_position_embeddings", "n_positions", "max_seq_len", "seq_length", "max_sequence_length", "n_ctx")
TEXT_PARTS = ("text_config", "llm_config", "language_config")
MOST_TOKENS = 10**8
"""Some files write 1e30 for "no limit"."""
PADDED = frozenset("roberta xlm-roberta xlm-roberta-xl camembert xmod longformer mpnet data2vec-text esm".split())
"""Classes that count positions from behind the padding token, so that pad_token_id + 1 of the rows are never used."""
EMBEDDING = frozenset({"sentence-similarity", "feature-extraction", "text-ranking"})
FINISHED = frozenset(
    {"text-classification", "token-classification", "question-answering", "translation", "summarization"}
    | {"zero-shot-classification", "table-question-answering"}
)
"""Pipelines that only a model tuned for one task names."""


@record
class Drafted:
    """An entry as YAML will say it, and what a person must look at."""

    entry: dict[str, Any]
    remarks: tuple[str, ...]


@record
class Network:
    """What config.json and safetensors say together."""

    shape: Architecture | None
    parameters: dict[str, Any]
    remarks: tuple[str, ...]


def draft(repo: Repository, config: Mapping[str, Any], config_digest: str, catalog: Catalog, today: str) -> Drafted:
    """The entry of the model that `repo` and its parsed config.json describe; guesses stand among the remarks.

    Raises LlmpickError where neither config.json nor safetensors tell its size, and for re-uploads of a model
    in `catalog`.
    """
    network = measure(repo, config)
    if network.shape:
        refuse_reupload(repo, network.shape, catalog.models)
    base = next((model for id_ in repo.bases for model in catalog.models if model.id == id_), None)
    structure = network.shape.structure if network.shape else None
    variant = _variant(repo, structure)
    tasks = _tasks(repo, structure, variant, base, catalog)
    languages = tuple(dict.fromkeys(code for word in repo.languages if (code := word.casefold()) in LANGUAGES))
    released = repo.created[:7] if repo.created >= FIRST_CREATED else ""
    context = context_length(config, network.shape)
    license_, license_remarks = _license(repo, base, catalog, today)
    sources = Sources(repo, config_digest, today)
    entry: dict[str, Any] = {
        "family": base.family if base else _family(repo, catalog),
        "lineage": _lineage(repo, base, catalog),
        "developer": _developer(repo, catalog),
        "variant": variant,
        "released": released,
        "tasks": tasks,
        "languages": languages,
        "modalities": _modalities(config),
        "context_length": context,
        "identity": sources.card(),
        "parameters": network.parameters | {"sources": sources.counted(network.parameters)},
        "architecture": {"shape": plain(network.shape), "sources": sources.config()} if network.shape else None,
        "license": license_,
        "pretraining": {"initialized_from": repo.bases[0], "sources": sources.card()} if len(repo.bases) == 1 else None,
        "looked_for": _missing(license_, released, languages, context, network.shape),
    }
    remarks = _guesses(repo, bool(base), bool(released), config) + network.remarks + license_remarks
    return Drafted(entry={name: value for name, value in entry.items() if value}, remarks=remarks)


def measure(repo: Repository, config: Mapping[str, Any]) -> Network:
    """The network and its parameters, believed only where config.json and safetensors agree."""
    packed = packing(config)
    published = held(repo.tensors or {}, packed)
    try:
        reading = read_config(config)
        counted = count(reading.architecture)
    except LlmpickError as error:
        return _unread(repo, published, str(error))
    text_only = any("without the towers" in one or "other towers" in one for one in reading.assumptions)
    found = compare(reading.architecture, counted.total, published, config, text_only)
    if found.agrees is False:
        says = f"config.json gives {counted.total:,} parameters, the safetensors hold {published:,}"
        if reading.architecture.moe:
            raise LlmpickError(f"{repo.id}: {says}: not added", "this kind of network is not read rightly yet")
        return _unread(repo, published, says)
    parameters: dict[str, Any] = {"total": counted.total, "active": counted.active}
    if found.published:
        parameters["published"] = found.published
    if found.published_as:
        parameters["published_as"] = found.published_as
    remarks = tuple(f"assumed while reading config.json: {one}" for one in reading.assumptions)
    if found.agrees is None:
        remarks += ("no safetensors count to hold the parameters against: look for one, and add it as `published`",)
    return Network(shape=reading.architecture, parameters=parameters, remarks=remarks)


def _unread(repo: Repository, published: int | None, why: str) -> Network:
    """A dense network of known size and unknown shape."""
    if published is None:
        raise LlmpickError(f"{repo.id}: its size is unknown: not added", why)
    parameters = {"total": published, "active": published}
    return Network(shape=None, parameters=parameters, remarks=(f"`architecture` is left out: {why}",))


class Sources:
    """Where a stranger can read it: files at the commit; for a local folder, the digest of its config.json."""

    def __init__(self, repo: Repository, digest: str, today: str) -> None:
        self.repo, self.digest, self.today = repo, digest, today

    def _at(self, file: str, where: str | None = None) -> list[dict[str, str]]:
        repo = self.repo
        url = f"{HUB}/{repo.id}/blob/{repo.sha}/{file}" if repo.sha else f"local:{repo.id}/{file}"
        if not repo.sha:
            where = where or f"config.json of this folder has the SHA-256 {self.digest}"
        return [{"url": url, "checked": self.today} | ({"where": where} if where else {})]

    def card(self) -> list[dict[str, str]]:
        """The model card: license, languages, base."""
        return self._at("README.md" if "README.md" in self.repo.files else "config.json")

    def config(self) -> list[dict[str, str]]:
        """The shape."""
        return self._at("config.json")

    def counted(self, parameters: Mapping[str, Any]) -> list[dict[str, str]]:
        """The parameters: config.json, and the safetensors where they were counted."""
        repo = self.repo
        api = f"{HUB}/api/models/{repo.id}/revision/{repo.sha}"
        counted = [{"url": api, "checked": self.today, "where": "safetensors, by type"}] if repo.sha else []
        return self.config() + (counted if "published" in parameters else [])


def plain(value: Any) -> Any:
    """A record as YAML writes it: fields in order, what equals its default left out."""
    if not is_dataclass(value):
        return value
    said = {field.name: getattr(value, field.name) for field in fields(value)}
    default = {field.name: field.default for field in fields(value)}
    kept = {name: one for name, one in said.items() if one != default[name] and one is not None}
    return {name: [plain(part) for part in one] if isinstance(one, tuple) else plain(one) for name, one in kept.items()}


def context_length(config: Mapping[str, Any], shape: Architecture | None) -> int | None:
    """Tokens it reads, as config.json says; None where it does not."""
    inner = next((part for key in TEXT_PARTS if isinstance(part := config.get(key), dict)), config)
    said = (number(inner.get(key)) for key in CONTEXT)
    rows: int | None = next((rows for rows in said if rows and 1 < rows < MOST_TOKENS), None)
    if rows is None:
        return None
    pad = inner.get("pad_token_id", 1)
    padded = text(inner.get("model_type")) in PADDED and isinstance(pad, int) and 0 <= pad < rows - 1
    tokens = rows - pad - 1 if padded else rows
    learned = shape is not None and shape.position == "learned" and shape.position_rows
    return min(tokens, learned) if learned else tokens


def _variant(repo: Repository, structure: str | None) -> str:
    if repo.pipeline in EMBEDDING:
        return "embedding"
    if repo.pipeline in FINISHED and structure != "decoder":
        return "task"
    if REASONS.search(_name(repo)):
        return "reasoning"
    if BASE.search(_name(repo)):
        return "base"  # a chat template, and so the tag `conversational`, comes with many of these too
    tuned = TUNED.search(_name(repo)) or ("conversational" in repo.tags and structure == "decoder")
    return "instruct" if tuned else "base"


def _tasks(
    repo: Repository, structure: str | None, variant: str, base: Model | None, catalog: Catalog
) -> tuple[str, ...]:
    """What the pipeline tag names; else what the base does; else what most models of its kind do."""
    able = [task for task in catalog.tasks if structure in (None, *task.structures)]
    tagged = {task.id for task in able if repo.pipeline in task.hub}
    if variant == "task" and tagged:
        return tuple(sorted(tagged))
    peers = [
        model
        for model in catalog.models
        if model.variant == variant and model.architecture and model.architecture.shape.structure == structure
    ]
    common = Counter(task for model in peers for task in model.tasks)
    usual = {task for task, number in common.items() if 2 * number >= len(peers)}
    chosen = tagged | (set(base.tasks) if base else usual)
    return tuple(task.id for task in able if task.id in chosen) or (able[0].id,)


def _license(
    repo: Repository, base: Model | None, catalog: Catalog, today: str
) -> tuple[dict[str, Any] | None, tuple[str, ...]]:
    """The license block and what to check; None where the card names no license that the catalog knows."""
    known = license_id(repo, catalog)
    said = " ".join(filter(None, (repo.license, repo.license_name, repo.license_link)))
    if not known:
        return None, (f"`license`: the card says {said or 'nothing'}; read it, and add licenses/<id>.yaml if need be",)
    remarks = [f"`license`: {known} is the card's tag ({said}); open the license file itself"]
    block: dict[str, Any] = {"id": known}
    if base and base.license:
        also = [id_ for id_ in (base.license.id, *base.license.also) if id_ != known]
        block |= {"also": also} if also else {}
    elif repo.bases:
        remarks.append(f"`license.also`: what {repo.bases[0]}, its base, is under binds too")
    if repo.gated is not None:
        block["gated"] = repo.gated
    if known == "other":
        block["note"] = f"the card says {said}"
    return block | {"sources": Sources(repo, "", today).card()}, tuple(remarks)


def license_id(repo: Repository, catalog: Catalog) -> str:
    """The catalog's license that the card's tags name; empty where there is none."""
    from llmpick.licensing.asking import fold, spellings

    spelled = spellings(catalog.licenses)
    own_name = repo.license in ("", "other")
    for word in (repo.license_name, repo.license) if own_name else (repo.license,):
        found = spelled.get(fold(word)) if word else None
        if found:
            return found.id
    return ""


def _family(repo: Repository, catalog: Catalog) -> str:
    """The longest family of the same organization that the name holds, else the name up to its size."""
    owner, own = repo.id.partition("/")[0], _slug(SIZE_AND_ON.sub("", _name(repo)))
    known = {model.family for model in catalog.models if model.id.partition("/")[0] == owner}
    held_ = [family for family in known if re.search(rf"(?<![a-z0-9]){re.escape(family)}(?![a-z0-9])", own)]
    return max(held_, key=lambda family: (len(family), family), default=own)


def _lineage(repo: Repository, base: Model | None, catalog: Catalog) -> str:
    owner = repo.id.partition("/")[0]
    if base and base.id.partition("/")[0] == owner:
        return base.lineage
    wanted = _slug(STAGE.sub("", _name(repo)))
    others = {model.id.partition("/")[0] for model in catalog.models if model.lineage == wanted}
    return wanted if others <= {owner} else _slug(f"{owner}-{wanted}")


def _developer(repo: Repository, catalog: Catalog) -> str:
    owner = repo.id.partition("/")[0]
    named = Counter(model.developer for model in catalog.models if model.id.partition("/")[0] == owner)
    return named.most_common(1)[0][0] if named else owner


def _modalities(config: Mapping[str, Any]) -> tuple[str, ...]:
    keys = {
        "image": ("vision_config", "visual"),
        "audio": ("audio_config", "speech_config"),
        "video": ("video_token_id", "video_token_index"),
    }
    seen = tuple(name for name, marks in keys.items() if any(config.get(mark) for mark in marks))
    return ("text", *seen) if seen else ()


def _missing(
    license_: object, released: str, languages: tuple[str, ...], context: int | None, shape: object
) -> list[str]:
    sought = {
        "license": license_,
        "languages": languages,
        "release month": released,
        "context length": context,
        "architecture": shape,
    }
    return [what for what, fact in sought.items() if not fact]


def _guesses(repo: Repository, known_base: bool, dated: bool, config: Mapping[str, Any]) -> tuple[str, ...]:
    """What was guessed, and from what."""
    pipeline = f"the pipeline tag {repo.pipeline}" if repo.pipeline else "models of its kind"
    found = [
        f"`family`, `lineage`, `variant`: guessed from {'its base and ' if known_base else ''}the name",
        f"`tasks`: guessed from {'its base and ' if known_base else ''}{pipeline}",
    ]
    if dated:
        found.append(f"`released`: the repository was made on {repo.created}; the model may have come out later")
    if len(repo.bases) == 1:
        found.append("`pretraining`: the base is what the card names; add what it read")
    else:
        found.append("`pretraining`: add domains, corpora and tokens where a source names them")
    if any(config.get(key) for key in ("rope_scaling", "rope_parameters")):
        found.append("`context_length`: RoPE is scaled; check which length the developer claims")
    return tuple(found)


def _name(repo: Repository) -> str:
    return repo.id.partition("/")[2]


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9.+]+", "-", name.casefold()).strip("-.+") or "unnamed"
