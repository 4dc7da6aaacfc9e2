"""How much memory there is to be had, and how much a process holds.

    free() -> bytes        held() -> bytes        own(process) -> bytes

As Linux tells (proc(5)).  Must not know what it is for.
"""

from __future__ import annotations

import os

_UNKNOWN = 1 << 30


def free() -> int:
    """What can be had without anything else being put aside; a GiB where nobody tells."""
    try:
        with open("/proc/meminfo", encoding="ascii") as told:
            known = dict(line.split(":", 1) for line in told)
        return int(known["MemAvailable"].split()[0]) << 10
    except (OSError, LookupError, ValueError):
        return _UNKNOWN


def held() -> int:
    """What this process has in memory; a GiB where nobody tells."""
    told = _resident("self")
    return _UNKNOWN if told is None else told[0]


def own(process: int) -> int:
    """What a process has in memory that is its own; 0 where nobody tells."""
    told = _resident(process)
    return 0 if told is None else told[0] - told[1]


def _resident(process: int | str) -> tuple[int, int] | None:
    """What a process has in memory, and what of it is shared with others."""
    try:
        with open(f"/proc/{process}/statm", encoding="ascii") as told:
            _, resident, shared, *_ = map(int, told.read().split())
    except (OSError, ValueError):
        return None
    page = os.sysconf("SC_PAGE_SIZE")
    return resident * page, shared * page
