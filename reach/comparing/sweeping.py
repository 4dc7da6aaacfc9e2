"""Which flows get further, told by sets alone, and what is left for a solver.

    swept(networks, starts, known, counted, two_way) -> Swept
    swept_new(network, starts, two_way) -> Swept

Sets that remember how their headers began (:mod:`reach.sets.trails`) say exactly who gets
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
from functools import partial

from reach import foreseen
from reach.aim import Start
from reach.answer import Verdict
from reach.comparing.nodes import widest
from reach.flood import covers, hull, uncovered, whole
from reach.network.field import Header
from reach.network.header_space import HeaderSpace, Ranges
from reach.network.node import Network
from reach.network.spans import Spans
from reach.sets.kinds import carried, kinds, shown
from reach.sets.moving import TooManyError
from reach.sets.receiving import Receivers
from reach.sets.through import MOST_KINDS, NOTHING, Begun, Counted, End, Home, Through, through

_TO = "destination"
_MOST_TURNS = 8  # so often those are looked at who send from an address of somebody else as well
Kinds = tuple[HeaderSpace, ...]
MOST_NEW = 200_000  # when so many flows of new starts are known no others are looked for
_PORTION = 256  # so many of these are swept at once: of few the flows are known soon


@dataclass(frozen=True)
class Gained:
    """Packets of a start that are delivered to an owner at a node in the second network, with
    their reply if that is asked for, and not in the first one: at the address that they are sent
    to, or ``ending``.

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


def swept(
    networks: tuple[Network, Network],
    starts: Sequence[Start],
    known: Mapping[tuple[str, str], Sequence[HeaderSpace]],
    counted: Counted,
    two_way: bool,
    receivers: tuple[Receivers, Receivers] | tuple[None, None] = (None, None),
) -> Swept:
    """The flows of some starts, if ``two_way`` those that have a reply; ``known`` is what each
    sender sent before.  Nodes that ``receivers`` of either network tell of are not looked at.

    Who sent less then is left: what is new of it is for :func:`swept_new`.
    """
    unsure = {start.node for start in starts if not was_sent(start, known)}
    return _in_turns(_Asked(*networks, counted, two_way, receivers), starts, unsure)


def swept_new(network: Network, starts: Sequence[Start], two_way: bool) -> Swept:
    """The flows of some starts of which nobody sent any in the first network.

    They are all that is possible, so there may be too many for anybody to read.
    """
    return _in_turns(_Asked(None, network, None, two_way), starts, frozenset())


@dataclass(frozen=True)
class _Asked:
    """The two networks, which flows count if not all, and whether they need a reply.  Without a
    first network nothing was sent before."""

    before: Network | None
    after: Network
    counted: Counted | None
    two_way: bool
    receivers: tuple[Receivers, Receivers] | tuple[None, None] = (None, None)


class _EnoughError(Exception):
    """More flows are known than anybody reads."""


def _portions(starts: Sequence[Start]) -> Iterator[list[Start]]:
    yield from ([*starts[at : at + _PORTION]] for at in range(0, len(starts), _PORTION))


def was_sent(start: Start, known: Mapping[tuple[str, str], Sequence[HeaderSpace]]) -> bool:
    """Whether its sender sent all of it before."""
    return any(covers(each, start.space) for each in known.get((start.node, start.owner), ()))


def _in_turns(asked: _Asked, starts: Sequence[Start], besides: Set[str]) -> Swept:
    """All flows but those of some nodes."""
    gained: list[Gained] = []
    rest: dict[Start, list[HeaderSpace]] = {}
    together, others = _together(starts, besides)
    if asked.counted is None:
        together = [p for some in together for p in _portions(some)]
    for some in together:
        begun = [(start, each) for start in some for each in carried(start.space, asked.two_way)]
        told: list[Gained] = []
        try:
            left = list(_swept(asked, begun, told)) if begun else []
        except TooManyError:
            others += some
            continue
        except _EnoughError:
            left = []
        gained += told
        if asked.counted is None and len(gained) > MOST_NEW:
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
        if not 1 < len(some) <= MOST_KINDS:
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


# ------------------------------------------------------------------- what gets through


def _swept(
    asked: _Asked, begun: Begun, gained: list[Gained]
) -> Iterator[tuple[Start, list[HeaderSpace]]]:
    """Adds what is gained, and gives what else may be."""
    told = asked.receivers
    after = through(asked.after, begun, asked.counted, asked.two_way, receivers=told[1])
    senders = _Senders(begun)
    for may in after.left:
        for start, space in senders.of(may):
            yield start, [may & space]
    asked_again = [each for each in after.homes if each.node not in after.fresh]
    again = senders.again([*asked_again, *after.opened])
    before = NOTHING
    if asked.before is not None and again:
        before = through(asked.before, again, None, asked.two_way, receivers=told[0])
    was = _Before(before)
    tell = partial(_told, senders, asked.two_way, gained)
    for found in after.homes:
        new = was.not_kept(found, was.homes(found, found.end))
        yield from tell(found, new, Verdict.REACHABLE)
        if asked.before is None and len(gained) > MOST_NEW:
            raise _EnoughError
    settled = Spans(_by_destination((e.space, e.end) for e in after.homes))
    unsure = Spans(_by_destination((space, _NOBODY) for space in after.left))
    for found in after.opened:
        others = [space for space, _ in (*_meeting(settled, found), *_meeting(unsure, found))]
        for piece in uncovered(found.space, others):
            alone = replace(found, space=piece)
            new = was.not_kept(alone, was.homes(alone, alone.end if alone.owner else None))
            yield from tell(alone, new, Verdict.UNDECIDED)
        both = [met for each in others if not (met := found.space & each).is_empty]
        for met in both:
            for start, space in senders.of(met):
                yield start, [met & space]


class _Senders:
    """Who sends from which addresses, and what; those who send the same but for that are alike, and
    what is asked of what they send is asked once."""

    def __init__(self, begun: Begun) -> None:
        rests: dict[HeaderSpace, HeaderSpace] = {}
        self._begun = begun
        self._shown: dict[tuple[HeaderSpace, HeaderSpace, bool], Kinds] = {}
        self._rests = [rests.setdefault(r, r) for _, s in begun for r in (s.without("source"),)]
        self._at = Spans((space.by_name["source"], n) for n, (_, space) in enumerate(begun))

    def of(self, space: HeaderSpace) -> Iterator[tuple[Start, HeaderSpace]]:
        """Those who send any of it, with what they send."""
        yield from (self._begun[number] for number, _ in self._sending(space))

    def shares(
        self, space: HeaderSpace, two_way: bool
    ) -> Iterator[tuple[Start, tuple[HeaderSpace, ...]]]:
        """Those who send any of it, with the kinds of packets of that."""
        said, ends = space.without(_TO), space.by_name.get(_TO, whole(_TO))
        for number, rest in self._sending(space):
            start, sent = self._begun[number]
            own = sent.by_name["source"]
            met = ends & rest.by_name.get(_TO, ends)
            every = self._kinds(said, rest.without(_TO), two_way) if met else ()
            if met != whole(_TO):
                every = tuple(kind.narrowed(_TO, met) for kind in every)
            yield start, tuple(_from(own, kind) for kind in every)

    def _kinds(self, space: HeaderSpace, sent: HeaderSpace, two_way: bool) -> Kinds:
        """The kinds of packets of some that are sent, wherever they go: those who receive are
        many."""
        key = space, sent, two_way
        if key not in self._shown:
            self._shown[key] = tuple(shown(kinds(space, two_way), sent))
        return self._shown[key]

    def again(self, homes: Iterable[Home]) -> Begun:
        """What got through, and perhaps more, of each as one product."""
        found: dict[int, list[int]] = {}
        spaces: list[HeaderSpace] = []
        for each in homes:
            for number, _ in self._sending(each.space):
                found.setdefault(number, []).append(len(spaces))
            spaces.append(each.space.without("source"))  # a start has its own
        known: dict[tuple[int, ...], HeaderSpace] = {}
        begun = []
        for number, places in found.items():
            if tuple(places) not in known:
                known[tuple(places)] = hull([spaces[place] for place in places])
            start, space = self._begun[number]
            begun.append((start, space & known[tuple(places)]))
        return begun

    def _sending(self, space: HeaderSpace) -> Iterator[tuple[int, HeaderSpace]]:
        sends: dict[HeaderSpace, bool] = {}
        rest = space.without("source")
        for number in dict.fromkeys(self._at.meeting(space.by_name.get("source"))):
            sent = self._rests[number]
            if sent not in sends:
                sends[sent] = sent.overlaps(rest)
            if sends[sent]:
                yield number, sent


def _from(addresses: Ranges, kind: HeaderSpace) -> HeaderSpace:
    """The packets of a kind that are sent from some addresses."""
    told = kind.by_name.get("source")
    met = addresses if told is None else addresses & told
    return kind.narrowed("source", met) if met != whole("source") else kind.without("source")


_About = tuple[HeaderSpace, End]
_NOBODY: End = ("", None)


class _Before:
    """What became in the first network of what gets through the second one."""

    def __init__(self, before: Through) -> None:
        self._homes = Spans(_by_destination((each.space, each.end) for each in before.homes))
        self._opened = Spans(_by_destination((each.space, each.end) for each in before.opened))
        self._left = Spans(_by_destination((space, _NOBODY) for space in before.left))

    def homes(self, found: Home, end: End | None) -> list[HeaderSpace]:
        """What got to an end, or to anybody."""
        met = _meeting(self._homes, found)
        return [space for space, own in met if end is None or own == end]

    def not_kept(
        self, found: Home, kept: Sequence[HeaderSpace]
    ) -> Iterator[tuple[HeaderSpace, Verdict | None]]:
        """The rest of what gets through now, with what it was; None where sets do not say.

        What came to somebody else was another flow, whatever became of its reply.
        """
        opened, unsure = [], []
        for space, end in _meeting(self._opened, found):
            if end in (found.end, _NOBODY) or found.end == _NOBODY:
                opened.append(space)
            elif end[0] == found.owner and found.may_end(space, end[1]):
                unsure.append(space)
        left = [*unsure, *(space for space, _ in _meeting(self._left, found))]
        for piece in uncovered(found.space, kept):
            yield from ((met, None) for each in left if not (met := piece & each).is_empty)
            for sure in uncovered(piece, left):
                yield from ((rest, Verdict.UNREACHABLE) for rest in uncovered(sure, opened))
                for each in opened:
                    met = sure & each
                    if not met.is_empty:
                        yield met, Verdict.UNDECIDED


def _told(
    senders: _Senders,
    two_way: bool,
    gained: list[Gained],
    found: Home,
    new: Iterable[tuple[HeaderSpace, Verdict | None]],
    now: Verdict,
) -> Iterator[tuple[Start, list[HeaderSpace]]]:
    for space, was in new:
        if was is now:
            continue
        if was is None:
            yield from ((start, [space & sent]) for start, sent in senders.of(space))
            continue
        for start, shares in senders.shares(space, two_way):
            those = (
                Gained(start, found.owner, found.node, kind, found.ending, was, now)
                for kind in shares
            )
            gained += (each for each in those if not each.is_nobody)


def _meeting(told: Spans[_About], found: Home) -> dict[_About, None]:
    return dict.fromkeys(told.meeting(found.space.by_name.get("destination")))


def _by_destination(told: Iterable[_About]) -> Iterator[tuple[Ranges | None, _About]]:
    yield from ((each[0].by_name.get("destination"), each) for each in told)
