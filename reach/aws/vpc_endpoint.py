"""VPC endpoints with interfaces: the consumer's side of PrivateLink.

An endpoint has one interface per subnet, reachable from wherever that subnet is (R-VPCE-1), while
available (R-VPCE-2); in state Partial some of its zones do not work, and which ones no call tells:
a *may*.  Its group and its subnet's network ACL filter the clients (R-VPCE-3).  An AWS service
answers its own ports there, and no ping (R-VPCE-5, R-OBS-8); what an endpoint of another type leads
to is for others: the endpoint service of a provider, a resource configuration, a service network.
It opens no connections (R-VPCE-4).  DNS options and policies move no packet (R-VPCE-6, R-VPCE-7).
Tunnel endpoints are undecided, with their type (R-RES-4, U-17).

Implements: R-VPCE-1 R-VPCE-2 R-VPCE-3 R-VPCE-4 R-VPCE-5 R-VPCE-6 R-VPCE-7 R-VPCE-8 R-VPCE-9
R-ENI-9 R-OBS-8 R-SG-20
Not modelled: ports that a service adds beyond the table here; tunnel endpoints.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from reach.component import Component, End, Lowering, node_name
from reach.gone import held
from reach.interfaces.endpoints import owner
from reach.interfaces.fronts import hidden_fronts, is_partly_held
from reach.network.field import TCP
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
    Route,
    Rule,
    Stage,
    Translate,
    Unmodelled,
)
from reach.snapshot.records import NetworkInterface, VpcEndpoint
from reach.states import VPC_ENDPOINT, refused

_NAME = "vpc_endpoint"
_QUIET = Origin("", "")

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


def _kind(endpoint: VpcEndpoint) -> str:
    return endpoint.vpc_endpoint_type.lower()


def _of_interface(lowering: Lowering, interface_id: str) -> VpcEndpoint:
    own = held(owner(lowering, interface_id))
    return held(lowering.snapshot.get(VpcEndpoint, own[0]))


def _interface_node(lowering: Lowering, interface: NetworkInterface) -> str | None:
    own = owner(lowering, interface.network_interface_id)
    if own is None:
        return node_name(_NAME, interface.network_interface_id, "orphan")
    if own[1] == "gatewayloadbalancer":
        return None
    return node_name(_NAME, interface.network_interface_id, "admit")


def _orphan(lowering: Lowering, interface_id: str, _: str) -> tuple[Stage, ...]:
    """An interface that no endpoint names: which one it is of is not known (law 2)."""
    words = "of which endpoint this interface is, is not known"
    return (Unmodelled(lowering.missing(VpcEndpoint, interface_id, words)),)


# ------------------------------------------------------------------- in


def _admit(lowering: Lowering, interface_id: str, _: str) -> tuple[Stage, ...]:
    """What is sent to an endpoint's interface; what may stand before it decides first."""
    return (
        *lowering.slot("vpc_endpoint.admit", interface_id),
        *_admitted(lowering, interface_id, ""),
    )


def _admitted(lowering: Lowering, interface_id: str, _: str) -> tuple[Stage, ...]:
    """What is sent to an address of the endpoint's interface."""
    endpoint = _of_interface(lowering, interface_id)
    if endpoint.state.lower() == "partial":
        words = "assumed: the endpoint, which is Partial, works in this zone"
        origin = Origin(endpoint.vpc_endpoint_id, words, "state", name=endpoint.name)
        inside: tuple[Stage, ...] = (
            Choose((Option(node_name(_NAME, interface_id, "inside"), origin),)),
        )
    else:
        inside = _inside(lowering, interface_id, "")
    return (
        *_unavailable(endpoint),
        *lowering.slot("network_interface.ingress", interface_id),
        *inside,
    )


def _unavailable(endpoint: VpcEndpoint) -> tuple[Stage, ...]:
    """R-VPCE-2; the API writes states in either case."""
    if endpoint.state.lower() in ("available", "partial", ""):
        return ()
    words = f"is {endpoint.state}"
    origin = Origin(endpoint.vpc_endpoint_id, words, "state", "BAD_STATE", endpoint.name)
    return (refused(endpoint.state, VPC_ENDPOINT, origin),)


def _inside(lowering: Lowering, interface_id: str, _: str) -> tuple[Stage, ...]:
    """What the endpoint has admitted: answered here, or handed to what it leads to."""
    endpoint = _of_interface(lowering, interface_id)
    service = _service(endpoint)
    if _kind(endpoint) == "interface" and service is not None:
        return _answers(endpoint, service, interface_id)
    onward = _onward(lowering, endpoint, interface_id)
    if onward is None:
        words = f"is an endpoint of type {endpoint.vpc_endpoint_type}, which is not modelled yet"
        code = "UNSUPPORTED_COMPONENT"
        return (Unmodelled(Origin(endpoint.vpc_endpoint_id, words, code=code)),)
    entered = Rule(ANYTHING, Action.PERMIT, _QUIET)
    return (
        # Under this session its replies find back to this interface, whoever answers.
        Filter((), entered, session=_answer_node(interface_id)),
        Forward((Route(ANYTHING, onward, _QUIET),), _QUIET),
    )


def _onward(lowering: Lowering, endpoint: VpcEndpoint, interface_id: str) -> str | None:
    """The node of what an endpoint leads to that is not an AWS service."""
    match _kind(endpoint):
        case "interface":
            return node_name("vpc_endpoint_service", interface_id, "consumer")
        case "resource" if endpoint.resource_configuration_arn:
            leads_to, part = endpoint.resource_configuration_arn, "resource_gateway"
        case "servicenetwork" if endpoint.service_network_arn:
            leads_to, part = endpoint.service_network_arn, "service_network"
        case _:
            return None
    zones = _zones(lowering, endpoint, interface_id)
    return node_name(part, leads_to.rpartition("/")[2], "enter", zones)


def _zones(lowering: Lowering, endpoint: VpcEndpoint, interface_id: str) -> str:
    """The zones of an endpoint, that of this interface first; ``-`` for one that is not known."""
    interface = lowering.snapshot.get(NetworkInterface, interface_id)
    subnets = [(interface.subnet_id or "") if interface else "", *endpoint.subnet_ids]
    return ",".join(dict.fromkeys(lowering.index.zone_of(subnet) or "-" for subnet in subnets))


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
        Deliver(f"{_NAME}/{interface_id}", _answer_node(interface_id), delivered),
    )


# ------------------------------------------------------------------- and back


def _answer_node(interface_id: str) -> str:
    return node_name(_NAME, interface_id, "answer")


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


def _back_to_endpoints(lowering: Lowering, _: str) -> tuple[Stage, ...]:
    """Replies of resources and of service networks, to the interface by which the flow came."""

    return lowering.table(f"{_NAME} back", _all_back)["all"]


def _all_back(lowering: Lowering) -> Mapping[str, tuple[Stage, ...]]:
    routes = tuple(
        Route(ANYTHING, _answer_node(owned), _QUIET, session=_answer_node(owned))
        for endpoint in lowering.snapshot.lasting(VpcEndpoint)
        if _kind(endpoint) in ("resource", "servicenetwork")
        for owned in endpoint.network_interface_ids
    )
    return {"all": (Forward(routes),) if routes else ()}


# ------------------------------------------------------------------- as an end of a question


def _end(lowering: Lowering, endpoint_id: str) -> End | None:
    endpoint = lowering.snapshot.get(VpcEndpoint, endpoint_id)
    if endpoint is None or _kind(endpoint) == "gateway":
        return None
    words = "cannot open connections into a VPC"
    mute = Origin(endpoint_id, words, code="VPCE_INTRA_VPC_TRAFFIC", name=endpoint.name)
    shown = f"{endpoint_id} {endpoint.service_name}".strip()
    owned = (lowering.snapshot.get(NetworkInterface, i) for i in endpoint.network_interface_ids)
    known = tuple(interface for interface in owned if interface is not None)
    gap = None
    if is_partly_held(lowering, endpoint):
        words = "not all its interfaces are known"
        gap = lowering.missing(NetworkInterface, endpoint_id, words)
    ends = lowering.hosts(known, shown)
    return replace(ends, starts=(), nobody=mute, gap=gap, may_send=())


def _aliases(lowering: Lowering, addresses: Ranges) -> Ranges:
    """Anything may stand behind an endpoint of which not all is held, its call made or not."""
    return hidden_fronts(lowering) if addresses & lowering.index.inside else Ranges(())


COMPONENT = Component(
    name=_NAME,
    reads=(VpcEndpoint,),
    nodes={
        "orphan": _orphan,
        "admit": _admit,
        "admitted": _admitted,
        "inside": _inside,
        "answer": _answer,
    },
    slots={"lattice.return": _back_to_endpoints},
    interface_types=("vpc_endpoint",),
    interface_node=_interface_node,
    ends={"vpce-": _end},
    aliases=_aliases,
)
