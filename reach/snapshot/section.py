"""The words in which it is said what a snapshot can hold: key, record, call, addresses, references.

A section is one top-level JSON key and how to read what stands under it.  Those of a VPC's core are
in ``core``; a component declares sections of its own in the same words, and the loader names none.
Must not know how files are read, nor what a field does to a packet.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Any, Literal, Protocol

from reach.snapshot.call import Call
from reach.snapshot.record import Part, Record

Kind = Literal[
    "IPv4 address", "IPv6 address", "IP address", "IPv4 CIDR", "IPv6 CIDR", "CIDR", "protocol"
]
Merge = Literal["equal", "fill", "extend"]


class Columns(Protocol):
    """What is kept beside the packed records of one file; no bytes where that cannot tell them."""

    def add(self, records: Sequence[Any]) -> None: ...

    def told(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Reference:
    """The text at ``path`` is the id of a ``target`` record.

    Only texts that begin with ``prefix`` count, and not those of an object whose attribute has
    the value that ``unless`` names.
    """

    path: str
    target: type[Record]
    prefix: str = ""
    unless: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Nested:
    """The records stand in the list ``field`` of each item; ``inherit`` is copied down to them."""

    item: type[Part]
    field: str
    inherit: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """One top-level key.

    A path is attribute names joined by dots, ``[]`` after those that are lists.

    ``also``       further operations that print the same key
    ``apart``      for each of the operations an attribute that no other one prints
    ``nested``     how to reach the records when the list does not hold them itself
    ``addresses``  paths of addresses, CIDRs and protocols, all checked when loading
    ``references`` paths of other records' ids
    ``some_of``    by the path of an object ('' is the record): attributes of which one is printed
    ``together``   by such a path: attributes that are printed all or none
    ``merge``      two answers about one id in one scope: must be ``equal``; each ``fill``s what
                   the other left out (two calls); are pages that ``extend`` each other's lists
    ``settle``     what two accounts or Regions say of one id, where neither is right for sure: the
                   record that counts, and another view of it
    ``more``       attributes that say that an item's answer was cut short
    ``bare``       groups of keys; a file that has all of one is a per-parent answer without a list
    ``orphan``     the key of a per-parent answer that lacks its parent's id
    ``covered_by`` another section that makes the absence of this one no gap
    ``asked``      how AWS is asked for it, where that takes more than the operations alone; nothing
                   where another section keeps the same answers
    ``columns``    what is kept beside packed records, for questions about very many of them
    """

    key: str
    record: type[Record]
    id: str
    operation: str
    also: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()
    nested: Nested | None = None
    addresses: Mapping[str, Kind] = field(default_factory=lambda: MappingProxyType({}))
    references: tuple[Reference, ...] = ()
    some_of: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    together: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    merge: Merge = "equal"
    settle: Callable[[Any, Any], Any] | None = None
    more: tuple[str, ...] = ()
    bare: tuple[tuple[str, ...], ...] = ()
    orphan: str = ""
    covered_by: str = ""
    asked: tuple[Call, ...] | None = None
    columns: Callable[[], Columns] | None = None

    @property
    def calls(self) -> tuple[Call, ...]:
        """The calls that give the section's answers."""
        if self.asked is not None:
            return self.asked
        return tuple(Call(each, take=self.key) for each in (self.operation, *self.also))

    def columns_of(self, records: Sequence[Any]) -> bytes:
        """What is kept beside some records, if anything."""
        if self.columns is None:
            return b""
        columns = self.columns()
        columns.add(records)
        return columns.told()

    @property
    def service(self) -> str:
        """The service as the AWS CLI names it: ``ec2``."""
        return self.operation.partition(".")[0]

    @property
    def command(self) -> str:
        """The call as one types it: ``aws ec2 describe-vpcs``."""
        return f"aws {self.service} {self.call}"

    @property
    def call(self) -> str:
        """The operation as the AWS CLI names it: ``describe-vpcs``."""
        return _call(self.operation)


@cache
def _call(operation: str) -> str:
    verb = operation.partition(".")[2]
    words = re.sub(r"(.)([A-Z][a-z]+)", r"\1-\2", verb)
    return re.sub(r"([a-z0-9])([A-Z])", r"\1-\2", words).lower()
