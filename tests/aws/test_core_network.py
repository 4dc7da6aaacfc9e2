"""Core networks: in by the attachment of the sender's zone, out by the other's, and groups."""

from __future__ import annotations

import json

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
    plain,
    sent,
    stages,
)
from tests.estate import Pair, load_files
from tests.estates.cloudwan import (
    attach,
    attachment,
    core_network,
    joined,
    listed,
    rewrite,
    send_to,
)
from tests.traps.rows import allow, deny, may, unknown

# ------------------------------ decoding


@pytest.mark.parametrize("state", ["CREATING", "DELETING", "FAILED", "REJECTED"])
def test_an_attachment_that_is_not_available(state: str) -> None:
    """R-CWAN-1: what is not available carries nothing, in or out; its state is the reason."""
    e, cn = joined()
    assert answered(ground(e), sent(ground(e), e.a, packet(e.a.ip, e.b2.ip)), e.b2.ip)
    cn.one.record["State"] = state
    assert dropped(sent(ground(e), e.a, packet(e.a.ip, e.b2.ip))) == (
        cn.one,
        "BAD_STATE_ATTACHMENT",
    )
    header = packet(e.b2.ip, e.a.ip)
    there = at(ground(e), f"core_network/{cn.one}/out us-east-1 use1-az1", header)
    assert dropped(there) == (cn.one, "BAD_STATE_ATTACHMENT")


@pytest.mark.parametrize("state", ["UPDATING", "PENDING_NETWORK_UPDATE", "PENDING_TAG_ACCEPTANCE"])
def test_an_attachment_under_way(state: str) -> None:
    """R-CWAN-1: what a changing attachment passes is not documented: undecided."""
    e, cn = joined()
    cn.two.record["State"] = state
    unknown(e, f"can {e.a} reach {e.b2} port 80", cn.two)


def test_an_attachment_under_way_and_groups() -> None:
    """R-CWAN-6: a reference to a group beyond it is in doubt with it, not refused."""
    e, cn = joined(references=True)
    ga = e.group(e.v1, name="ga")
    e.wear(e.a, ga)
    e.wear(e.b2, e.group(e.v2, [f"tcp/80 {ga}"]))
    allow(e, f"can {e.a} reach {e.b2} port 80")
    cn.two.record["State"] = "UPDATING"
    unknown(e, f"can {e.a} reach {e.b2} port 80", cn.two)
    deny(e, f"can {e.a} reach {e.b2} port 81")


def test_a_core_network_that_is_going() -> None:
    """Its own state counts, by either call."""
    e, cn = joined()
    cn.record["State"] = "DELETING"
    deny(e, f"can {e.a} reach {e.b2} port 80", "BAD_STATE")
    cn.record["State"] = "UPDATING"
    allow(e, f"can {e.a} reach {e.b2} port 80")


@pytest.mark.parametrize("key", ["EdgeLocation", "SegmentName", "State"])
def test_what_one_of_two_calls_prints(key: str) -> None:
    """list-attachments and get-vpc-attachment print the same fields of an attachment."""
    e, cn = joined()
    cn.one.record["State"] = "REJECTED"
    (detail,) = (
        each["VpcAttachment"]
        for each in e.scope(cn.scope)["CoreNetworkVpcAttachments"]
        if each["VpcAttachment"]["Attachment"] is cn.one.record
    )
    detail["Attachment"] = dict(cn.one.record)
    question = f"can {e.a} reach {e.b2} port 80"
    deny(e, question, "BAD_STATE_ATTACHMENT")
    del cn.one.record[key]
    deny(e, question, "BAD_STATE_ATTACHMENT")
    for each in (cn.one.record, detail["Attachment"]):
        each["State"] = "AVAILABLE"
    cn.one.record.pop(key, None)
    allow(e, question)


def test_an_attachment_whose_edge_is_not_printed() -> None:
    """R-CWAN-1: a VPC is attached at the edge location of its own Region."""
    e, cn = joined()
    del cn.one.record["EdgeLocation"]
    del cn.two.record["EdgeLocation"]
    listed(e, cn, "p", "us-east-1", [("10.0.0.0/16", cn.one), ("10.2.0.0/16", cn.two)])
    allow(e, f"can {e.a} reach {e.b2} port 80")


def test_answers_as_the_cli_prints_them() -> None:
    """get-core-network-policy, get-vpc-attachment and get-network-routes need no list around."""
    e, cn = joined()
    files = e.files()
    for key in ("CoreNetworkPolicies", "CoreNetworkVpcAttachments"):
        path = next(path for path in files if path.endswith(f"/{key}.json"))
        for number, answer in enumerate(json.loads(files.pop(path))[key]):
            files[f"us-east-1/{key}-{number}.json"] = json.dumps(answer)
    import reach

    question = f"can {e.a} reach {e.b2} port 80"
    assert reach.ask(load_files(files), question).verdict == "reachable"
    table = listed(e, cn, "p", "us-east-1", [("10.0.0.0/16", cn.one)])
    files["us-east-1/routes.json"] = json.dumps(table)
    assert reach.ask(load_files(files), question).verdict == "unreachable"


# ------------------------------ in


def test_the_senders_zone() -> None:
    """One subnet of a zone serves every subnet there, and nobody elsewhere."""
    e, cn = joined()
    near = e.subnet(e.v1, "10.0.7.0/24", "a")
    e.route(e.v1.table, "10.2.0.0/16", cn.arn)
    c = e.instance("c", near, "10.0.7.5")
    allow(e, f"can {c} reach {e.b2} port 80")
    answer = deny(e, f"can {e.b} reach {e.b2} port 80", "NO_PATH")
    assert answer.explanations[0].resource == cn.one
    attach(e, cn, e.v1, [e.sa, e.sb], "p")
    e.scope(e.home)["Attachments"].remove(cn.one.record)
    calls = e.scope(e.home)["CoreNetworkVpcAttachments"]
    calls.remove(next(c for c in calls if c["VpcAttachment"]["Attachment"] is cn.one.record))
    allow(e, f"can {e.b} reach {e.b2} port 80")


def test_a_local_zone_counts_as_its_parent() -> None:
    """R-LZ-1: a Local Zone can hold no attachment subnet; its parent's serves it."""
    e, cn = joined()
    zone = {
        "ParentZoneId": "use1-az1",
        "ParentZoneName": "us-east-1a",
        "ZoneId": "use1-bos1-az1",
        "ZoneName": "us-east-1-bos-1a",
        "ZoneType": "local-zone",
    }
    e.add("AvailabilityZones", zone)
    local = e.subnet(e.v1, "10.0.8.0/24")
    local.record |= {"AvailabilityZone": zone["ZoneName"], "AvailabilityZoneId": zone["ZoneId"]}
    e.route(e.v1.table, "10.2.0.0/16", cn.arn)
    c = e.instance("c", local, "10.0.8.5", public="198.51.100.44")
    allow(e, f"can {c} reach {e.b2} port 80")
    zone["ParentZoneId"] = "use1-az2"
    deny(e, f"can {c} reach {e.b2} port 80", "NO_PATH")
    e.route(e.v1.table, "0.0.0.0/0", e.igw(e.v1))
    allow(e, f"can {c} reach internet port 443")


def test_a_vpc_that_is_not_attached() -> None:
    """R-CWAN-1: a route alone does not lead in; unless the list of attachments is not there."""
    e = Pair()
    e.second()
    cn = core_network(e, "p")
    attach(e, cn, e.v2, [e.s2], "p")
    e.route(e.ta, "10.2.0.0/16", cn.arn)
    deny(e, f"can {e.a} reach {e.b2} port 80", "BAD_STATE_ATTACHMENT")
    unknown(e.drop("Attachments"), f"can {e.a} reach {e.b2} port 80", cn)


def test_an_attachment_of_no_segment() -> None:
    """R-CWAN-1: it belongs to a segment or to a function group, else it leads nowhere."""
    e, cn = joined()
    del cn.one.record["SegmentName"]
    deny(e, f"can {e.a} reach {e.b2} port 80", "NO_PATH")


# ------------------------------ out


def test_stages() -> None:
    """In: the segment's table at the attachment's edge.  Out: the subnet's wire, in its zone."""
    e, cn = joined()
    g = ground(e)
    lookup = f"core_network_segment/{cn}/lookup segment:p us-east-1 use1-az1"
    assert plain(stages(g, f"core_network/{cn.one}/in use1-az1")) == [
        ["any packet: identity 0"],
        [f"any packet -> {lookup}", "else drop"],
    ]
    assert plain(stages(g, f"core_network/{cn.two}/out us-east-1 use1-az1")) == [
        ["any packet: identity 0"],
        [f"any packet -> core_network/{cn.two}/exit {e.s2}", "else drop"],
    ]
    assert plain(stages(g, f"core_network/{cn.two}/exit {e.s2}"))[-1] == [
        f"any packet -> subnet/{e.s2}/emit attachment",
        "else drop",
    ]


def test_the_way_out_of_a_zone_without_a_subnet() -> None:
    """As R-TGW-8: its own zone if it can, else any one; in appliance mode any, both ways."""
    e, cn = joined()
    other = e.subnet(e.v2, "10.2.9.0/24", "b")
    detail = e.scope(e.home)["CoreNetworkVpcAttachments"][1]["VpcAttachment"]
    detail["SubnetArns"].append(other.arn)
    g = ground(e)
    exit_of = f"core_network/{cn.two}/exit"
    exits = [[f"may -> {exit_of} {e.s2}", f"may -> {exit_of} {other}"]]
    assert plain(stages(g, f"core_network/{cn.two}/out us-east-1 use1-az1"))[1:] == [
        [f"any packet -> {exit_of} {e.s2}", "else drop"]
    ]
    assert plain(stages(g, f"core_network/{cn.two}/out us-east-1 use1-az3"))[1:] == exits
    detail["Options"]["ApplianceModeSupport"] = True
    back = [f"reply any packet -> {exit_of} {e.s2}", f"reply any packet -> {exit_of} {other}"]
    assert plain(stages(ground(e), f"core_network/{cn.two}/out us-east-1 use1-az1"))[1:] == [
        back,
        *exits,
    ]
    may(e, f"can {e.a} reach {e.b2} port 80")


def test_the_acl_of_the_attachment_subnet() -> None:
    """As R-NACL-12: inward on the way to the core network, outward on the way from it."""
    e, _cn = joined()
    border = e.subnet(e.v1, "10.0.7.0/24", "a")
    e.scope(e.home)["CoreNetworkVpcAttachments"][0]["VpcAttachment"]["SubnetArns"] = [border.arn]
    allow(e, f"can {e.a} reach {e.b2} port 80")
    acl = e.acl(e.v1, [border], ingress=["100 allow all 10.2.0.0/16"])
    deny(e, f"can {e.a} reach {e.b2} port 80", "SUBNET_ACL_RESTRICTION")
    allow(e, f"can {e.b2} reach {e.a} port 80", one_way=True)
    e.scope(e.home)["NetworkAcls"].remove(acl.record)
    e.acl(e.v1, [border], egress=["100 allow all 10.2.0.0/16"])
    allow(e, f"can {e.a} reach {e.b2} port 80", one_way=True)
    deny(e, f"can {e.b2} reach {e.a} port 80", "SUBNET_ACL_RESTRICTION", one_way=True)


def test_the_route_table_of_the_attachment_subnet_takes_it_on() -> None:
    """R-RT-3: out of the attachment it goes by that subnet's table, to an appliance, say."""
    e, _cn = joined()
    border = e.subnet(e.v2, "10.2.8.0/24", "a")
    inner = e.subnet(e.v2, "10.2.9.0/24", "a")
    box = e.instance("box", inner, "10.2.9.9", check=False)
    e.route(e.table(e.v2, [border]), "10.2.0.0/24", box.eni)
    e.scope(e.home)["CoreNetworkVpcAttachments"][1]["VpcAttachment"]["SubnetArns"] = [border.arn]
    trace = sent(ground(e), e.a, packet(e.a.ip, e.b2.ip))
    assert f"network_interface/{box.eni}/routed" in nodes(trace)


# ------------------------------ other kinds of attachments


@pytest.mark.parametrize("kind", ["SITE_TO_SITE_VPN", "CONNECT", "DIRECT_CONNECT_GATEWAY"])
def test_a_line_to_on_premises(kind: str) -> None:
    """What lies beyond other attachments is undecided by their id, from there and to there."""
    e, cn = joined()
    arn = "arn:aws:ec2:us-east-1:111122223333:vpn-connection/vpn-0123456789abcdef0"
    line = attachment(e, cn, kind, arn, "p")
    listed(
        e,
        cn,
        "p",
        "us-east-1",
        [("10.0.0.0/16", cn.one), ("10.2.0.0/16", cn.two), ("192.168.0.0/16", line)],
    )
    e.route(e.ta, "192.168.0.0/16", cn.arn)
    unknown(e, f"can {e.a} reach 192.168.1.1 port 80", line)
    unknown(e, f"can 192.168.1.1 reach {e.a} port 80", line)
    unknown(e, f"can on-premises reach {e.b} port 80", line)
    allow(e, f"can {e.a} reach {e.b2} port 80")


def test_lines_that_nobody_listed() -> None:
    """Law 2: while the attachments are not listed hosts on-premises may come in by one."""
    e, _cn = joined()
    deny(e, f"can on-premises reach {e.a} port 80", "NO_SOURCE_OR_DESTINATION")
    unknown(e.drop("Attachments"), f"can on-premises reach {e.a} port 80")


def test_an_attached_vpc_that_is_not_in_the_snapshot() -> None:
    """R-SHARE-4: it may have any private address, and what is sent to it is undecided."""
    e, _cn = joined(account="444455556666")
    question = "can 10.2.0.77 reach {e.a} port 80"
    deny(e, question.format(e=e), "NO_SOURCE_OR_DESTINATION")
    del e.scopes[e.v2.scope]
    unknown(e, question.format(e=e), e.v2)
    unknown(e, f"can {e.a} reach 10.2.0.5 port 80", e.v2)
    unknown(e, f"can 10.2.0.0/24 reach {e.a} port 80", e.v2)


def test_a_transit_gateway_route_table() -> None:
    """R-TGW-20: it leads into that table of the peered gateway, while the peering is there."""
    e, cn = joined()
    tgw, rtb = e.make("tgw", e.home, None), e.make("tgw-rtb", e.home, None)
    arn = f"arn:aws:ec2:us-east-1:{e.home[0]}"
    tgw.record.update(TransitGatewayId=str(tgw), State="available", OwnerId=e.home[0])
    rtb.record.update(TransitGatewayRouteTableId=str(rtb), TransitGatewayId=str(tgw))
    e.put("TransitGateways", tgw)
    table = attachment(
        e, cn, "TRANSIT_GATEWAY_ROUTE_TABLE", f"{arn}:transit-gateway-route-table/{rtb}", "p"
    )
    node = f"core_network/{table}/out us-east-1 use1-az1"
    header = packet(e.a.ip, "10.7.0.5")
    assert at(ground(e), node, header).fate is Fate.UNMODELLED
    e.put("TransitGatewayRouteTables", rtb)
    trace = at(ground(e), node, header)
    assert nodes(trace)[1] == f"transit_gateway_route_table/{rtb}/lookup {tgw} -"
    peering = {
        "CoreNetworkId": str(cn),
        "PeeringId": "peering-0123456789abcdef0",
        "PeeringType": "TRANSIT_GATEWAY",
        "ResourceArn": f"{arn}:transit-gateway/{tgw}",
        "State": "DELETING",
    }
    e.add("Peerings", peering)
    assert dropped(at(ground(e), node, header)) == ("peering-0123456789abcdef0", "BAD_STATE")


def test_from_a_transit_gateway() -> None:
    """R-TGW-20: into the segment of its attached table: certain if it has no other table."""
    e, cn = joined()
    tgw = e.make("tgw", e.home, None)
    tgw.record.update(TransitGatewayId=str(tgw), State="available", OwnerId=e.home[0])
    e.put("TransitGateways", tgw)
    listed(e, cn, "p", "us-east-1", [("10.0.0.0/16", cn.one)])
    node, header = f"core_network/{cn}/peered {tgw}", packet("10.7.0.5", e.a.ip)
    assert at(ground(e), node, header).fate is Fate.UNMODELLED
    tables = [e.make("tgw-rtb", e.home, None) for _ in range(2)]
    for table in tables:
        table.record.update(TransitGatewayRouteTableId=str(table), TransitGatewayId=str(tgw))
    e.put("TransitGatewayRouteTables", tables[0])
    kind = "TRANSIT_GATEWAY_ROUTE_TABLE"
    arn = f"arn:aws:ec2:us-east-1:{e.home[0]}:transit-gateway-route-table/"
    attachment(e, cn, kind, arn + tables[0], "p")
    trace = at(ground(e), node, header)
    assert arrived(trace, e.a.ip)
    assert not trace.choices
    e.put("TransitGatewayRouteTables", tables[1])
    assert len(at(ground(e), node, header).choices) == 1
    attachment(e, cn, kind, arn + tables[1], "p")
    assert at(ground(e), node, header).fate is Fate.UNMODELLED


# ------------------------------ groups


def test_group_references() -> None:
    """R-CWAN-6, R-SG-15: where the policy and both attachments let them, inbound rules only."""
    e, cn = joined()
    ga = e.group(e.v1, name="ga")
    e.wear(e.a, ga)
    e.wear(e.b2, e.group(e.v2, ingress=[f"tcp/80 {ga}"]))
    question = f"can {e.a} reach {e.b2} port 80"
    deny(e, question, "ENI_SG_RULES_MISMATCH")
    configuration = {"security-group-referencing-support": True}
    rewrite(e, cn, core_network_configuration=configuration)
    allow(e, question)
    details = e.scope(e.home)["CoreNetworkVpcAttachments"]
    for detail in details:
        options = detail["VpcAttachment"]["Options"]
        options["SecurityGroupReferencingSupport"] = False
        deny(e, question, "ENI_SG_RULES_MISMATCH")
        del options["SecurityGroupReferencingSupport"]
    allow(e, question)
    e.wear(e.b2, e.open_group(e.v2))
    e.wear(e.a, e.group(e.v1, egress=[f"tcp/80 {e.open_group(e.v2)}"]))
    deny(e, question, "ENI_SG_RULES_MISMATCH")


def test_group_references_between_regions() -> None:
    """R-CWAN-6: within one core network edge only."""
    e, _cn = joined(region="eu-west-1", references=True)
    ga = e.group(e.v1, name="ga")
    e.wear(e.a, ga)
    e.wear(e.b2, e.group(e.v2, ingress=[f"tcp/80 {ga}"]))
    deny(e, f"can {e.a} reach {e.b2} port 80", "ENI_SG_RULES_MISMATCH")
    e.wear(e.b2, e.group(e.v2, ingress=["tcp/80 10.0.0.0/16"]))
    allow(e, f"can {e.a} reach {e.b2} port 80")


def test_group_references_while_the_policy_is_missing() -> None:
    """Law 2: with the tables listed the way is known, and whether groups count is an assumption."""
    e, cn = joined(references=True)
    ga = e.group(e.v1, name="ga")
    e.wear(e.a, ga)
    e.wear(e.b2, e.group(e.v2, ingress=[f"tcp/80 {ga}"]))
    listed(e, cn, "p", "us-east-1", [("10.0.0.0/16", cn.one), ("10.2.0.0/16", cn.two)])
    question = f"can {e.a} reach {e.b2} port 80"
    assert not allow(e, question).assumptions
    said = [each.text for each in may(e.drop("CoreNetworkPolicies"), question).assumptions]
    assert said == [
        "assumed: group references reach over it, for its policy is not in the snapshot"
    ]


# ------------------------------ as ends


def test_as_ends() -> None:
    """By id, by ARN, by Name and by attachment; whatever is attached, by way of it."""
    e, cn = joined()
    cn.record["Tags"] = [{"Key": "Name", "Value": "backbone"}]
    e.peering(e.v1, e.v2)
    for way in (cn, cn.arn, "backbone", cn.one):
        allow(e, f"can {way} reach {e.b2} port 80")
        deny(e, f"can {way} reach {e.b} port 80")
    for way in (cn, cn.arn, "backbone", cn.two):
        allow(e, f"can {e.a} reach {way} port 80")
        deny(e, f"can {e.b} reach {way} port 80")


def test_an_end_that_is_not_fully_known() -> None:
    """R-SHARE-4: beyond other attachments, or before the list is there, more may be attached."""
    e, cn = joined({"name": "p", "isolate-attachments": True})
    deny(e, f"can {cn} reach {e.b2} port 80")
    e.scope(e.home)["CoreNetworkVpcAttachments"].clear()
    attachment(e, cn, "CONNECT", "arn:aws:ec2:us-east-1:1:x/y", "p")
    unknown(e, f"can {cn} reach {e.b} port 80")


def test_a_route_to_a_core_network_of_nobody() -> None:
    """R-SHARE-4: a network of another account whose attachments nobody listed is undecided."""
    e = Pair()
    other = "arn:aws:networkmanager::444455556666:core-network/core-network-0123456789abcdef0"
    e.second()
    e.route(e.ta, "10.2.0.0/16", other)
    deny(e, f"can {e.a} reach {e.b2} port 80", "BAD_STATE_ATTACHMENT")
    unknown(e.drop("Attachments"), f"can {e.a} reach {e.b2} port 80", "core-network-0123")


def test_egress_by_send_to() -> None:
    """R-CWAN-5: a default route to the group; its VPC's own way out is the internet."""
    e, cn = joined("p", groups=["exit"], actions=[send_to("p", "exit")])
    vpc = e.vpc("10.9.0.0/16", name="exit")
    border, outer = e.subnet(vpc, "10.9.0.0/24"), e.subnet(vpc, "10.9.1.0/24")
    nat = e.instance("nat", outer, "10.9.1.9", public="198.51.100.9", check=False)
    e.route(e.table(vpc, [border]), "0.0.0.0/0", nat.eni)
    outward = e.table(vpc, [outer])
    e.route(outward, "0.0.0.0/0", e.igw(vpc))
    attach(e, cn, vpc, [border], group="exit")
    e.route(e.ta, "0.0.0.0/0", cn.arn)
    deny(e, f"can {e.a} reach internet port 443")
    may(e, f"can {e.a} reach internet port 443", one_way=True)
    e.route(outward, "10.0.0.0/8", cn.arn)
    may(e, f"can {e.a} reach internet port 443")
    deny(e, f"can {e.b} reach internet port 443", "NO_ROUTE_TO_DESTINATION")
    deny(e, f"can internet reach {e.a} port 443")


@pytest.mark.parametrize("reading", ["allow", "deny"])
def test_egress_by_a_nat_gateway(reading: str) -> None:
    """U-4: it serves what came in by a core network, if its subnet routes the replies back."""
    import reach

    e, cn = joined("p", groups=["exit"], actions=[send_to("p", "exit")])
    vpc = e.vpc("10.9.0.0/16", name="exit")
    border, outer = e.subnet(vpc, "10.9.0.0/24"), e.subnet(vpc, "10.9.1.0/24")
    nat = e.nat(outer, "10.9.1.9", public="198.51.100.9")
    e.route(e.table(vpc, [border]), "0.0.0.0/0", nat)
    outward = e.table(vpc, [outer])
    e.route(outward, "0.0.0.0/0", e.igw(vpc))
    attach(e, cn, vpc, [border], group="exit")
    e.route(e.ta, "0.0.0.0/0", cn.arn)
    question, options = f"can {e.a} reach internet port 443", {"nat-from-transit": reading}
    assert reach.ask(e.load(), question, options=options).verdict == "unreachable"
    e.route(outward, "10.0.0.0/8", cn.arn)
    verdict = "reachable" if reading == "allow" else "unreachable"
    answer = reach.ask(e.load(), question, options=options)
    assert answer.verdict == verdict
    assert any("nat-from-transit" in note.text for note in answer.notes)
    deny(e, f"can internet reach {e.a} port 443")
