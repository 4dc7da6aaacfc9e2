"""Which targets a node uses, and the stage that picks one.

A node uses the targets of its own zone, or of all enabled zones where balancing across zones is on
(R-LB-4); which of several it picks nobody can tell, so that is a *may*.  Targets that are sent to
alike, at one port in one subnet, are picked as one set.  Must not know any component by name, nor
the engines.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from reach.balancing.node import QUIET, Node
from reach.component import Lowering
from reach.network.address import is_ipv4
from reach.network.header_space import ANYTHING, Ranges
from reach.network.stage import (
    Choose,
    Forward,
    Option,
    Origin,
    Route,
    Stage,
    Unmodelled,
    deny_all,
    unknown_filter,
)
from reach.snapshot.balancer_records import LoadBalancer
from reach.snapshot.balancers import ALL_ZONES, Target
from reach.snapshot.records import Instance, NetworkInterface
from reach.states import INSTANCE, LOAD_BALANCER, may_work

_HEALTHY = ("healthy", "unavailable")  # "unavailable": health checks are switched off
# Those of the API; none where health was not asked for, as of a Classic Load Balancer.
_STATES = (
    *("initial", "healthy", "unhealthy", "unhealthy.draining", "unused", "draining"),
    *("unavailable", ""),
)
OPTION = "target-health"


@dataclass(frozen=True)
class Pick:
    """Targets that a node sends to alike.

    ``refused`` says why the node does not use them, ``doubt`` why it may not, ``hangs`` that they
    count only because health is not looked at.
    """

    targets: tuple[Target, ...]
    refused: Origin | None = None
    doubt: Origin | None = None
    hangs: str = ""

    @property
    def subnet(self) -> str:
        return self.targets[0].subnet

    @property
    def port(self) -> int:
        return self.targets[0].port

    @property
    def is_placed(self) -> bool:
        """Whether it is known where they are sent to: address and port."""
        return bool(self.targets[0].addresses and self.port)

    @property
    def four(self) -> bool:
        return is_ipv4(self.targets[0].addresses[0])

    @cached_property
    def addresses(self) -> Ranges:
        return Ranges.of(*(address for each in self.targets for address in each.addresses))


@dataclass(frozen=True)
class Crossing:
    """Whether a node uses targets of other zones than its own (None: not known, for ``doubt``)."""

    crosses: bool | None
    doubt: Origin | None
    code: str  # of a target that is left out for being in another zone


def picks(
    lowering: Lowering, at: Node, targets: Sequence[Target], crossing: Crossing
) -> tuple[Pick, ...]:
    """All that is registered, by what becomes of it at this node."""
    found: dict[object, list[Target]] = {}
    alike: dict[object, Pick] = {}
    any_healthy = any(target.state in _HEALTHY for target in targets)
    for target in targets:
        pick = _pick(lowering, at, target, any_healthy, crossing)
        place = (target.subnet, target.port, bool(target.addresses), target.interface_type)
        key = (place, pick.refused, pick.doubt, pick.hangs)
        alike.setdefault(key, pick)
        found.setdefault(key, []).append(target)
    return tuple(replace(pick, targets=tuple(found[key])) for key, pick in alike.items())


def _pick(
    lowering: Lowering, at: Node, target: Target, any_healthy: bool, crossing: Crossing
) -> Pick:
    alone = (target,)
    if not target.addresses:
        words = f"no interface of the target {target.id} is in the snapshot"
        if lowering.has(NetworkInterface, at.interface) and not _has_interface(lowering, target):
            return Pick(alone, at.says(words, "target", "TARGET_ADDRESS_RESTRICTION"))
        return Pick(alone, doubt=lowering.missing(NetworkInterface, at.balancer, words))
    if not target.port:
        words = f"the port of the target {target.id} is not known"
        return Pick(alone, doubt=at.says(words, "target", "UNKNOWN_RESOURCE"))
    if target.state == "draining":
        words = f"the target {target.id} is deregistered and drains: it takes no new flow"
        return Pick(alone, at.says(words, "target", "TARGET_ADDRESS_RESTRICTION"))
    if target.state not in _STATES:
        words = f"whether it uses the target {target.id}, which is {target.state!r}, is not known"
        return Pick(alone, doubt=at.says(words, "target health", "UNKNOWN_RESOURCE"))
    sick = _sick(lowering, at, target, any_healthy)
    if sick is not None:
        return sick
    hangs = _counts_by_option(lowering, target, any_healthy)
    if target.zone in (ALL_ZONES, "") or target.zone == at.zone:
        return Pick(alone, hangs=hangs)
    if at.untold is not None:
        return Pick(alone, doubt=at.untold, hangs=hangs)
    if not at.enables(target.zone):
        words = f"the target {target.id} is in {target.zone}, which is not enabled"
        return Pick(alone, at.says(words, "zones", "ELB_INSTALLED_AZ_RESTRICTION"))
    if crossing.crosses is None:
        return Pick(alone, doubt=crossing.doubt, hangs=hangs)
    if not crossing.crosses:
        words = f"the target {target.id} is in another zone, and nothing crosses zones"
        return Pick(alone, at.says(words, "cross-zone", crossing.code))
    return Pick(alone, hangs=hangs)


def _has_interface(lowering: Lowering, target: Target) -> bool:
    """Whether what is registered may have an interface, though none is shown (law 2).

    An instance that runs, and a balancer that works, have one; what its own call does not show any
    more is gone.
    """
    if target.id in lowering.index.unheld.on_instance:
        return True
    if target.id.startswith("arn:"):
        balancer = lowering.snapshot.get(LoadBalancer, target.id)
        return balancer is not None and may_work(balancer.state.code, LOAD_BALANCER)
    instance = lowering.snapshot.get(Instance, target.id)
    return instance is not None and may_work(instance.state.name, INSTANCE)


def _sick(lowering: Lowering, at: Node, target: Target, any_healthy: bool) -> Pick | None:
    """R-LB-6: left out for its health, where that is looked at; with none healthy all count."""
    if lowering.option(OPTION) != "observe" or target.state in _HEALTHY:
        return None
    if not target.state:
        words = f"the health of the target {target.id} is not in the snapshot"
        return Pick((target,), doubt=at.says(words))
    if target.state != "unused" and not any_healthy:
        return None
    words = f"the target {target.id} is {target.state}"
    refused = at.says(words, "target health", "TARGET_ADDRESS_RESTRICTION", OPTION)
    return Pick((target,), refused)


def _counts_by_option(lowering: Lowering, target: Target, any_healthy: bool) -> str:
    """What to say of a target that would be left out if health were looked at."""
    ignored = lowering.option(OPTION) == "ignore"
    if not ignored or not target.state or target.state in _HEALTHY:
        return ""
    if target.state != "unused" and not any_healthy:
        return ""
    return f"counts {target.state} targets"


def crossing_of(
    at: Node, crosses: bool | None, targets: Sequence[Target], doubt: Origin | None
) -> Crossing:
    """With the code for targets of other zones: none in this one, or left out beside others."""
    here = any(each.zone in (ALL_ZONES, "", at.zone) for each in targets)
    return Crossing(crosses, doubt, "ELB_NOT_CROSSZONE" if here else "ELBV2_NO_TARGETS_IN_AZ")


# ------------------------------------------------------------------- picking one


def choose(
    at: Node, found: Sequence[Pick], part: Callable[[int], str], of: str, assumed: str = ""
) -> Stage:
    """To one of the targets: a single certain one, else whichever the balancer picks."""
    usable = [pick for pick in found if pick.refused is None]
    count = sum(len(pick.targets) for pick in usable)
    if count == 1 and not assumed:
        number = next(n for n, pick in enumerate(found) if pick.refused is None)
        return Forward((Route(ANYTHING, part(number), QUIET),), QUIET)
    if len(found) == 1 and found[0].refused is not None:
        return Forward((Route(ANYTHING, part(0), QUIET),), QUIET)
    words = f"assumed: {at.name} picks this one of the {count} targets of {of}"
    if count == 1:
        words = f"assumed: {assumed}"
    elif assumed:
        words = f"{words}; {assumed}"
    return Choose(tuple(Option(part(number), at.says(words)) for number in range(len(found))))


def nowhere(pick: Pick) -> Stage:
    """What becomes of a flow to a target whose address is not known."""
    if pick.doubt is not None:
        return Unmodelled(pick.doubt)
    assert pick.refused is not None
    return Forward((), pick.refused)


def entering(pick: Pick) -> tuple[Stage, ...]:
    """What a picked set of targets is refused for, or may be."""
    if pick.refused is not None:
        return (deny_all(pick.refused),)
    return (unknown_filter(pick.doubt),) if pick.doubt is not None else ()
