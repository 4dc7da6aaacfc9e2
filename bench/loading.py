"""What loading costs: from JSON one by one, by several processes, and from the cache.

    python -m bench.loading ESTATE          loading(estate, way, limit) -> figures

Each way in a process of its own.  Before it is timed everything was read once: the files are in the
page cache and the snapshot is in reach's own.  What is held is what the process grew by over what
it had imported; the peak is that of all processes that help, imports and all.  Looks inside the
library for the way that small snapshots take, and puts a clock around the steps of each.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.alone import PLAIN, Limit, alone
from bench.stages import READING, Clock, with_clock

ONE_BY_ONE, PROCESSES, CACHED, UNPACKED = (
    "one by one",
    "processes",
    "from the cache",
    "all interfaces after it",
)
WAYS = (ONE_BY_ONE, PROCESSES, CACHED, UNPACKED)


def loading(estate: Path, way: str, limit: Limit = PLAIN) -> dict[str, Any]:
    """The figures of a way; bytes are those for each interface."""
    done = alone([sys.executable, "-m", "bench.loading", str(estate), "--way", way], limit=limit)
    if done.failure:
        return {"failure": done.failure}
    told: dict[str, Any] = json.loads(done.out.splitlines()[-1])
    told["peak"] = done.memory * 2**20 / told["interfaces"]
    return told


def work(estate: str, way: str) -> dict[str, Any]:
    """Load in this process."""
    import reach
    from reach.components import sections
    from reach.snapshot.load import load
    from reach.snapshot.records import NetworkInterface

    clock, known = Clock(), sections()
    ways: dict[str, Callable[[], Any]] = {
        ONE_BY_ONE: lambda: load(estate, known),
        PROCESSES: lambda: reach.load(estate),
        CACHED: lambda: reach.load(estate, cache=True),
    }
    snapshot = ways[CACHED]() if way not in ways else None
    missing = with_clock(clock, READING)
    held = _held()
    before, start = sum(os.times()[:4]), time.perf_counter()
    if snapshot is None:
        snapshot = ways[way]()
    else:
        snapshot.records(NetworkInterface)
    seconds, after = time.perf_counter() - start, sum(os.times()[:4])
    count, more = len(snapshot.contents[NetworkInterface]), _held()
    stages = dict(clock.seconds)
    return {
        "interfaces": count,
        "seconds": seconds,
        "processor": after - before,
        "held": (more - held) / count,
        "stages": {**stages, "other": max(0.0, seconds - sum(stages.values()))} if stages else {},
        "untimed": missing,
    }


def kept(estate: Path, interfaces: int) -> dict[str, Any]:
    """How large reach's cache is on the disk, for each interface."""
    path = estate / ".reach-cache" / "snapshot"
    if not path.is_file():
        return {"failure": "no cache: the estate is small"}
    return {"disk": path.stat().st_size / interfaces}


def _held() -> float:
    """What this process holds now, in bytes."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        unit = 1 if sys.platform == "darwin" else 1024
        return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit)
    return float(pages * resource.getpagesize())


def main() -> None:
    """Measure one way, and print it as JSON; all of them without one."""
    parser = argparse.ArgumentParser(description="Measure what loading costs.")
    parser.add_argument("estate", type=Path)
    parser.add_argument("--way", choices=WAYS)
    given = parser.parse_args()
    if given.way:
        print(json.dumps(work(str(given.estate), given.way)))
        return
    for way in WAYS:
        print(way, json.dumps(loading(given.estate, way)))


if __name__ == "__main__":
    main()
