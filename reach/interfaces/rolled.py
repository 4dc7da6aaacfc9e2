"""Interfaces that are alike, as a roll of very many tells it: the same as record by record.

Everything that interfaces share is asked once for each profile, each set of groups and each kind
of instance; the rest is arithmetic over columns.  Must not decide what makes interfaces alike: that
is for ``kinds``.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property

import numpy as np
from msgspec.structs import replace

from reach.component import Lowering
from reach.interfaces.classes import union
from reach.interfaces.kinds import (
    is_host,
    is_ordinary,
    is_running,
    metadata,
    owned,
    place,
    place_in_subnet,
    running,
    worn_by_itself,
)
from reach.interfaces.sharing import sharing
from reach.network.header_space import Ranges
from reach.snapshot.crowd import Crowd
from reach.snapshot.interface_records import InterfaceAttachment
from reach.snapshot.ordering import ranks
from reach.snapshot.records import Instance, NetworkInterface
from reach.snapshot.roll import Mask, Roll, Rows, register_of

_SOMEBODY = InterfaceAttachment("i-")
_NONE, _UNKNOWN = -2, -1  # in the place of an instance's kind


class Rolled:
    """``host`` says which rows are hosts, ``number`` which class each row is of; classes are
    numbered as they come, and ``firsts`` are the rows of the first of each."""

    def __init__(self, lowering: Lowering, roll: Roll) -> None:
        self._lowering, self.roll = lowering, roll
        has = roll.instances != b""
        self.host: Mask = np.where(has, _each(roll, _is_host_attached), _each(roll, is_host))
        keys, alone = (_in_subnets if lowering.by_subnet else _by_rules)(lowering, roll)
        alone |= ~self.host | _apart(lowering, roll)
        self.number, self.firsts = _classed(keys, alone)
        self._of: dict[str, str] = {}
        self._owned: dict[Ranges, Ranges] = {}

    def of(self, interface_id: str) -> str:
        known = self._of.get(interface_id)
        if known is None:
            row = self.roll.row(interface_id)
            if row is None:
                raise KeyError(interface_id)
            known = self._of[interface_id] = self.roll.name(int(self.firsts[self.number[row]]))
        return known

    def members(self, class_id: str) -> Sequence[NetworkInterface]:
        row = self.roll.row(class_id)
        if row is None or self.firsts[self.number[row]] != row:
            return ()
        return self._lot(int(self.number[row]))

    def alike(self, interface_id: str) -> Sequence[NetworkInterface]:
        row = self.roll.row(interface_id)
        return () if row is None else self._lot(int(self.number[row]))

    def own(self, members: Sequence[NetworkInterface]) -> Ranges:
        if isinstance(members, Crowd):
            return self.owned(members.rows)
        return union(self._lowering, members)

    def split(
        self, members: Sequence[NetworkInterface]
    ) -> Iterator[tuple[str, Sequence[NetworkInterface]]]:
        if isinstance(members, Crowd):
            for number, rows in self.lots(members.rows):
                yield self.name(number), self.roll.crowd(rows)
        else:
            for each in members:
                yield self.of(each.network_interface_id), (each,)

    def wearing(self) -> Iterator[tuple[str, frozenset[str]]]:
        sets = list(map(frozenset, self.roll.groups))
        own = np.flatnonzero(self.host)
        pairs = np.unique(self.number[own] * len(sets) + self.roll.group[own])
        names = self.roll.names(self.firsts[pairs // len(sets)])
        numbers = (pairs % len(sets)).tolist()
        return ((name, sets[number]) for name, number in zip(names, numbers, strict=True))

    def services(self) -> tuple[NetworkInterface, ...]:
        return self.roll.records(np.flatnonzero(~self.host))

    def owned(self, rows: Rows) -> Ranges:
        """R-ENI-2: what any of some rows owns, delegated prefixes included."""
        spans = self.roll.spans(rows)
        delegated = self.roll.delegated_of(rows)
        if not len(delegated):
            return self._once(Ranges(tuple(spans)))
        several = (owned(self._lowering, each) for each in self.roll.records(delegated))
        own = Ranges.union((*spans, *(span for own in several for span in own.intervals)))
        return self._once(own)

    def _once(self, own: Ranges) -> Ranges:
        """The addresses of a class, which many ask for: all of them get the same."""
        return self._owned.setdefault(own, own)

    def owned_by_class(self, rows: Rows) -> Mapping[int, Ranges]:
        """The same of each class that some rows are of, by its number."""
        own = self.owned_by(rows, self.number)
        return {number: self._once(addresses) for number, addresses in own.items()}

    def owned_by(self, rows: Rows, key: Rows) -> Mapping[int, Ranges]:
        """The same of several lots at once: ``key`` says of every row of the roll whose it is."""
        spans = self.roll.spans_by(rows, key)
        own = {number: Ranges(tuple(each)) for number, each in spans.items()}
        for number in set(key[self.roll.delegated_of(rows)].tolist()):
            own[number] = self.owned(rows[key[rows] == number])
        return own

    def lots(self, rows: Rows) -> Iterator[tuple[int, Rows]]:
        """The classes of some rows in the order in which they come, with those rows of each."""
        own = self.number[rows]
        which, first = ranks(own)
        counts = np.bincount(which, minlength=len(first))
        order, ends = np.argsort(own, kind="stable"), np.cumsum(counts)
        for at in np.argsort(first, kind="stable").tolist():
            yield int(own[first[at]]), rows[order[ends[at] - counts[at] : ends[at]]]

    def firsts_of(self, rows: Rows) -> Iterator[tuple[int, str, int]]:
        """The classes of some rows: the first row, the name and the number of each."""
        _, first = ranks(self.number[rows])
        numbers = self.number[rows[first]]
        names = self.roll.names(self.firsts[numbers])
        return zip(rows[first].tolist(), names, numbers.tolist(), strict=True)

    def name(self, number: int) -> str:
        return self.roll.name(int(self.firsts[number]))

    def _lot(self, number: int) -> Crowd:
        order, ends = self._by_number
        start = ends[number - 1] if number else 0
        return self.roll.crowd(order[start : ends[number]])

    @cached_property
    def _by_number(self) -> tuple[Rows, Rows]:
        return np.argsort(self.number, kind="stable"), np.cumsum(np.bincount(self.number))


_Keys = tuple[Sequence[Rows], Mask]


def _by_rules(lowering: Lowering, roll: Roll) -> _Keys:
    """What rules can tell hosts apart by, and who is out of the ordinary."""
    kinds, instance = _instances(lowering, roll)
    keys = (
        _numbers(map(place, roll.profiles))[roll.profile],
        _numbers(map(lowering.telling, roll.groups))[roll.group],
        _told(kinds)[instance],
    )
    alone = ~_each(roll, is_ordinary) | _is_odd(roll)
    return keys, alone | ~np.array([*map(is_running, kinds), True, True])[instance]


def _in_subnets(lowering: Lowering, roll: Roll) -> _Keys:
    """What hosts of a subnet that wear its groups can be told apart by, and who passes on."""
    kinds, instance = _instances(lowering, roll)
    told = [*(running("i-", each) for each in kinds), running(None, None), running("i-", None)]
    keys = (
        _numbers(map(place_in_subnet, roll.profiles))[roll.profile],
        _numbers(worn_by_itself(lowering, frozenset(each)) for each in roll.groups)[roll.group],
        _numbers(told)[instance],
        _in(roll, roll.mapped).astype(np.int64),
        (roll.counts[1] > 0).astype(np.int64),
    )
    passing = ~_each(roll, _checks)
    # Whose instance has one that passes on is asked by that instance's name.
    others = np.unique(roll.instances[passing & (roll.beside > 1)])
    rows = [row for row in map(roll.row, sharing(lowering)) if row is not None]
    return keys, passing | np.isin(roll.instances, others) | _in(roll, np.array(rows, np.int64))


def _in(roll: Roll, rows: Rows) -> Mask:
    found = np.zeros(len(roll), np.bool_)
    found[rows] = True
    return found


def _is_host_attached(profile: NetworkInterface) -> bool:
    return is_host(replace(profile, attachment=_SOMEBODY))


def _checks(profile: NetworkInterface) -> bool:
    return profile.source_dest_check


def _each(roll: Roll, test: Callable[[NetworkInterface], bool]) -> Mask:
    """Which rows' profiles pass a test."""
    passed = np.fromiter(map(test, roll.profiles), np.bool_, len(roll.profiles))
    found: Mask = passed[roll.profile]
    return found


def _is_odd(roll: Roll) -> Mask:
    """More than one address of a kind, prefixes, or not the only interface of its instance."""
    four, six = roll.counts
    odd: Mask = (four > 1) | (six > 1) | (roll.beside > 1)
    odd[roll.delegated] = True
    return odd


def _apart(lowering: Lowering, roll: Roll) -> Mask:
    """Those that are to be a node each, whatever they are."""
    apart = lowering.apart
    found = np.full(len(roll), apart is None, np.bool_)
    rows = (roll.row(name) for name in apart or ())
    found[[row for row in rows if row is not None]] = True
    return found


def _instances(lowering: Lowering, roll: Roll) -> tuple[list[Instance], Rows]:
    """The kinds of instances, and that of each row's: the last two stand for none, and unknown."""
    records = lowering.snapshot.contents.get(Instance, {})
    register = register_of(records)
    if register is not None:
        kinds, kind = register.kinds, register.kinds_of(roll.instances)
    else:  # an instance was edited: what was written of them no longer counts
        known = {name.encode(): each for name, each in records.items()}
        found = [known.get(name) for name in roll.instances.tolist()]
        kinds = [each for each in found if isinstance(each, Instance)]
        places = np.cumsum([each is not None for each in found]) - 1
        kind = np.where([each is None for each in found], _UNKNOWN, places)
    return kinds, np.where(roll.instances == b"", _NONE, kind)


def _told(kinds: Sequence[Instance]) -> Rows:
    """What is told apart of instances: by kind, then of none, then of unknown ones."""
    return _numbers([*(("known", metadata(each)) for each in kinds), "none", "unknown"])


def _numbers(things: Iterable[Hashable]) -> Rows:
    """Equal things get equal numbers."""
    known: dict[Hashable, int] = {}
    return np.array([known.setdefault(each, len(known)) for each in things], np.int64)


def _classed(keys: Sequence[Rows], alone: Mask) -> tuple[Rows, Rows]:
    """The class of each row, and the first row of each class."""
    joined = keys[0]
    for key in keys[1:]:
        joined, _ = ranks(joined * (int(key.max()) + 1) + key)
    own = np.where(alone, -1 - np.arange(len(alone)), joined)
    which, first = ranks(own)
    order = np.argsort(first, kind="stable")
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return rank[which], first[order]
