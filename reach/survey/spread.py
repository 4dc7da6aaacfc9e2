"""The set algebra of a survey: how far what everybody sends can spread.

    spread(network, senders) -> Spread

Pushes header spaces, each with the set of senders that it may come from, through the stages of the
nodes until nothing new comes up.  Only the way there: a reply is somebody else's business.  What
comes out holds everything that can happen, and perhaps more; nobody believes it:
:mod:`reach.survey.closure` proves that it leaves nothing out.  Knows the neutral network only; must
not know terms, a solver, or the other readings.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import assert_never

from reach.flood import image, minus, whole
from reach.network.header_space import HeaderSpace, Ranges
from reach.network.node import Network
from reach.network.stage import (
    Action,
    Case,
    Choose,
    Deliver,
    Embed,
    Filter,
    Forward,
    Origin,
    Restore,
    Rewrite,
    Rule,
    Stage,
    Translate,
    Unmodelled,
)
from reach.survey.senders import Senders

# A set of headers that any of a set of senders may have sent.
Cell = tuple[HeaderSpace, int]
_SMALL = 8
_FEW = 3
_WHILE = 1000
# What most rules differ in, and is compared soonest.
_PLAIN = ("protocol", "source_port", "destination_port", "icmp_type", "icmp_code")


@dataclass(slots=True)
class Spread:
    """What can be at each node, what is delivered where, and what meets something unknown."""

    cells: dict[str, dict[HeaderSpace, int]] = field(default_factory=dict)
    arrivals: dict[str, dict[HeaderSpace, int]] = field(default_factory=dict)
    unmodelled: dict[Origin, dict[HeaderSpace, int]] = field(default_factory=dict)
    complete: bool = True


def spread(
    network: Network,
    senders: Senders,
    most: int = 5_000_000,
    told: Callable[[int], None] = lambda _: None,
) -> Spread:
    """Everything that can become of what the senders send; not ``complete`` if it grew too far.

    ``told`` is told every while of how many nodes something has come to.
    """
    work = _Work(network, senders)
    for number, sender in enumerate(senders.each):
        for space in sender.spaces:
            start = space if sender.own is None else space.narrowed("identity", sender.begins)
            work.enter(sender.node, start, 1 << number)
    work.run(most, told)
    return work.found


class _Work:
    def __init__(self, network: Network, senders: Senders) -> None:
        self.found = Spread()
        self._network = network
        self._senders = senders
        self._alike: dict[tuple[str, HeaderSpace], list[HeaderSpace]] = {}
        self._pending: dict[str, dict[HeaderSpace, int]] = {}
        self._spaces: dict[HeaderSpace, HeaderSpace] = {}
        self._turns: deque[str] = deque()
        self._ends: dict[str, dict[HeaderSpace, int]] = {}
        self._meetings: dict[tuple[Ranges, Ranges], Ranges] = {}
        self._routes: dict[tuple[int, Ranges | None], tuple[int, ...]] = {}
        self._rules: dict[tuple[int, HeaderSpace], tuple[Rule, ...]] = {}

    def enter(self, node: str, space: HeaderSpace, bits: int) -> None:
        """What may be at a node; only what is new is looked at."""
        known = self.found.cells.setdefault(node, {})
        if "source" in space.by_name:
            space, bits = self._widened(node, known, space, bits)
        before = known.get(space, 0)
        new = bits & ~before if before else bits
        if not new:
            return
        if not before:
            space = self._spaces.setdefault(space, space)  # of many nodes equal ones are one
        known[space] = _with(before, new)
        pending = self._ends.get(node) or self._pending.get(node)
        if pending is None:
            pending = self._pending[node] = {}
            self._turns.append(node)
        pending[space] = _with(pending.get(space, 0), new)

    def _widened(
        self, node: str, known: dict[HeaderSpace, int], space: HeaderSpace, bits: int
    ) -> Cell:
        """One set for all the sources that are there beside each other, once they are several."""
        key = (node, space.without("source"))
        alike = self._alike.setdefault(key, [])
        if space in alike:
            return space, bits
        if len(alike) < _FEW:
            alike.append(space)
            return space, bits
        pending = self._pending.get(node) or self._ends.get(node, {})
        sources = space.by_name["source"]
        for other in alike:
            sources |= other.by_name["source"]
            bits |= known.pop(other, 0)
            pending.pop(other, None)
        wide = space.narrowed("source", sources)
        alike[:] = [wide] * _FEW
        return wide, bits

    def run(self, most: int, told: Callable[[int], None]) -> None:
        """Nodes that lead nowhere wait until all is there that comes to them."""
        steps = 0
        for turn in count():
            if not self._turns:
                break
            if not turn % _WHILE:
                told(len(self.found.cells))
            node = self._turns.popleft()
            cells = self._pending.pop(node)
            if self._leads_nowhere(node):
                self._ends[node] = cells
                continue
            steps += len(cells)
            if steps > most:
                self.found.complete = False
                return
            self._push(node, list(cells.items()))
        for turn, (node, cells) in enumerate(self._ends.items()):
            if not turn % _WHILE:
                told(len(self.found.cells))
            self._push(node, list(cells.items()))

    def _leads_nowhere(self, node: str) -> bool:
        """Whether nothing gets from a node to another one."""
        stages = self._network.node(node).stages
        return not any(isinstance(stage, Forward | Choose) for stage in stages)

    def _push(self, node: str, cells: list[Cell]) -> None:
        for stage in self._network.node(node).stages:
            cells = _joined(after for cell in cells for after in self._stage(stage, cell))
            if not cells:
                return

    def _stage(self, stage: Stage, cell: Cell) -> Iterable[Cell]:
        space, bits = cell
        match stage:
            case Filter():
                return self._filter(stage, cell)
            case Translate():
                return self._translate(stage, cell)
            case Restore():
                return ()
            case Forward():
                return self._forward(stage, cell)
            case Choose():
                for option in stage.options:
                    self.enter(option.next, space, bits)
                return ()
            case Deliver():
                held = self.found.arrivals.setdefault(stage.owner, {})
                held[space] = _with(held.get(space, 0), bits)
                return ()
            case Unmodelled():
                held = self.found.unmodelled.setdefault(stage.origin, {})
                held[space] = _with(held.get(space, 0), bits)
                return ()
            case _:
                assert_never(stage)

    # ---------------------------------------------------------------- matching

    def _met(self, cell: Cell, match: HeaderSpace) -> Cell | None:
        """What of a cell may match."""
        space, bits = cell
        by_name = space.by_name
        for name, values in match.fields:
            mine = by_name.get(name)
            if mine is not None:
                both = self._meeting(mine, values)
                if not both:
                    return None
                if both is not mine:
                    space = space.narrowed(name, both)
            elif name == "source":
                # Own addresses go without saying, whichever of them a rule meant.
                bits = self._senders.that_may_send_from(bits, values)
            elif name == "identity":
                bits &= self._senders.with_identity(values)
            elif values:
                space = space.narrowed(name, values)
            else:
                return None
        return (space, bits) if bits else None

    def _meeting(self, mine: Ranges, values: Ranges) -> Ranges:
        """What is in both; equal sets are one, so that they are quickly compared."""
        key = (mine, values)
        known = self._meetings.get(key)
        if known is None:
            known = mine & values
            known = self._meetings[key] = values if known == values else known
        return known

    def _unmatched(self, cell: Cell, match: HeaderSpace) -> Iterator[Cell]:
        """What of a cell may not match."""
        space, bits = cell
        sure, told = bits, match
        for name, values in match.fields:
            if name in space.by_name or name not in ("source", "identity"):
                continue
            told = told.without(name)
            if name == "source":
                sure = self._senders.that_send_only_from(sure, values)
            else:
                sure &= self._senders.with_identity(values)
        if bits & ~sure:
            yield space, bits & ~sure
        if sure:
            for piece in minus(space, told):
                yield piece, sure

    # ---------------------------------------------------------------- stages

    def _filter(self, stage: Filter, cell: Cell) -> list[Cell]:
        rules = self._relevant(stage.rules, cell[0])
        if stage.permits_only and stage.otherwise.action is Action.DENY:
            return self._permitted(rules, cell)
        found: list[Cell] = []
        rest = [cell]
        for rule in (*rules, stage.otherwise):
            denies = rule.action is Action.DENY
            left: list[Cell] = []
            for piece in rest:
                met = self._met(piece, rule.match)
                if met is None:
                    left.append(piece)
                    continue
                if not denies:
                    found.append(met)
                if denies or not stage.permits_only:
                    left += self._unmatched(piece, rule.match)
                elif met != piece:
                    left.append(piece)
            rest = left
            if not rest:
                break
        return _joined(found)

    def _permitted(self, rules: Iterable[Rule], cell: Cell) -> list[Cell]:
        """What any rule lets pass."""
        found: list[Cell] = []
        for rule in rules:
            met = self._met(cell, rule.match)
            if met == cell:
                return [cell]
            if met is not None:
                found.append(met)
        return _joined(found) if len(found) > 1 else found

    def _relevant(self, rules: tuple[Rule, ...], space: HeaderSpace) -> tuple[Rule, ...]:
        """The rules that are about such packets at all."""
        told = space.about(_PLAIN)
        key = (id(rules), told)
        known = self._rules.get(key)
        if known is None:
            known = tuple(rule for rule in rules if told.overlaps(rule.match))
            self._rules[key] = known
        return known

    def _translate(self, stage: Translate, cell: Cell) -> Iterator[Cell]:
        rest = [cell]
        for case in stage.cases:
            for piece in rest:
                met = self._met(piece, case.match)
                if met is not None:
                    yield from self._rewritten(case, met)
            rest = [left for piece in rest for left in self._unmatched(piece, case.match)]
            if not rest:
                return
        if stage.otherwise is None:
            yield from rest

    def _rewritten(self, case: Case, cell: Cell) -> Iterator[Cell]:
        space, bits = cell
        for rewrite in case.rewrites:
            old = space.by_name.get(rewrite.field)
            if rewrite.field == "source" and old is None:
                old = self._senders.addresses(bits)
                mine = case.match.by_name.get("source")
                old = old if mine is None else old & mine
            values = _image(rewrite, old)
            if not values:
                return
            space = space.narrowed(rewrite.field, values)
        identity = space.by_name.get("identity")
        own = None if identity is None else identity.single
        if own and self._senders.all_have(bits, own):
            space = space.without("identity")
        yield space, bits

    def _forward(self, stage: Forward, cell: Cell) -> list[Cell]:
        taken: list[HeaderSpace] = []
        for number in self._towards(stage, cell[0]):
            route = stage.routes[number]
            if route.session:
                continue
            met = self._met(cell, route.match)
            if met is None:
                continue
            taken.append(route.match)
            pieces = [met]
            for rival in stage.rivals[number] if number else ():
                if not stage.routes[rival].session:
                    match = stage.routes[rival].match
                    pieces = [left for piece in pieces for left in self._unmatched(piece, match)]
            if route.next:
                for space, bits in pieces:
                    self.enter(route.next, space, bits)
        if stage.otherwise is not None:
            return []
        return self._unrouted(cell, taken)

    def _unrouted(self, cell: Cell, taken: list[HeaderSpace]) -> list[Cell]:
        """What no route takes."""
        if not taken:
            return [cell]
        if all(len(match.fields) == 1 and "destination" in match.by_name for match in taken):
            ends = Ranges.any_of(match.by_name["destination"] for match in taken)
            taken = [HeaderSpace.where(destination=ends)]
            # A few addresses, like those that a sender keeps to itself, are not worth a set.
            mine = cell[0].by_name.get("destination", whole("destination"))
            if len(ends.intervals) <= _SMALL and (ends & mine).count * _SMALL < mine.count:
                return [cell]
        rest = [cell]
        for match in taken:
            rest = [left for piece in rest for left in self._unmatched(piece, match)]
        return rest

    def _towards(self, stage: Forward, space: HeaderSpace) -> tuple[int, ...]:
        ends = space.by_name.get("destination")
        if ends is None or len(stage.routes) <= _SMALL:
            return tuple(range(len(stage.routes)))
        key = (id(stage), ends)
        known = self._routes.get(key)
        if known is None:
            known = self._routes[key] = stage.towards(ends)
        return known


def _with(some: int, more: int) -> int:
    """A set with more: the very same where there was nothing, as most sets are passed on whole and
    of very many senders each is large."""
    return some | more if some else more


def _joined(cells: Iterable[Cell]) -> list[Cell]:
    """The cells, those of equal headers as one."""
    found: dict[HeaderSpace, int] = {}
    for space, bits in cells:
        found[space] = _with(found.get(space, 0), bits)
    return list(found.items())


def _image(rewrite: Rewrite, old: Ranges | None) -> Ranges:
    """Of an address within another all that there may be: a proof on atoms does not know bits."""
    return rewrite.reach if isinstance(rewrite, Embed) else image(rewrite, old)
