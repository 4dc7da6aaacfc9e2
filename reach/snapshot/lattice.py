"""Joins over VPC Lattice: what is associated with which network, which listeners and targets.

Takes a snapshot, its index, and who keeps tables of it; gives lookups.  It keeps nothing itself:
who asks is known to have read it.  They say what names what; what that means to a packet is for the
components.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from reach.network.address import Prefix, is_ipv4, parse_address
from reach.network.header_space import Ranges
from reach.snapshot.index import Index, delegated_prefixes, private_addresses
from reach.snapshot.lattice_records import (
    LatticeListener,
    LatticeRule,
    LatticeService,
    LatticeTarget,
    LatticeTargetGroup,
    LatticeTargets,
    ResourceConfiguration,
    ServiceNetworkResourceAssociation,
    ServiceNetworkServiceAssociation,
    ServiceNetworkVpcAssociation,
    VpcEndpointAssociation,
)
from reach.snapshot.records import (
    NetworkInterface,
    PrefixList,
    Route,
    RouteTable,
    Subnet,
    VpcEndpoint,
)
from reach.snapshot.snapshot import Snapshot

T = TypeVar("T")
_ALL = "all"
# The route target that AWS writes into the tables of an associated VPC.
ROUTE_TARGET = "VpcLattice"
# What failed to be changed or deleted goes on as it was (API reference, the status of each).
# In lower case, and none: what is not printed is a good state.
GONE = ("create_in_progress", "create_failed", "delete_in_progress")
IN_ORDER = ("active", "update_in_progress", "update_failed", "delete_failed", "partial", "")
# R-LAT-1; the link-local blocks of every Region, which its prefix lists hold among others.
_LINK_LOCAL = ("169.254.171.0/24", "fd00:ec2:80::/64")
# Observed beside them, where a route names a list of which the snapshot holds no entries.
_PUBLIC = ("129.224.0.0/17",)


@dataclass(frozen=True)
class Reached:
    """The addresses at which associated VPCs reach Lattice, and from which it calls targets; and
    the VPCs whose tables lead there, which says that they are associated."""

    addresses: Ranges
    vpcs: frozenset[str]


def reached(snapshot: Snapshot, index: Index) -> Reached:
    leading = [
        (table.vpc_id or "", route)
        for table in snapshot.records(RouteTable)
        for route in table.routes
        if route.gateway_id == ROUTE_TARGET
    ]
    blocks = [*_LINK_LOCAL, *_listed(snapshot, index)]
    for _, route in leading:
        blocks += _routed(route, index)
    addresses = Ranges.prefixes(map(Prefix.parse, blocks))
    return Reached(addresses, frozenset(vpc for vpc, _ in leading))


def _listed(snapshot: Snapshot, index: Index) -> Iterator[str]:
    """The entries of com.amazonaws.<region>.vpc-lattice and .ipv6.vpc-lattice."""
    for listed in snapshot.records(PrefixList):
        name = listed.prefix_list_name or ""
        if name.startswith("com.amazonaws.") and name.endswith(".vpc-lattice"):
            yield from index.prefix_list_entries(listed.prefix_list_id) or ()


def _routed(route: Route, index: Index) -> tuple[str, ...]:
    block = route.destination_cidr_block or route.destination_ipv6_cidr_block
    if block:
        return (block,)
    known = index.prefix_list_entries(route.destination_prefix_list_id or "")
    return _PUBLIC if known is None else known


class Look(Protocol):
    """A table of a snapshot, by what makes it; made once for all that look into it."""

    def __call__(self, make: Callable[[Snapshot], Mapping[str, T]]) -> Mapping[str, T]: ...


class Lattice:
    """Lookups over one snapshot."""

    def __init__(
        self, snapshot: Snapshot, index: Index, look: Look, at: Callable[[], Reached]
    ) -> None:
        self.snapshot = snapshot
        self.index = index
        self._look = look
        self._at = at

    def tell(self) -> None:
        """Work all tables out."""
        self._at()
        for make in _TABLES:
            self._look(make)

    @property
    def addresses(self) -> Ranges:
        return self._at().addresses

    @property
    def routed_vpcs(self) -> frozenset[str]:
        return self._at().vpcs

    # ---------------------------------------------------------------- addresses

    def endpoint_addresses(self, endpoint: VpcEndpoint) -> Ranges:
        """All addresses of an endpoint's interfaces, their blocks included."""
        spans: list[tuple[int, int]] = []
        for owned in endpoint.network_interface_ids:
            interface = self.snapshot.get(NetworkInterface, owned)
            if interface is not None:
                spans += Ranges.of(*private_addresses(interface)).intervals
                blocks = map(Prefix.parse, delegated_prefixes(interface))
                spans += Ranges.prefixes(blocks).intervals
        return Ranges.union(spans)

    def vpc_of(self, subnet_id: str) -> str:
        """The VPC of a subnet, from an interface in it where the subnet is not known."""
        subnet = self.snapshot.get(Subnet, subnet_id)
        if subnet is not None and subnet.vpc_id:
            return subnet.vpc_id
        inside = self.index.interfaces_by_subnet.get(subnet_id, ())
        return next((each.vpc_id for each in inside if each.vpc_id), "")

    # ---------------------------------------------------------------- networks

    def owner(self, resource: str) -> tuple[str, str]:
        """Account and Region of a network, service or resource, as far as an ARN tells."""
        parts = self._look(_arns).get(resource, "").split(":")
        return (parts[4], parts[3]) if len(parts) > 5 else ("", "")

    @property
    def network_ids(self) -> tuple[str, ...]:
        """Every network that something is connected to, or that has members."""
        return self._look(_network_ids)[_ALL]

    def associations_of_vpc(self, vpc_id: str) -> tuple[ServiceNetworkVpcAssociation, ...]:
        return self._look(_by_vpc).get(vpc_id, ())

    def vpc_associations(self, network_id: str) -> tuple[ServiceNetworkVpcAssociation, ...]:
        known = self.snapshot.records(ServiceNetworkVpcAssociation)
        return tuple(each for each in known if network_of(each) == network_id)

    def endpoints(self, network_id: str) -> tuple[VpcEndpoint, ...]:
        """The endpoints of type ServiceNetwork that lead to a network."""
        known = self.snapshot.lasting(VpcEndpoint)
        return tuple(each for each in known if id_in(each.service_network_arn) == network_id)

    def in_network(self, network_id: str) -> Mapping[str, str]:
        """The services and resource configurations of a network, by id, with their status."""
        return self.networks.get(network_id, {})

    def networks_of(self, member: str) -> tuple[str, ...]:
        """The networks that a service or a resource configuration is in."""
        return tuple(network for network, members in self.networks.items() if member in members)

    @property
    def networks(self) -> Mapping[str, Mapping[str, str]]:
        """The members of each network."""
        return self._look(_networks)

    def fronts(self, *network_ids: str) -> Ranges:
        """The addresses at which networks are reached."""
        found = Ranges(())
        for network_id in network_ids:
            if self.vpc_associations(network_id):
                found |= self.addresses
            for endpoint in self.endpoints(network_id):
                found |= self.endpoint_addresses(endpoint)
        return found

    # ---------------------------------------------------------------- resources

    def group_of(self, configuration: ResourceConfiguration) -> ResourceConfiguration | None:
        """The group that a configuration is a member of."""
        return self.snapshot.get(
            ResourceConfiguration, configuration.resource_configuration_group_id
        )

    def members_of(self, group_id: str) -> tuple[ResourceConfiguration, ...]:
        known = self.snapshot.records(ResourceConfiguration)
        return tuple(e for e in known if e.resource_configuration_group_id == group_id)

    def gateway_of(self, configuration: ResourceConfiguration) -> str:
        """The id of its gateway; a member of a group uses the group's."""
        group = self.group_of(configuration)
        return configuration.resource_gateway_id or (group.resource_gateway_id if group else "")

    def resource_fronts(self, configuration_id: str) -> Ranges:
        """The addresses at which a resource is reached, by endpoints and by networks."""
        configuration = self.snapshot.get(ResourceConfiguration, configuration_id)
        group = configuration.resource_configuration_group_id if configuration else ""
        ids = tuple(filter(None, (configuration_id, group)))
        found = self.fronts(*(network for each in ids for network in self.networks_of(each)))
        for endpoint in self.snapshot.lasting(VpcEndpoint):
            if id_in(endpoint.resource_configuration_arn) in ids:
                found |= self.endpoint_addresses(endpoint)
        return found

    @property
    def named_resources(self) -> frozenset[str]:
        """The ids of the configurations that endpoints and networks name."""
        return self._look(_named_resources)[_ALL]

    # ---------------------------------------------------------------- services

    def listeners(self, service_id: str) -> tuple[LatticeListener, ...]:
        known = self.snapshot.records(LatticeListener)
        return tuple(each for each in known if each.service_id == service_id)

    def rules(self, listener: LatticeListener) -> tuple[LatticeRule, ...]:
        known = self.snapshot.records(LatticeRule)
        return tuple(each for each in known if f"/{listener.id}/rule/" in each.arn)

    def targets(self, group_id: str) -> tuple[LatticeTarget, ...] | None:
        """The targets of a group; None if they are not known, or not all."""
        answer = self.snapshot.get(LatticeTargets, group_id)
        return None if answer is None or answer.next_token else answer.items

    def target_addresses(self, group: LatticeTargetGroup, target: LatticeTarget) -> Ranges:
        """The addresses that a target is called at; none where they are not known."""
        four = group.config is None or group.config.ip_address_type != "IPV6"
        if group.type == "IP":
            try:
                return Ranges.of(parse_address(target.id))
            except ValueError:
                return Ranges(())
        if group.type == "INSTANCE":
            own = self.index.interfaces_by_instance.get(target.id, ())
            first = min(own, key=_device, default=None)
            found = [a for a in private_addresses(first) if is_ipv4(a) is four] if first else []
            return Ranges.of(*found[:1]) if found else Ranges(())
        return self._balancer(target.id, four)

    def _balancer(self, arn: str, four: bool) -> Ranges:
        """The nodes of an Application Load Balancer (R-ENI-9: told by their description)."""
        described = f"ELB {arn.partition(':loadbalancer/')[2]}"
        nodes = self.index.interfaces_where(lambda each: each.description == described)
        found = [a for each in nodes for a in private_addresses(each) if is_ipv4(a) is four]
        return Ranges.of(*found) if found else Ranges(())


# ------------------------------------------------------------------- the tables


def _arns(snapshot: Snapshot) -> Mapping[str, str]:
    """The ARN of each network, service and resource by its id, wherever one is named."""
    get, endpoints = snapshot.records, snapshot.lasting(VpcEndpoint)
    found = [each.service_network_arn for each in get(ServiceNetworkVpcAssociation)]
    found += [each.service_network_arn or "" for each in endpoints]
    found += [each.resource_configuration_arn or "" for each in endpoints]
    found += [each.service_arn for each in get(ServiceNetworkServiceAssociation)]
    found += [each.arn for each in get(LatticeService)]
    found += [each.arn for each in get(ResourceConfiguration)]
    found += [each.resource_configuration_arn for each in get(ServiceNetworkResourceAssociation)]
    for each in get(VpcEndpointAssociation):
        found += [each.service_network_arn, each.associated_resource_arn]
    return {id_in(arn): arn for arn in found if arn}


def _network_ids(snapshot: Snapshot) -> Mapping[str, tuple[str, ...]]:
    vpcs = map(network_of, snapshot.records(ServiceNetworkVpcAssociation))
    endpoints = (id_in(each.service_network_arn) for each in snapshot.lasting(VpcEndpoint))
    return {_ALL: tuple(sorted(filter(None, {*vpcs, *endpoints, *_networks(snapshot)})))}


def _by_vpc(snapshot: Snapshot) -> Mapping[str, tuple[ServiceNetworkVpcAssociation, ...]]:
    found: dict[str, tuple[ServiceNetworkVpcAssociation, ...]] = {}
    for each in snapshot.records(ServiceNetworkVpcAssociation):
        found[each.vpc_id] = (*found.get(each.vpc_id, ()), each)
    return found


def _networks(snapshot: Snapshot) -> Mapping[str, Mapping[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for service in snapshot.records(ServiceNetworkServiceAssociation):
        name = service.service_id or id_in(service.service_arn)
        _note(found.setdefault(service.service_network_id, {}), name, service.status)
    for resource in snapshot.records(ServiceNetworkResourceAssociation):
        name = resource.resource_configuration_id or id_in(resource.resource_configuration_arn)
        _note(found.setdefault(resource.service_network_id, {}), name, resource.status)
    for seen in snapshot.records(VpcEndpointAssociation):
        if seen.service_network_arn and seen.associated_resource_arn:
            known = found.setdefault(id_in(seen.service_network_arn), {})
            known.setdefault(id_in(seen.associated_resource_arn), "")
    return found


def _named_resources(snapshot: Snapshot) -> Mapping[str, frozenset[str]]:
    endpoints = snapshot.lasting(VpcEndpoint)
    by_endpoints = (id_in(each.resource_configuration_arn) for each in endpoints)
    members = (member for members in _networks(snapshot).values() for member in members)
    found = (*by_endpoints, *members)
    return {_ALL: frozenset(each for each in found if each.startswith("rcfg-"))}


_TABLES: tuple[Callable[[Snapshot], Mapping[str, object]], ...] = (
    _arns,
    _network_ids,
    _by_vpc,
    _networks,
    _named_resources,
)


def _note(members: dict[str, str], name: str, status: str) -> None:
    """What is in a network once more, after it was taken out, is in it."""
    members[name] = max(members.get(name, status), status, key=_standing)


def _standing(status: str) -> int:
    """A word that nobody knows is better than one of what is gone."""
    return 2 if status.lower() in IN_ORDER else int(status.lower() not in GONE)


def network_of(association: ServiceNetworkVpcAssociation) -> str:
    return association.service_network_id or id_in(association.service_network_arn)


def id_in(arn: str | None) -> str:
    """The id at the end of an ARN."""
    return (arn or "").rpartition("/")[2]


def _device(interface: NetworkInterface) -> int:
    return (interface.attachment.device_index or 0) if interface.attachment else 0
