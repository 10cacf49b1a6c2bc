"""The Profile: what the user wants and has. Every field is a flag of the same name; None = not given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from llmpick.errors import LlmpickError, did_you_mean
from llmpick.record import NamedTuple, record
from llmpick.units import GpuSetup, parse_gpu, parse_number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from llmpick.schema import Domain, Gpu, Task


@record
class Profile:
    """One question. `assumed` names the fields the user left to a default."""

    task: str
    """An id of `tasks.yaml`."""
    gpu: GpuSetup | None = None
    """None = resources are not a constraint."""
    domain: str = "general"
    languages: tuple[str, ...] = ("en",)
    commercial: bool | None = None
    monthly_users: int | None = None
    annual_revenue: float | None = None
    """US dollars."""
    region: str | None = None
    license: tuple[str, ...] = ()
    """License ids or classes (`open-source`, `permissive`) that are acceptable; empty = any."""
    examples: int | None = None
    seq_len: int = 512
    """Tokens."""
    batch_size: int = 1
    """Sequences per GPU and step."""
    epochs: float = 3
    method: Literal["auto", "full", "lora", "qlora"] = "auto"
    budget: float | None = None
    """US dollars for one training run."""
    serve_gpu: GpuSetup | None = None
    latency: float | None = None
    """Milliseconds one answer may take."""
    weights: Literal["open", "api", "any"] = "any"
    priority: tuple[str, ...] = ()
    weight: tuple[tuple[str, float], ...] = ()
    """(criterion, ratio) pairs."""
    top: int = 5
    stage: Literal["exploration", "pilot", "production"] | None = None
    facts_change: Literal["rarely", "often"] | None = None
    style_matters: bool | None = None
    """A fixed voice, form or schema matters as much as the content."""
    privacy: bool | None = None
    """The text must not leave the user's own machines."""
    expertise: Literal["none", "some", "strong"] | None = None
    """How much machine-learning experience the team has."""
    classes: int | None = None
    """Labels or entity types to tell apart."""
    feedback: Literal["pairs", "ratings", "grader"] | None = None
    """Judged answers at hand: better-and-worse pairs, thumbs up and down, or a program that scores any answer."""
    unlabeled: bool | None = None
    """There is much plain text of the domain without labels."""
    assumed: tuple[str, ...] = ()


class Vocabulary(NamedTuple):
    """The closed lists a Profile's words come from."""

    tasks: Sequence[Task]
    domains: Sequence[Domain]
    gpus: Sequence[Gpu]
    licenses: Iterable[str]
    """License ids and classes."""
    criteria: Iterable[str]


_LANGUAGE_NAMES = {
    "arabic": "ar", "bengali": "bn", "bulgarian": "bg", "catalan": "ca", "chinese": "zh", "croatian": "hr",
    "czech": "cs", "danish": "da", "dutch": "nl", "english": "en", "estonian": "et", "finnish": "fi",
    "french": "fr", "german": "de", "greek": "el", "hebrew": "he", "hindi": "hi", "hungarian": "hu",
    "icelandic": "is", "indonesian": "id", "irish": "ga", "italian": "it", "japanese": "ja", "korean": "ko",
    "latvian": "lv", "lithuanian": "lt", "maltese": "mt", "norwegian": "no", "persian": "fa", "polish": "pl",
    "portuguese": "pt", "romanian": "ro", "russian": "ru", "serbian": "sr", "slovak": "sk", "slovenian": "sl",
    "spanish": "es", "swahili": "sw", "swedish": "sv", "tamil": "ta", "thai": "th", "turkish": "tr",
    "ukrainian": "uk", "urdu": "ur", "vietnamese": "vi", "welsh": "cy", "multi": "mul", "multilingual": "mul",
}  # fmt: skip


_FORMS = {"nb": "no", "nn": "no", "bokmål": "no", "nynorsk": "no"}
"""Written forms of one language, for which catalog and evidence have one code."""


def build(raw: Mapping[str, Any], known: Vocabulary) -> Profile:
    """A Profile from what flags, a YAML file or the interview give: the only place where their text is parsed.

    Keys are flag names with `-` or `_`; a None value means not given. Raises LlmpickError naming the flag.
    """
    given = {field(key): value for key, value in raw.items() if value is not None and value not in ((), [])}
    if "task" not in given:
        raise LlmpickError("no task given", f"say --task with one of: {', '.join(task.id for task in known.tasks)}")
    task = find_task(str(given.pop("task")), known.tasks)
    fields: dict[str, Any] = {
        "task": task.id,
        "domain": task.domain,
        "seq_len": task.seq_len,
        "batch_size": task.batch_size,
        "epochs": task.epochs,
    }
    fields |= {name: parse(name, value, known) for name, value in given.items()}
    assumed = tuple(name for name in Profile.__annotations__ if name not in (*given, "task", "top", "assumed"))
    return Profile(**fields, assumed=assumed)


def parse(name: str, value: Any, known: Vocabulary) -> Any:
    """The value of one field; raises LlmpickError naming its flag."""
    if value is None or value in ((), []):
        return None
    if name == "task":
        return find_task(str(value), known.tasks).id
    return _PARSERS[name](value, f"--{_flag(name)}", known)


def find_task(text: str, tasks: Sequence[Task]) -> Task:
    """The task meant by an id, a Hub pipeline tag or a plain word; raises LlmpickError with the nearest ones."""
    names = {name.casefold(): task for task in tasks for name in (*task.hub, *task.aliases, task.name)}
    names |= {task.id: task for task in tasks}
    wanted = text.strip().casefold()
    for spelling in (wanted, wanted.replace("_", "-"), wanted.replace(" ", "-"), wanted.replace("-", " ")):
        if spelling in names:
            return names[spelling]
    hint = did_you_mean(wanted, names) or f"known tasks: {', '.join(task.id for task in tasks)}"
    raise LlmpickError(f"--task: no task called {text!r}", hint)


def field(key: str) -> str:
    """The field of the Profile that a flag's or a file's name means; raises LlmpickError with the nearest ones."""
    name = key.strip().replace("-", "_")
    name = {"language": "languages"}.get(name, name)
    if name != "task" and name not in _PARSERS:
        flags = [_flag(field) for field in ("task", *_PARSERS)]
        hint = did_you_mean(key, flags) or f"known: {', '.join(flags)}"
        raise LlmpickError(f"profile: no field called {key!r}", hint)
    return name


def _flag(name: str) -> str:
    return {"languages": "language"}.get(name, name).replace("_", "-")


def _words(value: Any) -> list[str]:
    items = value if isinstance(value, list | tuple) else [value]
    return [word.strip() for item in items for word in str(item).split(",") if word.strip()]


def _domain(value: Any, flag: str, known: Vocabulary) -> str:
    names = {name.casefold(): domain.id for domain in known.domains for name in (domain.name, *domain.aliases)}
    names |= {domain.id: domain.id for domain in known.domains}
    wanted = str(value).strip().casefold()
    if wanted not in names:
        hint = did_you_mean(wanted, names) or f"known: {', '.join(domain.id for domain in known.domains)}"
        raise LlmpickError(f"{flag}: no domain called {value!r}", hint)
    return names[wanted]


def _languages(value: Any, flag: str, known: Vocabulary) -> tuple[str, ...]:
    return tuple(dict.fromkeys(language_code(word, flag) for word in _words(value))) or ("en",)


def language_code(word: str, flag: str) -> str:
    """The ISO 639 code that `word`, a code or an English name, stands for; raises LlmpickError naming `flag`."""
    from llmpick.languages import ISO_639_1

    code = (_LANGUAGE_NAMES | _FORMS).get(word.casefold(), word.casefold())
    if code in ISO_639_1 or (len(code) == 3 and code.isascii() and code.isalpha()):
        return code
    hint = did_you_mean(word, _LANGUAGE_NAMES) or "write ISO 639-1 codes, comma-separated: en,de,ko"
    raise LlmpickError(f"{flag}: {word!r} is no language code", hint)


def _bool(value: Any, flag: str, known: Vocabulary) -> bool:
    if isinstance(value, bool):
        return value
    words = {"true": True, "yes": True, "y": True, "false": False, "no": False, "n": False}
    if str(value).strip().casefold() not in words:
        raise LlmpickError(f"{flag}: {value!r} is neither yes nor no", "write true or false")
    return words[str(value).strip().casefold()]


def _whole(low: int, high: int) -> Callable[[Any, str, Vocabulary], int]:
    def parse(value: Any, flag: str, known: Vocabulary) -> int:
        number = parse_number(value, flag, low, high)
        if number != int(number):
            raise LlmpickError(f"{flag}: {value!r} is not a whole number", f"write one from {low:,} to {high:,}")
        return int(number)

    return parse


def _real(low: float, high: float) -> Callable[[Any, str, Vocabulary], float]:
    return lambda value, flag, known: parse_number(value, flag, low, high)


def _choice(*allowed: str) -> Callable[[Any, str, Vocabulary], str]:
    def parse(value: Any, flag: str, known: Vocabulary) -> str:
        word = str(value).strip().casefold()
        if word not in allowed:
            hint = did_you_mean(word, allowed) or f"one of: {', '.join(allowed)}"
            raise LlmpickError(f"{flag}: {value!r} is not known", hint)
        return word

    return parse


def _among(value: Any, flag: str, known: Iterable[str]) -> tuple[str, ...]:
    allowed = {name.casefold(): name for name in known}
    for word in _words(value):
        if word.casefold() not in allowed:
            hint = did_you_mean(word, allowed.values()) or f"one of: {', '.join(sorted(allowed.values()))}"
            raise LlmpickError(f"{flag}: {word!r} is not known", hint)
    return tuple(dict.fromkeys(allowed[word.casefold()] for word in _words(value)))


def _ratios(value: Any, flag: str, known: Vocabulary) -> tuple[tuple[str, float], ...]:
    pairs = value.items() if isinstance(value, dict) else [_pair(word, flag) for word in _words(value)]
    return tuple((_among(name, flag, known.criteria)[0], parse_number(ratio, flag, 0, 1000)) for name, ratio in pairs)


def _pair(word: str, flag: str) -> tuple[str, str]:
    name, equals, ratio = word.partition("=")
    if not equals:
        raise LlmpickError(f"{flag}: {word!r} is no ratio", "write criterion=ratio, for example quality=3")
    return name.strip(), ratio.strip()


def _region(value: Any, flag: str, known: Vocabulary) -> str:
    code = str(value).strip().upper()
    if not (len(code) == 2 and code.isascii() and code.isalpha()):
        raise LlmpickError(f"{flag}: {value!r} is no country code", "write ISO 3166 (US, DE, KR, GB) or EU")
    return code


_PARSERS: dict[str, Callable[[Any, str, Vocabulary], Any]] = {
    "gpu": lambda value, flag, known: parse_gpu(str(value), known.gpus),
    "domain": _domain,
    "languages": _languages,
    "commercial": _bool,
    "monthly_users": _whole(0, 10**11),
    "annual_revenue": _real(0, 1e15),
    "region": _region,
    "license": lambda value, flag, known: _among(value, flag, known.licenses),
    "examples": _whole(0, 10**12),
    "seq_len": _whole(1, 10**7),
    "batch_size": _whole(1, 10**6),
    "epochs": _real(0.01, 10_000),
    "method": _choice("auto", "full", "lora", "qlora"),
    "budget": _real(0, 1e12),
    "serve_gpu": lambda value, flag, known: parse_gpu(str(value), known.gpus),
    "latency": _real(0.001, 1e9),
    "weights": _choice("open", "api", "any"),
    "priority": lambda value, flag, known: _among(value, flag, known.criteria),
    "weight": _ratios,
    "top": _whole(1, 1000),
    "stage": _choice("exploration", "pilot", "production"),
    "facts_change": _choice("rarely", "often"),
    "style_matters": _bool,
    "privacy": _bool,
    "expertise": _choice("none", "some", "strong"),
    "classes": _whole(2, 10**6),
    "feedback": _choice("pairs", "ratings", "grader"),
    "unlabeled": _bool,
}


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with the fields of `over` laid on top, whatever way either spells their names."""
    return {field(key): value for key, value in base.items()} | {field(key): value for key, value in over.items()}
