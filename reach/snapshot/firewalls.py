"""Joins over firewalls: which endpoint, and which attachment, is whose.

Takes a snapshot; gives lookups.  They say what names what; what that means to a packet is for the
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

    ``arn`` is the firewall's, which another account may keep to itself.
    """

    id: str
    arn: str
    status: str
    subnet: str = ""
    transit_gateway: str = ""


def firewall_places(snapshot: Snapshot) -> Mapping[str, FirewallPlace]:
    """Every endpoint and attachment of a firewall, by its id."""
    key = "firewall places"
    known = snapshot.derived.get(key)
    if not isinstance(known, dict):
        known = snapshot.derived[key] = {place.id: place for place in _places(snapshot)}
    return known


def _places(snapshot: Snapshot) -> Iterator[FirewallPlace]:
    for each in snapshot.records(FirewallEndpointAssociation):
        states = each.vpc_endpoint_association_status.association_sync_state
        yield from _endpoints(states, each.vpc_endpoint_association.firewall_arn)
    for firewall in snapshot.records(Firewall):
        status = firewall.firewall_status
        yield from _endpoints(status.sync_states, firewall.firewall_arn)
        attached = status.transit_gateway_attachment_sync_state
        if attached is not None and attached.attachment_id:
            yield FirewallPlace(
                attached.attachment_id,
                firewall.firewall_arn,
                attached.transit_gateway_attachment_status,
                transit_gateway=firewall.firewall.transit_gateway_id or "",
            )


def _endpoints(states: Mapping[str, ZoneState], arn: str) -> Iterator[FirewallPlace]:
    for state in states.values():
        attachment = state.attachment
        if attachment is not None and attachment.endpoint_id:
            yield FirewallPlace(
                attachment.endpoint_id, arn, attachment.status, attachment.subnet_id or ""
            )


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
