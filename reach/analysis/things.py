"""A resource as AWS's ``AnalysisComponent`` names it: id, ARN, and name if it has one.

    thing(ground, "sg-0abc") -> {"Id": "sg-0abc", "Arn": "arn:aws:ec2:...", "Name": "web"}

An ARN is told only where account and Region are known.  Takes ids; gives plain data.
"""

from __future__ import annotations

from reach.lower import Ground
from reach.snapshot.record import Record
from reach.snapshot.records import SecurityGroup, VpcPeeringConnection

Thing = dict[str, str]

# AWS: Service Authorization Reference, "Actions, resources, and condition keys for Amazon EC2".
_TYPES = {
    "acl-": "network-acl",
    "cagw-": "carrier-gateway",
    "cgw-": "customer-gateway",
    "cvpn-endpoint-": "client-vpn-endpoint",
    "eice-": "instance-connect-endpoint",
    "eigw-": "egress-only-internet-gateway",
    "eipalloc-": "elastic-ip",
    "eni-": "network-interface",
    "i-": "instance",
    "igw-": "internet-gateway",
    "lgw-": "local-gateway",
    "lgw-rtb-": "local-gateway-route-table",
    "nat-": "natgateway",
    "pcx-": "vpc-peering-connection",
    "pl-": "prefix-list",
    "rtb-": "route-table",
    "sg-": "security-group",
    "subnet-": "subnet",
    "tgw-": "transit-gateway",
    "tgw-attach-": "transit-gateway-attachment",
    "tgw-rtb-": "transit-gateway-route-table",
    "vgw-": "vpn-gateway",
    "vpc-": "vpc",
    "vpce-": "vpc-endpoint",
    "vpce-svc-": "vpc-endpoint-service",
    "vpn-": "vpn-connection",
}
_LONGEST_FIRST = tuple(sorted(_TYPES, key=lambda prefix: -len(prefix)))
_PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}


def kind_of(resource: str) -> str:
    """What sort of thing an id names, as ARNs call it; '' if that is not known."""
    if resource.startswith("arn:"):
        return resource.split(":", 5)[-1].partition("/")[0]
    return next((_TYPES[p] for p in _LONGEST_FIRST if resource.startswith(p)), "")


def thing(ground: Ground, resource: str) -> Thing:
    """A resource by its id or ARN."""
    if resource.startswith("arn:"):
        _, _, last = resource.split(":", 5)[-1].partition("/")
        return {"Id": last or resource, "Arn": resource}
    record = record_of(ground, resource)
    made = {"Id": resource}
    arn = _arn(ground, resource, record)
    if arn:
        made["Arn"] = arn
    # AWS shows the Name tag, and of a security group the name that it was made with.
    name = record.group_name if isinstance(record, SecurityGroup) else getattr(record, "name", "")
    if name:
        made["Name"] = name
    return made


def record_of(ground: Ground, resource: str) -> Record | None:
    """What the snapshot holds of a resource: of several records one that says whose it is."""

    def find() -> Record | None:
        found = [ground.snapshot.get(kind, resource) for kind in ground.snapshot.contents]
        known = [record for record in found if record is not None]
        owned = (record for record in known if ground.snapshot.account_of(record))
        return next(owned, known[0] if known else None)

    return ground.memo(f"record {resource}", find)


def _arn(ground: Ground, resource: str, record: Record | None) -> str:
    kind = kind_of(resource)
    if record is None or not kind:
        return ""
    account, region = ground.snapshot.account_of(record), ground.snapshot.region_of(record)
    if isinstance(record, VpcPeeringConnection) and not account:
        account, region = record.requester_vpc_info.owner_id, record.requester_vpc_info.region
    if not account or not region:
        return ""
    partition = next((p for start, p in _PARTITIONS.items() if region.startswith(start)), "aws")
    return f"arn:{partition}:ec2:{region}:{account}:{kind}/{resource}"
