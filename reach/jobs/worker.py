"""A worker's life: jobs come in by its standard input, what becomes of them goes out.

    python -c "from reach.jobs.worker import main; main()" [BYTES]

It reads, does and tells, one job at a time, and keeps the snapshots that it has read.  It ends when
whoever started it has, even in the midst of a job.  With BYTES it may take so much memory: what it
cannot tell from inside, its supervisor sees from outside.  Must not know what a job does.
"""

from __future__ import annotations

import os
import pickle
import queue
import signal
import sys
import threading
import time
from enum import Enum
from typing import IO, Any

from reach.errors import Defect, RefusedError
from reach.frames import put, take
from reach.jobs.job import MIB, Bench, Done, Job, Lost, Refused
from solver import SolverError

# What a process maps and never touches; the supervisor looks at what it holds.
_SLACK = 256 * MIB


class News(Enum):
    """How far a worker has come.  What a job takes is counted while it is at WORK."""

    WORK = "at work"
    READING = "reading a snapshot"
    MEMORY = "out of memory"


def main() -> None:
    # An interrupt is for the supervisor, who ends its workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    jobs, news = _channels()
    limited = len(sys.argv) > 1 and _limit_memory(int(sys.argv[1]))
    inbox: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(jobs, inbox), daemon=True).start()

    def tell(message: Any) -> None:
        put(news, pickle.dumps(message, pickle.HIGHEST_PROTOCOL))

    bench = Bench(reading=lambda: tell(News.READING), read=lambda: tell(News.WORK))
    while True:
        try:
            job = pickle.loads(inbox.get())
            tell(News.WORK)
            tell(_done(job, bench))
        except MemoryError:
            if not limited:
                raise
            _unlimit_memory()
            tell(News.MEMORY)
            # What was being built lies about in pieces.
            os._exit(0)


def _channels() -> tuple[IO[bytes], IO[bytes]]:
    """The two pipes, put aside: what a job prints is no message, and it has no input."""
    jobs, news = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return jobs, news


def _listen(jobs: IO[bytes], inbox: queue.SimpleQueue[bytes]) -> None:
    while (text := take(jobs)) is not None:
        inbox.put(text)
    # Whoever started it is gone, and nobody waits for what it does.
    os._exit(0)


def _done(job: Job, bench: Bench) -> Done | Lost | Refused:
    began = time.perf_counter()
    try:
        return Done(job.run(bench), time.perf_counter() - began)
    except RefusedError as error:
        return Refused(str(error))
    except (Defect, SolverError) as error:
        return Lost(f"a fault of reach, not an answer: {error}")


def _limit_memory(size: int) -> bool:
    """What is written to counts, not what is mapped of files (setrlimit(2), RLIMIT_DATA)."""
    if sys.platform == "win32":
        return False
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    most = size + _SLACK
    if hard != resource.RLIM_INFINITY:
        most = min(most, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (most, hard))
    return True


def _unlimit_memory() -> None:
    if sys.platform != "win32":
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))
