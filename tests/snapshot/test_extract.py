"""What a file comes to is the same, however many of its records are looked at at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from reach.components import sections
from reach.snapshot import extract as extracting
from reach.snapshot import table
from reach.snapshot.extract import Extract, extract
from reach.snapshot.files import find
from tests.snapshot.writing import as_bytes

SAMPLES = sorted((Path(__file__).parents[2] / "samples").glob("*/snapshot"))


def interfaces(*addresses: str) -> dict[str, Any]:
    """One interface for each address, every third with an IPv6 address and a prefix as well."""
    more = {
        "Ipv6Addresses": [{"Ipv6Address": "2001:db8::5"}],
        "Ipv6Prefixes": [{"Ipv6Prefix": "2001:db8:0:1::/80"}],
    }
    each = [
        {
            "NetworkInterfaceId": f"eni-{number}",
            "SubnetId": f"subnet-{number % 2}",
            "Groups": [{"GroupId": f"sg-{number % 3}"}],
            "PrivateIpAddress": address,
            "PrivateIpAddresses": [{"PrivateIpAddress": address}],
            "Attachment": {"InstanceId": f"i-{number}", "Status": "attached"},
            **(more if number % 3 == 0 else {}),
        }
        for number, address in enumerate(addresses)
    ]
    return {"NetworkInterfaces": each}


def read(text: bytes, at_once: int, monkeypatch: pytest.MonkeyPatch) -> Extract:
    monkeypatch.setattr(extracting, "_AT_ONCE", at_once)
    monkeypatch.setattr(table, "_SAMPLE", 1)  # of the first lot it is told how many make a block
    return extract("a.json", text, sections())


def packed(told: Extract) -> bytes:
    """Every byte; of whom records name it says no order."""
    replace = msgspec.structs.replace
    rows = (replace(e, named=[sorted(each) for each in e.named]) for e in told.sections)
    return msgspec.msgpack.encode(replace(told, sections=tuple(rows)))


@pytest.mark.parametrize("at_once", [1, 2, 7])
def test_few_at_once_come_to_the_same(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of every file of every sample, and of interfaces of all kinds: byte for byte."""
    texts = [text for each in SAMPLES for _, text in find(each).documents()]
    texts.append(as_bytes(interfaces(*(f"10.0.0.{last}" for last in range(4, 24)))))
    assert len(texts) > 100
    for text in texts:
        whole = read(text, 10_000, monkeypatch)
        assert packed(read(text, at_once, monkeypatch)) == packed(whole)
    (rows,) = whole.sections
    assert rows.part.count == 20
    assert rows.part.columns


@pytest.mark.parametrize("at_once", [1, 2, 100])
def test_what_is_wrong_is_found_wherever_it_stands(
    at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the last of several lots as in the first."""
    addresses = ["10.0.0.4", "10.0.0.5", "10.0.0.6", "10.0.0.7", "10.0.0.8"]
    for place in range(len(addresses)):
        odd = [*addresses[:place], "10.0.0", *addresses[place + 1 :]]
        assert read(as_bytes(interfaces(*odd)), at_once, monkeypatch).wrong
    assert not read(as_bytes(interfaces(*addresses)), at_once, monkeypatch).wrong


def test_what_lacks_its_lists_has_no_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    """In whichever lot it is."""
    printed = interfaces("10.0.0.4", "10.0.0.5", "10.0.0.6")
    for each in printed["NetworkInterfaces"]:
        lacking = {key: value for key, value in each.items() if key != "Groups"}
        others = [e for e in printed["NetworkInterfaces"] if e is not each]
        told = read(as_bytes({"NetworkInterfaces": [*others, lacking]}), 1, monkeypatch)
        (rows,) = told.sections
        assert (rows.part.count, rows.part.columns) == (3, b"")
