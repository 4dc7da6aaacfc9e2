"""Jobs done by processes under a supervisor: one that dies costs the one job that it had.

    do(jobs, workers=4, seconds=60) -> (number, Done | Lost), ...

Each worker has a pipe and one job at a time; it keeps the snapshots that it read, so jobs on one
snapshot go to the same worker where that is possible.  Whoever dies, or takes longer than it may,
is replaced.  Results come as they are ready.  Must not know what a job does.
"""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING, Any, Protocol

from reach.errors import Defect
from reach.testing.judging import loaded
from solver import SolverError

if TYPE_CHECKING:
    from reach.snapshot.errors import SnapshotError
    from reach.snapshot.snapshot import Snapshot

KEPT = 2
_GRACE = 5.0


class Bench:
    """The snapshots that somebody works on: the last few that were read."""

    def __init__(self, load: Callable[[str], Snapshot] | None = None, kept: int = KEPT) -> None:
        self._load = load
        self._kept = kept
        self._known: dict[str, Snapshot | SnapshotError] = {}

    def snapshot(self, path: str) -> Snapshot | SnapshotError:
        found = self._known.pop(path, None)
        if found is None:
            if self._load is None:
                import reach

                self._load = reach.load
            found = loaded(self._load, path)
        self._known[path] = found
        if len(self._known) > self._kept:
            del self._known[next(iter(self._known))]
        return found


class Job(Protocol):
    """Something to do on a snapshot; it and what it gives can be sent between processes."""

    @property
    def snapshot(self) -> str: ...

    def run(self, bench: Bench) -> Any: ...


@dataclass(frozen=True, slots=True)
class Done:
    """What a job gave."""

    value: Any
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Lost:
    """A job that whoever had it did not survive, and how."""

    reason: str


@dataclass
class _Worker:
    process: BaseProcess
    pipe: Connection
    number: int = -1
    snapshot: str = ""
    since: float = 0.0

    @property
    def is_busy(self) -> bool:
        return self.number >= 0


def alone(jobs: Sequence[Job], bench: Bench) -> Iterator[tuple[int, Done]]:
    """All jobs in this process, in order.  Raises whatever one of them raises."""
    for number, job in enumerate(jobs):
        began = time.perf_counter()
        yield number, Done(job.run(bench), time.perf_counter() - began)


def do(
    jobs: Sequence[Job], workers: int, seconds: float | None = None
) -> Iterator[tuple[int, Done | Lost]]:
    """All jobs by ``workers`` processes; each job may take so many ``seconds``."""
    supervisor = _Supervisor(jobs, max(1, min(workers, len(jobs))), seconds)
    try:
        yield from supervisor.results()
    finally:
        supervisor.stop()


class _Supervisor:
    def __init__(self, jobs: Sequence[Job], size: int, seconds: float | None) -> None:
        self._jobs = jobs
        self._left = dict.fromkeys(range(len(jobs)))
        self._seconds = seconds
        self._size = size
        # A fork would share the solver's threads and locks; a fresh process has neither.
        self._context = multiprocessing.get_context("spawn")
        self._workers: list[_Worker] = []

    def results(self) -> Iterator[tuple[int, Done | Lost]]:
        while self._left or any(worker.is_busy for worker in self._workers):
            while self._left and len(self._workers) < self._size:
                self._workers.append(self._started())
            for worker in [each for each in self._workers if not each.is_busy]:
                if self._left:
                    self._give(worker, self._next_for(worker))
            wait([worker.pipe for worker in self._workers if worker.is_busy], self._patience())
            for worker in [each for each in self._workers if each.is_busy]:
                result = self._heard(worker)
                if result is not None:
                    yield result

    def stop(self) -> None:
        for worker in self._workers:
            worker.pipe.close()
            worker.process.terminate()
        for worker in self._workers:
            worker.process.join()

    def _started(self) -> _Worker:
        mine, its = self._context.Pipe()
        process = self._context.Process(target=_serve, args=(its,), daemon=True)
        process.start()
        its.close()
        return _Worker(process, mine)

    def _next_for(self, worker: _Worker) -> int:
        """A job on the snapshot that it has read, else on one that nobody has, else any."""
        taken = {each.snapshot for each in self._workers if each is not worker}
        untaken = None
        for number in self._left:
            snapshot = self._jobs[number].snapshot
            if snapshot == worker.snapshot:
                return number
            if untaken is None and snapshot not in taken:
                untaken = number
        return next(iter(self._left)) if untaken is None else untaken

    def _give(self, worker: _Worker, number: int) -> None:
        try:
            worker.pipe.send(self._jobs[number])
        except OSError:
            if worker.snapshot:
                # It died while it was idle, which costs no job.
                self._gone(worker)
                return
        del self._left[number]
        worker.number, worker.snapshot = number, self._jobs[number].snapshot
        worker.since = time.monotonic()

    def _patience(self) -> float | None:
        """How long one may wait before somebody has taken too long."""
        if self._seconds is None:
            return None
        began = min(worker.since for worker in self._workers if worker.is_busy)
        return max(0.0, began + self._seconds - time.monotonic())

    def _heard(self, worker: _Worker) -> tuple[int, Done | Lost] | None:
        number = worker.number
        if worker.pipe.poll():
            try:
                said: Done | Lost = worker.pipe.recv()
            except (EOFError, OSError):
                said = Lost(f"the process that asked it {_ended(_status(worker.process))}")
                self._gone(worker)
            worker.number = -1
            return number, said
        if self._seconds is not None and time.monotonic() - worker.since >= self._seconds:
            worker.process.kill()
            worker.process.join()
            self._gone(worker)
            return number, Lost(f"it took more than {self._seconds:g} seconds")
        return None

    def _gone(self, worker: _Worker) -> None:
        worker.pipe.close()
        self._workers.remove(worker)


def _status(process: BaseProcess) -> int | None:
    """How a process ended that has stopped to talk; if it lives on, it is ended."""
    process.join(_GRACE)
    if process.is_alive():
        process.kill()
        process.join()
    return process.exitcode


def _ended(status: int | None) -> str:
    if status is not None and status < 0:
        try:
            return f"was ended by {signal.Signals(-status).name}"
        except ValueError:
            return f"was ended by signal {-status}"
    return f"ended with status {status}"


def _serve(pipe: Connection) -> None:
    """A worker's life: until nobody gives it anything any more."""
    # An interrupt is for the supervisor, who ends its workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    bench = Bench()
    while True:
        try:
            job = pipe.recv()
        except EOFError:
            return
        began = time.perf_counter()
        try:
            said: Done | Lost = Done(job.run(bench), time.perf_counter() - began)
        except (Defect, SolverError) as error:
            said = Lost(f"a fault of reach, not an answer: {error}")
        pipe.send(said)
