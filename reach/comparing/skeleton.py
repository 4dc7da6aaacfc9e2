"""A network without what is every plain host's own: few nodes, however many the hosts.

    skeleton(ground) -> Skeleton        .expand(nodes)       .before_rewriting(space)

What hosts of one place lead on to is read off one of them.  The own nodes of a family of hosts are
looked at when something is the matter with one of them; what was said of them without looking is
checked then, and :class:`NotPlainError` is raised where it does not hold: then everything has to be
compared.  Beside the ways it knows all translations that there are.

Must not know AWS: who is plain is told by :mod:`reach.interfaces.plain`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass, replace
from itertools import product
from math import inf

from reach.aim import Start
from reach.comparing.coming import Edge, Graph
from reach.comparing.nodes import Spot, bounded, only_says_who, unwritten
from reach.flood import image, whole
from reach.interfaces.plain import Plain, plain
from reach.leaving import exits, targets_and_replies
from reach.lower import Ground
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.network.node import Network
from reach.network.spans import Spans
from reach.network.stage import (
    Assign,
    Case,
    Deliver,
    Filter,
    Forward,
    Translate,
)
from reach.resolve import everywhere

_BACK = 4  # so many nodes back an edge is looked for that says where a packet is sent
_MOST_EDGES = 512
_MOST_MORE = 2000  # so much that is rewritten otherwise is looked through beside all that was
_KEYS = ("destination", "source")
FAR = 10  # so many nodes back, where a thing hands on what it took inside of itself
_HALF = 1 << 127  # so much of an IP version says nothing of an end


class NotPlainError(Exception):
    """A host is not as plain as it was taken to be."""


@dataclass(frozen=True, slots=True)
class _Rewriting:
    """What rewrites more than who sent a packet, by the field of what comes out that tells most
    (NAT64 sends to anywhere, but from one address); and who says who did."""

    cases: Mapping[str, Spans[Case]]
    says: Spans[str]


class Skeleton(Graph):
    """All nodes but plain hosts' own, and of those the ones that somebody asked for.

    Edges into a host's own node are all there once the host's family is ``expanded``; those out of
    it lead to ``exits``, nodes of which not every way in is known: only the places of the hosts
    that lead there.
    """

    def __init__(self, ground: Ground) -> None:
        self._plain: Plain = plain(ground)
        self._is_shared = False
        self._expanded: set[str] = set()
        self._led_to: dict[str, dict[str, None]] = {}
        self._looked_at: list[str] = []
        self.exits: dict[str, list[object]] = {}
        self._sent_from: dict[str, Ranges] = {}
        self._sources: dict[object, list[Ranges]] = {}
        self._begin_at: dict[object, list[str]] = {}
        self._answering: dict[object, dict[Edge, list[Ranges]]] = {}
        first_of: dict[object, str] = {}
        entries: list[str] = []
        for start in everywhere(ground):
            family = self._plain.family(start.node)
            if family:
                place = self._plain.place(start.node)
                first_of.setdefault(place, start.node)
                sources = start.space.by_name.get("source", whole("source"))
                self._sources.setdefault(place, []).append(sources)
                self._begin_at.setdefault(place, []).append(start.node)
            else:
                entries.append(start.node)
        self._begins = frozenset(start.node for start in everywhere(ground))
        self.network = ground.network
        for place, node in first_of.items():
            for each in exits(ground.network, self._plain, node, targets_and_replies):
                self.exits.setdefault(each, []).append(place)
        super().__init__(ground.network, dict.fromkeys([*entries, *sorted(self.exits)]))
        own = (name for name in self.nodes if not self._plain.family(name))
        self._cases, self._says = _to_be_found(
            (name, case) for name in own for case in _rewriting(ground.network, name)
        )
        self._come: dict[tuple[str, bool], tuple[HeaderSpace, ...]] = {}
        # What nodes have rewritten since, in a network of which this is the skeleton.
        self._more: tuple[tuple[str, Case], ...] = ()
        self._cases_more, self._says_more = _to_be_found(())

    def on(
        self, network: Network, names: Iterable[str] = (), entries: Iterable[str] = ()
    ) -> Skeleton:
        """What is rewritten there is known beside all that was before: it is asked what may have
        been; and flows of others than plain hosts may begin at these entries, too.  Raises
        NotPlainError once that is much."""
        known, begun = [name for name in names if name in self.nodes], frozenset(entries)
        other = super().on(network, known, begun)
        assert isinstance(other, Skeleton)
        if not begun <= self._begins:
            other._begins, other._come = self._begins | begun, {}
        if other.into is not self.into:
            # What one of them looks at from here on, the other one has not looked at.
            other._answering, other._come, other._expanded = {}, {}, set(self._expanded)
        grown = other.nodes is not self.nodes
        new = (name for name in other.nodes if name not in self.nodes) if grown else ()
        more = {
            (name, case): None
            for name in (*known, *new)
            if not other._plain.family(name)
            for case in _rewriting(network, name)
            if name not in self.nodes or case not in [*_rewriting(self.network, name)]
        }
        if more:
            other._more = tuple(dict.fromkeys((*self._more, *more)))
            other._cases_more, other._says_more = _to_be_found(other._more)
        if len(other._more) > _MOST_MORE:
            raise NotPlainError("much has been rewritten otherwise")
        return other

    def with_loners(
        self, ground: Ground, names: Iterable[str], come: Iterable[Start] = ()
    ) -> Skeleton:
        """The skeleton of a ground in which some plain hosts have nodes of their own, among these,
        and others ``come``, or some from more addresses, who start there.

        What it shares with this one stays as it is: no more families are looked at.  Raises
        NotPlainError where nobody has been before.
        """
        other = copy(self)
        other._plain, other._is_shared, other._come = plain(ground), True, {}
        other._led_to = {family: dict(led) for family, led in self._led_to.items()}
        for start in come:
            other._admit(start)
        return other.on(ground.network, names)

    def _admit(self, start: Start) -> None:
        """A plain host more, where others are."""
        place = self._plain.place(start.node)
        if place not in self._begin_at:
            raise NotPlainError(f"where {start.node} is nobody has been before")
        sources = start.space.by_name.get("source", whole("source"))
        self._begins |= {start.node}
        self._sources = {**self._sources, place: [*self._sources[place], sources]}
        self._begin_at = {**self._begin_at, place: [*self._begin_at[place], start.node]}
        self._sent_from, self._answering = {}, {}

    def leaves_out(self, name: str) -> bool:
        family = self._plain.family(name)
        if not family or family in self._expanded:
            return False
        self._led_to.setdefault(family, {})[name] = None
        return True

    def _out_of(self, name: str) -> list[str]:
        self._looked_at.append(name)
        return super()._out_of(name)

    def expand(self, names: Iterable[str]) -> None:
        """Look at the nodes of all families that some nodes belong to.  Raises NotPlainError."""
        if self._is_shared:
            raise NotPlainError("what is looked at here would be of another network, too")
        roots: dict[str, dict[str, None]] = {}
        for name in names:
            family = self._plain.family(name)
            if family and family not in self._expanded:
                begun = roots.setdefault(family, {})
                if name in self._begins:
                    begun[name] = None
        self._expanded.update(roots)
        for family, begun in roots.items():
            known = len(self._looked_at)
            self.grow([*sorted(self._led_to.get(family, ())), *begun])
            for each in self._looked_at[known:]:
                if self._plain.family(each) != family:
                    raise NotPlainError(f"{family} leads to {each}")
                self.check(each)

    def check(self, name: str) -> None:
        """Whether a plain host's own node does no more than what goes without saying.

        Raises NotPlainError.
        """
        for stage in self.network.node(name).stages:
            match stage:
                case Translate() if only_says_who(stage) and not stage.session:
                    said = [r for case in stage.cases for r in case.rewrites]
                    own = Ranges.of(self._plain.identity(name))
                    if not all(isinstance(r, Assign) and r.values == own for r in said):
                        raise NotPlainError(f"{name} says that somebody else sends")
                case Filter() | Forward() | Deliver():
                    pass
                case _:
                    raise NotPlainError(f"{name} does more than filter")

    def _remembers(self, name: str, spot: Spot, senders: Mapping[str, Iterable[str]]) -> bool:
        return name not in self.exits and super()._remembers(name, spot, senders)

    # ---------------------------------------------------------------- what may have been before

    def before_rewriting(self, space: HeaderSpace, *, reply: bool) -> Iterator[HeaderSpace]:
        """The headers that some translation may have turned into some of ``space``."""
        for name, case in self._met(space):
            before = unwritten(case, space)
            if before is not None:
                yield from self._come_to(name, before, reply)

    def _come_to(self, name: str, space: HeaderSpace, reply: bool) -> Iterator[HeaderSpace]:
        """What of some headers comes to a translation of a node: if they say nothing of whom they
        are for, such as the ways there do."""
        if not says_nothing(space):
            yield space
            return
        key = name, reply
        if key not in self._come:
            sent = self.sent_there(name, ANYTHING, reply=reply, most=FAR)
            first = _is_rewritten_first(self.network, name)
            self._come[key] = bounded(sent) if first else (ANYTHING,)
        yield from (met for each in self._come[key] if not (met := space & each).is_empty)

    def met_cases(self, space: HeaderSpace) -> Iterable[Case]:
        """The cases that are tried for some headers."""
        return [case for _, case in self._met(space)]

    def _met(self, space: HeaderSpace) -> Iterable[tuple[str, Case]]:
        met = {
            (name, id(case)): (name, case)
            for every in (self._cases, self._cases_more)
            for field, cases in every.items()
            for name, case in cases.meeting(space.by_name.get(field))
        }
        return met.values()

    def sayers(self, identities: Ranges) -> frozenset[str] | None:
        """The nodes where all flows start that are said to be sent by one of these; None: some
        node on the way may say so."""
        if 0 in identities:
            return None
        said = {*self._says.meeting(identities), *self._says_more.meeting(identities)}
        if not all(name in self._begins and self.is_only_begun_at(name) for name in said):
            return None
        return frozenset(said).union(self._plain.sending_as(identities))

    def is_only_begun_at(self, name: str) -> bool:
        """Whether flows start at a node, and none comes to it."""
        return not self.into.get(name) and name not in self.exits

    def sent_there(
        self, name: str, space: HeaderSpace, *, reply: bool, most: int = _BACK
    ) -> Iterator[HeaderSpace]:
        """What of some headers at a node's entry comes from somewhere, as it is there: where the
        ways to it say whom a packet is for, only such.  It is looked so many nodes back."""
        found: dict[HeaderSpace, None] = {}
        self._sent(name, space, reply, most, found)
        yield from found

    def _sent(
        self, name: str, space: HeaderSpace, reply: bool, left: int, found: dict[HeaderSpace, None]
    ) -> None:
        edges = self.into.get(name, [])
        if len(found) > _MOST_EDGES or (reply and self.answered_from.get(name)):
            found[space] = None
            return
        if name in self.exits:
            own = space & HeaderSpace.where(source=self.sent_from(name))
            if not own.is_empty:
                found[own] = None
        elif name in self._begins or (not edges and self.is_own(name)):
            found[space] = None  # of hosts' own nodes not all ways are known; else nothing comes
        for edge in edges:
            met = space & edge.match
            if met.is_empty or (edge.session and not reply):
                continue
            told = "destination" in edge.match.by_name and edge.node not in self.exits
            if told or not left:
                found[met] = None
            elif not self._is_passed_unchanged(edge):
                found.update(dict.fromkeys(self._given(edge, met)))
            else:
                self._sent(edge.node, met, reply, left - 1, found)

    def beginning_by(self, name: str) -> Iterator[str]:
        """The nodes where flows start that come to a node of the skeleton as they began."""
        if name in self._begins:
            yield name
        for place in self.exits.get(name, ()):
            yield from self._begin_at[place]

    def answers(self, name: str) -> Iterator[Edge]:
        """Of what plain hosts answer by an exit the ways to these hosts are told."""
        yield from super().answers(name)
        if name not in self.exits:
            return
        if not self._answering:
            self._answering = self._ways_to_hosts()
        for place in self.exits[name]:
            for edge, ends in self._answering.get(place, {}).items():
                match = HeaderSpace.where(destination=Ranges.any_of(ends))
                yield replace(edge, match=match)

    def _ways_to_hosts(self) -> dict[object, dict[Edge, list[Ranges]]]:
        """By the places of plain hosts the ways to them, each with whom packets are for there."""
        found: dict[object, dict[Edge, list[Ranges]]] = {}
        for names in self._led_to.values():
            places = {self._plain.place(name) for name in names}
            edges = [edge for name in names for edge in self.into.get(name, ())]
            for place, edge in product(places, edges):
                ends = edge.match.by_name.get("destination", whole("destination"))
                way = replace(edge, match=ANYTHING)
                found.setdefault(place, {}).setdefault(way, []).append(ends)
        return found

    def is_come_to(self, name: str) -> bool:
        """Whether anything can come to a node from where flows start."""
        seen, queue = {name}, [name]
        while queue:
            at = queue.pop()
            if at in self._begins or self.exits.get(at):
                return True
            led = (*self.into.get(at, ()), *self.answered_from.get(at, ()))
            new = {edge.node for edge in led} - seen
            seen |= new
            queue += new
        return False

    def is_own(self, name: str) -> bool:
        """Whether a node is a plain host's own."""
        return bool(self._plain.family(name))

    def sent_from(self, name: str) -> Ranges:
        """All addresses from which plain hosts send to an exit: each its own ones (R-ENI-4)."""
        if name not in self._sent_from:
            every = (each for place in self.exits[name] for each in self._sources[place])
            self._sent_from[name] = Ranges.any_of(every)
        return self._sent_from[name]

    def _given(self, edge: Edge, space: HeaderSpace) -> Iterator[HeaderSpace]:
        """What of some headers takes a way, if all that does has just been rewritten."""
        stages = self.network.node(edge.node).stages[: edge.stage]
        last = next((s for s in reversed(stages) if not isinstance(s, Filter | Forward)), None)
        if not isinstance(last, Translate) or last.otherwise is None:
            yield space
            return
        for case in last.cases:
            met = space
            for rewrite in case.rewrites:
                met = met & HeaderSpace.where(**{rewrite.field: image(rewrite)})
            if not met.is_empty:
                yield met

    def _is_passed_unchanged(self, edge: Edge) -> bool:
        """Whether what takes a way is as it was when it came to the node."""
        stages = self.network.node(edge.node).stages[: edge.stage]
        return all(isinstance(stage, Filter | Forward) for stage in stages)


def says_nothing(space: HeaderSpace) -> bool:
    """Whether headers say nothing of either end."""
    ends = (space.by_name.get(side) for side in _KEYS)
    return all(own is None or own.count >= _HALF for own in ends)


def _rewriting(network: Network, name: str) -> Iterator[Case]:
    for stage in network.node(name).stages:
        if isinstance(stage, Translate):
            yield from stage.cases


def _is_rewritten_first(network: Network, name: str) -> bool:
    """Whether what a node rewrites is as it was when it came there."""
    stages = network.node(name).stages
    last = max((n for n, stage in enumerate(stages) if isinstance(stage, Translate)), default=0)
    return all(isinstance(stage, Filter | Forward) for stage in stages[:last])


def _to_be_found(
    cases: Iterable[tuple[str, Case]],
) -> tuple[Mapping[str, Spans[tuple[str, Case]]], Spans[str]]:
    """What rewrites more than who sent a packet, by the field of what comes out that tells most
    (NAT64 sends to anywhere, but from one address); and who says who did."""
    found: dict[str, list[tuple[Ranges | None, tuple[str, Case]]]] = {name: [] for name in _KEYS}
    says: list[tuple[Ranges | None, str]] = []
    for name, case in cases:
        told = {r.field: image(r) for r in case.rewrites}
        who = told.pop("identity", None)
        if told:
            key = min(_KEYS, key=lambda each: _width(told.get(each)))
            found[key].append((told.get(key), (name, case)))
        if who is not None and who.single != 0:
            says.append((who, name))
    return {name: Spans(each) for name, each in found.items()}, Spans(says)


def skeleton(ground: Ground) -> Skeleton:
    """The skeleton of a ground's network, made once."""
    return ground.own("skeleton", lambda: Skeleton(ground))


def _width(values: Ranges | None) -> float:
    """How many values meet a set; None: any."""
    return inf if values is None else values.count
