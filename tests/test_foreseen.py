"""The packet that pinning would end with, and what it is not worth trying for."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

import reach
from reach.answer import Verdict
from reach.compile import compile
from reach.decide import at_once, by_sets, decide_compiled
from reach.foreseen import MANY, by_destination, few, least, liking, packet
from reach.lower import Ground, lower
from reach.network.address import ipv4, parse_address
from reach.network.field import ICMP, ICMPV6, TCP, UDP
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.options import Options
from reach.question import parse
from reach.resolve import resolve
from reach.suite import load_suite
from solver.backends.z3 import Z3Backend

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
SOME = ("estate", "nat_gateway", "network_load_balancer", "internet", "two_ways", "vpc_endpoint")
TEN, DOCUMENTED = parse_address("10.0.0.1"), parse_address("203.0.113.7")
SIX = parse_address("2001:db8:1::1")
FOURS = HeaderSpace.where(source=Ranges.of(TEN), destination=Ranges.of(TEN + (1 << 96)))


def told(**fields: Ranges) -> HeaderSpace:
    return FOURS & HeaderSpace.where(**fields)


def test_a_liked_value_else_the_lowest() -> None:
    """Of each field by itself."""
    made = packet(told(protocol=Ranges.of(TCP), destination_port=Ranges.span(5, 80)), True)
    assert made is not None
    assert (made.source, made.source_port, made.destination_port) == (TEN, 50000, 5)
    anywhere = packet(HeaderSpace.where(destination=Ranges.of(TEN)), True)
    assert anywhere is not None
    assert (anywhere.source, anywhere.protocol, anywhere.destination_port) == (DOCUMENTED, TCP, 443)


def test_fields_that_a_protocol_does_not_have() -> None:
    """They are 0, and a message that is to be answered is of a kind that is."""
    made = packet(told(protocol=Ranges.of(ICMP)), True)
    assert made is not None
    assert (made.source_port, made.destination_port, made.icmp_type, made.icmp_code) == (0, 0, 8, 0)
    one_way = packet(told(protocol=Ranges.of(ICMP)), False)
    assert one_way is not None
    assert one_way.icmp_type == 0


@pytest.mark.parametrize(
    "space",
    [
        told(protocol=Ranges.of(ICMPV6)),
        told(destination=Ranges(())),
        told(protocol=Ranges.of(50), source_port=Ranges.of(7)),
        HeaderSpace.where(source=Ranges.of(TEN), destination=Ranges.of(SIX)),
        told(protocol=Ranges.of(ICMP), icmp_type=Ranges.of(3)),
    ],
)
def test_fields_that_do_not_go_together(space: HeaderSpace) -> None:
    """The best of each is then no packet."""
    assert packet(space, True) is None


def test_few_values_in_order() -> None:
    """Liked ones, IPv4 addresses, the lowest first; none of them if they are many."""
    values = Ranges.of(SIX, TEN, DOCUMENTED, ipv4(1))
    assert few("source", values) == (DOCUMENTED, ipv4(1), TEN, SIX)
    assert few("protocol", Ranges.of(1, TCP, UDP)) == (TCP, 1, UDP)
    assert few("source", Ranges.span(0, MANY)) == few("source", None) == ()
    assert few("source_port", Ranges.span(1, MANY)) == tuple(range(1, MANY + 1))


def test_the_least_address_is_an_ipv4_one() -> None:
    """Unless there is none; half of an address is none either."""
    assert least(Ranges.of(SIX, TEN), is_address=True) == TEN
    assert least(Ranges.of(SIX), is_address=True) == SIX
    assert least(Ranges.span(TEN + 1, TEN + 9), is_address=True) is None
    assert least(Ranges(()), is_address=False) is None


def test_a_space_by_destination() -> None:
    """Few are told apart; one or very many are not."""
    several = HeaderSpace.where(destination=Ranges.of(ipv4(9), ipv4(7)))
    assert [s.by_name["destination"].single for s in by_destination(several)] == [ipv4(7), ipv4(9)]
    assert by_destination(FOURS) == (FOURS,)
    assert by_destination(ANYTHING) == (ANYTHING,)


@cache
def ground(path: str, options: tuple[str, ...]) -> Ground:
    chosen = Options.of(dict(each.split("=", 1) for each in options))
    return lower(reach.load(path), chosen)


@pytest.mark.parametrize("sample", SOME)
def test_samples_are_decided_the_same_without_the_solver(sample: str) -> None:
    """What is foreseen is what the solver's assignment is pinned to, and most is foreseen."""
    seen = missed = 0
    for case in load_suite(SAMPLES / sample / "cases.reach.yaml").cases:
        known = ground(str(case.snapshot), case.options)
        aim = resolve(known, parse(case.ask, one_way=case.one_way, port_at=case.port_at)).aim
        decision = decide_compiled(known.network, aim, compile(known.network, aim), Z3Backend())
        proof = at_once(known.network, aim)
        assert proof is None or proof == decision.proof, case.where
        by_way = by_sets(known.network, aim)
        assert by_way is None or by_way == decision.proof, case.where
        reachable = decision.verdict is Verdict.REACHABLE
        seen, missed = seen + (proof is not None), missed + (proof is None and reachable)
    assert seen > missed


def test_which_of_several_packets_is_liked_best() -> None:
    """Field by field: a liked value first, an IPv4 address before an IPv6 one, then the lowest."""
    spaces = [
        told(protocol=Ranges.of(UDP), destination_port=Ranges.of(22)),
        told(protocol=Ranges.of(TCP), destination_port=Ranges.of(80)),
        told(protocol=Ranges.of(TCP), destination_port=Ranges.of(443)),
    ]
    made = [found for space in spaces if (found := packet(space, True)) is not None]
    assert min(made, key=liking) is made[2]
    assert min(made[:2], key=liking) is made[1]
    six = made[1]._replace(source=SIX)
    assert min((six, made[0]), key=liking) is made[0]
    assert min((six, made[0]._replace(source=DOCUMENTED)), key=liking).source == DOCUMENTED
