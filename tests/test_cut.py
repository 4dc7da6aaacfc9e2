"""Cuts: the smallest set of rules and routes to remove that closes what is reachable."""

from __future__ import annotations

from typing import Any

import pytest

import reach
from reach.proposal import Proposal, Standing
from reach.render import render
from tests.estate import Estate, Id
from tests.estates.transit import attach, static, transit_gateway
from tests.medley import Medley
from tests.test_diff_lines import without_sets


def cut_of(e: Estate, question: str, **wanted: Any) -> Proposal:
    """The cut of a question on an estate."""
    answer = reach.ask(e.load(), question, cut=True, **wanted)
    assert answer.cut is not None
    return answer.cut


def texts(told: Proposal) -> list[str]:
    """What is to be removed, in words, in order."""
    return [edit.text for edit in told.edits]


def pair(e: Estate, ingress: list[str]) -> tuple[Id, Id, Id]:
    """Two instances of one subnet, so that no ACL lies between, and the group of the second."""
    v = e.vpc("10.0.0.0/16", ipv6="2600:1f18:1b00:100::/56")
    s = e.subnet(v, "10.0.0.0/24", ipv6="2600:1f18:1b00:100::/64")
    group = e.group(v, ingress=ingress)
    own = e.group(v, egress=["tcp any", "icmp 0.0.0.0/0"])
    a = e.instance("a", s, "10.0.0.5", groups=[own], ipv6="2600:1f18:1b00:100::5")
    return a, e.instance("b", s, "10.0.0.6", groups=[group], ipv6="2600:1f18:1b00:100::6"), group


def test_the_one_rule_that_lets_it_in_is_revoked() -> None:
    """One rule of the receiver rather than the sender's, which is as short but was met first."""
    e = Estate()
    a, _, group = pair(e, ["tcp/22 10.0.0.0/24", "tcp/443 any"])
    e.wear(a)
    told = cut_of(e, f"can {a} reach 10.0.0.6 port 22")
    assert told.standing is Standing.VERIFIED
    assert texts(told) == ["no longer allow inbound tcp 22 from 10.0.0.0/24"]
    assert told.edits[0].command == (
        f"aws ec2 revoke-security-group-ingress --group-id {group} --ip-permissions "
        "'IpProtocol=tcp,FromPort=22,ToPort=22,IpRanges=[{CidrIp=10.0.0.0/24}]'"
    )
    assert (told.verdict, told.smallest) == ("unreachable", True)


def test_it_has_a_certificate() -> None:
    """The no on the changed snapshot is certified like any other."""
    e = Estate()
    a, _, _ = pair(e, ["tcp/22 10.0.0.0/24"])
    assert cut_of(e, f"can {a} reach 10.0.0.6 port 22").certificate is not None


def test_rules_that_overlap_all_go() -> None:
    """Three rules let it in and one lets it out: that one is the smaller cut."""
    e = Estate()
    a, _, _ = pair(e, ["tcp/22 10.0.0.0/24", "tcp/20-30 10.0.0.5/32", "tcp 0.0.0.0/0"])
    told = cut_of(e, f"can {a} reach 10.0.0.6 port 22")
    assert texts(told) == ["no longer allow outbound tcp 0-65535 to 0.0.0.0/0"]


def test_where_the_sender_has_no_rules_to_lose_all_that_overlap_go() -> None:
    """A sender without groups: each of the three has to go, and one of another port stays."""
    e = Estate()
    rules = ["tcp/22 10.0.0.0/24", "tcp/20-30 10.0.0.5/32", "tcp 0.0.0.0/0", "tcp/443 any"]
    a, _, _ = pair(e, rules)
    e.wear(a)
    told = cut_of(e, f"can {a} reach 10.0.0.6 port 22")
    assert sorted(texts(told)) == [
        "no longer allow inbound tcp 0-65535 from 0.0.0.0/0",
        "no longer allow inbound tcp 20-30 from 10.0.0.5/32",
        "no longer allow inbound tcp 22 from 10.0.0.0/24",
    ]
    assert told.smallest


def test_ipv6_is_closed_too() -> None:
    """A question about an instance is about all of its addresses."""
    e = Estate()
    a, b, _ = pair(e, ["tcp/22 any"])
    e.wear(a)
    told = cut_of(e, f"can {a} reach {b} port 22")
    assert sorted(texts(told)) == [
        "no longer allow inbound tcp 22 from 0.0.0.0/0",
        "no longer allow inbound tcp 22 from ::/0",
    ]


def test_a_rule_that_names_a_group_is_revoked_by_its_name() -> None:
    """The sender's membership is what lets it in."""
    e = Estate()
    a, _, group = pair(e, [])
    clients = e.group(a.vpc, name="clients")
    e.wear(a, clients)
    e.permit(group, f"tcp/22 {clients}")
    e.permit(clients, "tcp/1-100 any", egress=True)
    told = cut_of(e, f"can {a} reach 10.0.0.6 port 22")
    assert texts(told) == [f"no longer allow inbound tcp 22 from {clients}"]
    assert f"UserIdGroupPairs=[{{GroupId={clients}" in told.edits[0].command


def test_an_entry_of_an_acl_is_deleted() -> None:
    """Nobody has groups: the ACL's permit is what there is."""
    e = Estate()
    v = e.vpc("10.0.0.0/16")
    sa, sb = e.subnet(v, "10.0.0.0/24"), e.subnet(v, "10.0.1.0/24")
    e.acl(v, [sb], ingress=["90 allow tcp/22 10.0.0.0/24", "100 allow tcp/443 0.0.0.0/0"])
    a, b = e.instance("a", sa, "10.0.0.5"), e.instance("b", sb, "10.0.1.5")
    e.wear(a)
    e.wear(b)
    told = cut_of(e, f"can {a} reach {b} port 22", one_way=True)
    assert len(told.edits) == 1
    assert told.edits[0].operation == "DeleteNetworkAclEntry"


def test_a_route_goes_where_nothing_else_can() -> None:
    """Two VPCs on a peering, no groups, and ACLs that the asker may keep: a route is one change."""
    e = Estate()
    v1, v2 = e.vpc("10.1.0.0/16"), e.vpc("10.2.0.0/16")
    a = e.instance("a", e.subnet(v1, "10.1.0.0/24"), "10.1.0.5")
    b = e.instance("b", e.subnet(v2, "10.2.0.0/24"), "10.2.0.5")
    pcx = e.peering(v1, v2)
    e.route(v1.table, "10.2.0.0/16", pcx)
    e.route(v2.table, "10.1.0.0/16", pcx)
    told = cut_of(e, f"can {a} reach {b} port 22")
    assert told.standing is Standing.VERIFIED
    assert len(told.edits) == 1


def test_a_transit_gateways_static_route_is_deleted() -> None:
    """The only thing on the way that is not open to all: the groups' rules come first."""
    e = Estate()
    v1, v2 = e.vpc("10.1.0.0/16"), e.vpc("10.2.0.0/16")
    s1, s2 = e.subnet(v1, "10.1.0.0/24"), e.subnet(v2, "10.2.0.0/24")
    a, b = e.instance("a", s1, "10.1.0.5"), e.instance("b", s2, "10.2.0.5")
    tgw = transit_gateway(e)
    one, two = attach(e, tgw, v1, [s1], into=[]), attach(e, tgw, v2, [s2], into=[])
    static(e, tgw.table, "10.1.0.0/16", one)
    static(e, tgw.table, "10.2.0.0/16", two)
    for each in (v1, v2):
        e.route(each.table, "10.0.0.0/8", tgw)
    told = cut_of(e, f"can {a} reach {b} port 22")
    assert told.standing is Standing.VERIFIED
    assert len(told.edits) == 1


def test_what_else_it_would_close_is_named_and_proved() -> None:
    """Another instance of the group loses the same; what goes by other rules is left."""
    e = Estate()
    a, b, group = pair(e, ["tcp/22 10.0.0.0/24", "tcp/443 0.0.0.0/0"])
    e.wear(a)
    other = e.instance("other", e.ids[b.eni.record["SubnetId"]], "10.0.0.7", groups=[group])
    told = cut_of(e, f"can {a} reach 10.0.0.6 port 22")
    assert told.closes is not None
    assert told.closes.complete
    ends = {(flow.source, flow.destination) for flow in told.closes.flows}
    assert (a.eni, other.eni) in ends
    assert all(" 22" in str(space) for flow in told.closes.flows for space in flow.packets)
    assert told.opens is None


def test_a_cut_leaves_other_stated_flows() -> None:
    """What the group lets in by another rule is reachable with the cut made in the records."""
    e = Estate()
    a, b, group = pair(e, ["tcp/22 10.0.0.0/24", "tcp/443 10.0.0.0/24"])
    e.wear(a)
    assert len(cut_of(e, f"can {a} reach {b} port 22").edits) == 1
    rules = group.record["IpPermissions"]
    rules.remove(next(rule for rule in rules if rule["FromPort"] == 22))
    assert e.ask(f"can {a} reach {b} port 22").verdict == "unreachable"
    assert e.ask(f"can {a} reach {b} port 443").verdict == "reachable"


def test_a_cut_of_replies_only_says_so() -> None:
    """One entry lets replies back: its removal is enough for the question, not for the packet."""
    e = Estate()
    v = e.vpc("10.0.0.0/16")
    sa, sb = e.subnet(v, "10.0.0.0/24"), e.subnet(v, "10.0.1.0/24")
    a, b = e.instance("a", sa, "10.0.0.5"), e.instance("b", sb, "10.0.1.5")
    e.wear(a)
    e.wear(b)
    e.acl(
        v,
        [sb],
        ingress=["90 allow tcp/22 10.0.0.0/24", "95 allow all 10.0.0.0/8"],
        egress=["100 allow tcp/1024-65535 0.0.0.0/0"],
    )
    e.acl(
        v,
        [sa],
        ingress=["90 allow tcp/1-65535 10.0.0.0/16", "100 allow all 0.0.0.0/0"],
        egress=["90 allow tcp/22 10.0.0.0/16", "100 allow all 0.0.0.0/0"],
    )
    told = cut_of(e, f"can {a} reach {b} port 22")
    assert texts(told) == ["delete outbound rule 100, which allows tcp 1024-65535 to 0.0.0.0/0"]
    assert any("the packets themselves still arrive" in note for note in told.notes)
    one_way = cut_of(e, f"can {a} reach {b} port 22", one_way=True)
    assert len(one_way.edits) == 2


def test_where_nothing_can_be_removed_it_says_what_lets_it_pass() -> None:
    """A VPC's resolver answers whatever groups and ACLs say: no rule of anybody's is on the way."""
    e = Estate()
    a, _, _ = pair(e, [])
    told = cut_of(e, f"can {a} reach 169.254.169.253 port 53/udp")
    assert told.standing is Standing.NONE
    assert told.reason.startswith("no set of rules and routes to remove makes it unreachable")


def test_unreachable_needs_no_cut() -> None:
    """It says so, and where to go instead."""
    e = Estate()
    a, _, _ = pair(e, [])
    told = cut_of(e, f"can {a} reach 10.0.0.6 port 22")
    assert told.standing is Standing.NEEDLESS
    assert told.reason == "it is unreachable as it is; a fix shows how to open it"


def test_undecided_gets_no_cut_and_says_why() -> None:
    """The group's rules are not in the snapshot."""
    e = Estate()
    a, _, _ = pair(e, ["tcp/22 any"])
    e.drop("SecurityGroups")
    told = cut_of(e, f"can {a} reach 10.0.0.6 port 22")
    assert told.standing is Standing.NONE
    assert told.reason.startswith("no cut can be proved while the answer is undecided: ")


def test_what_else_it_closes_is_looked_for_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    """What sets do not tell costs one problem after the other.  The cut stands; what it closes
    besides is told as far as it was looked for, with the reason."""
    e = Medley(12)
    without_sets(monkeypatch)
    monkeypatch.setattr("reach.difference.EFFORT", 0)
    answer = reach.ask(e.load(), f"can {e.a} reach {e.b}", cut=True)
    cut = answer.cut
    assert cut is not None
    assert cut.standing.value == "verified"
    assert cut.closes is not None
    assert cut.closes.flows
    assert not cut.closes.complete
    assert "given up after" in cut.closes.reason
    told = " ".join(render(answer).split())
    assert "and perhaps more: it was given up after" in told


def test_what_sets_tell_is_no_effort(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fifteen hosts with balancers and an endpoint, of which the solver alone had thirty problems
    of seconds each."""
    e = Medley(301)
    monkeypatch.setattr("reach.difference.EFFORT", 0)
    cut = reach.ask(e.load(), "can eni-0e3d849fb278b8078 reach any port 85", cut=True).cut
    assert cut is not None
    assert cut.closes is not None
    assert cut.closes.complete
    assert len(cut.closes.flows) > 100


def test_so_few_places_that_nothing_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the limit is: what was found gets through, and completeness is claimed of all."""
    e, seen = Medley(12), set[tuple[bool, int]]()
    question = f"can {e.a} reach {e.b}"
    for effort in (0, 500, 2_000, 10_000, None):
        monkeypatch.setattr("reach.difference.EFFORT", effort)
        cut = reach.ask(e.load(), question, cut=True).cut
        assert cut is not None
        if cut.closes is not None:
            assert cut.closes.complete is not bool(cut.closes.reason)
            seen.add((cut.closes.complete, len(cut.closes.flows)))
    assert (True, max(count for _, count in seen)) in seen


# ------------------------------ replies to the other end's own flow (R-SG-27)


def test_the_other_ends_own_flow_is_cut() -> None:
    """A lets nothing in; it may have sent GRE itself, and then B may begin."""
    e = Estate()
    v = e.vpc("10.0.0.0/16")
    s = e.subnet(v, "10.0.0.0/24")
    own = e.group(v, ingress=[], egress=["47 10.0.0.0/16"])
    a = e.instance("a", s, "10.0.0.5", groups=[own])
    b = e.instance("b", s, "10.0.0.6", groups=[e.group(v, ingress=["all any"])])
    question = f"can {b} reach {a} protocol 47"
    assert reach.ask(e.load(), question).verdict == "reachable"
    told = cut_of(e, question)
    assert told.standing is Standing.VERIFIED
    assert texts(told) == ["no longer allow outbound protocol 47 to 10.0.0.0/16"]
    assert (told.verdict, told.smallest) == ("unreachable", True)


def test_both_flows_are_cut() -> None:
    """A lets GRE in, and may send it as well: to take one of them away is not enough."""
    e = Estate()
    v = e.vpc("10.0.0.0/16")
    s = e.subnet(v, "10.0.0.0/24")
    own = e.group(v, ingress=["47 10.0.0.0/24"], egress=["47 10.0.0.0/16"])
    a = e.instance("a", s, "10.0.0.5", groups=[own])
    b = e.instance("b", s, "10.0.0.6", groups=[e.group(v, ingress=["all any"])])
    told = cut_of(e, f"can {b} reach {a} protocol 47")
    assert told.standing is Standing.VERIFIED
    assert sorted(texts(told)) == [
        "no longer allow inbound protocol 47 from 10.0.0.0/24",
        "no longer allow outbound protocol 47 to 10.0.0.0/16",
    ]
    assert (told.verdict, told.smallest) == ("unreachable", True)


def test_what_else_it_closes_names_everybody_and_only_them() -> None:
    """Interfaces that every rule treats alike are one place: each of them is named with its own
    addresses, and what is said of a pair is so."""
    e = Estate()
    a, b, group = pair(e, ["tcp/22 0.0.0.0/0"])
    e.wear(a)
    third = e.instance("c", e.ids[b.eni.record["SubnetId"]], "10.0.0.7", groups=[group])
    told = cut_of(e, f"can {a} reach {b} port 22")
    assert texts(told) == ["no longer allow inbound tcp 22 from 0.0.0.0/0"]
    assert told.closes is not None
    assert told.closes.complete
    own = {(str(each.eni), each.ip): each for each in (a, b, third)}
    pairs: set[tuple[Id, Id]] = set()
    for flow in told.closes.flows:
        sides = [
            [own[each.resource, at] for each in side for at in each.addresses]
            for side in (flow.sources, flow.destinations)
        ]
        assert flow.source in [each.eni for each in sides[0]]
        assert flow.destination in [each.eni for each in sides[1]]
        pairs |= {(one, other) for one in sides[0] for other in sides[1] if one != other}
    assert pairs == {(a, third), (third, b), (b, third)}
    for one, other in pairs:
        assert reach.ask(e.load(), f"can {one} reach {other} port 22").verdict == "reachable"
    text = render(reach.ask(e.load(), f"can {a} reach {b} port 22", cut=True))
    assert f"{a} a -> {third} c\n    tcp 22 from 10.0.0.5 to 10.0.0.7\n" in text
