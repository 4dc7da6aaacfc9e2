"""A file that is one list is read in one pass, and says what it says when it is read in parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from reach.components import sections
from reach.snapshot import decode
from reach.snapshot.decode import Document
from reach.snapshot.errors import SnapshotError
from reach.snapshot.record import Scope, content
from tests.snapshot.test_large import CASES, SNAPSHOTS
from tests.snapshot.writing import as_bytes, vpc


def told(name: str, text: bytes) -> Any:
    """All that is read of a file, or what is wrong with it."""
    try:
        found = decode.decode(name, text, sections())
    except SnapshotError as error:
        return str(error)
    records = {
        key: [(content(each), each.page, each.place) for each in some]
        for key, some in found.records.items()
    }
    return records, found.scope, found.unread, found.more, found.diagnostics


def both(name: str, text: bytes, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Any]:
    quickly = told(name, text)
    with monkeypatch.context() as patch:
        patch.setattr(decode, "_is_one_list", lambda *_: False)
        return quickly, told(name, text)


def is_one_list(text: bytes) -> bool:
    document = Document("a.json", Scope())
    return decode._is_one_list(document, text, sections())


def test_files_of_samples_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every one of them; nearly all are one list."""
    quick = 0
    files = [path for folder in SNAPSHOTS for path in sorted(folder.rglob("*.json"))]
    for path in files:
        one, other = both(path.name, path.read_bytes(), monkeypatch)
        assert one == other
        quick += is_one_list(path.read_bytes())
    assert quick > len(files) / 2


@pytest.mark.parametrize("files", CASES.values(), ids=CASES)
def test_unusual_files_are_the_same(
    files: Mapping[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in files.items():
        one, other = both(name, as_bytes(value), monkeypatch)
        assert one == other


DAMAGES: tuple[Callable[[bytes], bytes], ...] = (
    lambda text: text[:-1],
    lambda text: text[:-2],
    lambda text: text + b"x",
    lambda text: text + b" \n",
    lambda text: text.replace(b'"VpcId"', b'"Vpc"'),
    lambda text: text.replace(b'"vpc-1"', b"7"),
    lambda text: text.replace(b'"vpc-1"', b'""'),
    lambda text: text.replace(b"[", b"{", 1),
    lambda text: text.replace(b'"Vpcs"', b'"Vpcs" : [], "Vpcs"'),
    lambda text: text.replace(b"10.0", b"10\xff"),
    lambda text: b"[" * 100_000 + text,
    lambda text: text.replace(b"[", b"[" * 100_000, 1),
    lambda text: text[:-1] + b', "NextToken": "x"}',
    lambda text: text[:-1] + b', "NextToken": ""}',
    lambda text: text[:-1] + b', "Marker": null, "NextMarker": "y"}',
    lambda text: text[:-1] + b', "AdditionalRoutesAvailable": true}',
    lambda text: text[:-1] + b', "ResponseMetadata": {}}',
    lambda text: text[:-1] + b', "EnableDnsSupport": {"Value": true}, "VpcId": "vpc-1"}',
    lambda text: b'{"NextToken": "x", ' + text[1:],
    lambda text: b"\xff\xfe" + text,
    lambda text: b" \n",
    lambda text: b"",
    lambda text: b"{}",
    lambda text: b'{"Vpcs": null}',
    lambda text: b'{"Vpcs"}',
)


@pytest.mark.parametrize("number", range(len(DAMAGES)))
def test_damaged_files_are_the_same(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is wrong with a file is said in the same words, at the same place."""
    text = DAMAGES[number](as_bytes({"Vpcs": [vpc(), vpc("vpc-2")]}))
    one, other = both("111122223333/eu-west-1/a.json", text, monkeypatch)
    assert one == other


def test_only_one_list_is_read_in_one_pass() -> None:
    """With more in it than that, or with the same list twice, it is not."""
    one = as_bytes({"Vpcs": [vpc()]})
    assert is_one_list(one)
    assert is_one_list(b' {\n "Vpcs" :[], "NextToken": "x"}')
    assert not is_one_list(as_bytes({"Vpcs": [], "Subnets": []}))
    assert not is_one_list(b'{"Vpcs": [], "Vpcs": []}')
    assert not is_one_list(b'{"Unread": []}')
    assert not is_one_list(one[:-1])
