"""Transit gateways: every VPC attached to that of its Region, the two gateways peered.

The first VPC is the hub: the only one with a way to the internet, which all others share.  Each
gateway has a route table for production, one for test and one for what both share; the far Region
is known by static routes.  One gateway's routes are those of a search for all types, the other's
stand in two calls.  All gateways belong to the first account, which sees every attachment.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from bench.estate.plan import ACCOUNTS, REGIONS, Vpc, block, coloned, dotted, identify

Pairs = Iterator[tuple[str, Any]]

# Calls that nothing else of an estate needs; what is always there stands in ``place``.
LISTS = ("TransitGatewayPrefixListReferences", "TransitGatewayRoutes")
OWNER = ACCOUNTS[0]
SEGMENTS = ("prod", "test", "shared")
WIDE = ("10.0.0.0/8", "172.16.0.0/12", "100.64.0.0/10")  # all that is private
CREATED = "2024-02-03T10:00:00+00:00"


def transit(vpcs: Sequence[Vpc], account: str, region: str) -> Pairs:
    """All that the calls of one account and Region print about transit gateways."""
    vpcs = [vpc for vpc in vpcs if vpc.transit]
    attached = [vpc for vpc in vpcs if vpc.region == region]
    if not attached:
        return
    seed = attached[0].seed
    yield "TransitGateways", gateway(seed, region)
    for vpc in attached:
        if account in (OWNER, vpc.account):
            yield "TransitGatewayAttachments", attachment(vpc)
            yield "TransitGatewayVpcAttachments", vpc_attachment(vpc)
    if account == OWNER:
        if has_peering(vpcs):
            yield "TransitGatewayAttachments", peering(seed, region)
            yield "TransitGatewayPeeringAttachments", described_peering(seed)
        for segment in SEGMENTS:
            yield "TransitGatewayRouteTables", route_table(seed, region, segment)
            yield from contents(vpcs, region, segment)


# --- gateways and attachments ---------------------------------------------------------------------


def gateway(seed: int, region: str) -> dict[str, Any]:
    """The transit gateway of a Region."""
    ident = gateway_id(seed, region)
    return {
        "TransitGatewayId": ident,
        "TransitGatewayArn": f"arn:aws:ec2:{region}:{OWNER}:transit-gateway/{ident}",
        "State": "available",
        "OwnerId": OWNER,
        "Description": "",
        "CreationTime": CREATED,
        "Options": {
            "AmazonSideAsn": 64512,
            "AutoAcceptSharedAttachments": "enable",
            "DefaultRouteTableAssociation": "disable",
            "DefaultRouteTablePropagation": "disable",
            "VpnEcmpSupport": "enable",
            "DnsSupport": "enable",
            "SecurityGroupReferencingSupport": "enable",
            "MulticastSupport": "disable",
        },
        "Tags": [{"Key": "Name", "Value": f"transit-{region}"}],
    }


def gateway_id(seed: int, region: str) -> str:
    """The id of a Region's gateway."""
    return identify("tgw", seed, region)


def attachment_id(vpc: Vpc) -> str:
    """The id of a VPC's attachment."""
    return vpc.identify("tgw-attach")


def segment_of(vpc: Vpc) -> str:
    """Which table a VPC is associated with."""
    return vpc.segment


def attachment(vpc: Vpc) -> dict[str, Any]:
    """A VPC's attachment, as the call for all kinds prints it."""
    table = table_id(vpc.seed, vpc.region, segment_of(vpc))
    return {
        "TransitGatewayAttachmentId": attachment_id(vpc),
        "TransitGatewayId": gateway_id(vpc.seed, vpc.region),
        "TransitGatewayOwnerId": OWNER,
        "ResourceOwnerId": vpc.account,
        "ResourceType": "vpc",
        "ResourceId": vpc.id,
        "State": "available",
        "Association": {"TransitGatewayRouteTableId": table, "State": "associated"},
        "CreationTime": vpc.created,
        "Tags": vpc.tags("transit"),
    }


def vpc_attachment(vpc: Vpc) -> dict[str, Any]:
    """The same as the call for VPCs prints it: by the subnets of one tier, in every zone."""
    return {
        "TransitGatewayAttachmentId": attachment_id(vpc),
        "TransitGatewayId": gateway_id(vpc.seed, vpc.region),
        "VpcId": vpc.id,
        "VpcOwnerId": vpc.account,
        "State": "available",
        "SubnetIds": [subnet.id for subnet in vpc.subnets if subnet.tier == "app"],
        "CreationTime": vpc.created,
        "Options": {
            "DnsSupport": "enable",
            "SecurityGroupReferencingSupport": "enable",
            "Ipv6Support": "disable" if vpc.six is None else "enable",
            "ApplianceModeSupport": "disable",
        },
        "Tags": vpc.tags("transit"),
    }


def peering_id(seed: int) -> str:
    """The id of the peering of the two gateways, which both ends show."""
    return identify("tgw-attach", seed, "peering")


def other(region: str) -> str:
    """The other of the two Regions."""
    return next(name for name, _ in REGIONS[:2] if name != region)


def peering(seed: int, region: str) -> dict[str, Any]:
    """A Region's end of the peering."""
    table = table_id(seed, region, "shared")
    return {
        "TransitGatewayAttachmentId": peering_id(seed),
        "TransitGatewayId": gateway_id(seed, region),
        "TransitGatewayOwnerId": OWNER,
        "ResourceOwnerId": OWNER,
        "ResourceType": "peering",
        "ResourceId": gateway_id(seed, other(region)),
        "State": "available",
        "Association": {"TransitGatewayRouteTableId": table, "State": "associated"},
        "CreationTime": CREATED,
        "Tags": [{"Key": "Name", "Value": f"transit-peering-{region}"}],
    }


def described_peering(seed: int) -> dict[str, Any]:
    """The peering, as either Region describes it."""
    ends = [
        {"TransitGatewayId": gateway_id(seed, name), "OwnerId": OWNER, "Region": name}
        for name, _ in REGIONS[:2]
    ]
    return {
        "TransitGatewayAttachmentId": peering_id(seed),
        "RequesterTgwInfo": ends[0],
        "AccepterTgwInfo": ends[1],
        "Status": {"Code": "available", "Message": "Available"},
        "State": "available",
        "CreationTime": CREATED,
        "Tags": [],
    }


# --- route tables ---------------------------------------------------------------------------------


def table_id(seed: int, region: str, segment: str) -> str:
    """The id of a segment's table."""
    return identify("tgw-rtb", seed, region, segment)


def route_table(seed: int, region: str, segment: str) -> dict[str, Any]:
    """A segment's table."""
    return {
        "TransitGatewayRouteTableId": table_id(seed, region, segment),
        "TransitGatewayId": gateway_id(seed, region),
        "State": "available",
        "DefaultAssociationRouteTable": False,
        "DefaultPropagationRouteTable": False,
        "CreationTime": CREATED,
        "Tags": [{"Key": "Name", "Value": f"transit-{segment}"}],
    }


def contents(vpcs: Sequence[Vpc], region: str, segment: str) -> Pairs:
    """What stands in a table: by one search, or static routes and propagations apart."""
    seed = vpcs[0].seed
    parent = {"TransitGatewayRouteTableId": table_id(seed, region, segment)}
    here, there = visible(vpcs, region, segment), visible(vpcs, other(region), segment)
    here += leaking(vpcs, region, segment)
    associated = [vpc for vpc in vpcs if vpc.region == region and segment_of(vpc) == segment]
    named = [{**of_vpc(vpc), "State": "associated"} for vpc in associated]
    if segment == "shared" and has_peering(vpcs):
        named.append({**of_peering(seed, region), "State": "associated"})
    yield "TransitGatewayRouteTableAssociations", {**parent, "Associations": named}
    static = static_routes(vpcs, region, segment, there)
    whole = {**parent, "AdditionalRoutesAvailable": False}
    if region == REGIONS[0][0]:
        found = [route(cidr, of_vpc(vpc), "propagated") for vpc in here for cidr in blocks(vpc)]
        yield "TransitGatewayRoutes", {**whole, "Routes": found + static}
        return
    enabled = [{**of_vpc(vpc), "State": "enabled"} for vpc in here]
    yield "TransitGatewayStaticRoutes", {**whole, "Routes": static}
    yield (
        "TransitGatewayPropagations",
        {**parent, "TransitGatewayRouteTablePropagations": enabled},
    )


def visible(vpcs: Sequence[Vpc], region: str, segment: str) -> list[Vpc]:
    """The VPCs of a Region that a segment reaches: its own, and what is shared."""
    seen = SEGMENTS if segment == "shared" else (segment, "shared")
    return [vpc for vpc in vpcs if vpc.region == region and segment_of(vpc) in seen]


def leaking(vpcs: Sequence[Vpc], region: str, segment: str) -> list[Vpc]:
    """The VPCs of a Region that propagate into a segment's table and should not."""
    return [vpc for vpc in vpcs if vpc.region == region and segment in vpc.site.leaks]


def static_routes(
    vpcs: Sequence[Vpc], region: str, segment: str, there: Sequence[Vpc]
) -> list[dict[str, Any]]:
    """The way out, the far Region block by block, and what is shut off."""
    hub = next((vpc for vpc in vpcs if vpc.is_hub and vpc.region == region), vpcs[0])
    far = of_peering(hub.seed, region)
    made = [route("0.0.0.0/0", of_vpc(hub) if hub.region == region else far, "static")]
    made += [route(cidr, far, "static") for vpc in there for cidr in blocks(vpc)]
    if segment != "shared":
        made += [
            {"DestinationCidrBlock": cidr, "Type": "static", "State": "blackhole"}
            for cidr in shut_off(vpcs)
        ]
    return made


def shut_off(vpcs: Sequence[Vpc]) -> Sequence[str]:
    """What the tables of production and test drop: one block, or all that is private.

    Without the latter a hub passes on what one segment sends to the other, since the way out is a
    default route: https://docs.aws.amazon.com/vpc/latest/tgw/transit-gateway-nat-igw.html
    """
    if vpcs[0].is_guarded:
        return WIDE
    address, _ = block(vpcs[-1].index)
    return (f"{dotted(address)}/24",)


def has_peering(vpcs: Sequence[Vpc]) -> bool:
    """Whether two gateways are peered: always, unless a guarded estate has only one."""
    return not vpcs[0].is_guarded or len({vpc.region for vpc in vpcs}) == 2


def blocks(vpc: Vpc) -> list[str]:
    """The IPv4 and IPv6 blocks of a VPC."""
    return [vpc.cidr] if vpc.six is None else [vpc.cidr, f"{coloned(vpc.six)}/56"]


def route(cidr: str, through: dict[str, str], kind: str) -> dict[str, Any]:
    """One active route."""
    return {
        "DestinationCidrBlock": cidr,
        "TransitGatewayAttachments": [through],
        "Type": kind,
        "State": "active",
    }


def of_vpc(vpc: Vpc) -> dict[str, str]:
    """A VPC's attachment as routes, propagations and associations name it."""
    return {
        "ResourceId": vpc.id,
        "TransitGatewayAttachmentId": attachment_id(vpc),
        "ResourceType": "vpc",
    }


def of_peering(seed: int, region: str) -> dict[str, str]:
    """The same of a Region's end of the peering."""
    return {
        "ResourceId": gateway_id(seed, other(region)),
        "TransitGatewayAttachmentId": peering_id(seed),
        "ResourceType": "peering",
    }


# --- routes of the VPCs ---------------------------------------------------------------------------


def routes_to_gateway(vpc: Vpc, tier: str) -> list[dict[str, Any]]:
    """A VPC's routes to its gateway: everything private, and the way out by the hub."""
    wide = list(WIDE)
    if tier == "app" and not vpc.has_nat:
        wide.append("0.0.0.0/0")
    six = [] if vpc.six is None else ["2600:1f18::/32"]
    return [
        {
            key: cidr,
            "TransitGatewayId": gateway_id(vpc.seed, vpc.region),
            "Origin": "CreateRoute",
            "State": "active",
        }
        for key, cidrs in (("DestinationCidrBlock", wide), ("DestinationIpv6CidrBlock", six))
        for cidr in cidrs
    ]
