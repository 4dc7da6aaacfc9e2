"""The axes along which estates grow, and the points on each.

An axis changes one thing and leaves the rest, as far as there can be such estates: where there are
more interfaces there are more VPCs, as in real ones, and how VPCs alone count is an axis of its
own.  All are clean: nothing is planted, so that what is found grows with the estate alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from bench.estate.filters import filters
from bench.grow import Size

RULES, ENTRIES, EACH_GROUP, EACH_ACL = (
    "SecurityGroupRules",
    "Entries",
    "SecurityGroups",
    "NetworkAcls",
)


@dataclass(frozen=True, slots=True)
class Axis:
    """What grows: its name, in words, the estates along it, and how far along an estate is."""

    name: str
    words: str
    besides: str
    sizes: tuple[Size, ...]
    reading: Callable[[Size], float]

    def __str__(self) -> str:
        return self.name


def _mixed(interfaces: int, vpcs: int, rules: int = 0, entries: int = 0) -> Size:
    return Size(interfaces, vpcs, mixed=True, rules=rules, entries=entries)


def rules_each(size: Size) -> float:
    """The rules of a security group, on average."""
    counts = counted(size)
    return round(counts[RULES] / counts[EACH_GROUP], 1)


def entries_each(size: Size) -> float:
    """The entries of a network ACL, on average, with those that AWS puts last."""
    counts = counted(size)
    return round(counts[ENTRIES] / counts[EACH_ACL], 1)


@cache
def counted(size: Size) -> Counter[str]:
    """How many filters an estate has, by section, and how many entries all ACLs have."""
    counts: Counter[str] = Counter()
    for vpc in size.vpcs_planned():
        for section, record in filters(vpc):
            counts[section] += 1
            if section == EACH_ACL:
                counts[ENTRIES] += len(record["Entries"])
    return counts


ALONG = ((1_000, 12), (3_000, 20), (10_000, 40), (30_000, 80), (100_000, 200), (300_000, 400))
AXES = (
    Axis(
        "interfaces",
        "network interfaces",
        "12 to 600 VPCs",
        tuple(_mixed(*each) for each in (*ALONG, (1_000_000, 600))),
        lambda size: size.interfaces,
    ),
    Axis(
        "vpcs",
        "VPCs",
        "6,000 interfaces",
        tuple(_mixed(6_000, vpcs) for vpcs in (12, 30, 75, 150, 300)),
        lambda size: size.vpcs_related,
    ),
    Axis(
        "rules",
        "rules of a security group, on average",
        "1,000 interfaces, 12 VPCs",
        tuple(_mixed(1_000, 12, rules=rules) for rules in (0, 10, 30, 100, 300)),
        rules_each,
    ),
    Axis(
        "entries",
        "entries of a network ACL, on average",
        "1,000 interfaces, 12 VPCs",
        tuple(_mixed(1_000, 12, entries=entries) for entries in (0, 10, 30, 100)),
        entries_each,
    ),
)
