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


REFERENCE = {"TransitGatewayRouteTableId": "tgw-rtb-1", "PrefixListId": "pl-1"}
LISTED = "TransitGatewayPrefixListReferences"


def test_an_answer_that_is_wrapped_with_its_parents_id() -> None:
    """CONTRACT: per-parent answers stand in a wrapper list; these items know their parent too."""
    wrapped = {"TransitGatewayRouteTableId": "tgw-rtb-1", LISTED: [REFERENCE]}
    other = {**REFERENCE, "PrefixListId": "pl-2"}
    found = decode.decode("a.json", as_bytes({LISTED: [wrapped, other]}), sections())
    one, two = found.records[LISTED]
    assert (one.pointer, two.pointer) == (f"/{LISTED}/0/{LISTED}/0", f"/{LISTED}/1")
    plain = decode.decode("a.json", as_bytes({LISTED: [REFERENCE, other]}), sections())
    assert [*map(content, found.records[LISTED])] == [*map(content, plain.records[LISTED])]


def test_a_wrapped_answer_that_was_cut_short_or_is_wrong() -> None:
    """It says so as any other would, and where."""
    wrapped = {"TransitGatewayRouteTableId": "tgw-rtb-1", LISTED: [], "NextToken": "x"}
    assert decode.decode("a.json", as_bytes({LISTED: [wrapped]}), sections()).more == "NextToken"
    for wrong, pointer in (
        ([{LISTED: [{}]}], f"/{LISTED}/0/{LISTED}/0"),
        ([{LISTED: 7}], f"/{LISTED}/0/{LISTED}"),
        ([{LISTED: []}, 7], f"/{LISTED}/1"),
        ([{LISTED: []}, {}], f"/{LISTED}/1"),
    ):
        with pytest.raises(SnapshotError) as refused:
            decode.decode("a.json", as_bytes({LISTED: wrong}), sections())
        assert f"{pointer}:" in str(refused.value)


@pytest.mark.parametrize(
    ("key", "held", "item"),
    [
        ("AcceleratorListeners", "Listeners", {"ListenerArn": "arn:1"}),
        ("EndpointGroups", "EndpointGroups", {"EndpointGroupArn": "arn:2"}),
        (
            "ClientVpnTargetNetworks",
            "ClientVpnTargetNetworks",
            {"AssociationId": "cvpn-assoc-1", "ClientVpnEndpointId": "cvpn-1"},
        ),
    ],
)
def test_other_calls_too(key: str, held: str, item: dict[str, Any]) -> None:
    text = as_bytes({key: [{"Parent": "x", held: [item]}]})
    assert len(decode.decode("a.json", text, sections()).records[key]) == 1
