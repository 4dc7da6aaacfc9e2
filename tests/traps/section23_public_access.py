"""Section 23: Block Public Access, encryption controls, pools routed in."""

from __future__ import annotations

from tests.estate import Pair
from tests.estates.public_access import block, encrypt, exclude, pool_on
from tests.traps.rows import EIP_A, NET, NET6, allow, deny, may, row

BPA = "VPC_BLOCK_PUBLIC_ACCESS_ENABLED"


@row("T-157")
def ingress_mode_and_nat() -> None:
    """BPA block-ingress; A behind NAT: A→net:443 ALLOW. Control: with a public address of its own,
    DENY both ways."""
    e = Pair()
    e.natted(e.ta)
    block(e, "block-ingress")
    allow(e, f"can {e.a} reach {NET} port 443")
    e.public(e.b, EIP_A)
    e.online(e.tb)
    deny(e, f"can {e.b} reach {NET} port 443", BPA)
    deny(e, f"can internet reach {e.b} port 443", BPA)


@row("T-158")
def excluded_client_and_nat_not() -> None:
    """BPA bidirectional; only A's private subnet excluded, its NAT's subnet not: A→net DENY."""
    e = Pair()
    e.natted(e.ta)
    block(e, "block-bidirectional")
    exclude(e, e.sa)
    deny(e, f"can {e.a} reach {NET} port 443", BPA)
    exclude(e, e.sn)
    allow(e, f"can {e.a} reach {NET} port 443")


@row("T-167")
def monitor_mode() -> None:
    """Encryption control mode monitor: any, unchanged. Control: enforce, without exclusions."""
    questions = ("can {a} reach {b} port 443", "can {a} reach {net} port 443")
    for mode in ("", "monitor", "enforce"):
        e = Pair(ipv6=True)
        e.peered()
        e.online(e.ta)
        e.public(e.a, EIP_A)
        if mode:
            encrypt(e, e.v1, mode)
        asked = [q.format(a=e.a, b=e.b2, net=net) for q in questions for net in (NET, NET6)]
        for question in asked:
            (deny if mode == "enforce" else allow)(e, question)
        allow(e, f"can {e.a} reach {e.b} port 443")


@row("T-182")
def pool_on_an_edge_table() -> None:
    """IGW edge BYOIP pool /28 → appliance ENI (check off); BPA with subnet-level exclusion:
    net→pool address DENY; VPC-level exclusion or BPA off: ALLOW."""
    e = Pair()
    gateway = e.online(e.ta)
    appliance = e.instance("appliance", e.sa, "10.0.0.9", check=False)
    edge = e.table(e.v1, edge=gateway)
    pool_on(e, edge, "203.0.113.16/28")
    e.route(edge, "203.0.113.16/28", appliance.eni)
    question = "can internet reach 203.0.113.20 port 443"
    may(e, question)
    block(e, "block-bidirectional")
    exclude(e, e.sa)
    deny(e, question, BPA)
    exclude(e, e.v1)
    may(e, question)
    appliance.eni.record["SourceDestCheck"] = True
    deny(e, question, "ENI_SOURCE_DEST_CHECK_RESTRICTION")
