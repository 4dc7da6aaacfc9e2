"""One id told several times, and ids that name nothing."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from reach.snapshot.core import SECTIONS
from reach.snapshot.errors import Diagnostic, SnapshotError
from reach.snapshot.records import (
    AvailabilityZone,
    Subnet,
    Vpc,
    VpcPeeringConnection,
)
from reach.snapshot.snapshot import Snapshot

from .writing import read, subnet, vpc

ACCOUNT, OTHER = "123456789012", "210987654321"


def test_the_same_words_twice_are_noted() -> None:
    snapshot = read({"a.json": {"Vpcs": [vpc()]}, "b.json": {"Vpcs": [vpc(Unread=1)]}})
    (remark,) = snapshot.diagnostics
    assert (remark.severity, remark.resource) == ("note", "vpc-1")
    assert (remark.file, remark.pointer) == ("b.json", "/Vpcs/0")
    assert "a.json: /Vpcs/0" in remark.message
    assert len(snapshot.records(Vpc)) == 1


def test_two_accounts_may_see_one_thing_differently() -> None:
    """R-OBS-10: the owner's view wins, in whatever order the folders come."""
    own = subnet(OwnerId=OTHER, Tags=[])
    seen = subnet(OwnerId=OTHER, CidrBlock="10.0.9.0/24", Tags=[{"Key": "Name", "Value": "x"}])
    files = {f"{ACCOUNT}/a.json": {"Subnets": [seen]}, f"{OTHER}/a.json": {"Subnets": [own]}}
    for order in itertools.permutations(files):
        snapshot = read({name: files[name] for name in order})
        (found,) = snapshot.records(Subnet)
        assert (found.cidr_block, found.page.account) == ("10.0.1.0/24", OTHER)
        assert snapshot.diagnostics == ()


@pytest.mark.parametrize("own", [[], [{"Key": "Name", "Value": "mine"}]])
def test_one_folder_for_two_views_may_differ_in_tags(own: list[dict[str, str]]) -> None:
    """Each account and Region gives a thing tags of its own (a peering has two Names in aws_demo):
    of a folder that does not say whose it is, that is no contradiction."""
    one, two = subnet(Tags=own), subnet(Tags=[{"Key": "Name", "Value": "yours"}])
    for first, second in itertools.permutations((one, two)):
        snapshot = read({"a.json": {"Subnets": [first]}, "b.json": {"Subnets": [second]}})
        (found,) = snapshot.records(Subnet)
        assert [tag.value for tag in found.tags] == [*(["mine"] if own else []), "yours"]
        assert [each.severity for each in snapshot.diagnostics] == ["note"]


@pytest.mark.parametrize(
    ("folder", "other"),
    [
        (f"{ACCOUNT}/us-east-1/", {"Tags": [{"Key": "Name", "Value": "x"}]}),
        ("", {"Tags": [{"Key": "Name", "Value": "x"}], "CidrBlock": "10.0.9.0/24"}),
        ("", {"CidrBlock": "10.0.9.0/24"}),
    ],
)
def test_one_account_and_region_say_one_thing(folder: str, other: dict[str, Any]) -> None:
    """What differs in more, or where it is said whose answers these are, is an error."""
    files = {f"{folder}a.json": {"Subnets": [subnet()]}}
    with pytest.raises(SnapshotError, match="subnet-1 is described twice"):
        read(files | {f"{folder}b.json": {"Subnets": [subnet(**other)]}})


def test_without_an_owner_the_fuller_view_wins() -> None:
    bare = {"VpcPeeringConnectionId": "pcx-1", "AccepterVpcInfo": {"VpcId": "vpc-1"}}
    full = {
        **bare,
        "AccepterVpcInfo": {"VpcId": "vpc-1", "CidrBlockSet": [{"CidrBlock": "10.0.0.0/8"}]},
    }
    files = {
        f"{ACCOUNT}/us-east-1/a.json": {"VpcPeeringConnections": [bare]},
        f"{OTHER}/us-east-1/a.json": {"VpcPeeringConnections": [full]},
    }
    (found,) = read(files).records(VpcPeeringConnection)
    assert found.accepter_vpc_info.cidr_block_set[0].cidr_block == "10.0.0.0/8"


def test_zone_names_mean_another_zone_in_another_account() -> None:
    """R-AZ-1."""
    files = {
        f"{ACCOUNT}/a.json": {
            "AvailabilityZones": [{"ZoneName": "us-east-1a", "ZoneId": "use1-az1"}]
        },
        f"{OTHER}/a.json": {
            "AvailabilityZones": [{"ZoneName": "us-east-1a", "ZoneId": "use1-az4"}]
        },
    }
    snapshot = read(files)
    zones = {
        account: snapshot.get(AvailabilityZone, f"{account}/us-east-1a")
        for account in (ACCOUNT, OTHER)
    }
    assert [zone and zone.zone_id for zone in zones.values()] == ["use1-az1", "use1-az4"]


# References to nothing


def test_a_reference_to_nothing_is_a_warning_and_drops_nothing() -> None:
    files = {"a.json": {"Vpcs": [vpc()]}, "b.json": {"Subnets": [subnet(), subnet("s-2", "vpc-9")]}}
    snapshot = read(files)
    (remark,) = snapshot.diagnostics
    assert (remark.severity, remark.resource) == ("warning", "s-2")
    assert (remark.file, remark.pointer) == ("b.json", "/Subnets/1/VpcId")
    assert "vpc-9" in remark.message
    assert len(snapshot.records(Subnet)) == 2


def test_a_missing_call_is_no_reference_to_nothing() -> None:
    files = {
        "us-east-1/a.json": {"Vpcs": []},
        "us-west-1/b.json": {"Subnets": [subnet("s-1", "vpc-9")]},
    }
    assert read(files).diagnostics == ()


def test_references_may_lead_into_another_scope() -> None:
    files = {
        f"{OTHER}/us-east-1/a.json": {"Vpcs": [vpc()]},
        f"{ACCOUNT}/us-east-1/a.json": {"Vpcs": [], "Subnets": [subnet()]},
    }
    assert read(files).diagnostics == ()


def named_by(snapshot: Snapshot) -> list[Diagnostic]:
    """The remarks on references."""
    return [each for each in snapshot.diagnostics if each.about == "reference"]


def test_a_list_that_a_record_lacks() -> None:
    """By its place; an empty one is there, and so is one that AWS prints of some things only."""
    items: list[dict[str, Any]] = [{"RouteTableId": f"rtb-{n}", "VpcId": "vpc-1"} for n in (1, 2)]
    items[0]["Routes"] = []
    lacking = read({"a.json": {"RouteTables": items}}).diagnostics
    assert [(each.about, each.resource, each.pointer) for each in lacking] == [
        ("unprinted", "rtb-1", "/RouteTables/0/Associations"),
        ("unprinted", "rtb-1", "/RouteTables/0/PropagatingVgws"),
        ("unprinted", "rtb-2", "/RouteTables/1/Associations"),
        ("unprinted", "rtb-2", "/RouteTables/1/PropagatingVgws"),
        ("unprinted", "rtb-2", "/RouteTables/1/Routes"),
    ]
    assert "describe-route-tables always prints" in lacking[0].message


def test_a_blackhole_may_name_what_is_gone() -> None:
    """R-RT-11; an active route may not, and only ids of the right kind are looked for."""
    routes = [
        {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1", "State": "blackhole"},
        {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "State": "active"},
        {"DestinationCidrBlock": "1.0.0.0/8", "GatewayId": "igw-2", "State": "active"},
        {"DestinationCidrBlock": "2.0.0.0/8", "GatewayId": "vgw-2", "State": "active"},
    ]
    table = {"RouteTableId": "rtb-1", "Routes": routes}
    snapshot = read({"a.json": {"RouteTables": [table], "InternetGateways": []}})
    (remark,) = named_by(snapshot)
    assert remark.pointer == "/RouteTables/0/Routes/2/GatewayId"


@pytest.mark.parametrize(
    ("key", "item", "pointer"),
    [
        (
            "NetworkInterfaces",
            {"NetworkInterfaceId": "x", "Groups": [{"GroupId": "sg"}]},
            "/Groups/0/GroupId",
        ),
        (
            "NetworkAcls",
            {"NetworkAclId": "x", "Associations": [{"SubnetId": "s"}]},
            "/Associations/0/SubnetId",
        ),
        (
            "RouteTables",
            {"RouteTableId": "x", "Associations": [{"SubnetId": "s"}]},
            "/Associations/0/SubnetId",
        ),
        (
            "RouteTables",
            {"RouteTableId": "x", "Routes": [{"DestinationPrefixListId": "pl"}]},
            "/Routes/0/DestinationPrefixListId",
        ),
        ("NatGateways", {"NatGatewayId": "x", "SubnetId": "s"}, "/SubnetId"),
        (
            "InternetGateways",
            {"InternetGatewayId": "x", "Attachments": [{"VpcId": "v"}]},
            "/Attachments/0/VpcId",
        ),
        ("VpcEndpoints", {"VpcEndpointId": "x", "SubnetIds": ["subnet-1", "s"]}, "/SubnetIds/1"),
        ("SecurityGroups", {"GroupId": "x", "VpcId": "v"}, "/VpcId"),
        (
            "SecurityGroups",
            {
                "GroupId": "x",
                "IpPermissions": [{"IpProtocol": "-1", "PrefixListIds": [{"PrefixListId": "pl"}]}],
            },
            "/IpPermissions/0/PrefixListIds/0/PrefixListId",
        ),
    ],
)
def test_what_refers_to_what(key: str, item: dict[str, Any], pointer: str) -> None:
    others: dict[str, Any] = {name: [] for name in SECTIONS if name != key}
    snapshot = read({"a.json": {**others, "Subnets": [{"SubnetId": "subnet-1"}], key: [item]}})
    assert [(each.severity, each.pointer) for each in named_by(snapshot)] == [
        ("warning", f"/{key}/0{pointer}")
    ]
