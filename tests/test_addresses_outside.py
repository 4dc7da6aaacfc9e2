"""Public addresses that are put on and off, or come and go with an instance: near the edit, and the
same as all of both networks."""

from __future__ import annotations

from contextlib import suppress
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
from reach.options import DEFAULTS
from reach.resident import Standing
from reach.snapshot.records import Address, Instance, NetworkInterface
from reach.snapshot.snapshot import Snapshot
from tests.test_addresses import MOVES, is_near
from tests.test_arriving import deep, step
from tests.test_near import estate, grown_estate, packets_between, watched

__all__ = ["estate"]  # a fixture


def without_one(own: reach.Estate, rng: Random) -> reach.Estate:
    """An estate, new, of which an Elastic IP is on nothing from the beginning."""
    edit = changed(own.snapshot, "Elastic IP off", rng)
    return reach.Estate(changed_snapshot(own.snapshot, edit))


def back(snapshot: Snapshot, edit: Edit) -> Edit:
    """What undoes an edit."""
    known = [(e, snapshot.get(type(e), snapshot.id_of(e))) for e in edit.put]
    new = tuple(each for each, was in known if was is None)
    return Edit((*(was for _, was in known if was is not None), *edit.out), new)


@pytest.mark.parametrize("seed", deep(1, 20))
@pytest.mark.parametrize("kind", ["Elastic IP on", "Elastic IP off"])
def test_an_elastic_ip_gives_the_whole_difference(
    seed: int, kind: str, estate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On and off, and back again; records one by one and a roll."""
    rng = Random(f"{kind}/{seed}")
    own = without_one(grown_estate(estate, (seed + len(kind)) % 2 == 1), rng)
    edit = changed(own.snapshot, kind, rng)
    done = watched(monkeypatch)
    found = step(own, edit)
    step(found.estate, back(own.snapshot, edit))
    assert done == [True, False] * 2  # each beside all of both
    assert found.difference.gained or found.difference.lost


@pytest.mark.parametrize("seed", deep(1, 20))
def test_an_instance_with_a_public_address_gives_the_whole_difference(
    seed: int, estate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before it comes the address is some host's on the internet, as it is when it has gone."""
    own = grown_estate(estate, seed % 2 == 1)
    edit = changed(own.snapshot, "public interface more", Random(f"public/{seed}"))
    done = watched(monkeypatch)
    found = step(own, edit)
    gone = step(found.estate, back(own.snapshot, edit))
    again = gone.estate.edit(*edit.put, without=edit.out).difference
    assert done == [True, False, True, False, True]  # each beside all of both, but the last
    assert "internet" in {e for key in packets_between(found.difference) for e in key[2:]}
    assert packets_between(again) == packets_between(found.difference)


@pytest.mark.parametrize("seed", deep(2, 20))
def test_an_address_of_its_own_that_is_allocated_or_released_gives_the_whole_difference(
    seed: int, estate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An Elastic IP that is listed only while it is on, and one that nobody lists."""
    rng = Random(f"allocated/{seed}")
    own = without_one(grown_estate(estate, cached=False), rng)
    host, instance, address = changed(own.snapshot, "Elastic IP on", rng).put
    if seed % 2:
        first = reach.Estate(changed_snapshot(own.snapshot, Edit((host, instance, address))))
        bare = own.snapshot.get(NetworkInterface, host.network_interface_id)
        edit = Edit((bare, replace(instance, public_ip_address=None)), (address,))
    else:
        idle = own.snapshot.get(Address, address.key)
        assert idle is not None
        first = reach.Estate(changed_snapshot(own.snapshot, Edit(out=(idle,))))
        edit = Edit((host, instance))
    done = watched(monkeypatch)
    found = step(first, edit)
    step(found.estate, back(first.snapshot, edit))
    assert done == [True, False] * 2  # each beside all of both
    assert found.difference.gained
    assert found.difference.lost


def some(snapshot: Snapshot, rng: Random) -> Edit:
    """One edit or two at once."""
    put: list[Any] = []
    kinds = ("on", "off", "address", "rule", "more", "public")
    for kind in rng.sample(kinds, rng.choice((1, 2))):
        if kind in ("on", "off"):
            put += changed(snapshot, f"Elastic IP {kind}", rng).put
        elif kind == "address":
            put += changed(snapshot, rng.choice(MOVES), rng).put
        elif kind == "more":
            put += changed(snapshot, "interface more", rng).put
        elif kind == "public":
            with suppress(ValueError):  # no other one is left that has a public address
                put += changed(snapshot, "public interface more", rng).put
        else:
            put.append(edited(snapshot, rng.choice(("rule for a subnet", "route")), rng))
    every = {snapshot.id_of(each): each for each in put}
    return Edit(tuple(every.values()))


@pytest.mark.parametrize("seed", deep(1, 40))
def test_edits_one_after_the_other_are_the_whole_ones(seed: int, estate: Path) -> None:
    rng = Random(f"outside and more/{seed}")
    own = without_one(grown_estate(estate, seed % 2 == 1), rng)
    for _ in range(3):
        own = step(own, some(own.snapshot, rng)).estate


@pytest.mark.parametrize("kind", ["Elastic IP on", "Elastic IP off"])
def test_a_pair_that_does_not_count_yet_changes_nothing(kind: str, estate: Path) -> None:
    """The law, among all nodes of both networks."""
    rng = Random(f"not yet {kind}")
    own = without_one(grown_estate(estate, cached=False), rng)
    ground = resident(own.snapshot, DEFAULTS)
    edit = changed(own.snapshot, kind, rng)
    after = changed_snapshot(own.snapshot, edit)
    pair = with_loners(ground, after, Standing((edit.first,)), frozenset())
    assert pair is not None
    for one, other in ((ground, pair.before), (pair.before, ground)):
        both = Pair(one, other)
        found = Differing.of(both).further(both, two_way=True, backend=backend_of_thread(), most=50)
        assert found.complete
        assert found.flows == ()


def test_what_is_not_certain_is_compared_as_a_whole(estate: Path) -> None:
    """An Elastic IP that only the interface tells of, or that is said to be elsewhere."""
    rng = Random("not certain")
    own = without_one(grown_estate(estate, cached=False), rng)
    host, instance, address = changed(own.snapshot, "Elastic IP on", rng).put
    assert isinstance(host, NetworkInterface)
    assert isinstance(instance, Instance)
    assert isinstance(address, Address)
    assert is_near(own, host, instance, address)
    assert not is_near(own, host, instance)
    assert not is_near(own, host, instance, replace(address, private_ip_address="10.0.0.9"))
    shown = replace(instance, public_ip_address="198.51.100.7")
    assert not is_near(own, host, shown, address)
    assert not is_near(own, address)


def test_a_sender_on_the_internet_that_is_not_asked_would_be_noticed(
    estate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A seeded omission: nobody asks what a host at the address sent before."""
    own = grown_estate(estate, cached=False)
    edit = changed(own.snapshot, "public interface more", Random("not asked"))
    found = packets_between(own.edit(*edit.put).difference)
    monkeypatch.setattr("reach.comparing.near.new_starts", lambda pair: ())
    assert packets_between(own.edit(*edit.put).difference).keys() != found.keys()


def test_a_filter_that_is_left_out_would_be_noticed(
    estate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A seeded omission: a gateway translates by pairs that do not count."""
    own = grown_estate(estate, cached=False)
    edit = changed(own.snapshot, "Elastic IP off", Random("left out"))
    assert packets_between(own.edit(*edit.put).difference)
    monkeypatch.setattr("reach.aws.internet_gateway._counted", lambda *_: ())
    assert not packets_between(own.edit(*edit.put).difference)
