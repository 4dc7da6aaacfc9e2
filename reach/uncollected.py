"""Work whose results stay: while it is done, nobody looks for cycles among them.

    with uncollected(): ...        @uncollected()        with uncollected(snapshot): ...

Records, nodes, header spaces and terms are made by the million and are kept; Python's collector
walks over all of them again and again as they grow, which takes a sixth of the time of a survey of
100,000 interfaces.  But a snapshot that is dropped is a cycle (its network knows it, and it its
network), and would stay until the collector comes.  So before the next such work everything is
collected once, if what was made since is much: a million objects, and a quarter of all that stays.
Where all work since then was of one and the same snapshot, which says so, none was dropped, and
all is left as it is, but for once in very many such works.

What is left by that is put aside (``gc.freeze``), and so is what a large piece of work has made,
or many small ones have, as questions that are asked one after the other in a large snapshot: else
the collector, which comes by itself between two questions too, walks over all of it, half a
second for a million interfaces.  Where much is aside, what the next work makes goes there at once
if it would bring the collector.  It is taken back before everything is collected, by us or by
whoever says ``gc.collect()``; an object that nothing refers to goes at once, as ever.

May be nested, and entered by several threads: the last one out leaves the collector as it was
before the first.  Who has switched it off keeps it off; who has put objects aside keeps them there.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from weakref import ref

_MANY = 1_000_000
_SOME = 100_000
_OFTEN = 10_000  # works of one snapshot, each of which may leave some cycles behind


@dataclass(slots=True)
class Work:
    """Something that is done.  Who comes to know which snapshot it is ``of`` says so."""

    of: object = None


@dataclass
class _Collector:
    """How deep we are in, how it was before, what was made since all was collected, and since
    it was put aside.

    ``works`` is how often we were in since all was collected; ``of`` which snapshot that was of, if
    it was of one, and ``several`` if that is not known.
    """

    inside: int = 0
    was_on: bool = True
    grown: int = 0
    stays: int = 0
    loose: int = 0
    aside: bool = False
    works: int = 0
    of: ref[object] | None = None
    several: bool = False

    def enter(self, work: Work) -> None:
        if not self.inside:
            self.was_on = gc.isenabled()
            if self.was_on and self.grown > max(_MANY, self.stays // 4):
                if self._drops(work):
                    self._collect()
                else:
                    self.stays, self.grown = self.stays + self.grown, 0
            gc.disable()
        self.inside += 1

    def _drops(self, work: Work) -> bool:
        """Whether any of what was made may have been dropped by now."""
        return self.several or not self._is_of(work) or self.works > _OFTEN

    def _is_of(self, work: Work) -> bool:
        return self.of is not None and self.of() is work.of

    def leave(self, work: Work) -> None:
        self.inside -= 1
        if work.of is not None and not self.works:
            self.of = ref(work.of)
        self.several |= not self._is_of(work)
        self.works += 1
        if not self.inside:
            made = gc.get_count()[0]
            self.grown += made
            self.loose += made
            if self.was_on:
                if self.loose > _SOME or (self.aside and made > gc.get_threshold()[0]):
                    self._put_aside()
                gc.enable()

    def _collect(self) -> None:
        self.take_back()
        self.stays += self.grown - gc.collect()
        self.grown = self.works = 0
        self.of, self.several = None, False
        self._put_aside()

    def _put_aside(self) -> None:
        self.loose = 0
        if self.aside or not gc.get_freeze_count():
            gc.freeze()
            self.aside = True
            if _asked not in gc.callbacks:
                gc.callbacks.append(_asked)

    def take_back(self) -> None:
        if self.aside:
            self.aside = False
            gc.unfreeze()


_lock = Lock()
_collector = _Collector()


def _asked(phase: str, told: Mapping[str, int]) -> None:
    """Before everything is collected because somebody says so: the collector comes by itself to
    the oldest only when they are due."""
    is_due = gc.get_count()[2] > gc.get_threshold()[2]
    if phase == "start" and told["generation"] == 2 and not is_due:
        _collector.take_back()


@contextmanager
def uncollected(of: object = None) -> Iterator[Work]:
    """Nothing is collected by search for cycles until the last one is out.

    The work is ``of`` a snapshot that whoever asks for it holds; of whatever, if nobody says so.
    """
    work = Work(of)
    with _lock:
        _collector.enter(work)
    try:
        yield work
    finally:
        with _lock:
            _collector.leave(work)
