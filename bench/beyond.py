"""What is edited of what lies at an estate's edge: other networks, edges, and what leads there.

    BEYOND[kind](snapshot, rng) -> what is put in and what is taken out, or None

A record says one thing otherwise, or is gone; an estate that takes it back has it come.  Must not
know how anything is measured.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

Change = tuple[tuple[Any, ...], tuple[Any, ...]]
_Others = Callable[[Any, random.Random], Iterable[Any]]


# --- a record of a kind ---------------------------------------------------------------------------


def _one(
    module: str, name: str, others: _Others, goes: bool, snapshot: Any, rng: random.Random
) -> Change | None:
    """A record that is another one of some ``others``, or is gone if it may."""
    from importlib import import_module

    every = snapshot.records(getattr(import_module(f"reach.snapshot.{module}"), name))
    if not every:
        return None
    one = rng.choice(every)
    told = [each for each in others(one, rng) if each is not None]
    if goes and (not told or rng.random() < 0.25):
        return (), (one,)
    return ((rng.choice(told),), ()) if told else None


def _says(field: str, *values: Any) -> _Others:
    """A field that says another one of some values."""

    def others(one: Any, rng: random.Random) -> Iterable[Any]:
        from msgspec.structs import replace

        return [replace(one, **{field: each}) for each in values if each != getattr(one, field)]

    return others


def _fewer(field: str) -> _Others:
    """A list with one less, or with two of it the other way round."""

    def others(one: Any, rng: random.Random) -> Iterable[Any]:
        from msgspec.structs import replace

        listed = getattr(one, field)
        if not listed:
            return
        number = rng.randrange(len(listed))
        yield replace(one, **{field: (*listed[:number], *listed[number + 1 :])})

    return others


def _each(field: str, inner: str, *values: Any) -> _Others:
    """One of a list that says another one of some values."""

    def others(one: Any, rng: random.Random) -> Iterable[Any]:
        from msgspec.structs import replace

        for number, each in enumerate(getattr(one, field)):
            for value in values:
                if getattr(each, inner) != value:
                    other = replace(each, **{inner: value})
                    listed = getattr(one, field)
                    told = (*listed[:number], other, *listed[number + 1 :])
                    yield replace(one, **{field: told})

    return others


def _beside(field: str, form: str) -> _Others:
    """One like it, of another name."""

    def others(one: Any, rng: random.Random) -> Iterable[Any]:
        from msgspec.structs import replace

        yield replace(one, **{field: form.format(rng.randrange(4))})

    return others


def _any(*several: _Others) -> _Others:
    return lambda one, rng: [found for each in several for found in each(one, rng)]


# --- all of it together ---------------------------------------------------------------------------


def _sessions(one: Any, rng: random.Random) -> Iterable[Any]:
    """A Connect peer whose BGP sessions are down, or up."""
    from msgspec.structs import replace

    told = one.connect_peer_configuration
    for status in ("up", "down", ""):
        own = tuple(replace(each, bgp_status=status) for each in told.bgp_configurations)
        if own != told.bgp_configurations:
            yield replace(one, connect_peer_configuration=replace(told, bgp_configurations=own))


def _prefixes(one: Any, rng: random.Random) -> Iterable[Any]:
    """An association that allows a wide prefix more, or a part of what it allows."""
    from ipaddress import ip_network

    from msgspec.structs import replace

    from reach.snapshot.private_records import AllowedPrefix

    field = "allowed_prefixes_to_direct_connect_gateway"
    listed = getattr(one, field)
    more = AllowedPrefix(cidr=rng.choice(("10.0.0.0/8", "10.1.0.0/16", "172.16.0.0/12")))
    if more not in listed:
        yield replace(one, **{field: (*listed, more)})
    for number, each in enumerate(listed):
        half = next(ip_network(each.cidr).subnets())
        told = (*listed[:number], AllowedPrefix(cidr=str(half)), *listed[number + 1 :])
        yield replace(one, **{field: told})


def _policy(snapshot: Any, rng: random.Random) -> Change | None:
    """An attachment that is associated with a policy table more, or with one less."""
    from msgspec.structs import replace

    from reach.snapshot.transit_records import (
        TransitGatewayAttachment,
        TransitGatewayPolicyAssociations,
        TransitGatewayTableAssociation,
    )

    attached = snapshot.records(TransitGatewayAttachment)
    if not attached:
        return None
    one = rng.choice(attached)
    own = TransitGatewayTableAssociation(
        one.transit_gateway_attachment_id, one.resource_id, one.resource_type, "associated"
    )
    table_id = f"tgw-ptb-{rng.randrange(2):017x}"
    known = snapshot.get(TransitGatewayPolicyAssociations, table_id)
    if known is None:
        page = replace(one.page, section="TransitGatewayPolicyTableAssociations")
        new = TransitGatewayPolicyAssociations(
            transit_gateway_policy_table_id=table_id, associations=(own,), page=page
        )
        return (new,), ()
    left = tuple(each for each in known.associations if each != own)
    told = (*left, own) if left == known.associations else left
    return ((replace(known, associations=told),), ()) if rng.random() < 0.7 else ((), (known,))


def _local_route(one: Any, rng: random.Random) -> Iterable[Any]:
    """A table with a route for a block more, to where another one of it leads."""
    from msgspec.structs import replace

    if not one.routes:
        return
    block = rng.choice(("10.0.0.0/8", "192.168.0.0/16", "0.0.0.0/0"))
    more = replace(rng.choice(one.routes), destination_cidr_block=block)
    if all(each.destination_cidr_block != block for each in one.routes):
        yield replace(one, routes=(*one.routes, more))


_GATEWAYS, _LOCAL = "gateway_records", "local_gateway_records"
_TRANSIT, _PRIVATE = "transit_records", "private_records"
_AVAILABLE = ("available", "pending", "deleted", "")
_ASSOCIATED = ("associated", "associating", "disassociating", "updating")

# By module and kind: what another one says; and whether it may be gone.
_KINDS: Mapping[str, tuple[str, str, _Others, bool]] = {
    "transit Connect": (_TRANSIT, "TransitGatewayConnect", _says("state", *_AVAILABLE), True),
    "transit Connect peer": (
        _TRANSIT,
        "TransitGatewayConnectPeer",
        _any(_says("state", *_AVAILABLE), _sessions),
        True,
    ),
    "Direct Connect gateway": (
        _PRIVATE,
        "DirectConnectGateway",
        _says("direct_connect_gateway_state", *_AVAILABLE),
        True,
    ),
    "Direct Connect association": (
        _PRIVATE,
        "DirectConnectGatewayAssociation",
        _any(_says("association_state", *_ASSOCIATED), _prefixes),
        True,
    ),
    "Direct Connect attachment": (
        _PRIVATE,
        "DirectConnectGatewayAttachment",
        _any(
            _says("attachment_state", "attached", "detaching", "detached"),
            _beside("virtual_interface_id", "dxvif-unseen{}"),
        ),
        True,
    ),
    "virtual interface": (
        _PRIVATE,
        "VirtualInterface",
        _any(
            _says("virtual_interface_state", "available", "down", "deleted", "unknown"),
            _each("bgp_peers", "bgp_status", "up", "down", "unknown"),
            _fewer("bgp_peers"),
        ),
        True,
    ),
    "carrier gateway": (_GATEWAYS, "CarrierGateway", _says("state", *_AVAILABLE), True),
    "local gateway": (_LOCAL, "LocalGateway", _says("state", *_AVAILABLE), True),
    "local gateway table": (
        _LOCAL,
        "LocalGatewayRouteTable",
        _says("mode", "coip", "direct-vpc-routing", ""),
        True,
    ),
    "local gateway association": (
        _LOCAL,
        "LocalGatewayRouteTableVpcAssociation",
        _says("state", *_ASSOCIATED),
        True,
    ),
    "local gateway route": (
        _LOCAL,
        "LocalGatewayRoutes",
        _any(
            _each("routes", "state", "active", "blackhole", "deleted"),
            _fewer("routes"),
            _local_route,
        ),
        True,
    ),
}

BEYOND: Mapping[str, Callable[[Any, random.Random], Change | None]] = {
    "transit policy table": _policy,
    **{kind: partial(_one, *said) for kind, said in _KINDS.items()},
}
