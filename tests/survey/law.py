"""The law of surveys: they say of every pair of groups what a single question says of it.

    Law(snapshot, by, one_way).check() -> counts of what there was

A service is reachable iff an access of the pair lists it, undecided only if the pair is open, and
what is neither is unreachable.  Services are what is delivered; where a balancer listens at another
port, a question is asked once more with its port at the destination.  Every witness is checked as
that of an answer is.  Black box: knows ``reach.ask``, ``reach.check`` and what surveys give.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import orjson

import reach
from reach.answer import Answer, Verdict
from reach.asking import ground_of, verdict
from reach.checking import check_answer
from reach.network.address import format_address
from reach.network.field import ICMP, ICMPV6, TCP, UDP
from reach.network.header_space import HeaderSpace, Ranges
from reach.options import Options
from reach.snapshot.records import NetworkInterface
from reach.survey.findings import Access, Survey
from reach.survey.grouping import NOBODY_KNOWN

# What is asked of each pair: the words of a question, and the same as a set of headers.
SERVICES: Mapping[str, tuple[HeaderSpace, ...]] = {
    "port 22": (HeaderSpace.where(protocol=Ranges.of(TCP), destination_port=Ranges.of(22)),),
    "port 443": (HeaderSpace.where(protocol=Ranges.of(TCP), destination_port=Ranges.of(443)),),
    "port 53/udp": (HeaderSpace.where(protocol=Ranges.of(UDP), destination_port=Ranges.of(53)),),
    "icmp": (
        HeaderSpace.where(protocol=Ranges.of(ICMP), icmp_type=Ranges.of(8)),
        HeaderSpace.where(protocol=Ranges.of(ICMPV6), icmp_type=Ranges.of(128)),
    ),
}
_NAMES = {TCP: "tcp", UDP: "udp"}


def lists(access: Access, service: str) -> bool:
    """Whether an access lists a service."""
    return any(
        not (space & wanted).is_empty for space in access.services for wanted in SERVICES[service]
    )


@dataclass
class Law:
    """A survey of everybody, and the questions that it has to agree with.

    ``ends`` are texts of questions by the key of the group that each means.
    """

    snapshot: Any
    by: str
    ends: Mapping[str, str]
    one_way: bool = False
    sources: Mapping[str, str] | None = None
    services: tuple[str, ...] = tuple(SERVICES)
    options: Mapping[str, str] | None = None
    found: Counter[str] = field(default_factory=Counter)

    @cached_property
    def survey(self) -> Survey:
        source = "any" if self.sources is None else next(iter(self.sources.values()))
        return reach.matrix(
            self.snapshot, source, by=self.by, one_way=self.one_way, options=self.options
        )

    def check(self) -> Counter[str]:
        """Hold the survey against the questions.  What there was, by verdict."""
        assert self.survey.complete, self.survey.proof
        faults = [*self._pairs(), *self._accesses()]
        assert not faults, "\n".join(faults[:20])
        return self.found

    def _pairs(self) -> Iterator[str]:
        for source, one in (self.ends if self.sources is None else self.sources).items():
            for destination, other in self.ends.items():
                if source == destination and self.by == "endpoint":
                    continue  # who is asked about itself may reach itself; a survey leaves that out
                for service in self.services:
                    yield from self._pair(source, one, destination, other, service)

    def _pair(
        self, source: str, one: str, destination: str, other: str, service: str
    ) -> Iterator[str]:
        text = f"can {one} reach {other} {service}"
        listed = any(lists(each, service) for each in self._of(source, destination))
        told = reach.ask(self.snapshot, text, one_way=self.one_way, options=self.options)
        if listed != (told.verdict is Verdict.REACHABLE):
            told = self._where_it_ends(text)
        self.found[told.verdict.value] += 1
        opened = any(
            each.source == source and each.destination in (destination, NOBODY_KNOWN)
            for each in self.survey.open
        )
        said = f"{text} ({'one way' if self.one_way else 'both ways'}, by {self.by})"
        if listed != (told.verdict is Verdict.REACHABLE):
            yield f"{said}: {told.verdict.value}, {'listed' if listed else 'not listed'}"
        if told.verdict is Verdict.UNDECIDED and not (opened or self.survey.gaps):
            yield f"{said}: undecided ({told.reason}), but not open"

    def _where_it_ends(self, text: str) -> Answer:
        """The answer about what is delivered at the port of a question, whatever it was sent to."""
        how: dict[str, Any] = {"one_way": self.one_way, "options": self.options}
        return reach.ask(self.snapshot, text, port_at="destination", **how)

    def _of(self, source: str, destination: str) -> list[Access]:
        return [
            each
            for each in self.survey.accesses
            if (each.source, each.destination) == (source, destination)
        ]

    def _accesses(self) -> Iterator[str]:
        """Every witness is one, and every service has a packet."""
        sources = self.ends if self.sources is None else self.sources
        for access in self.survey.accesses:
            one, other = sources.get(access.source), self.ends.get(access.destination)
            if one is None or other is None:
                continue
            self.found["accesses"] += 1
            yield from self._witness(access)
            if access.source == access.destination and self.by == "endpoint":
                continue
            for words in dict.fromkeys(w for space in access.services for w in said(space)):
                text = f"can {one} reach {other} {words}"
                told = verdict(self.snapshot, text, one_way=self.one_way, options=self.options)
                if told.verdict is not Verdict.REACHABLE:
                    told = self._where_it_ends(text)
                self.found["services"] += 1
                if told.verdict is not Verdict.REACHABLE:
                    yield f"{text}: {access.services}, but {told.verdict.value} {told.reason}"

    def _witness(self, access: Access) -> Iterator[str]:
        """It answers the question about everybody, begins in its group and ends in the other, or
        comes by a balancer of it: what is sent to that is delivered to a target."""
        question = self.survey.question
        told = verdict(self.snapshot, question, one_way=self.one_way, options=self.options)
        mine: Answer = replace(told, witness=access.witness, notes=(), assumptions=())
        checked = check_answer(self.snapshot, orjson.loads(orjson.dumps(mine.to_dict())))
        if not checked.holds:
            yield f"{question}: the witness {access.witness.packet}: {checked.wrong}"
        sent = [access.witness.packet.source]
        way = access.witness.forward
        come = [step.before.destination for step in way if "load balancer" in step.kind]
        come.append(way[-1].before.destination)
        groups = (self.survey.sources[access.source], self.survey.destinations[access.destination])
        for ends, group in zip((sent, come), groups, strict=True):
            known = {address for each in group.members for address in each.addresses}
            if known and known.isdisjoint(map(format_address, ends)):
                yield f"{format_address(ends[-1])} is nobody of {group.name}"


def said(space: HeaderSpace) -> Iterator[str]:
    """Questions for the edges of a set of services, one for each kind of packet."""
    protocols = space.by_name.get("protocol", Ranges.span(0, 255))
    for kind, name in _NAMES.items():
        if kind in protocols:
            ports = space.by_name.get("destination_port", Ranges.span(0, 0xFFFF))
            for number in (ports.intervals[0][0], ports.intervals[-1][1]):
                yield f"port {number}/{name}"
    for kind in (ICMP, ICMPV6):
        if kind in protocols:
            types = space.by_name.get("icmp_type")
            code = space.by_name.get("icmp_code", Ranges.of(0)).intervals[0][0]
            if types is not None and kind == ICMP:
                yield f"icmp {types.intervals[0][0]}/{code}"
            elif kind == ICMPV6:
                yield "protocol 58"
    rest = protocols - Ranges.of(TCP, UDP, ICMP, ICMPV6)
    if rest:
        yield f"protocol {rest.intervals[0][0]}"
        yield f"protocol {rest.intervals[-1][1]}"


def ends(snapshot: Any, by: str) -> dict[str, str]:
    """Everybody by group, as a question names them: of end points that are alike the first."""
    ground = ground_of(snapshot, Options.of({}))
    found: dict[str, str] = {}
    for each in snapshot.records(NetworkInterface):
        match by:
            case "vpc":
                key = text = each.vpc_id
            case "subnet":
                key = text = each.subnet_id
            case _:
                key = ground.interface_node(each).rpartition("/")[0]
                text = each.network_interface_id
        found.setdefault(key, text)
    return found
