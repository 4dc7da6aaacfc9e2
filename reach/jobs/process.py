"""One worker, seen by its supervisor: a process that is given jobs and says how far it is.

    process = Process(inbox, memory)    process.give(job)    inbox.get() -> (process, message)

Whatever it says comes into ``inbox``, and last of all None: it has ended.  Must not know what is
said.
"""

from __future__ import annotations

import pickle
import queue
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from typing import IO, Any

from reach.frames import put, take
from reach.jobs.memory import own

_GRACE = 5.0
# The child finds modules where its parent does; `-P` keeps the working folder out of its path.
_LIFE = "import sys; sys.path[:] = {path!r}; from reach.jobs.worker import main; main()"


class Process:
    """A child of this process; it ends when this one does."""

    def __init__(
        self, inbox: queue.SimpleQueue[tuple[Process, bytes | None]], memory: int | None = None
    ) -> None:
        command = [sys.executable, "-P", "-c", _LIFE.format(path=sys.path)]
        command += [str(memory)] if memory is not None else []
        self._child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._jobs: IO[bytes] = self._child.stdin
        threading.Thread(target=self._listen, args=(self._child.stdout, inbox), daemon=True).start()

    def _listen(
        self, news: IO[bytes], inbox: queue.SimpleQueue[tuple[Process, bytes | None]]
    ) -> None:
        with news:
            while (text := take(news)) is not None:
                inbox.put((self, text))
        inbox.put((self, None))

    def give(self, job: Any) -> None:
        """If nobody is there any more, that is heard of as any other end."""
        with suppress(OSError):
            put(self._jobs, pickle.dumps(job, pickle.HIGHEST_PROTOCOL))

    def resident(self) -> int:
        """The bytes of memory that are its own; 0 where the system does not tell (proc(5))."""
        return own(self._child.pid)

    def end(self) -> None:
        """At once, whatever it does."""
        self._child.kill()
        self._child.wait()
        self._close()

    def ended(self) -> str:
        """How it ended that has stopped to talk, in words; if it lives on, it is ended."""
        try:
            status = self._child.wait(_GRACE)
        except subprocess.TimeoutExpired:
            self._child.kill()
            status = self._child.wait()
        self._close()
        return _words(status)

    def _close(self) -> None:
        # Something may still have been on its way to it.
        with suppress(OSError):
            self._jobs.close()


def _words(status: int) -> str:
    if status >= 0:
        return f"ended with status {status}"
    try:
        return f"was ended by {signal.Signals(-status).name}"
    except ValueError:
        return f"was ended by signal {-status}"
