"""The jobs that figures are of: each what is done at one place, in processes of its own.

A job is given a :class:`Setting` and gives its figures by name.  Must not know which places there
are, what is aimed at, nor how figures are printed.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from bench import command
from bench.certificates import certificates
from bench.classes import classes
from bench.figure import Found, Job, Setting
from bench.grow import Size
from bench.loading import CACHED, ONE_BY_ONE, PROCESSES, UNPACKED, kept, loading
from bench.measure import ANSWER, VERDICT, Measured, measure
from bench.mending import mending
from bench.questions import WHOLE_ESTATE, Asked, of_estate, of_key, of_lab, of_transit
from bench.resident import resident
from bench.suites import measure_suite

WARM_UP = 10
MANY, SOME, FEW = 300, 200, 50  # questions
VERDICTS = ("reachable", "unreachable", "undecided")

# --- loading --------------------------------------------------------------------------------------


def _load(way: str) -> Callable[[Setting], Found]:
    return lambda at: loading(at.estate, way, at.limit)


LOAD_ALONE = Job("load one by one", _load(ONE_BY_ONE), most=100_000)
LOAD = Job("load", _load(PROCESSES))
LOAD_CACHE = Job("load from the cache", _load(CACHED))
UNPACK = Job("all interfaces", _load(UNPACKED))
CACHE = Job("the cache", lambda at: kept(at.estate, at.size.interfaces))

# --- whole commands -------------------------------------------------------------------------------


def _can(expected: str, text: str = WHOLE_ESTATE) -> Callable[[Setting], Found]:
    return lambda at: command.question(at.estate, at.limit, text=text, expected=expected)


CAN_OPEN = Job("can, open", _can("reachable"))
CAN_CLOSED = Job("can, closed", _can("unreachable"))
ANY_TO_ANY, STAGES = "can any reach any port 443", "can tag:Stage=prod reach tag:Stage=test"
BROAD_OPEN = Job("broad, open", _can("reachable", ANY_TO_ANY), most=100_000)
BROAD_CLOSED = Job("broad, closed", _can("unreachable", STAGES), most=20_000)
EXPOSURE = Job("exposure", lambda at: command.exposure(at.estate, at.size, at.limit))
MATRIX_VPC = Job("matrix by vpc", lambda at: command.matrix(at.estate, at.limit, by="vpc"))
MATRIX_END = Job(
    "matrix by endpoint", lambda at: command.matrix(at.estate, at.limit, by="endpoint")
)
ISOLATED = Job("isolated", lambda at: command.isolated(at.estate, at.limit))


def _cold(at: Setting) -> Found:
    asked = of_lab(at.estate, SOME)
    return command.question(at.estate, at.limit, text=asked[len(asked) // 2].text)


COLD_LAB = Job("cold command", _cold)

# --- warm questions -------------------------------------------------------------------------------


def _warm_mixed(at: Setting) -> Found:
    """Verdicts, whole answers, and the questions of the answer key, none twice."""
    drawn = of_estate(at.size, WARM_UP + MANY + SOME)
    verdicts = [replace(each, how=VERDICT) for each in drawn[WARM_UP : WARM_UP + MANY]]
    known = [replace(each, how=VERDICT) for each in of_key(at.size)[:MANY]]
    asked = [*verdicts, *known, *drawn[WARM_UP + MANY :]]
    told = measure(at.estate, asked, drawn[:WARM_UP], at.limit, clock=True)
    found = _summary(told, asked)
    for how in (VERDICT, ANSWER):
        found[how] = spread(told.seconds(how=how))
    return found | {"stages": {k: s / len(asked) for k, s in told.stages.items()}}


def _warm(of: Callable[[Size, int], list[Asked]], count: int) -> Callable[[Setting], Found]:
    def run(at: Setting) -> Found:
        drawn = of(at.size, count + WARM_UP)
        asked = drawn[WARM_UP:]
        return _summary(measure(at.estate, asked, drawn[:WARM_UP], at.limit), asked)

    return run


def _warm_lab(at: Setting) -> Found:
    asked = of_lab(at.estate, SOME)
    return _summary(measure(at.estate, asked, asked[:WARM_UP], at.limit), asked)


WARM_MIXED = Job("warm questions, mixed", _warm_mixed)
WARM = Job("warm questions", _warm(of_estate, SOME))
WARM_FEW = Job("fifty warm questions", _warm(of_estate, FEW))
WARM_TRANSIT = Job("warm questions, transit", _warm(of_transit, SOME))
WARM_LAB = Job("warm questions, recorded", _warm_lab)


def _summary(told: Measured, asked: list[Asked]) -> Found:
    """The figures of one job, over all of its questions and by kind."""
    verdicts = told.verdicts()
    found: Found = {"load": told.load, "first": told.first, "memory": told.memory}
    if told.failure:
        found["failure"] = told.failure
    kinds = dict.fromkeys(each.kind for each in asked)
    found |= spread(told.seconds())
    found["kinds"] = {kind: spread(told.seconds(kind)) for kind in kinds}
    counts = Counter(each if each in VERDICTS else "error" for each in verdicts)
    counted = ", ".join(f"{number} {verdict}" for verdict, number in sorted(counts.items()))
    found["said"] = [f"of {len(verdicts)} answers {counted}"] if verdicts else []
    found["errors"] = sorted({each for each in verdicts if each not in VERDICTS})[:5]
    found["wrong"] = [
        f"`{each['text']}` is {each['verdict']}, and should be {each['expect']}"
        for each in told.asks
        if each["expect"] and each["verdict"] != each["expect"]
    ]
    return found | {"answers": [each["verdict"] for each in told.asks]}


def spread(seconds: list[float]) -> dict[str, float]:
    """The median and the 99th percentile: the time that 99 in 100 do not exceed."""
    if not seconds:
        return {}
    ranked = sorted(seconds)
    return {
        "p50": statistics.median(ranked),
        "p99": ranked[-(-99 * len(ranked) // 100) - 1],
        "worst": ranked[-1],
    }


# --- all else -------------------------------------------------------------------------------------


def _certificates(at: Setting) -> Found:
    """Of two hundred questions, of a recorded network or of an estate."""
    if at.place.size is None:
        return certificates(at.estate, of_lab(at.estate, SOME), at.limit)
    return certificates(at.estate, of_estate(at.size, SOME + WARM_UP)[WARM_UP:], at.limit)


CERTIFICATES = Job("certificates", _certificates)
CLASSES = Job("classes", lambda at: classes(at.estate, at.limit))
EDITS = Job("edited rules", lambda at: resident(at.estate, at.limit))
SUITE = Job("a suite", lambda at: measure_suite(at.estate, at.size, at.limit))
MENDING = Job("fix and cut", lambda at: mending(at.limit))


def labs_beside(lab: Path) -> list[Path]:
    """The recorded networks beside one that is at hand, in order."""
    return sorted(path.parent for path in lab.parent.glob("*/probes.jsonl"))
