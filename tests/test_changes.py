"""Changes: how each reads as a call of the API and as a command, and what it does to a snapshot."""

from __future__ import annotations

import shlex
from typing import Any

import pytest

from reach.changes import (
    AddEntry,
    AddRoute,
    AddTransitRoute,
    AllowRule,
    AssociateTransitTable,
    Call,
    Change,
    RemoveEntry,
    RemoveRoute,
    RemoveTransitRoute,
    ReplaceEntry,
    ReplaceRoute,
    RevokeRule,
    apply,
)
from reach.changes.acl_entry import AclEntry
from reach.changes.group_rule import RuleOfGroup
from reach.changes.route import TableRoute
from reach.changes.transit_route import TransitRoute
from reach.snapshot.records import (
    IcmpTypeCode,
    IpPermission,
    IpRange,
    NetworkAclEntry,
    PortRange,
    SecurityGroup,
    UserIdGroupPair,
)
from tests.estate import Estate

SSH = IpPermission("tcp", 22, 22, (IpRange("10.0.0.0/24"),))
BY_GROUP = IpPermission(
    "tcp", 22, 22, user_id_group_pairs=(UserIdGroupPair("sg-2", "111122223333"),)
)
RULE = RuleOfGroup("sg-1", "web", False, SSH, "tcp 22 from 10.0.0.0/24")
ENTRY = AclEntry(
    "acl-1",
    "",
    NetworkAclEntry(90, "6", "allow", True, "10.0.0.0/24", port_range=PortRange(1024, 65535)),
    "tcp 1024-65535 to 10.0.0.0/24",
)
PING = AclEntry(
    "acl-1",
    "",
    NetworkAclEntry(
        90, "58", "allow", False, ipv6_cidr_block="::/0", icmp_type_code=IcmpTypeCode(128, -1)
    ),
    "icmpv6 type 128 from ::/0",
)
ROUTE = TableRoute("rtb-1", "", "0.0.0.0/0", "nat_gateway_id", "nat-1")
SIX = TableRoute("rtb-1", "", "::/0", "egress_only_internet_gateway_id", "eigw-1")
TRANSIT = TransitRoute("tgw-rtb-1", "", "10.2.0.0/16", "tgw-attach-1", "vpc-2")

CHANGES: tuple[Change, ...] = (
    AllowRule(RULE),
    RevokeRule(RULE),
    RevokeRule(RuleOfGroup("sg-1", "web", True, BY_GROUP, "tcp 22 to sg-2")),
    AddEntry(ENTRY),
    AddEntry(PING),
    ReplaceEntry(ENTRY),
    RemoveEntry(ENTRY),
    AddRoute(ROUTE),
    AddRoute(SIX),
    ReplaceRoute(ROUTE, "nat-0"),
    RemoveRoute(ROUTE),
    AddTransitRoute(TRANSIT),
    AddTransitRoute(TRANSIT, replaces=True),
    RemoveTransitRoute(TRANSIT),
    AssociateTransitTable("tgw-attach-1", "tgw-1", "tgw-rtb-1"),
)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.call.operation)
def test_the_call_is_one_that_aws_knows(change: Change) -> None:
    """Operation, parameters and their types, as botocore's own description of EC2 has them."""
    session = pytest.importorskip("botocore.session").get_session()
    validate = pytest.importorskip("botocore.validate").ParamValidator().validate
    service = session.get_service_model(change.call.service)
    shape = service.operation_model(change.call.operation).input_shape
    report = validate(dict(change.call.parameters), shape)
    assert not report.has_errors(), report.generate_report()


COMMANDS = {
    RevokeRule(RuleOfGroup("sg-1", "web", True, BY_GROUP, "")): (
        "aws ec2 revoke-security-group-egress --group-id sg-1 --ip-permissions "
        "'IpProtocol=tcp,FromPort=22,ToPort=22,"
        "UserIdGroupPairs=[{GroupId=sg-2,UserId=111122223333}]'"
    ),
    AddEntry(PING): (
        "aws ec2 create-network-acl-entry --network-acl-id acl-1 --ingress --rule-number 90 "
        "--protocol 58 --icmp-type-code Type=128,Code=-1 --ipv6-cidr-block ::/0 "
        "--rule-action allow"
    ),
    RemoveEntry(ENTRY): (
        "aws ec2 delete-network-acl-entry --network-acl-id acl-1 --egress --rule-number 90"
    ),
    AddRoute(SIX): (
        "aws ec2 create-route --route-table-id rtb-1 --destination-ipv6-cidr-block ::/0 "
        "--egress-only-internet-gateway-id eigw-1"
    ),
    RemoveRoute(ROUTE): (
        "aws ec2 delete-route --route-table-id rtb-1 --destination-cidr-block 0.0.0.0/0"
    ),
}


@pytest.mark.parametrize(("change", "command"), COMMANDS.items(), ids=list(COMMANDS.values()))
def test_the_command_reads_as_the_cli_takes_it(change: Change, command: str) -> None:
    assert change.call.command == command


def test_whatever_an_id_is_the_shell_takes_it_as_one_word() -> None:
    """Ids come from files: nothing in one may end a word or begin a command."""
    name = "sg-1; rm -rf ~ $(id) 'x' --x"
    call = Call("RevokeSecurityGroupIngress", {"GroupId": name})
    assert shlex.split(call.command)[-1] == name


def test_a_rule_is_added_and_taken_away_again() -> None:
    """What was there before is there after; the snapshot that was given is as it was."""
    e = Estate()
    v = e.vpc("10.0.0.0/16")
    group = e.group(v, ingress=["tcp/443 0.0.0.0/0 10.9.0.0/16"])
    snapshot = e.load()
    rule = RuleOfGroup(group, "", False, SSH, "")

    def rules(told: Any) -> Any:
        return told.get(SecurityGroup, group).ip_permissions

    added = apply(snapshot, [AllowRule(rule)])
    assert len(rules(added)) == 2
    assert rules(apply(added, [RevokeRule(rule)])) == rules(snapshot)
    one_peer = IpPermission("tcp", 443, 443, (IpRange("10.9.0.0/16"),))
    (left,) = rules(apply(snapshot, [RevokeRule(RuleOfGroup(group, "", False, one_peer, ""))]))
    assert [peer.cidr_ip for peer in left.ip_ranges] == ["0.0.0.0/0"]
