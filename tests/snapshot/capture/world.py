"""An AWS of plain data: what each call answers, and which calls were made.

    world = World({"ec2.DescribeVpcs": {"Vpcs": [...]}})
    capture(..., connect=world.connect)

An operation that the world says nothing of answers with empty lists.  Clients carry botocore's own
models, so that what is asked can be checked against them; nothing is sent anywhere.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from types import SimpleNamespace
from typing import Any

import botocore.session
from botocore import xform_name
from botocore.exceptions import ClientError
from botocore.validate import ParamValidator

from reach.snapshot.capture.accounts import Absent, Account
from reach.snapshot.capture.targets import Targets

REGIONS = ("eu-west-1", "us-east-1")


@cache
def service_model(service: str) -> Any:
    return botocore.session.get_session().get_service_model(service)


def refused(code: str, words: str = "no") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": words}}, "Operation")


def empty(shape: Any) -> dict[str, Any]:
    """The answer in which there is nothing: every list empty, every structure without members."""
    blank: dict[str, Any] = {"list": [], "structure": {}}
    return {
        name: blank[member.type_name]
        for name, member in shape.members.items()
        if member.type_name in blank
    }


def example(shape: Any, seen: tuple[str, ...] = ()) -> Any:
    """A value of every member, lists of one: the answer in which there is something of all."""
    if shape.name in seen:
        return None
    seen = (*seen, shape.name)
    match shape.type_name:
        case "structure":
            parts = {name: example(member, seen) for name, member in shape.members.items()}
            return {name: part for name, part in parts.items() if part is not None}
        case "list":
            member = example(shape.member, seen)
            return [] if member is None else [member]
        case "map":
            return {"k": example(shape.value, seen)}
        case "boolean":
            return False
        case "integer" | "long" | "float" | "double":
            return 1
        case "timestamp" | "blob":
            return None
        case _:
            return shape.enum[0] if shape.enum else shape.name[:20].ljust(20, "x")


@dataclass
class World:
    """``answers`` by operation, ``log`` of what was asked, in the order it was."""

    answers: dict[str, Any] = field(default_factory=dict)
    accounts: tuple[str, ...] = ("111122223333",)
    off: tuple[str, ...] = ()
    absent: list[Absent] = field(default_factory=list)
    otherwise: Callable[[Any], Any] = empty
    log: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def connect(self, targets: Targets) -> tuple[list[Account], list[Absent]]:
        found: list[Account] = [Inhabited(number, self, targets) for number in self.accounts]
        return found, list(self.absent)

    def answer(self, operation: str, region: str, parameters: dict[str, Any]) -> dict[str, Any]:
        service, _, name = operation.partition(".")
        taken = service_model(service).operation_model(name)
        if taken.input_shape is not None:
            if "MaxResults" in taken.input_shape.required_members:  # the paginators say it
                parameters = {"MaxResults": 100, **parameters}
            report = ParamValidator().validate(parameters, taken.input_shape)
            assert not report.has_errors(), f"{operation}: {report.generate_report()}"
        with self.lock:
            self.log.append((operation, region, parameters))
        given = self.answers.get(operation)
        if given is None:
            told: dict[str, Any] = self.otherwise(taken.output_shape)
            return {k: v for k, v in told.items() if k.lower() not in _LAST_PAGE}
        if isinstance(given, ClientError):
            raise given
        return dict(given(region, parameters) if callable(given) else given)

    def asked(self, operation: str) -> list[dict[str, Any]]:
        return [parameters for each, _, parameters in self.log if each == operation]


_LAST_PAGE = ("nexttoken", "marker", "nextmarker", "failures")


class Inhabited(Account):
    """An account of a world."""

    def __init__(self, number: str, world: World, targets: Targets) -> None:
        super().__init__(number, "aws", SimpleNamespace(region_name="us-east-1"), targets)
        self.world = world

    def client(self, service: str, region: str) -> Any:
        return Client(self.world, service, region)

    def regions(self) -> tuple[tuple[str, ...], list[Absent]]:
        from reach.snapshot.capture.answers import Reason

        wanted = self.targets.regions or REGIONS
        reason = Reason("off", "OptInRequired", "an opt-in Region that is off")
        off = [each for each in wanted if each in self.world.off]
        asked = bool(self.targets.regions)
        absent = [Absent(self.number, each, "ec2.DescribeRegions", reason, asked) for each in off]
        return tuple(each for each in wanted if each not in off), absent


class Client:
    """As much of a boto3 client as asks."""

    def __init__(self, world: World, service: str, region: str) -> None:
        self.world, self.service, self.region = world, service, region
        self.meta = SimpleNamespace(service_model=service_model(service))
        self.methods = {xform_name(n): n for n in self.meta.service_model.operation_names}

    def can_paginate(self, method: str) -> bool:
        return False

    def __getattr__(self, method: str) -> Callable[..., dict[str, Any]]:
        operation = f"{self.service}.{self.methods[method]}"
        return lambda **parameters: self.world.answer(operation, self.region, parameters)


@dataclass
class Quiet:
    """Told how far it is, and says nothing."""

    phases: list[tuple[str, int]] = field(default_factory=list)
    calls: list[tuple[str, str]] = field(default_factory=list)

    def begin(self, phase: str, calls: int) -> None:
        self.phases.append((phase, calls))

    def done(self, scope: object, operation: str, status: str) -> None:
        self.calls.append((operation, status))
