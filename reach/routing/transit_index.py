"""Joins over the records of transit gateways: who is attached where, by which table, to whom.

    index_of(lowering) -> TransitIndex        tell(lowering)

Each join is a table of its own (``Lowering.table``): who looks one thing up is made of what stands
there, so that an edit of one attachment is near it.  They say what names what, and whether the
snapshot tells at all; what that means to a packet is for the components.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from reach.component import Lowering
from reach.network.address import Prefix, is_ipv4
from reach.snapshot.index import vpc_blocks
from reach.snapshot.record import Scope, is_associated
from reach.snapshot.records import Vpc
from reach.snapshot.transit_records import (
    TransitGateway,
    TransitGatewayAttachment,
    TransitGatewayPeeringAttachment,
    TransitGatewayPeeringEnd,
    TransitGatewayPolicyAssociations,
    TransitGatewayRouteTable,
    TransitGatewayTableAssociations,
    TransitGatewayVpcAttachment,
)

T = TypeVar("T")
Ends = tuple[TransitGatewayAttachment, ...]

PEERINGS = ("peering", "tgw-peering")

_OVER = "disassociated"  # AWS lists for a while an association that is none any more


def works(state: str) -> bool:
    """R-TGW-1: whether a gateway or an attachment forwards; one that is being modified goes on."""
    return state in ("available", "modifying", "")


@dataclass(frozen=True, slots=True)
class Association:
    """Which route table, or policy table, an attachment is associated with at one gateway.

    ``known`` says whether the snapshot tells; with no table and ``known`` there is none.
    """

    table: str = ""
    policy: str = ""
    state: str = ""
    known: bool = True


@dataclass(frozen=True, slots=True)
class FarEnd:
    """What a peering leads to: an attachment of another gateway ('' if unseen), or a network."""

    gateway: str
    attachment: str = ""
    core_network: str = ""


@dataclass(frozen=True, slots=True)
class AttachedBlock:
    """A block of an attached VPC, with when the VPC was attached ('' if that is not known)."""

    prefix: Prefix
    attachment: str
    created: str


class TransitIndex:
    """Lookups over one snapshot."""

    def __init__(self, lowering: Lowering) -> None:
        self._lowering = lowering
        self._snapshot = lowering.snapshot

    def _look(self, make: Callable[[Lowering], Mapping[str, T]]) -> Mapping[str, T]:
        return _table(self._lowering, make)

    # Attachments

    def attachment(self, attachment_id: str, gateway_id: str) -> TransitGatewayAttachment | None:
        """The end of an attachment at a gateway: a peering has two, which may share their id."""
        return self._snapshot.get(TransitGatewayAttachment, f"{attachment_id} {gateway_id}")

    def ends_of(self, attachment_id: str) -> Ends:
        """The ends of that id, one but for peerings between Regions."""
        return self._look(_by_id).get(attachment_id, ())

    def name_of(self, attachment_id: str) -> str:
        """The Name of an attachment, which either end may carry."""
        return next((end.name for end in self.ends_of(attachment_id) if end.name), "")

    def attached_to(self, gateway_id: str) -> Ends:
        return self._look(_by_gateway).get(gateway_id, ())

    def of_kind(self, kind: str) -> Ends:
        """All that attach one kind of things."""
        return self._look(_by_kind).get(kind, ())

    def vpcs_on(self, gateway_id: str) -> tuple[tuple[str, str], ...]:
        """The attachments of VPCs to a gateway that work, each with its VPC."""
        return self._look(_working_vpcs).get(gateway_id, ())

    def of_vpc(self, gateway_id: str, vpc_id: str) -> TransitGatewayVpcAttachment | None:
        """The attachment of a VPC to a gateway; one that works before one that is gone."""
        return self._look(_of_vpcs).get(f"{gateway_id} {vpc_id}")

    def named_for(self, gateway_id: str, vpc_id: str) -> str:
        """An attachment of a VPC to a gateway that other answers name, in use; '' if none does.

        Its own call does not show it: that was cut down, or made at another moment.
        """
        return self._look(_named).get(f"{gateway_id} {vpc_id}", "")

    def lists_attachments(self, gateway: TransitGateway, vpc_id: str) -> bool:
        """Whether a VPC's attachment would be in the snapshot, if it had one.

        The owners of the gateway and of the VPC see it; a participant in its subnets does not.
        """
        vpc = self._snapshot.get(Vpc, vpc_id)
        owners = {gateway.owner_id, vpc.owner_id if vpc else ""} - {""}
        region = self._snapshot.region_of(gateway)
        # Who has interfaces: a participant in a VPC is shown none of its owner's.
        known = set(filter(None, self._lowering.index.owners_of_interfaces))
        if not gateway.page.account and known and not owners & known:
            return False  # a folder that does not say whose it is, and shows nothing of theirs
        asked = [Scope(owner, region) for owner in sorted(owners)] or [Scope("", region)]
        kind = TransitGatewayVpcAttachment
        return any(
            self._snapshot.has(kind, *scope) and not self._snapshot.is_cut_short(kind, scope)
            for scope in asked
        )

    # Blocks of attached VPCs (R-TGW-6)

    def blocks_of(self, attachment_id: str, vpc: Vpc) -> tuple[AttachedBlock, ...]:
        """What an attachment may propagate: the VPC's IPv4 blocks, IPv6 ones with Ipv6Support."""
        attachment = self._snapshot.get(TransitGatewayVpcAttachment, attachment_id)
        times = [each.creation_time for each in self.ends_of(attachment_id)]
        created = attachment.creation_time if attachment else next(iter(times), "")
        six = attachment is not None and attachment.options.ipv6_support == "enable"
        return tuple(
            AttachedBlock(prefix, attachment_id, created.replace("T", " "))
            for prefix in map(Prefix.parse, vpc_blocks(vpc))
            if six or is_ipv4(prefix.value)
        )

    def overlapping(self, block: AttachedBlock) -> tuple[AttachedBlock, ...]:
        """The blocks of other VPCs on the same gateway that overlap this one."""
        return self._look(_overlapping).get(f"{block.attachment} {block.prefix}", ())

    # Associations (R-TGW-3, R-TGW-20)

    def association(self, attachment_id: str, gateway_id: str) -> Association:
        """What an attachment is associated with, as it says itself or as the tables say."""
        policy = self._look(_policies).get(attachment_id)
        if policy is not None:
            return Association(policy=policy)
        attachment = self.attachment(attachment_id, gateway_id)
        told = self._look(_told).get(f"{attachment_id} {gateway_id}")
        if attachment is not None and attachment.association is not None:
            said = attachment.association
            table = said.transit_gateway_route_table_id or ""
            policy = said.transit_gateway_policy_table_id or ""
            if (table or policy) and said.state != _OVER:
                if table and told is not None and told.table != table:
                    return Association(known=False)
                return Association(table, policy, said.state)
        if told is not None:
            return told
        if attachment is None or attachment_id in self._look(_unplaced):
            return Association(known=False)
        return Association(known=self._shows(attachment))

    def _shows(self, attachment: TransitGatewayAttachment) -> bool:
        """Whether this view of an attachment would show an association: its owner's does."""
        if attachment.association is not None:
            return True
        owner, seen_by = attachment.transit_gateway_owner_id, attachment.page.account
        if seen_by and owner:
            return seen_by == owner
        # A folder that does not say whose it is: the owner's also shows the gateway's tables.
        foreign = attachment.resource_owner_id not in ("", owner)
        return not foreign or attachment.transit_gateway_id in self._look(_with_tables)

    # Peerings (R-TGW-12)

    def far_end(self, attachment: TransitGatewayAttachment) -> FarEnd:
        """What lies at the other end of a peering attachment."""
        own = attachment.transit_gateway_id
        beyond = self._described(attachment)
        if beyond is not None and beyond.core_network_id:
            return FarEnd(beyond.transit_gateway_id or "", core_network=beyond.core_network_id)
        gateway_id = (beyond and beyond.transit_gateway_id) or attachment.resource_id
        ends = [
            each
            for each in self._look(_peered).get(gateway_id, ())
            if own in (each.resource_id, self._named_by(each))
        ]
        ends.sort(
            key=lambda each: (
                each.transit_gateway_attachment_id != attachment.transit_gateway_attachment_id,
                not works(each.state),
            )
        )
        names = [each.transit_gateway_attachment_id for each in ends]
        return FarEnd(gateway_id, next(iter(names), ""))

    def _named_by(self, attachment: TransitGatewayAttachment) -> str:
        beyond = self._described(attachment)
        return (beyond and beyond.transit_gateway_id) or ""

    def _described(self, attachment: TransitGatewayAttachment) -> TransitGatewayPeeringEnd | None:
        """The other end, as describe-transit-gateway-peering-attachments has it."""
        peering = self.peering(attachment.transit_gateway_attachment_id)
        if peering is None:
            return None
        ends = (peering.requester_tgw_info, peering.accepter_tgw_info)
        others = [e for e in ends if e.transit_gateway_id != attachment.transit_gateway_id]
        return others[0] if others else None

    def peering(self, attachment_id: str) -> TransitGatewayPeeringAttachment | None:
        return self._look(_peerings).get(attachment_id)


def index_of(lowering: Lowering) -> TransitIndex:
    """What is attached to which gateway, and the blocks of the VPCs among it."""
    return TransitIndex(lowering)


def tell(lowering: Lowering) -> None:
    """Work all tables out."""
    for make in _TABLES:
        _table(lowering, make)


def _table(lowering: Lowering, make: Callable[[Lowering], Mapping[str, T]]) -> Mapping[str, T]:
    return lowering.table(f"transit gateways: {make.__name__.strip('_')}", make)


# ------------------------------------------------------------------- the tables


def every(lowering: Lowering) -> Ends:
    """All attachments, with those that only the call for VPCs shows."""
    listed = lowering.snapshot.records(TransitGatewayAttachment)
    known = {each.transit_gateway_attachment_id for each in listed}
    of_vpcs = (
        TransitGatewayAttachment(
            transit_gateway_attachment_id=each.transit_gateway_attachment_id,
            transit_gateway_id=each.transit_gateway_id,
            resource_type="vpc",
            resource_id=each.vpc_id or "",
            state=each.state,
        )
        for each in lowering.snapshot.records(TransitGatewayVpcAttachment)
        if each.transit_gateway_attachment_id not in known
    )
    return (*listed, *of_vpcs)


def _by_id(lowering: Lowering) -> Mapping[str, Ends]:
    found: dict[str, list[TransitGatewayAttachment]] = defaultdict(list)
    for each in every(lowering):
        found[each.transit_gateway_attachment_id].append(each)
    return {name: tuple(ends) for name, ends in found.items()}


def _by_gateway(lowering: Lowering) -> Mapping[str, Ends]:
    found: dict[str, list[TransitGatewayAttachment]] = defaultdict(list)
    for each in every(lowering):
        found[each.transit_gateway_id].append(each)
    return {name: tuple(attached) for name, attached in found.items()}


def _by_kind(lowering: Lowering) -> Mapping[str, Ends]:
    found: dict[str, list[TransitGatewayAttachment]] = defaultdict(list)
    for each in every(lowering):
        found[each.resource_type].append(each)
    return {kind: tuple(attached) for kind, attached in found.items()}


def _peered(lowering: Lowering) -> Mapping[str, Ends]:
    """The peerings of each gateway."""
    attached = _by_gateway(lowering)
    return {
        name: tuple(each for each in ends if each.resource_type in PEERINGS)
        for name, ends in attached.items()
    }


def _working_vpcs(lowering: Lowering) -> Mapping[str, tuple[tuple[str, str], ...]]:
    return {
        gateway_id: tuple(
            (each.transit_gateway_attachment_id, each.resource_id)
            for each in ends
            if each.resource_type == "vpc" and works(each.state)
        )
        for gateway_id, ends in _by_gateway(lowering).items()
    }


def _of_vpcs(lowering: Lowering) -> Mapping[str, TransitGatewayVpcAttachment]:
    every = lowering.snapshot.records(TransitGatewayVpcAttachment)
    ordered = sorted(every, key=lambda each: works(each.state))
    return {f"{each.transit_gateway_id} {each.vpc_id or ''}": each for each in ordered}


def _named(lowering: Lowering) -> Mapping[str, str]:
    snapshot = lowering.snapshot
    found = {
        f"{each.transit_gateway_id} {each.resource_id}": each.transit_gateway_attachment_id
        for each in snapshot.records(TransitGatewayAttachment)
        if each.resource_type == "vpc" and works(each.state)
    }
    for answer in snapshot.records(TransitGatewayTableAssociations):
        table = snapshot.get(TransitGatewayRouteTable, answer.transit_gateway_route_table_id)
        if table is None:
            continue
        for each in answer.associations:
            if each.resource_type == "vpc" and is_associated(each.state):
                key = f"{table.transit_gateway_id} {each.resource_id or ''}"
                found.setdefault(key, each.transit_gateway_attachment_id or "")
    return found


def _overlapping(lowering: Lowering) -> Mapping[str, tuple[AttachedBlock, ...]]:
    index = TransitIndex(lowering)
    found: dict[str, tuple[AttachedBlock, ...]] = {}
    for attachments in _working_vpcs(lowering).values():
        attached: list[AttachedBlock] = []
        for attachment_id, vpc_id in attachments:
            vpc = lowering.snapshot.get(Vpc, vpc_id)
            if vpc is not None:
                attached += index.blocks_of(attachment_id, vpc)
        for one, two in _overlaps(attached):
            for mine, other in ((one, two), (two, one)):
                key = f"{mine.attachment} {mine.prefix}"
                found[key] = (*found.get(key, ()), other)
    return found


def _with_tables(lowering: Lowering) -> Mapping[str, bool]:
    every = lowering.snapshot.records(TransitGatewayRouteTable)
    return dict.fromkeys((each.transit_gateway_id for each in every), True)


def _told(lowering: Lowering) -> Mapping[str, Association]:
    """What get-transit-gateway-route-table-associations tells, by attachment and gateway."""
    found: dict[str, Association] = {}
    for answer in lowering.snapshot.records(TransitGatewayTableAssociations):
        table_id = answer.transit_gateway_route_table_id
        for each in answer.associations:
            attachment_id = each.transit_gateway_attachment_id or ""
            if each.state == _OVER:
                continue
            for gateway_id in _gateways_of(lowering, table_id, attachment_id):
                said = Association(table_id, state=each.state)
                key = f"{attachment_id} {gateway_id}"
                before = found.get(key)
                # It has one (R-TGW-3): of two nothing tells which.
                disputed = before is not None and before.table != table_id
                found[key] = Association(known=False) if disputed else said
    return found


def _gateways_of(lowering: Lowering, table_id: str, attachment_id: str) -> Iterator[str]:
    """The gateway of a table; of one that is not listed, that of the attachment's only end."""
    table = lowering.snapshot.get(TransitGatewayRouteTable, table_id)
    if table is not None:
        yield table.transit_gateway_id
        return
    vpc = lowering.snapshot.get(TransitGatewayVpcAttachment, attachment_id)
    if vpc is not None:
        yield vpc.transit_gateway_id
        return
    ends = TransitIndex(lowering).ends_of(attachment_id)
    if len(ends) == 1 and ends[0].resource_type not in PEERINGS:
        yield ends[0].transit_gateway_id


def _unplaced(lowering: Lowering) -> Mapping[str, bool]:
    """Attachments that a table is associated with of which the gateway is not told."""
    return {
        each.transit_gateway_attachment_id or "": True
        for answer in lowering.snapshot.records(TransitGatewayTableAssociations)
        for each in answer.associations
        if not list(
            _gateways_of(
                lowering,
                answer.transit_gateway_route_table_id,
                each.transit_gateway_attachment_id or "",
            )
        )
    }


def _policies(lowering: Lowering) -> Mapping[str, str]:
    """The policy table of each attachment that has one."""
    found: dict[str, str] = {}
    for answer in lowering.snapshot.records(TransitGatewayPolicyAssociations):
        for each in answer.associations:
            attachment_id = each.transit_gateway_attachment_id or ""
            found.setdefault(attachment_id, answer.transit_gateway_policy_table_id)
    return found


def _peerings(lowering: Lowering) -> Mapping[str, TransitGatewayPeeringAttachment]:
    found = {}
    for each in lowering.snapshot.records(TransitGatewayPeeringAttachment):
        if each.accepter_transit_gateway_attachment_id:
            found[each.accepter_transit_gateway_attachment_id] = each
    for each in lowering.snapshot.records(TransitGatewayPeeringAttachment):
        found[each.transit_gateway_attachment_id] = each
    return found


_TABLES: tuple[Callable[[Lowering], Mapping[str, object]], ...] = (
    _by_id,
    _by_gateway,
    _by_kind,
    _peered,
    _working_vpcs,
    _of_vpcs,
    _named,
    _overlapping,
    _with_tables,
    _told,
    _unplaced,
    _policies,
    _peerings,
)


def _overlaps(blocks: list[AttachedBlock]) -> Iterator[tuple[AttachedBlock, AttachedBlock]]:
    """The overlapping pairs of different attachments, by a sweep over where blocks begin."""
    standing: list[AttachedBlock] = []
    for block in sorted(blocks, key=lambda each: (each.prefix.low, each.prefix.length)):
        standing = [each for each in standing if each.prefix.high >= block.prefix.low]
        for other in standing:
            if other.attachment != block.attachment:
                yield other, block
        standing.append(block)
