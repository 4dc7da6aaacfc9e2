"""The records: field names as AWS spells them, defaults, provenance."""

from __future__ import annotations

import typing
from collections.abc import Iterator

import msgspec
import pytest

from reach.snapshot.core import SECTIONS
from reach.snapshot.record import PROVENANCE, Page, Record, content, same_content, stamp, where
from reach.snapshot.records import (
    Address,
    Instance,
    NatGateway,
    NetworkInterface,
    RouteTableAssociation,
    SecurityGroupVpcAssociation,
    Subnet,
    Tag,
    Vpc,
)
from reach.snapshot.section import Section
from reach.snapshot.snapshot import Snapshot

from .writing import read, subnet, vpc

# What a record holds beyond the answer of its call: the parent's id, and the reservation's owner.
ADDED = {"ManagedPrefixListEntries.PrefixListId", "Instance.OwnerId"}


def test_every_field_is_spelled_as_aws_does() -> None:
    """Each section's record, field by field, against the API's own description."""
    session = pytest.importorskip("botocore.session")
    api = session.get_session().get_service_model("ec2")
    for section in SECTIONS.values():
        spelled: set[str] = set()
        for operation in (section.operation, *section.also):
            shape = api.operation_model(operation.removeprefix("ec2.")).output_shape
            spelled |= set(spellings(section, shape))
        assert set(fields(section.record, section.record.__name__)) - ADDED <= spelled


def spellings(section: Section, shape: typing.Any) -> Iterator[str]:
    if section.key in shape.members:
        shape = shape.members[section.key].member
    if section.nested:
        shape = shape.members["Instances"].member
    return members(shape, section.record.__name__, 0)


def members(shape: typing.Any, path: str, depth: int) -> Iterator[str]:
    for name, member in shape.members.items():
        yield f"{path}.{name}"
        while member.type_name == "list":
            member = member.member
        if member.type_name == "structure" and depth < 6:
            yield from members(member, f"{path}.{name}", depth + 1)


def fields(kind: type[msgspec.Struct], path: str) -> Iterator[str]:
    types = typing.get_type_hints(kind)
    for field in msgspec.structs.fields(kind):
        if field.name not in PROVENANCE:
            yield f"{path}.{field.encode_name}"
            for inner in structs(types[field.name]):
                yield from fields(inner, f"{path}.{field.encode_name}")


def structs(annotation: typing.Any) -> Iterator[type[msgspec.Struct]]:
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        yield annotation
    for part in typing.get_args(annotation):
        yield from structs(part)


@pytest.mark.parametrize("section", SECTIONS.values(), ids=lambda section: section.key)
def test_a_record_needs_no_more_than_its_id(section: Section) -> None:
    """Everything else has a default; a rule's own meaning is the exception."""
    required = {each.name for each in msgspec.structs.fields(section.record) if each.required}
    assert required <= {section.id, "zone_name", "group_id", "vpc_id", "is_egress", "ip_protocol"}


def test_what_is_not_printed_has_its_meaning() -> None:
    interface = NetworkInterface(network_interface_id="eni-1")
    assert interface.source_dest_check is True  # R-ENI-4
    assert interface.deny_all_igw_traffic is False
    gateway = NatGateway(nat_gateway_id="nat-1")
    assert (gateway.connectivity_type, gateway.availability_mode) == ("public", "zonal")
    assert Instance(instance_id="i-1").state.name == ""


def test_an_association_without_a_state_is_in_force() -> None:
    def association(text: str) -> RouteTableAssociation:
        return msgspec.json.decode(text, type=RouteTableAssociation)

    assert association('{"SubnetId": "s"}').is_settled
    assert association('{"AssociationState": {"State": "associated"}}').is_settled
    assert not association('{"AssociationState": {"State": "failed"}}').is_settled


def test_names_come_from_the_name_tag() -> None:
    tags = (Tag("Other", "x"), Tag("Name", "web"))
    assert Vpc("vpc-1", tags=tags).name == "web"
    assert NetworkInterface("eni-1", tag_set=tags).name == "web"
    assert Vpc("vpc-1").name == ""


def test_records_without_one_id_make_one() -> None:
    assert Address("1.2.3.4", allocation_id="eipalloc-1").key == "eipalloc-1"
    assert Address("1.2.3.4").key == "1.2.3.4"
    assert SecurityGroupVpcAssociation("sg-1", "vpc-1").key == "sg-1/vpc-1"


def test_a_record_knows_where_it_stood_and_cannot_be_changed() -> None:
    item = {**vpc(), " page": {}, " place": 9}
    (record,) = read({"us-east-1/v.json": {"Vpcs": [item]}}).records(Vpc)
    assert where(record) == "us-east-1/v.json: /Vpcs/0"
    assert record.page == Page("us-east-1/v.json", "", "us-east-1", "Vpcs", "/Vpcs")
    with pytest.raises(AttributeError):
        record.vpc_id = "x"  # type: ignore[misc]


def test_a_record_equals_itself_only() -> None:
    """Records are looked up by id; comparing what they say is another question."""
    one, two = Vpc("vpc-1"), Vpc("vpc-1")
    assert one != two
    assert len({one, two}) == 2
    stamp(two, Page("a.json"), 3)
    assert same_content(one, two)
    assert content(one) == content(two)
    assert not same_content(one, Vpc("vpc-2"))
    assert not same_content(one, Subnet("vpc-1"))


# Accounts and Regions


def places(snapshot: Snapshot, kind: type[Record], name: str) -> tuple[str, str]:
    record = snapshot.get(kind, name)
    assert record is not None
    return snapshot.account_of(record), snapshot.region_of(record)


def test_the_folder_says_account_and_region_first() -> None:
    item = vpc(OwnerId="210987654321")
    snapshot = read({"123456789012/us-east-1/a.json": {"Vpcs": [item]}})
    assert places(snapshot, Vpc, "vpc-1") == ("123456789012", "us-east-1")


def test_else_the_record_says_it() -> None:
    arn = "arn:aws:ec2:us-east-2:111111111111:subnet/s-1"
    snapshot = read(
        {
            "a.json": {
                "Subnets": [
                    subnet("s-1", "v-1", SubnetArn=arn),
                    subnet("s-2", "v-2", AvailabilityZone="us-west-2-lax-1a", OwnerId="2" * 12),
                    subnet("s-3", "v-3", AvailabilityZone="eu-west-1c"),
                    subnet("s-4", "v-4"),
                ]
            }
        }
    )
    assert places(snapshot, Subnet, "s-1") == ("1" * 12, "us-east-2")
    assert places(snapshot, Subnet, "s-2") == ("2" * 12, "us-west-2")
    assert places(snapshot, Subnet, "s-3") == ("", "eu-west-1")
    assert places(snapshot, Subnet, "s-4") == ("", "")


def test_else_its_vpc_does() -> None:
    item = subnet(AvailabilityZone="eu-west-1c", OwnerId="1" * 12)
    snapshot = read({"a.json": {"Vpcs": [vpc()], "Subnets": [item]}})
    assert places(snapshot, Vpc, "vpc-1") == ("1" * 12, "eu-west-1")
