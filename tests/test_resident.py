"""What outlives an edited rule: a resident ground is, node by node, the one of a fresh lowering.

Every rule list of every sample is edited, so that each component that is handed a group, an ACL, a
route table or a prefix list is seen to be made anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import pytest
from msgspec.structs import replace
from ruamel.yaml import YAML

import reach
from reach.changes.edit import with_record, without_record
from reach.comparing.coming import Graph
from reach.comparing.nodes import same
from reach.comparing.records import changed
from reach.editable import RULES, Reads, touched
from reach.lower import Ground, lower
from reach.options import DEFAULTS
from reach.resident import Resident
from reach.resolve import everywhere
from reach.snapshot.gateway_records import PeeringStatus
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
    Vpc,
    VpcPeeringConnection,
)
from reach.snapshot.snapshot import Snapshot
from reach.snapshot.transit_records import (
    TransitGatewayRoutes,
    TransitGatewayStaticRoutes,
    TransitGatewayVpcAttachment,
)
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


def peerings(snapshot: Snapshot) -> Iterator[Snapshot]:
    """Each peering with another status, and without its blocks; none of that id; and another one
    between the same VPCs."""
    for peering in snapshot.records(VpcPeeringConnection):
        name = peering.vpc_peering_connection_id
        for code in ("active", "deleted", "active or deleted"):
            yield with_record(snapshot, name, replace(peering, status=PeeringStatus(code)))
        blind = replace(peering.accepter_vpc_info, cidr_block=None, cidr_block_set=())
        yield with_record(snapshot, name, replace(peering, accepter_vpc_info=blind))
        yield without_record(snapshot, name, VpcPeeringConnection)
        other = f"{name[:-1]}{'0' if name[-1] != '0' else '1'}"
        beside = replace(peering, vpc_peering_connection_id=other, status=PeeringStatus("active"))
        yield with_record(snapshot, other, beside)


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


def associations(snapshot: Snapshot) -> Iterator[Snapshot]:
    """Each association of a table or an ACL gone, and with another one of its VPC."""
    kinds: tuple[Any, ...] = (RouteTable, NetworkAcl)
    for kind in kinds:
        every = snapshot.records(kind)
        for one in every:
            for number, told in enumerate(one.associations):
                kept = one.associations[:number] + one.associations[number + 1 :]
                left = with_record(snapshot, snapshot.id_of(one), replace(one, associations=kept))
                yield left
                others = [each for each in every if each.vpc_id == one.vpc_id and each is not one]
                for other in others[:1]:
                    more = replace(other, associations=(*other.associations, told))
                    yield with_record(left, left.id_of(other), more)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_what_an_edited_association_leaves_is_what_a_fresh_lowering_makes(sample: Path) -> None:
    """Each edit alone, and one after the other, as long as nobody starts elsewhere."""
    snapshot = loaded(sample)
    ground = Resident(snapshot, DEFAULTS)
    graph(ground)
    chain, told = ground, snapshot
    rng = Random(sample.name)
    every = list(associations(snapshot))
    for edited in (*rng.sample(every, min(8, len(every))), snapshot):
        if edited is not snapshot:
            alone = ground.after(edited, reads_of(snapshot, edited))
            assert unlike(alone, lower(edited)) == []
        chain, told = chain.after(edited, reads_of(told, edited)), edited
        assert unlike(chain, lower(edited)) == []
    assert unlike(ground, lower(snapshot)) == []


PEERED = [
    path
    for path in SAMPLES
    if any('"AccepterVpcInfo"' in each.read_text() for each in path.rglob("*.json"))
]


@pytest.mark.parametrize("sample", PEERED, ids=lambda path: path.name)
def test_what_an_edited_peering_leaves_is_what_a_fresh_lowering_makes(sample: Path) -> None:
    """Each edit alone, and one after the other; each peering may go, and come back."""
    snapshot = loaded(sample)
    ground = Resident(snapshot, DEFAULTS)
    graph(ground)
    chain, told = ground, snapshot
    for edited in (*islice(peerings(snapshot), 12), snapshot):
        if edited is not snapshot:
            assert unlike(ground.after(edited, reads_of(snapshot, edited)), lower(edited)) == []
        chain, told = chain.after(edited, reads_of(told, edited)), edited
        assert unlike(chain, lower(edited)) == []
    assert unlike(ground, lower(snapshot)) == []


def reads_of(before: Snapshot, after: Snapshot) -> Reads:
    altered = changed(before, after).records
    reads = touched(before, after, {kind: each.ids for kind, each in altered.items()})
    assert reads or not altered
    return reads


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
    """A name, a VPC, an interface: everything is compared."""
    snapshot = network().load()
    (group, *_) = snapshot.records(SecurityGroup)
    (acl, *_) = snapshot.records(NetworkAcl)
    (table, *_) = snapshot.records(RouteTable)
    (interface, *_) = snapshot.records(NetworkInterface)
    for record in (
        replace(group, group_name="another"),
        replace(acl, is_default=not acl.is_default),
        replace(table, vpc_id="vpc-1"),
        replace(interface, groups=()),
    ):
        name = snapshot.id_of(record)
        edited = with_record(snapshot, name, record)
        assert not touched(snapshot, edited, {type(record): [name]})


def test_whoever_reads_rules_is_known() -> None:
    """A new reader of what groups and ACLs say has to be handed the record while it makes a node, a
    memo or a table of the index: nothing of it may be worked out later."""
    fields = [
        ("reach/aws/core_network.py", "ip_permissions"),
        ("reach/aws/network_acl.py", "entries"),
        ("reach/aws/security_group.py", "ip_permissions"),
        ("reach/aws/security_group.py", "ip_permissions_egress"),
        # entries of prefix lists, not of ACLs
        ("reach/snapshot/index.py", "entries"),
        # the plan of a capture's calls
        ("reach/snapshot/capture/run.py", "entries"),
        # of ACLs and of route tables
        ("reach/aws/network_acl.py", "associations"),
        ("reach/aws/route_server.py", "associations"),
        ("reach/aws/route_table.py", "associations"),
        ("reach/editable.py", "associations"),
        ("reach/routing/tables.py", "associations"),
        ("reach/snapshot/index.py", "associations"),
        ("reach/snapshot/ingress_pools.py", "associations"),
        # of other things: transit and Direct Connect gateways
        ("reach/aws/direct_connect_gateway.py", "associations"),
        ("reach/aws/vpn_gateway.py", "associations"),
        ("reach/snapshot/lines.py", "associations"),
        ("reach/routing/transit_index.py", "associations"),
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


def test_whoever_reads_peerings_is_known() -> None:
    """A new reader has to look them up in the making of a node, a memo or a table, from the ground
    that it makes it for: nothing that works things out later reads any."""
    where = ("aws", "snapshot", "routing", "balancing", "firewalling", "network", "interfaces")
    modules = [*(ROOT / "reach").glob("*.py")]
    modules += [path for folder in where for path in (ROOT / "reach" / folder).rglob("*.py")]
    found = {
        str(path.relative_to(ROOT / "reach"))
        for path in modules
        if "VpcPeeringConnection" in path.read_text()
    }
    assert found == {
        "aws/encryption_control.py",
        "aws/nat_gateway.py",
        "aws/network_load_balancer.py",
        "aws/vpc.py",
        "aws/vpc_peering.py",
        "gaps.py",
        "interfaces/peers.py",
        "editable.py",
        # how they are read from files
        "snapshot/core.py",
        "snapshot/gateway_records.py",
        "snapshot/records.py",
    }


def test_what_comes_and_goes_tells_nothing_of_a_vpc() -> None:
    """Account and Region of a VPC are told by what stands in it (``Snapshot.account_of``): that is
    worked out once, and taken over.  So who alone tells them may not go near."""
    told = next(s for s in map(loaded, SAMPLES) if s.records(TransitGatewayVpcAttachment))
    attachment = told.records(TransitGatewayVpcAttachment)[0]
    name, vpc_id = attachment.transit_gateway_attachment_id, attachment.vpc_id or ""
    for account, near in (("", False), ("111122223333", True)):
        vpc = told.get(Vpc, vpc_id)
        assert vpc is not None
        page = replace(vpc.page, account=account, region=account and "eu-west-1")
        before = with_record(told, vpc_id, replace(vpc, page=page, owner_id=""))
        own = replace(attachment.page, account="111122223333", region="eu-west-1")
        before = with_record(before, name, replace(attachment, page=own))
        after = without_record(before, name, TransitGatewayVpcAttachment)
        reads = touched(before, after, {TransitGatewayVpcAttachment: [name]})
        assert bool(reads) is near


def test_who_a_peering_is_with_is_no_edit_of_it() -> None:
    """Another VPC, account or Region: everything is compared."""
    snapshot = next(map(loaded, PEERED))
    (peering, *_) = snapshot.records(VpcPeeringConnection)
    name = peering.vpc_peering_connection_id
    for told in ({"vpc_id": "vpc-1"}, {"region": "eu-west-9"}, {"owner_id": "9"}):
        other = replace(peering, accepter_vpc_info=replace(peering.accepter_vpc_info, **told))
        edited = with_record(snapshot, name, other)
        assert not touched(snapshot, edited, {VpcPeeringConnection: [name]})
