"""What a survey says where it is easy to say the wrong thing.  Every case has its control."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import reach
from reach.survey.findings import Standing, Survey, services_words
from reach.survey.grouping import NOBODY_KNOWN
from tests.estate import Pair, city

SAMPLES = Path(__file__).parents[2] / "samples"
NOTHING, SOMETHING, UNDECIDED = Standing.NOTHING, Standing.SOMETHING, Standing.UNDECIDED
PUBLIC = "198.51.100.9"


def words(told: Survey) -> list[str]:
    return [services_words(each.services) for each in told.accesses]


def test_a_reply_that_is_dropped_is_no_access() -> None:
    """A stateless ACL that drops what comes back: no access, but one way there is."""
    e = Pair()
    kept = e.load()
    assert words(reach.exposure(kept, e.a, e.b, "port 22")) == ["tcp 22"]
    e = Pair()
    e.acl(e.v1, [e.sb], egress=["100 deny tcp/1024-65535 0.0.0.0/0", "200 allow all 0.0.0.0/0"])
    told = e.load()
    assert reach.exposure(told, e.a, e.b, "port 22").standing is NOTHING
    assert words(reach.exposure(told, e.a, e.b, "port 22", one_way=True)) == ["tcp 22"]
    apart = reach.isolated(told, e.a, e.b, "port 22")
    assert (apart.there.standing, apart.back.standing) == (NOTHING, SOMETHING)
    assert apart.standing is SOMETHING


def test_protocols_are_told_apart_by_what_drops_their_replies() -> None:
    """Of the protocols without ports one stands for those that nothing tells apart, not for all."""
    e = Pair()
    egress = ["90 deny 50 0.0.0.0/0", "91 deny 60 0.0.0.0/0", "100 allow all 0.0.0.0/0"]
    e.acl(e.v1, [e.sb], egress=egress)
    told = reach.exposure(e.load(), e.a, e.b)
    assert words(told) == [
        "tcp any port; udp any port; icmp 8, 13, 15, 17; "
        "protocol 0, 2-5, 7-16, 18-49, 51-57, 59, 61-255"
    ]
    assert words(reach.exposure(Pair().load(), e.a, e.b)) == [
        "tcp any port; udp any port; icmp 8, 13, 15, 17; every other protocol"
    ]


def test_one_way_every_icmp_message_counts() -> None:
    """Without a reply the messages are of one kind."""
    e = Pair()
    told = reach.exposure(e.load(), e.a, e.b, one_way=True)
    assert words(told) == ["tcp any port; udp any port; icmp any type; every other protocol"]


def test_ipv6() -> None:
    """Both families; ICMP of each."""
    e = Pair(ipv6=True)
    told = reach.exposure(e.load(), e.a, e.b, "icmp")
    assert words(told) == ["icmp 8; icmpv6 128"]
    e.wear(e.b, e.group(e.v1, ["icmpv6/128 ::/0", "tcp/22 ::/0"]))
    told = reach.exposure(e.load(), e.a, e.b)
    assert words(told) == ["tcp 22; icmpv6 128"]


def test_a_translated_source_reaches_a_public_address() -> None:
    """Of a private instance behind NAT, to the public address of an instance of another VPC."""
    e = Pair()
    nat = e.natted(e.tb)
    e.second()
    e.public(e.b2, PUBLIC)
    e.route(e.t2, "0.0.0.0/0", e.igw(e.v2))
    (access,) = reach.exposure(e.load(), e.b, e.b2, "port 22").accesses
    assert access.ways[0] == nat
    assert access.witness.forward[-1].before.source != access.witness.packet.source
    e.wear(e.b2, e.group(e.v2, ["tcp/22 10.0.0.0/8"]))
    assert reach.exposure(e.load(), e.b, e.b2, "port 22").standing is NOTHING


def test_a_destination_given_as_a_block() -> None:
    """Packets to a block, whoever they are delivered to: the internet, and whom of us it is."""
    e = Pair()
    e.natted(e.tb)
    e.second()
    e.public(e.b2, PUBLIC)
    e.route(e.t2, "0.0.0.0/0", e.igw(e.v2))
    snapshot = e.load()
    told = reach.exposure(snapshot, e.b, "198.51.0.0/16", "port 22")
    assert {told.destinations[a.destination].name for a in told.accesses} == {
        "internet",
        f"{e.b2} b2",
    }
    told = reach.exposure(snapshot, e.b, "8.8.8.0/24", "port 22")
    assert [each.destination for each in told.accesses] == ["internet"]
    assert reach.exposure(snapshot, e.a, "8.8.8.0/24", "port 22").standing is NOTHING


def towards(target: str, destination: str) -> tuple[Pair, Any]:
    e = Pair()
    e.second()
    e.public(e.b2, PUBLIC)
    e.route(e.t2, "0.0.0.0/0", e.igw(e.v2))
    e.route(e.ta, destination, target)
    return e, e.load()


@pytest.mark.parametrize("destination", ["198.51.100.0/24", "10.2.0.0/16"])
def test_what_is_not_known_on_the_way_is_open(destination: str) -> None:
    """By its private address or its public one: the pair hangs on a gateway that nothing tells."""
    e, snapshot = towards("tgw-0123456789abcdef0", destination)
    assert reach.ask(snapshot, f"can {e.a} reach {e.b2} port 22").verdict == "undecided"
    told = reach.exposure(snapshot, e.a, e.b2, "port 22")
    assert told.standing is UNDECIDED
    (left,) = told.open
    assert "tgw-0123456789abcdef0" in left.gaps[0].resource + left.gaps[0].text
    assert reach.isolated(snapshot, e.a, e.b2, "port 22").standing is UNDECIDED
    by_vpc = reach.matrix(snapshot, packet="port 22", by="vpc")
    assert (e.v1, e.v2) in [(each.source, each.destination) for each in by_vpc.open]
    assert reach.exposure(snapshot, e.b2, e.a, "port 22").standing is NOTHING


def test_what_is_not_known_on_the_way_to_a_block_is_open() -> None:
    """Nobody knows whose address it is, so it is said of whoever has it."""
    e, snapshot = towards("tgw-0123456789abcdef0", "172.16.0.0/12")
    told = reach.exposure(snapshot, e.a, "172.16.5.0/24", "port 22")
    assert told.standing is UNDECIDED
    assert [told.destinations[each.destination].name for each in told.open] == [NOBODY_KNOWN]


@pytest.mark.parametrize("call", ["NetworkInterfaces", "Vpcs", "InternetGateways"])
def test_a_missing_call_is_never_nothing(call: str) -> None:
    """What announces nothing may hide a way in; with the call there is none."""
    assert reach.exposure(Pair().load()).standing is NOTHING
    e = Pair()
    e.drop(call)
    told = reach.exposure(e.load())
    assert told.standing is UNDECIDED
    assert any(gap.collect for gap in told.gaps)


def test_a_missing_filter_leaves_the_pair_open() -> None:
    """Without the groups nobody knows what they admit."""
    e = Pair()
    e.drop("SecurityGroups")
    told = reach.exposure(e.load(), e.a, e.b, "port 22")
    assert told.standing is UNDECIDED
    assert told.accesses == ()


def test_which_subnets_are_public_is_not_known() -> None:
    """An end that may not be what it seems: what is found is open, as in a single question."""
    e = Pair()
    e.drop("RouteTables")
    snapshot = e.load()
    assert reach.ask(snapshot, "can public reach private port 22").verdict == "undecided"
    assert reach.exposure(snapshot, "public", "private", "port 22").standing is UNDECIDED


def test_an_address_that_may_be_anybodys() -> None:
    """Whose public address it is, is not known: a way from it is not shown."""
    e = Pair()
    e.online(e.ta)
    e.public(e.a, "198.51.100.7")
    told = e.load()
    assert reach.exposure(told, "8.8.8.8", e.a, "port 22").standing is SOMETHING
    e.drop("NatGateways")
    left = e.load()
    assert reach.ask(left, f"can 8.8.8.8 reach {e.a} port 22").verdict == "undecided"
    told = reach.exposure(left, "8.8.8.8", e.a, "port 22")
    assert (told.standing, told.accesses) == (UNDECIDED, ())
    assert "whose address 8.8.8.8 is, is not known" in told.open[0].gaps[0].text


def test_a_protocol_that_is_tracked_by_address_is_never_nothing() -> None:
    """The other end's own flow may open the way (R-SG-27); only a pair can be asked that."""
    e = Pair()
    e.wear(e.b, e.group(e.v1, ["tcp/22 0.0.0.0/0"]))
    snapshot = e.load()
    told = reach.exposure(snapshot, e.a, e.b, "protocol 47")
    assert told.standing is UNDECIDED
    assert "R-SG-27" in told.gaps[0].text
    assert reach.exposure(snapshot, e.a, e.b, "port 23").standing is NOTHING


def test_a_source_that_is_nobody() -> None:
    """Nobody sends: nothing is reached, and the survey says why."""
    e = Pair()
    lonely = e.group(e.v1, ["tcp/22 any"], name="lonely")
    told = reach.exposure(e.load(), lonely, e.b)
    assert told.standing is NOTHING
    notes = [(note.resource, note.text) for note in told.notes]
    assert notes == [(lonely, "has no interface in it")]
    told = reach.exposure(e.load(), e.b, lonely)
    assert told.standing is NOTHING
    notes = [(note.resource, note.text) for note in told.notes]
    assert notes == [(lonely, "has no interface in it")]


def test_both_sides_the_same() -> None:
    """One interface gets to itself, as a single question says; so does what is in one VPC."""
    e = Pair()
    snapshot = e.load()
    assert reach.ask(snapshot, f"can {e.a} reach {e.a} port 22").verdict == "reachable"
    assert reach.isolated(snapshot, e.a, e.a, "port 22").standing is SOMETHING
    assert reach.isolated(snapshot, e.v1, e.v1, "port 22").standing is SOMETHING
    told = reach.matrix(snapshot, packet="port 22", by="endpoint")
    assert len(told.accesses) == 2  # A to B and back; that each gets to itself goes without saying


def test_by_group_an_interface_is_in_each_of_its_own() -> None:
    """An interface in two groups counts in both."""
    e = Pair()
    one, two = e.group(e.v1, ["tcp/22 any"], name="one"), e.group(e.v1, ["tcp/80 any"], name="two")
    e.wear(e.b, one, two)
    told = reach.exposure(e.load(), e.a, packet="port 22", by="group")
    assert {each.destination for each in told.accesses} == {one, two}
    assert {told.destinations[each].name for each in (one, two)} == {f"{one} one", f"{two} two"}


def test_a_tag_splits_those_that_are_alike() -> None:
    """Two interfaces that every rule treats alike, in two stages: each in its own."""
    e = Pair()
    worn = [e.group(e.v1, ["tcp/22 10.0.0.5/32"])]
    for host, stage in ((20, "prod"), (21, "test/eu"), (22, "")):
        made = e.instance(f"n{host}", e.sb, f"10.0.1.{host}", worn)
        made.record["Tags"] = [{"Key": "Stage", "Value": stage}] if stage else []
    snapshot = e.load()
    told = reach.exposure(snapshot, e.a, packet="port 22", by="tag:Stage")
    names = {each: told.destinations[each].name for each in told.destinations}
    assert names == {each: each for each in ("Stage=prod", "Stage=test/eu", "no Stage")}
    (prod,) = (each for each in told.accesses if each.destination == "Stage=prod")
    assert prod.witness.packet.destination & 0xFF == 20 or "10.0.1.20" in str(prod.to_dict())
    alone = reach.exposure(snapshot, "tag:Stage=prod", "tag:Stage=test/eu", "port 22")
    assert alone.standing is NOTHING


def test_the_private_behind_a_balancer_are_told_by_name() -> None:
    """A private instance that the internet reaches through a load balancer, and by which."""
    told = reach.exposure(reach.load(SAMPLES / "network_load_balancer" / "snapshot"))
    private = {
        told.destinations[each.destination].name: (services_words(each.services), each.ways)
        for each in told.accesses
        if told.destinations[each.destination].private
    }
    ways = ("igw-085c70e56b74ef441", "eni-0fb393c9047f679ad")  # the balancer's own interface
    assert private == {
        "i-001634e7633d7f0d0 letters": ("tcp 25", ways),
        "i-0cdfb49de9f03c15b parcels": ("tcp 8025", ways),  # as it is delivered, sent to 26
    }


def test_an_access_names_members_and_no_class() -> None:
    """Those that are alike are all named."""
    e = Pair()
    worn = [e.group(e.v1, ["tcp/22 any"])]
    fleet = {str(e.instance(f"n{host}", e.sb, f"10.0.1.{host}", worn)) for host in (20, 21, 22)}
    told = reach.exposure(e.load(), e.a, packet="port 22")
    (access,) = (a for a in told.accesses if len(told.destinations[a.destination].members) > 1)
    assert {each.resource for each in told.destinations[access.destination].members} == fleet


LAWS: dict[str, Callable[[Any], Standing]] = {
    "exposure": lambda snapshot: reach.exposure(snapshot, packet="port 22").standing,
    "one way": lambda snapshot: reach.exposure(snapshot, packet="port 22", one_way=True).standing,
}


@pytest.mark.parametrize("law", LAWS)
def test_a_clean_and_an_open_estate(law: str) -> None:
    """Nobody is exposed until somebody is."""
    e = Pair()
    e.online(e.ta)
    assert LAWS[law](e.load()) is NOTHING
    e.public(e.a, "198.51.100.7")
    assert LAWS[law](e.load()) is SOMETHING


def test_a_survey_is_of_what_was_asked() -> None:
    """The question's packet holds for every pair, and is said."""
    told = reach.matrix(city()[0].load(), packet="port 22-25")
    assert told.packet == "port 22-25"
    assert all(services_words(each.services) in ("tcp 22-25", "tcp 22") for each in told.accesses)
