"""Proves that a spread leaves nothing out: one problem, whose only hope is a step that leads out.

    holes(network, senders, spread, backend) -> nothing, or where something is missing

A spread is complete iff it holds what everybody starts with and is closed: no packet that may be at
a node can be anywhere behind it but where the spread says.  So the packet, the sender and the place
are all symbolic, and the solver looks for one step, at any node, that leads out of the spread, or
for a delivery that it lacks.  That there is none covers paths of every length.  What a node does is
read by the symbolic twin (:mod:`reach.exploration`), not by the algebra that made the spread.

A set of senders is cut into *blocks* that the rules of a node cannot tell apart; what each block
can send from, and as whom, is looked up here again.  Must not know how a spread was made.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import solver
from reach.exploration import Exploration
from reach.flood import covers, whole
from reach.network.field import FIELDS, INDEX
from reach.network.header_space import HeaderSpace, Ranges
from reach.network.node import Network, Node
from reach.network.stage import Assign, Case, Filter, Forward, Translate
from reach.survey.atoms import Atomic
from reach.survey.senders import NOBODY, Senders
from reach.survey.spread import Spread
from reach.symbolic import Symbolic, Version
from solver import FALSE, Backend, Budget, Sat, Term, Unknown

# Of so many steps the solver finds none that leads out sooner than of each or of all.
_TOGETHER = 10
_PLAIN = (False, False, False)
_ANY = whole("source")
_SOURCE, _IDENTITY = INDEX["source"], INDEX["identity"]


@dataclass(frozen=True, slots=True)
class Hole:
    """Where a spread is not closed: what is missing, in words, and the node."""

    node: str
    words: str


@dataclass(frozen=True, slots=True)
class _Block:
    """Senders of one cell that a node cannot tell apart, and the symbol that it is one of them."""

    bits: int
    own_source: bool
    own_identity: bool
    symbol: Term


def holes(
    network: Network,
    senders: Senders,
    spread: Spread,
    backend: Backend,
    budget: Budget,
    places: Sequence[str] | None = None,
) -> tuple[Hole, ...]:
    """The first hole that is found; nothing iff the spread is proved complete.

    At some ``places`` only, or at all: at each it is proved apart from the others.
    """
    missing = tuple(_not_begun(senders, spread))
    if missing:
        return missing
    known = _Known(senders)
    nodes = list(spread.cells if places is None else places)
    for at in range(0, len(nodes), _TOGETHER):
        proof = _Proof(network, known, spread)
        hole = _hole(proof, nodes[at : at + _TOGETHER], backend, budget)
        if hole is not None:
            return (hole,)
    return ()


def _hole(proof: _Proof, nodes: list[str], backend: Backend, budget: Budget) -> Hole | None:
    """One step at these nodes that leads out: a disjunction is decided part by part."""
    steps = [(node, proof.leads_out(node)) for node in nodes]
    session = backend.open()
    session.add(*proof.conditions)
    outcome = session.check([solver.any_of(term for _, term in steps)], budget=budget, core=False)
    if isinstance(outcome, Unknown):
        return Hole(steps[0][0], f"the solver gave up: {outcome.reason}")
    if isinstance(outcome, Sat):
        met = solver.interpret_all([term for _, term in steps], outcome.assignment)
        node = next(node for (node, _), is_met in zip(steps, met, strict=True) if is_met)
        return Hole(node, f"{proof.shown(outcome.assignment)} is led out of what was found")
    return None


def _not_begun(senders: Senders, spread: Spread) -> Iterator[Hole]:
    """Whoever starts with what the spread does not hold."""
    for number, sender in enumerate(senders.each):
        cells = spread.cells.get(sender.node, {})
        for start in sender.starts:
            space = start.space.narrowed("identity", NOBODY)
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

    def __init__(self, network: Network, known: _Known, spread: Spread) -> None:
        self._network = network
        self._spread = spread
        self._known = known
        self._symbolic = Atomic()
        self._doubt = solver.symbol("doubt", 0)
        self._version: Version = tuple(
            self._symbolic.symbol(field.name, field.width) for field in FIELDS
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
        found = list(self._blocks(self._network.node(name)))
        blocks = [block for _, block in found]
        may_be = solver.any_of(solver.and_(block.symbol, term) for term, block in found)
        inside = _Inside(self._known, self._symbolic, self._version, blocks)
        out = [
            solver.and_(guard, solver.not_(inside.held(cells, version)))
            for guard, version, cells in onward
        ]
        return solver.and_(may_be, solver.any_of(out))

    def _blocks(self, node: Node) -> Iterator[tuple[Term, _Block]]:
        """Every block of every cell at a node, with what is known of a packet of it."""
        sources, identities, looks_up = _told_apart_by(node)
        for space, bits in self._spread.cells[node.name].items():
            own_source = "source" not in space.by_name
            own_identity = "identity" not in space.by_name
            matched = self._symbolic.matches(space, self._version)
            parts = self._known.parted(
                bits, sources if own_source else (), identities if own_identity else ()
            )
            for part in parts:
                known = [matched]
                if own_source:
                    known += self._source_facts(part, sources, looks_up)
                if own_identity:
                    known += self._identity_facts(part, identities)
                self._count += 1
                symbol = solver.symbol(f"sender {self._count}", 0)
                yield solver.and_(*known), _Block(part, own_source, own_identity, symbol)

    def _source_facts(self, bits: int, sources: Iterable[Ranges], looks_up: bool) -> Iterator[Term]:
        term = self._version[_SOURCE]
        own = self._known.addresses(bits)
        if looks_up:
            yield self._symbolic.member(term, own)
        for values in sources:
            inside = self._known.lies_in(bits, values)
            if inside is not None:
                met = self._symbolic.member(term, values)
                yield met if inside else solver.not_(met)

    def _identity_facts(self, bits: int, identities: Iterable[Ranges]) -> Iterator[Term]:
        term = self._version[_IDENTITY]
        written = self._known.identities(bits)
        for values in identities:
            inside = {number in values for number in written}
            if len(inside) == 1:
                met = self._symbolic.member(term, values)
                yield met if inside == {True} else solver.not_(met)


class _Inside:
    """When a packet of any of some blocks is where a spread has it."""

    def __init__(
        self, known: _Known, symbolic: Symbolic, before: Version, blocks: list[_Block]
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
                block.symbol
                for block in self._blocks
                if not block.bits & ~bits
                and (not unsaid or block.own_source)
                and (written is None or self._wrote(block, written))
            )
        return known

    def _wrote(self, block: _Block, written: Term) -> bool:
        """Whether the identity is the one that all senders of a block write."""
        if written is self._before[_IDENTITY]:
            return block.own_identity
        return isinstance(written.value, int) and self._known.identities(block.bits) == {
            written.value
        }


class _Known:
    """What is known of sets of senders, looked up from the senders themselves."""

    def __init__(self, senders: Senders) -> None:
        self._senders = senders
        self._addresses: dict[int, Ranges] = {}
        self._identities: dict[int, frozenset[int]] = {}
        self._lies: dict[tuple[int, Ranges], bool | None] = {}

    def addresses(self, bits: int) -> Ranges:
        """All that senders may have as source while it goes without saying."""
        known = self._addresses.get(bits)
        if known is None:
            spans: list[tuple[int, int]] = []
            for number in self._senders.numbers(bits):
                own = self._senders.each[number].own
                spans += _ANY.intervals if own is None else own.intervals
            known = self._addresses[bits] = Ranges.union(spans)
        return known

    def identities(self, bits: int) -> frozenset[int]:
        """All that senders may write."""
        known = self._identities.get(bits)
        if known is None:
            each = self._senders.each
            known = frozenset(each[number].identity for number in self._senders.numbers(bits))
            self._identities[bits] = known
        return known

    def lies_in(self, bits: int, values: Ranges) -> bool | None:
        """Whether all own addresses are in a set; None if some are and some are not."""
        key = (bits, values)
        if key not in self._lies:
            own = self.addresses(bits)
            met = own & values
            self._lies[key] = None if met and met != own else bool(met)
        return self._lies[key]

    def parted(
        self, bits: int, sources: Iterable[Ranges], identities: Iterable[Ranges]
    ) -> list[int]:
        """A set, cut where any of these tells its senders apart."""
        parts = [bits]
        for values in sources:
            over = self._senders.may_send_from(values)
            under = self._senders.send_only_from(values)
            parts = [
                some
                for part in parts
                for some in (part & under, part & over & ~under, part & ~over)
                if some
            ]
        for values in identities:
            meant = self._senders.with_identity(values)
            parts = [some for part in parts for some in (part & meant, part & ~meant) if some]
        return parts


def _told_apart_by(node: Node) -> tuple[tuple[Ranges, ...], tuple[Ranges, ...], bool]:
    """What a node asks of sources and of identities, and whether it translates by the source."""
    sources: dict[Ranges, None] = {}
    identities: dict[Ranges, None] = {}
    looks_up = False
    for stage in node.stages:
        match stage:
            case Filter():
                matches = [rule.match for rule in stage.decisions]
            case Translate():
                matches = [case.match for case in stage.cases]
                looks_up = looks_up or any(map(_by_source, stage.cases))
            case Forward():
                matches = [route.match for route in stage.routes]
            case _:
                continue
        for match in matches:
            for name, values in match.fields:
                if name == "source":
                    sources[values] = None
                elif name == "identity":
                    identities[values] = None
    return tuple(sources), tuple(identities), looks_up


def _by_source(case: Case) -> bool:
    return any(
        rewrite.field == "source" and not isinstance(rewrite, Assign) for rewrite in case.rewrites
    )
