"""A capture in a process of its own that ends by SIGKILL at a given event, or counts its events.

    python -m tests.snapshot.capture.killing POINT DIR OPTIONS...

An event is a touch of the disk or a request that is sent.  At that of number POINT the process
kills itself; a write gets half of its bytes onto the disk first.  With 0 it lives, and prints how
many events there were.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

from botocore.httpsession import URLLib3Session

_DISK = ("open", "write", "fsync", "replace", "unlink", "rmdir", "mkdir")


class Fate:
    """The count, and what happens when it is reached."""

    def __init__(self, point: int) -> None:
        self.point, self.count, self.lock = point, 0, threading.Lock()

    def over(self, owner: Any, name: str) -> None:
        whole: Callable[..., Any] = getattr(owner, name)

        def call(*given: Any, **named: Any) -> Any:
            with self.lock:
                self.count += 1
                due = self.count == self.point
            if due:
                if name == "write":
                    whole(given[0], given[1][: len(given[1]) // 2])
                os.kill(os.getpid(), signal.SIGKILL)
            return whole(*given, **named)

        setattr(owner, name, call)


def main() -> None:
    from reach.cli import cli
    from reach.snapshot.capture import run

    assert run
    fate = Fate(int(sys.argv[1]))
    for name in _DISK:
        fate.over(os, name)
    fate.over(URLLib3Session, "send")
    status = cli(["capture", *sys.argv[2:]], prog_name="reach", standalone_mode=False)
    print(fate.count)
    sys.exit(status)


if __name__ == "__main__":
    main()
