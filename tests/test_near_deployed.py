"""Hosts and what serves that differ in one edit: near, and the same as the whole.

A deployment: an instance that comes as a target, with rules for it; a target that goes; a host
beside an endpoint or a load balancer.  Grown estates, of records one by one and of a roll; alone,
back again, and in chains.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace as replaced
from pathlib import Path
from random import Random
from typing import Any

import pytest
from msgspec.structs import replace

import reach
from bench.editing import Edit, changed
from bench.groups import GROUPS
from reach.comparing import aligned
from reach.snapshot.records import NetworkInterface
from tests.test_addresses_outside import back
from tests.test_arriving import deep, step
from tests.test_near import grown_estate, packets_between, watched
from tests.test_near_groups import at_once, grown, there_and_back

__all__ = ["grown"]  # a fixture

KINDS = ("deployed", "taken down", "host and service")
OTHERS = (
    *("rule less", "rule for a subnet", "target", "target health", "interface", "interface more"),
    *("interface less", "address more", "groups of a service", "endpoint more", "endpoint less"),
    *("target group less", "interface more in a new group", "Elastic IP on", *GROUPS),
)


@pytest.mark.parametrize("seed", deep(2, 20))
@pytest.mark.parametrize("kind", KINDS)
def test_a_deployment_gives_the_whole_difference(
    seed: int, kind: str, grown: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There, back, and there again."""
    there_and_back(grown_estate(grown, seed % 2 == 1), kind, seed, monkeypatch)


@pytest.mark.parametrize("seed", deep(3, 80))
def test_deployments_in_chains(seed: int, grown: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One upon the other, two at once, and some taken back."""
    rng = Random(f"deployments in chains/{seed}")
    own = grown_estate(grown, seed % 2 == 1)
    done = watched(monkeypatch)
    undone: list[Edit] = []
    for _ in range(5):
        if undone and rng.random() < 0.3:
            print("taken back")
            edit: Edit = undone.pop()
        else:
            edit = several(own.snapshot, rng)
            undone = [back(own.snapshot, edit)]
        own = step(own, edit).estate
    print(done)


def several(snapshot: Any, rng: Random) -> Edit:
    """An edit, or two at once that do not meet."""
    edits: list[tuple[str, Edit]] = []
    wanted = rng.choice((1, 1, 2, 2))
    while len(edits) < wanted:
        kind = rng.choice(KINDS if rng.random() < 0.5 else OTHERS)
        with suppress(ValueError, LookupError):  # there is nothing of the kind
            edits.append((kind, changed(snapshot, kind, rng)))
    return at_once(snapshot, edits)


# ------------------------------------------------------------------- what is compared as a whole


def test_a_target_that_goes_and_is_registered_still_is_compared_as_a_whole(
    grown: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What becomes of what it is sent is told by who is there."""
    own = grown_estate(grown, False)
    edit = changed(own.snapshot, "taken down", Random("still registered"))
    done = watched(monkeypatch)
    step(own, Edit((), edit.out))
    assert done[0] is False


def test_who_is_gone_and_is_registered_again_is_compared_as_a_whole(
    grown: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = grown_estate(grown, False)
    edit = changed(own.snapshot, "taken down", Random("registered again"))
    again = Edit(tuple(own.snapshot.get(type(e), own.snapshot.id_of(e)) for e in edit.put))
    later = own.edit(*edit.put, without=edit.out).estate
    done = watched(monkeypatch)
    step(later, again)
    assert done[0] is False


def test_a_service_that_gets_the_address_of_who_goes_is_compared_as_a_whole(
    grown: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = grown_estate(grown, False)
    gone = changed(own.snapshot, "interface less", Random("its address"))
    host = gone.out[0]
    more = changed(own.snapshot, "endpoint more", Random("its address"))
    (served, *_) = (each for each in more.put if isinstance(each, NetworkInterface))
    taking = replace(
        served,
        subnet_id=host.subnet_id,
        vpc_id=host.vpc_id,
        private_ip_address=host.private_ip_address,
        private_ip_addresses=host.private_ip_addresses[:1],
    )
    put = tuple(taking if each is served else each for each in more.put)
    done = watched(monkeypatch)
    step(own, Edit(put, gone.out))
    assert done[0] is False


def test_a_service_that_is_not_heard_of_beside_a_host_would_be_noticed(
    grown: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A seeded omission: only what the host opens is told."""
    own = grown_estate(grown, False)
    host = changed(own.snapshot, "interface more", Random("not heard of"))
    more = changed(own.snapshot, "endpoint more", Random("not heard of"))
    whole = own.edit(*host.put, *more.put).difference
    monkeypatch.setattr(aligned, "served", lambda *_: frozenset[str]())
    fresh = reach.Estate(replaced(own.snapshot, derived={}))
    missed = fresh.edit(*host.put, *more.put).difference
    assert packets_between(missed) != packets_between(whole)
