"""Laws that hold whatever the network is: a change that means nothing changes nothing.

A world is a snapshot as texts (relative path -> JSON) with questions on it: estates of ours, and
the recorded labs with a sample of their probes. A law transforms the texts and asks again.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.estate import CALLS, Estate, Pair, city, codes, dump, load_files, route_of, tell

LABS = Path(__file__).resolve().parents[2] / "shared" / "labs"
SAMPLED = (
    "aws_demo",
    "aws_multi_account_vpc_peering",
    "aws_nlb_targets_instance_nacl_test",
    "aws_traffic_in_igw_out_ngw",
)
PER_LAB = 8

Files = dict[str, str]
Record = dict[str, Any]


# ------------------------------ worlds


@dataclass(frozen=True)
class World:
    files: Files
    questions: tuple[str, ...]


def filtered() -> World:
    """Many rules, several of which match the same packet, and two instances in one subnet."""
    e = Pair()
    e.instance("a2", e.sa, "10.0.0.6")
    peers = ["10.0.0.0/8", "10.0.0.0/24", "10.0.1.0/24", "192.168.0.0/16"]
    rules = [f"tcp/{port} {' '.join(peers)}" for port in ("22", "80-90", "443")] + [
        "icmp/8 10.0.0.0/16"
    ]
    e.wear(e.b, e.group(e.v1, rules), e.group(e.v1, ["udp/53 10.0.0.0/16", "tcp/85 0.0.0.0/0"]))
    lines = [
        "90 deny tcp/84 10.0.0.0/24",
        "100 allow tcp/20-100 10.0.0.0/16",
        "110 allow icmp 10.0.0.0/8",
    ]
    e.acl(e.v1, [e.sb], ingress=[*lines, "120 deny all 10.0.0.0/25", "130 allow all 0.0.0.0/0"])
    packets = (
        "port 22",
        "port 84",
        "port 85",
        "port 91",
        "port 443",
        "icmp",
        "port 53/udp",
        "protocol 47",
        "",
    )
    questions = [f"can {e.a} reach {e.b} {packet}".strip() for packet in packets]
    return World(
        e.files(), (*questions, f"can {e.b} reach {e.a} port 22", "can a2 reach a port 22")
    )


def routed() -> World:
    """A blackhole, an edge table to an appliance, a NAT gateway over a peering, a hairpin."""
    e = Pair()
    e.peered(back=False)
    nat = e.natted(e.tb)
    gateway = e.online(e.ta)
    e.public(e.a, "198.51.100.7")
    e.public(e.b, "198.51.100.8")
    e.route(e.tn, "10.2.0.0/16", e.pcx)
    e.route(e.tb, "10.2.0.0/16", nat)
    gone = e.nat(e.sb, "10.0.1.9", public="198.51.100.21", state="deleted")
    e.route(e.ta, "9.0.0.0/8", gone, state="blackhole")
    sp, sw = e.subnet(e.v1, "10.0.5.0/24"), e.subnet(e.v1, "10.0.6.0/24")
    e.online(e.table(e.v1, [sp]))
    appliance = e.instance("appliance", sp, "10.0.5.9", public="198.51.100.9", check=False)
    ward = e.instance("ward", sw, "10.0.6.5", public="198.51.100.10")
    e.route(e.table(e.v1, [sw]), "0.0.0.0/0", appliance.eni)
    e.route(e.table(e.v1, edge=gateway), "10.0.6.0/24", appliance.eni)
    a, b, b2 = e.a, e.b, e.b2
    return World(
        e.files(),
        (
            f"can {a} reach 8.8.8.8 port 443",
            f"can {a} reach 9.9.9.9 port 443",
            f"can {b} reach 8.8.8.8 port 443",
            f"can {a} reach {b2} port 80",
            f"can {b} reach {b2} port 80",
            f"can {b2} reach {b} port 80",
            f"can 0.0.0.0/0 reach {a} port 22",
            f"can 0.0.0.0/0 reach {b} port 22",
            f"can {a} reach 198.51.100.8 port 22",
            f"can 0.0.0.0/0 reach {appliance} port 22",
            f"can 0.0.0.0/0 reach {ward} port 22",
            f"can {ward} reach 8.8.8.8 port 443",
        ),
    )


def federated() -> World:
    """Two accounts: a shared subnet and a peering between them, group references across."""
    guest = "222233334444"
    e = Pair()
    e.peered(account=guest)
    e.share(e.sa, guest)
    g = e.group(e.v1, account=guest, name="guests")
    p = e.instance("p", e.sa, "10.0.0.77", [g], account=guest)
    e.wear(e.b, e.group(e.v1, ["tcp/443 10.2.0.0/16", f"tcp/22 {g}"]))
    a, b, b2 = e.a, e.b, e.b2
    return World(
        e.files(),
        (
            f"can {p} reach {b} port 22",
            f"can {a} reach {b} port 22",
            f"can {b2} reach {b} port 443",
            f"can {b2} reach {b} port 22",
            f"can {p} reach {b2} port 80",
            f"can {p} reach {a} port 80",
        ),
    )


def metropolis() -> World:
    e, questions = city()
    return World(e.files(), tuple(questions))


def lab(name: str) -> World:
    """A recorded lab with some of its probes, evenly taken."""
    root = LABS / name / "aws_configs"
    files = {str(path.relative_to(root)): path.read_text() for path in sorted(root.rglob("*.json"))}
    probes = [json.loads(line) for line in (LABS / name / "probes.jsonl").read_text().splitlines()]
    step = max(1, len(probes) // PER_LAB)
    asked = [
        f"can {p['source']} reach {p['destination']} "
        + ("icmp" if p["protocol"] == "icmp" else f"port {p['port']}/{p['protocol']}")
        for p in probes[::step]
    ]
    return World(files, tuple(asked))


MADE: dict[str, Callable[[], World]] = {
    "filtered": filtered,
    "routed": routed,
    "federated": federated,
    "city": metropolis,
}


@cache
def world(name: str) -> World:
    return MADE[name]() if name in MADE else lab(name)


@cache
def before(name: str) -> dict[str, Any]:
    """The answers of a world as it is."""
    return ask_all(world(name))


def ask_all(given: World, one_way: bool = False) -> dict[str, Any]:
    import reach

    snapshot = load_files(given.files)
    return {
        question: reach.ask(snapshot, question, one_way=one_way) for question in given.questions
    }


absent = pytest.mark.skipif(not LABS.is_dir(), reason=f"the recorded labs are absent: {LABS}")
made = pytest.mark.parametrize("name", list(MADE))
everywhere = pytest.mark.parametrize(
    "name", [*MADE, *(pytest.param(name, marks=absent) for name in SAMPLED)]
)


# ------------------------------ transformations


def edited(given: World, edit: Callable[[str, list[Record]], list[Record]]) -> World:
    """The world with the list of every call replaced by what `edit` makes of (key, records)."""
    files = {}
    for path, text in given.files.items():
        content = json.loads(text)
        for key, value in content.items():
            if isinstance(value, list) and all(isinstance(record, dict) for record in value):
                content[key] = edit(key, value)
        files[path] = json.dumps(content)
    return replace(given, files=files)


def rules_of(group: Record) -> Iterator[Record]:
    yield from group["IpPermissions"]
    yield from group["IpPermissionsEgress"]


def backwards(given: World) -> World:
    """Every list whose order means nothing, every object's keys, and the files, the other way
    round."""

    def turn(key: str, records: list[Record]) -> list[Record]:
        for record in records:
            for field in (
                "Routes",
                "Associations",
                "Entries",
                "IpPermissions",
                "IpPermissionsEgress",
                "Groups",
            ):
                if isinstance(record.get(field), list):
                    record[field].reverse()
            for rule in rules_of(record) if key == "SecurityGroups" else ():
                for field in ("IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs"):
                    rule.get(field, []).reverse()
        return records[::-1]

    def keys_turned(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: keys_turned(value[key]) for key in reversed(list(value))}
        return [keys_turned(item) for item in value] if isinstance(value, list) else value

    turned = edited(given, turn).files
    files = {}
    for number, path in enumerate(reversed(list(turned))):
        folder, _, _ = path.rpartition("/")
        files[f"{folder}/{number:03}.json"] = json.dumps(keys_turned(json.loads(turned[path])))
    return replace(given, files=files)


AN_ID = re.compile(r"(?<![0-9a-z])([a-z][a-z-]*-0)([0-9a-f]{16})(?![0-9a-f])")


def in_order(match: re.Match[str]) -> str:
    """Another id that sorts as this one did: the last digit d becomes 15 - d."""
    return match[1] + match[2][:-1] + f"{15 - int(match[2][-1], 16):x}"


def shuffled(match: re.Match[str]) -> str:
    """Another id that sorts anywhere: its digits backwards."""
    return match[1] + match[2][::-1]


def renamed(given: World, new: Callable[[re.Match[str]], str]) -> World:
    files = {path: AN_ID.sub(new, text) for path, text in given.files.items()}
    return World(files, tuple(AN_ID.sub(new, question) for question in given.questions))


def halves(cidr: str) -> list[str]:
    network = ipaddress.ip_network(cidr)
    return (
        [str(half) for half in network.subnets()]
        if network.prefixlen < network.max_prefixlen
        else [cidr]
    )


def split_rules(key: str, records: list[Record]) -> list[Record]:
    """Every CIDR of a security group rule as its two halves."""
    for record in records if key == "SecurityGroups" else ():
        for rule in rules_of(record):
            for field, name in (("IpRanges", "CidrIp"), ("Ipv6Ranges", "CidrIpv6")):
                ranges = rule.get(field, [])
                rule[field] = [{**r, name: half} for r in ranges for half in halves(r[name])]
    return records


def split_routes(key: str, records: list[Record]) -> list[Record]:
    """Every route's CIDR as its two halves, where AWS would take them.

    Not in an edge table nor inside the VPC (whole CIDRs only), and not where a half has a route.
    """
    for table in records if key == "RouteTables" else ():
        if any("GatewayId" in association for association in table["Associations"]):
            continue
        taken = {route_of(route) for route in table["Routes"]}
        local = [route_of(r) for r in table["Routes"] if r.get("GatewayId") == "local"]
        routes = []
        for route in table["Routes"]:
            cidr = route_of(route)
            whole = cidr in local or cidr.startswith(("pl-", "64:ff9b")) or inside(cidr, local)
            if whole or taken & set(halves(cidr)):
                routes.append(route)
            else:
                field = next(f for f in route if route[f] == cidr)
                routes += [{**route, field: half} for half in halves(cidr)]
        table["Routes"] = routes
    return records


def inside(cidr: str, wider: Iterable[str]) -> bool:
    network = ipaddress.ip_network(cidr)
    others = [ipaddress.ip_network(w) for w in wider]
    return any(network.version == w.version and network.subnet_of(w) for w in others)  # type: ignore[arg-type]


def without(given: World, call: str) -> World:
    files = {path: text for path, text in given.files.items() if call not in json.loads(text)}
    return replace(given, files=files)


def with_a_stranger(given: World) -> World:
    """One more VPC, online and with instances, tied to nothing of the others, in files of its own.
    One more VPC, online and with instances, tied to nothing of the others, in files of its own."""
    folder = min(path.rpartition("/")[0] for path in given.files)
    owners = re.findall(r'"OwnerId": "(\d{12})"', "".join(given.files.values()))
    *_, region = folder.split("/")
    account = folder.split("/")[1] if folder.startswith("accounts/") else owners[0]
    stranger = Estate(region, account, salt="stranger")
    vpc = stranger.vpc("172.29.0.0/16")
    stranger.route(vpc.table, "0.0.0.0/0", stranger.igw(vpc))
    for number in range(4, 8):
        subnet = stranger.subnet(vpc, f"172.29.{number}.0/24")
        stranger.instance(
            f"stranger{number}", subnet, f"172.29.{number}.9", public=f"198.51.100.20{number}"
        )
    known = {key for text in given.files.values() for key in json.loads(text)}
    files = dict(given.files)
    for path, text in stranger.files().items():
        ((key, records),) = json.loads(text).items()
        if records and key in known and key != "AvailabilityZones":
            files[f"{folder}/stranger-{path.rpartition('/')[2]}"] = text
    return replace(given, files=files)


# ------------------------------ what stays


def same_bytes(name: str, after: dict[str, Any]) -> None:
    for question, answer in before(name).items():
        # A certificate holds the snapshot's own numbers of identities.
        now, then = (
            replace(each, certificate=None, certificate_of_other_end=None)
            for each in (after[question], answer)
        )
        assert dump(now) == dump(then), question


def same_verdicts(name: str, after: dict[str, Any]) -> None:
    for question, answer in before(name).items():
        changed = after[question]
        assert changed.verdict == answer.verdict, (
            f"{question}\n  {tell(answer)}\nnow\n  {tell(changed)}"
        )


def never_flips(given: World, was: dict[str, Any], call: str) -> None:
    """Undecided or as before; refused only where the ends stood in that call, and then it says so.
    Undecided or as before; refused only where the ends stood in that call, and then it says so."""
    import reach

    snapshot = load_files(given.files)
    for question, answer in was.items():
        try:
            now = reach.ask(snapshot, question)
        except reach.QuestionError as error:
            refused = str(error)
            if call in ("NetworkInterfaces", "Reservations") and call in refused:
                continue
            raise
        assert now.verdict in (answer.verdict, "undecided"), (
            f"without {call}: {question}\n  {tell(now)}"
        )


# ------------------------------ the laws


@made
def test_the_worlds_say_something(name: str) -> None:
    """Every world of ours has questions of both verdicts, and no gap."""
    assert {str(answer.verdict.value) for answer in before(name).values()} == {
        "reachable",
        "unreachable",
    }


@everywhere
def test_asked_twice(name: str) -> None:
    """The same snapshot and question give the same bytes, loaded once or anew, asked in any order.
    The same snapshot and question give the same bytes, loaded once or anew, asked in any order."""
    import reach

    snapshot = load_files(world(name).files)
    for question, answer in reversed(before(name).items()):
        first, second = reach.ask(snapshot, question), reach.ask(snapshot, question)
        assert dump(first) == dump(second) == dump(answer), question


@everywhere
def test_order_means_nothing(name: str) -> None:
    """Rules, routes, records, keys and files in another order: the same bytes."""
    same_bytes(name, ask_all(backwards(world(name))))


@everywhere
def test_renamed_ids(name: str) -> None:
    """A bijection of ids changes the ids in the answer and nothing else."""
    new = ask_all(renamed(world(name), in_order))
    for question, answer in before(name).items():
        assert dump(new[AN_ID.sub(in_order, question)]) == AN_ID.sub(in_order, dump(answer)), (
            question
        )


@everywhere
def test_renamed_ids_in_another_order(name: str) -> None:
    """A bijection that changes how ids sort leaves the verdict and the codes of what blocks."""
    new = ask_all(renamed(world(name), shuffled))
    for question, answer in before(name).items():
        other = new[AN_ID.sub(shuffled, question)]
        assert other.verdict == answer.verdict, question
        assert codes(other) == codes(answer), question


@everywhere
def test_split_rules(name: str) -> None:
    """A rule's CIDR as two halves: the same verdicts."""
    same_verdicts(name, ask_all(edited(world(name), split_rules)))


@everywhere
def test_split_routes(name: str) -> None:
    """A route's CIDR as two halves: the same verdicts."""
    same_verdicts(name, ask_all(edited(world(name), split_routes)))


@everywhere
def test_one_way_is_weaker(name: str) -> None:
    """What is reachable with its reply is reachable one way; what is not one way is not at all."""
    forward = ask_all(world(name), one_way=True)
    for question, answer in before(name).items():
        if answer.verdict == "reachable":
            assert forward[question].verdict == "reachable", (
                f"{question}\n  {tell(forward[question])}"
            )
        if forward[question].verdict == "unreachable":
            assert answer.verdict == "unreachable", f"{question}\n  {tell(answer)}"


OPEN = {
    "IpProtocol": "-1",
    "IpRanges": [{"CidrIp": "0.0.0.0/0"}],
    "Ipv6Ranges": [{"CidrIpv6": "::/0"}],
    "PrefixListIds": [],
    "UserIdGroupPairs": [],
}


@everywhere
def test_a_permit_takes_nothing_away(name: str) -> None:
    """An ingress permit more, in each group in turn, never removes reachability."""
    given = world(name)
    groups = sorted(set(re.findall(r'"GroupId": "(sg-[0-9a-f]+)",', "".join(given.files.values()))))
    turns = [{group} for group in groups] if name in MADE else [set(groups)]
    for opened in turns:

        def permit(key: str, records: list[Record], opened: set[str] = opened) -> list[Record]:
            for record in records if key == "SecurityGroups" else ():
                if record["GroupId"] in opened:
                    record["IpPermissions"].append(OPEN)
            return records

        for question, answer in ask_all(edited(given, permit)).items():
            if before(name)[question].verdict == "reachable":
                assert answer.verdict == "reachable", f"{opened}: {question}\n  {tell(answer)}"


@made
@pytest.mark.parametrize("call", CALLS)
def test_a_missing_call(name: str, call: str) -> None:
    """Law 2: without one call an answer stays or becomes undecided."""
    never_flips(without(world(name), call), before(name), call)


@absent
@pytest.mark.parametrize("name", SAMPLED)
def test_a_missing_call_of_a_lab(name: str) -> None:
    """Law 2 on recorded networks: each call that they have, in turn."""
    given = world(name)
    calls = {key for text in given.files.values() for key in json.loads(text)} - {
        "ResponseMetadata"
    }
    for call in sorted(calls):
        never_flips(without(given, call), before(name), call)


@everywhere
def test_a_stranger(name: str) -> None:
    """A VPC that has nothing to do with the question changes nothing."""
    same_bytes(name, ask_all(with_a_stranger(world(name))))


@everywhere
def test_settings_without_meaning(name: str) -> None:
    """Launch defaults, DNS options, endpoint policies and descriptions change no verdict."""
    toggles = (
        "MapPublicIpOnLaunch",
        "AssignIpv6AddressOnCreation",
        "PrivateDnsEnabled",
        "EnableDns64",
    )

    def change(key: str, records: list[Record]) -> list[Record]:
        for record in records:
            record |= {field: not record[field] for field in toggles if field in record}
            if "PolicyDocument" in record:
                record["PolicyDocument"] = "{}"
            if key == "SecurityGroups":
                record["Description"] = "another"
            for side in ("AccepterVpcInfo", "RequesterVpcInfo"):
                if "PeeringOptions" in record.get(side, {}):
                    record[side]["PeeringOptions"]["AllowDnsResolutionFromRemoteVpc"] = True
        return records

    same_verdicts(name, ask_all(edited(world(name), change)))


# ------------------------------ one subnet, one VPC


def closed(key: str, records: list[Record]) -> list[Record]:
    """No route but local, no ACL entry but the denial of all."""
    for record in records:
        if key == "RouteTables":
            record["Routes"] = [r for r in record["Routes"] if r.get("GatewayId") == "local"]
        if key == "NetworkAcls":
            record["Entries"] = [e for e in record["Entries"] if e["RuleNumber"] > 32766]
    return records


def neighbours(given: World) -> tuple[str, ...]:
    """Questions between the instances of each subnet."""
    by_subnet: dict[str, list[str]] = {}
    for text in given.files.values():
        for eni in json.loads(text).get("NetworkInterfaces", []):
            if eni["InterfaceType"] == "interface" and eni.get("Attachment", {}).get("InstanceId"):
                by_subnet.setdefault(eni["SubnetId"], []).append(eni["PrivateIpAddress"])
    pairs = [(a, b) for ips in by_subnet.values() for a in ips for b in ips if a != b]
    packets = ("port 22", "icmp", "port 3306")
    return tuple(f"can {a} reach {b} {packet}" for a, b in pairs for packet in packets)


@pytest.mark.parametrize("name", ["filtered", "federated", pytest.param("aws_demo", marks=absent)])
def test_neighbours_need_no_router(name: str) -> None:
    """A pair in one subnet depends on neither the route table nor the ACL, open or shut."""
    given = replace(world(name), questions=neighbours(world(name)))
    assert given.questions
    was, now = ask_all(given), ask_all(edited(given, closed))
    for question, answer in was.items():
        assert answer.verdict in ("reachable", "unreachable"), f"{question}\n  {tell(answer)}"
        assert now[question].verdict == answer.verdict, f"{question}\n  {tell(now[question])}"


def test_neighbours_behind_a_shut_group() -> None:
    """The group alone decides between neighbours."""
    e = Pair()
    twin = e.instance("a2", e.sa, "10.0.0.6", [e.group(e.v1, ["tcp/22 10.0.0.0/24"])])
    e.acl(e.v1, [e.sa], ingress=[], egress=[])
    assert e.ask(f"can {e.a} reach {twin} port 22").verdict == "reachable"
    assert e.ask(f"can {e.a} reach {twin} port 23").verdict == "unreachable"


GATEWAYS = (
    "InternetGateways",
    "EgressOnlyInternetGateways",
    "NatGateways",
    "VpcPeeringConnections",
    "VpcEndpoints",
)


def test_nothing_crosses_without_a_gateway() -> None:
    """Without gateways, peerings and endpoints nothing crosses the boundary of a VPC."""
    e, questions = city()
    crossing = [
        q for q in questions if any(end in q for end in (e.b2, "8.8.8.8", "/0", "2606:", "52."))
    ]

    def remove(key: str, records: list[Record]) -> list[Record]:
        if key in GATEWAYS:
            return []
        if key == "NetworkInterfaces":  # what is of an endpoint goes with it
            return [each for each in records if each["InterfaceType"] != "vpc_endpoint"]
        return closed(key, records) if key == "RouteTables" else records

    apart = edited(World(e.files(), tuple(crossing)), remove)
    for question, answer in ask_all(apart).items():
        assert answer.verdict == "unreachable", f"{question}\n  {tell(answer)}"
