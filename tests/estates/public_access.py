"""What stands between a VPC and the internet by an account's or an owner's decision.

    block(e, "block-bidirectional")            # of the account, in the Region
    exclude(e, e.sn, "allow-egress")           # a VPC or a subnet
    encrypt(e, e.v1, "enforce", "InternetGateway")
    pool = pool_on(e, edge, "203.0.113.0/28")  # accepted as it is by the gateway of an edge table

Blocking and excluding keep what describe-vpcs and describe-subnets show in step.
"""

from __future__ import annotations

import ipaddress

from tests.estate import Estate, Id, Record

OPTIONS = "VpcBlockPublicAccessOptions"
EXCLUSIONS = "VpcBlockPublicAccessExclusions"


def block(
    e: Estate,
    mode: str,
    scope: tuple[str, str] | None = None,
    state: str = "update-complete",
    exclusions: str = "allowed",
) -> Record:
    """Block Public Access of an account and Region."""
    account, region = scope or e.home
    options = {
        "AwsAccountId": account,
        "AwsRegion": region,
        "State": state,
        "InternetGatewayBlockMode": mode,
        "Reason": "",
        "LastUpdateTimestamp": "2024-12-01T09:00:00+00:00",
        "ManagedBy": "account",
        "ExclusionsAllowed": exclusions,
    }
    calls = e.scope((account, region))
    calls[OPTIONS] = [options]
    for key in ("Vpcs", "Subnets"):
        for record in calls[key]:
            if record["OwnerId"] == account:
                shows(record, mode)
    return options


def exclude(
    e: Estate, holder: Id, mode: str = "allow-bidirectional", state: str = "create-complete"
) -> Record:
    """An exclusion of a VPC, with all its subnets, or of a subnet."""
    account, region = holder.scope
    kind = "vpc" if holder.startswith("vpc-") else "subnet"
    exclusion = {
        "ExclusionId": e.fresh("vpcbpa-exclude"),
        "InternetGatewayExclusionMode": mode,
        "ResourceArn": f"arn:aws:ec2:{region}:{account}:{kind}/{holder}",
        "State": state,
        "CreationTimestamp": "2024-12-01T09:00:00+00:00",
        "Tags": [],
    }
    calls = e.scope(holder.scope)
    calls[EXCLUSIONS].append(exclusion)
    if state in ("create-complete", "update-complete"):
        for record in (*calls["Vpcs"], *calls["Subnets"]):
            if holder in (record["VpcId"], record.get("SubnetId")):
                shown = record["BlockPublicAccessStates"]["InternetGatewayBlockMode"]
                ingress = mode == "allow-egress" and shown != "off"
                shows(record, "block-ingress" if ingress else "off")
    return exclusion


def shows(record: Record | Id, mode: str | None) -> None:
    """What a VPC or a subnet shows as its mode; None: nothing, as in old snapshots."""
    record = record.record if isinstance(record, Id) else record
    record["BlockPublicAccessStates"] = {"InternetGatewayBlockMode": mode}
    if mode is None:
        del record["BlockPublicAccessStates"]


def encrypt(
    e: Estate,
    vpc: Id,
    mode: str = "enforce",
    *excluded: str,
    state: str = "available",
    exclusion: str = "enabled",
) -> Record:
    """Encryption controls of a VPC, with what is excluded (InternetGateway, NatGateway)."""
    control = {
        "VpcId": str(vpc),
        "VpcEncryptionControlId": e.fresh("vpcec"),
        "Mode": mode,
        "State": state,
        "StateMessage": "",
        "ResourceExclusions": {
            kind: {"State": exclusion if kind in excluded else "disabled", "StateMessage": ""}
            for kind in (
                "InternetGateway",
                "EgressOnlyInternetGateway",
                "NatGateway",
                "VirtualPrivateGateway",
                "VpcPeering",
                "Lambda",
                "VpcLattice",
                "ElasticFileSystem",
            )
        },
        "Tags": [],
    }
    e.scope(vpc.scope)["VpcEncryptionControls"].append(control)
    return control


def pool_on(e: Estate, edge: Id, *cidrs: str, advertised: bool = True) -> str:
    """A pool of addresses of one's own, associated with an internet gateway's edge table."""
    pool = e.fresh("ipv4pool-ec2")
    blocks = [ipaddress.ip_network(cidr) for cidr in cidrs]
    count = sum(block.num_addresses for block in blocks)
    ranges = [
        {
            "FirstAddress": str(block[0]),
            "LastAddress": str(block[-1]),
            "AddressCount": block.num_addresses,
            "AvailableAddressCount": block.num_addresses,
        }
        for block in blocks
    ]
    calls = e.scope(edge.scope)
    calls["PublicIpv4Pools"].append(
        {
            "PoolId": pool,
            "Description": "",
            "PoolAddressRanges": ranges,
            "TotalAddressCount": count,
            "TotalAvailableAddressCount": count,
            "NetworkBorderGroup": edge.scope[1],
            "Tags": [],
        }
    )
    # What is brought is a /24 at least.
    brought = {str(block.supernet(new_prefix=min(24, block.prefixlen))) for block in blocks}
    for cidr in sorted(brought):
        state = "advertised" if advertised else "provisioned"
        calls["ByoipCidrs"].append({"Cidr": cidr, "State": state, "StatusMessage": pool})
    association = e.association("rtbassoc", edge)
    edge.record["Associations"].append({**association, "PublicIpv4Pool": pool})
    return pool
