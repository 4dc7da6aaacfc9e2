"""Service networks of VPC Lattice: who gets in, by which addresses, past which filters."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from reach.errors import QuestionError
from reach.network.address import parse_address
from reach.network.header_space import Ranges
from reach.trace import Fate, Trace
from tests.aws.ground import (
    CLIENT,
    answered,
    came,
    dropped,
    ground,
    nodes,
    packet,
    plain,
    replied,
    sent,
    stages,
)
from tests.estate import Id, Pair
from tests.estates.privatelink import (
    associate,
    gateway,
    join,
    lattice_service,
    network_endpoint,
    resource,
    service_network,
    target_group,
)

LATTICE = "169.254.171.33"
LATTICE6 = "fd00:ec2:80::a9fe:ab21"
OWNER = "999988887777"


@dataclass
class Associated:
    """V1 is associated with a network in which a service listens on 443; B2 is its target."""

    e: Pair
    network: Id
    association: Id
    service: Id

    def trace(self, what: str = "tcp/443", to: str = LATTICE) -> Trace:
        return sent(ground(self.e), self.e.a, packet(self.e.a.ip, to, what))


def associated(*, groups: tuple[Id, ...] = (), routed: bool = True) -> Associated:
    e = Pair()
    e.second()
    network = service_network(e)
    association = associate(e, network, e.v1, groups, routed=routed)
    group = target_group(e, e.v2, {e.b2: 8080})
    return Associated(e, network, association, lattice_service(e, network, {443: [group]}))


# ------------------------------ nodes


def test_stages() -> None:
    """R-LAT-1, R-LAT-2: own sources, the association's groups, TCP, any member of the network."""
    at = associated()
    g = ground(at.e)
    group = at.e.group(at.e.v1, ["tcp/443 10.0.0.0/24"])
    at.association.record["securityGroupIds"] = [str(group)]
    g = ground(at.e)
    own = f"service_network/{at.association}"
    assert plain(stages(g, f"service_network/{at.e.v1}/clients")) == [
        ["permit source 10.0.0.0/16", f"else deny NO_PATH ({at.e.v1} source)"],
        [f"any packet -> {own}/associated", "else drop"],
    ]
    assert plain(stages(g, f"{own}/associated")) == [
        [
            f"session security_group {at.association}",
            "permit source 10.0.0.0/24; protocol tcp; destination port 443 "
            f"({group} inbound rule tcp 443 from 10.0.0.0/24)",
            f"else deny ENI_SG_RULES_MISMATCH ({group} inbound)",
        ],
        [f"session {own}/into", "else permit"],
        [f"any packet -> service_network/{at.network}/enter", "else drop"],
    ]
    assert plain(stages(g, f"service_network/{at.network}/enter")) == [
        ["permit protocol tcp", f"else deny PROTOCOL_RESTRICTION ({at.network} protocol)"],
        [f"may -> lattice_service/{at.service}/service"],
    ]


def test_before_switch_and_routes() -> None:
    """R-LAT-1, R-RT-15: no route leads to these addresses; the subnet's network ACL is passed."""
    at = associated()
    own = f"service_network/{at.e.v1}/clients"
    assert f"subnet/{at.e.sa}/leave {own}" in nodes(at.trace())
    addresses = "fd00:ec2:80::/64, 169.254.171.0/24"
    first = plain(stages(ground(at.e), f"subnet/{at.e.sa}/emit"))[0]
    assert first == [f"destination {addresses} -> subnet/{at.e.sa}/leave {own}"]


# ------------------------------ filters


def test_there_and_back() -> None:
    """The reply comes from the address that was called, into the client's subnet."""
    at = associated()
    there = at.trace()
    back = replied(ground(at.e), there)
    expected = packet(LATTICE, at.e.a.ip, f"tcp/{CLIENT}", client=443)
    assert back.final._replace(identity=0) == expected
    assert f"service_network/{at.association}/into" in nodes(back)


def test_the_clients_filters_count() -> None:
    """R-LAT-2, R-EXM-6: group and network ACL of the client, in both directions."""
    at = associated()
    e = at.e
    e.wear(e.a, group := e.group(e.v1, [], ["tcp/443 10.0.0.0/8"]))
    assert dropped(at.trace()) == (group, "ENI_SG_RULES_MISMATCH")
    e.permit(group, "tcp/443 169.254.171.0/24", egress=True)
    assert at.trace().fate is Fate.DELIVERED
    outward = e.acl(e.v1, [e.sa], egress=["100 allow all 10.0.0.0/8"])
    assert dropped(at.trace()) == (outward, "SUBNET_ACL_RESTRICTION")
    inward = e.acl(e.v1, [e.sa], ingress=["100 allow tcp/443 0.0.0.0/0"])
    assert dropped(replied(ground(e), at.trace())) == (inward, "SUBNET_ACL_RESTRICTION")


def test_the_associations_groups() -> None:
    """R-LAT-2: its inbound rules; the client still carries its groups there."""
    at = associated()
    e = at.e
    worn = e.group(e.v1)
    own = e.group(e.v1, [f"tcp/443 {worn}"], [])
    at.association.record["securityGroupIds"] = [str(own)]
    assert dropped(at.trace()) == (own, "ENI_SG_RULES_MISMATCH")
    e.wear(e.a, worn)
    assert answered(ground(e), at.trace(), e.b2.ip)


def test_groups_that_are_not_known() -> None:
    """Law 2: an association's group that the snapshot does not hold may deny anything."""
    at = associated()
    at.association.record["securityGroupIds"] = ["sg-0123456789abcdef0"]
    assert [doubt.resource for doubt in at.trace().doubts] == ["sg-0123456789abcdef0"]


# ------------------------------ whose clients


def test_a_vpc_that_is_not_associated() -> None:
    """R-LAT-1: there is no way to Lattice; with a route to it and no association neither."""
    at = associated()
    trace = sent(ground(at.e), at.e.b2, packet(at.e.b2.ip, LATTICE))
    assert dropped(trace) == (at.e.t2, "NO_ROUTE_TO_DESTINATION")
    at.e.scope(at.e.home)["ServiceNetworkVpcAssociations"].clear()
    assert dropped(at.trace()) == (at.e.v1, "NO_PATH")


def test_not_from_other_networks() -> None:
    """R-LAT-1: who comes by a peering, or by an appliance of the VPC, is not served."""
    at = associated()
    foreign = packet("10.2.0.5", LATTICE)
    clients = f"service_network/{at.e.v1}/clients"
    assert plain(stages(ground(at.e), clients))[0][0] == "permit source 10.0.0.0/16"
    appliance = at.e.instance("m", at.e.sa, "10.0.0.9", check=False)
    trace = sent(ground(at.e), appliance, foreign)
    assert dropped(trace) == (at.e.v1, "NO_PATH")


@pytest.mark.parametrize("status", ["CREATE_IN_PROGRESS", "CREATE_FAILED", "DELETE_IN_PROGRESS"])
def test_an_association_that_does_not_work(status: str) -> None:
    """Its status is the reason."""
    at = associated()
    at.association.record["status"] = status
    assert dropped(at.trace()) == (at.association, "BAD_STATE")


@pytest.mark.parametrize("what", ["udp/443", "icmp/8"])
def test_tcp_only(what: str) -> None:
    """R-VPCE-5, R-LAT-2: nothing else is carried."""
    at = associated()
    assert dropped(at.trace(what)) == (at.network, "PROTOCOL_RESTRICTION")


def test_ipv6_clients() -> None:
    """R-LAT-1: the IPv6 addresses lead to the same services, also to IPv4 targets."""
    e = Pair(ipv6=True)
    e.second()
    network = service_network(e)
    associate(e, network, e.v1)
    lattice_service(e, network, {443: [target_group(e, e.v2, {e.b2: 8080})]})
    g = ground(e)
    there = sent(g, e.a, packet(e.a.ip6, LATTICE6))
    assert there.final.destination == parse_address(e.b2.ip)
    assert replied(g, there).final.destination == parse_address(e.a.ip6)


# ------------------------------ addresses


def test_public_addresses() -> None:
    """R-LAT-1: the lists of Lattice hold public addresses that the internet does not route."""
    at = associated()
    e = at.e
    e.service_list("vpc-lattice", "169.254.171.0/24", "129.224.0.0/17")
    e.online(e.ta)
    e.route(e.t2, "0.0.0.0/0", e.igw(e.v2))
    e.public(e.a, "198.51.100.7")
    e.public(e.b2, "198.51.100.8")
    assert at.trace(to="129.224.1.9").final.destination == parse_address(e.b2.ip)
    beyond = sent(ground(e), e.b2, packet(e.b2.ip, "129.224.1.9"))
    assert dropped(beyond) == ("vpc-lattice", "NO_PATH")
    outside = came(ground(e), packet("8.8.8.8", "129.224.1.9"))
    assert dropped(outside) == ("vpc-lattice", "NO_PATH")
    e.scope(e.home)["PrefixLists"].clear()
    assert sent(ground(e), e.b2, packet(e.b2.ip, "129.224.1.9")).owner == "internet"


def test_a_list_without_entries() -> None:
    """A route to Lattice whose list is not known makes no other destination doubtful."""
    at = associated(routed=False)
    e = at.e
    e.online(e.ta)
    e.public(e.a, "198.51.100.7")
    e.ta.record["Routes"].append(
        {
            "DestinationPrefixListId": "pl-0123456789abcdef0",
            "GatewayId": "VpcLattice",
            "Origin": "CreateRoute",
            "State": "active",
        }
    )
    assert at.trace(to="8.8.8.8").owner == "internet"
    assert at.trace(to="129.224.1.9").final.destination == parse_address(e.b2.ip)


# ------------------------------ endpoints of a network


def test_an_endpoint() -> None:
    """It has addresses of its VPC, usable from a peer, past its group."""
    e = Pair()
    e.peered()
    network = service_network(e)
    lattice_service(e, network, {443: [target_group(e, e.v2, {e.b2: 8080})]})
    group = e.group(e.v2, ["tcp/443 10.0.0.0/24"])
    vpce = network_endpoint(e, {e.s2: "10.2.0.88"}, network, [group])
    g = ground(e)
    there = sent(g, e.a, packet(e.a.ip, "10.2.0.88"))
    assert f"vpc_endpoint/{vpce.eni}/admit" in nodes(there)
    assert answered(g, there, e.b2.ip)
    assert dropped(sent(g, e.b, packet(e.b.ip, "10.2.0.88"))) == (group, "ENI_SG_RULES_MISMATCH")


def test_a_block_of_addresses() -> None:
    """An endpoint's services have an address each, of a block that the interface is given."""
    e = Pair()
    e.second()
    network = service_network(e)
    lattice_service(e, network, {443: [target_group(e, e.v2, {e.b2: 8080})]})
    vpce = network_endpoint(e, {e.sa: "10.0.0.88"}, network)
    vpce.eni.record["Ipv4Prefixes"] = [{"Ipv4Prefix": "10.0.0.96/28"}]
    g = ground(e)
    assert answered(g, sent(g, e.a, packet(e.a.ip, "10.0.0.97")), e.b2.ip)
    assert e.ask(f"can {e.a} reach {e.b2} port 443").verdict == "reachable"


def test_resources() -> None:
    """R-RES-1: resource configurations in a network are reached as its services are."""
    at = associated()
    e = at.e
    rcfg = resource(e, gateway(e, {e.s2: "10.2.0.77"}), ip=e.b2.ip, ports=["5432"])
    join(e, at.network, rcfg)
    answer = e.ask(f"can {e.a} reach {LATTICE} port 5432")
    assert answer.verdict == "reachable"
    assert rcfg in answer.assumptions[0].text
    assert e.ask(f"can {e.a} reach {e.b2} port 5432").verdict == "reachable"
    assert e.ask(f"can {e.a} reach {rcfg} port 443").verdict == "unreachable"


def test_what_an_endpoint_is_told_of() -> None:
    """describe-vpc-endpoint-associations tells of members whose associations others made."""
    e = Pair()
    e.second()
    network = service_network(e)
    network_endpoint(e, {e.sa: "10.0.0.88"}, network)
    rcfg = resource(e, gateway(e, {e.s2: "10.2.0.77"}), ip=e.b2.ip, ports=["5432"])
    e.add(
        "VpcEndpointAssociations",
        {
            "AssociatedResourceAccessibility": "Accessible",
            "AssociatedResourceArn": rcfg.arn,
            "Id": "vpce-rsc-asc-0123456789abcdef0",
            "ServiceNetworkArn": network.arn,
        },
    )
    assert e.ask(f"can {e.a} reach 10.0.0.88 port 5432").verdict == "reachable"


# ------------------------------ what is not in the snapshot


def test_a_network_of_another_account() -> None:
    """R-SHARE-4: its owner is not in the snapshot: it ends there, assumed to answer."""
    e = Pair()
    network = service_network(e, account=OWNER)
    associate(e, network, e.v1)
    g = ground(e)
    there = sent(g, e.a, packet(e.a.ip, LATTICE))
    assert there.owner == f"service_network/{network}"
    assert OWNER in there.choices[0].words
    assert replied(g, there).final.destination == parse_address(e.a.ip)


def test_an_empty_network() -> None:
    """With both calls about its members there is nothing in it."""
    e = Pair()
    network = service_network(e)
    associate(e, network, e.v1)
    assert dropped(sent(ground(e), e.a, packet(e.a.ip, LATTICE))) == (network, "NO_PATH")


@pytest.mark.parametrize(
    "call", ["ServiceNetworkServiceAssociations", "ServiceNetworkResourceAssociations"]
)
def test_members_that_are_not_known(call: str) -> None:
    """Law 2: of a network of the snapshot's own, a missing call about its members is open."""
    e = Pair()
    e.second()
    network = service_network(e)
    associate(e, network, e.v1)
    e.drop(call)
    assert sent(ground(e), e.a, packet(e.a.ip, LATTICE)).fate is Fate.UNMODELLED
    assert e.ask(f"can {e.a} reach {e.b2} port 443").verdict == "undecided"


@pytest.mark.parametrize("routed", [True, False])
def test_associations_that_are_not_known(routed: bool) -> None:
    """Law 2: a route to Lattice, or anything else of it, makes the missing call count."""
    at = associated(routed=routed)
    at.e.drop("ServiceNetworkVpcAssociations")
    assert at.trace().fate is Fate.UNMODELLED
    assert at.e.ask(f"can {at.e.a} reach {at.e.b2} port 443").verdict == "undecided"


def test_snapshots_without_lattice() -> None:
    """Where nothing shows that there is Lattice, its missing calls count for nothing."""
    e = Pair()
    e.drop("ServiceNetworkVpcAssociations", "LatticeServices", "LatticeTargetGroups")
    e.drop("ServiceNetworkServiceAssociations", "ServiceNetworkResourceAssociations")
    assert dropped(sent(ground(e), e.a, packet(e.a.ip, LATTICE)))[0] == e.ta
    assert ground(e).aliases(Ranges.of(parse_address(e.b.ip))) == Ranges.of(parse_address(e.b.ip))


# ------------------------------ as an end


def test_as_an_end() -> None:
    """Whatever answers in the network; nothing comes from it."""
    at = associated()
    e = at.e
    assert e.ask(f"can {e.a} reach {at.network} port 443").verdict == "reachable"
    assert e.ask(f"can {e.b2} reach {at.network} port 443").verdict == "unreachable"
    answer = e.ask(f"can {at.network} reach {e.a} port 443")
    assert (answer.verdict, answer.explanations[0].code) == ("unreachable", "NO_PATH")
    with pytest.raises(QuestionError):
        e.ask(f"can {e.a} reach sn-0000000000000dead port 443")


def test_a_network_that_nobody_is_connected_to() -> None:
    """Nobody gets there; unless a call that could name a connection is missing."""
    e = Pair()
    network = service_network(e)
    lattice_service(e, network, {443: []})
    assert e.ask(f"can {e.a} reach {network} port 443").verdict == "unreachable"
    e.drop("ServiceNetworkVpcAssociations")
    assert e.ask(f"can {e.a} reach {network} port 443").verdict == "undecided"
