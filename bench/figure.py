"""What a figure is: what is measured, where, how, what is aimed at, and what others need.

A :class:`Table` has a column for each :class:`Place` and a line for each :class:`Row`; a row is one
figure of what a :class:`Job` found there.  ``measured`` does the jobs, each once at each place.
Must not know any job, nor how tables are printed.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.alone import Limit
from bench.estates import Estates
from bench.grow import Size

Found = dict[str, Any]  # the figures of a job by name; "failure" if there are none, or not all
Results = dict[str, dict[str, Found]]  # job -> place -> what it found
Say = Callable[[str], None]

NOT_TRIED = "not tried"


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is measured: a generated estate, a folder that is there, or nowhere."""

    name: str
    size: Size | None = None
    folder: Path | None = None

    @property
    def interfaces(self) -> int:
        """How large it is; 0 of what was not generated, which is always small."""
        return self.size.interfaces if self.size is not None else 0

    def path(self, estates: Estates) -> Path:
        """Where it lies."""
        if self.size is not None:
            return estates.path(self.size)
        return self.folder or Path()


@dataclass(frozen=True, slots=True)
class Setting:
    """What a job is given."""

    place: Place
    estate: Path
    limit: Limit
    estates: Estates

    @property
    def size(self) -> Size:
        assert self.place.size is not None, "this job is about generated estates"
        return self.place.size


@dataclass(frozen=True, slots=True)
class Job:
    """Something to do once at each place, up to so many interfaces."""

    name: str
    run: Callable[[Setting], Found]
    most: int = 1_000_000


@dataclass(frozen=True, slots=True)
class Row:
    """One figure of a job: its name there ("stages": one row for each), unit, aims and peers.

    ``aims`` are by the number of interfaces that they are about.
    """

    what: str
    job: Job
    key: str = "seconds"
    unit: str = "s"
    aims: Mapping[int, float] = field(default_factory=dict)
    peer: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows at places; ``compared`` tells what only the figures of several places show."""

    name: str
    title: str
    places: tuple[Place, ...]
    rows: tuple[Row, ...]
    compared: Callable[[Results], Iterable[str]] = lambda results: ()

    def up_to(self, most: int) -> tuple[Place, ...]:
        """The places that are not larger."""
        return tuple(place for place in self.places if place.interfaces <= most)

    @property
    def jobs(self) -> tuple[Job, ...]:
        return tuple({row.job.name: row.job for row in self.rows}.values())


def value(found: Found, key: str) -> Any:
    """A figure by its name; None where there is none.  "kinds.x.p50" is one inside others."""
    told: Any = found
    for name in key.split("."):
        told = told.get(name) if isinstance(told, dict) else None
    return told


def measured(
    tables: Iterable[Table],
    estates: Estates,
    limit: Limit,
    most: int,
    say: Say,
    keep: Callable[[Results], None],
    until: float = math.inf,
) -> Results:
    """What every job found at every place; ``keep`` is called with all of it after each.

    None begins after ``until``, on the monotonic clock.
    """
    results: Results = {}
    for table in tables:
        given_up: dict[str, str] = {}
        for place in table.up_to(most):
            for job in _to_do(table, place, results):
                why = given_up.get(job.name) or ("time was up" if time.monotonic() > until else "")
                if why:
                    found: Found = {"failure": f"{NOT_TRIED}: {why}"}
                else:
                    found = _done(job, place, estates, limit, say)
                results.setdefault(job.name, {})[place.name] = found
                if not why and _is_too_much(found):
                    given_up.setdefault(job.name, f"not done at {place.interfaces:,}")
                keep(results)
    return results


def _to_do(table: Table, place: Place, results: Results) -> Iterator[Job]:
    for job in table.jobs:
        if place.name not in results.get(job.name, {}) and place.interfaces <= job.most:
            yield job


def _is_too_much(found: Found) -> bool:
    """Whether a job had its limit, so that nothing larger is tried."""
    failure: str = found.get("failure", "")
    return failure.startswith(("not done after", "over "))


def _done(job: Job, place: Place, estates: Estates, limit: Limit, say: Say) -> Found:
    """What a job found; a fault of the harness is told as any other failure is."""
    if place.size is not None and not estates.is_kept(place.size):
        say(f"{place.name}: growing")
    start = time.perf_counter()
    try:
        found = job.run(Setting(place, place.path(estates), limit, estates))
    except Exception as error:  # the other figures are still worth having
        found = {"failure": f"{type(error).__name__}: {error}"}
    told = f", {found['failure']}" if "failure" in found else ""
    say(f"{place.name}: {job.name}: {time.perf_counter() - start:.0f} s{told}")
    return found
