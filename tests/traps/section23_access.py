"""Section 23: the rows about ways for people into a network."""

from __future__ import annotations

from tests.estate import Pair
from tests.estates.access import (
    carrier_gateway,
    carrier_ip,
    client_vpn,
    connect_endpoint,
    vpn_route,
    vpn_rule,
)
from tests.traps.rows import GROUP, NET, NO_ROUTE, allow, deny, row

CARRIER_IP = "155.146.10.7"


@row("T-88")
def carrier_address() -> None:
    """Wavelength carrier gateway, CarrierIp on A: net→CarrierIp(A) DENY; from the carrier network
    ALLOW."""
    e = Pair()
    gateway = carrier_gateway(e, e.v1)
    carrier_ip(e, e.a, CARRIER_IP)
    e.route(e.ta, "0.0.0.0/0", gateway)
    for destination in (CARRIER_IP, str(e.a)):
        deny(e, f"can internet reach {destination} port 443", "NO_PATH")
        deny(e, f"can internet reach {destination} port 443", "NO_PATH", one_way=True)
        allow(e, f"can {gateway} reach {destination} port 443")
    allow(e, f"can {e.a} reach {NET} port 443")


@row("T-169")
def connect_endpoint_without_ingress() -> None:
    """EICE group has no ingress; egress tcp/22 to SG(A); SG(A) ingress from EICE group; A has no
    public IP: admin→A:22 ALLOW."""
    e = Pair()
    ga = e.group(e.v1, ingress=[])
    worn = e.group(e.v1, ingress=[], egress=[f"tcp/22 {ga}"])
    e.permit(ga, f"tcp/22 {worn}")
    e.wear(e.a, ga)
    eice = connect_endpoint(e, e.sb, "10.0.1.40", [worn])
    allow(e, f"can {eice} reach {e.a} port 22")
    deny(e, f"can {eice} reach {e.b} port 22", *GROUP)
    deny(e, f"can {e.b} reach {e.a} port 22", *GROUP)
    e.wear(e.a, e.group(e.v1, ingress=[]))
    deny(e, f"can {eice} reach {e.a} port 22", *GROUP)


@row("T-170")
def connect_endpoint_preserves_the_client() -> None:
    """EICE PreserveClientIp=true; SG(A) admits VPC CIDR only: admin→A:22 DENY; false: ALLOW."""
    e = Pair()
    e.wear(e.a, e.group(e.v1, ingress=["tcp/22 10.0.0.0/16"]))
    eice = connect_endpoint(e, e.sb, "10.0.1.40", preserve=True)
    deny(e, f"can {eice} reach {e.a} port 22", *GROUP)
    eice.record["PreserveClientIp"] = False
    allow(e, f"can {eice} reach {e.a} port 22")


@row("T-175")
def narrower_rule_of_another_group() -> None:
    """Client VPN rules: 10.0.0.0/16 group D; 10.0.1.5/32 group M: D-user→10.0.1.5 DENY."""
    e = Pair()
    vpn = client_vpn(e, {e.sa: "10.0.0.50"})
    vpn_rule(e, vpn, "10.0.0.0/16", "D")
    allow(e, f"can {vpn}/D reach 10.0.1.5 port 22")
    vpn_rule(e, vpn, "10.0.1.5/32", "M")
    deny(e, f"can {vpn}/D reach 10.0.1.5 port 22", "NO_PATH")
    allow(e, f"can {vpn}/M reach 10.0.1.5 port 22")
    allow(e, f"can {vpn}/D reach 10.0.0.5 port 22")
    deny(e, f"can {vpn}/M reach 10.0.0.5 port 22", "NO_PATH")


@row("T-176")
def rule_without_a_route() -> None:
    """Client VPN rule exists, endpoint route absent: client→B2 DENY."""
    e = Pair()
    e.peered()
    vpn = client_vpn(e, {e.sa: "10.0.0.50"})
    vpn_rule(e, vpn, "10.2.0.0/16")
    deny(e, f"can {vpn} reach {e.b2} port 80", *NO_ROUTE)
    vpn_route(e, vpn, "10.2.0.0/16", e.sa)
    allow(e, f"can {vpn} reach {e.b2} port 80")
