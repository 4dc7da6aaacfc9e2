"""Requests in parallel: never too many for one service, and none forgotten."""

from __future__ import annotations

import threading

import pytest

from reach.snapshot.call import Call
from reach.snapshot.capture.answers import Reason
from reach.snapshot.capture.dispatch import Dispatch, Given
from reach.snapshot.capture.plan import Step
from reach.snapshot.capture.reading import Request
from reach.snapshot.record import Scope


def requests(service: str, count: int, region: str = "eu-west-1") -> list[Request]:
    step = Step(Call(f"{service}.DescribeX", take="X"), "X")
    return [Request(step, Scope("1", region), {"Number": n}) for n in range(count)]


class Gate:
    """An AWS that answers nobody before it is opened."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.arrived = threading.Semaphore(0)
        self.inside: list[tuple[str, str]] = []
        self.lock = threading.Lock()

    def ask(self, request: Request) -> Given:
        with self.lock:
            self.inside.append((request.scope.region, request.step.call.service))
        self.arrived.release()
        self.open.wait()
        return {"X": [request.parameters["Number"]]}


def drained(dispatch: Dispatch) -> list[Given]:
    answers: list[Given] = []
    while found := dispatch.wait():
        answers += [given for _, given in found]
    return answers


def test_one_service_gets_no_more_than_its_share() -> None:
    """Three at a time for each service of each Region, whatever waits; the others go on."""
    gate = Gate()
    with Dispatch(gate.ask, workers=20, in_flight=3) as dispatch:
        dispatch.add(requests("ec2", 10))
        dispatch.add(requests("ec2", 10, "us-east-1"))
        dispatch.add(requests("elbv2", 2))
        dispatch._send()
        for _ in range(8):
            gate.arrived.acquire()
        assert sorted(gate.inside) == sorted(
            3 * [("eu-west-1", "ec2")] + 3 * [("us-east-1", "ec2")] + 2 * [("eu-west-1", "elbv2")]
        )
        gate.open.set()
        assert len(drained(dispatch)) == 22


def test_no_more_than_there_are_workers() -> None:
    """In all no more requests are out than there are workers, one of each service first."""
    gate = Gate()
    with Dispatch(gate.ask, workers=2, in_flight=10) as dispatch:
        dispatch.add(requests("ec2", 5))
        dispatch.add(requests("elbv2", 5))
        dispatch._send()
        for _ in range(2):
            gate.arrived.acquire()
        assert sorted(gate.inside) == [("eu-west-1", "ec2"), ("eu-west-1", "elbv2")]
        gate.open.set()
        assert len(drained(dispatch)) == 10


def test_nothing_to_do_is_over_at_once() -> None:
    """Without requests there is nothing to wait for."""
    with Dispatch(lambda _: Reason("failed", "x"), workers=1, in_flight=1) as dispatch:
        assert dispatch.wait() == []


def test_a_defect_is_not_a_gap() -> None:
    """What is neither an answer nor a refusal is our fault, and comes out as it is."""

    def ask(_: Request) -> Given:
        raise RuntimeError("ours")

    with Dispatch(ask, workers=1, in_flight=1) as dispatch:
        dispatch.add(requests("ec2", 3))
        with pytest.raises(RuntimeError, match="ours"):
            dispatch.wait()
