"""Law 2, of what works and shows no interface, though AWS gives it one.

An endpoint has an interface in each of its subnets, a balancer that works has nodes, an instance
has its first interface for as long as it is there.  An answer that lacks them looks whole: no id is
named that it does not hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from tests.estate import Id, Pair
from tests.estates.balancers import Balancer, balancer, classic, listen, target_group
from tests.traps.rows import EIP_A, GROUP, NET, allow, deny, unknown

SHOWS = "shows 198.51.100.7"
NODE = "10.0.1.40"
CALL = "describe-network-interfaces"
PUBLIC = {"a": "198.51.100.40", "b": "198.51.100.41"}
KINDS = pytest.mark.parametrize("kind", ["network", "application", "classic"])


class Fronted(Pair):
    """C, in a subnet that leads nowhere, behind a balancer with nodes in SA and SB."""

    front: Balancer
    c: Id
    sc: Id


def fronted(kind: str, public: bool = True) -> Fronted:
    e = Fronted()
    e.online(e.ta, e.tb)
    e.sc = e.subnet(e.v1, "10.0.7.0/24", name="sc")
    e.table(e.v1, [e.sc], name="tc")
    e.c = e.instance("c", e.sc, "10.0.7.50")
    nodes = {e.sa: "10.0.0.40", e.sb: NODE}
    # The addresses of these are of AWS's own pool: describe-addresses shows none of them.
    shown = {e.sa: PUBLIC["a"], e.sb: PUBLIC["b"]} if public else None
    if kind == "classic":
        listening = [("TCP", 80, 8080)]
        e.front = classic(e, "front", nodes, listening, [e.c], public=shown, cross_zone=True)
        return e
    e.front = balancer(e, kind, "front", nodes, public=shown, cross_zone=True)
    protocol = "HTTP" if kind == "application" else "TCP"
    group = target_group(e, e.v1, "g", protocol, 8080, [e.c])
    listen(e, e.front, protocol, 80, group)
    return e


def without(e: Pair, *interfaces: Id) -> None:
    """They are not in the answers about interfaces, nor do Elastic IPs name them."""
    calls = e.scopes[e.home]
    gone = set(map(str, interfaces))
    for key in ("NetworkInterfaces", "Addresses"):
        calls[key] = [each for each in calls[key] if each.get("NetworkInterfaceId") not in gone]


@KINDS
def test_a_target_of_a_balancer_of_which_no_node_is_shown(kind: str) -> None:
    """R-LB-7: it stands in a subnet that leads nowhere, and is on the internet all the same."""
    e = fronted(kind)
    allow(e, f"can internet reach {e.c} port 80")
    without(e, *e.front.nodes)
    unknown(e, f"can {NET} reach {e.c} port 80", "front", CALL)
    unknown(e, f"can {NET} reach {e.sc} port 80", "front")
    # Who asks for its own address means a packet that is sent there, not to the balancer.
    deny(e, f"can {NET} reach {e.c.ip} port 80")


@KINDS
def test_what_else_is_known_is_told(kind: str) -> None:
    """Other interfaces, and the target as somebody who sends."""
    e = fronted(kind)
    closed = e.instance("d", e.sc, "10.0.7.51", groups=[e.group(e.v1, ingress=[])])
    without(e, *e.front.nodes)
    deny(e, f"can {NET} reach {closed} port 80")
    deny(e, f"can {e.a} reach {closed} port 80")
    deny(e, f"can {e.c} reach {NET} port 80")
    allow(e, f"can {e.a} reach {e.c} port 80")


@KINDS
def test_an_address_in_its_subnets(kind: str) -> None:
    """A node may have it; in another subnet nobody has it."""
    e = fronted(kind, public=False)
    question = f"can {e.a} reach {NODE} port 80"
    allow(e, question)
    without(e, *e.front.nodes)
    unknown(e, question, e.sb, "front", CALL)
    deny(e, f"can {e.a} reach 10.0.7.99 port 80", "NO_POSSIBLE_DESTINATION")


@pytest.mark.parametrize("kind", ["network", "application"])
def test_one_that_does_not_work_has_none(kind: str) -> None:
    e = fronted(kind)
    without(e, *e.front.nodes)
    e.front.record["State"]["Code"] = "failed"
    deny(e, f"can {NET} reach {e.c} port 80")
    deny(e, f"can {e.a} reach {NODE} port 80", "NO_POSSIBLE_DESTINATION")


@KINDS
def test_a_zone_without_a_node_is_being_enabled(kind: str) -> None:
    """As its other nodes are shown, the list is whole."""
    e = fronted(kind, public=False)
    without(e, e.front.nodes[1])
    allow(e, f"can {e.a} reach {e.c} port 80")
    deny(e, f"can {e.a} reach {NODE} port 80", "NO_POSSIBLE_DESTINATION")


def test_targets_that_are_not_known() -> None:
    """Then anybody may be one."""
    e = fronted("application")
    other = e.instance("d", e.sc, "10.0.7.51")
    without(e, *e.front.nodes)
    deny(e, f"can {NET} reach {other} port 80")
    e.scopes[e.home]["LoadBalancerTargetHealth"].clear()
    unknown(e, f"can {NET} reach {other} port 80", "front")


def _endpoint(named: Sequence[int], **more: Any) -> tuple[Pair, Id]:
    """In SA and SB; of its two interfaces some are named, and only those are shown."""
    e = Pair()
    made = e.endpoint_interface({e.sa: "10.0.0.77", e.sb: "10.0.1.77"}, **more)
    own = [e.ids[each] for each in made.record["NetworkInterfaceIds"]]
    made.record["NetworkInterfaceIds"] = [str(own[each]) for each in named]
    without(e, *(each for number, each in enumerate(own) if number not in named))
    return e, made


def test_an_endpoint_that_names_fewer_interfaces_than_subnets() -> None:
    """R-VPCE-1: it has one in each."""
    e, whole = _endpoint([0, 1])
    allow(e, f"can {e.a} reach {whole} port 443")
    allow(e, f"can {e.a} reach 10.0.1.77 port 443")
    deny(e, f"can {e.a} reach 10.0.1.99 port 443", "NO_POSSIBLE_DESTINATION")
    e, part = _endpoint([0])
    allow(e, f"can {e.a} reach {part} port 443")
    unknown(e, f"can {e.a} reach 10.0.1.77 port 443", e.sb, part)
    deny(e, f"can {e.a} reach 10.0.0.99 port 443", "NO_POSSIBLE_DESTINATION")
    e, none = _endpoint([])
    unknown(e, f"can {e.a} reach {none} port 443", CALL)
    unknown(e, f"can {e.a} reach 10.0.0.77 port 443", e.sa, none)


@pytest.mark.parametrize("state", ["pending", "failed", "partial"])
def test_one_that_is_not_available_may_have_fewer(state: str) -> None:
    e, _ = _endpoint([0], state=state)
    deny(e, f"can {e.a} reach 10.0.1.77 port 443", "NO_POSSIBLE_DESTINATION")


def _bare(state: str) -> Pair:
    """B without an interface: none names it, and it names none."""
    e = Pair()
    e.b.record["State"]["Name"] = state
    without(e, e.b.eni)
    e.b.record["NetworkInterfaces"] = []
    return e


@pytest.mark.parametrize("state", ["running", "resting"])
def test_an_instance_without_an_interface(state: str) -> None:
    """Its first interface cannot be detached; a word that nobody knows says nothing of it."""
    e = _bare(state)
    unknown(e, f"can {e.a} reach {e.b} port 22", "interfaces of this instance", CALL)
    unknown(e, f"can {e.b} reach {e.a} port 22", "interfaces of this instance")


@pytest.mark.parametrize("state", ["terminated", "shutting-down", "stopped"])
def test_an_instance_that_does_not_run_needs_none(state: str) -> None:
    e = _bare(state)
    deny(e, f"can {e.a} reach {e.b} port 22", "UNASSOCIATED_COMPONENT")


# ------------------------------ targets that work


def _forwarded(kind: str) -> tuple[Pair, str]:
    """B behind a balancer with a node in SB."""
    e = Pair()
    nodes = {e.sb: NODE, e.sa: "10.0.0.40"} if kind == "application" else {e.sb: NODE}
    if kind == "classic":
        classic(e, "front", nodes, [("TCP", 80, 80)], [e.b])
    else:
        protocol = "HTTP" if kind == "application" else "TCP"
        front = balancer(e, kind, "front", nodes)
        listen(e, front, protocol, 80, target_group(e, e.v1, "g", protocol, 80, [e.b]))
    return e, f"can {e.a} reach {NODE} port 80"


@KINDS
def test_a_target_that_runs_and_shows_no_interface(kind: str) -> None:
    """R-LB-5: it is sent to the address of its first interface, which nobody can detach."""
    e, question = _forwarded(kind)
    allow(e, question)
    without(e, e.b.eni)
    unknown(e, question, e.b)
    deny(e, question.replace("port 80", "port 81"))
    e.b.record["State"]["Name"] = "terminated"
    deny(e, question, "TARGET_ADDRESS_RESTRICTION")


@KINDS
def test_a_target_whose_interface_names_no_instance(kind: str) -> None:
    e, question = _forwarded(kind)
    interfaces = e.scopes[e.home]["NetworkInterfaces"]
    (own,) = (each for each in interfaces if each["NetworkInterfaceId"] == e.b.eni)
    del own["Attachment"]
    unknown(e, question, e.b)


@pytest.mark.parametrize("state", ["active", "failed"])
def test_a_balancer_behind_another(state: str) -> None:
    """R-NLB-8: one that works has nodes, of which none is shown."""
    e = Pair()
    inner = balancer(e, "application", "inner", {e.sa: "10.0.0.60", e.sb: "10.0.1.60"})
    listen(e, inner, "HTTP", 80, target_group(e, e.v1, "web", "HTTP", 80, [e.b]))
    outer = balancer(e, "network", "outer", {e.sb: NODE})
    listen(e, outer, "TCP", 80, target_group(e, e.v1, "g", "TCP", 80, [inner], kind="alb"))
    question = f"can {e.a} reach {NODE} port 80"
    allow(e, question)
    without(e, *inner.nodes)
    inner.record["State"] = {"Code": state}
    if state == "active":
        unknown(e, question, "app/inner")
    else:
        deny(e, question, "TARGET_ADDRESS_RESTRICTION")


# ------------------------------ a public address that only the instance shows


def _shown(by_instance: str | None, by_interface: bool = False) -> Pair:
    """A, with a way to the internet, and with what describe-instances shows of it."""
    e = Pair()
    e.online(e.ta, e.tb)
    if by_interface:
        e.public(e.a, EIP_A, elastic=False)
    if by_instance:
        e.a.record["PublicIpAddress"] = by_instance
    return e


def test_a_public_address_that_no_interface_shows() -> None:
    """R-ENI-3: it was started, or stopped, between the calls."""
    deny(_shown(None), "can 8.8.8.8 reach 10.0.0.5 port 22")
    e = _shown(EIP_A)
    unknown(e, f"can {NET} reach {e.a} port 22", e.a, SHOWS)
    unknown(e, f"can {e.a} reach {NET} port 443", SHOWS)
    allow(e, f"can {e.a} reach {e.b} port 22")
    deny(e, f"can {NET} reach {e.b} port 22")
    e = _shown(None, by_interface=True)
    allow(e, f"can {NET} reach {e.a} port 22")


def test_who_says_the_same_says_nothing_new() -> None:
    """An Elastic IP that describe-addresses alone places on it, a carrier address, or one of
    another interface of the instance."""
    e = _shown(EIP_A)
    e.public(e.a, EIP_A)
    for each in (e.a.eni.record, *e.a.eni.record["PrivateIpAddresses"]):
        each.pop("Association", None)
    closed = e.group(e.v1, ingress=[], egress=[])
    e.wear(e.a, closed)
    deny(e, f"can {e.a} reach {NET} port 443", *GROUP)
    e = _shown(EIP_A)
    e.wear(e.a, e.group(e.v1, ingress=[], egress=[]))
    for each in (e.a.eni.record, *e.a.eni.record["PrivateIpAddresses"]):
        each["Association"] = {"CarrierIp": EIP_A, "IpOwnerId": "amazon"}
    deny(e, f"can {e.a} reach {NET} port 443", *GROUP)


def test_an_instance_that_does_not_run_has_no_use_for_it() -> None:
    e = _shown(EIP_A)
    e.a.record["State"]["Name"] = "stopped"
    deny(e, f"can {NET} reach {e.a} port 22")
