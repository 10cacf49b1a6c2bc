"""Which repositories stand for somebody else's model: re-uploads, quantized copies, merges, adapters."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from llmpick.errors import LlmpickError
from llmpick.lint.origins import COPIERS, COPIES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from llmpick.architecture import Architecture
    from llmpick.hub.repository import Repository
    from llmpick.schema import Model

NATIVE = frozenset({"fp8", "mxfp4", "compressed-tensors"})
"""Formats in which some developers publish the weights they trained; all others are made from finished weights."""
MERGED = re.compile(r"mergekit|merge_method\s*:|\bmodel merge\b", re.IGNORECASE)
WEIGHTS = (".safetensors", ".bin", ".pt", ".pth", ".msgpack", ".h5")


def refuse_copies(repo: Repository, config: Mapping[str, Any], card: str, known: Iterable[str] = ()) -> None:
    """Raise LlmpickError, naming the base, unless `repo` is that of an original model.

    Where the card names no base, it is the one of the `known` ids whose name begins the copy's name.
    """
    reason = _by_relation(repo) or _by_name(repo) or _by_files(repo) or _by_config(config) or _merged(repo, card)
    if reason:
        raise LlmpickError(f"{repo.id} is {reason}: not added", _instead(repo, known))


def refuse_reupload(repo: Repository, shape: Architecture, models: Iterable[Model]) -> None:
    """Raise LlmpickError where the catalog has this very network under the same name from somebody else."""
    for model in models:
        same = _short(model.id) == _short(repo.id) and model.id.casefold() != repo.id.casefold()
        if same and model.architecture and model.architecture.shape == shape:
            raise LlmpickError(f"{repo.id} is a re-upload of {model.id}: not added", "the catalog has the original")


def _instead(repo: Repository, known: Iterable[str]) -> str:
    named = [base for base in repo.bases if base.casefold() != repo.id.casefold()]
    if not named:
        name = re.sub(r"[^a-z0-9.]", "-", _short(repo.id))
        begin = [id_ for id_ in known if name.startswith(f"{re.sub(r'[^a-z0-9.]', '-', _short(id_))}-")]
        named = sorted(begin, key=len)[-1:]
    return f"add the original: {', '.join(named[:5])}" if named else "its card names no base; add the original"


def _by_relation(repo: Repository) -> str:
    said = {"quantized": "a quantized copy", "merge": "a merge", "adapter": "an adapter, no model of its own"}
    if repo.relation in said:
        return said[repo.relation]
    return "a re-upload" if any(_short(base) == _short(repo.id) != "" for base in _others(repo)) else ""


def _others(repo: Repository) -> list[str]:
    owner = repo.id.partition("/")[0].casefold()
    return [base for base in repo.bases if base.partition("/")[0].casefold() != owner]


def _by_name(repo: Repository) -> str:
    owner, _, name = repo.id.partition("/")
    mark = COPIES.search(name)
    if mark:
        return f"a copy, a merge or a quantization (`{mark[0]}` in its name)"
    return f"from {owner}, who publishes copies of others' models" if owner.casefold() in COPIERS else ""


def _by_files(repo: Repository) -> str:
    weights = [file for file in repo.files if file.endswith((*WEIGHTS, ".gguf"))]
    if weights and all(file.endswith(".gguf") for file in weights):
        return "a GGUF conversion"
    adapter = "adapter_config.json" in repo.files and "config.json" not in repo.files
    return "an adapter, no model of its own" if adapter else ""


def _by_config(config: Mapping[str, Any]) -> str:
    method = packing(config)
    return "" if method in NATIVE or not method else f"quantized after training ({method} in its config.json)"


def _merged(repo: Repository, card: str) -> str:
    marked = {"mergekit", "merge"} & {tag.casefold() for tag in repo.tags}
    listed = any(file.startswith("mergekit_config") for file in repo.files)
    return "a merge" if marked or listed or MERGED.search(card) else ""


def packing(config: Mapping[str, Any]) -> str:
    """The method by which the weights are packed, as config.json names it; empty = they are not."""
    said = config.get("quantization_config")
    method = said.get("quant_method") if isinstance(said, dict) else None
    if isinstance(method, str) and method:
        return re.sub(r"[^a-z0-9_.-]", "", method.casefold())[:40] or "unknown"
    return "unknown" if isinstance(said, dict) and said else ""


def _short(id_: str) -> str:
    return id_.rpartition("/")[2].casefold()
