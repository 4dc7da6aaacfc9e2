"""One direction of the symbolic twin: the network, explored with symbolic headers.

    Exploration(network, symbolic, doubt, prefix, before, lifts, wide)
    .enter(node, version, ...)  .explore()  .walk -> Walk

A *place* is a node together with a version of the header; it is reached when an edge into it is, so
reaching is one term per place, defined by the edges, and one problem covers every path.  On the way
back a stateful stage knows the places of the forward walk (``before``) that it remembers.

The arms are those of :mod:`reach.evaluate`, in the same order, written separately; neither imports
the other.  Takes the neutral network only; must not know AWS, question texts or any backend.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import assert_never

import solver
from reach.constraints import Place, Point, Walk
from reach.foreseen import least
from reach.network.address import WIDTH
from reach.network.field import FIELD, INDEX
from reach.network.header_space import HeaderSpace
from reach.network.node import Network
from reach.network.stage import (
    Action,
    Assign,
    Case,
    Choose,
    Deliver,
    Filter,
    Forward,
    Origin,
    Restore,
    Route,
    Stage,
    Translate,
    Unmodelled,
)
from reach.order import strongly_connected
from reach.symbolic import Symbolic, Version
from solver import FALSE, TRUE, Term

FEW = 16
MOST_REWRITES = 12
# Of ways that are only supposed: by routes that lead from each gateway to every other one there are
# far too many, and a flow that is rewritten more often is nothing that anybody would set up.
MOST_SUPPOSED = 6
MOST_PLACES = 400_000
_DESTINATION = INDEX["destination"]
_IDENTITY = INDEX["identity"]


class TooWide(Exception):  # noqa: N818 - no error: it is to be asked otherwise
    """There are more places than was to be explored."""


class Exploration:
    """One direction, explored from its entries until no place is new.

    Raises TooWide if that takes more than the ``most`` places.
    """

    def __init__(
        self,
        network: Network,
        symbolic: Symbolic,
        doubt: Term,
        label: str,
        before: Walk | None,
        lifts: tuple[bool, bool, bool],
        wide: bool,
        region: Mapping[str, Sequence[HeaderSpace]] | None = None,
        most: int | None = None,
    ) -> None:
        self.walk = Walk()
        self._most = most
        self._network = network
        self._symbolic = symbolic
        self._doubt = doubt
        self._label = label
        self._before = before
        self._explain, self._translations, self._suppose = lifts
        self._wide = wide
        self._region = region
        self._sender = symbolic.symbol(f"{label}sender", FIELD["identity"].width)
        self._queue: deque[Place] = deque()
        self._answers: dict[tuple[str, Version], Term] = {}
        self._awaited: dict[str, list[tuple[Version, Term]]] = {}
        self._passes: dict[tuple[int, Version], Term] = {}
        self._towards: dict[tuple[int, Term], tuple[int, ...]] = {}
        self._versions: dict[str, dict[Version, int]] = {}

    def enter(
        self, node: str, version: Version, source: Place | None, guard: Term, depth: int
    ) -> None:
        """Add an edge into a place, and the place if it is new."""
        if guard is FALSE or not self._is_within(node, version):
            return
        key = (node, version, source is None)
        place = self.walk.places.get(key)
        if place is None:
            place = self.walk.places[key] = Place(node, version, depth, source is None)
            self._queue.append(place)
        place.edges.append((source, guard))

    def _is_within(self, node: str, version: Version) -> bool:
        """Whether a node is to be followed for some header of a version."""
        if self._region is None:
            return True
        spaces = self._region.get(node, ())
        return any(self._symbolic.may_lie_in(space, version) for space in spaces)

    def explore(self) -> None:
        """Visit every place, then define when each is reached."""
        while self._queue:
            if self._most is not None and len(self.walk.places) > self._most:
                raise TooWide
            self._visit(self._queue.popleft())
        self._define()

    def step(self, node: str, version: Version) -> Walk:
        """What one node does, and no further: the places behind it are there, but not visited."""
        self.enter(node, version, None, TRUE, 0)
        self._visit(self._queue.popleft())
        return self.walk

    def _visit(self, place: Place) -> None:
        most = MOST_SUPPOSED if self._suppose else MOST_REWRITES
        if place.depth > most or len(self.walk.places) > MOST_PLACES:
            point = Point(place, TRUE, place.version)
            self.walk.loose_ends.append((point, _too_long(place.node)))
            return
        stages = self._network.node(place.node).stages
        branches = [Point(place, TRUE, place.version)]
        for number, stage in enumerate(stages):
            branches = [
                after
                for point in branches
                for after in self._stage(stage, number, point)
                if after.guard is not FALSE
            ]
            if not branches:
                return

    def _stage(self, stage: Stage, number: int, point: Point) -> list[Point]:
        """The points after a stage; what leaves the node has become an edge."""
        match stage:
            case Filter():
                return self._filter(stage, number, point)
            case Translate():
                return self._translate(stage, number, point)
            case Restore():
                return self._restore(stage, point)
            case Forward():
                return self._forward(stage, number, point)
            case Choose():
                return self._choose(stage, number, point)
            case Deliver():
                self.walk.deliveries.append((point, stage))
                return []
            case Unmodelled():
                self.walk.loose_ends.append((point, stage.origin))
                return []
            case _:
                assert_never(stage)

    def _filter(self, stage: Filter, number: int, point: Point) -> list[Point]:
        if stage.opening and self._before is not None:
            return self._only_answers(stage, point)
        passes = self._permits(stage, point.version)
        if stage.session:
            answers = self._answers_session(stage.session, point.version)
            passes = solver.or_(passes, answers)
            self._keep(stage, point, answers)
        if self._explain and passes is not TRUE:
            lifted = self._relax(point.place, number)
            passes = solver.or_(passes, lifted)
        after = Point(point.place, solver.and_(point.guard, passes), point.version)
        if stage.session and after.guard is not FALSE:
            self.walk.admitted.setdefault(stage.session, []).append(after)
        if stage.binds is not None and self._before is None and after.guard is not FALSE:
            self.walk.bound.setdefault(stage.session, []).append(after)
        return [after]

    def _keep(self, stage: Filter, point: Point, answers: Term) -> None:
        """Remember where a session sees a reply of its own."""
        if self._before is not None and stage.session in self._before.bound:
            guard = solver.and_(point.guard, answers)
            kept = self.walk.kept.setdefault(stage.session, [])
            kept.append(Point(point.place, guard, point.version))

    def _only_answers(self, stage: Filter, point: Point) -> list[Point]:
        """A reply that is no answer of the session ends here; that cannot be lifted."""
        answers = self._answers_session(stage.session, point.version)
        refused = solver.and_(point.guard, solver.not_(answers))
        self._dead_end(Point(point.place, refused, point.version), stage.otherwise.origin)
        self._keep(stage, point, answers)
        return [Point(point.place, solver.and_(point.guard, answers), point.version)]

    def _permits(self, stage: Filter, version: Version) -> Term:
        """First match decides: folded from the last rule to the first."""
        key = (id(stage), tuple(version[position] for position in stage.positions))
        known = self._passes.get(key)
        if known is None:
            known = FALSE
            for action, rules in groupby(reversed(stage.decisions), key=lambda rule: rule.action):
                matched = solver.any_of(
                    self._symbolic.matches(rule.match, version) for rule in rules
                )
                match action:
                    case Action.PERMIT:
                        known = solver.or_(matched, known)
                    case Action.DOUBT:
                        known = solver.ite(matched, self._doubt, known)
                    case Action.DENY:
                        known = solver.and_(solver.not_(matched), known)
                    case _:
                        assert_never(action)
            self._passes[key] = known
        return known

    def _relax(self, place: Place, number: int) -> Term:
        lifted = solver.symbol(f"{self._label}lift {len(self.walk.relaxed)}", 0)
        self.walk.relaxed.append((place, number, lifted))
        return lifted

    def _translate(self, stage: Translate, number: int, point: Point) -> list[Point]:
        made: list[Point] = []
        rest = point.guard
        for position, case in enumerate(stage.cases):
            matched = self._symbolic.matches(case.match, point.version)
            entered = Point(point.place, solver.and_(rest, matched), point.version)
            if entered.guard is FALSE:
                continue
            if self._wide and _is_sender(case) and self._may_share(point):
                taken = self._share_sender(case, entered)
            else:
                taken = self._rewritten(case, number, position, entered)
            if stage.session and taken.guard is not FALSE:
                remembered = self.walk.translated.setdefault(stage.session, [])
                remembered.append((taken, point.version))
            made.append(taken)
            rest = solver.and_(rest, solver.not_(matched))
        left = Point(point.place, rest, point.version)
        if stage.otherwise is None:
            made.append(left)
        elif self._translations and stage.supposed and rest is not FALSE:
            lifted = self._relax(point.place, number)
            made.append(Point(point.place, solver.and_(rest, lifted), point.version))
        else:
            self._dead_end(left, stage.otherwise)
        return made

    def _rewritten(self, case: Case, number: int, position: int, entered: Point) -> Point:
        after = entered.version
        for rewrite in case.rewrites:
            site = f"{self._site(entered, number)}.{position}"
            after = self._symbolic.rewrite(rewrite, after, site)
            term = after[INDEX[rewrite.field]]
            self.walk.choices.append((entered, number, f"{position}.{rewrite.field}", term))
            if isinstance(rewrite, Assign):
                self.walk.least[term] = _least(rewrite)
        return Point(entered.place, entered.guard, after)

    def _site(self, point: Point, number: int) -> str:
        """A name for a place's stage that is the same in every run."""
        versions = self._versions.setdefault(point.place.node, {})
        version = versions.setdefault(point.version, len(versions))
        return f"{self._label}{point.place.node}[{number}]~{version}"

    def _may_share(self, point: Point) -> bool:
        return point.place.entry and point.version[_IDENTITY] is not self._sender

    def _share_sender(self, case: Case, point: Point) -> Point:
        """Of many senders: one symbol for the identity, bound where the flow begins.

        A path has one entry, so the symbol is bound once; what lies behind is explored once for
        all senders instead of once for each.
        """
        (rewrite,) = case.rewrites
        assert isinstance(rewrite, Assign)
        single = rewrite.values.single
        assert single is not None
        version = (*point.version[:_IDENTITY], self._sender, *point.version[_IDENTITY + 1 :])
        bound = solver.eq(self._sender, solver.const(single, self._sender.width))
        return Point(point.place, solver.and_(point.guard, bound), version)

    def _restore(self, stage: Restore, point: Point) -> list[Point]:
        made: list[Point] = []
        rest = point.guard
        known = self._before.translated.get(stage.session, ()) if self._before else ()
        for translated, before in known:
            same = self._symbolic.same_on_the_wire(
                point.version, self._symbolic.mirror(translated.version)
            )
            matched = solver.and_(translated.met, same)
            restored = self._symbolic.mirror(before)
            made.append(Point(point.place, solver.and_(rest, matched), restored))
            rest = solver.and_(rest, solver.not_(matched))
        self._dead_end(Point(point.place, rest, point.version), stage.otherwise)
        return made

    def _forward(self, stage: Forward, number: int, point: Point) -> list[Point]:
        if self._suppose and stage.supposed:
            point = self._supposing(stage, number, point)
        matched = self._matched(stage, point)
        if len(matched) > FEW and stage.is_list:
            return self._in_turn(stage, point, matched)
        for position, met in matched.items():
            route = stage.routes[position]
            # Who is alone has no rivals; to look for them takes a look at all routes.
            rivals = stage.rivals[position] if len(matched) > 1 else ()
            earlier = solver.any_of(matched[rival] for rival in rivals if rival in matched)
            guard = solver.and_(point.guard, met, solver.not_(earlier))
            self._leave(route, Point(point.place, guard, point.version))
        rest = solver.and_(point.guard, solver.not_(solver.any_of(matched.values())))
        return self._unrouted(stage, Point(point.place, rest, point.version))

    def _supposing(self, stage: Forward, number: int, point: Point) -> Point:
        """What no supposed route takes; what one takes has become an edge."""
        rest = point.guard
        for position, route in enumerate(stage.supposed):
            met = solver.and_(rest, self._symbolic.matches(route.match, point.version))
            if met is FALSE:
                continue
            lifted = self._relax(point.place, number)
            taken = Point(point.place, solver.and_(met, lifted), point.version)
            self.walk.supposed.append((taken, number, position, lifted))
            self._edge(route.next, taken)
            rest = solver.and_(rest, solver.not_(taken.guard))
        return Point(point.place, rest, point.version)

    def _matched(self, stage: Forward, point: Point) -> dict[int, Term]:
        """The routes that may take the packet, each with when it could."""
        matched: dict[int, Term] = {}
        for number in self._routes_towards(stage, point.version[_DESTINATION]):
            route = stage.routes[number]
            met = self._symbolic.matches(route.match, point.version)
            if route.session and met is not FALSE:
                met = solver.and_(met, self._answers_session(route.session, point.version))
            if met is not FALSE:
                matched[number] = met
        return matched

    def _in_turn(self, stage: Forward, point: Point, matched: Mapping[int, Term]) -> list[Point]:
        """Routes that nearly all overlap: each takes what those before it have left."""
        rest = point.guard
        for _, run in groupby(matched, key=lambda number: _onward(stage.routes[number])):
            numbers = list(run)
            met = solver.any_of(matched[number] for number in numbers)
            taken = Point(point.place, solver.and_(rest, met), point.version)
            self._leave(stage.routes[numbers[0]], taken)
            rest = solver.and_(rest, solver.not_(met))
        return self._unrouted(stage, Point(point.place, rest, point.version))

    def _leave(self, route: Route, point: Point) -> None:
        """By a route to its node, or nowhere."""
        if route.next:
            self._edge(route.next, point)
        else:
            self._dead_end(point, route.origin)

    def _unrouted(self, stage: Forward, left: Point) -> list[Point]:
        if stage.otherwise is None:
            return [left]
        self._dead_end(left, stage.otherwise)
        return []

    def _routes_towards(self, stage: Forward, destination: Term) -> tuple[int, ...]:
        """The routes that may hold a destination, worked out once for all versions that have it."""
        key = (id(stage), destination)
        known = self._towards.get(key)
        domain = self._symbolic.domain(destination)
        if known is None and domain is not None and len(stage.routes) > FEW:
            known = self._towards[key] = stage.towards(domain)
        if known is None:
            known = self._towards[key] = tuple(
                number
                for number, route in enumerate(stage.routes)
                if (ends := route.match.by_name.get("destination")) is None
                or self._symbolic.member(destination, ends) is not FALSE
            )
        return known

    def _choose(self, stage: Choose, number: int, point: Point) -> list[Point]:
        width = max(1, (len(stage.options) - 1).bit_length())
        name = f"choice@{self._site(point, number)}"
        chosen = self._symbolic.symbol(name, width)
        self.walk.choices.append((point, number, "", chosen))
        for position, option in enumerate(stage.options):
            taken = solver.eq(chosen, solver.const(position, width))
            guard = solver.and_(point.guard, taken)
            self._edge(option.next, Point(point.place, guard, point.version))
        return []

    def _edge(self, node: str, point: Point) -> None:
        rewritten = point.version is not point.place.version
        depth = point.place.depth + (1 if rewritten else 0)
        self.enter(node, point.version, point.place, point.guard, depth)

    def _dead_end(self, point: Point, origin: Origin) -> None:
        if self._explain and point.guard is not FALSE:
            self.walk.dead_ends.append((point, origin))

    def _answers_session(self, session: str, version: Version) -> Term:
        """Whether the version is the reply of a flow that the session remembers."""
        key = (session, version)
        known = self._answers.get(key)
        if known is None:
            known = self._answers[key] = solver.any_of(
                solver.and_(met, self._symbolic.same_on_the_wire(version, mirrored))
                for mirrored, met in self._remembered(session)
            )
        return known

    def _remembered(self, session: str) -> list[tuple[Version, Term]]:
        """The replies that a session awaits, each once, with when it does."""
        if self._before is None:
            return []
        known = self._awaited.get(session)
        if known is None:
            points = [
                *self._before.admitted.get(session, ()),
                *(point for point, _ in self._before.translated.get(session, ())),
            ]
            when: dict[Version, list[Term]] = {}
            for point in points:
                when.setdefault(self._symbolic.mirror(point.version), []).append(point.met)
            known = [(mirrored, solver.any_of(met)) for mirrored, met in when.items()]
            self._awaited[session] = known
        return known

    def _define(self) -> None:
        """One term per place.  Within a cycle a place is reached from one of lower rank."""
        for component in strongly_connected(self.walk.places.values(), _sources):
            if len(component) == 1:
                component[0].reached = self._support(component[0], {})
                continue
            width = len(component).bit_length()
            ranks = {}
            for place in component:
                name = self._site(Point(place, TRUE, place.version), 0)
                place.reached = solver.symbol(f"reached {name}", 0)
                ranks[id(place)] = solver.symbol(f"rank {name}", width)
            for place in component:
                support = self._support(place, ranks)
                self._symbolic.conditions.append(solver.implies(place.reached, support))

    @staticmethod
    def _support(place: Place, ranks: Mapping[int, Term]) -> Term:
        terms = []
        for source, guard in place.edges:
            if source is None:
                terms.append(guard)
            elif id(source) in ranks:
                lower = solver.ult(ranks[id(source)], ranks[id(place)])
                terms.append(solver.and_(source.reached, guard, lower))
            elif source is not place:
                terms.append(solver.and_(source.reached, guard))
        return solver.any_of(terms)


def _least(rewrite: Assign) -> int:
    """The lowest that it may set; pinning finds out whether that can be."""
    return least(rewrite.values, is_address=FIELD[rewrite.field].width == WIDTH) or 0


def _is_sender(case: Case) -> bool:
    """Whether a case says nothing but who sends."""
    if len(case.rewrites) != 1:
        return False
    rewrite = case.rewrites[0]
    return (
        isinstance(rewrite, Assign)
        and rewrite.field == "identity"
        and rewrite.values.single is not None
    )


def _onward(route: Route) -> tuple[str, Origin | None]:
    """What neighbouring routes have in common that are one: the node, or why they drop."""
    return route.next, None if route.next else route.origin


def _sources(place: Place) -> list[Place]:
    return [source for source, _ in place.edges if source is not None]


def _too_long(node: str) -> Origin:
    words = f"the path takes more than {MOST_REWRITES} rewrites or is too large to follow"
    return Origin(node, words)
