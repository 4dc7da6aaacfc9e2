"""The third reading of a network: what happens to sets of flows, stage by stage.

    Reading(network).push(node, space) -> Outcome

Where :mod:`reach.evaluate` walks one flow and :mod:`reach.compile` describes all flows in terms,
this pushes header spaces through the stages of a node.  What comes out holds every header that can
come out, and perhaps more: a set does not remember which of its flows chose what.  So it can refute
but never prove that something arrives.  Knows the neutral network only; must not know AWS, terms,
a solver, or the other two readings.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import assert_never

from reach.aim import Visit
from reach.network.address import ANY_IPV4, ANY_IPV6
from reach.network.field import ICMP, ICMP_ANSWERS, ICMPV6, TCP, UDP
from reach.network.header_space import HeaderSpace, Ranges
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
    Rewrite,
    Stage,
    Translate,
    Unmodelled,
)

_SMALL = 8
FEW_RULES = 8  # of so many those that another one covers are left out
_LONGEST = 4096
_PROTOCOL, _TYPE = "protocol", "icmp_type"


# ------------------------------------------------------------------- spaces


def minus(space: HeaderSpace, hole: HeaderSpace) -> tuple[HeaderSpace, ...]:
    """What of ``space`` does not lie in ``hole``, as disjoint products."""
    left: list[HeaderSpace] = []
    inside = space
    for name, values in hole.fields:
        mine = inside.by_name.get(name)
        outside = (whole(name) if mine is None else mine) - values
        if outside:
            left.append(inside.narrowed(name, outside))
            within = values if mine is None else mine & values
            if not within:
                return (space,)
            inside = inside.narrowed(name, within)
    return tuple(left)


def whole(name: str) -> Ranges:
    return _WHOLE[name]


_WHOLE = {
    name: Ranges.span(0, (1 << width) - 1)
    for name, width in (
        ("source", 129),
        ("destination", 129),
        ("protocol", 8),
        ("source_port", 16),
        ("destination_port", 16),
        ("icmp_type", 8),
        ("icmp_code", 8),
        ("identity", 24),
    )
}


_PORTED = Ranges.of(TCP, UDP)
_ZERO = Ranges.of(0)
_FIELDS_OF_SOME = ("source_port", "destination_port", "icmp_type", "icmp_code")
_FAMILIES = (
    (Ranges.prefixes((ANY_IPV4,)), Ranges.of(ICMP), Ranges.of(ICMPV6)),
    (Ranges.prefixes((ANY_IPV6,)), Ranges.of(ICMPV6), Ranges.of(ICMP)),
)


def covers(space: HeaderSpace, other: HeaderSpace) -> bool:
    """Whether every header of ``other`` lies in ``space``."""
    for name, values in space.fields:
        mine = other.by_name.get(name)
        if mine is values or mine == values:
            continue
        if not (whole(name) if mine is None else mine).lies_in(values):
            return False
    return True


def hull(spaces: Sequence[HeaderSpace]) -> HeaderSpace:
    """The smallest product that holds all of them."""
    names = set.intersection(*({name for name, _ in space.fields} for space in spaces))
    told = {
        name: Ranges.union({span for space in spaces for span in space.by_name[name].intervals})
        for name in names
    }
    return HeaderSpace.where(**told)


def uncovered(space: HeaderSpace, by: Iterable[HeaderSpace]) -> Iterator[HeaderSpace]:
    """What of ``space`` lies in none of ``by``."""
    left = [space]
    for each in by:
        left = [rest for piece in left for rest in minus(piece, each)]
    yield from left


def well_formed(space: HeaderSpace) -> Iterator[HeaderSpace]:
    """The headers of a space that can be: ends of one family, only fields that the protocol has."""
    for family, own, foreign in _FAMILIES:
        ends = space & HeaderSpace.where(source=family, destination=family)
        if ends.is_empty:
            continue
        for protocols, fields in (
            (_PORTED, ("icmp_type", "icmp_code")),
            (own, ("source_port", "destination_port")),
            (whole(_PROTOCOL) - _PORTED - own - foreign, _FIELDS_OF_SOME),
        ):
            piece = ends & HeaderSpace.where(protocol=protocols)
            piece &= HeaderSpace.where(**dict.fromkeys(fields, _ZERO))
            if not piece.is_empty:
                yield piece


def on_the_wire(space: HeaderSpace) -> HeaderSpace:
    return space.without("identity")


def mirrored(space: HeaderSpace) -> HeaderSpace | None:
    """The replies of the headers in a space; None if nobody answers any of them."""
    by = space.by_name
    kind = _answered(by.get(_PROTOCOL), by.get(_TYPE))
    if kind is not None and not kind:
        return None
    return HeaderSpace.where(
        source=by.get("destination"),
        destination=by.get("source"),
        protocol=by.get(_PROTOCOL),
        source_port=by.get("destination_port"),
        destination_port=by.get("source_port"),
        icmp_type=kind,
        icmp_code=_ZERO if by.get("icmp_code") is not None else None,
    )


def replied(space: HeaderSpace) -> HeaderSpace | None:
    """The replies as they begin: nobody's identity yet."""
    reply = mirrored(space)
    return None if reply is None else reply.narrowed("identity", _ZERO)


def _answered(protocols: Ranges | None, kinds: Ranges | None) -> Ranges | None:
    """The ICMP types of the answers; None if they may be anything (0, without ICMP)."""
    asked = [n for n in ICMP_ANSWERS if protocols is None or n in protocols]
    if not asked:
        return None if kinds is None else _ZERO
    if protocols is None or protocols.count > 1:
        return None
    table = ICMP_ANSWERS[asked[0]]
    return Ranges.of(*(answer for kind, answer in table.items() if kinds is None or kind in kinds))


# ------------------------------------------------------------------- what stages remember


@dataclass(frozen=True, slots=True)
class Remembered:
    """A translation's flows: before, after, and which fields it rewrote."""

    before: HeaderSpace
    after: HeaderSpace
    rewritten: tuple[str, ...]


@dataclass(slots=True)
class Memory:
    """What the stages of the way there remember, by session."""

    admitted: dict[str, dict[HeaderSpace, None]] = field(default_factory=dict)
    translated: dict[str, dict[Remembered, None]] = field(default_factory=dict)
    _awaited: dict[str, tuple[HeaderSpace, ...]] = field(default_factory=dict)

    def so_far(self) -> Memory:
        """What is remembered by now, to be asked before the way there is complete."""
        admitted = {session: dict(known) for session, known in self.admitted.items()}
        return Memory(admitted, {session: dict(k) for session, k in self.translated.items()})

    def awaited(self, session: str) -> tuple[HeaderSpace, ...]:
        """The replies that a session lets pass.  Asked only once the way there is complete."""
        known = self._awaited.get(session)
        if known is None:
            flows = [*self.admitted.get(session, ())]
            flows += [each.after for each in self.translated.get(session, ())]
            replies = (mirrored(on_the_wire(flow)) for flow in flows)
            known = tuple(dict.fromkeys(reply for reply in replies if reply is not None))
            self._awaited[session] = known
        return known

    def restored(self, session: str, reply: HeaderSpace) -> Iterator[HeaderSpace]:
        """The replies as they were before a session's translation."""
        for each in self.translated.get(session, ()):
            answer = mirrored(on_the_wire(each.after))
            if answer is None:
                continue
            met = answer & on_the_wire(reply)
            if met.is_empty:
                continue
            flow = HeaderSpace.where(
                source=met.by_name.get("destination"),
                destination=met.by_name.get("source"),
                protocol=met.by_name.get(_PROTOCOL),
                source_port=met.by_name.get("destination_port"),
                destination_port=met.by_name.get("source_port"),
            )
            kept = on_the_wire(each.before) & flow.without(*each.rewritten)
            back = None if kept.is_empty else mirrored(kept)
            if back is not None:
                yield back


# ------------------------------------------------------------------- pushing


@dataclass(frozen=True, slots=True)
class Tag:
    """What a set of flows has met that matters at its end.

    ``seen``: which of the aim's visits it has made, the ``passing`` one last.  ``owed``: sessions
    that have to see the reply: gathered on the way there, struck off on the way back.
    """

    seen: frozenset[int] = frozenset()
    owed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Arrival:
    """Flows that are delivered."""

    stage: Deliver
    tag: Tag
    space: HeaderSpace


@dataclass(slots=True)
class Outcome:
    """What becomes of a set of flows at a node."""

    onward: list[tuple[str, Tag, HeaderSpace]] = field(default_factory=list)
    arrivals: list[Arrival] = field(default_factory=list)
    unmodelled: list[Origin] = field(default_factory=list)


Branch = tuple[Tag, HeaderSpace]


class Reading:
    """One direction.  The way there fills ``memory``; the way back reads that of the way there."""

    def __init__(
        self, network: Network, *, visits: Sequence[Visit] = (), before: Memory | None = None
    ) -> None:
        self.memory = Memory()
        self._network = network
        self._visits = visits
        self._before = before

    def push(self, node: str, tag: Tag, space: HeaderSpace) -> Outcome:
        """Everything that flows of ``space`` at ``node`` can turn into."""
        outcome = Outcome()
        made = {place for place, visit in enumerate(self._visits) if visit.is_at(node)}
        if made:
            tag = Tag(tag.seen | made, tag.owed)
        branches: list[Branch] = [(tag, space)]
        for stage in self._network.node(node).stages:
            branches = [
                after for branch in branches for after in self._stage(stage, branch, outcome)
            ]
            if not branches:
                break
        return outcome

    def _stage(self, stage: Stage, branch: Branch, outcome: Outcome) -> Iterable[Branch]:
        tag, space = branch
        match stage:
            case Filter():
                return self._filter(stage, branch)
            case Translate():
                return [(tag, after) for after in self._translate(stage, space)]
            case Restore():
                if self._before is None:
                    return ()
                return [(tag, back) for back in self._before.restored(stage.session, space)]
            case Forward():
                return self._forward(stage, branch, outcome)
            case Choose():
                outcome.onward += [(option.next, tag, space) for option in stage.options]
                return ()
            case Deliver():
                outcome.arrivals.append(Arrival(stage, tag, space))
                return ()
            case Unmodelled():
                outcome.unmodelled.append(stage.origin)
                return ()
            case _:
                assert_never(stage)

    def _filter(self, stage: Filter, branch: Branch) -> list[Branch]:
        tag, space = branch
        passed: list[Branch] = []
        if stage.session and self._before is not None:
            kept = Tag(tag.seen, tag.owed - {stage.session})
            for reply in self._before.awaited(stage.session):
                met = space & reply
                if not met.is_empty:
                    passed.append((kept, met))
                    if met.fields == space.fields and kept == tag:
                        return passed
            if stage.opening:
                return passed
        elif stage.binds is not None and self._before is None:
            tag = Tag(tag.seen, tag.owed | {stage.session})
        for each in permitted(stage, space):
            passed.append((tag, each))
        if stage.session and self._before is None:
            known = self.memory.admitted.setdefault(stage.session, {})
            known.update(dict.fromkeys(each for _, each in passed))
        return passed

    def _translate(self, stage: Translate, space: HeaderSpace) -> Iterator[HeaderSpace]:
        rest: tuple[HeaderSpace, ...] = (space,)
        for case in stage.cases:
            for piece in rest:
                before = piece & case.match
                if before.is_empty:
                    continue
                for after in _rewritten(case, before):
                    self._remember(stage.session, case, before, after)
                    yield after
            rest = tuple(left for piece in rest for left in minus(piece, case.match))
            if not rest:
                return
        if stage.otherwise is None:
            yield from rest

    def _remember(self, session: str, case: Case, before: HeaderSpace, after: HeaderSpace) -> None:
        if session and self._before is None:
            fields = tuple(rewrite.field for rewrite in case.rewrites)
            # A reply is mirrored: its rewritten fields are those of the other end.
            known = self.memory.translated.setdefault(session, {})
            known[Remembered(before, after, fields)] = None

    def _forward(self, stage: Forward, branch: Branch, outcome: Outcome) -> list[Branch]:
        tag, space = branch
        rest: tuple[HeaderSpace, ...] = (space,)
        for number in towards(stage, space):
            route = stage.routes[number]
            if route.session:
                self._session_route(route.session, route.match, route.next, (tag, rest), outcome)
                continue
            left: list[HeaderSpace] = []
            for piece in rest:
                met = piece & route.match
                if met.is_empty:
                    left.append(piece)
                    continue
                if route.next:
                    outcome.onward.append((route.next, tag, met))
                left += minus(piece, route.match)
            rest = tuple(left)
            if not rest:
                return []
        return [] if stage.otherwise is not None else [(tag, piece) for piece in rest]

    def _session_route(
        self,
        session: str,
        match: HeaderSpace,
        onward: str,
        branch: tuple[Tag, tuple[HeaderSpace, ...]],
        outcome: Outcome,
    ) -> None:
        """Replies of a session may go this way; which ones, a set cannot tell, so all stay too."""
        if self._before is None or not onward:
            return
        tag, rest = branch
        for reply in self._before.awaited(session):
            for piece in rest:
                met = piece & match & reply
                if not met.is_empty:
                    outcome.onward.append((onward, tag, met))


def towards(stage: Forward, space: HeaderSpace) -> Iterable[int]:
    """The routes that may hold any of the destinations."""
    wanted = space.by_name.get("destination")
    if wanted is None or len(stage.routes) <= _SMALL or len(wanted.intervals) > _LONGEST:
        return range(len(stage.routes))
    return stage.towards(wanted)


def permitted(stage: Filter, space: HeaderSpace) -> list[HeaderSpace]:
    """What rules may let pass: first match decides, and a doubt may let pass."""
    found: list[HeaderSpace] = []
    rest: list[HeaderSpace] = [space]
    for rule in stage.decisions:
        denies = rule.action is Action.DENY
        left: list[HeaderSpace] = []
        for piece in rest:
            met = piece & rule.match
            if met.is_empty:
                left.append(piece)
                continue
            if not denies:
                found.append(met)
            if met.fields == piece.fields:
                continue
            if denies or not stage.permits_only:
                left += minus(piece, rule.match)
            else:
                left.append(piece)
        rest = left
        if not rest:
            break
    return found if len(found) < 2 else _distinct(found)


def _distinct(found: list[HeaderSpace]) -> list[HeaderSpace]:
    kept = list(dict.fromkeys(found))
    if len(kept) > FEW_RULES:
        return kept
    return [
        each
        for place, each in enumerate(kept)
        if not any(
            covers(other, each) and (place > at or not covers(each, other))
            for at, other in enumerate(kept)
            if at != place
        )
    ]


def _rewritten(case: Case, before: HeaderSpace) -> list[HeaderSpace]:
    after = before
    for rewrite in case.rewrites:
        values = image(rewrite, after.by_name.get(rewrite.field))
        after = after.narrowed(rewrite.field, values)
    return [] if after.is_empty else [after]


def image(rewrite: Rewrite, old: Ranges | None = None) -> Ranges:
    """All that a rewrite may give, of the values that the field had before (None: any)."""
    match rewrite:
        case Assign():
            return rewrite.values
        case Lookup():
            pairs = rewrite.table.pairs
            if old is None:
                return rewrite.table.values
            single = old.single
            if single is not None:
                new = rewrite.table.of.get(single)
                return Ranges(()) if new is None else Ranges.of(new)
            return Ranges.of(*(new for key, new in pairs if key in old))
        case Embed():
            return rewrite.reach if old is None else rewrite.image(old)
        case _:
            assert_never(rewrite)


def merged(spaces: Mapping[HeaderSpace, None]) -> tuple[HeaderSpace, ...]:
    """The spaces, without those that another one covers."""
    return tuple(_distinct(list(spaces)))
