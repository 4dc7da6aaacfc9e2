"""What may pass: security groups with their rules, network ACLs and customer prefix lists.

One promise holds over the whole estate, so that a proof has something to prove: no interface with a
public address lets the internet in on port 22 over IPv4, however many rules elsewhere say that
port 22 is open to everybody.  Only a VPC planned as ``exposed`` breaks it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

from bench.estate.network import Pairs, storage_list
from bench.estate.plan import Vpc, dotted, identify, vpc_id
from bench.estate.site import Entry, Rule

WORLD = "0.0.0.0/0"
WORLD6 = "::/0"
FURTHER = 20_000  # the port of the first rule that is added for the number of rules alone
WEB, BASTION, APP, DATA, SHARED = 1, 2, 3, 4, 5  # the groups that every VPC has

# (protocol, first port, last port), as a group of the tier may open them.
OPENED: dict[str, tuple[tuple[str, int, int], ...]] = {
    "public": (
        ("tcp", 443, 443),
        ("tcp", 80, 80),
        ("tcp", 8443, 8443),
        ("udp", 443, 443),
        ("icmp", 8, -1),
        ("tcp", 9000, 9099),
    ),
    "app": (
        ("tcp", 8080, 8080),
        ("tcp", 8000, 8999),
        ("tcp", 22, 22),
        ("tcp", 30000, 32767),
        ("udp", 53, 53),
        ("icmp", -1, -1),
        ("-1", -1, -1),
    ),
    "data": (
        ("tcp", 5432, 5432),
        ("tcp", 3306, 3306),
        ("tcp", 6379, 6379),
        ("tcp", 9092, 9094),
        ("tcp", 22, 22),
        ("tcp", 27017, 27019),
        ("50", -1, -1),
    ),
}
ROLES = {WEB: "web", BASTION: "bastion", APP: "app", DATA: "data", SHARED: "shared"}
CYCLE = ("app", "data", "app", "public", "data", "app")  # the tiers of groups 6 and up


def tier_of(group: int) -> str:
    """Which tier a group is for; the shared and the default one are for all."""
    if group in (WEB, BASTION):
        return "public"
    if group in (APP, DATA):
        return ("app", "data")[group - APP]
    return "any" if group <= SHARED else CYCLE[(group - 6) % len(CYCLE)]


def name_group(vpc: Vpc, number: int | str) -> str:
    """The name of a group, which interfaces repeat."""
    if isinstance(number, str):
        return f"{vpc.name}-{number}"
    if number == 0:
        return "default"
    return f"{vpc.name}-{ROLES.get(number, f'{tier_of(number)}-{number}')}"


def filters(vpc: Vpc) -> Pairs:
    """The VPC's prefix lists, security groups and network ACLs."""
    yield from prefix_lists(vpc)
    rng = vpc.random("rules")
    for number in range(vpc.groups + 1):
        rules = [*group_rules(vpc, number, rng), *vpc.site.added.get(number, ())]
        rules += further_rules(vpc, number)
        yield from both_listings(vpc, number, rules)
    for group in vpc.site.groups:
        yield from both_listings(vpc, group.name, list(group.rules))
    yield from network_acls(vpc)


def both_listings(vpc: Vpc, number: int | str, rules: list[tuple[bool, Rule]]) -> Pairs:
    """A group as the call on groups and the call on rules have it."""
    yield "SecurityGroups", security_group(vpc, number, rules)
    for place, (egress, rule) in enumerate(rules):
        yield "SecurityGroupRules", listed_rule(vpc, number, place, egress, rule)


# --- prefix lists ---------------------------------------------------------------------------------


def prefix_lists(vpc: Vpc) -> Pairs:
    """One list of private ranges, one of partners' public ones, and in a spoke one of its peer."""
    rng = vpc.random("prefix lists")
    address, length = vpc.block_of(vpc.index)
    neighbours = {f"{dotted(address ^ (step << (32 - length)))}/{length}" for step in range(4)}
    partners = {f"193.{rng.randrange(256)}.{rng.randrange(256)}.0/24" for _ in range(6)}
    yield from prefix_list(vpc, "corporate", sorted(neighbours))
    yield from prefix_list(vpc, "partners", sorted(partners))
    if len(vpc.peers) == 1 and vpc.index % 3 == 2:
        yield from prefix_list(vpc, "peers", [vpc.cidr_of(vpc.peers[0])])


def prefix_list(vpc: Vpc, role: str, cidrs: list[str]) -> Pairs:
    """A customer's prefix list and its entries."""
    ident = vpc.identify("pl", role)
    record = {
        "PrefixListId": ident,
        "AddressFamily": "IPv4",
        "State": "create-complete",
        "PrefixListArn": vpc.arn(f"prefix-list/{ident}"),
        "PrefixListName": f"{vpc.name}-{role}",
        "MaxEntries": 20,
        "Version": 1,
        "Tags": [],
        "OwnerId": vpc.account,
    }
    entries = [{"Cidr": cidr, "Description": role} for cidr in cidrs]
    yield "ManagedPrefixLists", record
    yield "ManagedPrefixListEntries", {"PrefixListId": ident, "Entries": entries}


# --- security groups ------------------------------------------------------------------------------


def group_rules(vpc: Vpc, number: int, rng: Random) -> Iterator[tuple[bool, Rule]]:
    """The rules of one group as (is egress, rule), each once."""
    rules = [(False, rule) for rule in given_rules(vpc, number)]
    tier = tier_of(number)
    if number > 0:
        for _ in range(min(30, round(rng.paretovariate(0.8)))):
            opened = OPENED["data" if tier == "any" else tier]
            if tier == "any":
                opened = (("tcp", 443, 443), ("tcp", 9100, 9100), ("icmp", 8, -1))
            rules.append((False, rule_of(*rng.choice(opened), peer(vpc, number, rng))))
    if number == 0 or rng.random() < 0.75:
        rules.append((True, ("-1", -1, -1, {"CidrIp": WORLD})))
        if vpc.six is not None:
            rules.append((True, ("-1", -1, -1, {"CidrIpv6": WORLD6})))
    else:
        rules.append((True, ("tcp", 443, 443, {"CidrIp": WORLD})))
        rules.append((True, ("tcp", 443, 443, {"PrefixListId": storage_list(vpc.region)})))
        for _ in range(rng.randrange(1, 6)):
            port = rng.choice((5432, 3306, 6379, 8080, 53))
            rules.append((True, ("tcp", port, port, peer(vpc, APP, rng))))
    yield from {repr(rule): rule for rule in rules}.values()


def further_rules(vpc: Vpc, number: int) -> Iterator[tuple[bool, Rule]]:
    """As many more as the estate is to have: single hosts of partners, on ports of their own."""
    rng = vpc.random(f"further rules/{number}")
    for place in range(vpc.rules):
        host = f"185.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(1, 255)}/32"
        port = FURTHER + place
        yield False, ("tcp", port, port, {"CidrIp": host})


def rule_of(protocol: str, first: int, last: int, who: dict[str, Any]) -> Rule:
    """The rule; ICMP for an IPv6 block is ICMPv6, whose echo request has another number."""
    if protocol == "icmp" and "CidrIpv6" in who:
        return "icmpv6", 128 if first == 8 else first, last, who
    return protocol, first, last, who


def given_rules(vpc: Vpc, number: int) -> Iterator[Rule]:
    """What a group admits by its role, whatever chance adds to it."""
    if number == 0:
        yield "-1", -1, -1, reference(vpc, 0)
    elif number == WEB:
        yield "tcp", 443, 443, {"CidrIp": WORLD}
        yield "tcp", 80, 80, {"CidrIp": WORLD}
        if vpc.six is not None:
            yield "tcp", 443, 443, {"CidrIpv6": WORLD6}
    elif number == BASTION:
        yield "tcp", 22, 22, {"CidrIp": WORLD if vpc.exposed else vpc.inside}
        yield "tcp", 22, 22, {"PrefixListId": vpc.identify("pl", "corporate")}
    elif number == APP:
        yield "tcp", 8080, 8080, reference(vpc, WEB)
        yield "tcp", 22, 22, reference(vpc, BASTION)
    elif number == DATA:
        yield "tcp", 5432, 5432, reference(vpc, APP)
    elif number == SHARED:
        yield "tcp", 443, 443, {"CidrIp": vpc.cidr}


def peer(vpc: Vpc, number: int, rng: Random) -> dict[str, Any]:
    """Who a rule is about: a fifth of them another group, the rest addresses in several forms."""
    draw = rng.random()
    public = tier_of(number) in ("public", "any")
    if draw < 0.20:
        near = [peer for peer in vpc.peers if vpc.region_of(peer) == vpc.region]
        if near and rng.random() < 0.15:
            return peered_reference(vpc, rng.choice(near), rng.randrange(1, 5))
        return reference(vpc, rng.randrange(1, vpc.groups + 1))
    if draw < 0.30:
        return {"PrefixListId": vpc.identify("pl", rng.choice(("corporate", "partners")))}
    if draw < 0.38 and vpc.six is not None:
        return {"CidrIpv6": WORLD6 if public and rng.random() < 0.5 else "2600:1f18::/36"}
    if draw < 0.48:
        return {"CidrIp": WORLD}
    if draw < 0.60:
        return {"CidrIp": rng.choice((vpc.cidr, vpc.inside))}
    if draw < 0.85:
        subnet = rng.choice(vpc.subnets)
        return {"CidrIp": rng.choice((subnet.cidr, f"{dotted(subnet.address + 16)}/32"))}
    return {"CidrIp": f"185.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(1, 255)}/32"}


def reference(vpc: Vpc, number: int | str) -> dict[str, Any]:
    """A group of the same VPC."""
    return {"GroupId": vpc.group(number), "UserId": vpc.account}


def peered_reference(vpc: Vpc, other: int, number: int) -> dict[str, Any]:
    """A group of a peered VPC."""
    return {
        "GroupId": identify("sg", vpc.seed, other, number),
        "PeeringStatus": "active",
        "UserId": vpc.account_of(other),
        "VpcId": vpc_id(vpc.seed, other),
        "VpcPeeringConnectionId": vpc.peering(other),
    }


def security_group(vpc: Vpc, number: int | str, rules: list[tuple[bool, Rule]]) -> dict[str, Any]:
    """The group as describe-security-groups has it."""
    ident = vpc.group(number)
    name = name_group(vpc, number)
    return {
        "GroupId": ident,
        "IpPermissionsEgress": permissions([rule for egress, rule in rules if egress]),
        "Tags": [{"Key": "Name", "Value": name}] if number else [],
        "VpcId": vpc.id,
        "SecurityGroupArn": vpc.arn(f"security-group/{ident}"),
        "OwnerId": vpc.account,
        "GroupName": name,
        "Description": f"for {name}" if number else "default VPC security group",
        "IpPermissions": permissions([rule for egress, rule in rules if not egress]),
    }


def permissions(rules: list[Rule]) -> list[dict[str, Any]]:
    """Rules as AWS groups them: one permission for each protocol and port range."""
    grouped: dict[tuple[str, int, int], dict[str, Any]] = {}
    for protocol, first, last, who in rules:
        permission = grouped.setdefault(
            (protocol, first, last),
            {
                "IpProtocol": protocol,
                **({} if protocol in ("-1", "50") else {"FromPort": first, "ToPort": last}),
                "UserIdGroupPairs": [],
                "IpRanges": [],
                "Ipv6Ranges": [],
                "PrefixListIds": [],
            },
        )
        key = {"CidrIp": "IpRanges", "CidrIpv6": "Ipv6Ranges", "PrefixListId": "PrefixListIds"}
        permission[key.get(next(iter(who)), "UserIdGroupPairs")].append(who)
    return list(grouped.values())


def listed_rule(
    vpc: Vpc, number: int | str, place: int, egress: bool, rule: Rule
) -> dict[str, Any]:
    """The rule as describe-security-group-rules has it."""
    protocol, first, last, who = rule
    ident = vpc.identify("sgr", number, place)
    if "GroupId" in who:
        who = {"ReferencedGroupInfo": who}
    names = {"CidrIp": "CidrIpv4", "CidrIpv6": "CidrIpv6"}
    return {
        "SecurityGroupRuleId": ident,
        "GroupId": vpc.group(number),
        "GroupOwnerId": vpc.account,
        "IsEgress": egress,
        "IpProtocol": protocol,
        "FromPort": first,
        "ToPort": last,
        **{names.get(key, key): value for key, value in who.items()},
        "Tags": [],
        "SecurityGroupRuleArn": vpc.arn(f"security-group-rule/{ident}"),
    }


# --- network ACLs ---------------------------------------------------------------------------------


def network_acls(vpc: Vpc) -> Pairs:
    """The default ACL, and for most tiers one of their own, of two to forty entries."""
    rng = vpc.random("acls")
    tiers = list(dict.fromkeys(subnet.tier for subnet in vpc.subnets))
    given = vpc.site.has_public_acl
    own = [tier for tier in tiers if rng.random() < 0.7 or (given and tier == "public")]
    rest = [tier for tier in tiers if tier not in own]
    allow = [
        entry
        for egress in (True, False)
        for entry in both(vpc, egress, "allow", "-1", None, WORLD, WORLD6)
    ]
    yield "NetworkAcls", network_acl(vpc, "default", rest, allow)
    for tier in own:
        denied = [] if vpc.exposed else [*denials(rng), *further_denials(vpc, tier)]
        entries = {
            "public": public_entries,
            "app": app_entries,
            "data": data_entries,
            "isolated": data_entries,
        }[tier](vpc)
        first = vpc.site.first_entries if tier == "public" else ()
        yield "NetworkAcls", network_acl(vpc, tier, [tier], denied + entries, first)


def denials(rng: Random) -> Iterator[Entry]:
    """A few, or very many, addresses that somebody once wanted to keep out."""
    for _ in range(rng.choice((0, 0, 2, 4, 8, 26))):
        cidr = f"{rng.randrange(77, 96)}.{rng.randrange(256)}.{rng.randrange(256)}.0/24"
        yield False, "deny", "-1", None, cidr


def further_denials(vpc: Vpc, tier: str) -> Iterator[Entry]:
    """As many more as the estate is to have."""
    rng = vpc.random(f"further entries/{tier}")
    for _ in range(vpc.entries):
        cidr = f"{rng.randrange(77, 96)}.{rng.randrange(256)}.{rng.randrange(256)}.0/24"
        yield False, "deny", "-1", None, cidr


def public_entries(vpc: Vpc) -> list[Entry]:
    """The web from everywhere and replies back; port 22 from outside is refused by half of them."""
    entries: list[Entry] = []
    if vpc.index % 2 and not vpc.exposed:
        entries.append((False, "allow", "6", (22, 22), vpc.inside))
        entries.append((False, "deny", "6", (22, 22), WORLD))
    for port in (80, 443, 22):
        entries += both(vpc, False, "allow", "6", (port, port), WORLD, WORLD6)
    for protocol in ("6", "17"):
        entries += both(vpc, False, "allow", protocol, (1024, 65535), WORLD, WORLD6)
    entries.append((False, "allow", "1", None, WORLD))
    entries.append((False, "allow", "-1", None, vpc.inside))
    return entries + both(vpc, True, "allow", "-1", None, WORLD, WORLD6)


def app_entries(vpc: Vpc) -> list[Entry]:
    """Anything from inside, replies from outside, everything out."""
    entries: list[Entry] = [(False, "allow", "-1", None, vpc.inside)]
    for protocol in ("6", "17"):
        entries += both(vpc, False, "allow", protocol, (1024, 65535), WORLD, WORLD6)
    return entries + both(vpc, True, "allow", "-1", None, WORLD, WORLD6)


def data_entries(vpc: Vpc) -> list[Entry]:
    """The inside only, in both directions."""
    return [(egress, "allow", "-1", None, vpc.inside) for egress in (False, True)]


def both(
    vpc: Vpc,
    egress: bool,
    action: str,
    protocol: str,
    ports: tuple[int, int] | None,
    *cidrs: str,
) -> list[Entry]:
    """The entry for each block, leaving out IPv6 where the VPC has none."""
    wanted = [cidr for cidr in cidrs if vpc.six is not None or ":" not in cidr]
    return [(egress, action, protocol, ports, cidr) for cidr in wanted]


def network_acl(
    vpc: Vpc, role: str, tiers: list[str], entries: list[Entry], first: Sequence[Entry] = ()
) -> dict[str, Any]:
    """The ACL: what comes first, entries numbered by tens, and the refusals that AWS puts last."""
    ident = vpc.identify("acl", role)
    listed = [listed_entry(place, entry) for place, entry in enumerate(first, start=1)]
    listed += [
        listed_entry(place * 10 + 10, entry)
        for egress in (True, False)
        for place, entry in enumerate([entry for entry in entries if entry[0] is egress])
    ]
    for egress in (True, False):
        listed.append(listed_entry(32767, (egress, "deny", "-1", None, WORLD)))
        if vpc.six is not None:
            listed.append(listed_entry(32768, (egress, "deny", "-1", None, WORLD6)))
    return {
        "Associations": [
            {
                "NetworkAclAssociationId": vpc.identify("aclassoc", subnet.id),
                "NetworkAclId": ident,
                "SubnetId": subnet.id,
            }
            for subnet in vpc.subnets
            if subnet.tier in tiers
        ],
        "Entries": listed,
        "IsDefault": role == "default",
        "NetworkAclId": ident,
        "Tags": vpc.tags(f"acl-{role}"),
        "VpcId": vpc.id,
        "OwnerId": vpc.account,
    }


def listed_entry(number: int, entry: Entry) -> dict[str, Any]:
    """The entry as describe-network-acls has it."""
    egress, action, protocol, ports, cidr = entry
    record: dict[str, Any] = {
        "Ipv6CidrBlock" if ":" in cidr else "CidrBlock": cidr,
        "Egress": egress,
    }
    if protocol == "1":
        record["IcmpTypeCode"] = {"Code": -1, "Type": -1}
    if ports is not None:
        record["PortRange"] = {"From": ports[0], "To": ports[1]}
    return record | {"Protocol": protocol, "RuleAction": action, "RuleNumber": number}
