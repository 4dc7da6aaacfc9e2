"""Sets with receivers of which it is told what they do say what they say without: small networks.

Two hosts receive what comes by one of two ways, which may say of who sends it one thing or another:
so what a way does not open now may have been open by the other one before.  Random rules, before
and after; held with and without what is told, and with seeded faults.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any

import pytest

from reach.aim import Start
from reach.comparing.sweeping import Gained, Swept, swept
from reach.flood import uncovered
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
from reach.sets import receiving as sets
from reach.sets.receiving import Receiver
from reach.sets.through import Counted

QUIET = Origin("", "")
DENIED = Rule(ANYTHING, Action.DENY, QUIET)
HOSTS = {"one": Ranges.span(10, 14), "other": Ranges.span(15, 19)}
SENT = HeaderSpace.where(
    source=Ranges.span(1, 2),
    destination=Ranges.span(10, 19),
    protocol=Ranges.of(6),
    source_port=Ranges.span(1024, 65535),
    destination_port=Ranges.span(1, 9),
    icmp_type=Ranges.of(0),
    icmp_code=Ranges.of(0),
)
START = Start("start", SENT, "sender")
SEEDS = [*range(60), *(pytest.param(seed, marks=pytest.mark.deep) for seed in range(60, 2000))]
Rules = Mapping[str, tuple[Filter, ...]]


def says(identity: int) -> Translate:
    return Translate((Case(ANYTHING, (Assign("identity", Ranges.of(identity)),), QUIET),))


def to(name: str, **match: Ranges) -> Route:
    return Route(HeaderSpace.where(**match), name, QUIET)


def network(rules: Rules, ways: Sequence[int]) -> Network:
    """A sender, two ways that say who he is, and two hosts with these filters."""
    nodes = [
        Node("start", (Choose((Option("way 0", QUIET), Option("way 1", QUIET))),)),
        Node("home", (Deliver("sender", "start", QUIET),)),
    ]
    switch = Forward(tuple(to(name, destination=own) for name, own in HOSTS.items()), QUIET)
    nodes += (Node(f"way {n}", (says(who), switch)) for n, who in enumerate(ways))
    for name, filters in rules.items():
        every = tuple(rule for each in filters for rule in each.rules)
        back = Forward((to("home"),), QUIET)
        own = Filter(every, DENIED, name)
        nodes.append(Node(name, (own, Deliver(f"owner {name}", f"{name} back", QUIET))))
        nodes.append(Node(f"{name} back", (says(9), Filter((), DENIED, name), back)))
    return Network.of({node.name: node for node in nodes})


class Told:
    """What is told of these two hosts."""

    def __init__(self, rules: Rules, before: Rules | None = None) -> None:
        self._rules, self._before = rules, before

    def of(self, node: str) -> Receiver | None:
        if node not in self._rules:
            return None
        deliver = Deliver(f"owner {node}", f"{node} back", QUIET)
        return Receiver(self._rules[node], deliver, "home", 9, ())

    def was(self, node: str) -> tuple[Filter, ...] | None:
        return None if self._before is None else self._before[node]

    def lets_all_pass(self) -> bool:
        return True

    def are_few(self, filters: Sequence[Filter]) -> bool:
        return True

    def more(
        self, was: Sequence[Rule], now: Sequence[Rule], *, few: bool
    ) -> tuple[HeaderSpace, ...]:
        old = [rule.match for rule in was]
        return tuple(left for rule in now for left in uncovered(rule.match, old))


def rules_of(rng: Random) -> tuple[Filter, ...]:
    """One or two filters that permit some ports, to anybody or to who is one of two."""
    return tuple(
        Filter(tuple(rule(rng) for _ in range(rng.choice((0, 1, 1, 2)))), DENIED)
        for _ in range(rng.choice((1, 2)))
    )


def rule(rng: Random) -> Rule:
    low = rng.randrange(1, 9)
    match = {"destination_port": Ranges.span(low, rng.randrange(low, 10))}
    if rng.random() < 0.5:
        match["identity"] = Ranges.of(rng.choice((5, 6)))
    if rng.random() < 0.3:
        match["source"] = Ranges.of(rng.choice((1, 2)))
    return Rule(HeaderSpace.where(**match), Action.PERMIT, QUIET)


def both(seed: int) -> tuple[Swept, Swept]:
    """What sets say with what is told, and without; of hosts of which one may not be edited."""
    rng = Random(f"receivers of a small network/{seed}")
    before = {name: rules_of(rng) for name in HOSTS}
    after = {n: rules_of(rng) if n == "one" or rng.random() < 0.5 else before[n] for n in HOSTS}
    ways = [rng.choice((0, 5, 6)) for _ in range(2)]
    networks = network(before, ways), network(after, ways)
    told = Told(before), Told(after, before)
    counted = Counted({name: tuple(wanted(told[1], before, after, name)) for name in HOSTS}, {})
    known = {(START.node, START.owner): (SENT,)}
    return (
        swept(networks, (START,), known, counted, two_way=True, receivers=told),
        swept(networks, (START,), known, counted, two_way=True),
    )


def wanted(told: Told, before: Rules, after: Rules, name: str) -> Iterator[HeaderSpace]:
    rules = [[rule for each in some[name] for rule in each.rules] for some in (before, after)]
    yield from told.more(rules[0], rules[1], few=True)


def assert_same(one: Swept, other: Swept) -> None:
    assert [start.space for start in one.rest] == [start.space for start in other.rest]
    mine, others = by_owner(one.gained), by_owner(other.gained)
    assert mine.keys() == others.keys()
    for owner, spaces in mine.items():
        assert not [rest for each in spaces for rest in uncovered(each, others[owner])], owner
        assert not [rest for each in others[owner] for rest in uncovered(each, spaces)], owner


def by_owner(gained: Sequence[Gained]) -> dict[object, list[HeaderSpace]]:
    found: dict[object, list[HeaderSpace]] = {}
    for each in gained:
        found.setdefault((each.owner, each.last, each.was, each.now), []).append(each.space)
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_told_of_receivers_changes_nothing(seed: int) -> None:
    print(f"seed {seed}")
    assert_same(*both(seed))


real_passed = sets._passed


def all_fresh(*asked: Any) -> Iterator[tuple[bool, Any, bool]]:
    """That what counts was let in by no other way before."""
    for counts, spaces, _ in real_passed(*asked):
        yield counts, spaces, True


def one_piece(*asked: Any) -> Iterator[tuple[bool, Any, bool]]:
    for counts, spaces, fresh in real_passed(*asked):
        yield counts, spaces[:1], fresh


def all_count(*asked: Any) -> Iterator[tuple[bool, Any, bool]]:
    for _, spaces, _ in real_passed(*asked):
        yield True, spaces, True


@pytest.mark.parametrize("fault", [all_fresh, one_piece, all_count])
def test_a_seeded_fault_is_noticed(fault: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sets, "_passed", fault)

    def noticed(seed: int) -> bool:
        try:
            assert_same(*both(seed))
        except AssertionError:
            return True
        return False

    assert any(map(noticed, range(60)))
