"""The calls that gave nothing, with the reasons that the manifest of a capture has for them.

Takes the snapshot's own gaps and the manifests; gives each gap once.  A missing call is never an
empty list, so each of them leaves answers open.  Must not know what any call is for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from reach.snapshot.manifest import PARENT, Lost, Manifest
from reach.snapshot.snapshot import Snapshot
from reach.verifying.verdict import Gap

_Place = tuple[str, str, str]


def gaps_of(snapshot: Snapshot, manifests: Mapping[str, Manifest]) -> tuple[Gap, ...]:
    """What is not there, by account, Region and call."""
    told = dict(_told(manifests.values()))
    commands = {each.operation: each.command for each in snapshot.sections.values()}
    found: dict[_Place, Gap] = {}
    for gap in snapshot.gaps:
        place = gap.operation, gap.account, gap.region
        # What has no Region is asked once for the account.
        why = told.get(place) or told.get((gap.operation, gap.account, ""), "")
        reason = "not made" if gap.reason == "absent" else gap.reason
        command = commands[gap.operation]
        found[place] = Gap(command, gap.account, gap.region, reason, why, gap.where)
    for place, why in told.items():
        operation, account, region = place
        if place not in found and not _covered(found, operation, account, region):
            command = commands.get(operation, operation)
            found[place] = Gap(command, account, region, "gave nothing", why)
    for name, manifest in manifests.items():
        for lost in manifest.gaps:
            place = "", lost.account, lost.region
            found[place] = Gap("", lost.account, lost.region, "not read", _why(lost), name)
    return tuple(sorted(found.values(), key=_by_place))


def _told(manifests: Iterable[Manifest]) -> Iterator[tuple[_Place, str]]:
    """What AWS said instead of an answer, in each place."""
    for manifest in manifests:
        for asked in manifest.calls:
            if asked.gaps:
                words = dict.fromkeys(map(_why, asked.gaps))
                yield (asked.operation, asked.account, asked.region), "; ".join(words)


def _covered(found: Iterable[_Place], operation: str, account: str, region: str) -> bool:
    """Whether an account-wide gap is told already, Region by Region."""
    return not region and any(each[:2] == (operation, account) for each in found)


def _why(lost: Lost) -> str:
    if lost.reason == PARENT:
        return f"{lost.code} is a gap itself"
    words = f"{lost.code}, {lost.message}" if lost.message else lost.code
    return f"{lost.reason} ({words})" if words else lost.reason


def _by_place(gap: Gap) -> tuple[str, ...]:
    return gap.account, gap.region, gap.call, gap.reason
