"""Local gateways: what an Outpost shows on-premises, and what it lets in from there."""

from __future__ import annotations

import json

import pytest

from tests.aws.ground import ground, nodes, packet, plain, sent, stages
from tests.estate import Id, Pair, load_files
from tests.estates.outposts import associate, customer, leads, local_gateway
from tests.traps.rows import ACL, GROUP, NO_ROUTE, allow, deny, may, unknown

OFFICE = "192.168.1.1"


def outpost(coip: bool = False, routed: str = "0.0.0.0/0") -> tuple[Pair, Id]:
    """SA has a way to 192.168/16 by a local gateway; SB has none."""
    e = Pair()
    lgw = local_gateway(e, coip, name="rack")
    associate(e, lgw, e.v1)
    leads(e, lgw, routed)
    e.route(e.ta, "192.168.0.0/16", lgw)
    return e, lgw


# ------------------------------ direct VPC routing


def test_stages() -> None:
    """R-LGW-1: groups end, instances only, then the gateway's own table."""
    e, lgw = outpost()
    assert plain(stages(ground(e), f"local_gateway/{lgw}/out {e.v1}")) == [
        ["any packet: identity 0"],
        ["permit source 10.0.0.5, 10.0.1.5", f"else deny NO_PATH ({lgw} source)"],
        [f"any packet -> local_gateway/{lgw}/lookup {lgw.table}", "else drop"],
    ]
    assert plain(stages(ground(e), f"local_gateway/{lgw}/lookup {lgw.table}")) == [
        [
            f"destination 0.0.0.0/0 -> local_gateway/{lgw}/line",
            f"else drop NO_ROUTE_TO_DESTINATION ({lgw.table})",
        ]
    ]
    assert plain(stages(ground(e), f"local_gateway/{lgw}/in")) == [
        ["any packet: identity 0"],
        [
            f"destination 10.0.0.0/24 -> local_gateway/{lgw}/into {e.v1}",
            f"else drop NO_ROUTE_TO_DESTINATION ({lgw})",
        ],
    ]


def test_private_addresses_both_ways() -> None:
    """R-LGW-1: no translation; only subnets with a route to the gateway are advertised."""
    e, lgw = outpost()
    for source, destination in ((e.a, OFFICE), (OFFICE, e.a), ("on-premises", e.a), (e.a, lgw)):
        assert not allow(e, f"can {source} reach {destination} port 80").assumptions
    deny(e, f"can on-premises reach {e.b} port 80", *NO_ROUTE, one_way=True)
    deny(e, f"can {e.b} reach {OFFICE} port 80", *NO_ROUTE)
    trace = sent(ground(e), e.a, packet(e.a.ip, OFFICE))
    assert trace.final._replace(identity=0) == packet(e.a.ip, OFFICE)
    assert nodes(trace)[-1] == f"on_premises/{lgw}/hosts"


def test_only_interfaces_of_instances() -> None:
    """R-LGW-1: an endpoint's interface, or one attached to nothing, is not reached by it."""
    e, lgw = outpost()
    e.endpoint_interface({e.sa: "10.0.0.40"})
    answer = deny(e, "can on-premises reach 10.0.0.40 port 443", "NO_PATH")
    assert answer.explanations[0].resource == lgw
    allow(e, f"can on-premises reach {e.a} port 443")


def test_filters() -> None:
    """The subnet's ACL and the instance's group apply, by the address on-premises."""
    e, _ = outpost()
    e.wear(e.a, e.group(e.v1, ingress=["tcp/80 192.168.0.0/16"]))
    allow(e, f"can {OFFICE} reach {e.a} port 80")
    deny(e, f"can {OFFICE} reach {e.a} port 22", *GROUP)
    deny(e, f"can 172.16.0.1 reach {e.a} port 80", *GROUP)
    e.acl(e.v1, [e.sa], ingress=["100 deny all 192.168.1.0/24", "200 allow all 0.0.0.0/0"])
    deny(e, f"can {OFFICE} reach {e.a} port 80", *ACL)
    allow(e, f"can 192.168.2.1 reach {e.a} port 80")


# ------------------------------ CoIP


def test_customer_owned_addresses() -> None:
    """R-LGW-1: one-to-one, and without one nothing gets through."""
    e, lgw = outpost(coip=True)
    deny(e, f"can {e.a} reach {OFFICE} port 80", "NO_PATH")
    deny(e, f"can {OFFICE} reach {e.a} port 80", *NO_ROUTE)
    customer(e, e.a, "10.50.0.5")
    for source, destination in (
        (e.a, OFFICE),
        (OFFICE, e.a),
        (OFFICE, "10.50.0.5"),
        ("10.50.0.5", OFFICE),
    ):
        allow(e, f"can {source} reach {destination} port 80")
    deny(e, f"can {OFFICE} reach 10.0.0.5 port 80", *NO_ROUTE)
    trace = sent(ground(e), e.a, packet(e.a.ip, OFFICE))
    assert trace.final._replace(identity=0) == packet("10.50.0.5", OFFICE)
    case, local = plain(stages(ground(e), f"local_gateway/{lgw}/into {e.v1}"))
    assert case[0] == "destination 10.50.0.5: destination by 10.50.0.5 = 10.0.0.5"
    assert local == [f"any packet -> vpc/{e.v1}/local", "else drop"]


def test_the_group_sees_the_private_address() -> None:
    """The instance's own address is judged, whatever it is called outside."""
    e, _ = outpost(coip=True)
    customer(e, e.a, "10.50.0.5")
    e.acl(e.v1, [e.sa], egress=["100 allow all 192.168.0.0/16"])
    allow(e, f"can {OFFICE} reach {e.a} port 80")
    e.wear(e.a, e.group(e.v1, ingress=["tcp/80 10.50.0.0/16"]))
    deny(e, f"can {OFFICE} reach {e.a} port 80", *GROUP)


# ------------------------------ the gateway's own table


def test_its_table() -> None:
    """The longest prefix, static before propagated; a blackhole drops, no route drops."""
    e, lgw = outpost(routed="192.168.0.0/16")
    e.route(e.ta, "172.16.0.0/12", lgw)
    deny(e, f"can {e.a} reach 172.16.0.1 port 80", *NO_ROUTE)
    allow(e, f"can {e.a} reach {OFFICE} port 80")
    leads(e, lgw, "192.168.1.0/24", state="blackhole")
    deny(e, f"can {e.a} reach {OFFICE} port 80", "BAD_STATE_ROUTE")
    leads(e, lgw, "172.16.0.0/12", kind="propagated")
    allow(e, f"can {e.a} reach 172.16.0.1 port 80")
    leads(e, lgw, "172.16.0.0/12", state="blackhole")
    deny(e, f"can {e.a} reach 172.16.0.1 port 80", "BAD_STATE_ROUTE")


def test_a_route_to_an_interface() -> None:
    """Inwards it leads to the interface, which passes it on if it does not check."""
    e, lgw = outpost()
    c = e.instance("c", e.sa, "10.0.0.9", check=False)
    leads(e, lgw, "10.0.0.0/24", c.eni)
    e.scope(e.home)["LocalGatewayRoutes"][0]["Routes"].reverse()
    may(e, f"can {OFFICE} reach {e.a} port 80", one_way=True)
    c.eni.record["SourceDestCheck"] = True
    deny(e, f"can {OFFICE} reach {e.a} port 80", "ENI_SOURCE_DEST_CHECK_RESTRICTION")
    e.scope(e.home)["LocalGatewayRoutes"][0]["Routes"][0]["State"] = "blackhole"
    deny(e, f"can {OFFICE} reach {e.a} port 80", "BAD_STATE_ROUTE")


def test_the_internet_beyond() -> None:
    """R-DEF-7: by the network on-premises, if that passes packets on."""
    e, lgw = outpost()
    e.route(e.ta, "0.0.0.0/0", lgw)
    answer = may(e, f"can {e.a} reach internet port 443")
    assert "on-premises passes packets on to the internet" in answer.assumptions[0].text
    e.scope(e.home)["LocalGatewayRoutes"][0]["Routes"].clear()
    leads(e, lgw, "192.168.0.0/16")
    deny(e, f"can {e.a} reach internet port 443", *NO_ROUTE)


# ------------------------------ between Outposts, and between VPCs


def two_outposts() -> tuple[Pair, Id, Id]:
    """SA on one Outpost, SB on another; each is routed to the other by its local gateway."""
    e = Pair()
    one, two = local_gateway(e), local_gateway(e)
    for lgw, table, other in ((one, e.ta, "10.0.1.0/24"), (two, e.tb, "10.0.0.0/24")):
        associate(e, lgw, e.v1)
        leads(e, lgw, "0.0.0.0/0")
        e.route(table, other, lgw)
    return e, one, two


def test_within_a_vpc_across_outposts() -> None:
    """R-LGW-2: a route to the other subnet's block leads by the network on-premises."""
    e, one, two = two_outposts()
    answer = may(e, f"can {e.a} reach {e.b} port 80")
    said = {each.resource: each.text for each in answer.assumptions}
    assert said[one] == f"assumed: the network on-premises passes packets on to {two}"
    e.wear(e.b, e.group(e.v1, ingress=["tcp/80 10.0.0.0/24"]))
    may(e, f"can {e.a} reach {e.b} port 80")
    e.wear(e.b, e.group(e.v1, ingress=[f"tcp/80 {e.open_group(e.v1)}"]))
    deny(e, f"can {e.a} reach {e.b} port 80", *GROUP)


def test_two_vpcs_by_one_gateway() -> None:
    """The gateway's route back to a subnet: no page says that VPCs get there by it."""
    e, lgw = outpost()
    e.second()
    associate(e, lgw, e.v2)
    e.route(e.ta, "10.2.0.0/16", lgw)
    e.route(e.t2, "10.0.0.0/16", lgw)
    may(e, f"can {e.a} reach {e.b2} port 80")
    leads(e, lgw, "10.2.0.0/24", e.s2, kind="propagated")
    unknown(e, f"can {e.a} reach {e.b2} port 80", lgw)


# ------------------------------ states and gaps


def test_a_vpc_that_is_not_associated() -> None:
    """A route alone does not lead out."""
    e, _ = outpost()
    e.scope(e.home)["LocalGatewayRouteTableVpcAssociations"][0]["State"] = "disassociated"
    deny(e, f"can {e.a} reach {OFFICE} port 80", "BAD_STATE_ATTACHMENT")


def test_a_gateway_that_is_not_available() -> None:
    e, lgw = outpost()
    lgw.record["State"] = "pending"
    deny(e, f"can {e.a} reach {OFFICE} port 80", "BAD_STATE")
    deny(e, f"can {OFFICE} reach {e.a} port 80", "BAD_STATE")


@pytest.mark.parametrize(
    "call",
    ["LocalGatewayRouteTables", "LocalGatewayRouteTableVpcAssociations", "LocalGatewayRoutes"],
)
def test_a_missing_call(call: str) -> None:
    """Law 2: the mode, the association and the routes must be known."""
    e, _ = outpost()
    unknown(e.drop(call), f"can {e.a} reach {OFFICE} port 80")
    unknown(e, f"can on-premises reach {e.b} port 80")


def test_what_is_advertised_hangs_on_route_tables() -> None:
    """Law 2: a subnet whose table is not known may be advertised."""
    e, _ = outpost()
    unknown(e.drop("RouteTables"), f"can {OFFICE} reach {e.b} port 80", one_way=True)


def test_answers_as_the_cli_prints_them() -> None:
    """search-local-gateway-routes with its table's id needs no list around."""
    e, _ = outpost()
    files = e.files()
    path = next(path for path in files if path.endswith("/LocalGatewayRoutes.json"))
    (answer,) = json.loads(files.pop(path))["LocalGatewayRoutes"]
    files["us-east-1/routes.json"] = json.dumps(answer)
    import reach

    question = f"can {e.a} reach {OFFICE} port 80"
    assert reach.ask(load_files(files), question).verdict == "reachable"


def test_as_an_end() -> None:
    """The networks on-premises, by way of it; by its Name as well."""
    e, lgw = outpost()
    for way in (lgw, "rack"):
        allow(e, f"can {way} reach {e.a} port 80")
        deny(e, f"can {way} reach {e.b} port 80")
