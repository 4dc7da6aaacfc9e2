"""Subnets: what is switched inside, what is routed, and what entering and leaving mean."""

from __future__ import annotations

import pytest

from reach.aws.subnet import cidrs, is_public
from reach.network.address import parse_address
from reach.snapshot.records import Subnet
from reach.trace import Fate
from tests.aws.ground import answered, came, dropped, ground, nodes, packet, plain, sent, stages
from tests.estate import Estate, Id, Pair


def neighbours() -> tuple[Estate, Id, Id, Id]:
    """X and Y in one subnet with groups of their own, Z in the other; two subnets, no ACL rule."""
    e = Estate()
    vpc = e.vpc("10.0.0.0/16")
    near, far = e.subnet(vpc, "10.0.0.0/24"), e.subnet(vpc, "10.0.1.0/24", "b")
    x = e.instance("x", near, "10.0.0.5", groups=[e.group(vpc)])
    y = e.instance("y", near, "10.0.0.6", groups=[e.group(vpc)])
    z = e.instance("z", far, "10.0.1.5", groups=[e.group(vpc)])
    e.acl(vpc, [near, far], ingress=[], egress=[])
    return e, x, y, z


# ------------------------------ decoding


@pytest.mark.parametrize("state", ["failed", "disassociated"])
def test_blocks_of_a_subnet(state: str) -> None:
    """Its blocks are the IPv4 one and the IPv6 ones in force: one in another state is none."""
    e = Pair(ipv6=True)
    e.sb.record["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlockState"]["State"] = state
    only6 = e.subnet(e.v1, None, ipv6="2600:1f18:1a00:107::/64")
    snapshot = e.load()
    found = {
        str(one): [str(block) for block in cidrs(snapshot.get(Subnet, one))]
        for one in (e.sa, e.sb, only6)
    }
    assert found == {
        e.sa: ["10.0.0.0/24", "2600:1f18:1a00:100::/64"],
        e.sb: ["10.0.1.0/24"],
        only6: ["2600:1f18:1a00:107::/64"],
    }


# ------------------------------ nodes


def test_emit() -> None:
    """R-PIPE-2, R-RT-2: to its own blocks straight to the switch, anything else by its table."""
    e = Pair(ipv6=True)
    assert plain(stages(ground(e), f"subnet/{e.sa}/emit")) == [
        [f"destination 2600:1f18:1a00:100::/64, 10.0.0.0/24 -> subnet/{e.sa}/switch"],
        [
            f"any packet -> subnet/{e.sa}/route",
            f"else drop NO_POSSIBLE_DESTINATION ({e.sa})",
        ],
    ]


def test_switch() -> None:
    """The switch knows its interfaces' addresses, delegated prefixes included, and nobody else."""
    e = Pair()
    more = e.instance("more", e.sa, "10.0.0.9", prefixes=["10.0.0.32/28"])
    switch = stages(ground(e), f"subnet/{e.sa}/switch")
    *_, interfaces = plain(switch)
    assert sorted(interfaces) == sorted(
        [
            f"destination 10.0.0.5 -> network_interface/{e.a.eni}/admit",
            f"destination 10.0.0.9, 10.0.0.32/28 -> network_interface/{more.eni}/admit",
            f"else drop NO_POSSIBLE_DESTINATION ({e.sa})",
        ]
    )


def test_interfaces_alike_share_a_route() -> None:
    """Interfaces that every rule treats alike are one node with several addresses."""
    e = Pair()
    a2 = e.instance("a2", e.sa, "10.0.0.9")
    first = min(e.a.eni, a2.eni)
    *_, interfaces = plain(stages(ground(e), f"subnet/{e.sa}/switch"))
    assert interfaces == [
        f"destination 10.0.0.5, 10.0.0.9 -> network_interface/{first}/admit",
        f"else drop NO_POSSIBLE_DESTINATION ({e.sa})",
    ]


# ------------------------------ traces


def test_neighbours_meet_no_acl_and_no_route() -> None:
    """R-NACL-8, R-PIPE-2: inside a subnet an ACL that denies everything counts for nothing."""
    e, x, y, _ = neighbours()
    g = ground(e)
    there = sent(g, x, packet(x.ip, y.ip, "tcp/22"))
    assert answered(g, there, y.ip)
    subnet = x.eni.record["SubnetId"]
    assert nodes(there)[1:-1] == [f"subnet/{subnet}/emit", f"subnet/{subnet}/switch"]


def test_leaving_a_subnet_meets_its_acl() -> None:
    """R-PIPE-2 (e): to another subnet the same ACL denies, on the way out already."""
    e, x, _, z = neighbours()
    there = sent(ground(e), x, packet(x.ip, z.ip, "tcp/22"))
    assert dropped(there)[1] == "SUBNET_ACL_RESTRICTION"
    assert there.origin.locator == "outbound rule *"


def test_entering_a_subnet_meets_its_acl() -> None:
    """R-PIPE-3: what enters passes the ACL of the subnet it enters, inbound."""
    e = Pair()
    acl = e.acl(e.v1, [e.sb], ingress=[])
    there = sent(ground(e), e.a, packet(e.a.ip, e.b.ip))
    assert (*dropped(there), there.origin.locator) == (
        acl,
        "SUBNET_ACL_RESTRICTION",
        "inbound rule *",
    )


@pytest.mark.parametrize("address", ["10.0.0.0", "10.0.0.3", "10.0.0.77", "10.0.0.255"])
def test_an_address_of_no_interface(address: str) -> None:
    """R-PIPE-7: reserved and free addresses of the own subnet are nobody's."""
    e = Pair()
    e.online(e.ta)
    assert dropped(sent(ground(e), e.a, packet(e.a.ip, address))) == (
        e.sa,
        "NO_POSSIBLE_DESTINATION",
    )


def test_no_route_intercepts_the_own_subnet() -> None:
    """R-RT-2: a route for the subnet's own block leads elsewhere only for those outside."""
    e = Pair()
    appliance = e.instance("appliance", e.subnet(e.v1, "10.0.5.0/24"), "10.0.5.9", check=False)
    a2 = e.instance("a2", e.sa, "10.0.0.9")
    for table in (e.ta, e.tb):
        e.route(table, "10.0.0.0/24", appliance.eni)
    g = ground(e)
    entry = f"network_interface/{appliance.eni}/routed"
    assert entry not in nodes(sent(g, e.a, packet(e.a.ip, a2.ip)))
    assert entry in nodes(sent(g, e.b, packet(e.b.ip, a2.ip)))


def test_unknown_interfaces() -> None:
    """Without describe-network-interfaces an address of the subnet may be somebody's."""
    e = Pair()
    e.drop("NetworkInterfaces")
    *_, last = plain(stages(ground(e), f"subnet/{e.sa}/switch"))
    assert last == [f"unmodelled {e.sa}"]


# ------------------------------ public and private


def test_public_is_an_active_route_to_an_internet_gateway() -> None:
    """R-DEF-1: any prefix will do; no route, another target or a blackhole will not."""
    e = Pair()
    g = ground(e)
    assert not is_public(g, e.sa, None)
    e.natted(e.tb)
    e.route(e.ta, "203.0.113.0/24", e.online())
    g = ground(e)
    assert (is_public(g, e.sa, None), is_public(g, e.sb, None)) == (True, False)
    e.route(e.ta, "203.0.113.0/24", e.online(), state="blackhole")
    assert not is_public(ground(e), e.sa, None)


def test_public_per_family() -> None:
    """R-DEF-1, R-DEF-4: ::/0 to an egress-only gateway is private, to an internet gateway public
    for IPv6 alone."""
    e = Pair(ipv6=True)
    e.route(e.ta, "::/0", e.online())
    e.route(e.tb, "::/0", e.eigw(e.v1))
    g = ground(e)
    assert [is_public(g, e.sa, family) for family in (4, 6, None)] == [False, True, True]
    assert [is_public(g, e.sb, family) for family in (4, 6, None)] == [False, False, False]


def test_a_public_subnet_is_not_a_public_instance() -> None:
    """R-DEF-2, R-DEF-3: neither the route nor MapPublicIpOnLaunch gives an address."""
    e = Pair()
    e.online(e.ta)
    e.sa.record["MapPublicIpOnLaunch"] = True
    g = ground(e)
    assert is_public(g, e.sa, 4)
    there = sent(g, e.a, packet(e.a.ip, "8.8.8.8"))
    assert dropped(there) == (e.gateway, "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS")


def test_ipv6_has_no_private_address() -> None:
    """R-DEF-4: with ::/0 to the internet gateway every IPv6 address is reached from outside."""
    e = Pair(ipv6=True)
    e.online(e.ta)
    g = ground(e)
    assert answered(g, came(g, packet("2606:4700:4700::1111", e.a.ip6, "tcp/22")), e.a.ip6)
    there = came(g, packet("2606:4700:4700::1111", e.b.ip6, "tcp/22"))
    assert there.fate is Fate.DELIVERED  # inwards it needs no route (R-IGW-7) ...
    assert not answered(g, there, e.b.ip6)  # ... but the reply does


def test_as_ends() -> None:
    """A subnet, and public and private, stand for the interfaces in them."""
    e = Pair()
    e.online(e.ta)
    e.public(e.a, "198.51.100.7")
    g = ground(e)
    ends = {text: g.end(text) for text in (e.sa, e.sb, "public", "private")}
    own = {
        text: [address for address in ("10.0.0.5", "10.0.1.5") if _holds(end, address)]
        for text, end in ends.items()
    }
    assert own == {
        e.sa: ["10.0.0.5"],
        e.sb: ["10.0.1.5"],
        "public": ["10.0.0.5"],
        "private": ["10.0.1.5"],
    }
    assert g.end("subnet-0000000000000dead") is None


def _holds(end: object, address: str) -> bool:
    addresses = getattr(end, "addresses", None)
    return addresses is not None and parse_address(address) in addresses


def test_the_default_vpc() -> None:
    """R-DEF-5: subnets without a table of their own have the main one; with a route to an internet
    gateway there they are public."""
    e = Estate()
    vpc = e.vpc("172.31.0.0/16")
    vpc.record["IsDefault"] = True
    subnet = e.subnet(vpc, "172.31.0.0/20", public_on_launch=True)
    assert not is_public(ground(e), subnet, 4)
    e.route(vpc.table, "0.0.0.0/0", e.igw(vpc))
    assert is_public(ground(e), subnet, 4)
