"""Cloud WAN core networks for the estates of tests, as the networkmanager calls print them.

    cn = core_network(e, "prod", "dev", actions=[share("prod", "dev")])
    one = attach(e, cn, e.v1, [e.sa], "prod")              # e.sa is its subnet
    fw = attach(e, cn, e.v2, [e.s2], group="inspection", appliance=True)
    e.route(e.ta, "10.2.0.0/16", cn.arn)
    vpn = attachment(e, cn, "SITE_TO_SITE_VPN", arn, "prod")
    listed(e, cn, "prod", "us-east-1", [("10.2.0.0/16", one)])     # get-network-routes
    rewrite(e, cn, actions=[...])                          # another policy

The calls are written in the core network's account and Region.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from tests.estate import Estate, Id, Pair, Record
from tests.estates import transit

Action = dict[str, object]


class Backbone(Id):
    """A core network; of a joined one, the attachments of V1 and V2."""

    one: Id
    two: Id


def core_network(
    e: Estate,
    *segments: str | Record,
    actions: Sequence[Action] = (),
    groups: Sequence[str] = (),
    references: bool | None = None,
    edges: Sequence[str] = ("us-east-1", "eu-west-1"),
    state: str = "AVAILABLE",
    name: str | None = None,
    account: str | None = None,
) -> Backbone:
    """A core network and its policy; a segment is a name, or its clause of the document."""
    scope = (account or e.home[0], e.home[1])
    made = e.make("core-network", scope, name)
    cn = Backbone(made)
    cn.scope, cn.record = scope, made.record
    cn.arn = f"arn:aws:networkmanager::{scope[0]}:core-network/{cn}"
    cn.record.update(
        CoreNetworkArn=cn.arn,
        CoreNetworkId=str(cn),
        GlobalNetworkId="global-network-0c5f8e7a6b5d4e3f2",
        OwnerAccountId=scope[0],
        State=state,
    )
    e.put("CoreNetworks", cn)
    e.scope(scope)["CoreNetworkPolicies"].append({"CoreNetworkPolicy": {}})
    configuration: Record = {
        "asn-ranges": ["64512-65534"],
        "edge-locations": [{"location": edge} for edge in edges],
    }
    if references is not None:
        configuration["security-group-referencing-support"] = references
    document = {
        "version": "2021.12",
        "core-network-configuration": configuration,
        "segments": [
            {"name": each, "require-attachment-acceptance": False}
            if isinstance(each, str)
            else each
            for each in segments
        ],
        "network-function-groups": [
            {"name": each, "require-attachment-acceptance": False} for each in groups
        ],
        "segment-actions": list(actions),
        "attachment-policies": [],
    }
    _document(e, cn, document)
    return cn


def _document(e: Estate, cn: Id, document: Record) -> None:
    policies = e.scope(cn.scope)["CoreNetworkPolicies"]
    policy = {
        "Alias": "LIVE",
        "ChangeSetState": "EXECUTION_SUCCEEDED",
        "CoreNetworkId": str(cn),
        "PolicyDocument": json.dumps(document),
        "PolicyVersionId": 1,
    }
    mine = [p for p in policies if p["CoreNetworkPolicy"].get("CoreNetworkId") in (None, str(cn))]
    mine[0]["CoreNetworkPolicy"] = policy


def rewrite(e: Estate, cn: Id, **changed: object) -> None:
    """Put other clauses in its policy, by their names with underscores."""
    document = document_of(e, cn)
    document |= {key.replace("_", "-"): value for key, value in changed.items()}
    _document(e, cn, document)


def document_of(e: Estate, cn: Id) -> Record:
    policies = [each["CoreNetworkPolicy"] for each in e.scope(cn.scope)["CoreNetworkPolicies"]]
    document = next(each for each in policies if each["CoreNetworkId"] == str(cn))["PolicyDocument"]
    return dict(json.loads(document))


# ------------------------------ segment actions


def share(segment: str, *others: str, but: Sequence[str] | None = None) -> Action:
    """With these, with all (no others), or with all but some."""
    whom: object = list(others) if others else "*"
    if but is not None:
        whom = {"except": list(but)}
    return {
        "action": "share",
        "mode": "attachment-route",
        "segment": segment,
        "share-with": whom,
    }


def static(segment: str, cidr: str, *destinations: str) -> Action:
    """A static route; without destinations a blackhole."""
    return {
        "action": "create-route",
        "segment": segment,
        "destination-cidr-blocks": [cidr],
        "destinations": [str(each) for each in destinations] or ["blackhole"],
    }


def send_to(segment: str, group: str, overrides: Sequence[Record] = ()) -> Action:
    return {"action": "send-to", "segment": segment, "via": _via(group, overrides)}


def send_via(
    segment: str,
    group: str,
    *others: str,
    mode: str = "dual-hop",
    overrides: Sequence[Record] = (),
) -> Action:
    """When sent to these segments (none named: to all)."""
    return {
        "action": "send-via",
        "segment": segment,
        "mode": mode,
        "when-sent-to": {"segments": list(others) if others else "*"},
        "via": _via(group, overrides),
    }


def override(*edges: str, use: str) -> Record:
    return {"edge-sets": [list(edges)], "use-edge-location": use}


def _via(group: str, overrides: Sequence[Record]) -> Record:
    via: Record = {"network-function-groups": [group]}
    if overrides:
        via["with-edge-overrides"] = list(overrides)
    return via


# ------------------------------ attachments


def attachment(
    e: Estate,
    cn: Id,
    kind: str,
    arn: str,
    segment: str | None = None,
    group: str | None = None,
    edge: str | None = None,
    state: str = "AVAILABLE",
    owner: str | None = None,
    name: str | None = None,
) -> Id:
    """An attachment of any kind, in a segment or in a network function group."""
    made = e.make("attachment", cn.scope, name)
    made.record.update(
        AttachmentId=str(made),
        AttachmentType=kind,
        CoreNetworkArn=cn.arn,
        CoreNetworkId=str(cn),
        CreatedAt="2024-05-01T09:00:00+00:00",
        EdgeLocation=edge or cn.scope[1],
        OwnerAccountId=owner or cn.scope[0],
        ResourceArn=arn,
        State=state,
    )
    if segment:
        made.record["SegmentName"] = segment
    if group:
        made.record["NetworkFunctionGroupName"] = group
    return e.put("Attachments", made)


def attach(
    e: Estate,
    cn: Id,
    vpc: Id,
    subnets: Iterable[Id],
    segment: str | None = None,
    group: str | None = None,
    appliance: bool = False,
    ipv6: bool = False,
    references: bool | None = None,
    state: str = "AVAILABLE",
    name: str | None = None,
) -> Id:
    """A VPC's attachment by these subnets."""
    account, region = vpc.scope
    arn = f"arn:aws:ec2:{region}:{account}:vpc/{vpc}"
    made = attachment(e, cn, "VPC", arn, segment, group, region, state, account, name)
    made.vpc = vpc
    options: Record = {
        "ApplianceModeSupport": appliance,
        "DnsSupport": True,
        "Ipv6Support": ipv6,
    }
    if references is not None:
        options["SecurityGroupReferencingSupport"] = references
    detail = {
        "Attachment": made.record,
        "Options": options,
        "SubnetArns": [subnet.arn for subnet in subnets],
    }
    e.scope(cn.scope)["CoreNetworkVpcAttachments"].append({"VpcAttachment": detail})
    return made


# ------------------------------ routes


def listed(
    e: Estate,
    cn: Id,
    domain: str,
    edge: str,
    routes: Iterable[tuple[str, Id | Record | None]],
    group: bool = False,
    kind: str = "PROPAGATED",
) -> Record:
    """What get-network-routes prints of a segment's (or a function group's) table at an edge.

    A route leads to an attachment, to a destination as it is printed, or (None) nowhere.
    """
    name = "NetworkFunctionGroupName" if group else "SegmentName"
    key = "CoreNetworkNetworkFunctionGroup" if group else "CoreNetworkSegmentEdge"
    answer: Record = {
        key: {"CoreNetworkId": str(cn), "EdgeLocation": edge, name: domain},
        "NetworkRoutes": [_route(cidr, to, kind) for cidr, to in routes],
        "RouteTableType": "NETWORK_FUNCTION_GROUP" if group else "CORE_NETWORK_SEGMENT",
    }
    e.scope(cn.scope)["CoreNetworkRoutes"].append(answer)
    return answer


def _route(cidr: str, to: Id | Record | None, kind: str) -> Record:
    route: Record = {
        "DestinationCidrBlock": cidr,
        "Destinations": [],
        "State": "ACTIVE" if to is not None else "BLACKHOLE",
        "Type": kind,
    }
    if isinstance(to, Id):
        route["Destinations"] = [
            {
                "CoreNetworkAttachmentId": str(to),
                "EdgeLocation": to.record.get("EdgeLocation", to.scope[1]),
                "ResourceId": to.record["ResourceArn"].rpartition("/")[2],
                "ResourceType": to.record["AttachmentType"].lower(),
                "SegmentName": to.record.get("SegmentName", ""),
            }
        ]
    elif to is not None:
        route["Destinations"] = [to]
    return route


# ------------------------------ whole estates


def joined(
    *segments: str | Record,
    one: str = "p",
    other: str | None = None,
    actions: Sequence[Action] = (),
    region: str | None = None,
    references: bool | None = None,
    groups: Sequence[str] = (),
    account: str | None = None,
) -> tuple[Pair, Backbone]:
    """V1 by SA in one segment and V2 by S2 in the other (the same), routed to each other.

    The attachments are ``cn.one`` and ``cn.two``.
    """
    e = Pair()
    e.second(region=region, account=account)
    cn = core_network(
        e, *(segments or (one,)), actions=actions, references=references, groups=groups
    )
    cn.one = attach(e, cn, e.v1, [e.sa], one)
    cn.two = attach(e, cn, e.v2, [e.s2], other or one)
    e.route(e.ta, "10.2.0.0/16", cn.arn)
    e.route(e.tb, "10.2.0.0/16", cn.arn)
    e.route(e.t2, "10.0.0.0/16", cn.arn)
    return e, cn


def peered() -> tuple[Pair, Record]:
    """V1 in segment p, V2 on a transit gateway that is peered with the core network, routed both
    ways; gives what list-peerings prints."""
    e = Pair()
    e.second()
    cn = core_network(e, "p")
    one = attach(e, cn, e.v1, [e.sa], "p")
    tgw = transit.transit_gateway(e)
    transit.attach(e, tgw, e.v2, [e.s2])
    over = transit.attachment(e, tgw, "peering", str(cn), table=tgw.table)
    ends = {
        "AccepterTgwInfo": {"CoreNetworkId": str(cn), "OwnerId": e.home[0], "Region": e.home[1]},
        "RequesterTgwInfo": {"TransitGatewayId": str(tgw), "OwnerId": e.home[0]},
    }
    described = {**ends, "State": "available", "TransitGatewayAttachmentId": str(over)}
    e.scope(tgw.scope)["TransitGatewayPeeringAttachments"].append(described)
    transit.static(e, tgw.table, "10.0.0.0/16", over)
    arn = f"arn:aws:ec2:{e.home[1]}:{e.home[0]}"
    of_table = f"{arn}:transit-gateway-route-table/{tgw.table}"
    two = attachment(e, cn, "TRANSIT_GATEWAY_ROUTE_TABLE", of_table, "p")
    listed(e, cn, "p", e.home[1], [("10.0.0.0/16", one), ("10.2.0.0/16", two)])
    e.route(e.ta, "10.2.0.0/16", cn.arn)
    e.route(e.t2, "10.0.0.0/16", tgw)
    peering: Record = {
        "CoreNetworkId": str(cn),
        "EdgeLocation": e.home[1],
        "PeeringId": "peering-0123456789abcdef0",
        "PeeringType": "TRANSIT_GATEWAY",
        "ResourceArn": f"{arn}:transit-gateway/{tgw}",
        "State": "AVAILABLE",
    }
    e.add("Peerings", peering)
    return e, peering


def inspect(e: Estate, cn: Id, group: str, cidr: str, region: str | None = None) -> Id:
    """A VPC in a function group: its attachment's subnet leads to an appliance, which leads back.

    Gives the appliance; ``cidr`` is a /16 written "10.9".
    """
    vpc = e.vpc(f"{cidr}.0.0/16", name="inspection", region=region)
    border, inner = e.subnet(vpc, f"{cidr}.0.0/24"), e.subnet(vpc, f"{cidr}.1.0/24")
    appliance = e.instance("appliance", inner, f"{cidr}.1.9", check=False)
    e.route(e.table(vpc, [border]), "0.0.0.0/0", appliance.eni)
    e.route(e.table(vpc, [inner]), "0.0.0.0/0", cn.arn)
    attach(e, cn, vpc, [border], group=group, appliance=True)
    return appliance
