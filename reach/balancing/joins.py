"""The joins over a snapshot's balancers, made once.

    balancers(lowering) -> Balancers

Must not know what a balancer does with a packet.
"""

from __future__ import annotations

from reach.component import Lowering
from reach.snapshot.balancers import Balancers


def balancers(lowering: Lowering) -> Balancers:
    """Which listeners, rules, targets and interfaces are whose."""
    return lowering.memo("balancers", lambda: Balancers(lowering.snapshot, lowering.index))
