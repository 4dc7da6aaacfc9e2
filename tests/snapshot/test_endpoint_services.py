"""Joins over endpoint services: consumers, connections, balancers."""

from __future__ import annotations

import json

from reach.snapshot.balancers import Balancers
from reach.snapshot.endpoint_services import EndpointServices
from reach.snapshot.index import Index
from tests.estate import Estate, Pair, load_files
from tests.estates.privatelink import endpoint_service, endpoint_to, front, offered

ELSEWHERE = "com.amazonaws.vpce.eu-west-1.vpce-svc-0123456789abcdef0"


def services(e: Estate) -> EndpointServices:
    snapshot = e.load()
    index = Index(snapshot)
    return EndpointServices(snapshot, index, Balancers(snapshot, index))


def test_consumers() -> None:
    """One for each interface of an interface endpoint, with its zone and its Region."""
    e = Pair()
    vpce = endpoint_to(e, {e.sa: "10.0.0.60", e.sb: "10.0.1.60"}, ELSEWHERE)
    e.endpoint_gateway(e.v1, [e.ta])
    found = services(e).consumers
    assert sorted(found) == sorted(vpce.record["NetworkInterfaceIds"])
    one = found[vpce.eni]
    assert (one.zone, one.region, one.service_region) == ("use1-az1", "us-east-1", "eu-west-1")
    assert (one.service_id, one.is_remote, one.is_of_others) == (
        "vpce-svc-0123456789abcdef0",
        True,
        True,
    )


def test_services_of_aws() -> None:
    """They are nobody else's, and of no other Region."""
    e = Pair()
    vpce = e.endpoint_interface({e.sa: "10.0.0.60"})
    one = services(e).consumers[vpce.eni]
    assert one.is_of_others is False
    assert services(e).service_of(one) is None


def test_a_service_and_its_balancers() -> None:
    """R-VPCES-1: those of the connection, if it names any; the provider is their account."""
    e = Pair()
    e.second(account="444455556666")
    lbs = [front(e, {e.s2: f"10.2.0.3{n}"}, {e.b2: 443}, name=f"lb{n}") for n in (0, 1)]
    service = endpoint_service(e, lbs)
    vpce = endpoint_to(e, {e.sa: "10.0.0.60"}, service)
    joins = services(e)
    one = joins.consumers[vpce.eni]
    record = joins.service_of(one)
    assert record is not None
    assert joins.owner_of(record) == "444455556666"
    assert joins.balancers_of(one, record) == tuple(map(str, lbs))
    (connection,) = e.scope(service.scope)["VpcEndpointConnections"]
    connection["NetworkLoadBalancerArns"] = [str(lbs[1])]
    joins = services(e)
    assert joins.balancers_of(joins.consumers[vpce.eni], record) == (str(lbs[1]),)
    assert [node.network_interface_id for node in joins.nodes(lbs[1])] == [lbs[1].nodes[0]]
    assert joins.crosses_zones(lbs[1]) is False
    e.drop("LoadBalancerAttributes")
    assert services(e).crosses_zones(lbs[1]) is None


def test_permissions() -> None:
    """Under the service's id, or told by each item where an answer stands alone; None if cut."""
    e = Pair()
    e.second()
    service = endpoint_service(e, [front(e, {e.s2: "10.2.0.30"}, {e.b2: 443})])
    vpce = endpoint_to(e, {e.sa: "10.0.0.60"}, service)
    (answer,) = e.scope(e.home)["VpcEndpointServicePermissions"]
    files = e.files()
    (path,) = (name for name in files if name.endswith("VpcEndpointServicePermissions.json"))
    alone = {"AllowedPrincipals": answer["AllowedPrincipals"]}
    snapshot = load_files({**files, path: json.dumps(alone)})
    index = Index(snapshot)
    for joins in (services(e), EndpointServices(snapshot, index, Balancers(snapshot, index))):
        record = joins.service_of(joins.consumers[vpce.eni])
        assert record is not None
        found = joins.permissions(record)
        assert found is not None
        assert [each.principal for each in found.allowed_principals] == ["*"]
    answer["NextToken"] = "eyJ2IjoiMSJ9"
    joins = services(e)
    record = joins.service_of(joins.consumers[vpce.eni])
    assert record is not None
    assert joins.permissions(record) is None


def test_details() -> None:
    """S3 is listed twice by one name, as a gateway's and as an interface's."""
    e = Pair()
    vpce = endpoint_to(e, {e.sa: "10.0.0.60"}, ELSEWHERE)
    for number in (1, 2):
        offered(e, ELSEWHERE, owner="999988887777", zones=["us-east-1a"])
        e.scope(e.home)["ServiceDetails"][-1]["ServiceId"] = f"vpce-svc-{number}"
    joins = services(e)
    found = joins.details_of(joins.consumers[vpce.eni])
    assert [each.service_id for each in found] == ["vpce-svc-1", "vpce-svc-2"]
