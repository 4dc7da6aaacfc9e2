"""A prefix list's card: its entries, which of them others hold already, and what names it.

    prefix_list_card(ground, id, record, proving) -> Card

An entry is *shadowed* if other entries hold all its addresses.  Must not know rendering.
"""

from __future__ import annotations

from collections.abc import Iterator

from reach.cards.card import Card, Line, Thing
from reach.cards.covering import Spaces
from reach.cards.proving import Proving, shadowed
from reach.cards.things import referrers
from reach.lower import Ground
from reach.network.address import Prefix
from reach.network.header_space import HeaderSpace, Ranges
from reach.snapshot.records import ManagedPrefixListEntries, PrefixList, Record


def prefix_list_card(ground: Ground, record: Record, proving: Proving) -> Card:
    """The card of a customer's or of AWS's own prefix list."""
    name = ground.id_of(record)
    entries = ground.index.prefix_list_entries(name)
    used = tuple(referrers(ground, name, (ManagedPrefixListEntries, PrefixList)))
    unknown = "its entries are not in the snapshot: whom it means is not known"
    return Card(
        id=name,
        kind="prefix list",
        name=_name(ground, name),
        facts={"entries": "not known" if entries is None else str(len(entries))},
        referrers=used,
        lines=tuple(_lines(entries or (), _descriptions(ground, name), proving)),
        notes=(unknown,) if entries is None else tuple(_unused(used)),
    )


def _name(ground: Ground, name: str) -> str:
    listed = ground.snapshot.get(PrefixList, name)
    return (listed.prefix_list_name or "") if listed is not None else ""


def _unused(used: tuple[Thing, ...]) -> Iterator[str]:
    if not used:
        yield "nothing in the snapshot names it"


def _lines(
    entries: tuple[str, ...], descriptions: dict[str, str], proving: Proving
) -> Iterator[Line]:
    spaces: dict[str, Spaces] = {
        each: (HeaderSpace.where(source=Ranges.prefixes((Prefix.parse(each),))),)
        for each in dict.fromkeys(entries)
    }
    for each, own in spaces.items():
        line = Line(key=each, peer=each, description=descriptions.get(each, ""))
        others = {other: space for other, space in spaces.items() if other != each}
        yield shadowed(line, proving.covered(own, others))


def _descriptions(ground: Ground, name: str) -> dict[str, str]:
    held = ground.snapshot.get(ManagedPrefixListEntries, name)
    found = held.entries if held is not None else ()
    return {each.cidr: each.description or "" for each in found if each.cidr}
