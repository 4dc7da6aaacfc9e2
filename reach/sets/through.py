"""What becomes of sets of packets in one network: what gets through, and what is not told.

    through(network, begun, counted, two_way) -> Through

Pushes all of them there at once, and their replies back (:mod:`reach.sets.moving`).  Knows the
neutral network only; must not know AWS, terms or a solver.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from reach.aim import Start
from reach.flood import covers, minus, replied, uncovered, whole
from reach.network.header_space import HeaderSpace, Ranges
from reach.network.node import Network
from reach.network.spans import Spans
from reach.sets.moving import Arrived, Sets, Under, joined
from reach.sets.receiving import Receivers
from reach.sets.senders import Flows
from reach.sets.trails import PLAIN, Chosen, Delivered, Trail, began, by_both, home, turned

MOST_KINDS = 64  # of so many at most it is looked whether one covers another
_TO = "destination"
_ZERO = Ranges.of(0)
Begun = Sequence[tuple[Start, HeaderSpace]]
End = tuple[str, Ranges | None]


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


@dataclass(frozen=True)
class Home:
    """Packets that are delivered to an owner at a node, and whose replies get back.

    ``ending`` is their destination there, unless it is the one that they are sent to.
    """

    node: str
    owner: str
    space: HeaderSpace
    ending: Ranges | None = None

    @property
    def end(self) -> End:
        return self.owner, self.ending

    def may_end(self, space: HeaderSpace, ending: Ranges | None) -> bool:
        """Whether packets of a space that end so may be there where these do."""
        ends = ((self.ending, self.space), (ending, space))
        mine, theirs = (at or each.by_name.get(_TO) or whole(_TO) for at, each in ends)
        return bool(mine & theirs)


@dataclass
class Through:
    """What gets through, what meets what is not known (by nobody's name if on its way there), and
    what is not told.  At ``fresh`` nodes nothing of it got through in the network before."""

    homes: list[Home]
    opened: list[Home]
    left: list[HeaderSpace]
    fresh: frozenset[str] = frozenset()


NOTHING = Through([], [], [])


def through(
    network: Network,
    begun: Begun,
    counted: Counted | None,
    two_way: bool,
    most: int | None = None,
    receivers: Receivers | None = None,
) -> Through:
    """What becomes of packets that start, there and back: of those that count, if not of all.

    Without ``two_way`` nobody asks for a reply.  Nodes that ``receivers`` tell of are not looked
    at.  Raises TooManyError where more sets than ``most``
    would be pushed on, or than ever are.
    """
    forward, reply = (counted.forward, counted.reply) if counted else (None, None)
    within = (counted and counted.within) or (None, None)
    there = Sets(network, forward, within=within[0], most=most, receivers=receivers)
    there.run((start.node, PLAIN, space.narrowed("identity", _ZERO)) for start, space in begun)
    found = Through([], [], [*there.left], there.fresh())
    for node, trail, space in there.opened:
        if trail.counts:
            found.opened.append(Home(node, "", began(trail, space)))
    arrived = [each for each in there.arrivals if not each.stage.inside]
    if two_way:
        back = Sets(network, reply, there.memory, within=within[1], most=most)
        _answered(begun, [each for each in arrived if reply or each.trail.counts], back, found)
    else:
        for each, doubted in _arrived(arrived):
            (found.opened if doubted else found.homes).append(each)
    found.left = list(joined(found.left, "source"))
    found.homes = list(_but_covered(found.homes))
    return found


def _answered(begun: Begun, arrived: Sequence[Arrived], back: Sets, found: Through) -> None:
    """Adds what of all that arrives is answered, and gets back to whoever sent it."""
    back.run_flows(_replies(arrived))
    own: dict[str, list[Ranges]] = {}
    for start, space in begun:
        own.setdefault(start.owner, []).append(space.by_name["source"])
    sent = {o: Ranges.any_of(s) for o, s in own.items()}
    homes = (
        (each.trail, home(each.trail, each.space) & HeaderSpace.where(source=sent[at]))
        for each in back.arrivals
        if (at := each.stage.owner) in sent
    )
    found.left += back.left
    for each, doubted in _delivered(arrived, homes):
        (found.opened if doubted else found.homes).append(each)
    turned_back = ((trail, turned(trail, space)) for _, trail, space in back.opened)
    found.opened += (each for each, _ in _delivered(arrived, turned_back, found.left))


def _arrived(arrived: Iterable[Arrived]) -> Iterator[tuple[Home, bool]]:
    """What is delivered, answered or not; whether in doubt."""
    spaces: dict[tuple[str, str, Ranges | None, bool], list[HeaderSpace]] = {}
    for each in arrived:
        trail = each.trail
        if trail.counts:
            key = (each.node, each.stage.owner, _ending(each), trail.doubted)
            spaces.setdefault(key, []).append(began(trail, each.space))
    for (node, owner, ending, doubted), every in spaces.items():
        for space in joined(every, "source"):
            for left in _but_to_itself(space, ending):
                yield Home(node, owner, left, ending), doubted


def _ending(each: Arrived) -> Ranges | None:
    """The destination at which it is delivered, unless it is the one that it was sent to."""
    if _TO not in each.trail.was.by_name:
        return None
    return each.space.by_name.get(_TO)


def _but_to_itself(space: HeaderSpace, ending: Ranges | None) -> Iterable[HeaderSpace]:
    """A set without what comes back to the address that sent it."""
    return (space,) if ending is None else minus(space, HeaderSpace.where(source=ending))


def _but_covered(homes: Iterable[Home]) -> Iterator[Home]:
    """Each pair of ends with the widest kinds of packets only, in whatever pieces they got there:
    what two rules let pass is told once."""
    alike: dict[tuple[str, End], dict[HeaderSpace, list[Home]]] = {}
    for each in homes:
        kinds = alike.setdefault((each.node, each.end), {})
        kinds.setdefault(each.space.without("source", "destination"), []).append(each)
    for kinds in alike.values():
        for kind, every in kinds.items():
            wider = [
                other.space
                for known, others in (kinds.items() if len(kinds) <= MOST_KINDS else ())
                if known != kind and covers(known, kind)
                for other in others
            ]
            for each in every:
                left = uncovered(each.space, wider) if wider else (each.space,)
                yield from (replace(each, space=space) for space in left)


def _replies(arrived: Iterable[Arrived]) -> Iterator[Under]:
    """What those send to whom something is delivered; with where, if the header does not say it."""
    alike: dict[tuple[str, Trail, HeaderSpace], list[tuple[int, Ranges]]] = {}
    for each in arrived:
        told = each.told
        if told is not None:
            key = told.node, each.trail, told.sent
            alike.setdefault(key, []).append((told.identity, told.ends))
            continue
        answer = replied(each.space)
        if answer is None:
            continue
        trail = each.trail
        if not trail.is_unchanged:
            codes = each.space.by_name.get("icmp_code")
            to = Delivered(each.node, each.stage.owner, _ending(each), codes)
            trail = replace(trail, to=to)
        yield each.stage.reply, trail, Flows.of(answer)
    for (node, trail, sent), senders in alike.items():
        answer = replied(sent)
        if answer is not None:
            yield node, trail, Flows.of_many(answer, senders)


def _delivered(
    arrived: Sequence[Arrived],
    answered: Iterable[tuple[Trail, HeaderSpace]],
    to_itself: list[HeaderSpace] | None = None,
) -> Iterator[tuple[Home, bool]]:
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
            for left in _but_to_itself(space, to.ending):
                yield Home(to.node, to.owner, left, to.ending), doubted
            if to.ending is not None and to_itself is not None:
                to_itself.append(space & HeaderSpace.where(source=to.ending))


def _met(chosen: Chosen, others: Chosen) -> bool:
    return len(chosen) == len(others) and by_both(chosen, others) is not None


def _said_by_header(
    arrived: Iterable[Arrived], chosen: Chosen, homes: Iterable[HeaderSpace]
) -> Iterator[Home]:
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
                    yield Home(node, owner, both)
