"""Network Load Balancers: listeners, targets, whose address these see, how replies return."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

import reach
from reach.snapshot.balancer_records import (
    Listener,
    LoadBalancer,
    LoadBalancerListeners,
    TargetGroup,
)
from tests.aws.ground import (
    answered,
    arrived,
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
from tests.estate import Id, Pair, codes, load_files, said, tell
from tests.estates.balancers import Balancer, balancer, forward, listen, target_group

CLIENT = "8.8.8.8"
PUBLIC, NODE, OTHER = "198.51.100.40", "10.0.0.40", "10.0.1.40"
PUBLIC6, NODE6 = "2600:1f18:1a00:100::40", "2600:1f18:1a00:101::40"


def front(
    e: Pair,
    group: Id,
    *,
    groups: Sequence[Id] = (),
    protocol: str = "TCP",
    cross_zone: bool = True,
    **of: Any,
) -> Balancer:
    """An internet-facing balancer with a node in SA and one in SB, listening on 443."""
    e.online(e.ta)
    made = balancer(
        e,
        "network",
        "front",
        {e.sa: NODE, e.sb: OTHER},
        groups=groups,
        public={e.sa: PUBLIC},
        cross_zone=cross_zone,
        **of,
    )
    listen(e, made, protocol, 443, group)
    return made


def before_b(preserve: bool | None = True, **of: Any) -> tuple[Pair, Balancer, Id]:
    """Before B's port 80."""
    e = Pair()
    web = target_group(e, e.v1, "web", "TCP", 80, [e.b], preserve=preserve)
    return e, front(e, web, **of), web


def verdict(e: Pair, question: str, options: dict[str, str] | None = None) -> str:
    answer = reach.ask(e.load(), question, options=options)
    return str(answer.verdict.value)


# ------------------------------ decoding


def test_a_balancer_and_its_listeners() -> None:
    """What the calls print, and by which ids it is found."""
    e, made, web = before_b()
    snapshot = e.load()
    record = snapshot.get(LoadBalancer, str(made))
    assert record is not None
    assert (record.name, record.type, record.state.code) == ("front", "network", "active")
    assert [zone.subnet_id for zone in record.availability_zones] == [e.sa, e.sb]
    (listener,) = snapshot.get(LoadBalancerListeners, str(made)).listeners
    assert (listener.protocol, listener.port) == ("TCP", 443)
    group = snapshot.get(TargetGroup, str(web))
    assert (group.name, group.target_type, group.load_balancer_arns) == (
        "web",
        "instance",
        (str(made),),
    )


def test_one_key_for_two_services() -> None:
    """``Listeners`` stands over a balancer's listeners and over an accelerator's."""
    e, made, _ = before_b()
    calls = e.scope(e.home)
    wrapped = calls.pop("LoadBalancerListeners")
    arn = "arn:aws:globalaccelerator::111122223333:accelerator/a/listener/b"
    ranges = {"ListenerArn": arn, "PortRanges": [{"FromPort": 80, "ToPort": 81}], "Protocol": "TCP"}
    calls["Listeners"] = [*wrapped[0]["Listeners"], ranges]
    e.dropped.add("LoadBalancerListeners")
    snapshot = e.load()
    kept = {record.load_balancer_arn for record in snapshot.records(Listener)}
    assert kept == {str(made), None}
    (span,) = snapshot.get(Listener, arn).port_ranges
    assert (span.from_port, span.to_port) == (80, 81)
    assert verdict(e, "can internet reach front port 443") == "reachable"


def test_one_answer_is_a_file_of_its_own() -> None:
    """A per-parent answer with its parent's id needs no list around it."""
    e, *_ = before_b()
    files = e.files()
    for call in ("LoadBalancerListeners", "LoadBalancerTargetHealth", "LoadBalancerAttributes"):
        (name,) = (name for name in files if name.endswith(f"/{call}.json"))
        (item,) = json.loads(files.pop(name))[call]
        files[f"us-east-1/one-{call}.json"] = json.dumps(item)
    assert reach.ask(load_files(files), "can internet reach front port 443").verdict == "reachable"


def test_an_older_interface_is_known_by_its_description() -> None:
    """R-ENI-9: the type may be an ordinary interface's."""
    e, made, _ = before_b()
    for node in made.nodes:
        node.record["InterfaceType"] = "interface"
    assert verdict(e, "can internet reach front port 443") == "reachable"


# ------------------------------ nodes as plain data


def test_what_a_node_takes() -> None:
    """Replies of its own flows first, then its listeners, and nothing else."""
    e, made, _ = before_b()
    where, node = ground(e), f"network_load_balancer/{made.nodes[0]}"
    (listener,) = e.scope(e.home)["LoadBalancerListeners"][0]["Listeners"]
    assert plain(stages(where, f"{node}/admit")) == [
        [
            f"reply any packet -> {node}/reply",
            f"reply any packet -> {node}/service-reply",
            f"reply any packet -> {node}/home",
        ],
        [
            "protocol tcp; destination port 443 -> "
            f"{node}/listener client {listener['ListenerArn']}",
            f"else drop ELBV2_LISTENERS_MISMATCH ({made} listeners)",
        ],
    ]


def test_what_a_target_is_sent() -> None:
    """The client's address stays, but for the target's own; IPv6 clients have the node's."""
    e, made, web = before_b()
    where, node = ground(e), f"network_load_balancer/{made.nodes[0]}"
    emit = f"any packet -> subnet/{e.sa}/emit"
    assert plain(stages(where, f"{node}/target client {web} 0")) == [
        [
            f"deny source 10.0.1.5 ({made} target)",
            "else permit",
        ],
        [
            "source 0.0.0.0/0: destination 10.0.1.5, destination port 80, identity 0",
            "any packet: source 10.0.0.40, source port 1024-65535, destination 10.0.1.5, "
            "destination port 80, identity 0",
            f"else drop TARGET_ADDRESS_RESTRICTION ({made} target)",
        ],
        [emit, "else drop"],
    ]


def test_replies_are_caught_before_the_routes() -> None:
    """R-NLB-4: in the targets' subnet, by the state of the flow."""
    e, made, _ = before_b()
    back = [f"network_load_balancer/{node}/reply" for node in made.nodes]
    arriving = f"subnet/{e.sb}/leave subnet/{e.sa}/arrive {back[0]}"
    first = plain(stages(ground(e), f"subnet/{e.sb}/emit"))[0]
    assert sorted(first) == sorted(
        [f"reply source 10.0.1.5 -> {arriving}", f"reply source 10.0.1.5 -> {back[1]}"]
    )


# ------------------------------ the way there and back


def test_a_preserved_flow() -> None:
    """Client to node, target with the client's source, back by the node with its address."""
    e, made, _ = before_b()
    where = ground(e)
    there = came(where, packet(CLIENT, PUBLIC, "tcp/443"))
    assert arrived(there, "10.0.1.5")
    assert there.final == packet(CLIENT, "10.0.1.5", "tcp/80")
    assert answered(where, there, "10.0.1.5")
    back = replied(where, there)
    assert f"network_load_balancer/{made.nodes[0]}/reply" in nodes(back)
    assert f"subnet/{e.sa}/route" in nodes(back)
    assert f"subnet/{e.sb}/route" not in nodes(back)


def test_a_flow_of_the_balancers_own() -> None:
    """R-LB-2, R-EPH-3: without preservation the target sees the node and a fresh port."""
    e, _, _ = before_b(preserve=False)
    where = ground(e)
    there = came(where, packet(CLIENT, PUBLIC, "tcp/443"))
    assert there.final == packet(NODE, "10.0.1.5", "tcp/80", client=1024)
    assert answered(where, there, "10.0.1.5")


def test_acls_are_passed_hop_by_hop() -> None:
    """R-NACL-18: out of the node's subnet, into the target's, and the same way back."""
    e, *_ = before_b()
    gates = ["100 allow all 0.0.0.0/0"]
    node_acl = e.acl(e.v1, [e.sa], ingress=gates, egress=gates)
    target_acl = e.acl(e.v1, [e.sb], ingress=gates, egress=gates)
    where = ground(e)
    there = came(where, packet(CLIENT, PUBLIC, "tcp/443"))
    rules = [(node_acl, "inbound rule 100"), (node_acl, "outbound rule 100")]
    rules += [(target_acl, "inbound rule 100")]
    assert [one for one in passed(there) if one[0].startswith("acl-")] == rules
    back = [one for one in passed(replied(where, there)) if one[0].startswith("acl-")]
    assert back == [
        (target_acl, "outbound rule 100"),
        (node_acl, "inbound rule 100"),
        (node_acl, "outbound rule 100"),
    ]


def test_in_the_nodes_own_subnet_no_acl_counts() -> None:
    """R-NACL-8: node and target in one subnet."""
    e, _, _ = before_b()
    closed = ["100 deny all 0.0.0.0/0"]
    e.acl(e.v1, [e.sb], ingress=closed, egress=closed)
    there = sent(ground(e), e.b, packet("10.0.1.5", OTHER, "tcp/443"))
    assert dropped(there)[1] == "ELBV2_SOURCE_ADDRESS_PRESERVATION"
    c = e.instance("c", e.sb, "10.0.1.6")
    where = ground(e)
    assert answered(where, sent(where, c, packet("10.0.1.6", OTHER, "tcp/443")), "10.0.1.5")


def test_it_goes_back_by_its_own_table() -> None:
    """R-OBS-6: the route table of the node's subnet counts, not the target's."""
    e, _, _ = before_b()
    e.peered()
    ask = f"can {e.b2} reach {NODE} port 443"
    assert verdict(e, ask) == "reachable"
    e.ta.record["Routes"] = [r for r in e.ta.record["Routes"] if "VpcPeering" not in str(r)]
    answer = e.ask(ask)
    assert answer.verdict == "unreachable", tell(answer)
    e.route(e.ta, "10.2.0.0/16", e.pcx)
    e.tb.record["Routes"] = [r for r in e.tb.record["Routes"] if "VpcPeering" not in str(r)]
    assert verdict(e, ask) == "reachable"


@pytest.mark.parametrize("what", ["tcp/80", "udp/443", "icmp/8"])
def test_it_answers_on_its_listeners_only(what: str) -> None:
    """R-OBS-6: no other port, no other protocol, no ping."""
    e, made, _ = before_b()
    there = came(ground(e), packet(CLIENT, PUBLIC, what))
    assert dropped(there) == (str(made), "ELBV2_LISTENERS_MISMATCH")


@pytest.mark.parametrize(
    ("protocol", "taken"),
    [
        ("TCP", {"tcp"}),
        ("TLS", {"tcp"}),
        ("UDP", {"udp"}),
        ("TCP_UDP", {"tcp", "udp"}),
        ("QUIC", {"udp"}),
        ("TCP_QUIC", {"tcp", "udp"}),
    ],
)
def test_what_a_listener_hears(protocol: str, taken: set[str]) -> None:
    """R-LB-3: a protocol's name says which packets it takes."""
    e = Pair()
    front(e, target_group(e, e.v1, "web", protocol, 80, [e.b]), protocol=protocol)
    where = ground(e)
    heard = {
        name
        for name in ("tcp", "udp")
        if arrived(came(where, packet(CLIENT, PUBLIC, f"{name}/443")), "10.0.1.5")
    }
    assert heard == taken


# ------------------------------ whose address the target sees


@pytest.mark.parametrize(
    ("kind", "protocol", "attribute", "kept"),
    [
        ("instance", "TCP", None, True),
        ("instance", "TCP", False, False),
        ("ip", "TCP", None, False),
        ("ip", "TCP", True, True),
        ("ip", "UDP", None, True),
        ("ip", "UDP", False, True),
        ("instance", "TCP_UDP", False, True),
        ("ip", "TLS", None, False),
    ],
)
def test_preservation(kind: str, protocol: str, attribute: bool | None, kept: bool) -> None:
    """R-NLB-2: the attribute where it can be set, else the default of type and protocol."""
    e = Pair()
    target = e.b if kind == "instance" else e.b.ip
    web = target_group(e, e.v1, "web", protocol, 80, [target], kind=kind, preserve=attribute)
    front(e, web, protocol=protocol)
    what = "udp/443" if protocol == "UDP" else "tcp/443"
    there = came(ground(e), packet(CLIENT, PUBLIC, what))
    assert arrived(there, "10.0.1.5")
    source = CLIENT if kept else NODE
    assert there.final.source == packet(source, NODE).source


def test_a_default_is_an_assumption() -> None:
    """Snapshots from before the attribute hold no answer that tells; the answer says so."""
    e, _, _ = before_b(preserve=None)
    e.drop("TargetGroupAttributes")
    answer = e.ask("can internet reach front port 443")
    assert answer.verdict == "reachable"
    assert "client addresses are preserved" in said(answer)[0]


@pytest.mark.parametrize("preserve", [True, False])
def test_of_another_ip_version(preserve: bool) -> None:
    """R-NLB-2: an IPv6 client of IPv4 targets shows the node's IPv4 address, always."""
    e = Pair(ipv6=True)
    web = target_group(e, e.v1, "web", "TCP", 80, [e.b], preserve=preserve)
    front(e, web, ipv6={e.sa: PUBLIC6, e.sb: NODE6})
    where = ground(e)
    there = came(where, packet("2606:4700:4700::1111", PUBLIC6, "tcp/443"))
    assert there.final.source == packet(NODE, NODE).source
    assert answered(where, there, "10.0.1.5")


def test_targets_of_ipv6() -> None:
    """A group of IPv6 addresses: IPv6 clients are kept, IPv4 ones show the node."""
    e = Pair(ipv6=True)
    web = target_group(
        e, e.v1, "web", "TCP", 80, [e.b.ip6], kind="ip", preserve=True, family="ipv6"
    )
    front(e, web, ipv6={e.sa: PUBLIC6, e.sb: NODE6})
    where = ground(e)
    six = came(where, packet("2606:4700:4700::1111", PUBLIC6, "tcp/443"))
    assert answered(where, six, e.b.ip6)
    assert six.final.source == packet("2606:4700:4700::1111", PUBLIC6).source
    four = came(where, packet(CLIENT, PUBLIC, "tcp/443"))
    assert answered(where, four, e.b.ip6)
    assert four.final.source == packet(PUBLIC6, PUBLIC6).source


def test_a_target_that_calls_is_answered_by_another() -> None:
    """R-NLB-5: nothing comes of being picked oneself."""
    e = Pair()
    c = e.instance("c", e.sb, "10.0.1.6")
    front(e, target_group(e, e.v1, "web", "TCP", 80, [e.b, c], preserve=True))
    where = ground(e)
    there = sent(where, e.b, packet("10.0.1.5", NODE, "tcp/443"))
    assert answered(where, there, "10.0.1.6")


def test_the_route_of_the_targets_is_an_option() -> None:
    """U-6: whether their subnet needs a route of its own; private clients never did."""
    e, _, _ = before_b()
    needed = {"nlb-target-route": "needed"}
    answer = e.ask("can internet reach front port 443")
    assert any("nlb-target-route" in text for text in said(answer))
    assert verdict(e, "can internet reach front port 443", needed) == "unreachable"
    assert verdict(e, f"can {e.a} reach front port 443", needed) == "reachable"
    e.online(e.tb)
    assert verdict(e, "can internet reach front port 443", needed) == "reachable"


# ------------------------------ groups


def with_groups(inbound: str, outbound: str, target: str) -> Pair:
    """A balancer with a group, before B with a group that has one rule about it."""
    e = Pair()
    group = e.group(e.v1, [inbound], egress=[outbound], name="front")
    web = target_group(e, e.v1, "web", "TCP", 80, [e.b], preserve=True)
    front(e, web, groups=[group])
    e.wear(e.b, e.group(e.v1, [target.format(group=group)]))
    return e


@pytest.mark.parametrize(
    ("inbound", "outbound", "target", "code"),
    [
        ("tcp/443 0.0.0.0/0", "all 0.0.0.0/0", "tcp/80 {group}", ""),
        ("tcp/443 10.0.0.0/8", "all 0.0.0.0/0", "tcp/80 {group}", "ENI_SG_RULES_MISMATCH"),
        ("tcp/443 0.0.0.0/0", "tcp/81 0.0.0.0/0", "tcp/80 {group}", "ENI_SG_RULES_MISMATCH"),
        ("tcp/443 0.0.0.0/0", "all 0.0.0.0/0", "tcp/80 8.0.0.0/8", ""),
        ("tcp/443 0.0.0.0/0", "all 0.0.0.0/0", "tcp/80 10.0.0.0/8", "ENI_SG_RULES_MISMATCH"),
    ],
)
def test_its_groups(inbound: str, outbound: str, target: str, code: str) -> None:
    """R-NLB-6, R-SG-21: they see the client, filter what goes out, and stand for the sender."""
    e = with_groups(inbound, outbound, target)
    answer = e.ask(f"can {CLIENT} reach front port 443")
    assert answer.verdict == ("unreachable" if code else "reachable"), tell(answer)
    assert codes(answer) == ({code} if code else set())


# ------------------------------ zones, states, groups of targets


def test_zones() -> None:
    """R-LB-4: without cross-zone balancing the node in SB serves B, the one in SA nobody."""
    e, made, _ = before_b(cross_zone=False)
    there = came(ground(e), packet(CLIENT, PUBLIC, "tcp/443"))
    assert dropped(there) == (str(made), "ELBV2_NO_TARGETS_IN_AZ")
    assert verdict(e, f"can {e.a} reach {OTHER} port 443") == "reachable"
    c = e.instance("c", e.sa, "10.0.0.6")
    both = target_group(e, e.v1, "both", "TCP", 80, [e.b, c], preserve=True)
    listen(e, made, "TCP", 444, both)
    answer = e.ask(f"can {CLIENT} reach {c} port 444")
    assert (answer.verdict, said(answer)) == ("reachable", [])
    assert verdict(e, f"can {CLIENT} reach {e.b} port 444") == "unreachable"


def test_the_group_overrides_the_balancer() -> None:
    """R-LB-4: a target group may switch crossing on or off for itself."""
    e = Pair()
    web = target_group(e, e.v1, "web", "TCP", 80, [e.b], preserve=True, cross_zone="true")
    front(e, web, cross_zone=False)
    assert verdict(e, "can internet reach front port 443") == "reachable"


def test_crossing_that_no_call_tells() -> None:
    """Only where it matters: the node beside B is sure, the other is not."""
    e, _, _ = before_b(attributes=False)
    assert verdict(e, f"can {CLIENT} reach {PUBLIC} port 443") == "undecided"
    assert verdict(e, f"can {e.a} reach {OTHER} port 443") == "reachable"


@pytest.mark.parametrize(
    ("state", "verdict_"),
    [("active", "reachable"), ("active_impaired", "reachable"), ("provisioning", "unreachable")],
)
def test_states(state: str, verdict_: str) -> None:
    """R-LB-1."""
    e, _, _ = before_b(state=state)
    answer = e.ask("can internet reach front port 443")
    assert answer.verdict == verdict_
    assert verdict_ == "reachable" or codes(answer) == {"BAD_STATE"}


def test_targets_that_get_nothing() -> None:
    """An empty group, a group of weight 0, a drained target, an instance that is gone."""
    e = Pair()
    empty = target_group(e, e.v1, "empty", "TCP", 80)
    web = target_group(e, e.v1, "web", "TCP", 80, [e.b], preserve=True)
    made = front(e, empty)
    listen(e, made, "TCP", 444, forward((web, 0)))
    gone = target_group(e, e.v1, "gone", "TCP", 80, ["i-0123456789abcdef0"])
    listen(e, made, "TCP", 445, gone)
    drained = target_group(e, e.v1, "drained", "TCP", 80, [(e.b, 80, None, "draining")])
    listen(e, made, "TCP", 446, drained)
    for port, code in (
        (443, "ELBV2_LISTENER_HAS_NO_TG"),
        (444, "ELBV2_LISTENER_HAS_NO_TG"),
        (445, "TARGET_ADDRESS_RESTRICTION"),
        (446, "TARGET_ADDRESS_RESTRICTION"),
    ):
        answer = e.ask(f"can internet reach front port {port}")
        assert (answer.verdict, codes(answer)) == ("unreachable", {code}), tell(answer)


def test_one_of_several() -> None:
    """Which target, and which group, is a may that the answer says."""
    e = Pair()
    c = e.instance("c", e.sa, "10.0.0.6")
    one = target_group(e, e.v1, "one", "TCP", 80, [e.b], preserve=True)
    two = target_group(e, e.v1, "two", "TCP", 81, [e.b, c], preserve=True)
    made = front(e, one)
    listen(e, made, "TCP", 444, one, two)
    assert said(e.ask(f"can internet reach {e.b} port 443"))[0].startswith("U-6")
    texts = said(e.ask(f"can internet reach {c} port 444"))
    assert "assumed: front picks this one of 2 target groups: two" in texts
    assert "assumed: front picks this one of the 2 targets of two" in texts


@pytest.mark.parametrize(
    ("states", "open_"),
    [
        (("healthy", "unhealthy"), (True, False)),
        (("unhealthy", "unhealthy"), (True, True)),
        (("initial", "healthy"), (False, True)),
        (("unavailable", "unused"), (True, False)),
    ],
)
def test_health_where_it_is_observed(states: Sequence[str], open_: Sequence[bool]) -> None:
    """R-LB-6: the healthy ones only, or all that are registered if there are none."""
    e = Pair()
    c = e.instance("c", e.sb, "10.0.1.6")
    both = [(one, 80, None, state) for one, state in zip((e.b, c), states, strict=True)]
    front(e, target_group(e, e.v1, "web", "TCP", 80, both, preserve=True))
    found = [
        verdict(e, f"can {CLIENT} reach {one} port 443", {"target-health": "observe"})
        == "reachable"
        for one in (e.b, c)
    ]
    assert found == list(open_)
    assert all(verdict(e, f"can {CLIENT} reach {one} port 443") == "reachable" for one in (e.b, c))


# ------------------------------ targets elsewhere


@pytest.mark.parametrize(
    ("preserve", "back", "expected"),
    [
        (True, True, "reachable"),
        (True, False, "reachable"),
        (False, True, "reachable"),
        (False, False, "unreachable"),
    ],
)
def test_a_target_in_a_peered_vpc(preserve: bool, back: bool, expected: str) -> None:
    """R-NLB-3: preservation holds over a peering, whose state brings the reply back."""
    e = Pair()
    e.peered(back=back)
    far = target_group(e, e.v1, "far", "TCP", 80, [(e.b2.ip, 80, "all")], "ip", preserve)
    front(e, far)
    assert verdict(e, "can internet reach front port 443") == expected


def test_a_target_beyond_no_route() -> None:
    """A preserved flow needs the node's route over the peering like any other."""
    e = Pair()
    e.peered()
    far = target_group(e, e.v1, "far", "TCP", 80, [(e.b2.ip, 80, "all")], "ip", True)
    front(e, far)
    e.ta.record["Routes"] = [r for r in e.ta.record["Routes"] if "VpcPeering" not in str(r)]
    answer = e.ask(f"can {CLIENT} reach {PUBLIC} port 443")
    assert answer.verdict == "unreachable", tell(answer)


@pytest.mark.parametrize("preserve", [True, False])
@pytest.mark.parametrize("listed", [True, False])
@pytest.mark.parametrize("state", ["active", "blackhole"])
def test_a_target_beyond_a_longer_route(preserve: bool, listed: bool, state: str) -> None:
    """R-RT-4, R-RT-11: a longer route than the peering's wins, though it drops what it wins."""
    e = Pair()
    e.peered()
    far = target_group(e, e.v1, "far", "TCP", 80, [(e.b2.ip, 80, "all")], "ip", preserve)
    front(e, far)
    block = e.prefix_list("10.2.0.0/24") if listed else "10.2.0.0/24"
    e.route(e.ta, block, e.pcx, state=state)
    answer = e.ask(f"can {CLIENT} reach {PUBLIC} port 443")
    expected = "reachable" if state == "active" else "unreachable"
    assert answer.verdict == expected, tell(answer)


@pytest.mark.parametrize(("preserve", "expected"), [(True, "unreachable"), (False, "reachable")])
def test_a_target_that_is_an_endpoint(preserve: bool, expected: str) -> None:
    """R-NLB-3: an endpoint's interface as target breaks where the client's address is kept."""
    e = Pair()
    e.endpoint_interface({e.sb: "10.0.1.70"})
    ssm = target_group(e, e.v1, "ssm", "TCP", 443, ["10.0.1.70"], "ip", preserve)
    front(e, ssm)
    answer = e.ask("can internet reach front port 443")
    assert answer.verdict == expected, tell(answer)
    assert preserve is ("ELBV2_SOURCE_ADDRESS_PRESERVATION" in codes(answer))


# ------------------------------ as an end


def test_by_any_of_its_names() -> None:
    """ARN, name, DNS name, interface, its group of subnets: packets that it passes on."""
    e, made, _ = before_b()
    names = [str(made), "front", made.record["DNSName"], str(made.nodes[0]), str(e.sa)]
    for name in names:
        assert verdict(e, f"can internet reach {name} port 443") == "reachable", name
        assert verdict(e, f"can internet reach {name} port 444") == "unreachable", name


def test_it_calls_its_targets_only() -> None:
    """For health checks: on their ports, past its groups."""
    e, made, _ = before_b()
    assert verdict(e, f"can {made} reach {e.b} port 80") == "reachable"
    for question, code in (
        (f"can {made} reach {e.b} port 81", "TARGET_PORT_RESTRICTION"),
        (f"can {made} reach {e.a} port 80", "TARGET_ADDRESS_RESTRICTION"),
    ):
        answer = e.ask(question)
        assert (answer.verdict, codes(answer)) == ("unreachable", {code}), tell(answer)


def test_a_name_of_two() -> None:
    """Balancers of one name in two Regions: the question is refused, with both."""
    e, made, _ = before_b()
    far = e.vpc("10.9.0.0/16", region="eu-west-1")
    other = balancer(e, "network", "front", {e.subnet(far, "10.9.0.0/24"): "10.9.0.40"})
    with pytest.raises(reach.QuestionError) as refused:
        e.ask("can internet reach front port 443")
    assert str(made) in str(refused.value)
    assert str(other) in str(refused.value)


# ------------------------------ PrivateLink


def by_service(enforce: str | None = None) -> tuple[Pair, Balancer]:
    """A balancer whose group lets in 10.9.0.0/16 only, before B, which knows that group."""
    e = Pair()
    group = e.group(e.v1, ["tcp/443 10.9.0.0/16"], name="front")
    web = target_group(e, e.v1, "web", "TCP", 80, [e.b], preserve=True)
    made = front(e, web, groups=[group], enforce=enforce)
    e.wear(e.b, e.group(e.v1, [f"tcp/80 {group}"]))
    return e, made


def test_what_comes_by_private_link() -> None:
    """R-VPCES-1: the target sees the node; the reply goes to the service's own node."""
    e, made = by_service()
    node = f"network_load_balancer/{made.nodes[0]}"
    where = ground(e)
    there = at(where, f"{node}/service", packet("10.9.0.5", NODE, "tcp/443"))
    assert arrived(there, "10.0.1.5")
    assert there.final.source == packet(NODE, NODE).source
    assert plain(stages(where, f"{node}/service-reply"))[-2:] == [
        [f"restore network_load_balancer {made.nodes[0]} service", f"else drop NO_PATH ({made})"],
        [f"any packet -> vpc_endpoint_service/{made.nodes[0]}/reply", "else drop"],
    ]


@pytest.mark.parametrize(("enforce", "let_in"), [("on", False), (None, False), ("off", True)])
def test_inbound_rules_for_private_link(enforce: str | None, let_in: bool) -> None:
    """R-VPCES-3: they count unless that is switched off, and then no group is the sender's."""
    e, made = by_service(enforce)
    node = f"network_load_balancer/{made.nodes[0]}/service"
    there = at(ground(e), node, packet("10.8.0.5", NODE, "tcp/443"))
    assert arrived(there, "10.0.1.5") is False
    e.wear(e.b, e.group(e.v1, [f"tcp/80 {NODE}/32"]))
    there = at(ground(e), node, packet("10.8.0.5", NODE, "tcp/443"))
    assert arrived(there, "10.0.1.5") is let_in
