"""The policy allows exactly the calls that a capture can make."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reach.components import sections
from reach.snapshot.capture.policy import action, policy
from reach.snapshot.capture.run import capture
from reach.snapshot.capture.targets import Targets
from tests.snapshot.capture.world import Quiet, World, example


def actions(document: dict[str, Any]) -> list[str]:
    return [each for statement in document["Statement"] for each in statement["Action"]]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A capture of an account that has one of everything, so that every call has someone to ask."""
    answers: dict[str, Any] = {
        "networkmanager.ListAttachments": {
            "Attachments": [{"AttachmentId": "attachment-0a", "AttachmentType": "VPC"}]
        }
    }
    world = World(answers, otherwise=example)
    path: Path = tmp_path_factory.mktemp("policy") / "s"
    capture(
        path,
        sections(),
        Targets(regions=("eu-west-1",), recheck="all"),
        tool="t",
        now=lambda: "now",
        watch=Quiet(),
        connect=world.connect,
    )
    return world


def test_the_policy_is_what_a_capture_asks(made: World) -> None:
    """The actions are those of the calls made, and of asking who and where one is."""
    asked = {action(operation) for operation, _, _ in made.log}
    assert set(actions(policy(sections()))) == asked | {
        "sts:GetCallerIdentity",
        "ec2:DescribeRegions",
    }


def test_each_action_once_and_in_order() -> None:
    """The same policy every time: sorted, without repetitions."""
    found = actions(policy(sections()))
    assert found == sorted(set(found))


def test_nothing_but_reading_is_allowed() -> None:
    """No action changes anything, none has a wildcard."""
    for each in actions(policy(sections())):
        assert each.partition(":")[2].startswith(("Describe", "Get", "List", "Search")), each
        assert "*" not in each


def test_both_generations_of_load_balancers_have_one_prefix() -> None:
    """AWS: service-authorization/latest/reference/list_elasticloadbalancing: both services'."""
    assert action("elb.DescribeLoadBalancers") == "elasticloadbalancing:DescribeLoadBalancers"
    assert action("elbv2.DescribeRules") == "elasticloadbalancing:DescribeRules"
    assert action("vpc-lattice.GetRule") == "vpc-lattice:GetRule"


def test_roles_and_the_organisation_are_asked_for() -> None:
    """Whoever assumes roles may do that, of these roles only, and list the accounts."""
    arn = "arn:aws:iam::*:role/reader"
    document = policy(sections(), role_arns=[arn], organization=True)
    assert document["Statement"][1] == {
        "Sid": "ReachCaptureRoles",
        "Effect": "Allow",
        "Action": ["sts:AssumeRole"],
        "Resource": [arn],
    }
    assert "organizations:ListAccounts" in actions(document)
    assert "organizations:ListAccounts" not in actions(policy(sections()))


def test_it_fits_into_a_managed_policy() -> None:
    """AWS: IAM/latest/UserGuide/reference_iam-quotas: 6,144 characters, white space not counted."""
    import json

    assert len(json.dumps(policy(sections()), separators=(",", ":"))) < 6144
