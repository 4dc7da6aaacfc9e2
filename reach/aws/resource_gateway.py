"""Resource gateways: how clients elsewhere reach an address, a name or a database of a VPC.

A resource configuration is reached by endpoints of type Resource and by service networks; it lets
its own TCP ports pass (R-RES-1, R-RES-3) to the resource, out of a gateway in the resource's VPC:
the source is then the gateway's address, and the gateway's groups filter on the way out only
(R-RES-2).  Nothing is opened towards the consumer (R-RES-1).  Endpoint and gateway share a zone,
else nothing passes; a gateway subnet in the client's own zone is used first.  The gateway's subnet
routes like that of any interface.  Of a group one of its members answers, a *may*.  What a domain
name or a database's ARN stands for is not in a snapshot: that it answers is assumed, and whether it
is a given interface stays open.  A configuration of an account that is not in the snapshot ends
there, with that assumption.

Implements: R-RES-1 R-RES-2 R-RES-3 R-SG-20 R-ENI-9
Not modelled: network segments of tunnel endpoints (R-RES-4); where names resolve to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from reach.aim import Start, Visit
from reach.component import Component, End, Lowering, node_name
from reach.gone import held
from reach.interfaces.fronts import fronts_gap
from reach.network.address import ANY_IPV4, ANY_IPV6, Prefix, is_ipv4, parse_address
from reach.network.field import TCP
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.network.stage import (
    Action,
    Assign,
    Case,
    Choose,
    Deliver,
    Filter,
    Forward,
    Option,
    Origin,
    Restore,
    Route,
    Rule,
    Stage,
    Translate,
    Unmodelled,
    deny_all,
)
from reach.routing import overall
from reach.snapshot.index import delegated_prefixes, private_addresses, subnet_blocks, vpc_blocks
from reach.snapshot.interface_records import NAT_TYPES
from reach.snapshot.lattice import IN_ORDER
from reach.snapshot.lattice_calls import RESOURCE_CONFIGURATION, RESOURCE_GATEWAY
from reach.snapshot.lattice_records import (
    ResourceConfiguration,
    ResourceGateway,
    ServiceNetworkResourceAssociation,
    ServiceNetworkVpcAssociation,
)
from reach.snapshot.records import NetworkInterface, Record, Subnet, Vpc, VpcEndpoint
from reach.snapshot.section import Section
from reach.states import LATTICE, doubted, may_work

_NAME = "resource_gateway"
_QUIET = Origin("", "")
_TYPES = ("GROUP", "CHILD", "SINGLE", "ARN", "")
_EPHEMERAL = Ranges.span(1024, 65535)
_FAMILIES = {True: Ranges.prefixes((ANY_IPV4,)), False: Ranges.prefixes((ANY_IPV6,))}


def _session(configuration_id: str, subnet_id: str) -> str:
    return f"{_NAME} {configuration_id} {subnet_id}"


def _configuration(lowering: Lowering, configuration_id: str) -> ResourceConfiguration | None:
    return lowering.snapshot.get(ResourceConfiguration, configuration_id)


def _gateway(lowering: Lowering, configuration: ResourceConfiguration) -> ResourceGateway | None:
    gateway_id = overall.lattice(lowering).gateway_of(configuration)
    return lowering.snapshot.get(ResourceGateway, gateway_id)


# ------------------------------------------------------------------- in


def _enter(lowering: Lowering, configuration_id: str, zones: str) -> tuple[Stage, ...]:
    """A client's packet.  ``zones``: those of its endpoint, if it came by one, its own first."""
    configuration = _configuration(lowering, configuration_id)
    if configuration is None:
        return _elsewhere(lowering, configuration_id)
    if configuration.type == "CIDR":
        words = "is a network segment for tunnel endpoints, which are not modelled yet"
        return (Unmodelled(_origin(configuration, words, code="UNSUPPORTED_COMPONENT")),)
    if configuration.type not in _TYPES:
        words = f"what resources of type {configuration.type!r} are, is not known"
        return (Unmodelled(_origin(configuration, words, code="UNKNOWN_RESOURCE")),)
    told = (configuration.resource_configuration_definition, configuration.port_ranges)
    if None in told and configuration.type in ("SINGLE", "CHILD"):
        words = "what this resource is, is not known"
        gap = lowering.missing(ResourceConfiguration, configuration_id, words)
        return (Unmodelled(gap),)
    if configuration.type == "GROUP":
        return (*_there(configuration), *_any_member(lowering, configuration, zones))
    return (
        *_there(configuration),
        _ports(configuration),
        *_through_gateway(lowering, configuration, zones),
    )


def _origin(
    configuration: ResourceConfiguration, words: str, locator: str = "", code: str = ""
) -> Origin:
    return Origin(configuration.id, words, locator, code, configuration.name)


def _elsewhere(lowering: Lowering, configuration_id: str) -> tuple[Stage, ...]:
    """R-SHARE-4: whoever shares it is in the snapshot, and a call is missing, or is not."""
    owner, region = overall.lattice(lowering).owner(configuration_id)
    if not owner or lowering.index.covers(owner, region):
        words = f"what this resource of {owner or 'its account'} is, is not known"
        return (Unmodelled(lowering.missing(ResourceConfiguration, configuration_id, words)),)
    words = f"assumed: the resource, of {owner} in {region} and not in the snapshot, answers"
    there = node_name(_NAME, configuration_id, "beyond")
    only_tcp = Origin(configuration_id, "takes only TCP", "protocol", "PROTOCOL_RESTRICTION")
    tcp = Rule(HeaderSpace.where(protocol=Ranges.of(TCP)), Action.PERMIT, _QUIET)
    return (
        Filter((tcp,), Rule(ANYTHING, Action.DENY, only_tcp)),
        Choose((Option(there, Origin(configuration_id, words)),)),
    )


def _there(configuration: ResourceConfiguration) -> tuple[Stage, ...]:
    words = f"is {configuration.status}"
    origin = _origin(configuration, words, "status", "BAD_STATE")
    if not may_work(configuration.status, LATTICE):
        return (deny_all(origin),)
    return doubted(configuration.status, IN_ORDER, LATTICE, origin)


def _any_member(lowering: Lowering, group: ResourceConfiguration, zones: str) -> tuple[Stage, ...]:
    """Each member has an address of its own, which only names tell."""
    options = [
        Option(
            node_name(_NAME, member.id, "enter", zones),
            _origin(member, f"assumed: the address is that of {member.name or member.id}"),
        )
        for member in overall.lattice(lowering).members_of(group.id)
    ]
    if options:
        return (Choose(tuple(options)),)
    return _nothing(_origin(group, "is a group without members", code="NO_PATH"))


def _nothing(origin: Origin) -> tuple[Stage, ...]:
    """Nothing gets through here."""
    return (deny_all(origin), Forward((), origin))


def _ports(configuration: ResourceConfiguration) -> Filter:
    """R-RES-1, R-RES-3: TCP to its port ranges; a database, named by ARN, has the port it has."""
    spans = [(0, 65535)] if configuration.type == "ARN" and not configuration.port_ranges else []
    ranges = configuration.port_ranges or ()
    for text in ranges:
        low, _, high = text.partition("-")
        spans.append((int(low), int(high or low)))
    words = " ".join(("takes only tcp", ", ".join(ranges))).strip()
    refused = _origin(configuration, words, "ports", "PROTOCOL_RESTRICTION")
    taken = HeaderSpace.where(protocol=Ranges.of(TCP), destination_port=Ranges.union(spans))
    return Filter((Rule(taken, Action.PERMIT, _QUIET),), Rule(ANYTHING, Action.DENY, refused))


def _through_gateway(
    lowering: Lowering, configuration: ResourceConfiguration, zones: str
) -> tuple[Stage, ...]:
    gateway = _gateway(lowering, configuration)
    if gateway is None:
        words = f"its gateway {overall.lattice(lowering).gateway_of(configuration)} is not known"
        return (Unmodelled(lowering.missing(ResourceGateway, configuration.id, words)),)
    origin = Origin(gateway.id, f"is {gateway.status}", "status", "BAD_STATE", gateway.name)
    if not may_work(gateway.status, LATTICE):
        return _nothing(origin)
    odd = doubted(gateway.status, IN_ORDER, LATTICE, origin)
    return (*odd, *_out_of(lowering, configuration, gateway, zones))


def _out_of(
    lowering: Lowering, configuration: ResourceConfiguration, gateway: ResourceGateway, zones: str
) -> tuple[Stage, ...]:
    subnets, certain = _subnets_for(lowering, gateway, zones)
    if not subnets:
        words = f"the gateway has no subnet in a zone of the endpoint ({zones})"
        code = "VPCE_SERVICE_NOT_INSTALLED_IN_AZ"
        return _nothing(Origin(gateway.id, words, "zone", code, gateway.name))
    if _address(configuration) is None:
        return _by_name(configuration)
    if certain and len(subnets) == 1 and _own(lowering, gateway, subnets[0]):
        node = node_name(_NAME, configuration.id, "out", subnets[0])
        words = f"leads out of {gateway.id} in {subnets[0]}"
        return (Forward((Route(ANYTHING, node, _origin(configuration, words)),), _QUIET),)
    return (
        Choose(tuple(_way_out(lowering, configuration, gateway, subnet) for subnet in subnets)),
    )


def _subnets_for(
    lowering: Lowering, gateway: ResourceGateway, zones: str
) -> tuple[tuple[str, ...], bool]:
    """R-RES-1: the gateway's subnets that may be used, and whether there is no other choice."""
    if not zones:
        return gateway.subnet_ids, len(gateway.subnet_ids) == 1
    wanted = zones.split(",")
    zone_of = {subnet: lowering.index.zone_of(subnet) or "-" for subnet in gateway.subnet_ids}
    near = tuple(subnet for subnet, zone in zone_of.items() if zone == wanted[0] != "-")
    if near:
        return near, True
    unknown = "-" in wanted or "-" in zone_of.values()
    if unknown or set(zone_of.values()) & set(wanted):
        return gateway.subnet_ids, len(gateway.subnet_ids) == 1 and not unknown
    return (), True


def _way_out(
    lowering: Lowering, configuration: ResourceConfiguration, gateway: ResourceGateway, subnet: str
) -> Option:
    words = f"assumed: {gateway.id} sends by its interface in {subnet}"
    if not _own(lowering, gateway, subnet):
        words += ", from an address that the snapshot does not show"
    node = node_name(_NAME, configuration.id, "out", subnet)
    return Option(node, Origin(gateway.id, words, name=gateway.name))


# ------------------------------------------------------------------- the resource


def _address(configuration: ResourceConfiguration) -> int | None:
    definition = configuration.resource_configuration_definition
    if definition is None or definition.ip_resource is None:
        return None
    return parse_address(definition.ip_resource.ip_address)


def _shown(configuration: ResourceConfiguration) -> str:
    definition = configuration.resource_configuration_definition
    if definition is not None and definition.dns_resource is not None:
        return definition.dns_resource.domain_name
    if definition is not None and definition.arn_resource is not None:
        return definition.arn_resource.arn
    return configuration.name or configuration.id


def _by_name(configuration: ResourceConfiguration) -> tuple[Stage, ...]:
    """A name, or a database: that it answers is assumed; which interface it is, is open."""
    shown = _shown(configuration)
    answers = f"assumed: {shown}, whose address is not in the snapshot, answers"
    unknown = f"which address {shown} stands for is not in the snapshot"
    return (
        Choose(
            (
                Option(
                    node_name(_NAME, configuration.id, "beyond"), _origin(configuration, answers)
                ),
                Option(
                    node_name(_NAME, configuration.id, "somewhere"), _origin(configuration, unknown)
                ),
            )
        ),
    )


def _somewhere(lowering: Lowering, configuration_id: str, _: str) -> tuple[Stage, ...]:
    configuration = held(_configuration(lowering, configuration_id))
    words = f"which address {_shown(configuration)} stands for is not in the snapshot"
    return (Unmodelled(_origin(configuration, words, code="UNKNOWN_RESOURCE")),)


def _beyond(lowering: Lowering, configuration_id: str, _: str) -> tuple[Stage, ...]:
    """The packet is where the snapshot sees no further."""
    configuration = _configuration(lowering, configuration_id)
    words = f"{_shown(configuration) if configuration else 'the resource'} receives the packet"
    name = configuration.name if configuration else ""
    reply = node_name(_NAME, configuration_id, "answer")
    owner = f"{_NAME}/{configuration_id}"
    return (Deliver(owner, reply, Origin(configuration_id, words, name=name)),)


def _own(lowering: Lowering, gateway: ResourceGateway, subnet_id: str) -> Ranges:
    """The addresses of a gateway's interfaces in a subnet, as far as they are listed."""
    groups = set(gateway.security_group_ids)
    spans: list[tuple[int, int]] = []
    for interface in lowering.index.interfaces_by_subnet.get(subnet_id, ()):
        worn = {group.group_id for group in interface.groups}
        # R-ENI-9: its owner is a service; no page says how its description is worded.
        unnamed = interface.requester_managed and "rgw-" not in interface.description
        alike = unnamed and bool(groups) and worn == groups
        alike = alike and interface.interface_type not in ("vpc_endpoint", *NAT_TYPES)
        if gateway.id in interface.description or alike:
            spans += Ranges.of(*private_addresses(interface)).intervals
            blocks = map(Prefix.parse, delegated_prefixes(interface))
            spans += Ranges.prefixes(blocks).intervals
    return Ranges.union(spans)


def _sources(
    lowering: Lowering, gateway: ResourceGateway, subnet_id: str, family: Ranges
) -> Ranges:
    """What a gateway may send from in a subnet: its own addresses, else any of the subnet's."""
    own = _own(lowering, gateway, subnet_id) & family
    subnet = lowering.snapshot.get(Subnet, subnet_id)
    if own or subnet is None:
        return own
    return Ranges.prefixes(map(Prefix.parse, subnet_blocks(subnet))) & family


def _out(lowering: Lowering, configuration_id: str, subnet_id: str) -> tuple[Stage, ...]:
    """R-RES-2: out of the gateway, from its address, past its groups, to the resource."""
    configuration = held(_configuration(lowering, configuration_id))
    gateway = held(_gateway(lowering, configuration))
    address = held(_address(configuration))
    sources = _sources(lowering, gateway, subnet_id, _FAMILIES[is_ipv4(address)])
    if not sources:
        words = f"its addresses in {subnet_id} are not known"
        return (Unmodelled(lowering.missing(Subnet, gateway.id, words)),)
    groups = gateway.security_group_ids
    rewrites = (
        Assign("source", sources),
        Assign("source_port", _EPHEMERAL),
        Assign("destination", Ranges.of(address)),
        Assign("identity", Ranges.of(lowering.identity(gateway.vpc_id, groups))),
    )
    words = "puts its own address in the source and the resource's in the destination"
    case = Case(ANYTHING, rewrites, Origin(gateway.id, words, name=gateway.name))
    holder = " ".join((gateway.id, f"{gateway.vpc_id}/{subnet_id}", *groups))
    onward = node_name("subnet", subnet_id, "emit")
    return (
        Translate((case,), session=_session(configuration_id, subnet_id)),
        *lowering.slot("groups.egress", holder),
        Forward((Route(ANYTHING, onward, _QUIET),), _QUIET),
    )


# ------------------------------------------------------------------- and back


def _to_gateways(lowering: Lowering, subnet_id: str) -> tuple[Stage, ...]:
    """Replies to a gateway's address in this subnet."""
    routes = tuple(
        Route(
            ANYTHING,
            node_name(_NAME, configuration_id, "back", subnet_id),
            _QUIET,
            session=_session(configuration_id, subnet_id),
        )
        for configuration_id in lowering.table(f"{_NAME} by subnet", _by_subnet).get(subnet_id, ())
    )
    return (Forward(routes),) if routes else ()


def _by_subnet(lowering: Lowering) -> Mapping[str, list[str]]:
    """The configurations whose gateway has an interface in a subnet."""
    found: dict[str, list[str]] = {}
    for configuration in lowering.snapshot.records(ResourceConfiguration):
        gateway = _gateway(lowering, configuration)
        if gateway is not None and _address(configuration) is not None:
            for subnet_id in gateway.subnet_ids:
                found.setdefault(subnet_id, []).append(configuration.id)
    return found


def _back(lowering: Lowering, configuration_id: str, subnet_id: str) -> tuple[Stage, ...]:
    nobody = Origin(configuration_id, "holds no connection that this answers", code="NO_PATH")
    restored = Restore(_session(configuration_id, subnet_id), nobody)
    return (restored, *_answer(lowering, configuration_id, ""))


def _answer(lowering: Lowering, configuration_id: str, _: str) -> tuple[Stage, ...]:
    """By the way that the flow came in: whoever let it in knows the session."""
    nobody = Origin(configuration_id, "knows no way back for this", code="NO_PATH")
    return (*lowering.slot("lattice.return", configuration_id), Forward((), nobody))


def _is_gateways(interface: NetworkInterface) -> bool:
    return interface.requester_managed and "rgw-" in interface.description


def _interface_node(lowering: Lowering, interface: NetworkInterface) -> str | None:
    if not _is_gateways(interface):
        return None
    return node_name(_NAME, interface.network_interface_id, "closed")


def _closed(lowering: Lowering, interface_id: str, _: str) -> tuple[Stage, ...]:
    """Replies have left for their session before; to anything else a gateway does not listen."""
    words = "is the interface of a resource gateway, which takes nothing but replies"
    return _nothing(Origin(interface_id, words, code="NO_PATH"))


def _senders(lowering: Lowering, interface: NetworkInterface) -> tuple[Start, ...] | None:
    """R-RES-1: it sends for consumers only."""
    return () if _is_gateways(interface) else None


# ------------------------------------------------------------------- as an end of a question


def _group_sets(lowering: Lowering) -> Iterator[tuple[str, frozenset[str]]]:
    """R-RES-2: the groups that a resource sees behind the gateway's address."""
    for gateway in lowering.snapshot.lasting(ResourceGateway):
        if gateway.security_group_ids:
            yield gateway.vpc_id, frozenset(gateway.security_group_ids)


def _aliases(lowering: Lowering, addresses: Ranges) -> Ranges:
    """What leads to a resource that has one of the addresses, or may have."""
    pairs = lowering.memo(f"{_NAME} aliases", partial(_behind, lowering))
    fronts = [front.intervals for behind, front in pairs if behind & addresses]
    return Ranges.union(span for spans in fronts for span in spans)


def _behind(lowering: Lowering) -> tuple[tuple[Ranges, Ranges], ...]:
    """For each configuration the addresses that its resource may have, and those in front."""
    lattice = overall.lattice(lowering)
    return tuple(
        (_may_have(lowering, each), lattice.resource_fronts(each))
        for each in sorted(lattice.named_resources)
    )


def _may_have(lowering: Lowering, configuration_id: str) -> Ranges:
    """A name may stand for any address of the gateway's VPC; what is not known, for any at all."""
    configuration = _configuration(lowering, configuration_id)
    if configuration is None:
        unseen = not lowering.index.covers(*overall.lattice(lowering).owner(configuration_id))
        return Ranges(()) if unseen else lowering.index.inside
    if configuration.type == "GROUP":
        members = overall.lattice(lowering).members_of(configuration_id)
        spans = (_may_have(lowering, member.id).intervals for member in members)
        return Ranges.union(span for each in spans for span in each)
    address = _address(configuration)
    if address is not None:
        return Ranges.of(address)
    gateway = _gateway(lowering, configuration)
    vpc = lowering.snapshot.get(Vpc, gateway.vpc_id) if gateway else None
    if vpc is None:
        return lowering.index.inside
    return Ranges.prefixes(map(Prefix.parse, vpc_blocks(vpc)))


def _end(lowering: Lowering, configuration_id: str) -> End | None:
    """A resource (of a group: any of its members), by whatever way."""
    configuration = _configuration(lowering, configuration_id)
    if configuration is None:
        return None
    shown = f"{configuration_id} {configuration.name}".strip()
    fronts = overall.lattice(lowering).resource_fronts(configuration_id)
    gap = _fronts_gap(lowering, configuration_id)
    if not fronts:
        words = "no endpoint and no service network in the snapshot leads to it"
        nobody = _origin(configuration, words, code="NO_PATH")
        return End(shown, goals={}, nobody=nobody, gap=gap)
    mute = _origin(configuration, "opens no connections to its consumers", code="NO_PATH")
    members = overall.lattice(lowering).members_of(configuration_id) or (configuration,)
    ways = tuple(way for member in members for way in _ways(lowering, member))
    return End(shown, goals=None, addresses=fronts, through=ways, nobody=mute, gap=gap)


def _fronts_gap(lowering: Lowering, configuration_id: str) -> Origin | None:
    """A call is missing that could show another way; those of networks count where there are."""
    kinds: list[type[Record]] = [VpcEndpoint]
    if overall.lattice(lowering).network_ids:
        kinds += [ServiceNetworkResourceAssociation, ServiceNetworkVpcAssociation]
    for kind in kinds:
        if not lowering.snapshot.has(kind):
            words = "not all that leads to it is known"
            return lowering.missing(kind, configuration_id, words)
    return fronts_gap(lowering, configuration_id)


def _ways(lowering: Lowering, configuration: ResourceConfiguration) -> Iterator[str]:
    """The nodes at which a packet has got to the resource, or on its way from the gateway."""
    gateway = _gateway(lowering, configuration)
    yield node_name(_NAME, configuration.id, "beyond")
    yield node_name(_NAME, configuration.id, "somewhere")
    for subnet_id in gateway.subnet_ids if gateway else ():
        yield node_name(_NAME, configuration.id, "out", subnet_id)


def _fronts(lowering: Lowering) -> Iterator[tuple[Ranges, str]]:
    for configuration in lowering.snapshot.records(ResourceConfiguration):
        addresses = overall.lattice(lowering).resource_fronts(configuration.id)
        for way in _ways(lowering, configuration) if addresses else ():
            yield addresses, way


def _place(lowering: Lowering, gateway_id: str) -> Visit | None:
    """A gateway is passed by what it sends on to a resource."""
    if lowering.snapshot.get(ResourceGateway, gateway_id) is None:
        return None
    behind = (
        each
        for each in lowering.snapshot.records(ResourceConfiguration)
        if overall.lattice(lowering).gateway_of(each) == gateway_id
    )
    return Visit(nodes=frozenset(way for each in behind for way in _ways(lowering, each)))


def _names(lowering: Lowering) -> Iterator[tuple[str, str]]:
    for configuration in lowering.snapshot.records(ResourceConfiguration):
        if configuration.name:
            yield configuration.name, configuration.id


_SECTIONS = (
    Section(
        "ResourceGateways",
        ResourceGateway,
        "id",
        "vpc-lattice.GetResourceGateway",
        bare=(("arn", "vpcId", "subnetIds"),),
        asked=(RESOURCE_GATEWAY,),
    ),
    Section(
        "ResourceConfigurations",
        ResourceConfiguration,
        "id",
        "vpc-lattice.GetResourceConfiguration",
        addresses={"resource_configuration_definition.ip_resource.ip_address": "IP address"},
        bare=(("arn", "resourceConfigurationDefinition"), ("arn", "resourceGatewayId")),
        asked=(RESOURCE_CONFIGURATION,),
    ),
)

COMPONENT = Component(
    name=_NAME,
    reads=(ResourceConfiguration, ResourceGateway),
    sections=_SECTIONS,
    nodes={
        "enter": _enter,
        "out": _out,
        "back": _back,
        "answer": _answer,
        "beyond": _beyond,
        "somewhere": _somewhere,
        "closed": _closed,
    },
    slots={"subnet.switch": _to_gateways},
    interface_types=("interface",),
    interface_node=_interface_node,
    senders=_senders,
    group_sets=_group_sets,
    names=_names,
    ends={"rcfg-": _end},
    places={"rgw-": _place},
    aliases=_aliases,
    fronts=_fronts,
)
