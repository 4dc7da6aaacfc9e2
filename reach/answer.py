"""Answers: a verdict with its evidence, as plain frozen data.

An :class:`Answer` is what :func:`reach.ask` gives and all that renderers see.  ``to_dict`` is the
stable, versioned JSON form (``format`` counts up when a reader would have to change).  Knows the
neutral network only; must not know how an answer was found.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from reach.certificate import Certificate
from reach.end_point import EndPoint as EndPoint
from reach.network.field import Header
from reach.network.header_space import HeaderSpace, space_told
from reach.network.header_text import header_dict as header_dict
from reach.network.header_text import header_words as header_words
from reach.network.stage import Origin
from reach.proposal import Proposal

FORMAT = 1


class Verdict(StrEnum):
    """Undecided is not a pass, anywhere."""

    REACHABLE = "reachable"
    UNREACHABLE = "unreachable"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Step:
    """One hop of a path: where, the header on entry and on leaving, and what let it pass.

    ``node`` is the name of the place in the lowered network, which a checker needs.  ``denied`` is
    what stops the packet there, on a path that is shown as it would be otherwise.  ``packets`` are
    all the packets that take this path, as they leave the hop, if they were asked for.
    """

    node: str
    resource: str
    kind: str
    name: str
    before: Header
    after: Header
    passed: tuple[Origin, ...]
    denied: tuple[Origin, ...] = ()
    packets: tuple[HeaderSpace, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {
            "node": self.node,
            "resource": self.resource,
            "kind": self.kind,
            "name": self.name,
            "header_in": header_dict(self.before),
            "header_out": header_dict(self.after),
            "passed": [origin_dict(origin) for origin in self.passed],
            "denied": [origin_dict(origin) for origin in self.denied],
            "packets": [space_told(space) for space in self.packets],
        }


def origin_dict(origin: Origin) -> dict[str, str]:
    made = {"resource": origin.resource, "locator": origin.locator, "text": origin.words}
    if origin.name:
        made["name"] = origin.name
    return made


@dataclass(frozen=True, slots=True)
class Witness:
    """A packet, and its reply if asked for, with every hop; replayed before anyone sees it.

    ``packets`` are those that take the same path by the same rules, if they were asked for: all
    there are iff ``complete``.
    """

    packet: Header
    forward: tuple[Step, ...]
    reply: tuple[Step, ...] = ()
    packets: tuple[HeaderSpace, ...] = ()
    complete: bool = False

    def to_dict(self) -> dict[str, Any]:
        return {
            "packet": header_dict(self.packet),
            "packets": [space_told(space) for space in self.packets],
            "complete": self.complete,
            "forward": [step.to_dict() for step in self.forward],
            "reply": [step.to_dict() for step in self.reply],
        }


@dataclass(frozen=True, slots=True)
class PathComponent:
    """One thing on a path as AWS's own analyser tells it.

    ``component`` names it, ``members`` are what the shape says of it besides, in AWS's words.
    ``before`` and ``after`` are the header, and ``before_all`` and ``after_all`` all the packets
    that take the path if they are known, as they come in and go out.
    """

    component: Mapping[str, str]
    members: Mapping[str, Any]
    before: Header
    after: Header
    before_all: tuple[HeaderSpace, ...] = ()
    after_all: tuple[HeaderSpace, ...] = ()


@dataclass(frozen=True, slots=True)
class Analysis:
    """The path there and the way back in AWS's words; ``hints`` are what other paths pass."""

    forward: tuple[PathComponent, ...]
    reply: tuple[PathComponent, ...]
    hints: tuple[Mapping[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """One blocker: AWS's explanation code, who and what it is, and on which way it blocks.

    ``direction`` is "forward" or "reply"; ``packet`` is the header as it was there, None where
    nothing is sent at all.  ``fields`` are
    the members of AWS's own ``Explanation`` that go with the code, in AWS's words.  One that is
    ``aside`` blocks nothing by itself: it says what bears on the blocker before it.
    """

    code: str
    resource: str
    name: str
    locator: str
    text: str
    direction: str
    packet: Header | None = None
    fields: Mapping[str, Any] = field(default_factory=dict, compare=False)
    aside: bool = False

    def to_dict(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "resource": self.resource,
            "name": self.name,
            "locator": self.locator,
            "text": self.text,
            "direction": self.direction,
            "packet": None if self.packet is None else header_dict(self.packet),
            "fields": dict(self.fields),
            "aside": self.aside,
        }


@dataclass(frozen=True, slots=True)
class BlockedPath:
    """One way on which nothing gets through: all that blocks it, and the way if it is complete."""

    explanations: tuple[Explanation, ...]
    path: Witness | None

    def to_dict(self) -> dict[str, Any]:
        return {
            "explanations": [each.to_dict() for each in self.explanations],
            "path": None if self.path is None else self.path.to_dict(),
        }


@dataclass(frozen=True, slots=True)
class Remark:
    """Something an answer rests on or leaves open, about one resource.

    ``collect`` is the call whose answer would settle what is left open, if one would; ``code`` is
    AWS's explanation code for what is left open.
    """

    text: str
    resource: str = ""
    collect: str = ""
    code: str = ""

    def to_dict(self) -> dict[str, str]:
        told = {"text": self.text, "resource": self.resource}
        if self.code:
            told["code"] = self.code
        return {**told, "collect": self.collect} if self.collect else told


@dataclass(frozen=True, slots=True)
class EndGroup:
    """End points that get through by one path, and one packet of those that take it."""

    members: tuple[EndPoint, ...]
    packet: Header
    packets: tuple[HeaderSpace, ...]

    def to_dict(self) -> dict[str, Any]:
        return {
            "members": [each.to_dict() for each in self.members],
            "packet": header_dict(self.packet),
            "packets": [space_told(space) for space in self.packets],
        }


@dataclass(frozen=True, slots=True)
class EndList:
    """Everybody at one ``side`` of a question who gets through; ``complete`` iff proved to be all.

    ``certificate`` shows that nobody else does.
    """

    side: str
    groups: tuple[EndGroup, ...]
    complete: bool
    certificate: Certificate | None = None

    def to_dict(self) -> dict[str, Any]:
        return {
            "side": self.side,
            "complete": self.complete,
            "groups": [group.to_dict() for group in self.groups],
            "certificate": self.certificate.to_dict() if self.certificate else None,
        }


@dataclass(frozen=True)
class Answer:
    """What was asked, the verdict, and its evidence.

    ``question`` is its canonical text, ``source`` and ``destination`` what the ends resolved to.
    ``witness`` goes with reachable, ``explanations`` and ``certificate`` with unreachable,
    ``reason`` and ``gaps`` with undecided.  ``blocked`` holds more blocked ways than the first, and
    ``paths`` more paths than the witness, if they were asked for: all there are iff ``exhausted``.
    ``certificate_of_other_end`` goes with unreachable of a protocol that is tracked by address: no
    flow of the other end's own has what was asked about as its reply.
    ``ends`` lists who gets through where an end is "any".  ``tips`` says of an undecided answer
    whether what is missing could only "open" a way, or only "close" the one that there seems to be.
    ``fix`` and ``cut`` are what could be changed so that the verdict is the other one.
    ``options`` are those that are not the default, ``assumptions`` what the verdict rests on,
    ``notes`` what else to know.  ``analysis`` tells the witness in AWS's words, for AWS's shape.
    ``reductions`` are the passes (:mod:`reach.reduce`) that were on, if these are not all.
    """

    verdict: Verdict
    question: str
    source: str
    destination: str
    one_way: bool
    port_at: str = "source"
    options: tuple[tuple[str, str], ...] = ()
    through: tuple[str, ...] = ()
    avoid: tuple[str, ...] = ()
    assume: tuple[tuple[str, str], ...] = ()
    at_source: tuple[tuple[str, str], ...] = ()
    at_destination: tuple[tuple[str, str], ...] = ()
    witness: Witness | None = None
    explanations: tuple[Explanation, ...] = ()
    blocked_path: Witness | None = None
    blocked: tuple[BlockedPath, ...] = ()
    exhausted: bool = False
    paths: tuple[Witness, ...] = ()
    ends: tuple[EndList, ...] = ()
    reason: str = ""
    tips: str = ""
    gaps: tuple[Remark, ...] = ()
    assumptions: tuple[Remark, ...] = ()
    notes: tuple[Remark, ...] = field(default=())
    certificate: Certificate | None = field(default=None, repr=False)
    certificate_of_other_end: Certificate | None = field(default=None, repr=False)
    analysis: Analysis | None = field(default=None, repr=False)
    fix: Proposal | None = None
    cut: Proposal | None = None
    reductions: tuple[str, ...] | None = None

    def to_dict(self) -> dict[str, Any]:
        """The stable JSON form."""
        some: dict[str, Any] = {}
        if self.reductions is not None:
            some["reductions"] = list(self.reductions)
        other = self.certificate_of_other_end
        if other is not None:
            some["certificate_of_other_end"] = other.to_dict()
        return some | {
            "format": FORMAT,
            "verdict": self.verdict.value,
            "question": self.question,
            "source": self.source,
            "destination": self.destination,
            "one_way": self.one_way,
            "port_at": self.port_at,
            "options": dict(self.options),
            "through": list(self.through),
            "avoid": list(self.avoid),
            "assume": dict(self.assume),
            "at_source": dict(self.at_source),
            "at_destination": dict(self.at_destination),
            "witness": self.witness.to_dict() if self.witness else None,
            "explanations": [each.to_dict() for each in self.explanations],
            "blocked_path": self.blocked_path.to_dict() if self.blocked_path else None,
            "blocked": [each.to_dict() for each in self.blocked],
            "exhausted": self.exhausted,
            "paths": [each.to_dict() for each in self.paths],
            "ends": [each.to_dict() for each in self.ends],
            "reason": self.reason,
            "tips": self.tips,
            "gaps": [each.to_dict() for each in self.gaps],
            "assumptions": [each.to_dict() for each in self.assumptions],
            "notes": [each.to_dict() for each in self.notes],
            "certificate": self.certificate.to_dict() if self.certificate else None,
            "fix": self.fix.to_dict() if self.fix else None,
            "cut": self.cut.to_dict() if self.cut else None,
        }
