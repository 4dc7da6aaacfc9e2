"""A flow is a packet with the end that it comes to: what came to another one was another flow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import reach
from reach.comparing.difference import Difference
from tests.estate import Pair, Record
from tests.test_diff_lines import apart, told, without_sets

UNKNOWN = {"OdbNetworkArn": "arn:aws:odb:us-east-1:111122223333:odb-network/odbnet_abc"}


def sent_to(e: Pair, routes: list[Record], cidr: str, target: Record) -> None:
    """The route to a block, with this target and no other one."""
    routes[:] = [each for each in routes if each.get("DestinationCidrBlock") != cidr]
    state = {"State": "active", "Origin": "CreateRoute"}
    routes.append({"DestinationCidrBlock": cidr, **target, **state})


def another_host() -> list[Pair]:
    """A's way to 10.2.0.0/16 is to B2, whose replies meet what is not known, and then to a host
    of another VPC that has the same addresses."""
    made = []
    for instead in (False, True):
        e = Pair()
        e.peered()
        sent_to(e, e.t2.record["Routes"], "10.0.0.0/16", UNKNOWN)
        v3 = e.vpc("10.2.0.0/16", name="v3")
        s3 = e.subnet(v3, "10.2.0.0/24", "a", name="s3")
        e.instance("b3", s3, "10.2.0.5")
        pcx = e.peering(e.v1, v3, name="instead")
        e.route(e.table(v3, [s3], name="t3"), "10.0.0.0/16", pcx)
        if instead:
            to = {"VpcPeeringConnectionId": str(pcx)}
            sent_to(e, e.ta.record["Routes"], "10.2.0.0/16", to)
        made.append(e)
    return made


def another_address() -> list[Pair]:
    """An Elastic IP is moved from one address of a host to the other one, whose replies get back
    as the way out is known then."""
    made = []
    for address in ("10.0.0.60", "10.0.0.61"):
        e = Pair()
        e.online(e.ta)
        host = e.instance("h", e.sa, "10.0.0.60", secondary={"10.0.0.61": None})
        e.public(host, "198.51.100.71", ip=address)
        if address == "10.0.0.60":
            sent_to(e, e.ta.record["Routes"], "0.0.0.0/0", UNKNOWN)
        made.append(e)
    return made


def changes(found: Difference) -> set[tuple[str, str, str, str, tuple[str, ...]]]:
    """Of each line and pair, between whom and what became of it."""
    return {
        (line.was.value, line.now.value, named(source.name), named(end.name), end.addresses)
        for line in (*found.gained, *found.lost, *found.undecided)
        for source in line.sources
        for end in line.destinations
        if source != end
    }


def without_nodes(told: Any) -> Any:
    """The same whether a host sends by a node of its own or by that of its likes."""
    if isinstance(told, dict):
        return {key: without_nodes(value) for key, value in told.items() if key != "node"}
    return [*map(without_nodes, told)] if isinstance(told, list) else told


def named(name: str) -> str:
    return name.split()[-1] if name else "outside"


@pytest.mark.parametrize(
    ("estates", "source", "before", "after"),
    [
        (another_host, "a", ("b2", ("10.2.0.5",)), ("b3", ("10.2.0.5",))),
        (another_address, "outside", ("h", ("10.0.0.60",)), ("h", ("10.0.0.61",))),
    ],
)
def test_what_came_to_another_end_was_another_flow(
    estates: Callable[[], list[Pair]],
    source: str,
    before: tuple[str, tuple[str, ...]],
    after: tuple[str, tuple[str, ...]],
) -> None:
    """It was undecided at one end, and gets through to the other one: neither verdict is lent to
    the other flow, and neither is left out.  Near what was edited and everywhere."""
    one, other = (each.load() for each in estates())
    there = {
        ("undecided", "unreachable", source, *before),
        ("unreachable", "reachable", source, *after),
    }
    back = {(now, was, *ends) for was, now, *ends in there}
    for snapshots, expected in (((one, other), there), ((other, one), back)):
        found = reach.diff(*snapshots)
        assert found.complete
        between = {each for each in changes(found) if each[2] == source}
        assert {each for each in between if each[3:] in (before, after)} == expected
        everywhere = reach.diff(*snapshots, narrow=False)
        assert without_nodes(found.to_dict()) == without_nodes(everywhere.to_dict())


@pytest.mark.parametrize(
    "estates", [another_host, pytest.param(another_address, marks=pytest.mark.deep)]
)
def test_the_solver_alone_tells_the_same(
    estates: Callable[[], list[Pair]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sets and the solver take the same for one end."""
    one, other = (each.load() for each in estates())
    both = (one, other), (other, one)
    by_sets = [told(reach.diff(*snapshots)) for snapshots in both]
    without_sets(monkeypatch)
    solved = [reach.diff(*snapshots, narrow=False) for snapshots in both]
    assert all(each.complete for each in solved)
    assert [apart(*pair) for pair in zip(by_sets, map(told, solved), strict=True)] == [[], []]
