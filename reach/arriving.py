"""What of a start can arrive at all, as far as sets of headers tell.

    arriving(network, aim, start, most) -> header spaces of the start | None

Pushes the start's headers through the network until nothing new comes up.  Of a field on the wire
that nothing there rewrites, what arrives says what was sent.  Every header that arrives as is asked
lies in one of the spaces, and perhaps others do; whether its reply gets back is not looked at.
None if it takes more steps than ``most``.  Knows the neutral network only; must not know AWS, terms
or a solver.
"""

from __future__ import annotations

from collections import deque

from reach.aim import Aim, Start
from reach.check import wanted
from reach.flood import Arrival, Reading, Tag, covers
from reach.network.field import ON_THE_WIRE
from reach.network.header_space import HeaderSpace
from reach.network.node import Network
from reach.network.stage import Translate

_Place = tuple[str, Tag]


def arriving(network: Network, aim: Aim, start: Start, most: int) -> tuple[HeaderSpace, ...] | None:
    reading = Reading(network, visits=aim.visits)
    known: dict[_Place, list[HeaderSpace]] = {(start.node, Tag()): [start.space]}
    queue = deque([(start.node, Tag(), start.space)])
    arrivals: list[Arrival] = []
    while queue:
        most -= 1
        if most < 0:
            return None
        outcome = reading.push(*queue.popleft())
        arrivals += outcome.arrivals
        for node, tag, space in outcome.onward:
            held = known.setdefault((node, tag), [])
            if not any(covers(other, space) for other in held):
                held.append(space)
                queue.append((node, tag, space))
    kept = set(ON_THE_WIRE) - _rewritten(network, {node for node, _ in known})
    found = (space for each in arrivals for space in wanted(aim, (start,), each))
    return tuple(dict.fromkeys(start.space & space.about(kept) for space in found))


def _rewritten(network: Network, nodes: set[str]) -> set[str]:
    """The fields that any of some nodes rewrites."""
    return {
        rewrite.field
        for node in nodes
        for stage in network.node(node).stages
        if isinstance(stage, Translate)
        for case in stage.cases
        for rewrite in case.rewrites
    }
