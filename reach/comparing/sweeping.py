"""Which flows get further, told by sets alone, and what is left for a solver.

    swept(networks, starts, known, counted) -> Swept        swept_new(network, starts) -> Swept

Sets that remember how their headers began (:mod:`reach.comparing.trails`) say exactly who gets
where, and whose reply gets home, of everybody at once; so what gets through one network and not the
other one is a difference of sets.  Of several things that may happen to a flow one is enough.  What
is in doubt or not modelled, and what no product says, is left, in either network: it may get
further, and is for others to say.  What nobody sent before is not asked of the first network: all
of it that gets through gets further.

Knows the neutral network only; must not know AWS, terms or a solver.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace

from reach import foreseen
from reach.aim import Start
from reach.answer import Verdict
from reach.comparing.moving import Arrived, At, Sets, TooManyError, joined
from reach.comparing.nodes import widest
from reach.comparing.trails import PLAIN, Chosen, Delivered, Trail, began, by_both, home, turned
from reach.flood import covers, hull, minus, replied, uncovered, whole
from reach.network.address import ANY_IPV4, ANY_IPV6
from reach.network.field import ICMP, ICMP_ANSWERS, ICMPV6, TCP, UDP, Header
from reach.network.header_space import HeaderSpace, Ranges
from reach.network.node import Network
from reach.network.spans import Spans

_TO = "destination"
_MOST_TURNS = 8  # so often those are looked at who send from an address of somebody else as well
_MOST_KINDS = 64  # of so many at most it is looked whether one covers another
MOST_NEW = 200_000  # when so many flows of new starts are known no others are looked for
_PORTION = 256  # so many of these are swept at once: of few the flows are known soon
_ZERO = Ranges.of(0)
_PORTS, _ICMP = ("source_port", "destination_port"), ("icmp_type", "icmp_code")
_ALIKE = Ranges.span(0, 255) - Ranges.of(TCP, UDP, ICMP, ICMPV6)


@dataclass(frozen=True)
class Gained:
    """Packets of a start that are delivered to an owner at a node in the second network, with
    their reply, and not in the first one: at the address that they are sent to, or ``ending``.

    Those that are in doubt ``now``, or whose reply is, have an owner as well; without one they meet
    what is not known on their way there.
    """

    start: Start
    owner: str
    last: str
    space: HeaderSpace
    ending: Ranges | None = None
    was: Verdict = Verdict.UNREACHABLE
    now: Verdict = Verdict.REACHABLE

    @property
    def arriving(self) -> HeaderSpace:
        """The packets with the ends that they have where they are delivered."""
        return self.space if self.ending is None else self.space.narrowed(_TO, self.ending)

    @property
    def is_nobody(self) -> bool:
        """Whether there is nothing but what an address sends to itself."""
        if self.ending is not None:
            return False
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
    """What gets further for certain, and starts with all else that may; but where others were not
    looked for, for a reason."""

    gained: tuple[Gained, ...]
    rest: tuple[Start, ...]
    reason: str = ""


@dataclass(frozen=True)
class Counted:
    """Which flows count: those that come by ``forward``, or whose reply comes by ``reply`` (by
    node, headers on entry).  What is not ``within`` its headers, on the way there or back, cannot
    count any more."""

    forward: Mapping[str, tuple[HeaderSpace, ...]]
    reply: Mapping[str, tuple[HeaderSpace, ...]]
    within: (
        tuple[Mapping[str, Sequence[HeaderSpace]], Mapping[str, Sequence[HeaderSpace]]] | None
    ) = None


def swept(
    networks: tuple[Network, Network],
    starts: Sequence[Start],
    known: Mapping[tuple[str, str], Sequence[HeaderSpace]],
    counted: Counted,
) -> Swept:
    """The flows of some starts that have a reply; ``known`` is what each sender sent before.

    Who sent less then is left: what is new of it is for :func:`swept_new`.
    """
    unsure = {start.node for start in starts if not was_sent(start, known)}
    return _in_turns(networks, starts, counted, unsure)


def swept_new(network: Network, starts: Sequence[Start]) -> Swept:
    """The flows of some starts that have a reply, of which nobody sent any in the first network.

    They are all that is possible, so there may be too many for anybody to read.
    """
    return _in_turns((None, network), starts, None, frozenset())


class _EnoughError(Exception):
    """More flows are known than anybody reads."""


def _portions(starts: Sequence[Start]) -> Iterator[list[Start]]:
    yield from ([*starts[at : at + _PORTION]] for at in range(0, len(starts), _PORTION))


def was_sent(start: Start, known: Mapping[tuple[str, str], Sequence[HeaderSpace]]) -> bool:
    """Whether its sender sent all of it before."""
    return any(covers(each, start.space) for each in known.get((start.node, start.owner), ()))


_Networks = tuple[Network | None, Network]


def _in_turns(
    networks: _Networks, starts: Sequence[Start], counted: Counted | None, besides: Set[str]
) -> Swept:
    """All flows but those of some nodes."""
    gained: list[Gained] = []
    rest: dict[Start, list[HeaderSpace]] = {}
    together, others = _together(starts, besides)
    if counted is None:
        together = [p for some in together for p in _portions(some)]
    for some in together:
        begun = [(start, space) for start in some for space in _answered(start.space)]
        told: list[Gained] = []
        try:
            left = list(_swept(networks, begun, counted, told)) if begun else []
        except TooManyError:
            others += some
            continue
        except _EnoughError:
            left = []
        gained += told
        if counted is None and len(gained) > MOST_NEW:
            words = f"more than {MOST_NEW:,} flows are of starts that only one snapshot has"
            return Swept(tuple(gained), (), f"{words}, and there may be more")
        for each, spaces in left:
            rest.setdefault(each, []).extend(spaces)
    for start in others:
        rest[start] = [start.space]
    met = (replace(s, space=s.space & hull(rest[s])) for s in starts if rest.get(s))
    return Swept(tuple(_once(gained)), tuple(met))


def _once(gained: Iterable[Gained]) -> Iterator[Gained]:
    """What starts overlap in is told once, so that lines do not depend on where these came from."""
    alike: dict[object, list[Gained]] = {}
    for each in gained:
        start = each.start
        key = (start.node, start.owner, each.owner, each.last, each.ending, each.was, each.now)
        alike.setdefault(key, []).append(each)
    for some in alike.values():
        if not 1 < len(some) <= _MOST_KINDS:
            yield from some
            continue
        by_space = {each.space: each for each in some}
        yield from (by_space[space] for space in widest(by_space))


def _together(starts: Sequence[Start], besides: Set[str]) -> tuple[list[list[Start]], list[Start]]:
    """Starts of which an address tells who of those together sends from it; and all that are left
    out, as those at some nodes are."""
    sources: dict[str, list[Ranges]] = {}
    unsure = set(besides)
    for start in starts:
        own = start.space.by_name.get("source")
        if own is None:
            unsure.add(start.node)
        else:
            sources.setdefault(start.node, []).append(own)
    left = {node: Ranges.any_of(own) for node, own in sources.items() if node not in unsure}
    found: list[list[Start]] = []
    while left and len(found) < _MOST_TURNS:
        apart = _apart(left)
        found.append([start for start in starts if start.node in apart])
        left = {node: own for node, own in left.items() if node not in apart}
    return found, [start for start in starts if start.node in unsure or start.node in left]


def _apart(sources: Mapping[str, Ranges]) -> set[str]:
    """Nodes no two of which send from one address: of two that do who sends from more is not."""
    spans = sorted((*span, node) for node, own in sources.items() for span in own.intervals)
    gone: set[str] = set()
    end, last = -1, ""
    for low, high, node in spans:
        if node in gone:
            continue
        if low <= end and last not in gone and last != node:
            more = max(node, last, key=lambda each: (sources[each].count, each))
            gone.add(more)
            if more == node:
                continue
        end, last = high, node
    return sources.keys() - gone


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


# ------------------------------------------------------------------- what gets through


_Begun = Sequence[tuple[Start, HeaderSpace]]


def _swept(
    networks: _Networks, begun: _Begun, counted: Counted | None, gained: list[Gained]
) -> Iterator[tuple[Start, list[HeaderSpace]]]:
    """Adds what is gained, and gives what else may be."""
    after = _through(networks[1], begun, counted)
    senders = Spans((space.by_name["source"], (start, space)) for start, space in begun)
    for may in after.left:
        for start, space in _of(senders, may):
            yield start, [may & space]
    found = [*after.homes, *after.opened]
    before = _Before(
        _NOTHING if networks[0] is None else _through(networks[0], _again(senders, found), None)
    )
    for through in after.homes:
        new = before.not_kept(through, before.homes(through, through.end))
        yield from _told(senders, through, new, Verdict.REACHABLE, gained)
        if networks[0] is None and len(gained) > MOST_NEW:
            raise _EnoughError
    settled = Spans(_by_destination((e.space, e.end) for e in after.homes))
    unsure = Spans(_by_destination((space, _NOBODY) for space in after.left))
    for through in after.opened:
        others = [space for space, _ in (*_meeting(settled, through), *_meeting(unsure, through))]
        for piece in uncovered(through.space, others):
            alone = replace(through, space=piece)
            new = before.not_kept(alone, before.homes(alone, alone.end if alone.owner else None))
            yield from _told(senders, alone, new, Verdict.UNDECIDED, gained)
        both = [met for each in others if not (met := through.space & each).is_empty]
        for met in both:
            for start, space in _of(senders, met):
                yield start, [met & space]


_End = tuple[str, Ranges | None]
_About = tuple[HeaderSpace, _End]
_NOBODY: _End = ("", None)


class _Before:
    """What became in the first network of what gets through the second one."""

    def __init__(self, before: _Through) -> None:
        self._homes = Spans(_by_destination((each.space, each.end) for each in before.homes))
        self._opened = Spans(_by_destination((each.space, each.end) for each in before.opened))
        self._left = Spans(_by_destination((space, _NOBODY) for space in before.left))

    def homes(self, through: _Home, end: _End | None) -> list[HeaderSpace]:
        """What got to an end, or to anybody."""
        found = _meeting(self._homes, through)
        return [space for space, own in found if end is None or own == end]

    def not_kept(
        self, through: _Home, kept: Sequence[HeaderSpace]
    ) -> Iterator[tuple[HeaderSpace, Verdict | None]]:
        """The rest of what gets through now, with what it was; None where sets do not say.

        What came to somebody else was another flow, whatever became of its reply.
        """
        opened, unsure = [], []
        for space, end in _meeting(self._opened, through):
            if end in (through.end, _NOBODY) or through.end == _NOBODY:
                opened.append(space)
            elif end[0] == through.owner and through.may_end(space, end[1]):
                unsure.append(space)
        left = [*unsure, *(space for space, _ in _meeting(self._left, through))]
        for piece in uncovered(through.space, kept):
            yield from ((met, None) for each in left if not (met := piece & each).is_empty)
            for sure in uncovered(piece, left):
                yield from ((rest, Verdict.UNREACHABLE) for rest in uncovered(sure, opened))
                for each in opened:
                    met = sure & each
                    if not met.is_empty:
                        yield met, Verdict.UNDECIDED


def _told(
    senders: Spans[tuple[Start, HeaderSpace]],
    through: _Home,
    new: Iterable[tuple[HeaderSpace, Verdict | None]],
    now: Verdict,
    gained: list[Gained],
) -> Iterator[tuple[Start, list[HeaderSpace]]]:
    for space, was in new:
        if was is now:
            continue
        kinds = list(_kinds(space))
        for start, sent in _of(senders, space):
            if was is None:
                yield start, [space & sent]
                continue
            shown = (
                Gained(start, through.owner, through.node, kind, through.ending, was, now)
                for kind in _shown(kinds, sent)
            )
            gained += (each for each in shown if not each.is_nobody)


def _meeting(told: Spans[_About], through: _Home) -> dict[_About, None]:
    return dict.fromkeys(told.meeting(through.space.by_name.get("destination")))


def _by_destination(told: Iterable[_About]) -> Iterator[tuple[Ranges | None, _About]]:
    yield from ((each[0].by_name.get("destination"), each) for each in told)


def _again(senders: Spans[tuple[Start, HeaderSpace]], homes: Iterable[_Home]) -> _Begun:
    """What got through, and perhaps more, of each start as one product."""
    found: dict[tuple[Start, HeaderSpace], list[HeaderSpace]] = {}
    for through in homes:
        sent = through.space.without("source")  # a start has its own
        for start, space in _of(senders, through.space):
            found.setdefault((start, space), []).append(sent)
    return [(start, space & hull(each)) for (start, space), each in found.items()]


def _of(
    senders: Spans[tuple[Start, HeaderSpace]], space: HeaderSpace
) -> Iterator[tuple[Start, HeaderSpace]]:
    found = dict.fromkeys(senders.meeting(space.by_name.get("source")))
    yield from (each for each in found if each[1].overlaps(space))


def _kinds(space: HeaderSpace) -> Iterator[tuple[HeaderSpace, frozenset[str]]]:
    """What a wire carries, protocol by protocol and message by message where these are told apart;
    with the fields that such a packet does not have."""
    for protocol, kind in _KINDS:
        met = space & HeaderSpace.where(protocol=protocol, icmp_type=kind)
        if not met.is_empty:
            absent = {"identity"}
            absent |= set() if protocol.single in (TCP, UDP) else {*_PORTS}
            absent |= set() if protocol.single in (ICMP, ICMPV6) else {*_ICMP}
            yield met, frozenset(absent)


def _shown(
    kinds: Iterable[tuple[HeaderSpace, frozenset[str]]], sent: HeaderSpace
) -> Iterator[HeaderSpace]:
    """What of some kinds is sent: only fields of which anything is said."""
    for kind, absent in kinds:
        met = kind & sent
        if not met.is_empty:
            told = (pair for pair in met.fields if pair[0] not in absent)
            yield HeaderSpace(tuple((n, values) for n, values in told if values != whole(n)))


@dataclass(frozen=True)
class _Home:
    """Packets that are delivered to an owner at a node, and whose replies get back.

    ``ending`` is their destination there, unless it is the one that they are sent to.
    """

    node: str
    owner: str
    space: HeaderSpace
    ending: Ranges | None = None

    @property
    def end(self) -> _End:
        return self.owner, self.ending

    def may_end(self, space: HeaderSpace, ending: Ranges | None) -> bool:
        """Whether packets of a space that end so may be there where these do."""
        ends = ((self.ending, self.space), (ending, space))
        mine, theirs = (at or each.by_name.get(_TO) or whole(_TO) for at, each in ends)
        return bool(mine & theirs)


@dataclass
class _Through:
    """What gets through, what meets what is not known (by nobody's name if on its way there), and
    what is not told."""

    homes: list[_Home]
    opened: list[_Home]
    left: list[HeaderSpace]


_NOTHING = _Through([], [], [])


def _through(network: Network, begun: _Begun, counted: Counted | None) -> _Through:
    """What becomes of packets that start, there and back: of those that count, if not of all."""
    within = (counted and counted.within) or (None, None)
    there = Sets(network, counted.forward if counted else None, within=within[0])
    there.run((start.node, PLAIN, space.narrowed("identity", _ZERO)) for start, space in begun)
    wanted = counted.reply if counted else None
    arrived = [
        each for each in there.arrivals if not each.stage.inside and (wanted or each.trail.counts)
    ]
    back = Sets(network, wanted, there.memory, within=within[1])
    back.run(_replies(arrived))
    own: dict[str, list[Ranges]] = {}
    for start, space in begun:
        own.setdefault(start.owner, []).append(space.by_name["source"])
    sent = {o: Ranges.any_of(s) for o, s in own.items()}
    homes = (
        (each.trail, home(each.trail, each.space) & HeaderSpace.where(source=sent[at]))
        for each in back.arrivals
        if (at := each.stage.owner) in sent
    )
    found = _Through([], [], [*there.left, *back.left])
    for each, doubted in _delivered(arrived, homes):
        (found.opened if doubted else found.homes).append(each)
    for node, trail, space in there.opened:
        if trail.counts:
            found.opened.append(_Home(node, "", began(trail, space)))
    turned_back = ((trail, turned(trail, space)) for _, trail, space in back.opened)
    found.opened += (each for each, _ in _delivered(arrived, turned_back, found.left))
    found.left = list(joined(found.left, "source"))
    found.homes = list(_but_covered(found.homes))
    return found


def _but_covered(homes: Iterable[_Home]) -> Iterator[_Home]:
    """Each pair of ends with the widest kinds of packets only, in whatever pieces they got there:
    what two rules let pass is told once."""
    alike: dict[tuple[str, _End], dict[HeaderSpace, list[_Home]]] = {}
    for each in homes:
        kinds = alike.setdefault((each.node, each.end), {})
        kinds.setdefault(each.space.without("source", "destination"), []).append(each)
    for kinds in alike.values():
        for kind, every in kinds.items():
            wider = [
                other.space
                for known, others in (kinds.items() if len(kinds) <= _MOST_KINDS else ())
                if known != kind and covers(known, kind)
                for other in others
            ]
            for each in every:
                left = uncovered(each.space, wider) if wider else (each.space,)
                yield from (replace(each, space=space) for space in left)


def _replies(arrived: Iterable[Arrived]) -> Iterator[At]:
    """What those send to whom something is delivered; with where, if the header does not say it."""
    for each in arrived:
        answer = replied(each.space)
        if answer is None:
            continue
        trail = each.trail
        if not trail.is_unchanged:
            by = each.space.by_name
            ending = by.get("destination") if "destination" in trail.was.by_name else None
            to = Delivered(each.node, each.stage.owner, ending, by.get("icmp_code"))
            trail = replace(trail, to=to)
        yield each.stage.reply, trail, answer


def _delivered(
    arrived: Sequence[Arrived],
    answered: Iterable[tuple[Trail, HeaderSpace]],
    to_itself: list[HeaderSpace] | None = None,
) -> Iterator[tuple[_Home, bool]]:
    """Of flows that are answered those that count, with whom they came to; whether in doubt.

    What comes back to the address that sent it is told, if at all, ``to_itself``.
    """
    spaces: dict[tuple[Delivered | Chosen, bool], list[HeaderSpace]] = {}
    for trail, space in answered:
        if trail.counts and not space.is_empty:
            to = trail.chosen if trail.to is None else trail.to
            spaces.setdefault((to, trail.doubted), []).append(space)
    for (to, doubted), each in spaces.items():
        if not isinstance(to, Delivered):
            yield from ((found, doubted) for found in _said_by_header(arrived, to, each))
            continue
        for space in joined(each, "source"):
            again = HeaderSpace.where(source=to.ending)
            for left in minus(space, again) if to.ending is not None else (space,):
                yield _Home(to.node, to.owner, left, to.ending), doubted
            if to.ending is not None and to_itself is not None:
                to_itself.append(space & again)


def _met(chosen: Chosen, others: Chosen) -> bool:
    return len(chosen) == len(others) and by_both(chosen, others) is not None


def _said_by_header(
    arrived: Iterable[Arrived], chosen: Chosen, homes: Iterable[HeaderSpace]
) -> Iterator[_Home]:
    """Of flows whose header says where they were delivered by some options, those that are
    answered."""
    by_end = Spans((met.by_name["destination"], met) for met in joined(homes, "source"))
    delivered: dict[tuple[str, str], list[HeaderSpace]] = {}
    for each in arrived:
        if each.trail.is_unchanged and _met(chosen, each.trail.chosen):
            at = delivered.setdefault((each.node, each.stage.owner), [])
            at.append(each.space.without("identity"))
    for (node, owner), flows in delivered.items():
        for flow in joined(flows, "source"):
            for met in dict.fromkeys(by_end.meeting(flow.by_name.get("destination"))):
                both = flow & met
                if not both.is_empty:
                    yield _Home(node, owner, both)
