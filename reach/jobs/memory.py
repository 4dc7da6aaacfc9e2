"""How much memory there is to be had, and how much this process holds.

    free() -> bytes        held() -> bytes

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
    try:
        with open("/proc/self/statm", encoding="ascii") as told:
            return int(told.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, LookupError, ValueError):
        return _UNKNOWN
