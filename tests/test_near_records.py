"""Differences near an edited peering or association are the whole ones; peerings come and go.

On the recorded labs, on grown estates (records one by one, and a roll), and on VPCs whose groups
name each other; in chains, with edits of rules between.  The oracle is the comparison that walks
over every node of two networks that share nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace as replaced
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest
from msgspec.structs import replace

import reach
from bench.editing import changed, changed_snapshot, edited, edited_snapshot
from bench.grow import Size, write
from reach import editable
from reach.changes.edit import with_record, without_record
from reach.comparing.nodes import Spot, more
from reach.flood import uncovered
from reach.network.address import ANY_IPV4, Prefix
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.network.node import Node
from reach.network.stage import Action, Filter, Forward, Origin, Route, Rule
from reach.resident import Resident
from reach.snapshot.gateway_records import PeeringStatus
from reach.snapshot.records import (
    NetworkAcl,
    NetworkAclEntry,
    NetworkInterface,
    VpcPeeringConnection,
)
from reach.snapshot.snapshot import Snapshot
from reach.watching import Frames, Watched
from tests.estate import Pair
from tests.test_labs import NAMES, needs_labs
from tests.test_labs import snapshot as lab_of
from tests.test_near import assert_same_packets, of_instances, packets_between, watched

Peering = VpcPeeringConnection
STATES = ("active", "deleted", "pending-acceptance", "active or deleted")
DENYING = (NetworkAclEntry(rule_number=32767, protocol="-1", rule_action="deny", egress=True),)
CHAIN = ("deleted", "gone", "back", "gone", "deleted", "active", "blind", "back")
RULES = ("rule for a host", "rule less", "rule value", "entry", "route")
SEEDS = [0, 1, *(pytest.param(seed, marks=pytest.mark.deep) for seed in range(2, 30))]


def become(snapshot: Snapshot, peering: Peering, how: str) -> Snapshot:
    """The snapshot with a peering in another state, without its blocks, as it was, or gone."""
    name = peering.vpc_peering_connection_id
    if how == "gone":
        return without_record(snapshot, name, Peering)
    if how == "back":
        return with_record(snapshot, name, peering)
    if how == "blind":
        far = replace(peering.accepter_vpc_info, cidr_block=None, cidr_block_set=())
        return with_record(snapshot, name, replace(peering, accepter_vpc_info=far))
    return with_record(snapshot, name, replace(peering, status=PeeringStatus(how)))


def step(
    estate: reach.Estate, after: Snapshot, done: list[bool], *, surely: bool = True
) -> reach.Estate:
    """The estate after that; the difference was found near the edit, and is the whole one."""
    done.clear()
    own = estate.become(after)
    if not own.difference.records:  # in that state it was before
        return own.estate
    assert done[:1] == [True] or not surely
    fresh = [replaced(each, derived={}) for each in (estate.snapshot, after)]
    assert_same_packets(own.difference, reach.diff(*fresh, narrow=False))
    return own.estate


@needs_labs
@pytest.mark.parametrize("lab", [name for name in NAMES if "peering" in name])
def test_peerings_of_a_lab(lab: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of them in a chain, gone and back again."""
    done = watched(monkeypatch)
    estate = reach.Estate(replaced(lab_of(lab), derived={}))
    for peering in estate.snapshot.records(Peering):
        for how in CHAIN:
            estate = step(estate, become(estate.snapshot, peering, how), done)


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("peered") / "estate"
    write(folder, Size(24, 3, seed=5))
    return folder


@cache
def grown_estate(folder: Path, cached: bool) -> reach.Estate:
    return reach.Estate(reach.load(folder, cache=cached))


@pytest.mark.parametrize("seed", SEEDS)
def test_peerings_of_a_grown_estate(
    seed: int, grown: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One by one and as a roll tells it; a rule, an entry or a route is edited in between."""
    done = watched(monkeypatch)
    rng = Random(f"peering/{seed}")
    estate = grown_estate(grown, seed % 2 == 1)
    every = estate.snapshot.records(Peering)
    for _ in range(4):
        peering = rng.choice(every)
        how = rng.choice([*STATES, "gone", "back"])
        after = become(estate.snapshot, peering, how)
        if rng.random() < 0.5:
            after = edited_snapshot(after, edited(after, rng.choice(RULES), rng))
        estate = step(estate, after, done)


def test_what_one_branch_looks_at_another_one_has_not(
    grown: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where what a rule means is in doubt hosts' own nodes are looked at: in a branch that has led
    elsewhere since, these ways are not known by that."""
    done = watched(monkeypatch)
    root = reach.Estate(reach.load(grown, cache=True))
    peerings = root.snapshot.records(Peering)
    for first in peerings[:2]:
        branch = step(root, become(root.snapshot, first, "active or deleted"), done)
        for other in peerings:
            step(root, become(root.snapshot, other, "gone"), done)
            step(branch, become(branch.snapshot, other, "gone"), done)


@pytest.mark.parametrize("seed", SEEDS[:1])
def test_peerings_after_interfaces_have_changed_or_come(
    seed: int, grown: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where some stand apart, and the groups of one change at the same time.

    What a rule means over a peering that is gone is in doubt: then hosts would be looked at of whom
    some stand apart, and everything is compared.
    """
    done = watched(monkeypatch)
    rng = Random(f"peering and interfaces/{seed}")
    estate = grown_estate(grown, seed % 2 == 1)
    estate = step(
        estate, edited_snapshot(estate.snapshot, of_instances(estate.snapshot, rng)), done
    )
    more = changed(estate.snapshot, "interface more", rng)
    estate = step(estate, changed_snapshot(estate.snapshot, more), done)
    peering = rng.choice(estate.snapshot.records(Peering))
    for how in ("deleted", "gone", "back"):
        sure = how == "deleted"
        estate = step(estate, become(estate.snapshot, peering, how), done, surely=sure)
    both = edited_snapshot(estate.snapshot, of_instances(estate.snapshot, rng))
    step(estate, become(both, peering, "deleted"), done)


# ------------------------------------------------------------------- associations

MOVED = ("table of a subnet", "ACL of a subnet")
_MIXED = Size(48, 2, seed=5, mixed=True)


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("moved") / "estate"
    write(folder, _MIXED)
    return folder


@pytest.mark.parametrize("kind", MOVED)
@pytest.mark.parametrize("seed", SEEDS)
def test_subnets_of_a_grown_estate_that_are_associated_with_others(
    seed: int, kind: str, grown: Path, mixed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a chain, and with a rule, an entry or a route that is edited at the same time."""
    done = watched(monkeypatch)
    rng = Random(f"moved/{kind}/{seed}")
    estate = grown_estate((grown, mixed)[seed // 2 % 2], seed % 2 == 1)
    for _ in range(3):
        after = changed_snapshot(estate.snapshot, changed(estate.snapshot, kind, rng))
        if rng.random() < 0.3:
            after = edited_snapshot(after, edited(after, rng.choice(RULES), rng))
        estate = step(estate, after, done)


@needs_labs
@pytest.mark.parametrize("lab", NAMES)
def test_subnets_of_a_lab_that_are_associated_with_others(
    lab: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of each of the two kinds one, where the lab has a second one, and back."""
    done = watched(monkeypatch)
    first = replaced(lab_of(lab), derived={})
    estate = reach.Estate(first)
    for kind in MOVED:
        try:
            change = changed(first, kind, Random(f"moved/{lab}"))
        except ValueError:  # there is no other one
            continue
        estate = step(estate, changed_snapshot(first, change), done)
        estate = step(estate, replaced(first, derived={}), done)


# ------------------------------------------------------------------- groups that name each other


def neighbours() -> Pair:
    """A, B and B2 beyond a peering: groups of either side name one of the other, both ways."""
    e = Pair()
    e.peered()
    near, far = e.group(e.v1, ingress=[], egress=[]), e.group(e.v2, ingress=[], egress=[])
    e.permit(near, f"tcp/22 {far}")
    e.permit(near, f"tcp/443 {far}", egress=True)
    e.permit(far, f"tcp/443 {near}")
    e.permit(far, f"tcp/22 {near}", egress=True)
    e.instance("n", e.sa, "10.0.0.77", groups=[near])
    e.instance("f", e.s2, "10.2.0.77", groups=[far])
    return e


def steps(snapshot: Snapshot, rng: Random) -> Iterator[Any]:
    (peering,) = snapshot.records(Peering)
    for how in (*CHAIN, *rng.sample([*STATES, "gone"], 3)):
        yield peering, how


@pytest.mark.parametrize("seed", SEEDS)
def test_rules_that_name_groups_beyond_a_peering(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What they let pass hangs on the peering: their hosts are told of, and no others."""
    done = watched(monkeypatch)
    estate = reach.Estate(neighbours().load())
    kept = estate.snapshot
    for peering, how in steps(kept, Random(f"beyond/{seed}")):
        estate = step(estate, become(estate.snapshot, peering, how), done)
    fresh = replaced(estate.snapshot, derived={})
    for question in ("can n reach f port 443", "can f reach n port 22"):
        assert estate.ask(question).to_dict() == reach.ask(fresh, question).to_dict()


def test_a_peering_that_appears_lets_the_named_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """The very flows: n and f by their groups alone."""
    done = watched(monkeypatch)
    whole = neighbours().load()
    (peering,) = whole.records(Peering)
    estate = reach.Estate(become(whole, peering, "deleted"))
    found = estate.become(whole).difference
    assert done == [True]
    names = {i.network_interface_id: i.private_ip_address for i in whole.records(NetworkInterface)}
    pairs = {
        (names[one], names[other])
        for _, _, one, other in packets_between(found)
        if one in names and other in names
    }
    assert {("10.0.0.77", "10.2.0.77"), ("10.2.0.77", "10.0.0.77")} <= pairs


# ------------------------------------------------------------------- what one of two nodes lacks

QUIET = Origin("", "")
ON = Forward((Route(ANYTHING, "on", QUIET),), QUIET)
NEAR, FAR = (Ranges.prefixes((Prefix.parse(each),)) for each in ("10.1.0.0/16", "10.2.0.0/16"))


def only(**fields: Ranges) -> Filter:
    rule = Rule(HeaderSpace.where(**fields), Action.PERMIT, QUIET)
    return Filter((rule,), Rule(ANYTHING, Action.DENY, QUIET))


def test_a_filter_that_one_of_two_nodes_lacks() -> None:
    """In front, between and behind; it lets less pass, and without it more does."""
    passing = only(source=NEAR)
    aside = Forward((Route(HeaderSpace.where(destination=FAR), "aside", QUIET),))
    for first, last in (((), (ON,)), ((only(destination=FAR),), (ON,)), ((aside,), (ON,))):
        bare, filtered = Node("n", (*first, *last)), Node("n", (*first, passing, *last))
        assert more(bare, filtered) == ()
        spots = more(filtered, bare)
        assert {spot.stage for spot in spots} == {len(first)}
        assert not any(spot.space.overlaps(HeaderSpace.where(source=NEAR)) for spot in spots)
        rest = HeaderSpace.where(source=Ranges.prefixes((ANY_IPV4,)) - NEAR)
        assert not any(not left.is_empty for left in uncovered(rest, (s.space for s in spots)))


def test_routes_that_one_of_two_nodes_lacks() -> None:
    """What takes them, and nothing else, whichever has them; filters that remember: anything."""
    back = Forward((Route(HeaderSpace.where(source=NEAR, destination=FAR), "back", QUIET, "nat"),))
    bare, more_routes = Node("n", (ON,)), Node("n", (back, ON))
    expected = (Spot(0, HeaderSpace.where(source=NEAR, destination=FAR), of_replies=True),)
    assert more(bare, more_routes) == more(more_routes, bare) == expected
    remembering = Node("n", (Filter((), Rule(ANYTHING, Action.PERMIT, QUIET), "acl x", QUIET), ON))
    assert more(bare, remembering) == more(remembering, bare) == (Spot(0, ANYTHING),)


# ------------------------------------------------------------------- who is not heard is missed


def deaf(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is heard who reads a peering."""

    def hear(frames: Frames, read: Any) -> None:
        if frames.open and read[0] is not Peering:
            frames.open[-1].add(read)

    monkeypatch.setattr(Frames, "hear", hear)


def test_a_reader_of_peerings_that_is_not_heard_would_be_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A seeded omission: what was made of it is taken over."""
    whole = neighbours().load()
    (peering,) = whole.records(Peering)
    assert reach.Estate(whole).become(become(whole, peering, "deleted")).difference.lost
    deaf(monkeypatch)
    fresh = replaced(whole, derived={})
    missed = reach.Estate(fresh).become(become(fresh, peering, "deleted")).difference
    assert not missed.lost


def test_a_rule_that_is_not_told_of_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A seeded omission: whose rules mean others where VPCs are joined otherwise is not looked for.
    That of a host's node which was made already is still noticed, and everything is compared."""
    from reach.comparing import near as nearby

    done = watched(monkeypatch)
    whole = neighbours().load()
    (peering,) = whole.records(Peering)
    monkeypatch.setattr(nearby, "_meant_otherwise", lambda pair, hosts, edits: iter(()))
    estate = reach.Estate(whole)
    ground = whole.derived[next(key for key in whole.derived if key.startswith("resident"))]
    assert isinstance(ground, Resident)
    for interface in whole.records(NetworkInterface):
        for part in ("emit", "admit"):
            ground.network.node(f"network_interface/{interface.network_interface_id}/{part}")
    estate.become(become(whole, peering, "deleted"))
    assert done == [False]


def test_a_subnet_of_another_acl_that_is_not_told_of_would_be_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A seeded omission: of a subnet that had the default ACL, which does not say so, and has one
    of its own now, nobody hears who asked for its ACL."""
    whole = neighbours().load()
    (default, *_) = (acl for acl in whole.records(NetworkAcl) if acl.associations)
    own = replace(
        default, network_acl_id="acl-00000000000000000", is_default=False, entries=DENYING
    )
    silent = with_record(whole, default.network_acl_id, replace(default, associations=()))
    before = with_record(silent, own.network_acl_id, replace(own, associations=()))
    after = with_record(before, own.network_acl_id, own)
    assert reach.Estate(before).become(after).difference.lost
    monkeypatch.setattr(editable, "_found_by", lambda record: frozenset())
    before, after = (replaced(each, derived={}) for each in (before, after))
    assert not reach.Estate(before).become(after).difference.lost


def test_the_words_of_a_watched_snapshot_are_the_same() -> None:
    """Names by which a peering is found come and go with it."""
    whole = neighbours().load()
    (peering,) = whole.records(Peering)
    estate = reach.Estate(whole)
    gone = estate.become(become(whole, peering, "gone")).estate
    ground = next(v for v in gone.snapshot.derived.values() if isinstance(v, Resident))
    assert isinstance(ground.snapshot, Watched)
    assert ground.index.tags.records("Name", "pcx") == ()
    back = gone.become(become(gone.snapshot, peering, "back")).estate
    ground = next(v for v in back.snapshot.derived.values() if isinstance(v, Resident))
    assert ground.index.tags.records("Name", "pcx") == (peering,)
