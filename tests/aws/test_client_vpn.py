"""Client VPN: where clients land, whose address they get, and how they are answered."""

from __future__ import annotations

import json

import pytest

import reach
from reach.network.address import parse_address
from reach.network.field import reply_to
from reach.trace import Fate
from tests.aws.ground import (
    answered,
    at,
    came,
    dropped,
    ground,
    nodes,
    packet,
    passed,
    plain,
    replied,
    sent,
    stages,
)
from tests.estate import Estate, Id, Pair, load_files, tell
from tests.estates.access import CLIENTS, client_vpn, transit_vpn, vpn_route, vpn_rule
from tests.traps.rows import ACL, GROUP, NO_ROUTE, allow, deny, may, unknown

CLIENT = "172.20.0.9"
IP = "10.0.1.50"


def joined(**how: object) -> tuple[Pair, Id]:
    """An endpoint in SB, its interface 10.0.1.50; every client may go into the VPC."""
    e = Pair()
    vpn = client_vpn(e, {e.sb: IP}, **how)  # type: ignore[arg-type]
    vpn_rule(e, vpn, "10.0.0.0/16")
    return e, vpn


def node(vpn: Id, part: str = "sent - *") -> str:
    return f"client_vpn/{vpn}/{part}"


# ------------------------------ nodes


def test_leaving_by_an_interface() -> None:
    """R-CVPN-2: the endpoint's route, the interface's address and group, its subnet's wire."""
    e, vpn = joined()
    g = ground(e)
    assert plain(stages(g, node(vpn, "leave -"))) == [
        [f"any packet -> {node(vpn, f'by {vpn.eni}')}", "else drop"]
    ]
    found = plain(stages(g, node(vpn, f"by {vpn.eni}")))
    assert found[1] == [
        f"permit destination 10.0.0.0/16 ({vpn} route 10.0.0.0/16)",
        f"else deny NO_ROUTE_TO_DESTINATION ({vpn} route)",
    ]
    assert found[4] == [
        f"source {IP}: identity 1",
        f"protocol tcp, udp: source {IP}, source port 1024-65535, identity 1",
        f"any packet: source {IP}, identity 1",
        f"else drop NO_PATH ({vpn.eni})",
    ]
    assert found[5][0] == f"session security_group {vpn.eni}"
    assert found[6] == [f"any packet -> subnet/{e.sb}/emit", "else drop"]


def test_answers_only() -> None:
    """R-CVPN-5: at the interface's address nothing but answers is taken."""
    e, vpn = joined()
    g = ground(e)
    assert plain(stages(g, f"client_vpn/{vpn.eni}/answers"))[1] == [
        f"reply any packet -> {node(vpn, f'home {vpn.eni}')}",
        f"else drop NO_PATH ({vpn.eni} inbound)",
    ]
    assert dropped(sent(g, e.a, packet(e.a.ip, IP))) == (vpn.eni, "NO_PATH")


# ------------------------------ there and back


@pytest.mark.parametrize("what", ["tcp/22", "udp/53", "icmp/8", "47"])
def test_there_and_back(what: str) -> None:
    """R-CVPN-2: the target sees the interface's address; the answer finds the client, though the
    VPC has no route to the clients' block."""
    e, vpn = joined()
    g = ground(e)
    for target in (e.a, e.b):
        there = at(g, node(vpn), packet(CLIENT, target.ip, what))
        assert there.final.source == parse_address(IP)
        assert answered(g, there, target.ip)
        back = replied(g, there)
        assert (back.owner, back.final) == (
            f"client_vpn/{vpn}",
            reply_to(packet(CLIENT, target.ip, what)),
        )


def test_the_vpcs_rules_for_the_interface() -> None:
    """R-CVPN-1, R-SG-21: outbound rules of the association's group, the target's rule for it, the
    ACL of the associated subnet."""
    e = Pair()
    worn = e.group(e.v1, ingress=[], egress=["tcp/22 10.0.0.0/24"])
    vpn = client_vpn(e, {e.sb: IP}, groups=[worn])
    vpn_rule(e, vpn, "10.0.0.0/16")
    e.wear(e.a, e.group(e.v1, [f"tcp {worn}"]))
    allow(e, f"can {vpn} reach {e.a} port 22")
    deny(e, f"can {vpn} reach {e.a} port 23", *GROUP)
    deny(e, f"can {vpn} reach {e.b} port 22", *GROUP)
    deny(e, f"can {e.b} reach {e.a} port 22", *GROUP)
    e.acl(e.v1, [e.sb], ingress=["100 allow tcp/1024-65535 10.0.0.0/16"], egress=[])
    deny(e, f"can {vpn} reach {e.a} port 22", *ACL)


def test_beyond_the_vpc() -> None:
    """R-CVPN-3: over a peering as the interface itself, by the route table of its subnet."""
    e, vpn = joined()
    e.peered()
    vpn_rule(e, vpn, "10.2.0.0/16")
    vpn_route(e, vpn, "10.2.0.0/16", e.sb)
    allow(e, f"can {vpn} reach {e.b2} port 80")
    e.wear(e.b2, e.group(e.v2, [f"tcp/80 {IP}/32"]))
    allow(e, f"can {vpn} reach {e.b2} port 80")
    e.wear(e.b2, e.group(e.v2, [f"tcp/80 {CLIENTS}"]))
    deny(e, f"can {vpn} reach {e.b2} port 80", *GROUP)


def test_to_the_internet() -> None:
    """R-CVPN-3: by an internet gateway with the interface's public address, or by a NAT gateway."""
    e = Pair()
    vpn = client_vpn(e, {e.sb: IP}, public={e.sb: "198.51.100.50"})
    vpn_rule(e, vpn, "0.0.0.0/0")
    deny(e, f"can {vpn} reach 8.8.8.8 port 443", *NO_ROUTE)
    vpn_route(e, vpn, "0.0.0.0/0", e.sb)
    deny(e, f"can {vpn} reach 8.8.8.8 port 443", *NO_ROUTE)
    e.online(e.tb)
    g = ground(e)
    there = at(g, node(vpn), packet(CLIENT, "8.8.8.8"))
    assert there.final.source == parse_address("198.51.100.50")
    assert replied(g, there).owner == f"client_vpn/{vpn}"
    assert dropped(came(g, packet("8.8.8.8", "198.51.100.50"))) == (vpn.eni, "NO_PATH")
    e = Pair()
    e.natted(e.tb)
    vpn = client_vpn(e, {e.sb: IP})
    vpn_rule(e, vpn, "0.0.0.0/0")
    vpn_route(e, vpn, "0.0.0.0/0", e.sb)
    allow(e, f"can {vpn} reach 8.8.8.8 port 443")


def test_a_gateway_endpoint() -> None:
    """R-CVPN-3: the interface is a source of the VPC."""
    e, vpn = joined()
    vpce = e.endpoint_gateway(e.v1, [e.tb])
    vpn_rule(e, vpn, "52.216.0.0/15")
    vpn_route(e, vpn, "52.216.0.0/15", e.sb)
    answer = allow(e, f"can {vpn} reach 52.216.1.10 port 443")
    assert vpce in [step.resource for step in answer.witness.forward]


# ------------------------------ where clients land


def two_subnets(routed: bool = True) -> tuple[Pair, Id]:
    e = Pair()
    vpn = client_vpn(e, {e.sa: "10.0.0.50", e.sb: IP}, routed=routed)
    vpn_rule(e, vpn, "0.0.0.0/0")
    return e, vpn


def test_several_subnets_are_a_may() -> None:
    """R-CVPN-1: on which subnet a client lands nobody knows; what only one can do is assumed."""
    e, vpn = two_subnets()
    may(e, f"can {vpn} reach {e.a} port 22")
    e.wear(e.a, e.group(e.v1, ["tcp/22 10.0.0.50/32"]))
    first = e.scopes[e.home]["NetworkInterfaces"][-2]["NetworkInterfaceId"]
    assert first in may(e, f"can {vpn} reach {e.a} port 22").assumptions[0].text
    e.wear(e.a, e.group(e.v1, ["tcp/22 10.0.0.51/32"]))
    deny(e, f"can {vpn} reach {e.a} port 22", *GROUP)


def test_routes_are_a_subnets_own() -> None:
    """A route by one subnet is none for clients that landed on another."""
    e, vpn = two_subnets(routed=False)
    deny(e, f"can {vpn} reach {e.a} port 22", *NO_ROUTE)
    vpn_route(e, vpn, "10.0.0.0/24", e.sb)
    answer = may(e, f"can {vpn} reach {e.a} port 22")
    assert vpn.eni in answer.assumptions[0].text
    g = ground(e)
    other = e.scopes[e.home]["NetworkInterfaces"][-2]["NetworkInterfaceId"]
    trace = at(g, node(vpn, f"by {other}"), packet(CLIENT, e.a.ip))
    assert dropped(trace) == (vpn, "NO_ROUTE_TO_DESTINATION")


def test_two_endpoints_in_one_subnet() -> None:
    """Groups tell their interfaces apart; where they do not, either may be whose."""
    e = Pair()
    worn = e.group(e.v1)
    one = client_vpn(e, {e.sb: IP})
    two = client_vpn(e, {e.sb: "10.0.1.51"}, groups=[worn], clients="172.24.0.0/22")
    for vpn in (one, two):
        vpn_rule(e, vpn, "10.0.0.0/16")
    e.wear(e.a, e.group(e.v1, [f"tcp/22 {worn}"]))
    deny(e, f"can {one} reach {e.a} port 22", *GROUP)
    assert not allow(e, f"can {two} reach {e.a} port 22").assumptions
    e.wear(two, *[e.open_group(e.v1)])
    for answer in e.scopes[e.home]["ClientVpnTargetNetworks"]:
        answer["SecurityGroups"] = [str(e.open_group(e.v1))]
    e.wear(e.a, e.group(e.v1, ["tcp/22 10.0.1.51/32"]))
    for vpn in (one, two):
        answer = may(e, f"can {vpn} reach {e.a} port 22")
        assert answer.witness.reply[-1].resource == vpn


# ------------------------------ states


@pytest.mark.parametrize("status", ["pending-associate", "pending", "deleting", "deleted"])
def test_status(status: str) -> None:
    """R-CVPN-1: it accepts clients while available."""
    e, vpn = joined(status=status)
    deny(e, f"can {vpn} reach {e.a} port 22", "BAD_STATE")


@pytest.mark.parametrize("code", ["associating", "disassociating"])
def test_an_association_on_its_way(code: str) -> None:
    e, vpn = joined()
    e.scopes[e.home]["ClientVpnTargetNetworks"][0]["Status"]["Code"] = code
    unknown(e, f"can {vpn} reach {e.a} port 22", "association")


@pytest.mark.parametrize("code", ["association-failed", "disassociated"])
def test_an_association_that_is_none(code: str) -> None:
    e, vpn = joined()
    e.scopes[e.home]["ClientVpnTargetNetworks"][0]["Status"]["Code"] = code
    deny(e, f"can {vpn} reach {e.a} port 22", "BAD_STATE")


@pytest.mark.parametrize(
    ("code", "verdict"),
    [("creating", "undecided"), ("deleting", "undecided"), ("failed", "unreachable")],
)
def test_a_route_that_is_not_active(code: str, verdict: str) -> None:
    e = Pair()
    vpn = client_vpn(e, {e.sb: IP}, routed=False)
    vpn_rule(e, vpn, "10.0.0.0/16")
    vpn_route(e, vpn, "10.0.0.0/16", e.sb, status=code)
    answer = e.ask(f"can {vpn} reach {e.a} port 22")
    assert answer.verdict == verdict, tell(answer)
    vpn_route(e, vpn, "10.0.0.0/24", e.sb)
    allow(e, f"can {vpn} reach {e.a} port 22")


# ------------------------------ as an end


def test_sources() -> None:
    """The endpoint, an address of its clients, a block of them; the interface sends for them."""
    e, vpn = joined()
    e.wear(e.a, e.group(e.v1, [f"tcp/22 {IP}/32"]))
    for source in (vpn, CLIENT, CLIENTS, vpn.eni, IP, e.sb, "any", "10.0.1.0/24"):
        allow(e, f"can {source} reach {e.a} port 22")
    deny(e, f"can {e.b} reach {e.a} port 22", *GROUP)
    deny(e, f"can 172.21.0.9 reach {e.a} port 22", "NO_SOURCE_OR_DESTINATION")
    answer = e.ask(f"can {CLIENT} reach {e.a} port 22")
    assert answer.witness.packet.source == parse_address(CLIENT)


def test_nobody_reaches_a_client() -> None:
    """R-CVPN-5."""
    e, vpn = joined()
    deny(e, f"can {e.a} reach {vpn} port 22", "NO_PATH")
    deny(e, f"can {e.a} reach {vpn.eni} port 443", "NO_PATH")
    deny(e, f"can {e.a} reach {CLIENT} port 22", *NO_ROUTE)


def test_an_endpoint_that_there_is_not() -> None:
    e, _ = joined()
    for text in ("cvpn-endpoint-0000000000000dead", "cvpn-endpoint-0000000000000dead/D"):
        with pytest.raises(reach.QuestionError):
            e.ask(f"can {text} reach {e.a} port 22")


# ------------------------------ what is not modelled


def test_ipv6_clients() -> None:
    """R-CVPN-5: which addresses they have is in no call; IPv4 beside it is decided."""
    e = Pair(ipv6=True)
    vpn = client_vpn(e, {e.sb: IP}, traffic="dual-stack")
    vpn_rule(e, vpn, "10.0.0.0/16")
    allow(e, f"can {vpn} reach {e.a.ip} port 22")
    deny(e, f"can {vpn} reach {e.a.ip6} port 22", "NO_PATH")
    vpn_rule(e, vpn, "2600:1f18:1a00:100::/56")
    deny(e, f"can {vpn} reach {e.a.ip6} port 22")
    vpn_route(e, vpn, "2600:1f18:1a00:100::/56", e.sb)
    unknown(e, f"can {vpn} reach {e.a.ip6} port 22", vpn)
    unknown(e, f"can {e.a} reach {vpn} port 22")
    six = client_vpn(e, {e.sa: "10.0.0.50"}, clients=None, traffic="ipv6")
    deny(e, f"can {six} reach {e.a.ip} port 22", "NO_SOURCE_OR_DESTINATION")


def test_clients_among_themselves() -> None:
    e, vpn = joined()
    vpn_rule(e, vpn, CLIENTS)
    deny(e, f"can {vpn} reach {CLIENT} port 22", *NO_ROUTE)
    vpn_route(e, vpn, CLIENTS, "local")
    unknown(e, f"can {vpn} reach {CLIENT} port 22", vpn)


def test_the_resolver() -> None:
    """Clients are often pointed to it; no rule says how it answers them."""
    e, vpn = joined()
    unknown(e, f"can {vpn} reach 10.0.0.2 port 53/udp", vpn)
    deny(e, f"can {vpn} reach 10.0.0.2 port 80", "NO_POSSIBLE_DESTINATION")


@pytest.mark.parametrize(
    "call",
    [
        "ClientVpnEndpoints",
        "ClientVpnTargetNetworks",
        "ClientVpnRoutes",
        "ClientVpnAuthorizationRules",
        "NetworkInterfaces",
        "SecurityGroups",
        "Subnets",
    ],
)
def test_missing_calls(call: str) -> None:
    """Law 2: no call that is missing turns a yes into a no, or a no into a yes."""
    e, vpn = joined()
    e.wear(e.a, e.group(e.v1, [f"tcp/22 {IP}/32"]))
    questions = {
        f"can {source} reach {target} port 22": "reachable" if target == e.a.ip else "unreachable"
        for source in (vpn, f"{vpn}/D", CLIENT, CLIENTS)
        for target in (e.a.ip, "10.0.0.77")
    }
    for question, verdict in questions.items():
        assert e.ask(question).verdict == verdict, question
    e.drop(call)
    for question, verdict in questions.items():
        assert e.ask(question).verdict in ("undecided", verdict), question
    assert e.ask(f"can {vpn} reach 10.0.0.5 port 22").verdict == "undecided"


def test_an_unknown_endpoint_may_have_any_clients() -> None:
    """An interface of Client VPN that no endpoint claims: who sends from a private address is not
    known."""
    e, vpn = joined()
    e.scopes[e.home]["ClientVpnEndpoints"].clear()
    unknown(e, f"can {CLIENT} reach {e.a} port 22")
    unknown(e, f"can {IP} reach {e.a} port 22")
    e.scopes[e.home]["NetworkInterfaces"].remove(vpn.eni.record)
    deny(e, f"can {CLIENT} reach {e.a} port 22", "NO_SOURCE_OR_DESTINATION")


# ------------------------------ reading


def test_answers_of_single_calls() -> None:
    """A file that is one endpoint's answer says the same as the list of them; a list of rules names
    its endpoints itself."""
    e, vpn = joined()
    question = f"can {vpn} reach {e.a} port 22"
    allow(e, question)
    files = e.files()
    for key in ("ClientVpnRoutes", "ClientVpnAuthorizationRules"):
        (path,) = (path for path in files if path.endswith(f"/{key}.json"))
        ((_, (answer,)),) = json.loads(files[path]).items()
        files[path] = json.dumps(answer)
        assert reach.ask(load_files(files), question).verdict == "reachable"
    del answer["ClientVpnEndpointId"]
    files[path] = json.dumps(answer)
    assert reach.ask(load_files(files), question).verdict == "reachable"
    # An empty list of rules does not say whose.
    files[path] = json.dumps({"AuthorizationRules": []})
    assert reach.ask(load_files(files), question).verdict == "undecided"
    # Nor is a page that breaks off the whole of them.
    files[path] = json.dumps(answer | {"NextToken": "more"})
    assert reach.ask(load_files(files), question).verdict == "undecided"


# ------------------------------ over a transit gateway


def hub(e: Pair) -> tuple[Id, Id]:
    """A transit gateway with V1 attached in SA, and an endpoint of its own."""
    tgw = e.make("tgw", e.home, None)
    tgw.record.update(OwnerId=e.home[0], State="available", TransitGatewayId=str(tgw))
    tgw.record["Options"] = {"TransitGatewayCidrBlocks": ["10.255.0.0/24"]}
    e.put("TransitGateways", tgw)
    table = e.make("tgw-rtb", e.home, None)
    table.record.update(
        State="available", TransitGatewayId=str(tgw), TransitGatewayRouteTableId=str(table)
    )
    e.put("TransitGatewayRouteTables", table)
    vpn = transit_vpn(e, tgw)
    of_vpc = _attachment(e, tgw)
    for attachment in (of_vpc, vpn.eni):
        attachment.record["Association"] = {
            "State": "associated",
            "TransitGatewayRouteTableId": str(table),
        }
    routes = [("10.0.0.0/16", of_vpc), (CLIENTS, vpn.eni), ("10.255.0.0/24", vpn.eni)]
    answer = {"TransitGatewayRouteTableId": str(table), "AdditionalRoutesAvailable": False}
    e.add("TransitGatewayRoutes", answer | {"Routes": [_route(*each) for each in routes]})
    for block in (CLIENTS, "10.255.0.0/24"):
        e.route(e.ta, block, tgw)
    vpn_rule(e, vpn, "10.0.0.0/16")
    vpn_route(e, vpn, "10.0.0.0/16", vpn.eni)
    return tgw, vpn


def _attachment(e: Pair, tgw: Id) -> Id:
    made = e.make("tgw-attach", e.home, None)
    shared = {
        "State": "available",
        "TransitGatewayAttachmentId": str(made),
        "TransitGatewayId": str(tgw),
    }
    owner = e.home[0]
    made.record.update(
        shared,
        ResourceId=str(e.v1),
        ResourceOwnerId=owner,
        ResourceType="vpc",
        TransitGatewayOwnerId=owner,
    )
    view = {"Options": {}, "SubnetIds": [str(e.sa)], "VpcId": str(e.v1), "VpcOwnerId": owner}
    e.add("TransitGatewayVpcAttachments", shared | view)
    return e.put("TransitGatewayAttachments", made)


def _route(block: str, attachment: Id) -> dict[str, object]:
    through = {
        "ResourceId": attachment.record["ResourceId"],
        "ResourceType": attachment.record["ResourceType"],
        "TransitGatewayAttachmentId": str(attachment),
    }
    return {
        "DestinationCidrBlock": block,
        "State": "active",
        "TransitGatewayAttachments": [through],
        "Type": "propagated",
    }


def reading(e: Estate, question: str, option: str) -> reach.Answer:
    return reach.ask(e.load(), question, options={"client-vpn-over-transit": option})


def test_the_source_is_an_option() -> None:
    """R-CVPN-7, U-22: undecided unless one says so; the answer then names the option."""
    e = Pair()
    tgw, vpn = hub(e)
    question = f"can {vpn} reach {e.a} port 22"
    assert "client-vpn-over-transit" in unknown(e, question, str(tgw)).reason
    sources = {"preserved": CLIENTS, "translated": "10.255.0.0/24"}
    for option, block in sources.items():
        e.wear(e.a, e.group(e.v1, [f"tcp/22 {block}"]))
        answer = reading(e, question, option)
        assert answer.verdict == "reachable", tell(answer)
        assert [note.resource for note in answer.notes] == ["client-vpn-over-transit"]
        other = next(each for each in sources if each != option)
        assert reading(e, question, other).verdict == "unreachable"


@pytest.mark.parametrize("option", ["preserved", "translated"])
def test_answers_by_the_gateway(option: str) -> None:
    """R-CVPN-7: past no group and no ACL of the endpoint's; the answer needs a route to it."""
    e = Pair()
    _, vpn = hub(e)
    answer = reading(e, f"can {vpn} reach {e.a} port 22", option)
    assert answer.verdict == "reachable", tell(answer)
    assert answer.witness is not None
    assert answer.witness.reply[-1].resource == vpn
    e.ta.record["Routes"] = e.ta.record["Routes"][:1]
    answer = reading(e, f"can {vpn} reach {e.a} port 22", option)
    assert {each.code for each in answer.explanations} & NO_ROUTE


def test_towards_its_clients() -> None:
    """Whether the VPC can begin towards a client that keeps its address, no page says."""
    e = Pair()
    _, vpn = hub(e)
    for destination in (str(vpn), CLIENT):
        question = f"can {e.a} reach {destination} port 22"
        assert reading(e, question, "preserved").verdict == "undecided"
        assert reading(e, question, "unknown").verdict == "undecided"
        assert reading(e, question, "translated").verdict == "unreachable"


def test_authorization_counts_over_a_gateway() -> None:
    """R-CVPN-1 holds for these endpoints too."""
    e = Pair()
    _, vpn = hub(e)
    rules = e.scopes[e.home]["ClientVpnAuthorizationRules"][0]["AuthorizationRules"]
    rules.clear()
    assert reading(e, f"can {vpn} reach {e.a} port 22", "preserved").verdict == "unreachable"


def test_an_unknown_endpoint_of_a_gateway() -> None:
    """Law 2: an attachment whose endpoint is not listed."""
    e = Pair()
    hub(e)
    e.drop("ClientVpnEndpoints")
    assert reading(e, f"can {CLIENT} reach {e.a} port 22", "preserved").verdict == "undecided"
    assert reading(e, f"can {e.a} reach {CLIENT} port 22", "preserved").verdict == "undecided"


def test_the_way_it_took() -> None:
    """Where a client's packets go on the way: route, rule and address are said."""
    e, vpn = joined()
    there = at(ground(e), node(vpn), packet(CLIENT, e.a.ip))
    assert there.fate is Fate.DELIVERED
    assert nodes(there)[:4] == [
        node(vpn),
        f"client_vpn_authorization_rules/{vpn}/check - *",
        f"client_vpn_authorization_rules/{vpn}/authorized 0 - *",
        node(vpn, "leave -"),
    ]
    assert (vpn, "authorization 10.0.0.0/16") in passed(there)
    assert (vpn, "route 10.0.0.0/16") in passed(there)
