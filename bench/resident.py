"""What an edit costs a resident estate: the whole difference in reachability, proved; kind by kind.

    python -m bench.resident SNAPSHOT [--edits 20] [--seconds 60] [--kind route ...]
    resident(snapshot, limit) -> figures

In a process of its own.  Every edit is one of the same estate.  Each kind of edit is measured in a
copy of the process that made the estate, which tells of each edit as it is done and is ended when
it has had its time: so no kind is warm for another one, and what does not finish is told as well.
The clock is here, and only here.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import random
import signal
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from bench.alone import Limit, alone
from bench.editing import KINDS, changed, edited, edited_snapshot

TIMES = 20
SECONDS = 60.0  # for the edits of one kind
OFTEN = 0.02
WARM_UP = 2
COLD = "cold"


def resident(snapshot: Path, limit: Limit, times: int = TIMES) -> dict[str, Any]:
    """The time to make the estate and that of its edits, by kind; ``reach.diff`` of one, cold."""
    command = [sys.executable, "-m", "bench.resident", str(snapshot), "--edits", str(times)]
    whole = Limit(limit.seconds + SECONDS * (len(KINDS) + 1), limit.megabytes)
    done = alone(command, limit=whole)
    told = [json.loads(line) for line in done.out.splitlines()]
    return {**summary(told, done.failure), "memory": done.memory}


def summary(told: list[dict[str, Any]], failure: str) -> dict[str, Any]:
    """Figures of what was told, by kind of edit; ``not done`` of those whose time was over."""
    found: dict[str, Any] = {}
    for line in told:
        found |= {key: line[key] for key in ("load", "make", "cold") if key in line}
    edits = [line for line in told if "kind" in line]
    times = {kind: [e["seconds"] for e in edits if e["kind"] == kind] for kind in KINDS}
    found["kinds"] = {kind: _spread(each) for kind, each in times.items() if each}
    over = [line["over"] for line in told if "over" in line]
    found |= {"edits": len(edits), "not done": len(over), "over": over}
    found["changed"] = sum(bool(line["changed"]) for line in edits)
    found["open"] = sum(not line["complete"] for line in edits)
    return found | ({"failure": failure} if failure else {})


def _spread(times: list[float]) -> dict[str, float]:
    several = len(times) > 1
    cuts = statistics.quantiles(times, n=20, method="inclusive") if several else times
    return {"p50": statistics.median(times), "p95": cuts[-1]}


def work(path: Path, times: int, seconds: float, kinds: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Do the job: the estate in this process, each kind of edit in a copy of it."""
    import reach

    start = time.perf_counter()
    snapshot = reach.load(path, cache=True)
    yield {"load": time.perf_counter() - start}
    start = time.perf_counter()
    estate = reach.Estate(snapshot)
    yield {"make": time.perf_counter() - start}
    gc.freeze()  # else the first collection of a copy copies everything
    for kind in kinds:
        if not _copied(partial(edits, path, estate, kind, times), seconds):
            yield {"over": kind}


def edits(path: Path, estate: Any, kind: str, times: int) -> Iterator[dict[str, Any]]:
    """The edits of one kind, the first few to warm up; or the difference of two snapshots."""
    if kind == COLD:
        yield from differences(path, random.Random(kind))
        return
    rng = random.Random(kind)
    for number in range(-WARM_UP, times):
        edit = changed(estate.snapshot, kind, rng)
        start = time.perf_counter()
        found = estate.edit(*edit.put, without=edit.out).difference
        seconds = time.perf_counter() - start
        if number >= 0:
            told = {"changed": len(found.gained) + len(found.lost), "complete": found.complete}
            name = estate.snapshot.id_of(edit.first)
            yield {"kind": kind, "seconds": seconds, **told, "id": name}


def differences(path: Path, rng: random.Random) -> Iterator[dict[str, Any]]:
    """The same of two snapshots that were just loaded."""
    import reach

    one, other = reach.load(path, cache=True), reach.load(path, cache=True)
    other = edited_snapshot(other, edited(other, "rule for a host", rng))
    start = time.perf_counter()
    reach.diff(one, other)
    yield {"cold": time.perf_counter() - start}


def _copied(told: Callable[[], Iterable[dict[str, Any]]], seconds: float) -> bool:
    """Tell of something in a copy of this process; whether it was done in time."""
    sys.stdout.flush()
    child = os.fork()
    if not child:
        status = 1
        try:
            for line in told():
                print(json.dumps(line), flush=True)
            status = 0
        finally:
            os._exit(status)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return not status
        time.sleep(OFTEN)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure what an edit costs.")
    parser.add_argument("snapshot", type=Path)
    parser.add_argument("--edits", type=int, default=TIMES)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="for each kind of edit")
    parser.add_argument("--kind", action="append", choices=[*KINDS, COLD])
    given = parser.parse_args()
    kinds = given.kind or [*KINDS, COLD]
    for told in work(given.snapshot, given.edits, given.seconds, kinds):
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
