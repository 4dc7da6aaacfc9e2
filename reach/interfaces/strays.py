"""Interfaces of which the snapshot does not tell in which of its subnets they are, or where in one.

    stray_in(lowering, subnet) -> Origin, or None

The one kind names a subnet that is not held, or none, and has an address of one that is: which of
the two is right nothing tells, and so what the address is answered by (law 2).  Of the other kind
the answer lacks the list of addresses: any that nobody has may be among them. Must not know
what a subnet does with a packet.
"""

from __future__ import annotations

from bisect import bisect_left

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
