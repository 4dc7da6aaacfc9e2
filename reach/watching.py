"""Who reads what of a snapshot, while something is made of it.

    watched(snapshot, frames)    WatchedIndex(snapshot)    frames.make(make) -> Made, with its reads

Hears whoever is handed a record of a kind that may be edited alone (:mod:`reach.editable`), from
the snapshot, its index, its tags, or a table.  Must not know what is made, nor what of it is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from functools import cached_property
from heapq import merge
from operator import attrgetter
from threading import local
from typing import Any, TypeVar, cast

from reach.component import Loner
from reach.editable import (
    COME_AND_GO,
    LASTING,
    MAPPED,
    RULES,
    SERVICES,
    Read,
    Reads,
    at,
    home,
    may_be_edited,
    of,
)
from reach.interfaces.kinds import addresses_of, worn
from reach.interfaces.serving import Serving
from reach.network.header_space import Ranges
from reach.snapshot.crowd import Crowd, Mixed
from reach.snapshot.index import (
    Index,
    Interfaces,
    instance_of,
    outer_mapping,
    private_addresses,
)
from reach.snapshot.lines import Lines
from reach.snapshot.record import Record
from reach.snapshot.records import (
    NetworkAcl,
    NetworkInterface,
    RouteTable,
    SecurityGroup,
)
from reach.snapshot.snapshot import AnyRecord, Snapshot
from reach.snapshot.tags import Tags

T = TypeVar("T")
_ALL = "Index.interfaces"


@dataclass(frozen=True, slots=True)
class Made:
    """A thing with what was read for it."""

    value: object
    reads: Reads


class Keyed(Mapping[str, Any]):
    """A table that tells what is looked up in it."""

    def __init__(self, frames: Frames, name: str, made: Made) -> None:
        self._frames, self._name, self._made = frames, name, made
        self._table = cast("Mapping[str, Any]", made.value)

    def __getitem__(self, key: str) -> Any:
        self._frames.hear((self._name, key))
        return self._table[key]

    def __iter__(self) -> Iterator[Any]:
        self._frames.note(self._made.reads)
        return iter(self._table)

    def __len__(self) -> int:
        self._frames.note(self._made.reads)
        return len(self._table)


class Frames(local):
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

    def make(self, make: Callable[[], T]) -> Made:
        """A thing, with what was read for it; whoever asked for it has read that as well."""
        made = self.make_apart(make)
        self.note(made.reads)
        return made

    def make_apart(self, make: Callable[[], T]) -> Made:
        """The same, and who asked for it is yet to say what he looked at."""
        with self.unheard(), self.frame() as reads:
            value = make()
        return Made(value, frozenset(reads))


@dataclass(frozen=True, eq=False)
class Watched(Snapshot):
    """A snapshot that tells which records it hands out."""

    frames: Frames = field(default_factory=Frames, repr=False)

    def records(self, kind: type[AnyRecord]) -> tuple[AnyRecord, ...]:
        if kind in RULES:
            self.frames.hear((kind, ""))
        return super().lasting(kind)

    def lasting(self, kind: type[AnyRecord]) -> tuple[AnyRecord, ...]:
        if kind in COME_AND_GO:
            self.frames.hear((kind, LASTING))
        return super().lasting(kind)

    def get(self, kind: type[AnyRecord], name: str) -> AnyRecord | None:
        found = super().get(kind, name)
        if kind in RULES and may_be_edited(kind, found):
            self.frames.hear((kind, name))
        return found


class WatchedIndex(Index):
    """An index that tells which records it hands out, and of which its tables are made."""

    def __init__(self, snapshot: Watched) -> None:
        super().__init__(snapshot)
        self.frames = snapshot.frames
        self.loners: Mapping[str, Loner] = {}
        self.serving = Serving()
        self.tables: dict[str, Made] = {}
        self._tags = WatchedTags(snapshot)
        self._lines = _WatchedLines(self)

    @property
    def lines(self) -> Lines:
        return self._lines

    @property
    def tags(self) -> WatchedTags:
        return self._tags

    def take_over(self, earlier: WatchedIndex, touched: Reads) -> None:
        """What was worked out of other records."""
        self.tables.update(
            (name, made) for name, made in earlier.tables.items() if made.reads.isdisjoint(touched)
        )
        self._tags.take_over(earlier.tags, {kind for kind, _ in touched})

    def network_acl_of(self, subnet_id: str) -> NetworkAcl | None:
        with self.frames.unheard():
            acl = super().network_acl_of(subnet_id)
        self.frames.hear((NetworkAcl, of(subnet_id)))
        if acl is not None:
            self.frames.hear((NetworkAcl, acl.network_acl_id))
        return acl

    def route_table_of(self, subnet_id: str) -> RouteTable | None:
        with self.frames.unheard():
            table = super().route_table_of(subnet_id)
        self.frames.hear((RouteTable, of(subnet_id)))
        self.frames.hear((RouteTable, of(self._vpc_of(subnet_id))))
        return self._handed(table)

    def gateway_route_tables(self, gateway_id: str) -> tuple[RouteTable, ...]:
        with self.frames.unheard():
            tables = super().gateway_route_tables(gateway_id)
        self.frames.hear((RouteTable, of(gateway_id)))
        for each in tables:
            self._handed(each)
        return tables

    def group_but_rules(self, group_id: str) -> SecurityGroup | None:
        self.frames.hear((SecurityGroup, home(group_id)))
        with self.frames.unheard():
            return super().group_but_rules(group_id)

    def wearing(self, group_id: str) -> Interfaces:
        """Told as it is now of those that stand apart."""
        self.frames.hear((NetworkInterface, group_id))
        with self.frames.unheard():
            found = super().wearing(group_id)
        found = self.as_now(found, lambda each: group_id in worn(each))
        if not self.loners:
            return found
        changed = {name: each.interface for name, each in self.loners.items()}
        now = {name: each for name, each in changed.items() if group_id in worn(each)}
        if self.roll is not None:
            own, others = self.crowd_of(found)
            come = [each for name in now if (each := self.loners[name].beside)]
            return own.with_others(changed, now).beside((*others, *come))
        kept = (each for each in found if each.network_interface_id not in changed)
        return tuple(sorted((*kept, *now.values()), key=attrgetter("network_interface_id")))

    def crowd_of(self, some: Interfaces) -> tuple[Crowd, Interfaces]:
        """Those of the roll, and the others."""
        assert self.roll is not None
        if isinstance(some, Mixed):
            return some.crowd, some.others
        return (some if isinstance(some, Crowd) else self.roll.crowd(self.roll.nobody)), ()

    def as_now(
        self,
        known: Interfaces,
        test: Callable[[NetworkInterface], bool],
        since: Serving | None = None,
    ) -> Interfaces:
        """What a table tells, and those of services that pass the test, as they are since."""
        serving = self.serving if since is None else since
        if not serving.there and not serving.gone:
            return known
        if self.roll is not None:
            come = tuple(filter(test, serving.there.values()))
            own, others = self.crowd_of(known)
            left = own.with_others(serving.gone, ()) if serving.gone else own
            return left.beside((*others, *come))
        return serving.as_now(known, test)

    @property
    def interfaces(self) -> Interfaces:
        """Of these tables are made: who has come or gone since is told beside them."""
        known = self.tables.get(_ALL)
        if known is None:
            with self.frames.unheard():
                known = self.tables[_ALL] = Made(super().interfaces, frozenset())
        return cast("Interfaces", known.value)

    @property
    def but_gone(self) -> Interfaces:
        self.frames.hear((NetworkInterface, SERVICES))
        return self.as_now(self.interfaces, lambda each: False)

    def interfaces_where(self, test: Callable[[NetworkInterface], bool]) -> Interfaces:
        self.frames.hear((NetworkInterface, SERVICES))
        return self.as_now(super().interfaces_where(test), test)

    @property
    def mapped(self) -> Interfaces:
        self.frames.hear((NetworkInterface, MAPPED))
        known, since = self.mapped_at_first, self.serving.mapped
        return self.as_now(known, lambda each: bool(outer_mapping(each)), since)

    def interface_of_public_address(self, address: int) -> tuple[NetworkInterface, int] | None:
        self.frames.hear((NetworkInterface, MAPPED))
        since = self.serving.mapped
        for each in since.there.values():
            for private, public in outer_mapping(each):
                if public == address:
                    return each, private
        known = super().interface_of_public_address(address)
        return None if known is not None and known[0].network_interface_id in since.gone else known

    @property
    def come(self) -> tuple[NetworkInterface, ...]:
        """What is in no table, as it has come since."""
        return tuple(each.beside for each in self.loners.values() if each.beside is not None)

    def public_ipv4_in(self, vpc_id: str) -> Ranges:
        """Of those that come none has such."""
        with self.frames.unheard():
            return super().public_ipv4_in(vpc_id)

    def owner_of_address(self, address: int) -> tuple[NetworkInterface, ...]:
        self.frames.hear((NetworkInterface, at(address)))
        own = (each for each in self.come if address in addresses_of(each))
        known = (*super().owner_of_address(address), *own)
        return self.serving.as_now(known, lambda each: address in addresses_of(each))

    def addresses_within(self, spans: Ranges) -> Iterator[int]:
        known = super().addresses_within(spans)
        every = (*self.come, *self.serving.there.values())
        more = {a for each in every for a in private_addresses(each) if a in spans}
        found = merge(known, sorted(more)) if more else known
        return filter(self._is_had, found) if self.serving.gone else found

    def _is_had(self, address: int) -> bool:
        with self.frames.unheard():
            return bool(self.owner_of_address(address))

    def _handed(self, table: RouteTable | None) -> RouteTable | None:
        if table is not None:
            self.frames.hear((RouteTable, table.route_table_id))
        return table


class WatchedTags(Tags):
    """Tags that tell of which kinds they are, as records that carry some may come and go."""

    def __init__(self, snapshot: Watched) -> None:
        super().__init__(snapshot)
        self._frames = snapshot.frames

    def _of(self, kind: type[Record]) -> Any:
        if kind in COME_AND_GO:
            self._frames.hear((kind, ""))
        return super()._of(kind)

    def take_over(self, earlier: WatchedTags, kinds: Set[object]) -> None:
        self._known.update((k, each) for k, each in earlier._known.items() if k not in kinds)


class _WatchedLines(Lines):
    """Lines whose tables are of the index that they belong to."""

    def __init__(self, index: WatchedIndex) -> None:
        super().__init__(index.snapshot, index.prefix_list_entries)
        self.frames, self.tables = index.frames, index.tables

    @property
    def _learners(self) -> dict[str, tuple[str, ...]]:
        """Nothing is kept: who asks again has to hear it again."""
        return {}


def _watched_table(name: str, make: Callable[[Any], object]) -> property:
    """A table that is worked out once, and says to each who looks at it what it is made of."""

    def look(index: WatchedIndex | _WatchedLines) -> object:
        known = index.tables.get(name)
        if known is None:
            known = index.tables[name] = index.frames.make(lambda: make(index))
        else:
            index.frames.note(known.reads)
        return known.value

    return property(look)


_WATCHED: Iterable[tuple[type, type]] = ((Index, WatchedIndex), (Lines, _WatchedLines))
for _plain, _watching in _WATCHED:
    for _name, _table in list(vars(_plain).items()):
        if isinstance(_table, cached_property) and _name not in vars(_watching):
            _look = _watched_table(f"{_plain.__name__}.{_name}", _table.func)
            setattr(_watching, _name, _look)


class _Beside(Mapping[str, Interfaces]):
    """A table of interfaces by where they are, with those that have come since, and without those
    that have gone; whoever looks one place up is made of what is there.  Of an instance only its
    own interfaces ask."""

    def __init__(self, index: WatchedIndex, known: Mapping[str, Interfaces], kept: _Kept) -> None:
        self._index, self._known, self._kept = index, known, kept

    def __getitem__(self, name: str) -> Interfaces:
        index, kept = self._index, self._kept
        if kept.at is not instance_of:
            index.frames.hear((NetworkInterface, name))
        own = tuple(e for e in index.come if kept.at(e) == name) if kept.apart else ()
        if not own and not index.serving:
            return self._known[name]
        known = index.as_now(
            self._known.get(name, ()),
            lambda each: kept.at(each) == name and bool(kept.test(each)),
            index.serving if kept.apart else index.serving.mapped,
        )
        if own and isinstance(known, Crowd | Mixed):
            crowd, others = index.crowd_of(known)
            return crowd.beside((*others, *own))
        return (*known, *own) if own else known

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)


_Place = Callable[[NetworkInterface], str | None]


@dataclass(frozen=True)
class _Kept:
    """Which interfaces a table keeps, and by what; with those that stand apart, or not."""

    at: _Place
    test: Callable[[NetworkInterface], object] = bool
    apart: bool = True


_BY_SUBNET, _BY_VPC = attrgetter("subnet_id"), attrgetter("vpc_id")
_PLACES: Mapping[str, _Kept] = {
    "interfaces_by_subnet": _Kept(_BY_SUBNET),
    "interfaces_by_vpc": _Kept(_BY_VPC),
    "interfaces_by_instance": _Kept(instance_of),
    "mapped_by_subnet": _Kept(_BY_SUBNET, outer_mapping, apart=False),
    "mapped_by_vpc": _Kept(_BY_VPC, outer_mapping, apart=False),
}


def _place_table(name: str, kept: _Kept) -> property:
    known = vars(WatchedIndex)[name]
    return property(lambda index: _Beside(index, known.__get__(index), kept))


for _name, _each in _PLACES.items():
    setattr(WatchedIndex, _name, _place_table(_name, _each))


def watched(snapshot: Snapshot, frames: Frames) -> Watched:
    told = {each.name: getattr(snapshot, each.name) for each in fields(Snapshot)}
    heard = Watched(**told, frames=frames)
    inherit(heard, snapshot, ())
    return heard


def inherit(snapshot: Snapshot, earlier: Snapshot, kinds: Iterable[object]) -> None:
    """What was worked out of a snapshot's records, but for those of some kinds."""
    told = {each.name for each in fields(Watched)}
    for name, value in earlier.__dict__.items():
        if name == "_tuples":
            value = {kind: found for kind, found in value.items() if kind not in set(kinds)}
        if name not in told:
            snapshot.__dict__[name] = value
