"""What is measured at each point of an axis, and the raw figures of it.

    measured(axes, estates, limit, most, say, keep) -> raw figures as JSON

The same jobs as those of the tables, but fewer questions.  What was not done at one point is not
tried further along; that it was not done is a figure too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, replace
from typing import Any

from bench.alone import Limit
from bench.estates import Estates
from bench.figure import Found, Job, Place, Row, Say, Setting, Table
from bench.figure import measured as measured_at
from bench.grow import Size
from bench.growth.axes import Axis
from bench.jobs import CAN_CLOSED, EXPOSURE, LOAD, LOAD_CACHE, MATRIX_VPC, spread
from bench.measure import VERDICT, measure
from bench.questions import of_estate

WARM_UP, ASKED = 5, 30


def questions(count: int) -> Job:
    """Verdicts, in a process that has loaded the estate."""

    def run(at: Setting) -> Found:
        drawn = [replace(each, how=VERDICT) for each in of_estate(at.size, WARM_UP + count)]
        told = measure(at.estate, drawn[WARM_UP:], drawn[:WARM_UP], at.limit)
        found: Found = {"first": told.first, "memory": told.memory}
        return found | spread(told.seconds()) | ({"failure": told.failure} if told.failure else {})

    return Job("questions", run)


QUESTIONS = questions(ASKED)
JOBS = (LOAD, LOAD_CACHE, QUESTIONS, CAN_CLOSED, EXPOSURE, MATRIX_VPC)
KEPT = ("seconds", "stages", "memory", "first", "p50", "accesses", "failure", "wrong")


def measured(
    axes: Iterable[Axis],
    estates: Estates,
    limit: Limit,
    most: int,
    say: Say,
    keep: Callable[[dict[str, Any]], None],
    jobs: tuple[Job, ...] = JOBS,
) -> dict[str, Any]:
    """The figures of every axis by name; ``keep`` is called with those so far."""
    told: dict[str, Any] = {}
    for axis in axes:
        places = tuple(Place(_name(axis, size), size) for size in axis.sizes)
        rows = tuple(Row(job.name, job) for job in jobs)
        table = Table(axis.name, axis.words, places, rows)

        def keep_axis(results: Any, axis: Axis = axis) -> None:
            told[axis.name] = _points(axis, most, results)
            keep(told)

        keep_axis(measured_at([table], estates, limit, most, say, keep_axis))
    return told


def _name(axis: Axis, size: Size) -> str:
    return f"{axis.name} {axis.reading(size):,.7g}"


def _points(axis: Axis, most: int, results: dict[str, dict[str, Found]]) -> list[dict[str, Any]]:
    """What was found at each point so far."""
    points = []
    for size in axis.sizes:
        name = _name(axis, size)
        found = {job: by_place[name] for job, by_place in results.items() if name in by_place}
        if found and size.interfaces <= most:
            clean = {
                job: {key: told[key] for key in KEPT if told.get(key)}
                for job, told in found.items()
            }
            points.append({"at": axis.reading(size), "size": asdict(size), "found": clean})
    return points
