"""The groups that an interface wears: its own, or all of its class where these wear them together.

    wears(lowering, interface) -> groups        worn_together(lowering) -> class -> groups

Groups only ever let more pass, on the way out as on the way in, and whom a rule means by a group is
whoever wears it among others (R-SG-2, R-SG-5, R-SG-12).  So a host that wears more of them sends,
gets and is meant wherever it would be without.  That some hosts are a class then says that they may
wear theirs together (``kinds``).  Must not know nodes or stages.
"""

from __future__ import annotations

from collections.abc import Mapping

from reach.component import Lowering
from reach.interfaces.classes import classes
from reach.interfaces.kinds import worn
from reach.snapshot.records import NetworkInterface

_Groups = frozenset[str]


def wears(lowering: Lowering, interface: NetworkInterface) -> _Groups:
    if lowering.by_subnet:
        class_id = classes(lowering).of(interface.network_interface_id)
        known = worn_together(lowering).get(class_id)
        if known is not None:
            return known
    return worn(interface)


def worn_together(lowering: Lowering) -> Mapping[str, _Groups]:
    """Of each class of hosts all groups that any of them wears."""

    def make() -> Mapping[str, _Groups]:
        found: dict[str, set[str]] = {}
        for class_id, groups in classes(lowering).wearing():
            found.setdefault(class_id, set()).update(groups)
        return {class_id: frozenset(groups) for class_id, groups in found.items()}

    return lowering.memo("groups worn together", make)
