"""Section 23: Block Public Access together with balancers, connect endpoints and firewalls."""

from __future__ import annotations

from tests.estate import Pair
from tests.estates import access as eice
from tests.estates import balancers as lb
from tests.estates import firewall as fw
from tests.estates.public_access import block, exclude
from tests.traps.rows import NET, allow, deny, row

BPA = "VPC_BLOCK_PUBLIC_ACCESS_ENABLED"


@row("T-163")
def balancer_with_one_excluded_subnet() -> None:
    """BPA bidirectional; LB subnets s1 excluded, s2 not; target in non-excluded subnet: net→LB
    ALLOW through s1. Control: DENY with neither excluded."""
    for kind in ("network", "application"):
        e = Pair()
        one = e.subnet(e.v1, "10.0.5.0/24", "a", name="s1")
        two = e.subnet(e.v1, "10.0.6.0/24", "b", name="s2")
        e.online(e.table(e.v1, [one, two]))
        nodes, public = {one: "10.0.5.40", two: "10.0.6.40"}, {one: "198.51.100.40"}
        public[two] = "198.51.100.41"
        protocol = "TCP" if kind == "network" else "HTTP"
        targets = lb.target_group(e, e.v1, "web", protocol, 80, [e.a, e.b])
        front = lb.balancer(e, kind, "front", nodes, public=public, cross_zone=True)
        lb.listen(e, front, protocol, 443, targets)
        question = f"can internet reach {front} port 443"
        allow(e, question)
        block(e, "block-bidirectional")
        deny(e, question, BPA)
        exclude(e, one)
        allow(e, question)
        allow(e, "can internet reach 198.51.100.40 port 443")
        deny(e, "can internet reach 198.51.100.41 port 443", BPA)
        allow(e, f"can internet reach {e.a} port 443")


@row("T-164")
def private_ways_in() -> None:
    """BPA bidirectional: EICE→A:22; A→B2 over peering/TGW ALLOW."""
    e = Pair()
    e.peered()
    endpoint = eice.connect_endpoint(e, e.sb, "10.0.1.40")
    e.online(e.ta)
    e.public(e.a, "198.51.100.7")
    block(e, "block-bidirectional")
    allow(e, f"can {endpoint} reach {e.a} port 22")
    allow(e, f"can {e.a} reach {e.b2} port 443")
    allow(e, f"can {e.b2} reach {e.a} port 443")
    deny(e, f"can internet reach {e.a} port 22", BPA)


@row("T-166")
def firewall_in_an_excluded_subnet() -> None:
    """BPA bidirectional; firewall subnet excluded, NFW in path: net→NFW→A DENY. Control: BPA off
    ALLOW; with a Gateway Load Balancer's endpoint in its place ALLOW."""
    e = fw.Guarded()
    e.fire(fw.policy(e, stateful=[fw.stateful(e, "pass tcp any any -> any any (sid:1;)")]))
    questions = (f"can internet reach {e.a} port 443", f"can {e.a} reach {NET} port 443")
    for question in questions:
        allow(e, question)
    block(e, "block-bidirectional")
    exclude(e, e.sf)
    for question in questions:
        deny(e, question, BPA)
    e = fw.Guarded()
    inspect = e.subnet(e.v1, "10.0.8.0/24", "a", name="inspect")
    appliance = e.instance("appliance", inspect, "10.0.8.5")
    gwlb = fw.appliances(e, {inspect: "10.0.8.40"}, [appliance])
    e.behind(e.endpoint_balancer(e.sf, "10.0.7.9", gwlb.service))
    block(e, "block-bidirectional")
    ways = (f"can internet reach {e.a} port 443", f"can {e.a} reach {NET} port 443")
    for way in ways:
        deny(e, way, BPA)
    exclude(e, e.sf)
    for way in ways:
        allow(e, way)
