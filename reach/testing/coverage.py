"""Which lines of the snapshots no case exercises, and which changes of one no case would notice.

    look_further(results, coverage=True, mutate=True, ...) -> Finding, ...

Takes the results of all cases, with what they exercise; gives a finding for each snapshot.  Must
not know how anything is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from reach.jobs.crew import alone, do
from reach.jobs.job import Bench, Done, Said
from reach.snapshot.errors import SnapshotError
from reach.testing.case import Line, Outcome, Result
from reach.testing.lines import lines_of
from reach.testing.mutation import MutantJob, Mutation, mutations_of

if TYPE_CHECKING:
    from reach.snapshot.snapshot import Snapshot

# What fails already cannot begin to.
_CAN_NOTICE = (Outcome.HOLDS, Outcome.ACCEPTED)


@dataclass(frozen=True, slots=True)
class Coverage:
    """What of a snapshot's lines is exercised by any case, whatever became of it."""

    lines: int
    unexercised: tuple[Line, ...]

    def to_dict(self) -> dict[str, Any]:
        told = [line.to_dict() for line in self.unexercised]
        return {"lines": self.lines, "unexercised": told}


@dataclass(frozen=True, slots=True)
class Mutants:
    """The changes that were tried; those that survive, and those of which nobody knows.

    A survivor comes with whether any case exercises its line.
    """

    tried: int
    survivors: tuple[tuple[Mutation, bool], ...]
    unknown: tuple[Mutation, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {
            "tried": self.tried,
            "survivors": [
                {**mutation.to_dict(), "exercised": exercised}
                for mutation, exercised in self.survivors
            ],
            "unknown": [mutation.to_dict() for mutation in self.unknown],
        }


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one snapshot."""

    snapshot: str
    coverage: Coverage | None = None
    mutants: Mutants | None = None

    def to_dict(self) -> dict[str, Any]:
        return {
            "snapshot": self.snapshot,
            "coverage": self.coverage.to_dict() if self.coverage else None,
            "mutation": self.mutants.to_dict() if self.mutants else None,
        }


def look_further(
    results: Sequence[Result],
    today: date,
    *,
    coverage: bool,
    mutate: bool,
    workers: int = 0,
    load: Callable[[str], Snapshot] | None = None,
) -> Iterator[Finding]:
    """A finding for each snapshot that could be read."""
    by_snapshot: dict[str, list[Result]] = {}
    for result in results:
        by_snapshot.setdefault(result.case.snapshot, []).append(result)
    bench = Bench(load, kept=len(by_snapshot))
    for snapshot, told in by_snapshot.items():
        read = bench.snapshot(snapshot)
        if isinstance(read, SnapshotError):
            continue
        lines = lines_of(read)
        exercised = frozenset(line for result in told for line in result.exercised)
        covered = None
        if coverage:
            left = tuple(line for line in lines if line not in exercised)
            covered = Coverage(len(lines), left)
        mutants = None
        if mutate:
            jobs = list(_jobs(snapshot, lines, told, today))
            mutants = _mutants(jobs, exercised, workers, bench)
        yield Finding(snapshot, covered, mutants)


def _jobs(
    snapshot: str, lines: Iterable[Line], results: Sequence[Result], today: date
) -> Iterator[MutantJob]:
    """Every change; those cases first that exercise its line, then the quickest."""
    passing = sorted((each for each in results if each.outcome in _CAN_NOTICE), key=_seconds)
    for mutation in mutations_of(lines):
        line = mutation.line
        ordered = sorted(passing, key=lambda each: line not in each.exercised)
        yield MutantJob(snapshot, mutation, tuple(each.case for each in ordered), today)


def _seconds(result: Result) -> float:
    return result.seconds


def _mutants(
    jobs: Sequence[MutantJob], exercised: frozenset[Line], workers: int, bench: Bench
) -> Mutants:
    told: dict[int, Said] = {}
    told.update(do(jobs, workers) if workers else alone(jobs, bench))
    tried, survivors, unknown = 0, [], []
    for number, job in enumerate(jobs):
        match told[number]:
            case Done(value=None):
                continue
            case Done(value=""):
                survivors.append((job.mutation, job.mutation.line in exercised))
            case Done():
                pass
            case _:
                unknown.append(job.mutation)
        tried += 1
    return Mutants(tried, tuple(survivors), tuple(unknown))
