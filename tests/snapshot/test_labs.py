"""The recorded labs load whole: nothing lost, nothing complained of."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from reach.network.address import parse_address
from reach.snapshot.core import SECTIONS
from reach.snapshot.index import Index
from reach.snapshot.load import load
from reach.snapshot.records import NetworkInterface, Subnet
from reach.snapshot.section import Section

LABS = Path(__file__).resolve().parents[3] / "shared" / "labs"
NAMES = (
    "aws_demo",
    "aws_multi_account_vpc_peering",
    "aws_multi_account_vpc_peering_tgw",
    "aws_nlb_targets_instance",
    "aws_nlb_targets_instance_nacl_test",
    "aws_tgw_multi_az_intra_region",
    "aws_tgw_peering",
    "aws_traffic_in_igw_out_ngw",
)


@pytest.fixture(params=NAMES)
def lab(request: pytest.FixtureRequest) -> Path:
    path = LABS / request.param
    if not path.is_dir():
        pytest.skip(f"the recorded labs are not at {LABS}")
    return path


def printed(lab: Path) -> dict[str, list[dict[str, Any]]]:
    """Every object of every section, counted the plain way."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for path in lab.rglob("*.json"):
        for key, items in json.loads(path.read_text()).items():
            if key == "Reservations":
                items = [inner for item in items for inner in item["Instances"]]
            found[key] += items
    return found


def aws_id(section: Section, item: dict[str, Any]) -> str:
    special = {"Addresses": "AllocationId", "AvailabilityZones": "ZoneName"}
    kind = section.record
    names = dict(zip(kind.__struct_fields__, kind.__struct_encode_fields__, strict=True))
    return str(item[special.get(section.key) or names[section.id]])


@pytest.mark.parametrize("inner", ["", "aws_configs"])
def test_a_lab_loads_whole(lab: Path, inner: str) -> None:
    snapshot = load(lab / inner)
    objects = printed(lab)
    for section in SECTIONS.values():
        if section.key != "AvailabilityZones":
            expected = {aws_id(section, item) for item in objects.get(section.key, [])}
            assert {snapshot.id_of(each) for each in snapshot.records(section.record)} == expected
        assert snapshot.has(section.record) == (section.key in objects)
    assert set(snapshot.ignored) == {key for key in set(objects) - set(SECTIONS) if objects[key]}
    assert snapshot.diagnostics == ()
    assert all(gap.reason == "absent" for gap in snapshot.gaps)


def test_scopes_are_the_folders(lab: Path) -> None:
    folders = {path.parent.relative_to(lab / "aws_configs").parts for path in lab.rglob("*.json")}
    snapshot = load(lab)
    wanted = {(folder[1] if len(folder) == 3 else "", folder[-1]) for folder in folders}
    assert set(snapshot.scopes) == wanted
    for subnet in snapshot.records(Subnet):
        zone = subnet.availability_zone or ""
        assert zone.startswith(snapshot.region_of(subnet))


def test_the_joins_hold_together(lab: Path) -> None:
    snapshot = load(lab)
    index = Index(snapshot)
    for subnet in snapshot.records(Subnet):
        assert index.route_table_of(subnet.subnet_id) is not None
        assert index.network_acl_of(subnet.subnet_id) is not None
    for interface in snapshot.records(NetworkInterface):
        assert interface.private_ip_address is not None
        assert interface in index.owner_of_address(parse_address(interface.private_ip_address))
        assert interface in index.interfaces_by_subnet[interface.subnet_id or ""]
        if interface.association and interface.association.public_ip:
            public = parse_address(interface.association.public_ip)
            private = parse_address(interface.private_ip_address)
            assert index.interface_of_public_address(public) == (interface, private)


def test_gaps_are_the_calls_that_nobody_made(lab: Path) -> None:
    snapshot = load(lab)
    assert {gap.operation for gap in snapshot.gaps} == {
        "ec2.DescribeEgressOnlyInternetGateways",
        "ec2.DescribeSecurityGroupVpcAssociations",
        "ec2.DescribeVpcAttribute",
        "ec2.GetManagedPrefixListEntries",
    }
