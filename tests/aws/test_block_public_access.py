"""VPC Block Public Access: modes, exclusions, and whose subnet counts at the gateway."""

from __future__ import annotations

import json
from typing import Any

import pytest

import reach
from reach.answer import Verdict
from reach.trace import Trace
from tests.aws.ground import (
    answered,
    at,
    came,
    dropped,
    ground,
    packet,
    plain,
    replied,
    sent,
    stages,
)
from tests.estate import Estate, Id, Pair, codes
from tests.estates.public_access import OPTIONS, block, encrypt, exclude, pool_on, shows
from tests.traps.rows import bastion
from tests.traps.test_estate import misfits

HOST = "8.8.8.8"
HOST6 = "2606:4700:4700::1111"
EIP = "198.51.100.7"
EIP_B = "198.51.100.8"
BOTH, INGRESS = "block-bidirectional", "block-ingress"
MODES = [BOTH, INGRESS]
CODE = "VPC_BLOCK_PUBLIC_ACCESS_ENABLED"
NO_ADDRESS = "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS"
EXCLUSIONS = "VpcBlockPublicAccessExclusions"

YES, NO, OPEN = Verdict.REACHABLE, Verdict.UNREACHABLE, Verdict.UNDECIDED


def public_pair(ipv6: bool = False) -> tuple[Pair, Id]:
    """A is public, B has the same route but no public address."""
    e = Pair(ipv6)
    gateway = e.online(e.ta, e.tb)
    e.public(e.a, EIP)
    return e, gateway


def verdict(e: Estate, question: str, one_way: bool = False, egress: str = "deny") -> Verdict:
    options = {"bpa-allow-egress": egress}
    return Verdict(reach.ask(e.load(), question, one_way=one_way, options=options).verdict)


def both_ways(e: Pair, who: Id | None = None, egress: str = "deny") -> tuple[Verdict, Verdict]:
    """Whether the internet reaches A, and A the internet."""
    name = who or e.a
    into = verdict(e, f"can internet reach {name} port 443", egress=egress)
    return into, verdict(e, f"can {name} reach {HOST} port 443", egress=egress)


def doubted(trace: Trace) -> list[str]:
    """Whose exclusion leaves the packet's way open."""
    return [origin.resource for origin in trace.doubts]


def blocked(e: Estate, question: str, resource: str) -> bool:
    """Unreachable, and Block Public Access says so of this VPC or subnet."""
    answer = e.ask(question)
    assert answer.verdict == "unreachable", answer
    return any(x.code == CODE and x.resource == resource for x in answer.explanations)


# ------------------------------ decoding


def test_the_answers_are_read() -> None:
    """One object for the options, a list for the exclusions."""
    e, _ = public_pair()
    block(e, BOTH)
    exclude(e, e.sa)
    exclude(e, e.v1, "allow-egress")
    sections = e.load().sections
    (options,) = e.load().records(sections[OPTIONS].record)
    assert options.key == "111122223333/us-east-1"
    found: Any = e.load().records(sections[EXCLUSIONS].record)
    shown = {(x.excludes, x.internet_gateway_exclusion_mode, x.state) for x in found}
    assert shown == {
        (e.sa, "allow-bidirectional", "create-complete"),
        (e.v1, "allow-egress", "create-complete"),
    }


def test_stages() -> None:
    """While it is off nothing stands in any node; else there is a filter of what leaves each
    subnet by the gateway, and one of what comes in, after the translation."""
    e, gateway = public_pair()
    out, into = f"internet_gateway/{gateway}/from {e.sa}", f"internet_gateway/{gateway}/in"
    before = plain(stages(ground(e), into))
    g = ground(e)
    assert plain(stages(g, out)) == [[f"any packet -> internet_gateway/{gateway}/out", "else drop"]]
    block(e, BOTH)
    exclude(e, e.sb)
    g = ground(e)
    assert plain(stages(g, out)) == [
        [f"else deny {CODE} ({e.sa} Block Public Access)"],
        [f"session block_public_access {e.v1}", "else permit"],
        [f"any packet -> internet_gateway/{gateway}/out", "else drop"],
    ]
    place = before.index([f"any packet -> vpc/{e.v1}/local", "else drop"])
    after = plain(stages(g, into))
    assert after[:place] + after[place + 2 :] == before
    assert after[place : place + 2] == [
        [f"deny destination 10.0.0.0/24 ({e.sa} Block Public Access)", "else permit"],
        [f"session block_public_access {e.v1}", "else permit"],
    ]


# ------------------------------ modes


@pytest.mark.parametrize("mode", [*MODES, "off"])
def test_a_public_interface(mode: str) -> None:
    """R-BPA-3, R-BPA-4: either mode cuts an interface that uses the gateway itself off, both ways;
    off does not."""
    e, gateway = public_pair(ipv6=True)
    block(e, mode)
    wanted = YES if mode == "off" else NO
    assert both_ways(e) == (wanted, wanted)
    assert verdict(e, f"can {e.a} reach {HOST6} port 443") is wanted
    assert verdict(e, f"can ::/0 reach {e.a} port 443") is wanted
    assert verdict(e, f"can internet reach {e.a} port 443", one_way=True) is wanted
    assert verdict(e, f"can {e.a} reach {HOST} port 443", one_way=True) is wanted
    assert verdict(e, f"can {gateway} reach {e.a} port 443") is wanted
    if mode != "off":
        assert blocked(e, f"can internet reach {e.a} port 443", e.sa)
        assert blocked(e, f"can {e.a} reach {HOST} port 443", e.sa)
        g = ground(e)
        assert dropped(came(g, packet(HOST, EIP))) == (e.sa, CODE)
        assert dropped(sent(g, e.a, packet(e.a.ip, HOST))) == (e.sa, CODE)


def test_behind_a_nat_gateway() -> None:
    """R-BPA-4, T-157: what a NAT gateway opened survives the ingress mode and not the other one."""
    e = Pair()
    nat = e.natted(e.tb)
    ask = f"can {e.b} reach {HOST} port 443"
    assert verdict(e, ask) is YES
    block(e, INGRESS)
    assert verdict(e, ask) is YES
    g = ground(e)
    there = sent(g, e.b, packet(e.b.ip, HOST))
    assert answered(g, there, HOST)
    assert dropped(came(g, packet(HOST, "198.51.100.20"))) == (e.sn, CODE)
    assert verdict(e, f"can internet reach {nat} port 443") is NO
    block(e, BOTH)
    assert blocked(e, ask, e.sn)


def test_an_instance_beside_a_nat_gateway() -> None:
    """R-BPA-4: in the same subnet, a public instance is cut off and the NAT gateway is not."""
    e = Pair()
    e.natted(e.tb)
    c = e.instance("c", e.sn, "10.0.9.5", public=EIP)
    block(e, INGRESS)
    assert verdict(e, f"can {e.b} reach {HOST} port 443") is YES
    assert both_ways(e, c) == (NO, NO)


@pytest.mark.parametrize(("mode", "wanted"), [(INGRESS, YES), (BOTH, NO)])
def test_by_an_egress_only_gateway(mode: str, wanted: Verdict) -> None:
    """R-BPA-4: an egress-only gateway only opens; of it the ingress mode takes nothing."""
    e = Pair(ipv6=True)
    e.route(e.ta, "::/0", e.eigw(e.v1))
    ask = f"can {e.a} reach {HOST6} port 443"
    assert verdict(e, ask) is YES
    block(e, mode)
    assert verdict(e, ask) is wanted
    assert verdict(e, f"can ::/0 reach {e.a} port 443") is NO
    exclude(e, e.sb)
    assert verdict(e, ask) is wanted
    exclude(e, e.sa, "allow-egress")
    assert verdict(e, ask) is YES, "the sender's own subnet counts (R-BPA-5)"


def test_a_regional_nat_gateway() -> None:
    """It is in no subnet: the VPC's mode counts, and what an exclusion of a subnet does to it no
    page says."""
    e = Pair()
    gateway = e.online()
    nat = e.regional_nat(e.v1, {"a": "198.51.100.60"}, gateway)
    e.route(e.ta, "0.0.0.0/0", nat)
    ask = f"can {e.a} reach {HOST} port 443"
    block(e, INGRESS)
    assert verdict(e, ask) is YES
    block(e, BOTH)
    assert blocked(e, ask, e.v1)
    exclude(e, e.sa)
    assert verdict(e, ask) is OPEN
    exclude(e, e.v1)
    assert verdict(e, ask) is YES


# ------------------------------ exclusions


def test_an_exclusion_of_the_subnet_or_the_vpc() -> None:
    """R-BPA-5: allow-bidirectional undoes either mode, for the subnet or for all of the VPC's."""
    for mode in MODES:
        e, _ = public_pair()
        block(e, mode)
        exclude(e, e.sb)
        assert both_ways(e) == (NO, NO)
        exclude(e, e.sa)
        assert both_ways(e) == (YES, YES)
        e, _ = public_pair()
        block(e, mode)
        exclude(e, e.v1)
        assert both_ways(e) == (YES, YES)


def test_an_exclusion_for_egress() -> None:
    """R-BPA-5, U-2: allow-egress lets out what a NAT gateway opens, and by default not what a
    public instance does; nothing comes in."""
    e = Pair()
    e.natted(e.tb)
    c = e.instance("c", e.sn, "10.0.9.5", public=EIP)
    block(e, BOTH)
    exclude(e, e.sn, "allow-egress")
    assert verdict(e, f"can {e.b} reach {HOST} port 443") is YES
    assert both_ways(e, c) == (NO, NO)
    assert both_ways(e, c, egress="allow") == (NO, YES)
    denied = reach.ask(e.load(), f"can {c} reach {HOST} port 443")
    assert CODE in codes(denied)
    assert any("bpa-allow-egress=deny" in str(note) for note in denied.notes)
    allowed = reach.ask(
        e.load(), f"can {c} reach {HOST} port 443", options={"bpa-allow-egress": "allow"}
    )
    assert any("bpa-allow-egress=allow" in str(note) for note in allowed.notes)


def test_an_exclusion_for_egress_under_the_ingress_mode() -> None:
    """R-BPA-5: it is moot there, whatever U-2 says."""
    e, _ = public_pair()
    block(e, INGRESS)
    exclude(e, e.sa, "allow-egress")
    assert both_ways(e) == (NO, NO)
    assert both_ways(e, egress="allow") == (NO, NO)


def test_the_subnet_of_the_nat_gateway_counts() -> None:
    """R-BPA-5, T-158: not its clients'."""
    e = Pair()
    e.natted(e.tb)
    block(e, BOTH)
    exclude(e, e.sb)
    assert blocked(e, f"can {e.b} reach {HOST} port 443", e.sn)
    exclude(e, e.sn)
    assert verdict(e, f"can {e.b} reach {HOST} port 443") is YES


@pytest.mark.parametrize(
    ("state", "wanted"),
    [
        ("create-complete", YES),
        ("update-complete", YES),
        ("create-in-progress", NO),
        ("create-failed", NO),
        ("delete-complete", NO),
        ("disable-complete", NO),
        ("update-in-progress", OPEN),
        ("update-failed", OPEN),
        ("delete-in-progress", OPEN),
        ("disable-in-progress", OPEN),
    ],
)
def test_states_of_an_exclusion(state: str, wanted: Verdict) -> None:
    """R-BPA-5: one counts when it is complete; what is being changed is not told."""
    e, _ = public_pair()
    block(e, BOTH)
    exclude(e, e.sa, state=state)
    assert both_ways(e) == (wanted, wanted)


def test_exclusions_that_are_not_allowed() -> None:
    """R-BPA-1: where an organisation allows none, their list need not be known."""
    e, _ = public_pair()
    block(e, BOTH, exclusions="not-allowed")
    e.drop(EXCLUSIONS)
    assert both_ways(e) == (NO, NO)


def test_exclusions_that_differ() -> None:
    """Of a VPC's exclusion and its subnet's AWS does not say which counts: where they would let
    the same pass there is no doubt."""
    e = Pair()
    e.natted(e.tb)
    c = e.instance("c", e.sn, "10.0.9.5", public=EIP)
    block(e, BOTH)
    exclude(e, e.v1)
    exclude(e, e.sn, "allow-egress")
    assert verdict(e, f"can {e.b} reach {HOST} port 443") is YES
    assert both_ways(e, c) == (OPEN, OPEN)


# ------------------------------ who is next to the gateway


def test_an_appliance_on_the_way() -> None:
    """R-BPA-5: the appliance's subnet counts in both directions, not the one behind it
    (security-vpc-bpa-basics)."""
    e, appliance = bastion()
    sp = e.ids[appliance.eni.record["SubnetId"]]
    into, out = f"can internet reach {e.b} port 443", f"can {e.b} reach {HOST} port 443"
    assert (verdict(e, into), verdict(e, out)) == (YES, YES)
    block(e, BOTH)
    exclude(e, e.sb)
    assert blocked(e, into, sp)
    assert blocked(e, out, sp)
    exclude(e, sp)
    assert (verdict(e, into), verdict(e, out)) == (YES, YES)


def test_only_the_appliance_excluded() -> None:
    """The other way round: the subnet behind it needs no exclusion."""
    e, appliance = bastion()
    block(e, BOTH)
    exclude(e, e.ids[appliance.eni.record["SubnetId"]])
    assert verdict(e, f"can internet reach {e.b} port 443") is YES
    assert verdict(e, f"can {e.b} reach {HOST} port 443") is YES


def test_between_public_addresses() -> None:
    """R-IGW-10: what turns round at the gateway crosses it twice."""
    e, _ = public_pair()
    e.public(e.b, EIP_B)
    ask = f"can {e.a} reach {EIP_B} port 443"
    block(e, BOTH)
    assert verdict(e, ask) is NO
    exclude(e, e.sa)
    assert blocked(e, ask, e.sb)
    exclude(e, e.sb)
    assert verdict(e, ask) is YES


@pytest.mark.parametrize("mode", MODES)
def test_a_pool_that_is_routed_in(mode: str) -> None:
    """R-BPA-8, T-182: only the VPC's exclusion helps a pool."""
    e = Pair()
    gateway = e.online(e.ta)
    appliance = e.instance("appliance", e.sa, "10.0.0.9", check=False)
    edge = e.table(e.v1, edge=gateway)
    pool_on(e, edge, "203.0.113.16/28")
    e.route(edge, "203.0.113.16/28", appliance.eni)
    ask = "can internet reach 203.0.113.20 port 443"
    assert verdict(e, ask) is YES
    block(e, mode)
    exclude(e, e.sa)
    assert blocked(e, ask, e.v1)
    assert verdict(e, f"can 203.0.113.20 reach {HOST} port 443") is NO
    exclude(e, e.v1)
    assert verdict(e, ask) is YES


def test_a_local_zone() -> None:
    """R-BPA-8: the ingress mode is not supported there, and no page says what that means."""
    e = Pair()
    here = e.subnet(e.v1, "10.0.7.0/24", name="bos")
    here.record["AvailabilityZone"], here.record["AvailabilityZoneId"] = "us-east-1-bos-1a", "bos1"
    e.online(table := e.table(e.v1, [here]))
    assert table
    c = e.instance("c", here, "10.0.7.5", public=EIP)
    block(e, INGRESS)
    assert both_ways(e, c) == (OPEN, OPEN)
    block(e, BOTH)
    assert both_ways(e, c) == (NO, NO)


# ------------------------------ a firewall in the path


def test_past_a_network_firewall() -> None:
    """R-BPA-6: what its endpoint in the subnet passes on is blocked, excluded or not; the subnet's
    own is not."""
    e, gateway = public_pair()
    inspected = e.subnet(e.v1, "10.0.5.0/24", name="firewall")
    e.route(e.table(e.v1, [inspected]), "0.0.0.0/0", gateway)
    vpce = e.endpoint_balancer(inspected, "10.0.5.9")
    vpce.record["Tags"] = [{"Key": "AWSNetworkFirewallManaged", "Value": "true"}]
    block(e, BOTH)
    exclude(e, inspected)
    e.route(e.table(e.v1, edge=gateway), "10.0.0.0/24", vpce)
    g = ground(e)
    out, into = f"internet_gateway/{gateway}/from {inspected}", f"internet_gateway/{gateway}/in"
    for source, wanted in ((e.a.ip, (inspected, CODE)), ("10.0.5.7", (gateway, NO_ADDRESS))):
        assert dropped(at(g, out, packet(source, HOST))) == wanted
    assert dropped(at(g, into, packet(HOST, EIP))) == (inspected, CODE)
    exclude(e, e.v1)
    assert doubted(at(ground(e), out, packet(e.a.ip, HOST))) == [inspected]
    block(e, INGRESS)
    assert dropped(at(ground(e), out, packet("10.0.0.6", HOST))) == (gateway, NO_ADDRESS)


# ------------------------------ other ways in


def test_what_other_components_ask_for() -> None:
    """R-BPA-6: a way in that ends in a subnet, and a carrier gateway by the addresses it uses."""
    e, _ = public_pair()
    e.route(e.tb, "0.0.0.0/0", cagw := e.fresh("cagw"))
    e.interface(e.sb, "10.0.1.50").record["Association"] = {"CarrierIp": "155.146.10.7"}
    out, into = ("carrier_gateway.out", cagw), ("carrier_gateway.in", cagw)
    slots = [("public_access.in", str(e.sb)), out, into]
    assert [ground(e).slot(*slot) for slot in slots] == [(), (), ()]
    for mode in MODES:
        block(e, mode)
        exclude(e, e.sa)
        g = ground(e)
        denied = f"({e.sb} Block Public Access)"
        assert plain(g.slot(*slots[0])) == [[f"else deny {CODE} {denied}"]]
        ((*sent_out, last),) = plain(g.slot(*out))
        assert f"deny source 10.0.1.0/24 {denied}" in sent_out
        assert last == "else permit"
        assert plain(g.slot(*into)) == [[f"deny destination 155.146.10.7 {denied}", "else permit"]]


# ------------------------------ whose setting


def test_per_region() -> None:
    """R-BPA-1: the account's mode in another Region says nothing here."""
    e, _ = public_pair()
    block(e, BOTH, ("111122223333", "eu-west-1"))
    e.vpc("10.8.0.0/16", region="eu-west-1")
    assert both_ways(e) == (YES, YES)
    block(e, BOTH)
    assert both_ways(e) == (NO, NO)


def test_the_owner_of_a_shared_subnet() -> None:
    """R-BPA-2: the owner's setting governs, a participant's own has no effect there."""
    theirs = "444455556666"
    for owners, participants, wanted in (("off", BOTH, YES), (BOTH, "off", NO)):
        e = Pair()
        e.online(e.ta)
        e.share(e.sa, theirs)
        c = e.instance("c", e.sa, "10.0.0.77", public=EIP, account=theirs)
        block(e, participants, (theirs, "us-east-1"))
        block(e, owners)
        assert both_ways(e, c) == (wanted, wanted)


def test_another_account_in_the_snapshot() -> None:
    """R-BPA-1: each account has its own."""
    e, _ = public_pair()
    e.second(account="444455556666")
    block(e, BOTH, ("444455556666", "us-east-1"))
    assert both_ways(e) == (YES, YES)


# ------------------------------ gaps


def test_old_snapshots() -> None:
    """Nothing is shown and neither call was made: it is taken as off."""
    e, _ = public_pair()
    for holder in (e.v1, e.sa, e.sb):
        shows(holder, None)
    e.drop(EXCLUSIONS)
    assert both_ways(e) == (YES, YES)


def test_what_vpcs_and_subnets_show() -> None:
    """Without the options the place's own mode counts, the subnet's before the VPC's."""
    e, _ = public_pair()
    for holder in (e.v1, e.sa, e.sb):
        shows(holder, BOTH)
    assert both_ways(e) == (NO, NO)
    shows(e.sa, "off")
    assert both_ways(e) == (YES, YES)
    shows(e.sa, None)
    assert both_ways(e) == (NO, NO)


def test_shown_and_exclusions_not_known() -> None:
    """Law 2: without the list of exclusions a mode that is shown somewhere decides nothing."""
    e, _ = public_pair()
    e.public(e.b, EIP_B)
    block(e, BOTH)
    e.drop(EXCLUSIONS)
    assert both_ways(e) == (OPEN, OPEN)
    answer = e.ask(f"can internet reach {e.a} port 443")
    assert "describe-vpc-block-public-access-exclusions" in answer.reason
    e.drop(OPTIONS)
    assert both_ways(e) == (OPEN, OPEN)
    e.wear(e.b, e.group(e.v1, ["tcp/22 any"]))
    assert verdict(e, f"can internet reach {e.b} port 443") is NO, "refused in any mode"


def test_the_ingress_mode_and_exclusions_not_known() -> None:
    """What no mode at hand would drop is certain all the same."""
    e = Pair()
    e.natted(e.tb)
    block(e, INGRESS)
    e.drop(EXCLUSIONS)
    assert verdict(e, f"can {e.b} reach {HOST} port 443") is YES


def test_exclusions_and_no_mode() -> None:
    """An exclusion tells that there may be a mode; what shows none is then open."""
    e, _ = public_pair()
    exclude(e, e.sb)
    assert both_ways(e) == (YES, YES)
    for holder in (e.v1, e.sa, e.sb):
        shows(holder, None)
    assert both_ways(e) == (OPEN, OPEN)


def test_contradicting_calls() -> None:
    """The account says off and the subnet does not, or the account is being changed."""
    e, _ = public_pair()
    block(e, "off")
    shows(e.sa, BOTH)
    assert both_ways(e) == (OPEN, OPEN)
    e, _ = public_pair()
    block(e, "off", state="update-in-progress")
    assert both_ways(e) == (OPEN, OPEN)


def test_a_vpc_that_is_not_listed() -> None:
    """What its owner decided is not known."""
    e, _ = public_pair()
    e.drop("Vpcs")
    assert verdict(e, f"can {e.a} reach {HOST} port 443") is OPEN


@pytest.mark.parametrize("call", [OPTIONS, EXCLUSIONS, "Vpcs", "Subnets", "NatGateways"])
@pytest.mark.parametrize("mode", MODES)
def test_a_missing_call_flips_nothing(mode: str, call: str) -> None:
    """Law 2, where a mode is in force and half of the subnets are excluded."""
    e, _ = public_pair()
    e.natted(e.tb)
    c = e.instance("c", e.sn, "10.0.9.5", public=EIP_B)
    block(e, mode)
    exclude(e, e.sa)
    asked = [f"can internet reach {who} port 443" for who in (e.a, c)]
    asked += [f"can {who} reach {HOST} port 443" for who in (e.a, e.b, c)]
    before = [verdict(e, ask) for ask in asked]
    e.drop(call)
    for ask, was in zip(asked, before, strict=True):
        assert verdict(e, ask) in (was, OPEN), ask


# ------------------------------ what it does not touch


def test_inside_the_vpc_and_to_a_peer() -> None:
    """R-BPA-10: it looks at gateways to the internet only."""
    e, _ = public_pair()
    e.peered()
    block(e, BOTH)
    g = ground(e)
    for goal in (e.b, e.b2):
        there = sent(g, e.a, packet(e.a.ip, goal.ip))
        assert answered(g, there, goal.ip)
        assert replied(g, there)
        assert verdict(e, f"can {e.a} reach {goal} port 443") is YES


def test_services_of_the_vpc() -> None:
    """R-BPA-6: endpoints and the resolver are reached without any gateway."""
    e, _ = public_pair()
    e.endpoint_interface({e.sb: "10.0.1.40"})
    e.endpoint_gateway(e.v1, [e.ta])
    block(e, BOTH)
    assert verdict(e, f"can {e.a} reach 10.0.1.40 port 443") is YES
    assert verdict(e, f"can {e.a} reach 52.216.1.10 port 443") is YES
    assert verdict(e, f"can {e.a} reach 10.0.0.2 port 53/udp") is YES


def test_the_other_vpc() -> None:
    """What another VPC shows says nothing about this one, which shows that it is off."""
    e, _ = public_pair()
    e.second()
    shows(e.v2, BOTH)
    shows(e.s2, BOTH)
    assert both_ways(e) == (YES, YES)


def test_what_is_refused_anyhow_is_refused() -> None:
    """The switch only ever takes away."""
    e, _ = public_pair()
    e.wear(e.a, e.group(e.v1, ["tcp/443 any"]))
    block(e, BOTH)
    exclude(e, e.sa)
    assert verdict(e, f"can internet reach {e.a} port 22") is NO
    assert verdict(e, f"can internet reach {e.a} port 443") is YES
    assert verdict(e, f"can {e.b} reach internet port 443") is NO


def test_encryption_beside_it() -> None:
    """The two switches stand beside each other."""
    e, _ = public_pair()
    encrypt(e, e.v1, "enforce", "InternetGateway")
    block(e, BOTH)
    assert both_ways(e) == (NO, NO)


def test_the_builder_writes_what_aws_prints() -> None:
    """Every field is a member of the call's answer in botocore's model, of its type."""
    session = pytest.importorskip("botocore.session").get_session()
    model = session.get_service_model("ec2")
    e, gateway = public_pair()
    block(e, BOTH)
    exclude(e, e.sa)
    encrypt(e, e.v1, "enforce", "Lambda")
    pool_on(e, e.table(e.v1, edge=gateway), "203.0.113.16/28")
    checked = []
    for path, text in e.files().items():
        ((key, answer),) = json.loads(text).items()
        shape = f"Describe{key}Result"
        if key in (OPTIONS, EXCLUSIONS, "VpcEncryptionControls", "PublicIpv4Pools", "ByoipCidrs"):
            checked += [key, *misfits({key: answer}, model.shape_for(shape), path)]
    assert sorted(checked) == sorted(
        ["ByoipCidrs", "PublicIpv4Pools", EXCLUSIONS, OPTIONS, "VpcEncryptionControls"]
    )
