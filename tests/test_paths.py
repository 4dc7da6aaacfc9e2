"""--paths: the shortest distinct paths first, and whether they are all there are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

import reach
from reach.asking import backend_of_thread
from reach.paths import Paths, paths
from tests.estate import Pair, city
from tests.test_conditions import draw, proven, way

SEED = 20_261_126
TWO_WAYS = Path(__file__).resolve().parents[1] / "samples" / "two_ways" / "snapshot"


def nodes(witness: Any) -> frozenset[tuple[str, str]]:
    there = {("there", step.node) for step in witness.forward}
    return frozenset(there | {("back", step.node) for step in witness.reply})


def test_the_two_ways_in() -> None:
    """By the till's own address and by the balancer, and no third."""
    answer = reach.ask(reach.load(TWO_WAYS), "can internet reach till port 443", paths=9)
    assert len(answer.paths) == 2
    assert answer.exhausted
    balanced = [any("front" in step.name for step in path.forward) for path in answer.paths]
    assert balanced == [False, True]


def test_fewer_than_there_are() -> None:
    """What was left out is not said to be nothing."""
    snapshot = reach.load(TWO_WAYS)
    every = reach.ask(snapshot, "can internet reach till port 443", paths=2)
    assert (len(every.paths), every.exhausted) == (2, True)
    other = reach.ask(snapshot, "can internet reach 198.51.100.150 port 443", paths=2)
    assert (len(other.paths), other.exhausted) == (1, True)
    estate, _ = city()
    wide = reach.ask(estate.load(), "can any reach any port 443", paths=2)
    assert (len(wide.paths), wide.exhausted) == (2, False)


def test_without_being_asked_for() -> None:
    answer = reach.ask(reach.load(TWO_WAYS), "can internet reach till port 443")
    assert (answer.paths, answer.exhausted) == ((), False)


@pytest.mark.parametrize(
    "question",
    ["can {a} reach {b} port 22", "can internet reach {a} port 443", "can any reach {b} port 443"],
)
def test_the_shortest_first_and_no_two_alike(question: str) -> None:
    """Two are distinct where neither comes by all the nodes of the other."""
    estate, _ = city()
    answer = estate_asked(estate, question)
    came_by = [nodes(path) for path in answer.paths]
    assert came_by
    assert [len(each) for each in came_by] == sorted(len(each) for each in came_by)
    for at, one in enumerate(came_by):
        assert not any(other <= one for other in came_by[:at])


def estate_asked(estate: Any, question: str) -> Any:
    return reach.ask(estate.load(), question.format(a=estate.a, b=estate.b), paths=50)


@pytest.mark.parametrize(
    "question",
    [
        "can internet reach {a} port 443",
        "can any reach {b} port 443",
        "can {a} reach internet port 443",
    ],
)
def test_whatever_gets_through_comes_by_one_of_them(question: str) -> None:
    """Exhausted means: no packet of the question has a way that is not among them."""
    estate, _ = city()
    asked = question.format(a=estate.a, b=estate.b)
    ground, aim, proof = proven(estate.load(), asked)
    found = paths(ground.network, aim, backend_of_thread(), 60)
    assert found.exhausted
    rng = Random(SEED)
    arrived = 0
    for start in aim.starts:
        for _ in range(40):
            packet = draw(rng, start.space, proof.packet)
            if packet.source == packet.destination:
                continue
            came_by, home = way(ground, replace(proof, start=start), packet)
            arrived += home
            assert not home or covered(found, came_by), f"seed {SEED}: {asked}: {packet}"
    assert arrived


def covered(found: Paths, came_by: list[str]) -> bool:
    def of(proof: Any) -> set[str]:
        back = proof.reply.hops if proof.reply else ()
        return {hop.node for hop in (*proof.forward.hops, *back)}

    return any(of(proof) <= set(came_by) for proof in found.proofs)


def test_no_path_is_told_twice() -> None:
    """Of two prefix lists AWS uses one: two paths of one length, each told once."""
    e = Pair()
    one = e.natted()
    other = e.nat(e.sn, "10.0.9.8", public="198.51.100.21", name="other")
    for nat in (one, other):
        e.route(e.ta, e.prefix_list("8.8.8.0/24", name=f"to-{nat}"), nat)
    answer = reach.ask(e.load(), f"can {e.a} reach 8.8.8.8 port 443", paths=9)
    gateways = [[s.resource for s in p.forward if s.kind == "nat gateway"] for p in answer.paths]
    assert sorted(gateways) == sorted([[one], [other]])
    assert answer.exhausted
