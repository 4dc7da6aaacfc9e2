"""A roll says what the records say: who shares what, and whose address is whose."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from reach.changes.edit import with_record
from reach.interfaces.kinds import is_mount_target
from reach.network.address import parse_address
from reach.network.header_space import Ranges
from reach.snapshot import roll, table
from reach.snapshot.index import Index
from reach.snapshot.records import Instance, NetworkInterface
from tests.crowds import Crowd
from tests.estate import Estate
from tests.rolls import Twice, ids, listed, packed
from tests.snapshot.test_labs import lab as lab

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
SOME = ("estate", "network_interface", "carrier_gateway", "egress_only_internet_gateway")
EVERYTHING = Ranges.span(0, (1 << 129) - 1)
LOTS = (
    "interfaces_by_subnet",
    "interfaces_by_vpc",
    "interfaces_by_instance",
    "interfaces_by_group",
    "mapped_by_vpc",
    "mapped_by_subnet",
)

TESTS: tuple[Callable[[NetworkInterface], bool], ...] = (
    is_mount_target,
    lambda each: each.interface_type == "interface",
)


def compare(path: Path) -> None:
    """As it was written of each file, and as a cache gives it back."""
    for joined in (False, True):
        same(Twice.of(path, joined=joined))


def same(two: Twice) -> None:
    plain, rolled = two.plain.index, two.rolled.index
    assert ids(rolled.interfaces) == ids(plain.interfaces)
    for name in LOTS:
        assert listed(getattr(rolled, name)) == listed(getattr(plain, name)), name
    assert ids(rolled.delegated) == ids(plain.delegated)
    assert rolled.group_sets == plain.group_sets
    assert rolled.owners_of_interfaces == plain.owners_of_interfaces
    addresses = list(plain.addresses_within(EVERYTHING))
    assert list(rolled.addresses_within(EVERYTHING)) == addresses
    half = Ranges.span(addresses[len(addresses) // 3], addresses[2 * len(addresses) // 3])
    assert list(rolled.addresses_within(half)) == list(plain.addresses_within(half))
    for address in (*addresses, *(each + 1 for each in addresses)):
        assert ids(rolled.owner_of_address(address)) == ids(plain.owner_of_address(address))
    for vpc, own in plain.interfaces_by_vpc.items():
        same = rolled.interfaces_by_vpc[vpc]
        assert rolled.addresses_of(same) == plain.addresses_of(own)
        assert rolled.public_ipv4_of(same) == plain.public_ipv4_of(own)
        assert rolled.have_ipv6(same) == plain.have_ipv6(own)
        for test in TESTS:
            assert ids(rolled.interfaces_in(vpc, test)) == ids(plain.interfaces_in(vpc, test))
    assert not rolled.interfaces_in("vpc-0", is_mount_target)
    for group in plain.interfaces_by_group:
        for vpc in plain.interfaces_by_vpc:
            met = ids(plain.in_group(group, {vpc}))
            assert ids(rolled.in_group(group, {vpc})) == met


@pytest.mark.parametrize("name", SOME)
def test_samples(name: str) -> None:
    """All that an index tells of interfaces is the same of either."""
    compare(SAMPLES / name / "snapshot")


def test_labs(lab: Path) -> None:
    """What AWS really printed, too."""
    compare(lab)


@pytest.mark.parametrize("seed", range(3))
def test_crowds(seed: int, tmp_path: Path) -> None:
    """And subnets drawn at random."""
    compare(Crowd(seed).write(tmp_path))


def test_records_are_those_of_the_snapshot(tmp_path: Path) -> None:
    """Whoever makes a record, by its id, its address or with all others, it is the same one."""
    snapshot = packed(Crowd(1).write(tmp_path))
    index = Index(snapshot)
    (found,) = index.owner_of_address(parse_address("10.0.0.20"))
    assert found is snapshot.get(NetworkInterface, found.network_interface_id)
    assert any(each is found for each in index.interfaces)
    assert any(each is found for each in snapshot.records(NetworkInterface))
    assert any(each is found for each in index.interfaces_by_subnet[found.subnet_id or ""])


def test_an_edited_interface_has_no_roll(tmp_path: Path) -> None:
    """What was written of the records before says nothing of an edited one."""
    crowd = Crowd(1)
    snapshot = packed(crowd.write(tmp_path))
    (before,) = Index(snapshot).owner_of_address(parse_address("10.0.0.20"))
    moved = replace(before, private_ip_address="10.0.0.99", private_ip_addresses=())
    edited = with_record(snapshot, before.network_interface_id, moved)
    index = Index(edited)
    assert index.roll is None
    assert index.owner_of_address(parse_address("10.0.0.20")) == ()
    assert ids(index.owner_of_address(parse_address("10.0.0.99"))) == ids([before])
    assert ids(Index(snapshot).owner_of_address(parse_address("10.0.0.20"))) == ids([before])


def test_an_address_that_several_have(tmp_path: Path) -> None:
    """VPCs may overlap: all who have it are told, in the order of ids, and it is told once."""
    e = Estate()
    for _ in range(3):
        made = e.interface(e.subnet(e.vpc("10.0.0.0/16"), "10.0.0.0/24"), "10.0.0.5")
        made.record["Ipv6Addresses"] = [{"Ipv6Address": "2001:db8::5"}]
    index = Index(packed(e.write(tmp_path)))
    assert index.roll is not None
    every = ids(index.interfaces)
    assert every == sorted(every)
    both = [parse_address("2001:db8::5"), parse_address("10.0.0.5")]
    assert [ids(index.owner_of_address(each)) for each in both] == [every, every]
    assert list(index.addresses_within(EVERYTHING)) == both


ODD = ("eni-\N{SNOWMAN}", "eni-" + "0" * 70, "eni-\0")


@pytest.mark.parametrize("name", ODD)
def test_ids_that_are_no_plain_texts(name: str, tmp_path: Path) -> None:
    """Of them nothing is written, and everything is read off the records."""
    e = Estate()
    subnet = e.subnet(e.vpc("10.0.0.0/16"), "10.0.0.0/24")
    e.interface(subnet, "10.0.0.5").record["NetworkInterfaceId"] = name
    index = Index(packed(e.write(tmp_path)))
    assert index.roll is None
    assert ids(index.owner_of_address(parse_address("10.0.0.5"))) == [name]


def test_who_is_not_there(tmp_path: Path) -> None:
    """Nothing is found under a name or an address that nothing has."""
    index = Index(packed(Crowd(2).write(tmp_path)))
    for lots in (index.interfaces_by_subnet, index.interfaces_by_instance):
        for name in ("", "subnet-none", "i-\N{SNOWMAN}", "i-\0"):
            assert name not in lots
            assert lots.get(name) is None
    assert index.roll is not None
    for name in ("", "eni-none", "eni-\N{SNOWMAN}", "x" * 80):
        assert index.roll.row(name) is None
    assert index.owner_of_address(parse_address("10.9.9.9")) == ()
    assert index.owner_of_address(parse_address("2001:db8::1")) == ()


@pytest.mark.parametrize("patience", [0, 3, 1000])
@pytest.mark.parametrize("name", ["estate", "two_tier"])
def test_rows_without_a_dictionary(
    name: str, patience: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which row has an id is the same, however it is looked up; nothing else has one."""
    for kind in (NetworkInterface, Instance):
        plain = packed(SAMPLES / name / "snapshot").contents[kind]
        assert isinstance(plain, table.Table)
        expected = dict(plain._rows)
        monkeypatch.setattr(table, "_MANY", 0)
        monkeypatch.setattr(roll, "_PATIENCE", patience)
        found = packed(SAMPLES / name / "snapshot").contents[kind]
        assert isinstance(found, table.Table)
        rows = found._rows
        assert not isinstance(rows, dict)
        assert {each: rows[each] for each in rows} == expected
        assert len(rows) == len(expected)
        for nobody in ("", "eni-", "zzz", "é", "a\0", "x" * 99):
            assert nobody not in found
        assert list(found) == list(plain)
        assert [repr(found[each]) for each in plain] == [repr(plain[each]) for each in plain]
        monkeypatch.undo()
