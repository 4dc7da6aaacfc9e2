"""Endpoint services: the provider's side of PrivateLink, behind interface endpoints.

From an endpoint's interface a packet goes to a node of one of the service's Network Load Balancers,
in the zone of that interface (by zone id, R-AZ-1), else to any where zones are crossed by the
balancer or the service is another Region's (R-VPCES-1, R-VPCES-5).  No routing exists between the
two VPCs, whose blocks may overlap (R-VPCES-4).  The balancer gets the consumer's address, but no
group of its (R-SG-20), and its target never sees either.  Needed are a connection that is accepted
(R-VPCES-2, R-VPCE-2) and a service that is available in the zone and open to the Region.  Taking a
principal's permission away does not touch connections that were accepted before (AWS: "Configure an
endpoint service"): one that is available but no longer permitted is a *may*.  Only replies go back;
the provider opens nothing (R-VPCE-4).  An Application Load Balancer stands behind the other one
(R-VPCES-6).

A provider that is not in the snapshot ends at the service: that it answers is assumed.  Where a
call is missing that could have shown the provider, or the provider's balancer is not shown, it is
undecided.  Whether a connection is accepted the endpoint's own state tells as well, so a missing
describe-vpc-endpoint-connections is no gap.

Implements: R-VPCES-1 R-VPCES-2 R-VPCES-4 R-VPCES-5 R-VPCES-6 R-VPCE-2 R-VPCE-4 R-VPCE-5 R-AZ-1
R-SG-20
Not modelled: which node an endpoint uses; Gateway Load Balancers behind a service.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from reach.balancing.joins import balancers
from reach.component import Component, End, Lowering, node_name
from reach.gone import held
from reach.interfaces.endpoints import owners
from reach.interfaces.fronts import fronts_gap
from reach.network.address import ANY_IPV4, ANY_IPV6, is_ipv4
from reach.network.field import TCP, UDP, Header
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.network.spans import Spans
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
from reach.snapshot.balancer_records import LoadBalancer, LoadBalancerAttributes
from reach.snapshot.balancers import NETWORK
from reach.snapshot.call import per_id
from reach.snapshot.endpoint_service_records import (
    EndpointServiceConfiguration,
    EndpointServiceDetail,
    VpcEndpointConnection,
    VpcEndpointServicePermissions,
)
from reach.snapshot.endpoint_services import Consumer, EndpointServices
from reach.snapshot.index import private_addresses
from reach.snapshot.record import Scope
from reach.snapshot.records import NetworkInterface, Subnet, VpcEndpoint
from reach.snapshot.section import Reference, Section
from reach.states import ENDPOINT_SERVICE, VPC_ENDPOINT

_NAME = "vpc_endpoint_service"
_QUIET = Origin("", "")
# R-VPCE-5: what a Network Load Balancer takes.
_TAKEN = HeaderSpace.where(protocol=Ranges.of(TCP, UDP))
# R-VPCE-2; Partial is a matter of single zones.
_CONNECTED = ("available", "partial", "")
# The API's page of SupportedRegionDetail; no enumeration lists them.
_CLOSED = ("pending", "deleting", "deleted", "failed", "closed")
# Principals that stand for accounts which no call of EC2's names.
_BROAD = ("All", "Service", "OrganizationUnit")


def _services(lowering: Lowering) -> EndpointServices:
    def make() -> EndpointServices:
        own = owners(lowering)
        return EndpointServices(lowering.snapshot, lowering.index, balancers(lowering), own)

    return lowering.own(f"{_NAME} joins", make)


def _consumer(lowering: Lowering, interface_id: str) -> Consumer:
    return held(_services(lowering).consumers.get(interface_id))


def _says(consumer: Consumer, words: str, locator: str = "", code: str = "") -> Origin:
    endpoint = consumer.endpoint
    return Origin(endpoint.vpc_endpoint_id, words, locator, code, endpoint.name)


def _answer(consumer: Consumer) -> str:
    """Where replies leave; its name is the session under which the endpoint let them in."""
    return node_name("vpc_endpoint", consumer.id, "answer")


def _nothing(origin: Origin) -> tuple[Stage, ...]:
    """Nothing gets through here."""
    return (deny_all(origin), Forward((), origin))


# ------------------------------------------------------------------- from the consumer


def _from_consumer(lowering: Lowering, interface_id: str, _: str) -> tuple[Stage, ...]:
    """What an endpoint has let in."""
    consumer = _consumer(lowering, interface_id)
    words = "carries only TCP and UDP"
    refused = _says(consumer, words, "protocol", "PROTOCOL_RESTRICTION")
    taken = Rule(_TAKEN, Action.PERMIT, _QUIET)
    service = _services(lowering).service_of(consumer)
    if service is None:
        beyond = _unseen_provider(lowering, consumer)
    else:
        beyond = _to_service(lowering, consumer, service)
    return (Filter((taken,), Rule(ANYTHING, Action.DENY, refused)), *beyond)


def _to_service(
    lowering: Lowering, consumer: Consumer, service: EndpointServiceConfiguration
) -> tuple[Stage, ...]:
    unknown = _unsettled(lowering, consumer, service)
    if unknown is not None:
        return (Unmodelled(unknown),)
    refused = _refused(lowering, consumer, service)
    if refused is not None:
        return _nothing(refused)
    if _is_permitted(lowering, consumer, service):
        return _to_balancers(lowering, consumer, service)
    words = (
        f"assumed: the connection was accepted before {consumer.endpoint.owner_id} lost the "
        f"permission to connect to {service.service_id}"
    )
    inside = node_name(_NAME, consumer.id, "accepted")
    return (Choose((Option(inside, _says(consumer, words, "permission")),)),)


def _accepted(lowering: Lowering, interface_id: str, _: str) -> tuple[Stage, ...]:
    consumer = _consumer(lowering, interface_id)
    service = held(_services(lowering).service_of(consumer))
    return _to_balancers(lowering, consumer, service)


# ------------------------------------------------------------------- a provider elsewhere


def _unseen_provider(lowering: Lowering, consumer: Consumer) -> tuple[Stage, ...]:
    gap = _provider_gap(lowering, consumer)
    if gap is not None:
        return (Unmodelled(gap),)
    if _is_offered(lowering, consumer):
        words = (
            f"assumed: the service {consumer.service_name}, which is not in the snapshot, answers"
        )
        beyond = node_name(_NAME, consumer.id, "beyond")
        return (Choose((Option(beyond, _says(consumer, words)),)),)
    return _nothing(_not_in_zone(consumer))


def _provider_gap(lowering: Lowering, consumer: Consumer) -> Origin | None:
    """A gap if the provider may be one of the snapshot's own accounts and a call is missing."""
    owners = [detail.owner for detail in _services(lowering).details_of(consumer) if detail.owner]
    owner, region = next(iter(owners), ""), consumer.service_region
    if owner == "amazon" or not lowering.index.covers(owner, region):
        return None
    made = lowering.snapshot.has(EndpointServiceConfiguration, owner, region)
    scope = Scope(owner, region)
    if not made or lowering.snapshot.is_cut_short(EndpointServiceConfiguration, scope):
        words = "whether its provider is in the snapshot is not known"
        return lowering.missing(EndpointServiceConfiguration, consumer.service_id, words)
    if owner:
        words = f"is a service of {owner}, which does not list it"
        return Origin(consumer.service_id, words, code="UNKNOWN_RESOURCE")
    return None


def _is_offered(lowering: Lowering, consumer: Consumer) -> bool:
    """R-VPCES-2: of an unseen provider's service the consumer's account is told the zones."""
    subnet = lowering.snapshot.get(Subnet, consumer.interface.subnet_id or "")
    if subnet is None or consumer.is_remote:
        return True
    here = lowering.snapshot.account_of(subnet)
    for detail in _services(lowering).details_of(consumer):
        zones, zone = detail.availability_zone_ids, consumer.zone
        # R-AZ-1: names of zones mean something within one account only.
        if not zones and lowering.snapshot.account_of(detail) in ("", here):
            zones, zone = detail.availability_zones, subnet.availability_zone or ""
        if zones and zone and zone not in zones:
            return False
    return True


def _not_in_zone(consumer: Consumer) -> Origin:
    words = f"{consumer.service_name} is not offered in the zone {consumer.zone}"
    return _says(consumer, words, "zone", "VPCE_SERVICE_NOT_INSTALLED_IN_AZ")


def _beyond(lowering: Lowering, interface_id: str, _: str) -> tuple[Stage, ...]:
    """The packet is at a service of whose provider the snapshot holds nothing."""
    consumer = _consumer(lowering, interface_id)
    received = _says(consumer, f"{consumer.service_name} receives the packet")
    return (Deliver(f"{_NAME}/{interface_id}", _answer(consumer), received),)


# ------------------------------------------------------------------- whether it takes the consumer


def _unsettled(
    lowering: Lowering, consumer: Consumer, service: EndpointServiceConfiguration
) -> Origin | None:
    """A state of the service or the connection that is none of AWS's: it may take them or not."""
    connection = _services(lowering).connection(consumer)
    joined = connection.vpc_endpoint_state if connection is not None else ""
    open_to = [
        each.service_state
        for each in service.supported_regions or ()
        if consumer.is_remote and each.region == consumer.region
    ]
    for state, known in (
        (service.service_state, {"available", "", *ENDPOINT_SERVICE}),
        (joined, {*_CONNECTED, *VPC_ENDPOINT}),
        *((state, {"available", "", *_CLOSED}) for state in open_to),
    ):
        if state.lower() not in known:
            who = consumer.endpoint.vpc_endpoint_id
            words = f"whether it takes {who} in the state {state!r}, none of AWS's, is not known"
            return Origin(service.service_id, words, "state", "UNKNOWN_RESOURCE", service.name)
    if consumer.is_remote and service.remote_access_enabled and service.supported_regions is None:
        words = "prints no Regions that it is open to, though it is to some"
        return Origin(service.service_id, words, "Regions", "UNKNOWN_RESOURCE", service.name)
    arns = (service.network_load_balancer_arns, service.gateway_load_balancer_arns)
    if arns == (None, ()) and not _services(lowering).balancers_of(consumer, service):
        words = "prints no load balancers, of which it has some"
        return Origin(service.service_id, words, "", "UNKNOWN_RESOURCE", service.name)
    return None


def _refused(
    lowering: Lowering, consumer: Consumer, service: EndpointServiceConfiguration
) -> Origin | None:
    """R-VPCES-2, R-VPCES-5: why the service does not take what this endpoint sends."""

    def because(words: str, locator: str, code: str) -> Origin:
        return Origin(service.service_id, words, locator, code, service.name)

    if service.service_state.lower() not in ("available", ""):
        return because(f"is {service.service_state}", "state", "BAD_STATE")
    connection = _services(lowering).connection(consumer)
    if connection is not None and connection.vpc_endpoint_state.lower() not in _CONNECTED:
        who, state = consumer.endpoint.vpc_endpoint_id, connection.vpc_endpoint_state
        return because(f"the connection of {who} is {state}", "connection", "BAD_STATE")
    if consumer.is_remote and not _is_open_to(service, consumer.region):
        return because(f"is not open to {consumer.region}", "Regions", "NO_PATH")
    return None


def _is_open_to(service: EndpointServiceConfiguration, region: str) -> bool:
    states = {each.region: each.service_state.lower() for each in service.supported_regions or ()}
    return service.remote_access_enabled is not False and states.get(region) in ("available", "")


def _is_permitted(
    lowering: Lowering, consumer: Consumer, service: EndpointServiceConfiguration
) -> bool:
    """R-VPCES-2: whether the account may connect, as far as the permissions are known."""
    account = consumer.endpoint.owner_id
    answer = _services(lowering).permissions(service)
    if not account or answer is None or account == _services(lowering).owner_of(service):
        return True
    return any(
        entry.principal == "*"
        or f":{account}:" in entry.principal
        or entry.principal_type in _BROAD
        for entry in answer.allowed_principals
    )


# ------------------------------------------------------------------- to a node of its balancers


def _to_balancers(
    lowering: Lowering, consumer: Consumer, service: EndpointServiceConfiguration
) -> tuple[Stage, ...]:
    """R-VPCES-1: one of the nodes that the endpoint may use."""
    usable, gap = _usable(lowering, consumer, service)
    options = [
        Option(node_name(_NAME, consumer.id, "to", each), _used(service, each)) for each in usable
    ]
    if gap is not None:
        options.append(Option(node_name(_NAME, consumer.id, "unseen"), gap))
    if not options:
        return _nothing(_not_in_zone(consumer))
    if len(options) == 1:
        return (Forward((Route(ANYTHING, options[0].next, _QUIET),), _QUIET),)
    return (Choose(tuple(options)),)


def _used(service: EndpointServiceConfiguration, interface_id: str) -> Origin:
    words = f"assumed: the endpoint uses the node {interface_id} of its load balancer"
    return Origin(service.service_id, words, name=service.name)


def _usable(
    lowering: Lowering, consumer: Consumer, service: EndpointServiceConfiguration
) -> tuple[list[str], Origin | None]:
    """The nodes that an endpoint may use, and a gap if there may be more."""
    services = _services(lowering)
    arns = services.balancers_of(consumer, service)
    nodes = [(arn, each) for arn in arns for each in services.nodes(arn)]
    unseen = next((arn for arn in arns if not services.nodes(arn)), None)
    gap = None if unseen is None else _unseen_balancer(lowering, service, unseen)
    zones = {each.network_interface_id: _zone(lowering, each) for _, each in nodes}
    if consumer.is_remote:
        return list(zones), gap
    offered = service.availability_zone_ids
    here = not offered or consumer.zone in offered
    near = [name for name, zone in zones.items() if here and zone and zone == consumer.zone]
    if near:
        return near, gap
    crossing = {arn: services.crosses_zones(arn) for arn in arns if services.nodes(arn)}
    usable = [
        each.network_interface_id
        for arn, each in nodes
        if crossing[arn] or not consumer.zone or not zones[each.network_interface_id]
    ]
    unsaid = next((arn for arn, crosses in crossing.items() if crosses is None), None)
    if unsaid is not None:
        words = f"whether {unsaid} crosses zones is not known"
        gap = gap or lowering.missing(LoadBalancerAttributes, service.service_id, words)
    return usable, gap


def _zone(lowering: Lowering, interface: NetworkInterface) -> str:
    return lowering.index.zone_of(interface.subnet_id or "")


def _unseen_balancer(lowering: Lowering, service: EndpointServiceConfiguration, arn: str) -> Origin:
    """The provider is in the snapshot: its balancer should be as well."""
    shown = lowering.snapshot.get(LoadBalancer, arn) is not None
    what = "the interfaces of its load balancer" if shown else "its load balancer"
    words = f"{what} {arn} are not known" if shown else f"{what} {arn} is not known"
    gap = lowering.missing(NetworkInterface if shown else LoadBalancer, service.service_id, words)
    return replace(gap, code="UNKNOWN_RESOURCE")


def _unseen(lowering: Lowering, interface_id: str, _: str) -> tuple[Stage, ...]:
    consumer = _consumer(lowering, interface_id)
    service = held(_services(lowering).service_of(consumer))
    return (Unmodelled(held(_usable(lowering, consumer, service)[1])),)


def _session(balancer_interface: str) -> str:
    return f"{_NAME} {balancer_interface}"


def _to(lowering: Lowering, interface_id: str, balancer_interface: str) -> tuple[Stage, ...]:
    """The node's address in the place of the endpoint's; the consumer's stays, its groups not."""
    consumer = _consumer(lowering, interface_id)
    interface = held(lowering.snapshot.get(NetworkInterface, balancer_interface))
    words = f"PrivateLink carries the packet to {balancer_interface}"
    cases = tuple(
        Case(
            HeaderSpace.where(source=family),
            (Assign("destination", Ranges.of(own)), Assign("identity", Ranges.of(0))),
            _says(consumer, words),
        )
        for family, own in _by_family(interface)
    )
    other = _says(consumer, "the load balancer has no address of this IP version", code="NO_PATH")
    onward = node_name("network_load_balancer", balancer_interface, "service")
    return (
        Translate(cases, other, _session(balancer_interface)),
        Forward((Route(ANYTHING, onward, _QUIET),), _QUIET),
    )


def _by_family(interface: NetworkInterface) -> Iterator[tuple[Ranges, int]]:
    """The first address of each IP version, with the sources that are of it."""
    for four, family in ((True, ANY_IPV4), (False, ANY_IPV6)):
        own = [address for address in private_addresses(interface) if is_ipv4(address) is four]
        if own:
            yield Ranges.prefixes((family,)), own[0]


# ------------------------------------------------------------------- back to the consumer


def _reply(lowering: Lowering, balancer_interface: str, _: str) -> tuple[Stage, ...]:
    """What a balancer's node answers, to the endpoint by which the flow came in."""
    nobody = Origin(balancer_interface, "holds no connection that this answers", code="NO_PATH")
    known = _services(lowering).consumers
    routes = tuple(
        Route(ANYTHING, _answer(known[name]), _QUIET, session=_answer(known[name]))
        for name in _served(lowering).get(balancer_interface, ())
    )
    return (Restore(_session(balancer_interface), nobody), Forward(routes, nobody))


def _served(lowering: Lowering) -> Mapping[str, list[str]]:
    """The endpoints' interfaces that each interface of a balancer may serve."""
    return lowering.table(f"{_NAME} served", _serving)


def _serving(lowering: Lowering) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, consumer in _services(lowering).consumers.items():
        service = _services(lowering).service_of(consumer)
        if service is not None:
            for node in _usable(lowering, consumer, service)[0]:
                found.setdefault(node, []).append(name)
    return found


# ------------------------------------------------------------------- as an end of a question


def _aliases(lowering: Lowering, addresses: Ranges) -> Ranges:
    """The endpoints' addresses, for those of the balancers that they lead to."""
    fronts = lowering.memo(f"{_NAME} aliases", lambda: Spans(_behind(lowering)))
    return Ranges.any_of(fronts.meeting(addresses))


def _own(lowering: Lowering, interface_id: str) -> Ranges:
    interface = lowering.snapshot.get(NetworkInterface, interface_id)
    return Ranges.of(*private_addresses(interface)) if interface else Ranges(())


def _behind(lowering: Lowering) -> tuple[tuple[Ranges, Ranges], ...]:
    """The addresses of balancers' nodes, and those of the endpoints that may be in front."""
    pairs = [
        (
            _own(lowering, node),
            Ranges.any_of(_own(lowering, name) for name in names),
        )
        for node, names in _served(lowering).items()
    ]
    nodes = _services(lowering).balancers.of_kind(NETWORK)
    any_node = Ranges.of(*(a for each in nodes for a in private_addresses(each)))
    return (*pairs, (any_node, _hidden(lowering)))


def _hidden(lowering: Lowering) -> Ranges:
    """The addresses of endpoints that any balancer may be behind, for what a call does not tell."""
    found = Ranges(())
    services = _services(lowering)
    for name, consumer in services.consumers.items():
        service = services.service_of(consumer)
        if service is not None:
            gap = _usable(lowering, consumer, service)[1]
        else:
            gap = _provider_gap(lowering, consumer) if consumer.is_of_others else None
        if gap is not None:
            found |= _own(lowering, name)
    return found


def _end(lowering: Lowering, service_id: str) -> End | None:
    """A service: whoever answers behind any of its endpoints."""
    service = lowering.snapshot.get(EndpointServiceConfiguration, service_id)
    known = _services(lowering).consumers.values()
    interfaces = tuple(each.interface for each in known if each.service_id == service_id)
    if service is None and not interfaces:
        return None
    name = service.name if service else ""
    shown = f"{service_id} {name}".strip()
    gap = None
    if not lowering.snapshot.has(VpcEndpoint):
        gap = lowering.missing(VpcEndpoint, service_id, "not all its endpoints are known")
    gap = gap or fronts_gap(lowering, service_id)
    if service is not None and service.gateway_load_balancer_arns:
        return _in_the_way(lowering, service, shown, gap)
    if not interfaces:
        words = "no endpoint in the snapshot leads to it"
        nobody = Origin(service_id, words, code="NO_PATH", name=name)
        return End(shown, goals={}, nobody=nobody, gap=gap)
    words = "cannot open connections into a VPC"
    mute = Origin(service_id, words, code="VPCE_INTRA_VPC_TRAFFIC", name=name)
    ends = lowering.hosts(interfaces, shown)
    return replace(ends, starts=(), nobody=mute, may_send=(), gap=gap)


def _in_the_way(
    lowering: Lowering, service: EndpointServiceConfiguration, shown: str, gap: Origin | None
) -> End:
    """A service of Gateway Load Balancers: whoever is reached by way of one of its endpoints."""
    ways = tuple(
        node_name("gateway_load_balancer_endpoint", each.vpc_endpoint_id, "in")
        for each in lowering.snapshot.records(VpcEndpoint)
        if each.service_name == service.service_name
    )
    words = "is in the way of packets and sends none of its own"
    mute = Origin(service.service_id, words, code="VPCE_INTRA_VPC_TRAFFIC", name=service.name)
    if not ways:
        nobody = replace(mute, words="no endpoint in the snapshot leads to it", code="NO_PATH")
        return End(shown, goals={}, nobody=nobody, gap=gap)
    return End(shown, goals=None, through=ways, nobody=mute, gap=gap)


def _label(lowering: Lowering, resource: str, part: str, header: Header) -> tuple[str, str] | None:
    """The service, at the nodes of a consumer's interface."""
    consumer = _services(lowering).consumers.get(resource)
    if consumer is None:
        return None
    service = _services(lowering).service_of(consumer)
    return consumer.service_id, service.name if service else consumer.service_name


_SECTIONS = (
    Section(
        "ServiceConfigurations",
        EndpointServiceConfiguration,
        "service_id",
        "ec2.DescribeVpcEndpointServiceConfigurations",
    ),
    Section(
        "VpcEndpointConnections",
        VpcEndpointConnection,
        "key",
        "ec2.DescribeVpcEndpointConnections",
        references=(Reference("service_id", EndpointServiceConfiguration),),
    ),
    Section(
        "VpcEndpointServicePermissions",
        VpcEndpointServicePermissions,
        "service",
        "ec2.DescribeVpcEndpointServicePermissions",
        merge="extend",
        more=("next_token",),
        bare=(("AllowedPrincipals",),),
        asked=(
            per_id(
                "ec2.DescribeVpcEndpointServicePermissions",
                "ec2.DescribeVpcEndpointServiceConfigurations",
                "ServiceId",
                hold="AllowedPrincipals",
                unless=("ServiceState", "Deleted"),
            ),
        ),
    ),
    Section("ServiceDetails", EndpointServiceDetail, "key", "ec2.DescribeVpcEndpointServices"),
)

COMPONENT = Component(
    name=_NAME,
    reads=(EndpointServiceConfiguration, VpcEndpoint),
    sections=_SECTIONS,
    nodes={
        "consumer": _from_consumer,
        "beyond": _beyond,
        "accepted": _accepted,
        "unseen": _unseen,
        "to": _to,
        "reply": _reply,
    },
    ends={"vpce-svc-": _end},
    aliases=_aliases,
    label=_label,
)
