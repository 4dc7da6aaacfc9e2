"""Transit gateway route tables: which route wins, and what is known of a table at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from ipaddress import ip_address, ip_network
from random import Random
from typing import Any

import pytest

import reach
from reach.network.address import parse_address
from reach.network.field import Header
from reach.trace import Fate, Trace
from tests.aws.ground import at, dropped, ground, nodes, packet, plain, sent, stages
from tests.estate import Id, Pair, Record, load_files
from tests.estates.transit import (
    Hub,
    associate,
    attach,
    attachment,
    found,
    joined,
    listed,
    propagate,
    searched,
    static,
    table,
)

BLACKHOLE = "TGW_RTB_BAD_STATE_ROUTE"
UNKNOWN = "TGW_RTB_ROUTES_ARE_UNKNOWN"
NONE = "TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT"
QUESTION = "can {a} reach {b2} port 80"


def pair(**how: Any) -> tuple[Pair, Hub]:
    e = Pair(**how)
    return e, joined(e)


def verdict(e: Pair, question: str = QUESTION, **options: str) -> str:
    chosen = {name.replace("_", "-"): value for name, value in options.items()}
    asked = question.format(a=e.a, b=e.b, b2=e.b2)
    return str(reach.ask(e.load(), asked, options=chosen).verdict.value)


def lookup(h: Hub, zone: str = "use1-az1", of: Id | None = None) -> str:
    return f"transit_gateway_route_table/{of or h.tgw.table}/lookup {h.tgw} {zone}"


def routes(e: Pair, h: Hub) -> list[str]:
    """The table as it is looked up, a line for each route."""
    return plain(stages(ground(e), lookup(h)))[0]


def out(h: Hub, attached: Id, zone: str = "use1-az1") -> str:
    return f"transit_gateway/{attached}/out {h.tgw} {zone}"


# ------------------------------ reading


def test_nodes() -> None:
    """Longest prefix first, a blackhole in its place, and no default."""
    e, h = pair()
    static(e, h.tgw.table, "10.2.7.0/24")
    static(e, h.tgw.table, "0.0.0.0/0", h.two)
    assert routes(e, h) == [
        f"destination 10.2.7.0/24 -> drop {BLACKHOLE} ({h.tgw.table} route 10.2.7.0/24)",
        f"destination 10.0.0.0/16 -> {out(h, h.one)}",
        f"destination 10.2.0.0/16 -> {out(h, h.two)}",
        f"destination 0.0.0.0/0 -> {out(h, h.two)}",
        f"else drop {NONE} ({h.tgw.table})",
    ]


def whole(e: Pair, h: Hub) -> Record:
    return searched(e, h.tgw.table, [found("10.0.0.0/16", h.one), found("10.2.0.0/16", h.two)])


def test_a_search_for_all_types() -> None:
    """R-TGW-4: TransitGatewayRoutes tells what static routes and propagations tell."""
    e, h = pair()
    told = routes(e, h)
    whole(e, h)
    assert routes(e, h) == told
    assert verdict(e) == "reachable"


def test_a_bare_answer() -> None:
    """A file that is one search's answer, with its table's id added."""
    e, h = pair()
    answer = whole(e, h)
    e.scopes[e.home].pop("TransitGatewayRoutes")
    files = {**e.files(), "us-east-1/routes.json": json.dumps(answer)}
    question = QUESTION.format(a=e.a, b2=e.b2)
    assert reach.ask(load_files(files), question).verdict == "reachable"
    answer["Routes"] = answer["Routes"][:1]
    files["us-east-1/routes.json"] = json.dumps(answer)
    assert reach.ask(load_files(files), question).verdict == "unreachable"
    answer["AdditionalRoutesAvailable"] = True
    files["us-east-1/routes.json"] = json.dumps(answer)
    assert reach.ask(load_files(files), question).verdict == "undecided"


def test_an_answer_without_its_table() -> None:
    """Routes of nobody knows which table are an error that says what to do."""
    e, h = pair()
    answer = whole(e, h)
    e.scopes[e.home].pop("TransitGatewayRoutes")
    orphan = json.dumps({"Routes": answer["Routes"], "AdditionalRoutesAvailable": False})
    snapshot = load_files({**e.files(), "us-east-1/routes.json": orphan})
    errors = [str(d) for d in snapshot.diagnostics if d.severity == "error"]
    assert len(errors) == 1
    assert "TransitGatewayRoutes" in errors[0]


def test_pages_of_one_answer() -> None:
    """Two pages of a search are one table, when the last is there."""
    e, h = pair()
    answer = whole(e, h)
    first = {**answer, "Routes": answer["Routes"][:1], "NextToken": "eyJ2IjoiMSJ9"}
    second = {**answer, "Routes": answer["Routes"][1:]}
    e.scopes[e.home]["TransitGatewayRoutes"] = [first, second]
    assert verdict(e) == "reachable"
    e.scopes[e.home]["TransitGatewayRoutes"] = [first]
    assert verdict(e) == "undecided"


@pytest.mark.parametrize(
    "call", ["TransitGatewayStaticRoutes", "TransitGatewayPropagations", "TransitGatewayRoutes"]
)
def test_a_table_whose_routes_are_not_known(call: str) -> None:
    """Law 2: a missing answer, or an answer for another table only, leaves a table unknown."""
    for drop in (True, False):
        e, h = pair()
        if call == "TransitGatewayRoutes":
            whole(e, h)
        if drop:
            e.drop(call)
        else:
            e.scopes[e.home][call] = []
        g = ground(e)
        trace = at(g, lookup(h), packet(e.a.ip, e.b2.ip))
        assert (trace.fate, trace.origin.code) == (Fate.UNMODELLED, UNKNOWN)
        assert verdict(e) == "undecided"


def test_more_routes_than_are_printed() -> None:
    """AdditionalRoutesAvailable, or a token: the whole table is not known."""
    for key, value in (("AdditionalRoutesAvailable", True), ("NextToken", "x")):
        e, h = pair()
        e.scopes[e.home]["TransitGatewayStaticRoutes"][0][key] = value
        assert at(ground(e), lookup(h), packet(e.a.ip, e.b2.ip)).origin.code == UNKNOWN
        assert verdict(e) == "undecided"


# ------------------------------ which one wins


def test_order_of_kinds() -> None:
    """R-TGW-4: static, prefix list, VPC, Direct Connect gateway, Connect, VPN, VPN Concentrator,
    Client VPN, peering."""
    kinds = (
        "vpc",
        "direct-connect-gateway",
        "connect",
        "vpn",
        "vpn-concentrator",
        "client-vpn",
        "peering",
    )
    e, h = pair()
    others = [
        attachment(e, h.tgw, kind, f"resource-of-{kind}", associated=False, into=())
        for kind in kinds
    ]
    candidates = [found("10.9.0.0/16", each) for each in others]
    named = found("10.9.0.0/16", others[-1])
    named["PrefixListId"] = e.prefix_list("10.9.0.0/16")
    ranked = [found("10.9.0.0/16", others[-1], kind="static"), named, *candidates]
    answer = searched(e, h.tgw.table, [])
    for first in range(len(ranked)):
        for shuffled in (ranked[first:], ranked[first:][::-1]):
            answer["Routes"] = shuffled
            expected = others[max(0, first - 2)] if first >= 2 else others[-1]
            assert f"destination 10.9.0.0/16 -> {out(h, expected)}" in routes(e, h)


def test_a_static_route_wins_over_a_propagated_one() -> None:
    """R-TGW-4, R-TGW-15: of equal prefixes."""
    e, h = pair()
    static(e, h.tgw.table, "10.2.0.0/16", h.one)
    assert f"destination 10.2.0.0/16 -> {out(h, h.one)}" in routes(e, h)
    assert verdict(e) == "unreachable"


def test_a_longer_propagated_route_wins_over_a_static_one() -> None:
    """R-TGW-4."""
    e, h = pair()
    static(e, h.tgw.table, "10.0.0.0/8")
    assert verdict(e) == "reachable"


def test_the_state_of_a_route() -> None:
    """R-TGW-5: only what is active forwards, a blackhole drops; of others nothing is known."""
    for state, expected in (
        ("active", "reachable"),
        ("blackhole", "unreachable"),
        ("pending", "undecided"),
        ("deleting", "undecided"),
        ("deleted", "unreachable"),
    ):
        e, h = pair()
        answer = whole(e, h)
        answer["Routes"][1]["State"] = state
        assert verdict(e) == expected, state


def test_a_route_that_is_deleted_beats_nothing() -> None:
    """R-TGW-4, API (TransitGatewayRouteState): it is listed for a while, and is not there."""
    e, h = pair()
    answer = whole(e, h)
    gone = {**answer["Routes"][1], "DestinationCidrBlock": "10.2.0.0/24", "State": "deleted"}
    answer["Routes"].append(gone)
    assert verdict(e) == "reachable"


def test_the_same_attachment_twice() -> None:
    """A VPN shows once for each tunnel; that is one way, with nothing to assume."""
    e, h = pair()
    answer = whole(e, h)
    answer["Routes"][1]["TransitGatewayAttachments"] *= 2
    asked = e.ask(QUESTION.format(a=e.a, b2=e.b2))
    assert (asked.verdict, asked.assumptions) == ("reachable", ())


def test_several_attachments_of_one_route() -> None:
    """R-TGW-13: which of equal paths is taken, nothing tells."""
    e, h = pair()
    vpn = attachment(e, h.tgw, "vpn", "vpn-0123456789abcdef0")
    answer = whole(e, h)
    answer["Routes"][1] = found("10.2.0.0/16", vpn, h.two)
    may = f"transit_gateway_route_table/{h.tgw.table}/may {h.tgw} use1-az1 10.2.0.0/16"
    assert f"destination 10.2.0.0/16 -> {may}" in routes(e, h)
    assert plain(stages(ground(e), may)) == [
        [f"may -> {out(h, vpn)}", f"may -> {out(h, h.two)}"],
    ]
    asked = e.ask(QUESTION.format(a=e.a, b2=e.b2))
    assert asked.verdict == "reachable"
    assert "of several equal routes" in asked.assumptions[0].text


# ------------------------------ prefix lists


def test_a_prefix_list_entry_by_entry() -> None:
    """R-TGW-7: a search prints a route for each entry, with the list's id."""
    e, h = pair()
    answer = whole(e, h)
    answer["Routes"][1]["PrefixListId"] = "pl-0nothing0is0known0"
    assert verdict(e) == "reachable"  # what the list holds need not be known


def test_a_prefix_list_as_one_route() -> None:
    """R-TGW-7: without a block its entries are looked up."""
    for known in (True, False):
        e, h = pair()
        answer = whole(e, h)
        blocks = e.prefix_list("10.2.0.0/17", "10.2.128.0/17")
        answer["Routes"][1] |= {"PrefixListId": blocks}
        del answer["Routes"][1]["DestinationCidrBlock"]
        if not known:
            e.scopes[e.home]["ManagedPrefixListEntries"] = []
        assert verdict(e) == ("reachable" if known else "undecided")


def test_references_beside_static_routes() -> None:
    """R-TGW-7: lists win over what is propagated, lose to static routes, and may be blackholes."""
    e, h = pair()
    blocks = e.prefix_list("10.2.0.0/16", "10.4.0.0/16")
    reference = listed(e, h.tgw.table, blocks, None)
    locator = f"{h.tgw.table} route {blocks}"
    assert f"destination 10.2.0.0/16 -> drop {BLACKHOLE} ({locator})" in routes(e, h)
    assert verdict(e) == "unreachable"
    static(e, h.tgw.table, "10.2.0.0/16", h.two)
    assert verdict(e) == "reachable"
    assert f"destination 10.4.0.0/16 -> drop {BLACKHOLE} ({locator})" in routes(e, h)
    static(e, h.tgw.table, "10.2.0.0/16")
    reference["State"] = "modifying"
    assert verdict(e) == "unreachable"
    assert verdict(e, "can {a} reach 10.4.0.5 port 80") == "unreachable"  # no route of V1's
    e.route(e.ta, "10.4.0.0/16", h.tgw)
    assert verdict(e, "can {a} reach 10.4.0.5 port 80") == "undecided"


def test_references_that_nobody_asked_for() -> None:
    """Law 2: they count as missing where there is a list that they could name."""
    e, h = pair()
    e.drop("TransitGatewayPrefixListReferences")
    e.service_list("s3")
    assert verdict(e) == "reachable"
    e.prefix_list("10.2.0.0/16")
    assert verdict(e) == "undecided"
    assert at(ground(e), lookup(h), packet(e.a.ip, e.b2.ip)).origin.code == UNKNOWN
    whole(e, h)
    assert verdict(e) == "reachable"


# ------------------------------ propagation


def test_ipv6_is_propagated_with_ipv6_support() -> None:
    """R-TGW-6, R-TGW-16."""
    e = Pair(ipv6=True)
    h = joined(e, ipv6=True)
    assert "destination 2600:1f18:2b00:200::/56" in " ".join(routes(e, h))
    assert verdict(e, "can {a} reach " + e.b2.ip6 + " port 80") == "reachable"
    e, h = pair(ipv6=True)
    assert "2600" not in " ".join(routes(e, h))
    e.drop("TransitGatewayVpcAttachments")
    assert at(ground(e), lookup(h), packet(e.a.ip, e.b2.ip)).origin.code == UNKNOWN


def test_secondary_blocks_are_propagated() -> None:
    """R-TGW-6: all blocks of a VPC."""
    e = Pair()
    e.v1.record["CidrBlockAssociationSet"].append(
        {"CidrBlock": "100.64.0.0/16", "CidrBlockState": {"State": "associated"}}
    )
    h = joined(e)
    assert f"destination 100.64.0.0/16 -> {out(h, h.one)}" in routes(e, h)


def test_propagation_and_association_are_independent() -> None:
    """R-TGW-6: into tables that the attachment is not associated with, and not into its own."""
    e, h = pair()
    other = table(e, h.tgw, "other")
    associate(e, h.one, other)
    assert verdict(e) == "unreachable"
    propagate(e, h.two, other)
    assert verdict(e) == "reachable"
    e.scopes[e.home]["TransitGatewayPropagations"][1]["TransitGatewayRouteTablePropagations"][0][
        "State"
    ] = "disabled"
    assert verdict(e) == "unreachable"


@pytest.mark.parametrize("kind", ["vpn", "direct-connect-gateway", "connect", "peering"])
def test_what_others_propagate_is_not_known(kind: str) -> None:
    """Law 2: any destination may have a longer prefix of theirs."""
    e, h = pair()
    other = attachment(e, h.tgw, kind, f"{kind}-0123456789abcdef0", into=[h.tgw.table])
    assert verdict(e) == "undecided"
    searched(e, h.tgw.table, [found("10.2.0.0/16", h.two), found("10.0.0.0/16", h.one)])
    assert verdict(e) == "reachable"
    assert other


def test_network_functions_propagate_nothing() -> None:
    """R-TGW-19: only static routes lead to them."""
    e, h = pair()
    attachment(e, h.tgw, "network-function", "arn:of-a-firewall", into=[h.tgw.table])
    assert verdict(e) == "reachable"


def third(e: Pair, h: Hub, cidr: str, *more: str, **how: Any) -> Id:
    v3 = e.vpc(cidr, *more, name="v3")
    block = str(next(ip_network(cidr).subnets(new_prefix=28)))
    return attach(e, h.tgw, v3, [e.subnet(v3, block, "a")], **how)


LATER, EARLIER = "2024-06-01T00:00:00+00:00", "2024-04-01T00:00:00+00:00"


@pytest.mark.parametrize("cidr", ["10.2.0.0/16", "10.2.0.0/24", "10.0.0.0/8"])
def test_blocks_that_overlap_an_earlier_one(cidr: str) -> None:
    """R-TGW-6: a block equal to or overlapping an attached one is not propagated."""
    e, h = pair()
    three = third(e, h, cidr, created=LATER)
    assert f"destination 10.2.0.0/16 -> {out(h, h.two)}" in routes(e, h)
    assert not [line for line in routes(e, h) if three in line]
    assert verdict(e) == "reachable"


def test_an_earlier_block_wins() -> None:
    """R-TGW-6: whatever the ids, the earlier attachment stays."""
    e, h = pair()
    three = third(e, h, "10.2.0.0/16", created=EARLIER)
    assert f"destination 10.2.0.0/16 -> {out(h, three)}" in routes(e, h)


def test_times_that_are_not_known() -> None:
    """Law 2: which of two came first is not guessed."""
    e, h = pair()
    third(e, h, "10.2.0.0/16", created=LATER)
    for call in ("TransitGatewayAttachments", "TransitGatewayVpcAttachments"):
        for record in e.scopes[e.home][call]:
            del record["CreationTime"]
    assert verdict(e) == "undecided"


def test_an_earlier_one_that_propagates_elsewhere() -> None:
    """R-TGW-6: no page says whether an overlap counts that stands in another table."""
    e, h = pair()
    third(e, h, "10.2.0.0/16", created=EARLIER, into=())
    assert verdict(e) == "undecided"
    assert verdict(e, "can {b2} reach {a} port 80") == "undecided"  # its reply


def test_other_blocks_of_an_overlapping_vpc() -> None:
    """R-TGW-6: no page says whether the rest of such a VPC is propagated."""
    e, h = pair()
    third(e, h, "10.2.0.0/16", "10.7.0.0/16", created=LATER)
    unsettled = f"transit_gateway_route_table/{h.tgw.table}/unsettled 10.7.0.0/16"
    assert f"destination 10.7.0.0/16 -> {unsettled}" in routes(e, h)
    assert verdict(e) == "reachable"


# ------------------------------ back into the attachment


def there_and_back() -> tuple[Pair, Hub, Id]:
    """V9 is peered with V1, whose attachment subnet leads there: A's way to V9 is by the gateway
    and back into V1."""
    e = Pair()
    t = e.subnet(e.v1, "10.0.8.0/28", "a")
    h = joined(e, [t])
    v9 = e.vpc("10.9.0.0/16", name="v9")
    b9 = e.instance("b9", e.subnet(v9, "10.9.0.0/24"), "10.9.0.5")
    pcx = e.peering(e.v1, v9)
    e.route(v9.table, "10.0.0.0/16", pcx)
    e.route(e.table(e.v1, [t]), "10.9.0.0/16", pcx)
    e.route(e.ta, "10.9.0.0/16", h.tgw)
    static(e, h.tgw.table, "10.9.0.0/16", h.one)
    return e, h, b9


def test_a_hairpin_is_a_may() -> None:
    """U-9: back into the attachment that it came from: assumed, and said."""
    e, h, b9 = there_and_back()
    g = ground(e)
    enter = f"transit_gateway_route_table/{h.tgw.table}/enter {h.tgw} {h.one} use1-az1"
    hairpin = enter.replace("/enter", "/hairpin")
    assert plain(stages(g, enter))[0] == [
        f"destination 10.0.0.0/16, 10.9.0.0/16 -> {hairpin}",
    ]
    asked = e.ask(f"can {e.a} reach {b9} port 80")
    assert asked.verdict == "reachable"
    assert [each.text for each in asked.assumptions] == [
        "assumed: a packet may go back into the attachment that it came from"
    ]
    assert "transit-gateway-hairpin" in {note.resource for note in asked.notes}
    other = e.ask(f"can {e.a} reach {e.b2} port 80")
    assert (other.verdict, other.assumptions) == ("reachable", ())


def test_hairpins_denied() -> None:
    """U-9, read narrowly: the table refuses, under the option's name."""
    e, h, b9 = there_and_back()
    denied = {"transit-gateway-hairpin": "deny"}
    asked = reach.ask(e.load(), f"can {e.a} reach {b9} port 80", options=denied)
    assert (asked.verdict, asked.explanations[0].resource) == ("unreachable", h.tgw.table)
    assert "transit-gateway-hairpin" in {note.resource for note in asked.notes}
    assert verdict(e, transit_gateway_hairpin="deny") == "reachable"


def test_a_route_back_to_an_address_that_is_not_there() -> None:
    """R-TGW-11: the gateway sends it back, the VPC sends it again: it gets nowhere."""
    e, h = pair()
    static(e, h.tgw.table, "192.168.0.0/16", h.one)
    for routed in (e.ta, e.tb):
        e.route(routed, "192.168.0.0/16", h.tgw)
    assert verdict(e, "can {a} reach 192.168.1.1 port 80") == "unreachable"


def test_only_what_the_table_really_sends_back() -> None:
    """U-9: a longer route to elsewhere inside a route back is none."""
    e, h = pair()
    static(e, h.tgw.table, "0.0.0.0/0", h.one)
    static(e, h.tgw.table, "10.0.4.0/24", h.two)
    enter = f"transit_gateway_route_table/{h.tgw.table}/enter {h.tgw} {h.one} -"
    g = ground(e)
    back = {
        address: "/hairpin" in nodes(at(g, enter, packet("10.0.0.5", address)))[1]
        for address in ("10.0.3.9", "10.0.4.9", "10.0.5.9", "10.2.0.5", "10.3.0.1")
    }
    assert list(back.values()) == [True, False, True, False, True]


# ------------------------------ laws


Table = list[tuple[str, str]]  # destination, and the attachment's name or "" for a blackhole


def random_table(random: Random) -> Table:
    made: dict[str, str] = {}
    for _ in range(random.randrange(1, 14)):
        length = random.choice((0, 8, 9, 12, 16, 20, 24, 30, 32))
        address = ip_address(0x0A000000 | random.getrandbits(24))
        block = ip_network(f"{address}/{length}", strict=False)
        made[str(block)] = random.choice(("one", "two", "three", ""))
    return list(made.items())


def of_table(given: Table) -> tuple[Callable[[str], Trace], Hub]:
    """How a table treats a destination, from the lookup on; `three` is an unseen VPN."""
    e = Pair()
    h = joined(e)
    three = attachment(e, h.tgw, "vpn", "vpn-0123456789abcdef0", associated=False)
    through = {"one": h.one, "two": h.two, "three": three}
    made = [
        found(block, through[name], kind="static")
        if name
        else {"DestinationCidrBlock": block, "State": "blackhole", "Type": "static"}
        for block, name in given
    ]
    searched(e, h.tgw.table, made)
    g = ground(e)
    names = {str(each): name for name, each in through.items()}

    def look(destination: str) -> Trace:
        return at(g, lookup(h), Header(parse_address("10.0.0.5"), parse_address(destination), 6))

    look.names = names  # type: ignore[attr-defined]
    return look, h


def onward(look: Callable[[str], Trace], destination: str) -> str:
    """The name of the attachment that a destination leaves by, or the code of its drop."""
    trace = look(destination)
    if len(trace.hops) == 1:
        return trace.origin.code
    return look.names[trace.hops[1].node.split("/")[1]]  # type: ignore[attr-defined]


def longest(given: Table, destination: str) -> str:
    """The same by a reading of its own: the longest of all prefixes that hold the address."""
    matching = [
        (ip_network(block).prefixlen, name)
        for block, name in given
        if ip_address(destination) in ip_network(block)
    ]
    if not matching:
        return NONE
    return max(matching)[1] or BLACKHOLE


def probes(given: Table, random: Random) -> list[str]:
    """Addresses at the borders of every block, and a few anywhere."""
    edges = [ip_network(block) for block, _ in given]
    found_at = [each[0] for each in edges] + [each[-1] for each in edges]
    beyond = [ip_address((int(each[-1]) + 1) % (1 << 32)) for each in edges]
    anywhere = [ip_address(random.getrandbits(32)) for _ in range(6)]
    return [str(each) for each in (*found_at, *beyond, *anywhere)]


@pytest.mark.parametrize("seed", range(12))
def test_longest_prefix(seed: int) -> None:
    """R-TGW-4: what a table does with any address is what its longest matching prefix says."""
    random = Random(seed)
    given = random_table(random)
    look, _ = of_table(given)
    for destination in probes(given, random):
        assert onward(look, destination) == longest(given, destination), destination


@pytest.mark.parametrize("seed", range(8))
def test_splitting_a_prefix_changes_nothing(seed: int) -> None:
    """Two halves that lead where the whole led; and the order of routes means nothing."""
    random = Random(1000 + seed)
    given = random_table(random)
    taken = {block for block, _ in given}
    split = []
    for block, name in given:
        network = ip_network(block)
        halves = [str(half) for half in network.subnets()] if network.prefixlen < 32 else []
        # A half that has a route of its own already is not the whole's any more.
        split += [(half, name) for half in halves if half not in taken] or [(block, name)]
    random.shuffle(split)
    before, _ = of_table(given)
    after, _ = of_table(split)
    for destination in probes(given, random):
        assert onward(before, destination) == onward(after, destination), destination


def test_renaming_changes_only_names() -> None:
    """The estates of two salts differ in every id and in no verdict."""
    verdicts = []
    for salt in ("", "other"):
        e = Pair()
        e.salt = salt
        h = joined(e)
        static(e, h.tgw.table, "10.2.0.0/17")
        questions = ("can {a} reach {b2} port 80", "can {b2} reach {a} icmp", "can {a} reach {b}")
        verdicts.append([verdict(e, question) for question in questions])
    assert verdicts[0] == verdicts[1] == ["unreachable", "unreachable", "reachable"]


def test_nothing_is_dropped_silently() -> None:
    """No route: the table says so, under AWS's code."""
    e, h = pair()
    e.route(e.ta, "10.9.0.0/16", h.tgw)
    assert dropped(sent(ground(e), e.a, packet(e.a.ip, "10.9.0.5"))) == (h.tgw.table, NONE)
