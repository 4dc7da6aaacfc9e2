"""How a row of section 23 is said, and the rows that are said so far.

    @row("T-1")
    def group_reference_by_public_address() -> None:
        '''The row in its own words.'''
        e = Pair()
        ...
        deny(e, f"can {e.a} reach {EIP_B} port 22", *REFERENCE_LOST)

Rows live in the modules ``section23_*`` beside this one, which ``test_section23`` finds.  Verdicts
come from the rules, codes from the table under R-RA-5.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.estate import Estate, Id, Pair, codes, tell

# Codes that stand for one thing, seen from two sides.
GROUP = {"ENI_SG_RULES_MISMATCH", "SG_HAS_NO_RULES"}
REFERENCE_LOST = {"ENI_SG_RULES_MISMATCH", "SG_REFERENCES_NOT_PRESERVED"}
ACL = {"SUBNET_ACL_RESTRICTION"}
NO_ROUTE = {"NO_ROUTE_TO_DESTINATION", "CANNOT_ROUTE"}
BAD_STATE = {"BAD_STATE", "BAD_STATE_ROUTE", "BAD_STATE_ATTACHMENT"}
CHECKED = {"ENI_SOURCE_DEST_CHECK_RESTRICTION", "ENI_ADDRESS_RESTRICTION"}
NO_ENTRY = {"IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS"}
NO_EXIT = {"IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS"}

EIP_A, EIP_B = "198.51.100.7", "198.51.100.8"
NET, NET6 = "8.8.8.8", "2606:4700:4700::1111"
IN_S3 = "52.216.1.10"


def verdict(e: Estate, question: str, expected: str, one_way: bool = False) -> Any:
    answer = e.ask(question, one_way=one_way)
    assert answer.verdict == expected, (
        f"{question}{' (one way)' if one_way else ''}: {expected} expected\n  {tell(answer)}"
    )
    return answer


def allow(e: Estate, question: str, one_way: bool = False) -> Any:
    return verdict(e, question, "reachable", one_way)


def deny(e: Estate, question: str, *any_code: str, one_way: bool = False) -> Any:
    """Unreachable, and one of these codes is among the explanations."""
    answer = verdict(e, question, "unreachable", one_way)
    assert answer.explanations, f"{question}: an unreachable answer names no blocker"
    assert not any_code or codes(answer) & set(any_code), (
        f"{question}: {any_code} expected\n  {tell(answer)}"
    )
    return answer


def may(e: Estate, question: str, one_way: bool = False) -> Any:
    """Possible, not guaranteed: reachable, and the answer says on what assumption."""
    answer = verdict(e, question, "reachable", one_way)
    assert answer.assumptions, f"{question}: a may without its assumption"
    assert all(assumption.text for assumption in answer.assumptions)
    return answer


def unknown(e: Estate, question: str, *names: str, one_way: bool = False) -> Any:
    answer = verdict(e, question, "undecided", one_way)
    assert answer.reason, f"{question}: undecided without a reason"
    for name in names:
        assert name in str(answer.reason), (
            f"{question}: the reason does not name {name}\n  {tell(answer)}"
        )
    return answer


Row = Callable[[], None]
ROWS: dict[str, Row] = {}


def row(number: str) -> Callable[[Row], Row]:
    def add(function: Row) -> Row:
        assert number not in ROWS
        ROWS[number] = function
        return function

    return add


# ------------------------------ parts of topologies


def virtual_gateway(e: Pair) -> Id:
    """A virtual private gateway on V1, with a static VPN."""
    vgw = e.make("vgw", e.home, None)
    vgw.record.update(AmazonSideAsn=64512, State="available", Type="ipsec.1", VpnGatewayId=str(vgw))
    vgw.record["VpcAttachments"] = [{"State": "attached", "VpcId": str(e.v1)}]
    return e.put("VpnGateways", vgw)


def transit_gateway(e: Pair) -> Id:
    tgw = e.make("tgw", e.home, None)
    arn = f"arn:aws:ec2:us-east-1:{e.home[0]}:transit-gateway/{tgw}"
    tgw.record.update(
        OwnerId=e.home[0],
        State="available",
        TransitGatewayArn=arn,
        TransitGatewayId=str(tgw),
        Options={},
    )
    return e.put("TransitGateways", tgw)


def nat_over_peering(rule: str) -> tuple[Pair, Id]:
    """A behind a NAT gateway whose subnet routes V2 to the peering; V2 has no way back; SG(B2) has
    one rule."""
    e = Pair()
    e.peered(back=False)
    nat = e.natted()
    e.route(e.tn, "10.2.0.0/16", e.pcx)
    e.route(e.ta, "10.2.0.0/16", nat)
    group = e.group(e.v2, ingress=[rule])
    e.wear(e.b2, group)
    return e, group


def bastion(
    check: bool = False,
    public: str | None = "198.51.100.30",
    state: str = "running",
    through: bool = True,
) -> tuple[Pair, Id]:
    """V1 with an edge table that sends SB's inbound internet traffic to an appliance in SP.

    SB's own way out is the appliance too, unless `through` is false: then it is the gateway.
    """
    e = Pair()
    e.public(e.b, EIP_B)
    sp = e.subnet(e.v1, "10.0.5.0/24", name="sp")
    gateway = e.online(e.table(e.v1, [sp], name="tp"))
    appliance = e.instance("appliance", sp, "10.0.5.9", public=public, check=check, state=state)
    e.route(e.table(e.v1, edge=gateway, name="edge"), "10.0.1.0/24", appliance.eni)
    e.route(e.tb, "0.0.0.0/0", appliance.eni if through else gateway)
    return e, appliance
