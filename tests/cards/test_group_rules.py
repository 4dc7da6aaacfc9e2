"""What the rules of a group can still do, against groups that have one rule only."""

from __future__ import annotations

from random import Random

import pytest

import reach
from reach.cards.card import Line
from tests.estate import Id, Pair

PROTOCOLS = ("tcp/22", "tcp/20-30", "tcp", "udp/53", "icmp/8", "all", "50", "icmpv6/128")
# A's subnet, B's own, what nobody has, what only the internet has, on-premises, everybody.
PEERS = (
    "10.0.0.0/24",
    "10.0.0.5/32",
    "10.0.0.6/32",
    "10.0.1.0/24",
    "10.0.0.0/16",
    "8.8.8.0/24",
    "203.0.113.0/24",
    "172.31.0.0/16",
    "0.0.0.0/0",
    "::/0",
)


SEEDS = (0, 1, *(pytest.param(seed, marks=pytest.mark.deep) for seed in range(2, 12)))


def estate(ingress: list[str], egress: list[str], online: bool) -> tuple[Pair, Id]:
    """A and B in two subnets; B wears the group and may be public; SG(A) has A, SG(E) nobody."""
    e = Pair()
    a, nobody = e.group(e.v1, name="ga"), e.group(e.v1, name="empty")
    e.wear(e.a, a)
    if online:
        e.online(e.ta, e.tb)
        e.public(e.b, "198.51.100.7")
    names = {"SG(A)": str(a), "SG(E)": str(nobody)}
    e.ids |= {"SG(A)": a, "SG(E)": nobody}

    def named(rules: list[str]) -> list[str]:
        for name, group in names.items():
            rules = [rule.replace(name, group) for rule in rules]
        return rules

    group = e.group(e.v1, named(ingress), named(egress), name="gb")
    e.wear(e.b, group)
    return e, group


def lines(e: Pair, group: Id, seconds: float = 60) -> dict[str, Line]:
    return {line.key: line for line in reach.describe(e.load(), group, seconds=seconds).lines}


def standings(e: Pair, group: Id) -> dict[str, str]:
    return {
        line.key.removeprefix("inbound rule ").removeprefix("outbound rule "): str(line.standing)
        for line in reach.describe(e.load(), group).lines
    }


def random_rules(random: Random) -> list[str]:
    peers = (*PEERS, "SG(A)", "SG(E)", "self")
    picked = (f"{random.choice(PROTOCOLS)} {random.choice(peers)}" for _ in range(6))
    return list(dict.fromkeys(picked))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_rule_is_dead_iff_alone_it_lets_nobody_in(seed: int) -> None:
    """Inbound, of random groups: a group with that rule only is reached by nobody, one way."""
    random = Random(seed)
    online = seed % 2 == 0
    rules = random_rules(random)
    e, group = estate(rules, [], online)
    told = list(lines(e, group).values())
    assert len(told) == len(rules)
    for rule, line in zip(rules, told, strict=True):
        alone, _ = estate([rule], [], online)
        answers = [
            alone.ask(f"can {who} reach {alone.b}", one_way=True).verdict
            for who in ("any", "internet")
        ]
        assert "undecided" not in answers
        assert (line.standing == "dead") is (set(answers) == {"unreachable"}), (rule, line)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_rule_is_dead_iff_alone_it_lets_nothing_out(seed: int) -> None:
    """Outbound, the same: a group with that rule only reaches nobody, one way."""
    random = Random(100 + seed)
    online = seed % 2 == 0
    rules = random_rules(random)
    e, group = estate([], rules, online)
    told = list(lines(e, group).values())
    for rule, line in zip(rules, told, strict=True):
        alone, _ = estate([], [rule], online)
        answers = [
            alone.ask(f"can {alone.b} reach {who}", one_way=True).verdict
            for who in ("any", "internet")
        ]
        assert "undecided" not in answers
        assert (line.standing == "dead") is (set(answers) == {"unreachable"}), (rule, line)


@pytest.mark.parametrize("seed", SEEDS)
def test_without_what_can_go_at_once_every_answer_is_the_same(seed: int) -> None:
    """What is removable is shadowed, and a group without it decides as before."""
    random = Random(200 + seed)
    rules = [*random_rules(random), "tcp 10.0.0.0/16"]
    e, group = estate(rules, [], True)
    card = reach.describe(e.load(), group)
    by_key = {line.key: line for line in card.lines}
    assert all(by_key[key].standing == "shadowed" for key in card.removable)
    kept = [
        rule for rule, line in zip(rules, card.lines, strict=True) if line.key not in card.removable
    ]
    less, _ = estate(kept, [], True)
    for who in (e.a, "8.8.8.8", "203.0.113.9"):
        for packet in ("port 22", "port 25", "port 9999", "port 53/udp", "icmp", "protocol 50"):
            asked = f"can {who} reach {e.b} {packet}"
            assert e.ask(asked, True).verdict == less.ask(asked, True).verdict, (asked, kept)


# ------------------------------ each standing, by hand


def test_every_standing_of_inbound_rules() -> None:
    """One group with a rule of each: usable, shadowed by one and by two, dead for each reason."""
    e, group = estate(
        [
            "tcp/22 10.0.0.0/24",
            "tcp/22 10.0.0.5/32",
            "tcp/20-30 10.0.0.0/25",
            "tcp/31-40 10.0.0.0/25",
            "tcp/20-40 10.0.0.0/26",
            "tcp/443 SG(E)",
            "tcp/443 10.9.9.0/24",
            "icmp/8 ::/0",
            "udp/53 SG(A)",
            "tcp/80 8.8.8.0/24",
        ],
        [],
        False,
    )
    assert standings(e, group) == {
        "tcp 22 from 10.0.0.0/24": "usable",
        "tcp 22 from 10.0.0.5/32": "shadowed",
        "tcp 20-30 from 10.0.0.0/25": "usable",
        "tcp 31-40 from 10.0.0.0/25": "usable",
        "tcp 20-40 from 10.0.0.0/26": "shadowed",
        f"tcp 443 from {e.ids['SG(E)']}": "dead",
        "tcp 443 from 10.9.9.0/24": "dead",
        "icmp type 8 from ::/0": "dead",
        f"udp 53 from {e.ids['SG(A)']}": "usable",
        "tcp 80 from 8.8.8.0/24": "dead",
    }
    told = {line.key.removeprefix("inbound rule "): line for line in lines(e, group).values()}
    two = told["tcp 20-40 from 10.0.0.0/26"]
    assert two.by == (
        "inbound rule tcp 20-30 from 10.0.0.0/25",
        "inbound rule tcp 31-40 from 10.0.0.0/25",
    )
    assert told["tcp 443 from 10.9.9.0/24"].reason.startswith("nobody sends from 10.9.9.0/24")
    assert "IP version" in told["icmp type 8 from ::/0"].reason
    assert told["tcp 80 from 8.8.8.0/24"].reason.startswith("no packet that it is for gets that")


def test_a_network_acl_that_never_lets_it_pass() -> None:
    """The rule is dead, and the ACL is named as what stops it; with an open ACL it is usable."""
    for shut, standing in ((True, "dead"), (False, "usable")):
        e, group = estate(["tcp/22 10.0.0.0/24", "tcp/80 10.0.0.0/24"], [], False)
        if shut:
            e.acl(e.v1, [e.sb], ingress=["100 allow tcp/80 0.0.0.0/0"])
        told = list(lines(e, group).values())
        assert [str(line.standing) for line in told] == [standing, "usable"]
        if shut:
            acl = e.scopes[e.home]["NetworkAcls"][-1]["NetworkAclId"]
            assert f"{acl} inbound rule *" in told[0].reason


def test_a_group_without_members() -> None:
    """All its rules are dead, and the reason is that nobody is in it."""
    e = Pair()
    group = e.group(e.v1, ["tcp/22 any"], ["all any"])
    told = lines(e, group).values()
    assert {(str(line.standing), line.reason) for line in told} == {
        ("dead", "nobody is in this group")
    }


def test_a_stale_reference_is_dead_and_one_beyond_the_snapshot_undecided() -> None:
    """R-SG-18: a peering that is gone joins nobody; who is in a group that is not shown, nobody
    here knows."""
    e, group = estate(["tcp/22 SG(E)", "tcp/80 444455556666/sg-0123456789abcdef0"], [], False)
    pair = group.record["IpPermissions"][0]["UserIdGroupPairs"][0]
    pair |= {"VpcPeeringConnectionId": "pcx-0123456789abcdef0", "PeeringStatus": "deleted"}
    stale, unseen = lines(e, group).values()
    assert (str(stale.standing), "stale" in stale.reason) == ("dead", True)
    assert str(unseen.standing) == "undecided"
    assert "sg-0123456789abcdef0 is not in the snapshot" in unseen.reason


def test_a_list_without_known_entries_leaves_its_rule_undecided() -> None:
    """Whom the rule means is not in the snapshot; the others are told all the same."""
    e, group = estate(["tcp/22 pl-0123456789abcdef0", "tcp/22 10.0.0.0/24"], [], False)
    listed, plain = lines(e, group).values()
    assert (str(listed.standing), str(plain.standing)) == ("undecided", "usable")


@pytest.mark.parametrize("call", ["NetworkInterfaces", "InternetGateways", "VpnGateways"])
def test_a_call_that_is_missing_kills_no_rule(call: str) -> None:
    """With all calls a rule for nobody's address is dead; without one that could show who sends
    from there it is undecided, and says which call."""
    e, group = estate(["tcp/443 10.9.9.0/24"], [], False)
    assert [str(line.standing) for line in lines(e, group).values()] == ["dead"]
    e.drop(call)
    (line,) = lines(e, group).values()
    assert str(line.standing) == "undecided"
    assert "describe-" in line.reason


def test_no_time_left_is_undecided_and_claims_nothing() -> None:
    """With next to no allowance nothing that needs the network is claimed."""
    e, group = estate(["tcp/443 10.9.9.0/24", "tcp/22 10.0.0.0/24"], [], False)
    told = lines(e, group, seconds=1e-9).values()
    assert [str(line.standing) for line in told] == ["undecided", "undecided"]
    assert {line.reason for line in told} == {"not proved in 1e-09 s"}


def test_the_packet_of_a_usable_rule_is_one_of_its_own() -> None:
    """The witness has the rule's port and a source that it is for."""
    e, group = estate(["tcp/22 10.0.0.0/24"], [], False)
    (line,) = lines(e, group).values()
    assert line.passage is not None
    assert line.passage.to_dict() == {
        "packet": "10.0.0.5:50000 -> 10.0.1.5:22 tcp",
        "from": f"{e.a.eni} ({e.a} a)",
        "to": f"{e.b.eni} ({e.b} b)",
        "reply": False,
    }


def test_the_same_bytes_whatever_was_asked_before() -> None:
    """A card does not depend on the history of the process."""
    e, group = estate(["tcp/22 SG(A)", "all 0.0.0.0/0"], ["tcp 0.0.0.0/0"], True)
    first = reach.describe(e.load(), group).to_dict()
    e.loaded = None
    snapshot = e.load()
    reach.ask(snapshot, f"can internet reach {e.b} port 22")
    reach.describe(snapshot, e.v1.default)
    assert reach.describe(snapshot, group).to_dict() == first


def test_a_service_that_may_open_connections_leaves_its_rule_open() -> None:
    """A rule for the address of a service that nobody knows is undecided, and names it; one for
    nobody's is dead."""
    e, group = estate(["tcp/443 10.0.0.77/32", "tcp/443 10.9.9.0/24"], [], False)
    service = e.interface(e.sa, "10.0.0.77", kind="quicksight", requester="amazon", description="q")
    of_service, of_nobody = lines(e, group).values()
    assert str(of_service.standing) == "undecided"
    assert str(service) in of_service.reason
    assert str(of_nobody.standing) == "dead"


def test_an_owner_who_was_not_asked_kills_no_rule() -> None:
    """R-SHARE-3: the VPC is another account's, whose interfaces nobody here is shown."""
    e, group = estate(["tcp/443 10.0.0.200/32"], [], False)
    assert [str(line.standing) for line in lines(e, group).values()] == ["dead"]
    for record in (e.v1.record, e.sa.record, e.sb.record):
        record["OwnerId"] = "999988887777"
    e.loaded = None
    assert [str(line.standing) for line in lines(e, group).values()] == ["undecided"]
