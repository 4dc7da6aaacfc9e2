"""How much memory there is to be had, and how much a process holds.

    free() -> bytes        held() -> bytes        own(process) -> bytes
    ensure_room()          raises NoRoom before the system would end the process

As Linux tells (proc(5), and cgroup v2 of a container).  Must not know what it is for.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

_UNKNOWN = 1 << 30


# With less than that left, whatever is made next may be the last.
_RESERVE = 300 << 20
_GROUP = Path("/sys/fs/cgroup")


class NoRoom(Exception):  # noqa: N818 - what there is not
    """That so little memory is left, and how much is held."""


def ensure_room() -> None:
    """Raises NoRoom if so little memory is left that it is better to stop."""
    left = free()
    if left < _RESERVE:
        words = f"{held() / 1e9:,.1f} GB are held and {left / 1e9:,.1f} GB are left"
        raise NoRoom(f"it takes more memory than there is: {words}")


def free() -> int:
    """What can be had without anything else being put aside; a GiB where nobody tells."""
    return min(_available(), _of_group())


def _available() -> int:
    try:
        with open("/proc/meminfo", encoding="ascii") as told:
            known = dict(line.split(":", 1) for line in told)
        return int(known["MemAvailable"].split()[0]) << 10
    except (OSError, LookupError, ValueError):
        return _UNKNOWN


def _of_group() -> int:
    """What a container may still take; files that it has read can be put aside."""
    try:
        most = int((_GROUP / "memory.max").read_text())
        taken = int((_GROUP / "memory.current").read_text())
        known = dict(line.split() for line in (_GROUP / "memory.stat").read_text().splitlines())
        return max(0, most - taken + int(known["inactive_file"]))
    except (OSError, LookupError, ValueError):
        return sys.maxsize


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
