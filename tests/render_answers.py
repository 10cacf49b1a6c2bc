"""Hand-made answers of the other commands, for the renderers. Figures are made up; only their shape matters."""

from __future__ import annotations

import render_cases as cases
from llmpick.catalog.browse import Bare, Coverage, Dated, Stats
from llmpick.catalog.listed import listed_of
from llmpick.explain import Basis, Compared, Contrast, Contribution, Explanation
from llmpick.guidance.answers import AdviseAnswer, Data, Metric, Plan, Setting, Technique
from llmpick.licensing.asking import Answer
from llmpick.machine import Card
from llmpick.quality import Part, Published, Quality
from llmpick.schema import Gpu, Model, Price, Source
from llmpick.sensitivity import Stability
from llmpick.sizing.estimate import Change
from llmpick.sizing.job import Job
from llmpick.sizing.options import Estimate, OnCard
from llmpick.tree import Branch, Constraint, Criterion, Tree
from llmpick.units import GIB
from llmpick.verdict import Span
from llmpick.winning import Condition

RANKING = cases.ranking()
FIRST, SECOND, *_ = RANKING.recommended
TECHNIQUE = Technique(name="LoRA", because="few examples", sources=("https://arxiv.org/abs/2106.09685",))
EXPLANATION = Explanation(
    verdict=SECOND,
    rank=1,
    status="ranked 1=",
    contrast=Contrast(
        ahead=FIRST.model.id,
        behind=SECOND.model.id,
        gap=0.0055,
        because=(Contribution(criterion="quality", gap=0.0055, because="two places higher"),),
        despite=(),
    ),
    would_win_if=(
        Condition(text="its quality were 0.63 instead of 0.61", kind="value", criterion="quality", amount=0.63, rank=1),
    ),
    ranking=RANKING,
    basis=Basis(
        quality=Quality(expected=0.7, low=0.6, high=0.8, because="second of 8 on 13 legal tasks (LexGLUE)"),
        parts=(Part(name="structure", amount=-0.4), Part(name="size", amount=1.25)),
        published=(
            Published(
                suite="LexGLUE",
                tasks=13,
                place=2,
                of=8,
                because="second of 8 on 13 legal tasks (LexGLUE)",
                source="github:coastalcph/lex-glue@419a49d0fe:README.md",
                near=True,
            ),
        ),
    ),
    stability=(Stability(criterion="quality", weight=0.39, low=0.2, high=1.0, below="org/other", above=None),),
    first_share=0.49,
)
COMPARED = (
    Compared(verdict=FIRST, rank=1, quality=Quality(expected=0.7, low=0.6, high=0.8, because="-"), failed=""),
    Compared(
        verdict=RANKING.ruled_out[0].verdict,
        rank=None,
        quality=Quality(expected=0.7, low=0.6, high=0.8, because="-", evidence=("arxiv:2412.13663",)),
        failed="resources: needs 25.6 GiB",
    ),
)
ADVICE = AdviseAnswer(
    fine_tune="yes",
    because=("there are 5,000 examples",),
    instead=(),
    technique=TECHNIQUE,
    others=(TECHNIQUE,),
    data=Data(
        have=None, minimum=100, good=1000, because="-", splits="80/10/10", quality=("no duplicates",), sources=()
    ),
    metrics=(Metric(name="macro F1", because="classes are uneven", source="https://example.org"),),
    baseline="the majority class",
    sources=(),
)
PLAN = Plan(
    model=FIRST.model.id,
    task="classification",
    kind="classifier",
    after="none",
    cards=1,
    method="full",
    settings=(
        Setting(name="learning_rate", value=2e-5, because="-", source="https://example.org"),
        Setting(name="target_modules", value=("q_proj", "v_proj"), because="-", source="https://example.org"),
        Setting(name="bf16", value=True, because="-", source="https://example.org"),
    ),
    memory=FIRST.memory,
    time_hours=FIRST.time_hours,
    cost_usd=None,
    watch=("the loss",),
)
LICENSE = Answer(verdict=cases.license_verdict(), name="Apache License 2.0")
TREE = Tree(
    policy_version="1",
    task="classification",
    kind="understanding",
    branches=(
        Branch(
            step="task",
            weight=0.6,
            because="how good the tuned model will be is what the question is about",
            constraints=(Constraint(name="purpose", asks="made for the task, or regularly tuned for it"),),
            criteria=(Criterion(name="quality", weight=0.6, because="published results after fine-tuning"),),
        ),
        Branch(
            step="license",
            weight=0.4,
            because="what forbids the use is ruled out",
            constraints=(Constraint(name="license use", asks="the license permits the use described"),),
            criteria=(),
        ),
    ),
)
SOURCE = Source(url="https://example.org/card", checked="2026-11-20")
GPUS = (
    Gpu(name="GeForce RTX 4090", vendor="NVIDIA", kind="consumer", memory_gib=24, tflops_bf16=165.2, sources=(SOURCE,)),
    Gpu(name="Apple M1 8GB", vendor="Apple", kind="integrated", memory_gib=8, bandwidth_gb_s=68, sources=(SOURCE,)),
)
PRICE = Price(
    gpu="GeForce RTX 4090", on_demand_low=0.35, on_demand_typical=0.38, spot_low=0.2, spot_typical=0.2, offers=9,
    as_of="2026-08-22", sources=(SOURCE,),
)  # fmt: skip
SPAN = Span(low=1.5, expected=3.0, high=6.0)


def on_card(name: str, gigabytes: int, *, fits: bool, price: Price | None = None) -> OnCard:
    """The job on one card; hours only where it fits and has a price."""
    span = SPAN if fits and price else None
    return OnCard(
        name=name, memory_gib=gigabytes, available_bytes=int(0.93 * gigabytes * GIB), fits=fits, price=price,
        time_hours=span, cost_usd=span,
    )  # fmt: skip


ESTIMATE = Estimate(
    memory=cases.memory("org/model", 1_100_000_000, available=int(0.93 * 16 * GIB)),
    batch_size=4,
    seq_len=4096,
    n_gpus=1,
    largest_batch=1,
    largest_seq=1024,
    change=Change(what="use 8-bit AdamW", job=Job(method="full"), peak_bytes=14 * GIB),
    price=PRICE,
    spot_cost_usd=SPAN,
    electricity_usd=SPAN,
    cards=(
        on_card("GeForce GTX 1080", 8, fits=False),
        on_card("Tesla T4", 16, fits=False, price=PRICE),
        *(on_card(f"GeForce RTX {size}", size, fits=True, price=PRICE) for size in (24, 32, 48, 64, 80)),
        *(on_card(f"RTX A{number}", 24, fits=True) for number in range(1, 6)),
    ),
)
MACHINE = (Card(name="NVIDIA L4", total_bytes=23034 * 1024**2, free_bytes=22 * GIB),)
MODELS: tuple[Model, ...] = tuple(one.model for one in RANKING.recommended if isinstance(one.model, Model))
LISTED = tuple(map(listed_of, MODELS))
STATS = Stats(
    date="2026-11-21",
    models=300,
    lineages=250,
    families=80,
    apis=20,
    licenses=40,
    gpus=60,
    prices=30,
    structures=(("decoder", 200), ("encoder", 100)),
    by_license=(("apache-2.0", 200), ("mit", 100)),
    by_family=(("qwen3", 20),),
    blocks=1200,
    sourced=1200,
    sources=400,
    identical=250,
    explained=30,
    unconfirmed=20,
    coverage=(Coverage(field="license", known=290, models=300), Coverage(field="scores", known=0, models=300)),
    oldest=(Dated(checked="2026-11-01", model="org/model", block="license"),),
    without_architecture=(Bare(model="org/bare", because="nobody wrote it down yet"),),
)
