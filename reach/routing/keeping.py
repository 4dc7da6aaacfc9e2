"""On whose way a packet loses its sender's groups, as a rule on the way out sees it.

    lost_from(lowering, subnet, destinations) -> Lost       lost_within(lowering, vpc, destinations)
    route_to(lowering, subnet, destination) -> [Candidate, ...]

A rule that names a group on the way out matches on a path that keeps group identity (R-SG-12).
Such a path stays in the VPC or takes one peering (R-SG-15), and behind its first route nothing
stands in the way: so the route by which a packet leaves its subnet says it all.  What stays in the
subnet meets no route; a local route keeps the groups, and so does what says so of itself
(:attr:`reach.component.Entry.keeps`).  Where nothing is known of a route, or it goes nowhere,
nothing is lost there: what lies behind it settles the matter.

Takes route tables as AWS prints them.  Must not know groups, nor what a target does with a packet.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reach.component import Entry, Lowering
from reach.network.address import Prefix
from reach.network.header_space import EVERYWHERE, Ranges
from reach.network.stage import Origin
from reach.routing.ranking import STATIC, Candidate, is_dead
from reach.routing.soundness import malformed
from reach.routing.tables import certain_of, table_of
from reach.snapshot.index import subnet_blocks
from reach.snapshot.records import RouteTable, Subnet

_NOWHERE = Ranges(())
_HERE = Entry("", keeps=EVERYWHERE)


@dataclass(frozen=True, slots=True)
class Lost:
    """Destinations on whose way the groups are lost: ``certainly``, or ``perhaps``, as nothing
    tells which of several routes is in force, or who sends."""

    certainly: Ranges = _NOWHERE
    perhaps: Ranges = _NOWHERE

    def __bool__(self) -> bool:
        return bool(self.certainly) or bool(self.perhaps)

    @property
    def at_all(self) -> Ranges:
        return self.certainly | self.perhaps


NOTHING = Lost()


def lost_from(lowering: Lowering, subnet_id: str, destinations: Ranges) -> Lost:
    """Of some destinations those on whose way from a subnet the groups are lost."""
    subnet = lowering.snapshot.get(Subnet, subnet_id)
    table = table_of(lowering, subnet_id)
    if subnet is None or isinstance(table, Origin):
        return NOTHING
    left = destinations - Ranges.prefixes(map(Prefix.parse, subnet_blocks(subnet)))
    certainly = perhaps = _NOWHERE
    for rivals in _certain(lowering, table.route_table_id):
        if not left:
            break
        met = left & Ranges.prefixes((rivals[0].prefix,))
        if met:
            left -= met
            losses = [met - keeps for keeps in _kept(lowering, table, subnet_id, rivals)]
            always = _common(losses)
            certainly |= always
            perhaps |= Ranges.any_of(losses) - always
    return Lost(certainly, perhaps) if certainly or perhaps else NOTHING


def lost_within(lowering: Lowering, vpc_id: str, destinations: Ranges) -> Lost:
    """The same from a subnet of a VPC, nobody knows which: certain is what all of them lose."""
    subnets = lowering.index.subnets_by_vpc.get(vpc_id, ())
    each = [lost_from(lowering, subnet.subnet_id, destinations) for subnet in subnets]
    if not any(each):
        return NOTHING
    certainly = _common([lost.certainly for lost in each])
    return Lost(certainly, Ranges.any_of(lost.at_all for lost in each) - certainly)


def route_to(lowering: Lowering, subnet_id: str, destination: int) -> Sequence[Candidate]:
    """The routes of which one takes a packet out of a subnet to a destination."""
    table = table_of(lowering, subnet_id)
    ranked = () if isinstance(table, Origin) else _certain(lowering, table.route_table_id)
    return next((group for group in ranked if destination in group[0].prefix), ())


def _certain(lowering: Lowering, table_id: str) -> Sequence[Sequence[Candidate]]:
    """The routes of a table, ranked once for all subnets that use it."""

    def make() -> Sequence[Sequence[Candidate]]:
        table = lowering.snapshot.get(RouteTable, table_id)  # looked up where its routes are read
        return () if table is None else certain_of(lowering, table)

    return lowering.memo(f"certain routes of {table_id}", make)


def _kept(
    lowering: Lowering, table: RouteTable, subnet_id: str, rivals: Sequence[Candidate]
) -> Iterator[Ranges]:
    """For which destinations the groups are kept, by each of the routes that may be in force.

    R-RT-14: of two that were created for one prefix AWS has one, and nothing is known of it.
    """
    ways = {}
    for each in rivals:
        entry = _HERE if is_dead(each) else _entry(lowering, table, subnet_id, each)
        ways["" if is_dead(each) else entry.node or each.target] = entry.keeps
    if len(ways) > 1 and rivals[0].kind == STATIC:
        yield EVERYWHERE
        return
    if len(ways) > 1:
        ways.pop("", None)  # the one that is gone is not in force
    yield from ways.values()


def _entry(lowering: Lowering, table: RouteTable, subnet_id: str, route: Candidate) -> Entry:
    """Where a route leads, if anything is known of it."""
    unknown = bool(route.record.strange) or not route.target
    if unknown or route.target == "local" or malformed(lowering, table, route):
        return _HERE
    return lowering.entry(route.field, route.target, subnet_id, table.vpc_id or "")


def _common(sets: Sequence[Ranges]) -> Ranges:
    common = sets[0]
    for each in sets[1:]:
        common &= each
    return common
