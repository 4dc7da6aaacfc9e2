"""Route tables: longest prefix first, then static over prefix list over propagated.

A subnet uses the table it is associated with, else its VPC's main table (R-RT-1); an internet or
virtual private gateway uses its edge table on the way in (R-RT-19).  The most specific route wins
whatever its origin (R-RT-4, R-RT-5), except that the local route beats propagated ones inside it
(R-RT-6).  Equal prefixes: static, then prefix list (U-14), then what was learned: of a Route
Server's route and one from a virtual private gateway either *may* win (R-RT-25, U-8).  A blackhole
wins and drops (R-RT-11); ``filtered`` does not forward and is flagged (R-RT-12, U-8).  Overlapping
prefix lists with different targets are a *may* (R-RT-10).  Nothing is routed to 169.254.168.0/22
and fd00:ec2::/32 (R-RT-15).  There is no default: no route drops (R-RT-13).  A subnet whose inbound
traffic an edge table redirects cannot use its own route to that gateway (R-RT-22); a redirection to
an interface without a public address does not work (R-RT-21).  A virtual private gateway's edge
table may lead to a Gateway Load Balancer endpoint (U-5).  Who sends matters twice: a transit
gateway's own interface hands what goes on to an endpoint or a NAT gateway in its subnet past the
network ACL, or not (U-20), and an egress-only gateway takes nothing from an endpoint in the way of
packets (R-EIGW-3).

Implements: R-RT-1 R-RT-3 R-RT-4 R-RT-5 R-RT-6 R-RT-7 R-RT-8 R-RT-9 R-RT-10 R-RT-11 R-RT-12 R-RT-13
R-RT-14 R-RT-15 R-RT-16 R-RT-17 R-RT-18 R-RT-19 R-RT-20 R-RT-21 R-RT-22 R-RT-23 R-RT-24 R-RT-25
R-EIGW-3 R-NACL-14 R-SHARE-3
Not modelled: which of two overlapping prefix lists AWS has picked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from reach.component import Component, Denial, Denied, Lowering, Mending, node_name
from reach.interfaces.claims import elastic
from reach.network.address import Prefix, is_ipv4
from reach.network.header_space import HeaderSpace, Ranges, to_prefix
from reach.network.stage import (
    Choose,
    Filter,
    Forward,
    Option,
    Origin,
    Route,
    Stage,
    Unmodelled,
)
from reach.routing import overall
from reach.routing.ranking import (
    ADVERTISED,
    PROPAGATED,
    STATIC,
    Candidate,
    candidates_of,
    is_dead,
    ranking_of,
    target_of,
)
from reach.routing.soundness import lint_routes, malformed
from reach.routing.tables import certain_of, edge_of, table_of, unknown_list
from reach.snapshot.index import public_mapping, subnet_blocks, vpc_blocks
from reach.snapshot.record import where
from reach.snapshot.records import (
    ManagedPrefixListEntries,
    NetworkInterface,
    PrefixList,
    RouteTable,
    Subnet,
    Vpc,
)
from reach.unprinted import left_out

if TYPE_CHECKING:
    from reach.changes import Change, Removal


_NEVER_ROUTED = Ranges.prefixes(map(Prefix.parse, ("169.254.168.0/22", "fd00:ec2::/32")))
# Whose packets are routed otherwise than a host's (``subnet/<id>/emit``).
_ATTACHMENT, _ENDPOINT = "attachment", "endpoint"
_HANDED = "attachment-subnet-acl"
_MISSING = "missing route to "


@dataclass(frozen=True, slots=True)
class _Sender:
    """Where a packet that is routed comes from: a subnet, or none, and by what, if it matters."""

    subnet: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class _Onward:
    """The next node ('' to drop), the code of the drop, words, and an option that it hangs on."""

    node: str
    code: str
    words: str
    option: str = ""


def _of_subnet(lowering: Lowering, subnet_id: str, by: str = "") -> tuple[Stage, ...]:
    table = table_of(lowering, subnet_id)
    if isinstance(table, Origin):
        return (Unmodelled(table),)
    return _stages(lowering, table, _Sender(subnet_id, by))


def _of_gateway(lowering: Lowering, gateway_id: str) -> tuple[Stage, ...]:
    """The edge table, if there is one; without it the VPC's local routing follows."""
    table = edge_of(lowering, gateway_id)
    if isinstance(table, Origin):
        return (Unmodelled(table),)
    return () if table is None else _stages(lowering, table, _Sender())


def _stages(lowering: Lowering, table: RouteTable, sender: _Sender) -> tuple[Stage, ...]:
    no_route = Origin(
        table.route_table_id,
        "has no route to the destination",
        code="NO_ROUTE_TO_DESTINATION",
        name=table.name,
    )
    never = Route(HeaderSpace.where(destination=_NEVER_ROUTED), "", no_route)
    unknown = unknown_list(lowering, table)
    certain = [_route(lowering, table, sender, each) for each in certain_of(lowering, table)]
    if unknown is not None:
        return (Forward((never, *certain)), Unmodelled(unknown))
    if not sender.subnet:
        return (Forward((never, *certain), no_route),)
    supposed = lowering.later(lambda: tuple(_supposed(lowering, table, sender)))
    return (Forward((never, *certain), no_route, supposed),)


def _supposed(lowering: Lowering, table: RouteTable, sender: _Sender) -> Iterator[Route]:
    """The routes that the table could have: out of its VPC, to whatever stands in it."""
    vpc = lowering.snapshot.get(Vpc, table.vpc_id or "")
    own = Ranges.prefixes(map(Prefix.parse, vpc_blocks(vpc) if vpc else ()))
    for field, target, space in lowering.could_route(table.vpc_id or ""):
        match = space.narrowed("destination", space.by_name["destination"] - own)
        words = f"no route for this leads to {target}"
        code = "NO_ROUTE_TO_DESTINATION"
        locator = f"{_MISSING}{target}"
        origin = Origin(table.route_table_id, words, locator, code, table.name, record=target)
        way = _onward(lowering, table, sender, field, target)
        yield Route(match, way.node, replace(origin, option=way.option))


def _route(
    lowering: Lowering, table: RouteTable, sender: _Sender, candidates: list[Candidate]
) -> Route:
    first = candidates[0]
    ways = [_next(lowering, table, sender, c) for c in candidates]
    # Several that all drop are no question of which.
    if len({way.node for way in ways}) > 1:
        argument = f"{sender.subnet} {first.prefix} {sender.by}"
        node = node_name("route_table", table.route_table_id, "either", argument)
        words = f"has several routes for {first.prefix}; AWS uses one of them"
        if first.kind == STATIC:  # R-RT-14: AWS has one, and nothing tells which was replaced.
            node = node_name("route_table", table.route_table_id, "unsettled", str(first.prefix))
        return Route(
            to_prefix(first.prefix),
            node,
            Origin(table.route_table_id, words, first.locator, name=table.name),
        )
    way = ways[0]
    option = first.option or way.option
    origin = Origin(
        table.route_table_id,
        way.words,
        first.locator,
        way.code,
        table.name,
        option,
        record=first.record,
    )
    return Route(to_prefix(first.prefix), way.node, origin)


def _edge_option(table: RouteTable, candidate: Candidate) -> str:
    """U-5: the edge table of a virtual private gateway leads to an endpoint."""
    is_edge = any((a.gateway_id or "").startswith("vgw-") for a in table.associations)
    return "vgw-edge-to-endpoint" if is_edge and candidate.target.startswith("vpce-") else ""


def _either(lowering: Lowering, table_id: str, argument: str) -> tuple[Stage, ...]:
    """R-RT-10: several prefix lists hold the destination; one of their routes is in force.

    U-8: so it is with a Route Server's route and a propagated one.
    """
    subnet_id, prefix, by = argument.split(" ")
    table = lowering.snapshot.get(RouteTable, table_id)
    assert table is not None
    rivals = next(r for r in ranking_of(lowering, table) if str(r[0].prefix) == prefix)
    options = []
    for candidate in rivals:
        way = _next(lowering, table, _Sender(subnet_id, by), candidate)
        which = "overlapping prefix lists"
        if candidate.kind in (ADVERTISED, PROPAGATED):
            which = "a Route Server's route and a propagated one"
        words = f"assumed: of {which} {candidate.locator} is in force ({way.words})"
        option = candidate.option or way.option
        origin = Origin(
            table_id,
            words,
            candidate.locator,
            way.code,
            table.name,
            option,
            record=candidate.record,
        )
        if way.node:
            options.append(Option(way.node, origin))
    return (Choose(tuple(options)),)


def _unsettled(lowering: Lowering, table_id: str, prefix: str) -> tuple[Stage, ...]:
    """Routes of which nobody knows what they do: they contradict each other, or say a word that no
    route of AWS's does."""
    table = lowering.snapshot.get(RouteTable, table_id)
    assert table is not None
    rivals = next(r for r in ranking_of(lowering, table) if str(r[0].prefix) == prefix)
    places = [f"{where(table)}/Routes/{table.routes.index(each.record)}" for each in rivals]
    strange = next((each.record.strange for each in rivals if each.record.strange), "")
    words = f"has several routes for {prefix}, of which AWS has one"
    if strange:
        words = f"has a route that says {strange!r}, which no route of AWS's does"
    words = f"{words} ({', '.join(dict.fromkeys(places))})"
    return (Unmodelled(Origin(table_id, words, f"route {prefix}", "UNKNOWN_RESOURCE", table.name)),)


def _next(lowering: Lowering, table: RouteTable, sender: _Sender, candidate: Candidate) -> _Onward:
    record, target = candidate.record, candidate.target
    if is_dead(candidate):
        words = f"is in state {record.state}: {target or 'its target'} is gone"
        return _Onward("", "BAD_STATE_ROUTE", words)
    if record.strange:
        node = node_name("route_table", table.route_table_id, "unsettled", str(candidate.prefix))
        words = f"says {record.strange!r}, which no route of AWS's does: what it does is not known"
        return _Onward(node, "", words)
    if target == "local":
        local = node_name("vpc", table.vpc_id or "", "local")
        return _Onward(_from(sender.subnet, local), "", "routes locally")
    if not target:
        node = node_name("unmodelled", table.route_table_id, "target")
        return _Onward(node, "", "routes to something of a kind that is not modelled yet")
    refusal = _refusal(lowering, table, sender, candidate)
    if refusal is not None:
        return refusal
    way = _onward(lowering, table, sender, candidate.field, target)
    return replace(way, option=way.option or _edge_option(table, candidate))


def _onward(
    lowering: Lowering, table: RouteTable, sender: _Sender, field: str, target: str
) -> _Onward:
    """Where a route to a target leads, past the network ACLs that lie between."""
    entry = lowering.entry(field, target, sender.subnet, table.vpc_id or "")
    words = f"routes to {target}"
    if entry.subnet and entry.subnet == sender.subnet:
        if sender.by == _ATTACHMENT and target.startswith(("vpce-", "nat-")):
            return _handed(lowering, table, sender, entry.node, words)
        if not entry.guarded:
            return _Onward(entry.node, "", words)
    node = entry.node
    if entry.subnet:
        node = node_name("subnet", entry.subnet, "arrive", node)
    return _Onward(_from(sender.subnet, node), "", words)


def _from(subnet_id: str, node: str) -> str:
    return node_name("subnet", subnet_id, "leave", node) if subnet_id else node


def _handed(
    lowering: Lowering, table: RouteTable, sender: _Sender, node: str, words: str
) -> _Onward:
    """U-20: from an attachment's interface to something in the very same subnet."""
    if lowering.option(_HANDED) == "check":
        argument = f"{sender.subnet} {node}"
        node = node_name("route_table", table.route_table_id, "handed", argument)
    return _Onward(node, "", words, _HANDED)


def _checked(lowering: Lowering, _: str, argument: str) -> tuple[Stage, ...]:
    """Out of a subnet and into it again, past its network ACL both times."""
    subnet_id, _, node = argument.partition(" ")
    filters = (
        stage
        for slot in ("subnet.leave", "subnet.enter")
        for stage in lowering.slot(slot, subnet_id)
    )
    onward = Forward((Route(HeaderSpace(), node, Origin("", "")),), Origin("", ""))
    return (*(_hanging(stage) for stage in filters), onward)


def _hanging(stage: Stage) -> Stage:
    """The same filter, whose denials say on which option they hang."""
    if not isinstance(stage, Filter):
        return stage
    rules = [replace(r, origin=replace(r.origin, option=_HANDED)) for r in stage.decisions]
    return replace(stage, rules=tuple(rules[:-1]), otherwise=rules[-1])


def _refusal(
    lowering: Lowering, table: RouteTable, sender: _Sender, candidate: Candidate
) -> _Onward | None:
    """Routes that AWS keeps but does not use, and routes that AWS would not accept."""
    target, subnet_id = candidate.target, sender.subnet
    if target.startswith("igw-") and subnet_id:
        edge = edge_of(lowering, target)
        if isinstance(edge, Origin):
            node = node_name("route_table", target, "edge")
            return _Onward(node, "", f"routes to {target}")
        if edge is not None and _redirected(lowering, subnet_id, candidate, edge):
            words = (
                f"is unusable: the edge table of {target} redirects what comes in for this subnet"
            )
            return _Onward("", "INGRESS_RTB_TRAFFIC_REDIRECTION", words)
    if target.startswith("eigw-") and sender.by == _ENDPOINT:
        words = f"is unusable: {target} takes nothing that comes out of an endpoint (R-EIGW-3)"
        return _Onward("", "CANNOT_ROUTE", words)
    if not subnet_id and _needs_public_address(lowering, table, candidate):
        interface = lowering.snapshot.get(NetworkInterface, target)
        placed = elastic(lowering).get(target)
        if interface is not None and not (public_mapping(interface) or placed):
            words = f"redirects to {target}, which has no public address"
            return _Onward("", "INGRESS_RTB_NO_PUBLIC_IP", words)
    option = _edge_option(table, candidate)
    if option and not subnet_id and lowering.option(option) == "deny":
        words = f"leads from a virtual private gateway to {target}, which is dropped"
        return _Onward("", "BAD_STATE_ROUTE", words, option)
    wrong = malformed(lowering, table, candidate)
    if wrong:
        node = node_name("unmodelled", table.route_table_id, "malformed")
        return _Onward(node, "", f"routes to {target} {wrong}, which AWS refuses")
    return None


def _needs_public_address(lowering: Lowering, table: RouteTable, candidate: Candidate) -> bool:
    """R-RT-21, of IPv4; what is routed in of a pool comes as it is (R-IGW-9)."""
    if candidate.field != "network_interface_id" or not is_ipv4(candidate.prefix.value):
        return False
    gateways = [a.gateway_id or "" for a in table.associations]
    pools = overall.pools(lowering).accepted
    pooled = (block for gateway in gateways for block in pools.get(gateway, ()))
    at_internet = any(gateway.startswith("igw-") for gateway in gateways)
    return at_internet and not any(block.covers(candidate.prefix) for block in pooled)


def _edge(lowering: Lowering, gateway_id: str, _: str) -> tuple[Stage, ...]:
    """R-RT-22: whether a route to a gateway is usable hangs on an edge table that is not known."""
    unknown = edge_of(lowering, gateway_id)
    assert isinstance(unknown, Origin)
    return (Unmodelled(unknown),)


def _redirected(
    lowering: Lowering, subnet_id: str, candidate: Candidate, table: RouteTable
) -> bool:
    """R-RT-22: whether the gateway's edge table sends the subnet's inbound traffic elsewhere.

    It counts for the IP version of the route in question.
    """
    subnet = lowering.snapshot.get(Subnet, subnet_id)
    if subnet is None:
        return False
    blocks = map(Prefix.parse, subnet_blocks(subnet))
    ranked = ranking_of(lowering, table)
    return any(
        _sent_elsewhere(lowering, ranked, block, subnet)
        for block in blocks
        if is_ipv4(block.value) is is_ipv4(candidate.prefix.value)
    )


def _sent_elsewhere(
    lowering: Lowering, ranked: list[list[Candidate]], block: Prefix, subnet: Subnet
) -> bool:
    """To something that does not stand in the subnet itself."""
    for best, *_ in ranked:
        if best.prefix.covers(block):
            if best.target == "local":
                return False
            entry = lowering.entry(best.field, best.target, "", subnet.vpc_id or "")
            return entry.subnet != subnet.subnet_id
    return False


def _admit(lowering: Lowering, denied: Denied) -> tuple[Change, ...]:
    """The route that is lacking.

    A route that is dead is replaced, whatever it is for: it said where its destinations were to go.
    """
    from reach.changes import AddRoute, ReplaceRoute
    from reach.changes.route import TableRoute, destination_of, is_static

    if denied.lacking is None:
        return ()
    table = lowering.snapshot.get(RouteTable, denied.lacking.resource)
    target = denied.lacking.locator.removeprefix(_MISSING)
    if table is None:
        return ()
    could = lowering.could_route(table.vpc_id or "")
    field = next(field for field, resource, _ in could if resource == target)
    by_destination = {destination_of(each): each for each in table.routes if is_static(each)}
    (destination,) = map(str, denied.wanted.by_name["destination"].cover())
    dead = by_destination.get(denied.origin.locator.removeprefix("route "))
    if dead is not None and denied.origin.resource == table.route_table_id:
        destination = destination_of(dead)
    route = TableRoute(table.route_table_id, table.name, destination, field, target)
    found = by_destination.get(destination)
    if found is None:
        return (AddRoute(route),)
    return (ReplaceRoute(route, target_of(lowering, table, found)[1] or "what is gone"),)


def _remove(lowering: Lowering, origin: Origin) -> tuple[Removal, ...]:
    """The route that an origin speaks of, if somebody created it (R-RT-3, R-RT-16)."""
    from reach.changes import RemoveRoute
    from reach.changes.route import TableRoute, destination_of, is_static

    table = lowering.snapshot.get(RouteTable, origin.resource)
    if table is None:
        return ()
    for record in table.routes:
        destination, (field, target) = destination_of(record), target_of(lowering, table, record)
        said = origin.locator == f"route {destination}" and target in origin.words.split()
        # What a gateway endpoint has put there goes with the endpoint only.
        endpoint = target.startswith("vpce-") and record.destination_prefix_list_id
        if said and is_static(record) and not endpoint:
            route = TableRoute(table.route_table_id, table.name, destination, field, target)
            return (RemoveRoute(route),)
    return ()


def _alone(lowering: Lowering, table_id: str, _: str) -> tuple[Stage, ...]:
    """A table that stands by itself: a regional NAT gateway's own."""
    table = lowering.snapshot.get(RouteTable, table_id)
    if table is None:
        words = "this route table is not known"
        return (Unmodelled(lowering.missing(RouteTable, table_id, words)),)
    unsaid = left_out(lowering, table, "routes")
    return _stages(lowering, table, _Sender()) if unsaid is None else (Unmodelled(unsaid),)


def _besides(lowering: Lowering, denial: Denial) -> Iterator[Origin]:
    """Routes that could have served a packet which its table drops, and why they do not.

    Those to what a route is missing for, and of a packet that a route drops any that it beats.
    """
    table = lowering.snapshot.get(RouteTable, denial.origin.resource)
    if table is None:
        return
    destination, ranked = denial.header.destination, ranking_of(lowering, table)
    winners = next((group for group in ranked if destination in group[0].prefix), [])
    drops = any(is_dead(candidate) for candidate in winners)
    works = [c for c in candidates_of(lowering, table) if c.target and not is_dead(c)]
    for each in works:
        holds = destination in each.prefix
        if any(each.record is winner.record for winner in winners):
            continue
        if each.target != denial.lacking and not (drops and holds):
            continue
        if not holds:
            words, code = "does not hold the destination", "CANNOT_ROUTE"
        elif each.prefix.length < winners[0].prefix.length:
            words, code = f"is beaten by the longer {winners[0].locator}", "MORE_SPECIFIC_ROUTE"
        else:
            words, code = f"is beaten by the better {winners[0].locator}", "HIGHER_PRIORITY_ROUTE"
        yield _about(table, f"{each.locator} to {each.target} {words}", each, code)
    if not winners and works and all(c.target == "local" for c in works):
        words = "its only routes are local, and the destination is not in the VPC"
        yield _about(table, words, works[0], "VPC_LOCAL_ROUTE_CIDR_RESTRICTION")


def _about(table: RouteTable, words: str, candidate: Candidate, code: str) -> Origin:
    name, locator = table.name, candidate.locator
    return Origin(table.route_table_id, words, locator, code, name, record=candidate.record)


COMPONENT = Component(
    name="route_table",
    reads=(RouteTable, PrefixList, ManagedPrefixListEntries),
    nodes={
        "either": _either,
        "alone": _alone,
        "handed": _checked,
        "edge": _edge,
        "unsettled": _unsettled,
    },
    slots={
        "subnet.route": _of_subnet,
        "subnet.route attachment": partial(_of_subnet, by=_ATTACHMENT),
        "subnet.route endpoint": partial(_of_subnet, by=_ENDPOINT),
        "gateway.route": _of_gateway,
    },
    lint=lint_routes,
    besides=_besides,
    mending=Mending("rtb-", 2, _admit, _remove),
)
