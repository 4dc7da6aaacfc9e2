"""What all route tables say together: told by itself, so that who asks is not made of each route.

    pools(lowering) -> IngressPools             lattice(lowering) -> Lattice
    local_gateways(lowering) -> ids             core_networks(lowering) -> ids

Each is worked out once per snapshot, and again where a route was edited; where it then is what it
was, nothing that was made of it is made anew (``Lowering.table``).  Must not know what a packet
does there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from reach.component import Lowering
from reach.snapshot.core_network_records import mentioned_core_networks
from reach.snapshot.ingress_pools import IngressPools, ingress_pools
from reach.snapshot.lattice import Lattice, Reached, reached
from reach.snapshot.records import RouteTable
from reach.snapshot.snapshot import Snapshot

T = TypeVar("T")
_ALL = "all"


def pools(lowering: Lowering) -> IngressPools:
    """The pools of addresses that gateways accept, and what of them is routed where (R-IGW-9)."""
    return lowering.table("ingress pools", _pools)[_ALL]


def lattice(lowering: Lowering) -> Lattice:
    """Joins over VPC Lattice, of this very ground; each of their tables is told by itself."""

    def look(make: Callable[[Snapshot], Mapping[str, T]]) -> Mapping[str, T]:
        key = f"Lattice: {make.__name__.strip('_')}"
        return lowering.table(key, lambda ground: make(ground.snapshot))

    def at() -> Reached:
        return lowering.table("reached in Lattice", _reached)[_ALL]

    return lowering.own("lattice", lambda: Lattice(lowering.snapshot, lowering.index, look, at))


def core_networks(lowering: Lowering) -> tuple[str, ...]:
    """Every core network that a route, an attachment or a list of them names."""
    return lowering.table("core networks mentioned", _core_networks)[_ALL]


def local_gateways(lowering: Lowering) -> frozenset[str]:
    """The local gateways that routes lead to."""
    return lowering.table("routed to local gateways", _to_local_gateways)[_ALL]


def tell(lowering: Lowering) -> None:
    """Work all of it out."""
    for ask in (pools, core_networks, local_gateways):
        ask(lowering)
    lattice(lowering).tell()


def _pools(lowering: Lowering) -> Mapping[str, IngressPools]:
    return {_ALL: ingress_pools(lowering.snapshot)}


def _reached(lowering: Lowering) -> Mapping[str, Reached]:
    return {_ALL: reached(lowering.snapshot, lowering.index)}


def _core_networks(lowering: Lowering) -> Mapping[str, tuple[str, ...]]:
    return {_ALL: mentioned_core_networks(lowering.snapshot)}


def _to_local_gateways(lowering: Lowering) -> Mapping[str, frozenset[str]]:
    tables = lowering.snapshot.records(RouteTable)
    named = (route.local_gateway_id for table in tables for route in table.routes)
    return {_ALL: frozenset(filter(None, named))}
