"""What hosts' nodes do with what is sent to them, told without making them.

    Hosts(lowering).receiver(node) -> Receiver or None

A host that works lets pass what any of its groups lets in (R-SG-1, R-SG-2), answers that whatever
its groups say of the other direction (R-SG-22), and sends the answer from its own address to its
subnet (R-ENI-4, R-PIPE-5); one that is stopped lets nothing in, nor does a function (R-LAMBDA-1).
So hosts differ in their groups and in their addresses, and each group's rules are looked at once.
Where a node may do anything else (somebody stands apart, a rule is of unknown effect), nothing is
told of it.

``tests/test_receiving.py`` holds that of all nodes of all samples.  Must not know the engines.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from reach.component import Lowering, node_name
from reach.interfaces.classes import classes
from reach.interfaces.kinds import FUNCTION, is_host, owned, worn
from reach.interfaces.plain import NAME, OWN, identity_of
from reach.network.header_space import ANYTHING, Ranges
from reach.network.stage import Deliver, Filter, Forward, Origin, Stage
from reach.sets.receiving import Receiver, only_permits
from reach.snapshot.index import instance_of
from reach.snapshot.record import UNPRINTED
from reach.snapshot.records import NetworkInterface

_NOWHERE = Ranges(())


@dataclass(frozen=True, slots=True)
class _Host:
    """A class of hosts: the groups that they wear, and a receiver to which only filters lack."""

    groups: tuple[str, ...]
    vpc: str
    rest: Receiver


class Hosts:
    """All that is told of one network's."""

    def __init__(self, lowering: Lowering) -> None:
        self._lowering = lowering
        self._let_in: dict[tuple[str, str], Filter | None] = {}

    def receiver(self, node: str) -> Receiver | None:
        """What a node does with what is sent there, if it is one that admits to hosts."""
        lowering = self._lowering
        kind, name, part = node.split("/", 2)
        if kind != NAME or part != "admit" or lowering.only != ANYTHING:
            return None
        host = lowering.memo(f"receiving {name}", lambda: _host(lowering, name))
        if host is None:
            return None
        filters: list[Filter] = []
        for group in host.groups:
            own = self._by_group(group, host.vpc)
            if own is None:
                return None
            filters.append(own)
        rest = host.rest
        return Receiver(tuple(filters), rest.deliver, rest.answers, rest.identity, rest.elsewhere)

    def _by_group(self, group: str, vpc: str) -> Filter | None:
        key = group, vpc
        if key not in self._let_in:
            self._let_in[key] = _let_in(self._lowering, group, vpc)
        return self._let_in[key]


def _host(lowering: Lowering, name: str) -> _Host | None:
    members = classes(lowering).members(name)
    if not members or lowering.loners_of(name):
        return None
    first = members[0]
    if not is_host(first) or first.groups is UNPRINTED:
        return None
    groups = tuple(sorted(worn(first)))
    past = _elsewhere(lowering, first)
    state = lowering.slot("network_interface.state", first.network_interface_id)
    if not groups or past is None or not all(map(_denies, state)):
        return None
    if lowering.loner(name) is not None:
        return None
    beside = _beside(lowering, first) if len(members) == 1 else ()
    elsewhere = (past, *(owned(lowering, each) for each in beside))
    deliver = Deliver(f"{NAME}/{name}", node_name(NAME, name, "emit"), Origin("", ""))
    answers = node_name("subnet", first.subnet_id or "", "emit")
    rest = Receiver((), deliver, answers, identity_of(lowering, first), elsewhere)
    takes_none = bool(state) or first.interface_type == FUNCTION  # R-LAMBDA-1
    return _Host(() if takes_none else groups, first.vpc_id or "", rest)


def _denies(stage: Stage) -> bool:
    """Whether nothing at all passes: so it is of what does not work."""
    return isinstance(stage, Filter) and not stage.rules and only_permits(stage)


def _beside(lowering: Lowering, interface: NetworkInterface) -> Iterable[NetworkInterface]:
    """All interfaces of its instance: what is for these stays there (R-OBS-1)."""
    instance = instance_of(interface)
    return lowering.index.interfaces_by_instance[instance] if instance else (interface,)


def _elsewhere(lowering: Lowering, first: NetworkInterface) -> Ranges | None:
    """To whom hosts of a subnet send past their groups; None if that is not told by routes."""
    key = f"receiving elsewhere {first.vpc_id} {first.subnet_id}"
    return lowering.memo(key, lambda: _past_groups(lowering, first.network_interface_id))


def _past_groups(lowering: Lowering, name: str) -> Ranges | None:
    found = [_NOWHERE]
    for stage in lowering.slot("network_interface.unfiltered", name):
        if not isinstance(stage, Forward) or stage.otherwise is not None:
            return None
        for route in stage.routes:
            ends = route.match.by_name.get("destination")
            if ends is None or route.session:
                return None
            found.append(ends)
    return Ranges.any_of(found)


def _let_in(lowering: Lowering, group: str, vpc: str) -> Filter | None:
    """The rules by which a group lets in; None if they do anything but permit."""

    def make() -> Filter | None:
        stages = lowering.slot("groups.ingress", f"{OWN} {vpc} {group}")
        one = stages[0] if len(stages) == 1 else None
        return one if isinstance(one, Filter) and only_permits(one) else None

    return lowering.memo(f"receiving by {group} {vpc}", make)
