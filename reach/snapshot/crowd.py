"""Interfaces that are many: known by their rows, and each made a record when it is looked at.

A :class:`Crowd` is a sequence of interfaces like any other, in the order of their ids.  Who wants
to know of all of them at once asks their ``roll`` of these ``rows``.  Must not know what a record
means, nor import numpy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, overload

from reach.snapshot.interface_records import NetworkInterface

if TYPE_CHECKING:
    from reach.snapshot.roll import Roll


class Crowd(Sequence[NetworkInterface]):
    """``rows`` is an array of numpy's: the interfaces' places in the roll, in order."""

    __slots__ = ("_made", "roll", "rows")

    def __init__(self, roll: Roll, rows: Any) -> None:
        self.roll, self.rows = roll, rows
        self._made: tuple[NetworkInterface, ...] | None = None

    def where(self, test: Callable[[NetworkInterface], bool]) -> Crowd:
        """Those of them that pass a test of what many share (``Index.interfaces_where``)."""
        return Crowd(self.roll, self.roll.passing(self.rows, test))

    def with_others(self, left: Iterable[str], come: Iterable[str]) -> Crowd:
        """The same without some and with others, by their ids."""
        return Crowd(self.roll, self.roll.changed(self.rows, left, come))

    def beside(self, others: Sequence[NetworkInterface]) -> Crowd | Mixed:
        """They, and some others that are of no roll."""
        return Mixed(self, tuple(others)) if others else self

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, place: int) -> NetworkInterface: ...

    @overload
    def __getitem__(self, place: slice) -> tuple[NetworkInterface, ...]: ...

    def __getitem__(self, place: int | slice) -> NetworkInterface | tuple[NetworkInterface, ...]:
        if self._made is not None:
            return self._made[place]
        if isinstance(place, slice):
            return self.roll.records(self.rows[place])
        return self.roll.record(int(self.rows[place]))

    def __iter__(self) -> Iterator[NetworkInterface]:
        if self._made is None:
            self._made = self.roll.records(self.rows)
        return iter(self._made)


class Mixed(Sequence[NetworkInterface]):
    """A crowd, and behind it a few ``others`` that are of no roll."""

    __slots__ = ("crowd", "others")

    def __init__(self, crowd: Crowd, others: tuple[NetworkInterface, ...]) -> None:
        self.crowd, self.others = crowd, others

    def where(self, test: Callable[[NetworkInterface], bool]) -> Crowd | Mixed:
        """Those of them that pass a test of what many share."""
        return self.crowd.where(test).beside(tuple(filter(test, self.others)))

    def __len__(self) -> int:
        return len(self.crowd) + len(self.others)

    @overload
    def __getitem__(self, place: int) -> NetworkInterface: ...

    @overload
    def __getitem__(self, place: slice) -> tuple[NetworkInterface, ...]: ...

    def __getitem__(self, place: int | slice) -> NetworkInterface | tuple[NetworkInterface, ...]:
        return tuple(self)[place]

    def __iter__(self) -> Iterator[NetworkInterface]:
        yield from self.crowd
        yield from self.others
