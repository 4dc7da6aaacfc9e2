"""Sets of flows pushed through nodes, each with its trail: what comes out is exactly what can.

    sets = Sets(network, "source", wanted)        sets.run(begun)        sets.arrivals    sets.left

One direction; the way back reads the memory of the way there.  Other than :mod:`reach.flood`, which
may give more than can be, this gives what a flow can do and nothing else: what is delivered, what
is ``opened`` by something that is not modelled, and what is ``left`` as it began, as no product
says what becomes of it.  Sets that come to a node by trails that are alike are one where they
differ in one field, so that very many hosts are pushed on together.

Knows the neutral network only; must not know AWS, terms or a solver.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from reach.flood import covers, hull, minus, permitted, towards, whole
from reach.foreseen import few
from reach.network.header_space import HeaderSpace, Ranges
from reach.network.node import Network, Node
from reach.network.stage import (
    Action,
    Assign,
    Case,
    Choose,
    Deliver,
    Embed,
    Filter,
    Forward,
    Lookup,
    Restore,
    Rewrite,
    Stage,
    Translate,
    Unmodelled,
)
from reach.sets.receiving import Answering, Receivers, Sent, parted
from reach.sets.senders import Flows, Reads
from reach.sets.trails import ENDS, OTHER_END, Memory, Moving, Trail, began, turned

MOST, EACH = 200_000, 200  # so many sets are pushed on at least, and for each that begins
_MOST_VALUES = 256  # so many values of a field are looked up apart
_TO = "destination"
At = tuple[str, Trail, HeaderSpace]  # a set at the entry of a node
Under = tuple[str, Trail, Flows]  # the same of many senders


class TooManyError(Exception):
    """There are more sets than are pushed on."""


class _LeftError(Exception):
    """No product says what a stage does to a set."""


@dataclass(frozen=True)
class Arrived:
    """A set that is delivered at a node."""

    node: str
    trail: Trail
    stage: Deliver
    space: HeaderSpace
    told: Answering | None = None  # how he answers who got it, if not as the stage says


class Sets:
    """One direction.  Those that come by a ``wanted`` place are told apart from all; without any,
    all count; what does not, and is not ``within`` some headers, cannot count any more.  ``most``
    sets are pushed on, or as many as for so many that begin.  Nodes that ``receivers`` tell of are
    not looked at, if nothing was rewritten on the way there."""

    def __init__(
        self,
        network: Network,
        wanted: Mapping[str, Sequence[HeaderSpace]] | None,
        before: Memory | None = None,
        within: Mapping[str, Sequence[HeaderSpace]] | None = None,
        most: int | None = None,
        receivers: Receivers | None = None,
    ) -> None:
        self.memory = Memory()
        self.arrivals: list[Arrived] = []
        self.left: list[HeaderSpace] = []
        self.opened: list[tuple[str, Trail, HeaderSpace]] = []
        self._network, self._before = network, before
        self._wanted, self._within = wanted, within
        self._seen: dict[tuple[str, Trail], dict[HeaderSpace, Ranges]] = {}
        self._read: dict[str, Reads] = {}
        self._pushed = 0
        self._most = most
        self._receivers = receivers
        self._stale: set[str] = set()  # nodes at which something may have been delivered before

    def run(self, begun: Iterable[At]) -> None:
        """Push on until nothing is new.  Raises TooManyError."""
        self.run_flows((node, trail, Flows.of(space)) for node, trail, space in begun)

    def run_flows(self, begun: Iterable[Under]) -> None:
        """The same of flows of many senders."""
        sets = list(begun)
        if self._wanted is None:
            sets = [(node, trail.with_count(), flows) for node, trail, flows in sets]
        if self._most is None:
            self._most = max(MOST, EACH * len(sets))
        while sets:
            onward: list[Under] = []
            lots: dict[tuple[Trail, Flows], list[Sent]] = {}
            for (node, trail), every in _by_place(sets).items():
                for flows in self._new((node, trail), every):
                    sent = self._sent(node, trail, flows)
                    if sent is not None:
                        alike = trail, Flows(flows.rest.without(_TO), flows.senders)
                        lots.setdefault(alike, []).append(sent)
                        continue
                    self._stale.add(node)
                    for part, space in flows.apart(() if flows.is_of_one else self._asked(node)):
                        self._come(node, (trail, space), part, onward)
            for (trail, flows), lot in lots.items():
                self._receive(trail, flows, lot)
            sets = onward

    def fresh(self) -> frozenset[str]:
        """The nodes at which nothing of all that begins was delivered in the first network, if
        nothing came there then that does not here."""
        if self._receivers is None or self.opened or self.left:
            return frozenset()
        if not self._receivers.lets_all_pass():
            return frozenset()
        others = {each.stage.owner for each in self.arrivals if each.told is None}
        own = (each for each in self.arrivals if each.node not in self._stale)
        return frozenset(each.node for each in own if each.stage.owner not in others)

    def _sent(self, node: str, trail: Trail, flows: Flows) -> Sent | None:
        """What is sent to a node of which it is told what it does with that."""
        if self._receivers is None or not trail.is_unchanged or trail.by:
            return None
        receiver, ends = self._receivers.of(node), flows.rest.by_name.get(_TO)
        if receiver is None or ends is None:
            return None
        if any(each.overlaps(flows.sources) for each in receiver.elsewhere):
            return None
        return Sent(node, receiver, ends)

    def _receive(self, trail: Trail, flows: Flows, lot: Sequence[Sent]) -> None:
        """What is delivered of the same flows to many receivers."""
        assert self._receivers is not None
        self._count()
        for to, counts, spaces, fresh in parted(lot, flows, self._receivers, counts=trail.counts):
            if not fresh:
                self._stale.update(each.node for each in to)
            own = trail.with_count() if counts else trail
            self.arrivals += (
                Arrived(node, own, by.deliver, space.narrowed(_TO, ends), by.answering(space, ends))
                for node, by, ends in to
                for space in spaces
            )

    def _come(self, node: str, moving: Moving, flows: Flows, onward: list[Under]) -> None:
        """What comes to a node goes on, or counts from here on if it comes by a wanted place."""
        trail, space = moving
        found: list[At] = []
        if self._within is not None and _is_bounded(trail):
            met = _bounded_by(self._within.get(node, ()), space)
            if met is None:
                return
            space = met
        wanted = self._wanted.get(node, ()) if self._wanted and not trail.counts else ()
        for each in wanted:
            met = space & each
            if not met.is_empty:
                found.append((node, trail.with_count(), met))
        if not any(covers(each, space) for each in wanted):
            self._push(node, (trail, space), found)
        onward += ((to, own, flows.onward(moving[1], each)) for to, own, each in found)

    def _new(self, place: tuple[str, Trail], every: Iterable[Flows]) -> Iterator[Flows]:
        """What has not come to a place by such a trail; those that are alike together."""
        known = self._seen.setdefault(place, {})
        for flows in self._joined(every):
            seen = known.get(flows.rest)
            new = flows.senders if seen is None else flows.senders - seen
            if new:
                known[flows.rest] = new if seen is None else seen | new
                yield flows if seen is None else flows._replace(senders=new)

    def _joined(self, every: Iterable[Flows]) -> Iterable[Flows]:
        """Many senders of the same; and of replies those to many whom they all answer alike."""
        found: dict[HeaderSpace, list[Ranges]] = {}
        for flows in every:
            found.setdefault(flows.rest, []).append(flows.senders)
        joint = [Flows(rest, Ranges.any_of(each)) for rest, each in found.items()]
        if self._before is None or len(joint) == 1:
            return joint
        answered: dict[Flows, list[Ranges]] = {}
        for rest, senders in joint:
            to = rest.by_name.get(_TO, whole(_TO))
            answered.setdefault(Flows(rest.without(_TO), senders), []).append(to)
        return [
            Flows(rest.narrowed(_TO, Ranges.any_of(each)), senders)
            for (rest, senders), each in answered.items()
        ]

    def _asked(self, node: str) -> Reads:
        """What is asked at a node of who sends something."""
        if node not in self._read:
            maps = (self._wanted, self._within)
            besides = (space for each in maps if each for space in each.get(node, ()))
            self._read[node] = _reads(self._network.node(node), besides, self._before)
        return self._read[node]

    def _leave(self, moving: Moving) -> None:
        told = began if self._before is None else turned
        self.left.append(told(*moving))

    # ---------------------------------------------------------------- one node

    def _count(self) -> None:
        self._pushed += 1
        if self._most is not None and self._pushed > self._most:
            raise TooManyError

    def _push(self, node: str, moving: Moving, onward: list[At]) -> None:
        self._count()
        branches = [moving]
        for stage in self._network.node(node).stages:
            passed: list[Moving] = []
            for branch in branches:
                try:
                    passed += self._stage(node, stage, branch, onward)
                except _LeftError:
                    self._leave(branch)
            branches = passed
            if not branches:
                break

    def _stage(self, node: str, stage: Stage, moving: Moving, onward: list[At]) -> Iterable[Moving]:
        match stage:
            case Filter():
                return self._filter(stage, moving)
            case Translate():
                return list(self._translate(node, stage, moving))
            case Restore():
                if self._before is None:
                    return ()
                return list(self._before.restored(stage.session, *moving))
            case Forward():
                return self._forward(stage, moving, onward)
            case Choose():
                onward += self._chosen(node, stage, moving)
                return ()
            case Deliver():
                trail, space = moving
                self.arrivals.append(Arrived(node, trail, stage, space))
                return ()
            case Unmodelled():
                self.opened.append((node, *moving))
                return ()
            case _:
                assert_never(stage)

    def _filter(self, stage: Filter, moving: Moving) -> list[Moving]:
        trail, space = moving
        if stage.binds is not None:
            raise _LeftError
        passed: list[Moving] = []
        if stage.session and self._before is not None:
            for known in self._before.awaited(stage.session, trail, space):
                passed.append(known)
                if known == moving:
                    return passed
            if stage.opening:
                return passed
        for own, each in _allowed(stage, moving):
            passed.append((own, each))
            if stage.session and self._before is None:
                self.memory.admit(stage.session, own, each)
        return passed

    def _chosen(self, node: str, stage: Choose, moving: Moving) -> Iterator[At]:
        """Options are told apart; of a reply it is enough that one gets it home."""
        trail, space = moving
        apart = self._before is None and len(stage.options) > 1
        if apart and any(known == node for known, _ in trail.chosen):
            raise _LeftError
        for number, option in enumerate(stage.options):
            yield option.next, trail.by_option(node, number) if apart else trail, space

    def _forward(self, stage: Forward, moving: Moving, onward: list[At]) -> list[Moving]:
        rest = [moving]
        if stage.is_by_destination and _TO in moving[1].by_name:
            rest = self._by_destination(stage, moving, onward)
            return [] if stage.otherwise is not None else rest
        for number in towards(stage, moving[1]):
            route = stage.routes[number]
            if route.session:
                rest = self._by_session(route.session, route.match, route.next, rest, onward)
            else:
                left: list[Moving] = []
                for trail, piece in rest:
                    met = piece & route.match
                    if met.is_empty:
                        left.append((trail, piece))
                        continue
                    if route.next:
                        onward.append((route.next, trail, met))
                    left += ((trail, each) for each in minus(piece, route.match))
                rest = left
            if not rest:
                return []
        return [] if stage.otherwise is not None else rest

    def _by_destination(self, stage: Forward, moving: Moving, onward: list[At]) -> list[Moving]:
        """Where routes say nothing but to whom, and to each no two of them."""
        trail, space = moving
        wanted, taken = space.by_name[_TO], []
        for number in towards(stage, space):
            route = stage.routes[number]
            met = wanted & route.match.by_name[_TO]
            if met:
                taken.append(met)
                if route.next:
                    onward.append((route.next, trail, space.narrowed(_TO, met)))
        left = wanted - Ranges.any_of(taken)
        return [(trail, space.narrowed(_TO, left))] if left else []

    def _by_session(
        self, session: str, match: HeaderSpace, target: str, rest: list[Moving], onward: list[At]
    ) -> list[Moving]:
        """Replies of a session go this way, and no others."""
        if self._before is None:
            return rest
        left: list[Moving] = []
        for trail, piece in rest:
            met = piece & match
            if met.is_empty:
                left.append((trail, piece))
                continue
            others = self._before.besides(session, trail, met)
            if others is None:
                self._leave((trail, met))
            else:
                known = self._before.awaited(session, trail, met)
                onward += ((target, own, space) for own, space in known if target)
                left += others
            left += ((trail, each) for each in minus(piece, match))
        return left

    # ---------------------------------------------------------------- translations

    def _translate(self, node: str, stage: Translate, moving: Moving) -> Iterator[Moving]:
        trail, space = moving
        if stage.session and stage.session in trail.by:
            raise _LeftError  # which of its two visits is put back?
        rest: tuple[HeaderSpace, ...] = (space,)
        for case in stage.cases:
            for piece in rest:
                taken = piece & case.match
                if not taken.is_empty:
                    for own, settled in _settled(node, case, trail, choices=self._before is None):
                        yield from self._rewritten(stage.session, settled, (own, taken))
            rest = tuple(left for piece in rest for left in minus(piece, case.match))
            if not rest:
                return
        if stage.otherwise is None:
            yield from ((trail, each) for each in rest)

    def _rewritten(self, session: str, case: Case, moving: Moving) -> Iterator[Moving]:
        """What a case makes of headers, value by value where values differ in what they become."""
        trail, taken = moving
        for before in _apart(case, taken):
            was, after = dict(trail.was.by_name), before
            for rewrite in case.rewrites:
                name = rewrite.field
                old = after.by_name.get(name, whole(name))
                first = name if self._before is None else OTHER_END.get(name, name)
                if name in ENDS:
                    was.setdefault(first, old)
                after = after.narrowed(name, _value(rewrite, old))
                if name in ENDS and _is_one(was[first]) and was[first] == after.by_name[name]:
                    del was[first]
            own = replace(trail, was=HeaderSpace.where(**was))
            if session and self._before is None:
                fields = tuple(rewrite.field for rewrite in case.rewrites)
                self.memory.translate(session, (trail, before), (own, after), fields)
                own = replace(own, by=own.by | {session})
            yield own, after


def _is_bounded(trail: Trail) -> bool:
    """Whether it is known by which nodes what may count comes: of what a session has rewritten, and
    of the replies to it, the walk backwards knows only how it came to the translation."""
    return not trail.counts and not trail.by


def _bounded_by(within: Iterable[HeaderSpace], space: HeaderSpace) -> HeaderSpace | None:
    """What of a product lies within others, and perhaps more."""
    met = [both for each in within if not (both := space & each).is_empty]
    return hull(met) if len(met) > 1 else met[0] if met else None


def _reads(node: Node, besides: Iterable[HeaderSpace], before: Memory | None) -> Reads:
    """What a node asks of who sends something.

    Where a sender's address is rewritten, or put back, and not who he is, each is told from each:
    of what it was and who sends it there is no product else.
    """
    asked = list(besides)
    for stage in node.stages:
        match stage:
            case Filter():
                asked += (rule.match for rule in stage.decisions)
            case Forward():
                asked += (route.match for route in stage.routes)
            case Translate():
                if not all(map(_says_who, stage.cases)):
                    return None
                asked += (case.match for case in stage.cases)
            case Restore():
                if before is not None and _TO in before.rewritten(stage.session):
                    return None
            case Choose() | Deliver() | Unmodelled():
                pass
            case _:
                assert_never(stage)
    told = (space.by_name.get("identity") for space in asked)
    return tuple(dict.fromkeys(each for each in told if each is not None))


def _says_who(case: Case) -> bool:
    """Whether a case says who sends what it rewrites the sender's address of."""
    told = {rewrite.field for rewrite in case.rewrites}
    return "source" not in told or "identity" in told


def _allowed(stage: Filter, moving: Moving) -> Iterator[Moving]:
    """What rules let pass; what one of unknown effect does is doubted from there on."""
    trail, space = moving
    if not any(rule.action is Action.DOUBT for rule in stage.decisions):
        yield from ((trail, each) for each in permitted(stage, space))
        return
    rest = [space]
    for rule in stage.decisions:
        own = replace(trail, doubted=True) if rule.action is Action.DOUBT else trail
        if rule.action is not Action.DENY:
            met = (piece & rule.match for piece in rest)
            yield from ((own, each) for each in met if not each.is_empty)
        rest = [left for piece in rest for left in minus(piece, rule.match)]


def _settled(node: str, case: Case, trail: Trail, *, choices: bool) -> Iterator[tuple[Trail, Case]]:
    """A case for each of few values that it may give; but for a client's port, of which it is only
    asked which it may be."""
    found = [(trail, case)]
    for place, rewrite in enumerate(case.rewrites):
        if not isinstance(rewrite, Assign) or _is_one(rewrite.values):
            continue
        if choices and rewrite.field == "source_port":
            continue
        mark = f"{node} {rewrite.field}"
        values = [Ranges.of(value) for value in few(rewrite.field, rewrite.values)]
        again = any(known == mark for known, _ in trail.chosen)
        if not values or again:
            raise _LeftError
        found = [
            (
                own.by_option(mark, number) if choices else own,
                replace(each, rewrites=_with(each.rewrites, place, Assign(rewrite.field, value))),
            )
            for own, each in found
            for number, value in enumerate(values)
        ]
    yield from found


def _with(rewrites: tuple[Rewrite, ...], place: int, rewrite: Rewrite) -> tuple[Rewrite, ...]:
    return (*rewrites[:place], rewrite, *rewrites[place + 1 :])


def _is_one(values: Ranges) -> bool:
    return values.single is not None


def _apart(case: Case, taken: HeaderSpace) -> Iterator[HeaderSpace]:
    """Headers with one value only of each field that is looked up."""
    spaces = [taken]
    for rewrite in case.rewrites:
        if isinstance(rewrite, Lookup | Embed):
            spaces = [
                space.narrowed(rewrite.field, Ranges.of(value))
                for space in spaces
                for value in _values(rewrite, space.by_name.get(rewrite.field))
            ]
    yield from spaces


def _values(rewrite: Lookup | Embed, held: Ranges | None) -> list[int]:
    """The values that a field has which is looked up.  Raises where they are many."""
    if held is not None and held.single is not None:
        return [held.single]
    if isinstance(rewrite, Embed):
        raise _LeftError
    found = [old for old, _ in rewrite.table.pairs if held is None or old in held]
    if len(found) > _MOST_VALUES:
        raise _LeftError
    return found


def _value(rewrite: Rewrite, old: Ranges) -> Ranges:
    """What one value becomes, or any becomes."""
    match rewrite:
        case Assign():
            if rewrite.field not in ENDS and rewrite.field != "identity":
                raise _LeftError
            return rewrite.values
        case Lookup() | Embed():
            assert old.single is not None
            if rewrite.field not in ENDS:
                raise _LeftError
            if isinstance(rewrite, Embed):
                return Ranges.of(rewrite.of(old.single))
            return Ranges.of(rewrite.table.of[old.single])
        case _:
            assert_never(rewrite)


# ------------------------------------------------------------------- sets that are one


def joined(spaces: Iterable[HeaderSpace], name: str) -> Iterator[HeaderSpace]:
    """Products that differ in one field only are one."""
    found: dict[HeaderSpace, list[Ranges]] = {}
    for space in spaces:
        found.setdefault(space.without(name), []).append(space.by_name.get(name, whole(name)))
    for rest, each in found.items():
        yield rest.narrowed(name, Ranges.any_of(each))


def _by_place(sets: Iterable[Under]) -> dict[tuple[str, Trail], list[Flows]]:
    found: dict[tuple[str, Trail], list[Flows]] = {}
    chosen: list[Under] = []
    for node, trail, flows in sets:
        if trail.chosen:
            chosen.append((node, trail, flows))
        else:
            found.setdefault((node, trail), []).append(flows)
    for node, trail, flows in _by_any_option(chosen):
        found.setdefault((node, trail), []).append(flows)
    return found


def _by_any_option(sets: Sequence[Under]) -> Sequence[Under]:
    """Sets that differ only in the options of one choice are one."""
    longest = max((len(trail.chosen) for _, trail, _ in sets), default=0)
    for place in range(longest):
        alike: dict[Under, set[int]] = {}
        for node, trail, flows in sets:
            rest, options = trail.but_options(place)
            alike.setdefault((node, rest, flows), set()).update(options)
        sets = [
            (node, rest.with_options(place, options), flows)
            for (node, rest, flows), options in alike.items()
        ]
    return sets
