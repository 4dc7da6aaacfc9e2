"""Transit gateways for the estates of tests, as the AWS CLI prints them.

    tgw = transit_gateway(e)                       # with its default route table, tgw.table
    one = attach(e, tgw, e.v1, [e.sa])             # associated with it, propagating into it
    two = attach(e, tgw, e.v2, [e.s2], appliance=True)
    e.route(e.ta, "10.2.0.0/16", tgw)
    static(e, tgw.table, "0.0.0.0/0", two)                  # None for a blackhole
    far = peer(e, tgw, transit_gateway(e, region="eu-west-1"))
    attachment(e, tgw, "vpn", "vpn-0123456789abcdef0")      # of any other kind

Both accounts of an attachment see it.  Routes are written as two calls, static routes and
propagations; `searched` writes what search-transit-gateway-routes gives for all types instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

from tests.estate import Estate, Id, Pair, Record

CREATED = "2024-05-01T09:00:00+00:00"


def transit_gateway(
    e: Estate,
    name: str | None = None,
    region: str | None = None,
    account: str | None = None,
    references: bool | None = None,
    state: str = "available",
) -> Id:
    """A transit gateway with its default route table; ``references`` between groups, or not said.

    Accounts that attach something to it see it as well (it is shared with them).
    """
    tgw = e.make("tgw", (account or e.home[0], region or e.home[1]), name)
    account, region = tgw.scope
    tgw.arn = f"arn:aws:ec2:{region}:{account}:transit-gateway/{tgw}"
    tgw.record.update(
        CreationTime=CREATED,
        OwnerId=account,
        State=state,
        TransitGatewayArn=tgw.arn,
        TransitGatewayId=str(tgw),
    )
    e.put("TransitGateways", tgw)
    tgw.table = table(e, tgw, f"{name or 'tgw'}-default", default=True)
    tgw.record["Options"] = {
        "AmazonSideAsn": 64512,
        "AssociationDefaultRouteTableId": str(tgw.table),
        "AutoAcceptSharedAttachments": "enable",
        "DefaultRouteTableAssociation": "enable",
        "DefaultRouteTablePropagation": "enable",
        "DnsSupport": "enable",
        "MulticastSupport": "disable",
        "PropagationDefaultRouteTableId": str(tgw.table),
        "VpnEcmpSupport": "enable",
    }
    if references is not None:
        said = "enable" if references else "disable"
        tgw.record["Options"]["SecurityGroupReferencingSupport"] = said
    return tgw


def table(e: Estate, tgw: Id, name: str | None = None, default: bool = False) -> Id:
    """A route table of a transit gateway, with no routes."""
    made = e.make("tgw-rtb", tgw.scope, name)
    made.record.update(
        CreationTime=CREATED,
        DefaultAssociationRouteTable=default,
        DefaultPropagationRouteTable=default,
        State="available",
        TransitGatewayId=str(tgw),
        TransitGatewayRouteTableId=str(made),
    )
    parent = {"TransitGatewayRouteTableId": str(made)}
    calls = e.scope(tgw.scope)
    routes: Record = {**parent, "AdditionalRoutesAvailable": False, "Routes": []}
    calls["TransitGatewayStaticRoutes"].append(routes)
    propagations: Record = {**parent, "TransitGatewayRouteTablePropagations": []}
    calls["TransitGatewayPropagations"].append(propagations)
    calls["TransitGatewayRouteTableAssociations"].append({**parent, "Associations": []})
    return e.put("TransitGatewayRouteTables", made)


def attach(
    e: Estate,
    tgw: Id,
    vpc: Id,
    subnets: Sequence[Id],
    table: Id | None = None,
    into: Sequence[Id] | None = None,
    appliance: bool = False,
    ipv6: bool = False,
    references: bool | None = None,
    state: str = "available",
    created: str = CREATED,
    name: str | None = None,
    associated: bool = True,
) -> Id:
    """A VPC's attachment by these subnets, with an interface in each.

    It is associated with ``table`` (the default one) and propagates ``into`` those tables (the
    default one).
    """
    made = attachment(
        e, tgw, "vpc", vpc, vpc.scope[0], table, into, state, created, name, associated
    )
    made.vpc = vpc
    options = {
        "ApplianceModeSupport": "enable" if appliance else "disable",
        "DnsSupport": "enable",
        "Ipv6Support": "enable" if ipv6 else "disable",
    }
    if references is not None:
        options["SecurityGroupReferencingSupport"] = "enable" if references else "disable"
    record = {
        "CreationTime": created,
        "Options": options,
        "State": state,
        "SubnetIds": [str(subnet) for subnet in subnets],
        "Tags": made.record["Tags"],
        "TransitGatewayAttachmentId": str(made),
        "TransitGatewayId": str(tgw),
        "VpcId": str(vpc),
        "VpcOwnerId": vpc.scope[0],
    }
    for scope in dict.fromkeys((tgw.scope, (vpc.scope[0], tgw.scope[1]))):
        e.scope(scope)["TransitGatewayVpcAttachments"].append(record)
    for subnet in subnets:
        e.interface(
            subnet,
            str(ip_network(subnet.record["CidrBlock"])[-2]),
            groups=(),
            kind="transit_gateway",
            requester="amazon-aws",
            description=f"Network Interface for Transit Gateway Attachment {made}",
        )
    return made


def attachment(
    e: Estate,
    tgw: Id,
    kind: str,
    resource: str,
    owner: str | None = None,
    table: Id | None = None,
    into: Sequence[Id] | None = None,
    state: str = "available",
    created: str = CREATED,
    name: str | None = None,
    associated: bool = True,
    ident: str | None = None,
) -> Id:
    """An attachment of any kind, as describe-transit-gateway-attachments has it in both accounts.

    Kinds beside ``vpc`` propagate nowhere unless told where.
    """
    made = e.make("tgw-attach", tgw.scope, name)
    if ident is not None:
        record, made = made.record, Id(ident)
        made.record, made.scope = record, tgw.scope
    made.record.update(
        CreationTime=created,
        ResourceId=str(resource),
        ResourceOwnerId=owner or tgw.scope[0],
        ResourceType=kind,
        State=state,
        TransitGatewayAttachmentId=str(made),
        TransitGatewayId=str(tgw),
        TransitGatewayOwnerId=tgw.scope[0],
    )
    e.put("TransitGatewayAttachments", made)
    theirs = (made.record["ResourceOwnerId"], tgw.scope[1])
    if theirs != tgw.scope and kind == "vpc":
        e.scope(theirs)["TransitGatewayAttachments"].append(made.record)
        if tgw.record not in e.scope(theirs)["TransitGateways"]:
            e.scope(theirs)["TransitGateways"].append(tgw.record)
    if associated:
        associate(e, made, table or tgw.table)
    default = [tgw.table] if kind == "vpc" else []
    for target in default if into is None else into:
        propagate(e, made, target)
    return made


def associate(e: Estate, attached: Id, table: Id | None, policy_table: str | None = None) -> None:
    """Associate an attachment with this route table (or with a policy table) and with no other."""
    for answer in e.scope(attached.scope)["TransitGatewayRouteTableAssociations"]:
        answer["Associations"] = [
            each
            for each in answer["Associations"]
            if each["TransitGatewayAttachmentId"] != attached
        ]
        if answer["TransitGatewayRouteTableId"] == table:
            answer["Associations"].append({**_named(attached), "State": "associated"})
    attached.record.pop("Association", None)
    if table is not None:
        tables = {"TransitGatewayRouteTableId": str(table)}
        attached.record["Association"] = {**tables, "State": "associated"}
    if policy_table is not None:
        tables = {"TransitGatewayPolicyTableId": policy_table}
        attached.record["Association"] = {**tables, "State": "associated"}


def propagate(e: Estate, attached: Id, table: Id) -> None:
    """Let an attachment propagate its prefixes into a table."""
    answer = _answer(e, "TransitGatewayPropagations", table)
    key = "TransitGatewayRouteTablePropagations"
    answer[key].append({**_named(attached), "State": "enabled"})


def static(e: Estate, table: Id, destination: str, *through: Id | None) -> Record:
    """A static route to an attachment; without one a blackhole.  Replaces that of equal prefix."""
    attached = [_named(each) for each in through if each is not None]
    route: Record = {
        "DestinationCidrBlock": destination,
        "State": "active" if attached else "blackhole",
        "Type": "static",
    }
    if attached:
        route["TransitGatewayAttachments"] = attached
    routes = _answer(e, "TransitGatewayStaticRoutes", table)["Routes"]
    routes[:] = [each for each in routes if each["DestinationCidrBlock"] != destination]
    routes.append(route)
    return route


def listed(e: Estate, table: Id, prefix_list: Id, through: Id | None) -> Record:
    """A prefix list in a table, to an attachment or as a blackhole."""
    reference: Record = {
        "Blackhole": through is None,
        "PrefixListId": str(prefix_list),
        "PrefixListOwnerId": prefix_list.scope[0],
        "State": "available",
        "TransitGatewayRouteTableId": str(table),
    }
    if through is not None:
        reference["TransitGatewayAttachment"] = _named(through)
    e.scope(table.scope)["TransitGatewayPrefixListReferences"].append(reference)
    return reference


def searched(e: Estate, table: Id, routes: Iterable[Record]) -> Record:
    """What search-transit-gateway-routes gives for all types; the answer for static ones goes."""
    calls = e.scope(table.scope)
    for key in ("TransitGatewayStaticRoutes", "TransitGatewayPropagations"):
        calls[key].remove(_answer(e, key, table))
    answer: Record = {
        "AdditionalRoutesAvailable": False,
        "Routes": list(routes),
        "TransitGatewayRouteTableId": str(table),
    }
    calls.setdefault("TransitGatewayRoutes", []).append(answer)
    return answer


def found(
    destination: str, *through: Id, kind: str = "propagated", state: str = "active"
) -> Record:
    """One route as a search prints it."""
    return {
        "DestinationCidrBlock": destination,
        "State": state,
        "TransitGatewayAttachments": [_named(each) for each in through],
        "Type": kind,
    }


def peer(
    e: Estate,
    requester: Id,
    accepter: Id,
    tables: tuple[Id | None, Id | None] = (None, None),
    state: str = "available",
    name: str | None = None,
) -> tuple[Id, Id]:
    """A peering, as both sides see it: two attachments, which share their id between Regions.

    Within a Region each side has an id of its own (hashicorp/terraform-provider-aws#23828).
    ``tables`` are what the two sides are associated with: their default tables.
    """
    one = attachment(e, requester, "peering", accepter, accepter.scope[0], tables[0], (), state)
    across = requester.scope[1] != accepter.scope[1]
    shared = str(one) if across else None
    two = attachment(
        e, accepter, "peering", requester, requester.scope[0], tables[1], (), state, ident=shared
    )
    ends = {"AccepterTgwInfo": _end(accepter), "RequesterTgwInfo": _end(requester)}
    status = {"Code": state, "Message": state.capitalize()}
    record: Record = {**ends, "CreationTime": CREATED, "State": state, "Status": status}
    for made in (one, two):
        if name:
            made.record["Tags"] = [{"Key": "Name", "Value": name}]
        described = {**record, "TransitGatewayAttachmentId": str(made), "Tags": made.record["Tags"]}
        if not across:
            described["AccepterTransitGatewayAttachmentId"] = str(two)
        e.scope(made.scope)["TransitGatewayPeeringAttachments"].append(described)
    return one, two


@dataclass(frozen=True)
class Hub:
    """Section 23's V1 and V2 on one transit gateway, as `joined` makes them."""

    tgw: Id
    one: Id
    two: Id


def joined(
    e: Pair,
    subnets: Sequence[Id] | None = None,
    back: bool = True,
    references: bool | None = None,
    second: dict[str, Any] | None = None,
    **options: Any,
) -> Hub:
    """V2 and a transit gateway between it and V1, routed from SA, SB and (if ``back``) S2.

    V1 is attached by SA and SB unless ``subnets`` says otherwise, V2 by S2.
    """
    if not hasattr(e, "v2"):
        e.second(**(second or {}))
    tgw = transit_gateway(e, "hub", region=e.v1.scope[1], references=references)
    one = attach(e, tgw, e.v1, subnets or [e.sa, e.sb], name="one", **options)
    two = attach(e, tgw, e.v2, [e.s2], name="two", **options)
    for table in (e.ta, e.tb):
        e.route(table, e.v2.record["CidrBlock"], tgw)
        if e.six:
            e.route(table, "2600:1f18:2b00:200::/56", tgw)
    if back:
        e.route(e.t2, "10.0.0.0/16", tgw)
        if e.six:
            e.route(e.t2, e.SIX, tgw)
    return Hub(tgw, one, two)


def _end(tgw: Id) -> Record:
    account, region = tgw.scope
    return {"OwnerId": account, "Region": region, "TransitGatewayId": str(tgw)}


def _named(attached: Id) -> Record:
    """An attachment as routes, propagations and associations name it."""
    return {
        "ResourceId": attached.record["ResourceId"],
        "ResourceType": attached.record["ResourceType"],
        "TransitGatewayAttachmentId": attached.record["TransitGatewayAttachmentId"],
    }


def _answer(e: Estate, key: str, table: Id) -> Record:
    return next(
        answer
        for answer in e.scope(table.scope)[key]
        if answer["TransitGatewayRouteTableId"] == table
    )
