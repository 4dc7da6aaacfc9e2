"""A network of five layers of filters, 300 rules each, between two instances.

    write(folder, blocked=True)     three of the layers deny what is asked
    write(folder, blocked=False)    all of them let it pass

The layers are the sender's group, its subnet's ACL on the way out, the receiver's ACL on the way in
and, for the reply, on the way out, and the receiver's group.  Takes a folder; writes describe JSON.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

RULES = 300
QUESTION = "can layer-client reach layer-server port 5432"
_PORT, _VPC = 5432, "vpc-0a1a2a3a4a5a6a7a8"
_BLOCK = "10.0.0.0/16"
_SIDES = (("client", "10.0.0.0/24", "10.0.0.5", "a"), ("server", "10.0.1.0/24", "10.0.1.5", "b"))
_OPEN = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
_EMPTY = (
    "InternetGateways",
    "EgressOnlyInternetGateways",
    "NatGateways",
    "VpcPeeringConnections",
    "VpcEndpoints",
    "PrefixLists",
    "ManagedPrefixListEntries",
    "SecurityGroupVpcAssociations",
    "Addresses",
    "VpcAttributes",
)


def write(folder: Path, *, blocked: bool) -> Path:
    """Write the network into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for key, records in {**{key: [] for key in _EMPTY}, **_records(blocked)}.items():
        (folder / f"{key}.json").write_text(json.dumps({key: records}))
    return folder


def _records(blocked: bool) -> dict[str, list[dict[str, Any]]]:
    table = {
        "RouteTableId": _id("rtb", "main"),
        "VpcId": _VPC,
        "Associations": [{"Main": True}],
        "Routes": [{"DestinationCidrBlock": _BLOCK, "GatewayId": "local", "State": "active"}],
    }
    return {
        "Vpcs": [{"VpcId": _VPC, "CidrBlock": _BLOCK}],
        "Subnets": [_subnet(*side) for side in _SIDES],
        "RouteTables": [table],
        "NetworkAcls": [_acl("client", blocked), _acl("server", blocked)],
        "SecurityGroups": [_group("client", blocked), _group("server", blocked)],
        "NetworkInterfaces": [_interface(*side) for side in _SIDES],
        "Reservations": [{"Instances": [_instance(*side) for side in _SIDES]}],
    }


def _id(kind: str, name: str) -> str:
    return f"{kind}-0{name.encode().hex():0>16}"[: len(kind) + 18]


def _subnet(name: str, block: str, _: str, zone: str) -> dict[str, Any]:
    return {
        "SubnetId": _id("subnet", name),
        "VpcId": _VPC,
        "CidrBlock": block,
        "AvailabilityZone": f"us-east-1{zone}",
        "AvailabilityZoneId": f"use1-az-{zone}",
    }


def _group(name: str, blocked: bool) -> dict[str, Any]:
    """300 rules for other peers and ports, one of which is for the question unless blocked."""
    rules = [_permission(1000 + n, f"10.{1 + n % 200}.{n // 200}.0/24") for n in range(RULES - 1)]
    rules.append(_permission(_PORT, "10.99.0.0/24" if blocked else _BLOCK))
    filtered, other = "IpPermissionsEgress", "IpPermissions"
    if name == "server":
        filtered, other = other, filtered
    return {
        "GroupId": _id("sg", name),
        "GroupName": f"layer-{name}",
        "VpcId": _VPC,
        filtered: rules,
        other: [_OPEN],
    }


def _permission(port: int, peer: str) -> dict[str, Any]:
    ports = {"FromPort": port, "ToPort": port}
    return {"IpProtocol": "tcp", **ports, "IpRanges": [{"CidrIp": peer}]}


def _acl(name: str, blocked: bool) -> dict[str, Any]:
    """The ways that the question takes have 300 entries, the other one has a permit."""
    ways = {"client": (True,), "server": (False, True)}[name]
    entries = [entry for egress in ways for entry in _entries(egress, blocked and not egress)]
    if False not in ways:
        entries.append(_entry(100, "allow", False, "-1", "0.0.0.0/0"))
    return {
        "NetworkAclId": _id("acl", name),
        "VpcId": _VPC,
        "IsDefault": name == "client",
        "Associations": [{"SubnetId": _id("subnet", name)}],
        "Entries": entries,
    }


def _entries(egress: bool, blocked: bool) -> list[dict[str, Any]]:
    denials = [
        _entry(10 * n, "deny", egress, "6", f"172.16.{n % 250}.0/24", 3000 + n)
        for n in range(1, RULES)
    ]
    last = "172.20.0.0/16" if blocked else "10.0.0.0/8"
    return [*denials, _entry(10 * RULES, "allow", egress, "-1", last)]


def _entry(
    number: int, action: str, egress: bool, protocol: str, block: str, port: int = 0
) -> dict[str, Any]:
    ports = {"PortRange": {"From": port, "To": port}} if port else {}
    return {
        "RuleNumber": number,
        "Protocol": protocol,
        "RuleAction": action,
        "Egress": egress,
        "CidrBlock": block,
        **ports,
    }


def _interface(name: str, _: str, address: str, zone: str) -> dict[str, Any]:
    return {
        "NetworkInterfaceId": _id("eni", name),
        "SubnetId": _id("subnet", name),
        "VpcId": _VPC,
        "Status": "in-use",
        "InterfaceType": "interface",
        "PrivateIpAddress": address,
        "PrivateIpAddresses": [{"PrivateIpAddress": address, "Primary": True}],
        "Groups": [{"GroupId": _id("sg", name)}],
        "Attachment": {"InstanceId": _id("i", name), "Status": "attached"},
        "AvailabilityZone": f"us-east-1{zone}",
    }


def _instance(name: str, _: str, address: str, zone: str) -> dict[str, Any]:
    return {
        "InstanceId": _id("i", name),
        "State": {"Name": "running"},
        "SubnetId": _id("subnet", name),
        "VpcId": _VPC,
        "PrivateIpAddress": address,
        "NetworkInterfaces": [{"NetworkInterfaceId": _id("eni", name)}],
        "Tags": [{"Key": "Name", "Value": f"layer-{name}"}],
    }
