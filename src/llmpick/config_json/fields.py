"""Checked access to the fields of a `config.json`: the right type, a possible value, or one line that says what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from llmpick.errors import LlmpickError

# The largest size, number of layers and factor that are taken at their word; anything larger is an error in the file.
MAX_SIZE = 10_000_000
MAX_LAYERS = 10_000
MAX_FACTOR = 1000


class Fields:
    """The fields of one config object. `null` counts as absent, as it does for transformers.

    `defaults` holds what transformers' class fills in where the file says nothing; each use of one is noted in
    `assumptions`.
    """

    def __init__(
        self,
        values: Mapping[str, object],
        *,
        path: str = "",
        defaults: Mapping[str, int] | None = None,
        assumptions: list[str] | None = None,
    ) -> None:
        self.values = values
        self.path = path
        self.defaults = defaults or {}
        self.assumptions: list[str] = [] if assumptions is None else assumptions

    def has(self, name: str) -> bool:
        """Whether the file gives `name` a value."""
        return self.values.get(name) is not None

    def find(self, *names: str) -> tuple[str, object]:
        """The first of `names` that has a value, and the value; (first name, None) where none has."""
        for name in names:
            value = self.values.get(name)
            if value is not None:
                return name, value
        return names[0], None

    def size(self, *names: str, default: int | None = None, low: int = 1, high: int = MAX_SIZE) -> int:
        """A whole number from `low` to `high` under any of `names`; raises LlmpickError where it is anything else."""
        name, value = self.find(*names)
        if value is None:
            return self._absent(names, default)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise LlmpickError(
                f"config.json: {self.path}{name} is {shown(value)}", f"it must be a whole number from {low} to {high}"
            )
        return value

    def count(self, *names: str, default: int = 0) -> int:
        """A whole number that may be 0."""
        return self.size(*names, default=default, low=0)

    def uniform(self, *names: str, default: int | None = None) -> int:
        """A whole number, or a list that says the same one for every layer."""
        name, value = self.find(*names)
        if isinstance(value, str) or not isinstance(value, Sequence):
            return self.size(*names, default=default, low=0)
        sizes = set(self.sizes(name))
        if len(sizes) != 1:
            raise LlmpickError(f"config.json: {self.path}{name} differs between layers", "only equal layers are sized")
        return sizes.pop()

    def flag(self, *names: str, default: bool = False) -> bool:
        """true or false under any of `names`."""
        name, value = self.find(*names)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise LlmpickError(f"config.json: {self.path}{name} is {shown(value)}", "it must be true or false")
        return value

    def text(self, *names: str, default: str = "") -> str:
        """Text under any of `names`."""
        name, value = self.find(*names)
        if value is None:
            return default
        if not isinstance(value, str):
            raise LlmpickError(f"config.json: {self.path}{name} is {shown(value)}", "it must be text in quotes")
        return value

    def items(self, *names: str) -> list[object]:
        """A list under any of `names`; empty where there is none."""
        name, value = self.find(*names)
        if value is None:
            return []
        if isinstance(value, str) or not isinstance(value, Sequence):
            raise LlmpickError(f"config.json: {self.path}{name} is {shown(value)}", "it must be a list")
        if len(value) > MAX_LAYERS:
            raise LlmpickError(
                f"config.json: {self.path}{name} has {len(value)} entries", f"at most {MAX_LAYERS} make sense"
            )
        return list(value)

    def sizes(self, *names: str) -> list[int]:
        """A list of whole numbers under any of `names`; empty where there is none."""
        name, _ = self.find(*names)
        parts = {str(index): value for index, value in enumerate(self.items(*names))}
        inner = Fields(parts, path=f"{self.path}{name}.")
        return [inner.size(index, low=0) for index in parts]

    def factors(self, name: str) -> list[float]:
        """A list of positive numbers under `name`, fractions allowed; empty where there is none."""
        found = []
        for factor in self.items(name):
            if isinstance(factor, bool) or not isinstance(factor, int | float) or not 0 < factor <= MAX_FACTOR:
                raise LlmpickError(
                    f"config.json: {self.path}{name} has {shown(factor)}", "it must list numbers greater than 0"
                )
            found.append(float(factor))
        return found

    def inner(self, name: str, defaults: Mapping[str, int] | None = None) -> Fields:
        """The object under `name`; empty where there is none."""
        value = self.values.get(name)
        if value is None:
            value = {}
        if not isinstance(value, Mapping):
            raise LlmpickError(f"config.json: {self.path}{name} is {shown(value)}", "it must be an object in braces")
        return Fields(value, path=f"{self.path}{name}.", defaults=defaults, assumptions=self.assumptions)

    def note(self, assumption: str) -> None:
        """Remember what was assumed, once."""
        if assumption not in self.assumptions:
            self.assumptions.append(assumption)

    def _absent(self, names: tuple[str, ...], default: int | None) -> int:
        for name in names:
            if name in self.defaults:
                self.note(f"{self.path}{names[0]} is not given: {self.defaults[name]}, transformers' default")
                return self.defaults[name]
        if default is None:
            raise LlmpickError(f"config.json: {self.path}{names[0]} is missing", "it must be a whole number")
        return default


def shown(value: object) -> str:
    """A value as an error may print it: short, on one line, with its type where that is the fault."""
    text = " ".join(str(value).split())
    text = text if len(text) <= 40 else text[:37] + "..."
    match value:
        case bool():
            return text.lower()
        case str():
            return f'the text "{text}"'
        case Mapping():
            return "an object"
        case list() | tuple():
            return "a list"
    return text
