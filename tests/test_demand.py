"""Conditions on the packet at its ends: how they are written, and what comes of them."""

from __future__ import annotations

import pytest

import reach
from reach.checking import check_answer
from reach.demand import demand, read_pairs
from tests.estate import Pair


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("port", "22", "'port' is no field of a packet at an end"),
        ("source-port", "80-22", "80-22 is empty: did you mean 22-80?"),
        ("source-port", "70000", "'70000' is not a port"),
        ("source", "10.0.0.5/8", "10.0.0.5/8"),
        ("protocol", "tpc", "'tpc' is not a protocol"),
    ],
)
def test_what_is_wrong_is_said(name: str, text: str, words: str) -> None:
    """A condition that cannot be read is a fault of the asker's, with what would be right."""
    with pytest.raises(reach.QuestionError) as error:
        demand([(name, text)])
    assert words in str(error.value)


def test_pairs_are_written_with_an_equals_sign() -> None:
    assert read_pairs(["source=10.0.0.5", "protocol=tcp"]) == (
        ("source", "10.0.0.5"),
        ("protocol", "tcp"),
    )
    with pytest.raises(reach.QuestionError, match="write FIELD=VALUE"):
        read_pairs(["source"])


def test_a_port_is_one_of_tcp_or_udp() -> None:
    """A ping has no port, so none that is asked for."""
    told = str(demand([("source-port", "22")]))
    assert "tcp" in told
    assert "udp" in told
    assert "icmp" not in told


@pytest.mark.parametrize(
    ("where", "condition", "verdict"),
    [
        ("at_source", {"source": "10.0.0.5"}, "reachable"),
        ("at_source", {"source": "10.0.0.0/24"}, "reachable"),
        ("at_source", {"source": "10.0.1.0/24"}, "unreachable"),
        ("at_source", {"source-port": "22"}, "reachable"),
        ("at_destination", {"source": "10.0.0.5"}, "reachable"),
        ("at_destination", {"source": "10.0.0.6"}, "unreachable"),
        ("at_destination", {"source-port": "22"}, "unreachable"),
    ],
)
def test_they_narrow_a_question(where: str, condition: dict[str, str], verdict: str) -> None:
    """A sends to B from its own address, by whatever port is asked for, else by a client's."""
    e = Pair()
    answer = reach.ask(e.load(), f"can {e.a} reach {e.b} port 443", **{where: condition})  # type: ignore[arg-type]
    assert answer.verdict == verdict
    assert answer.to_dict()[where] == condition


def test_behind_a_nat_gateway_the_source_is_its_own() -> None:
    """What leaves with one address arrives with another."""
    e = Pair()
    e.natted(e.ta)
    question = f"can {e.a} reach 8.8.8.8 port 443"
    for address, verdict in (("198.51.100.20", "reachable"), ("10.0.0.5", "unreachable")):
        answer = reach.ask(e.load(), question, at_destination={"source": address})
        assert answer.verdict == verdict
    codes = [each.code for each in answer.explanations]
    assert codes == ["FILTER_AT_DESTINATION_SOURCE_ADDRESS", "NGW_SOURCE_ADDRESS_REASSIGN"]


def test_a_checker_reads_them_again() -> None:
    """The evidence of such an answer holds for the question with its conditions."""
    e = Pair()
    for condition in ({"source": "10.0.0.5"}, {"source": "10.0.0.6"}):
        question = f"can {e.a} reach {e.b} port 443"
        answer = reach.ask(e.load(), question, at_destination=condition)
        assert check_answer(e.load(), answer.to_dict()).holds
