"""Attachments of VPCs to transit gateways: which zones may send, and by which a packet comes out.

From a VPC a packet gets in where the attachment has a subnet in the sender's zone, by zone id
(R-TGW-2, R-TGW-10, R-AZ-1, U-3; a Local Zone counts as its parent, R-TGW-21).  It comes out by the
attachment subnet of the zone that it came from, else by any one of them (R-TGW-8), unchanged
(R-TGW-17), and that subnet's route table takes it on (R-TGW-9, R-RT-3).  In appliance mode a flow
comes out in any one of the zones, and its reply in the same (R-TGW-18).  The network ACL of an
attachment subnet is passed on the way in even from the subnet itself, and on the way out unless the
packet stays there (R-NACL-12, R-NACL-13).  Group references survive where the gateway and both
attachments have them enabled, though not to PrivateLink endpoints and to mount targets that let not
everything out (R-SG-17, R-SG-20); they count on the way in only (R-SG-15).  The attachment's own
interfaces answer nothing (R-TGW-17).

What the snapshot may lack is never guessed: a VPC of another account (R-SHARE-4), a subnet or the
parent of a zone that is not in it (R-SHARE-3).

Implements: R-TGW-2 R-TGW-8 R-TGW-9 R-TGW-10 R-TGW-17 R-TGW-18 R-TGW-21 R-NACL-12 R-NACL-13 R-RT-3
R-SG-15 R-SG-17 R-SG-18 R-SG-20 R-AZ-1 R-SHARE-3 R-SHARE-4
Not modelled: which Local Zones' receivers lose group references (R-SG-17).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations

from reach.component import Component, Denial, Entry, Join, Lowering, Target, node_name
from reach.gone import held
from reach.interfaces.nameless import forget_towards
from reach.network.address import Prefix
from reach.network.field import Header
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges, shared
from reach.network.stage import (
    FORGET,
    Action,
    Choose,
    Filter,
    Forward,
    Option,
    Origin,
    Route,
    Rule,
    Stage,
    Unmodelled,
    deny_all,
)
from reach.routing.transit_index import index_of, works
from reach.snapshot.index import vpc_blocks
from reach.snapshot.records import NetworkInterface, Subnet, Vpc
from reach.snapshot.section import Section
from reach.snapshot.transit_records import TransitGateway, TransitGatewayVpcAttachment

_NAME = "transit_gateway_vpc_attachment"
_NOTHING = Ranges(())
_QUIET = Origin("", "")
_ANY_ZONE = "-"
_SENDER = "transit-gateway-sender"
# R-SG-17: group references do not survive here.
_NO_REFERENCES = ("use1-az3",)


def _get(lowering: Lowering, attachment_id: str) -> TransitGatewayVpcAttachment:
    return held(lowering.snapshot.get(TransitGatewayVpcAttachment, attachment_id))


def _to(node: str, origin: Origin = _QUIET) -> Forward:
    return Forward((Route(ANYTHING, node, origin),), _QUIET)


def _subnet_in(
    lowering: Lowering, attachment: TransitGatewayVpcAttachment, zone: str
) -> str | None:
    """The attachment's subnet in a zone, of which there is one at most."""
    in_zone = (s for s in attachment.subnet_ids if zone and lowering.index.zone_of(s) == zone)
    return next(in_zone, None)


def _keeps_groups(lowering: Lowering, attachment: TransitGatewayVpcAttachment) -> bool:
    """R-SG-17: whether group references survive at an attachment."""
    gateway = lowering.snapshot.get(TransitGateway, attachment.transit_gateway_id)
    return (
        gateway is not None
        and gateway.options.security_group_referencing_support == "enable"
        and attachment.options.security_group_referencing_support in (None, "", "enable")
    )


# ------------------------------------------------------------------- in


def _could(lowering: Lowering, vpc_id: str) -> Iterator[tuple[str, HeaderSpace]]:
    """A gateway that the VPC is attached to, for the blocks of the other VPCs on it."""
    index = index_of(lowering)
    for gateway in lowering.snapshot.records(TransitGateway):
        if index.of_vpc(gateway.transit_gateway_id, vpc_id) is None:
            continue
        every, once, blocks = _blocks_on(lowering, gateway.transit_gateway_id)
        beyond = every - (blocks.get(vpc_id, _NOTHING) & once)
        if beyond:
            yield gateway.transit_gateway_id, HeaderSpace.where(destination=beyond)


def _blocks_on(lowering: Lowering, gateway_id: str) -> tuple[Ranges, Ranges, Mapping[str, Ranges]]:
    """The blocks of all VPCs on a gateway, what of it only one of them has, and those of each."""

    def make() -> tuple[Ranges, Ranges, Mapping[str, Ranges]]:
        ids = [vpc_id for _, vpc_id in index_of(lowering).vpcs_on(gateway_id)]
        known = {each: lowering.snapshot.get(Vpc, each) for each in ids}
        blocks = {
            each: Ranges.prefixes(map(Prefix.parse, vpc_blocks(vpc)))
            for each, vpc in known.items()
            if vpc is not None
        }
        every = Ranges.any_of(blocks.values())
        return every, every - shared(blocks.values()), blocks

    return lowering.memo(f"{_NAME} blocks on {gateway_id}", make)


def _enter(lowering: Lowering, gateway_id: str, subnet_id: str, vpc_id: str) -> Entry:
    """Where a route of a VPC to a gateway goes, from a subnet or from a table without one."""
    attachment = index_of(lowering).of_vpc(gateway_id, vpc_id)
    if lowering.snapshot.get(TransitGateway, gateway_id) is None or attachment is None:
        return Entry(node_name("transit_gateway", gateway_id, "unattached", vpc_id))
    attachment_id = attachment.transit_gateway_attachment_id
    if not subnet_id:
        return Entry(node_name(_NAME, attachment_id, "anywhere"))
    own = lowering.index.zone_of(subnet_id)
    if subnet_id in attachment.subnet_ids:
        # Nothing hangs on U-3 here; an attachment has no subnet in a Local Zone.
        node = node_name(_NAME, attachment_id, "own", own or _ANY_ZONE)
        return Entry(node, subnet_id, guarded=True)
    if lowering.option(_SENDER) == "subnet":
        return Entry(node_name(_NAME, attachment_id, "foreign"))
    zone = lowering.index.parent_zone(own)
    through = _subnet_in(lowering, attachment, zone or "")
    if through is None:
        certain = zone and lowering.index.are_comparable(zone, attachment.subnet_ids)
        return Entry(node_name(_NAME, attachment_id, "astray" if certain else "unseen", own))
    node = node_name(_NAME, attachment_id, "zone" if own == zone else "local", zone or "")
    return Entry(node, through, guarded=True)


def _from_own(lowering: Lowering, attachment_id: str, zone: str) -> tuple[Stage, ...]:
    """From the attachment's own subnet in a zone."""
    return _into_gateway(lowering, attachment_id, zone, _QUIET)


def _from_zone(lowering: Lowering, attachment_id: str, zone: str) -> tuple[Stage, ...]:
    """U-3: from any subnet of a zone in which the attachment has one."""
    words = f"takes what any subnet of zone {zone} sends"
    return _into_gateway(
        lowering, attachment_id, zone, Origin(attachment_id, words, "zone", option=_SENDER)
    )


def _into_gateway(
    lowering: Lowering, attachment_id: str, zone: str, origin: Origin
) -> tuple[Stage, ...]:
    attachment = _get(lowering, attachment_id)
    kept = _keeps_groups(lowering, attachment) and zone not in _NO_REFERENCES
    return (*(() if kept else (FORGET,)), _to(_in(attachment, zone), origin))


def _in(attachment: TransitGatewayVpcAttachment, zone: str) -> str:
    argument = f"{attachment.transit_gateway_id} {zone or _ANY_ZONE}"
    return node_name("transit_gateway", attachment.transit_gateway_attachment_id, "in", argument)


def _from_local_zone(lowering: Lowering, attachment_id: str, zone: str) -> tuple[Stage, ...]:
    """R-TGW-21: by the parent zone.  R-SG-17: from some Local Zones group references are lost."""
    onward = node_name(_NAME, attachment_id, "zone", zone)
    if not _keeps_groups(lowering, _get(lowering, attachment_id)):
        return (_to(onward),)
    lost = Origin(attachment_id, "assumed: group references do not survive from this Local Zone")
    kept = Origin(attachment_id, "assumed: group references survive from this Local Zone")
    forgotten = node_name(_NAME, attachment_id, "forgotten", zone)
    return (Choose((Option(forgotten, lost), Option(onward, kept))),)


def _forgotten(lowering: Lowering, attachment_id: str, zone: str) -> tuple[Stage, ...]:
    return (FORGET, _to(node_name(_NAME, attachment_id, "zone", zone)))


def _from_anywhere(lowering: Lowering, attachment_id: str, _: str) -> tuple[Stage, ...]:
    """From a table that is no subnet's: a regional NAT gateway's (R-NAT-12) has no zone."""
    attachment = _get(lowering, attachment_id)
    options = []
    for subnet_id in attachment.subnet_ids:
        zone = lowering.index.zone_of(subnet_id)
        words = f"assumed: it takes the packet in zone {zone} ({subnet_id})"
        own = node_name(_NAME, attachment_id, "own", zone or _ANY_ZONE)
        arriving = node_name("subnet", subnet_id, "arrive", own)
        options.append(Option(arriving, Origin(attachment_id, words)))
    if not options:
        return (_unknown(lowering, attachment_id, "its subnets are not known"),)
    return (Choose(tuple(options)),)


def _astray(lowering: Lowering, attachment_id: str, zone: str) -> tuple[Stage, ...]:
    """R-TGW-2, R-TGW-10: no subnet of the attachment stands where the packet starts."""
    words = f"has no subnet in zone {zone}, where the packet comes from"
    return _refused(Origin(attachment_id, words, "zone", "TGW_ROUTE_AZ_RESTRICTION"))


def _foreign(lowering: Lowering, attachment_id: str, _: str) -> tuple[Stage, ...]:
    """U-3, read narrowly."""
    words = "takes nothing but what its own subnets send"
    code = "TGW_ROUTE_AZ_RESTRICTION"
    return _refused(Origin(attachment_id, words, "zone", code, option=_SENDER))


def _refused(origin: Origin) -> tuple[Stage, ...]:
    return (deny_all(origin), Forward((), origin))


def _unseen(lowering: Lowering, attachment_id: str, zone: str) -> tuple[Stage, ...]:
    """R-SHARE-3: an attachment subnet of another account may stand in the zone."""
    words = f"whether it has a subnet in zone {zone or 'of the sender'} is not known"
    return (_unknown(lowering, attachment_id, words),)


def _unknown(lowering: Lowering, attachment_id: str, words: str) -> Unmodelled:
    return Unmodelled(lowering.missing(Subnet, attachment_id, words))


# ------------------------------------------------------------------- out


def _leave(lowering: Lowering, attachment_id: str, zone: str) -> tuple[Stage, ...]:
    """R-TGW-8: out by one of the attachment's subnets.  ``zone``: where the packet came in."""
    attachment = _get(lowering, attachment_id)
    vpc_id, subnets = attachment.vpc_id or "", attachment.subnet_ids
    if lowering.snapshot.get(Vpc, vpc_id) is None or not subnets:
        words = f"{vpc_id}, which it attaches, or its subnets are not in the snapshot"
        return (Unmodelled(Origin(attachment_id, words, code="UNKNOWN_RESOURCE")),)
    kept = _keeps_groups(lowering, attachment)
    forget = forget_towards(lowering, vpc_id) if kept else (FORGET,)
    if len(subnets) == 1:
        return (*forget, _to(_exit(attachment, subnets[0])))
    if attachment.options.appliance_mode_support == "enable":
        return (*forget, *_by_flow(lowering, attachment))
    own = _subnet_in(lowering, attachment, zone)
    if own is not None:
        return (*forget, _to(_exit(attachment, own)))
    if zone != _ANY_ZONE and not lowering.index.are_comparable(zone, subnets):
        return _unseen(lowering, attachment_id, zone)
    words = "assumed: it has no subnet in the packet's own zone and takes zone"
    return (*forget, _any_of(lowering, attachment, words))


def _exit(attachment: TransitGatewayVpcAttachment, subnet_id: str) -> str:
    return node_name(_NAME, attachment.transit_gateway_attachment_id, "exit", subnet_id)


def _any_of(lowering: Lowering, attachment: TransitGatewayVpcAttachment, words: str) -> Choose:
    attachment_id, zone_of = attachment.transit_gateway_attachment_id, lowering.index.zone_of
    return Choose(
        tuple(
            Option(
                _exit(attachment, subnet),
                Origin(attachment_id, f"{words} {zone_of(subnet)} ({subnet})"),
            )
            for subnet in attachment.subnet_ids
        )
    )


def _by_flow(lowering: Lowering, attachment: TransitGatewayVpcAttachment) -> tuple[Forward, Choose]:
    """In appliance mode: the reply goes where its flow went, everything else to any one."""
    flows = tuple(
        Route(ANYTHING, _exit(attachment, subnet), _QUIET, session=_session(attachment, subnet))
        for subnet in attachment.subnet_ids
    )
    words = "assumed: in appliance mode the flow is sent to zone"
    return Forward(flows), _any_of(lowering, attachment, words)


def _session(attachment: TransitGatewayVpcAttachment, subnet_id: str) -> str:
    return f"{_NAME} {attachment.transit_gateway_attachment_id} {subnet_id}"


def _out(lowering: Lowering, attachment_id: str, subnet_id: str) -> tuple[Stage, ...]:
    """R-TGW-9: the attachment's interface in a subnet puts the packet on the wire (U-20)."""
    attachment = _get(lowering, attachment_id)
    remembers = attachment.options.appliance_mode_support == "enable"
    anything = Rule(ANYTHING, Action.PERMIT, _QUIET)
    flow = Filter((), anything, _session(attachment, subnet_id))
    loses = lowering.index.zone_of(subnet_id) in _NO_REFERENCES
    return (
        *((flow,) if remembers and len(attachment.subnet_ids) > 1 else ()),
        *((FORGET,) if loses else ()),
        _to(node_name("subnet", subnet_id, "emit", "attachment")),
    )


# ------------------------------------------------------------------- its interfaces, groups


def _interface_node(lowering: Lowering, interface: NetworkInterface) -> str:
    return node_name(_NAME, interface.network_interface_id, "interface")


def _mute(lowering: Lowering, interface_id: str, _: str) -> tuple[Stage, ...]:
    words = "is an attachment's interface, which passes packets on and answers none"
    return _refused(Origin(interface_id, words, code="NO_PATH"))


def _joins(lowering: Lowering) -> Iterator[Join]:
    """R-SG-15, R-SG-17: VPCs on one gateway, on the way in only."""
    joined: dict[str, list[str]] = {}
    for each in lowering.snapshot.records(TransitGatewayVpcAttachment):
        if works(each.state) and each.vpc_id and _keeps_groups(lowering, each):
            joined.setdefault(each.transit_gateway_id, []).append(each.vpc_id)
    for vpcs in joined.values():
        for one, other in combinations(vpcs, 2):
            yield Join(one, other, outbound=False)


def _besides(lowering: Lowering, denial: Denial) -> Iterator[Origin]:
    """R-TGW-8: denied in the subnet by which it leaves the attachment, which it has to take."""
    if len(denial.hops) < 2:
        return
    last = denial.hops[-1].node
    for hop in denial.hops[:-1]:
        component, attachment_id, rest = hop.node.split("/", 2)
        part, _, subnet_id = rest.partition(" ")
        if component != _NAME or part != "exit" or not last.startswith(f"subnet/{subnet_id}/"):
            continue
        attachment = _get(lowering, attachment_id)
        if len(attachment.subnet_ids) > 1:
            zone = lowering.index.zone_of(subnet_id)
            words = f"leaves by its subnet in zone {zone} ({subnet_id}), and by no other"
            code = "TGW_ATTACH_VPC_AZ_RESTRICTION"
            yield Origin(attachment_id, words, f"zone {zone}", code, record=subnet_id)


def _label(lowering: Lowering, resource: str, part: str, header: Header) -> tuple[str, str] | None:
    """The Name of the attachment."""
    name = index_of(lowering).name_of(resource)
    return (resource, name) if name else None


COMPONENT = Component(
    name=_NAME,
    reads=(TransitGatewayVpcAttachment, TransitGateway, Subnet, Vpc),
    sections=(
        Section(
            "TransitGatewayVpcAttachments",
            TransitGatewayVpcAttachment,
            "transit_gateway_attachment_id",
            "ec2.DescribeTransitGatewayVpcAttachments",
        ),
    ),
    nodes={
        "own": _from_own,
        "zone": _from_zone,
        "local": _from_local_zone,
        "forgotten": _forgotten,
        "anywhere": _from_anywhere,
        "astray": _astray,
        "foreign": _foreign,
        "unseen": _unseen,
        "leave": _leave,
        "exit": _out,
        "interface": _mute,
    },
    targets=(Target("transit_gateway_id", "tgw-", _enter, _could),),
    interface_types=("transit_gateway",),
    interface_node=_interface_node,
    joins=_joins,
    label=_label,
    besides=_besides,
)
