"""Work whose results stay: while it is done, nobody looks for cycles among them.

    with uncollected(): ...        @uncollected()

Records, nodes, header spaces and terms are made by the million and are kept; Python's collector
walks over all of them again and again as they grow, which takes a sixth of the time of a survey of
100,000 interfaces.  But a snapshot that is dropped is a cycle (its network knows it, and it its
network), and would stay until the collector comes.  So before the next such work everything is
collected once, if what was made since is much: a million objects, and a quarter of all that stays.

May be nested, and entered by several threads: the last one out leaves the collector as it was
before the first.  Who has switched it off keeps it off.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock

_MANY = 1_000_000


@dataclass
class _Collector:
    """How deep we are in, how it was before, and what was made since all was collected."""

    inside: int = 0
    was_on: bool = True
    grown: int = 0
    stays: int = 0

    def enter(self) -> None:
        if not self.inside:
            self.was_on = gc.isenabled()
            if self.was_on and self.grown > max(_MANY, self.stays // 4):
                self.stays += self.grown - gc.collect()
                self.grown = 0
            gc.disable()
        self.inside += 1

    def leave(self) -> None:
        self.inside -= 1
        if not self.inside:
            self.grown += gc.get_count()[0]
            if self.was_on:
                gc.enable()


_lock = Lock()
_collector = _Collector()


@contextmanager
def uncollected() -> Iterator[None]:
    """Nothing is collected by search for cycles until the last one is out."""
    with _lock:
        _collector.enter()
    try:
        yield
    finally:
        with _lock:
            _collector.leave()
