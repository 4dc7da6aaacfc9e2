"""Transit gateways: attachments that work, associations, peerings, and gateways as ends."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

import reach
from reach.trace import Fate
from tests.aws.ground import (
    answered,
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
)
from tests.estate import Id, Pair, load_files
from tests.estates.transit import (
    Hub,
    associate,
    attach,
    attachment,
    joined,
    listed,
    peer,
    static,
    table,
    transit_gateway,
)

THEIRS = "444455556666"


def pair(**how: Any) -> tuple[Pair, Hub]:
    e = Pair()
    return e, joined(e, **how)


def question(e: Pair) -> str:
    return f"can {e.a} reach 10.2.0.5 port 80"


def verdict(e: Pair) -> str:
    return str(e.ask(question(e)).verdict.value)


# ------------------------------ decoding


def test_builders_print_what_aws_prints() -> None:
    """botocore's own description of the calls knows every field that the tests' estates have."""
    loaders = pytest.importorskip("botocore.loaders")
    shapes = loaders.Loader().load_service_model("ec2", "service-2")["shapes"]
    e, one = Pair(), None
    e.second(region="eu-west-1")
    one, far = transit_gateway(e, references=True), transit_gateway(e, region="eu-west-1")
    attach(e, one, e.v1, [e.sa], appliance=True, references=True, name="x")
    peer(e, one, far, name="between")
    static(e, one.table, "10.0.0.0/8")
    listed(e, one.table, e.prefix_list("10.2.0.0/16"), None)
    kinds = {
        "TransitGateways": "TransitGateway",
        "TransitGatewayAttachments": "TransitGatewayAttachment",
        "TransitGatewayVpcAttachments": "TransitGatewayVpcAttachment",
        "TransitGatewayPeeringAttachments": "TransitGatewayPeeringAttachment",
        "TransitGatewayRouteTables": "TransitGatewayRouteTable",
        "TransitGatewayPrefixListReferences": "TransitGatewayPrefixListReference",
        "TransitGatewayStaticRoutes": "SearchTransitGatewayRoutesResult",
        "TransitGatewayPropagations": "GetTransitGatewayRouteTablePropagationsResult",
        "TransitGatewayRouteTableAssociations": "GetTransitGatewayRouteTableAssociationsResult",
    }
    for key, shape in kinds.items():
        records = e.scopes[e.home][key]
        assert records, key
        for record in records:
            own = {k: v for k, v in record.items() if k != "TransitGatewayRouteTableId"}
            known(shapes, shape, own if shape.endswith("Result") else record, key)


def known(shapes: dict[str, Any], name: str, value: Any, where: str) -> None:
    shape = shapes[name]
    if shape["type"] == "list":
        for one in value:
            known(shapes, shape["member"]["shape"], one, where)
    elif shape["type"] == "structure":
        for key, inner in value.items():
            assert key in shape["members"], f"{where}.{key}"
            known(shapes, shape["members"][key]["shape"], inner, f"{where}.{key}")
    elif "enum" in shape:
        assert value in shape["enum"], f"{where}: {value}"


# ------------------------------ what works


def test_nodes() -> None:
    """In by an attachment to its table; out by one to its VPC."""
    e, h = pair()
    g = ground(e)
    enter = f"transit_gateway_route_table/{h.tgw.table}/enter {h.tgw} {h.one} use1-az1"
    assert plain(stages(g, f"transit_gateway/{h.one}/in {h.tgw} use1-az1")) == [
        [f"any packet -> {enter}", "else drop"]
    ]
    leave = f"transit_gateway_vpc_attachment/{h.two}/leave use1-az1"
    assert plain(stages(g, f"transit_gateway/{h.two}/out {h.tgw} use1-az1")) == [
        [f"any packet -> {leave}", "else drop"]
    ]
    assert (h.one, "") in passed(sent(g, e.a, packet(e.a.ip, e.b2.ip)))


STATES = {"available": True, "modifying": True} | dict.fromkeys(
    ("pending", "pendingAcceptance", "deleting", "deleted", "failed", "rejected"), False
)


@pytest.mark.parametrize("call", ["TransitGatewayAttachments", "TransitGatewayVpcAttachments"])
@pytest.mark.parametrize("state", STATES)
def test_the_state_of_an_attachment(state: str, call: str) -> None:
    """R-TGW-1: it forwards while available, and while it is being modified; either call tells."""
    for which in (0, 1):
        e, h = pair()
        e.scopes[e.home][call][which]["State"] = state
        if STATES[state]:
            assert verdict(e) == "reachable"
        else:
            trace = sent(ground(e), e.a, packet(e.a.ip, e.b2.ip))
            attached = (h.one, h.two)[which]
            assert dropped(trace) == (attached, "BAD_STATE_ATTACHMENT")
            assert trace.origin.words == f"is {state}"
            assert verdict(e) == "unreachable"


@pytest.mark.parametrize("state", ["pending", "deleting", "deleted"])
def test_the_state_of_a_gateway(state: str) -> None:
    """R-TGW-1."""
    e, h = pair()
    h.tgw.record["State"] = state
    assert dropped(sent(ground(e), e.a, packet(e.a.ip, e.b2.ip))) == (h.tgw, "BAD_STATE")


def test_an_attachment_made_anew() -> None:
    """R-TGW-1: a deleted attachment of the same VPC is listed for a while and counts no more."""
    for first in (True, False):
        e = Pair()
        h = joined(e)
        gone = attach(e, h.tgw, e.v1, [e.sa], state="deleted", associated=False, into=())
        if first:  # by id, the gone one is the first
            calls = e.scopes[e.home]
            for record in (
                *calls["TransitGatewayAttachments"],
                *calls["TransitGatewayVpcAttachments"],
            ):
                if record["TransitGatewayAttachmentId"] == gone:
                    record["TransitGatewayAttachmentId"] = "tgw-attach-00000000000000000"
        assert verdict(e) == "reachable"


def test_a_vpc_that_is_not_attached() -> None:
    """R-TGW-1: a route to a gateway that has no attachment of the VPC."""
    e, h = pair()
    for call in ("TransitGatewayAttachments", "TransitGatewayVpcAttachments"):
        e.scopes[e.home][call].pop(0)
    assert verdict(e) == "undecided"  # the table that it is associated with still names it
    for answer in e.scopes[e.home]["TransitGatewayRouteTableAssociations"]:
        answer["Associations"].pop(0)
    trace = sent(ground(e), e.a, packet(e.a.ip, e.b2.ip))
    assert dropped(trace) == (h.tgw, "BAD_STATE_ATTACHMENT")
    e.drop("TransitGatewayVpcAttachments")
    assert verdict(e) == "undecided"


def test_a_gateway_that_is_not_in_the_snapshot() -> None:
    """R-SHARE-3: a table may name a gateway that this account is not shown."""
    e, h = pair()
    e.scopes[e.home]["TransitGateways"].clear()
    answer = e.ask(question(e))
    assert (answer.verdict, h.tgw in answer.reason) == ("undecided", True)


@pytest.mark.parametrize("which", ["one", "two"])
@pytest.mark.parametrize("state", ["enabled", "enabling", "disabling", "disabled", None])
def test_translation_by_an_attachment(state: str | None, which: str) -> None:
    """TransitGatewayAttachment.NatGatewaySupport (API reference): addresses change, undecided."""
    e, h = pair()
    attached = getattr(h, which)
    if state is not None:
        attached.record["NatGatewaySupport"] = state
    answer = e.ask(question(e))
    if state in ("disabled", None):
        assert answer.verdict == "reachable"
    else:
        assert (answer.verdict, attached in answer.reason) == ("undecided", True)


# ------------------------------ associations


def test_no_association() -> None:
    """R-TGW-3: the packet is dropped, under AWS's code."""
    e, h = pair()
    associate(e, h.one, None)
    code = "TGW_ATTACH_MISSING_TGW_RTB_ASSOCIATION"
    assert dropped(sent(ground(e), e.a, packet(e.a.ip, e.b2.ip))) == (h.one, code)


def test_either_call_tells_of_an_association() -> None:
    """R-TGW-3: the attachment says it, and so does the table."""
    e, h = pair()
    e.drop("TransitGatewayRouteTableAssociations")
    assert verdict(e) == "reachable"
    e, h = pair()
    for attached in (h.one, h.two):
        del attached.record["Association"]
    assert verdict(e) == "reachable"
    e.drop("TransitGatewayRouteTables")
    assert verdict(e) == "reachable"


@pytest.mark.parametrize("state", ["associating", "disassociating"])
def test_an_association_under_way(state: str) -> None:
    """R-TGW-3: which table counts meanwhile, no page says."""
    e, h = pair()
    h.one.record["Association"]["State"] = state
    assert verdict(e) == "undecided"


@pytest.mark.parametrize("teller", ["both", "attachment", "table"])
def test_an_association_that_is_over(teller: str) -> None:
    """R-TGW-3: `disassociated` is none, whichever call still lists it."""
    e, h = pair()
    (told,) = (
        each
        for answer in e.scopes[e.home]["TransitGatewayRouteTableAssociations"]
        for each in answer["Associations"]
        if each["TransitGatewayAttachmentId"] == h.one
    )
    told["State"] = h.one.record["Association"]["State"] = "disassociated"
    if teller == "attachment":
        e.drop("TransitGatewayRouteTableAssociations")
    elif teller == "table":
        del h.one.record["Association"]
    trace = sent(ground(e), e.a, packet(e.a.ip, e.b2.ip))
    assert dropped(trace) == (h.one, "TGW_ATTACH_MISSING_TGW_RTB_ASSOCIATION")


def test_another_table() -> None:
    """R-TGW-3: only the associated table counts."""
    e, h = pair()
    other = table(e, h.tgw, "empty")
    associate(e, h.one, other)
    trace = sent(ground(e), e.a, packet(e.a.ip, e.b2.ip))
    assert dropped(trace) == (other, "TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT")


def test_a_policy_table() -> None:
    """R-TGW-20: undecided, and named; whichever call shows it."""
    policy = "tgw-ptb-0123456789abcdef0"
    e, h = pair()
    associate(e, h.one, None, policy)
    answer = e.ask(question(e))
    assert (answer.verdict, policy in answer.reason) == ("undecided", True)
    e, h = pair()
    each = {"TransitGatewayAttachmentId": h.one, "ResourceType": "vpc", "State": "associated"}
    answers = [{"TransitGatewayPolicyTableId": policy, "Associations": [each]}]
    e.scopes[e.home]["TransitGatewayPolicyTableAssociations"] = answers
    answer = e.ask(question(e))
    assert (answer.verdict, policy in answer.reason) == ("undecided", True)


def two_accounts() -> tuple[Pair, Hub]:
    """V2 is another account's, attached to the gateway that V1's account owns."""
    e = Pair()
    e.second(account=THEIRS)
    return e, joined(e)


def test_both_views_of_one_attachment() -> None:
    """R-OBS-10: two accounts describe it, with tags of their own and one without the
    association."""
    for forgets in (True, False):
        e, h = two_accounts()
        theirs = e.scope((THEIRS, "us-east-1"))
        mine = {**h.two.record, "Tags": [{"Key": "Name", "Value": "mine"}]}
        if forgets:
            del mine["Association"]
        theirs["TransitGatewayAttachments"] = [mine]
        assert verdict(e) == "reachable"


def test_only_the_owner_sees_the_association() -> None:
    """R-SHARE-3: no association in a participant's view is not "none"."""
    e, h = two_accounts()
    there = f"can {e.b2} reach 10.0.0.5 port 80"
    del e.scopes[e.home]
    e.scopes[("999988887777", "us-east-1")] = e.scope(("999988887777", "us-east-1"))
    theirs = e.scope((THEIRS, "us-east-1"))
    unassociated = {k: v for k, v in h.two.record.items() if k != "Association"}
    theirs["TransitGatewayAttachments"] = [unassociated]
    answer = e.ask(there)
    assert answer.verdict == "undecided"
    assert "with which route table" in answer.reason
    theirs["TransitGatewayAttachments"] = [h.two.record]
    answer = e.ask(there)  # the association is told, the table's routes are not
    assert answer.verdict == "undecided"
    assert h.tgw.table in answer.reason


def test_a_participant_without_any_of_it() -> None:
    """R-SHARE-4: the other side's VPC is undecided both ways, never unreachable."""
    e, h = two_accounts()
    del e.scopes[(THEIRS, "us-east-1")]
    assert verdict(e) == "undecided"
    assert e.ask(f"can 10.2.0.5 reach {e.a} port 80").verdict == "undecided"
    assert e.ask(f"can 10.2.0.0/24 reach {e.a} port 80").verdict == "undecided"
    for end in (h.two, h.tgw):
        gb = e.group(e.v1, ingress=[])
        e.wear(e.a, gb)
        assert e.ask(f"can {end} reach {e.a} port 80").verdict == "undecided"


# ------------------------------ other kinds


def test_a_kind_that_nobody_models() -> None:
    """Law 2: what a route leads to is named, and no answer is guessed."""
    e, h = pair()
    other = attachment(e, h.tgw, "some-new-kind", "new-0123456789abcdef0")
    static(e, h.tgw.table, "10.9.0.0/16", other)
    e.route(e.ta, "10.9.0.0/16", h.tgw)
    answer = e.ask(f"can {e.a} reach 10.9.0.5 port 80")
    assert (answer.verdict, "new-0123456789abcdef0" in answer.reason) == ("undecided", True)


# ------------------------------ peerings


def peered(
    region: str = "eu-west-1", account: str | None = None, **how: Any
) -> tuple[Pair, Id, Id, tuple[Id, Id]]:
    """V1 on one gateway, V2 on another, and a peering with static routes on both sides."""
    e = Pair()
    e.second(region=region, account=account)
    one, two = transit_gateway(e), transit_gateway(e, region=region, account=account)
    attach(e, one, e.v1, [e.sa, e.sb])
    attach(e, two, e.v2, [e.s2])
    ends = peer(e, one, two, **how)
    static(e, one.table, "10.2.0.0/16", ends[0])
    static(e, two.table, "10.0.0.0/16", ends[1])
    for routed in (e.ta, e.tb):
        e.route(routed, "10.2.0.0/16", one)
    e.route(e.t2, "10.0.0.0/16", two)
    return e, one, two, ends


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
@pytest.mark.parametrize("account", [None, THEIRS])
def test_over_a_peering(region: str, account: str | None) -> None:
    """R-TGW-12: within and between Regions, within and between accounts, there and back."""
    e, one, two, ends = peered(region, account)
    assert (ends[0] == ends[1]) is (region != "us-east-1")
    g = ground(e)
    there = sent(g, e.a, packet(e.a.ip, e.b2.ip))
    assert answered(g, there, e.b2.ip)
    assert f"transit_gateway/{ends[0]}/out {one} use1-az1" in nodes(there)
    assert f"transit_gateway/{ends[1]}/in {two} -" in nodes(there)
    assert f"transit_gateway/{ends[0]}/in {one} -" in nodes(replied(g, there))
    assert there.choices == ()
    assert verdict(e) == "reachable"
    for call in ("TransitGatewayPeeringAttachments", "TransitGatewayRouteTableAssociations"):
        e.drop(call)
        assert verdict(e) == "reachable", call


def test_the_zone_behind_a_peering() -> None:
    """R-TGW-8: no zone is the packet's own there, so which it comes out in is assumed."""
    e, _, _, _ = peered()
    answer = e.ask(f"can {e.b2} reach {e.a} port 80")
    assert answer.verdict == "reachable"
    assert "takes zone use1-az1" in answer.assumptions[0].text


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
@pytest.mark.parametrize("state", ["pendingAcceptance", "initiatingRequest", "deleted", "rejected"])
def test_a_peering_that_is_not_there_yet(state: str, region: str) -> None:
    """R-TGW-12: accepted and available, or nothing passes; either end's state counts."""
    e, _, _, ends = peered(region, state=state)
    trace = sent(ground(e), e.a, packet(e.a.ip, e.b2.ip))
    assert dropped(trace) == (ends[0], "BAD_STATE_ATTACHMENT")
    e, _, _, ends = peered(region)
    ends[1].record["State"] = state
    trace = sent(ground(e), e.a, packet(e.a.ip, e.b2.ip))
    assert dropped(trace) == (ends[1], "BAD_STATE_ATTACHMENT")


def test_no_static_route_on_the_far_side() -> None:
    """R-TGW-12: nothing is propagated over a peering; the way back needs a route of its own."""
    e, _, two, _ = peered()
    e.scopes[two.scope]["TransitGatewayStaticRoutes"][0]["Routes"].clear()
    g = ground(e)
    there = sent(g, e.a, packet(e.a.ip, e.b2.ip))
    assert dropped(replied(g, there)) == (two.table, "TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT")


def test_the_far_gateway_is_not_in_the_snapshot() -> None:
    """R-SHARE-4: another account's, or another Region's."""
    e, _, two, _ = peered(account=THEIRS)
    del e.scopes[two.scope]
    answer = e.ask(question(e))
    assert (answer.verdict, two in answer.reason) == ("undecided", True)
    assert e.ask(f"can 10.2.0.5 reach {e.a} port 80").verdict == "undecided"


def test_each_end_has_its_own_association() -> None:
    """R-TGW-3: of the two ends that share an id, each gateway's counts at home."""
    e, one, two, ends = peered()
    associate(e, ends[1], None)
    code = "TGW_ATTACH_MISSING_TGW_RTB_ASSOCIATION"
    assert dropped(sent(ground(e), e.a, packet(e.a.ip, e.b2.ip))) == (ends[1], code)
    assert ends[0].record["Association"]["TransitGatewayRouteTableId"] == one.table
    for each in ends:
        each.record.pop("Association", None)
    e.drop("TransitGatewayRouteTables")
    assert verdict(e) == "undecided"  # of which gateway the tables are is not told
    assert two


def test_an_older_peering_of_the_same_two() -> None:
    """Within a Region: a deleted peering is listed for a while and leads nowhere."""
    e, one, two, ends = peered("us-east-1")
    gone = peer(e, one, two, state="deleted")
    for each in gone:
        associate(e, each, None)
    g = ground(e)
    assert f"transit_gateway/{ends[1]}/in {two} -" in nodes(sent(g, e.a, packet(e.a.ip, e.b2.ip)))
    assert verdict(e) == "reachable"


def test_through_a_gateway_between() -> None:
    """R-TGW-12: peerings are passed on by static routes, from gateway to gateway."""
    e = Pair()
    e.second(region="eu-west-1")
    one, middle, two = (
        transit_gateway(e, region=region) for region in ("us-east-1", "us-west-2", "eu-west-1")
    )
    attach(e, one, e.v1, [e.sa, e.sb])
    attach(e, two, e.v2, [e.s2])
    near, far = peer(e, one, middle), peer(e, middle, two)
    static(e, one.table, "10.2.0.0/16", near[0])
    static(e, middle.table, "10.2.0.0/16", far[0])
    static(e, middle.table, "10.0.0.0/16", near[1])
    static(e, two.table, "10.0.0.0/16", far[1])
    e.route(e.ta, "10.2.0.0/16", one)
    e.route(e.t2, "10.0.0.0/16", two)
    assert verdict(e) == "reachable"
    static(e, middle.table, "10.2.0.0/16", near[1])  # back to where it came from, for ever
    assert verdict(e) == "unreachable"


def test_a_peering_with_a_core_network() -> None:
    """R-TGW-20: whoever has core networks takes it; until then it is undecided and named."""
    e, _, _, ends = peered()
    core = "core-network-0123456789abcdef0"
    for scope in e.scopes:
        for record in e.scopes[scope]["TransitGatewayPeeringAttachments"]:
            record["AccepterTgwInfo"] = {"CoreNetworkId": core, "OwnerId": e.home[0]}
    answer = e.ask(question(e))
    assert (answer.verdict, core in answer.reason) == ("undecided", True)
    assert ends


# ------------------------------ as ends of a question


def test_an_attachment_as_an_end() -> None:
    """What it attaches, by way of it and not otherwise."""
    e, h = pair()
    assert e.ask(f"can {h.one} reach {e.b2} port 80").verdict == "reachable"
    assert e.ask(f"can {e.a} reach {h.two} port 80").verdict == "reachable"
    assert e.ask(f"can {h.tgw} reach {e.b2} port 80").verdict == "reachable"
    assert e.ask(f"can {e.a} reach {h.tgw} port 80").verdict == "reachable"
    # A and B reach each other, but not by way of the gateway.
    assert e.ask(f"can {e.a} reach {e.b} port 80").verdict == "reachable"
    assert e.ask(f"can {h.one} reach {e.b} port 80").verdict == "unreachable"


def test_names_and_arns_of_ends() -> None:
    """Name tags of a gateway and of an attachment, which two calls print, and ARNs."""
    e, h = pair()
    for end in (
        "hub",
        h.tgw.arn,
        "two",
        f"arn:aws:ec2:us-east-1:1:transit-gateway-attachment/{h.two}",
    ):
        assert e.ask(f"can {e.a} reach {end} port 80").verdict == "reachable", end
    over, _, _, _ = peered(name="between")
    assert over.ask(f"can between reach {over.b2} port 80").verdict == "reachable"
    steps = e.ask(question(e)).to_dict()["witness"]["forward"]
    assert {step["name"] for step in steps if step["resource"] == h.two} == {"two"}


def test_an_end_is_not_open_for_what_is_known() -> None:
    """A gateway with a peering is as decided as what lies beyond it."""
    e, one, two, ends = peered()
    e.wear(e.b2, e.group(e.v2, ingress=["tcp/80 any"]))
    for end in (one, two, *ends):
        assert e.ask(f"can {end} reach {e.b2} port 80").verdict == "reachable"
        assert e.ask(f"can {end} reach {e.b2} port 81").verdict == "unreachable"
    del e.scopes[two.scope]
    e.wear(e.a, e.group(e.v1, ingress=[]))
    assert e.ask(f"can {ends[0]} reach {e.a} port 80").verdict == "undecided"


def test_an_end_beyond_which_nothing_is_known() -> None:
    """Who dials in may be anybody: undecided, naming it; a VPC's hosts are known."""
    e, h = pair()
    e.wear(e.a, e.group(e.v1, ingress=[]))
    people = attachment(e, h.tgw, "client-vpn", "cvpn-endpoint-0123456789abcdef0")
    answer = e.ask(f"can {people} reach {e.a} port 80")
    assert (answer.verdict, people.record["ResourceId"] in answer.reason) == ("undecided", True)
    assert e.ask(f"can {h.two} reach {e.a} port 80").verdict == "unreachable"


def test_an_end_that_is_deleted() -> None:
    """R-TGW-1: nothing comes by it, and the answer says why."""
    e, h = pair()
    for call in ("TransitGatewayAttachments", "TransitGatewayVpcAttachments"):
        e.scopes[e.home][call][1]["State"] = "deleted"
    answer = e.ask(f"can {e.a} reach {h.two} port 80")
    assert (answer.verdict, answer.explanations[0].code) == ("unreachable", "BAD_STATE_ATTACHMENT")


@pytest.mark.parametrize("call", ["TransitGatewayAttachments", "TransitGatewayVpcAttachments"])
def test_an_end_when_a_call_is_missing(call: str) -> None:
    """Law 2: fewer attachments in the snapshot are not fewer attachments."""
    e, h = pair()
    e.wear(e.a, e.group(e.v1, ingress=[]))
    assert e.ask(f"can {h.tgw} reach {e.a} port 80").verdict == "unreachable"
    e.drop(call)
    assert e.ask(f"can {h.tgw} reach {e.a} port 80").verdict == "undecided"
    # The other call tells of an attachment all that there is to know here.
    told = "unreachable" if call == "TransitGatewayAttachments" else "undecided"
    assert e.ask(f"can {h.two} reach {e.a} port 80").verdict == told


# ------------------------------ private addresses that nobody has


def test_an_address_that_nothing_attached_has() -> None:
    """Everything attached is in the snapshot: nobody sends from there."""
    e, _ = pair()
    assert e.ask(f"can 10.9.0.5 reach {e.a} port 80").verdict == "unreachable"


SPOILT: dict[str, Callable[[Pair, Hub], object]] = {
    "an unseen VPC": lambda e, h: attachment(e, h.tgw, "vpc", "vpc-0unseen", into=()),
    "an unseen gateway": lambda e, h: attachment(e, h.tgw, "peering", "tgw-0unseen"),
    "an unseen line": lambda e, h: attachment(e, h.tgw, "client-vpn", "cvpn-endpoint-0unseen"),
    "attachments not listed": lambda e, h: e.drop("TransitGatewayAttachments"),
    "gateways not listed": lambda e, h: e.drop("TransitGateways"),
}


@pytest.mark.parametrize("how", SPOILT)
def test_an_address_that_something_unseen_may_have(how: str) -> None:
    """R-SHARE-4, law 2: somebody beyond the gateway may be there."""
    e, h = pair()
    SPOILT[how](e, h)
    assert e.ask(f"can 10.9.0.5 reach {e.a} port 80").verdict == "undecided"
    assert e.ask(f"can 10.9.0.0/24 reach {e.a} port 80").verdict == "undecided"


def test_what_comes_from_nowhere_is_undecided() -> None:
    """A trace into an attachment that no record has."""
    e, h = pair()
    trace = at(
        ground(e), f"transit_gateway/tgw-attach-0x/out {h.tgw} -", packet(e.a.ip, "10.9.0.1")
    )
    assert trace.fate is Fate.UNMODELLED


def test_a_block_that_is_none() -> None:
    """Law 11: it is said where it stands, when the snapshot is loaded."""
    options = {"TransitGatewayCidrBlocks": ["10.0.0.0/24", "10.0.0.0/33"]}
    wrong = {"TransitGateways": [{"TransitGatewayId": "tgw-1", "Options": options}]}
    with pytest.raises(reach.SnapshotError, match=r"/TransitGatewayCidrBlocks/1: .* from 0 to 32"):
        load_files({"a.json": json.dumps(wrong)})
