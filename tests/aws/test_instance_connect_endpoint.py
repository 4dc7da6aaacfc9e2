"""EC2 Instance Connect Endpoints: who comes out of them, where to, and how the answers get back."""

from __future__ import annotations

import pytest

from reach.network.address import parse_address
from reach.network.field import Header
from reach.trace import Fate
from tests.aws.ground import (
    answered,
    arrived,
    at,
    dropped,
    ground,
    nodes,
    packet,
    passed,
    plain,
    replied,
    sent,
    stages,
)
from tests.estate import Id, Pair
from tests.estates.access import connect_endpoint
from tests.traps.rows import ACL, GROUP, NO_ROUTE, allow, deny, unknown

ADMIN = "203.0.113.9"
IP = "10.0.1.40"


def door(**how: object) -> tuple[Pair, Id]:
    """An endpoint in SB, whose interface has 10.0.1.40."""
    e = Pair()
    return e, connect_endpoint(e, e.sb, IP, **how)  # type: ignore[arg-type]


def node(eice: Id, part: str = "client") -> str:
    return f"instance_connect_endpoint/{eice.eni}/{part}"


def opened(e: Pair, eice: Id, destination: str, what: str = "tcp/22", source: str = IP) -> Header:
    return packet(source, destination, what)


# ------------------------------ nodes


def test_what_comes_out() -> None:
    """R-EICE-2, R-EICE-4: two ports, private addresses, outbound rules; no inbound ones."""
    e, eice = door()
    g = ground(e)
    found = plain(stages(g, node(eice)))
    assert found[0] == [
        "permit protocol tcp; destination port 22, 3389",
        f"else deny PROTOCOL_RESTRICTION ({eice} port)",
    ]
    assert found[1][-1] == "else permit"
    assert found[2] == ["any packet: identity 1"]
    assert found[3][0] == f"session security_group {eice.eni}"
    assert found[4] == [
        f"session instance_connect_endpoint {eice.eni}",
        f"else permit ({eice})",
    ]
    assert found[5:] == [[f"any packet -> subnet/{e.sb}/emit", "else drop"]]


def test_what_comes_back() -> None:
    """Answers to its clients, and nothing else."""
    e, eice = door()
    assert plain(stages(ground(e), node(eice, "answers"))) == [
        [
            f"session instance_connect_endpoint {eice.eni}",
            f"else deny NO_PATH ({eice} inbound)",
        ],
        [f"deliver to instance_connect_endpoint/{eice.eni}, reply from {node(eice)}"],
    ]


# ------------------------------ with the endpoint's own address


def test_there_and_back() -> None:
    """R-EICE-3: the target sees the interface's address, and answers it by its own routes."""
    e, eice = door()
    g = ground(e)
    for target in (e.a, e.b):
        there = at(g, node(eice), opened(e, eice, target.ip))
        assert answered(g, there, target.ip)
        assert there.final.source == parse_address(IP)
    trace = at(g, node(eice), opened(e, eice, e.a.ip))
    assert ((e.tb, "route 10.0.0.0/16") in passed(trace)) is True


def test_group_of_the_endpoint() -> None:
    """R-EICE-2, R-EICE-3: its outbound rules count, its inbound ones do not; the target's rule may
    name its group."""
    e = Pair()
    worn = e.group(e.v1, ingress=[], egress=["tcp/22 10.0.0.0/24"])
    eice = connect_endpoint(e, e.sb, IP, [worn])
    e.wear(e.a, e.group(e.v1, [f"tcp/22 {worn}"]))
    g = ground(e)
    assert answered(g, at(g, node(eice), opened(e, eice, e.a.ip)), e.a.ip)
    assert dropped(at(g, node(eice), opened(e, eice, e.b.ip))) == (worn, "ENI_SG_RULES_MISMATCH")
    assert dropped(sent(g, e.b, opened(e, eice, e.a.ip, source=e.b.ip)))[1] in GROUP


@pytest.mark.parametrize(
    ("what", "passes"),
    [
        ("tcp/22", True),
        ("tcp/3389", True),
        ("tcp/443", False),
        ("udp/3389", False),
        ("icmp/8", False),
    ],
)
def test_ports(what: str, passes: bool) -> None:
    """R-EICE-4: TCP to 22 or 3389."""
    e, eice = door()
    trace = at(ground(e), node(eice), opened(e, eice, e.a.ip, what))
    assert (trace.fate is Fate.DELIVERED) is passes
    assert passes or dropped(trace) == (eice, "PROTOCOL_RESTRICTION")


def test_acl_of_its_subnet() -> None:
    """R-NACL-9: the ACL of the endpoint's subnet counts, but not within the subnet."""
    e, eice = door()
    acl = e.acl(e.v1, [e.sb], egress=["100 allow tcp/22 10.0.9.0/24"])
    deny(e, f"can {eice} reach {e.a} port 22", *ACL)
    allow(e, f"can {eice} reach {e.b} port 22")
    assert dropped(at(ground(e), node(eice), opened(e, eice, e.a.ip)))[0] == acl


def test_beyond_the_vpc() -> None:
    """R-EICE-5: with its own address, a target beyond a peering is a destination like any other."""
    e, eice = door()
    e.peered()
    allow(e, f"can {eice} reach {e.b2} port 22")
    e.route(e.tb, "10.2.0.0/16", e.pcx, state="blackhole")
    deny(e, f"can {eice} reach {e.b2} port 22", "BAD_STATE_ROUTE")


def test_private_addresses_only() -> None:
    """It connects to private addresses, whatever public way its subnet has."""
    e, eice = door()
    e.natted(e.tb)
    deny(e, f"can {eice} reach internet port 22", "NO_PATH")
    deny(e, f"can {eice} reach 8.8.8.8 port 22", "NO_PATH")
    e.public(e.a, "198.51.100.7")
    e.online(e.ta)
    deny(e, f"can {eice} reach 198.51.100.7 port 22", "NO_PATH")
    allow(e, f"can {eice} reach {e.a} port 22")


def test_public_space_of_a_vpc_is_private() -> None:
    """R-IGW-12: a VPC may number its interfaces with public space."""
    e = Pair()
    v = e.vpc("198.51.100.0/24")
    s = e.subnet(v, "198.51.100.0/25")
    t = e.instance("t", s, "198.51.100.5")
    eice = connect_endpoint(e, s, "198.51.100.40")
    allow(e, f"can {eice} reach {t} port 22")


def test_ipv6() -> None:
    """An endpoint with an IPv6 address connects to IPv6 targets, one without does not."""
    e = Pair(ipv6=True)
    both = connect_endpoint(e, e.sb, IP, ipv6="2600:1f18:1a00:101::40")
    four = connect_endpoint(e, e.sb, "10.0.1.41")
    allow(e, f"can {both} reach {e.a.ip6} port 22")
    allow(e, f"can {both} reach {e.a.ip} port 22")
    deny(e, f"can {four} reach {e.a.ip6} port 22", "NO_SOURCE_OR_DESTINATION")


# ------------------------------ with the client's address


def test_preserved() -> None:
    """R-EICE-3: the target sees the client, and its answer returns by the endpoint: with no route,
    past the ACLs of both subnets."""
    e, eice = door(preserve=True)
    g = ground(e)
    there = at(g, node(eice), opened(e, eice, e.a.ip, source=ADMIN))
    assert arrived(there, e.a.ip)
    assert there.final.source == parse_address(ADMIN)
    back = replied(g, there)
    assert back.owner == f"instance_connect_endpoint/{eice.eni}"
    assert nodes(back)[-3:] == [
        f"subnet/{e.sa}/leave subnet/{e.sb}/arrive {node(eice, 'answers')}",
        f"subnet/{e.sb}/arrive {node(eice, 'answers')}",
        node(eice, "answers"),
    ]


def test_preserved_within_the_subnet() -> None:
    """R-NACL-8: no ACL between a target and the endpoint in its own subnet."""
    e, eice = door(preserve=True)
    e.acl(e.v1, [e.sb], ingress=[], egress=[])
    allow(e, f"can {eice} reach {e.b} port 22")


@pytest.mark.parametrize("side", ["sa", "sb"])
@pytest.mark.parametrize(
    ("ingress", "egress", "passes"),
    [
        (None, None, True),
        (["100 allow all 0.0.0.0/0"], ["100 allow all 10.0.0.0/16"], {"sb": True, "sa": False}),
        (["100 allow all 10.0.0.0/16"], ["100 allow all 0.0.0.0/0"], {"sb": True, "sa": False}),
    ],
)
def test_acls_see_the_client(
    side: str, ingress: list[str] | None, egress: list[str] | None, passes: object
) -> None:
    """The ACL of the target's subnet has to let the client's address in and out; that of the
    endpoint's sees the target's only."""
    e, eice = door(preserve=True)
    e.acl(e.v1, [getattr(e, side)], ingress, egress)
    expected = passes[side] if isinstance(passes, dict) else passes
    question = f"can {eice} reach {e.a} port 22"
    allow(e, question) if expected else deny(e, question, *ACL)


def test_preserved_by_group_or_address() -> None:
    """R-EICE-3, R-SG-21: the rule names the client's address or the endpoint's group."""
    e = Pair()
    worn = e.group(e.v1, ingress=[])
    eice = connect_endpoint(e, e.sb, IP, [worn], preserve=True)
    e.wear(e.a, e.group(e.v1, [f"tcp/22 {worn}"]))
    allow(e, f"can {eice} reach {e.a} port 22")
    e.wear(e.a, e.group(e.v1, [f"tcp/22 {ADMIN}/32"]))
    allow(e, f"can {eice} reach {e.a} port 22")
    allow(e, f"can {eice}/{ADMIN} reach {e.a} port 22")
    allow(e, f"can {eice}/203.0.113.0/24 reach {e.a} port 22")
    deny(e, f"can {eice}/203.0.113.10 reach {e.a} port 22", *GROUP)
    e.wear(e.a, e.group(e.v1, ["tcp/22 10.0.1.40/32"]))
    deny(e, f"can {eice} reach {e.a} port 22", *GROUP)


def test_preserved_reaches_its_own_vpc() -> None:
    """R-EICE-5."""
    e, eice = door(preserve=True)
    e.peered()
    deny(e, f"can {eice} reach {e.b2} port 22", "NO_PATH")
    trace = at(ground(e), node(eice), opened(e, eice, e.b2.ip, source=ADMIN))
    assert (*dropped(trace), trace.origin.locator) == (eice, "NO_PATH", "destination")


def test_the_returning_path_is_for_its_answers_only() -> None:
    """A packet that the target itself begins towards the internet needs its own route."""
    e, _ = door(preserve=True)
    assert dropped(sent(ground(e), e.a, packet(e.a.ip, ADMIN)))[1] in NO_ROUTE
    deny(e, f"can {e.a} reach {ADMIN} port 443", *NO_ROUTE)
    # Nor does an answer to somebody else take it: B's reply to a client of the internet gateway.
    e.public(e.b, "198.51.100.8")
    e.online()
    deny(e, "can internet reach 198.51.100.8 port 22", *NO_ROUTE)
    e.online(e.tb)
    allow(e, "can internet reach 198.51.100.8 port 22")


# ------------------------------ states


@pytest.mark.parametrize("state", ["create-complete", "update-complete"])
def test_it_works(state: str) -> None:
    """R-EICE-1."""
    e, eice = door(state=state)
    allow(e, f"can {eice} reach {e.a} port 22")


@pytest.mark.parametrize("state", ["update-in-progress", "update-failed", "delete-failed"])
def test_it_may_work(state: str) -> None:
    """R-EICE-1: neither a yes, nor a no that rests on it."""
    e, eice = door(state=state)
    unknown(e, f"can {eice} reach {e.a} port 22", state)
    e.wear(e.a, e.group(e.v1, []))
    deny(e, f"can {eice} reach {e.a} port 22", *GROUP)


@pytest.mark.parametrize(
    "state", ["create-in-progress", "create-failed", "delete-in-progress", "delete-complete"]
)
def test_it_does_not_work(state: str) -> None:
    """R-EICE-1: whether its interface is there still, or not."""
    e, eice = door(state=state)
    deny(e, f"can {eice} reach {e.a} port 22", "BAD_STATE")
    eice.record["NetworkInterfaceIds"] = []
    deny(e, f"can {eice} reach {e.a} port 22", "BAD_STATE")


# ------------------------------ as an end


def test_nobody_reaches_it() -> None:
    """R-EICE-2: it only opens connections."""
    e, eice = door()
    deny(e, f"can {e.b} reach {eice} port 22", "NO_PATH")
    deny(e, f"can {e.b} reach {IP} port 22", "NO_PATH", one_way=True)
    deny(e, f"can {e.b} reach {eice.eni} port 443", "NO_PATH")


def test_its_interface_sends_for_it() -> None:
    """What a subnet's interfaces can reach, the endpoint's can."""
    e, eice = door()
    e.wear(e.a, e.group(e.v1, [f"tcp/22 {IP}/32"]))
    for source in (str(eice.eni), IP, str(e.sb), "any", "10.0.1.0/24"):
        allow(e, f"can {source} reach {e.a} port 22")
    deny(e, f"can {e.b} reach {e.a} port 22", *GROUP)
    deny(e, f"can {eice.eni} reach {e.a} port 443", "PROTOCOL_RESTRICTION")
    eice.record["PreserveClientIp"] = True
    deny(e, f"can {IP} reach {e.a} port 22", "NO_PATH")


def test_not_for_the_internet() -> None:
    """R-DEF-6: an endpoint opens nothing to those who do not come by it."""
    e, eice = door(preserve=True)
    e.online(e.ta, e.tb)
    deny(e, f"can internet reach {e.a} port 22")
    allow(e, f"can {eice} reach {e.a} port 22")


def test_an_unknown_client_address() -> None:
    e, eice = door(preserve=True)
    reach = pytest.importorskip("reach")
    for text in (f"{eice}/nonsense", f"{eice}x", "eice-0000000000000dead"):
        with pytest.raises(reach.QuestionError):
            e.ask(f"can {text} reach {e.a} port 22")


# ------------------------------ what is not known


@pytest.mark.parametrize(
    "call", ["InstanceConnectEndpoints", "NetworkInterfaces", "SecurityGroups"]
)
@pytest.mark.parametrize("preserve", [False, True])
def test_missing_calls(call: str, preserve: bool) -> None:
    """Law 2: neither a yes nor a no without them."""
    e, eice = door(preserve=preserve)
    e.drop(call)
    unknown(e, f"can {eice} reach 10.0.0.5 port 22")


def test_an_endpoint_of_nobody() -> None:
    """An interface of an endpoint that no call lists may open connections."""
    e, _ = door()
    e.wear(e.a, e.group(e.v1, [f"tcp/22 {IP}/32"]))
    e.scopes[e.home]["InstanceConnectEndpoints"].clear()
    unknown(e, f"can {IP} reach {e.a} port 22")
    unknown(e, f"can any reach {e.a} port 22")
    deny(e, f"can {e.b} reach {IP} port 22", "NO_PATH")


def test_which_address_is_not_told() -> None:
    """R-EICE-3: an answer without PreserveClientIp."""
    e, eice = door()
    del eice.record["PreserveClientIp"]
    unknown(e, f"can {eice} reach {e.a} port 22", "preserves")


def test_a_path_names_the_endpoint() -> None:
    """People know it by its id, not by its interface's."""
    e, eice = door(name="door")
    answer = allow(e, f"can {eice} reach {e.a} port 22")
    first = answer.witness.forward[0]
    assert (first.resource, first.name) == (eice, "door")
    allow(e, f"can door reach {e.a} port 22")
