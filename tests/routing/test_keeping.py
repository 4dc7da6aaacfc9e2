"""Outbound references against the way that packets take: a law on estates drawn at random, and
whether it can tell (seeded faults).

Each estate is made twice, the same but for what some hosts let out: the one names groups, the other
the addresses of their members.  In the other one packets are followed hop by hop.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import pytest

import reach
from reach.interfaces import peers
from reach.lower import Ground, lower
from reach.network.field import Header
from reach.network.header_space import Ranges
from reach.routing import keeping
from reach.routing.keeping import NOTHING, Lost, lost_from, lost_within, route_to
from reach.trace import Fate, Trace
from tests.aws.ground import packet, sent
from tests.estate import Id, Pair
from tests.medley import Medley
from tests.traps.test_outbound_references import worn

SEEDS = [*range(8), *(pytest.param(seed, marks=pytest.mark.deep) for seed in range(8, 120))]
CODES = ("ENI_SG_RULES_MISMATCH", "SG_HAS_NO_RULES")
BLOCKS = (
    *("10.0.0.0/24", "10.0.1.0/24", "10.0.1.0/25", "10.0.0.5/32", "10.0.1.20/32", "10.2.0.0/16"),
    *("10.2.0.0/24", "10.2.0.5/32", "10.3.0.0/16", "0.0.0.0/0", "::/0"),
    *("2600:1f18:1a00:101::/64", "2600:1f18:2b00:200::/56"),
)


class Detoured(Medley):
    """A medley with routes by all sorts of things, and hosts that let out to groups alone."""

    def __init__(self, seed: int, by_address: bool) -> None:
        super().__init__(seed)
        if not any(each.startswith("nat-") for each in self.ids):
            self.natted()
        inside = self.subnet(self.v1, "10.0.6.0/24", "a", name="inside")
        self.ti = self.table(self.v1, [inside], name="ti")
        self.instance("guest", inside, "10.0.6.9", check=False)
        self.instance("sibling", inside, "10.0.6.10")
        self._detour()
        self.sides: list[tuple[Id, list[str]]] = []
        for host in (self.b, self.b2):
            self.wear(host, *self.groups[str(host.vpc)])
        for host, own, named in [self._lone(host) for host in self._senders()]:
            members = self._members(named)
            peers = [f"{each}/{128 if ':' in each else 32}" for each in members]
            for peer in peers if by_address else [named]:
                self.permit(own, f"all {peer}", egress=True)
            self.sides.append((host, members))

    def _detour(self) -> None:
        """Routes by what may stand in the way, most of which lead on."""
        for table in (self.tn, self.ti):
            self.route(table, "10.2.0.0/16", self.pcx)
        boxes = [*self._all("nat-"), *self._hosts_off_check()]
        beyond = [self.pcx, *self._all("igw-"), *self._all("tgw-0")]
        if self.chance(0.5):
            self.route(self.ta, "10.0.1.0/24", self.rng.choice(boxes))
        for table in (self.ta, self.tb):
            for _ in range(self.rng.randint(2, 5)):
                block = self.rng.choice(BLOCKS)
                inside = block.startswith(("10.0.", "2600:1f18:1a"))
                self.route(table, block, self.rng.choice(boxes if inside else [*boxes, *beyond]))

    def _all(self, prefix: str) -> list[str]:
        return sorted(each for each in self.ids if each.startswith(prefix))

    def _hosts_off_check(self) -> list[str]:
        """Interfaces that may pass packets on, and one that does not."""
        known = self.scope(self.home)["NetworkInterfaces"]
        off = [r for r in known if not r["SourceDestCheck"] and r["InterfaceType"] == "interface"]
        return [*(str(r["NetworkInterfaceId"]) for r in off), str(self.b.eni)]

    def _senders(self) -> list[Id]:
        near = [h for h in self.hosts if h.vpc is self.v1 and h is not self.b]
        return self.rng.sample(near, len(near) - 1)

    def _lone(self, host: Id) -> tuple[Id, Id, Id]:
        """A host, a group that it has alone, and another one to let out to."""
        vpc = self.rng.choice([self.v1, self.v2])
        named = self.rng.choice(self.groups[str(vpc)])
        own = self.group(self.v1, ["all any"], [], name=f"out {len(self.ids)}")
        self.wear(host, own)
        return host, own, named

    def _members(self, group: Id) -> list[str]:
        found = []
        for record in self.scope(self.home)["NetworkInterfaces"]:
            inside = record["VpcId"] in (str(self.v1), str(self.v2))
            if inside and any(each["GroupId"] == group for each in record["Groups"]):
                found += [each["PrivateIpAddress"] for each in record["PrivateIpAddresses"]]
                found += [each["Ipv6Address"] for each in record["Ipv6Addresses"]]
        return found


@dataclass(frozen=True)
class Told:
    """What becomes of a packet to a member: by address its groups are kept on the way there (None:
    it does not get there); by group it is let out."""

    kept: bool | None
    let_out: bool
    doubted: bool
    words: str


def told(seed: int) -> Iterator[Told]:
    """All senders of an estate with all whom they let out to."""
    by_group, by_address = Detoured(seed, False), Detoured(seed, True)
    where, other = lower(by_group.load()), lower(by_address.load())
    for (host, members), (twin, also) in zip(by_group.sides, by_address.sides, strict=True):
        assert (host, members) == (twin, also)
        for member in members:
            header = _header(host, member)
            if header is not None:
                out, way = sent(where, host, header), sent(other, host, header)
                doubted = any("hangs on the route" in each.words for each in out.doubts)
                words = f"seed {seed}: {host} to {member}: {[h.node for h in way.hops]}"
                yield Told(_kept(other, way, member), not _shut(out), doubted, words)


def _header(host: Id, member: str) -> Header | None:
    own = [each["PrivateIpAddress"] for each in host.eni.record["PrivateIpAddresses"]]
    six = [each["Ipv6Address"] for each in host.eni.record["Ipv6Addresses"]]
    sources = six if ":" in member else own
    if not sources or member in (*own, *six):
        return None
    return packet(sources[0], member, "tcp/22")


def _shut(trace: Trace) -> bool:
    """Whether the sender's own groups stop a packet."""
    return trace.fate is Fate.DROPPED and len(trace.hops) == 1 and trace.origin.code in CODES


def _kept(where: Ground, trace: Trace, member: str) -> bool | None:
    if _shut(trace):
        return None
    number = trace.hops[0].after.identity
    owners = where.index.owner_of_address(packet(member, member).destination)
    receivers = {node for each in owners for node in where.receivers((each,))}
    kept = True
    for hop in trace.hops[1:]:
        if hop.node in receivers:
            return kept
        by = hop.node.partition("/")[0]
        kept = kept and hop.after.identity == number and not by.startswith("transit_gateway")
    return None


# ------------------------------ the law


@pytest.mark.parametrize("seed", SEEDS)
def test_out_by_group_where_the_way_keeps_it(seed: int) -> None:
    """R-SG-12: a rule that names a group lets a packet to a member out if and only if the way that
    it takes there keeps its sender's groups."""
    print(f"seed {seed}")
    for each in told(seed):
        if each.kept is not None and not each.doubted:
            assert each.let_out is each.kept, each.words


def test_the_law_is_about_something() -> None:
    """Among such estates are packets of either kind."""
    found = [each for seed in range(24) for each in told(seed) if each.kept is not None]
    assert sum(each.kept is True for each in found) > 20
    assert sum(each.kept is False for each in found) > 10


# ------------------------------ whether it can tell

FAULTS = {
    "a route that is not the longest": (
        "for rivals in _certain(lowering, table.route_table_id):",
        "for rivals in reversed(_certain(lowering, table.route_table_id)):",
    ),
    "routes that take what longer ones have taken": ("left -= met", "pass"),
    "routes in the sender's own subnet": (
        "left = destinations - Ranges.prefixes(map(Prefix.parse, subnet_blocks(subnet)))",
        "left = destinations",
    ),
    "local routes lose it": (
        'if unknown or route.target == "local" or malformed(lowering, table, route):',
        'if route.target == "local":\n        return Entry("local")\n    if unknown:',
    ),
    "all that is known keeps it": (
        'return lowering.entry(route.field, route.target, subnet_id, table.vpc_id or "")',
        "return _HERE",
    ),
    "no other route keeps it": (
        'return lowering.entry(route.field, route.target, subnet_id, table.vpc_id or "")',
        'return Entry("somewhere")',
    ),
    "whoever is behind an interface is its owner": (
        'return lowering.entry(route.field, route.target, subnet_id, table.vpc_id or "")',
        'made = lowering.entry(route.field, route.target, subnet_id, table.vpc_id or "")\n'
        '    return _HERE if route.target.startswith("eni-") else made',
    ),
    "an interface takes nothing for itself": (
        'return lowering.entry(route.field, route.target, subnet_id, table.vpc_id or "")',
        'made = lowering.entry(route.field, route.target, subnet_id, table.vpc_id or "")\n'
        '    return Entry("") if route.target.startswith("eni-") else made',
    ),
}


def seeded(old: str, new: str) -> Any:
    """`lost_from` of a module with one piece of its text replaced."""
    source = inspect.getsource(keeping)
    assert source.count(old) == 1, f"{old!r} is no longer there once"
    made = ModuleType("seeded")
    sys.modules["seeded"] = made
    exec(compile(source.replace(old, new), "seeded", "exec"), made.__dict__)
    return made.__dict__["lost_from"]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_seeded_fault_is_noticed(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of these makes a rule match that does not, or the other way round."""
    monkeypatch.setattr(peers, "lost_from", seeded(*FAULTS[fault]))
    met = (each for seed in range(40) for each in told(seed) if not each.doubted)
    assert any(each.kept is not None and each.let_out is not each.kept for each in met)


# ------------------------------ what it is made of


def _block(first: str, last: str) -> Ranges:
    return Ranges.span(packet(first, first).source, packet(last, last).source + (1 << 96) - 1)


def test_by_the_longest_prefix() -> None:
    """R-RT-4: what a longer prefix sends back to the peering is kept, the rest is lost."""
    e = Pair()
    e.peered()
    e.route(e.ta, "10.2.0.0/24", e.natted())
    e.route(e.ta, "10.2.0.128/25", e.pcx)
    g = lower(e.load())
    every = _block("10.2.0.0", "10.2.1.255")
    assert lost_from(g, e.sa, every) == Lost(_block("10.2.0.0", "10.2.0.127"))
    assert lost_from(g, e.sb, every) is NOTHING
    destination = packet(e.a.ip, "10.2.0.200").destination
    assert [each.target for each in route_to(g, e.sa, destination)] == [e.pcx]


def test_of_no_subnet_that_is_known() -> None:
    """What some subnets of a VPC lose is lost perhaps, what all lose for certain."""
    e = Pair()
    e.peered()
    gateway = e.natted()
    e.route(e.ta, "10.2.0.0/24", gateway)
    every = _block("10.2.0.0", "10.2.0.255")
    assert lost_within(lower(e.load()), e.v1, every) == Lost(perhaps=every)
    for table in (e.tb, e.tn, e.v1.table):
        e.route(table, "10.2.0.0/24", gateway)
    assert lost_within(lower(e.load()), e.v1, every) == Lost(every)


@pytest.mark.parametrize("state", ["blackhole", "active", "who knows"])
def test_a_route_that_leads_nowhere(state: str) -> None:
    """R-RT-11: a dead route loses nothing, as nothing takes it; nor does one nobody can read."""
    e = Pair()
    e.route(e.ta, "10.0.1.0/24", e.natted(), state=state)
    lost = lost_from(lower(e.load()), e.sa, _block(e.b.ip, e.b.ip))
    assert bool(lost) is (state == "active")


def test_two_routes_of_which_one_is_in_force() -> None:
    """R-RT-10: lost perhaps; where both lose it there is no question."""
    e = Pair()
    e.peered()
    gateway = e.natted()
    for name, target in (("one", e.pcx), ("two", gateway)):
        e.route(e.ta, e.prefix_list("10.2.0.0/16", name=name), target)
    e.ta.record["Routes"] = [r for r in e.ta.record["Routes"] if "10.2" not in str(r)]
    far = _block(e.b2.ip, e.b2.ip)
    assert lost_from(lower(e.load()), e.sa, far) == Lost(perhaps=far)


# ------------------------------ who asks for a group's rules


def test_a_card_tells_what_a_subnet_loses() -> None:
    """A reference that no subnet of its group's members can use is dead; where one can, it is
    not."""
    e = Pair()
    gateway = e.natted()
    named = worn(e, e.b)
    out = e.group(e.v1, egress=[f"tcp/22 {named}"], name="out")
    e.wear(e.a, out)

    def standing() -> tuple[str, str]:
        (line,) = (x for x in reach.describe(e.load(), out).lines if x.direction == "outbound")
        return str(line.standing), line.reason

    assert standing()[0] == "usable"
    e.route(e.ta, "10.0.1.0/24", gateway)
    assert standing() == (
        "dead",
        f"no way from a subnet of the group to who is in {named} keeps group references",
    )
    e.wear(e.instance("c", e.subnet(e.v1, "10.0.4.0/24", name="sc"), "10.0.4.5"), out)
    assert standing()[0] == "usable"


def test_an_edited_rule_where_a_way_loses_the_groups() -> None:
    """A rule for the address in the place of one for the group: the difference is seen, though
    what the group lets out by itself is the same."""
    e = Pair()
    e.route(e.ta, "10.0.1.0/24", e.natted())
    named = worn(e, e.b)
    out = e.group(e.v1, egress=["tcp/22 10.0.1.5/32"], name="out")
    e.wear(e.a, out)
    before = e.load()
    out.record["IpPermissionsEgress"] = []
    e.permit(out, f"tcp/22 {named}", egress=True)
    after = e.load()
    question = f"can {e.a} reach {e.b} port 22"
    verdicts = [str(reach.ask(each, question, one_way=True).verdict) for each in (before, after)]
    assert verdicts == ["reachable", "unreachable"]
    found = reach.Estate(before, one_way=True).become(after).difference
    assert found.complete
    assert not found.gained
    assert [end.resource for line in found.lost for end in line.sources] == [e.a.eni]
