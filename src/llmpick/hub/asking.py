"""Many questions to the Hub at once, politely: few threads, one pace, and an early end when nobody answers."""

from __future__ import annotations

import queue
import sys
import threading
from typing import TYPE_CHECKING, TypeVar

from llmpick.errors import LlmpickError, NetworkError
from llmpick.hub.client import Pace, RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

T = TypeVar("T")

THREADS = 8
"""Requests under way at one time."""
ENOUGH_FAILURES = 5
"""Failures in a row after which the Hub is taken to be down."""

Answer = tuple[str, object]
"""A model's id, and what the Hub said or the LlmpickError it came to."""


def ask_all(ids: Sequence[str], ask: Callable[[str, Pace], object]) -> Iterator[Answer]:
    """`ask` for each id, in no fixed order, as answers come; faults are answers too.

    Raises NetworkError when the Hub stops answering. Threads die with the program: Ctrl-C waits for none.
    """
    todo: queue.SimpleQueue[str] = queue.SimpleQueue()
    found: queue.SimpleQueue[Answer] = queue.SimpleQueue()
    over, pace = threading.Event(), Pace()
    for id_ in ids:
        todo.put(id_)

    def work() -> None:
        while not over.is_set():
            try:
                id_ = todo.get_nowait()
            except queue.Empty:
                return
            try:
                found.put((id_, ask(id_, pace)))
            except LlmpickError as error:
                found.put((id_, error))
            except Exception as error:
                found.put((id_, LlmpickError(f"{id_}: {type(error).__name__} while asking the Hub")))

    for _ in range(min(THREADS, len(ids))):
        threading.Thread(target=work, daemon=True).start()
    try:
        yield from _until_down(found, len(ids))
    finally:
        over.set()


def _until_down(found: queue.SimpleQueue[Answer], number: int) -> Iterator[Answer]:
    failures = 0
    for _ in range(number):
        id_, said = found.get()
        failed = isinstance(said, NetworkError) and not isinstance(said, RefusedError)
        failures = failures + 1 if failed else 0
        if failures >= ENOUGH_FAILURES and isinstance(said, NetworkError):
            raise said
        yield id_, said


def with_progress(answers: Iterable[T], number: int) -> Iterator[T]:
    """The same answers, counted on standard error while a person watches."""
    if not sys.stderr.isatty():
        yield from answers
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("asking the Hub"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=number)
        for answer in answers:
            yield answer
            progress.advance(task)
