"""What outlives an edited rule: a resident ground is, node by node, the one of a fresh lowering.

Every rule list of every sample is edited, so that each component that is handed a group, an ACL, a
route table or a prefix list is seen to be made anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from ruamel.yaml import YAML

import reach
from reach.changes.edit import with_record
from reach.comparing.coming import Graph
from reach.comparing.nodes import same
from reach.lower import Ground, lower
from reach.options import DEFAULTS
from reach.resident import RULES, Resident, touched
from reach.resolve import everywhere
from reach.snapshot.record import Record
from reach.snapshot.records import (
    IpPermission,
    IpRange,
    ManagedPrefixListEntries,
    NetworkAcl,
    NetworkAclEntry,
    NetworkInterface,
    RouteTable,
    SecurityGroup,
)
from reach.snapshot.snapshot import Snapshot
from reach.snapshot.transit_records import TransitGatewayRoutes, TransitGatewayStaticRoutes
from tests.test_diff import network

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = sorted(path for path in (ROOT / "samples").iterdir() if path.is_dir())
OPEN = IpPermission(ip_protocol="-1", ip_ranges=(IpRange(cidr_ip="0.0.0.0/0"),))
SHUT = NetworkAclEntry(
    rule_number=1, protocol="-1", rule_action="deny", egress=True, cidr_block="0.0.0.0/0"
)


def loaded(sample: Path) -> Snapshot:
    cases = YAML(typ="safe").load(sample / "cases.reach.yaml")
    return reach.load(sample / cases["snapshot"])


def edits(snapshot: Snapshot) -> Iterator[Record]:
    """Each group with other rules, each ACL with another entry."""
    for group in snapshot.records(SecurityGroup):
        yield replace(group, ip_permissions=(), ip_permissions_egress=(OPEN,))
        yield replace(group, ip_permissions=(*group.ip_permissions, OPEN))
    for acl in snapshot.records(NetworkAcl):
        yield replace(acl, entries=(SHUT, *acl.entries))
    yield from routes(snapshot)


def routes(snapshot: Snapshot) -> Iterator[Record]:
    """Each route table, answer about one of a transit gateway, and prefix list with less."""
    for table in snapshot.records(RouteTable):
        if len(table.routes) > 1:
            yield replace(table, routes=table.routes[:-1])
            yield replace(table, routes=table.routes[1:])
    kinds: tuple[Any, ...] = (TransitGatewayRoutes, TransitGatewayStaticRoutes)
    for kind in kinds:
        for answer in snapshot.records(kind):
            if answer.routes:
                yield replace(answer, routes=answer.routes[1:])
    for listed in snapshot.records(ManagedPrefixListEntries):
        if listed.entries:
            yield replace(listed, entries=listed.entries[1:])


def graph(ground: Ground) -> Graph:
    return Graph(ground.network, dict.fromkeys(start.node for start in everywhere(ground)))


def after(ground: Resident, snapshot: Snapshot, record: Record) -> tuple[Resident, Snapshot]:
    """The ground and the snapshot with a record in the place of that with its id."""
    name = snapshot.id_of(record)
    edited = with_record(snapshot, name, record)
    reads = touched(snapshot, edited, {type(record): [name]})
    assert reads
    return ground.after(edited, reads), edited


def unlike(ground: Ground, fresh: Ground) -> list[str]:
    """The nodes that are not the same in a fresh lowering, in words or in what they do."""
    assert everywhere(ground) == everywhere(fresh)
    one, other = graph(ground), graph(fresh)
    assert list(one.nodes) == list(other.nodes)
    return [
        name
        for name in one.nodes
        if not same(ground.network.node(name), fresh.network.node(name))
        or str(ground.network.node(name)) != str(fresh.network.node(name))
    ]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_what_an_edit_leaves_is_what_a_fresh_lowering_makes(sample: Path) -> None:
    """Each edit alone, on the ground of the snapshot as it was."""
    snapshot = loaded(sample)
    ground = Resident(snapshot, DEFAULTS)
    graph(ground)
    for record in (*list(edits(snapshot))[:6], *list(routes(snapshot))[:6]):
        later, edited = after(ground, snapshot, record)
        assert unlike(later, lower(edited)) == [], record
    assert unlike(ground, lower(snapshot)) == []


@pytest.mark.parametrize("sample", SAMPLES[::4], ids=lambda path: path.name)
def test_edits_add_up(sample: Path) -> None:
    """One after the other, and each ground stays what it was."""
    snapshot = loaded(sample)
    ground = Resident(snapshot, DEFAULTS)
    graph(ground)
    seen = [(ground, snapshot)]
    for record in (*list(edits(snapshot))[1:5], *list(routes(snapshot))[:3]):
        later, edited = after(*seen[-1], record)
        graph(later)
        seen.append((later, edited))
    for later, edited in reversed(seen):
        assert unlike(later, lower(edited)) == []


def test_only_nodes_of_an_edited_group_are_made_anew() -> None:
    """Of those who wear the group; the others are the very same objects."""
    snapshot = network().load()
    ground = Resident(snapshot, DEFAULTS)
    names = graph(ground).nodes
    web = next(g for g in snapshot.records(SecurityGroup) if g.group_name == "web")
    later, _ = after(ground, snapshot, replace(web, ip_permissions=(OPEN,)))
    anew = {name for name in names if later.network.node(name) is not ground.network.node(name)}
    members = {
        interface.network_interface_id
        for interface in snapshot.records(NetworkInterface)
        if any(group.group_id == web.group_id for group in interface.groups)
    }
    assert {name.split("/")[1] for name in anew} <= members
    assert anew


def test_anything_but_rules_is_no_edit_of_rules() -> None:
    """A name, a route, an association, an interface: everything is compared."""
    snapshot = network().load()
    (group, *_) = snapshot.records(SecurityGroup)
    (acl, *_) = snapshot.records(NetworkAcl)
    (table, *_) = snapshot.records(RouteTable)
    (interface, *_) = snapshot.records(NetworkInterface)
    for record in (
        replace(group, group_name="another"),
        replace(acl, associations=()),
        replace(table, associations=()),
        replace(interface, groups=()),
    ):
        name = snapshot.id_of(record)
        edited = with_record(snapshot, name, record)
        assert not touched(snapshot, edited, {type(record): [name]})


def test_whoever_reads_rules_is_known() -> None:
    """A new reader of what groups and ACLs say has to be handed the record while it makes a node, a
    memo or a table of the index: nothing of it may be worked out later (``resident._LATER``)."""
    fields = [
        ("reach/aws/core_network.py", "ip_permissions"),
        ("reach/aws/network_acl.py", "entries"),
        ("reach/aws/security_group.py", "ip_permissions"),
        ("reach/aws/security_group.py", "ip_permissions_egress"),
        # entries of prefix lists, not of ACLs
        ("reach/snapshot/index.py", "entries"),
        # the plan of a capture's calls
        ("reach/snapshot/capture/run.py", "entries"),
    ]
    kinds = (SecurityGroup, NetworkAcl)
    names = sorted({name for kind in kinds for name in RULES[kind]})
    where = ("aws", "snapshot", "routing", "balancing", "firewalling", "network")
    modules = [*(ROOT / "reach").glob("*.py")]
    modules += [path for folder in where for path in (ROOT / "reach" / folder).rglob("*.py")]
    found = {
        (str(path.relative_to(ROOT)), name)
        for path in modules
        for name in names
        if re.search(rf"\.{name}\b", path.read_text())
    }
    assert found == set(fields)
