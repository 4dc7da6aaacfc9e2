"""Laws of generated networks: what may be changed without changing the answer, or only upwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from random import Random

import pytest

import reach.compile
import reach.exploration
from reach.aim import Aim
from reach.answer import Verdict
from reach.decide import Decision, decide
from reach.network.address import WIDTH, Prefix
from reach.network.header_space import HeaderSpace, Ranges
from reach.network.node import Network, Node
from reach.network.stage import (
    Action,
    Choose,
    Deliver,
    Filter,
    Forward,
    Origin,
    Route,
    Rule,
    Stage,
)
from solver.backends.z3 import Z3Backend
from tests.differential import domain
from tests.differential.shapes import Shape, generate

ORDER = (Verdict.UNREACHABLE, Verdict.UNDECIDED, Verdict.REACHABLE)
everywhere = pytest.mark.parametrize(
    "first", [3000, 3020, pytest.param(3040, marks=pytest.mark.deep)]
)


def ask(shape: Shape) -> Decision:
    return decide(Network.of(shape.nodes), shape.aim, Z3Backend())


@cache
def decided(first: int) -> tuple[tuple[Shape, Decision], ...]:
    """Some networks with what is decided of them as they stand, for every law the same."""
    return tuple((shape, ask(shape)) for shape in map(generate, range(first, first + 20)))


def edited(shape: Shape, edit: Callable[[Stage], Stage]) -> Shape:
    """The network with every stage edited."""
    nodes = {
        name: Node(name, tuple(edit(stage) for stage in node.stages))
        for name, node in shape.nodes.items()
    }
    return replace(shape, nodes=nodes)


def permits_only(stage: Stage) -> bool:
    """Whether the order of its rules means nothing, and what no rule knows is denied."""
    return (
        isinstance(stage, Filter)
        and stage.otherwise.action is Action.DENY
        and all(rule.action is Action.PERMIT for rule in stage.rules)
    )


@everywhere
def test_a_permit_takes_nothing_away(first: int) -> None:
    """One more permit in each default-deny filter never removes reachability."""
    for shape, decision in decided(first):
        rng = Random(shape.seed)
        more = Rule(domain.space(rng), Action.PERMIT, Origin("more", "permit"))

        def permit(stage: Stage, more: Rule = more) -> Stage:
            if isinstance(stage, Filter) and permits_only(stage):
                return replace(stage, rules=(*stage.rules, more))
            return stage

        was, now = decision.verdict, ask(edited(shape, permit)).verdict
        assert ORDER.index(now) >= ORDER.index(was), f"{shape}: {was}, with more permits {now}"


@everywhere
def test_the_order_of_permits_means_nothing(first: int) -> None:
    """Default-deny filters of permits alone may be read backwards."""
    for shape, was in decided(first):

        def turn(stage: Stage) -> Stage:
            if isinstance(stage, Filter) and permits_only(stage):
                return replace(stage, rules=stage.rules[::-1])
            return stage

        assert ask(edited(shape, turn)).verdict is was.verdict, shape


def halves(match: HeaderSpace) -> list[HeaderSpace]:
    """The header space as two, by the first half of its destinations' first prefix."""
    values = match.by_name.get("destination")
    if not values:
        return [match]
    prefix = next(iter(values.cover()))
    if prefix.length == WIDTH:
        return [match]
    half = Ranges.prefixes([Prefix(prefix.value, prefix.length + 1)])
    parts = (values & half, values - half)
    return [HeaderSpace.where(**{**match.by_name, "destination": part}) for part in parts if part]


@everywhere
def test_a_split_prefix_changes_nothing(first: int) -> None:
    """Every route as two, of half the prefix each: the same decision, witness and all."""
    for shape, was in decided(first):

        def split(stage: Stage) -> Stage:
            if not isinstance(stage, Forward):
                return stage
            return replace(
                stage,
                routes=tuple(replace(r, match=h) for r in stage.routes for h in halves(r.match)),
            )

        assert ask(edited(shape, split)) == was, shape


def renamed(shape: Shape) -> Shape:
    """Every node under another name, which sorts the other way round."""
    order = sorted(shape.nodes)
    new = {name: f"n{len(order) - place:03}" for place, name in enumerate(order)} | {"": ""}

    def rename(stage: Stage) -> Stage:
        if isinstance(stage, Forward):
            routes: tuple[Route, ...] = tuple(replace(r, next=new[r.next]) for r in stage.routes)
            return replace(stage, routes=routes)
        if isinstance(stage, Choose):
            return Choose(tuple(replace(o, next=new[o.next]) for o in stage.options))
        if isinstance(stage, Deliver):
            return replace(stage, reply=new[stage.reply])
        return stage

    nodes = {
        new[name]: replace(node, name=new[name])
        for name, node in edited(shape, rename).nodes.items()
    }
    aim: Aim = replace(
        shape.aim,
        starts=tuple(replace(start, node=new[start.node]) for start in shape.aim.starts),
        through=tuple(
            replace(visit, nodes=frozenset(new[name] for name in visit.nodes))
            for visit in shape.aim.through
        ),
        passing=tuple(new[name] for name in shape.aim.passing),
    )
    return replace(shape, nodes=nodes, aim=aim)


@everywhere
def test_renamed_nodes(first: int) -> None:
    """Names of nodes mean nothing: the same verdict, packet, rules and headers under others."""
    for shape, was in decided(first):
        now = ask(renamed(shape))
        assert (now.verdict, now.open) == (was.verdict, was.open), shape
        assert (now.proof is None) is (was.proof is None), shape
        if was.proof and now.proof:
            assert now.proof.packet == was.proof.packet, shape
            assert now.proof.forward.sessions == was.proof.forward.sessions, shape
            for one, other in (
                (was.proof.forward, now.proof.forward),
                (was.proof.reply, now.proof.reply),
            ):
                steps = [
                    t and [(h.before, h.after, h.passed) for h in t.hops] for t in (one, other)
                ]
                assert steps[0] == steps[1], shape


@everywhere
def test_shared_starts(first: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether starts share their symbols changes no verdict and no packet."""
    for shape, _ in decided(first):
        found = []
        for few in (0, 1_000):
            monkeypatch.setattr(reach.compile, "FEW", few)
            monkeypatch.setattr(reach.exploration, "FEW", few)
            decision = ask(shape)
            found.append((decision.verdict, decision.proof and decision.proof.packet))
        assert found[0] == found[1], shape
