"""VPC Route Servers: they put next hops that appliances announce by BGP into route tables.

A route server moves no packet: what it has installed stands in the route tables, with origin
Advertisement, and is ranked there (R-RT-25, U-8).  Its endpoints are interfaces in the VPC that
talk BGP to their peers.  As an end of a question it means those interfaces; a peer of one means the
appliance's.  Flagged are installed routes that disagree with the server's own database, and edge
tables of virtual private gateways, which it does not serve.

Implements: R-RT-25
Not modelled: which routes a change of its peers would install; the endpoints' own services.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from reach.component import Component, End, Lowering
from reach.network.address import Prefix, parse_address
from reach.network.stage import Origin
from reach.snapshot.call import Call, Per, per_id
from reach.snapshot.errors import Diagnostic
from reach.snapshot.record import UNPRINTED, Id, Part, Record, Tagged
from reach.snapshot.records import NetworkInterface, RouteTable, Subnet, Vpc
from reach.snapshot.section import Reference, Section

_NAME = "route_server"


class RouteServer(Tagged, frozen=True):
    route_server_id: Id
    state: str = ""


class RouteServerEndpoint(Tagged, frozen=True):
    route_server_endpoint_id: Id
    route_server_id: str | None = None
    vpc_id: str | None = None
    subnet_id: str | None = None
    eni_id: str | None = None
    state: str = ""


class RouteServerPeer(Tagged, frozen=True):
    route_server_peer_id: Id
    route_server_endpoint_id: str | None = None
    route_server_id: str | None = None
    vpc_id: str | None = None
    peer_address: str | None = None
    state: str = ""


class RouteServerPropagation(Record, frozen=True):
    route_server_id: Id
    route_table_id: Id
    state: str = ""

    @property
    def key(self) -> str:
        return f"{self.route_server_id} {self.route_table_id}"


class RouteServerInstallation(Part, frozen=True):
    route_table_id: str | None = None
    route_installation_status: str = ""


class RouteServerRoute(Part, frozen=True):
    prefix: str | None = None
    next_hop_ip: str | None = None
    route_status: str = ""
    route_installation_details: tuple[RouteServerInstallation, ...] = ()


class RouteServerRoutingDatabase(Record, frozen=True):
    """One get-route-server-routing-database answer under its server's id."""

    route_server_id: Id
    routes: tuple[RouteServerRoute, ...] = UNPRINTED
    are_routes_persisted: bool | None = None
    next_token: str | None = None


# ------------------------------------------------------------------- as an end of a question


def _endpoints(lowering: Lowering, server_id: str) -> tuple[RouteServerEndpoint, ...]:
    return tuple(
        each
        for each in lowering.snapshot.records(RouteServerEndpoint)
        if each.route_server_id == server_id and each.state != "deleted"
    )


def _server_end(lowering: Lowering, server_id: str) -> End | None:
    if lowering.snapshot.get(RouteServer, server_id) is None:
        return None
    end = _of_endpoints(lowering, server_id, _endpoints(lowering, server_id))
    for peer in lowering.snapshot.records(RouteServerPeer):
        of_peer = peer.route_server_endpoint_id or ""
        held = lowering.snapshot.get(RouteServerEndpoint, of_peer)
        if of_peer and held is None and peer.route_server_id == server_id:
            words = f"{of_peer}, which {peer.route_server_peer_id} names, is not known"
            return replace(end, gap=lowering.missing(RouteServerEndpoint, of_peer, words))
    return end


def _endpoint_end(lowering: Lowering, endpoint_id: str) -> End | None:
    endpoint = lowering.snapshot.get(RouteServerEndpoint, endpoint_id)
    return None if endpoint is None else _of_endpoints(lowering, endpoint_id, (endpoint,))


def _of_endpoints(
    lowering: Lowering, words: str, endpoints: tuple[RouteServerEndpoint, ...]
) -> End:
    found = [lowering.snapshot.get(NetworkInterface, each.eni_id or "") for each in endpoints]
    interfaces = tuple(each for each in found if each is not None)
    if interfaces:
        return lowering.hosts(interfaces, words)
    gap = None
    if endpoints:
        missing = "the interfaces of its endpoints are not known"
        gap = lowering.missing(NetworkInterface, words, missing)
    nobody = Origin(words, "has no endpoint with an interface", code="UNASSOCIATED_COMPONENT")
    return End(words, nobody=nobody, gap=gap)


def _peer_end(lowering: Lowering, peer_id: str) -> End | None:
    """The appliance that talks BGP to the server."""
    peer = lowering.snapshot.get(RouteServerPeer, peer_id)
    if peer is None or not peer.peer_address:
        return None
    owners = lowering.index.owner_of_address(parse_address(peer.peer_address))
    own = tuple(each for each in owners if each.vpc_id == peer.vpc_id)
    if own:
        return lowering.hosts(own, peer_id)
    words = f"no interface in {peer.vpc_id} has its address {peer.peer_address}"
    return End(peer_id, nobody=Origin(peer_id, words, code="NO_SOURCE_OR_DESTINATION"))


# ------------------------------------------------------------------- lint


def _lint(lowering: Lowering) -> Iterator[Diagnostic]:
    propagating = _propagating(lowering)
    for table in lowering.snapshot.records(RouteTable):
        advertised = [route for route in table.routes if route.origin == "Advertisement"]
        if not advertised:
            continue
        if any((each.gateway_id or "").startswith("vgw-") for each in table.associations):
            # AWS: GetRouteServerPropagations, docs.aws.amazon.com/AWSEC2/latest/APIReference/.
            words = "is a virtual private gateway's edge table, which a route server does not serve"
            yield _warning(table, f"holds routes of a route server but {words}")
        elif propagating and table.route_table_id not in propagating:
            yield _warning(table, "holds routes of a route server, but none propagates to it")
    yield from _disagreeing(lowering)


def _propagating(lowering: Lowering) -> frozenset[str]:
    return frozenset(
        each.route_table_id
        for each in lowering.snapshot.records(RouteServerPropagation)
        if each.state != "deleting"
    )


def _disagreeing(lowering: Lowering) -> Iterator[Diagnostic]:
    """What the database says is installed in a table and is not there."""
    for answer in lowering.snapshot.records(RouteServerRoutingDatabase):
        for route in answer.routes:
            for each in route.route_installation_details:
                table = lowering.snapshot.get(RouteTable, each.route_table_id or "")
                installed = each.route_installation_status == "installed"
                if table is not None and installed and not _holds(table, route):
                    shown = f"{route.prefix} by {route.next_hop_ip}"
                    words = f"{answer.route_server_id} says that it installed {shown} here"
                    yield _warning(table, f"{words}; the table does not show it")


def _holds(table: RouteTable, route: RouteServerRoute) -> bool:
    wanted = Prefix.parse(route.prefix or "")
    blocks = (
        each.destination_cidr_block or each.destination_ipv6_cidr_block
        for each in table.routes
        if each.origin == "Advertisement"
    )
    return any(block and Prefix.parse(block) == wanted for block in blocks)


def _warning(table: RouteTable, words: str) -> Diagnostic:
    name = table.route_table_id
    return Diagnostic("warning", f"{name} {words}", table.page.file, table.pointer, name)


_SERVER = Reference("route_server_id", RouteServer)

COMPONENT = Component(
    name=_NAME,
    reads=(RouteServer, RouteServerEndpoint, RouteServerPeer),
    sections=(
        Section("RouteServers", RouteServer, "route_server_id", "ec2.DescribeRouteServers"),
        Section(
            "RouteServerEndpoints",
            RouteServerEndpoint,
            "route_server_endpoint_id",
            "ec2.DescribeRouteServerEndpoints",
            references=(
                _SERVER,
                Reference("vpc_id", Vpc),
                Reference("subnet_id", Subnet),
                Reference("eni_id", NetworkInterface),
            ),
        ),
        Section(
            "RouteServerPeers",
            RouteServerPeer,
            "route_server_peer_id",
            "ec2.DescribeRouteServerPeers",
            addresses={"peer_address": "IP address"},
            references=(_SERVER,),
        ),
        Section(
            "RouteServerPropagations",
            RouteServerPropagation,
            "key",
            "ec2.GetRouteServerPropagations",
            references=(_SERVER, Reference("route_table_id", RouteTable)),
            covered_by="RouteServers",
            asked=(
                Call(
                    "ec2.GetRouteServerPropagations",
                    take="RouteServerPropagations",
                    per=(
                        Per(
                            "ec2.DescribeRouteServers",
                            {"RouteServerId": "RouteServerId"},
                            unless=("State", "deleted"),
                        ),
                    ),
                ),
            ),
        ),
        Section(
            "RouteServerRoutingDatabases",
            RouteServerRoutingDatabase,
            "route_server_id",
            "ec2.GetRouteServerRoutingDatabase",
            addresses={"routes[].prefix": "CIDR", "routes[].next_hop_ip": "IP address"},
            references=(_SERVER,),
            merge="extend",
            more=("next_token",),
            bare=(("RouteServerId", "Routes"),),
            covered_by="RouteServers",
            asked=(
                per_id(
                    "ec2.GetRouteServerRoutingDatabase",
                    "ec2.DescribeRouteServers",
                    "RouteServerId",
                    hold="Routes",
                    unless=("State", "deleted"),
                ),
            ),
        ),
    ),
    ends={"rs-": _server_end, "rse-": _endpoint_end, "rsp-": _peer_end},
    lint=_lint,
)
