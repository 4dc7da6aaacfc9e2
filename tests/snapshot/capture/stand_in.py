"""moto's server on this machine: it stands in for the API of AWS, never for AWS's behaviour.

It gives no pages, throttles nobody and implements a part of the calls; what it does not implement
it answers with a page of HTML, which is as good a gap as any.
"""

from __future__ import annotations

import logging
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import boto3
from moto.server import ThreadedMotoServer

REGIONS = ("eu-west-1", "us-east-1")


@contextmanager
def moto_server() -> Iterator[Mapping[str, str]]:
    """A server on a free port; the environment in which boto3 talks to it and to nobody else.

    What moto knows is its process's, not its server's: it begins with nothing whoever was here.
    """
    logging.getLogger("werkzeug").disabled = True
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    try:
        urllib.request.urlopen(f"{address}/moto-api/reset", data=b"").close()
        yield {
            "AWS_ENDPOINT_URL": address,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            "AWS_EC2_METADATA_DISABLED": "true",
            "SOURCE_DATE_EPOCH": "1767225600",
        }
    finally:
        server.stop()


def furnish(session: Any, interfaces: int) -> None:
    """A VPC with interfaces, a load balancer and a transit gateway in each Region."""
    for number, region in enumerate(REGIONS):
        ec2 = session.client("ec2", region_name=region)
        vpc = ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16")["Vpc"]["VpcId"]
        subnets = [
            ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.{number}.{8 * each}.0/21",
                              AvailabilityZone=f"{region}{zone}")["Subnet"]["SubnetId"]
            for each, zone in enumerate("ab")
        ]  # fmt: skip
        for _ in range(interfaces // len(REGIONS)):
            ec2.create_network_interface(SubnetId=subnets[0])
        balancers = session.client("elbv2", region_name=region)
        balancers.create_load_balancer(Name="web", Subnets=subnets)
        balancers.create_target_group(Name="web", Protocol="HTTP", Port=80, VpcId=vpc)
        gateway = ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
        ec2.create_transit_gateway_route_table(TransitGatewayId=gateway)


def session_of(environment: Mapping[str, str], **credentials: str) -> Any:
    """A session that talks to the server whatever this process' environment is."""
    keys = {
        "aws_access_key_id": environment["AWS_ACCESS_KEY_ID"],
        "aws_secret_access_key": environment["AWS_SECRET_ACCESS_KEY"],
        **credentials,
    }
    return _Session(boto3.Session(**keys), environment["AWS_ENDPOINT_URL"])


class _Session:
    """boto3's, with the server's address in every client."""

    def __init__(self, session: Any, address: str) -> None:
        self.session, self.address = session, address

    def client(self, service: str, region_name: str) -> Any:
        return self.session.client(service, region_name=region_name, endpoint_url=self.address)
