"""Rules that AWS would not have: what they let pass nobody knows (R-SG-7 to 9, R-NACL-5).

A range the wrong way round, no ports where the protocol has them, a type that is none, a rule for
nobody.  As far as a rule tells what it is for, all else is decided as ever.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.estate import Id, Pair
from tests.traps.rows import allow, deny, unknown

# What is written over a rule; a question that may hang on it, and one that does not.
PORTS: dict[str, tuple[str, dict[str, Any], str, str]] = {
    "the wrong way round": ("tcp/22", {"FromPort": 90, "ToPort": 80}, "port 22", "port 22/udp"),
    "no ports": ("tcp/22", {"FromPort": None, "ToPort": None}, "port 80", "icmp"),
    "a port below all": ("udp/53", {"FromPort": -1, "ToPort": 53}, "port 53/udp", "port 53"),
    "a type that is none": ("icmp/8", {"FromPort": 300, "ToPort": -1}, "icmp", "port 22"),
    "a code without a type": ("icmp/8", {"FromPort": -1, "ToPort": 3}, "icmp", "port 22"),
}


def _group(rule: str, over: dict[str, Any], egress: bool = False) -> tuple[Pair, Id]:
    e = Pair()
    group = e.group(e.v1, ingress=[] if egress else [f"{rule} 10.0.0.0/24"], egress=["all any"])
    if egress:
        group = e.group(e.v1, ingress=[], egress=[f"{rule} 10.0.1.0/24"])
    key = "IpPermissionsEgress" if egress else "IpPermissions"
    (permission,) = group.record[key]
    for name, value in over.items():
        permission[name] = value
        if value is None:
            del permission[name]
    e.wear(e.a if egress else e.b, group)
    return e, group


@pytest.mark.parametrize("egress", [False, True])
@pytest.mark.parametrize("name", PORTS)
def test_ports_that_are_none(name: str, egress: bool) -> None:
    rule, over, hangs, not_so = PORTS[name]
    e, group = _group(rule, over, egress)
    key = "IpPermissionsEgress/0" if egress else "IpPermissions/0"
    unknown(e, f"can {e.a} reach {e.b} {hangs}", group, f"/{key}")
    deny(e, f"can {e.a} reach {e.b} {not_so}")


def test_another_rule_decides() -> None:
    """R-SG-1: a rule that is known lets pass what it lets pass; nobody else is meant."""
    e, group = _group("tcp/22", {"FromPort": 90, "ToPort": 80})
    e.permit(group, "tcp/22 10.0.0.5/32")
    allow(e, f"can {e.a} reach {e.b} port 22")
    unknown(e, f"can {e.a} reach {e.b} port 23", group)
    c = e.instance("c", e.subnet(e.v1, "10.0.7.0/24", "a"), "10.0.7.7")
    deny(e, f"can {c} reach {e.b} port 22")


@pytest.mark.parametrize("left", [[], ["Ipv6Ranges"], ["IpRanges", "PrefixListIds"]])
def test_a_rule_for_nobody(left: list[str]) -> None:
    """The lists of peers that are left are empty: AWS has no rule without a peer."""
    e, group = _group("tcp/22", {})
    (permission,) = group.record["IpPermissions"]
    for key in ("IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs"):
        permission[key] = []
        if key not in left:
            del permission[key]
    unknown(e, f"can {e.a} reach {e.b} port 22", group, "/IpPermissions/0")
    deny(e, f"can {e.a} reach {e.b} port 80")


def test_lists_that_are_left_out_beside_a_peer() -> None:
    """Older answers print fewer lists, and many leave out the empty ones."""
    e, group = _group("tcp/22", {})
    (permission,) = group.record["IpPermissions"]
    for key in ("Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs"):
        del permission[key]
    allow(e, f"can {e.a} reach {e.b} port 22")
    c = e.instance("c", e.subnet(e.v1, "10.0.7.0/24", "a"), "10.0.7.7")
    deny(e, f"can {c} reach {e.b} port 22")


def _entry(entry: str, over: dict[str, Any]) -> tuple[Pair, Id]:
    e = Pair()
    acl = e.acl(e.v1, [e.sb], ingress=[entry], egress=["1 allow all 0.0.0.0/0"])
    record = next(each for each in acl.record["Entries"] if not each["Egress"])
    for name, value in over.items():
        record[name] = value
        if value is None:
            del record[name]
    return e, acl


ENTRIES: dict[str, tuple[str, dict[str, Any], str, str]] = {
    "the wrong way round": ("tcp/22", {"PortRange": {"From": 90, "To": 80}}, "port 22", "icmp"),
    "no ports": ("tcp/22", {"PortRange": None}, "port 80", "port 80/udp"),
    "no type": ("icmp/8", {"IcmpTypeCode": None}, "icmp", "port 22"),
    "a code without a type": (
        "icmp/8",
        {"IcmpTypeCode": {"Type": -1, "Code": 0}},
        "icmp",
        "port 2",
    ),
}


@pytest.mark.parametrize("name", ENTRIES)
def test_entries_of_an_acl(name: str) -> None:
    entry, over, hangs, not_so = ENTRIES[name]
    for action in ("allow", "deny"):
        e, acl = _entry(f"1 {action} {entry} 10.0.0.0/16", over)
        at = next(n for n, each in enumerate(acl.record["Entries"]) if not each["Egress"])
        e.ids[str(acl)].record["Entries"].append(
            {
                "RuleNumber": 2,
                "Protocol": "-1",
                "RuleAction": "deny" if action == "allow" else "allow",
                "Egress": False,
                "CidrBlock": "0.0.0.0/0",
            }
        )
        unknown(e, f"can {e.a} reach {e.b} {hangs}", acl, f"/Entries/{at}")
        decided = deny if action == "allow" else allow
        decided(e, f"can {e.a} reach {e.b} {not_so}")


def test_an_earlier_entry_decides() -> None:
    """R-NACL-2."""
    e, acl = _entry("5 allow tcp/22 0.0.0.0/0", {"PortRange": {"From": 90, "To": 80}})
    first = {"RuleNumber": 4, "Protocol": "6", "RuleAction": "deny", "Egress": False}
    acl.record["Entries"].append(
        {**first, "CidrBlock": "10.0.0.0/16", "PortRange": {"From": 22, "To": 22}}
    )
    deny(e, f"can {e.a} reach {e.b} port 22", "SUBNET_ACL_RESTRICTION")
    unknown(e, f"can {e.a} reach {e.b} port 23", acl)


def test_ports_of_protocols_that_have_none() -> None:
    """R-SG-7, R-NACL-5: they mean nothing, so they may be anything."""
    e, _ = _group("50", {"FromPort": 90, "ToPort": 80})
    allow(e, f"can {e.a} reach {e.b} protocol 50", one_way=True)
    e, _ = _entry("1 allow 50 0.0.0.0/0", {"PortRange": {"From": 90, "To": 80}})
    allow(e, f"can {e.a} reach {e.b} protocol 50", one_way=True)


@pytest.mark.parametrize("lost", ["IpRanges", "UserIdGroupPairs"])
def test_a_list_that_is_left_out_beside_an_empty_one(lost: str) -> None:
    """Who prints empty lists leaves none out: it was taken out, and may have held anybody."""
    e, group = _group("tcp/22", {})
    (permission,) = group.record["IpPermissions"]
    permission["Ipv6Ranges"] = [{"CidrIpv6": "::/0"}]
    del permission[lost]
    c = e.instance("c", e.subnet(e.v1, "10.0.7.0/24", "a"), "10.0.7.7")
    unknown(e, f"can {c} reach {e.b} port 22", group, "/IpPermissions/0", lost)
    deny(e, f"can {c} reach {e.b} port 80")
    if lost != "IpRanges":
        allow(e, f"can {e.a} reach {e.b} port 22")


@pytest.mark.parametrize("lost", ["Ipv6Ranges", "PrefixListIds"])
def test_lists_that_older_answers_do_not_have(lost: str) -> None:
    e, group = _group("tcp/22", {})
    (permission,) = group.record["IpPermissions"]
    del permission[lost]
    allow(e, f"can {e.a} reach {e.b} port 22")
    c = e.instance("c", e.subnet(e.v1, "10.0.7.0/24", "a"), "10.0.7.7")
    deny(e, f"can {c} reach {e.b} port 22")


@pytest.mark.parametrize("egress", [False, True])
def test_icmpv6_without_a_range(egress: bool) -> None:
    """EC2 API, IpPermission: for icmpv6 the range is optional, and without one all types and codes
    are allowed (R-SG-9)."""
    e = Pair(ipv6=True)
    block = "2600:1f18:1a00:101::/64" if egress else "2600:1f18:1a00:100::/64"
    group = e.group(e.v1, [] if egress else [f"icmpv6/128 {block}"], [f"icmpv6/128 {block}"])
    e.wear(e.a if egress else e.b, group)
    (permission,) = group.record["IpPermissionsEgress" if egress else "IpPermissions"]
    question = f"can {e.a} reach {e.b.ip6} icmp"
    allow(e, question)
    deny(e, f"{question} 129")
    del permission["ToPort"], permission["FromPort"]
    for name in ("icmpv6", "58"):
        permission["IpProtocol"] = name
        allow(e, question)
        allow(e, f"{question} 129", one_way=True)
    deny(e, f"can {e.a} reach {e.b.ip6} port 22")
    permission["IpProtocol"] = "icmp"
    deny(e, question)
