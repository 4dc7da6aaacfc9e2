"""What a fix and a cut cost, through five layers of filters, warm, beyond the answer's own time.

    python -m bench.mending                 mending(limit) -> figures

The proposal, verified on the changed network, and apart from it what else it would do.  Unlike
other jobs it looks inside the library, at the calls that find proposals.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from bench import layered
from bench.alone import Limit, alone

TIMES = 15  # of which the last two thirds count


def mending(limit: Limit) -> dict[str, Any]:
    """The seconds of a fix and of a cut, with and without what else they would do."""
    done = alone([sys.executable, "-m", "bench.mending"], limit=limit)
    if done.failure:
        return {"failure": done.failure}
    found: dict[str, Any] = json.loads(done.out)
    return found


def work() -> dict[str, Any]:
    """Measure in this process."""
    with tempfile.TemporaryDirectory(prefix="layered-") as folder:
        return {
            key: told
            for name in ("fix", "cut")
            for key, told in _proposals(name, Path(folder) / name).items()
        }


def _proposals(name: str, folder: Path) -> dict[str, Any]:
    import reach
    from reach.asking import VERDICT, answer, ground_of
    from reach.cut import find_cut
    from reach.fix import find_fix
    from reach.mending import Wish
    from reach.options import DEFAULTS
    from solver.backends.z3 import Z3Backend

    find: Any = {"fix": find_fix, "cut": find_cut}[name]
    backend, question = Z3Backend(), reach.parse(layered.QUESTION)
    out = layered.write(folder, blocked=name == "fix")
    ground = ground_of(reach.load(out), DEFAULTS)
    told = answer(ground, question, backend)
    wish = Wish(ground, question, told, backend, partial(answer, backend=backend, wanted=VERDICT))
    found: dict[str, Any] = {}
    for key, each in ((name, replace(wish, effects=False)), (f"{name}, effects", wish)):
        seconds = []
        for _ in range(TIMES):
            start = time.perf_counter()
            proposal = find(each)
            seconds.append(time.perf_counter() - start)
        found[key] = statistics.median(seconds[TIMES // 3 :])
    return found | {f"{name}, changes": str(len(proposal.edits))}


if __name__ == "__main__":
    print(json.dumps(work()))
