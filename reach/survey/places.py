"""All plain hosts of a place as one, of which is only known from where they send.

    by_place(ground, aim, starts) -> Places, or None where hosts have to be looked at

A network of the same nodes, but for those of plain hosts: what any host of a place may send begins
behind them, where they lead to, whatever its own rules let it; and what comes to a host ends in
something unknown.  So whatever can happen can happen there, and more; where nothing that was sent
comes to anybody asked about, nor to any host, nothing does.  Who is plain, and that hosts of a
place lead on alike, is told by :mod:`reach.interfaces.plain`.  Must not know how a survey is made.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

from reach.aim import Aim, Start
from reach.flood import hull, whole
from reach.interfaces.plain import Plain, plain
from reach.leaving import exits, targets
from reach.lower import Ground
from reach.network.header_space import HeaderSpace, Ranges
from reach.network.node import Network, Node
from reach.network.stage import Deliver, Origin, Unmodelled
from reach.sending import Sending
from reach.survey.senders import Sender, Senders

_UNKNOWN = "hosts/any/unknown"


@dataclass(frozen=True)
class Places:
    """The network and who sends in it: the hosts of each place together, others by themselves.

    ``count`` places are of hosts.
    """

    network: Network
    senders: Senders
    count: int


def by_place(ground: Ground, aim: Aim, starts: Sending) -> Places | None:
    """None where anybody may be meant, or a host is on both sides: what it sends to itself, or to
    another interface of its instance, leaves none of its own nodes."""
    if aim.goals is None or aim.to_itself:
        return None
    hosts = plain(ground)
    sending = hosts.gathered(starts.senders)
    if not sending.families.isdisjoint(_families(hosts, aim)):
        return None
    places: dict[object, _Place] = {}
    for each in sending.hosts:
        for start in starts.of(each.start):
            known = places.setdefault(each.place, _Place(f"hosts/{each.place}", start.node))
            known.add(start)
    others = (start for sender in sending.others for start in starts.of(sender))
    network = _network(ground, hosts)
    together = cache(hull)  # the same kinds of packets are sent from most places
    senders = [
        each.sender(node, together(tuple(each.kinds)))
        for each in places.values()
        for node in sorted(exits(ground.network, hosts, each.node, _ways))
        if _leads_on(network.node(node))
    ]
    alone = Senders.of(network, (((), start) for start in others))
    return Places(network, Senders.in_order((*senders, *alone.each)), len(places))


@dataclass
class _Place:
    """What hosts of a place send, of which the first is at a node: the kinds of packets, and the
    addresses."""

    name: str
    node: str
    kinds: dict[HeaderSpace, None] = field(default_factory=dict)
    sources: list[Ranges] = field(default_factory=list)

    def add(self, start: Start) -> None:
        self.kinds[start.space.without("source")] = None
        self.sources.append(start.space.by_name.get("source", whole("source")))

    def sender(self, node: str, space: HeaderSpace) -> Sender:
        """All of them as they send to a node that they lead to, as whoever they are."""
        own = Ranges.any_of(self.sources)
        start = Start(node, space.narrowed("source", own), self.name)
        return Sender((), node, self.name, own, 0, (space,), (start,), begins=whole("identity"))


def _families(hosts: Plain, aim: Aim) -> frozenset[str]:
    """The families of the plain hosts that are asked about."""
    return hosts.receiving(aim.goals or ()).union(filter(None, map(hosts.family, aim.passing)))


def _ways(node: Node) -> Iterator[str]:
    """Where a host's own node leads to; if it does not say, to something unknown."""
    yield from targets(node)
    if any(isinstance(stage, Unmodelled) for stage in node.stages):
        yield _UNKNOWN


def _leads_on(node: Node) -> bool:
    """Whether anything but its end can become of a packet at a node."""
    last = any(isinstance(stage, Deliver | Unmodelled) for stage in node.stages)
    return last or any(True for _ in targets(node))


def _network(ground: Ground, hosts: Plain) -> Network:
    def make(name: str) -> Node:
        if name == _UNKNOWN or hosts.family(name):
            return Node(name, (Unmodelled(Origin(name, "hosts are not looked at")),))
        return ground.network.node(name)

    return Network(make)
