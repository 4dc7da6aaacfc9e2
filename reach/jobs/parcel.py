"""A job as a text, for whoever shares nothing with us but the files of a snapshot.

    packed(job, ...) -> text        carry_out(text) -> text        opened(text, job) -> Done | ...

JSON both ways: nothing of ours is pickled for another machine.  A parcel names its snapshot by path
and digest, and reach by its version; who has another of either refuses.  Where it is carried out,
processes under a supervisor do the jobs, so the limits hold there as here, and a case that kills
its process kills nobody else.  Must not know who carries it where.
"""

from __future__ import annotations

import importlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from reach import __version__
from reach.errors import RefusedError
from reach.jobs.crew import Crew
from reach.jobs.job import Bench, Done, Job, Limits, Lost, Refused, Said, Spent

# What jobs there are, by the name of their kind: the class that reads them.
KINDS = {
    "case": "reach.testing.asked:CaseJob",
    "portion of a survey": "reach.survey.job:PortionJob",
}
_ENDS: Mapping[str, Callable[[str], Lost | Spent | Refused]] = {
    "lost": Lost,
    "spent": Spent,
    "refused": Refused,
}


class Portable(Job, Protocol):
    """A job that can be told as plain data, as can what it gives.

    ``from_dict`` reads what ``to_dict`` tells, and ``hear`` what ``tell`` does.
    """

    kind: ClassVar[str]

    def to_dict(self) -> dict[str, Any]: ...

    @staticmethod
    def from_dict(told: Mapping[str, Any]) -> Portable: ...

    @staticmethod
    def tell(value: Any) -> Any: ...

    def hear(self, told: Any) -> Any: ...


@dataclass(frozen=True, slots=True)
class Sealed:
    """A job on the snapshot at ``path``, if that has this digest, and its value as plain data."""

    job: Portable
    path: str
    digest: str

    @property
    def snapshot(self) -> str:
        return f"{self.digest} {self.path}"

    def run(self, bench: Bench) -> Any:
        return self.job.tell(self.job.run(_Opened(self, bench)))


class _Opened(Bench):
    """A bench on which there is one snapshot, whatever its name elsewhere."""

    def __init__(self, sealed: Sealed, bench: Bench) -> None:
        super().__init__()
        self._sealed_job, self._bench = sealed, bench

    def snapshot(self, path: str, cached: bool = True) -> Any:
        return self._bench.sealed(self._sealed_job.path, self._sealed_job.digest, cached)

    def uncounted(self) -> AbstractContextManager[None]:
        return self._bench.uncounted()


def packed(job: Portable, path: str, digest: str, limits: Limits) -> str:
    told = {
        "version": __version__,
        "kind": job.kind,
        "job": job.to_dict(),
        "path": path,
        "digest": digest,
        "seconds": limits.seconds,
        "memory": limits.memory,
    }
    return json.dumps(told)


def opened(text: str, job: Portable) -> Said:
    """What came back."""
    told = json.loads(text)
    if told["end"] == "done":
        return Done(job.hear(told["value"]), told["seconds"])
    return _ENDS[told["end"]](told["reason"])


# ------------------------------------------------------------------- carried out


def carry_out(text: str) -> str:
    """Do the job of a parcel in a process of its own; what became of it."""
    told = json.loads(text)
    try:
        job = _job(told)
    except RefusedError as error:
        return _back(Refused(str(error)))
    with _crew(Limits(told["seconds"], told["memory"])) as crew:
        ((_, said),) = crew.do([Sealed(job, told["path"], told["digest"])])
    return _back(said)


def _job(told: Mapping[str, Any]) -> Portable:
    if told["version"] != __version__:
        raise RefusedError(
            f"a worker has reach {__version__}, and {told['version']} asks: "
            "install one version everywhere"
        )
    module, _, name = KINDS[told["kind"]].partition(":")
    kind: type[Portable] = getattr(importlib.import_module(module), name)
    return kind.from_dict(told["job"])


def _back(said: Said) -> str:
    match said:
        case Done():
            return json.dumps({"end": "done", "value": said.value, "seconds": said.seconds})
        case _:
            return json.dumps({"end": type(said).__name__.lower(), "reason": said.reason})


# Processes that have done jobs here and wait for more, with the snapshots that they have read.
_idle: list[Crew] = []
_lock = threading.Lock()


@contextmanager
def _crew(limits: Limits) -> Iterator[Crew]:
    """One process, for as long as a job takes: one that is idle, else a new one."""
    with _lock:
        found = next((crew for crew in _idle if crew.limits == limits), None)
        if found is not None:
            _idle.remove(found)
    crew = found or Crew(1, limits)
    try:
        yield crew
    except BaseException:
        crew.stop()
        raise
    with _lock:
        _idle.append(crew)


def release() -> None:
    """End the processes that wait for jobs, and forget what they have read."""
    with _lock:
        crews, _idle[:] = list(_idle), []
    for crew in crews:
        crew.stop()
