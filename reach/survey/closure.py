"""Proves that a spread leaves nothing out: one problem, whose only hope is a step that leads out.

    holes(network, senders, spread, backend) -> nothing, or where something is missing

A spread is complete iff it holds what everybody starts with and is closed: no packet that may be at
a node can be anywhere behind it but where the spread says.  So the packet, the sender and the place
are all symbolic, and the solver looks for one step, at any node, that leads out of the spread, or
for a delivery that it lacks.  That there is none covers paths of every length.  What a node does is
read by the symbolic twin (:mod:`reach.exploration`), not by the algebra that made the spread.

A set of senders is cut into *blocks* that the rules of a node cannot tell apart; what each block
can send from, and as whom, is looked up here again.  Behind the node one set may hold some of a
block and another set the rest, as when the identity that a balancer writes is that of some of them:
where a step seems to lead out, blocks are cut *finely*, by who is in which set behind as well, at
that node and at each that is like it.  Must not know how a spread was made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import solver
from reach.exploration import Exploration
from reach.flood import covers
from reach.network.field import FIELDS, INDEX
from reach.network.header_space import HeaderSpace, Ranges
from reach.network.node import Network
from reach.survey.alike import Likeness, one_of_each
from reach.survey.atoms import Atomic
from reach.survey.blocks import SMALL_FIELDS, Asked, Block, Known, small_fields, within
from reach.survey.senders import Senders
from reach.survey.spread import Spread
from reach.symbolic import Symbolic, Version
from solver import FALSE, Backend, Budget, Sat, Term, Unknown

# Of so many steps the solver finds none that leads out sooner than of each or of all.
_TOGETHER = 10
_Named = tuple[Block, Term]
Likes = Callable[[str], Iterable[str]]
_PLAIN = (False, False, False)
_SOURCE, _IDENTITY = INDEX["source"], INDEX["identity"]


@dataclass(frozen=True, slots=True)
class Hole:
    """Where a spread is not closed: what is missing, in words, and the node."""

    node: str
    words: str
    is_given_up: bool = False


def holes(
    network: Network, senders: Senders, spread: Spread, backend: Backend, budget: Budget
) -> tuple[Hole, ...]:
    """The first hole that is found; nothing iff the spread is proved complete."""
    known = Known(senders)
    missing = not_begun(senders, spread)
    some = one_of_each(network, known, spread)
    likes = Likeness(network, known, spread).likes
    return missing or leading_out(network, known, spread, backend, budget, some, likes)


def leading_out(
    network: Network,
    known: Known,
    spread: Spread,
    backend: Backend,
    budget: Budget,
    places: Sequence[str],
    likes: Likes,
) -> tuple[Hole, ...]:
    """The first step that leads out of the spread at one of these places, each proved apart.

    Of a place where only finely nothing does, all that is of its kind (``likes``) is proved here.
    """
    for at in range(0, len(places), _TOGETHER):
        left = list(places[at : at + _TOGETHER])
        while left:
            hole = _hole(_Proof(network, known, spread, left), left, backend, budget)
            if hole is None:
                break
            if hole.is_given_up:
                return (hole,)
            for node in likes(hole.node):
                finely = _Proof(network, known, spread, [node], finely=True)
                found = _hole(finely, [node], backend, budget)
                if found is not None:
                    return (found,)
            left.remove(hole.node)
    return ()


def _hole(proof: _Proof, nodes: Sequence[str], backend: Backend, budget: Budget) -> Hole | None:
    """One step at these nodes that leads out: a disjunction is decided part by part."""
    steps = [(node, proof.leads_out(node)) for node in nodes]
    session = backend.open()
    session.add(*proof.conditions)
    outcome = session.check([solver.any_of(term for _, term in steps)], budget=budget, core=False)
    if isinstance(outcome, Unknown):
        return Hole(steps[0][0], f"the solver gave up: {outcome.reason}", is_given_up=True)
    if isinstance(outcome, Sat):
        met = solver.interpret_all([term for _, term in steps], outcome.assignment)
        node = next(node for (node, _), is_met in zip(steps, met, strict=True) if is_met)
        return Hole(node, f"{proof.shown(outcome.assignment)} is led out of what was found")
    return None


def not_begun(senders: Senders, spread: Spread) -> tuple[Hole, ...]:
    """Whoever starts with what the spread does not hold; nothing if it holds all of it."""
    return tuple(_not_held(senders, spread))


def _not_held(senders: Senders, spread: Spread) -> Iterator[Hole]:
    for number, sender in enumerate(senders.each):
        cells = spread.cells.get(sender.node, {})
        for start in sender.starts:
            space = start.space.narrowed("identity", sender.begins)
            if sender.own is not None:
                if space.by_name["source"] - sender.own:
                    yield Hole(
                        sender.node, "a sender has addresses that are not counted as its own"
                    )
                space = space.without("source")
            held = (each for each, bits in cells.items() if bits >> number & 1)
            if not any(covers(each, space) for each in held):
                yield Hole(sender.node, f"what starts with {space} is not held")


class _Proof:
    """The terms of the problem; a packet is the same symbols at every node, as steps are apart."""

    def __init__(
        self,
        network: Network,
        known: Known,
        spread: Spread,
        nodes: Iterable[str],
        finely: bool = False,
    ) -> None:
        self._finely = finely
        self._network = network
        self._spread = spread
        self._known = known
        self._symbolic = Atomic()
        self._doubt = solver.symbol("doubt", 0)
        # A packet lies in a set at one of the nodes, which rules out most of what they ask.
        spaces = [space for node in nodes for space in spread.cells[node]]
        domains = dict(within(spaces, SMALL_FIELDS))
        self._version: Version = tuple(
            self._symbolic.symbol(field.name, field.width, domains.get(field.name))
            for field in FIELDS
        )
        self._count = 0

    @property
    def conditions(self) -> list[Term]:
        """What memberships mean, and what holds of the symbols that translations made."""
        return [*self._symbolic.conditions, *self._symbolic.atoms()]

    def shown(self, assignment: Mapping[str, int | bool]) -> str:
        """The packet of an assignment."""
        values = (self._symbolic.value(term, assignment) for term in self._version)
        told = {f.name: Ranges.of(value) for f, value in zip(FIELDS, values, strict=True)}
        return str(HeaderSpace.where(**told))

    def leads_out(self, name: str) -> Term:
        """That a packet that may be at a node is led to where the spread does not have it."""
        walk = Exploration(self._network, self._symbolic, self._doubt, "", None, _PLAIN, False)
        stepped = walk.step(name, self._version)
        onward = [
            (guard, place.version, self._spread.cells.get(place.node, {}))
            for place in stepped.places.values()
            for source, guard in place.edges
            if source is not None
        ]
        onward += [
            (point.guard, point.version, self._spread.arrivals.get(delivery.owner, {}))
            for point, delivery in stepped.deliveries
        ]
        onward += [
            (point.guard, point.version, self._spread.unmodelled.get(origin, {}))
            for point, origin in stepped.loose_ends
        ]
        if not onward:
            return FALSE
        node, cells = self._network.node(name), self._spread.cells[name]
        asked = self._known.asked(node, small_fields(node, cells))
        parts = self._known.blocks(asked, cells)
        if self._finely:
            parts = _cut(parts, [bits for _, _, held in onward for bits in held.values()])
        blocks = [(block, self._one_of()) for block in parts]
        may_be = solver.any_of(solver.and_(symbol, *self._facts(b, asked)) for b, symbol in blocks)
        inside = _Inside(self._known, self._symbolic, self._version, blocks)
        out = [
            solver.and_(guard, solver.not_(inside.held(cells, version)))
            for guard, version, cells in onward
        ]
        return solver.and_(may_be, solver.any_of(out))

    def _one_of(self) -> Term:
        """A symbol that a packet's sender is in a block."""
        self._count += 1
        return solver.symbol(f"sender {self._count}", 0)

    def _facts(self, block: Block, asked: Asked) -> Iterator[Term]:
        """What is known of a packet of a block."""
        yield self._symbolic.matches(block.space, self._version)
        if block.own_source:
            yield from self._source_facts(block.bits, asked)
        if block.own_identity:
            yield from self._identity_facts(block.bits, asked)

    def _source_facts(self, bits: int, asked: Asked) -> Iterator[Term]:
        term = self._version[_SOURCE]
        if asked.looks_up:
            yield self._symbolic.member(term, self._known.addresses(bits))
        for values in asked.sources:
            inside = self._known.lies_in(bits, values)
            if inside is not None:
                met = self._symbolic.member(term, values)
                yield met if inside else solver.not_(met)

    def _identity_facts(self, bits: int, asked: Asked) -> Iterator[Term]:
        term = self._version[_IDENTITY]
        for values in asked.identities:
            inside = self._known.write(bits, values)
            if inside is not None:
                met = self._symbolic.member(term, values)
                yield met if inside else solver.not_(met)


def _cut(blocks: Iterable[Block], held: Iterable[int]) -> Iterator[Block]:
    """Blocks of which each is in any of some sets of senders, or has nobody in it."""
    several = dict.fromkeys(held)
    for block in blocks:
        parts = [block.bits]
        for bits in several:
            parts = [some for part in parts for some in (part & bits, part & ~bits) if some]
        yield from (replace(block, bits=part) for part in parts)


class _Inside:
    """When a packet of any of some blocks is where a spread has it."""

    def __init__(
        self, known: Known, symbolic: Symbolic, before: Version, blocks: list[_Named]
    ) -> None:
        self._known = known
        self._symbolic = symbolic
        self._before = before
        self._blocks = blocks
        self._of: dict[tuple[int, bool, Term | None], Term] = {}

    def held(self, cells: Mapping[HeaderSpace, int], version: Version) -> Term:
        """That the packet, as it is now, is in one of the cells."""
        return solver.any_of(
            solver.and_(self._symbolic.matches(space, version), self._senders(space, bits, version))
            for space, bits in cells.items()
        )

    def _senders(self, space: HeaderSpace, bits: int, version: Version) -> Term:
        """The blocks that a cell holds: what it leaves unsaid has to be their own."""
        same = version[_SOURCE] is self._before[_SOURCE]
        unsaid = "source" not in space.by_name
        written = None if "identity" in space.by_name else version[_IDENTITY]
        if unsaid and not same:
            return FALSE
        key = (bits, unsaid, written)
        known = self._of.get(key)
        if known is None:
            known = self._of[key] = solver.any_of(
                symbol
                for block, symbol in self._blocks
                if not block.bits & ~bits
                and (not unsaid or block.own_source)
                and (written is None or self._wrote(block, written))
            )
        return known

    def _wrote(self, block: Block, written: Term) -> bool:
        """Whether the identity is the one that all senders of a block write."""
        if written is self._before[_IDENTITY]:
            return block.own_identity
        value = written.value
        return isinstance(value, int) and self._known.all_write(block.bits, value)
