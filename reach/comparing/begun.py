"""Whether anybody may have sent some headers to a place: walked back to who has such addresses.

    may_come(skeleton, sent, node, space, reply=...) -> bool

Whoever sends to a thousand nodes is looked up by what he may send, wherever that leads
(:mod:`reach.comparing.leaping`).  But of what comes by a gateway of a VPC, most is from addresses
that nobody has from whom a way leads there.  So it is walked back from the place, with all that
rewrites on the way, to where packets begin: a host's are from its own addresses (R-ENI-4), a reply
is from where its flow went to.  Where that is not seen from a few ways back, something may come.

Knows the neutral network only; must not know AWS, terms or a solver.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from reach.comparing.backwards import answered
from reach.comparing.coming import Edge
from reach.comparing.nodes import bounded, untranslated
from reach.comparing.skeleton import Skeleton
from reach.network.header_space import HeaderSpace, Ranges
from reach.network.stage import Filter, Forward, Restore, Translate

_FAR = 200  # so many places are looked at


@dataclass(frozen=True, slots=True)
class _At:
    """Headers in front of a stage of a node, of a flow or of a reply."""

    node: str
    stage: int
    space: HeaderSpace
    reply: bool


def may_come(
    skeleton: Skeleton,
    sent: Callable[[str], Iterable[HeaderSpace]],
    node: str,
    space: HeaderSpace,
    *,
    reply: bool,
) -> bool:
    """Whether some headers can come to a node's entry from anybody whose addresses they are from;
    where that takes long to see, True.  ``sent`` is what flows start with at a node."""
    seen, queue = set[_At](), [_At(node, 0, space.without("identity"), reply)]
    while queue:
        at = queue.pop()
        if at in seen:
            continue
        seen.add(at)
        if len(seen) > _FAR:
            return True
        spaces, session = _taken_back(skeleton, at)
        for space in spaces:
            if session:
                queue += _put_back(skeleton, session, space) if at.reply else ()
            elif _may_begin(skeleton, sent, at, space):
                return True
            else:
                queue += _before(skeleton, at, space)
    return False


def _taken_back(skeleton: Skeleton, at: _At) -> tuple[tuple[HeaderSpace, ...], str]:
    """With which headers a node was entered; or those to which a reply was put back in it, and the
    session that did."""
    spaces = [at.space]
    for stage in reversed(skeleton.network.node(at.node).stages[: at.stage]):
        if isinstance(stage, Restore):
            return bounded(_whoever_sent(spaces)), stage.session
        if isinstance(stage, Translate):
            spaces = [each for space in spaces for each in untranslated(stage, space)]
        elif not isinstance(stage, Filter | Forward):
            return (), ""
    return bounded(_whoever_sent(spaces)), ""


def _whoever_sent(spaces: Iterable[HeaderSpace]) -> Iterator[HeaderSpace]:
    """Who sends a packet is said on the way, and not known where it began."""
    return (space.without("identity") for space in spaces)


def _put_back(skeleton: Skeleton, session: str, space: HeaderSpace) -> Iterator[_At]:
    """The flows whose replies a session has put back, in front of its translations."""
    flow = answered(space)
    for name, number in skeleton.translating.get(session, ()) if flow is not None else ():
        assert flow is not None
        yield _At(name, number, flow, False)


def _before(skeleton: Skeleton, at: _At, entered: HeaderSpace) -> Iterator[_At]:
    """From where such headers can have come to a node's entry, or what they answer."""
    for edge in skeleton.into.get(at.node, ()):
        if not edge.session or at.reply:
            met = _taking(skeleton, edge, (entered & edge.match).without("identity"))
            if not met.is_empty:
                yield _At(edge.node, edge.stage, met, at.reply)
    flow = answered(entered) if at.reply else None
    for edge in skeleton.answered_from.get(at.node, ()) if flow is not None else ():
        assert flow is not None
        yield _At(edge.node, edge.stage, flow, False)


def _taking(skeleton: Skeleton, edge: Edge, space: HeaderSpace) -> HeaderSpace:
    """What of some headers takes a way, and no earlier route of those that say only to whom."""
    stage = skeleton.network.node(edge.node).stages[edge.stage]
    ends = space.by_name.get("destination")
    if not isinstance(stage, Forward) or edge.session or ends is None:
        return space
    left = ends
    for number in stage.towards(ends):
        route = stage.routes[number]
        if route.match == edge.match:
            return space.narrowed("destination", left)
        if not route.session and len(route.match.fields) == 1:
            left = left - route.match.by_name.get("destination", Ranges.of())
    return space


def _may_begin(
    skeleton: Skeleton,
    sent: Callable[[str], Iterable[HeaderSpace]],
    at: _At,
    space: HeaderSpace,
) -> bool:
    """Whether some headers may begin at a node, by the addresses that they are from."""
    if at.node in skeleton.exits:
        sources = HeaderSpace.where(source=skeleton.sent_from(at.node))
        return not (space & sources).is_empty
    # Of hosts' own nodes not all ways are known.
    if skeleton.is_own(at.node) and not skeleton.into.get(at.node):
        return True
    return not at.reply and any(each.overlaps(space) for each in sent(at.node))
