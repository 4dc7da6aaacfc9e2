"""Client VPN endpoints: people's machines, let into a network by route and authorization rule.

A client has an address of the endpoint's client block.  It lands on one of the associated subnets,
and only the endpoint's routes by that subnet are its own (Client VPN guide, "Client VPN routes":
each subnet needs the same set): several are a *may*.  An authorization rule must let it through as
well (R-CVPN-1); ``cvpn-endpoint-.../GROUP`` as a source is a member of that group.  Then the source
becomes the address of the endpoint's interface in the subnet, whose groups, network ACL and route
table count as for any interface there (R-CVPN-2, R-CVPN-3, R-SG-21); nothing can be begun towards
an IPv4 client (R-CVPN-5).  The source port is kept or, where clients would collide, changed (Client
VPN guide, "Rules and best practices").

An endpoint of a transit gateway sends into the attachment's route table instead, past no group and
no ACL (R-CVPN-7); which source it then has is an option (U-22).

Implements: R-CVPN-1 R-CVPN-2 R-CVPN-3 R-CVPN-5 R-CVPN-7 R-SG-21 R-NACL-9 R-DEF-6
R-BPA-6
Not modelled: IPv6 clients (their addresses are in no describe call), clients among themselves, the
VPC's resolver for clients: undecided.  What the client's own machine routes (R-CVPN-6).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from urllib.parse import quote

from reach.aim import Start, Visit
from reach.component import Component, End, Lowering, node_name
from reach.network.address import ANY_IPV4, ANY_IPV6, Prefix, ipv4, is_ipv4
from reach.network.field import TCP, UDP
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges, to_prefix
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
    Unmodelled,
    deny_all,
    unknown_filter,
)
from reach.routing.transit_index import index_of
from reach.snapshot.client_vpn_records import (
    ClientVpnEndpoint,
    ClientVpnRoute,
    ClientVpnRoutes,
    ClientVpnTargetNetwork,
)
from reach.snapshot.client_vpn_sections import CLIENT_VPN
from reach.snapshot.index import private_addresses
from reach.snapshot.record import is_associated
from reach.snapshot.records import NetworkInterface, Vpc
from reach.snapshot.transit_records import TransitGateway

_NAME = "client_vpn"
_QUIET = Origin("", "")
# AWS gives the endpoint's interfaces no type of their own, only this description.
_DESCRIPTION = "ClientVPN Endpoint resource"
_OPTION = "client-vpn-over-transit"
_ANY, _ANYBODY = "-", "*"
_FOUR, _SIX = Ranges.prefixes((ANY_IPV4,)), Ranges.prefixes((ANY_IPV6,))
_EPHEMERAL = Ranges.span(1024, 65535)
_PORTED = Ranges.of(TCP, UDP)
_SHUT = ("pending-associate", "pending", "deleting", "deleted")
# A thing on its way in or out may be in force already, or still.
_NOT_ASSOCIATED = ("association-failed", "disassociated")


def _get(lowering: Lowering, endpoint_id: str) -> ClientVpnEndpoint:
    endpoint = lowering.snapshot.get(ClientVpnEndpoint, endpoint_id)
    assert endpoint is not None
    return endpoint


def _owner(endpoint_id: str) -> str:
    return f"{_NAME}/{endpoint_id}"


def _session(endpoint_id: str, way: str) -> str:
    return f"{_NAME} {endpoint_id} {way}"


def _clients(endpoint: ClientVpnEndpoint) -> Ranges:
    block = endpoint.client_cidr_block
    return Ranges.prefixes((Prefix.parse(block),)) if block else Ranges(())


def _has_ipv6(endpoint: ClientVpnEndpoint) -> bool:
    return endpoint.traffic_ip_address_type not in (None, "", "ipv4")


# ------------------------------------------------------------------- by which way


@dataclass(frozen=True, slots=True)
class _Ways:
    """By what packets leave an endpoint: its interfaces, or its attachment to a transit gateway.

    ``unsure`` are ways of subnets that are just being associated, or released.
    """

    names: tuple[str, ...]
    unsure: frozenset[str] = frozenset()
    gaps: tuple[Origin, ...] = ()


def _ways(lowering: Lowering, endpoint_id: str) -> _Ways:
    make = partial(_found_ways, lowering, _get(lowering, endpoint_id))
    return lowering.memo(f"{_NAME} ways {endpoint_id}", make)


def _found_ways(lowering: Lowering, endpoint: ClientVpnEndpoint) -> _Ways:
    endpoint_id = endpoint.client_vpn_endpoint_id
    attachment = _attachment(endpoint)
    if attachment:
        return _Ways((attachment,))
    names: list[str] = []
    unsure: set[str] = set()
    gaps: list[Origin] = []
    associations = [
        each
        for each in lowering.snapshot.records(ClientVpnTargetNetwork)
        if each.client_vpn_endpoint_id == endpoint_id
    ]
    for each in associations:
        if each.status.code in _NOT_ASSOCIATED:
            continue
        found = _interfaces(lowering, endpoint_id, each)
        names += found
        if not is_associated(each.status.code):
            unsure |= set(found)
        if not found:
            words = f"its interface in {each.target_network_id} is not known"
            gaps.append(lowering.missing(NetworkInterface, endpoint_id, words))
    if not associations:
        words = "with which subnets it is associated is not known"
        gaps.append(lowering.missing(ClientVpnTargetNetwork, endpoint_id, words))
    return _Ways(tuple(dict.fromkeys(names)), frozenset(unsure), tuple(gaps))


def _attachment(endpoint: ClientVpnEndpoint) -> str:
    transit = endpoint.transit_gateway_configuration
    return (transit.transit_gateway_attachment_id or "") if transit else ""


def _is_interface(interface: NetworkInterface) -> bool:
    attached = interface.attachment.instance_id if interface.attachment else None
    return _is_described(interface) and not attached


def _is_described(interface: NetworkInterface) -> bool:
    return interface.description.startswith(_DESCRIPTION)


def _interfaces(
    lowering: Lowering, endpoint_id: str, association: ClientVpnTargetNetwork
) -> list[str]:
    """The endpoint's interfaces in a subnet; where endpoints share one, groups tell them apart."""
    found = [
        each
        for each in lowering.index.interfaces_by_subnet.get(association.target_network_id or "", ())
        if _is_interface(each) and each.status in ("in-use", "")
    ]
    named = [each for each in found if "cvpn-endpoint-" in each.description]
    own = [each for each in named if endpoint_id in each.description]
    found = own or [each for each in found if each not in named]
    worn = set(association.security_groups)
    alike = [each for each in found if {group.group_id for group in each.groups} == worn]
    return [each.network_interface_id for each in alike or found]


def _endpoints_of(lowering: Lowering, interface_id: str) -> tuple[str, ...]:
    """The endpoints that use an interface, or may."""

    def make() -> dict[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {}
        for endpoint in lowering.snapshot.records(ClientVpnEndpoint):
            for way in _ways(lowering, endpoint.client_vpn_endpoint_id).names:
                found.setdefault(way, []).append(endpoint.client_vpn_endpoint_id)
        return {way: tuple(endpoints) for way, endpoints in found.items()}

    return lowering.memo(f"{_NAME} by way", make).get(interface_id, ())


# ------------------------------------------------------------------- leaving the endpoint


def _sent(lowering: Lowering, endpoint_id: str, argument: str) -> tuple[Stage, ...]:
    """What a client sends.  ``argument``: by which way (any), as a member of which group (any)."""
    rules = node_name("client_vpn_authorization_rules", endpoint_id, "check", argument)
    onward = Forward((Route(ANYTHING, rules, _QUIET),), _QUIET)
    return (*_status(_get(lowering, endpoint_id)), onward)


def _status(endpoint: ClientVpnEndpoint) -> tuple[Stage, ...]:
    endpoint_id, code = endpoint.client_vpn_endpoint_id, endpoint.status.code
    if code in ("available", ""):
        return ()
    origin = Origin(endpoint_id, f"is {code}", "status", "BAD_STATE", endpoint.name)
    return (deny_all(origin) if code in _SHUT else unknown_filter(origin),)


def _leave(lowering: Lowering, endpoint_id: str, way: str) -> tuple[Stage, ...]:
    """By one of the ways of the endpoint: on which a client lands, nobody knows."""
    ways = _ways(lowering, endpoint_id)
    names = ways.names if way == _ANY else (way,)
    by = [(each, node_name(_NAME, endpoint_id, "by", each)) for each in names]
    if len(by) == 1 and (way != _ANY or not ways.gaps):
        return (Forward((Route(ANYTHING, by[0][1], _QUIET),), _QUIET),)
    if not by and ways.gaps:
        return (Unmodelled(ways.gaps[0]),)
    if not by:
        refused = Origin(endpoint_id, "is associated with no subnet", "association", "BAD_STATE")
        return (deny_all(refused), Forward((), refused))
    words = "assumed: the client lands where its packets leave by"
    options = [Option(node, Origin(endpoint_id, f"{words} {each}")) for each, node in by]
    if ways.gaps:
        words = "assumed: the client lands on another subnet"
        unseen = node_name(_NAME, endpoint_id, "unseen")
        options.append(Option(unseen, Origin(endpoint_id, words)))
    return (Choose(tuple(options)),)


def _unseen(lowering: Lowering, endpoint_id: str, _: str) -> tuple[Stage, ...]:
    return (Unmodelled(_ways(lowering, endpoint_id).gaps[0]),)


def _by(lowering: Lowering, endpoint_id: str, way: str) -> tuple[Stage, ...]:
    """Out by an interface or an attachment, if the endpoint has a route there."""
    endpoint = _get(lowering, endpoint_id)
    interface = lowering.snapshot.get(NetworkInterface, way)
    words = "this association is just coming or going, as far as its state tells"
    unsure = Origin(endpoint_id, words, "association", name=endpoint.name)
    is_unsure = way in _ways(lowering, endpoint_id).unsure
    six = Route(HeaderSpace.where(source=_SIX), node_name(_NAME, endpoint_id, "six"), _QUIET)
    return (
        *((unknown_filter(unsure),) if is_unsure else ()),
        *_routed(lowering, endpoint, interface),
        Forward((six,)),
        *(
            _over_transit(lowering, endpoint)
            if interface is None
            else _into_subnet(lowering, endpoint, interface)
        ),
    )


def _routed(
    lowering: Lowering, endpoint: ClientVpnEndpoint, interface: NetworkInterface | None
) -> Iterator[Stage]:
    """The endpoint's own routes by a subnet, or by its transit gateway."""
    endpoint_id, name = endpoint.client_vpn_endpoint_id, endpoint.name
    answer = lowering.snapshot.get(ClientVpnRoutes, endpoint_id)
    if answer is None or answer.next_token:
        words = "its routes are not known"
        yield unknown_filter(lowering.missing(ClientVpnRoutes, endpoint_id, words))
        return
    subnet = (interface.subnet_id or "") if interface else ""
    local = [each for each in answer.routes if each.target_subnet == "local"]
    among = node_name(_NAME, endpoint_id, "among")
    yield Forward(tuple(Route(_covers(each), among, _QUIET) for each in local))
    own = [each for each in answer.routes if (each.target_subnet or "") == subnet]
    rules = sorted((_rule(endpoint, each) for each in own), key=_certain_first)
    words = f"has no route to the destination{f' by {subnet}' if subnet else ''}"
    missing = Origin(endpoint_id, words, "route", "NO_ROUTE_TO_DESTINATION", name)
    yield Filter(tuple(rules), Rule(ANYTHING, Action.DENY, missing))


def _covers(route: ClientVpnRoute) -> HeaderSpace:
    return to_prefix(Prefix.parse(route.destination_cidr))


def _rule(endpoint: ClientVpnEndpoint, route: ClientVpnRoute) -> Rule:
    code, name = route.status.code, endpoint.name
    works = code in ("active", "")
    action = Action.PERMIT if works else Action.DENY if code == "failed" else Action.DOUBT
    words = f"routes by {route.target_subnet or 'its transit gateway'}"
    if not works:
        words = f"this route is {code}"
    denial = "BAD_STATE_ROUTE" if action is Action.DENY else ""
    locator = f"route {route.destination_cidr}"
    origin = Origin(endpoint.client_vpn_endpoint_id, words, locator, denial, name)
    return Rule(_covers(route), action, origin)


def _certain_first(rule: Rule) -> tuple[bool, bool]:
    return rule.action is Action.DENY, rule.action is Action.DOUBT


def _six(lowering: Lowering, endpoint_id: str, _: str) -> tuple[Stage, ...]:
    words = "how its clients' IPv6 packets fare is not known: no call tells their addresses"
    return (Unmodelled(Origin(endpoint_id, words)),)


def _among(lowering: Lowering, endpoint_id: str, _: str) -> tuple[Stage, ...]:
    return (Unmodelled(Origin(endpoint_id, "traffic among its clients is not modelled")),)


def _into_subnet(
    lowering: Lowering, endpoint: ClientVpnEndpoint, interface: NetworkInterface
) -> tuple[Stage, ...]:
    """R-CVPN-2: as the interface's own packets, onto its subnet's wire."""
    way, vpc = interface.network_interface_id, interface.vpc_id or ""
    number = lowering.identity(vpc, (group.group_id for group in interface.groups))
    identity = Assign("identity", Ranges.of(number))
    own = _own(interface)
    source, port = Assign("source", own), Assign("source_port", _EPHEMERAL)
    endpoint_id = endpoint.client_vpn_endpoint_id
    words = "puts the address of its interface in the source"
    translated = Origin(endpoint_id, words, name=endpoint.name)
    unmet = Origin(way, "has no IPv4 address to translate to", code="NO_PATH")
    cases = (
        Case(HeaderSpace.where(source=own), (identity,), _QUIET),
        Case(HeaderSpace.where(protocol=_PORTED), (source, port, identity), translated),
        Case(ANYTHING, (source, identity), translated),
    )
    resolver = HeaderSpace.where(
        destination=_resolver(lowering, vpc),
        protocol=_PORTED,
        destination_port=Ranges.of(53),
    )
    onward = node_name("subnet", interface.subnet_id or "", "emit")
    return (
        Forward((Route(resolver, node_name(_NAME, endpoint_id, "resolver"), _QUIET),)),
        Translate(cases if own else (), unmet, _session(endpoint_id, way)),
        *lowering.slot("network_interface.egress", way),
        Forward((Route(ANYTHING, onward, _QUIET),), _QUIET),
    )


def _own(interface: NetworkInterface) -> Ranges:
    return Ranges.of(*filter(is_ipv4, private_addresses(interface)))


def _resolver(lowering: Lowering, vpc_id: str) -> Ranges:
    """R-EXM-1: the base address plus two of the VPC's primary block."""
    vpc = lowering.snapshot.get(Vpc, vpc_id)
    if vpc is None or not vpc.cidr_block:
        return Ranges(())
    return Ranges.of(Prefix.parse(vpc.cidr_block).value + (ipv4(2) - ipv4(0)))


def _asks_resolver(lowering: Lowering, endpoint_id: str, _: str) -> tuple[Stage, ...]:
    words = "whether the VPC's resolver answers clients is not known"
    return (Unmodelled(Origin(endpoint_id, words)),)


# ------------------------------------------------------------------- by a transit gateway


def _over_transit(lowering: Lowering, endpoint: ClientVpnEndpoint) -> tuple[Stage, ...]:
    """R-CVPN-7, U-22: into the route table of the attachment."""
    endpoint_id, way = endpoint.client_vpn_endpoint_id, _attachment(endpoint)
    transit = endpoint.transit_gateway_configuration
    gateway_id = (transit.transit_gateway_id or "") if transit else ""
    onward = node_name("transit_gateway", way, "in", f"{gateway_id} -")
    into = Forward((Route(ANYTHING, onward, _QUIET),), _QUIET)
    reading, session = lowering.option(_OPTION), _session(endpoint_id, way)
    if reading == "preserved":
        words = "its client keeps its own address"
        kept = Origin(endpoint_id, words, "source", name=endpoint.name, option=_OPTION)
        return (Filter((), Rule(ANYTHING, Action.PERMIT, kept), session), into)
    own = _gateway_blocks(lowering, gateway_id)
    if reading == "unknown" or not own:
        words = f"which source a client has beyond {gateway_id} is not known ({_OPTION}, U-22)"
        return (Unmodelled(Origin(endpoint_id, words, "source", option=_OPTION)),)
    words = "puts an address of the transit gateway's block in the source"
    translated = Origin(endpoint_id, words, "source", name=endpoint.name, option=_OPTION)
    source, port = Assign("source", own), Assign("source_port", _EPHEMERAL)
    cases = (
        Case(HeaderSpace.where(protocol=_PORTED), (source, port), translated),
        Case(ANYTHING, (source,), translated),
    )
    return (Translate(cases, None, session), into)


def _gateway_blocks(lowering: Lowering, gateway_id: str) -> Ranges:
    """The blocks that a gateway must have before such an attachment (Transit gateway guide,
    "Client VPN attachments")."""
    gateway = lowering.snapshot.get(TransitGateway, gateway_id)
    blocks = gateway.options.transit_gateway_cidr_blocks if gateway else ()
    return Ranges.prefixes(map(Prefix.parse, blocks)) & _FOUR


def _attached(lowering: Lowering, endpoint_id: str, attachment: str) -> str | None:
    if lowering.snapshot.get(ClientVpnEndpoint, endpoint_id) is None:
        return None
    return node_name(_NAME, endpoint_id, "towards", attachment.partition(" ")[0])


def _towards(lowering: Lowering, endpoint_id: str, way: str) -> tuple[Stage, ...]:
    """What a transit gateway sends to the endpoint: answers to its clients, or who knows."""
    home = node_name(_NAME, endpoint_id, "home", way)
    answers = Forward((Route(ANYTHING, home, _QUIET, session=_session(endpoint_id, way)),))
    if lowering.option(_OPTION) == "translated":
        unasked = Origin(endpoint_id, "takes no connections", "inbound", "NO_PATH", option=_OPTION)
        return (answers, deny_all(unasked), Forward((), unasked))
    words = "whether connections can be begun towards its clients is not known"
    return (answers, Unmodelled(Origin(endpoint_id, words, "inbound", option=_OPTION)))


# ------------------------------------------------------------------- what comes back


def _interface_node(lowering: Lowering, interface: NetworkInterface) -> str | None:
    if not _is_interface(interface):
        return None
    return node_name(_NAME, interface.network_interface_id, "answers")


def _answers(lowering: Lowering, interface_id: str, _: str) -> tuple[Stage, ...]:
    """R-CVPN-5: what is sent to the endpoint's interface: answers to its clients, or nothing."""
    unasked = Origin(
        interface_id, "takes no connections: clients are behind it", "inbound", "NO_PATH"
    )
    routes = (
        Route(
            ANYTHING,
            node_name(_NAME, endpoint_id, "home", interface_id),
            _QUIET,
            session=_session(endpoint_id, interface_id),
        )
        for endpoint_id in _endpoints_of(lowering, interface_id)
    )
    return (
        *lowering.slot("network_interface.ingress", interface_id),
        Forward(tuple(routes), unasked),
    )


def _home(lowering: Lowering, endpoint_id: str, way: str) -> tuple[Stage, ...]:
    """To the client that the answer is for."""
    session = _session(endpoint_id, way)
    kept = way.startswith("tgw-") and lowering.option(_OPTION) == "preserved"
    restore = Restore(session, Origin(endpoint_id, "holds no such connection", code="NO_PATH"))
    received = Origin(endpoint_id, "the client receives the packet")
    again = node_name(_NAME, endpoint_id, "sent", f"{_ANY} {_ANYBODY}")
    return (*(() if kept else (restore,)), Deliver(_owner(endpoint_id), again, received))


# ------------------------------------------------------------------- as an end of a question


def _senders(lowering: Lowering, interface: NetworkInterface) -> tuple[Start, ...] | None:
    """What clients send by an interface, as the interface's own."""
    way = interface.network_interface_id
    endpoints = _endpoints_of(lowering, way) if _is_interface(interface) else ()
    own = HeaderSpace.where(source=_own(interface))
    starts = (
        Start(node_name(_NAME, each, "sent", f"{way} {_ANYBODY}"), own, _owner(each))
        for each in endpoints
    )
    return tuple(starts) or None


def _end(lowering: Lowering, text: str) -> End | None:
    """As a source its clients, or members of one group; it is nobody's destination."""
    endpoint_id, slash, group = text.partition("/")
    endpoint = lowering.snapshot.get(ClientVpnEndpoint, endpoint_id)
    if endpoint is None:
        return _unlisted(lowering, endpoint_id) if slash else None
    who = quote(group, safe="") if slash else _ANYBODY
    node = node_name(_NAME, endpoint_id, "sent", f"{_ANY} {who}")
    sources = [_clients(endpoint), _SIX if _has_ipv6(endpoint) else Ranges(())]
    words = "takes no connections: its clients are behind its own address"
    told = "whether connections can be begun towards its IPv6 clients is not known"
    unknown = Origin(endpoint_id, told, name=endpoint.name)
    owner = _owner(endpoint_id)
    return End(
        f"{text} {endpoint.name}".strip(),
        starts=tuple(
            Start(node, HeaderSpace.where(source=each), owner) for each in sources if each
        ),
        goals={owner: ANYTHING} if _attachment(endpoint) else {},
        addresses=_clients(endpoint),
        nobody=Origin(endpoint_id, words, code="NO_PATH", name=endpoint.name),
        may_take=unknown if _has_ipv6(endpoint) else None,
    )


def _unlisted(lowering: Lowering, endpoint_id: str) -> End | None:
    """An endpoint that is not there, where the call that lists them was not made."""
    snapshot = lowering.snapshot
    if all(snapshot.has(ClientVpnEndpoint, *scope) for scope in snapshot.scopes):
        return None
    words = f"whether there is {endpoint_id} is not known"
    return End(endpoint_id, gap=lowering.missing(ClientVpnEndpoint, endpoint_id, words))


def _outside(lowering: Lowering) -> Iterator[End]:
    """Clients, by the addresses that they send from; of unknown endpoints nobody knows them."""
    for endpoint in lowering.snapshot.records(ClientVpnEndpoint):
        found = _end(lowering, endpoint.client_vpn_endpoint_id)
        if found is not None:
            yield found
    unclaimed = next(_unclaimed(lowering), None)
    if unclaimed is not None:
        words = "belongs to a Client VPN endpoint whose clients' addresses are not known"
        gap = lowering.missing(ClientVpnEndpoint, unclaimed, words)
        yield End("clients of an unknown Client VPN endpoint", gap=gap)


def _unclaimed(lowering: Lowering) -> Iterator[str]:
    for interface in lowering.index.interfaces_where(_is_described):
        interface_id = interface.network_interface_id
        if _is_interface(interface) and not _endpoints_of(lowering, interface_id):
            yield interface_id
    for attachment in index_of(lowering).of_kind("client-vpn"):
        known = lowering.snapshot.get(ClientVpnEndpoint, attachment.resource_id)
        if known is None:
            yield attachment.transit_gateway_attachment_id


def _by_interface(lowering: Lowering, interface_id: str) -> Visit | None:
    """What clients send by an interface of an endpoint, and what comes back to it."""
    endpoints = _endpoints_of(lowering, interface_id)
    nodes = frozenset(node_name(_NAME, each, "by", interface_id) for each in endpoints)
    return Visit(nodes=nodes, resources=frozenset((interface_id,))) if nodes else None


def _by_association(lowering: Lowering, association_id: str) -> Visit | None:
    """What clients send by the subnet of an association, if its interface there is known."""
    association = lowering.snapshot.get(ClientVpnTargetNetwork, association_id)
    if association is None:
        return None
    endpoint_id = association.client_vpn_endpoint_id
    own = _interfaces(lowering, endpoint_id, association)
    nodes = frozenset(node_name(_NAME, endpoint_id, "by", each) for each in own)
    return Visit(nodes=nodes) if nodes else None


COMPONENT = Component(
    name=_NAME,
    reads=(ClientVpnEndpoint, ClientVpnTargetNetwork, ClientVpnRoutes, NetworkInterface),
    sections=CLIENT_VPN,
    nodes={
        "sent": _sent,
        "leave": _leave,
        "unseen": _unseen,
        "by": _by,
        "six": _six,
        "among": _among,
        "resolver": _asks_resolver,
        "towards": _towards,
        "answers": _answers,
        "home": _home,
    },
    attached={"client-vpn": _attached},
    interface_types=("interface",),
    interface_node=_interface_node,
    senders=_senders,
    outside=_outside,
    ends={"cvpn-endpoint-": _end},
    places={"eni-": _by_interface, "cvpn-assoc-": _by_association},
)
