"""Tasks done by this process and by copies of it, which begin with all that it knows.

    in_copies(tasks, number, told) -> {which task: its result}
    in_turn(tasks, number, told)   -> the same, each by a copy of its own

A copy is forked, so what was read and prepared is there at once, and in memory once as long as it
does not change.  Whoever is done takes the next task; in turn, what one task has made is let go
before the next is begun.  What a copy has in hand when it dies is not among the results: whoever
needs it has to ask others.  Nothing is limited.  Must not know what a task does.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, TypeVar

T = TypeVar("T")
# Tasks are told apart by one byte, which two readers of a pipe cannot both get.
MOST_TASKS = 256


def can_copy() -> bool:
    """Whether this process can be forked: on Linux, and while nobody else is in it."""
    return sys.platform == "linux" and threading.active_count() == 1


def in_copies(
    tasks: Sequence[Callable[[], T]], number: int, told: Callable[[int], None]
) -> dict[int, T]:
    """The results of tasks, at most :data:`MOST_TASKS`, of ``number`` processes with this one.

    ``told`` is told which is begun.  Raises what a task raises here; a copy in which one does dies
    of it.
    """
    queue = _queue(range(len(tasks)))
    copies: list[_Copy] = []
    try:
        copies = [_copied(tasks, queue) for _ in range(min(number, len(tasks)) - 1)]
        found: dict[int, T] = {}
        for which in _taken(queue):
            told(which)
            found[which] = tasks[which]()
        for copy in copies:
            found.update(copy.results())
        return found
    finally:
        os.close(queue)
        for copy in copies:
            copy.end()


def in_turn(
    tasks: Sequence[Callable[[], T]], number: int, told: Callable[[int], None]
) -> dict[int, T]:
    """The results of tasks, at most :data:`MOST_TASKS`, of ``number`` copies at a time.

    ``told`` is told which is begun.  A copy in which a task raises dies of it.
    """
    found: dict[int, T] = {}
    for first in range(0, len(tasks), number):
        some = range(first, min(first + number, len(tasks)))
        queues = [_queue((which,)) for which in some]
        copies: list[_Copy] = []
        try:
            for which, queue in zip(some, queues, strict=True):
                told(which)
                copies.append(_copied(tasks, queue))
            for copy in copies:
                found.update(copy.results())
        finally:
            for queue in queues:
                os.close(queue)
            for copy in copies:
                copy.end()
    return found


@dataclass
class _Copy:
    """A forked process, and the file in which it leaves what it has done."""

    process: int
    results_file: IO[bytes]
    is_over: bool = False

    def results(self) -> Iterator[tuple[int, T]]:
        """What it did until it ended, however that was."""
        os.waitpid(self.process, 0)
        self.is_over = True
        self.results_file.seek(0)
        # Of one that died the last result may be cut short.
        with suppress(EOFError, pickle.UnpicklingError):
            while True:
                yield pickle.load(self.results_file)

    def end(self) -> None:
        if not self.is_over:
            os.kill(self.process, signal.SIGKILL)
            os.waitpid(self.process, 0)
        self.results_file.close()


def _queue(tasks: Iterable[int]) -> int:
    """A pipe with the number of each task in it."""
    reading, writing = os.pipe()
    os.write(writing, bytes(tasks))
    os.close(writing)
    return reading


def _taken(queue: int) -> Iterator[int]:
    while which := os.read(queue, 1):
        yield which[0]


def _copied(tasks: Sequence[Callable[[], T]], queue: int) -> _Copy:
    results_file = tempfile.TemporaryFile()  # noqa: SIM115 - kept until the copy has ended
    process = os.fork()
    if process:
        return _Copy(process, results_file)
    try:
        _work(tasks, queue, results_file)
    finally:
        # Nothing of what the first process has begun is ended twice, nor its output written twice.
        os._exit(0)


def _work(tasks: Sequence[Callable[[], T]], queue: int, results_file: IO[bytes]) -> None:
    for which in _taken(queue):
        pickle.dump((which, tasks[which]()), results_file)
        results_file.flush()
