"""Shared VPCs and several accounts (section 19): whose tables, whose interfaces, who was asked."""

from __future__ import annotations

import json
from typing import Any

import pytest

import reach
from tests.estate import Estate, Id, Pair, load_files, tell
from tests.traps.rows import ACL, GROUP, NET, NO_ROUTE, allow, deny

OWNER, GUEST = "111122223333", "444455556666"
YES, NO, OPEN = "reachable", "unreachable", "undecided"


class Shared(Pair):
    """V1 belongs to one account, which shares SA; instance P and its group are the guest's."""

    def __init__(self, public: str | None = None) -> None:
        super().__init__()
        self.share(self.sa, GUEST)
        self.theirs = self.group(self.v1, name="theirs", account=GUEST)
        self.p = self.instance(
            "p", self.sa, "10.0.0.77", [self.theirs], public=public, account=GUEST
        )
        self.q = self.instance("q", self.sa, "10.0.0.78", [self.theirs], account=GUEST)

    def see_acls(self) -> None:
        """What describe-network-acls shows the guest of the subnet that is shared."""
        self.scope((GUEST, "us-east-1"))["NetworkAcls"].append(self.v1.acl.record)


def seen_by(e: Estate, account: str, flat: bool = False) -> Any:
    """The snapshot of one account's calls only; flat: without folders that say whose they are."""
    files = e.files()
    folder = f"accounts/{account}/"
    mine = {path: text for path, text in files.items() if path.startswith(folder)}
    assert mine
    return load_files({path.rpartition("/")[2] if flat else path: mine[path] for path in mine})


def verdict(snapshot: Any, question: str) -> str:
    answer = reach.ask(snapshot, question)
    assert answer.verdict != OPEN or answer.reason, tell(answer)
    return str(answer.verdict.value)


# ------------------------------ both accounts are there


def test_the_owners_tables_and_acls_count() -> None:
    """R-SHARE-1: for a participant's interfaces as for anybody's."""
    e = Shared()
    e.natted(e.ta)
    e.peered()
    for question in (f"can {e.p} reach {NET} port 443", f"can {e.b2} reach {e.p} port 22"):
        allow(e, question)
    allow(e, f"can {e.p} reach {e.b} port 22")
    e.acl(e.v1, [e.sa], egress=["100 allow tcp/443 0.0.0.0/0"])
    deny(e, f"can {e.p} reach {e.b} port 22", *ACL)
    e.ta.record["Routes"] = [r for r in e.ta.record["Routes"] if r.get("GatewayId") == "local"]
    deny(e, f"can {e.p} reach {NET} port 443", *NO_ROUTE)


def test_the_owners_main_table_counts() -> None:
    """R-SHARE-1, R-RT-1: a shared subnet without a table of its own."""
    e = Shared()
    e.ta.record["Associations"].clear()
    e.route(e.v1.table, "0.0.0.0/0", e.online())
    e.public(e.p, "198.51.100.77")
    allow(e, f"can internet reach {e.p} port 22")
    allow(e, f"can {e.p} reach {NET} port 443")


def test_a_participants_group_names_one_of_the_owner() -> None:
    """R-SHARE-2: by account and id; nobody else's interfaces are meant."""
    e = Shared()
    ga = e.group(e.v1, name="ga")
    e.wear(e.a, ga)
    e.wear(e.p, e.group(e.v1, [f"tcp/443 {OWNER}/{ga}"], name="by-reference", account=GUEST))
    allow(e, f"can {e.a} reach {e.p} port 443")
    deny(e, f"can {e.b} reach {e.p} port 443", *GROUP)
    deny(e, f"can {e.q} reach {e.p} port 443", *GROUP)


def test_the_owners_group_names_one_of_a_participant() -> None:
    """R-SHARE-2: and the other way round."""
    e = Shared()
    e.wear(e.b, e.group(e.v1, [f"tcp/443 {GUEST}/{e.theirs}"], name="by-reference"))
    allow(e, f"can {e.p} reach {e.b} port 443")
    deny(e, f"can {e.a} reach {e.b} port 443", *GROUP)


def test_a_participants_view_does_not_break_the_owners() -> None:
    """R-OBS-10: the guest is shown a table without the route to what it does not own."""
    e = Shared()
    e.peered()
    shown = e.scope((GUEST, "us-east-1"))["RouteTables"]
    own = [r for r in e.ta.record["Routes"] if "VpcPeeringConnectionId" not in r]
    shown[:] = [{**t, "Routes": own} if t["RouteTableId"] == e.ta else t for t in shown]
    allow(e, f"can {e.p} reach {e.b2} port 443")
    allow(e, f"can {e.a} reach {e.b2} port 443")


def test_names_of_zones_differ_between_accounts() -> None:
    """R-AZ-1: what the guest calls us-east-1b is what the owner calls us-east-1a."""
    e = Shared()
    e.natted()
    nat = e.regional_nat(e.v1, {"a": "198.51.100.60"}, e.online())
    e.route(e.ta, "0.0.0.0/0", nat)
    e.route(e.tb, "0.0.0.0/0", nat)
    for place in nat.record["NatGatewayAddresses"]:
        del place["AvailabilityZoneId"]
    their = e.scope((GUEST, "us-east-1"))
    their["Subnets"][:] = [
        {**s, "AvailabilityZone": "us-east-1b"} if s["SubnetId"] == e.sa else s
        for s in their["Subnets"]
    ]
    allow(e, f"can {e.p} reach {NET} port 443")
    deny(e, f"can {e.b} reach {NET} port 443", "REGIONAL_NGW_ROUTE_AZ_RESTRICTION")
    # Only the guest's view of the subnet is left: its name of the zone is not the gateway's.
    ours = e.scope(e.home)["Subnets"]
    ours[:] = [s for s in ours if s["SubnetId"] != e.sa]
    allow(e, f"can {e.p} reach {NET} port 443")


# ------------------------------ only the guest was asked


def test_what_the_guest_is_shown_is_decided() -> None:
    """R-SHARE-1: its own interfaces, and a table and an ACL that name the subnet."""
    e = Shared()
    e.see_acls()
    for flat in (False, True):
        snapshot = seen_by(e, GUEST, flat)
        assert verdict(snapshot, f"can {e.p} reach {e.q} port 22") == YES
        assert verdict(snapshot, f"can {e.p} reach 10.0.0.78 port 22") == YES
    e.wear(e.q, e.group(e.v1, ["tcp/443 any"], account=GUEST))
    for flat in (False, True):
        assert verdict(seen_by(e, GUEST, flat), f"can {e.p} reach {e.q} port 22") == NO


@pytest.mark.parametrize("flat", [False, True])
@pytest.mark.parametrize(
    "question",
    [
        "can {p} reach 10.0.0.5 port 22",  # A, in the same subnet
        "can {p} reach 10.0.1.5 port 22",  # B, in a subnet that is not shared
        "can {p} reach 10.0.0.99 port 22",  # nobody, but who can tell
        "can 10.0.0.5 reach {p} port 22",
        "can 10.0.1.0/24 reach {p} port 22",
        "can {p} reach {sa} port 23",
        "can {v1} reach {p} port 23",
    ],
)
def test_what_only_the_owner_is_shown_is_open(question: str, flat: bool) -> None:
    """R-SHARE-3: of others' interfaces in the VPC the guest is told nothing: never "no"."""
    e = Shared()
    e.see_acls()
    for who in (e.p, e.q):
        e.wear(who, e.group(e.v1, ["tcp/22 any"], account=GUEST))
    asked = question.format(p=e.p, sa=e.sa, v1=e.v1)
    assert verdict(seen_by(e, GUEST, flat), asked) == OPEN


@pytest.mark.parametrize("flat", [False, True])
def test_a_table_that_does_not_name_the_subnet(flat: bool) -> None:
    """R-SHARE-3: the main table is the subnet's only if no other is, which the guest may not be
    shown."""
    e = Shared(public="198.51.100.77")
    e.see_acls()
    gateway = e.online(e.ta)
    e.scope((GUEST, "us-east-1"))["InternetGateways"].append(gateway.record)
    question = f"can {e.p} reach {NET} port 443"
    assert verdict(seen_by(e, GUEST, flat), question) == YES
    e.ta.record["Associations"].clear()
    e.route(e.v1.table, "0.0.0.0/0", gateway)
    assert verdict(seen_by(e, GUEST, flat), question) == OPEN


@pytest.mark.parametrize("flat", [False, True])
def test_an_acl_that_does_not_name_the_subnet(flat: bool) -> None:
    """R-SHARE-3: neither is the default ACL."""
    e = Shared(public="198.51.100.77")
    gateway = e.online(e.ta)
    e.scope((GUEST, "us-east-1"))["InternetGateways"].append(gateway.record)
    acl = json.loads(json.dumps(e.v1.acl.record))
    e.scope((GUEST, "us-east-1"))["NetworkAcls"].append(acl)
    question = f"can {e.p} reach {NET} port 443"
    assert verdict(seen_by(e, GUEST, flat), question) == YES
    acl["Associations"].clear()
    assert verdict(seen_by(e, GUEST, flat), question) == OPEN


@pytest.mark.parametrize("flat", [False, True])
def test_gateways_that_the_guest_is_not_shown(flat: bool) -> None:
    """R-SHARE-3: out by a route to one, in by one that may be there."""
    e = Shared(public="198.51.100.77")
    e.see_acls()
    e.online(e.ta)
    snapshot = seen_by(e, GUEST, flat)
    assert verdict(snapshot, f"can {e.p} reach {NET} port 443") == OPEN
    assert verdict(snapshot, f"can internet reach {e.p} port 22") == OPEN
    assert verdict(snapshot, "can internet reach 198.51.100.77 port 22") == OPEN
    e = Shared()
    e.see_acls()
    e.peered()
    e.natted()
    e.route(e.ta, "0.0.0.0/0", next(i for i in e.ids if i.startswith("nat-")))
    snapshot = seen_by(e, GUEST, flat)
    assert verdict(snapshot, f"can {e.p} reach {NET} port 443") == OPEN
    assert verdict(snapshot, f"can {e.p} reach 10.2.0.5 port 443") == OPEN


def test_a_group_of_another_account() -> None:
    """R-SG-32, R-SHARE-3: rules that the guest is not shown are neither open nor shut."""
    e = Shared()
    e.see_acls()
    e.wear(e.q, e.group(e.v1, ["tcp/22 any"], name="shared"))
    assert verdict(seen_by(e, GUEST), f"can {e.p} reach {e.q} port 22") == OPEN
    allow(e, f"can {e.p} reach {e.q} port 22")


# ------------------------------ only the owner was asked


def test_what_the_owner_is_shown_of_a_participant() -> None:
    """R-SHARE-1: the interface, not the instance on it: whether it runs is not known."""
    e = Shared()
    e.scope(e.home)["NetworkInterfaces"].append(e.p.eni.record)
    e.scope(e.home)["SecurityGroups"].append(e.theirs.record)
    snapshot = seen_by(e, OWNER)
    assert verdict(snapshot, f"can {e.a} reach 10.0.0.77 port 22") == OPEN
    assert verdict(snapshot, f"can {e.a} reach {e.b} port 22") == YES


# ------------------------------ one account's calls are gone


def questions(e: Shared) -> list[str]:
    ends: list[tuple[str | Id, str | Id]] = [
        (e.p, e.q),
        (e.p, e.a),
        (e.a, e.p),
        (e.p, e.b),
        (e.b2, e.p),
        (e.p, e.b2),
        (e.p, NET),
        ("internet", e.p),
        ("10.0.0.5", e.p),
        (e.p, "10.0.0.99"),
        (e.p, "10.0.1.5"),
        ("10.0.1.0/24", e.p),
    ]
    return [f"can {one} reach {two} port {port}" for one, two in ends for port in (22, 443)]


@pytest.mark.parametrize("flat", [False, True])
@pytest.mark.parametrize("account", [OWNER, GUEST])
def test_one_account_alone_flips_nothing(account: str, flat: bool) -> None:
    """Law 2: an absent account leaves an answer or makes it undecided."""
    e = Shared(public="198.51.100.77")
    e.see_acls()
    e.peered()
    e.online(e.ta)
    e.wear(e.p, e.group(e.v1, ["tcp/443 any"], account=GUEST))
    asked = questions(e)
    before = {question: str(e.ask(question).verdict.value) for question in asked}
    assert {YES, NO} <= set(before.values())
    snapshot = seen_by(e, account, flat)
    for question in asked:
        try:
            after = verdict(snapshot, question)
        except reach.QuestionError:
            continue  # an end that this account is not shown
        assert after in (before[question], OPEN), question
