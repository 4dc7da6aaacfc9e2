"""The checker against liars: a compiler, a reducer or a solver with a fault in it.

Whatever verdict comes of the fault, the evidence that goes with it is held against the true
network: where the verdict is wrong, no certificate and no witness is accepted for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache, partial
from random import Random

import pytest

from reach.aim import Aim
from reach.answer import Verdict
from reach.certify import certify
from reach.check import check_certificate
from reach.compile import compile
from reach.decide import Decision, Proof, decide, decide_compiled
from reach.errors import Defect
from reach.network.node import Network, Node
from reach.network.stage import Action, Filter, Forward, Rule, Stage
from reach.retrace import Hop, retrace
from reach.trace import Trace
from solver import UNLIMITED, Budget, Outcome, SolverError, Term, Unsat
from solver.backends.z3 import Z3Backend, Z3Session
from tests.differential.faults import COMPILED, Fault, twins
from tests.differential.shapes import Shape, generate
from tests.differential.test_faults import KILLED_BY, SEEDS

CHUNKS = 2
some_networks = pytest.mark.parametrize(
    "seeds", [range(40, 80), pytest.param(range(80), marks=pytest.mark.deep)], ids=str
)


def evidence(network: Network, aim: Aim, decision: Decision) -> bool:
    """Whether the checker accepts what goes with a verdict, of the true network."""
    if decision.verdict is Verdict.REACHABLE:
        return decision.proof is not None and retraced(network, aim, decision.proof)
    if decision.verdict is Verdict.UNREACHABLE:
        certificate = certify(network, aim)
        return certificate is not None and check_certificate(network, aim, certificate).holds
    return False


def retraced(network: Network, aim: Aim, proof: Proof) -> bool:
    reply = hops(proof.reply) if proof.reply else ()
    return not retrace(network, aim, proof.packet, hops(proof.forward), reply)


def hops(trace: Trace) -> tuple[Hop, ...]:
    return tuple(
        Hop(h.node, h.before, h.after, tuple((o.resource, o.locator, o.words) for o in h.passed))
        for h in trace.hops
    )


@cache
def told(seed: int, gadgets: tuple[str, ...] = ()) -> tuple[Shape, Verdict]:
    """A network and the true verdict, which many faults are held against."""
    shape = generate(seed, gadgets=gadgets)
    return shape, decide(shape.network, shape.aim, Z3Backend()).verdict


def caught(shape: Shape, truth: Verdict, ask: Callable[[], Decision]) -> str:
    """What becomes of a verdict that a fault has had a hand in; a wrong one is never accepted."""
    try:
        decision = ask()
    except (Defect, SolverError):
        return "noticed before anybody saw it"
    if decision.verdict in (truth, Verdict.UNDECIDED) or truth is Verdict.UNDECIDED:
        return "not wrong"
    assert not evidence(shape.network, shape.aim, decision), shape
    return "refused"


def compiled_by(fault: Fault, shape: Shape) -> Decision:
    constraints = twins(fault).compile(shape.network, shape.aim)
    return decide_compiled(shape.network, shape.aim, constraints, Z3Backend())


@pytest.mark.parametrize("near", [(0, 1), pytest.param((0, 1, 2, 3), marks=pytest.mark.deep)])
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_faults_in_the_compiler(chunk: int, near: tuple[int, ...]) -> None:
    """On the network that shows each, and on its neighbours; most give a wrong verdict there."""
    fates: Counter[str] = Counter()
    for fault in COMPILED[chunk::CHUNKS]:
        first = KILLED_BY.get(f"{fault.module}: {fault.name}", SEEDS[0])
        for more in near:
            shape, truth = told(first + more, fault.shape)
            fates[caught(shape, truth, partial(compiled_by, fault, shape))] += 1
    print(f"\n{dict(fates)}")
    assert fates["refused"]
    assert fates["noticed before anybody saw it"]


# ------------------------------ a reducer


def reduced(shape: Shape, rng: Random, change: Callable[[Stage], Stage | None]) -> Network | None:
    """The network with one stage changed, as a pass would that leaves out what counts."""
    choices = [
        (name, at, changed)
        for name, node in shape.nodes.items()
        for at, stage in enumerate(node.stages)
        if (changed := change(stage)) is not None
    ]
    if not choices:
        return None
    name, at, changed = rng.choice(choices)
    stages = (*shape.nodes[name].stages[:at], changed, *shape.nodes[name].stages[at + 1 :])
    return Network.of({**shape.nodes, name: Node(name, stages)})


def fewer_routes(stage: Stage) -> Stage | None:
    if isinstance(stage, Forward) and stage.routes:
        return replace(stage, routes=stage.routes[1:])
    return None


def fewer_rules(stage: Stage) -> Stage | None:
    if isinstance(stage, Filter) and stage.rules:
        return replace(stage, rules=stage.rules[1:])
    return None


def all_permitted(stage: Stage) -> Stage | None:
    if not isinstance(stage, Filter):
        return None
    rules = tuple(Rule(r.match, Action.PERMIT, r.origin) for r in stage.rules)
    last = Rule(stage.otherwise.match, Action.PERMIT, stage.otherwise.origin)
    return replace(stage, rules=rules, otherwise=last)


def no_session(stage: Stage) -> Stage | None:
    if isinstance(stage, Filter) and stage.session and stage.binds is None:
        return replace(stage, session="", opening=False)
    return None


REDUCERS = (fewer_routes, fewer_rules, all_permitted, no_session)


@some_networks
@pytest.mark.parametrize("change", REDUCERS, ids=lambda change: change.__name__)
def test_a_fault_in_a_reducer(change: Callable[[Stage], Stage | None], seeds: range) -> None:
    """The verdict, and the evidence too, are of another network than the true one."""
    fates: Counter[str] = Counter()
    for seed in (7000 + each for each in seeds):
        shape, truth = told(seed)
        network = reduced(shape, Random(seed), change)
        if network is None:
            continue
        decision = decide(network, shape.aim, Z3Backend())
        wrong = decision.verdict is not truth
        if not wrong or Verdict.UNDECIDED in (decision.verdict, truth):
            continue
        if decision.verdict is Verdict.REACHABLE:
            assert decision.proof is not None
            accepted = retraced(shape.network, shape.aim, decision.proof)
        else:
            certificate = certify(network, shape.aim)
            accepted = (
                certificate is not None
                and check_certificate(shape.network, shape.aim, certificate).holds
            )
        assert not accepted, shape
        fates[decision.verdict.value] += 1
    print(f"\n{dict(fates)}")
    assert fates


# ------------------------------ a solver


class Denier(Z3Session):
    """Never finds anything."""

    def check(
        self, assumptions: Sequence[Term] = (), *, budget: Budget = UNLIMITED, core: bool = True
    ) -> Outcome:
        return Unsat(())


class Inventor(Z3Session):
    """Gives values that are a little off, unchecked."""

    def _verified_assignment(self, assumptions: Sequence[Term]) -> dict[str, int | bool]:
        found = self._assignment()
        return {
            n: v ^ 1 if n.startswith(("source", "destination")) else v for n, v in found.items()
        }


class With(Z3Backend):
    """A backend that opens sessions of another kind."""

    def __init__(self, kind: type[Z3Session]) -> None:
        super().__init__()
        self._kind = kind

    def open(self) -> Z3Session:
        return self._kind()


@some_networks
@pytest.mark.parametrize("liar", [Denier, Inventor])
def test_a_fault_in_the_solver(liar: type[Z3Session], seeds: range) -> None:
    """One that misses every way, and one whose packets are not those that get through."""
    fates = Counter(
        caught(shape, truth, partial(decide, shape.network, shape.aim, With(liar)))
        for shape, truth in (told(8000 + each) for each in seeds)
    )
    print(f"\n{dict(fates)}")
    assert sum(fates[fate] for fate in fates if fate != "not wrong")


@some_networks
def test_no_fault_at_all(seeds: range) -> None:
    """Control: evidence of true verdicts is accepted, but for the few without a certificate."""
    fates: Counter[bool] = Counter()
    for seed in (7000 + each for each in seeds):
        shape, _ = told(seed)
        constraints = compile(shape.network, shape.aim)
        decision = decide_compiled(shape.network, shape.aim, constraints, Z3Backend())
        if decision.verdict is not Verdict.UNDECIDED:
            fates[evidence(shape.network, shape.aim, decision)] += 1
    print(f"\n{dict(fates)}")
    assert fates[True] >= 9 * fates[False]
