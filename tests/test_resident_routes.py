"""What all route tables say together is told by itself: a route edited is near its own table.

Every route of the samples that anything but its own table is made of goes and comes back, and comes
to another table: each ground is, node by node, the one of a fresh lowering.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from functools import cached_property
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from random import Random

import pytest
from msgspec.structs import replace

import reach
import reach.snapshot
from bench.editing import edited
from bench.grow import Size, write
from reach.changes.edit import with_record
from reach.comparing.aligned import resident
from reach.editable import RULES, touched
from reach.lower import lower
from reach.options import DEFAULTS
from reach.resident import Resident
from reach.resolve import everywhere
from reach.snapshot.lattice import ROUTE_TARGET
from reach.snapshot.records import Route, RouteTable
from reach.snapshot.snapshot import Snapshot
from tests.test_resident import SAMPLES, graph, loaded, unlike
from tests.test_resident_serving import OF_ONE_GROUND

KINDS: dict[str, Callable[[RouteTable, Route], object]] = {
    "reached in Lattice": lambda _, route: route.gateway_id == ROUTE_TARGET,
    "core networks mentioned": lambda _, route: route.core_network_arn,
    "routed to local gateways": lambda _, route: route.local_gateway_id,
    "ingress pools": lambda table, route: (
        route.network_interface_id and any(each.gateway_id for each in table.associations)
    ),
    "learned": lambda _, route: route.origin == "EnableVgwRoutePropagation",
}


def told_of(snapshot: Snapshot) -> Iterator[tuple[str, RouteTable]]:
    """Each table without what is told of all together, one of a kind; and another one with it."""
    seen: set[str] = set()
    tables = snapshot.records(RouteTable)
    for table in tables:
        for kind, is_one in KINDS.items():
            own = tuple(route for route in table.routes if is_one(table, route))
            if own and kind not in seen:
                seen.add(kind)
                yield kind, replace(table, routes=tuple(r for r in table.routes if r not in own))
                for other in tables:
                    if other is not table:
                        yield kind, replace(other, routes=(*other.routes, *own))
                        break


TELLING = [sample for sample in SAMPLES if any(told_of(loaded(sample)))]


def after(ground: Resident, before: Snapshot, snapshot: Snapshot, *tables: str) -> Resident:
    reads = touched(before, snapshot, {RouteTable: tables})
    assert reads
    return ground.after(snapshot, reads)


@pytest.mark.parametrize("sample", TELLING, ids=lambda path: path.name)
def test_routes_that_others_are_made_of(sample: Path) -> None:
    """Each alone, one upon the other, and all back at once."""
    snapshot = loaded(sample)
    every = list(told_of(snapshot))
    ground = Resident(snapshot, DEFAULTS)
    graph(ground)
    chain, told = ground, snapshot
    for _, table in every:
        name = table.route_table_id
        alone = with_record(snapshot, name, table)
        assert unlike(after(ground, snapshot, alone, name), lower(alone)) == [], name
        more = with_record(told, name, table)
        chain, told = after(chain, told, more, name), more
        assert unlike(chain, lower(told)) == [], name
    names = dict.fromkeys(table.route_table_id for _, table in every)
    assert unlike(after(chain, told, snapshot, *names), lower(snapshot)) == []


@pytest.mark.parametrize("sample", TELLING, ids=lambda path: path.name)
def test_an_edit_before_anything_was_asked(sample: Path) -> None:
    """What the first ground is asked later does not count for the second one."""
    snapshot = loaded(sample)
    every = list(told_of(snapshot))
    for _, table in every:
        name, ground = table.route_table_id, Resident(snapshot, DEFAULTS)
        more = with_record(snapshot, name, table)
        later = after(ground, snapshot, more, name)
        graph(ground)
        assert unlike(later, lower(more)) == [], name


def test_every_kind_of_them_is_in_some_sample() -> None:
    found = {kind for sample in SAMPLES for kind, _ in told_of(loaded(sample))}
    assert found == set(KINDS)


def test_a_table_that_nobody_compares_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where what all tables say together is taken to be what it was."""
    monkeypatch.setattr(Resident, "keys_unlike", lambda *_: frozenset())
    noticed: set[str] = set()
    for sample in SAMPLES:
        snapshot = loaded(sample)
        every = [(k, t) for k, t in told_of(snapshot) if k not in (*noticed, "learned")]
        ground = Resident(snapshot, DEFAULTS)
        for kind, table in every:
            graph(ground)
            alone = with_record(snapshot, table.route_table_id, table)
            if is_noticed(after(ground, snapshot, alone, table.route_table_id), alone):
                noticed.add(kind)
    assert noticed >= {"ingress pools", "reached in Lattice"}


def is_noticed(ground: Resident, snapshot: Snapshot) -> bool:
    try:
        return bool(unlike(ground, lower(snapshot)))
    except AssertionError:
        return True


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("routes") / "estate"
    write(folder, Size(80, 2, seed=7, mixed=True))
    return folder


@pytest.mark.parametrize("cached", [False, True])
def test_a_route_is_near_its_own_table(grown: Path, cached: bool) -> None:
    """No node is made of all routes, and who starts where is taken over as it is."""
    estate = reach.Estate(reach.load(grown, cache=cached))
    ground = resident(estate.snapshot, DEFAULTS)
    graph(ground)
    assert ground.made_of(frozenset({(RouteTable, "")})) == ()
    rng = Random("a route")
    for _ in range(5):
        table = edited(estate.snapshot, "route", rng)
        own = with_record(estate.snapshot, table.route_table_id, table)
        later = after(ground, estate.snapshot, own, table.route_table_id)
        assert everywhere(later) is everywhere(ground)
        made = later.made_of(later.touched)
        assert set(made) <= set(ground.made_of(frozenset({(RouteTable, table.route_table_id)})))
        assert unlike(later, lower(own)) == []


def lazy() -> Iterator[type]:
    """The classes whose instances keep a snapshot, and work something out when it is asked for."""
    for module in iter_modules(reach.snapshot.__path__, "reach.snapshot."):
        for kind in filter(inspect.isclass, vars(import_module(module.name)).values()):
            kept = any(isinstance(each, cached_property) for each in vars(kind).values())
            if kept and kind.__module__ == module.name:
                yield kind


def test_nothing_that_works_things_out_later_reads_what_may_be_edited() -> None:
    """But the index and its lines, of which each look says what it was made of; and the joins that
    belong to one ground, which keep none of it (``tests/test_resident_serving.py``)."""
    words = [rf"(records|get)\({kind.__name__}" for kind in RULES]
    words += ["route_table_of", "gateway_route_tables", "network_acl_of", "prefix_list_entries"]
    words += ["lines", "group_but_rules"]
    readers = {
        (kind.__name__, word)
        for kind in lazy()
        for word in words
        if re.search(rf"\b{word}\b", inspect.getsource(kind))
    }
    own = {each.__name__ for each in OF_ONE_GROUND}
    assert {name for name, _ in readers} == {"Index", "Lines", *own}, readers
