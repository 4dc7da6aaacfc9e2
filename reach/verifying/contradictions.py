"""Addresses that cannot all be as they are told: what AWS would have refused to create.

Takes a snapshot; gives findings.  Such a snapshot was edited, or put together from networks that
never were one.  Only what AWS states as a rule is counted.  Must not know files, nor routing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

from reach.network.address import Prefix, format_address, is_ipv4
from reach.snapshot.index import Index, private_addresses, subnet_blocks, vpc_blocks
from reach.snapshot.record import Record
from reach.snapshot.records import NetworkInterface, RouteTable, Subnet, Vpc
from reach.snapshot.snapshot import Snapshot
from reach.verifying.verdict import Finding, Kind


def contradictions(snapshot: Snapshot) -> Iterator[Finding]:
    """All of them, by kind and id."""
    index = Index(snapshot)
    yield from _subnets(snapshot, index)
    for subnet in snapshot.records(Subnet):
        interfaces = index.interfaces_by_subnet.get(subnet.subnet_id, ())
        yield from _interfaces(subnet, interfaces)
    yield from _tables(snapshot)


def _subnets(snapshot: Snapshot, index: Index) -> Iterator[Finding]:
    """A subnet's blocks lie in its VPC's, and those of one VPC do not overlap.

    https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
    """
    for vpc in snapshot.records(Vpc):
        wide = [Prefix.parse(block) for block in vpc_blocks(vpc)]
        taken: list[tuple[Prefix, str]] = []
        for subnet in index.subnets_by_vpc.get(vpc.vpc_id, ()):
            for block in map(Prefix.parse, subnet_blocks(subnet)):
                if wide and not any(each.covers(block) for each in wide):
                    yield _of(subnet, subnet.subnet_id, f"{block} is in no block of {vpc.vpc_id}")
                taken.append((block, subnet.subnet_id))
        taken.sort()
        for (one, first), (two, second) in pairwise(taken):
            if first != second and one.overlaps(two):
                yield _of(vpc, vpc.vpc_id, f"{first} with {one} overlaps {second} with {two}")


def _interfaces(subnet: Subnet, interfaces: Iterable[NetworkInterface]) -> Iterator[Finding]:
    """An interface's addresses are of its subnet, and nobody else there has them.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-eni.html
    """
    blocks = [Prefix.parse(block) for block in subnet_blocks(subnet)]
    families = {is_ipv4(block.value) for block in blocks}
    owners: dict[int, str] = {}
    for interface in interfaces:
        name = interface.network_interface_id
        for address in private_addresses(interface):
            shown = format_address(address)
            if is_ipv4(address) in families and not any(address in each for each in blocks):
                yield _of(interface, name, f"has {shown}, which is not of {subnet.subnet_id}")
            other = owners.setdefault(address, name)
            if other != name:
                words = f"has {shown}, as {other} in the same subnet has"
                yield _of(interface, name, words)


def _tables(snapshot: Snapshot) -> Iterator[Finding]:
    """A VPC has one main route table (R-RT-1), and a subnet is associated with one at most."""
    claimed: dict[str, str] = {}
    for table in snapshot.records(RouteTable):
        for each in table.associations:
            if not each.is_settled:
                continue
            what = each.subnet_id or (f"{table.vpc_id} as its main table" if each.main else "")
            other = claimed.setdefault(what, table.route_table_id) if what else ""
            if other and other != table.route_table_id:
                yield _of(table, table.route_table_id, f"serves {what}, and so does {other}")


def _of(record: Record, name: str, words: str) -> Finding:
    file, pointer = record.page.file, record.pointer
    return Finding(Kind.CONTRADICTION, "warning", f"{name} {words}", file, pointer, name)
