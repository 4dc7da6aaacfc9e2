"""Network interfaces: what they own, what they may send and take, and passing on for others."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from reach.lower import Ground
from reach.network.address import parse_address
from reach.network.header_space import Ranges
from reach.network.stage import Choose
from reach.snapshot.records import NetworkInterface
from reach.trace import Fate, Site, Trace
from tests.aws.ground import (
    answered,
    arrived,
    dropped,
    ground,
    nodes,
    packet,
    plain,
    replied,
    sent,
    stages,
)
from tests.estate import Estate, Id, Pair

CHECK = "ENI_SOURCE_DEST_CHECK_RESTRICTION"


def first_choice(where: Ground, trace: Trace) -> Site:
    """The first node on the way where several things may happen."""
    for hop in trace.hops:
        found = stages(where, hop.node)
        if isinstance(found[-1], Choose) and hop is not trace.hops[-1]:
            return Site(hop.node, hop.before, len(found) - 1)
    raise AssertionError("there was no choice")


def owned(where: Ground, interface: Id) -> Ranges:
    """What an interface may be sent to, as an end of a question."""
    end = where.end(interface)
    assert end is not None
    assert end.addresses is not None
    return end.addresses


# ------------------------------ decoding


def test_what_an_interface_owns() -> None:
    """R-ENI-2: primary and secondary addresses, IPv6, and delegated prefixes of both families."""
    e = Pair(ipv6=True)
    prefixes = ["10.0.0.32/28", "2600:1f18:1a00:100:1::/80"]
    one = e.instance(
        "one",
        e.sa,
        "10.0.0.20",
        secondary={"10.0.0.21": "198.51.100.9"},
        ipv6="2600:1f18:1a00:100::20",
        prefixes=prefixes,
    )
    found = owned(ground(e), one.eni)
    inside = ["10.0.0.20", "10.0.0.21", "10.0.0.32", "10.0.0.47", "2600:1f18:1a00:100::20"]
    inside.append("2600:1f18:1a00:100:1::ffff")
    outside = ["10.0.0.19", "10.0.0.48", "198.51.100.9", "2600:1f18:1a00:100:2::"]
    assert [parse_address(text) in found for text in inside] == [True] * len(inside)
    assert [parse_address(text) in found for text in outside] == [False] * len(outside)


@pytest.mark.parametrize(
    "changed", ["PrivateIpAddress", "PrivateIpAddresses", "Description", "TagSet", "Attachment"]
)
def test_fields_that_may_be_absent(changed: str) -> None:
    """An interface is read without any one of its optional fields: what the others say stays."""
    e = Pair()
    one = e.interface(e.sb, "10.0.1.9", requester="amazon-aws")
    del one.record[changed]
    assert parse_address("10.0.1.9") in owned(ground(e), one)


# ------------------------------ nodes


def test_stages_of_sending() -> None:
    """R-ENI-4, R-PIPE-2, R-PIPE-5: to itself past all; the check; its identity; its groups; then
    its subnet."""
    e = Pair()
    g = ground(e)
    itself, check, identity, *others, onward = plain(stages(g, f"network_interface/{e.a.eni}/send"))
    assert itself == [f"destination 10.0.0.5 -> network_interface/{e.a.eni}/itself"]
    assert check == [
        "permit source 10.0.0.5",
        f"else deny {CHECK} ({e.a.eni} source/dest check)",
    ]
    group = e.a.eni.record["Groups"][0]["GroupId"]
    assert identity == [f"any packet: identity {g.identity(e.v1, [group])}"]
    assert any(f"session security_group {e.a.eni}" in lines for lines in others)
    assert onward == [
        f"any packet -> subnet/{e.sa}/emit",
        f"else drop NO_POSSIBLE_DESTINATION ({e.a.eni})",
    ]


def test_stages_of_receiving() -> None:
    """R-PIPE-3: groups, then delivery; the reply starts at the interface."""
    e = Pair()
    e.wear(e.b)
    *_, last = plain(stages(ground(e), f"network_interface/{e.b.eni}/admit"))
    node = f"network_interface/{e.b.eni}"
    assert last == [f"deliver to {node}, reply from {node}/emit"]


def test_interfaces_alike() -> None:
    """Interfaces of one subnet that every rule treats alike share a node; another group, a check
    that is off or another state sets one apart."""
    e = Pair()
    alike = e.instance("alike", e.sa, "10.0.0.6")
    other = [
        e.instance("group", e.sa, "10.0.0.7", groups=[e.group(e.v1)]),
        e.instance("check", e.sa, "10.0.0.8", check=False),
        e.instance("state", e.sa, "10.0.0.9", state="stopped"),
        e.instance("more", e.sa, "10.0.0.10", secondary={"10.0.0.11": None}),
    ]
    g = ground(e)
    node = {one: g.interface_node(_record(g, one)) for one in (e.a, alike, *other)}
    assert node[e.a] == node[alike]
    assert len(set(node.values())) == 1 + len(other)
    one = sent(g, e.b, packet(e.b.ip, alike.ip))
    assert g.label(one.hops[-1].node, one.final) == (alike.eni, f"{alike} alike")


def _record(g: Ground, owner: Id) -> NetworkInterface:
    found = g.snapshot.get(NetworkInterface, owner.eni)
    assert found is not None
    return found


# ------------------------------ the check


def test_a_foreign_source() -> None:
    """R-ENI-4, R-ENI-5: with the check on an interface sends from its own addresses only."""
    e = Pair()
    g = ground(e)
    assert dropped(sent(g, e.a, packet("192.168.5.2", e.b.ip))) == (e.a.eni, CHECK)
    e.a.eni.record["SourceDestCheck"] = False
    g = ground(e)
    assert arrived(sent(g, e.a, packet("192.168.5.2", e.b.ip)), e.b.ip)


@pytest.mark.parametrize("source", ["10.0.0.21", "10.0.0.40"])
def test_every_own_address_sends(source: str) -> None:
    """R-ENI-1, R-ENI-2: secondary addresses and delegated prefixes pass the check, with the same
    groups."""
    e = Pair()
    group = e.group(e.v1, egress=["tcp/22 any"])
    one = e.instance(
        "one", e.sa, "10.0.0.20", [group], secondary={"10.0.0.21": None}, prefixes=["10.0.0.32/28"]
    )
    g = ground(e)
    assert answered(g, sent(g, one, packet(source, e.b.ip, "tcp/22")), e.b.ip)
    assert dropped(sent(g, one, packet(source, e.b.ip, "tcp/23")))[0] == group


def test_a_route_to_an_interface_with_the_check_on() -> None:
    """R-ENI-7, R-ENI-4: whatever the route, it takes only what is addressed to it."""
    e = Pair()
    x = e.instance("x", e.sb, "10.0.1.9")
    e.route(e.ta, "10.0.1.0/24", x.eni)
    g = ground(e)
    assert dropped(sent(g, e.a, packet(e.a.ip, e.b.ip))) == (x.eni, CHECK)
    assert answered(g, sent(g, e.a, packet(e.a.ip, x.ip)), x.ip)


# ------------------------------ state


@pytest.mark.parametrize("status", ["available", "pending", "detaching"])
def test_an_interface_that_is_not_in_use(status: str) -> None:
    """R-ENI-8: attached to nothing it neither receives nor sends."""
    e = Pair()
    loose = e.interface(e.sb, "10.0.1.9")
    loose.record["Status"] = status
    g = ground(e)
    assert dropped(sent(g, e.a, packet(e.a.ip, "10.0.1.9"))) == (loose, "BAD_STATE")
    assert dropped(sent(g, loose, packet("10.0.1.9", e.a.ip))) == (loose, "BAD_STATE")


def test_an_attachment_under_way() -> None:
    """R-ENI-8: in use, but not attached yet."""
    e = Pair()
    e.b.eni.record["Attachment"]["Status"] = "attaching"
    there = sent(ground(e), e.a, packet(e.a.ip, e.b.ip))
    assert dropped(there) == (e.b.eni, "BAD_STATE")


# ------------------------------ to itself, and several interfaces


def two_legged() -> tuple[Pair, Id]:
    """A has a second interface, in SB."""
    e = Pair()
    return e, e.interface(e.sb, "10.0.1.6", on=e.a)


def test_to_itself() -> None:
    """R-OBS-1: to any own private address past every filter, out of any of its interfaces."""
    e, second = two_legged()
    shut = e.group(e.v1, ingress=[], egress=[])
    e.wear(e.a, shut)
    e.wear(second, shut)
    e.acl(e.v1, [e.sa, e.sb], ingress=[], egress=[])
    g = ground(e)
    for owner, source, destination in (
        (e.a, "10.0.0.5", "10.0.0.5"),
        (e.a, "10.0.0.5", "10.0.1.6"),
        (second, "10.0.1.6", "10.0.0.5"),
    ):
        there = sent(g, owner, packet(source, destination))
        assert arrived(there, destination)
        assert len(there.hops) == 2
        assert [stage.inside for stage in stages(g, nodes(there)[-1])] == [True]  # type: ignore[union-attr]
    assert dropped(sent(g, e.a, packet("10.0.0.5", e.b.ip)))[0] == shut


def test_replies_by_the_owning_interface() -> None:
    """R-ENI-12, R-OBS-5: an answer leaves by the interface that owns the address asked; from the
    other one it would be a foreign source."""
    e, second = two_legged()
    g = ground(e)
    there = sent(g, e.b, packet(e.b.ip, "10.0.1.6"))
    assert there.reply == f"network_interface/{second}/emit"
    assert answered(g, there, "10.0.1.6")
    assert dropped(sent(g, e.a, packet("10.0.1.6", e.b.ip))) == (e.a.eni, CHECK)


# ------------------------------ passing on


def passing() -> tuple[Pair, Id]:
    """SA's way to SB is an appliance in SP, and so is SB's way to SA."""
    e = Pair()
    sp = e.subnet(e.v1, "10.0.5.0/24", name="sp")
    appliance = e.instance("appliance", sp, "10.0.5.9", check=False)
    e.route(e.ta, "10.0.1.0/24", appliance.eni)
    e.route(e.tb, "10.0.0.0/24", appliance.eni)
    return e, appliance


def test_stages_of_passing_on() -> None:
    """R-ENI-6: what is its own is delivered; the rest may leave unchanged or translated."""
    e, appliance = passing()
    node = f"network_interface/{appliance.eni}"
    *_, last = plain(stages(ground(e), f"{node}/routed"))
    assert last == [f"may -> {node}/resend", f"may -> {node}/masquerade"]


def test_passed_on_unchanged() -> None:
    """R-ENI-6: the packet arrives as it was, on an assumption, and its reply by the same way."""
    e, appliance = passing()
    g = ground(e)
    there = sent(g, e.a, packet(e.a.ip, e.b.ip))
    assert answered(g, there, e.b.ip)
    assert there.final.source == parse_address(e.a.ip)
    assert [origin.resource for origin in there.choices] == [appliance.eni]
    assert f"network_interface/{appliance.eni}/resend" in nodes(replied(g, there))


def test_passed_on_with_its_own_address() -> None:
    """R-NAT-14: a NAT instance puts its own address in; the reply goes back through it."""
    e, appliance = passing()
    g = ground(e)
    there = sent(g, e.a, packet(e.a.ip, e.b.ip))
    there = sent(g, e.a, packet(e.a.ip, e.b.ip), {first_choice(g, there): 1})
    assert arrived(there, e.b.ip)
    assert there.final.source == parse_address("10.0.5.9")
    assert there.final.source_port >= 1024
    back = replied(g, there)
    assert arrived(back, e.a.ip)
    assert f"network_interface/{appliance.eni}/restore" in nodes(back)


def test_what_nobody_asked_for_is_the_appliances_own() -> None:
    """R-NAT-14: a packet to its address that answers nothing is delivered to it."""
    e, appliance = passing()
    g = ground(e)
    there = sent(g, e.b, packet(e.b.ip, "10.0.5.9"))
    assert answered(g, there, "10.0.5.9")
    assert there.owner == f"network_interface/{appliance.eni}"


@pytest.mark.parametrize("direction", ["ingress", "egress"])
def test_the_appliances_groups_apply(direction: str) -> None:
    """R-ENI-6, R-NAT-14: to what enters it and to what leaves it."""
    e, appliance = passing()
    rules = ["tcp/443 any"]
    inbound = direction == "ingress"
    group = e.group(e.v1, ingress=rules) if inbound else e.group(e.v1, egress=rules)
    e.wear(appliance, group)
    g = ground(e)
    assert answered(g, sent(g, e.a, packet(e.a.ip, e.b.ip, "tcp/443")), e.b.ip)
    assert dropped(sent(g, e.a, packet(e.a.ip, e.b.ip, "tcp/22")))[0] == group


def test_identity_ends_at_the_appliance() -> None:
    """R-SG-19, R-SG-20: behind a middlebox a reference no longer matches; the sender's address
    does."""
    e, _ = passing()
    ga = e.group(e.v1, name="ga")
    gb = e.group(e.v1, ingress=[f"tcp/22 {ga}", "tcp/443 10.0.0.5/32"])
    e.wear(e.a, ga)
    e.wear(e.b, gb)
    g = ground(e)
    assert dropped(sent(g, e.a, packet(e.a.ip, e.b.ip, "tcp/22")))[0] == gb
    assert answered(g, sent(g, e.a, packet(e.a.ip, e.b.ip, "tcp/443")), e.b.ip)


def test_a_stopped_appliance_passes_nothing_on() -> None:
    """R-ENI-8, R-ENI-6: the route is active all the same."""
    e, appliance = passing()
    state = e.scope(e.home)["Reservations"][-1]["Instances"][0]["State"]
    state.update(Name="stopped", Code=80)
    assert dropped(sent(ground(e), e.a, packet(e.a.ip, e.b.ip))) == (appliance, "BAD_STATE")


def test_an_appliance_of_two_legs() -> None:
    """R-ENI-6: what comes in by one interface may leave by the other, if its check is off."""
    e, appliance = passing()
    leg = e.interface(e.sb, "10.0.1.9", on=appliance, check=False)
    *_, last = plain(stages(ground(e), f"network_interface/{appliance.eni}/routed"))
    assert f"may -> network_interface/{leg}/resend" in last
    leg.record["SourceDestCheck"] = True
    g = ground(e)
    there = sent(g, e.a, packet(e.a.ip, e.b.ip))
    site = first_choice(g, there)
    ends = [sent(g, e.a, packet(e.a.ip, e.b.ip), {site: way}) for way in range(len(_ways(g, site)))]
    assert {trace.hops[-1].node for trace in ends if trace.fate is Fate.DROPPED} == {
        f"network_interface/{leg}/resend"
    }


def _ways(g: Ground, site: Site) -> Sequence[object]:
    last = stages(g, site.node)[-1]
    assert isinstance(last, Choose)
    return last.options


def test_a_route_to_an_instance() -> None:
    """R-RT-16: a route that names the instance means its first interface."""
    e, appliance = passing()
    e.ta.record["Routes"][-1].pop("NetworkInterfaceId")
    assert f"network_interface/{appliance.eni}/routed" in nodes(
        sent(ground(e), e.a, packet(e.a.ip, e.b.ip))
    )


# ------------------------------ services


def test_interfaces_of_services_are_no_hosts() -> None:
    """R-ENI-9: a service's interface is its component's, or unmodelled with its id; it is never
    taken for a host."""
    e = Pair()
    kinds = {
        "api_gateway_managed": "an interface of API Gateway",
        "network_load_balancer": "ELB net/x/0123",
        "interface": "ELB app/x/0123",
    }
    g = None
    for number, (kind, words) in enumerate(kinds.items(), 10):
        e.interface(e.sb, f"10.0.1.{number}", kind=kind, requester="amazon", description=words)
    g = ground(e)
    for number in range(10, 13):
        assert sent(g, e.a, packet(e.a.ip, f"10.0.1.{number}")).fate is Fate.UNMODELLED


def test_a_mount_target_is_an_end() -> None:
    """EFS guide, "Using VPC security groups": its groups say who mounts it; with a type of its own
    or without, it is sent to like any other interface."""
    e = Pair()
    words = "EFS mount target for fs-1 (fsmt-1)"
    group = e.group(e.v1, ingress=["tcp/2049 0.0.0.0/0"])
    for number, kind in enumerate(("efs", "interface"), 10):
        ip = f"10.0.1.{number}"
        e.interface(e.sb, ip, [group], kind=kind, requester="amazon", description=words)
    g = ground(e)
    for number in (10, 11):
        end = f"10.0.1.{number}"
        assert answered(g, sent(g, e.a, packet(e.a.ip, end, "tcp/2049")), end)
        other = sent(g, e.a, packet(e.a.ip, end, "tcp/22"))
        assert dropped(other) == (group, "ENI_SG_RULES_MISMATCH")


def test_a_kind_that_nobody_knows_is_said_to_be_that() -> None:
    """What is in the snapshot is not said to be missing from it."""
    e = Pair()
    eni = e.interface(e.sb, "10.0.1.10", kind="quicksight", requester="amazon", description="q")
    there = sent(ground(e), e.a, packet(e.a.ip, "10.0.1.10"))
    assert there.fate is Fate.UNMODELLED
    assert (there.origin.resource, there.origin.code) == (eni, "UNSUPPORTED_COMPONENT")


def test_a_service_opens_no_connections() -> None:
    """R-ENI-9: as a source it is nobody, with the reason."""
    e = Pair()
    eni = e.interface(
        e.sb, "10.0.1.10", kind="transit_gateway", requester="amazon", description="tgw"
    )
    end = ground(e).end(eni)
    assert end is not None
    assert end.starts == ()
    assert end.nobody is not None
    assert (end.nobody.resource, end.nobody.code) == (eni, "NO_PATH")


# What opens connections of its own (a function, a balancer towards its targets) or is not known
# not to; a verdict of "unreachable" from it would be a guess.
SENDERS = {
    "lambda": "AWS Lambda VPC ENI-x",
    "network_load_balancer": "ELB net/x/0123",
    "interface": "ELB app/x/0123",
    "iot_rules_managed": "",
}


@pytest.mark.parametrize("kind", SENDERS)
def test_services_that_send(kind: str) -> None:
    """R-LAMBDA-1, R-ENI-9: as a source such an interface starts flows or is a gap, never nobody."""
    e = Pair()
    eni = e.interface(e.sa, "10.0.0.30", kind=kind, requester="amazon", description=SENDERS[kind])
    end = ground(e).end(eni)
    assert end is not None
    assert end.starts or end.may_send


def test_a_function_answers_nobody() -> None:
    """R-LAMBDA-1: what is sent to a function's interface is never said to be delivered."""
    e = Pair()
    e.interface(e.sa, "10.0.0.30", kind="lambda", requester="amazon", description="AWS Lambda")
    there = sent(ground(e), e.b, packet(e.b.ip, "10.0.0.30"))
    assert there.fate is not Fate.DELIVERED


# ------------------------------ as an end


def test_as_an_end() -> None:
    """An interface sends from what it owns and is sent to at what it owns; many alike start at one
    node."""
    e = Estate()
    vpc = e.vpc("10.0.0.0/16")
    subnet = e.subnet(vpc, "10.0.0.0/24")
    hosts = [e.instance(f"h{n}", subnet, f"10.0.0.{n}") for n in range(10, 40)]
    g = ground(e)
    one = g.end(hosts[3].eni)
    assert one is not None
    assert [(s.node, str(s.space)) for s in one.starts] == [
        (f"network_interface/{hosts[3].eni}/send", "source 10.0.0.13")
    ]
    everybody = g.end(subnet)
    assert everybody is not None
    assert len(everybody.starts) == 1
    assert all(parse_address(host.ip) in everybody.addresses for host in hosts)  # type: ignore[operator]
    assert g.end("eni-0dead") is None
