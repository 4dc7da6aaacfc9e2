"""What cases exercise, and which changes of one line they would notice."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import reach
from reach.answer import Verdict
from reach.testing.asked import Wanted, ask_all
from reach.testing.case import Case, Line
from reach.testing.coverage import Finding, look_further
from reach.testing.exercise import exercised_by
from reach.testing.lines import lines_of
from reach.testing.mutation import Kind, Mutation, mutations_of
from tests.estate import Pair

DAY = date(2026, 3, 1)


class Shop:
    """A reaches B on tcp 22 (and 80, which nobody asks), never on 443: the ACL denies it."""

    def __init__(self) -> None:
        self.pair = e = Pair()
        self.out = e.group(e.v1, egress=["all 0.0.0.0/0"], ingress=[])
        self.web = e.group(e.v1, ingress=["tcp/22 10.0.0.0/24", "tcp/80 any"], egress=[])
        e.wear(e.a, self.out)
        e.wear(e.b, self.web)
        both = ["100 allow all 0.0.0.0/0"]
        self.acl = e.acl(e.v1, [e.sb], ingress=["50 deny tcp/443 0.0.0.0/0", *both], egress=both)
        e.online(e.tb)

    @property
    def names(self) -> dict[str, str]:
        e = self.pair
        return {self.out: "out", self.web: "web", self.acl: "acl", e.tb: "tb"}

    def told(self, lines: Sequence[Line]) -> list[str]:
        """The lines of what this shop has made itself."""
        return [
            f"{self.names[line.resource]} {line.locator}"
            for line in lines
            if line.resource in self.names
        ]


SSH = ("can a reach b port 22", Verdict.REACHABLE)
WEB = ("can a reach b port 443", Verdict.UNREACHABLE)
WORLD = ("can internet reach b port 22", Verdict.UNREACHABLE)


@pytest.fixture
def shop() -> Shop:
    return Shop()


def look(shop: Shop, folder: Path, *asked: tuple[str, Verdict], workers: int = 0) -> Finding:
    """What is found of a shop by some cases."""
    path = str(shop.pair.write(folder))
    cases = [
        Case(text, expect, path, "s.yaml", at) for at, (text, expect) in enumerate(asked, start=1)
    ]
    results = list(ask_all(cases, DAY, wanted=Wanted(exercised=True)))
    assert [result.reason for result in results] == [""] * len(cases)
    (found,) = look_further(results, DAY, coverage=True, mutate=True, workers=workers)
    return found


def exercised(shop: Shop, question: str) -> list[str]:
    snapshot = shop.pair.load()
    found = exercised_by(snapshot, reach.ask(snapshot, question))
    return shop.told([line for line in lines_of(snapshot) if line in found])


# ------------------------------ coverage


def test_all_lines_that_can_be_changed_are_lines(shop: Shop) -> None:
    """Not the local routes, nor the last entry of an ACL."""
    lines = lines_of(shop.pair.load())
    assert shop.told(lines) == [
        "out outbound rule all traffic to 0.0.0.0/0",
        "web inbound rule tcp 22 from 10.0.0.0/24",
        "web inbound rule tcp 80 from 0.0.0.0/0",
        "web inbound rule tcp 80 from ::/0",
        "acl inbound rule 50",
        "acl inbound rule 100",
        "acl outbound rule 100",
        "tb route 0.0.0.0/0",
    ]


def test_a_witness_exercises_what_lets_it_and_its_reply_pass(shop: Shop) -> None:
    assert exercised(shop, "can a reach b port 22") == [
        "out outbound rule all traffic to 0.0.0.0/0",
        "web inbound rule tcp 22 from 10.0.0.0/24",
        "acl inbound rule 100",
        "acl outbound rule 100",
    ]


def test_a_certificate_exercises_what_decides_any_of_its_packets(shop: Shop) -> None:
    """The entry that denies them all; behind it there are none to decide."""
    assert exercised(shop, "can a reach b port 443") == [
        "out outbound rule all traffic to 0.0.0.0/0",
        "acl inbound rule 50",
    ]


def test_what_nothing_leaves_exercises_nothing(shop: Shop) -> None:
    """B has no outbound rule: no line decides, there is none."""
    assert exercised(shop, "can b reach internet port 22") == []


def test_a_rule_that_matches_nothing_of_a_question_is_not_exercised(shop: Shop) -> None:
    """The world is denied for want of a rule: none of those there are decides."""
    assert exercised(shop, "can 10.0.0.0/24 reach b port 23") == [
        "out outbound rule all traffic to 0.0.0.0/0",
        "acl inbound rule 100",
    ]


def test_an_undecided_answer_exercises_nothing(shop: Shop) -> None:
    shop.pair.drop("NetworkAcls")
    snapshot = shop.pair.load()
    answer = reach.ask(snapshot, "can a reach b port 22")
    assert answer.verdict is Verdict.UNDECIDED
    assert exercised_by(snapshot, answer) == frozenset()


def test_coverage_lists_what_no_case_exercises(shop: Shop, tmp_path: Path) -> None:
    found = look(shop, tmp_path, SSH, WEB)
    assert found.coverage is not None
    assert shop.told(found.coverage.unexercised) == [
        "web inbound rule tcp 80 from 0.0.0.0/0",
        "web inbound rule tcp 80 from ::/0",
        "tb route 0.0.0.0/0",
    ]


# ------------------------------ mutation


def survivors(shop: Shop, found: Finding) -> list[str]:
    assert found.mutants is not None
    return [
        f"{told} {mutation.kind}"
        for mutation, _ in found.mutants.survivors
        for told in shop.told([mutation.line])
    ]


def test_survivors_are_the_changes_that_no_case_notices(shop: Shop, tmp_path: Path) -> None:
    """SSH needs its rule, the way there and back; nobody asks what else its rule lets in."""
    found = look(shop, tmp_path, SSH, WEB)
    assert survivors(shop, found) == [
        "web inbound rule tcp 22 from 10.0.0.0/24 widened to all ports",
        "web inbound rule tcp 80 from 0.0.0.0/0 removed",
        "web inbound rule tcp 80 from 0.0.0.0/0 widened to all ports",
        "web inbound rule tcp 80 from ::/0 removed",
        "web inbound rule tcp 80 from ::/0 widened to all ports",
        "acl inbound rule 50 flipped",
        "tb route 0.0.0.0/0 removed",
    ]


def test_a_case_more_is_a_survivor_less(shop: Shop, tmp_path: Path) -> None:
    closed = ("can a reach b port 8000", Verdict.UNREACHABLE)
    without = survivors(shop, look(shop, tmp_path / "one", SSH, WEB))
    with_it = survivors(shop, look(shop, tmp_path / "two", SSH, WEB, closed))
    assert [each for each in without if each not in with_it] == [
        "web inbound rule tcp 22 from 10.0.0.0/24 widened to all ports",
        "web inbound rule tcp 80 from 0.0.0.0/0 widened to all ports",
    ]


def test_survivors_say_whether_their_line_is_exercised(shop: Shop, tmp_path: Path) -> None:
    found = look(shop, tmp_path, SSH, WEB)
    assert found.mutants is not None
    told = {
        f"{line} {mutation.kind}": exercised
        for mutation, exercised in found.mutants.survivors
        for line in shop.told([mutation.line])
    }
    assert told["acl inbound rule 50 flipped"]
    assert not told["tb route 0.0.0.0/0 removed"]


def test_processes_find_the_same(shop: Shop, tmp_path: Path) -> None:
    assert look(shop, tmp_path, SSH, WEB, workers=2) == look(shop, tmp_path, SSH, WEB)


QUESTIONS = [
    f"can {source} reach {destination} port {port}"
    for source, destination in (("a", "b"), ("b", "a"), ("internet", "b"), ("10.0.0.9", "b"))
    for port in ("22", "80", "443", "8000")
]


def by_hand(shop: Shop, mutation: Mutation) -> None:
    """The same change in what AWS prints, written independently."""
    name = shop.names[mutation.line.resource]
    record: Any = next(
        each for each in (shop.out, shop.web, shop.acl, shop.pair.tb) if shop.names[each] == name
    ).record
    locator = mutation.line.locator
    match mutation.kind:
        case Kind.FLIPPED:
            number, egress = int(locator.split()[-1]), locator.startswith("outbound")
            (entry,) = (
                each
                for each in record["Entries"]
                if each["RuleNumber"] == number and each["Egress"] is egress
            )
            entry["RuleAction"] = "deny" if entry["RuleAction"] == "allow" else "allow"
        case Kind.REMOVED if name == "tb":
            cidr = locator.removeprefix("route ")
            record["Routes"] = [
                each for each in record["Routes"] if each.get("DestinationCidrBlock") != cidr
            ]
        case _:
            _rule_by_hand(record, mutation)


def _rule_by_hand(record: Any, mutation: Mutation) -> None:
    locator = mutation.line.locator
    listed = "IpPermissionsEgress" if locator.startswith("outbound") else "IpPermissions"
    peer = locator.split()[-1]
    ranges, key = ("Ipv6Ranges", "CidrIpv6") if ":" in peer else ("IpRanges", "CidrIp")
    for permission in list(record[listed]):
        port = permission.get("FromPort")
        said = "all traffic" if port is None else f"tcp {port}"
        if f" {said} " not in locator:
            continue
        permission[ranges] = [each for each in permission[ranges] if each[key] != peer]
        if mutation.kind is Kind.WIDENED:
            wide = {"IpProtocol": "tcp", "FromPort": 0, "ToPort": 65535}
            peers = dict.fromkeys(
                ("IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs"), ()
            )
            record[listed].append({**wide, **peers, ranges: [{key: peer}]})


@pytest.mark.parametrize("at", range(11))
def test_a_mutant_answers_as_the_changed_files_do(at: int) -> None:
    """Whoever changes the files instead gets the same verdicts, on every question."""
    shop = Shop()
    snapshot = shop.pair.load()
    mutations = [
        each for each in mutations_of(lines_of(snapshot)) if each.line.resource in shop.names
    ]
    made = [(each, mutant) for each in mutations if (mutant := each.apply(snapshot)) is not None]
    assert len(made) == 11
    mutation, mutant = made[at]
    by_hand(shop, mutation)
    changed = shop.pair.load()
    assert [reach.ask(mutant, each).verdict for each in QUESTIONS] == [
        reach.ask(changed, each).verdict for each in QUESTIONS
    ]


# ------------------------------ as JSON


def test_findings_are_told_as_json(shop: Shop, tmp_path: Path) -> None:
    told = json.loads(json.dumps(look(shop, tmp_path, SSH, WEB).to_dict()))
    assert told["coverage"]["lines"] > len(told["coverage"]["unexercised"])
    line = {"kind": "route", "resource": shop.pair.tb, "locator": "route 0.0.0.0/0", "name": "tb"}
    assert line in told["coverage"]["unexercised"]
    assert {"change": "removed", **line, "exercised": False} in told["mutation"]["survivors"]
    assert told["mutation"]["unknown"] == []


# ------------------------------ transit gateways

JUNCTION = Path(__file__).resolve().parents[2] / "samples" / "transit_gateway_route_table"


def test_static_routes_of_transit_gateways_are_lines() -> None:
    """What takes them is told of them; what is propagated is no line."""
    snapshot = reach.load(JUNCTION / "snapshot")
    static = [line for line in lines_of(snapshot) if line.kind == "transit route"]
    assert [line.locator for line in static] == ["route 10.91.7.0/24", "route 10.92.0.0/16"]
    answer = reach.ask(snapshot, "can south-host reach west-host port 443")
    (taken,) = (line for line in static if line in exercised_by(snapshot, answer))
    mutant = Mutation(Kind.REMOVED, taken).apply(snapshot)
    assert mutant is not None
    changed = reach.ask(mutant, "can south-host reach west-host port 443")
    assert (answer.verdict, changed.verdict) == (Verdict.REACHABLE, Verdict.UNREACHABLE)
