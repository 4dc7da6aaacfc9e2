"""Classic Load Balancers: two ports, zones, and the network ACL that counts at home."""

from __future__ import annotations

from typing import Any

import pytest

import reach
from reach.snapshot.balancer_records import ClassicLoadBalancer, ClassicLoadBalancerAttributes
from tests.aws.ground import answered, arrived, dropped, ground, packet, plain, sent, stages
from tests.estate import Pair, codes, said, tell
from tests.estates.balancers import Balancer, classic

NODE, FAR = "10.0.1.60", "10.0.0.60"


def before_b(**of: Any) -> tuple[Pair, Balancer]:
    """Nodes in SA and SB, port 80 for B's 8080."""
    e = Pair()
    made = classic(e, "old", {e.sa: FAR, e.sb: NODE}, [("HTTP", 80, 8080)], [e.b], **of)
    return e, made


def verdict(e: Pair, question: str) -> str:
    return str(e.ask(question).verdict.value)


def test_decoding() -> None:
    """A balancer with its listeners, and its attributes under its name."""
    e, _ = before_b(cross_zone=True)
    snapshot = e.load()
    (record,) = snapshot.records(ClassicLoadBalancer)
    assert (record.name, record.vpc_id, record.subnets) == ("old", e.v1, (e.sa, e.sb))
    (described,) = record.listener_descriptions
    assert (described.listener.load_balancer_port, described.listener.instance_port) == (80, 8080)
    (attributes,) = snapshot.records(ClassicLoadBalancerAttributes)
    assert attributes.load_balancer_attributes.cross_zone_load_balancing is not None
    assert attributes.load_balancer_attributes.cross_zone_load_balancing.enabled is True


def test_what_an_instance_is_sent() -> None:
    """R-CLB-1, R-EPH-3: from the node and a fresh port, to the instance's port."""
    e, made = before_b()
    node = f"classic_load_balancer/{made.nodes[1]}/target 0 0"
    assert plain(stages(ground(e), node))[0] == [
        "any packet: source 10.0.1.60, source port 1024-65535, destination 10.0.1.5, "
        "destination port 8080, identity 1",
        f"else drop TARGET_ADDRESS_RESTRICTION ({made} target)",
    ]


def test_there_and_back() -> None:
    e, _ = before_b()
    where = ground(e)
    there = sent(where, e.a, packet("10.0.0.5", NODE, "tcp/80"))
    assert there.final.source == packet(NODE, NODE).source
    assert answered(where, there, "10.0.1.5")


@pytest.mark.parametrize("what", ["tcp/8080", "udp/80"])
def test_what_no_listener_hears(what: str) -> None:
    """A listener takes its own port of TCP."""
    e, made = before_b()
    there = sent(ground(e), e.a, packet("10.0.0.5", NODE, what))
    assert dropped(there) == (str(made), "ELB_LISTENERS_MISMATCH")


def test_pings() -> None:
    """A node answers itself; no instance sees it."""
    e, _ = before_b()
    where = ground(e)
    assert answered(where, sent(where, e.a, packet("10.0.0.5", NODE, "icmp/8")), NODE)


@pytest.mark.parametrize(
    ("cross_zone", "expected"),
    [(False, "unreachable"), (True, "reachable"), (None, "undecided")],
)
def test_zones(cross_zone: bool | None, expected: str) -> None:
    """R-LB-4: the node in SA uses B, in SB, with cross-zone balancing; the one beside B always."""
    e, _ = before_b(cross_zone=cross_zone)
    answer = e.ask(f"can {e.a} reach {FAR} port 80")
    assert answer.verdict == expected, tell(answer)
    assert codes(answer) == ({"ELB_NOT_CROSSZONE"} if expected == "unreachable" else set())
    assert verdict(e, f"can {e.a} reach {NODE} port 80") == "reachable"


def test_a_zone_that_is_not_enabled() -> None:
    """Whatever crosses zones, an instance of another is never used."""
    e = Pair()
    classic(e, "old", {e.sa: FAR}, [("HTTP", 80, 8080)], [e.b], cross_zone=True)
    answer = e.ask(f"can {e.a} reach old port 80")
    assert (answer.verdict, codes(answer)) == ("unreachable", {"ELB_INSTALLED_AZ_RESTRICTION"})


def test_its_own_acl() -> None:
    """R-NACL-15: outbound rules count for what it sends within its own subnet; inbound do not."""
    e, _ = before_b()
    open_ = ["100 allow all 0.0.0.0/0"]
    inward = ["50 deny tcp/8080 0.0.0.0/0", *open_]
    e.acl(e.v1, [e.sb], ingress=inward, egress=open_)
    assert verdict(e, f"can {e.a} reach {NODE} port 80") == "reachable"
    e.acl(e.v1, [e.sb], ingress=open_, egress=["50 deny tcp/8080 10.0.1.0/24", *open_])
    answer = e.ask(f"can {e.a} reach {NODE} port 80")
    assert (answer.verdict, codes(answer)) == ("unreachable", {"ELB_ACL_RESTRICTION"})
    c = e.instance("c", e.sb, "10.0.1.6")
    assert verdict(e, f"can {c} reach {e.b} port 8080") == "reachable"


def test_acls_between_subnets() -> None:
    """An instance in another subnet is behind that subnet's ACL as well."""
    e, _ = before_b(cross_zone=True)
    open_ = ["100 allow all 0.0.0.0/0"]
    e.acl(e.v1, [e.sb], ingress=["50 deny tcp/8080 0.0.0.0/0", *open_], egress=open_)
    answer = e.ask(f"can {e.a} reach {FAR} port 80")
    assert (answer.verdict, codes(answer)) == ("unreachable", {"SUBNET_ACL_RESTRICTION"})


def test_groups() -> None:
    """R-SG-21: an instance may know the balancer's group, and the client's no more."""
    e = Pair()
    client, group = e.group(e.v1, name="client"), e.group(e.v1, name="old")
    classic(e, "old", {e.sb: NODE}, [("TCP", 80, 8080)], [e.b], groups=[group])
    e.wear(e.a, client)
    e.wear(e.b, e.group(e.v1, [f"tcp/8080 {group}"]))
    assert verdict(e, f"can {e.a} reach old port 80") == "reachable"
    e.wear(e.b, e.group(e.v1, [f"tcp/8080 {client}"]))
    answer = e.ask(f"can {e.a} reach old port 80")
    assert (answer.verdict, codes(answer)) == ("unreachable", {"ENI_SG_RULES_MISMATCH"})


def test_several_instances() -> None:
    """Which one is a may; none is a listener that leads nowhere."""
    e = Pair()
    c = e.instance("c", e.sb, "10.0.1.6")
    made = classic(e, "old", {e.sb: NODE}, [("TCP", 80, 8080)], [e.b, c])
    by_it = reach.ask(e.load(), f"can {e.a} reach {c} port 80", through=[made.nodes[0]])
    assert said(by_it) == ["assumed: old picks this one of the 2 targets of old"]
    made.record["Instances"] = []
    there = sent(ground(e), e.a, packet("10.0.0.5", NODE, "tcp/80"))
    assert dropped(there) == (str(made), "TARGET_ADDRESS_RESTRICTION")


def test_health_is_not_known_here() -> None:
    """No call that is read tells it, so observing it leaves the answer open."""
    e, _ = before_b()
    question = f"can {e.a} reach {NODE} port 80"
    answer = reach.ask(e.load(), question, options={"target-health": "observe"})
    assert answer.verdict == "undecided"


def test_an_interface_of_either_type() -> None:
    """R-ENI-9: the description names it, whatever the type."""
    e, made = before_b()
    for node in made.nodes:
        node.record["InterfaceType"] = "load_balancer"
    assert arrived(sent(ground(e), e.a, packet("10.0.0.5", NODE, "tcp/80")), "10.0.1.5")


def test_as_an_end() -> None:
    """By name, DNS name or ARN; it calls its instances only."""
    e, made = before_b()
    for name in ("old", made.record["DNSName"], made.arn, str(made.nodes[1])):
        assert verdict(e, f"can {e.a} reach {name} port 80") == "reachable", name
    assert verdict(e, f"can old reach {e.b} port 8080") == "reachable"
    answer = e.ask(f"can old reach {e.b} port 80")
    assert (answer.verdict, codes(answer)) == ("unreachable", {"TARGET_PORT_RESTRICTION"})


def test_balancers_of_one_name() -> None:
    """Two Regions may each have one; each is itself, by its ARN."""
    e, made = before_b()
    far = e.vpc("10.9.0.0/16", region="eu-west-1")
    subnet = e.subnet(far, "10.9.0.0/24")
    host = e.instance("host", subnet, "10.9.0.5")
    other = classic(e, "old", {subnet: "10.9.0.60"}, [("HTTP", 81, 8080)], [host])
    assert verdict(e, f"can {e.a} reach {made.arn} port 80") == "reachable"
    assert verdict(e, f"can {host} reach {other.arn} port 81") == "reachable"
    with pytest.raises(reach.QuestionError):
        e.ask(f"can {e.a} reach old port 80")
