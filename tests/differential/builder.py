"""Stages and nodes drawn from a seeded generator: the parts that shapes are made of.

Every rule, case, route and option gets an origin of its own, so that a trace says which it met.
"""

from __future__ import annotations

from random import Random

from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.network.node import Node
from reach.network.stage import (
    Action,
    Assign,
    Case,
    Choose,
    Embed,
    Filter,
    Forward,
    Lookup,
    Option,
    Origin,
    Restore,
    Rewrite,
    Route,
    Rule,
    Stage,
    Table,
    Translate,
)
from tests.differential import domain

DOUBT = "DOUBT"


class Builder:
    """Nodes under construction; ``rng`` decides, ``many`` says how rich a gadget may be."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.nodes: dict[str, Node] = {}
        self._count = 0

    def origin(self, words: str, code: str = "") -> Origin:
        """A provenance that no other rule has."""
        self._count += 1
        return Origin(f"{words}-{self._count}", words, code=code)

    def add(self, name: str, *stages: Stage) -> str:
        assert name not in self.nodes
        self.nodes[name] = Node(name, stages)
        return name

    def odds(self, chance: float) -> bool:
        return self.rng.random() < chance

    # ---------------------------------------------------------------- stages

    def to(self, node: str) -> Forward:
        """A stage that sends everything on."""
        return Forward((Route(ANYTHING, node, self.origin("on")),), self.origin("end"))

    def rule(self, action: Action, match: HeaderSpace | None = None) -> Rule:
        code = DOUBT if action is Action.DOUBT else ""
        match = domain.space(self.rng) if match is None else match
        return Rule(match, action, self.origin(action.value, code))

    def filter(self, session: str = "", *, doubts: bool = True) -> Filter:
        """Overlapping rules of all actions."""
        actions = [Action.PERMIT] * 4 + [Action.DENY] * 2 + [Action.DOUBT] * doubts
        rules = [self.rule(self.rng.choice(actions)) for _ in range(self.rng.randint(1, 4))]
        last = self.rng.choice([Action.PERMIT] * 4 + [Action.DENY])
        if doubts and self.odds(0.05):
            last = Action.DOUBT
        return Filter(tuple(rules), self.rule(last, ANYTHING), session)

    def allow(self, session: str = "") -> Filter:
        """Default deny and permits only, so that the order of rules means nothing."""
        rules = [self.rule(Action.PERMIT) for _ in range(self.rng.randint(1, 3))]
        if self.odds(0.7):
            rules.append(self.rule(Action.PERMIT, domain.space(self.rng, addresses=0.0)))
        return Filter(tuple(rules), self.rule(Action.DENY, ANYTHING), session)

    def shut(self, session: str) -> Filter:
        """Default deny and next to no permits: the session decides."""
        rules = (self.rule(Action.PERMIT, domain.space(self.rng, addresses=1.0, others=0.5)),)
        last = self.rule(Action.DENY, ANYTHING)
        return Filter(rules, last, session, opening=self.odds(0.4))

    def some_filter(self, session: str = "") -> Filter:
        return self.allow(session) if self.odds(0.3) else self.filter(session)

    def route(self, next_: str, match: HeaderSpace, session: str = "") -> Route:
        return Route(match, next_, self.origin("route"), session)

    def routes(self, nexts: list[str], otherwise: bool) -> Forward:
        """Overlapping routes to any of the nodes, longest prefix first; now and then a drop."""
        drawn = []
        for _ in range(self.rng.randint(2, 5)):
            prefix = self.rng.choice(domain.PREFIXES)
            match = HeaderSpace.where(destination=Ranges.prefixes([prefix]))
            if self.odds(0.3):
                match = match & domain.space(self.rng, addresses=0.2)
            next_ = "" if self.odds(0.1) else self.rng.choice(nexts)
            drawn.append((prefix.length, self.route(next_, match)))
        drawn.sort(key=lambda pair: -pair[0])
        return Forward(tuple(r for _, r in drawn), self.origin("none") if otherwise else None)

    # ---------------------------------------------------------------- rewrites

    def table(self) -> Table:
        """A one-to-one mapping of addresses of one family; keys and values may overlap."""
        family = self.rng.choice((domain.FOURS, domain.FOURS, domain.SIXES))
        size = min(3, len(family))
        olds, news = self.rng.sample(family, size), self.rng.sample(family, size)
        return Table(tuple(sorted(zip(olds, news, strict=True))))

    def looked_up(self, field: str, table: Table) -> Case:
        match = HeaderSpace.where(**{field: table.keys})
        if self.odds(0.3):
            match = match & domain.space(self.rng, addresses=0.0)
        return Case(match, (Lookup(field, table),), self.origin("lookup"))

    def assign(self, field: str, *, several: bool) -> Assign:
        pool = {
            "source": domain.GATEWAYS + domain.CLIENTS,
            "destination": domain.SERVERS + domain.GATEWAYS,
            "identity": domain.IDENTITIES,
        }.get(field, domain.PORTS)
        count = self.rng.choice((1, 2)) if several else 1
        return Assign(field, Ranges.of(*self.rng.sample(pool, count)))

    def case(self, *, several: bool = True) -> Case:
        """One case of a translation: a table, an address carried over, or fields set."""
        kind = self.rng.random()
        if kind < 0.2:
            return self.looked_up(self.rng.choice(("source", "destination")), self.table())
        if kind < 0.35:
            return self.embedded()
        fields = self.rng.sample(
            ("source", "destination", "source_port", "destination_port", "identity"),
            self.rng.choice((1, 1, 2)),
        )
        rewrites: list[Rewrite] = [self.assign(field, several=several) for field in fields]
        return Case(domain.space(self.rng), tuple(rewrites), self.origin("set"))

    def embedded(self) -> Case:
        """An IPv4 address out of an IPv6 one, or into one."""
        if self.odds(0.5):
            prefix = Ranges.prefixes([domain.PREFIXES[13]])
            match = HeaderSpace.where(destination=prefix)
            take = Embed("destination", 1 << 128, 0, 96, 32)
        else:
            match = HeaderSpace.where(source=Ranges.prefixes([domain.PREFIXES[0]]))
            take = Embed("source", domain.SIX_BASE, 96, 0, 32)
        return Case(match, (take,), self.origin("embed"))

    def translate(self, session: str = "", *, several: bool = True) -> Translate:
        cases = tuple(self.case(several=several) for _ in range(self.rng.choice((1, 2))))
        return Translate(cases, self.origin("untranslated") if self.odds(0.15) else None, session)


def decide_drop(build: Builder, chance: float) -> Origin | None:
    """Whether a stage drops what it does not know."""
    return build.origin("unknown") if build.odds(chance) else None


def restore(build: Builder, session: str) -> Restore:
    return Restore(session, build.origin("no session"))


def choose(build: Builder, *nexts: str) -> Choose:
    return Choose(tuple(Option(node, build.origin("option")) for node in nexts))
