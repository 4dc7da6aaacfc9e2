"""What is edited of an estate to measure what that costs: one random change of a kind.

    edited(snapshot, kind, rng) -> record        changed(snapshot, kind, rng) -> Edit

Rules are of groups that interfaces wear, routes of tables, lists that something names; interfaces
come and go with their instances, and get and lose addresses.  Must not know how anything is
measured.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

from bench.beyond import BEYOND
from bench.deployments import DEPLOYMENTS, deployed
from bench.elastic import ELASTIC, led, shown
from bench.gateways import GATEWAYS
from bench.groups import GROUPS, worn_anew
from bench.services import SERVICES
from bench.serving import SERVING

PORTS = (22, 443, 5432, 8080)
INSIDE = "10.0.0.0/8"
_TRIES = 1000
_BESIDE_HOSTS = ("endpoint more", "endpoint less", "load balancer less", "groups of a service")


@dataclass(frozen=True)
class Edit:
    """Records that are put in, and others that are taken out."""

    put: tuple[Any, ...] = ()
    out: tuple[Any, ...] = ()

    @property
    def first(self) -> Any:
        return (*self.put, *self.out)[0]


def changed(snapshot: Any, kind: str, rng: random.Random) -> Edit:
    """A change of a kind; the first of many tried that can be made so."""
    if kind in SEVERAL:
        return _tried(kind, lambda: _of_several(snapshot, kind, rng))
    if kind not in CHANGES:
        return Edit((edited(snapshot, kind, rng),))
    return _tried(kind, lambda: CHANGES[kind](snapshot, rng))


def _of_several(snapshot: Any, kind: str, rng: random.Random) -> Edit | None:
    found = SEVERAL[kind](snapshot, rng)
    return None if found is None else Edit(*found)


def _tried(kind: str, change: Callable[[], Edit | None]) -> Edit:
    for _ in range(_TRIES):
        found = change()
        if found is not None:
            return found
    raise ValueError(f"nothing to change: {kind}")


def edited(snapshot: Any, kind: str, rng: random.Random) -> Any:
    """A record of the snapshot, edited; the first of many tried that can be edited so."""
    for _ in range(_TRIES):
        record = EDITS[kind](snapshot, rng)
        if record is not None:
            return record
    raise ValueError(f"nothing to edit: {kind}")


def edited_snapshot(snapshot: Any, record: Any) -> Any:
    return changed_snapshot(snapshot, Edit((record,)))


def changed_snapshot(snapshot: Any, edit: Edit) -> Any:
    from reach.changes.edit import with_record, without_record

    for record in edit.out:
        snapshot = without_record(snapshot, snapshot.id_of(record), type(record))
    for record in edit.put:
        snapshot = with_record(snapshot, snapshot.id_of(record), record)
    return snapshot


# --- rules ----------------------------------------------------------------------------------------


def _for_a_host(snapshot: Any, rng: random.Random) -> Any:
    return _one_more(snapshot, rng, f"{_address(snapshot, rng)}/32")


def _for_a_subnet(snapshot: Any, rng: random.Random) -> Any:
    return _one_more(snapshot, rng, _around(_address(snapshot, rng)))


def _for_all_inside(snapshot: Any, rng: random.Random) -> Any:
    return _one_more(snapshot, rng, INSIDE)


def _one_more(snapshot: Any, rng: random.Random, block: str) -> Any:
    from msgspec.structs import replace

    from reach.snapshot.records import IpPermission, IpRange

    group = _worn(snapshot, rng)
    if group is None:
        return None
    port = rng.choice(PORTS)
    ranges = (IpRange(cidr_ip=block),)
    rule = IpPermission(ip_protocol="tcp", from_port=port, to_port=port, ip_ranges=ranges)
    return replace(group, ip_permissions=(*group.ip_permissions, rule))


def _another_value(snapshot: Any, rng: random.Random) -> Any:
    """A rule that is for another port, or whose first block is another one."""
    from msgspec.structs import replace

    from reach.snapshot.records import IpRange

    group = _worn(snapshot, rng)
    if group is None or not group.ip_permissions:
        return None
    number = rng.randrange(len(group.ip_permissions))
    rule = group.ip_permissions[number]
    if rule.ip_ranges and rng.random() < 0.5:
        block = IpRange(cidr_ip=_around(_address(snapshot, rng)))
        other = replace(rule, ip_ranges=(block, *rule.ip_ranges[1:]))
    elif rule.ip_protocol in ("tcp", "udp"):
        port = rng.choice(PORTS)
        other = replace(rule, from_port=port, to_port=port)
    else:
        return None
    rules = (*group.ip_permissions[:number], other, *group.ip_permissions[number + 1 :])
    return None if rules == group.ip_permissions else replace(group, ip_permissions=rules)


def _one_less(snapshot: Any, rng: random.Random) -> Any:
    from msgspec.structs import replace

    group = _worn(snapshot, rng)
    if group is None or not group.ip_permissions:
        return None
    return replace(group, ip_permissions=_without_one(group.ip_permissions, rng))


def _entry(snapshot: Any, rng: random.Random) -> Any:
    """An entry that denies a port to a subnet, before all others."""
    from msgspec.structs import replace

    from reach.snapshot.records import NetworkAcl, NetworkAclEntry, PortRange

    acl = rng.choice(snapshot.records(NetworkAcl))
    port = rng.choice(PORTS)
    entry = NetworkAclEntry(
        rule_number=1,
        protocol="6",
        rule_action="deny",
        egress=False,
        cidr_block=_around(_address(snapshot, rng)),
        port_range=PortRange(from_port=port, to_port=port),
    )
    return replace(acl, entries=(entry, *acl.entries))


# --- all else -------------------------------------------------------------------------------------


def _route(snapshot: Any, rng: random.Random) -> Any:
    """A route less, or one more for a subnet, to where another route of the table leads."""
    from msgspec.structs import replace

    from reach.snapshot.records import RouteTable

    table = rng.choice(snapshot.records(RouteTable))
    own = [route for route in table.routes if route.gateway_id != "local"]
    others = [route for route in own if route.destination_cidr_block]
    if not others:
        return None
    if rng.random() < 0.5:
        gone = rng.choice(own)
        return replace(table, routes=tuple(each for each in table.routes if each is not gone))
    block = _around(_address(snapshot, rng))
    more = replace(rng.choice(others), destination_cidr_block=block)
    known = any(each.destination_cidr_block == block for each in own)
    return None if known else replace(table, routes=(*table.routes, more))


def _list(snapshot: Any, rng: random.Random) -> Any:
    """An entry of a prefix list less, or one for a subnet more."""
    from msgspec.structs import replace

    from reach.snapshot.gateway_records import PrefixListEntry
    from reach.snapshot.records import ManagedPrefixListEntries

    listed = rng.choice(snapshot.records(ManagedPrefixListEntries))
    if not listed.entries:
        return None
    if rng.random() < 0.5:
        return replace(listed, entries=_without_one(listed.entries, rng))
    entry = PrefixListEntry(cidr=_around(_address(snapshot, rng)))
    return replace(listed, entries=(*listed.entries, entry))


def _interface(snapshot: Any, rng: random.Random) -> Any:
    """An interface that wears a group more, or one less; of one group another one."""
    from msgspec.structs import replace

    from reach.snapshot.records import NetworkInterface

    hosts = snapshot.records(NetworkInterface)
    host = rng.choice(hosts)
    if not host.groups:
        return None
    if len(host.groups) > 1 and rng.random() < 0.5:
        return replace(host, groups=_without_one(host.groups, rng))
    peers = (each for each in (rng.choice(hosts) for _ in range(_TRIES)))
    worn = {each.group_id for each in host.groups}
    for peer in peers:
        if peer.vpc_id == host.vpc_id:
            others = [each for each in peer.groups if each.group_id not in worn]
            if others:
                return replace(host, groups=(*host.groups, rng.choice(others)))
    return None


def _coming(snapshot: Any, rng: random.Random) -> Edit | None:
    """An instance like another one, with an interface at an address of the subnet that is free."""
    from msgspec.structs import replace

    from reach.snapshot.records import Subnet

    known = _host(snapshot, rng)
    if known is None:
        return None
    host, instance = known
    subnet = snapshot.get(Subnet, host.subnet_id)
    free = _free(snapshot, subnet, rng)
    if free is None:
        return None
    number = f"{rng.getrandbits(68):017x}"
    only = replace(host.private_ip_addresses[0], private_ip_address=free)
    blocks = (each.ipv6_cidr_block for each in subnet.ipv6_cidr_block_association_set)
    own = (str(ip_network(block)[rng.getrandbits(60)]) for block in blocks if block)
    sixes = zip(host.ipv6_addresses, own, strict=False)
    put = replace(
        host,
        network_interface_id=f"eni-{number}",
        private_ip_address=free,
        private_ip_addresses=(only,),
        ipv6_addresses=tuple(replace(each, ipv6_address=six) for each, six in sixes),
        attachment=replace(host.attachment, instance_id=f"i-{number}"),
    )
    named = {"instance_id": f"i-{number}", "private_ip_address": free, "network_interfaces": ()}
    return Edit((put, replace(instance, **named)))


def _coming_in_a_new_group(snapshot: Any, rng: random.Random) -> Edit | None:
    """The same with a group that is new as well."""
    edit = _coming(snapshot, rng)
    put = edit and worn_anew(snapshot, edit.put[:1], rng)
    return Edit((*put, *edit.put[1:])) if edit is not None and put else None


def _deployed(snapshot: Any, rng: random.Random) -> Edit | None:
    """The same that is a target of a load balancer at once, often with a rule for it."""
    edit = _coming(snapshot, rng)
    put = deployed(snapshot, edit.put[0], edit.put[1], rng) if edit is not None else None
    return None if put is None else Edit(put)


def _host_and_service(snapshot: Any, rng: random.Random) -> Edit | None:
    """A host that comes, or wears other groups, with an endpoint or a load balancer that comes,
    goes, or wears others."""
    host = _coming(snapshot, rng) if rng.random() < 0.5 else None
    own = host.put if host is not None else (_interface(snapshot, rng),)
    found = SERVICES[rng.choice(_BESIDE_HOSTS)](snapshot, rng)
    if found is None or own[0] is None or own[0].requester_managed:
        return None
    return Edit((*own, *found[0]), found[1])


def _going(snapshot: Any, rng: random.Random) -> Edit | None:
    """An instance less, with its interface."""
    known = _host(snapshot, rng)
    return None if known is None else Edit(out=known)


def _free(snapshot: Any, subnet: Any, rng: random.Random) -> str | None:
    """An address of a subnet that no interface of its VPC has."""
    from reach.snapshot.records import NetworkInterface

    block = ip_network(subnet.cidr_block)
    beside = (each for each in snapshot.records(NetworkInterface) if each.vpc_id == subnet.vpc_id)
    taken = {e.private_ip_address for each in beside for e in each.private_ip_addresses}
    some = (str(block[rng.randrange(4, block.num_addresses - 1)]) for _ in range(_TRIES))
    return next((address for address in some if address not in taken), None)


def _more_addresses(snapshot: Any, rng: random.Random) -> Edit | None:
    """An interface of an instance with a second private address, or with an IPv6 one more."""
    from msgspec.structs import replace

    from reach.snapshot.interface_records import Ipv6Address, PrivateIpAddress
    from reach.snapshot.records import Subnet

    known = _host(snapshot, rng)
    if known is None:
        return None
    host, _ = known
    subnet = snapshot.get(Subnet, host.subnet_id)
    blocks = [each.ipv6_cidr_block for each in subnet.ipv6_cidr_block_association_set]
    if blocks and rng.random() < 0.5:
        six = Ipv6Address(ipv6_address=str(ip_network(blocks[0])[rng.getrandbits(60)]))
        return Edit((replace(host, ipv6_addresses=(*host.ipv6_addresses, six)),))
    free = _free(snapshot, subnet, rng)
    if free is None:
        return None
    every = (*host.private_ip_addresses, PrivateIpAddress(private_ip_address=free))
    return Edit((replace(host, private_ip_addresses=every),))


def _fewer_addresses(snapshot: Any, rng: random.Random) -> Edit | None:
    """An interface of an instance without one of its further private addresses."""
    from msgspec.structs import replace

    known = _host(snapshot, rng)
    if known is None:
        return None
    host, _ = known
    four = [e for e in host.private_ip_addresses if not (e.primary or e.association)]
    further = [*four, *host.ipv6_addresses]
    if not further:
        return None
    gone = rng.choice(further)
    left = {
        name: tuple(each for each in getattr(host, name) if each is not gone)
        for name in ("private_ip_addresses", "ipv6_addresses")
    }
    return Edit((replace(host, **left),))


def _elastic_off(snapshot: Any, rng: random.Random) -> Edit | None:
    """An Elastic IP that is taken off an instance."""
    from msgspec.structs import replace

    from reach.snapshot.records import Address, Instance, NetworkInterface

    address = rng.choice(snapshot.records(Address))
    host = snapshot.get(NetworkInterface, address.network_interface_id or "")
    instance = snapshot.get(Instance, address.instance_id or "")
    if host is None or instance is None:
        return None
    left = replace(
        address,
        association_id=None,
        network_interface_id=None,
        private_ip_address=None,
        instance_id=None,
    )
    return Edit((led(host, address.private_ip_address, None), _showing(instance, None), left))


def _elastic_on(snapshot: Any, rng: random.Random) -> Edit | None:
    """An Elastic IP that is on nothing, put on an instance beside others that have one."""
    from msgspec.structs import replace

    from reach.snapshot.records import Address, InternetGateway, NetworkInterface

    idle = [each for each in snapshot.records(Address) if not each.network_interface_id]
    known = _host(snapshot, rng)
    if known is None or not idle:
        return None
    host, instance = known
    gateways = snapshot.records(InternetGateway)
    if not any(at.vpc_id == host.vpc_id for each in gateways for at in each.attachments):
        return None
    if not any(
        each.association and each.subnet_id == host.subnet_id
        for each in snapshot.records(NetworkInterface)
    ):
        return None
    address = rng.choice(idle)
    on = replace(
        address,
        association_id="eipassoc-1",
        network_interface_id=host.network_interface_id,
        private_ip_address=host.private_ip_address,
        instance_id=instance.instance_id,
    )
    put = led(host, host.private_ip_address, shown(address))
    return Edit((put, _showing(instance, address.public_ip), on))


def _showing(instance: Any, public: str | None) -> Any:
    from msgspec.structs import replace

    return replace(instance, public_ip_address=public)


def _public_more(snapshot: Any, rng: random.Random) -> Edit | None:
    """An instance that comes with a public address, beside others that have one."""
    from msgspec.structs import replace

    from reach.snapshot.interface_records import InterfaceAssociation
    from reach.snapshot.records import NetworkInterface

    edit = _coming(snapshot, rng)
    if edit is None:
        return None
    host, instance = edit.put
    if not any(
        each.association and each.subnet_id == host.subnet_id
        for each in snapshot.records(NetworkInterface)
    ):
        return None
    public = f"3.{rng.randrange(4, 250)}.{rng.randrange(256)}.{rng.randrange(1, 255)}"
    put = led(host, host.private_ip_address, InterfaceAssociation(public_ip=public))
    return Edit((put, replace(instance, public_ip_address=public)))


def _public_less(snapshot: Any, rng: random.Random) -> Edit | None:
    """An instance that has a public address goes; an Elastic IP of it stays, on nothing."""
    from msgspec.structs import replace

    from reach.snapshot.records import Address, Instance, NetworkInterface

    shown = [each for each in snapshot.records(Instance) if each.public_ip_address]
    instance = rng.choice(shown)
    own = [
        each
        for each in snapshot.records(NetworkInterface)
        if each.attachment and each.attachment.instance_id == instance.instance_id
    ]
    left = [
        replace(
            each,
            association_id=None,
            network_interface_id=None,
            private_ip_address=None,
            instance_id=None,
        )
        for each in snapshot.records(Address)
        if each.instance_id == instance.instance_id
    ]
    return Edit(tuple(left), (*own, instance)) if own else None


def _host(snapshot: Any, rng: random.Random) -> Any:
    """A random interface of an instance that shows nothing outside, and that instance."""
    from reach.snapshot.records import Instance, NetworkInterface

    host = rng.choice(snapshot.records(NetworkInterface))
    attached = host.attachment.instance_id if host.attachment else None
    instance = snapshot.get(Instance, attached) if attached else None
    plain = host.source_dest_check and not host.association and not host.requester_managed
    return (host, instance) if plain and instance is not None else None


def _other_table(snapshot: Any, rng: random.Random) -> Edit | None:
    """A subnet that is associated with another route table of its VPC, which says most of what its
    own one does: that of another zone."""
    from reach.snapshot.records import RouteTable

    return _associated_with_another(snapshot, RouteTable, "routes", rng)


def _other_acl(snapshot: Any, rng: random.Random) -> Edit | None:
    """The same of a network ACL."""
    from reach.snapshot.records import NetworkAcl

    return _associated_with_another(snapshot, NetworkAcl, "entries", rng)


def _associated_with_another(
    snapshot: Any, kind: Any, rules: str, rng: random.Random
) -> Edit | None:
    from msgspec.structs import replace

    every = snapshot.records(kind)
    one = rng.choice(every)
    own = [each for each in one.associations if each.subnet_id]
    others = [each for each in every if each.vpc_id == one.vpc_id and each is not one]
    if not own or not others:
        return None
    said = set(map(repr, getattr(one, rules)))
    other = max(others, key=lambda each: len(said & set(map(repr, getattr(each, rules)))))
    moved = rng.choice(own)
    kept = tuple(each for each in one.associations if each is not moved)
    more = (*other.associations, moved)
    return Edit((replace(one, associations=kept), replace(other, associations=more)))


def _peering(snapshot: Any, rng: random.Random) -> Any:
    """A peering that works and is deleted, or one that did not and does."""
    from msgspec.structs import replace

    from reach.snapshot.gateway_records import PeeringStatus
    from reach.snapshot.records import VpcPeeringConnection

    peerings = snapshot.records(VpcPeeringConnection)
    if not peerings:
        return None
    peering = rng.choice(peerings)
    return replace(peering, status=PeeringStatus("deleted" if peering.is_active else "active"))


def _worn(snapshot: Any, rng: random.Random) -> Any:
    """A group of a random interface."""
    from reach.snapshot.records import NetworkInterface, SecurityGroup

    worn = [each.group_id for each in rng.choice(snapshot.records(NetworkInterface)).groups]
    return snapshot.get(SecurityGroup, rng.choice(worn)) if worn else None


def _address(snapshot: Any, rng: random.Random) -> str:
    from reach.snapshot.records import NetworkInterface

    while True:
        host = rng.choice(snapshot.records(NetworkInterface))
        if host.private_ip_address:
            return str(host.private_ip_address)


def _around(address: str) -> str:
    return address.rpartition(".")[0] + ".0/24"


def _without_one(values: tuple[Any, ...], rng: random.Random) -> tuple[Any, ...]:
    gone = rng.randrange(len(values))
    return values[:gone] + values[gone + 1 :]


# A rule of a group first, then what of a network can be edited beside these.
EDITS: Mapping[str, Callable[[Any, random.Random], Any]] = {
    "rule for a host": _for_a_host,
    "rule for a subnet": _for_a_subnet,
    "rule value": _another_value,
    "rule less": _one_less,
    "rule for all inside": _for_all_inside,
    "entry": _entry,
    "route": _route,
    "list": _list,
    "interface": _interface,
    "peering": _peering,
    **SERVING,
}
CHANGES: Mapping[str, Callable[[Any, random.Random], Edit | None]] = {
    "interface more": _coming,
    "interface less": _going,
    "interface more in a new group": _coming_in_a_new_group,
    "deployed": _deployed,
    "host and service": _host_and_service,
    "address more": _more_addresses,
    "address less": _fewer_addresses,
    "Elastic IP on": _elastic_on,
    "Elastic IP off": _elastic_off,
    "public interface more": _public_more,
    "public interface less": _public_less,
    "table of a subnet": _other_table,
    "ACL of a subnet": _other_acl,
}
# All records that say so afterwards.
SEVERAL = {**GATEWAYS, **SERVICES, **ELASTIC, **BEYOND, **GROUPS, **DEPLOYMENTS}
KINDS = (*EDITS, *CHANGES, *SEVERAL)
