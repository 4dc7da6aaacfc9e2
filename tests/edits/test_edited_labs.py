"""Recorded labs with one edit each: what AWS's rules say of a recorded probe is what reach says.

A probe that was seen to arrive, or to be lost, is the ground; an edit of the JSON has an effect on
it that one rule leaves no doubt about; verdict and blocker were written down with the edit, before
any question.  Where a change was made that one call undoes, `--fix` finds one call that makes it
reachable, and what it says, put into the JSON here, does so.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

import reach
from tests.edits.catalogue import Edit, Expect
from tests.edits.gateways import EDITS
from tests.edits.lab import ARRIVED, Draft, Lab
from tests.edits.way import Way, way_of
from tests.estate import load_files
from tests.test_labs import NAMES, needs_labs

pytestmark = needs_labs


@dataclass(frozen=True)
class Case:
    """An edit of a lab and the probe that it is about."""

    edit: Edit
    way: Way

    def made(self) -> tuple[Expect, Draft] | None:
        draft = Draft(self.way.lab)
        expected = self.edit.make(draft, self.way)
        return None if expected is None else (expected, draft)

    def __str__(self) -> str:
        return f"{self.way.lab.name}: {self.edit.name}: {self.way.probe.question}"


def cases(lab: str, most: int) -> Iterator[Case]:
    """Each edit with so many probes of each kind: by way, packet, and whether it arrived."""
    seen: Counter[tuple[object, ...]] = Counter()
    whole = Lab.of(lab)
    for probe in whole.probes:
        way = way_of(whole, probe)
        if way is None:
            continue
        arrived = probe.observed in ARRIVED
        if not arrived and not whole.has_arrived(probe.source, probe.destination):
            continue
        kind = (way.kind, way.to_balancer, probe.protocol, probe.port, arrived)
        seen[kind] += 1
        if seen[kind] <= most:
            yield from (Case(e, way) for e in EDITS.values() if e.of_lost is not arrived)


def load(draft: Draft) -> Any:
    return load_files({name: text.decode() for name, text in draft.files().items()})


def failure(case: Case) -> str | None:
    """What is wrong with the answer; "" if nothing is, None if the edit does not apply."""
    made = case.made()
    if made is None:
        return None
    expected, draft = made
    answer = reach.ask(load(draft), expected.asked or case.way.probe.question)
    told = [(each.code, each.resource) for each in answer.explanations]
    if answer.verdict != expected.verdict:
        return f"{case} ({case.edit.rules}): {answer.verdict}, {told or answer.reason}"
    if answer.verdict == "unreachable" and not any(
        (not expected.codes or code in expected.codes)
        and (not expected.resources or resource in expected.resources)
        for code, resource in told
    ):
        return f"{case}: {expected.codes} of {expected.resources}, not {told}"
    return ""


def held(lab: str, most: int, chosen: slice = slice(None)) -> int:
    """How many answers of a lab were as they must be; fails if any was not."""
    told = [failure(case) for case in list(cases(lab, most))[chosen]]
    wrong = [each for each in told if each]
    assert not wrong, "\n".join(wrong)
    return sum(each == "" for each in told)


# Of some 2,000 pairs of an edit and a kind of probe every third is asked about, in each lab others.
_STEP = 3


@pytest.mark.parametrize("lab", NAMES)
def test_an_edited_lab_is_answered_by_the_rules(lab: str) -> None:
    """Every third pair of an edit and a kind of probe."""
    begin = NAMES.index(lab) % _STEP
    assert held(lab, 1, slice(begin, None, _STEP)) > 40


@pytest.mark.deep
@pytest.mark.parametrize("lab", NAMES)
def test_all_edits_are_answered_by_the_rules(lab: str) -> None:
    """Every edit of five probes of each kind."""
    assert held(lab, 5) > 150


def test_every_edit_is_made() -> None:
    """Each applies to some probe of some lab, and changes what it is made to change."""
    made = {
        case.edit.name
        for lab in NAMES
        for case in cases(lab, 1)
        if (found := case.made()) is not None and found[1].files() != case.way.lab.files
    }
    assert made == {*EDITS}


def mended_cases() -> Iterator[Case]:
    """For each edit that one change undoes, one of each way."""
    seen = set()
    for lab in NAMES:
        for case in cases(lab, 1):
            key = case.edit.name, case.way.kind
            if case.edit.mended and key not in seen and case.made() is not None:
                seen.add(key)
                yield case


def test_a_fix_restores_what_an_edit_took() -> None:
    """One change is proposed where one was made; put into the JSON as the call would be, it makes
    the question reachable, and where a straight route was taken away a straight one is proposed."""
    count = 0
    for case in mended_cases():
        made = case.made()
        assert made is not None
        expected, draft = made
        if expected.verdict == "reachable":
            continue
        answer = reach.ask(load(draft), case.way.probe.question, fix=True)
        assert answer.fix is not None
        assert answer.fix.standing == "verified", (str(case), answer.fix.reason)
        assert len(answer.fix.edits) == 1, (str(case), answer.fix.edits)
        (change,) = answer.fix.edits
        _APPLY[change.operation](draft, dict(change.parameters))
        again = reach.ask(load(draft), case.way.probe.question)
        assert again.verdict == "reachable", (str(case), change.command)
        if case.edit.name == "route_of_source_is_gone" and case.way.kind in ("peering", "transit"):
            assert not change.parameters.get("NatGatewayId"), (str(case), change.command)
        count += 1
    assert count > 30


def _authorize(draft: Draft, parameters: dict[str, Any]) -> None:
    name = "IpPermissions" if "Ingress" in parameters["operation"] else "IpPermissionsEgress"
    draft.one("SecurityGroups", "GroupId", parameters["GroupId"])[name] += [
        {"UserIdGroupPairs": [], "IpRanges": [], "Ipv6Ranges": [], "PrefixListIds": []} | rule
        for rule in parameters["IpPermissions"]
    ]


def _write_entry(draft: Draft, parameters: dict[str, Any]) -> None:
    """Made or replaced: the number and the direction are the key."""
    acl = draft.one("NetworkAcls", "NetworkAclId", parameters["NetworkAclId"])
    numbers = {"tcp": "6", "udp": "17", "icmp": "1"}
    names = ("Egress", "RuleNumber", "CidrBlock", "RuleAction", "PortRange", "IcmpTypeCode")
    made = {name: parameters[name] for name in names if name in parameters}
    made["Protocol"] = numbers.get(parameters["Protocol"], parameters["Protocol"])
    key = made["RuleNumber"], made["Egress"]
    left = [e for e in acl["Entries"] if (e["RuleNumber"], e["Egress"]) != key]
    acl["Entries"] = [*left, made]


def _create_route(draft: Draft, parameters: dict[str, Any]) -> None:
    table = draft.one("RouteTables", "RouteTableId", parameters["RouteTableId"])
    route = {name: value for name, value in parameters.items() if name != "RouteTableId"}
    table["Routes"].append(route | {"Origin": "CreateRoute", "State": "active"})


_APPLY = {
    "AuthorizeSecurityGroupIngress": lambda draft, told: _authorize(
        draft, told | {"operation": "Ingress"}
    ),
    "AuthorizeSecurityGroupEgress": lambda draft, told: _authorize(
        draft, told | {"operation": "Egress"}
    ),
    "CreateNetworkAclEntry": _write_entry,
    "ReplaceNetworkAclEntry": _write_entry,
    "CreateRoute": _create_route,
}


def test_the_files_of_a_draft_are_those_of_the_lab_but_for_the_edit() -> None:
    """A draft that nothing was asked of is the lab; one that was is JSON of the same kinds."""
    lab = Lab.of(NAMES[0])
    draft = Draft(lab)
    assert draft.files() == lab.files
    next(draft.all("SecurityGroups"))["GroupName"] = "changed"
    told = draft.files()
    assert sum(told[name] != text for name, text in lab.files.items()) >= 1
    assert {name: [*json.loads(text)] for name, text in told.items()} == {
        name: [*json.loads(text)] for name, text in lab.files.items()
    }
