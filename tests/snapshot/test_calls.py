"""A missing call is not an empty list, and an answer cut short is neither."""

from __future__ import annotations

from typing import Any

import pytest

from reach.snapshot.calls import Gap
from reach.snapshot.core import SECTIONS
from reach.snapshot.record import Record, Scope
from reach.snapshot.records import (
    PrefixList,
    Subnet,
    Vpc,
)
from reach.snapshot.section import Section

from .writing import read, vpc

ACCOUNT, OTHER = "123456789012", "210987654321"


def test_an_empty_list_is_not_a_missing_call() -> None:
    snapshot = read({"a.json": {"Vpcs": []}})
    assert snapshot.has(Vpc)
    assert not snapshot.has(Subnet)
    absent = {gap.operation for gap in snapshot.gaps}
    assert "ec2.DescribeSubnets" in absent
    assert "ec2.DescribeVpcs" not in absent
    assert all(gap.reason == "absent" and gap.where == "." for gap in snapshot.gaps)


def test_a_call_is_made_for_the_scope_it_was_made_for() -> None:
    files: dict[str, Any] = {
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


_AWS_LIST = {"PrefixListId": "pl-1", "PrefixListName": "s3", "Cidrs": ["203.0.113.0/24"]}
_OWN_LIST = {"PrefixListId": "pl-2", "PrefixListArn": "arn:aws:ec2:x:1:prefix-list/pl-2"}


@pytest.mark.parametrize(
    ("last", "is_cut_short"),
    [
        ([_AWS_LIST | {"PrefixListId": "pl-3"}], False),
        ([_OWN_LIST], True),
        ([], True),
        ([_AWS_LIST | {"PrefixListId": "pl-3"}, _OWN_LIST], True),
    ],
    ids=["its own", "the other's", "nothing", "both"],
)
def test_pages_of_calls_with_one_key_are_told_apart(last: list[object], is_cut_short: bool) -> None:
    """A last page completes those of its call, where what is in it says which call that is."""
    files = {
        "a.json": {"PrefixLists": [_AWS_LIST], "NextToken": "x"},
        "b.json": {"PrefixLists": last},
    }
    assert read(files).is_cut_short(PrefixList, Scope()) is is_cut_short


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
    files = {
        "a.json": {"StaticRoutes": [], "AdditionalRoutesAvailable": True},
        "b.json": {"StaticRoutes": []},
    }
    assert read(files, {own.key: own}).is_cut_short(Routes, Scope())


@pytest.mark.parametrize("key", ["Vpcs", "Other"])
def test_sections_must_be_consistent(key: str) -> None:
    """A record type that two keys fill, or a key that is not the section's, would lose objects."""
    with pytest.raises(ValueError, match=r"declared as|one record type"):
        read({}, {"Copies": Section("Copies", Vpc, "vpc_id", "x"), key: SECTIONS["Vpcs"]})
