"""The command itself, with a clock around its stages.

    python -m bench.staged REPORT BEGUN can 0.0.0.0/0 reach port 22 --snapshot ESTATE

``BEGUN`` is when whoever started it did so, on the monotonic clock that all processes share; what
was spent until the command begins counts as "start".  The report is written as the stages end.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from bench.stages import LOADING, QUESTION, SURVEY, Clock, with_clock, with_survey_clock

SURVEYS = ("exposure", "matrix", "isolated")


def main() -> None:
    """Run ``reach`` with the words that follow."""
    report, begun, *words = sys.argv[1:]
    from reach import cli

    clock = Clock(report=Path(report))
    if words[0] in SURVEYS:
        with_clock(clock, SURVEY)
        with_survey_clock(clock)
    else:
        with_clock(clock, {**LOADING, **QUESTION})
    sys.argv = ["reach", *words]
    clock.seconds["start"] = time.monotonic() - float(begun)
    cli.main()


if __name__ == "__main__":
    main()
