"""What rules can tell interfaces by, as columns: written file by file, as records are read.

    InterfaceColumns().add(records)    .told() -> bytes        InstanceColumns, likewise

A *profile* is an interface without what is its own (its id, addresses, instance, groups and tags):
of a million interfaces there are some thousands.  A row refers to its profile, to its set of groups
and to its instance, and has its addresses.  Nothing is given (no bytes) of records whose ids are no
plain texts, or that lack what AWS always prints.  Columns hold what AWS said, in the order of the
records; nothing in them is an inference.  ``reach.snapshot.roll`` reads them.  Must not know how
files are read, nor numpy, which takes long to import.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable, Sequence
from itertools import chain
from operator import attrgetter
from socket import AF_INET, inet_pton
from typing import NamedTuple

import msgspec

from reach.network.address import is_ipv4
from reach.snapshot.index import delegated_prefixes, outer_mapping, private_addresses
from reach.snapshot.interface_records import (
    Instance,
    InterfaceAttachment,
    MetadataOptions,
    NetworkInterface,
)
from reach.snapshot.record import is_unprinted

_LEVEL = 1
_LONGEST = 64  # bytes of an id: those of AWS have 21
_NOBODY = "-"
_PLACE = 96  # where the 32 bits of an IPv4 address begin, on the line of ``reach.network.address``


class Interfaces(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Of the interfaces of one file.  Numbers are of four bytes, in this machine's order.

    ``ids`` and ``instances`` are texts of one width each, filled up with zeroes; ``mapped`` and
    ``delegated`` are the rows with outer addresses and with prefixes of their own.
    """

    width: int
    ids: bytes
    profiles: list[NetworkInterface]
    profile: bytes
    groups: list[tuple[str, ...]]
    group: bytes
    instance_width: int
    instances: bytes
    four: bytes
    four_row: bytes
    six: bytes
    six_row: bytes
    mapped: bytes
    delegated: bytes


class Instances(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Of the instances of one file: ``kinds`` are all but what is an instance's own."""

    width: int
    ids: bytes
    kinds: list[Instance]
    kind: bytes


class InterfaceColumns:
    """Of the interfaces of one file, some at a time."""

    def __init__(self) -> None:
        self._known = True
        self._ids, self._instances = _Texts(), _Texts()
        self._profiles: dict[object, int] = {}
        self._examples: list[NetworkInterface] = []
        self._groups: dict[tuple[str, ...], int] = {}
        self._profile, self._group, self._delegated = array("I"), array("I"), array("I")
        self._addresses = _Addresses()

    def add(self, records: Sequence[NetworkInterface]) -> None:
        attachments = [each.attachment for each in records]
        owners = [(own.instance_id if own else None) for own in attachments]
        held = chain(map(_worn, records), map(_held, records))
        self._known &= "" not in owners and not any(map(is_unprinted, held))
        self._ids.add([each.network_interface_id for each in records])
        self._instances.add([owner or "" for owner in owners])
        if not self._known:
            return
        profiles = self._profiles
        for told, own, each in zip(map(_told, records), attachments, records, strict=True):
            key = told, own and (own.instance_owner_id, own.status)
            number = profiles.get(key)
            if number is None:
                number = profiles[key] = len(profiles)
                self._examples.append(_profile(each))
            self._profile.append(number)
        groups, first = self._groups, len(self._addresses)
        worn = [tuple([group.group_id for group in each.groups]) for each in records]
        self._group.extend([groups.setdefault(own, len(groups)) for own in worn])
        self._delegated.extend(
            [
                row
                for row, each in enumerate(records, first)
                if (each.ipv4_prefixes or each.ipv6_prefixes) and delegated_prefixes(each)
            ]
        )
        self._addresses.add(records)

    def told(self) -> bytes:
        ids, instances = self._ids.told(), self._instances.told()
        if not self._known or ids is None or instances is None:
            return b""
        return _packed(
            Interfaces(
                *ids,
                self._examples,
                self._profile.tobytes(),
                groups=list(self._groups),
                group=self._group.tobytes(),
                instance_width=instances[0],
                instances=instances[1],
                **self._addresses.told()._asdict(),
                delegated=self._delegated.tobytes(),
            )
        )


class InstanceColumns:
    """Of the instances of one file, some at a time."""

    def __init__(self) -> None:
        self._ids = _Texts()
        self._kinds: dict[object, int] = {}
        self._examples: list[Instance] = []
        self._kind = array("I")

    def add(self, records: Sequence[Instance]) -> None:
        self._ids.add([each.instance_id for each in records])
        kinds = self._kinds
        for each in records:
            told = each.metadata_options
            said = told and (told.state, told.http_endpoint, told.http_protocol_ipv6)
            key = each.state.name, said
            number = kinds.get(key)
            if number is None:
                number = kinds[key] = len(kinds)
                options = MetadataOptions(*said) if said else None
                self._examples.append(
                    Instance(instance_id=_NOBODY, state=each.state, metadata_options=options)
                )
            self._kind.append(number)

    def told(self) -> bytes:
        ids = self._ids.told()
        return (
            b"" if ids is None else _packed(Instances(*ids, self._examples, self._kind.tobytes()))
        )


def interfaces(packed: bytes) -> Interfaces:
    return msgspec.msgpack.decode(_unpacked(packed), type=Interfaces)


def instances(packed: bytes) -> Instances:
    return msgspec.msgpack.decode(_unpacked(packed), type=Instances)


def _packed(columns: Interfaces | Instances) -> bytes:
    import zstandard  # here, as small snapshots need none of it

    return zstandard.ZstdCompressor(level=_LEVEL).compress(msgspec.msgpack.encode(columns))


def _unpacked(packed: bytes) -> bytes:
    import zstandard

    return zstandard.decompress(packed)


# What makes a profile, beside whose the attachment is and how it stands; see ``_profile``.
_told = attrgetter(
    "subnet_id",
    "vpc_id",
    "owner_id",
    "status",
    "interface_type",
    "requester_managed",
    "requester_id",
    "description",
    "source_dest_check",
    "deny_all_igw_traffic",
    "availability_zone",
)

_worn, _held = attrgetter("groups"), attrgetter("private_ip_addresses")


def _profile(interface: NetworkInterface) -> NetworkInterface:
    attachment = interface.attachment
    return NetworkInterface(
        network_interface_id=_NOBODY,
        subnet_id=interface.subnet_id,
        vpc_id=interface.vpc_id,
        owner_id=interface.owner_id,
        status=interface.status,
        interface_type=interface.interface_type,
        requester_managed=interface.requester_managed,
        requester_id=interface.requester_id,
        description=interface.description,
        source_dest_check=interface.source_dest_check,
        deny_all_igw_traffic=interface.deny_all_igw_traffic,
        availability_zone=interface.availability_zone,
        attachment=attachment
        and InterfaceAttachment(None, attachment.instance_owner_id, attachment.status),
    )


class _AddressColumns(NamedTuple):
    """IPv4 addresses and whose they are, IPv6 addresses and whose they are, whose are mapped."""

    four: bytes
    four_row: bytes
    six: bytes
    six_row: bytes
    mapped: bytes


class _Addresses:
    """The addresses of interfaces, some interfaces at a time."""

    def __init__(self) -> None:
        self._rows = 0
        self._four: list[bytes] = []
        self._six: list[bytes] = []
        self._four_row, self._six_row, self._mapped = array("I"), array("I"), array("I")

    def __len__(self) -> int:
        return self._rows

    def add(self, records: Sequence[NetworkInterface]) -> None:
        four, four_row = self._four, self._four_row
        for row, each in enumerate(records, self._rows):
            own, held = each.private_ip_address, each.private_ip_addresses
            if len(held) == 1 and not each.ipv6_addresses:
                (only,) = held
                if only.private_ip_address == own and own is not None and ":" not in own:
                    # As `private_addresses` reads it, in a third of the time: nearly all are so.
                    four.append(inet_pton(AF_INET, own))
                    four_row.append(row)
                    if (only.association or each.association) and outer_mapping(each):
                        self._mapped.append(row)
                    continue
            self._add_all(row, each)
        self._rows += len(records)

    def _add_all(self, row: int, interface: NetworkInterface) -> None:
        for address in private_addresses(interface):
            if is_ipv4(address):
                self._four.append((address >> _PLACE & 0xFFFFFFFF).to_bytes(4, "big"))
                self._four_row.append(row)
            else:
                self._six.append(address.to_bytes(16, "big"))
                self._six_row.append(row)
        held = interface.private_ip_addresses
        if (interface.association or any(a.association for a in held)) and outer_mapping(interface):
            self._mapped.append(row)

    def told(self) -> _AddressColumns:
        return _AddressColumns(
            four=_native(b"".join(self._four)),
            four_row=self._four_row.tobytes(),
            six=b"".join(self._six),
            six_row=self._six_row.tobytes(),
            mapped=self._mapped.tobytes(),
        )


def _native(numbers: bytes) -> bytes:
    """Numbers of four bytes, the first one highest, in this machine's order."""
    found = array("I", numbers)
    if sys.byteorder == "little":
        found.byteswap()
    return found.tobytes()


class _Texts:
    """Texts in one width."""

    def __init__(self) -> None:
        self._texts: list[str] = []

    def add(self, texts: Iterable[str]) -> None:
        self._texts += texts

    def told(self) -> tuple[int, bytes] | None:
        """None where one is too long, or is none of ASCII without a zero."""
        texts = self._texts
        width = max(map(len, texts), default=0) or 1
        joined = "".join(texts)
        if width > _LONGEST or not joined.isascii() or "\0" in joined:
            return None
        if len(joined) < width * len(texts):  # nearly always because some are empty
            blank = "\0" * width
            joined = "".join([text or blank for text in texts])
        if len(joined) < width * len(texts):
            joined = "".join([text.ljust(width, "\0") for text in texts])
        return width, joined.encode()
