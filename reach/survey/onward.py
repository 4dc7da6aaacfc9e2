"""Whether what comes by a node gets anywhere at all from there.

    Onward(network, cells).leads_nowhere(node, services, backend) -> bool

What a gateway or a balancer drops it drops whoever sent it.  So instead of one question for each
who may send, from where it starts, this is one of the node: nothing that can be there, as the
survey proves, is delivered or meets anything unknown.  Knows the neutral network only; must not
know how what can be at a node was found.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import solver
from reach.aim import Aim, Start
from reach.compile import compile
from reach.decide import BUDGET
from reach.flood import hull
from reach.network.header_space import HeaderSpace
from reach.network.node import Network
from reach.symbolic import Symbolic
from solver import Backend, Unsat


class Onward:
    """The network and, by node, all that can be there."""

    def __init__(self, network: Network, cells: Mapping[str, Iterable[HeaderSpace]]) -> None:
        self._network = network
        self._cells = cells
        self._known: dict[tuple[str, HeaderSpace], bool] = {}
        # One service after the other is asked about of a node: its problem is kept for the next.
        self._problem: _Problem | None = None

    def leads_nowhere(self, node: str, services: HeaderSpace, backend: Backend) -> bool:
        """Whether it is proved that nothing with these services gets on from a node."""
        key = (node, services)
        if key not in self._known:
            self._known[key] = self._is_proved(node, services, backend)
        return self._known[key]

    def _is_proved(self, node: str, services: HeaderSpace, backend: Backend) -> bool:
        cells = tuple(self._cells.get(node, ()))
        if all((space & services).is_empty for space in cells):
            return True
        problem = self._problem
        if problem is None or problem.node != node:
            problem = self._problem = _Problem(self._network, node, cells, backend)
        return problem.has_no_end_for(services)


class _Problem:
    """That a packet which can be at a node gets anywhere: compiled once."""

    def __init__(
        self, network: Network, node: str, cells: Sequence[HeaderSpace], backend: Backend
    ) -> None:
        self.node = node
        aim = Aim((Start(node, hull(cells), ""),), goals=None, two_way=False, to_itself=True)
        constraints = compile(network, aim)
        ((_, _, self._version),) = constraints.starts
        self._session = backend.open()
        self._session.add(*constraints.assertions)
        self._anywhere = solver.or_(constraints.arrives, constraints.may_arrive)

    def has_no_end_for(self, services: HeaderSpace) -> bool:
        """Whether none of these gets anywhere."""
        asked = Symbolic().matches(services, self._version)
        found = self._session.check([self._anywhere, asked], budget=BUDGET, core=False)
        return isinstance(found, Unsat)
