"""Of whom hosts of a subnet consist that are one, and those of them who send, by number.

    Lots(by_subnet, exact).of(owner) -> lots
    each = LotSenders(lots, network, senders)
    each.numbers(number of one) -> numbers      each.bits(set) -> set      each[number] -> Sender

Lots are classes of hosts as they are; whoever is no such host is a lot alone.  A sender is made
when it is looked at, and has the same number whoever was looked at before.  Must not know what is
sent.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import accumulate
from typing import overload

from reach.aim import Start
from reach.interfaces.classes import Classes, classes
from reach.interfaces.plain import identity_of
from reach.lower import Ground
from reach.network.header_space import HeaderSpace, Ranges
from reach.network.node import Network
from reach.snapshot.records import NetworkInterface
from reach.survey.senders import Sender, Senders, sender_of

_HOST, _EMIT = "network_interface", "emit"


class Lot:
    """Hosts of a class as they are; or (without ``members``) whoever else is an owner.

    ``whole`` is the class that they are of where hosts of a subnet wear their groups together.
    """

    def __init__(
        self,
        ground: Ground,
        owner: str,
        whole: str,
        members: Sequence[NetworkInterface],
        is_one_of_several: bool = False,
    ) -> None:
        self.owner, self.whole = owner, whole
        self._ground, self._members = ground, members
        self._is_one_of_several = is_one_of_several

    @property
    def is_of_hosts(self) -> bool:
        return bool(self._members)

    def begins(self, nodes: Iterable[str]) -> Iterator[str]:
        """Where replies of the lot begin, where those of the whole do at these nodes.

        A class answers by its own node; all else is of one thing alone, and so is the same in both
        networks.
        """
        for node in nodes:
            yield f"{self.owner}/{_EMIT}" if node == f"{self.whole}/{_EMIT}" else node

    @cached_property
    def own(self) -> Ranges | None:
        """The addresses by which they are told from the other lots of their whole; None: any, as
        of a lot alone, which may be sent more than it owns (R-IGW-9)."""
        return classes(self._ground).own(self._members) if self._is_one_of_several else None

    @cached_property
    def identity(self) -> int | None:
        """As whom they send; None where that is not told here."""
        return identity_of(self._ground, self._members[0]) if self._members else None


class Lots:
    """``by_subnet`` and ``exact`` are of one snapshot."""

    def __init__(self, by_subnet: Ground, exact: Ground) -> None:
        self._by_subnet, self._exact = by_subnet, exact
        self._classes: Classes = classes(exact)
        self._known: dict[str, tuple[Lot, ...]] = {}
        self._named: dict[str, list[Lot]] = {}  # of one class some may be told apart by subnet

    def of(self, owner: str) -> tuple[Lot, ...]:
        known = self._known.get(owner)
        if known is None:
            known = self._known[owner] = self._of(owner)
            for lot in known:
                self._named.setdefault(lot.owner, []).append(lot)
        return known

    def _of(self, owner: str) -> tuple[Lot, ...]:
        lots = [*self._split(owner)]
        several = len(lots) > 1
        found = [Lot(self._exact, f"{_HOST}/{name}", owner, some, several) for name, some in lots]
        return (*found,) or (Lot(self._exact, owner, owner, ()),)

    def _split(self, owner: str) -> Iterator[tuple[str, Sequence[NetworkInterface]]]:
        """The classes of hosts as they are; nothing of whoever is no such host."""
        is_host = owner.startswith(f"{_HOST}/")
        return self._classes.split(self._by_subnet.behind(owner) if is_host else ())

    def count(self, owner: str) -> int:
        return sum(1 for _ in self._split(owner)) or 1

    def is_of_hosts(self, owner: str) -> bool:
        """Of an owner that is a lot of any that was asked for."""
        return any(lot.is_of_hosts for lot in self._named.get(owner, ()))

    def begins(self, known: Mapping[str, Sequence[str]], owner: str) -> Sequence[str]:
        """Where replies of a lot begin; it is known where those of the whole do."""
        if not self.is_of_hosts(owner):
            return known.get(owner, ())
        found = dict[str, None]()
        for lot in self._named[owner]:
            found.update((node, None) for node in lot.begins(known.get(lot.whole, ())))
        return tuple(found)

    def alone(self, node: str, owner: str) -> Lot:
        """Who sends at a node that is of one thing alone, and so is the same in both networks."""
        own = self.of(owner)
        name = node.split("/", 2)[1]
        exact = own[0].owner if len(own) == 1 else f"{_HOST}/{self._classes.of(name)}"
        return Lot(self._exact, exact, owner, ())


class LotSenders(Sequence[Sender]):
    """The lots of some ``senders``, as senders of a network of hosts as they are."""

    def __init__(self, lots: Lots, network: Network, senders: Senders) -> None:
        self._lots, self._network, self._senders = lots, network, senders
        counts = (self._count(each) for each in senders.each)
        self._begins = (0, *accumulate(counts))
        self._made: dict[int, Sender] = {}
        self._identities: dict[int, tuple[int | None, ...]] = {}

    def __len__(self) -> int:
        return self._begins[-1]

    @overload
    def __getitem__(self, number: int) -> Sender: ...

    @overload
    def __getitem__(self, number: slice) -> tuple[Sender, ...]: ...

    def __getitem__(self, number: int | slice) -> Sender | tuple[Sender, ...]:
        if isinstance(number, slice):
            return tuple(self[each] for each in range(*number.indices(len(self))))
        if not 0 <= number < len(self):
            raise IndexError(number)
        made = self._made.get(number)
        if made is None:
            made = self._made[number] = self._sender(number)
        return made

    def numbers(self, whose: int) -> range:
        """Those that one of the senders consists of."""
        return range(self._begins[whose], self._begins[whose + 1])

    def identities(self, whose: int) -> tuple[int | None, ...]:
        """As whom each of those sends that one of the senders consists of."""
        known = self._identities.get(whose)
        if known is None:
            lots = self._lots_of(self._senders.each[whose])
            known = self._identities[whose] = tuple(lot.identity for lot in lots)
        return known

    def bits(self, senders: int) -> int:
        """Those that some of the senders consist of."""
        found = 0
        for number in self._senders.numbers(senders):
            own = self.numbers(number)
            found |= ((1 << len(own)) - 1) << own.start
        return found

    def lot(self, number: int) -> Lot:
        whose = self._whose(number)
        return self._lots_of(self._senders.each[whose])[number - self._begins[whose]]

    def _whose(self, number: int) -> int:
        return bisect_right(self._begins, number) - 1

    def _count(self, sender: Sender) -> int:
        """How many lots it consists of, which are not made for that."""
        return self._lots.count(sender.owner) if _is_of_class(sender) else 1

    def _lots_of(self, sender: Sender) -> tuple[Lot, ...]:
        if _is_of_class(sender):
            return self._lots.of(sender.owner)
        return (self._lots.alone(sender.node, sender.owner),)

    def _sender(self, number: int) -> Sender:
        sender = self._senders.each[self._whose(number)]
        lot = self.lot(number)
        node = f"{lot.owner}/{_EMIT}" if _is_of_class(sender) else sender.node
        own = HeaderSpace.where(source=lot.own)
        spaces = (start.space & own for start in sender.starts)
        starts = [Start(node, space, lot.owner) for space in spaces if not space.is_empty]
        if not starts:  # hosts of which nobody is in the group that the sender is of
            return Sender(sender.labels, node, lot.owner, None, 0, (), ())
        return sender_of(self._network, sender.labels, starts)


def _is_of_class(sender: Sender) -> bool:
    return sender.node == f"{sender.owner}/{_EMIT}"
