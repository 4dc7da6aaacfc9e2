"""Whose networks are read: profiles, roles and an organisation's accounts, each with its clients.

    found(targets) -> accounts, absent ones     account.client("ec2", "us-east-1")

The only module that makes boto3 sessions.  Raises CaptureError where not even who asks is known.
Must not know what is asked of the clients, nor files.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials
from botocore.exceptions import BotoCoreError, ClientError, ProfileNotFound

from reach.snapshot.capture.answers import Reason, reason_of
from reach.snapshot.capture.plan import ACCOUNTS, GLOBAL, REGIONS, ROLE
from reach.snapshot.capture.targets import CaptureError, Targets

_SESSION_NAME = "reach-capture"
# Where to ask who one is and which Regions there are, by partition.
_HOME = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
_ON = ("opt-in-not-required", "opted-in")


@dataclass(frozen=True)
class Absent:
    """An account or a Region that cannot be read, and why.

    If it ``was_asked_for`` its absence counts in every answer.
    """

    account: str
    region: str
    operation: str
    reason: Reason
    was_asked_for: bool = True


@dataclass(eq=False)
class Account:
    """One account, and the clients made for it so far."""

    number: str
    partition: str
    session: Any
    targets: Targets
    clients: dict[tuple[str, str], Any] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def client(self, service: str, region: str) -> Any:
        """A client, the same for the same service and Region.  Global services have one Region."""
        home = GLOBAL.get(service, {})
        where = home.get(self.partition, "") if home else region
        with self.lock:
            key = (service, where)
            if key not in self.clients:
                self.clients[key] = make_client(self.session, service, where, self.targets)
            return self.clients[key]

    def offers(self, service: str) -> bool:
        """Whether the partition has the service at all."""
        return service not in GLOBAL or self.partition in GLOBAL[service]

    def forget(self, region: str) -> None:
        """Drop a Region's clients: they are large."""
        with self.lock:
            for key in [each for each in self.clients if each[1] == region]:
                del self.clients[key]

    def regions(self) -> tuple[tuple[str, ...], list[Absent]]:
        """The Regions to read, and those that are off.

        Without a choice, all that are on.  AWS: account/latest/reference/manage-acct-regions.
        """
        home = _HOME.get(self.partition, self.session.region_name or "us-east-1")
        chosen = self.targets.regions
        try:
            answer = self.client("ec2", home).describe_regions(AllRegions=True)
        except (ClientError, BotoCoreError) as error:
            if chosen:
                return chosen, []
            words = "which Regions are on is not known; name them with --region"
            raise CaptureError(f"{self.number}: {words}: {error}") from None
        state = {each["RegionName"]: each.get("OptInStatus", "") for each in answer["Regions"]}
        unknown = [name for name in chosen if name not in state]
        if unknown:
            raise CaptureError(f"there is no Region {', '.join(unknown)}; see {', '.join(state)}")
        off = {name for name, told in state.items() if told not in _ON}
        wanted = chosen or tuple(sorted(state))
        reason = Reason("off", "OptInRequired", "an opt-in Region that is off")
        asked = bool(chosen)
        absent = [Absent(self.number, r, REGIONS, reason, asked) for r in wanted if r in off]
        return tuple(r for r in wanted if r not in off), absent


def make_client(session: Any, service: str, region: str, targets: Targets) -> Any:
    config = Config(
        retries={"mode": "adaptive", "total_max_attempts": targets.attempts},
        max_pool_connections=max(targets.in_flight, 1),
        connect_timeout=10,
        user_agent_extra="reach-capture",
    )
    return session.client(service, region_name=region, config=config)


def found(targets: Targets) -> tuple[list[Account], list[Absent]]:
    """Every account that is asked for, once, by number; and those that let nobody in."""
    accounts: dict[str, Account] = {}
    absent: list[Absent] = []
    base = [_own(_session(profile), targets) for profile in targets.profiles or ("",)]
    roles = [(arn, base[0]) for arn in targets.role_arns]
    if targets.organization:
        active, closed = _of_organization(base[0], targets)
        roles += [(arn, base[0]) for arn in active]
        absent += closed
    read = base[1:] if targets.role_arns else base
    accounts.update({each.number: each for each in reversed(read)})
    for arn, asker in roles:
        number = arn.split(":")[4]
        if number in accounts:
            continue
        assumed = _assumed(arn, asker, targets)
        if isinstance(assumed, Reason):
            absent.append(Absent(number, "", ROLE, assumed))
        else:
            accounts[number] = assumed
    return [accounts[number] for number in sorted(accounts)], absent


def _session(profile: str) -> Any:
    try:
        return boto3.Session(profile_name=profile or None)
    except ProfileNotFound as error:
        raise CaptureError(str(error)) from None


def _own(session: Any, targets: Targets) -> Account:
    """The account whose credentials these are."""
    region = session.region_name or next(iter(targets.regions), "us-east-1")
    try:
        told = make_client(session, "sts", region, targets).get_caller_identity()
    except (ClientError, BotoCoreError) as error:
        who = session.profile_name if targets.profiles else "the default credentials"
        raise CaptureError(
            f"AWS does not say whose credentials these are ({who}): {error}"
        ) from None
    return Account(told["Account"], told["Arn"].split(":")[1], session, targets)


@dataclass(frozen=True)
class _Role:
    """One of botocore's credential providers: a role's; those that run out are asked for again."""

    credentials: Any
    METHOD = "reach-role"
    CANONICAL_NAME = None

    def load(self) -> Any:
        return self.credentials


def _assumed(arn: str, asker: Account, targets: Targets) -> Account | Reason:
    """The account of a role."""
    region = asker.session.region_name or next(iter(targets.regions), "us-east-1")
    named = {"RoleSessionName": _SESSION_NAME}
    extra = {**named, "ExternalId": targets.external_id} if targets.external_id else named
    fetcher = AssumeRoleCredentialFetcher(
        client_creator=partial(asker.session.client, region_name=region),
        source_credentials=asker.session.get_credentials(),
        role_arn=arn,
        extra_args=extra,
    )
    credentials = DeferredRefreshableCredentials(fetcher.fetch_credentials, "assume-role")
    try:
        credentials.get_frozen_credentials()
    except ClientError as error:
        return reason_of(error)
    except BotoCoreError as error:
        return Reason("unreachable", type(error).__name__, "sts does not answer")
    inner = botocore.session.get_session()
    inner.get_component("credential_provider").insert_before("env", _Role(credentials))
    session = boto3.Session(botocore_session=inner, region_name=region)
    return Account(arn.split(":")[4], asker.partition, session, targets)


def _of_organization(asker: Account, targets: Targets) -> tuple[list[str], list[Absent]]:
    """The role in each active account, and the accounts that are closed or not open yet.

    AWS: organizations/latest/APIReference/API_Account.
    """
    region = _HOME.get(asker.partition, "us-east-1")
    client = make_client(asker.session, "organizations", region, targets)
    try:
        pages = client.get_paginator("list_accounts").paginate()
        listed: list[Mapping[str, Any]] = [each for page in pages for each in page["Accounts"]]
    except (ClientError, BotoCoreError) as error:
        raise CaptureError(f"the organisation's accounts cannot be listed: {error}") from None
    active: list[str] = []
    closed: list[Absent] = []
    for account in listed:
        number = str(account["Id"])
        state = str(account.get("State") or account.get("Status"))
        if state != "ACTIVE":
            closed.append(Absent(number, "", ACCOUNTS, Reason("off", state), False))
        elif number != asker.number:
            active.append(f"arn:{asker.partition}:iam::{number}:role/{targets.role_name}")
    return active, closed
