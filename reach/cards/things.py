"""What a thing of a snapshot is called, and what else names it.

    interface(ground, record) -> Thing      mentions(ground, id)      thing_card(ground, record)

Must not know what any rule does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from reach.cards.card import Card, Thing
from reach.lower import Ground
from reach.network.address import format_address
from reach.snapshot.index import private_addresses
from reach.snapshot.records import Instance, NetworkInterface, Record, Subnet
from reach.states import word_of

_PROVENANCE = ("page", "place")


def kind_of(record: Record) -> str:
    """The kind of a record in words: ``network interface``."""
    name = type(record).__name__
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).lower()


def name_of(record: Record) -> str:
    """What people call it: what AWS lets them name differs by kind."""
    names = ("name", "group_name", "prefix_list_name")
    return next((str(n) for n in (getattr(record, each, "") for each in names) if n), "")


def interface(ground: Ground, found: NetworkInterface) -> Thing:
    """An interface with its owner: the instance, or what AWS wrote beside it."""
    instance_id = found.attachment.instance_id if found.attachment else None
    instance = ground.snapshot.get(Instance, instance_id) if instance_id else None
    owner = f"{instance_id} {instance.name if instance else ''}".strip() if instance_id else ""
    own = ", ".join(map(format_address, private_addresses(found)))
    words = [owner or found.description or found.interface_type, own]
    if found.status not in ("in-use", ""):
        words.append(found.status)
    return Thing(found.network_interface_id, found.name, ", ".join(filter(None, words)))


def mentions(ground: Ground, resource: str) -> Iterator[tuple[Record, str]]:
    """Every record that names a resource outside its own id, with the attribute that does."""
    quoted = msgspec.json.encode(resource)
    for kind in ground.snapshot.contents:
        for record in ground.snapshot.records(kind):
            if quoted in msgspec.json.encode(record) and ground.id_of(record) != resource:
                path = next(iter(_paths(record, resource)), "")
                if path:
                    yield record, path


def _paths(record: Record, resource: str) -> Iterator[str]:
    """The attributes of a record that hold the resource, as AWS spells them."""
    return (path for text, path in _texts(record) if text == resource)


def referrers(ground: Ground, resource: str, but: tuple[type[Record], ...] = ()) -> Iterator[Thing]:
    """What names a resource, kinds aside that are told otherwise."""
    seen: set[str] = set()
    for record, path in mentions(ground, resource):
        name = ground.id_of(record)
        if not isinstance(record, but) and name not in seen:
            seen.add(name)
            yield Thing(name, name_of(record), f"{kind_of(record)}, {path}")


# ------------------------------------------------------------------- a card of anything


def thing_card(ground: Ground, record: Record) -> Card:
    """The short card of a thing that has no rules: what it says of itself, whom it names."""
    resource = ground.id_of(record)
    return Card(
        id=resource,
        kind=kind_of(record),
        name=name_of(record),
        facts=dict(_facts(ground, record)),
        attached=tuple(_named(ground, record)),
        referrers=tuple(referrers(ground, resource)),
    )


def _facts(ground: Ground, record: Record) -> Iterator[tuple[str, str]]:
    """What stands at the top of the record, its own id and other things' aside."""
    own = ground.id_of(record)
    for attribute, spelled in zip(
        record.__struct_fields__, record.__struct_encode_fields__, strict=True
    ):
        value = getattr(record, attribute)
        plain = isinstance(value, str | int) and attribute not in _PROVENANCE
        if plain and value not in ("", own) and value not in _known(ground):
            yield spelled, str(value).lower() if isinstance(value, bool) else str(value)
        elif attribute in ("state", "status") and not isinstance(value, str):
            word = word_of(value)
            if word:
                yield spelled, word
    if isinstance(record, Subnet):
        table = ground.index.route_table_of(own)
        acl = ground.index.network_acl_of(own)
        yield "route table in force", table.route_table_id if table else "not known"
        yield "network ACL in force", acl.network_acl_id if acl else "not known"


def _named(ground: Ground, record: Record) -> Iterator[Thing]:
    """The things that a record names."""
    own = ground.id_of(record)
    for resource, path in dict(_texts(record)).items():
        if resource in _known(ground) and resource != own:
            yield Thing(resource, ground.name_of(resource), path)


def _known(ground: Ground) -> frozenset[str]:
    return ground.memo("known ids", lambda: frozenset(ground.ids()))


def _texts(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text below a value, with the attribute that holds it."""
    if isinstance(value, str):
        yield value, path
    elif isinstance(value, msgspec.Struct):
        fields = zip(value.__struct_fields__, value.__struct_encode_fields__, strict=True)
        for attribute, spelled in fields:
            if attribute not in _PROVENANCE:
                below = getattr(value, attribute)
                yield from _texts(below, f"{path}.{spelled}".removeprefix("."))
    elif isinstance(value, tuple | list):
        for each in value:
            yield from _texts(each, path)
