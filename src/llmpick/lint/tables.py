"""Rules on single tables: GPUs, prices, vendors' models, the policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick.lint.remarks import Loc, Remark, file_of, is_day, unless_known

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llmpick.catalog import Catalog
    from llmpick.schema import Price

RATED = {
    "task": ["quality", "fit"],
    "resources": ["headroom", "economy", "method"],
    "domain": ["domain", "language"],
    "license": ["license"],
    "community": ["popularity", "tooling"],
}
"""Step -> the criteria it rates."""
NEEDED = {
    "tree": [criterion for criteria in RATED.values() for criterion in criteria],
    "values": ["headroom", "economy", "popularity"],
    "unknown": ["quality", "economy", "language", "license", "popularity", "tooling"],
    "constants": """
        fit-made fit-adapted fit-text tie-margin undecided-spread
        domain-general-web domain-general-near domain-general-far
        domain-among domain-decoder domain-near domain-specialist
        method-full method-lora method-qlora license-conditional
        tooling-native tooling-remote tooling-adapted tooling-trained tooling-served
        cpu-parameters fitting-examples unnamed-card
    """.split(),
}
"""Field of the Policy -> the names that judging looks up there."""


def sound_gpus(catalog: Catalog) -> Iterator[Remark]:
    """Usable memory is no more than marketed memory, and a speed is given only for formats the GPU has."""
    for row, gpu in enumerate(catalog.gpus):
        if gpu.usable_mib is not None and gpu.usable_mib > gpu.memory_gib * 1024:
            message = f"{gpu.usable_mib:,} MiB usable of {gpu.memory_gib:g} GiB; correct either"
            yield Remark("gpus.yaml", (row, "usable_mib"), message)
        for flag, speed in (("bf16", gpu.tflops_bf16), ("fp8", gpu.tflops_fp8)):
            if speed and getattr(gpu, flag) is False:
                message = f"{gpu.name} has no {flag}, yet a {flag} speed; correct either"
                yield Remark("gpus.yaml", (row, f"tflops_{flag}"), message)


def sound_prices(catalog: Catalog) -> Iterator[Remark]:
    """The lowest spot price is no higher than the typical one, and prices are no newer than their sources' reading."""
    for row, price in enumerate(catalog.prices):
        for loc, message in _odd_prices(price):
            yield Remark("prices.yaml", (row, loc), message)


def dated_shutdowns(catalog: Catalog) -> Iterator[Remark]:
    """A vendor model that closes or has closed says when or how; an open one has no shutdown date."""
    for api in catalog.apis:
        if api.status == "open" and api.shutdown:
            message = f"open, yet it stops on {api.shutdown}; write `status: closing`"
            yield Remark(file_of(api), ("status",), message)
        elif api.status != "open" and not (api.shutdown or api.status_note):
            message = f"{api.status}, but not since or until when; add `shutdown` or `status_note`"
            yield Remark(file_of(api), ("status",), message)
        if api.shutdown and not is_day(api.shutdown):
            yield Remark(file_of(api), ("shutdown",), f"{api.shutdown} is no day of the calendar; correct it")


def policy_adds_up(catalog: Catalog) -> Iterator[Remark]:
    """Shares of steps, of a step's criteria and of each kind of task sum to 1."""
    policy = catalog.policy
    sums: list[tuple[Loc, float]] = [(("tree",), sum(step.share for step in policy.tree))]
    sums += [
        (("tree", row, "criteria"), sum(leaf.share for leaf in step.criteria)) for row, step in enumerate(policy.tree)
    ]
    sums += [(("kinds", row, "shares"), sum(kind.shares.values())) for row, kind in enumerate(policy.kinds)]
    for loc, total in sums:
        if abs(total - 1) > 1e-9:
            yield Remark("policy.yaml", loc, f"the shares sum to {total:g}; they must sum to 1")


def policy_complete(catalog: Catalog) -> Iterator[Remark]:
    """The policy weighs every criterion under its step, and names all that judging looks up."""
    policy = catalog.policy
    named = {
        "tree": {leaf.criterion for step in policy.tree for leaf in step.criteria},
        "values": {one.name for one in policy.values},
        "unknown": {one.criterion for one in policy.unknown},
        "constants": {one.name for one in policy.constants},
    }
    for field, names in NEEDED.items():
        missing = [name for name in names if name not in named[field]]
        if missing:
            message = f"`{field}` lacks {', '.join(missing)}; copy it from the bundled policy.yaml"
            yield Remark("policy.yaml", (field,), message)
    for row, step in enumerate(policy.tree):
        for place, leaf in enumerate(step.criteria):
            loc: Loc = ("tree", row, "criteria", place, "criterion")
            yield from unless_known("policy.yaml", loc, f"criterion of {step.step}", leaf.criterion, RATED[step.step])


def policy_in_order(catalog: Catalog) -> Iterator[Remark]:
    """Value points rise, from above 0 on a logarithmic scale; what is unknown is worth no more at its low end."""
    for row, function in enumerate(catalog.policy.values):
        at = [point.at for point in function.points]
        if at != sorted(set(at)) or (function.scale == "log" and at[0] <= 0):
            message = f"the points of {function.name} must rise{', from above 0' if function.scale == 'log' else ''}"
            yield Remark("policy.yaml", ("values", row, "points"), message)
    for row, span in enumerate(catalog.policy.unknown):
        if span.low > span.high:
            message = f"low {span.low:g} is above high {span.high:g}; correct either"
            yield Remark("policy.yaml", ("unknown", row, "low"), message)


def _odd_prices(price: Price) -> Iterator[tuple[str, str]]:
    if price.spot_low is not None and price.spot_typical is not None and price.spot_low > price.spot_typical:
        yield "spot_low", f"${price.spot_low:g} is more than the typical ${price.spot_typical:g}; correct either"
    if not is_day(price.as_of):
        yield "as_of", f"{price.as_of} is no day of the calendar; correct it"
    elif price.as_of > max(source.checked for source in price.sources):
        yield "as_of", f"{price.as_of} is later than the day its sources were read; correct either"
