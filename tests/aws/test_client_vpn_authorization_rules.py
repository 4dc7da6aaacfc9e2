"""Authorization rules of Client VPN: the most specific decides alone."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from reach.trace import Trace
from tests.aws.ground import at, dropped, ground, packet, plain, stages
from tests.estate import Id, Pair, tell
from tests.estates.access import client_vpn, vpn_rule
from tests.traps.rows import allow, deny, may, unknown

CLIENT = "172.20.0.9"


def ruled(*rules: tuple[str, str | None]) -> tuple[Pair, Id]:
    """An endpoint in SB with these rules: block and group."""
    e = Pair()
    vpn = client_vpn(e, {e.sb: "10.0.1.50"})
    for block, group in rules:
        vpn_rule(e, vpn, block, group)
    return e, vpn


def node(vpn: Id, part: str) -> str:
    return f"client_vpn_authorization_rules/{vpn}/{part}"


def sent(e: Pair, vpn: Id, destination: str, group: str) -> Trace:
    start = f"client_vpn/{vpn}/sent - {quote(group, safe='')}"
    return at(ground(e), start, packet(CLIENT, destination))


# ------------------------------ nodes


def test_longest_first() -> None:
    """R-CVPN-4: however the rules are listed; 0.0.0.0/0 comes last."""
    e, vpn = ruled(("0.0.0.0/0", None), ("10.0.0.0/16", "D"), ("10.0.0.5/32", "M"))
    assert plain(stages(ground(e), node(vpn, "check - *"))) == [
        [
            f"destination 10.0.0.5 -> {node(vpn, 'authorized 0 - *')}",
            f"destination 10.0.0.0/16 -> {node(vpn, 'authorized 1 - *')}",
            f"destination 0.0.0.0/0 -> {node(vpn, 'authorized 2 - *')}",
            f"else drop NO_PATH ({vpn} authorization)",
        ]
    ]
    leave = f"client_vpn/{vpn}/leave -"
    found = [plain(stages(ground(e), node(vpn, f"authorized {n} - *"))) for n in range(3)]
    assert found == [
        [[f"may -> {leave}"]],
        [[f"may -> {leave}"]],
        [[f"any packet -> {leave}", "else drop"]],
    ]


def test_a_group_that_is_not_named() -> None:
    e, vpn = ruled(("10.0.0.0/16", "D"))
    denied = f"deny NO_PATH ({vpn} authorization 10.0.0.0/16)"
    found = plain(stages(ground(e), node(vpn, "authorized 0 - M")))
    assert found == [[f"else {denied}"], [f"else {denied.replace('deny', 'drop')}"]]


# ------------------------------ who passes


def test_groups_of_one_block_together() -> None:
    """Rules for one block add up; who asks as nobody's member may be in any of the groups."""
    e, vpn = ruled(("10.0.0.0/16", "D"), ("10.0.0.0/16", "M"))
    for group in ("D", "M"):
        assert not allow(e, f"can {vpn}/{group} reach {e.a} port 22").assumptions
    deny(e, f"can {vpn}/X reach {e.a} port 22", "NO_PATH")
    answer = may(e, f"can {vpn} reach {e.a} port 22")
    assert "group" in answer.assumptions[0].text, tell(answer)


def test_everybody_among_groups() -> None:
    """One rule for everybody makes the others of its block idle, not those of narrower blocks."""
    e, vpn = ruled(("10.0.0.0/16", "D"), ("10.0.0.0/16", None), ("10.0.0.0/24", "D"))
    assert not allow(e, f"can {vpn} reach {e.b} port 22").assumptions
    allow(e, f"can {vpn}/X reach {e.b} port 22")
    deny(e, f"can {vpn}/X reach {e.a} port 22", "NO_PATH")


def test_a_wider_rule_is_no_second_chance() -> None:
    """R-CVPN-4: not even the rule for everybody everywhere."""
    e, vpn = ruled(("0.0.0.0/0", None), ("10.0.0.5/32", "M"))
    assert dropped(sent(e, vpn, "10.0.0.5", "D")) == (vpn, "NO_PATH")
    allow(e, f"can {vpn}/D reach {e.b} port 22")


def test_no_rule() -> None:
    """R-CVPN-1: nobody passes."""
    e, vpn = ruled()
    deny(e, f"can {vpn} reach {e.a} port 22", "NO_PATH")
    e, vpn = ruled(("10.0.1.0/24", None))
    deny(e, f"can {vpn} reach {e.a} port 22", "NO_PATH")
    allow(e, f"can {vpn} reach {e.b} port 22")


@pytest.mark.parametrize("group", ["S-1-5-21-1-2-3", "Network team", "a/b", "100%", "*", "-"])
def test_names_of_groups(group: str) -> None:
    """A directory's numbers, or whatever an identity provider calls its groups."""
    e, vpn = ruled(("10.0.0.0/16", group), ("10.0.0.5/32", "other"))
    allow(e, f"can '{vpn}/{group}' reach {e.b} port 22")
    deny(e, f"can '{vpn}/{group}' reach {e.a} port 22", "NO_PATH")
    deny(e, f"can '{vpn}/{group}x' reach {e.b} port 22", "NO_PATH")


# ------------------------------ rules on their way


@pytest.mark.parametrize("status", ["authorizing", "revoking"])
def test_a_rule_on_its_way(status: str) -> None:
    """It may be in force or not: a doubt, unless a settled rule of its block decides."""
    e, vpn = ruled()
    vpn_rule(e, vpn, "10.0.0.0/16", status=status)
    unknown(e, f"can {vpn} reach {e.a} port 22", vpn)
    vpn_rule(e, vpn, "10.0.0.0/16", "D")
    allow(e, f"can {vpn}/D reach {e.a} port 22")
    may(e, f"can {vpn} reach {e.a} port 22")
    unknown(e, f"can {vpn}/M reach {e.a} port 22", vpn)


def test_a_narrower_rule_on_its_way() -> None:
    """It may take what a wider one gives."""
    e, vpn = ruled(("10.0.0.0/16", None))
    vpn_rule(e, vpn, "10.0.0.5/32", "M", status="revoking")
    unknown(e, f"can {vpn}/D reach {e.a} port 22", vpn)
    allow(e, f"can {vpn}/D reach {e.b} port 22")


def test_a_failed_rule() -> None:
    e, vpn = ruled()
    vpn_rule(e, vpn, "10.0.0.0/16", status="failed")
    deny(e, f"can {vpn} reach {e.a} port 22", "NO_PATH")


def test_rules_that_are_not_known() -> None:
    """Law 2: an endpoint without an answer of its own; what it has no route to stays closed."""
    e, vpn = ruled(("10.0.0.0/16", None))
    e.scopes[e.home]["ClientVpnAuthorizationRules"].clear()
    unknown(e, f"can {vpn} reach {e.a} port 22", "authorization rules")
    deny(e, f"can {vpn} reach 8.8.8.8 port 22", "NO_ROUTE_TO_DESTINATION")
