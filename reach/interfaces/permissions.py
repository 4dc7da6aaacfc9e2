"""What a permission of a security group is about, whoever the peer is: protocol, ports, messages.

    permission_space(permission) -> HeaderSpace
    flaw(permission) -> why nobody knows for which packets it is
    lacks(permission) -> why nobody knows whom else it means

R-SG-7 to R-SG-9.  Takes a record; must not know groups, nor whom a rule means.
"""

from __future__ import annotations

from reach.network.field import ICMP, ICMPV6, TCP, UDP, parse_protocol
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.snapshot.record import LEFT_OUT
from reach.snapshot.records import IpPermission

_HIGHEST = 255  # of ICMP types and codes


def permission_space(permission: IpPermission) -> HeaderSpace:
    """The packets that a permission can match (R-SG-7, R-SG-8, R-SG-9); of a flawed one, may."""
    if permission.ip_protocol == "-1":
        return ANYTHING
    protocol = parse_protocol(permission.ip_protocol)
    low, high = permission.from_port, permission.to_port
    ports = kind = code = None
    known = not flaw(permission)
    if protocol in (TCP, UDP) and low is not None and high is not None and known:
        ports = Ranges.span(low, high)
    if protocol in (ICMP, ICMPV6) and low is not None and low != -1 and known:
        kind = Ranges.of(low)
        if high is not None and high != -1:
            code = Ranges.of(high)
    return HeaderSpace.where(
        protocol=Ranges.of(protocol), destination_port=ports, icmp_type=kind, icmp_code=code
    )


def lacks(permission: IpPermission) -> str:
    """What says that not all whom a permission means are told; '' if all may be.

    Who leaves out empty lists leaves out all, so beside one that is there and empty nothing is left
    out; but older answers have no lists of IPv6 blocks and of prefix lists.
    """
    older = (
        ("IpRanges", permission.ip_ranges),
        ("UserIdGroupPairs", permission.user_id_group_pairs),
    )
    every = (*(each for _, each in older), permission.ipv6_ranges, permission.prefix_list_ids)
    if not any(every) and any(each is LEFT_OUT for each in every):
        return "names nobody, which no rule of AWS's does"
    if any(each == () for each in every):
        return next((f"lacks {name}" for name, each in older if each is LEFT_OUT), "")
    return ""


def flaw(permission: IpPermission) -> str:
    """Why AWS has no permission for such packets, so that nobody knows what it lets pass; or ''."""
    if permission.ip_protocol == "-1":
        return ""
    protocol = parse_protocol(permission.ip_protocol)
    low, high = permission.from_port, permission.to_port
    # API, IpPermission: "For icmpv6, the port range is optional; if you omit the port range,
    # traffic for all types and codes is allowed."
    if protocol == ICMPV6 and low is None and high is None:
        return ""
    return flaw_of_ports(protocol, low, high)


def flaw_of_ports(protocol: int, low: int | None, high: int | None) -> str:
    """Why AWS has no rule with these ports, or this ICMP type and code (R-SG-7 to R-SG-9)."""
    if protocol not in (TCP, UDP, ICMP, ICMPV6):
        return ""
    if low is None or high is None:
        what = "ports" if protocol in (TCP, UDP) else "type and code"
        return f"has no {what}, which AWS always prints of its protocol"
    if protocol in (TCP, UDP):
        return "" if 0 <= low <= high else f"is for the ports {low} to {high}, which are none"
    wrong = max(low, high) > _HIGHEST or (low == -1 and high != -1)
    return f"is for ICMP type {low} and code {high}, which is none" if wrong else ""
