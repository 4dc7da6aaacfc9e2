"""Service networks of VPC Lattice: who gets into one, and what is in it.

Clients of a VPC that is associated with a service network reach it at addresses of Lattice's own:
link-local ones, and public ones that the internet does not route (R-LAT-1).  These are no exempt
traffic: the client's group, its subnet's network ACL and the groups of the association all count
(R-LAT-2, R-EXM-6); clients of other networks that only route through the VPC are not served.  An
endpoint of type ServiceNetwork has addresses of its VPC instead, usable from wherever these are.
Which address is whose, only names tell: a *may* among the services and resources of the network.
A network of an account that is not in the snapshot ends there, assumed to answer.  A missing call
about associations counts where a route to Lattice or anything else of it is in the snapshot: the
snapshots of networks without Lattice do not hold it.

Implements: R-LAT-1 R-LAT-2 R-EXM-6 R-SG-20
Not modelled: which address a service has.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from reach.aim import Visit
from reach.component import Component, End, Entry, Lowering, Target, node_name
from reach.gone import held
from reach.network.address import Prefix, is_public
from reach.network.field import TCP
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.network.stage import (
    Action,
    Choose,
    Deliver,
    Filter,
    Forward,
    Option,
    Origin,
    Route,
    Rule,
    Stage,
    Unmodelled,
    deny_all,
)
from reach.routing import overall
from reach.snapshot.index import vpc_blocks
from reach.snapshot.lattice import IN_ORDER, ROUTE_TARGET, network_of
from reach.snapshot.lattice_calls import (
    RESOURCE_ASSOCIATIONS,
    SERVICE_ASSOCIATIONS,
    VPC_ASSOCIATION,
)
from reach.snapshot.lattice_records import (
    LatticeService,
    LatticeTargetGroup,
    ServiceNetworkResourceAssociation,
    ServiceNetworkServiceAssociation,
    ServiceNetworkVpcAssociation,
    VpcEndpointAssociation,
)
from reach.snapshot.record import Scope
from reach.snapshot.records import Record, Vpc, VpcEndpoint
from reach.snapshot.section import Reference, Section
from reach.states import LATTICE, doubted, may_work

_NAME = "service_network"
_QUIET = Origin("", "")
_TCP = HeaderSpace.where(protocol=Ranges.of(TCP))
_MEMBERS = (ServiceNetworkServiceAssociation, ServiceNetworkResourceAssociation)
_KINDS = (*_MEMBERS, ServiceNetworkVpcAssociation, LatticeService, LatticeTargetGroup)


def _entered(node: str) -> Filter:
    """Under this session the replies of what comes in here find back to ``node``."""
    return Filter((), Rule(ANYTHING, Action.PERMIT, _QUIET), session=node)


def _only(space: HeaderSpace, otherwise: Origin) -> Filter:
    return Filter((Rule(space, Action.PERMIT, _QUIET),), Rule(ANYTHING, Action.DENY, otherwise))


def _nothing(origin: Origin) -> tuple[Stage, ...]:
    """Nothing gets through here."""
    return (deny_all(origin), Forward((), origin))


def _to(node: str, origin: Origin = _QUIET) -> Forward:
    return Forward((Route(ANYTHING, node, origin),), _QUIET)


# ------------------------------------------------------------------- clients of a VPC


def _at_subnet(lowering: Lowering, subnet_id: str) -> tuple[Stage, ...]:
    """R-LAT-1: what is sent to Lattice's addresses; most of them no route could name (R-RT-15).

    Replies of targets come before, in the order of components' names.
    """
    vpc_id = overall.lattice(lowering).vpc_of(subnet_id)
    if not _may_be_client(lowering, vpc_id):
        return ()
    match = HeaderSpace.where(destination=overall.lattice(lowering).addresses)
    node = node_name("subnet", subnet_id, "leave", node_name(_NAME, vpc_id, "clients"))
    return (Forward((Route(match, node, _QUIET),)),)


def _routed(lowering: Lowering, target: str, subnet: str, vpc: str) -> Entry:
    """What a table leads to Lattice that came past no subnet's switch."""
    return Entry(node_name(_NAME, vpc, "clients"))


def _may_be_client(lowering: Lowering, vpc_id: str) -> bool:
    """Whether a VPC is associated, or something shows that it may be and a call is missing."""
    lattice = overall.lattice(lowering)
    if lattice.associations_of_vpc(vpc_id) or vpc_id in lattice.routed_vpcs:
        return True
    vpc = lowering.snapshot.get(Vpc, vpc_id)
    if vpc is None or lowering.has(ServiceNetworkVpcAssociation, vpc):
        return False
    return any(lowering.snapshot.records(kind) for kind in _KINDS)


def _clients(lowering: Lowering, vpc_id: str, _: str) -> tuple[Stage, ...]:
    vpc = lowering.snapshot.get(Vpc, vpc_id)
    associations = overall.lattice(lowering).associations_of_vpc(vpc_id)
    if vpc is None or (not associations and not lowering.has(ServiceNetworkVpcAssociation, vpc)):
        words = f"whether {vpc_id} is associated with a service network is not known"
        return (Unmodelled(lowering.missing(ServiceNetworkVpcAssociation, vpc_id, words)),)
    if not associations:
        words = "is associated with no service network"
        return _nothing(Origin(vpc_id, words, code="NO_PATH", name=vpc.name))
    words = "reaches its service network from its own addresses only"
    foreign = Origin(vpc_id, words, "source", "NO_PATH", vpc.name)
    blocks = Ranges.prefixes(map(Prefix.parse, vpc_blocks(vpc)))
    usable = [each for each in associations if may_work(each.status, LATTICE)] or associations
    nodes = [node_name(_NAME, each.id, "associated") for each in usable]
    assumed = [Origin(each.id, f"assumed: {each.id} is in force") for each in usable]
    options = tuple(Option(*pair) for pair in zip(nodes, assumed, strict=True))
    onward = _to(nodes[0]) if len(nodes) == 1 else Choose(options)
    return (_only(HeaderSpace.where(source=blocks), foreign), onward)


def _associated(lowering: Lowering, association_id: str, _: str) -> tuple[Stage, ...]:
    """R-LAT-2: past the association's groups into the network."""
    association = held(lowering.snapshot.get(ServiceNetworkVpcAssociation, association_id))
    origin = Origin(association_id, f"is {association.status}", "status", "BAD_STATE")
    if not may_work(association.status, LATTICE):
        return _nothing(origin)
    network = network_of(association)
    words = f"connects {association.vpc_id} to {network}"
    holder = " ".join((association_id, association.vpc_id, *association.security_group_ids))
    return (
        *doubted(association.status, IN_ORDER, LATTICE, origin),
        *lowering.slot("encryption.vpc_lattice", association.vpc_id),
        *lowering.slot("groups.ingress", holder),
        _entered(node_name(_NAME, association_id, "into")),
        _to(node_name(_NAME, network, "enter"), Origin(association_id, words)),
    )


def _into(lowering: Lowering, association_id: str, _: str) -> tuple[Stage, ...]:
    """Replies into the associated VPC."""
    association = held(lowering.snapshot.get(ServiceNetworkVpcAssociation, association_id))
    return (_to(node_name("vpc", association.vpc_id, "local")),)


def _back_to_vpcs(lowering: Lowering, _: str) -> tuple[Stage, ...]:
    def make() -> tuple[Stage, ...]:
        known = lowering.snapshot.records(ServiceNetworkVpcAssociation)
        nodes = [node_name(_NAME, each.id, "into") for each in known]
        routes = tuple(Route(ANYTHING, node, _QUIET, session=node) for node in nodes)
        return (Forward(routes),) if routes else ()

    return lowering.memo(f"{_NAME} back", make)


# ------------------------------------------------------------------- the network


def _enter(lowering: Lowering, network_id: str, zones: str) -> tuple[Stage, ...]:
    """A client's packet.  ``zones`` are those of its endpoint, if it came by one."""
    members = overall.lattice(lowering).in_network(network_id)
    options = [
        _member(lowering, member, zones)
        for member, status in members.items()
        if may_work(status, LATTICE)
    ]
    odd = tuple(
        stage
        for member, status in members.items()
        for stage in doubted(status, IN_ORDER, LATTICE, Origin(member, f"is {status}", "status"))
    )
    options += _others(lowering, network_id)
    only_tcp = Origin(network_id, "carries only TCP", "protocol", "PROTOCOL_RESTRICTION")
    if not options:
        words = "has neither services nor resources"
        return _nothing(Origin(network_id, words, code="NO_PATH"))
    return (_only(_TCP, only_tcp), *odd, Choose(tuple(options)))


def _member(lowering: Lowering, member: str, zones: str) -> Option:
    if member.startswith("rcfg-"):
        node = node_name("resource_gateway", member, "enter", zones)
        return Option(node, Origin(member, f"assumed: the address is that of {member}"))
    service = lowering.snapshot.get(LatticeService, member)
    name = service.name if service else ""
    words = f"assumed: the address is that of {name or member}"
    return Option(node_name("lattice_service", member, "service"), Origin(member, words, name=name))


def _others(lowering: Lowering, network_id: str) -> list[Option]:
    """What else may be in the network: its owner is not in the snapshot, or a call is missing."""
    account, region = overall.lattice(lowering).owner(network_id)
    if account and not lowering.index.covers(account, region):
        words = f"assumed: a service of {network_id}, of {account} and not in the snapshot, answers"
        return [Option(node_name(_NAME, network_id, "beyond"), Origin(network_id, words))]
    missing = [kind for kind in _MEMBERS if not _was_made(lowering, kind, account, region)]
    words = "what is in this network is not known"
    return [
        Option(
            node_name(_NAME, network_id, "unseen", str(_MEMBERS.index(kind))),
            lowering.missing(kind, network_id, words),
        )
        for kind in missing
    ]


def _was_made(lowering: Lowering, kind: type[Record], account: str, region: str) -> bool:
    made = lowering.snapshot.has(kind, account, region)
    return made and not lowering.snapshot.is_cut_short(kind, Scope(account, region))


def _unseen(lowering: Lowering, network_id: str, number: str) -> tuple[Stage, ...]:
    words = "what is in this network is not known"
    return (Unmodelled(lowering.missing(_MEMBERS[int(number)], network_id, words)),)


def _beyond(lowering: Lowering, resource: str, _: str) -> tuple[Stage, ...]:
    """The packet is where Lattice itself answers, or where the snapshot sees no further."""
    received = Origin(resource, "receives the packet")
    return (Deliver(f"{_NAME}/{resource}", node_name(_NAME, resource, "answer"), received),)


def _answer(lowering: Lowering, resource: str, _: str) -> tuple[Stage, ...]:
    """By the way that the flow came in: whoever let it in knows the session."""
    nobody = Origin(resource, "knows no way back for this", code="NO_PATH")
    return (*lowering.slot("lattice.return", resource), Forward((), nobody))


# ------------------------------------------------------------------- the internet, ends


def _announce(lowering: Lowering) -> Iterator[Route]:
    """R-LAT-1: public addresses among Lattice's are not routed on the internet."""
    spans = [span for span in overall.lattice(lowering).addresses.intervals if is_public(span[0])]
    if spans:
        words = "is an address of VPC Lattice, which the internet does not route"
        origin = Origin("vpc-lattice", words, code="NO_PATH")
        yield Route(HeaderSpace.where(destination=Ranges.union(spans)), "", origin)


def _aliases(lowering: Lowering, addresses: Ranges) -> Ranges:
    """Anything may be behind Lattice's addresses if a VPC may be associated unseen.

    Likewise if a call about what is in the networks is missing.
    """
    unknown = lowering.memo(f"{_NAME} unknown", partial(_unknown_behind, lowering))
    return unknown if addresses & lowering.index.inside else Ranges(())


def _unknown_behind(lowering: Lowering) -> Ranges:
    lattice = overall.lattice(lowering)
    found = Ranges(())
    for vpc in lowering.snapshot.records(Vpc):
        if not lattice.associations_of_vpc(vpc.vpc_id) and _may_be_client(lowering, vpc.vpc_id):
            found |= lattice.addresses
    for network in lattice.network_ids:
        account, region = lattice.owner(network)
        if not all(_was_made(lowering, kind, account, region) for kind in _MEMBERS):
            found |= lattice.fronts(network)
    return found


def _end(lowering: Lowering, network_id: str) -> End | None:
    """Whatever answers in a network."""
    lattice = overall.lattice(lowering)
    associations = lattice.vpc_associations(network_id)
    ways = [node_name(_NAME, association.id, "associated") for association in associations]
    for endpoint in lattice.endpoints(network_id):
        ways += [node_name("vpc_endpoint", i, "admit") for i in endpoint.network_interface_ids]
    if not ways and not lattice.in_network(network_id):
        return None
    gap = None
    for kind in (ServiceNetworkVpcAssociation, VpcEndpoint):
        if not lowering.snapshot.has(kind):
            gap = lowering.missing(kind, network_id, "not all that is connected to it is known")
    if not ways:
        words = "no VPC and no endpoint in the snapshot is connected to it"
        nobody = Origin(network_id, words, code="NO_PATH")
        return End(network_id, goals={}, nobody=nobody, gap=gap)
    mute = Origin(network_id, "opens no connections to its clients", code="NO_PATH")
    fronts = lattice.fronts(network_id)
    return End(network_id, goals=None, addresses=fronts, through=tuple(ways), nobody=mute, gap=gap)


_SECTIONS = (
    Section(
        "ServiceNetworkVpcAssociations",
        ServiceNetworkVpcAssociation,
        "id",
        "vpc-lattice.GetServiceNetworkVpcAssociation",
        references=(Reference("vpc_id", Vpc),),
        bare=(("serviceNetworkArn", "vpcId"), ("serviceNetworkId", "vpcId")),
        asked=(VPC_ASSOCIATION,),
    ),
    Section(
        "ServiceNetworkServiceAssociations",
        ServiceNetworkServiceAssociation,
        "id",
        "vpc-lattice.ListServiceNetworkServiceAssociations",
        bare=(("serviceNetworkId", "serviceId"),),
        asked=(SERVICE_ASSOCIATIONS,),
    ),
    Section(
        "ServiceNetworkResourceAssociations",
        ServiceNetworkResourceAssociation,
        "id",
        "vpc-lattice.ListServiceNetworkResourceAssociations",
        bare=(("serviceNetworkId", "resourceConfigurationId"),),
        asked=(RESOURCE_ASSOCIATIONS,),
    ),
    Section(
        "VpcEndpointAssociations",
        VpcEndpointAssociation,
        "id",
        "ec2.DescribeVpcEndpointAssociations",
    ),
)


def _place(lowering: Lowering, association_id: str) -> Visit | None:
    """By the association of a VPC its packets get into a network."""
    known = lowering.snapshot.get(ServiceNetworkVpcAssociation, association_id) is not None
    return Visit(resources=frozenset((association_id,))) if known else None


COMPONENT = Component(
    name=_NAME,
    reads=(ServiceNetworkVpcAssociation,),
    sections=_SECTIONS,
    nodes={
        "clients": _clients,
        "associated": _associated,
        "into": _into,
        "enter": _enter,
        "unseen": _unseen,
        "beyond": _beyond,
        "answer": _answer,
    },
    targets=(Target("gateway_id", ROUTE_TARGET, _routed),),
    slots={"subnet.return": _at_subnet, "lattice.return": _back_to_vpcs},
    announce=_announce,
    ends={"sn-": _end},
    places={"snva-": _place},
    aliases=_aliases,
)
