"""Disagreements that random networks showed, each as small as it gets.

They stay when they are mended: a case per finding, with the seed that found it.
"""

from __future__ import annotations

import pytest

from reach.aim import Aim, Start
from reach.answer import Verdict
from reach.decide import decide
from reach.explain import explain
from reach.exploration import FEW
from reach.network.address import ipv4
from reach.network.field import TCP
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
    Lookup,
    Option,
    Origin,
    Route,
    Rule,
    Stage,
    Table,
    Translate,
)
from solver.backends.z3 import Z3Backend

HERE, THERE, GATEWAY = (ipv4(10 << 24 | n) for n in (1, 2, 3))
WHY = Origin("x", "w")


def verdict(aim: Aim, **nodes: tuple[Stage, ...]) -> Verdict:
    made = {name: Node(name, stages) for name, stages in nodes.items()}
    return decide(Network.of(made), aim, Z3Backend()).verdict


def to(*routes: tuple[HeaderSpace, str]) -> Forward:
    return Forward(tuple(Route(match, node, WHY) for match, node in routes), WHY)


def only(action: Action, match: HeaderSpace = ANYTHING) -> Filter:
    return Filter((Rule(match, action, WHY),), Rule(ANYTHING, Action.PERMIT, WHY))


def either(*nodes: str) -> Choose:
    return Choose(tuple(Option(node, WHY) for node in nodes))


def sets(match: HeaderSpace, field: str, *values: int) -> Translate:
    return Translate((Case(match, (Assign(field, Ranges.of(*values)),), WHY),))


def one_way(*starts: HeaderSpace, goals: tuple[str, ...] = ("there",)) -> Aim:
    return Aim(
        tuple(Start("here", space, "here") for space in starts),
        dict.fromkeys(goals, ANYTHING),
        two_way=False,
    )


FROM = HeaderSpace.where(source=Ranges.of(HERE), protocol=Ranges.of(TCP))
TO_EITHER = FROM & HeaderSpace.where(destination_port=Ranges.of(80, 82))
SELDOM = HeaderSpace.where(destination_port=Ranges.of(80))
OTHERS = HeaderSpace.where(destination_port=Ranges.of(82))
ARRIVED = (Deliver("there", "here", WHY),)


def test_starts_of_several_identities() -> None:
    """A start may leave its identity open between several."""
    space = HeaderSpace.where(source=Ranges.of(HERE), identity=Ranges.of(1, 2))
    assert verdict(one_way(space), here=ARRIVED) is Verdict.REACHABLE


def test_many_starts_of_their_own_identities() -> None:
    """Starts that share symbols keep their identities (seed 3011 with FEW 0)."""
    spaces = [
        HeaderSpace.where(source=Ranges.of(HERE), identity=Ranges.of(n)) for n in range(1, FEW + 2)
    ]
    assert verdict(one_way(*spaces), here=ARRIVED) is Verdict.REACHABLE


def test_the_choice_that_counts() -> None:
    """Of two translated versions at one choice only the one that is there has chosen (1084)."""
    shut = only(Action.DENY)
    assert (
        verdict(
            one_way(TO_EITHER),
            here=(sets(SELDOM, "identity", 1), either("shut", "there")),
            shut=(shut, to((ANYTHING, "there"))),
            there=(only(Action.DENY, OTHERS), *ARRIVED),
        )
        is Verdict.REACHABLE
    )


def test_the_value_that_counts() -> None:
    """Of two versions that one translation gives a port only the one that is there counts."""
    low = HeaderSpace.where(source_port=Ranges.of(1024))
    assert (
        verdict(
            one_way(TO_EITHER),
            here=(
                sets(SELDOM, "identity", 1),
                sets(ANYTHING, "source_port", 1024, 1025),
                only(Action.DENY, low),
                to((ANYTHING, "there")),
            ),
            there=(only(Action.DENY, OTHERS), *ARRIVED),
        )
        is Verdict.REACHABLE
    )


def test_a_rewrite_to_what_it_was() -> None:
    """A flow that comes back unchanged has not moved, whatever its version is called."""
    goes = HeaderSpace.where(source=Ranges.of(HERE), destination=Ranges.of(THERE, GATEWAY))
    assert (
        verdict(
            one_way(goes),
            here=(either("round", "there"),),
            round=(
                only(Action.DENY, HeaderSpace.where(destination=Ranges.of(THERE))),
                sets(ANYTHING, "destination", THERE),
                to((ANYTHING, "here")),
            ),
            there=(only(Action.DENY, HeaderSpace.where(destination=Ranges.of(GATEWAY))), *ARRIVED),
        )
        is Verdict.REACHABLE
    )


def test_a_proof_without_doubt() -> None:
    """Where one way is in doubt and another is not, the answer rests on the other (118)."""
    assert (
        verdict(
            one_way(FROM),
            here=(either("doubt", "there"),),
            doubt=(only(Action.DOUBT), to((ANYTHING, "there"))),
            there=ARRIVED,
        )
        is Verdict.REACHABLE
    )


@pytest.mark.parametrize("onward", [THERE, HERE])
def test_a_loop_through_a_table(onward: int) -> None:
    """A flow that a table sends round for ever gets nowhere, or nobody can tell (163)."""
    swap = (
        Table(((THERE, onward), (onward, THERE))) if onward != THERE else Table(((THERE, THERE),))
    )
    case = Case(HeaderSpace.where(destination=swap.keys), (Lookup("destination", swap),), WHY)
    goes = HeaderSpace.where(source=Ranges.of(GATEWAY), destination=Ranges.of(HERE, THERE))
    assert (
        verdict(
            one_way(goes),
            here=(Translate((case,)), to((ANYTHING, "again"))),
            again=(to((ANYTHING, "here")),),
            there=ARRIVED,
        )
        is not Verdict.REACHABLE
    )


def test_a_loop_through_a_port_that_is_made_up() -> None:
    """A translation that sends to itself gets nowhere, though each round has another port."""
    assert (
        verdict(
            one_way(FROM),
            here=(sets(ANYTHING, "source_port", 1024, 1025), to((ANYTHING, "here"))),
            there=ARRIVED,
        )
        is not Verdict.REACHABLE
    )


def blockers(aim: Aim, **nodes: tuple[Stage, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What an explanation names, and the doubts on the path that it shows."""
    made = {name: Node(name, stages) for name, stages in nodes.items()}
    (blocked, *_) = explain(Network.of(made), aim, Z3Backend()).ways
    doubts = blocked.path.forward.doubts if blocked.path else ()
    named = tuple(blocker.origin.resource for blocker in blocked.blockers)
    return named, tuple(origin.resource for origin in doubts)


def test_an_explanation_keeps_the_identity() -> None:
    """What denies an identity is named, where many ends are asked about as well (201607)."""
    ends = Ranges.of(THERE, GATEWAY)
    space = FROM & HeaderSpace.where(destination=ends, identity=Ranges.of(2))
    aim = Aim((Start("here", space, "here"),), {"there": ANYTHING})
    named, _ = blockers(
        aim,
        here=(
            only(Action.DENY, HeaderSpace.where(identity=Ranges.of(2))),
            to((ANYTHING, "there")),
        ),
        there=(Deliver("there", "home", WHY),),
        home=(Deliver("here", "here", WHY),),
    )
    assert named


def test_an_explanation_without_doubt() -> None:
    """Of two ways with as many denials the one that is not in doubt is explained (200514)."""
    named, doubts = blockers(
        one_way(FROM),
        here=(only(Action.DENY), either("doubt", "there")),
        doubt=(only(Action.DOUBT), to((ANYTHING, "there"))),
        there=ARRIVED,
    )
    assert (named, doubts) == (("x",), ())
