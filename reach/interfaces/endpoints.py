"""Whose the interfaces of endpoints are, by interface: each a table (``Lowering.table``).

    owner(lowering, interface_id) -> (endpoint, type), or None       owners(lowering) -> ids
    tell(lowering)

Takes records; must not know what an endpoint does with a packet.
"""

from __future__ import annotations

from collections.abc import Mapping

from reach.component import Lowering
from reach.snapshot.endpoint_services import interface_endpoints
from reach.snapshot.records import VpcEndpoint

Owner = tuple[str, str]


def owner(lowering: Lowering, interface_id: str) -> Owner | None:
    """The endpoint of an interface, and of which type it is."""
    return lowering.table("endpoints by interface", _owners).get(interface_id)


def owners(lowering: Lowering) -> Mapping[str, str]:
    """The endpoints of type ``interface``, by their interfaces that are held."""
    return lowering.table("interface endpoints by interface", _interface_endpoints)


def tell(lowering: Lowering) -> None:
    """Work all of it out."""
    owner(lowering, "")
    owners(lowering)


def _owners(lowering: Lowering) -> Mapping[str, Owner]:
    return {
        owned: (endpoint.vpc_endpoint_id, endpoint.vpc_endpoint_type.lower())
        for endpoint in lowering.snapshot.lasting(VpcEndpoint)
        for owned in endpoint.network_interface_ids
    }


def _interface_endpoints(lowering: Lowering) -> Mapping[str, str]:
    return interface_endpoints(lowering.snapshot)
