"""Checks a witness hop by hop, by a reading of its own: exact headers, and what each hop says.

    retrace(network, aim, packet, forward, reply) -> what is wrong, ...

A witness is right iff it starts where the question starts, each hop's stages turn the header that
came in into the one that goes out and lead to the next hop, for just the reasons that the hop
gives, the flow is delivered where the question asks, and its reply gets home.  The sessions that
let the reply pass are those that the way there leaves behind.  Takes hops as plain data, since they
come from a file.  Knows the neutral network only; must not know AWS, terms, a solver, or the other
readings.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import assert_never

from reach.aim import Aim, Start, makes_all
from reach.network.field import INDEX, Header, answers, reply_to
from reach.network.node import Network
from reach.network.stage import (
    Action,
    Assign,
    Case,
    Choose,
    Deliver,
    Embed,
    Filter,
    Forward,
    Lookup,
    Origin,
    Restore,
    Stage,
    Translate,
    Unmodelled,
)

Reason = tuple[str, str, str]  # resource, locator, words


@dataclass(frozen=True, slots=True)
class Hop:
    """One hop as an answer tells it: a node, the header on entry and on leaving, and why."""

    node: str
    before: Header
    after: Header
    passed: tuple[Reason, ...]


class Astray(Exception):  # noqa: N818 - what is wrong with a witness, not with us
    """A hop that does not follow from the one before."""


@dataclass(slots=True)
class _Sessions:
    admitted: dict[str, list[Header]] = field(default_factory=dict)
    translated: dict[str, list[tuple[Header, Header]]] = field(default_factory=dict)
    bound: set[str] = field(default_factory=set)

    def flows(self, session: str) -> Iterator[Header]:
        yield from self.admitted.get(session, ())
        yield from (after for _, after in self.translated.get(session, ()))

    def await_(self, session: str, header: Header) -> bool:
        wire = header._replace(identity=0)
        return any(answers(flow) and reply_to(flow) == wire for flow in self.flows(session))


@dataclass(slots=True)
class _Way:
    """One direction under way."""

    network: Network
    left: _Sessions
    before: _Sessions | None = None
    kept: set[str] = field(default_factory=set)
    reasons: list[Reason] = field(default_factory=list)
    delivery: Deliver | None = None

    def hop(self, hop: Hop, header: Header, onward: str | None) -> Header:
        """Follow one hop; ``onward`` is the next one's node (None: it is the last)."""
        if _wire(hop.before) != _wire(header):
            raise Astray(f"at {hop.node} comes in what did not go out before")
        self.reasons = []
        self.delivery = None
        for stage in self.network.node(hop.node).stages:
            result = self._stage(stage, header, hop, onward)
            if isinstance(result, bool):
                break
            header = result
        else:
            raise Astray(f"{hop.node} lets the packet fall")
        if _wire(header) != _wire(hop.after):
            raise Astray(f"{hop.node} does not send out what the hop says")
        if tuple(self.reasons) != hop.passed:
            raise Astray(f"at {hop.node} the packet does not pass for the reasons given")
        return header

    def _stage(self, stage: Stage, header: Header, hop: Hop, onward: str | None) -> Header | bool:
        """The header after a stage, or True when the hop ends as it says."""
        match stage:
            case Filter():
                return self._filter(stage, header)
            case Translate():
                return self._translate(stage, header, hop)
            case Restore():
                return self._restore(stage, header)
            case Forward():
                return self._forward(stage, header, onward)
            case Choose():
                for option in stage.options:
                    if option.next == onward and self._told(option.origin, hop):
                        self._note(option.origin)
                        return True
                raise Astray(f"{hop.node} does not lead to {onward}")
            case Deliver():
                if onward is not None:
                    raise Astray(f"{hop.node} delivers the packet; it does not go on to {onward}")
                self.delivery = stage
                return True
            case Unmodelled():
                raise Astray(f"{hop.node} is not modelled: {stage.origin}")
            case _:
                assert_never(stage)

    def _filter(self, stage: Filter, header: Header) -> Header:
        before = self.before
        if stage.session and before is not None and before.await_(stage.session, header):
            self._note(stage.replies)
            self.kept.add(stage.session)
        elif stage.opening and before is not None:
            raise Astray(str(stage.otherwise.origin))
        else:
            rule = next(rule for rule in stage.decisions if header in rule.match)
            if rule.action is not Action.PERMIT:
                raise Astray(str(rule.origin))
            self._note(rule.origin)
        if stage.session:
            self.left.admitted.setdefault(stage.session, []).append(header)
        if stage.binds is not None:
            self.left.bound.add(stage.session)
        return header

    def _translate(self, stage: Translate, header: Header, hop: Hop) -> Header:
        case = next((case for case in stage.cases if header in case.match), None)
        if case is None:
            if stage.otherwise is not None:
                raise Astray(str(stage.otherwise))
            return header
        after = _rewritten(case, header, hop.after)
        self._note(case.origin)
        if stage.session:
            self.left.translated.setdefault(stage.session, []).append((header, after))
        return after

    def _restore(self, stage: Restore, header: Header) -> Header:
        known = self.before.translated.get(stage.session, ()) if self.before else ()
        for before, after in known:
            if answers(after) and reply_to(after) == header._replace(identity=0):
                return reply_to(before)
        raise Astray(str(stage.otherwise))

    def _forward(self, stage: Forward, header: Header, onward: str | None) -> Header | bool:
        for route in stage.routes:
            if header not in route.match:
                continue
            if route.session and not (
                self.before is not None and self.before.await_(route.session, header)
            ):
                continue
            if route.next != onward or not route.next:
                raise Astray(f"{route.origin}: it does not lead to {onward}")
            self._note(route.origin)
            return True
        if stage.otherwise is not None:
            raise Astray(str(stage.otherwise))
        return header

    def _note(self, origin: Origin) -> None:
        if origin.words:
            self.reasons.append((origin.resource, origin.locator, origin.words))

    @staticmethod
    def _told(origin: Origin, hop: Hop) -> bool:
        """Whether the hop gives this reason (two options may lead to one node)."""
        reason = (origin.resource, origin.locator, origin.words)
        return not origin.words or reason in hop.passed


def _wire(header: Header) -> Header:
    return header._replace(identity=0)


def _rewritten(case: Case, header: Header, leaves: Header) -> Header:
    """What a case makes of a header; where it may make several things, what the hop says."""
    for rewrite in case.rewrites:
        old, said = header[INDEX[rewrite.field]], leaves[INDEX[rewrite.field]]
        match rewrite:
            case Assign():
                single = rewrite.values.single
                new = said if single is None else single
                if new not in rewrite.values:
                    raise Astray(f"{case.origin}: it cannot become that {rewrite.field}")
            case Lookup():
                new = rewrite.table.of[old]
            case Embed():
                new = rewrite.of(old)
            case _:
                assert_never(rewrite)
        header = header._replace(**{rewrite.field: new})
    return header


def retrace(
    network: Network, aim: Aim, packet: Header, forward: Sequence[Hop], reply: Sequence[Hop]
) -> tuple[str, ...]:
    """What is wrong with a witness; nothing iff it is right."""
    try:
        _follow(network, aim, packet, forward, reply)
    except Astray as error:
        return (str(error),)
    except (LookupError, AttributeError, AssertionError, ValueError) as error:
        return (f"a hop names a node that is not there: {error!r}",)
    return ()


def _follow(
    network: Network, aim: Aim, packet: Header, forward: Sequence[Hop], reply: Sequence[Hop]
) -> None:
    if not forward or forward[0].before != packet:
        raise Astray("the way there does not begin with the packet")
    start = _start(aim, forward[0].node, packet)
    there = _Way(network, _Sessions())
    final = _walk(there, packet, forward)
    delivery = there.delivery
    if delivery is None:
        raise Astray("the way there does not end in a delivery")
    _arrives(aim, packet, forward, delivery, final)
    if not aim.two_way:
        return
    if not reply or reply[0].node != delivery.reply:
        raise Astray(f"the reply does not begin at {delivery.reply}")
    back = _Way(network, _Sessions(), there.left)
    home = _walk(back, reply_to(final), reply)
    if back.delivery is None or back.delivery.owner != start.owner:
        raise Astray("the reply is not delivered to who sent the packet")
    if _wire(home) != reply_to(packet):
        raise Astray("the reply is not one to the packet")
    if there.left.bound - back.kept:
        raise Astray("the reply is not seen by all that have to see it")


def _start(aim: Aim, node: str, packet: Header) -> Start:
    for start in aim.starts:
        if start.node == node and packet in start.space:
            if not aim.to_itself and packet.source == packet.destination:
                break
            return start
    raise Astray(f"the question has no such packet that starts at {node}")


def _walk(way: _Way, header: Header, hops: Sequence[Hop]) -> Header:
    for place, hop in enumerate(hops):
        onward = hops[place + 1].node if place + 1 < len(hops) else None
        header = way.hop(hop, header, onward)
    return header


def _arrives(
    aim: Aim, packet: Header, forward: Sequence[Hop], delivery: Deliver, final: Header
) -> None:
    if delivery.owner in aim.but or final not in aim.arriving:
        raise Astray("what is delivered is not what was asked for")
    passed = not {hop.node for hop in forward}.isdisjoint(aim.passing)
    if aim.goals is not None and not passed:
        space = aim.goals.get(delivery.owner)
        if space is None or final not in space:
            raise Astray(f"it is delivered to {delivery.owner}, which was not asked for")
    comes_back = final.destination == packet.source and not passed
    if not aim.to_itself and (delivery.inside or comes_back):
        raise Astray("it does not leave its sender")
    if not makes_all(aim.through, [hop.node for hop in forward]):
        raise Astray("it does not take the way that was asked for")
