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
from reach.comparing.flows import Further
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
    told = tuple(_flow(after, flow) for flow in flows)
    return Others(told, found.complete, scope, found.reason)


def _flow(ground: Ground, flow: Further) -> Flow:
    steps = witness(ground, flow.proof).forward
    first, last = steps[0], steps[-1]
    packet, packets = flow.proof.packet, flow.packets
    return Flow(first.resource, first.name, last.resource, last.name, packet, packets)
