"""A network ACL's card: its entries in order with their standing, and the subnets that use it.

    acl_card(ground, acl, proving) -> Card

An entry is *usable* if some packet, or some reply, comes to it and no earlier entry takes it; it
allows or denies it then.  It is *shadowed* if earlier entries take everything that it matches
(R-NACL-2: the first that matches decides), *dead* if no packet comes to it.  Must not know
rendering.

Implements: R-NACL-1 R-NACL-2 R-NACL-4 R-NACL-7
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from reach.cards.card import Card, Line, Standing, Thing
from reach.cards.covering import possible, without
from reach.cards.hidden import hidden_from_subnets
from reach.cards.neighbours import members, questions
from reach.cards.proving import Proving, refused, shadowed, unmet, used
from reach.cards.things import referrers
from reach.cards.watch import Decisions, watch
from reach.cards.words import ports_of, protocol_of
from reach.lower import Ground
from reach.network.header_space import HeaderSpace, Ranges
from reach.network.stage import Filter, Stage
from reach.snapshot.records import NetworkAcl, NetworkAclEntry, Subnet

_LAST_RULE = 32766
_SLOTS = {"inbound": "acl.enter", "outbound": "acl.leave"}


def acl_card(ground: Ground, acl: NetworkAcl, proving: Proving) -> Card:
    """The card of a network ACL."""
    subnets = _subnets(ground, acl)
    lines = {line.key: line for line in _lines(acl)}
    told = _standing(ground, acl, subnets, lines, proving)
    return Card(
        id=acl.network_acl_id,
        kind="network ACL",
        name=acl.name,
        facts={"VPC": acl.vpc_id or "-", "default": "yes" if acl.is_default else "no"},
        attached=tuple(_used_by(ground, each) for each in subnets),
        referrers=tuple(referrers(ground, acl.network_acl_id)),
        lines=tuple(told[key] for key in lines),
    )


def _subnets(ground: Ground, acl: NetworkAcl) -> tuple[str, ...]:
    """R-NACL-1: those that name it, and for a default ACL those that name none."""
    return tuple(
        subnet.subnet_id
        for subnet in ground.snapshot.records(Subnet)
        if ground.index.network_acl_of(subnet.subnet_id) is acl
    )


def _used_by(ground: Ground, subnet_id: str) -> Thing:
    subnet = ground.snapshot.get(Subnet, subnet_id)
    assert subnet is not None
    count = len(members(ground, (subnet_id,)))
    held = f"{count} interface{'' if count == 1 else 's'}"
    return Thing(subnet_id, subnet.name, f"subnet {subnet.cidr_block or ''}, {held}")


def _in_order(acl: NetworkAcl, direction: str) -> list[NetworkAclEntry]:
    egress = direction == "outbound"
    own = (entry for entry in acl.entries if entry.egress is egress)
    return sorted(own, key=lambda entry: entry.rule_number)


def _keys(acl: NetworkAcl, direction: str) -> list[str]:
    """A name for each entry, in order; those of both IP versions may have one number."""
    names: list[str] = []
    for entry in _in_order(acl, direction):
        number = "*" if entry.rule_number > _LAST_RULE else str(entry.rule_number)
        name = f"{direction} {number}"
        names.append(f"{name} (IPv6)" if name in names else name)
    return names


def _lines(acl: NetworkAcl) -> Iterator[Line]:
    for direction in _SLOTS:
        entries = zip(_keys(acl, direction), _in_order(acl, direction), strict=True)
        for key, entry in entries:
            low = high = None
            if entry.port_range is not None:
                low, high = entry.port_range.from_port, entry.port_range.to_port
            if entry.icmp_type_code is not None and protocol_of(entry.protocol).startswith("icmp"):
                low, high = entry.icmp_type_code.type, entry.icmp_type_code.code
            yield Line(
                key=key,
                direction=direction,
                action=entry.rule_action,
                protocol=protocol_of(entry.protocol),
                ports=ports_of(entry.protocol, low, high),
                peer=entry.cidr_block or entry.ipv6_cidr_block or "",
            )


def _spaces(ground: Ground, acl: NetworkAcl, direction: str) -> dict[str, tuple[HeaderSpace, ...]]:
    (stage,) = ground.slot(_SLOTS[direction], acl.network_acl_id)
    assert isinstance(stage, Filter)
    matches = zip(_keys(acl, direction), stage.rules, strict=True)
    return {key: (rule.match,) for key, rule in matches}


def _standing(
    ground: Ground,
    acl: NetworkAcl,
    subnets: Sequence[str],
    lines: Mapping[str, Line],
    proving: Proving,
) -> dict[str, Line]:
    by = {direction: _spaces(ground, acl, direction) for direction in _SLOTS}
    spaces = {key: each for found in by.values() for key, each in found.items()}
    covers = {key: told for found in by.values() for key, told in _covers(found, proving)}
    alive = {key: spaces[key] for key in lines if key not in covers and possible(spaces[key])}
    told = {key: _used(line, covers, alive) for key, line in lines.items() if key not in alive}
    asked = {key: lines[key] for key in alive}
    if not members(ground, subnets):
        words = "no subnet uses it" if not subnets else "no interface is in a subnet that uses it"
        told |= {key: line.stands(Standing.DEAD, words) for key, line in asked.items()}
    else:
        keys = {direction: _keys(acl, direction) for direction in _SLOTS}
        watched = watch(ground.network, lambda stage: _decisions(stage, acl.network_acl_id, keys))
        hints = {key: each for found in by.values() for key, each in _first(found) if key in alive}
        told |= used(asked, alive, watched, questions(ground, subnets, ()), proving, hints)
    return {key: _checked(ground, acl, subnets, line, spaces[key]) for key, line in told.items()}


def _checked(
    ground: Ground,
    acl: NetworkAcl,
    subnets: Sequence[str],
    line: Line,
    spaces: tuple[HeaderSpace, ...],
) -> Line:
    """A dead line, unless something may be hidden."""
    if line.standing is not Standing.DEAD or not possible(spaces):
        return line
    side = "source" if line.direction == "inbound" else "destination"
    peers = Ranges.any_of(each.by_name[side] for each in spaces)
    return unmet(refused(line, hidden_from_subnets(ground, acl, subnets, peers)))


def _covers(
    spaces: Mapping[str, tuple[HeaderSpace, ...]], proving: Proving
) -> Iterator[tuple[str, tuple[str, ...]]]:
    earlier: dict[str, tuple[HeaderSpace, ...]] = {}
    for key, own in spaces.items():
        by = proving.covered(own, earlier)
        if by:
            yield key, by
        earlier[key] = own


def _first(
    spaces: Mapping[str, tuple[HeaderSpace, ...]],
) -> Iterator[tuple[str, tuple[HeaderSpace, ...]]]:
    """What no earlier entry takes of each, if that can be told in a few pieces."""
    earlier: list[HeaderSpace] = []
    for key, own in spaces.items():
        left = without(possible(own), earlier)
        yield key, tuple(left) if left else own
        earlier += own


def _used(line: Line, covers: Mapping[str, tuple[str, ...]], alive: Mapping[str, object]) -> Line:
    if line.key in covers:
        return shadowed(line, covers[line.key])
    return line.stands(Standing.DEAD, "no packet is like this: not of this IP version")


def _decisions(stage: Stage, acl_id: str, keys: Mapping[str, Sequence[str]]) -> Decisions | None:
    if not isinstance(stage, Filter) or stage.otherwise.origin.resource != acl_id:
        return None
    direction = stage.otherwise.origin.locator.partition(" ")[0]
    named = zip(keys[direction], stage.rules, strict=True)
    return Decisions(tuple(((key,), rule.match) for key, rule in named), ordered=True)
