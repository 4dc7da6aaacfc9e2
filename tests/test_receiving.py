"""What hosts do with what is sent to them, told without their nodes: the pass ``receivers``.

What is told of a host is held against its nodes, of all samples and of a grown estate.  Then the
law of a pass: an edit has the same difference with it and without it, line by line; and where that
is no more than what :mod:`tests.test_near` holds, the packets that all of both networks say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace as replaced
from pathlib import Path
from random import Random
from typing import Any

import pytest
from msgspec.structs import replace

import reach
from bench.editing import edited, edited_snapshot
from reach.comparing import receiving
from reach.comparing.aligned import resident
from reach.comparing.coming import Edge, Graph
from reach.errors import Defect
from reach.interfaces import receiving as telling
from reach.interfaces.classes import classes
from reach.interfaces.receiving import Hosts
from reach.lower import Ground
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.network.stage import Action, Assign, Deliver, Filter, Forward, Stage, Translate
from reach.options import DEFAULTS
from reach.reduce import PASSES, RECEIVERS, Reductions
from reach.resident import Resident
from reach.resolve import everywhere
from reach.sets import receiving as sets
from reach.sets.receiving import Receiver
from reach.snapshot.records import (
    IpPermission,
    IpRange,
    NetworkInterface,
    SecurityGroup,
    UserIdGroupPair,
)
from reach.snapshot.snapshot import Snapshot
from tests.test_arriving import deep
from tests.test_near import assert_same_packets, estate, grown_estate
from tests.test_resident import SAMPLES, loaded

__all__ = ["estate"]  # a fixture

KINDS = ("rule for a host", "rule for a subnet", "rule less", "rule value", "rule for all inside")
PORTS = (22, 443, 5432)


# ------------------------------------------------------------------- what is told


def holds(snapshot: Snapshot) -> Counter[str]:
    """Hold what is told of each host against its nodes; how many are told of, and are silent."""
    ground = Resident(snapshot, DEFAULTS)
    hosts, counted = Hosts(ground), Counter[str]()
    begun = dict.fromkeys(start.node for start in everywhere(ground))
    graph = Graph(ground.network, begun)
    for name in graph.nodes:
        told = hosts.receiver(name)
        if told is not None:
            counted["silent" if not told.filters else "told"] += 1
            receives(ground, graph, name, told)
            if told.filters:
                answers(ground, name, told)
    return counted


def receives(ground: Ground, graph: Graph, name: str, told: Receiver) -> None:
    """Of what is sent there what any group lets in is delivered, and is for its own addresses."""
    *first, last = ground.network.node(name).stages
    assert isinstance(last, Deliver), name
    delivered = (last.owner, last.reply, last.inside)
    assert delivered == (told.deliver.owner, told.deliver.reply, False), name
    filters = [stage for stage in first if isinstance(stage, Filter)]
    others = [stage for stage in first if not isinstance(stage, Filter)]
    assert all(isinstance(each, Forward) and by_session(each) for each in others), name
    if told.filters:
        assert len(filters) == 1, name
        one = filters[0]
        rules = [(rule.match, rule.action) for rule in one.rules]
        assert rules == [(r.match, r.action) for each in told.filters for r in each.rules], name
        assert one.session, name
        assert one.otherwise.action is Action.DENY, name
        assert not any("destination" in rule.match.by_name for rule in one.rules), name
    else:
        assert any(denies_all(stage) for stage in filters), name
    own = addresses(ground, name)
    for edge in graph.into.get(name, ()):
        ends = edge.match.by_name.get("destination")
        # What is not told apart by where it goes has been rewritten to go there, or is a reply.
        unchanged = not edge.session and not rewritten(ground, edge)
        assert ends.lies_in(own) if ends is not None else not unchanged, (name, edge)


def rewritten(ground: Ground, edge: Edge) -> bool:
    """Whether all that takes a way has another destination than it came with."""
    stages = ground.network.node(edge.node).stages[: edge.stage]
    last = next((each for each in reversed(stages) if isinstance(each, Translate)), None)
    return last is not None and all(
        any(rewrite.field == "destination" for rewrite in case.rewrites) for case in last.cases
    )


def answers(ground: Ground, name: str, told: Receiver) -> None:
    """An answer goes on as is told, whatever the groups say of the other direction."""
    *first, last = ground.network.node(told.deliver.reply).stages
    assert isinstance(last, Forward), name
    assert [(r.match, r.next, r.session) for r in last.routes] == [(ANYTHING, told.answers, "")]
    session = [e.session for e in ground.network.node(name).stages if isinstance(e, Filter)]
    source = HeaderSpace.where(source=addresses(ground, name))
    for stage in first:
        match stage:
            case Translate():
                (case,) = stage.cases
                own = (Assign("identity", Ranges.of(told.identity)),)
                assert (case.match, case.rewrites, stage.session) == (ANYTHING, own, ""), name
            case Filter():
                passes = any(
                    rule.action is Action.PERMIT and source.is_within(rule.match)
                    for rule in stage.decisions
                )
                assert passes or [stage.session] == session, name
                assert stage.binds is None, name
            case Forward():
                ends = [route.match.by_name["destination"] for route in stage.routes]
                assert stage.otherwise is None, name
                assert all(each.lies_in(Ranges.any_of(told.elsewhere)) for each in ends), name
            case _:
                raise AssertionError(f"{name} answers by {stage}")


def by_session(stage: Forward) -> bool:
    return stage.otherwise is None and all(route.session for route in stage.routes)


def denies_all(stage: Stage) -> bool:
    assert isinstance(stage, Filter)
    return all(rule.action is Action.DENY for rule in stage.decisions)


def addresses(ground: Ground, name: str) -> Ranges:
    members = classes(ground).members(name.split("/")[1])
    return ground.index.addresses_of(members)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_what_is_told_of_receivers_holds_of_their_nodes(sample: Path) -> None:
    """Each sample has another component beside its hosts."""
    holds(loaded(sample))


@pytest.mark.parametrize("cached", [False, True])
def test_what_is_told_of_receivers_holds_of_a_grown_estate(estate: Path, cached: bool) -> None:
    """Record by record, and as a roll tells it; nearly all hosts are told of."""
    counted = holds(grown_estate(estate, cached).snapshot)
    assert counted["told"] > 40
    assert counted["silent"] > 0


LIES: dict[str, Any] = {
    "identity_of": lambda lowering, interface: 4711,
    "owned": lambda lowering, interface: Ranges(()),
    "_past_groups": lambda lowering, name: Ranges(()),
    "FUNCTION": "none",
    "_let_in": lambda lowering, group, vpc: Filter((), sets._DENIED),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_about_receivers_is_noticed(
    lie: str, estate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever answers, where from, past what; and who takes what."""
    monkeypatch.setattr(telling, lie, LIES[lie])
    with pytest.raises(AssertionError):
        holds(reach.load(estate))


# ------------------------------------------------------------------- with and without


def without(snapshot: Snapshot) -> reach.Estate:
    """An estate of which the pass is off."""
    own = replaced(snapshot, derived={})
    off = Resident(own, DEFAULTS, reductions=Reductions.of(PASSES.keys() - {RECEIVERS}))
    key = next(key for key in [*probe(snapshot)] if key.startswith("resident"))
    own.derived[key] = off
    assert resident(own, DEFAULTS) is off
    return reach.Estate(own)


def probe(snapshot: Snapshot) -> dict[str, object]:
    """What an estate keeps with its snapshot."""
    own = replaced(snapshot, derived={})
    resident(own, DEFAULTS)
    return own.derived


def used(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The nodes that are told of from here on."""
    found: list[str] = []
    real = Hosts.receiver

    def look(self: Hosts, node: str) -> Receiver | None:
        receiver = real(self, node)
        if receiver is not None:
            found.append(node)
        return receiver

    monkeypatch.setattr(Hosts, "receiver", look)
    return found


def edits(snapshot: Snapshot, rng: Random) -> Iterator[Any]:
    """One or two groups edited, often so that some of it was let in before: by a block that is
    there already, or by a group that some of those wear who send."""
    for _ in range(rng.choice((1, 1, 2))):
        kind = rng.choice((*KINDS, "refer", "again", "shut", "out"))
        if kind in KINDS:
            yield edited(snapshot, kind, rng)
            continue
        hosts = [each for each in snapshot.records(NetworkInterface) if each.groups]
        host, peer = rng.choice(hosts), rng.choice(hosts)
        group = snapshot.get(SecurityGroup, rng.choice(host.groups).group_id)
        assert group is not None
        rules = group.ip_permissions
        port = rng.choice(PORTS)
        rule = IpPermission(ip_protocol="tcp", from_port=port, to_port=port)
        if kind == "refer":
            pair = UserIdGroupPair(group_id=rng.choice(peer.groups).group_id)
            yield replace(
                group, ip_permissions=(*rules, replace(rule, user_id_group_pairs=(pair,)))
            )
        elif kind == "again" and rules:
            wide = replace(rng.choice(rules), ip_ranges=(IpRange(cidr_ip="10.0.0.0/9"),))
            yield replace(group, ip_permissions=(*rules, wide))
        elif kind == "out":
            ranges = (IpRange(cidr_ip=f"{peer.private_ip_address}/32"),)
            yield replace(group, ip_permissions_egress=(replace(rule, ip_ranges=ranges),))
        else:
            yield replace(group, ip_permissions=rules[1:])


def as_told(found: reach.Difference) -> dict[str, Any]:
    return found.to_dict()


def same_with_and_without(snapshots: Sequence[reach.Estate], records: Sequence[Any]) -> list[Any]:
    """The estates after an edit, which has one difference."""
    one, other = (each.edit(*records, most=20) for each in snapshots)
    assert as_told(one.difference) == as_told(other.difference), records
    return [one.estate, other.estate]


@pytest.mark.parametrize("seed", deep(8, 200))
def test_edits_have_the_same_difference_with_and_without(
    seed: int, estate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three edits in a chain; records one by one, and a roll."""
    print(f"seed {seed}")
    rng = Random(f"receivers/{seed}")
    own = grown_estate(estate, seed % 2 == 1)
    both = [own, without(own.snapshot)]
    looked = used(monkeypatch)
    for _ in range(3):
        records = {each.group_id: each for each in edits(both[0].snapshot, rng)}
        both = same_with_and_without(both, [*records.values()])
    assert looked


@pytest.mark.parametrize("seed", deep(6, 200))
def test_edits_have_the_whole_difference(seed: int, estate: Path) -> None:
    print(f"seed {seed}")
    rng = Random(f"receivers and all/{seed}")
    own = grown_estate(estate, seed % 2 == 1)
    record = next(edits(own.snapshot, rng))
    found = own.edit(record).difference
    whole = reach.diff(own.snapshot, edited_snapshot(own.snapshot, record), narrow=False)
    assert_same_packets(found, whole)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_edits_of_samples_have_the_same_difference(sample: Path) -> None:
    """Each group shut, and then open to one address."""
    snapshot = loaded(sample)
    both = [reach.Estate(replaced(snapshot, derived={})), without(snapshot)]
    groups = snapshot.records(SecurityGroup)[:3]
    hosts = [each for each in snapshot.records(NetworkInterface) if each.private_ip_address]
    for group in groups if hosts else ():
        shut = replace(group, ip_permissions=())
        both = same_with_and_without(both, [shut])
        ranges = (IpRange(cidr_ip=f"{hosts[0].private_ip_address}/32"),)
        rule = IpPermission(ip_protocol="-1", ip_ranges=ranges)
        both = same_with_and_without(both, [replace(shut, ip_permissions=(rule,))])


# ------------------------------------------------------------------- seeded faults


def nothing_passed(self: Any, node: str) -> tuple[Filter, ...] | None:
    """That nothing was let in before."""
    known = was_before(self, node)
    return None if known is None else ()


was_before = receiving._Receivers.was
real_passed = sets._passed


def one_rule(*asked: Any) -> Iterator[tuple[bool, Any, bool]]:
    """Of what passes the first piece only."""
    for counts, spaces, fresh in real_passed(*asked):
        yield counts, spaces[:1], fresh


@pytest.mark.parametrize(
    ("where", "name", "fault"),
    [
        (receiving._Receivers, "was", nothing_passed),
        (sets, "_passed", one_rule),
        (sets.Receiver, "answering", lambda self, space, ends: None),
    ],
    ids=["nothing was let in", "one piece", "answers nobody"],
)
def test_a_seeded_fault_is_noticed(
    where: Any, name: str, fault: Any, estate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(where, name, fault)

    def noticed(seed: int) -> bool:
        rng = Random(f"receivers/{seed}")
        own = grown_estate(estate, seed % 2 == 1)
        both = [own, without(own.snapshot)]
        try:
            same_with_and_without(both, [*edits(own.snapshot, rng)][:1])
        except (AssertionError, Defect):
            return True
        return False

    assert any(map(noticed, range(60)))
