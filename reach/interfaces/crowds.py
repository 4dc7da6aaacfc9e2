"""Very many interfaces as an end of a question: the same end as one by one, by columns.

    end_of(lowering, crowd, words, within) -> End
    receivers_of(lowering, crowd) -> node -> addresses

Records are made of services, which are few, and of what is out of the ordinary.  Starts, and what
each owner may be sent, are made when somebody asks.  Must not decide anything that ``ends`` does
not decide: where interfaces are few, that is asked.
"""

from __future__ import annotations

from collections.abc import ItemsView, Iterable, Iterator, Mapping, Sequence, ValuesView
from functools import cached_property
from itertools import chain
from typing import cast

import numpy as np

from reach.aim import Start
from reach.component import End, Lowering, node_name
from reach.interfaces import ends
from reach.interfaces.classes import classes, made_out
from reach.interfaces.kinds import is_host, owned
from reach.interfaces.rolled import Rolled
from reach.later import Later
from reach.network.header_space import HeaderSpace, LaterRanges, Ranges
from reach.snapshot.crowd import Crowd
from reach.snapshot.ordering import distinct
from reach.snapshot.records import NetworkInterface
from reach.snapshot.roll import Rows

_NOTHING = Ranges(())


def end_of(lowering: Lowering, crowd: Crowd, words: str, within: Ranges | None = None) -> End:
    """Of all their addresses, or of those ``within`` a set."""
    lot = Lot(lowering, crowd, within)
    sender = lot.one_sender()
    services = Later(lambda: ends.opened(lowering, lot.services, within))
    silent = not len(lot.hosts) and not services
    return End(
        words=words,
        starts=Starts(lot, services),
        goals=Goals(lot),
        addresses=lot.addresses(),
        nobody=ends.mute(crowd[0]) if silent else None,
        sender="" if not sender or services else sender,
        may_send=Later(lambda: ends.may_send(lowering, lot.services)),
        passing=tuple(dict.fromkeys(lot.nodes)),
    )


def receivers_of(lowering: Lowering, crowd: Crowd) -> Mapping[str, Ranges]:
    lot = Lot(lowering, crowd)
    own = lot.known.owned_by_class(lot.hosts)
    lots = [
        (row, node_name(ends.NAME, name, "admit"), own.get(number, _NOTHING))
        for row, name, number in lot.known.firsts_of(lot.hosts)
    ]
    rows = lot.rows_of_services.tolist()
    kept = (owned(lowering, each) for each in lot.services)
    lots += zip(rows, lot.nodes, kept, strict=True)
    found: dict[str, Ranges] = {}
    for _, node, addresses in sorted(lots, key=_first):
        known = found.get(node)
        found[node] = addresses if known is None else known | addresses
    return found


class Lot:
    """Some interfaces: the rows of hosts, and the records of services."""

    def __init__(self, lowering: Lowering, crowd: Crowd, within: Ranges | None = None) -> None:
        self.lowering, self.crowd, self.within = lowering, crowd, within
        self.known = cast(Rolled, made_out(lowering))
        host = self.known.host[crowd.rows]
        self.hosts: Rows = crowd.rows[host]
        self.rows_of_services: Rows = crowd.rows[~host]
        self.services = crowd.roll.records(self.rows_of_services)
        self.nodes = tuple(map(lowering.interface_node, self.services))

    @cached_property
    def pooled(self) -> tuple[NetworkInterface, ...]:
        """Those to which something of a pool of addresses is routed."""
        rows = (self.crowd.roll.row(name) for name in ends.routed(self.lowering))
        pooled = np.array(sorted(row for row in rows if row is not None), np.int64)
        return self.crowd.roll.records(pooled[np.isin(pooled, self.crowd.rows)])

    def owners(self) -> Iterator[str]:
        """The classes and the services, as the first of each comes."""
        lots = [(row, f"{ends.NAME}/{name}") for row, name, _ in self.known.firsts_of(self.hosts)]
        names = (node.rpartition("/")[0] for node in self.nodes)
        lots += zip(self.rows_of_services.tolist(), names, strict=True)
        return iter(dict.fromkeys(name for _, name in sorted(lots, key=_first)))

    def of_class(self, class_id: str) -> Rows:
        """The hosts of a class among them."""
        members = self.known.members(class_id)
        if not isinstance(members, Crowd):
            return np.empty(0, np.int64)
        at = np.searchsorted(self.hosts, members.rows)
        there = at < len(self.hosts)
        found: Rows = members.rows[there][self.hosts[at[there]] == members.rows[there]]
        return found

    def one_sender(self) -> str:
        """The instance (or lone interface) that all hosts belong to, if they do."""
        roll = self.crowd.roll
        if len(self.hosts) == 1:
            return roll.instance(int(self.hosts[0])) or roll.name(int(self.hosts[0]))
        own = roll.instances[self.hosts]
        return roll.instance(int(self.hosts[0])) if len(own) and (own == own[0]).all() else ""

    @property
    def is_by_class(self) -> bool:
        """Whether hosts start where their likes do, as all but very few."""
        return len(self.hosts) > ends.MANY or self.lowering.by_class

    def starts(self) -> Iterator[Start]:
        if self.is_by_class:
            return self.starts_of(self.hosts)
        own = self.crowd.roll.records(self.hosts)
        return iter(ends.starts_alone(self.lowering, own, self.within))

    def starts_of(self, hosts: Rows) -> Iterator[Start]:
        """Of some hosts, one for each class."""
        sent = (
            (self.known.name(number), self.meant(self.known.owned(rows)))
            for number, rows in self.known.lots(hosts)
        )
        return (ends.start_of_class(name, own) for name, own in sent if own)

    def posing(self) -> tuple[Start, ...]:
        own = [each for each in self.pooled if is_host(each)]
        return tuple(ends.posing(self.lowering, own, self.within))

    def meant(self, own: Ranges) -> Ranges:
        """Those of some addresses that are asked about."""
        return own if self.within is None else own & self.within

    def addresses(self) -> Ranges:
        """All that any of them receives: when somebody looks, as a million takes long to say."""
        beside = self.meant(Ranges.any_of(self._beside()))
        rows, roll = self.crowd.rows, self.crowd.roll
        if self.within is not None:
            return Ranges(tuple(roll.spans(rows, self.within))) | beside
        return LaterRanges(
            lambda: Ranges(tuple(roll.spans(rows))) | beside, roll.pieces(rows, beside)
        )

    def _beside(self) -> Iterator[Ranges]:
        """What is received beside the addresses that columns tell."""
        for each in self.crowd.roll.records(self.crowd.roll.delegated_of(self.crowd.rows)):
            yield owned(self.lowering, each)
        for each in self.pooled:
            yield ends.pooled(self.lowering, each, None)


def _first(entry: tuple[int, object] | tuple[int, object, object]) -> int:
    return entry[0]


class Starts(Later[Start]):
    """Where they start: hosts by class, as the first of each comes, and then services."""

    def __init__(self, lot: Lot, services: Sequence[Start]) -> None:
        super().__init__(lambda: chain(lot.starts(), self.others()))
        self.lot, self._services = lot, services

    @property
    def is_of_all(self) -> bool:
        """Whether each class starts, and from all of its addresses."""
        return self.lot.is_by_class and self.lot.within is None

    def others(self) -> Iterator[Start]:
        """Those that are no class of hosts."""
        yield from self._services
        yield from self.lot.posing()


class Goals(Mapping[str, HeaderSpace]):
    """What may be delivered to each owner, by owner, as the first of them comes.

    Of classes nothing is listed before somebody goes through all of them.
    """

    def __init__(self, lot: Lot) -> None:
        self.lot = lot
        self._made: dict[str, HeaderSpace] = {}
        self._services: dict[str, list[NetworkInterface]] = {}
        for node, each in zip(lot.nodes, lot.services, strict=True):
            self._services.setdefault(node.rpartition("/")[0], []).append(each)

    @property
    def of_services(self) -> Iterable[str]:
        return self._services.keys()

    def __getitem__(self, owner: str) -> HeaderSpace:
        found = self._made.get(owner)
        if found is None:
            found = self._made[owner] = HeaderSpace.where(destination=self._received(owner))
        return found

    def _received(self, owner: str) -> Ranges:
        lowering = self.lot.lowering
        if owner in self._services:
            own = self._services[owner]
            within = self.lot.within
            return Ranges.union(s for each in own for s in ends.received(lowering, each, within))
        rows = self._rows(owner)
        if not len(rows):
            raise KeyError(owner)
        known = self.lot.known.owned(rows)
        for each in self.lot.pooled:
            if is_host(each) and self.lot.crowd.roll.row(each.network_interface_id) in rows:
                known |= ends.pooled(lowering, each, None)
        return self.lot.meant(known)

    def _rows(self, owner: object) -> Rows:
        """The hosts of a class that are meant; none where that is no class."""
        kind, _, name = str(owner).partition("/")
        return self.lot.of_class(name if kind == ends.NAME else "")

    def __contains__(self, owner: object) -> bool:
        return owner in self._services or len(self._rows(owner)) > 0

    def __iter__(self) -> Iterator[str]:
        return self.lot.owners()

    def __len__(self) -> int:
        return len(distinct(self.lot.known.number[self.lot.hosts])) + len(self._services)

    def __bool__(self) -> bool:
        return len(self.lot.hosts) > 0 or bool(self._services)

    def items(self) -> ItemsView[str, HeaderSpace]:
        return _Items(self)

    def values(self) -> ValuesView[HeaderSpace]:
        return _Values(self)

    def every(self) -> Iterator[tuple[str, HeaderSpace]]:
        """All of them at once, which takes less than one after the other."""
        own = self.lot.known.owned_by_class(self.lot.hosts)
        number = {self.lot.known.name(each): each for each in own}
        pooled = {
            classes(self.lot.lowering).of(each.network_interface_id) for each in self.lot.pooled
        }
        for owner in self:
            kind, _, name = owner.partition("/")
            if owner in self._made or kind != ends.NAME or name in pooled or name not in number:
                yield owner, self[owner]
            else:
                received = self.lot.meant(own[number[name]])
                yield owner, HeaderSpace.where(destination=received)


class _Items(ItemsView[str, HeaderSpace]):
    _mapping: Goals

    def __iter__(self) -> Iterator[tuple[str, HeaderSpace]]:
        return self._mapping.every()


class _Values(ValuesView[HeaderSpace]):
    _mapping: Goals

    def __iter__(self) -> Iterator[HeaderSpace]:
        return (space for _, space in self._mapping.every())
