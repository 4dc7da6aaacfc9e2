"""Transit gateways and their attachments: how packets get in, between, and out again.

From a VPC a packet gets in where the VPC's attachment has a subnet in the sender's zone, by zone id
(R-TGW-2, R-TGW-10, R-AZ-1; a Local Zone counts as its parent, R-TGW-21).  The route table that is
associated with the attachment says where it goes (R-TGW-3).  It leaves into a VPC by the attachment
subnet of the zone it came from, else, or in appliance mode, by any one of them (R-TGW-8), unchanged
(R-TGW-17), and that subnet's route table takes it on (R-TGW-9).  The network ACL of an attachment
subnet is passed on the way in even from the subnet itself, and on the way out unless the packet
stays there (R-NACL-12, R-NACL-13).  A peering leads to the other gateway's table (R-TGW-12).  Group
references survive within one gateway where it and both attachments have them enabled (R-SG-17);
they count on the way in only (R-SG-15).  Addresses are not checked (R-TGW-11).

Implements: R-TGW-1 R-TGW-2 R-TGW-3 R-TGW-8 R-TGW-9 R-TGW-10 R-TGW-11 R-TGW-12 R-TGW-17 R-TGW-18
R-TGW-21 R-TGW-22 R-NACL-12 R-NACL-13 R-SG-15 R-SG-17 R-SG-20 R-AZ-1 R-SHARE-4
Not modelled: policy tables (R-TGW-20), multicast domains.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations

from reach.component import Component, End, Entry, Join, Lowering, Target, node_name
from reach.network.address import Prefix
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.network.stage import (
    Assign,
    Case,
    Choose,
    Forward,
    Option,
    Origin,
    Route,
    Stage,
    Translate,
    Unmodelled,
    deny_all,
)
from reach.snapshot.index import vpc_blocks
from reach.snapshot.records import NetworkInterface, Subnet, Vpc
from reach.snapshot.section import Reference, Section
from reach.snapshot.transit_records import (
    TransitGateway,
    TransitGatewayAttachment,
    TransitGatewayPeeringAttachment,
    TransitGatewayRouteTable,
    TransitGatewayTableAssociations,
    TransitGatewayVpcAttachment,
)

_NAME = "transit_gateway"
_QUIET = Origin("", "")
_ANY_ZONE = "-"
_PEERINGS = ("peering", "tgw-peering")
_TO_ON_PREMISES = ("vpn", "direct-connect-gateway", "connect")
# R-SG-17: group references do not survive here.
_NO_REFERENCES = ("use1-az3",)
_FORGET = Translate((Case(ANYTHING, (Assign("identity", Ranges.of(0)),), _QUIET),))


# ------------------------------------------------------------------- what there is


def _attachment(
    lowering: Lowering, attachment_id: str, gateway_id: str
) -> TransitGatewayAttachment | None:
    return lowering.snapshot.get(TransitGatewayAttachment, f"{attachment_id} {gateway_id}")


def _of_vpc(lowering: Lowering, gateway_id: str, vpc_id: str) -> TransitGatewayVpcAttachment | None:
    """The attachment of a VPC to a gateway; one that works before one that is gone."""

    def make() -> dict[tuple[str, str], TransitGatewayVpcAttachment]:
        ordered = sorted(
            lowering.snapshot.records(TransitGatewayVpcAttachment),
            key=lambda each: _works(each.state),
        )
        return {(each.transit_gateway_id, each.vpc_id or ""): each for each in ordered}

    return lowering.memo(f"{_NAME} by vpc", make).get((gateway_id, vpc_id))


def _works(state: str) -> bool:
    """R-TGW-1; while it is being modified it goes on."""
    return state in ("available", "modifying", "")


def _subnet_in(
    lowering: Lowering, attachment: TransitGatewayVpcAttachment, zone: str
) -> str | None:
    """The attachment's subnet in a zone; of a zone that is not known, none."""
    for subnet_id in attachment.subnet_ids:
        if zone and lowering.index.zone_of(subnet_id) == zone:
            return subnet_id
    return None


def _unseen(lowering: Lowering, attachment: TransitGatewayVpcAttachment) -> str | None:
    """An attachment subnet that is not in the snapshot, if there is one."""
    known = lowering.snapshot.get
    return next((each for each in attachment.subnet_ids if known(Subnet, each) is None), None)


def _keeps_groups(lowering: Lowering, attachment_id: str, gateway_id: str, zone: str) -> bool:
    """R-SG-17: whether group references survive at an attachment."""
    gateway = lowering.snapshot.get(TransitGateway, gateway_id)
    attachment = lowering.snapshot.get(TransitGatewayVpcAttachment, attachment_id)
    return (
        gateway is not None
        and attachment is not None
        and gateway.options.security_group_referencing_support == "enable"
        and attachment.options.security_group_referencing_support != "disable"
        and zone not in _NO_REFERENCES
    )


# ------------------------------------------------------------------- in from a VPC


def _enter(lowering: Lowering, gateway_id: str, subnet_id: str, vpc_id: str) -> Entry | None:
    if lowering.snapshot.get(TransitGateway, gateway_id) is None:
        return None
    attachment = _of_vpc(lowering, gateway_id, vpc_id)
    if attachment is None:
        return Entry(node_name(_NAME, gateway_id, "unattached", vpc_id))
    attachment_id = attachment.transit_gateway_attachment_id
    zone = lowering.index.parent_zone(lowering.index.zone_of(subnet_id))
    first = next(iter(attachment.subnet_ids), "")
    # A table that is no subnet's (a regional NAT gateway's) has no zone to start from.
    own = _subnet_in(lowering, attachment, zone) if subnet_id else first
    if own is None and subnet_id in attachment.subnet_ids:
        own = subnet_id
    only_own = lowering.option("transit-gateway-sender") == "subnet" and subnet_id
    if own is None or (only_own and subnet_id not in attachment.subnet_ids):
        unseen = "unseen" if not zone or _unseen(lowering, attachment) else "astray"
        return Entry(node_name(_NAME, attachment_id, unseen, f"{gateway_id} {zone}"))
    node = node_name(_NAME, attachment_id, "in", f"{gateway_id} {zone or _ANY_ZONE}")
    return Entry(node, own, guarded=True)


def _unattached(lowering: Lowering, gateway_id: str, vpc_id: str) -> tuple[Stage, ...]:
    gateway = lowering.snapshot.get(TransitGateway, gateway_id)
    if gateway is None or not lowering.has(TransitGatewayVpcAttachment, gateway):
        words = f"whether {vpc_id} is attached to it is not known"
        return (Unmodelled(lowering.missing(TransitGatewayVpcAttachment, gateway_id, words)),)
    origin = Origin(gateway_id, f"{vpc_id} is not attached to it", code="BAD_STATE_ATTACHMENT")
    return (deny_all(origin), Forward((), origin))


def _astray(lowering: Lowering, attachment_id: str, argument: str) -> tuple[Stage, ...]:
    """R-TGW-2, R-TGW-10: no subnet of the attachment stands where the packet starts."""
    _, _, zone = argument.partition(" ")
    words = f"has no subnet in zone {zone}, where the packet comes from"
    code, option = "TGW_ROUTE_AZ_RESTRICTION", "transit-gateway-sender"
    origin = Origin(attachment_id, words, "zone", code, option=option)
    return (deny_all(origin), Forward((), origin))


def _unknown_zone(lowering: Lowering, attachment_id: str, argument: str) -> tuple[Stage, ...]:
    """R-SHARE-3: an attachment subnet of another account may stand in the zone."""
    words = "not all its subnets are in the snapshot, so its zones are not known"
    return (Unmodelled(lowering.missing(Subnet, attachment_id, words)),)


# ------------------------------------------------------------------- in, by any attachment


def _in(lowering: Lowering, attachment_id: str, argument: str) -> tuple[Stage, ...]:
    """A packet that an attachment brings in.  ``argument``: the gateway and the zone."""
    gateway_id, zone = argument.split(" ")
    kept = _keeps_groups(lowering, attachment_id, gateway_id, zone)
    return (
        *_available(lowering, attachment_id, gateway_id),
        *(() if kept else (_FORGET,)),
        *_associated(lowering, attachment_id, gateway_id, zone),
    )


def _available(lowering: Lowering, attachment_id: str, gateway_id: str) -> tuple[Stage, ...]:
    """R-TGW-1: the gateway and the attachment work."""
    gateway = lowering.snapshot.get(TransitGateway, gateway_id)
    attachment = _attachment(lowering, attachment_id, gateway_id)
    of_vpc = lowering.snapshot.get(TransitGatewayVpcAttachment, attachment_id)
    states = [
        (gateway_id, gateway.state if gateway else "", "BAD_STATE"),
        (attachment_id, attachment.state if attachment else "", "BAD_STATE_ATTACHMENT"),
        (attachment_id, of_vpc.state if of_vpc else "", "BAD_STATE_ATTACHMENT"),
    ]
    for resource, state, code in states:
        if not _works(state):
            return (deny_all(Origin(resource, f"is {state}", "state", code)),)
    return ()


def _associated(
    lowering: Lowering, attachment_id: str, gateway_id: str, zone: str
) -> tuple[Stage, ...]:
    """R-TGW-3: exactly one route table, or none and the packet is dropped."""
    table, known = _table_of(lowering, attachment_id, gateway_id)
    if table:
        node = node_name("transit_gateway_route_table", table, "lookup", f"{gateway_id} {zone}")
        words = f"is associated with {table}"
        return (Forward((Route(ANYTHING, node, Origin(attachment_id, words)),), _QUIET),)
    if known:
        words = f"is associated with no route table of {gateway_id}"
        code = "TGW_ATTACH_MISSING_TGW_RTB_ASSOCIATION"
        refused = Origin(attachment_id, words, "association", code)
        return (deny_all(refused), Forward((), refused))
    words = f"with which route table of {gateway_id} it is associated is not known"
    origin = lowering.missing(TransitGatewayAttachment, attachment_id, words)
    return (Unmodelled(replace(origin, code="UNKNOWN_RESOURCE")),)


def _table_of(lowering: Lowering, attachment_id: str, gateway_id: str) -> tuple[str, bool]:
    """The table associated with an attachment ('' if none), and whether that is known."""
    for answer in lowering.snapshot.records(TransitGatewayTableAssociations):
        table = lowering.snapshot.get(
            TransitGatewayRouteTable, answer.transit_gateway_route_table_id
        )
        of_other = table is not None and table.transit_gateway_id != gateway_id
        for each in answer.associations:
            mine = each.transit_gateway_attachment_id == attachment_id and not of_other
            if mine and each.state in ("associated", ""):
                return answer.transit_gateway_route_table_id, True
    attachment = _attachment(lowering, attachment_id, gateway_id)
    if attachment is None:
        return "", False
    association = attachment.association
    if association is not None and association.state in ("associated", ""):
        return association.transit_gateway_route_table_id or "", True
    # Only the gateway's owner is told of the association.
    seen_by = lowering.snapshot.account_of(attachment) if attachment.page.account else ""
    owner = attachment.transit_gateway_owner_id
    return "", association is not None or not seen_by or not owner or seen_by == owner


# ------------------------------------------------------------------- out


def _out(lowering: Lowering, attachment_id: str, argument: str) -> tuple[Stage, ...]:
    """A packet that a route table sends to an attachment."""
    gateway_id, zone = argument.split(" ")
    of_vpc = lowering.snapshot.get(TransitGatewayVpcAttachment, attachment_id)
    attachment = _attachment(lowering, attachment_id, gateway_id)
    state = _available(lowering, attachment_id, gateway_id)
    if of_vpc is not None:
        return (*state, *_to_vpc(lowering, of_vpc, gateway_id, zone))
    if attachment is None:
        words = "this attachment is not known"
        return (Unmodelled(lowering.missing(TransitGatewayAttachment, attachment_id, words)),)
    if attachment.resource_type in _PEERINGS:
        return (*state, _FORGET, *_to_peer(lowering, attachment))
    if attachment.resource_type == "vpc":
        words = f"the subnets of the attachment of {attachment.resource_id} are not known"
        gap = lowering.missing(TransitGatewayVpcAttachment, attachment_id, words)
        return (*state, Unmodelled(gap))
    node = lowering.attached(
        attachment.resource_type, attachment.resource_id, f"{attachment_id} {gateway_id}"
    )
    return (*state, _FORGET, Forward((Route(ANYTHING, node, _QUIET),), _QUIET))


def _to_vpc(
    lowering: Lowering, attachment: TransitGatewayVpcAttachment, gateway_id: str, zone: str
) -> tuple[Stage, ...]:
    attachment_id = attachment.transit_gateway_attachment_id
    kept = _keeps_groups(lowering, attachment_id, gateway_id, zone)
    vpc = lowering.snapshot.get(Vpc, attachment.vpc_id or "")
    if vpc is None or not attachment.subnet_ids:
        words = f"the subnets of {attachment.vpc_id} are not in the snapshot"
        origin = Origin(attachment.vpc_id or "", words, code="UNKNOWN_RESOURCE")
        return (Unmodelled(origin),)
    own = Ranges.prefixes(map(Prefix.parse, vpc_blocks(vpc)))
    back = node_name(_NAME, attachment_id, "hairpin", f"{gateway_id} {zone}")
    return (
        *(() if kept else (_FORGET,)),
        Forward((Route(HeaderSpace.where(source=own), back, _QUIET),)),
        *_leaving(lowering, attachment, zone),
    )


def _leaving(
    lowering: Lowering, attachment: TransitGatewayVpcAttachment, zone: str
) -> tuple[Stage, ...]:
    """R-TGW-8: by which of its subnets a packet leaves."""
    attachment_id = attachment.transit_gateway_attachment_id
    own = _subnet_in(lowering, attachment, zone)
    if attachment.options.appliance_mode_support == "enable":
        subnets: Sequence[str] = attachment.subnet_ids
        words = "assumed: in appliance mode the flow is sent to zone"
    else:
        subnets = (own,) if own is not None else attachment.subnet_ids
        words = "assumed: it has no subnet in the packet's own zone and takes zone"
    if len(subnets) == 1:
        onward = Route(ANYTHING, _exit(subnets[0]), _QUIET)
        return (Forward((onward,), _QUIET),)
    options = [
        Option(
            _exit(subnet),
            Origin(attachment_id, f"{words} {lowering.index.zone_of(subnet)} ({subnet})"),
        )
        for subnet in subnets
    ]
    return (Choose(tuple(options)),)


def _exit(subnet_id: str) -> str:
    """R-TGW-9: the attachment's own interface puts the packet on its subnet's wire."""
    return node_name("subnet", subnet_id, "emit", "attachment")


def _hairpin(lowering: Lowering, attachment_id: str, argument: str) -> tuple[Stage, ...]:
    """A packet from the VPC's own addresses comes back into it; no page says whether it may."""
    _, zone = argument.split(" ")
    attachment = lowering.snapshot.get(TransitGatewayVpcAttachment, attachment_id)
    assert attachment is not None
    option = "transit-gateway-hairpin"
    if lowering.option(option) == "deny":
        words = "does not take a packet back into the VPC it came from"
        refused = Origin(attachment_id, words, "source", "NO_PATH", option=option)
        return (deny_all(refused), Forward((), refused))
    words = "assumed: a packet may come back into the VPC it came from"
    onward = node_name(_NAME, attachment_id, "back", zone)
    return (Choose((Option(onward, Origin(attachment_id, words, option=option)),)),)


def _back(lowering: Lowering, attachment_id: str, zone: str) -> tuple[Stage, ...]:
    attachment = lowering.snapshot.get(TransitGatewayVpcAttachment, attachment_id)
    assert attachment is not None
    return _leaving(lowering, attachment, zone)


def _to_peer(lowering: Lowering, attachment: TransitGatewayAttachment) -> tuple[Stage, ...]:
    """R-TGW-12: to the gateway at the other end, which looks it up in a table of its own."""
    attachment_id, peer = attachment.transit_gateway_attachment_id, _peer(lowering, attachment)
    if _attachment(lowering, attachment_id, peer) is None:
        words = f"is the far end of {attachment_id} and not in the snapshot"
        return (Unmodelled(Origin(peer, words, code="UNKNOWN_RESOURCE")),)
    onward = node_name(_NAME, attachment_id, "in", f"{peer} {_ANY_ZONE}")
    origin = Origin(attachment_id, f"leads to {peer}", name=attachment.name)
    return (Forward((Route(ANYTHING, onward, origin),), _QUIET),)


def _peer(lowering: Lowering, attachment: TransitGatewayAttachment) -> str:
    """The gateway at the other end of a peering."""
    own = attachment.transit_gateway_id
    peering = lowering.snapshot.get(
        TransitGatewayPeeringAttachment, attachment.transit_gateway_attachment_id
    )
    if peering is not None:
        ends = (peering.requester_tgw_info, peering.accepter_tgw_info)
        others = [end.transit_gateway_id for end in ends if end.transit_gateway_id != own]
        if others and others[0]:
            return others[0]
    return attachment.resource_id


# ------------------------------------------------------------------- groups and ends


def _joins(lowering: Lowering) -> Iterator[Join]:
    """R-SG-15, R-SG-17: VPCs on one gateway, on the way in only."""
    joined: dict[str, list[str]] = {}
    for each in lowering.snapshot.records(TransitGatewayVpcAttachment):
        keeps = _keeps_groups(
            lowering, each.transit_gateway_attachment_id, each.transit_gateway_id, ""
        )
        if keeps and _works(each.state) and each.vpc_id:
            joined.setdefault(each.transit_gateway_id, []).append(each.vpc_id)
    for vpcs in joined.values():
        for one, other in combinations(vpcs, 2):
            yield Join(one, other, outbound=False)


def _zones(lowering: Lowering) -> tuple[str, ...]:
    zones = {
        lowering.index.parent_zone(lowering.index.zone_of(subnet.subnet_id))
        for subnet in lowering.snapshot.records(Subnet)
    }
    return (*sorted(zones - {""}), _ANY_ZONE)


def _ways(lowering: Lowering, attachment: TransitGatewayAttachment) -> tuple[str, ...]:
    """Every node by which a packet uses an attachment, in or out."""
    name, gateway = attachment.transit_gateway_attachment_id, attachment.transit_gateway_id
    return tuple(
        node_name(_NAME, name, part, f"{gateway} {zone}")
        for part in ("in", "out")
        for zone in _zones(lowering)
    )


def _interfaces(
    lowering: Lowering, attachments: Sequence[TransitGatewayAttachment]
) -> tuple[NetworkInterface, ...]:
    vpcs = dict.fromkeys(a.resource_id for a in attachments if a.resource_type == "vpc")
    found = (lowering.index.interfaces_by_vpc.get(vpc, ()) for vpc in vpcs)
    return tuple(interface for each in found for interface in each)


def _gateway_end(lowering: Lowering, gateway_id: str) -> End | None:
    """As a source or a destination: whatever is attached to it, by way of it."""
    if lowering.snapshot.get(TransitGateway, gateway_id) is None:
        return None
    attachments = [
        each
        for each in lowering.snapshot.records(TransitGatewayAttachment)
        if each.transit_gateway_id == gateway_id and _works(each.state)
    ]
    return _beyond(lowering, gateway_id, attachments)


def _attachment_end(lowering: Lowering, attachment_id: str) -> End | None:
    """As a source or a destination: what it attaches, by way of it."""
    attachments = [
        each
        for each in lowering.snapshot.records(TransitGatewayAttachment)
        if each.transit_gateway_attachment_id == attachment_id
    ]
    return _beyond(lowering, attachment_id, attachments) if attachments else None


def _beyond(lowering: Lowering, words: str, attachments: Sequence[TransitGatewayAttachment]) -> End:
    """The interfaces of the VPCs, networks on-premises, and what lies beyond other attachments."""
    end = lowering.hosts(_interfaces(lowering, attachments), words)
    through = tuple(node for each in attachments for node in _ways(lowering, each))
    lines = [name for each in attachments for name in _lines(lowering, each)]
    if lines:
        end = _with_on_premises(lowering, end, lines)
    gap = end.gap
    elsewhere = [a for a in attachments if a.resource_type not in ("vpc", *_TO_ON_PREMISES)]
    if elsewhere:
        kinds = ", ".join(sorted({each.resource_type for each in elsewhere}))
        words = f"what lies beyond its attachments of kind {kinds} is not named by this end"
        gap = Origin(elsewhere[0].transit_gateway_attachment_id, words)
    return replace(end, through=through, gap=gap)


def _lines(lowering: Lowering, attachment: TransitGatewayAttachment) -> Iterator[str]:
    """The lines to on-premises that an attachment leads to."""
    if attachment.resource_type in _TO_ON_PREMISES:
        yield attachment.resource_id
        yield attachment.transit_gateway_attachment_id
        for interface in lowering.index.lines.interfaces(attachment.resource_id):
            yield interface.virtual_interface_id


def _with_on_premises(lowering: Lowering, end: End, lines: Sequence[str]) -> End:
    beyond = lowering.end(f"on-premises-by-{' '.join(lines)}")
    assert beyond is not None
    return replace(
        end,
        starts=(*end.starts, *beyond.starts),
        goals={**(end.goals or {}), **(beyond.goals or {})},
        addresses=(end.addresses or Ranges(())) | (beyond.addresses or Ranges(())),
        as_sent=False,
        nobody=None,
        gap=end.gap or beyond.gap,
    )


_GATEWAY = Reference("transit_gateway_id", TransitGateway)

COMPONENT = Component(
    name=_NAME,
    reads=(TransitGateway, TransitGatewayAttachment, TransitGatewayVpcAttachment),
    sections=(
        Section(
            "TransitGateways",
            TransitGateway,
            "transit_gateway_id",
            "ec2.DescribeTransitGateways",
        ),
        Section(
            "TransitGatewayAttachments",
            TransitGatewayAttachment,
            "key",
            "ec2.DescribeTransitGatewayAttachments",
        ),
        Section(
            "TransitGatewayVpcAttachments",
            TransitGatewayVpcAttachment,
            "transit_gateway_attachment_id",
            "ec2.DescribeTransitGatewayVpcAttachments",
        ),
        Section(
            "TransitGatewayPeeringAttachments",
            TransitGatewayPeeringAttachment,
            "transit_gateway_attachment_id",
            "ec2.DescribeTransitGatewayPeeringAttachments",
            covered_by="TransitGatewayAttachments",
        ),
        Section(
            "TransitGatewayRouteTableAssociations",
            TransitGatewayTableAssociations,
            "transit_gateway_route_table_id",
            "ec2.GetTransitGatewayRouteTableAssociations",
            merge="extend",
            more=("next_token",),
            bare=(("TransitGatewayRouteTableId", "Associations"),),
            covered_by="TransitGatewayAttachments",
        ),
    ),
    nodes={
        "in": _in,
        "out": _out,
        "hairpin": _hairpin,
        "back": _back,
        "unattached": _unattached,
        "astray": _astray,
        "unseen": _unknown_zone,
    },
    targets=(Target("transit_gateway_id", "tgw-", _enter),),
    joins=_joins,
    ends={"tgw-attach-": _attachment_end, "tgw-": _gateway_end},
)
