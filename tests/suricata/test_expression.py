"""Addresses and ports as rules write them."""

from __future__ import annotations

import pytest

from reach.network.address import parse_address
from reach.network.header_space import Ranges
from reach.suricata.expression import ALL_ADDRESSES, ALL_PORTS, Extent, addresses, ports


def holds(text: str, *wanted: str) -> list[bool]:
    values = addresses(text).values
    return [parse_address(address) in values for address in wanted]


def test_any_is_both_families() -> None:
    """``any``, in either case, is every address and every port."""
    assert addresses("any").values == addresses("ANY").values == ALL_ADDRESSES
    assert ports("any").values == ALL_PORTS
    assert holds("any", "10.0.0.1", "2001:db8::1") == [True, True]


def test_addresses_and_blocks() -> None:
    """An address stands for itself, a block for all its addresses, with or without host bits."""
    assert holds("10.0.0.1", "10.0.0.1", "10.0.0.2") == [True, False]
    assert holds("10.0.0.0/8", "10.255.255.255", "11.0.0.0") == [True, False]
    assert holds("10.0.0.5/8", "10.255.255.255", "11.0.0.0") == [True, False]
    assert holds("2001:db8::/32", "2001:db8::1", "2001:db9::1", "10.0.0.1") == [True, False, False]
    assert holds("10.0.0.5-10.0.0.7", "10.0.0.4", "10.0.0.5", "10.0.0.7", "10.0.0.8") == [
        *(False, True, True, False)
    ]


def test_a_negation_is_all_the_rest() -> None:
    """Of both families."""
    assert holds("!10.0.0.0/8", "10.0.0.1", "11.0.0.1", "2001:db8::1") == [False, True, True]
    assert holds("!any", "10.0.0.1") == [False]


def test_a_list_holds_what_a_member_does_but_for_those_refused() -> None:
    """In whatever order; of refusals alone, all the rest; lists stand in lists."""
    for text in ("[10.0.0.0/8,!10.1.0.0/16]", "[!10.1.0.0/16, 10.0.0.0/8]"):
        assert holds(text, "10.0.0.1", "10.1.0.1", "11.0.0.1") == [True, False, False]
    assert holds("[!10.0.0.0/8,!11.0.0.0/8]", "10.0.0.1", "11.0.0.1", "12.0.0.1") == [
        *(False, False, True)
    ]
    nested = "[[10.0.0.0/24,192.168.0.0/16],![10.0.0.5,10.0.0.6]]"
    assert holds(nested, "10.0.0.1", "10.0.0.5", "192.168.1.1") == [True, False, True]
    assert holds("![10.0.0.0/8,192.168.0.0/16]", "10.0.0.1", "8.8.8.8") == [False, True]


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("80", ((80, 80),)),
        ("1990:1994", ((1990, 1994),)),
        (":1023", ((0, 1023),)),
        ("1024:", ((1024, 65535),)),
        ("[80,443,8000:8080]", ((80, 80), (443, 443), (8000, 8080))),
        ("!80", ((0, 79), (81, 65535))),
        ("[1:100,!50]", ((1, 49), (51, 100))),
    ],
)
def test_ports(text: str, spans: tuple[tuple[int, int], ...]) -> None:
    assert ports(text).values == Ranges(spans)


@pytest.mark.parametrize("text", ["", "[]", "10.0.0", "10.0.0.0/33", "[10.0.0.0/8", "$"])
def test_what_is_no_address(text: str) -> None:
    """Nothing is guessed of an expression that is none; a name that means nothing is unknown."""
    if text == "$":
        assert addresses(text).unknown
        return
    with pytest.raises(ValueError, match=r"."):
        addresses(text)


@pytest.mark.parametrize("text", ["http", "70000", "1-2", "-1"])
def test_what_is_no_port(text: str) -> None:
    with pytest.raises(ValueError, match="is not a port"):
        ports(text)


def test_names_are_looked_up() -> None:
    """A name means what the lookup says, negated and in lists as well."""

    def lookup(name: str) -> Extent:
        return {"$HOME": Extent(addresses("10.0.0.0/8").values)}[name]

    assert addresses("$HOME", lookup).values == addresses("10.0.0.0/8").values
    assert addresses("!$HOME", lookup).values == addresses("!10.0.0.0/8").values
    both = addresses("[$HOME,!10.1.0.0/16]", lookup).values
    assert both == addresses("[10.0.0.0/8,!10.1.0.0/16]").values


def test_what_is_not_known_is_an_upper_bound() -> None:
    """An unknown name may hold anything, and an unknown refusal may refuse nothing."""

    def lookup(name: str) -> Extent:
        return Extent(ALL_ADDRESSES, f"{name} is not defined", True)

    one = addresses("[10.0.0.0/8,$X]", lookup)
    assert (one.values, one.unknown, one.missing) == (ALL_ADDRESSES, "$X is not defined", True)
    other = addresses("[10.0.0.0/8,!$X]", lookup)
    assert other.values == addresses("10.0.0.0/8").values
    assert other.unknown
    assert addresses("!$X", lookup).values == ALL_ADDRESSES


@pytest.mark.parametrize("text", ["!" * 5000 + "any", "[" * 5000 + "any" + "]" * 5000])
def test_what_is_nested_too_deeply(text: str) -> None:
    """It is refused, not followed for ever."""
    with pytest.raises(ValueError, match="too deeply"):
        addresses(text)
    assert addresses("[" + ",".join(["!10.0.0.1"] * 5000) + "]").values
