"""Which interfaces stand apart from what two snapshots share, where little else differs.

    standing_apart(earlier, before, after, changed) -> Standing, or None

``earlier`` is the ground of ``before``.  Interfaces of instances stand apart that wear other
groups, and those that come or go with their instances; None wherever more may differ than they.
Must not know how networks are compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial

from reach.comparing.records import Altered, Changed, is_described
from reach.editable import differs_in
from reach.interfaces.arriving import (
    Name,
    comes_alone,
    delivers,
    goes_alone,
    named_in,
    names_of,
    stands_idle,
)
from reach.network.stage import Unmodelled
from reach.resident import Resident, Standing, only_groups
from reach.snapshot.index import instance_of, private_addresses
from reach.snapshot.record import Record
from reach.snapshot.records import Instance, NetworkInterface
from reach.snapshot.snapshot import Snapshot

_WHO = (NetworkInterface, Instance)
_TAGS: frozenset[str] = frozenset({"tags", "tag_set"})


def standing_apart(
    earlier: Resident, before: Snapshot, after: Snapshot, changed: Changed
) -> Standing | None:
    """Who wears other groups, comes or goes, if that is all that differs of who there is."""
    own = changed.records.get(NetworkInterface, Altered())
    instances = changed.records.get(Instance, Altered())
    pairs = [[s.get(NetworkInterface, name) for s in (before, after)] for name in own.other]
    if not all(only_groups(one, other) for one, other in pairs):
        return None
    come = [each for name in own.added if (each := after.get(NetworkInterface, name))]
    gone = [each for name in own.removed if (each := before.get(NetworkInterface, name))]
    whose = [instance_of(each) or "" for each in (*come, *gone)]
    idle = [name for name in instances.ids if name not in whose]
    if len(whose) != len(set(whose)) or not _are_idle(earlier, before, after, idle):
        return None
    arrived = [_arrived(earlier, before, after, each) for each in come]
    every = frozenset(each.network_interface_id for each in gone)
    if not all(arrived) or not all(_goes(earlier, after, each, every) for each in gone):
        return None
    names = frozenset(name for each in (*come, *gone) for name in names_of(each))
    if not _have_own_addresses(come) or _are_named(earlier, after, names | set(idle)):
        return None
    there = (*(now for _, now in pairs if now is not None), *come)
    new = (each for each in arrived if each is not None)
    seen = (each for each in new if earlier.snapshot.get(Instance, each.instance_id) is None)
    return Standing(there, tuple(gone), tuple(seen))


def _arrived(
    earlier: Resident, before: Snapshot, after: Snapshot, interface: NetworkInterface
) -> Instance | None:
    """The instance of an interface that comes with it; None: not certainly like any other."""
    name = instance_of(interface) or ""
    instance = after.get(Instance, name)
    if instance is None or before.get(Instance, name) is not None:
        return None
    apart = earlier.all_regrouped.get(interface.network_interface_id)
    if apart is not None:  # it has been there before
        was = earlier.snapshot.get(Instance, name)
        same = only_groups(apart.interface, interface) and was is not None
        again = same and was is not None and not differs_in(was, instance, _TAGS)
        return instance if again and not apart.there else None
    if earlier.snapshot.get(NetworkInterface, interface.network_interface_id) is not None:
        return None
    if earlier.snapshot.get(Instance, name) is not None:
        return None
    alone = comes_alone(earlier, interface, instance) and not is_described(interface)
    fronts = (ends for ends, _ in earlier.fronts())
    free = not any(a in ends for ends in fronts for a in private_addresses(interface))
    return instance if alone and free and _tells_of_all(earlier, interface) else None


def _goes(
    earlier: Resident, after: Snapshot, interface: NetworkInterface, gone: frozenset[str]
) -> bool:
    left = after.get(Instance, instance_of(interface) or "")
    if left is not None and left.network_interfaces:
        return False  # it names an interface that is not held
    alone = goes_alone(earlier, interface, gone) and not is_described(interface)
    return alone and _tells_of_all(earlier, interface)


def _tells_of_all(earlier: Resident, interface: NetworkInterface) -> bool:
    """Whether what is sent in a subnet to an address that nobody has gets nowhere."""
    stages = earlier.network.node(delivers(interface.subnet_id or "")).stages
    return not any(isinstance(each, Unmodelled) for each in stages)


def _have_own_addresses(come: Iterable[NetworkInterface]) -> bool:
    own = [address for each in come for address in private_addresses(each)]
    return len(own) == len(set(own))


def _are_idle(earlier: Resident, before: Snapshot, after: Snapshot, names: list[str]) -> bool:
    """Whether instances have no interface, and name nothing that may not be held: who looks for
    them finds nothing in either snapshot."""
    told = [(name, s.get(Instance, name)) for name in names for s in (before, after)]
    apart = earlier.all_regrouped
    return all(
        not any(
            each.network_interface_id not in apart or apart[each.network_interface_id].there
            for each in earlier.index.interfaces_by_instance.get(name, ())
        )
        and (instance is None or stands_idle(earlier, instance))
        for name, instance in told
    )


def _are_named(earlier: Resident, after: Snapshot, names: frozenset[Name]) -> bool:
    """Whether anything but interfaces and instances names one of these, before or after."""
    return any(not names.isdisjoint(named) for named in _names(earlier, after.contents))


def _names(
    earlier: Resident, after: Mapping[type[Record], Mapping[str, Record]]
) -> Iterator[frozenset[Name]]:
    for kind, records in earlier.snapshot.contents.items():
        if kind in _WHO:
            continue
        make = partial(_named, earlier, kind)
        yield earlier.memo(f"named in {kind.__name__}", make)
        others = after[kind]
        if others is not records:
            yield named_in(each for n, each in others.items() if records.get(n) is not each)


def _named(earlier: Resident, kind: type[Record]) -> frozenset[Name]:
    return named_in(earlier.snapshot.records(kind))
