"""Secrets never reach the disk: what is left out, and that a new secret cannot slip in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from botocore.model import ServiceModel

from reach.components import sections
from reach.snapshot.capture.plan import plan_of
from reach.snapshot.capture.run import capture
from reach.snapshot.capture.secrets import (
    HARMLESS,
    LEFT_OUT,
    SOUNDS_SECRET,
    clean,
    holds_text,
    is_left_out,
    is_marked,
)
from reach.snapshot.capture.targets import Targets
from tests.snapshot.capture.world import Quiet, World, service_model

# What a capture could be told and never writes: by service and structure, as botocore has it today.
NEVER_WRITTEN = {
    "directconnect BGPPeer authKey",
    "directconnect VirtualInterface authKey",
    "directconnect VirtualInterface customerRouterConfig",
    "ec2 TunnelOption PreSharedKey",
    "ec2 VpnConnection CustomerGatewayConfiguration",
    "ecs ContainerOverride command",
    "ecs ContainerOverride environment",
    "ecs ContainerOverride environmentFiles",
    "elbv2 AuthenticateCognitoActionConfig AuthenticationRequestExtraParams",
    "elbv2 AuthenticateOidcActionConfig AuthenticationRequestExtraParams",
    "elbv2 AuthenticateOidcActionConfig ClientSecret",
    "lambda FunctionConfiguration Environment",
    "lambda FunctionConfiguration ImageConfigResponse",
    "lambda RuntimeVersionError Message",
    "rds ClusterPendingModifiedValues MasterUserPassword",
    "rds PendingModifiedValues MasterUserPassword",
}


def members(service: str, shape: Any, seen: tuple[str, ...] = ()) -> Iterator[tuple[str, str, Any]]:
    """Every member that an answer can have, below what is left out as well."""
    if shape.name in seen:
        return
    seen = (*seen, shape.name)
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            yield f"{service} {shape.name}", name, member
            yield from members(service, member, seen)
    elif shape.type_name == "list":
        yield from members(service, shape.member, seen)
    elif shape.type_name == "map":
        yield from members(service, shape.value, seen)


def all_members() -> dict[tuple[str, str], Any]:
    found = {}
    for step in plan_of(sections()).steps:
        operation = service_model(step.call.service).operation_model(step.call.name)
        for owner, name, shape in members(step.call.service, operation.output_shape):
            found[owner, name] = shape
    return found


def test_what_is_left_out_is_written_down() -> None:
    """botocore's models are walked: a member that is newly marked, or sounds like a secret, fails.

    Whoever adds a call, or a newer botocore that adds a member, has to decide here.
    """
    inside = {"lambda EnvironmentResponse", "lambda EnvironmentError", "lambda ImageConfigError"}
    inside |= {"ecs KeyValuePair", "ecs EnvironmentFile", "lambda ImageConfig"}
    found = {
        f"{owner} {name}"
        for (owner, name), shape in all_members().items()
        if is_left_out(name, shape) and owner not in inside
    }
    assert found == NEVER_WRITTEN


def test_every_marked_member_is_left_out() -> None:
    """What botocore marks sensitive is left out, whatever it is called."""
    marked = {key: shape for key, shape in all_members().items() if is_marked(shape)}
    assert ("ec2 TunnelOption", "PreSharedKey") in marked
    assert ("lambda EnvironmentResponse", "Variables") in marked
    assert all(is_left_out(name, shape) for (_, name), shape in marked.items())


def test_what_sounds_like_a_secret_is_looked_at() -> None:
    """Text that sounds like a secret is left out, unless someone has said why it is none."""
    kept = {
        name
        for (_, name), shape in all_members().items()
        if holds_text(shape) and SOUNDS_SECRET.search(name) and not is_left_out(name, shape)
    }
    assert kept <= set(HARMLESS)
    assert not set(HARMLESS) & set(LEFT_OUT)


def test_what_is_declared_harmless_is_there() -> None:
    """No name stays on the list of the harmless that no answer has any more."""
    known = {name for _, name in all_members()}
    assert set(HARMLESS) - known == set()


MODEL = ServiceModel(
    {
        "metadata": {"protocol": "json", "apiVersion": "1", "endpointPrefix": "x"},
        "operations": {},
        "shapes": {
            "Text": {"type": "string"},
            "Hidden": {"type": "string", "sensitive": True},
            "HiddenList": {"type": "list", "member": {"shape": "Hidden"}},
            "HiddenMap": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Hidden"}},
            "Time": {"type": "timestamp"},
            "Bytes": {"type": "blob"},
            "Thing": {
                "type": "structure",
                "members": {
                    "Name": {"shape": "Text"},
                    "Plain": {"shape": "Hidden"},
                    "Some": {"shape": "HiddenList"},
                    "ByName": {"shape": "HiddenMap"},
                    "UserData": {"shape": "Text"},
                    "NewApiSecret": {"shape": "Text"},
                    "Time": {"shape": "Time"},
                    "Bytes": {"shape": "Bytes"},
                },
            },
        },
    },
    "x",
)


@pytest.mark.parametrize(
    ("member", "value", "kept"),
    [
        ("Name", "web", {"Name": "web"}),
        ("Plain", "hunter2", {}),
        ("Some", ["hunter2"], {"Some": []}),
        ("ByName", {"a": "hunter2"}, {}),
        ("UserData", "hunter2", {}),
        ("NewApiSecret", "hunter2", {}),
        ("Bytes", b"\x00\xff", {"Bytes": "AP8="}),
        (
            "Time",
            datetime(2026, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))),
            {"Time": "2026-01-01T00:00:00+00:00"},
        ),
    ],
)
def test_what_is_kept(member: str, value: object, kept: dict[str, object]) -> None:
    """Marked, listed and suspicious members go; times and bytes are the same text everywhere."""
    assert clean(MODEL.shape_for("Thing"), {member: value}) == kept
    assert datetime(2026, 1, 1, tzinfo=UTC).tzinfo is UTC


def test_members_that_no_model_knows_are_left_out() -> None:
    """What the model does not describe cannot be judged, and goes."""
    assert clean(MODEL.shape_for("Thing"), {"Name": "web", "Other": "x"}) == {"Name": "web"}


SECRET = "hunter2-do-not-write"


def with_secrets() -> World:
    """An account with a secret wherever the calls could tell one."""
    interface = {"virtualInterfaceId": "dxvif-1", "authKey": SECRET, "asn": 65000}
    interface["bgpPeers"] = [{"bgpPeerId": "dxpeer-1", "authKey": SECRET}]
    interface["customerRouterConfig"] = f"<key>{SECRET}</key>"
    tunnel = {"OutsideIpAddress": "198.51.100.1", "PreSharedKey": SECRET}
    vpn = {"VpnConnectionId": "vpn-1", "CustomerGatewayConfiguration": f"<psk>{SECRET}</psk>"}
    vpn_options = {"TunnelOptions": [tunnel]}
    function = {
        "FunctionArn": "arn:aws:lambda:eu-west-1:111122223333:function:f",
        "FunctionName": "f",
        "Environment": {"Variables": {"PASSWORD": SECRET}, "Error": {"Message": SECRET}},
    }
    container = {"name": "c", "command": [SECRET], "environment": [{"name": "P", "value": SECRET}]}
    task = {"taskArn": "arn:aws:ecs:eu-west-1:111122223333:task/c/t", "lastStatus": "RUNNING"}
    return World(
        {
            "directconnect.DescribeVirtualInterfaces": {"virtualInterfaces": [interface]},
            "ec2.DescribeVpnConnections": {"VpnConnections": [{**vpn, "Options": vpn_options}]},
            "lambda.ListFunctions": {"Functions": [function]},
            "ecs.ListClusters": {"clusterArns": ["c"]},
            "ecs.ListTasks": {"taskArns": ["t"]},
            "ecs.DescribeTasks": {
                "tasks": [{**task, "overrides": {"containerOverrides": [container]}}],
                "failures": [],
            },
        }
    )


def test_no_file_holds_a_secret(tmp_path: Path) -> None:
    """Not one byte of a key, a password or an environment variable is in any file."""
    folder = tmp_path / "s"
    capture(
        folder,
        sections(),
        Targets(),
        tool="t",
        now=lambda: "now",
        watch=Quiet(),
        connect=with_secrets().connect,
    )
    written = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert len(written) > 100
    assert [path for path, text in written.items() if SECRET.encode() in text] == []
    region = folder / "111122223333" / "eu-west-1"
    told = json.loads((region / "directconnect.DescribeVirtualInterfaces.json").read_text())
    assert told["virtualInterfaces"][0]["bgpPeers"] == [{"bgpPeerId": "dxpeer-1"}]
    vpns = json.loads((region / "ec2.DescribeVpnConnections.json").read_text())
    tunnel = vpns["VpnConnections"][0]["Options"]["TunnelOptions"][0]
    assert tunnel == {"OutsideIpAddress": "198.51.100.1"}
    tasks = json.loads((region / "ecs.DescribeTasks.json").read_text())
    assert tasks["tasks"][0]["overrides"] == {"containerOverrides": [{"name": "c"}]}
