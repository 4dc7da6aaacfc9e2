"""The joins: who is in what, whose address it is, which table and ACL hold for a subnet."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from reach.network.address import parse_address
from reach.snapshot.index import Index, delegated_prefixes, private_addresses, public_mapping
from reach.snapshot.record import Record
from reach.snapshot.records import NetworkInterface, Subnet, Vpc

from .writing import read, subnet, vpc


def index(**sections: list[dict[str, Any]]) -> Index:
    return Index(read({"a.json": sections}))


def interface(name: str = "eni-1", **more: Any) -> dict[str, Any]:
    return {"NetworkInterfaceId": name, "SubnetId": "subnet-1", "VpcId": "vpc-1", **more}


def names(records: Iterable[NetworkInterface]) -> list[str]:
    return [each.network_interface_id for each in records]


FULL = interface(
    PrivateIpAddress="10.0.1.4",
    PrivateIpAddresses=[
        {"PrivateIpAddress": "10.0.1.4", "Primary": True, "Association": {"PublicIp": "52.0.0.1"}},
        {"PrivateIpAddress": "10.0.1.5", "Association": {"PublicIp": "52.0.0.2"}},
        {"PrivateIpAddress": "10.0.1.6", "Association": {"CarrierIp": "155.0.0.1"}},
    ],
    Association={"PublicIp": "52.0.0.1"},
    Ipv6Addresses=[{"Ipv6Address": "2001:db8::4"}],
    Ipv4Prefixes=[{"Ipv4Prefix": "10.0.1.32/28"}],
    Ipv6Prefixes=[{"Ipv6Prefix": "2001:db8:0:0:1::/80"}],
)


def test_interfaces_by_what_holds_them() -> None:
    attached = interface(
        "eni-2", Attachment={"InstanceId": "i-1"}, Groups=[{"GroupId": "a"}, {"GroupId": "b"}]
    )
    held = index(
        NetworkInterfaces=[
            attached,
            interface(Groups=[{"GroupId": "a"}]),
            {"NetworkInterfaceId": "x"},
        ]
    )
    assert names(held.interfaces_by_subnet["subnet-1"]) == ["eni-1", "eni-2"]
    assert names(held.interfaces_by_vpc["vpc-1"]) == ["eni-1", "eni-2"]
    assert names(held.interfaces_by_group["a"]) == ["eni-1", "eni-2"]
    assert names(held.interfaces_by_group["b"]) == ["eni-2"]
    assert list(held.interfaces_by_instance) == ["i-1"]
    assert None not in held.interfaces_by_subnet


def test_the_addresses_of_an_interface() -> None:
    """R-ENI-2, R-ENI-3."""
    (one,) = index(NetworkInterfaces=[FULL]).interfaces
    texts = ("10.0.1.4", "10.0.1.5", "10.0.1.6", "2001:db8::4")
    assert private_addresses(one) == tuple(map(parse_address, texts))
    assert delegated_prefixes(one) == ("10.0.1.32/28", "2001:db8:0:0:1::/80")
    pairs = (("10.0.1.4", "52.0.0.1"), ("10.0.1.5", "52.0.0.2"))
    assert public_mapping(one) == tuple((parse_address(a), parse_address(b)) for a, b in pairs)


def test_the_primary_address_alone_is_enough() -> None:
    item = interface(PrivateIpAddress="10.0.1.4", Association={"PublicIp": "52.0.0.1"})
    (one,) = index(NetworkInterfaces=[item]).interfaces
    assert private_addresses(one) == (parse_address("10.0.1.4"),)
    assert public_mapping(one) == ((parse_address("10.0.1.4"), parse_address("52.0.0.1")),)


def test_whose_address_it_is() -> None:
    held = index(
        NetworkInterfaces=[FULL, interface("eni-0", PrivateIpAddress="10.0.1.5", VpcId="v2")]
    )

    def owners(text: str) -> list[str]:
        return names(held.owner_of_address(parse_address(text)))

    assert owners("10.0.1.4") == owners("2001:db8::4") == ["eni-1"]
    assert owners("10.0.1.5") == ["eni-0", "eni-1"]
    assert owners("10.0.1.32") == owners("10.0.1.47") == ["eni-1"]
    assert owners("2001:db8:0:0:1::ffff") == ["eni-1"]
    assert owners("10.0.1.48") == owners("52.0.0.1") == owners("2001:db8:0:0:2::") == []


def test_whose_public_address_it_is() -> None:
    held = index(NetworkInterfaces=[FULL])
    found = held.interface_of_public_address(parse_address("52.0.0.2"))
    assert found is not None
    assert (found[0].network_interface_id, found[1]) == ("eni-1", parse_address("10.0.1.5"))
    assert held.interface_of_public_address(parse_address("10.0.1.5")) is None


def test_one_public_address_on_two_interfaces_is_the_first_ones() -> None:
    """A moved address that two describe calls saw: the answer depends on nothing but the ids."""
    item = {"PrivateIpAddress": "10.0.1.4", "Association": {"PublicIp": "52.0.0.1"}}
    held = index(NetworkInterfaces=[interface("eni-2", **item), interface("eni-1", **item)])
    found = held.interface_of_public_address(parse_address("52.0.0.1"))
    assert found is not None
    assert found[0].network_interface_id == "eni-1"


def test_the_route_table_of_a_subnet() -> None:
    """R-RT-1: the associated one, else the main one of its VPC; a failed association is none."""
    tables = [
        {"RouteTableId": "main", "VpcId": "vpc-1", "Associations": [{"Main": True}]},
        {"RouteTableId": "own", "VpcId": "vpc-1", "Associations": [{"SubnetId": "s-1"}]},
        {
            "RouteTableId": "failed",
            "VpcId": "vpc-1",
            "Associations": [{"SubnetId": "s-2", "AssociationState": {"State": "failed"}}],
        },
        {"RouteTableId": "edge", "VpcId": "vpc-1", "Associations": [{"GatewayId": "igw-1"}]},
    ]
    subnets = [subnet("s-1"), subnet("s-2"), subnet("s-3", "vpc-2")]
    held = index(RouteTables=tables, Subnets=subnets)

    def table(name: str) -> str | None:
        found = held.route_table_of(name)
        return found.route_table_id if found else None

    assert [table(name) for name in ("s-1", "s-2", "s-3", "s-9")] == ["own", "main", None, None]
    (edge,) = held.gateway_route_tables("igw-1")
    assert edge.route_table_id == "edge"
    assert held.gateway_route_tables("igw-2") == ()


def test_the_network_acl_of_a_subnet() -> None:
    """R-NACL-1."""
    acls: list[dict[str, Any]] = [
        {"NetworkAclId": "default", "VpcId": "vpc-1", "IsDefault": True},
        {"NetworkAclId": "own", "VpcId": "vpc-1", "Associations": [{"SubnetId": "s-1"}]},
    ]
    held = index(NetworkAcls=acls, Subnets=[subnet("s-1"), subnet("s-2"), subnet("s-3", "vpc-2")])
    found = [held.network_acl_of(name) for name in ("s-1", "s-2", "s-3")]
    assert [acl and acl.network_acl_id for acl in found] == ["own", "default", None]
    assert [each.subnet_id for each in held.subnets_by_vpc["vpc-1"]] == ["s-1", "s-2"]


def test_the_entries_of_a_prefix_list() -> None:
    """R-SG-11: what is not told, or not told whole, is not known; an empty list is."""
    held = index(
        PrefixLists=[
            {"PrefixListId": "pl-aws", "Cidrs": ["3.5.0.0/20"]},
            {"PrefixListId": "pl-own"},
            {"PrefixListId": "pl-untold"},
            {"PrefixListId": "pl-part"},
            {"PrefixListId": "pl-empty"},
        ],
        ManagedPrefixListEntries=[
            {"PrefixListId": "pl-own", "Entries": [{"Cidr": "10.0.0.0/8"}, {"Cidr": "11.0.0.0/8"}]},
            {"PrefixListId": "pl-part", "Entries": [{"Cidr": "10.0.0.0/8"}], "NextToken": "x"},
            {"PrefixListId": "pl-empty", "Entries": []},
        ],
    )
    assert held.prefix_list_entries("pl-aws") == ("3.5.0.0/20",)
    assert held.prefix_list_entries("pl-own") == ("10.0.0.0/8", "11.0.0.0/8")
    assert held.prefix_list_entries("pl-empty") == ()
    assert held.prefix_list_entries("pl-untold") is None
    assert held.prefix_list_entries("pl-part") is None
    assert held.prefix_list_entries("pl-none") is None


def test_names_and_tags() -> None:
    web, env = {"Key": "Name", "Value": "web"}, {"Key": "env", "Value": "prod"}
    held = index(
        Vpcs=[vpc(Tags=[web, env])],
        Subnets=[subnet(Tags=[web])],
        NetworkInterfaces=[interface(TagSet=[env])],
    )

    def kinds(records: Iterable[Record]) -> list[type[Record]]:
        return [type(record) for record in records]

    assert kinds(held.tags.records("Name", "web")) == [Vpc, Subnet]
    assert "prod" not in held.tags.values("Name")
    assert sorted(map(str, kinds(held.tags.records("env", "prod")))) == sorted(
        map(str, [Vpc, NetworkInterface])
    )
    assert held.tags.records("env", "test") == ()
