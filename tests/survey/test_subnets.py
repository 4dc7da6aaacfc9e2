"""Subnets: a matrix first made of hosts that wear their subnets' groups is that of all hosts."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest

import reach
from bench.grow import Size, write
from reach.aws import security_group
from reach.errors import QuestionError
from reach.evaluate import evaluate
from reach.interfaces.classes import classes
from reach.lower import lower
from reach.network.address import is_ipv4
from reach.network.field import Header
from reach.reduce import PASSES, SUBNETS
from reach.snapshot.index import private_addresses
from reach.snapshot.records import NetworkInterface
from reach.snapshot.snapshot import Snapshot
from reach.survey.findings import Survey, services_words
from reach.trace import Fate, Trace
from tests.bazaar import Bazaar
from tests.crowds import Crowd
from tests.estate import Pair
from tests.fair import Fair
from tests.traps.damage import (
    SAMPLES,
    drawn,
    with_words,
    without_calls,
    without_lists,
    without_records,
)

BY_HOSTS = tuple(PASSES.keys() - {SUBNETS})
PACKETS = ("", "port 22", "port 443", "icmp", "port 53/udp", "port 1000-9000")


def both(snapshot: Snapshot, **how: Any) -> tuple[Survey, Survey]:
    """With hosts that wear the groups of their subnets, and with hosts as they are."""
    by_subnet = reach.matrix(snapshot, **how)
    return by_subnet, reach.matrix(snapshot, **how, reductions=BY_HOSTS)


def said(found: Survey) -> Any:
    """Who reaches whom with which services, what is open, and that nothing is missing: all but the
    examples, and how the services of a pair are cut."""
    services: dict[tuple[str, str], tuple[Any, ...]] = {}
    for each in found.accesses:
        pair = each.source, each.destination
        services[pair] = (*services.get(pair, ()), *each.services)
    words = {pair: services_words(every) for pair, every in services.items()}
    opened = {(each.source, each.destination, each.gaps) for each in found.open}
    groups = (dict(found.sources), dict(found.destinations))
    return words, opened, groups, found.complete, found.gaps, found.notes


def is_by_subnet(found: Survey) -> bool:
    return "as if each wore" in found.proof


@pytest.mark.parametrize("kind", [Crowd, Bazaar, Fair])
@pytest.mark.parametrize(
    "seed", [0, 1, *(pytest.param(n, marks=pytest.mark.deep) for n in range(2, 60))]
)
def test_a_matrix_is_the_same_without(seed: int, kind: type[Crowd | Bazaar]) -> None:
    snapshot, rng = kind(seed).load(), Random(f"subnets/{seed}")
    for by in ("vpc", "account"):
        how: Any = {"packet": rng.choice(PACKETS), "by": by, "one_way": rng.random() < 0.3}
        found, by_hosts = both(snapshot, **how)
        assert is_by_subnet(found) is bool(how["packet"])
        assert not is_by_subnet(by_hosts)
        assert said(found) == said(by_hosts), how


@pytest.mark.parametrize("packet", ["port 22", "port 443", "icmp"])
def test_of_every_sample_it_is_the_same_without(packet: str) -> None:
    for path in sorted(SAMPLES.glob("*/snapshot")):
        found, by_hosts = both(reach.load(path), packet=packet, by="vpc")
        assert said(found) == said(by_hosts), path


@pytest.mark.parametrize(
    ("seed", "most"),
    [(0, 8), *(pytest.param(n, 40, marks=pytest.mark.deep) for n in range(1, 30))],
)
def test_of_what_has_lost_something_it_is_the_same_without(seed: int, most: int) -> None:
    """A record, a call, a list, or a word that is none of AWS's, in any sample."""
    rng = Random(f"damaged subnets/{seed}")
    lost = (without_records, without_calls, without_lists, with_words)
    for sample, damage, snapshot in drawn(rng, most, lost):
        try:
            found, by_hosts = both(snapshot, packet=rng.choice(PACKETS), by="vpc")
        except QuestionError:
            continue
        assert said(found) == said(by_hosts), (sample.name, damage.lost)


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    path = tmp_path_factory.mktemp("grown") / "estate"
    write(path, Size(interfaces=250, vpcs=3, mixed=True))
    return reach.load(path)


@pytest.mark.parametrize("packet", ["port 22", "port 443"])
def test_a_grown_estate(grown: Snapshot, packet: str) -> None:
    found, by_hosts = both(grown, packet=packet, by="vpc")
    assert found.accesses
    assert said(found) == said(by_hosts)


@pytest.mark.parametrize("kind", [Crowd, Bazaar, Fair])
@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(n, marks=pytest.mark.deep) for n in range(1, 40))]
)
def test_whatever_gets_there_gets_there_with_more_groups(
    seed: int, kind: type[Crowd | Bazaar]
) -> None:
    """Packet by packet, between any two hosts: what the proof takes for granted."""
    snapshot, rng = kind(seed).load(), Random(f"more groups/{seed}")
    exact = lower(snapshot)
    together = exact.in_subnets()
    hosts = [
        each for each in exact.index.interfaces if exact.interface_node(each).endswith("admit")
    ]
    hosts = [each for each in hosts if exact.interface_node(each).startswith("network_interface/")]
    arrived = 0
    for _ in range(400):
        one, other = rng.choice(hosts), rng.choice(hosts)
        packet = between(one, other, rng)
        if packet is None:
            continue
        as_it_is, with_more = (sent(ground, one, packet) for ground in (exact, together))
        # What stays inside an instance counts for nobody.
        if as_it_is.fate is Fate.DELIVERED and not as_it_is.inside:
            arrived += 1
            assert with_more.fate is Fate.DELIVERED, (one.network_interface_id, packet)
            assert with_more.owner == owner_in(exact, together, as_it_is.owner, other)
    assert arrived or seed


def owner_in(exact: Any, together: Any, owner: str, other: NetworkInterface) -> str:
    """The same owner where hosts wear the groups of their subnets: of the interface that was
    sent to."""
    kind, _, name = owner.partition("/")
    alike = classes(exact).members(name) if kind == "network_interface" else ()
    if not alike:
        return owner
    meant = other if other in alike else alike[0]
    return f"{kind}/{classes(together).of(meant.network_interface_id)}"


def sent(ground: Any, interface: NetworkInterface, packet: Header) -> Trace:
    node = f"network_interface/{classes(ground).of(interface.network_interface_id)}/emit"
    return evaluate(ground.network, node, packet)


def between(one: NetworkInterface, other: NetworkInterface, rng: Random) -> Header | None:
    ends = [
        (source, to)
        for source in private_addresses(one)
        for to in private_addresses(other)
        if is_ipv4(source) is is_ipv4(to) and source != to
    ]
    if not ends:
        return None
    source, to = rng.choice(ends)
    port = rng.choice((22, 53, 80, 443, 5432, 8080, rng.randrange(1, 65536)))
    return Header(source, to, rng.choice((6, 6, 6, 17)), 50000, port, 0, 0)


def test_of_what_is_smaller_than_a_vpc_hosts_are_looked_at() -> None:
    """And of packets of every kind."""
    snapshot = Pair().load()
    for by in ("subnet", "group", "endpoint", "tag:Name"):
        assert not is_by_subnet(reach.matrix(snapshot, packet="port 22", by=by))
    assert is_by_subnet(reach.matrix(snapshot, packet="port 22", by="vpc"))
    assert not is_by_subnet(reach.matrix(snapshot, by="vpc"))


def test_what_only_the_groups_of_others_would_let_pass_is_refuted() -> None:
    """One host of a subnet may be reached by another VPC, and another one's port is open to its
    own: nobody is reached by the other VPC at that port."""
    e = Pair()
    e.wear(e.a, e.group(e.v1, ["tcp/22 10.0.0.0/16"], name="inside"))
    e.instance("c", e.sa, "10.0.0.9")
    snapshot = e.load()
    found, by_hosts = both(snapshot, packet="port 22", by="vpc")
    assert said(found) == said(by_hosts)


def test_an_omission_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of what the proof rests on and the solver is not asked: a class wears what any of it does."""
    snapshot = only_the_last_is_open().load()
    found, by_hosts = both(snapshot, packet="port 22", by="vpc")
    assert by_hosts.accesses
    assert said(found) == said(by_hosts)
    monkeypatch.setattr(security_group, "wears", worn_by_itself)
    found, by_hosts = both(only_the_last_is_open().load(), packet="port 22", by="vpc")
    assert said(found) != said(by_hosts)


def worn_by_itself(_: Any, interface: NetworkInterface) -> frozenset[str]:
    return frozenset(each.group_id for each in interface.groups)


def only_the_last_is_open() -> Pair:
    """Of alike hosts of a subnet the one that comes last in order, so that none is called so."""
    e = Pair()
    shut, opened = e.group(e.v1, [], name="shut"), e.group(e.v1, ["tcp/22 any"], name="opened")
    hosts = [e.a, e.b, *(e.instance(f"h{n}", e.sb, f"10.0.1.{40 + n}") for n in range(3))]
    for each in hosts:
        e.wear(each, shut)
    last = max((each for each in hosts if each != e.a), key=lambda each: str(each.eni))
    e.wear(last, opened)
    return e


def test_what_stays_inside_an_instance_counts_for_nobody() -> None:
    """It passes no filter, and what is let in to its other interface is of others."""
    e = Pair()
    shut = e.group(e.v1, [], name="shut")
    first = e.instance("d", e.sa, "10.0.0.30", groups=[shut])
    e.interface(e.sa, "10.0.0.31", groups=[shut], on=first)
    for each in (e.a, e.b):
        e.wear(each, shut)
    found, by_hosts = both(e.load(), packet="port 22", by="vpc")
    assert said(found) == said(by_hosts)
    assert not found.accesses


def test_the_roll_of_a_large_one(tmp_path: Path) -> None:
    """By columns it is the same as record by record."""
    from tests.rolls import packed

    path = Crowd(3).write(tmp_path)
    both_of_them = (reach.load(path), packed(path))
    told = [said(reach.matrix(each, packet="port 22", by="vpc")) for each in both_of_them]
    assert told[0] == told[1]
