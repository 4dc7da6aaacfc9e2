"""Gateway Load Balancers: whether an appliance can be reached, and what the nodes send."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

import reach
from tests.aws.ground import dropped, ground, packet, sent
from tests.estate import codes, tell
from tests.estates.balancers import listen, target_group
from tests.estates.firewall import Guarded, Service, appliances

NET = "8.8.8.8"


class Served(Guarded):
    """A behind an endpoint whose balancer, in a provider's VPC, has an appliance in a subnet of its
    own; zone a throughout."""

    def __init__(self, ingress: Sequence[str] = ("udp/6081 10.50.0.0/16",), **how: Any) -> None:
        super().__init__()
        self.provider = self.vpc("10.50.0.0/16", name="provider")
        self.front = self.subnet(self.provider, "10.50.0.0/24", "a", name="front")
        self.back = self.subnet(self.provider, "10.50.1.0/24", "a", name="back")
        self.group_of_it = self.group(self.provider, ingress=list(ingress))
        self.appliance = self.instance("fw", self.back, "10.50.1.5", groups=[self.group_of_it])
        targets = how.pop("targets", [self.appliance])
        nodes = {self.front: "10.50.0.40"}
        self.gwlb: Service = appliances(self, nodes, targets, **how)
        self.behind(self.endpoint_balancer(self.sf, "10.0.7.9", self.gwlb.service))

    def answer(self, **options: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in options.items()}
        return reach.ask(self.load(), f"can {self.a} reach {NET} port 443", options=named)


def refused(e: Served, *wanted: str) -> None:
    found = e.answer()
    assert found.verdict == "unreachable", tell(found)
    assert codes(found) == set(wanted), tell(found)


def assumed(e: Served) -> str:
    found = e.answer()
    assert found.verdict == "reachable", tell(found)
    (one,) = found.assumptions
    return str(one.text)


def unknown(e: Served) -> str:
    found = e.answer()
    assert found.verdict == "undecided", tell(found)
    return str(found.reason)


# ------------------------------ an appliance that can be reached


def test_an_appliance_may_pass_it() -> None:
    """R-GWLB-1, R-GWLBE-3: one that takes udp 6081 is assumed to pass the packet."""
    e = Served()
    words = f"assumed: the appliance behind it passes the packet ({e.appliance})"
    assert assumed(e) == words
    steps = e.answer().witness.forward
    assert [s.resource for s in steps if "loadbalancer" in s.resource] == [str(e.gwlb)]


@pytest.mark.parametrize("rule", ["tcp/6081 any", "udp/6082 any", "udp/6081 10.51.0.0/16"])
def test_its_groups_have_to_admit_geneve(rule: str) -> None:
    """R-GWLB-1: udp 6081 from the balancer's nodes, and nothing else."""
    refused(Served(ingress=[rule]), "ENI_SG_RULES_MISMATCH")


def test_one_that_admits_it_is_enough() -> None:
    e = Served(ingress=["tcp/80 any"])
    other = e.instance("other", e.back, "10.50.1.6")
    group = target_group(e, e.provider, "more", "GENEVE", 6081, [e.appliance, other])
    calls = e.scope(e.home)["LoadBalancerListeners"]
    calls[-1]["Listeners"] = []
    listen(e, e.gwlb, "GENEVE", 6081, group)
    assert assumed(e) == f"assumed: the appliance behind it passes the packet ({other})"


@pytest.mark.parametrize(("subnet", "way"), [("front", "egress"), ("back", "ingress")])
def test_network_acls_between(subnet: str, way: str) -> None:
    """R-GWLB-1: out of the node's subnet and into the appliance's."""
    e = Served()
    rules: dict[str, Any] = {way: ["100 deny udp/6081 0.0.0.0/0", "200 allow all 0.0.0.0/0"]}
    e.put_in_acl(e.acl(e.provider, [], **rules), getattr(e, subnet))
    refused(e, "SUBNET_ACL_RESTRICTION")


def test_no_network_acl_within_a_subnet() -> None:
    """R-NACL-8"""
    e = Guarded()
    provider = e.vpc("10.50.0.0/16", name="provider")
    subnet = e.subnet(provider, "10.50.0.0/24")
    gwlb = appliances(e, {subnet: "10.50.0.40"}, [e.instance("fw", subnet, "10.50.0.5")])
    e.behind(e.endpoint_balancer(e.sf, "10.0.7.9", gwlb.service))
    e.put_in_acl(e.acl(provider, [], ["100 deny all 0.0.0.0/0"]), subnet)
    assert e.ask(f"can {e.a} reach {NET} port 443").verdict == "reachable"


def test_an_instance_that_is_stopped() -> None:
    """R-ENI-8, R-GWLB-1"""
    e = Served()
    e.appliance.record["State"] = {"Code": 80, "Name": "stopped"}
    found = e.answer()
    assert found.verdict == "unreachable"


def test_appliances_by_address() -> None:
    """R-LB-5: an address of the provider's VPC is looked up, one of elsewhere is not checked."""
    e = Served(kind="ip", targets=["10.50.1.5"])
    assert "10.50.1.5" in assumed(e)
    refused(
        Served(ingress=["tcp/80 any"], kind="ip", targets=["10.50.1.5"]), "ENI_SG_RULES_MISMATCH"
    )
    assert "10.77.0.5" in assumed(Served(kind="ip", targets=["10.77.0.5"]))


# ------------------------------ listeners, zones, health


def test_nothing_to_hand_it_to() -> None:
    """R-LB-3: without a listener, or with an empty group, packets are dropped."""
    refused(Served(listener=False), "ELBV2_LISTENERS_MISMATCH")
    refused(Served(targets=[]), "ELBV2_LISTENER_HAS_NO_TG")


@pytest.mark.parametrize("state", ["provisioning", "failed"])
def test_state(state: str) -> None:
    """R-LB-1: active, or active_impaired."""
    refused(Served(state=state), "BAD_STATE")
    assert assumed(Served(state="active_impaired"))


def elsewhere(e: Served) -> None:
    """The appliance is in another zone than the endpoint."""
    e.back.record["AvailabilityZone"] = "us-east-1b"
    e.back.record["AvailabilityZoneId"] = "use1-az2"


def test_zones() -> None:
    """R-LB-4: appliances of the endpoint's zone, unless balancing is across zones."""
    e = Served()
    elsewhere(e)
    refused(e, "ELBV2_NO_TARGETS_IN_AZ")
    e.drop("LoadBalancerAttributes")
    assert "describe-load-balancer-attributes" in unknown(e)
    e = Served(cross_zone=True)
    elsewhere(e)
    assert assumed(e)


@pytest.mark.parametrize("state", ["unhealthy", "draining", "unused"])
def test_no_appliance_is_healthy(state: str) -> None:
    """U-19: a new flow may be dropped or not; the option says which."""
    e = Served(health=state)
    assert "no appliance is healthy" in assumed(e)
    assert [note.resource for note in e.answer().notes] == ["appliance-unhealthy"]
    found = e.answer(appliance_unhealthy="deny")
    assert (found.verdict, codes(found)) == ("unreachable", {"ELBV2_LISTENER_REQUIRES_TG_ACCEPT"})
    assert [note.resource for note in found.notes] == ["appliance-unhealthy"]


@pytest.mark.parametrize("state", ["healthy", "initial", "unavailable"])
def test_an_appliance_that_may_serve(state: str) -> None:
    e = Served(health=state)
    assert "no appliance is healthy" not in assumed(e)
    assert e.answer(appliance_unhealthy="deny").verdict == "reachable"


# ------------------------------ gaps


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("LoadBalancers", "describe-load-balancers"),
        ("LoadBalancerListeners", "describe-listeners"),
        ("TargetGroups", "describe-target-groups"),
        ("LoadBalancerTargetHealth", "describe-target-health"),
        ("SecurityGroups", "describe-security-groups"),
        ("NetworkAcls", "describe-network-acls"),
        ("Reservations", "describe-instances"),
    ],
)
@pytest.mark.parametrize("ingress", [("udp/6081 any",), ("tcp/80 any",)])
def test_a_missing_call(call: str, said: str, ingress: Sequence[str]) -> None:
    """Law 2: whether an appliance can be reached is then not known, whatever the rest says."""
    e = Served(ingress=ingress)
    e.drop(call)
    assert said in unknown(e)


def test_nodes_of_another_account() -> None:
    """R-GWLBE-3: whose interfaces are not shown nothing is checked: a may."""
    e = Served(ingress=["tcp/80 any"])
    interfaces = e.scope(e.home)["NetworkInterfaces"]
    interfaces[:] = [i for i in interfaces if not i["Description"].startswith("ELB gwy/")]
    assert assumed(e)


def test_two_balancers_of_one_service() -> None:
    """Which one serves an endpoint no call tells."""
    e = Served()
    second = appliances(e, {e.front: "10.50.0.41"}, [e.appliance], name="second")
    config = next(
        c for c in e.scope(e.home)["ServiceConfigurations"] if c["ServiceId"] == e.gwlb.service
    )
    config["GatewayLoadBalancerArns"].append(str(second))
    found = e.answer()
    assert found.verdict == "reachable"
    assert any("of the balancers" in a.text for a in found.assumptions)


# ------------------------------ the nodes


def test_what_the_balancer_sends() -> None:
    """R-GWLB-1: GENEVE to its appliances, and AWS's own codes for anything else."""
    e = Served()
    for name in (str(e.gwlb), "gwlb"):
        assert e.ask(f"can {name} reach {e.appliance} port 6081/udp").verdict == "reachable"
    for asked, code in (
        ("port 6081/tcp", "GWLB_PROTOCOL_RESTRICTION"),
        ("icmp", "GWLB_PROTOCOL_RESTRICTION"),
        ("port 53/udp", "GWLB_DESTINATION_PORT_RESTRICTION"),
    ):
        found = e.ask(f"can gwlb reach {e.appliance} {asked}")
        assert found.verdict == "unreachable"
        assert code in codes(found)
    other = e.instance("other", e.back, "10.50.1.7")
    found = e.ask(f"can gwlb reach {other} port 6081/udp")
    assert (found.verdict, codes(found)) == ("unreachable", {"TARGET_ADDRESS_RESTRICTION"})


def test_its_groups_filter_the_balancer() -> None:
    e = Served(ingress=["tcp/80 any"])
    found = e.ask(f"can gwlb reach {e.appliance} port 6081/udp")
    assert (found.verdict, codes(found)) == ("unreachable", {"ENI_SG_RULES_MISMATCH"})


def test_nodes_among_the_senders_of_a_subnet() -> None:
    """A subnet sends what its nodes do: GENEVE and health checks, to appliances."""
    e = Served(ingress=["udp/6081 any", "tcp/6081 any", "tcp/22 any"])
    verdicts = {
        asked: e.ask(f"can {e.front} reach {e.appliance} {asked}").verdict.value
        for asked in ("port 6081/udp", "port 6081/tcp", "port 22")
    }
    assert verdicts == {
        "port 6081/udp": "reachable",
        "port 6081/tcp": "reachable",
        "port 22": "unreachable",
    }
    e.drop("LoadBalancerTargetHealth")
    assert e.ask(f"can {e.front} reach {e.appliance} port 22").verdict == "undecided"


def test_nodes_take_nothing_by_themselves() -> None:
    """Only what comes back to them."""
    e = Served()
    node = e.gwlb.nodes[0]
    trace = sent(ground(e), e.appliance, packet(e.appliance.ip, "10.50.0.40", "udp/6081"))
    assert dropped(trace) == (str(node), "NO_PATH")
    there = sent(ground(e), e.appliance, packet(e.appliance.ip, "10.50.0.40", "tcp/80"))
    assert dropped(there) == (str(node), "NO_PATH")


def test_as_a_destination() -> None:
    """It is a way to others, by the endpoints of its services."""
    e = Served()
    assert e.ask(f"can {e.a} reach gwlb port 443").verdict == "reachable"
    assert e.ask(f"can {e.b} reach gwlb port 443").verdict == "unreachable"
    alone = appliances(e, {e.front: "10.50.0.42"}, [e.appliance], name="alone")
    found = e.ask(f"can {e.a} reach {alone} port 443")
    assert (found.verdict, codes(found)) == ("unreachable", {"NO_PATH"})


def test_older_descriptions() -> None:
    """R-ENI-9: a node whose type older snapshots print as a plain interface."""
    e = Served()
    node = e.gwlb.nodes[0]
    node.record["InterfaceType"] = "interface"
    trace = sent(ground(e), e.appliance, packet(e.appliance.ip, "10.50.0.40", "udp/6081"))
    assert dropped(trace) == (str(node), "NO_PATH")


def _two_zones(cross_zone: bool) -> Served:
    """An appliance in zone a that takes no GENEVE, and one in zone b that does; nodes in both."""
    e = Served(("tcp/80 any",), cross_zone=cross_zone)
    provider = e.vpc("10.51.0.0/16", name="other provider")
    near, far = e.subnet(provider, "10.51.0.0/24", "a"), e.subnet(provider, "10.51.1.0/24", "b")
    closed = e.instance("closed", near, "10.51.0.5", groups=[e.group(provider, ["tcp/80 any"])])
    other = e.instance("open", far, "10.51.1.5")
    nodes = {near: "10.51.0.40", far: "10.51.1.40"}
    e.gwlb = appliances(e, nodes, [closed, other], name="two", cross_zone=cross_zone)
    e.behind(e.endpoint_balancer(e.sf, "10.0.7.8", e.gwlb.service))
    return e


def test_appliances_elsewhere_and_no_word_of_it() -> None:
    """R-LB-4, law 2: where no call tells whether zones are crossed, the appliance of another zone
    may get what that of the endpoint's own cannot take."""
    assert _two_zones(cross_zone=True).answer().verdict == "reachable"
    e = _two_zones(cross_zone=False)
    refused(e, "ENI_SG_RULES_MISMATCH")
    e.drop("LoadBalancerAttributes")
    assert "describe-load-balancer-attributes" in unknown(e)


def test_the_node_of_the_endpoints_zone() -> None:
    """It gets what the endpoint gets: what another node can send helps nobody."""
    e = _two_zones(cross_zone=True)
    assert e.answer().verdict == "reachable"
    room = next(each for each in e.scopes[e.home]["Subnets"] if each["CidrBlock"] == "10.51.0.0/24")
    near = e.ids[room["SubnetId"]]
    e.acl(near.vpc, [near], egress=["100 deny udp/6081 0.0.0.0/0", "200 allow all 0.0.0.0/0"])
    assert e.answer().verdict == "unreachable"
