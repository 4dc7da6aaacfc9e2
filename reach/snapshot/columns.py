"""What rules can tell interfaces by, as columns: written file by file, as records are read.

    of_interfaces(records) -> bytes        of_instances(records) -> bytes

A *profile* is an interface without what is its own (its id, addresses, instance, groups and tags):
of a million interfaces there are some thousands.  A row refers to its profile, to its set of groups
and to its instance, and has its addresses.  Nothing is given (no bytes) of records whose ids are no
plain texts.  Columns hold what AWS said, in the order of the records; nothing in them is an
inference.  ``reach.snapshot.roll`` reads them.  Must not know how files are read, nor numpy, which
takes long to import.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence

import msgspec

from reach.network.address import is_ipv4
from reach.snapshot.index import delegated_prefixes, outer_mapping, private_addresses
from reach.snapshot.interface_records import (
    Instance,
    InterfaceAttachment,
    MetadataOptions,
    NetworkInterface,
)

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
    ids = _texts([each.network_interface_id for each in records])
    instances = _texts([_instance(each) for each in records])
    odd = any(each.attachment and each.attachment.instance_id == "" for each in records)
    if ids is None or instances is None or odd:
        return b""
    profiles: dict[object, int] = {}
    examples: list[NetworkInterface] = []
    groups: dict[tuple[str, ...], int] = {}
    profile, group = array("I"), array("I")
    for each in records:
        key = _told(each)
        number = profiles.get(key)
        if number is None:
            number = profiles[key] = len(profiles)
            examples.append(_profile(each))
        profile.append(number)
        own = tuple([one.group_id for one in each.groups])
        group.append(groups.setdefault(own, len(groups)))
    return _packed(
        Interfaces(
            *ids,
            examples,
            profile.tobytes(),
            list(groups),
            group.tobytes(),
            *instances,
            *_addresses(records),
            _rows(row for row, each in enumerate(records) if _is_mapped(each)),
            _rows(row for row, each in enumerate(records) if _is_delegated(each)),
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


def _instance(interface: NetworkInterface) -> str:
    return (interface.attachment.instance_id or "") if interface.attachment else ""


def _told(interface: NetworkInterface) -> object:
    """What makes a profile; in the order of ``_profile``."""
    attachment = interface.attachment
    return (
        interface.subnet_id,
        interface.vpc_id,
        interface.owner_id,
        interface.status,
        interface.interface_type,
        interface.requester_managed,
        interface.requester_id,
        interface.description,
        interface.source_dest_check,
        interface.deny_all_igw_traffic,
        interface.availability_zone,
        attachment and (attachment.instance_owner_id, attachment.status),
    )


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


def _is_mapped(interface: NetworkInterface) -> bool:
    said = interface.association or any(a.association for a in interface.private_ip_addresses)
    return bool(said and outer_mapping(interface))


def _is_delegated(interface: NetworkInterface) -> bool:
    said = interface.ipv4_prefixes or interface.ipv6_prefixes
    return bool(said and delegated_prefixes(interface))


def _addresses(records: Sequence[NetworkInterface]) -> tuple[bytes, bytes, bytes, bytes]:
    """IPv4 addresses and whose they are, IPv6 addresses and whose they are."""
    four, four_row, six_row = array("I"), array("I"), array("I")
    six = bytearray()
    for row, each in enumerate(records):
        for address in private_addresses(each):
            if is_ipv4(address):
                four.append(address >> _PLACE & 0xFFFFFFFF)
                four_row.append(row)
            else:
                six += address.to_bytes(16, "big")
                six_row.append(row)
    return four.tobytes(), four_row.tobytes(), bytes(six), six_row.tobytes()


def _rows(rows: Iterable[int]) -> bytes:
    return array("I", rows).tobytes()


def _texts(texts: Sequence[str]) -> tuple[int, bytes] | None:
    """The texts in one width; None where one is too long, or is none of ASCII without a zero."""
    width = max(map(len, texts), default=0) or 1
    joined = "".join(texts)
    if width > _LONGEST or not joined.isascii() or "\0" in joined:
        return None
    return width, b"".join([text.encode().ljust(width, b"\0") for text in texts])
