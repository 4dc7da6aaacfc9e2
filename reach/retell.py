"""What AWS says of a blocked way beside what blocks it.

    retell(ground, way) -> the way, with more blockers

A denial has one origin.  AWS's own analyser names what else bears on it: the route that does not
hold the destination or that a longer one beats, the listener of another port, the hop that loses
the sender's groups.  Components know (``besides``); what they say stands behind the denial that it
belongs to.  Takes and gives blocked ways; changes no verdict and must not know the engines.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from reach.component import Denial
from reach.explain import Blocked, Blocker
from reach.lower import Ground
from reach.network.header_space import ANYTHING, HeaderSpace


def retell(ground: Ground, way: Blocked, asked: HeaderSpace = ANYTHING) -> Blocked:
    """The same way; each blocker once, in order.  ``asked`` as in :class:`Denial`."""
    return replace(way, blockers=tuple(dict.fromkeys(_told(ground, way, asked))))


def _told(ground: Ground, way: Blocked, asked: HeaderSpace) -> Iterator[Blocker]:
    for each in way.blockers:
        yield each
        denial = Denial(each.origin, each.header, each.lacking, each.hops, asked)
        for origin in ground.besides(denial):
            yield replace(each, origin=origin, aside=True)
