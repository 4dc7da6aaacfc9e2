"""Law 2, of answers that look whole: another record names what they do not hold.

A describe call with a filter, or one that was made at another moment, prints a list with no sign
that anything lacks.  What hangs on a thing that is named and not held is undecided; all else is
answered as before.  Removing the record that names it makes the list whole again.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import reach
from tests.estate import Pair, Record, load_files, tell
from tests.estates import private
from tests.estates.balancers import balancer, classic, listen, target_group
from tests.estates.firewall import appliances
from tests.estates.services import eks, node
from tests.traps.rows import EIP_A, EIP_B, allow, deny, unknown

NOBODY = "NO_POSSIBLE_DESTINATION"
SAMPLES = Path(__file__).resolve().parents[2] / "samples"


class Partly(Pair):
    """Everything as the calls print it, but for records of some ids."""

    def __init__(self, ipv6: bool = False) -> None:
        super().__init__(ipv6)
        self.hidden: set[str] = set()

    def hide(self, *identities: str) -> None:
        self.hidden |= set(map(str, identities))

    def files(self) -> dict[str, str]:
        return {name: self.shown(json.loads(text)) for name, text in super().files().items()}

    def shown(self, answer: Record) -> str:
        ((key, records),) = answer.items()
        kept = [each for each in records if self.hidden.isdisjoint(self.named(key, each))]
        return json.dumps({key: kept})

    def named(self, key: str, record: Record) -> set[str]:
        if key == "Reservations":
            return {record["Instances"][0]["InstanceId"]}
        return {str(record[each]) for each in (f"{key[:-1]}Id",) if each in record}


def test_a_subnet_that_is_named_and_not_held() -> None:
    """R-RT-3: an interface stands in it, so there is more in the VPC than the list of subnets."""
    e = Partly()
    e.hide(e.sb)
    unknown(e, f"can {e.a} reach {e.b} port 22", e.sb)
    unknown(e, f"can {e.a} reach 10.0.7.7 port 22", e.sb)
    c = e.instance("c", e.sa, "10.0.0.9")
    allow(e, f"can {e.a} reach {c} port 22")


@pytest.mark.parametrize("said", ["subnet-0ffffffffffffffff", None])
def test_an_interface_that_is_in_no_subnet_that_is_held(said: str | None) -> None:
    """R-AZ-2: its address is one of a subnet's, it says that it is in another, or in none."""
    e = Pair()
    moved = e.scopes[e.home]["NetworkInterfaces"]
    (record,) = (each for each in moved if each["NetworkInterfaceId"] == e.b.eni)
    record["SubnetId"] = said
    unknown(e, f"can {e.a} reach {e.b} port 22", e.sb)
    unknown(e, f"can {e.a} reach {e.b.ip} port 22", e.sb)
    c = e.instance("c", e.sb, "10.0.1.9")
    allow(e, f"can {e.a} reach {c} port 22")
    deny(e, f"can {e.a} reach 10.0.0.99 port 22", NOBODY, e.sa)


def test_an_interface_elsewhere_is_no_stray() -> None:
    """One of another VPC, of which nothing is held, has the same address by chance."""
    e = Pair()
    moved = e.scopes[e.home]["NetworkInterfaces"]
    (record,) = (each for each in moved if each["NetworkInterfaceId"] == e.b.eni)
    foreign = {"SubnetId": "subnet-0ffffffffffffffff", "VpcId": "vpc-0ffffffffffffffff"}
    moved.append({**record, "NetworkInterfaceId": "eni-0ffffffffffffffff", **foreign})
    allow(e, f"can {e.a} reach {e.b.ip} port 22")
    deny(e, f"can {e.a} reach 10.0.1.99 port 22", NOBODY, e.sb)


def test_within_a_subnet_that_is_not_held() -> None:
    """R-RT-2, R-NACL-8: whether a packet leaves the subnet hangs on its block; an ACL that is still
    associated with it denies nothing inside."""
    e = Partly()
    c = e.instance("c", e.sa, "10.0.0.9")
    e.acl(e.v1, [e.sa], ingress=[], egress=[])
    allow(e, f"can {e.a} reach {c} port 22")
    e.hide(e.sa)
    unknown(e, f"can {e.a} reach {c} port 22", e.sa)


def test_public_subnets_of_which_one_is_not_held() -> None:
    """R-DEF-1: which subnets are public is not known; that none was reached was the answer."""
    e = Partly()
    e.online(e.ta)
    e.public(e.a, EIP_A)
    allow(e, "can internet reach public port 22")
    e.hide(e.sa)
    unknown(e, "can internet reach public port 22", e.sa)
    unknown(e, "can internet reach private port 22")


def test_of_a_subnet_that_nothing_names_there_is_none() -> None:
    """R-PIPE-7: the same address, in a VPC all of whose subnets are held, is nobody's."""
    e = Partly()
    deny(e, f"can {e.a} reach 10.0.7.7 port 22", NOBODY)


@pytest.mark.parametrize("question", ["can {a} reach {b} port 22", "can {b} reach {a} port 22"])
def test_an_interface_that_its_instance_names(question: str) -> None:
    """R-ENI-8: the instance has an interface; which groups it wears is not known."""
    e = Partly()
    e.hide(e.b.eni)
    unknown(e, question.format(a=e.a, b=e.b), e.b.eni)


def test_one_of_two_interfaces_of_an_instance() -> None:
    """What is held is answered for; a "no" may hang on the other interface."""
    e = Partly()
    shut = e.group(e.v1, ingress=["tcp/22 any"])
    e.wear(e.b, shut)
    second = e.interface(e.sb, "10.0.1.6", on=e.b)
    allow(e, f"can {e.a} reach {e.b} port 80")
    e.hide(second)
    allow(e, f"can {e.a} reach {e.b} port 22")
    unknown(e, f"can {e.a} reach {e.b} port 80", second)


@pytest.mark.parametrize(
    "end", ["any", "{v1}", "{group}", "{pcx}", "tag:Role=x", "private", "10.0.0.0/8", "{sb}"]
)
def test_an_end_of_many_of_which_one_is_not_held(end: str) -> None:
    """Whoever is not held may be the one that is reached, or that reaches; who is, does."""
    e = Partly()
    e.peered()
    group = e.group(e.v1, ingress=["tcp/22 any"], egress=["tcp/22 any"])
    e.wear(e.a, group)
    e.wear(e.b, group)
    e.wear(e.b2, e.group(e.v2, ingress=["tcp/22 any"]))
    for each in (e.a, e.b):
        each.record["Tags"].append({"Key": "Role", "Value": "x"})
    c = e.instance("c", e.s2, "10.2.0.9", groups=[e.group(e.v2, ingress=["tcp/22 any"])])
    named = end.format(group=group, **vars(e))
    deny(e, f"can {c} reach {named} port 80")
    e.hide(e.b.eni)
    unknown(e, f"can {c} reach {named} port 80")
    if end != "{sb}":
        allow(e, f"can {c} reach {named} port 22")


def test_what_comes_by_a_virtual_private_gateway() -> None:
    """R-VGW-5: it takes what is for an address of its VPC, and that may be one of whoever is not
    held."""
    e = Partly()
    vgw = private.gateway(e, e.v1)
    private.connection(e, vgw, static=["192.168.0.0/16"])
    e.route(e.ta, "192.168.0.0/16", vgw)
    deny(e, "can 192.168.1.1 reach 10.0.0.99 port 22", "VGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS")
    allow(e, f"can 192.168.1.1 reach {e.a.ip} port 22")
    e.hide(e.a.eni)
    unknown(e, f"can 192.168.1.1 reach {e.a.ip} port 22")
    del e.scope(e.home)["Reservations"][0]
    deny(e, "can 192.168.1.1 reach 10.0.0.99 port 22", "VGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS")


def test_who_sends_from_an_elastic_ip() -> None:
    """It says on which interface it is, and that is not held."""
    e = Partly()
    e.online(e.ta)
    e.public(e.a, EIP_A)
    e.wear(e.b, e.group(e.v1, ingress=["tcp/22 any"]))
    allow(e, f"can {EIP_A} reach {e.b} port 22")
    e.hide(e.a.eni)
    for port in (22, 80):
        unknown(e, f"can {EIP_A} reach {e.b} port {port}")
    e.scope(e.home)["Addresses"].clear()
    deny(e, f"can {EIP_A} reach {e.b} port 22")


def test_one_of_two_senders_is_not_held() -> None:
    """Of several, who reaches itself does not count; that one is left does not make it one."""
    e = Partly()
    e.second()
    other = e.instance("other", e.s2, "10.2.0.9")
    e.wear(e.b2, e.group(e.v2, ingress=[]))
    deny(e, f"can {e.v2} reach {e.b2.ip} port 22")
    e.hide(other.eni)
    unknown(e, f"can {e.v2} reach {e.b2.ip} port 22")
    allow(e, f"can {e.b2} reach {e.b2.ip} port 22")


@pytest.mark.parametrize("lost", ["instance", "subnet", "Reservations", "Subnets", "Vpcs"])
def test_a_tag_of_what_is_not_held(lost: str) -> None:
    """Whatever carries a tag is among what the tag names: its record, or the whole call."""
    e = Partly()
    holder = {"instance": e.b, "Reservations": e.b, "Vpcs": e.v1}.get(lost, e.sb)
    c = e.instance("c", e.sa, "10.0.0.9", groups=[e.group(e.v1, ingress=["tcp/22 any"])])
    for record in (c.eni.record, holder.record):
        key = "TagSet" if record is c.eni.record else "Tags"
        record.setdefault(key, []).append({"Key": "Role", "Value": "x"})
    allow(e, f"can {e.a} reach tag:Role=x port 80")
    if lost in ("instance", "subnet"):
        e.hide(holder)
    else:
        e.drop(lost)
    unknown(e, f"can {e.a} reach tag:Role=x port 80")


def test_a_node_of_a_group_that_is_not_held() -> None:
    """R-ENI-9: nodes are told by the tags of instances, and those of one are not known."""
    e = Partly()
    eks(e, "prod", {e.sa: "10.0.0.60"})
    first = node(e, "prod", "blue", e.sa, "10.0.0.61")
    e.wear(first, e.group(e.v1, ingress=["tcp/22 any"]))
    second = node(e, "prod", "blue", e.sb, "10.0.1.61")
    allow(e, f"can {e.a} reach prod/blue port 80")
    e.hide(second)
    unknown(e, f"can {e.a} reach prod/blue port 80", second)
    allow(e, f"can {e.a} reach prod/blue port 22")


def test_an_address_in_a_subnet_of_which_not_all_is_held() -> None:
    """The interface of an endpoint, which the endpoint names, may have the address."""
    e = Partly()
    endpoint = e.endpoint_interface({e.sb: "10.0.1.40"})
    e.hide(endpoint.eni)
    unknown(e, f"can {e.a} reach 10.0.1.40 port 443", endpoint.eni)
    allow(e, f"can {e.a} reach {e.b} port 22")
    e.scope(e.home)["VpcEndpoints"].clear()
    deny(e, f"can {e.a} reach 10.0.1.40 port 443", NOBODY)


@pytest.mark.parametrize("is_named", [True, False])
@pytest.mark.parametrize("kind", ["network", "application", "classic", "gateway"])
def test_a_balancer_of_which_one_node_is_not_held(kind: str, is_named: bool) -> None:
    """R-LB-4: it has one in each of its subnets.  Where other answers name an interface that may be
    it, the other one may send, or be reached; else the list of interfaces is believed."""
    e = Partly()
    places = {e.sa: "10.0.0.40", e.sb: "10.0.1.40"}
    match kind:
        case "classic":
            front: Any = classic(e, "front", places, [("TCP", 25, 25)], [e.a])
        case "gateway":
            front = appliances(e, places, [e.a], cross_zone=True)
        case _:
            front = balancer(e, kind, "front", places, cross_zone=True)
            protocol = "TCP" if kind == "network" else "HTTP"
            listen(e, front, protocol, 25, target_group(e, e.v1, "to", protocol, 25, [e.a]))
    question = f"can front reach {e.b} port 25" if kind != "gateway" else f"can gwlb reach {e.b}"
    deny(e, question)
    if is_named:
        e.public(front.nodes[1], "198.51.100.90")
    e.hide(front.nodes[1])
    (unknown if is_named else deny)(e, question)


def test_a_target_whose_interface_is_not_held() -> None:
    """R-LB-5: the balancer sends to its target's address, whichever that is."""
    e = Partly()
    web = target_group(e, e.v1, "web", "TCP", 80, [e.b])
    front = balancer(e, "network", "front", {e.sa: "10.0.0.40", e.sb: "10.0.1.40"})
    listen(e, front, "TCP", 443, web)
    allow(e, f"can {e.a} reach 10.0.1.40 port 443")
    e.hide(e.b.eni)
    unknown(e, f"can {e.a} reach 10.0.1.40 port 443", e.b)


def test_a_target_that_is_gone() -> None:
    """R-LB-3: an instance that no answer shows any more gets nothing."""
    e = Partly()
    web = target_group(e, e.v1, "web", "TCP", 80, [e.b])
    front = balancer(e, "network", "front", {e.sa: "10.0.0.40", e.sb: "10.0.1.40"})
    listen(e, front, "TCP", 443, web)
    e.hide(e.b, e.b.eni)
    deny(e, f"can {e.a} reach 10.0.1.40 port 443", "TARGET_ADDRESS_RESTRICTION")


def test_an_internet_gateway_that_a_route_names() -> None:
    """R-IGW-1: the subnet is public by its route, so a gateway is attached."""
    e = Partly()
    gateway = e.online(e.ta)
    e.public(e.a, EIP_A)
    allow(e, f"can internet reach {e.a} port 22")
    e.hide(gateway)
    unknown(e, f"can internet reach {e.a} port 22", gateway)
    unknown(e, f"can {e.a} reach 8.8.8.8 port 443", gateway)


def test_an_interface_that_an_elastic_ip_names() -> None:
    """R-OBS-3: the address is somebody's, as long as it says whose."""
    e = Partly()
    e.online(e.ta, e.tb)
    e.public(e.a, EIP_A)
    e.public(e.b, EIP_B)
    (own,) = (a for a in e.scope(e.home)["Addresses"] if a["PublicIp"] == EIP_A)
    e.hide(e.a.eni)
    for named in (EIP_A, own["AllocationId"]):
        unknown(e, f"can internet reach {named} port 22", e.a.eni)
        unknown(e, f"can {e.b} reach {named} port 22", e.a.eni)
    allow(e, f"can internet reach {EIP_B} port 22")
    for field in ("NetworkInterfaceId", "PrivateIpAddress", "InstanceId"):
        del own[field]
    deny(e, f"can internet reach {EIP_A} port 22", "NO_PATH")


def test_no_internet_gateway_at_all() -> None:
    """R-IGW-1: a public address alone leads nowhere, and so does a route to what is gone."""
    e = Partly()
    e.public(e.a, EIP_A)
    deny(e, f"can internet reach {e.a} port 22", "NO_PATH")
    e.route(e.ta, "0.0.0.0/0", "igw-0123456789abcdef0", state="blackhole")
    deny(e, f"can internet reach {e.a} port 22", "NO_PATH")


def test_a_route_table_that_an_endpoint_names() -> None:
    """R-RT-1: a subnet without an association may be in it, and no longer in the main table."""
    e = Partly()
    e.peered()
    e.endpoint_gateway(e.v1, [e.ta])
    e.hide(e.ta)
    unknown(e, f"can {e.a} reach {e.b2} port 22", e.sa)
    allow(e, f"can {e.b} reach {e.b2} port 22")


def test_a_vpc_that_is_named_and_not_held() -> None:
    """R-EIGW-2, R-EXM-1: its blocks tell what the gateway lets out, and where the resolver is."""
    e = Partly(ipv6=True)
    e.route(e.ta, "::/0", e.eigw(e.v1))
    allow(e, f"can {e.a} reach 2606:4700:4700::1111 port 443")
    e.hide(e.v1)
    unknown(e, f"can {e.a} reach 2606:4700:4700::1111 port 443", e.v1)
    unknown(e, f"can {e.a} reach 10.0.0.2 port 53/udp", e.v1)


def test_an_appliance_whose_interface_is_not_held() -> None:
    """R-GWLB-1: whether it can take what its balancer hands over is not known; that its group does
    not was the answer (samples/gateway_load_balancer)."""
    folder = SAMPLES / "gateway_load_balancer" / "snapshot"
    files = {str(f.relative_to(folder)): f.read_text() for f in sorted(folder.rglob("*.json"))}
    question = "can keeper reach internet port 443"
    assert reach.ask(load_files(files), question).verdict == "unreachable"
    (listed,) = (name for name, text in files.items() if '"NetworkInterfaces"' in text[:40])
    every = json.loads(files[listed])["NetworkInterfaces"]
    kept = [each for each in every if each["NetworkInterfaceId"] != "eni-071cb283cd349a086"]
    assert len(kept) == len(every) - 1
    files[listed] = json.dumps({"NetworkInterfaces": kept})
    answer = reach.ask(load_files(files), question)
    assert answer.verdict == "undecided", tell(answer)


def test_a_pool_of_a_gateway_that_is_not_held() -> None:
    """R-IGW-9: an edge table takes the pool's addresses in, so they are no hosts on the internet
    (samples/public_ipv4_pool)."""
    folder = SAMPLES / "public_ipv4_pool" / "snapshot"
    files = {str(f.relative_to(folder)): f.read_text() for f in sorted(folder.rglob("*.json"))}
    question = "can internet reach 203.0.113.5 port 22"
    assert reach.ask(load_files(files), question).verdict == "unreachable"
    (listed,) = (name for name, text in files.items() if '"InternetGateways"' in text[:40])
    files[listed] = '{"InternetGateways": []}'
    answer = reach.ask(load_files(files), question)
    assert answer.verdict == "undecided", tell(answer)
