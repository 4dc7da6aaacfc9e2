"""Section 23: PrivateLink on both sides, and VPC Lattice."""

from __future__ import annotations

from tests.estate import Pair
from tests.estates.privatelink import (
    associate,
    endpoint_service,
    endpoint_to,
    front,
    lattice_service,
    service_network,
    target_group,
)
from tests.traps.rows import GROUP, allow, deny, may, row

NODE, LATTICE = "10.2.0.30", "169.254.171.33"


@row("T-121")
def the_target_sees_the_balancer() -> None:
    """provider target SG allows consumer's 10.0.0.0/16 only: A→endpoint→target DENY (source is NLB
    IP); ALLOW where it admits the node."""
    for account in (None, "444455556666"):
        e = Pair()
        e.second(account=account)
        lb = front(e, {e.s2: NODE}, {e.b2: 443})
        vpce = endpoint_to(e, {e.sa: "10.0.0.60"}, endpoint_service(e, [lb]))
        group = e.group(e.v2, ["tcp/443 10.0.0.0/16"])
        e.wear(e.b2, group)
        deny(e, f"can {e.a} reach {vpce} port 443", *GROUP)
        deny(e, f"can {e.a} reach {e.b2} port 443", *GROUP)
        e.permit(group, f"tcp/443 {NODE}/32")
        allow(e, f"can {e.a} reach {vpce} port 443")
        allow(e, f"can {e.a} reach {e.b2} port 443")


@row("T-122")
def enforcement_on_the_provider() -> None:
    """provider NLB SG has no ingress; enforcement off / on: A→endpoint ALLOW / DENY."""
    for enforced in (False, True):
        e = Pair()
        e.second()
        group = e.group(e.v2, [])
        lb = front(e, {e.s2: NODE}, {e.b2: 443}, groups=[group], enforced=enforced)
        vpce = endpoint_to(e, {e.sa: "10.0.0.60"}, endpoint_service(e, [lb]))
        question = f"can {e.a} reach {vpce} port 443"
        if enforced:
            deny(e, question, *GROUP)
            e.permit(group, f"tcp/443 {e.a.ip}/32")
        allow(e, question)


@row("T-148")
def lattice_is_not_exempt() -> None:
    """Lattice association; SG(A) egress empty: A→169.254.171.x:443 DENY (contrast T-160)."""
    e = Pair()
    e.second()
    network = service_network(e)
    associate(e, network, e.v1)
    lattice_service(e, network, {443: [target_group(e, e.v2, {e.b2: 8080})]})
    closed = e.group(e.v1, egress=[])
    e.wear(e.a, closed)
    deny(e, f"can {e.a} reach {LATTICE} port 443", *GROUP)
    allow(e, f"can {e.a} reach 169.254.169.254 port 80")
    e.permit(closed, "tcp/443 169.254.171.0/24", egress=True)
    may(e, f"can {e.a} reach {LATTICE} port 443")


@row("T-149")
def lattice_targets_see_lattice() -> None:
    """Lattice target SG admits client's group only: A→Lattice→B DENY."""
    e = Pair()
    e.peered()
    network = service_network(e)
    associate(e, network, e.v1)
    lattice_service(e, network, {443: [target_group(e, e.v2, {e.b2: 8080})]})
    worn = e.group(e.v1, name="clients")
    e.wear(e.a, worn)
    targets = e.group(e.v2, [f"tcp {worn}"])
    e.wear(e.b2, targets)
    deny(e, f"can {e.a} reach {LATTICE} port 443", *GROUP)
    allow(e, f"can {e.a} reach {e.b2} port 443")  # over the peering
    e.permit(targets, f"tcp {e.service_list('vpc-lattice', '169.254.171.0/24')}")
    may(e, f"can {e.a} reach {LATTICE} port 443")
