"""Gateway endpoints: a route target for the prefix list of Amazon S3 or DynamoDB.

Routes of the associated tables lead to it (R-GWEP-1) while it is available (R-VPCE-2).  It takes
sources of its own VPC (R-GWEP-2), TCP and ping only (R-GWEP-4); the source stays private, and
filters see the service's public addresses (R-GWEP-3).  It opens no connections (R-VPCE-4), and
policies move no packet (R-VPCE-7).

Implements: R-VPCE-2 R-VPCE-4 R-VPCE-7 R-GWEP-1 R-GWEP-2 R-GWEP-3 R-GWEP-4 R-GWEP-5 R-OBS-8 R-SG-20
Not modelled: ports that a service adds beyond the table here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reach.component import Component, End, Entry, Lowering, Target, node_name
from reach.gone import held
from reach.network.address import Prefix
from reach.network.field import ICMP, TCP
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
    unknown_filter,
)
from reach.snapshot.index import vpc_blocks
from reach.snapshot.records import PrefixList, Vpc, VpcEndpoint
from reach.states import VPC_ENDPOINT, refused

_NAME = "gateway_endpoint"
_QUIET = Origin("", "")
_PING = HeaderSpace.where(protocol=Ranges.of(ICMP), icmp_type=Ranges.of(8))
# AWS: each service's own guide, "Gateway endpoints"; tcp 443 where nothing is said here.
_PORTS: Mapping[str, Ranges] = {"s3": Ranges.of(80, 443), "dynamodb": Ranges.of(80, 443)}


def _get(lowering: Lowering, endpoint_id: str) -> VpcEndpoint | None:
    endpoint = lowering.snapshot.get(VpcEndpoint, endpoint_id)
    if endpoint is None or endpoint.vpc_endpoint_type.lower() != "gateway":
        return None
    return endpoint


def _enter(lowering: Lowering, endpoint_id: str, subnet: str, vpc: str) -> Entry | None:
    if _get(lowering, endpoint_id) is None:
        return None
    return Entry(node_name(_NAME, endpoint_id, "service"))


def _at_gateway(lowering: Lowering, endpoint_id: str, _: str) -> tuple[Stage, ...]:
    endpoint = held(_get(lowering, endpoint_id))
    service = endpoint.service_name.rpartition(".")[2]
    code = "VPCE_GATEWAY_PROTOCOL_RESTRICTION"
    protocol = Origin(endpoint_id, "takes only TCP and ping", "protocol", code, endpoint.name)
    silent = Origin(endpoint_id, f"{service} does not answer on this port", "service", "NO_PATH")
    ports = _PORTS.get(service, Ranges.of(443))
    served = HeaderSpace.where(protocol=Ranges.of(TCP), destination_port=ports)
    words = f"{endpoint.service_name} receives the packet"
    delivered = Origin(endpoint_id, words, name=endpoint.name)
    return (
        *_unavailable(endpoint),
        _only_own_vpc(lowering, endpoint),
        _permit((HeaderSpace.where(protocol=Ranges.of(TCP)), _PING), protocol),
        _permit((served, _PING), silent),
        Deliver(f"{_NAME}/{endpoint_id}", node_name(_NAME, endpoint_id, "return"), delivered),
    )


def _unavailable(endpoint: VpcEndpoint) -> tuple[Stage, ...]:
    """R-VPCE-2; the API writes states in either case."""
    if endpoint.state.lower() in ("available", "partial", ""):
        return ()
    words = f"is {endpoint.state}"
    origin = Origin(endpoint.vpc_endpoint_id, words, "state", "BAD_STATE", endpoint.name)
    return (refused(endpoint.state, VPC_ENDPOINT, origin),)


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
    endpoint = held(_get(lowering, endpoint_id))
    local = node_name("vpc", endpoint.vpc_id or "", "local")
    return (Forward((Route(ANYTHING, local, _QUIET),), _QUIET),)


def _end(lowering: Lowering, endpoint_id: str) -> End | None:
    endpoint = _get(lowering, endpoint_id)
    if endpoint is None:
        return None
    words = "cannot open connections into a VPC"
    mute = Origin(endpoint_id, words, code="VPCE_INTRA_VPC_TRAFFIC", name=endpoint.name)
    blocks = Ranges.prefixes(_service_blocks(lowering, endpoint))
    goals = {f"{_NAME}/{endpoint_id}": HeaderSpace.where(destination=blocks)}
    gap = None
    if not blocks:
        words = "the addresses of its service are not known"
        gap = lowering.missing(PrefixList, endpoint_id, words)
    shown = f"{endpoint_id} {endpoint.service_name}"
    return End(shown, goals=goals, addresses=blocks, nobody=mute, gap=gap)


def _service_blocks(lowering: Lowering, endpoint: VpcEndpoint) -> Iterator[Prefix]:
    for listed in lowering.snapshot.records(PrefixList):
        if listed.prefix_list_name == endpoint.service_name:
            entries = lowering.index.prefix_list_entries(listed.prefix_list_id) or ()
            yield from map(Prefix.parse, entries)


COMPONENT = Component(
    name=_NAME,
    reads=(VpcEndpoint,),
    nodes={"service": _at_gateway, "return": _return},
    targets=(Target("gateway_id", "vpce-", _enter),),
    ends={"vpce-": _end},
)
