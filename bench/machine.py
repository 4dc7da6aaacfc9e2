"""What the figures were measured on, and what else was going on there."""

from __future__ import annotations

import os
import platform
import resource
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("z3-solver", "msgspec", "numpy")


def machine() -> dict[str, str]:
    """The processor and how many of it there are, the memory, the system and the versions."""
    found = {
        "processor": _processor(),
        "cores": str(os.cpu_count() or 1),
        "memory": f"{_memory() / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
    }
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found | {"load average before": f"{os.getloadavg()[0]:.1f}"}


def words(found: dict[str, str]) -> str:
    """The machine in one line."""
    rest = (f"{key} {found[key]}" for key in ("python", *PACKAGES) if key in found)
    return (
        f"{found['cores']} cores of {found['processor']}, {found['memory']}, {found['system']}; "
        f"{', '.join(rest)}; load average before: {found['load average before']}"
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _memory() -> int:
    return os.sysconf("SC_PHYS_PAGES") * resource.getpagesize()
