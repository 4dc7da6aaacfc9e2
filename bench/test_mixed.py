"""Laws of mixed estates: sound like the others, and what the answer key says is so.

The verdicts of the key follow from how violations are planted, not from an answer; here the library
gives the same.  What this does not check: that no estate has a way between its halves that nobody
planted.  Where there could be one, by tables, peerings, endpoints and the way out, is looked at.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import orjson
import pytest

import reach
from bench import grow as command
from bench import test_grow as laws
from bench.estate.violations import KINDS, chosen, room
from bench.grow import Size, grow, halves, key, possible, write
from bench.test_grow import Estate, objects
from reach.verifying.verify import verify

SMALL = Size(300, 12, 3, mixed=True)
ALL = replace(SMALL, violations=tuple(f"{kind}-0" for kind in KINDS))
MIDDLE = Size(2_400, 40, 3, mixed=True)
LARGEST = Size(600_000, 600, mixed=True)
IDS = laws.IDS | {
    "LoadBalancers": "LoadBalancerArn",
    "ServiceConfigurations": "ServiceId",
    "TargetGroups": "TargetGroupArn",
    "TransitGatewayRouteTables": "TransitGatewayRouteTableId",
    "VpcEndpointConnections": "VpcEndpointConnectionId",
}


def grown(size: Size) -> Estate:
    """The estate of a size, in memory."""
    return grow(
        size.interfaces,
        size.vpcs,
        size.seed,
        unrelated=size.unrelated,
        mixed=True,
        violations=size.violations,
    )


@pytest.fixture(scope="module")
def estate() -> Estate:
    """Two periods and a bit: a star, a ring, and the beginning of another star."""
    return grown(MIDDLE)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The two twins, written."""
    base = tmp_path_factory.mktemp("twins")
    for name, size in (("clean", SMALL), ("violated", ALL)):
        write(base / name, size, compact=True)
    return {name: base / name for name in ("clean", "violated")}


@pytest.fixture(scope="module")
def twins(folders: dict[str, Path]) -> dict[str, reach.Snapshot]:
    """The same, loaded."""
    return {name: reach.load(folder) for name, folder in folders.items()}


# --- sound like the others ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "law",
    [
        laws.test_addresses_lie_in_their_subnets_and_are_unique,
        laws.test_public_addresses_are_unique,
        laws.test_every_subnet_has_one_acl,
        laws.test_groups_that_are_named_exist,
        laws.test_both_listings_of_rules_say_the_same,
        laws.has_one_table_each,
    ],
)
def test_laws_of_all_estates(law: Callable[[Estate], object], estate: Estate) -> None:
    """What holds of the others holds of a mixed one."""
    law(estate)


def test_the_same_arguments_give_the_same_estate(estate: Estate) -> None:
    """grow is a function of its arguments."""
    assert orjson.dumps(grown(MIDDLE)) == orjson.dumps(estate)
    assert orjson.dumps(grown(replace(MIDDLE, seed=4))) != orjson.dumps(estate)


@pytest.mark.parametrize(("compact", "processes"), [(False, 1), (True, 1), (True, 2)])
def test_what_is_written_is_what_is_grown(tmp_path: Path, compact: bool, processes: int) -> None:
    """However it is written, and by however many processes."""
    estate = grown(ALL)
    written = write(tmp_path / "out", ALL, compact=compact, processes=processes)
    assert written == sum(path.stat().st_size for path in tmp_path.rglob("*.json"))
    for folder, sections in estate.items():
        names = {path.stem for path in (tmp_path / "out" / folder).iterdir()}
        assert names == set(sections)
        for section, content in sections.items():
            text = (tmp_path / "out" / folder / f"{section}.json").read_bytes()
            assert list(orjson.loads(text).values()) == [content], (folder, section)


@pytest.mark.parametrize(("interfaces", "vpcs"), [(20, 1), (60, 3), (300, 12), (2_401, 40)])
def test_as_many_interfaces_as_asked_for(interfaces: int, vpcs: int) -> None:
    """From one VPC on, nodes of balancers and endpoints included."""
    estate = grow(interfaces, vpcs, mixed=True)
    assert sum(1 for _ in objects(estate, "NetworkInterfaces")) == interfaces
    assert sum(1 for _ in objects(estate, "Vpcs")) == vpcs


def test_ids_are_unique(estate: Estate) -> None:
    """No two objects of a section have one id; a peering is seen from either side."""
    for section, name in IDS.items():
        found = [record[name] for record in objects(estate, section)]
        assert found, section
        assert len(set(found)) == len(found), section


def test_an_unrelated_vpc_changes_nothing_else(estate: Estate) -> None:
    """What was there stays as it was, byte for byte and in order."""
    more = grown(replace(MIDDLE, unrelated=2))
    for folder, sections in estate.items():
        for section, content in sections.items():
            if isinstance(content, list):
                found = more[folder][section][: len(content)]
                assert orjson.dumps(found) == orjson.dumps(content), (folder, section)
    assert sum(1 for _ in objects(more, "Vpcs")) == 42
    assert halves(MIDDLE) == halves(replace(MIDDLE, unrelated=2))


def test_fields_are_those_that_aws_prints(estate: Estate) -> None:
    """botocore's own description of each answer knows every field, and the type of its value."""
    laws.check_fields(estate)
    loaders = pytest.importorskip("botocore.loaders")
    shapes = loaders.Loader().load_service_model("elbv2", "service-2")["shapes"]
    for section in ("LoadBalancers", "TargetGroups"):
        laws.check(shapes, section, list(objects(estate, section)), section)
    for section, member, name, parent in (
        ("LoadBalancerListeners", "Listeners", "Listeners", "LoadBalancerArn"),
        ("ListenerRules", "Rules", "Rules", "ListenerArn"),
        ("LoadBalancerAttributes", "Attributes", "LoadBalancerAttributes", "LoadBalancerArn"),
        ("TargetGroupAttributes", "Attributes", "TargetGroupAttributes", "TargetGroupArn"),
        (
            "LoadBalancerTargetHealth",
            "TargetHealthDescriptions",
            "TargetHealthDescriptions",
            "TargetGroupArn",
        ),
    ):
        for answer in objects(estate, section):
            assert set(answer) == {parent, member}
            laws.check(shapes, name, answer[member], section)


def test_the_shapes_that_it_is_there_for(estate: Estate) -> None:
    """Gateways with three tables, both kinds of balancers, both ends of services, long ACLs."""
    tables = list(objects(estate, "TransitGatewayRouteTables"))
    assert len(tables) == 6
    assert {record["Type"] for record in objects(estate, "LoadBalancers")} == {
        "application",
        "network",
    }
    assert {record["TargetType"] for record in objects(estate, "TargetGroups")} == {
        "instance",
        "ip",
    }
    assert all(
        answer["TargetHealthDescriptions"] for answer in objects(estate, "LoadBalancerTargetHealth")
    )
    owners = {(c["ServiceId"], c["VpcEndpointOwner"]) for c in connections(estate)}
    assert len(owners) == len(list(connections(estate))) > 4
    ends = {record["VpcEndpointId"] for record in objects(estate, "VpcEndpoints")}
    assert {record["VpcEndpointId"] for record in connections(estate)} <= ends
    accounts = {folder.split("/")[1] for folder in estate}
    assert len(accounts) == 10
    entries = [
        sum(entry["RuleNumber"] < 32767 and not entry["Egress"] for entry in acl["Entries"])
        for acl in objects(estate, "NetworkAcls")
    ]
    assert min(entries) <= 2
    assert 30 <= max(entries) <= 40


def connections(estate: Estate) -> Iterator[Any]:
    return objects(estate, "VpcEndpointConnections")


def test_an_estate_that_cannot_be_is_refused() -> None:
    """With what would be right."""
    for interfaces, vpcs in ((300, 601), (100, 12)):
        with pytest.raises(ValueError, match="at most 600 VPCs, and at least 20 interfaces"):
            Size(interfaces, vpcs, mixed=True).vpcs_planned()
    with pytest.raises(ValueError, match="no room for acl-0"):
        Size(300, 10, mixed=True, violations=("acl-0",))
    with pytest.raises(ValueError, match="no room for acl-0"):
        Size(300, 12, violations=("acl-0",))
    with pytest.raises(ValueError, match="neither exposed"):
        Size(300, 12, mixed=True, exposed=True)


# --- violations -----------------------------------------------------------------------------------


def test_violations_are_chosen_by_number_and_by_name() -> None:
    """Every kind once, then every kind in the next period that has room for it."""
    names = room(600)
    assert names[:9] == [
        "database-0",
        "propagation-0",
        "peering-0",
        "bastion-0",
        "ipv6-0",
        "acl-0",
        "service-0",
        "balancer-0",
        "database-2",
    ]
    assert len(names) == len(set(names)) == 17 * 8
    assert chosen("3", 600) == ("database-0", "propagation-0", "peering-0")
    assert chosen("acl, ipv6-2", 600) == ("acl-0", "ipv6-2")
    assert chosen("all", 12) == ALL.violations
    assert chosen("", 600) == ()
    for wrong in ("137", "acl-1", "flood"):
        with pytest.raises(ValueError, match=r"136|acl-1|flood"):
            chosen(wrong, 600)


def test_twins_differ_in_what_the_key_names_and_in_nothing_else() -> None:
    """Each violation by itself: few objects, all of them named."""
    clean = grown(SMALL)
    for one in possible(SMALL):
        violated = grown(replace(SMALL, violations=(one.name,)))
        changed = list(differences(clean, violated))
        assert 1 <= len(changed) <= 12, one.name  # as they were, and as they are
        named = {found for found in one.objects for text in changed if found in text}
        assert named == set(one.objects), one.name
        for text in changed:
            assert any(found in text for found in one.objects), (one.name, text)


def differences(one: Estate, other: Estate) -> Iterator[str]:
    """The objects of either that the other does not have, as text."""
    assert one.keys() == other.keys()
    for folder, sections in one.items():
        for section, content in sections.items():
            sides = [
                {json.dumps(record, sort_keys=True) for record in side}
                for side in (content, other[folder][section])
                if isinstance(side, list)
            ]
            if sides:
                yield from sides[0] ^ sides[1]


@pytest.mark.parametrize("name", ["clean", "violated"])
def test_the_library_takes_all_of_it(folders: dict[str, Path], name: str) -> None:
    """Nothing is wrong, nothing dangles, and nothing lacks.

    A call that is new has to be added to the lists of ``estate/place.py``, as a capture has it.
    """
    found = verify(folders[name])
    assert [one.message for one in found.findings if one.counts] == []
    assert [one.call for one in found.gaps] == []


@pytest.mark.parametrize("name", ["clean", "violated"])
def test_every_question_of_the_key_has_its_verdict(
    twins: dict[str, reach.Snapshot], name: str
) -> None:
    """In the twin with violations, and in the one without."""
    told = key(ALL if name == "violated" else SMALL)["violations"]
    assert [one["name"] for one in told] == list(ALL.violations)
    for one in told:
        assert one["verdict"] == ("reachable" if name == "violated" else "unreachable")
        for question, verdict in ((one["question"], one["verdict"]), *one["unmoved"]):
            assert reach.ask(twins[name], question).verdict == verdict, (one["name"], question)


@pytest.mark.deep
@pytest.mark.parametrize("planted", list(KINDS))
def test_a_violation_turns_its_own_answer_only(tmp_path: Path, planted: str) -> None:
    """With one planted, seven questions are still unreachable."""
    size = replace(SMALL, violations=(f"{planted}-0",))
    write(tmp_path / "out", size)
    snapshot = reach.load(tmp_path / "out")
    for one in possible(size):
        verdict = "reachable" if one.name in size.violations else "unreachable"
        assert reach.ask(snapshot, one.question).verdict == verdict, one.name


@pytest.mark.deep
def test_later_periods_have_their_violations_too(tmp_path: Path) -> None:
    """In the third period, whose gateway's routes stand in two calls."""
    size = Size(1_250, 50, 3, mixed=True)
    names = tuple(name for name in room(50) if name.endswith("-2"))
    assert len(names) == 8
    for violations in ((), names):
        twin = replace(size, violations=violations)
        write(tmp_path / str(len(violations)), twin)
        snapshot = reach.load(tmp_path / str(len(violations)))
        for one in possible(twin):
            verdict = "reachable" if one.name in violations else "unreachable"
            assert reach.ask(snapshot, one.question).verdict == verdict, one.name


def test_the_command_writes_the_key_beside_the_estate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not into it, where the library would find it."""
    arguments = "--interfaces 300 --vpcs 12 --seed 3 --mixed --violations all --compact"
    monkeypatch.setattr("sys.argv", ["grow", str(tmp_path / "out"), *arguments.split()])
    command.main()
    told = json.loads((tmp_path / "out.key.json").read_text())
    assert told == json.loads(json.dumps(key(ALL)))
    assert [one["name"] for one in told["violations"] if one["planted"]] == list(ALL.violations)
    assert not told["halves"]["isolated"]
    assert "8 violations" in capsys.readouterr().out
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"accounts"}


# --- production and test --------------------------------------------------------------------------


def test_halves_of_600_vpcs() -> None:
    """Nearly all VPCs are in one of two halves of about a size, and the way between is known."""
    split = halves(LARGEST)
    assert not set(split.production) & set(split.test)
    assert (len(split.production), len(split.test)) == (301, 264)
    assert split.ways == ()
    planted = halves(replace(LARGEST, violations=chosen("8", 600)))
    assert planted == replace(split, ways=planted.ways)
    ((production, test),) = planted.ways
    assert production in split.production
    assert test in split.test


def test_nothing_leads_from_one_half_to_the_other(estate: Estate) -> None:
    """No table, no peering, no endpoint; and test neither has public addresses nor reaches any."""
    split = halves(MIDDLE)
    side = dict.fromkeys(split.production, "prod") | dict.fromkeys(split.test, "test")
    for record in objects(estate, "VpcPeeringConnections"):
        ends = [record[end]["VpcId"] for end in ("RequesterVpcInfo", "AccepterVpcInfo")]
        if record["Status"]["Code"] == "active":
            assert len({side[end] for end in ends}) == 1
    named = {
        record["TransitGatewayRouteTableId"]: record["Tags"][0]["Value"].rpartition("-")[2]
        for record in objects(estate, "TransitGatewayRouteTables")
    }
    blocks = {record["CidrBlock"]: side.get(record["VpcId"]) for record in objects(estate, "Vpcs")}
    assert len(blocks) == 40
    for section in ("TransitGatewayRoutes", "TransitGatewayStaticRoutes"):
        for answer in objects(estate, section):
            segment = named[answer["TransitGatewayRouteTableId"]]
            routes = {route["DestinationCidrBlock"]: route["State"] for route in answer["Routes"]}
            if segment != "shared":
                assert {blocks.get(block) for block in routes} <= {segment, None}
                assert [routes[block] for block in ("10.0.0.0/8", "172.16.0.0/12")] == [
                    "blackhole",
                    "blackhole",
                ]
    for answer in objects(estate, "TransitGatewayPropagations"):
        segment = named[answer["TransitGatewayRouteTableId"]]
        for one in answer["TransitGatewayRouteTablePropagations"]:
            assert segment == "shared" or side.get(one["ResourceId"]) in (segment, None)
    provider = {
        answer["Tags"][0]["Value"]: answer["ServiceId"]
        for answer in objects(estate, "ServiceConfigurations")
    }
    assert {name.split("-")[1] for name in provider} == {"shared", "prod"}
    for record in connections(estate):
        name = next(name for name, ident in provider.items() if ident == record["ServiceId"])
        owner = next(e for e in objects(estate, "VpcEndpoints") if is_end_of(e, record))
        assert "shared" in name or side[owner["VpcId"]] == name.split("-")[1]


def is_end_of(endpoint: Any, connection: Any) -> bool:
    return bool(endpoint["VpcEndpointId"] == connection["VpcEndpointId"])


def test_test_keeps_off_the_internet(estate: Estate) -> None:
    """No gateway of its own; and the hubs' way out does not lead to the estate's own addresses."""
    test = set(halves(MIDDLE).test)
    for section in ("InternetGateways", "EgressOnlyInternetGateways"):
        for record in objects(estate, section):
            assert record["Attachments"][0]["VpcId"] not in test
    for record in objects(estate, "NetworkInterfaces"):
        assert "Association" not in record or record["VpcId"] not in test
        if "Association" in record:
            assert ip_address(record["Association"]["PublicIp"]) in ip_network("44.192.0.0/10")
    hubs = [record for record in objects(estate, "Vpcs") if is_hub(record)]
    assert len(hubs) == 2
    for hub in hubs:
        (nat,) = (one for one in objects(estate, "NatGateways") if one["VpcId"] == hub["VpcId"])
        (acl,) = (
            acl
            for acl in objects(estate, "NetworkAcls")
            if nat["SubnetId"] in {one["SubnetId"] for one in acl["Associations"]}
        )
        first = min((e for e in acl["Entries"] if e["Egress"]), key=lambda e: e["RuleNumber"])
        assert (first["CidrBlock"], first["RuleAction"]) == ("44.192.0.0/10", "deny")
        assert first["Protocol"] == "-1"


def is_hub(vpc: Any) -> bool:
    return vpc["Tags"][0]["Value"].rpartition("-")[2] in ("0", "4")


def test_hosts_of_the_halves_do_not_meet(twins: dict[str, reach.Snapshot]) -> None:
    """One instance of each VPC, to and from one of the other half: by the planted way only."""
    split = halves(ALL)
    hosts = one_host_each(grown(ALL))
    ports = ("port 443", "port 8443")
    for production in split.production:
        test = split.test[split.production.index(production) % len(split.test)]
        for ends in ((production, test), (test, production)):
            source, goal = (hosts[end] for end in ends)
            for port in ports:
                question = f"can {source} reach {goal} {port}"
                assert reach.ask(twins["clean"], question).verdict == "unreachable", question
                if (production, test) not in split.ways:
                    assert reach.ask(twins["violated"], question).verdict == "unreachable"


def one_host_each(estate: Estate) -> dict[str, str]:
    """An instance of each VPC, one with a public address where there is any."""
    found: dict[str, str] = {}
    for reservation in objects(estate, "Reservations"):
        instance = reservation["Instances"][0]
        vpc = instance.get("VpcId")
        if vpc and (vpc not in found or "PublicIpAddress" in instance):
            found[vpc] = instance["InstanceId"]
    return found
