"""Attachments of VPCs to transit gateways: which zones may send, and where a packet comes out."""

from __future__ import annotations

from typing import Any

import pytest

import reach
from reach.trace import Fate, Trace
from tests.aws.ground import (
    answered,
    arrived,
    at,
    dropped,
    ground,
    nodes,
    packet,
    passed,
    plain,
    replied,
    sent,
    stages,
    tell,
)
from tests.estate import Estate, Id, Pair, zone_id
from tests.estates.transit import Hub, attach, joined, static, table, transit_gateway

ASTRAY = "TGW_ROUTE_AZ_RESTRICTION"
PART = "transit_gateway_vpc_attachment"


def hub(subnets: str = "a", **options: Any) -> tuple[Pair, Hub]:
    """V1 attached by a subnet of its own in each of these zones, V2 by S2 in zone a."""
    e = Pair()
    own = [e.subnet(e.v1, f"10.0.{8 + i}.0/28", zone) for i, zone in enumerate(subnets)]
    return e, joined(e, own, **options)


def ask(e: Estate, question: str, **chosen: str) -> Any:
    options = {name.replace("_", "-"): value for name, value in chosen.items()}
    return reach.ask(e.load(), question, options=options)


# ------------------------------ there and back


def test_there_and_back() -> None:
    """R-TGW-9, R-TGW-17: addresses unchanged, out by the subnet of the zone, back the same way."""
    e, h = hub("a")
    g = ground(e)
    there = sent(g, e.a, packet(e.a.ip, e.b2.ip))
    assert there.final._replace(identity=0) == packet(e.a.ip, e.b2.ip)
    assert answered(g, there, e.b2.ip)
    assert [n for n in nodes(there) if n.startswith("transit")] == [
        f"{PART}/{h.one}/zone use1-az1",
        f"transit_gateway/{h.one}/in {h.tgw} use1-az1",
        f"transit_gateway_route_table/{h.tgw.table}/enter {h.tgw} {h.one} use1-az1",
        f"transit_gateway_route_table/{h.tgw.table}/lookup {h.tgw} use1-az1",
        f"transit_gateway/{h.two}/out {h.tgw} use1-az1",
        f"{PART}/{h.two}/leave use1-az1",
        f"{PART}/{h.two}/exit {e.s2}",
    ]
    assert (h.tgw.table, "propagated route 10.2.0.0/16") in passed(there)
    assert (h.tgw.table, "propagated route 10.0.0.0/16") in passed(replied(g, there))


def test_the_table_of_the_subnet_it_comes_out_by() -> None:
    """R-TGW-9, R-RT-3: that table takes the packet on; another one of the VPC does not."""
    e, _ = hub("a")
    sn = e.subnet(e.v2, "10.2.9.0/24", "a")
    odd = e.instance("odd", sn, "10.2.9.5", check=False)
    e.route(e.v2.table, "10.2.0.0/24", odd.eni)
    assert answered(ground(e), sent(ground(e), e.a, packet(e.a.ip, e.b2.ip)), e.b2.ip)
    x = e.subnet(e.v2, "10.2.8.0/28", "a")
    e.table(e.v2, [x])
    e.scopes[e.home]["TransitGatewayVpcAttachments"][1]["SubnetIds"] = [str(x)]
    steered = e.scopes[e.home]["RouteTables"][-1]
    steered["Routes"].append(
        {
            "DestinationCidrBlock": "10.2.0.0/24",
            "NetworkInterfaceId": str(odd.eni),
            "State": "active",
            "Origin": "CreateRoute",
        }
    )
    there = sent(ground(e), e.a, packet(e.a.ip, e.b2.ip))
    assert f"network_interface/{odd.eni}/routed" in nodes(there)


def test_its_interfaces_answer_nothing() -> None:
    """R-TGW-17: a packet to an attachment's own address, and a question about one as a source."""
    e, _ = hub("a")
    eni = next(
        i
        for i in e.scopes[e.home]["NetworkInterfaces"]
        if i["SubnetId"] == e.s2 and i["InterfaceType"] == "transit_gateway"
    )
    question = f"can {e.a} reach {eni['PrivateIpAddress']} icmp"
    answer = e.ask(question)
    assert (answer.verdict, answer.explanations[0].resource) == (
        "unreachable",
        eni["NetworkInterfaceId"],
    )
    assert e.ask(f"can {eni['NetworkInterfaceId']} reach {e.a} icmp").verdict == "unreachable"
    gb = e.group(e.v2, ingress=["tcp/80 any"])
    e.wear(e.b2, gb)
    assert e.ask(f"can {e.a} reach {e.v2} port 22").verdict == "unreachable"


# ------------------------------ who may send


def test_nodes_of_the_way_in() -> None:
    """R-TGW-2: from the attachment's own subnet, from its zone, from elsewhere."""
    e, h = hub("a")
    g = ground(e)
    onward = f"transit_gateway/{h.one}/in {h.tgw} use1-az1"
    forget = ["any packet: identity 0"]
    for part in ("own", "zone"):
        node = f"{PART}/{h.one}/{part} use1-az1"
        assert plain(stages(g, node)) == [forget, [f"any packet -> {onward}", "else drop"]]
    refused = f"{ASTRAY} ({h.one} zone)"
    assert plain(stages(g, f"{PART}/{h.one}/astray use1-az2")) == [
        [f"else deny {refused}"],
        [f"else drop {refused}"],
    ]


def test_a_zone_without_a_subnet() -> None:
    """R-TGW-10: a packet reaches an instance there, by another zone; its reply gets nowhere."""
    e, h = hub("a")
    g = ground(e)
    assert dropped(sent(g, e.b, packet(e.b.ip, e.b2.ip))) == (h.one, ASTRAY)
    there = sent(g, e.b2, packet(e.b2.ip, e.b.ip))
    assert arrived(there, e.b.ip)
    assert dropped(replied(g, there)) == (h.one, ASTRAY)
    answer = e.ask(f"can {e.b2} reach {e.b} port 80")
    assert (answer.verdict, answer.explanations[0].code) == ("unreachable", ASTRAY)


def test_only_the_attachment_subnets() -> None:
    """U-3: read narrowly, other subnets of the zone do not send; an answer that hangs on it says
    so."""
    e, _ = hub("a")
    question = f"can {e.a} reach {e.b2} port 80"
    widely, narrowly = ask(e, question), ask(e, question, transit_gateway_sender="subnet")
    assert (widely.verdict, narrowly.verdict) == ("reachable", "unreachable")
    assert narrowly.explanations[0].code == ASTRAY
    for answer in (widely, narrowly):
        assert [note.resource for note in answer.notes] == ["transit-gateway-sender"]
    e = Pair()
    joined(e, [e.sa])
    for chosen in ("zone", "subnet"):
        answer = ask(e, question, transit_gateway_sender=chosen)
        assert (answer.verdict, answer.notes) == ("reachable", ())


def test_zones_by_id() -> None:
    """R-AZ-1: the ids count and not the names, which every account gives in its own way."""
    e, h = hub("a")
    e.sa.record["AvailabilityZone"] = "us-east-1c"
    e.sb.record["AvailabilityZone"] = "us-east-1a"
    g = ground(e)
    assert answered(g, sent(g, e.a, packet(e.a.ip, e.b2.ip)), e.b2.ip)
    assert dropped(sent(g, e.b, packet(e.b.ip, e.b2.ip))) == (h.one, ASTRAY)


def without_ids(e: Estate) -> None:
    for calls in e.scopes.values():
        for subnet in calls["Subnets"]:
            del subnet["AvailabilityZoneId"]


def test_zones_by_name() -> None:
    """R-AZ-1: where no id is printed, names tell within one account; describe-availability-zones
    gives the ids."""
    for drop in ((), ("AvailabilityZones",)):
        e, h = hub("a")
        without_ids(e)
        e.drop(*drop)
        g = ground(e)
        assert answered(g, sent(g, e.a, packet(e.a.ip, e.b2.ip)), e.b2.ip)
        assert dropped(sent(g, e.b, packet(e.b.ip, e.b2.ip))) == (h.one, ASTRAY)


def test_zone_names_of_two_accounts() -> None:
    """R-AZ-1: between the names of two accounts nothing can be told of the zone of the exit."""
    e = Pair()
    e.second(account="444455556666")
    x = e.subnet(e.v2, "10.2.8.0/28", "b")
    h = joined(e)
    e.scopes[h.tgw.scope]["TransitGatewayVpcAttachments"][1]["SubnetIds"] = [str(e.s2), str(x)]
    assert e.ask(f"can {e.a} reach {e.b2} port 80").verdict == "reachable"
    without_ids(e)
    e.drop("AvailabilityZones")
    answer = e.ask(f"can {e.a} reach {e.b2} port 80")
    assert answer.verdict == "undecided"
    assert h.two in answer.reason


def local_zone(e: Estate, parent: str | None = "us-east-1a") -> None:
    """us-east-1-bos-1a, as describe-availability-zones prints a Local Zone."""
    zone = {
        "GroupName": "us-east-1-bos-1",
        "NetworkBorderGroup": "us-east-1-bos-1",
        "OptInStatus": "opted-in",
        "RegionName": "us-east-1",
        "State": "available",
        "ZoneId": "use1-bos1-az1",
        "ZoneName": "us-east-1-bos-1a",
        "ZoneType": "local-zone",
    }
    if parent is not None:
        zone |= {"ParentZoneName": parent, "ParentZoneId": zone_id("us-east-1", parent[-1])}
    e.add("AvailabilityZones", zone)


def in_local_zone(e: Pair) -> None:
    e.sa.record.update(AvailabilityZone="us-east-1-bos-1a", AvailabilityZoneId="use1-bos1-az1")


def test_a_local_zone_counts_as_its_parent() -> None:
    """R-TGW-21: by the attachment subnet of the zone that it hangs on."""
    e, h = hub("a")
    in_local_zone(e)
    local_zone(e)
    g = ground(e)
    there = sent(g, e.a, packet(e.a.ip, e.b2.ip))
    assert f"transit_gateway/{h.one}/in {h.tgw} use1-az1" in nodes(there)
    assert answered(g, there, e.b2.ip)
    e, h = hub("b")
    in_local_zone(e)
    local_zone(e)
    assert dropped(sent(ground(e), e.a, packet(e.a.ip, e.b2.ip))) == (h.one, ASTRAY)


def test_a_local_zone_whose_parent_is_not_told() -> None:
    """Law 2: the parent may be a zone of the attachment or not."""
    for listed in (True, False):
        e, h = hub("a")
        in_local_zone(e)
        if listed:
            local_zone(e, parent=None)
        answer = e.ask(f"can {e.a} reach {e.b2} port 80")
        assert (answer.verdict, h.one in answer.reason) == ("undecided", True)


def test_from_a_regional_nat_gateway() -> None:
    """R-NAT-12: its table is no subnet's, so by which zone it comes is an assumption."""
    e = Pair()
    h = joined(e)
    nat = e.regional_nat(e.v1, {"a": "198.51.100.20"}, e.igw(e.v1))
    e.route(nat.table, "10.2.0.0/16", h.tgw)
    g = ground(e)
    entry = f"{PART}/{h.one}/anywhere"
    table = plain(stages(g, f"route_table/{nat.table}/alone"))[0]
    assert f"destination 10.2.0.0/16 -> {entry}" in table
    assert plain(stages(g, entry)) == [
        [
            f"may -> subnet/{e.sa}/arrive {PART}/{h.one}/own use1-az1",
            f"may -> subnet/{e.sb}/arrive {PART}/{h.one}/own use1-az2",
        ]
    ]


# ------------------------------ network ACLs


def test_acls_between_two_subnets() -> None:
    """R-NACL-12: outward of the sender and inward of the attachment's; then outward of the
    attachment's and inward of the receiver."""
    e, _ = hub("a")
    g = ground(e)
    there = sent(g, e.a, packet(e.a.ip, e.b2.ip))
    own = e.scopes[e.home]["TransitGatewayVpcAttachments"][0]["SubnetIds"][0]
    assert borders(there) == [(e.sa, "leave"), (own, "arrive")]  # V2's attachment is in S2 itself
    assert borders(replied(g, there)) == [
        (e.s2, "leave"),
        (e.s2, "arrive"),  # from its own subnet, and all the same (R-NACL-13)
        (own, "leave"),
        (e.sa, "arrive"),
    ]


def borders(trace: Trace) -> list[tuple[str, str]]:
    """The borders of subnets that a packet passed, in order."""
    names = (name.split(" ")[0].split("/") for name in nodes(trace) if name.startswith("subnet/"))
    return [(subnet, part) for _, subnet, part in names if part in ("leave", "arrive")]


def test_nothing_is_passed_within_the_attachment_subnet_on_the_way_out() -> None:
    """R-NACL-13: an ACL that denies everything does not stop what comes out in its own subnet."""
    e, _ = hub("a")
    e.acl(e.v2, [e.s2], ingress=[], egress=[])
    assert arrived(sent(ground(e), e.a, packet(e.a.ip, e.b2.ip)), e.b2.ip)
    e.acl(e.v1, [e.sa], ingress=[], egress=["100 allow all 0.0.0.0/0"])
    assert arrived(sent(ground(e), e.a, packet(e.a.ip, e.b2.ip)), e.b2.ip)


# ------------------------------ where it comes out


def two_zones(appliance: bool, zones: str = "ab") -> tuple[Pair, Hub, list[Id]]:
    """V2 attached by a subnet in each of these zones."""
    e = Pair()
    e.second()
    own = [e.subnet(e.v2, f"10.2.{8 + i}.0/28", zone) for i, zone in enumerate(zones)]
    tgw = transit_gateway(e)
    one = attach(e, tgw, e.v1, [e.sa, e.sb])
    two = attach(e, tgw, e.v2, own, appliance=appliance)
    for routed in (e.ta, e.tb):
        e.route(routed, "10.2.0.0/16", tgw)
    e.route(e.t2, "10.0.0.0/16", tgw)
    return e, Hub(tgw, one, two), own


def test_by_the_zone_it_came_from() -> None:
    """R-TGW-8: a certain way, with nothing assumed."""
    e, h, own = two_zones(False)
    g = ground(e)
    for sender, subnet in ((e.a, own[0]), (e.b, own[1])):
        there = sent(g, sender, packet(sender.ip, e.b2.ip))
        assert f"{PART}/{h.two}/exit {subnet}" in nodes(there)
        assert there.choices == ()


def test_by_any_one_else() -> None:
    """R-TGW-8: with no subnet in the packet's zone, the choice is an assumption."""
    e, h, own = two_zones(False, "bc")
    g = ground(e)
    assert plain(stages(g, f"{PART}/{h.two}/leave use1-az1"))[1] == [
        f"may -> {PART}/{h.two}/exit {own[0]}",
        f"may -> {PART}/{h.two}/exit {own[1]}",
    ]
    answer = e.ask(f"can {e.a} reach {e.b2} port 80")
    assert answer.verdict == "unreachable"  # B2 is in zone a, from which nothing gets back
    answer = e.ask(f"can {e.a} reach {e.b2} port 80", one_way=True)
    assert "no subnet in the packet's own zone" in answer.assumptions[0].text


def test_the_only_subnet_is_certain() -> None:
    """R-TGW-8: with one subnet there is nothing to choose."""
    e, _ = hub("ab")
    answer = e.ask(f"can {e.b} reach {e.b2} port 80")
    assert (answer.verdict, answer.assumptions) == ("reachable", ())


def test_appliance_mode() -> None:
    """R-TGW-8, R-TGW-18: any one of the zones for a flow, the same for its reply."""
    e, h, own = two_zones(True)
    g = ground(e)
    leave = plain(stages(g, f"{PART}/{h.two}/leave use1-az1"))
    assert leave[1:] == [
        [f"reply any packet -> {PART}/{h.two}/exit {subnet}" for subnet in own],
        [f"may -> {PART}/{h.two}/exit {subnet}" for subnet in own],
    ]
    assert plain(stages(g, f"{PART}/{h.two}/exit {own[0]}"))[0] == [
        f"session {PART} {h.two} {own[0]}",
        "else permit",
    ]
    answer = e.ask(f"can {e.a} reach {e.b2} port 80")
    assert "in appliance mode" in answer.assumptions[0].text


def inspected(appliance: bool, works_there: str, works_back: str) -> Pair:
    """V1 and V2 by way of V3 and back into the gateway: each zone of V3 lets V1's packets pass, or
    V2's replies."""
    e = Pair()
    e.second()
    v3 = e.vpc("10.3.0.0/16", name="v3")
    zones = {zone: e.subnet(v3, f"10.3.{i}.0/28", zone) for i, zone in enumerate("ab")}
    tgw = transit_gateway(e)
    outer, inner = tgw.table, table(e, tgw, "inspected")
    attach(e, tgw, e.v1, [e.sa, e.sb], into=[inner])
    attach(e, tgw, e.v2, [e.s2], into=[inner])
    three = attach(e, tgw, v3, list(zones.values()), table=inner, into=[], appliance=appliance)
    static(e, outer, "0.0.0.0/0", three)
    for place in (e.ta, e.tb, e.t2):
        e.route(place, "10.0.0.0/8", tgw)
    for zone, subnet in zones.items():
        steered = e.table(v3, [subnet])
        if zone in works_there:
            e.route(steered, "10.2.0.0/16", tgw)
        if zone in works_back:
            e.route(steered, "10.0.0.0/16", tgw)
    return e


@pytest.mark.parametrize(
    ("there", "back", "expected"),
    [("ab", "ab", "reachable"), ("a", "a", "reachable"), ("a", "b", "unreachable")],
)
def test_a_flow_keeps_its_zone(there: str, back: str, expected: str) -> None:
    """R-TGW-18: no flow whose reply would have to come out in another zone gets through."""
    e = inspected(True, there, back)
    assert e.ask(f"can {e.a} reach {e.b2} port 80").verdict == expected


def test_without_appliance_mode_each_way_has_its_own_zone() -> None:
    """R-TGW-18: the packet comes out where the sender is, the reply where the receiver is."""
    e = inspected(False, "b", "a")
    assert e.ask(f"can {e.b} reach {e.b2} port 80").verdict == "reachable"  # from zone b to a
    assert e.ask(f"can {e.a} reach {e.b2} port 80").verdict == "unreachable"


# ------------------------------ groups


def referring(**how: Any) -> tuple[Pair, Hub]:
    """SG(B2) lets SG(A) in, over a gateway on which groups may be named."""
    e = Pair()
    h = joined(e, references=True, **how)
    ga = e.group(e.v1)
    e.wear(e.a, ga)
    e.wear(e.b2, e.group(e.v2, ingress=[f"tcp/80 {ga}"]))
    return e, h


def test_groups_survive() -> None:
    """R-SG-17: the sender's groups are carried over, and nobody else's match."""
    e, _ = referring()
    g = ground(e)
    assert answered(g, sent(g, e.a, packet(e.a.ip, e.b2.ip, "tcp/80")), e.b2.ip)
    assert dropped(sent(g, e.b, packet(e.b.ip, e.b2.ip, "tcp/80")))[1] == "ENI_SG_RULES_MISMATCH"


def test_groups_of_a_vpc_that_is_not_attached() -> None:
    """R-SG-15: an attachment that is gone joins nothing."""
    e, h = referring()
    assert h.two in {
        a["TransitGatewayAttachmentId"] for a in e.scopes[e.home]["TransitGatewayVpcAttachments"]
    }
    g = ground(e)
    assert g.joined(e.v1, outbound=False) == {e.v1, e.v2}
    assert g.joined(e.v1, outbound=True) == {e.v1}
    for record in e.scopes[e.home]["TransitGatewayVpcAttachments"]:
        record["State"] = "deleted"
    assert ground(e).joined(e.v1, outbound=False) == {e.v1}


@pytest.mark.parametrize("side", ["sender", "receiver"])
def test_the_zone_without_references(side: str) -> None:
    """R-SG-17: not for attachments in use1-az3."""
    e, _ = referring()
    assert e.ask(f"can {e.a} reach {e.b2} port 80").verdict == "reachable"
    for subnet in (e.sa,) if side == "sender" else (e.s2,):
        subnet.record["AvailabilityZoneId"] = "use1-az3"
    assert e.ask(f"can {e.a} reach {e.b2} port 80").verdict == "unreachable"


def test_from_a_local_zone_references_may_be_lost() -> None:
    """R-SG-17: AWS lists the Local Zones where they are, so either is possible and said."""
    e = Pair()
    own = e.subnet(e.v1, "10.0.8.0/28", "a")
    joined(e, [own], references=True)
    in_local_zone(e)
    local_zone(e)
    ga = e.group(e.v1)
    e.wear(e.a, ga)
    gb = e.group(e.v2, ingress=[f"tcp/80 {ga}"])
    e.wear(e.b2, gb)
    answer = e.ask(f"can {e.a} reach {e.b2} port 80")
    assert answer.verdict == "reachable"
    assert "group references survive from this Local Zone" in answer.assumptions[0].text


# ------------------------------ what is not in the snapshot


def test_a_vpc_of_another_account() -> None:
    """R-SHARE-4: without that account's snapshot what lies in its VPC is undecided."""
    e = Pair()
    e.second(account="444455556666")
    h = joined(e)
    question = f"can {e.a} reach 10.2.0.5 port 80"
    assert e.ask(question).verdict == "reachable"
    del e.scopes[("444455556666", "us-east-1")]
    static(e, h.tgw.table, "10.2.0.0/16", h.two)
    e.scopes[h.tgw.scope]["TransitGatewayPropagations"][0][
        "TransitGatewayRouteTablePropagations"
    ].pop()
    answer = e.ask(question)
    assert (answer.verdict, e.v2 in answer.reason) == ("undecided", True)
    trace = at(ground(e), f"{PART}/{h.two}/leave use1-az1", packet(e.a.ip, "10.2.0.5"))
    assert (trace.fate, trace.origin.resource) == (Fate.UNMODELLED, h.two), tell(trace)


def test_a_participant_does_not_see_the_attachment() -> None:
    """R-SHARE-3: who only takes part in a subnet is not told what is attached to its VPC."""
    e = Pair()
    joined(e)
    theirs = "444455556666"
    e.share(e.sa, theirs)
    guest = e.instance("guest", e.sa, "10.0.0.77", account=theirs)
    calls = e.scope((theirs, "us-east-1"))
    calls["TransitGateways"].append(e.scopes[e.home]["TransitGateways"][0])
    question = f"can {guest} reach 10.2.0.5 port 80"
    assert e.ask(question).verdict == "reachable"
    del e.scopes[e.home]
    answer = e.ask(question)
    assert answer.verdict == "undecided"
    assert "attached to it is not known" in answer.reason


def test_a_subnet_that_is_not_there() -> None:
    """R-SHARE-3: an attachment subnet that no call shows may be in the sender's zone."""
    e, h = hub("b")
    e.scopes[e.home]["TransitGatewayVpcAttachments"][0]["SubnetIds"].append("subnet-0unseen")
    answer = e.ask(f"can {e.a} reach {e.b2} port 80")
    assert (answer.verdict, h.one in answer.reason) == ("undecided", True)
    assert e.ask(f"can {e.b} reach {e.b2} port 80", one_way=True).verdict == "reachable"
