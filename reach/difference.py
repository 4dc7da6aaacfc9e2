"""What a change would let through besides what was asked about, as fixes and cuts tell it.

    difference(before, after, question, backend) -> Others | None

The same comparison as that of two snapshots (:mod:`reach.comparing`), one way only: every packet
from everybody (each interface, the internet, on-premises) to everybody, the question's own starts
left out.  Must not know AWS, nor what was changed.
"""

from __future__ import annotations

from reach.answer import Verdict
from reach.comparing.aligned import Pair
from reach.comparing.differing import Differing
from reach.comparing.grouping import Named, Shown, apart
from reach.evidence import witness
from reach.lower import Ground
from reach.proposal import Flow, Others
from reach.question import Question
from reach.resolve import everywhere, resolve
from reach.snapshot.records import NetworkInterface
from solver import Backend

MOST_STARTS = 4000
MOST_FLOWS = 20
# What is told beside a proposal is not worth minutes: a place costs the solver half a millisecond.
EFFORT = 40_000


def difference(
    before: Ground, after: Ground, question: Question, backend: Backend, most: int = MOST_FLOWS
) -> Others | None:
    """Flows that get through ``after`` and not ``before``; None if nothing lets more through."""
    starts = everywhere(after)
    if len(starts) > MOST_STARTS:
        words = f"nothing: {len(starts):,} starts are more than the {MOST_STARTS:,} compared"
        return Others((), False, words, words.removeprefix("nothing: "))
    count = len(after.snapshot.records(NetworkInterface))
    replies = "" if question.one_way else " whose reply gets back"
    scope = f"every packet{replies}, between any of the {count:,} interfaces and hosts beyond"
    pair = Pair(before, after)
    differing = Differing.of(pair)
    if not differing.more:
        return None
    asked = resolve(after, question).aim.starts
    found = differing.further(
        pair, two_way=not question.one_way, backend=backend, most=most, besides=asked, effort=EFFORT
    )
    flows = [flow for flow in found.flows if flow.now is Verdict.REACHABLE]
    named = Named(after)
    told = tuple(_flow(named, shown) for flow in flows for shown in apart(named, flow))
    return Others(told, found.complete, scope, found.reason)


def _flow(named: Named, shown: Shown) -> Flow:
    steps = witness(named.ground, shown.proof).forward
    first, last = steps[0], steps[-1]
    return Flow(
        source=first.resource,
        source_name=first.name,
        destination=last.resource,
        destination_name=last.name,
        packet=shown.proof.packet,
        packets=shown.packets,
        sources=named.ends(shown.ends[0]),
        destinations=named.ends(shown.ends[1]),
    )
