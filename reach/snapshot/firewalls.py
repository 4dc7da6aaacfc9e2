"""Joins over firewalls: which endpoint, and which attachment, is whose.

Takes a snapshot; gives lookups.  What is kept is who is whose; in which state it is, is looked up
whenever it is asked for.  They say what names what; what that means to a packet is for the
components.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from reach.snapshot.firewall_records import Firewall, FirewallEndpointAssociation, ZoneState
from reach.snapshot.records import VpcEndpoint
from reach.snapshot.snapshot import Snapshot

_MANAGED = "AWSNetworkFirewallManaged"
_BALANCED = "gatewayloadbalancer"


@dataclass(frozen=True, slots=True)
class FirewallPlace:
    """Where a firewall takes packets: an endpoint in a subnet, or a transit gateway's attachment.

    ``arn`` is the firewall's, which another account may keep to itself; ``told_by`` that of what
    tells of the place.
    """

    id: str
    arn: str
    told_by: str
    subnet: str = ""
    transit_gateway: str = ""


def firewall_places(snapshot: Snapshot) -> Mapping[str, FirewallPlace]:
    """Every endpoint and attachment of a firewall, by its id."""
    key = "firewall places"
    known = snapshot.derived.get(key)
    if not isinstance(known, dict):
        known = snapshot.derived[key] = {place.id: place for place in _places(snapshot)}
    return known


def status_of(snapshot: Snapshot, place: FirewallPlace) -> str:
    """In which state an endpoint or an attachment is, as far as that is told."""
    association = snapshot.get(FirewallEndpointAssociation, place.told_by)
    if association is not None:
        states = association.vpc_endpoint_association_status.association_sync_state
        return _status_in(states, place)
    firewall = snapshot.get(Firewall, place.told_by)
    if firewall is None:
        return ""
    status = firewall.firewall_status
    attached = status.transit_gateway_attachment_sync_state
    if attached is not None and attached.attachment_id == place.id:
        return attached.transit_gateway_attachment_status
    return _status_in(status.sync_states, place)


def _status_in(states: Mapping[str, ZoneState], place: FirewallPlace) -> str:
    every = (state.attachment for state in states.values())
    own = (each.status for each in every if each is not None and each.endpoint_id == place.id)
    return next(own, "")


def _places(snapshot: Snapshot) -> Iterator[FirewallPlace]:
    for each in snapshot.lasting(FirewallEndpointAssociation):
        states = each.vpc_endpoint_association_status.association_sync_state
        arn = each.vpc_endpoint_association.firewall_arn
        yield from _endpoints(states, arn, each.association_arn)
    for firewall in snapshot.lasting(Firewall):
        status, arn = firewall.firewall_status, firewall.firewall_arn
        yield from _endpoints(status.sync_states, arn, arn)
        attached = status.transit_gateway_attachment_sync_state
        if attached is not None and attached.attachment_id:
            gateway = firewall.firewall.transit_gateway_id or ""
            yield FirewallPlace(attached.attachment_id, arn, arn, transit_gateway=gateway)


def _endpoints(states: Mapping[str, ZoneState], arn: str, told_by: str) -> Iterator[FirewallPlace]:
    for state in states.values():
        attachment = state.attachment
        if attachment is not None and attachment.endpoint_id:
            yield FirewallPlace(attachment.endpoint_id, arn, told_by, attachment.subnet_id or "")


def is_balanced(endpoint: VpcEndpoint) -> bool:
    """Whether it is of the type that routes lead into (a firewall's endpoints are, too)."""
    return endpoint.vpc_endpoint_type.lower() == _BALANCED


def is_firewalls(snapshot: Snapshot, endpoint: VpcEndpoint) -> bool:
    """Whether an endpoint is a firewall's: a firewall says so, or who manages it.

    Network Firewall makes its endpoints itself and puts a tag on them.
    """
    if endpoint.vpc_endpoint_id in firewall_places(snapshot):
        return True
    tagged = any(tag.key == _MANAGED and tag.value == "true" for tag in endpoint.tags)
    return is_balanced(endpoint) and (tagged or endpoint.requester_managed is True)
