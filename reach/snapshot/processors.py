"""How many processors there are to be used at once."""

from __future__ import annotations

import os


def processors() -> int:
    """Those that this process may use, where that can be told."""
    mine = getattr(os, "sched_getaffinity", None)  # Linux has it
    return len(mine(0)) if mine is not None else os.cpu_count() or 1
