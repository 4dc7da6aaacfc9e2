"""Route servers: what they install is ranked in the tables, and checked against what they say."""

from __future__ import annotations

import json

import pytest

import reach
from reach.aws.route_server import RouteServerRoutingDatabase
from tests.aws.ground import ground, nodes, packet, plain, sent, stages
from tests.estate import Id, Pair, load_files
from tests.estates.private import advertise, connection, gateway, learn, route_server
from tests.traps.rows import allow, deny, unknown

HOST = "192.168.1.1"


def served() -> tuple[Pair, Id, Id]:
    """An appliance in SB announces 192.168.0.0/16 to a route server, which put it into SA's."""
    e = Pair()
    hop = e.instance("hop", e.sb, "10.0.1.9", check=False)
    server = route_server(e, e.sb, hop, e.ta)
    advertise(e, e.ta, "192.168.0.0/16", hop)
    return e, server, hop


def database(server: str, table: str, prefix: str, status: str = "installed") -> dict[str, object]:
    """One get-route-server-routing-database answer."""
    return {
        "RouteServerId": server,
        "AreRoutesPersisted": False,
        "Routes": [
            {
                "AsPaths": ["65010"],
                "NextHopIp": "10.0.1.9",
                "Prefix": prefix,
                "RouteInstallationDetails": [
                    {"RouteInstallationStatus": status, "RouteTableId": table}
                ],
                "RouteStatus": "in-fib",
            }
        ],
    }


# ------------------------------ installed routes


def test_next_hop_by_its_address() -> None:
    """R-RT-25: a route may name the next hop's address only; it is an interface of the VPC."""
    e, _, hop = served()
    e.second("10.0.0.0/16", ip="10.0.1.9", within="10.0.1.0/24")  # the same address elsewhere
    route = e.ta.record["Routes"][-1]
    for field in ("NetworkInterfaceId", "InstanceId", "InstanceOwnerId"):
        del route[field]
    there = sent(ground(e), e.a, packet(e.a.ip, HOST))
    assert f"network_interface/{hop.eni}/routed" in nodes(there)


def test_longer_than_the_local_route() -> None:
    """R-RT-25: evaluated by the longest prefix; only what a virtual private gateway propagates
    yields to the local route (R-RT-6)."""
    e, _, hop = served()
    vgw = gateway(e, e.v1)
    advertise(e, e.ta, "10.0.1.0/24", hop)
    learn(e, vgw, e.ta, "10.0.1.128/25")
    shown = plain(stages(ground(e), f"subnet/{e.sa}/route"))[0]
    assert [line for line in shown if "10.0.1.0/24" in line and str(hop.eni) in line]
    assert [line for line in shown if "10.0.1.128/25" in line] == []


@pytest.mark.parametrize(
    ("choice", "ways"), [("may", 2), ("first", "appliance"), ("last", "gateway")]
)
def test_against_a_propagated_route(choice: str, ways: object) -> None:
    """U-8: which of equal prefixes wins is not documented: either may, unless an option says."""
    e, _, hop = served()
    vgw = gateway(e, e.v1)
    connection(e, vgw)
    learn(e, vgw, e.ta, "192.168.0.0/16")
    e.route(e.tb, "192.168.0.0/16", vgw)  # where the appliance passes on
    question = f"can {e.a} reach {HOST} port 22"
    answer = reach.ask(e.load(), question, options={"advertised-route": choice}, one_way=True)
    told = json.dumps(answer.to_dict())
    assert answer.verdict == "reachable"
    noted = [note.resource for note in answer.notes]
    assert noted == ["advertised-route"]
    if choice == "may":
        assert any("Route Server" in each.text for each in answer.assumptions)
    elif ways == "appliance":
        assert hop.eni in told
    else:
        assert hop.eni not in told
        assert vgw in told


def test_below_static_and_prefix_lists() -> None:
    """R-RT-25: a static route or a prefix list's of equal length wins, and hangs on no option."""
    for target in ("192.168.0.0/16", "list"):
        e, _, hop = served()
        vgw = gateway(e, e.v1)
        connection(e, vgw, static=["192.168.0.0/16"])
        block = e.prefix_list("192.168.0.0/16") if target == "list" else target
        e.route(e.ta, block, vgw)
        answer = allow(e, f"can {e.a} reach {HOST} port 22")
        assert hop.eni not in json.dumps(answer.to_dict())
        assert answer.notes == ()


# ------------------------------ decoding and lint


def test_the_routing_database() -> None:
    """The answer is for one server: in a list under its id, or a file of its own."""
    e, server, _ = served()
    answer = database(str(server), str(e.ta), "192.168.0.0/16")
    e.add("RouteServerRoutingDatabases", answer)
    (held,) = e.load().records(RouteServerRoutingDatabase)
    assert held.routes[0].prefix == "192.168.0.0/16"
    files = {**e.files(), "us-east-1/database.json": json.dumps(answer)}
    del files["us-east-1/RouteServerRoutingDatabases.json"]
    (held,) = load_files(files).records(RouteServerRoutingDatabase)
    assert held.route_server_id == server


@pytest.mark.parametrize(
    ("prefix", "status", "flagged"),
    [
        ("192.168.0.0/16", "installed", False),
        ("172.16.0.0/12", "installed", True),
        ("172.16.0.0/12", "rejected", False),
    ],
)
def test_what_it_says_it_installed(prefix: str, status: str, flagged: bool) -> None:
    """A route that is said to be installed and stands in no table is flagged."""
    e, server, _ = served()
    e.add("RouteServerRoutingDatabases", database(str(server), str(e.ta), prefix, status))
    told = [remark.message for remark in ground(e).lint()]
    assert any(str(server) in text for text in told) is flagged


def test_tables_that_it_does_not_serve() -> None:
    """R-RT-25: routes in a table that none propagates to, or in a virtual private gateway's."""
    e, _, hop = served()
    assert ground(e).lint() == ()
    advertise(e, e.tb, "192.168.0.0/16", hop)
    (remark,) = ground(e).lint()
    assert (remark.resource, "none propagates" in remark.message) == (e.tb, True)
    e, _, hop = served()
    edge = e.table(e.v1, edge=gateway(e, e.v1))
    advertise(e, edge, "10.0.0.0/24", hop)
    (remark,) = ground(e).lint()
    assert (remark.resource, "does not serve" in remark.message) == (edge, True)


# ------------------------------ as an end


def test_as_an_end() -> None:
    """The server and its endpoint are the interface; a peer is the appliance."""
    e, server, hop = served()
    endpoint = e.scopes[e.home]["RouteServerEndpoints"][0]["RouteServerEndpointId"]
    peer = e.scopes[e.home]["RouteServerPeers"][0]["RouteServerPeerId"]
    for text in (server, endpoint, peer):
        allow(e, f"can {e.a} reach {text} port 179")
    e.wear(hop, e.group(e.v1, ingress=["tcp/179 10.0.1.200/32"]))
    deny(e, f"can {e.a} reach {peer} port 179", "ENI_SG_RULES_MISMATCH")
    allow(e, f"can {e.a} reach {server} port 179")
    for text in ("rs-0dead", "rse-0dead", "rsp-0dead"):
        assert ground(e).end(text) is None


def test_without_endpoints() -> None:
    """A server without endpoints has no interface."""
    e, server, _ = served()
    e.scopes[e.home]["RouteServerEndpoints"].clear()
    unknown(e, f"can {e.a} reach {server} port 179", "rse-")  # a peer names one
    e.scopes[e.home]["RouteServerPeers"].clear()
    deny(e, f"can {e.a} reach {server} port 179", "UNASSOCIATED_COMPONENT")
