"""Fixes: the smallest change that makes an unreachable answer reachable, verified by asking again.

What a fix promises is checked from outside: the commands' parameters are made into the records that
describe calls would print, in the estate itself, and the whole question is asked of that.
"""

from __future__ import annotations

import shlex
from typing import Any

import pytest

import reach
from reach.asking import ground_of
from reach.compile import compile
from reach.options import DEFAULTS
from reach.proposal import Proposal, Standing
from reach.question import parse
from reach.render import render
from reach.resolve import resolve
from tests.bazaar import Bazaar
from tests.estate import Estate, Id, Pair
from tests.estates.transit import attach, static, transit_gateway


def fix_of(e: Estate, question: str, **wanted: Any) -> Proposal:
    """The fix of a question on an estate."""
    answer = reach.ask(e.load(), question, fix=True, **wanted)
    assert answer.fix is not None
    return answer.fix


def texts(told: Proposal) -> list[str]:
    """What is to be changed, in words, in order."""
    return [edit.text for edit in told.edits]


def pair(e: Estate, **filters: Any) -> tuple[Id, Id, Id, Id]:
    """Two instances in two subnets of one VPC, the second with a group of its own."""
    v = e.vpc("10.0.0.0/16", ipv6="2600:1f18:1b00:100::/56")
    sa = e.subnet(v, "10.0.0.0/24", ipv6="2600:1f18:1b00:100::/64")
    sb = e.subnet(v, "10.0.1.0/24", az="b", ipv6="2600:1f18:1b00:101::/64")
    group = e.group(v, ingress=filters.get("ingress"), egress=filters.get("egress"))
    a = e.instance("a", sa, "10.0.0.5", ipv6="2600:1f18:1b00:100::5")
    b = e.instance("b", sb, "10.0.1.5", groups=[group], ipv6="2600:1f18:1b00:101::5")
    return a, b, sa, sb


def test_a_missing_rule_is_added_as_narrow_as_was_asked() -> None:
    """One rule, for the asker's address and port, and the command that would add it."""
    e = Estate()
    a, b, _, _ = pair(e, ingress=["tcp/443 10.9.0.0/16"])
    told = fix_of(e, f"can {a} reach 10.0.1.5 port 22")
    assert told.standing is Standing.VERIFIED
    assert texts(told) == ["allow inbound tcp 22 from 10.0.0.5/32"]
    assert told.smallest
    group = b.eni.record["Groups"][0]["GroupId"]
    assert told.edits[0].command == (
        f"aws ec2 authorize-security-group-ingress --group-id {group} --ip-permissions "
        "'IpProtocol=tcp,FromPort=22,ToPort=22,IpRanges=[{CidrIp=10.0.0.5/32}]'"
    )


def test_made_so_it_is_reachable() -> None:
    """The control: with the rule in the records themselves the question is reachable."""
    e = Estate()
    a, b, _, _ = pair(e, ingress=["tcp/443 10.9.0.0/16"])
    assert e.ask(f"can {a} reach 10.0.1.5 port 22").verdict == "unreachable"
    e.permit(b_group(e, b), "tcp/22 10.0.0.5/32")
    assert e.ask(f"can {a} reach 10.0.1.5 port 22").verdict == "reachable"


def b_group(e: Estate, instance: Id) -> Id:
    """The group of an instance."""
    return e.ids[instance.eni.record["Groups"][0]["GroupId"]]


def test_the_ports_that_were_asked_about_are_opened_all() -> None:
    """A span of ports is one rule."""
    e = Estate()
    a, _b, _, _ = pair(e, ingress=[])
    told = fix_of(e, f"can {a} reach 10.0.1.5 port 8000-8010")
    assert texts(told) == ["allow inbound tcp 8000-8010 from 10.0.0.5/32"]


def test_ipv6_gets_a_rule_of_its_own_family() -> None:
    """R-SG-10: an IPv6 packet needs an IPv6 range."""
    e = Estate()
    a, _b, _, _ = pair(e, ingress=["all 0.0.0.0/0"])
    told = fix_of(e, f"can {a} reach 2600:1f18:1b00:101::5 port 22")
    assert texts(told) == ["allow inbound tcp 22 from 2600:1f18:1b00:100::5/128"]
    assert "Ipv6Ranges=[{CidrIpv6=2600:1f18:1b00:100::5/128}]" in told.edits[0].command


def test_an_echo_request_is_a_type() -> None:
    """R-SG-9: type and code stand where ports do."""
    e = Estate()
    a, _b, _, _ = pair(e, ingress=[])
    told = fix_of(e, f"can {a} reach 10.0.1.5 icmp")
    assert texts(told) == ["allow inbound icmp type 8 code 0 from 10.0.0.5/32"]


def test_a_rule_that_names_a_group_is_left_alone() -> None:
    """Who is not a member of the group that a rule names gets a rule for its own address."""
    e = Estate()
    a, b, _, _ = pair(e, ingress=[])
    others = e.group(a.vpc, name="others")
    e.permit(b_group(e, b), f"tcp/22 {others}")
    told = fix_of(e, f"can {a} reach 10.0.1.5 port 22")
    assert texts(told) == ["allow inbound tcp 22 from 10.0.0.5/32"]


def test_an_entry_goes_before_the_one_that_denies() -> None:
    """R-NACL-2: first match by number; the new number is free, and after what stands before."""
    e = Estate()
    a, _b, _sa, sb = pair(e)
    entries = ["90 deny tcp/23 0.0.0.0/0", "100 deny tcp/22 0.0.0.0/0", "200 allow all 0.0.0.0/0"]
    e.acl(a.vpc, [sb], ingress=entries)
    told = fix_of(e, f"can {a} reach 10.0.1.5 port 22")
    assert texts(told) == ["add inbound rule 95: allow tcp 22 from 10.0.0.5/32"]
    assert "--ingress --rule-number 95 --protocol tcp" in told.edits[0].command


def test_where_no_number_is_free_the_denial_moves() -> None:
    """The first number there is denies: it becomes the permit, and the denial the next number."""
    e = Estate()
    a, _b, _sa, sb = pair(e)
    e.acl(a.vpc, [sb], ingress=["1 deny tcp/22 0.0.0.0/0", "200 allow all 0.0.0.0/0"])
    told = fix_of(e, f"can {a} reach 10.0.1.5 port 22")
    assert texts(told) == [
        "add inbound rule 2: deny tcp 22 from 0.0.0.0/0",
        "make inbound rule 1 allow tcp 22 from 10.0.0.5/32",
    ]
    assert [edit.operation for edit in told.edits] == [
        "CreateNetworkAclEntry",
        "ReplaceNetworkAclEntry",
    ]


def test_a_denial_that_would_deny_nothing_more_does_not_move() -> None:
    """An entry that denies just what is asked about becomes the permit: that is one change."""
    e = Estate()
    a, _b, _sa, sb = pair(e)
    e.acl(a.vpc, [sb], ingress=["1 deny tcp/22 10.0.0.5/32", "2 allow all 0.0.0.0/0"])
    told = fix_of(e, f"can {a} reach 10.0.1.5 port 22")
    assert texts(told) == ["make inbound rule 1 allow tcp 22 from 10.0.0.5/32"]
    assert told.smallest


def test_replies_get_their_entry_too() -> None:
    """R-NACL-7: the reply is matched on the client's own ports, all of them."""
    e = Estate()
    a, _b, _sa, sb = pair(e)
    e.acl(a.vpc, [sb], egress=["100 allow tcp/443 0.0.0.0/0"])
    told = fix_of(e, f"can {a} reach 10.0.1.5 port 22")
    assert texts(told) == ["add outbound rule 200: allow tcp 1024-65535 to 10.0.0.5/32"]
    assert fix_of(e, f"can {a} reach 10.0.1.5 port 22", one_way=True).standing == "needless"


def test_one_acl_both_ways_takes_two_entries() -> None:
    """A packet and its reply are different packets, though one ACL denies both."""
    e = Estate()
    a, _b, sa, sb = pair(e)
    e.acl(a.vpc, [sa, sb], ingress=["100 allow all 0.0.0.0/0"], egress=[])
    told = fix_of(e, f"can {a} reach 10.0.1.5 port 22")
    assert texts(told) == [
        "add outbound rule 100: allow tcp 22 to 10.0.1.5/32",
        "add outbound rule 200: allow tcp 1024-65535 to 10.0.0.5/32",
    ]
    assert told.standing is Standing.VERIFIED


def public(e: Estate) -> tuple[Id, Id, Id]:
    """An instance with a public address, an internet gateway and no route to it."""
    v = e.vpc("10.0.0.0/16", name="v")
    web = e.instance("web", e.subnet(v, "10.0.0.0/24"), "10.0.0.5", public="198.51.100.7")
    return v, web, e.igw(v)


def test_a_missing_route_is_created() -> None:
    """The internet is asked about, so the route is for all of it."""
    e = Estate()
    v, web, igw = public(e)
    told = fix_of(e, f"can internet reach {web} port 443")
    assert texts(told) == [f"route 0.0.0.0/0 to {igw}"]
    assert told.edits[0].command == (
        f"aws ec2 create-route --route-table-id {v.table} "
        f"--destination-cidr-block 0.0.0.0/0 --gateway-id {igw}"
    )


def test_a_route_that_the_reply_goes_by_as_well_is_created_once() -> None:
    """R-IGW-10: to its own public address packet and reply leave by the same route."""
    e = Estate()
    _v, web, igw = public(e)
    told = fix_of(e, f"can {web} reach 198.51.100.7 port 443")
    assert texts(told) == [f"route 198.51.100.7/32 to {igw}"]
    assert told.smallest


def test_a_route_to_one_host_is_for_that_host() -> None:
    """As narrow as was asked."""
    e = Estate()
    _v, web, igw = public(e)
    assert texts(fix_of(e, f"can {web} reach 8.8.8.8 port 443")) == [f"route 8.8.8.8/32 to {igw}"]


def test_a_blackhole_is_replaced() -> None:
    """R-RT-11: a dead route wins, so it is made to lead somewhere."""
    e = Estate()
    v, web, igw = public(e)
    e.route(v.table, "0.0.0.0/0", "nat-0123456789abcdef0", state="blackhole")
    told = fix_of(e, f"can internet reach {web} port 443")
    assert texts(told) == [f"route 0.0.0.0/0 to {igw}, not to nat-0123456789abcdef0"]
    assert told.edits[0].operation == "ReplaceRoute"


def test_a_route_that_hides_nobody_comes_first() -> None:
    """A NAT gateway whose own table leads there would do as well; the peering keeps the address."""
    e = Estate()
    v1, v2 = e.vpc("10.1.0.0/16"), e.vpc("10.2.0.0/16")
    a = e.instance("a", e.subnet(v1, "10.1.0.0/24"), "10.1.0.5")
    b = e.instance("b", e.subnet(v2, "10.2.0.0/24"), "10.2.0.5")
    peering = e.peering(v1, v2)
    apart = e.subnet(v1, "10.1.1.0/24")
    e.route(e.table(v1, [apart]), "10.2.0.0/16", peering)
    e.nat(apart, "10.1.1.9", public="198.51.100.20")
    e.route(v2.table, "10.1.0.0/16", peering)
    assert texts(fix_of(e, f"can {a} reach {b} port 22")) == [f"route 10.2.0.5/32 to {peering}"]


def transit(e: Estate) -> tuple[Id, Id, Id, Id, Id]:
    """Two VPCs on a transit gateway, whose table knows neither."""
    v1, v2 = e.vpc("10.1.0.0/16"), e.vpc("10.2.0.0/16")
    s1, s2 = e.subnet(v1, "10.1.0.0/24"), e.subnet(v2, "10.2.0.0/24")
    a, b = e.instance("a", s1, "10.1.0.5"), e.instance("b", s2, "10.2.0.5")
    tgw = transit_gateway(e)
    one = attach(e, tgw, v1, [s1], into=[])
    two = attach(e, tgw, v2, [s2], into=[])
    e.route(v1.table, "10.2.0.0/16", tgw)
    e.route(v2.table, "10.1.0.0/16", tgw)
    return a, b, tgw, one, two


def test_a_transit_gateways_route_is_created() -> None:
    """The table of the gateway lacks the way there and the way back."""
    e = Estate()
    a, b, tgw, one, two = transit(e)
    told = fix_of(e, f"can {a} reach {b} port 22")
    assert texts(told) == [
        f"route 10.2.0.5/32 to {two} ({b.vpc})",
        f"route 10.1.0.5/32 to {one} ({a.vpc})",
    ]
    assert told.edits[0].command == (
        "aws ec2 create-transit-gateway-route --destination-cidr-block 10.2.0.5/32 "
        f"--transit-gateway-route-table-id {tgw.table} --transit-gateway-attachment-id {two}"
    )


def test_a_dead_transit_route_is_replaced() -> None:
    """A blackhole of the very destination is there: it cannot be created again."""
    e = Estate()
    a, b, tgw, one, two = transit(e)
    static(e, tgw.table, "10.1.0.0/16", one)
    static(e, tgw.table, "10.2.0.0/16", None)
    told = fix_of(e, f"can {a} reach {b} port 22")
    assert texts(told) == [f"route 10.2.0.0/16 to {two} ({b.vpc})"]
    assert told.edits[0].operation == "ReplaceTransitGatewayRoute"


def test_a_lacking_association_is_made() -> None:
    """R-TGW-3: an attachment without a table drops what it brings in."""
    e = Estate()
    v1, v2 = e.vpc("10.1.0.0/16"), e.vpc("10.2.0.0/16")
    s1, s2 = e.subnet(v1, "10.1.0.0/24"), e.subnet(v2, "10.2.0.0/24")
    a, b = e.instance("a", s1, "10.1.0.5"), e.instance("b", s2, "10.2.0.5")
    tgw = transit_gateway(e)
    one = attach(e, tgw, v1, [s1], associated=False)
    attach(e, tgw, v2, [s2])
    e.route(v1.table, "10.2.0.0/16", tgw)
    e.route(v2.table, "10.1.0.0/16", tgw)
    told = fix_of(e, f"can {a} reach {b} port 22")
    assert texts(told) == [f"associate with {tgw.table}"]
    assert told.edits[0].resource == one


def test_all_that_stands_in_the_way_is_changed() -> None:
    """Groups, ACL, route there and the ACL back: four changes, and no three do."""
    e = Estate()
    v = e.vpc("10.0.0.0/16")
    s = e.subnet(v, "10.0.0.0/24")
    e.acl(v, [s], ingress=["100 deny tcp/443 0.0.0.0/0"], egress=[])
    web = e.instance("web", s, "10.0.0.5", public="198.51.100.7", groups=[e.group(v, ingress=[])])
    igw = e.igw(v)
    told = fix_of(e, f"can internet reach {web} port 443")
    assert texts(told) == [
        "add inbound rule 10: allow tcp 443 from 0.0.0.0/0",
        "allow inbound tcp 443 from 0.0.0.0/0",
        f"route 0.0.0.0/0 to {igw}",
        "add outbound rule 100: allow tcp 1024-65535 to 0.0.0.0/0",
    ]
    assert told.smallest


def test_of_two_ways_the_one_with_fewer_changes() -> None:
    """By IPv4 the group and the ACL deny, by IPv6 the group alone."""
    e = Estate()
    a, b, _, sb = pair(e, ingress=[])
    e.acl(a.vpc, [sb], ingress=["100 deny all 0.0.0.0/0", "101 allow all ::/0"])
    told = fix_of(e, f"can {a} reach {b} port 22")
    assert texts(told) == ["allow inbound tcp 22 from 2600:1f18:1b00:100::5/128"]


def test_one_entry_serves_what_comes_by_twice() -> None:
    """Out of its subnet and, translated, out of the gateway's: one ACL, one destination, once."""
    e = Estate()
    v = e.vpc("10.0.0.0/16")
    private, door = e.subnet(v, "10.0.0.0/24"), e.subnet(v, "10.0.1.0/24")
    e.acl(v, [private, door], egress=["100 allow tcp/1024-65535 0.0.0.0/0"])
    inner, outer = e.table(v, [private]), e.table(v, [door])
    e.route(outer, "0.0.0.0/0", e.igw(v))
    e.route(inner, "0.0.0.0/0", e.nat(door, "10.0.1.9", "198.51.100.9"))
    a = e.instance("a", private, "10.0.0.5")
    told = fix_of(e, f"can {a} reach 8.8.8.8 port 443")
    assert texts(told) == ["add outbound rule 200: allow tcp 443 to 8.8.8.8/32"]


def test_what_else_it_would_open_is_named_and_proved() -> None:
    """Another instance of the same group is opened as well, to the same sender and port only."""
    e = Estate()
    a, b, _, sb = pair(e, ingress=[])
    other = e.instance("other", sb, "10.0.1.6", groups=[b_group(e, b)])
    told = fix_of(e, f"can {a} reach 10.0.1.5 port 22")
    assert told.opens is not None
    assert told.opens.complete
    (flow,) = told.opens.flows
    assert (flow.source, flow.destination) == (a.eni, other.eni)
    (space,) = flow.packets
    assert str(space) == (
        "source 10.0.0.5; destination 10.0.1.6; protocol tcp; "
        "source port 1024-65535; destination port 22"
    )


def test_nothing_else_is_said_where_nothing_else_opens() -> None:
    """The control: without the other member there is nothing, and that is proved."""
    e = Estate()
    a, _b, _, _ = pair(e, ingress=[])
    told = fix_of(e, f"can {a} reach 10.0.1.5 port 22")
    assert told.opens is not None
    assert (told.opens.flows, told.opens.complete) == ((), True)
    assert told.closes is None


def test_an_entry_for_replies_opens_flows_that_begin_there() -> None:
    """A stateless permit for replies is one for new flows to these ports too."""
    e = Estate()
    a, b, _sa, sb = pair(e)
    e.acl(a.vpc, [sb], egress=["100 allow tcp/443 0.0.0.0/0"])
    told = fix_of(e, f"can {a} reach 10.0.1.5 port 22")
    assert told.opens is not None
    ends = {(flow.source, flow.destination) for flow in told.opens.flows}
    assert (b.eni, a.eni) in ends


def test_reachable_needs_no_fix() -> None:
    """It says so, and where to go instead."""
    e = Estate()
    a, _b, _, _ = pair(e)
    told = fix_of(e, f"can {a} reach 10.0.1.5 port 22")
    assert (told.standing, told.edits) == (Standing.NEEDLESS, ())
    assert told.reason == "it is reachable as it is; a cut shows how to close it"


def test_undecided_gets_no_fix_and_says_why() -> None:
    """No fix can be proved on a snapshot that lacks what decides."""
    e = Estate()
    a, _b, _, _ = pair(e)
    e.drop("NetworkAcls")
    told = fix_of(e, f"can {a} reach 10.0.1.5 port 22")
    assert told.standing is Standing.NONE
    assert told.reason.startswith("no fix can be proved while the answer is undecided: ")
    assert "the network ACL of this subnet is not known" in told.reason


def test_what_cannot_be_changed_is_named() -> None:
    """No change that is known gives an instance a public address: no fix, and the reason."""
    e = Estate()
    v = e.vpc("10.0.0.0/16")
    a = e.instance("a", e.subnet(v, "10.0.0.0/24"), "10.0.0.5")
    e.route(v.table, "0.0.0.0/0", e.igw(v))
    told = fix_of(e, f"can {a} reach internet port 443")
    assert told.standing is Standing.NONE
    assert "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS" in told.reason


def test_a_way_to_be_avoided_is_not_opened() -> None:
    """What the asker wants left out is no denial that a fix may lift."""
    e = Estate()
    a, _b, _, sb = pair(e, ingress=[])
    told = fix_of(e, f"can {a} reach 10.0.1.5 port 22", avoid=[sb])
    assert told.standing is Standing.NONE


def test_the_same_every_time() -> None:
    """Same snapshot and question, same bytes."""
    e = Estate()
    a, b, _, _ = pair(e, ingress=[])
    asked = [reach.ask(e.load(), f"can {a} reach {b}", fix=True).to_dict() for _ in range(2)]
    assert asked[0] == asked[1]


def test_it_reads_well() -> None:
    """Numbered changes, commands in lines that a shell takes, then what was checked."""
    e = Estate()
    a, _, _, _ = pair(e, ingress=[])
    answer = reach.ask(e.load(), f"can {a} reach 10.0.1.5 port 22", fix=True)
    text = render(answer, width=80)
    section = text[text.index("Fix: ") :]
    assert "\n  1 sg-" in section
    assert " \\\n       --ip-permissions" in section
    lines = section.replace(" \\\n", "").splitlines()
    command = next(line for line in lines if line.strip().startswith("aws "))
    assert answer.fix is not None
    assert shlex.split(command) == shlex.split(answer.fix.edits[0].command)
    assert "verified: asked again on a copy with this change, it is reachable" in section
    assert "It would open as well\n  nothing, proved" in section


def test_json_has_it_beside_what_was_there() -> None:
    """Both members are there always, null where nobody asked."""
    e = Estate()
    a, _, _, _ = pair(e, ingress=[])
    question = f"can {a} reach 10.0.1.5 port 22"
    assert (reach.ask(e.load(), question).to_dict()["fix"]) is None
    told = reach.ask(e.load(), question, fix=True).to_dict()
    assert told["cut"] is None
    assert told["fix"]["standing"] == "verified"
    (change,) = told["fix"]["changes"]
    assert change["operation"] == "AuthorizeSecurityGroupIngress"
    assert change["parameters"]["IpPermissions"][0]["FromPort"] == 22


def test_the_snapshot_stays_as_it_is() -> None:
    """A fix is tried on a copy."""
    e = Estate()
    a, b, _, _ = pair(e, ingress=[])
    snapshot = e.load()
    reach.ask(snapshot, f"can {a} reach {b} port 22", fix=True)
    assert reach.ask(snapshot, f"can {a} reach {b} port 22").verdict == "unreachable"


@pytest.mark.parametrize("question", ["can {a} reach 192.0.2.1 port 22"])
def test_nobody_is_let_through(question: str) -> None:
    """Where nothing could arrive there is nothing to open."""
    e = Estate()
    a, _, _, _ = pair(e)
    told = fix_of(e, question.format(a=a))
    assert told.standing is Standing.NONE


# ------------------------------ rules that match by one way and not by another


def referring(lead: str) -> tuple[Pair, str]:
    """A lets out to B2's group only; V2 is peered, and SA leads there by something else."""
    e = Pair()
    e.second()
    e.route(e.t2, "10.0.0.0/16", e.peering(e.v1, e.v2))
    named = e.group(e.v2, name="named")
    e.wear(e.b2, named)
    e.wear(e.a, e.group(e.v1, egress=[f"tcp/22 {named}"], name="out"))
    if lead == "nat":
        e.natted(e.ta)
    return e, f"can {e.a} reach {e.b2} port 22"


@pytest.mark.parametrize("lead", ["nothing", "nat"])
def test_a_rule_that_a_route_lets_match_is_not_added(lead: str) -> None:
    """R-SG-12: over the peering the group is named already; the route is all that lacks, and no
    more is proposed, though by the default route the rule does not match."""
    e, question = referring(lead)
    told = fix_of(e, question)
    (text,) = texts(told)
    assert text.startswith("route 10.2.0.5/32 to pcx-")
    assert told.smallest


def test_in_the_way_of_an_appliance_a_rule_gets_an_address() -> None:
    """R-SG-19: one rule for the member's address; no other group would do."""
    e = Pair()
    named = e.group(e.v1, name="named")
    e.wear(e.b, named)
    e.wear(e.a, e.group(e.v1, egress=[f"tcp/22 {named}"], name="out"), e.group(e.v1, egress=[]))
    e.route(e.ta, "10.0.1.0/24", e.natted())
    told = fix_of(e, f"can {e.a} reach {e.b} port 22")
    assert texts(told) == ["allow outbound tcp 22 to 10.0.1.5/32"]
    assert told.smallest


def test_of_several_changes_none_is_called_the_smallest_where_a_route_might_do() -> None:
    """Two changes on the way by the appliance; whether another route would have spared one of them
    is not proved."""
    e = Pair()
    e.peered()
    named = e.group(e.v2, name="named")
    e.wear(e.b2, named)
    e.wear(e.a, e.group(e.v1, egress=[f"tcp/22 {named}"], name="out"))
    gateway = e.natted()
    e.route(e.ta, "10.2.0.0/16", gateway)
    e.route(e.tn, "10.2.0.0/16", e.pcx)
    e.route(e.t2, "10.0.0.0/16", e.pcx)
    e.acl(e.v1, [e.sa], egress=["100 allow tcp/443 0.0.0.0/0"])
    told = fix_of(e, f"can {e.a} reach {e.b2} port 22")
    assert len(texts(told)) == 2
    assert not told.smallest


def test_supposed_routes_do_not_multiply() -> None:
    """Two NAT gateways, peerings and transit gateways, each of which might lead to every other."""
    e = Bazaar(40)
    assert e.drawn == ["more NAT", "pool", "far gateway"]
    ground, far = ground_of(e.load(), DEFAULTS), e.names[-5]
    aim = resolve(ground, parse(f"can {e.sb} reach {far} port 53/udp")).aim
    plain = compile(ground.network, aim)
    supposed = compile(ground.network, aim, explain=True, suppose=True)
    assert 100 < len(plain.forward.places) < 1_000
    assert len(plain.forward.places) < len(supposed.forward.places) < 10_000
