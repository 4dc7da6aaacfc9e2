"""Outbound rules that name a group (R-SG-12, R-SG-19, R-SG-20): where the way keeps group identity
they match, and nowhere else.

Each way is asked about three times: with a rule for the member's address, which any way will do
for; with one for its group; and with the latter over a way that keeps the groups.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.estate import Id, Pair
from tests.estates import cloudwan, firewall, outposts, transit
from tests.estates.balancers import balancer, classic, listen, target_group
from tests.traps.rows import GROUP, NO_ROUTE, allow, deny, may, unknown

LOST = "SG_REFERENCES_NOT_PRESERVED"
PEER = "10.2.0.0/16"


def worn(e: Pair, member: Id) -> Id:
    """A group that a member alone is in, open to all."""
    group = e.group(member.vpc, name="named")
    e.wear(member, group)
    return group


def lets_out(e: Pair, sender: Id, *rules: str) -> None:
    """The sender's outbound rules are these."""
    e.wear(sender, e.group(sender.vpc, egress=list(rules), name="out"))


def lost(e: Pair, question: str, one_way: bool = False) -> None:
    """The sender does not let it out, and is told that the way keeps no group references."""
    answer = deny(e, question, *GROUP, one_way=one_way)
    assert answer.explanations[0].direction == "forward"
    assert LOST in [each.code for each in answer.explanations]


# ------------------------------ ways that lose the groups


def nat(e: Pair) -> Id:
    """A NAT gateway between two subnets."""
    e.route(e.ta, "10.0.1.0/24", e.natted())
    return e.b


def private_nat(e: Pair) -> Id:
    """A NAT gateway without a public address, and a peering behind it."""
    e.peered(back=False)
    gateway = e.natted(public=None)
    e.route(e.tn, PEER, e.pcx)
    e.ta.record["Routes"] = [r for r in e.ta.record["Routes"] if "VpcPeeringConnectionId" not in r]
    e.route(e.ta, PEER, gateway)
    e.route(e.t2, "10.0.9.0/24", e.pcx)
    return e.b2


def appliance(e: Pair) -> Id:
    """An instance that passes packets on."""
    inside = e.subnet(e.v1, "10.0.5.0/24", name="sp")
    guest = e.instance("guest", inside, "10.0.5.9", check=False)
    e.route(e.ta, "10.0.1.0/24", guest.eni)
    e.route(e.tb, "10.0.0.0/24", guest.eni)
    return e.b


def balanced(e: Pair) -> Id:
    """An endpoint of a Gateway Load Balancer."""
    inside = e.subnet(e.v1, "10.0.7.0/24", name="sf")
    far = e.vpc("10.9.0.0/16", name="security")
    room = e.subnet(far, "10.9.0.0/24", name="room")
    target = e.instance("target", room, "10.9.0.9", check=False)
    fleet = firewall.appliances(e, {room: "10.9.0.40"}, [target])
    own = e.endpoint_balancer(inside, "10.0.7.9", fleet.service)
    e.route(e.ta, "10.0.1.0/24", own)
    e.route(e.tb, "10.0.0.0/24", own)
    return e.b


def firewalled(e: Pair) -> Id:
    """An endpoint of a Network Firewall."""
    inside = e.subnet(e.v1, "10.0.7.0/24", name="sf")
    rules = firewall.stateful(e, "pass tcp any any -> any any (sid:1;)")
    made = firewall.firewall(e, {inside: "10.0.7.9"}, firewall.policy(e, stateful=[rules]))
    e.route(e.ta, "10.0.1.0/24", made.endpoints[0])
    e.route(e.tb, "10.0.0.0/24", made.endpoints[0])
    return e.b


def outpost(e: Pair) -> Id:
    """The local gateway of an Outpost, which leads back to the VPC."""
    gateway = outposts.local_gateway(e)
    outposts.associate(e, gateway, e.v1)
    outposts.leads(e, gateway, "10.0.1.0/24", e.b.eni)
    outposts.leads(e, gateway, "10.0.0.0/24", e.a.eni)
    e.route(e.ta, "10.0.1.0/24", gateway)
    e.route(e.tb, "10.0.0.0/24", gateway)
    return e.b


def hub(e: Pair, references: bool) -> Id:
    """A transit gateway between VPCs that a peering joins as well."""
    transit.joined(e, references=references)
    e.peering(e.v1, e.v2)
    return e.b2


def internet(e: Pair) -> Id:
    """Both VPCs' internet gateways, for IPv6; a peering is there, and not used."""
    return out_and_in(e, e.igw)


def one_way_out(e: Pair) -> Id:
    """The same out by an egress-only gateway."""
    return out_and_in(e, e.eigw)


def out_and_in(e: Pair, gateway: Callable[[Id], Id]) -> Id:
    e.second()
    e.peering(e.v1, e.v2)
    e.route(e.ta, "::/0", gateway(e.v1))
    e.route(e.t2, "::/0", e.igw(e.v2))
    return e.b2


Way = Callable[[Pair], Id]
WAYS: dict[str, tuple[Way, bool, bool]] = {
    # how it is laid out; whether over IPv6; whether only the packet's way there is asked about
    "NAT gateway": (nat, False, True),
    "private NAT gateway": (private_nat, False, False),
    "appliance": (appliance, False, False),
    "Gateway Load Balancer endpoint": (balanced, False, False),
    "firewall endpoint": (firewalled, False, False),
    "transit gateway": (lambda e: hub(e, references=False), False, False),
    "transit gateway that keeps references": (lambda e: hub(e, references=True), False, False),
    "internet gateway": (internet, True, False),
    "egress-only gateway": (one_way_out, True, False),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_way_that_loses_the_groups(way: str) -> None:
    """R-SG-19, R-SG-20: by address the packet gets through, by group it is not let out."""
    lay, six, one_way = WAYS[way]
    e = Pair(ipv6=six)
    member = lay(e)
    group = worn(e, member)
    address = member.ip6 if six else member.ip
    question = f"can {e.a} reach {address} port 22"
    lets_out(e, e.a, f"tcp/22 {address}/{128 if six else 32}")
    allow(e, question, one_way)
    lets_out(e, e.a, f"tcp/22 {group}")
    lost(e, question, one_way)
    lets_out(e, e.a, f"tcp/22 {group}", f"tcp/20-30 {address}/{128 if six else 32}")
    allow(e, question, one_way)


@pytest.mark.parametrize("way", ["NAT gateway", "appliance", "firewall endpoint"])
def test_without_the_way_the_reference_matches(way: str) -> None:
    """R-RT-3: the control: what stands in the VPC, and not in the way, does not matter."""
    e = Pair()
    member = WAYS[way][0](e)
    for table in (e.ta, e.tb):
        table.record["Routes"] = table.record["Routes"][:1]
    lets_out(e, e.a, f"tcp/22 {worn(e, member)}")
    allow(e, f"can {e.a} reach {member} port 22")


def test_a_local_gateway() -> None:
    """R-SG-20: on an Outpost rules need addresses; whether the gateway leads back into the VPC is
    not documented, which does not matter to a rule that does not match."""
    e = Pair()
    member = outpost(e)
    group = worn(e, member)
    question = f"can {e.a} reach {member} port 22"
    lets_out(e, e.a, "tcp/22 10.0.1.5/32")
    unknown(e, question)
    lets_out(e, e.a, f"tcp/22 {group}")
    lost(e, question)


def test_a_core_network() -> None:
    """R-CWAN-6, R-SG-15: references are kept on the way in only."""
    e, _ = cloudwan.joined("p", references=True)
    e.peering(e.v1, e.v2)
    group = worn(e, e.b2)
    question = f"can {e.a} reach {e.b2} port 22"
    lets_out(e, e.a, "tcp/22 10.2.0.5/32")
    allow(e, question)
    lets_out(e, e.a, f"tcp/22 {group}")
    lost(e, question)


def test_a_peering_of_another_region_with_the_same_addresses() -> None:
    """R-SG-16, R-SG-20: a member in a peered VPC has the address, but the route leads abroad."""
    e = Pair()
    e.peered(region="eu-west-1")
    near = e.vpc("10.2.0.0/16", name="near")
    twin = e.instance("twin", e.subnet(near, "10.2.0.0/24", name="sn"), "10.2.0.5")
    e.peering(e.v1, near)
    group = worn(e, twin)
    lets_out(e, e.a, "tcp/22 10.2.0.5/32")
    allow(e, f"can {e.a} reach {e.b2} port 22")
    lets_out(e, e.a, f"tcp/22 {group}")
    deny(e, f"can {e.a} reach {e.b2} port 22", *GROUP)


def test_an_appliance_by_another_kind_of_route() -> None:
    """R-RT-16, R-RT-25: by its instance, and by a prefix list, it is an appliance as well."""
    for by_list in (False, True):
        e = Pair()
        inside = e.subnet(e.v1, "10.0.5.0/24", name="sp")
        guest = e.instance("guest", inside, "10.0.5.9", check=False)
        if by_list:
            e.route(e.ta, e.prefix_list("10.0.1.0/24"), guest.eni)
        else:
            e.route(e.ta, "10.0.1.0/24", guest.eni)
            e.ta.record["Routes"][-1]["InstanceId"] = str(guest)
            del e.ta.record["Routes"][-1]["NetworkInterfaceId"]
        group = worn(e, e.b)
        lets_out(e, e.a, "tcp/22 10.0.1.5/32")
        may(e, f"can {e.a} reach {e.b} port 22", one_way=True)
        lets_out(e, e.a, f"tcp/22 {group}")
        lost(e, f"can {e.a} reach {e.b} port 22", one_way=True)


# ------------------------------ ways that keep them


def test_in_the_same_subnet_no_route_counts() -> None:
    """R-PIPE-2, R-RT-2: not even one for the subnet's own block."""
    e = Pair()
    inside = e.subnet(e.v1, "10.0.5.0/24", name="sp")
    guest = e.instance("guest", inside, "10.0.5.9", check=False)
    e.route(e.ta, "10.0.0.0/24", guest.eni)
    near = e.instance("near", e.sa, "10.0.0.6")
    lets_out(e, e.a, f"tcp/22 {worn(e, near)}")
    allow(e, f"can {e.a} reach {near} port 22")


def test_a_route_to_the_members_own_interface() -> None:
    """R-ENI-7: it delivers; to whoever else is behind the same route it is an appliance."""
    e = Pair()
    other = e.instance("other", e.sb, "10.0.1.6")
    guest = e.instance("guest", e.sb, "10.0.1.9", check=False)
    e.route(e.ta, "10.0.1.0/24", guest.eni)
    group = e.group(e.v1, name="named")
    e.wear(guest, group)
    e.wear(other, group)
    lets_out(e, e.a, f"tcp/22 {group}")
    allow(e, f"can {e.a} reach {guest} port 22")
    lost(e, f"can {e.a} reach 10.0.1.6 port 22")


def test_a_peering_keeps_them() -> None:
    """R-SG-15, R-SG-16: as long as it is the peering that the route leads to."""
    e = Pair()
    e.peered()
    lets_out(e, e.a, f"tcp/22 {worn(e, e.b2)}")
    allow(e, f"can {e.a} reach {e.b2} port 22")
    e.route(e.ta, "10.2.0.5/32", e.natted())
    lost(e, f"can {e.a} reach {e.b2} port 22")


def test_a_balancer_is_a_member_itself() -> None:
    """R-SG-21: the packet arrives at the balancer's node with its sender's groups, whatever
    becomes of it there; the balancer's own rules meet its own route to the target."""
    for kind in ("network", "application", "classic"):
        e = Pair()
        room = e.subnet(e.v1, "10.0.6.0/24", "b", name="room")
        target = e.instance("target", room, "10.0.6.5")
        front, back = e.group(e.v1, name="front"), worn(e, target)
        own = e.group(e.v1, egress=[f"tcp/80 {back}"], name="own")
        nodes = {e.sb: "10.0.1.40"}
        if kind == "classic":
            made = classic(e, "old", nodes, [("TCP", 443, 80)], [target], groups=[front])
        else:
            made = balancer(e, kind, "front", nodes, groups=[front])
            listener, protocol = ("TCP", "TCP") if kind == "network" else ("HTTP", "HTTP")
            web = target_group(e, e.v1, "web", protocol, 80, [target])
            listen(e, made, listener, 443, web)
        lets_out(e, e.a, f"tcp/443 {front}")
        allow(e, f"can {e.a} reach 10.0.1.40 port 443")
        front.record["IpPermissionsEgress"] = own.record["IpPermissionsEgress"]
        allow(e, f"can {e.a} reach {target} port 443")
        e.route(e.tb, "10.0.6.0/24", e.natted())
        deny(e, f"can {e.a} reach {target} port 443", *GROUP)
        lost(e, f"can {made.nodes[0]} reach {target} port 80")


def test_an_interface_endpoint_is_a_member_itself() -> None:
    """R-VPCE-1: who is behind it never learns the groups, but the packet has arrived before."""
    e = Pair()
    group = e.group(e.v1, name="named")
    e.endpoint_interface({e.sb: "10.0.1.40"}, groups=[group])
    lets_out(e, e.a, f"tcp/443 {group}")
    allow(e, f"can {e.a} reach 10.0.1.40 port 443")
    e.route(e.ta, "10.0.1.0/24", e.natted())
    lost(e, f"can {e.a} reach 10.0.1.40 port 443")


def test_replies_need_no_reference() -> None:
    """R-SG-22: what answers an admitted flow goes out by any way."""
    e = Pair()
    appliance(e)
    ga = worn(e, e.a)
    lets_out(e, e.b, f"tcp/22 {ga}")
    allow(e, f"can {e.a} reach {e.b} port 22")
    lost(e, f"can {e.b} reach {e.a} port 22")


def test_what_an_appliance_sends_on_is_its_own() -> None:
    """R-ENI-6, R-SG-12: behind it the way is short; its own rules may name the member's group."""
    e = Pair()
    appliance(e)
    group = worn(e, e.b)
    guest = e.ids[e.ta.record["Routes"][-1]["NetworkInterfaceId"]]
    e.wear(guest, e.group(e.v1, egress=[f"tcp/22 {group}"], name="out"))
    may(e, f"can {e.a} reach {e.b} port 22")
    e.wear(guest, e.group(e.v1, egress=[f"tcp/23 {group}"], name="shut"))
    deny(e, f"can {e.a} reach {e.b} port 22", *GROUP)


# ------------------------------ what nobody knows


def test_where_a_route_leads_nobody_knows() -> None:
    """Undecided, as with a rule for the address: what is behind the route settles it."""
    e = Pair()
    e.route(e.ta, "10.0.1.0/24", e.natted())
    group = worn(e, e.b)
    lets_out(e, e.a, f"tcp/22 {group}")
    gone = e.ta.record["Routes"][-1]
    gone["NetworkInterfaceId"] = "eni-0123456789abcdef0"
    del gone["NatGatewayId"]
    unknown(e, f"can {e.a} reach {e.b} port 22", "eni-0123456789abcdef0")


def test_without_route_tables() -> None:
    """A missing call is no way that keeps or loses anything."""
    e = Pair()
    e.route(e.ta, "10.0.1.0/24", e.natted())
    lets_out(e, e.a, f"tcp/22 {worn(e, e.b)}")
    e.drop("RouteTables")
    unknown(e, f"can {e.a} reach {e.b} port 22")


def test_a_list_that_may_hold_the_member() -> None:
    """R-RT-8: what is inside the VPC only a list to an appliance, a NAT gateway or an endpoint may
    be about; beyond it nothing is certain."""
    for inside in (False, True):
        e = Pair()
        e.peered()
        group = worn(e, e.b2)
        lets_out(e, e.a, f"tcp/22 {group}", f"tcp/22 {worn(e, e.b)}")
        listed = e.prefix_list("10.9.0.0/16")
        e.route(e.ta, listed, e.natted() if inside else e.pcx)
        allow(e, f"can {e.a} reach {e.b2} port 22")
        allow(e, f"can {e.a} reach {e.b} port 22")
        e.drop("ManagedPrefixListEntries")
        unknown(e, f"can {e.a} reach {e.b2} port 22")
        (unknown if inside else allow)(e, f"can {e.a} reach {e.b} port 22")


def test_two_lists_with_the_member() -> None:
    """R-RT-10: one of their routes is in force; only one of them keeps the groups."""
    e = Pair()
    e.peered()
    group = worn(e, e.b2)
    question = f"can {e.a} reach {e.b2} port 22"
    one, other = e.prefix_list("10.2.0.0/24", name="one"), e.prefix_list("10.2.0.0/24", name="two")
    e.route(e.ta, one, e.pcx)
    nat_gateway = e.natted()
    e.route(e.ta, other, nat_gateway)
    lets_out(e, e.a, f"tcp/22 {group}")
    assert e.ask(question).verdict == "undecided"
    lets_out(e, e.a, "tcp/22 10.2.0.5/32")
    may(e, question)


def test_no_route_at_all_is_no_loss() -> None:
    """What lacks is the route, and that alone is said."""
    e = Pair()
    e.second()
    e.route(e.t2, "10.0.0.0/16", e.peering(e.v1, e.v2))
    lets_out(e, e.a, f"tcp/22 {worn(e, e.b2)}")
    answer = deny(e, f"can {e.a} reach {e.b2} port 22", *NO_ROUTE)
    assert LOST not in [each.code for each in answer.explanations]
    e.route(e.ta, "0.0.0.0/0", e.igw(e.v1))
    answer = deny(e, f"can {e.a} reach {e.b2} port 22")
    assert LOST not in [each.code for each in answer.explanations]
