"""The joins over a snapshot's balancers, made once for each lowering: who asks them is told of.

    balancers(lowering) -> Balancers        tell(lowering)

Must not know what a balancer does with a packet.
"""

from __future__ import annotations

from collections.abc import Mapping

from reach.component import Lowering
from reach.snapshot.balancers import (
    Balancers,
    Whose,
    arns_by_name,
    by_key,
    by_kind,
    classics_by_name,
)
from reach.snapshot.records import NetworkInterface

_Interfaces = Mapping[str, tuple[NetworkInterface, ...]]


def balancers(lowering: Lowering) -> Balancers:
    """Which listeners, rules, targets and interfaces are whose."""
    return lowering.own("balancers", lambda: _make(lowering))


def tell(lowering: Lowering) -> None:
    """Work out who is whose."""
    _whose(lowering)


def _make(lowering: Lowering) -> Balancers:
    return Balancers(lowering.snapshot, lowering.index, _whose(lowering))


def _whose(lowering: Lowering) -> Whose:
    return Whose(
        lowering.table("balancers' interfaces by name", _by_key),
        lowering.table("balancers' interfaces by kind", _by_kind),
        lowering.table("balancers by name", _arns),
        lowering.table("classic balancers by name", _classics),
    )


def _by_key(lowering: Lowering) -> _Interfaces:
    return by_key(lowering.index)


def _by_kind(lowering: Lowering) -> _Interfaces:
    return by_kind(lowering.index)


def _arns(lowering: Lowering) -> Mapping[str, str]:
    return arns_by_name(lowering.snapshot)


def _classics(lowering: Lowering) -> Mapping[str, tuple[tuple[str, str | None], ...]]:
    return classics_by_name(lowering.snapshot)
