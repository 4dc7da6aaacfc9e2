"""Ordered rules of which some may match: against trying every way of matching."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest

from reach.evaluate import evaluate
from reach.firewalling import ordered
from reach.firewalling.ordered import Item, Names, first_match, perhaps, settled
from reach.network.field import Header
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.network.node import Network, Node
from reach.network.stage import Deliver, Origin, Stage
from reach.trace import Fate, Site, Trace

PORTS = range(4)
WHY = Origin("default", "the rest")


def on(*ports: int) -> HeaderSpace:
    return HeaderSpace.where(destination_port=Ranges.of(*ports))


def item(name: str, outcome: str, *ports: int, certain: bool = True, doubt: bool = False) -> Item:
    spaces = tuple(on(port) for port in ports) or (ANYTHING,)
    origin = Origin(name, f"assumed: {name} does not match", code="" if outcome else "DENIED")
    return Item(spaces, outcome, origin, certain, doubt, matches=f"assumed: {name} matches")


def otherwise(outcome: str) -> Item:
    return Item((ANYTHING,), outcome, WHY)


def network(items: tuple[Item, ...], rest: Item) -> Network:
    """The rules' nodes, and an owner for each outcome."""
    names = Names(lambda o: f"to {o or 'nobody'}", "rules {}".format, "perhaps {}".format)

    def make(name: str) -> Node:
        kind, _, argument = name.partition(" ")
        stages: tuple[Stage, ...]
        if kind == "to":
            stages = (Deliver(argument, "to nobody", WHY),)
        elif kind == "rules":
            stages = first_match(items, int(argument), rest, names)
        else:
            stages = perhaps(items, int(argument), names)
        return Node(name, stages)

    return Network(make)


def header(port: int) -> Header:
    return Header(0, 0, 6, destination_port=port)


def walks(net: Network, port: int) -> Iterator[Trace]:
    """Every walk from the first rule on, whatever is chosen."""
    todo: list[dict[Site, int]] = [{}]
    while todo:
        given = todo.pop()
        trace = evaluate(net, "rules 0", header(port), choices=given)
        yield trace
        for hop in trace.hops:
            site = Site(hop.node, hop.before, 0)
            stages = net.node(hop.node).stages
            options = getattr(stages[0], "options", ())
            if options and site not in given:
                todo += [{**given, site: n} for n in range(1, len(options))]
                given[site] = 0


def outcomes(net: Network, port: int) -> set[str]:
    found = walks(net, port)
    return {trace.owner if trace.fate is Fate.DELIVERED else "" for trace in found}


def by_hand(items: tuple[Item, ...], rest: Item, port: int) -> set[str]:
    """Where the packet goes under every way in which the uncertain rules match or do not."""
    found = set()
    for each in items:
        if any(header(port) in space for space in each.spaces):
            found.add(each.outcome)
            if each.certain:
                return found
    return found | {rest.outcome}


def drawn(rng: Random, most: int = 6) -> tuple[Item, ...]:
    return tuple(
        item(
            f"rule {n}",
            rng.choice(("", "", "passed", "passed", "other")),
            *rng.sample(PORTS, rng.choice((1, 2, 3))),
            certain=rng.random() < 0.5,
        )
        for n in range(rng.randint(0, most))
    )


@pytest.mark.parametrize("block", [400, 3])
@pytest.mark.parametrize("seed", range(100))
def test_it_gets_through_where_some_way_of_matching_lets_it(
    seed: int, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And is dropped, unless something is assumed, where every way drops it; in however many nodes
    the list stands."""
    monkeypatch.setattr(ordered, "MOST_SPACES", block)
    rng = Random(seed)
    items, rest = drawn(rng, 12), otherwise(rng.choice(("", "passed")))
    against = () if rest.outcome else (ANYTHING,)
    net = network(settled(items, against), rest)
    for port in PORTS:
        possible, wanted = outcomes(net, port), by_hand(items, rest, port)
        assert bool(possible - {""}) is bool(wanted - {""}), (items, port)
        assert possible <= wanted | {""}
        if wanted == {""}:
            assert possible == {""}


@pytest.mark.parametrize("seed", range(60))
def test_rules_that_are_certain_stay_what_they_are(seed: int) -> None:
    """Without a rule that may match there is no choice, and the first match decides."""
    rng = Random(seed)
    items = tuple(each for each in drawn(rng) if each.certain)
    rest = otherwise(rng.choice(("", "passed")))
    net = network(settled(items, ()), rest)
    for port in PORTS:
        assert outcomes(net, port) == by_hand(items, rest, port)


def said(items: tuple[Item, ...], rest: str, port: int) -> list[str]:
    """What is assumed where everything goes the first way."""
    net = network(settled(items, () if rest else (ANYTHING,)), otherwise(rest))
    trace = evaluate(net, "rules 0", header(port))
    return [origin.words for origin in trace.choices]


def test_a_long_list_is_a_chain_of_nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each node holds some of the rules, and what none of them matches goes to the next."""
    monkeypatch.setattr(ordered, "MOST_SPACES", 2)
    items = tuple(item(f"drop {n}", "", n % 3) for n in range(6))
    net = network(items, otherwise("passed"))
    trace = evaluate(net, "rules 0", header(3))
    assert [hop.node for hop in trace.hops] == ["rules 0", "rules 2", "rules 4", "to passed"]
    assert evaluate(net, "rules 0", header(2)).origin.resource == "drop 2"


def test_what_is_assumed_is_said() -> None:
    """Of a run of rules that may match alike, once."""
    drops = tuple(item(f"drop {n}", "", 1, certain=False) for n in range(3))
    assert said(drops, "passed", 1) == ["assumed: drop 0 does not match (and 2 more)"]
    assert said(drops, "passed", 2) == []


def test_nothing_is_assumed_that_makes_no_difference() -> None:
    """A rule that may pass what passes anyway is left out; certain rules beside it decide first."""
    assert said((item("pass", "passed", 1, certain=False),), "passed", 1) == []
    both = (item("may", "", 1, certain=False), item("must", "", 1))
    net = network(settled(both, ()), otherwise("passed"))
    assert outcomes(net, 1) == {""}
    passes = item("pass", "passed", 1, 2, certain=False)
    later = item("drop", "", 1)
    assert said((passes, later), "passed", 2) == []
    assert said((passes, later), "passed", 1) == ["assumed: pass does not match"]


def test_order_counts_between_what_decides_otherwise() -> None:
    """A drop before a pass, a pass before a drop."""
    drop, passes = item("drop", "", 1), item("pass", "passed", 1, 2)
    first = network(settled((drop, passes), ()), otherwise(""))
    assert (outcomes(first, 1), outcomes(first, 2), outcomes(first, 3)) == ({""}, {"passed"}, {""})
    second = network(settled((passes, drop), ()), otherwise(""))
    assert outcomes(second, 1) == {"passed"}


def test_a_doubt() -> None:
    """What nobody can tell is met where no certain rule before it decides."""
    items = (item("pass", "passed", 1), item("gap", "passed", doubt=True), item("drop", "", 2))
    net = network(settled(items, ()), otherwise("passed"))
    traces = {port: evaluate(net, "rules 0", header(port)) for port in (1, 2)}
    assert [d.resource for d in traces[1].doubts] == []
    assert [d.resource for d in traces[2].doubts] == ["gap"]


def test_a_rule_that_stops_the_flow() -> None:
    """Its packet goes on, and it counts as one that drops: what may pass before it is kept."""
    cut = Item((on(1),), "cut 0", Origin("cut", "drops later packets"), stops=True)
    passes = item("pass", "passed", 1, 2, certain=False)
    net = network(settled((passes, cut), ()), otherwise("passed"))
    assert outcomes(net, 1) == {"passed", "cut 0"}
    assert outcomes(net, 2) == {"passed"}
    uncertain = Item((on(1),), "cut 0", cut.origin, certain=False, stops=True)
    net = network(settled((uncertain,), ()), otherwise("passed"))
    assert outcomes(net, 1) == {"passed"}
