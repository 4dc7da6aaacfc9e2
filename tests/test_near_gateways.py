"""Edited gateways and attachments: the same difference as of two snapshots that share nothing."""

from __future__ import annotations

from dataclasses import replace as replaced
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, cast

import pytest

import reach
from bench.editing import changed, changed_snapshot, edited, edited_snapshot
from bench.gateways import GATEWAYS
from bench.grow import Size, write
from reach.comparing import near
from reach.comparing.backwards import Coming
from reach.comparing.coming import Graph
from reach.comparing.differing import more_of
from reach.comparing.nodes import Spot, more
from reach.flood import uncovered
from reach.network.address import parse_address
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.network.node import Network, Node
from reach.network.stage import (
    Action,
    Case,
    Deliver,
    Filter,
    Forward,
    Lookup,
    Origin,
    Route,
    Rule,
    Stage,
    Table,
    Translate,
    Unmodelled,
)
from reach.snapshot.records import NatGateway
from reach.snapshot.transit_records import TransitGatewayVpcAttachment
from reach.watching import Frames
from tests.test_labs import NAMES, needs_labs
from tests.test_labs import snapshot as lab_of
from tests.test_near import watched
from tests.test_near_records import step

DEEP = range(4, 20)
SEEDS = [*range(4), *(pytest.param(seed, marks=pytest.mark.deep) for seed in DEEP)]
# Of a lab some say where flows start: what lines have told, and the address of a NAT gateway that
# nothing else names; or they alone tell whose a VPC is that the lab does not hold.
UNSURE = ("transit attachment gone", "transit route", "transit propagation", "NAT gateway gone")
# A grown estate has no line to a network on-premises.
LINES = ("virtual private gateway", "VPN connection", "route propagation")
OF_HOSTS = ("DNS of a VPC",)  # what hosts' own nodes are made of, and not their rules
OF_GROWN = [kind for kind in GATEWAYS if kind not in (*LINES, *OF_HOSTS)]
QUIET = Origin("", "")
RULES = ("rule for a host", "rule less", "rule value", "entry", "route")
SIZES = (Size(40, 2, seed=5, mixed=True), Size(12, 3, seed=3, on_transit=True))


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    folders = []
    for number, size in enumerate(SIZES):
        folders.append(tmp_path_factory.mktemp("gateways") / f"estate{number}")
        write(folders[-1], size)
    return tuple(folders)


@cache
def grown_estate(folder: Path, cached: bool) -> reach.Estate:
    return reach.Estate(reach.load(folder, cache=cached))


@pytest.mark.parametrize("seed", SEEDS)
def test_gateways_of_a_grown_estate(
    seed: int, grown: tuple[Path, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Edits of all kinds in a chain, some with a rule, an entry or a route that is edited at the
    same time; and all back at once."""
    done = watched(monkeypatch)
    rng = Random(f"gateways/{seed}")
    first = estate = grown_estate(grown[seed % 2], seed // 2 % 2 == 0)
    kinds = [kind for kind in OF_GROWN if seed in DEEP or OF_GROWN.index(kind) % 4 == seed]
    for kind in rng.sample(kinds, len(kinds)):
        after = changed_snapshot(estate.snapshot, changed(estate.snapshot, kind, rng))
        if rng.random() < 0.3:
            after = edited_snapshot(after, edited(after, rng.choice(RULES), rng))
        estate = step(estate, after, done)
    step(estate, replaced(first.snapshot, derived={}), done)


def test_gateways_that_are_told_in_another_order(
    grown: tuple[Path, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two that say that they are it the order tells: everything is compared."""
    done = watched(monkeypatch)
    estate = grown_estate(grown[1], True)
    change = changed(estate.snapshot, "transit attachment", Random("0"))
    after = changed_snapshot(estate.snapshot, change)
    told = dict(after.contents)
    told[TransitGatewayVpcAttachment] = dict(reversed(told[TransitGatewayVpcAttachment].items()))
    estate.become(replaced(after, contents=told, derived={}))
    assert done == [False]


@pytest.mark.parametrize("kind", OF_HOSTS)
def test_what_hosts_are_made_of(
    kind: str, grown: tuple[Path, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Compared node by node, and not near."""
    done = watched(monkeypatch)
    rng = Random(kind)
    estate = grown_estate(grown[1], True)
    for _ in range(2):
        after = changed_snapshot(estate.snapshot, changed(estate.snapshot, kind, rng))
        estate = step(estate, after, done, surely=False)


@needs_labs
@pytest.mark.parametrize("lab", NAMES)
def test_gateways_of_a_lab(lab: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of each kind that the lab has one, in a chain."""
    done = watched(monkeypatch)
    rng = Random(f"gateways/{lab}")
    estate = reach.Estate(replaced(lab_of(lab), derived={}))
    for kind in rng.sample([*GATEWAYS], len(GATEWAYS)):
        try:
            change = changed(estate.snapshot, kind, rng)
        except ValueError:  # there is nothing of that kind
            continue
        sure = kind not in (*UNSURE, *LINES, *OF_HOSTS)
        estate = step(estate, changed_snapshot(estate.snapshot, change), done, surely=sure)


# ------------------------------------------------------------------- what is rewritten otherwise


def translating(*pairs: tuple[str, str], field: str = "source", session: str = "") -> Node:
    table = Table(tuple(sorted((parse_address(a), parse_address(b)) for a, b in pairs)))
    case = Case(HeaderSpace.where(**{field: table.keys}), (Lookup(field, table),), QUIET)
    return Node("n", (Translate((case,), QUIET, session), Forward((to("c"),), QUIET)))


ONE, OTHER, THIRD = ("10.0.0.1", "8.8.8.1"), ("10.0.0.2", "8.8.8.2"), ("10.0.0.2", "8.8.8.3")


def test_what_tables_rewrite_otherwise() -> None:
    """An address that one of them lacks, or that becomes another one; all else stays the same."""
    own = HeaderSpace.where(source=Ranges.of(parse_address("10.0.0.2")))
    for first, second in (((ONE,), (ONE, OTHER)), ((ONE, OTHER), (ONE, THIRD))):
        for before, after in ((first, second), (second, first)):
            found = more(translating(*before), translating(*after))
            assert [(spot.stage, spot.space) for spot in found] == [(0, own)]
    assert more(translating(ONE), translating(ONE)) == ()


def test_translations_that_remember_otherwise() -> None:
    """Or that rewrite another field: anything, or all that is of a case."""
    assert more(translating(ONE), translating(ONE, session="s")) == (Spot(0, ANYTHING),)
    ends = more(translating(ONE), translating(ONE, field="destination"))
    sources, destinations = (
        HeaderSpace.where(**{side: Ranges.of(parse_address("10.0.0.1"))})
        for side in ("source", "destination")
    )
    for wanted in (sources, destinations):
        spaces = [spot.space for spot in ends]
        assert not any(not left.is_empty for left in uncovered(wanted, spaces))


def test_a_node_that_nothing_leaves_does_no_more_than_another() -> None:
    """Whatever else it is made of; what is not modelled, or remembered, may do more."""
    denying = Rule(ANYTHING, Action.DENY, QUIET)
    shut, way = Filter((), denying), Forward((to("c"),), QUIET)
    shuts: tuple[tuple[Stage, ...], ...] = (
        (shut, way),
        (Forward((to(""),)), shut, way),
        (Forward((), QUIET),),
    )
    for stages in shuts:
        assert more(translating(ONE), Node("n", stages)) == ()
        assert more(Node("n", stages), translating(ONE)) == (Spot(0, ANYTHING),)
    remembering = Filter((), denying, "session")
    doubting = Filter((), Rule(ANYTHING, Action.DOUBT, QUIET))
    opens: tuple[tuple[Stage, ...], ...] = (
        (remembering, way),
        (doubting, way),
        (Unmodelled(QUIET),),
    )
    for others in opens:
        assert more(translating(ONE), Node("n", others)) == (Spot(0, ANYTHING),)


# ------------------------------------------------------------------- who is called otherwise


def to(node: str, **fields: Ranges) -> Route:
    return Route(HeaderSpace.where(**fields), node, QUIET)


def two_tables(first: Node, second: Node) -> list[tuple[Graph, Graph]]:
    """Networks that lead to one of two nodes, and the reverse."""
    ends = (Node(name, (Deliver(name, name, QUIET),)) for name in "abc")
    nodes = {each.name: each for each in (first, second, *ends)}
    ways = [Forward((to(each.name),), QUIET) for each in (first, second)]
    graphs = [Graph(Network.of({**nodes, "in": Node("in", (way,))}), ()) for way in ways]
    for graph in graphs:
        graph.nodes["in"] = 0
    return [(graphs[0], graphs[1]), (graphs[1], graphs[0])]


A, B = (Ranges.of(parse_address(each)) for each in ("10.0.0.1", "10.0.0.2"))


def test_nodes_that_are_called_otherwise_and_do_the_same() -> None:
    """Only what they send elsewhere counts; one list of routes is as good as two."""
    rest = to("c")
    one = Node("one", (Forward((to("a", destination=A),)), Forward((rest,), QUIET)))
    other = Node("other", (Forward((to("a", destination=A), rest), QUIET),))
    three = (to("a", destination=A), to("b", destination=B), rest)
    another = Node("other", (Forward(three, QUIET),))
    for pair in two_tables(one, other):
        assert more_of(*pair, ("in",)) == {}
    for pair in two_tables(one, another):
        assert more_of(*pair, ("in",)) == {"in": (Spot(0, HeaderSpace.where(destination=B)),)}


def test_what_is_dropped_in_the_second_network_gets_no_further() -> None:
    own = HeaderSpace.where(destination=A)
    leading, dropping = (
        Node("n", (Forward((to(name, destination=A), to("c")), QUIET),)) for name in ("a", "")
    )
    ends = [Node(name, (Deliver(name, name, QUIET),)) for name in "ac"]
    graphs = []
    for node in (leading, dropping):
        graphs.append(Graph(Network.of({each.name: each for each in (node, *ends)}), ("n",)))
    assert more_of(graphs[0], graphs[1], ("n",)) == {}
    assert more_of(graphs[1], graphs[0], ("n",)) == {"n": (Spot(0, own),)}


def test_nodes_that_are_called_otherwise_and_let_more_pass() -> None:
    """In one direction; of what is rewritten there nothing is known."""
    passing = Rule(HeaderSpace.where(source=A), Action.PERMIT, QUIET)
    shut = Filter((passing,), Rule(ANYTHING, Action.DENY, QUIET))
    one = Node("one", (shut, Forward((to("c"),), QUIET)))
    other = Node("other", (Forward((to("c"),), QUIET),))
    narrower, wider = (more_of(*pair, ("in",)) for pair in two_tables(one, other)[::-1])
    assert narrower == {}
    assert not any(spot.space.overlaps(passing.match) for spot in wider["in"])
    rewriting = replaced(translating(ONE), name="other")
    for pair in two_tables(one, rewriting):
        assert more_of(*pair, ("in",)) == {"in": (Spot(0, ANYTHING),)}


# ------------------------------------------------------------------- what is not done is noticed


def test_a_reader_of_gateways_that_is_not_heard_would_be_noticed(
    grown: tuple[Path, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A seeded omission: what was made of a NAT gateway is taken over."""
    estate = grown_estate(grown[0], False)
    after = changed_snapshot(estate.snapshot, changed(estate.snapshot, "NAT gateway", Random("0")))
    assert estate.become(after).difference.lost

    def hear(frames: Frames, read: Any) -> None:
        if frames.open and read[0] is not NatGateway:
            frames.open[-1].add(read)

    monkeypatch.setattr(Frames, "hear", hear)
    fresh = reach.Estate(replaced(estate.snapshot, derived={}))
    assert not fresh.become(replaced(after, derived={})).difference.lost


def test_all_that_replies_alone_meet_is_walked_back_from(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where places say the one who sends and the other to whom, and a third one is of replies."""
    asked: dict[str, list[str]] = {"flows": [], "replies": []}

    def walked(graph: Any, more: Any, back: Any) -> Coming:
        asked["flows"] += more
        asked["replies"] += back
        return Coming({}, {}, graph, ())

    monkeypatch.setattr(near, "coming", walked)
    own = Ranges.span(1, 9)
    spots = {
        side: (Spot(0, HeaderSpace.where(**{side: own})),) for side in ("source", "destination")
    }
    answers = (Spot(0, HeaderSpace.where(source=own), of_replies=True),)
    near._walked(cast(Any, None), spots, {"source": spots["source"], "of replies": answers})
    assert sorted(asked["flows"]) == ["destination", "source"]
    assert sorted(asked["replies"]) == ["of replies", "source"]
