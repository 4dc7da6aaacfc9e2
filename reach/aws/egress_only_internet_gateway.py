"""Egress-only internet gateways: IPv6 out, and only replies back in.

Stateful, no translation, no security group (R-EIGW-1, R-EIGW-2); the source must be an IPv6 address
of the gateway's VPC.  Works while attached.  What comes out of a Gateway Load Balancer endpoint can
use no route to it (R-EIGW-3, in the route tables).

Implements: R-EIGW-1 R-EIGW-2 R-DEF-4 R-SG-20 R-ENI-11
Not modelled: names that resolve to IPv6 addresses only here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from reach.component import Component, End, Entry, Lowering, Target, node_name
from reach.gone import held
from reach.network.address import GLOBAL_UNICAST_IPV6
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.network.stage import (
    Action,
    Assign,
    Case,
    Filter,
    Forward,
    Origin,
    Route,
    Rule,
    Stage,
    Translate,
    Unmodelled,
    deny_all,
)
from reach.routing.advertised import advertised, in_doubt
from reach.snapshot.records import EgressOnlyInternetGateway, GatewayAttachment, Subnet, Vpc
from reach.states import ATTACHMENT, refused

_NAME = "egress_only_internet_gateway"
_QUIET = Origin("", "")
_INTERNET = "internet/world/routes"


def _get(lowering: Lowering, gateway_id: str) -> EgressOnlyInternetGateway:
    return held(lowering.snapshot.get(EgressOnlyInternetGateway, gateway_id))


def _vpc_of(gateway: EgressOnlyInternetGateway) -> str:
    attachment = _attachment(gateway)
    return (attachment and attachment.vpc_id) or ""


def _attachment(gateway: EgressOnlyInternetGateway) -> GatewayAttachment | None:
    attached = (each for each in gateway.attachments if each.is_attached)
    return next((each for each in attached if each.vpc_id), None)


def _attached(gateway: EgressOnlyInternetGateway) -> tuple[Stage, ...]:
    attachment = _attachment(gateway)
    if attachment is not None and attachment.is_settled:
        return ()
    gateway_id, words = gateway.egress_only_internet_gateway_id, "is not attached to a VPC"
    origin = Origin(gateway_id, words, "attachment", "BAD_STATE_ATTACHMENT", gateway.name)
    if attachment is None:
        return (deny_all(origin),)
    return (refused(attachment.state, ATTACHMENT, origin),)


def _session(gateway_id: str) -> str:
    return f"{_NAME} {gateway_id}"


def _public_blocks(lowering: Lowering, vpc_id: str) -> Ranges:
    """The VPC's IPv6 addresses that may be seen outside (R-ENI-11)."""
    return advertised(lowering, vpc_id) & Ranges.prefixes(GLOBAL_UNICAST_IPV6)


def _out(lowering: Lowering, gateway_id: str, _: str) -> tuple[Stage, ...]:
    gateway = _get(lowering, gateway_id)
    vpc = _vpc_of(gateway)
    foreign = Origin(
        gateway_id,
        "lets out only IPv6 sources of its own VPC",
        "source",
        "GATEWAY_REJECTS_SPOOFED_TRAFFIC",
        gateway.name,
    )
    own = HeaderSpace.where(source=_public_blocks(lowering, vpc))
    passes = Origin(gateway_id, "lets IPv6 out and its replies back in", name=gateway.name)
    forget = Case(ANYTHING, (Assign("identity", Ranges.of(0)),), _QUIET)
    return (
        *_attached(gateway),
        *_blocks_known(lowering, vpc),
        *in_doubt(lowering, vpc, "source"),
        *lowering.slot("egress_only_internet_gateway.out", gateway_id),
        Filter(
            (Rule(own, Action.PERMIT, passes),),
            Rule(ANYTHING, Action.DENY, foreign),
            _session(gateway_id),
            opening=True,
        ),
        Translate((forget,)),
        Forward((Route(ANYTHING, _INTERNET, _QUIET),), _QUIET),
    )


def _blocks_known(lowering: Lowering, vpc_id: str) -> tuple[Stage, ...]:
    """Law 2: of a VPC that is not in the snapshot nobody knows the blocks."""
    if not vpc_id or lowering.snapshot.get(Vpc, vpc_id) is not None:
        return ()
    words = "the addresses of the VPC that it is attached to are not known"
    return (Unmodelled(lowering.missing(Vpc, vpc_id, words)),)


def _from(lowering: Lowering, gateway_id: str, place: str) -> tuple[Stage, ...]:
    """What the interfaces of a subnet send here, where that makes a difference."""
    out = node_name(_NAME, gateway_id, "out")
    return (
        *lowering.slot("public_access.egress_only", place),
        Forward((Route(ANYTHING, out, _QUIET),), _QUIET),
    )


def _in(lowering: Lowering, gateway_id: str, _: str) -> tuple[Stage, ...]:
    gateway = _get(lowering, gateway_id)
    unasked = Origin(gateway_id, "lets in only replies", "inbound", "NO_PATH", gateway.name)
    local = node_name("vpc", _vpc_of(gateway), "local")
    return (
        Filter((), Rule(ANYTHING, Action.DENY, unasked), _session(gateway_id)),
        Forward((Route(ANYTHING, local, _QUIET),), _QUIET),
    )


def _announce(lowering: Lowering) -> Iterator[Route]:
    """Replies to what went out by a gateway come back in by it."""
    for gateway in lowering.snapshot.records(EgressOnlyInternetGateway):
        vpc = _vpc_of(gateway)
        if vpc:
            gateway_id = gateway.egress_only_internet_gateway_id
            match = HeaderSpace.where(destination=_public_blocks(lowering, vpc))
            node = node_name(_NAME, gateway_id, "in")
            yield Route(match, node, _QUIET, session=_session(gateway_id))


def _enter(lowering: Lowering, gateway_id: str, subnet: str, vpc: str) -> Entry | None:
    gateway = lowering.snapshot.get(EgressOnlyInternetGateway, gateway_id)
    if gateway is None:
        return None
    place = subnet or vpc
    if vpc == _vpc_of(gateway) and lowering.slot("public_access.egress_only", place):
        return Entry(node_name(_NAME, gateway_id, "from", place))
    return Entry(node_name(_NAME, gateway_id, "out"))


def _end(lowering: Lowering, gateway_id: str) -> End | None:
    """As a destination: the internet, by way of it.  Nothing comes in by it unasked."""
    if lowering.snapshot.get(EgressOnlyInternetGateway, gateway_id) is None:
        return None
    beyond = lowering.end("internet")
    assert beyond is not None
    ways = node_name(_NAME, gateway_id, "in"), node_name(_NAME, gateway_id, "out")
    return replace(beyond, words=gateway_id, through=ways)


COMPONENT = Component(
    name=_NAME,
    reads=(EgressOnlyInternetGateway, Vpc, Subnet),
    nodes={"from": _from, "out": _out, "in": _in},
    targets=(
        Target("egress_only_internet_gateway_id", "eigw-", _enter),
        Target("gateway_id", "eigw-", _enter),
    ),
    announce=_announce,
    ends={"eigw-": _end},
)
