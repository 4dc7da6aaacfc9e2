"""From raw figures to curves: points, where they end, and how steep they are.

    curves(points, COSTS) -> Curve, ...        page(text, raw) -> the same text with its tables anew

Takes the raw figures and nothing else, so that what is drawn can be drawn again.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.figure import Found
from bench.tables import markdown, show

LAST = 3  # points
NOTHING = "Not measured yet."
Points = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Cost:
    """What a curve is of: a figure of a job."""

    words: str
    job: str
    figure: Callable[[Found], float | None]
    unit: str = "s"
    is_told: bool = True  # where it ends; of two figures of a job, one tells for both


@dataclass(frozen=True, slots=True)
class Curve:
    """A cost along an axis; ``end`` is where it was not done any more, and why."""

    cost: Cost
    points: tuple[tuple[float, float], ...]
    end: tuple[float, str] | None = None

    @property
    def slope(self) -> float | None:
        """The exponent at the far end: twice as far along costs 2 ** slope times as much.

        By least squares, of the last three points: before, what is the same everywhere may hide it.
        """
        if len(self.points) < 2:
            return None
        logs = [(math.log(x), math.log(y)) for x, y in self.points[-LAST:]]
        along = sum(x for x, _ in logs) / len(logs)
        up = sum(y for _, y in logs) / len(logs)
        square = sum((x - along) * (x - along) for x, _ in logs)
        return sum((x - along) * (y - up) for x, y in logs) / square


def after_loading(found: Found) -> float | None:
    """What a whole command takes apart from its start and from loading."""
    if found.get("seconds") is None:
        return None
    stages: Mapping[str, float] = found.get("stages", {})
    return float(found["seconds"]) - stages.get("start", 0.0) - stages.get("load", 0.0)


def _figure(key: str) -> Callable[[Found], float | None]:
    return lambda found: found.get(key)


def _memory(found: Found) -> float | None:
    """Only of what was done: else it is what it had when it was ended."""
    return None if "failure" in found else found.get("memory")


TIMES = (
    Cost("load from JSON", "load", _figure("seconds")),
    Cost("load from the cache", "load from the cache", _figure("seconds")),
    Cost("first question", "questions", _figure("first")),
    Cost("warm verdict, p50", "questions", _figure("p50"), is_told=False),
    Cost("can 0.0.0.0/0 reach port 22", "can, closed", after_loading),
    Cost("exposure", "exposure", after_loading),
    Cost("matrix port 22", "matrix by vpc", after_loading),
)
MEMORY = (
    Cost("loaded and asked", "questions", _memory, "MB"),
    Cost("can 0.0.0.0/0 reach port 22", "can, closed", _memory, "MB"),
    Cost("exposure", "exposure", _memory, "MB"),
    Cost("matrix port 22", "matrix by vpc", _memory, "MB"),
)


def curves(points: Points, costs: Iterable[Cost]) -> list[Curve]:
    """The curves of some costs, those that are not there left out."""
    found = [_curve(points, cost) for cost in costs]
    return [curve for curve in found if curve.points or curve.end]


def _curve(points: Points, cost: Cost) -> Curve:
    done: list[tuple[float, float]] = []
    for point in points:
        found = point["found"].get(cost.job)
        if found is None:
            continue
        value = cost.figure(found)
        if value is not None and value > 0:
            done.append((point["at"], value))
        elif "failure" in found:
            end = (point["at"], found["failure"]) if cost.is_told else None
            return Curve(cost, tuple(done), end)
    return Curve(cost, tuple(done))


# --- the page -------------------------------------------------------------------------------------


def table(points: Points) -> str:
    """Every figure of an axis, and the exponents."""
    heads = ["", *(f"{point['at']:,.7g}" for point in points), "exponent"]
    lines = [heads]
    for curve in (*curves(points, TIMES), *curves(points, MEMORY)):
        of_point = dict(curve.points)
        cells = [show(of_point.get(point["at"]), curve.cost.unit) for point in points]
        if curve.end is not None and curve.cost in TIMES:
            at = [point["at"] for point in points].index(curve.end[0])
            cells[at] = curve.end[1]
        slope = "" if curve.slope is None else f"{curve.slope:.2f}"
        unit = ", memory" if curve.cost.unit == "MB" else ""
        lines.append([f"{curve.cost.words}{unit}", *cells, slope])
    return markdown(lines)


def page(text: str, raw: Mapping[str, Any]) -> str:
    """A page with what is told of figures made anew, between the comments that are there for it.

    ``<!-- axis interfaces -->`` opens the table of an axis, ``<!-- machine -->`` what it was
    measured on, and ``<!-- end -->`` closes either.
    """

    def anew(match: re.Match[str]) -> str:
        points = raw["axes"].get(match["axis"])
        body = _measured_on(raw) if match["axis"] is None else table(points) if points else NOTHING
        return f"{match['open']}\n{body}\n<!-- end -->"

    pattern = r"(?P<open><!-- (?:machine|axis (?P<axis>\w+)) -->)\n.*?<!-- end -->"
    return re.sub(pattern, anew, text, flags=re.DOTALL)


def _measured_on(raw: Mapping[str, Any]) -> str:
    limit = raw["limit"]
    limits = f"{limit['seconds']:,.0f} s and {limit['megabytes']:,.0f} MB for each figure"
    return f"Measured with a limit of {limits}, on {raw['machine']}."
