"""NAT gateways: whom they serve, what they put in the source, and whose replies they know."""

from __future__ import annotations

import pytest

from reach.answer import Verdict
from reach.network.address import parse_address
from reach.network.stage import Filter
from reach.trace import Fate, Site
from tests.aws.ground import (
    answered,
    arrived,
    at,
    came,
    dropped,
    ground,
    nodes,
    packet,
    plain,
    replied,
    sent,
    stages,
)
from tests.estate import Id, Pair, tell
from tests.estates.transit import joined
from tests.traps.rows import allow, deny

HOST = "8.8.8.8"
HOST6 = "2606:4700:4700::1111"
PUBLIC, PRIVATE = "198.51.100.20", "10.0.9.9"


class Chosen:
    """What a translation makes up, by field."""

    def __init__(self, **values: int) -> None:
        self.values = values

    def get(self, site: Site, default: int, /) -> int:
        return self.values.get(site.within.partition(".")[2], default)


def behind(public: str | None = PUBLIC) -> tuple[Pair, Id]:
    """B behind a NAT gateway, A with local routes only."""
    e = Pair()
    return e, e.natted(e.tb, public=public)


def part(nat: Id, name: str) -> str:
    return f"nat_gateway/{nat}/{name}"


def second_address(nat: Id, status: str = "succeeded") -> None:
    """One more private address on the gateway's interface."""
    more = {"Primary": False, "PrivateIpAddress": "10.0.9.10"}
    nat.eni.record["PrivateIpAddresses"].append(more)
    shown = {"NetworkInterfaceId": str(nat.eni), "PrivateIp": "10.0.9.10", "Status": status}
    nat.record["NatGatewayAddresses"].append({**shown, "IsPrimary": False})


# ------------------------------ decoding


@pytest.mark.parametrize("state", ["pending", "failed", "deleting", "deleted"])
def test_state(state: str) -> None:
    """R-NAT-1: only an available gateway works, and the state is what the explanation says."""
    e, nat = behind()
    nat.record["State"] = state
    trace = sent(ground(e), e.b, packet(e.b.ip, HOST))
    assert (*dropped(trace), trace.origin.words) == (nat, "BAD_STATE", f"is {state}")


def test_a_private_address_is_always_printed() -> None:
    """R-NAT-2: a zonal gateway that works has one; an answer without it does not tell which."""
    e, nat = behind()
    assert e.ask(f"can {e.b} reach {HOST} port 443").verdict == "reachable"
    del nat.record["NatGatewayAddresses"][0]["PrivateIp"]
    answer = e.ask(f"can {e.b} reach {HOST} port 443")
    assert answer.verdict == "undecided"
    assert "/NatGatewayAddresses/0/PrivateIp" in answer.reason


@pytest.mark.parametrize("kind", ["interface", None])
def test_an_interface_that_does_not_show_its_type(kind: str | None) -> None:
    """R-ENI-9: the gateway says which interface is its own, and that one's description does."""
    e, nat = behind()
    before = e.ask(f"can {e.b} reach {HOST} port 443")
    nat.eni.record["InterfaceType"] = kind
    if kind is None:
        del nat.eni.record["InterfaceType"]
    after = e.ask(f"can {e.b} reach {HOST} port 443")
    assert (before.verdict, after.verdict) == ("reachable", "reachable")
    assert e.ask(f"can {e.b} reach {nat.eni} port 443").verdict == "unreachable"


def test_no_address_that_works() -> None:
    """R-NAT-1: available without an address in place is of no use."""
    e, nat = behind()
    nat.record["NatGatewayAddresses"][0]["Status"] = "failed"
    assert dropped(sent(ground(e), e.b, packet(e.b.ip, HOST))) == (nat, "BAD_STATE")


@pytest.mark.parametrize(
    ("status", "own"), [("succeeded", "10.0.9.9/32, 10.0.9.10/32"), ("failed", "10.0.9.9")]
)
def test_addresses(status: str, own: str) -> None:
    """R-NAT-2: any of its private addresses may become the source, one that failed may not."""
    e, nat = behind()
    second_address(nat, status)
    *_, translation, _ = plain(stages(ground(e), part(nat, "clients")))
    assert f"source {own}, source port 1024-65535" in translation[0]


def test_an_interface_that_is_not_listed() -> None:
    """A gateway whose interface another account's calls hide still gets its replies."""
    e, nat = behind()
    e.scope(e.home)["NetworkInterfaces"].remove(nat.eni.record)
    g = ground(e)
    route, *_ = plain(stages(g, f"subnet/{e.sn}/switch"))
    assert route == [f"destination {PRIVATE} -> {part(nat, 'reply')}"]
    assert answered(g, sent(g, e.b, packet(e.b.ip, HOST)), HOST)


# ------------------------------ nodes


def test_stages_for_clients() -> None:
    """No reply but its own, nothing that it sent itself, own VPC, three protocols over IPv4, NAT64;
    then the gateway's own subnet routes it."""
    e, nat = behind()
    g = ground(e)
    assert plain(stages(g, part(nat, "clients"))) == [
        [
            f"session nat_gateway {nat} opened",
            "permit any packet",
            f"else deny NGW_SOURCE_ADDRESS_REASSIGN ({nat} reply)",
        ],
        [
            f"deny source {PRIVATE} ({nat} source)",
            "permit source 10.0.0.0/16",
            f"else deny NGW_REQUIRES_SOURCE_IN_VPC ({nat} source)",
        ],
        [f"destination 64:ff9b::/96; protocol icmpv6 -> {part(nat, 'echo64')}"],
        [
            "destination 0.0.0.0/0; protocol tcp, udp: "
            f"source {PRIVATE}, source port 1024-65535, identity 0",
            f"destination 0.0.0.0/0; protocol icmp: source {PRIVATE}, identity 0",
            f"destination 64:ff9b::/96; protocol tcp, udp: source {PRIVATE}, "
            "destination within 0.0.0.0, source port 1024-65535, identity 0",
            f"else drop PROTOCOL_RESTRICTION ({nat} protocol)",
        ],
        [f"any packet -> subnet/{e.sn}/emit", "else drop"],
    ]
    first = stages(g, part(nat, "clients"))[0]
    assert isinstance(first, Filter)
    assert first.opening


def test_stages_for_pings_to_nat64() -> None:
    """R-NAT-10: no page says whether a ping to 64:ff9b::/96 is translated."""
    e, nat = behind()
    assert plain(stages(ground(e), part(nat, "echo64"))) == [[f"unmodelled {nat}"]]


def test_stages_for_replies() -> None:
    """What its own connections get back is turned around; anything else ends here."""
    e, nat = behind()
    assert plain(stages(ground(e), part(nat, "reply"))) == [
        [f"restore nat_gateway {nat}", f"else drop NO_PATH ({nat})"],
        [f"any packet -> subnet/{e.sn}/emit", "else drop"],
    ]


def test_stages_of_a_peers_way_back() -> None:
    """R-NAT-8: in each subnet of an active peer, for replies only, before its own routes."""
    e, _ = behind()
    e.peered(back=False)
    assert len(stages(ground(e), f"subnet/{e.s2}/emit")) == 2
    e.route(e.tn, "10.2.0.0/16", e.pcx)
    way, *_ = plain(stages(ground(e), f"subnet/{e.s2}/emit"))
    back = f"subnet/{e.s2}/leave vpc_peering/{e.pcx}/from {e.v2}"
    assert way == [f"reply source 10.2.0.0/16; destination {PRIVATE} -> {back}"]
    assert len(stages(ground(e), f"subnet/{e.sa}/emit")) == 2
    e.pcx.record["Status"]["Code"] = "deleted"
    assert len(stages(ground(e), f"subnet/{e.s2}/emit")) == 2


# ------------------------------ out and back


@pytest.mark.parametrize("what", ["tcp/443", "udp/53", "icmp/8"])
def test_out_and_back(what: str) -> None:
    """R-NAT-2, R-NAT-3: out with the gateway's address; the reply comes home."""
    e, nat = behind()
    g = ground(e)
    there = sent(g, e.b, packet(e.b.ip, HOST, what))
    assert part(nat, "clients") in nodes(there)
    assert there.final.source == parse_address(PUBLIC)
    assert answered(g, there, HOST)
    assert part(nat, "reply") in nodes(replied(g, there))


def test_the_source_port_is_a_fresh_one() -> None:
    """R-NAT-2, R-EPH-3: any of 1024-65535 whatever the client's was, and the reply finds back."""
    e, _ = behind()
    g = ground(e)
    for port in (1024, 50123, 65535):
        there = sent(g, e.b, packet(e.b.ip, HOST, client=40000), Chosen(source_port=port))
        assert there.final.source_port == port
        assert answered(g, there, HOST)


def test_either_address() -> None:
    """R-NAT-2, R-IGW-2: with the address that has no public one the packet ends at the gateway."""
    e, nat = behind()
    second_address(nat)
    g = ground(e)
    header = packet(e.b.ip, HOST)
    assert answered(g, sent(g, e.b, header, Chosen(source=parse_address(PRIVATE))), HOST)
    other = sent(g, e.b, header, Chosen(source=parse_address("10.0.9.10")))
    assert dropped(other) == (e.gateway, "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS")


@pytest.mark.parametrize("what", ["50", "47", "132"])
def test_other_protocols(what: str) -> None:
    """R-NAT-3: no ESP, no GRE, no SCTP."""
    e, nat = behind()
    trace = sent(ground(e), e.b, packet(e.b.ip, HOST, what))
    assert dropped(trace) == (nat, "PROTOCOL_RESTRICTION")


def test_ipv6_is_not_translated() -> None:
    """R-NAT-3, R-NAT-10: IPv6 only towards 64:ff9b::/96."""
    e = Pair(ipv6=True)
    nat = e.natted()
    e.route(e.tb, "::/0", nat)
    trace = sent(ground(e), e.b, packet(e.b.ip6, HOST6))
    assert dropped(trace) == (nat, "PROTOCOL_RESTRICTION")


def test_nat64() -> None:
    """R-NAT-10: the last 32 bits are the IPv4 destination, and the reply is IPv6 again."""
    e = Pair(ipv6=True)
    nat = e.natted()
    e.route(e.tb, "64:ff9b::/96", nat)
    g = ground(e)
    there = sent(g, e.b, packet(e.b.ip6, "64:ff9b::808:808"))
    assert arrived(there, HOST)
    assert there.final.source == parse_address(PUBLIC)
    assert answered(g, there, HOST)
    private = sent(g, e.b, packet(e.b.ip6, "64:ff9b::a63:1"))
    assert dropped(private) == (e.gateway, "IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS")


def test_a_ping_by_nat64_is_undecided() -> None:
    """R-NAT-3, R-NAT-10: ICMP is translated over IPv4; whether over NAT64 too nobody says."""
    e = Pair(ipv6=True)
    nat = e.natted(e.tb)
    e.route(e.tb, "64:ff9b::/96", nat)
    trace = sent(ground(e), e.b, packet(e.b.ip6, "64:ff9b::808:808", "icmpv6/128"))
    assert (trace.fate, trace.origin.resource) == (Fate.UNMODELLED, nat)
    assert e.ask(f"can {e.b} reach 64:ff9b::808:808 icmp").verdict is Verdict.UNDECIDED
    assert e.ask(f"can {e.b} reach 64:ff9b::808:808 port 443").verdict is Verdict.REACHABLE
    assert e.ask(f"can {e.b} reach 8.8.8.8 icmp").verdict is Verdict.REACHABLE


def test_the_groups_of_the_client_end_here() -> None:
    """R-SG-20, R-NAT-11: A comes to B by the gateway, so a rule for A's group does not match."""
    e, nat = behind()
    e.route(e.ta, "10.0.1.0/24", nat)
    e.wear(e.a, group := e.group(e.v1, []))
    e.wear(e.b, admits := e.group(e.v1, [f"tcp/22 {group}", f"tcp/23 {PRIVATE}/32"]))
    g = ground(e)
    assert dropped(sent(g, e.a, packet(e.a.ip, e.b.ip, "tcp/22"))) == (
        admits,
        "ENI_SG_RULES_MISMATCH",
    )
    there = sent(g, e.a, packet(e.a.ip, e.b.ip, "tcp/23"))
    assert there.final.source == parse_address(PRIVATE)
    assert answered(g, there, e.b.ip)


# ------------------------------ what is round it


def test_public_without_a_way_out() -> None:
    """R-NAT-6: the gateway's own subnet needs the route to the internet gateway."""
    e, _ = behind()
    del e.tn.record["Routes"][1:]
    trace = sent(ground(e), e.b, packet(e.b.ip, HOST))
    assert dropped(trace) == (e.tn, "NO_ROUTE_TO_DESTINATION")


def test_private_before_an_internet_gateway() -> None:
    """R-NAT-6: a private gateway's address has no public one."""
    e, _ = behind(public=None)
    trace = sent(ground(e), e.b, packet(e.b.ip, HOST))
    assert dropped(trace) == (e.gateway, "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS")


def test_its_subnets_acl_counts() -> None:
    """R-NAT-5, R-NACL-16: in and out of the gateway's subnet, though no group filters it."""
    e, _ = behind()
    acl = e.acl(e.v1, [e.sn], ingress=["100 deny tcp/443 0.0.0.0/0", "200 allow all 0.0.0.0/0"])
    g = ground(e)
    trace = sent(g, e.b, packet(e.b.ip, HOST))
    assert (*dropped(trace), trace.origin.locator) == (
        acl,
        "SUBNET_ACL_RESTRICTION",
        "inbound rule 100",
    )
    assert answered(g, sent(g, e.b, packet(e.b.ip, HOST, "tcp/80")), HOST)


def test_a_route_of_its_own_subnet_to_itself() -> None:
    """R-RT-3: the gateway's packets follow the table of the subnet that it stands in: a default
    route to the gateway itself leads back to it, inside the subnet, and gets nowhere."""
    e, nat = behind()
    c = e.instance("c", e.sn, "10.0.9.5")
    e.route(e.tn, "0.0.0.0/0", nat)
    trace = sent(ground(e), c, packet(c.ip, HOST))
    assert dropped(trace) == (nat, "NO_PATH")
    assert nodes(trace).count(part(nat, "clients")) == 2
    assert not [node for node in nodes(trace) if "/leave " in node or "/arrive " in node]


def test_only_its_own_vpc() -> None:
    """R-NAT-7: a source of another VPC is refused, of this one is served."""
    e, nat = behind()
    e.second()
    g = ground(e)
    foreign = at(g, part(nat, "clients"), packet(e.b2.ip, HOST))
    assert dropped(foreign) == (nat, "NGW_REQUIRES_SOURCE_IN_VPC")
    assert arrived(at(g, part(nat, "clients"), packet(e.a.ip, HOST)), HOST)


# ------------------------------ what it does not answer


@pytest.mark.parametrize("what", ["icmp/8", "tcp/443", "udp/1024"])
def test_it_answers_nothing(what: str) -> None:
    """R-NAT-4, R-OBS-7: neither its private address nor its public one."""
    e, nat = behind()
    g = ground(e)
    assert dropped(sent(g, e.a, packet(e.a.ip, PRIVATE, what))) == (nat, "NO_PATH")
    assert dropped(came(g, packet(HOST, PUBLIC, what))) == (nat, "NO_PATH")


def test_only_the_answer_to_what_was_sent() -> None:
    """R-NAT-4: the reply of one connection passes, a packet of another host does not."""
    e, nat = behind()
    g = ground(e)
    there = sent(g, e.b, packet(e.b.ip, HOST))
    assert arrived(replied(g, there), e.b.ip)
    assert dropped(came(g, packet("1.1.1.1", PUBLIC, "tcp/1024", client=443))) == (nat, "NO_PATH")


def test_a_reply_that_takes_the_wrong_way() -> None:
    """R-OBS-4: B is reached by its public address, but its replies leave by the NAT gateway, which
    refuses them: they answer no connection that came through it."""
    e, nat = behind()
    e.public(e.b, "198.51.100.8")
    g = ground(e)
    there = came(g, packet(HOST, "198.51.100.8"))
    assert arrived(there, e.b.ip)
    back = replied(g, there)
    assert nodes(back)[-1] == part(nat, "clients")
    assert dropped(back) == (nat, "NGW_SOURCE_ADDRESS_REASSIGN")
    assert not answered(g, there, e.b.ip)
    assert answered(g, sent(g, e.b, packet(e.b.ip, HOST)), HOST)
    e.route(e.tb, "0.0.0.0/0", e.gateway or "")
    g = ground(e)
    assert answered(g, came(g, packet(HOST, "198.51.100.8")), e.b.ip)


# ------------------------------ over a peering


def test_back_over_a_peering_without_a_route() -> None:
    """R-NAT-8: V2 has no route to V1; the gateway's replies return all the same, others do not."""
    e, nat = behind(public=None)
    e.peered(back=False)
    e.route(e.tn, "10.2.0.0/16", e.pcx)
    e.route(e.tb, "10.2.0.0/16", nat)
    g = ground(e)
    there = sent(g, e.b, packet(e.b.ip, e.b2.ip))
    assert there.final.source == parse_address(PRIVATE)
    assert answered(g, there, e.b2.ip)
    straight = sent(g, e.a, packet(e.a.ip, e.b2.ip))
    assert arrived(straight, e.b2.ip)
    assert dropped(replied(g, straight)) == (e.t2, "NO_ROUTE_TO_DESTINATION")


@pytest.mark.parametrize("block", ["10.2.0.0/16", "10.2.0.0/24", "10.0.0.0/8"])
def test_what_was_sent_by_a_transit_gateway_does_not_come_back_over_a_peering(block: str) -> None:
    """R-NAT-8 is of what the gateway sent over the peering: its longest route says what that is."""
    e, nat = behind(public=None)
    e.peered(back=False)
    hub = joined(e, [e.sn], back=False)
    for table in (e.ta, e.tb):
        table.record["Routes"] = [
            each for each in table.record["Routes"] if "TransitGatewayId" not in each
        ]
    e.route(e.tb, "10.2.0.0/24", nat)
    e.route(e.tn, "10.2.0.0/20", hub.tgw)
    e.route(e.tn, block, e.pcx)
    question = f"can {e.b} reach {e.b2} port 22"
    if block == "10.2.0.0/24":
        allow(e, question)
    else:
        allow(e, question, one_way=True)
        deny(e, question, "NO_ROUTE_TO_DESTINATION")
        e.route(e.t2, "10.0.0.0/16", hub.tgw)
        allow(e, question)


def test_nothing_new_goes_that_way() -> None:
    """R-NAT-8, R-NAT-4: it serves replies, not what V2 starts itself."""
    e, _ = behind(public=None)
    e.peered(back=False)
    trace = sent(ground(e), e.b2, packet(e.b2.ip, PRIVATE))
    assert dropped(trace) == (e.t2, "NO_ROUTE_TO_DESTINATION")


# ------------------------------ regional


def regional(automatic: bool = False) -> tuple[Pair, Id]:
    """A in the zone that a regional gateway is registered in, B in another one."""
    e = Pair()
    nat = e.regional_nat(e.v1, {"a": "198.51.100.30"}, e.online(), automatic)
    for table in (e.ta, e.tb):
        e.route(table, "0.0.0.0/0", nat)
    return e, nat


def test_regional_stages() -> None:
    """R-NAT-12: its public address is its own, and its own table routes; no subnet is entered."""
    e, nat = regional()
    *_, translation, onward = plain(stages(ground(e), part(nat, "clients")))
    first = "source 198.51.100.30, source port 1024-65535, identity 0"
    assert translation[0].endswith(first)
    assert onward == [f"any packet -> route_table/{nat.table}/alone", "else drop"]


def test_regional() -> None:
    """R-NAT-12: from a zone that it covers, out and back."""
    e, nat = regional()
    g = ground(e)
    there = sent(g, e.a, packet(e.a.ip, HOST))
    assert there.final.source == parse_address("198.51.100.30")
    assert answered(g, there, HOST)
    assert dropped(came(g, packet(HOST, "198.51.100.30"))) == (nat, "NO_PATH")


def test_regional_needs_its_own_way_out() -> None:
    """R-NAT-12: without the route in its own table nothing leaves."""
    e, nat = regional()
    del nat.table.record["Routes"][1:]
    trace = sent(ground(e), e.a, packet(e.a.ip, HOST))
    assert dropped(trace) == (nat.table, "NO_ROUTE_TO_DESTINATION")


def test_regional_zone_that_is_not_covered() -> None:
    """R-NAT-13, U-1: registered by hand, it serves its own zones only."""
    e, nat = regional()
    trace = sent(ground(e), e.b, packet(e.b.ip, HOST))
    assert dropped(trace) == (nat, "REGIONAL_NGW_ROUTE_AZ_RESTRICTION")


def test_regional_automatic() -> None:
    """R-NAT-13, U-1: registering itself, it may serve the other zone; the trace says so."""
    e, nat = regional(automatic=True)
    g = ground(e)
    assert plain(stages(g, part(nat, "uncovered"))) == [[f"may -> {part(nat, 'clients')}"]]
    assert [o.resource for o in sent(g, e.b, packet(e.b.ip, HOST)).choices] == [nat]
    assert sent(g, e.a, packet(e.a.ip, HOST)).choices == ()


def test_regional_zones_by_id() -> None:
    """R-AZ-1: zones are told apart by their ids, where the snapshot shows them."""
    e, nat = regional()
    address = nat.record["NatGatewayAddresses"][0]
    del address["AvailabilityZone"]
    g = ground(e)
    assert sent(g, e.a, packet(e.a.ip, HOST)).fate is Fate.DELIVERED
    address["AvailabilityZoneId"] = "use1-az2"
    assert dropped(sent(ground(e), e.a, packet(e.a.ip, HOST)))[0] == nat


# ------------------------------ as an end


def test_as_an_end() -> None:
    """R-OBS-7: nothing starts at it and nothing arrives, and the end says why."""
    e, nat = behind()
    end = ground(e).end(nat)
    assert end is not None
    assert end.nobody is not None
    assert (end.starts, end.nobody.resource) == ((), nat)
    assert ground(e).end("nat-0000000000000dead") is None


# ------------------------------ explanations


def test_what_it_has_translated_is_not_supposed_to_be_translated_again() -> None:
    """A missing route to a gateway is supposed for clients, not for what gateways send: each round
    from one to the other would have a new source port, and there would be no end of them."""
    e, nat = behind()
    other = e.nat(e.sn, "10.0.9.12", public="198.51.100.21", name="other")
    could = {target: space for _, target, space in ground(e).could_route(str(e.v1))}
    for gateway in (nat, other):
        sources = could[gateway].by_name["source"]
        assert parse_address(e.b.ip) in sources
        assert parse_address(PRIVATE) not in sources
        assert parse_address("10.0.9.12") not in sources


def test_gateways_side_by_side_are_explained() -> None:
    """Two gateways in one subnet, and a client whose table has no way out: the route is missing."""
    e, _ = behind()
    e.nat(e.sn, "10.0.9.12", public="198.51.100.21", name="other")
    found = e.ask(f"can {e.a} reach {HOST} port 443")
    assert found.verdict is Verdict.UNREACHABLE
    assert "NO_ROUTE_TO_DESTINATION" in {each.code for each in found.explanations}


def test_the_type_of_its_interface_as_the_reference_spells_it() -> None:
    """R-ENI-9: natGateway, where the call prints nat_gateway; replies come back all the same."""
    for kind in ("nat_gateway", "natGateway"):
        e = Pair()
        nat = e.natted(e.ta)
        nat.eni.record["InterfaceType"] = kind
        assert e.ask(f"can {e.a} reach 8.8.8.8 port 443").verdict == "reachable"
        answer = e.ask(f"can internet reach {nat.eni} port 22")
        assert answer.verdict == "unreachable", tell(answer)
        answer = e.ask(f"can {nat.eni} reach {e.a} port 22")
        assert answer.verdict == "unreachable", tell(answer)
