"""A job in a process of its own, so that what it costs is its own.

    alone(command, told=...) -> Ended

Whatever becomes of it is told: what it wrote, how it ended, and why if it did not end well.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 300  # seconds for one job, loading and all


@dataclass(frozen=True, slots=True)
class Ended:
    """What a job wrote, its exit status (None: it was not done in time), and its last words."""

    out: str
    status: int | None
    words: str

    @property
    def failure(self) -> str:
        """Why there is no result; nothing if there is one."""
        return "" if self.status == 0 else self.words


def alone(
    command: Sequence[str],
    *,
    told: str | None = None,
    environment: Mapping[str, str] | None = None,
    seconds: int = PATIENCE,
) -> Ended:
    """Run a command from the root of the project, with ``told`` on its standard input."""
    try:
        done = subprocess.run(
            command,
            input=told,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
            cwd=ROOT,
            env=environment,
        )
    except subprocess.TimeoutExpired as error:
        return Ended((error.stdout or b"").decode(), None, f"not done after {seconds} s")
    words = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
    return Ended(done.stdout, done.returncode, words)
