"""Jobs done by a cluster that is there already: the workers of a Dask scheduler.

    Cluster("tls://scheduler:8786").do(jobs) -> (number, Done | Lost | Spent | Refused), ...

Dask brings parcels there and back, and does those again elsewhere whose worker has died.  The only
module that knows Dask, and it is imported when a cluster is used: `pip install
'vpc-reach[cluster]'`.  Must not know what a job does.
"""

from __future__ import annotations

import os
import queue
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reach import __version__
from reach.errors import ClusterError
from reach.jobs.crew import alone
from reach.jobs.job import NO_LIMITS, Bench, Limits, Lost, Said
from reach.jobs.parcel import Portable, carry_out, opened, packed, release
from reach.snapshot.digest import digest_of
from reach.snapshot.errors import SnapshotError

if TYPE_CHECKING:
    from distributed import Client

# Unless something is done in this time it is looked whether anybody is left to do it.
_LOOK = 2.0
_EXTRA = "a cluster needs Dask: pip install 'vpc-reach[cluster]'"


@dataclass(frozen=True, slots=True)
class Tls:
    """The files that show who we are, and by whom others must be vouched for (PEM)."""

    ca_file: str
    cert: str
    key: str


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where its scheduler is.  Without ``tls`` Dask's own configuration says who we are.

    Nobody is waited for longer than ``patience`` seconds.
    """

    address: str
    limits: Limits = NO_LIMITS
    tls: Tls | None = None
    patience: float = 30.0

    def do(self, jobs: Sequence[Portable]) -> Iterator[tuple[int, Said]]:
        """All jobs, in whatever order they are done.  Raises ClusterError if nobody is there."""
        client = self._client()
        try:
            yield from self._done(client, jobs)
            _release(client)
        finally:
            client.close(timeout=self.patience)

    def _client(self) -> Client:
        try:
            from distributed import Client
        except ModuleNotFoundError:
            raise ClusterError(_EXTRA) from None
        try:
            client = Client(
                self.address,
                security=self._security(),
                timeout=self.patience,
                set_as_default=False,
            )
        except (OSError, ValueError, TypeError) as error:
            raise ClusterError(f"{self.address}: no scheduler answers: {error}") from None
        try:
            client.wait_for_workers(1, timeout=self.patience)
        except TimeoutError:
            client.close(timeout=self.patience)
            words = f"{self.address}: its scheduler has no worker, and none came in"
            raise ClusterError(f"{words} {self.patience:g} seconds") from None
        return client

    def _security(self) -> Any:
        from distributed.security import Security

        if self.tls is None:
            return Security()
        return Security(
            require_encryption=True,
            tls_ca_file=self.tls.ca_file,
            tls_client_cert=self.tls.cert,
            tls_client_key=self.tls.key,
        )

    # ------------------------------------------------------------------- doing

    def _done(self, client: Client, jobs: Sequence[Portable]) -> Iterator[tuple[int, Said]]:
        digests = {job.snapshot: _digest(job.snapshot) for job in jobs}
        executor = client.get_executor(pure=False)
        waiting: dict[Future[str], int] = {}
        inbox: queue.SimpleQueue[Future[str]] = queue.SimpleQueue()
        # In the order of snapshots, so that a worker reads few of them more than once.
        for number in sorted(range(len(jobs)), key=lambda number: jobs[number].snapshot):
            job = jobs[number]
            digest = digests[job.snapshot]
            if not digest:
                # There is no such snapshot, and the job itself says so best.
                yield from ((number, said) for _, said in alone([job], Bench()))
                continue
            text = packed(job, os.path.abspath(job.snapshot), digest, self.limits)
            future = executor.submit(carry_out, text)
            waiting[future] = number
            future.add_done_callback(inbox.put)
        for number, future in self._come_back(client, inbox, waiting):
            yield number, self._said(future, jobs[number])

    def _come_back(
        self,
        client: Client,
        inbox: queue.SimpleQueue[Future[str]],
        waiting: dict[Future[str], int],
    ) -> Iterator[tuple[int, Future[str] | None]]:
        """Each as it is ready; with None whatever nobody is there to do any more."""
        alive = time.monotonic()
        while waiting:
            try:
                future = inbox.get(timeout=min(_LOOK, self.patience))
            except queue.Empty:
                if _has_workers(client):
                    alive = time.monotonic()
                elif time.monotonic() - alive > self.patience:
                    yield from ((number, None) for number in waiting.values())
                    return
            else:
                alive = time.monotonic()
                yield waiting.pop(future), future

    def _said(self, future: Future[str] | None, job: Portable) -> Said:
        from distributed.scheduler import KilledWorker

        if future is None:
            return Lost(f"{self.address} had no worker for {self.patience:g} seconds")
        if future.cancelled():
            return Lost(f"the scheduler at {self.address} is gone")
        error = future.exception()
        if error is None:
            return opened(future.result(), job)
        if isinstance(error, KilledWorker):
            return Lost(f"every worker that had it died: {error}")
        # Of what a parcel does nothing is raised: it could not be carried out at all.
        why = " ".join(str(error.__cause__ or error).split())
        raise ClusterError(
            f"{self.address}: its scheduler or its workers cannot do it: {why}\n"
            f"reach {__version__} has to be installed wherever they run, beside the same Dask"
        )


def _digest(path: str) -> str:
    try:
        return digest_of(path)
    except SnapshotError:
        return ""


def _release(client: Client) -> None:
    """What workers keep for more jobs of ours is kept in vain."""
    with suppress(OSError):
        if client.status == "running":
            client.run(release, on_error="ignore")


def _has_workers(client: Client) -> bool:
    try:
        return client.status == "running" and bool(client.nthreads())
    except OSError:
        return False
