"""What an edit at an estate's edge leaves is, node by node, a fresh lowering; and who reads it is
heard.

Connect and Direct Connect, policy tables, carrier and local gateways, Cloud WAN, accelerators,
Lattice: of every sample that has such, one upon the other and all back at once.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest

from bench.beyond import BEYOND
from bench.editing import changed, changed_snapshot
from reach.comparing.records import changed as differing
from reach.lower import lower
from reach.options import DEFAULTS
from reach.resident import Resident
from reach.snapshot.snapshot import Snapshot
from reach.watching import Frames
from tests.test_resident import SAMPLES, graph, loaded, reads_of, unlike

SEEDS = [0, *(pytest.param(seed, marks=pytest.mark.deep) for seed in range(1, 10))]
TRIES = 6  # of which one has to be noticed that nobody hears of


@cache
def told(sample: Path) -> Snapshot:
    return loaded(sample)


def some(snapshot: Snapshot, kind: str, rng: Random) -> Snapshot | None:
    """The snapshot with an edit of a kind, if it has what to edit."""
    try:
        return changed_snapshot(snapshot, changed(snapshot, kind, rng))
    except ValueError:
        return None


@cache
def has(sample: Path, kind: str) -> bool:
    return some(told(sample), kind, Random(0)) is not None


EDGES = [path for path in SAMPLES if any(has(path, kind) for kind in BEYOND)]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("sample", EDGES, ids=lambda path: path.name)
def test_what_an_edit_leaves_is_what_a_fresh_lowering_makes(sample: Path, seed: int) -> None:
    """Each kind alone, then one after the other; and all back."""
    rng = Random(f"beyond/{sample.name}/{seed}")
    print(sample.name, seed)
    snapshot = told(sample)
    ground = Resident(snapshot, DEFAULTS)
    graph(ground)
    kinds = [kind for kind in BEYOND if has(sample, kind)]
    for kind in kinds:
        if (edit := some(snapshot, kind, rng)) and (reads := reads_of(snapshot, edit)):
            assert unlike(ground.after(edit, reads), lower(edit)) == [], kind
    chain, last = ground, snapshot
    for kind in rng.sample(kinds, len(kinds)):
        if (edit := some(last, kind, rng)) and (reads := reads_of(last, edit)):
            chain, last = chain.after(edit, reads), edit
            assert unlike(chain, lower(last)) == [], kind
    if reads := reads_of(last, snapshot):
        assert unlike(chain.after(snapshot, reads), lower(snapshot)) == []
    assert unlike(ground, lower(snapshot)) == []


def test_every_kind_is_in_some_sample() -> None:
    for kind in BEYOND:
        assert any(has(sample, kind) for sample in SAMPLES), kind


@pytest.mark.parametrize("kind", BEYOND)
def test_who_is_not_heard_would_be_noticed(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seeded omissions: nobody is heard who reads what is edited so."""
    rng, hear = Random(f"deaf/{kind}"), Frames.hear
    deaf: set[Any] = set()
    monkeypatch.setattr(
        Frames, "hear", lambda self, read: None if read[0] in deaf else hear(self, read)
    )
    for sample in EDGES:
        if sample.name == "estate" or not has(sample, kind):
            continue
        snapshot = told(sample)
        for edit in (some(snapshot, kind, rng) for _ in range(TRIES)):
            assert edit is not None
            deaf.clear()
            deaf.update(differing(snapshot, edit).records)
            if deaf and _noticed(snapshot, edit):
                return
    raise AssertionError(kind)


def _noticed(snapshot: Snapshot, edit: Snapshot) -> bool:
    ground = Resident(snapshot, DEFAULTS)
    graph(ground)
    try:
        return bool(unlike(ground.after(edit, reads_of(snapshot, edit)), lower(edit)))
    except AssertionError:
        return True
