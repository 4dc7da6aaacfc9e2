"""Who can come by some places, without walking there: from headers straight to who sends such.

    leap(skeleton, starts, there, back) -> node -> header spaces, or None if that is too wide

A flow that comes by a place with some header left its sender with that very header, unless
something rewrote it on its way.  So who sends such headers is looked up, and of all translations
that may have turned something into them what that something was, and who sends that, and so on.  A
reply that comes by answers a flow that once had the header turned round; unless the reply was
rewritten, which is read backwards the same way.  Where a packet has to carry who sent it, only
those come by that are said to be that, by themselves or by a node on the way.

Headers of many, or for many, are left out where nobody can have sent them there: that alone is
walked (:mod:`reach.comparing.begun`).

What comes out holds every header with which a flow, or the reply to one, can come by, and perhaps
more.  Knows the neutral network only; must not know terms or a solver.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from reach.aim import Start
from reach.comparing.backwards import answered
from reach.comparing.begun import may_come
from reach.comparing.coming import Spaces
from reach.comparing.nodes import Spot, bounded
from reach.comparing.skeleton import Skeleton
from reach.flood import covers, hull
from reach.network.address import is_ipv4
from reach.network.header_space import HeaderSpace, Ranges
from reach.network.spans import Spans

_MOST_SPACES = 400
_MOST_STARTS = 300
_FEW_STARTS = 300  # where so few start it is not looked whether anything can have come
_FEW_ADDRESSES = 1 << 16  # as many as a VPC's block of IPv4 has; of IPv6 subnets count
_OFTEN = 20  # so much more often something may be looked at again


class Starts:
    """Where packets start, to be found by node and by the addresses that are sent from."""

    def __init__(self, starts: Sequence[Start]) -> None:
        self.all = starts
        self.at: dict[str, list[int]] = {}
        for number, start in enumerate(starts):
            self.at.setdefault(start.node, []).append(number)
        self.most = max(_MOST_STARTS, len(starts))
        self._by_source = Spans(
            (start.space.by_name.get("source"), number) for number, start in enumerate(starts)
        )

    def spaces(self, node: str) -> Iterator[HeaderSpace]:
        """What is started with at a node."""
        return (self.all[number].space for number in self.at.get(node, ()))

    def sending(self, space: HeaderSpace, nodes: int | None = None) -> Iterable[int] | None:
        """The numbers of those that send some of these headers; None if they are many, or start at
        more nodes than that."""
        most = self.most
        found: dict[int, None] = {}
        at: set[str] = set()
        for seen, number in enumerate(self._by_source.meeting(space.by_name.get("source"))):
            if number not in found and self.all[number].space.overlaps(space):
                found[number] = None
                at.add(self.all[number].node)
            if len(found) > most or seen > _OFTEN * most:
                return None
            if nodes is not None and len(at) > nodes:
                return None
        return found

    def more_send(self, space: HeaderSpace, most: int) -> bool:
        """Whether more than that many starts may send some of these headers, by their sources."""
        found = self._by_source.meeting(space.by_name.get("source"))
        return next(islice(found, most, None), None) is not None


@dataclass(frozen=True)
class Come:
    """Headers that come to some nodes: from anywhere, or, if these are given, begun at one of
    ``nodes``."""

    space: HeaderSpace
    nodes: tuple[str, ...] | None = None


def by_many(skeleton: Skeleton, starts: Starts, come: Come, most: int) -> bool:
    """Whether more nodes than that may be where it began, even if nothing rewrote it."""
    if come.nodes is not None or not starts.more_send(come.space, most):
        return False
    who = come.space.by_name.get("identity")
    return who is None or skeleton.sayers(who) is None


def leap(
    skeleton: Skeleton,
    starts: Starts,
    there: Mapping[str, Iterable[Spot]],
    back: Mapping[str, Iterable[Spot]],
    besides: Iterable[Come] = (),
    most: int | None = None,
) -> Mapping[str, Spaces] | None:
    """The flows that come by one of some spots, or have come ``besides``, or whose reply comes by
    one of some others; by the node where they start.  None as well once these are more than
    ``most``."""
    found: dict[str, list[HeaderSpace]] = {}
    for spots, more, reply in ((there, besides, False), (back, (), True)):
        begun: dict[str, list[HeaderSpace]] = {}
        for come in (*_coming(skeleton, starts, spots, reply=reply), *more):
            sent = _senders(skeleton, starts, come, most, reply=reply)
            if sent is None:
                return None
            for node, own in sent:
                begun.setdefault(node, []).append(own)
            if most is not None and len(begun) > most:
                return None
        for node, each in begun.items():
            found.setdefault(node, []).append(hull(each))
    return {node: bounded(spaces) for node, spaces in found.items()}


def _coming(
    skeleton: Skeleton, starts: Starts, spots: Mapping[str, Iterable[Spot]], *, reply: bool
) -> Iterator[Come]:
    for name, spaces in skeleton.entering(spots, reply=reply).items():
        only = not reply and name in starts.at and skeleton.is_only_begun_at(name)
        for space in spaces:
            if only:
                yield Come(space, (name,))
            else:
                for met in skeleton.sent_there(name, space, reply=reply):
                    is_little = len(starts.all) <= _FEW_STARTS or is_of_few(met)
                    if is_little or may_come(skeleton, starts.spaces, name, met, reply=reply):
                        yield Come(met)


def is_of_few(space: HeaderSpace) -> bool:
    """Whether both ends are so few that whoever sends so is found by them."""
    ends = (space.by_name.get(side) for side in ("source", "destination"))
    return all(own is not None and _size(own) <= _FEW_ADDRESSES for own in ends)


def _size(ends: Ranges) -> int:
    """So many addresses of IPv4, and blocks as a subnet has of IPv6."""
    return sum((high - low >> (96 if is_ipv4(low) else 64)) + 1 for low, high in ends.intervals)


def _senders(
    skeleton: Skeleton, starts: Starts, come: Come, most: int | None, *, reply: bool
) -> list[tuple[str, HeaderSpace]] | None:
    """Where flows start that have come so, or their replies; with which headers.  None if they are
    many, or more nodes than ``most``."""
    space = come.space.without("identity")
    if come.nodes is not None:
        return [(name, space) for name in come.nodes if name in starts.at]
    who = None if reply else come.space.by_name.get("identity")
    said = skeleton.sayers(who) if who is not None else None
    rewritten = _before(skeleton, space, reply=reply)
    if rewritten is None:
        return None
    found: list[tuple[str, HeaderSpace]] = []
    for each in rewritten:
        if said is not None and len(said) < starts.most:
            numbers: Iterable[int] | None = (n for node in said for n in starts.at.get(node, ()))
        else:
            numbers = starts.sending(each, most if said is None else None)
        if numbers is None or len(found) > _OFTEN * starts.most:
            return None
        for number in numbers:
            start = starts.all[number]
            if (said is None or start.node in said) and start.space.overlaps(each):
                found.append((start.node, each))
    return found


def _before(skeleton: Skeleton, come: HeaderSpace, *, reply: bool) -> Sequence[HeaderSpace] | None:
    """All headers that flows may have had at first that once have some headers, or their replies;
    None if there is no end of them."""
    seen: dict[bool, list[HeaderSpace]] = {True: [], False: []}
    queue = [(come, reply)]
    while queue:
        space, back = queue.pop()
        if any(covers(known, space) for known in seen[back]):
            continue
        seen[back].append(space)
        if len(seen[back]) > _MOST_SPACES:
            return None
        queue += (
            (before.without("identity"), back)
            for before in skeleton.before_rewriting(space, reply=back)
        )
        if back:
            flow = answered(space)
            if flow is not None:
                queue.append((flow, False))
    return seen[False]
