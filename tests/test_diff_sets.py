"""What sets tell of flows that are rewritten, chosen for or in doubt, the solver tells alone.

Random small networks in which nearly everything is: hosts with Elastic IPs, a NAT gateway, load
balancers that keep the client or do not, a transit gateway, instance metadata, rules by a list that
nobody knows, a route to something that is not modelled.  The oracle is the exact search of the
solver, to which sets tell nothing; and :func:`reach.ask`, which compares nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import combinations
from random import Random
from typing import Any

import pytest

import reach
from reach.aim import Start
from reach.answer import Verdict
from reach.comparing import differing, flows, near, sweeping
from reach.comparing.difference import Difference
from reach.decide import Proof, gets_through, replay
from reach.errors import Defect
from reach.flood import hull, whole
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.sets import moving
from reach.sets import through as becoming
from reach.sets.kinds import kinds, shown
from reach.sets.trails import Memory, Trail
from reach.snapshot.records import NetworkInterface
from tests.estate import Id, Pair
from tests.estates import balancers
from tests.test_diff_lines import World, apart, besides, solver_alone, told, unclaimed, untrue

SEEDS = [*range(8), *(pytest.param(seed, marks=pytest.mark.deep) for seed in range(8, 120))]


class Rewritten(World):
    """The same hosts, and what rewrites their packets."""

    fronts = (*World.fronts, "10.0.0.41", "10.0.1.41")

    def __init__(self, rng: Random) -> None:
        super().__init__(rng, rng.choice(("peering", "transit gateway")))
        if self.gateway is None and rng.random() < 0.5:
            self.natted(self.tb)
        elif self.gateway is None:
            self.online(self.ta)
        for host, public in zip(
            self.hosts[3:6], ("198.51.100.71", "198.51.100.72", "198.51.100.73"), strict=True
        ):
            known = any("Association" in e for e in host.eni.record["PrivateIpAddresses"])
            if host.vpc == self.v1 and rng.random() < 0.6 and not known:
                self.public(host, public)
        keep = rng.random() < 0.4
        made = balancers.balancer(
            self, "network", "back", {self.sa: "10.0.0.41", self.sb: "10.0.1.41"}, cross_zone=True
        )
        own = [host for host in self.hosts if host.vpc == self.v1]
        targets = balancers.target_group(
            self, self.v1, "few", "TCP", 22, rng.sample(own, rng.choice((1, 2))), preserve=keep
        )
        balancers.listen(self, made, "TCP", 22, targets)
        if rng.random() < 0.3:
            self.permit(rng.choice(self.groups), "tcp/53 pl-0123456789abcdef0")

    def edit(self) -> None:
        """One thing changed; often a route."""
        rng = self.rng
        kind = rng.choice(("other", "other", "gone", "more", "unknown"))
        table = rng.choice([self.ta, self.tb, self.t2])
        routes = table.record["Routes"]
        own = [route for route in routes if route.get("GatewayId") != "local"]
        if kind == "gone" and own:
            routes.remove(rng.choice(own))
        elif kind == "more" and own:
            like = rng.choice(own)
            block = self.block()
            if "DestinationCidrBlock" in like and not any(
                route.get("DestinationCidrBlock") == block for route in routes
            ):
                routes.append({**like, "DestinationCidrBlock": block})
        elif kind == "unknown":
            self.permit(rng.choice(self.groups), "tcp/22 pl-0fedcba9876543210")
        else:
            super().edit()


class Named(World):
    """The same hosts, let in by who they are said to be: some groups name others of their VPC."""

    def __init__(self, rng: Random) -> None:
        super().__init__(rng, rng.choice(("peering", "transit gateway")))
        for group in rng.sample(self.groups, 4):
            group.record["IpPermissions"].clear()
            self.permit(group, f"tcp/22-90 {self.named(group)}")

    def named(self, group: Id) -> str:
        return str(self.rng.choice([each for each in self.groups if each.vpc == group.vpc]))

    def edit(self) -> None:
        """A rule that names a group, one less, or another one that decides who is let in."""
        rng, group = self.rng, self.rng.choice(self.groups)
        kind = rng.choice(("more", "more", "less", "wear", "other"))
        if kind == "more":
            self.permit(group, f"{rng.choice(('all', 'tcp/22', 'icmp/8'))} {self.named(group)}")
        elif kind == "less":
            group.record["IpPermissions"].clear()
        elif kind == "wear":
            self.wear(rng.choice([h for h in self.hosts if h.vpc == group.vpc]), group)
        else:
            super().edit()


class Town(Pair):
    """Few hosts, and all that rewrites between them: B is behind a NAT gateway, A and C have
    Elastic IPs and are targets of a balancer that does not keep the client, D is next to them."""

    def __init__(self) -> None:
        super().__init__()
        self.natted(self.tb)
        self.online(self.ta)
        self.public(self.a, "198.51.100.71")
        self.c = self.instance("c", self.sa, "10.0.0.99")
        self.d = self.instance("d", self.sa, "10.0.0.100")
        self.own = {}
        for name, host in (("a", self.a), ("c", self.c), ("d", self.d)):
            self.own[name] = self.group(self.v1, ["icmp/8 10.0.1.0/24"], name=name)
            self.wear(host, self.own[name])
        self.public(self.c, "198.51.100.73")
        self.front = balancers.balancer(
            self, "network", "front", {self.sa: "10.0.0.41", self.sb: "10.0.1.41"}, cross_zone=True
        )
        both = balancers.target_group(
            self, self.v1, "both", "TCP", 22, [self.a, self.c], preserve=False
        )
        balancers.listen(self, self.front, "TCP", 2222, both)

    def by_nat(self) -> None:
        self.permit(self.own["a"], "tcp/22 198.51.100.20/32")

    def by_balancer(self) -> None:
        self.permit(self.own["a"], "tcp/22 10.0.0.41/32")

    def by_balancer_to_both(self) -> None:
        for name in "ac":
            self.permit(self.own[name], "tcp/22 10.0.0.0/16")

    def by_address(self) -> None:
        self.permit(self.own["c"], "all 0.0.0.0/0")

    def back_to_the_gateway(self) -> None:
        """Only low ports get back to where a reply is put back."""
        self.by_address()
        line = "100 allow tcp/1024-40000 0.0.0.0/0"
        self.acl(self.v1, [self.sn], ingress=[line, "110 allow all 10.0.0.0/8"])

    def one_option_answers(self) -> None:
        """What one node of the balancer sends gets no reply."""
        self.by_balancer_to_both()
        self.acl(
            self.v1,
            [self.sb],
            ingress=["10 deny tcp/1-65535 10.0.0.99/32", "20 allow all 0.0.0.0/0"],
        )

    def without_a_way_back_from_the_balancer(self) -> None:
        """What a peer sends to a node of the balancer comes there, and nothing comes back."""
        self.by_balancer_to_both()
        self.peered()
        routes = self.ta.record["Routes"]
        routes[:] = [each for each in routes if "VpcPeeringConnectionId" not in each]

    def by_a_peer_and_the_balancer(self) -> None:
        self.by_balancer_to_both()
        self.peered()

    def by_a_name(self) -> None:
        """C and D come there together, and only one of them is let in at both ports."""
        self.permit(self.own["a"], f"tcp/80 {self.own['d']}")
        self.permit(self.own["a"], "tcp/82 10.0.0.0/24")

    def by_a_list_that_nobody_knows(self) -> None:
        self.permit(self.own["d"], "tcp/22 pl-0123456789abcdef0")

    def by_the_same_list_at_a_target(self) -> None:
        self.permit(self.own["a"], "tcp/22 pl-0123456789abcdef0")


STEPS = [
    (None, "by_nat"),
    (None, "by_balancer"),
    ("by_balancer", "by_balancer_to_both"),
    (None, "by_address"),
    ("by_address", "back_to_the_gateway"),
    ("by_balancer_to_both", "one_option_answers"),
    (None, "by_a_list_that_nobody_knows"),
    (None, "by_the_same_list_at_a_target"),
    ("by_a_peer_and_the_balancer", "without_a_way_back_from_the_balancer"),
    (None, "by_a_name"),
]


def towns(step: tuple[str | None, str]) -> tuple[Town, Town]:
    """A town as some edit leaves it, and as another one does."""
    made = []
    for edit in step:
        made.append(Town())
        if edit is not None:
            getattr(made[-1], edit)()
    return made[0], made[1]


def worlds(kind: type[World], seed: int) -> tuple[World, World]:
    """A random network, and the same with one edit."""
    one, other = (kind(Random(f"sets/{seed}")) for _ in range(2))
    other.edit()
    return one, other


@pytest.fixture(autouse=True)
def of_flows_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in ``tests/test_diff_lines.py``: a difference is of flows."""
    monkeypatch.setattr("reach.resolve.own_flow", lambda _: None)


def solved(snapshots: tuple[Any, Any]) -> dict[Any, list[HeaderSpace]]:
    """What the solver alone tells."""
    with solver_alone():
        found = reach.diff(*snapshots, narrow=False)
    assert found.complete
    return told(found)


def solved_so_far(snapshots: tuple[Any, Any], *, one_way: bool = False) -> Difference:
    """The same, not of everything where that took minutes: of few networks, of hundreds of open
    flows, each a problem of seconds."""
    with solver_alone() as alone:
        alone.setattr(flows.Search, "_is_spent", _is_enough)
        return reach.diff(*snapshots, narrow=False, one_way=one_way)


def _is_enough(search: flows.Search, places: int) -> bool:
    return search._spent + places > ENOUGH


ENOUGH = 40_000  # places of all problems together: of most networks the solver needs fewer


def worn(snapshot: Any) -> dict[str, Any]:
    """The groups of each interface."""
    return {e.network_interface_id: e.groups for e in snapshot.records(NetworkInterface)}


@pytest.mark.parametrize("kind", [Rewritten, Named])
@pytest.mark.parametrize("seed", SEEDS)
def test_sets_and_the_solver_alone_tell_the_same(kind: type[World], seed: int) -> None:
    """Pair by pair, packet by packet: gained, lost and undecided; and near an edit as well."""
    one, other = worlds(kind, seed)
    snapshots = one.load(), other.load()
    found = reach.diff(*snapshots)
    assert found.complete
    whole = reach.diff(*snapshots, narrow=False)
    if worn(snapshots[0]) == worn(snapshots[1]):
        assert found.to_dict() == whole.to_dict()
    else:  # who stands apart is in nodes of other names, and lines may be put together otherwise
        assert apart(told(found), told(whole)) == []
    known, by_solver = told(found), solved_so_far(snapshots)
    assert besides(told(by_solver), known) == []
    # What was not looked for is for the questions below.
    assert not by_solver.complete or besides(known, told(by_solver)) == []
    assert untrue(snapshots, found, other) == []
    assert unclaimed(snapshots, found, other) == []


@pytest.mark.parametrize("kind", [World, Rewritten, Named])
@pytest.mark.parametrize("seed", SEEDS)
def test_of_flows_without_a_reply_the_same(kind: type[World], seed: int) -> None:
    """The same where nobody asks whether anything comes back."""
    one, other = (kind(Random(f"one way/{seed}")) for _ in range(2))
    other.edit()
    snapshots = one.load(), other.load()
    found = reach.diff(*snapshots, one_way=True)
    whole = reach.diff(*snapshots, one_way=True, narrow=False)
    assert found.complete
    assert apart(told(found), told(whole)) == []
    by_solver = solved_so_far(snapshots, one_way=True)
    assert besides(told(by_solver), told(found)) == []
    assert not by_solver.complete or besides(told(found), told(by_solver)) == []
    assert untrue(snapshots, found, other, one_way=True) == []
    assert unclaimed(snapshots, found, other, one_way=True) == []


def test_new_flows_are_told_by_the_first_options_that_get_them_through(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The options that the solver happened on are found out only of what was told by others."""
    seen: list[tuple[bool, bool]] = []
    judged = flows.Search._judged

    def spy(search: flows.Search, proof: Proof, now: Verdict) -> Any:
        if now is Verdict.REACHABLE:
            known = search._told.holds(proof.start.node, proof.packet)
            first = replay(search.after, proof.start, proof.packet, search.two_way)
            is_chosen = bool(proof.forward_choices or proof.reply_choices)
            seen.append((is_chosen, not known and gets_through(search._aim, first)))
        return judged(search, proof, now)

    monkeypatch.setattr(flows.Search, "_judged", spy)
    for seed in range(6):
        solved(tuple(each.load() for each in worlds(Rewritten, seed)))
    assert (True, True) not in seen
    assert (False, True) in seen


@pytest.mark.parametrize("seed", range(40))
def test_who_is_swept_together_shares_no_address(seed: int) -> None:
    """And somebody is, as long as there is anybody: whoever sends from the fewest."""
    rng = Random(seed)
    left: dict[str, Ranges] = {}
    for number in range(rng.randint(1, 9)):
        lows = [rng.randrange(60) for _ in range(rng.randint(1, 3))]
        spans = ((low, low + rng.choice((0, 0, 1, 5, 30))) for low in lows)
        left[f"n{number}"] = Ranges.union(spans)
    while left:
        together = sweeping._apart(left)
        assert min(left, key=lambda node: (left[node].count, node)) in together
        pairs = combinations(sorted(together), 2)
        assert not any(left[one] & left[other] for one, other in pairs)
        left = {node: own for node, own in left.items() if node not in together}


@pytest.mark.parametrize("seed", range(40))
def test_those_who_send_alike_are_told_as_one_by_one(seed: int) -> None:
    """Of whom something is a share, of which kinds; and what each sends again."""
    rng = Random(seed)
    rests = [some_space(rng) for _ in range(3)]
    begun = [
        (Start(f"n{n}", ANYTHING, f"o{n}"), rng.choice(rests).narrowed("source", some_values(rng)))
        for n in range(12)
    ]
    spaces = [
        some_space(rng).narrowed("source", some_values(rng)) if rng.random() < 0.8 else ANYTHING
        for _ in range(6)
    ]
    spaces = [each for each in spaces if not each.is_empty]
    together = sweeping._Senders(begun)
    got: dict[Any, list[HeaderSpace]] = {}
    for space in spaces:
        expected = [(start, sent) for start, sent in begun if sent.overlaps(space)]
        assert sorted(together.of(space), key=str) == sorted(expected, key=str)
        for two_way in (False, True):
            every = list(kinds(space, two_way))
            one_by_one = {start.node: tuple(shown(every, sent)) for start, sent in expected}
            told = {start.node: each for start, each in together.shares(space, two_way)}
            assert told == one_by_one, (space, two_way)
        for start, sent in expected:
            got.setdefault((start, sent), []).append(space.without("source"))
    again = {(start, sent & hull(each)) for (start, sent), each in got.items()}
    homes = [becoming.Home("end", "owner", space) for space in spaces]
    assert set(together.again(homes)) == again


def some_values(rng: Random) -> Ranges:
    """A few addresses, many, or all."""
    lows = [rng.randrange(60) for _ in range(rng.randint(1, 3))]
    spans = Ranges.union((low, low + rng.choice((0, 0, 1, 5, 30))) for low in lows)
    return rng.choice((spans, spans, spans, Ranges.span(0, 1 << 20), whole("source")))


def some_space(rng: Random) -> HeaderSpace:
    """Packets to somewhere, of some protocols."""
    protocols = rng.choice((None, Ranges.of(6), Ranges.of(6, 17), Ranges.span(0, 255)))
    low = rng.randrange(3) * 100
    ports = rng.choice((None, Ranges.span(low, low + 150)))
    return HeaderSpace.where(
        destination=some_values(rng), protocol=protocols, destination_port=ports
    )


def test_ports_of_a_doubt_are_told_together() -> None:
    """The solver alone: packets that may be led away before, port by port, without an end."""
    made = []
    for listed in (True, False):
        e = Pair()
        e.online(e.ta)
        if listed:
            e.route(e.ta, "pl-0123456789abcdef0", e.gateway or "")
        made.append(e.load())
    snapshots = made[0], made[1]
    found = reach.diff(*snapshots)
    assert len(found.undecided) == 1
    assert apart(told(found), solved(snapshots)) == []


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step[1])
def test_of_each_way_that_is_rewritten_the_solver_tells_the_same(
    step: tuple[str | None, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And sets leave nothing to it."""
    snapshots = tuple(each.load() for each in towns(step))
    expected = solved(snapshots)
    assert expected
    left: list[Any] = []
    real = sweeping.swept

    def swept(*given: Any) -> Any:
        found = real(*given)
        left.extend(found.rest)
        return found

    monkeypatch.setattr(differing, "swept", swept)
    monkeypatch.setattr(near, "swept", swept)
    found = reach.diff(*snapshots)
    assert found.to_dict() == reach.diff(*snapshots, narrow=False).to_dict()
    assert apart(told(found), expected) == []
    assert left == []


# ------------------------------------------------------------------- seeded faults


def forgetting_the_beginning(patch: pytest.MonkeyPatch) -> None:
    """What was rewritten is taken to have been so at first."""
    real = moving.Sets._rewritten

    def rewritten(sets: Any, session: str, case: Any, at: Any) -> Iterator[Any]:
        for trail, space in real(sets, session, case, at):
            yield replace(trail, was=ANYTHING), space

    patch.setattr(moving.Sets, "_rewritten", rewritten)


def putting_back_for_anybody(patch: pytest.MonkeyPatch) -> None:
    """A reply is put back for whoever had the same translation."""
    real = Memory.restored

    def restored(memory: Memory, session: str, trail: Trail, reply: HeaderSpace) -> Iterator[Any]:
        for own, space in real(memory, session, trail, reply):
            yield own, space.without("destination")

    patch.setattr(Memory, "restored", restored)


def putting_nothing_back(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Memory, "restored", lambda *_: iter(()))


def taking_no_session(patch: pytest.MonkeyPatch) -> None:
    """All replies go by the ways that are no session's."""
    patch.setattr(Memory, "besides", lambda _, __, trail, reply: [(trail, reply)])


def doubting_nothing(patch: pytest.MonkeyPatch) -> None:
    """A rule of unknown effect lets pass."""
    real = moving._allowed

    def allowed(stage: Any, at: Any) -> Iterator[Any]:
        yield from ((replace(own, doubted=False), each) for own, each in real(stage, at))

    patch.setattr(moving, "_allowed", allowed)


def knowing_nothing_open(patch: pytest.MonkeyPatch) -> None:
    """What is not modelled drops what comes there."""
    real = becoming.through

    def through(*given: Any, **how: Any) -> Any:
        return replace(real(*given, **how), opened=[])

    patch.setattr(sweeping, "through", through)


def counting_too_little(patch: pytest.MonkeyPatch) -> None:
    """What does not count yet is taken never to."""
    patch.setattr(moving, "_bounded_by", lambda within, space: None)


def bounding_what_was_rewritten(patch: pytest.MonkeyPatch) -> None:
    """What a session has rewritten is taken to be where the walk backwards was."""
    patch.setattr(moving, "_is_bounded", lambda trail: not trail.counts)


def taking_another_end_for_the_same(patch: pytest.MonkeyPatch) -> None:
    """What was delivered to anybody before is nothing new."""
    real = sweeping._Before.homes
    patch.setattr(sweeping._Before, "homes", lambda self, at, end: real(self, at, None))


def asking_nobody_who_sends(patch: pytest.MonkeyPatch) -> None:
    """Whom a rule names is taken to be anybody who comes along with him."""
    patch.setattr(moving, "_reads", lambda node, besides, before: ())


FAULTS: dict[Callable[[pytest.MonkeyPatch], None], int] = {
    forgetting_the_beginning: 0,
    putting_back_for_anybody: 0,
    putting_nothing_back: 0,
    taking_no_session: 7,
    doubting_nothing: 6,
    knowing_nothing_open: 6,
    counting_too_little: 0,
    bounding_what_was_rewritten: 8,
    taking_another_end_for_the_same: 5,
    asking_nobody_who_sends: 9,
}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_seeded_fault_is_noticed(
    fault: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the solver alone, or by the walk of a packet of each kind."""
    snapshots = tuple(each.load() for each in towns(STEPS[FAULTS[fault]]))
    expected = solved(snapshots)
    fault(monkeypatch)
    assert noticed(snapshots, expected)


def noticed(snapshots: tuple[Any, Any], expected: dict[Any, list[HeaderSpace]]) -> bool:
    try:
        return bool(apart(told(reach.diff(*snapshots, narrow=False)), expected))
    except Defect:
        return True


# ------------------------------------------------------------------- what is remembered


def test_what_one_option_remembers_lets_nothing_of_another_one_pass() -> None:
    """What was remembered before the choice lets both pass."""
    memory = Memory()
    flow = HeaderSpace.where(source=Ranges.of(1), destination=Ranges.of(2), protocol=Ranges.of(6))
    reply = HeaderSpace.where(source=Ranges.of(2), destination=Ranges.of(1), protocol=Ranges.of(6))
    one, other = (Trail().by_option("node", number) for number in (0, 1))
    memory.admit("behind", one, flow)
    memory.admit("before", Trail(), flow)
    assert [*memory.awaited("behind", one, reply)] == [(one, reply)]
    assert [*memory.awaited("behind", other, reply)] == []
    assert memory.besides("behind", other, reply) == [(other, reply)]
    assert memory.besides("behind", one, reply) == []
    assert [*memory.awaited("before", other, reply)] == [(other, reply)]


def test_a_reply_is_put_back_for_the_very_flow() -> None:
    """Two senders behind one address, told apart by what they were at first."""
    memory = Memory()
    before = HeaderSpace.where(source=Ranges.of(1, 3), destination=Ranges.of(2))
    after = before.narrowed("source", Ranges.of(9))
    trail = Trail(was=HeaderSpace.where(source=Ranges.of(1, 3)))
    memory.translate("nat", (Trail(), before), (trail, after), ("source",))
    of_one = Trail(was=HeaderSpace.where(source=Ranges.of(3)))
    reply = HeaderSpace.where(source=Ranges.of(2), destination=Ranges.of(9))
    back = reply.narrowed("destination", Ranges.of(3))
    assert [*memory.restored("nat", of_one, reply)] == [(Trail(), back)]
    assert [*memory.restored("nat", of_one, back)] == []
