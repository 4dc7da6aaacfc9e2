"""What questions about everybody cost: exposure and a matrix, stage by stage.

    python -m bench.surveys ESTATE          surveys(estate) -> figures

On estates of the mixed layout, whose planted violations are known; each survey right after loading,
in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

from bench.alone import alone

KINDS = ("exposure", "matrix port 22")
STAGES = ("resolve", "spread", "prove", "confirm")


def surveys(estate: Path) -> dict[str, Any]:
    """The figures of each kind of survey of an estate."""
    return {kind: _measured(estate, kind) for kind in KINDS}


def _measured(estate: Path, kind: str) -> dict[str, Any]:
    done = alone([sys.executable, "-m", "bench.surveys", str(estate), "--kind", kind])
    if done.failure:
        return {"failure": done.failure}
    found: dict[str, Any] = json.loads(done.out)
    return found


def rows(found: dict[str, Any]) -> list[list[str]]:
    """A table: a survey each, its stages, what it found, and its memory."""
    made = [["survey", "whole", *STAGES, "accesses", "proved", "memory"]]
    for kind, told in found.items():
        if "failure" in told:
            made.append([kind, told["failure"], *[""] * (len(STAGES) + 3)])
            continue
        stages = [f"{told['stages'][stage]:.1f} s" for stage in STAGES]
        proved = "yes" if told["complete"] else "NO"
        memory = f"{told['memory']:,.0f} MB"
        made.append(
            [kind, f"{told['seconds']:.1f} s", *stages, str(told["accesses"]), proved, memory]
        )
    return made


def main() -> None:
    """Measure one kind and print it as JSON; all of them as a table."""
    parser = argparse.ArgumentParser(description="Measure questions about everybody.")
    parser.add_argument("estate", type=Path)
    parser.add_argument("--kind", choices=KINDS)
    given = parser.parse_args()
    if given.kind is None:
        for row in rows(surveys(given.estate)):
            print(" | ".join(row))
        return
    import reach

    snapshot = reach.load(given.estate)
    begun = time.perf_counter()
    if given.kind == "exposure":
        told = reach.exposure(snapshot, by="vpc")
    else:
        told = reach.matrix(snapshot, packet="port 22", by="vpc")
    figures = {
        "seconds": time.perf_counter() - begun,
        "stages": dict(told.seconds),
        "accesses": len(told.accesses),
        "complete": told.complete,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
