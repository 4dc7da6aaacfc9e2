"""What loading costs: from JSON one by one, by several processes, and from the cache.

    python -m bench.loading ESTATE          loading(estate, interfaces) -> figures

Each way in a process of its own, twice, of which the second counts: the files are in the page
cache then.  Memory is what the process grew by over what it had imported, held after loading and
at its peak; seconds of processors are those of the processes that help, too.  Unlike the other
jobs it looks inside the library, for the way that small snapshots take.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.alone import alone

WAYS = ("one by one", "processes", "from the cache", "all interfaces after it")


def loading(estate: Path, interfaces: int) -> dict[str, Any]:
    """The figures of each way, and how large the cache is; the estate is left as it was."""
    with tempfile.TemporaryDirectory(prefix="state-") as state:
        environment = {**os.environ, "XDG_STATE_HOME": state}
        environment.pop("REACH_NO_CACHE", None)
        kept = estate / ".reach-cache"
        try:
            found: dict[str, Any] = {"interfaces": interfaces}
            for way in WAYS:
                for _ in range(2):
                    found[way] = _measured(estate, way, environment)
            found["cache, bytes each"] = (kept / "snapshot").stat().st_size / interfaces
        finally:
            shutil.rmtree(kept, ignore_errors=True)
    return found


def _measured(estate: Path, way: str, environment: dict[str, str]) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.loading", str(estate), "--way", way]
    done = alone(command, environment=environment)
    if done.failure:
        return {"failure": done.failure}
    told: dict[str, Any] = json.loads(done.out.splitlines()[-1])
    return told


def work(estate: str, way: str) -> dict[str, float]:
    """Load in this process."""
    import reach
    from reach.components import sections
    from reach.snapshot.load import load
    from reach.snapshot.records import NetworkInterface

    known = sections()
    ways: dict[str, Callable[[], Any]] = {
        "one by one": lambda: load(estate, known),
        "processes": lambda: reach.load(estate),
        "from the cache": lambda: reach.load(estate, cache=True),
    }
    snapshot = ways["from the cache"]() if way not in ways else None
    held, peak = _memory()
    before, start = sum(os.times()[:4]), time.perf_counter()
    if snapshot is None:
        snapshot = ways[way]()
    else:
        snapshot.records(NetworkInterface)
    seconds, after = time.perf_counter() - start, sum(os.times()[:4])
    count = len(snapshot.contents[NetworkInterface])
    more, most = _memory()
    return {
        "seconds": seconds,
        "processor": after - before,
        "held": (more - held) / count,
        "peak": (most - peak) / count,
    }


def _memory() -> tuple[float, float]:
    """What this process holds now, and held at most, in bytes."""
    unit = 1 if sys.platform == "darwin" else 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return most, most
    return pages * resource.getpagesize(), most


def rows(found: dict[str, Any]) -> list[list[str]]:
    """A table of the figures: one row a way."""
    count = f"{found['interfaces']:,} interfaces"
    heads = ("seconds", "of processors", "held, bytes each", "peak, bytes each")
    table = [[f"loading {count}", *heads]]
    for way in WAYS:
        told = found[way]
        if "failure" in told:
            table.append([way, told["failure"], "", "", ""])
        else:
            figures = (f"{told['held']:,.0f}", f"{told['peak']:,.0f}")
            times = (f"{told['seconds']:.2f}", f"{told['processor']:.2f}")
            table.append([way, *times, *figures])
    table.append(["the cache on the disk", "", "", f"{found['cache, bytes each']:,.0f}", ""])
    return table


def main() -> None:
    """Measure one way for whoever asks so; else all of them, as lines."""
    parser = argparse.ArgumentParser(description="Measure what loading costs.")
    parser.add_argument("estate", type=Path)
    parser.add_argument("--way", choices=WAYS)
    parser.add_argument("--interfaces", type=int, default=100_000)
    given = parser.parse_args()
    if given.way:
        print(json.dumps(work(str(given.estate), given.way)))
        return
    for row in rows(loading(given.estate, given.interfaces)):
        print("  ".join(cell.ljust(26) for cell in row).rstrip())


if __name__ == "__main__":
    main()
