"""Edits at an estate's edge are compared near: the same difference as of two snapshots that share
nothing, on every sample that has such, in chains with edits of rules, and back again.
"""

from __future__ import annotations

from dataclasses import replace as replaced
from functools import cache
from pathlib import Path
from random import Random

import pytest

import reach
from bench.beyond import BEYOND
from bench.editing import edited, edited_snapshot
from reach.comparing import near
from reach.snapshot.snapshot import Snapshot
from tests.test_near import packets_between, watched
from tests.test_near_records import step
from tests.test_resident_beyond import EDGES, has, some, told

SEEDS = [0, *(pytest.param(seed, marks=pytest.mark.deep) for seed in range(1, 20))]
RULES = ("rule for a subnet", "rule less", "rule value", "entry", "route")
SMALL = [path for path in EDGES if path.name != "estate"]


@cache
def estate_of(sample: Path) -> reach.Estate:
    return reach.Estate(replaced(told(sample), derived={}))


def with_rule(snapshot: Snapshot, rng: Random) -> Snapshot:
    """A rule, an entry or a route that is edited at the same time, if there is any."""
    try:
        return edited_snapshot(snapshot, edited(snapshot, rng.choice(RULES), rng))
    except (ValueError, LookupError):
        return snapshot


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("sample", SMALL, ids=lambda path: path.name)
def test_an_edit_at_the_edge_gives_the_whole_difference(
    sample: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each kind alone; then one after the other, and all back at once."""
    done = watched(monkeypatch)
    rng = Random(f"beyond/{sample.name}/{seed}")
    print(sample.name, seed)
    first = estate = estate_of(sample)
    kinds = [kind for kind in BEYOND if has(sample, kind)]
    for kind in kinds:
        if after := some(first.snapshot, kind, rng):
            step(first, after, done)
    for kind in rng.sample(kinds, len(kinds)):
        print(kind)
        if after := some(estate.snapshot, kind, rng):
            estate = step(estate, with_rule(after, rng) if rng.random() < 0.4 else after, done)
    step(estate, replaced(first.snapshot, derived={}), done)


def test_what_starts_in_one_network_alone_would_be_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A seeded omission: nothing is asked of one network alone where lines come or go."""
    sample = next(path for path in SMALL if path.name == "direct_connect_gateway")
    first = estate_of(sample)
    monkeypatch.setattr(near, "new_starts", lambda _: [])
    for seed in range(8):
        after = some(first.snapshot, "Direct Connect attachment", Random(f"unsent/{seed}"))
        assert after is not None
        found = first.become(replaced(after, derived={})).difference
        fresh = [replaced(each, derived={}) for each in (first.snapshot, after)]
        whole = reach.diff(*fresh, narrow=False)
        if packets_between(found).keys() != packets_between(whole).keys():
            return
    raise AssertionError("nobody noticed")
