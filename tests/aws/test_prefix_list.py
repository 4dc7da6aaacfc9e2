"""Prefix lists: what a list means in rules and routes, and whose addresses AWS's own lists hold."""

from __future__ import annotations

import pytest

from tests.aws.ground import (
    INTERNET,
    answered,
    arrived,
    came,
    dropped,
    ground,
    packet,
    plain,
    sent,
    stages,
)
from tests.estate import DYNAMODB, Id, Pair

S3 = "52.216.1.10"
TABLES = "52.94.0.1"


def online() -> tuple[Pair, Id]:
    """A is public and S3's list is there."""
    e = Pair()
    e.online(e.ta)
    e.public(e.a, "198.51.100.7")
    return e, e.service_list("s3")


def admitting(*cidrs: str) -> tuple[Pair, Id]:
    """SG(B) admits tcp 22 from a customer's list."""
    e = Pair()
    listed = e.prefix_list(*cidrs)
    e.wear(e.b, e.group(e.v1, [f"tcp/22 {listed}"]))
    return e, listed


def entries_of(e: Pair, listed: Id) -> dict[str, object]:
    """The answer of get-managed-prefix-list-entries about one list."""
    answers = e.scope(e.home)["ManagedPrefixListEntries"]
    return next(a for a in answers if a["PrefixListId"] == listed)


# ------------------------------ decoding


@pytest.mark.parametrize(
    ("name", "announced"),
    [
        ("com.amazonaws.us-east-1.s3", True),
        ("com.amazonaws.us-east-1.dynamodb", True),
        ("com.amazonaws.us-east-1.ec2-instance-connect", False),
        ("com.amazonaws.global.cloudfront.origin-facing", False),
        ("s3", False),
    ],
)
def test_which_lists_are_services(name: str, announced: bool) -> None:
    """Only the lists of S3 and DynamoDB name what answers itself; the rest are just addresses."""
    e = Pair()
    listed = e.prefix_list("203.0.113.0/24", name=name)
    routes, *_ = plain(stages(ground(e), INTERNET))
    expected = [f"destination 203.0.113.0/24 -> prefix_list/{listed}/answer"]
    assert routes == (expected if announced else [])


def test_entries_of_either_call() -> None:
    """R-SG-11: the entries come from get-managed-prefix-list-entries or, for AWS's own lists, from
    describe-prefix-lists."""
    e = Pair()
    mine = e.prefix_list("10.0.0.0/24", "10.0.0.0/24", "10.9.0.0/16")
    aws = e.service_list("dynamodb")
    index = ground(e).index
    assert index.prefix_list_entries(mine) == ("10.0.0.0/24", "10.9.0.0/16")
    assert index.prefix_list_entries(aws) == DYNAMODB
    assert index.prefix_list_entries("pl-0000000000000dead") is None


def test_entries_that_were_cut_short() -> None:
    """R-SG-11: with a NextToken left the entries are not known, rather than few."""
    e, listed = admitting("10.9.0.0/16")
    assert ground(e).index.prefix_list_entries(listed) == ("10.9.0.0/16",)
    entries_of(e, listed)["NextToken"] = "more"
    assert ground(e).index.prefix_list_entries(listed) is None


# ------------------------------ in rules and routes


def test_in_a_rule() -> None:
    """R-SG-11: as if each entry stood in the rule."""
    e, _ = admitting("10.0.0.0/28", "10.7.0.0/16")
    c = e.instance("c", e.sa, "10.0.0.99")
    g = ground(e)
    assert answered(g, sent(g, e.a, packet(e.a.ip, e.b.ip, "tcp/22")), e.b.ip)
    assert dropped(sent(g, c, packet(c.ip, e.b.ip, "tcp/22")))[1] == "ENI_SG_RULES_MISMATCH"


def test_an_empty_list_in_a_rule() -> None:
    """R-SG-11: no entries admit nobody, for sure; entries that are not known leave it open."""
    e, listed = admitting("10.0.0.0/24")
    answer = entries_of(e, listed)
    answer["Entries"] = []
    trace = sent(ground(e), e.a, packet(e.a.ip, e.b.ip, "tcp/22"))
    assert dropped(trace)[1] == "ENI_SG_RULES_MISMATCH"
    e.scope(e.home)["ManagedPrefixListEntries"].clear()
    open_now = sent(ground(e), e.a, packet(e.a.ip, e.b.ip, "tcp/22"))
    assert len(open_now.doubts) == 1


def test_one_family() -> None:
    """R-SG-11: a list of IPv6 blocks says nothing about IPv4."""
    e = Pair(ipv6=True)
    listed = e.prefix_list("2600:1f18:1a00:100::/64")
    e.wear(e.b, e.group(e.v1, [f"tcp/22 {listed}"]))
    g = ground(e)
    assert answered(g, sent(g, e.a, packet(e.a.ip6, e.b.ip6, "tcp/22")), e.b.ip6)
    four = sent(g, e.a, packet(e.a.ip, e.b.ip, "tcp/22"))
    assert dropped(four)[1] == "ENI_SG_RULES_MISMATCH"


def test_in_a_route() -> None:
    """R-RT-9: one route for each entry, with the same target."""
    e = Pair()
    e.public(e.a, "198.51.100.7")
    e.route(e.ta, e.prefix_list("8.8.8.0/24", "1.1.1.0/24"), e.online())
    g = ground(e)
    for address in ("8.8.8.8", "1.1.1.1"):
        assert answered(g, sent(g, e.a, packet(e.a.ip, address)), address)
    beside = sent(g, e.a, packet(e.a.ip, "9.9.9.9"))
    assert dropped(beside) == (e.ta, "NO_ROUTE_TO_DESTINATION")


# ------------------------------ services on the internet


def test_stages() -> None:
    """A service's own ports and ping, and its replies start at the internet."""
    _, s3 = fixture = online()
    assert plain(stages(ground(fixture[0]), f"prefix_list/{s3}/answer")) == [
        [
            "permit protocol tcp; destination port 80, 443",
            "permit protocol icmp; icmp type 8",
            f"else deny NO_PATH ({s3} service)",
        ],
        [f"deliver to prefix_list/{s3}, reply from {INTERNET}"],
    ]


@pytest.mark.parametrize("what", ["tcp/80", "tcp/443", "icmp/8"])
def test_a_service_answers(what: str) -> None:
    """R-OBS-8: by way of an internet gateway like any public address."""
    e, s3 = online()
    g = ground(e)
    there = sent(g, e.a, packet(e.a.ip, S3, what))
    assert there.owner == f"prefix_list/{s3}"
    assert answered(g, there, S3)


@pytest.mark.parametrize("what", ["tcp/22", "udp/443", "icmp/13", "50"])
def test_a_service_is_silent(what: str) -> None:
    """R-OBS-8: on other ports; a host on the internet beside its block is not."""
    e, s3 = online()
    g = ground(e)
    assert dropped(sent(g, e.a, packet(e.a.ip, S3, what))) == (s3, "NO_PATH")
    assert arrived(sent(g, e.a, packet(e.a.ip, "52.215.255.255", what)), "52.215.255.255")


def test_each_service_has_its_own_blocks() -> None:
    """R-OBS-8: DynamoDB's addresses are not S3's."""
    e, s3 = online()
    tables = e.service_list("dynamodb")
    g = ground(e)
    owners = [came(g, packet("8.8.8.8", to)).owner for to in (S3, TABLES, "8.8.4.4")]
    assert owners == [f"prefix_list/{s3}", f"prefix_list/{tables}", "internet"]


def test_a_service_opens_no_connections() -> None:
    """R-OBS-8: its addresses are not among those that the internet sends from."""
    e, _ = online()
    end = ground(e).end("internet")
    assert end is not None
    sends = [one for one in (S3, "8.8.8.8") if packet(one, "1.1.1.1") in end.starts[0].space]
    assert sends == ["8.8.8.8"]


# ------------------------------ as an end


def test_as_an_end() -> None:
    """A list is a destination, by its addresses and by any way; as a source a service is nobody."""
    e, s3 = online()
    mine = e.prefix_list("10.0.1.0/24")
    g = ground(e)
    for listed, inside, outside in ((s3, S3, "8.8.8.8"), (mine, e.b.ip, e.a.ip)):
        end = g.end(listed)
        assert end is not None
        assert end.addresses is not None
        held = [one for one in (inside, outside) if packet("1.1.1.1", one)[1] in end.addresses]
        assert (end.goals, held) == (None, [inside])
        if listed == s3:
            assert end.nobody is not None
            assert (end.nobody.resource, end.sends) == (s3, None)
        else:
            assert (end.nobody, end.sends) == (None, end.addresses)
    assert g.end("pl-0000000000000dead") is None


@pytest.mark.parametrize(
    ("cidrs", "port", "verdict"),
    [
        (("10.0.0.0/30", "10.0.0.4/30"), 22, "reachable"),  # A sends from 10.0.0.5
        (("10.0.0.0/30", "10.0.0.4/30"), 23, "unreachable"),
        (("10.0.0.0/30", "10.0.0.8/29"), 22, "unreachable"),  # nobody
        (("203.0.113.0/24", "10.0.0.0/30"), 22, "unreachable"),  # B is not public
        ((), 22, "unreachable"),
    ],
)
def test_a_list_as_a_source_is_who_sends_from_it(
    cidrs: tuple[str, ...], port: int, verdict: str
) -> None:
    """R-SG-11: the addresses that a rule of that list means; whatever each block says alone."""
    e = Pair()
    e.wear(e.b, e.group(e.v1, ["tcp/22 10.0.0.0/16"]))
    listed = e.prefix_list(*cidrs)
    question = f"reach {e.b} port {port}"
    assert e.ask(f"can {listed} {question}").verdict == verdict
    alone = {str(e.ask(f"can {each} {question}").verdict) for each in cidrs}
    assert ("reachable" in alone) is (verdict == "reachable")


def test_hosts_on_the_internet_send_from_lists_of_aws() -> None:
    """The edges of CloudFront are no service of the Region: what names their list lets them in."""
    e = Pair()
    e.online(e.ta)
    e.public(e.a, "198.51.100.7")
    edges = e.prefix_list("120.52.22.96/27", name="com.amazonaws.global.cloudfront.origin-facing")
    e.wear(e.a, e.group(e.v1, [f"tcp/443 {edges}"]))
    assert e.ask(f"can {edges} reach {e.a} port 443").verdict == "reachable"
    assert e.ask(f"can {edges} reach {e.a} port 80").verdict == "unreachable"
    assert e.ask(f"can 8.8.8.8 reach {e.a} port 443").verdict == "unreachable"


def test_what_lattice_sends_is_not_told_by_its_list() -> None:
    """R-LAT-1: its addresses are no host's, and targets are called from them."""
    e = Pair()
    lattice = e.prefix_list("169.254.171.0/24", name="com.amazonaws.us-east-1.vpc-lattice")
    e.wear(e.b, e.group(e.v1, [f"tcp/22 {lattice}"]))
    answer = e.ask(f"can {lattice} reach {e.b} port 22")
    assert answer.verdict == "undecided"
    assert lattice in {gap.resource for gap in answer.gaps}


def test_a_list_without_entries_as_an_end() -> None:
    """Where the entries are not in the snapshot the end says so; an empty list has no gap."""
    e, listed = admitting("10.0.1.0/24")
    answer = entries_of(e, listed)
    answer["Entries"] = []
    end = ground(e).end(listed)
    assert end is not None
    assert end.gap is None
    e.scope(e.home)["ManagedPrefixListEntries"].clear()
    end = ground(e).end(listed)
    assert end is not None
    assert end.gap is not None
