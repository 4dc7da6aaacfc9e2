"""A packet is sent to where a candidate has it, by nothing but what the nodes on its way tell."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from reach.aim import Start
from reach.network.address import parse_address
from reach.network.field import TCP, UDP, Header
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
    Route,
    Rule,
    Translate,
)
from reach.survey.candidates import Candidate
from reach.survey.steered import steered
from reach.trace import Fate, Site

HERE = Origin("here", "")
SENDER, FRONT, FIRST, SECOND = map(
    parse_address, ("198.51.100.1", "192.0.2.1", "10.0.0.1", "10.0.0.2")
)
TARGETS = Ranges.of(FIRST, SECOND)


def at(port: int, protocol: int = TCP) -> HeaderSpace:
    return HeaderSpace.where(protocol=Ranges.of(protocol), destination_port=Ranges.of(port))


def given(*targets: int) -> Translate:
    """A balancer's target: its address, and the port that it serves at."""
    values = Assign("destination", Ranges.of(*targets)), Assign("destination_port", Ranges.of(8080))
    return Translate((Case(ANYTHING, values, HERE),))


def network(**others: Node) -> Network:
    """A balancer in front of two, which takes what comes to ports 80 and 443."""
    both = Option("first", HERE), Option("second", HERE)
    nodes: dict[str, Node] = {
        "front": Node(
            "front",
            (
                Filter(
                    (Rule(at(80), Action.PERMIT, HERE), Rule(at(443), Action.PERMIT, HERE)),
                    Rule(ANYTHING, Action.DENY, HERE),
                ),
                Forward((Route(at(80), "group", HERE), Route(at(443), "group", HERE))),
                Forward((Route(at(53, UDP), "group", HERE), Route(at(22), "", HERE)), HERE),
            ),
        ),
        "group": Node("group", (Choose(both),)),
        "first": Node("first", (given(FIRST), Forward((Route(ANYTHING, "end", HERE),), HERE))),
        "second": Node("second", (given(SECOND), Forward((Route(ANYTHING, "end", HERE),), HERE))),
        "end": Node("end", (Deliver("end", "end", HERE),)),
    }
    return Network.of({**nodes, **others})


def walks(
    found: Network, port: int, space: HeaderSpace, *, node: str = "", ports: Ranges | None = None
) -> list[tuple[int, Fate, int, Mapping[Site, int]]]:
    """The port sent to, what became of it, where it ended, and what was chosen."""
    start = Start("front", HeaderSpace.where(destination_port=ports), "sender")
    packet = Header(SENDER, FRONT, TCP, 50000, port)
    candidate = Candidate("end", node, space, 1)
    return [
        (p.packet.destination_port, p.forward.fate, p.forward.final.destination, p.forward_choices)
        for p in steered(found, start, packet, False, candidate)
    ]


def wanted(target: int) -> HeaderSpace:
    return HeaderSpace.where(destination=Ranges.of(target), destination_port=Ranges.of(8080))


@pytest.mark.parametrize("target", [FIRST, SECOND])
def test_it_is_sent_to_the_ports_that_are_taken_and_the_target_that_is_wanted(target: int) -> None:
    """443 before 80, as anybody expects; not to one that drops, nor to one of another protocol."""
    told = [each[:3] for each in walks(network(), 8080, wanted(target))]
    assert told == [
        (8080, Fate.DROPPED, FRONT),
        (443, Fate.DELIVERED, target),
        (80, Fate.DELIVERED, target),
    ]


def test_of_several_addresses_that_a_target_may_be_given_the_wanted_one_is() -> None:
    either = Node("group", (given(FIRST, SECOND), Forward((Route(ANYTHING, "end", HERE),), HERE)))
    ((_, fate, end, chosen),) = walks(network(group=either), 443, wanted(SECOND))
    assert (fate, end) == (Fate.DELIVERED, SECOND)
    assert list(chosen.values()) == [SECOND]


def test_what_is_the_first_choice_anyway_is_not_told_as_one() -> None:
    ((_, fate, end, chosen),) = walks(network(), 443, wanted(FIRST))
    assert (fate, end, dict(chosen)) == (Fate.DELIVERED, FIRST, {})


def test_where_nothing_wanted_is_to_be_had_the_first_is_taken() -> None:
    ((_, fate, end, chosen),) = walks(network(), 443, wanted(parse_address("10.9.9.9")))
    assert (fate, end, dict(chosen)) == (Fate.DELIVERED, FIRST, {})


def test_an_option_that_is_the_node_to_come_by_is_taken() -> None:
    ((_, _, end, chosen),) = walks(network(), 443, wanted(FIRST), node="second")
    assert end == SECOND
    assert list(chosen.values()) == [1]


def test_it_is_sent_to_no_port_that_is_not_asked_about() -> None:
    told = [each[0] for each in walks(network(), 8080, wanted(FIRST), ports=Ranges.of(80, 8080))]
    assert told == [8080, 80]
