"""U-17, law 2: in a state that is none of AWS's own a thing may work or not, so nobody knows.

Every network here works, by one thing. In each of the states in which AWS says that the thing does
not work nothing gets through; in one that AWS does not have the answer is undecided, and names the
thing; where no state is printed it works.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest

from reach import states
from tests.estate import Id, Pair
from tests.estates import cloudwan, private, privatelink
from tests.estates.access import client_vpn, vpn_rule
from tests.estates.balancers import balancer, listen, target_group
from tests.estates.privatelink import endpoint_service, endpoint_to, front
from tests.estates.transit import joined
from tests.traps.rows import EIP_A, IN_S3, NET, NET6, allow, deny, unknown

NEW = "half-working"


class Case(NamedTuple):
    """A network that works, and where the state stands that it works by."""

    estate: Pair
    question: str
    name: str
    record: Any
    field: str
    idle: frozenset[str]


def _instance() -> Case:
    e = Pair()
    question = f"can {e.a} reach {e.b} port 22"
    return Case(e, question, e.b, e.b.record["State"], "Name", states.INSTANCE)


def _of(e: Pair, owner: Id) -> Any:
    return next(
        each
        for each in e.scopes[e.home]["NetworkInterfaces"]
        if each["NetworkInterfaceId"] == owner.eni
    )


def _interface() -> Case:
    e = Pair()
    question = f"can {e.a} reach {e.b} port 22"
    return Case(e, question, e.b.eni, _of(e, e.b), "Status", states.INTERFACE)


def _attachment() -> Case:
    e = Pair()
    question = f"can {e.a} reach {e.b} port 22"
    return Case(e, question, e.b.eni, _of(e, e.b)["Attachment"], "Status", states.ATTACHMENT)


def _internet_gateway() -> Case:
    e = Pair()
    e.public(e.a, EIP_A)
    igw = e.online(e.ta)
    where = igw.record["Attachments"][0]
    return Case(e, f"can internet reach {e.a} port 22", igw, where, "State", states.ATTACHMENT)


def _egress_only_gateway() -> Case:
    e = Pair(ipv6=True)
    eigw = e.eigw(e.v1)
    e.route(e.ta, "::/0", eigw)
    where = eigw.record["Attachments"][0]
    return Case(e, f"can {e.a} reach {NET6} port 443", eigw, where, "State", states.ATTACHMENT)


def _nat_gateway() -> Case:
    e = Pair()
    nat = e.natted(e.ta)
    question = f"can {e.a} reach {NET} port 443"
    return Case(e, question, nat, nat.record, "State", states.NAT_GATEWAY)


def _peering() -> Case:
    e = Pair()
    pcx = e.peered()
    question = f"can {e.a} reach {e.b2} port 22"
    return Case(e, question, pcx, pcx.record["Status"], "Code", states.PEERING)


def _transit_gateway() -> Case:
    e = Pair()
    hub = joined(e)
    question = f"can {e.a} reach {e.b2} port 22"
    return Case(e, question, hub.tgw, hub.tgw.record, "State", states.TRANSIT_GATEWAY)


def _transit_attachment() -> Case:
    e = Pair()
    hub = joined(e)
    question = f"can {e.a} reach {e.b2} port 22"
    idle = states.TRANSIT_GATEWAY_ATTACHMENT
    return Case(e, question, hub.two, hub.two.record, "State", idle)


def _vpn(e: Pair) -> Id:
    vgw = private.gateway(e, e.v1)
    private.connection(e, vgw, static=["192.168.0.0/16"])
    e.route(e.ta, "192.168.0.0/16", vgw)
    return vgw


def _vpn_gateway() -> Case:
    e = Pair()
    vgw = _vpn(e)
    question = f"can {e.a} reach 192.168.1.1 port 22"
    return Case(e, question, vgw, vgw.record, "State", states.VPN_GATEWAY)


def _vpn_gateway_attachment() -> Case:
    e = Pair()
    vgw = _vpn(e)
    question = f"can {e.a} reach 192.168.1.1 port 22"
    where = vgw.record["VpcAttachments"][0]
    return Case(e, question, vgw, where, "State", states.ATTACHMENT)


def _vpn_connection() -> Case:
    e = Pair()
    _vpn(e)
    (made,) = e.scopes[e.home]["VpnConnections"]
    question = f"can {e.a} reach 192.168.1.1 port 22"
    return Case(e, question, made["VpnConnectionId"], made, "State", states.VPN_GATEWAY)


def _customer_gateway() -> Case:
    e = Pair()
    _vpn(e)
    (made,) = e.scopes[e.home]["CustomerGateways"]
    question = f"can {e.a} reach 192.168.1.1 port 22"
    return Case(e, question, made["CustomerGatewayId"], made, "State", states.VPN_GATEWAY)


def _core_network() -> Case:
    e, cn = cloudwan.joined()
    question = f"can {e.a} reach {e.b2} port 22"
    return Case(e, question, cn, cn.record, "State", states.CORE_NETWORK)


def _core_attachment() -> Case:
    """Of a VPC whose groups refer to the other's: the reference is not what hangs on it."""
    e, cn = cloudwan.joined(references=True)
    ga = e.group(e.v1, name="ga")
    e.wear(e.a, ga)
    e.wear(e.b2, e.group(e.v2, [f"tcp/22 {ga}"]))
    question = f"can {e.a} reach {e.b2} port 22"
    return Case(e, question, cn.two, cn.two.record, "State", states.CORE_ATTACHMENT)


def _core_route() -> Case:
    e, cn = cloudwan.joined()
    routes = [("10.0.0.0/16", cn.one), ("10.2.0.0/16", cn.two)]
    answer = cloudwan.listed(e, cn, "p", "us-east-1", routes)
    question = f"can {e.a} reach {e.b2} port 22"
    route = answer["NetworkRoutes"][1]
    return Case(e, question, cn, route, "State", states.CORE_ROUTE)


def _core_peering() -> Case:
    e, peering = cloudwan.peered()
    question = f"can {e.a} reach {e.b2} port 22"
    return Case(e, question, peering["PeeringId"], peering, "State", states.CORE_PEERING)


def _resource() -> tuple[Pair, Id, Id, str]:
    e = Pair()
    e.second()
    rgw = privatelink.gateway(e, {e.s2: "10.2.0.77"})
    rcfg = privatelink.resource(e, rgw, ip=e.b2.ip, ports=["5432"])
    privatelink.resource_endpoint(e, {e.sa: "10.0.0.70"}, rcfg)
    return e, rgw, rcfg, f"can {e.a} reach 10.0.0.70 port 5432"


def _resource_gateway() -> Case:
    e, rgw, _, question = _resource()
    return Case(e, question, rgw, rgw.record, "status", states.LATTICE)


def _resource_configuration() -> Case:
    e, _, rcfg, question = _resource()
    return Case(e, question, rcfg, rcfg.record, "status", states.LATTICE)


def _lattice() -> tuple[Pair, Id, Id, Id, str]:
    e = Pair()
    e.second()
    network = privatelink.service_network(e)
    joined = privatelink.associate(e, network, e.v1)
    group = privatelink.target_group(e, e.v2, {e.b2: 8080})
    service = privatelink.lattice_service(e, network, {443: [group]})
    return e, joined, group, service, f"can {e.a} reach {e.b2} port 443"


def _lattice_association() -> Case:
    e, joined, _, _, question = _lattice()
    return Case(e, question, joined, joined.record, "status", states.LATTICE)


def _lattice_targets() -> Case:
    e, _, group, _, question = _lattice()
    return Case(e, question, group, group.record, "status", states.LATTICE)


def _lattice_service() -> Case:
    e, _, _, service, question = _lattice()
    return Case(e, question, service, service.record, "status", states.LATTICE)


def _client_vpn() -> tuple[Pair, Id, str]:
    e = Pair()
    vpn = client_vpn(e, {e.sa: "10.0.0.200"})
    vpn_rule(e, vpn, "0.0.0.0/0")
    return e, vpn, f"can {vpn} reach {e.b} port 22"


def _client_vpn_association() -> Case:
    e, vpn, question = _client_vpn()
    (made,) = e.scopes[e.home]["ClientVpnTargetNetworks"]
    idle = frozenset({"association-failed", "disassociated"})
    return Case(e, question, vpn, made["Status"], "Code", idle)


def _client_vpn_rule() -> Case:
    e, vpn, question = _client_vpn()
    (answer,) = e.scopes[e.home]["ClientVpnAuthorizationRules"]
    (made,) = answer["AuthorizationRules"]
    return Case(e, question, vpn, made["Status"], "Code", frozenset({"failed"}))


def _client_vpn_route() -> Case:
    e, vpn, question = _client_vpn()
    (answer,) = e.scopes[e.home]["ClientVpnRoutes"]
    (made,) = answer["Routes"]
    return Case(e, question, vpn, made["Status"], "Code", frozenset({"failed"}))


def _service(key: str, field: str, idle: frozenset[str]) -> Case:
    e = Pair()
    e.second("10.2.0.0/16")
    made = front(e, {e.s2: "10.2.0.30"}, {e.b2: 443})
    service = endpoint_service(e, [made])
    endpoint_to(e, {e.sa: "10.0.0.90"}, service)
    (record,) = e.scopes[e.home][key]
    return Case(e, f"can {e.a} reach 10.0.0.90 port 443", service, record, field, idle)


def _endpoint_service() -> Case:
    return _service("ServiceConfigurations", "ServiceState", states.ENDPOINT_SERVICE)


def _endpoint_connection() -> Case:
    idle = states.VPC_ENDPOINT - {"partial"}
    return _service("VpcEndpointConnections", "VpcEndpointState", idle)


def _interface_endpoint() -> Case:
    e = Pair()
    vpce = e.endpoint_interface({e.sb: "10.0.1.90"})
    idle = states.VPC_ENDPOINT - {"partial"}
    return Case(e, f"can {e.a} reach 10.0.1.90 port 443", vpce, vpce.record, "State", idle)


def _gateway_endpoint() -> Case:
    e = Pair()
    vpce = e.endpoint_gateway(e.v1, [e.ta])
    idle = states.VPC_ENDPOINT - {"partial"}
    return Case(e, f"can {e.a} reach {IN_S3} port 443", vpce, vpce.record, "State", idle)


def _load_balancer() -> Case:
    e = Pair()
    made = balancer(e, "network", "front", {e.sb: "10.0.1.30"})
    listen(e, made, "TCP", 80, target_group(e, e.v1, "web", "TCP", 80, [e.b]))
    question = f"can {e.a} reach 10.0.1.30 port 80"
    return Case(e, question, "front", made.record["State"], "Code", states.LOAD_BALANCER)


CASES = {
    make.__name__.lstrip("_"): make
    for make in (
        _instance,
        _interface,
        _attachment,
        _internet_gateway,
        _egress_only_gateway,
        _nat_gateway,
        _peering,
        _transit_gateway,
        _transit_attachment,
        _vpn_gateway,
        _vpn_gateway_attachment,
        _vpn_connection,
        _customer_gateway,
        _core_network,
        _core_attachment,
        _core_route,
        _core_peering,
        _resource_gateway,
        _resource_configuration,
        _lattice_association,
        _lattice_targets,
        _lattice_service,
        _client_vpn_association,
        _client_vpn_rule,
        _client_vpn_route,
        _endpoint_service,
        _endpoint_connection,
        _interface_endpoint,
        _gateway_endpoint,
        _load_balancer,
    )
}


@pytest.mark.parametrize("make", CASES.values(), ids=CASES)
def test_a_state_that_is_none_of_awss(make: Callable[[], Case]) -> None:
    case = make()
    allow(case.estate, case.question)
    case.record[case.field] = NEW
    answer = unknown(case.estate, case.question, case.name)
    assert NEW in answer.reason or "coming or going, as far as its state tells" in answer.reason
    del case.record[case.field]
    allow(case.estate, case.question)


@pytest.mark.parametrize("make", CASES.values(), ids=CASES)
def test_a_state_in_which_it_does_not_work(make: Callable[[], Case]) -> None:
    case = make()
    assert case.idle
    for word in sorted(case.idle):
        case.record[case.field] = word
        deny(case.estate, case.question)


def test_tunnels_of_which_it_is_not_said_that_they_are_down() -> None:
    """R-VGW-4: one is enough, and nobody knows of one that says nothing."""
    e = Pair()
    _vpn(e)
    (made,) = e.scopes[e.home]["VpnConnections"]
    question = f"can {e.a} reach 192.168.1.1 port 22"
    one, two = made["VgwTelemetry"]
    one["Status"] = two["Status"] = "DOWN"
    deny(e, question, "BAD_STATE_VPN")
    two["Status"] = NEW
    unknown(e, question, made["VpnConnectionId"])
    del two["Status"]
    unknown(e, question, made["VpnConnectionId"])
    one["Status"] = "UP"
    allow(e, question)


@pytest.mark.parametrize("state", ["active", "", None])
def test_a_route_that_works(state: str | None) -> None:
    e = Pair()
    e.peered()
    e.ta.record["Routes"][-1]["State"] = state
    allow(e, f"can {e.a} reach {e.b2} port 22")


def test_a_route_in_a_state_that_is_none_of_awss() -> None:
    """R-RT-11, R-RT-12 name those in which it drops; there is no falling back to a wider route."""
    e = Pair()
    e.peered()
    e.ta.record["Routes"][-1]["State"] = NEW
    e.route(e.ta, "10.0.0.0/8", e.pcx)
    unknown(e, f"can {e.a} reach {e.b2} port 22", e.ta)
    allow(e, f"can {e.b} reach {e.b2} port 22")


def test_an_association_whose_state_is_not_printed() -> None:
    """R-RT-1: as that of anything else, it is a good one."""
    e = Pair()
    e.peered()
    e.ta.record["Associations"][0]["AssociationState"] = {}
    allow(e, f"can {e.a} reach {e.b2} port 22")


# Where the API lists the words, and those in which the thing works or that are left open.
ENUMERATIONS = {
    "ATTACHMENT": ("ec2", "AttachmentStatus", "attached"),
    "CARRIER_GATEWAY": ("ec2", "CarrierGatewayState", "available"),
    "CORE_ATTACHMENT": (
        "networkmanager",
        "AttachmentState",
        "AVAILABLE UPDATING PENDING_NETWORK_UPDATE PENDING_TAG_ACCEPTANCE",
    ),
    "CORE_NETWORK": ("networkmanager", "CoreNetworkState", "AVAILABLE UPDATING"),
    "CORE_PEERING": ("networkmanager", "PeeringState", "AVAILABLE"),
    "CORE_ROUTE": ("networkmanager", "RouteState", "ACTIVE"),
    "ENDPOINT_SERVICE": ("ec2", "ServiceState", "Available"),
    "FIREWALL_ENDPOINT": ("network-firewall", "AttachmentStatus", "READY SCALING"),
    "INSTANCE": ("ec2", "InstanceStateName", "running"),
    "INTERFACE": ("ec2", "NetworkInterfaceStatus", "in-use associated"),
    "LATTICE": (
        "vpc-lattice",
        "ResourceConfigurationStatus",
        "ACTIVE UPDATE_IN_PROGRESS UPDATE_FAILED DELETE_FAILED",
    ),
    "LOAD_BALANCER": ("elbv2", "LoadBalancerStateEnum", "active active_impaired"),
    "NAT_GATEWAY": ("ec2", "NatGatewayState", "available"),
    "PEERING": ("ec2", "VpcPeeringConnectionStateReasonCode", "active"),
    "TRANSIT_GATEWAY": ("ec2", "TransitGatewayState", "available modifying"),
    "TRANSIT_GATEWAY_ATTACHMENT": (
        "ec2",
        "TransitGatewayAttachmentState",
        "available modifying",
    ),
    "VPC_ENDPOINT": ("ec2", "State", "Available"),
    "VPN_GATEWAY": ("ec2", "VpnState", "available"),
}


def _sets() -> Iterator[str]:
    return (name for name, value in vars(states).items() if isinstance(value, frozenset))


def test_the_words_are_those_of_the_api() -> None:
    """botocore's own enumerations, no word more or less; a new one is to be looked at."""
    session = pytest.importorskip("botocore.session").get_session()
    firewall = session.get_service_model("network-firewall")
    elsewhere = {
        "FIREWALL_ENDPOINT": firewall.shape_for("TransitGatewayAttachmentStatus").enum,
        "INTERFACE": ["pending"],  # shown of one that is being made, and in no enumeration
    }
    assert sorted(_sets()) == sorted(ENUMERATIONS)
    for name, (service, shape, works) in ENUMERATIONS.items():
        listed = session.get_service_model(service).shape_for(shape).enum
        words = {*listed, *elsewhere.get(name, ())}
        assert getattr(states, name) == {each.lower() for each in words - set(works.split())}
