"""`llmpick plan` for a model that a vendor tunes: what to send, what it costs, what becomes of data and model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick.errors import LlmpickError
from llmpick.guidance import sources
from llmpick.guidance.answers import Plan
from llmpick.guidance.selection import SEEDS
from llmpick.guidance.setup import setting
from llmpick.sizing.cost import vendor_dollars, vendor_passes

if TYPE_CHECKING:
    from llmpick.guidance.answers import Setting
    from llmpick.profile import Profile
    from llmpick.schema import ApiModel

KIND = "vendor"
PARAMETERS = {
    "OpenAI": sources.OPENAI_JOBS,
    "Microsoft Azure": sources.AZURE_JOBS,
    "Google Cloud": sources.GOOGLE_JOBS,
    "Amazon Bedrock": sources.BEDROCK_JOBS,
    "Together AI": sources.TOGETHER_JOBS,
    "Fireworks AI": sources.FIREWORKS_JOBS,
}
"""The vendor's own description of a job's parameters."""


SEEDED = ("OpenAI", "Microsoft Azure", "Together AI")
"""Vendors whose request takes a seed, and whose DPO request is written."""


def vendor_plan(api: ApiModel, profile: Profile) -> Plan:
    """How to have that vendor tune its model for this profile.

    Raises LlmpickError where the vendor has closed, does not tune for the task, or does not take that many examples.
    """
    _demand(api, profile)
    cost = vendor_dollars(api, profile.examples, profile.seq_len, profile.epochs)
    return Plan(
        model=api.id,
        task=profile.task,
        kind=KIND,
        after="dpo" if _pairs(api, profile) else "none",
        cards=0,
        method="api",
        settings=_settings(api, profile),
        memory=None,
        time_hours=None,
        cost_usd=cost,
        watch=tuple(_watch(api, profile)),
    )


def _demand(api: ApiModel, profile: Profile) -> None:
    when = f" on {api.shutdown}" if api.shutdown else ""
    if api.status == "closed":
        raise LlmpickError(
            f"{api.vendor} no longer tunes {api.model}: it closed{when}", "see `llmpick recommend --weights any`"
        )
    if profile.task not in api.tasks:
        raise LlmpickError(f"{api.vendor} does not tune {api.model} for {profile.task}", f"for: {', '.join(api.tasks)}")
    have, least, most = profile.examples, api.min_examples, api.max_examples
    if have is not None and least is not None and have < least:
        raise LlmpickError(f"{api.vendor} takes at least {least:,} examples, there are {have:,}", "collect more first")
    if have is not None and most is not None and have > most:
        raise LlmpickError(f"{api.vendor} takes at most {most:,} examples, there are {have:,}", "send a part of them")


def _pairs(api: ApiModel, profile: Profile) -> bool:
    offered = any(method.startswith("DPO") for method in api.methods)
    return profile.feedback == "pairs" and offered and api.vendor in SEEDED


def _settings(api: ApiModel, profile: Profile) -> tuple[Setting, ...]:
    source = PARAMETERS.get(api.vendor) or _page(api)
    asked = "as you asked" if "epochs" not in profile.assumed else "passes over the data; the cost below is for these"
    pairs = _pairs(api, profile)
    why = f"the vendor offers: {', '.join(api.methods)}" if api.methods else "what the vendor offers is not published"
    found = [
        setting("vendor", api.vendor, "trains on its own machines: no card of yours is used", _page(api)),
        setting("base_model", api.model, "the vendor's name of it", _page(api)),
        setting("training_method", "DPO" if pairs else "SFT", why, _page(api)),
        setting("epochs", vendor_passes(api, profile.epochs), f"{asked}; billed tokens grow with it", source),
    ]
    if api.vendor in SEEDED:
        found.append(setting("seed", SEEDS[0], "the same job again then gives nearly the same model", source))
    if pairs:
        found.append(
            setting("dpo_beta", 0.1, "TRL's default: how closely it stays to where it started", sources.TRL_DPO)
        )
    return tuple(found)


def _page(api: ApiModel) -> str:
    """The vendor's page that the facts rest on, else the repository, else what the catalog cites first."""
    urls = [source.url for source in api.sources]
    found = next((url for url in urls if url.startswith("https://")), None)
    if found:
        return found
    cited = next((url for url in urls if url.startswith("github:")), None)
    if cited is None:
        return urls[0]
    repository, _, rest = cited.removeprefix("github:").partition("@")
    commit, _, path = rest.partition(":")
    return f"https://github.com/{repository}/{'blob' if path else 'tree'}/{commit}/{path}".rstrip("/")


def _watch(api: ApiModel, profile: Profile) -> list[str]:
    """What binds the user, the most pressing first, and what to look at."""
    found = binds(api)
    found += beyond(api, profile.seq_len)
    found += [f"not found in its documents: {', '.join(api.looked_for)}"] if api.looked_for else []
    found.append("the vendor's loss on the dev file rises while that on the train file falls: fewer epochs next time")
    found.append("judge it on your own test set against the untuned model with your best prompt, before you deploy it")
    return found


def binds(api: ApiModel) -> list[str]:
    """Dates, prices and terms of a vendor's model, the most pressing first."""
    found = [_ends(api)] if api.status != "open" else []
    found += [f"{api.vendor}: {_line(api.status_note)}"] if api.status_note else []
    found += [_prices(api)]
    found += (
        [f"your data: {_line(api.data_terms)}"] if api.data_terms else ["your data: where it is kept was not found"]
    )
    return found + [f"the tuned model: {_line(text)}" for text in (_result(api), api.terms) if text]


def _ends(api: ApiModel) -> str:
    if api.status == "closed":
        return f"{api.vendor} closed it{f' on {api.shutdown}' if api.shutdown else ''}: it takes no new jobs"
    when = f" on {api.shutdown}: what you tune here stops then" if api.shutdown else ", at a date not announced"
    return f"{api.vendor} is closing it{when}"


def beyond(api: ApiModel, seq_len: int) -> list[str]:
    """A warning where examples are longer than the model reads."""
    longer = api.context_length is not None and seq_len > api.context_length
    return [f"examples are cut at {api.context_length:,} tokens"] if longer else []


def _result(api: ApiModel) -> str | None:
    if api.weights_exported is None:
        return None
    return "its weights can be downloaded" if api.weights_exported else "it stays with the vendor, without its weights"


def _prices(api: ApiModel) -> str:
    named = (
        ("to train", api.train_usd_per_million_tokens),
        ("in", api.input_usd_per_million_tokens),
        ("out", api.output_usd_per_million_tokens),
    )
    known = [f"${price:g} {what}" for what, price in named if price is not None]
    least = f"; at least ${api.min_usd_per_job:g} a job" if api.min_usd_per_job else ""
    note = least + (f"; {_line(api.price_note)}" if api.price_note else "")
    if not known:
        return f"prices per million tokens were not found{note}"
    return f"prices per million tokens: {', '.join(known)}{note}"


def _line(text: str | None) -> str:
    return " ".join((text or "").split()).rstrip(".")
