"""Network ACLs: stateless, first match by rule number, on entering and on leaving a subnet.

Each subnet has one ACL; one that no association names uses its VPC's default ACL (R-NACL-1).
Ingress matches the packet's source, egress its destination, the port range always the destination
port (R-NACL-4), so a reply is matched on the client's ephemeral port (R-NACL-7).  An entry is of
one address family (R-NACL-3); ports and types count only for the protocols that have them
(R-NACL-5).  Replies are matched afresh, an echo reply as type 0 (R-OBS-9).

Implements: R-NACL-1 R-NACL-2 R-NACL-3 R-NACL-4 R-NACL-5 R-NACL-6 R-NACL-7 R-NACL-9 R-NACL-10
R-NACL-16 R-NACL-17 R-OBS-9 R-SHARE-3
Not modelled: what an ACL does to fragments.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace as changed

from reach.component import Component, Denied, Lowering, Mending
from reach.interfaces.permissions import flaw_of_ports
from reach.network.address import Prefix
from reach.network.field import ICMP, ICMPV6, TCP, UDP, format_protocol, parse_protocol
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.network.stage import Action, Filter, Origin, Rule, Stage, unknown_filter
from reach.snapshot.record import where
from reach.snapshot.records import IcmpTypeCode, NetworkAcl, NetworkAclEntry, PortRange, Subnet
from reach.unprinted import left_out, left_out_in

if TYPE_CHECKING:
    from reach.changes import Change, Removal


_LAST_RULE = 32766
_CODE = "SUBNET_ACL_RESTRICTION"


def _stages(lowering: Lowering, subnet_id: str, egress: bool) -> tuple[Stage, ...]:
    acl = lowering.index.network_acl_of(subnet_id)
    explicit = acl is not None and any(a.subnet_id == subnet_id for a in acl.associations)
    subnet = lowering.snapshot.get(Subnet, subnet_id)
    unsaid = left_out_in(lowering, NetworkAcl, subnet.vpc_id if subnet else "", "associations")
    if unsaid is not None and not explicit:
        return (unknown_filter(unsaid),)
    if acl is None:
        words = "the network ACL of this subnet is not known, or two are said to be it"
        return (unknown_filter(lowering.missing(NetworkAcl, subnet_id, words)),)
    vpc = subnet.vpc_id if subnet is not None else None
    if explicit and acl.vpc_id and vpc and acl.vpc_id != vpc:
        words = f"is of {acl.vpc_id}, and associated with {subnet_id} of {vpc}: it cannot be both"
        return (unknown_filter(Origin(acl.network_acl_id, words, code="UNKNOWN_RESOURCE")),)
    told = lowering.has(NetworkAcl, acl) and lowering.index.told_by_owner(NetworkAcl, acl)
    if not explicit and not told:
        words = "whether this subnet has an ACL of its own is not known"
        return (unknown_filter(lowering.missing(NetworkAcl, subnet_id, words)),)

    return _alone(lowering, acl.network_acl_id, egress)


def _alone(lowering: Lowering, acl_id: str, egress: bool) -> tuple[Stage, ...]:
    """An ACL by itself, whatever subnets use it."""
    key = f"network_acl {acl_id} {egress}"
    return (lowering.memo(key, partial(_filter, lowering, acl_id, egress)),)


def _filter(lowering: Lowering, acl_id: str, egress: bool) -> Filter:
    acl = lowering.snapshot.get(NetworkAcl, acl_id)
    assert acl is not None
    unsaid = left_out(lowering, acl, "entries")
    if unsaid is not None:
        return unknown_filter(unsaid)
    entries = sorted(
        (entry for entry in acl.entries if entry.egress is egress),
        key=lambda entry: entry.rule_number,
    )
    direction = "outbound" if egress else "inbound"
    disputed = _disputed(entries)
    rules = tuple(_rule(acl, entry, direction, entry in disputed) for entry in entries)
    words = f"denies {direction} what no rule allows"
    default = Origin(acl.network_acl_id, words, f"{direction} rule *", _CODE, acl.name)
    return Filter(rules, Rule(ANYTHING, Action.DENY, default))


def _disputed(entries: Iterable[NetworkAclEntry]) -> frozenset[NetworkAclEntry]:
    """R-NACL-2: entries of one number, of which one allows and one denies.  AWS has no such two, so
    which of them is the one that was kept nothing tells, least of all their order in a file."""
    rivals = defaultdict(list)
    for entry in entries:
        rivals[entry.rule_number, entry.cidr_block is None].append(entry)
    return frozenset(
        entry
        for each in rivals.values()
        if len({entry.rule_action for entry in each}) > 1
        for entry in each
    )


def _rule(acl: NetworkAcl, entry: NetworkAclEntry, direction: str, disputed: bool) -> Rule:
    allows = entry.rule_action == "allow"
    match = _match(entry)
    wrong = _flaw(entry)
    if disputed or wrong:
        words = f"two entries have the number {entry.rule_number}, and one of them denies"
        if wrong:
            place = f"{where(acl)}/Entries/{acl.entries.index(entry)}"
            words = f"{wrong} ({place}): for which packets it is, is not known"
        locator = f"{direction} rule {entry.rule_number}"
        doubt = Origin(acl.network_acl_id, words, locator, "", acl.name, record=entry)
        return Rule(match, Action.DOUBT, doubt)
    number = "*" if entry.rule_number > _LAST_RULE else entry.rule_number
    words = f"{'allows' if allows else 'denies'} {direction} {_words(entry)}"
    origin = Origin(
        acl.network_acl_id,
        words,
        f"{direction} rule {number}",
        "" if allows else _CODE,
        acl.name,
        record=entry,
    )
    return Rule(match, Action.PERMIT if allows else Action.DENY, origin)


def _match(entry: NetworkAclEntry) -> HeaderSpace:
    block = entry.cidr_block or entry.ipv6_cidr_block
    peers = Ranges.prefixes((Prefix.parse(block),)) if block else None
    source, destination = (None, peers) if entry.egress else (peers, None)
    if entry.protocol == "-1":
        return HeaderSpace.where(source=source, destination=destination)
    protocol = parse_protocol(entry.protocol)
    ports = kind = code = None
    known = not _flaw(entry)
    if protocol in (TCP, UDP) and entry.port_range is not None and known:
        ports = Ranges.span(entry.port_range.from_port, entry.port_range.to_port)
    typed = entry.icmp_type_code
    if known and _is_typed(entry) and typed is not None and typed.type != -1:
        kind = Ranges.of(typed.type)
        code = None if typed.code == -1 else Ranges.of(typed.code)
    return HeaderSpace.where(
        source=source,
        destination=destination,
        protocol=Ranges.of(protocol),
        destination_port=ports,
        icmp_type=kind,
        icmp_code=code,
    )


def _is_typed(entry: NetworkAclEntry) -> bool:
    """R-NACL-5: with an IPv4 block, protocol 58 means every type."""
    protocol = parse_protocol(entry.protocol)
    return protocol == ICMP or (protocol == ICMPV6 and bool(entry.ipv6_cidr_block))


def _flaw(entry: NetworkAclEntry) -> str:
    """Why AWS has no such entry, so that nobody knows what it is for; '' if it may have."""
    if entry.protocol == "-1":
        return ""
    protocol, low, high = parse_protocol(entry.protocol), None, None
    if protocol in (TCP, UDP) and entry.port_range is not None:
        low, high = entry.port_range.from_port, entry.port_range.to_port
    if _is_typed(entry) and entry.icmp_type_code is not None:
        low, high = entry.icmp_type_code.type, entry.icmp_type_code.code
    is_read = protocol in (TCP, UDP) or _is_typed(entry)
    return flaw_of_ports(protocol, low, high) if is_read else ""


def _words(entry: NetworkAclEntry) -> str:
    """An entry as people say it: ``tcp 22 from 10.0.0.0/8``."""
    peer = entry.cidr_block or entry.ipv6_cidr_block or "anywhere"
    way = "to" if entry.egress else "from"
    if entry.protocol == "-1":
        return f"all traffic {way} {peer}"
    protocol = parse_protocol(entry.protocol)
    what = format_protocol(protocol)
    what = what if what.isalpha() else f"protocol {what}"
    if protocol in (TCP, UDP) and entry.port_range is not None:
        low, high = entry.port_range.from_port, entry.port_range.to_port
        what += f" {low}" if low == high else f" {low}-{high}"
    if protocol in (ICMP, ICMPV6) and entry.icmp_type_code is not None:
        kind, code = entry.icmp_type_code.type, entry.icmp_type_code.code
        what += ("" if kind == -1 else f" type {kind}") + ("" if code == -1 else f" code {code}")
    return f"{what} {way} {peer}"


def _admit(lowering: Lowering, denied: Denied) -> tuple[Change, ...]:
    """An entry for it before the one that denies it.

    Where no number before it is free, its own, and it moves to the next free one, if it would deny
    anything there.
    """
    from reach.changes import AddEntry, ReplaceEntry
    from reach.changes.acl_entry import AclEntry

    acl = lowering.snapshot.get(NetworkAcl, denied.origin.resource)
    if acl is None:
        return ()
    egress = denied.origin.locator.startswith("outbound")
    entries = {each.rule_number: each for each in acl.entries if each.egress is egress}
    number = denied.origin.locator.rpartition(" ")[2]
    denying = _LAST_RULE + 1 if number == "*" else int(number)
    free = _free_before(denying, entries)
    entry = _entry(denied.wanted, egress, free or denying)
    told = AclEntry(acl.network_acl_id, acl.name, entry, _words(entry))
    if free:
        return (AddEntry(told),)
    if _match(entries[denying]).is_within(_match(entry)):
        return (ReplaceEntry(told),)
    moved = next(n for n in range(denying + 1, _LAST_RULE + 2) if n not in entries)
    between = [entries[n] for n in range(denying + 1, moved) if n in entries]
    if moved > _LAST_RULE or any(each.rule_action == "allow" for each in between):
        return ()
    old = changed(entries[denying], rule_number=moved)
    return AddEntry(replace(told, entry=old, shown=_words(old))), ReplaceEntry(told)


def _free_before(denying: int, taken: Mapping[int, NetworkAclEntry]) -> int:
    """A number right before the entry that denies, a round one if there is one; 0 if none is free.

    After all others before it, so that what they say counts still.
    """
    last = max((number for number in taken if number < denying), default=0)
    for step in (100, 10, 5):
        number = (last // step + 1) * step
        if number < denying and (denying > _LAST_RULE or number > last):
            return number
    return last + 1 if last + 1 < denying else 0


def _entry(wanted: HeaderSpace, egress: bool, number: int) -> NetworkAclEntry:
    """The entry for these packets (R-NACL-4, R-NACL-5)."""
    (protocol,) = (low for low, _ in wanted.by_name["protocol"].intervals)
    ports = kind = None
    if protocol in (TCP, UDP):
        ((low, high),) = wanted.by_name["destination_port"].intervals
        ports = PortRange(from_port=low, to_port=high)
    elif protocol in (ICMP, ICMPV6):
        code = wanted.by_name["icmp_code"].single
        of_type = wanted.by_name["icmp_type"].single
        assert of_type is not None
        kind = IcmpTypeCode(type=of_type, code=-1 if code is None else code)
    (peer,) = map(str, wanted.by_name["destination" if egress else "source"].cover())
    return NetworkAclEntry(
        rule_number=number,
        protocol=str(protocol),
        rule_action="allow",
        egress=egress,
        cidr_block=None if ":" in peer else peer,
        ipv6_cidr_block=peer if ":" in peer else None,
        port_range=ports,
        icmp_type_code=kind,
    )


def _remove(lowering: Lowering, origin: Origin) -> tuple[Removal, ...]:
    """The entry that an origin speaks of."""
    from reach.changes import RemoveEntry
    from reach.changes.acl_entry import AclEntry

    acl = lowering.snapshot.get(NetworkAcl, origin.resource)
    number = origin.locator.rpartition(" rule ")[2]
    if acl is None or not number.isdigit():
        return ()
    egress = origin.locator.startswith("outbound")
    for entry in acl.entries:
        if entry.rule_number == int(number) and entry.egress is egress:
            return (RemoveEntry(AclEntry(acl.network_acl_id, acl.name, entry, _words(entry))),)
    return ()


COMPONENT = Component(
    name="network_acl",
    reads=(NetworkAcl,),
    slots={
        "subnet.enter": lambda lowering, subnet: _stages(lowering, subnet, False),
        "subnet.leave": lambda lowering, subnet: _stages(lowering, subnet, True),
        "acl.enter": lambda lowering, acl: _alone(lowering, acl, False),
        "acl.leave": lambda lowering, acl: _alone(lowering, acl, True),
    },
    mending=Mending("acl-", 1, _admit, _remove),
)
