"""Interfaces that are alike, and what very many are as an end, are the same by columns as by
records."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

import reach
from bench.grow import Size, write
from reach.changes.edit import with_record
from reach.component import End
from reach.denote import source
from reach.interfaces import ends
from reach.interfaces.classes import classes, member_with
from reach.interfaces.gathered import families_of, gathered
from reach.interfaces.plain import plain as hosts_of
from reach.interfaces.tagged import tagged
from reach.interfaces.together import worn_together
from reach.lower import Ground, lower
from reach.network.address import Prefix
from reach.network.header_space import Ranges
from reach.reduce import ALL, NONE, Reductions
from reach.snapshot.index import delegated_prefixes, private_addresses
from reach.snapshot.interface_records import InstanceState
from reach.snapshot.records import Instance, NetworkInterface, Subnet, Vpc
from tests.crowds import Crowd
from tests.rolls import Twice, ids, packed
from tests.snapshot.test_labs import lab as lab

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
SOME = ("estate", "client_vpn", "resource_gateway", "public_ipv4_pool", "classic_load_balancer")
FIELDS = ("words", "addresses", "nobody", "gap", "sender", "passing")


@pytest.fixture(autouse=True)
def many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even one interface is very many."""
    monkeypatch.setattr(ends, "MANY", 0)


def same_classes(two: Twice) -> None:
    plain, rolled = classes(two.plain), classes(two.rolled)
    assert type(plain) is not type(rolled)
    assert ids(rolled.services()) == ids(plain.services())
    assert {*rolled.wearing()} == {*plain.wearing()}
    for interface in two.plain.index.interfaces:
        name = interface.network_interface_id
        assert rolled.of(name) == plain.of(name)
        assert ids(rolled.alike(name)) == ids(plain.alike(name))
        assert ids(rolled.members(name)) == ids(plain.members(name))
        assert rolled.own(rolled.alike(name)) == plain.own(plain.alike(name))
        for address in private_addresses(interface):
            told = [
                member_with(ground, known.of(name), address)
                for ground, known in ((two.plain, plain), (two.rolled, rolled))
            ]
            assert ids(filter(None, told)) == [name, name]


def same_end(plain: Ground, rolled: Ground, text: str) -> None:
    one, other = source(plain, text), source(rolled, text)
    assert tuple(other.starts) == tuple(one.starts)
    assert one.goals is not None
    assert other.goals is not None
    assert list(other.goals.items()) == list(one.goals.items())
    assert list(other.goals.values()) == list(one.goals.values())
    assert len(other.goals) == len(one.goals)
    for owner in (*one.goals, "network_interface/eni-none", "internet", ""):
        assert (owner in other.goals) == (owner in one.goals)
        assert other.goals.get(owner) == one.goals.get(owner)
    assert tuple(other.may_send) == tuple(one.may_send)
    for name in FIELDS:
        assert getattr(other, name) == getattr(one, name), name
    same_together(plain, rolled, one, other)


def same_together(one: Ground, two: Ground, end: End, rolled: End) -> None:
    """Plain hosts of a place as one, told start by start, of records and of columns: of columns
    those that have no address that is asked about may be among the families."""
    expected, found = hosts_of(one).gathered(end.starts), hosts_of(two).gathered(rolled.starts)
    alone = gathered(hosts_of(two), tuple(rolled.starts))
    assert (found.hosts, found.others) == (expected.hosts, expected.others)
    assert (found.hosts, found.others) == (alone.hosts, alone.others)
    assert found.families >= alone.families
    goals = rolled.goals or {}
    assert hosts_of(two).receiving(goals) == families_of(hosts_of(two), tuple(goals))


def tags(ground: Ground) -> set[tuple[str, str]]:
    """Every tag of anything, a Name of each kind at most, as these are many."""
    found: set[tuple[str, str]] = set()
    for kind in ground.snapshot.contents:
        every = {
            (tag.key, tag.value)
            for record in ground.snapshot.records(kind)
            for tag in getattr(record, "tags", ())
        }
        found |= {tag for tag in every if tag[0] != "Name" and "=" not in tag[0] and tag[0]}
        found |= {tag for tag in [*sorted(every)[:1], *sorted(every)[-1:]] if tag[0]}
    return found


def blocks(ground: Ground) -> set[str]:
    """Those of VPCs and subnets, parts and wholes of them, and of what is had outside."""
    found = {"0.0.0.0/1", "128.0.0.0/1", "10.0.0.0/8", "2000::/3", "fd00::/8"}
    own = [each.cidr_block for each in ground.snapshot.records(Subnet)]
    own += [each.cidr_block for each in ground.snapshot.records(Vpc)]
    for block in filter(None, own):
        found |= {block, f"{block.partition('/')[0]}/29"}
    for interface in ground.index.delegated:
        found.update(delegated_prefixes(interface))
    return found


def same(path: Path, reductions: Reductions = ALL) -> Twice:
    two = Twice.of(path, reductions)
    same_classes(two)
    vpc = next(iter(two.plain.index.interfaces_by_vpc), "")
    for text in ("any", "public", "private", *([vpc] if two.plain.end(vpc) else [])):
        same_end(two.plain, two.rolled, text)
    for tag in sorted(tags(two.plain)):
        assert ids(tagged(two.rolled.index, *tag)) == ids(tagged(two.plain.index, *tag))
        if tagged(two.plain.index, *tag):
            same_end(two.plain, two.rolled, "tag:{}={}".format(*tag))
    for block in blocks(two.plain):
        same_end(two.plain, two.rolled, block)
        within = Ranges.prefixes((Prefix.parse(block),))
        some = (g.hosts(g.index.but_gone, block, within) for g in (two.plain, two.rolled))
        same_together(two.plain, two.rolled, *some)
    for subnet, members in two.plain.index.interfaces_by_subnet.items():
        expected = two.plain.receivers(members)
        found = two.rolled.receivers(two.rolled.index.interfaces_by_subnet[subnet])
        assert list(found.items()) == list(expected.items())
    assert two.rolled.announcements() == two.plain.announcements()
    assert two.rolled.own_senders == two.plain.own_senders
    return two


@pytest.mark.parametrize("name", SOME)
def test_samples(name: str) -> None:
    """Classes, ends, what a subnet leads to, and what the internet hears of."""
    same(SAMPLES / name / "snapshot")


def test_labs(lab: Path) -> None:
    """What AWS really printed, too."""
    same(lab)


@pytest.mark.parametrize("seed", [0, 1, 2, 4])
def test_crowds(seed: int, tmp_path: Path) -> None:
    """And subnets drawn at random: there are classes of several, so the two can differ."""
    two = same(Crowd(seed).write(tmp_path))
    assert any(len(two.rolled.alike(each)) > 1 for each in ids(two.rolled.index.interfaces))


def test_with_nothing_alike(tmp_path: Path) -> None:
    """With the pass off, and with some set apart."""
    path = Crowd(1).write(tmp_path)
    two = same(path, NONE)
    interfaces = ids(two.rolled.index.interfaces)
    assert all(len(two.rolled.alike(each)) == 1 for each in interfaces)
    same(path, Reductions(apart=frozenset((*interfaces[::3], "eni-none", "i-none"))))


@pytest.mark.parametrize("seed", [0, 1, 3])
def test_hosts_that_wear_the_groups_of_their_subnets(seed: int, tmp_path: Path) -> None:
    """And of what classes of hosts as they are each of their classes consists."""
    path = Crowd(seed).write(tmp_path)
    two, as_they_are = same(path, Reductions(by_subnet=True)), Twice.of(path)
    assert worn_together(two.rolled) == worn_together(two.plain)
    for class_id in worn_together(two.plain):
        plain, rolled = (
            [
                (name, ids(some))
                for name, some in classes(exact).split(classes(ground).members(class_id))
            ]
            for ground, exact in ((two.plain, as_they_are.plain), (two.rolled, as_they_are.rolled))
        )
        assert rolled == plain


@pytest.mark.parametrize("name", SOME)
def test_samples_with_the_groups_of_subnets(name: str) -> None:
    same(SAMPLES / name / "snapshot", Reductions(by_subnet=True))


def test_a_grown_estate(tmp_path: Path) -> None:
    """Shapes of real estates, balancers and services among them, and the answers in full."""
    write(tmp_path / "estate", Size(interfaces=250, vpcs=3, mixed=True))
    two = same(tmp_path / "estate")
    for text, verdict in (
        ("can 0.0.0.0/0 reach port 22", "unreachable"),
        ("can any reach internet port 443", "reachable"),
    ):
        asked = [reach.ask(each.snapshot, text) for each in (two.plain, two.rolled)]
        assert asked[1].to_dict() == asked[0].to_dict()
        assert asked[0].verdict.value == verdict


def test_an_edited_instance(tmp_path: Path) -> None:
    """What was written of instances no longer counts when one was stopped: its interface stands
    alone."""
    snapshot = packed(Crowd(1).write(tmp_path))
    before = lower(snapshot)
    lots = (before.alike(each) for each in ids(before.index.interfaces))
    lot = next(each for each in lots if len(each) > 1 and _instance(each[0]))
    running = snapshot.get(Instance, _instance(lot[0]))
    assert running is not None
    stopped = replace(running, state=InstanceState("stopped"))
    after = lower(with_record(snapshot, running.instance_id, stopped))
    assert after.index.roll is before.index.roll is not None
    assert ids(after.alike(ids(lot)[0])) == ids(lot)[:1]
    assert ids(after.alike(ids(lot)[1])) == ids(lot)[1:]


def _instance(interface: NetworkInterface) -> str:
    return (interface.attachment.instance_id or "") if interface.attachment else ""


def test_how_many_pieces_there_are_at_least(tmp_path: Path) -> None:
    """Never more than there are, however prefixes join or cover them."""
    index = Twice.of(Crowd(3).write(tmp_path)).rolled.index
    assert index.roll is not None
    every = index.roll.everyone.rows
    own = Ranges(tuple(index.roll.spans(every)))
    assert index.roll.pieces(every, Ranges(())) == len(own.intervals)
    for low, high in zip(own.intervals, own.intervals[1:], strict=False):
        beside = Ranges.span(low[1] + 1, high[0] - 1)
        assert index.roll.pieces(every, beside) <= len((own | beside).intervals)
