"""Joins over VPC Lattice: who is in which network, by which addresses."""

from __future__ import annotations

from reach.network.address import parse_address
from reach.snapshot.index import Index
from reach.snapshot.lattice import Lattice, id_in, reached
from reach.snapshot.lattice_records import LatticeTargetGroup, ResourceConfiguration
from tests.estate import Estate, Pair
from tests.estates.privatelink import (
    associate,
    gateway,
    join,
    lattice_service,
    network_endpoint,
    resource,
    resource_endpoint,
    service_network,
    target_group,
)


def lattice(e: Estate) -> Lattice:
    snapshot = e.load()
    index = Index(snapshot)
    at = reached(snapshot, index)
    return Lattice(snapshot, index, lambda make: make(snapshot), lambda: at)


def test_addresses() -> None:
    """R-LAT-1: link-local ones always, those of its lists and routes as the snapshot holds them."""
    e = Pair()
    own = lattice(e).addresses
    assert parse_address("169.254.171.0") in own
    assert parse_address("fd00:ec2:80::a9fe:ab00") in own
    assert parse_address("169.254.170.255") not in own
    assert parse_address("129.224.0.1") not in own
    e.service_list("vpc-lattice", "129.224.0.0/17")
    assert parse_address("129.224.0.1") in lattice(e).addresses
    e = Pair()
    e.ta.record["Routes"].append(
        {"DestinationCidrBlock": "129.224.0.0/17", "GatewayId": "VpcLattice", "State": "active"}
    )
    assert parse_address("129.224.0.1") in lattice(e).addresses
    assert lattice(e).routed_vpcs == {e.v1}


def test_members_of_networks() -> None:
    """By their associations, and by what endpoints are told."""
    e = Pair()
    network = service_network(e)
    service = lattice_service(e, network, {})
    rcfg = resource(e, gateway(e, {e.sb: None}), ip=e.b.ip)
    join(e, network, rcfg, status="CREATE_FAILED")
    e.add(
        "VpcEndpointAssociations",
        {
            "Id": "vpce-rsc-asc-1",
            "AssociatedResourceArn": "arn:aws:vpc-lattice:::resourceconfiguration/rcfg-2",
            "ServiceNetworkArn": network.arn,
        },
    )
    joins = lattice(e)
    expected = {service: "ACTIVE", rcfg: "CREATE_FAILED", "rcfg-2": ""}
    assert joins.in_network(network) == expected
    assert joins.networks_of(service) == (network,)
    assert joins.named_resources == {rcfg, "rcfg-2"}
    assert joins.network_ids == (network,)


def test_owners() -> None:
    """R-SHARE-4: ARNs tell whose a network, a service and a resource are."""
    e = Pair()
    network = service_network(e, account="999988887777")
    associate(e, network, e.v1)
    theirs = "arn:aws:vpc-lattice:eu-west-1:444455556666:resourceconfiguration/rcfg-1"
    resource_endpoint(e, {e.sa: "10.0.0.70"}, theirs)
    joins = lattice(e)
    assert joins.owner(network) == ("999988887777", "us-east-1")
    assert joins.owner("rcfg-1") == ("444455556666", "eu-west-1")
    assert joins.owner("svc-1") == ("", "")
    assert id_in(theirs) == "rcfg-1"


def test_fronts() -> None:
    """A network is reached at Lattice's addresses from VPCs, at its endpoints' own otherwise."""
    e = Pair()
    network, other = service_network(e), service_network(e)
    associate(e, network, e.v1)
    vpce = network_endpoint(e, {e.sa: "10.0.0.88"}, other)
    vpce.eni.record["Ipv4Prefixes"] = [{"Ipv4Prefix": "10.0.0.96/28"}]
    joins = lattice(e)
    assert joins.fronts(network) == joins.addresses
    assert parse_address("10.0.0.88") in joins.fronts(other)
    assert parse_address("10.0.0.111") in joins.fronts(other)
    assert parse_address("169.254.171.1") not in joins.fronts(other)


def test_groups_of_resources() -> None:
    """A member has its group's gateway and is reached by its group's endpoints."""
    e = Pair()
    rgw = gateway(e, {e.sb: None})
    group = resource(e, rgw, kind="GROUP", ports=[])
    member = resource(e, None, ip=e.b.ip, kind="CHILD", group=group)
    resource_endpoint(e, {e.sa: "10.0.0.70"}, group)
    joins = lattice(e)
    configuration = joins.snapshot.get(ResourceConfiguration, member)
    assert configuration is not None
    assert joins.gateway_of(configuration) == rgw
    assert joins.members_of(group) == (configuration,)
    assert parse_address("10.0.0.70") in joins.resource_fronts(member)


def test_targets() -> None:
    """Instances by their primary address, addresses as they are; what cannot be read, by none."""
    e = Pair()
    group = target_group(e, e.v1, {e.a: 80, "i-0000000000000dead": 80})
    plain = target_group(e, e.v1, {"10.0.0.9": 80, "no address": 80}, kind="IP")
    joins = lattice(e)
    for name, expected in ((group, e.a.ip), (plain, "10.0.0.9")):
        record = joins.snapshot.get(LatticeTargetGroup, name)
        targets = joins.targets(name)
        assert record is not None
        assert targets is not None
        one, none = (joins.target_addresses(record, target) for target in targets)
        assert parse_address(expected) in one
        assert not none
    assert joins.targets("tg-0000000000000dead") is None


def test_the_vpc_of_a_subnet() -> None:
    """From the subnet, else from an interface in it."""
    e = Pair()
    assert lattice(e).vpc_of(e.sa) == e.v1
    e.drop("Subnets")
    assert lattice(e).vpc_of(e.sa) == e.v1
    assert lattice(e).vpc_of("subnet-0000000000000dead") == ""
