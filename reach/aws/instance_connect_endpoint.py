"""EC2 Instance Connect Endpoints: a door for administrators, from AWS's side into a subnet.

Whoever IAM lets through comes out of the endpoint's own interface: past the inbound rules of its
groups, through the outbound ones (R-EICE-2), TCP to port 22 or 3389 only (R-EICE-4), to private
addresses (EC2 guide, "Create an EC2 Instance Connect Endpoint").  The target sees the interface's
own address, or, where the client's is preserved, that of the client, which may be any public IPv4
address; then the target lies in the endpoint's own VPC (R-EICE-3, R-EICE-5), and its answers find
back by the flow's own state, with no route for them.  The groups of the endpoint can be referred to
either way (R-SG-21).  The endpoint itself answers nobody.  ``eice-.../203.0.113.9`` as a source is
a client at that address, or in that block.

It works when created or updated; while an update runs or after one has failed it may (R-EICE-1).
No internet gateway is on its way, so Block Public Access does not stop it (R-EICE-6, R-BPA-6).

Implements: R-EICE-1 R-EICE-2 R-EICE-3 R-EICE-4 R-EICE-5 R-EICE-6 R-SG-21 R-BPA-6 R-DEF-6
Not modelled: who may use an endpoint (IAM; a participant may not use the owner's, R-EICE-6).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reach.aim import Start
from reach.component import Component, End, Lowering, node_name
from reach.network.address import ANY_IPV4, ANY_IPV6, NOT_PUBLIC_IPV4, Prefix
from reach.network.field import TCP, Header
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.network.stage import (
    Action,
    Assign,
    Case,
    Deliver,
    Filter,
    Forward,
    Origin,
    Route,
    Rule,
    Stage,
    Translate,
    deny_all,
    unknown_filter,
)
from reach.snapshot.index import private_addresses, vpc_blocks
from reach.snapshot.record import UNPRINTED, Id, Tagged
from reach.snapshot.records import NetworkInterface, SecurityGroup, Subnet, Vpc
from reach.snapshot.section import Reference, Section

_NAME = "instance_connect_endpoint"
_TYPE = "ec2_instance_connect_endpoint"
_QUIET = Origin("", "")
_PORTS = Ranges.of(22, 3389)
_FOUR, _SIX = Ranges.prefixes((ANY_IPV4,)), Ranges.prefixes((ANY_IPV6,))
_PUBLIC = _FOUR - Ranges.prefixes(NOT_PUBLIC_IPV4)
_WORKS = ("create-complete", "update-complete", "")
_MAY_WORK = ("update-in-progress", "update-failed", "delete-failed")


class InstanceConnectEndpoint(Tagged, frozen=True):
    instance_connect_endpoint_id: Id
    state: str = ""
    subnet_id: str | None = None
    vpc_id: str | None = None
    network_interface_ids: tuple[str, ...] = UNPRINTED
    security_group_ids: tuple[str, ...] = ()
    preserve_client_ip: bool | None = None
    owner_id: str = ""


def _by_interface(lowering: Lowering) -> Mapping[str, InstanceConnectEndpoint]:
    def make() -> dict[str, InstanceConnectEndpoint]:
        return {
            owned: endpoint
            for endpoint in lowering.snapshot.records(InstanceConnectEndpoint)
            for owned in endpoint.network_interface_ids
        }

    return lowering.memo(f"{_NAME} interfaces", make)


def _session(interface_id: str) -> str:
    return f"{_NAME} {interface_id}"


# ------------------------------------------------------------------- what comes out of it


def _client(lowering: Lowering, interface_id: str, _: str) -> tuple[Stage, ...]:
    """What a client sends by the endpoint, as its interface puts it on the wire."""
    endpoint = _by_interface(lowering)[interface_id]
    interface = lowering.snapshot.get(NetworkInterface, interface_id)
    assert interface is not None
    number = lowering.identity(
        interface.vpc_id or "", (group.group_id for group in interface.groups)
    )
    identify = Case(ANYTHING, (Assign("identity", Ranges.of(number)),), _QUIET)
    passes = Origin(
        endpoint.instance_connect_endpoint_id, "lets its clients through", name=endpoint.name
    )
    return (
        *_state(endpoint),
        _only_management(endpoint),
        *_targets(lowering, endpoint),
        Translate((identify,)),
        *lowering.slot("network_interface.egress", interface_id),
        Filter((), Rule(ANYTHING, Action.PERMIT, passes), _session(interface_id)),
        Forward((Route(ANYTHING, _wire(interface), _QUIET),), _QUIET),
    )


def _wire(interface: NetworkInterface) -> str:
    return node_name("subnet", interface.subnet_id or "", "emit")


def _state(endpoint: InstanceConnectEndpoint) -> tuple[Stage, ...]:
    endpoint_id, state = endpoint.instance_connect_endpoint_id, endpoint.state
    if state in _WORKS:
        return ()
    if state in _MAY_WORK:
        words = f"is in state {state}, in which it may or may not work"
        return (unknown_filter(Origin(endpoint_id, words, "state", name=endpoint.name)),)
    origin = Origin(endpoint_id, f"is in state {state}", "state", "BAD_STATE", endpoint.name)
    return (deny_all(origin),)


def _only_management(endpoint: InstanceConnectEndpoint) -> Filter:
    """R-EICE-4."""
    taken = HeaderSpace.where(protocol=Ranges.of(TCP), destination_port=_PORTS)
    refused = Origin(
        endpoint.instance_connect_endpoint_id,
        "opens tunnels to tcp ports 22 and 3389 only",
        "port",
        "PROTOCOL_RESTRICTION",
        endpoint.name,
    )
    return Filter((Rule(taken, Action.PERMIT, _QUIET),), Rule(ANYTHING, Action.DENY, refused))


def _targets(lowering: Lowering, endpoint: InstanceConnectEndpoint) -> Iterator[Stage]:
    """Whom it connects to: private addresses; in its own VPC, if the client's is preserved."""
    endpoint_id = endpoint.instance_connect_endpoint_id
    known = [Prefix.parse(b) for v in lowering.snapshot.records(Vpc) for b in vpc_blocks(v)]
    outside = HeaderSpace.where(destination=_PUBLIC - Ranges.prefixes(known))
    words = "connects to private addresses only"
    public = Origin(endpoint_id, words, "destination", "NO_PATH", endpoint.name)
    yield Filter((Rule(outside, Action.DENY, public),), Rule(ANYTHING, Action.PERMIT, _QUIET))
    if not endpoint.preserve_client_ip:
        return
    vpc = lowering.snapshot.get(Vpc, endpoint.vpc_id or "")
    if vpc is None:
        words = "which targets lie in its own VPC is not known"
        yield unknown_filter(lowering.missing(Vpc, endpoint_id, words))
        return
    own = HeaderSpace.where(destination=Ranges.prefixes(map(Prefix.parse, vpc_blocks(vpc))))
    words = "preserves the client's address, and so reaches its own VPC only"
    foreign = Origin(endpoint_id, words, "destination", "NO_PATH", endpoint.name)
    yield Filter((Rule(own, Action.PERMIT, _QUIET),), Rule(ANYTHING, Action.DENY, foreign))


# ------------------------------------------------------------------- what comes back


def _interface_node(lowering: Lowering, interface: NetworkInterface) -> str | None:
    return node_name(_NAME, interface.network_interface_id, "answers")


def _answers(lowering: Lowering, interface_id: str, _: str) -> tuple[Stage, ...]:
    """What is sent to the endpoint: answers to its clients, or nothing."""
    endpoint = _by_interface(lowering).get(interface_id)
    name = endpoint.instance_connect_endpoint_id if endpoint else interface_id
    unasked = Origin(name, "holds no connection that this answers", "inbound", "NO_PATH")
    if endpoint is None:
        return (Forward((), unasked),)
    received = Origin(name, "the client of the endpoint receives the packet")
    again = node_name(_NAME, interface_id, "client")
    return (
        Filter((), Rule(ANYTHING, Action.DENY, unasked), _session(interface_id)),
        Deliver(f"{_NAME}/{interface_id}", again, received),
    )


def _return(lowering: Lowering, subnet_id: str) -> tuple[Stage, ...]:
    """R-EICE-3: answers to a client's own address go back by the endpoint that it came by."""
    subnet = lowering.snapshot.get(Subnet, subnet_id)
    found = _preserving(lowering).get((subnet.vpc_id if subnet else None) or "", ())
    routes = tuple(_back(subnet_id, interface, endpoint) for interface, endpoint in found)
    return (Forward(routes),) if routes else ()


def _preserving(
    lowering: Lowering,
) -> Mapping[str, tuple[tuple[NetworkInterface, InstanceConnectEndpoint], ...]]:
    """The interfaces of endpoints that preserve the client's address, by VPC."""

    def make() -> dict[str, tuple[tuple[NetworkInterface, InstanceConnectEndpoint], ...]]:
        found: dict[str, list[tuple[NetworkInterface, InstanceConnectEndpoint]]] = {}
        for interface_id, endpoint in _by_interface(lowering).items():
            interface = lowering.snapshot.get(NetworkInterface, interface_id)
            if endpoint.preserve_client_ip and interface is not None:
                found.setdefault(interface.vpc_id or "", []).append((interface, endpoint))
        return {vpc: tuple(pairs) for vpc, pairs in found.items()}

    return lowering.memo(f"{_NAME} preserving", make)


def _back(subnet_id: str, interface: NetworkInterface, endpoint: InstanceConnectEndpoint) -> Route:
    """R-NACL-9: past the ACLs of both subnets, unless there is only one."""
    interface_id, home = interface.network_interface_id, interface.subnet_id or ""
    node = node_name(_NAME, interface_id, "answers")
    if home != subnet_id:
        node = node_name("subnet", subnet_id, "leave", node_name("subnet", home, "arrive", node))
    words = "answers to its clients return by the endpoint, without a route"
    origin = Origin(endpoint.instance_connect_endpoint_id, words, name=endpoint.name)
    match = HeaderSpace.where(destination=_PUBLIC)
    return Route(match, node, origin, session=_session(interface_id))


# ------------------------------------------------------------------- as an end of a question


def _senders(lowering: Lowering, interface: NetworkInterface) -> tuple[Start, ...] | None:
    endpoint = _by_interface(lowering).get(interface.network_interface_id)
    if endpoint is None or endpoint.preserve_client_ip is None:
        return None
    return (_start(interface, endpoint, _PUBLIC),)


def _start(
    interface: NetworkInterface, endpoint: InstanceConnectEndpoint, clients: Ranges
) -> Start:
    own = Ranges.of(*private_addresses(interface))
    sources = clients & _PUBLIC if endpoint.preserve_client_ip else own
    owner = f"{_NAME}/{interface.network_interface_id}"
    return Start(f"{owner}/client", HeaderSpace.where(source=sources), owner)


def _end(lowering: Lowering, text: str) -> End | None:
    """As a source its clients, or those of some addresses; it is nobody's destination."""
    endpoint_id, slash, clients = text.partition("/")
    endpoint = lowering.snapshot.get(InstanceConnectEndpoint, endpoint_id)
    if endpoint is None:
        return None
    addresses = _read(clients) if slash else _PUBLIC
    if addresses is None:
        return None
    found = [lowering.snapshot.get(NetworkInterface, i) for i in endpoint.network_interface_ids]
    interfaces = [each for each in found if each is not None]
    starts = (_start(interface, endpoint, addresses) for interface in interfaces)
    return End(
        f"{text} {endpoint.name}".strip(),
        starts=tuple(start for start in starts if not start.space.is_empty),
        nobody=_nobody(endpoint),
        gap=_gap(lowering, endpoint, len(interfaces)),
        uncertain=endpoint.preserve_client_ip is None,
    )


def _read(text: str) -> Ranges | None:
    """The addresses of a client, as one writes them after the endpoint's id."""
    try:
        prefix = Prefix.parse(text)
    except ValueError:
        return None
    return Ranges.span(prefix.low, prefix.high)


def _is_gone(endpoint: InstanceConnectEndpoint) -> bool:
    return endpoint.state not in (*_WORKS, *_MAY_WORK)


def _nobody(endpoint: InstanceConnectEndpoint) -> Origin:
    words, code = "answers nobody: it only opens connections for its clients", "NO_PATH"
    if _is_gone(endpoint):
        words, code = f"is in state {endpoint.state}", "BAD_STATE"
    return Origin(endpoint.instance_connect_endpoint_id, words, code=code, name=endpoint.name)


def _gap(lowering: Lowering, endpoint: InstanceConnectEndpoint, known: int) -> Origin | None:
    endpoint_id = endpoint.instance_connect_endpoint_id
    if _is_gone(endpoint):
        return None
    if not known or known < len(endpoint.network_interface_ids):
        words = "its interface is not known"
        return lowering.missing(NetworkInterface, endpoint_id, words)
    if endpoint.preserve_client_ip is None:
        words = "whether it preserves the address of its client is not known"
        return Origin(endpoint_id, words, name=endpoint.name)
    return None


def _label(lowering: Lowering, resource: str, part: str, header: Header) -> tuple[str, str] | None:
    """The endpoint rather than its interface."""
    endpoint = _by_interface(lowering).get(resource)
    return (endpoint.instance_connect_endpoint_id, endpoint.name) if endpoint else None


COMPONENT = Component(
    name=_NAME,
    reads=(InstanceConnectEndpoint, NetworkInterface),
    sections=(
        Section(
            "InstanceConnectEndpoints",
            InstanceConnectEndpoint,
            "instance_connect_endpoint_id",
            "ec2.DescribeInstanceConnectEndpoints",
            references=(
                Reference("vpc_id", Vpc),
                Reference("subnet_id", Subnet),
                Reference("network_interface_ids[]", NetworkInterface),
                Reference("security_group_ids[]", SecurityGroup),
            ),
        ),
    ),
    nodes={"client": _client, "answers": _answers},
    slots={"subnet.return": _return},
    interface_types=(_TYPE,),
    interface_node=_interface_node,
    senders=_senders,
    ends={"eice-": _end},
    label=_label,
)
