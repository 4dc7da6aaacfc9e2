"""VPN connections: tunnels, what lies beyond them, and their outside addresses."""

from __future__ import annotations

import pytest

from reach.network.header_space import Ranges
from reach.trace import Fate
from tests.aws.ground import (
    answered,
    arrived,
    at,
    came,
    dropped,
    ground,
    packet,
    plain,
    replied,
    sent,
    stages,
)
from tests.estate import Id, Pair
from tests.estates.private import (
    attach,
    attach_vpc,
    connection,
    gateway,
    learn,
    tgw_route,
    transit_gateway,
)
from tests.traps.rows import EIP_A, allow, deny, unknown

HOST, SIX = "192.168.1.1", "2001:db8:9::1"
CALLER = "8.8.8.8"


def private(**how: object) -> tuple[Pair, Id, Id]:
    """A connection on V1's gateway, static to 192.168.0.0/16 unless told; SA routes there."""
    e = Pair(ipv6=bool(how.pop("ipv6", False)))
    vgw = gateway(e, e.v1)
    vpn = connection(e, vgw, **({"static": ["192.168.0.0/16"]} | how))  # type: ignore[arg-type]
    e.route(e.ta, "192.168.0.0/16", vgw)
    return e, vgw, vpn


def transit(
    *routes: str, kind: str = "static", ipv6: bool = False, **how: object
) -> tuple[Pair, Id, Id]:
    """A connection on a transit gateway that V1 is attached to, and routes to it."""
    e = Pair(ipv6=ipv6)
    tgw = transit_gateway(e)
    attach_vpc(e, tgw, e.v1, e.sa)
    vpn = connection(e, tgw, **how)  # type: ignore[arg-type]
    made = attach(e, tgw, "vpn", vpn)
    for block in routes:
        tgw_route(e, tgw, block, made, kind=kind)
        e.route(e.ta, block, tgw)
    return e, tgw, vpn


# ------------------------------ nodes


def test_stages_on_a_virtual_private_gateway() -> None:
    """R-VGW-8: IPv4 only, both ways; then on-premises, or the gateway."""
    e, vgw, vpn = private()
    g = ground(e)
    version = ["permit destination 0.0.0.0/0", f"else deny NO_PATH ({vpn} tunnels)"]
    assert plain(stages(g, f"vpn_connection/{vpn}/out")) == [
        version,
        [f"any packet -> on_premises/{vpn}/hosts", "else drop"],
    ]
    assert plain(stages(g, f"vpn_connection/{vpn}/in")) == [
        version,
        [f"any packet -> vpn_gateway/{vgw}/in", "else drop"],
    ]


def test_stages_on_a_transit_gateway() -> None:
    """What comes in is the attachment's, from no zone in particular."""
    e, tgw, vpn = transit("192.168.0.0/16")
    made = e.scopes[e.home]["TransitGatewayAttachments"][-1]["TransitGatewayAttachmentId"]
    g = ground(e)
    assert plain(stages(g, f"vpn_connection/{vpn}/in"))[-1] == [
        f"any packet -> transit_gateway/{made}/in {tgw} -",
        "else drop",
    ]
    assert g.attached("vpn", vpn, f"{made} {tgw}") == f"vpn_connection/{vpn}/out"


# ------------------------------ tunnels


@pytest.mark.parametrize(
    ("up", "state", "verdict"),
    [
        ((True, True), "available", "reachable"),
        ((True, False), "available", "reachable"),
        ((False, True), "available", "reachable"),
        ((False, False), "available", "unreachable"),
        ((True, True), "pending", "unreachable"),
        ((True, True), "deleting", "unreachable"),
        (None, "available", "undecided"),
    ],
)
@pytest.mark.parametrize("where", ["virtual private gateway", "transit gateway"])
def test_tunnels(where: str, up: tuple[bool, bool] | None, state: str, verdict: str) -> None:
    """R-VGW-4: one tunnel is enough; without telemetry nobody knows; the code is the gateway's."""
    if where == "transit gateway":
        e, _, vpn = transit("192.168.0.0/16", up=up, state=state)
    else:
        e, _, vpn = private(up=up, state=state)
    for question in (f"can {e.a} reach {HOST} port 22", f"can {HOST} reach {e.a} port 22"):
        answer = e.ask(question)
        assert answer.verdict == verdict, question
        if verdict == "unreachable":
            code = "BAD_STATE_VPN" if where.startswith("v") else "TGW_BAD_STATE_VPN"
            assert {(x.resource, x.code) for x in answer.explanations} == {(vpn, code)}
        if verdict == "undecided":
            assert vpn in answer.reason


def test_deleted() -> None:
    """A connection that was deleted is no line at all."""
    e, vgw, vpn = private(state="deleted")
    assert ground(e).links() == ()
    there = sent(ground(e), e.a, packet(e.a.ip, HOST))
    assert dropped(there) == (vgw, "NO_POSSIBLE_DESTINATION")
    deny(e, f"can {vpn} reach {e.a} port 22", "BAD_STATE_VPN")


# ------------------------------ what lies beyond


def test_static_routes() -> None:
    """R-VGW-3: its own routes, those that are settled."""
    e, vgw, vpn = private(static=["192.168.0.0/16", "172.16.0.0/12"])
    vpn.record["Routes"][1]["State"] = "deleting"
    (link,) = ground(e).links()
    assert (link.resource, link.gap) == (vpn, None)
    assert str(link.beyond) == str(Ranges.prefixes(()) | link.beyond)
    (uplink,) = ground(e).uplinks(vgw)
    assert [str(prefix) for prefix in uplink.prefixes] == ["192.168.0.0/16"]


def test_static_routes_without_the_option() -> None:
    """Older answers say nothing of StaticRoutesOnly: routes of its own show it."""
    e, vgw, vpn = private()
    del vpn.record["Options"]["StaticRoutesOnly"]
    (uplink,) = ground(e).uplinks(vgw)
    assert [str(prefix) for prefix in uplink.prefixes] == ["192.168.0.0/16"]
    allow(e, f"can {e.a} reach {HOST} port 22")


@pytest.mark.parametrize(
    ("accepted", "shown", "known", "gap"),
    [(1, True, 1, False), (0, False, 0, False), (1, False, 0, True), (3, True, 1, True)],
)
def test_bgp(accepted: int, shown: bool, known: int, gap: bool) -> None:
    """R-VGW-3: what is propagated, as many as the tunnels have taken; else there is a gap."""
    e, vgw, _ = private(static=None, accepted=accepted)
    if shown:
        learn(e, vgw, e.tb, "192.168.0.0/16")
    (uplink,) = ground(e).uplinks(vgw)
    assert (len(uplink.prefixes), uplink.gap is not None) == (known, gap)


def test_a_static_transit_route_is_not_filtered() -> None:
    """R-TGW-15: what a route table sends it goes out, whatever BGP has told or the connection's
    own static routes say."""
    e, _, _ = transit("172.16.0.0/12", static=["192.168.0.0/16"])
    allow(e, f"can {e.a} reach 172.31.1.1 port 22")
    allow(e, f"can 172.31.1.1 reach {e.a} port 22")
    e, _, _ = transit("172.16.0.0/12", accepted=0)
    allow(e, f"can {e.a} reach 172.31.1.1 port 22")
    deny(e, f"can {e.a} reach {HOST} port 22")


def test_propagated_transit_routes() -> None:
    """What it propagates lies beyond it; if less shows than was taken, there is more."""
    e, _, vpn = transit("192.168.0.0/16", kind="propagated")
    (link,) = ground(e).links()
    assert link.gap is None
    allow(e, f"can {e.a} reach {HOST} port 22")
    e, _, vpn = transit("192.168.0.0/16", kind="propagated", accepted=2)
    (link,) = ground(e).links()
    assert link.gap is not None
    assert link.gap.resource == vpn
    allow(e, f"can {HOST} reach {e.a} port 22")
    unknown(e, f"can 172.31.1.1 reach {e.a} port 22", vpn, one_way=True)


def test_only_propagations_are_known() -> None:
    """R-TGW-6: which prefixes it propagates is not said by the propagation."""
    e, tgw, vpn = transit()
    made = e.scopes[e.home]["TransitGatewayAttachments"][-1]["TransitGatewayAttachmentId"]
    vpc = e.scopes[e.home]["TransitGatewayAttachments"][0]["TransitGatewayAttachmentId"]
    del e.scopes[e.home]["TransitGatewayRoutes"]
    enabled = [("vpc", vpc, e.v1), ("vpn", made, vpn)]
    e.add(
        "TransitGatewayPropagations",
        {
            "TransitGatewayRouteTableId": str(tgw.table),
            "TransitGatewayRouteTablePropagations": [
                {
                    "TransitGatewayAttachmentId": attachment,
                    "ResourceId": str(resource),
                    "ResourceType": kind,
                    "State": "enabled",
                }
                for kind, attachment, resource in enabled
            ],
        },
    )
    e.add(
        "TransitGatewayStaticRoutes",
        {"TransitGatewayRouteTableId": str(tgw.table), "Routes": []},
    )
    e.route(e.ta, "192.168.0.0/16", tgw)
    unknown(e, f"can {e.a} reach {HOST} port 22")
    unknown(e, f"can {HOST} reach {e.a} port 22", vpn)


def test_an_attachment_without_its_connection() -> None:
    """Law 2: another account's connection, or one that was not asked for."""
    e, _, vpn = transit("192.168.0.0/16", kind="propagated")
    e.drop("VpnConnections")
    for question in (f"can {e.a} reach {HOST} port 22", f"can {HOST} reach {e.a} port 22"):
        unknown(e, question, vpn)
    deny(e, f"can {e.a} reach 172.31.1.1 port 22")


def test_a_connection_without_its_attachment() -> None:
    """What it is attached to is not known: nothing is certain of what comes in."""
    e, _, vpn = transit("192.168.0.0/16", kind="propagated")
    e.scopes[e.home]["TransitGatewayAttachments"].pop()
    there = at(ground(e), f"vpn_connection/{vpn}/in", packet(HOST, e.a.ip))
    assert (there.fate, there.origin.resource) == (Fate.UNMODELLED, vpn)


def test_a_concentrator_is_not_modelled() -> None:
    """What comes by a VPN concentrator is doubted."""
    e, tgw, _ = transit()
    made = attach(e, tgw, "vpn-concentrator", "vcn-0123456789abcdef0")
    tgw_route(e, tgw, "192.168.0.0/16", made, kind="propagated")
    e.route(e.ta, "192.168.0.0/16", tgw)
    unknown(e, f"can {e.a} reach {HOST} port 22", "vcn-0123456789abcdef0")
    unknown(e, f"can {HOST} reach {e.a} port 22", "vcn-0123456789abcdef0")


# ------------------------------ what it carries


def test_ipv4_only_on_a_virtual_private_gateway() -> None:
    """R-VGW-8: even if a prefix of the other kind is known."""
    e, _vgw, vpn = private(ipv6=True)
    there = at(ground(e), f"vpn_connection/{vpn}/out", packet(e.a.ip6, SIX))
    assert dropped(there) == (vpn, "NO_PATH")
    vpn.record["Options"]["TunnelInsideIpVersion"] = "ipv6"  # not on this kind of gateway
    assert dropped(at(ground(e), f"vpn_connection/{vpn}/out", packet(e.a.ip6, SIX)))[0] == vpn


@pytest.mark.parametrize(("version", "carried"), [("ipv4", HOST), ("ipv6", SIX)])
def test_the_version_of_the_tunnels(version: str, carried: str) -> None:
    """R-VGW-8: on a transit gateway the tunnels carry one IP version."""
    e, _, vpn = transit(ipv6=True)
    vpn.record["Options"]["TunnelInsideIpVersion"] = version
    g = ground(e)
    for host, own in ((HOST, e.a.ip), (SIX, e.a.ip6)):
        there = at(g, f"vpn_connection/{vpn}/out", packet(own, host))
        if host == carried:
            assert arrived(there, host)
        else:
            assert dropped(there) == (vpn, "NO_PATH")


@pytest.mark.parametrize(
    ("side", "block", "out", "back"),
    [
        ("LocalIpv4NetworkCidr", "192.168.0.0/24", "destination", "source"),
        ("RemoteIpv4NetworkCidr", "10.0.1.0/24", "source", "destination"),
    ],
)
def test_blocks_that_may_talk(side: str, block: str, out: str, back: str) -> None:
    """The local block is on-premises, the remote one AWS's: mirrored on the way back."""
    e, _, vpn = private()
    vpn.record["Options"][side] = block
    g = ground(e)
    for part, expected in (("out", out), ("in", back)):
        (line,) = (s for s in plain(stages(g, f"vpn_connection/{vpn}/{part}")) if block in s[0])
        assert line[0] == f"permit {expected} {block}"
    deny(e, f"can {e.a} reach {HOST} port 22", "NO_PATH")
    vpn.record["Options"][side] = "0.0.0.0/0"
    allow(e, f"can {e.a} reach {HOST} port 22")


# ------------------------------ outside addresses


def test_outside_addresses() -> None:
    """R-OBS-8: a tunnel's outside address answers a ping and nothing else."""
    e, _, vpn = private()
    g = ground(e)
    ping = came(g, packet(CALLER, "203.0.113.20", "icmp/8"))
    assert ping.owner == f"vpn_connection/{vpn}"
    assert answered(g, ping, "203.0.113.20")
    for what in ("tcp/22", "udp/53", "icmp/13", "50"):
        silent = came(g, packet(CALLER, "203.0.113.21", what))
        assert dropped(silent) == (vpn, "PROTOCOL_RESTRICTION")
    e.online(e.ta)
    e.public(e.a, EIP_A)
    allow(e, f"can {e.a} reach 203.0.113.20 icmp")
    deny(e, f"can {e.a} reach 203.0.113.20 port 443")
    allow(e, f"can {e.a} reach 203.0.113.99 port 443")  # the customer gateway's: some host's
    deny(e, f"can 203.0.113.20 reach {e.a} port 22", "NO_SOURCE_OR_DESTINATION")


def test_outside_addresses_of_a_deleted_connection() -> None:
    """R-OBS-3: nobody's, and no host on the internet has them."""
    e, _, vpn = private(state="deleted")
    there = came(ground(e), packet(CALLER, "203.0.113.20", "icmp/8"))
    assert dropped(there) == (vpn, "NO_PATH")


def test_private_outside_addresses() -> None:
    """A private VPN's outside addresses are no addresses on the internet."""
    e, _, _ = transit("192.168.0.0/16", outside=("10.99.0.1", "10.99.0.2"))
    assert [r for r in ground(e).announcements() if "outside" in r.next] == []


# ------------------------------ as an end


def test_as_an_end() -> None:
    """On-premises by way of it; another connection on the same gateway does not count."""
    e, vgw, vpn = private()
    other = connection(e, vgw, static=["172.16.0.0/12"], outside=("203.0.113.30", "203.0.113.31"))
    allow(e, f"can {vpn} reach {e.a} port 22")
    allow(e, f"can {e.a} reach {vpn} port 22")
    deny(e, f"can {e.a} reach {other} port 22")
    e.route(e.ta, "172.16.0.0/12", vgw)
    allow(e, f"can {e.a} reach {other} port 22")
    assert ground(e).end("vpn-0000000000000dead") is None
    g = ground(e)
    there = sent(g, e.a, packet(e.a.ip, HOST))
    assert replied(g, there).fate is Fate.DELIVERED
