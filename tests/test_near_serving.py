"""Differences near an edit of what serves are the whole ones: balancers, endpoints, firewalls.

On samples that have such, on grown estates (records one by one, and a roll); in chains, with edits
of rules between.  The oracle is the comparison that walks over every node of two networks that
share nothing.
"""

from __future__ import annotations

from dataclasses import replace as replaced
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest
from msgspec.structs import replace

import reach
from bench.editing import edited, edited_snapshot
from bench.grow import Size, write
from bench.serving import SERVING
from reach.changes.edit import with_record, without_record
from reach.comparing import near as nearby
from reach.comparing import skeleton as skeletons
from reach.comparing.nodes import more
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.network.node import Node
from reach.network.spans import Spans
from reach.network.stage import Assign, Case, Choose, Forward, Option, Origin, Route, Translate
from reach.snapshot.balancer_records import ListenerRules, LoadBalancerTargetHealth
from reach.snapshot.endpoint_service_records import VpcEndpointConnection
from reach.snapshot.records import SecurityGroup
from reach.snapshot.snapshot import Snapshot
from tests.test_near import assert_same_packets, packets_between, watched
from tests.test_near_records import RULES, step
from tests.test_resident import loaded
from tests.test_resident_serving import SERVED

KINDS = tuple(SERVING)
NOT_GROWN = ("firewall rule", "firewall policy", "listener rule", "classic load balancer")
GROWN = tuple(kind for kind in KINDS if kind not in NOT_GROWN)
SEEDS = [0, 1, *(pytest.param(seed, marks=pytest.mark.deep) for seed in range(2, 40))]
SLOW = ("estate", "labs")  # of which the oracle takes long


def some(snapshot: Snapshot, kind: str, rng: Random) -> Snapshot | None:
    """The snapshot with an edit of a kind, if it has what to edit."""
    try:
        return edited_snapshot(snapshot, edited(snapshot, kind, rng))
    except ValueError:
        return None


@pytest.mark.parametrize(
    "sample",
    [
        pytest.param(path, id=path.name, marks=pytest.mark.deep if path.name in SLOW else ())
        for path in SERVED
    ],
)
def test_what_serves_in_a_sample(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An edit of each kind, one upon the other, and all back at once."""
    done = watched(monkeypatch)
    first = loaded(sample)
    estate = reach.Estate(replaced(first, derived={}))
    rng = Random(f"near/{sample.name}")
    for kind in KINDS:
        after = some(estate.snapshot, kind, rng)
        if after is not None:
            estate = step(estate, after, done)
    step(estate, replaced(first, derived={}), done)


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("serving") / "estate"
    write(folder, Size(48, 2, seed=5, mixed=True))
    return folder


@cache
def grown_estate(folder: Path, cached: bool) -> reach.Estate:
    return reach.Estate(reach.load(folder, cache=cached))


@pytest.mark.parametrize("seed", SEEDS)
def test_what_serves_in_a_grown_estate(
    seed: int, grown: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a chain; a rule, an entry or a route is edited at the same time."""
    done = watched(monkeypatch)
    rng = Random(f"serving/{seed}")
    estate = grown_estate(grown, seed % 2 == 1)
    kinds = rng.sample(GROWN, 4)
    for kind in kinds:
        after = some(estate.snapshot, kind, rng)
        if after is None:
            continue
        if rng.random() < 0.4:
            after = edited_snapshot(after, edited(after, rng.choice(RULES), rng))
        estate = step(estate, after, done)


@pytest.mark.parametrize("kind", [ListenerRules, VpcEndpointConnection])
def test_records_that_come_and_go(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What one call answers of a listener, or of an endpoint: gone and back."""
    done = watched(monkeypatch)
    for sample in SERVED:
        first = loaded(sample)
        if sample.name in SLOW:
            continue
        for record in first.records(kind)[:1]:
            name = first.id_of(record)
            estate = reach.Estate(replaced(first, derived={}))
            estate = step(estate, without_record(first, name, kind), done)
            step(estate, with_record(estate.snapshot, name, record), done)


# ------------------------------------------------------------------- what is rewritten otherwise

QUIET = Origin("", "")


def to(address: int, match: HeaderSpace = ANYTHING) -> Case:
    return Case(match, (Assign("destination", Ranges.of(address)),), QUIET)


def only(port: int) -> HeaderSpace:
    return HeaderSpace.where(destination_port=Ranges.of(port))


ON = Forward((Route(ANYTHING, "on", QUIET),), QUIET)


def test_a_case_that_is_another_one() -> None:
    """What it takes, and nothing else; in another order, or session: anything."""
    cases = (to(1, only(1)), to(2, only(2)), to(3))
    one = Node("n", (Translate(cases, None, "s"), ON))
    other = Node("n", (Translate((cases[0], to(9, only(2)), cases[2]), None, "s"), ON))
    assert {spot.space for spot in more(one, other)} == {only(2)}
    turned = Node("n", (Translate((cases[1], cases[0], cases[2]), None, "s"), ON))
    assert {spot.space for spot in more(one, turned)} == {ANYTHING}
    renamed = Node("n", (Translate(cases, None, "t"), ON))
    assert {spot.space for spot in more(one, renamed)} == {ANYTHING}


def test_a_case_that_may_give_more() -> None:
    """One that may make more of a packet, does; one that may make less of it, does not."""
    few, many = (
        Case(only(1), (Assign("destination", Ranges.of(*n)),), QUIET) for n in ((1,), (1, 2))
    )
    one, other = (Node("n", (Translate((each, to(3)), None, "s"), ON)) for each in (few, many))
    assert {spot.space for spot in more(one, other)} == {only(1)}
    assert more(other, one) == ()


def test_a_choice_of_more() -> None:
    """One that may do more, does; one that may do less, or in another order, does not."""
    first, second = Option("first", QUIET), Option("second", QUIET)
    one, both = Node("n", (Choose((first,)),)), Node("n", (Choose((first, second)),))
    assert {spot.space for spot in more(one, both)} == {ANYTHING}
    assert more(both, one) == more(both, Node("n", (Choose((second, first)),))) == ()


def test_a_route_of_replies_alone() -> None:
    """What differs in it matters to no flow; were there no such list in one of the two."""
    back = Route(only(1), "back", QUIET, session="s")
    other = Route(only(2), "back", QUIET, session="s")
    one, two = Node("n", (Forward((back,)), ON)), Node("n", (Forward((other,)), ON))
    both = {(only(1), True), (only(2), True)}
    assert {(spot.space, spot.of_replies) for spot in more(one, two)} == both
    assert {(spot.space, spot.of_replies) for spot in more(Node("n", (ON,)), one)} == {
        (only(1), True)
    }
    aside = Forward((Route(only(3), "aside", QUIET), back))
    assert not any(spot.of_replies for spot in more(one, Node("n", (aside, ON))))


# ------------------------------------------------------------------- what is not told is missed


def registered_later() -> tuple[Snapshot, Snapshot, Snapshot]:
    """A balancer without its targets, with them, and then with theirs that let nobody in."""
    sample = next(path for path in SERVED if path.name == "network_load_balancer")
    whole = loaded(sample)
    bare = whole
    for answer in whole.records(LoadBalancerTargetHealth):
        none = replace(answer, target_health_descriptions=())
        bare = with_record(bare, answer.target_group_arn, none)
    shut = whole
    for group in whole.records(SecurityGroup):
        shut = with_record(shut, group.group_id, replace(group, ip_permissions=()))
    return bare, whole, shut


def lost_after(bare: Snapshot, whole: Snapshot, shut: Snapshot) -> reach.Difference:
    first = reach.Estate(replaced(bare, derived={}))
    then = first.become(replaced(whole, derived={})).estate
    return then.become(replaced(shut, derived={})).difference


def test_what_was_rewritten_since_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """A seeded omission: the skeleton does not learn what balancers have come to rewrite."""
    snapshots = registered_later()
    fresh = [replaced(each, derived={}) for each in snapshots[1:]]
    oracle = reach.diff(*fresh, narrow=False)
    assert_same_packets(lost_after(*snapshots), oracle)
    monkeypatch.setattr(skeletons, "_to_be_found", lambda cases: ({}, Spans(())))
    missed = lost_after(*snapshots)
    assert packets_between(missed).keys() < packets_between(oracle).keys()


def test_what_comes_there_is_all_that_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """A seeded omission: the ways to where something differs are not followed far enough back."""
    bare, whole, _ = registered_later()
    oracle = reach.diff(*(replaced(e, derived={}) for e in (bare, whole)), narrow=False)
    assert oracle.gained
    monkeypatch.setattr(nearby, "arriving", lambda graph, spots, reply: {})
    estate = reach.Estate(replaced(bare, derived={}))
    assert not estate.become(replaced(whole, derived={})).difference.gained
