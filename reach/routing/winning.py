"""Which destinations a route table sends to one target.

    won_by(lowering, table, target) -> Ranges

Takes a table as AWS prints it; gives what the routes to that target win of it, certainly or perhaps
(R-RT-4, R-RT-10). Must not know what the target does with a packet.
"""

from __future__ import annotations

from reach.component import Lowering
from reach.network.header_space import Ranges
from reach.routing.ranking import is_dead, ranking_of
from reach.snapshot.records import RouteTable


def won_by(lowering: Lowering, table: RouteTable, target: str) -> Ranges:
    """What is in none of the longer prefixes that lead elsewhere."""
    won = taken = Ranges(())
    for rivals in ranking_of(lowering, table):
        block = Ranges.prefixes((rivals[0].prefix,))
        if any(each.target == target and not is_dead(each) for each in rivals):
            won |= block - taken
        taken |= block
    return won
