"""Instances: their state is that of their interfaces, and what stands for one in a question."""

from __future__ import annotations

import pytest

from tests.aws.ground import answered, dropped, ground, packet, plain, sent
from tests.estate import Pair

STATE = "network_interface.state"
NOT_RUNNING = ["pending", "shutting-down", "stopping", "stopped", "terminated"]


def in_state(state: str) -> Pair:
    """B in this state."""
    e = Pair()
    e.scope(e.home)["Reservations"][-1]["Instances"][0]["State"]["Name"] = state
    return e


# ------------------------------ nodes


def test_a_running_instance_adds_nothing() -> None:
    """R-ENI-8: running is the only state without a stage."""
    e = in_state("running")
    assert plain(ground(e).slot(STATE, e.b.eni)) == []


@pytest.mark.parametrize("state", NOT_RUNNING)
def test_any_other_state_denies(state: str) -> None:
    """R-ENI-8: one filter that denies everything, with the instance's id and state."""
    e = in_state(state)
    g = ground(e)
    assert plain(g.slot(STATE, e.b.eni)) == [[f"else deny BAD_STATE ({e.b} state)"]]
    there = sent(g, e.a, packet(e.a.ip, e.b.ip))
    assert state in there.origin.words


def test_an_instance_that_is_not_there_is_a_doubt() -> None:
    """Without describe-instances its state may be any: neither permitted nor denied."""
    e = Pair()
    e.drop("Reservations")
    g = ground(e)
    assert plain(g.slot(STATE, e.b.eni)) == [[f"else doubt ({e.b})"]]
    there = sent(g, e.a, packet(e.a.ip, e.b.ip))
    assert [origin.resource for origin in there.doubts] == [e.a, e.b]


def test_an_interface_of_no_instance() -> None:
    """What is attached to something else, or to nothing, is not this component's affair."""
    e = Pair()
    loose = e.interface(e.sb, "10.0.1.9", requester="amazon")
    assert plain(ground(e).slot(STATE, loose)) == []


# ------------------------------ traces


def test_a_stopped_instance_neither_receives_nor_sends() -> None:
    """R-ENI-8: both ways, while it stays attached and keeps its addresses."""
    e = in_state("stopped")
    g = ground(e)
    assert dropped(sent(g, e.a, packet(e.a.ip, e.b.ip))) == (e.b, "BAD_STATE")
    assert dropped(sent(g, e.b, packet(e.b.ip, e.a.ip))) == (e.b, "BAD_STATE")
    e = in_state("running")
    g = ground(e)
    assert answered(g, sent(g, e.a, packet(e.a.ip, e.b.ip)), e.b.ip)


def test_all_its_interfaces_stop() -> None:
    """R-ENI-8: the second interface works no better than the first."""
    e = in_state("stopped")
    e.interface(e.sa, "10.0.0.9", on=e.b)
    assert dropped(sent(ground(e), e.a, packet(e.a.ip, "10.0.0.9"))) == (e.b, "BAD_STATE")


def test_a_stopped_neighbour_is_no_obstacle() -> None:
    """R-ENI-8: interfaces share a node only in the same state."""
    e = Pair()
    down = e.instance("down", e.sb, "10.0.1.6", state="stopped")
    g = ground(e)
    assert answered(g, sent(g, e.a, packet(e.a.ip, e.b.ip)), e.b.ip)
    assert dropped(sent(g, e.a, packet(e.a.ip, down.ip))) == (down, "BAD_STATE")


# ------------------------------ as an end


def test_as_an_end() -> None:
    """An instance stands for all its interfaces, under its id and name."""
    e = Pair()
    second = e.interface(e.sa, "10.0.0.9", on=e.b)
    end = ground(e).end(e.b)
    assert end is not None
    assert {start.node for start in end.starts} == {
        f"network_interface/{one}/send" for one in (e.b.eni, second)
    }
    assert end.words == f"{e.b} b"
    assert end.sender == e.b


def test_a_terminated_instance_without_interfaces() -> None:
    """It is known and nobody: unreachable with its state, not an unknown id."""
    e = in_state("terminated")
    e.scope(e.home)["NetworkInterfaces"].remove(e.b.eni.record)
    end = ground(e).end(e.b)
    assert end is not None
    assert end.nobody is not None
    assert (end.nobody.resource, end.nobody.code) == (e.b, "UNASSOCIATED_COMPONENT")
    assert "terminated" in end.nobody.words


def test_an_instance_whose_interfaces_are_unknown() -> None:
    """Law 2: without describe-network-interfaces the same instance is a gap, not nobody."""
    e = Pair()
    e.drop("NetworkInterfaces")
    end = ground(e).end(e.b)
    assert end is not None
    assert end.nobody is None
    assert end.gap is not None
    assert end.gap.resource == e.b


def test_an_unknown_instance() -> None:
    """An id that nothing has is no end."""
    assert ground(Pair()).end("i-0dead") is None
