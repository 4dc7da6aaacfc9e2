"""The interfaces of a large snapshot as columns: what is asked of all of them at once.

    roll_of(table) -> Roll, or None where nothing was written beside the records

One row is one interface, in the order of ids.  It takes columns that ``reach.snapshot.joined`` made
of all files, and answers with rows; records are made of those that somebody looks at.  What a
:class:`Roll` says is what AWS said of the very records of its table: an edited snapshot has another
table, and no roll.  Must not know what a field does to a packet.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import cast

import numpy as np
import numpy.typing as npt

from reach.network.address import FAMILY_BIT, is_ipv4
from reach.network.header_space import Interval, Ranges
from reach.snapshot import joined, ordering
from reach.snapshot.crowd import Crowd
from reach.snapshot.interface_records import Instance, NetworkInterface
from reach.snapshot.record import Record
from reach.snapshot.table import Table

Rows = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
_PLACE, _LOW = 96, (1 << 96) - 1
_PATIENCE = 100_000
_PORTION = 256  # so many intervals are looked up at once, as not everybody goes on to the last


def roll_of(records: Mapping[str, Record]) -> Roll | None:
    """Made once for each table."""
    return cast("Roll | None", _derived(records, Roll))


def register_of(records: Mapping[str, Record]) -> Register | None:
    """The same of instances."""
    return cast("Register | None", _derived(records, Register))


def rows_of(table: Table) -> Mapping[str, int] | None:
    """Which row of a table has an id, as columns tell it, without a dictionary of all of them."""
    if table.kind is NetworkInterface:
        roll = roll_of(table)
        return None if roll is None else Places(roll.ids, roll.places)
    register = register_of(table) if table.kind is Instance else None
    return None if register is None else Places(register.ids, register.places)


def columns_of(table: Table) -> bytes:
    """What either is made of, as a cache keeps it."""
    made = roll_of(table) if table.kind is NetworkInterface else register_of(table)
    return joined.packed(made.columns) if made is not None else b""


def _derived(records: Mapping[str, Record], make: type[Roll] | type[Register]) -> object:
    if not isinstance(records, Table):
        return None
    if make.__name__ not in records.derived:
        records.derived[make.__name__] = make(records) if records.has_columns else None
    return records.derived[make.__name__]


class Places(Mapping[str, int]):
    """The row of each id; ``ids`` are in order, ``places`` are their rows.

    Who asks for very many one by one is better served by a dictionary, which is then made.
    """

    def __init__(self, ids: npt.NDArray[np.bytes_], places: Rows) -> None:
        self._ids, self._rows = ids, places
        self._patience = _PATIENCE
        self._all: dict[str, int] | None = None

    def __getitem__(self, name: str) -> int:
        if self._all is not None:
            return self._all[name]
        self._patience -= 1
        if self._patience < 0:
            self._all = dict(zip(self, self._rows.tolist(), strict=True))
        at = _place(self._ids, name)
        if at is None:
            raise KeyError(name)
        return int(self._rows[at])

    def __iter__(self) -> Iterator[str]:
        return (each.decode() for each in self._ids.tolist())

    def __len__(self) -> int:
        return len(self._ids)


class Register:
    """Instances by id: which of ``kinds`` each is of."""

    def __init__(self, table: Table) -> None:
        self.columns = told = joined.instances(table)
        self.kinds, self.places, self.ids, self.kind = told.kinds, told.places, told.ids, told.kind

    def kinds_of(self, wanted: npt.NDArray[np.bytes_]) -> Rows:
        """The number of the kind of each; -1 of those that are not there."""
        at = ordering.find(self.ids, wanted)
        return np.where(at < 0, -1, self.kind[at])


class Roll:
    """``ids`` of all rows, the number of each row's profile and of its set of groups; of its
    instance, ``beside`` is how many interfaces that has, 0 of none."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.columns = told = joined.interfaces(table)
        self.ids, self.places = told.ids, told.places
        self.profiles, self.profile = told.profiles, told.profile
        self.groups, self.group = told.groups, told.group
        self.instances, self.instance_order = told.instances, told.instance_order
        self.beside = told.beside
        self.four, self.four_row = told.four, told.four_row
        self.six, self.six_row = told.six, told.six_row
        self.mapped, self.delegated = told.mapped, told.delegated
        self._owning: dict[int, tuple[NetworkInterface, ...]] = {}

    def __len__(self) -> int:
        return len(self.ids)

    # ---------------------------------------------------------------- records

    @cached_property
    def everyone(self) -> Crowd:
        return Crowd(self, np.arange(len(self)))

    def crowd(self, rows: Rows) -> Crowd:
        return Crowd(self, rows)

    def name(self, row: int) -> str:
        return bytes(self.ids[row]).decode()

    def instance(self, row: int) -> str:
        """The instance that it is attached to; '' where there is none."""
        return bytes(self.instances[row]).decode()

    def names(self, rows: Rows) -> list[str]:
        return [each.decode() for each in self.ids[rows].tolist()]

    def record(self, row: int) -> NetworkInterface:
        return self.records(np.array([row]))[0]

    def records(self, rows: Rows) -> tuple[NetworkInterface, ...]:
        made = self.table.take(self.names(rows), self.places[rows].tolist())
        return cast("tuple[NetworkInterface, ...]", tuple(made))

    def row(self, name: str) -> int | None:
        """Where an id is."""
        return _place(self.ids, name)

    @property
    def nobody(self) -> Rows:
        return np.empty(0, np.int64)

    def changed(self, rows: Rows, left: Iterable[str], come: Iterable[str]) -> Rows:
        """Some rows without those of some ids, and with those of others."""
        out, more = ([r for r in map(self.row, ids) if r is not None] for ids in (left, come))
        return np.union1d(np.setdiff1d(rows, out), more).astype(rows.dtype)

    # ---------------------------------------------------------------- who shares something

    def joined(self, ids: Sequence[str], instances: Sequence[str], others: Iterable[Rows]) -> Crowd:
        """The interfaces of these ids and of these instances, and others: each once."""
        own = ordering.find(self.ids, _texts(ids))
        attached = np.flatnonzero(ordering.find(_texts(sorted(instances)), self.instances) >= 0)
        there = np.zeros(len(self), np.bool_)
        for rows in (own[own >= 0], attached, *others):
            there[rows] = True
        return Crowd(self, np.flatnonzero(there))

    def where(self, test: Callable[[NetworkInterface], bool]) -> Rows:
        """The rows whose profile passes a test."""
        passed = np.fromiter(map(test, self.profiles), np.bool_, len(self.profiles))
        return np.flatnonzero(passed[self.profile])

    def passing(self, rows: Rows, test: Callable[[NetworkInterface], bool]) -> Rows:
        """Those of some rows whose profile passes a test."""
        numbers, which = np.unique(self.profile[rows], return_inverse=True)
        tests = (test(self.profiles[each]) for each in numbers.tolist())
        return rows[np.fromiter(tests, np.bool_, len(numbers))[which]]

    @cached_property
    def by_subnet(self) -> Mapping[str, Crowd]:
        names = ((each.subnet_id,) for each in self.profiles)
        return _Lots(self, _numbered(names), self._with_profile)

    @cached_property
    def by_vpc(self) -> Mapping[str, Crowd]:
        names = ((each.vpc_id,) for each in self.profiles)
        return _Lots(self, _numbered(names), self._with_profile)

    @cached_property
    def by_group(self) -> Mapping[str, Crowd]:
        return _Lots(self, _numbered(self.groups), self._with_groups)

    @cached_property
    def by_instance(self) -> Mapping[str, Crowd]:
        return _OfInstances(self)

    @cached_property
    def _with_profile(self) -> _Sorted:
        return _Sorted(self.profile, len(self.profiles))

    @cached_property
    def _with_groups(self) -> _Sorted:
        return _Sorted(self.group, len(self.groups))

    @cached_property
    def group_sets(self) -> frozenset[tuple[str, frozenset[str]]]:
        """The VPC and the groups of each row that has any."""
        pairs = ordering.distinct(self.profile * len(self.groups) + self.group)
        sets = list(map(frozenset, self.groups))
        return frozenset(
            (self.profiles[profile].vpc_id or "", sets[group])
            for profile, group in (divmod(pair, len(sets)) for pair in pairs.tolist())
            if sets[group]
        )

    # ---------------------------------------------------------------- addresses

    @cached_property
    def counts(self) -> tuple[Rows, Rows]:
        """How many IPv4 and how many IPv6 addresses each row has."""
        size = len(self)
        return np.bincount(self.four_row, minlength=size), np.bincount(self.six_row, minlength=size)

    def four_of(self, rows: Rows) -> npt.NDArray[np.int64]:
        return self.four[_of(self._four_starts, rows)]

    @cached_property
    def _four_starts(self) -> Rows:
        return np.concatenate(([0], np.cumsum(self.counts[0])))

    @cached_property
    def _six_starts(self) -> Rows:
        return np.concatenate(([0], np.cumsum(self.counts[1])))

    def spans(self, rows: Rows, inside: Ranges | None = None) -> list[Interval]:
        """The addresses of some rows (in a set) as sorted intervals that do not touch; no
        prefixes."""
        six = [(high << 64 | low) for high, low in self.six[_of(self._six_starts, rows)].tolist()]
        four = self.four_of(rows)
        if inside is not None:
            six = [address for address in six if address in inside]
            four = four[_is_inside(four, inside)]
        found: list[Interval] = []
        for address in sorted(set(six)):
            if found and found[-1][1] + 1 == address:
                found[-1] = (found[-1][0], address)
            else:
                found.append((address, address))
        four = ordering.distinct(four)
        if len(four):
            cuts = np.flatnonzero(np.diff(four) != 1)
            lows = four[np.concatenate(([0], cuts + 1))].tolist()
            highs = four[np.concatenate((cuts, [-1]))].tolist()
            found += [
                (FAMILY_BIT | low << _PLACE, FAMILY_BIT | high << _PLACE | _LOW)
                for low, high in zip(lows, highs, strict=True)
            ]
        return found

    def spans_by(self, rows: Rows, key: Rows) -> Mapping[int, list[Interval]]:
        """The same of several lots at once: ``key`` says of every row of the roll whose it is."""
        found: dict[int, list[Interval]] = {}
        at = _of(self._six_starts, rows)
        if len(at):
            whose = key[self.six_row[at]].tolist()
            six = ((high << 64 | low) for high, low in self.six[at].tolist())
            for number, address in sorted(set(zip(whose, six, strict=True))):
                own = found.setdefault(number, [])
                if own and own[-1][1] + 1 == address:
                    own[-1] = (own[-1][0], address)
                else:
                    own.append((address, address))
        at = _of(self._four_starts, rows)
        if not len(at):
            return found
        four, keys = self.four[at], key[self.four_row[at]]
        order = np.lexsort((four, keys))
        four, keys = four[order], keys[order]
        begins = np.ones(len(four), np.bool_)
        begins[1:] = (keys[1:] != keys[:-1]) | (four[1:] - four[:-1] > 1)
        ends = np.ones(len(four), np.bool_)
        ends[:-1] = begins[1:]
        lows, highs = four[begins].tolist(), four[ends].tolist()
        spans = [
            (FAMILY_BIT | low << _PLACE, FAMILY_BIT | high << _PLACE | _LOW)
            for low, high in zip(lows, highs, strict=True)
        ]
        whose = keys[begins]
        cuts = [0, *(np.flatnonzero(np.diff(whose)) + 1).tolist(), len(spans)]
        for number, first, after in zip(whose[cuts[:-1]].tolist(), cuts, cuts[1:], strict=False):
            found.setdefault(number, []).extend(spans[first:after])
        return found

    def pieces(self, rows: Rows, beside: Ranges) -> int:
        """At least so many intervals the addresses of some rows make, with others beside them."""
        four = ordering.distinct(self.four_of(rows))
        met = int(np.count_nonzero(_is_inside(four, beside)))
        runs = int(np.count_nonzero(np.diff(four) != 1)) + min(len(four), 1)
        return runs - met - 2 * len(beside.intervals)

    def have_six(self, rows: Rows) -> bool:
        """Whether any of some rows has an IPv6 address."""
        return bool(self.counts[1][rows].any())

    def delegated_of(self, rows: Rows) -> Rows:
        """Those of some rows that have prefixes."""
        return rows[self._has_prefixes[rows]]

    @cached_property
    def _has_prefixes(self) -> Mask:
        found = np.zeros(len(self), np.bool_)
        found[self.delegated] = True
        return found

    def having(self, inside: Ranges) -> Rows:
        """The rows that have an address of their own in a set of whole addresses, in order."""
        found = [self.four_row[_is_inside(self.four, inside)]]
        for low, high in (span for span in inside.intervals if not is_ipv4(span[0])):
            six, order = self._six_sorted
            found.append(order[bisect_left(six, low) : bisect_right(six, high)])
        return np.unique(np.concatenate(found))

    def owning(self, address: int) -> tuple[NetworkInterface, ...]:
        """The interfaces that have an address of their own; it is asked of the same again."""
        known = self._owning.get(address)
        if known is None:
            known = self._owning[address] = self.records(self.owners(address))
        return known

    def owners(self, address: int) -> Rows:
        """The rows that have an address of their own, in order."""
        if is_ipv4(address):
            if address & _LOW:
                return np.empty(0, np.int64)
            values, order = self._four_sorted
            wanted = address >> _PLACE & 0xFFFFFFFF
            low, high = np.searchsorted(values, wanted), np.searchsorted(values, wanted, "right")
            return np.sort(self.four_row[order[low:high]])
        six, rows = self._six_sorted
        return np.sort(rows[bisect_left(six, address) : bisect_right(six, address)])

    def within(self, spans: Sequence[Interval]) -> Iterator[int]:
        """The addresses in some intervals, in order, each once."""
        for at in range(0, len(spans), _PORTION):
            having = self._having(spans[at : at + _PORTION])
            yield from dict.fromkeys(address for address, _ in having)

    def look_up(self, spans: Sequence[Interval]) -> None:
        """Find at once who has an address in some intervals, as each will be asked for."""
        rows: dict[int, list[int]] = {}
        for address, row in self._having(spans):
            if address not in self._owning:
                rows.setdefault(address, []).append(row)
        every = [row for each in rows.values() for row in each]
        made = dict(zip(every, self.records(np.array(every, np.int64)), strict=True))
        for address, own in rows.items():
            self._owning[address] = tuple(made[row] for row in sorted(own))

    def _having(self, every: Sequence[Interval]) -> Iterator[tuple[int, int]]:
        """The addresses in some intervals in order, each with a row that has it."""
        six, rows = self._six_sorted
        for low, high in every:
            first, last = bisect_left(six, low), bisect_right(six, high)
            yield from zip(six[first:last], rows[first:last].tolist(), strict=True)
        ends = [(max(low, FAMILY_BIT), high) for low, high in every if high >= FAMILY_BIT]
        lows = np.array([-((FAMILY_BIT - low) >> _PLACE) for low, _ in ends], np.int64)
        highs = np.array([(high - FAMILY_BIT) >> _PLACE for _, high in ends], np.int64)
        four, order = self._four_sorted
        starts, stops = np.searchsorted(four, lows), np.searchsorted(four, highs, "right")
        at = np.concatenate([self.nobody, *map(np.arange, starts.tolist(), stops.tolist())])
        for each, row in zip(four[at].tolist(), self.four_row[order[at]].tolist(), strict=True):
            yield FAMILY_BIT | each << _PLACE, row

    @cached_property
    def doubled(self) -> tuple[int, ...]:
        """The addresses that several rows of one VPC have."""
        numbers: dict[str | None, int] = {}
        each = [numbers.setdefault(each.vpc_id, len(numbers)) for each in self.profiles]
        vpc = np.array(each, np.int64)[self.profile]
        told = np.sort(vpc[self.four_row] << 32 | self.four)
        four = ordering.distinct(told[1:][np.diff(told) == 0] & 0xFFFFFFFF)
        whose = vpc[self.six_row]
        order = np.lexsort((self.six[:, 1], self.six[:, 0], whose))
        six, whose = self.six[order], whose[order]
        again = (six[1:] == six[:-1]).all(axis=1) & (whose[1:] == whose[:-1])
        found = [high << 64 | low for high, low in six[1:][again].tolist()]
        return (*(FAMILY_BIT | each << _PLACE for each in four.tolist()), *found)

    @cached_property
    def _four_sorted(self) -> tuple[npt.NDArray[np.int64], Rows]:
        order = np.argsort(self.four, kind="stable")
        return self.four[order], order

    @cached_property
    def _six_sorted(self) -> tuple[list[int], Rows]:
        """All IPv6 addresses in order, and the row of each."""
        order = np.lexsort((self.six[:, 1], self.six[:, 0]))
        return [high << 64 | low for high, low in self.six[order].tolist()], self.six_row[order]


class _Sorted:
    """Rows by a number that each has."""

    def __init__(self, numbers: Rows, count: int) -> None:
        self._order = np.argsort(numbers, kind="stable")
        self._starts = np.concatenate(([0], np.cumsum(np.bincount(numbers, minlength=count))))

    def rows(self, number: int) -> Rows:
        return self._order[self._starts[number] : self._starts[number + 1]]


class _Lots(Mapping[str, Crowd]):
    """The interfaces under each name, as the numbers that have the name tell."""

    def __init__(self, roll: Roll, numbers: Mapping[str, list[int]], rows: _Sorted) -> None:
        self._roll, self._numbers, self._rows = roll, numbers, rows
        self._made: dict[str, Crowd] = {}

    def __getitem__(self, name: str) -> Crowd:
        found = self._made.get(name)
        if found is None:
            rows = np.concatenate([self._rows.rows(each) for each in self._numbers[name]])
            found = self._made[name] = Crowd(self._roll, np.sort(rows, kind="stable"))
        return found

    def __contains__(self, name: object) -> bool:
        return name in self._numbers

    def __iter__(self) -> Iterator[str]:
        return iter(self._numbers)

    def __len__(self) -> int:
        return len(self._numbers)


class _OfInstances(Mapping[str, Crowd]):
    def __init__(self, roll: Roll) -> None:
        self._roll = roll
        self._sorted = roll.instances[roll.instance_order]
        self._made: dict[str, Crowd] = {}

    def __getitem__(self, name: str) -> Crowd:
        found = self._made.get(name)
        if found is None:
            text = name.encode("utf-8", "surrogatepass")
            low = np.searchsorted(self._sorted, text)
            high = np.searchsorted(self._sorted, text, "right")
            if not name or low == high or b"\0" in text:
                raise KeyError(name)
            found = self._made[name] = Crowd(self._roll, self._roll.instance_order[low:high])
        return found

    def __iter__(self) -> Iterator[str]:
        names = np.unique(self._roll.instances, return_index=True)
        order = np.argsort(names[1], kind="stable")
        return (each.decode() for each in names[0][order].tolist() if each)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _texts(names: Sequence[str]) -> npt.NDArray[np.bytes_]:
    return np.array([each.encode("utf-8", "surrogatepass") for each in names], np.bytes_)


def _place(ids: npt.NDArray[np.bytes_], name: object) -> int | None:
    """Where an id is among others in order."""
    if not isinstance(name, str) or not name.isascii() or "\0" in name:
        return None
    text = name.encode()
    if len(text) > ids.dtype.itemsize:
        return None
    at = int(ids.searchsorted(text))
    return at if at < len(ids) and ids[at] == text else None


def _numbered(names: Iterable[Iterable[str | None]]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for number, each in enumerate(names):
        for name in each:
            if name is not None:
                found.setdefault(name, []).append(number)
    return found


def _is_inside(four: Rows, spans: Ranges) -> Mask:
    """Which IPv4 addresses lie in a set, of which each interval holds whole addresses."""
    ends = [(low - FAMILY_BIT, high - FAMILY_BIT) for low, high in spans.intervals if is_ipv4(high)]
    lows = np.array([max(low, 0) >> _PLACE for low, _ in ends], np.int64)
    highs = np.array([high >> _PLACE for _, high in ends], np.int64)
    found: Mask = np.searchsorted(lows, four, "right") > np.searchsorted(highs, four, "left")
    return found


def _of(starts: Rows, rows: Rows) -> Rows:
    """The places of a column, sorted by row, that belong to some rows; where each row's begin."""
    low, high = starts[rows], starts[rows + 1]
    many = high - low
    if len(rows) == 1:
        return np.arange(int(low[0]), int(high[0]))
    ends = np.cumsum(many)
    total = int(ends[-1]) if len(ends) else 0
    found: Rows = np.arange(total) + np.repeat(low - (ends - many), many)
    return found
