"""What one node does to a flow and another one of the same name does not.

    more(before, after) -> spots    preimage(node, spot, reply=...) -> header spaces on entry

A :class:`Spot` is a stage with the headers, as they are in front of it, of which the second node
may let more through, or send elsewhere, than the first.  Words, names and codes do not count.
Knows the neutral network only; must not know AWS, terms or a solver.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import UnionType
from typing import Any, assert_never

from reach.flood import covers, hull, minus, permitted, uncovered, whole
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.network.node import Node
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
    Route,
    Stage,
    Translate,
    Unmodelled,
)
from reach.sets.trails import OTHER_END

MOST_SPACES = 64
MOST_RULES = 200
_GOES_ON, _ENDS = "goes on", "ends"  # what becomes of what takes no route
_NO_SESSIONS: Mapping[str, frozenset[str]] = {}
# What takes a route or a case, what becomes of it, and the session whose replies alone do.
_Taken = tuple[HeaderSpace, Any, str]


@dataclass(frozen=True)
class Spot:
    """A stage of a node, by its number, and headers in front of it.

    Replies of ``session`` it lets pass in both networks; one ``of_replies`` matters to nothing but
    replies, as it is of a route that they alone take.
    """

    stage: int
    space: HeaderSpace
    session: str = ""
    of_replies: bool = False


# What two nodes, one of each network, may do otherwise with: header spaces at their entry.
Apart = Callable[[Any, Any], Iterable[HeaderSpace]]


def anything(_: object, __: object) -> Iterable[HeaderSpace]:
    """Of nodes that are called otherwise nothing is known, nor of what is rewritten otherwise."""
    return (ANYTHING,)


def more(before: Node | None, after: Node, apart: Apart = anything) -> tuple[Spot, ...]:
    """Where the second of two nodes may let through what the first one does not.

    ``apart`` says it of where they lead to, where that is not the same node.
    """
    if before is after or is_shut(after):
        return ()
    if before is None:
        return (Spot(0, ANYTHING),)
    if len(before.stages) != len(after.stages):
        return tuple(_one_lacks(before.stages, after.stages, apart))
    return tuple(
        dict.fromkeys(
            Spot(number, space, _lets_back(one, other), only)
            for number, (one, other) in enumerate(zip(before.stages, after.stages, strict=True))
            if one is not other and _done(one) != _done(other)
            for space, only in _told_apart(one, other, apart)
        )
    )


def is_shut(node: Node) -> bool:
    """Whether nothing leaves a node, nor is delivered there: it does no more than another."""
    for stage in node.stages:
        match stage:
            case Filter():
                denies = all(rule.action is Action.DENY for rule in stage.decisions)
                if denies and not stage.session:
                    return True
            case Forward():
                if any(route.next for route in stage.routes):
                    return False
                if stage.otherwise is not None:
                    return True
            case Translate() | Restore():
                pass
            case Choose() | Deliver() | Unmodelled():
                return False
            case _:
                assert_never(stage)
    return False


def _told_apart(one: Stage, other: Stage, apart: Apart) -> Iterator[tuple[HeaderSpace, bool]]:
    """Where two stages differ, and whether to replies alone: routes that only these take are
    told apart, where all others are the same in both."""
    if isinstance(one, Forward) and isinstance(other, Forward):
        ours, theirs = ([r for r in e.routes if not r.session] for e in (one, other))
        if [*map(_way, ours)] == [*map(_way, theirs)] and _end_alike(one, other):
            yield from ((space, True) for space in _between(one, other, apart))
            return
    yield from ((space, False) for space in _between(one, other, apart))


def _way(route: Route) -> _Taken:
    return route.match, route.next, route.session


def _end_alike(one: Forward, other: Forward) -> bool:
    return (one.otherwise is None) is (other.otherwise is None)


def _one_lacks(
    before: Sequence[Stage], after: Sequence[Stage], apart: Apart = anything
) -> Iterator[Spot]:
    """Where one of two has filters or routes that the other lacks: what the second's let more pass,
    or send elsewhere; anything where something else differs, or filters remember."""
    most = min(len(before), len(after))
    done = [[_done(stage) for stage in stages] for stages in (before, after)]
    head = next((n for n in range(most) if done[0][n] != done[1][n]), most)
    left = most - head
    tail = next((n for n in range(left) if done[0][-1 - n] != done[1][-1 - n]), left)
    ours, others = before[head : len(before) - tail], after[head : len(after) - tail]
    of_replies = False
    if _only_filter(ours) and _only_filter(others):
        passed = _passed(ours)
        spaces: Iterable[HeaderSpace] = (
            rest for each in _passed(others) for rest in uncovered(each, passed)
        )
    elif _ends_of_routes(ours) == _ends_of_routes(others) in (_GOES_ON, _ENDS):
        routes = _routes(ours), _routes(others)
        spaces = _rerouted(*routes, apart)
        of_replies = all(route.session for each in routes for route in each)
    else:
        yield Spot(0, ANYTHING)
        return
    for space in bounded(spaces):
        yield Spot(head, space, of_replies=of_replies)


def _only_filter(stages: Sequence[Stage]) -> bool:
    """Whether these are filters of few rules that are sure, and remember nothing."""
    filters = [each for each in stages if isinstance(each, Filter)]
    plain = not any(each.session or each.opening or each.binds for each in filters)
    return plain and len(filters) == len(stages) and _is_settled(*filters)


def _ends_of_routes(stages: Sequence[Stage]) -> str:
    """What becomes of what takes no route, if these are lists of routes one after the other: they
    are one list."""
    *first, last = stages or (Forward(()),)
    if not isinstance(last, Forward):
        return ""
    if not all(isinstance(each, Forward) and each.otherwise is None for each in first):
        return ""
    return _GOES_ON if last.otherwise is None else _ENDS


def _routes(stages: Sequence[Stage]) -> Sequence[Route]:
    return [route for each in stages if isinstance(each, Forward) for route in each.routes]


def _passed(filters: Sequence[Stage]) -> list[HeaderSpace]:
    """What some filters let pass that stand behind each other."""
    spaces = [ANYTHING]
    for stage in filters:
        assert isinstance(stage, Filter)
        spaces = [met for each in spaces for met in permitted(stage, each)]
    return spaces


def same(one: Node, other: Node) -> bool:
    """Whether two nodes do the same to every flow."""
    return one is other or list(map(_done, one.stages)) == list(map(_done, other.stages))


def alike(one: Stage, other: Stage) -> bool:
    """Whether two stages do the same to every flow."""
    return one is other or _done(one) == _done(other)


def differ_in(kind: type[Filter] | UnionType, one: Node, other: Node) -> bool:
    """Whether two nodes do the same to every flow but for what stages of some kinds say."""
    rest, others = ([s for s in node.stages if not isinstance(s, kind)] for node in (one, other))
    return len(rest) == len(others) and all(
        alike(first, second) for first, second in zip(rest, others, strict=True)
    )


def _done(stage: Stage) -> object:
    """All that a stage does to a flow, without the words for it."""
    match stage:
        case Filter():
            binds, rules = stage.binds is not None, [(r.match, r.action) for r in stage.decisions]
            return "filter", rules, stage.session, stage.opening, binds
        case Translate():
            cases = [(case.match, [_told(each) for each in case.rewrites]) for case in stage.cases]
            return "translate", cases, stage.otherwise is None, stage.session
        case Restore():
            return "restore", stage.session
        case Forward():
            routes = [(r.match, r.next, r.session) for r in stage.routes]
            return "forward", routes, stage.otherwise is None
        case Choose():
            return "choose", [option.next for option in stage.options]
        case Deliver():
            return "deliver", stage.owner, stage.reply, stage.inside
        case Unmodelled():
            return ("unmodelled",)
        case _:
            assert_never(stage)


def _told(rewrite: Rewrite) -> object:
    """Tables are equal to themselves only, so their pairs count."""
    return (rewrite.field, rewrite.table.pairs) if isinstance(rewrite, Lookup) else rewrite


def _between(one: Stage, other: Stage, apart: Apart = anything) -> Iterator[HeaderSpace]:
    match one, other:
        case Filter(), Filter() if _alike(one, other) and _is_settled(one, other):
            yield from new_of(_permitted(one), _permitted(other), lambda: permitted(one, ANYTHING))
        case Filter(), Filter() if _alike(one, other):
            rules = [[(r.match, r.action) for r in each.decisions] for each in (one, other)]
            yield from _apart(
                rules[0],
                rules[1],
                lambda key, is_new: key[1] is not (Action.DENY if is_new else Action.PERMIT),
            )
        case Forward(), Forward() if _end_alike(one, other):
            yield from _rerouted(one.routes, other.routes, apart)
        case Translate(), Translate() if _rewrite_alike(one, other):
            yield from bounded(_rewritten_otherwise(one.cases, other.cases))
        case Choose(), Choose():  # of several things that may happen one is enough
            if not {each.next for each in one.options} >= {each.next for each in other.options}:
                yield ANYTHING
        case _:
            yield ANYTHING


def new_of(
    known: Sequence[HeaderSpace],
    permits: Sequence[HeaderSpace],
    old: Callable[[], Sequence[HeaderSpace]],
) -> Iterable[HeaderSpace]:
    """What some rules permit that are new, and ``old`` ones do not."""
    had = frozenset(known)
    new = [each for each in permits if each not in had]
    was = old() if new else ()
    return bounded(p for each in new for p in uncovered(each, was))


def permitted_more(one: Filter, other: Filter) -> tuple[HeaderSpace, ...] | None:
    """What the rules of the second of two filters permit, and those of the first do not; None
    where a rule does anything but permit."""
    rules = (*one.rules, *other.rules)
    if any(rule.action is not Action.PERMIT for rule in rules) or not _is_settled(one, other):
        return None
    return tuple(dict.fromkeys(_between(one, other)))


def _rerouted(one: Sequence[Route], other: Sequence[Route], apart: Apart) -> Iterator[HeaderSpace]:
    """What takes a route that only one of two lists has."""
    yield from _taken_otherwise([*map(_way, one)], [*map(_way, other)], apart)


def _case(case: Case) -> _Taken:
    return case.match, tuple(map(_told, case.rewrites)), ""


def _rewrite_alike(one: Translate, other: Translate) -> bool:
    """Whether two translations remember the same, and do the same with what is none of theirs."""
    otherwise = [each.otherwise is None for each in (one, other)]
    return one.session == other.session and otherwise[0] is otherwise[1]


def _rewritten_otherwise(one: Sequence[Case], other: Sequence[Case]) -> Iterator[HeaderSpace]:
    """What takes a case that only one of two lists has.  Where as many are at the same places, only
    what one of these makes something else of, case by case: all else becomes the same by both."""
    pairs = [*zip(one, other, strict=False)]
    apart = [n for n, (mine, others) in enumerate(pairs) if _case(mine) != _case(others)]
    moved = {_case(one[n]) for n in apart} & {_case(other[n]) for n in apart}
    if len(one) != len(other) or moved:
        yield from _taken_otherwise([*map(_case, one)], [*map(_case, other)], anything)
        return
    for number in apart:
        first = [mine.match for mine, others in pairs[:number] if mine.match == others.match]
        for space in _of_a_case(*pairs[number]):
            yield from uncovered(space, first)


def _of_a_case(one: Case, other: Case) -> Iterator[HeaderSpace]:
    """What is of one of two cases only, or may become what the first does not make of it: of what
    may become of a flow one thing is enough."""
    yield from uncovered(one.match, (other.match,))
    yield from uncovered(other.match, (one.match,))
    both = one.match & other.match
    if both.is_empty:
        return
    if len(one.rewrites) != len(other.rewrites):
        yield both
        return
    for mine, others in zip(one.rewrites, other.rewrites, strict=True):
        if not _gives_all_of(mine, others):
            met = both & _looked_up_otherwise(mine, others)
            if not met.is_empty:
                yield met


def _gives_all_of(one: Rewrite, other: Rewrite) -> bool:
    """Whether all that a rewrite may give the first one may."""
    if isinstance(one, Assign) and isinstance(other, Assign) and one.field == other.field:
        return not other.values - one.values
    return _told(one) == _told(other)


def _looked_up_otherwise(one: Rewrite, other: Rewrite) -> HeaderSpace:
    """What two rewrites that differ may make something else of."""
    if isinstance(one, Lookup) and isinstance(other, Lookup) and one.field == other.field:
        pairs = set(one.table.pairs) ^ set(other.table.pairs)
        return HeaderSpace.where(**{one.field: Ranges.of(*{old for old, _ in pairs})})
    return ANYTHING


def _taken_otherwise(
    one: Sequence[_Taken], other: Sequence[_Taken], apart: Apart
) -> Iterator[HeaderSpace]:
    """What takes something that only one of two lists has: what nothing before it takes.

    Where what they share is in one order, all else takes the same of both.
    """
    turned: Apart = lambda mine, others: apart(others, mine)  # noqa: E731
    keys = (one, other)
    known, new = dict.fromkeys(keys[0]), dict.fromkeys(keys[1])
    if [key for key in known if key in new] != [key for key in new if key in known]:
        yield ANYTHING
        return
    plain = not any(session for _, _, session in (*keys[0], *keys[1]))
    found: list[HeaderSpace] = []
    for mine, others, shared, told in (
        (keys[0], keys[1], new, apart),
        (keys[1], keys[0], known, turned),
    ):
        for place, key in enumerate(mine):
            if key not in shared:
                first = (match for match, _, session in mine[:place] if not session)
                pieces = list(uncovered(key[0], first))
                found += _elsewhere(pieces, key[1], others, told) if plain else pieces
    yield from bounded(found)


def _elsewhere(
    left: list[HeaderSpace], target: Any, routes: Sequence[_Taken], apart: Apart
) -> Iterator[HeaderSpace]:
    """What of some headers these routes do not send to a node, or one that does the same; or cases
    do not make the same of."""
    for match, onward, _ in routes:
        sent = [met for each in left if not (met := each & match).is_empty]
        if sent and onward != target:
            for told in apart(target, onward):
                yield from (met for each in sent if not (met := each & told).is_empty)
        left = [rest for each in left for rest in minus(each, match)]
    yield from left


def _alike(one: Filter, other: Filter) -> bool:
    """Whether two filters remember and await the same."""
    remembered = [(each.session, each.opening, each.binds is None) for each in (one, other)]
    return remembered[0] == remembered[1]


def _lets_back(one: Stage, other: Stage) -> str:
    """The session whose replies both stages let pass, whatever their rules."""
    both = isinstance(one, Filter) and isinstance(other, Filter) and _alike(one, other)
    return other.session if both and isinstance(other, Filter) else ""


def _is_settled(*filters: Filter) -> bool:
    """Whether rules permit or deny, and are few enough to be taken from each other."""
    return all(
        len(each.rules) <= MOST_RULES
        and all(rule.action is not Action.DOUBT for rule in each.decisions)
        for each in filters
    )


def _permitted(stage: Filter) -> Sequence[HeaderSpace]:
    """What a filter lets pass: its very rules, where none denies."""
    if any(rule.action is Action.DENY for rule in stage.rules):
        return permitted(stage, ANYTHING)
    return [rule.match for rule in stage.decisions if rule.action is Action.PERMIT]


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


# ------------------------------------------------------------------- back to the node's entry


def rewritten(stage: Translate) -> frozenset[str]:
    """The fields of a reply that are put back where a translation is undone: those of the other
    end.  Who sent it is said anew as well."""
    fields = {rewrite.field for case in stage.cases for rewrite in case.rewrites}
    return frozenset({"identity", *(OTHER_END.get(name, name) for name in fields)})


def preimage(
    node: Node, spot: Spot, *, reply: bool, put_back: Mapping[str, frozenset[str]] = _NO_SESSIONS
) -> tuple[HeaderSpace, ...]:
    """All headers that may enter a node and be in a spot's space in front of its stage.

    Filters are taken to let everything pass.  ``put_back`` are the fields that each session's
    translations rewrite, as its replies have them; of others nothing is known.
    """
    spaces: Iterable[HeaderSpace] = (spot.space,)
    for stage in reversed(node.stages[: spot.stage]):
        match stage:
            case Translate():
                spaces = [each for space in spaces for each in untranslated(stage, space)]
            case Restore():
                fields = put_back.get(stage.session)
                spaces = [ANYTHING if fields is None else s.without(*fields) for s in spaces]
                spaces = spaces if reply else ()
            case Filter() | Forward():
                pass
            case Choose() | Deliver() | Unmodelled():
                return ()
            case _:
                assert_never(stage)
    return bounded(spaces)


def bounded(spaces: Iterable[HeaderSpace]) -> tuple[HeaderSpace, ...]:
    """The spaces without those that others cover; one that holds all of them if they are many."""
    found = [space for space in dict.fromkeys(spaces) if not space.is_empty]
    return (hull(found),) if len(found) > MOST_SPACES else widest(found)


def widest(spaces: Iterable[HeaderSpace]) -> tuple[HeaderSpace, ...]:
    """The spaces without those that others cover."""
    found = [space for space in dict.fromkeys(spaces) if not space.is_empty]
    return tuple(
        each
        for place, each in enumerate(found)
        if not any(
            covers(other, each) and (place > at or not covers(each, other))
            for at, other in enumerate(found)
            if at != place
        )
    )


def only_says_who(stage: Translate) -> bool:
    """Whether nothing that a wire carries is rewritten."""
    return all(rewrite.field == "identity" for case in stage.cases for rewrite in case.rewrites)


def untranslated(stage: Translate, space: HeaderSpace) -> Iterator[HeaderSpace]:
    """The headers that a translation may turn into some of ``space``, or leave so."""
    for case in stage.cases:
        before = unwritten(case, space)
        if before is not None:
            yield before
    if stage.otherwise is None:
        yield space


def unwritten(case: Case, space: HeaderSpace) -> HeaderSpace | None:
    """The headers that a case may turn into some of ``space``."""
    for rewrite in reversed(case.rewrites):
        wanted = space.by_name.get(rewrite.field, whole(rewrite.field))
        match rewrite:
            case Assign():
                if not rewrite.values & wanted:
                    return None
                space = space.without(rewrite.field)
            case Lookup():
                kept = (old for old, new in rewrite.table.pairs if new in wanted)
                space = space.narrowed(rewrite.field, Ranges.of(*kept))
            case Embed():
                space = space.without(rewrite.field)
            case _:
                assert_never(rewrite)
    found = space & case.match
    return None if found.is_empty else found
