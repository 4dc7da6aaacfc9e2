"""An estate to capture: two Regions, as many interfaces as wanted, something of every wave."""

from __future__ import annotations

from typing import Any

from tests.snapshot.capture.world import World

ACCOUNT = "111122223333"


def _interfaces(region: str, count: int) -> list[dict[str, Any]]:
    return [
        {
            "NetworkInterfaceId": f"eni-{region}-{number:04}",
            "SubnetId": f"subnet-{region}",
            "VpcId": f"vpc-{region}",
            "OwnerId": ACCOUNT,
            "Status": "in-use",
            "InterfaceType": "interface",
            "SourceDestCheck": True,
            "Groups": [{"GroupId": f"sg-{region}", "GroupName": "web"}],
            "PrivateIpAddress": address,
            "PrivateIpAddresses": [{"Primary": True, "PrivateIpAddress": address}],
        }
        for number in range(count)
        for address in (f"10.0.{number // 250}.{number % 250 + 4}",)
    ]


def _target_group(region: str, number: int) -> str:
    return f"arn:aws:elasticloadbalancing:{region}:{ACCOUNT}:targetgroup/g{number}/{number:016}"


def estate(interfaces: int = 500) -> World:
    """Half of the interfaces in each Region."""

    def pages(region: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """Pages of 100, in an order of their own."""
        found = list(reversed(_interfaces(region, interfaces // 2)))
        start = int(parameters.get("NextToken", "0"))
        more = {"NextToken": str(start + 100)} if start + 100 < len(found) else {}
        return {"NetworkInterfaces": found[start : start + 100], **more}

    def health(region: str, parameters: dict[str, Any]) -> dict[str, Any]:
        target = {"Id": "i-1", "Port": int(parameters["TargetGroupArn"][-4:])}
        return {"TargetHealthDescriptions": [{"Target": target}]}

    return World(
        {
            "ec2.DescribeVpcs": lambda region, _: {
                "Vpcs": [{"VpcId": f"vpc-{region}", "CidrBlock": "10.0.0.0/16", "OwnerId": ACCOUNT}]
            },
            "ec2.DescribeSubnets": lambda region, _: {
                "Subnets": [
                    {
                        "SubnetId": f"subnet-{region}",
                        "VpcId": f"vpc-{region}",
                        "CidrBlock": "10.0.0.0/20",
                        "AvailabilityZone": f"{region}a",
                        "OwnerId": ACCOUNT,
                    }
                ]
            },
            "ec2.DescribeSecurityGroups": lambda region, _: {
                "SecurityGroups": [
                    {
                        "GroupId": f"sg-{region}",
                        "GroupName": "web",
                        "VpcId": f"vpc-{region}",
                        "IpPermissions": [],
                        "IpPermissionsEgress": [],
                    }
                ]
            },
            "ec2.DescribeNetworkInterfaces": pages,
            "ec2.DescribeVpcAttribute": lambda _, parameters: {
                "VpcId": parameters["VpcId"],
                parameters["Attribute"][0].upper() + parameters["Attribute"][1:]: {"Value": True},
            },
            "ec2.DescribeVpcBlockPublicAccessOptions": {
                "VpcBlockPublicAccessOptions": {"InternetGatewayBlockMode": "off"}
            },
            "elbv2.DescribeTargetGroups": lambda region, _: {
                "TargetGroups": [
                    {
                        "TargetGroupArn": _target_group(region, number),
                        "TargetGroupName": "g",
                        "LoadBalancerArns": [],
                    }
                    for number in range(9)
                ]
            },
            "elbv2.DescribeTargetHealth": health,
            "network-firewall.ListFirewalls": lambda region, _: {
                "Firewalls": [{"FirewallArn": f"arn:aws:network-firewall:{region}:{ACCOUNT}:f/a"}]
            },
            "network-firewall.DescribeFirewall": lambda region, parameters: {
                "Firewall": {
                    "FirewallName": "a",
                    "FirewallArn": parameters["FirewallArn"],
                    "FirewallPolicyArn": f"arn:aws:network-firewall:{region}:{ACCOUNT}:policy/p",
                    "VpcId": f"vpc-{region}",
                    "SubnetMappings": [],
                    "FirewallId": "f",
                },
                "FirewallStatus": {"Status": "READY", "ConfigurationSyncStateSummary": "IN_SYNC"},
            },
            "network-firewall.DescribeFirewallPolicy": lambda _, parameters: {
                "FirewallPolicyResponse": {
                    "FirewallPolicyName": "p",
                    "FirewallPolicyArn": parameters["FirewallPolicyArn"],
                    "FirewallPolicyId": "p",
                },
                "FirewallPolicy": {
                    "StatelessDefaultActions": ["aws:pass"],
                    "StatelessFragmentDefaultActions": ["aws:pass"],
                },
            },
        }
    )
