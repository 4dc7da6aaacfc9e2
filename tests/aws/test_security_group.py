"""Security groups: what a rule matches, references and identity, and that replies pass."""

from __future__ import annotations

import pytest

from reach.lower import Ground
from reach.network.field import Header
from reach.network.stage import Action, Filter
from tests.aws.ground import (
    answered,
    arrived,
    came,
    dropped,
    ground,
    packet,
    passed,
    plain,
    replied,
    sent,
)
from tests.estate import Estate, Id, Pair

CODE, NO_RULES = "ENI_SG_RULES_MISMATCH", "SG_HAS_NO_RULES"
INGRESS, EGRESS = "network_interface.ingress", "network_interface.egress"


def filtering(g: Ground, slot: str, owner: Id) -> Filter:
    """The stage that the groups of an interface give it for a direction."""
    (stage,) = (one for one in g.slot(slot, owner.eni) if isinstance(one, Filter))
    return stage


def admits(rules: list[str], *whats: str, ipv6: bool = False) -> list[bool]:
    """Whether B, with these inbound rules, lets in each of these packets of A."""
    e = Pair(ipv6=ipv6)
    e.wear(e.b, e.group(e.v1, ingress=rules))
    g = ground(e)
    return [arrived(sent(g, e.a, _packet(e, what)), _end(e.b, what)) for what in whats]


def _end(owner: Id, what: str) -> str:
    return owner.ip6 if what.startswith("icmpv6") else owner.ip


def _packet(e: Pair, what: str) -> Header:
    return packet(_end(e.a, what), _end(e.b, what), what)


def to_b(e: Pair, what: str = "tcp/22") -> tuple[Ground, bool]:
    """Whether A's packet reaches B and its reply comes back."""
    g = ground(e)
    return g, answered(g, sent(g, e.a, packet(e.a.ip, e.b.ip, what)), e.b.ip)


# ------------------------------ nodes


def test_stages() -> None:
    """R-SG-1, R-SG-2: each peer of each rule is a permit of its own; what none permits is denied;
    both directions are one session."""
    e = Pair(ipv6=True)
    group = e.group(
        e.v1, ingress=["tcp/22 10.0.0.0/8 2600::/16", "icmp/8 10.0.0.0/8"], egress=["udp/53 any"]
    )
    e.wear(e.b, group)
    g = ground(e)
    session = f"session security_group {e.b.eni}"
    assert plain([filtering(g, INGRESS, e.b)]) == [
        [
            session,
            f"permit source 10.0.0.0/8; protocol icmp; icmp type 8 ({group} inbound rule icmp "
            "type 8 from 10.0.0.0/8)",
            f"permit source 10.0.0.0/8; protocol tcp; destination port 22 ({group} inbound rule "
            "tcp 22 from 10.0.0.0/8)",
            f"permit source 2600::/16; protocol tcp; destination port 22 ({group} inbound rule "
            "tcp 22 from 2600::/16)",
            f"else deny {CODE} ({group} inbound)",
        ]
    ]
    assert plain([filtering(g, EGRESS, e.b)]) == [
        [
            session,
            f"permit destination 0.0.0.0/0; protocol udp; destination port 53 ({group} outbound "
            "rule udp 53 to 0.0.0.0/0)",
            f"permit destination ::/0; protocol udp; destination port 53 ({group} outbound rule "
            "udp 53 to ::/0)",
            f"else deny {CODE} ({group} outbound)",
        ]
    ]


def test_order_means_nothing() -> None:
    """R-SG-1: rules reversed give the same stage."""
    e = Pair()
    group = e.group(e.v1, ingress=["tcp/22 10.0.0.0/8", "all 10.0.0.0/24", "udp/53 any"])
    e.wear(e.b, group)
    before = filtering(ground(e), INGRESS, e.b)
    group.record["IpPermissions"].reverse()
    assert filtering(ground(e), INGRESS, e.b) == before


def test_without_groups_there_is_no_filter() -> None:
    """R-SG-6: an interface without groups is not filtered by any."""
    e = Pair()
    e.wear(e.b)
    g = ground(e)
    assert not any(isinstance(one, Filter) for one in g.slot(INGRESS, e.b.eni))
    assert to_b(e)[1]


def test_an_unknown_group_is_a_doubt() -> None:
    """A group that the snapshot lacks may permit: what the others do not permit is in doubt."""
    e = Pair()
    known = e.group(e.v1, ingress=["tcp/22 any"], egress=[])
    e.wear(e.b, known)
    e.b.eni.record["Groups"].append({"GroupId": "sg-0gone", "GroupName": "gone"})
    g = ground(e)
    assert sent(g, e.a, packet(e.a.ip, e.b.ip, "tcp/22")).doubts == ()
    doubts = sent(g, e.a, packet(e.a.ip, e.b.ip, "tcp/23")).doubts
    assert [origin.resource for origin in doubts] == ["sg-0gone"]


# ------------------------------ rules


def test_rules_of_all_groups_add_up() -> None:
    """R-SG-1, R-SG-5: the most permissive of several groups and rules wins."""
    e = Pair()
    none, ssh, narrow = (
        e.group(e.v1, ingress=rules)
        for rules in ([], ["tcp/22 any"], ["tcp/22 192.0.2.0/24", "udp/53 192.0.2.0/24"])
    )
    e.wear(e.b, none, narrow)
    assert not to_b(e, "tcp/23")[1]
    e.wear(e.b, none, ssh, narrow)
    assert to_b(e)[1]


def test_no_rules() -> None:
    """R-SG-3: a new group takes nothing in; without outbound rules nothing is initiated."""
    e = Pair()
    new = e.group(e.v1, ingress=[])
    mute = e.group(e.v1, egress=[])
    e.wear(e.b, new)
    there = sent(ground(e), e.a, packet(e.a.ip, e.b.ip))
    assert (*dropped(there), there.origin.locator) == (new, NO_RULES, "inbound")
    g = ground(e)
    assert answered(g, sent(g, e.b, packet(e.b.ip, e.a.ip)), e.a.ip)
    e.wear(e.a, mute)
    there = sent(ground(e), e.a, packet(e.a.ip, e.b.ip))
    assert (*dropped(there), there.origin.locator) == (mute, NO_RULES, "outbound")


def test_the_default_group() -> None:
    """R-SG-4: it takes in what comes from itself, as its rules say and for no other reason."""
    e = Pair()
    e.wear(e.a, e.v1.default)
    e.wear(e.b, e.v1.default)
    assert to_b(e)[1]
    e.v1.default.record["IpPermissions"] = []
    assert not to_b(e)[1]


def test_both_ends_must_permit() -> None:
    """R-SG-33: outbound of the sender and inbound of the receiver."""
    e = Pair()
    narrow = e.group(e.v1, egress=["tcp/443 any"])
    e.wear(e.a, narrow)
    g = ground(e)
    assert dropped(sent(g, e.a, packet(e.a.ip, e.b.ip, "tcp/22"))) == (narrow, CODE)
    assert answered(g, sent(g, e.a, packet(e.a.ip, e.b.ip, "tcp/443")), e.b.ip)


@pytest.mark.parametrize(
    ("rules", "whats", "expected"),
    [
        (["all any"], ["tcp/1", "udp/1", "icmp/8", "47"], [True] * 4),
        (["tcp any"], ["tcp/1", "tcp/65535", "udp/1"], [True, True, False]),
        (["tcp/20-22 any"], ["tcp/19", "tcp/20", "tcp/22", "tcp/23"], [False, True, True, False]),
        (["udp/53 any"], ["udp/53", "tcp/53"], [True, False]),
        (["50/500 any"], ["50", "51"], [True, False]),
        (["icmp any"], ["icmp/8", "icmp/13", "icmp/3/4", "tcp/1"], [True, True, True, False]),
        (["icmp/8 any"], ["icmp/8", "icmp/13"], [True, False]),
        (["icmp/3/4 any"], ["icmp/3/4", "icmp/3/1"], [True, False]),
        (["icmp any"], ["icmpv6/128"], [False]),
        (["icmpv6/128 any"], ["icmpv6/128", "icmpv6/1", "icmp/8"], [True, False, False]),
    ],
)
def test_protocols_and_ports(rules: list[str], whats: list[str], expected: list[bool]) -> None:
    """R-SG-7, R-SG-8, R-SG-9: numbers and names, destination ports, types and codes."""
    assert admits(rules, *whats, ipv6=True) == expected


def test_source_ports_do_not_count() -> None:
    """R-SG-8: only the destination port of the packet that opens the flow."""
    e = Pair()
    e.wear(e.b, e.group(e.v1, ingress=["tcp/22 any"]))
    g = ground(e)
    there = sent(g, e.a, packet(e.a.ip, e.b.ip, "tcp/23", client=22))
    assert dropped(there)[1] == CODE


def test_families_are_separate() -> None:
    """R-SG-10: 0.0.0.0/0 is not ::/0."""
    e = Pair(ipv6=True)
    e.wear(e.b, e.group(e.v1, ingress=["tcp/22 0.0.0.0/0"]))
    g = ground(e)
    assert arrived(sent(g, e.a, packet(e.a.ip, e.b.ip, "tcp/22")), e.b.ip)
    assert dropped(sent(g, e.a, packet(e.a.ip6, e.b.ip6, "tcp/22")))[1] == CODE


def test_prefix_lists() -> None:
    """R-SG-11: the entries of a list are its peers; unknown entries are a doubt that yields to a
    permit."""
    e = Pair()
    listed = e.prefix_list("10.0.0.0/28")
    group = e.group(e.v1, ingress=[f"tcp/22 {listed}", "tcp/443 any"])
    e.wear(e.b, group)
    assert to_b(e)[1]
    e.scope(e.home)["ManagedPrefixListEntries"][0]["Entries"] = [{"Cidr": "10.0.0.128/25"}]
    assert not to_b(e)[1]
    e.drop("ManagedPrefixListEntries")
    g = ground(e)
    doubts = sent(g, e.a, packet(e.a.ip, e.b.ip, "tcp/22")).doubts
    assert [(o.resource, listed in o.words) for o in doubts] == [(group, True)]
    assert sent(g, e.a, packet(e.a.ip, e.b.ip, "tcp/443")).doubts == ()


# ------------------------------ references


def referring(what: str = "tcp/22") -> tuple[Pair, Id, Id]:
    """SG(B) takes in `what` from SG(A) only."""
    e = Pair()
    ga = e.group(e.v1, name="ga")
    gb = e.group(e.v1, ingress=[f"{what} {ga}"], name="gb")
    e.wear(e.a, ga)
    e.wear(e.b, gb)
    return e, ga, gb


def test_a_reference_matches_members() -> None:
    """R-SG-12, R-PIPE-5: a packet carries the groups of the interface that sent it."""
    e, ga, gb = referring()
    g, reached = to_b(e)
    assert reached
    there = sent(g, e.a, packet(e.a.ip, e.b.ip, "tcp/22"))
    assert (gb, f"inbound rule tcp 22 from {ga}") in passed(there)
    c = e.instance("c", e.sa, "10.0.0.6")
    there = sent(ground(e), c, packet(c.ip, e.b.ip, "tcp/22"))
    assert dropped(there) == (gb, CODE)


def test_any_of_the_senders_groups_will_do() -> None:
    """R-SG-12: the identity is the whole set."""
    e, ga, _ = referring()
    e.wear(e.a, e.group(e.v1), ga)
    assert to_b(e)[1]


def test_the_address_alone_is_no_member() -> None:
    """R-PIPE-5: a packet from A's address without its identity does not satisfy the reference."""
    e, _, gb = referring()
    g = ground(e)
    stage = filtering(g, INGRESS, e.b)
    stripped = packet(e.a.ip, e.b.ip, "tcp/22")
    assert [r.action for r in stage.decisions if stripped in r.match] == [Action.DENY]
    assert stage.otherwise.origin.resource == gb


def test_an_outbound_reference_matches_private_addresses() -> None:
    """R-SG-12, R-SG-13: outbound the destination is a member's private address, never a public
    one."""
    e = Pair()
    e.online(e.ta, e.tb)
    e.public(e.a, "198.51.100.7")
    e.public(e.b, "198.51.100.8")
    gb = e.group(e.v1)
    ga = e.group(e.v1, egress=[f"tcp/22 {gb}"])
    e.wear(e.a, ga)
    e.wear(e.b, gb)
    assert to_b(e)[1]
    there = sent(ground(e), e.a, packet(e.a.ip, "198.51.100.8", "tcp/22"))
    assert dropped(there) == (ga, CODE)


def test_public_addresses_carry_no_identity() -> None:
    """R-SG-13: what goes out and in by the internet gateway is nobody's member."""
    e, _, gb = referring()
    e.online(e.ta, e.tb)
    e.public(e.a, "198.51.100.7")
    e.public(e.b, "198.51.100.8")
    there = sent(ground(e), e.a, packet(e.a.ip, "198.51.100.8", "tcp/22"))
    assert dropped(there) == (gb, CODE)


def test_being_in_one_group_grants_nothing() -> None:
    """R-SG-14: only an explicit reference to itself does."""
    e = Pair()
    group = e.group(e.v1, ingress=[])
    e.wear(e.a, group)
    e.wear(e.b, group)
    assert not to_b(e)[1]
    e.permit(group, "tcp/22 self")
    assert to_b(e)[1]


def test_references_over_a_peering() -> None:
    """R-SG-15, R-SG-16: a group of a peered VPC of the Region matches while the peering is
    active."""
    e = Pair()
    e.peered()
    ga = e.group(e.v1, name="ga")
    e.wear(e.a, ga)
    gb2 = e.group(e.v2, ingress=[f"tcp/22 {ga}"])
    e.wear(e.b2, gb2)
    g = ground(e)
    assert answered(g, sent(g, e.a, packet(e.a.ip, e.b2.ip, "tcp/22")), e.b2.ip)
    c = e.instance("c", e.sa, "10.0.0.6")
    assert dropped(sent(ground(e), c, packet(c.ip, e.b2.ip, "tcp/22"))) == (gb2, CODE)


def test_references_do_not_cross_regions() -> None:
    """R-SG-16: over an inter-Region peering a reference matches nobody, a CIDR does."""
    e = Pair()
    e.peered(region="eu-west-1")
    ga = e.group(e.v1, name="ga")
    e.wear(e.a, ga)
    gb2 = e.group(e.v2, ingress=[f"tcp/22 {ga}", "tcp/443 10.0.0.0/16"])
    e.wear(e.b2, gb2)
    g = ground(e)
    assert dropped(sent(g, e.a, packet(e.a.ip, e.b2.ip, "tcp/22"))) == (gb2, CODE)
    assert answered(g, sent(g, e.a, packet(e.a.ip, e.b2.ip)), e.b2.ip)


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
def test_outbound_references_over_a_peering(region: str) -> None:
    """R-SG-15, R-SG-16: outbound a group of a peered VPC matches too, in the same Region only."""
    e = Pair()
    e.peered(region=region)
    gb2 = e.group(e.v2)
    ga = e.group(e.v1, egress=[f"tcp/22 {gb2}"])
    e.wear(e.a, ga)
    e.wear(e.b2, gb2)
    g = ground(e)
    there = sent(g, e.a, packet(e.a.ip, e.b2.ip, "tcp/22"))
    if region == "us-east-1":
        assert answered(g, there, e.b2.ip)
    else:
        assert dropped(there) == (ga, CODE)


@pytest.mark.parametrize("status", ["deleted", "expired"])
def test_a_stale_reference(status: str) -> None:
    """R-SG-16, R-SG-18: a reference whose peering is gone matches nobody."""
    e, ga, gb = referring()
    pair = gb.record["IpPermissions"][0]["UserIdGroupPairs"][0]
    pair.update(VpcId=str(e.v1), VpcPeeringConnectionId="pcx-0dead", PeeringStatus=status)
    assert not to_b(e)[1]
    pair["PeeringStatus"] = "active"
    assert to_b(e)[1], ga


def test_a_reference_to_an_unseen_account() -> None:
    """R-SG-18: no match; other rules hold."""
    e = Pair()
    gb = e.group(e.v1, ingress=["tcp/22 999988887777/sg-0abc", "tcp/443 any"])
    e.wear(e.b, gb)
    assert not to_b(e)[1]
    assert to_b(e, "tcp/443")[1]


def test_a_group_that_spans_vpcs() -> None:
    """R-SG-30, R-SG-31: its CIDR rules hold in the other VPC too, its references only where the
    VPCs are joined."""
    e = Pair()
    e.second()
    group = e.group(e.v1, ingress=["tcp/443 10.0.0.0/16", "tcp/22 self"])
    e.associate_group(group, e.v2)
    e.wear(e.a, group)
    e.wear(e.b2, group)
    header = packet(e.a.ip, e.b2.ip, "tcp/22")

    def allowed(what: str) -> bool:
        g = ground(e)
        identity = g.identity(e.v1, [group])
        assert identity
        given = packet(e.a.ip, e.b2.ip, what, identity=identity)
        stage = filtering(g, INGRESS, e.b2)
        return next(r for r in stage.decisions if given in r.match).action is Action.PERMIT

    assert (allowed("tcp/443"), allowed("tcp/22")) == (True, False)
    e.peering(e.v1, e.v2)
    assert (allowed("tcp/443"), allowed("tcp/22")) == (True, True), header


def test_shared_groups() -> None:
    """R-SG-32: an owner's group on a participant's interface filters as any other."""
    e = Estate()
    vpc = e.vpc("10.0.0.0/16")
    subnet = e.subnet(vpc, "10.0.0.0/24")
    group = e.group(vpc, ingress=["tcp/22 any"])
    e.share(subnet, "444455556666")
    theirs = e.instance("t", subnet, "10.0.0.6", groups=[group], account="444455556666")
    ours = e.instance("o", subnet, "10.0.0.5")
    g = ground(e)
    assert answered(g, sent(g, ours, packet(ours.ip, theirs.ip, "tcp/22")), theirs.ip)
    assert dropped(sent(g, ours, packet(ours.ip, theirs.ip, "tcp/23"))) == (group, CODE)


# ------------------------------ state


def test_replies_pass() -> None:
    """R-SG-22, R-SG-24, R-PIPE-6: neither the receiver's outbound nor the sender's inbound rules
    are asked for the reply."""
    e = Pair()
    e.wear(e.a, e.group(e.v1, ingress=[]))
    e.wear(e.b, e.group(e.v1, egress=[]))
    g, reached = to_b(e)
    assert reached
    assert dropped(sent(g, e.b, packet(e.b.ip, e.a.ip)))[1] == NO_RULES


@pytest.mark.parametrize("what", ["udp/53", "icmp/8", "47"])
def test_replies_of_any_protocol(what: str) -> None:
    """R-SG-22: an echo reply needs no rule of its own, nor does any other protocol's answer."""
    e = Pair()
    rule = f"{what} 10.0.0.0/24"
    e.wear(e.a, e.group(e.v1, ingress=[], egress=[f"{what} any"]))
    e.wear(e.b, e.group(e.v1, ingress=[rule], egress=[]))
    assert to_b(e, what)[1]


def test_a_reply_is_that_of_its_flow() -> None:
    """R-PIPE-6: what is no reply of an admitted flow is judged by the rules."""
    e = Pair()
    e.wear(e.b, e.group(e.v1, egress=[]))
    g = ground(e)
    there = sent(g, e.a, packet(e.a.ip, e.b.ip, "tcp/22"))
    assert arrived(replied(g, there), e.a.ip)
    assert there.sessions.answers(
        f"security_group {e.b.eni}", packet(e.b.ip, e.a.ip, "tcp/40000", client=22)
    )
    assert not there.sessions.answers(
        f"security_group {e.b.eni}", packet(e.b.ip, e.a.ip, "tcp/40001", client=22)
    )


def test_from_the_internet() -> None:
    """R-SG-23, R-SG-25: tracked or not, the reply to an admitted host on the internet passes."""
    e = Pair()
    e.online(e.ta)
    e.public(e.a, "198.51.100.7")
    e.wear(e.a, e.group(e.v1, ingress=["tcp/22 0.0.0.0/0"], egress=[]))
    g = ground(e)
    assert answered(g, came(g, packet("8.8.8.8", "198.51.100.7", "tcp/22")), e.a.ip)
    assert dropped(came(g, packet("8.8.8.8", "198.51.100.7", "tcp/23")))[1] == CODE


def test_as_an_end() -> None:
    """A group stands for the interfaces that have it."""
    e, ga, _ = referring()
    g = ground(e)
    end = g.end(ga)
    assert end is not None
    assert [start.node for start in end.starts] == [f"network_interface/{e.a.eni}/send"]
    assert g.end("sg-0dead") is None


def test_who_made_a_packet_forget_its_groups_is_said() -> None:
    """R-SG-13: a rule that names the sender's group is quoted, with what lies between; where no
    rule would have let the packet pass, nothing is added."""
    e = Pair()
    gateway = e.online(e.ta, e.tb)
    e.public(e.a, "198.51.100.7")
    e.public(e.b, "198.51.100.8")
    ours = e.group(e.v1, name="ours")
    e.wear(e.a, ours)
    e.wear(e.b, e.group(e.v1, [f"tcp/443 {ours}"], name="theirs"))

    def said_of(port: int) -> str:
        found = e.ask(f"can {e.a} reach 198.51.100.8 port {port}")
        assert found.verdict == "unreachable"
        blockers = [each for each in found.explanations if not each.aside]
        (text,) = [each.text for each in blockers if each.name == "theirs"]
        return text

    assert said_of(22) == "no inbound rule allows this"
    assert said_of(443) == (
        f"no inbound rule allows this: it allows inbound tcp 443 from {ours}, "
        f"but behind {gateway} (igw) a packet has no groups any more"
    )
