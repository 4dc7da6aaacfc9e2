"""NAT gateways by where they are, and internet gateways by what they are attached to.

    translators_in(lowering, place) -> (NatGateway, ...)      attached_to(lowering, vpc) -> ids

Each is a table of its own (``Lowering.table``): who asks for one place is made of what is there.
Takes records; must not know what a gateway does with a packet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reach.component import Lowering
from reach.snapshot.records import GatewayAttachment, InternetGateway, NatGateway


def translators_in(lowering: Lowering, place: str) -> tuple[NatGateway, ...]:
    """The NAT gateways of a subnet, or of a VPC."""
    return lowering.table("NAT gateways by place", _by_place).get(place, ())


def _by_place(lowering: Lowering) -> Mapping[str, tuple[NatGateway, ...]]:
    found: dict[str, tuple[NatGateway, ...]] = {}
    for gateway in lowering.snapshot.records(NatGateway):
        for place in filter(None, (gateway.subnet_id, gateway.vpc_id)):
            found[place] = (*found.get(place, ()), gateway)
    return found


def attached_to(lowering: Lowering, vpc_id: str) -> Sequence[str]:
    """The internet gateways that are attached to a VPC; AWS lets it have one."""
    return lowering.table("internet gateways by VPC", _by_vpc).get(vpc_id, ())


def _by_vpc(lowering: Lowering) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = {}
    for gateway in lowering.snapshot.records(InternetGateway):
        attachment = attachment_of(gateway)
        vpc_id = (attachment and attachment.vpc_id) or ""
        found.setdefault(vpc_id, []).append(gateway.internet_gateway_id)
    return found


def attachment_of(gateway: InternetGateway) -> GatewayAttachment | None:
    """By what it is attached to a VPC (R-IGW-1)."""
    attached = (each for each in gateway.attachments if each.is_attached)
    return next((each for each in attached if each.vpc_id), None)


def named_by(lowering: Lowering, vpc_id: str) -> tuple[InternetGateway, ...]:
    """The internet gateways that say anything of being attached to a VPC."""
    return lowering.table("internet gateways that name a VPC", _naming).get(vpc_id, ())


def _naming(lowering: Lowering) -> Mapping[str, tuple[InternetGateway, ...]]:
    found: dict[str, tuple[InternetGateway, ...]] = {}
    for gateway in lowering.snapshot.records(InternetGateway):
        for vpc_id in dict.fromkeys(each.vpc_id or "" for each in gateway.attachments):
            found[vpc_id] = (*found.get(vpc_id, ()), gateway)
    return found
