"""Networks of a known shape: a chain of gadgets between clients and servers, there and back.

    start0  start1 ..  ->  in0  ->  in1  ->  ..  ->  servers
    home    <-  back0  <-  back1  <-  ..  <-  the reply nodes of the servers

A gadget defines ``in<i>`` and ``back<i>`` and what lies between them and the next ones; each is one
shape in which twins tend to differ.  Everything is drawn from one seed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from random import Random

from reach.aim import Aim, Start, Visit
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.network.node import Network, Node
from reach.network.stage import Deliver, Forward, Route, Stage, Unmodelled
from tests.differential import domain
from tests.differential.builder import Builder
from tests.differential.gadgets import COMMON, GADGETS

MANY = 18  # starts: more than get symbols of their own


@dataclass(frozen=True)
class Shape:
    """A generated network and a question about it."""

    seed: int
    nodes: dict[str, Node]
    aim: Aim
    gadgets: tuple[str, ...]

    @cached_property
    def network(self) -> Network:
        return Network.of(self.nodes)

    def __str__(self) -> str:
        return f"seed {self.seed}: {', '.join(self.gadgets)}"


def generate(seed: int, *, narrow: bool = False, gadgets: tuple[str, ...] = ()) -> Shape:
    """The network of a seed.  ``narrow`` starts leave few flows; ``gadgets`` fixes the chain."""
    rng = Random(seed)
    build = Builder(rng)
    names = gadgets or _chain(rng)
    for number, name in enumerate(names):
        GADGETS[name](build, number, f"in{number + 1}", f"back{number - 1}")
    _servers(build, len(names))
    starts = _clients(build, narrow)
    return Shape(seed, build.nodes, _aim(build, starts), names)


def _chain(rng: Random) -> tuple[str, ...]:
    """Some gadgets; what multiplies the ways is there once at most."""
    names = [rng.choice(COMMON) for _ in range(rng.choice((1, 2, 2, 3)))]
    return tuple(n for i, n in enumerate(names) if n != "several" or n not in names[:i])


def _servers(build: Builder, last: int) -> None:
    """The last entry: routes to several owners, whose replies need not all go the same way."""
    rng = build.rng
    owners = [f"server{n}" for n in range(rng.choice((1, 2, 3)))]
    build.add(f"in{last}", build.routes(owners, False), build.to(owners[0]))
    for owner in owners:
        session = f"{owner} session" if build.odds(0.6) else ""
        out = f"{owner} out"
        before: list[Stage] = [build.some_filter(session)] if build.odds(0.4) else []
        if build.odds(0.05):
            build.add(owner, *before, Unmodelled(build.origin("unknown")))
        else:
            build.add(owner, *before, Deliver(owner, out, build.origin("here")))
        after: list[Stage] = [build.some_filter(session)] if build.odds(0.4) else []
        # Now and then the reply leaves out what the flow went through.
        towards = last - 1 if build.odds(0.85) else rng.randrange(-1, last)
        build.add(out, *after, build.to(f"back{towards}"))


def _clients(build: Builder, narrow: bool) -> tuple[Start, ...]:
    """The starts, and the way home to them."""
    rng = build.rng
    count = MANY if not narrow and build.odds(0.08) else rng.choice((1, 1, 2, 3))
    starts: list[Start] = []
    homes: list[Route] = []
    for number in range(count):
        owned = rng.choice(domain.CLIENTS)
        if number > 2:
            owned = domain.CLIENTS[0] + (number << 96)
        # Two starts may stand at one node, with headers of their own.
        fresh = number == 0 or not build.odds(0.2)
        node = f"start{number}" if fresh else starts[-1].node
        owner = f"client{number}" if fresh else starts[-1].owner
        if fresh:
            session = f"{owner} session" if build.odds(0.6) else ""
            stages: list[Stage] = [build.some_filter(session)] if build.odds(0.3) else []
            build.add(node, *stages, build.to("in0"))
            checks: list[Stage] = [build.some_filter(session)] if build.odds(0.3) else []
            deliver = Deliver(owner, "in0", build.origin("home"), inside=build.odds(0.05))
            build.add(f"home{number}", *checks, deliver)
        if count == MANY:
            space = HeaderSpace.where(source=Ranges.of(owned))
        else:
            space = domain.start_space(rng, owned, narrow)
        starts.append(Start(node, space, owner))
        if fresh:
            own = HeaderSpace.where(destination=starts[-1].space.by_name["source"])
            homes.append(build.route(f"home{number}", own))
    build.add("back-1", Forward(tuple(homes), build.origin("nobody")))
    return tuple(starts)


def _aim(build: Builder, starts: tuple[Start, ...]) -> Aim:
    rng = build.rng
    goals = None
    if build.odds(0.5):
        owners = sorted(
            {s.owner for n in build.nodes.values() for s in n.stages if isinstance(s, Deliver)}
        )
        picked = rng.sample(owners, min(len(owners), rng.choice((2, 3, 4))))
        goals = {o: domain.space(rng) if build.odds(0.2) else ANYTHING for o in picked}
    through = (Visit(frozenset(rng.sample(sorted(build.nodes), 2))),) if build.odds(0.1) else ()
    aim = Aim(starts, goals, two_way=build.odds(0.85), through=through, to_itself=build.odds(0.2))
    if goals is None or not build.odds(0.3):
        return aim
    return replace(aim, passing=tuple(rng.sample(sorted(build.nodes), 2)))
