"""Accounts, Regions and what every VPC of the company has: subnets by tier and zone, with a table.

`Company` is an Estate that describes and tags things as a company does, and writes itself in files
that are named after the calls.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.estate import Estate, Id, Record

NETWORK, PROD, TEST, SHARED = "111122223333", "444455556666", "777788889999", "222233334444"
EU, US = "eu-west-1", "us-east-1"
HOSTS = {EU: ".eu-west-1.compute.amazonaws.com", US: ".compute-1.amazonaws.com"}
ENVIRONMENTS = {NETWORK: "network", PROD: "prod", TEST: "test", SHARED: "shared"}


@dataclass
class Spoke:
    """A VPC with its subnets by (tier, zone) and its route tables by tier, or by tier and zone."""

    vpc: Id
    subnets: dict[tuple[str, str], Id] = field(default_factory=dict)
    tables: dict[str, Id] = field(default_factory=dict)

    def of_tier(self, tier: str) -> list[Id]:
        return [subnet for (name, _), subnet in self.subnets.items() if name == tier]

    def at(self, tier: str, zone: str = "a") -> Id:
        return self.subnets[tier, zone]


class Company(Estate):
    def __init__(self) -> None:
        super().__init__(EU, NETWORK, salt="retailer")

    def spoke(
        self,
        name: str,
        cidr: str,
        account: str,
        tiers: Mapping[str, Sequence[str]],
        region: str = EU,
        ipv6: str | None = None,
        six: Mapping[str, Sequence[str]] | None = None,
        zonal: Sequence[str] = (),
    ) -> Spoke:
        """A VPC; each tier has a subnet in zones a, b, ... and a table, a `zonal` one for each."""
        made = Spoke(self.vpc(cidr, ipv6=ipv6, name=name, region=region, account=account))
        for tier, blocks in tiers.items():
            sixes = (six or {}).get(tier, [None] * len(blocks))
            for zone, block, block6 in zip("abc", blocks, sixes, strict=False):
                subnet = self.subnet(made.vpc, block, zone, block6, name=f"{name}-{tier}-{zone}")
                made.subnets[tier, zone] = subnet
                if tier in zonal:
                    own = self.table(made.vpc, [subnet], name=f"{name}-{tier}-{zone}")
                    made.tables[f"{tier}-{zone}"] = own
            if tier not in zonal:
                table = self.table(made.vpc, made.of_tier(tier), name=f"{name}-{tier}")
                made.tables[tier] = table
        return made

    def groups(
        self, vpc: Id, name: str, about: str, ingress: Sequence[str], egress: Sequence[str]
    ) -> Id:
        """A security group that says what it is for."""
        made = self.group(vpc, ingress, egress, name=name)
        made.record["Description"] = about
        return made

    def host(
        self, name: str, subnet: Id, ip: str, *groups: Id, ipv6: str | None = None, role: str = ""
    ) -> Id:
        """An instance, tagged with its role."""
        tags = {"Role": role or name.rsplit("-", 1)[0]}
        return self.instance(name, subnet, ip, groups=groups, ipv6=ipv6, tags=tags)

    def finish(self) -> None:
        """Tags by account, names of hosts by Region, and groups that are nobody's tests."""
        for (account, region), calls in self.scopes.items():
            for record in (*calls["Vpcs"], *calls["TransitGateways"]):
                if not any(tag["Key"] == "Environment" for tag in record["Tags"]):
                    owner = record["OwnerId"]
                    environment = {"Key": "Environment", "Value": ENVIRONMENTS[owner]}
                    record["Tags"].append(environment)
            for group in calls["SecurityGroups"]:
                if group["GroupName"] == "default":
                    group["Description"] = "default VPC security group"
            for eni in calls["NetworkInterfaces"]:
                _rename(eni, HOSTS[region])
            calls["VpcBlockPublicAccessOptions"] = [_open_to_the_public(account, region)]
            calls["ServiceDetails"] = []

    def save(self, folder: Path) -> None:
        """Write what the calls print, an empty answer that is everybody's only once, at the top."""
        shutil.rmtree(folder, ignore_errors=True)
        answers = {path: json.loads(text) for path, text in self.files().items()}
        used = {key for answer in answers.values() for key, records in answer.items() if records}
        names = _names()
        written: dict[Path, str] = {}
        for path, answer in answers.items():
            ((key, _),) = answer.items()
            if key not in names:
                continue
            managed = Path(path).stem == "ManagedPrefixLists"
            name = "describe-managed-prefix-lists" if managed else names[key]
            place = folder / Path(path).parent if key in used else folder
            place.mkdir(parents=True, exist_ok=True)
            file = place / f"{name}.json"
            if written.setdefault(file, key) != key:
                file = place / f"{name}-{key}.json"  # one call, asked in two ways
            file.write_text(json.dumps(answer, indent=4, sort_keys=True) + "\n")


def _names() -> dict[str, str]:
    """The file of a key: its call, and the service where two have a call of that name."""
    from reach.components import sections

    known = {key: (each.service, each.call) for key, each in sections().items()}
    known["Reservations"] = ("ec2", "describe-instances")
    often = Counter(call for _, call in set(known.values()))
    return {
        key: call if often[call] == 1 else f"{service}-{call}"
        for key, (service, call) in known.items()
    }


def _open_to_the_public(account: str, region: str) -> Record:
    return {
        "AwsAccountId": account,
        "AwsRegion": region,
        "ExclusionsAllowed": "allowed",
        "InternetGatewayBlockMode": "off",
        "ManagedBy": "account",
        "State": "default-state",
    }


def _rename(eni: Record, suffix: str) -> None:
    for row in (eni, *eni["PrivateIpAddresses"]):
        mapped = row.get("Association")
        if mapped:
            mapped["PublicDnsName"] = f"ec2-{mapped['PublicIp'].replace('.', '-')}{suffix}"
