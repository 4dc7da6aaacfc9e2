"""What a capture asks, in which order, and into which file each answer goes.

    plan = plan_of(sections)      plan.calls: every call once, parents before children

Takes the sections that components declare; gives data.  A call that no section reads, and that is
made for the ids in its answer alone, has no file.  Must not know boto3, nor how calls are made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from reach.snapshot.call import Call
from reach.snapshot.section import Section

# Asked once for an account, in the Region that has the endpoint, by partition.  AWS:
# global-accelerator/latest/api/Welcome: "you must specify the US West (Oregon) Region"; botocore's
# endpoints.json: networkmanager has partition endpoints in these Regions.
GLOBAL: Mapping[str, Mapping[str, str]] = {
    "globalaccelerator": {"aws": "us-west-2"},
    "networkmanager": {"aws": "us-west-2", "aws-us-gov": "us-gov-west-1"},
}

# What a capture asks besides: who it is, which Regions and which accounts there are.
IDENTITY = "sts.GetCallerIdentity"
REGIONS = "ec2.DescribeRegions"
ACCOUNTS = "organizations.ListAccounts"
ROLE = "sts.AssumeRole"


@dataclass(frozen=True)
class Step:
    """A call of the plan; ``key`` is the section that its items are filed under, if any.

    ``bare`` says that the answer itself is what the section reads, without a list around it.
    """

    call: Call
    key: str = ""
    bare: bool = False

    @property
    def operation(self) -> str:
        return self.call.operation

    @property
    def is_global(self) -> bool:
        return self.call.service in GLOBAL

    @property
    def file(self) -> str:
        return f"{self.call.operation}.json" if self.key else ""

    @property
    def parents(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(per.operation for per in self.call.per))


@dataclass(frozen=True)
class Plan:
    """Every step, parents before children, each operation once."""

    steps: tuple[Step, ...]

    @cached_property
    def by_operation(self) -> Mapping[str, Step]:
        return {step.operation: step for step in self.steps}

    def of(self, *, everywhere: bool) -> tuple[Step, ...]:
        """The steps of a Region, or those that are made once for an account."""
        return tuple(step for step in self.steps if step.is_global is everywhere)

    @property
    def operations(self) -> frozenset[str]:
        return frozenset(self.by_operation)


def plan_of(sections: Mapping[str, Section]) -> Plan:
    """The plan of all sections.

    Raises ValueError where two calls have one operation, or a parent is asked by nobody.
    """
    declared = [
        Step(call, section.key, (section.key,) in section.bare)
        for section in sections.values()
        for call in section.calls
    ]
    steps: dict[str, Step] = {}
    for step in (*declared, *_feeders(step.call for step in declared)):
        known = steps.setdefault(step.operation, step)
        if known.call != step.call:
            raise ValueError(f"{step.operation} is asked in two ways; one call is expected")
        if step.key and known.key != step.key:
            raise ValueError(f"{step.operation} is filed under {known.key} and {step.key}")
    return Plan(tuple(_in_order(steps)))


def _feeders(calls: Iterable[Call]) -> list[Step]:
    """The calls that are declared inside of others, for their ids alone."""
    found: list[Step] = []
    for call in calls:
        inner = [per.of for per in call.per if isinstance(per.of, Call)]
        found += [Step(each) for each in inner]
        found += _feeders(inner)
    return found


def _in_order(steps: Mapping[str, Step]) -> list[Step]:
    """By name, but parents first."""
    ordered: dict[str, Step] = {}
    waiting = sorted(steps)
    while waiting:
        ready = [name for name in waiting if all(each in ordered for each in steps[name].parents)]
        if not ready:
            unknown = sorted({p for n in waiting for p in steps[n].parents} - set(steps))
            raise ValueError(f"no section asks {', '.join(unknown) or 'in an order'}: {waiting}")
        ordered.update({name: steps[name] for name in ready})
        waiting = [name for name in waiting if name not in ordered]
    return list(ordered.values())
