"""The joins over a snapshot's balancers, made once for each lowering: who asks them is told of.

    balancers(lowering) -> Balancers

Must not know what a balancer does with a packet.
"""

from __future__ import annotations

from reach.component import Lowering
from reach.snapshot.balancers import BalancerInterfaces, Balancers


def balancers(lowering: Lowering) -> Balancers:
    """Which listeners, rules, targets and interfaces are whose."""

    def make() -> Balancers:
        index = lowering.index
        own = lowering.memo("balancers' interfaces", lambda: BalancerInterfaces.of(index))
        return Balancers(lowering.snapshot, index, own)

    return lowering.own("balancers", make)
