"""A ground that knows which records each of its nodes was made of, and so outlives a changed one.

    Resident(snapshot, options)    .after(snapshot, touched) -> Resident

While a node, a memo or a table of the index is made, the records that it is handed are noted,
those of the kinds that can be edited on their own, or come and go (:mod:`reach.editable`).  After
such an edit what was made of other records is taken over as it is, the rest is made anew when it is
next asked for: the same as if all had been.  What works things out later, by itself, reads no
record that may be edited.

Who looks something up in a table of many records (``Lowering.table``) is made of what stands under
that key alone; after an edit of any of these records the table is made anew and compared, key by
key.

Must not know questions or the engines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar, cast

from reach.balancing import joins
from reach.component import Loner, Lowering
from reach.editable import (
    NEWCOMERS,
    NOTHING,
    Read,
    Reads,
    led_by,
    may_be_edited,
)
from reach.gone import GoneError
from reach.interfaces import claims, endpoints
from reach.interfaces import loners as of_loners
from reach.interfaces.classes import classes
from reach.interfaces.kinds import worn
from reach.interfaces.serving import Serving, sender_of
from reach.lower import ALONE, Alignment, Ground, Sender
from reach.network.header_space import Ranges
from reach.network.node import Node
from reach.network.stage import Unmodelled
from reach.options import DEFAULTS, Options
from reach.reduce import ALL, Reductions
from reach.routing import core_attachments, overall, transit_index
from reach.snapshot.amended import amended, without
from reach.snapshot.index import instance_of
from reach.snapshot.record import Record
from reach.snapshot.records import (
    Address,
    Instance,
    NetworkInterface,
)
from reach.snapshot.snapshot import Snapshot
from reach.watching import Frames, Keyed, Made, WatchedIndex, inherit, watched

T = TypeVar("T")
_WHO: tuple[type[Record], ...] = (NetworkInterface, Instance, Address)
OUTSIDE: Read = (NetworkInterface, "outside")  # by whoever reads which public addresses count
FREED: Read = (NetworkInterface, "freed")  # ... and which are hosts' on the internet
# What the comparison takes from the ground before, so that it must not be made of what was edited.
TAKEN_OVER = ("network_interface classes", "plain hosts", "identity numbers", "own senders")
_UNCHANGED: Mapping[str, Loner] = {}
_AS_TOLD = Serving()


@dataclass(frozen=True)
class Standing:
    """The interfaces that are to stand apart: as they are ``there`` afterwards, or ``gone``; with
    the instances of those that nobody has seen yet.  Of the public addresses that they put on or
    off it says whether they are ``free``, before and after: a host's on the internet."""

    there: tuple[NetworkInterface, ...] = ()
    gone: tuple[NetworkInterface, ...] = ()
    instances: tuple[Instance, ...] = ()
    free: Mapping[int, tuple[bool, bool]] = field(default_factory=dict)

    def each(self) -> Iterator[tuple[NetworkInterface, Ranges]]:
        """Each with the addresses that it holds afterwards."""
        yield from ((each, of_loners.held(each)) for each in self.there)
        yield from ((each, of_loners.NOBODY) for each in self.gone)


# ------------------------------------------------------------------- what is kept


@dataclass(slots=True)
class _Shelf:
    """What was made, by name, and of which records nodes were."""

    memo: dict[str, Made] = field(default_factory=dict)
    nodes: dict[str, Made] = field(default_factory=dict)
    of: dict[Read, dict[str, None]] = field(default_factory=dict)

    def keep(self, name: str, made: Made) -> None:
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
        touched: Reads = NOTHING,
        loners: Mapping[str, Loner] = _UNCHANGED,
        serving: Serving = _AS_TOLD,
        reductions: Reductions = ALL,
    ) -> None:
        self._frames = Frames()
        heard = watched(snapshot, self._frames)
        reductions = reductions if earlier is None else earlier.reductions
        super().__init__(heard, options, reductions, alignment)
        self.index: WatchedIndex = WatchedIndex(heard)
        self.index.loners, self.index.serving = loners, serving
        self._common: _Shelf = _Shelf() if earlier is None else earlier._common
        self._shelf: _Shelf = _Shelf() if earlier is None else earlier._shelf.without(touched)
        # How tables are made, of all grounds of one estate; and those of which it is known what
        # stood in them before all edits (None: there were none yet).
        self._makers: dict[str, Callable[[Lowering], Mapping[str, Any]]] = (
            {} if earlier is None else earlier._makers
        )
        self._told: frozenset[str] | None = None if earlier is None else earlier.tables_told
        self._edited: Reads = touched if earlier is None else earlier._edited | touched
        self.touched = touched
        # Until it is known which tables say something else, nothing that is made here is shared.
        self._is_settled = earlier is None
        if earlier is not None:
            inherit(heard, earlier.snapshot, {kind for kind, _ in touched})
            self.index.take_over(earlier.index, touched)

    def after(self, snapshot: Snapshot, touched: Reads) -> Resident:
        """The ground of a snapshot that differs from this one's in these records only.

        It is ``touched`` by them, and by what else is read of them.
        """
        return self._after(snapshot, touched, self.loners)

    def takes_over(self, touched: Reads) -> bool:
        """Whether nothing that a comparison takes from this ground is made of these records."""
        shelves = (self._shelf.memo, self._common.memo)
        made = (known for key in TAKEN_OVER for each in shelves if (known := each.get(key)))
        return all(each.reads.isdisjoint(touched) for each in made)

    def setting_loners(
        self, snapshot: Snapshot, touched: Reads, standing: Standing
    ) -> tuple[Resident, Resident]:
        """This ground with some interfaces apart, and that of a snapshot that differs from this
        one's in these rules, in what groups these interfaces wear, and in what addresses they
        hold."""
        one, other = dict(self.loners), dict[str, Loner]()
        names, reads = set[str](), set[Read]()
        for now, holds in standing.each():
            name = now.network_interface_id
            known = self.snapshot.get(NetworkInterface, name)
            if name not in one:
                number = max({**self.identities(), **_numbers(one)}, default=0) + 1
                one[name] = of_loners.first(known, now, number)
            one[name] = of_loners.with_addresses(one[name], now, known)
            if one[name].beside is not self._beside(name):
                reads |= {(NetworkInterface, each) for each in _read_of(now)}
                names |= {each.network_interface_id for each in self._siblings(now)}
            both = of_loners.paired(one[name], known, now, holds)
            one[name], other[name] = of_loners.freed(both, standing.free)
            if one[name].paired != other[name].paired or one[name].pairs != self._pairs(name):
                reads.add(OUTSIDE)
            reads |= {FREED} if one[name].free | other[name].free else set()
            own = name if one[name].came else classes(self).of(name)
            names |= {name, own, *worn(now), *worn(one[name].interface)}
        apart = frozenset((NetworkInterface, name) for name in names)
        if reads - {OUTSIDE, FREED}:  # tables are of those who were there: made before others come
            _ = self.index.roll, self.index.interfaces
        told = self._with(standing, one)
        before = Resident(
            told, self.options, self.alignment, self, apart | reads, one, self.serving
        )
        before._is_settled = True
        return before, before._after(snapshot, apart | touched, one | other)

    def _siblings(self, interface: NetworkInterface) -> Sequence[NetworkInterface]:
        """The interfaces of the same instance, which lead to it."""
        return self.index.interfaces_by_instance.get(instance_of(interface) or "", ())

    def _pairs(self, name: str) -> frozenset[tuple[int, int]]:
        known = self.loners.get(name)
        return frozenset() if known is None else known.pairs

    def _beside(self, name: str) -> NetworkInterface | None:
        known = self.loners.get(name)
        return None if known is None else known.beside

    def _with(self, standing: Standing, one: Mapping[str, Loner]) -> Snapshot:
        """The snapshot with those that have come, and their instances."""
        contents = dict(self.snapshot.contents)
        for name, each in one.items():
            if each.came:
                was = self.snapshot.get(NetworkInterface, name)
                record = each.interface if was is None else of_loners.joined(was, each.interface)
                contents[NetworkInterface] = amended(contents[NetworkInterface], name, record)
        for instance in standing.instances:
            known = contents.get(Instance, {})
            contents[Instance] = amended(known, instance.instance_id, instance)
        return replace(self.snapshot, contents=contents)

    def _after(self, snapshot: Snapshot, touched: Reads, loners: Mapping[str, Loner]) -> Resident:
        served, led = self._served(snapshot, touched), led_by(touched)
        serving = self._told_of(served)
        if led:
            now = {name: each for name in sorted(led) if (each := _interface(snapshot, name))}
            serving = replace(serving, led={**serving.led, **now})
        if loners:
            snapshot = self._told_as_it_was(snapshot, touched, (*served, *led))
        if serving:
            _ = self.index.roll, self.index.interfaces  # tables are of those who were there
        self._tell_tables()
        while True:
            later = Resident(snapshot, self.options, self.alignment, self, touched, loners, serving)
            others = later.keys_unlike(self)
            if others <= touched:
                later._is_settled = True
                return later
            touched |= others

    def _told_as_it_was(
        self, snapshot: Snapshot, touched: Reads, others: Iterable[str]
    ) -> Snapshot:
        """Who is whose is told as it was: they stand apart, and nobody else has changed, but for
        interfaces that were edited alone, and Elastic IPs."""
        told = dict(snapshot.contents)
        edited = {NetworkInterface: {*others}, Address: {n for k, n in touched if k is Address}}
        for kind in _WHO:
            if kind in self.snapshot.contents:
                known = self.snapshot.contents[kind]
                for name in sorted(edited.get(kind, ())):
                    now = snapshot.contents[kind].get(name)
                    if now is not None:
                        known = amended(known, name, now)
                    elif name in known:
                        known = without(known, name)
                told[kind] = known
        return replace(snapshot, contents=told)

    # ------------------------------------------------------------------- what serves

    @property
    def serving(self) -> Serving:
        return self.index.serving

    def _served(
        self, snapshot: Snapshot, touched: Reads
    ) -> Mapping[str, tuple[NetworkInterface | None, NetworkInterface | None]]:
        """The interfaces of services that were edited alone, as they were and as they are."""
        names = sorted(name for kind, name in touched if kind is NetworkInterface)
        both = {n: (_interface(self.snapshot, n), _interface(snapshot, n)) for n in names}
        return {
            name: (was, now)
            for name, (was, now) in both.items()
            if was is not now
            and may_be_edited(NetworkInterface, was)
            and may_be_edited(NetworkInterface, now)
        }

    def _told_of(
        self, served: Mapping[str, tuple[NetworkInterface | None, NetworkInterface | None]]
    ) -> Serving:
        """What serves, and the numbers of groups that nobody has worn so far."""
        if not served:
            return self.serving
        later = self.serving.after(served)
        every = dict.fromkeys(sender_of(each) for each in later.there.values())
        new = [sender for sender in every if sender[1] and not self.identity(*sender)]
        first = max(self.identities(), default=0) + 1
        numbers = {sender: number for number, sender in enumerate(new, first)}
        return replace(later, numbers={**later.numbers, **numbers})

    def identity(self, vpc: str, groups: Iterable[str]) -> int:
        worn = frozenset(groups)
        return super().identity(vpc, worn) or self.serving.numbers.get((vpc, worn), 0)

    # ------------------------------------------------------------------- tables

    def _tell_tables(self) -> None:
        """Ask for the tables that many nodes look into, perhaps later.  What is asked for only once
        there is another ground is compared with nothing: it is made of all its records."""
        self.joined("", outbound=False)
        self.links()
        self.announcements()
        overall.tell(self)
        transit_index.tell(self)
        core_attachments.tell(self)
        joins.tell(self)
        endpoints.tell(self)
        claims.elastic(self)
        self._told = self.tables_told

    def table(self, key: str, make: Callable[[Lowering], Mapping[str, T]]) -> Mapping[str, T]:
        self._makers[key] = make
        known = self._table(key)
        if key in self.tables_told:
            return Keyed(self._frames, key, known)
        self._frames.note(known.reads)
        return cast("Mapping[str, T]", known.value)

    @property
    def tables_told(self) -> frozenset[str]:
        known = self._told
        return frozenset(self._makers.keys() & self._common.memo.keys()) if known is None else known

    def _table(self, key: str) -> Made:
        known = self._known(self._common.memo, self._shelf.memo, key)
        if known is None:
            known = self._frames.make_apart(lambda: self._makers[key](self))
            self._place(known).memo[key] = known
        return known

    def keys_unlike(self, earlier: Resident) -> Reads:
        """The keys under which something else stands in tables than in an earlier ground."""
        found: set[Read] = set()
        for name in self.tables_told:
            one, other = (ground._table(name).value for ground in (earlier, self))
            if one is not other:
                assert isinstance(one, Mapping)
                assert isinstance(other, Mapping)
                keys = (*one, *(key for key in other if key not in one))
                found |= {(name, k) for k in keys if one.get(k, found) != other.get(k, found)}
        return frozenset(found)

    # ------------------------------------------------------------------- who stands apart

    @property
    def loners(self) -> Mapping[str, Loner]:
        return self.index.loners

    def loner(self, interface_id: str) -> Loner | None:
        self._frames.hear((NetworkInterface, interface_id))
        return self.loners.get(interface_id)

    def loners_of(self, class_id: str) -> Sequence[Loner]:
        self._frames.hear((NetworkInterface, class_id))
        return [e for name, e in self.loners.items() if classes(self).of(name) == class_id]

    def paired_in(self, vpc: str) -> Sequence[Loner]:
        self._frames.hear(OUTSIDE)
        every = (each for each in self.loners.values() if each.pairs)
        return [each for each in every if vpc in ("", each.interface.vpc_id)]

    def freed(self) -> tuple[Ranges, Ranges]:
        self._frames.hear(FREED)
        every = Ranges.of(*(p for each in self.loners.values() for _, p in each.pairs))
        free = Ranges.of(*(public for each in self.loners.values() for public in each.free))
        return every - free, free

    @property
    def newcomers(self) -> Sequence[NetworkInterface]:
        self._frames.hear((NetworkInterface, NEWCOMERS))
        return (*self.index.come, *self.serving.there.values())

    def identities(self) -> Mapping[int, Sender]:
        known, more = super().identities(), self._numbered_since()
        return {**known, **more} if more else known

    def _numbered_since(self) -> Mapping[int, Sender]:
        """Who sends and was not there at first: what serves, and those that stand apart."""
        serve = {number: sender for sender, number in self.serving.numbers.items()}
        return {**serve, **_numbers(self.loners)}

    def senders_with(self, group: str) -> tuple[tuple[int, str], ...]:
        self._frames.hear((NetworkInterface, group))
        more = self._numbered_since().items()
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
            known = self._frames.make(lambda: self._node(name))
            self._place(known).keep(name, known)
        return cast("Node", known.value)

    def _node(self, name: str) -> Node:
        """A node; of a thing that has gone nothing is left, and nobody is led there."""
        try:
            return super()._make(name)
        except GoneError:
            return Node(name, (Unmodelled(self._beyond(name.split("/", 2)[1])),))

    def _known(self, common: Mapping[str, Made], own: Mapping[str, Made], key: str) -> Made | None:
        known = own.get(key)
        if known is None:
            known = common.get(key)
            if known is not None and not known.reads.isdisjoint(self._edited):
                return None
        return known

    def _place(self, made: Made) -> _Shelf:
        shared = self._is_settled and made.reads.isdisjoint(self._edited)
        return self._common if shared else self._shelf


def _interface(snapshot: Snapshot, name: str) -> NetworkInterface | None:
    found = snapshot.contents.get(NetworkInterface, {}).get(name)
    assert found is None or isinstance(found, NetworkInterface)
    return found


def _read_of(come: NetworkInterface) -> tuple[str, ...]:
    """What is read of one that comes, or gets addresses, by whoever reads of others where it
    stands."""
    return come.subnet_id or "", come.vpc_id or "", NEWCOMERS


def _numbers(loners: Mapping[str, Loner]) -> dict[int, Sender]:
    every = loners.values()
    return {each.number: (each.interface.vpc_id or "", worn(each.interface)) for each in every}
