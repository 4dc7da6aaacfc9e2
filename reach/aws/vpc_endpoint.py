"""VPC endpoints to AWS services: interface endpoints (PrivateLink) and gateway endpoints.

An interface endpoint is one interface per subnet, reachable from wherever that subnet is
(R-VPCE-1), while available (R-VPCE-2); its group and its subnet's network ACL filter the clients
(R-VPCE-3).  It answers its service's ports and no ping (R-VPCE-5, R-OBS-8) and opens no connections
(R-VPCE-4).  DNS options and policies move no packet (R-VPCE-6, R-VPCE-7).  A gateway endpoint is a
route target for its service's prefix list (R-GWEP-1), for sources of its own VPC (R-GWEP-2), TCP
and ping only (R-GWEP-4); the source stays private.  Endpoints to services of others, Gateway Load
Balancer endpoints and all other types are not modelled yet: undecided.

Implements: R-VPCE-1 R-VPCE-2 R-VPCE-3 R-VPCE-4 R-VPCE-5 R-VPCE-6 R-VPCE-7 R-VPCE-8 R-VPCE-9
R-GWEP-1 R-GWEP-2 R-GWEP-3 R-GWEP-4 R-GWEP-5 R-OBS-8 R-SG-20
Not modelled: endpoint services of other accounts; ports that a service adds beyond the table here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reach.component import Component, End, Entry, Lowering, Target, node_name
from reach.network.address import Prefix
from reach.network.field import ICMP, TCP
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.network.stage import (
    Action,
    Assign,
    Case,
    Deliver,
    Filter,
    Forward,
    Origin,
    Route,
    Rule,
    Stage,
    Translate,
    Unmodelled,
    deny_all,
    unknown_filter,
)
from reach.snapshot.index import vpc_blocks
from reach.snapshot.records import NetworkInterface, PrefixList, Vpc, VpcEndpoint

_NAME = "vpc_endpoint"
_QUIET = Origin("", "")
_PING = Ranges.of(8)

# Ports that AWS services answer on at an interface endpoint; tcp 443 where nothing is said here.
# AWS: the "VPC endpoints" page of each service's own guide.
_PORTS: Mapping[str, tuple[tuple[int, int], ...]] = {
    "s3": ((80, 80), (443, 443)),
    "dynamodb": ((80, 80), (443, 443)),
    "email-smtp": ((25, 25), (465, 465), (587, 587), (2465, 2465), (2587, 2587)),
    "cassandra": ((443, 443), (9142, 9142)),
    "cassandra-fips": ((443, 443), (9142, 9142)),
    "transfer.server": ((21, 22), (2222, 2222), (8192, 8200)),
    "iot.data": ((443, 443), (8443, 8443), (8883, 8883)),
    "appstream.streaming": ((443, 443), (1400, 1499)),
    "git-codecommit": ((443, 443),),
}


def _service(endpoint: VpcEndpoint) -> str | None:
    """The AWS service behind it, or None when it is somebody else's."""
    parts = endpoint.service_name.split(".")
    if parts[0] == "aws" and len(parts) >= 2:
        return ".".join(parts[1:])
    if parts[:2] in (["com", "amazonaws"], ["cn", "com"]) and "vpce" not in parts:
        start = 3 if parts[0] == "com" else 4
        return ".".join(parts[start:])
    return None


def _unavailable(endpoint: VpcEndpoint) -> tuple[Stage, ...]:
    """R-VPCE-2; the API writes states in either case."""
    if endpoint.state.lower() in ("available", "partial", ""):
        return ()
    words = f"is {endpoint.state}"
    origin = Origin(endpoint.vpc_endpoint_id, words, "state", "BAD_STATE", endpoint.name)
    return (deny_all(origin),)


# ------------------------------------------------------------------- interface endpoints


def _of_interface(lowering: Lowering, interface_id: str) -> VpcEndpoint | None:
    def make() -> dict[str, VpcEndpoint]:
        return {
            owned: endpoint
            for endpoint in lowering.snapshot.records(VpcEndpoint)
            for owned in endpoint.network_interface_ids
        }

    return lowering.memo(f"{_NAME} interfaces", make).get(interface_id)


def _interface_node(lowering: Lowering, interface: NetworkInterface) -> str | None:
    endpoint = _of_interface(lowering, interface.network_interface_id)
    if endpoint is None or endpoint.vpc_endpoint_type.lower() != "interface":
        return None
    return node_name(_NAME, interface.network_interface_id, "admit")


def _admit(lowering: Lowering, interface_id: str, _: str) -> tuple[Stage, ...]:
    """What is sent to an endpoint's interface; what may stand before it decides first."""
    return (
        *lowering.slot("vpc_endpoint.admit", interface_id),
        *_admitted(lowering, interface_id, ""),
    )


def _admitted(lowering: Lowering, interface_id: str, _: str) -> tuple[Stage, ...]:
    endpoint = _of_interface(lowering, interface_id)
    assert endpoint is not None
    service = _service(endpoint)
    if service is None:
        words = f"leads to {endpoint.service_name}, whose provider is not modelled yet"
        end: tuple[Stage, ...] = (Unmodelled(Origin(endpoint.vpc_endpoint_id, words)),)
    else:
        end = _answers(endpoint, service, interface_id)
    return (
        *_unavailable(endpoint),
        *lowering.slot("network_interface.ingress", interface_id),
        *end,
    )


def _answers(endpoint: VpcEndpoint, service: str, interface_id: str) -> tuple[Stage, ...]:
    spans = _PORTS.get(service, ((443, 443),))
    shown = ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in spans)
    words = f"{service} answers on tcp {shown} only"
    silent = Origin(
        endpoint.vpc_endpoint_id, words, "service", "PROTOCOL_RESTRICTION", endpoint.name
    )
    served = HeaderSpace.where(protocol=Ranges.of(TCP), destination_port=Ranges.union(spans))
    delivered = Origin(
        endpoint.vpc_endpoint_id, f"{endpoint.service_name} receives the packet", name=endpoint.name
    )
    return (
        Filter((Rule(served, Action.PERMIT, _QUIET),), Rule(ANYTHING, Action.DENY, silent)),
        Deliver(f"{_NAME}/{interface_id}", node_name(_NAME, interface_id, "answer"), delivered),
    )


def _answer(lowering: Lowering, interface_id: str, _: str) -> tuple[Stage, ...]:
    """Replies leave by the endpoint's interface, past its group (R-SG-22)."""
    interface = lowering.snapshot.get(NetworkInterface, interface_id)
    subnet = (interface.subnet_id or "") if interface else ""
    groups = (group.group_id for group in interface.groups) if interface else ()
    number = lowering.identity((interface.vpc_id or "") if interface else "", groups)
    return (
        Translate((Case(ANYTHING, (Assign("identity", Ranges.of(number)),), _QUIET),)),
        *lowering.slot("network_interface.egress", interface_id),
        Forward((Route(ANYTHING, node_name("subnet", subnet, "emit"), _QUIET),), _QUIET),
    )


# ------------------------------------------------------------------- gateway endpoints


def _enter(lowering: Lowering, endpoint_id: str, subnet: str, vpc: str) -> Entry | None:
    endpoint = lowering.snapshot.get(VpcEndpoint, endpoint_id)
    if endpoint is None or endpoint.vpc_endpoint_type.lower() != "gateway":
        return None
    return Entry(node_name(_NAME, endpoint_id, "service"))


def _at_gateway(lowering: Lowering, endpoint_id: str, _: str) -> tuple[Stage, ...]:
    endpoint = lowering.snapshot.get(VpcEndpoint, endpoint_id)
    assert endpoint is not None
    service = _service(endpoint) or ""
    spans = _PORTS.get(service, ((443, 443),))
    protocol = Origin(
        endpoint_id,
        "takes only TCP and ping",
        "protocol",
        "VPCE_GATEWAY_PROTOCOL_RESTRICTION",
        endpoint.name,
    )
    silent = Origin(endpoint_id, f"{service} does not answer on this port", "service", "NO_PATH")
    ports = HeaderSpace.where(protocol=Ranges.of(TCP), destination_port=Ranges.union(spans))
    ping = HeaderSpace.where(protocol=Ranges.of(ICMP), icmp_type=_PING)
    taken = (HeaderSpace.where(protocol=Ranges.of(TCP)), ping)
    delivered = Origin(
        endpoint_id, f"{endpoint.service_name} receives the packet", name=endpoint.name
    )
    return (
        *_unavailable(endpoint),
        _only_own_vpc(lowering, endpoint),
        _permit(taken, protocol),
        _permit((ports, ping), silent),
        Deliver(f"{_NAME}/{endpoint_id}", node_name(_NAME, endpoint_id, "return"), delivered),
    )


def _only_own_vpc(lowering: Lowering, endpoint: VpcEndpoint) -> Filter:
    """R-GWEP-2: sources of the endpoint's VPC."""
    endpoint_id = endpoint.vpc_endpoint_id
    vpc = lowering.snapshot.get(Vpc, endpoint.vpc_id or "")
    if vpc is None:
        words = "the addresses of its VPC are not known"
        return unknown_filter(lowering.missing(Vpc, endpoint_id, words))
    blocks = Ranges.prefixes(map(Prefix.parse, vpc_blocks(vpc)))
    foreign = Origin(endpoint_id, "serves only sources of its own VPC", "source", "NO_PATH")
    return _permit((HeaderSpace.where(source=blocks),), foreign)


def _permit(spaces: tuple[HeaderSpace, ...], otherwise: Origin) -> Filter:
    rules = tuple(Rule(space, Action.PERMIT, _QUIET) for space in spaces)
    return Filter(rules, Rule(ANYTHING, Action.DENY, otherwise))


def _return(lowering: Lowering, endpoint_id: str, _: str) -> tuple[Stage, ...]:
    """Replies enter the VPC from the service's own addresses (R-GWEP-3)."""
    endpoint = lowering.snapshot.get(VpcEndpoint, endpoint_id)
    assert endpoint is not None
    local = node_name("vpc", endpoint.vpc_id or "", "local")
    return (Forward((Route(ANYTHING, local, _QUIET),), _QUIET),)


# ------------------------------------------------------------------- as ends of a question


def _end(lowering: Lowering, endpoint_id: str) -> End | None:
    endpoint = lowering.snapshot.get(VpcEndpoint, endpoint_id)
    if endpoint is None:
        return None
    words = "cannot open connections into a VPC"
    mute = Origin(endpoint_id, words, code="VPCE_INTRA_VPC_TRAFFIC", name=endpoint.name)
    shown = f"{endpoint_id} {endpoint.service_name}"
    if endpoint.vpc_endpoint_type.lower() == "gateway":
        owner = f"{_NAME}/{endpoint_id}"
        blocks = Ranges.prefixes(_service_blocks(lowering, endpoint))
        goals = {owner: HeaderSpace.where(destination=blocks)}
        gap = None
        if not blocks:
            words = "the addresses of its service are not known"
            gap = lowering.missing(PrefixList, endpoint_id, words)
        return End(shown, goals=goals, addresses=blocks, nobody=mute, gap=gap)
    owned = (lowering.snapshot.get(NetworkInterface, i) for i in endpoint.network_interface_ids)
    known = tuple(interface for interface in owned if interface is not None)
    ends = lowering.hosts(known, shown)
    gap = None
    if len(known) < len(endpoint.network_interface_ids):
        words = "not all its interfaces are known"
        gap = lowering.missing(NetworkInterface, endpoint_id, words)
    return End(shown, goals=ends.goals, addresses=ends.addresses, nobody=mute, gap=gap)


def _service_blocks(lowering: Lowering, endpoint: VpcEndpoint) -> Iterator[Prefix]:
    for listed in lowering.snapshot.records(PrefixList):
        if listed.prefix_list_name == endpoint.service_name:
            entries = lowering.index.prefix_list_entries(listed.prefix_list_id) or ()
            yield from map(Prefix.parse, entries)


COMPONENT = Component(
    name=_NAME,
    reads=(VpcEndpoint,),
    nodes={
        "admit": _admit,
        "admitted": _admitted,
        "answer": _answer,
        "service": _at_gateway,
        "return": _return,
    },
    targets=(Target("gateway_id", "vpce-", _enter),),
    interface_types=("vpc_endpoint",),
    interface_node=_interface_node,
    ends={"vpce-": _end},
)
