"""Hosts that have other public addresses, and stay as they are else: told exactly, as what serves.

    led_otherwise(earlier, both snapshots, changed) -> reads, or None

What an interface that stands apart cannot say: that a public address moves from one to another, or
that a private one gets another public one.  Who has which is told by tables of those that have
such; nothing else reads it of a plain host that nothing names.  Must not know how networks are
compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reach.comparing.outside import is_shown
from reach.comparing.records import Altered, Changed, is_described
from reach.comparing.standing import MEAN_ONE, means
from reach.editable import NOTHING, Reads, differs_in, led_reads, may_be_edited, touched
from reach.interfaces.arriving import alters, moved, moves_alone
from reach.interfaces.kinds import worn
from reach.resident import Resident
from reach.snapshot.index import instance_of, public_mapping
from reach.snapshot.record import Record
from reach.snapshot.records import Instance, NetworkInterface
from reach.snapshot.snapshot import Snapshot

_OTHER = frozenset({"association", "private_ip_addresses"})
_SHOWN = frozenset({"public_ip_address", "tags"})
_Both = tuple[NetworkInterface, NetworkInterface]


def led_otherwise(
    earlier: Resident, both: tuple[Snapshot, Snapshot], changed: Changed
) -> Reads | None:
    """What is read of what differs, if of hosts and their instances only public addresses do, and
    all else may be edited alone."""
    hosts = [*_hosts(both, changed.records.get(NetworkInterface, Altered()))]
    if not hosts or not all(_is_led_alone(earlier, both, each) for each in hosts):
        return None
    instances = {instance_of(was) or "" for was, _ in hosts}
    if not _show_no_more(both, changed.records.get(Instance, Altered()), instances):
        return None
    others = {k: each.ids for k, each in changed.records.items() if k is not Instance}
    names = {was.network_interface_id for was, _ in hosts}
    own = others.pop(NetworkInterface)
    rest: Mapping[type[Record], tuple[str, ...]] = {
        **others,
        NetworkInterface: tuple(name for name in own if name not in names),
    }
    edits = touched(*both, rest) if any(rest.values()) else NOTHING
    if any(rest.values()) and not edits:
        return None
    return edits.union(*(led_reads(was) for was, _ in hosts))


def _hosts(both: tuple[Snapshot, Snapshot], own: Altered) -> Iterator[_Both]:
    """The hosts among those that stay."""
    for name in own.other:
        was, now = (each.get(NetworkInterface, name) for each in both)
        if was is not None and now is not None and not may_be_edited(NetworkInterface, was):
            yield was, now


def _is_led_alone(earlier: Resident, both: tuple[Snapshot, Snapshot], pair: _Both) -> bool:
    """Whether a host has other public addresses and no more, and nobody else reads them: nothing
    names it, and it does not stand apart, nor has one that does had such an address."""
    was, now = pair
    if differs_in(was, now, _OTHER) or not alters(was, now) or moved(was, now):
        return False
    if worn(was) != worn(now) or was.network_interface_id in earlier.loners or is_described(was):
        return False
    pairs = [frozenset(public_mapping(each)) for each in pair]
    publics = {public for _, public in pairs[0] | pairs[1]}
    known = {public for each in earlier.loners.values() for _, public in each.pairs}
    shown = publics.isdisjoint(known) and is_shown(both, was, pairs)
    alone = shown and moves_alone(earlier, was, now)
    return alone and not means(earlier, both[1], was, MEAN_ONE)


def _show_no_more(both: tuple[Snapshot, Snapshot], own: Altered, instances: set[str]) -> bool:
    """Whether of instances only those of these hosts differ, in the public address they show."""
    if own.added or own.removed or not instances.issuperset(own.other):
        return False
    pairs = ((both[0].get(Instance, name), both[1].get(Instance, name)) for name in own.other)
    return all(
        one is not None and other is not None and not differs_in(one, other, _SHOWN)
        for one, other in pairs
    )
