"""What may become of one packet: its replay, and those with other choices where it had some.

    replays(network, start, packet, two_way) -> Proof, ...

A balancer picks a target, an appliance's zone is picked: where several things may happen a replay
takes the first.  Here the others are tried as well, nearest to the start first.  Knows the neutral
network only.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping

from reach.aim import Start
from reach.decide import Proof, replay
from reach.network.field import Header
from reach.network.node import Network
from reach.network.stage import Choose
from reach.trace import Site, Trace

_MOST = 24
_Chosen = Mapping[Site, int]


def replays(network: Network, start: Start, packet: Header, two_way: bool) -> Iterator[Proof]:
    """Replays of a packet, the one with the first options first."""
    waiting: deque[tuple[_Chosen, _Chosen]] = deque([({}, {})])
    for _ in range(_MOST):
        if not waiting:
            return
        there, back = waiting.popleft()
        proof = replay(network, start, packet, two_way, there, back)
        yield proof
        waiting += [(other, {}) for other in _others(network, proof.forward, there)]
        if proof.reply is not None:
            waiting += [(there, other) for other in _others(network, proof.reply, back)]


def _others(network: Network, trace: Trace, chosen: _Chosen) -> Iterator[_Chosen]:
    """The same with one more choice made otherwise, where the first option was taken."""
    for hop, onward in zip(trace.hops, trace.hops[1:], strict=False):
        stages = network.node(hop.node).stages
        last = stages[-1]
        site = Site(hop.node, hop.before, len(stages) - 1)
        if not isinstance(last, Choose) or site in chosen or last.options[0].next != onward.node:
            continue
        for number in range(1, len(last.options)):
            yield {**chosen, site: number}
