"""The second stage: two snapshots -> two lowered ones whose nodes can be compared by name.

    aligned(before, after, changed, options) -> Pair

A node of interfaces alike is called after the first of them, and group sets are numbered by
snapshot: one interface that comes or goes would rename what has nothing to do with it.  So whatever
differs stands apart in both, and both number the group sets of either.  Where nothing of that kind
differs the grounds are those of the questions asked before, with all that is warm in them.  Where
only what can be edited alone differs (:mod:`reach.editable`), or a few interfaces stand apart, the
second ground is the first one, all but what these are in.

Must not know how anything is compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from reach.asking import ground_of
from reach.comparing.leading import led_otherwise
from reach.comparing.records import Altered, Changed
from reach.comparing.skeleton import NotPlainError, skeleton
from reach.comparing.standing import (
    names_who_is_apart,
    served,
    serves_alone,
    standing_apart,
    tells_of_all,
)
from reach.comparing.wearers import worn_by_none_else
from reach.component import node_name
from reach.editable import COME_AND_GO, Reads, touched
from reach.interfaces.kinds import worn
from reach.interfaces.plain import loner_nodes, plain
from reach.lower import Alignment, Ground, lower
from reach.options import Options
from reach.reduce import Reductions
from reach.resident import FREED, OUTSIDE, Resident, Standing
from reach.resolve import of_newcomers
from reach.snapshot.amended import apart
from reach.snapshot.index import instance_of
from reach.snapshot.record import Record
from reach.snapshot.records import Address, Instance, NetworkInterface
from reach.snapshot.snapshot import Snapshot

_KEPT = "aligned ground"
_MOST_LONERS = 64  # stand apart beside their classes; of more, all are made out anew
_HOST = "network_interface"
_WHO = (NetworkInterface, Instance, Address)


@dataclass(frozen=True)
class Pair:
    """Two lowered snapshots: nodes and owners of one name are the same thing in both.

    ``edits`` are the rules that differ where nothing else does, and both grounds are resident.  In
    these the interfaces of ``loners`` stand apart, which alone wear other groups or hold other
    addresses.
    """

    before: Ground
    after: Ground
    edits: Reads | None = None
    loners: tuple[str, ...] = ()

    @property
    def turned(self) -> Pair:
        return replace(self, before=self.after, after=self.before)

    @property
    def made_of_edits(self) -> tuple[str, ...] | None:
        """The nodes made of what was edited, which alone can differ; None: any node can."""
        grounds = (self.before, self.after)
        if self.edits is None:
            return None
        found = (g.made_of(self.edits) for g in grounds if isinstance(g, Resident))
        return tuple(dict.fromkeys(name for names in found for name in names))


def aligned(
    before: Snapshot, after: Snapshot, changed: Changed, options: Options, *, narrow: bool = True
) -> Pair:
    """Both lowered, in one set of names; without ``narrow`` every node of both anew."""
    if narrow:
        pair = _narrow(before, after, changed, options)
        if pair is not None:
            return pair
    grounds = ground_of(before, options), ground_of(after, options)
    one, other = (ground.own_senders for ground in grounds)
    alone = frozenset(_apart(before, after, changed))
    if one == other and not alone:
        return Pair(grounds[0], grounds[1])
    alignment = Alignment(one | other, by_class=bool(alone))
    reductions = Reductions(apart=alone)
    return Pair(
        _lowered(before, options, reductions, alignment),
        _lowered(after, options, reductions, alignment),
    )


def _narrow(before: Snapshot, after: Snapshot, changed: Changed, options: Options) -> Pair | None:
    """Both lowered in what is edited alone, or stands apart; None: more may differ."""
    edits = _edits(before, after, changed)
    if not edits and not _may_stand_apart(before, after, changed):
        return None
    earlier = resident(before, options)
    if not worn_by_none_else(earlier, after, changed):
        return None
    if edits:
        return _by_themselves(earlier, (before, after), changed, edits)
    standing = standing_apart(earlier, before, after, changed)
    rules = _besides(before, after, changed)
    if standing is not None and rules is not None and earlier.takes_over(rules):
        return with_loners(earlier, after, standing, rules)
    both = (before, after)
    led = led_otherwise(earlier, both, changed)
    return _by_themselves(earlier, both, changed, led) if led else None


def _by_themselves(
    earlier: Resident, both: tuple[Snapshot, Snapshot], changed: Changed, edits: Reads
) -> Pair | None:
    """What was edited alone, if it names nobody who stands apart."""
    named = names_who_is_apart(earlier, *both, changed)
    alone = not named and serves_alone(earlier, both[1], changed)
    return edited(earlier, both[1], edits) if alone and earlier.takes_over(edits) else None


def edited(earlier: Resident, after: Snapshot, edits: Reads) -> Pair | None:
    """A ground, and the one after its rules were edited, which is kept with its snapshot.

    None: what stands in a table then bears on what is taken over.
    """
    later = earlier.after(after, edits)
    if later.serving.count > _MOST_LONERS:
        return None
    if not earlier.takes_over(later.touched):
        return None
    after.derived[_resident_key(earlier.options)] = later
    return Pair(earlier, later, later.touched)


def with_loners(
    earlier: Resident, after: Snapshot, standing: Standing, edits: Reads
) -> Pair | None:
    """A ground with some interfaces apart, and the one after they changed their groups or their
    addresses, came or went, and rules were edited; None: they stand in for others, or are too
    many."""
    interfaces = [each for each, _ in standing.each()]
    names = [each.network_interface_id for each in interfaces]
    hosts, known = plain(earlier), earlier.snapshot.contents[NetworkInterface]
    if not all(hosts.family(node_name(_HOST, n, "send")) for n in names if n in known):
        return None
    if len({*earlier.loners, *names}) > _MOST_LONERS:
        return None
    before, later = earlier.setting_loners(after, edits, standing)
    if later.serving.count > _MOST_LONERS:
        return None
    if edits and not all(tells_of_all(later, each) for each in standing.gone):
        return None
    if not earlier.takes_over(frozenset(each for each in later.touched if type(each[0]) is str)):
        return None
    changed = [worn(each.interface) for name in names if (each := before.loner(name))]
    groups = {g for was, now in zip(changed, interfaces, strict=True) for g in was ^ worn(now)}
    told: Reads = frozenset((NetworkInterface, name) for name in (*groups, *names))
    if any(before.loners[name].paired != later.loners[name].paired for name in names):
        told |= {OUTSIDE}
    if any(before.loners[name].free != later.loners[name].free for name in names):
        told |= {FREED}
    nodes = [node for each in before.loners.values() for node in loner_nodes(before, each)]
    there = {id(each) for each in earlier.newcomers}
    come = [each for each in before.newcomers if id(each) not in there]
    places: Reads = frozenset((NetworkInterface, each.subnet_id or "") for each in come)
    nodes += before.made_of(places | {OUTSIDE, FREED})
    begun = of_newcomers(before, come)
    try:
        before.own("skeleton", lambda: skeleton(earlier).with_loners(before, nodes, begun))
    except NotPlainError:
        return None
    after.derived[_resident_key(earlier.options)] = later
    return Pair(before, later, later.touched | told, tuple(names))


def resident(snapshot: Snapshot, options: Options) -> Resident:
    """The snapshot's ground that can outlive an edit, made once."""
    key = _resident_key(options)
    known = snapshot.derived.get(key)
    if not isinstance(known, Resident):
        known = snapshot.derived[key] = Resident(snapshot, options)
    return known


def _resident_key(options: Options) -> str:
    return f"resident {options.chosen}"


def _edits(before: Snapshot, after: Snapshot, changed: Changed) -> Reads | None:
    """What was edited, if two snapshots say the same but for that, and in the same order."""
    altered = changed.records
    if changed.told or changed.missing or not _are_kept(altered):
        return None
    come = {kind: (*each.added, *each.removed) for kind, each in altered.items()}
    if not _told_alike(before, after, come):
        return None
    return touched(before, after, {k: each.ids for k, each in altered.items()})


def _are_kept(altered: Mapping[type[Record], Altered]) -> bool:
    """Whether no records come or go but of kinds that may."""
    others = (each for kind, each in altered.items() if kind not in COME_AND_GO)
    return not any(each.added or each.removed for each in others)


def _may_stand_apart(before: Snapshot, after: Snapshot, changed: Changed) -> bool:
    """Whether a few interfaces differ, with their instances, and else nothing but what may be
    edited alone, or come and go."""
    who = [each for kind, each in changed.records.items() if kind in _WHO]
    if not who or any(len(each.ids) > _MOST_LONERS for each in who):
        return False
    others = {kind: each for kind, each in changed.records.items() if kind not in _WHO}
    if changed.told or changed.missing or not _are_kept(others):
        return False
    but = {
        kind: each.ids if kind in _WHO else (*each.added, *each.removed)
        for kind, each in changed.records.items()
    }
    return _told_alike(before, after, but)


def _besides(before: Snapshot, after: Snapshot, changed: Changed) -> Reads | None:
    """What was edited as well, if no more differs."""
    others = {kind: each.ids for kind, each in changed.records.items() if kind not in _WHO}
    others[NetworkInterface] = (*served(before, after, changed),)
    edits = touched(before, after, others)
    return None if any(others.values()) and not edits else edits


def _told_alike(
    before: Snapshot, after: Snapshot, but: Mapping[type[Record], Sequence[str]]
) -> bool:
    """Whether the same calls were made, and told of the same things in the same order, ``but`` for
    some."""
    if before.calls is not after.calls and _called(before) != _called(after):
        return False
    if before.sections != after.sections or _remarked(before) != _remarked(after):
        return False
    for kind in dict.fromkeys((*before.contents, *after.contents)):
        one, other = (each.contents.get(kind) for each in (before, after))
        if kind in COME_AND_GO:
            one, other = one or {}, other or {}
        if one is None or other is None:
            return False
        named = but.get(kind, ())
        if apart(one, other) is None and _names(one, named) != _names(other, named):
            return False
    return True


def _remarked(snapshot: Snapshot) -> frozenset[tuple[object, ...]]:
    """What records lack, or name and is not held: that was worked out once."""
    told = (each for each in snapshot.diagnostics if each.resource is not None)
    return frozenset((each.about, each.resource, each.named) for each in told)


def _names(records: Mapping[str, Record], but: Sequence[str]) -> list[str]:
    return [name for name, _ in records.items() if name not in but]


def _called(snapshot: Snapshot) -> tuple[object, ...]:
    calls = snapshot.calls
    return calls.made, frozenset(calls.cut), frozenset(calls.folders)


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
            owner = instance_of(interface)
            if interface.network_interface_id in different and owner:
                owners.add(owner)
    yield from different
    for snapshot in (before, after):
        for interface in snapshot.records(NetworkInterface):
            if instance_of(interface) in owners:
                yield interface.network_interface_id
