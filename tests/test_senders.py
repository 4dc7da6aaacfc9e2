"""Who sends a set of flows: the oracle is the set of all pairs of an address and an identity."""

from __future__ import annotations

from random import Random

import pytest

from reach.network.header_space import HeaderSpace, Ranges
from reach.sets.senders import Flows

Pairs = frozenset[tuple[int, int]]
_PORT = Ranges.of(22)


def ranges(rng: Random) -> Ranges:
    return Ranges.union((low, low + rng.randrange(4)) for low in rng.sample(range(0, 60, 6), 3))


def flows(rng: Random) -> Flows:
    """Some senders of two to five identities."""
    every = [
        Flows.of(
            HeaderSpace.where(
                source=ranges(rng), identity=Ranges.of(identity), destination_port=_PORT
            )
        )
        for identity in rng.sample(range(9), rng.randint(2, 5))
    ]
    return Flows(every[0].rest, Ranges.any_of(each.senders for each in every))


def pairs(some: Flows) -> Pairs:
    return frozenset(
        (source, identity)
        for _, space in some.apart(None)
        for low, high in space.by_name["source"].intervals
        for source in range(low, high + 1)
        for identity in [space.by_name["identity"].single]
        if identity is not None
    )


@pytest.mark.parametrize("seed", range(40))
def test_parts_are_alike_to_whoever_reads_them_and_together_all(seed: int) -> None:
    rng = Random(f"senders/{seed}")
    some, reads = flows(rng), tuple(ranges(rng) for _ in range(rng.randrange(3)))
    parts = [*some.apart(reads)]
    assert sum(len(pairs(part)) for part, _ in parts) == len(pairs(some))
    assert frozenset().union(*(pairs(part) for part, _ in parts)) == pairs(some)
    for part, space in parts:
        sources = space.by_name["source"]
        assert {source for source, _ in pairs(part)} == {s for s in range(99) if s in sources}
        for each in reads:
            said = {identity in each for _, identity in pairs(part)}
            assert len(said) == 1
            assert said == {space.by_name["identity"].overlaps(each)}


@pytest.mark.parametrize("seed", range(40))
def test_what_goes_on_is_of_the_senders_that_it_is_of(seed: int) -> None:
    """As they are, or only some of them; or said to be somebody else."""
    rng = Random(f"onward/{seed}")
    some, left = flows(rng), ranges(rng)
    for part, sent in some.apart(()):
        space = sent.narrowed("source", sent.by_name["source"] & left)
        kept = {(source, identity) for source, identity in pairs(part) if source in left}
        assert pairs(part.onward(sent, sent)) == pairs(part)
        assert pairs(part.onward(sent, space)) == kept
        other = pairs(part.onward(sent, space.narrowed("identity", Ranges.of(7))))
        assert other == {(source, 7) for source, _ in kept}


def test_a_product_is_its_own_flows() -> None:
    space = HeaderSpace.where(source=Ranges.of(3, 5), destination_port=_PORT, identity=Ranges.of(4))
    ((some, again),) = Flows.of(space).apart(())
    assert (again, some.is_of_one) == (space, True)
    assert some.onward(space, space) == some
    assert not Flows.of(space.narrowed("identity", Ranges.of(4, 6))).is_of_one
