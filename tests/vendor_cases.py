"""A plan for every catalog model that a vendor tunes, and what of a request the vendor's client looks at."""

import json
from dataclasses import replace
from typing import Any

from llmpick.catalog import load
from llmpick.guidance.answers import Plan
from llmpick.guidance.frameworks.api import VENDORS
from llmpick.guidance.vendor import vendor_plan
from llmpick.profile import Profile

ASKED = Profile(task="chat", examples=5_000, epochs=3.0, seq_len=512, assumed=("epochs",))


def plans() -> list[Plan]:
    """Supervised and from pairs, for the vendors whose requests are written; closed ones as if they were open."""
    wanted = [replace(api, status="open") for api in load().apis if api.vendor in VENDORS and "chat" in api.tasks]
    return [vendor_plan(api, profile) for api in wanted for profile in (ASKED, replace(ASKED, feedback="pairs"))]


def form(text: str, model: str) -> Any:
    """The request with its numbers, seeds and names left out."""
    return _plain(json.loads(text), model)


def _plain(value: Any, model: str) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item, model) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item, model) for item in value]
    if isinstance(value, str):
        return "MODEL" if value == model else "NUMBER" if value.isdigit() else value
    return type(value).__name__
