"""How long a pass through a network takes on a card: a bound nothing gets under, and what serving engines take.

One request at a time. A pass launches every layer's kernels, reads every active weight and the keys and values of what
was read before, and computes; the three add up. The shares were fitted to published speeds of a dozen engines
(`benchmarks/latency.py --fit`, `benchmarks/data/serving_speeds.csv`); docs/sizing.md shows how well they hold for
sources left out of the fit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick.record import NamedTuple, record
from llmpick.sizing.serving import HALF, PACKED, cache_bytes
from llmpick.units import MIB
from llmpick.verdict import Span

if TYPE_CHECKING:
    from llmpick.architecture import Architecture
    from llmpick.schema import Gpu
    from llmpick.sizing.job import Job
    from llmpick.sizing.linear import Parameters

LEAST_BYTES = 0.5
"""Bytes per parameter of the leanest weights that llmpick sizes for serving: 4 bits, their scales not counted."""
CACHE = 256 * MIB
"""What may stay in a card's last cache from pass to pass: that of the MI300X, the largest of any card in the catalog
(AMD GPU specifications, rocm.docs.amd.com)."""
LAUNCH = 52e-6
"""Seconds an engine takes per layer and pass besides reading and computing."""
PLAIN = 350e-6
"""The same for an encoder in PyTorch or TensorFlow as they come, which launch kernels one by one."""
SPLIT = 1.35
"""How much more of it where several cards share each layer (tensor parallelism)."""
READ = 0.8
"""Share of the data sheet's bandwidth at which weights are read."""
COMPUTE = 0.47
"""Share of the dense 16-bit peak at which a prompt is computed with 16-bit weights."""
QUANTIZED = 0.28
"""The same with fewer bits per weight, which kernels unpack first."""
GEFORCE = 0.83
"""The same on a GeForce. The peak on its data sheet is that of sums in 32 bits, half the rate of its tensor cores, and
so the easier to reach, or to surpass with sums in 16 bits (pytorch/pytorch#123558)."""
TOKEN_RANGE = (0.8, 1.8)
"""The ends of the range for a token, as multiples of the expected time: nine runs in ten from sources left out of the
fit lie between them; the same holds for the two below."""
PROMPT_RANGE = (0.6, 3.5)
"""For a decoder's prompt: older kernels reach far less of the peak."""
PASS_RANGE = (0.65, 1.7)
"""For an encoder's pass in an engine."""
MEASURED = {"NVIDIA", "AMD", "Apple"}
"""Makers of the cards behind those speeds; of others nothing is said."""
WAITS = (
    (0.1, "at once"),
    (1.0, "without breaking a train of thought"),
    (10.0, "while attention lasts"),
)
"""What a wait of so many seconds feels like (Nielsen 1993, nngroup.com/articles/response-times-3-important-limits)."""
WORDS_PER_TOKEN = 0.75
"""Of English text, OpenAI's rule of thumb (help.openai.com, 'What are tokens and how to count them')."""
READING = (175, 300)
"""Words a minute most adults read (Brysbaert 2019, doi:10.1016/j.jml.2019.104047)."""


@record
class Speed:
    """How fast one request is answered, in seconds."""

    first: Span | None
    """Until the first token, or until an encoder's result; None where the card's peak is not known."""
    token: Span | None
    """Every further token; None for an encoder."""
    plain: float | None
    """An encoder's pass in PyTorch without an engine; None for a decoder."""


class Terms(NamedTuple):
    """What a pass is made of."""

    layers: float
    """Layers launched."""
    read: float
    """Seconds to read weights, keys and values at the data sheet's bandwidth."""
    compute: float | None
    """Seconds to compute at the dense peak; None where that is not known."""


def read_per_pass(counted: Parameters) -> int:
    """Parameters that every pass reads: all that a token goes through (tables are only looked up)."""
    return counted.active - counted.embedding


def seconds_per_pass(counted: Parameters, card: Gpu, n_gpus: int = 1) -> float | None:
    """Seconds to read every active weight once from the memory of `n_gpus` cards; None without a known bandwidth."""
    return seconds_to_read(read_per_pass(counted), card, n_gpus)


def seconds_to_read(weights: int, card: Gpu, n_gpus: int) -> float | None:
    """The same for so many weights.

    Whatever serves one request, each pass reads all of them. The bandwidth is the data sheet's and nothing but 4-bit
    weights is counted, so real passes take longer (`benchmarks/latency.py`: none of the published speeds is under it).
    """
    if not card.bandwidth_gb_s:
        return None
    read = LEAST_BYTES * weights / n_gpus - CACHE
    return max(read, 0.0) / (card.bandwidth_gb_s * 1e9)


def speed(architecture: Architecture, job: Job, card: Gpu, counted: Parameters) -> Speed | None:
    """How fast an engine answers one prompt of `job.seq_len` tokens on `job.n_gpus` of `card`, weights in `job.dtype`.

    None where no published speed carries a claim: encoder-decoders, recurrent mixers, DeBERTa's attention, cards of
    other makers.
    """
    a = architecture
    silent = a.structure == "encoder-decoder" or a.ssm or a.model_type.startswith("deberta")
    if silent or card.vendor not in MEASURED or not card.bandwidth_gb_s:
        return None
    prompt = terms(a, job, card, counted, tokens=job.seq_len)
    share = GEFORCE if halved(card) else COMPUTE if PACKED[job.dtype] >= HALF else QUANTIZED
    read = None if prompt.compute is None else prompt.read / READ + prompt.compute / share
    launch = LAUNCH * (SPLIT if job.n_gpus > 1 else 1.0)
    if a.structure == "encoder":
        plain = None if read is None else PLAIN * prompt.layers + read
        return Speed(first=_span(launch * prompt.layers, read, PASS_RANGE), token=None, plain=plain)
    token = terms(a, job, card, counted, tokens=1, context=job.seq_len)
    return Speed(
        first=_span(launch * prompt.layers, read, PROMPT_RANGE),
        token=_span(launch * token.layers, token.read / READ, TOKEN_RANGE),
        plain=None,
    )


def halved(card: Gpu) -> bool:
    """Whether the data sheet's peak is half of what the tensor cores could do with sums in 16 bits."""
    return card.name.startswith("GeForce")


def _span(launched: float, rest: float | None, ends: tuple[float, float]) -> Span | None:
    if rest is None:
        return None
    expected = launched + rest
    return Span(low=ends[0] * expected, expected=expected, high=ends[1] * expected)


def terms(
    architecture: Architecture,
    job: Job,
    card: Gpu,
    counted: Parameters,
    *,
    tokens: int,
    context: int = 0,
    width: float | None = None,
) -> Terms:
    """What a pass over `tokens` after `context` others is made of; `width`: bytes per weight, where not `job.dtype`'s.

    Only the last token's logits are computed. A head tied to the table is read as a matrix, too.
    """
    a = architecture
    table = a.vocab_size * (a.embedding_size or a.hidden_size) if job.vocabulary_head else 0
    matrices = sum(linear.size * linear.active_fraction * linear.passes for linear in counted.linears)
    packed = PACKED[job.dtype] if width is None else width
    weights = packed * matrices + (HALF if width is None else packed) * table
    bandwidth, peak = (card.bandwidth_gb_s or 0) * 1e9, (card.tflops_bf16 or card.tflops_fp16 or 0) * 1e12
    pairs = tokens * (context + (tokens if a.structure == "encoder" else tokens / 2))
    attention = 4 * a.num_hidden_layers * a.num_attention_heads * a.head_width * pairs
    operations = 2 * tokens * matrices + 2 * table + attention
    return Terms(
        layers=a.num_hidden_layers,
        read=(weights + cache_bytes(a, context, 0)) / job.n_gpus / bandwidth,
        compute=operations / job.n_gpus / peak if peak else None,
    )


def wait(seconds: float) -> str:
    """What waiting so long feels like."""
    return next((words for most, words in WAITS if seconds <= most), "longer than attention lasts")


def pace(seconds_per_token: float) -> str:
    """How text that grows so fast compares with reading."""
    words = 60 * WORDS_PER_TOKEN / seconds_per_token
    if words > READING[1]:
        return "faster than people read"
    return "about as fast as people read" if words >= READING[0] else "slower than people read"


def two(number: float) -> str:
    """Two digits of it, without an exponent: `0.24`, `5.3`, `110`."""
    rounded = float(f"{number:.2g}")
    return f"{rounded:,.0f}" if rounded >= 10 else f"{rounded:g}"


def duration(seconds: float) -> str:
    """`12 ms`, `0.24 s`."""
    return f"{two(1e3 * seconds)} ms" if seconds < 0.0995 else f"{two(seconds)} s"


def span_of(span: Span) -> str:
    """`0.24 s (0.12–0.84 s)`: the expected seconds and their range."""
    low, high = duration(span.low).split(), duration(span.high)
    start = low[0] if high.endswith(f" {low[1]}") else " ".join(low)
    return f"{duration(span.expected)} ({start}–{high})"
