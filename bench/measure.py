"""One measurement in a process of its own, so that memory and caches are nobody else's.

Reads a job as JSON on stdin and writes what it measured as JSON to stdout.  Knows no more of the
library than any user: ``reach.load`` and ``reach.ask``.  The clock is here, and only here.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bench.alone import alone
from bench.questions import Asked


@dataclass(slots=True)
class Measured:
    """What a job came to; times in seconds, memory in megabytes."""

    load: float = 0.0
    first: float = 0.0
    asks: list[dict[str, Any]] = field(default_factory=list)
    memory: float = 0.0
    failure: str = ""

    def seconds(self, kind: str = "") -> list[float]:
        """The times of the asks of a kind, or of all."""
        return [ask["seconds"] for ask in self.asks if kind in ("", ask["kind"])]

    def verdicts(self) -> list[str]:
        """Every verdict in the order of the questions; an error counts as one of its own."""
        return [ask["verdict"] for ask in self.asks]


def measure(snapshot: Path, asked: list[Asked], warm_up: list[Asked]) -> Measured:
    """Load a snapshot and ask, in a fresh process: first ``warm_up``, then each question once.

    ``first`` is the time of the first question of ``warm_up``, or of ``asked`` if that is empty.
    """
    job = {
        "snapshot": str(snapshot),
        "warm_up": [asdict(one) for one in warm_up],
        "asked": [asdict(one) for one in asked],
    }
    done = alone([sys.executable, "-m", "bench.measure"], told=json.dumps(job))
    if done.failure:
        return Measured(failure=done.failure)
    return Measured(**json.loads(done.out.splitlines()[-1]))


def work(job: dict[str, Any]) -> Measured:
    """Do the job in this process."""
    import reach  # here, so that whoever only hands out jobs does not pay for it

    measured = Measured()
    start = time.perf_counter()
    snapshot = reach.load(job["snapshot"])
    measured.load = time.perf_counter() - start
    for place, asked in enumerate(job["warm_up"] + job["asked"]):
        start = time.perf_counter()
        try:
            verdict = str(reach.ask(snapshot, asked["text"]).verdict.value)
        except Exception as error:  # a defect is reported beside the figures, not instead of them
            verdict = f"{type(error).__name__}: {error}"
        seconds = time.perf_counter() - start
        if place == 0:
            measured.first = seconds
        if place >= len(job["warm_up"]):
            measured.asks.append({**asked, "seconds": seconds, "verdict": verdict})
    scale = 2**20 if sys.platform == "darwin" else 2**10
    measured.memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale
    return measured


if __name__ == "__main__":
    print(json.dumps(asdict(work(json.load(sys.stdin)))))
