"""A ground that knows which records each of its nodes was made of, and so outlives a changed one.

    Resident(snapshot, options)    .after(snapshot, touched) -> Resident

While a node, a memo or a table of the index is made, the records that it is handed are noted,
those of the kinds whose *rules* can be edited on their own (:data:`RULES`).  After such an edit
what was made of other records is taken over as it is, the rest is made anew when it is next asked
for: the same as if all had been.  What works things out later, by itself, counts as made of all
records of a kind.  Nothing else than the fields in :data:`RULES` may differ; :func:`touched` says
whether.

Must not know questions or the engines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from heapq import merge
from operator import attrgetter
from threading import local
from typing import TypeVar, cast

from reach.component import Regrouped
from reach.interfaces.classes import classes
from reach.interfaces.plain import worn
from reach.lower import ALONE, Alignment, Ground, Sender
from reach.network.header_space import Ranges
from reach.network.node import Node
from reach.options import DEFAULTS, Options
from reach.snapshot.amended import amended
from reach.snapshot.crowd import Crowd
from reach.snapshot.index import Index, Interfaces, instance_of, private_addresses
from reach.snapshot.record import PROVENANCE, UNPRINTED, Record
from reach.snapshot.records import (
    Instance,
    ManagedPrefixListEntries,
    NetworkAcl,
    NetworkInterface,
    RouteTable,
    SecurityGroup,
)
from reach.snapshot.snapshot import AnyRecord, Snapshot
from reach.snapshot.transit_records import TransitGatewayRoutes, TransitGatewayStaticRoutes

T = TypeVar("T")
Read = tuple[type[Record], str]  # a kind and an id; without an id all of the kind
Reads = frozenset[Read]

# What of a record may be edited alone.  Whoever reads these fields looks the record up in the very
# making of the node or the memo that it reads them for (tests/test_resident.py counts the readers).
RULES: Mapping[type[Record], frozenset[str]] = {
    SecurityGroup: frozenset({"ip_permissions", "ip_permissions_egress"}),
    NetworkAcl: frozenset({"entries"}),
    RouteTable: frozenset({"routes"}),
    ManagedPrefixListEntries: frozenset({"entries"}),
    TransitGatewayRoutes: frozenset({"routes"}),
    TransitGatewayStaticRoutes: frozenset({"routes"}),
}
_WHO: tuple[type[Record], ...] = (NetworkInterface, Instance)
_NEWCOMERS = "newcomers"
_NOTHING: Reads = frozenset()
_UNCHANGED: Mapping[str, Regrouped] = {}
# Read by whatever works things out later.  That reads no rules of groups and no entries of ACLs.
_LATER: Reads = frozenset((kind, "") for kind in RULES if kind not in (SecurityGroup, NetworkAcl))


def touched(before: Snapshot, after: Snapshot, ids: Mapping[type[Record], Iterable[str]]) -> Reads:
    """What is read of records that differ in their rules alone; nothing if any differs otherwise.

    ``ids`` are those of the records that differ, of each kind.
    """
    found: set[Read] = set()
    for kind, names in ids.items():
        for name in names:
            if not _only_rules(before.get(kind, name), after.get(kind, name)):
                return _NOTHING
            found |= {(kind, name), (kind, "")}
    return frozenset(found)


@dataclass(frozen=True)
class Standing:
    """The interfaces that are to stand apart: as they are ``there`` afterwards, or ``gone``; with
    the instances of those that nobody has seen yet."""

    there: tuple[NetworkInterface, ...] = ()
    gone: tuple[NetworkInterface, ...] = ()
    instances: tuple[Instance, ...] = ()

    def each(self) -> Iterator[tuple[NetworkInterface, bool]]:
        """Each with whether it is there afterwards."""
        yield from ((each, True) for each in self.there)
        yield from ((each, False) for each in self.gone)


def only_groups(one: NetworkInterface | None, other: NetworkInterface | None) -> bool:
    """Whether an interface of an instance differs in its groups alone, and these are told."""
    if one is None or other is None or differs_in(one, other, frozenset({"groups"})):
        return False
    told = all(each.groups and each.groups is not UNPRINTED for each in (one, other))
    return told and bool(instance_of(one)) and not one.requester_managed


def _only_rules(one: Record | None, other: Record | None) -> bool:
    if one is None or other is None or type(one) is not type(other) or type(one) not in RULES:
        return False
    return not differs_in(one, other, RULES[type(one)])


def differs_in(one: Record, other: Record, free: frozenset[str]) -> bool:
    """Whether two records of a kind differ in anything but some fields."""
    kept = (name for name in type(one).__struct_fields__ if name not in free | PROVENANCE)
    same_scope = one.page.scope == other.page.scope
    return not same_scope or any(getattr(one, name) != getattr(other, name) for name in kept)


# ------------------------------------------------------------------- who reads what


class _Frames(local):
    """What is being made at the moment, the innermost last, with what it was handed so far."""

    def __init__(self) -> None:
        self.open: list[set[Read]] = []

    def hear(self, read: Read) -> None:
        if self.open:
            self.open[-1].add(read)

    @contextmanager
    def frame(self) -> Iterator[set[Read]]:
        """What is made here; what it read, whoever asked for it has read as well."""
        reads: set[Read] = set()
        self.open.append(reads)
        try:
            yield reads
        finally:
            self.open.pop()
        self.note(reads)

    def note(self, reads: Iterable[Read]) -> None:
        if self.open:
            self.open[-1].update(reads)

    @contextmanager
    def unheard(self) -> Iterator[None]:
        """What is read here is not what anything is made of: only who is whose."""
        self.open.append(set())
        try:
            yield
        finally:
            self.open.pop()

    def make(self, make: Callable[[], T]) -> _Made:
        """A thing, with what was read for it."""
        with self.frame() as reads:
            value = make()
            if _works_out_later(value):
                self.note(_LATER)
        return _Made(value, frozenset(reads))


@dataclass(frozen=True, eq=False)
class _Watched(Snapshot):
    """A snapshot that tells which records it hands out."""

    frames: _Frames = field(default_factory=_Frames, repr=False)

    def records(self, kind: type[AnyRecord]) -> tuple[AnyRecord, ...]:
        if kind in RULES:
            self.frames.hear((kind, ""))
        return super().records(kind)

    def get(self, kind: type[AnyRecord], name: str) -> AnyRecord | None:
        if kind in RULES:
            self.frames.hear((kind, name))
        return super().get(kind, name)


class _WatchedIndex(Index):
    """An index that tells which records it hands out, and of which its tables are made."""

    def __init__(self, snapshot: _Watched) -> None:
        super().__init__(snapshot)
        self.frames = snapshot.frames
        self.regrouped: Mapping[str, Regrouped] = {}
        self.tables: dict[str, _Made] = {}

    def network_acl_of(self, subnet_id: str) -> NetworkAcl | None:
        with self.frames.unheard():
            acl = super().network_acl_of(subnet_id)
        if acl is not None:
            self.frames.hear((NetworkAcl, acl.network_acl_id))
        return acl

    def route_table_of(self, subnet_id: str) -> RouteTable | None:
        with self.frames.unheard():
            table = super().route_table_of(subnet_id)
        return self._handed(table)

    def gateway_route_tables(self, gateway_id: str) -> tuple[RouteTable, ...]:
        with self.frames.unheard():
            tables = super().gateway_route_tables(gateway_id)
        for each in tables:
            self._handed(each)
        return tables

    def group_but_rules(self, group_id: str) -> SecurityGroup | None:
        with self.frames.unheard():
            return super().group_but_rules(group_id)

    def wearing(self, group_id: str) -> Interfaces:
        """Told as it is now of those that have changed their groups."""
        self.frames.hear((NetworkInterface, group_id))
        with self.frames.unheard():
            found = super().wearing(group_id)
        if not self.regrouped:
            return found
        changed = {name: each.interface for name, each in self.regrouped.items()}
        now = {name: each for name, each in changed.items() if group_id in worn(each)}
        if self.roll is not None:
            own = found if isinstance(found, Crowd) else self.roll.crowd(self.roll.nobody)
            come = [each for name, each in now.items() if self.regrouped[name].came]
            return own.with_others(changed, now).beside(come)
        kept = (each for each in found if each.network_interface_id not in changed)
        return tuple(sorted((*kept, *now.values()), key=attrgetter("network_interface_id")))

    @property
    def come(self) -> tuple[NetworkInterface, ...]:
        """Who is in no table, as it has come since."""
        return tuple(each.interface for each in self.regrouped.values() if each.came)

    def public_ipv4_in(self, vpc_id: str) -> Ranges:
        """Of those that come none has such."""
        with self.frames.unheard():
            return super().public_ipv4_in(vpc_id)

    def owner_of_address(self, address: int) -> tuple[NetworkInterface, ...]:
        own = (each for each in self.come if address in private_addresses(each))
        return (*super().owner_of_address(address), *own)

    def addresses_within(self, spans: Ranges) -> Iterator[int]:
        known = super().addresses_within(spans)
        more = {a for each in self.come for a in private_addresses(each) if a in spans}
        return merge(known, sorted(more)) if more else known

    def _handed(self, table: RouteTable | None) -> RouteTable | None:
        if table is not None:
            self.frames.hear((RouteTable, table.route_table_id))
        return table


def _watched_table(name: str, make: Callable[[Index], object]) -> property:
    """A table that is worked out once, and says to each who looks at it what it is made of."""

    def look(index: _WatchedIndex) -> object:
        known = index.tables.get(name)
        if known is None:
            known = index.tables[name] = index.frames.make(lambda: make(index))
        else:
            index.frames.note(known.reads)
        return known.value

    return property(look)


for _name, _table in list(vars(Index).items()):
    if isinstance(_table, cached_property):
        setattr(_WatchedIndex, _name, _watched_table(_name, _table.func))


class _Beside(Mapping[str, Interfaces]):
    """A table of interfaces by where they are, with those that have come since; whoever looks one
    place up is made of what is there.  Of an instance only its own interfaces ask."""

    def __init__(self, index: _WatchedIndex, known: Mapping[str, Interfaces], at: _Place) -> None:
        self._index, self._known, self._at = index, known, at

    def __getitem__(self, name: str) -> Interfaces:
        if self._at is not instance_of:
            self._index.frames.hear((NetworkInterface, name))
        come = tuple(each for each in self._index.come if self._at(each) == name)
        if not come:
            return self._known[name]
        known = self._known.get(name, ())
        return known.beside(come) if isinstance(known, Crowd) else (*known, *come)

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)


_Place = Callable[[NetworkInterface], str | None]
_PLACES: Mapping[str, _Place] = {
    "interfaces_by_subnet": attrgetter("subnet_id"),
    "interfaces_by_vpc": attrgetter("vpc_id"),
    "interfaces_by_instance": instance_of,
}


def _place_table(name: str, at: _Place) -> property:
    known = vars(_WatchedIndex)[name]
    return property(lambda index: _Beside(index, known.__get__(index), at))


for _name, _at in _PLACES.items():
    setattr(_WatchedIndex, _name, _place_table(_name, _at))


def _works_out_later(value: object) -> bool:
    """Whether a thing keeps a snapshot, and reads more of it when it is asked for more; not one
    that keeps what it was made of, as a roll does."""
    kind = type(value)
    kept = any(isinstance(each, cached_property) for each in vars(kind).values())
    return kept and kind.__module__.startswith("reach.snapshot.") and _keeps_a_snapshot(value)


def _keeps_a_snapshot(value: object) -> bool:
    kept = [getattr(each, "__self__", each) for each in vars(value).values()]
    return any(isinstance(each, Snapshot | Index) or _works_out_later(each) for each in kept)


# ------------------------------------------------------------------- what is kept


@dataclass(frozen=True, slots=True)
class _Made:
    """A thing with what was read for it."""

    value: object
    reads: Reads


@dataclass(slots=True)
class _Shelf:
    """What was made, by name, and of which records nodes were."""

    memo: dict[str, _Made] = field(default_factory=dict)
    nodes: dict[str, _Made] = field(default_factory=dict)
    of: dict[Read, dict[str, None]] = field(default_factory=dict)

    def keep(self, name: str, made: _Made) -> None:
        self.nodes[name] = made
        for read in made.reads:
            self.of.setdefault(read, {})[name] = None

    def without(self, touched: Reads) -> _Shelf:
        """What is not made of any of these."""
        left = _Shelf({k: m for k, m in self.memo.items() if m.reads.isdisjoint(touched)})
        for name, made in self.nodes.items():
            if made.reads.isdisjoint(touched):
                left.keep(name, made)
        return left


class Resident(Ground):
    """A ground that shares what no edit has touched with those before and after it.

    ``_common`` holds what is made of records that are as they were at first, for all of them;
    ``_shelf`` what is made of others.  ``_edited`` are the latter.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        options: Options = DEFAULTS,
        alignment: Alignment = ALONE,
        earlier: Resident | None = None,
        touched: Reads = _NOTHING,
        regrouped: Mapping[str, Regrouped] = _UNCHANGED,
    ) -> None:
        self._frames = _Frames()
        watched = _watched(snapshot, self._frames)
        super().__init__(watched, options, alignment=alignment)
        self.index: _WatchedIndex = _WatchedIndex(watched)
        self.index.regrouped = regrouped
        self._common: _Shelf = _Shelf() if earlier is None else earlier._common
        self._shelf: _Shelf = _Shelf() if earlier is None else earlier._shelf.without(touched)
        self._edited: Reads = touched if earlier is None else earlier._edited | touched
        if earlier is not None:
            kinds = {kind for kind, _ in touched}
            _inherit(watched, earlier.snapshot, kinds)
            self.index.tables.update(
                (name, made)
                for name, made in earlier.index.tables.items()
                if made.reads.isdisjoint(touched)
            )

    def after(self, snapshot: Snapshot, touched: Reads) -> Resident:
        """The ground of a snapshot that differs from this one's in these rules only."""
        return self._after(snapshot, touched, self.all_regrouped)

    def regrouping(
        self, snapshot: Snapshot, touched: Reads, standing: Standing
    ) -> tuple[Resident, Resident]:
        """This ground with some interfaces apart, and that of a snapshot that differs from this
        one's in these rules, in what groups these interfaces wear, and in which of them there
        are."""
        one, other = dict(self.all_regrouped), dict[str, Regrouped]()
        names, reads = set[str](), set[Read]()
        for now, there in standing.each():
            name = now.network_interface_id
            if name not in one:
                number = max({**self.identities(), **_numbers(one)}, default=0) + 1
                was = self.snapshot.get(NetworkInterface, name)
                known = was is not None
                one[name] = Regrouped(was or now, number, there=known, came=not known)
                reads |= set() if known else {(NetworkInterface, each) for each in _read_of(now)}
            other[name] = replace(one[name], interface=now, there=there)
            own = name if one[name].came else classes(self).of(name)
            names |= {name, own, *worn(now), *worn(one[name].interface)}
        apart = frozenset((NetworkInterface, name) for name in names)
        if reads:  # tables are of those who were there: made before others come
            _ = self.index.roll, self.index.interfaces
        told = self._with(standing, one)
        before = Resident(told, self.options, self.alignment, self, apart | reads, one)
        return before, before._after(snapshot, apart | touched, one | other)

    def _with(self, standing: Standing, one: Mapping[str, Regrouped]) -> Snapshot:
        """The snapshot with those that have come, and their instances."""
        contents = dict(self.snapshot.contents)
        come = [each.interface for name, each in one.items() if each.came]
        for record in come:
            name = record.network_interface_id
            if name not in contents[NetworkInterface]:
                contents[NetworkInterface] = amended(contents[NetworkInterface], name, record)
        for instance in standing.instances:
            known = contents.get(Instance, {})
            contents[Instance] = amended(known, instance.instance_id, instance)
        return replace(self.snapshot, contents=contents)

    def _after(
        self, snapshot: Snapshot, touched: Reads, regrouped: Mapping[str, Regrouped]
    ) -> Resident:
        if regrouped:
            # Who is whose is told as it was: they stand apart, and nobody else has changed.
            told = dict(snapshot.contents)
            for kind in _WHO:
                if kind in self.snapshot.contents:
                    told[kind] = self.snapshot.contents[kind]
            snapshot = replace(snapshot, contents=told)
        return Resident(snapshot, self.options, self.alignment, self, touched, regrouped)

    # ------------------------------------------------------------------- who has changed groups

    @property
    def all_regrouped(self) -> Mapping[str, Regrouped]:
        return self.index.regrouped

    def regrouped(self, interface_id: str) -> Regrouped | None:
        self._frames.hear((NetworkInterface, interface_id))
        return self.all_regrouped.get(interface_id)

    def regrouped_of(self, class_id: str) -> Sequence[Regrouped]:
        self._frames.hear((NetworkInterface, class_id))
        return [e for name, e in self.all_regrouped.items() if classes(self).of(name) == class_id]

    @property
    def newcomers(self) -> Sequence[NetworkInterface]:
        self._frames.hear((NetworkInterface, _NEWCOMERS))
        return self.index.come

    def identities(self) -> Mapping[int, Sender]:
        known = super().identities()
        return {**known, **_numbers(self.all_regrouped)} if self.all_regrouped else known

    def senders_with(self, group: str) -> tuple[tuple[int, str], ...]:
        self._frames.hear((NetworkInterface, group))
        more = _numbers(self.all_regrouped).items()
        apart = ((number, vpc) for number, (vpc, groups) in more if group in groups)
        return (*super().senders_with(group), *apart)

    def made_of(self, touched: Reads) -> tuple[str, ...]:
        """The nodes made so far of any of these records."""
        shelves = (self._common, self._shelf)
        found = (shelf.of.get(read, {}) for shelf in shelves for read in touched)
        return tuple(dict.fromkeys(name for names in found for name in names))

    def memo(self, key: str, make: Callable[[], T]) -> T:
        known = self._known(self._common.memo, self._shelf.memo, key)
        if known is None:
            known = self._frames.make(make)
            self._place(known).memo[key] = known
        else:
            self._frames.note(known.reads)
        return cast("T", known.value)

    def later(self, make: Callable[[], tuple[T, ...]]) -> Sequence[T]:
        """At once: a node says what it was made of when it is made."""
        return make()

    def _make(self, name: str) -> Node:
        known = self._known(self._common.nodes, self._shelf.nodes, name)
        if known is None:
            known = self._frames.make(lambda: super(Resident, self)._make(name))
            self._place(known).keep(name, known)
        return cast("Node", known.value)

    def _known(
        self, common: Mapping[str, _Made], own: Mapping[str, _Made], key: str
    ) -> _Made | None:
        known = own.get(key)
        if known is None:
            known = common.get(key)
            if known is not None and not known.reads.isdisjoint(self._edited):
                return None
        return known

    def _place(self, made: _Made) -> _Shelf:
        return self._common if made.reads.isdisjoint(self._edited) else self._shelf


def _read_of(come: NetworkInterface) -> tuple[str, ...]:
    """What is read of one that comes by whoever reads of others where it stands."""
    return come.subnet_id or "", come.vpc_id or "", _NEWCOMERS


def _numbers(regrouped: Mapping[str, Regrouped]) -> dict[int, Sender]:
    every = regrouped.values()
    return {each.number: (each.interface.vpc_id or "", worn(each.interface)) for each in every}


def _watched(snapshot: Snapshot, frames: _Frames) -> _Watched:
    told = {each.name: getattr(snapshot, each.name) for each in fields(Snapshot)}
    watched = _Watched(**told, frames=frames)
    _inherit(watched, snapshot, ())
    return watched


def _inherit(snapshot: Snapshot, earlier: Snapshot, kinds: Iterable[type[Record]]) -> None:
    """What was worked out of a snapshot's records, but for those of some kinds."""
    told = {each.name for each in fields(_Watched)}
    for name, value in earlier.__dict__.items():
        if name == "_tuples":
            value = {kind: found for kind, found in value.items() if kind not in set(kinds)}
        if name not in told:
            snapshot.__dict__[name] = value
