"""A model in a folder on this machine: its config, card and safetensors headers; weights are never read."""

from __future__ import annotations

import json
import re
from collections import Counter
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llmpick.errors import LlmpickError
from llmpick.hub.repository import NAME, Repository, from_card, parse_json
from llmpick.reading import LARGEST_CONFIG

if TYPE_CHECKING:
    from collections.abc import Mapping

LARGEST_CARD = 1 << 20
"""Bytes of a README.md; a longer one is refused."""
LARGEST_HEADER = 8 << 20
"""Bytes of a safetensors header: 70,000 tensors of one file. The format allows 100 MB, which take 3 GB as objects."""
MOST_SHARDS = 2000
"""Files of one model whose headers are read."""
FRONT_MATTER = re.compile(r"\A\ufeff?---\r?\n(.*?)\r?\n---\s*(?:\r?\n|\Z)", re.DOTALL)
SNAPSHOT = re.compile(r"models--([^/]+?)--([^/]+)/snapshots/([0-9a-f]{40})$")
"""A model in the Hub's own cache: organization, name, commit."""


def read(folder: Path) -> tuple[Repository, bytes, str]:
    """What `folder` says of its model, its config.json and its card; LlmpickError where it holds no model.

    The id is that of the Hub's cache where the folder lies in it, else the folder's last two names.
    """
    config = read_bytes(folder / "config.json", LARGEST_CONFIG)
    card = read_bytes(folder / "README.md", LARGEST_CARD).decode("utf-8", "replace") if _has_card(folder) else ""
    id_, sha = _identity(folder)
    files = tuple(sorted(file.name for file in folder.iterdir()))
    repo = Repository(id=id_, sha=sha, files=files, tensors=_tensors(folder, files))
    return from_card(front_matter(card), repo), config, card


def read_bytes(path: Path, limit: int) -> bytes:
    """The whole regular file at `path`; LlmpickError where there is none or it is larger than `limit`."""
    try:
        if not path.is_file():
            raise LlmpickError(f"{path} is not there", "name a folder with a config.json, or a model on the Hub")
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise LlmpickError(f"cannot read {path}: {error.strerror}") from None
    if len(data) > limit:
        raise LlmpickError(f"{path} is larger than {limit >> 20} MiB", "that is no such file")
    return data


def front_matter(card: str) -> Mapping[str, Any]:
    """The metadata at the head of a model card; empty where there is none that can be read."""
    from llmpick import yamltext

    found = FRONT_MATTER.match(card)
    try:
        document = yamltext.read(found[1]) if found else None
        said = json.loads(document.json) if document and not document.problems else {}
    except (yamltext.Problem, ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _has_card(folder: Path) -> bool:
    return (folder / "README.md").is_file()


def _identity(folder: Path) -> tuple[str, str]:
    place = folder.absolute()
    cached = SNAPSHOT.search(place.as_posix())
    id_, sha = (f"{cached[1]}/{cached[2]}", cached[3]) if cached else (f"{place.parent.name}/{place.name}", "")
    if not NAME.fullmatch(id_):
        raise LlmpickError(f"{folder}: {id_!r} is no model id", "move the folder to one named ORG/NAME")
    return id_, sha


def _tensors(folder: Path, files: tuple[str, ...]) -> dict[str, int]:
    """Elements by type over all safetensors of the folder."""
    counted: Counter[str] = Counter()
    shards = [file for file in files if file.endswith(".safetensors")]
    whole = [file for file in shards if file == "model.safetensors"]
    for shard in whole or shards[:MOST_SHARDS]:
        for tensor in _header(folder / shard).values():
            counted.update(_elements(tensor))
    return dict(counted)


def _elements(tensor: object) -> dict[str, int]:
    if not isinstance(tensor, dict) or not isinstance(tensor.get("shape"), list):
        return {}
    sizes = tensor["shape"]
    sound = all(isinstance(size, int) and 0 <= size < 1 << 40 for size in sizes) and len(sizes) <= 8
    return {str(tensor.get("dtype"))[:20]: prod(sizes)} if sound else {}


def _header(path: Path) -> dict[str, Any]:
    """The names, types and shapes of the tensors in a safetensors file."""
    if not path.is_file():
        raise LlmpickError(f"{path} is no file", "download it again")
    try:
        with path.open("rb") as file:
            size = int.from_bytes(file.read(8), "little")
            header = file.read(size) if size <= LARGEST_HEADER else b""
    except OSError as error:
        raise LlmpickError(f"cannot read {path}: {error.strerror}") from None
    if not size or len(header) != size:
        raise LlmpickError(f"{path} is no whole safetensors file", "download it again")
    said = parse_json(header, str(path))
    said.pop("__metadata__", None)
    return said
