"""Network Firewall: its endpoints, its stateless and its stateful engine."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest

import reach
from reach.evaluate import evaluate
from reach.snapshot.firewall_records import Firewall, FirewallPolicy, RuleGroup
from reach.snapshot.firewalls import firewall_places, is_firewalls
from reach.snapshot.records import VpcEndpoint
from tests.aws.ground import came, dropped, ground, nodes, packet, plain, replied, sent, stages
from tests.estate import Id, Pair, codes, load_files, said, tell
from tests.estates.firewall import Firewall as Fire
from tests.estates.firewall import (
    Guarded,
    associate,
    domains,
    firewall,
    five_tuples,
    on_gateway,
    policy,
    rule_group,
    stateful,
    stateless,
)
from tests.estates.transit import associate as associate_table
from tests.estates.transit import attach, static, table, transit_gateway

NET = "8.8.8.8"
CODE = "FIREWALL_RULES_RESTRICTION"
Rules = Callable[[Guarded], Id]


def behind(rules: Rules) -> Guarded:
    e = Guarded()
    e.fire(rules(e))
    return e


def only(*lines: str, **how: Any) -> Rules:
    """A policy of one group, in Suricata's words."""
    strict, otherwise = how.pop("strict", False), how.pop("otherwise", ())
    return lambda e: policy(
        e, [stateful(e, *lines, strict=strict, **how)], strict=strict, otherwise=otherwise
    )


def answer(e: Guarded, what: str, *, one_way: bool = False) -> Any:
    """Whether A reaches the net with this: ``tcp/443``, ``icmp``, ..."""
    name, _, port = what.partition("/")
    asked = f"port {port}/{name}" if port else name
    return e.ask(f"can {e.a} reach {NET} {asked}", one_way=one_way)


def passes(e: Guarded, what: str, *, one_way: bool = False) -> bool:
    """Whether it gets through with nothing assumed, or is dropped by a firewall's rule."""
    found = answer(e, what, one_way=one_way)
    if found.verdict == "reachable":
        assert not found.assumptions, tell(found)
        return True
    assert found.verdict == "unreachable", tell(found)
    assert CODE in codes(found), tell(found)
    return False


def assumed(e: Guarded, what: str) -> list[str]:
    """What is assumed so that it gets through."""
    found = answer(e, what)
    assert found.verdict == "reachable", tell(found)
    return [assumption.text for assumption in found.assumptions]


def open_about(e: Guarded, what: str) -> str:
    """Why it is undecided."""
    found = answer(e, what)
    assert found.verdict == "undecided", tell(found)
    return str(found.reason)


# ------------------------------ decoding


def test_each_call_stands_in_a_file_of_its_own() -> None:
    """An answer as the CLI prints it, and a list of answers, are the same snapshot."""
    e = behind(lambda e: policy(e, [stateful(e, "drop tcp any any -> any 22 (sid:1;)")]))
    associate(e, firewalls(e)[0], e.sb, "10.0.1.90")
    wrapped = e.files()
    bare: dict[str, str] = {}
    for path, text in wrapped.items():
        content = json.loads(text)
        key = next(iter(content))
        if key.startswith("NetworkFirewall"):
            for number, record in enumerate(content[key]):
                bare[path.replace(key, f"{key}-{number}")] = json.dumps(record)
        else:
            bare[path] = text
    one, other = load_files(wrapped), load_files(bare)
    assert not [d for d in other.diagnostics if d.severity == "error"]
    assert "UpdateToken" not in other.ignored
    for kind in (Firewall, FirewallPolicy, RuleGroup):
        assert len(one.records(kind)) == len(other.records(kind)) == 1
    assert firewall_places(one).keys() == firewall_places(other).keys()
    assert len(firewall_places(other)) == 2
    for port, verdict in ((443, "reachable"), (22, "unreachable")):
        question = f"can {e.a} reach {NET} port {port}"
        assert reach.ask(one, question).verdict == reach.ask(other, question).verdict == verdict


def firewalls(e: Guarded) -> list[Any]:
    arns = [each["Firewall"]["FirewallArn"] for each in e.scope(e.home)["NetworkFirewalls"]]
    return [e.ids[arn] for arn in arns]


def test_whose_an_endpoint_is() -> None:
    """A firewall names it, or a tag does, or its requester manages it; any other is not."""
    e = behind(policy)
    tagged, managed, other = (
        e.endpoint_balancer(e.sb, f"10.0.1.{n}", f"vpce-svc-{n}") for n in (61, 62, 63)
    )
    tagged.record["Tags"] = [{"Key": "AWSNetworkFirewallManaged", "Value": "true"}]
    managed.record["RequesterManaged"] = True
    (named,) = firewalls(e)[0].endpoints
    named.record["Tags"], named.record["RequesterManaged"] = [], False
    snapshot = e.load()
    found = {
        each.vpc_endpoint_id: is_firewalls(snapshot, each) for each in snapshot.records(VpcEndpoint)
    }
    assert found == {str(tagged): True, str(managed): True, str(other): False, str(named): True}


# ------------------------------ nodes


def test_stages() -> None:
    """The stateless rules, then for what is forwarded the sessions and the stateful rules."""
    e = Guarded()
    first = stateless(e, "20 drop udp any any -> any 53", "10 pass icmp any any -> any any")
    rules = stateful(e, "drop tcp any any -> any 22 (sid:1;)")
    fw = e.fire(policy(e, [rules], [first]))
    g, own = ground(e), fw.endpoints[0]
    out = f"subnet/{e.sf}/emit endpoint"
    assert plain(stages(g, f"network_firewall/{own}/in")) == [
        ["any packet: identity 0"],
        [
            f"permit protocol icmp ({first} stateless rule 10)",
            f"deny protocol udp; destination port 53 ({first} stateless rule 20)",
            f"else permit ({policy_of(e)} stateless default)",
        ],
        [
            f"protocol icmp -> {out}",
            f"any packet -> network_firewall/{own}/stateful",
            "else drop",
        ],
    ]
    assert plain(stages(g, f"network_firewall/{own}/stateful")) == [
        [
            f"session network_firewall {own}",
            "permit any packet",
            f"else deny {CODE} ({own} reply)",
        ],
        [f"reply any packet -> {out}"],
        [f"deny protocol tcp; destination port 22 ({rules} rule sid 1)", "else permit"],
        [f"any packet -> network_firewall/{own}/default", "else drop"],
    ]


def policy_of(e: Guarded) -> str:
    (found,) = e.scope(e.home)["NetworkFirewallPolicies"]
    return str(found["FirewallPolicyResponse"]["FirewallPolicyArn"])


def test_a_bump_in_the_wire() -> None:
    """R-GWLBE-1, R-SG-20: the header is what it was, but nobody knows who sent it; it comes out in
    the endpoint's subnet, whose network ACL it has passed."""
    e = behind(policy)
    trace = sent(ground(e), e.a, packet(e.a.ip, NET))
    own = firewalls(e)[0].endpoints[0]
    hop = next(hop for hop in trace.hops if hop.node == f"network_firewall/{own}/in")
    assert hop.before.identity > 0
    assert hop.after == hop.before._replace(identity=0)
    assert hop.after._replace(identity=0) == packet(e.a.ip, NET)
    assert f"subnet/{e.sf}/arrive network_firewall/{own}/in" in nodes(trace)
    assert f"subnet/{e.sf}/emit endpoint" in nodes(trace)


def test_groups_do_not_survive() -> None:
    """R-SG-19: a reference to the sender's group does not match behind a firewall."""
    e = Guarded()
    fw = firewall(e, {e.sf: "10.0.7.9"}, policy(e))
    for here, there in ((e.ta, "10.0.1.0/24"), (e.tb, "10.0.0.0/24")):
        e.route(here, there, fw.endpoints[0])
    ga = e.group(e.v1)
    gb = e.group(e.v1, ingress=[f"tcp/443 {ga}"])
    e.wear(e.a, ga)
    e.wear(e.b, gb)
    found = e.ask(f"can {e.a} reach {e.b} port 443")
    assert (found.verdict, codes(found)) == ("unreachable", {"ENI_SG_RULES_MISMATCH"})
    e.permit(gb, "tcp/443 10.0.0.0/24")
    assert e.ask(f"can {e.a} reach {e.b} port 443").verdict == "reachable"


# ------------------------------ endpoints


@pytest.mark.parametrize(
    ("status", "works"),
    [
        ("READY", True),
        ("SCALING", True),
        ("CREATING", False),
        ("DELETING", False),
        ("FAILED", False),
        ("ERROR", False),
        ("STANDBY", False),
    ],
)
def test_status(status: str, works: bool) -> None:
    """R-NFW-1: an endpoint takes traffic when it is READY."""
    e = Guarded()
    fw = e.fire(policy(e), status=status)
    trace = sent(ground(e), e.a, packet(e.a.ip, NET))
    if works:
        assert trace.owner == "internet"
    else:
        assert dropped(trace) == (str(fw.endpoints[0]), "BAD_STATE")


def test_an_endpoint_by_association() -> None:
    """R-NFW-1: an endpoint in another VPC, by the rules of the firewall that it belongs to."""
    e = Guarded()
    home = e.vpc("10.8.0.0/16", name="home")
    there = e.subnet(home, "10.8.0.0/24")
    fw = firewall(
        e, {there: "10.8.0.9"}, policy(e, [stateful(e, "drop tcp any any -> any 22 (sid:1;)")])
    )
    e.behind(associate(e, fw, e.sf, "10.0.7.9"))
    assert passes(e, "tcp/443")
    assert not passes(e, "tcp/22")
    e.drop("NetworkFirewalls")
    assert str(fw) in open_about(e, "tcp/443")


def test_a_firewall_that_is_not_in_the_snapshot() -> None:
    """Law 2: its endpoint is known by its tag; what it does is not."""
    e = behind(policy)
    e.drop("NetworkFirewalls")
    assert "describe-firewall" in open_about(e, "tcp/443")


@pytest.mark.parametrize("call", ["NetworkFirewallPolicies", "NetworkFirewallRuleGroups"])
def test_rules_that_are_not_in_the_snapshot(call: str) -> None:
    """Law 2: without the policy or the groups nothing is passed, nothing dropped."""
    e = behind(only("pass tcp any any -> any 443 (sid:1;)", "drop ip any any -> any any (sid:2;)"))
    assert passes(e, "tcp/443")
    assert not passes(e, "tcp/22")
    e.drop(call)
    for what in ("tcp/443", "tcp/22"):
        assert "not known" in open_about(e, what)


def test_two_endpoints_of_one_firewall() -> None:
    """R-NFW-12: what went out by one and comes back by the other is half a flow at each."""
    e = Guarded()
    other = e.subnet(e.v1, "10.0.8.0/24", "b", name="other")
    e.online(e.table(e.v1, [other]))
    fw = firewall(e, {e.sf: "10.0.7.9", other: "10.0.8.9"}, policy(e))
    e.behind(fw.endpoints[0])
    assert passes(e, "tcp/443")
    e.route(e.te, "10.0.0.0/24", fw.endpoints[1])
    assert not passes(e, "tcp/443")
    assert passes(e, "tcp/443", one_way=True)
    e.route(e.ta, "0.0.0.0/0", fw.endpoints[1])
    assert passes(e, "tcp/443")


def test_endpoints_that_need_not_see_both_ways() -> None:
    """R-NFW-4: what the stateless engine passes both ways may take two endpoints."""
    e = Guarded()
    other = e.subnet(e.v1, "10.0.8.0/24", "b", name="other")
    e.online(e.table(e.v1, [other]))
    rules = policy(e, default="aws:pass")
    fw = firewall(e, {e.sf: "10.0.7.9", other: "10.0.8.9"}, rules)
    e.behind(fw.endpoints[0])
    e.route(e.te, "10.0.0.0/24", fw.endpoints[1])
    assert passes(e, "tcp/443")


def test_a_reply_that_takes_another_way() -> None:
    """R-NFW-12: without an edge table the reply comes past the firewall: no answer."""
    e = behind(policy)
    own = str(firewalls(e)[0].endpoints[0])
    e.te.record["Routes"] = [r for r in e.te.record["Routes"] if r.get("GatewayId") != own]
    found = answer(e, "tcp/443")
    assert (found.verdict, codes(found)) == ("unreachable", {CODE})
    assert [each.direction for each in found.explanations] == ["reply"]
    assert passes(e, "tcp/443", one_way=True)


def test_internet_gateway_firewalls_and_proxies() -> None:
    """What is not modelled is undecided: a firewall of the gateway itself, one in proxy mode."""
    e = behind(policy)
    body = firewalls(e)[0].record["Firewall"]
    body["IgwFirewallConfiguration"] = {"EnforcementMode": "POLICY_CONTROLLED"}
    assert str(e.gateway) in open_about(e, "tcp/443")
    del body["IgwFirewallConfiguration"]
    body["ProxySettings"] = {"DomainName": "proxy.example.org"}
    assert "proxy mode" in open_about(e, "tcp/443")


def test_as_an_end() -> None:
    """By way of it, under its endpoint's id, its ARN and its name; it sends nothing."""
    e = behind(policy)
    (fw,) = firewalls(e)
    for name in (fw.endpoints[0], fw, "fw"):
        assert e.ask(f"can {e.a} reach {name} port 443").verdict == "reachable"
        assert e.ask(f"can {e.b} reach {name} port 443").verdict == "unreachable"
    found = e.ask(f"can {fw.endpoints[0]} reach {e.a} port 443")
    assert codes(found) == {"VPCE_INTRA_VPC_TRAFFIC"}
    found = e.ask(f"can {e.b} reach 10.0.7.9 port 443")
    assert (found.verdict, codes(found)) == ("unreachable", {"NO_PATH"})


# ------------------------------ on a transit gateway


def hub(rules: Rules, status: str = "READY") -> tuple[Guarded, Fire]:
    """V1 and V2 on a gateway whose spokes' table leads everything to an attached firewall."""
    e = Guarded()
    e.second()
    tgw = transit_gateway(e)
    spokes, inspected = table(e, tgw), table(e, tgw)
    attach(e, tgw, e.v1, [e.sa], table=spokes, into=[inspected])
    attach(e, tgw, e.v2, [e.s2], table=spokes, into=[inspected])
    fw = on_gateway(e, tgw, rules(e), status=status)
    associate_table(e, fw.endpoints[0], inspected)
    static(e, spokes, "0.0.0.0/0", fw.endpoints[0])
    for each in (e.ta, e.t2):
        e.route(each, "10.0.0.0/8", tgw)
    return e, fw


def test_attached_to_a_transit_gateway() -> None:
    """R-TGW-19: what it passes goes back into the gateway by the same attachment."""
    e, fw = hub(only("drop tcp any any -> any 22 (sid:1;)"))
    assert e.ask(f"can {e.a} reach {e.b2} port 443").verdict == "reachable"
    found = e.ask(f"can {e.b2} reach {e.a} port 22")
    assert (found.verdict, codes(found)) == ("unreachable", {CODE})
    trace = sent(ground(e), e.a, packet(e.a.ip, e.b2.ip))
    own = fw.endpoints[0]
    kinds = [n.partition(" ")[0] for n in nodes(trace)]
    out, inside = f"transit_gateway/{own}/out", f"network_firewall/{own}/in"
    assert kinds.index(out) < kinds.index(inside) < kinds.index(f"transit_gateway/{own}/in")


def test_an_attachment_that_does_not_work() -> None:
    e, _ = hub(policy, status="PENDING_ACCEPTANCE")
    assert "BAD_STATE" in codes(e.ask(f"can {e.a} reach {e.b2} port 443"))


def test_an_attached_firewall_that_is_not_in_the_snapshot() -> None:
    e, _ = hub(policy)
    e.drop("NetworkFirewalls")
    found = e.ask(f"can {e.a} reach {e.b2} port 443")
    assert found.verdict == "undecided"
    assert "describe-firewall" in str(found.reason)


# ------------------------------ the stateless engine


@pytest.mark.parametrize(
    ("default", "expected"), [("pass", True), ("drop", False), ("forward_to_sfe", True)]
)
def test_the_stateless_default(default: str, expected: bool) -> None:
    """R-NFW-3: what no rule matches; forwarded, it is for the stateful engine."""
    assert passes(behind(lambda e: policy(e, default=f"aws:{default}")), "tcp/443") is expected
    drops = "drop tcp any any -> any any (sid:1;)"
    e = behind(lambda e: policy(e, [stateful(e, drops)], default=f"aws:{default}"))
    assert passes(e, "tcp/443") is (default == "pass")


def test_the_first_match_by_priority() -> None:
    """R-NFW-3: groups by priority, rules in a group by priority, whatever the order they stand
    in."""
    e = Guarded()
    first = stateless(e, "30 drop tcp any any -> any 443", "20 pass tcp any any -> any 443-444")
    second = stateless(e, "1 drop tcp any any -> any 444", "2 pass tcp any any -> any 445")
    back = stateless(e, "1 pass tcp any 443-445 -> any any")
    e.fire(policy(e, stateless=[first, second, back], default="aws:drop"))
    assert [passes(e, f"tcp/{port}") for port in (443, 444, 445, 446)] == [True, True, True, False]
    group = e.scope(e.home)["NetworkFirewallPolicies"][0]["FirewallPolicy"]
    group["StatelessRuleGroupReferences"][1]["Priority"] = 5
    assert [passes(e, f"tcp/{port}") for port in (443, 444)] == [True, False]


def test_replies_are_matched_afresh() -> None:
    """R-NFW-4: a rule for one direction is not one for the other."""
    there, back = "1 pass tcp 10.0.0.0/24 any -> any 443", "2 pass tcp any 443 -> 10.0.0.0/24 any"
    e = behind(lambda e: policy(e, stateless=[stateless(e, there)], default="aws:drop"))
    assert not passes(e, "tcp/443")
    assert passes(e, "tcp/443", one_way=True)
    e = behind(lambda e: policy(e, stateless=[stateless(e, there, back)], default="aws:drop"))
    assert passes(e, "tcp/443")


@pytest.mark.parametrize("passed", ["tcp 10.0.0.0/24 any -> any 443", "tcp any 443 -> any any"])
def test_half_a_flow(passed: str) -> None:
    """R-NFW-5: passed one way and forwarded the other, the stateful engine sees half of it."""
    e = behind(lambda e: policy(e, stateless=[stateless(e, f"1 pass {passed}")]))
    assert not passes(e, "tcp/443")
    assert passes(e, "tcp/443", one_way=True)
    assert passes(e, "tcp/80")


def test_ports_are_for_tcp_and_udp() -> None:
    """R-NFW-4: of any other protocol a rule's ports mean nothing; without protocols it is all."""
    e = behind(lambda e: policy(e, stateless=[stateless(e, "1 drop ip any any -> any 443")]))
    assert [passes(e, what) for what in ("tcp/443", "udp/443", "tcp/80")] == [False, False, True]
    assert not passes(e, "icmp")


SYN = "1 drop tcp any any -> 10.0.0.0/24 any SYN/SYN,ACK"


def test_a_rule_about_opening_packets() -> None:
    """R-NFW-4: without ACK a SYN opens a connection: none is opened inwards, replies pass."""
    e = behind(lambda e: policy(e, stateless=[stateless(e, SYN)], default="aws:pass"))
    assert passes(e, "tcp/443")
    found = e.ask(f"can internet reach {e.a} port 443")
    assert (found.verdict, codes(found)) == ("unreachable", {CODE})
    assert e.ask(f"can internet reach {e.a} port 443/udp").verdict == "reachable"


def test_rules_about_other_flags() -> None:
    """Those that no packet of a connection has mean nothing; those that only some have may."""
    never = "1 drop tcp any any -> any any SYN,FIN/SYN,FIN"
    e = behind(lambda e: policy(e, stateless=[stateless(e, never)], default="aws:pass"))
    assert passes(e, "tcp/443")
    some = "1 drop tcp any any -> any 443 PSH/PSH,SYN"
    e = behind(lambda e: policy(e, stateless=[stateless(e, some)], default="aws:pass"))
    (words,) = assumed(e, "tcp/443")
    assert "does not match" in words
    assert passes(e, "udp/443")
    always = "1 drop tcp any any -> any 443 RST/RST"
    e = behind(lambda e: policy(e, stateless=[stateless(e, always)], default="aws:pass"))
    assert passes(e, "tcp/443")


def test_custom_actions() -> None:
    """They publish a metric; the standard action beside them counts."""
    e = behind(lambda e: policy(e, stateless=[stateless(e, "1 drop tcp any any -> any 443")]))
    group = e.scope(e.home)["NetworkFirewallRuleGroups"][0]["RuleGroup"]["RulesSource"]
    rule = group["StatelessRulesAndCustomActions"]["StatelessRules"][0]
    rule["RuleDefinition"]["Actions"] = ["CountIt", "aws:drop"]
    assert not passes(e, "tcp/443")


# ------------------------------ the stateful engine, by action


def test_what_passes_goes_first() -> None:
    """R-NFW-6: by action, whatever the order of the rules or of their groups."""
    e = Guarded()
    drops = stateful(e, "drop tcp any any -> any any (sid:1;)", "alert ip any any -> any any (;)")
    e.fire(policy(e, [drops, stateful(e, "pass tcp any any -> any 443 (sid:2;)")]))
    assert [passes(e, what) for what in ("tcp/443", "tcp/80", "udp/53")] == [True, False, True]


@pytest.mark.parametrize(
    ("action", "expected"), [("pass", True), ("alert", True), ("drop", False), ("reject", False)]
)
def test_actions(action: str, expected: bool) -> None:
    """R-NFW-6: alerts decide nothing, a reject drops; what no rule matches passes."""
    e = behind(only(f"{action} tcp any any -> any 443 (sid:1;)"))
    assert passes(e, "tcp/443") is expected
    assert passes(e, "tcp/80")


def test_replies_pass() -> None:
    """R-NFW-9: by the state of their flow, whatever the rules say of their direction."""
    e = behind(
        only(
            "pass tcp 10.0.0.0/24 any -> any 443 (sid:1;)",
            "drop ip any any -> any any (sid:2;)",
        )
    )
    assert passes(e, "tcp/443")
    assert e.ask(f"can internet reach {e.a} port 443").verdict == "unreachable"


def test_rules_in_other_words() -> None:
    """R-NFW-9: structured rules mean what Suricata's do."""
    lines = ("pass tcp 10.0.0.0/24 any -> any 443", "drop ip any any <> any any")
    e = behind(lambda e: policy(e, [five_tuples(e, *lines)]))
    assert [passes(e, what) for what in ("tcp/443", "tcp/80", "icmp")] == [True, False, False]
    options = [("msg", '"x"'), ("flow", "to_server,established")]
    e = behind(lambda e: policy(e, [five_tuples(e, lines[1], options=options)]))
    assert not passes(e, "tcp/443")
    assert passes(e, "tcp/443", one_way=True)


@pytest.mark.parametrize(
    ("way", "expected"), [("8.8.8.8 443 -> any any", True), ("8.8.8.8 443 <> any any", False)]
)
def test_directions(way: str, expected: bool) -> None:
    """R-NFW-9: FORWARD is from the side that opens, ANY is either."""
    assert passes(behind(only(f"drop tcp {way} (sid:1;)")), "tcp/443") is expected


def test_priorities_change_no_verdict() -> None:
    """R-NFW-6, U-18: within an action they say which rule is named, across groups or not."""
    e = Guarded()
    one = stateful(e, "drop tcp any any -> any 443 (sid:1; priority:9;)")
    other = stateful(e, "reject tcp any any -> any 443 (sid:2; priority:1;)")
    e.fire(policy(e, [one, other]))
    question, name = f"can {e.a} reach {NET} port 443", "firewall-priority"
    for value, first in (("may", one), ("across-groups", other)):
        found = reach.ask(e.load(), question, options={name: value})
        assert (found.verdict, found.explanations[0].resource) == ("unreachable", first)


# ------------------------------ the stateful engine, in strict order


def test_the_first_match_in_strict_order() -> None:
    """R-NFW-7: groups by priority, rules as they are listed."""
    e = Guarded()
    low = stateful(
        e,
        "drop tcp any any -> any 22 (sid:1;)",
        "pass tcp any any -> any 20:30 (sid:2;)",
        strict=True,
    )
    high = stateful(e, "drop tcp any any -> any any (sid:3;)", strict=True)
    e.fire(policy(e, [(high, 20), (low, 10)], strict=True))
    assert [passes(e, f"tcp/{port}") for port in (22, 23, 443)] == [False, True, False]
    references = e.scope(e.home)["NetworkFirewallPolicies"][0]["FirewallPolicy"]
    references["StatefulRuleGroupReferences"][0]["Priority"] = 5
    assert [passes(e, f"tcp/{port}") for port in (22, 23, 443)] == [False, False, False]


PASS_443 = "pass tcp any any -> any 443 (sid:1;)"


@pytest.mark.parametrize(
    ("actions", "expected"),
    [
        ((), (True, True, True)),
        (("aws:alert_strict", "aws:alert_established"), (True, True, True)),
        (("aws:drop_strict", "aws:alert_strict"), (True, False, False)),
        (("aws:drop_established",), (True, False, False)),
    ],
)
def test_strict_defaults(actions: Sequence[str], expected: tuple[bool, ...]) -> None:
    """R-NFW-7, R-NFW-8: what no rule passes; of a TCP flow the handshake is not enough."""
    e = behind(only(PASS_443, strict=True, otherwise=actions))
    assert tuple(passes(e, what) for what in ("tcp/443", "tcp/80", "udp/443")) == expected


def test_a_handshake_is_no_connection() -> None:
    """R-NFW-8: under drop_established the first packet arrives, and no flow is answered."""
    e = behind(only(strict=True, otherwise=("aws:drop_established",)))
    assert passes(e, "tcp/443", one_way=True)
    assert not passes(e, "tcp/443")
    assert not passes(e, "udp/53", one_way=True)
    assert not passes(e, "icmp", one_way=True)
    e = behind(only(strict=True, otherwise=("aws:drop_strict",)))
    assert not passes(e, "tcp/443", one_way=True)


def test_default_actions_for_applications() -> None:
    """R-NFW-7: what those drop no page says exactly: a may."""
    e = behind(only(PASS_443, strict=True, otherwise=("aws:drop_established_app_layer",)))
    assert passes(e, "tcp/443")
    for what in ("tcp/80", "udp/53"):
        (words,) = assumed(e, what)
        assert "drop_established_app_layer" in words


def test_default_actions_count_in_strict_order_only() -> None:
    e = behind(lambda e: policy(e, StatefulDefaultActions=["aws:drop_strict"]))
    assert passes(e, "tcp/443")


# ------------------------------ what only packets show

TLS = 'tls any any -> any any (tls.sni; content:"example.org"; sid:1;)'


def test_a_rule_about_content_may_drop() -> None:
    """R-NFW-13: the rule is quoted in what is assumed."""
    e = behind(only(f"drop {TLS}"))
    assert assumed(e, "tcp/443") == [f"assumed: this rule does not match: drop {TLS}"]
    assert passes(e, "udp/443")


def test_a_rule_about_content_may_pass() -> None:
    """R-NFW-8: under drop_established it is what makes a flow usable."""
    e = behind(only(f"pass {TLS}", strict=True, otherwise=("aws:drop_established",)))
    assert assumed(e, "tcp/443") == [f"assumed: this rule matches: pass {TLS}"]
    assert not passes(e, "udp/443")


def test_a_rule_about_content_passes_no_handshake() -> None:
    """R-NFW-7: under drop_strict, or before a rule that drops TCP, the handshake needs its own."""
    strict = ("aws:drop_strict",)
    e = behind(only(f"pass {TLS}", strict=True, otherwise=strict))
    assert not passes(e, "tcp/443")
    e = behind(only(f"pass {TLS}", "drop tcp any any -> any any (sid:9;)"))
    assert not passes(e, "tcp/443")
    handshake = "pass tcp any any -> any any (flow:not_established; sid:2;)"
    e = behind(only(handshake, f"pass {TLS}", strict=True, otherwise=strict))
    assert assumed(e, "tcp/443") == [f"assumed: this rule matches: pass {TLS}"]
    e = behind(only(handshake, strict=True, otherwise=strict))
    assert not passes(e, "tcp/443")
    assert passes(e, "tcp/443", one_way=True)


def test_a_pass_of_one_packet_passes_the_flow() -> None:
    """R-NFW-11: what is passed as it opens meets no rule about what it carries."""
    e = behind(only("pass tcp any any -> any 443 (sid:2;)", f"drop {TLS}"))
    assert passes(e, "tcp/443")
    assert assumed(e, "tcp/80")


def test_a_rule_about_established_flows() -> None:
    """R-NFW-8: its packets are dropped for certain, and the first one is none of them."""
    e = behind(only("drop tcp any any -> any 443 (flow:established,to_server; sid:1;)"))
    assert not passes(e, "tcp/443")
    assert passes(e, "tcp/443", one_way=True)
    assert passes(e, "tcp/80")
    e = behind(only("drop tcp any 443 -> any any (flow:to_client; sid:1;)"))
    assert not passes(e, "tcp/443")


def test_content_of_other_protocols() -> None:
    """R-NFW-13: a UDP flow may begin with what a rule is about."""
    e = behind(only('drop dns any any -> any 53 (dns.query; content:"x"; sid:1;)'))
    assert len(assumed(e, "udp/53")) == 1
    assert len(assumed(e, "tcp/53")) == 1
    assert passes(e, "udp/123")


# ------------------------------ domain lists, and groups that nobody can read


def test_an_allow_list_by_action() -> None:
    """R-NFW-10: what it does not hold is denied, of HTTP and TLS: a may."""
    e = behind(lambda e: policy(e, [domains(e, "ALLOWLIST", "example.org")]))
    words = assumed(e, "tcp/443")
    assert any("to others than example.org" in each for each in words)
    assert passes(e, "udp/443")


def test_an_allow_list_in_strict_order() -> None:
    """R-NFW-10: there it passes and denies nothing by itself."""

    def listed(*otherwise: str) -> Guarded:
        e = Guarded()
        groups = [domains(e, "ALLOWLIST", "example.org", strict=True)]
        e.fire(policy(e, groups, strict=True, otherwise=otherwise))
        return e

    assert passes(listed(), "tcp/443")
    e = listed("aws:drop_established")
    (words,) = assumed(e, "tcp/443")
    assert words.startswith("assumed: this rule matches: pass tls $HOME_NET any -> $EXTERNAL_NET")


@pytest.mark.parametrize(
    ("action", "says"), [("DENYLIST", True), ("REJECTLIST", True), ("ALERTLIST", False)]
)
def test_other_lists(action: str, says: bool) -> None:
    e = behind(lambda e: policy(e, [domains(e, action, "example.org")]))
    assert bool(assumed(e, "tcp/443")) is says


def test_a_list_is_about_the_home_net() -> None:
    """R-NFW-10: by default the firewall's VPC; other senders bypass it."""
    e = Guarded()
    e.fire(policy(e, [domains(e, "DENYLIST", "example.org", home=["10.99.0.0/16"])]))
    assert passes(e, "tcp/443")
    e = behind(lambda e: policy(e, [domains(e, "DENYLIST", "example.org", home=["10.0.0.0/8"])]))
    assert assumed(e, "tcp/443")


MANAGED = (
    "arn:aws:network-firewall:us-east-1:aws-managed:stateful-rulegroup/"
    "ThreatSignaturesBotnetActionOrder"
)


def test_managed_groups() -> None:
    """R-NFW-13: no call prints their rules: they may drop; overridden, they only alert."""
    e = behind(lambda e: policy(e, [MANAGED]))
    found = answer(e, "tcp/443")
    assert [(a.resource, a.text) for a in found.assumptions] == [
        (MANAGED, "assumed: no rule of this managed group drops it")
    ]
    reference = {"ResourceArn": MANAGED, "Override": {"Action": "DROP_TO_ALERT"}}
    assert passes(behind(lambda e: policy(e, [reference])), "tcp/443")
    e = behind(lambda e: policy(e, [MANAGED, stateful(e, PASS_443)]))
    assert passes(e, "tcp/443")


def test_a_group_that_is_missing_may_pass_as_well() -> None:
    """Law 2: what another group drops is in doubt, what one passes by action is not."""
    e = Guarded()
    group = stateful(e, PASS_443, "drop ip any any -> any any (sid:2;)")
    e.fire(policy(e, [group, "arn:aws:network-firewall:us-east-1:1:stateful-rulegroup/gone"]))
    assert passes(e, "tcp/443")
    assert "gone" in open_about(e, "tcp/80")


def test_a_group_that_is_missing_in_strict_order() -> None:
    """Law 2: it counts from its place on."""
    e = Guarded()
    group = stateful(e, "drop tcp any any -> any 22 (sid:1;)", PASS_443, strict=True)
    gone = "arn:aws:network-firewall:us-east-1:1:stateful-rulegroup/gone"
    last = stateful(e, "drop ip any any -> any any (sid:2;)", strict=True)
    e.fire(policy(e, [group, gone, last], strict=True))
    assert not passes(e, "tcp/22")
    assert passes(e, "tcp/443")
    assert "gone" in open_about(e, "tcp/80")


def test_groups_of_another_engine() -> None:
    """Rules of a Next Generation policy are not modelled."""
    e = Guarded()
    group = rule_group(e, "FIREWALL", "next", {})
    group.record["FirewallRuleGroup"] = group.record.pop("RuleGroup")
    e.fire(policy(e, [group]))
    assert "next" in open_about(e, "tcp/443")


def test_a_rule_that_cannot_be_read() -> None:
    """It may be anything: undecided, with its text."""
    e = behind(only("drop sometimes any any -> any any (sid:1;)", "hello"))
    assert "hello" in open_about(e, "tcp/443")


def test_inspection_of_tls() -> None:
    """The firewall stands between: a may, for TCP."""
    arn = "arn:aws:network-firewall:us-east-1:111122223333:tls-configuration/tls"
    e = behind(lambda e: policy(e, TLSInspectionConfigurationArn=arn))
    found = answer(e, "tcp/443")
    assert [a.resource for a in found.assumptions] == [arn]
    assert passes(e, "udp/443")
    drops = "drop tcp any any -> any 443 (sid:1;)"
    e = behind(lambda e: policy(e, [stateful(e, drops)], TLSInspectionConfigurationArn=arn))
    assert not passes(e, "tcp/443")


def test_validation_of_resolved_addresses() -> None:
    """Whether Route 53 has answered with the destination no call tells."""
    settings = {"Action": "DROP", "DNSFirewallRuleGroupId": "rslvr-frg-0123456789abcdef"}
    e = behind(lambda e: policy(e, Route53ResolvedIPValidation=settings))
    assert len(assumed(e, "udp/443")) == 1
    settings["Action"] = "ALERT"
    assert passes(behind(lambda e: policy(e, Route53ResolvedIPValidation=settings)), "tcp/443")


# ------------------------------ variables

FROM_HOME = "drop tcp $HOME_NET any -> $EXTERNAL_NET any (sid:1;)"


def test_the_home_net_by_default() -> None:
    """R-NFW-10, R-NFW-14: the firewall's VPC, and all that it is not."""
    e = behind(only(FROM_HOME))
    assert not passes(e, "tcp/443")
    firewalls(e)[0].record["Firewall"]["VpcId"] = "vpc-0123456789abcdef0"
    assert "HOME_NET is vpc-0123456789abcdef0" in open_about(e, "tcp/443")


def test_the_policy_s_home_net() -> None:
    """R-NFW-14: for groups that have none of their own."""
    e = behind(lambda e: policy(e, [stateful(e, FROM_HOME)], home=["10.99.0.0/16"]))
    assert passes(e, "tcp/443")
    own = {"HOME_NET": ["10.0.0.0/8"]}
    e = behind(lambda e: policy(e, [stateful(e, FROM_HOME, variables=own)], home=["10.99.0.0/16"]))
    assert not passes(e, "tcp/443")


def test_variables_of_a_group() -> None:
    """R-NFW-14: addresses and ports, in lists, negated, and of each other."""
    variables = {"WEB": ["8.8.8.0/24"], "ALL": ["$WEB", "9.9.9.9", "!8.8.8.9"]}
    rule = "drop tcp any any -> $ALL ![$SAFE,8080] (sid:1;)"
    e = behind(only(rule, variables=variables, ports={"SAFE": ["443", "8443:8444"]}))
    assert [passes(e, f"tcp/{port}") for port in (443, 8443, 8080, 80)] == [True, True, True, False]
    assert e.ask(f"can {e.a} reach 8.8.8.9 port 80").verdict == "reachable"
    assert e.ask(f"can {e.a} reach 9.9.9.9 port 80").verdict == "unreachable"


def test_a_variable_of_itself() -> None:
    """It means nothing that anybody can tell, and AWS has no such group."""
    e = behind(only("drop tcp any any -> $A 443 (sid:1;)", variables={"A": ["$B"], "B": ["$A"]}))
    assert "defined by itself" in open_about(e, "tcp/443")


def test_a_stateless_rule_that_cannot_be_read() -> None:
    """Undecided, with its error: nothing is guessed."""
    e = behind(lambda e: policy(e, stateless=[stateless(e, "10 drop tcp here any -> any any")]))
    assert "'here' is not an IP address" in open_about(e, "tcp/443")


def test_a_name_that_is_not_defined() -> None:
    """Without it the group is not valid (suricata-limitations-caveats): the snapshot lacks it."""
    e = behind(only("drop tcp any any -> $NOWHERE 443 (sid:1;)"))
    assert "$NOWHERE is not defined" in open_about(e, "tcp/443")
    assert passes(e, "tcp/80")
    e = behind(only("drop tcp any any -> any $NO_PORTS (sid:1;)"))
    assert "$NO_PORTS is not defined" in open_about(e, "tcp/443")
    e = behind(only("drop tcp any any -> @NOBODY 443 (sid:1;)"))
    assert "@NOBODY is not defined" in open_about(e, "tcp/443")


def test_references_to_prefix_lists() -> None:
    """R-NFW-14: the entries of the list; without them undecided (law 2)."""
    e = Guarded()
    listed = e.prefix_list("8.8.8.0/24")
    arn = f"arn:aws:ec2:us-east-1:111122223333:prefix-list/{listed}"
    rule = "drop tcp any any -> @BAD any (sid:1;)"
    e.fire(policy(e, [stateful(e, rule, references={"BAD": arn})]))
    assert not passes(e, "tcp/443")
    assert e.ask(f"can {e.a} reach 9.9.9.9 port 443").verdict == "reachable"
    e.drop("ManagedPrefixListEntries")
    assert str(listed) in open_about(e, "tcp/443")


def test_references_to_resource_groups() -> None:
    """R-NFW-13: no call tells their members: a may."""
    arn = "arn:aws:resource-groups:us-east-1:111122223333:group/servers"
    e = behind(only("drop tcp any any -> @BAD any (sid:1;)", references={"BAD": arn}))
    (words,) = assumed(e, "tcp/443")
    assert arn in words


# ------------------------------ there and back


def test_nobody_opens_inwards_by_a_reply() -> None:
    """A packet from outside is judged as one that opens, and its reply passes by state."""
    e = behind(only("drop tcp any any -> any 22 (sid:1;)"))
    g = ground(e)
    there = came(g, packet("203.0.113.9", e.PUBLIC, "tcp/443"))
    assert there.owner.startswith("network_interface/")
    assert replied(g, there).owner == "internet"
    refused = came(g, packet("203.0.113.9", e.PUBLIC, "tcp/22"))
    assert dropped(refused)[1] == CODE


def test_a_reply_nobody_asked_for() -> None:
    """R-NFW-12: the stateful engine takes no reply of a flow that it has not admitted."""
    e = behind(policy)
    g, own = ground(e), firewalls(e)[0].endpoints[0]
    past = sent(g, e.b, packet(e.b.ip, e.a.ip))
    header = packet(e.a.ip, e.b.ip, "tcp/40000", client=443)
    stray = evaluate(g.network, f"network_firewall/{own}/in", header, sessions=past.sessions)
    assert dropped(stray) == (str(own), CODE)


def test_everything_said_names_the_rule() -> None:
    """A denial names its group, its rule, and what it drops."""
    e = behind(only('drop tcp any any -> any 22 (msg:"no ssh"; sid:17;)'))
    found = answer(e, "tcp/22").explanations[0]
    assert (found.resource, found.locator, found.code) == (
        *(e.scope(e.home)["NetworkFirewallRuleGroups"][0]["RuleGroupResponse"]["RuleGroupArn"],),
        "rule sid 17",
        CODE,
    )
    assert found.text == "drops: drop tcp any any -> any 22"
    assert said(answer(e, "tcp/443")) == []


# ------------------------------ explanations


@pytest.mark.parametrize(
    ("rules", "locator"),
    [
        (lambda e: policy(e, [stateful(e, "drop tcp any any -> any 443 (sid:7;)")]), "rule sid 7"),
        (
            lambda e: policy(e, [five_tuples(e, "drop ip any any -> any any", first=7)]),
            "rule sid 7",
        ),
        (
            lambda e: policy(e, strict=True, otherwise=["aws:drop_established"]),
            "stateful default",
        ),
    ],
    ids=["written", "structured", "established"],
)
def test_the_way_that_a_firewall_cuts_off_is_shown(rules: Rules, locator: str) -> None:
    """Whole, there and back, with the one rule in the way, which is said once and at its hop."""
    e = behind(rules)
    found = answer(e, "tcp/443")
    assert [(each.code, each.locator) for each in found.explanations] == [(CODE, locator)]
    assert found.blocked_path is not None
    where = {
        (step.resource, origin.locator)
        for step in found.blocked_path.forward
        for origin in step.denied
    }
    assert where == {(str(firewalls(e)[0].endpoints[0]), locator)}
    passed = [origin for step in found.blocked_path.forward for origin in step.passed]
    assert locator not in [origin.locator for origin in passed]
    assert found.blocked_path.reply


# ------------------------------ firewalls of internet gateways

OWN = "arn:aws:network-firewall:us-east-1:111122223333:firewall/automated"


def automated(mode: str | None = "enforce", treatment: str | None = None) -> Pair:
    """V1 with a gateway that a firewall stands at, as describe-vpcs and -subnets show it; A is
    public, its subnet treated as told."""
    e = Pair(ipv6=True)
    e.online(e.ta)
    e.public(e.a, "198.51.100.7")
    shown = {"FirewallArn": OWN, "FirewallOnboardingStatus": "active", "FirewallMode": mode}
    given = {key: value for key, value in shown.items() if value is not None}
    e.v1.record["NetworkFirewallAssociations"] = [given]
    if treatment is not None:
        e.sa.record["NetworkFirewallConnectivityType"] = treatment
    return e


WAYS = ("can internet reach {a} port 22", "can {a} reach 8.8.8.8 port 443", "can {a} reach ::/0")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("mode", "treatment", "expected"),
    [
        ("enforce", None, "undecided"),
        ("enforce", "bidirectional", "undecided"),
        ("enforce", "flexible", "undecided"),
        ("enforce", "exclude", "reachable"),
        ("enforce", "az-unsupported", "reachable"),
        (None, "bidirectional", "undecided"),
        ("monitor", "bidirectional", "reachable"),
        ("monitor", None, "reachable"),
        ("monitor", "outbound-only", "undecided"),
    ],
)
def test_a_firewall_at_an_internet_gateway(
    way: str, mode: str | None, treatment: str | None, expected: str
) -> None:
    """EC2 API, NetworkFirewallAssociation: it inspects what crosses the gateway, with no route."""
    e = automated(mode, treatment)
    answer = e.ask(way.format(a=e.a))
    assert answer.verdict == expected, tell(answer)
    assert "firewall" in (answer.reason or "firewall")


def test_a_firewall_at_a_gateway_lets_out_what_has_no_public_address() -> None:
    """EC2 API, NetworkFirewallConnectivityType: it translates in flexible and outbound-only
    subnets; in others a packet without a public address goes nowhere (R-IGW-2)."""
    for treatment, expected in (
        ("flexible", "undecided"),
        ("outbound-only", "undecided"),
        ("bidirectional", "unreachable"),
        ("exclude", "unreachable"),
    ):
        e = automated("enforce", treatment)
        c = e.instance("c", e.sa, "10.0.0.9")
        answer = e.ask(f"can {c} reach 8.8.8.8 port 443")
        assert answer.verdict == expected, tell(answer)


def test_what_never_meets_the_firewall_at_a_gateway() -> None:
    """Inside the VPC there is none, and a group that denies does so all the same."""
    e = automated()
    assert e.ask(f"can {e.a} reach {e.b} port 22").verdict == "reachable"
    e.wear(e.a, e.group(e.v1, ingress=["tcp/443 any"]))
    answer = e.ask(f"can internet reach {e.a} port 22")
    assert answer.verdict == "unreachable", tell(answer)


def test_a_firewall_at_an_egress_only_gateway() -> None:
    """The same of what leaves by an egress-only internet gateway."""
    for mode, expected in (("enforce", "undecided"), ("monitor", "reachable")):
        e = automated(mode)
        e.route(e.ta, "::/0", e.eigw(e.v1))
        answer = e.ask(f"can {e.a} reach 2606:4700:4700::1111 port 443")
        assert answer.verdict == expected, tell(answer)
