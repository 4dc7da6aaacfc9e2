"""Verdicts and explanations against trying every flow, on networks where there are few.

reachable     some flow arrives, and nothing on its way is in doubt
undecided     else, some flow arrives or meets something unmodelled if doubts permit
unreachable   else
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reach.answer import Verdict
from reach.decide import Decision, Proof, decide
from reach.evaluate import LOOP
from reach.explain import FILTER, NO_PATH, Blocker, explain
from reach.network.field import Header
from reach.network.stage import Action, Filter, Forward, Restore, Translate
from reach.trace import Fate
from solver.backends.z3 import Z3Backend
from tests.differential import domain
from tests.differential.gadgets import CHAINS
from tests.differential.runs import Run, TooManyRunsError, can_start, runs
from tests.differential.shapes import Shape, generate

CHUNK = 20
SEEDS = 160


def all_runs(shape: Shape, *, heedless: bool = False) -> Iterator[tuple[Header, Run]]:
    """Every run of every flow of the question."""
    for start in shape.aim.starts:
        for header in domain.flows(start.space):
            if can_start(shape.aim, start, header):
                for run in runs(shape.network, shape.aim, start, header, heedless=heedless):
                    yield header, run


def by_enumeration(shape: Shape) -> Verdict:
    """The verdict of whoever tries everything."""
    verdict = Verdict.UNREACHABLE
    for _, run in all_runs(shape):
        if run.arrives and not run.doubtful:
            return Verdict.REACHABLE
        if run.arrives or run.open:
            verdict = Verdict.UNDECIDED
    return verdict


def narrow_shapes(
    first: int, count: int, gadgets: tuple[str, ...] = ()
) -> Iterator[tuple[Shape, Verdict]]:
    """Narrow networks with their verdicts; those with too many runs are left out."""
    for seed in range(first, first + count):
        shape = generate(seed, narrow=True, gadgets=gadgets)
        try:
            yield shape, by_enumeration(shape)
        except TooManyRunsError:
            continue


def goes_round(decision: Decision) -> bool:
    """Whether it hangs on nothing but a way through rewrites that comes round again: those are
    followed only so far."""
    return bool(decision.open) and all(
        each == LOOP or each.words.endswith("rewrites or is too large to follow")
        for each in decision.open
    )


def check_verdicts(first: int, count: int, gadgets: tuple[str, ...] = ()) -> int:
    """Decide and, where there is a no, explain; the number of networks."""
    backend, compared = Z3Backend(), 0
    for shape, expected in narrow_shapes(first, count, gadgets):
        decision = decide(shape.network, shape.aim, backend)
        if expected is Verdict.UNREACHABLE and goes_round(decision):
            continue
        assert decision.verdict is expected, shape
        compared += 1
        if expected is Verdict.UNREACHABLE:
            (blocked, *_) = explain(shape.network, shape.aim, backend).ways
            assert blocked.blockers, shape
            for blocker in blocked.blockers:
                assert denies(shape, blocker), f"{shape}: {blocker}"
            # Of a question both ways with many ends, the closest on its way there is explained.
            if blocked.path is not None and not shape.aim.two_way:
                assert price(blocked.path) == cheapest(shape), shape
    return compared


def denies(shape: Shape, blocker: Blocker) -> bool:
    """Whether what is named is what decides there, by the network itself."""
    origin, header = blocker.origin, blocker.header
    for node in shape.nodes.values():
        for stage in node.stages:
            if isinstance(stage, Filter):
                if stage.opening and stage.otherwise.origin == origin:
                    return True
                if stage.binds == origin:
                    return blocker.direction == "reply"
                rule = next(rule for rule in stage.decisions if header in rule.match)
                if rule.origin == origin:
                    return rule.action is not Action.PERMIT
            elif isinstance(stage, Forward):
                for route in stage.routes:
                    if route.origin == origin:
                        return not route.next and header in route.match
                if stage.otherwise == origin:
                    return not any(header in r.match and not r.session for r in stage.routes)
            elif isinstance(stage, Translate) and stage.otherwise == origin:
                return not any(header in case.match for case in stage.cases)
            elif isinstance(stage, Restore) and stage.otherwise == origin:
                return True
    # A loop, or a delivery elsewhere: there is no rule to look at.
    return origin.code in (NO_PATH.code, FILTER)


def price(proof: Proof) -> int:
    """What stands in the way of a flow, on both ways."""
    return sum(len(t.denials) + len(t.doubts) for t in (proof.forward, proof.reply) if t)


def cheapest(shape: Shape) -> int:
    """The least that stands in the way of any flow that would arrive."""
    return min(
        sum(len(t.denials) + len(t.doubts) for t in run.traces)
        for _, run in all_runs(shape, heedless=True)
        if run.arrives and all(t.fate is Fate.DELIVERED for t in run.traces)
    )


@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_verdicts_and_blockers(first: int) -> None:
    """The verdict is that of enumeration, every blocker denies, and no way has fewer of them."""
    assert check_verdicts(first, CHUNK) > CHUNK / 2


@pytest.mark.parametrize("chain", [*CHAINS[:3], CHAINS[5], CHAINS[11]], ids="-".join)
def test_verdicts_and_blockers_of_chains(chain: tuple[str, ...]) -> None:
    """The same of shapes that a chain at random seldom is."""
    assert check_verdicts(0, 12, chain) > 6


def test_a_way_that_comes_round_rewritten_is_undecided() -> None:
    """A packet that loops is lost, but of others on that way only so many rewrites are followed."""
    (shape, expected), *_ = narrow_shapes(200_523, 1)
    decision = decide(shape.network, shape.aim, Z3Backend())
    assert (expected, decision.verdict) == (Verdict.UNREACHABLE, Verdict.UNDECIDED)
    assert goes_round(decision)


@pytest.mark.deep
@pytest.mark.parametrize("first", range(200_000, 205_000, 200))
def test_verdicts_and_blockers_for_long(first: int) -> None:
    """The same for 5,000 networks."""
    assert check_verdicts(first, 200) > 100


def test_every_verdict_occurs() -> None:
    """The networks are of all three verdicts, none of them rare."""
    verdicts = [verdict for _, verdict in narrow_shapes(0, SEEDS)]
    for verdict in Verdict:
        assert verdicts.count(verdict) >= len(verdicts) / 20, verdict
