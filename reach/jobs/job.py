"""Jobs, what they may take, and what becomes of them, as plain frozen data.

    job.run(bench) -> value        Done(value) | Lost(reason) | Spent(reason) | Refused(reason)

A :class:`Bench` hands out the snapshots that jobs are about.  Must not know what a job does, nor
who does it.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from reach.errors import RefusedError

if TYPE_CHECKING:
    from reach.snapshot.errors import SnapshotError
    from reach.snapshot.snapshot import Snapshot

KEPT = 2
MIB = 1 << 20
_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Limits:
    """What one job may take: ``seconds``, once its snapshot is read, and bytes of ``memory`` of the
    process that does it, the snapshot included.
    """

    seconds: float | None = None
    memory: int | None = None

    @property
    def are_any(self) -> bool:
        return self.seconds is not None or self.memory is not None

    def too_long(self) -> str:
        return f"it took more than {self.seconds:g} second{'s' if self.seconds != 1 else ''}"

    def too_much(self) -> str:
        return f"it took more than {(self.memory or 0) / MIB:g} MiB of memory"


NO_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Done:
    """What a job gave."""

    value: Any
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Lost:
    """A job that whoever had it did not survive, and how."""

    reason: str


@dataclass(frozen=True, slots=True)
class Spent:
    """A job that was ended because it took more than it may."""

    reason: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A job that whoever had it could not begin: it has another snapshot, or none."""

    reason: str


Said = Done | Lost | Spent | Refused


class Bench:
    """The snapshots that somebody works on: the last few that were read.

    ``reading`` and ``read`` are called before and after one is; without ``load`` a large one is
    kept beside its files, as the command line keeps it.
    """

    def __init__(
        self,
        load: Callable[[str], Snapshot] | None = None,
        kept: int = KEPT,
        *,
        reading: Callable[[], None] = lambda: None,
        read: Callable[[], None] = lambda: None,
    ) -> None:
        self._load = load
        self._kept = kept
        self._reading, self._read = reading, read
        self._known: dict[tuple[str, str], Snapshot | SnapshotError] = {}

    def snapshot(self, path: str, cached: bool = True) -> Snapshot | SnapshotError:
        """Unless it may be ``cached``, it is read from its own files."""
        return self._kept_or(path, "", cached)

    def sealed(self, path: str, digest: str, cached: bool = True) -> Snapshot | SnapshotError:
        """The snapshot of that content.  Raises RefusedError if another one, or none, is there."""
        return self._kept_or(path, digest, cached)

    @contextmanager
    def _uncounted(self) -> Iterator[None]:
        self._reading()
        yield
        self._read()

    def uncounted(self) -> AbstractContextManager[None]:
        """For what is done meanwhile, which is for other jobs too, and not what this one takes."""
        return self._uncounted()

    def _kept_or(self, path: str, digest: str, cached: bool) -> Snapshot | SnapshotError:
        key = (path, digest)
        found = self._known.pop(key, None)
        if found is None:
            with self._uncounted():
                found = self._sealed(path, digest, cached) if digest else self._loaded(path, cached)
        self._known[key] = found
        if len(self._known) > self._kept:
            del self._known[next(iter(self._known))]
        return found

    def _sealed(self, path: str, digest: str, cached: bool) -> Snapshot | SnapshotError:
        # Before and after: what is read in between is then what was asked for.
        _compare(path, digest)
        found = self._loaded(path, cached)
        _compare(path, digest)
        return found

    def _loaded(self, path: str, cached: bool) -> Snapshot | SnapshotError:
        import reach

        try:
            return self._load(path) if self._load else reach.load(path, cache=cached)
        except reach.SnapshotError as error:
            return error


def _compare(path: str, digest: str) -> None:
    from reach.snapshot.digest import digest_of
    from reach.snapshot.errors import SnapshotError

    here = f"{socket.gethostname()} (process {os.getpid()})"
    try:
        found = digest_of(path)
    except SnapshotError as error:
        raise RefusedError(f"{here} has no such snapshot: {error}") from None
    if found != digest:
        raise RefusedError(
            f"{here} has another snapshot: the content of {path} is {found[:_SHOWN]}… there, "
            f"and {digest[:_SHOWN]}… was asked of; give all workers the same files"
        )


class Job(Protocol):
    """Something to do on a snapshot; it and what it gives can be sent between processes."""

    @property
    def snapshot(self) -> str: ...

    def run(self, bench: Bench) -> Any: ...
