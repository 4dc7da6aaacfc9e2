"""Whether what comes by a node gets anywhere at all from there.

    Onward(network, cells).leads_nowhere(node, services, backend) -> bool

What a gateway or a balancer drops it drops whoever sent it.  So instead of one question for each
who may send, from where it starts, this is one of the node: nothing that can be there, as the
survey proves, is delivered or meets anything unknown.  Knows the neutral network only; must not
know how what can be at a node was found.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import solver
from reach.aim import Aim, Start
from reach.compile import compile
from reach.decide import BUDGET
from reach.flood import hull
from reach.network.header_space import HeaderSpace
from reach.network.node import Network
from solver import Backend, Unsat


class Onward:
    """The network and, by node, all that can be there."""

    def __init__(self, network: Network, cells: Mapping[str, Iterable[HeaderSpace]]) -> None:
        self._network = network
        self._cells = cells
        self._known: dict[tuple[str, HeaderSpace], bool] = {}

    def leads_nowhere(self, node: str, services: HeaderSpace, backend: Backend) -> bool:
        """Whether it is proved that nothing with these services gets on from a node."""
        key = (node, services)
        if key not in self._known:
            self._known[key] = self._is_proved(node, services, backend)
        return self._known[key]

    def _is_proved(self, node: str, services: HeaderSpace, backend: Backend) -> bool:
        met = [space & services for space in self._cells.get(node, ())]
        there = [space for space in met if not space.is_empty]
        if not there:
            return True
        start = Start(node, hull(there), "")
        aim = Aim((start,), goals=None, two_way=False, to_itself=True)
        constraints = compile(self._network, aim)
        session = backend.open()
        session.add(*constraints.assertions)
        anywhere = solver.or_(constraints.arrives, constraints.may_arrive)
        return isinstance(session.check([anywhere], budget=BUDGET, core=False), Unsat)
