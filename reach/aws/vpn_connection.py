"""Site-to-Site VPN connections: two tunnels between a gateway in AWS and a customer gateway.

A connection carries packets while one of its tunnels is up (R-VGW-4); a snapshot without telemetry
does not tell.  On a virtual private gateway it is IPv4 only (R-VGW-8), and beyond it lie its static
routes, or what it has told the gateway of by BGP (R-VGW-3).  As an attachment of a transit gateway
it carries the IP version of its tunnels, whatever a route table sends it (R-TGW-15): beyond it lie
the static routes to it and what it propagates.  Prefixes that no table shows are a gap.  Both ends
may be narrowed to blocks that are allowed to talk over it.  It keeps no group identity (R-SG-20).

Its tunnels' outside addresses answer a ping from the internet and nothing else (R-OBS-8); those of
a deleted connection are nobody's (R-OBS-3).

Implements: R-VGW-3 R-VGW-4 R-VGW-8 R-TGW-13 R-TGW-15 R-OBS-3 R-OBS-8 R-SG-20
Not modelled: connections of Cloud WAN and of VPN concentrators; what a customer gateway device
lets through.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from reach.component import Component, End, Link, Lowering, Uplink, node_name
from reach.network.address import ANY_IPV4, ANY_IPV6, Prefix, is_public, parse_address
from reach.network.field import ICMP
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.network.stage import (
    Action,
    Deliver,
    Filter,
    Forward,
    Origin,
    Route,
    Rule,
    Stage,
    Unmodelled,
    deny_all,
    unknown_filter,
)
from reach.snapshot.lines import (
    Told,
    accepted_routes,
    but_default,
    is_default,
    is_static,
    static_prefixes,
    tunnels_up,
)
from reach.snapshot.private_records import VpnConnection, VpnGateway
from reach.snapshot.section import Reference, Section
from reach.snapshot.transit_records import TransitGatewayAttachment

_NAME = "vpn_connection"
_QUIET = Origin("", "")
_KIND = "vpn"
_CONCENTRATOR = "vpn-concentrator"
_ECHO = HeaderSpace.where(protocol=Ranges.of(ICMP), icmp_type=Ranges.of(8))
_STATIC, _BGP = 1, 2  # R-VGW-9; Direct Connect comes first


# ------------------------------------------------------------------- what lies beyond


def _attachment(lowering: Lowering, connection_id: str) -> TransitGatewayAttachment | None:
    return next(iter(lowering.index.lines.attachments(_KIND, connection_id)), None)


def _at_gateway(lowering: Lowering, connection: VpnConnection) -> Told:
    """What a virtual private gateway knows to lie beyond it."""
    if is_static(connection):
        return Told(static_prefixes(connection), True)
    gateway_id = connection.vpn_gateway_id or ""
    told = lowering.index.lines.told_by(gateway_id, connection.vpn_connection_id)
    accepted = accepted_routes(connection)
    counted = told.alone and accepted is not None and accepted <= len(told.prefixes)
    also = () if counted else told.also
    return Told(told.prefixes, _is_whole(connection, told), told.alone, also)


def _is_whole(connection: VpnConnection, told: Told) -> bool:
    """Whether the prefixes that show are all that the tunnels have taken."""
    accepted = accepted_routes(connection)
    if accepted is None:
        return told.whole
    return accepted == 0 or (told.whole and accepted <= len(told.prefixes))


def _at_transit(
    lowering: Lowering, connection: VpnConnection | None, attachment: TransitGatewayAttachment
) -> Told:
    told = lowering.index.lines.beyond(attachment.transit_gateway_attachment_id)
    if connection is None:
        return Told(told.prefixes, False)
    return Told(told.prefixes, is_static(connection) or _is_whole(connection, told))


def _gap(connection_id: str, told: Told) -> Origin | None:
    if told.whole:
        return None
    words = "what prefixes it has learned by BGP does not show in any route table"
    return Origin(connection_id, words, "prefixes")


def _link(connection_id: str, told: Told, up: bool) -> Link:
    return Link(
        connection_id,
        node_name(_NAME, connection_id, "in"),
        but_default(told.known),
        gap=_gap(connection_id, told),
        to_internet=any(map(is_default, (*told.known, *told.perhaps))),
        perhaps=but_default(told.perhaps),
        up=up,
    )


def _links(lowering: Lowering) -> Iterator[Link]:
    found: set[str] = set()
    for connection in lowering.snapshot.records(VpnConnection):
        if connection.state == "deleted":
            continue
        name, up = connection.vpn_connection_id, tunnels_up(connection) is not False
        attachment = _attachment(lowering, name)
        if attachment is not None:
            yield _link(name, _at_transit(lowering, connection, attachment), up)
        elif connection.vpn_gateway_id:
            yield _link(name, _at_gateway(lowering, connection), up)
        elif connection.core_network_arn or connection.transit_gateway_id:
            yield _link(name, Told(), up)
        found.add(name)
    for kind in (_KIND, _CONCENTRATOR):
        for attachment in lowering.index.lines.attachments(kind):
            name = attachment.resource_id or attachment.transit_gateway_attachment_id
            if name not in found:
                found.add(name)
                yield _link(name, _at_transit(lowering, None, attachment), True)


def _uplinks(lowering: Lowering, gateway_id: str) -> Iterator[Uplink]:
    for connection in lowering.index.lines.connections(gateway_id):
        name = connection.vpn_connection_id
        told = _at_gateway(lowering, connection)
        yield Uplink(
            name,
            node_name(_NAME, name, "out"),
            told.known,
            perhaps=told.perhaps,
            gap=_gap(name, told),
            rank=_STATIC if is_static(connection) else _BGP,
            up=tunnels_up(connection) is not False,
        )


# ------------------------------------------------------------------- what it carries


def _out(lowering: Lowering, connection_id: str, _: str) -> tuple[Stage, ...]:
    hosts = node_name("on_premises", connection_id, "hosts")
    return (
        *_carries(lowering, connection_id, outwards=True),
        Forward((Route(ANYTHING, hosts, _QUIET),), _QUIET),
    )


def _in(lowering: Lowering, connection_id: str, _: str) -> tuple[Stage, ...]:
    connection = lowering.snapshot.get(VpnConnection, connection_id)
    attachment = _attachment(lowering, connection_id) or next(
        iter(lowering.index.lines.attachments(_CONCENTRATOR, connection_id)), None
    )
    carried = _carries(lowering, connection_id, outwards=False)
    if attachment is not None:
        name, gateway = attachment.transit_gateway_attachment_id, attachment.transit_gateway_id
        onward = node_name("transit_gateway", name, "in", f"{gateway} -")
    elif connection is not None and connection.vpn_gateway_id:
        onward = node_name("vpn_gateway", connection.vpn_gateway_id, "in")
    else:
        words = "what it is attached to is not in the snapshot"
        return (*carried, Unmodelled(Origin(connection_id, words)))
    return (*carried, Forward((Route(ANYTHING, onward, _QUIET),), _QUIET))


def _carries(lowering: Lowering, connection_id: str, *, outwards: bool) -> tuple[Stage, ...]:
    connection = lowering.snapshot.get(VpnConnection, connection_id)
    if connection is None:
        words = "whether this connection works is not known"
        return (unknown_filter(lowering.missing(VpnConnection, connection_id, words)),)
    return (
        *_state(connection),
        *lowering.slot("vpn_connection.state", connection_id),
        _version(connection),
        *_allowed(connection, outwards=outwards),
    )


def _state(connection: VpnConnection) -> tuple[Stage, ...]:
    """R-VGW-4: at least one tunnel is up."""
    name, up = connection.vpn_connection_id, tunnels_up(connection)
    settled = connection.state in ("available", "")
    if up is None:
        why = "it shows no telemetry" if settled else f"it is {connection.state!r}"
        words = f"whether one of its tunnels is up is not known: {why}"
        return (unknown_filter(Origin(name, words, "tunnels", name=connection.name)),)
    if up:
        return ()
    words = "has no tunnel that is up" if settled else f"is {connection.state}"
    code = "BAD_STATE_VPN" if connection.vpn_gateway_id else "TGW_BAD_STATE_VPN"
    return (deny_all(Origin(name, words, "tunnels", code, connection.name)),)


def _version(connection: VpnConnection) -> Filter:
    """R-VGW-8; TunnelInsideIpVersion is ipv4 where nothing else is said (VpnConnectionOptions)."""
    inside = connection.options.tunnel_inside_ip_version or "ipv4"
    six = inside == "ipv6" and not connection.vpn_gateway_id
    carried = ANY_IPV6 if six else ANY_IPV4
    words = f"carries {'IPv6' if six else 'IPv4'} only"
    origin = Origin(connection.vpn_connection_id, words, "tunnels", "NO_PATH", connection.name)
    match = HeaderSpace.where(destination=Ranges.prefixes((carried,)))
    return Filter((Rule(match, Action.PERMIT, _QUIET),), Rule(ANYTHING, Action.DENY, origin))


def _allowed(connection: VpnConnection, *, outwards: bool) -> tuple[Stage, ...]:
    """The local (on-premises) and the remote (AWS) block that may talk over the tunnels.

    AWS: "Tunnel options for your Site-to-Site VPN connection", docs.aws.amazon.com/vpn/latest/
    s2svpn/VPNTunnels.html.
    """
    options = connection.options
    beyond, here = ("destination", "source") if outwards else ("source", "destination")
    stages: list[Stage] = []
    for side, title, blocks in (
        (beyond, "local", (options.local_ipv4_network_cidr, options.local_ipv6_network_cidr)),
        (here, "remote", (options.remote_ipv4_network_cidr, options.remote_ipv6_network_cidr)),
    ):
        narrowed = [Prefix.parse(block) for block in blocks if block]
        if not narrowed or all(prefix.length == 1 for prefix in narrowed):
            continue
        shown = ", ".join(map(str, narrowed))
        words = f"carries only a {side} in its {title} network {shown}"
        origin = Origin(connection.vpn_connection_id, words, title, "NO_PATH", connection.name)
        permit = Rule(HeaderSpace.where(**{side: Ranges.prefixes(narrowed)}), Action.PERMIT, _QUIET)
        stages.append(Filter((permit,), Rule(ANYTHING, Action.DENY, origin)))
    return tuple(stages)


def _attached(lowering: Lowering, resource: str, attachment: str) -> str:
    """R-TGW-15: what a route table sends it goes out, whatever BGP has told."""
    return node_name(_NAME, resource or attachment.partition(" ")[0], "out")


# ------------------------------------------------------------------- outside addresses


def _outside_addresses(connection: VpnConnection) -> Ranges:
    """Public ones; a private VPN has private ones, which nobody on the internet can reach."""
    shown = [each.outside_ip_address for each in connection.options.tunnel_options]
    shown += [each.outside_ip_address for each in connection.vgw_telemetry]
    found = [parse_address(each) for each in shown if each]
    return Ranges.of(*(address for address in found if is_public(address)))


def _announce(lowering: Lowering) -> Iterator[Route]:
    for connection in lowering.snapshot.records(VpnConnection):
        name, addresses = connection.vpn_connection_id, _outside_addresses(connection)
        if not addresses:
            continue
        match = HeaderSpace.where(destination=addresses)
        if connection.state in ("deleted", "deleting"):
            words = f"had this address; it is {connection.state}"
            yield Route(match, "", Origin(name, words, code="NO_PATH", name=connection.name))
        else:
            words = "has this address as a tunnel's outside end"
            yield Route(match, node_name(_NAME, name, "outside"), Origin(name, words))


def _outside(lowering: Lowering, connection_id: str, _: str) -> tuple[Stage, ...]:
    """R-OBS-8: a tunnel's outside address answers ping."""
    words = "a tunnel's outside address answers ping only"
    silent = Origin(connection_id, words, "outside address", "PROTOCOL_RESTRICTION")
    received = Origin(connection_id, "the tunnel's end receives the packet")
    return (
        Filter((Rule(_ECHO, Action.PERMIT, _QUIET),), Rule(ANYTHING, Action.DENY, silent)),
        Deliver(f"{_NAME}/{connection_id}", "internet/world/routes", received),
    )


# ------------------------------------------------------------------- as an end of a question


def _end(lowering: Lowering, connection_id: str) -> End | None:
    """As a source or a destination: on-premises, by way of it."""
    connection = lowering.snapshot.get(VpnConnection, connection_id)
    if connection is None and _attachment(lowering, connection_id) is None:
        return None
    if connection is not None and connection.state == "deleted":
        words = "has been deleted"
        nobody = Origin(connection_id, words, "state", "BAD_STATE_VPN", connection.name)
        return End(connection_id, nobody=nobody)
    beyond = lowering.end(f"on-premises-by-{connection_id}")
    assert beyond is not None
    ways = tuple(node_name(_NAME, connection_id, part) for part in ("in", "out"))
    return replace(beyond, words=connection_id, through=ways)


COMPONENT = Component(
    name=_NAME,
    reads=(VpnConnection, TransitGatewayAttachment),
    sections=(
        Section(
            "VpnConnections",
            VpnConnection,
            "vpn_connection_id",
            "ec2.DescribeVpnConnections",
            addresses={
                "routes[].destination_cidr_block": "CIDR",
                "options.local_ipv4_network_cidr": "IPv4 CIDR",
                "options.remote_ipv4_network_cidr": "IPv4 CIDR",
                "options.local_ipv6_network_cidr": "IPv6 CIDR",
                "options.remote_ipv6_network_cidr": "IPv6 CIDR",
                "options.tunnel_options[].outside_ip_address": "IP address",
                "vgw_telemetry[].outside_ip_address": "IP address",
            },
            references=(Reference("vpn_gateway_id", VpnGateway, unless=("state", "deleted")),),
        ),
    ),
    nodes={"out": _out, "in": _in, "outside": _outside},
    announce=_announce,
    attached={_KIND: _attached, _CONCENTRATOR: _attached},
    links=_links,
    uplinks=_uplinks,
    ends={"vpn-": _end},
)
