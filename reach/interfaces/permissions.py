"""What a permission of a security group is about, whoever the peer is: protocol, ports, messages.

    permission_space(permission) -> HeaderSpace

R-SG-7 to R-SG-9.  Takes a record; must not know groups, nor whom a rule means.
"""

from __future__ import annotations

from reach.network.field import ICMP, ICMPV6, TCP, UDP, parse_protocol
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.snapshot.records import IpPermission


def permission_space(permission: IpPermission) -> HeaderSpace:
    """The packets that a permission can match (R-SG-7, R-SG-8, R-SG-9)."""
    if permission.ip_protocol == "-1":
        return ANYTHING
    protocol = parse_protocol(permission.ip_protocol)
    low, high = permission.from_port, permission.to_port
    ports = kind = code = None
    if protocol in (TCP, UDP) and low is not None and high is not None and low != -1:
        ports = Ranges.span(low, high)
    if protocol in (ICMP, ICMPV6) and low is not None and low != -1:
        kind = Ranges.of(low)
        if high is not None and high != -1:
            code = Ranges.of(high)
    return HeaderSpace.where(
        protocol=Ranges.of(protocol), destination_port=ports, icmp_type=kind, icmp_code=code
    )
