"""Direct Connect gateways: they join virtual interfaces with virtual private or transit gateways.

What a gateway on it sends goes over one of its virtual interfaces.  Towards on-premises the allowed
prefixes of an association are a filter for a virtual private gateway: a block of its VPC is
announced only if an allowed prefix is as wide or wider; for a transit gateway they are what is
announced (R-DX-1).  What is not announced is not sent here.  Gateways on one Direct Connect gateway
exchange no packets, unless on-premises announces a prefix that holds both VPCs: then packets may
turn round at the Direct Connect location (R-DX-2).  It keeps no group identity (R-SG-20), and comes
first of equal prefixes (R-VGW-9).  Where not all of it is in the snapshot, what it does is doubted.

Implements: R-DX-1 R-DX-2 R-VGW-9 R-SG-20
Not modelled: associations with a Cloud WAN core network; BGP communities.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

from reach.component import Component, End, Link, Lowering, Uplink, node_name
from reach.network.address import Prefix
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges, to_prefix
from reach.network.stage import (
    Choose,
    Forward,
    Option,
    Origin,
    Route,
    Stage,
    Unmodelled,
    deny_all,
    unknown_filter,
)
from reach.snapshot.call import Call, Per
from reach.snapshot.index import vpc_blocks
from reach.snapshot.lines import but_default, in_force, interface_up, is_default
from reach.snapshot.private_records import (
    DirectConnectGateway,
    DirectConnectGatewayAssociation,
    VirtualInterface,
    VpnGateway,
)
from reach.snapshot.records import Vpc
from reach.snapshot.section import Reference, Section
from reach.snapshot.transit_records import TransitGateway

_NAME = "direct_connect_gateway"
_QUIET = Origin("", "")
_KIND = "direct-connect-gateway"
_INTERFACE = "virtual_interface"
_FIRST = 0  # R-VGW-9


def _half_seen(lowering: Lowering) -> tuple[str, ...]:
    """Direct Connect gateways that may have virtual interfaces which the snapshot does not hold."""

    def make() -> tuple[str, ...]:
        lines = lowering.index.lines
        named = [
            each.direct_connect_gateway_id
            for each in lowering.snapshot.records(DirectConnectGateway)
        ]
        named += [
            each.direct_connect_gateway_id
            for each in lowering.snapshot.records(DirectConnectGatewayAssociation)
        ]
        named += [each.resource_id for each in lines.attachments(_KIND)]
        return tuple(each for each in dict.fromkeys(named) if lines.unseen_interfaces(each))

    return lowering.memo(f"{_NAME} half seen", make)


def _uplinks(lowering: Lowering, gateway_id: str) -> Iterator[Uplink]:
    lines = lowering.index.lines
    for each in lines.associations(gateway_id):
        name = each.direct_connect_gateway_id
        up = in_force(each) and lines.carries(name) is not False
        told = lines.told_by(gateway_id, name)
        words = "what prefixes it has told does not show in any route table"
        gap = Origin(name, words, "prefixes") if up and not told.whole else None
        node = node_name(_NAME, name, "spread", gateway_id)
        yield Uplink(name, node, told.known, told.perhaps, gap, _FIRST, up)


def _links(lowering: Lowering) -> Iterator[Link]:
    """What may come by virtual interfaces that do not show."""
    for gateway_id in _half_seen(lowering):
        told = lowering.index.lines.told_to_all(gateway_id)
        prefixes = [prefix for each in told for prefix in (*each.prefixes, *each.also)]
        yield Link(
            gateway_id,
            node_name(_NAME, gateway_id, "from_unseen"),
            Ranges(()),
            gap=_missing_interfaces(lowering, gateway_id),
            to_internet=any(map(is_default, prefixes)),
            perhaps=but_default(prefixes),
        )


def _missing_interfaces(lowering: Lowering, gateway_id: str) -> Origin:
    words = "not all its virtual interfaces are known"
    return lowering.missing(VirtualInterface, gateway_id, words)


# ------------------------------------------------------------------- towards on-premises


def _state(lowering: Lowering, gateway_id: str) -> tuple[Stage, ...]:
    gateway = lowering.snapshot.get(DirectConnectGateway, gateway_id)
    state = gateway.direct_connect_gateway_state if gateway is not None else ""
    if gateway is None or state in ("available", ""):
        return ()
    return (deny_all(Origin(gateway_id, f"is {state}", "state", "BAD_STATE", gateway.name)),)


def _works(association: DirectConnectGatewayAssociation) -> tuple[Stage, ...]:
    if in_force(association):
        return ()
    words = f"its association with {association.gateway_id} is {association.association_state}"
    gateway_id = association.direct_connect_gateway_id
    return (deny_all(Origin(gateway_id, words, "association", "BAD_STATE_ATTACHMENT")),)


def _spread(lowering: Lowering, gateway_id: str, origin: str) -> tuple[Stage, ...]:
    """What a virtual private gateway, or a transit attachment, sends: over an interface."""
    lines = lowering.index.lines
    association = next(
        (a for a in lines.associations(origin) if a.direct_connect_gateway_id == gateway_id), None
    )
    return (
        *_state(lowering, gateway_id),
        *(_works(association) if association is not None else ()),
        *_turning(lowering, gateway_id, association),
        *_over_interfaces(lowering, gateway_id),
    )


def _over_interfaces(lowering: Lowering, gateway_id: str) -> tuple[Stage, ...]:
    found = lowering.index.lines.interfaces(gateway_id)
    ways = [
        (each.virtual_interface_id, node_name(_INTERFACE, each.virtual_interface_id, "out"))
        for each in found
        if interface_up(each) is not False
    ]
    if gateway_id in _half_seen(lowering):
        ways.append((gateway_id, node_name(_NAME, gateway_id, "unseen")))
    if not ways and not found:
        words = "no virtual interface is attached to it"
        nowhere = Origin(gateway_id, words, "virtual interfaces", "BAD_STATE_ATTACHMENT")
        return (deny_all(nowhere), Forward((), nowhere))
    if not ways:
        first = node_name(_INTERFACE, found[0].virtual_interface_id, "out")
        return (Forward((Route(ANYTHING, first, _QUIET),), _QUIET),)
    if len(ways) == 1:
        return (Forward((Route(ANYTHING, ways[0][1], _QUIET),), _QUIET),)
    words = "assumed: of its virtual interfaces the packet takes"
    options = [Option(node, Origin(gateway_id, f"{words} {name}")) for name, node in ways]
    return (Choose(tuple(options)),)


def _turning(
    lowering: Lowering, gateway_id: str, association: DirectConnectGatewayAssociation | None
) -> tuple[Stage, ...]:
    """R-DX-2: from one VPC to another, if a prefix from on-premises holds both."""
    if association is None or association.gateway_id.startswith("tgw-"):
        return ()
    told = lowering.index.lines.told_by(association.gateway_id, gateway_id)
    routes = []
    for mine in _announced_blocks(lowering, association):
        for other in lowering.index.lines.associations(gateway_id):
            if other.gateway_id in ("", association.gateway_id):
                continue
            for theirs in _announced_blocks(lowering, other):
                if any(p.covers(mine) and p.covers(theirs) for p in told.prefixes):
                    match = HeaderSpace.where(
                        source=Ranges.prefixes((mine,)), destination=Ranges.prefixes((theirs,))
                    )
                    routes.append(Route(match, node_name(_NAME, gateway_id, "turn"), _QUIET))
    return (Forward(tuple(routes)),) if routes else ()


def _turn(lowering: Lowering, gateway_id: str, _: str) -> tuple[Stage, ...]:
    words = "assumed: the prefix from on-premises that holds both VPCs comes by one interface, "
    origin = Origin(gateway_id, f"{words}so that the packet turns round at its location")
    return (Choose((Option(node_name(_NAME, gateway_id, "announced"), origin),)),)


# ------------------------------------------------------------------- from on-premises


@dataclass(frozen=True, slots=True)
class _Announced:
    """A prefix that on-premises is told of, and where packets for it go."""

    prefix: Prefix
    node: str
    association: DirectConnectGatewayAssociation


def _allowed(association: DirectConnectGatewayAssociation) -> tuple[Prefix, ...]:
    listed = association.allowed_prefixes_to_direct_connect_gateway
    return tuple(Prefix.parse(each.cidr) for each in listed if each.cidr)


def _vpc_of(lowering: Lowering, gateway_id: str) -> Vpc | None:
    gateway = lowering.snapshot.get(VpnGateway, gateway_id)
    attachments = gateway.vpc_attachments if gateway is not None else ()
    attached = next((a.vpc_id for a in attachments if a.is_attached and a.vpc_id), "")
    return lowering.snapshot.get(Vpc, attached or "")


def _announced_blocks(
    lowering: Lowering, association: DirectConnectGatewayAssociation
) -> tuple[Prefix, ...]:
    """R-DX-1: as a filter on the VPC's blocks, or as they are."""
    allowed = _allowed(association)
    if association.gateway_id.startswith("tgw-"):
        return allowed
    vpc = _vpc_of(lowering, association.gateway_id)
    blocks = map(Prefix.parse, vpc_blocks(vpc)) if vpc is not None else ()
    return tuple(block for block in blocks if any(each.covers(block) for each in allowed))


def _ways_in(lowering: Lowering, gateway_id: str) -> Iterator[_Announced]:
    for association in lowering.index.lines.associations(gateway_id):
        if association.direct_connect_gateway_id != gateway_id or not association.gateway_id:
            continue
        node = _into(lowering, gateway_id, association)
        for prefix in _announced_blocks(lowering, association):
            yield _Announced(prefix, node, association)


def _into(lowering: Lowering, gateway_id: str, association: DirectConnectGatewayAssociation) -> str:
    """The node of what comes in for an association's gateway."""
    if association.gateway_id.startswith("tgw-"):
        for attachment in lowering.index.lines.attachments(_KIND, gateway_id):
            if attachment.transit_gateway_id == association.gateway_id:
                name = attachment.transit_gateway_attachment_id
                return node_name("transit_gateway", name, "in", f"{association.gateway_id} -")
        return node_name(_NAME, gateway_id, "elsewhere", association.gateway_id)
    return node_name("vpn_gateway", association.gateway_id, "in")


def _elsewhere(lowering: Lowering, gateway_id: str, other: str) -> tuple[Stage, ...]:
    """A transit gateway whose attachment is another account's or Region's."""
    words = f"the attachment of {other} is not in the snapshot"
    return (Unmodelled(Origin(gateway_id, words, code="UNKNOWN_RESOURCE")),)


def _announced(lowering: Lowering, gateway_id: str, _: str) -> tuple[Stage, ...]:
    """R-DX-1: on-premises sends only what is announced to it, the longest prefix first."""
    found = sorted(
        _ways_in(lowering, gateway_id), key=lambda each: (-each.prefix.length, each.prefix.value)
    )
    routes = [_route(gateway_id, each) for each in found]
    words = "no allowed prefix lets on-premises know of the destination"
    silent = Origin(gateway_id, words, "allowed prefixes", "NO_ROUTE_TO_DESTINATION")
    return (
        *_state(lowering, gateway_id),
        Forward(tuple(routes)),
        *_perhaps_announced(lowering, gateway_id),
        deny_all(silent),
        Forward((), silent),
    )


def _route(gateway_id: str, announced: _Announced) -> Route:
    association, match = announced.association, to_prefix(announced.prefix)
    locator = f"allowed prefix {announced.prefix}"
    if in_force(association):
        words = f"announces {announced.prefix} for {association.gateway_id}"
        return Route(match, announced.node, Origin(gateway_id, words, locator))
    words = f"its association with {association.gateway_id} is {association.association_state}"
    return Route(match, "", Origin(gateway_id, words, locator, "BAD_STATE_ATTACHMENT"))


def _perhaps_announced(lowering: Lowering, gateway_id: str) -> tuple[Stage, ...]:
    """Associations whose allowed prefixes, or whose VPC, the snapshot does not show."""
    lines = lowering.index.lines
    stages: list[Stage] = []
    for association in lines.associations(gateway_id):
        other = association.gateway_id
        is_transit = other.startswith("tgw-")
        hidden = not _allowed(association) or (not is_transit and _vpc_of(lowering, other) is None)
        if association.direct_connect_gateway_id == gateway_id and other and hidden:
            doubt = node_name(_NAME, gateway_id, "perhaps", other)
            match = ANYTHING if is_transit else _inside(lowering, other)
            stages.append(Forward((Route(match, doubt, _QUIET),)))
    for attachment in lines.attachments(_KIND, gateway_id):
        known = {each.gateway_id for each in lines.associations(gateway_id)}
        if attachment.transit_gateway_id not in known:
            doubt = node_name(_NAME, gateway_id, "perhaps", attachment.transit_gateway_id)
            stages.append(Forward((Route(ANYTHING, doubt, _QUIET),)))
    if not lowering.snapshot.has(DirectConnectGatewayAssociation):
        stages.append(Unmodelled(_unassociated(lowering, gateway_id)))
    return tuple(stages)


def _unassociated(lowering: Lowering, gateway_id: str) -> Origin:
    words = f"which gateways are associated with {gateway_id} is not known"
    return lowering.missing(DirectConnectGatewayAssociation, gateway_id, words)


def _inside(lowering: Lowering, gateway_id: str) -> HeaderSpace:
    """What may be for the VPC of a virtual private gateway: anything if that is not known."""
    vpc = _vpc_of(lowering, gateway_id)
    if vpc is None:
        return ANYTHING
    return HeaderSpace.where(destination=Ranges.prefixes(map(Prefix.parse, vpc_blocks(vpc))))


def _perhaps(lowering: Lowering, gateway_id: str, other: str) -> tuple[Stage, ...]:
    words = f"whether on-premises knows of {other} by it is not known"
    missing = lowering.missing(DirectConnectGatewayAssociation, gateway_id, words)
    association = DirectConnectGatewayAssociation(
        direct_connect_gateway_id=gateway_id, virtual_gateway_id=other
    )
    node = _into(lowering, gateway_id, association)
    return (unknown_filter(missing), Forward((Route(ANYTHING, node, _QUIET),), _QUIET))


# ------------------------------------------------------------------- interfaces that do not show


def _doubted(to: str, lowering: Lowering, gateway_id: str, _: str) -> tuple[Stage, ...]:
    origin = _missing_interfaces(lowering, gateway_id)
    onward = node_name(_NAME, gateway_id, "announced")
    if to == "hosts":
        onward = node_name("on_premises", gateway_id, "hosts")
    return (unknown_filter(origin), Forward((Route(ANYTHING, onward, _QUIET),), _QUIET))


# ------------------------------------------------------------------- attachments and ends


def _attached(lowering: Lowering, resource: str, attachment: str) -> str:
    """What a transit gateway sends to its Direct Connect gateway."""
    return node_name(_NAME, resource, "spread", attachment.partition(" ")[2])


def _names(lowering: Lowering) -> Iterator[tuple[str, str]]:
    """Their ids are bare UUIDs, which nothing else tells apart."""
    for gateway in lowering.snapshot.records(DirectConnectGateway):
        gateway_id = gateway.direct_connect_gateway_id
        arn = f"arn:aws:directconnect::{gateway.owner_account}:dx-gateway/{gateway_id}"
        for name in (gateway_id, gateway.name, arn):
            if name:
                yield name, f"dxgw-{gateway_id}"


def _end(lowering: Lowering, text: str) -> End | None:
    """As a source or a destination: on-premises, by way of it."""
    gateway_id = text.removeprefix("dxgw-")
    if lowering.snapshot.get(DirectConnectGateway, gateway_id) is None:
        return None
    lines = lowering.index.lines
    origins = [each.gateway_id for each in lines.associations(gateway_id)]
    origins += [each.transit_gateway_id for each in lines.attachments(_KIND, gateway_id)]
    ways = [node_name(_NAME, gateway_id, "spread", each) for each in dict.fromkeys(origins)]
    names = [gateway_id, *(each.virtual_interface_id for each in lines.interfaces(gateway_id))]
    beyond = lowering.end(f"on-premises-by-{' '.join(names)}")
    assert beyond is not None
    through = (node_name(_NAME, gateway_id, "announced"), *ways)
    gap = beyond.gap
    if not lowering.snapshot.has(DirectConnectGatewayAssociation):
        gap = gap or _unassociated(lowering, gateway_id)
    return replace(beyond, words=gateway_id, through=through, gap=gap)


_GATEWAY = Reference("direct_connect_gateway_id", DirectConnectGateway)

COMPONENT = Component(
    name=_NAME,
    reads=(DirectConnectGateway, VirtualInterface, TransitGateway, VpnGateway, Vpc),
    sections=(
        Section(
            "directConnectGateways",
            DirectConnectGateway,
            "direct_connect_gateway_id",
            "directconnect.DescribeDirectConnectGateways",
        ),
        Section(
            "directConnectGatewayAssociations",
            DirectConnectGatewayAssociation,
            "key",
            "directconnect.DescribeDirectConnectGatewayAssociations",
            addresses={"allowed_prefixes_to_direct_connect_gateway[].cidr": "CIDR"},
            references=(_GATEWAY,),
            asked=(
                Call(
                    "directconnect.DescribeDirectConnectGatewayAssociations",
                    take="directConnectGatewayAssociations",
                    per=(
                        Per(
                            "directconnect.DescribeDirectConnectGateways",
                            {"directConnectGatewayId": "directConnectGatewayId"},
                            unless=("directConnectGatewayState", "deleted"),
                        ),
                        Per(
                            "ec2.DescribeVpnGateways",
                            {"virtualGatewayId": "VpnGatewayId"},
                            unless=("State", "deleted"),
                        ),
                        Per(
                            "ec2.DescribeTransitGateways",
                            {"associatedGatewayId": "TransitGatewayId"},
                            only=("OwnerId", "{account}"),
                            unless=("State", "deleted"),
                        ),
                    ),
                ),
            ),
        ),
    ),
    nodes={
        "spread": _spread,
        "turn": _turn,
        "announced": _announced,
        "perhaps": _perhaps,
        "elsewhere": _elsewhere,
        "unseen": partial(_doubted, "hosts"),
        "from_unseen": partial(_doubted, "announced"),
    },
    attached={_KIND: _attached},
    links=_links,
    uplinks=_uplinks,
    names=_names,
    ends={"dxgw-": _end},
)
