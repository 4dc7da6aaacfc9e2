"""The estates that these tests are asked of are what AWS prints."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import reach
from tests.estate import Id, Pair, city, load_files, write_files
from tests.snapshot.telling import everything
from tests.traps.rows import EIP_B

# ------------------------------ the estates are what AWS prints


WRAPPERS = {
    "ManagedPrefixListEntries": "GetManagedPrefixListEntriesResult",
    "VpcAttributes": "DescribeVpcAttributeResult",
}
EXTRA = {"ManagedPrefixListEntries": {"PrefixListId"}}  # the parent's id, which the contract adds
RESULTS = {
    "Vpcs": "DescribeVpcsResult",
    "Subnets": "DescribeSubnetsResult",
    "RouteTables": "DescribeRouteTablesResult",
    "NetworkAcls": "DescribeNetworkAclsResult",
    "SecurityGroups": "DescribeSecurityGroupsResult",
    "NetworkInterfaces": "DescribeNetworkInterfacesResult",
    "Reservations": "DescribeInstancesResult",
    "Addresses": "DescribeAddressesResult",
    "InternetGateways": "DescribeInternetGatewaysResult",
    "EgressOnlyInternetGateways": "DescribeEgressOnlyInternetGatewaysResult",
    "NatGateways": "DescribeNatGatewaysResult",
    "VpcPeeringConnections": "DescribeVpcPeeringConnectionsResult",
    "VpcEndpoints": "DescribeVpcEndpointsResult",
    "PrefixLists": "DescribePrefixListsResult",
    "SecurityGroupVpcAssociations": "DescribeSecurityGroupVpcAssociationsResult",
    "AvailabilityZones": "DescribeAvailabilityZonesResult",
}


def misfits(value: Any, shape: Any, at: str) -> Iterator[str]:
    """Where a value is not what the API's model says."""
    if shape.type_name == "structure":
        for key, member in value.items():
            if key not in shape.members:
                yield f"{at}/{key} is no member"
            else:
                yield from misfits(member, shape.members[key], f"{at}/{key}")
    elif shape.type_name == "list":
        for index, member in enumerate(value):
            yield from misfits(member, shape.member, f"{at}/{index}")
    else:
        kinds = {"boolean": bool, "integer": int, "long": int}
        if not isinstance(value, kinds.get(shape.type_name, str)):
            yield f"{at} is a {type(value).__name__}, not a {shape.type_name}"


def test_the_builder_writes_what_aws_prints() -> None:
    """Every field that the builder writes is a member of the call's answer in botocore's model, of
    its type."""
    session = pytest.importorskip("botocore.session").get_session()
    model = session.get_service_model("ec2")
    e, _ = city()
    e.regional_nat(e.v1, {"a": "198.51.100.60"}, e.gateway or Id())
    e.endpoint_balancer(e.sb, "10.0.1.60")
    e.instance(
        "node",
        e.sb,
        "10.0.1.9",
        prefixes=["10.0.1.16/28", "2600:1f18:1a00:101:7::/80"],
        secondary={"10.0.1.10": EIP_B},
    )
    e.associate_group(e.open_group(e.v1), e.v2)
    found: list[str] = []
    for path, text in e.files().items():
        ((key, records),) = json.loads(text).items()
        if path.endswith("/ManagedPrefixLists.json"):
            shape = model.shape_for("DescribeManagedPrefixListsResult")
        elif key in WRAPPERS:
            bare = [
                {k: v for k, v in record.items() if k not in EXTRA.get(key, ())}
                for record in records
            ]
            for record in bare:
                found += misfits(record, model.shape_for(WRAPPERS[key]), path)
            continue
        elif key in RESULTS:
            shape = model.shape_for(RESULTS[key])
        else:
            assert records == [], f"{path} is written and not checked"
            continue
        found += misfits({key: records}, shape, path)
    assert found == []


def captured(files: dict[str, str]) -> dict[str, str]:
    """With a manifest that has the hash of one file, and a wrong one of another."""
    one, other, *_ = sorted(files)
    place = {"account": "111122223333", "region": "us-east-1"}
    told = {"operation": "ec2.X", **place, "status": "complete", "gaps": []}
    calls = [
        {**told, "file": name, "sha256": hashlib.sha256(text.encode()).hexdigest()}
        for name, text in ((one, files[one]), (other, "another"))
    ]
    whole = {"format": 1, "status": "complete", "scopes": [place], "calls": calls}
    return {**files, "manifest.json": json.dumps({"ReachCapture": whole})}


@pytest.mark.parametrize("by_capture", [False, True])
def test_texts_are_loaded_as_files_are(by_capture: bool, tmp_path: Path) -> None:
    """No test's answer hangs on that its estate was never on a disk."""
    e = Pair()
    e.peered(account="222233334444")
    e.drop("NetworkAcls")
    files = captured(e.files()) if by_capture else e.files()
    assert len(files) > 100
    of_texts, of_files = load_files(files), reach.load(write_files(files, tmp_path))
    assert {**everything(of_texts), "path": str(tmp_path)} == everything(of_files)
    about = [str(each) for each in of_texts.diagnostics]
    assert any("not as it was captured" in each for each in about) is by_capture, about
