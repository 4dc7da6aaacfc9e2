"""One request: its pages, and every way in which AWS can refuse or answer nonsense.

botocore's own Stubber stands in for AWS, with real clients, paginators and parsers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError
from botocore.stub import Stubber

from reach.snapshot.call import Call
from reach.snapshot.capture.accounts import make_client
from reach.snapshot.capture.answers import Reason, Refused, ask
from reach.snapshot.capture.targets import Targets

VPCS = Call("ec2.DescribeVpcs", take="Vpcs")
ROUTES = Call("ec2.SearchTransitGatewayRoutes", hold="Routes")
SEARCH = {"TransitGatewayRouteTableId": "tgw-rtb-1", "Filters": [{"Name": "type", "Values": ["x"]}]}


def client(service: str) -> Any:
    return boto3.client(
        service,
        region_name="eu-west-1",
        aws_access_key_id="id",
        aws_secret_access_key="key",
        config=Config(retries={"mode": "standard", "max_attempts": 1}),
    )


@pytest.fixture
def ec2() -> Iterator[tuple[Any, Stubber]]:
    made = client("ec2")
    with Stubber(made) as stub:
        yield made, stub
        stub.assert_no_pending_responses()


def refusal(made: Any, call: Call, parameters: dict[str, Any] | None = None) -> Reason:
    with pytest.raises(Refused) as caught:
        ask(made, call, parameters or {})
    return caught.value.reason


# --- pages ----------------------------------------------------------------------------------------


def test_all_pages_are_read(ec2: tuple[Any, Stubber]) -> None:
    """A paginator's pages are joined, in the largest size that the model allows."""
    made, stub = ec2
    size = {"MaxResults": 1000}
    stub.add_response("describe_vpcs", {"Vpcs": [{"VpcId": "vpc-1"}], "NextToken": "2"}, size)
    stub.add_response(
        "describe_vpcs", {"Vpcs": []} | {"NextToken": "3"}, {**size, "NextToken": "2"}
    )
    stub.add_response("describe_vpcs", {"Vpcs": [{"VpcId": "vpc-2"}]}, {**size, "NextToken": "3"})
    assert ask(made, VPCS, {}) == {"Vpcs": [{"VpcId": "vpc-1"}, {"VpcId": "vpc-2"}]}


def test_pages_without_a_paginator_are_read(ec2: tuple[Any, Stubber]) -> None:
    """Where botocore has no paginator the token is followed by hand."""
    made, stub = ec2
    call = Call("ec2.DescribeVpcEndpointAssociations", take="VpcEndpointAssociations")
    method = "describe_vpc_endpoint_associations"
    assert not made.can_paginate(method)
    first = {"VpcEndpointAssociations": [{"Id": "1"}], "NextToken": "2"}
    stub.add_response(method, first, {})
    stub.add_response(method, {"VpcEndpointAssociations": [{"Id": "2"}]}, {"NextToken": "2"})
    assert ask(made, call, {}) == {"VpcEndpointAssociations": [{"Id": "1"}, {"Id": "2"}]}


@pytest.mark.parametrize("method", ["describe_vpcs", "describe_vpc_endpoint_associations"])
def test_a_circle_of_pages_is_refused(ec2: tuple[Any, Stubber], method: str) -> None:
    """A page that leads to itself would be read for ever; it is no answer."""
    made, stub = ec2
    key = "Vpcs" if method == "describe_vpcs" else "VpcEndpointAssociations"
    name = "ec2.DescribeVpcs" if key == "Vpcs" else "ec2.DescribeVpcEndpointAssociations"
    for _ in range(2):
        stub.add_response(method, {key: [], "NextToken": "same"})
    assert refusal(made, Call(name, take=key)).kind == "unreadable"


def test_lists_of_every_page_and_the_last_flag(ec2: tuple[Any, Stubber]) -> None:
    """Further routes that are on the next page are not missing; those after the last page are."""
    made, stub = ec2
    for number, more in ((1, True), (2, False)):
        page: dict[str, Any] = {"Routes": [{"DestinationCidrBlock": f"10.{number}.0.0/16"}]}
        page |= {"AdditionalRoutesAvailable": more} | ({"NextToken": "2"} if more else {})
        stub.add_response("search_transit_gateway_routes", page)
    answer = ask(made, ROUTES, SEARCH)
    assert [each["DestinationCidrBlock"] for each in answer["Routes"]] == [
        "10.1.0.0/16",
        "10.2.0.0/16",
    ]
    assert answer["AdditionalRoutesAvailable"] is False


def test_a_cut_answer_keeps_its_flag(ec2: tuple[Any, Stubber]) -> None:
    """1,000 routes and no token: what lies beyond is not known, and the answer says so."""
    made, stub = ec2
    stub.add_response(
        "search_transit_gateway_routes", {"Routes": [], "AdditionalRoutesAvailable": True}
    )
    assert ask(made, ROUTES, SEARCH) == {"Routes": [], "AdditionalRoutesAvailable": True}


@pytest.mark.parametrize(
    ("service", "call", "method", "token", "sent"),
    [
        ("elbv2", Call("elbv2.DescribeTargetGroups", take="TargetGroups"),
         "describe_target_groups", "NextMarker", "Marker"),
        ("rds", Call("rds.DescribeDBProxies", take="DBProxies"),
         "describe_db_proxies", "Marker", "Marker"),
        ("directconnect", Call("directconnect.DescribeVirtualInterfaces", take="virtualInterfaces"),
         "describe_virtual_interfaces", "nextToken", "nextToken"),
    ],
)  # fmt: skip
def test_every_spelling_of_a_token(
    service: str, call: Call, method: str, token: str, sent: str
) -> None:
    """Services spell the next page differently; none of it is left in the answer."""
    made = client(service)
    with Stubber(made) as stub:
        stub.add_response(method, {call.take: [{}], token: "2"})
        stub.add_response(method, {call.take: [{}]})
        assert ask(made, call, {}) == {call.take: [{}, {}]}


# --- refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("UnauthorizedOperation", "denied"),
        ("AccessDenied", "denied"),
        ("AccessDeniedException", "denied"),
        ("RequestLimitExceeded", "throttled"),
        ("ThrottlingException", "throttled"),
        ("Throttling", "throttled"),
        ("OptInRequired", "off"),
        ("AuthFailure", "off"),
        ("UnrecognizedClientException", "off"),
        ("InvalidVpcID.NotFound", "gone"),
        ("LoadBalancerNotFound", "gone"),
        ("InternalError", "failed"),
    ],
)
def test_a_refusal_is_a_reason(ec2: tuple[Any, Stubber], code: str, kind: str) -> None:
    """Denied, throttled, off or broken: a reason with AWS's code, never an empty list."""
    made, stub = ec2
    stub.add_client_error("describe_vpcs", code, "said AWS")
    assert refusal(made, VPCS) == Reason(kind, code, "said AWS")


def test_a_refusal_of_the_second_page(ec2: tuple[Any, Stubber]) -> None:
    """Half an answer is none: the first page does not pass for all of it."""
    made, stub = ec2
    stub.add_response("describe_vpcs", {"Vpcs": [{"VpcId": "vpc-1"}], "NextToken": "2"})
    stub.add_client_error("describe_vpcs", "RequestLimitExceeded")
    assert refusal(made, VPCS).kind == "throttled"


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        ("No. Encoded authorization failure message: a8sd7f9a8s7df", "No."),
        ("Went wrong (Request ID: 1b2c-77) today", "Went wrong today"),
    ],
)
def test_words_that_change_are_left_out(ec2: tuple[Any, Stubber], words: str, kept: str) -> None:
    """The same refusal is told in the same words each time."""
    made, stub = ec2
    stub.add_client_error("describe_vpcs", "UnauthorizedOperation", words)
    assert refusal(made, VPCS).words == kept


def test_an_answer_that_lacks_its_list(ec2: tuple[Any, Stubber]) -> None:
    """An answer without the list it should have is not an empty list."""
    made, stub = ec2
    stub.add_response("describe_vpcs", {})
    assert refusal(made, VPCS) == Reason("unreadable", "Incomplete", "the answer lacks Vpcs")


def test_failures_inside_an_answer() -> None:
    """AWS: AmazonECS/latest/APIReference/API_Failure: a task that could not be described."""
    made = client("ecs")
    with Stubber(made) as stub:
        failures = [{"arn": "t", "reason": "MISSING"}]
        stub.add_response("describe_tasks", {"tasks": [], "failures": failures})
        reason = refusal(made, Call("ecs.DescribeTasks", take="tasks"), {"tasks": ["t"]})
    assert reason == Reason("gone", "Failures", "1 failed: MISSING")


class Body:
    """The body of a response, as urllib3 gives it."""

    def __init__(self, text: bytes) -> None:
        self.text = text

    def stream(self) -> Iterator[bytes]:
        yield self.text


def answering(service: str, status: int, text: bytes) -> Any:
    """A client whose every request is answered with these bytes."""
    made = client(service)
    made.meta.events.register(
        "before-send.*",
        lambda request, **_: AWSResponse(request.url, status, {}, Body(text)),
    )
    return made


@pytest.mark.parametrize(
    "text", [b"", b"<html><p>Maintenance</html>", b"<html></html>", b"{}", b"\x00\xff"]
)
def test_an_answer_that_is_no_xml(text: bytes) -> None:
    """A page of HTML with status 200 is a gap, not an account without VPCs."""
    assert refusal(answering("ec2", 200, text), VPCS).kind == "unreadable"


@pytest.mark.parametrize("text", [b"", b"<html>", b"[]", b'{"Firewalls": 7}', b"{}", b"null"])
def test_an_answer_that_is_no_json(text: bytes) -> None:
    """The same of a service that speaks JSON."""
    call = Call("network-firewall.ListFirewalls", take="Firewalls")
    assert refusal(answering("network-firewall", 200, text), call).kind == "unreadable"


def test_a_service_that_is_not_there() -> None:
    """No such endpoint in the Region: a gap."""
    made = client("ec2")

    def refuse(request: Any, **_: object) -> None:
        raise EndpointConnectionError(endpoint_url=request.url)

    made.meta.events.register("before-send.*", refuse)
    reason = refusal(made, VPCS)
    assert (reason.kind, reason.code) == ("unreachable", "EndpointConnectionError")


def test_an_operation_that_botocore_does_not_know() -> None:
    """An older botocore lacks a call: a gap, and the rest goes on."""
    assert refusal(client("ec2"), Call("ec2.DescribeNovelties", take="Novelties")).kind == "unknown"


# --- throttling -----------------------------------------------------------------------------------


def test_clients_retry_adaptively() -> None:
    """Throttled calls are tried again, at a rate that adapts; how often can be set."""
    session = boto3.Session(aws_access_key_id="id", aws_secret_access_key="key")
    made = make_client(session, "ec2", "eu-west-1", Targets(attempts=5, in_flight=3))
    retries = made.meta.config.retries
    assert (retries["mode"], retries["total_max_attempts"]) == ("adaptive", 5)
    assert made.meta.config.max_pool_connections == 3


def test_a_throttled_call_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two refusals for haste, then the answer: the answer counts."""
    monkeypatch.setattr("time.sleep", lambda _: None)
    session = boto3.Session(aws_access_key_id="id", aws_secret_access_key="key")
    made = make_client(session, "ec2", "eu-west-1", Targets(attempts=4))
    slow = b"<Response><Errors><Error><Code>RequestLimitExceeded</Code></Error></Errors></Response>"
    fine = b"<R><vpcSet><item><vpcId>vpc-1</vpcId></item></vpcSet></R>"
    replies = [(503, slow), (503, slow), (200, fine)]

    def reply(request: Any, **_: object) -> AWSResponse:
        status, text = replies.pop(0)
        return AWSResponse(request.url, status, {}, Body(text))

    made.meta.events.register("before-send.*", reply)
    assert ask(made, VPCS, {}) == {"Vpcs": [{"VpcId": "vpc-1"}]}
    assert replies == []
