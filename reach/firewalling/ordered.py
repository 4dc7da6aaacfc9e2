"""Ordered rules of which some may match and nobody can tell: as stages.

The first rule that matches decides where a packet goes, or drops it.  A rule that *may* match is a
choice of its own: the packet goes on as if it had not matched, or where the rule says; the answer
repeats what was assumed.  A rule that *would* be known from a call which is missing is a doubt.

    items = settled(items, against=...)          # what decides alike stands together, the certain
    first_match(items, 0, otherwise, names)      # ones first; then a node for each choice
    perhaps(items, 3, names)

Takes and gives the neutral vocabulary; must not know what the rules are rules of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from reach.gone import nth
from reach.network.header_space import ANYTHING, HeaderSpace
from reach.network.stage import (
    Action,
    Choose,
    Filter,
    Forward,
    Option,
    Origin,
    Route,
    Rule,
    Stage,
)

_QUIET = Origin("", "")
MOST_PAIRS = 4000
# Rules in one node; a long list is a chain of nodes, so that its choices multiply within one only.
MOST_SPACES = 400


@dataclass(frozen=True, slots=True)
class Item:
    """Headers in any of ``spaces`` go to ``outcome``, or are dropped if that is empty.

    A ``certain`` rule does so; another may, for ``origin``'s words ("no rule of ... matches it")
    and, if it leads somewhere, ``matches`` ("... matches it").  In ``doubt`` nobody can tell what
    happens, for want of a call; the packet goes to ``outcome`` under that doubt.  One that
    ``stops`` the flow lets this packet go there, and no later one.
    """

    spaces: tuple[HeaderSpace, ...]
    outcome: str
    origin: Origin
    certain: bool = True
    doubt: bool = False
    stops: bool = False
    matches: str = ""

    @property
    def drops(self) -> bool:
        """Whether it is against the flow."""
        return self.stops or not self.outcome


@dataclass(frozen=True, slots=True)
class Names:
    """How nodes are called: where an outcome leads, and the nodes of this very list.

    An empty outcome leads where a packet goes whose denial is disregarded.
    """

    outcome: Callable[[str], str]
    rules: Callable[[int], str]
    perhaps: Callable[[int], str]


# ------------------------------------------------------------------- putting in order


def settled(items: Iterable[Item], against: Iterable[HeaderSpace]) -> tuple[Item, ...]:
    """The same rules in fewer: of neighbours that decide alike the order means nothing.

    ``against`` is what may be dropped where no rule matches.  A rule that can only confirm what
    happens anyway is left out, if it is one that may match.
    """
    listed = [each for _, run in groupby(items, key=_decides) for each in _run(list(run))]
    kept: list[Item] = []
    dropping = list(against)
    for item in reversed(listed):
        if not (item.certain or item.drops or item.doubt):
            item = replace(item, spaces=tuple(_met(item.spaces, dropping)))
        if item.spaces:
            kept.append(item)
        if item.doubt or item.drops:
            dropping += item.spaces
    return tuple(reversed(kept))


def _decides(item: Item) -> tuple[bool, str]:
    """What rules have in common whose order means nothing; a doubt stands alone."""
    if item.doubt:
        return True, str(id(item))
    return False, "" if item.drops else item.outcome


def _run(run: list[Item]) -> Iterator[Item]:
    """The certain ones, and all that may match as one."""
    yield from (item for item in run if item.certain or item.doubt)
    perhaps = [item for item in run if not (item.certain or item.doubt)]
    if len(perhaps) == 1:
        yield perhaps[0]
    elif perhaps:
        spaces = tuple(dict.fromkeys(space for item in perhaps for space in item.spaces))
        more = f" (and {len(perhaps) - 1} more)"
        first = perhaps[0]
        origin = replace(first.origin, words=first.origin.words + more)
        yield replace(first, spaces=spaces, origin=origin, matches=first.matches + more)


def _met(spaces: Sequence[HeaderSpace], others: Sequence[HeaderSpace]) -> Iterator[HeaderSpace]:
    """What the spaces have in common with any of the others."""
    others = tuple(dict.fromkeys(others))
    if ANYTHING in others or len(spaces) * len(others) > MOST_PAIRS:
        yield from spaces
        return
    both = (space & other for space in spaces for other in others)
    yield from dict.fromkeys(space for space in both if not space.is_empty)


# ------------------------------------------------------------------- as stages


def first_match(
    items: Sequence[Item], start: int, otherwise: Item, names: Names
) -> tuple[Stage, ...]:
    """The rules from ``start`` on; ``otherwise`` is a certain one for what none of them matches.

    The filter drops; a packet whose denial is disregarded goes on as the later rules say.
    """
    rules: list[Rule] = []
    routes: list[Route] = []
    end = _end_of_block(items, start)
    for number, item in enumerate(items[start:end], start):
        for space in item.spaces:
            rules.append(Rule(space, *_does(item)))
            if item.outcome or not item.certain:
                routes.append(Route(space, _leads(item, number, names), _QUIET))
    last = Rule(ANYTHING, *_does(otherwise))
    onward = names.outcome(otherwise.outcome)
    if end < len(items):
        last, onward = Rule(ANYTHING, Action.PERMIT, _QUIET), names.rules(end)
    routes.append(Route(ANYTHING, onward, _QUIET))
    return (Filter(tuple(rules), last), Forward(tuple(routes), _QUIET))


def _end_of_block(items: Sequence[Item], start: int) -> int:
    """Where the block ends that ``start`` is in: the same for every start in it."""
    size = 0
    for number, item in enumerate(items):
        full = size and size + len(item.spaces) > MOST_SPACES
        if full and number > start:
            return number
        size = len(item.spaces) + (0 if full else size)
    return len(items)


def _does(item: Item) -> tuple[Action, Origin]:
    if item.doubt:
        return Action.DOUBT, item.origin
    if not item.certain:
        return Action.PERMIT, _QUIET
    return (Action.PERMIT if item.outcome else Action.DENY), item.origin


def _leads(item: Item, number: int, names: Names) -> str:
    if not item.certain and not item.doubt:
        return names.perhaps(number)
    return names.outcome(item.outcome)


def perhaps(items: Sequence[Item], number: int, names: Names) -> tuple[Stage, ...]:
    """A rule that may match: the packet goes on as if it did not, or where it says."""
    item = nth(items, number)
    options = [Option(names.rules(number + 1), item.origin)]
    if not item.drops:
        matched = replace(item.origin, words=item.matches)
        options.append(Option(names.outcome(item.outcome), matched))
    return (Choose(tuple(options)),)
