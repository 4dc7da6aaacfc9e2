"""Sessions that must see both ways of a flow: what `binds` means, on networks one can look at."""

from __future__ import annotations

import pytest

from reach.aim import Aim, Start
from reach.answer import Verdict
from reach.certify import certify
from reach.check import check_certificate
from reach.decide import Decision, decide
from reach.explain import explain
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
    Option,
    Origin,
    Restore,
    Route,
    Rule,
    Stage,
    Translate,
)
from solver.backends.z3 import Z3Backend

HERE, THERE, GATEWAY = (ipv4(10 << 24 | n) for n in (1, 2, 3))
WHY = Origin("why", "w")
UNSEEN = Origin("watch", "does not see the reply", code="UNSEEN")
FROM = HeaderSpace.where(source=Ranges.of(HERE), destination=Ranges.of(THERE))
ARRIVED = (Deliver("there", "back", WHY),)
HOME = (Deliver("here", "here", WHY),)
Nodes = dict[str, tuple[Stage, ...]]


def watch(session: str = "watch", *, binds: bool = True, opening: bool = False) -> Filter:
    """Lets everything pass, and has to see the reply."""
    anything = Rule(ANYTHING, Action.PERMIT, WHY)
    last = anything if not opening else Rule(ANYTHING, Action.DENY, UNSEEN)
    rules = (anything,) if opening else ()
    return Filter(rules, last, session, opening=opening, binds=UNSEEN if binds else None)


def to(node: str) -> Forward:
    return Forward((Route(ANYTHING, node, WHY),), WHY)


def network(**nodes: tuple[Stage, ...]) -> Network:
    made = {"there": ARRIVED, "home": HOME, **nodes}
    return Network.of({name: Node(name, stages) for name, stages in made.items()})


def aim(*, two_way: bool = True) -> Aim:
    space = FROM & HeaderSpace.where(protocol=Ranges.of(TCP))
    return Aim((Start("here", space, "here"),), {"there": ANYTHING}, two_way=two_way)


def decided(nodes: Nodes, *, two_way: bool = True) -> Decision:
    return decide(network(**nodes), aim(two_way=two_way), Z3Backend())


def verdict(nodes: Nodes, *, two_way: bool = True) -> Verdict:
    return decided(nodes, two_way=two_way).verdict


PAST: Nodes = {"here": (watch(), to("there")), "back": (to("home"),)}
SEEN: Nodes = {**PAST, "back": (watch(), to("home"))}


def test_a_reply_that_is_not_seen_is_none() -> None:
    """A flow that passed is answered only if its reply passes too; one way it arrives."""
    assert verdict(SEEN) is Verdict.REACHABLE
    assert verdict(PAST) is Verdict.UNREACHABLE
    assert verdict(PAST, two_way=False) is Verdict.REACHABLE


def test_who_did_not_see_it_is_named() -> None:
    """The explanation gives the reason of the filter, on the way back."""
    blocked = explain(network(**PAST), aim(), Z3Backend())
    assert [(b.direction, b.origin) for b in blocked.ways[0].blockers] == [("reply", UNSEEN)]


def test_any_filter_of_the_session_sees() -> None:
    """What the reply passes need not bind itself, nor be the same stage."""
    assert verdict({**SEEN, "back": (watch(binds=False), to("home"))}) is Verdict.REACHABLE
    assert verdict({**SEEN, "back": (watch("other"), to("home"))}) is Verdict.UNREACHABLE


def test_a_flow_that_binds_no_session_is_never_answered() -> None:
    """It arrives, and whatever its reply passes, none is taken for its answer."""
    cut = Filter((), Rule(ANYTHING, Action.PERMIT, UNSEEN), binds=UNSEEN)
    nodes: Nodes = {"here": (cut, to("there")), "back": (cut, watch(), to("home"))}
    assert verdict(nodes) is Verdict.UNREACHABLE
    assert verdict(nodes, two_way=False) is Verdict.REACHABLE
    assert verdict({"here": (to("there"),), "back": (cut, to("home"))}) is Verdict.REACHABLE
    certificate = certify(network(**nodes), aim())
    assert certificate is not None
    assert check_certificate(network(**nodes), aim(), certificate).holds


def test_replies_bind_nothing() -> None:
    """A filter that only the reply passes asks for no answer of the answer."""
    assert verdict({"here": (to("there"),), "back": (watch(), to("home"))}) is Verdict.REACHABLE


def test_an_opening_filter_takes_no_reply_of_others() -> None:
    """A reply to a flow that did not pass is refused; one that did is seen."""
    shut = watch(opening=True)
    assert verdict({"here": (to("there"),), "back": (shut, to("home"))}) is Verdict.UNREACHABLE
    assert verdict({"here": (shut, to("there")), "back": (shut, to("home"))}) is Verdict.REACHABLE
    assert verdict({"here": (shut, to("there")), "back": (to("home"),)}) is Verdict.UNREACHABLE


def test_all_sessions_must_see() -> None:
    """Of two filters on the way both have to see the reply."""
    two: Nodes = {"here": (watch("a"), watch("b"), to("there")), "back": (to("home"),)}
    for seen, expected in (
        ((watch("a"), watch("b")), Verdict.REACHABLE),
        ((watch("a"),), Verdict.UNREACHABLE),
        ((watch("b"),), Verdict.UNREACHABLE),
    ):
        assert verdict({**two, "back": (*seen, to("home"))}) is expected


def test_only_what_passed_is_bound() -> None:
    """A filter that the flow need not pass binds it only where it does."""
    aside: Nodes = {
        "here": (Choose((Option("seen", WHY), Option("there", Origin("past", "assumed")))),),
        "seen": (watch(), to("there")),
        "back": (to("home"),),
    }
    found = decided(aside)
    assert found.verdict is Verdict.REACHABLE
    assert found.proof is not None
    assert [origin.resource for origin in found.proof.forward.choices] == ["past"]


def test_the_same_choice_both_ways() -> None:
    """Of twins that a flow may take there and back it must be the same one."""
    pair = ("left", "right")
    ways = Choose(tuple(Option(name, Origin(name, f"assumed: {name}")) for name in pair))
    back = Choose(tuple(Option(f"{n} back", Origin(n, f"assumed: {n}")) for n in reversed(pair)))
    both: Nodes = {"here": (ways,), "back": (back,)}
    for name in pair:
        both[name] = (watch(name), to("there"))
        both[f"{name} back"] = (watch(name, opening=True), to("home"))
    found = decided(both)
    assert found.verdict is Verdict.REACHABLE
    assert found.proof is not None
    assert found.proof.reply is not None
    taken = [t.choices[0].resource for t in (found.proof.forward, found.proof.reply)]
    assert taken[0] == taken[1]
    crossed = {**both, "right back": (watch("left", opening=True), to("home"))}
    assert verdict({**crossed, "left back": (watch("right"), to("home"))}) is Verdict.REACHABLE
    assert verdict({**both, "back": (to("home"),)}) is Verdict.UNREACHABLE


@pytest.mark.parametrize(("inside", "expected"), [(True, "reachable"), (False, "unreachable")])
def test_behind_a_translation(inside: bool, expected: str) -> None:
    """A reply is known by the header that the filter saw: behind Restore, not before it."""
    port = Assign("source", Ranges.of(GATEWAY))
    there = Translate((Case(ANYTHING, (port,), WHY),), session="nat")
    back = (Restore("nat", WHY), watch()) if inside else (watch(), Restore("nat", WHY))
    nodes: Nodes = {"here": (watch(), there, to("there")), "back": (*back, to("home"))}
    assert verdict(nodes) == expected


@pytest.mark.parametrize(("seen", "expected"), [(True, "reachable"), (False, "unreachable")])
def test_on_a_ring(seen: bool, expected: str) -> None:
    """A filter on a cycle of nodes binds what passes it, though being there is a symbol."""
    last = Choose((Option("round", WHY), Option("there", WHY)))
    nodes: Nodes = {
        "here": (to("round"),),
        "round": (watch(), to("on")),
        "on": (last,),
        "back": (to("ring back" if seen else "home"),),
        "ring back": (watch(opening=True), to("leaving")),
        "leaving": (Choose((Option("ring back", WHY), Option("home", WHY))),),
    }
    assert verdict(nodes) == expected
