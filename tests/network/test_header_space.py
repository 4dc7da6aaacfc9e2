"""Sets of numbers and products of them, against Python's own sets."""

from __future__ import annotations

import os
import pickle
import random
import subprocess
import sys

import pytest

from reach.network.address import Prefix, format_address, parse_address
from reach.network.field import ICMP, TCP, Header, answers, reply_to
from reach.network.header_space import HeaderSpace, LaterRanges, Ranges, shared

SEEDS = range(60)
SIZE = 40


def some_ranges(rng: random.Random) -> tuple[Ranges, set[int]]:
    spans = [sorted(rng.randrange(SIZE) for _ in range(2)) for _ in range(rng.randint(0, 4))]
    values = {value for low, high in spans for value in range(low, high + 1)}
    return Ranges.union((low, high) for low, high in spans), values


@pytest.mark.parametrize("seed", SEEDS)
def test_ranges_are_sets(seed: int) -> None:
    """Union, intersection, difference and membership are those of sets."""
    rng = random.Random(seed)
    (a, in_a), (b, in_b) = some_ranges(rng), some_ranges(rng)
    low, high = sorted(rng.randrange(SIZE) for _ in range(2))
    within, in_within = Ranges.span(low, high), set(range(low, high + 1))
    for made, expected in (
        (a | b, in_a | in_b),
        (Ranges.any_of((a, b)), in_a | in_b),
        (a & b, in_a & in_b),
        (a - b, in_a - in_b),
        (a & within, in_a & in_within),
        (within - a, in_within - in_a),
    ):
        assert {value for value in range(SIZE) if value in made} == expected
        assert made.count == len(expected)
        assert bool(made) is bool(expected)
    assert a.meets(low, high) is bool(in_a & in_within)
    assert a.lies_in(b) is (in_a <= in_b)
    assert a.lies_in(within) is (in_a <= in_within)
    assert (a & b).lies_in(a)


@pytest.mark.parametrize("seed", SEEDS)
def test_ranges_are_normal(seed: int) -> None:
    """Equal sets are equal ranges: sorted, disjoint, not adjacent."""
    rng = random.Random(seed)
    (a, in_a), (b, _) = some_ranges(rng), some_ranges(rng)
    assert (a - b).count + (a & b).count == a.count
    assert (a - b) | (a & b) == a == Ranges.union((value, value) for value in in_a)


@pytest.mark.parametrize("seed", SEEDS)
def test_few_holes_in_many_intervals(seed: int) -> None:
    """A difference of few intervals takes another way, and is the same."""
    rng = random.Random(seed)
    many = Ranges.union((low, low + rng.randrange(4)) for low in rng.sample(range(600), 120))
    lows = [rng.randrange(600) for _ in range(rng.randint(1, 5))]
    few = Ranges.union((low, low + rng.choice((0, 3, 60))) for low in lows)
    expected = {value for value in range(700) if value in many and value not in few}
    assert (many - few).intervals == Ranges.union((value, value) for value in expected).intervals


def test_an_address_stands_for_its_place() -> None:
    """A single IPv4 address and its /32 are the same set."""
    one = parse_address("10.0.0.1")
    assert Ranges.of(one) == Ranges.prefixes([Prefix.parse("10.0.0.1/32")])
    assert Ranges.of(one).single == one
    two = Ranges.of(one, parse_address("10.0.0.2"))
    assert two.single is None
    assert [str(prefix) for prefix in two.cover()] == ["10.0.0.1/32", "10.0.0.2/32"]


def test_roughly_joins_neighbours() -> None:
    """Of many blocks those near each other, of one IP version; few are left as they are."""
    four = [
        f"10.{net}.{at}.{host}/32" for net in (0, 9) for at in (1, 12) for host in range(1, 20, 2)
    ]
    six = [f"2600:1f18:0:{net}::{host:x}/128" for net in (100, 300) for host in range(1, 20, 2)]
    many = Ranges.prefixes(map(Prefix.parse, [*four, *six, "255.255.255.255/32", "::1/128"]))
    roughly = many.roughly()
    assert many.lies_in(roughly)
    ends = [(format_address(low), format_address(high)) for low, high in roughly.intervals]
    assert ends == [
        ("::1", "::1"),
        ("2600:1f18:0:100::1", "2600:1f18:0:100::13"),
        ("2600:1f18:0:300::1", "2600:1f18:0:300::13"),
        ("10.0.1.1", "10.0.12.19"),
        ("10.9.1.1", "10.9.12.19"),
        ("255.255.255.255", "255.255.255.255"),
    ]
    few = Ranges.prefixes(map(Prefix.parse, four[:32]))
    assert few.roughly() is few


def test_products() -> None:
    """A space holds the headers whose every constrained field lies in its set."""
    here, there = parse_address("10.0.0.1"), parse_address("10.0.0.2")
    ssh = HeaderSpace.where(protocol=Ranges.of(TCP), destination_port=Ranges.of(22))
    assert Header(here, there, TCP, 50000, 22) in ssh
    assert Header(here, there, TCP, 22, 50000) not in ssh
    narrower = ssh & HeaderSpace.where(source=Ranges.of(there))
    assert Header(here, there, TCP, 50000, 22) not in narrower
    assert (narrower & HeaderSpace.where(source=Ranges.of(here))).is_empty


def test_replies() -> None:
    """R-OBS-9: ends are exchanged, an echo request becomes an echo reply, which nobody answers."""
    here, there = parse_address("10.0.0.1"), parse_address("10.0.0.2")
    assert reply_to(Header(here, there, TCP, 50000, 22, identity=7)) == Header(
        there, here, TCP, 22, 50000
    )
    echo = Header(here, there, ICMP, icmp_type=8)
    assert reply_to(echo) == Header(there, here, ICMP, icmp_type=0)
    assert answers(echo)
    assert not answers(reply_to(echo))


def test_what_overlaps_has_a_header_in_common() -> None:
    """overlaps(A, B) = not (A & B).is_empty, for ranges and for products."""
    rng = random.Random(3)
    for _ in range(300):
        one, other = (
            Ranges.union((low, low + rng.randint(0, 3)) for low in rng.sample(range(30), 3))
            for _ in range(2)
        )
        assert one.overlaps(other) is bool(one & other)
        spaces = [
            HeaderSpace.where(
                destination_port=rng.choice((one, other, Ranges(()), None)),
                icmp_type=rng.choice((Ranges.of(3), Ranges.of(4), None)),
            )
            for _ in range(2)
        ]
        assert spaces[0].overlaps(spaces[1]) is (not (spaces[0] & spaces[1]).is_empty)


@pytest.mark.parametrize("seed", range(20))
def test_what_several_sets_share(seed: int) -> None:
    """Every value that is in two of them or more, and no other."""
    rng = random.Random(seed)
    pairs = [some_ranges(rng) for _ in range(rng.randrange(6))]
    expected = {v for v in range(SIZE) if sum(v in values for _, values in pairs) > 1}
    found = shared(each for each, _ in pairs)
    assert {v for v in range(SIZE) if v in found} == expected


def test_what_is_worked_out_later_goes_to_another_process() -> None:
    """A certificate has such sets, and a worker tells it to who asked."""
    some = Ranges.of(3, 7, 9)
    told = pickle.loads(pickle.dumps(HeaderSpace.where(source=LaterRanges(lambda: some))))
    assert told == HeaderSpace.where(source=some)
    assert type(told.by_name["source"]) is Ranges


def test_what_another_process_sends_is_found_in_a_set() -> None:
    """Its texts have other hashes, so none that it worked out is sent."""
    code = (
        "import pickle, sys; from reach.network.header_space import HeaderSpace, Ranges; "
        "space = HeaderSpace.where(protocol=Ranges.of(6)); {space: space.by_name}; "
        "sys.stdout.buffer.write(pickle.dumps(space))"
    )
    space = HeaderSpace.where(protocol=Ranges.of(6))
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        )
        assert pickle.loads(done.stdout) in {space}
