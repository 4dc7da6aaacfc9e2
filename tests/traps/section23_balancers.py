"""Section 23: the rows about load balancers and Global Accelerator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import reach
from tests.estate import Id, Pair, codes, tell
from tests.estates.balancers import (
    Balancer,
    accelerator,
    balancer,
    listen,
    target_group,
)
from tests.traps.rows import ACL, GROUP, NET, allow, deny, row

PUBLIC = "198.51.100.40"
NODE = "10.0.0.40"


def behind_network(
    *targets: Any, groups: Sequence[Id] = (), preserve: bool | None = True, **of: Any
) -> tuple[Pair, Balancer]:
    """An internet-facing NLB in SA before B (or other targets), on tcp 443 for their 80."""
    e = Pair()
    e.online(e.ta)
    web = target_group(e, e.v1, "web", "TCP", 80, targets or [e.b], preserve=preserve, **of)
    front = balancer(
        e, "network", "front", {e.sa: NODE}, groups=groups, public={e.sa: PUBLIC}, cross_zone=True
    )
    enable(front, e.sb)
    listen(e, front, "TCP", 443, web)
    return e, front


def enable(of: Balancer, subnet: Id) -> None:
    """One more zone; the node in it does not matter here."""
    zone = {"SubnetId": str(subnet), "ZoneName": subnet.record["AvailabilityZone"]}
    of.record["AvailabilityZones"].append(zone)


def behind_application(public: bool = True) -> tuple[Pair, Balancer]:
    """An ALB in SA and SB before B, on tcp 80 for its 8080."""
    e = Pair()
    site = target_group(e, e.v1, "site", "HTTP", 8080, [e.b])
    front = balancer(
        e,
        "application",
        "front",
        {e.sa: NODE, e.sb: "10.0.1.40"},
        public={e.sa: PUBLIC} if public else None,
    )
    listen(e, front, "HTTP", 80, site)
    return e, front


@row("T-41")
def target_acl_sees_the_client() -> None:
    """Internet NLB, instance targets (preserved), target NACL in allows VPC CIDR only: DENY."""
    e, _ = behind_network()
    allow(e, "can internet reach front port 443")
    e.acl(e.v1, [e.sb], ingress=["100 allow all 10.0.0.0/16"], egress=["100 allow all 0.0.0.0/0"])
    deny(e, "can internet reach front port 443", *ACL)
    deny(e, f"can {NET} reach {e.b} port 443", *ACL)
    allow(e, f"can {e.a} reach front port 443")


@row("T-131")
def target_group_must_list_the_client() -> None:
    """NLB without groups, preservation on; target SG admits NLB node IPs only: net→NLB DENY
    (health checks pass)."""
    e, front = behind_network()
    e.wear(e.b, e.group(e.v1, ingress=[f"tcp/80 {NODE}/32"]))
    deny(e, "can internet reach front port 443", *GROUP)
    allow(e, f"can {front} reach {e.b} port 80")
    plain, _ = behind_network(preserve=False)
    plain.wear(plain.b, plain.group(plain.v1, ingress=[f"tcp/80 {NODE}/32"]))
    allow(plain, "can internet reach front port 443")


@row("T-133")
def client_groups_end_at_the_balancer() -> None:
    """NLB without groups; target SG references client's group: A→NLB→B DENY."""
    e, _ = behind_network()
    ga = e.group(e.v1)
    gb = e.group(e.v1, ingress=[f"tcp/80 {ga}"])
    e.wear(e.a, ga)
    e.wear(e.b, gb)
    deny(e, f"can {e.a} reach front port 443", *GROUP, "SG_REFERENCES_NOT_PRESERVED")
    allow(e, f"can {e.a} reach {e.b} port 80")
    e.permit(gb, "tcp/80 10.0.0.5/32")
    allow(e, f"can {e.a} reach front port 443")


@row("T-134")
def hairpin() -> None:
    """Instance target calls its own NLB, preservation on: DENY when B is picked."""
    e, _ = behind_network()
    deny(e, f"can {e.b} reach {NODE} port 443", "ELBV2_SOURCE_ADDRESS_PRESERVATION")
    allow(e, f"can {e.a} reach {NODE} port 443")
    plain, _ = behind_network(preserve=False)
    allow(plain, f"can {plain.b} reach {NODE} port 443")


@row("T-136")
def targets_need_no_way_out() -> None:
    """Internet-facing ALB in public subnets; target subnet has no IGW/NAT route: ALLOW."""
    e, _ = behind_application()
    e.online(e.ta)
    allow(e, "can internet reach front port 80")
    allow(e, f"can internet reach {e.b} port 80")
    deny(e, f"can internet reach {e.b} port 8080")


@row("T-137")
def the_balancer_needs_one() -> None:
    """Internet-facing ALB in subnets without IGW route: net→ALB DENY."""
    e, _ = behind_application()
    e.igw(e.v1)
    deny(e, "can internet reach front port 80", "NO_ROUTE_TO_DESTINATION")
    allow(e, "can internet reach front port 80", one_way=True)


@row("T-139")
def a_zone_that_is_not_enabled() -> None:
    """Target in an AZ not enabled on the LB: client→LB→target DENY."""
    e, front = behind_network()
    allow(e, f"can {NET} reach {e.b} port 443")
    front.record["AvailabilityZones"].pop()
    deny(e, f"can {NET} reach {e.b} port 443", "ELB_INSTALLED_AZ_RESTRICTION")


@row("T-140")
def client_address_at_a_balancer_behind_a_balancer() -> None:
    """NLB→ALB target; ALB SG admits NLB IPs only: net→NLB→ALB DENY (client IP preserved)."""
    e = Pair()
    e.online(e.ta)
    group = e.group(e.v1, ingress=[f"tcp/80 {NODE}/32"])
    inner = balancer(e, "application", "inner", {e.sa: "10.0.0.41", e.sb: "10.0.1.41"}, [group])
    listen(e, inner, "HTTP", 80, target_group(e, e.v1, "site", "HTTP", 8080, [e.b]))
    front = balancer(e, "network", "front", {e.sa: NODE}, public={e.sa: PUBLIC})
    listen(e, front, "TCP", 80, target_group(e, e.v1, "inner", "TCP", 80, [inner], kind="alb"))
    deny(e, "can internet reach front port 80", *GROUP)
    e.permit(group, "tcp/80 0.0.0.0/0")
    allow(e, "can internet reach front port 80")
    allow(e, f"can internet reach {e.b} port 80")


@row("T-142")
def health_is_not_configuration() -> None:
    """All targets unhealthy, single group: client→NLB config ALLOW; fails open."""
    e, _ = behind_network(health="unhealthy")
    allow(e, "can internet reach front port 443")
    observing = {"target-health": "observe"}
    answer = reach.ask(e.load(), "can internet reach front port 443", options=observing)
    assert answer.verdict == "reachable", tell(answer)
    one = Pair()
    one.online(one.ta)
    c = one.instance("c", one.sa, "10.0.0.6")
    both = [(one.a, 80, None, "unhealthy"), (c, 80, None, "healthy")]
    web = target_group(one, one.v1, "web", "TCP", 80, both, preserve=True)
    front = balancer(one, "network", "front", {one.sa: NODE}, public={one.sa: PUBLIC})
    listen(one, front, "TCP", 443, web)
    allow(one, f"can internet reach {one.a} port 443")
    answer = reach.ask(one.load(), f"can internet reach {one.a} port 443", options=observing)
    assert answer.verdict == "unreachable", tell(answer)
    assert "TARGET_ADDRESS_RESTRICTION" in codes(answer)


@row("T-145")
def an_accelerator_keeps_the_client() -> None:
    """GA with preservation; SG(A) admits only VPC CIDR: net→GA→A DENY."""
    e = Pair()
    e.igw(e.v1)
    accelerator(e, "world", ["75.2.60.5"], [("TCP", 443, 443)], [(e.a, True)])
    allow(e, "can internet reach world port 443")
    allow(e, f"can internet reach {e.a} port 443")
    e.wear(e.a, e.group(e.v1, ingress=["tcp/443 10.0.0.0/16"]))
    deny(e, "can internet reach world port 443", *GROUP)


@row("T-146")
def datagrams_beyond_the_vpc() -> None:
    """NLB IP target outside the VPC, UDP: fwd may arrive, reply DENY.

    The row's target is on-premises over Direct Connect; here it is beyond a peering, whose way is
    known in full.
    """
    e = Pair()
    e.peered()
    dns = target_group(e, e.v1, "dns", "UDP", 53, [(e.b2.ip, 53, "all")], kind="ip")
    front = balancer(e, "network", "front", {e.sa: NODE}, cross_zone=True)
    listen(e, front, "UDP", 53, dns)
    allow(e, f"can {e.b} reach front port 53/udp", one_way=True)
    deny(e, f"can {e.b} reach front port 53/udp")
    tcp = target_group(e, e.v1, "tcp", "TCP", 53, [(e.b2.ip, 53, "all")], kind="ip")
    listen(e, front, "TCP", 53, tcp)
    allow(e, f"can {e.b} reach front port 53")
