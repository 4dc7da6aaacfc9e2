"""Network interfaces: addresses, source/destination check, and who sends and receives.

Groups, the check and the addresses belong to the interface (R-ENI-1, R-ENI-2).  It sends only from,
and accepts only for, its own addresses while the check is on (R-ENI-4, R-ENI-5, R-ENI-7); an
instance answers by the interface that owns the address (R-ENI-12, R-OBS-5).  With the check off the
guest *may* pass packets on, unchanged or with its own address as source (R-ENI-6, R-NAT-14), and
the sender's group identity ends there (R-SG-19).  What an instance sends to one of its own private
addresses never leaves it (R-OBS-1).  An interface that is not attached neither sends nor receives
(R-ENI-8).  Interfaces of one subnet that every rule treats alike share one node; those of services,
whom a rule may know by their description, are alike only if that is the same.

Implements: R-ENI-1 R-ENI-2 R-ENI-4 R-ENI-5 R-ENI-6 R-ENI-7 R-ENI-8 R-ENI-9 R-ENI-12 R-NAT-14
R-SG-19 R-SG-20 R-OBS-1 R-OBS-5 R-PIPE-2 R-PIPE-3 R-LAMBDA-1
Not modelled: the guest's firewall and routing; the port-25 restriction (R-ENI-13).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from reach.aim import Start
from reach.component import Component, End, Entry, Lowering, Target, node_name
from reach.network.address import Prefix, is_ipv4
from reach.network.field import TCP, UDP, Header
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.network.stage import (
    Action,
    Assign,
    Case,
    Choose,
    Deliver,
    Filter,
    Forward,
    Option,
    Origin,
    Restore,
    Route,
    Rule,
    Stage,
    Translate,
    deny_all,
)
from reach.snapshot.index import delegated_prefixes, private_addresses
from reach.snapshot.ingress_pools import ingress_pools
from reach.snapshot.records import Instance, NetworkInterface

_NAME = "network_interface"
_HOSTS = ("interface", "efa", "efa-only", "trunk", "branch")
_FUNCTION = "lambda"
_CLIENT_VPN = "ClientVPN Endpoint resource"
# Interfaces of services that open no connections (R-NAT-4, R-VPCE-4, R-TGW-17, R-GWLBE-2).
_MUTE = ("nat_gateway", "vpc_endpoint", "transit_gateway", "gateway_load_balancer_endpoint")
_CHECK = "ENI_SOURCE_DEST_CHECK_RESTRICTION"
_QUIET = Origin("", "")
_EPHEMERAL = Ranges.span(1024, 65535)
_MANY = 16
_NOTHING = Ranges(())


def _is_host(interface: NetworkInterface) -> bool:
    """Some services betray themselves by their description only (R-ENI-9).

    These are load balancers of older snapshots, resource gateways, and Client VPN.
    """
    described = interface.description.startswith("ELB ") or "rgw-" in interface.description
    service = interface.requester_managed and described
    attached = interface.attachment.instance_id if interface.attachment else None
    service = service or (interface.description.startswith(_CLIENT_VPN) and not attached)
    return interface.interface_type in (*_HOSTS, _FUNCTION) and not service


def _owned(lowering: Lowering, interface: NetworkInterface) -> Ranges:
    """R-ENI-2: every address that an interface owns, delegated prefixes included."""
    known = lowering.memo("network_interface owned", dict[str, Ranges])
    own = known.get(interface.network_interface_id)
    if own is None:
        own = Ranges.of(*private_addresses(interface))
        blocks = delegated_prefixes(interface)
        if blocks:
            own |= Ranges.prefixes(map(Prefix.parse, blocks))
        known[interface.network_interface_id] = own
    return own


# ------------------------------------------------------------------- interfaces alike


@dataclass(frozen=True)
class _Classes:
    """Interfaces that every rule treats alike, by the id of the first of them."""

    members: Mapping[str, tuple[NetworkInterface, ...]]
    of: Mapping[str, str]


def _classes(lowering: Lowering) -> _Classes:
    def make() -> _Classes:
        found: dict[object, list[NetworkInterface]] = {}
        for interface in lowering.snapshot.records(NetworkInterface):
            found.setdefault(_kind(lowering, interface), []).append(interface)
        members = {group[0].network_interface_id: tuple(group) for group in found.values()}
        of = {i.network_interface_id: first for first, group in members.items() for i in group}
        return _Classes(members, of)

    return lowering.memo("network_interface classes", make)


def _kind(lowering: Lowering, interface: NetworkInterface) -> object:
    """What rules can tell interfaces apart by; anything out of the ordinary stands alone."""
    instance_id = interface.attachment.instance_id if interface.attachment else None
    instance = lowering.snapshot.get(Instance, instance_id) if instance_id else None
    addresses = private_addresses(interface)
    families = [is_ipv4(address) for address in addresses]
    ordinary = (
        not lowering.stands_alone(interface)
        and _is_host(interface)
        and interface.interface_type != _FUNCTION
        and interface.source_dest_check
        and interface.status == "in-use"
        and len(families) == len(set(families))
        and not delegated_prefixes(interface)
        and (instance is None or instance.state.name == "running")
        and (not instance_id or len(lowering.index.interfaces_by_instance[instance_id]) == 1)
    )
    if not ordinary:
        return interface.network_interface_id
    groups = tuple(sorted(group.group_id for group in interface.groups))
    attached = interface.attachment.status if interface.attachment else None
    options = instance.metadata_options if instance else None
    metadata = (options.http_endpoint, options.http_protocol_ipv6) if options else None
    service = interface.description if interface.requester_managed else None
    place = interface.vpc_id, interface.subnet_id, interface.interface_type, service
    return place, groups, attached, bool(instance_id), instance is None, metadata


def _members(lowering: Lowering, class_id: str) -> tuple[NetworkInterface, ...]:
    return _classes(lowering).members[class_id]


def _alike(lowering: Lowering, interface_id: str) -> tuple[NetworkInterface, ...]:
    known = _classes(lowering)
    return known.members[known.of[interface_id]] if interface_id in known.of else ()


def _union(lowering: Lowering, interfaces: Iterable[NetworkInterface]) -> Ranges:
    return Ranges.union(span for each in interfaces for span in _owned(lowering, each).intervals)


def _siblings(lowering: Lowering, interface: NetworkInterface) -> tuple[NetworkInterface, ...]:
    """All interfaces of the same instance, itself among them."""
    instance = interface.attachment.instance_id if interface.attachment else None
    return lowering.index.interfaces_by_instance[instance] if instance else (interface,)


# ------------------------------------------------------------------- sending


def _emit(lowering: Lowering, class_id: str, _: str) -> tuple[Stage, ...]:
    """What any interface of a class sends."""
    members = _members(lowering, class_id)
    alone = _to_itself(lowering, members[0]) if len(members) == 1 else ()
    return _sending(lowering, class_id, members, alone)


def _send(lowering: Lowering, interface_id: str, _: str) -> tuple[Stage, ...]:
    """What one interface sends."""
    interface = lowering.snapshot.get(NetworkInterface, interface_id)
    assert interface is not None
    class_id = _classes(lowering).of[interface_id]
    return _sending(lowering, class_id, (interface,), _to_itself(lowering, interface))


def _sending(
    lowering: Lowering,
    class_id: str,
    members: tuple[NetworkInterface, ...],
    alone: tuple[Stage, ...],
) -> tuple[Stage, ...]:
    first = members[0]
    return (
        *lowering.slot("network_interface.state", first.network_interface_id),
        *alone,
        _checked(first, "source", _union(lowering, members)),
        _identify(lowering, first),
        *_one_way(first, class_id, Action.PERMIT),
        *lowering.slot("network_interface.unfiltered", class_id),
        *lowering.slot("network_interface.egress", class_id),
        _to_subnet(first),
    )


def _one_way(interface: NetworkInterface, class_id: str, opens: Action) -> tuple[Stage, ...]:
    """R-LAMBDA-1: a function opens connections and takes none but their replies."""
    if interface.interface_type != _FUNCTION:
        return ()
    name = interface.network_interface_id
    origin = Origin(name, "a function takes no connections", "inbound", "NO_PATH")
    return (Filter((), Rule(ANYTHING, opens, origin), f"function {class_id}"),)


def _to_itself(lowering: Lowering, interface: NetworkInterface) -> tuple[Stage, ...]:
    """R-OBS-1: to any private address of the same instance, past all filters."""
    routes = []
    for sibling in _siblings(lowering, interface):
        node = node_name(_NAME, sibling.network_interface_id, "itself")
        origin = Origin(
            sibling.network_interface_id, "stays inside the instance", name=sibling.name
        )
        routes.append(Route(HeaderSpace.where(destination=_owned(lowering, sibling)), node, origin))
    return (Forward(tuple(routes)),)


def _itself(lowering: Lowering, interface_id: str, _: str) -> tuple[Stage, ...]:
    interface = lowering.snapshot.get(NetworkInterface, interface_id)
    assert interface is not None
    owner = f"{_NAME}/{_classes(lowering).of[interface_id]}"
    reply = node_name(_NAME, interface_id, "send")
    origin = _delivers(interface_id, interface.name)
    return (Deliver(owner, reply, origin, inside=True),)


def _checked(interface: NetworkInterface, side: str, own: Ranges) -> Filter:
    """R-ENI-4: with the check on, only the interface's own addresses."""
    name = interface.network_interface_id
    if not interface.source_dest_check:
        return Filter((), Rule(ANYTHING, Action.PERMIT, _QUIET))
    permit = Rule(HeaderSpace.where(**{side: own}), Action.PERMIT, _QUIET)
    words = f"the {side} is not an address of this interface and its source/dest check is on"
    origin = Origin(name, words, "source/dest check", _CHECK, interface.name)
    return Filter((permit,), Rule(ANYTHING, Action.DENY, origin))


def _identify(lowering: Lowering, interface: NetworkInterface) -> Translate:
    """R-PIPE-5: the packet carries the group set of the interface that sends it."""
    groups = (group.group_id for group in interface.groups)
    number = lowering.identity(interface.vpc_id or "", groups)
    return Translate((Case(ANYTHING, (Assign("identity", Ranges.of(number)),), _QUIET),))


_FORGET = Translate((Case(ANYTHING, (Assign("identity", Ranges.of(0)),), _QUIET),))


def _to_subnet(interface: NetworkInterface) -> Forward:
    node = node_name("subnet", interface.subnet_id or "", "emit")
    nowhere = Origin(
        interface.network_interface_id, "is in no subnet", code="NO_POSSIBLE_DESTINATION"
    )
    return Forward((Route(ANYTHING, node, _QUIET),), nowhere)


# ------------------------------------------------------------------- receiving


def _admit(lowering: Lowering, class_id: str, _: str) -> tuple[Stage, ...]:
    """What is sent to an address of any interface of a class."""
    members = _members(lowering, class_id)
    first = members[0]
    name = first.name if len(members) == 1 else ""
    return (
        *lowering.slot("network_interface.state", first.network_interface_id),
        *_one_way(first, class_id, Action.DENY),
        *lowering.slot("network_interface.ingress", class_id),
        *_returning(lowering, first),
        Deliver(
            f"{_NAME}/{class_id}",
            node_name(_NAME, class_id, "emit"),
            _delivers(first.network_interface_id, name),
        ),
    )


def _delivers(resource: str, name: str) -> Origin:
    return Origin(resource, "receives the packet", name=name)


def _state(lowering: Lowering, interface_id: str) -> tuple[Stage, ...]:
    """R-ENI-8: an interface that is attached to nothing neither sends nor receives."""
    interface = lowering.snapshot.get(NetworkInterface, interface_id)
    assert interface is not None
    attached = interface.attachment.status if interface.attachment else None
    if interface.status in ("in-use", "") and attached in ("attached", None):
        return ()
    state = interface.status if interface.status != "in-use" else f"attachment {attached}"
    words = f"is not attached to anything that works (state: {state})"
    return (deny_all(Origin(interface_id, words, "state", "BAD_STATE", interface.name)),)


# ------------------------------------------------------------------- passing on


def _routed(lowering: Lowering, interface_id: str, _: str) -> tuple[Stage, ...]:
    """R-ENI-7: a route names this interface, whatever the destination."""
    interface = lowering.snapshot.get(NetworkInterface, interface_id)
    assert interface is not None
    own = _owned(lowering, interface)
    admit = node_name(_NAME, _classes(lowering).of[interface_id], "admit")
    ways = [w for out in _siblings(lowering, interface) for w in _ways_on(out)]
    return (
        *lowering.slot("network_interface.state", interface_id),
        _checked(interface, "destination", own),
        Forward((Route(HeaderSpace.where(destination=own), admit, _QUIET),)),
        *lowering.slot("network_interface.ingress", interface_id),
        *lowering.slot("network_interface.passing", interface_id),
        Choose(tuple(ways)),
    )


def _ways_on(out: NetworkInterface) -> tuple[Option, ...]:
    name = out.network_interface_id
    unchanged = "assumed: the guest passes packets on unchanged"
    translated = "assumed: the guest passes packets on with its own address as source"
    return (
        Option(node_name(_NAME, name, "resend"), Origin(name, unchanged, name=out.name)),
        Option(node_name(_NAME, name, "masquerade"), Origin(name, translated, name=out.name)),
    )


def _resend(lowering: Lowering, interface_id: str, _: str) -> tuple[Stage, ...]:
    """A packet of somebody else's leaves by this interface."""
    interface = lowering.snapshot.get(NetworkInterface, interface_id)
    assert interface is not None
    return (
        *lowering.slot("network_interface.state", interface_id),
        _checked(interface, "source", _owned(lowering, interface)),
        _FORGET,
        *lowering.slot("network_interface.egress", interface_id),
        _to_subnet(interface),
    )


def _masquerade(lowering: Lowering, interface_id: str, _: str) -> tuple[Stage, ...]:
    """R-NAT-14: the guest puts its own address in the place of the source."""
    interface = lowering.snapshot.get(NetworkInterface, interface_id)
    assert interface is not None
    cases = []
    for family in (True, False):
        own = [a for a in private_addresses(interface) if is_ipv4(a) is family]
        if own:
            cases += _masquerading(own, family)
    words = "has no address to translate to"
    return (
        Translate(
            tuple(cases), Origin(interface_id, words, name=interface.name), _nat(interface_id)
        ),
        Forward(
            (Route(ANYTHING, node_name(_NAME, interface_id, "resend"), _QUIET),),
            Origin(interface_id, "does not pass this on"),
        ),
    )


def _masquerading(addresses: Sequence[int], four: bool) -> list[Case]:
    half = 1 << 128
    family = Ranges.span(half, 2 * half - 1) if four else Ranges.span(0, half - 1)
    source = Assign("source", Ranges.of(*addresses))
    ported = HeaderSpace.where(source=family, protocol=Ranges.of(TCP, UDP))
    return [
        Case(ported, (source, Assign("source_port", _EPHEMERAL)), _QUIET),
        Case(HeaderSpace.where(source=family), (source,), _QUIET),
    ]


def _nat(interface_id: str) -> str:
    return f"masquerade {interface_id}"


def _returning(lowering: Lowering, interface: NetworkInterface) -> tuple[Stage, ...]:
    """Replies to what the guest translated go back to whom it was done for."""
    if all(sibling.source_dest_check for sibling in _siblings(lowering, interface)):
        return ()
    name = interface.network_interface_id
    node = node_name(_NAME, name, "restore")
    return (Forward((Route(ANYTHING, node, _QUIET, session=_nat(name)),)),)


def _restore(lowering: Lowering, interface_id: str, _: str) -> tuple[Stage, ...]:
    interface = lowering.snapshot.get(NetworkInterface, interface_id)
    assert interface is not None
    nobody = Origin(interface_id, "holds no connection for this reply", code="NO_PATH")
    ways = tuple(_ways_on(out)[0] for out in _siblings(lowering, interface))
    return (Restore(_nat(interface_id), nobody), Choose(ways))


def _enter(lowering: Lowering, interface_id: str, subnet: str, vpc: str) -> Entry | None:
    interface = lowering.snapshot.get(NetworkInterface, interface_id)
    if interface is None or not _is_host(interface):
        return None
    return Entry(node_name(_NAME, interface_id, "routed"), interface.subnet_id or "")


def _enter_instance(lowering: Lowering, instance_id: str, subnet: str, vpc: str) -> Entry | None:
    """R-RT-16: a route may name the instance; it means its first interface."""
    interfaces = lowering.index.interfaces_by_instance.get(instance_id, ())
    first = min(interfaces, key=_device, default=None)
    return None if first is None else _enter(lowering, first.network_interface_id, subnet, vpc)


def _device(interface: NetworkInterface) -> int:
    return (interface.attachment.device_index or 0) if interface.attachment else 0


# ------------------------------------------------------------------- as ends of a question


def _node(lowering: Lowering, interface: NetworkInterface) -> str | None:
    if not _is_host(interface):
        return None
    return node_name(_NAME, _classes(lowering).of[interface.network_interface_id], "admit")


def _hosts(
    lowering: Lowering,
    interfaces: Sequence[NetworkInterface],
    words: str,
    addresses: Ranges | None = None,
) -> End:
    """Interfaces as an end: those of hosts send, services may, all may be sent to.

    What a service receives it may pass on: whatever comes by its interface has reached it.
    """
    hosts = [i for i in interfaces if _is_host(i)]
    services = _services(lowering, interfaces, addresses)
    goals: dict[str, list[tuple[int, int]]] = {}
    passing: dict[str, None] = {}
    for interface in interfaces:
        node = lowering.interface_node(interface)
        owner = node.rpartition("/")[0]
        goals.setdefault(owner, []).extend(_within(lowering, interface, addresses).intervals)
        goals[owner] += _pooled(lowering, interface, addresses).intervals
        if not _is_host(interface):
            passing[node] = None
    starts = _starts if lowering.by_class or len(hosts) > _MANY else _starts_alone
    return End(
        words=words,
        starts=(
            *starts(lowering, hosts, addresses),
            *services,
            *_posing(lowering, hosts, addresses),
        ),
        goals={
            owner: HeaderSpace.where(destination=Ranges.union(spans))
            for owner, spans in goals.items()
        },
        addresses=Ranges.union(span for spans in goals.values() for span in spans),
        nobody=_mute(interfaces[0]) if interfaces and not hosts and not services else None,
        sender="" if services else _one_sender(hosts),
        may_send=_may_send(lowering, interfaces),
        passing=tuple(passing),
    )


def _services(
    lowering: Lowering, interfaces: Sequence[NetworkInterface], addresses: Ranges | None
) -> tuple[Start, ...]:
    """What services open by interfaces of theirs, from some of the addresses."""
    own = HeaderSpace.where(source=addresses)
    found = (lowering.senders(each) or () for each in interfaces if not _is_host(each))
    narrowed = (replace(start, space=start.space & own) for starts in found for start in starts)
    return tuple(start for start in narrowed if not start.space.is_empty)


def _one_sender(hosts: Sequence[NetworkInterface]) -> str:
    """The instance (or lone interface) that all hosts belong to, if they do."""
    senders = {
        (host.attachment.instance_id if host.attachment else None) or host.network_interface_id
        for host in hosts
    }
    return senders.pop() if len(senders) == 1 else ""


def _within(lowering: Lowering, interface: NetworkInterface, addresses: Ranges | None) -> Ranges:
    own = _owned(lowering, interface)
    return own if addresses is None else own & addresses


def _pooled(lowering: Lowering, interface: NetworkInterface, addresses: Ranges | None) -> Ranges:
    """R-IGW-9: what of a pool of addresses is routed to an interface, whose guest may have it."""
    pools = lowering.memo("ingress pools", partial(ingress_pools, lowering.snapshot))
    blocks = pools.routed.get(interface.network_interface_id)
    if not blocks:
        return _NOTHING
    held = Ranges.prefixes(blocks)
    return held if addresses is None else held & addresses


def _posing(
    lowering: Lowering, hosts: Sequence[NetworkInterface], addresses: Ranges | None
) -> Iterator[Start]:
    """Those that may send from addresses of a pool: the check has to be off (R-ENI-5)."""
    of = _classes(lowering).of
    for host in hosts:
        held = _pooled(lowering, host, addresses)
        if held and not host.source_dest_check:
            name = host.network_interface_id
            space = HeaderSpace.where(source=held)
            yield Start(node_name("public_ipv4_pool", name, "pose"), space, f"{_NAME}/{of[name]}")


def _starts_alone(
    lowering: Lowering, hosts: Sequence[NetworkInterface], addresses: Ranges | None
) -> tuple[Start, ...]:
    """One start for each interface."""
    of = _classes(lowering).of
    return tuple(
        Start(
            node_name(_NAME, host.network_interface_id, "send"),
            HeaderSpace.where(source=_within(lowering, host, addresses)),
            f"{_NAME}/{of[host.network_interface_id]}",
        )
        for host in hosts
        if _within(lowering, host, addresses)
    )


def _starts(
    lowering: Lowering, hosts: Sequence[NetworkInterface], addresses: Ranges | None
) -> tuple[Start, ...]:
    """One start for each class of interfaces."""
    of = _classes(lowering).of
    spans: dict[str, list[tuple[int, int]]] = {}
    for host in hosts:
        own = _within(lowering, host, addresses).intervals
        spans.setdefault(of[host.network_interface_id], []).extend(own)
    return tuple(
        Start(
            node_name(_NAME, class_id, "emit"),
            HeaderSpace.where(source=Ranges.union(own)),
            f"{_NAME}/{class_id}",
        )
        for class_id, own in spans.items()
        if own
    )


def _mute(interface: NetworkInterface) -> Origin:
    words = "is an interface of a service, which opens no connections of its own"
    return Origin(interface.network_interface_id, words, code="NO_PATH", name=interface.name)


def _may_send(lowering: Lowering, interfaces: Sequence[NetworkInterface]) -> Origin | None:
    """The first interface of a service that may open connections in ways that nothing tells."""
    for interface in interfaces:
        quiet = _is_host(interface) or interface.interface_type in _MUTE
        if not quiet and lowering.senders(interface) is None:
            words = f"belongs to a service ({interface.interface_type}) that may open connections"
            origin = f"{words}; not modelled yet"
            return Origin(interface.network_interface_id, origin, name=interface.name)
    return None


def _end(lowering: Lowering, interface_id: str) -> End | None:
    interface = lowering.snapshot.get(NetworkInterface, interface_id)
    return None if interface is None else _hosts(lowering, (interface,), interface_id)


def _label(lowering: Lowering, resource: str, part: str, header: Header) -> tuple[str, str] | None:
    """The one interface of a class that a header is about."""
    address = header.source if part in ("emit", "send") else header.destination
    for member in _classes(lowering).members.get(resource, ()):
        if address in _owned(lowering, member):
            return _who(lowering, member)
    interface = lowering.snapshot.get(NetworkInterface, resource)
    return None if interface is None else _who(lowering, interface)


def _who(lowering: Lowering, interface: NetworkInterface) -> tuple[str, str]:
    instance_id = interface.attachment.instance_id if interface.attachment else None
    instance = lowering.snapshot.get(Instance, instance_id) if instance_id else None
    words = f"{instance_id} {instance.name}".strip() if instance else interface.description
    return interface.network_interface_id, words or interface.name


COMPONENT = Component(
    name=_NAME,
    reads=(NetworkInterface,),
    nodes={
        "emit": _emit,
        "send": _send,
        "itself": _itself,
        "admit": _admit,
        "routed": _routed,
        "resend": _resend,
        "masquerade": _masquerade,
        "restore": _restore,
    },
    slots={"network_interface.state": _state},
    targets=(
        Target("network_interface_id", "eni-", _enter),
        Target("instance_id", "i-", _enter_instance),
    ),
    interface_types=(*_HOSTS, _FUNCTION),
    interface_node=_node,
    ends={"eni-": _end},
    hosts=_hosts,
    label=_label,
    alike=_alike,
    faces={"emit": "source", "admit": "destination"},
)
