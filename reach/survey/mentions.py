"""By what a snapshot tells hosts apart that are alike: what it says of one and not of another.

    Mentions(lowering).of(interface) -> hashable, equal for those of whom the same is said

A host is meant by a block that it is in, by an address of its own (inside or outside), or by an id:
in a rule, a list, a route, a condition, a text of Suricata.  Every record is read, whatever it is,
but for those of hosts themselves: so a kind that is modelled later is none that was forgotten.
Takes a snapshot; must not know what any record means.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Iterator, Mapping
from functools import cached_property
from operator import attrgetter

import msgspec

from reach.component import Lowering
from reach.interfaces.claims import elastic
from reach.network.address import WIDTH, is_ipv4, parse_address
from reach.snapshot.balancer_records import (
    AcceleratorEndpointGroup,
    ClassicLoadBalancer,
    LoadBalancerTargetHealth,
)
from reach.snapshot.index import (
    carrier_mapping,
    customer_mapping,
    private_addresses,
    public_mapping,
)
from reach.snapshot.lattice_records import LatticeTargets
from reach.snapshot.record import PROVENANCE, Record
from reach.snapshot.records import Address, Instance, NetworkInterface, Subnet, Vpc

# They say where a host is, not how it is treated.
_OWN = (NetworkInterface, Instance, Address, Subnet, Vpc)
# Lists of hosts whose order says nothing: all of whom the same is said are treated alike.
_TARGETS = (
    LoadBalancerTargetHealth,
    LatticeTargets,
    AcceleratorEndpointGroup,
    ClassicLoadBalancer,
)
_READ_BY_PEOPLE = PROVENANCE | {"tags", "description"}

_IPV4 = rb"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?:/\d{1,2})?(?![\d.])"
_IPV6 = rb"(?<![0-9a-fA-F:.])(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F]{0,4}(?:/\d{1,3})?(?![\w:])"
_PLACE = re.compile(_IPV4 + b"|" + _IPV6)
_END = rb"(\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F]{1,4}:[0-9a-fA-F:]+)"
_SPAN = re.compile(_END + rb"\s*-\s*" + _END)
_WORDS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"')  # the strings of a JSON text
_ID = re.compile(rb"\b(?:i|eni|eipalloc)-[0-9a-f]+")

Name = int | str | None  # an address, or an id; None is nobody's


class Mentions:
    """Everything that a snapshot says of somebody, by what it calls them."""

    def __init__(self, lowering: Lowering) -> None:
        self._snapshot = snapshot = lowering.snapshot
        self._placed = elastic(lowering)
        self._blocks: dict[int, set[int]] = {}
        self._spans: set[tuple[int, int]] = set()
        self._said: dict[Name, set[Hashable]] = {}
        words: set[bytes] = set()
        for kind in snapshot.contents:
            if kind in _TARGETS:
                self._read_targets(kind)
            elif kind not in _OWN:
                words |= _words(msgspec.json.encode(self._told(kind)))
        self._read_all(words)

    def of(self, interface: NetworkInterface) -> Hashable:
        """What is said of a host, with the IP versions that it has inside and at each kind of
        gateway, and whether the internet gateway refuses it."""
        inside = private_addresses(interface)
        public = [address for _, address in public_mapping(interface)]
        public += [each for _, each in self._placed.get(interface.network_interface_id, ())]
        others = [
            [address for _, address in mapping(interface)]
            for mapping in (carrier_mapping, customer_mapping)
        ]
        outside = [*public, *(address for each in others for address in each)]
        versions = tuple(
            frozenset(address >> (WIDTH - 1) for address in each)
            for each in (inside, public, *others)
        )
        said: set[Hashable] = set()
        for address in (*inside, *outside):
            said.update(self._around(address))
        names: tuple[Name, ...] = (*inside, *outside, *self._ids(interface))
        for name in names:
            said.update(self._said.get(name) or ())
        return versions, interface.deny_all_igw_traffic, frozenset(said)

    def _around(self, address: int) -> Iterator[Hashable]:
        """The blocks and spans of addresses that it is in."""
        for length, held in self._blocks.items():
            if address >> (WIDTH - length) in held:
                yield length, address >> (WIDTH - length)
        for low, high in self._spans:
            if low <= address <= high:
                yield low, high, "span"

    def _ids(self, interface: NetworkInterface) -> Iterator[str]:
        """What it goes by: its own id, its instance's, those of its Elastic IPs."""
        yield interface.network_interface_id
        if interface.attachment is not None and interface.attachment.instance_id:
            yield interface.attachment.instance_id
        yield from self._allocations.get(interface.network_interface_id, ())

    @cached_property
    def _allocations(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for each in self._snapshot.records(Address):
            if each.network_interface_id and each.allocation_id:
                known = found.get(each.network_interface_id, ())
                found[each.network_interface_id] = (*known, each.allocation_id)
        return found

    # ---------------------------------------------------------------- reading

    def _read_targets(self, kind: type[Record]) -> None:
        """Lists of hosts: of each all is said but how it is called."""
        for record, told in zip(self._snapshot.records(kind), self._told(kind), strict=True):
            whose = self._snapshot.id_of(record)
            for each in (each for value in told if isinstance(value, tuple) for each in value):
                text = msgspec.json.encode(each)
                for called in (*_ID.findall(text), *_PLACE.findall(text)):
                    said = (whose, text.replace(called, b""))
                    self._said.setdefault(_name(called), set()).add(said)

    def _read_all(self, words: Iterable[bytes]) -> None:
        """Rules, lists, texts: what they name is told by that alone, wherever it stands."""
        for called in set(_ID.findall(b'"'.join(words))):
            self._said.setdefault(called.decode(), set()).add(called)
        # Few words hold an address: whatever has the marks of one is looked at more closely.
        some = [word for word in words if word.count(b".") > 2 or word.count(b":") > 1]
        for called in set(_PLACE.findall(b'"'.join(some))):
            block = _block(called)
            if block is not None:
                length, value = block
                self._blocks.setdefault(length, set()).add(value)
        for ends in set(_SPAN.findall(b'"'.join(word for word in some if b"-" in word))):
            low, high = map(_address, ends)
            if low is not None and high is not None:
                self._spans.add((low, high))

    def _told(self, kind: type[Record]) -> list[tuple[object, ...]]:
        """What every record of a kind says to a packet."""
        names = [name for name in kind.__struct_fields__ if name not in _READ_BY_PEOPLE]
        values = attrgetter(*names, "place")  # always several, so that it gives a tuple
        return [values(record)[:-1] for record in self._snapshot.records(kind)]


def _words(text: bytes) -> set[bytes]:
    """The strings of a JSON text; where none has a quote in it, each stands between two."""
    return set(_WORDS.findall(text)) if b"\\" in text else set(text.split(b'"')[1::2])


def _name(called: bytes) -> Name | None:
    text = called.decode()
    return text if text.startswith(("i-", "eni-", "eipalloc-")) else _address(called)


def _address(text: bytes) -> int | None:
    try:
        return parse_address(text.decode())
    except ValueError:
        return None


def _block(text: bytes) -> tuple[int, int] | None:
    """Its length and the bits that its addresses share; host bits are cleared (Suricata)."""
    host, slash, bits = text.partition(b"/")
    value = _address(host)
    if value is None:
        return None
    width = 32 if is_ipv4(value) else WIDTH - 1
    length = 1 + min(int(bits) if slash else width, width)
    return length, value >> (WIDTH - length)
