"""What nobody sent before is told by sets of the one network; the solver alone tells the same.

Pairs of random small networks that have little or nothing in common: of other ids, of the same ids
with other rules and ways, or with a host, an address, a VPC or the internet more or less.  The
oracles are the exact search of the solver, to which sets tell nothing; and :func:`reach.ask`, which
compares nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import product
from random import Random
from typing import Any

import pytest

import reach
from reach.aim import Start
from reach.answer import EndPoint
from reach.comparing import differing, sweeping
from reach.comparing.difference import Difference, Line
from reach.comparing.sweeping import Swept
from reach.errors import Defect
from reach.flood import uncovered
from reach.network.header_space import HeaderSpace, Ranges
from reach.network.node import Network
from reach.resolve import everywhere
from tests.estate import Id, Pair
from tests.estates import balancers
from tests.test_diff_lines import (
    EXPECTED,
    PROBES,
    RULES,
    World,
    addressed,
    apart,
    claimed,
    claims,
    solver_alone,
    some,
)

SEEDS = [*range(5), *(pytest.param(seed, marks=pytest.mark.deep) for seed in range(5, 60))]
MOST_KINDS, MOST_ASKED = 2000, 60


class Few(Pair):
    """Two or three hosts, what lets them speak, and sometimes the internet, a balancer, a doubt."""

    def __init__(self, rng: Random, salt: str = "") -> None:
        super().__init__(ipv6=rng.random() < 0.2, salt=salt)
        self.rng = rng
        self.hosts: list[Id] = [self.a, self.b]
        how = rng.choice(("alone", "apart", "peering"))
        if how != "alone":
            self.peered() if how == "peering" else self.second()
            self.hosts.append(self.b2)
        ways = rng.choice(("none", "none", "internet", "nat"))
        if ways == "nat":
            self.natted(self.tb)
        elif ways == "internet":
            self.online(self.ta)
            self.public(self.a, "198.51.100.71")
        for host in self.hosts:
            own = self.group(host.vpc, [rng.choice(RULES)], name=f"of {host.ip}")
            self.wear(host, own)
            if rng.random() < 0.1:
                self.permit(own, "tcp/53 pl-0123456789abcdef0")
        if rng.random() < 0.3:
            self.balanced(rng.random() < 0.5)

    def balanced(self, preserve: bool) -> None:
        made = balancers.balancer(self, "network", "front", {self.sa: "10.0.0.40"})
        targets = balancers.target_group(
            self, self.v1, "one", "TCP", 80, [self.b], preserve=preserve
        )
        balancers.listen(self, made, "TCP", 81, targets)

    def more(self) -> None:
        """Somebody, or some address, more; with another rule besides."""
        rng = self.rng
        kind = rng.choice(("host", "address", "network", "public"))
        if kind == "address":
            rows = self.b.eni.record["PrivateIpAddresses"]
            rows.append({"Primary": False, "PrivateIpAddress": "10.0.1.77"})
        elif kind == "network" and self.b not in self.hosts[2:]:
            vpc = self.vpc("10.7.0.0/16", name="more")
            subnet = self.subnet(vpc, "10.7.0.0/24", "a", name="more")
            self.hosts += [self.instance(f"m{n}", subnet, f"10.7.0.{n}") for n in (5, 6)]
        elif kind == "public" and self.gateway is None:
            self.online(self.ta)
            self.public(self.a, "198.51.100.71")
        else:
            self.hosts.append(self.instance("more", self.sa, "10.0.0.88"))
        if rng.random() < 0.5:
            self.permit(self.group_of(self.b), f"{rng.choice(('all', 'tcp/22'))} 10.0.0.0/16")

    def group_of(self, host: Id) -> Id:
        return self.ids[host.eni.record["Groups"][0]["GroupId"]]


def unrelated(seed: int) -> tuple[Few, Few]:
    """Two networks that share no id."""
    return Few(Random(f"new/{seed}/one")), Few(Random(f"new/{seed}/other"), salt="elsewhere")


def alike(seed: int) -> tuple[Few, Few]:
    """Two networks of which hosts have the same ids, and all else differs."""
    return Few(Random(f"new/{seed}/one")), Few(Random(f"new/{seed}/other"))


def grown(seed: int) -> tuple[Few, Few]:
    """A network, and the same with somebody more; or the reverse."""
    one, other = (Few(Random(f"new/{seed}/grown")) for _ in range(2))
    other.more()
    return (one, other) if seed % 2 else (other, one)


@pytest.fixture(autouse=True)
def of_flows_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in ``tests/test_diff_lines.py``: a difference is of flows."""
    monkeypatch.setattr("reach.resolve.own_flow", lambda _: None)


def solved(snapshots: tuple[Any, Any]) -> dict[Any, list[HeaderSpace]]:
    """What the solver alone tells."""
    with solver_alone():
        found = reach.diff(*snapshots, narrow=False, most=MOST_KINDS)
    assert found.complete, found.reason
    return fitting(found)


def fitting(found: Difference) -> dict[Any, list[HeaderSpace]]:
    """The packets of each pair of addresses, without the messages of the other family.

    Of somebody beyond some addresses are told, by how his flows were put together: they are left.
    """
    known: dict[Any, list[HeaderSpace]] = {}
    for number, lines in enumerate((found.gained, found.lost, found.undecided)):
        for line in lines:
            for source, end in product(line.sources, line.destinations):
                for at in product(_own(source), _own(end)):
                    six = {":" in each for each in at if each}
                    if source.resource != end.resource and len(six) < 2:
                        own = [each & _OF[True in six] for each in line.packets]
                        key = (number, source.resource, end.resource, *at)
                        known.setdefault(key, []).extend(e for e in own if not e.is_empty)
    return known


def _own(end: EndPoint) -> tuple[str, ...]:
    return end.addresses if end.resource.startswith("eni-") else ("",)


_OF = [HeaderSpace.where(protocol=Ranges.span(0, 255) - Ranges.of(other)) for other in (58, 1)]


@pytest.mark.parametrize("seed", SEEDS)
def test_sets_and_the_solver_alone_tell_the_same(seed: int) -> None:
    """Pair by pair, packet by packet: gained, lost and undecided."""
    snapshots = tuple(each.load() for each in grown(seed))
    found = reach.diff(*snapshots)
    assert found.complete
    assert apart(fitting(found), solved(snapshots)) == []


@pytest.mark.parametrize("make", [unrelated, alike])
@pytest.mark.parametrize("seed", SEEDS)
def test_of_a_few_senders_the_solver_tells_the_same(
    make: Callable[[int], tuple[Few, Few]], seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two kinds of packets of each: of all of two networks that takes it many minutes."""
    snapshots = tuple(each.load() for each in make(seed))
    found = reach.diff(*snapshots)
    rng, real = Random(f"new/{seed}/left"), sweeping.swept_new
    left: list[Start] = []

    def swept_new(network: Network, starts: Sequence[Start], two_way: bool) -> Swept:
        some = rng.sample(starts, min(2, len(starts)))
        left.extend(some)
        told = real(network, [start for start in starts if start not in some], two_way)
        return replace(told, rest=(*told.rest, *some))

    monkeypatch.setattr(differing, "swept_new", swept_new)
    other = reach.diff(*snapshots, most=MOST_KINDS)
    assert left or make is not unrelated
    assert found.complete
    assert other.complete
    assert apart(fitting(found), fitting(other)) == []


@pytest.mark.parametrize("make", [unrelated, alike, grown])
@pytest.mark.parametrize("seed", SEEDS)
def test_questions_say_the_same(make: Callable[[int], tuple[Few, Few]], seed: int) -> None:
    """Of each pair of hosts, and of corners of what is claimed."""
    worlds = make(seed)
    snapshots = worlds[0].load(), worlds[1].load()
    found = reach.diff(*snapshots)
    assert found.complete
    assert untrue(snapshots, found, worlds) == []
    assert unclaimed(snapshots, found, worlds) == []


@pytest.mark.parametrize("make", [unrelated, alike])
def test_sets_leave_nothing_of_what_is_new(
    make: Callable[[int], tuple[Few, Few]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that nothing is enumerated by the solver, which takes minutes."""
    left: list[Any] = []
    real = sweeping.swept_new

    def swept_new(*given: Any) -> Swept:
        found = real(*given)
        left.extend(found.rest)
        return found

    monkeypatch.setattr(differing, "swept_new", swept_new)
    for seed in range(5):
        worlds = make(seed)
        assert reach.diff(worlds[0].load(), worlds[1].load()).complete
    assert left == []


@pytest.mark.parametrize("make", [unrelated, alike])
def test_a_doubt_on_the_way_to_somebody_else_is_none_of_this_end(
    make: Callable[[int], tuple[Few, Few]],
) -> None:
    """What may have come to a host at its public address, and now goes to the internet there: it
    was raised that a walk says otherwise than sets."""
    worlds = make(22)
    assert reach.diff(worlds[0].load(), worlds[1].load()).complete


@pytest.mark.parametrize("seed", range(4))
def test_so_many_flows_that_others_are_not_looked_for(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That is said, and what is told between hosts is true: of others some addresses are told."""
    worlds = unrelated(seed)
    snapshots = worlds[0].load(), worlds[1].load()
    whole = reach.diff(*snapshots)
    assert whole.complete
    monkeypatch.setattr(sweeping, "MOST_NEW", 5)
    found = reach.diff(*snapshots)
    assert not found.complete
    assert not found.is_nothing
    assert "there may be more" in found.reason
    every = fitting(whole)
    assert not [
        (key, space)
        for key, spaces in fitting(found).items()
        for space in spaces
        if key[1].startswith("eni-") and key[2].startswith("eni-")
        if uncovered(space, every.get(key, ()))
    ]


# ------------------------------------------------------------------- seeded faults


def test_taking_what_is_new_to_be_told_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A seeded omission: nothing of what nobody sent before is found by sets, nor left."""
    worlds = grown(1)
    snapshots = worlds[0].load(), worlds[1].load()
    expected = solved(snapshots)
    assert apart(fitting(reach.diff(*snapshots, narrow=False)), expected) == []
    monkeypatch.setattr(differing, "swept_new", lambda *_: Swept((), ()))
    assert apart(fitting(reach.diff(*snapshots, narrow=False)), expected) != []


def test_taking_what_was_sent_to_be_new_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A seeded excess: all that starts is said to be new; that is walked, and raised."""
    one, other = (Few(Random("new/worn")) for _ in range(2))
    other.permit(other.group_of(other.b), "tcp/2000 10.0.0.0/16")
    other.hosts.append(other.instance("more", other.sa, "10.0.0.88"))
    snapshots = one.load(), other.load()
    assert reach.diff(*snapshots, narrow=False).complete
    monkeypatch.setattr(differing, "new_starts", lambda pair: list(everywhere(pair.after)))
    with pytest.raises(Defect, match="as sets say"):
        reach.diff(*snapshots, narrow=False)


def untrue(
    snapshots: tuple[Any, Any], found: Difference, worlds: tuple[Few, Few]
) -> list[tuple[str, Any]]:
    """Claims that questions do not bear out."""
    wrong = []
    for side, lines in (("gained", found.gained), ("lost", found.lost)):
        there = worlds[side == "gained"]
        own = {str(host.eni) for host in there.hosts}
        every = [
            claim
            for line in lines
            for claim in claims(line)
            if {claim[0].resource, claim[1].resource} <= own
        ]
        for source, end, packet in some(there.rng, every, MOST_ASKED):
            tried = (
                answered(snapshots, source.resource, end.resource, {**packet, "destination": to})
                for to in addressed(there.hosts, packet["destination"], World.fronts)
            )
            if EXPECTED[side] not in tried:
                wrong.append((side, (source.resource, end.resource, packet)))
    return wrong


def answered(
    snapshots: tuple[Any, Any], source: str, end: str, packet: dict[str, str]
) -> tuple[str, ...]:
    """What each snapshot says of a packet: who is not there, or has no such address, sends none."""
    at_source = {name: value for name, value in packet.items() if value}
    text = f"can {source} reach {end}"
    if "icmp-type" in at_source:
        del at_source["protocol"]
        text += f" icmp {at_source.pop('icmp-type')}/{at_source.pop('icmp-code', '0')}"
    return tuple(_verdict(each, text, at_source=at_source) for each in snapshots)


def _verdict(snapshot: Any, text: str, **given: Any) -> str:
    try:
        return str(reach.ask(snapshot, text, **given).verdict)
    except reach.QuestionError:
        return "unreachable"


def unclaimed(
    snapshots: tuple[Any, Any], found: Difference, worlds: tuple[Few, Few]
) -> list[tuple[str, ...]]:
    """Questions whose verdict changes of which no line says so."""
    return [
        (side, *asked)
        for side, lines in (("gained", found.gained), ("lost", found.lost))
        for asked in some(worlds[0].rng, list(_probes(worlds[side == "gained"])), MOST_ASKED)
        if _is_missing(snapshots, side, lines, *asked)
    ]


def _probes(world: Few) -> Iterator[tuple[str, str, str]]:
    who = [str(host.eni) for host in world.hosts]
    yield from (each for each in product([*who, "internet"], who, PROBES) if each[0] != each[1])


def _is_missing(
    snapshots: tuple[Any, Any],
    side: str,
    lines: tuple[Line, ...],
    source: str,
    end: str,
    probe: str,
) -> bool:
    text = f"can {source} reach {end} {probe}"
    if tuple(_verdict(each, text) for each in snapshots) != EXPECTED[side]:
        return False
    witness = reach.ask(snapshots[side == "gained"], text).witness
    assert witness is not None
    return not any(claimed(line, source, end, witness.packet) for line in lines)
