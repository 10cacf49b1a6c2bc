"""What the Hub, or a local folder, says of one model: untrusted JSON made into plain values."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from llmpick.errors import LlmpickError
from llmpick.record import record

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}/[A-Za-z0-9][A-Za-z0-9._-]{0,95}")
SHA = re.compile(r"[0-9a-f]{40}")
LARGEST_COUNT = 10**15
"""Neither downloads nor parameters are more."""
MOST_TAGS = 2000
"""Texts of one list that are read."""
RELATIONS = ("quantized", "merge", "finetune", "adapter")


@record
class Repository:
    """One model's repository at one revision."""

    id: str
    sha: str = ""
    """Commit; empty for a local folder."""
    downloads: int | None = None
    """In the last 30 days."""
    likes: int | None = None
    created: str = ""
    """Day the repository was made; empty = unknown."""
    changed: str = ""
    """Day of its last commit."""
    gated: bool | None = None
    tags: tuple[str, ...] = ()
    pipeline: str = ""
    license: str = ""
    """The card's tag."""
    license_name: str = ""
    license_link: str = ""
    languages: tuple[str, ...] = ()
    bases: tuple[str, ...] = ()
    relation: str = ""
    """`quantized`, `merge`, `finetune` or `adapter`, as the card or the Hub says; empty = it does not."""
    tensors: Mapping[str, int] | None = None
    """Type of safetensors -> elements; None = not said."""
    files: tuple[str, ...] = ()


def parse_json(body: bytes, what: str) -> dict[str, Any]:
    """The JSON object in `body`; raises LlmpickError, one line, where there is none."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise LlmpickError(f"{what} is not JSON", "nothing was written") from None
    if not isinstance(value, dict):
        raise LlmpickError(f"{what} is not a JSON object", "nothing was written")
    return value


def from_api(said: Mapping[str, Any], asked: str) -> Repository:
    """What a reply of `/api/models/ORG/NAME` says; raises LlmpickError where it speaks of no model."""
    id_ = text(said.get("id") or said.get("modelId"))
    if not NAME.fullmatch(id_):
        raise LlmpickError(f"the Hub's reply about {asked} names no model", "is HF_ENDPOINT a Hub?")
    card = said.get("cardData")
    safetensors = said.get("safetensors")
    tensors = safetensors.get("parameters") if isinstance(safetensors, Mapping) else None
    sha = text(said.get("sha"))
    siblings = said.get("siblings")
    return from_card(
        card if isinstance(card, Mapping) else {},
        Repository(
            id=id_,
            sha=sha if SHA.fullmatch(sha) else "",
            downloads=number(said.get("downloads")),
            likes=number(said.get("likes")),
            created=day(said.get("createdAt")),
            changed=day(said.get("lastModified")),
            gated=None if said.get("gated") is None else bool(said["gated"]),
            tags=texts(said.get("tags")),
            pipeline=text(said.get("pipeline_tag")),
            tensors=_counts(tensors),
            files=tuple(text(one.get("rfilename")) for one in siblings if isinstance(one, Mapping))
            if isinstance(siblings, list)
            else (),
        ),
    )


def from_card(card: Mapping[str, Any], repo: Repository) -> Repository:
    """`repo` with what the card's metadata adds; the Hub's tags speak where the card is silent."""
    tagged = [tag.split(":", 2) for tag in repo.tags if tag.startswith("base_model:")]
    relation = next((parts[1] for parts in tagged if len(parts) == 3 and parts[1] in RELATIONS), "")
    licenses = texts(card.get("license")) or tuple(t[8:] for t in repo.tags if t.startswith("license:"))
    bases = texts(card.get("base_model")) or tuple(parts[-1] for parts in tagged if parts[-1] not in RELATIONS)
    return replace(
        repo,
        pipeline=repo.pipeline or text(card.get("pipeline_tag")),
        license=licenses[0].casefold() if licenses else "",
        license_name=text(card.get("license_name")),
        license_link=text(card.get("license_link")),
        languages=texts(card.get("language")),
        bases=tuple(dict.fromkeys(base for base in bases if NAME.fullmatch(base))),
        relation=text(card.get("base_model_relation")) or relation,
    )


def text(value: object) -> str:
    """A value as one printable line; empty where it is no text."""
    if value is False:
        return "no"  # YAML's reading of Norwegian
    if not isinstance(value, str):
        return ""
    return "".join(character for character in " ".join(value.split())[:300] if character.isprintable())


def texts(value: object) -> tuple[str, ...]:
    """One text or a list of them."""
    found = value if isinstance(value, list) else [] if value is None else [value]
    return tuple(word for one in found[:MOST_TAGS] if (word := text(one)))


def number(value: object) -> int | None:
    """A whole number that can be a count."""
    sound = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST_COUNT
    return value if sound else None  # type: ignore[return-value]


def day(value: object) -> str:
    """The day of an ISO 8601 moment."""
    found = re.match(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])(?=T|$)", text(value))
    return found[0] if found else ""


def _counts(value: object) -> dict[str, int]:
    if not isinstance(value, Mapping):
        return {}
    return {text(kind): count for kind, said in value.items() if (count := number(said)) is not None}
