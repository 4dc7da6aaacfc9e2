"""Global Accelerator: where its static addresses lead, and whose address arrives there."""

from __future__ import annotations

import json
from typing import Any

import pytest

import reach
from reach.snapshot.balancer_records import Accelerator, AcceleratorEndpointGroup
from tests.aws.ground import answered, came, dropped, ground, nodes, packet, replied
from tests.estate import Id, Pair, codes, load_files, said, tell
from tests.estates import balancers
from tests.estates.balancers import (
    accelerator,
    accelerator_interface,
    balancer,
    listen,
    target_group,
)

CLIENT, ANYCAST = "8.8.8.8", "75.2.60.5"


def before_b(**of: Any) -> tuple[Pair, Id]:
    """Before B, which has no public address and no way out; its client is kept."""
    e = Pair()
    e.igw(e.v1)
    return e, accelerator(e, "world", [ANYCAST], [("TCP", 443, 443)], [(e.b, True)], **of)


def verdict(e: Pair, question: str, **options: str) -> str:
    chosen = {name.replace("_", "-"): value for name, value in options.items()}
    return str(reach.ask(e.load(), question, options=chosen).verdict.value)


def test_decoding() -> None:
    """What the lists print, with the service's own capitals."""
    e, made = before_b(overrides={443: 8443})
    snapshot = e.load()
    record = snapshot.get(Accelerator, str(made))
    assert record is not None
    assert (record.name, record.ip_sets[0].ip_addresses) == ("world", (ANYCAST,))
    (group,) = snapshot.records(AcceleratorEndpointGroup)
    (endpoint,) = group.endpoint_descriptions
    assert (endpoint.endpoint_id, endpoint.client_ip_preservation_enabled) == (e.b, True)
    assert [(o.listener_port, o.endpoint_port) for o in group.port_overrides] == [(443, 8443)]


def test_there_and_back() -> None:
    """R-GA-1: no public address, no route; the reply returns through the accelerator."""
    e, _ = before_b(overrides={443: 8443})
    where = ground(e)
    there = came(where, packet(CLIENT, ANYCAST, "tcp/443"))
    assert there.final == packet(CLIENT, "10.0.1.5", "tcp/8443")
    assert answered(where, there, "10.0.1.5")
    back = replied(where, there)
    assert back.final == packet(ANYCAST, CLIENT, "tcp/40000", client=443)
    assert not any("/route" in node for node in nodes(back) if node.startswith("subnet"))


@pytest.mark.parametrize("what", ["tcp/80", "udp/443", "icmp/8"])
def test_what_no_listener_hears(what: str) -> None:
    e, made = before_b()
    assert dropped(came(ground(e), packet(CLIENT, ANYCAST, what))) == (str(made), "NO_PATH")


def test_it_needs_a_gateway_attached() -> None:
    """R-GA-1: the VPC's internet gateway, though nothing passes it."""
    e = Pair()
    made = accelerator(e, "world", [ANYCAST], [("TCP", 443, 443)], [(e.b, True)])
    there = came(ground(e), packet(CLIENT, ANYCAST, "tcp/443"))
    assert dropped(there) == (str(made), "NO_PATH")
    assert "internet gateway" in there.origin.words


def test_a_gateway_in_a_state_that_is_none_of_awss() -> None:
    """R-GA-1, U-17: it may be attached or not."""
    e, _ = before_b()
    question = f"can internet reach {e.b} port 443"
    assert verdict(e, question) == "reachable"
    (gateway,) = e.scopes[e.home]["InternetGateways"]
    gateway["Attachments"][0]["State"] = "half-working"
    assert verdict(e, question) == "undecided"
    del gateway["Attachments"][0]["State"]
    assert verdict(e, question) == "reachable"


def test_groups_see_the_client() -> None:
    """R-GA-2, R-SG-21: by address, or by the group of the accelerator's interface."""
    e, _ = before_b()
    e.wear(e.b, e.group(e.v1, ["tcp/443 10.0.0.0/8"]))
    answer = e.ask("can internet reach world port 443")
    assert (answer.verdict, codes(answer)) == ("unreachable", {"ENI_SG_RULES_MISMATCH"})
    managed = e.group(e.v1, [], name="GlobalAccelerator")
    accelerator_interface(e, e.sb, "10.0.1.77", managed)
    e.wear(e.b, e.group(e.v1, [f"tcp/443 {managed}"]))
    assert verdict(e, "can internet reach world port 443") == "reachable"


def test_network_acls_are_an_option() -> None:
    """R-GA-2: they count, unless AWS is read the other way; the denial says so."""
    e, _ = before_b()
    question = "can internet reach world port 443"
    open_ = ["100 allow all 0.0.0.0/0"]
    e.acl(e.v1, [e.sb], ingress=["100 allow all 10.0.0.0/8"], egress=open_)
    answer = e.ask(question)
    assert (answer.verdict, codes(answer)) == ("unreachable", {"SUBNET_ACL_RESTRICTION"})
    assert "accelerator-acl=check" in said(answer)[0]
    assert verdict(e, question, accelerator_acl="skip") == "reachable"
    e.acl(e.v1, [e.sb], ingress=open_, egress=["100 allow all 10.0.0.0/8"])
    assert codes(e.ask(question)) == {"SUBNET_ACL_RESTRICTION"}
    assert verdict(e, question, accelerator_acl="skip") == "reachable"


@pytest.mark.parametrize("where", ["subnet", "vpc"])
def test_block_public_access(where: str) -> None:
    """R-BPA-6: it stops what an accelerator brings in."""
    e, _ = before_b()
    if where == "vpc":
        del e.sb.record["BlockPublicAccessStates"]
    holder = e.sb if where == "subnet" else e.v1
    holder.record["BlockPublicAccessStates"] = {"InternetGatewayBlockMode": "block-ingress"}
    answer = e.ask("can internet reach world port 443")
    assert (answer.verdict, codes(answer)) == ("unreachable", {"VPC_BLOCK_PUBLIC_ACCESS_ENABLED"})
    e.drop("Subnets")
    assert e.ask("can internet reach world port 443").verdict == "undecided"


def test_disabled() -> None:
    e, made = before_b(enabled=False)
    there = came(ground(e), packet(CLIENT, ANYCAST, "tcp/443"))
    assert dropped(there) == (str(made), "BAD_STATE")


@pytest.mark.parametrize("what", ["dial", "weight"])
def test_nothing_for_nobody(what: str) -> None:
    """A group whose dial is at 0, an endpoint of weight 0."""
    e, _ = before_b(dial=0.0 if what == "dial" else 100.0)
    (group,) = e.scope((e.home[0], "us-west-2"))["EndpointGroups"]
    if what == "weight":
        group["EndpointDescriptions"][0]["Weight"] = 0
    assert verdict(e, "can internet reach world port 443") == "unreachable"


def test_one_of_several() -> None:
    """To which endpoint a client is sent is a may."""
    e = Pair()
    e.igw(e.v1)
    both = [(e.a, True), (e.b, True)]
    accelerator(e, "world", [ANYCAST], [("TCP", 443, 443)], both)
    answer = e.ask(f"can internet reach {e.b} port 443")
    assert answer.verdict == "reachable"
    assert said(answer)[0] == f"assumed: it sends this client to {e.b}"


# ------------------------------ balancers and Elastic IPs


def test_an_internal_balancer() -> None:
    """R-GA-1: an Application Load Balancer that the internet could not reach otherwise."""
    e = Pair()
    e.igw(e.v1)
    site = target_group(e, e.v1, "site", "HTTP", 8080, [e.b])
    alb = balancer(e, "application", "web", {e.sa: "10.0.0.41", e.sb: "10.0.1.41"})
    listen(e, alb, "HTTP", 80, site)
    assert verdict(e, "can internet reach web port 80") == "unreachable"
    accelerator(e, "world", [ANYCAST], [("TCP", 80, 80)], [(alb, True)])
    for name in ("web", "world", str(e.b), ANYCAST):
        assert verdict(e, f"can internet reach {name} port 80") == "reachable", name


@pytest.mark.parametrize("grouped", [True, False])
def test_a_network_balancer(grouped: bool) -> None:
    """R-GA-3: with groups it sees the client; without, an edge of the accelerator."""
    e = Pair()
    e.online(e.ta)
    groups = [e.group(e.v1, name="front")] if grouped else []
    web = target_group(e, e.v1, "web", "TCP", 80, [e.a], preserve=True)
    public = {e.sa: "198.51.100.40"}
    nlb = balancer(e, "network", "front", {e.sa: "10.0.0.40"}, groups=groups, public=public)
    listen(e, nlb, "TCP", 80, web)
    accelerator(e, "world", [ANYCAST], [("TCP", 80, 80)], [(nlb, True)])
    where = ground(e)
    there = came(where, packet(CLIENT, ANYCAST, "tcp/80"))
    assert answered(where, there, "10.0.0.5")
    source = CLIENT if grouped else "13.248.118.1"
    assert there.final.source == packet(source, source).source
    assert verdict(e, "can internet reach world port 80") == "reachable"


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("tcp/80 0.0.0.0/0", "reachable"),
        ("tcp/80 54.0.0.0/8", "undecided"),
        ("tcp/80 10.0.0.0/8", "unreachable"),
        ("tcp/81 0.0.0.0/0", "unreachable"),
    ],
)
def test_an_elastic_ip(rule: str, expected: str) -> None:
    """R-GA-3: from which of its addresses the edge sends no call tells."""
    e = Pair()
    e.online(e.ta)
    e.public(e.a, "198.51.100.7")
    e.wear(e.a, e.group(e.v1, [rule]))
    (address,) = e.scope(e.home)["Addresses"]
    eip = (address["AllocationId"], False)
    accelerator(e, "world", [ANYCAST], [("TCP", 80, 80)], [eip])
    assert verdict(e, "can internet reach world port 80") == expected


def test_without_the_client_it_must_be_public() -> None:
    """An internal endpoint whose clients are not kept is reached by nobody."""
    e = Pair()
    e.igw(e.v1)
    made = accelerator(e, "world", [ANYCAST], [("TCP", 80, 80)], [(e.b, False)])
    assert dropped(came(ground(e), packet(CLIENT, ANYCAST, "tcp/80"))) == (str(made), "NO_PATH")


def test_custom_routing() -> None:
    """Endpoints that are subnets are not modelled: undecided."""
    e = Pair()
    e.igw(e.v1)
    accelerator(e, "world", [ANYCAST], [("TCP", 80, 80)], [(str(e.sb), True)])
    answer = e.ask(f"can internet reach {e.b} port 80")
    assert (answer.verdict, str(e.sb) in str(answer.reason)) == ("undecided", True)


# ------------------------------ as an end, and what is missing


def test_as_an_end() -> None:
    """By name, ARN, DNS name or address; it opens nothing of its own."""
    e, made = before_b()
    for name in ("world", str(made), "world.awsglobalaccelerator.com", ANYCAST):
        assert verdict(e, f"can internet reach {name} port 443") == "reachable", name
    answer = e.ask(f"can world reach {e.b} port 443")
    assert (answer.verdict, codes(answer)) == ("unreachable", {"NO_PATH"}), tell(answer)


def test_its_interface_is_nobody() -> None:
    """What an accelerator places in a subnet answers nothing and starts nothing."""
    e, _ = before_b()
    eni = accelerator_interface(e, e.sb, "10.0.1.77", e.group(e.v1, name="managed"))
    assert verdict(e, f"can {e.a} reach {eni} port 443") == "unreachable"
    assert verdict(e, f"can {eni} reach {e.a} port 443") == "unreachable"


def test_an_interface_without_its_accelerator() -> None:
    """It shows that there is one: while nothing tells where it leads, no answer is no."""
    e, _ = before_b()
    accelerator_interface(e, e.sb, "10.0.1.77", e.group(e.v1, name="managed"))
    e.drop("Accelerators", "EndpointGroups")
    answer = e.ask(f"can internet reach {e.b} port 443")
    assert (answer.verdict, "list-accelerators" in str(answer.reason)) == ("undecided", True)
    assert verdict(e, f"can {e.a} reach {e.b} port 443") == "reachable"


def test_an_address_that_is_none() -> None:
    """Law 11: it is said where it stands, when the snapshot is loaded."""
    wrong = {"Accelerators": [{"AcceleratorArn": "arn", "IpSets": [{"IpAddresses": ["75.2.60"]}]}]}
    with pytest.raises(reach.SnapshotError, match=r"/Accelerators/0/IpSets/0/IpAddresses/0: '75.2"):
        load_files({"a.json": json.dumps(wrong)})


def test_what_an_endpoint_gets_back_counts_for_whoever_it_is_among() -> None:
    """An accelerator has no interface; its address is asked about as its id is, by one or many."""
    e = Pair()
    e.online(e.ta)
    host = e.instance("host", e.sa, "10.0.0.77", public="198.51.100.77")
    front = balancers.balancer(
        e, "network", "front", {e.sa: "10.0.0.40"}, (), public={e.sa: "198.51.100.40"}
    )
    to = balancers.target_group(e, e.v1, "to", "TCP", 22, [host], preserve=False)
    balancers.listen(e, front, "TCP", 443, to)
    world = balancers.accelerator(e, "world", ["75.2.60.5"], [("TCP", 443, 443)], [(front, False)])
    for source in (host, e.sa, e.v1, "any"):
        for end in ("75.2.60.5", "75.2.60.0/24", world):
            text = f"can {source} reach {end} port 443"
            assert reach.ask(e.load(), text).verdict == "reachable", text
            if end != world:
                assert reach.matrix(e.load(), str(source), str(end), "port 443").accesses, text
