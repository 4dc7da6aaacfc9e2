"""Which ports packets may have behind balancers that listen at some ports: a guess, and quick.

    behind(snapshot, ports) -> ports

Whoever makes a network that is about few ports had better make it about these as well; whether that
was enough is seen by what comes up (:mod:`reach.survey.slices`).  Takes records; must not know
nodes.
"""

from __future__ import annotations

from collections.abc import Iterator

from reach.network.header_space import Ranges
from reach.snapshot.balancer_records import Listener, LoadBalancerTargetHealth, TargetGroup
from reach.snapshot.snapshot import Snapshot


def behind(snapshot: Snapshot, ports: Ranges) -> Ranges:
    """The ports of all targets, if any balancer listens at one of these (R-LB-4)."""
    listened_at = (each.port for each in snapshot.records(Listener))
    if not any(port in ports for port in listened_at if port is not None):
        return Ranges(())
    return Ranges.of(*_of_targets(snapshot))


def _of_targets(snapshot: Snapshot) -> Iterator[int]:
    for group in snapshot.records(TargetGroup):
        if group.port is not None:
            yield group.port
    for answer in snapshot.records(LoadBalancerTargetHealth):
        for each in answer.target_health_descriptions:
            if each.target.port is not None:
                yield each.target.port
