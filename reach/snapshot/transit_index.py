"""Joins over the records of transit gateways: who is attached where, by which table, to whom.

Takes a snapshot; gives lookups, each built when first asked for and kept.  They say what names
what, and whether the snapshot tells at all; what that means to a packet is for the components.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from reach.network.address import Prefix, is_ipv4
from reach.snapshot.index import Index, vpc_blocks
from reach.snapshot.record import Scope, is_associated
from reach.snapshot.records import Vpc
from reach.snapshot.snapshot import Snapshot
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

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot

    # Attachments

    def attachment(self, attachment_id: str, gateway_id: str) -> TransitGatewayAttachment | None:
        """The end of an attachment at a gateway: a peering has two, which may share their id."""
        return self.snapshot.get(TransitGatewayAttachment, f"{attachment_id} {gateway_id}")

    def ends_of(self, attachment_id: str) -> tuple[TransitGatewayAttachment, ...]:
        """The ends of that id, one but for peerings between Regions."""
        return self._by_id.get(attachment_id, ())

    def name_of(self, attachment_id: str) -> str:
        """The Name of an attachment, which either end may carry."""
        return next((end.name for end in self.ends_of(attachment_id) if end.name), "")

    def attached_to(self, gateway_id: str) -> tuple[TransitGatewayAttachment, ...]:
        return self._by_gateway.get(gateway_id, ())

    def of_vpc(self, gateway_id: str, vpc_id: str) -> TransitGatewayVpcAttachment | None:
        """The attachment of a VPC to a gateway; one that works before one that is gone."""
        return self._of_vpcs.get((gateway_id, vpc_id))

    def named_for(self, gateway_id: str, vpc_id: str) -> str:
        """An attachment of a VPC to a gateway that other answers name, in use; '' if none does.

        Its own call does not show it: that was cut down, or made at another moment.
        """
        return self._named.get((gateway_id, vpc_id), "")

    @cached_property
    def _named(self) -> Mapping[tuple[str, str], str]:
        found = {
            (each.transit_gateway_id, each.resource_id): each.transit_gateway_attachment_id
            for each in self.snapshot.records(TransitGatewayAttachment)
            if each.resource_type == "vpc" and works(each.state)
        }
        for answer in self.snapshot.records(TransitGatewayTableAssociations):
            table = self.snapshot.get(
                TransitGatewayRouteTable, answer.transit_gateway_route_table_id
            )
            if table is None:
                continue
            for each in answer.associations:
                if each.resource_type == "vpc" and is_associated(each.state):
                    key = table.transit_gateway_id, each.resource_id or ""
                    found.setdefault(key, each.transit_gateway_attachment_id or "")
        return found

    def lists_attachments(self, gateway: TransitGateway, vpc_id: str) -> bool:
        """Whether a VPC's attachment would be in the snapshot, if it had one.

        The owners of the gateway and of the VPC see it; a participant in its subnets does not.
        """
        vpc = self.snapshot.get(Vpc, vpc_id)
        owners = {gateway.owner_id, vpc.owner_id if vpc else ""} - {""}
        region = self.snapshot.region_of(gateway)
        if not gateway.page.account and self._owners and not owners & self._owners:
            return False  # a folder that does not say whose it is, and shows nothing of theirs
        asked = [Scope(owner, region) for owner in sorted(owners)] or [Scope("", region)]
        kind = TransitGatewayVpcAttachment
        return any(
            self.snapshot.has(kind, *scope) and not self.snapshot.is_cut_short(kind, scope)
            for scope in asked
        )

    @cached_property
    def _owners(self) -> frozenset[str]:
        """Who has interfaces: a participant in a VPC is shown none of its owner's."""
        return frozenset(filter(None, Index(self.snapshot).owners_of_interfaces))

    @cached_property
    def every(self) -> tuple[TransitGatewayAttachment, ...]:
        """All attachments, with those that only the call for VPCs shows."""
        every = self.snapshot.records(TransitGatewayAttachment)
        listed = {each.transit_gateway_attachment_id for each in every}
        of_vpcs = (
            TransitGatewayAttachment(
                transit_gateway_attachment_id=each.transit_gateway_attachment_id,
                transit_gateway_id=each.transit_gateway_id,
                resource_type="vpc",
                resource_id=each.vpc_id or "",
                state=each.state,
            )
            for each in self.snapshot.records(TransitGatewayVpcAttachment)
            if each.transit_gateway_attachment_id not in listed
        )
        return (*every, *of_vpcs)

    @cached_property
    def _by_id(self) -> Mapping[str, tuple[TransitGatewayAttachment, ...]]:
        found: dict[str, list[TransitGatewayAttachment]] = defaultdict(list)
        for each in self.every:
            found[each.transit_gateway_attachment_id].append(each)
        return {name: tuple(ends) for name, ends in found.items()}

    @cached_property
    def _by_gateway(self) -> Mapping[str, tuple[TransitGatewayAttachment, ...]]:
        found: dict[str, list[TransitGatewayAttachment]] = defaultdict(list)
        for each in self.every:
            found[each.transit_gateway_id].append(each)
        return {name: tuple(attached) for name, attached in found.items()}

    @cached_property
    def _of_vpcs(self) -> Mapping[tuple[str, str], TransitGatewayVpcAttachment]:
        every = self.snapshot.records(TransitGatewayVpcAttachment)
        ordered = sorted(every, key=lambda each: works(each.state))
        return {(each.transit_gateway_id, each.vpc_id or ""): each for each in ordered}

    # Blocks of attached VPCs (R-TGW-6)

    def blocks_of(self, attachment_id: str, vpc: Vpc) -> tuple[AttachedBlock, ...]:
        """What an attachment may propagate: the VPC's IPv4 blocks, IPv6 ones with Ipv6Support."""
        attachment = self.snapshot.get(TransitGatewayVpcAttachment, attachment_id)
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
        return self._overlapping.get((block.attachment, block.prefix), ())

    @cached_property
    def _overlapping(self) -> Mapping[tuple[str, Prefix], tuple[AttachedBlock, ...]]:
        by_gateway: dict[str, list[AttachedBlock]] = defaultdict(list)
        for each in self.every:
            vpc = self.snapshot.get(Vpc, each.resource_id)
            if each.resource_type == "vpc" and vpc is not None and works(each.state):
                blocks = self.blocks_of(each.transit_gateway_attachment_id, vpc)
                by_gateway[each.transit_gateway_id] += blocks
        found: dict[tuple[str, Prefix], tuple[AttachedBlock, ...]] = {}
        for attached in by_gateway.values():
            for one, two in _overlaps(attached):
                for mine, other in ((one, two), (two, one)):
                    key = mine.attachment, mine.prefix
                    found[key] = (*found.get(key, ()), other)
        return found

    # Associations (R-TGW-3, R-TGW-20)

    def association(self, attachment_id: str, gateway_id: str) -> Association:
        """What an attachment is associated with, as it says itself or as the tables say."""
        for policy, each in self._policies:
            if each == attachment_id:
                return Association(policy=policy)
        attachment = self.attachment(attachment_id, gateway_id)
        if attachment is not None and attachment.association is not None:
            said = attachment.association
            table = said.transit_gateway_route_table_id or ""
            policy = said.transit_gateway_policy_table_id or ""
            if (table or policy) and said.state != _OVER:
                told = self._told.get((attachment_id, gateway_id))
                if table and told is not None and told.table != table:
                    return Association(known=False)
                return Association(table, policy, said.state)
        told = self._told.get((attachment_id, gateway_id))
        if told is not None:
            return told
        if attachment is None or attachment_id in self._unplaced:
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
        return not foreign or attachment.transit_gateway_id in self._gateways_with_tables

    @cached_property
    def _gateways_with_tables(self) -> frozenset[str]:
        return frozenset(
            each.transit_gateway_id for each in self.snapshot.records(TransitGatewayRouteTable)
        )

    @cached_property
    def _told(self) -> Mapping[tuple[str, str], Association]:
        """What get-transit-gateway-route-table-associations tells, by attachment and gateway."""
        found: dict[tuple[str, str], Association] = {}
        for answer in self.snapshot.records(TransitGatewayTableAssociations):
            table_id = answer.transit_gateway_route_table_id
            for each in answer.associations:
                attachment_id = each.transit_gateway_attachment_id or ""
                if each.state == _OVER:
                    continue
                for gateway_id in self._gateways_of(table_id, attachment_id):
                    said = Association(table_id, state=each.state)
                    before = found.get((attachment_id, gateway_id))
                    # It has one (R-TGW-3): of two nothing tells which.
                    disputed = before is not None and before.table != table_id
                    found[attachment_id, gateway_id] = (
                        Association(known=False) if disputed else said
                    )
        return found

    def _gateways_of(self, table_id: str, attachment_id: str) -> Iterator[str]:
        """The gateway of a table; of one that is not listed, that of the attachment's only end."""
        table = self.snapshot.get(TransitGatewayRouteTable, table_id)
        if table is not None:
            yield table.transit_gateway_id
            return
        vpc = self.snapshot.get(TransitGatewayVpcAttachment, attachment_id)
        if vpc is not None:
            yield vpc.transit_gateway_id
            return
        ends = self.ends_of(attachment_id)
        if len(ends) == 1 and ends[0].resource_type not in PEERINGS:
            yield ends[0].transit_gateway_id

    @cached_property
    def _unplaced(self) -> frozenset[str]:
        """Attachments that a table is associated with of which the gateway is not told."""
        return frozenset(
            each.transit_gateway_attachment_id or ""
            for answer in self.snapshot.records(TransitGatewayTableAssociations)
            for each in answer.associations
            if not list(
                self._gateways_of(
                    answer.transit_gateway_route_table_id, each.transit_gateway_attachment_id or ""
                )
            )
        )

    @cached_property
    def _policies(self) -> tuple[tuple[str, str], ...]:
        return tuple(
            (answer.transit_gateway_policy_table_id, each.transit_gateway_attachment_id or "")
            for answer in self.snapshot.records(TransitGatewayPolicyAssociations)
            for each in answer.associations
        )

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
            for each in self.attached_to(gateway_id)
            if each.resource_type in PEERINGS and own in (each.resource_id, self._named_by(each))
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
        peering = self._peerings.get(attachment.transit_gateway_attachment_id)
        if peering is None:
            return None
        ends = (peering.requester_tgw_info, peering.accepter_tgw_info)
        others = [e for e in ends if e.transit_gateway_id != attachment.transit_gateway_id]
        return others[0] if others else None

    @cached_property
    def _peerings(self) -> Mapping[str, TransitGatewayPeeringAttachment]:
        found = {}
        for each in self.snapshot.records(TransitGatewayPeeringAttachment):
            if each.accepter_transit_gateway_attachment_id:
                found[each.accepter_transit_gateway_attachment_id] = each
        for each in self.snapshot.records(TransitGatewayPeeringAttachment):
            found[each.transit_gateway_attachment_id] = each
        return found

    def peering(self, attachment_id: str) -> TransitGatewayPeeringAttachment | None:
        return self._peerings.get(attachment_id)


def _overlaps(blocks: list[AttachedBlock]) -> Iterator[tuple[AttachedBlock, AttachedBlock]]:
    """The overlapping pairs of different attachments, by a sweep over where blocks begin."""
    standing: list[AttachedBlock] = []
    for block in sorted(blocks, key=lambda each: (each.prefix.low, each.prefix.length)):
        standing = [each for each in standing if each.prefix.high >= block.prefix.low]
        for other in standing:
            if other.attachment != block.attachment:
                yield other, block
        standing.append(block)
