"""Whether the differential tests can tell: every seeded fault must be noticed.

Prints how many pinned flows it took to kill each (`pytest -s`).  A fault that survives means that
the shapes are too poor, or that it is none; either way the list or the shapes must change.
"""

from __future__ import annotations

import pytest

from tests.differential.campaign import pinned
from tests.differential.faults import COMPILED, EVALUATED, FAULTS, Fault, twins

SEEDS = range(5000, 5250)


def flows_to_kill(fault: Fault) -> int | None:
    """How many pinned flows until the fault shows; None if it does not."""
    flows = 0
    edited = twins(fault)
    for seed in SEEDS:
        try:
            for _ in pinned(seed, edited, flows=4):
                flows += 1
        except (AssertionError, LookupError, ValueError):
            return flows + 1
    return None


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f"{f.module}: {f.name}")
def test_a_seeded_fault_is_noticed(fault: Fault) -> None:
    """Pinned flows on the fixed seeds kill the fault."""
    flows = flows_to_kill(fault)
    print(f"\nkilled by flow {flows}: {fault.module}: {fault.name}")
    assert flows is not None, "it survived"


def test_there_are_enough_faults() -> None:
    """The kill count is that of the list, which does not shrink."""
    assert len(COMPILED) >= 36
    assert len(EVALUATED) >= 11
    assert len({(fault.module, fault.name) for fault in FAULTS}) == len(FAULTS)
