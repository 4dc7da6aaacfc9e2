"""The symbolic twin: what can happen to any flow of a question.

    compile(network, aim) -> Constraints

Says where flows start, which deliveries the question asks for, and when a reply is back where it
belongs; what lies between is explored (:mod:`reach.exploration`), there and then back from where
the flow is delivered.  Written apart from :mod:`reach.evaluate`; neither imports the other.  Takes
the neutral network only; must not know AWS, question texts or any backend.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import solver
from reach.aim import Aim, Visit
from reach.constraints import Begin, Constraints, Point, Walk, by_source, to_sender
from reach.exploration import FEW, Exploration
from reach.later import Later
from reach.network.field import FIELDS, INDEX
from reach.network.header_space import HeaderSpace, Ranges
from reach.network.node import Network
from reach.network.stage import (
    Deliver,
)
from reach.symbolic import Symbolic, Version
from solver import FALSE, TRUE, Term

_SOURCE, _DESTINATION = INDEX["source"], INDEX["destination"]


def compile(
    network: Network,
    aim: Aim,
    *,
    explain: bool = False,
    suppose: bool = False,
    filters_only: bool = False,
    region: Mapping[str, Sequence[HeaderSpace]] | None = None,
    most: int | None = None,
) -> Constraints:
    """The constraints of a question over a network.

    With ``explain`` every denial can be lifted by a relaxation, and where flows end is kept: with
    ``filters_only`` denials of filters alone, with ``suppose`` routes that could be there can be
    lifted in as well.  Flows that leave a ``region``, nodes with the headers
    that may enter them, can be left out; replies stay.

    Raises TooWide if there are more places than ``most``, there or back.
    """
    symbolic = Symbolic()
    doubt = solver.symbol("doubt", 0)
    starts = _starts(symbolic, aim)
    wide = len(aim.starts) > FEW
    lifts = explain, explain and not filters_only, suppose
    forward = Exploration(network, symbolic, doubt, "", None, lifts, wide, region, most)
    for chosen, start, version in starts:
        guard = solver.and_(chosen, symbolic.matches(start.space, version))
        forward.enter(start.node, version, None, guard, 0)
    forward.explore()
    reply = Exploration(network, symbolic, doubt, "reply ", forward.walk, lifts, wide, most=most)
    through = takes_all(forward.walk, aim.through)
    passed = _visited(forward.walk, aim.passing)
    arrived, astray = _arrivals(symbolic, aim, starts, forward.walk, through, passed)
    goal, unseen = solver.any_of(met for met, _, _ in arrived), FALSE
    if aim.two_way:
        for met, version, delivery in arrived:
            reply.enter(delivery.reply, symbolic.mirror(version), None, met, 0)
        reply.explore()
        home, elsewhere = _homecomings(symbolic, starts, reply.walk)
        by_way = takes_all(reply.walk, aim.back)
        back, seen = solver.and_(solver.any_of(home), by_way), _both_ways(forward.walk, reply.walk)
        goal, unseen = solver.and_(back, seen), solver.and_(back, solver.not_(seen))
        astray += [*elsewhere, unseen, *_by_another(home, by_way)]
    walks = (forward.walk, reply.walk)
    loose = [point.met for walk in walks for point, _ in walk.loose_ends]
    dead = [point.met for walk in walks for point, _ in walk.dead_ends]
    return Constraints(
        # Of what folds to false nobody asks under which conditions.
        assertions=Later(lambda: (*_start_conditions(symbolic, aim, starts), *symbolic.conditions)),
        arrives=solver.and_(goal, solver.not_(doubt)),
        may_arrive=solver.and_(solver.any_of([goal, *loose]), doubt),
        stuck=solver.any_of([*dead, *astray]) if explain else FALSE,
        unseen=unseen if explain else FALSE,
        doubt=doubt,
        relaxations=tuple(term for w in (forward, reply) for _, _, term in w.walk.relaxed),
        starts=tuple(starts),
        forward=forward.walk,
        reply=reply.walk,
    )


def _starts(symbolic: Symbolic, aim: Aim) -> list[Begin]:
    """The starts with their headers.  Few starts get constants and symbols of their own, which
    fold; many share symbols, so that what lies behind them is explored once."""
    spaces = [start.space for start in aim.starts]
    shared = {}
    for field in FIELDS:
        values = {space.by_name.get(field.name) for space in spaces}
        if len(values) > FEW:
            shared[field.name] = _union(values)
    if len(aim.starts) == 1:
        return [(TRUE, aim.starts[0], symbolic.start(spaces[0], shared))]
    width = (len(aim.starts) - 1).bit_length()
    which = symbolic.symbol("start", width)
    return [
        (solver.eq(which, solver.const(number, width)), start, symbolic.start(start.space, shared))
        for number, start in enumerate(aim.starts)
    ]


def _union(values: Iterable[Ranges | None]) -> Ranges | None:
    """All that any of them holds (None: anything)."""
    spans: list[tuple[int, int]] = []
    for each in values:
        if each is None:
            return None
        spans += each.intervals
    return Ranges.union(spans)


def _start_conditions(symbolic: Symbolic, aim: Aim, starts: Iterable[Begin]) -> list[Term]:
    made = []
    chosen_any = []
    for chosen, _, version in starts:
        chosen_any.append(chosen)
        held = symbolic.well_formed(version)
        if aim.two_way:
            held = solver.and_(held, symbolic.answered(version))
        if not aim.to_itself:
            same = solver.eq(version[_SOURCE], version[_DESTINATION])
            held = solver.and_(held, solver.not_(same))
        made.append(solver.implies(chosen, held))
    return [solver.any_of(chosen_any), *made]


def _arrivals(
    symbolic: Symbolic,
    aim: Aim,
    starts: Sequence[Begin],
    walk: Walk,
    through: Term,
    passed: Term,
) -> tuple[list[tuple[Term, Version, Deliver]], list[Term]]:
    """The deliveries that the question asks for, and when a flow is delivered elsewhere."""
    senders = by_source(starts)
    wanted, astray = [], []
    for point, delivery in walk.deliveries:
        asked = solver.and_(_wanted(symbolic, aim, point, delivery, passed), through)
        if not aim.to_itself:
            # What comes back to the address that sent it has reached nobody but whom it came by.
            comes_back = to_sender(senders, point.version)
            asked = solver.and_(asked, solver.or_(solver.not_(comes_back), passed))
        if asked is not FALSE:
            wanted.append((solver.and_(point.met, asked), point.version, delivery))
        astray.append(solver.and_(point.met, solver.not_(asked)))
    return wanted, astray


def _wanted(symbolic: Symbolic, aim: Aim, point: Point, delivery: Deliver, passed: Term) -> Term:
    """Whether a delivery is to one of the goals, or comes by what stands for one."""
    if (delivery.inside and not aim.to_itself) or delivery.owner in aim.but:
        return FALSE
    arriving = symbolic.matches(aim.arriving, point.version)
    if aim.goals is None:
        return arriving
    space = aim.goals.get(delivery.owner)
    if space is None:
        return solver.and_(arriving, passed)
    return solver.and_(arriving, solver.or_(symbolic.matches(space, point.version), passed))


def takes_all(walk: Walk, visits: Iterable[Visit]) -> Term:
    """Whether the flow makes every visit on this way."""
    places = walk.places.values()
    return solver.all_of(
        solver.any_of(place.reached for place in places if visit.is_at(place.node))
        for visit in visits
    )


def _by_another(home: Iterable[Term], by_way: Term) -> Iterator[Term]:
    """When a reply gets home past what it had to visit."""
    if by_way is not TRUE:
        yield solver.and_(solver.any_of(home), solver.not_(by_way))


def _visited(walk: Walk, nodes: Iterable[str]) -> Term:
    """Whether the flow visits any of the named nodes."""
    wanted = frozenset(nodes)
    if not wanted:
        return FALSE
    return solver.any_of(p.reached for p in walk.places.values() if p.node in wanted)


def _homecomings(
    symbolic: Symbolic, starts: Sequence[Begin], reply: Walk
) -> tuple[list[Term], list[Term]]:
    """When a reply gets back to who sent the flow, and when it is delivered elsewhere."""
    home, astray = [], []
    of_owner: dict[str, list[Begin]] = {}
    for begin in starts:
        of_owner.setdefault(begin[1].owner, []).append(begin)
    for point, delivery in reply.deliveries:
        back = solver.any_of(
            solver.and_(chosen, symbolic.same_on_the_wire(point.version, symbolic.mirror(version)))
            for chosen, _, version in of_owner.get(delivery.owner, ())
        )
        home.append(solver.and_(point.met, back))
        astray.append(solver.and_(point.met, solver.not_(back)))
    return home, astray


def _both_ways(forward: Walk, reply: Walk) -> Term:
    """Whether every session that has to see both directions does."""
    held = []
    for session, points in forward.bound.items():
        passed = solver.any_of(point.met for point in points)
        answered = solver.any_of(point.met for point in reply.kept.get(session, ()))
        held.append(solver.implies(passed, answered))
    return solver.and_(*held)
