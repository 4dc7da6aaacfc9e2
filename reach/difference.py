"""What gets through one network and not through another, the question asked about left out.

    difference(before, after, question, backend) -> Others | None

Compares every packet from everybody (each interface, the internet, on-premises) to everybody.  A
flow that only ``after`` lets through meets something there that ``before`` lacks, a rule or a
route.  So first a walk without any filters shows who can come by a place that differs, and with
which headers; only these flows are asked about, one by one, each with all packets that take its
path, until none is left; of protocols other than TCP, UDP and ICMP one stands for all.  What
``before`` lets through as well does not count; that is asked of the very packet.

Must not know AWS, nor what was changed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import solver
from reach.aim import Aim, Start
from reach.answer import Verdict
from reach.compile import compile
from reach.conditions import conditions
from reach.constraints import Constraints, Place
from reach.decide import Proof, decide, decide_compiled, gets_through, replay
from reach.evidence import witness
from reach.flood import minus
from reach.lower import Ground
from reach.network.field import FIELDS, ICMP, ICMPV6, INDEX, TCP, UDP
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.network.node import Network, Node
from reach.network.stage import (
    Action,
    Filter,
    Forward,
    Lookup,
    Origin,
    Restore,
    Rewrite,
    Rule,
    Stage,
    Translate,
)
from reach.proposal import Flow, Others
from reach.question import Question
from reach.resolve import everybody, resolve
from reach.snapshot.records import NetworkInterface
from reach.symbolic import Symbolic, Version
from solver import Backend, Op, Term

MOST_STARTS = 4000
MOST_FLOWS = 20
MOST_ASKED = 80
_TOLD = (TCP, UDP, ICMP, ICMPV6)
_UNTOLD = Ranges.span(0, 255) - Ranges.of(*_TOLD)
_QUIET = Origin("", "")
_EVERYTHING = Filter((), Rule(ANYTHING, Action.PERMIT, _QUIET))


def difference(
    before: Ground, after: Ground, question: Question, backend: Backend, most: int = MOST_FLOWS
) -> Others | None:
    """Flows that get through ``after`` and not ``before``; None if nothing lets more through."""
    starts = tuple(everybody(after))
    if len(starts) > MOST_STARTS:
        words = f"nothing: {len(starts):,} starts are more than the {MOST_STARTS:,} compared"
        return Others((), False, words)
    count = len(after.snapshot.records(NetworkInterface))
    replies = "" if question.one_way else " whose reply gets back"
    scope = (
        f"every packet{replies}, between any of the {count:,} interfaces and hosts beyond; of "
        "protocols other than tcp, udp and icmp one stands for all"
    )
    aim = Aim(starts, goals=None, two_way=not question.one_way)
    places = _Differing(before.network, after.network, aim)
    if not places.found:
        return None
    asked = resolve(after, question).aim.starts
    narrow = replace(aim, starts=tuple(_besides(places.narrowed(), asked)))
    if not narrow.starts:
        return Others((), True, scope)
    flows, complete = _flows(before, after, narrow, places, backend, most)
    return Others(tuple(flows), complete, scope)


def _besides(starts: Iterable[Start], asked: Iterable[Start]) -> Iterator[Start]:
    """The starts without what was asked about."""
    for start in starts:
        left = [start.space]
        for each in asked:
            if each.node == start.node:
                left = [rest for space in left for rest in minus(space, each.space)]
        yield from (replace(start, space=space) for space in left)


# ------------------------------------------------------------------- who can come by


class _Differing:
    """The places at which a network lets more through than another one, and who comes by."""

    def __init__(self, before: Network, after: Network, aim: Aim) -> None:
        self._before = before
        self._after = after
        self._constraints = compile(_unfiltered(after), aim)
        self._comes_by = _comes_by(self._constraints)
        self._known: dict[str, tuple[HeaderSpace, ...]] = {}
        self.found = list(self._places())

    def _places(self) -> Iterator[tuple[Place, HeaderSpace]]:
        for walk in (self._constraints.forward, self._constraints.reply):
            for place in walk.places.values():
                for space in self._more_at(place.node):
                    yield place, space

    def _more_at(self, name: str) -> tuple[HeaderSpace, ...]:
        known = self._known.get(name)
        if known is None:
            found = _more(self._before.node(name), self._after.node(name))
            known = self._known[name] = tuple(dict.fromkeys(found))
        return known

    def met(self, symbolic: Symbolic, constraints: Constraints) -> Term:
        """That a flow or its reply comes by one of the places with a header that matters there."""
        return solver.any_of(
            solver.and_(place.reached, symbolic.matches(space, place.version))
            for walk in (constraints.forward, constraints.reply)
            for place in walk.places.values()
            for space in self._more_at(place.node)
        )

    def narrowed(self) -> Iterator[Start]:
        """The starts of whatever may come by with a header that matters there."""
        spaces: dict[int, dict[HeaderSpace, None]] = {}
        for place, space in self.found:
            for number in self._comes_by.get(id(place), ()):
                _, start, version = self._constraints.starts[number]
                narrow = _at_start(start, version, place, space)
                if narrow is not None:
                    spaces.setdefault(number, {})[narrow] = None
        for number, found in sorted(spaces.items()):
            start = self._constraints.starts[number][1]
            for space in found:
                if not any(space != other and _within(space, other) for other in found):
                    yield replace(start, space=space)


def _comes_by(constraints: Constraints) -> dict[int, set[int]]:
    """By place the numbers of the starts whose flows, or their replies, may come by."""
    symbolic = Symbolic()
    begin: dict[int, set[int]] = {}
    for number, (_, start, version) in enumerate(constraints.starts):
        place = constraints.forward.places.get((start.node, version, True))
        if place is not None:
            begin.setdefault(id(place), set()).add(number)
    found = _spread(constraints.forward.places.values(), begin)
    answered: dict[int, set[int]] = {}
    for point, delivery in constraints.forward.deliveries:
        key = (delivery.reply, symbolic.mirror(point.version), True)
        place = constraints.reply.places.get(key)
        if place is not None:
            answered.setdefault(id(place), set()).update(found.get(id(point.place), ()))
    return found | _spread(constraints.reply.places.values(), answered)


def _spread(places: Iterable[Place], begin: dict[int, set[int]]) -> dict[int, set[int]]:
    """What flows along the edges, until nothing is new."""
    found = {id(place): set(begin.get(id(place), ())) for place in places}
    onward: dict[int, list[int]] = {}
    for place in places:
        for source, _ in place.edges:
            if source is not None:
                onward.setdefault(id(source), []).append(id(place))
    queue = deque(begin)
    while queue:
        at = queue.popleft()
        for following in onward.get(at, ()):
            if not found[at] <= found[following]:
                found[following] |= found[at]
                queue.append(following)
    return found


def _within(space: HeaderSpace, other: HeaderSpace) -> bool:
    return all(
        name in space.by_name and not space.by_name[name] - values for name, values in other.fields
    )


def _unfiltered(network: Network) -> Network:
    """The same network, whose filters let everything pass and remember it."""

    @cache
    def make(name: str) -> Node:
        node = network.node(name)
        return replace(node, stages=tuple(map(_open, node.stages)))

    return Network(make)


def _open(stage: Stage) -> Stage:
    if not isinstance(stage, Filter):
        return stage
    return replace(_EVERYTHING, session=stage.session) if stage.session else _EVERYTHING


def _more(before: Node, after: Node) -> Iterator[HeaderSpace]:
    """The headers of which the second of two nodes may make more than the first."""
    if len(before.stages) != len(after.stages):
        yield ANYTHING
        return
    rewritten = False
    for one, other in zip(before.stages, after.stages, strict=True):
        if not _alike(one, other):
            # Who sent it may have been written down before; what is on the wire was not touched.
            found = (
                [ANYTHING] if rewritten else [s.without("identity") for s in _between(one, other)]
            )
            yield from found
        rewritten = rewritten or _rewrites(other)


def _alike(one: Stage, other: Stage) -> bool:
    """Whether two stages do the same; tables are equal to themselves only, so their pairs count."""
    if one is other or one == other:
        return True
    if not (isinstance(one, Translate) and isinstance(other, Translate)):
        return False
    return replace(one, cases=()) == replace(other, cases=()) and (
        [(case.match, tuple(map(_told, case.rewrites))) for case in one.cases]
        == [(case.match, tuple(map(_told, case.rewrites))) for case in other.cases]
    )


def _told(rewrite: Rewrite) -> object:
    return (rewrite.field, rewrite.table.pairs) if isinstance(rewrite, Lookup) else rewrite


def _rewrites(stage: Stage) -> bool:
    """Whether a stage changes anything on the wire."""
    if isinstance(stage, Restore):
        return True
    return isinstance(stage, Translate) and any(
        rewrite.field != "identity" for case in stage.cases for rewrite in case.rewrites
    )


def _between(one: Stage, other: Stage) -> Iterator[HeaderSpace]:
    """Where the other stage may let pass, or send elsewhere, what the first one does not."""
    match one, other:
        case Filter(), Filter() if one.session == other.session and one.binds == other.binds:
            rules = [[(r.match, r.action) for r in each.decisions] for each in (one, other)]
            yield from _apart(
                rules[0],
                rules[1],
                lambda key, is_new: key[1] is not (Action.DENY if is_new else Action.PERMIT),
            )
        case Forward(), Forward() if one.otherwise == other.otherwise:
            routes = [[(r.match, r.next, r.session) for r in each.routes] for each in (one, other)]
            yield from _apart(routes[0], routes[1], lambda key, is_new: True)
        case _:
            yield ANYTHING


def _apart(
    one: Sequence[tuple[Any, ...]],
    other: Sequence[tuple[Any, ...]],
    matters: Callable[[Any, bool], bool],
) -> Iterator[HeaderSpace]:
    """The spaces of what is in one of two lists only; anything where they are ordered otherwise."""
    one, other = _apart_from_ends(one, other)
    known, new = dict.fromkeys(one), dict.fromkeys(other)
    if [key for key in known if key in new] != [key for key in new if key in known]:
        yield ANYTHING
        return
    yield from (key[0] for key in known if key not in new and matters(key, False))
    yield from (key[0] for key in new if key not in known and matters(key, True))


def _apart_from_ends(
    one: Sequence[tuple[Any, ...]], other: Sequence[tuple[Any, ...]]
) -> tuple[Sequence[tuple[Any, ...]], Sequence[tuple[Any, ...]]]:
    """Two lists without what they begin and end with alike."""
    most = min(len(one), len(other))
    head = next((n for n in range(most) if one[n] != other[n]), most)
    left = most - head
    tail = next((n for n in range(left) if one[-1 - n] != other[-1 - n]), left)
    return one[head : len(one) - tail], other[head : len(other) - tail]


def _at_start(
    start: Start, version: Version, place: Place, space: HeaderSpace
) -> HeaderSpace | None:
    """A start narrowed to what may be in ``space`` at a place; None if nothing of it is.

    A field that is the start's own there is narrowed, one that a translation made up is not.
    """
    told = start.space
    for name, values in space.fields:
        term = place.version[INDEX[name]]
        if isinstance(term.value, int):
            if term.value not in values:
                return None
        elif term in version and term.op is Op.SYMBOL:
            own = FIELDS[version.index(term)].name
            kept = told.by_name.get(own)
            told = told.narrowed(own, values if kept is None else kept & values)
    return None if told.is_empty else told


# ------------------------------------------------------------------- which flows get through


def _flows(
    before: Ground,
    after: Ground,
    aim: Aim,
    places: _Differing,
    backend: Backend,
    most: int,
) -> tuple[list[Flow], bool]:
    """New flows, and whether these are all."""
    constraints = compile(after.network, aim)
    symbolic = Symbolic()
    others = [places.met(symbolic, constraints)]
    found: list[Flow] = []
    for _ in range(MOST_ASKED):
        decision = decide_compiled(after.network, aim, constraints, backend, besides=others)
        if decision.verdict is not Verdict.REACHABLE or decision.proof is None:
            return found, decision.verdict is Verdict.UNREACHABLE
        proof = decision.proof
        known = _same_before(before.network, aim, proof, backend)
        if known is None and len(found) == most:
            return found, False
        network = after.network if known is None else before.network
        packets = conditions(network, known or proof).start
        done = packets
        if known is None and proof.packet.protocol not in _TOLD:
            done = tuple(space.narrowed("protocol", _UNTOLD) for space in packets)
        others.append(_other(symbolic, constraints, proof.start.node, done))
        if known is None:
            found.append(_flow(after, proof, packets))
    return found, False


def _other(
    symbolic: Symbolic, constraints: Constraints, node: str, spaces: Iterable[HeaderSpace]
) -> Term:
    """That a flow is none of those that start at a node with these headers."""
    spaces = tuple(spaces)
    return solver.and_(
        *(
            solver.not_(solver.and_(chosen, symbolic.matches(space, version)))
            for chosen, start, version in constraints.starts
            if start.node == node
            for space in spaces
        )
    )


def _same_before(network: Network, aim: Aim, proof: Proof, backend: Backend) -> Proof | None:
    """The proof that the very packet got through before, if it did."""
    known = replay(network, proof.start, proof.packet, aim.two_way)
    if gets_through(aim, known):
        return known
    if not known.forward.choices and not (known.reply and known.reply.choices):
        return None
    exact = {f.name: Ranges.of(v) for f, v in zip(FIELDS, proof.packet, strict=True)}
    start = replace(proof.start, space=HeaderSpace.where(**exact))
    decision = decide(network, replace(aim, starts=(start,)), backend)
    return decision.proof if decision.verdict is Verdict.REACHABLE else None


def _flow(ground: Ground, proof: Proof, packets: tuple[HeaderSpace, ...]) -> Flow:
    steps = witness(ground, proof).forward
    first, last = steps[0], steps[-1]
    return Flow(first.resource, first.name, last.resource, last.name, proof.packet, packets)
