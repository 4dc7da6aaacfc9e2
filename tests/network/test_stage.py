"""What stages say of themselves: which routes may match which destinations."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest

from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.network.stage import Embed, Forward, Origin, Route

QUIET = Origin("", "")
ALL = Ranges.span(0, 63)


def random_ranges(random: Random) -> Ranges:
    spans = []
    for _ in range(random.randrange(1, 4)):
        low = random.randrange(0, 60)
        spans.append((low, min(63, low + random.randrange(0, 12))))
    return Ranges.union(spans)


def random_route(random: Random) -> Route:
    if random.random() < 0.1:
        return Route(ANYTHING, "x", QUIET)
    return Route(HeaderSpace.where(destination=random_ranges(random)), "x", QUIET)


@pytest.mark.parametrize("seed", range(30))
def test_routes_towards_destinations(seed: int) -> None:
    """Exactly the routes whose destinations have one in common with the given ones, in order."""
    random = Random(seed)
    forward = Forward(tuple(random_route(random) for _ in range(random.randrange(0, 25))))
    for _ in range(20):
        wanted = random_ranges(random)
        expected = [
            number
            for number, route in enumerate(forward.routes)
            if (ends := route.match.by_name.get("destination")) is None or ends & wanted
        ]
        assert list(forward.towards(wanted)) == expected
    assert forward.towards(Ranges(())) == ()


@pytest.mark.parametrize("seed", range(30))
def test_routes_at_a_destination(seed: int) -> None:
    """Whatever routes match, these are among them, in order, overlapping routes or not."""
    random = Random(seed)
    routes = [random_route(random) for _ in range(random.randrange(0, 25))]
    if seed % 2:  # each takes what those before it have left: no two have one in common
        left = Ranges.span(0, 63)
        for number, route in enumerate(routes):
            own = left & route.match.by_name.get("destination", Ranges.span(0, 5))
            left -= own
            routes[number] = Route(HeaderSpace.where(destination=own), "x", QUIET)
    forward = Forward(tuple(routes))
    for destination in range(64):
        met = [r for r in routes if destination in _destinations(r)]
        found = [r for r in forward.at(destination) if destination in _destinations(r)]
        assert list(map(id, found)) == list(map(id, met))


def _destinations(route: Route) -> Ranges:
    return route.match.by_name.get("destination", ALL)


def test_rivals_are_earlier_routes_that_overlap() -> None:
    """A route is decided by those before it that may match the same destinations."""
    spans = [(0, 9), (20, 29), (5, 24), (30, 39)]
    routes = [
        Route(HeaderSpace.where(destination=Ranges.span(low, high)), "x", QUIET)
        for low, high in spans
    ]
    assert Forward((*routes, Route(ANYTHING, "y", QUIET))).rivals == (
        (),
        (),
        (0, 1),
        (),
        (0, 1, 2, 3),
    )


@pytest.mark.parametrize("seed", range(30))
def test_what_is_carried_over_is_told_of_whole_runs(seed: int) -> None:
    """Every value that becomes of some, and what lies between; of runs that have the other bits
    in common, exactly those that become some."""
    random = Random(seed)
    width, taken_from, put_at = random.randint(1, 4), random.choice((0, 0, 2)), random.randint(0, 3)
    base = 1 << (put_at + width + 1)
    embed = Embed("destination", base, taken_from, put_at, width)
    values = random_ranges(random)
    given = [embed.of(value) for value in range(64) if value in values]
    between = {each | low for each in given for low in range(1 << put_at)}
    assert set(numbers(embed.image(values))) == between
    above = taken_from + width
    told = all(low >> above == high >> above for low, high in values.intervals)
    assert embed.tells(values) == told
    if told:
        wanted = Ranges.union(
            (base + low, base + high) for low, high in random_ranges(random).intervals
        )
        expected = [v for v in range(64) if v in values and embed.of(v) in wanted]
        assert list(numbers(embed.before(wanted, values))) == expected


def numbers(values: Ranges) -> Iterator[int]:
    for low, high in values.intervals:
        yield from range(low, high + 1)


@pytest.mark.parametrize("seed", range(40))
def test_rivals_of_any_routes(seed: int) -> None:
    """Found at once where no two routes overlap, and the same where some do."""
    random = Random(seed)
    spans = [(place * 10, place * 10 + random.randrange(14)) for place in range(12)]
    routes = []
    for low, high in random.sample(spans, random.randrange(12)):
        match = HeaderSpace.where(destination=Ranges.span(low, high))
        routes.append(Route(match if random.random() < 0.95 else ANYTHING, "x", QUIET))
    expected = tuple(
        tuple(at for at in range(number) if routes[at].match.overlaps(route.match))
        for number, route in enumerate(routes)
    )
    assert Forward(tuple(routes)).rivals == expected
