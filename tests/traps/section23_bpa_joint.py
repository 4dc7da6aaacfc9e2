"""Section 23: Block Public Access together with balancers, connect endpoints and firewalls.

Each row is there as soon as the builder of what it is about is.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from tests.estate import Pair
from tests.estates.public_access import block, exclude
from tests.traps.rows import NET, allow, deny, row

BPA = "VPC_BLOCK_PUBLIC_ACCESS_ENABLED"


def builders(topic: str) -> Any:
    return import_module(f"tests.estates.{topic}")


def exists(topic: str) -> bool:
    return find_spec(f"tests.estates.{topic}") is not None


def balancer_with_one_excluded_subnet() -> None:
    """BPA bidirectional; LB subnets s1 excluded, s2 not; target in non-excluded subnet: net→LB
    ALLOW through s1. Control: DENY with neither excluded."""
    lb = builders("balancers")
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


def private_ways_in() -> None:
    """BPA bidirectional: EICE→A:22; A→B2 over peering/TGW ALLOW."""
    e = Pair()
    e.peered()
    endpoint = builders("access").connect_endpoint(e, e.sb, "10.0.1.40")
    e.online(e.ta)
    e.public(e.a, "198.51.100.7")
    block(e, "block-bidirectional")
    allow(e, f"can {endpoint} reach {e.a} port 22")
    allow(e, f"can {e.a} reach {e.b2} port 443")
    allow(e, f"can {e.b2} reach {e.a} port 443")
    deny(e, f"can internet reach {e.a} port 22", BPA)


def firewall_in_an_excluded_subnet() -> None:
    """BPA bidirectional; firewall subnet excluded, NFW in path: net→NFW→A DENY. Control: BPA off
    ALLOW; with a Gateway Load Balancer's endpoint in its place ALLOW."""
    fw = builders("firewall")
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


if exists("balancers"):
    row("T-163")(balancer_with_one_excluded_subnet)
if exists("access"):
    row("T-164")(private_ways_in)
if exists("firewall"):
    row("T-166")(firewall_in_an_excluded_subnet)
