"""Interfaces as an end of a question, and the nodes that receive for them.

    hosts(lowering, interfaces, words, addresses) -> End
    receivers(lowering, interfaces) -> node -> addresses

Those of hosts send, services may, all may be sent to.  What a service receives it may pass on:
whatever comes by its interface has reached it.  Of very many interfaces nothing is worked out that
is not asked for.  Must not know what else a question says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from reach.aim import Start
from reach.component import End, Lowering, node_name
from reach.interfaces.claims import unplaced
from reach.interfaces.classes import classes
from reach.interfaces.kinds import is_host, owned
from reach.interfaces.unshown import may_be_led_to, unshown
from reach.later import Later
from reach.network.header_space import HeaderSpace, Ranges
from reach.network.stage import Origin
from reach.routing import overall
from reach.snapshot.crowd import Crowd, Mixed
from reach.snapshot.index import instance_of
from reach.snapshot.interface_records import NAT_TYPES
from reach.snapshot.records import NetworkInterface

NAME = "network_interface"
MANY = 16
# Interfaces of services that open no connections (R-NAT-4, R-VPCE-4, R-TGW-17, R-GWLBE-2).
_MUTE = (*NAT_TYPES, "vpc_endpoint", "transit_gateway", "gateway_load_balancer_endpoint")
_NOTHING = Ranges(())


def hosts(
    lowering: Lowering,
    interfaces: Sequence[NetworkInterface],
    words: str,
    addresses: Ranges | None = None,
) -> End:
    """Interfaces as an end: what they send from and receive at some of their addresses."""
    led = may_be_led_to(lowering, interfaces) if addresses is None else None
    if isinstance(interfaces, Crowd) and len(interfaces) > MANY:
        from reach.interfaces.crowds import end_of  # here, as numpy takes long to import

        end = end_of(lowering, interfaces, words, addresses)
        return replace(end, may_take=led)
    own = [i for i in interfaces if is_host(i)]
    services = opened(lowering, interfaces, addresses)
    goals: dict[str, list[tuple[int, int]]] = {}
    passing: dict[str, None] = {}
    for interface in interfaces:
        node = lowering.interface_node(interface)
        owner = node.rpartition("/")[0]
        goals.setdefault(owner, []).extend(received(lowering, interface, addresses))
        if not is_host(interface):
            passing[node] = None
    starts = _starts if lowering.by_class or len(own) > MANY else starts_alone
    return End(
        words=words,
        starts=(
            *starts(lowering, own, addresses),
            *services,
            *posing(lowering, own, addresses),
        ),
        goals={
            owner: HeaderSpace.where(destination=Ranges.union(spans))
            for owner, spans in goals.items()
        },
        addresses=Ranges.union(span for spans in goals.values() for span in spans),
        nobody=mute(interfaces[0]) if interfaces and not own and not services else None,
        sender="" if services else _one_sender(own),
        may_send=Later(lambda: may_send(lowering, interfaces)),
        may_take=led or (unplaced(lowering, own) if addresses is None else None),
        passing=tuple(passing),
    )


def receivers(lowering: Lowering, interfaces: Sequence[NetworkInterface]) -> Mapping[str, Ranges]:
    """The nodes that receive for some interfaces, in the order of the first of each."""
    if isinstance(interfaces, Mixed):  # each of the others by itself, or where its class does
        every = dict(receivers(lowering, interfaces.crowd))
        for node, own in receivers(lowering, interfaces.others).items():
            every[node] = every[node] | own if node in every else own
        return every
    if isinstance(interfaces, Crowd) and len(interfaces) > MANY:
        from reach.interfaces.crowds import receivers_of

        return receivers_of(lowering, interfaces)
    found: dict[str, list[tuple[int, int]]] = {}
    for interface in interfaces:
        spans = found.setdefault(lowering.interface_node(interface), [])
        spans += owned(lowering, interface).intervals
    return {node: Ranges.union(spans) for node, spans in found.items()}


def received(
    lowering: Lowering, interface: NetworkInterface, addresses: Ranges | None
) -> tuple[tuple[int, int], ...]:
    """What an interface takes: its own addresses, and those of pools that are routed to it."""
    own = _within(lowering, interface, addresses).intervals
    return (*own, *pooled(lowering, interface, addresses).intervals)


def opened(
    lowering: Lowering, interfaces: Iterable[NetworkInterface], addresses: Ranges | None
) -> tuple[Start, ...]:
    """What services open by interfaces of theirs, from some of the addresses."""
    own = HeaderSpace.where(source=addresses)
    found = (lowering.senders(each) or () for each in interfaces if not is_host(each))
    narrowed = (replace(start, space=start.space & own) for starts in found for start in starts)
    return tuple(start for start in narrowed if not start.space.is_empty)


def _one_sender(own: Sequence[NetworkInterface]) -> str:
    """The instance (or lone interface) that all hosts belong to, if they do."""
    senders = {instance_of(host) or host.network_interface_id for host in own}
    return senders.pop() if len(senders) == 1 else ""


def _within(lowering: Lowering, interface: NetworkInterface, addresses: Ranges | None) -> Ranges:
    own = owned(lowering, interface)
    return own if addresses is None else own & addresses


def routed(lowering: Lowering) -> Mapping[str, object]:
    """The interfaces to which something of a pool of addresses is routed (R-IGW-9)."""
    return overall.pools(lowering).routed


def pooled(lowering: Lowering, interface: NetworkInterface, addresses: Ranges | None) -> Ranges:
    """R-IGW-9: what of a pool of addresses is routed to an interface, whose guest may have it."""
    pools = overall.pools(lowering)
    blocks = pools.routed.get(interface.network_interface_id)
    if not blocks:
        return _NOTHING
    held = Ranges.prefixes(blocks)
    return held if addresses is None else held & addresses


def posing(
    lowering: Lowering, own: Iterable[NetworkInterface], addresses: Ranges | None
) -> Iterator[Start]:
    """Those that may send from addresses of a pool: the check has to be off (R-ENI-5)."""
    if not routed(lowering):
        return
    known = classes(lowering)
    for host in own:
        held = pooled(lowering, host, addresses)
        if held and not host.source_dest_check:
            name = host.network_interface_id
            space = HeaderSpace.where(source=held)
            pose = node_name("public_ipv4_pool", name, "pose")
            yield Start(pose, space, f"{NAME}/{known.of(name)}")


def starts_alone(
    lowering: Lowering, own: Sequence[NetworkInterface], addresses: Ranges | None
) -> tuple[Start, ...]:
    """One start for each interface."""
    known = classes(lowering)
    return tuple(
        Start(
            node_name(NAME, host.network_interface_id, "send"),
            HeaderSpace((("source", sent),)),
            f"{NAME}/{known.of(host.network_interface_id)}",
        )
        for host in own
        if (sent := _within(lowering, host, addresses))
    )


def _starts(
    lowering: Lowering, own: Sequence[NetworkInterface], addresses: Ranges | None
) -> tuple[Start, ...]:
    """One start for each class of interfaces."""
    known = classes(lowering)
    spans: dict[str, list[tuple[int, int]]] = {}
    for host in own:
        sent = _within(lowering, host, addresses).intervals
        spans.setdefault(known.of(host.network_interface_id), []).extend(sent)
    return tuple(
        start_of_class(class_id, Ranges.union(sent)) for class_id, sent in spans.items() if sent
    )


def start_of_class(class_id: str, sent: Ranges) -> Start:
    node = node_name(NAME, class_id, "emit")
    return Start(node, HeaderSpace.where(source=sent), f"{NAME}/{class_id}")


def mute(interface: NetworkInterface) -> Origin:
    words = "is an interface of a service, which opens no connections of its own"
    return Origin(interface.network_interface_id, words, code="NO_PATH", name=interface.name)


def may_send(lowering: Lowering, interfaces: Iterable[NetworkInterface]) -> tuple[Origin, ...]:
    """The first interface of a service that may open connections in ways that nothing tells, or
    why a host may send from a public address of which it is not told."""
    for interface in interfaces:
        quiet = is_host(interface) or interface.interface_type in _MUTE
        if not quiet and lowering.senders(interface) is None:
            words = f"belongs to a service ({interface.interface_type}) that may open connections"
            origin = f"{words}; not modelled yet"
            return (Origin(interface.network_interface_id, origin, name=interface.name),)
    untold = unplaced(lowering, filter(is_host, interfaces))
    return (untold,) if untold is not None else ()


def unheld_in(lowering: Lowering, places: Iterable[str]) -> Origin | None:
    """Why not all interfaces of some VPCs or subnets are known, where other answers name one
    (law 2), or something that stands there shows none."""
    unheld, hidden = lowering.index.unheld, unshown(lowering)
    for place in places:
        named = unheld.interfaces.get(place) or unheld.in_subnet.get(place)
        owner = hidden.get(place)
        if named is not None or owner is not None:
            words = f"{named[0]} is in it" if named else f"{owner} has an interface in it"
            return lowering.missing(NetworkInterface, place, f"{words}, as other answers say")
    return None
