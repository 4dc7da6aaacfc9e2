"""Loading: layouts, wrappers, pages, and order."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from reach.snapshot.core import SECTIONS
from reach.snapshot.load import load
from reach.snapshot.record import Scope
from reach.snapshot.records import (
    Instance,
    ManagedPrefixListEntries,
    PrefixList,
    SecurityGroupRule,
    Subnet,
    Vpc,
    VpcAttribute,
)

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
        "b.json": {"LoadBalancers": [], "DBInstances": [{}], "VpnGateways": []},
    }
    snapshot = read(files)
    assert snapshot.ignored == {"DBInstances": ("b.json",), "LoadBalancers": ("a.json",)}
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


def test_the_first_file_by_name_is_where_a_record_stood() -> None:
    for order in ("ab", "ba"):
        snapshot = read({f"{name}.json": {"Vpcs": [vpc()]} for name in order})
        assert snapshot.files == ("a.json", "b.json")
        assert snapshot.records(Vpc)[0].page.file == "a.json"


def test_files_are_read_in_sorted_order(tmp_path: Path) -> None:
    names = ["b/z.json", "a.json", "b/a.json", "c.JSON"]
    assert load(write(tmp_path, {name: {"Vpcs": []} for name in names})).files == (
        "a.json",
        "b/a.json",
        "b/z.json",
        "c.JSON",
    )
