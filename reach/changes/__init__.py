"""What one can change of a network, setting by setting: a closed union of frozen changes.

    apply(snapshot, changes) -> snapshot        change.words    change.call.command

A change that ``redirects`` may open and close at once; the others do one of the two.
Of what could be removed the ``breadth`` tells how much it lets pass.
Each change knows the record that it edits and the call of the AWS API that would make it so; none
knows why one would want it.  A snapshot is never edited: changes give a new one.
"""

from __future__ import annotations

from collections.abc import Iterable

from reach.changes.acl_entry import AddEntry, RemoveEntry, ReplaceEntry
from reach.changes.call import Call
from reach.changes.group_rule import AllowRule, RevokeRule
from reach.changes.route import AddRoute, RemoveRoute, ReplaceRoute
from reach.changes.transit_route import (
    AddTransitRoute,
    AssociateTransitTable,
    RemoveTransitRoute,
)
from reach.snapshot.snapshot import Snapshot

Change = (
    AllowRule
    | RevokeRule
    | AddEntry
    | ReplaceEntry
    | RemoveEntry
    | AddRoute
    | ReplaceRoute
    | RemoveRoute
    | AddTransitRoute
    | RemoveTransitRoute
    | AssociateTransitTable
)

Removal = RevokeRule | RemoveEntry | RemoveRoute | RemoveTransitRoute

__all__ = [
    "AddEntry",
    "AddRoute",
    "AddTransitRoute",
    "AllowRule",
    "AssociateTransitTable",
    "Call",
    "Change",
    "Removal",
    "RemoveEntry",
    "RemoveRoute",
    "RemoveTransitRoute",
    "ReplaceEntry",
    "ReplaceRoute",
    "RevokeRule",
    "apply",
]


def apply(snapshot: Snapshot, changes: Iterable[Change]) -> Snapshot:
    """A snapshot with all of these changes; the given one stays as it is."""
    for change in changes:
        snapshot = change.apply(snapshot)
    return snapshot
