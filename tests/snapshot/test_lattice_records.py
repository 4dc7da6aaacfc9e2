"""Records of PrivateLink and VPC Lattice: field names as AWS spells them."""

from __future__ import annotations

import typing
from collections.abc import Iterator

import msgspec
import pytest

from reach.components import sections
from reach.snapshot.record import PROVENANCE, Part
from reach.snapshot.section import Section

KEYS = (
    "LatticeListeners",
    "LatticeRules",
    "LatticeServices",
    "LatticeTargetGroups",
    "LatticeTargets",
    "ResourceConfigurations",
    "ResourceGateways",
    "ServiceConfigurations",
    "ServiceDetails",
    "ServiceNetworkResourceAssociations",
    "ServiceNetworkServiceAssociations",
    "ServiceNetworkVpcAssociations",
    "VpcEndpointAssociations",
    "VpcEndpointConnections",
    "VpcEndpointServicePermissions",
)
# What a record holds beyond the answer of its call: the parent's id.
ADDED = {"LatticeTargets": {"targetGroupId"}, "VpcEndpointServicePermissions": {"ServiceId"}}
# Targets and principals are the whole of an answer, not one of its items.
WHOLE = ("LatticeTargets", "VpcEndpointServicePermissions")


@pytest.mark.parametrize("key", KEYS)
def test_every_field_is_spelled_as_aws_does(key: str) -> None:
    """Each record, field by field, against the API's own description of its call."""
    session = pytest.importorskip("botocore.session").get_session()
    section = sections()[key]
    service = session.get_service_model(section.service)
    operation = service.operation_model(section.operation.partition(".")[2])
    shape = item(section, operation.output_shape)
    spelled = set(members(shape, "")) | ADDED.get(key, set())
    assert set(fields(section.record, "")) <= spelled


def item(section: Section, shape: typing.Any) -> typing.Any:
    """What one record is read from: the answer, or one of what it lists."""
    if section.key in WHOLE:
        return shape
    listed = next((k for k in (section.key, "items") if k in shape.members), None)
    return shape.members[listed].member if listed else shape


def members(shape: typing.Any, path: str, depth: int = 0) -> Iterator[str]:
    for name, member in shape.members.items():
        yield f"{path}{name}"
        while member.type_name == "list":
            member = member.member
        if member.type_name == "structure" and depth < 6:
            yield from members(member, f"{path}{name}.", depth + 1)


def fields(record: type[Part], path: str) -> Iterator[str]:
    hints = typing.get_type_hints(record)
    for info in msgspec.structs.fields(record):
        if info.name in PROVENANCE:
            continue
        yield f"{path}{info.encode_name}"
        for part in parts(hints[info.name]):
            yield from fields(part, f"{path}{info.encode_name}.")


def parts(hint: typing.Any) -> Iterator[type[Part]]:
    """The records inside a type: tuple[Part, ...], Part | None."""
    if isinstance(hint, type) and issubclass(hint, Part):
        yield hint
    for inner in typing.get_args(hint):
        yield from parts(inner)
