"""Connect attachments: BGP with the peers, the transport, and the networks beyond."""

from __future__ import annotations

import pytest

from tests.aws.ground import answered, at, dropped, ground, packet, plain, sent, stages
from tests.estate import Id, Pair
from tests.estates.private import attach_vpc, connect, tgw_route, transit_gateway
from tests.traps.rows import allow, deny, unknown

HOST = "192.168.1.1"


def connected(*blocks: str, **how: object) -> tuple[Pair, Id, Id, Id]:
    """V1 on a transit gateway, and a Connect attachment over V1's, whose peers told blocks."""
    e = Pair()
    tgw = transit_gateway(e)
    transport = attach_vpc(e, tgw, e.v1, e.sa)
    made = connect(e, tgw, transport, **how)  # type: ignore[arg-type]
    for block in blocks or ("192.168.0.0/16",):
        tgw_route(e, tgw, block, made, kind="propagated")
    e.route(e.ta, "192.168.0.0/16", tgw)
    return e, tgw, transport, made


def test_stages() -> None:
    """With a session up it carries everything; what comes in is the attachment's."""
    e, tgw, _, made = connected()
    g = ground(e)
    assert plain(stages(g, f"transit_gateway_connect/{made}/out")) == [
        [f"any packet -> on_premises/{made}/hosts", "else drop"]
    ]
    assert plain(stages(g, f"transit_gateway_connect/{made}/in")) == [
        [f"any packet -> transit_gateway/{made}/in {tgw} -", "else drop"]
    ]


def test_there_and_back() -> None:
    """R-TGW-14: the networks that the peers have told lie beyond."""
    e, _, _, made = connected()
    g = ground(e)
    assert answered(g, sent(g, e.a, packet(e.a.ip, HOST)), HOST)
    allow(e, f"can {HOST} reach {e.a} port 22")
    allow(e, f"can {made} reach {e.a} port 22")
    deny(e, f"can {e.a} reach 172.31.1.1 port 22")


@pytest.mark.parametrize(
    ("up", "verdict"),
    [
        (("up", "up"), "reachable"),
        (("up", "down"), "reachable"),
        (("down", "down"), "unreachable"),
        ((), "undecided"),
    ],
)
def test_sessions(up: tuple[str, ...], verdict: str) -> None:
    """One BGP session with a peer is enough; without any in the answer nobody knows."""
    e, _, _, made = connected(up=up)
    for question in (f"can {e.a} reach {HOST} port 22", f"can {HOST} reach {e.a} port 22"):
        answer = e.ask(question)
        assert answer.verdict == verdict, question
        if verdict == "unreachable":
            assert {x.code for x in answer.explanations} == {"BAD_STATE_ATTACHMENT"}
            assert {x.resource for x in answer.explanations} == {made}


def test_a_peer_that_is_gone() -> None:
    """A deleted peer is no peer; without any the attachment carries nothing."""
    e, _, _, made = connected()
    (peer,) = e.scopes[e.home]["TransitGatewayConnectPeers"]
    peer["State"] = "deleted"
    there = at(ground(e), f"transit_gateway_connect/{made}/out", packet(e.a.ip, HOST))
    assert dropped(there) == (made, "BAD_STATE_ATTACHMENT")


def test_transport() -> None:
    """It works while the attachment that carries it does."""
    e, _, transport, made = connected()
    transport.record["State"] = "deleting"
    there = at(ground(e), f"transit_gateway_connect/{made}/out", packet(e.a.ip, HOST))
    assert dropped(there) == (transport, "BAD_STATE_ATTACHMENT")
    e, _, _, made = connected(state="pending")
    there = at(ground(e), f"transit_gateway_connect/{made}/in", packet(HOST, e.a.ip))
    assert dropped(there) == (made, "BAD_STATE_ATTACHMENT")


def test_missing_calls() -> None:
    """Law 2: without the peers nobody knows whether one is up; the other call adds a state."""
    e, _, _, made = connected()
    e.drop("TransitGatewayConnects")
    allow(e, f"can {e.a} reach {HOST} port 22")
    e.drop("TransitGatewayConnectPeers")
    unknown(e, f"can {e.a} reach {HOST} port 22", made)
    unknown(e, f"can {HOST} reach {e.a} port 22", made)
    deny(e, f"can {e.a} reach 172.31.1.1 port 22")


def test_nothing_shows() -> None:
    """R-VGW-3: what the peers told shows only where it is propagated."""
    e, tgw, _, made = connected()
    answer = e.scopes[e.home]["TransitGatewayRoutes"][0]
    answer["Routes"] = [r for r in answer["Routes"] if r["DestinationCidrBlock"] == "10.0.0.0/16"]
    (link,) = ground(e).links()
    assert link.gap is not None
    unknown(e, f"can {HOST} reach {e.a} port 22", made, one_way=True)
    answer = deny(e, f"can {e.a} reach {HOST} port 22")
    assert [one.resource for one in answer.explanations] == [tgw.table]


def test_a_peer_as_an_end() -> None:
    """The networks beyond its attachment."""
    e, _, _, _ = connected()
    peer = e.scopes[e.home]["TransitGatewayConnectPeers"][0]["TransitGatewayConnectPeerId"]
    allow(e, f"can {peer} reach {e.a} port 22")
    allow(e, f"can {e.a} reach {peer} port 22")
    deny(e, f"can {e.b} reach {peer} port 22", "NO_ROUTE_TO_DESTINATION")
    assert ground(e).end("tgw-connect-peer-0000000000000dead") is None


def test_a_session_whose_status_is_not_printed() -> None:
    """Beside one that is down it may be up."""
    e, _, _, made = connected(up=("down", "down"))
    (peer,) = e.scopes[e.home]["TransitGatewayConnectPeers"]
    deny(e, f"can {e.a} reach {HOST} port 22", "BAD_STATE_ATTACHMENT")
    del peer["ConnectPeerConfiguration"]["BgpConfigurations"][0]["BgpStatus"]
    unknown(e, f"can {e.a} reach {HOST} port 22", made)


def test_a_peer_of_no_attachment() -> None:
    """It is one of some attachment: nothing says that this one has none."""
    e, _, _, _ = connected()
    (peer,) = e.scopes[e.home]["TransitGatewayConnectPeers"]
    del peer["TransitGatewayAttachmentId"]
    unknown(e, f"can {e.a} reach {HOST} port 22", "TransitGatewayAttachmentId")
