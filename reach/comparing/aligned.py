"""The second stage: two snapshots -> two lowered ones whose nodes can be compared by name.

    aligned(before, after, changed, options) -> Pair

A node of interfaces alike is called after the first of them, and group sets are numbered by
snapshot: one interface that comes or goes would rename what has nothing to do with it.  So whatever
differs stands apart in both, and both number the group sets of either.  Where nothing of that kind
differs the grounds are those of the questions asked before, with all that is warm in them.

Must not know how anything is compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from reach.asking import ground_of
from reach.comparing.records import Changed
from reach.lower import Alignment, Ground, lower
from reach.options import Options
from reach.reduce import Reductions
from reach.snapshot.records import Instance, NetworkInterface
from reach.snapshot.snapshot import Snapshot

_KEPT = "aligned ground"


@dataclass(frozen=True)
class Pair:
    """Two lowered snapshots: nodes and owners of one name are the same thing in both."""

    before: Ground
    after: Ground

    @property
    def turned(self) -> Pair:
        return Pair(self.after, self.before)


def aligned(before: Snapshot, after: Snapshot, changed: Changed, options: Options) -> Pair:
    """Both lowered, in one set of names."""
    grounds = ground_of(before, options), ground_of(after, options)
    one, other = (ground.own_senders for ground in grounds)
    apart = frozenset(_apart(before, after, changed))
    if one == other and not apart:
        return Pair(*grounds)
    alignment = Alignment(one | other, by_class=bool(apart))
    reductions = Reductions(apart=apart)
    return Pair(*(_lowered(each, options, reductions, alignment) for each in (before, after)))


def _lowered(
    snapshot: Snapshot, options: Options, reductions: Reductions, alignment: Alignment
) -> Ground:
    """The last one of each snapshot is kept: the same comparison again finds it warm."""
    known = snapshot.derived.get(_KEPT)
    read = (options, reductions, alignment)
    if isinstance(known, Ground) and (known.options, known.reductions, known.alignment) == read:
        return known
    ground = lower(snapshot, options, reductions, alignment)
    snapshot.derived[_KEPT] = ground
    return ground


def _apart(before: Snapshot, after: Snapshot, changed: Changed) -> Iterator[str]:
    """The interfaces that differ, with all others of their instances."""
    interfaces = changed.records.get(NetworkInterface)
    instances = changed.records.get(Instance)
    different = set(interfaces.ids) if interfaces else set()
    owners = set(instances.ids) if instances else set()
    if not different and not owners:
        return
    for snapshot in (before, after):
        for interface in snapshot.records(NetworkInterface):
            if interface.network_interface_id in different and _instance(interface):
                owners.add(_instance(interface))
    yield from different
    for snapshot in (before, after):
        for interface in snapshot.records(NetworkInterface):
            if _instance(interface) in owners:
                yield interface.network_interface_id


def _instance(interface: NetworkInterface) -> str:
    return (interface.attachment.instance_id if interface.attachment else None) or ""
