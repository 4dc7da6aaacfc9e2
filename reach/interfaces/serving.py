"""Interfaces of services, which are there or are not: those that have come, changed or gone.

    serves(interface) -> bool        Serving().after(edited) -> Serving

A load balancer's, an endpoint's or a NAT gateway's interface leads to what it is of, and each of
these says so itself.  So nothing is told of one that is not there, and tables of interfaces that
were made before are told what is otherwise since.  Takes records; must not know what a service does
with a packet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from reach.interfaces.kinds import SERVICES, is_host, worn
from reach.network.address import is_ipv4, is_public
from reach.snapshot.index import (
    carrier_mapping,
    customer_mapping,
    delegated_prefixes,
    instance_of,
    private_addresses,
)
from reach.snapshot.interface_records import NAT_TYPES
from reach.snapshot.record import Record, unprinted
from reach.snapshot.records import NetworkInterface

Sender = tuple[str, frozenset[str]]  # a VPC and a set of groups
_TYPES = ("vpc_endpoint", "network_load_balancer", "load_balancer", *NAT_TYPES)
_NOBODY: Mapping[str, NetworkInterface] = {}
_NUMBERS: Mapping[Sender, int] = {}


def serves(record: Record) -> bool:
    """Whether it is such an interface, all of it is told, and what it is of says all else."""
    if not isinstance(record, NetworkInterface) or is_host(record) or instance_of(record):
        return False
    own = private_addresses(record)
    known = record.interface_type in _TYPES or record.description.startswith(SERVICES)
    ordinary = not (
        delegated_prefixes(record) or carrier_mapping(record) or customer_mapping(record)
    )
    private = not any(is_public(each) and is_ipv4(each) for each in own)
    placed = bool(record.subnet_id and record.vpc_id and own)
    return known and ordinary and private and placed and next(unprinted(record), None) is None


@dataclass(frozen=True)
class Serving:
    """``there``: those that are told of by no table as they are, by id; ``gone``: the ids of those
    that tables tell of and that are not so.  ``numbers`` are identities of groups that nobody wore
    when all others were numbered.  ``led`` are hosts that have other public addresses since, and
    the same own ones: only tables of those that have such tell of them.
    """

    there: Mapping[str, NetworkInterface] = field(default_factory=lambda: _NOBODY)
    gone: frozenset[str] = frozenset()
    numbers: Mapping[Sender, int] = field(default_factory=lambda: _NUMBERS)
    led: Mapping[str, NetworkInterface] = field(default_factory=lambda: _NOBODY)

    @property
    def count(self) -> int:
        return len(self.gone | self.there.keys() | self.led.keys())

    @property
    def mapped(self) -> Serving:
        """The same, for tables of those that have addresses outside."""
        if not self.led:
            return self
        return replace(self, there={**self.there, **self.led}, gone=self.gone | self.led.keys())

    def after(
        self, edited: Mapping[str, tuple[NetworkInterface | None, NetworkInterface | None]]
    ) -> Serving:
        """The same once some were edited, each told as it was and as it is."""
        there, gone = dict(self.there), set(self.gone)
        for name, (was, now) in edited.items():
            if was is not None and name not in there:
                gone.add(name)
            there.pop(name, None)
            if now is not None:
                there[name] = now
        return replace(self, there=there, gone=frozenset(gone))

    def as_now(
        self, known: Iterable[NetworkInterface], test: Callable[[NetworkInterface], bool]
    ) -> tuple[NetworkInterface, ...]:
        """Some interfaces as a table tells them, as they are since; with all others that pass the
        test."""
        kept = {
            name: each
            for each in known
            if (name := each.network_interface_id) not in self.gone or name in self.there
        }
        kept |= {name: each for name, each in self.there.items() if name in kept or test(each)}
        return tuple(e for n, e in kept.items() if n not in self.there or test(e))

    def __bool__(self) -> bool:
        return bool(self.there or self.gone or self.led)


def sender_of(interface: NetworkInterface) -> Sender:
    return interface.vpc_id or "", worn(interface)
