"""What the records of a snapshot name and the snapshot does not hold, though its call was made.

    unheld(snapshot) -> Unheld

An answer that was filtered, or made at another moment, looks whole.  That another record names what
it lacks tells that it is not: what hangs on it is not known, and is no "there is none" (law 2).
Takes the remarks that were made when loading, so that a whole snapshot costs nothing.  Must not
know what any of it means to a packet.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from reach.network.address import Prefix, parse_address
from reach.snapshot.record import Record
from reach.snapshot.records import Address, Subnet
from reach.snapshot.snapshot import Snapshot

Ids = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Unheld:
    """Ids by where they would be: by VPC, and interfaces by instance and by subnet as well."""

    subnets: Ids
    instances: Ids
    gateways: Ids
    tables: Ids
    interfaces: Ids
    on_instance: Ids
    in_subnet: Ids


def unheld(snapshot: Snapshot) -> Unheld:
    """Subnets, instances, internet gateways, route tables and interfaces that are named and not
    held."""
    found: dict[str, defaultdict[str, dict[str, None]]] = {
        name: defaultdict(dict) for name in Unheld.__dataclass_fields__
    }
    addressed: list[tuple[str, str]] = []
    for remark in snapshot.diagnostics:
        told = remark.about == "reference" and remark.resource is not None
        # A snapshot that was changed has the remarks of the one that it was made from.
        if told and not any(_records(snapshot, remark.named)):
            resource = remark.resource or ""
            for record in _records(snapshot, resource):
                for name, place in _places(remark.named, resource, record):
                    found[name][place][remark.named] = None
                server = getattr(record, "route_server_id", None)
                if server and remark.named.startswith("rtb-"):
                    for vpc_id in _vpcs_of(snapshot, server):
                        found["tables"][vpc_id][remark.named] = None
                if isinstance(record, Address):
                    addressed.append((remark.named, record.private_ip_address or ""))
    for named, subnet in _standing(snapshot, addressed):
        found["in_subnet"][subnet.subnet_id][named] = None
        if subnet.vpc_id:
            found["interfaces"][subnet.vpc_id][named] = None
    return Unheld(**{name: _settled(places) for name, places in found.items()})


def _records(snapshot: Snapshot, resource: str) -> Iterator[Record]:
    for kind in snapshot.contents:
        record = snapshot.get(kind, resource)
        if record is not None:
            yield record


def _places(named: str, by: str, record: Record) -> Iterator[tuple[str, str]]:
    """Where what a record names would be, if the record tells."""
    vpc = getattr(record, "vpc_id", None)
    if vpc and named.startswith("subnet-"):
        yield "subnets", vpc
    elif vpc and named.startswith("i-"):
        yield "instances", vpc
    elif vpc and named.startswith("igw-"):
        yield "gateways", vpc
    elif vpc and named.startswith("rtb-"):
        yield "tables", vpc
    elif named.startswith("eni-"):
        if vpc:
            yield "interfaces", vpc
        if by.startswith("i-"):
            yield "on_instance", by
        subnets = (getattr(record, "subnet_id", None), *getattr(record, "subnet_ids", ()))
        yield from (("in_subnet", subnet) for subnet in subnets if subnet)


def _vpcs_of(snapshot: Snapshot, server: str) -> Iterator[str]:
    """The VPCs in which a route server stands, as its endpoints tell: its tables are there."""
    for kind, records in snapshot.contents.items():
        if {"route_server_id", "vpc_id"} <= set(kind.__struct_fields__):
            for record in records.values():
                if getattr(record, "route_server_id", "") == server:
                    yield getattr(record, "vpc_id", None) or ""


def _standing(
    snapshot: Snapshot, addressed: Iterable[tuple[str, str]]
) -> Iterator[tuple[str, Subnet]]:
    """Interfaces that Elastic IPs name, with the subnets that hold their private addresses: all of
    them, where VPCs number alike."""
    wanted = [(parse_address(text), named) for named, text in addressed if text]
    if not wanted:
        return
    for subnet in snapshot.records(Subnet):
        block = Prefix.parse(subnet.cidr_block) if subnet.cidr_block else None
        for address, named in wanted:
            if block is not None and named.startswith("eni-") and address in block:
                yield named, subnet


def _settled(places: Mapping[str, Mapping[str, None]]) -> Ids:
    return {place: tuple(sorted(ids)) for place, ids in places.items()}
