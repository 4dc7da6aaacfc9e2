"""What is said to be lost on its way home is lost, whoever waits for it.

A reply may be lost in a table far from both ends.  Whether it is, is decided one way, on a network
in which sessions let everything pass: so it may say that a reply gets home that does not, and never
the other way round.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

import reach
from reach.aim import Start
from reach.asking import backend_of_thread
from reach.network.address import parse_address
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.network.node import Network, Node
from reach.network.stage import (
    Action,
    Assign,
    Case,
    Choose,
    Deliver,
    Filter,
    Forward,
    Option,
    Origin,
    Restore,
    Route,
    Rule,
    Stage,
    Translate,
    Unmodelled,
)
from reach.survey.candidates import Candidate
from reach.survey.confirm import Confirming
from reach.survey.homeward import Homeward, beginnings, lenient
from reach.survey.senders import Sender, Senders
from tests.estate import city
from tests.survey.test_confirming import told

HERE = Origin("here", "")
A, B, C = (Ranges.of(parse_address(text)) for text in ("10.0.0.1", "10.1.0.1", "10.2.0.1"))
NOTHING_PASSES = Rule(ANYTHING, Action.DENY, HERE)


def towards(node: str, *ends: Ranges) -> Forward:
    """Sends what is for some ends to a node, and drops the rest."""
    return Forward(
        tuple(Route(HeaderSpace.where(destination=each), node, HERE) for each in ends), HERE
    )


def homeward(*middle: Stage, first: tuple[Stage, ...] = ()) -> Homeward:
    """A and C may send to B, whose replies go through the middle and from there to A and no C."""
    identity = Translate((Case(ANYTHING, (Assign("identity", Ranges.of(7)),), HERE),))
    nodes = {
        "b/admit": Node("b/admit", (Deliver("b", "b/emit", HERE),)),
        "b/emit": Node("b/emit", (*first, identity, towards("middle", A, C))),
        "middle": Node("middle", (*middle, towards("table", A, C))),
        "table": Node("table", (towards("a/switch", A),)),
        "a/switch": Node("a/switch", (towards("a/admit", A),)),
        "a/admit": Node("a/admit", (Deliver("a", "a/emit", HERE),)),
    }
    both = Senders(tuple(sender(*each) for each in (("a", A), ("c", C))))
    network = Network.of(nodes)
    known = beginnings(network, ["b/admit"])
    return Homeward(network, both, lambda owner: known.get(owner, ()))


def sender(name: str, own: Ranges) -> Sender:
    start = Start(f"{name}/emit", HeaderSpace.where(source=own), name)
    return Sender((name,), start.node, name, own, 1, (ANYTHING,), (start,))


def candidate(senders: int, **told: Ranges) -> Candidate:
    space = HeaderSpace.where(destination=B, protocol=Ranges.of(6), **told)
    return Candidate("b", "", space, senders, from_own="source" not in told)


FROM_A, FROM_C = candidate(0b01), candidate(0b10)


def lost(found: Homeward, *pairs: list[Candidate]) -> list[bool]:
    return found.lost(pairs, backend_of_thread())


def test_a_reply_that_no_table_knows_a_way_for_is_lost() -> None:
    found = homeward()
    assert lost(found, [FROM_C]) == [True]
    assert lost(found, [FROM_A]) == [False]


def test_several_pairs_at_once_are_told_apart() -> None:
    assert lost(homeward(), [FROM_A], [FROM_C], [FROM_A, FROM_C]) == [False, True, False]


def test_a_candidate_that_says_its_source_is_answered_there() -> None:
    """What a translation made of the source is where the reply goes, and not to who sent it."""
    found = homeward()
    assert lost(found, [candidate(0b10, source=A)]) == [False]
    assert lost(found, [candidate(0b01, source=C)]) == [True]


def test_a_session_may_know_the_reply() -> None:
    """A filter that remembers the flow lets its reply pass, whatever its rules say."""
    closed = Filter((), NOTHING_PASSES)
    assert lost(homeward(replace(closed, session="of")), [FROM_A]) == [False]
    assert lost(homeward(replace(closed, session="of", opening=True)), [FROM_A]) == [False]
    assert lost(homeward(closed), [FROM_A]) == [True]


def test_a_filter_where_the_reply_begins_is_not_believed() -> None:
    """Past the first node more may be than gets there, and never less."""
    assert lost(homeward(first=(Filter((), NOTHING_PASSES),)), [FROM_A]) == [False]
    assert lost(homeward(first=(towards("table", A),)), [FROM_A]) == [False]


@pytest.mark.parametrize(
    "stage",
    [
        Restore("of", HERE),
        Forward((Route(ANYTHING, "a/admit", HERE, "of"),)),
        Unmodelled(HERE),
        Choose((Option("table", HERE), Option("a/admit", HERE))),
        Translate((Case(ANYTHING, (Assign("destination", A),), HERE),)),
    ],
    ids=lambda stage: type(stage).__name__,
)
def test_where_a_reply_may_get_anywhere_else_it_is_not_lost(stage: Stage) -> None:
    """What a session would make of it, and what nothing is known of, is left to be asked."""
    assert lost(homeward(stage), [FROM_C]) == [False]
    assert lost(homeward(first=(stage,)), [FROM_C]) == [False]


def test_what_may_get_home_if_a_doubt_is_settled_is_not_lost() -> None:
    doubt = Filter((Rule(ANYTHING, Action.DOUBT, HERE),), NOTHING_PASSES)
    assert lost(homeward(doubt), [FROM_A], [FROM_C]) == [False, True]


def test_of_who_is_at_no_node_nothing_is_said() -> None:
    assert lost(homeward(), [replace(FROM_C, owner="nobody")]) == [False]


def test_a_lenient_node_ends_as_the_node_does() -> None:
    """A node that ends in a session's hands ends unknown; any other as it was."""
    forward = towards("table", A)
    closed = Filter((), NOTHING_PASSES, session="of")
    assert lenient(Node("x", (closed, forward))).stages == (forward,)
    assert lenient(Node("x", (Restore("of", HERE), forward))).stages == (Unmodelled(HERE),)


# ---------------------------------------------------------------- in a survey


SAMPLES = (
    "nat_gateway",
    "network_firewall",
    "transit_gateway",
    "transit_gateway_route_table",
    "vpc_peering",
)


@pytest.fixture(scope="module", params=["city", *SAMPLES])
def snapshot(request: pytest.FixtureRequest) -> Any:
    if request.param == "city":
        return city()[0].load()
    return reach.load(f"samples/{request.param}/snapshot")


@pytest.fixture
def suspicious(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether replies get home is asked of every pair, before any packet is tried."""
    shown = Confirming._shown

    def suspected(self: Any, work: Any, candidate: Any, piece: Any) -> Any:
        work.suspect = work.wary
        return None if work.wary else shown(self, work, candidate, piece)

    monkeypatch.setattr(Confirming, "_shown", suspected)


def test_without_it_every_pair_is_settled_the_same(
    snapshot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = told(snapshot)
    monkeypatch.setattr(Homeward, "lost", lambda self, pairs, backend: [False] * len(pairs))
    assert told(snapshot) == expected


def test_asked_of_every_pair_it_refutes_none_that_is_shown(
    snapshot: Any, request: pytest.FixtureRequest
) -> None:
    expected = told(snapshot)
    request.getfixturevalue("suspicious")
    assert told(snapshot) == expected


@pytest.mark.usefixtures("suspicious")
def test_that_all_are_said_to_be_lost_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot = city()[0].load()
    expected = told(snapshot)
    monkeypatch.setattr(Homeward, "lost", lambda self, pairs, backend: [True] * len(pairs))
    assert told(snapshot) != expected
