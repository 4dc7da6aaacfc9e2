"""What a node can do to a flow: a small closed union of stages, each with its provenance.

    Filter      ordered rules, first match decides; stateless, or stateful (a session)
    Translate   rewrites fields; remembers what it did under a session, for Restore
    Restore     undoes a translation for replies of its session; anything else is dropped
    Forward     the first matching route names the next node; exclusive
    Choose      one of several next nodes, not knowable from the snapshot (a *may*)
    Deliver     the flow is here
    Unmodelled  the snapshot, or what we can say about AWS, stops here

Every rule, case, route and option holds an :class:`Origin`; explanations are read off origins.
A *session* is a name under which a stage remembers the flows that it admitted.  Only replies can
match a session: a snapshot holds no live connections (R-PIPE-6, R-SG-24).

All types are frozen.  Knows no AWS word: codes and ids in an Origin are opaque text.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property

from reach.network.field import INDEX
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.network.once import once

_FEW = 8
_KEPT = 64  # sets of destinations of which it is remembered which routes lead there


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a rule comes from, and how to speak of it.

    ``resource`` is the id of the thing, ``name`` its name for people, ``locator`` the place in it
    (a rule number, a route), ``words`` a sentence, ``code`` the explanation code that a denial by
    it stands for.  ``option`` names the reading of AWS that it hangs on, if it hangs on one;
    ``collect`` what would tell where something is not known.  ``record`` is what it was read from,
    opaque here: origins are equal whatever it is.
    """

    resource: str
    words: str
    locator: str = ""
    code: str = ""
    name: str = ""
    option: str = ""
    collect: str = ""
    record: object = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        named = f" ({self.name})" if self.name else ""
        located = f" {self.locator}" if self.locator else ""
        return f"{self.resource}{named}{located}: {self.words}"


class Action(Enum):
    """What a rule does.  DOUBT: it may permit or deny, the snapshot does not tell (a gap)."""

    PERMIT = "permit"
    DENY = "deny"
    DOUBT = "doubt"


@dataclass(frozen=True, slots=True)
class Rule:
    """Headers in ``match`` get ``action``."""

    match: HeaderSpace
    action: Action
    origin: Origin


@dataclass(frozen=True)
class Filter:
    """The first rule that matches decides, ``otherwise`` (a rule for anything) when none does.

    With a ``session``, a reply of a flow that passed a filter of this session passes as well, for
    the reason in ``replies``, and every flow that passes is remembered under it.  A filter that is
    ``opening`` takes from a reply nothing else: its rules are for flows that open a connection.
    One that ``binds`` must see both directions: a flow that passed it is not answered, for this
    reason, unless its reply passes a filter of the same session; without a session, never.
    """

    rules: tuple[Rule, ...]
    otherwise: Rule
    session: str = ""
    replies: Origin = Origin("", "")
    opening: bool = False
    binds: Origin | None = None

    @once
    def decisions(self) -> tuple[Rule, ...]:
        return (*self.rules, self.otherwise)

    @once
    def permits_only(self) -> bool:
        """Whether no rule denies, so that their order does not matter."""
        return all(rule.action is not Action.DENY for rule in self.rules)

    @once
    def positions(self) -> tuple[int, ...]:
        """Which fields the rules look at, as positions in the field table."""
        names = {name for rule in self.decisions for name, _ in rule.match.fields}
        return tuple(sorted(INDEX[name] for name in names))


@dataclass(frozen=True, slots=True)
class Assign:
    """Set ``field`` to one of ``values``: which one is not knowable when there are several."""

    field: str
    values: Ranges


@dataclass(frozen=True, eq=False)
class Table:
    """A one-to-one mapping between values, with its inverse.  Equality is identity."""

    pairs: tuple[tuple[int, int], ...]
    inverse_of: Table | None = field(default=None, repr=False)

    @cached_property
    def of(self) -> Mapping[int, int]:
        return dict(self.pairs)

    @cached_property
    def inverse(self) -> Table:
        if self.inverse_of is not None:
            return self.inverse_of
        return Table(tuple(sorted((new, old) for old, new in self.pairs)), self)

    @cached_property
    def keys(self) -> Ranges:
        return Ranges.of(*(old for old, _ in self.pairs))

    @cached_property
    def values(self) -> Ranges:
        return Ranges.of(*(new for _, new in self.pairs))


@dataclass(frozen=True, slots=True)
class Lookup:
    """Replace ``field`` by what ``table`` maps it to; its case must match keys only."""

    field: str
    table: Table


@dataclass(frozen=True, slots=True)
class Embed:
    """Carry ``width`` bits of ``field`` over into a constant: an address inside another.

    The bits from ``taken_from`` upwards of the old value are put at ``put_at`` upwards of ``base``.
    """

    field: str
    base: int
    taken_from: int
    put_at: int
    width: int

    @property
    def reach(self) -> Ranges:
        """Every value that it can give, and what lies between."""
        top = self.base | self._ones << self.put_at
        return Ranges.span(self.base, top | ((1 << self.put_at) - 1))

    def of(self, value: int) -> int:
        taken = value >> self.taken_from & self._ones
        return self.base | taken << self.put_at

    @property
    def _ones(self) -> int:
        return (1 << self.width) - 1

    def image(self, values: Ranges) -> Ranges:
        """Every value that it gives of some, and what lies between."""
        found: list[tuple[int, int]] = []
        for low, high in values.intervals:
            first, last = low >> self.taken_from, high >> self.taken_from
            if last - first >= self._ones:
                return self.reach
            first, last = first & self._ones, last & self._ones
            found += ((first, last),) if first <= last else ((0, last), (first, self._ones))
        below = (1 << self.put_at) - 1
        return Ranges.union(
            (self.base | first << self.put_at, self.base | last << self.put_at | below)
            for first, last in found
        )

    def tells(self, values: Ranges) -> bool:
        """Whether of these each run has the bits in common that are not carried over above."""
        above = self.taken_from + self.width
        return all(low >> above == high >> above for low, high in values.intervals)

    def before(self, values: Ranges, held: Ranges) -> Ranges:
        """What of ``held``, of which it ``tells``, becomes any of ``values``."""
        step = (1 << self.put_at) - 1
        taken = [
            (max(0, low - self.base + step) >> self.put_at, (high - self.base) >> self.put_at)
            for low, high in (values & self.reach).intervals
        ]
        blocks = {low >> self.taken_from + self.width for low, _ in held.intervals}
        return held & Ranges.union(
            (
                (block << self.width | first) << self.taken_from,
                ((block << self.width | last) + 1 << self.taken_from) - 1,
            )
            for block in blocks
            for first, last in taken
            if first <= last
        )


Rewrite = Assign | Lookup | Embed


@dataclass(frozen=True, slots=True)
class Case:
    """Headers in ``match`` are rewritten by all of ``rewrites``."""

    match: HeaderSpace
    rewrites: tuple[Rewrite, ...]
    origin: Origin


@dataclass(frozen=True, slots=True)
class Translate:
    """The first case that matches rewrites; ``otherwise`` None lets the rest pass unchanged.

    With a ``session`` the pair (header before, header after) is remembered for :class:`Restore`.
    Where it is ``supposed``, an explanation may suppose that the rest passes unchanged after all.
    """

    cases: tuple[Case, ...]
    otherwise: Origin | None = None
    session: str = ""
    supposed: bool = False


@dataclass(frozen=True, slots=True)
class Restore:
    """A reply to a header that the session's Translate gave becomes a reply to the one it took.

    Everything else is dropped for the reason in ``otherwise``.
    """

    session: str
    otherwise: Origin


@dataclass(frozen=True, slots=True)
class Route:
    """Headers in ``match`` go to node ``next``; an empty ``next`` drops them.

    With a ``session`` it serves replies of that session only.
    """

    match: HeaderSpace
    next: str
    origin: Origin
    session: str = ""


@dataclass(frozen=True)
class Forward:
    """The first route that matches wins; ``otherwise`` None lets the rest go to the next stage.

    Whoever builds one puts more specific and better routes first.  ``supposed`` are routes that are
    not there but could be: an explanation may suppose one of them, and nobody else looks at them.
    """

    routes: tuple[Route, ...]
    otherwise: Origin | None = None
    supposed: Sequence[Route] = ()

    @once
    def is_list(self) -> bool:
        """Whether most routes overlap: they look at other things than destinations."""
        anywhere = sum("destination" not in route.match.by_name for route in self.routes)
        return anywhere * 2 > len(self.routes)

    def at(self, destination: int) -> Sequence[Route]:
        """The routes that may match a destination, in order."""
        if len(self.routes) <= _FEW:
            return self.routes
        cuts, held = self._segments
        return [self.routes[number] for number in held[bisect_right(cuts, destination) - 1]]

    def towards(self, destinations: Ranges) -> tuple[int, ...]:
        """The numbers of the routes that may match one of these destinations, in order."""
        if not destinations.has_more_than(_FEW):
            return self._towards(destinations)
        known = self._told.get(destinations)
        if known is None:
            if len(self._told) == _KEPT:
                self._told.clear()
            known = self._told[destinations] = self._towards(destinations)
        return known

    @once
    def _told(self) -> dict[Ranges, tuple[int, ...]]:
        """Which routes there are to sets of many blocks: many senders send to the same."""
        return {}

    def _towards(self, destinations: Ranges) -> tuple[int, ...]:
        found: set[int] = set()
        cuts, held = self._segments
        for low, high in destinations.intervals:
            first = max(0, bisect_right(cuts, low) - 1)
            for numbers in held[first : bisect_right(cuts, high)]:
                found.update(numbers)
        return tuple(sorted(found))

    @once
    def _segments(self) -> tuple[list[int], list[tuple[int, ...]]]:
        """Where routes begin and end to match, and which do from there to the next place."""
        apart = self._apart
        if apart is not None:
            return apart
        begin: dict[int, list[int]] = {0: []}
        end: dict[int, list[int]] = {}
        for number, route in enumerate(self.routes):
            values = route.match.by_name.get("destination")
            for low, high in ((0, 1 << 129),) if values is None else values.intervals:
                begin.setdefault(low, []).append(number)
                end.setdefault(high + 1, []).append(number)
        cuts = sorted({*begin, *end})
        held, now = [], set[int]()
        for cut in cuts:
            now.difference_update(end.get(cut, ()))
            now.update(begin.get(cut, ()))
            held.append(tuple(sorted(now)))
        return cuts, held

    @once
    def is_by_destination(self) -> bool:
        """Whether routes say nothing but to whom, and to each no two of them."""
        plain = all(len(r.match.fields) == 1 and not r.session for r in self.routes)
        return plain and self._apart is not None

    @once
    def _apart(self) -> tuple[list[int], list[tuple[int, ...]]] | None:
        """The same in less time where no two routes have a destination in common; else None."""
        sets = [route.match.by_name.get("destination") for route in self.routes]
        if any(each is None for each in sets):
            return None
        spans = sorted(
            [(low, high, n) for n, each in enumerate(sets) if each for low, high in each.intervals]
        )
        alone = [(number,) for number in range(len(sets))]
        cuts: list[int] = [0]
        held: list[tuple[int, ...]] = [()]
        after = 0
        for low, high, number in spans:
            if low == after:
                held[-1] = alone[number]
            elif low < after:
                return None
            else:
                cuts.append(low)
                held.append(alone[number])
            after = high + 1
            cuts.append(after)
            held.append(())
        return cuts, held

    @once
    def rivals(self) -> tuple[tuple[int, ...], ...]:
        """For each route the earlier ones whose destinations overlap with its own."""
        if self._apart is not None:
            return ((),) * len(self.routes)
        ends: list[tuple[int, int, int]] = []
        for number, route in enumerate(self.routes):
            values = route.match.by_name.get("destination")
            spans = ((0, 1 << 129),) if values is None else values.intervals
            ends += [(low, high, number) for low, high in spans]
        found: list[set[int]] = [set() for _ in self.routes]
        open_spans: list[tuple[int, int]] = []
        for low, high, number in sorted(ends):
            open_spans = [(top, other) for top, other in open_spans if top >= low]
            for _, other in open_spans:
                if other != number:
                    found[max(other, number)].add(min(other, number))
            open_spans.append((high, number))
        return tuple(tuple(sorted(rivals)) for rivals in found)


@dataclass(frozen=True, slots=True)
class Option:
    """One of the things that may happen at a :class:`Choose`."""

    next: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class Choose:
    """Any one of the options happens; an answer that takes one says so."""

    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Deliver:
    """The flow has arrived at ``owner``; its reply starts at node ``reply``.

    ``owner`` tells ends apart: a reply is home when it is delivered to the owner that sent the
    flow, with the flow's own source as destination.  ``inside`` marks a flow that never left its
    sender: it counts only when the question is about the sender itself.
    """

    owner: str
    reply: str
    origin: Origin
    inside: bool = False


@dataclass(frozen=True, slots=True)
class Unmodelled:
    """What happens beyond is not known here; ``origin`` names the thing and what is missing."""

    origin: Origin


Stage = Filter | Translate | Restore | Forward | Choose | Deliver | Unmodelled


def unknown_filter(origin: Origin) -> Filter:
    """A filter whose rules are not in the snapshot: it may permit or deny anything."""
    return Filter((), Rule(ANYTHING, Action.DOUBT, origin))


def deny_all(origin: Origin) -> Filter:
    return Filter((), Rule(ANYTHING, Action.DENY, origin))


# What comes out of it tells no more who sent it.
FORGET = Translate((Case(ANYTHING, (Assign("identity", Ranges.of(0)),), Origin("", "")),))
