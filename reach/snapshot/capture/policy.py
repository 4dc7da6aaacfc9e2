"""The least that a reader must be allowed: one IAM policy, for exactly the calls of the plan.

    policy(sections) -> a policy document

Takes the sections that components declare.  Needs no boto3.  Must not know what any answer means.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reach.snapshot.capture.plan import ACCOUNTS, IDENTITY, REGIONS, ROLE, plan_of
from reach.snapshot.section import Section

# AWS: service-authorization/latest/reference: the prefix of a service's actions, where it is not
# the name of its API.  An action has the name of its operation.
_PREFIX = {"elb": "elasticloadbalancing", "elbv2": "elasticloadbalancing"}


def action(operation: str) -> str:
    """The action that allows an operation: ``ec2:DescribeVpcs``."""
    service, _, name = operation.partition(".")
    return f"{_PREFIX.get(service, service)}:{name}"


def policy(
    sections: Mapping[str, Section], *, role_arns: Iterable[str] = (), organization: bool = False
) -> dict[str, Any]:
    """What a reader of one account needs; with roles and an organisation what their asker does.

    No call of the plan can be narrowed to resources as a whole: they list what is there.
    """
    operations = {*plan_of(sections).operations, IDENTITY, REGIONS}
    operations |= {ACCOUNTS} if organization else set()
    statements: list[dict[str, Any]] = [
        {
            "Sid": "ReachCapture",
            "Effect": "Allow",
            "Action": sorted({action(each) for each in operations}),
            "Resource": "*",
        }
    ]
    roles = sorted(set(role_arns))
    if roles:
        assume = {"Effect": "Allow", "Action": [action(ROLE)], "Resource": roles}
        statements.append({"Sid": "ReachCaptureRoles", **assume})
    return {"Version": "2012-10-17", "Statement": statements}
