"""VPC Block Public Access: seen, not modelled yet.

Where a VPC or one of its subnets shows a block mode other than ``off``, what crosses its internet
or egress-only internet gateway may be dropped or excluded from it (R-BPA-1): undecided.

Implements: R-BPA-10
Not modelled: the modes and exclusions themselves (R-BPA-3 to R-BPA-8); the account-wide option
where no VPC or subnet shows it."""

from __future__ import annotations

from collections.abc import Iterable

from reach.component import Component, Lowering
from reach.network.stage import Origin, Stage, unknown_filter
from reach.snapshot.records import (
    EgressOnlyInternetGateway,
    GatewayAttachment,
    InternetGateway,
    Subnet,
    Vpc,
)


def _mode(holder: Vpc | Subnet) -> str:
    states = holder.block_public_access_states
    return (states.internet_gateway_block_mode if states else None) or "off"


def _doubts(lowering: Lowering, attachments: Iterable[GatewayAttachment]) -> tuple[Stage, ...]:
    for vpc_id in sorted(a.vpc_id for a in attachments if a.vpc_id):
        vpc = lowering.snapshot.get(Vpc, vpc_id)
        if vpc is None:
            words = "whether it has a Block Public Access mode is not known"
            return (unknown_filter(lowering.missing(Vpc, vpc_id, words)),)
        holders: list[Vpc | Subnet] = [vpc]
        holders += lowering.index.subnets_by_vpc.get(vpc_id, ())
        for holder in holders:
            mode = _mode(holder)
            if mode != "off":
                resource = holder.subnet_id if isinstance(holder, Subnet) else vpc_id
                words = f"has Block Public Access mode {mode}, which is not modelled yet"
                return (unknown_filter(Origin(resource, words, name=holder.name)),)
    return ()


def _at_internet_gateway(lowering: Lowering, gateway_id: str) -> tuple[Stage, ...]:
    gateway = lowering.snapshot.get(InternetGateway, gateway_id)
    return _doubts(lowering, gateway.attachments) if gateway else ()


def _at_egress_only(lowering: Lowering, gateway_id: str) -> tuple[Stage, ...]:
    gateway = lowering.snapshot.get(EgressOnlyInternetGateway, gateway_id)
    return _doubts(lowering, gateway.attachments) if gateway else ()


COMPONENT = Component(
    name="block_public_access",
    reads=(Vpc, Subnet),
    slots={
        "internet_gateway.out": _at_internet_gateway,
        "internet_gateway.in": _at_internet_gateway,
        "egress_only_internet_gateway.out": _at_egress_only,
    },
)
