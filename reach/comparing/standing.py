"""Which interfaces stand apart from what two snapshots share, where little else differs.

    standing_apart(earlier, before, after, changed) -> Standing, or None

``earlier`` is the ground of ``before``.  Interfaces of instances stand apart that wear other
groups, those that put private addresses or Elastic IPs on or off, and those that come or go with
their instances; None wherever more may differ than they and what may be edited alone
(:mod:`reach.editable`).  Must not know how networks are compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Set
from itertools import islice

from reach.comparing.outside import Led, led_outside
from reach.comparing.records import Altered, Changed, is_described
from reach.component import Loner
from reach.editable import differs_in, may_be_edited
from reach.interfaces.arriving import (
    Name,
    alters,
    comes_alone,
    delivers,
    goes_alone,
    moved,
    moves_alone,
    named_in,
    names_of,
    stands_idle,
)
from reach.interfaces.kinds import addresses_of
from reach.interfaces.loners import NOBODY
from reach.network.address import is_ipv4, parse_address
from reach.network.header_space import Ranges, shared
from reach.network.stage import Unmodelled
from reach.resident import Resident, Standing
from reach.snapshot.balancer_records import ClassicLoadBalancer, LoadBalancerTargetHealth
from reach.snapshot.index import instance_of, outer_mapping
from reach.snapshot.record import Record
from reach.snapshot.records import Address, Instance, NetworkInterface, SecurityGroup
from reach.snapshot.snapshot import Snapshot

_WHO = (NetworkInterface, Instance)
# These name an interface or an instance, and mean one of its addresses: an Elastic IP the one that
# it names as well, who passes on to an instance its primary IPv4 address, or its first IPv6 one.
MEAN_ONE = (Address, LoadBalancerTargetHealth, ClassicLoadBalancer)
# Of these it is told by the interface of an instance, as it is there and only if it is.
REGISTERED = (LoadBalancerTargetHealth, ClassicLoadBalancer)
_MANY = 64  # addresses are looked for among those that are named, and not the reverse
_SHOWN: frozenset[str] = frozenset({"tags", "public_ip_address"})


def standing_apart(
    earlier: Resident, before: Snapshot, after: Snapshot, changed: Changed
) -> Standing | None:
    """Who wears other groups, has other addresses, comes or goes, if that is all that differs of
    who there is."""
    if names_who_is_apart(earlier, before, after, changed):
        return None
    serving = served(before, after, changed)
    own = _without(changed.records.get(NetworkInterface, Altered()), serving)
    instances = changed.records.get(Instance, Altered())
    pairs = [
        (before.get(NetworkInterface, name), after.get(NetworkInterface, name))
        for name in own.other
    ]
    if not all(_alters(earlier, after, one, other) for one, other in pairs):
        return None
    come = [each for name in own.added if (each := after.get(NetworkInterface, name))]
    gone = [each for name in own.removed if (each := before.get(NetworkInterface, name))]
    whose = [instance_of(each) or "" for each in (*come, *gone)]
    others = (*((None, each) for each in come), *((each, None) for each in gone))
    led = _led(earlier, (before, after), (*pairs, *others))
    if led is None or set(changed.records.get(Address, Altered()).ids) != led.allocations:
        return None
    idle = [name for name in instances.ids if name not in whose and name not in led.instances]
    if len(whose) != len(set(whose)) or not _are_idle(earlier, before, after, idle):
        return None
    new = frozenset(changed.records.get(SecurityGroup, Altered()).added)
    arrived = [_arrived(earlier, before, after, each, new) for each in come]
    every = frozenset(each.network_interface_id for each in gone)
    if not all(arrived) or not all(_goes(earlier, after, each, every) for each in gone):
        return None
    names = frozenset(name for each in (*come, *gone) for name in names_of(each))
    addresses = Ranges.any_of(addresses_of(each) for each in (*come, *gone))
    moves = [moved(was, now) for was, now in pairs if was is not None and now is not None]
    if shared((*map(addresses_of, come), *moves)):
        return None  # several put on the same one, or one takes what another one has had
    taken = Ranges.any_of((addresses, *moves))
    if serving and not _serve_beside(earlier, after, serving, taken, led.free):
        return None
    if _are_on(before, after, names, led.allocations):
        return None
    if _are_named(earlier, after, names | set(idle), addresses, (*_WHO, Address, *REGISTERED)):
        return None
    if _name_any(earlier, after, REGISTERED, idle, addresses):
        return None
    if _are_registered(earlier, after, come, gone):
        return None
    there = (*(now for _, now in pairs if now is not None), *come)
    unseen = (
        each
        for each in arrived
        if each is not None and earlier.snapshot.get(Instance, each.instance_id) is None
    )
    return Standing(there, tuple(gone), tuple(unseen), led.free)


def served(before: Snapshot, after: Snapshot, changed: Changed) -> frozenset[str]:
    """The interfaces of services that come, change or go: they are edited alone."""
    return frozenset(
        name
        for name in changed.records.get(NetworkInterface, Altered()).ids
        if all(
            may_be_edited(NetworkInterface, s.get(NetworkInterface, name)) for s in (before, after)
        )
    )


def _without(own: Altered, names: Set[str]) -> Altered:
    kept = (
        tuple(e for e in each if e not in names) for each in (own.added, own.removed, own.other)
    )
    return Altered(*kept)


def _serve_beside(
    earlier: Resident,
    after: Snapshot,
    names: Set[str],
    taken: Ranges,
    publics: Iterable[int],
) -> bool:
    """Whether interfaces of services differ that have no address of those that stand apart."""
    both = ((s.get(NetworkInterface, n) for s in (earlier.snapshot, after)) for n in sorted(names))
    every = [each for pair in both for each in pair if each is not None]
    outside = {public for each in every for _, public in outer_mapping(each)}
    apart = not any(taken & addresses_of(each) for each in every) and outside.isdisjoint(publics)
    return apart and _serve_alone(earlier, every, names)


def _are_registered(
    earlier: Resident,
    after: Snapshot,
    come: Iterable[NetworkInterface],
    gone: Iterable[NetworkInterface],
) -> bool:
    """Whether any of those that come was a target before, or any of those that go is one still."""
    new, old = (frozenset(n for each in some for n in names_of(each)) for some in (come, gone))
    for kind in REGISTERED:
        known = _named(earlier, kind)
        if not new.isdisjoint(known):
            return True
        if not old.isdisjoint(known) and not old.isdisjoint(named_in(after.records(kind))):
            return True
        if old and not old.isdisjoint(_named_anew(earlier, after, kind)):
            return True
    return False


def _led(
    earlier: Resident,
    both: tuple[Snapshot, Snapshot],
    pairs: Iterable[tuple[NetworkInterface | None, NetworkInterface | None]],
) -> Led | None:
    """What public addresses interfaces put on or off; None: more than they may differ."""
    every = Led()
    for was, now in pairs:
        found = led_outside(earlier, both, was, now)
        if found is None:
            return None
        if not found.free:
            continue
        if not every.free.keys().isdisjoint(found.free):
            return None  # one that moves from one interface to another
        publics = Ranges.of(*found.free)
        if _are_named(earlier, both[1], found.allocations, publics, (*_WHO, Address)):
            return None
        if was is not None and now is not None and not _leads_alone(earlier, both[1], was, now):
            return None
        every = every.and_(found)
    return every


def _leads_alone(
    earlier: Resident, after: Snapshot, was: NetworkInterface, now: NetworkInterface
) -> bool:
    return moves_alone(earlier, was, now) and not means(earlier, after, was, MEAN_ONE)


def _are_on(before: Snapshot, after: Snapshot, names: Set[str], but: Set[str]) -> bool:
    """Whether any other Elastic IP than some is said to be on one of these."""
    return any(
        not names.isdisjoint((each.network_interface_id, each.instance_id))
        for snapshot in (before, after)
        for each in snapshot.records(Address)
        if each.key not in but
    )


def means(
    earlier: Resident, after: Snapshot, was: NetworkInterface, but: Iterable[type[Record]]
) -> bool:
    """Whether what names an interface may mean any of its addresses."""
    return _are_named(earlier, after, names_of(was), NOBODY, (*_WHO, *but))


def names_who_is_apart(
    earlier: Resident, before: Snapshot, after: Snapshot, changed: Changed
) -> bool:
    """Whether what was edited names anybody who has come or gone since classes were made out: of
    what is registered, or routed to, it is told what is said of others' interfaces."""
    apart = [each for each in earlier.loners.values() if _has_other_addresses(each)]
    if not apart:
        return False
    publics = Ranges.of(*{public for each in apart for _, public in each.pairs})
    addresses = Ranges.any_of((publics, *(addresses_of(each.interface) for each in apart)))
    for snapshot in (before, after):
        every = frozenset(name for each in apart for name in names_of(each.interface))
        untold = [each for each in apart if not _is_as_told(each, snapshot)]
        but_told = frozenset(name for each in untold for name in names_of(each.interface))
        for kind, altered in changed.records.items():
            if kind in (*_WHO, Address):
                continue
            names = but_told if kind in REGISTERED else every
            both = (snapshot.get(kind, name) for name in altered.ids)
            for each in named_in(record for record in both if record is not None):
                if each in (addresses if isinstance(each, int) else names):
                    return True
    return False


def _is_as_told(loner: Loner, snapshot: Snapshot) -> bool:
    """Whether one that stands apart is there with all addresses that it has had, and told of as
    others are."""
    now = snapshot.get(NetworkInterface, loner.interface.network_interface_id)
    told = loner.came or loner.beside is None
    whole = now is not None and addresses_of(now) == addresses_of(loner.interface)
    return whole and told and not loner.pairs


def serves_alone(earlier: Resident, after: Snapshot, changed: Changed) -> bool:
    """Whether interfaces of services that come, change or go bear on nothing but what they say: no
    host that stands apart has had an address of theirs, nor are they all that tells whose calls
    these are; and Elastic IPs are on no such host."""
    own = changed.records.get(NetworkInterface, Altered())
    both = [
        (earlier.snapshot.get(NetworkInterface, n), after.get(NetworkInterface, n)) for n in own.ids
    ]
    every = [each for pair in both for each in pair if each is not None]
    apart = Ranges.any_of(addresses_of(each.interface) for each in earlier.loners.values())
    if any(apart & addresses_of(each) for each in every):
        return False
    publics = {public for each in earlier.loners.values() for _, public in each.pairs}
    names = {name for each in earlier.loners.values() for name in names_of(each.interface)}
    for name in changed.records.get(Address, Altered()).ids:
        for each in (earlier.snapshot.get(Address, name), after.get(Address, name)):
            if each is not None and (
                (each.public_ip and parse_address(each.public_ip) in publics)
                or not names.isdisjoint((each.network_interface_id, each.instance_id))
            ):
                return False
    return _serve_alone(earlier, every, own.ids)


def _serve_alone(earlier: Resident, every: Iterable[NetworkInterface], but: Iterable[str]) -> bool:
    """Whether those of services are not all that tells whose the calls are."""
    serve = (each for each in every if may_be_edited(NetworkInterface, each))
    return all(_is_shown_by_others(earlier, each, but) for each in serve)


def _is_shown_by_others(earlier: Resident, interface: NetworkInterface, but: Iterable[str]) -> bool:
    """Whether another one in the VPC, that stays, is its owner's and of the same calls."""
    beside = earlier.index.interfaces_by_vpc.get(interface.vpc_id or "", ())
    left = frozenset(but)
    return any(
        (each.owner_id, each.page.scope) == (interface.owner_id, interface.page.scope)
        for each in islice(beside, _MANY)
        if each.network_interface_id not in left
    )


def _has_other_addresses(loner: Loner) -> bool:
    """Whether it has come or gone, or put an address on or off, since classes were made out."""
    is_as_it_was = loner.beside is None and loner.holds == addresses_of(loner.interface)
    return loner.came or bool(loner.pairs) or not is_as_it_was


def _arrived(
    earlier: Resident,
    before: Snapshot,
    after: Snapshot,
    interface: NetworkInterface,
    groups: frozenset[str],
) -> Instance | None:
    """The instance of an interface that comes with it, and with some groups; None: not certainly
    like any other."""
    name = instance_of(interface) or ""
    instance = after.get(Instance, name)
    if instance is None or before.get(Instance, name) is not None:
        return None
    apart = earlier.loners.get(interface.network_interface_id)
    if apart is not None:  # it has been there before, with these addresses at least
        was = earlier.snapshot.get(Instance, name)
        had = addresses_of(interface).lies_in(addresses_of(apart.interface))
        same = had and alters(apart.interface, interface)
        again = same and was is not None and not differs_in(was, instance, _SHOWN)
        return instance if again and not apart.is_there else None
    if earlier.snapshot.get(NetworkInterface, interface.network_interface_id) is not None:
        return None
    if earlier.snapshot.get(Instance, name) is not None:
        return None
    alone = comes_alone(earlier, interface, instance, groups) and not is_described(interface)
    free = _are_free(earlier, addresses_of(interface))
    return instance if alone and free and tells_of_all(earlier, interface) else None


def _alters(
    earlier: Resident,
    after: Snapshot,
    was: NetworkInterface | None,
    now: NetworkInterface | None,
) -> bool:
    """Whether one that stays wears other groups, or has other private addresses, and no more."""
    if was is None or now is None or not alters(was, now):
        return False
    addresses = moved(was, now)
    if not addresses:
        return True
    alone = moves_alone(earlier, was, now) and not is_described(was)
    free = _are_free(earlier, addresses) and not _are_named(earlier, after, (), addresses)
    but = MEAN_ONE if all(is_ipv4(low) for low, _ in addresses.intervals) else MEAN_ONE[:1]
    is_meant = means(earlier, after, was, but)
    return alone and free and not is_meant and tells_of_all(earlier, was)


def _are_free(earlier: Resident, addresses: Ranges) -> bool:
    """Whether nothing that has no interface has one of these."""
    return not any(ends & addresses for ends, _ in earlier.fronts())


def _goes(
    earlier: Resident, after: Snapshot, interface: NetworkInterface, gone: frozenset[str]
) -> bool:
    left = after.get(Instance, instance_of(interface) or "")
    if left is not None and left.network_interfaces:
        return False  # it names an interface that is not held
    alone = goes_alone(earlier, interface, gone) and not is_described(interface)
    return alone and tells_of_all(earlier, interface)


def tells_of_all(earlier: Resident, interface: NetworkInterface) -> bool:
    """Whether what is sent in a subnet to an address that nobody has gets nowhere."""
    stages = earlier.network.node(delivers(interface.subnet_id or "")).stages
    return not any(isinstance(each, Unmodelled) for each in stages)


def _are_idle(earlier: Resident, before: Snapshot, after: Snapshot, names: list[str]) -> bool:
    """Whether instances have no interface, and name nothing that may not be held: who looks for
    them finds nothing in either snapshot."""
    told = [(name, s.get(Instance, name)) for name in names for s in (before, after)]
    apart = earlier.loners
    return all(
        not any(
            each.network_interface_id not in apart or apart[each.network_interface_id].is_there
            for each in earlier.index.interfaces_by_instance.get(name, ())
        )
        and (instance is None or stands_idle(earlier, instance))
        for name, instance in told
    )


def _are_named(
    earlier: Resident,
    after: Snapshot,
    names: Iterable[str],
    addresses: Ranges,
    but: Iterable[type[Record]] = _WHO,
) -> bool:
    """Whether anything but interfaces and instances names one of these, before or after."""
    kinds = [kind for kind in earlier.snapshot.contents if kind not in but]
    return _name_any(earlier, after, kinds, names, addresses)


def _name_any(
    earlier: Resident,
    after: Snapshot,
    kinds: Iterable[type[Record]],
    names: Iterable[str],
    addresses: Ranges,
) -> bool:
    """Whether records of some kinds name one of these, before or after."""
    ids = frozenset(names)
    return any(
        not ids.isdisjoint(named) or _has_one(addresses, named)
        for kind in kinds
        for named in (_named(earlier, kind), _named_anew(earlier, after, kind))
    )


def _has_one(addresses: Ranges, named: Set[Name]) -> bool:
    if addresses.count > _MANY:
        return any(isinstance(each, int) and each in addresses for each in named)
    return any(each in named for low, high in addresses.intervals for each in range(low, high + 1))


def _named(earlier: Resident, kind: type[Record]) -> frozenset[Name]:
    records = earlier.snapshot.records
    return earlier.memo(f"named in {kind.__name__}", lambda: named_in(records(kind)))


def _named_anew(earlier: Resident, after: Snapshot, kind: type[Record]) -> frozenset[Name]:
    """What is named by those records of a kind that are others now."""
    records, others = (each.contents.get(kind, {}) for each in (earlier.snapshot, after))
    if others is records:
        return frozenset()
    return named_in(each for n, each in others.items() if records.get(n) is not each)
