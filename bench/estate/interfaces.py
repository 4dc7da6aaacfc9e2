"""The network interfaces of a VPC and the instances behind most of them.

By far the most of an estate, so the records are built by hand and once each; they carry the fields
that nobody reads as well, because skipping those is what loading mostly does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from bench.estate.filters import BASTION, SHARED, WEB, name_group, tier_of
from bench.estate.network import Pairs
from bench.estate.plan import GIVEN_NUMBER, RESERVED, Subnet, Vpc, coloned, dotted

TYPES = ("m6i.large", "m6i.xlarge", "c6g.large", "r6g.2xlarge", "t3.medium")
# What describe-instances leaves out of an interface that describe-network-interfaces has.
UNSEEN = frozenset(
    (
        "AllocationId",
        "AssociationId",
        "Attachment",
        "AvailabilityZone",
        "DenyAllIgwTraffic",
        "RequesterManaged",
        "TagSet",
    )
)
# What describe-instances says of every instance alike, and nobody here reads.
MACHINE: dict[str, Any] = {
    "CpuOptions": {"CoreCount": 1, "ThreadsPerCore": 2},
    "EbsOptimized": True,
    "EnaSupport": True,
    "Hypervisor": "xen",
    "ImageId": "ami-0a887e401f7654935",
    "MetadataOptions": {
        "HttpEndpoint": "enabled",
        "HttpPutResponseHopLimit": 1,
        "HttpTokens": "required",
        "State": "applied",
    },
    "Monitoring": {"State": "disabled"},
    "RootDeviceName": "/dev/xvda",
    "RootDeviceType": "ebs",
    "VirtualizationType": "hvm",
}
HOW_MANY = (1, 1, 1, 1, 1, 1, 2, 2, 3, 5)  # security groups of an interface


@dataclass(frozen=True, slots=True)
class Host:
    """What is drawn for one interface before it is written down."""

    number: int
    name: str
    role: str  # "instance", "second" interface of the one before, "free", or a service's
    state: str
    groups: tuple[int | str, ...]
    address: int
    more: tuple[int, ...]
    prefix: int | None
    public: str | None
    elastic: bool
    six: bool


def interfaces(vpc: Vpc) -> Pairs:
    """Every interface of the tiers, its instance and its Elastic IP."""
    rng = vpc.random("interfaces")
    numbers = Numbers()
    for subnet in vpc.subnets:
        weights = group_weights(vpc, subnet.tier)
        last: dict[str, Any] | None = None
        for host in hosts(vpc, subnet, rng, weights, numbers):
            record = interface(vpc, subnet, host)
            if host.elastic:
                yield "Addresses", elastic(vpc, host, record)
            if host.role == "second" and last is not None:
                attach(record, last, len(last["NetworkInterfaces"]))
            elif host.role in ("instance", "second"):
                if last is not None:
                    yield "Reservations", reservation(vpc, last)
                last = instance(vpc, subnet, host, record)
                attach(record, last, 0)
            yield "NetworkInterfaces", record
        if last is not None:
            yield "Reservations", reservation(vpc, last)
    yield from given_hosts(vpc)
    yield "Reservations", reservation(vpc, terminated(vpc))


def given_hosts(vpc: Vpc) -> Pairs:
    """The instances whose place is given: their interfaces, Elastic IPs and they themselves."""
    for place, fixture in enumerate(vpc.site.fixtures):
        subnet = vpc.subnet(fixture.tier, fixture.zone)
        number = GIVEN_NUMBER + place
        host = Host(
            number=number,
            name=fixture.name,
            role="instance",
            state="running",
            groups=fixture.groups,
            address=vpc.given_address(subnet, place),
            more=(),
            prefix=None,
            public=vpc.given_public_address(place) if fixture.public else None,
            elastic=fixture.public,
            six=fixture.six,
        )
        record = interface(vpc, subnet, host)
        if host.elastic:
            yield "Addresses", elastic(vpc, host, record)
        owner = instance(vpc, subnet, host, record)
        attach(record, owner, 0)
        yield "NetworkInterfaces", record
        yield "Reservations", reservation(vpc, owner)


@dataclass(slots=True)
class Numbers:
    """Counters that run through the VPC."""

    host: int = 0
    public: int = 0


def group_weights(vpc: Vpc, tier: str) -> tuple[list[int], list[float]]:
    """The groups that interfaces of a tier use, and how often: the n-th 1/n as often as the first.

    The isolated tier uses those of the data tier.
    """
    wanted = "data" if tier == "isolated" else tier
    numbers = [number for number in range(1, vpc.groups + 1) if tier_of(number) == wanted]
    numbers += [SHARED, 0]
    return numbers, [1 / place for place in range(1, len(numbers) + 1)]


def hosts(
    vpc: Vpc,
    subnet: Subnet,
    rng: Random,
    weights: tuple[list[int], list[float]],
    numbers: Numbers,
) -> Iterator[Host]:
    """What stands in one subnet; the first host of the public tier is always a bastion."""
    room = range(RESERVED, subnet.size * 13 // 16)
    spare = [subnet.address + offset for offset in rng.sample(room, subnet.hosts + 8)]
    extra, addresses = spare[:8], spare[8:]
    for place, address in enumerate(addresses):
        numbers.host += 1
        bastion = subnet.tier == "public" and place == 0
        role = "instance" if place == 0 else draw_role(subnet.tier, rng)
        state = "stopped" if rng.random() < 0.03 and not bastion else "running"
        groups = tuple(dict.fromkeys(rng.choices(*weights, k=rng.choice(HOW_MANY))))
        public, elastic = None, False
        if subnet.tier == "public" and vpc.has_internet and (bastion or rng.random() < 0.1):
            elastic = bastion or rng.random() < 0.5
            if elastic or (state == "running" and role == "instance"):
                numbers.public += 1
                public = vpc.public_address(numbers.public)
        yield Host(
            number=numbers.host,
            name=f"{subnet.tier}-{numbers.host:04}",
            role=role,
            state=state,
            groups=(BASTION, WEB) if bastion else groups,
            address=address,
            more=(extra.pop(),) if extra and rng.random() < 0.03 else (),
            prefix=delegated(subnet, place) if rng.random() < 0.02 else None,
            public=public,
            elastic=elastic,
            six=numbers.host % 3 == 0 and role not in ("lambda", "efs"),
        )


def draw_role(tier: str, rng: Random) -> str:
    """Mostly instances; second interfaces, unattached ones, functions and file systems."""
    draw = rng.random()
    if draw < 0.04:
        return "second"
    if draw < 0.06:
        return "free"
    if draw < 0.10 and tier in ("app", "data"):
        return {"app": "lambda", "data": "efs"}[tier]
    return "instance"


def delegated(subnet: Subnet, place: int) -> int | None:
    """A /28 near the end of the subnet, where no host has its address, if there is one left."""
    first = subnet.address + subnet.size * 14 // 16
    blocks = subnet.size // 16 // 8 - 1  # the last one holds the last address, which is AWS's
    return first + place * 16 if place < blocks else None


def interface(vpc: Vpc, subnet: Subnet, host: Host) -> dict[str, Any]:
    """The interface as describe-network-interfaces has it, not yet attached to an instance."""
    service = host.role in ("lambda", "efs")
    association = associate(vpc, host)
    addresses = [private_address(vpc, host.address, True) | association]
    addresses += [private_address(vpc, address, False) for address in host.more]
    record: dict[str, Any] = {
        **association,
        "AvailabilityZone": vpc.zone(subnet.zone),
        "Description": describe_service(vpc, host) if service else "",
        "Groups": [
            {"GroupId": vpc.group(number), "GroupName": name_group(vpc, number)}
            for number in host.groups
        ],
        "InterfaceType": host.role if service else "interface",
        "Ipv6Addresses": [],
        "MacAddress": mac(host.address),
        "NetworkInterfaceId": vpc.identify("eni", host.number),
        "OwnerId": vpc.account,
        "PrivateDnsName": private_name(vpc, host.address),
        "PrivateIpAddress": dotted(host.address),
        "PrivateIpAddresses": addresses,
        "RequesterManaged": service,
        "SourceDestCheck": subnet.tier != "app" or host.number % 97 != 0,
        "Status": "available" if host.role == "free" else "in-use",
        "SubnetId": subnet.id,
        "TagSet": [] if service else vpc.tags(host.name),
        "VpcId": vpc.id,
        "DenyAllIgwTraffic": False,
        "Operator": {"Managed": False},
    }
    if service:
        record["RequesterId"] = vpc.identify("AROA", host.role)
        record["Attachment"] = service_attachment(vpc, "eni", host.number)
    if subnet.address6 is not None and host.six:
        six = coloned(subnet.address6 + (host.address - subnet.address) + 0x100)
        record["Ipv6Addresses"] = [{"Ipv6Address": six, "IsPrimaryIpv6": False}]
    if host.prefix is not None and not service:
        record["Ipv4Prefixes"] = [{"Ipv4Prefix": f"{dotted(host.prefix)}/28"}]
    return record


def associate(vpc: Vpc, host: Host) -> dict[str, Any]:
    """The public address of an interface, as both it and its private address carry it."""
    if host.public is None:
        return {}
    association: dict[str, Any] = {
        "IpOwnerId": vpc.account if host.elastic else "amazon",
        "PublicDnsName": public_name(vpc, host.public),
        "PublicIp": host.public,
    }
    if host.elastic:
        association["AllocationId"] = vpc.identify("eipalloc", host.number)
        association["AssociationId"] = vpc.identify("eipassoc", host.number)
    return {"Association": association}


def elastic(vpc: Vpc, host: Host, record: dict[str, Any]) -> dict[str, Any]:
    """The Elastic IP as describe-addresses has it."""
    association = record["Association"]
    address = {
        "AllocationId": association["AllocationId"],
        "AssociationId": association["AssociationId"],
        "Domain": "vpc",
        "NetworkInterfaceId": record["NetworkInterfaceId"],
        "NetworkInterfaceOwnerId": vpc.account,
        "PrivateIpAddress": record["PrivateIpAddress"],
        "Tags": vpc.tags(f"eip-{host.number}"),
        "PublicIpv4Pool": "amazon",
        "NetworkBorderGroup": vpc.region,
        "PublicIp": association["PublicIp"],
    }
    if host.role == "instance":
        address["InstanceId"] = vpc.identify("i", host.number)
    return address


def attach(record: dict[str, Any], owner: dict[str, Any], place: int) -> None:
    """Attach an interface to an instance: each of the two records says so."""
    attachment = {
        "AttachTime": owner["LaunchTime"],
        "AttachmentId": "eni-attach" + record["NetworkInterfaceId"][3:],
        "DeleteOnTermination": place == 0,
        "DeviceIndex": place,
        "NetworkCardIndex": 0,
        "Status": "attached",
    }
    own = {"InstanceId": owner["InstanceId"], "InstanceOwnerId": record["OwnerId"]}
    record["Attachment"] = attachment | own
    owner["NetworkInterfaces"].append(as_instances_have_it(record) | {"Attachment": attachment})


def as_instances_have_it(record: dict[str, Any]) -> dict[str, Any]:
    """The interface without what describe-instances leaves out, in its public addresses too."""
    shown = {key: value for key, value in record.items() if key not in UNSEEN}
    if "Association" in shown:
        shown["Association"] = shorter(shown["Association"])
        shown["PrivateIpAddresses"] = [
            {k: shorter(v) if k == "Association" else v for k, v in one.items()}
            for one in shown["PrivateIpAddresses"]
        ]
    return shown


def shorter(association: dict[str, Any]) -> dict[str, Any]:
    """A public address without the ids of its Elastic IP."""
    return {key: value for key, value in association.items() if key not in UNSEEN}


def instance(vpc: Vpc, subnet: Subnet, host: Host, record: dict[str, Any]) -> dict[str, Any]:
    """The instance as describe-instances has it."""
    public = record.get("Association", {})
    return {
        "AmiLaunchIndex": 0,
        "Architecture": "x86_64",
        "BlockDeviceMappings": [
            {
                "DeviceName": "/dev/xvda",
                "Ebs": {
                    "AttachTime": vpc.created,
                    "DeleteOnTermination": True,
                    "Status": "attached",
                    "VolumeId": vpc.identify("vol", host.number),
                },
            }
        ],
        "ClientToken": vpc.identify("token", host.number),
        **MACHINE,
        "InstanceId": vpc.identify("i", host.number),
        "InstanceType": TYPES[host.number % len(TYPES)],
        "LaunchTime": vpc.created,
        "NetworkInterfaces": [],
        "Placement": {
            "AvailabilityZone": vpc.zone(subnet.zone),
            "GroupName": "",
            "Tenancy": "default",
        },
        "PrivateDnsName": record["PrivateDnsName"],
        "PrivateIpAddress": record["PrivateIpAddress"],
        "ProductCodes": [],
        "PublicDnsName": public.get("PublicDnsName", ""),
        **({"PublicIpAddress": public["PublicIp"]} if public else {}),
        "SecurityGroups": record["Groups"],
        "SourceDestCheck": record["SourceDestCheck"],
        "State": {
            "Code": 16 if host.state == "running" else 80,
            "Name": host.state,
        },
        "StateTransitionReason": "",
        "SubnetId": subnet.id,
        "Tags": [
            *vpc.tags(host.name),
            {"Key": "Tier", "Value": subnet.tier},
            {"Key": "Stage", "Value": vpc.stage},
        ],
        "VpcId": vpc.id,
    }


def terminated(vpc: Vpc) -> dict[str, Any]:
    """An instance that is gone, as AWS goes on listing it for an hour."""
    return {
        "AmiLaunchIndex": 0,
        "Architecture": "x86_64",
        "BlockDeviceMappings": [],
        "ImageId": "ami-0a887e401f7654935",
        "InstanceId": vpc.identify("i", "terminated"),
        "InstanceType": TYPES[0],
        "LaunchTime": vpc.created,
        "Monitoring": {"State": "disabled"},
        "NetworkInterfaces": [],
        "Placement": {"AvailabilityZone": vpc.zone(0), "GroupName": "", "Tenancy": "default"},
        "PrivateDnsName": "",
        "ProductCodes": [],
        "PublicDnsName": "",
        "SecurityGroups": [],
        "State": {"Code": 48, "Name": "terminated"},
        "StateTransitionReason": "User initiated",
        "Tags": vpc.tags("terminated"),
        "VirtualizationType": "hvm",
    }


def reservation(vpc: Vpc, instance: dict[str, Any]) -> dict[str, Any]:
    """One reservation for each instance, which is how most come to be."""
    return {
        "Groups": [],
        "Instances": [instance],
        "OwnerId": vpc.account,
        "ReservationId": "r" + instance["InstanceId"][1:],
    }


def private_address(vpc: Vpc, address: int, primary: bool) -> dict[str, Any]:
    """One entry of PrivateIpAddresses."""
    return {
        "Primary": primary,
        "PrivateDnsName": private_name(vpc, address),
        "PrivateIpAddress": dotted(address),
    }


def service_attachment(vpc: Vpc, *numbers: object) -> dict[str, Any]:
    """How the interface of an AWS service is attached."""
    return {
        "AttachmentId": vpc.identify("ela-attach", *numbers),
        "DeleteOnTermination": False,
        "DeviceIndex": 1,
        "InstanceOwnerId": "amazon-aws",
        "Status": "attached",
    }


def describe_service(vpc: Vpc, host: Host) -> str:
    """The words by which an AWS service marks its interfaces."""
    if host.role == "lambda":
        return f"AWS Lambda VPC ENI-{vpc.name}-{host.number}"
    return f"EFS mount target for {vpc.identify('fs')} ({vpc.identify('fsmt', host.number)})"


def private_name(vpc: Vpc, address: int) -> str:
    zone = "ec2.internal" if vpc.region == "us-east-1" else f"{vpc.region}.compute.internal"
    return f"ip-{dotted(address).replace('.', '-')}.{zone}"


def public_name(vpc: Vpc, address: str) -> str:
    zone = "compute-1" if vpc.region == "us-east-1" else f"{vpc.region}.compute"
    return f"ec2-{address.replace('.', '-')}.{zone}.amazonaws.com"


def mac(address: int) -> str:
    return "0a:ff:" + address.to_bytes(4, "big").hex(":")
