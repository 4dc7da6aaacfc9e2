"""How a call is asked of AWS: its parameters, where they come from, and what of its answer counts.

    Call("ec2.DescribeVpcs", take="Vpcs")
    Call("elbv2.DescribeTargetHealth", hold="TargetHealthDescriptions",
         per=(Per("elbv2.DescribeTargetGroups", {"TargetGroupArn": "TargetGroupArn"}),),
         keep={"TargetGroupArn": "TargetGroupArn"})

Plain data, declared beside the section that reads the answer.  Takes nothing, gives types.  Must
not know who asks, nor what an answer means.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

_PLAIN: tuple[Mapping[str, Any], ...] = (MappingProxyType({}),)


def _nothing() -> Mapping[str, str]:
    return MappingProxyType({})


@dataclass(frozen=True)
class Per:
    """One request for each item that an earlier call gave.

    ``of`` is that call: the operation of one that a section asks, or a call of its own whose answer
    nothing reads.  ``values`` maps a parameter to a path in the item: dots go down, ``[]`` stands
    after each list, "" is the item itself; a parameter with dots is nested.  ``only`` names a path
    and the value that it must have, ``unless`` one that it must not: AWS lists for a while what is
    deleted, and knows nothing of it any more.  ``batch`` collects that many values into one list
    parameter.
    """

    of: Call | str
    values: Mapping[str, str]
    only: tuple[str, str] | None = None
    unless: tuple[str, str] | None = None
    batch: int = 0

    @property
    def operation(self) -> str:
        return self.of if isinstance(self.of, str) else self.of.operation


@dataclass(frozen=True)
class Call:
    """One operation, and what of its answers counts as an item.

    ``take`` names the list of the answer whose members are the items; with ``hold`` the answer is
    itself one item, and holds that member.  An answer without the member named is none.
    ``given`` are parameters that are always the same, one request for each set of them.
    ``per`` are earlier calls that name the parents, each a way of its own to ask.
    ``keep`` writes parameters into each item, for answers that do not say whose they are.
    """

    operation: str
    take: str = ""
    hold: str = ""
    given: tuple[Mapping[str, Any], ...] = _PLAIN
    per: tuple[Per, ...] = ()
    keep: Mapping[str, str] = field(default_factory=_nothing)

    @property
    def service(self) -> str:
        return self.operation.partition(".")[0]

    @property
    def name(self) -> str:
        """The operation without its service."""
        return self.operation.partition(".")[2]


def per_id(
    operation: str,
    parent: str,
    parameter: str,
    *,
    hold: str,
    unless: tuple[str, str] | None = None,
) -> Call:
    """A call about one parent at a time, filed under the parent's id."""
    per = Per(parent, {parameter: parameter}, unless=unless)
    return Call(operation, hold=hold, per=(per,), keep={parameter: parameter})
