"""Interfaces of a VPC whose rules match no group of a VPC beyond a transit gateway (R-SG-17).

    forget_towards(lowering, vpc) -> (Translate,) or ()

Those of PrivateLink endpoints never do, and those of mount targets only where their own groups let
everything out (AWS, "Amazon VPC attachments in Amazon VPC Transit Gateways": limitations; "VPC
attachments in AWS Cloud WAN" refers to it).  Takes records; must not know how a packet gets there.
"""

from __future__ import annotations

from collections.abc import Iterator

from reach.component import Lowering
from reach.interfaces.kinds import is_mount_target
from reach.network.address import is_ipv4
from reach.network.header_space import HeaderSpace, Ranges
from reach.network.stage import FORGET, Case, Origin, Translate
from reach.snapshot.index import private_addresses
from reach.snapshot.records import IpPermission, NetworkInterface, SecurityGroup

_QUIET = Origin("", "")


def forget_towards(lowering: Lowering, vpc_id: str) -> tuple[Translate, ...]:
    """What is sent to one of them has no sender's groups any more."""

    def make() -> tuple[Translate, ...]:
        own = lowering.index.interfaces_in(vpc_id, _is_of_service)
        found = Ranges.of(*(address for each in own for address in _nameless(lowering, each)))
        if not found:
            return ()
        match = HeaderSpace.where(destination=found)
        return (Translate((Case(match, FORGET.cases[0].rewrites, _QUIET),)),)

    return lowering.memo(f"nameless interfaces of {vpc_id}", make)


def _is_of_service(interface: NetworkInterface) -> bool:
    return _is_endpoint(interface) or is_mount_target(interface)


def _is_endpoint(interface: NetworkInterface) -> bool:
    return interface.interface_type == "vpc_endpoint"


def _nameless(lowering: Lowering, interface: NetworkInterface) -> Iterator[int]:
    """Its addresses of the IP versions of which it matches no such group."""
    for address in private_addresses(interface):
        block = "0.0.0.0/0" if is_ipv4(address) else "::/0"
        if _is_endpoint(interface) or not _lets_all_out(lowering, interface, block):
            yield address


def _lets_all_out(lowering: Lowering, interface: NetworkInterface, block: str) -> bool:
    """Whether a rule of one of its groups is for everything to everywhere."""
    worn = (lowering.snapshot.get(SecurityGroup, each.group_id) for each in interface.groups)
    return any(
        permission.ip_protocol == "-1" and block in _blocks(permission)
        for group in worn
        if group is not None
        for permission in group.ip_permissions_egress
    )


def _blocks(permission: IpPermission) -> tuple[str | None, ...]:
    four = (each.cidr_ip for each in permission.ip_ranges)
    return (*four, *(each.cidr_ipv6 for each in permission.ipv6_ranges))
