"""A recorded lab as the JSON that it is, for reading facts off it and for editing a copy.

    Lab.of(name)    the files and the probes of a lab, and what stands in them
    Draft(lab)      the same files, of which some are about to be changed; `files()` gives them all

Reads JSON itself, and knows nothing of what is under test.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from ipaddress import ip_address, ip_network
from typing import Any

from tests.test_labs import ARRIVED, LABS, Probe, probes

Item = dict[str, Any]

# Long, and of no lab does any edit or fact need it.
_UNREAD = "VpcEndpointServices.json"


@dataclass(frozen=True)
class Interface:
    """What the edits have to know of a network interface."""

    id: str
    kind: str
    address: str
    public: str
    subnet: str
    vpc: str
    groups: tuple[str, ...]
    instance: str


class Lab:
    """A lab's files by name, and its facts."""

    def __init__(self, name: str) -> None:
        base = LABS / name / "aws_configs"
        self.name = name
        self.files = {
            str(f.relative_to(base)): f.read_bytes() for f in sorted(base.rglob("*.json"))
        }
        self.parsed = {f: json.loads(t) for f, t in self.files.items() if not f.endswith(_UNREAD)}
        self.probes = probes(name)

    @staticmethod
    @cache
    def of(name: str) -> Lab:
        return Lab(name)

    def all(self, kind: str) -> Iterator[Item]:
        for document in self.parsed.values():
            yield from document.get(kind, ())

    @cached_property
    def interfaces(self) -> tuple[Interface, ...]:
        return tuple(
            Interface(
                id=each["NetworkInterfaceId"],
                kind=each["InterfaceType"],
                address=each["PrivateIpAddress"],
                public=each.get("Association", {}).get("PublicIp", ""),
                subnet=each["SubnetId"],
                vpc=each["VpcId"],
                groups=tuple(group["GroupId"] for group in each["Groups"]),
                instance=each.get("Attachment", {}).get("InstanceId", ""),
            )
            for each in self.all("NetworkInterfaces")
        )

    def interface(self, address: str) -> Interface | None:
        """Whose private or public address it is."""
        held = (each for each in self.interfaces if address in (each.address, each.public))
        return next(held, None)

    def acl(self, subnet: str) -> Item:
        return next(
            acl
            for acl in self.all("NetworkAcls")
            if any(each["SubnetId"] == subnet for each in acl["Associations"])
        )

    def table(self, subnet: str) -> Item:
        """R-RT-1: the table that the subnet is associated with, else the VPC's main one."""
        tables = list(self.all("RouteTables"))
        own = (t for t in tables if any(a.get("SubnetId") == subnet for a in t["Associations"]))
        return next(own, None) or self.main_table(self.vpc_of(subnet))

    def main_table(self, vpc: str) -> Item:
        return next(
            table
            for table in self.all("RouteTables")
            if table["VpcId"] == vpc and any(each["Main"] for each in table["Associations"])
        )

    def vpc_of(self, subnet: str) -> str:
        return str(next(s["VpcId"] for s in self.all("Subnets") if s["SubnetId"] == subnet))

    def zone_of(self, subnet: str) -> str:
        zones = (s["AvailabilityZone"] for s in self.all("Subnets") if s["SubnetId"] == subnet)
        return str(next(zones))

    def default_group(self, vpc: str) -> str:
        return next(
            group["GroupId"]
            for group in self.all("SecurityGroups")
            if group["VpcId"] == vpc and group["GroupName"] == "default"
        )

    def has_arrived(self, source: str, destination: str) -> bool:
        """Whether anything was seen to get through between the two."""
        return any(
            (each.source, each.destination) == (source, destination) and each.observed in ARRIVED
            for each in self.probes
        )


def routes_towards(table: Item, address: str) -> list[Item]:
    """The routes that hold an address, the most specific first (R-RT-3)."""
    held = [
        (ip_network(route["DestinationCidrBlock"]).prefixlen, route)
        for route in table["Routes"]
        if ip_address(address) in ip_network(route.get("DestinationCidrBlock", "::/128"))
    ]
    return [route for _, route in sorted(held, key=lambda pair: -pair[0])]


def target(route: Item) -> str:
    names = ("GatewayId", "NatGatewayId", "TransitGatewayId", "VpcPeeringConnectionId")
    return next((str(route[name]) for name in names if name in route), "")


class Draft:
    """A lab that is about to be changed.  Files that nobody asks for stay the bytes they were."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self._open: dict[str, Item] = {}

    def all(self, kind: str) -> Iterator[Item]:
        """The objects of a kind, to be changed."""
        for owner in self.lists(kind):
            yield from owner

    def lists(self, kind: str) -> Iterator[list[Item]]:
        """The lists of a kind, one of each file that has one, to be changed."""
        for name, document in self.lab.parsed.items():
            if document.get(kind):
                if name not in self._open:
                    self._open[name] = json.loads(self.lab.files[name])
                yield self._open[name][kind]

    def of(self, kind: str, key: str, value: str) -> list[Item]:
        """The descriptions of one thing: two where two accounts or Regions tell of it."""
        return [each for each in self.all(kind) if each.get(key) == value]

    def one(self, kind: str, key: str, value: str) -> Item:
        (found,) = self.of(kind, key, value)
        return found

    def files(self) -> dict[str, bytes]:
        opened = {name: json.dumps(document).encode() for name, document in self._open.items()}
        return self.lab.files | opened


__all__ = ["ARRIVED", "Draft", "Interface", "Item", "Lab", "Probe", "routes_towards", "target"]
