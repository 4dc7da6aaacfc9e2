"""VPC peering: two VPCs, the addresses of both sides and no others."""

from __future__ import annotations

import pytest

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
    tell,
)
from tests.estate import Id, Pair


def over(e: Pair, vpc: Id | None = None) -> str:
    """The node of what a VPC (V1 unless told) sends over the peering."""
    return f"vpc_peering/{e.pcx}/from {vpc or e.v1}"


def peered(**how: str) -> Pair:
    e = Pair()
    e.peered(**how)  # type: ignore[arg-type]
    return e


# ------------------------------ decoding


@pytest.mark.parametrize(
    "status",
    [
        "initiating-request",
        "pending-acceptance",
        "provisioning",
        "rejected",
        "expired",
        "failed",
        "deleting",
        "deleted",
    ],
)
def test_status(status: str) -> None:
    """R-PCX-1: it forwards while active; otherwise its status is the reason."""
    e = peered()
    assert arrived(sent(ground(e), e.a, packet(e.a.ip, e.b2.ip)), e.b2.ip)
    e.pcx.record["Status"]["Code"] = status
    trace = sent(ground(e), e.a, packet(e.a.ip, e.b2.ip))
    assert (*dropped(trace), trace.origin.words) == (e.pcx, "BAD_STATE", f"is {status}")


def test_blocks() -> None:
    """R-PCX-1: all blocks of both sides count, as the connection lists them or as the VPCs do."""
    e = Pair()
    v2 = e.vpc("10.2.0.0/16", "10.3.0.0/16", name="v2")
    e.pcx = e.peering(e.v1, v2)
    e.pcx.record["AccepterVpcInfo"]["CidrBlockSet"] = []
    e.pcx.record["RequesterVpcInfo"].pop("CidrBlock")
    sources, destinations, _ = plain(stages(ground(e), over(e)))
    assert sources[0] == "permit source 10.0.0.0/16"
    assert destinations[0] == "permit destination 10.2.0.0/15"


def test_blocks_of_a_vpc_that_is_elsewhere() -> None:
    """R-PCX-1: of a VPC that is not in the snapshot the connection tells the blocks."""
    e = peered(account="444455556666")
    del e.scopes[("444455556666", "us-east-1")]
    sources, destinations, _ = plain(stages(ground(e), over(e)))
    assert sources[0] == "permit source 10.0.0.0/16"
    assert destinations[0] == "permit destination 10.2.0.0/16"


# ------------------------------ nodes


def test_stages() -> None:
    """Own sources, the peer's destinations, then the peer's local routing; each way its own."""
    e = peered()
    g = ground(e)
    code = "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR"
    assert plain(stages(g, over(e))) == [
        ["permit source 10.0.0.0/16", f"else deny {code} ({e.pcx} source)"],
        ["permit destination 10.2.0.0/16", f"else deny {code} ({e.pcx} destination)"],
        [f"any packet -> vpc/{e.v2}/local", "else drop"],
    ]
    assert plain(stages(g, over(e, e.v2))) == [
        ["permit source 10.2.0.0/16", f"else deny {code} ({e.pcx} source)"],
        ["permit destination 10.0.0.0/16", f"else deny {code} ({e.pcx} destination)"],
        [f"any packet -> vpc/{e.v1}/local", "else drop"],
    ]


def test_stages_between_regions() -> None:
    """R-PCX-8: between Regions the group identity is dropped on the way, and nothing else."""
    e = peered(region="eu-west-1")
    assert plain(stages(ground(e), over(e)))[2] == ["any packet: identity 0"]
    assert len(stages(ground(e), over(e))) == 4


# ------------------------------ there and back


def test_there_and_back() -> None:
    """R-PCX-2, R-PCX-7: addresses unchanged, delivered by local routing, back by its own route."""
    e = peered()
    g = ground(e)
    there = sent(g, e.a, packet(e.a.ip, e.b2.ip))
    assert there.final._replace(identity=0) == packet(e.a.ip, e.b2.ip)
    assert nodes(there)[-5:-3] == [over(e), f"vpc/{e.v2}/local"] or over(e) in nodes(there)
    back = replied(g, there)
    assert over(e, e.v2) in nodes(back)
    assert (e.t2, "route 10.0.0.0/16") in passed(back)
    assert answered(g, there, e.b2.ip)


def test_without_a_way_back() -> None:
    """R-PCX-2: the packet arrives, its reply has no route."""
    e = Pair()
    e.peered(back=False)
    g = ground(e)
    there = sent(g, e.a, packet(e.a.ip, e.b2.ip))
    assert arrived(there, e.b2.ip)
    assert dropped(replied(g, there)) == (e.t2, "NO_ROUTE_TO_DESTINATION")


def test_filters_of_the_far_side() -> None:
    """R-PCX-7: the receiving subnet's ACL and the receiver's group apply."""
    e = peered()
    acl = e.acl(e.v2, [e.s2], ingress=["100 deny tcp/22 10.0.0.0/16", "200 allow all 0.0.0.0/0"])
    group = e.group(e.v2, ["tcp/22 any", "tcp/443 10.0.0.0/24"])
    e.wear(e.b2, group)
    g = ground(e)
    found = [
        dropped(sent(g, e.a, packet(e.a.ip, e.b2.ip, "tcp/22"))),
        dropped(sent(g, e.b, packet(e.b.ip, e.b2.ip, "tcp/443"))),
    ]
    assert found == [(acl, "SUBNET_ACL_RESTRICTION"), (group, "ENI_SG_RULES_MISMATCH")]
    assert answered(g, sent(g, e.a, packet(e.a.ip, e.b2.ip, "tcp/443")), e.b2.ip)


def test_no_route_of_the_far_side_counts_on_the_way_in() -> None:
    """R-PCX-7: a route of the receiving subnet's table leads nothing astray that comes in."""
    e = peered()
    e.route(e.t2, "10.2.0.5/32", e.instance("m", e.s2, "10.2.0.9", check=False).eni)
    g = ground(e)
    assert answered(g, sent(g, e.a, packet(e.a.ip, e.b2.ip)), e.b2.ip)


def test_an_address_that_nobody_there_has() -> None:
    """R-PCX-7: in the peer's block but in none of its subnets."""
    e = peered()
    trace = sent(ground(e), e.a, packet(e.a.ip, "10.2.77.5"))
    assert dropped(trace) == (e.v2, "NO_POSSIBLE_DESTINATION")


# ------------------------------ nobody else


@pytest.mark.parametrize("destination", ["8.8.8.8", "10.3.0.5", "10.0.1.5"])
def test_only_to_the_peer(destination: str) -> None:
    """R-PCX-3: no internet, no third VPC, and nothing back into the own one."""
    e = peered()
    trace = at(ground(e), over(e), packet(e.a.ip, destination))
    assert (*dropped(trace), trace.origin.locator) == (
        e.pcx,
        "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR",
        "destination",
    )


@pytest.mark.parametrize("source", ["10.3.0.5", "8.8.8.8", "10.2.0.9"])
def test_only_from_this_side(source: str) -> None:
    """R-PCX-4, U-7: what comes from beyond the sending VPC is not carried on."""
    e = peered()
    trace = at(ground(e), over(e), packet(source, e.b2.ip))
    assert (*dropped(trace), trace.origin.locator) == (
        e.pcx,
        "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR",
        "source",
    )


def test_no_way_out_by_the_peer() -> None:
    """R-PCX-3, R-IGW-8: V2 has an internet gateway; V1's default route to V2 does not use it."""
    e = peered()
    e.route(e.t2, "0.0.0.0/0", e.igw(e.v2))
    e.route(e.ta, "0.0.0.0/0", e.pcx)
    e.public(e.a, "198.51.100.7")
    trace = sent(ground(e), e.a, packet(e.a.ip, "8.8.8.8"))
    assert dropped(trace) == (e.pcx, "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR")


def test_whatever_has_an_address_there() -> None:
    """R-PCX-5: an interface endpoint of the peer's is reached like any other address."""
    e = peered()
    e.endpoint_interface({e.s2: "10.2.0.40"})
    g = ground(e)
    assert answered(g, sent(g, e.a, packet(e.a.ip, "10.2.0.40")), "10.2.0.40")


def test_two_peers_with_one_block() -> None:
    """R-PCX-6: which of the two V1 means, its route says; the other's address is the same."""
    e = peered()
    v3 = e.vpc("10.2.0.0/16", name="v3")
    s3 = e.subnet(v3, "10.2.0.0/24")
    b3 = e.instance("b3", s3, e.b2.ip)
    other = e.peering(e.v1, v3)
    e.route(v3.table, "10.0.0.0/16", other)
    g = ground(e)
    assert e.b2.eni in sent(g, e.a, packet(e.a.ip, e.b2.ip)).owner
    from_third = sent(g, b3, packet(b3.ip, e.a.ip))
    assert arrived(from_third, e.a.ip)
    back = replied(g, from_third)  # it goes to the V2 that V1's table names
    assert (e.b2.eni in back.owner, b3.eni in back.owner) == (True, False), tell(back)
    e.route(e.ta, "10.2.0.0/16", other)
    assert b3.eni in sent(ground(e), e.a, packet(e.a.ip, e.b2.ip)).owner


# ------------------------------ groups


@pytest.mark.parametrize(("region", "kept"), [("us-east-1", True), ("eu-west-1", False)])
def test_group_references(region: str, kept: bool) -> None:
    """R-PCX-8, R-SG-20: the sender's groups cross a peering of one Region, not one of two."""
    e = peered(region=region)
    worn = e.group(e.v1, [])
    e.wear(e.a, worn)
    e.wear(e.b2, e.group(e.v2, [f"tcp/22 {worn}", "tcp/23 10.0.0.0/16"]))
    g = ground(e)
    by_group = sent(g, e.a, packet(e.a.ip, e.b2.ip, "tcp/22"))
    assert arrived(by_group, e.b2.ip) is kept
    by_block = sent(g, e.a, packet(e.a.ip, e.b2.ip, "tcp/23"))
    assert answered(g, by_block, e.b2.ip)
    assert (by_block.final.identity != 0) is kept


def test_ipv6() -> None:
    """R-PCX-8: IPv6 as well, if both have it and route it; the blocks are the peers' own."""
    e = Pair(ipv6=True)
    e.peered()
    g = ground(e)
    assert answered(g, sent(g, e.a, packet(e.a.ip6, e.b2.ip6)), e.b2.ip6)
    beyond = at(g, over(e), packet(e.a.ip6, "2606:4700:4700::1111"))
    assert dropped(beyond) == (e.pcx, "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR")


def test_an_ipv6_block_that_is_no_longer_there() -> None:
    """R-PCX-8: a block in state `disassociated` is no block of the peer, of this side neither."""
    e = Pair(ipv6=True)
    e.peered()
    for side, vpc in (("RequesterVpcInfo", e.v1), ("AccepterVpcInfo", e.v2)):
        del e.pcx.record[side]["Ipv6CidrBlockSet"]
        before = plain(stages(ground(e), over(e)))[0][0], plain(stages(ground(e), over(e)))[1][0]
        block = vpc.record["Ipv6CidrBlockAssociationSet"][0]
        block["Ipv6CidrBlockState"]["State"] = "disassociated"
        after = plain(stages(ground(e), over(e)))[0][0], plain(stages(ground(e), over(e)))[1][0]
        assert [block["Ipv6CidrBlock"] in line for line in before] != [False, False]
        assert [block["Ipv6CidrBlock"] in line for line in after] == [False, False]


# ------------------------------ what is not in the snapshot


def test_the_far_side_is_not_in_the_snapshot() -> None:
    """R-SHARE-4: beyond it nothing is known, and the VPC is named; what the connection itself
    refuses is still refused."""
    e = peered(account="444455556666")
    del e.scopes[("444455556666", "us-east-1")]
    g = ground(e)
    trace = sent(g, e.a, packet(e.a.ip, "10.2.0.5"))
    assert (trace.fate, trace.origin.resource) == (Fate.UNMODELLED, e.v2)
    assert "444455556666" in trace.origin.words
    assert dropped(at(g, over(e), packet(e.a.ip, "10.3.0.5")))[0] == e.pcx


def test_across_accounts() -> None:
    """R-PCX-1: with both accounts in the snapshot it is a peering like any other."""
    e = peered(account="444455556666")
    g = ground(e)
    assert answered(g, sent(g, e.a, packet(e.a.ip, e.b2.ip)), e.b2.ip)


# ------------------------------ as an end


def test_as_an_end() -> None:
    """The interfaces of both sides, over this connection; an unknown one means nothing."""
    e = peered()
    g = ground(e)
    end = g.end(e.pcx)
    assert end is not None
    kept = (f"vpc_peering/{e.pcx}/carried {vpc}" for vpc in (e.v1, e.v2))
    assert end.through == (over(e), over(e, e.v2), *kept)
    starts = {start.node.split("/")[1] for start in end.starts}
    assert starts == {str(one.eni) for one in (e.a, e.b, e.b2)}
    assert g.end("pcx-0000000000000dead") is None


def test_as_an_end_with_one_side() -> None:
    """R-SHARE-4: with one side not in the snapshot there may be more than is known: a gap."""
    e = peered(account="444455556666")
    del e.scopes[("444455556666", "us-east-1")]
    end = ground(e).end(e.pcx)
    assert end is not None
    assert end.gap is not None
