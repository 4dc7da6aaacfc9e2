"""Places: isolation asked of all hosts of a subnet at once is what hosts by themselves say."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

import reach
from reach.errors import QuestionError
from reach.network.node import Node
from reach.network.stage import Origin, Unmodelled
from reach.reduce import PASSES, PLACES
from reach.snapshot.records import NetworkInterface, Subnet, Vpc
from reach.snapshot.snapshot import Snapshot
from reach.survey import places, survey
from reach.survey.findings import Isolation, Standing, Survey
from tests.bazaar import Bazaar
from tests.crowds import Crowd
from tests.estate import Pair
from tests.fair import Fair
from tests.traps.damage import (
    drawn,
    with_words,
    without_calls,
    without_lists,
    without_records,
)

BY_HOSTS = tuple(PASSES.keys() - {PLACES})
PACKETS = ("", "port 22", "port 443", "icmp", "port 53/udp")


def both(snapshot: Snapshot, one: str, other: str, packet: str = "") -> tuple[Isolation, Isolation]:
    """With places, and without."""
    with_places = reach.isolated(snapshot, one, other, packet)
    return with_places, reach.isolated(snapshot, one, other, packet, reductions=BY_HOSTS)


def said(found: Isolation) -> dict[str, Any]:
    """All but how it was proved, and how long that took."""
    return {
        way: {
            key: value for key, value in each.to_dict().items() if key not in ("proof", "seconds")
        }
        for way, each in (("there", found.there), ("back", found.back))
    }


def is_of_places(found: Survey) -> bool:
    return "nothing of it comes to a host" in found.proof


def ends_of(snapshot: Snapshot, rng: Random) -> tuple[str, str]:
    """Some things that are one side or the other."""
    names = [
        [each.vpc_id for each in snapshot.records(Vpc)],
        [each.subnet_id for each in snapshot.records(Subnet)],
        [each.network_interface_id for each in snapshot.records(NetworkInterface)],
        ["internet", "any"],
    ]
    one, other = (rng.choice(rng.choice([some for some in names if some])) for _ in range(2))
    return one, other


@pytest.mark.parametrize("kind", [Crowd, Bazaar, Fair])
@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(n, marks=pytest.mark.deep) for n in range(1, 60))]
)
def test_isolation_is_the_same_without(seed: int, kind: type[Crowd | Bazaar]) -> None:
    snapshot, rng = kind(seed).load(), Random(f"places/{seed}")
    for _ in range(4):
        packet = rng.choice(PACKETS)
        one, other = ends_of(snapshot, rng)
        found, by_hosts = both(snapshot, one, other, packet)
        assert said(found) == said(by_hosts)


@pytest.mark.parametrize(
    ("seed", "most"),
    [(0, 12), *(pytest.param(n, 60, marks=pytest.mark.deep) for n in range(1, 40))],
)
def test_isolation_of_what_has_lost_something_is_the_same_without(seed: int, most: int) -> None:
    """A record, a call, a list, or a word that is none of AWS's, in any sample."""
    rng = Random(f"damaged places/{seed}")
    lost = (without_records, without_calls, without_lists, with_words)
    for sample, damage, snapshot in drawn(rng, most, lost):
        one, other = ends_of(snapshot, rng)
        try:
            found, by_hosts = both(snapshot, one, other, rng.choice(PACKETS))
        except QuestionError:
            continue
        assert said(found) == said(by_hosts), (sample.name, damage.lost, one, other)


def test_a_host_that_does_not_say_where_it_leads_is_looked_at() -> None:
    node = Node("network_interface/eni-1/emit", (Unmodelled(Origin("eni-1", "is unknown")),))
    assert [*places._ways(node)] == [places._UNKNOWN]


def test_what_no_way_leads_to_is_told_without_looking_at_hosts() -> None:
    e = Pair()
    apart = e.subnet(e.vpc("10.9.0.0/16", name="v9"), "10.9.1.0/24")
    e.instance("c", apart, "10.9.1.5")
    found, by_hosts = both(e.load(), str(e.v1), str(apart))
    assert found.standing is Standing.NOTHING
    assert said(found) == said(by_hosts)
    assert all(map(is_of_places, (found.there, found.back)))
    assert not any(map(is_of_places, (by_hosts.there, by_hosts.back)))


def test_where_only_a_group_keeps_them_apart_hosts_are_looked_at() -> None:
    e = Pair()
    e.wear(e.b, e.group(e.v1, ["tcp/443 any"], name="web"))
    found, by_hosts = both(e.load(), str(e.sa), str(e.sb), "port 22")
    assert said(found) == said(by_hosts)
    assert not found.there.accesses
    assert found.there.complete
    assert not is_of_places(found.there)


def test_an_acl_keeps_places_apart() -> None:
    """Of some packets; of others it does not."""
    e = Pair()
    e.acl(
        e.v1,
        [e.sb],
        ["100 deny tcp/22 10.0.0.0/24", "200 allow all 0.0.0.0/0"],
        ["100 allow all 0.0.0.0/0"],
    )
    found, by_hosts = both(e.load(), str(e.sa), str(e.sb), "port 22")
    assert is_of_places(found.there)
    assert said(found) == said(by_hosts)
    found, by_hosts = both(e.load(), str(e.sa), str(e.sb), "port 23")
    assert found.there.accesses
    assert said(found) == said(by_hosts)


def test_two_interfaces_of_an_instance_on_both_sides() -> None:
    """What it sends to itself leaves none of its own nodes: so it is looked at."""
    e = Pair()
    first = e.instance("d", e.sa, "10.0.0.30")
    e.interface(e.sb, "10.0.1.30", on=first)
    e.acl(e.v1, [e.sa], ["100 deny all 0.0.0.0/0"], ["100 deny all 0.0.0.0/0"])
    found, by_hosts = both(e.load(), str(e.sa), str(e.sb))
    assert said(found) == said(by_hosts)
    assert not is_of_places(found.there)


@pytest.mark.parametrize("faulty", ["nobody sends", "a host is nobody"])
def test_an_omission_is_noticed(faulty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of either thing that the proof rests on and the solver is not asked."""
    e = Pair()
    if faulty == "nobody sends":
        monkeypatch.setattr(places, "exits", lambda *_: set())
    else:
        monkeypatch.setattr(places, "_network", lambda ground, _: without_hosts(ground))
    found, by_hosts = both(e.load(), str(e.sa), str(e.sb))
    assert by_hosts.standing is Standing.SOMETHING
    assert said(found) != said(by_hosts)


def without_hosts(ground: Any) -> Any:
    """Whoever is plain drops all that comes to him."""
    from reach.interfaces.plain import plain
    from reach.network.node import Network
    from reach.network.stage import Forward

    hosts = plain(ground)
    nowhere = Forward((), Origin("", "nowhere"))

    def make(name: str) -> Node:
        return Node(name, (nowhere,)) if hosts.family(name) else ground.network.node(name)

    return Network(make)


def test_other_surveys_are_not_asked_of_places(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("asked of places")

    monkeypatch.setattr(survey, "by_place", refuse)
    snapshot = Pair().load()
    assert reach.matrix(snapshot, packet="port 22").accesses
    assert reach.exposure(snapshot, packet="port 22").complete
