"""VPC Block Public Access: an account's switch over what crosses its internet gateways.

The mode holds for an account and Region, and the owner's counts in shared subnets (R-BPA-1,
R-BPA-2).  ``block-bidirectional`` drops everything that crosses an internet or egress-only internet
gateway (R-BPA-3); ``block-ingress`` lets pass what a NAT gateway or an egress-only gateway opened,
and nothing else, in either direction (R-BPA-4).  An exclusion of a VPC or a subnet undoes it:
``allow-bidirectional`` wholly, ``allow-egress`` makes of ``block-bidirectional`` what
``block-ingress`` is, and of that nothing else (R-BPA-5, U-2).  The subnet that counts is that of
the interface next to the gateway: a balancer's, an appliance's or an endpoint's, not its clients'
or targets' (R-BPA-7).  Past a Network Firewall an exclusion of the subnet does not help (R-BPA-6),
nor does it for a pool of addresses that is routed in, where the VPC's counts; a Local Zone may not
know ``block-ingress`` (R-BPA-8).  What touches no such gateway is not affected (R-BPA-10).

Where describe-vpc-block-public-access-options was not made, what describe-vpcs and describe-subnets
show counts, and is off if they show nothing: such a snapshot is older than the whole thing.  Where
a mode is in force and the exclusions are not known, what it would drop is undecided.

Carrier gateways are filtered alike (R-BPA-6); any other way in from the internet (Global
Accelerator) is by the slot ``public_access.in`` of the subnet in which it ends.

Implements: R-BPA-1 R-BPA-2 R-BPA-3 R-BPA-4 R-BPA-5 R-BPA-6 R-BPA-7 R-BPA-8 R-BPA-9 R-BPA-10 R-DX-3
Not modelled: which of an exclusion of the VPC and a differing one of its subnet AWS prefers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from reach.component import Component, Lowering
from reach.interfaces.gateways import named_by
from reach.network.address import WIDTH, Prefix, parse_address
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.network.stage import Action, Filter, Origin, Rule, Stage, unknown_filter
from reach.routing import overall
from reach.routing.tables import edge_of
from reach.snapshot.call import Call
from reach.snapshot.firewalls import is_firewalls
from reach.snapshot.index import private_addresses, subnet_blocks
from reach.snapshot.interface_records import NAT_TYPES
from reach.snapshot.public_access import (
    BOTH,
    EGRESS,
    INGRESS,
    OFF,
    VpcBlockPublicAccessExclusion,
    VpcBlockPublicAccessOptions,
    account_of,
    modes_at,
    modes_past_firewall,
)
from reach.snapshot.records import (
    InternetGateway,
    NatGateway,
    NetworkInterface,
    RouteTable,
    Subnet,
    Vpc,
    VpcEndpoint,
)
from reach.snapshot.section import Section

_CODE = "VPC_BLOCK_PUBLIC_ACCESS_ENABLED"
_OPTION = "bpa-allow-egress"
_ALL = Ranges.span(0, (1 << WIDTH) - 1)
_QUIET = Origin("", "")
_PASS = Rule(ANYTHING, Action.PERMIT, _QUIET)


@dataclass(frozen=True)
class _Stand:
    """Where something stands: the modes of which one is in force there, and why several may be."""

    resource: str
    name: str
    modes: frozenset[str]
    doubt: Origin


def _at(lowering: Lowering, vpc: Vpc, subnet: Subnet | None) -> _Stand:
    """A subnet, or a VPC as such."""
    resource, holder = subnet.subnet_id if subnet else vpc.vpc_id, subnet or vpc
    modes = modes_at(lowering.index, vpc, subnet)
    return _Stand(resource, holder.name, modes, _doubt(lowering, vpc, resource))


def _past_firewall(lowering: Lowering, vpc: Vpc, subnet: Subnet) -> _Stand:
    words = "whether Block Public Access drops what passes the firewall here is not known"
    doubt = Origin(subnet.subnet_id, words, name=subnet.name)
    modes = modes_past_firewall(lowering.index, vpc, subnet)
    return _Stand(subnet.subnet_id, subnet.name, modes, doubt)


def _doubt(lowering: Lowering, vpc: Vpc, resource: str) -> Origin:
    account = account_of(lowering.index, vpc)
    if account.odd:
        words = f"what Block Public Access says is {account.odd!r}, which is no word of AWS's"
        return Origin(resource, words, code="UNKNOWN_RESOURCE")
    if account.exclusions is None:
        words = "whether it is excluded from Block Public Access is not known"
        return lowering.missing(VpcBlockPublicAccessExclusion, resource, words)
    if not account.told:
        words = "which mode of Block Public Access is in force is not known"
        return lowering.missing(VpcBlockPublicAccessOptions, resource, words)
    words = "its Block Public Access is changing, or told differently by several calls"
    return Origin(resource, words)


# ------------------------------------------------------------------- what becomes of a packet

# What a packet is, seen from the gateway: opened by a NAT or egress-only gateway, sent by any other
# interface, or coming in unasked.
_OPENED, _SENT, _UNASKED = "opened", "sent", "unasked"


def _passes(lowering: Lowering, mode: str, what: str) -> bool:
    if mode == EGRESS and what == _SENT:
        return lowering.option(_OPTION) == "allow"
    return mode == OFF or (what == _OPENED and mode != BOTH)


def _rule(lowering: Lowering, stand: _Stand, what: str, match: HeaderSpace) -> Rule:
    """What becomes of packets of a kind at a place: all its modes may say the same."""
    unread = sorted(stand.modes - {BOTH, EGRESS, INGRESS, OFF})
    if unread:
        words = f"what the mode {unread[0]!r} of Block Public Access drops is not known"
        return Rule(match, Action.DOUBT, Origin(stand.resource, words, name=stand.name))
    passing = {_passes(lowering, mode, what) for mode in stand.modes}
    option = _OPTION if what == _SENT and EGRESS in stand.modes else ""
    if passing == {True}:
        words = "an allow-egress exclusion lets this out" if option else ""
        return Rule(
            match, Action.PERMIT, Origin(stand.resource, words, name=stand.name, option=option)
        )
    if len(passing) > 1:
        return Rule(match, Action.DOUBT, stand.doubt)
    mode = min(stand.modes, key=(BOTH, EGRESS, INGRESS).index)
    words = f"Block Public Access is {mode} here"
    origin = Origin(stand.resource, words, "Block Public Access", _CODE, stand.name, option)
    return Rule(match, Action.DENY, origin)


def _is_open(stand: _Stand) -> bool:
    return stand.modes == {OFF}


def _session(vpc: Vpc) -> str:
    return f"block_public_access {vpc.vpc_id}"


def _place(lowering: Lowering, resource: str) -> tuple[Vpc | None, Subnet | None]:
    """A subnet with its VPC, or a VPC by itself: a regional NAT gateway is in no subnet."""
    subnet = lowering.snapshot.get(Subnet, resource)
    vpc_id = (subnet.vpc_id or "") if subnet is not None else resource
    if subnet is None:
        # A subnet that is not listed shows its VPC by its interfaces.
        members = lowering.index.interfaces_by_subnet.get(resource, ())
        vpc_id = next((each.vpc_id for each in members if each.vpc_id), resource)
    return lowering.snapshot.get(Vpc, vpc_id), subnet


def _unknown(
    lowering: Lowering, resource: str, kind: type[Vpc | Subnet] = Vpc
) -> tuple[Stage, ...]:
    words = "whether it has a Block Public Access mode is not known"
    return (unknown_filter(lowering.missing(kind, resource, words)),)


# ------------------------------------------------------------------- outwards


def _out(lowering: Lowering, resource: str) -> tuple[Stage, ...]:
    """What leaves by an internet gateway from interfaces of a subnet (or a VPC's own table)."""
    vpc, subnet = _place(lowering, resource)
    if vpc is None:
        return _unknown(lowering, resource)
    if account_of(lowering.index, vpc).is_off:
        return ()
    if subnet is None and resource != vpc.vpc_id:
        return _unknown(lowering, resource)
    stand = _at(lowering, vpc, subnet)
    rules = [*_passed_on(lowering, vpc, subnet), *_from_pools(lowering, vpc)]
    own = _translators(lowering).get(resource)
    if own:
        opened = HeaderSpace.where(source=own)
        gateways = stand if subnet is not None else _anywhere(lowering, vpc, stand)
        rules.append(_rule(lowering, gateways, _OPENED, opened))
    sent = _rule(lowering, stand, _SENT, ANYTHING)
    if all(_is_quiet(rule) for rule in (*rules, sent)):
        return ()
    return (Filter(tuple(rules), sent), Filter((), _PASS, _session(vpc)))


def _is_quiet(rule: Rule) -> bool:
    return rule.action is Action.PERMIT and not rule.origin.words


def _egress_only(lowering: Lowering, resource: str) -> tuple[Stage, ...]:
    """What leaves by an egress-only gateway: its sender's subnet counts, for it has none."""
    vpc, subnet = _place(lowering, resource)
    if vpc is None:
        return _unknown(lowering, resource)
    if account_of(lowering.index, vpc).is_off:
        return ()
    if subnet is None and resource != vpc.vpc_id:
        return _unknown(lowering, resource)
    rules = list(_passed_on(lowering, vpc, subnet))
    opened = _rule(lowering, _at(lowering, vpc, subnet), _OPENED, ANYTHING)
    if all(_is_quiet(rule) for rule in (*rules, opened)):
        return ()
    return (Filter(tuple(rules), opened),)


def _passed_on(lowering: Lowering, vpc: Vpc, subnet: Subnet | None) -> Iterator[Rule]:
    """What a firewall's endpoint in the subnet passes on: sources that are not the subnet's own."""
    if subnet is None or subnet.subnet_id not in _firewalls(lowering).values():
        return
    stand = _past_firewall(lowering, vpc, subnet)
    own = Ranges.prefixes(map(Prefix.parse, subnet_blocks(subnet)))
    yield _rule(lowering, stand, _SENT, HeaderSpace.where(source=_ALL - own))


def _from_pools(lowering: Lowering, vpc: Vpc) -> Iterator[Rule]:
    """R-BPA-8: addresses of a pool, which no subnet has."""
    blocks = _pools_of(lowering, vpc)
    if blocks:
        stand = _at(lowering, vpc, None)
        yield _rule(lowering, stand, _SENT, HeaderSpace.where(source=blocks))


def _pools_of(lowering: Lowering, vpc: Vpc) -> Ranges:
    pools = overall.pools(lowering)
    return Ranges.prefixes(
        block
        for gateway in named_by(lowering, vpc.vpc_id)
        for block in pools.accepted.get(gateway.internet_gateway_id, ())
    )


def _anywhere(lowering: Lowering, vpc: Vpc, stand: _Stand) -> _Stand:
    """A regional NAT gateway: no page read says whether an exclusion of a subnet counts for it."""
    subnets = lowering.index.subnets_by_vpc.get(vpc.vpc_id, ())
    modes = stand.modes.union(*(_at(lowering, vpc, each).modes for each in subnets))
    words = "whether an exclusion of one of its subnets counts for a regional NAT gateway"
    doubt = Origin(vpc.vpc_id, f"{words} is not known", name=vpc.name)
    return stand if modes == stand.modes else replace(stand, modes=modes, doubt=doubt)


def _translators(lowering: Lowering) -> Mapping[str, Ranges]:
    """The addresses of NAT gateways as the internet gateway sees them, by subnet or VPC."""

    return lowering.table("public access translators", _translating)


def _translating(lowering: Lowering) -> Mapping[str, Ranges]:
    found: dict[str, list[int]] = {}
    for gateway in lowering.snapshot.records(NatGateway):
        regional = gateway.availability_mode == "regional"
        place = (gateway.vpc_id if regional else gateway.subnet_id) or ""
        for each in gateway.nat_gateway_addresses:
            text = each.public_ip if regional else each.private_ip
            if text:
                found.setdefault(place, []).append(parse_address(text))
    for own in lowering.index.interfaces_where(lambda i: i.interface_type in NAT_TYPES):
        found.setdefault(own.subnet_id or "", []).extend(private_addresses(own))
    return {place: Ranges.of(*addresses) for place, addresses in found.items() if addresses}


def _firewalls(lowering: Lowering) -> Mapping[str, str]:
    """The subnet of each endpoint of a Network Firewall."""

    def make() -> dict[str, str]:
        return {
            endpoint.vpc_endpoint_id: next(iter(endpoint.subnet_ids), "")
            for endpoint in lowering.snapshot.lasting(VpcEndpoint)
            if is_firewalls(lowering.snapshot, endpoint)
        }

    return lowering.memo("public access firewalls", make)


# ------------------------------------------------------------------- inwards


def _in(lowering: Lowering, gateway_id: str) -> tuple[Stage, ...]:
    """What comes in by an internet gateway, by the interface that it leads to.

    A reply passes if it answers what was let out, unless nothing passes there at all.
    """
    gateway = lowering.snapshot.get(InternetGateway, gateway_id)
    vpc_id = next((a.vpc_id for a in gateway.attachments if a.vpc_id), "") if gateway else ""
    vpc = lowering.snapshot.get(Vpc, vpc_id)
    if vpc is None:
        return _unknown(lowering, vpc_id) if vpc_id else ()
    if account_of(lowering.index, vpc).is_off:
        return ()
    ends = [(match, stand) for match, stand in _arriving(lowering, vpc, gateway_id) if match]
    if all(_is_open(stand) for _, stand in ends):
        return ()
    # The ends are disjoint: what has no rule passes.
    never, unasked = [], []
    for match, stand in ends:
        space = HeaderSpace.where(destination=match)
        if stand.modes == {BOTH}:
            never.append(_rule(lowering, stand, _OPENED, space))
        elif not _is_open(stand):
            unasked.append(_rule(lowering, stand, _UNASKED, space))
    return (Filter(tuple(never), _PASS), Filter(tuple(unasked), _PASS, _session(vpc)))


def _arriving(lowering: Lowering, vpc: Vpc, gateway_id: str) -> Iterator[tuple[Ranges, _Stand]]:
    """Where what comes in ends up first, the narrower destinations before the wider."""
    yield _pools_of(lowering, vpc), _at(lowering, vpc, None)
    table = edge_of(lowering, gateway_id)
    if isinstance(table, Origin):  # Where it is routed, nothing gets on for certain.
        return
    taken = Ranges(())
    for prefix, target in _edges(table):
        block = Ranges.prefixes((prefix,)) - taken
        taken |= block
        if target == "local":
            yield from _locally(lowering, vpc, block)
        else:
            yield from _redirected(lowering, vpc, block, target)
    yield from _locally(lowering, vpc, _ALL - taken)


def _edges(table: RouteTable | None) -> list[tuple[Prefix, str]]:
    """The routes of an edge table, the longest prefix first."""
    found = []
    for route in table.routes if table is not None else ():
        block = route.destination_cidr_block or route.destination_ipv6_cidr_block
        target = route.network_interface_id or route.gateway_id or ""
        if block:
            found.append((Prefix.parse(block), target))
    return sorted(found, key=lambda each: -each[0].length)


def _locally(lowering: Lowering, vpc: Vpc, within: Ranges) -> Iterator[tuple[Ranges, _Stand]]:
    for subnet in lowering.index.subnets_by_vpc.get(vpc.vpc_id, ()):
        block = Ranges.prefixes(map(Prefix.parse, subnet_blocks(subnet))) & within
        yield block, _at(lowering, vpc, subnet)


def _redirected(
    lowering: Lowering, vpc: Vpc, block: Ranges, target: str
) -> Iterator[tuple[Ranges, _Stand]]:
    """An edge table sends it to an appliance or an endpoint: the subnet of that counts."""
    interface = lowering.snapshot.get(NetworkInterface, target)
    endpoint = lowering.snapshot.get(VpcEndpoint, target)
    holder = interface.subnet_id if interface is not None else None
    if endpoint is not None:
        holder = next(iter(endpoint.subnet_ids), None)
    subnet = lowering.snapshot.get(Subnet, holder or "")
    if subnet is not None and target in _firewalls(lowering):
        yield block, _past_firewall(lowering, vpc, subnet)
    elif subnet is not None:
        yield block, _at(lowering, vpc, subnet)


# ------------------------------------------------------------------- other ways to the internet


def _carried(lowering: Lowering, gateway_id: str) -> Iterator[tuple[Subnet, _Stand]]:
    """The subnets of a carrier gateway's VPC, which the routes to it tell."""
    tables = lowering.snapshot.records(RouteTable)
    found = (t.vpc_id for t in tables if any(r.carrier_gateway_id == gateway_id for r in t.routes))
    vpc = lowering.snapshot.get(Vpc, next(found, None) or "")
    if vpc is not None and not account_of(lowering.index, vpc).is_off:
        for subnet in lowering.index.subnets_by_vpc.get(vpc.vpc_id, ()):
            yield subnet, _at(lowering, vpc, subnet)


def _carrier_out(lowering: Lowering, gateway_id: str) -> tuple[Stage, ...]:
    """R-BPA-6: a carrier gateway is affected as an internet gateway is."""
    rules = []
    for subnet, stand in _carried(lowering, gateway_id):
        own = Ranges.prefixes(map(Prefix.parse, subnet_blocks(subnet)))
        rules.append(_rule(lowering, stand, _SENT, HeaderSpace.where(source=own)))
    return () if all(map(_is_quiet, rules)) else (Filter(tuple(rules), _PASS),)


def _carrier_in(lowering: Lowering, gateway_id: str) -> tuple[Stage, ...]:
    """What comes in is still sent to a carrier IP; whether it is a reply does not show here."""
    rules = []
    for subnet, stand in _carried(lowering, gateway_id):
        addresses = Ranges.of(*_carrier_ips(lowering, subnet))
        match = HeaderSpace.where(destination=addresses)
        rule = _rule(lowering, stand, _UNASKED, match)
        answers = all(_passes(lowering, mode, _SENT) for mode in stand.modes)
        if answers and rule.action is Action.DENY:
            rule = Rule(match, Action.DOUBT, stand.doubt)
        rules += [rule] if addresses else []
    return () if all(map(_is_quiet, rules)) else (Filter(tuple(rules), _PASS),)


def _carrier_ips(lowering: Lowering, subnet: Subnet) -> Iterator[int]:
    for interface in lowering.index.mapped_by_subnet.get(subnet.subnet_id, ()):
        rows = (each.association for each in interface.private_ip_addresses)
        for association in (interface.association, *rows):
            if association is not None and association.carrier_ip:
                yield parse_address(association.carrier_ip)


def _into(lowering: Lowering, resource: str) -> tuple[Stage, ...]:
    """What another way in from the internet brings to a subnet."""
    vpc, subnet = _place(lowering, resource)
    if vpc is None:
        return _unknown(lowering, resource)
    account = account_of(lowering.index, vpc)
    if subnet is None and not account.told:
        return _unknown(lowering, resource, Subnet)
    if account.is_off:
        return ()
    stand = _at(lowering, vpc, subnet)
    return () if _is_open(stand) else (Filter((), _rule(lowering, stand, _UNASKED, ANYTHING)),)


COMPONENT = Component(
    name="block_public_access",
    reads=(VpcBlockPublicAccessOptions, VpcBlockPublicAccessExclusion, Vpc, Subnet),
    sections=(
        Section(
            "VpcBlockPublicAccessOptions",
            VpcBlockPublicAccessOptions,
            "key",
            "ec2.DescribeVpcBlockPublicAccessOptions",
            bare=(("VpcBlockPublicAccessOptions",),),
            asked=(
                Call("ec2.DescribeVpcBlockPublicAccessOptions", hold="VpcBlockPublicAccessOptions"),
            ),
        ),
        Section(
            "VpcBlockPublicAccessExclusions",
            VpcBlockPublicAccessExclusion,
            "exclusion_id",
            "ec2.DescribeVpcBlockPublicAccessExclusions",
        ),
    ),
    slots={
        "public_access.out": _out,
        "public_access.in": _into,
        "public_access.egress_only": _egress_only,
        "internet_gateway.in": _in,
        "carrier_gateway.out": _carrier_out,
        "carrier_gateway.in": _carrier_in,
    },
)
