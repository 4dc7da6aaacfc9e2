"""What serves and comes or goes with its interfaces, or wears other groups: near, and the whole.

Endpoints, load balancers, target groups, NAT gateways and Elastic IPs of grown estates (records one
by one, and a roll), alone, back again, and in chains with edits of rules and hosts between; and of
every sample node by node what a fresh lowering makes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from bench.editing import Edit, changed, changed_snapshot
from bench.elastic import ELASTIC
from bench.grow import Size, write
from bench.services import SERVICES
from reach.comparing.nodes import same
from reach.comparing.records import changed as differing
from reach.editable import LASTING, touched
from reach.editable import SERVICES as OF_SERVICES
from reach.lower import Alignment, Ground, lower
from reach.network.node import Node
from reach.network.stage import Forward
from reach.options import DEFAULTS
from reach.reduce import ALL
from reach.resident import Resident
from reach.resolve import everywhere
from reach.snapshot.records import NetworkInterface, VpcEndpoint
from reach.snapshot.snapshot import Snapshot
from reach.watching import Frames
from tests.test_addresses_outside import back
from tests.test_arriving import deep, step
from tests.test_near import grown_estate, watched
from tests.test_resident import SAMPLES, graph, loaded

KINDS = (*SERVICES, *ELASTIC)
LATER = ("Elastic IP released",)  # of which a grown estate has none on nothing


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("services") / "estate"
    write(folder, Size(60, 3, seed=5, mixed=True))
    return folder


def some(snapshot: Snapshot, kind: str, rng: Random) -> Edit | None:
    """An edit of a kind, if there is what to edit."""
    try:
        return changed(snapshot, kind, rng)
    except (ValueError, LookupError):
        return None


@pytest.mark.parametrize("seed", deep(1, 12))
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in LATER])
def test_what_serves_gives_the_whole_difference(
    seed: int, kind: str, grown: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And back again; records one by one and a roll."""
    own = grown_estate(grown, (seed + len(kind)) % 2 == 1)
    edit = some(own.snapshot, kind, Random(f"{kind}/{seed}"))
    assert edit is not None
    done = watched(monkeypatch)
    found = step(own, edit)
    step(found.estate, back(own.snapshot, edit))
    assert done == [True, False] * 2  # each beside all of both


@pytest.mark.parametrize("seed", deep(2, 40))
def test_what_serves_in_chains(seed: int, grown: Path) -> None:
    """One upon the other, with rules, routes and hosts between, and some taken back."""
    rng = Random(f"services in chains/{seed}")
    own = grown_estate(grown, seed % 2 == 1)
    others = (
        *("rule less", "rule for a subnet", "route", "interface", "interface more", "target"),
        *("Elastic IP on", "Elastic IP off", "public interface less", "address more"),
    )
    undone: list[Edit] = []
    for _ in range(5):
        if undone and rng.random() < 0.3:
            edit: Edit | None = undone.pop()
        else:
            kind = rng.choice(KINDS if rng.random() < 0.7 else others)
            edit = some(own.snapshot, kind, rng)
            print(kind)
        if edit is None:
            continue
        undone = [back(own.snapshot, edit)]
        own = step(own, edit).estate


# ------------------------------------------------------------------- node by node


def reads_of(before: Snapshot, after: Snapshot) -> Any:
    altered = differing(before, after).records
    return touched(before, after, {kind: each.ids for kind, each in altered.items()})


def unlike(ground: Ground, fresh: Ground) -> list[str]:
    """The nodes that do not do the same, those that are in one network only, and starts; the order
    of what comes does not count."""
    one, other = graph(ground), graph(fresh)
    starts = set(everywhere(ground)) ^ set(everywhere(fresh))
    names = sorted(one.nodes.keys() ^ other.nodes.keys())
    both = (n for n in one.nodes if n in other.nodes)
    nodes = (n for n in both if not same(*(in_order(g.network.node(n)) for g in (ground, fresh))))
    return [*(each.node for each in starts), *names, *nodes]


def in_order(node: Node) -> Node:
    """A node whose routes are in an order that does not depend on who came first."""
    stages = (
        replace(stage, routes=tuple(sorted(stage.routes, key=str)))
        if isinstance(stage, Forward)
        else stage
        for stage in node.stages
    )
    return Node(node.name, tuple(stages))


def going(snapshot: Snapshot, rng: Random) -> Iterator[Edit]:
    """Each kind that takes something out: then no groups are numbered anew."""
    for kind in KINDS:
        edit = some(snapshot, kind, rng) if kind.endswith(" less") else None
        if edit is not None:
            yield edit


def has_what_serves(sample: Path) -> bool:
    snapshot = loaded(sample)
    return any(
        reads_of(snapshot, changed_snapshot(snapshot, e)) for e in going(snapshot, Random(0))
    )


SERVED = [path for path in SAMPLES if has_what_serves(path)]


def fresh_after(ground: Resident, after: Snapshot) -> Ground:
    senders = frozenset(ground.identities().values())
    return lower(after, DEFAULTS, ALL, Alignment(senders))


@pytest.mark.parametrize("sample", SERVED, ids=lambda path: path.name)
def test_what_is_left_is_what_a_fresh_lowering_makes(sample: Path) -> None:
    """What serves is gone, and is back."""
    snapshot = loaded(sample)
    ground = Resident(snapshot, DEFAULTS)
    graph(ground)
    for edit in going(snapshot, Random(f"going/{sample.name}")):
        after = changed_snapshot(snapshot, edit)
        reads = reads_of(snapshot, after)
        if not reads:
            continue
        later = ground.after(after, reads)
        assert unlike(later, fresh_after(ground, after)) == [], edit.first
        again = reads_of(after, snapshot)
        assert again
        assert unlike(later.after(snapshot, again), ground) == [], edit.first


OMISSIONS = {
    "who asks for interfaces like some": (NetworkInterface, OF_SERVICES),
    "who asks which endpoints there are": (VpcEndpoint, LASTING),
}


@pytest.mark.parametrize("words", OMISSIONS)
def test_who_is_not_heard_would_be_noticed(
    words: str, grown: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seeded omissions: nobody is heard who reads that."""
    deaf, hear = OMISSIONS[words], Frames.hear
    snapshot = grown_estate(grown, False).snapshot
    every = [changed_snapshot(snapshot, each) for each in going(snapshot, Random("deaf"))]
    assert not any(missed(each, snapshot) for each in every)
    monkeypatch.setattr(Frames, "hear", lambda self, r: None if r == deaf else hear(self, r))
    assert any(missed(each, snapshot) for each in every)


def missed(before: Snapshot, after: Snapshot) -> bool:
    """Whether the ground after what comes is not what a fresh lowering makes, where all groups have
    the same numbers."""
    numbered = Alignment(lower(before).own_senders | lower(after).own_senders)
    ground = Resident(before, DEFAULTS, numbered)
    graph(ground)
    reads = reads_of(before, after)
    assert reads
    return bool(unlike(ground.after(after, reads), lower(after, DEFAULTS, ALL, numbered)))
