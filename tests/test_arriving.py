"""Interfaces that come and go: near the edit, and the same as all of both networks compared."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from msgspec.structs import replace

import reach
from bench.editing import Edit, changed, changed_snapshot, edited
from reach.asking import backend_of_thread
from reach.comparing import diff as comparing
from reach.comparing import near
from reach.comparing.aligned import Pair, resident, with_loners
from reach.comparing.differing import Differing
from reach.comparing.records import changed as differing
from reach.comparing.standing import standing_apart
from reach.errors import QuestionError
from reach.interfaces import arriving
from reach.network.address import parse_address
from reach.options import DEFAULTS
from reach.resident import Resident, Standing
from reach.snapshot.index import instance_of
from reach.snapshot.interface_records import InstanceState
from reach.snapshot.records import Instance, NetworkInterface, RouteTable
from reach.snapshot.snapshot import Snapshot
from tests.test_near import (
    assert_same_packets,
    estate,
    grown_estate,
    of_instances,
    packets_between,
    watched,
)
from tests.test_resident import SAMPLES, loaded

__all__ = ["estate"]  # a fixture

COMINGS = ("interface more", "interface less")


def deep(first: int, all_of_them: int) -> list[Any]:
    return [
        *range(first),
        *(pytest.param(seed, marks=pytest.mark.deep) for seed in range(first, all_of_them)),
    ]


def step(own: reach.Estate, edit: Edit) -> reach.Edited:
    """An edit, held to be what all of both networks say."""
    found = own.edit(*edit.put, without=edit.out)
    after = changed_snapshot(own.snapshot, edit)
    assert_same_packets(found.difference, reach.diff(own.snapshot, after, narrow=False))
    return found


@pytest.mark.parametrize("seed", deep(6, 60))
@pytest.mark.parametrize("kind", COMINGS)
def test_who_comes_or_goes_gives_the_whole_difference(seed: int, kind: str, estate: Path) -> None:
    """Records one by one and a roll; and back again."""
    own = grown_estate(estate, seed % 2 == 1)
    edit = changed(own.snapshot, kind, Random(f"{kind}/{seed}"))
    found = step(own, edit)
    assert found.difference.gained or found.difference.lost
    step(found.estate, Edit(edit.out, edit.put))


def some(snapshot: Snapshot, gone: list[tuple[Any, ...]], rng: Random) -> Edit:
    """One edit or several at once: who comes, goes, comes again, wears another group; and rules."""
    put: list[Any] = []
    out: list[Any] = []
    for kind in rng.sample(("more", "less", "again", "groups", "rules"), rng.choice((1, 1, 2, 3))):
        if kind == "more":
            put += changed(snapshot, "interface more", rng).put
        elif kind == "less":
            out += changed(snapshot, "interface less", rng).out
        elif kind == "again" and gone:
            put += gone.pop()
        elif kind == "groups":
            put.append(of_instances(snapshot, rng))
        else:
            which = rng.choice(("rule less", "rule for a subnet", "rule value", "route"))
            put.append(edited(snapshot, which, rng))
    names = {snapshot.id_of(record) for record in out}
    return Edit(tuple(each for each in put if snapshot.id_of(each) not in names), tuple(out))


@pytest.mark.parametrize("seed", deep(3, 60))
def test_edits_one_after_the_other_are_the_whole_ones(seed: int, estate: Path) -> None:
    rng = Random(f"some come, some go/{seed}")
    own = grown_estate(estate, seed % 2 == 1)
    gone: list[tuple[Any, ...]] = []
    for _ in range(4):
        edit = some(own.snapshot, gone, rng)
        own = step(own, edit).estate
        if edit.out:
            gone.append(edit.out)


def test_most_of_who_comes_or_goes_is_compared_near(
    estate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = watched(monkeypatch)
    for cached in (False, True):
        own = grown_estate(estate, cached)
        for kind in COMINGS:
            done.clear()
            for seed in range(5):
                edit = changed(own.snapshot, kind, Random(f"near {kind}/{seed}"))
                own.edit(*edit.put, without=edit.out)
            assert done.count(True) >= len(done) - 2, (cached, kind, done)


@pytest.mark.parametrize("seed", deep(1, 6))
def test_the_walk_over_everything_says_the_same(
    seed: int, estate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be told near is looked for among all nodes of the very same two networks."""
    monkeypatch.setattr(comparing, "near", lambda pair: None)
    own = grown_estate(estate, seed % 2 == 1)
    for kind in COMINGS:
        step(own, changed(own.snapshot, kind, Random(f"over everything {kind}/{seed}")))


@pytest.mark.parametrize("seed", deep(2, 20))
def test_who_is_not_there_yet_changes_nothing(seed: int, estate: Path) -> None:
    """The law of whoever stands apart and is not there: no flow is there that was not, and the
    reverse, among all nodes of both networks."""
    own = grown_estate(estate, cached=seed % 2 == 1)
    ground = resident(own.snapshot, DEFAULTS)
    interface, instance = changed(own.snapshot, "interface more", Random(f"yet/{seed}")).put
    assert arriving.comes_alone(ground, interface, instance)
    standing = Standing((interface,), (), (instance,))
    after = changed_snapshot(own.snapshot, Edit((interface, instance)))
    pair = with_loners(ground, after, standing, frozenset())
    assert pair is not None
    for one, other in ((ground, pair.before), (pair.before, ground)):
        both = Pair(one, other)
        found = Differing.of(both).further(both, two_way=True, backend=backend_of_thread(), most=50)
        assert found.complete
        assert found.flows == ()


def hosts(snapshot: Snapshot) -> Iterator[tuple[NetworkInterface, Instance]]:
    for interface in snapshot.records(NetworkInterface):
        instance = snapshot.get(Instance, instance_of(interface) or "")
        if instance is not None:
            yield interface, instance


_SLOW = ("estate",)  # all of its nodes compared take a minute
_SAMPLES = [
    pytest.param(path, id=path.name, marks=[pytest.mark.deep] * (path.name in _SLOW))
    for path in SAMPLES
]


@pytest.mark.parametrize("sample", _SAMPLES)
def test_whoever_goes_from_a_sample_and_comes_again(
    sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of the first few, and these at once, where that is near."""
    snapshot = loaded(sample)
    ground = resident(snapshot, DEFAULTS)

    def is_near(edit: Edit) -> bool:
        after = changed_snapshot(snapshot, edit)
        return standing_apart(ground, snapshot, after, differing(snapshot, after)) is not None

    certain = [pair for pair in hosts(snapshot) if is_near(Edit(out=pair))][:2]
    own = reach.Estate(snapshot) if certain else None
    done = watched(monkeypatch)
    for some in ([each] for each in certain), [certain]:
        for pairs in some:
            edit = Edit(out=tuple(dict.fromkeys(record for pair in pairs for record in pair)))
            if own is not None and edit.out and is_near(edit):
                told_alike(told_alike(own, edit, done), Edit(edit.out), done)


def told_alike(own: reach.Estate, edit: Edit, done: list[bool]) -> reach.Estate:
    done.clear()
    found = own.edit(*edit.put, without=edit.out)
    if all(done):
        after = changed_snapshot(own.snapshot, edit)
        whole = reach.diff(own.snapshot, after, narrow=False)
        assert found.difference.complete is whole.complete
        assert_same_packets(found.difference, whole)
    return found.estate


# ------------------------------------------------------------------- two folders


def without_instance(folder: Path, interface: str, instance: str) -> None:
    """Take an instance and its interface out of all files."""
    for file in folder.rglob("*.json"):
        told = json.loads(file.read_text())
        kept = [
            e for e in told.get("NetworkInterfaces", ()) if e["NetworkInterfaceId"] != interface
        ]
        if "NetworkInterfaces" in told:
            told["NetworkInterfaces"] = kept
        for each in told.get("Reservations", ()):
            left = [e for e in each["Instances"] if e["InstanceId"] != instance]
            each["Instances"] = left
        file.write_text(json.dumps(told))


@pytest.mark.parametrize("cached", [False, True])
def test_two_folders_say_who_has_come_and_gone(
    cached: bool, estate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(estate, tmp_path / "other")
    own = reach.load(estate)
    interface, instance = changed(own, "interface less", Random("two folders")).out
    without_instance(tmp_path / "other", interface.network_interface_id, instance.instance_id)
    done = watched(monkeypatch)
    for one, other in ((estate, tmp_path / "other"), (tmp_path / "other", estate)):
        both = [reach.load(path, cache=cached) for path in (one, other)]
        done.clear()
        found = reach.diff(both[0], both[1])
        assert done == [True]
        assert_same_packets(found, reach.diff(both[0], both[1], narrow=False))


@pytest.mark.parametrize("cached", [False, True])
def test_an_instance_that_is_terminated_is_told_of_for_a_while(
    cached: bool, estate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its interface goes at once, its record later: that changes nothing, and is not looked for."""
    own = grown_estate(estate, cached)
    ground = resident(own.snapshot, DEFAULTS)
    interface, instance = next(
        (each, whose)
        for each, whose in hosts(own.snapshot)
        if arriving.goes_alone(ground, each, frozenset({each.network_interface_id}))
    )
    ended = replace(
        instance,
        state=InstanceState(name="terminated"),
        network_interfaces=(),
        subnet_id=None,
        vpc_id=None,
    )
    done = watched(monkeypatch)
    found = step(own, Edit((ended,), (interface,)))
    later = step(found.estate, Edit(out=(ended,)))
    assert done == [True, False, True, False]  # each beside all of both
    assert found.difference.lost
    assert not later.difference.lost
    step(later.estate, changed(later.estate.snapshot, "interface more", Random("after it")))


# ------------------------------------------------------------------- what is compared as a whole


def test_who_is_named_elsewhere_is_compared_as_a_whole(
    estate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A route to an instance means another thing when that goes."""
    own = grown_estate(estate, cached=False)
    edit = changed(own.snapshot, "interface less", Random("named"))
    interface, instance = edit.out
    table = own.snapshot.records(RouteTable)[0]
    more = replace(
        table.routes[0],
        gateway_id=None,
        destination_cidr_block="203.0.113.0/24",
        instance_id=instance.instance_id,
    )
    before = own.edit(replace(table, routes=(*table.routes, more))).estate
    done = watched(monkeypatch)
    step(before, edit)
    step(own, edit)
    assert done == [False, False, True, False]  # each beside all of both
    assert instance_of(interface) == instance.instance_id


def test_one_of_several_interfaces_is_compared_as_a_whole(
    estate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = grown_estate(estate, cached=False)
    interface, _ = changed(own.snapshot, "interface more", Random("several")).put
    other = next(each for _, each in hosts(own.snapshot))
    attached = replace(interface.attachment, instance_id=other.instance_id, device_index=1)
    done = watched(monkeypatch)
    step(own, Edit((replace(interface, attachment=attached),)))
    assert done[0] is False


def test_an_address_that_somebody_has_is_compared_as_a_whole(
    estate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = grown_estate(estate, cached=False)
    put = changed(own.snapshot, "interface more", Random("taken")).put
    interface, instance = put
    beside = next(
        each
        for each in own.snapshot.records(NetworkInterface)
        if each.subnet_id == interface.subnet_id
    )
    taken = replace(
        interface,
        private_ip_address=beside.private_ip_address,
        private_ip_addresses=beside.private_ip_addresses[:1],
    )
    done = watched(monkeypatch)
    found = own.edit(taken, instance).difference
    assert done == [False]
    assert found.undecided or found.lost


# ------------------------------------------------------------------- that the tests would notice


def test_a_sender_that_is_left_out_would_be_noticed(
    estate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A seeded omission: what one that comes sends is not looked for."""
    own = grown_estate(estate, cached=False)
    edit = changed(own.snapshot, "interface more", Random("left out"))
    found = packets_between(own.edit(*edit.put).difference)
    monkeypatch.setattr(Resident, "newcomers", ())
    assert packets_between(own.edit(*edit.put).difference).keys() != found.keys()


def test_a_delivery_that_is_not_made_anew_would_be_noticed(
    estate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A seeded omission: where it stands nobody hears that one has come."""
    own = grown_estate(estate, cached=False)
    edit = changed(own.snapshot, "interface more", Random("not heard"))
    found = packets_between(own.edit(*edit.put).difference)
    monkeypatch.setattr("reach.resident._read_of", lambda come: ("newcomers",))
    assert packets_between(own.edit(*edit.put).difference).keys() != found.keys()


# ------------------------------------------------------------------- how an edit is given


def test_only_what_is_there_can_be_left_out(estate: Path) -> None:
    own = grown_estate(estate, cached=False)
    interface, instance = changed(own.snapshot, "interface more", Random("not there")).put
    with pytest.raises(
        QuestionError, match=f"no NetworkInterface {interface.network_interface_id}"
    ):
        own.edit(without=[interface])
    found = own.edit(interface, instance).estate
    assert (
        found.edit(without=[interface, instance]).estate.snapshot.get(
            Instance, instance.instance_id
        )
        is None
    )


def test_names_are_read_as_what_they_are() -> None:
    record = RouteTable(route_table_id="rtb-1", owner_id="eni-0a1", vpc_id="10.0.0.5")
    six = RouteTable(route_table_id="x-i-2", owner_id="fd00::1", vpc_id="FD00:0:0::2")
    found = arriving.named_in((record, six))
    assert {
        "eni-0a1",
        parse_address("10.0.0.5"),
        parse_address("fd00::1"),
        parse_address("fd00::2"),
    } <= found
    assert "i-2" not in found


def test_of_who_goes_nobody_is_asked_what_that_opens(
    estate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its groups' rules say that it is nothing, whatever they remember."""
    asked: list[int] = []
    swept: Any = vars(near)["swept"]

    def counted(networks: Any, starts: Any, *rest: Any) -> Any:
        asked.append(len(starts))
        return swept(networks, starts, *rest)

    monkeypatch.setattr(near, "swept", counted)
    own = grown_estate(estate, cached=False)
    for seed in range(6):
        del asked[:]
        edit = changed(own.snapshot, "interface less", Random(f"who goes/{seed}"))
        assert own.edit(without=edit.out).difference.gained == ()
        assert len(asked) <= 1
