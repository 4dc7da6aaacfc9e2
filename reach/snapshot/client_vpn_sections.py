"""The sections of Client VPN endpoints: what their describe calls print.

Gives a table of sections.  Must not know how files are read, nor what a field does to a packet.
"""

from __future__ import annotations

from reach.snapshot.call import Call, Per, per_id
from reach.snapshot.client_vpn_records import (
    ClientVpnEndpoint,
    ClientVpnRoutes,
    ClientVpnTargetNetwork,
)
from reach.snapshot.records import SecurityGroup, Subnet, Vpc
from reach.snapshot.section import Reference, Section

_ENDPOINT = Reference("client_vpn_endpoint_id", ClientVpnEndpoint)

CLIENT_VPN = (
    Section(
        "ClientVpnEndpoints",
        ClientVpnEndpoint,
        "client_vpn_endpoint_id",
        "ec2.DescribeClientVpnEndpoints",
        addresses={"client_cidr_block": "IPv4 CIDR"},
        references=(Reference("vpc_id", Vpc),),
    ),
    Section(
        "ClientVpnTargetNetworks",
        ClientVpnTargetNetwork,
        "association_id",
        "ec2.DescribeClientVpnTargetNetworks",
        references=(
            _ENDPOINT,
            Reference("target_network_id", Subnet, "subnet-"),
            Reference("security_groups[]", SecurityGroup),
        ),
        asked=(
            Call(
                "ec2.DescribeClientVpnTargetNetworks",
                take="ClientVpnTargetNetworks",
                per=(
                    Per(
                        "ec2.DescribeClientVpnEndpoints",
                        {"ClientVpnEndpointId": "ClientVpnEndpointId"},
                        unless=("Status.Code", "deleted"),
                    ),
                ),
            ),
        ),
    ),
    Section(
        "ClientVpnRoutes",
        ClientVpnRoutes,
        "client_vpn_endpoint_id",
        "ec2.DescribeClientVpnRoutes",
        addresses={"routes[].destination_cidr": "CIDR"},
        references=(_ENDPOINT,),
        merge="extend",
        more=("next_token",),
        bare=(("ClientVpnEndpointId", "Routes"),),
        asked=(
            per_id(
                "ec2.DescribeClientVpnRoutes",
                "ec2.DescribeClientVpnEndpoints",
                "ClientVpnEndpointId",
                hold="Routes",
                unless=("Status.Code", "deleted"),
            ),
        ),
    ),
)
