"""Differences near what was edited: what they take for granted, and that they are the whole ones.

Of plain hosts' own nodes much is said without making them.  Here all are made, and each of these
claims is held against what they are.  The oracle of a difference is the comparison that walks over
every node.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace as replaced
from functools import cache
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import pytest
from msgspec.structs import replace

import reach
from bench.editing import edited, edited_snapshot
from bench.grow import Size, write
from reach.comparing import diff as comparing
from reach.comparing import near as nearby
from reach.comparing import receiving, spots
from reach.comparing.aligned import Pair, resident
from reach.comparing.coming import Graph, ways
from reach.comparing.flows import Search
from reach.comparing.leaping import Starts, leap
from reach.comparing.near import warmed
from reach.comparing.nodes import Spot, unwritten
from reach.comparing.passing import Effort, passes
from reach.comparing.skeleton import NotPlainError, Skeleton, says_nothing, skeleton
from reach.comparing.sweeping import Gained
from reach.decide import Proof
from reach.editable import Read
from reach.flood import covers, image, uncovered
from reach.interfaces.plain import host_of, plain
from reach.lower import Ground
from reach.network.field import Header
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.network.node import Network
from reach.network.spans import Spans
from reach.network.stage import Case, Embed, Filter, Translate
from reach.options import DEFAULTS
from reach.resident import Resident
from reach.resolve import every_packet, everywhere
from reach.snapshot.records import (
    IpPermission,
    IpRange,
    NetworkAcl,
    NetworkAclEntry,
    NetworkInterface,
    PortRange,
    RouteTable,
    SecurityGroup,
    UserIdGroupPair,
    VpcPeeringConnection,
)
from reach.snapshot.snapshot import Snapshot
from tests.test_diff import network
from tests.test_resident import SAMPLES, loaded

GROWN = Size(80, 2, seed=5, mixed=True)
PORTS = (22, 443, 5432)
ENDS = ("source", "destination")


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("grown") / "estate"
    write(folder, GROWN)
    return folder


# ------------------------------------------------------------------- what is taken for granted


def holds(snapshot: Snapshot) -> int:
    """Hold every claim about plain hosts' own nodes; how many such nodes there are."""
    ground = Resident(snapshot, DEFAULTS)
    hosts = plain(ground)
    full = Graph(ground.network, dict.fromkeys(s.node for s in everywhere(ground)))
    own = {name: hosts.family(name) for name in full.nodes if hosts.family(name)}
    bare = Skeleton(ground)
    # What hosts of a place lead to, and who leads to them: all of it is in the skeleton.
    for name, family in own.items():
        leads = {t for stage in ground.network.node(name).stages for t, _, _ in ways(stage)}
        outside = {each for each in leads if hosts.family(each) != family}
        assert outside <= bare.nodes.keys() & bare.exits, name
        bare.check(name)
        into = {edge.node for edge in full.into.get(name, ()) if own.get(edge.node) != family}
        assert into == {e.node for e in bare.into.get(name, ()) if own.get(e.node) != family}, name
        answers = {edge.node for edge in full.answered_from.get(name, ())}
        assert {own.get(each) for each in answers} <= {family}, name
        # They send from their own addresses only, and what they answer came by known ways.
        for way_out in outside:
            assert not sources_of(ground, name) - bare.sent_from(way_out), name
            known = {(edge.node, edge.stage) for edge in bare.answers(way_out)}
            kin = [each for each in own if own[each] == family]
            ended = {e.node for each in kin for e in full.answered_from.get(each, ())}
            ways_in = {edge for each in ended for edge in full.into.get(each, ())}
            assert {(e.node, e.stage) for e in ways_in if own.get(e.node) != family} <= known, name
    assert {name for name in full.nodes if name not in own} == set(bare.nodes)
    # What they are made of: of all rules those of the groups that the hosts are in.
    for group in snapshot.records(SecurityGroup):
        made = ground.made_of(frozenset({(SecurityGroup, group.group_id)}))
        told = set(hosts.reading([group.group_id]))
        assert {name for name in made if name in own} <= told, group.group_id
    others: list[Read] = [(SecurityGroup, ""), (RouteTable, ""), (VpcPeeringConnection, "")]
    others += [(NetworkAcl, acl.network_acl_id) for acl in snapshot.records(NetworkAcl)]
    for read in others:
        assert not [name for name in ground.made_of(frozenset({read})) if name in own], read
    # Nothing comes to a host but what is for its addresses; and its filters remember.
    begun = senders(ground)
    for name in own:
        interface = snapshot.get(NetworkInterface, host_of(name))
        assert interface is not None
        if name.endswith("/admit"):
            members = ground.alike(interface.network_interface_id)
            mine = HeaderSpace.where(destination=ground.index.addresses_of(members))
            for come in bare.sent_there(name, ANYTHING, reply=False) if full.into.get(name) else ():
                destinations = come.by_name["destination"]
                assert not destinations - mine.by_name["destination"], name
        filters = {
            name: [
                Spot(number, ANYTHING, stage.session)
                for number, stage in enumerate(ground.network.node(name).stages)
                if isinstance(stage, Filter) and stage.session.startswith("security_group")
            ]
        }
        assert full.matter_to_replies(filters, begun) == {}, name
    return len(own)


def sources_of(ground: Resident, name: str) -> Ranges:
    """The addresses that a node lets pass as a sender's, if it says so."""
    for stage in ground.network.node(name).stages:
        if isinstance(stage, Filter) and stage.rules:
            sources = [rule.match.by_name.get("source") for rule in stage.rules]
            if None not in sources:
                return Ranges.any_of(each for each in sources if each is not None)
    return Ranges(())


def senders(ground: Resident) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for start in everywhere(ground):
        found.setdefault(start.owner, []).append(start.node)
    return found


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_what_is_said_of_plain_hosts_holds_of_their_nodes(sample: Path) -> None:
    """Each sample has another component beside its hosts."""
    holds(loaded(sample))


@pytest.mark.parametrize("cache", [False, True])
def test_what_is_said_of_plain_hosts_holds_of_a_grown_estate(estate: Path, cache: bool) -> None:
    """Record by record, and as a roll tells it."""
    snapshot = reach.load(estate, cache=cache)
    if cache:
        snapshot = reach.load(estate, cache=cache)
    assert holds(snapshot) > 300


def test_a_host_that_is_not_plain_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A seeded lie about who sends: everything is compared, and the answer is the same."""
    snapshot = network().load()
    web = next(g for g in snapshot.records(SecurityGroup) if g.group_name == "web")
    shut = replace(web, ip_permissions=())
    expected = reach.Estate(snapshot).edit(shut).difference.to_dict()
    ground = resident(network().load(), DEFAULTS)
    hosts = plain(ground)
    monkeypatch.setattr(type(hosts), "identity", lambda self, node: 4711)
    with pytest.raises(NotPlainError):
        skeleton(ground).expand(start.node for start in everywhere(ground))
    found = reach.Estate(network().load()).edit(shut).difference.to_dict()
    assert {**found, "before": "", "after": ""} == {**expected, "before": "", "after": ""}


# ------------------------------------------------------------------- who can come by


def test_things_are_found_by_the_values_they_are_for() -> None:
    """Narrow ones, wide ones, and those for any value."""
    spans = Spans(
        [
            (Ranges.of(7), "seven"),
            (Ranges(((1, 3), (9, 9))), "some"),
            (Ranges.span(0, 1 << 120), "wide"),
            (None, "any"),
        ]
    )
    assert set(spans.meeting(Ranges.of(7))) == {"seven", "wide", "any"}
    assert set(spans.meeting(Ranges(((2, 2), (8, 20))))) == {"some", "wide", "any"}
    assert set(spans.meeting(Ranges.of(1 << 121))) == {"any"}
    assert set(spans.meeting(None)) == {"seven", "some", "wide", "any"}


def test_only_who_sends_from_an_address_comes_by_a_rule_for_it() -> None:
    """A rule of b and c for a's private address: a comes by, and nobody else."""
    ground = warmed(resident(network().load(), DEFAULTS))
    bare, starts = skeleton(ground), Starts(everywhere(ground))
    of = {
        "".join(p.private_ip_address or "" for p in i.private_ip_addresses): i.network_interface_id
        for i in ground.snapshot.records(NetworkInterface)
    }
    admit = f"network_interface/{of['10.0.1.5']}/admit"
    filters = [
        number
        for number, stage in enumerate(ground.network.node(admit).stages)
        if isinstance(stage, Filter) and stage.session.startswith("security_group")
    ]
    there = {admit: (Spot(filters[0], HeaderSpace.where(source=address("10.0.0.5"))),)}
    bare.expand([admit])
    by = leap(bare, starts, there, {})
    assert by is not None
    assert {name.split("/")[1] for name in by} == {of["10.0.0.5"]}


def address(text: str) -> Ranges:
    from reach.network.address import parse_address

    return Ranges.of(parse_address(text))


def test_sets_rule_out_what_a_filter_on_the_way_stops() -> None:
    """Who may not send to a port does not come by a place behind it."""
    snapshot = network().load()
    ground = warmed(resident(snapshot, DEFAULTS))
    web = {g.group_name: g.group_id for g in snapshot.records(SecurityGroup)}["web"]
    admits = [n for n in plain(ground).reading([web]) if n.endswith("/admit")]
    for port, expected in ((443, True), (22, False)):
        wanted = HeaderSpace.where(protocol=Ranges.of(6), destination_port=Ranges.of(port))
        forward = dict.fromkeys(admits, (wanted,))
        found = {
            passes(ground.network, start, forward, {}, Effort(1000), two_way=True)
            for start in every_packet(everywhere(ground))
        }
        assert (True in found) is expected
        assert None not in found


# ------------------------------------------------------------------- the whole difference


def edits(snapshot: Snapshot, rng: Random) -> Iterator[Any]:
    """A group or an ACL in use with a rule more, a rule less, or another way out."""
    hosts = [each for each in snapshot.records(NetworkInterface) if each.groups]
    host, peer = rng.choice(hosts), rng.choice(hosts)
    group = snapshot.get(SecurityGroup, rng.choice(host.groups).group_id)
    assert group is not None
    kind = rng.choice(("more", "more", "less", "out", "refer", "entry"))
    port = rng.choice(PORTS)
    own = peer.private_ip_address or "10.0.0.1"
    block = rng.choice((f"{own}/32", f"{own.rpartition('.')[0]}.0/24", "0.0.0.0/0"))
    rule = IpPermission(ip_protocol="tcp", from_port=port, to_port=port)
    if kind == "refer":
        named = UserIdGroupPair(group_id=rng.choice(peer.groups).group_id)
        rule = replace(rule, user_id_group_pairs=(named,))
    else:
        rule = replace(rule, ip_ranges=(IpRange(cidr_ip=block),))
    if kind in ("more", "refer"):
        yield replace(group, ip_permissions=(*group.ip_permissions, rule))
    elif kind == "less":
        yield replace(group, ip_permissions=group.ip_permissions[1:])
    elif kind == "out":
        yield replace(group, ip_permissions_egress=(rule,))
    else:
        acl = rng.choice(snapshot.records(NetworkAcl))
        entry = NetworkAclEntry(
            rule_number=1,
            protocol="6",
            rule_action=rng.choice(("deny", "allow")),
            egress=rng.random() < 0.5,
            cidr_block=block,
            port_range=PortRange(from_port=port, to_port=port),
        )
        yield replace(acl, entries=(entry, *acl.entries))


@cache
def grown_estate(folder: Path, cached: bool) -> reach.Estate:
    return reach.Estate(reach.load(folder, cache=cached))


def near_is_whole(folder: Path, seed: int, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether the difference was found near the edit; it is the one of the walk over all."""
    rng = Random(f"near/{seed}")
    estate = grown_estate(folder, seed % 2 == 1)
    records = list(edits(estate.snapshot, rng))
    found = estate.edit(*records, most=10).difference
    monkeypatch.setattr(comparing, "near", lambda pair: None)
    assert found.to_dict() == estate.edit(*records, most=10).difference.to_dict(), records
    return found.complete


@pytest.mark.parametrize("seed", range(6))
def test_edits_of_a_grown_estate_give_the_whole_difference(
    seed: int, estate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hosts behind load balancers, endpoints, gateways and peerings; records and a roll."""
    near_is_whole(estate, seed, monkeypatch)


ROUTED = [*range(3), *(pytest.param(seed, marks=pytest.mark.deep) for seed in range(3, 30))]


@pytest.mark.parametrize("many", [0, 100])
@pytest.mark.parametrize("kind", ["route", "list", "entry"])
@pytest.mark.parametrize("seed", ROUTED)
def test_edits_of_what_is_on_the_way_give_the_whole_difference(
    seed: int, kind: str, many: int, estate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looked up or walked to, whichever is told to be too much for the other one."""
    monkeypatch.setattr(nearby, "_MANY", many)
    monkeypatch.setattr(nearby, "_MANY_BY", many)
    rng = Random(f"on the way/{kind}/{seed}")
    own = grown_estate(estate, seed % 2 == 1)
    record = edited(own.snapshot, kind, rng)
    found = own.edit(record).difference
    whole = reach.diff(own.snapshot, edited_snapshot(own.snapshot, record), narrow=False)
    assert told(found) == told(whole), record
    assert found.complete


def told(found: reach.Difference) -> dict[str, Any]:
    """A difference but for which of its packets are shown."""
    lines = found.to_dict()
    for side in ("gained", "lost", "undecided"):
        for line in lines[side]:
            del line["witness"]
    return lines


@pytest.mark.parametrize("seed", range(6))
def test_a_graph_is_patched_to_what_it_would_be(seed: int, estate: Path) -> None:
    """The ways into all that can be come to, and the nodes that can, are those of a new one."""
    own = grown_estate(estate, seed % 2 == 1)
    ground = resident(own.snapshot, DEFAULTS)
    begun = dict.fromkeys(start.node for start in everywhere(ground))
    before = Graph(ground.network, begun)
    shape = {name: list(edges) for name, edges in before.into.items()}
    record = edited(own.snapshot, "route", Random(f"patched/{seed}"))
    read = frozenset({(type(record), own.snapshot.id_of(record)), (type(record), "")})
    later = ground.after(edited_snapshot(own.snapshot, record), read)
    patched = before.on(later.network, before.ordered(ground.made_of(read)))
    new = Graph(later.network, begun)
    assert new.nodes.keys() <= patched.nodes.keys()
    for name in new.nodes:
        mine = [set(graph.into.get(name, ())) for graph in (patched, new)]
        assert {e for e in mine[0] if e.node in new.nodes} == mine[1], name
        answers = [set(graph.answered_from.get(name, ())) for graph in (patched, new)]
        assert {e for e in answers[0] if e.node in new.nodes} == answers[1], name
    assert shape == before.into  # the one before is as it was


def translations(network: Network, names: Iterable[str]) -> Iterator[Case]:
    """All cases of some nodes that rewrite more than who sent a packet."""
    for name in names:
        for stage in network.node(name).stages:
            for case in stage.cases if isinstance(stage, Translate) else ():
                if any(rewrite.field != "identity" for rewrite in case.rewrites):
                    yield case


def test_what_was_rewritten_is_found_among_few_of_all_translations(estate: Path) -> None:
    """All headers that any translation may have made into some, and for two ends inside none is
    tried that sends from somewhere else, whatever it makes of where a packet goes to."""
    ground = resident(reach.load(estate), DEFAULTS)
    graph = skeleton(ground)
    hosts = plain(ground)
    cases = [*translations(ground.network, (n for n in graph.nodes if not hosts.family(n)))]
    assert any(isinstance(r, Embed) for case in cases for r in case.rewrites)  # NAT64
    rng = Random("rewritten")
    values = {field: {v for c in cases for v in some_of(c, field)} for field in ENDS}
    found = 0
    for _ in range(300):
        told = {field: Ranges.of(rng.choice(sorted(values[field]))) for field in ENDS}
        space = HeaderSpace.where(**{n: v for n, v in told.items() if rng.random() < 0.7})
        tried = (unwritten(case, space) for case in cases)
        expected = {each for each in tried if each is not None}
        for reply in (False, True):
            before = [*graph.before_rewriting(space, reply=reply)]
            assert all(any(covers(each, own) for each in expected) for own in before), space
            if not any(map(says_nothing, expected)):
                assert set(before) == expected, space
        found += bool(expected)
    assert found > 50
    inside = HeaderSpace.where(source=address("10.200.0.9"), destination=address("10.200.0.10"))
    assert not [*graph.met_cases(inside)]


def some_of(case: Case, field: str) -> Iterator[int]:
    """Values that a case gives a field, or reads."""
    for rewrite in case.rewrites:
        values = image(rewrite) if rewrite.field == field else None
        yield from (low for low, _ in values.intervals[:4]) if values is not None else ()
    yield from (low for low, _ in case.match.by_name.get(field, Ranges(())).intervals[:4])


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(6, 60))
def test_many_edits_of_a_grown_estate_give_the_whole_difference(
    seed: int, estate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same, longer."""
    near_is_whole(estate, seed, monkeypatch)


def test_a_host_that_is_left_out_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A seeded omission: with nothing found where flows come, the port that was opened is gone."""
    snapshot = network().load()
    web = next(g for g in snapshot.records(SecurityGroup) if g.group_name == "web")
    ssh = IpPermission(
        ip_protocol="tcp", from_port=22, to_port=22, ip_ranges=(IpRange(cidr_ip="0.0.0.0/0"),)
    )
    edited = replace(web, ip_permissions=(*web.ip_permissions, ssh))
    assert reach.Estate(snapshot).edit(edited).difference.gained
    monkeypatch.setattr(spots, "more", lambda before, after: ())
    monkeypatch.setattr(receiving, "new_of", lambda was, now, old: ())
    assert not reach.Estate(network().load()).edit(edited).difference.gained


def test_an_estate_is_made_without_the_nodes_of_its_hosts(estate: Path) -> None:
    """A rule for one host then makes those that it is about."""
    made = reach.Estate(reach.load(estate))
    ground = resident(made.snapshot, DEFAULTS)
    hosts = plain(ground)

    def admits() -> list[str]:
        names = (name for name in ground.network.made if name.endswith("/admit"))
        return [name for name in names if hosts.family(name)]

    assert admits() == []
    every = [s for s in everywhere(ground) if hosts.family(s.node)]
    host = next(i for i in made.snapshot.records(NetworkInterface) if i.groups)
    group = made.snapshot.get(SecurityGroup, host.groups[0].group_id)
    assert group is not None
    ranges = (IpRange(cidr_ip=f"{host.private_ip_address}/32"),)
    rule = IpPermission(ip_protocol="tcp", from_port=4711, to_port=4711, ip_ranges=ranges)
    made.edit(replace(group, ip_permissions=(*group.ip_permissions, rule)))
    assert len(admits()) < len(every)


# ------------------------------------------------------------------- who changes groups


def packets_between(found: reach.Difference) -> dict[tuple[object, ...], list[HeaderSpace]]:
    """What each exchanges with each, however it is put into lines: of several nobody makes a pair
    with itself (:mod:`reach.comparing.pairs`)."""
    told: dict[tuple[object, ...], list[HeaderSpace]] = {}
    for line in (*found.gained, *found.lost, *found.undecided):
        several = len(line.sources) > 1 and len(line.destinations) > 1
        for one, other in product(line.sources, line.destinations):
            if several and one.resource == other.resource:
                continue
            key = (line.was, line.now, one.resource, other.resource)
            told.setdefault(key, []).extend(line.packets)
    return told


def assert_same_packets(found: reach.Difference, whole: reach.Difference) -> None:
    mine, others = packets_between(found), packets_between(whole)
    assert mine.keys() == others.keys()
    for key, spaces in mine.items():
        assert not [rest for each in spaces for rest in uncovered(each, others[key])], key
        assert not [rest for each in others[key] for rest in uncovered(each, spaces)], key
    assert found.complete
    assert whole.complete


def of_instances(snapshot: Snapshot, rng: Random) -> NetworkInterface:
    """An interface of an instance with a group more or less, or another one."""
    while True:
        record: NetworkInterface = edited(snapshot, "interface", rng)
        if record.attachment is not None and record.attachment.instance_id:
            return record


def watched(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Of each comparison whether it was near what was edited."""
    done: list[bool] = []

    def look(pair: Pair) -> nearby.Near | None:
        found = nearby.near(pair)
        done.append(found is not None)
        return found

    monkeypatch.setattr(comparing, "near", look)
    return done


REGROUPED = [*range(6), *(pytest.param(seed, marks=pytest.mark.deep) for seed in range(6, 60))]


@pytest.mark.parametrize("seed", REGROUPED)
def test_an_interface_in_other_groups_gives_the_whole_difference(
    seed: int, estate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Records one by one and a roll; the oracle makes out all classes anew."""
    done = watched(monkeypatch)
    own = grown_estate(estate, seed % 2 == 1)
    record = of_instances(own.snapshot, Random(f"regrouped/{seed}"))
    found = own.edit(record).difference
    assert done == [True]
    whole = reach.diff(own.snapshot, edited_snapshot(own.snapshot, record), narrow=False)
    assert_same_packets(found, whole)


@pytest.mark.parametrize(
    "seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.deep) for seed in range(2, 20))]
)
def test_edits_after_an_interface_changed_its_groups_are_the_whole_ones(
    seed: int, estate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rules and groups in turn, the same interface again and back, and both at once."""
    rng = Random(f"regrouped and more/{seed}")
    own = first = grown_estate(estate, seed % 2 == 1)
    done = watched(monkeypatch)
    record = of_instances(own.snapshot, rng)
    name = record.network_interface_id
    back = first.snapshot.get(NetworkInterface, name)
    assert back is not None
    steps: list[list[Any]] = [[record]]
    steps += [[edited(own.snapshot, "rule less", rng)], [of_instances(own.snapshot, rng)]]
    steps += [[edited(own.snapshot, "rule for a subnet", rng), back], [record]]
    for records in steps:
        done.clear()
        step = own.edit(*records)
        assert all(done), records
        after = own.snapshot
        for each in records:
            after = edited_snapshot(after, each)
        if after.contents == own.snapshot.contents:
            continue
        assert_same_packets(step.difference, reach.diff(own.snapshot, after, narrow=False))
        own = step.estate
    question = f"can {name} reach {steps[2][0].network_interface_id} port 443"
    fresh = replaced(own.snapshot, derived={})
    assert own.ask(question).to_dict() == reach.ask(fresh, question).to_dict()


def test_an_interface_that_passes_packets_on_is_compared_as_a_whole(
    estate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it passes on is filtered by its groups, too: nothing is taken for granted of it."""
    done = watched(monkeypatch)
    own = grown_estate(estate, cached=False)
    rng = Random("passing on")
    record = of_instances(own.snapshot, rng)
    passing = replace(record, source_dest_check=False)
    before = own.edit(replace(passing, groups=own_groups(own.snapshot, record))).estate
    done.clear()
    before.edit(passing)
    assert done == [False]


def own_groups(snapshot: Snapshot, record: NetworkInterface) -> Any:
    known = snapshot.get(NetworkInterface, record.network_interface_id)
    assert known is not None
    return known.groups


def test_an_identity_that_is_not_told_would_be_noticed(
    estate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A seeded omission: where rules that name a group do not hear of who has put it on, what they
    let pass is missed."""
    own = grown_estate(estate, cached=False)
    missed = []
    for seed in range(12):
        record = of_instances(own.snapshot, Random(f"not told/{seed}"))
        found = packets_between(own.edit(record).difference)
        with monkeypatch.context() as patched:
            patched.setattr(Resident, "senders_with", Ground.senders_with)
            missed.append(packets_between(own.edit(record).difference) != found)
    assert any(missed)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_who_stands_apart_does_so_for_the_walk_over_everything_too(
    seed: int, estate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be told near is looked for among all nodes of the very same two networks."""
    monkeypatch.setattr(comparing, "near", lambda pair: None)
    own = grown_estate(estate, seed % 2 == 1)
    record = of_instances(own.snapshot, Random(f"apart/{seed}"))
    found = own.edit(record).difference
    whole = reach.diff(own.snapshot, edited_snapshot(own.snapshot, record), narrow=False)
    assert_same_packets(found, whole)


def test_what_many_may_send_to_few_is_walked_back_from_these(
    estate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a bound that few exceed, the same comes out; with the walk finding nobody, it does
    not."""
    own = grown_estate(estate, cached=False)
    records = [of_instances(own.snapshot, Random(f"few/{seed}")) for seed in range(4)]
    expected = [packets_between(own.edit(each).difference) for each in records]
    assert any(expected)
    monkeypatch.setattr(nearby, "_MANY", 1)
    assert [packets_between(own.edit(each).difference) for each in records] == expected
    monkeypatch.setattr(nearby, "_begun_by", lambda graph, by: {})
    assert [packets_between(own.edit(each).difference) for each in records] != expected


def test_only_what_is_shown_of_many_flows_is_walked(
    estate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside one of each kind; the order of the others is known without."""
    own = grown_estate(estate, cached=False)
    walked: list[object] = []
    walk = Search._walked

    def counted(search: Search, gained: Gained, packet: Header) -> tuple[Proof, Proof | None]:
        walked.append(gained)
        return walk(search, gained, packet)

    monkeypatch.setattr(Search, "_walked", counted)
    record = edited(own.snapshot, "rule for all inside", Random("walked/2"))
    found = own.edit(record).difference
    pairs = sum(len(e.sources) * len(e.destinations) for e in (*found.gained, *found.lost))
    assert 0 < len(walked) < pairs / 2


def test_what_a_rule_that_is_gone_named_does_not_count(
    estate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nodes that were made while a group named another one are not made of it any more."""
    done = watched(monkeypatch)
    own = grown_estate(estate, cached=False)
    tried = 0
    for group, named in naming_one(own.snapshot):
        kept = tuple(r for r in group.ip_permissions if not r.user_id_group_pairs)
        less = own.edit(replace(group, ip_permissions=kept)).estate
        found = (
            each
            for each in less.snapshot.records(NetworkInterface)
            if each.attachment is not None
            and each.attachment.instance_id
            and each.source_dest_check
            and each.vpc_id == group.vpc_id
            and named not in {worn.group_id for worn in each.groups}
        )
        host = next(found, None)
        if host is None:
            continue
        more = (*host.groups, replace(host.groups[0], group_id=named))
        done.clear()
        less.edit(replace(host, groups=more))
        assert done == [True], (group.group_id, named)
        tried += 1
    assert tried > 3


def naming_one(snapshot: Snapshot) -> Iterator[tuple[SecurityGroup, str]]:
    """The groups whose inbound rules name one group, with that one."""
    for group in snapshot.records(SecurityGroup):
        named = {p.group_id for r in group.ip_permissions for p in r.user_id_group_pairs}
        if len(named) == 1 and not group.ip_permissions_egress[0].user_id_group_pairs:
            yield group, named.pop() or ""
