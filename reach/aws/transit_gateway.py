"""Transit gateways and their attachments: from one attachment by a route table to another.

A packet comes in by an attachment while it and the gateway work (R-TGW-1); the route table that is
associated with the attachment says where it goes (R-TGW-3), a policy table in its place is not
modelled (R-TGW-20).  It goes out by another attachment.  A peering leads to the other gateway's
own table (R-TGW-12), a VPC, a line and a network function to whoever has those.  Addresses are not
checked (R-TGW-11), whatever Ipv6Support says (R-TGW-16), and the reply finds its own way
(R-TGW-22).  Group references end here save between VPCs (R-SG-20).

Whether a snapshot shows an attachment and its association depends on whose it is; where it may not,
nothing is guessed (R-SHARE-3, R-SHARE-4).

Implements: R-TGW-1 R-TGW-3 R-TGW-11 R-TGW-12 R-TGW-16 R-TGW-20 R-TGW-22 R-SG-20 R-SHARE-3
R-SHARE-4
Not modelled: policy tables (R-TGW-20) and address translation by an attachment (NatGatewaySupport
of TransitGatewayAttachment, API reference): undecided; multicast.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from reach.component import Component, Denied, End, Lowering, Mending, node_name
from reach.interfaces.ends import unheld_in
from reach.network.field import Header
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.network.stage import (
    FORGET,
    Forward,
    Origin,
    Route,
    Stage,
    Unmodelled,
    deny_all,
)
from reach.routing.transit_index import PEERINGS, index_of, works
from reach.snapshot.call import per_id
from reach.snapshot.record import is_associated
from reach.snapshot.records import RouteTable, Subnet, Vpc
from reach.snapshot.section import Section
from reach.snapshot.transit_records import (
    TransitGateway,
    TransitGatewayAttachment,
    TransitGatewayPeeringAttachment,
    TransitGatewayPolicyAssociations,
    TransitGatewayPolicyTable,
    TransitGatewayRouteTable,
    TransitGatewayTableAssociations,
    TransitGatewayVpcAttachment,
)
from reach.states import TRANSIT_GATEWAY, TRANSIT_GATEWAY_ATTACHMENT, refused

if TYPE_CHECKING:
    from reach.changes import Change


_NAME = "transit_gateway"
_QUIET = Origin("", "")
_ANY_ZONE = "-"
_MISSING = "missing association with "
# Beyond these lies on-premises, or the network of somebody else's routers.
_LINES = ("vpn", "vpn-concentrator", "direct-connect-gateway", "connect")


def _to(node: str, origin: Origin = _QUIET) -> Forward:
    return Forward((Route(ANYTHING, node, origin),), _QUIET)


def _refused(origin: Origin) -> tuple[Stage, ...]:
    return (deny_all(origin), Forward((), origin))


def _unattached(lowering: Lowering, gateway_id: str, vpc_id: str) -> tuple[Stage, ...]:
    gateway = lowering.snapshot.get(TransitGateway, gateway_id)
    if gateway is None:
        words = "is not in the snapshot"
        return (Unmodelled(lowering.missing(TransitGateway, gateway_id, words)),)
    if not index_of(lowering).lists_attachments(gateway, vpc_id):
        words = f"whether {vpc_id} is attached to it is not known"
        return (Unmodelled(lowering.missing(TransitGatewayVpcAttachment, gateway_id, words)),)
    named = index_of(lowering).named_for(gateway_id, vpc_id)
    if named:
        words = f"{vpc_id} is attached to {gateway_id} by it, as other answers say"
        return (Unmodelled(lowering.missing(TransitGatewayVpcAttachment, named, words)),)
    words = f"{vpc_id} is not attached to it"
    return _refused(Origin(gateway_id, words, code="BAD_STATE_ATTACHMENT", name=gateway.name))


# ------------------------------------------------------------------- in, by any attachment


def _in(lowering: Lowering, attachment_id: str, argument: str) -> tuple[Stage, ...]:
    """A packet that an attachment brings in.  ``argument``: the gateway and the zone."""
    gateway_id, zone = argument.split(" ", 1)
    return (
        *_available(lowering, attachment_id, gateway_id),
        *_associated(lowering, attachment_id, gateway_id, zone),
    )


def _available(lowering: Lowering, attachment_id: str, gateway_id: str) -> tuple[Stage, ...]:
    """R-TGW-1: the gateway and the attachment work, as every call about them says."""
    index, known = index_of(lowering), lowering.snapshot.get
    gateway = known(TransitGateway, gateway_id)
    attachment = index.attachment(attachment_id, gateway_id)
    of_vpc = known(TransitGatewayVpcAttachment, attachment_id)
    peering = index.peering(attachment_id)
    states = [
        (attachment_id, attachment.state if attachment else "", "BAD_STATE_ATTACHMENT"),
        (attachment_id, of_vpc.state if of_vpc else "", "BAD_STATE_ATTACHMENT"),
        (attachment_id, peering.state if peering else "", "BAD_STATE_ATTACHMENT"),
    ]
    if gateway is not None and not works(gateway.state):
        origin = Origin(gateway_id, f"is {gateway.state}", "state", "BAD_STATE")
        return (refused(gateway.state, TRANSIT_GATEWAY, origin),)
    for resource, state, code in states:
        if not works(state):
            origin = Origin(resource, f"is {state}", "state", code)
            return (refused(state, TRANSIT_GATEWAY_ATTACHMENT, origin),)
    if attachment is not None and attachment.nat_gateway_support not in (None, "", "disabled"):
        words = "translates addresses (NatGatewaySupport), which is not modelled"
        return (Unmodelled(Origin(attachment_id, words, code="UNSUPPORTED_COMPONENT")),)
    return ()


def _associated(
    lowering: Lowering, attachment_id: str, gateway_id: str, zone: str
) -> tuple[Stage, ...]:
    """R-TGW-3: exactly one route table, or none and the packet is dropped."""
    found = index_of(lowering).association(attachment_id, gateway_id)
    if found.policy:
        words = f"is associated with {found.policy}, a policy table, which is not modelled"
        return (Unmodelled(Origin(attachment_id, words, code="UNSUPPORTED_COMPONENT")),)
    if not is_associated(found.state):
        words = f"is {found.state} with {found.table}"
        return (Unmodelled(Origin(attachment_id, words, code="UNKNOWN_RESOURCE")),)
    if found.table:
        argument = f"{gateway_id} {attachment_id} {zone}"
        node = node_name("transit_gateway_route_table", found.table, "enter", argument)
        return (_to(node, Origin(attachment_id, f"is associated with {found.table}")),)
    if found.known:
        words = f"is associated with no route table of {gateway_id}"
        code = "TGW_ATTACH_MISSING_TGW_RTB_ASSOCIATION"
        origin = Origin(attachment_id, words, "association", code)
        return (Forward((), origin, tuple(_could_be(lowering, origin, gateway_id, zone))),)
    words = f"with which route table of {gateway_id} it is, or with several, is not known"
    origin = lowering.missing(TransitGatewayAttachment, attachment_id, words)
    return (Unmodelled(replace(origin, code="UNKNOWN_RESOURCE")),)


def _could_be(lowering: Lowering, refusal: Origin, gateway_id: str, zone: str) -> Iterator[Route]:
    """The tables that an attachment could be associated with."""
    for table in lowering.snapshot.records(TransitGatewayRouteTable):
        table_id = table.transit_gateway_route_table_id
        if table.transit_gateway_id == gateway_id:
            argument = f"{gateway_id} {refusal.resource} {zone}"
            node = node_name("transit_gateway_route_table", table_id, "enter", argument)
            words = f"is not associated with {table_id} of {gateway_id}"
            origin = replace(refusal, words=words, locator=f"{_MISSING}{table_id}")
            yield Route(ANYTHING, node, origin)


def _admit(_: Lowering, denied: Denied) -> tuple[Change, ...]:
    """The association that is lacking."""
    from reach.changes import AssociateTransitTable

    if denied.lacking is None or not denied.lacking.locator.startswith(_MISSING):
        return ()
    gateway_id = denied.lacking.words.rpartition(" of ")[2]
    table_id = denied.lacking.locator.removeprefix(_MISSING)
    return (AssociateTransitTable(denied.lacking.resource, gateway_id, table_id),)


# ------------------------------------------------------------------- out


def _out(lowering: Lowering, attachment_id: str, argument: str) -> tuple[Stage, ...]:
    """A packet that a route table sends to an attachment.  ``argument``: gateway and zone."""
    gateway_id, zone = argument.split(" ", 1)
    of_vpc = lowering.snapshot.get(TransitGatewayVpcAttachment, attachment_id)
    attachment = index_of(lowering).attachment(attachment_id, gateway_id)
    state = _available(lowering, attachment_id, gateway_id)
    if of_vpc is not None:
        return (
            *state,
            _to(node_name("transit_gateway_vpc_attachment", attachment_id, "leave", zone)),
        )
    if attachment is None:
        words = "this attachment is not known"
        return (Unmodelled(lowering.missing(TransitGatewayAttachment, attachment_id, words)),)
    if attachment.resource_type == "vpc":
        words = f"the subnets of the attachment of {attachment.resource_id} are not known"
        gap = lowering.missing(TransitGatewayVpcAttachment, attachment_id, words)
        return (*state, Unmodelled(gap))
    if attachment.resource_type in PEERINGS:
        return (*state, FORGET, *_to_peer(lowering, attachment))
    node = lowering.attached(attachment.resource_type, attachment.resource_id, _at(attachment))
    return (*state, FORGET, _to(node))


def _at(attachment: TransitGatewayAttachment) -> str:
    return f"{attachment.transit_gateway_attachment_id} {attachment.transit_gateway_id}"


def _to_peer(lowering: Lowering, attachment: TransitGatewayAttachment) -> tuple[Stage, ...]:
    """R-TGW-12: to the gateway at the other end, which looks it up in a table of its own."""
    attachment_id, far = (
        attachment.transit_gateway_attachment_id,
        index_of(lowering).far_end(attachment),
    )
    if far.core_network:
        node = lowering.attached("core-network", far.core_network, _at(attachment))
        return (_to(node),)
    if not far.attachment:
        words = f"is the far end of {attachment_id} and not in the snapshot"
        return (Unmodelled(Origin(far.gateway, words, code="UNKNOWN_RESOURCE")),)
    onward = node_name(_NAME, far.attachment, "in", f"{far.gateway} {_ANY_ZONE}")
    words = f"leads to {far.gateway}"
    return (_to(onward, Origin(attachment_id, words, name=attachment.name)),)


# ------------------------------------------------------------------- as ends of a question


def _unseen(lowering: Lowering, _: Ranges) -> Origin | None:
    """R-SHARE-4: an attached network that is not in the snapshot may have any private address."""
    index = index_of(lowering)
    routed = (
        route.transit_gateway_id or ""
        for table in lowering.snapshot.records(RouteTable)
        for route in table.routes
    )
    listed = (g.transit_gateway_id for g in lowering.snapshot.records(TransitGateway))
    for gateway_id in dict.fromkeys((*listed, *filter(None, routed))):
        gap = _not_all_seen(lowering, gateway_id)
        if gap is None:
            ends = (a for a in index.attached_to(gateway_id) if works(a.state))
            gap = _reached(lowering, ends)[1]
        if gap is not None:
            return gap
    return None


def _not_all_seen(lowering: Lowering, gateway_id: str) -> Origin | None:
    """What is attached to a gateway only its owner sees in full."""
    gateway = lowering.snapshot.get(TransitGateway, gateway_id)
    if gateway is not None:
        is_owners = gateway.page.account in ("", gateway.owner_id)
        if is_owners and lowering.has(TransitGatewayAttachment, gateway):
            return None
    words = f"what is attached to {gateway_id} is not fully known"
    return lowering.missing(TransitGatewayAttachment, gateway_id, words)


def _gateway_end(lowering: Lowering, gateway_id: str) -> End | None:
    """As a source or a destination: whatever is attached to it, by way of it."""
    if lowering.snapshot.get(TransitGateway, gateway_id) is None:
        return None
    attached = [a for a in index_of(lowering).attached_to(gateway_id) if works(a.state)]
    end = _beyond(lowering, gateway_id, attached)
    return replace(end, gap=_not_all_seen(lowering, gateway_id) or end.gap)


def _attachment_end(lowering: Lowering, text: str) -> End | None:
    """As a source or a destination: what it attaches, by way of it.

    Both ends of a peering, unless the text says of which gateway.
    """
    attachment_id, _, gateway_id = text.partition(" ")
    ends = [
        each
        for each in index_of(lowering).ends_of(attachment_id)
        if gateway_id in ("", each.transit_gateway_id)
    ]
    return _beyond(lowering, attachment_id, ends) if ends else None


def _beyond(lowering: Lowering, words: str, ends: Sequence[TransitGatewayAttachment]) -> End:
    """The hosts of the VPCs that lie beyond attachments, and on-premises where lines lead there."""
    attached, gap = _reached(lowering, ends)
    vpcs = dict.fromkeys(each.resource_id for each in attached if each.resource_type == "vpc")
    interfaces = (lowering.index.interfaces_by_vpc.get(vpc, ()) for vpc in vpcs)
    end = lowering.hosts(tuple(i for each in interfaces for i in each), words)
    lines = [name for each in attached for name in _lines(lowering, each)]
    if lines:
        end = _with_premises(lowering, end, lines)
    ways = tuple(_ways(lowering, ends))
    return replace(end, through=ways, gap=gap or end.gap, sender="")


def _lines(lowering: Lowering, attachment: TransitGatewayAttachment) -> Iterator[str]:
    """The lines to on-premises that an attachment leads to."""
    if attachment.resource_type in _LINES:
        yield attachment.resource_id
        yield attachment.transit_gateway_attachment_id
        for interface in lowering.index.lines.interfaces(attachment.resource_id):
            yield interface.virtual_interface_id


def _reached(
    lowering: Lowering, ends: Iterable[TransitGatewayAttachment]
) -> tuple[list[TransitGatewayAttachment], Origin | None]:
    """All attachments beyond these, peered gateways' among them, and what is not known of them."""
    index, gaps = index_of(lowering), []
    found: dict[str, TransitGatewayAttachment] = {}
    waiting = list(ends)
    while waiting:
        each = waiting.pop()
        if each.key in found:
            continue
        found[each.key] = each
        gaps.append(_unknown_beyond(lowering, each))
        if each.resource_type in PEERINGS:
            far = index.far_end(each)
            waiting += [a for a in index.attached_to(far.gateway) if works(a.state)]
    return list(found.values()), next(filter(None, gaps), None)


def _unknown_beyond(lowering: Lowering, attachment: TransitGatewayAttachment) -> Origin | None:
    """What an attachment leads to, if that is not in the snapshot."""
    attachment_id, resource = attachment.transit_gateway_attachment_id, attachment.resource_id
    if attachment.resource_type == "vpc":
        known = lowering.snapshot.get(Vpc, resource) is not None
        if known:
            return unheld_in(lowering, (resource,))
    elif attachment.resource_type in PEERINGS:
        far = index_of(lowering).far_end(attachment)
        resource = far.core_network or far.gateway
        known = bool(far.attachment) and _not_all_seen(lowering, far.gateway) is None
    elif attachment.resource_type in _LINES:
        taken = lowering.attached(attachment.resource_type, resource, _at(attachment))
        known = not taken.startswith("unmodelled/")
    else:
        known = attachment.resource_type == "network-function"  # nobody is there (R-TGW-19)
    if known:
        return None
    return Origin(resource, f"{resource}, which {attachment_id} attaches, is not in the snapshot")


def _with_premises(lowering: Lowering, end: End, lines: Sequence[str]) -> End:
    """An end and the hosts on-premises that lie beyond some lines."""
    premises = lowering.end(f"on-premises-by-{' '.join(lines)}")
    assert premises is not None
    own, more = end.addresses or Ranges(()), premises.addresses or Ranges(())
    starts = [start for start in premises.starts if start not in end.starts]
    goals: Mapping[str, HeaderSpace] = {**(end.goals or {}), **(premises.goals or {})}
    return replace(
        end,
        starts=(*end.starts, *starts),
        goals=goals,
        addresses=own | more,
        as_sent=False,
        nobody=None,
        gap=premises.gap or end.gap,
        sender="",
    )


def _ways(lowering: Lowering, ends: Iterable[TransitGatewayAttachment]) -> Iterator[str]:
    """Every node by which a packet uses an attachment, in or out."""

    def make() -> tuple[str, ...]:
        subnets = lowering.snapshot.records(Subnet)
        zones = {lowering.index.zone_of(subnet.subnet_id) for subnet in subnets}
        parents = {lowering.index.parent_zone(zone) or "" for zone in zones}
        return (*sorted(parents - {""}), _ANY_ZONE)

    zones = lowering.memo(f"{_NAME} zones", make)
    for each in ends:
        name, gateway_id = each.transit_gateway_attachment_id, each.transit_gateway_id
        for zone in zones:
            yield node_name(_NAME, name, "in", f"{gateway_id} {zone}")
            yield node_name(_NAME, name, "out", f"{gateway_id} {zone}")


def _label(lowering: Lowering, resource: str, part: str, header: Header) -> tuple[str, str] | None:
    """The Name of an attachment, which a gateway's end of it carries."""
    name = index_of(lowering).name_of(resource)
    return (resource, name) if name else None


COMPONENT = Component(
    name=_NAME,
    reads=(TransitGateway, TransitGatewayAttachment, TransitGatewayVpcAttachment),
    sections=(
        Section(
            "TransitGateways",
            TransitGateway,
            "transit_gateway_id",
            "ec2.DescribeTransitGateways",
            addresses={"options.transit_gateway_cidr_blocks[]": "CIDR"},
        ),
        Section(
            "TransitGatewayAttachments",
            TransitGatewayAttachment,
            "key",
            "ec2.DescribeTransitGatewayAttachments",
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
            asked=(
                per_id(
                    "ec2.GetTransitGatewayRouteTableAssociations",
                    "ec2.DescribeTransitGatewayRouteTables",
                    "TransitGatewayRouteTableId",
                    hold="Associations",
                    unless=("State", "deleted"),
                ),
            ),
        ),
        Section(
            "TransitGatewayPolicyTables",
            TransitGatewayPolicyTable,
            "transit_gateway_policy_table_id",
            "ec2.DescribeTransitGatewayPolicyTables",
            covered_by="TransitGatewayAttachments",
        ),
        Section(
            "TransitGatewayPolicyTableAssociations",
            TransitGatewayPolicyAssociations,
            "transit_gateway_policy_table_id",
            "ec2.GetTransitGatewayPolicyTableAssociations",
            merge="extend",
            more=("next_token",),
            bare=(("TransitGatewayPolicyTableId", "Associations"),),
            covered_by="TransitGatewayAttachments",
            asked=(
                per_id(
                    "ec2.GetTransitGatewayPolicyTableAssociations",
                    "ec2.DescribeTransitGatewayPolicyTables",
                    "TransitGatewayPolicyTableId",
                    hold="Associations",
                    unless=("State", "deleted"),
                ),
            ),
        ),
    ),
    nodes={
        "in": _in,
        "unattached": _unattached,
        "out": _out,
    },
    unseen=_unseen,
    ends={"tgw-attach-": _attachment_end, "tgw-": _gateway_end},
    label=_label,
    mending=Mending("tgw-attach-", 3, _admit, lambda _, __: ()),
)
