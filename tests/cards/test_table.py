"""A route table's card: which routes any packet takes, and which others take for them."""

from __future__ import annotations

import reach
from reach.cards.card import Line
from tests.estate import Id, Pair


def lines(e: Pair, table: Id) -> dict[str, Line]:
    return {line.key: line for line in reach.describe(e.load(), table).lines}


def standings(e: Pair, table: Id) -> dict[str, str]:
    return {key: str(line.standing) for key, line in lines(e, table).items()}


def test_every_standing_of_routes() -> None:
    """Usable, a blackhole, and one whose two halves are both more specific."""
    e = Pair()
    gateway = e.online(e.ta)
    e.peered()
    e.route(e.ta, "10.2.0.0/17", e.pcx)
    e.route(e.ta, "10.2.128.0/17", e.pcx)
    e.route(e.ta, "10.3.0.0/16", "pcx-0123456789abcdef0")
    e.ta.record["Routes"][-1]["State"] = "blackhole"
    told = lines(e, e.ta)
    assert {key: str(line.standing) for key, line in told.items()} == {
        "10.0.0.0/16 -> local": "usable",
        f"0.0.0.0/0 -> {gateway}": "usable",
        f"10.2.0.0/16 -> {e.pcx}": "shadowed",
        f"10.2.0.0/17 -> {e.pcx}": "usable",
        f"10.2.128.0/17 -> {e.pcx}": "usable",
        "10.3.0.0/16 -> pcx-0123456789abcdef0": "blackhole",
    }
    assert told[f"10.2.0.0/16 -> {e.pcx}"].by == (
        f"10.2.0.0/17 -> {e.pcx}",
        f"10.2.128.0/17 -> {e.pcx}",
    )
    assert "packets come to it" in told["10.3.0.0/16 -> pcx-0123456789abcdef0"].reason


def test_a_better_route_of_the_same_prefix() -> None:
    """R-RT-5: a static route wins over a propagated one, which never takes a packet."""
    e = Pair()
    gateway = e.online(e.ta)
    vgw = "vgw-0123456789abcdef0"
    e.route(e.ta, "0.0.0.0/0", vgw, origin="EnableVgwRoutePropagation")
    told = lines(e, e.ta)
    beaten = told[f"0.0.0.0/0 -> {vgw}"]
    assert (str(beaten.standing), beaten.by) == ("shadowed", (f"0.0.0.0/0 -> {gateway}",))
    assert str(told[f"0.0.0.0/0 -> {gateway}"].standing) == "usable"


def test_a_propagated_route_within_the_local_one() -> None:
    """R-RT-6: the local route takes what is propagated inside it, more specific or not."""
    e = Pair()
    vgw = "vgw-0123456789abcdef0"
    e.route(e.ta, "10.0.7.0/24", vgw, origin="EnableVgwRoutePropagation")
    told = lines(e, e.ta)[f"10.0.7.0/24 -> {vgw}"]
    assert (str(told.standing), told.by) == ("shadowed", ("10.0.0.0/16 -> local",))


def test_a_table_that_nobody_uses() -> None:
    """The main table, when every subnet has one of its own: dead, for nothing uses it."""
    e = Pair()
    told = lines(e, e.v1.table)
    assert {(str(line.standing), line.reason) for line in told.values()} == {
        ("dead", "nothing uses it")
    }


def test_a_route_that_no_group_lets_packets_to() -> None:
    """The only sender may speak to 10.0.0.0/16 only: the way to the internet is dead; opened, it
    is usable."""
    for egress, standing in ((["all 10.0.0.0/16"], "dead"), (["all 0.0.0.0/0"], "usable")):
        e = Pair()
        gateway = e.online(e.ta)
        e.wear(e.a, e.group(e.v1, ingress=[], egress=egress))
        assert standings(e, e.ta)[f"0.0.0.0/0 -> {gateway}"] == standing


def test_replies_take_routes_too() -> None:
    """A may send nothing of its own, but answers the internet: its default route is usable."""
    e = Pair()
    gateway = e.online(e.ta)
    e.public(e.a, "198.51.100.7")
    e.wear(e.a, e.group(e.v1, ingress=["tcp/22 0.0.0.0/0"], egress=[]))
    told = lines(e, e.ta)[f"0.0.0.0/0 -> {gateway}"]
    assert str(told.standing) == "usable"
    assert told.passage is not None
    assert told.passage.reply


def test_a_route_by_a_list() -> None:
    """A list is shadowed iff all its entries are; one whose entries nobody knows is undecided."""
    e = Pair()
    gateway = e.online()
    listed = e.prefix_list("192.0.2.0/24", "198.51.100.0/24")
    e.route(e.ta, listed, gateway)
    e.route(e.ta, "192.0.2.0/25", gateway)
    e.route(e.ta, "192.0.2.128/25", gateway)
    key = f"{listed} -> {gateway}"
    assert standings(e, e.ta)[key] == "usable"
    e.route(e.ta, "198.51.100.0/25", gateway)
    e.route(e.ta, "198.51.100.128/25", gateway)
    e.loaded = None
    assert standings(e, e.ta)[key] == "shadowed"
    e.drop("ManagedPrefixListEntries")
    e.loaded = None
    assert standings(e, e.ta)[key] == "undecided"


def test_a_call_that_is_missing_kills_no_route() -> None:
    """The way to the internet that nobody takes: dead, and undecided if a sender may be hidden."""
    e = Pair()
    gateway = e.online(e.ta)
    e.wear(e.a, e.group(e.v1, ingress=[], egress=["all 10.0.0.0/16"]))
    assert standings(e, e.ta)[f"0.0.0.0/0 -> {gateway}"] == "dead"
    e.drop("NetworkInterfaces")
    assert standings(e, e.ta)[f"0.0.0.0/0 -> {gateway}"] == "undecided"


def test_an_edge_table() -> None:
    """What the internet sends in is routed by it: usable, by a packet from outside."""
    e = Pair()
    gateway = e.online(e.ta)
    e.public(e.a, "198.51.100.7")
    edge = e.table(e.v1, edge=gateway)
    told = lines(e, edge)["10.0.0.0/16 -> local"]
    assert str(told.standing) == "usable"
    assert told.passage is not None
    assert told.passage.source == "internet"


def test_the_table_of_a_regional_nat_gateway() -> None:
    """R-NAT-12: no subnet is in it, and yet what the gateway sends is routed by it."""
    e = Pair()
    nat = e.regional_nat(e.v1, {"a": "198.51.100.30"}, e.online())
    e.route(e.ta, "0.0.0.0/0", nat)
    told = lines(e, nat.table)
    assert {str(line.standing) for line in told.values()} >= {"usable"}
    assert not any(line.reason == "nothing uses it" for line in told.values())


def test_a_subnet_whose_owner_was_not_asked() -> None:
    """R-SHARE-3: a route for what nobody is seen to send is undecided, not dead."""
    e = Pair()
    gateway = e.online(e.ta)
    e.wear(e.a, e.group(e.v1, ingress=[], egress=["all 10.0.0.0/16"]))
    assert standings(e, e.ta)[f"0.0.0.0/0 -> {gateway}"] == "dead"
    for record in (e.v1.record, e.sa.record, e.sb.record):
        record["OwnerId"] = "999988887777"
    e.loaded = None
    assert standings(e, e.ta)[f"0.0.0.0/0 -> {gateway}"] == "undecided"
