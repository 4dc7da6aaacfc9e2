"""Jobs done by processes under a supervisor: one that dies costs the one job that it had.

    do(jobs, workers=4, limits=Limits(seconds=60)) -> (number, Done | Lost | Spent | Refused), ...

Each worker has one job at a time and keeps the snapshots that it read, so jobs on one snapshot go
to the same worker where that is possible.  Of a worker that dies nothing is lost but the job that
it had, and that one is done again, last and by a worker of its own: death may come from outside.
Who dies of it twice is its fault.  So is memory: a job that is one of many in a process is not to
blame for what the others left there.  Results come as they are ready.  Must not know what a job
does.
"""

from __future__ import annotations

import pickle
import queue
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from reach.jobs.job import NO_LIMITS, Bench, Done, Job, Limits, Lost, Refused, Said, Spent
from reach.jobs.process import Process
from reach.jobs.worker import News

# How often it is looked at what workers hold; within it they cannot take much more than they may.
_LOOK = 0.05
_TRIES = 2


def alone(jobs: Sequence[Job], bench: Bench) -> Iterator[tuple[int, Done]]:
    """All jobs in this process, in order.  Raises whatever one of them raises."""
    for number, job in enumerate(jobs):
        began = time.perf_counter()
        yield number, Done(job.run(bench), time.perf_counter() - began)


def do(jobs: Sequence[Job], workers: int, limits: Limits = NO_LIMITS) -> Iterator[tuple[int, Said]]:
    """All jobs by ``workers`` processes."""
    crew = Crew(max(1, min(workers, len(jobs))), limits)
    try:
        yield from crew.do(jobs)
    finally:
        crew.stop()


@dataclass(frozen=True, slots=True)
class Workers:
    """So many processes of this machine; with none, this one, in which nothing is limited."""

    number: int = 0
    limits: Limits = NO_LIMITS

    def do(self, jobs: Sequence[Job]) -> Iterator[tuple[int, Said]]:
        """All jobs, in whatever order they are done."""
        return do(jobs, self.number, self.limits) if self.number else alone(jobs, Bench())


@dataclass(eq=False)
class _Worker:
    process: Process
    number: int = -1
    snapshot: str = ""
    given: int = 0
    tries: int = 0
    # Since when its time is counted; None while it is not.
    since: float | None = None

    @property
    def is_busy(self) -> bool:
        return self.number >= 0

    def has_taken(self, seconds: float) -> bool:
        return self.since is not None and time.monotonic() - self.since >= seconds


@dataclass(frozen=True)
class _Fate:
    """What became of a worker's job; ``again``: that may be somebody else's fault."""

    worker: _Worker
    said: Said
    again: bool = False


@dataclass
class Crew:
    """So many workers, which stay for further jobs until they are stopped."""

    size: int
    limits: Limits = NO_LIMITS
    _workers: list[_Worker] = field(default_factory=list)
    _inbox: queue.SimpleQueue[tuple[Process, bytes | None]] = field(
        default_factory=queue.SimpleQueue
    )

    def do(self, jobs: Sequence[Job]) -> Iterator[tuple[int, Said]]:
        """All jobs, in whatever order they are done."""
        left = dict.fromkeys(range(len(jobs)))
        tries: Counter[int] = Counter()
        while left or any(worker.is_busy for worker in self._workers):
            self._give(jobs, left, tries)
            for fate in self._heard():
                number, fate.worker.number = fate.worker.number, -1
                if fate.again:
                    tries[number] += 1
                    left[number] = None
                else:
                    yield number, fate.said

    def stop(self) -> None:
        for worker in self._workers:
            worker.process.end()
        self._workers.clear()

    # ------------------------------------------------------------------- giving

    def _give(self, jobs: Sequence[Job], left: dict[int, None], tries: Counter[int]) -> None:
        for worker in [each for each in self._workers if not each.is_busy]:
            if left:
                self._give_one(worker, jobs, left, tries)
        while left and len(self._workers) < self.size:
            self._give_one(self._started(), jobs, left, tries)

    def _give_one(
        self, worker: _Worker, jobs: Sequence[Job], left: dict[int, None], tries: Counter[int]
    ) -> None:
        number = self._next_for(worker, jobs, left)
        if tries[number] and worker.given:
            # A second try is with a worker that has done nothing else.
            self._end(worker)
            worker = self._started()
        del left[number]
        worker.number, worker.snapshot = number, jobs[number].snapshot
        worker.given, worker.tries = worker.given + 1, tries[number]
        worker.since = None
        worker.process.give(jobs[number])

    def _started(self) -> _Worker:
        worker = _Worker(Process(self._inbox, self.limits.memory))
        self._workers.append(worker)
        return worker

    def _next_for(self, worker: _Worker, jobs: Sequence[Job], left: dict[int, None]) -> int:
        """A job on the snapshot that it has read, else on one that nobody has, else any."""
        taken = {each.snapshot for each in self._workers if each is not worker}
        untaken = None
        for number in left:
            snapshot = jobs[number].snapshot
            if snapshot == worker.snapshot:
                return number
            if untaken is None and snapshot not in taken:
                untaken = number
        return next(iter(left)) if untaken is None else untaken

    # ------------------------------------------------------------------- hearing

    def _heard(self) -> Iterator[_Fate]:
        """What became of some of the jobs: what is said, and then what is seen from outside.

        All that is said comes first: what is done in time is done, however late it is heard.
        """
        patience = self._patience()
        while True:
            try:
                process, text = self._inbox.get(timeout=patience)
            except queue.Empty:
                break
            worker = next((each for each in self._workers if each.process is process), None)
            if worker is not None:
                yield from self._told(worker, text)
            patience = 0
        for worker in [each for each in self._workers if each.is_busy]:
            yield from self._seen(worker)

    def _told(self, worker: _Worker, text: bytes | None) -> Iterator[_Fate]:
        message = None if text is None else pickle.loads(text)
        match message:
            case News.WORK:
                worker.since = time.monotonic()
            case News.READING:
                worker.since = None
            case News.MEMORY:
                yield self._too_much(worker)
            case None:
                self._workers.remove(worker)
                how = worker.process.ended()
                if worker.is_busy:
                    said = Lost(f"the process that asked it {how}")
                    yield _Fate(worker, said, worker.tries + 1 < _TRIES)
            case Done() | Lost() | Refused():
                yield _Fate(worker, message)

    def _seen(self, worker: _Worker) -> Iterator[_Fate]:
        seconds, memory = self.limits.seconds, self.limits.memory
        if memory is not None and worker.process.resident() > memory:
            yield self._too_much(worker)
        elif seconds is not None and worker.has_taken(seconds):
            self._end(worker)
            yield _Fate(worker, Spent(self.limits.too_long()))

    def _too_much(self, worker: _Worker) -> _Fate:
        self._end(worker)
        return _Fate(worker, Spent(self.limits.too_much()), worker.given > 1)

    def _end(self, worker: _Worker) -> None:
        self._workers.remove(worker)
        worker.process.end()

    def _patience(self) -> float | None:
        """How long one may wait before somebody has taken too long, or has to be looked at."""
        if self.limits.memory is not None:
            return _LOOK
        since = [each.since for each in self._workers if each.is_busy and each.since is not None]
        if self.limits.seconds is None or not since:
            return None
        return max(0.0, min(since) + self.limits.seconds - time.monotonic())
