"""Covering: every claim is what counting headers one by one gives."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from random import Random

import pytest

from reach.cards import covering
from reach.cards.covering import covered
from reach.network.address import Prefix, parse_address
from reach.network.field import ICMP, ICMPV6, TCP, UDP, Header
from reach.network.header_space import HeaderSpace, Ranges
from solver import Allowance
from solver.backends.z3 import Z3Backend

BACKEND = Z3Backend()
LONG = Allowance(600)
PROTOCOLS = (TCP, UDP, ICMP, ICMPV6, 50)
BLOCKS = ("10.0.0.0/30", "10.0.0.0/31", "10.0.0.2/31", "10.0.0.1/32", "0.0.0.0/0", "::/0")
ADDRESSES = ("10.0.0.0", "10.0.0.1", "10.0.0.2", "10.0.0.3", "192.0.2.1", "2001:db8::1")
# Every number next to an edge of a range below: between two of them nothing changes.
EDGES = (0, 21, 22, 23, 79, 80, 81, 442, 443, 444, 65535)
SPANS = ((22, 22), (22, 80), (80, 443), (0, 65535), (23, 443), (0, 79))


def space(block: str | None, protocol: int | None, ports: tuple[int, int] | None) -> HeaderSpace:
    return HeaderSpace.where(
        source=None if block is None else Ranges.prefixes([Prefix.parse(block)]),
        protocol=None if protocol is None else Ranges.of(protocol),
        destination_port=None if ports is None else Ranges.span(*ports),
    )


def headers() -> Iterator[Header]:
    """One header of each kind that the spaces below can tell apart."""
    for text, protocol in product(ADDRESSES, PROTOCOLS):
        source = parse_address(text)
        six = ":" in text
        if protocol == (ICMP if six else ICMPV6):
            continue
        destination = parse_address("2001:db8::9" if six else "198.51.100.9")
        for port in EDGES if protocol in (TCP, UDP) else (0,):
            yield Header(source, destination, protocol, 0, port)


EVERY = tuple(headers())


def random_space(random: Random) -> HeaderSpace:
    protocol = random.choice((*PROTOCOLS, TCP, UDP, None))
    ports = random.choice((*SPANS, None)) if protocol in (TCP, UDP) else None
    return space(random.choice((*BLOCKS, None)), protocol, ports)


def counted(one: HeaderSpace, others: list[HeaderSpace]) -> bool:
    return all(any(header in other for other in others) for header in EVERY if header in one)


@pytest.mark.parametrize("few_pieces", [False, True], ids=["algebra", "solver"])
def test_covering_is_what_counting_gives(few_pieces: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """covered(S, O) iff each header of S lies in O; what is named covers by itself.

    By set algebra, and by the solver when there would be too many pieces.
    """
    if few_pieces:
        monkeypatch.setattr(covering, "MOST_PIECES", 0)
    random = Random(7)
    met = {True: 0, False: 0}
    for _ in range(150 if few_pieces else 600):
        one = random_space(random)
        others = {str(n): [random_space(random)] for n in range(random.randint(0, 7))}
        told = covered([one], others, BACKEND, LONG)
        assert not told.unproved
        holds = counted(one, [each for (each,) in others.values()])
        met[holds] += 1
        assert (told.by is not None) is holds, (str(one), [str(o[0]) for o in others.values()])
        if told.by is not None:
            assert counted(one, [others[name][0] for name in told.by])
    assert min(met.values()) > 20, "both answers occur"


def test_of_what_covers_none_can_be_left_out() -> None:
    """Two halves of a block are named, a third that overlaps is not."""
    halves = {"low": "10.0.0.0/31", "high": "10.0.0.2/31", "one": "10.0.0.1/32"}
    others = {name: [space(block, TCP, None)] for name, block in halves.items()}
    told = covered([space("10.0.0.0/30", TCP, (22, 22))], others, BACKEND, LONG)
    assert told.by == ("low", "high")


def test_all_protocols_are_all_there_are() -> None:
    """ "All traffic" of IPv4 is covered by TCP, UDP, ICMP and every other number, and not by
    fewer; ICMPv6 is none of IPv4's."""
    every = {str(n): [space(None, n, None)] for n in range(256) if n != ICMPV6}
    assert covered([space("10.0.0.0/30", None, None)], every, BACKEND, LONG).by is not None
    del every["50"]
    assert covered([space("10.0.0.0/30", None, None)], every, BACKEND, LONG).by is None


def test_what_holds_no_header_is_covered_by_nothing() -> None:
    """ICMP of IPv6 addresses: no such packet exists."""
    assert covered([space("::/0", ICMP, None)], {}, BACKEND, LONG).by == ()


def test_no_time_is_no_claim() -> None:
    """Where the solver is needed and may not run, neither answer is given."""

    class Silent:
        def open(self) -> Silent:
            return self

        def add(self, *_: object) -> None: ...

        def check(self, *_: object, **__: object) -> object:
            from solver import Unknown

            return Unknown("timeout")

        minimise = check

    old, covering.MOST_PIECES = covering.MOST_PIECES, 0
    try:
        one = [space("10.0.0.0/30", TCP, None)]
        others = {"a": [space("10.0.0.0/31", TCP, None)], "b": [space("10.0.0.2/31", TCP, None)]}
        told = covered(one, others, Silent(), LONG)  # type: ignore[arg-type]
    finally:
        covering.MOST_PIECES = old
    assert (told.by, told.unproved) == (None, True)
