"""What these builders write is what AWS prints."""

from __future__ import annotations

import json

import pytest

from tests.estate import Pair
from tests.estates.access import (
    carrier_gateway,
    carrier_ip,
    client_vpn,
    connect_endpoint,
    transit_vpn,
    vpn_route,
    vpn_rule,
)
from tests.traps.rows import transit_gateway
from tests.traps.test_estate import misfits

RESULTS = {
    "CarrierGateways": "DescribeCarrierGatewaysResult",
    "ClientVpnEndpoints": "DescribeClientVpnEndpointsResult",
    "ClientVpnTargetNetworks": "DescribeClientVpnTargetNetworksResult",
    "InstanceConnectEndpoints": "DescribeInstanceConnectEndpointsResult",
    "NetworkInterfaces": "DescribeNetworkInterfacesResult",
    "Addresses": "DescribeAddressesResult",
    "TransitGatewayAttachments": "DescribeTransitGatewayAttachmentsResult",
}
# Answers of calls for one endpoint, under its id.
WRAPPED = {
    "ClientVpnRoutes": "DescribeClientVpnRoutesResult",
    "ClientVpnAuthorizationRules": "DescribeClientVpnAuthorizationRulesResult",
}


def test_the_builders_write_what_aws_prints() -> None:
    """Every field is a member of the call's answer in botocore's model, of its type."""
    model = pytest.importorskip("botocore.session").get_session().get_service_model("ec2")
    e = Pair()
    connect_endpoint(e, e.sb, "10.0.1.40", preserve=True)
    vpn = client_vpn(e, {e.sa: "10.0.0.50"}, public={e.sa: "198.51.100.50"})
    vpn_rule(e, vpn, "10.0.0.0/16", "D")
    over = transit_vpn(e, transit_gateway(e))
    vpn_route(e, over, "10.0.0.0/16", over.eni)
    carrier_gateway(e, e.v1)
    carrier_ip(e, e.b, "155.146.10.7")
    found: list[str] = []
    written = set()
    for path, text in e.files().items():
        ((key, records),) = json.loads(text).items()
        if key in RESULTS:
            shape = model.shape_for(RESULTS[key])
            found += misfits({key: records}, shape, path)
        for answer in records if key in WRAPPED else ():
            del answer["ClientVpnEndpointId"]
            found += misfits(answer, model.shape_for(WRAPPED[key]), path)
        written |= {key} if records else set()
    assert found == []
    assert {*RESULTS, *WRAPPED} <= written
