"""Whether the differential tests can tell: every seeded fault must be noticed.

The first seed that kills each is written down and tried first, so that this stays quick; where it
no longer does, because the shapes have changed, all the seeds are tried.  A fault that survives
them means that the shapes are too poor, or that it is none: the list or they must change then.
"""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from tests.differential.campaign import pinned
from tests.differential.faults import COMPILED, EVALUATED, FAULTS, Fault, twins

SEEDS = range(5000, 5400)
FLOWS = 4
KILLED_BY = {
    "reach.exploration: routes do not exclude their rivals": 5003,
    "reach.exploration: what routes take falls through as well": 5001,
    "reach.exploration: a translation passes what it should drop": 5009,
    "reach.exploration: a translation's cases do not exclude each other": 5000,
    "reach.exploration: a reply is restored twice": 5001,
    "reach.exploration: a reply is restored by a translation that was not met": 5228,
    "reach.exploration: a restored reply keeps the translated ends": 5001,
    "reach.exploration: a session holds flows that never were there": 5068,
    "reach.exploration: a session lets any packet back": 5016,
    "reach.exploration: a session does not know translated flows": 5016,
    "reach.exploration: a filter forgets its session": 5001,
    "reach.exploration: a route serves others than its session": 5004,
    "reach.exploration: an opening filter lets replies open": 5051,
    "reach.exploration: the last rule decides": 5000,
    "reach.exploration: a doubt permits": 5013,
    "reach.exploration: a doubt denies": 5013,
    "reach.exploration: a denial is skipped": 5005,
    "reach.exploration: all options happen at once": 5000,
    "reach.exploration: all visits of a node choose alike": 5006,
    "reach.exploration: the reply chooses as the flow did": 5004,
    "reach.exploration: a cycle holds itself up": 5007,
    "reach.exploration: a place has one edge only": 5000,
    "reach.compile: the reply starts unmirrored": 5001,
    "reach.compile: any owner is home": 5030,
    "reach.compile: the goal's headers do not matter": 5002,
    "reach.compile: what passes a goal's node has not reached it": 5186,
    "reach.compile: what comes back by a goal's node has not reached it": 5115,
    "reach.compile: what comes back has reached somebody": 5063,
    "reach.compile: the way does not matter": 5070,
    "reach.exploration: an unmodelled end is no end": 5028,
    "reach.symbolic: the mirror keeps the ports": 5001,
    "reach.symbolic: the mirror keeps the identity": 5005,
    "reach.symbolic: an ICMP request answers itself": 5008,
    "reach.symbolic: replies must have the identity": 5001,
    "reach.symbolic: any table is the inverse": 5000,
    "reach.symbolic: a table's last pair only": 5022,
    "reach.symbolic: a domain that meets is a domain within": 5000,
    "reach.symbolic: an embedded address is cut short": 5226,
    "reach.symbolic: both ends need not be of one family": 5095,
    "reach.symbolic: any packet is answered": 5008,
    "reach.evaluate: the last rule decides": 5000,
    "reach.evaluate: an opening filter lets replies open": 5051,
    "reach.evaluate: a doubt is not noted": 5013,
    "reach.evaluate: a translation passes what it should drop": 5004,
    "reach.evaluate: a translation is remembered backwards": 5001,
    "reach.evaluate: a filter forgets its session": 5001,
    "reach.evaluate: a route serves others than its session": 5004,
    "reach.evaluate: a loop is where the node was before": 5016,
    "reach.evaluate: the last route wins": 5003,
    "reach.evaluate: a table is read backwards": 5000,
    "reach.trace: replies must have the identity": 5001,
    "reach.evaluate: the first option is always taken": 5000,
    "reach.compile: a session that binds need not see the reply": 5020,
    "reach.compile: one of the sessions that bind suffices": 5020,
    "reach.compile: a session binds flows that never were there": 5005,
    "reach.exploration: a reply is seen that answers nothing": 5336,
    "reach.compile: a reply is seen where it never was": 5022,
    "reach.exploration: a filter sees no reply": 5005,
    "reach.exploration: an opening filter sees no reply": 5011,
    "reach.exploration: an opening filter does not bind": 5022,
    "reach.exploration: routes of a list do not exclude those before them": 5002,
    "reach.exploration: neighbouring routes are one wherever they lead": 5002,
    "reach.exploration: of a list only the last of neighbours counts": 5002,
    "reach.evaluate: a filter sees no reply": 5005,
    "reach.evaluate: a reply is seen by whatever lets it pass": 5336,
    "reach.evaluate: a flow is bound by nothing": 5020,
}


def named(fault: Fault) -> str:
    return f"{fault.module}: {fault.name}"


def killer(fault: Fault, seeds: Iterable[int]) -> int | None:
    """The first seed on which the fault shows; None if it does not."""
    edited = twins(fault)
    for seed in seeds:
        try:
            for _ in pinned(seed, edited, flows=FLOWS, gadgets=fault.shape):
                pass
        # A disagreement, or the faulty twin trips over itself.
        except (AssertionError, LookupError, ValueError):
            return seed
    return None


@pytest.mark.parametrize("fault", FAULTS, ids=named)
def test_a_seeded_fault_is_noticed(fault: Fault) -> None:
    """Pinned flows of the fixed seeds kill the fault; without it they pass."""
    first = KILLED_BY[named(fault)]
    seed = killer(fault, (first, *SEEDS))
    print(f"\nkilled by seed {seed}: {named(fault)}")
    assert seed is not None, "it survived"
    assert len(list(pinned(seed, flows=FLOWS, gadgets=fault.shape))) > 0


def test_the_kill_count() -> None:
    """51 faults of the compiler and 15 of the evaluator are killed, and there are no others."""
    print(f"\n{len(KILLED_BY)} of {len(FAULTS)} seeded faults killed")
    assert (len(COMPILED), len(EVALUATED)) == (51, 15)
    assert {named(fault) for fault in FAULTS} == set(KILLED_BY)


@pytest.mark.deep
@pytest.mark.parametrize("fault", FAULTS, ids=named)
def test_the_first_killer(fault: Fault) -> None:
    """What is written down is the first of the seeds that kills."""
    assert killer(fault, SEEDS) == KILLED_BY[named(fault)]
