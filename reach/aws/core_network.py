"""Cloud WAN core networks: how packets get in by an attachment, and out again by another.

A VPC gets in where its attachment has a subnet in the sender's zone, for one subnet serves every
subnet of its zone (network-manager/latest/cloudwan/cloudwan-vpc-attachment); a Local Zone, which
can hold no attachment subnet, counts as its parent (R-LZ-1).  The segment or function group of the
attachment says where the packet goes (R-CWAN-1, ``core_network_segment``).  Attachments work as a
transit gateway's do ("attachments and routing are similar", Cloud WAN FAQ): it leaves by the
attachment subnet of its own zone, else, in appliance mode or from another Region, by any one of
them (as R-TGW-8), that subnet's route table takes it on, and the network ACL counts as in
R-NACL-12.  Group references survive within one edge location, where the policy and both attachments
have them enabled, and count on the way in only (R-CWAN-6, R-SG-15, R-SG-17).

Implements: R-CWAN-1 R-CWAN-5 R-CWAN-6 R-NACL-12 R-SG-15 R-SG-17 R-SG-20 R-TGW-20 R-AZ-1 R-LZ-1
R-SHARE-4
Not modelled: what lies beyond attachments of a VPN, of Connect and of a Direct Connect gateway;
several route tables of one transit gateway, as far as what comes from there is concerned.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations

from reach.component import Component, End, Entry, Join, Link, Lowering, Target, node_name
from reach.gone import held
from reach.interfaces.ends import unheld_in
from reach.interfaces.nameless import forget_towards
from reach.network.header_space import ANYTHING, Ranges
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
from reach.routing.core_attachments import WORKS, attached, carries, of_vpc, standing
from reach.routing.overall import core_networks
from reach.snapshot.core_network_calls import DETAIL, POLICY, VPC_ATTACHMENT
from reach.snapshot.core_network_policy import PolicyDocument, read_policy
from reach.snapshot.core_network_records import (
    CoreAttachment,
    CoreNetwork,
    CoreNetworkAttachment,
    CoreNetworkDetails,
    CoreNetworkPeering,
    CoreNetworkPolicy,
    CoreNetworkVpcAttachment,
    is_seen_whole,
    last_of_arn,
    live_policy,
)
from reach.snapshot.records import NetworkInterface, SecurityGroup, Subnet, Vpc
from reach.snapshot.section import Section
from reach.snapshot.transit_records import TransitGateway, TransitGatewayRouteTable
from reach.states import CORE_PEERING, refused

_NAME = "core_network"
_QUIET = Origin("", "")
_ANY_ZONE = "-"
# R-SG-17; the API refuses the feature in a zone of this kind
# (SECURITY_GROUP_REFERENCING_UNSUPPORTED_AVAILABILITY_ZONE).
_NO_REFERENCES = ("use1-az3",)
_LINES = ("SITE_TO_SITE_VPN", "CONNECT", "DIRECT_CONNECT_GATEWAY")


# ------------------------------------------------------------------- what there is


def _attachment(lowering: Lowering, attachment_id: str) -> CoreAttachment:
    return held(attached(lowering).get(attachment_id))


def _subnet_in(lowering: Lowering, attachment: CoreAttachment, zone: str) -> str | None:
    """The attachment's subnet in a zone."""
    in_zone = (s for s in attachment.subnet_ids if zone and lowering.index.zone_of(s) == zone)
    return next(in_zone, None)


def _document(lowering: Lowering, core_network_id: str) -> PolicyDocument | None:
    """The policy in force, as far as it is known and can be read."""

    def make() -> PolicyDocument | None:
        text = live_policy(lowering.snapshot, core_network_id)
        return None if text is None else read_policy(text)

    return lowering.memo(f"{_NAME} policy {core_network_id}", make)


# ------------------------------------------------------------------- in from a VPC


def _enter(lowering: Lowering, arn: str, subnet_id: str, vpc_id: str) -> Entry:
    core_network_id = last_of_arn(arn)
    attachment = of_vpc(lowering, core_network_id, vpc_id)
    if attachment is None:
        return Entry(node_name(_NAME, core_network_id, "unattached", vpc_id))
    if attachment.vpc is None:
        return Entry(node_name(_NAME, attachment.id, "unseen", _ANY_ZONE))
    # A table that is no subnet's (a regional NAT gateway's) has no zone to start from.
    zone = lowering.index.parent_zone_of(subnet_id)
    first = next(iter(attachment.subnet_ids), "")
    own = _subnet_in(lowering, attachment, zone) if subnet_id else first
    if own is None and subnet_id in attachment.subnet_ids:
        own = subnet_id
    if own is None:
        certain = lowering.index.are_comparable(zone, attachment.subnet_ids)
        return Entry(node_name(_NAME, attachment.id, "astray" if certain else "unseen", zone))
    node = node_name(_NAME, attachment.id, "in", zone or _ANY_ZONE)
    return Entry(node, own, guarded=True)


def _unattached(lowering: Lowering, core_network_id: str, vpc_id: str) -> tuple[Stage, ...]:
    vpc = lowering.snapshot.get(Vpc, vpc_id)
    account = lowering.snapshot.account_of(vpc) if vpc else ""
    if not is_seen_whole(lowering.snapshot, core_network_id, account):
        words = f"whether {vpc_id} is attached to it is not known"
        gap = lowering.missing(CoreNetworkAttachment, core_network_id, words)
        return (Unmodelled(replace(gap, code="UNKNOWN_RESOURCE")),)
    words = f"{vpc_id} is not attached to it"
    origin = Origin(core_network_id, words, code="BAD_STATE_ATTACHMENT")
    return (deny_all(origin), Forward((), origin))


def _astray(lowering: Lowering, attachment_id: str, zone: str) -> tuple[Stage, ...]:
    """No subnet of the attachment stands in the zone where the packet starts."""
    words = f"has no subnet in zone {zone}, where the packet comes from"
    origin = Origin(attachment_id, words, "zone", "NO_PATH")
    return (deny_all(origin), Forward((), origin))


def _unseen(lowering: Lowering, attachment_id: str, zone: str) -> tuple[Stage, ...]:
    if _attachment(lowering, attachment_id).vpc is None:
        words = "the subnets of this attachment are not known"
        return (Unmodelled(lowering.missing(CoreNetworkVpcAttachment, attachment_id, words)),)
    words = "not all its subnets are in the snapshot, so its zones are not known"
    return (Unmodelled(lowering.missing(Subnet, attachment_id, words)),)


# ------------------------------------------------------------------- in, by any attachment


def _in(lowering: Lowering, attachment_id: str, zone: str) -> tuple[Stage, ...]:
    """A packet that an attachment brings in, from a zone."""
    attachment = _attachment(lowering, attachment_id)
    edge, domain = attachment.about.edge_location, attachment.domain
    state = carries(lowering, attachment)
    if not domain:
        words = "belongs to no segment and to no network function group"
        refused = Origin(attachment_id, words, "segment", "NO_PATH")
        return (*state, deny_all(refused), Forward((), refused))
    where = f"{domain} {edge} {zone}"
    onward = node_name("core_network_segment", attachment.core_network_id, "lookup", where)
    kept = _keeps_groups(lowering, attachment, zone)
    if kept is None:
        return (*state, _either(attachment, onward, zone))
    words = f"belongs to {domain.replace(':', ' ')}"
    route = Route(ANYTHING, onward, Origin(attachment_id, words))
    return (*state, *(() if kept else (FORGET,)), Forward((route,), _QUIET))


def _either(attachment: CoreAttachment, onward: str, zone: str) -> Choose:
    """Only the policy, which is not there, tells whether group references survive.

    What gets through without them needs no assumption.
    """
    words = "assumed: group references reach over it, for its policy is not in the snapshot"
    without = node_name(_NAME, attachment.id, "nameless", zone)
    kept = Option(onward, Origin(attachment.core_network_id, words))
    return Choose((Option(without, _QUIET), kept))


def _nameless(lowering: Lowering, attachment_id: str, zone: str) -> tuple[Stage, ...]:
    """A packet whose sender's groups are forgotten."""
    attachment = _attachment(lowering, attachment_id)
    where = f"{attachment.domain} {attachment.about.edge_location} {zone}"
    onward = node_name("core_network_segment", attachment.core_network_id, "lookup", where)
    return (FORGET, Forward((Route(ANYTHING, onward, _QUIET),), _QUIET))


# ------------------------------------------------------------------- groups


def _keeps_groups(lowering: Lowering, attachment: CoreAttachment, zone: str) -> bool | None:
    """R-CWAN-6: whether group references survive at an attachment; None: nothing tells."""
    enabled = attachment.vpc is not None and (
        attachment.vpc.options.security_group_referencing_support is not False
    )
    if not enabled or zone in _NO_REFERENCES:
        return False
    document = _document(lowering, attachment.core_network_id)
    if document is not None:
        return document.core_network_configuration.security_group_referencing_support
    return None if _refers_abroad(lowering) else False


def _refers_abroad(lowering: Lowering) -> bool:
    """Whether any inbound rule names a group of another VPC."""

    def make() -> bool:
        known = lowering.snapshot.get
        for group in lowering.snapshot.records(SecurityGroup):
            for permission in group.ip_permissions:
                for pair in permission.user_id_group_pairs:
                    other = known(SecurityGroup, pair.group_id or "")
                    if other is not None and other.vpc_id != group.vpc_id:
                        return True
        return False

    return lowering.memo(f"{_NAME} refers abroad", make)


def _joins(lowering: Lowering) -> Iterator[Join]:
    """R-CWAN-6, R-SG-15: VPCs at one edge location, on the way in only."""
    joined: dict[tuple[str, str], list[str]] = {}
    for each in attached(lowering).values():
        if each.about.attachment_type != "VPC" or not standing(each.about.state):
            continue
        if _keeps_groups(lowering, each, "") is not False:
            key = each.core_network_id, each.about.edge_location
            joined.setdefault(key, []).append(each.resource_id)
    for vpcs in joined.values():
        for one, other in combinations(vpcs, 2):
            yield Join(one, other, outbound=False)


# ------------------------------------------------------------------- out


def _out(lowering: Lowering, attachment_id: str, argument: str) -> tuple[Stage, ...]:
    """A packet that a route sends to an attachment.  ``argument``: the edge and zone it is from."""
    edge, zone = argument.split(" ")
    attachment = attached(lowering).get(attachment_id)
    if attachment is None:
        words = "this attachment is not known"
        return (Unmodelled(lowering.missing(CoreNetworkAttachment, attachment_id, words)),)
    state = carries(lowering, attachment)
    if attachment.about.attachment_type == "VPC":
        return (*state, *_to_vpc(lowering, attachment, edge, zone))
    if attachment.about.attachment_type == "TRANSIT_GATEWAY_ROUTE_TABLE":
        return (*state, FORGET, *_to_transit_gateway(lowering, attachment))
    return (*state, Unmodelled(_beyond_origin(attachment)))


def _beyond_origin(attachment: CoreAttachment) -> Origin:
    kind = attachment.about.attachment_type
    words = f"what lies beyond this attachment ({kind} {attachment.resource_id}) is not modelled"
    return Origin(attachment.id, words, code="UNSUPPORTED_COMPONENT")


def _to_vpc(
    lowering: Lowering, attachment: CoreAttachment, edge: str, zone: str
) -> tuple[Stage, ...]:
    if attachment.vpc is None:
        words = f"the subnets of the attachment of {attachment.resource_id} are not known"
        return (Unmodelled(lowering.missing(CoreNetworkVpcAttachment, attachment.id, words)),)
    if lowering.snapshot.get(Vpc, attachment.resource_id) is None or not attachment.subnet_ids:
        words = f"the subnets of {attachment.resource_id} are not in the snapshot"
        return (Unmodelled(Origin(attachment.resource_id, words, code="UNKNOWN_RESOURCE")),)
    elsewhere = edge != attachment.about.edge_location
    kept = not elsewhere and _keeps_groups(lowering, attachment, zone) is not False
    forget = forget_towards(lowering, attachment.resource_id) if kept else (FORGET,)
    return (*forget, *_leaving(lowering, attachment, zone))


def _leaving(lowering: Lowering, attachment: CoreAttachment, zone: str) -> tuple[Stage, ...]:
    """As R-TGW-8: by which of its subnets a packet leaves."""
    assert attachment.vpc is not None
    subnets = attachment.subnet_ids
    if len(subnets) == 1:
        return (_to(_exit(attachment, subnets[0])),)
    if attachment.vpc.options.appliance_mode_support:
        words = "assumed: in appliance mode the flow is sent to zone"
        return (_by_flow(attachment), _any_of(lowering, attachment, words))
    own = _subnet_in(lowering, attachment, zone)
    if own is not None:
        return (_to(_exit(attachment, own)),)
    if zone != _ANY_ZONE and not lowering.index.are_comparable(zone, subnets):
        return _unseen(lowering, attachment.id, zone)
    words = "assumed: it has no subnet in the packet's own zone and takes zone"
    return (_any_of(lowering, attachment, words),)


def _to(node: str) -> Forward:
    return Forward((Route(ANYTHING, node, _QUIET),), _QUIET)


def _any_of(lowering: Lowering, attachment: CoreAttachment, words: str) -> Choose:
    zone_of = lowering.index.zone_of
    return Choose(
        tuple(
            Option(
                _exit(attachment, subnet),
                Origin(attachment.id, f"{words} {zone_of(subnet)} ({subnet})"),
            )
            for subnet in attachment.subnet_ids
        )
    )


def _by_flow(attachment: CoreAttachment) -> Forward:
    """In appliance mode the reply goes where its flow went (R-TGW-18)."""
    return Forward(
        tuple(
            Route(ANYTHING, _exit(attachment, subnet), _QUIET, session=_session(attachment, subnet))
            for subnet in attachment.subnet_ids
        )
    )


def _session(attachment: CoreAttachment, subnet_id: str) -> str:
    return f"{_NAME} {attachment.id} {subnet_id}"


def _exit(attachment: CoreAttachment, subnet_id: str) -> str:
    return node_name(_NAME, attachment.id, "exit", subnet_id)


def _emit(lowering: Lowering, attachment_id: str, subnet_id: str) -> tuple[Stage, ...]:
    """The attachment's own interface puts the packet on its subnet's wire (R-RT-3, U-20)."""
    attachment = _attachment(lowering, attachment_id)
    vpc = held(attachment.vpc)
    onward = _to(node_name("subnet", subnet_id, "emit", "attachment"))
    if not vpc.options.appliance_mode_support or len(attachment.subnet_ids) == 1:
        return (onward,)
    anything = Rule(ANYTHING, Action.PERMIT, _QUIET)
    return (Filter((), anything, _session(attachment, subnet_id)), onward)


def _to_transit_gateway(lowering: Lowering, attachment: CoreAttachment) -> tuple[Stage, ...]:
    """Into a peered gateway, where the attached route table is looked up (R-TGW-20)."""
    table = lowering.snapshot.get(TransitGatewayRouteTable, attachment.resource_id)
    if table is None:
        words = f"{attachment.resource_id}, to which it leads, is not in the snapshot"
        return (Unmodelled(Origin(attachment.id, words, code="UNKNOWN_RESOURCE")),)
    state: list[Stage] = []
    for peering in lowering.snapshot.records(CoreNetworkPeering):
        gateway = last_of_arn(peering.resource_arn)
        mine = peering.core_network_id == attachment.core_network_id
        if mine and gateway == table.transit_gateway_id and peering.state not in WORKS:
            down = Origin(peering.peering_id, f"is {peering.state}", "state", "BAD_STATE")
            state.append(refused(peering.state, CORE_PEERING, down))
    where = f"{table.transit_gateway_id} {_ANY_ZONE}"
    onward = node_name("transit_gateway_route_table", attachment.resource_id, "lookup", where)
    gateway_record = lowering.snapshot.get(TransitGateway, table.transit_gateway_id)
    named = gateway_record.name if gateway_record else ""
    origin = Origin(attachment.id, f"leads to {table.transit_gateway_id}", name=named)
    return (*state, Forward((Route(ANYTHING, onward, origin),), _QUIET))


def _peered(lowering: Lowering, core_network_id: str, argument: str) -> str:
    """What a transit gateway sends over its peering.  ``argument``: its attachment, and itself."""
    return node_name(_NAME, core_network_id, "peered", argument.split(" ")[1])


def _from_transit_gateway(
    lowering: Lowering, core_network_id: str, gateway_id: str
) -> tuple[Stage, ...]:
    """R-TGW-20: the segment of the gateway's route table that is attached.

    Which table a packet was looked up in is not told here.
    """
    tables = [
        each.transit_gateway_route_table_id
        for each in lowering.snapshot.records(TransitGatewayRouteTable)
        if each.transit_gateway_id == gateway_id
    ]
    told = [
        each
        for each in attached(lowering).values()
        if each.core_network_id == core_network_id and each.resource_id in tables
    ]
    if len(told) != 1:
        words = f"to which segment {gateway_id} sends is not told"
        gap = lowering.missing(CoreNetworkAttachment, core_network_id, words)
        return (Unmodelled(replace(gap, words=words) if told else gap),)
    onward = node_name(_NAME, told[0].id, "in", _ANY_ZONE)
    if len(tables) == 1:
        return (Forward((Route(ANYTHING, onward, _QUIET),), _QUIET),)
    words = f"assumed: the packet was routed by {told[0].resource_id}, the table attached"
    return (Choose((Option(onward, Origin(told[0].id, words)),)),)


# ------------------------------------------------------------------- lines and ends


def _links(lowering: Lowering) -> Iterator[Link]:
    """Attachments beyond which hosts on-premises lie, nobody knows which."""
    for each in attached(lowering).values():
        if each.about.attachment_type in _LINES and standing(each.about.state):
            node = node_name(_NAME, each.id, "line")
            yield Link(each.id, node, Ranges(()), gap=_beyond_origin(each))
    for core_network_id in core_networks(lowering):
        if not is_seen_whole(lowering.snapshot, core_network_id):
            node = node_name(_NAME, core_network_id, "line")
            yield Link(core_network_id, node, Ranges(()), gap=_unlisted(lowering, core_network_id))


def _unlisted(lowering: Lowering, core_network_id: str) -> Origin:
    words = "what is attached to it is not fully known"
    return lowering.missing(CoreNetworkAttachment, core_network_id, words)


def _unseen_vpc(lowering: Lowering, _: Ranges) -> Origin | None:
    """R-SHARE-4: an attached VPC that is not in the snapshot may have any private address."""
    for each in attached(lowering).values():
        vpc = lowering.snapshot.get(Vpc, each.resource_id)
        if each.about.attachment_type == "VPC" and vpc is None and standing(each.about.state):
            words = f"is not in the snapshot; it is attached to {each.core_network_id}"
            return Origin(each.resource_id, f"{each.resource_id} {words}")
    unlisted = (
        _unlisted(lowering, core_network_id)
        for core_network_id in core_networks(lowering)
        if not is_seen_whole(lowering.snapshot, core_network_id)
    )
    return next(unlisted, None)


def _line(lowering: Lowering, resource: str, _: str) -> tuple[Stage, ...]:
    """What hosts beyond an attachment send; or beyond a network whose attachments are not known."""
    attachment = attached(lowering).get(resource)
    origin = _beyond_origin(attachment) if attachment else _unlisted(lowering, resource)
    return (Unmodelled(origin),)


def _end(lowering: Lowering, core_network_id: str) -> End | None:
    """As a source or a destination: whatever is attached to it, by way of it."""
    known = lowering.snapshot.get
    mine = [
        each
        for each in attached(lowering).values()
        if each.core_network_id == core_network_id and standing(each.about.state)
    ]
    there = known(CoreNetwork, core_network_id) or known(CoreNetworkDetails, core_network_id)
    if there is None and not mine:
        return None
    end = _beyond(lowering, core_network_id, mine)
    if end.gap is None and not is_seen_whole(lowering.snapshot, core_network_id):
        return replace(end, gap=_unlisted(lowering, core_network_id))
    return end


def _attachment_end(lowering: Lowering, attachment_id: str) -> End | None:
    """As a source or a destination: what it attaches, by way of it."""
    attachment = attached(lowering).get(attachment_id)
    return None if attachment is None else _beyond(lowering, attachment_id, [attachment])


def _beyond(lowering: Lowering, words: str, attachments: Sequence[CoreAttachment]) -> End:
    """The interfaces of the VPCs, and what lies beyond attachments of other kinds."""
    vpcs = [each for each in attachments if each.about.attachment_type == "VPC"]
    found: list[NetworkInterface] = []
    for vpc in dict.fromkeys(each.resource_id for each in vpcs):
        found += lowering.index.interfaces_by_vpc.get(vpc, ())
    through = tuple(node for each in attachments for node in _ways(lowering, each))
    elsewhere = [each for each in attachments if each.about.attachment_type != "VPC"]
    unseen = [each for each in vpcs if lowering.snapshot.get(Vpc, each.resource_id) is None]
    gap = unheld_in(lowering, (each.resource_id for each in vpcs))
    if elsewhere:
        kinds = ", ".join(sorted({each.about.attachment_type for each in elsewhere}))
        said = f"what lies beyond its attachments of kind {kinds} is not named by this end"
        gap = Origin(elsewhere[0].id, said)
    elif unseen:
        gap = Origin(unseen[0].id, f"{unseen[0].resource_id} is not in the snapshot")
    return replace(lowering.hosts(tuple(found), words), through=through, gap=gap, sender="")


def _ways(lowering: Lowering, attachment: CoreAttachment) -> Iterator[str]:
    """Every node by which a packet uses an attachment, in or out."""
    places = lowering.memo(f"{_NAME} places", lambda: _places(lowering))
    for edge, zone in places:
        yield node_name(_NAME, attachment.id, "out", f"{edge} {zone}")
    for zone in dict.fromkeys(zone for _, zone in places):
        yield node_name(_NAME, attachment.id, "in", zone)


def _places(lowering: Lowering) -> tuple[tuple[str, str], ...]:
    """The edges and zones that packets may come from."""
    subnets = lowering.snapshot.records(Subnet)
    zones = {lowering.index.parent_zone_of(subnet.subnet_id) for subnet in subnets} - {""}
    edges = {each.about.edge_location for each in attached(lowering).values()}
    return tuple((edge, zone) for edge in sorted(edges) for zone in (*sorted(zones), _ANY_ZONE))


def _names(lowering: Lowering) -> Iterator[tuple[str, str]]:
    for each in lowering.snapshot.records(CoreNetwork):
        if each.core_network_arn:
            yield each.core_network_arn, each.core_network_id


COMPONENT = Component(
    name=_NAME,
    reads=(CoreNetwork, CoreNetworkAttachment, CoreNetworkVpcAttachment),
    sections=(
        Section("CoreNetworks", CoreNetwork, "core_network_id", "networkmanager.ListCoreNetworks"),
        Section(
            "CoreNetworkDetails",
            CoreNetworkDetails,
            "key",
            "networkmanager.GetCoreNetwork",
            bare=(("CoreNetwork",),),
            covered_by="CoreNetworks",
            asked=(DETAIL,),
        ),
        Section(
            "CoreNetworkPolicies",
            CoreNetworkPolicy,
            "key",
            "networkmanager.GetCoreNetworkPolicy",
            bare=(("CoreNetworkPolicy",),),
            covered_by="CoreNetworks",
            asked=(POLICY,),
        ),
        Section(
            "Attachments",
            CoreNetworkAttachment,
            "attachment_id",
            "networkmanager.ListAttachments",
        ),
        Section(
            "CoreNetworkVpcAttachments",
            CoreNetworkVpcAttachment,
            "key",
            "networkmanager.GetVpcAttachment",
            bare=(("VpcAttachment",),),
            covered_by="Attachments",
            asked=(VPC_ATTACHMENT,),
        ),
        Section(
            "Peerings",
            CoreNetworkPeering,
            "peering_id",
            "networkmanager.ListPeerings",
            covered_by="CoreNetworks",
        ),
    ),
    nodes={
        "in": _in,
        "nameless": _nameless,
        "out": _out,
        "exit": _emit,
        "line": _line,
        "peered": _from_transit_gateway,
        "unattached": _unattached,
        "astray": _astray,
        "unseen": _unseen,
    },
    targets=(Target("core_network_arn", "arn:", _enter),),
    attached={"core-network": _peered},
    links=_links,
    unseen=_unseen_vpc,
    joins=_joins,
    names=_names,
    ends={"core-network-": _end, "attachment-": _attachment_end},
)
