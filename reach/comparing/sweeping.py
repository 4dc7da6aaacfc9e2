"""Flows that meet nothing but filters and ways, told by sets alone, and what is left for a solver.

    swept(networks, starts, wanted) -> Swept

Where nothing is rewritten (but who is said to have sent it) or in doubt, a set of headers says
which of them were there: what is delivered has the header with which it began, and its reply the
same one turned round.  So what gets through such nodes is known exactly, of everybody at once, and
what gets through one network and not the other one is a difference of sets.  Of several ways that a
flow may take one is enough; what only some of these ways remember of it, no set can tell.  What
comes to any such node, in either network, is left: it may get further, and is for others to say.

Knows the neutral network only; must not know AWS, terms or a solver.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from reach import foreseen
from reach.aim import Start
from reach.comparing.nodes import only_says_who
from reach.flood import Memory, Reading, Tag, covers, hull, replied, uncovered, whole
from reach.network.address import ANY_IPV4, ANY_IPV6
from reach.network.field import ICMP, ICMP_ANSWERS, ICMPV6, TCP, UDP, Header
from reach.network.header_space import HeaderSpace, Ranges
from reach.network.node import Network
from reach.network.spans import Spans
from reach.network.stage import (
    Action,
    Assign,
    Choose,
    Deliver,
    Filter,
    Forward,
    Restore,
    Stage,
    Translate,
    Unmodelled,
)

MOST, EACH = 20_000, 20  # so many sets are pushed on at least, and for each start
_PLAIN = Tag()
_CHOSEN, _COUNTS = 0, 1  # a way was chosen among several; it came by a place that counts
_ZERO = Ranges.of(0)
_PORTS, _ICMP = ("source_port", "destination_port"), ("icmp_type", "icmp_code")
_ALIKE = Ranges.span(0, 255) - Ranges.of(TCP, UDP, ICMP, ICMPV6)


class TooManyError(Exception):
    """There are more sets than are pushed on."""


@dataclass(frozen=True)
class Gained:
    """Packets of a start that are delivered to an owner at a node in the second network, with
    their reply, and not in the first one."""

    start: Start
    owner: str
    last: str
    space: HeaderSpace

    @property
    def is_nobody(self) -> bool:
        """Whether there is nothing but what an address sends to itself."""
        source, destination = (self.space.by_name[side] for side in ("source", "destination"))
        return source == destination and source.single is not None

    def some_packet(self, two_way: bool) -> Header:
        """One of them: the one that people would like best to see."""
        found = foreseen.packet(self.space, two_way)
        assert found is not None
        for side, other in (("destination", "source"), ("source", "destination")):
            if found.source != found.destination:
                break
            rest = self.space.by_name[side] - Ranges.of(getattr(found, other))
            another = foreseen.packet(self.space.narrowed(side, rest), two_way) if rest else None
            found = another or found
        return found


@dataclass(frozen=True)
class Swept:
    """What gets further for certain, and starts with all else that may."""

    gained: tuple[Gained, ...]
    rest: tuple[Start, ...]


@dataclass(frozen=True)
class Counted:
    """Which flows count: those that come by ``forward``, or whose reply comes by ``reply`` (by
    node, headers on entry)."""

    forward: Mapping[str, tuple[HeaderSpace, ...]]
    reply: Mapping[str, tuple[HeaderSpace, ...]]


def swept(
    networks: tuple[Network, Network],
    starts: Sequence[Start],
    known: Mapping[tuple[str, str], Sequence[HeaderSpace]],
    counted: Counted,
) -> Swept:
    """The flows of some starts that have a reply; ``known`` is what each sender sent before."""
    gained: list[Gained] = []
    rest: dict[Start, list[HeaderSpace]] = {}
    alone, others = _alone(starts, known)
    for start in others:
        rest[start] = [start.space]
    begun = [(start, space) for start in alone for space in _answered(start.space)]
    try:
        for each, spaces in _swept(networks, begun, counted, gained) if begun else ():
            rest.setdefault(each, []).extend(spaces)
    except TooManyError:
        return Swept((), tuple(starts))
    left = (replace(s, space=s.space & hull(rest[s])) for s in starts if rest.get(s))
    return Swept(tuple(gained), tuple(left))


def _alone(
    starts: Sequence[Start], known: Mapping[tuple[str, str], Sequence[HeaderSpace]]
) -> tuple[list[Start], list[Start]]:
    """Starts that sent the same before, from addresses that nobody else sends from; all others."""
    at: list[tuple[int, int, str]] = []
    shared: set[str] = set()
    for start in starts:
        sources = start.space.by_name.get("source")
        sent = known.get((start.node, start.owner), ())
        if sources is None or not any(covers(each, start.space) for each in sent):
            shared.add(start.node)
        else:
            at += ((low, high, start.node) for low, high in sources.intervals)
    highest, whose = -1, ""
    for low, high, node in sorted(at):
        if low <= highest and node != whose:
            shared |= {node, whose}
        if high > highest:
            highest, whose = high, node
    found = [start for start in starts if start.node not in shared]
    return found, [start for start in starts if start.node in shared]


def _answered(space: HeaderSpace) -> Iterator[HeaderSpace]:
    """The packets of a space with the fields that they have; of ICMP those that are answered: of
    others there is no reply."""
    yield from (met for kind in _PACKETS if not (met := space & kind).is_empty)


def _packets() -> Iterator[HeaderSpace]:
    no_ports, no_icmp = dict.fromkeys(_PORTS, _ZERO), dict.fromkeys(_ICMP, _ZERO)
    yield HeaderSpace.where(protocol=Ranges.of(TCP, UDP), **no_icmp)
    for protocol, family in ((ICMP, ANY_IPV4), (ICMPV6, ANY_IPV6)):
        ends, kinds = Ranges.prefixes((family,)), Ranges.of(*ICMP_ANSWERS[protocol])
        yield HeaderSpace.where(
            source=ends, protocol=Ranges.of(protocol), icmp_type=kinds, **no_ports
        )
    yield HeaderSpace.where(protocol=_ALIKE, **no_ports, **no_icmp)


_PACKETS = tuple(_packets())
_KINDS: tuple[tuple[Ranges, Ranges | None], ...] = (
    *((Ranges.of(protocol), None) for protocol in (TCP, UDP)),
    *((Ranges.of(n), Ranges.of(kind)) for n in (ICMP, ICMPV6) for kind in ICMP_ANSWERS[n]),
    (_ALIKE, None),
)
_ASKED = {
    protocol: {answer: kind for kind, answer in kinds.items()}
    for protocol, kinds in ICMP_ANSWERS.items()
}


# ------------------------------------------------------------------- what gets through


_Begun = Sequence[tuple[Start, HeaderSpace]]


def _swept(
    networks: tuple[Network, Network], begun: _Begun, counted: Counted, gained: list[Gained]
) -> Iterator[tuple[Start, list[HeaderSpace]]]:
    """Adds what is gained, and gives what else may be."""
    after = _through(networks[1], begun, counted)
    senders = Spans((space.by_name["source"], (start, space)) for start, space in begun)
    for may in after.may:
        for start, space in _of(senders, may):
            yield start, [may & space]
    before = _through(networks[0], _again(senders, after.homes), None)
    was = Spans((space.by_name.get("destination"), (owner, space)) for owner, space in before.all)
    for home in after.homes:
        had = dict.fromkeys(was.meeting(home.space.by_name.get("destination")))
        kept = [space for owner, space in had if owner == home.owner]
        new = list(uncovered(home.space, (space for _, space in had)))
        for start, space in _of(senders, home.space):
            own = [each for piece in new if not (each := piece & space).is_empty]
            shown = (
                Gained(start, home.owner, home.node, kind) for each in own for kind in _shown(each)
            )
            gained += (each for each in shown if not each.is_nobody)
            yield start, list(uncovered(home.space & space, [*own, *kept]))


def _again(senders: Spans[tuple[Start, HeaderSpace]], homes: Iterable[_Home]) -> _Begun:
    """What got through, and perhaps more, of each start as one product."""
    found: dict[tuple[Start, HeaderSpace], list[HeaderSpace]] = {}
    for home in homes:
        for start, space in _of(senders, home.space):
            found.setdefault((start, space), []).append(home.space)
    return [(start, space & hull(each)) for (start, space), each in found.items()]


def _of(
    senders: Spans[tuple[Start, HeaderSpace]], space: HeaderSpace
) -> Iterator[tuple[Start, HeaderSpace]]:
    found = dict.fromkeys(senders.meeting(space.by_name.get("source")))
    yield from (each for each in found if each[1].overlaps(space))


def _shown(space: HeaderSpace) -> Iterator[HeaderSpace]:
    """What a wire carries, protocol by protocol and message by message where these are told apart:
    only fields that the protocol has, and of which anything is said."""
    for protocol, kind in _KINDS:
        met = space & HeaderSpace.where(protocol=protocol, icmp_type=kind)
        if met.is_empty:
            continue
        absent = {"identity"}
        absent |= set() if protocol.single in (TCP, UDP) else {*_PORTS}
        absent |= set() if protocol.single in (ICMP, ICMPV6) else {*_ICMP}
        told = {n: v for n, v in met.fields if n not in absent and v != whole(n)}
        yield HeaderSpace.where(**told)


@dataclass(frozen=True)
class _Home:
    """Packets that are delivered to an owner at a node, and whose replies get back."""

    node: str
    owner: str
    space: HeaderSpace


@dataclass
class _Through:
    """What gets through, and what ``may``."""

    homes: list[_Home]
    may: list[HeaderSpace]

    @property
    def all(self) -> Iterator[tuple[str, HeaderSpace]]:
        """With whom it gets to; nobody is said of what may."""
        yield from ((home.owner, home.space) for home in self.homes)
        yield from (("", space) for space in self.may)


def _through(network: Network, begun: _Begun, counted: Counted | None) -> _Through:
    """What becomes of packets that start, there and back: of those that count, if not of all."""
    there = _Sets(network, "source", counted.forward if counted else None)
    there.run((start.node, _PLAIN, space.narrowed("identity", _ZERO)) for start, space in begun)
    wanted = counted.reply if counted else None
    arrived = [
        each for each in there.arrivals if not each.stage.inside and (wanted or _counts(each.tag))
    ]
    back = _Sets(network, "destination", wanted, there.reading.memory)
    answers = ((each.stage.reply, each.tag, replied(each.space)) for each in arrived)
    back.run((node, tag, answer) for node, tag, answer in answers if answer is not None)
    own: dict[str, list[Ranges]] = {}
    for start, space in begun:
        own.setdefault(start.owner, []).append(space.by_name["source"])
    sent = {o: Ranges.union(i for each in s for i in each.intervals) for o, s in own.items()}
    homes = (
        met
        for each in back.arrivals
        if _counts(each.tag) and each.stage.owner in sent
        for met in [_turned(each.space) & HeaderSpace.where(source=sent[each.stage.owner])]
        if not met.is_empty
    )
    by_end = Spans((met.by_name["destination"], met) for met in _joined(homes, "source"))
    delivered: dict[tuple[str, str], list[HeaderSpace]] = {}
    for each in arrived:
        at = delivered.setdefault((each.node, each.stage.owner), [])
        at.append(each.space.without("identity"))
    found = [
        _Home(node, owner, both)
        for (node, owner), flows in delivered.items()
        for flow in _joined(flows, "source")
        for met in dict.fromkeys(by_end.meeting(flow.by_name.get("destination")))
        if not (both := flow & met).is_empty
    ]
    may = [*(space.without("identity") for space in there.left), *map(_turned, back.left)]
    return _Through(found, list(_joined(may, "source")))


def _joined(spaces: Iterable[HeaderSpace], name: str) -> Iterator[HeaderSpace]:
    """Products that differ in one field only are one."""
    found: dict[HeaderSpace, list[Ranges]] = {}
    for space in spaces:
        found.setdefault(space.without(name), []).append(space.by_name.get(name, whole(name)))
    for rest, each in found.items():
        yield rest.narrowed(name, Ranges.union(span for one in each for span in one.intervals))


def _turned(reply: HeaderSpace) -> HeaderSpace:
    """The flows that a reply may answer, as they were; the code of an ICMP message does not say."""
    by = reply.by_name
    protocol = by.get("protocol")
    asked = _ASKED.get(protocol.single or 0) if protocol is not None else None
    answers = by.get("icmp_type")
    kinds = (k for a, k in (asked or {}).items() if answers is None or a in answers)
    return HeaderSpace.where(
        source=by.get("destination"),
        destination=by.get("source"),
        protocol=protocol,
        source_port=by.get("destination_port"),
        destination_port=by.get("source_port"),
        icmp_type=Ranges.of(*kinds) if asked else None,
    )


# ------------------------------------------------------------------- sets under way


@dataclass(frozen=True)
class _Arrived:
    """A set that is delivered at a node."""

    node: str
    tag: Tag
    stage: Deliver
    space: HeaderSpace


_Set = tuple[str, Tag, HeaderSpace]  # at the entry of a node


class _Sets:
    """One direction: sets that come to a node together are one where they differ in one field.

    Those that come by a ``wanted`` place are told apart from all; without any, all count.
    """

    def __init__(
        self,
        network: Network,
        together: str,
        wanted: Mapping[str, Sequence[HeaderSpace]] | None,
        before: Memory | None = None,
    ) -> None:
        self.reading = Reading(network, before=before)
        self.arrivals: list[_Arrived] = []
        self.left: list[HeaderSpace] = []
        self._network, self._together, self._before = network, together, before
        self._wanted = wanted
        self._seen: dict[tuple[str, Tag], dict[HeaderSpace, Ranges]] = {}
        self._pushed = 0
        self._most = MOST

    def run(self, begun: Iterable[_Set]) -> None:
        """Push on until nothing is new.  Raises TooManyError."""
        if self._wanted is None:
            begun = ((node, _with(tag, _COUNTS), space) for node, tag, space in begun)
        coming = _by_place(begun)
        self._most = max(self._most, EACH * sum(map(len, coming.values())))
        while coming:
            onward: list[_Set] = []
            for (node, tag), spaces in coming.items():
                new = list(self._new((node, tag), spaces))
                if not _counts(tag):
                    onward += self._met(node, tag, new)
                if self._is_plain(node):
                    for space in new:
                        onward += self._push(node, tag, space)
                else:
                    self.left += new
            coming = _by_place(onward)

    def _met(self, node: str, tag: Tag, spaces: Iterable[HeaderSpace]) -> Iterator[_Set]:
        """What of some sets comes by a wanted place here."""
        wanted = self._wanted.get(node, ()) if self._wanted else ()
        for space in spaces if wanted else ():
            for each in wanted:
                met = space & each
                if not met.is_empty:
                    yield node, _with(tag, _COUNTS), met

    def _push(self, node: str, tag: Tag, space: HeaderSpace) -> Sequence[_Set]:
        self._pushed += 1
        if self._pushed > self._most:
            raise TooManyError
        stages = self._network.node(node).stages
        outcome = self.reading.push(node, tag, space)
        self.arrivals += (_Arrived(node, tag, e.stage, e.space) for e in outcome.arrivals)
        if self._before is None and _CHOSEN in tag.seen and any(map(_remembers, stages)):
            self.left += (met for _, _, met in outcome.onward)
            return ()
        if isinstance(stages[-1], Choose) and self._before is None:
            tag = _with(tag, _CHOSEN)
        return [(to, tag, met) for to, _, met in outcome.onward]

    def _new(self, place: tuple[str, Tag], spaces: Iterable[HeaderSpace]) -> Iterator[HeaderSpace]:
        known = self._seen.setdefault(place, {})
        for space in _joined(spaces, self._together):
            rest, values = space.without(self._together), space.by_name[self._together]
            new = values - known[rest] if rest in known else values
            if new:
                known[rest] = known[rest] | new if rest in known else new
                yield rest.narrowed(self._together, new)

    def _is_plain(self, node: str) -> bool:
        return all(map(self._passes_exactly, self._network.node(node).stages))

    def _passes_exactly(self, stage: Stage) -> bool:
        """Whether a set says which of its headers pass a stage, and how."""
        match stage:
            case Filter():
                doubts = any(rule.action is Action.DOUBT for rule in stage.decisions)
                return stage.binds is None and not doubts
            case Translate():
                rewrites = [each for case in stage.cases for each in case.rewrites]
                fixed = (isinstance(r, Assign) and r.values.single is not None for r in rewrites)
                return only_says_who(stage) and not stage.session and all(fixed)
            case Forward():
                sessions = {route.session for route in stage.routes if route.session}
                before = self._before
                return before is None or not any(before.awaited(each) for each in sessions)
            case Choose() | Deliver():
                return True
            case Restore() | Unmodelled():
                return False
            case _:
                assert_never(stage)


def _with(tag: Tag, mark: int) -> Tag:
    return tag if mark in tag.seen else Tag(tag.seen | {mark})


def _counts(tag: Tag) -> bool:
    return _COUNTS in tag.seen


def _remembers(stage: Stage) -> bool:
    return isinstance(stage, Filter) and bool(stage.session)


def _by_place(sets: Iterable[_Set]) -> dict[tuple[str, Tag], list[HeaderSpace]]:
    found: dict[tuple[str, Tag], list[HeaderSpace]] = {}
    for node, tag, space in sets:
        found.setdefault((node, tag), []).append(space)
    return found
