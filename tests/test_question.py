"""The text form of a question: what is told of one is read as the same."""

from __future__ import annotations

import pytest

from reach.errors import QuestionError
from reach.question import parse

PACKETS = (
    *("", "port 22", "port 22-23", "port 53/udp", "port 0-65535", "icmp", "icmp 3", "icmp 3/4"),
    *(f"protocol {number}" for number in (0, 1, 2, 6, 17, 41, 47, 50, 58, 132, 255)),
    *("protocol icmp", "protocol icmpv6", "protocol tcp", "protocol udp"),
)


@pytest.mark.parametrize("packet", PACKETS)
@pytest.mark.parametrize("ends", ["a reach b", "'a b' reach 'c d'", "0.0.0.0/0 reach"])
def test_what_is_told_is_read_as_the_same(ends: str, packet: str) -> None:
    question = parse(f"can {ends} {packet}")
    assert parse(str(question)) == question


def test_a_protocol_by_name_and_by_number_is_one() -> None:
    """`icmp` is a clause, and a protocol's name where one is awaited."""
    assert parse("a reach b protocol icmp") == parse("a reach b protocol 1")
    assert parse("a reach b protocol icmp") != parse("a reach b icmp")


@pytest.mark.parametrize("text", ["a reach b protocol", "a reach b protocol port 22"])
def test_a_protocol_needs_a_number(text: str) -> None:
    with pytest.raises(QuestionError, match="needs a number after it"):
        parse(text)
