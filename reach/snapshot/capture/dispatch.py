"""Requests sent in parallel, not too many at a time to any one service.

    with Dispatch(ask, workers=16, in_flight=4) as dispatch:
        dispatch.add(requests)
        for request, given in dispatch.wait(): ...

``ask`` runs in threads; everything else in the caller's.  Must not know what is asked.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from types import TracebackType
from typing import Any

from reach.snapshot.capture.answers import Reason
from reach.snapshot.capture.reading import Request

Given = dict[str, Any] | Reason
_Lane = tuple[str, str, str]


class Dispatch:
    """A queue for each service of each account and Region."""

    def __init__(self, ask: Callable[[Request], Given], *, workers: int, in_flight: int) -> None:
        self._ask = ask
        self._workers = workers
        self._in_flight = in_flight
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="capture")
        self._queues: dict[_Lane, deque[Request]] = {}
        self._flying: Counter[_Lane] = Counter()
        self._sent: dict[Future[Given], Request] = {}

    def add(self, requests: Iterable[Request]) -> None:
        for request in requests:
            self._queues.setdefault(_lane(request), deque()).append(request)

    def wait(self) -> list[tuple[Request, Given]]:
        """Send what may be sent; the answers of those that are through.  Nothing: all is idle."""
        self._send()
        if not self._sent:
            return []
        done, _ = wait(self._sent, return_when=FIRST_COMPLETED)
        answers = []
        for future in done:
            request = self._sent.pop(future)
            self._flying[_lane(request)] -= 1
            answers.append((request, future.result()))
        return answers

    def _send(self) -> None:
        """One request of each lane in turn, as long as there is room."""
        moved = True
        while moved and len(self._sent) < self._workers:
            moved = False
            for lane, queue in list(self._queues.items()):
                if len(self._sent) >= self._workers:
                    break
                if queue and self._flying[lane] < self._in_flight:
                    request = queue.popleft()
                    self._flying[lane] += 1
                    self._sent[self._pool.submit(self._ask, request)] = request
                    moved = True
                if not queue:
                    del self._queues[lane]

    def __enter__(self) -> Dispatch:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=kind is None, cancel_futures=True)


def _lane(request: Request) -> _Lane:
    return (*request.scope, request.step.call.service)
