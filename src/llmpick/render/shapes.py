"""The JSON answers, key by key: what mypy holds `render.json` to and what docs/schema is generated from.

Sizes are bytes, money US dollars, times hours, scores lie in [0, 1]. Keys are only ever added.
Only type checkers and `render.schema` import this module: answering in JSON must not import pydantic or its helpers.
"""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

Outcome = Literal["ok", "no", "unknown"]
StepName = Literal["task", "resources", "domain", "license", "community"]
MethodName = Literal["full", "lora", "qlora", "api", "inference"]


class SpanShape(TypedDict):
    """A figure with its spread."""

    low: float
    expected: float
    high: float


class BreakdownShape(TypedDict):
    """Parts of the peak, in bytes; they sum to `peak_bytes`."""

    weights: int
    adapters: int
    gradients: int
    optimizer: int
    activations: int
    logits: int
    overhead: int


class MemoryShape(TypedDict):
    """What training (or inference) by one method takes on the fullest GPU."""

    model: str
    method: MethodName
    params: int
    trainable_params: int
    peak_bytes: int
    breakdown_bytes: BreakdownShape
    available_bytes: int | None
    fits: bool | None
    margin_bytes: int | None
    time_hours: SpanShape | None
    cost_usd: SpanShape | None
    assumptions: list[str]


class ChangeShape(TypedDict):
    """What to do differently so that it fits, and the peak that leads to."""

    what: str
    peak_bytes: int


class HourlyShape(TypedDict):
    """US dollars per GPU-hour: cheapest and typical offer, on demand and preemptible."""

    on_demand_low: float | None
    on_demand_typical: float | None
    spot_low: float | None
    spot_typical: float | None
    as_of: str


class CardFitShape(TypedDict):
    """The job on one known card."""

    name: str
    memory_gib: float
    available_bytes: int
    fits: bool
    usd_per_hour: HourlyShape | None
    time_hours: SpanShape | None
    cost_usd: SpanShape | None


class SpeedShape(TypedDict):
    """How fast an engine answers one request: until the first token (or an encoder's result), then token by token.

    `starts` and `grows` say in words what that is like; `plain_seconds` is an encoder without an engine.
    """

    first_seconds: SpanShape | None
    starts: str | None
    token_seconds: SpanShape | None
    grows: str | None
    plain_seconds: float | None


class EstimateShape(MemoryShape):
    """What the job takes, and what surrounds it."""

    largest_batch: int | None
    largest_seq_len: int | None
    cheapest_change: ChangeShape | None
    usd_per_hour: HourlyShape | None
    spot_cost_usd: SpanShape | None
    electricity_usd: SpanShape | None
    gpus: list[CardFitShape]
    speed: SpeedShape | None


class TokenPriceShape(TypedDict):
    """US dollars per million tokens, to train and to answer; null = not found."""

    train: float | None
    input: float | None
    output: float | None


class VendorShape(TypedDict):
    """What a vendor asks for tuning its model, since when, and what binds."""

    name: str
    base: str | None
    methods: list[str]
    usd_per_million_tokens: TokenPriceShape
    min_usd_per_job: float | None
    as_of: str | None
    tokens_billed: SpanShape | None
    passes: int
    context_length: int | None
    min_examples: int | None
    max_examples: int | None
    status: Literal["open", "closing", "closed"]
    shutdown: str | None
    watch: list[str]
    sources: list[str]


class TuningShape(TypedDict):
    """A vendor's model: the keys of any estimate, null where memory and hours are the vendor's affair."""

    model: str
    method: Literal["api"]
    params: int | None
    trainable_params: None
    peak_bytes: None
    breakdown_bytes: None
    available_bytes: None
    fits: None
    margin_bytes: None
    time_hours: None
    cost_usd: SpanShape | None
    assumptions: list[str]
    vendor: VendorShape


class GpuShape(TypedDict):
    """The cards of one machine; `count` 0 means the CPU."""

    count: int
    name: str | None
    memory_bytes: int
    usable_bytes: int


class ProfileShape(TypedDict):
    """The question after defaults; `assumed` names the fields the user did not give."""

    task: str
    gpu: GpuShape | None
    domain: str
    languages: list[str]
    commercial: bool | None
    monthly_users: int | None
    annual_revenue: float | None
    region: str | None
    license: list[str]
    examples: int | None
    seq_len: int
    batch_size: int
    epochs: float
    method: Literal["auto", "full", "lora", "qlora"]
    budget: float | None
    serve_gpu: GpuShape | None
    latency: float | None
    weights: Literal["open", "api", "any"]
    priority: list[str]
    weight: dict[str, float]
    top: int
    stage: Literal["exploration", "pilot", "production"] | None
    facts_change: Literal["rarely", "often"] | None
    style_matters: bool | None
    privacy: bool | None
    expertise: Literal["none", "some", "strong"] | None
    classes: int | None
    feedback: Literal["pairs", "ratings", "grader"] | None
    unlabeled: bool | None
    assumed: list[str]


class CatalogShape(TypedDict):
    """What the answer rests on."""

    date: str
    models: int
    policy: str


class AdviceShape(TypedDict):
    """Whether to fine-tune at all."""

    fine_tune: Literal["yes", "maybe", "no"]
    because: list[str]
    instead: list[str]


class CheckShape(TypedDict):
    """A Constraint judged."""

    name: str
    outcome: Outcome
    because: str


class RatingShape(TypedDict):
    """A Criterion judged: the truth lies in low..high."""

    criterion: str
    low: float
    high: float
    weight: float
    because: str


class StepShape(TypedDict):
    """All that one Step said of a model."""

    step: StepName
    checks: list[CheckShape]
    ratings: list[RatingShape]


class LicenseShape(TypedDict):
    """What the license says about this use; `duties` in words."""

    id: str
    verdict: Literal["allowed", "conditional", "forbidden", "unknown"]
    duties: list[str]
    because: str


class RecommendedShape(TypedDict):
    """One ranked model. Equal ranks are ties; `siblings` are checkpoints this row stands for."""

    rank: int
    model: str
    method: MethodName
    score: float
    score_high: float
    steps: list[StepShape]
    memory: MemoryShape | None
    time_hours: SpanShape | None
    cost_usd: SpanShape | None
    license: LicenseShape
    because: list[str]
    despite: list[str]
    missing: list[str]
    siblings: list[str]
    sources: list[str]


class RuledOutShape(TypedDict):
    """A model that fails a Constraint; `remedy` is what would let it pass."""

    model: str
    step: StepName
    because: str
    remedy: str | None


class UndecidedShape(TypedDict):
    """A model about which too little is known."""

    model: str
    missing: list[str]


class RecommendShape(TypedDict):
    """The answer of `llmpick recommend --format json`."""

    schema_version: Literal["1"]
    catalog: CatalogShape
    profile: ProfileShape
    advice: AdviceShape
    recommended: list[RecommendedShape]
    ruled_out: list[RuledOutShape]
    undecided: list[UndecidedShape]
    notes: list[str]


class QualityShape(TypedDict):
    """How good the model should be after fine-tuning; comparable among the models of one call."""

    expected: float
    low: float
    high: float
    evidence: list[str]


class ComparedShape(TypedDict):
    """One model of a comparison; `rank` is null where it is ruled out or has no row of its own."""

    model: str
    rank: int | None
    score: float
    score_high: float
    method: MethodName
    quality: QualityShape
    memory: MemoryShape | None
    time_hours: SpanShape | None
    cost_usd: SpanShape | None
    license: LicenseShape
    ruled_out: str | None
    steps: list[StepShape]
    because: list[str]
    despite: list[str]
    missing: list[str]
    sources: list[str]


class CompareShape(TypedDict):
    """The answer of `llmpick compare --format json`."""

    schema_version: Literal["1"]
    profile: ProfileShape
    models: list[ComparedShape]


class ContributionShape(TypedDict):
    """What one criterion adds to the gap between two scores."""

    criterion: str
    gap: float
    because: str


class ContrastShape(TypedDict):
    """Why `ahead` stands over `behind`: reasons in falling order until they outweigh `despite`."""

    ahead: str
    behind: str
    gap: float
    because: list[ContributionShape]
    despite: list[ContributionShape]


class PartShape(TypedDict):
    """One term of the expected strength; 1 is a standard deviation between the models of a typical comparison."""

    name: str
    amount: float


class PublishedShape(TypedDict):
    """A published comparison the model took part in; `beats` is the share of the other models it stands above."""

    suite: str
    tasks: int
    place: int
    of: int
    beats: float
    because: str
    source: str


class BasisShape(TypedDict):
    """What the expected quality rests on: 1 / (1 + exp(-sum of `parts`)), and the evidence, the nearest first."""

    expected: float
    low: float
    high: float
    because: str
    parts: list[PartShape]
    evidence: list[PublishedShape]


class StabilityShape(TypedDict):
    """Between which weights of one criterion the first of the ranking stays first, and who overtakes it outside."""

    criterion: str
    weight: float
    low: float
    high: float
    below: str | None
    above: str | None


class ExplainShape(TypedDict):
    """The answer of `llmpick explain --format json`; `rank` is null where the model has no row of its own."""

    schema_version: Literal["1"]
    profile: ProfileShape
    model: str
    rank: int | None
    status: str
    score: float
    score_high: float
    method: MethodName
    steps: list[StepShape]
    memory: MemoryShape | None
    time_hours: SpanShape | None
    cost_usd: SpanShape | None
    license: LicenseShape
    contrast: ContrastShape | None
    would_win_if: list[str]
    quality: BasisShape | None
    stability: list[StabilityShape]
    first_share: float | None
    because: list[str]
    despite: list[str]
    missing: list[str]
    siblings: list[str]
    sources: list[str]


class TechniqueShape(TypedDict):
    """How to train."""

    name: str
    because: str
    sources: list[str]


class DataShape(TypedDict):
    """How much data it takes; `have` is null where the user did not say."""

    have: int | None
    minimum: int
    good: int
    because: str
    splits: str
    quality: list[str]
    sources: list[str]


class MetricShape(TypedDict):
    """One number to judge the trained model by."""

    name: str
    because: str
    source: str


class AdviseShape(TypedDict):
    """The answer of `llmpick advise --format json`."""

    fine_tune: Literal["yes", "maybe", "no"]
    because: list[str]
    instead: list[str]
    technique: TechniqueShape
    others: list[TechniqueShape]
    data: DataShape
    metrics: list[MetricShape]
    baseline: str
    sources: list[str]


class SettingShape(TypedDict):
    """One hyperparameter."""

    name: str
    value: str | float | int | bool | list[str] | list[int]
    because: str
    source: str


class PlanShape(TypedDict):
    """The answer of `llmpick plan --format json`."""

    model: str
    method: str
    settings: list[SettingShape]
    memory: MemoryShape | None
    time_hours: SpanShape | None
    cost_usd: SpanShape | None
    watch: list[str]


class ClauseShape(TypedDict):
    """The deciding words of a license."""

    quote: str | None
    source: str | None


class LicenseAnswerShape(TypedDict):
    """The answer of `llmpick license --format json`; `duties` are ids."""

    license: str
    name: str
    verdict: Literal["allowed", "conditional", "forbidden", "unknown"]
    duties: list[str]
    because: str
    clause: ClauseShape
    not_legal_advice: Literal[True]


class ModelRowShape(TypedDict):
    """One row of `llmpick catalog list --format json`."""

    model: str
    family: str
    params: int
    active_params: int
    architecture: str | None
    license: str | None
    tasks: list[str]
    domains: list[str]
    languages: list[str]
    released: str | None
    directory: str | None
    """The catalog directory it comes from; null = bundled."""
