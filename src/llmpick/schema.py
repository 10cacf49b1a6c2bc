"""What a catalog file may say: one record per kind of file. `catalog` loads them, `lint` judges them."""

from __future__ import annotations

from typing import Annotated, Literal

from llmpick.architecture import Architecture, Count, Positive
from llmpick.record import Bound, Pattern, record

Day = Annotated[str, Pattern(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")]
Month = Annotated[str, Pattern(r"\d{4}-(0[1-9]|1[0-2])")]
Slug = Annotated[str, Pattern(r"[a-z0-9][a-z0-9.+-]*")]
Language = Annotated[str, Pattern(r"[a-z]{2,3}")]
Text = Annotated[str, Bound(min_length=1)]
Url = Annotated[
    str, Pattern(r"(https://\S+|arxiv:\S+|doi:\S+|pypi:\S+==\S+|github:[\w.-]+/[\w.-]+@\w+\S*|local:[\w./-]+)")
]
"""`local:` is a file of the user's own that nobody else can open: never in the bundled catalog."""
Amount = Annotated[float, Bound(ge=0)]


@record
class Source:
    """Where a stranger can read it: https, `github:owner/repo@commit:path`, `pypi:name==version`, arxiv or doi."""

    url: Url
    checked: Day
    """The day somebody opened it."""
    where: str | None = None
    """Table, section, key or line inside the source."""
    reported_by: str | None = None
    """Who says so, where that is not the model's developer."""


Sources = Annotated[tuple[Source, ...], Bound(min_length=1)]


@record
class ArchitectureFacts:
    """The network, and where its shape was read."""

    shape: Architecture
    sources: Sources


@record
class ParameterFacts:
    """Parameters. `total` is what the closed form gives; `published` is an independent count."""

    total: Positive
    active: Positive
    published: Positive | None = None
    published_as: str | None = None
    """Why `published` may differ from `total`: what it counts besides (stored tied head, MTP layers, buffers)."""
    sources: Sources


@record
class LicenseFacts:
    """The license of these weights."""

    id: Slug
    also: tuple[Slug, ...] = ()
    """Further licenses that bind at the same time (that of the base, a usage policy)."""
    gated: bool | None = None
    note: str | None = None
    sources: Sources


@record
class Pretraining:
    """What the network has read before anyone fine-tunes it."""

    domains: tuple[Slug, ...] = ()
    """Domains that make up a marked share of the text, from `domains.yaml`."""
    corpora: tuple[Text, ...] = ()
    tokens: Amount | None = None
    """Training tokens (all phases); None = unknown."""
    objective: Literal["causal", "masked", "replaced-token", "denoising", "contrastive", "translation"] | None = None
    initialized_from: str | None = None
    """Hub id of the checkpoint it continued from."""
    languages: tuple[Language, ...] = ()
    """Languages that share the network's capacity where it was tuned for fewer: those its base has read, `mul` = many.
    Not of a checkpoint that went on to pre-train on the few: it comes out as made for them."""
    knowledge_cutoff: Month | None = None
    sources: Sources


@record
class Score:
    """One published benchmark value."""

    benchmark: Slug
    value: float
    shots: Count | None = None
    note: str | None = None
    source: Source


@record
class Tooling:
    """What trains or serves it today. True = listed as supported; False = not listed; None = nobody looked."""

    transformers: bool | None = None
    remote_code: bool | None = None
    """Needs `trust_remote_code=True`."""
    peft: bool | None = None
    """PEFT knows default LoRA targets for it."""
    lora_targets: tuple[str, ...] = ()
    """Linear module names to target where PEFT has no default."""
    unsloth: bool | None = None
    axolotl: bool | None = None
    llama_factory: bool | None = None
    ms_swift: bool | None = None
    torchtune: bool | None = None
    litgpt: bool | None = None
    vllm: bool | None = None
    sglang: bool | None = None
    llama_cpp: bool | None = None
    gguf: bool | None = None
    mlx: bool | None = None
    liger: bool | None = None
    sentence_transformers: bool | None = None
    sources: Sources


@record
class Model:
    """One open-weight checkpoint: `catalog/models/<org>/<name>.yaml`; its id is its path."""

    id: str
    """Hub id; filled from the file's path, never typed."""
    family: Slug
    lineage: Slug
    """The network at this size: base, instruct and cased/uncased checkpoints of one model share it."""
    developer: Text
    variant: Literal["base", "instruct", "reasoning", "distilled", "embedding", "task"]
    """What happened after pre-training; `task` = already fine-tuned for one task."""
    released: Month | None = None
    tasks: Annotated[tuple[Slug, ...], Bound(min_length=1)]
    """Tasks it is made for or regularly fine-tuned for, from `tasks.yaml`."""
    languages: tuple[Language, ...] = ()
    """Languages it was trained on, ISO 639-1 (639-3 where there is none), `mul` = and many more; empty = unknown."""
    languages_note: str | None = None
    modalities: tuple[Literal["text", "image", "audio", "video"], ...] = ("text",)
    context_length: Positive | None = None
    """Tokens it reads, as the developer claims, else as its config says."""
    context_note: str | None = None
    """Where claim and config differ, or reading longer than in training is possible."""
    identity: Sources
    """Sources of the fields above."""
    parameters: ParameterFacts
    architecture: ArchitectureFacts | None = None
    license: LicenseFacts | None = None
    pretraining: Pretraining | None = None
    scores: tuple[Score, ...] = ()
    tooling: Tooling | None = None
    looked_for: tuple[Text, ...] = ()
    """Facts somebody searched for and did not find."""
    exceptions: tuple[Slug, ...] = ()
    """Lint rules this file may break; one that is no longer needed is an error."""


@record
class Popularity:
    """What the Hub said of one model on one day."""

    downloads: Count | None = None
    """Downloads in the last 30 days."""
    likes: Count | None = None
    changed: Day | None = None
    """Day of the last commit to its repository."""
    as_of: str | None = None


@record
class Hub:
    """`hub.json`, machine-written: popularity by Hub id."""

    as_of: Day
    """The newest day in it."""
    models: dict[str, Popularity]


@record
class Hide:
    """`hide.yaml`: what of the catalogs beneath this one is left out. `*` in a name stands for any text."""

    models: tuple[Text, ...] = ()
    """Hub ids: `ORG/NAME`, or `ORG/*`."""
    apis: tuple[Text, ...] = ()
    """Models tuned through a vendor's API: `VENDOR/NAME`."""
    licenses: tuple[Text, ...] = ()
    """License ids; models under them are hidden too."""
    gpus: tuple[Text, ...] = ()
    """Names of gpus.yaml; their prices are hidden too."""
    prices: tuple[Text, ...] = ()
    """Names of prices.yaml."""


@record
class Gpu:
    """One GPU or accelerator: a row of `gpus.yaml`. TFLOPS are dense, never sparse."""

    name: Text
    aliases: tuple[str, ...] = ()
    vendor: Text
    kind: Literal["consumer", "workstation", "datacenter", "laptop", "integrated", "tpu", "other"]
    generation: str | None = None
    memory_gib: Annotated[float, Bound(gt=0)]
    """Marketed memory ("24GB" = 24 GiB)."""
    usable_mib: Positive | None = None
    """What the driver reports; None = nobody published it."""
    bandwidth_gb_s: Amount | None = None
    tflops_bf16: Amount | None = None
    tflops_fp16: Amount | None = None
    tflops_fp32: Amount | None = None
    tflops_fp8: Amount | None = None
    bf16: bool | None = None
    fp8: bool | None = None
    tdp_w: Amount | None = None
    released: str | None = None
    note: str | None = None
    sources: Sources


@record
class Price:
    """US dollars per GPU-hour for one GPU: a row of `prices.yaml`."""

    gpu: Text
    """A name of `gpus.yaml`."""
    on_demand_low: Amount | None = None
    """Cheapest on-demand offer that is not a peer-to-peer marketplace."""
    on_demand_typical: Amount | None = None
    """Median on-demand offer."""
    spot_low: Amount | None = None
    spot_typical: Amount | None = None
    offers: Count
    as_of: Day
    """Newest offer behind these figures."""
    sources: Sources


@record
class Task:
    """A row of `tasks.yaml`: what a user may want done."""

    id: Slug
    name: Text
    hub: tuple[str, ...] = ()
    """The Hub's pipeline tags."""
    aliases: tuple[str, ...] = ()
    kind: Literal["understanding", "embedding", "sequence-to-sequence", "generation"]
    """understanding: labels, tags or spans out; embedding: vectors; the others write text."""
    domain: Slug = "general"
    """The kind of text it is about, where the user names none."""
    structures: Annotated[tuple[Literal["encoder", "decoder", "encoder-decoder"], ...], Bound(min_length=1)]
    """Structures that can do it at all."""
    vocabulary_head: bool
    """Training computes logits over the vocabulary."""
    seq_len: Positive
    """Default training length in tokens."""
    batch_size: Positive
    epochs: Positive
    because: Text
    """Why these defaults."""


@record
class Domain:
    """A row of `domains.yaml`: a kind of text. `near` domains count in part."""

    id: Slug
    name: Text
    aliases: tuple[str, ...] = ()
    near: tuple[Slug, ...] = ()
    distance: Literal["web", "near", "far"]
    """How far this text is from the general web text every model has read."""


@record
class Benchmark:
    """A row of `benchmarks.yaml`."""

    id: Slug
    name: Text
    measures: Text
    low: float
    high: float
    higher_is_better: bool = True
    source: Source


@record
class ApiModel:
    """A model tuned through a vendor's API: `catalog/apis/<vendor>/<name>.yaml`; its id is its path."""

    id: str
    vendor: Text
    model: Text
    base: str | None = None
    """Hub id, where the vendor tunes open weights."""
    methods: tuple[Text, ...] = ()
    tasks: Annotated[tuple[Slug, ...], Bound(min_length=1)]
    train_usd_per_million_tokens: Amount | None = None
    input_usd_per_million_tokens: Amount | None = None
    output_usd_per_million_tokens: Amount | None = None
    price_as_of: Day | None = None
    """The day of the price list; None = the list bears no date."""
    min_usd_per_job: Amount | None = None
    """What a job costs at least, however few its tokens; 0 = the vendor says there is no minimum."""
    price_note: str | None = None
    context_length: Positive | None = None
    min_examples: Count | None = None
    max_examples: Count | None = None
    data_terms: str | None = None
    weights_exported: bool | None = None
    terms: str | None = None
    status: Literal["open", "closing", "closed"]
    status_note: str | None = None
    shutdown: Day | None = None
    """The day it stops; None = none announced."""
    sources: Sources
    looked_for: tuple[Text, ...] = ()


@record
class Efficiency:
    """A row of `efficiency.yaml`: how near training by one method comes to what a card can do.

    Fitted to published speeds by `benchmarks/throughput.py`; `sizing.time` says how the terms combine.
    """

    method: Literal["full", "lora", "qlora"]
    compute: Annotated[float, Bound(gt=0)]
    """Share of the card's dense peak that the matrix products reach."""
    traffic: Amount
    """Bytes that pass through the card's memory for every byte of activations a layer keeps."""
    launch_ms: Amount
    """Milliseconds it takes to launch one layer's kernels forth and back, however small the batch."""
    low: Annotated[float, Bound(gt=0)]
    """The low end of the printed range, as a multiple of the expected time."""
    high: Annotated[float, Bound(gt=0)]
    """The high end; four runs in five from sources left out of the fit lie between the two."""
    rows: Positive
    """Published runs behind the figures."""
    sources: Sources
