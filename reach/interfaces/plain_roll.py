"""Plain hosts as a roll of very many tells them: the same as record by record.

Must not decide what makes a host plain: that is for ``plain``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import cast

import numpy as np

from reach.aim import Start
from reach.component import Lowering
from reach.interfaces.classes import made_out
from reach.interfaces.crowds import Goals, Starts
from reach.interfaces.ends import MANY, start_of_class
from reach.interfaces.gathered import Gathered, Together, families_of, gathered
from reach.interfaces.plain import host_of, nodes_of, sending_as, stands_for_itself
from reach.interfaces.rolled import Rolled
from reach.network.header_space import Ranges
from reach.snapshot.ordering import distinct, ranks
from reach.snapshot.roll import Roll, Rows

_NOTHING = Ranges(())


class PlainRoll:
    """``_plain`` says which rows are plain hosts: classes, and instances, as a whole or not at all.
    ``_first`` is the row after which each row's family is called."""

    def __init__(self, lowering: Lowering, roll: Roll) -> None:
        self._lowering, self._roll = lowering, roll
        self._known = cast(Rolled, made_out(lowering))
        passed = np.fromiter(map(stands_for_itself, roll.profiles), np.bool_, len(roll.profiles))
        own = self._known.host & passed[roll.profile]
        several = np.flatnonzero(roll.beside > 1)
        _, first, which = np.unique(roll.instances[several], return_index=True, return_inverse=True)
        others = np.bincount(which[~own[several]], minlength=len(first)) > 0
        own[several[others[which]]] = False
        self._plain = own
        self._first = self._known.firsts[self._known.number]
        self._first[several] = several[first[which]]

    def family(self, node: str) -> str:
        resource = host_of(node)
        row = self._roll.row(resource) if resource else None
        if row is None or not self._plain[row]:
            return ""
        return self._roll.name(int(self._first[row]))

    def _row(self, node: str) -> int:
        row = self._roll.row(host_of(node))
        assert row is not None
        return row

    def place(self, node: str) -> object:
        return self._roll.profiles[int(self._roll.profile[self._row(node)])].subnet_id

    def identity(self, node: str) -> int:
        row = self._row(node)
        vpc = self._roll.profiles[int(self._roll.profile[row])].vpc_id
        groups = self._roll.groups[int(self._roll.group[row])]
        return self._lowering.identity(vpc or "", groups)

    def gathered(self, starts: Sequence[Start]) -> Gathered:
        """A class is as its first is: of one that is plain all start, of another none."""
        if not isinstance(starts, Starts) or not starts.is_of_all:
            return gathered(self, starts)
        lot = starts.lot
        first = self._known.firsts[self._known.number[lot.hosts]]
        plain = self._plain[first]
        others = gathered(self, (*lot.starts_of(lot.hosts[~plain]), *starts.others()))
        return Gathered(
            (*self._together(lot.hosts[plain], first[plain]), *others.hosts),
            others.families.union(self._families(first[plain])),
            others.others,
        )

    def _together(self, hosts: Rows, first: Rows) -> Iterator[Together]:
        """Plain hosts by subnet, as the first of each comes; the ``first`` of each one's class."""
        places, place = self._places
        own = self._known.owned_by(hosts, place[self._roll.profile])
        told = place[self._roll.profile[first]]
        _, begun = ranks(told)
        for at in np.sort(begun).tolist():
            sent = own.get(int(told[at]), _NOTHING)
            if sent:
                name = self._roll.name(int(first[at]))
                yield Together(places[told[at]], start_of_class(name, sent))

    @cached_property
    def _places(self) -> tuple[Sequence[object], Rows]:
        """All subnets, and the number of each profile's."""
        numbers: dict[object, int] = {}
        each = [numbers.setdefault(p.subnet_id, len(numbers)) for p in self._roll.profiles]
        return tuple(numbers), np.array(each, np.int64)

    def receiving(self, owners: Iterable[str]) -> frozenset[str]:
        if not isinstance(owners, Goals):
            return families_of(self, owners)
        first = self._known.firsts[distinct(self._known.number[owners.lot.hosts])]
        of_hosts = self._families(first[self._plain[first]])
        return families_of(self, owners.of_services).union(of_hosts)

    def _families(self, rows: Rows) -> list[str]:
        return self._roll.names(distinct(self._first[rows]))

    def reading(self, groups: Iterable[str]) -> Iterator[str]:
        for group in groups:
            rows = self._worn(group)
            for number, members in self._known.lots(rows):
                # Of very few hosts each starts by itself (``ends.MANY``).
                every = len(rows) <= MANY or len(members) == 1
                names = self._roll.names(members) if every else [""]
                for name in names:
                    yield from nodes_of(self._known.name(number), name)

    def sending_as(self, identities: Ranges) -> Iterator[str]:
        yield from sending_as(self, self._lowering, identities)

    def wearing(self, group: str) -> tuple[frozenset[str], Ranges]:
        rows = self._worn(group)
        numbers = np.unique(self._roll.profile[rows]).tolist()
        vpcs = frozenset(self._roll.profiles[number].vpc_id or "" for number in numbers)
        return vpcs, self._known.owned(rows)

    def _worn(self, group: str) -> Rows:
        crowd = self._roll.by_group.get(group)
        rows: Rows = np.empty(0, np.int64) if crowd is None else crowd.rows
        return rows[self._plain[rows]]
