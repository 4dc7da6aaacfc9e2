"""Loading: layouts, wrappers, pages, what is absent or cut short, and order."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from reach.snapshot.calls import Gap
from reach.snapshot.load import load
from reach.snapshot.record import Record, Scope
from reach.snapshot.records import (
    AvailabilityZone,
    Instance,
    ManagedPrefixListEntries,
    PrefixList,
    SecurityGroupRule,
    Subnet,
    Vpc,
    VpcAttribute,
    VpcPeeringConnection,
)
from reach.snapshot.section import SECTIONS, Section

from .writing import read, said, subnet, vpc, write

ACCOUNT, OTHER = "123456789012", "210987654321"


@pytest.mark.parametrize(
    ("folder", "scope"),
    [
        ("", ("", "")),
        ("us-east-1/", ("", "us-east-1")),
        (f"{ACCOUNT}/us-east-1/", (ACCOUNT, "us-east-1")),
        (f"accounts/{ACCOUNT}/us-east-1/", (ACCOUNT, "us-east-1")),
        (f"aws_configs/accounts/{ACCOUNT}/us-east-1/", (ACCOUNT, "us-east-1")),
        (f"aws_configs/{ACCOUNT}/us-gov-west-1/", (ACCOUNT, "us-gov-west-1")),
        ("aws_configs/eusc-de-east-1/", ("", "eusc-de-east-1")),
        ("aws_configs/", ("", "")),
        (f"{ACCOUNT}/", (ACCOUNT, "")),
        (f"monday/{ACCOUNT}/prod/ap-southeast-1/ec2/", (ACCOUNT, "ap-southeast-1")),
        (f"{OTHER}/us-east-1/{ACCOUNT}/eu-west-1/", (ACCOUNT, "eu-west-1")),
        ("my-test-1/12345/", ("", "")),
    ],
)
def test_scope_comes_from_the_nearest_folders(
    tmp_path: Path, folder: str, scope: tuple[str, str]
) -> None:
    """Every layout of the contract, and deeper ones: account and Region by shape."""
    snapshot = load(write(tmp_path, {f"{folder}any.json": {"Vpcs": [vpc()]}}))
    assert snapshot.scopes == (Scope(*scope),)
    found = snapshot.get(Vpc, "vpc-1")
    assert found is not None
    assert snapshot.scope_of(found) == scope
    assert (found.page.file, found.pointer) == (f"{folder}any.json", "/Vpcs/0")
    assert snapshot.files == (f"{folder}any.json",)


def test_one_file_is_a_snapshot(tmp_path: Path) -> None:
    write(tmp_path, {"a.json": {"Vpcs": [vpc()], "Subnets": [subnet()]}, "b.json": {"Vpcs": []}})
    snapshot = load(str(tmp_path / "a.json"))
    assert snapshot.files == ("a.json",)
    assert len(snapshot.records(Vpc)) == len(snapshot.records(Subnet)) == 1


def test_what_is_no_json_file_is_passed_over(tmp_path: Path) -> None:
    files = {"a.json": {"Vpcs": [vpc()]}, "README.md": "x", ".b.json": "x", ".git/c.json": "x"}
    assert load(write(tmp_path, {**files, "d.json.gz": b"\x1f"})).files == ("a.json",)


def test_the_key_decides_and_not_the_file_name() -> None:
    snapshot = read({"Subnets.json": {"Vpcs": [vpc()], "ResponseMetadata": {"RetryAttempts": 0}}})
    assert [each.vpc_id for each in snapshot.records(Vpc)] == ["vpc-1"]
    assert snapshot.ignored == {}
    assert not snapshot.has(Subnet)


def test_unknown_keys_are_named_and_unknown_fields_skipped() -> None:
    files = {
        "a.json": {"LoadBalancers": [{"Anything": [None, {}]}], "Vpcs": [vpc(New={"x": 1})]},
        "b.json": {"LoadBalancers": [], "DBInstances": []},
    }
    snapshot = read(files)
    assert snapshot.ignored == {"DBInstances": ("b.json",), "LoadBalancers": ("a.json", "b.json")}
    assert snapshot.diagnostics == ()


def test_pages_of_one_call_are_merged() -> None:
    files = {
        "1.json": {"Vpcs": [vpc("vpc-b")], "NextToken": "more"},
        "2.json": {"Vpcs": [vpc("vpc-a")], "NextToken": None},
    }
    snapshot = read(files)
    assert [each.vpc_id for each in snapshot.records(Vpc)] == ["vpc-a", "vpc-b"]
    assert not snapshot.is_cut_short(Vpc, Scope())
    assert snapshot.diagnostics == ()


def test_a_bom_is_no_fault() -> None:
    assert read({"a.json": b'\xef\xbb\xbf{"Vpcs": []}'}).has(Vpc)


def test_instances_stand_in_reservations() -> None:
    instances = [{"InstanceId": "i-2", "State": {"Name": "running"}}, {"InstanceId": "i-1"}]
    snapshot = read(
        {"a.json": {"Reservations": [{}, {"OwnerId": ACCOUNT, "Instances": instances}]}}
    )
    found = snapshot.records(Instance)
    assert [each.instance_id for each in found] == ["i-1", "i-2"]
    assert [each.owner_id for each in found] == [ACCOUNT, ACCOUNT]
    assert found[1].pointer == "/Reservations/1/Instances/0"
    assert found[1].state.name == "running"


def test_security_group_rules() -> None:
    rule = {"SecurityGroupRuleId": "sgr-1", "GroupId": "sg-1", "IsEgress": False}
    rule |= {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIpv4": "10.0.0.0/8"}
    (found,) = read({"a.json": {"SecurityGroupRules": [rule]}}).records(SecurityGroupRule)
    assert (found.cidr_ipv4, found.from_port, found.is_egress) == ("10.0.0.0/8", 22, False)


def test_vpc_attributes_raw_and_wrapped_make_one_record() -> None:
    """One attribute a call, printed without a list (R-VPCE-6)."""
    files = {
        "a.json": {"VpcId": "vpc-1", "EnableDnsSupport": {"Value": True}},
        "b.json": {"VpcId": "vpc-1", "EnableDnsHostnames": {"Value": False}},
        "c.json": {"VpcAttributes": [{"VpcId": "vpc-2", "EnableDnsSupport": {"Value": False}}]},
    }
    snapshot = read(files)
    one, two = snapshot.records(VpcAttribute)
    assert one.enable_dns_support is not None
    assert one.enable_dns_hostnames is not None
    assert (one.enable_dns_support.value, one.enable_dns_hostnames.value) == (True, False)
    assert (one.page.file, one.pointer, two.pointer) == ("a.json", "", "/VpcAttributes/0")
    assert two.enable_dns_hostnames is None
    assert snapshot.ignored == {}


def test_both_prefix_list_calls_make_one_record() -> None:
    name = {"PrefixListId": "pl-1", "PrefixListName": "com.amazonaws.us-east-1.s3"}
    managed = {**name, "AddressFamily": "IPv4", "State": "create-complete", "OwnerId": "AWS"}
    files = {
        "a.json": {"PrefixLists": [{**name, "Cidrs": ["3.5.0.0/20"]}]},
        "b.json": {"PrefixLists": [managed]},
    }
    for order in itertools.permutations(files):
        (found,) = read({each: files[each] for each in order}).records(PrefixList)
        assert (found.cidrs, found.address_family) == (("3.5.0.0/20",), "IPv4")
        assert (found.state, found.owner_id) == ("create-complete", "AWS")


def test_pages_under_one_parent_extend_each_other() -> None:
    """Wrapper items: the parent's id and the call's own keys, its token among them."""

    def page(cidr: str, **more: Any) -> dict[str, Any]:
        return {"PrefixListId": "pl-1", "Entries": [{"Cidr": cidr}], **more}

    first, last = page("10.0.0.0/8", NextToken="x"), page("192.168.0.0/16")
    snapshot = read({"a.json": {"ManagedPrefixListEntries": [first, last]}})
    (found,) = snapshot.records(ManagedPrefixListEntries)
    assert [entry.cidr for entry in found.entries] == ["10.0.0.0/8", "192.168.0.0/16"]
    assert found.next_token is None
    assert not snapshot.is_cut_short(ManagedPrefixListEntries, Scope())
    alone = read({"a.json": {"ManagedPrefixListEntries": [first]}})
    (gap,) = [each for each in alone.gaps if each.reason == "cut short"]
    assert (gap.operation, gap.where) == (
        "ec2.GetManagedPrefixListEntries",
        "a.json: /ManagedPrefixListEntries/0",
    )


def test_entries_without_their_parent_are_reported() -> None:
    snapshot = read({"a.json": {"Entries": [{"Cidr": "10.0.0.0/8"}]}})
    (remark,) = snapshot.diagnostics
    assert (remark.severity, remark.file, remark.pointer) == ("error", "a.json", "/Entries")
    assert "ManagedPrefixListEntries" in remark.message
    assert not snapshot.has(ManagedPrefixListEntries)


# What is absent, and what was cut short


def test_an_empty_list_is_not_a_missing_call() -> None:
    snapshot = read({"a.json": {"Vpcs": []}})
    assert snapshot.has(Vpc)
    assert not snapshot.has(Subnet)
    absent = {gap.operation for gap in snapshot.gaps}
    assert "ec2.DescribeSubnets" in absent
    assert "ec2.DescribeVpcs" not in absent
    assert all(gap.reason == "absent" and gap.where == "." for gap in snapshot.gaps)


def test_a_call_is_made_for_the_scope_it_was_made_for() -> None:
    files = {
        f"{ACCOUNT}/us-east-1/a.json": {"Vpcs": [], "Subnets": []},
        f"{ACCOUNT}/eu-west-1/a.json": {"Vpcs": []},
    }
    snapshot = read(files)
    assert snapshot.has(Vpc)
    assert snapshot.has(Vpc, ACCOUNT)
    assert snapshot.has(Subnet, ACCOUNT, "us-east-1")
    assert not snapshot.has(Subnet, ACCOUNT, "eu-west-1")
    assert not snapshot.has(Subnet)
    assert not snapshot.has(Vpc, OTHER, "us-east-1")
    gap = Gap("ec2.DescribeSubnets", ACCOUNT, "eu-west-1", "absent", f"{ACCOUNT}/eu-west-1")
    assert gap in snapshot.gaps


def test_a_flat_folder_speaks_for_everything() -> None:
    assert read({"a.json": {"Vpcs": []}}).has(Vpc, ACCOUNT, "us-east-1")


def test_a_file_above_speaks_for_the_folders_below() -> None:
    snapshot = read({"a.json": {"Vpcs": []}, "us-east-1/b.json": {"Subnets": []}})
    assert snapshot.scopes == (Scope("", "us-east-1"),)
    assert snapshot.has(Vpc, "", "us-east-1")
    assert not {gap.operation for gap in snapshot.gaps} & {
        "ec2.DescribeVpcs",
        "ec2.DescribeSubnets",
    }


def test_rules_are_no_gap_where_their_groups_are_there() -> None:
    def absent(key: str) -> set[str]:
        return {gap.operation for gap in read({"a.json": {key: []}}).gaps}

    assert "ec2.DescribeSecurityGroupRules" not in absent("SecurityGroups")
    assert "ec2.DescribeSecurityGroups" in absent("SecurityGroupRules")


@pytest.mark.parametrize("token", ["NextToken", "NextMarker", "Marker", "nextToken"])
def test_a_token_means_cut_short(token: str) -> None:
    snapshot = read({"us-east-1/a.json": {"Vpcs": [vpc()], token: "x"}})
    assert snapshot.is_cut_short(Vpc, Scope("", "us-east-1"))
    assert snapshot.is_cut_short(Vpc, Scope(ACCOUNT, "us-east-1"))
    assert not snapshot.is_cut_short(Vpc, Scope("", "us-west-1"))
    assert not snapshot.is_cut_short(Subnet, Scope("", "us-east-1"))
    place = f"us-east-1/a.json: /{token}"
    assert Gap("ec2.DescribeVpcs", "", "us-east-1", "cut short", place) in snapshot.gaps
    assert snapshot.has(Vpc)


@pytest.mark.parametrize("value", [None, ""])
def test_an_empty_token_means_nothing(value: str | None) -> None:
    assert not read({"a.json": {"Vpcs": [], "NextToken": value}}).is_cut_short(Vpc, Scope())


def test_a_last_page_elsewhere_completes_nothing_here() -> None:
    files = {
        "us-east-1/a.json": {"Vpcs": [vpc()], "NextToken": "x"},
        "us-west-1/a.json": {"Vpcs": [vpc("vpc-2")]},
    }
    assert read(files).is_cut_short(Vpc, Scope("", "us-east-1"))


def test_the_last_page_of_one_call_does_not_complete_another_with_its_key() -> None:
    """describe-prefix-lists and describe-managed-prefix-lists print one key."""
    files = {
        "a.json": {"PrefixLists": [{"PrefixListId": "pl-1", "Cidrs": []}]},
        "b.json": {"PrefixLists": [{"PrefixListId": "pl-2"}], "NextToken": "x"},
    }
    assert read(files).is_cut_short(PrefixList, Scope())


class Routes(Record, frozen=True):
    """A section as a component may declare one."""

    table_id: str
    routes: tuple[dict[str, str], ...] = ()
    additional_routes_available: bool = False


def test_more_routes_available_means_cut_short() -> None:
    own = Section(
        "StaticRoutes",
        Routes,
        "table_id",
        "ec2.SearchTransitGatewayRoutes",
        merge="extend",
        more=("additional_routes_available",),
    )
    items = [{"TableId": "a"}, {"TableId": "a", "AdditionalRoutesAvailable": True}]
    snapshot = read({"a.json": {"StaticRoutes": items}}, {**SECTIONS, own.key: own})
    assert snapshot.is_cut_short(Routes, Scope())
    (found,) = snapshot.records(Routes)
    assert found.additional_routes_available
    raw = {"StaticRoutes": [], "AdditionalRoutesAvailable": True}
    assert read({"a.json": raw}, {own.key: own}).is_cut_short(Routes, Scope())


@pytest.mark.parametrize("key", ["Vpcs", "Other"])
def test_sections_must_be_consistent(key: str) -> None:
    """A record type that two keys fill, or a key that is not the section's, would lose objects."""
    with pytest.raises(ValueError, match=r"declared as|one record type"):
        read({}, {"Copies": Section("Copies", Vpc, "vpc_id", "x"), key: SECTIONS["Vpcs"]})


# One id, several answers


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
    (remark,) = snapshot.diagnostics
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
    assert [(each.severity, each.pointer) for each in snapshot.diagnostics] == [
        ("warning", f"/{key}/0{pointer}")
    ]


# Order


def test_the_result_does_not_depend_on_the_order_of_files() -> None:
    parts = [
        {"Vpcs": [vpc("vpc-2"), vpc("vpc-1")]},
        {"Vpcs": [vpc("vpc-3")], "Subnets": [subnet("s-2", "vpc-9"), subnet("s-1")]},
        {"Vpcs": [vpc("vpc-1")]},
        {
            "ManagedPrefixListEntries": [
                {"PrefixListId": "pl-1", "Entries": [{"Cidr": "10.0.0.0/8"}]}
            ]
        },
        {
            "ManagedPrefixListEntries": [
                {"PrefixListId": "pl-1", "Entries": [{"Cidr": "11.0.0.0/8"}]}
            ]
        },
    ]

    def outcome(order: tuple[int, ...]) -> Any:
        snapshot = read({f"{place}.json": parts[each] for place, each in enumerate(order)})
        kinds = [said(snapshot, section.record) for section in SECTIONS.values()]
        return kinds, snapshot.gaps, sorted(each.severity for each in snapshot.diagnostics)

    outcomes = [outcome(order) for order in itertools.permutations(range(len(parts)))]
    assert all(each == outcomes[0] for each in outcomes)


def test_files_are_read_in_sorted_order(tmp_path: Path) -> None:
    names = ["b/z.json", "a.json", "b/a.json", "c.JSON"]
    assert load(write(tmp_path, {name: {"Vpcs": []} for name in names})).files == (
        "a.json",
        "b/a.json",
        "b/z.json",
        "c.JSON",
    )
