"""What hangs on which gateway, and which prefixes show: joins, without any packet."""

from __future__ import annotations

import pytest

from reach.network.address import Prefix
from reach.snapshot.index import Index
from reach.snapshot.lines import (
    Lines,
    accepted_routes,
    interface_up,
    is_default,
    is_static,
    peer_up,
    tunnels_up,
)
from reach.snapshot.private_records import VirtualInterface, VpnConnection
from tests.estate import Id, Pair
from tests.estates.private import (
    associate,
    attach,
    connection,
    dx_gateway,
    gateway,
    learn,
    tgw_route,
    transit_gateway,
    virtual_interface,
)
from tests.traps.test_unmodelled import DIRECT_CONNECT


def lines(e: Pair) -> Lines:
    return Index(e.load()).lines


def the_connection(e: Pair, vpn: Id) -> VpnConnection:
    found: VpnConnection | None = e.load().get(VpnConnection, vpn)
    assert found is not None
    return found


def shown(prefixes: tuple[Prefix, ...]) -> list[str]:
    return [str(prefix) for prefix in prefixes]


@pytest.mark.parametrize(
    ("block", "default"),
    [
        ("0.0.0.0/0", True),
        ("128.0.0.0/1", True),
        ("10.0.0.0/8", False),
        ("::/0", True),
        ("2000::/3", True),
        ("2001:db8::/32", False),
    ],
)
def test_default_routes(block: str, default: bool) -> None:
    """Wider than any one network is "everything"."""
    assert is_default(Prefix.parse(block)) is default


@pytest.mark.parametrize(
    ("up", "state", "expected"),
    [
        ((True, False), "available", True),
        ((False, False), "available", False),
        (None, "available", None),
        ((True, True), "deleting", False),
    ],
)
def test_tunnels(up: tuple[bool, bool] | None, state: str, expected: bool | None) -> None:
    """One tunnel that is up is enough."""
    e = Pair()
    vpn = connection(e, gateway(e, e.v1), up=up, state=state)
    assert tunnels_up(the_connection(e, vpn)) is expected


def test_accepted_routes() -> None:
    """The most that a tunnel which is up has taken."""
    e = Pair()
    vpn = connection(e, gateway(e, e.v1), up=(True, False), accepted=3)
    assert accepted_routes(the_connection(e, vpn)) == 3
    vpn.record["VgwTelemetry"][0]["Status"] = "DOWN"
    assert accepted_routes(the_connection(e, vpn)) is None
    assert not is_static(the_connection(e, vpn))


def test_sessions_of_a_virtual_interface() -> None:
    """Each IP version by a session of its own."""
    e = Pair()
    vif = virtual_interface(e, dx_gateway(e), families=("ipv4", "ipv6"))
    vif.record["bgpPeers"][1]["bgpStatus"] = "down"
    found: VirtualInterface | None = e.load().get(VirtualInterface, vif)
    assert found is not None
    assert (peer_up(found, "ipv4"), peer_up(found, "ipv6")) == (True, False)
    assert interface_up(found) is True


def test_learned() -> None:
    """R-VGW-2: what stands in its tables, less what static routes told; whole where any table is
    propagated to at all."""
    e = Pair()
    vgw = gateway(e, e.v1)
    connection(e, vgw, static=["192.168.0.0/16"])
    assert lines(e).learned(vgw).whole is False
    learn(e, vgw, e.ta, "192.168.0.0/16", "172.16.0.0/12")
    learn(e, vgw, e.tb, "172.16.0.0/12", "10.128.0.0/9")
    told = lines(e).learned(vgw)
    assert (shown(told.prefixes), told.whole) == (["10.128.0.0/9", "172.16.0.0/12"], True)
    e.ta.record["Routes"][-1]["State"] = "blackhole"
    e.tb.record["Routes"].clear()
    assert shown(lines(e).learned(vgw).prefixes) == []


def test_learners() -> None:
    """Lines that speak BGP and have something to say; those that are down only if nobody else."""
    e = Pair()
    vgw = gateway(e, e.v1)
    connection(e, vgw, static=["192.168.0.0/16"])
    down = connection(e, vgw, up=(False, False))
    assert lines(e).learners(vgw) == (down,)
    connection(e, vgw, accepted=0)
    live = connection(e, vgw)
    assert lines(e).learners(vgw) == (live,)
    dx = dx_gateway(e)
    associate(e, dx, vgw, "10.0.0.0/16")
    assert lines(e).learners(vgw) == (live,)  # no interface of it is up
    virtual_interface(e, dx)
    direct = virtual_interface(e, vgw)
    assert set(lines(e).learners(vgw)) == {live, dx, direct}
    told = lines(e).told_by(vgw, live)
    assert (told.alone, lines(e).told_by(vgw, "vpn-other").prefixes) == (False, ())
    e.drop("VpnConnections")  # whichever lines are seen may have told what connections have not
    assert set(lines(e).learners(vgw)) == {dx, direct}


def test_a_line_that_is_down_is_the_last_resort() -> None:
    """Without the calls of Direct Connect, a shown prefix may be another line's."""
    e = Pair()
    vgw = gateway(e, e.v1)
    connection(e, vgw, up=(False, False))
    e.drop(*DIRECT_CONNECT)
    assert lines(e).learners(vgw) == ()


@pytest.mark.parametrize(("accepted", "more"), [(2, False), (1, True)])
def test_more_than_was_taken(accepted: int, more: bool) -> None:
    """More prefixes than the connections have taken: somebody else told them."""
    e = Pair()
    vgw = gateway(e, e.v1)
    connection(e, vgw, accepted=accepted)
    learn(e, vgw, e.ta, "192.168.0.0/16", "172.16.0.0/12")
    assert lines(e).has_more(vgw) is False  # Direct Connect was asked for: there is none
    e.drop(*DIRECT_CONNECT)
    assert lines(e).has_more(vgw) is more


def test_beyond_an_attachment() -> None:
    """Static routes, what it propagates, and prefix lists, where they are not blackholes."""
    e = Pair()
    tgw = transit_gateway(e)
    made = attach(e, tgw, "vpn", "vpn-0123456789abcdef0")
    listed = e.prefix_list("10.128.0.0/9")
    tgw_route(e, tgw, "192.168.0.0/16", made)
    assert lines(e).beyond(made).whole is False
    tgw_route(e, tgw, "172.16.0.0/12", made, kind="propagated")
    reference = {
        "TransitGatewayRouteTableId": str(tgw.table),
        "PrefixListId": str(listed),
        "State": "available",
        "Blackhole": False,
        "TransitGatewayAttachment": {"TransitGatewayAttachmentId": str(made)},
    }
    e.add("TransitGatewayPrefixListReferences", reference)
    told = lines(e).beyond(made)
    assert shown(told.prefixes) == ["10.128.0.0/9", "172.16.0.0/12", "192.168.0.0/16"]
    assert told.whole
    reference["Blackhole"] = True
    assert "10.128.0.0/9" not in shown(lines(e).beyond(made).prefixes)


def test_attachments() -> None:
    """By kind, by resource; what was deleted is none."""
    e = Pair()
    tgw = transit_gateway(e)
    one = attach(e, tgw, "vpn", "vpn-1")
    attach(e, tgw, "vpn", "vpn-2", state="deleted")
    found = [each.transit_gateway_attachment_id for each in lines(e).attachments("vpn")]
    assert found == [one]
    assert [each.resource_id for each in lines(e).attachments("vpn", "vpn-1")] == ["vpn-1"]
    assert lines(e).attachments("vpn", "vpn-2") == ()


def test_interfaces_that_do_not_show() -> None:
    """An attachment to an interface that is in no answer; or a call that was not made."""
    e = Pair()
    dx = dx_gateway(e)
    virtual_interface(e, dx)
    assert lines(e).unseen_interfaces(dx) is False
    e.scopes[e.home]["virtualInterfaces"].clear()
    assert lines(e).unseen_interfaces(dx) is True
    assert lines(e).carries(dx) is None
    e.scopes[e.home]["directConnectGatewayAttachments"].clear()
    assert lines(e).carries(dx) is False
    e.drop("directConnectGatewayAttachments")
    assert lines(e).carries(dx) is None
