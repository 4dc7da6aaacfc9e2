"""A large file comes to the same, in pieces and as a whole, however it is written."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from reach.components import crew, sections
from reach.snapshot import large, pieces
from reach.snapshot.decode import Document, decode
from reach.snapshot.errors import SnapshotError
from reach.snapshot.extract import (
    BOTH,
    LARGE,
    Extract,
    _as_a_whole,
    _in_pieces,
    extract,
    extract_file,
    records_of,
)
from reach.snapshot.files import find
from reach.snapshot.load import load
from reach.snapshot.pieces import NotInPiecesError, in_pieces
from reach.snapshot.record import Scope, content
from tests.snapshot.telling import everything

Writing = Callable[[Mapping[str, object]], str]


def by_lines(document: Mapping[str, object]) -> str:
    """One item on each line, as a program may write them."""
    (key, items), *more = document.items()
    assert isinstance(items, list)
    rest = "".join(f", {json.dumps(k)}: {json.dumps(v)}" for k, v in more)
    return f"{{ {json.dumps(key)}: [\n" + ",\n".join(map(json.dumps, items)) + f"\n]{rest}}}\n"


WRITINGS: dict[str, Writing] = {
    "as the AWS CLI prints it": lambda d: json.dumps(d, indent=4),
    "as Python prints it": json.dumps,
    "without a space": lambda d: json.dumps(d, separators=(",", ":")),
    "all lines begin alike": lambda d: json.dumps(d, indent=0),
    "with tabs": lambda d: json.dumps(d, indent="\t"),
    "one on each line": by_lines,
    "lines end as elsewhere": lambda d: json.dumps(d, indent=2).replace("\n", "\r\n"),
    "in letters of all kinds": lambda d: json.dumps(d, ensure_ascii=False),
}
NASTY = ("", "}", '"},{"', "},\n{", '\\"},{\\"', "[{", "ü}] ,{", '{"NetworkInterfaces": [', "\\")


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "AT_ONCE", 700)


def interface(number: int, told: str = "") -> dict[str, Any]:
    groups = [{"GroupId": f"sg-{n}", "GroupName": told} for n in range(number % 4)]
    held = [{"PrivateIpAddress": f"10.0.{number}.{n}", "Primary": n == 1} for n in (1, 2)]
    return {
        **({"Association": {"PublicIp": f"44.0.0.{number}"}} if number % 3 == 1 else {}),
        "NetworkInterfaceId": f"eni-{number}",
        "Description": told,
        "Unread": {"Deep": [{}, {"Text": told}]},
        "Groups": groups,
        "PrivateIpAddress": f"10.0.{number}.1",
        "PrivateIpAddresses": held[: 1 + number % 2],
        "VpcId": "vpc-1",
    }


def reservation(number: int, told: str = "") -> dict[str, Any]:
    instances = [
        {"InstanceId": f"i-{number}-{n}", "Tags": [{"Key": "Name", "Value": told}]}
        for n in range(number % 3)
    ]
    return {"Groups": [], "Instances": instances, "OwnerId": "123456789012"}


MADE: dict[str, Callable[[int, str], dict[str, Any]]] = {
    "NetworkInterfaces": interface,
    "Reservations": reservation,
}


def split(text: bytes) -> tuple[Extract, int]:
    """What it comes to, and of how many pieces it was."""
    seen = 0

    def counted(*given: Any) -> Iterator[Any]:
        nonlocal seen
        for each in in_pieces(*given):
            seen += 1
            yield each

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("reach.snapshot.extract.in_pieces", counted)
        return _in_pieces("a.json", io.BytesIO(text), sections(), BOTH), seen


def same(told: Extract, other: Extract) -> bool:
    """But for how many rows are packed together."""
    return _said(told) == _said(other)


def _said(told: Extract) -> object:
    found = [
        (
            rows.key,
            rows.ids,
            list(map(sorted, rows.named)),
            rows.part.columns,
            [(content(each), each.page, each.place) for each in _records(rows)],
        )
        for rows in told.sections
    ]
    rest = told.size, told.hash, told.sha256, told.wrong, told.scope, told.unread, told.more
    return told.file, rest, sorted(map(str, told.diagnostics)), found


def _records(rows: Any) -> list[Any]:
    return records_of(sections()[rows.key], rows)


@pytest.mark.parametrize("key", MADE)
@pytest.mark.parametrize("writing", WRITINGS)
@pytest.mark.parametrize("told", NASTY)
def test_pieces_come_to_the_same(key: str, writing: str, told: str) -> None:
    text = WRITINGS[writing]({key: [MADE[key](n, told) for n in range(60)]}).encode()
    whole = _as_a_whole("a.json", text, sections(), BOTH)
    assert not whole.wrong
    try:
        found, count = split(text)
    except NotInPiecesError:  # as it is hard to see where an item ends
        assert told not in ("", "\\") or writing == "all lines begin alike"
        found, count = extract("a.json", text, sections()), 2
    assert count > 1 or told.count("{") != told.count("}")
    assert same(found, whole)


def test_it_says_that_there_is_more() -> None:
    text = json.dumps({"NetworkInterfaces": list(map(interface, range(60))), "NextToken": "x"})
    found, count = split(text.encode())
    assert count > 1
    assert found.more == "NextToken"


def test_what_is_lacking_is_said_where_it_is_lacking() -> None:
    """Records are counted on from piece to piece."""
    items = list(map(interface, range(60)))
    del items[50]["Groups"]
    text = json.dumps({"NetworkInterfaces": items}).encode()
    found, _ = split(text)
    (told,) = found.diagnostics
    assert told.pointer == "/NetworkInterfaces/50/Groups"
    assert found.diagnostics == _as_a_whole("a.json", text, sections(), BOTH).diagnostics


def test_an_item_may_be_larger_than_what_is_read_at_once() -> None:
    items = [interface(n) for n in range(30)]
    items[20]["Unread"] = ["x" * 5000]
    text = json.dumps({"NetworkInterfaces": items}).encode()
    found, count = split(text)
    assert count > 1
    assert same(found, _as_a_whole("a.json", text, sections(), BOTH))


GOOD = json.dumps({"NetworkInterfaces": list(map(interface, range(60)))}, indent=1)
LONG = json.dumps(
    {"NetworkInterfaces": [{"NetworkInterfaceId": f"eni-{n}", "U": "x" * 400} for n in range(9)]}
)
WRONG: dict[str, bytes] = {
    "cut short": GOOD[: len(GOOD) * 2 // 3].encode(),
    "cut short at an item's end": GOOD[: GOOD.rindex("},\n  {")].encode() + b"}",
    "no comma": GOOD.replace("},\n  {", "}\n  {", 30).encode(),
    "two commas": GOOD[::-1].replace("{  \n,}", "{  \n,,}", 30)[::-1].encode(),
    "space that is none": LONG.replace("}, {", "},\f{").encode(),
    "a comma too many": GOOD.replace("\n ]", ",\n ]").encode(),
    "text behind it": GOOD.encode() + b"x",
    "no UTF-8 where nobody looks": GOOD.encode().replace(b'"Text": ""', b'"Text": "\xff"'),
    "no UTF-8 in the last": GOOD.encode()[:-500]
    + GOOD.encode()[-500:].replace(b'"Text": ""', b'"Text": "\xff"'),
    "a number for an id": GOOD.replace('"eni-40"', "40").encode(),
    "no address": GOOD.replace('"10.0.44.1"', '"10.0.444.1"').encode(),
    "a slash in an id": GOOD.replace('"eni-40"', '"eni/40"').encode(),
    "the key twice": GOOD[:-1].encode() + b', "NetworkInterfaces": []}',
    "a byte order mark": b"\xef\xbb\xbf" + GOOD.encode(),
    "two lists": GOOD[:-2].encode() + b', "Vpcs": []}',
    "a key that is escaped": GOOD[:-2].encode() + rb', "NetworkInt\u0065rfaces": []}',
    "another's answer": GOOD.replace("NetworkInterfaces", "Attachments").encode(),
    "a list of nobody": GOOD.replace("NetworkInterfaces", "Things").encode(),
    "nothing": b"",
    "no item": b'{"NetworkInterfaces": []}',
    "no list": b'{"NetworkInterfaces": {"a": 1}}',
    "no object": b"[" + GOOD.encode() + b"]",
    "too deep": b'{"NetworkInterfaces": [{"a":' + b"[" * 100_000,
}


@pytest.mark.parametrize("case", WRONG)
@pytest.mark.parametrize("at_once", [300, 700])
def test_what_is_wrong_or_different_is_read_as_a_whole(
    case: str, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where each piece has one item, so that nobody reads what is between them."""
    monkeypatch.setattr(pieces, "AT_ONCE", at_once)
    with pytest.raises(NotInPiecesError):
        split(WRONG[case])


@pytest.mark.parametrize("case", WRONG)
def test_and_comes_to_the_same(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also what is not wrong at all."""
    monkeypatch.setattr("reach.snapshot.extract.LARGE", 1)
    text = WRONG[case]
    try:
        decode("a.json", text, sections())
        fails = False
    except SnapshotError:
        fails = True
    found = extract("a.json", text, sections())
    assert found == _as_a_whole("a.json", text, sections(), BOTH)
    assert found.wrong or not fails


def test_a_file_is_read_as_its_bytes_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.json"
    path.write_text(GOOD)
    monkeypatch.setattr("reach.snapshot.extract.LARGE", len(GOOD))
    found = extract_file("a.json", path, sections())
    assert found == extract("a.json", GOOD.encode(), sections())
    assert same(found, _as_a_whole("a.json", GOOD.encode(), sections(), BOTH))


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match="cannot be read"):
        extract_file("a.json", tmp_path / "a.json", sections())


def test_all_that_is_read_is_heard_once() -> None:
    heard: list[bytes] = []
    document = Document("a.json", Scope())
    text = io.BytesIO(GOOD.encode())
    for _ in in_pieces(document, text, sections(), lambda part: heard.append(bytes(part))):
        pass
    assert b"".join(heard) == GOOD.encode()


def test_helpers_read_in_pieces_what_one_reads_as_a_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same snapshot, with files that are really large."""
    helpers = crew()
    if helpers is None:
        pytest.skip("one processor: nobody helps")
    monkeypatch.setattr(pieces, "AT_ONCE", 1 << 18)
    padded = [interface(n % 250) | {"NetworkInterfaceId": f"eni-{n}"} for n in range(3000)]
    documents = {"NetworkInterfaces": padded, "Reservations": list(map(reservation, range(9000)))}
    for key, items in documents.items():
        path = tmp_path / f"{key}.json"
        path.write_text(json.dumps({key: items}, indent=4))
        assert path.stat().st_size >= LARGE
        split(path.read_bytes())  # it is read in pieces
    found = large.load(find(tmp_path), sections(), False, helpers)
    assert found is not None
    assert everything(found) == everything(load(tmp_path, sections()))
