"""What is left out of the algebra is noticed, and what it has too much of changes nothing.

An *omission* takes something away from what the algebra found, or makes one of its stages forget
something: it has to leave a hole wherever that could matter, and a survey raises Defect.  An
*excess* claims more than can happen: no packet confirms it, and the survey says the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import pytest

import reach
from reach.asking import backend_of_thread, ground_of
from reach.errors import Defect
from reach.lower import Ground
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.network.stage import Filter, Forward
from reach.options import Options
from reach.question import parse
from reach.resolve import resolve
from reach.survey import survey as surveying
from reach.survey.closure import holes
from reach.survey.grouping import Grouping
from reach.survey.senders import Senders
from reach.survey.spread import Spread, _Work, spread
from reach.survey.survey import PROOF_BUDGET
from tests.estate import city

QUESTION = "can any reach any"
Part = tuple[str, Any, HeaderSpace]


@dataclass(frozen=True)
class Case:
    """An estate, who sends in it, and what the algebra makes of it."""

    ground: Ground
    senders: Senders
    found: Spread

    def has_holes(self, changed: Spread) -> bool:
        backend = backend_of_thread()
        return bool(holes(self.ground.network, self.senders, changed, backend, PROOF_BUDGET))


@pytest.fixture(scope="module")
def snapshot() -> Any:
    return city()[0].load()


@pytest.fixture(scope="module")
def case(snapshot: Any) -> Case:
    ground = ground_of(snapshot, Options.of({}))
    starts = resolve(ground, parse(QUESTION)).aim.starts
    senders = Senders.of(ground.network, Grouping(ground, "endpoint").sources(starts))
    return Case(ground, senders, spread(ground.network, senders))


def parts(found: Spread) -> Iterator[Part]:
    """Every set of packets, by where it is held."""
    for kind in ("cells", "arrivals", "unmodelled"):
        for place, sets in getattr(found, kind).items():
            for space in sets:
                yield kind, place, space


def held(found: Spread, kind: str, place: Any) -> dict[HeaderSpace, int]:
    sets: dict[HeaderSpace, int] = getattr(found, kind)[place]
    return sets


def still_covered(found: Spread, kind: str, place: Any, gone: HeaderSpace, bits: int) -> bool:
    """Whether what was taken away lies in what is left beside it."""
    from reach.flood import covers

    left = (some for space, some in held(found, kind, place).items() if covers(space, gone))
    beside = 0
    for some in left:
        beside |= some
    return not bits & ~beside


def without_set(found: Spread, part: Part) -> Spread | None:
    changed = deepcopy(found)
    kind, place, space = part
    bits = held(changed, kind, place).pop(space)
    return None if still_covered(changed, kind, place, space, bits) else changed


def without_senders(found: Spread, part: Part) -> Spread | None:
    """Half of the senders of a set, at least one, forgotten."""
    changed = deepcopy(found)
    kind, place, space = part
    bits = held(changed, kind, place)[space]
    lost = bits & -bits
    held(changed, kind, place)[space] = bits & ~lost
    return None if still_covered(changed, kind, place, space, lost) else changed


def narrower(found: Spread, part: Part) -> Spread | None:
    """A set that has lost its lowest destination."""
    changed = deepcopy(found)
    kind, place, space = part
    ends = space.by_name.get("destination")
    if ends is None:
        return None
    rest = ends - Ranges.of(ends.intervals[0][0])
    bits = held(changed, kind, place).pop(space)
    if rest:
        smaller = space.narrowed("destination", rest)
        held(changed, kind, place)[smaller] = held(changed, kind, place).get(smaller, 0) | bits
    lost = space.narrowed("destination", Ranges.of(ends.intervals[0][0]))
    return None if still_covered(changed, kind, place, lost, bits) else changed


OMISSIONS = (without_set, without_senders, narrower)


@pytest.mark.parametrize("omit", OMISSIONS, ids=lambda each: each.__name__)
def test_every_omission_leaves_a_hole(
    case: Case, omit: Callable[[Spread, Part], Spread | None], capsys: pytest.CaptureFixture[str]
) -> None:
    """Of what is taken away at forty places nothing goes unnoticed."""
    every = list(parts(case.found))
    some = Random(1).sample(every, min(40, len(every)))
    changed = [(part, spread) for part in some if (spread := omit(case.found, part)) is not None]
    missed = [part for part, spread in changed if not case.has_holes(spread)]
    with capsys.disabled():
        print(f"\n{omit.__name__}: {len(changed) - len(missed)} of {len(changed)} noticed")
    assert missed == []
    assert len(changed) >= 20


# ---------------------------------------------------------------- stages that forget

Stages = Callable[[pytest.MonkeyPatch], None]


def _forgetting(name: str, change: Callable[[Any], Any]) -> Stages:
    def patch(patcher: pytest.MonkeyPatch) -> None:
        plain = getattr(_Work, name)
        patcher.setattr(_Work, name, lambda self, stage, *rest: plain(self, change(stage), *rest))

    return patch


def _fewer(items: tuple[Any, ...]) -> tuple[Any, ...]:
    return items[:-1]


def _without_a_permit(stage: Filter) -> Filter:
    return replace(stage, rules=_fewer(stage.rules))


def _closed(stage: Filter) -> Filter:
    """A filter in which what no rule decides is taken for denied."""
    denied = [rule for rule in stage.rules if rule.action.name == "PERMIT"]
    return replace(stage, rules=tuple(denied[:1])) if len(denied) > 1 else stage


def _without_the_last_route(stage: Forward) -> Forward:
    return replace(stage, routes=_fewer(stage.routes)) if len(stage.routes) > 2 else stage


def _without_the_first_route(stage: Forward) -> Forward:
    return replace(stage, routes=stage.routes[1:]) if len(stage.routes) > 2 else stage


def _no_translation(patcher: pytest.MonkeyPatch) -> None:
    patcher.setattr(_Work, "_rewritten", lambda self, translation, cell: iter((cell,)))


def _no_rest(patcher: pytest.MonkeyPatch) -> None:
    """What does not match a rule is forgotten."""
    patcher.setattr(_Work, "_unmatched", lambda self, cell, match: iter(()))


def _no_unrouted(patcher: pytest.MonkeyPatch) -> None:
    """What no route takes is forgotten."""
    patcher.setattr(_Work, "_unrouted", lambda self, cell, taken: [])


def _one_sender(patcher: pytest.MonkeyPatch) -> None:
    """Of all senders of a set one goes on."""
    plain = _Work.enter

    def enter(self: _Work, node: str, space: HeaderSpace, bits: int) -> None:
        plain(self, node, space, bits & -bits)

    patcher.setattr(_Work, "enter", enter)


def _first_family(patcher: pytest.MonkeyPatch) -> None:
    """Sets lose all but the first interval of their destinations."""
    plain = _Work.enter

    def enter(self: _Work, node: str, space: HeaderSpace, bits: int) -> None:
        ends = space.by_name.get("destination")
        if ends is not None and len(ends.intervals) > 1:
            space = space.narrowed("destination", Ranges(ends.intervals[:1]))
        plain(self, node, space, bits)

    patcher.setattr(_Work, "enter", enter)


FORGETTING: dict[str, Stages] = {
    "a filter forgets its last rule": _forgetting("_filter", _without_a_permit),
    "a filter knows one permit": _forgetting("_filter", _closed),
    "a router forgets its last route": _forgetting("_forward", _without_the_last_route),
    "a router forgets its first route": _forgetting("_forward", _without_the_first_route),
    "nothing is translated": _no_translation,
    "what a rule does not match is forgotten": _no_rest,
    "what no route takes is forgotten": _no_unrouted,
    "one sender of each set goes on": _one_sender,
    "sets lose their further destinations": _first_family,
}
KILLS = 9


def is_noticed(snapshot: Any, fault: Stages) -> bool:
    with pytest.MonkeyPatch.context() as patcher:
        fault(patcher)
        try:
            reach.matrix(snapshot)
        except Defect as error:
            return "left something out" in str(error)
    return False


def test_stages_that_forget(snapshot: Any) -> None:
    """Nine faults in the algebra's stages: each ends a survey, none changes it."""
    noticed = [name for name, fault in FORGETTING.items() if is_noticed(snapshot, fault)]
    assert noticed == list(FORGETTING)
    assert len(noticed) == KILLS


def test_a_survey_without_proof_does_not_say_that_it_is_complete(snapshot: Any) -> None:
    """Where nothing is proved an omission goes by, and so the survey says that nothing is."""
    with pytest.MonkeyPatch.context() as patcher:
        _no_unrouted(patcher)
        told = reach.matrix(snapshot, prove=False)
    assert not told.complete
    assert told.proof == "completeness was not proved: it was not asked for"
    assert told.standing is not reach.survey.findings.Standing.NOTHING


# ---------------------------------------------------------------- what is claimed too much


def _more_bits(case: Case, found: Spread) -> None:
    """Everybody may have sent everything."""
    for kind, place, space in list(parts(found)):
        held(found, kind, place)[space] = (1 << len(case.senders.each)) - 1


def _more_arrivals(case: Case, found: Spread) -> None:
    """Whatever anybody sends arrives everywhere."""
    for owner in list(found.arrivals):
        for sets in list(found.cells.values()):
            for space, bits in sets.items():
                known = found.arrivals[owner]
                known[space] = known.get(space, 0) | bits


def _anything(case: Case, found: Spread) -> None:
    """Any packet of anybody is delivered to every owner."""
    own = HeaderSpace.where(source=Ranges.span(0, (1 << 129) - 1))
    for owner in found.arrivals:
        found.arrivals[owner][own] = (1 << len(case.senders.each)) - 1
        found.arrivals[owner][ANYTHING] = (1 << len(case.senders.each)) - 1


EXCESSES = (_more_bits, _more_arrivals, _anything)


@pytest.mark.parametrize("claim", EXCESSES, ids=lambda each: each.__name__[1:])
@pytest.mark.parametrize("one_way", [False, True])
def test_an_excess_changes_nothing(
    snapshot: Any, case: Case, claim: Callable[[Case, Spread], None], one_way: bool
) -> None:
    """What no packet confirms is in no survey."""
    told = reach.matrix(snapshot, by="endpoint", one_way=one_way)

    def claiming(network: Any, senders: Senders, **how: Any) -> Spread:
        found = spread(network, senders, **how)
        claim(replace(case, senders=senders), found)
        return found

    with pytest.MonkeyPatch.context() as patcher:
        patcher.setattr(surveying, "spread", claiming)
        # That more is held need not be closed; whether it is matters to the proof only.
        more = reach.matrix(snapshot, by="endpoint", one_way=one_way, prove=False)
    assert services(more) == services(told)
    assert more.open == told.open


def services(told: Any) -> dict[tuple[str, str], str]:
    """All services of each pair, however they were found."""
    from reach.survey.findings import services_words

    together: dict[tuple[str, str], list[HeaderSpace]] = {}
    for each in told.accesses:
        together.setdefault((each.source, each.destination), []).extend(each.services)
    return {pair: services_words(tuple(some)) for pair, some in together.items()}
