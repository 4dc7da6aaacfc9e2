"""Application Load Balancers: rules, actions, and connections of their own to targets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

import reach
from reach.snapshot.balancer_records import ListenerRules
from tests.aws.ground import (
    answered,
    arrived,
    came,
    dropped,
    ground,
    packet,
    plain,
    replied,
    sent,
    stages,
)
from tests.estate import Id, Pair, Record, codes, said, tell
from tests.estates.balancers import (
    Balancer,
    balancer,
    forward,
    listen,
    path,
    rule,
    source,
    target_group,
)

CLIENT = "8.8.8.8"
PUBLIC, NODE, OTHER = "198.51.100.41", "10.0.0.41", "10.0.1.41"
REDIRECT = {
    "Type": "redirect",
    "RedirectConfig": {"Port": "443", "Protocol": "HTTPS", "StatusCode": "HTTP_301"},
}
REFUSE = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "403"}}


def sign_in(otherwise: str) -> Record:
    return {
        "Type": "authenticate-oidc",
        "AuthenticateOidcConfig": {"OnUnauthenticatedRequest": otherwise},
    }


class Site(Pair):
    """An internet-facing balancer in SA and SB, before B's 8080 and A's 9090."""

    def __init__(self, groups: Sequence[Id] | None = None, ipv6: bool = False) -> None:
        super().__init__(ipv6=ipv6)
        self.online(self.ta)
        self.one = target_group(self, self.v1, "one", "HTTP", 8080, [self.b])
        self.two = target_group(self, self.v1, "two", "HTTP", 9090, [self.a])
        self.alb = balancer(
            self,
            "application",
            "web",
            {self.sa: NODE, self.sb: OTHER},
            groups=groups,
            public={self.sa: PUBLIC},
            ipv6={self.sa: "2600:1f18:1a00:100::41"} if ipv6 else None,
        )

    def listen(self, *to: Any, rules: Sequence[Record] | None = ()) -> Id:
        return listen(self, self.alb, "HTTP", 80, *(to or (self.one,)), rules=rules)

    def part(self, part: str, argument: str = "") -> str:
        name = f"application_load_balancer/{self.alb.nodes[0]}/{part}"
        return f"{name} {argument}" if argument else name


def site(*to: Any, rules: Sequence[Record] | None = ()) -> Site:
    e = Site()
    e.listen(*to, rules=rules)
    return e


def verdict(e: Pair, question: str) -> str:
    return str(e.ask(question).verdict.value)


# ------------------------------ decoding and nodes


def test_rules_of_a_listener() -> None:
    """In the wrapper or plain, by priority, the default last."""
    e = Site()
    late = rule(e, None, "20", [path("/b")], e.two)
    early = rule(e, None, "3", [path("/a")], e.two)
    listener = e.listen(rules=[late, early])
    answer = e.load().get(ListenerRules, str(listener))
    assert answer is not None
    assert [each.priority for each in answer.rules] == ["20", "3", "default"]
    wrapped = [
        [f"may -> {e.part('action', f'{listener} {n}')}" for n in ("0", "1", "default")],
    ]
    assert plain(stages(ground(e), e.part("rules", f"{listener} 0"))) == wrapped
    calls = e.scope(e.home)
    calls["Rules"] = calls.pop("ListenerRules")[0]["Rules"]
    assert plain(stages(ground(e), e.part("rules", f"{listener} 0"))) == wrapped
    where = ground(e)
    first = plain(stages(where, e.part("last", f"{listener} 0")))
    assert first == [[f"any packet -> {e.part('group', e.two)}", "else drop"]]


def test_what_a_node_takes() -> None:
    """Replies, then what its groups let in: pings and its listeners' ports."""
    e = site()
    (listener,) = e.scope(e.home)["LoadBalancerListeners"][0]["Listeners"]
    assert plain(stages(ground(e), e.part("admit")))[2:] == [
        [
            f"protocol icmp; icmp type 8 -> {e.part('itself')}",
            f"protocol icmpv6; icmp type 128 -> {e.part('itself')}",
        ],
        [
            f"protocol tcp; destination port 80 -> {e.part('listener', listener['ListenerArn'])}",
            f"else drop ELBV2_LISTENERS_MISMATCH ({e.alb} listeners)",
        ],
    ]


def test_what_a_target_is_sent() -> None:
    """R-LB-2, R-SG-21: from the node, from a fresh port, as the balancer's groups."""
    e = site()
    assert plain(stages(ground(e), e.part("target", f"{e.one} 0")))[0] == [
        "any packet: source 10.0.0.41, source port 1024-65535, destination 10.0.1.5, "
        "destination port 8080, identity 1",
        f"else drop TARGET_ADDRESS_RESTRICTION ({e.alb} target)",
    ]


# ------------------------------ the way there and back


def test_there_and_back() -> None:
    """The reply goes to the node, and from there to the client with the listener's port."""
    e = site()
    where = ground(e)
    there = came(where, packet(CLIENT, PUBLIC, "tcp/80"))
    assert there.final._replace(identity=0) == packet(NODE, "10.0.1.5", "tcp/8080", client=1024)
    assert answered(where, there, "10.0.1.5")
    back = replied(where, there)
    assert back.final == packet(PUBLIC, CLIENT, "tcp/40000", client=80)


def test_a_target_may_call_it() -> None:
    """The connection is the balancer's own, so a target that is picked itself answers."""
    e = site()
    where = ground(e)
    assert answered(where, sent(where, e.b, packet("10.0.1.5", NODE, "tcp/80")), "10.0.1.5")


def test_an_ipv6_client_of_ipv4_targets() -> None:
    """R-ALB-3: the node's IPv4 address is what they see."""
    e = Site(ipv6=True)
    e.listen()
    where = ground(e)
    there = came(where, packet("2606:4700:4700::1111", "2600:1f18:1a00:100::41", "tcp/80"))
    assert answered(where, there, "10.0.1.5")
    assert there.final.source == packet(NODE, NODE).source


@pytest.mark.parametrize("what", ["tcp/8080", "udp/80"])
def test_what_no_listener_hears(what: str) -> None:
    """R-LB-3."""
    e = site()
    there = came(ground(e), packet(CLIENT, PUBLIC, what))
    assert dropped(there) == (str(e.alb), "ELBV2_LISTENERS_MISMATCH")


def test_pings() -> None:
    """R-ALB-2: the node answers one that its groups let in; no target ever sees it."""
    e = site()
    where = ground(e)
    there = came(where, packet(CLIENT, PUBLIC, "icmp/8"))
    assert arrived(there, NODE)
    assert answered(where, there, NODE)
    assert verdict(e, "can internet reach web icmp") == "reachable"
    assert verdict(e, f"can internet reach {e.b} icmp") == "unreachable"


@pytest.mark.parametrize(
    ("inbound", "outbound", "target", "expected"),
    [
        ("tcp/80 0.0.0.0/0", "tcp/8080 10.0.0.0/8", "tcp/8080 {group}", "reachable"),
        ("tcp/443 0.0.0.0/0", "tcp/8080 10.0.0.0/8", "tcp/8080 {group}", "unreachable"),
        ("tcp/80 0.0.0.0/0", "tcp/80 10.0.0.0/8", "tcp/8080 {group}", "unreachable"),
        ("tcp/80 0.0.0.0/0", "tcp/8080 10.0.0.0/8", "tcp/8080 8.8.8.8/32", "unreachable"),
        ("tcp/80 0.0.0.0/0", "tcp/8080 10.0.0.0/8", "tcp/8080 10.0.0.41/32", "reachable"),
    ],
)
def test_groups(inbound: str, outbound: str, target: str, expected: str) -> None:
    """R-ALB-1, R-SG-21: both of the balancer's directions and the target's group count."""
    e = Site(groups=())
    group = e.group(e.v1, [inbound], egress=[outbound], name="alb")
    for node in e.alb.nodes:
        e.wear(node, group)
    e.listen()
    e.wear(e.b, e.group(e.v1, [target.format(group=group)]))
    answer = e.ask(f"can {CLIENT} reach web port 80")
    assert answer.verdict == expected, tell(answer)
    assert codes(answer) == (set() if expected == "reachable" else {"ENI_SG_RULES_MISMATCH"})


# ------------------------------ rules


Rules = Callable[[Site], list[Record]]


@pytest.mark.parametrize(
    ("rules", "to_one", "to_two"),
    [
        (lambda e: [], True, False),
        (lambda e: [rule(e, None, "1", [path("/x")], e.two)], True, True),
        (lambda e: [rule(e, None, "1", [path("/*")], e.two)], False, True),
        (lambda e: [rule(e, None, "1", [source("8.8.8.0/24")], e.two)], False, True),
        (lambda e: [rule(e, None, "1", [source("9.0.0.0/8")], e.two)], True, False),
        # What is not understood as a block may match (law 1).
        (lambda e: [rule(e, None, "1", [source("9.0.0.1/8")], e.two)], True, True),
        (lambda e: [rule(e, None, "1", [source("9.0.0.0/8"), path("/x")], e.two)], True, False),
        (lambda e: [rule(e, None, "1", [source("8.0.0.0/8"), path("/x")], e.two)], True, True),
        (
            lambda e: [
                rule(e, None, "1", [source("8.8.8.8/32")], REFUSE),
                rule(e, None, "2", [path("/x")], e.two),
            ],
            False,
            False,
        ),
        (
            lambda e: [
                rule(e, None, "2", [source("8.8.8.8/32")], REFUSE),
                rule(e, None, "1", [path("/x")], e.two),
            ],
            False,
            True,
        ),
    ],
)
def test_which_groups_a_client_may_come_to(rules: Rules, to_one: bool, to_two: bool) -> None:
    """Content is a may, a source address is not, and a rule for everything ends the list."""
    e = Site()
    e.listen(rules=rules(e))
    found = [verdict(e, f"can {CLIENT} reach {one} port 80") for one in (e.b, e.a)]
    assert found == ["reachable" if one else "unreachable" for one in (to_one, to_two)]


def test_rules_are_said() -> None:
    """An answer that hangs on the content of a request says on what."""
    e = Site()
    e.listen(rules=[rule(e, None, "10", [path("/api/*")], e.two)])
    assert said(e.ask(f"can {CLIENT} reach {e.a} port 80")) == [
        "assumed: the request meets rule 10 (path-pattern /api/*)"
    ]
    assert said(e.ask(f"can {CLIENT} reach {e.b} port 80")) == [
        "assumed: the request meets none of the rules that are tried first"
    ]


def test_rules_that_no_call_tells() -> None:
    """The default action stands, as an assumption; another group of the balancer is open."""
    e = Site()
    e.listen(rules=None)
    answer = e.ask(f"can {CLIENT} reach {e.b} port 80")
    assert answer.verdict == "reachable"
    assert "no rule takes the request" in said(answer)[0]
    assert verdict(e, f"can {CLIENT} reach {e.a} port 80") == "unreachable"
    e.two.record["LoadBalancerArns"].append(str(e.alb))
    answer = e.ask(f"can {CLIENT} reach {e.a} port 80")
    assert (answer.verdict, "describe-rules" in str(answer.reason)) == ("undecided", True)


# ------------------------------ actions


@pytest.mark.parametrize("action", [REDIRECT, REFUSE])
def test_the_balancer_answers_itself(action: Record) -> None:
    """A redirect or a fixed response: a connection all the same, that no target sees."""
    e = site(action)
    where = ground(e)
    there = came(where, packet(CLIENT, PUBLIC, "tcp/80"))
    assert answered(where, there, NODE)
    assert "itself" in there.origin.words
    assert verdict(e, "can internet reach web port 80") == "reachable"
    assert verdict(e, f"can internet reach {e.b} port 80") == "unreachable"


@pytest.mark.parametrize(("otherwise", "assumed"), [("authenticate", True), ("allow", False)])
def test_signing_in(otherwise: str, assumed: bool) -> None:
    """Whether the client is signed in nobody can tell, where that matters."""
    e = Site()
    e.listen(sign_in(otherwise), forward(e.one))
    answer = e.ask(f"can {CLIENT} reach {e.b} port 80")
    assert answer.verdict == "reachable"
    assert said(answer) == (["assumed: the client is signed in"] if assumed else [])


def test_an_action_that_is_not_known() -> None:
    """What AWS adds later is no guess."""
    e = site({"Type": "teleport"})
    assert verdict(e, "can internet reach web port 80") == "undecided"


def test_a_function() -> None:
    """A function is called, not sent a packet: the balancer answers with what it returns."""
    e = Site()
    arn = "arn:aws:lambda:us-east-1:111122223333:function:hello"
    e.listen(target_group(e, e.v1, "hello", "HTTP", 80, [arn], kind="lambda"))
    there = came(ground(e), packet(CLIENT, PUBLIC, "tcp/80"))
    assert arrived(there, NODE)
    assert arn in there.origin.words
    empty = Site()
    empty.listen(target_group(empty, empty.v1, "none", "HTTP", 80, kind="lambda"))
    there = came(ground(empty), packet(CLIENT, PUBLIC, "tcp/80"))
    assert dropped(there) == (str(empty.alb), "ELBV2_LISTENER_HAS_NO_TG")


@pytest.mark.parametrize(
    ("weights", "to_one", "to_two"), [((1, 1), True, True), ((1, 0), True, False)]
)
def test_weights(weights: tuple[int, int], to_one: bool, to_two: bool) -> None:
    """Any group that has a weight may be taken, one of weight 0 is not."""
    e = Site()
    e.listen(forward((e.one, weights[0]), (e.two, weights[1])))
    found = [verdict(e, f"can {CLIENT} reach {one} port 80") for one in (e.b, e.a)]
    assert found == ["reachable" if one else "unreachable" for one in (to_one, to_two)]


# ------------------------------ zones, ends


def test_zones_are_crossed_by_default() -> None:
    """R-LB-4: and a group may switch it off for itself."""
    e = site()
    assert verdict(e, f"can {CLIENT} reach {PUBLIC} port 80") == "reachable"
    apart = Site()
    alone = target_group(apart, apart.v1, "alone", "HTTP", 80, [apart.b], cross_zone="false")
    apart.listen(alone)
    answer = apart.ask(f"can {CLIENT} reach {PUBLIC} port 80")
    assert (answer.verdict, codes(answer)) == ("unreachable", {"ELBV2_NO_TARGETS_IN_AZ"})
    assert verdict(apart, f"can {apart.a} reach {OTHER} port 80") == "reachable"


def test_the_port_is_the_clients() -> None:
    """The port asked for is in the packet that leaves the client, unless said otherwise."""
    e = site()
    assert verdict(e, f"can {CLIENT} reach {e.b} port 8080") == "unreachable"
    answer = reach.ask(e.load(), f"can {CLIENT} reach {e.b} port 8080", port_at="destination")
    assert answer.verdict == "reachable"


def test_it_calls_its_targets_only() -> None:
    """R-ALB-4: on their ports, past its groups."""
    e = Site()
    e.listen(rules=[rule(e, None, "1", [path("/x")], e.two)])
    assert verdict(e, f"can web reach {e.b} port 8080") == "reachable"
    assert verdict(e, f"can {e.alb.nodes[1]} reach {e.a} port 9090") == "reachable"
    for question, code in (
        (f"can web reach {e.b} port 80", "TARGET_PORT_RESTRICTION"),
        ("can web reach internet port 443", "TARGET_ADDRESS_RESTRICTION"),
    ):
        answer = e.ask(question)
        assert (answer.verdict, codes(answer)) == ("unreachable", {code}), tell(answer)


def test_its_group_stands_for_it() -> None:
    """A question about the group of a balancer is one about its interfaces."""
    e = Site(groups=())
    group = e.group(e.v1, name="alb")
    for node in e.alb.nodes:
        e.wear(node, group)
    e.listen()
    assert verdict(e, f"can internet reach {group} port 80") == "reachable"
    assert verdict(e, f"can internet reach {group} port 81") == "unreachable"


def names(e: Site) -> list[Balancer | str]:
    return [e.alb, "web", e.alb.record["DNSName"], str(e.alb.nodes[0])]


@pytest.mark.parametrize("which", range(4))
def test_by_any_of_its_names(which: int) -> None:
    """ARN, name, DNS name or interface."""
    e = site()
    assert verdict(e, f"can internet reach {names(e)[which]} port 80") == "reachable"
