"""The tables of segments and function groups: as listed, or worked out from the policy."""

from __future__ import annotations

import pytest

from tests.aws.ground import ground, plain, stages
from tests.estate import Estate, Id, Pair, dump
from tests.estates.cloudwan import (
    Action,
    attach,
    attachment,
    core_network,
    document_of,
    inspect,
    joined,
    listed,
    override,
    rewrite,
    send_to,
    send_via,
    share,
    static,
)
from tests.traps.rows import allow, deny, may, unknown

HERE, THERE = "us-east-1", "eu-west-1"
NO_ROUTE = "NO_ROUTE_TO_DESTINATION"


def lookup(cn: Id, domain: str = "segment:p", edge: str = HERE) -> str:
    return f"core_network_segment/{cn}/lookup {domain} {edge} -"


def routes(e: Estate, cn: Id, domain: str = "segment:p", edge: str = HERE) -> list[list[str]]:
    """What a table does, as plain data."""
    return plain(stages(ground(e), lookup(cn, domain, edge)))


def out(attachment: Id, edge: str = HERE) -> str:
    return f"core_network/{attachment}/out {edge} -"


# ------------------------------ worked out: segments


def test_one_segment() -> None:
    """R-CWAN-2: the blocks of every VPC of the segment, at each edge the same."""
    e, cn = joined(region=THERE)
    lost = f"else drop {NO_ROUTE} ({cn})"
    for edge in (HERE, THERE):
        assert routes(e, cn, edge=edge) == [
            [
                f"destination 10.0.0.0/16 -> {out(cn.one, edge)}",
                f"destination 10.2.0.0/16 -> {out(cn.two, edge)}",
                lost,
            ]
        ]


def test_an_isolated_segment() -> None:
    """R-CWAN-2: only what is shared with it, and static routes."""
    isolated = {"name": "p", "isolate-attachments": True}
    e, cn = joined(isolated)
    deny(e, f"can {e.a} reach {e.b2} port 80", NO_ROUTE)
    there, back = static("p", "10.2.0.0/16", cn.two), static("p", "10.0.0.0/16", cn.one)
    rewrite(e, cn, segment_actions=[there])
    deny(e, f"can {e.a} reach {e.b2} port 80", NO_ROUTE)
    allow(e, f"can {e.a} reach {e.b2} port 80", one_way=True)
    rewrite(e, cn, segment_actions=[there, back])
    allow(e, f"can {e.a} reach {e.b2} port 80")


SHARES: list[tuple[list[Action], bool]] = [
    ([], False),
    ([share("p", "q")], True),
    ([share("q", "p")], True),
    ([share("p")], True),
    ([share("h")], False),
    ([share("h", "p", "q")], False),
    ([share("p", but=["h"])], True),
    ([share("p", but=["q"])], False),
    ([share("h", "p"), share("h", "q")], False),
]


@pytest.mark.parametrize(("actions", "reached"), SHARES)
def test_shares(actions: list[Action], reached: bool) -> None:
    """R-CWAN-3: between the named segment and each other one, both ways, never by a third."""
    e, _cn = joined("p", "q", "h", other="q", actions=actions)
    for one, other in ((e.a, e.b2), (e.b2, e.a)):
        if reached:
            allow(e, f"can {one} reach {other} port 80")
        else:
            deny(e, f"can {one} reach {other} port 80", NO_ROUTE)


@pytest.mark.parametrize(
    ("filters", "there", "back"),
    [
        ({"deny-filter": ["q"]}, False, True),
        ({"allow-filter": ["h"]}, False, True),
        ({"allow-filter": ["q"]}, True, True),
        ({"deny-filter": ["h"]}, True, True),
    ],
)
def test_filters(filters: dict[str, list[str]], there: bool, back: bool) -> None:
    """R-CWAN-3: after sharing, a segment's filters decide what comes into its own table."""
    e, _cn = joined({"name": "p", **filters}, "q", other="q", actions=[share("p", "q")])
    ways = ((e.a, e.b2, there), (e.b2, e.a, back))
    for one, other, passes in ways:
        ask = allow if passes else deny
        ask(e, f"can {one} reach {other} port 80", one_way=True)
    (allow if there and back else deny)(e, f"can {e.a} reach {e.b2} port 80")


def test_a_share_carries_no_static_routes() -> None:
    """R-CWAN-3: static routes stand in their own segment only."""
    route = static("h", "10.2.0.0/16", "attachment-0123456789abcdef0")
    e, _cn = joined("p", "h", "q", other="q", actions=[share("p", "h"), route])
    deny(e, f"can {e.a} reach {e.b2} port 80", NO_ROUTE)


def test_static_routes() -> None:
    """R-CWAN-4: static before VPCs, a blackhole drops, the attachment of this edge is taken."""
    e, cn = joined()
    rewrite(e, cn, segment_actions=[static("p", "10.2.0.0/16")])
    answer = deny(e, f"can {e.a} reach {e.b2} port 80", "BAD_STATE_ROUTE")
    assert answer.explanations[0].locator == f"segment p at {HERE} create-route 10.2.0.0/16"
    rewrite(e, cn, segment_actions=[static("p", "10.0.0.0/8")])
    allow(e, f"can {e.a} reach {e.b2} port 80")
    far = attachment(e, cn, "CONNECT", "arn:aws:ec2:::x/far", "q", edge=THERE)
    rewrite(e, cn, segment_actions=[static("p", "10.2.0.0/16", cn.two, far)])
    assert f"destination 10.2.0.0/16 -> {out(cn.two)}" in routes(e, cn)[0]
    assert f"destination 10.2.0.0/16 -> {out(far, THERE)}" in routes(e, cn, edge=THERE)[0]


def test_equal_prefixes() -> None:
    """R-CWAN-4: the Region's own VPC before another Region's; two alike are a may."""
    e, cn = joined(region=THERE)
    twin = e.vpc("10.2.0.0/16", name="twin")
    near = attach(e, cn, twin, [e.subnet(twin, "10.2.5.0/24")], "p")
    assert f"destination 10.2.0.0/16 -> {out(near)}" in routes(e, cn)[0]
    third = e.vpc("10.2.0.0/16", name="third")
    other = attach(e, cn, third, [e.subnet(third, "10.2.6.0/24")], "p")
    node = f"core_network_segment/{cn}/may segment:p {HERE} - 10.2.0.0/16"
    assert f"destination 10.2.0.0/16 -> {node}" in routes(e, cn)[0]
    ways = plain(stages(ground(e), node))[0]
    assert sorted(ways) == sorted(f"may -> {out(each)}" for each in (near, other))


def test_ipv6() -> None:
    """IPv6 blocks are announced where the attachment has IPv6; a static route needs none."""
    e = Pair(ipv6=True)
    e.second()
    cn = core_network(e, "p")
    one = attach(e, cn, e.v1, [e.sa], "p", ipv6=True)
    two = attach(e, cn, e.v2, [e.s2], "p")
    e.route(e.ta, "2600:1f18:2b00:200::/56", cn.arn)
    e.route(e.t2, Pair.SIX, cn.arn)
    assert f"destination {Pair.SIX} -> {out(one)}" in routes(e, cn)[0]
    deny(e, f"can {e.a} reach {e.b2.ip6} port 80", NO_ROUTE)
    rewrite(e, cn, segment_actions=[static("p", "2600:1f18:2b00:200::/56", two)])
    allow(e, f"can {e.a} reach {e.b2.ip6} port 80")


def test_what_others_announce() -> None:
    """R-CWAN-4: without the listed table what a VPN announces is not known: a may, and a gap."""
    e, cn = joined()
    vpn = attachment(e, cn, "SITE_TO_SITE_VPN", "arn:aws:ec2:::vpn-connection/vpn-0a1", "p")
    answer = may(e, f"can {e.a} reach {e.b2} port 80")
    assert "what vpn-0a1 announces is not in the snapshot" in answer.assumptions[0].text
    e.route(e.ta, "192.168.0.0/16", cn.arn)
    unknown(e, f"can {e.a} reach 192.168.1.1 port 80", vpn)
    vpn.record["SegmentName"] = "elsewhere"
    assert not allow(e, f"can {e.a} reach {e.b2} port 80").assumptions


def test_attachments_that_only_the_owner_sees() -> None:
    """R-SHARE-4: another account lists its own attachments only."""
    e, cn = joined(account="444455556666")
    calls = e.scopes.pop(e.home)
    theirs = e.scope(("444455556666", HERE))
    for key in ("CoreNetworks", "CoreNetworkPolicies"):
        theirs[key] = calls[key]
    for key in ("Attachments", "CoreNetworkVpcAttachments"):
        theirs[key] = [each for each in calls[key] if str(cn.two) in str(each)]
    e.home = ("444455556666", HERE)
    e.scope(("777788889999", HERE))
    node = stages(ground(e), lookup(cn))
    assert plain(node)[-1] == [f"unmodelled {cn}"]


# ------------------------------ policies that do not tell


@pytest.mark.parametrize("text", ["", "{", "[]", '{"segments": [{"nam": 1}]}'])
def test_a_policy_that_cannot_be_read(text: str) -> None:
    """Law 11: what is no policy tells nothing."""
    e, cn = joined()
    e.scope(e.home)["CoreNetworkPolicies"][0]["CoreNetworkPolicy"]["PolicyDocument"] = text
    unknown(e, f"can {e.a} reach {e.b2} port 80", cn)


def test_only_the_policy_in_force_counts() -> None:
    """A later version that is not live says nothing."""
    e, cn = joined()
    policy = e.scope(e.home)["CoreNetworkPolicies"][0]["CoreNetworkPolicy"]
    policy["Alias"] = "LATEST"
    unknown(e, f"can {e.a} reach {e.b2} port 80", cn)
    listed(e, cn, "p", HERE, [("10.0.0.0/16", cn.one), ("10.2.0.0/16", cn.two)])
    allow(e, f"can {e.a} reach {e.b2} port 80")


def test_routing_policies() -> None:
    """What they leave of the routes is told by the listed table only."""
    e, cn = joined("p", "q", other="q", actions=[share("p", "q")])
    allow(e, f"can {e.a} reach {e.b2} port 80")
    action = share("p", "q") | {"routing-policy-names": ["few"]}
    rewrite(e, cn, segment_actions=[action])
    unknown(e, f"can {e.a} reach {e.b2} port 80", cn)
    rewrite(e, cn, segment_actions=[share("p", "q")])
    rewrite(e, cn, attachment_routing_policy_rules=[{"rule-number": 1}])
    unknown(e, f"can {e.a} reach {e.b2} port 80", cn)
    assert document_of(e, cn)["attachment-routing-policy-rules"]


# ------------------------------ as listed


def test_the_listed_table_is_believed() -> None:
    """R-CWAN-4: whatever the policy says."""
    e, cn = joined({"name": "p", "isolate-attachments": True})
    listed(e, cn, "p", HERE, [("10.2.0.0/16", cn.two)])
    deny(e, f"can {e.a} reach {e.b2} port 80", NO_ROUTE)
    e.scope(e.home)["CoreNetworkRoutes"].clear()
    listed(e, cn, "p", HERE, [("10.2.0.0/24", cn.two), ("10.0.0.0/16", cn.one)])
    allow(e, f"can {e.a} reach {e.b2} port 80")
    e.scope(e.home)["CoreNetworkRoutes"].clear()
    listed(
        e,
        cn,
        "p",
        HERE,
        [("10.2.0.0/16", cn.two), ("10.2.0.0/24", None), ("10.0.0.0/16", cn.one)],
    )
    deny(e, f"can {e.a} reach {e.b2} port 80", "BAD_STATE_ROUTE")


def test_a_table_that_is_cut_short() -> None:
    """Law 2: its tail may hold anything."""
    e, cn = joined()
    listed(e, cn, "p", HERE, [])["NextToken"] = "eyJ2IjoiMSJ9"
    unknown(e, f"can {e.a} reach {e.b2} port 80", cn)


def test_several_destinations() -> None:
    """R-CWAN-4: equal ways are a may; one of a kind that is not told is a gap."""
    e, cn = joined()
    listed(e, cn, "p", HERE, [("10.2.0.0/16", cn.two), ("10.0.0.0/16", cn.one)])
    table = e.scope(e.home)["CoreNetworkRoutes"][0]["NetworkRoutes"]
    table[0]["Destinations"].append({"CoreNetworkAttachmentId": str(cn.one)})
    may(e, f"can {e.a} reach {e.b2} port 80")
    table[0]["Destinations"] = [{"ResourceId": "peering-0a1", "ResourceType": "peering"}]
    unknown(e, f"can {e.a} reach {e.b2} port 80", cn)


def test_a_destination_at_another_edge() -> None:
    """A route to the same segment at another edge is looked up there again."""
    e, cn = joined(region=THERE)
    there = {"SegmentName": "p", "EdgeLocation": THERE}
    here = {"SegmentName": "p", "EdgeLocation": HERE}
    listed(e, cn, "p", HERE, [("10.2.0.0/16", there), ("10.0.0.0/16", cn.one)])
    listed(e, cn, "p", THERE, [("10.2.0.0/16", cn.two), ("10.0.0.0/16", here)])
    allow(e, f"can {e.a} reach {e.b2} port 80")
    e.scope(e.home)["CoreNetworkRoutes"][1]["NetworkRoutes"].pop(0)
    deny(e, f"can {e.a} reach {e.b2} port 80", NO_ROUTE)


def test_a_prefix_list() -> None:
    """Its entries are routed; while they are not known, anything may be."""
    e, cn = joined()
    lists = e.prefix_list("10.2.0.0/16")
    listed(e, cn, "p", HERE, [("", cn.two), ("10.0.0.0/16", cn.one)])
    route = e.scope(e.home)["CoreNetworkRoutes"][0]["NetworkRoutes"][0]
    del route["DestinationCidrBlock"]
    route["PrefixListId"] = str(lists)
    allow(e, f"can {e.a} reach {e.b2} port 80")
    unknown(e.drop("ManagedPrefixListEntries"), f"can {e.a} reach {e.b2} port 80", lists)


def test_a_listed_function_group() -> None:
    """A destination that names a group and an edge is the group's attachment there."""
    e, cn = joined("p", "q", other="q", groups=["watch"])
    box = inspect(e, cn, "watch", "10.9")
    via = {"NetworkFunctionGroupName": "watch", "EdgeLocation": HERE}
    listed(e, cn, "p", HERE, [("10.2.0.0/16", via)])
    listed(e, cn, "q", HERE, [("10.0.0.0/16", via)])
    listed(e, cn, "watch", HERE, [("10.0.0.0/16", cn.one), ("10.2.0.0/16", cn.two)], group=True)
    assert box in dump(may(e, f"can {e.a} reach {e.b2} port 80"))


# ------------------------------ service insertion


def test_send_via_in_one_region() -> None:
    """R-CWAN-5: both ways by the group's attachment, and no way without one."""
    e, cn = joined("p", "q", other="q", groups=["watch"], actions=[send_via("p", "watch", "q")])
    deny(e, f"can {e.a} reach {e.b2} port 80", "BAD_STATE_ROUTE")
    box = inspect(e, cn, "watch", "10.9")
    answer = may(e, f"can {e.a} reach {e.b2} port 80")
    assert dump(answer).count(f'"resource": "{box.eni}"') >= 2
    e.wear(box, e.group(box.vpc, ingress=["tcp/22 any"]))
    deny(e, f"can {e.a} reach {e.b2} port 80", "ENI_SG_RULES_MISMATCH")


def test_send_via_within_a_segment() -> None:
    """R-CWAN-5: it has to isolate its attachments; what happens else is not documented."""
    isolated = {"name": "p", "isolate-attachments": True}
    e, cn = joined(isolated, groups=["watch"], actions=[send_via("p", "watch")])
    inspect(e, cn, "watch", "10.9")
    may(e, f"can {e.a} reach {e.b2} port 80")
    rewrite(e, cn, segments=[{"name": "p"}])
    unknown(e, f"can {e.a} reach {e.b2} port 80", cn)


def test_several_actions_between_two_segments() -> None:
    """Said twice is said once; of different groups nobody knows which counts."""
    actions = [send_via("p", "watch", "q"), send_via("q", "watch", "p")]
    e, cn = joined("p", "q", other="q", groups=["watch", "more"], actions=actions)
    inspect(e, cn, "watch", "10.9")
    may(e, f"can {e.a} reach {e.b2} port 80")
    actions[1] = send_via("q", "more", "p")
    rewrite(e, cn, segment_actions=actions)
    unknown(e, f"can {e.a} reach {e.b2} port 80", cn)


def test_send_via_and_a_share() -> None:
    """What comes first is not documented."""
    actions = [send_via("p", "watch", "q"), share("p", "q")]
    e, cn = joined("p", "q", other="q", groups=["watch"], actions=actions)
    inspect(e, cn, "watch", "10.9")
    unknown(e, f"can {e.a} reach {e.b2} port 80", cn)


def test_dual_hop() -> None:
    """R-CWAN-5: between Regions by the group of both; either alone drops."""
    e, cn = joined(
        "p", "q", other="q", region=THERE, groups=["watch"], actions=[send_via("p", "watch", "q")]
    )
    near = inspect(e, cn, "watch", "10.9")
    deny(e, f"can {e.a} reach {e.b2} port 80", "BAD_STATE_ROUTE")
    far = inspect(e, cn, "watch", "10.8", region=THERE)
    answer = dump(may(e, f"can {e.a} reach {e.b2} port 80"))
    assert near.eni in answer
    assert far.eni in answer


def test_single_hop() -> None:
    """R-CWAN-5: by the edge that an override names; without one AWS picks, nobody knows which."""
    via = send_via("p", "watch", "q", mode="single-hop")
    e, cn = joined("p", "q", other="q", region=THERE, groups=["watch"], actions=[via])
    near, far = inspect(e, cn, "watch", "10.9"), inspect(e, cn, "watch", "10.8", region=THERE)
    unknown(e, f"can {e.a} reach {e.b2} port 80", cn)
    for use, taken, passed_by in ((HERE, near, far), (THERE, far, near)):
        overrides = [override(HERE, THERE, use=use)]
        via = send_via("p", "watch", "q", mode="single-hop", overrides=overrides)
        rewrite(e, cn, segment_actions=[via])
        answer = dump(may(e, f"can {e.a} reach {e.b2} port 80"))
        assert taken.eni in answer
        assert passed_by.eni not in answer


def test_an_override_within_a_region() -> None:
    """R-CWAN-5: a Region without an appliance has its traffic inspected elsewhere."""
    overrides = [override(HERE, use=THERE)]
    via = send_via("p", "watch", "q", mode="single-hop", overrides=overrides)
    e, cn = joined("p", "q", other="q", groups=["watch"], actions=[via])
    deny(e, f"can {e.a} reach {e.b2} port 80", "BAD_STATE_ROUTE")
    inspect(e, cn, "watch", "10.8", region=THERE)
    may(e, f"can {e.a} reach {e.b2} port 80")


def test_send_to() -> None:
    """R-CWAN-5: a default route of each family to the group; a longer prefix goes straight."""
    e, cn = joined(groups=["exit"], actions=[send_to("p", "exit")])
    where = f"{cn} segment p at {HERE} send-to"
    assert routes(e, cn)[0][2:4] == [
        f"destination ::/0 -> drop BAD_STATE_ROUTE ({where} ::/0)",
        f"destination 0.0.0.0/0 -> drop BAD_STATE_ROUTE ({where} 0.0.0.0/0)",
    ]
    box = inspect(e, cn, "exit", "10.9")
    (gate,) = (a for a in e.scope(e.home)["Attachments"] if "NetworkFunctionGroupName" in a)
    assert (
        f"destination 0.0.0.0/0 -> core_network/{gate['AttachmentId']}/out {HERE} -"
        in (routes(e, cn)[0])
    )
    assert box.eni not in dump(allow(e, f"can {e.a} reach {e.b2} port 80"))


def test_a_group_announces_nothing_of_its_own() -> None:
    """R-CWAN-5: the VPC of a function group is in no segment's table."""
    e, cn = joined(groups=["watch"], actions=[send_via("p", "watch", "q")])
    box = inspect(e, cn, "watch", "10.9")
    e.route(e.ta, "10.9.0.0/16", cn.arn)
    deny(e, f"can {e.a} reach {box} port 22", NO_ROUTE)


def test_several_groups_in_one_action() -> None:
    """Which of them is taken is not documented."""
    e, cn = joined("p", "q", other="q", groups=["watch", "more"])
    via = send_via("p", "watch", "q")
    via["via"] = {"network-function-groups": ["watch", "more"]}
    rewrite(e, cn, segment_actions=[via])
    unknown(e, f"can {e.a} reach {e.b2} port 80", cn)


# ------------------------------ what nobody can read


def test_two_policies_in_force() -> None:
    """One is in force; of two that are said to be, none is believed."""
    e, cn = joined()
    policies = e.scope(cn.scope)["CoreNetworkPolicies"]
    (live,) = policies
    other = {**live["CoreNetworkPolicy"], "PolicyVersionId": 2}
    policies.append({"CoreNetworkPolicy": other})
    allow(e, f"can {e.a} reach {e.b2} port 80")
    other["PolicyDocument"] = '{"segments": [{"name": "p", "isolate-attachments": true}]}'
    unknown(e, f"can {e.a} reach {e.b2} port 80", cn)
    other["Alias"] = "LATEST"
    allow(e, f"can {e.a} reach {e.b2} port 80")


@pytest.mark.parametrize("destinations", [[], None])
def test_an_active_route_without_a_destination(destinations: list[object] | None) -> None:
    """R-CWAN-4: it forwards, and where to is not told: nothing hangs on it."""
    e, cn = joined()
    answer = listed(e, cn, "p", HERE, [("10.0.0.0/16", cn.one), ("10.2.0.0/16", cn.two)])
    route = answer["NetworkRoutes"][1]
    allow(e, f"can {e.a} reach {e.b2} port 80")
    if destinations is None:
        del route["Destinations"]
    else:
        route["Destinations"] = destinations
    unknown(e, f"can {e.a} reach {e.b2} port 80", cn, "no destination")
    route["State"] = "BLACKHOLE"
    deny(e, f"can {e.a} reach {e.b2} port 80", "BAD_STATE_ROUTE")


@pytest.mark.parametrize(
    "action",
    [
        share("p", "q") | {"mode": "attachment-and-static-route"},
        {"action": "mirror", "segment": "p"},
    ],
)
def test_actions_in_words_that_aws_does_not_have(action: Action) -> None:
    """U-17: what such an action does nobody knows; nothing that the policy makes is decided."""
    e, cn = joined("p", "q", other="q", actions=[share("p", "q")])
    allow(e, f"can {e.a} reach {e.b2} port 80")
    rewrite(e, cn, segment_actions=[])
    deny(e, f"can {e.a} reach {e.b2} port 80", NO_ROUTE)
    rewrite(e, cn, segment_actions=[action])
    unknown(e, f"can {e.a} reach {e.b2} port 80", cn)
    rewrite(e, cn, segment_actions=[share("p", "q"), {"action": "mirror", "segment": "p"}])
    unknown(e, f"can {e.a} reach {e.b2} port 80", cn)


@pytest.mark.parametrize("block", ["10.2.0.5/16", "somewhere"])
def test_a_static_route_for_no_block(block: str) -> None:
    """It may be for any destination that no other route takes; it is no defect of the program."""
    e, _ = joined("p", "q", other="q", actions=[static("p", block, "attachment-0123456789abcdef0")])
    unknown(e, f"can {e.a} reach {e.b2} port 80", block)


def test_an_attachment_that_translates_addresses() -> None:
    """Network Manager API, UpdateAttachmentNatConfiguration: what it makes of addresses is not
    modelled, nor the routes for them."""
    e, cn = joined()
    e.route(e.ta, "100.64.0.0/16", cn.arn)
    away = f"can {e.a} reach 100.64.0.9 port 80"
    for word in ("DISABLED", ""):
        cn.two.record["NatGatewaySupport"] = word
        allow(e, f"can {e.a} reach {e.b2} port 80")
        deny(e, away, NO_ROUTE, one_way=True)
    cn.two.record["NatGatewaySupport"] = "ENABLED"
    unknown(e, f"can {e.a} reach {e.b2} port 80", cn.two, "NatGatewaySupport")
    unknown(e, f"can {e.b2} reach {e.a} port 80", cn.two)
    unknown(e, away, cn.two, one_way=True)
