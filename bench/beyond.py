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

from bench.gateways import Change

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


def _core_network(one: Any, rng: random.Random) -> Iterable[Any]:
    """A policy with an action less, that isolates a segment, or the other way round; or one that
    keeps group references, or does not."""
    import json

    from msgspec.structs import replace

    policy = one.core_network_policy
    document = json.loads(policy.policy_document)

    def with_(**said: Any) -> Any:
        told = json.dumps(
            {**document, **{key.replace("_", "-"): each for key, each in said.items()}}
        )
        return replace(one, core_network_policy=replace(policy, policy_document=told))

    actions = document.get("segment-actions", [])
    for number in range(len(actions)):
        yield with_(segment_actions=[*actions[:number], *actions[number + 1 :]])
    segments = document["segments"]
    for number, each in enumerate(segments):
        shut = not each.get("isolate-attachments", False)
        other = {**each, "isolate-attachments": shut}
        yield with_(segments=[*segments[:number], other, *segments[number + 1 :]])
    own = document["core-network-configuration"]
    kept = not own.get("security-group-referencing-support", False)
    yield with_(core_network_configuration={**own, "security-group-referencing-support": kept})


def _core_segment(snapshot: Any, rng: random.Random) -> Change | None:
    """An attachment in another segment or state, as both calls say; or of which none is left."""
    from msgspec.structs import replace

    from reach.snapshot.core_network_records import CoreNetworkAttachment, CoreNetworkVpcAttachment

    every = snapshot.records(CoreNetworkAttachment)
    if not every:
        return None
    one = rng.choice(every)
    detail = snapshot.get(CoreNetworkVpcAttachment, one.attachment_id)
    how = rng.random()
    if how < 0.2:
        return (), tuple(each for each in (one, detail) if each is not None)
    names = sorted({each.segment_name for each in every})
    said = {"segment_name": rng.choice(names)} if how < 0.6 else {"state": rng.choice(_IN_WAN)}
    put: list[Any] = [replace(one, **said)]
    if detail is not None:
        part = detail.vpc_attachment
        about = replace(part.attachment, **said)
        put.append(replace(detail, vpc_attachment=replace(part, attachment=about)))
    return tuple(put), ()


def _core_subnets(one: Any, rng: random.Random) -> Iterable[Any]:
    """The attachment of a VPC with other options, or without a subnet."""
    from msgspec.structs import replace

    part = one.vpc_attachment
    options = part.options
    for field in ("ipv6_support", "appliance_mode_support", "security_group_referencing_support"):
        told = replace(options, **{field: not getattr(options, field)})
        yield replace(one, vpc_attachment=replace(part, options=told))
    for number in range(len(part.subnet_arns)):
        left = (*part.subnet_arns[:number], *part.subnet_arns[number + 1 :])
        yield replace(one, vpc_attachment=replace(part, subnet_arns=left))


def _core_routes(snapshot: Any, rng: random.Random) -> Change | None:
    """The table of a segment as AWS lists it: with a route to an attachment, or gone."""
    from msgspec.structs import replace

    from reach.snapshot import core_network_records as records

    listed = snapshot.records(records.CoreNetworkRoutes)
    attached = snapshot.records(records.CoreNetworkAttachment)
    if not attached:
        return None
    if listed and rng.random() < 0.3:
        return (), (rng.choice(listed),)
    one, to = rng.choice(attached), rng.choice(attached)
    if not one.segment_name:
        return None
    page = replace(one.page, section="CoreNetworkRoutes")
    block = f"10.{rng.randrange(4)}.0.0/16"
    ends = records.CoreNetworkDestination(core_network_attachment_id=to.attachment_id)
    route = records.CoreNetworkRoute(destination_cidr_block=block, destinations=(ends,))
    edge = records.SegmentEdge(one.core_network_id, one.segment_name, one.edge_location)
    new = records.CoreNetworkRoutes(
        core_network_segment_edge=edge, network_routes=(route,), page=page
    )
    known = snapshot.get(records.CoreNetworkRoutes, new.key)
    if known is not None:
        return (replace(known, network_routes=(*known.network_routes, route)),), ()
    return (new,), ()


def _heard(one: Any, rng: random.Random) -> Iterable[Any]:
    """A listener that hears other ports."""
    from msgspec.structs import replace

    for number, each in enumerate(one.port_ranges):
        for low, high in ((443, 443), (80, 443), (8080, 8081)):
            if (each.from_port, each.to_port) != (low, high):
                other = replace(each, from_port=low, to_port=high)
                told = (*one.port_ranges[:number], other, *one.port_ranges[number + 1 :])
                yield replace(one, port_ranges=told)


def _static(one: Any, rng: random.Random) -> Iterable[Any]:
    """An accelerator with one address less."""
    from msgspec.structs import replace

    for number, each in enumerate(one.ip_sets):
        left = replace(each, ip_addresses=each.ip_addresses[1:])
        yield replace(one, ip_sets=(*one.ip_sets[:number], left, *one.ip_sets[number + 1 :]))


def _inspecting(one: Any, rng: random.Random) -> Iterable[Any]:
    """A firewall of which an endpoint, or the attachment, is in another state."""
    from msgspec.structs import replace

    told = one.firewall_status
    for status in ("READY", "CREATING", "FAILED", "SCALING"):
        for zone, state in told.sync_states.items():
            if state.attachment is not None and state.attachment.status != status:
                own = replace(state, attachment=replace(state.attachment, status=status))
                states = {**told.sync_states, zone: own}
                yield replace(one, firewall_status=replace(told, sync_states=states))
        attached = told.transit_gateway_attachment_sync_state
        if attached is not None:
            own = replace(attached, transit_gateway_attachment_status=status)
            other = replace(told, transit_gateway_attachment_sync_state=own)
            yield replace(one, firewall_status=other)


def _without_action(one: Any, rng: random.Random) -> Iterable[Any]:
    """A listener that answers itself what it forwarded."""
    from msgspec.structs import replace

    from reach.snapshot.lattice_records import FixedResponse, LatticeAction

    own = LatticeAction(fixed_response=FixedResponse(404))
    if one.default_action != own:
        yield replace(one, default_action=own)


def _resource(one: Any, rng: random.Random) -> Iterable[Any]:
    """A resource at another address, or on another port."""
    from msgspec.structs import replace

    from reach.snapshot.lattice_records import IpResource

    told = one.resource_configuration_definition
    if told is not None and told.ip_resource is not None:
        at = IpResource(ip_address=f"10.0.{rng.randrange(4)}.{rng.randrange(4, 250)}")
        yield replace(one, resource_configuration_definition=replace(told, ip_resource=at))
    for ports in (("443",), ("5432-5433",)):
        if one.port_ranges is not None and one.port_ranges != ports:
            yield replace(one, port_ranges=ports)


_IN_ORDER, _LATTICE = ("ACTIVE", "CREATE_IN_PROGRESS", "UPDATE_FAILED"), "lattice_records"
_TARGETS = ("HEALTHY", "DRAINING", "UNUSED")
_BALANCING = "balancer_records"
_IN_WAN = ("AVAILABLE", "UPDATING", "FAILED", "PENDING_ATTACHMENT_ACCEPTANCE")
_CORE = "core_network_records"
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
    "core network": (_CORE, "CoreNetwork", _says("state", "AVAILABLE", "DELETING"), True),
    "core network policy": (_CORE, "CoreNetworkPolicy", _core_network, True),
    "core network attachment": (
        _CORE,
        "CoreNetworkAttachment",
        _any(_says("state", *_IN_WAN), _says("nat_gateway_support", "", "ENABLED")),
        True,
    ),
    "core network subnets": (_CORE, "CoreNetworkVpcAttachment", _core_subnets, True),
    "accelerator": (_BALANCING, "Accelerator", _any(_says("enabled", True, False), _static), True),
    "accelerator listener": (
        _BALANCING,
        "Listener",
        _any(_says("protocol", "TCP", "UDP"), _heard),
        False,
    ),
    "accelerator endpoints": (
        _BALANCING,
        "AcceleratorEndpointGroup",
        _any(
            _says("traffic_dial_percentage", 100.0, 0.0),
            _fewer("endpoint_descriptions"),
            _each("endpoint_descriptions", "weight", 128, 0),
            _each("endpoint_descriptions", "client_ip_preservation_enabled", True, False),
            _fewer("port_overrides"),
        ),
        True,
    ),
    "firewall endpoint": ("firewall_records", "Firewall", _inspecting, False),
    "service network association": (
        _LATTICE,
        "ServiceNetworkVpcAssociation",
        _any(_says("status", *_IN_ORDER), _says("security_group_ids", ())),
        True,
    ),
    "service network member": (
        _LATTICE,
        "ServiceNetworkServiceAssociation",
        _says("status", *_IN_ORDER),
        True,
    ),
    "Lattice service": (_LATTICE, "LatticeService", _says("status", *_IN_ORDER), True),
    "Lattice listener": (
        _LATTICE,
        "LatticeListener",
        _any(_says("port", 80, 443, 8443), _without_action),
        True,
    ),
    "Lattice target group": (_LATTICE, "LatticeTargetGroup", _says("status", *_IN_ORDER), True),
    "Lattice targets": (
        _LATTICE,
        "LatticeTargets",
        _any(_fewer("items"), _each("items", "status", *_TARGETS), _each("items", "port", 8080)),
        True,
    ),
    "resource gateway": (
        _LATTICE,
        "ResourceGateway",
        _any(_says("status", *_IN_ORDER), _fewer("subnet_ids")),
        False,
    ),
    "resource": (
        _LATTICE,
        "ResourceConfiguration",
        _any(_says("status", *_IN_ORDER), _resource),
        True,
    ),
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
    "core network segment": _core_segment,
    "core network route": _core_routes,
    **{kind: partial(_one, *said) for kind, said in _KINDS.items()},
}
