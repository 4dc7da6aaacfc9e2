"""Where AWS's documentation is open: each reading of an option, and that the answer says so."""

from __future__ import annotations

from typing import Any

import pytest

import reach
from tests.aws.ground import at, dropped, ground, packet
from tests.estate import Estate, Id, Pair, Record, codes, said, tell
from tests.traps.rows import GROUP, NET

EVERY: Record = {"SecurityGroupReferencingSupport": "enable"}


# The reply to a private client follows the default route, to the gateway it came in by.
OUT_AGAIN = "IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS"


def ask(e: Estate, question: str, **options: str) -> Any:
    chosen = {name.replace("_", "-"): value for name, value in options.items()}
    return reach.ask(e.load(), question, options=chosen)


def holds(e: Estate, question: str, verdict: str, *any_code: str, **options: str) -> Any:
    answer = ask(e, question, **options)
    assert answer.verdict == verdict, f"{question} {options}: {verdict} expected\n  {tell(answer)}"
    assert not any_code or codes(answer) & set(any_code), tell(answer)
    return answer


def hangs(answer: Any, name: str, value: str) -> bool:
    """Whether the answer says that it hangs on this reading."""
    return any(f"{name}={value}" in text for text in said(answer))


def hub(
    e: Estate, places: dict[Id, list[Id]], routes: dict[str, Id], references: bool = False
) -> Id:
    """A transit gateway with one table; VPCs are attached by subnets, prefixes lead to VPCs."""
    account, region = e.home
    tgw, table = e.make("tgw", e.home, None), e.make("tgw-rtb", e.home, None)
    support = {"SecurityGroupReferencingSupport": "enable" if references else "disable"}
    arn = f"arn:aws:ec2:{region}:{account}:transit-gateway/{tgw}"
    calls = e.scope(e.home)
    own = {"TransitGatewayId": str(tgw), "State": "available"}
    calls["TransitGateways"].append(
        {**own, "OwnerId": account, "TransitGatewayArn": arn, "Options": support}
    )
    calls["TransitGatewayRouteTables"].append({**own, "TransitGatewayRouteTableId": str(table)})
    attached = {}
    for vpc, subnets in places.items():
        name = attached[vpc] = e.fresh("tgw-attach")
        ours = {**own, "TransitGatewayAttachmentId": name}
        calls["TransitGatewayVpcAttachments"].append(
            {**ours, "VpcId": str(vpc), "SubnetIds": list(map(str, subnets)), "Options": EVERY}
        )
        calls["TransitGatewayAttachments"].append(
            {
                **ours,
                "TransitGatewayOwnerId": account,
                "ResourceOwnerId": account,
                "ResourceType": "vpc",
                "ResourceId": str(vpc),
                "Association": {
                    "TransitGatewayRouteTableId": str(table),
                    "State": "associated",
                },
            }
        )
    listed = [
        {
            "DestinationCidrBlock": prefix,
            "Type": "static",
            "State": "active",
            "TransitGatewayAttachments": [
                {
                    "ResourceId": str(vpc),
                    "ResourceType": "vpc",
                    "TransitGatewayAttachmentId": attached[vpc],
                }
            ],
        }
        for prefix, vpc in routes.items()
    ]
    answer = {"TransitGatewayRouteTableId": str(table), "Routes": listed}
    calls.setdefault("TransitGatewayRoutes", []).append(answer)
    e.ids[tgw] = tgw
    return tgw


# ------------------------------ U-4: nat-from-transit


class Egress(Pair):
    """V2 has no way out of its own; V1, on the same transit gateway, has a NAT gateway."""

    def __init__(self, back: bool = True) -> None:
        super().__init__()
        self.second()
        self.st = self.subnet(self.v1, "10.0.8.0/24", "a", name="attached")
        self.tt = self.table(self.v1, [self.st], name="tt")
        self.natted(self.tt)
        places = {self.v1: [self.st], self.v2: [self.s2]}
        self.tgw = hub(self, places, {"0.0.0.0/0": self.v1, "10.2.0.0/16": self.v2})
        self.route(self.t2, "0.0.0.0/0", self.tgw)
        if back:
            self.route(self.tn, "10.2.0.0/16", self.tgw)


def test_a_nat_gateway_serves_what_a_transit_gateway_brings() -> None:
    """U-4, R-NAT-7: by default; the other reading refuses it, and either is said."""
    e = Egress()
    question = f"can {e.b2} reach {NET} port 443"
    assert hangs(holds(e, question, "reachable"), "nat-from-transit", "allow")
    answer = holds(
        e, question, "unreachable", "NGW_REQUIRES_SOURCE_IN_VPC", nat_from_transit="deny"
    )
    assert hangs(answer, "nat-from-transit", "deny")


def test_its_own_vpc_hangs_on_nothing() -> None:
    e = Egress()
    e.route(e.ta, "0.0.0.0/0", next(i for i in e.ids if i.startswith("nat-")))
    answer = holds(e, f"can {e.a} reach {NET} port 443", "reachable", nat_from_transit="deny")
    assert not any("nat-from-transit" in text for text in said(answer))


def test_the_reply_needs_a_route_back_to_the_transit_gateway() -> None:
    """R-NAT-9: from the NAT gateway's own subnet."""
    e = Egress(back=False)
    holds(e, f"can {e.b2} reach {NET} port 443", "unreachable", OUT_AGAIN)


def test_an_appliance_before_the_nat_gateway() -> None:
    """R-NAT-7: inspected on the way, it has come in by the transit gateway all the same."""
    e = Egress()
    inspect = e.subnet(e.v1, "10.0.7.0/24", "a", name="inspect")
    appliance = e.instance("appliance", inspect, "10.0.7.9", check=False)
    nat = next(i for i in e.ids if i.startswith("nat-"))
    e.route(e.table(e.v1, [inspect], name="ti"), "0.0.0.0/0", e.ids[nat])
    e.route(e.tt, "0.0.0.0/0", appliance.eni)
    holds(e, f"can {e.b2} reach {NET} port 443", "reachable")


def test_without_a_transit_gateway_a_foreign_source_is_refused() -> None:
    """R-NAT-7: what an appliance passes on is not of the VPC; nothing else could bring it."""
    e = Pair()
    nat = e.natted()
    appliance = e.instance("router", e.sb, "10.0.1.9", check=False)
    e.route(e.tb, "0.0.0.0/0", nat)
    g = reach.ask(e.load(), f"can {appliance} reach {NET} port 443")
    assert g.verdict == "reachable"
    clients = f"nat_gateway/{nat}/clients"
    trace = at(ground(e), clients, packet("192.168.5.5", NET))
    assert dropped(trace) == (nat, "NGW_REQUIRES_SOURCE_IN_VPC")
    assert trace.origin.option == ""


@pytest.mark.parametrize(
    ("state", "verdict"), [("available", "reachable"), ("deleted", "unreachable")]
)
def test_an_attachment_that_is_gone(state: str, verdict: str) -> None:
    e = Egress()
    for each in e.scope(e.home)["TransitGatewayVpcAttachments"]:
        each["State"] = state
    holds(e, f"can {e.b2} reach {NET} port 443", verdict)


def test_a_regional_nat_gateway_for_a_transit_gateway() -> None:
    """R-NAT-12: its own table has the way back."""
    for back in (True, False):
        e = Egress()
        regional = e.regional_nat(e.v1, {"a": "198.51.100.60"}, e.online())
        e.route(e.tt, "0.0.0.0/0", regional)
        if back:
            e.route(regional.table, "10.2.0.0/16", e.tgw)
        question = f"can {e.b2} reach {NET} port 443"
        verdict = "reachable" if back else "unreachable"
        holds(e, question, verdict, *([] if back else [OUT_AGAIN]))
        e.route(e.ta, "0.0.0.0/0", regional)
        holds(e, f"can {e.a} reach {NET} port 443", "reachable")


# ------------------------------ U-1: regional-nat-zone


@pytest.mark.parametrize(
    ("automatic", "read", "verdict"),
    [
        (False, "by-mode", "unreachable"),
        (True, "by-mode", "reachable"),
        (False, "deny", "unreachable"),
        (True, "deny", "unreachable"),
        (False, "may", "reachable"),
        (True, "may", "reachable"),
    ],
)
def test_a_zone_that_a_regional_nat_gateway_does_not_cover(
    automatic: bool, read: str, verdict: str
) -> None:
    """U-1, R-NAT-13: SB stands in zone b, the gateway in zone a."""
    e = Pair()
    nat = e.regional_nat(e.v1, {"a": "198.51.100.60"}, e.online(), automatic)
    for table in (e.ta, e.tb):
        e.route(table, "0.0.0.0/0", nat)
    code = ["REGIONAL_NGW_ROUTE_AZ_RESTRICTION"] if verdict == "unreachable" else []
    answer = holds(e, f"can {e.b} reach {NET} port 443", verdict, *code, regional_nat_zone=read)
    assert hangs(answer, "regional-nat-zone", read)
    assert bool(answer.assumptions) is (verdict == "reachable")
    answer = holds(e, f"can {e.a} reach {NET} port 443", "reachable", regional_nat_zone=read)
    assert not answer.assumptions


# ------------------------------ U-7: peering-source


def test_a_source_that_is_not_of_the_sending_vpc() -> None:
    """U-7: an appliance in V2 passes on what V3 sent it; V1 answers by way of V2."""
    e = Pair()
    e.peered()
    v3 = e.vpc("10.3.0.0/16", name="v3")
    s3 = e.subnet(v3, "10.3.0.0/24")
    b3 = e.instance("b3", s3, "10.3.0.5")
    tgw = hub(e, {v3: [s3], e.v2: [e.s2]}, {"10.0.0.0/16": e.v2, "10.3.0.0/16": v3})
    e.route(v3.table, "10.0.0.0/16", tgw)
    e.route(e.t2, "10.3.0.0/16", tgw)
    question = f"can {b3} reach {e.a} port 443"
    code = "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR"
    answer = reach.ask(e.load(), question, one_way=True)
    assert (answer.verdict, codes(answer)) == ("unreachable", {code})
    assert hangs(answer, "peering-source", "check")
    answer = reach.ask(e.load(), question, one_way=True, options={"peering-source": "any"})
    assert answer.verdict == "reachable"
    assert hangs(answer, "peering-source", "any")
    answer = ask(e, f"can {e.b2} reach {e.a} port 443", peering_source="any")
    assert (answer.verdict, answer.notes) == ("reachable", ())


# ------------------------------ U-10: associated-group


def associated(references: bool = False) -> tuple[Pair, Id]:
    """V1 and V2 on one transit gateway; a group of V1, in use in V2 too, lets itself in and out."""
    e = Pair()
    e.second()
    both = e.group(e.v1, ["tcp/443 self"], ["tcp/443 self"], name="both")
    e.associate_group(both, e.v2)
    e.wear(e.a, both)
    e.wear(e.b2, both)
    routes = {"10.0.0.0/16": e.v1, "10.2.0.0/16": e.v2}
    tgw = hub(e, {e.v1: [e.sa], e.v2: [e.s2]}, routes, references)
    e.route(e.ta, "10.2.0.0/16", tgw)
    e.route(e.t2, "10.0.0.0/16", tgw)
    return e, both


def test_an_associated_group_joins_no_vpcs() -> None:
    """U-10, R-SG-31: over a transit gateway the way out is not referred to (R-SG-15); where an
    associated group joins the VPCs it is."""
    e, _ = associated(references=True)
    question = f"can {e.a} reach {e.b2} port 443"
    answer = holds(e, question, "unreachable", *GROUP)
    assert hangs(answer, "associated-group", "path")
    answer = holds(e, question, "reachable", associated_group="any")
    assert hangs(answer, "associated-group", "any")


def test_an_associated_group_where_no_identity_survives() -> None:
    """R-SG-20: on the way in the packet must still carry its sender's groups, in any reading."""
    e, both = associated()
    e.permit(both, "tcp/443 10.2.0.0/16", egress=True)
    question = f"can {e.a} reach {e.b2} port 443"
    holds(e, question, "unreachable", *GROUP)
    holds(e, question, "unreachable", *GROUP, associated_group="any")


def test_over_a_peering_the_option_is_silent() -> None:
    """R-SG-15: a peering joins both VPCs, both ways."""
    e = Pair()
    e.peered()
    both = e.group(e.v1, ["tcp/443 self"], ["tcp/443 self"], name="both")
    e.associate_group(both, e.v2)
    e.wear(e.a, both)
    e.wear(e.b2, both)
    answer = holds(e, f"can {e.a} reach {e.b2} port 443", "reachable")
    assert answer.notes == ()


# ------------------------------ U-11: group-reference-ipv6


@pytest.mark.parametrize("outbound", [False, True])
def test_a_reference_and_ipv6(outbound: bool) -> None:
    """U-11: inbound by identity, outbound by address; IPv4 hangs on nothing."""
    e = Pair(ipv6=True)
    ga, gb = e.group(e.v1, name="ga"), e.group(e.v1, name="gb")
    if outbound:
        e.wear(e.a, e.group(e.v1, egress=[f"tcp/443 {gb}"], name="out"))
        e.wear(e.b, gb)
    else:
        e.wear(e.a, ga)
        e.wear(e.b, e.group(e.v1, [f"tcp/443 {ga}"], name="in"))
    six, four = f"can {e.a} reach {e.b.ip6} port 443", f"can {e.a} reach {e.b.ip} port 443"
    assert hangs(holds(e, six, "reachable"), "group-reference-ipv6", "match")
    assert holds(e, four, "reachable").notes == ()
    answer = holds(e, six, "unreachable", *GROUP, group_reference_ipv6="no-match")
    assert hangs(answer, "group-reference-ipv6", "no-match")
    assert holds(e, four, "reachable", group_reference_ipv6="no-match").notes == ()


def test_another_rule_decides_for_ipv6() -> None:
    """A block that lets the packet in decides, whatever a reference would."""
    e = Pair(ipv6=True)
    ga = e.group(e.v1, name="ga")
    e.wear(e.a, ga)
    e.wear(e.b, e.group(e.v1, [f"tcp/443 {ga}", "tcp/443 2600:1f18:1a00:100::/64"], name="in"))
    six = f"can {e.a} reach {e.b.ip6} port 443"
    holds(e, six, "reachable", group_reference_ipv6="no-match")


# ------------------------------ two groups, one in doubt


def test_a_doubt_in_one_group_and_a_permit_in_another() -> None:
    """R-SG-1: the union of all groups; what one does not tell, another may settle."""
    e = Pair()
    listed = e.prefix_list("192.0.2.0/24")
    first = e.group(e.v1, [f"tcp/443 {listed}"], name="first")
    second = e.group(e.v1, ["tcp/443 10.0.0.0/16"], name="second")
    question = f"can {e.a} reach {e.b} port 443"
    for worn in ((first, second), (second, first)):
        e.wear(e.b, *worn)
        e.dropped = {"ManagedPrefixListEntries"}
        holds(e, question, "reachable")
    e.wear(e.b, first)
    holds(e, question, "undecided")
