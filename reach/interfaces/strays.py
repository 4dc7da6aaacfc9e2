"""Interfaces of which the snapshot does not tell in which of its subnets they are, or where in one.

    stray_in(lowering, subnet) -> Origin, or None
    torn_from(lowering, vpc) -> Origin, or None

The one kind names a subnet that is not held, or none, and has an address of one that is: which of
the two is right nothing tells, and so what the address is answered by (law 2).  Of the other kind
the answer lacks the list of addresses: any that nobody has may be among them.  A third is torn: it
says that it is in one VPC, and its subnet that it is in another.  Must not know what a subnet does
with a packet.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping

from reach.component import Lowering
from reach.network.address import Prefix
from reach.network.stage import Origin
from reach.snapshot.index import private_addresses, subnet_blocks
from reach.snapshot.records import NetworkInterface, Subnet
from reach.unprinted import lacking, left_out

_Addressed = tuple[tuple[int, str, NetworkInterface], ...]


def stray_in(lowering: Lowering, subnet: Subnet) -> Origin | None:
    """Why not all interfaces in a subnet are known to be in it or not, by their addresses."""
    named = subnet.subnet_id
    for each in lacking(lowering, NetworkInterface, "subnet_id", named, "private_ip_addresses"):
        return left_out(lowering, each, "private_ip_addresses")
    strays = lowering.memo("strays", lambda: _strays(lowering))
    if not strays:
        return None
    for block in map(Prefix.parse, subnet_blocks(subnet)):
        start = bisect_left(strays, (block.low,))
        for at in range(start, len(strays)):
            address, named, interface = strays[at]
            if address > block.high:
                break
            if interface.vpc_id in (None, "", subnet.vpc_id):
                where = f"in {interface.subnet_id}" if interface.subnet_id else "in no subnet"
                words = f"{named} has an address of it and is {where}, as it says"
                return lowering.missing(Subnet, subnet.subnet_id, words)
    return None


def _strays(lowering: Lowering) -> _Addressed:
    known = {subnet.subnet_id for subnet in lowering.snapshot.records(Subnet)}
    found = lowering.index.interfaces_where(lambda each: each.subnet_id not in known)
    return tuple(
        sorted(
            (
                (address, interface.network_interface_id, interface)
                for interface in found
                for address in private_addresses(interface)
            ),
            key=lambda each: each[:2],
        )
    )


def torn_from(lowering: Lowering, vpc_id: str) -> Origin | None:
    """Why not all that is in a VPC is known to be, where an interface alone says that it is."""
    torn = lowering.memo("torn interfaces", lambda: _torn(lowering)).get(vpc_id)
    if torn is None:
        return None
    words = f"says that it is in {vpc_id}, and its subnet {torn.subnet_id} is in another VPC"
    return Origin(torn.network_interface_id, words, code="UNKNOWN_RESOURCE", name=torn.name)


def _torn(lowering: Lowering) -> Mapping[str, NetworkInterface]:
    """The first such interface by the VPC that it names."""
    homes = {subnet.subnet_id: subnet.vpc_id for subnet in lowering.snapshot.records(Subnet)}

    def is_torn(each: NetworkInterface) -> bool:
        home = homes.get(each.subnet_id or "")
        return bool(home and each.vpc_id) and home != each.vpc_id

    found: dict[str, NetworkInterface] = {}
    for each in lowering.index.interfaces_where(is_torn):
        found.setdefault(each.vpc_id or "", each)
    return found
