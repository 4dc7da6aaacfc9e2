"""The joins over balancers: whose interface, which listeners, rules and targets, and what is not
known."""

from __future__ import annotations

from typing import Any

import pytest

from reach.components import sections
from reach.network.address import parse_address
from reach.snapshot.accelerators import Accelerators, groups_by_listener
from reach.snapshot.balancer_records import Accelerator, LoadBalancer, TargetGroup
from reach.snapshot.balancers import Balancers, named
from reach.snapshot.index import Index
from reach.snapshot.records import NetworkInterface

from .writing import read, subnet, vpc

LB = "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/net/front/0123"
LISTENER = LB.replace(":loadbalancer/", ":listener/") + "/4567"
GROUP = "arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/web/89ab"


def joins(**calls: list[dict[str, Any]]) -> Balancers:
    snapshot = read({"a.json": calls}, sections())
    return Balancers(snapshot, Index(snapshot))


def interface(name: str, **more: Any) -> dict[str, Any]:
    return {"NetworkInterfaceId": name, "SubnetId": "subnet-1", "VpcId": "vpc-1", **more}


@pytest.mark.parametrize(
    ("described", "kind", "requested", "expected"),
    [
        ("ELB net/front/0123", "network_load_balancer", True, ("net", "net/front/0123")),
        ("ELB net/front/0123", "interface", True, ("net", "net/front/0123")),
        ("ELB app/web/0123", "interface", True, ("app", "app/web/0123")),
        ("ELB app/web/0123", "load_balancer", True, ("app", "app/web/0123")),
        ("ELB gwy/bump/0123", "gateway_load_balancer", True, ("gwy", "gwy/bump/0123")),
        ("ELB old", "interface", True, ("classic", "old")),
        ("ELB old", "load_balancer", True, ("classic", "old")),
        ("", "network_load_balancer", True, ("net", "")),
        ("ELB app/web/0123", "interface", False, None),
        ("my own", "interface", True, None),
    ],
)
def test_whose_interface(
    described: str, kind: str, requested: bool, expected: tuple[str, str] | None
) -> None:
    """By type or by description; a description that anybody may write counts for nothing."""
    of = interface("eni-1", Description=described, InterfaceType=kind, RequesterManaged=requested)
    (record,) = joins(NetworkInterfaces=[of]).snapshot.records(NetworkInterface)
    found = named(record)
    assert (None if found is None else (found.kind, found.key)) == expected


def test_listeners_in_either_form() -> None:
    """In a list under the balancer's ARN, or plain; an answer that was cut short is none."""
    listener = {"ListenerArn": LISTENER, "LoadBalancerArn": LB, "Port": 80, "Protocol": "TCP"}
    wrapped = {"LoadBalancerArn": LB, "Listeners": [listener]}
    for calls in (
        {"LoadBalancerListeners": [wrapped]},
        {"Listeners": [listener, {"ListenerArn": "arn:aws:globalaccelerator::1:accelerator/x"}]},
    ):
        found = joins(**calls).listeners(LB)
        assert found is not None
        assert [(each.listener_arn, each.port) for each in found] == [(LISTENER, 80)]
    assert joins(LoadBalancerListeners=[]).listeners(LB) is None
    assert joins(LoadBalancerListeners=[{**wrapped, "NextMarker": "m"}]).listeners(LB) is None
    assert joins(LoadBalancerListeners=[{**wrapped, "Listeners": []}]).listeners(LB) == ()


def test_rules_by_priority() -> None:
    """Numbers as numbers, the default last; a plain rule's ARN tells its listener."""
    prefix = LISTENER.replace(":listener/", ":listener-rule/")
    rules = [
        {"RuleArn": f"{prefix}/{name}", "Priority": name, "IsDefault": name == "default"}
        for name in ("default", "10", "9")
    ]
    for calls in (
        {"Rules": rules},
        {"ListenerRules": [{"ListenerArn": LISTENER, "Rules": rules}]},
    ):
        found = joins(**calls).rules(LISTENER)
        assert found is not None
        assert [each.priority for each in found] == ["9", "10", "default"]
    assert joins(Rules=[]).rules(LISTENER) is None


PLACES: dict[str, list[dict[str, Any]]] = {
    "Vpcs": [vpc(), vpc("vpc-2", "10.2.0.0/16")],
    "Subnets": [
        subnet(AvailabilityZone="us-east-1a", AvailabilityZoneId="use1-az1"),
        subnet("subnet-2", "vpc-2", CidrBlock="10.2.1.0/24", AvailabilityZoneId="use1-az2"),
    ],
    "NetworkInterfaces": [
        interface(
            "eni-2",
            PrivateIpAddress="10.0.1.5",
            Attachment={"InstanceId": "i-1", "DeviceIndex": 1},
        ),
        interface(
            "eni-1",
            PrivateIpAddress="10.0.1.4",
            PrivateIpAddresses=[{"PrivateIpAddress": "10.0.1.6"}],
            Attachment={"InstanceId": "i-1", "DeviceIndex": 0},
        ),
        {**interface("eni-3", PrivateIpAddress="10.2.1.4"), "SubnetId": "subnet-2"}
        | {"VpcId": "vpc-2"},
    ],
}


@pytest.mark.parametrize(
    ("kind", "said", "address", "place", "zone"),
    [
        ("instance", {"Id": "i-1"}, "10.0.1.4", "subnet-1", "use1-az1"),
        ("instance", {"Id": "i-9"}, None, "", ""),
        ("ip", {"Id": "10.0.1.5"}, "10.0.1.5", "subnet-1", "use1-az1"),
        ("ip", {"Id": "10.0.1.99"}, "10.0.1.99", "subnet-1", "use1-az1"),
        ("ip", {"Id": "10.0.1.5", "AvailabilityZone": "all"}, "10.0.1.5", "subnet-1", "all"),
        ("ip", {"Id": "10.2.1.4", "AvailabilityZone": "all"}, "10.2.1.4", "subnet-2", "all"),
        ("ip", {"Id": "192.168.1.1"}, "192.168.1.1", "", "all"),
        ("ip", {"Id": "nonsense"}, None, "", ""),
        ("lambda", {"Id": "arn:aws:lambda:us-east-1:1:function:f"}, None, "", ""),
    ],
)
def test_where_a_target_is(
    kind: str, said: dict[str, str], address: str | None, place: str, zone: str
) -> None:
    """R-LB-5: an instance by its first interface's primary address, an address by itself."""
    group = {"TargetGroupArn": GROUP, "TargetType": kind, "Port": 80, "VpcId": "vpc-1"}
    group["Protocol"] = "TCP"
    health = {"TargetGroupArn": GROUP, "TargetHealthDescriptions": [{"Target": said}]}
    balancers = joins(TargetGroups=[group], LoadBalancerTargetHealth=[health], **PLACES)
    record = balancers.snapshot.get(TargetGroup, GROUP)
    assert record is not None
    (target,) = balancers.targets(record) or ()
    assert target.addresses == ((parse_address(address),) if address else ())
    assert (target.port, target.subnet, target.zone) == (80, place, zone)


def test_targets_that_no_call_tells() -> None:
    """Not asked for is not none."""
    group = {"TargetGroupArn": GROUP, "TargetType": "instance", "Protocol": "TCP"}
    for answers, expected in (
        ([], None),
        ([{"TargetGroupArn": GROUP, "TargetHealthDescriptions": []}], ()),
    ):
        balancers = joins(TargetGroups=[group], LoadBalancerTargetHealth=answers)
        record = balancers.snapshot.get(TargetGroup, GROUP)
        assert record is not None
        assert balancers.targets(record) == expected


def test_a_balancer_and_its_interfaces() -> None:
    """They find each other by the end of the ARN."""
    own = interface(
        "eni-9", Description="ELB net/front/0123", InterfaceType="network_load_balancer"
    )
    balancers = joins(
        LoadBalancers=[{"LoadBalancerArn": LB, "Type": "network"}], NetworkInterfaces=[own]
    )
    (record,) = balancers.snapshot.records(LoadBalancer)
    (node,) = balancers.interfaces_of(record)
    assert node.network_interface_id == "eni-9"
    assert balancers.balancer_of(node) is record


def test_ways_of_an_accelerator() -> None:
    """Endpoints by listener; those that get nothing are none, unknown ones say what would tell."""
    accelerator = "arn:aws:globalaccelerator::1:accelerator/a"
    listener = f"{accelerator}/listener/b"
    endpoints = [
        {"EndpointId": "i-1", "Weight": 1, "ClientIPPreservationEnabled": True},
        {"EndpointId": "i-9", "Weight": 1},
        {"EndpointId": "eipalloc-1", "Weight": 0},
        {"EndpointId": "subnet-1"},
    ]
    group = {
        "EndpointGroupArn": f"{listener}/endpoint-group/c",
        "EndpointDescriptions": endpoints,
        "PortOverrides": [{"ListenerPort": 443, "EndpointPort": 8443}],
    }
    balancers = joins(
        Accelerators=[{"AcceleratorArn": accelerator}],
        Listeners=[{"ListenerArn": listener}],
        EndpointGroups=[group],
        **PLACES,
    )
    groups = groups_by_listener(balancers.snapshot)
    accelerators = Accelerators(balancers.snapshot, balancers.index, balancers, lambda: groups)
    (record,) = balancers.snapshot.records(Accelerator)
    assert [each.listener_arn for each in accelerators.listeners(record)] == [listener]
    known, gone, custom = accelerators.ways(listener) or ()
    assert (known.private, known.ports, known.preserved) == (
        parse_address("10.0.1.4"),
        ((443, 8443),),
        True,
    )
    assert (gone.private, gone.unknown) == (0, NetworkInterface)
    assert (custom.private, custom.unknown) == (0, None)
    assert accelerators.ways(f"{accelerator}/listener/other") is None
