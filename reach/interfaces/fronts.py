"""Endpoints of which not all is held: an interface without its endpoint, or the other way round.

    fronts_gap(lowering, resource) -> Origin | None        hidden_fronts(lowering) -> Ranges
    is_partly_held(lowering, endpoint) -> bool

Every interface of type ``vpc_endpoint`` belongs to an endpoint, and an endpoint names its
interfaces and stands in the subnets that it names, in each by one (R-VPCE-1).  Where one is shown
and the other is not, its call was cut down or made at another moment: which service is reached
there is not known (law 2).  Must not know what an endpoint leads to.
"""

from __future__ import annotations

from reach.component import Lowering
from reach.network.address import Prefix
from reach.network.header_space import Ranges
from reach.network.stage import Origin
from reach.snapshot.index import private_addresses, subnet_blocks
from reach.snapshot.records import NetworkInterface, Subnet, VpcEndpoint

_TYPES = ("vpc_endpoint", "gateway_load_balancer_endpoint")


def fronts_gap(lowering: Lowering, resource: str) -> Origin | None:
    """Why not all that leads to a service is known, if an endpoint or its interface is not held."""
    return lowering.memo(f"endpoint fronts of {resource}", lambda: _gap(lowering, resource))


def _gap(lowering: Lowering, resource: str) -> Origin | None:
    for interface in _orphans(lowering):
        words = f"{interface.network_interface_id} is of an endpoint that may lead to {resource}"
        return lowering.missing(VpcEndpoint, resource, words)
    for endpoint in _partly_held(lowering):
        words = (
            f"not all interfaces of {endpoint.vpc_endpoint_id} are known; it may lead to {resource}"
        )
        return lowering.missing(NetworkInterface, resource, words)
    return None


def hidden_fronts(lowering: Lowering) -> Ranges:
    """The addresses at which such endpoints stand, as far as they can be told apart."""
    return lowering.memo("hidden endpoint fronts", lambda: _hidden(lowering))


def _hidden(lowering: Lowering) -> Ranges:
    own = [address for each in _orphans(lowering) for address in private_addresses(each)]
    spans = [*Ranges.of(*own).intervals] if own else []
    for endpoint in _partly_held(lowering):
        subnets = (lowering.snapshot.get(Subnet, each) for each in endpoint.subnet_ids)
        blocks = (block for subnet in subnets if subnet for block in subnet_blocks(subnet))
        spans += Ranges.prefixes(map(Prefix.parse, blocks)).intervals
    return Ranges.union(spans)


def _orphans(lowering: Lowering) -> tuple[NetworkInterface, ...]:
    """The interfaces of endpoints that no endpoint names."""

    def make() -> tuple[NetworkInterface, ...]:
        endpoints = lowering.snapshot.lasting(VpcEndpoint)
        owned = {name for each in endpoints for name in each.network_interface_ids}
        found = lowering.index.interfaces_where(lambda each: each.interface_type in _TYPES)
        return tuple(each for each in found if each.network_interface_id not in owned)

    return lowering.memo("interfaces of no endpoint", make)


def is_partly_held(lowering: Lowering, endpoint: VpcEndpoint) -> bool:
    """Whether an endpoint has an interface that is not held: one that it names, or one in a subnet
    that it names, of which it names none though it works."""
    named = endpoint.network_interface_ids
    if endpoint.state.lower() == "available" and len(named) < len(set(endpoint.subnet_ids)):
        return True
    return any(lowering.snapshot.get(NetworkInterface, name) is None for name in named)


def _partly_held(lowering: Lowering) -> tuple[VpcEndpoint, ...]:
    endpoints = lowering.snapshot.records(VpcEndpoint)
    return tuple(each for each in endpoints if is_partly_held(lowering, each))
