"""Columns hold the addresses of interfaces whichever way each was printed."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from reach.snapshot import columns
from reach.snapshot.records import NetworkInterface


def address(text: str, **more: Any) -> dict[str, Any]:
    return {"PrivateIpAddress": text, **more}


MAPPED = {"Association": {"PublicIp": "203.0.113.5"}}
# As it is printed; its IPv4 addresses, its IPv6 addresses, and whether it has one outside.
PRINTED: dict[str, tuple[dict[str, Any], list[str], list[str], bool]] = {
    "one address": (
        {"PrivateIpAddress": "10.0.0.4", "PrivateIpAddresses": [address("10.0.0.4")]},
        ["10.0.0.4"],
        [],
        False,
    ),
    "one address, mapped": (
        {"PrivateIpAddress": "10.0.0.5", "PrivateIpAddresses": [address("10.0.0.5", **MAPPED)]},
        ["10.0.0.5"],
        [],
        True,
    ),
    "mapped as the interface says": (
        {
            "PrivateIpAddress": "10.0.0.6",
            "PrivateIpAddresses": [address("10.0.0.6")],
            **MAPPED,
        },
        ["10.0.0.6"],
        [],
        True,
    ),
    "an association that maps nothing": (
        {
            "PrivateIpAddress": "10.0.0.7",
            "PrivateIpAddresses": [address("10.0.0.7", Association={})],
        },
        ["10.0.0.7"],
        [],
        False,
    ),
    "two addresses, the second mapped": (
        {
            "PrivateIpAddress": "10.0.0.8",
            "PrivateIpAddresses": [address("10.0.0.8"), address("10.0.0.9", **MAPPED)],
        },
        ["10.0.0.8", "10.0.0.9"],
        [],
        True,
    ),
    "another primary one than the list has": (
        {"PrivateIpAddress": "10.0.0.10", "PrivateIpAddresses": [address("10.0.0.11")]},
        ["10.0.0.10", "10.0.0.11"],
        [],
        False,
    ),
    "an empty list": ({"PrivateIpAddress": "10.0.0.12"}, ["10.0.0.12"], [], False),
    "a list alone": ({"PrivateIpAddresses": [address("10.0.0.13")]}, ["10.0.0.13"], [], False),
    "IPv6 beside it": (
        {
            "PrivateIpAddress": "10.0.0.14",
            "PrivateIpAddresses": [address("10.0.0.14")],
            "Ipv6Addresses": [{"Ipv6Address": "2001:db8::e"}],
        },
        ["10.0.0.14"],
        ["2001:db8::e"],
        False,
    ),
    "IPv6 where IPv4 should be": (
        {"PrivateIpAddress": "2001:db8::f", "PrivateIpAddresses": [address("2001:db8::f")]},
        [],
        ["2001:db8::f"],
        False,
    ),
    "nothing": ({}, [], [], False),
}
NUMBERS = {
    **{f"10.0.0.{last}": 0x0A000000 + last for last in range(4, 15)},
    "2001:db8::e": 0x20010DB800000000000000000000000E,
    "2001:db8::f": 0x20010DB800000000000000000000000F,
}


def told(*printed: dict[str, Any]) -> columns.Interfaces:
    each = [
        msgspec.convert(
            {"NetworkInterfaceId": f"eni-{number}", "Groups": [], "PrivateIpAddresses": [], **one},
            NetworkInterface,
            strict=False,
        )
        for number, one in enumerate(printed)
    ]
    return columns.interfaces(packed(each))


def packed(records: Sequence[NetworkInterface], at_once: int = 100) -> bytes:
    found = columns.InterfaceColumns()
    for start in range(0, len(records), at_once):
        found.add(records[start : start + at_once])
    return found.told()


def numbers(column: bytes) -> list[int]:
    return array("I", column).tolist()


def sixes(column: bytes) -> list[int]:
    starts = range(0, len(column), 16)
    return [int.from_bytes(column[at : at + 16], "big") for at in starts]


@pytest.mark.parametrize("name", PRINTED)
def test_addresses_are_those_that_were_printed(name: str) -> None:
    """Alone, and behind one of the usual kind."""
    usual = PRINTED["one address"][0]
    printed, four, six, is_mapped = PRINTED[name]
    alone, second = told(printed), told(usual, printed)
    assert numbers(alone.four) == [NUMBERS[text] for text in four]
    assert numbers(second.four) == [NUMBERS["10.0.0.4"], *(NUMBERS[text] for text in four)]
    assert numbers(second.four_row) == [0, *(1 for _ in four)]
    assert sixes(second.six) == [NUMBERS[text] for text in six]
    assert numbers(second.six_row) == [1 for _ in six]
    assert numbers(second.mapped) == ([1] if is_mapped else [])


def test_ids_of_several_lengths_are_filled_up() -> None:
    """Each starts where it has to."""
    one = told({}, {"NetworkInterfaceId": "eni-0123"})
    assert (one.width, one.ids) == (8, b"eni-0\0\0\0eni-0123")


@pytest.mark.parametrize("lacks", ["Groups", "PrivateIpAddresses"])
def test_lists_that_an_interface_lacks(lacks: str) -> None:
    """Columns have no place for what is not known: then there are none."""
    whole = {"NetworkInterfaceId": "eni-1", "Groups": [], "PrivateIpAddresses": []}
    partial = {key: value for key, value in whole.items() if key != lacks}
    for printed, is_told in ((whole, True), (partial, False)):
        record = msgspec.convert(printed, NetworkInterface)
        assert bool(packed([record])) is is_told


def test_profiles_are_shared_and_groups_numbered() -> None:
    """In the order in which they come first."""
    first = {"SubnetId": "subnet-1", "Groups": [{"GroupId": "sg-2"}, {"GroupId": "sg-1"}]}
    other = {"SubnetId": "subnet-1", "Attachment": {"InstanceId": "i-1", "Status": "attached"}}
    found = told(first, other, first)
    assert numbers(found.profile) == [0, 1, 0]
    assert numbers(found.group) == [0, 1, 0]
    assert found.groups == [("sg-2", "sg-1"), ()]
    assert [each.subnet_id for each in found.profiles] == ["subnet-1", "subnet-1"]
    attached = found.profiles[1].attachment
    assert attached is not None
    assert (attached.status, attached.instance_id) == ("attached", None)
    assert (found.instance_width, found.instances) == (3, b"\0\0\0i-1\0\0\0")
