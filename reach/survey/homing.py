"""Packets that get there and whose replies get home, as exact sets have it.

    homing(network, starts, two_way) -> (start, packet), ...

Where a packet was sent is rewritten, and its reply put back, the likeliest packets often miss the
few that get through, and the solver takes long to find one.  Sets (:mod:`reach.sets`) tell who gets
where in moments; what they give is for a replay to show, so nothing hangs on them.  Must not know
AWS, nor what is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reach import foreseen
from reach.aim import Start
from reach.network.header_space import HeaderSpace
from reach.network.node import Network
from reach.sets.kinds import carried
from reach.sets.moving import TooManyError
from reach.sets.through import Home, through
from reach.survey.packets import Packet

_MOST_SETS = 5_000  # pushed on at most: more would take as long as asking
_MOST_SPANS = 64  # of addresses of a sender: of the internet's in a big estate, too


def homing(network: Network, starts: Iterable[Start], two_way: bool) -> Iterator[Packet]:
    """One packet of each start for each set of packets that gets home, none twice."""
    begun = [
        (start, each)
        for start in starts
        for each in carried(start.space, two_way)
        if _is_of_few(each)
    ]
    try:
        homes = through(network, begun, None, two_way, most=_MOST_SETS).homes
    except TooManyError:
        return
    made: set[Packet] = set()
    for home in sorted(homes, key=_in_order):
        for start, space in begun:
            met = home.space & space
            header = None if met.is_empty else foreseen.packet(met, two_way)
            if header is not None and (start, header) not in made:
                made.add((start, header))
                yield start, header


def _is_of_few(space: HeaderSpace) -> bool:
    """Whether what is sent is from few addresses: of thousands of spans each step takes as long as
    asking the solver does, where no gateway has rewritten whom it is from."""
    source = space.by_name.get("source")
    return source is not None and len(source.intervals) <= _MOST_SPANS


def _in_order(home: Home) -> tuple[str, str, str]:
    return home.node, home.owner, str(home.space)
