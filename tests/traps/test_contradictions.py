"""Law 2, of answers that contradict one another: what two records say of one thing is not known.

AWS has one route table and one network ACL for a subnet, one main table and one default ACL for a
VPC, and one entry of a number.  Answers of different moments, put together, may show two.  Which of
them counts nothing tells, least of all where it stands in a file.
"""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest

from tests.estate import Pair
from tests.estates import transit
from tests.estates.balancers import balancer, listen, target_group
from tests.estates.transit import joined
from tests.traps.rows import EIP_A, NET, allow, deny, unknown

BOTH_ORDERS = pytest.mark.parametrize("turned", [False, True])


def _turn(e: Pair, key: str, turned: bool) -> None:
    if turned:
        e.scopes[e.home][key].reverse()


@BOTH_ORDERS
def test_two_tables_of_a_subnet(turned: bool) -> None:
    """R-RT-1; the one leads to V2, the other does not."""
    e = Pair()
    e.peered()
    other = e.table(e.v1, [e.sa], name="other")
    _turn(e, "RouteTables", turned)
    unknown(e, f"can {e.a} reach {e.b2} port 22", e.sa)
    allow(e, f"can {e.b} reach {e.b2} port 22")
    other.record["Associations"][0]["AssociationState"]["State"] = "disassociated"
    allow(e, f"can {e.a} reach {e.b2} port 22")


@BOTH_ORDERS
def test_two_main_tables(turned: bool) -> None:
    """R-RT-1: they matter to whoever has no table of its own."""
    e = Pair()
    e.peered()
    sc = e.subnet(e.v1, "10.0.3.0/24", "a")
    c = e.instance("c", sc, "10.0.3.5")
    e.route(e.v1.table, "10.2.0.0/16", e.pcx)
    allow(e, f"can {c} reach {e.b2} port 22")
    e.table(e.v1, [], name="second").record["Associations"] = [
        {**e.v1.table.record["Associations"][0], "RouteTableAssociationId": "rtbassoc-0ffff"}
    ]
    _turn(e, "RouteTables", turned)
    unknown(e, f"can {c} reach {e.b2} port 22", sc)
    allow(e, f"can {e.a} reach {e.b2} port 22")


@BOTH_ORDERS
@pytest.mark.parametrize("gone", ["pcx-0ffffffffffffffff", None])
def test_two_routes_for_one_destination(turned: bool, gone: str | None) -> None:
    """R-RT-14: whether they lead to different things, or one is shown as it was before."""
    e = Pair()
    e.peered()
    e.ta.record["Routes"].append(
        {
            **e.ta.record["Routes"][-1],
            "State": "blackhole",
            "VpcPeeringConnectionId": gone or str(e.pcx),
        }
    )
    if turned:
        e.ta.record["Routes"].reverse()
    unknown(e, f"can {e.a} reach {e.b2} port 22", e.ta)
    allow(e, f"can {e.a} reach {e.b} port 22")
    allow(e, f"can {e.b} reach {e.b2} port 22")


def test_one_route_that_is_listed_twice() -> None:
    e = Pair()
    e.peered()
    e.ta.record["Routes"].append(e.ta.record["Routes"][-1])
    allow(e, f"can {e.a} reach {e.b2} port 22")


@BOTH_ORDERS
def test_two_acls_of_a_subnet(turned: bool) -> None:
    """R-NACL-1; inside the subnet neither is asked (R-NACL-8)."""
    e = Pair()
    c = e.instance("c", e.sb, "10.0.1.9")
    e.acl(e.v1, [e.sb], ingress=["100 allow all 0.0.0.0/0"], egress=["100 allow all 0.0.0.0/0"])
    closed = e.acl(e.v1, [], ingress=[], egress=[])
    allow(e, f"can {e.a} reach {e.b} port 22")
    closed.record["Associations"] = [
        {
            "NetworkAclAssociationId": "aclassoc-0ffff",
            "NetworkAclId": str(closed),
            "SubnetId": str(e.sb),
        }
    ]
    _turn(e, "NetworkAcls", turned)
    unknown(e, f"can {e.a} reach {e.b} port 22", e.sb)
    allow(e, f"can {c} reach {e.b} port 22")


def _entries(e: Pair, *entries: str) -> None:
    e.acl(e.v1, [e.sb], ingress=entries, egress=["100 allow all 0.0.0.0/0"])


@pytest.mark.parametrize("order", [list, reversed])
def test_two_entries_of_a_number(order: Callable[[list[str]], list[str]]) -> None:
    """R-NACL-2: what neither of them is for is answered as ever."""
    e = Pair()
    two = ["5 allow tcp/20-25 0.0.0.0/0", "5 deny tcp/22 10.0.0.0/16"]
    _entries(e, *order(two), "9 allow tcp/80 0.0.0.0/0")
    unknown(e, f"can {e.a} reach {e.b} port 22", "rule 5")
    allow(e, f"can {e.a} reach {e.b} port 80")
    deny(e, f"can {e.a} reach {e.b} port 443", "SUBNET_ACL_RESTRICTION")


def test_an_earlier_entry_still_decides() -> None:
    e = Pair()
    two = "5 allow all 0.0.0.0/0", "5 deny all 0.0.0.0/0"
    _entries(e, "4 allow tcp/22 0.0.0.0/0", *two)
    allow(e, f"can {e.a} reach {e.b} port 22")
    e = Pair()
    _entries(e, "4 deny tcp/22 0.0.0.0/0", *two)
    deny(e, f"can {e.a} reach {e.b} port 22", "SUBNET_ACL_RESTRICTION")


def test_two_entries_that_agree_or_are_of_two_families() -> None:
    """Older answers number the last entries of both families alike."""
    e = Pair(ipv6=True)
    _entries(e, "5 allow tcp/22 10.0.0.0/24", "5 allow tcp/80 0.0.0.0/0", "5 deny all ::/0")
    allow(e, f"can {e.a.ip} reach {e.b.ip} port 22")
    allow(e, f"can {e.a.ip} reach {e.b.ip} port 80")


@BOTH_ORDERS
def test_two_interfaces_with_one_address(turned: bool) -> None:
    """R-ENI-2: an address that moved while the calls ran is shown of both."""
    e = Pair()
    closed = e.group(e.v1, ingress=[], egress=[])
    c = e.instance("c", e.sb, "10.0.1.9", groups=[closed])
    d = e.instance("d", e.sb, "10.0.1.10")
    question = f"can {e.a} reach 10.0.1.9 port 22"
    deny(e, question)
    again = {"PrivateIpAddress": "10.0.1.9", "Primary": False}
    d.eni.record["PrivateIpAddresses"].append(again)
    _turn(e, "NetworkInterfaces", turned)
    unknown(e, question, e.sb)
    unknown(e, f"can {e.a} reach {c} port 22", e.sb)
    allow(e, f"can {e.a} reach 10.0.1.10 port 22")
    allow(e, f"can {e.a} reach {e.b} port 22")


@BOTH_ORDERS
@pytest.mark.parametrize("own", [False, True])
def test_two_tables_of_an_attachment(turned: bool, own: bool) -> None:
    """R-TGW-3: whether two tables say so, or a table and the attachment itself."""
    e = Pair()
    hub = joined(e)
    question = f"can {e.a} reach {e.b2} port 22"
    allow(e, question)
    other = transit.table(e, hub.tgw, "other")
    answers = {
        each["TransitGatewayRouteTableId"]: each
        for each in e.scopes[e.home]["TransitGatewayRouteTableAssociations"]
    }
    first = answers[hub.tgw.table]["Associations"]
    mine = [each for each in first if each["TransitGatewayAttachmentId"] == hub.one]
    answers[other]["Associations"] += mine
    if own:
        first.remove(mine[0])
    _turn(e, "TransitGatewayRouteTableAssociations", turned)
    unknown(e, question, hub.one)
    deny(e, f"can {e.a} reach 10.0.1.99 port 22")


@BOTH_ORDERS
def test_a_public_address_of_two_interfaces(turned: bool) -> None:
    """R-ENI-3: it moved while the calls ran, and nothing tells from where to where."""
    e = Pair()
    e.online(e.ta, e.tb)
    e.public(e.a, EIP_A, elastic=False)
    e.wear(e.b, e.group(e.v1, ingress=[]))
    c = e.instance("c", e.sa, "10.0.0.9", public="198.51.100.99")
    allow(e, f"can internet reach {e.a} port 22")
    deny(e, f"can internet reach {e.b} port 22")
    e.public(e.b, EIP_A, elastic=False)
    _turn(e, "NetworkInterfaces", turned)
    for question in (
        f"can internet reach {EIP_A} port 22",
        f"can internet reach {e.a} port 22",
        f"can {e.a} reach {NET} port 443",
        f"can {c} reach {EIP_A} port 22",
    ):
        unknown(e, question, EIP_A)
    unknown(e, f"can {e.b} reach {NET} port 443", EIP_A, one_way=True)
    allow(e, f"can internet reach {c} port 22")
    allow(e, f"can {c} reach {e.a} port 22")


def test_a_public_address_of_which_two_calls_tell() -> None:
    """R-ENI-3: an interface has it, and describe-addresses says that another one does."""
    e = Pair()
    e.online(e.ta, e.tb)
    e.public(e.a, EIP_A)
    (address,) = e.scopes[e.home]["Addresses"]
    allow(e, f"can internet reach {EIP_A} port 22")
    address["NetworkInterfaceId"], address["PrivateIpAddress"] = str(e.b.eni), "10.0.1.5"
    unknown(e, f"can internet reach {EIP_A} port 22", EIP_A)
    unknown(e, f"can {e.b} reach {NET} port 443", EIP_A)


def test_a_public_address_of_two_nat_gateways() -> None:
    e = Pair()
    e.natted(e.ta, public=EIP_A)
    allow(e, f"can {e.a} reach {NET} port 443")
    e.nat(e.sn, "10.0.9.10", public=EIP_A)
    unknown(e, f"can {e.a} reach {NET} port 443", EIP_A)


@BOTH_ORDERS
@pytest.mark.parametrize("other", ["TCP", "TCP_UDP"])
def test_two_listeners_of_one_port(turned: bool, other: str) -> None:
    """R-LB-3: a balancer has one for a port; that of the other protocol is its own matter."""
    e = Pair()
    front = balancer(e, "network", "front", {e.sb: "10.0.1.30"})
    listen(e, front, "TCP", 80, target_group(e, e.v1, "web", "TCP", 80, [e.b]))
    question = f"can {e.a} reach 10.0.1.30 port 80"
    allow(e, question)
    listen(e, front, "UDP", 80, target_group(e, e.v1, "names", "UDP", 80, [e.b]))
    allow(e, question)
    listen(e, front, other, 80, target_group(e, e.v1, "none", other, 80, []))
    if turned:
        e.scopes[e.home]["LoadBalancerListeners"][0]["Listeners"].reverse()
    unknown(e, question, "listens on")
    deny(e, question.replace("port 80", "port 81"))


@BOTH_ORDERS
def test_subnets_that_overlap(turned: bool) -> None:
    """A subnet that was made anew while the calls ran; what only one has is decided as ever."""
    e = Pair()
    allow(e, f"can {e.a} reach {e.b} port 22")
    c = e.instance("c", e.subnet(e.v1, "10.0.1.0/25", "a"), "10.0.1.9")
    _turn(e, "Subnets", turned)
    unknown(e, f"can {e.a} reach {e.b} port 22", e.v1)
    unknown(e, f"can {e.a} reach {c} port 22", e.v1)
    d = e.instance("d", e.sb, "10.0.1.200")
    allow(e, f"can {e.a} reach {d} port 22")
    allow(e, f"can {d} reach {e.b} port 22")


@BOTH_ORDERS
def test_two_internet_gateways_of_a_vpc(turned: bool) -> None:
    """R-IGW-1: a VPC has one at a time; the other is attached no more, or was not yet."""
    e = Pair()
    e.public(e.a, EIP_A)
    one = e.online(e.ta)
    other = e.igw(e.v1)
    _turn(e, "InternetGateways", turned)
    for question in (f"can internet reach {e.a} port 22", f"can {e.a} reach {NET} port 443"):
        unknown(e, question, one, other)
    other.record["Attachments"] = []
    allow(e, f"can internet reach {e.a} port 22")


@pytest.mark.parametrize("six", [False, True])
def test_a_table_always_has_its_local_routes(six: bool) -> None:
    """R-RT-7: nobody can delete one, so a table that shows none has it all the same; a way to the
    internet for everything does not take its place."""
    e = Pair(ipv6=six)
    e.online(e.ta, e.tb)
    where = "2600:1f18:1a00:101::5" if six else e.b.ip
    question = f"can {e.a} reach {where} port 80"
    before = e.ask(question)
    for table in (e.ta, e.tb):
        shown = table.record["Routes"]
        table.record["Routes"] = [r for r in shown if r.get("GatewayId") != "local"]
        assert len(table.record["Routes"]) < len(shown)
    assert before.verdict == "reachable"
    assert e.ask(question).verdict == "reachable"


def test_a_local_route_that_leads_elsewhere_is_shown() -> None:
    """R-RT-7: its target is replaced, and then the route stands there with its destination."""
    e = Pair()
    for table in (e.ta, e.tb):
        table.record["Routes"] = [r for r in table.record["Routes"] if "GatewayId" not in r]
        e.route(table, "10.0.0.0/16", "nat-0123456789abcdef0", state="blackhole")
    answer = e.ask(f"can {e.a} reach {e.b.ip} port 80")
    assert answer.verdict == "unreachable"
    assert {each.code for each in answer.explanations} >= {"BAD_STATE_ROUTE"}


# ------------------------------ two sides of a peering


def _sides(near: str, far: str, region: str | None, account: str | None) -> Pair:
    """V1 and V2 peered; each side's calls show a status of their own."""
    e = Pair()
    e.peered(region=region, account=account)
    mine, other = e.scopes[e.v1.scope], e.scopes[e.v2.scope]
    other["VpcPeeringConnections"] = copy.deepcopy(mine["VpcPeeringConnections"])
    for calls, status in ((mine, near), (other, far)):
        (record,) = calls["VpcPeeringConnections"]
        record["Status"]["Code"] = status
        if status != "active":  # AWS prints blocks of active ones only
            for side in ("RequesterVpcInfo", "AccepterVpcInfo"):
                record[side] = {
                    key: value for key, value in record[side].items() if "Cidr" not in key
                }
    return e


ELSEWHERE = pytest.mark.parametrize(
    ("region", "account"), [("eu-west-1", None), (None, "222233334444")]
)


@ELSEWHERE
@pytest.mark.parametrize("state", ["pending-acceptance", "deleted", "provisioning"])
@pytest.mark.parametrize("first", [True, False])
def test_a_peering_that_is_active_on_one_side(
    state: str, first: bool, region: str | None, account: str | None
) -> None:
    """R-PCX-1: one side was asked before the other, nothing tells which."""
    said = ("active", state) if first else (state, "active")
    e = _sides(*said, region, account)
    unknown(e, f"can {e.a} reach {e.b2} port 22", e.pcx, f"active or {state}")
    allow(e, f"can {e.a} reach {e.b} port 22")


@ELSEWHERE
def test_sides_that_agree_on_whether_it_works(region: str | None, account: str | None) -> None:
    e = _sides("active", "active", region, account)
    allow(e, f"can {e.a} reach {e.b2} port 22")
    e = _sides("deleting", "deleted", region, account)
    deny(e, f"can {e.a} reach {e.b2} port 22", "BAD_STATE")


# ------------------------------ in two VPCs at once


def test_an_interface_in_a_subnet_of_another_vpc() -> None:
    """R-AZ-2: a subnet is in one VPC, and all that is in it."""
    e = Pair()
    e.second()
    e.sb.record["VpcId"] = str(e.v2)
    unknown(e, f"can {e.a} reach {e.b} port 22", e.b.eni, e.sb)
    deny(e, f"can {e.a} reach {e.b2} port 22")
    c = e.instance("c", e.sa, "10.0.0.9")
    allow(e, f"can {e.a} reach {c} port 22")


def test_a_table_and_an_acl_of_another_vpc() -> None:
    """R-RT-1, R-NACL-1: a subnet has those of its own VPC."""
    e = Pair()
    e.second()
    c = e.instance("c", e.sa, "10.0.0.9")
    e.tb.record["VpcId"] = str(e.v2)
    unknown(e, f"can {e.a} reach {e.b} port 22", e.tb, e.sb)
    allow(e, f"can {e.a} reach {c} port 22")
    e = Pair()
    e.second()
    acl = e.acl(e.v1, [e.sb], ingress=[], egress=[])
    deny(e, f"can {e.a} reach {e.b} port 22", "SUBNET_ACL_RESTRICTION")
    acl.record["VpcId"] = str(e.v2)
    unknown(e, f"can {e.a} reach {e.b} port 22", acl, e.sb)
