"""Whether security groups come or go with those that wear them.

    worn_by_none_else(earlier, after, changed) -> bool

``earlier`` is the ground before.  Who wears a group that is not held is filtered in doubt, so
nobody may do so who is there; who stands apart and is not there lets nothing pass anyhow.  Must not
know how networks are compared.
"""

from __future__ import annotations

from collections.abc import Set

from reach.comparing.records import Altered, Changed
from reach.interfaces.kinds import worn
from reach.resident import Resident
from reach.snapshot.records import (
    NetworkInterface,
    SecurityGroup,
    SecurityGroupVpcAssociation,
)
from reach.snapshot.snapshot import Snapshot


def worn_by_none_else(earlier: Resident, after: Snapshot, changed: Changed) -> bool:
    """Whether nobody wears a group in a snapshot that lacks it and the other one has."""
    groups = changed.records.get(SecurityGroup, Altered())
    come, gone = set(groups.added), set(groups.removed)
    edited = set(changed.records.get(NetworkInterface, Altered()).ids)
    if come | gone and _are_associated(after, come | gone):
        return False
    if any(_wearers(earlier, name) for name in sorted(come)):
        return False
    if any(not _wearers(earlier, name) <= edited for name in sorted(gone)):
        return False
    now = (after.get(NetworkInterface, name) for name in edited if gone)
    return all(each is None or gone.isdisjoint(worn(each)) for each in now)


def _wearers(earlier: Resident, group: str) -> set[str]:
    """Who is there and wears it."""
    absent = {name for name, each in earlier.loners.items() if not each.is_there}
    found = (each.network_interface_id for each in earlier.index.wearing(group))
    return {name for name in found if name not in absent}


def _are_associated(snapshot: Snapshot, names: Set[str]) -> bool:
    return any(each.group_id in names for each in snapshot.records(SecurityGroupVpcAssociation))
