"""Laws of the generated estates: what is measured on them means nothing if they are not sound.

What this does not check: that the shapes are those of real estates.  They were drawn by hand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from ipaddress import IPv4Network, ip_address, ip_network
from pathlib import Path
from typing import Any

import orjson
import pytest

from bench.grow import Size, grow, write
from bench.questions import of_estate, of_transit

Estate = dict[str, dict[str, Any]]
IDS = {
    "Addresses": "AllocationId",
    "InternetGateways": "InternetGatewayId",
    "NatGateways": "NatGatewayId",
    "NetworkAcls": "NetworkAclId",
    "NetworkInterfaces": "NetworkInterfaceId",
    "RouteTables": "RouteTableId",
    "SecurityGroupRules": "SecurityGroupRuleId",
    "SecurityGroups": "GroupId",
    "Subnets": "SubnetId",
    "VpcEndpoints": "VpcEndpointId",
    "Vpcs": "VpcId",
}

# Answers that stand in a list under their parent's id.
PER_PARENT = {
    "TransitGatewayPropagations": "GetTransitGatewayRouteTablePropagations",
    "TransitGatewayRouteTableAssociations": "GetTransitGatewayRouteTableAssociations",
    "TransitGatewayRoutes": "SearchTransitGatewayRoutes",
    "TransitGatewayStaticRoutes": "SearchTransitGatewayRoutes",
}


@pytest.fixture(scope="module")
def estate() -> Estate:
    """Two peered clusters, a star and a ring, and one VPC of a third."""
    return grow(2_000, 17, seed=7)


def objects(estate: Estate, section: str) -> Iterator[Any]:
    """Every object of a section, in every folder."""
    for sections in estate.values():
        yield from sections[section]


def test_the_same_arguments_give_the_same_estate(estate: Estate) -> None:
    """grow is a function of its arguments."""
    assert orjson.dumps(grow(2_000, 17, seed=7)) == orjson.dumps(estate)
    assert orjson.dumps(grow(2_000, 17, seed=8)) != orjson.dumps(estate)


def test_as_many_interfaces_as_asked_for(estate: Estate) -> None:
    """The number is that of all interfaces, those of AWS services included."""
    assert sum(1 for _ in objects(estate, "NetworkInterfaces")) == 2_000


def test_what_is_written_is_what_is_grown(tmp_path: Path, estate: Estate) -> None:
    """Every file is one section, under the key that the call answers with."""
    write(tmp_path, Size(2_000, 17, 7))
    files = {str(path.relative_to(tmp_path)): path for path in tmp_path.rglob("*.json")}
    assert len(files) == sum(len(sections) for sections in estate.values())
    for folder, sections in estate.items():
        for section, content in sections.items():
            (found,) = orjson.loads(files[f"{folder}/{section}.json"].read_bytes()).values()
            assert found == content, (folder, section)


def test_ids_are_unique(estate: Estate) -> None:
    """No two objects of a section have one id."""
    for section, key in IDS.items():
        counts = Counter(record[key] for record in objects(estate, section))
        assert counts
        assert max(counts.values()) == 1, section


def test_addresses_lie_in_their_subnets_and_are_unique(estate: Estate) -> None:
    """An interface's addresses are its own, and none of the five that AWS keeps."""
    subnets = {subnet["SubnetId"]: subnet for subnet in objects(estate, "Subnets")}
    seen: Counter[tuple[str, str]] = Counter()
    for record in objects(estate, "NetworkInterfaces"):
        network = ip_network(subnets[record["SubnetId"]]["CidrBlock"])
        kept = {*(network[place] for place in range(4)), network[-1]}
        own = [ip_address(one["PrivateIpAddress"]) for one in record["PrivateIpAddresses"]]
        for one in record.get("Ipv4Prefixes", []):
            own += ip_network(one["Ipv4Prefix"])
        for address in own:
            assert address in network
            assert address not in kept
            seen[record["VpcId"], str(address)] += 1
        for one in record["Ipv6Addresses"]:
            six = subnets[record["SubnetId"]]["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"]
            assert ip_address(one["Ipv6Address"]) in ip_network(six)
            seen[record["VpcId"], one["Ipv6Address"]] += 1
    assert max(seen.values()) == 1


def test_public_addresses_are_unique(estate: Estate) -> None:
    """No two interfaces answer to one public address."""
    counts = Counter(
        record["Association"]["PublicIp"]
        for record in objects(estate, "NetworkInterfaces")
        if "Association" in record
    )
    assert max(counts.values()) == 1


def test_peered_vpcs_do_not_overlap_and_route_to_each_other(estate: Estate) -> None:
    """A peering is active between blocks that differ, and tables on both sides name it."""
    named: Counter[str] = Counter()
    for table in objects(estate, "RouteTables"):
        routes = table["Routes"]
        for ident in {route.get("VpcPeeringConnectionId", "") for route in routes} - {""}:
            named[ident] += 1
    peerings = {
        one["VpcPeeringConnectionId"]: one for one in objects(estate, "VpcPeeringConnections")
    }
    for ident, peering in peerings.items():
        if peering["Status"]["Code"] == "active":
            sides = [peering[side]["CidrBlock"] for side in ("RequesterVpcInfo", "AccepterVpcInfo")]
            assert not ip_network(sides[0]).overlaps(ip_network(sides[1]))
            assert named[ident] == 6  # three tiers on each side
    assert set(named) <= set(peerings)


def test_every_subnet_has_one_acl(estate: Estate) -> None:
    """Associations cover each subnet exactly once."""
    counts = Counter(
        association["SubnetId"]
        for acl in objects(estate, "NetworkAcls")
        for association in acl["Associations"]
    )
    assert counts == Counter(subnet["SubnetId"] for subnet in objects(estate, "Subnets"))


def test_groups_that_are_named_exist(estate: Estate) -> None:
    """An interface's groups, and those that rules refer to, are in the estate."""
    known = {group["GroupId"] for group in objects(estate, "SecurityGroups")}
    for record in objects(estate, "NetworkInterfaces"):
        assert {group["GroupId"] for group in record["Groups"]} <= known
    rules = list(objects(estate, "SecurityGroupRules"))
    named = [
        rule["ReferencedGroupInfo"]["GroupId"] for rule in rules if "ReferencedGroupInfo" in rule
    ]
    assert set(named) <= known
    assert 0.1 < len(named) / len(rules) < 0.3


def test_both_listings_of_rules_say_the_same(estate: Estate) -> None:
    """As many rules as describe-security-groups has ranges, in every group."""
    listed = Counter(rule["GroupId"] for rule in objects(estate, "SecurityGroupRules"))
    ranges = ("IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs")
    for group in objects(estate, "SecurityGroups"):
        permissions = group["IpPermissions"] + group["IpPermissionsEgress"]
        counted = sum(len(permission[key]) for permission in permissions for key in ranges)
        assert counted == listed[group["GroupId"]]


def test_an_unrelated_vpc_changes_nothing_else(estate: Estate) -> None:
    """What was there stays as it was, byte for byte and in order; questions are the same too."""
    more = grow(2_000, 17, seed=7, unrelated=1)
    for folder, sections in estate.items():
        for section, content in sections.items():
            if isinstance(content, list):
                found = more[folder][section][: len(content)]
                assert orjson.dumps(found) == orjson.dumps(content), (folder, section)
    assert sum(1 for _ in objects(more, "Vpcs")) == 18
    size = Size(2_000, 17, 7)
    assert of_estate(size, 60) == of_estate(Size(2_000, 17, 7, unrelated=1), 60)


def test_port_22_is_closed_to_the_internet_unless_exposed(estate: Estate) -> None:
    """No public address has a group that lets everybody in on port 22; if exposed, some have."""
    assert not open_to_everybody(estate)
    assert open_to_everybody(grow(2_000, 17, seed=7, exposed=True))


def open_to_everybody(estate: Estate) -> set[str]:
    """The public addresses, of no NAT gateway, whose groups admit port 22 from outside."""
    inside = [IPv4Network(one) for one in ("10.0.0.0/8", "172.16.0.0/12", "100.64.0.0/10")]
    lists = {
        one["PrefixListId"]: [entry["Cidr"] for entry in one["Entries"]]
        for one in objects(estate, "ManagedPrefixListEntries")
    }
    wide = set()
    for group in objects(estate, "SecurityGroups"):
        for permission in group["IpPermissions"]:
            first, last = permission.get("FromPort", 0), permission.get("ToPort", 65535)
            if permission["IpProtocol"] not in ("tcp", "-1") or not first <= 22 <= last:
                continue
            cidrs = [one["CidrIp"] for one in permission["IpRanges"]]
            for one in permission["PrefixListIds"]:
                cidrs += lists[one["PrefixListId"]]
            if any(all(not IPv4Network(cidr).subnet_of(i) for i in inside) for cidr in cidrs):
                wide.add(group["GroupId"])
    return {
        record["Association"]["PublicIp"]
        for record in objects(estate, "NetworkInterfaces")
        if "Association" in record and wide & {group["GroupId"] for group in record["Groups"]}
    }


# --- on transit gateways --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def transit() -> Estate:
    """Two Regions with half of the VPCs each."""
    return grow(2_000, 40, seed=7, on_transit=True)


def test_transit_gateways_are_there_when_asked_for(estate: Estate, transit: Estate) -> None:
    """Without, every answer about them is empty, and no file is there for them alone."""
    for sections in estate.values():
        for section, content in sections.items():
            assert not (section.startswith("TransitGateway") and content), section
        assert "TransitGatewayRoutes" not in sections
    assert {region for _, region in map(folder_of, transit)} == {"us-east-1", "us-west-2"}
    assert len(set(ids(transit, "TransitGateways", "TransitGatewayId"))) == 2
    assert sum(1 for _ in objects(transit, "NetworkInterfaces")) == 2_000
    assert not list(objects(transit, "VpcPeeringConnections")) or all(
        one["Status"]["Code"] == "deleted" for one in objects(transit, "VpcPeeringConnections")
    )


def folder_of(path: str) -> tuple[str, str]:
    _, account, region = path.split("/")
    return account, region


def ids(estate: Estate, section: str, key: str) -> list[str]:
    return [record[key] for record in objects(estate, section)]


def test_the_same_transit_estate_each_time(tmp_path: Path, transit: Estate) -> None:
    """grow is a function of its arguments, and what is written is what is grown."""
    again = grow(2_000, 40, seed=7, on_transit=True)
    assert orjson.dumps(again) == orjson.dumps(transit)
    write(tmp_path, Size(2_000, 40, 7, on_transit=True))
    for folder, sections in transit.items():
        for section, content in sections.items():
            (found,) = orjson.loads((tmp_path / folder / f"{section}.json").read_bytes()).values()
            assert found == content, (folder, section)


def test_every_vpc_is_attached_in_every_zone(transit: Estate) -> None:
    """By one attachment, with a subnet and an interface in each zone; its own account sees it."""
    subnets = {subnet["SubnetId"]: subnet for subnet in objects(transit, "Subnets")}
    regions = {"us-east-1": set[str](), "us-west-2": set[str]()}
    for folder, sections in transit.items():
        account, region = folder_of(folder)
        seen = {one["VpcId"]: one for one in sections["TransitGatewayVpcAttachments"]}
        own = {one["VpcId"] for one in sections["Vpcs"]}
        assert own <= set(seen)
        if account != "111122223333":
            assert own == set(seen)
        for vpc, one in seen.items():
            places = [subnets[subnet] for subnet in one["SubnetIds"]]
            assert {place["VpcId"] for place in places} == {vpc}
            assert len({place["AvailabilityZoneId"] for place in places}) == len(places) == 3
            assert {place["AvailabilityZone"][:-1] for place in places} == {region}
        regions[region] |= set(seen)
    assert sum(map(len, regions.values())) == 40
    interfaces = Counter(
        record["VpcId"]
        for record in objects(transit, "NetworkInterfaces")
        if record["InterfaceType"] == "transit_gateway"
    )
    assert set(interfaces.values()) == {3}
    assert len(interfaces) == 40


def test_routes_of_the_gateways(transit: Estate) -> None:
    """No table has two routes for one block; all lead to attachments of the table's gateway, and
    tables are known in one form or the other."""
    attached = {
        (one["TransitGatewayAttachmentId"], one["TransitGatewayId"])
        for one in objects(transit, "TransitGatewayAttachments")
    }
    tables = {
        one["TransitGatewayRouteTableId"]: one["TransitGatewayId"]
        for one in objects(transit, "TransitGatewayRouteTables")
    }
    assert len(tables) == 6
    known = Counter[str]()
    for section in ("TransitGatewayRoutes", "TransitGatewayStaticRoutes"):
        for answer in objects(transit, section):
            table = answer["TransitGatewayRouteTableId"]
            known[table] += 1
            blocks = [route["DestinationCidrBlock"] for route in answer["Routes"]]
            assert len(set(blocks)) == len(blocks)
            assert "0.0.0.0/0" in blocks
            assert any(":" in block for block in blocks)
            for route in answer["Routes"]:
                for one in route.get("TransitGatewayAttachments", []):
                    assert (one["TransitGatewayAttachmentId"], tables[table]) in attached
    assert known == Counter(dict.fromkeys(tables, 1))
    propagated = list(objects(transit, "TransitGatewayPropagations"))
    assert len(propagated) == 3


def test_each_attachment_has_one_table(transit: Estate) -> None:
    """With the peering's two ends."""
    assert has_one_table_each(transit) == 42


def has_one_table_each(transit: Estate) -> int:
    """An attachment's table is the same as it says itself and as the tables say; how many are."""
    said = Counter(
        (one["TransitGatewayAttachmentId"], one["Association"]["TransitGatewayRouteTableId"])
        for folder, sections in transit.items()
        if folder_of(folder)[0] == "111122223333"
        for one in sections["TransitGatewayAttachments"]
    )
    told = Counter(
        (one["TransitGatewayAttachmentId"], answer["TransitGatewayRouteTableId"])
        for answer in objects(transit, "TransitGatewayRouteTableAssociations")
        for one in answer["Associations"]
    )
    assert said == told
    assert set(told.values()) == {1}
    return len(told)


def test_questions_about_transit_gateways() -> None:
    """Each is about things that are there, and they are the same each time."""
    size = Size(2_000, 40, 7, on_transit=True)
    asked = of_transit(size, 80)
    assert asked == of_transit(size, 80)
    assert len({one.kind for one in asked}) == 8
    text = orjson.dumps(grow(2_000, 40, seed=7, on_transit=True)).decode()
    for one in asked:
        for end in one.text.split():
            assert not end.startswith(("i-", "tgw-attach-")) or end in text


@pytest.mark.parametrize("which", ["estate", "transit"])
def test_fields_are_those_that_aws_prints(which: str, request: pytest.FixtureRequest) -> None:
    """botocore's own description of each answer knows every field, and the type of its value."""
    check_fields(request.getfixturevalue(which))


def check_fields(estate: Estate) -> None:
    """Every answer of EC2's is as botocore describes it."""
    loaders = pytest.importorskip("botocore.loaders")
    shapes = loaders.Loader().load_service_model("ec2", "service-2")["shapes"]
    results = {
        name: member["shape"]
        for result, shape in shapes.items()
        if result.startswith("Describe") and result.endswith("Result")
        for name, member in shape["members"].items()
    }
    for section, operation in PER_PARENT.items():
        for answer in (one for s in estate.values() for one in s.get(section, [])):
            own = {k: v for k, v in answer.items() if k != "TransitGatewayRouteTableId"}
            check(shapes, f"{operation}Result", own, section)
    checked = 0
    for sections in estate.values():
        for section, content in sections.items():
            shape = results.get(section, "")
            if section in ("PrefixLists", "ManagedPrefixLists"):  # two calls, one key
                shape = section.removesuffix("s") + "Set"
            if shape and content:
                check(shapes, shape, content, section)
                checked += 1
    assert checked >= 15 * len(estate)


def check(shapes: dict[str, Any], name: str, value: Any, where: str) -> None:
    """The value is of the shape, as botocore describes it."""
    shape = shapes[name]
    if shape["type"] == "list":
        assert isinstance(value, list), where
        for one in value:
            check(shapes, shape["member"]["shape"], one, where)
    elif shape["type"] == "structure":
        assert isinstance(value, dict), where
        for key, inner in value.items():
            assert key in shape["members"], f"{where}.{key}"
            check(shapes, shape["members"][key]["shape"], inner, f"{where}.{key}")
    else:
        types = {"boolean": bool, "integer": int, "long": int, "string": str, "timestamp": str}
        assert isinstance(value, types[shape["type"]]), where
