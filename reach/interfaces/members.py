"""The interfaces that are in something (a subnet, a VPC, a security group) as an end of a question.

    end_of_members(lowering, "subnet-0abc", "front", interfaces, gap) -> End

A set has no sender of its own, however few are in it (decision 65); an empty one is nobody.  Must
not know what they are in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reach.component import End, Lowering
from reach.network.stage import Origin
from reach.snapshot.records import NetworkInterface


def end_of_members(
    lowering: Lowering,
    resource: str,
    name: str,
    interfaces: Sequence[NetworkInterface],
    gap: Origin | None,
) -> End:
    """All of them; ``gap`` says why there may be others."""
    end = lowering.hosts(interfaces, f"{resource} {name}".strip())
    nobody = end.nobody
    if not interfaces:
        words = "has no interface in it"
        nobody = Origin(resource, words, code="NO_SOURCE_OR_DESTINATION", name=name)
    return replace(end, gap=gap, nobody=nobody, sender="")
