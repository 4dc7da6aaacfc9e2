"""Law 2 about transit gateways: whatever call, answer or account is missing, nothing flips."""

from __future__ import annotations

import json
from functools import cache

import pytest

import reach
from tests.estate import CALLS, Pair, Record, load_files
from tests.estates.transit import (
    attach,
    found,
    joined,
    listed,
    peer,
    propagate,
    searched,
    static,
    table,
    transit_gateway,
)
from tests.traps.rows import allow, deny, unknown
from tests.traps.test_gaps import never_flips, without

THEIRS = "444455556666"
TRANSIT = (
    "TransitGateways",
    "TransitGatewayAttachments",
    "TransitGatewayVpcAttachments",
    "TransitGatewayPeeringAttachments",
    "TransitGatewayRouteTables",
    "TransitGatewayRouteTableAssociations",
    "TransitGatewayStaticRoutes",
    "TransitGatewayPropagations",
    "TransitGatewayPrefixListReferences",
    "TransitGatewayPolicyTables",
    "TransitGatewayPolicyTableAssociations",
    "TransitGatewayRoutes",
)


@cache
def region(searches: bool) -> tuple[Pair, dict[str, str]]:
    """V1 and, of another account, V2 and V3 on one gateway, V4 on a gateway of another Region.

    V1's table knows V2 save for a blackhole by prefix list, V3 not at all, and V4 by the peering;
    V3, whose block is V2's and which came later, reaches nobody that could answer.  Groups may be
    named.  With ``searches`` the routes of the gateways are those of searches for all types.
    """
    e = Pair(ipv6=True)
    e.second(account=THEIRS)
    tgw, far = transit_gateway(e, references=True), transit_gateway(e, region="eu-west-1")
    other = table(e, tgw, "other")
    st = e.subnet(e.v1, "10.0.8.0/28", "a")
    one = attach(e, tgw, e.v1, [st], into=[other], ipv6=True)
    two = attach(e, tgw, e.v2, [e.s2], table=other, ipv6=True)
    v3 = e.vpc("10.2.0.0/16", name="v3", account=THEIRS)
    s3 = e.subnet(v3, "10.2.3.0/24", "a")
    b3 = e.instance("b3", s3, "10.2.3.5")
    late = "2024-07-01T00:00:00+00:00"
    attach(e, tgw, v3, [s3], table=other, created=late)
    v4 = e.vpc("10.4.0.0/16", name="v4", region="eu-west-1")
    s4 = e.subnet(v4, "10.4.0.0/24", "b")
    b4 = e.instance("b4", s4, "10.4.0.5")
    four = attach(e, far, v4, [s4])
    near, beyond = peer(e, tgw, far)
    static(e, tgw.table, "10.4.0.0/16", near)
    static(e, far.table, "10.0.0.0/16", beyond)
    propagate(e, one, tgw.table)
    barred = e.prefix_list("10.2.9.0/24")
    listed(e, tgw.table, barred, None)
    for routed in (e.ta, e.tb):
        e.route(routed, "10.2.0.0/15", tgw)
        e.route(routed, "10.4.0.0/16", tgw)
        e.route(routed, "2600:1f18:2b00:200::/56", tgw)
    e.route(e.t2, "10.0.0.0/16", tgw)
    e.route(e.t2, e.SIX, tgw)
    e.route(v3.table, "10.0.0.0/16", tgw)
    e.route(v4.table, "10.0.0.0/16", far)
    b9 = e.instance("b9", e.subnet(e.v2, "10.2.9.0/24", "a"), "10.2.9.5")
    e.route(e.v2.table, "10.0.0.0/16", tgw)
    ga = e.group(e.v1)
    e.wear(e.a, ga)
    e.wear(e.b2, e.group(e.v2, [f"tcp/80 {ga}", "tcp/443 10.0.0.0/16"]))
    if searches:
        six, own = "2600:1f18:2b00:200::/56", found("10.0.0.0/16", one)
        searched(
            e,
            tgw.table,
            [
                own,
                found(e.SIX, one),
                found("10.2.0.0/16", two),
                found(six, two),
                found("10.2.9.0/24", state="blackhole") | {"PrefixListId": barred},
                found("10.4.0.0/16", near, kind="static"),
            ],
        )
        searched(e, other, [own, found(e.SIX, one)])
        searched(
            e, far.table, [found("10.4.0.0/16", four), found("10.0.0.0/16", beyond, kind="static")]
        )
    a, b, b2 = e.a, e.b, e.b2
    return e, {
        f"can {a} reach {b2} port 80": "reachable",
        f"can {a} reach {b2} port 443": "reachable",
        f"can {a} reach {b2} port 22": "unreachable",
        f"can {a} reach {b2.ip6} port 80": "reachable",
        f"can {b} reach {b2} port 443": "unreachable",
        f"can {b2} reach {a} icmp": "reachable",
        f"can {a} reach {b9} port 443": "unreachable",
        f"can {a} reach {b3} port 443": "unreachable",
        f"can {b3} reach {a} port 443": "unreachable",
        f"can {a} reach {b4} port 443": "reachable",
        f"can {b4} reach {a} port 443": "reachable",
        f"can {b4} reach {b2} port 443": "unreachable",
        f"can 10.9.0.5 reach {a} port 443": "unreachable",
        f"can {tgw} reach {b2} port 22": "unreachable",
    }


FORMS = pytest.mark.parametrize("searches", [False, True], ids=["by parts", "searched"])


@FORMS
def test_the_whole_is_decided(searches: bool) -> None:
    """With every call each question has its answer, in either form."""
    e, expected = region(searches)
    assert {asked: e.ask(asked).verdict.value for asked in expected} == expected


@FORMS
@pytest.mark.parametrize("call", [*CALLS, *TRANSIT])
def test_a_missing_call_flips_nothing(searches: bool, call: str) -> None:
    """A call that is not there leaves an answer or makes it undecided."""
    e, expected = region(searches)
    never_flips(dict(without(e.files(), call)), expected, call)


@FORMS
@pytest.mark.parametrize("call", TRANSIT)
def test_half_of_an_answer_flips_nothing(searches: bool, call: str) -> None:
    """An answer that was cut short has lost its tail."""
    e, expected = region(searches)
    files = {}
    for path, text in e.files().items():
        content = json.loads(text)
        if next(iter(content)) == call and content[call]:
            half = content[call][: len(content[call]) // 2]
            content = {call: half, "NextToken": "eyJ2IjoiMSJ9"}
        files[path] = json.dumps(content)
    never_flips(files, expected, call)


@FORMS
@pytest.mark.parametrize("call", ["TransitGatewayAttachments", "TransitGatewayVpcAttachments"])
@pytest.mark.parametrize("account", ["111122223333", THEIRS])
def test_a_call_of_one_account_flips_nothing(searches: bool, call: str, account: str) -> None:
    """What one account was not asked, the other may not have seen."""
    e, expected = region(searches)
    files = {
        path: text
        for path, text in e.files().items()
        if not (path.startswith(f"accounts/{account}/") and next(iter(json.loads(text))) == call)
    }
    never_flips(files, expected, call)


@FORMS
@pytest.mark.parametrize("gone", [("111122223333", "eu-west-1"), (THEIRS, "us-east-1")])
def test_an_absent_account_or_region_flips_nothing(searches: bool, gone: tuple[str, str]) -> None:
    """R-SHARE-4: questions about what is still there keep their answers or lose them."""
    e, expected = region(searches)
    account, place = gone
    files = {
        path: text
        for path, text in e.files().items()
        if not path.startswith(f"accounts/{account}/{place}/")
    }
    snapshot = load_files(files)
    held = "".join(files.values())
    for asked, was in expected.items():
        ends = [word for word in asked.split() if word[:2] == "i-"]
        if all(end in held for end in ends):
            verdict = reach.ask(snapshot, asked).verdict
            assert verdict in (was, "undecided"), (asked, was, verdict)


# What an answer was searched for does not stand in it.


def _two_vpcs() -> Pair:
    """Two VPCs that propagate into the one table of their gateway."""
    e = Pair()
    e.second()
    joined(e)
    return e


def _as_a_search_for_all(e: Pair, routes: list[Record]) -> str:
    """The verdict where the one answer about routes is a search's, besides the propagations."""
    texts = {name: json.loads(text) for name, text in e.files().items()}
    for told in texts.values():
        for each in told.pop("TransitGatewayStaticRoutes", ()):
            found = {"AdditionalRoutesAvailable": False, "Routes": routes}
            told["TransitGatewayRoutes"] = [each | found]
    loaded = load_files({name: json.dumps(told) for name, told in texts.items()})
    return str(reach.ask(loaded, f"can {e.a} reach {e.b2} port 80").verdict)


def _propagated_routes(e: Pair) -> list[Record]:
    attached = [
        (each["ResourceId"], each["TransitGatewayAttachmentId"])
        for calls in e.scopes.values()
        for each in calls["TransitGatewayAttachments"]
    ]
    blocks = {str(e.v1): "10.0.0.0/16", str(e.v2): "10.2.0.0/16"}
    return [
        {
            "DestinationCidrBlock": blocks[vpc],
            "Type": "propagated",
            "State": "active",
            "TransitGatewayAttachments": [
                {"ResourceId": vpc, "ResourceType": "vpc", "TransitGatewayAttachmentId": name}
            ],
        }
        for vpc, name in attached
    ]


def test_a_search_that_lacks_what_propagates_was_perhaps_for_less() -> None:
    """R-TGW-6: what is enabled to propagate is in the table; a search for static routes alone shows
    nothing of it, and looks like one for all."""
    e = _two_vpcs()
    both = _propagated_routes(e)
    assert _as_a_search_for_all(e, both) == "reachable"
    assert _as_a_search_for_all(e, []) == "undecided"
    assert _as_a_search_for_all(e, both[:1]) == "undecided"
    blackhole = {"DestinationCidrBlock": "10.2.0.0/16", "Type": "static", "State": "blackhole"}
    assert _as_a_search_for_all(e, [blackhole, both[0]]) == "unreachable"


@pytest.mark.parametrize(
    ("static_too", "verdict"),
    [("same", "unreachable"), ("other", "undecided"), ("more", "undecided")],
)
def test_two_searches_have_to_say_the_same(static_too: str, verdict: str) -> None:
    """A blackhole in a search for all routes, and beside it a search for static ones."""
    e = _two_vpcs()
    texts = {name: json.loads(text) for name, text in e.files().items()}
    hole = {"DestinationCidrBlock": "10.2.0.0/16", "Type": "static", "State": "blackhole"}
    there = _propagated_routes(e)[1]["TransitGatewayAttachments"]
    other = {**hole, "State": "active", "TransitGatewayAttachments": there}
    longer = {**other, "DestinationCidrBlock": "10.2.0.0/24"}
    static = {"same": [hole], "other": [other], "more": [hole, longer]}[static_too]
    for told in texts.values():
        for each in told.get("TransitGatewayStaticRoutes", ()):
            each["Routes"] = static
            told["TransitGatewayRoutes"] = [each | {"Routes": [hole, *_propagated_routes(e)]}]
    loaded = load_files({name: json.dumps(told) for name, told in texts.items()})
    assert reach.ask(loaded, f"can {e.a} reach {e.b2} port 80").verdict == verdict


def test_static_routes_with_propagated_ones_among_them_are_all_routes() -> None:
    """Where nothing else is told of propagations: a search for static routes prints no others."""
    e = _two_vpcs()
    texts = {name: json.loads(text) for name, text in e.files().items()}
    for told in texts.values():
        told.pop("TransitGatewayPropagations", None)
    asked = f"can {e.a} reach {e.b2} port 80"
    for routes, verdict in (([], "undecided"), (_propagated_routes(e), "reachable")):
        for told in texts.values():
            for each in told.get("TransitGatewayStaticRoutes", ()):
                each["Routes"] = routes
        loaded = load_files({name: json.dumps(told) for name, told in texts.items()})
        assert reach.ask(loaded, asked).verdict == verdict


@pytest.mark.parametrize("attachments", [[], None])
def test_an_active_route_that_names_no_attachment(attachments: list[object] | None) -> None:
    """R-TGW-4: it forwards, as it says, and where to is not told."""
    e = Pair()
    hub = joined(e)
    route = static(e, hub.tgw.table, "10.2.0.0/16", hub.two)
    question = f"can {e.a} reach {e.b2} port 22"
    allow(e, question)
    if attachments is None:
        del route["TransitGatewayAttachments"]
    else:
        route["TransitGatewayAttachments"] = attachments
    unknown(e, question, hub.tgw.table)
    route["State"] = "blackhole"
    deny(e, question, "TGW_RTB_BAD_STATE_ROUTE")


def test_a_route_whose_destination_is_not_printed() -> None:
    """R-TGW-4: it may be for any destination."""
    e = Pair()
    hub = joined(e)
    route = static(e, hub.tgw.table, "10.2.0.0/16")
    question = f"can {e.a} reach {e.b2} port 22"
    deny(e, question, "TGW_RTB_BAD_STATE_ROUTE")
    del route["DestinationCidrBlock"]
    unknown(e, question, hub.tgw.table)
