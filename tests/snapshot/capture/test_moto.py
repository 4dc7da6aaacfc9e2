"""Captures over HTTP, of a server that stands in for the API: boto3, accounts and Regions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import reach
from reach.cli import cli
from reach.components import sections
from reach.snapshot.capture.accounts import found
from reach.snapshot.capture.plan import plan_of
from reach.snapshot.capture.run import capture
from reach.snapshot.capture.targets import Targets
from reach.snapshot.records import NetworkInterface, Vpc
from tests.snapshot.capture.stand_in import REGIONS, furnish, moto_server, session_of
from tests.snapshot.capture.world import Quiet

OWN, OTHER = "123456789012", "222233334444"
READER = f"arn:aws:iam::{OTHER}:role/reader"
CORE = {key: sections()[key] for key in ("Vpcs", "Subnets", "NetworkInterfaces", "VpcAttributes")}


@pytest.fixture(scope="module")
def server() -> Iterator[Mapping[str, str]]:
    with moto_server() as environment:
        furnish(session_of(environment), 10)
        yield environment


@pytest.fixture
def environment(server: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    for name, value in server.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    return server


def run(*arguments: object) -> Result:
    words = ["capture", *map(str, arguments), "--attempts", "1"]
    return CliRunner().invoke(cli, words, prog_name="reach")


def regions(*names: str) -> list[str]:
    return [word for name in names for word in ("--region", name)]


def of_core(path: Path, **asked: Any) -> Any:
    """A capture of a few calls: what is asked is not the point."""
    targets = Targets(regions=("eu-west-1",), attempts=1, recheck="none", **asked)
    now = "2026-01-01T00:00:00+00:00"
    return capture(path, CORE, targets, tool="t", now=lambda: now, watch=Quiet())


@pytest.fixture(scope="module")
def whole(server: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The command as one types it."""
    path = tmp_path_factory.mktemp("moto") / "s"
    with pytest.MonkeyPatch.context() as patch:
        for name, value in server.items():
            patch.setenv(name, value)
        return path, run(path, *regions("eu-west-1"))


def test_the_command_captures(whole: tuple[Path, Result]) -> None:
    """It ends with 0, and says on stderr what it read and what it did not."""
    path, result = whole
    assert result.exit_code == 0
    assert f"files of 2 accounts and Regions in {path}" in result.stderr
    assert "gaps: what depends on them will be undecided" in result.stderr
    assert "changed while" not in result.stderr


def test_what_was_captured_loads(whole: tuple[Path, Result]) -> None:
    """The interfaces are there, and questions are answered or honestly undecided."""
    snapshot = reach.load(whole[0])
    own = [each for each in snapshot.records(NetworkInterface) if not each.description]
    assert len(own) == 5
    assert {scope.region for scope in snapshot.scopes} == {"eu-west-1"}
    one, other = (each.network_interface_id for each in own[:2])
    assert reach.ask(snapshot, f"can {one} reach {other} port 22").verdict in (
        "reachable",
        "unreachable",
        "undecided",
    )


def test_children_come_with_their_parents(whole: tuple[Path, Result]) -> None:
    """The second wave is asked for what the first one named."""
    region = whole[0] / OWN / "eu-west-1"
    health = json.loads((region / "elbv2.DescribeTargetHealth.json").read_text())
    assert len(health["LoadBalancerTargetHealth"]) == 1
    routes = json.loads((region / "ec2.SearchTransitGatewayRoutes.json").read_text())
    assert len(routes["TransitGatewayRoutes"]) >= 1
    attributes = json.loads((region / "ec2.DescribeVpcAttribute.json").read_text())
    vpcs = json.loads((region / "ec2.DescribeVpcs.json").read_text())
    assert len(attributes["VpcAttributes"]) == 2 * len(vpcs["Vpcs"])


def test_what_the_server_lacks_is_a_gap(whole: tuple[Path, Result]) -> None:
    """An answer in HTML is recorded, and no file pretends that there is nothing.

    Lists that are asked for their ids alone have no file, also where they are known in part:
    moto fails now and then over what several threads ask at once.
    """
    plan = plan_of(sections())
    told = json.loads((whole[0] / "manifest.json").read_text())["ReachCapture"]
    absent = {call["operation"] for call in told["calls"] if call["status"] == "absent"}
    assert "ec2.DescribeLocalGateways" in absent
    for call in told["calls"]:
        is_filed = bool(plan.by_operation[call["operation"]].key)
        assert bool(call.get("file")) == (is_filed and call["status"] != "absent")
        assert bool(call["gaps"]) == (call["status"] != "complete")


def test_the_default_credentials_are_one_account(
    environment: Mapping[str, str], tmp_path: Path
) -> None:
    """Without roles and profiles: the account of the credentials that boto3 finds."""
    accounts, absent = found(Targets(regions=("eu-west-1",), attempts=1))
    assert ([each.number for each in accounts], absent) == ([OWN], [])
    assert accounts[0].regions() == (("eu-west-1",), [])


def test_all_regions_that_are_on(environment: Mapping[str, str]) -> None:
    """Without a choice every Region that is on; those that are off are named."""
    accounts, _ = found(Targets(attempts=1))
    on, off = accounts[0].regions()
    assert set(REGIONS) < set(on)
    assert not set(on) & {each.region for each in off}


def test_a_region_that_does_not_exist(environment: Mapping[str, str], tmp_path: Path) -> None:
    """A misspelt Region is the asker's fault, and says which there are."""
    result = run(tmp_path / "s", *regions("eu-wset-1"))
    assert result.exit_code == 2
    assert "there is no Region eu-wset-1; see" in result.stderr
    assert "eu-west-1" in result.stderr


def test_another_account_by_its_role(environment: Mapping[str, str], tmp_path: Path) -> None:
    """With --role-arn the role's account is read, and the own one is not."""
    sts = session_of(environment).client("sts", "us-east-1")
    keys = sts.assume_role(RoleArn=READER, RoleSessionName="tests")["Credentials"]
    other = session_of(
        environment,
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )
    made = other.client("ec2", "eu-west-1").create_vpc(CidrBlock="10.99.0.0/16")["Vpc"]["VpcId"]
    outcome = of_core(tmp_path / "s", role_arns=(READER,))
    assert outcome.gaps == ()
    assert sorted(each.name for each in (tmp_path / "s").iterdir()) == [OTHER, "manifest.json"]
    snapshot = reach.load(tmp_path / "s")
    vpc = snapshot.get(Vpc, made)
    assert vpc is not None
    assert snapshot.account_of(vpc) == OTHER


def test_an_organisation(environment: Mapping[str, str], tmp_path: Path) -> None:
    """Every account of it, through the role of that name; its own by its own credentials."""
    organisation = session_of(environment).client("organizations", "us-east-1")
    organisation.create_organization(FeatureSet="ALL")
    made = organisation.create_account(AccountName="b", Email="b@example.org")
    member = made["CreateAccountStatus"]["AccountId"]
    outcome = of_core(tmp_path / "s", organization=True, role_name="reader")
    assert outcome.gaps == ()
    folders = {each.name for each in (tmp_path / "s").iterdir() if each.is_dir()}
    assert folders == {OWN, member}


def test_a_profile_that_does_not_exist(environment: Mapping[str, str], tmp_path: Path) -> None:
    """A misspelt profile is said as such, and nothing is written."""
    result = run(tmp_path / "s", "--profile", "nobody")
    assert result.exit_code == 2
    assert "nobody" in result.stderr
    assert not (tmp_path / "s").exists()


def test_no_credentials(
    environment: Mapping[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without credentials nothing begins, and the message says what is lacking."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    result = run(tmp_path / "s", *regions("eu-west-1"))
    assert result.exit_code == 2
    assert "Unable to locate credentials" in result.stderr
    assert not (tmp_path / "s").exists()
