"""Interfaces that put addresses on and off: near the edit, and the same as all of both networks
compared."""

from __future__ import annotations

import json
import shutil
from ipaddress import ip_address, ip_network
from pathlib import Path
from random import Random
from typing import Any

import pytest
from msgspec.structs import replace

import reach
from bench.editing import Edit, changed, changed_snapshot, edited
from reach.asking import backend_of_thread
from reach.comparing.aligned import Pair, resident, with_loners
from reach.comparing.differing import Differing
from reach.comparing.records import changed as differing
from reach.comparing.standing import standing_apart
from reach.interfaces import loners
from reach.options import DEFAULTS
from reach.resident import Standing
from reach.snapshot.interface_records import Ipv4Prefix, Ipv6Address, PrivateIpAddress
from reach.snapshot.records import NetworkInterface, Subnet
from reach.snapshot.snapshot import Snapshot
from tests.test_arriving import deep, hosts, step
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

MOVES = ("address more", "address less")


def with_more(own: reach.Estate, rng: Random, times: int = 3) -> reach.Estate:
    """An estate, new, of which some interfaces have further addresses from the beginning."""
    snapshot = own.snapshot
    for _ in range(times):
        snapshot = changed_snapshot(snapshot, changed(snapshot, "address more", rng))
    return reach.Estate(snapshot)


@pytest.mark.parametrize("seed", deep(2, 40))
@pytest.mark.parametrize("kind", MOVES)
def test_an_address_more_or_less_gives_the_whole_difference(
    seed: int, kind: str, estate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Records one by one and a roll; and back again."""
    rng = Random(f"{kind}/{seed}")
    own = with_more(grown_estate(estate, seed % 2 == 1), rng)
    edit = changed(own.snapshot, kind, rng)
    back = own.snapshot.get(NetworkInterface, edit.first.network_interface_id)
    found = step(own, edit)
    step(found.estate, Edit((back,)))


def some(snapshot: Snapshot, gone: list[tuple[Any, ...]], rng: Random) -> Edit:
    """One edit or several at once: addresses, who comes and goes, groups, and rules."""
    put: list[Any] = []
    out: list[Any] = []
    kinds = ("address", "address", "more", "less", "again", "groups", "rules")
    for kind in rng.sample(kinds, rng.choice((1, 1, 2, 3))):
        if kind == "address":
            put += changed(snapshot, rng.choice(MOVES), rng).put
        elif kind == "more":
            put += changed(snapshot, "interface more", rng).put
        elif kind == "less":
            out += changed(snapshot, "interface less", rng).out
        elif kind == "again" and gone:
            put += gone.pop()
        elif kind == "groups":
            put.append(of_instances(snapshot, rng))
        elif kind == "rules":
            which = rng.choice(("rule less", "rule for a subnet", "rule value", "route"))
            put.append(edited(snapshot, which, rng))
    names = {snapshot.id_of(record) for record in out}
    every = {snapshot.id_of(each): each for each in put if snapshot.id_of(each) not in names}
    return Edit(tuple(every.values()), tuple(out))


@pytest.mark.parametrize("seed", deep(1, 60))
def test_edits_one_after_the_other_are_the_whole_ones(seed: int, estate: Path) -> None:
    rng = Random(f"addresses and more/{seed}")
    own = with_more(grown_estate(estate, seed % 2 == 1), rng)
    gone: list[tuple[Any, ...]] = []
    for _ in range(3):
        edit = some(own.snapshot, gone, rng)
        own = step(own, edit).estate
        if edit.out:
            gone.append(edit.out)


def test_one_interface_goes_through_all_of_it(
    estate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes, gets an address and another group, loses the address and goes, and comes again with
    it: all near."""
    own = grown_estate(estate, cached=True)
    host, instance = changed(own.snapshot, "interface more", Random("all of it")).put
    prefix = host.private_ip_address.rpartition(".")[0]
    further = PrivateIpAddress(private_ip_address=free_in(own.snapshot, prefix))
    more = replace(host, private_ip_addresses=(*host.private_ip_addresses, further))
    others = next(
        each.groups
        for each in own.snapshot.records(NetworkInterface)
        if each.vpc_id == host.vpc_id and each.groups not in ((), host.groups)
    )
    done = watched(monkeypatch)
    for put, out in (
        ((host, instance), ()),
        ((more,), ()),
        ((replace(more, groups=others),), ()),
        ((host,), ()),
        ((), (host, instance)),
        ((more, instance), ()),
    ):
        own = step(own, Edit(put, out)).estate
    assert done == [True, False] * 6  # each beside all of both


def free_in(snapshot: Snapshot, prefix: str) -> str:
    """An address of a block of 256 that nobody has."""
    taken = {
        each.private_ip_address
        for interface in snapshot.records(NetworkInterface)
        for each in interface.private_ip_addresses
    }
    return next(text for n in range(20, 250) if (text := f"{prefix}.{n}") not in taken)


def test_a_prefix_is_told_as_addresses_are(estate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of an instance that has several interfaces, too."""
    own = grown_estate(estate, cached=True)
    several = next(
        each
        for each, whose in hosts(own.snapshot)
        if len(interfaces_of(own.snapshot, whose.instance_id)) > 1 and each.source_dest_check
    )
    subnet = own.snapshot.get(Subnet, several.subnet_id or "")
    assert subnet is not None
    assert subnet.cidr_block is not None
    taken = [
        ip_address(each.private_ip_address)
        for interface in own.snapshot.records(NetworkInterface)
        for each in interface.private_ip_addresses
    ]
    blocks = ip_network(subnet.cidr_block).subnets(new_prefix=28)
    free = next(block for block in [*blocks][1:] if not any(each in block for each in taken))
    done = watched(monkeypatch)
    prefixed = replace(several, ipv4_prefixes=(Ipv4Prefix(ipv4_prefix=str(free)),))
    found = step(own, Edit((prefixed,)))
    step(found.estate, Edit((several,)))
    assert done == [True, False] * 2  # each beside all of both
    assert found.difference.gained


def interfaces_of(snapshot: Snapshot, instance: str) -> list[NetworkInterface]:
    every = snapshot.records(NetworkInterface)
    return [each for each in every if each.attachment and each.attachment.instance_id == instance]


def test_most_of_who_moves_is_compared_near(estate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = watched(monkeypatch)
    for cached in (True,):
        rng = Random("most move near")
        own = with_more(grown_estate(estate, cached), rng, 8)
        for kind in MOVES:
            done.clear()
            for _ in range(4):
                edit = changed(own.snapshot, kind, rng)
                own.edit(*edit.put)
            assert done.count(True) >= len(done) - 2, (cached, kind, done)


@pytest.mark.parametrize("seed", deep(1, 20))
def test_an_address_that_is_not_held_yet_changes_nothing(seed: int, estate: Path) -> None:
    """The law of whatever is not held: no flow is there that was not, and the reverse, among all
    nodes of both networks."""
    own = grown_estate(estate, cached=seed % 2 == 1)
    ground = resident(own.snapshot, DEFAULTS)
    edit = changed(own.snapshot, "address more", Random(f"not held/{seed}"))
    pair = with_loners(
        ground, changed_snapshot(own.snapshot, edit), Standing((edit.first,)), frozenset()
    )
    assert pair is not None
    for one, other in ((ground, pair.before), (pair.before, ground)):
        both = Pair(one, other)
        found = Differing.of(both).further(both, two_way=True, backend=backend_of_thread(), most=50)
        assert found.complete
        assert found.flows == ()


# All of their nodes compared take long.
_SLOW = ("estate", "estate_cidr_blocks", "gateway_load_balancer_endpoint")


@pytest.mark.parametrize(
    "sample",
    [
        pytest.param(path, id=path.name, marks=[pytest.mark.deep] * (path.name in _SLOW))
        for path in SAMPLES
    ],
)
def test_an_address_of_a_sample_that_is_put_on_or_off(
    sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first of each kind that is near; most samples have none."""
    snapshot = loaded(sample)
    ground = resident(snapshot, DEFAULTS)
    for kind in ("address more", "Elastic IP off"):
        try:
            edit = changed(snapshot, kind, Random(sample.name))
        except (ValueError, IndexError, StopIteration):
            continue  # nothing there
        after = changed_snapshot(snapshot, edit)
        if standing_apart(ground, snapshot, after, differing(snapshot, after)) is not None:
            done = watched(monkeypatch)
            found = reach.Estate(snapshot).edit(*edit.put, without=edit.out).difference
            if all(done):
                whole = reach.diff(snapshot, after, narrow=False)
                assert between_two(found) == between_two(whole)


def between_two(found: reach.Difference) -> set[tuple[Any, ...]]:
    """Who has to do with whom; those of a mesh are told as if each met itself as well."""
    return {key for key in packets_between(found) if key[2] != key[3]}


# ------------------------------------------------------------------- two folders


@pytest.mark.parametrize("cached", [False, True])
def test_two_folders_say_who_has_which_addresses(
    cached: bool, estate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(estate, tmp_path / "other")
    own = reach.load(estate)
    now = changed(own, "address more", Random("two folders")).first
    for file in (tmp_path / "other").rglob("*.json"):
        told = json.loads(file.read_text())
        for each in told.get("NetworkInterfaces", ()):
            if each["NetworkInterfaceId"] == now.network_interface_id:
                each["PrivateIpAddresses"] = [
                    {"PrivateIpAddress": e.private_ip_address, "Primary": e.primary}
                    for e in now.private_ip_addresses
                ]
                six = [{"Ipv6Address": e.ipv6_address} for e in now.ipv6_addresses]
                each["Ipv6Addresses"] = six
        file.write_text(json.dumps(told))
    done = watched(monkeypatch)
    for one, other in ((estate, tmp_path / "other"), (tmp_path / "other", estate)):
        both = [reach.load(path, cache=cached) for path in (one, other)]
        done.clear()
        found = reach.diff(both[0], both[1])
        assert done == [True]
        assert_same_packets(found, reach.diff(both[0], both[1], narrow=False))


# ------------------------------------------------------------------- what is compared as a whole


def is_near(own: reach.Estate, *put: Any) -> bool:
    """Whether an edit leaves all in its place but for interfaces that stand apart."""
    after = changed_snapshot(own.snapshot, Edit(put))
    ground = resident(own.snapshot, DEFAULTS)
    return standing_apart(ground, own.snapshot, after, differing(own.snapshot, after)) is not None


def test_what_is_not_certain_is_compared_as_a_whole(estate: Path) -> None:
    """An address that somebody has, and those outside of the subnet."""
    own = grown_estate(estate, cached=False)
    host = changed(own.snapshot, "address more", Random("not certain")).first
    was = own.snapshot.get(NetworkInterface, host.network_interface_id)
    assert was is not None
    host = was
    beside = next(
        each
        for each, _ in hosts(own.snapshot)
        if each.subnet_id == host.subnet_id and each is not host
    )
    for address in (beside.private_ip_address, "192.0.2.9"):
        assert address is not None
        more = (*host.private_ip_addresses, PrivateIpAddress(private_ip_address=address))
        assert not is_near(own, replace(host, private_ip_addresses=more))
    six = (*host.ipv6_addresses, Ipv6Address(ipv6_address="2001:db8::9"))
    assert not is_near(own, replace(host, ipv6_addresses=six))
    free = free_in(own.snapshot, (host.private_ip_address or "").rpartition(".")[0])
    taking = [
        replace(
            each,
            private_ip_addresses=(
                *each.private_ip_addresses,
                PrivateIpAddress(private_ip_address=free),
            ),
        )
        for each in (host, beside)
    ]
    assert is_near(own, taking[0])
    assert not is_near(own, *taking)


# ------------------------------------------------------------------- that the tests would notice


def test_what_it_sends_from_its_new_address_would_be_missed(
    estate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A seeded omission: the further addresses are of no table."""
    own = grown_estate(estate, cached=False)
    edit = changed(own.snapshot, "address more", Random("left out"))
    found = packets_between(own.edit(*edit.put).difference)
    monkeypatch.setattr(loners, "beyond", lambda interface, known: None)
    assert packets_between(own.edit(*edit.put).difference) != found


def test_a_filter_that_lets_all_pass_would_be_noticed(
    estate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A seeded omission: what is sent to an address that is not held is let pass."""
    own = grown_estate(estate, cached=False)
    edit = changed(own.snapshot, "address more", Random("let pass"))
    assert packets_between(own.edit(*edit.put).difference)
    monkeypatch.setattr("reach.aws.network_interface._there", lambda own, side: ())
    assert not packets_between(own.edit(*edit.put).difference)
