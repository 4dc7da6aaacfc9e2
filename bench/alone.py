"""A job in a process of its own, so that what it costs is its own: time, memory, processors.

    alone(command, told=..., limit=Limit(...)) -> Ended

It and all that it starts end together, when it is done or has had its limit.  Whatever becomes of
it is told: what it wrote, how it ended, and why if it did not end well.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 300  # seconds for one job, loading and all
ROOM = 8 << 10  # megabytes for one job, all of its processes together
KEEP_NOTHING = ("PYTHONDONTWRITEBYTECODE", "REACH_NO_CACHE")
OFTEN = 0.1  # seconds between two looks at a job
# To tell of many GB takes the system long, on a processor that the job lacks meanwhile: between two
# looks there is so many times as long as one of them took.
_APART = 10


@dataclass(frozen=True, slots=True)
class Limit:
    """How long a job may take, in seconds, and how much memory, in megabytes."""

    seconds: float = PATIENCE
    megabytes: float = ROOM


PLAIN = Limit()


@dataclass(frozen=True, slots=True)
class Ended:
    """What a job wrote, its exit status (None: it had its limit), and its last words.

    ``seconds`` are from start to end, ``processor`` those of all its processes; ``memory`` is what
    they held together at most, in megabytes, a page that they share counting once.
    """

    out: str
    status: int | None
    words: str
    seconds: float = 0.0
    processor: float = 0.0
    memory: float = 0.0

    @property
    def failure(self) -> str:
        """Why there is no result; nothing if there is one."""
        return "" if self.status == 0 else self.words


def alone(
    command: Sequence[str],
    *,
    told: str = "",
    environment: Mapping[str, str] | None = None,
    limit: Limit = PLAIN,
) -> Ended:
    """Run a command from the root of the project, with ``told`` on its standard input."""
    with (
        tempfile.TemporaryFile("w+") as given,
        tempfile.TemporaryFile("w+") as out,
        tempfile.TemporaryFile("w+") as said,
    ):
        given.write(told)
        given.seek(0)
        start = time.monotonic()
        job = subprocess.Popen(
            command,
            stdin=given,
            stdout=out,
            stderr=said,
            cwd=ROOT,
            env=dict(environment or plain()),
            start_new_session=True,
        )
        with _watched(job.pid, limit) as watch:
            status, used = _awaited(job)
        out.seek(0)
        said.seek(0)
        words = (said.read().strip().splitlines() or ["no reason given"])[-1]
        return Ended(
            out.read(),
            None if watch.reason else status,
            watch.reason or words,
            time.monotonic() - start,
            used.ru_utime + used.ru_stime,
            max(watch.memory, _peak(used)),
        )


def plain() -> dict[str, str]:
    """This process's environment, but what is kept between runs is kept, as it usually is."""
    return {key: value for key, value in os.environ.items() if key not in KEEP_NOTHING}


# --- watching -------------------------------------------------------------------------------------

_UNIT = 1 if sys.platform == "darwin" else 1024


@dataclass(slots=True)
class _Watch:
    """What is seen of a job while it runs."""

    memory: float = 0.0
    reason: str = ""
    is_over: threading.Event = field(default_factory=threading.Event)

    def look(self, session: int, limit: Limit) -> None:
        """Until it is over; ends it where it has had its limit."""
        start = time.monotonic()
        pause = OFTEN
        while not self.is_over.wait(pause):
            looked = time.monotonic()
            self.memory = max(self.memory, held(session, self.memory))
            now = time.monotonic()
            to_end = start + limit.seconds - now
            pause = max(OFTEN, min(_APART * (now - looked), to_end))
            if to_end < 0:
                self.reason = f"not done after {limit.seconds:,.0f} s"
            elif self.memory > limit.megabytes:
                after = time.monotonic() - start
                self.reason = f"over {limit.megabytes:,.0f} MB after {after:,.0f} s"
            if self.reason:
                _end(session)
                return


@contextlib.contextmanager
def _watched(session: int, limit: Limit) -> Iterator[_Watch]:
    watch = _Watch()
    thread = threading.Thread(target=watch.look, args=(session, limit), daemon=True)
    thread.start()
    try:
        yield watch
    finally:
        watch.is_over.set()
        _end(session)
        thread.join()


def _awaited(job: subprocess.Popen[bytes]) -> tuple[int, resource.struct_rusage]:
    """The exit status of a job, and what it and all whom it waited for have used."""
    _, status, used = os.wait4(job.pid, 0)
    job.returncode = os.waitstatus_to_exitcode(status)
    return job.returncode, used


def _peak(used: resource.struct_rusage) -> float:
    """The most megabytes that a job held at once, where the system tells it of the job alone.

    A process begins as a copy of this one, whose peak counts for its own until it is exceeded.
    """
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used.ru_maxrss * _UNIT / 2**20 if used.ru_maxrss > own else 0.0


def _end(session: int) -> None:
    """End whoever is left of a job."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(session, signal.SIGKILL)


def held(session: int, least: float = 0.0) -> float:
    """The megabytes that a job's processes hold together; 0 where the system does not tell.

    What they share is counted once.  To say how much that is takes the system long, so where all of
    it, counted for each, is not more than ``least``, that is good enough.
    """
    sizes = dict(filter(None, (_size(path, session) for path in Path("/proc").glob("[0-9]*/stat"))))
    every = sum(sizes.values())
    return every if len(sizes) < 2 or every <= least else sum(map(_share, sizes, sizes.values()))


def _size(path: Path, session: int) -> tuple[int, float] | None:
    """A process of the session and its megabytes (proc(5): fields 6 and 24); None if it is none."""
    try:
        fields = path.read_text().rpartition(")")[2].split()
    except (OSError, UnicodeDecodeError):
        return None  # it has ended
    if int(fields[3]) != session:
        return None
    return int(path.parent.name), int(fields[21]) * resource.getpagesize() / 2**20


def _share(process: int, size: float) -> float:
    """A process's megabytes, of a page that others have as well its share (``Pss``)."""
    try:
        told = Path(f"/proc/{process}/smaps_rollup").read_text()
    except OSError:
        return size
    return next((int(e.split()[1]) / 2**10 for e in told.splitlines() if e[:4] == "Pss:"), size)
