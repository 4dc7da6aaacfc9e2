"""What certificates cost: the time that making one adds to an answer, and their size.

    certificates(snapshot, asked, limit) -> figures

In a process of its own; each question is asked once to warm up and once measured.  Unlike the
other jobs it looks inside the library, at the one call that makes a certificate.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Any

from bench.alone import Limit, alone
from bench.questions import Asked


def certificates(snapshot: Path, asked: list[Asked], limit: Limit) -> dict[str, Any]:
    """Of the unreachable answers: how many there are and how many have no certificate, the time of
    making them as a share of the rest of their time, and the largest in KB of JSON."""
    job = {"snapshot": str(snapshot), "asked": [asdict(one) for one in asked]}
    done = alone([sys.executable, "-m", "bench.certificates"], told=json.dumps(job), limit=limit)
    if done.failure:
        return {"failure": done.failure}
    found: dict[str, Any] = json.loads(done.out.splitlines()[-1])
    return found


def work(job: dict[str, Any]) -> dict[str, Any]:
    """Do the job in this process."""
    import reach

    asking: Any = import_module("reach.asking")
    real, spent = asking.certify, [0.0]

    def timed(*given: Any, **named: Any) -> Any:
        start = time.perf_counter()
        try:
            return real(*given, **named)
        finally:
            spent[0] += time.perf_counter() - start

    asking.certify = timed
    snapshot = reach.load(job["snapshot"])
    made, rest, sizes = 0.0, 0.0, []
    for lap in range(2):
        for asked in job["asked"]:
            spent[0], start = 0.0, time.perf_counter()
            answer = reach.ask(snapshot, asked["text"])
            seconds = time.perf_counter() - start
            if lap and answer.verdict == "unreachable":
                made, rest = made + spent[0], rest + seconds - spent[0]
                told = answer.certificate.to_dict() if answer.certificate else None
                sizes.append(len(json.dumps(told)) if told else 0)
    return {
        "answers": len(sizes),
        "without": sizes.count(0),
        "share": made / rest if rest else 0.0,
        "largest": max(sizes, default=0) / 1e3,
    }


if __name__ == "__main__":
    print(json.dumps(work(json.load(sys.stdin))))
