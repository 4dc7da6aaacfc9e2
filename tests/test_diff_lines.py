"""Every claim of a line, pair by pair, is what questions say of both snapshots; none is missing.

A line names sources, destinations and packets: any of these sources exchanges any of these packets
with any other of these destinations in one snapshot, and none of it in the other one.  Random small
networks with one edit each; the oracle is :func:`reach.ask`, which compares nothing.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import product
from random import Random
from typing import Any

import pytest

import reach
import solver
from reach.answer import EndPoint
from reach.comparing import differing, flows, grouping, near, sweeping
from reach.comparing.difference import Difference, Line
from reach.comparing.pairs import Member, products
from reach.comparing.sweeping import Swept
from reach.comparing.told import Told
from reach.constraints import Constraints
from reach.errors import Defect
from reach.flood import uncovered
from reach.network.address import format_address, parse_address
from reach.network.field import Header
from reach.network.header_space import HeaderSpace, Ranges
from reach.sets import through as becoming
from solver import Term
from tests.estate import Id, Pair, acl_entry
from tests.estates import balancers, transit

RULES = ("all any", "tcp/22 any", "tcp/80-90 any", "udp/53 any", "icmp/8 any")
SEEDS = [*range(6), *(pytest.param(seed, marks=pytest.mark.deep) for seed in range(6, 80))]
EXPECTED = {"gained": ("unreachable", "reachable"), "lost": ("reachable", "unreachable")}


class World(Pair):
    """Ten hosts in three subnets of two VPCs, some with several addresses, and how these meet."""

    fronts: tuple[str, ...] = ("10.0.0.40",)  # where balancers are, if there are any

    def __init__(self, rng: Random, how: str = "") -> None:
        super().__init__(ipv6=rng.random() < 0.5)
        self.rng = rng
        how = how or rng.choice(("peering", "transit gateway", "transit gateway", "apart"))
        self.hub = None
        if how == "peering":
            self.peered()
        else:
            self.second()
        if how == "transit gateway":
            self.hub = transit.joined(self)
        if rng.random() < 0.5:
            self.online(self.ta, self.tb)
        self.hosts: list[Id] = [self.a, self.b, self.b2]
        self.groups: list[Id] = []
        for subnet in (self.sa, self.sb, self.s2):
            self._furnish(subnet)
        if rng.random() < 0.4:
            self.acl(self.v1, [self.sa], ingress=[self.entry(), "100 allow all 0.0.0.0/0"])
        if rng.random() < 0.3:
            self._balance()

    def _furnish(self, subnet: Id) -> None:
        rng, net = self.rng, subnet.record["CidrBlock"].rpartition(".")[0]
        rules = rng.sample(RULES, 2)
        own = [self.group(subnet.vpc, [rule], name=f"{net} {rule}") for rule in rules]
        self.groups += own
        for number in (20, 21):
            online = self.gateway is not None and subnet.vpc == self.v1 and rng.random() < 0.4
            self.hosts.append(
                self.instance(
                    f"h{net}.{number}",
                    subnet,
                    f"{net}.{number}",
                    [rng.choice(own)],
                    public=f"198.51.100.{len(self.hosts) + 100}" if online else None,
                    secondary={f"{net}.{number + 50}": None} if rng.random() < 0.3 else None,
                )
            )

    def _balance(self) -> None:
        hosts = [host for host in self.hosts if host.vpc == self.v1]
        made = balancers.balancer(self, "network", "front", {self.sa: "10.0.0.40"})
        targets = balancers.target_group(
            self, self.v1, "one", "TCP", 80, self.rng.sample(hosts, 2), preserve=True
        )
        balancers.listen(self, made, "TCP", 81, targets)

    def block(self) -> str:
        """A block around somebody."""
        host = self.rng.choice(self.hosts).ip
        net, _, last = host.rpartition(".")
        return self.rng.choice((f"{host}/32", f"{net}.{int(last) & ~3}/30", f"{net}.0/24"))

    def entry(self) -> str:
        """A line of a network ACL."""
        action, what = self.rng.choice(("allow", "deny")), self.rng.choice(("all", "tcp/22"))
        return f"{self.rng.randint(50, 99)} {action} {what} {self.block()}"

    def edit(self) -> None:
        """One thing changed."""
        rng, scope = self.rng, self.scope(self.home)
        kinds = ["rule", "out", "less", "entry", "wear"]
        kind = rng.choice([*kinds, *(["blackhole"] * 4 if self.hub else [])])
        group = rng.choice(self.groups)
        if kind == "rule":
            self.permit(group, f"{rng.choice(('all', 'tcp/22', 'tcp/70-85'))} {self.block()}")
        elif kind == "out":
            group.record["IpPermissionsEgress"].clear()
            self.permit(group, f"all {self.block()}", egress=True)
        elif kind == "less":
            group.record["IpPermissions"].clear()
        elif kind == "entry":
            acl = rng.choice(scope["NetworkAcls"])
            acl["Entries"].append(acl_entry(self.entry(), rng.random() < 0.5))
            acl["Entries"].sort(key=lambda each: (each["Egress"], each["RuleNumber"]))
        elif kind == "wear":
            self.wear(rng.choice([h for h in self.hosts if h.vpc == group.vpc]), group)
        else:
            table = self.ids[scope["TransitGatewayRouteTables"][0]["TransitGatewayRouteTableId"]]
            transit.static(self, table, self.block(), None)


def worlds(seed: int) -> tuple[World, World]:
    """A random network, and the same with one edit."""
    one, other = World(Random(f"lines/{seed}")), World(Random(f"lines/{seed}"))
    other.edit()
    return one, other


# ------------------------------------------------------------------- what a line claims


def claims(line: Line) -> Iterator[tuple[EndPoint, EndPoint, dict[str, str]]]:
    """Each pair with each corner of the packets: of all its addresses that can speak."""
    for source, end in product(line.sources, line.destinations):
        if source.resource == end.resource:
            continue
        for begun, ended in product(source.addresses or ("",), end.addresses or ("",)):
            if begun and ended and (":" in begun) is not (":" in ended):
                continue
            for kind in line.packets:
                for corner in corners(kind):
                    if _fits(begun or ended, corner["protocol"]):
                        yield (
                            source,
                            end,
                            {"source": first(begun), "destination": first(ended), **corner},
                        )


def _fits(address: str, protocol: str) -> bool:
    return protocol != ("1" if ":" in address else "58")


def first(prefix: str) -> str:
    return prefix.partition("/")[0]


def corners(kind: HeaderSpace) -> Iterator[dict[str, str]]:
    """The first and the last packet of a kind."""
    told = kind.by_name
    assert not {"source", "destination"} & told.keys()
    for last in (False, True):
        found = {}
        for name, values in told.items():
            found[name] = values.intervals[-1][1] if last else values.intervals[0][0]
        if found.get("protocol", 6) in (6, 17):
            found.setdefault("destination_port", 65535 if last else 1)
        yield {"protocol": "6"} | {name.replace("_", "-"): str(v) for name, v in found.items()}


def true(
    snapshots: tuple[Any, Any],
    claim: tuple[Any, Any, Any],
    where: World,
    side: str,
    *,
    one_way: bool = False,
) -> bool:
    """Whether both snapshots say so of the pair: of a packet to one of the addresses for it."""
    source, end, packet = claim
    return any(
        tuple(_asked(each, source, end, packet, to, one_way) for each in snapshots)
        == EXPECTED[side]
        for to in addressed(where.hosts, packet["destination"], where.fronts)
    )


def _asked(
    snapshot: Any,
    source: EndPoint,
    end: EndPoint,
    packet: dict[str, str],
    to: str,
    one_way: bool,
) -> str:
    at_source = {name: value for name, value in {**packet, "destination": to}.items() if value}
    text = f"can {source.resource} reach {end.resource}"
    if "icmp-type" in at_source:
        del at_source["protocol"]  # that of the address
        text += f" icmp {at_source.pop('icmp-type')}/{at_source.pop('icmp-code', '0')}"
    try:
        return str(reach.ask(snapshot, text, at_source=at_source, one_way=one_way).verdict)
    except reach.QuestionError as error:
        raise AssertionError(f"{text} {at_source}: {error}") from error


def addressed(hosts: Iterable[Id], address: str, fronts: Iterable[str]) -> Iterator[str]:
    """To where one may send what is to come to an address: itself, its public one, a balancer."""
    yield address
    for host in hosts:
        for row in host.eni.record["PrivateIpAddresses"]:
            if row["PrivateIpAddress"] == address and "Association" in row:
                yield row["Association"]["PublicIp"]
    yield from fronts


# ------------------------------------------------------------------- the law


@pytest.fixture(autouse=True)
def of_flows_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A difference is of flows: that a packet may pass as the reply to one of the other end is what
    questions say besides (R-SG-27), and no line."""
    monkeypatch.setattr("reach.resolve.own_flow", lambda _: None)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_claim_of_a_line_is_true_and_every_change_is_claimed(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pair by pair, packet by packet; near the edit and by the walk over everything, by sets where
    they tell and by the solver alone."""
    one, other = worlds(seed)
    snapshots = one.load(), other.load()
    found = reach.diff(*snapshots)
    assert found.complete
    assert without_paths(found) == without_paths(reach.diff(*snapshots, narrow=False))
    assert untrue(snapshots, found, other) == []
    assert unclaimed(snapshots, found, other) == []
    assert misplaced(found) == []
    without_sets(monkeypatch)
    solved = reach.diff(*snapshots, narrow=False)
    assert solved.complete
    assert apart(told(found), told(solved)) == []


def without_paths(found: Difference) -> dict[str, Any]:
    """All that a difference says but by which nodes an example goes, and what it meets there: who
    stands apart from others has nodes of its own behind theirs (decision 80)."""
    said = found.to_dict()
    for line in (*said["gained"], *said["lost"]):
        line["witness"] = line["witness"]["packet"]
        line["because"] = line["because"][:1]
    return said


@contextmanager
def solver_alone() -> Iterator[pytest.MonkeyPatch]:
    """For a while nothing is told by sets."""
    with pytest.MonkeyPatch.context() as alone:
        without_sets(alone)
        yield alone


def without_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is told by sets: all starts are for the solver."""
    for module in (near, differing):
        monkeypatch.setattr(module, "swept", lambda _, starts, *__: Swept((), tuple(starts)))
    monkeypatch.setattr(differing, "swept_new", lambda _, starts, *__: Swept((), tuple(starts)))


def told(found: Difference) -> dict[tuple[str, ...], list[HeaderSpace]]:
    """The packets of each pair of addresses."""
    packets: dict[tuple[str, ...], list[HeaderSpace]] = {}
    for number, lines in enumerate((found.gained, found.lost, found.undecided)):
        for line in lines:
            for source, end in product(line.sources, line.destinations):
                for ends in product(source.addresses or ("",), end.addresses or ("",)):
                    if source.resource != end.resource and (":" in ends[0]) is (":" in ends[1]):
                        key = (str(number), source.resource, end.resource, *ends)
                        packets.setdefault(key, []).extend(line.packets)
    return packets


def apart(one: dict[Any, list[HeaderSpace]], other: dict[Any, list[HeaderSpace]]) -> list[Any]:
    """Pairs of which only one of two tells some packet."""
    return [*besides(one, other), *besides(other, one)]


def besides(some: dict[Any, list[HeaderSpace]], others: dict[Any, list[HeaderSpace]]) -> list[Any]:
    """Pairs and packets that others do not tell."""
    return [
        (key, left)
        for key, spaces in some.items()
        if (left := [r for each in spaces for r in uncovered(each, others.get(key, ()))])
    ]


def untrue(
    snapshots: tuple[Any, Any], found: Difference, where: World, *, one_way: bool = False
) -> list[Any]:
    """Claims that questions do not bear out, of so many of each line."""
    return [
        (side, claim)
        for side, lines in (("gained", found.gained), ("lost", found.lost))
        for line in lines
        for claim in some(where.rng, list(claims(line)), MOST_CLAIMS // len(lines))
        if not true(snapshots, claim, where, side, one_way=one_way)
    ]


def some(rng: Random, every: list[Any], most: int) -> list[Any]:
    return every if len(every) <= most else rng.sample(every, max(most, 2))


MOST_CLAIMS, MOST_ASKED = 200, 200
PROBES = ("port 22", "port 81", "port 443", "port 53/udp", "icmp")


def unclaimed(
    snapshots: tuple[Any, Any], found: Difference, where: World, *, one_way: bool = False
) -> list[Any]:
    """Questions whose verdict changes of which no line says so."""
    missing = []
    who = [str(host.eni) for host in where.hosts]
    every = [each for each in product([*who, "internet"], who, PROBES) if each[0] != each[1]]
    for source, end, probe in some(where.rng, every, MOST_ASKED):
        text = f"can {source} reach {end} {probe}"
        answers = [reach.ask(each, text, one_way=one_way) for each in snapshots]
        verdicts = tuple(str(each.verdict) for each in answers)
        for side, lines in (("gained", found.gained), ("lost", found.lost)):
            if verdicts == EXPECTED[side]:
                witness = answers[side == "gained"].witness
                assert witness is not None
                if not any(claimed(line, source, end, witness.packet) for line in lines):
                    missing.append((side, source, end, probe))
    return missing


def claimed(line: Line, source: str, end: str, packet: Header) -> bool:
    sources, ends = ([each.resource for each in s] for s in (line.sources, line.destinations))
    return source in sources and end in ends and any(packet in kind for kind in line.packets)


def misplaced(found: Difference) -> list[Line]:
    """Lines whose packet is not of the line: from one of its sources, to another destination."""
    return [line for line in (*found.gained, *found.lost) if not _is_of(line)]


def _is_of(line: Line) -> bool:
    packet, steps = line.witness.packet, line.witness.forward
    begun = [each for each in line.sources if each.resource == steps[0].resource]
    ended = [each for each in line.destinations if each.resource == steps[-1].resource]
    addresses = [a for each in begun for a in each.addresses]
    return (
        bool(begun and ended)
        and begun[0].resource != ended[0].resource
        and (not addresses or any(_lies_in(packet.source, each) for each in addresses))
        and any(packet in kind for kind in line.packets)
    )


def _lies_in(address: int, prefix: str) -> bool:
    return ipaddress.ip_address(format_address(address)) in ipaddress.ip_network(prefix)


def test_a_line_that_joins_all_sources_and_all_destinations_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A seeded excess: one product of all that a block's flows begin and end at."""

    def whole(rectangles: Iterable[Any]) -> list[Any]:
        every = list(rectangles)
        sides = [frozenset().union(*(each[place] for each in every)) for place in (0, 1)]
        return [(sides[0], sides[1])]

    monkeypatch.setattr(grouping, "products", whole)
    one, other = severed()
    snapshots = one.load(), other.load()
    assert untrue(snapshots, reach.diff(*snapshots), other)
    monkeypatch.undo()
    assert not untrue(snapshots, reach.diff(*snapshots), other)


def test_a_pair_that_is_taken_to_be_told_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A seeded omission: what was shown of a sender is taken to be all that it sends."""

    def others(told: Told, constraints: Constraints) -> Iterator[Term]:
        for chosen, start, _ in constraints.starts:
            if start.node in told._from:
                yield solver.not_(chosen)

    one, other = severed()
    snapshots = one.load(), other.load()
    without_sets(monkeypatch)
    monkeypatch.setattr(Told, "others", others)
    monkeypatch.setattr(flows.Search, "_try_others", lambda search, flow: None)
    assert unclaimed(snapshots, reach.diff(*snapshots), other)
    monkeypatch.undo()
    assert not unclaimed(snapshots, reach.diff(*snapshots), other)


def test_sets_that_forget_what_got_through_before_are_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A seeded excess: all that gets through is said to be new; that is walked, and raised."""
    one, other = (World(Random("lines/worn"), "peering") for _ in range(2))
    for world in (one, other):
        world.wear(world.hosts[3], world.groups[0], world.open_group(world.v1))
    other.permit(other.groups[0], "tcp/2000 10.0.0.0/16")
    real = becoming.through

    def nothing(network: Any, begun: Any, counted: Any, two_way: bool, **how: Any) -> Any:
        return real(network, begun if counted else (), None, two_way, **how)

    assert reach.diff(one.load(), other.load()).complete
    monkeypatch.setattr(sweeping, "through", nothing)
    with pytest.raises(Defect, match="as sets say"):
        reach.diff(one.load(), other.load())


def severed() -> tuple[World, World]:
    """Two VPCs by a transit gateway, which drops what is for a host of each."""
    made = []
    for edited in (False, True):
        made.append(world := World(Random("lines/severed"), "transit gateway"))
        table = world.scope(world.home)["TransitGatewayRouteTables"][0]
        for host in (world.a, world.b2) if edited else ():
            name = table["TransitGatewayRouteTableId"]
            transit.static(world, world.ids[name], f"{host.ip}/32", None)
    return made[0], made[1]


# ------------------------------------------------------------------- products


def member(name: str) -> Member:
    return Member(name, Ranges.of(parse_address(f"10.0.0.{ord(name)}")))


def side(names: str) -> frozenset[Member]:
    return frozenset(map(member, names))


def shown(found: Iterable[tuple[frozenset[Member], frozenset[Member]]]) -> set[tuple[str, str]]:
    sides = ([("".join(sorted(each.who for each in one))) for one in pair] for pair in found)
    return {(one, other) for one, other in sides}


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ("ax ay bx by", {("ab", "xy")}),
        ("ax by", {("a", "x"), ("b", "y")}),
        ("ax ay bx", {("a", "xy"), ("b", "x")}),
        ("ab ac ba bc ca cb", {("abc", "abc")}),
        ("ab ac bc cb", {("abc", "bc")}),
        ("ac bc cb", {("ab", "c"), ("c", "b")}),
        ("ax bx cx ay bz cw", {("abc", "x"), ("a", "y"), ("b", "z"), ("c", "w")}),
    ],
)
def test_products_hold_the_pairs_and_no_others(pairs: str, expected: set[tuple[str, str]]) -> None:
    """Nobody goes with itself, so that each of three with both others is one product."""
    found = products((side(each[0]), side(each[1])) for each in pairs.split())
    told = {(s.who, e.who) for one, other in found for s in one for e in other if s.who != e.who}
    assert told == {(each[0], each[1]) for each in pairs.split()}
    if len(expected) == len(found):
        assert shown(found) == expected


@pytest.mark.parametrize("seed", range(200))
def test_random_pairs_are_told_once_more_by_products(seed: int) -> None:
    """Rectangles of some letters."""
    rng = Random(f"products/{seed}")
    rectangles = [
        (side("".join(rng.sample("abcdef", 2))), side("".join(rng.sample("cdefgh", 3))))
        for _ in range(rng.randint(1, 6))
    ]
    pairs = {(s, e) for one, other in rectangles for s in one for e in other if s != e}
    found = {(s, e) for one, other in products(rectangles) for s in one for e in other if s != e}
    assert found == pairs
