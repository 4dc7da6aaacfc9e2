"""Nodes are proved together only where one of them cannot be closed without the other.

Each row is two nodes that are the same but for one thing, because of which the first is closed and
the second is not: whatever took them for alike would miss the hole.  On a small estate, what is
taken away at a node whose twin is intact leaves a hole all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field

import pytest

from reach.asking import backend_of_thread, ground_of
from reach.network.header_space import HeaderSpace, Ranges
from reach.network.node import Network, Node
from reach.network.stage import (
    Action,
    Assign,
    Case,
    Choose,
    Deliver,
    Filter,
    Forward,
    Lookup,
    Option,
    Origin,
    Route,
    Rule,
    Stage,
    Table,
    Translate,
)
from reach.options import Options
from reach.question import parse
from reach.resolve import resolve
from reach.survey import closure
from reach.survey.alike import Likeness, one_of_each
from reach.survey.blocks import Known
from reach.survey.closure import holes
from reach.survey.grouping import Grouping
from reach.survey.senders import Sender, Senders
from reach.survey.spread import Spread, spread
from reach.survey.survey import PROOF_BUDGET
from tests.estate import city

Cells = Mapping[HeaderSpace, int]
WHY = Origin("thing", "does it")
ENDS = HeaderSpace.where(destination=Ranges.span(1, 10))
SOME = HeaderSpace.where(destination=Ranges.span(1, 5))
PORT = HeaderSpace.where(destination_port=Ranges.of(22))
OTHER_PORT = HeaderSpace.where(destination_port=Ranges.of(23))
ONE, OTHER, BOTH = 0b01, 0b10, 0b11
# One sender has address 21 and writes 5, the other has 31 and writes 6.
SENDERS = Senders(
    (
        Sender((), "", "", Ranges.span(21, 21), 5, (), ()),
        Sender((), "", "", Ranges.span(31, 31), 6, (), ()),
    )
)


@dataclass(frozen=True)
class Twin:
    """A node, what may be at it, and what is held where it leads to."""

    stages: tuple[Stage, ...]
    at: Cells
    arrivals: Cells = field(default_factory=dict)


def permitting(*matches: HeaderSpace) -> Filter:
    rules = tuple(Rule(match, Action.PERMIT, WHY) for match in matches)
    return Filter(rules, Rule(HeaderSpace(), Action.DENY, WHY))


def denying(match: HeaderSpace) -> Filter:
    return Filter((Rule(match, Action.DENY, WHY),), Rule(HeaderSpace(), Action.PERMIT, WHY))


def here(owner: str) -> Deliver:
    return Deliver(owner, "", WHY)


def writing(identity: int) -> Translate:
    return Translate((Case(HeaderSpace(), (Assign("identity", Ranges.of(identity)),), WHY),))


def mapping(new: int) -> Translate:
    key = HeaderSpace.where(destination=Ranges.span(1, 1))
    rewrites = (Lookup("destination", Table(((1, new),))),)
    return Translate((Case(key, rewrites, WHY),), WHY)


def towards(*nodes: str) -> Choose:
    return Choose(tuple(Option(node, WHY) for node in nodes))


def by_route(node: str) -> Forward:
    return Forward((Route(ENDS, node, WHY),), WHY)


FIVE = HeaderSpace.where(identity=Ranges.of(5))
FROM_21 = HeaderSpace.where(source=Ranges.span(21, 21))
WIDE = HeaderSpace.where(destination=Ranges.span(1, 7))
NARROW = HeaderSpace.where(destination=Ranges.span(1, 3))
ROWS: dict[str, tuple[Twin, Twin]] = {
    "what a rule does": (
        Twin((denying(ENDS), here("A")), {ENDS: BOTH}),
        Twin((permitting(ENDS), here("B")), {ENDS: BOTH}),
    ),
    "which sets have a value in common": (
        Twin((permitting(SOME), here("A")), {ENDS: BOTH}, {WIDE: BOTH}),
        Twin((permitting(SOME), here("B")), {ENDS: BOTH}, {NARROW: BOTH}),
    ),
    "whether anything is held where it leads": (
        Twin((here("A"),), {ENDS: BOTH}, {ENDS: BOTH}),
        Twin((here("B"),), {ENDS: BOTH}),
    ),
    "whose packets are held where it leads": (
        Twin((here("A"),), {ENDS: BOTH}, {ENDS: BOTH}),
        Twin((here("B"),), {ENDS: BOTH}, {ENDS: ONE}),
    ),
    "whom a group means": (
        Twin((denying(FIVE), here("A")), {ENDS: ONE}),
        Twin((denying(FIVE), here("B")), {ENDS: OTHER}),
    ),
    "whose address a rule means": (
        Twin((denying(FROM_21), here("A")), {ENDS: ONE}),
        Twin((denying(FROM_21), here("B")), {ENDS: OTHER}),
    ),
    "whether what is written is the sender's own": (
        Twin((writing(5), here("A")), {ENDS: ONE}, {ENDS: ONE}),
        Twin((writing(5), here("B")), {ENDS: OTHER}, {ENDS: OTHER}),
    ),
    "whether a rule is for these packets": (
        Twin((permitting(OTHER_PORT), here("A")), {ENDS & PORT: BOTH}),
        Twin((permitting(PORT), here("B")), {ENDS & PORT: BOTH}),
    ),
    "what a table maps to": (
        Twin(
            (mapping(2), here("A")),
            {ENDS: BOTH},
            {HeaderSpace.where(destination=Ranges.span(2, 2)): BOTH},
        ),
        Twin(
            (mapping(3), here("B")),
            {ENDS: BOTH},
            {HeaderSpace.where(destination=Ranges.span(2, 2)): BOTH},
        ),
    ),
    "where a route leads": (
        Twin((by_route("held"),), {ENDS: BOTH}),
        Twin((by_route("empty"),), {ENDS: BOTH}),
    ),
    "whether two options are one": (
        Twin((towards("held", "held"),), {ENDS: BOTH}),
        Twin((towards("held", "empty"),), {ENDS: BOTH}),
    ),
    "whether the source goes without saying": (
        Twin((here("A"),), {ENDS: BOTH}, {ENDS: BOTH}),
        Twin((here("B"),), {ENDS & FROM_21: BOTH}, {ENDS: BOTH}),
    ),
}


def closed(*twins: Twin) -> Spread:
    cells: dict[str, dict[HeaderSpace, int]] = {"held": {ENDS: BOTH}, "empty": {}}
    arrivals: dict[str, dict[HeaderSpace, int]] = {"end": {ENDS: BOTH}}
    for name, twin in zip("ab", twins, strict=True):
        cells[name] = dict(twin.at)
        arrivals[name.upper()] = dict(twin.arrivals)
    return Spread({name: cells[name] for name in ("a", "b", "held", "empty")}, arrivals)


def network(*twins: Twin) -> Network:
    nodes = {name: Node(name, twin.stages) for name, twin in zip("ab", twins, strict=True)}
    ends = {name: Node(name, (here("end"),)) for name in ("held", "empty")}
    return Network.of({**nodes, **ends})


def found(*twins: Twin) -> list[str]:
    backend = backend_of_thread()
    missing = holes(network(*twins), SENDERS, closed(*twins), backend, PROOF_BUDGET)
    return [hole.node for hole in missing]


@pytest.mark.parametrize("row", ROWS)
def test_a_hole_beside_a_closed_twin_is_found(row: str) -> None:
    assert found(*ROWS[row]) == ["b"]


@pytest.mark.parametrize("row", ROWS)
def test_each_row_would_slip_through_if_the_two_were_taken_for_alike(
    row: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = Likeness.of
    monkeypatch.setattr(
        Likeness, "of", lambda self, name: "twins" if name in "ab" else plain(self, name)
    )
    assert found(*ROWS[row]) == []


@pytest.mark.parametrize("row", ROWS)
def test_twins_that_differ_in_names_only_are_one(row: str) -> None:
    """Whatever a node does, its like with other owners and addresses elsewhere is proved with it;
    not where a value is carried over, which is always its own."""
    twin = ROWS[row][0]
    last = twin.stages[-1]
    other = Twin((*twin.stages[:-1], here("B") if isinstance(last, Deliver) else last), twin.at)
    both = twin, Twin(other.stages, other.at, twin.arrivals)
    likeness = Likeness(network(*both), Known(SENDERS), closed(*both))
    assert (likeness.of("a") == likeness.of("b")) is (row != "what a table maps to")


# ---------------------------------------------------------------- a small estate


@dataclass(frozen=True)
class Small:
    """A small estate and its spread."""

    network: Network
    senders: Senders
    spread: Spread

    def holes(self, changed: Spread) -> tuple[closure.Hole, ...]:
        return holes(self.network, self.senders, changed, backend_of_thread(), PROOF_BUDGET)


@pytest.fixture(scope="module")
def small() -> Small:
    ground = ground_of(city()[0].load(), Options.of({}))
    starts = resolve(ground, parse("can any reach any")).aim.starts
    senders = Senders.of(ground.network, Grouping(ground, "endpoint").sources(starts))
    return Small(ground.network, senders, spread(ground.network, senders))


def twins(small: Small) -> list[str]:
    """The nodes that are proved by another one."""
    first = set(one_of_each(small.network, Known(small.senders), small.spread))
    return [node for node in small.spread.cells if node not in first]


def test_what_is_taken_away_at_a_node_whose_twin_is_intact_leaves_a_hole(small: Small) -> None:
    """Every set of the nodes that are not proved themselves, each taken away alone."""
    parts = [(node, space) for node in twins(small) for space in small.spread.cells[node]]
    assert len(parts) >= 30
    missed = []
    for node, space in parts:
        changed = deepcopy(small.spread)
        bits = changed.cells[node].pop(space)
        if not held_beside(changed.cells[node], space, bits) and not small.holes(changed):
            missed.append((node, space))
    assert missed == []


def held_beside(cells: Mapping[HeaderSpace, int], gone: HeaderSpace, bits: int) -> bool:
    from reach.flood import covers

    beside = 0
    for space, some in cells.items():
        if covers(space, gone):
            beside |= some
    return not bits & ~beside


def test_sharing_changes_no_proof(small: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    """Node by node finds nothing either; and there is something to share."""
    assert small.holes(small.spread) == ()
    shared = len(one_of_each(small.network, Known(small.senders), small.spread))
    monkeypatch.setattr(closure, "one_of_each", everyone)
    assert small.holes(small.spread) == ()
    assert len(small.spread.cells) - shared >= 8


def everyone(network: Network, known: Known, spread: Spread) -> Iterable[str]:
    return list(spread.cells)
