"""Joins over endpoint services: who consumes which service, by what connection, at what balancer.

Takes a snapshot and its index; gives lookups, each built when first asked for and kept.  They say
what names what; what that means to a packet is for the components.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from reach.snapshot.balancer_records import LoadBalancer
from reach.snapshot.balancers import Balancers
from reach.snapshot.endpoint_service_records import (
    EndpointServiceConfiguration,
    EndpointServiceDetail,
    VpcEndpointConnection,
    VpcEndpointServicePermissions,
)
from reach.snapshot.index import Index
from reach.snapshot.records import NetworkInterface, VpcEndpoint
from reach.snapshot.snapshot import Snapshot

_CROSS_ZONE = "load_balancing.cross_zone.enabled"


@dataclass(frozen=True)
class Consumer:
    """An interface endpoint at one of its interfaces; the zone by its id where that is known."""

    endpoint: VpcEndpoint
    interface: NetworkInterface
    zone: str
    region: str

    @property
    def id(self) -> str:
        return self.interface.network_interface_id

    @property
    def service_name(self) -> str:
        return self.endpoint.service_name

    @property
    def is_of_others(self) -> bool:
        """Whether the service is somebody's own, not one of AWS's."""
        return ".vpce-svc-" in self.service_name

    @property
    def service_id(self) -> str:
        """``com.amazonaws.vpce.<region>.vpce-svc-...``."""
        return self.service_name.rpartition(".")[2]

    @property
    def service_region(self) -> str:
        parts = self.service_name.split(".")
        return parts[-2] if len(parts) > 2 else ""

    @property
    def is_remote(self) -> bool:
        """Whether the service is of another Region."""
        known = self.region and self.service_region
        return bool(known) and self.region != self.service_region


def interface_endpoints(snapshot: Snapshot) -> Mapping[str, str]:
    """The endpoint of each interface of such an endpoint that is held, by their ids."""
    return {
        owned: endpoint.vpc_endpoint_id
        for endpoint in snapshot.lasting(VpcEndpoint)
        if endpoint.vpc_endpoint_type.lower() == "interface"
        for owned in endpoint.network_interface_ids
        if snapshot.get(NetworkInterface, owned) is not None
    }


class _Consumers(Mapping[str, Consumer]):
    """Who is whose is known; what an endpoint says is looked up whenever it is asked for."""

    def __init__(self, snapshot: Snapshot, index: Index, owners: Mapping[str, str]) -> None:
        self._snapshot, self._index, self._owners = snapshot, index, owners

    def __getitem__(self, interface_id: str) -> Consumer:
        endpoint = self._snapshot.get(VpcEndpoint, self._owners[interface_id])
        interface = self._snapshot.get(NetworkInterface, interface_id)
        assert endpoint is not None
        assert interface is not None
        zone = self._index.zone_of(interface.subnet_id or "")
        return Consumer(endpoint, interface, zone, self._snapshot.region_of(endpoint))

    def __iter__(self) -> Iterator[str]:
        return iter(self._owners)

    def __len__(self) -> int:
        return len(self._owners)


class EndpointServices:
    """Lookups over one snapshot; whose the interfaces of endpoints are may be known already."""

    def __init__(
        self,
        snapshot: Snapshot,
        index: Index,
        balancers: Balancers,
        owners: Mapping[str, str] | None = None,
    ) -> None:
        self.snapshot = snapshot
        self.index = index
        self.balancers = balancers
        self._owners = interface_endpoints(snapshot) if owners is None else owners

    @property
    def consumers(self) -> Mapping[str, Consumer]:
        """The interfaces of interface endpoints, by id."""
        return _Consumers(self.snapshot, self.index, self._owners)

    # ---------------------------------------------------------------- services

    def service_of(self, consumer: Consumer) -> EndpointServiceConfiguration | None:
        """What the provider says of a consumer's service."""
        return self.snapshot.get(EndpointServiceConfiguration, consumer.service_id)

    def details_of(self, consumer: Consumer) -> tuple[EndpointServiceDetail, ...]:
        """What consumers' accounts are told of it."""
        return self._details.get(consumer.service_name, ())

    @cached_property
    def _details(self) -> Mapping[str, tuple[EndpointServiceDetail, ...]]:
        found: dict[str, tuple[EndpointServiceDetail, ...]] = {}
        for each in self.snapshot.records(EndpointServiceDetail):
            found[each.service_name] = (*found.get(each.service_name, ()), each)
        return found

    def owner_of(self, service: EndpointServiceConfiguration) -> str:
        """The provider's account: that of its balancers."""
        arns = (*(service.network_load_balancer_arns or ()), *service.gateway_load_balancer_arns)
        parts = next(iter(arns), "").split(":")
        return parts[4] if len(parts) > 4 else self.snapshot.account_of(service)

    def connection(self, consumer: Consumer) -> VpcEndpointConnection | None:
        key = f"{consumer.service_id} {consumer.endpoint.vpc_endpoint_id}"
        return self.snapshot.get(VpcEndpointConnection, key)

    def permissions(
        self, service: EndpointServiceConfiguration
    ) -> VpcEndpointServicePermissions | None:
        """Who may connect; None if it is not known, or not all."""
        answer = self.snapshot.get(VpcEndpointServicePermissions, service.service_id)
        return None if answer is None or answer.next_token else answer

    # ---------------------------------------------------------------- balancers

    def balancers_of(
        self, consumer: Consumer, service: EndpointServiceConfiguration
    ) -> tuple[str, ...]:
        """The ARNs of those that serve a consumer: its connection's, else all of the service."""
        connection = self.connection(consumer)
        own = connection.network_load_balancer_arns if connection else ()
        known = service.network_load_balancer_arns
        if known is None:
            return own
        return tuple(arn for arn in own if arn in known) or known

    def nodes(self, arn: str) -> tuple[NetworkInterface, ...]:
        balancer = self.snapshot.get(LoadBalancer, arn)
        return self.balancers.interfaces_of(balancer) if balancer else ()

    def crosses_zones(self, arn: str) -> bool | None:
        """Whether a balancer has zones crossed; None if that is not known."""
        balancer = self.snapshot.get(LoadBalancer, arn)
        attributes = self.balancers.attributes_of(balancer) if balancer else None
        return None if attributes is None else attributes.get(_CROSS_ZONE) == "true"
