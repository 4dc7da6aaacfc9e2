"""Network ACLs: which ACL, in which order, on which fields, and that replies are matched afresh."""

from __future__ import annotations

import pytest

from reach.lower import Ground
from reach.network.field import Header
from reach.network.stage import Action, Filter
from tests.aws.ground import (
    answered,
    came,
    dropped,
    ground,
    packet,
    passed,
    plain,
    replied,
    sent,
)
from tests.estate import Id, Pair

CODE = "SUBNET_ACL_RESTRICTION"
INBOUND, OUTBOUND = "subnet.enter", "subnet.leave"


def filtering(g: Ground, slot: str, subnet: Id) -> Filter:
    """The one stage that an ACL gives a subnet for a direction."""
    (stage,) = g.slot(slot, subnet)
    assert isinstance(stage, Filter)
    return stage


def admits(entry: str, *headers: Header, ipv6: bool = False) -> list[bool]:
    """Whether an ACL with this one inbound entry on SB lets each of these in."""
    e = Pair(ipv6=ipv6)
    e.acl(e.v1, [e.sb], ingress=[entry])
    stage = filtering(ground(e), INBOUND, e.sb)
    found = [next(rule for rule in stage.decisions if each in rule.match) for each in headers]
    return [rule.action is Action.PERMIT for rule in found]


def from_a(what: str, source: str = "10.0.0.5", destination: str = "10.0.1.5") -> Header:
    return packet(source, destination, what)


# ------------------------------ nodes


def test_stages() -> None:
    """R-NACL-2, R-NACL-4: entries of the direction by ascending number, sources inbound and
    destinations outbound, destination ports in both; then `*`; no session (R-NACL-7)."""
    e = Pair()
    ingress = ["200 allow all 10.0.0.0/8", "90 deny tcp/22 10.0.0.0/24"]
    acl = e.acl(e.v1, [e.sb], ingress=ingress, egress=["5 allow tcp/1024-65535 10.0.0.0/16"])
    acl.record["Entries"].reverse()
    g = ground(e)
    assert plain(g.slot(INBOUND, e.sb)) == [
        [
            f"deny source 10.0.0.0/24; protocol tcp; destination port 22 ({acl} inbound rule 90)",
            f"permit source 10.0.0.0/8 ({acl} inbound rule 200)",
            f"deny source 0.0.0.0/0 ({acl} inbound rule *)",
            f"else deny {CODE} ({acl} inbound rule *)",
        ]
    ]
    assert plain(g.slot(OUTBOUND, e.sb)) == [
        [
            "permit destination 10.0.0.0/16; protocol tcp; destination port 1024-65535 "
            f"({acl} outbound rule 5)",
            f"deny destination 0.0.0.0/0 ({acl} outbound rule *)",
            f"else deny {CODE} ({acl} outbound rule *)",
        ]
    ]


def test_one_acl_is_one_stage() -> None:
    """Subnets of one ACL share its filter, and a direction has its own."""
    e = Pair()
    g = ground(e)
    assert filtering(g, INBOUND, e.sa) is filtering(g, INBOUND, e.sb)
    assert filtering(g, INBOUND, e.sa) is not filtering(g, OUTBOUND, e.sa)


def test_denials_carry_the_code_and_permits_none() -> None:
    """What denies can be explained by AWS's code."""
    e = Pair()
    e.acl(e.v1, [e.sb], ingress=["100 allow tcp/22 0.0.0.0/0", "200 deny udp 0.0.0.0/0"])
    stage = filtering(ground(e), INBOUND, e.sb)
    found = {(rule.action, rule.origin.code) for rule in stage.decisions}
    assert found == {(Action.PERMIT, ""), (Action.DENY, CODE)}


# ------------------------------ which ACL


def test_explicit_or_default() -> None:
    """R-NACL-1: the associated ACL, else the VPC's default one."""
    e = Pair()
    e.acl(e.v1, ingress=[], egress=[])  # associated with nothing: of no effect
    own = e.acl(e.v1, [e.sb])
    e.v1.acl.record["Associations"] = []
    g = ground(e)
    assert filtering(g, INBOUND, e.sa).otherwise.origin.resource == e.v1.acl
    assert filtering(g, INBOUND, e.sb).otherwise.origin.resource == own


def test_an_unknown_acl_is_a_doubt() -> None:
    """Without describe-network-acls the filter may permit or deny: neither is said."""
    e = Pair()
    e.drop("NetworkAcls")
    g = ground(e)
    assert plain(g.slot(INBOUND, e.sa)) == [[f"else doubt ({e.sa})"]]
    there = sent(g, e.a, packet(e.a.ip, e.b.ip))
    assert {origin.resource for origin in there.doubts} == {e.sa, e.sb}


# ------------------------------ which entry


def test_the_first_match_decides() -> None:
    """R-NACL-2: by number, whichever stands first in the file."""
    e = Pair()
    acl = e.acl(e.v1, [e.sb], ingress=["100 deny tcp/22 10.0.0.0/16", "200 allow all 0.0.0.0/0"])
    g = ground(e)
    there = sent(g, e.a, packet(e.a.ip, e.b.ip, "tcp/22"))
    assert (*dropped(there), there.origin.locator) == (acl, CODE, "inbound rule 100")
    assert answered(g, sent(g, e.a, packet(e.a.ip, e.b.ip, "tcp/23")), e.b.ip)
    for entry in acl.record["Entries"]:
        entry["RuleNumber"] = {100: 300}.get(entry["RuleNumber"], entry["RuleNumber"])
    g = ground(e)
    assert answered(g, sent(g, e.a, packet(e.a.ip, e.b.ip, "tcp/22")), e.b.ip)


def test_families_are_separate() -> None:
    """R-NACL-3: an entry of one family says nothing about the other."""
    four = from_a("tcp/22")
    six = from_a("tcp/22", "2600:1f18:1a00:100::5", "2600:1f18:1a00:101::5")
    assert admits("100 allow all 0.0.0.0/0", four, six, ipv6=True) == [True, False]
    assert admits("100 allow all ::/0", four, six, ipv6=True) == [False, True]


def test_the_destination_port_counts() -> None:
    """R-NACL-4: never the source port, whichever the direction."""
    reply = packet("10.0.0.5", "10.0.1.5", "tcp/40000", client=22)
    assert admits("100 allow tcp/22 0.0.0.0/0", from_a("tcp/22"), reply) == [True, False]
    ends = [from_a(f"tcp/{port}") for port in (1023, 1024, 2000, 2001)]
    assert admits("100 allow tcp/1024-2000 0.0.0.0/0", *ends) == [False, True, True, False]


def test_protocols() -> None:
    """R-NACL-5: a number is that protocol; ports mean nothing where there are none; -1 is all."""
    kinds = [from_a(what) for what in ("47", "50", "tcp/22", "udp/53", "icmp/8")]
    assert admits("100 allow 47/22-22 0.0.0.0/0", *kinds) == [True, False, False, False, False]
    assert admits("100 allow udp 0.0.0.0/0", *kinds) == [False, False, False, True, False]
    assert admits("100 allow all 0.0.0.0/0", *kinds) == [True] * 5


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("100 allow icmp 0.0.0.0/0", [True, True, True]),
        ("100 allow icmp/8 0.0.0.0/0", [True, False, False]),
        ("100 allow icmp/3 0.0.0.0/0", [False, True, True]),
        ("100 allow icmp/3/4 0.0.0.0/0", [False, False, True]),
    ],
)
def test_icmp_types(entry: str, expected: list[bool]) -> None:
    """R-NACL-5: -1 is any type, or any code of a type."""
    kinds = [from_a(what) for what in ("icmp/8/0", "icmp/3/1", "icmp/3/4")]
    assert admits(entry, *kinds) == expected


def test_icmpv6_types() -> None:
    """R-NACL-5: types count with an IPv6 block; with an IPv4 block protocol 58 is every type."""
    ends = "2600:1f18:1a00:100::5", "2600:1f18:1a00:101::5"
    ping, gone = from_a("icmpv6/128", *ends), from_a("icmpv6/1", *ends)
    assert admits("100 allow icmpv6/128 ::/0", ping, gone, ipv6=True) == [True, False]
    odd = [from_a("icmpv6/128"), from_a("icmpv6/1")]
    assert admits("100 allow icmpv6/128 0.0.0.0/0", *odd, ipv6=True) == [True, True]


# ------------------------------ traces


def test_replies_are_matched_afresh() -> None:
    """R-NACL-7, R-NACL-4: the reply needs a rule for the client's port, or it is dropped."""
    e = Pair()
    acl = e.acl(e.v1, [e.sb], egress=["100 allow tcp/22 0.0.0.0/0"])
    g = ground(e)
    there = sent(g, e.a, packet(e.a.ip, e.b.ip, "tcp/22"))
    back = replied(g, there)
    assert (*dropped(back), back.origin.locator) == (acl, CODE, "outbound rule *")
    e.acl(e.v1, [e.sb], egress=["100 allow tcp/32768-61000 0.0.0.0/0"])
    g = ground(e)
    assert answered(g, sent(g, e.a, packet(e.a.ip, e.b.ip, "tcp/22")), e.b.ip)
    late = sent(g, e.a, packet(e.a.ip, e.b.ip, "tcp/22", client=61001))
    assert dropped(replied(g, late))[1] == CODE


def test_an_echo_reply_is_type_0() -> None:
    """R-OBS-9: rules for echo requests alone let no ping through."""
    e = Pair()
    requests = ["100 allow icmp/8 0.0.0.0/0"]
    e.acl(e.v1, [e.sb], ingress=requests, egress=requests)
    g = ground(e)
    there = sent(g, e.a, packet(e.a.ip, e.b.ip, "icmp/8"))
    assert dropped(replied(g, there))[1] == CODE
    e.acl(e.v1, [e.sb], ingress=requests, egress=["100 allow icmp/0 0.0.0.0/0"])
    g = ground(e)
    assert answered(g, sent(g, e.a, packet(e.a.ip, e.b.ip, "icmp/8")), e.b.ip)


def test_both_subnets_acls_count() -> None:
    """R-NACL-4: outbound of the sender's subnet by destination, inbound of the receiver's by
    source."""
    e = Pair()
    out = e.acl(e.v1, [e.sa], egress=["100 allow tcp/22 10.0.1.0/24"])
    into = e.acl(e.v1, [e.sb], ingress=["100 allow tcp/22 10.0.0.0/24"])
    g = ground(e)
    there = sent(g, e.a, packet(e.a.ip, e.b.ip, "tcp/22"))
    assert answered(g, there, e.b.ip)
    rules = [(out, "outbound rule 100"), (into, "inbound rule 100")]
    assert [each for each in passed(there) if each in rules] == rules
    assert dropped(sent(g, e.a, packet(e.a.ip, e.b.ip, "tcp/23"))) == (out, CODE)


def test_the_internet_side_sees_private_and_remote() -> None:
    """R-NACL-17: inbound the source is the remote's public address; a rule for the instance's own
    public address is of no use."""
    e = Pair()
    e.online(e.ta)
    e.public(e.a, "198.51.100.7")
    e.acl(e.v1, [e.sa], ingress=["100 allow all 8.8.8.8/32"], egress=["100 allow all 8.8.8.8/32"])
    g = ground(e)
    assert answered(g, came(g, packet("8.8.8.8", "198.51.100.7", "tcp/22")), e.a.ip)
    assert dropped(came(g, packet("9.9.9.9", "198.51.100.7", "tcp/22")))[1] == CODE


def test_nat_gateways_stand_in_their_subnets_acl() -> None:
    """R-NACL-9, R-NACL-16: the NAT subnet's ACL sees the client's packet come in, its own go out,
    and both again for the reply."""
    e = Pair()
    e.natted(e.ta)
    ingress = ["100 allow tcp/443 10.0.0.0/24", "200 allow tcp/1024-65535 0.0.0.0/0"]
    egress = ["100 allow tcp/443 0.0.0.0/0", "200 allow tcp/1024-65535 10.0.0.0/24"]
    acl = e.acl(e.v1, [e.sn], ingress=ingress, egress=egress)
    g = ground(e)
    there = sent(g, e.a, packet(e.a.ip, "8.8.8.8"))
    assert answered(g, there, "8.8.8.8")
    rules = [locator for resource, locator in passed(there) if resource == acl]
    assert rules == ["inbound rule 100", "outbound rule 100"]
    back = replied(g, there)
    rules = [locator for resource, locator in passed(back) if resource == acl]
    assert rules == ["inbound rule 200", "outbound rule 200"]
    e.acl(e.v1, [e.sn], ingress=ingress, egress=egress[:1])
    g = ground(e)
    back = replied(g, sent(g, e.a, packet(e.a.ip, "8.8.8.8")))
    assert back.origin.locator == "outbound rule *"
