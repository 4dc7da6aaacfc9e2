"""What rules can tell interfaces by, as columns: written file by file, as records are read.

    of_interfaces(records) -> bytes        of_instances(records) -> bytes

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
from reach.snapshot.record import UNPRINTED

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


def of_interfaces(records: Sequence[NetworkInterface]) -> bytes:
    attachments = [each.attachment for each in records]
    owners = [(own.instance_id if own else None) for own in attachments]
    ids = _texts([each.network_interface_id for each in records])
    instances = _texts([owner or "" for owner in owners])
    if ids is None or instances is None or "" in owners:
        return b""
    if any(each.groups is UNPRINTED or each.private_ip_addresses is UNPRINTED for each in records):
        return b""
    profiles: dict[object, int] = {}
    examples: list[NetworkInterface] = []
    groups: dict[tuple[str, ...], int] = {}
    profile: list[int] = []
    for told, own, each in zip(map(_told, records), attachments, records, strict=True):
        key = told, own and (own.instance_owner_id, own.status)
        number = profiles.get(key)
        if number is None:
            number = profiles[key] = len(profiles)
            examples.append(_profile(each))
        profile.append(number)
    worn = (tuple(map(_group_id, each.groups)) for each in records)
    return _packed(
        Interfaces(
            *ids,
            examples,
            _rows(profile),
            group=_rows([groups.setdefault(own, len(groups)) for own in worn]),
            groups=list(groups),
            instance_width=instances[0],
            instances=instances[1],
            **_addresses(records)._asdict(),
            delegated=_rows(row for row, each in enumerate(records) if _is_delegated(each)),
        )
    )


def of_instances(records: Sequence[Instance]) -> bytes:
    ids = _texts([each.instance_id for each in records])
    if ids is None:
        return b""
    kinds: dict[object, int] = {}
    examples: list[Instance] = []
    kind = array("I")
    for each in records:
        told = each.metadata_options
        key = each.state.name, told and (told.state, told.http_endpoint, told.http_protocol_ipv6)
        number = kinds.get(key)
        if number is None:
            number = kinds[key] = len(kinds)
            options = MetadataOptions(*key[1]) if key[1] else None
            examples.append(
                Instance(instance_id=_NOBODY, state=each.state, metadata_options=options)
            )
        kind.append(number)
    return _packed(Instances(*ids, examples, kind.tobytes()))


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
_group_id = attrgetter("group_id")


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


def _is_delegated(interface: NetworkInterface) -> bool:
    said = interface.ipv4_prefixes or interface.ipv6_prefixes
    return bool(said and delegated_prefixes(interface))


class _Addresses(NamedTuple):
    """IPv4 addresses and whose they are, IPv6 addresses and whose they are, whose are mapped."""

    four: bytes
    four_row: bytes
    six: bytes
    six_row: bytes
    mapped: bytes


def _addresses(records: Sequence[NetworkInterface]) -> _Addresses:
    four: list[bytes] = []
    six: list[bytes] = []
    four_row: list[int] = []
    six_row: list[int] = []
    mapped: list[int] = []
    for row, each in enumerate(records):
        own, held = each.private_ip_address, each.private_ip_addresses
        if len(held) == 1 and not each.ipv6_addresses:
            (only,) = held
            if only.private_ip_address == own and own is not None and ":" not in own:
                # As `private_addresses` reads it, in a third of the time: nearly all are like this.
                four.append(inet_pton(AF_INET, own))
                four_row.append(row)
                if (only.association or each.association) and outer_mapping(each):
                    mapped.append(row)
                continue
        for address in private_addresses(each):
            if is_ipv4(address):
                four.append((address >> _PLACE & 0xFFFFFFFF).to_bytes(4, "big"))
                four_row.append(row)
            else:
                six.append(address.to_bytes(16, "big"))
                six_row.append(row)
        if (each.association or any(a.association for a in held)) and outer_mapping(each):
            mapped.append(row)
    return _Addresses(
        _native(b"".join(four)), _rows(four_row), b"".join(six), _rows(six_row), _rows(mapped)
    )


def _native(numbers: bytes) -> bytes:
    """Numbers of four bytes, the first one highest, in this machine's order."""
    found = array("I", numbers)
    if sys.byteorder == "little":
        found.byteswap()
    return found.tobytes()


def _rows(rows: Iterable[int]) -> bytes:
    return array("I", rows).tobytes()


def _texts(texts: Sequence[str]) -> tuple[int, bytes] | None:
    """The texts in one width; None where one is too long, or is none of ASCII without a zero."""
    width = max(map(len, texts), default=0) or 1
    joined = "".join(texts)
    if width > _LONGEST or not joined.isascii() or "\0" in joined:
        return None
    if len(joined) < width * len(texts):
        joined = "".join([text.ljust(width, "\0") for text in texts])
    return width, joined.encode()
