"""Edited rules and routes where ways lose groups: the difference is that of a fresh comparison.

A rule for a member's address in the place of one for its group lets out the same by itself, and
another route changes what a rule lets out that nobody touched.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from random import Random

import pytest
from msgspec.structs import replace

import reach
from reach.snapshot.record import Record
from reach.snapshot.records import (
    IpPermission,
    IpRange,
    RouteTable,
    SecurityGroup,
    UserIdGroupPair,
)
from tests.estate import Pair
from tests.test_estate import set_up, shown, untouched
from tests.traps.test_outbound_references import lets_out

ALL = IpPermission(ip_protocol="-1")


def network() -> Pair:
    """Hosts in SA and another subnet that let out to B's group or B2's alone, in each one before
    them that lets out all; the NAT gateway and the peering can be led to by any table."""
    e = Pair()
    e.peered()
    gateway = e.natted()
    near, far = e.group(e.v1, name="near"), e.group(e.v2, name="far")
    e.wear(e.b, near)
    e.wear(e.b2, far)
    other = e.subnet(e.v1, "10.0.4.0/24", name="sd")
    table = e.table(e.v1, [other], name="td")
    e.instance("open", other, "10.0.4.4")
    hosts = [
        e.instance("c", e.sa, "10.0.0.6"),
        e.instance("d", e.sa, "10.0.0.7"),
        e.instance("f", other, "10.0.4.5"),
    ]
    for host, named in zip(hosts, (near, far, near), strict=True):
        lets_out(e, host, f"tcp/22 {named}")
    e.route(table, "10.0.1.0/24", gateway)
    e.route(e.ta, "9.0.0.0/8", gateway)
    return e


def edits(snapshot: reach.Snapshot, rng: Random) -> Iterator[Record]:
    """An outbound rule for the group or the address of B or B2, or a route to one of them."""
    if rng.random() < 0.5:
        group = rng.choice([g for g in snapshot.records(SecurityGroup) if g.group_name == "out"])
        named = [g for g in snapshot.records(SecurityGroup) if g.group_name in ("near", "far")]
        peers = [
            replace(ALL, user_id_group_pairs=(UserIdGroupPair(group_id=g.group_id),)) for g in named
        ]
        addresses = ("10.0.1.5", "10.2.0.5")
        peers += [replace(ALL, ip_ranges=(IpRange(cidr_ip=f"{each}/32"),)) for each in addresses]
        yield replace(group, ip_permissions_egress=tuple(rng.sample(peers, rng.randint(1, 2))))
        return
    table = rng.choice([t for t in snapshot.records(RouteTable) if set_up(t)])
    route = rng.choice(set_up(table))
    block = rng.choice(("10.0.1.0/24", "10.0.1.5/32", "10.2.0.0/16", "10.2.0.5/32", "9.0.0.0/8"))
    kept = [r for r in table.routes if r is not route and r.destination_cidr_block != block]
    yield replace(table, routes=(*kept, replace(route, destination_cidr_block=block)))


@cache
def edited(seed: int) -> frozenset[type[Record]]:
    """Hold the law for some edits, one after the other; what made flows come or go."""
    rng = Random(f"routing/edited/{seed}")
    estate = reach.Estate(network().load(), one_way=True)
    told = set()
    for _ in range(6):
        before = estate.snapshot
        (record,) = edits(before, rng)
        step = estate.edit(record)
        fresh = untouched(before, record)
        oracle = reach.diff(untouched(before), fresh, one_way=True, narrow=False)
        assert shown(step.difference) == shown(oracle), record
        if step.difference.gained or step.difference.lost:
            told.add(type(record))
        estate = step.estate
    return frozenset(told)


@pytest.mark.parametrize(
    "seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.deep) for seed in range(2, 20))]
)
def test_edits_give_the_whole_difference(seed: int) -> None:
    """To the letter, one after the other."""
    print(f"seed {seed}")
    edited(seed)


def test_the_law_is_about_something() -> None:
    """Flows come and go with rules, and with routes that leave all rules alone."""
    assert edited(0) | edited(1) == {SecurityGroup, RouteTable}
