"""Joins over the records of private lines: what hangs on which gateway, and which prefixes show.

Prefixes that are learned by BGP stand in no describe call of a line; they show where they are
propagated to: in the route tables of a VPC (R-VGW-3) and of a transit gateway.  What that means to
a packet is for the components.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeVar

from reach.network.address import Prefix, is_ipv4
from reach.network.header_space import Ranges
from reach.snapshot.private_records import (
    DirectConnectGateway,
    DirectConnectGatewayAssociation,
    DirectConnectGatewayAttachment,
    VirtualInterface,
    VpnConnection,
    VpnGateway,
)
from reach.snapshot.record import UNPRINTED, Record, Scope, is_associated
from reach.snapshot.records import RouteTable
from reach.snapshot.snapshot import Snapshot
from reach.snapshot.transit_records import (
    TransitGatewayAttachment,
    TransitGatewayPrefixListReference,
    TransitGatewayPropagations,
    TransitGatewayRoute,
    TransitGatewayRouteAttachment,
    TransitGatewayRoutes,
    TransitGatewayStaticRoutes,
)

Value = TypeVar("Value")

_DIRECT_CONNECT: tuple[type[Record], ...] = (
    DirectConnectGateway,
    DirectConnectGatewayAssociation,
    DirectConnectGatewayAttachment,
    VirtualInterface,
)


@dataclass(frozen=True, slots=True)
class Told:
    """Prefixes that tables show to lie beyond something.

    ``whole`` where no others can, ``alone`` where it does not lie beyond something else instead.
    What ``also`` holds lies beyond something else for certain, and beyond it perhaps as well.
    """

    prefixes: tuple[Prefix, ...] = ()
    whole: bool = False
    alone: bool = True
    also: tuple[Prefix, ...] = ()

    @property
    def perhaps(self) -> tuple[Prefix, ...]:
        """What may lie beyond something else instead."""
        return self.also if self.alone else (*self.prefixes, *self.also)

    @property
    def known(self) -> tuple[Prefix, ...]:
        return self.prefixes if self.alone else ()


def but_default(prefixes: Iterable[Prefix]) -> Ranges:
    """The addresses of some prefixes; a default route names nobody in particular."""
    return Ranges.prefixes(each for each in prefixes if not is_default(each))


def is_default(prefix: Prefix) -> bool:
    """Whether a prefix says "everything" rather than "these hosts": wider than any one network."""
    bits = prefix.length - 1
    return bits < 8 if is_ipv4(prefix.value) else bits <= 3


# ------------------------------------------------------------------- one line


def is_static(vpn: VpnConnection) -> bool:
    """Whether it has routes of its own rather than BGP."""
    said = vpn.options.static_routes_only
    return bool(vpn.routes) if said is None else said


def static_prefixes(vpn: VpnConnection) -> tuple[Prefix, ...]:
    settled = (each for each in vpn.routes if each.state in ("available", ""))
    return _distinct(each.destination_cidr_block for each in settled)


def tunnels_up(vpn: VpnConnection) -> bool | None:
    """R-VGW-4: whether a tunnel is up; None where the snapshot does not tell."""
    if vpn.state not in ("available", ""):
        return False if vpn.state in ("pending", "deleting", "deleted") else None
    states = {each.status for each in vpn.vgw_telemetry}
    if "UP" in states:
        return True
    return False if states == {"DOWN"} else None


def accepted_routes(vpn: VpnConnection) -> int | None:
    """How many prefixes a tunnel that is up has taken; None where the snapshot does not tell."""
    counts = [
        each.accepted_route_count
        for each in vpn.vgw_telemetry
        if each.accepted_route_count is not None and each.status == "UP"
    ]
    return max(counts, default=None)


def peer_up(interface: VirtualInterface, family: str) -> bool | None:
    """Whether a virtual interface carries ``ipv4`` or ``ipv6``; None where nothing tells."""
    if interface.virtual_interface_state in ("unknown", ""):
        return None
    if interface.virtual_interface_state != "available":
        return False
    if not interface.bgp_peers:
        return None if interface.address_family in (family, "") else False
    found = [peer for peer in interface.bgp_peers if peer.address_family in (family, "")]
    if any(peer.bgp_status == "up" for peer in found):
        return True
    return None if any(peer.bgp_status in ("unknown", "") for peer in found) else False


def in_force(association: DirectConnectGatewayAssociation) -> bool:
    """Whether a gateway is associated; while what it may tell is being changed it still is."""
    state = association.association_state
    return is_associated(state) or state.lower() == "updating"


def interface_up(interface: VirtualInterface) -> bool | None:
    """Whether a virtual interface carries anything; None where nothing tells."""
    states = {peer_up(interface, family) for family in ("ipv4", "ipv6")}
    return True if True in states else None if None in states else False


# ------------------------------------------------------------------- what hangs on what


class Lines:
    """Lookups over the private lines of one snapshot, each built when first asked for."""

    def __init__(
        self, snapshot: Snapshot, entries: Callable[[str], tuple[str, ...] | None]
    ) -> None:
        self._snapshot = snapshot
        self._entries = entries

    @cached_property
    def direct_connect_asked(self) -> bool:
        """Whether every call of Direct Connect was made somewhere; its gateways are global."""
        scopes = self._snapshot.scopes
        return all(
            any(self._snapshot.has(kind, scope.account, scope.region) for scope in scopes)
            for kind in _DIRECT_CONNECT
        )

    @cached_property
    def direct_connect_used(self) -> bool:
        """Whether anything of Direct Connect is in the snapshot."""
        held = any(self._snapshot.records(kind) for kind in _DIRECT_CONNECT)
        return held or bool(self.attachments("direct-connect-gateway"))

    def connections_asked(self, gateway_id: str) -> bool:
        """Whether the VPN connections on a virtual private gateway were all asked for."""
        gateway = self._snapshot.get(VpnGateway, gateway_id)
        scope = self._snapshot.scope_of(gateway) if gateway is not None else Scope()
        made = self._snapshot.has(VpnConnection, scope.account, scope.region)
        return made and not self._snapshot.is_cut_short(VpnConnection, scope)

    def connections(self, gateway_id: str) -> tuple[VpnConnection, ...]:
        """The VPN connections on a virtual private gateway that have not been deleted."""
        return self._connections.get(gateway_id, ())

    @cached_property
    def _connections(self) -> Mapping[str, tuple[VpnConnection, ...]]:
        return _grouped(
            (each.vpn_gateway_id or "", each)
            for each in self._snapshot.records(VpnConnection)
            if each.state != "deleted"
        )

    def interfaces(self, gateway_id: str) -> tuple[VirtualInterface, ...]:
        """The virtual interfaces on a virtual private or a Direct Connect gateway."""
        return self._interfaces.get(gateway_id, ())

    @cached_property
    def _interfaces(self) -> Mapping[str, tuple[VirtualInterface, ...]]:
        return _grouped(
            (gateway, each)
            for each in self._snapshot.records(VirtualInterface)
            if each.virtual_interface_state != "deleted" and each.virtual_interface_type != "public"
            for gateway in dict.fromkeys((each.virtual_gateway_id or "", self.gateway_of(each)))
            if gateway
        )

    def gateway_of(self, interface: VirtualInterface) -> str:
        """The Direct Connect gateway that a virtual interface ends at, or nothing."""
        known = self._gateways.get(interface.virtual_interface_id)
        return known or interface.direct_connect_gateway_id or ""

    @cached_property
    def _gateways(self) -> Mapping[str, str]:
        return {
            each.virtual_interface_id: each.direct_connect_gateway_id
            for each in self._snapshot.records(DirectConnectGatewayAttachment)
            if each.attachment_state in ("attached", "")
        }

    def unseen_interfaces(self, gateway_id: str) -> bool:
        """Whether a Direct Connect gateway may have interfaces that the snapshot does not hold."""
        if not self.direct_connect_asked:
            return True
        return any(
            each.direct_connect_gateway_id == gateway_id
            and each.attachment_state not in ("detached", "detaching")
            and self._snapshot.get(VirtualInterface, each.virtual_interface_id) is None
            for each in self._snapshot.records(DirectConnectGatewayAttachment)
        )

    def associations(self, gateway_id: str) -> tuple[DirectConnectGatewayAssociation, ...]:
        """Those of a Direct Connect gateway, or of a virtual private or transit gateway on one."""
        return self._associations.get(gateway_id, ())

    @cached_property
    def _associations(self) -> Mapping[str, tuple[DirectConnectGatewayAssociation, ...]]:
        return _grouped(
            (gateway, each)
            for each in self._snapshot.records(DirectConnectGatewayAssociation)
            if each.association_state != "disassociated"
            for gateway in (each.direct_connect_gateway_id, each.gateway_id)
            if gateway
        )

    def attachments(self, kind: str, resource_id: str = "") -> tuple[TransitGatewayAttachment, ...]:
        """The attachments of a kind to transit gateways, of one resource if one is named."""
        return self._attachments.get(f"{kind} {resource_id}".rstrip(), ())

    @cached_property
    def _attachments(self) -> Mapping[str, tuple[TransitGatewayAttachment, ...]]:
        return _grouped(
            (key, each)
            for each in self._snapshot.records(TransitGatewayAttachment)
            if each.state not in ("deleted", "deleting", "rejected", "failed")
            for key in (each.resource_type, f"{each.resource_type} {each.resource_id}")
        )

    # What a virtual private gateway has learned

    def learned(self, gateway_id: str) -> Told:
        """What it knows that no static route of its connections told it; a prefix that one did may
        have been told twice."""
        static = {
            prefix
            for each in self.connections(gateway_id)
            if is_static(each)
            for prefix in static_prefixes(each)
        }
        told = self._propagated.get(gateway_id, Told())
        others = tuple(each for each in told.prefixes if each not in static)
        return Told(others, told.whole, also=tuple(p for p in told.prefixes if p in static))

    def told_again(self, gateway_id: str) -> tuple[Prefix, ...]:
        """What a static connection told, and a line that the snapshot does not hold perhaps too.

        Where nothing is seen of Direct Connect that is thought of only if the connection is down.
        """
        asked = self.connections_asked(gateway_id)
        if asked and self.direct_connect_asked:
            return ()
        working = {
            prefix
            for each in self.connections(gateway_id)
            if is_static(each) and tunnels_up(each) is not False
            for prefix in static_prefixes(each)
        }
        told = self.learned(gateway_id).also
        if self.direct_connect_used or not asked:
            return told
        return tuple(each for each in told if each not in working)

    @cached_property
    def _propagated(self) -> Mapping[str, Told]:
        """R-VGW-2: routes that stand in the tables which the gateway propagates to."""
        shown: dict[str, list[str | None]] = {}
        for table in self._snapshot.records(RouteTable):
            if table.routes is UNPRINTED:
                continue
            for each in table.propagating_vgws:
                shown.setdefault(each.gateway_id or "", [])
            for route in table.routes:
                # One whose origin nobody knows may be one; it is doubted where it is met.
                learned = route.origin == "EnableVgwRoutePropagation" or route.strange
                if learned and route.state != "blackhole":
                    block = route.destination_cidr_block or route.destination_ipv6_cidr_block
                    shown.setdefault(route.gateway_id or "", []).append(block)
        return {gateway: Told(_distinct(blocks), True) for gateway, blocks in shown.items()}

    def learners(self, gateway_id: str) -> tuple[str, ...]:
        """The lines on a virtual private gateway that may have told it what it has learned.

        The id of a VPN connection, of a virtual interface or of a Direct Connect gateway.  Lines
        that are down count where no other can have done so: what they told is not yet withdrawn.
        """
        known = self._learners
        if gateway_id not in known:
            found = tuple(self._learning(gateway_id))
            live = tuple(line for line, silent in found if not silent)
            seen = self.direct_connect_asked and self.connections_asked(gateway_id)
            down = tuple(line for line, _ in found) if seen else ()
            known[gateway_id] = live or down
        return known[gateway_id]

    @cached_property
    def _learners(self) -> dict[str, tuple[str, ...]]:
        return {}

    def _learning(self, gateway_id: str) -> Iterator[tuple[str, bool]]:
        """Each line that speaks BGP, and whether it has nothing to say."""
        for connection in self.connections(gateway_id):
            if not is_static(connection):
                silent = tunnels_up(connection) is False or accepted_routes(connection) == 0
                yield connection.vpn_connection_id, silent
        for interface in self.interfaces(gateway_id):
            yield interface.virtual_interface_id, interface_up(interface) is False
        for association in self.associations(gateway_id):
            silent = (
                not in_force(association)
                or self.carries(association.direct_connect_gateway_id) is False
            )
            yield association.direct_connect_gateway_id, silent

    def carries(self, gateway_id: str) -> bool | None:
        """Whether a Direct Connect gateway has an interface that is up."""
        states = {interface_up(each) for each in self.interfaces(gateway_id)}
        if True in states:
            return True
        return None if None in states or self.unseen_interfaces(gateway_id) else False

    def told_by(self, gateway_id: str, line: str) -> Told:
        """What a line has told a virtual private gateway by BGP, as far as that shows."""
        learners = self.learners(gateway_id)
        if line not in learners:
            return Told((), self.connections_asked(gateway_id))
        learned = self.learned(gateway_id)
        alone = len(learners) == 1 and not self.has_more(gateway_id)
        return replace(learned, alone=alone)

    def has_more(self, gateway_id: str) -> bool:
        """Whether a gateway has learned more than its lines in the snapshot can have told it.

        Direct Connect is what many do not ask for.  Where connections were not asked for, one of
        those may have told whatever it has learned.
        """
        if not self.connections_asked(gateway_id):
            return True
        if self.direct_connect_asked:
            return False
        learners, counts = self.learners(gateway_id), []
        for connection in self.connections(gateway_id):
            if connection.vpn_connection_id in learners:
                counts.append(accepted_routes(connection))
        if not learners or len(counts) < len(learners) or None in counts:
            return False
        return sum(filter(None, counts)) < len(self.learned(gateway_id).prefixes)

    def told_to_all(self, gateway_id: str) -> tuple[Told, ...]:
        """What a Direct Connect gateway has told each of the gateways on it."""
        attached = self.attachments("direct-connect-gateway", gateway_id)
        told = [self.beyond(each.transit_gateway_attachment_id) for each in attached]
        seen = {each.transit_gateway_id for each in attached}
        for association in self.associations(gateway_id):
            other = association.gateway_id
            if not other.startswith("tgw-"):
                told.append(self.told_by(other, gateway_id))
            elif other not in seen:
                told.append(Told())
        return tuple(told)

    # What a transit gateway's tables show beyond an attachment

    def beyond(self, attachment_id: str) -> Told:
        """Static routes to the attachment, and what it propagates."""
        listed = self._listed.get(attachment_id, ())
        propagates = self._propagates.get(attachment_id, frozenset())
        return Told(_distinct(block for _, block in listed), bool(propagates & self._fully))

    @cached_property
    def _fully(self) -> frozenset[str]:
        """The tables whose routes of every type are there."""
        return frozenset(
            answer.transit_gateway_route_table_id
            for answer in self._snapshot.records(TransitGatewayRoutes)
            if not (answer.additional_routes_available or answer.next_token)
        )

    @cached_property
    def _listed(self) -> Mapping[str, tuple[tuple[str, str], ...]]:
        """The blocks of each attachment's routes, with the table that they stand in."""
        found: list[tuple[str, tuple[str, str]]] = []
        for table, route in self._routes():
            for through in route.transit_gateway_attachments:
                blocks = self._blocks(route.prefix_list_id, route.destination_cidr_block)
                found += [(_id(through), (table, block)) for block in blocks]
        for each in self._snapshot.records(TransitGatewayPrefixListReference):
            if not each.blackhole and each.transit_gateway_attachment is not None:
                table, to = each.transit_gateway_route_table_id, each.transit_gateway_attachment
                found += [
                    (_id(to), (table, block)) for block in self._blocks(each.prefix_list_id, None)
                ]
        return _grouped(found)

    def _blocks(self, listed: str | None, block: str | None) -> tuple[str, ...]:
        return (self._entries(listed) or ()) if listed else tuple(filter(None, (block,)))

    def _routes(self) -> Iterator[tuple[str, TransitGatewayRoute]]:
        answers: list[TransitGatewayRoutes | TransitGatewayStaticRoutes] = [
            *self._snapshot.records(TransitGatewayRoutes),
            *self._snapshot.records(TransitGatewayStaticRoutes),
        ]
        for answer in answers:
            for route in answer.routes:
                if route.state in ("active", ""):
                    yield answer.transit_gateway_route_table_id, route

    @cached_property
    def _propagates(self) -> Mapping[str, frozenset[str]]:
        """The tables that each attachment propagates to."""
        found = [
            (_id(through), table)
            for table, route in self._routes()
            if route.type == "propagated" and not route.prefix_list_id
            for through in route.transit_gateway_attachments
        ]
        for answer in self._snapshot.records(TransitGatewayPropagations):
            for each in answer.transit_gateway_route_table_propagations:
                if each.state.lower() in ("enabled", ""):
                    attachment = each.transit_gateway_attachment_id or ""
                    found.append((attachment, answer.transit_gateway_route_table_id))
        return {key: frozenset(tables) for key, tables in _grouped(found).items()}


def _id(through: TransitGatewayRouteAttachment) -> str:
    return through.transit_gateway_attachment_id or ""


def _distinct(blocks: Iterable[str | None]) -> tuple[Prefix, ...]:
    return tuple(Prefix.parse(block) for block in sorted({block for block in blocks if block}))


def _grouped(pairs: Iterable[tuple[str, Value]]) -> Mapping[str, tuple[Value, ...]]:
    found: dict[str, list[Value]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return {key: tuple(values) for key, values in found.items()}
