"""Whether a public address that an interface puts on or off bears on nothing but its gateway.

    led_outside(earlier, both snapshots, was, now) -> Led, or None

Either record of the interface may be None: it comes, or goes.  The address is an Elastic IP that
nothing else names, on nothing where the interface does not have it; or it is no Elastic IP there,
so a host's on the internet.  Must not know how networks are compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from reach.component import Loner, node_name
from reach.editable import differs_in
from reach.interfaces.unserved import behind_others
from reach.network.address import is_ipv4, is_public, parse_address
from reach.resident import Resident
from reach.routing import overall
from reach.snapshot.index import instance_of, private_addresses, public_mapping
from reach.snapshot.records import Address, Instance, InternetGateway, NetworkInterface
from reach.snapshot.snapshot import Snapshot

Snapshots = tuple[Snapshot, Snapshot]
_GATEWAY = "internet_gateway"
_NONE: frozenset[tuple[int, int]] = frozenset()
_PLACE = ("network_interface_id", "private_ip_address", "instance_id")
_MAY_DIFFER = frozenset({*_PLACE, "association_id", "tags"})
_SHOWN = frozenset({"public_ip_address", "tags"})


@dataclass(frozen=True)
class Led:
    """What public addresses lead elsewhere, and whether they are ``free``, before and after: hosts'
    on the internet; with the Elastic IPs that say so, and the instances that show it."""

    free: Mapping[int, tuple[bool, bool]] = field(default_factory=dict)
    allocations: frozenset[str] = frozenset()
    instances: frozenset[str] = frozenset()

    def and_(self, other: Led) -> Led:
        return Led(
            {**self.free, **other.free},
            self.allocations | other.allocations,
            self.instances | other.instances,
        )


def led_outside(
    earlier: Resident, both: Snapshots, was: NetworkInterface | None, now: NetworkInterface | None
) -> Led | None:
    """What of an interface leads elsewhere; None: not certainly that alone."""
    known = was or now
    assert known is not None
    pairs = [frozenset(public_mapping(each)) if each else _NONE for each in (was, now)]
    if pairs[0] == pairs[1]:
        stays = was is not None and now is not None
        return Led() if stays or is_shown(both, known, pairs) else None
    found, free = set[str](), dict[int, tuple[bool, bool]]()
    for private, public in sorted(pairs[0] ^ pairs[1]):
        stays = all(each is None or private in private_addresses(each) for each in (was, now))
        listed = _listed(both, public)
        if not stays or listed is None or not _is_its_own(earlier, known, private, public):
            return None
        for address, own in zip(listed, pairs, strict=True):
            name = known.network_interface_id if (private, public) in own else None
            if address is not None and not _is_on(address, name, private):
                return None
        at_large = [
            address is None and (private, public) not in own
            for address, own in zip(listed, pairs, strict=True)
        ]
        free[public] = at_large[0], at_large[1]
        if not _may_be_a_hosts(earlier, known, public, free[public]):
            return None
        found |= {each.key for each in listed if each is not None}
    privates = [private for private, _ in pairs[0] | pairs[1]]
    alone = len(privates) == len(set(privates)) and is_served(earlier, known.vpc_id or "")
    shown = is_shown(both, known, pairs)
    if not alone or not shown or (was and now and not _shows_no_more(both, known)):
        return None
    return Led(free, frozenset(found), frozenset((instance_of(known) or "",)))


def _listed(both: Snapshots, public: int) -> tuple[Address | None, Address | None] | None:
    """The Elastic IP of an address in each of two snapshots, that is the same in both; None: what
    is listed is not that."""
    some = [[each for each in s.records(Address) if _public(each) == public] for s in both]
    if any(len(each) > 1 for each in some):
        return None
    one, other = (each[0] if each else None for each in some)
    if any(each is not None and not each.key.startswith("eipalloc-") for each in (one, other)):
        return None
    if one is not None and other is not None and differs_in(one, other, _MAY_DIFFER):
        return None
    return one, other


def _may_be_a_hosts(
    earlier: Resident, known: NetworkInterface, public: int, free: tuple[bool, bool]
) -> bool:
    """Whether an address is a host's on the internet wherever neither the interface nor an Elastic
    IP has it: nothing else announces it."""
    if not any(free):
        return True
    blocks = [block for some in overall.pools(earlier).accepted.values() for block in some]
    if earlier.index.owner_of_address(public) or any(public in block for block in blocks):
        return False
    own = [
        route
        for route in earlier.announcements()
        if not route.session
        and (
            route.match.by_name.get("destination") is None
            or public in route.match.by_name["destination"]
        )
    ]
    gateway = is_served(earlier, known.vpc_id or "")
    return all(not each.next or each.next == node_name(_GATEWAY, gateway, "in") for each in own)


def _public(address: Address) -> int | None:
    return parse_address(address.public_ip) if address.public_ip else None


def _is_on(address: Address, name: str | None, private: int) -> bool:
    """Whether an Elastic IP is on an interface's private address; without a name, on nothing."""
    if name is None:
        return not any(getattr(address, each) for each in _PLACE)
    at = address.private_ip_address
    return address.network_interface_id == name and at is not None and parse_address(at) == private


def _is_its_own(earlier: Resident, was: NetworkInterface, private: int, public: int) -> bool:
    """Whether no other pair has either of these, now or since interfaces stand apart."""
    known = earlier.index.interface_of_public_address(public)
    name = was.network_interface_id
    mine = known is None or (known[0].network_interface_id, known[1]) == (name, private)
    ends = is_public(public) and is_ipv4(public) and is_ipv4(private) and not is_public(private)
    at_first = earlier.snapshot.get(NetworkInterface, name)
    since = earlier.loners.get(name)
    own = {*(public_mapping(at_first) if at_first else ()), *(since.pairs if since else ())}
    alone = all(pair == (private, public) for pair in own if private in pair or public in pair)
    others = (each for other, each in earlier.loners.items() if other != name)
    return mine and ends and alone and not any(_has(each, public) for each in others)


def _has(loner: Loner, public: int) -> bool:
    """Whether one that stands apart has an address outside, or has had it."""
    return any(public in pair for pair in loner.pairs)


def is_served(earlier: Resident, vpc: str) -> str:
    """The one internet gateway that is known to serve a VPC, and no other does; '' if not."""
    attached = [
        each.internet_gateway_id
        for each in earlier.snapshot.records(InternetGateway)
        if any(at.vpc_id == vpc for at in each.attachments)
    ]
    served = bool(vpc) and len(attached) == 1 and not behind_others(earlier, vpc)
    return attached[0] if served else ""


def is_shown(
    both: Snapshots, known: NetworkInterface, pairs: list[frozenset[tuple[int, int]]]
) -> bool:
    """Whether the instance shows no public address that the interface does not."""
    instances = [each.get(Instance, instance_of(known) or "") for each in both]
    shown = zip(instances, pairs, strict=True)
    return all(
        each is None
        or not each.public_ip_address
        or parse_address(each.public_ip_address) in {public for _, public in own}
        for each, own in shown
    )


def _shows_no_more(both: Snapshots, known: NetworkInterface) -> bool:
    """Whether an instance that stays differs in what it shows of that alone."""
    one, other = (each.get(Instance, instance_of(known) or "") for each in both)
    return one is not None and other is not None and not differs_in(one, other, _SHOWN)
