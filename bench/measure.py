"""One measurement in a process of its own, so that memory and caches are nobody else's.

Reads a job as JSON on stdin and writes what it measured as JSON to stdout, a line for each answer,
so that what was done before its limit is told.  Knows no more of the library than any user:
``reach.load``, ``reach.ask``, and ``reach.asking.verdict`` for an answer without a path to look at.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bench.alone import PLAIN, Limit, alone
from bench.questions import Asked
from bench.stages import QUESTION, Clock, with_clock

ANSWER, VERDICT = "answer", "verdict"


@dataclass(slots=True)
class Measured:
    """What a job came to; times in seconds, memory in megabytes."""

    load: float | None = None
    first: float | None = None
    asks: list[dict[str, Any]] = field(default_factory=list)
    memory: float = 0.0
    stages: dict[str, float] = field(default_factory=dict)
    failure: str = ""

    def seconds(self, kind: str = "", how: str = "") -> list[float]:
        """The times of the asks of a kind, or of all."""
        return [
            ask["seconds"]
            for ask in self.asks
            if kind in ("", ask["kind"]) and how in ("", ask["how"])
        ]

    def verdicts(self) -> list[str]:
        """Every verdict in the order of the questions; an error counts as one of its own."""
        return [ask["verdict"] for ask in self.asks]


def measure(
    snapshot: Path,
    asked: list[Asked],
    warm_up: list[Asked],
    limit: Limit = PLAIN,
    *,
    clock: bool = False,
) -> Measured:
    """Load a snapshot and ask, in a fresh process: first ``warm_up``, then each question once.

    ``first`` is the time of the first question of all.  With ``clock`` the stages of the others are
    told, in seconds of all of them together.
    """
    job = {
        "snapshot": str(snapshot),
        "clock": clock,
        "warm_up": [asdict(one) for one in warm_up],
        "asked": [asdict(one) for one in asked],
    }
    done = alone([sys.executable, "-m", "bench.measure"], told=json.dumps(job), limit=limit)
    measured = Measured(memory=done.memory, failure=done.failure)
    for line in done.out.splitlines():
        told = json.loads(line)
        if "verdict" in told:
            measured.asks.append(told)
        else:
            for key, value in told.items():
                setattr(measured, key, value)
    return measured


def work(job: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Do the job in this process."""
    import reach  # here, so that whoever only hands out jobs does not pay for it
    from reach.asking import verdict

    clock = Clock()
    start = time.perf_counter()
    snapshot = reach.load(job["snapshot"], cache=True)
    yield {"load": time.perf_counter() - start}
    if job["clock"]:
        with_clock(clock, QUESTION)
    ways = {ANSWER: reach.ask, VERDICT: verdict}
    for place, asked in enumerate(job["warm_up"] + job["asked"]):
        if place == len(job["warm_up"]):
            clock.seconds.clear()
        start = time.perf_counter()
        try:
            told = str(ways[asked["how"]](snapshot, asked["text"]).verdict.value)
        except Exception as error:  # a defect is reported beside the figures, not instead of them
            told = f"{type(error).__name__}: {error}"
        seconds = time.perf_counter() - start
        if place == 0:
            yield {"first": seconds}
        if place >= len(job["warm_up"]):
            yield {**asked, "seconds": seconds, "verdict": told}
    yield {"stages": dict(clock.seconds)}


if __name__ == "__main__":
    for each in work(json.load(sys.stdin)):
        print(json.dumps(each), flush=True)
