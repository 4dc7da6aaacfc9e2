"""Jobs for workers to do, and to die of: importable by processes of their own."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar

from reach.errors import Defect, RefusedError
from reach.jobs.job import MIB, Bench

_LEFT: list[bytes] = []
_A_WHILE = 1.5


def _after_a_while(path: str) -> Any:
    threading.Event().wait(_A_WHILE)
    return path


_READ: list[object] = []


@dataclass(frozen=True)
class Chore:
    """``what``: give back its name, or one of several ways not to."""

    what: str
    snapshot: str = "s"
    where: str = ""

    kind: ClassVar[str] = "chore"

    def run(self, bench: Bench) -> Any:
        match self.what:
            case "killed":
                os.kill(os.getpid(), signal.SIGKILL)
            case "exits":
                os._exit(9)
            case "breaks":
                raise RuntimeError("nobody foresaw this")
            case "defect":
                raise Defect("twins disagree")
            case "hangs":
                signal.pause()
            case "whose":
                return os.getppid()
            case "reads":
                # Whether this process reads it for the first time, by what it has to show for it.
                read = bench.snapshot(self.where)
                first = all(read is not each for each in _READ)
                _READ.append(read)
                return [os.getpid(), first]
            case "refused":
                raise RefusedError("not here")
            case "who":
                return os.getpid()
            case "asks for much":
                return len(bytearray(1 << 33))
            case "holds much":
                # Less than a process may ask for, and more than it may hold.
                held = b"x" * (200 * MIB)
                signal.pause()
                return len(held)
            case "leaves much":
                # For all that are done by the same process.
                _LEFT.append(b"x" * (40 * MIB))
            case "reads long":
                # Longer than it may take to do anything with it.
                bench._load = _after_a_while
                bench.snapshot(self.snapshot)
            case "dies once":
                return self._second_time(lambda: os.kill(os.getpid(), signal.SIGKILL))
            case "tells whose it is, once":
                return self._second_time(self._tell_whose_it_is)
            case "prints":
                print("this is no message", flush=True)
                os.system("echo nor is this")
            case "tells much":
                return "x" * (40 * MIB)
        return self.what

    def _second_time(self, first: Callable[[], object]) -> str:
        """Done the second time only: the file at ``where`` tells which it is."""
        marker = Path(self.where)
        if not marker.exists():
            marker.touch()
            first()
        return self.what

    def _tell_whose_it_is(self) -> None:
        """Into a pipe beside the marker; then wait for the end."""
        Path(f"{self.where}.pipe").write_text(str(os.getppid()))
        signal.pause()

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @staticmethod
    def from_dict(told: Mapping[str, Any]) -> Chore:
        return Chore(**told)

    @staticmethod
    def tell(value: Any) -> Any:
        return value

    def hear(self, told: Any) -> Any:
        return told
