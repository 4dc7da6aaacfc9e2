"""What is edited of gateways and of what they attach to measure what that costs.

    GATEWAYS[kind](snapshot, rng) -> what is put in and what is taken out, or None

Each is one change as somebody makes it in one call: all records that say so afterwards differ.
Must not know how anything is measured.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

Change = tuple[tuple[Any, ...], tuple[Any, ...]]


# --- transit gateways -----------------------------------------------------------------------------


def _transit_association(snapshot: Any, rng: random.Random) -> Change | None:
    """An attachment that is associated with another route table of its gateway, or with none."""
    from msgspec.structs import replace

    from reach.snapshot.transit_records import (
        TransitGatewayAssociation,
        TransitGatewayAttachment,
        TransitGatewayRouteTable,
        TransitGatewayTableAssociation,
        TransitGatewayTableAssociations,
    )

    attached = snapshot.records(TransitGatewayAttachment)
    if not attached:
        return None
    one = rng.choice(attached)
    tables = [
        table.transit_gateway_route_table_id
        for table in snapshot.records(TransitGatewayRouteTable)
        if table.transit_gateway_id == one.transit_gateway_id
    ]
    own = one.association.transit_gateway_route_table_id if one.association else None
    others = [each for each in (*tables, None) if each != own]
    if not others:
        return None
    table_id = rng.choice(others)
    said = TransitGatewayAssociation(table_id, state="associated") if table_id else None
    put: list[Any] = [replace(one, association=said)]
    name = one.transit_gateway_attachment_id
    for answer in snapshot.records(TransitGatewayTableAssociations):
        if answer.transit_gateway_route_table_id not in tables:
            continue
        told = [e for e in answer.associations if e.transit_gateway_attachment_id != name]
        if answer.transit_gateway_route_table_id == table_id:
            told.append(
                TransitGatewayTableAssociation(
                    name, one.resource_id, one.resource_type, "associated"
                )
            )
        if tuple(told) != answer.associations:
            put.append(replace(answer, associations=tuple(told)))
    return tuple(put), ()


def _transit_propagation(snapshot: Any, rng: random.Random) -> Change | None:
    """A VPC that propagates into a route table more, or into one less: its routes there as well."""
    from msgspec.structs import replace

    from reach.snapshot.transit_records import (
        TransitGatewayPropagation,
        TransitGatewayPropagations,
        TransitGatewayRoutes,
        TransitGatewayRouteTable,
        TransitGatewayVpcAttachment,
    )

    tables, attached = (
        snapshot.records(kind) for kind in (TransitGatewayRouteTable, TransitGatewayVpcAttachment)
    )
    if not tables or not attached:
        return None
    table, one = rng.choice(tables), rng.choice(attached)
    if table.transit_gateway_id != one.transit_gateway_id:
        return None
    table_id, name = table.transit_gateway_route_table_id, one.transit_gateway_attachment_id
    put: list[Any] = []
    answer = snapshot.get(TransitGatewayPropagations, table_id)
    if answer is not None:
        told = answer.transit_gateway_route_table_propagations
        left = tuple(each for each in told if each.transit_gateway_attachment_id != name)
        if left == told:
            left = (*told, TransitGatewayPropagation(name, one.vpc_id, "vpc", "enabled"))
        put.append(replace(answer, transit_gateway_route_table_propagations=left))
    listed = snapshot.get(TransitGatewayRoutes, table_id)
    if listed is not None:
        own = tuple(each for each in listed.routes if not _is_propagated_by(each, name))
        if own == listed.routes:
            own = (*own, *_propagated(snapshot, one, listed.routes))
        put.append(replace(listed, routes=own))
    return (tuple(put), ()) if put else None


def _is_propagated_by(route: Any, attachment_id: str) -> bool:
    through = [each.transit_gateway_attachment_id for each in route.transit_gateway_attachments]
    return route.type == "propagated" and through == [attachment_id]


def _propagated(snapshot: Any, attachment: Any, known: tuple[Any, ...]) -> Any:
    from reach.snapshot.index import ipv4_blocks
    from reach.snapshot.records import Vpc
    from reach.snapshot.transit_records import TransitGatewayRoute, TransitGatewayRouteAttachment

    vpc = snapshot.get(Vpc, attachment.vpc_id)
    taken = {each.destination_cidr_block for each in known}
    through = TransitGatewayRouteAttachment(
        attachment.transit_gateway_attachment_id, attachment.vpc_id, "vpc"
    )
    for block in ipv4_blocks(vpc) if vpc is not None else ():
        if block not in taken:
            yield TransitGatewayRoute(block, None, (through,), "propagated", "active")


def _transit_route(snapshot: Any, rng: random.Random) -> Change | None:
    """A static route of a transit gateway's table that drops, leads again, or is gone."""
    from msgspec.structs import replace

    from reach.snapshot.transit_records import TransitGatewayRoutes, TransitGatewayStaticRoutes

    kinds: tuple[Any, ...] = (TransitGatewayRoutes, TransitGatewayStaticRoutes)
    answers = [answer for kind in kinds for answer in snapshot.records(kind) if answer.routes]
    if not answers:
        return None
    answer = rng.choice(answers)
    number = rng.randrange(len(answer.routes))
    route = answer.routes[number]
    rest = answer.routes[:number], answer.routes[number + 1 :]
    dropped = replace(route, state="blackhole", transit_gateway_attachments=())
    kept = () if rng.random() < 0.5 or route.state == "blackhole" else (dropped,)
    return (replace(answer, routes=(*rest[0], *kept, *rest[1])),), ()


def _transit_attachment(snapshot: Any, rng: random.Random) -> Change | None:
    """An attachment of a VPC that is deleted, or available again."""
    from msgspec.structs import replace

    from reach.snapshot.transit_records import (
        TransitGatewayAttachment,
        TransitGatewayVpcAttachment,
    )

    attached = snapshot.records(TransitGatewayVpcAttachment)
    if not attached:
        return None
    one = rng.choice(attached)
    state = "deleting" if one.state == "available" else "available"
    name = f"{one.transit_gateway_attachment_id} {one.transit_gateway_id}"
    other = snapshot.get(TransitGatewayAttachment, name)
    every = (one, other) if other is not None else (one,)
    return tuple(replace(each, state=state) for each in every), ()


def _transit_subnets(snapshot: Any, rng: random.Random) -> Change | None:
    """An attachment of a VPC that has left a zone."""
    from msgspec.structs import replace

    from reach.snapshot.transit_records import TransitGatewayVpcAttachment

    several = [e for e in snapshot.records(TransitGatewayVpcAttachment) if len(e.subnet_ids) > 1]
    if not several:
        return None
    one = rng.choice(several)
    gone = rng.choice(one.subnet_ids)
    return (replace(one, subnet_ids=tuple(e for e in one.subnet_ids if e != gone)),), ()


def _transit_appliance(snapshot: Any, rng: random.Random) -> Change | None:
    """Appliance mode of an attachment, on or off."""
    from msgspec.structs import replace

    from reach.snapshot.transit_records import TransitGatewayVpcAttachment

    attached = snapshot.records(TransitGatewayVpcAttachment)
    if not attached:
        return None
    one = rng.choice(attached)
    on = one.options.appliance_mode_support == "enable"
    options = replace(one.options, appliance_mode_support="disable" if on else "enable")
    return (replace(one, options=options),), ()


def _transit_gone(snapshot: Any, rng: random.Random) -> Change | None:
    """An attachment of a VPC of which no record is left."""
    from msgspec.structs import replace

    from reach.snapshot.transit_records import (
        TransitGatewayAttachment,
        TransitGatewayPropagations,
        TransitGatewayTableAssociations,
        TransitGatewayVpcAttachment,
    )

    attached = snapshot.records(TransitGatewayVpcAttachment)
    if not attached:
        return None
    one = rng.choice(attached)
    name = one.transit_gateway_attachment_id
    ends = [
        each
        for each in snapshot.records(TransitGatewayAttachment)
        if each.transit_gateway_attachment_id == name
    ]
    put: list[Any] = []
    lists = (
        (TransitGatewayTableAssociations, "associations"),
        (TransitGatewayPropagations, "transit_gateway_route_table_propagations"),
    )
    kind: Any
    for kind, listed in lists:
        for answer in snapshot.records(kind):
            told = getattr(answer, listed)
            left = tuple(each for each in told if each.transit_gateway_attachment_id != name)
            if left != told:
                put.append(replace(answer, **{listed: left}))
    return tuple(put), (one, *ends)


# --- gateways of a VPC ----------------------------------------------------------------------------


def _translator(snapshot: Any, rng: random.Random) -> Change | None:
    """A NAT gateway that is deleted, or one that works again."""
    from msgspec.structs import replace

    from reach.snapshot.records import NatGateway

    gateways = snapshot.records(NatGateway)
    if not gateways:
        return None
    one = rng.choice(gateways)
    return (replace(one, state="deleted" if one.is_available else "available"),), ()


def _translator_address(snapshot: Any, rng: random.Random) -> Change | None:
    """A NAT gateway that no longer uses one of its addresses, or uses it again."""
    from msgspec.structs import replace

    from reach.snapshot.records import NatGateway

    gateways = [each for each in snapshot.records(NatGateway) if each.nat_gateway_addresses]
    if not gateways:
        return None
    one = rng.choice(gateways)
    every = one.nat_gateway_addresses
    number = rng.randrange(len(every))
    used = every[number].status in (None, "", "succeeded")
    other = replace(every[number], status="unassigning" if used else "succeeded")
    return (replace(one, nat_gateway_addresses=(*every[:number], other, *every[number + 1 :])),), ()


def _translator_gone(snapshot: Any, rng: random.Random) -> Change | None:
    """A NAT gateway of which no record is left."""
    from reach.snapshot.records import NatGateway

    gateways = snapshot.records(NatGateway)
    return ((), (rng.choice(gateways),)) if gateways else None


def _translator_new(snapshot: Any, rng: random.Random) -> Change | None:
    """A NAT gateway beside another one, to which a route of a table of its VPC leads."""
    from msgspec.structs import replace

    from reach.snapshot.records import NatGateway, RouteTable

    gateways = snapshot.records(NatGateway)
    if not gateways:
        return None
    one = rng.choice(gateways)
    name = f"nat-{rng.getrandbits(68):017x}"
    more = replace(one, nat_gateway_id=name)
    tables = [
        table
        for table in snapshot.records(RouteTable)
        if any(route.nat_gateway_id == one.nat_gateway_id for route in table.routes)
    ]
    if not tables:
        return (more,), ()
    table = rng.choice(tables)
    routes = tuple(
        replace(r, nat_gateway_id=name) if r.nat_gateway_id == one.nat_gateway_id else r
        for r in table.routes
    )
    return (more, replace(table, routes=routes)), ()


def _internet(snapshot: Any, rng: random.Random) -> Change | None:
    """An internet gateway that is detached, or attached to a VPC that has none."""
    from reach.snapshot.records import InternetGateway

    return _attached_otherwise(snapshot, InternetGateway, "available", rng)


def _egress_only(snapshot: Any, rng: random.Random) -> Change | None:
    """The same of an egress-only one."""
    from reach.snapshot.records import EgressOnlyInternetGateway

    return _attached_otherwise(snapshot, EgressOnlyInternetGateway, "attached", rng)


def _attached_otherwise(snapshot: Any, kind: Any, state: str, rng: random.Random) -> Change | None:
    from msgspec.structs import replace

    from reach.snapshot.records import GatewayAttachment, Vpc

    gateways = snapshot.records(kind)
    if not gateways:
        return None
    one = rng.choice(gateways)
    if one.attachments:
        return (replace(one, attachments=()),), ()
    taken = {each.vpc_id for gateway in gateways for each in gateway.attachments}
    free = [each.vpc_id for each in snapshot.records(Vpc) if each.vpc_id not in taken]
    if not free:
        return None
    return (replace(one, attachments=(GatewayAttachment(rng.choice(free), state),)),), ()


def _private(snapshot: Any, rng: random.Random) -> Change | None:
    """A virtual private gateway that is detached, or attached to a VPC that has none."""
    from msgspec.structs import replace

    from reach.snapshot.private_records import VpnGateway, VpnGatewayAttachment
    from reach.snapshot.records import Vpc

    gateways = snapshot.records(VpnGateway)
    if not gateways:
        return None
    one = rng.choice(gateways)
    if one.vpc_attachments:
        return (replace(one, vpc_attachments=()),), ()
    taken = {each.vpc_id for gateway in gateways for each in gateway.vpc_attachments}
    free = [each.vpc_id for each in snapshot.records(Vpc) if each.vpc_id not in taken]
    if not free:
        return None
    return (
        replace(one, vpc_attachments=(VpnGatewayAttachment(rng.choice(free), "attached"),)),
    ), ()


def _line(snapshot: Any, rng: random.Random) -> Change | None:
    """A VPN connection whose tunnels are down, or up; that has a route less; or is gone."""
    from msgspec.structs import replace

    from reach.snapshot.private_records import VpnConnection

    lines = snapshot.records(VpnConnection)
    if not lines:
        return None
    one = rng.choice(lines)
    how = rng.choice(("tunnels", "route", "deleted", "gone"))
    if how == "gone":
        return (), (one,)
    if how == "deleted":
        return (replace(one, state="deleted" if one.state == "available" else "available"),), ()
    if how == "route":
        return ((replace(one, routes=one.routes[1:]),), ()) if one.routes else None
    if not one.vgw_telemetry:
        return None
    up = any(each.status == "UP" for each in one.vgw_telemetry)
    told = tuple(replace(each, status="DOWN" if up else "UP") for each in one.vgw_telemetry)
    return (replace(one, vgw_telemetry=told),), ()


def _propagation(snapshot: Any, rng: random.Random) -> Change | None:
    """A route table into which a virtual private gateway propagates no more: its routes as well."""
    from msgspec.structs import replace

    from reach.snapshot.records import RouteTable

    tables = [each for each in snapshot.records(RouteTable) if each.propagating_vgws]
    if not tables:
        return None
    table = rng.choice(tables)
    own = {each.gateway_id for each in table.propagating_vgws}
    kept = tuple(
        each
        for each in table.routes
        if each.gateway_id not in own or each.origin != "EnableVgwRoutePropagation"
    )
    return (replace(table, propagating_vgws=(), routes=kept),), ()


def _resolver(snapshot: Any, rng: random.Random) -> Change | None:
    """A VPC whose own DNS is switched off, or on."""
    from msgspec.structs import replace

    from reach.snapshot.records import VpcAttribute

    told = [each for each in snapshot.records(VpcAttribute) if each.enable_dns_support]
    if not told:
        return None
    one = rng.choice(told)
    switch = one.enable_dns_support
    return (replace(one, enable_dns_support=replace(switch, value=not switch.value)),), ()


GATEWAYS: Mapping[str, Callable[[Any, random.Random], Change | None]] = {
    "transit association": _transit_association,
    "transit propagation": _transit_propagation,
    "transit route": _transit_route,
    "transit attachment": _transit_attachment,
    "transit attachment gone": _transit_gone,
    "transit subnets": _transit_subnets,
    "transit appliance mode": _transit_appliance,
    "NAT gateway": _translator,
    "NAT gateway address": _translator_address,
    "NAT gateway gone": _translator_gone,
    "NAT gateway new": _translator_new,
    "internet gateway": _internet,
    "egress-only gateway": _egress_only,
    "DNS of a VPC": _resolver,
    "virtual private gateway": _private,
    "VPN connection": _line,
    "route propagation": _propagation,
}
