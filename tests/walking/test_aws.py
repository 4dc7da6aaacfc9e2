"""The stand-in for the AWS CLI takes a command for the call that the CLI makes of it."""

from __future__ import annotations

import shlex
from typing import Any

import pytest

from reach.changes import Call
from tests.test_changes import CHANGES
from tests.walking.aws import arguments, shorthand


def shape(operation: str) -> Any:
    session = pytest.importorskip("botocore.session").get_session()
    return session.get_service_model("ec2").operation_model(operation).input_shape


@pytest.mark.parametrize(
    "call",
    [each.call for each in CHANGES if each.call.operation.endswith("SecurityGroupIngress")],
    ids=lambda call: call.operation,
)
def test_a_command_that_reach_prints_is_the_call_that_it_means(call: Call) -> None:
    words = shlex.split(call.command)[3:]
    assert arguments(shape(call.operation), words) == call.parameters


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("sg-1", "sg-1"),
        ("A=b,C=d", {"A": "b", "C": "d"}),
        ("A=[{B=c},{B=d}],E=f", {"A": [{"B": "c"}, {"B": "d"}], "E": "f"}),
        ("A=[b,c]", {"A": ["b", "c"]}),
        ("CidrIpv6=::/0", {"CidrIpv6": "::/0"}),
    ],
)
def test_shorthand(text: str, value: object) -> None:
    assert shorthand(text) == value


@pytest.mark.parametrize("text", ["A=b}", "A=[b", "A=,"])
def test_what_is_no_shorthand_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"left over|is expected"):
        shorthand(text)
