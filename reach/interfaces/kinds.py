"""What rules can tell interfaces apart by, read off one record after the other.

    is_host(interface) -> bool        kind(lowering, interface) -> hashable
    is_mount_target(interface) -> bool

Interfaces of one kind share a node.  Takes records; must not know how nodes are made.
"""

from __future__ import annotations

from reach.component import Lowering
from reach.interfaces.sharing import sharing
from reach.network.address import Prefix, is_ipv4
from reach.network.header_space import Ranges
from reach.snapshot.index import (
    delegated_prefixes,
    instance_of,
    outer_mapping,
    private_addresses,
)
from reach.snapshot.record import UNPRINTED, unprinted
from reach.snapshot.records import Instance, NetworkInterface, SecurityGroup

# A mount target is an end like any other: its groups let clients in (EFS guide, "Using VPC security
# groups"), though DescribeNetworkInterfaces tells its type apart.
MOUNT_TARGET = "efs"
HOSTS = ("interface", "efa", "efa-only", "trunk", "branch", MOUNT_TARGET)
FUNCTION = "lambda"
SERVICES = ("ELB ", "Interface for NAT Gateway ")
_CLIENT_VPN = "ClientVPN Endpoint resource"
_MOUNT_TARGET = "EFS mount target"


def is_host(interface: NetworkInterface) -> bool:
    """Some services betray themselves by their description only (R-ENI-9).

    These are load balancers and NAT gateways of older snapshots, resource gateways, and Client VPN.
    """
    described = interface.description.startswith(SERVICES) or "rgw-" in interface.description
    service = interface.requester_managed and described
    attached = interface.attachment.instance_id if interface.attachment else None
    service = service or (interface.description.startswith(_CLIENT_VPN) and not attached)
    return interface.interface_type in (*HOSTS, FUNCTION) and not service


def is_mount_target(interface: NetworkInterface) -> bool:
    """Of a file system; one that does not show by its type does by its description."""
    told = interface.requester_managed and interface.description.startswith(_MOUNT_TARGET)
    return told or interface.interface_type == MOUNT_TARGET


def worn(interface: NetworkInterface) -> frozenset[str]:
    """The groups that an interface has."""
    return frozenset(group.group_id for group in interface.groups)


def owned(lowering: Lowering, interface: NetworkInterface) -> Ranges:
    """R-ENI-2: every address that an interface owns, delegated prefixes included.

    Of one that stands apart there may be several records.
    """
    if interface.network_interface_id in lowering.loners:
        return addresses_of(interface)
    known = lowering.memo("network_interface owned", dict[str, Ranges])
    own = known.get(interface.network_interface_id)
    if own is None:
        own = known[interface.network_interface_id] = addresses_of(interface)
    return own


def addresses_of(interface: NetworkInterface) -> Ranges:
    """The same, of a record by itself."""
    own = Ranges.of(*private_addresses(interface))
    blocks = delegated_prefixes(interface)
    return own | Ranges.prefixes(map(Prefix.parse, blocks)) if blocks else own


def kind(lowering: Lowering, interface: NetworkInterface) -> object:
    """What rules can tell interfaces apart by; anything out of the ordinary stands alone."""
    if lowering.by_subnet:
        return _kind_in_subnet(lowering, interface)
    instance_id = instance_of(interface)
    instance = lowering.snapshot.get(Instance, instance_id) if instance_id else None
    families = [is_ipv4(address) for address in private_addresses(interface)]
    ordinary = (
        lowering.apart is not None
        and interface.network_interface_id not in lowering.apart
        and is_host(interface)
        and is_ordinary(interface)
        and len(families) == len(set(families))
        and interface.groups is not UNPRINTED
        and interface.private_ip_addresses is not UNPRINTED
        and not delegated_prefixes(interface)
        and (instance is None or is_running(instance))
        and (not instance_id or len(lowering.index.interfaces_by_instance[instance_id]) == 1)
    )
    if not ordinary:
        return interface.network_interface_id
    groups = lowering.telling(worn(interface))
    told = None if instance is None else metadata(instance)
    return place(interface), groups, bool(instance_id), instance is None, told


def _kind_in_subnet(lowering: Lowering, interface: NetworkInterface) -> object:
    """What hosts of a subnet that wear its groups can be told apart by, wherever anything but their
    own metadata is sent to."""
    instance_id = instance_of(interface)
    instance = lowering.snapshot.get(Instance, instance_id) if instance_id else None
    siblings = lowering.index.interfaces_by_instance[instance_id] if instance_id else (interface,)
    together = (
        lowering.apart is not None
        and interface.network_interface_id not in lowering.apart
        and interface.network_interface_id not in sharing(lowering)
        and is_host(interface)
        and all(map(_shows_itself, siblings))
    )
    if not together:
        return interface.network_interface_id
    families = {is_ipv4(address) for address in private_addresses(interface)}
    seen = bool(outer_mapping(interface)), False in families
    wears = worn_by_itself(lowering, worn(interface))
    return place_in_subnet(interface), wears, running(instance_id, instance), seen


def _shows_itself(interface: NetworkInterface) -> bool:
    """Whether its check is on, and its groups and addresses are told."""
    told = interface.groups is not UNPRINTED and interface.private_ip_addresses is not UNPRINTED
    return told and interface.source_dest_check


# What many share, and is looked at once for all of them where there is a roll.


def is_ordinary(interface: NetworkInterface) -> bool:
    """In what an interface does not have for itself."""
    return (
        interface.interface_type != FUNCTION
        and interface.source_dest_check
        and interface.status == "in-use"
    )


def place(interface: NetworkInterface) -> object:
    """Where it is and what it is; of a service's also what it is for."""
    attached = interface.attachment.status if interface.attachment else None
    service = interface.description if interface.requester_managed else None
    return (
        interface.vpc_id,
        interface.subnet_id,
        interface.interface_type,
        service,
        attached,
    )


def place_in_subnet(interface: NetworkInterface) -> object:
    """Where it is, whose it is, and whether it works by itself."""
    attached = interface.attachment.status if interface.attachment else None
    return (
        interface.vpc_id,
        interface.subnet_id,
        interface.owner_id,
        interface.interface_type == FUNCTION,
        interface.status,
        attached,
    )


def worn_by_itself(lowering: Lowering, groups: frozenset[str]) -> object:
    """What sets of groups can be told apart by that are worn together.

    Who wears none is filtered by none (R-SG-6), and of a group that is not told nobody knows what
    it lets pass: it would be so of everybody.
    """
    known = (lowering.snapshot.get(SecurityGroup, each) for each in groups)
    if all(each is not None and next(unprinted(each), None) is None for each in known):
        return bool(groups)
    return groups


def running(instance_id: str | None, instance: Instance | None) -> object:
    """What is known of whether its instance runs."""
    return bool(instance_id) and (instance.state.name if instance is not None else None)


def is_running(instance: Instance) -> bool:
    return instance.state.is_running


def metadata(instance: Instance) -> object:
    """How it reaches its own metadata."""
    options = instance.metadata_options
    return (options.http_endpoint, options.http_protocol_ipv6) if options else None
