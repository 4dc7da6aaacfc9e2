"""Nodes whose steps are the same problem up to names, of which one has to be proved.

    one_of_each(network, known, spread) -> [node, ...]

A step asks of a field only in which sets it lies, and of a sender only in which block it is.  So
what can be led out of a node is settled by how its stages use sets, which of these sets have a
value in common (the *table* of a field), where its own sets of packets and those behind it name
them, and what is known of its blocks.  Nodes for which all of that is equal, the sets numbered in
the order in which they come up, have a step that leads out all or none of them.  Rules that none of
the packets at a node can match are left aside.

Where a value is carried over from another, that is not all: such a node is always one of its own.
Part of what proves a survey: reads the network and the spread, never how the spread was made.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import assert_never

from reach.network.header_space import HeaderSpace, Ranges
from reach.network.node import Network
from reach.network.stage import (
    Assign,
    Choose,
    Deliver,
    Filter,
    Forward,
    Origin,
    Restore,
    Stage,
    Translate,
    Unmodelled,
)
from reach.survey.blocks import Asked, Block, Cells, Known, Small, can_match, small_fields
from reach.survey.overlaps import Overlaps
from reach.survey.spread import Spread

# Where a stage leads: to a node, to an owner, or to what is not modelled.
_End = tuple[str, str | Origin]


def one_of_each(network: Network, known: Known, spread: Spread) -> list[str]:
    """Of all nodes of a spread the first of each kind."""
    return list(Likeness(network, known, spread).kinds(spread.cells).values())


@dataclass(frozen=True, slots=True)
class _Shape:
    """A stage without the names in it: how it uses sets, and which; where it leads, and to what.

    ``rewritten`` are the fields that it may change, ``written`` the identities that it writes.
    """

    shape: Hashable
    sets: tuple[int, ...]
    ends: tuple[_End, ...]
    rewritten: tuple[str, ...] = ()
    written: tuple[int, ...] = ()


class Likeness:
    """What makes the steps of two nodes the same problem."""

    def __init__(self, network: Network, known: Known, spread: Spread) -> None:
        self._network = network
        self._known = known
        self._spread = spread
        self._sets: dict[tuple[str, Ranges], int] = {}
        self._told: list[tuple[str, Ranges]] = []
        self._spaces: dict[HeaderSpace, tuple[tuple[str, ...], tuple[int, ...]]] = {}
        self._shapes: dict[tuple[int, Small], tuple[_Shape | None, Stage]] = {}
        self._overlaps = Overlaps(self._told)
        self._tables: dict[tuple[tuple[int, ...], int], frozenset[int]] = {}

    def kinds(self, nodes: Iterable[str]) -> dict[Hashable, str]:
        """Of some nodes the first of each kind, by what makes it one."""
        found: dict[Hashable, str] = {}
        for node in nodes:
            found.setdefault(self.of(node), node)
        return found

    def likes(self, name: str) -> list[str]:
        """All nodes of the spread that are of a node's kind, itself among them."""
        kind = self.of(name)
        return [each for each in self._spread.cells if self.of(each) == kind]

    def of(self, name: str) -> Hashable:
        """Equal for two nodes only if their steps are; the name of one that is like no other."""
        node, cells = self._network.node(name), self._spread.cells[name]
        small = small_fields(node, cells)
        shapes = [self._shape(stage, small) for stage in node.stages]
        known = [shape for shape in shapes if shape is not None]
        if len(known) < len(shapes):
            return name
        numbers = _Numbers()
        stages = [(each.shape, numbers.of_sets(each.sets)) for each in known]
        ends: dict[_End, int] = {}
        leads = [tuple(ends.setdefault(end, len(ends)) for end in each.ends) for each in known]
        asked = self._known.asked(node, small)
        blocks = list(self._known.blocks(asked, cells))
        written = [value for each in known for value in each.written]
        about = tuple(self._about(block, asked, written, numbers) for block in blocks)
        held = [tuple(self._held(end, blocks, numbers)) for end in ends]
        rewritten = frozenset(field for each in known for field in each.rewritten)
        tables = tuple(self._met(numbers, blocks, rewritten))
        return tuple(stages), tuple(leads), about, tuple(held), tables

    def _about(
        self, block: Block, asked: Asked, written: Iterable[int], numbers: _Numbers
    ) -> Hashable:
        """All that is known of a block."""
        bits = block.bits
        sources = asked.sources if block.own_source else ()
        identities = asked.identities if block.own_identity else ()
        return (
            self._named(block.space, numbers),
            tuple([self._known.lies_in(bits, values) for values in sources]),
            tuple([self._known.write(bits, values) for values in identities]),
            tuple([self._known.all_write(bits, value) for value in written]),
        )

    def _held(
        self, end: _End, blocks: list[Block], numbers: _Numbers
    ) -> Iterator[tuple[Hashable, tuple[bool, ...]]]:
        """The sets that are held where a stage leads, each with the blocks that are in it."""
        rows: dict[int, tuple[bool, ...]] = {}
        for space, bits in self._cells(end).items():
            row = rows.get(bits)
            if row is None:
                row = rows[bits] = tuple(not block.bits & ~bits for block in blocks)
            # One that holds no block holds no packet of theirs.
            if True in row:
                yield self._named(space, numbers), row

    def _cells(self, end: _End) -> Cells:
        kind, name = end
        if isinstance(name, Origin):
            return self._spread.unmodelled.get(name, {})
        held = self._spread.cells if kind == "node" else self._spread.arrivals
        return held.get(name, {})

    # ---------------------------------------------------------------- sets and their tables

    def _number(self, field: str, values: Ranges) -> int:
        key = (field, values)
        known = self._sets.get(key)
        if known is None:
            known = self._sets[key] = len(self._told)
            self._told.append(key)
        return known

    def _space(self, space: HeaderSpace) -> tuple[tuple[str, ...], tuple[int, ...]]:
        """The fields that a space constrains, and the sets that they have to be in."""
        known = self._spaces.get(space)
        if known is None:
            names = tuple(name for name, _ in space.fields)
            known = names, tuple(self._number(*pair) for pair in space.fields)
            self._spaces[space] = known
        return known

    def _named(self, space: HeaderSpace, numbers: _Numbers) -> Hashable:
        names, sets = self._space(space)
        return names, numbers.of_sets(sets)

    def _met(
        self, numbers: _Numbers, blocks: list[Block], rewritten: frozenset[str]
    ) -> Iterator[tuple[str, frozenset[int]]]:
        """For each field which of its sets have a value in common with which.

        Of a field that stays as it is only values in the sets at the node can be there.
        """
        by_field: dict[str, list[int]] = {}
        for number in numbers.known:
            by_field.setdefault(self._told[number][0], []).append(number)
        for field, sets in by_field.items():
            within = 0
            if field not in rewritten:
                own = [block.space.by_name.get(field) for block in blocks]
                if None not in own:
                    mine = {self._sets[field, values] for values in own if values is not None}
                    within = sum(1 << place for place, each in enumerate(sets) if each in mine)
            yield field, self._table(tuple(sets), within)

    def _table(self, sets: tuple[int, ...], within: int) -> frozenset[int]:
        known = self._tables.get((sets, within))
        if known is None:
            every = self._overlaps.of(sets)
            known = frozenset(each for each in every if not within or each & within)
            self._tables[sets, within] = known
        return known

    # ---------------------------------------------------------------- stages

    def _shape(self, stage: Stage, small: Small) -> _Shape | None:
        key = (id(stage), small)
        known = self._shapes.get(key)
        if known is None:
            known = self._shapes[key] = (self._shape_of(stage, small), stage)
        return known[0]

    def _shape_of(self, stage: Stage, small: Small) -> _Shape | None:
        match stage:
            case Filter():
                rules = [rule for rule in stage.decisions if can_match(rule, small)]
                shape, sets = self._listed(rule.match for rule in rules)
                actions = tuple(rule.action for rule in rules)
                binds = (bool(stage.session), stage.opening, stage.binds is not None)
                return _Shape(("filter", shape, actions, binds), sets, ())
            case Translate():
                return self._translation(stage)
            case Restore():
                return _Shape("restore", (), ())
            case Forward():
                shape, sets = self._listed(route.match for route in stage.routes)
                how = tuple((bool(route.next), bool(route.session)) for route in stage.routes)
                ends = tuple(("node", route.next) for route in stage.routes if route.next)
                return _Shape(("forward", shape, how, stage.otherwise is None), sets, ends)
            case Choose():
                return _Shape("choose", (), tuple(("node", o.next) for o in stage.options))
            case Deliver():
                return _Shape("deliver", (), (("owner", stage.owner),))
            case Unmodelled():
                return _Shape("unmodelled", (), (("unmodelled", stage.origin),))
            case _:
                assert_never(stage)

    def _translation(self, stage: Translate) -> _Shape | None:
        """None if a value is carried over from the one before."""
        shape, sets = self._listed(case.match for case in stage.cases)
        rewrites: list[tuple[str, ...]] = []
        given: list[int] = []
        written: list[int] = []
        # Which rewrites give one value has to be the same: it is then known what was written.
        alone: list[bool] = []
        for case in stage.cases:
            for rewrite in case.rewrites:
                if not isinstance(rewrite, Assign):
                    return None
                single = rewrite.values.single
                # One value is that number, not all of the place that an IPv4 address has.
                values = rewrite.values if single is None else Ranges.span(single, single)
                given.append(self._number(rewrite.field, values))
                alone.append(single is not None)
                if rewrite.field == "identity" and single is not None:
                    written.append(single)
            rewrites.append(tuple(rewrite.field for rewrite in case.rewrites))
        fields = tuple(field for some in rewrites for field in some)
        how = ("translate", shape, tuple(rewrites), tuple(alone), stage.otherwise is None)
        return _Shape(how, (*sets, *given), (), fields, tuple(written))

    def _listed(self, matches: Iterable[HeaderSpace]) -> tuple[Hashable, tuple[int, ...]]:
        read = [self._space(match) for match in matches]
        return tuple(names for names, _ in read), tuple(n for _, sets in read for n in sets)


class _Numbers:
    """Sets by the order in which they come up at a node."""

    def __init__(self) -> None:
        self.known: dict[int, int] = {}

    def of_sets(self, sets: Iterable[int]) -> tuple[int, ...]:
        known = self.known
        return tuple([known.setdefault(each, len(known)) for each in sets])
