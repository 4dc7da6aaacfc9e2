"""The law of faces: whatever way a question is asked, the answer is the same.

    Faces(snapshot, Random(seed)).check(source, destination, packet, one_way) -> faults, ...

A verdict against the surveys of the same ends, the passes that make the network smaller, further
paths and blockers, what is asked of the way, proposals that are applied and asked again, and the
checker of evidence.  Black box: knows what ``reach`` gives, and nothing of how it is found.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

import orjson
import pytest

import reach
from reach.answer import Answer, Verdict
from reach.asking import ground_of
from reach.checking import check_answer
from reach.options import Options
from reach.places import place
from reach.reduce import PASSES
from reach.snapshot.balancer_records import LoadBalancer, LoadBalancerListeners
from reach.snapshot.gateway_records import InternetGateway, NatGateway
from reach.snapshot.records import NetworkInterface, Subnet, Vpc
from reach.survey.findings import Standing, Survey
from tests.estate import load_files

STANDINGS = {
    Verdict.REACHABLE: Standing.SOMETHING,
    Verdict.UNREACHABLE: Standing.NOTHING,
    Verdict.UNDECIDED: Standing.UNDECIDED,
}
BY = ("endpoint", "subnet", "vpc", "group", "account", "tag:Stage", "tag:Nobody")


@dataclass
class Faces:
    snapshot: Any
    rng: Random
    files: Mapping[str, str] = field(default_factory=dict)
    found: Counter[str] = field(default_factory=Counter)
    surveys: dict[tuple[str, bool], Survey] = field(default_factory=dict)

    def check(
        self, source: str, destination: str, packet: str, one_way: bool, *, dear: bool = True
    ) -> list[str]:
        """What does not agree about one question; ``dear``: with proposals too."""
        text = f"can {source} reach {destination} {packet}".strip()
        said = f"{text}{' (one way)' if one_way else ''}"
        try:
            told = reach.ask(self.snapshot, text, one_way=one_way)
        except reach.QuestionError:
            self.found["refused"] += 1
            return list(self._refused(source, destination, packet, one_way, said))
        self.found[told.verdict.value] += 1
        faults = [
            *self._evidence(text, told, one_way),
            *self._other_ways(text, told, one_way),
            *self._surveyed(told, source, destination, packet, one_way),
            *self._on_the_way(text, told, one_way),
            *(self._proposals(text, told, one_way) if dear else ()),
        ]
        return [f"{said}: {told.verdict.value}, but {fault}" for fault in faults]

    def _ask(self, text: str, **how: Any) -> Answer:
        return reach.ask(self.snapshot, text, **how)

    def _refused(
        self, source: str, destination: str, packet: str, one_way: bool, said: str
    ) -> Iterator[str]:
        """Surveys refuse what a question refuses."""
        try:
            reach.matrix(self.snapshot, source, destination, packet, one_way=one_way)
        except reach.QuestionError:
            return
        yield f"{said}: refused, and a survey is not"

    def _checked(self, told: Answer) -> str:
        checked = check_answer(self.snapshot, orjson.loads(orjson.dumps(told.to_dict())))
        return "" if checked.holds else "; ".join(map(str, checked.wrong))

    def _evidence(self, text: str, told: Answer, one_way: bool) -> Iterator[str]:
        """What it shows holds, and so does each further path and blocked way."""
        remembered = any("in the last 600 s" in str(each) for each in told.assumptions)
        if told.verdict is Verdict.UNREACHABLE and told.certificate is None:
            self.found["without certificate"] += 1
        elif told.verdict is not Verdict.UNDECIDED and not remembered:
            wrong = self._checked(told)
            if wrong:
                yield f"its evidence: {wrong}"
        more = self._ask(text, one_way=one_way, paths=3, blocked=3, packets=True, ends=3)
        if more.verdict is not told.verdict:
            yield f"with all that can be shown it is {more.verdict.value}"
        for path in more.paths:
            self.found["paths"] += 1
            wrong = self._checked(_with(told, path))
            if wrong:
                yield f"a path: {wrong}"

    def _other_ways(self, text: str, told: Answer, one_way: bool) -> Iterator[str]:
        """Without the passes it is the same; one way is weaker."""
        some = [name for name in PASSES if self.rng.random() < 0.5]
        for passes in ([], some):
            plain = self._ask(text, one_way=one_way, reductions=passes)
            if plain.verdict is not told.verdict:
                yield f"with the passes {passes} it is {plain.verdict.value}"
        if not one_way:
            weaker = self._ask(text, one_way=True).verdict
            if told.verdict is Verdict.REACHABLE and weaker is not Verdict.REACHABLE:
                yield f"one way it is {weaker.value}"
            if weaker is Verdict.UNREACHABLE and told.verdict is not weaker:
                yield f"one way it is {weaker.value}"

    # ------------------------------ surveys

    def _surveyed(
        self, told: Answer, source: str, destination: str, packet: str, one_way: bool
    ) -> Iterator[str]:
        """Each survey of the same ends stands as the verdict does."""
        by = self.rng.choice(BY)
        passes = self.rng.choice([None, None, [], ["classes"]])
        how: dict[str, Any] = {"one_way": one_way, "reductions": passes}
        ends = (self.snapshot, source, destination, packet)
        exposed = reach.exposure(*ends, **how)
        matrix = reach.matrix(*ends, by=by, **how)
        apart = reach.isolated(*ends, **how)
        for kind, survey in (("exposure", exposed), (f"matrix by {by}", matrix)):
            self.found["surveys"] += 1
            if not self._stands(told, survey.standing):
                yield f"the {kind} says {survey.standing.value} (passes {passes})"
        back = self._ask(f"can {destination} reach {source} {packet}", one_way=one_way)
        for way, answer, survey in (("there", told, apart.there), ("back", back, apart.back)):
            if not self._stands(answer, survey.standing):
                was = answer.verdict.value
                yield f"isolated, {way} ({was}), says {survey.standing.value} (passes {passes})"
        asked = replace(told, reductions=None if passes is None else tuple(passes))
        for survey in (exposed, matrix):
            yield from self._witnesses(asked, survey)

    def _stands(self, told: Answer, standing: Standing) -> bool:
        if STANDINGS[told.verdict] is standing:
            return True
        # R-SG-27: what a survey cannot tell of other protocols it says so of.
        remembered = any("in the last 600 s" in str(each) for each in told.assumptions)
        about_others = "protocol" in told.question or "port" not in told.question
        return standing is Standing.UNDECIDED and (remembered or about_others)

    def _witnesses(self, told: Answer, survey: Survey) -> Iterator[str]:
        for access in survey.accesses:
            self.found["accesses"] += 1
            wrong = self._checked(_with(told, access.witness, Verdict.REACHABLE))
            if wrong:
                yield f"the witness of {access.source} -> {access.destination}: {wrong}"

    def pair(
        self, one: tuple[str, str], other: tuple[str, str], packet: str, one_way: bool
    ) -> Iterator[str]:
        """Of two ids with an address of each: a survey of everybody lists them iff a question says
        that one gets through to the other."""
        known = self.surveys.get((packet, one_way))
        if known is None:
            known = reach.matrix(self.snapshot, packet=packet, by="endpoint", one_way=one_way)
            self.surveys[packet, one_way] = known
        told = self._ask(f"can {one[0]} reach {other[0]} {packet}".strip(), one_way=one_way)
        listed = any(
            _holds(known.sources, each.source, one[1])
            and _holds(known.destinations, each.destination, other[1])
            for each in known.accesses
        )
        self.found["listed" if listed else "not listed"] += 1
        if listed != (told.verdict is Verdict.REACHABLE):
            remembered = any("in the last 600 s" in str(each) for each in told.assumptions)
            if not remembered:
                way = " (one way)" if one_way else ""
                said = f"{one[0]} -> {other[0]} {packet}{way}"
                yield f"{said}: {told.verdict.value}, listed: {listed}"

    # ------------------------------ what is asked of the way

    def _on_the_way(self, text: str, told: Answer, one_way: bool) -> Iterator[str]:
        """What it passes it can be asked to pass; what is not reachable is not so by any way."""
        known = self._resources()
        met = [] if told.witness is None else [step.resource for step in told.witness.forward]
        both = {*met, *(step.resource for step in (told.witness.reply if told.witness else ()))}
        by = self.rng.choice([*known, *(each for each in met if each in known)] or [""])
        if not by:
            return
        try:
            through = self._ask(text, one_way=one_way, through=[by]).verdict
        except reach.QuestionError:
            self.found["no place"] += 1
            with pytest.raises(reach.QuestionError):
                self._ask(text, one_way=one_way, avoid=[by])
            return
        avoid = self._ask(text, one_way=one_way, avoid=[by]).verdict
        closed = self._ask(text, one_way=one_way, assume={by: "unreachable"}).verdict
        match told.verdict:
            case Verdict.REACHABLE:
                if by in met and through is not told.verdict:
                    yield f"through {by} it is {through.value}"
                # What is passed in its parts is not told of by a witness, but they are.
                own = by.startswith(("eni-", "subnet-", "nat-", "igw-"))
                if own and by not in both and avoid is not told.verdict:
                    yield f"without {by} it is {avoid.value}"
                if {through, avoid} == {Verdict.UNREACHABLE}:
                    yield f"neither through {by} nor without it"
            case Verdict.UNREACHABLE:
                # Where it is not known by what one passes it, whether one does stays open.
                unsaid = through is Verdict.UNDECIDED and self._is_partly_known(by)
                for words, verdict in (("through", through), ("avoiding", avoid)):
                    if verdict is not told.verdict and not (unsaid and words == "through"):
                        yield f"{words} {by} it is {verdict.value}"
                if closed is not told.verdict:
                    yield f"with {by} assumed closed it is {closed.value}"
            case Verdict.UNDECIDED:
                if through is Verdict.REACHABLE or avoid is Verdict.REACHABLE:
                    yield f"by way of {by} it is reachable"

    def _is_partly_known(self, thing: str) -> bool:
        return bool(place(ground_of(self.snapshot, Options.of({})), thing).gaps)

    def _resources(self) -> list[str]:
        """Every id, half of them of kinds that most packets pass, and listeners."""
        kinds = (NetworkInterface, Subnet, Vpc, NatGateway, InternetGateway, LoadBalancer)
        ground = ground_of(self.snapshot, Options.of({}))
        plain = [ground.id_of(each) for kind in kinds for each in self.snapshot.records(kind)]
        every = [each for each in ground.ids() if " " not in each]
        every += [
            listener.listener_arn
            for each in self.snapshot.records(LoadBalancerListeners)
            for listener in each.listeners
        ]
        return self.rng.choice([plain, every])

    def at_the_destination(
        self, one: str, other: str, port: int, protocol: str, one_way: bool
    ) -> Iterator[str]:
        """What a survey says is delivered at a port is what a question of it says."""
        text = f"can {one} reach {other} port {port}/{protocol}"
        told = self._ask(text, one_way=one_way, port_at="destination")
        survey = reach.matrix(self.snapshot, one, other, by="endpoint", one_way=one_way)
        number = {"tcp": 6, "udp": 17}[protocol]
        listed = any(
            number in space.by_name.get("protocol", [number])
            and port in space.by_name.get("destination_port", [port])
            for access in survey.accesses
            for space in access.services
        )
        self.found["at the destination"] += 1
        if listed != (told.verdict is Verdict.REACHABLE) and told.verdict is not Verdict.UNDECIDED:
            yield f"{text} at the destination: {told.verdict.value}, listed: {listed}"

    # ------------------------------ proposals

    def _proposals(self, text: str, told: Answer, one_way: bool) -> Iterator[str]:
        """What is proposed does what it says, and its evidence holds."""
        more = self._ask(text, one_way=one_way, fix=True, cut=True)
        wished = {Verdict.UNREACHABLE: Verdict.REACHABLE, Verdict.REACHABLE: Verdict.UNREACHABLE}
        proposal = more.fix if told.verdict is Verdict.UNREACHABLE else more.cut
        if told.verdict not in wished or proposal is None:
            return
        self.found[f"proposal {proposal.standing.value}"] += 1
        if not proposal.edits or not self.files:
            return
        changed = done(self.files, proposal.edits)
        if changed is None:
            self.found["proposals of other calls"] += 1
            return
        after = reach.ask(load_files(changed), text, one_way=one_way)
        if proposal.standing.value == "verified" and after.verdict is not wished[told.verdict]:
            yield f"after {[edit.command for edit in proposal.edits]} it is {after.verdict.value}"


def _with(told: Answer, witness: Any, verdict: Verdict | None = None) -> Answer:
    return replace(told, witness=witness, verdict=verdict or told.verdict, paths=())


def _holds(groups: Any, key: str, address: str) -> bool:
    return any(address in each.addresses for each in groups[key].members)


# ------------------------------ what AWS would have done


def done(files: Mapping[str, str], edits: Any) -> dict[str, str] | None:
    """The files after these calls; None if any is of another kind than is known here."""
    changed = {name: orjson.loads(text) for name, text in files.items()}
    for edit in edits:
        if not any(_call(edit.operation, edit.parameters, told) for told in changed.values()):
            return None
    return {name: orjson.dumps(told).decode() for name, told in changed.items()}


def _call(operation: str, given: Mapping[str, Any], told: Any) -> bool:
    """Whether a call did what it does to what one file tells."""
    records = {
        str(each[key]): each
        for call, key in (
            *(("SecurityGroups", "GroupId"), ("NetworkAcls", "NetworkAclId")),
            *(("RouteTables", "RouteTableId"),),
        )
        for each in told.get(call, ())
    }
    names = ("GroupId", "NetworkAclId", "RouteTableId")
    of = next((records[given[name]] for name in names if given.get(name) in records), None)
    if of is None:
        return False
    match operation:
        case "AuthorizeSecurityGroupIngress" | "AuthorizeSecurityGroupEgress":
            of[_direction(operation)] += given["IpPermissions"]
        case "RevokeSecurityGroupIngress" | "RevokeSecurityGroupEgress":
            for gone in given["IpPermissions"]:
                _revoke(of[_direction(operation)], gone)
        case "CreateNetworkAclEntry" | "ReplaceNetworkAclEntry":
            _drop(of["Entries"], given, "RuleNumber", "Egress")
            of["Entries"].append({k: v for k, v in given.items() if k != "NetworkAclId"})
        case "DeleteNetworkAclEntry":
            _drop(of["Entries"], given, "RuleNumber", "Egress")
        case "CreateRoute" | "ReplaceRoute" | "DeleteRoute":
            to = next(name for name in given if name.startswith("Destination"))
            of["Routes"] = [
                each
                for each in of["Routes"]
                if each.get(to) != given[to] or each["Origin"] == "EnableVgwRoutePropagation"
            ]
            if operation != "DeleteRoute":
                made = {k: v for k, v in given.items() if k != "RouteTableId"}
                of["Routes"].append({**made, "Origin": "CreateRoute", "State": "active"})
        case _:
            return False
    return True


def _direction(operation: str) -> str:
    return "IpPermissions" if operation.endswith("Ingress") else "IpPermissionsEgress"


def _drop(entries: list[Any], given: Mapping[str, Any], *names: str) -> None:
    gone = [each for each in entries if all(each[name] == given[name] for name in names)]
    for each in gone:
        entries.remove(each)


def _revoke(rules: list[Any], gone: Mapping[str, Any]) -> None:
    """Take each peer out of the rule that has it."""
    peers = {"IpRanges": "CidrIp", "Ipv6Ranges": "CidrIpv6", "PrefixListIds": "PrefixListId"}
    for rule in rules:
        same = all(rule.get(k) == gone.get(k) for k in ("IpProtocol", "FromPort", "ToPort"))
        for listed, key in {**peers, "UserIdGroupPairs": "GroupId"}.items():
            known = {each[key] for each in gone.get(listed, ())}
            if same and known:
                rule[listed] = [each for each in rule[listed] if each[key] not in known]
