"""What of a snapshot may be edited alone, so that only what reads it is made anew.

    touched(before, after, ids) -> reads, or nothing

One vocabulary for all kinds of records: which fields may differ, whether a record may come or go,
and by what it is found beside its id.  Whoever reads any of it is heard
(:mod:`reach.resident`); whatever else differs is compared as a whole.  Must not know questions, the
engines, nor how networks are compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Set

from msgspec import Struct

from reach.component import JOINS
from reach.interfaces.kinds import addresses_of
from reach.interfaces.serving import serves
from reach.snapshot.balancer_records import (
    Accelerator,
    AcceleratorEndpointGroup,
    AcceleratorListener,
    ClassicLoadBalancer,
    Listener,
    ListenerRules,
    LoadBalancer,
    LoadBalancerAttributes,
    LoadBalancerListeners,
    LoadBalancerTargetHealth,
    TargetGroup,
    TargetGroupAttributes,
)
from reach.snapshot.core_network_records import (
    CoreNetwork,
    CoreNetworkAttachment,
    CoreNetworkDetails,
    CoreNetworkPeering,
    CoreNetworkPolicy,
    CoreNetworkRoutes,
    CoreNetworkVpcAttachment,
)
from reach.snapshot.endpoint_service_records import (
    EndpointServiceConfiguration,
    VpcEndpointConnection,
    VpcEndpointServicePermissions,
)
from reach.snapshot.firewall_records import (
    Firewall,
    FirewallEndpointAssociation,
    FirewallPolicy,
    RuleGroup,
)
from reach.snapshot.gateway_records import CarrierGateway
from reach.snapshot.index import outer_mapping, private_addresses
from reach.snapshot.lattice_records import (
    LatticeListener,
    LatticeRule,
    LatticeService,
    LatticeTargetGroup,
    LatticeTargets,
    ResourceConfiguration,
    ResourceGateway,
    ServiceNetworkResourceAssociation,
    ServiceNetworkServiceAssociation,
    ServiceNetworkVpcAssociation,
    VpcEndpointAssociation,
)
from reach.snapshot.local_gateway_records import (
    LocalGateway,
    LocalGatewayRoutes,
    LocalGatewayRouteTable,
    LocalGatewayRouteTableVpcAssociation,
)
from reach.snapshot.private_records import (
    DirectConnectGateway,
    DirectConnectGatewayAssociation,
    DirectConnectGatewayAttachment,
    VirtualInterface,
    VpnConnection,
    VpnGateway,
)
from reach.snapshot.record import PROVENANCE, Record
from reach.snapshot.records import (
    Address,
    EgressOnlyInternetGateway,
    InternetGateway,
    ManagedPrefixListEntries,
    NatGateway,
    NetworkAcl,
    NetworkInterface,
    RouteTable,
    SecurityGroup,
    Vpc,
    VpcAttribute,
    VpcEndpoint,
    VpcPeeringConnection,
)
from reach.snapshot.snapshot import Snapshot
from reach.snapshot.transit_records import (
    TransitGateway,
    TransitGatewayAttachment,
    TransitGatewayConnect,
    TransitGatewayConnectPeer,
    TransitGatewayPeeringAttachment,
    TransitGatewayPolicyAssociations,
    TransitGatewayPolicyTable,
    TransitGatewayPrefixListReference,
    TransitGatewayPropagations,
    TransitGatewayRoutes,
    TransitGatewayRouteTable,
    TransitGatewayStaticRoutes,
    TransitGatewayTableAssociations,
    TransitGatewayVpcAttachment,
)
from reach.snapshot.whereabouts import account_of, region_of

# A kind and an id, without an id all of the kind; or a table and a key.
Read = tuple[type[Record] | str, str]
Reads = frozenset[Read]

# Both calls that tell of attachments to core networks say this.
_OF_CORE_ATTACHMENTS = frozenset(
    {"state", "segment_name", "network_function_group_name", "nat_gateway_support", "tags"}
)
_OF_LISTENERS = frozenset({"port", "protocol", "default_actions", "port_ranges"})
# What of a record may be edited alone; of an object in it, or of each of some that have names,
# behind a dot.  Whoever reads these
# fields looks the record up in the very making of the node or the memo that it reads them for
# (tests/test_resident.py counts the readers); nothing that works things out later reads any of
# these kinds (tests/test_resident_routes.py).
RULES: Mapping[type[Record], frozenset[str]] = {
    SecurityGroup: frozenset({"ip_permissions", "ip_permissions_egress"}),
    NetworkAcl: frozenset({"entries", "associations"}),
    RouteTable: frozenset({"routes", "associations", "propagating_vgws"}),
    ManagedPrefixListEntries: frozenset({"entries"}),
    TransitGatewayRoutes: frozenset({"routes"}),
    TransitGatewayStaticRoutes: frozenset({"routes"}),
    VpcAttribute: frozenset({"enable_dns_support", "enable_dns_hostnames"}),
    InternetGateway: frozenset({"attachments"}),
    EgressOnlyInternetGateway: frozenset({"attachments"}),
    NatGateway: frozenset({"state", "nat_gateway_addresses"}),
    VpnGateway: frozenset({"state", "vpc_attachments"}),
    VpnConnection: frozenset({"state", "routes", "vgw_telemetry"}),
    TransitGateway: frozenset({"state", "options"}),
    TransitGatewayAttachment: frozenset({"state", "association", "nat_gateway_support"}),
    TransitGatewayVpcAttachment: frozenset({"state", "subnet_ids", "options"}),
    TransitGatewayPeeringAttachment: frozenset({"state"}),
    TransitGatewayRouteTable: frozenset({"state"}),
    TransitGatewayTableAssociations: frozenset({"associations"}),
    TransitGatewayPropagations: frozenset({"transit_gateway_route_table_propagations"}),
    TransitGatewayPrefixListReference: frozenset(
        {"state", "blackhole", "transit_gateway_attachment"}
    ),
    TransitGatewayConnect: frozenset({"state"}),
    TransitGatewayConnectPeer: frozenset({"state", "connect_peer_configuration"}),
    TransitGatewayPolicyTable: frozenset(),
    TransitGatewayPolicyAssociations: frozenset({"associations"}),
    DirectConnectGateway: frozenset({"direct_connect_gateway_state"}),
    DirectConnectGatewayAssociation: frozenset(
        {"association_state", "allowed_prefixes_to_direct_connect_gateway"}
    ),
    DirectConnectGatewayAttachment: frozenset({"attachment_state"}),
    VirtualInterface: frozenset({"virtual_interface_state", "bgp_peers"}),
    CarrierGateway: frozenset({"state"}),
    LocalGateway: frozenset({"state"}),
    LocalGatewayRouteTable: frozenset({"mode", "state"}),
    LocalGatewayRouteTableVpcAssociation: frozenset({"state"}),
    LocalGatewayRoutes: frozenset({"routes"}),
    CoreNetwork: frozenset({"state"}),
    CoreNetworkDetails: frozenset({"core_network.state"}),
    CoreNetworkPolicy: frozenset({"core_network_policy.policy_document"}),
    CoreNetworkAttachment: _OF_CORE_ATTACHMENTS,
    CoreNetworkVpcAttachment: frozenset(
        {
            *("vpc_attachment.subnet_arns", "vpc_attachment.options"),
            *(f"vpc_attachment.attachment.{each}" for each in _OF_CORE_ATTACHMENTS),
        }
    ),
    CoreNetworkPeering: frozenset({"state"}),
    Accelerator: frozenset({"enabled", "status", "ip_sets"}),
    AcceleratorListener: _OF_LISTENERS,
    AcceleratorEndpointGroup: frozenset(
        {"endpoint_descriptions", "traffic_dial_percentage", "port_overrides"}
    ),
    Listener: _OF_LISTENERS,
    ServiceNetworkVpcAssociation: frozenset({"status", "security_group_ids"}),
    ServiceNetworkServiceAssociation: frozenset({"status"}),
    ServiceNetworkResourceAssociation: frozenset({"status"}),
    VpcEndpointAssociation: frozenset(),
    LatticeService: frozenset({"status"}),
    LatticeListener: frozenset({"protocol", "port", "default_action"}),
    LatticeRule: frozenset({"is_default", "priority", "action"}),
    LatticeTargetGroup: frozenset({"status", "config.port", "config.ip_address_type"}),
    LatticeTargets: frozenset({"items"}),
    ResourceGateway: frozenset({"status", "subnet_ids"}),
    ResourceConfiguration: frozenset(
        {"status", "port_ranges", "resource_configuration_definition"}
    ),
    CoreNetworkRoutes: frozenset({"network_routes"}),
    LoadBalancer: frozenset(
        {"state", "enforce_security_group_inbound_rules_on_private_link_traffic"}
    ),
    LoadBalancerAttributes: frozenset({"attributes"}),
    ClassicLoadBalancer: frozenset({"instances", "listener_descriptions", "health_check"}),
    LoadBalancerListeners: frozenset({"listeners"}),
    ListenerRules: frozenset({"rules"}),
    TargetGroup: frozenset({"load_balancer_arns"}),
    TargetGroupAttributes: frozenset({"attributes"}),
    LoadBalancerTargetHealth: frozenset({"target_health_descriptions"}),
    VpcEndpoint: frozenset({"state", "groups", "route_table_ids", "private_dns_enabled"}),
    EndpointServiceConfiguration: frozenset(
        {
            *("service_state", "availability_zone_ids", "network_load_balancer_arns"),
            *("remote_access_enabled", "supported_regions"),
        }
    ),
    VpcEndpointConnection: frozenset({"vpc_endpoint_state", "network_load_balancer_arns"}),
    VpcEndpointServicePermissions: frozenset({"allowed_principals"}),
    Firewall: frozenset(
        {
            *("firewall.firewall_policy_arn", "firewall_status.status"),
            "firewall_status.sync_states.attachment.status",
            "firewall_status.transit_gateway_attachment_sync_state.transit_gateway_attachment_status",
        }
    ),
    FirewallEndpointAssociation: frozenset(
        {
            f"vpc_endpoint_association_status.{each}"
            for each in ("status", "association_sync_state.attachment.status")
        }
    ),
    FirewallPolicy: frozenset({"firewall_policy"}),
    RuleGroup: frozenset({"rule_group"}),
    NetworkInterface: frozenset({"groups"}),
    Address: frozenset(
        {"association_id", "network_interface_id", "private_ip_address", "instance_id"}
    ),
    VpcPeeringConnection: frozenset(
        {
            "status",
            *(
                f"{side}_vpc_info.{blocks}"
                for side in ("requester", "accepter")
                for blocks in ("cidr_block", "cidr_block_set", "ipv6_cidr_block_set")
            ),
        }
    ),
}
# Kinds of which only some records may be edited alone, and come and go: of the others it is told
# with those that stand apart (:mod:`reach.comparing.standing`).
ONLY: Mapping[type[Record], Callable[[Record], bool]] = {NetworkInterface: serves}
# Kinds of which a record may come or go, if nothing is known of a VPC by what stands in it.
COME_AND_GO: frozenset[type[Record]] = frozenset(
    {
        VpcPeeringConnection,
        InternetGateway,
        EgressOnlyInternetGateway,
        NatGateway,
        VpnGateway,
        VpnConnection,
        TransitGatewayAttachment,
        TransitGatewayVpcAttachment,
        TransitGatewayPeeringAttachment,
        TransitGatewayRouteTable,
        TransitGatewayRoutes,
        TransitGatewayStaticRoutes,
        TransitGatewayTableAssociations,
        TransitGatewayPropagations,
        TransitGatewayPrefixListReference,
        TransitGatewayConnect,
        TransitGatewayConnectPeer,
        TransitGatewayPolicyTable,
        TransitGatewayPolicyAssociations,
        DirectConnectGateway,
        DirectConnectGatewayAssociation,
        DirectConnectGatewayAttachment,
        VirtualInterface,
        CarrierGateway,
        LocalGateway,
        LocalGatewayRouteTable,
        LocalGatewayRouteTableVpcAssociation,
        LocalGatewayRoutes,
        CoreNetwork,
        CoreNetworkDetails,
        CoreNetworkPolicy,
        CoreNetworkAttachment,
        CoreNetworkVpcAttachment,
        CoreNetworkPeering,
        CoreNetworkRoutes,
        Accelerator,
        AcceleratorListener,
        AcceleratorEndpointGroup,
        ServiceNetworkVpcAssociation,
        ServiceNetworkServiceAssociation,
        ServiceNetworkResourceAssociation,
        VpcEndpointAssociation,
        LatticeService,
        LatticeListener,
        LatticeRule,
        LatticeTargetGroup,
        LatticeTargets,
        ResourceConfiguration,
        LoadBalancer,
        LoadBalancerAttributes,
        LoadBalancerListeners,
        ListenerRules,
        ClassicLoadBalancer,
        TargetGroup,
        TargetGroupAttributes,
        LoadBalancerTargetHealth,
        VpcEndpoint,
        VpcEndpointConnection,
        NetworkInterface,
        SecurityGroup,
        Address,
    }
)
LASTING = "which there are"  # of a kind: read by who asks what of its records lasts
NEWCOMERS = "newcomers"  # of interfaces: read by who asks who has come
SERVICES = "services"  # of interfaces: read by who asks for those that pass some test
_HOME = "home of "  # of a group: whether it is there, and where
_LED = "led to "  # ... which public addresses one has
MAPPED = "mapped"  # ... that have an address outside
NOTHING: Reads = frozenset()


def touched(before: Snapshot, after: Snapshot, ids: Mapping[type[Record], Iterable[str]]) -> Reads:
    """What is read of records that differ in what may be edited alone, or come and go; nothing if
    any differs otherwise.

    ``ids`` are those of the records that differ, of each kind.
    """
    found: set[Read] = set()
    for kind, names in ids.items():
        for name in names:
            one, other = before.get(kind, name), after.get(kind, name)
            if not may_be_edited(kind, one) or not may_be_edited(kind, other):
                return NOTHING
            comes = kind in COME_AND_GO and _comes_or_goes(before, one, other)
            if not comes and not _only_rules(one, other):
                return NOTHING
            found |= {(kind, name), (kind, "")} | ({(kind, LASTING)} if comes else set())
            found |= {(kind, key) for key, _ in _found_by(one) ^ _found_by(other)}
    return frozenset(found)


def may_be_edited(kind: type[Record], record: Record | None) -> bool:
    """Whether a record of a kind is such a one that may; one that is not there may be."""
    return record is None or kind not in ONLY or ONLY[kind](record)


def _comes_or_goes(snapshot: Snapshot, one: Record | None, other: Record | None) -> bool:
    """Whether a record is in one of two snapshots, and tells nothing of the VPC that it is in: what
    the records in a VPC tell of its account and Region is worked out once."""
    come = one or other
    if come is None or (one is not None and other is not None):
        return False
    vpc = snapshot.get(Vpc, getattr(come, "vpc_id", None) or "")
    if not hasattr(come, "vpc_id"):
        return True
    return vpc is not None and all(
        bool(say(vpc)) or not say(come) for say in (account_of, region_of)
    )


def _only_rules(one: Record | None, other: Record | None) -> bool:
    if one is None or other is None or type(one) is not type(other) or type(one) not in RULES:
        return False
    return not differs_in(one, other, RULES[type(one)])


def differs_in(one: Record, other: Record, free: frozenset[str]) -> bool:
    """Whether two records of a kind differ in anything but some fields."""
    same_scope = one.page.scope == other.page.scope
    return not same_scope or not _same_but(one, other, free | PROVENANCE)


def _same_but(one: Struct, other: Struct, free: Set[str]) -> bool:
    for name in one.__struct_fields__:
        mine, others = getattr(one, name), getattr(other, name)
        if name in free or mine == others:
            continue
        within = {each.partition(".")[2] for each in free if each.startswith(f"{name}.")}
        if not within or not _alike_but(mine, others, within):
            return False
    return True


def _alike_but(one: object, other: object, free: Set[str]) -> bool:
    """The same of objects, or of some that have the same names."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        same = one.keys() == other.keys()
        return same and all(_alike_but(each, other[name], free) for name, each in one.items())
    if isinstance(one, Struct) and isinstance(other, Struct):
        return _same_but(one, other, free)
    return one == other


def _found_by(record: Record | None) -> frozenset[tuple[str, object]]:
    """By what a record is found that need not be looked up by its id, with what says so."""
    match record:
        case NetworkAcl():
            return frozenset((of(each.subnet_id), each) for each in record.associations)
        case RouteTable():
            return frozenset(
                (of(place), each)
                for each in record.associations
                for place in (each.subnet_id, each.gateway_id, record.vpc_id if each.main else "")
                if place
            )
        case NetworkInterface():
            return frozenset(_found_where(record))
        case SecurityGroup():
            return frozenset({(home(record.group_id), record.vpc_id)})
        case _:
            return frozenset()


def _found_where(interface: NetworkInterface) -> Iterator[tuple[str, object]]:
    """By where it is, by its groups and addresses, and among all that are like it."""
    own = addresses_of(interface)
    for place in filter(None, (interface.subnet_id, interface.vpc_id)):
        yield place, own
    for group in interface.groups:  # who it is said to be changes with any of them
        yield group.group_id, (own, interface.groups)
    yield from ((at(address), interface.subnet_id) for address in private_addresses(interface))
    if outer_mapping(interface):
        yield MAPPED, interface
    yield SERVICES, interface
    yield NEWCOMERS, own


def led(name: str) -> str:
    """What is read of the public addresses of an interface that stays as it is else."""
    return f"{_LED}{name}"


def led_by(edits: Reads) -> frozenset[str]:
    """The interfaces of which that was edited."""
    return frozenset(
        key.removeprefix(_LED) for k, key in edits if k is NetworkInterface and key.startswith(_LED)
    )


def led_reads(interface: NetworkInterface) -> Reads:
    """What is read of these public addresses, by whoever asks for those that have such."""
    places = filter(None, (interface.subnet_id, interface.vpc_id))
    names = (MAPPED, led(interface.network_interface_id), *places)
    return frozenset((NetworkInterface, name) for name in names)


def at(address: int) -> str:
    """What is read by whoever looks for the interface that has an address."""
    return f"at {address}"


def of(place: str) -> str:
    """What is read by whoever looks for the record of a place."""
    return f"of {place}"


def home(group: str) -> str:
    """What is read by whoever asks whether a group is there, and where."""
    return f"{_HOME}{group}"


def edited_groups(edits: Reads) -> frozenset[str]:
    """The groups that say something else, or have come or gone."""
    names = (key for kind, key in edits if kind is SecurityGroup and key)
    return frozenset(key for key in names if key != LASTING and not key.startswith(_HOME))


def joined_otherwise(edits: Reads) -> frozenset[str]:
    """The VPCs that are joined to others."""
    return frozenset(vpc for kind, vpc in edits if kind == JOINS)
