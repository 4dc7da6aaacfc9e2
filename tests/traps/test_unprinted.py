"""What an answer leaves out that goes without saying: a thing whose state is not printed works.

Who cuts an answer down to what matters leaves out states.  A state that is printed counts as ever.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.estate import Pair, Record
from tests.traps.rows import EIP_A, allow, deny

STATES = ("State", "Status", "AssociationState", "CidrBlockState", "Ipv6CidrBlockState")


def stateless(value: Any) -> Any:
    """The same without anything that says in which state something is."""
    if isinstance(value, dict):
        return {key: stateless(each) for key, each in value.items() if key not in STATES}
    return [stateless(each) for each in value] if isinstance(value, list) else value


def cut_down(e: Pair) -> None:
    for calls in e.scopes.values():
        for records in calls.values():
            records[:] = [stateless(each) for each in records]


def world() -> Pair:
    """A is public, B behind a NAT gateway, B2 behind a peering, and has a way out for IPv6."""
    e = Pair(ipv6=True)
    e.peered()
    e.natted(e.tb)
    e.online(e.ta)
    e.public(e.a, EIP_A)
    e.route(e.t2, "::/0", e.eigw(e.v2))
    return e


QUESTIONS = (
    "can internet reach {a} port 22",
    "can {a} reach 8.8.8.8 port 443",
    "can {b} reach 8.8.8.8 port 443",
    "can {a} reach {b2} port 22",
    "can {b2} reach 2606:4700:4700::1111 port 443",
    "can public reach {b} port 22",
)


@pytest.mark.parametrize("question", QUESTIONS)
def test_nothing_says_in_which_state_it_is(question: str) -> None:
    """R-ENI-8, R-IGW-1, R-NAT-1, R-PCX-1, R-EIGW-1, R-DEF-1: as if all states were printed."""
    e = world()
    asked = question.format(a=e.a, b=e.b, b2=e.b2)
    allow(e, asked)
    cut_down(e)
    allow(e, asked)


def state_of(record: Record, value: str) -> None:
    """Print a state in a record that printed none."""
    if "Attachments" in record:
        record["Attachments"][0]["State"] = value
    elif "RequesterVpcInfo" in record:
        record["Status"] = {"Code": value}
    elif "Instances" in record:
        record["Instances"][0]["State"] = {"Name": value}
    else:
        record["State"] = value


@pytest.mark.parametrize(
    ("call", "state", "question"),
    [
        ("InternetGateways", "detached", QUESTIONS[0]),
        ("NatGateways", "deleting", QUESTIONS[2]),
        ("VpcPeeringConnections", "expired", QUESTIONS[3]),
        ("EgressOnlyInternetGateways", "detached", QUESTIONS[4]),
        ("Reservations", "stopped", QUESTIONS[1]),
    ],
)
def test_a_state_that_is_printed_counts(call: str, state: str, question: str) -> None:
    """The same network, where one call says of the thing that it does not work."""
    e = world()
    cut_down(e)
    for record in e.scope(e.home)[call]:
        state_of(record, state)
    deny(e, question.format(a=e.a, b=e.b, b2=e.b2))
