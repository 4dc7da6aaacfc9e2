"""Security groups that come or go, alone or with who wears them: near, and the same as the whole.

Grown estates, of records one by one and of a roll; alone, back again, and in chains with edits of
rules, hosts and services between.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace as replaced
from pathlib import Path
from random import Random
from typing import Any

import pytest
from msgspec.structs import replace

import reach
from bench.editing import Edit, changed, changed_snapshot
from bench.groups import GROUPS
from reach.comparing import aligned
from reach.editable import home
from reach.snapshot.records import (
    GroupIdentifier,
    IpPermission,
    NetworkInterface,
    SecurityGroup,
    Subnet,
    UserIdGroupPair,
)
from reach.snapshot.snapshot import Snapshot
from reach.watching import Frames
from tests.test_addresses_outside import back
from tests.test_arriving import deep, step
from tests.test_near import grown_estate, packets_between, watched
from tests.test_near_records import neighbours
from tests.test_near_services import grown

__all__ = ["grown"]  # a fixture

WITH_WEARERS = ("interface more in a new group",)
LATER = ("group less", "group taken off and deleted")  # of which a grown estate has none at first
KINDS = (*GROUPS, *WITH_WEARERS)
OTHERS = (
    "rule less",
    "rule value",
    "interface",
    "interface more",
    "interface less",
    "address more",
)


@pytest.mark.parametrize("seed", deep(2, 20))
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in LATER])
def test_a_group_that_comes_and_goes_gives_the_whole_difference(
    seed: int, kind: str, grown: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there_and_back(grown_estate(grown, seed % 2 == 1), kind, seed, monkeypatch)


def there_and_back(
    own: reach.Estate, kind: str, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An edit, what undoes it, and the edit once more: each is near, and as the whole."""
    edit = changed(own.snapshot, kind, Random(f"{kind}/{seed}"))
    done = watched(monkeypatch)
    found = step(own, edit)
    gone = step(found.estate, back(own.snapshot, edit))
    step(gone.estate, edit)
    assert done == [True, False] * 3  # each beside all of both


def at_once(snapshot: Snapshot, edits: Iterable[tuple[str, Edit]]) -> Edit:
    """Several edits, each with its kind, as one; without those that meet one before."""
    put: dict[str, Any] = {}
    out: dict[str, Any] = {}
    for kind, edit in edits:
        own = [snapshot.id_of(each) for each in (*edit.put, *edit.out)]
        if {*put, *out}.isdisjoint(own):
            print(kind, *own)
            put |= {snapshot.id_of(each): each for each in edit.put}
            out |= {snapshot.id_of(each): each for each in edit.out}
    return Edit((*put.values(),), (*out.values(),))


def some(snapshot: Snapshot, rng: Random) -> Edit | None:
    """An edit of groups, or of something else; or both at once."""
    kinds = [rng.choice(KINDS)] if rng.random() < 0.7 else []
    if not kinds or rng.random() < 0.2:
        kinds.append(rng.choice(OTHERS))
    edits: list[tuple[str, Edit]] = []
    for kind in kinds:
        with suppress(ValueError):  # there is none that could go
            edits.append((kind, changed(snapshot, kind, rng)))
    return at_once(snapshot, edits) if edits else None


@pytest.mark.parametrize("seed", deep(4, 80))
def test_groups_in_chains(seed: int, grown: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One upon the other, and some taken back, first or last."""
    rng = Random(f"groups in chains/{seed}")
    own = grown_estate(grown, seed % 2 == 1)
    done = watched(monkeypatch)
    undone: list[Edit] = []
    for _ in range(6):
        if undone and rng.random() < 0.4:
            print("taken back")
            edit: Edit | None = undone.pop()
        else:
            edit = some(own.snapshot, rng)
            if edit is not None:
                undone = [back(own.snapshot, edit)]
        if edit is not None:
            own = step(own, edit).estate
    print(done)


# ------------------------------------------------------------------- what is compared as a whole


def test_a_group_that_somebody_wears_still_is_compared_as_a_whole(
    grown: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody knows its rules then."""
    own = grown_estate(grown, False)
    group = a_group_worn(own.snapshot)
    done = watched(monkeypatch)
    gone = own.edit(without=[group])
    gone.estate.edit(group)
    assert done == [False, False]


def far(e: Any) -> Iterator[tuple[SecurityGroup, SecurityGroup]]:
    """Groups of the one VPC, each with one of the other."""
    groups = e.records(SecurityGroup)
    yield from ((one, other) for one in groups for other in groups if one.vpc_id != other.vpc_id)


def test_a_group_that_names_one_of_another_vpc(monkeypatch: pytest.MonkeyPatch) -> None:
    """That nobody wears yet, with who wears it, and that goes."""
    done = watched(monkeypatch)
    own = reach.Estate(neighbours().load())
    one, other = next(pair for pair in far(own.snapshot) if any_worn(own.snapshot, pair[0]))
    pair = UserIdGroupPair(group_id=other.group_id)
    rule = IpPermission(ip_protocol="-1", user_id_group_pairs=(pair,))
    new = replace(one, group_id="sg-0abcdef0123456789", ip_permissions=(rule,))
    wearer = next(
        each
        for each in own.snapshot.records(NetworkInterface)
        if each.vpc_id == one.vpc_id and each.attachment and each.attachment.instance_id
    )
    put = replace(wearer, groups=(*wearer.groups, GroupIdentifier(new.group_id)))
    for edit in (Edit((new,)), Edit((put,)), Edit((wearer,), (new,)), Edit((new, put))):
        own = step(own, edit).estate
    assert done == [True, False] * 4  # each beside all of both


def a_group_worn(snapshot: Snapshot) -> SecurityGroup:
    return next(each for each in snapshot.records(SecurityGroup) if any_worn(snapshot, each))


def any_worn(snapshot: Snapshot, group: SecurityGroup) -> NetworkInterface | None:
    every = snapshot.records(NetworkInterface)
    return next((e for e in every if any(g.group_id == group.group_id for g in e.groups)), None)


# ------------------------------------------------------------------- that the tests would notice


def test_who_asks_where_a_group_is_would_be_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A seeded omission: nobody is heard who asks whether a group is there.  A rule that names one
    of another VPC, over a peering that is not in the snapshot, is in doubt only if there is one."""
    whole = neighbours().load()
    (host,) = (e for e in whole.records(NetworkInterface) if e.private_ip_address == "10.2.0.77")
    one, other = next(e for e in far(whole) if e[1].group_id == host.groups[0].group_id)
    new = replace(one, group_id="sg-0abcdef0123456789")
    pair = UserIdGroupPair(
        group_id=new.group_id, vpc_peering_connection_id="pcx-0", peering_status="active"
    )
    rule = IpPermission(ip_protocol="-1", user_id_group_pairs=(pair,))
    naming = replace(other, ip_permissions=(*other.ip_permissions, rule))
    before = changed_snapshot(whole, Edit((naming, new)))
    after = changed_snapshot(before, Edit((), (new,)))
    done = watched(monkeypatch)
    found = reach.Estate(before).become(after).difference
    assert done == [True]
    assert found.undecided
    hear = Frames.hear
    deaf = (SecurityGroup, home(new.group_id))
    monkeypatch.setattr(Frames, "hear", lambda self, r: None if r == deaf else hear(self, r))
    before, after = (replaced(each, derived={}) for each in (before, after))
    assert not reach.Estate(before).become(after).difference.undecided


def test_a_group_that_goes_from_who_wears_it_would_be_missed(
    grown: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A seeded omission: nobody looks who wears it."""
    own = grown_estate(grown, False)
    group = a_group_worn(own.snapshot)
    whole = own.edit(without=[group]).difference
    assert whole.undecided
    monkeypatch.setattr(aligned, "worn_by_none_else", lambda *_: True)
    missed = reach.Estate(replaced(own.snapshot, derived={})).edit(without=[group]).difference
    assert packets_between(missed) != packets_between(whole)


def test_of_what_is_compared_as_a_whole_nothing_is_kept(
    grown: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No ground that is heard is made where all is lowered anew."""
    before = grown_estate(grown, False).snapshot
    subnet = before.records(Subnet)[0]
    after = changed_snapshot(before, Edit((replace(subnet, cidr_block="10.255.255.0/24"),)))
    made: list[Snapshot] = []
    resident = aligned.resident

    def heard(snapshot: Snapshot, *others: Any) -> Any:
        made.append(snapshot)
        return resident(snapshot, *others)

    monkeypatch.setattr(aligned, "resident", heard)
    reach.diff(*(replaced(each, derived={}) for each in (before, after)))
    assert not made
