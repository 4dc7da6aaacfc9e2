"""What an edited gateway or attachment leaves is, node by node, what a fresh lowering makes."""

from __future__ import annotations

from collections.abc import Container, Iterator
from pathlib import Path
from random import Random

import pytest

import reach
from bench.editing import changed, changed_snapshot
from bench.gateways import GATEWAYS
from bench.grow import Size, write
from reach.lower import lower
from reach.options import DEFAULTS
from reach.resident import Resident
from reach.snapshot.snapshot import Snapshot
from tests.test_resident import SAMPLES, graph, loaded, reads_of, unlike
from tests.test_resident_routes import is_noticed

SEEDS = [0, *(pytest.param(seed, marks=pytest.mark.deep) for seed in range(1, 10))]


def edits(
    snapshot: Snapshot, rng: Random, kinds: Container[str] = GATEWAYS
) -> Iterator[tuple[str, Snapshot]]:
    """One of each of some kinds that the snapshot has anything of."""
    for kind in filter(kinds.__contains__, GATEWAYS):
        try:
            yield kind, changed_snapshot(snapshot, changed(snapshot, kind, rng))
        except ValueError:  # there is nothing of that kind
            continue


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_what_an_edited_gateway_leaves_is_what_a_fresh_lowering_makes(
    sample: Path, seed: int
) -> None:
    """Half of the edits alone, the others one after the other, and these back at once."""
    rng = Random(f"{sample.name}/{seed}")
    snapshot = loaded(sample)
    ground = Resident(snapshot, DEFAULTS)
    graph(ground)
    alone = set(rng.sample([*GATEWAYS], len(GATEWAYS) // 2))
    for kind, edited in edits(snapshot, rng, alone):
        assert unlike(ground.after(edited, reads_of(snapshot, edited)), lower(edited)) == [], kind
    chain, told = ground, snapshot
    others = [kind for kind in GATEWAYS if kind not in alone]
    for kind in rng.sample(others, len(others)):
        for _, found in edits(told, rng, (kind,)):
            chain, told = chain.after(found, reads_of(told, found)), found
            assert unlike(chain, lower(told)) == [], kind
    if told is not snapshot:
        assert unlike(chain.after(snapshot, reads_of(told, snapshot)), lower(snapshot)) == []
    assert unlike(ground, lower(snapshot)) == []


def test_tables_that_nobody_compares_would_be_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A seeded omission: what stands in the tables is taken to be what it was."""
    write(tmp_path / "estate", Size(40, 2, seed=5, mixed=True))
    snapshot = reach.load(tmp_path / "estate", cache=False)
    monkeypatch.setattr(Resident, "keys_unlike", lambda *_: frozenset())
    ground = Resident(snapshot, DEFAULTS)
    graph(ground)
    noticed = {
        kind
        for kind, edited in edits(snapshot, Random("omitted"))
        if is_noticed(ground.after(edited, reads_of(snapshot, edited)), edited)
    }
    assert noticed >= {
        "transit attachment",
        "NAT gateway",
        "NAT gateway new",
        "internet gateway",
        "egress-only gateway",
    }
