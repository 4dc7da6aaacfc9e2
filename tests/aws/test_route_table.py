"""Route tables: which table, which route of it, and which routes are there without being of use."""

from __future__ import annotations

import pytest

import reach
from reach.lower import Ground, lower
from reach.network.stage import Forward
from reach.options import Options
from reach.trace import Fate, Site, Trace
from tests.aws.ground import (
    answered,
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
from tests.estate import Estate, Id, Pair
from tests.estates.transit import attach, static, transit_gateway

OUT = "8.8.8.8"


def routed(e: Pair, destination: str, owner: Id | None = None) -> tuple[Ground, Trace]:
    """A packet of A's (of `owner`'s)."""
    g, owner = ground(e), owner or e.a
    source = owner.ip6 if ":" in destination else owner.ip
    return g, sent(g, owner, packet(source, destination))


def chosen(e: Pair, destination: str, owner: Id | None = None) -> list[str]:
    """The routes that let the packet pass, by their locators."""
    _, trace = routed(e, destination, owner)
    return [locator for resource, locator in passed(trace) if resource.startswith("rtb-")]


# ------------------------------ which table


def test_explicit_or_main() -> None:
    """R-RT-1: the associated table, else the VPC's main one; an association that is not in force
    does not count."""
    e = Pair()
    sm = e.subnet(e.v1, "10.0.3.0/24", name="sm")
    m = e.instance("m", sm, "10.0.3.5", public="198.51.100.9")
    gateway = e.igw(e.v1)
    e.route(e.v1.table, "0.0.0.0/0", gateway)
    _, there = routed(e, OUT, m)
    assert (e.v1.table, "route 0.0.0.0/0") in passed(there)
    assert dropped(routed(e, OUT)[1]) == (e.ta, "NO_ROUTE_TO_DESTINATION")
    e.ta.record["Associations"][0]["AssociationState"]["State"] = "disassociated"
    e.public(e.a, "198.51.100.7")
    assert (e.v1.table, "route 0.0.0.0/0") in passed(routed(e, OUT)[1])


def test_an_unknown_table() -> None:
    """Without describe-route-tables what lies beyond the subnet is unknown, not denied."""
    e = Pair()
    e.drop("RouteTables")
    assert plain(ground(e).slot("subnet.route", e.sa)) == [[f"unmodelled {e.sa}"]]


# ------------------------------ nodes


def test_stages() -> None:
    """R-RT-4, R-RT-13, R-RT-15: longest prefix first; what cannot be routed before all; no
    default."""
    e = Pair()
    e.online(e.ta)
    e.route(e.ta, "10.0.1.0/24", e.instance("x", e.sb, "10.0.1.9").eni)
    x = e.ta.record["Routes"][-1]["NetworkInterfaceId"]
    (table,) = plain(ground(e).slot("subnet.route", e.sa))
    start = f"subnet/{e.sa}/leave"
    assert table == [
        f"destination fd00:ec2::/32, 169.254.168.0/22 -> drop NO_ROUTE_TO_DESTINATION ({e.ta})",
        f"destination 10.0.1.0/24 -> {start} subnet/{e.sb}/arrive network_interface/{x}/routed",
        f"destination 10.0.0.0/16 -> {start} vpc/{e.v1}/local",
        f"destination 0.0.0.0/0 -> {start} internet_gateway/{e.gateway}/out",
        f"else drop NO_ROUTE_TO_DESTINATION ({e.ta})",
    ]


def test_an_edge_table_has_no_subnet_to_leave() -> None:
    """R-RT-19: the gateway's own table leads straight on; without one the slot is empty."""
    e = Pair()
    gateway = e.online(e.ta)
    assert ground(e).slot("gateway.route", gateway) == ()
    e.table(e.v1, edge=gateway)
    (table,) = plain(ground(e).slot("gateway.route", gateway))
    assert f"destination 10.0.0.0/16 -> vpc/{e.v1}/local" in table


# ------------------------------ which route


def test_longest_prefix() -> None:
    """R-RT-4: the longest prefix wins, each family by itself."""
    e = Pair(ipv6=True)
    e.peered()
    gateway = e.online(e.ta)
    assert chosen(e, "10.2.0.5") == ["route 10.2.0.0/16"]
    e.route(e.ta, "10.2.0.0/24", gateway, state="blackhole")
    assert dropped(routed(e, "10.2.0.5")[1]) == (e.ta, "BAD_STATE_ROUTE")
    assert chosen(e, e.b2.ip6) == ["route 2600:1f18:2b00:200::/56"]
    assert chosen(e, "2606:4700:4700::1111") == ["route ::/0"]


def test_no_route() -> None:
    """R-RT-13: there is no default; an IPv4 default is none for IPv6."""
    e = Pair(ipv6=True)
    assert dropped(routed(e, OUT)[1]) == (e.ta, "NO_ROUTE_TO_DESTINATION")
    e.route(e.ta, "0.0.0.0/0", e.online())
    no_route = (e.ta, "NO_ROUTE_TO_DESTINATION")
    assert dropped(routed(e, "2606:4700:4700::1111")[1]) == no_route


def test_equal_prefixes() -> None:
    """R-RT-5: static before prefix list before propagated."""
    e = Pair()
    e.peered()
    e.route(e.ta, "10.2.0.0/16", "vgw-0abc", origin="EnableVgwRoutePropagation")
    assert chosen(e, "10.2.0.5") == ["route 10.2.0.0/16"]
    assert f"vpc_peering/{e.pcx}/from {e.v1}" in nodes(routed(e, "10.2.0.5")[1])
    listed = e.prefix_list("10.2.0.0/16")
    e.route(e.ta, listed, e.pcx)
    e.route(e.ta, "10.2.0.0/16", e.pcx, state="blackhole")
    assert dropped(routed(e, "10.2.0.5")[1]) == (e.ta, "BAD_STATE_ROUTE")
    e.ta.record["Routes"] = [r for r in e.ta.record["Routes"] if r["State"] != "blackhole"]
    assert chosen(e, "10.2.0.5") == [f"route {listed}"]


def test_a_longer_propagated_route_wins() -> None:
    """R-RT-5: outside the VPC's own blocks length counts before origin."""
    e = Pair()
    e.peered()
    e.route(e.ta, "10.2.0.0/24", "vgw-0abc", origin="EnableVgwRoutePropagation")
    _, there = routed(e, "10.2.0.5")
    assert there.fate is Fate.UNMODELLED
    assert there.origin.resource == "vgw-0abc"


def test_local_beats_propagated() -> None:
    """R-RT-6: a propagated route inside the VPC's block loses however long it is; a static one
    wins."""
    e = Pair()
    e.route(e.ta, "10.0.1.0/24", "vgw-0abc", origin="EnableVgwRoutePropagation")
    assert chosen(e, e.b.ip) == ["route 10.0.0.0/16"]
    x = e.instance("x", e.sb, "10.0.1.9")
    e.route(e.ta, "10.0.1.0/24", x.eni)
    assert chosen(e, e.b.ip) == ["route 10.0.1.0/24"]
    assert dropped(routed(e, e.b.ip)[1]) == (x.eni, "ENI_SOURCE_DEST_CHECK_RESTRICTION")


def test_the_local_route_replaced() -> None:
    """R-RT-7: the local route's target may be an interface; then it leads there."""
    e = Pair()
    x = e.instance("x", e.subnet(e.v1, "10.0.7.0/24"), "10.0.7.9", check=False)
    e.ta.record["Routes"] = []
    e.route(e.ta, "10.0.0.0/16", x.eni)
    assert f"network_interface/{x.eni}/routed" in nodes(routed(e, e.b.ip)[1])


def test_a_target_that_cannot_stand_inside() -> None:
    """R-RT-8: a route inside the VPC's own block to a peering is malformed: undecided and told."""
    e = Pair()
    e.peered()
    e.route(e.ta, "10.0.1.0/24", e.pcx)
    g, there = routed(e, e.b.ip)
    assert there.fate is Fate.UNMODELLED
    assert there.origin.resource == e.ta
    assert [(d.resource, d.severity) for d in g.lint()] == [(e.ta, "warning")]


# ------------------------------ prefix lists


def test_prefix_list_entries_are_routes() -> None:
    """R-RT-9: one route for each current entry; what is in none is not routed."""
    e = Pair()
    e.peered()
    e.ta.record["Routes"] = e.ta.record["Routes"][:1]
    listed = e.prefix_list("10.2.0.0/28", "10.3.0.0/16")
    e.route(e.ta, listed, e.pcx)
    assert chosen(e, "10.2.0.5") == [f"route {listed}"]
    assert dropped(routed(e, "10.2.0.77")[1]) == (e.ta, "NO_ROUTE_TO_DESTINATION")


def test_a_prefix_list_without_entries() -> None:
    """A list whose entries are unknown may hold any destination but a local one: where such a
    packet goes is not known, by whatever other route there is (law 2)."""
    e = Pair()
    e.peered()
    e.online(e.ta)
    e.public(e.a, "198.51.100.7")
    listed = e.prefix_list("203.0.113.0/24")
    e.route(e.ta, listed, e.pcx)
    e.drop("ManagedPrefixListEntries")
    assert routed(e, e.b.ip)[1].doubts == ()
    there = routed(e, OUT)[1]
    assert there.fate is Fate.UNMODELLED
    assert there.origin.resource == e.ta
    assert listed in there.origin.words


def test_overlapping_prefix_lists() -> None:
    """R-RT-10, R-RT-14: of two lists with the destination one is in force, which is not known;
    with one target they agree."""
    e = Pair()
    e.peered()
    e.ta.record["Routes"] = e.ta.record["Routes"][:1]
    x = e.instance("x", e.subnet(e.v1, "10.0.7.0/24"), "10.0.7.9")
    for target in (e.pcx, x.eni):
        e.route(e.ta, e.prefix_list("10.2.0.0/16"), target)
    g, there = routed(e, "10.2.0.5")
    node = next(hop for hop in there.hops if hop.node.startswith("route_table/"))
    both = {
        sent(g, e.a, packet(e.a.ip, "10.2.0.5"), {Site(node.node, node.before, 0): way}).fate
        for way in (0, 1)
    }
    assert both == {Fate.DELIVERED, Fate.DROPPED}
    assert len(there.choices) == 1
    e.ta.record["Routes"].pop()
    e.route(e.ta, e.prefix_list("10.2.0.0/16"), e.pcx)
    assert routed(e, "10.2.0.5")[1].choices == ()


# ------------------------------ routes of no use


@pytest.mark.parametrize("state", ["blackhole", "filtered"])
def test_a_dead_route_wins_and_drops(state: str) -> None:
    """R-RT-11, R-RT-12: no fallback to a shorter prefix."""
    e = Pair()
    e.online(e.ta)
    e.public(e.a, "198.51.100.7")
    assert chosen(e, OUT) == ["route 0.0.0.0/0"]
    e.route(e.ta, "8.8.8.0/24", "nat-0dead", state=state)
    there = routed(e, OUT)[1]
    assert (*dropped(there), there.origin.locator) == (e.ta, "BAD_STATE_ROUTE", "route 8.8.8.0/24")


@pytest.mark.parametrize("destination", ["169.254.168.10", "169.254.171.255", "fd00:ec2::77"])
def test_what_is_never_routed(destination: str) -> None:
    """R-RT-15: a broad route does not carry link-local service addresses."""
    e = Pair(ipv6=True)
    e.online(e.ta)
    e.public(e.a, "198.51.100.7")
    assert dropped(routed(e, destination)[1]) == (e.ta, "NO_ROUTE_TO_DESTINATION")


def test_a_pending_peering() -> None:
    """R-RT-17: the route to a peering that was not accepted is stored as a blackhole."""
    e = Pair()
    e.second()
    pcx = e.peering(e.v1, e.v2, status="pending-acceptance")
    e.route(e.ta, "10.2.0.0/16", pcx, state="blackhole")
    assert dropped(routed(e, "10.2.0.5")[1]) == (e.ta, "BAD_STATE_ROUTE")


TARGETS = {
    "GatewayId": "vgw-0abc",
    "TransitGatewayId": "tgw-0abc",
    "CarrierGatewayId": "cagw-0abc",
    "OdbNetworkArn": "arn:aws:odb:us-east-1:111122223333:odb-network/odbnet_0abc",
}


@pytest.mark.parametrize(("field", "target"), TARGETS.items())
def test_targets_that_are_not_modelled(field: str, target: str) -> None:
    """R-RT-16: whatever a route names has a place; what is not modelled says so with its id."""
    e = Pair()
    route = {"DestinationCidrBlock": "0.0.0.0/0", field: target, "Origin": "CreateRoute"}
    e.ta.record["Routes"].append({**route, "State": "active"})
    there = routed(e, OUT)[1]
    assert there.fate is Fate.UNMODELLED
    assert there.origin.resource == target


def test_route_server_routes_rank_below_static() -> None:
    """R-RT-25: a route that Route Server put there loses to a static one of equal length."""
    e = Pair()
    e.peered()
    x = e.instance("x", e.subnet(e.v1, "10.0.7.0/24"), "10.0.7.9")
    e.route(e.ta, "10.2.0.0/16", x.eni, origin="Advertisement")
    assert f"vpc_peering/{e.pcx}/from {e.v1}" in nodes(routed(e, "10.2.0.5")[1])
    e.ta.record["Routes"] = [r for r in e.ta.record["Routes"] if r["Origin"] != "CreateRoute"]
    assert f"network_interface/{x.eni}/routed" in nodes(routed(e, "10.2.0.5")[1])


@pytest.mark.parametrize(("choice", "way"), [("static", "pcx"), ("prefix-list", "appliance")])
def test_static_against_a_prefix_list(choice: str, way: str) -> None:
    """U-14: of equal prefixes the static route wins, unless the option says otherwise; the answer
    names the option, and does not where both lead to the same."""
    e = Pair()
    e.peered()
    x = e.instance("x", e.subnet(e.v1, "10.0.7.0/24"), "10.0.7.9", check=False)
    e.route(e.v1.table, "10.2.0.0/16", e.pcx)
    e.route(e.ta, e.prefix_list("10.2.0.0/16"), x.eni)
    question = f"can {e.a} reach {e.b2} port 80"
    answer = reach.ask(e.load(), question, options={"equal-prefix": choice})
    assert answer.verdict == "reachable"
    assert (x.eni in str(answer.to_dict())) is (way == "appliance")
    assert [note.resource for note in answer.notes] == ["equal-prefix"]
    same = Pair()
    same.peered()
    same.route(same.ta, same.prefix_list("10.2.0.0/16"), same.pcx)
    assert same.ask(f"can {same.a} reach {same.b2} port 80").notes == ()


def test_a_filtered_route_is_flagged() -> None:
    """R-RT-12, U-8: it forwards nothing, and the snapshot is said to hold it."""
    e = Pair()
    e.route(e.ta, "10.2.0.0/16", "nat-0dead", state="filtered")
    told = [remark.message for remark in ground(e).lint()]
    assert [text for text in told if "filtered" in text]


# ------------------------------ edge tables


def edged(public: str | None = "198.51.100.30") -> tuple[Pair, Id]:
    """What comes in for SB is redirected to an appliance in SP; SB's way out is the appliance."""
    e = Pair()
    e.public(e.b, "198.51.100.8")
    sp = e.subnet(e.v1, "10.0.5.0/24", name="sp")
    gateway = e.online(e.table(e.v1, [sp], name="tp"), e.ta)
    appliance = e.instance("appliance", sp, "10.0.5.9", public=public, check=False)
    e.route(e.table(e.v1, edge=gateway, name="edge"), "10.0.1.0/24", appliance.eni)
    e.route(e.tb, "0.0.0.0/0", appliance.eni)
    return e, appliance


def test_the_edge_table_sees_private_destinations() -> None:
    """R-RT-19, R-RT-20: what comes in is looked up by its private address, and the reply goes back
    by the same appliance (R-RT-24)."""
    e, appliance = edged()
    g = ground(e)
    there = came(g, packet(OUT, "198.51.100.8"))
    entry = f"network_interface/{appliance.eni}/routed"
    assert entry in nodes(there)
    assert answered(g, there, e.b.ip)
    assert entry in nodes(replied(g, there))


def test_the_edge_table_is_for_its_gateway_only() -> None:
    """R-RT-3, R-RT-23: what comes by peering or from another subnet is not redirected."""
    e, appliance = edged()
    e.peered()
    e.route(e.t2, "10.0.0.0/16", e.pcx)
    g = ground(e)
    entry = f"network_interface/{appliance.eni}/routed"
    for owner in (e.b2, e.a):
        there = sent(g, owner, packet(owner.ip, e.b.ip))
        assert entry not in nodes(there)
        assert there.fate is Fate.DELIVERED


def test_redirection_needs_a_public_address() -> None:
    """R-RT-21: from an internet gateway the interface redirected to must have a public address."""
    e, _ = edged(public=None)
    edge = next(id for id in e.ids.values() if id in _edge_tables(e))
    assert dropped(came(ground(e), packet(OUT, "198.51.100.8"))) == (
        edge,
        "INGRESS_RTB_NO_PUBLIC_IP",
    )


def _edge_tables(e: Estate) -> set[str]:
    tables = [t for calls in e.scopes.values() for t in calls["RouteTables"]]
    return {t["RouteTableId"] for t in tables if any(a.get("GatewayId") for a in t["Associations"])}


def test_a_redirected_subnet_has_no_direct_way_out() -> None:
    """R-RT-22: its route to the gateway is unusable; another subnet's is not."""
    e, _ = edged()
    assert e.gateway
    e.route(e.tb, "0.0.0.0/0", e.gateway)
    e.public(e.a, "198.51.100.7")
    g = ground(e)
    there = sent(g, e.b, packet(e.b.ip, OUT))
    assert dropped(there) == (e.tb, "INGRESS_RTB_TRAFFIC_REDIRECTION")
    assert answered(g, sent(g, e.a, packet(e.a.ip, OUT)), OUT)


def test_an_appliance_with_the_check_on_forwards_nothing() -> None:
    """R-RT-24: the middlebox needs its source/destination check off."""
    e, appliance = edged()
    appliance.eni.record["SourceDestCheck"] = True
    assert dropped(came(ground(e), packet(OUT, "198.51.100.8"))) == (
        appliance.eni,
        "ENI_SOURCE_DEST_CHECK_RESTRICTION",
    )


def test_a_table_by_itself() -> None:
    """A regional NAT gateway's own table stands by itself; one that is not there is unknown."""
    e = Pair()
    gateway = e.online()
    nat = e.regional_nat(e.v1, {"a": "198.51.100.40"}, gateway)
    g = ground(e)
    (table,) = plain(stages(g, f"route_table/{nat.table}/alone"))
    assert f"destination 0.0.0.0/0 -> internet_gateway/{gateway}/out" in table
    assert plain(stages(g, "route_table/rtb-0dead/alone")) == [["unmodelled rtb-0dead"]]


# ------------------------------ whose packets are routed


def handed_over() -> tuple[Pair, Id, Id]:
    """V2's attachment subnet leads what comes in to an endpoint of its own; its ACL denies https.

    No other subnet can hold that endpoint, and its table leads back to it; but its border counts.
    """
    e = Pair()
    e.second()
    tgw = transit_gateway(e)
    attach(e, tgw, e.v1, [e.sa])
    attach(e, tgw, e.v2, [e.s2])
    static(e, tgw.table, "8.8.8.0/24", e.ids[attachment_of(e, e.v2)])
    e.route(e.ta, "0.0.0.0/0", tgw)
    own = e.endpoint_balancer(e.s2, "10.2.0.9")
    e.route(e.t2, "0.0.0.0/0", own)
    rules = ["100 deny tcp/443 0.0.0.0/0", "200 allow all 0.0.0.0/0"]
    e.put_in_acl(e.acl(e.v2, [], egress=rules), e.s2)
    return e, tgw, own


def attachment_of(e: Pair, vpc: Id) -> str:
    found = e.scope(e.home)["TransitGatewayVpcAttachments"]
    return next(str(a["TransitGatewayAttachmentId"]) for a in found if a["VpcId"] == vpc)


def test_what_an_attachment_hands_over_in_its_own_subnet() -> None:
    """U-20: past the network ACL of that subnet, unless the option says otherwise."""
    e, _, own = handed_over()
    g = ground(e)
    route = f"subnet/{e.s2}/route attachment"
    straight = f"destination 0.0.0.0/0 -> gateway_load_balancer_endpoint/{own}/in"
    assert straight in plain(stages(g, route))[0]
    trace = sent(g, e.a, packet(e.a.ip, OUT))
    assert f"gateway_load_balancer_endpoint/{own}/in" in nodes(trace)
    options = [o.option for hop in trace.hops for o in hop.passed if o.option]
    assert options == ["attachment-subnet-acl"]
    checking = lower(e.load(), Options.of({"attachment-subnet-acl": "check"}))
    trace = sent(checking, e.a, packet(e.a.ip, OUT))
    assert dropped(trace)[1] == "SUBNET_ACL_RESTRICTION"
    assert trace.origin.option == "attachment-subnet-acl"
    assert f"gateway_load_balancer_endpoint/{own}/in" in nodes(
        sent(checking, e.a, packet(e.a.ip, OUT, "tcp/80"))
    )


def test_what_a_host_hands_over_in_its_own_subnet() -> None:
    """R-NACL-14: of a host in that subnet the ACL always counts."""
    e, _, _ = handed_over()
    for options in ({}, {"attachment-subnet-acl": "check"}):
        where = lower(e.load(), Options.of(options))
        trace = sent(where, e.b2, packet(e.b2.ip, OUT))
        assert dropped(trace)[1] == "SUBNET_ACL_RESTRICTION"
        assert not trace.origin.option


def test_a_nat_gateway_in_the_attachment_subnet() -> None:
    """U-20: it is handed the packet as well; anything else is an ordinary route."""
    e, _, _ = handed_over()
    nat = e.nat(e.s2, "10.2.0.20", public="198.51.100.50")
    e.route(e.t2, "9.9.9.0/24", nat)
    g = ground(e)
    (attached,) = plain(stages(g, f"subnet/{e.s2}/route attachment"))
    (plainly,) = plain(stages(g, f"subnet/{e.s2}/route"))
    assert f"destination 9.9.9.0/24 -> nat_gateway/{nat}/clients" in attached
    assert f"destination 9.9.9.0/24 -> nat_gateway/{nat}/clients" in plainly
    local = f"destination 10.2.0.0/16 -> subnet/{e.s2}/leave vpc/{e.v2}/local"
    assert local in attached
    assert local in plainly
    assert f"destination 0.0.0.0/0 -> subnet/{e.s2}/leave " in " ".join(plainly)


def test_every_table_ends_in_a_drop() -> None:
    """R-RT-13, in the network's words: the last stage never lets a packet fall through."""
    e = Pair()
    for table in (e.sa, e.sb):
        last = ground(e).slot("subnet.route", table)[-1]
        assert isinstance(last, Forward)
        assert last.otherwise is not None
