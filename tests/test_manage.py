"""Session Manager: whether the agent on an instance reaches its services, and by which way."""

from __future__ import annotations

import json

import pytest

import reach
from reach import report
from reach.manage import ENDPOINT, GATEWAY, INTERNET
from reach.render.paper import Paper
from tests.estate import Id, Pair, load_files

REQUIRED = ("ssm", "ssmmessages")
SSM = (*REQUIRED, "ec2messages")


def endpoints(
    e: Pair, *services: str, rules: list[str] | None = None, dns: bool = True
) -> list[Id]:
    """Interface endpoints in SB, one for each service, open unless their rules are given."""
    worn = None if rules is None else [e.group(e.v1, ingress=rules)]
    first = 40 + len(e.scopes[e.home]["VpcEndpoints"])
    return [
        e.endpoint_interface({e.sb: f"10.0.1.{n}"}, service, worn, private_dns=dns)
        for n, service in enumerate(services, first)
    ]


def manage(e: Pair, instance: str | None = None) -> reach.Management:
    return reach.can_manage(e.load(), instance or e.a)


def of(told: reach.Management) -> dict[str, tuple[str, str]]:
    """Each service's verdict and way."""
    return {each.service: (each.verdict.value, each.way) for each in told.services}


def service(told: reach.Management, name: str) -> reach.ServiceAccess:
    return next(each for each in told.services if each.service == name)


# ------------------------------ by interface endpoints


def test_t_172() -> None:
    """T-172: no ingress rules on A; ssm+ssmmessages+ec2messages endpoints with SG admitting A on
    443: Session Manager to A ALLOW."""
    e = Pair()
    ga = e.group(e.v1, ingress=[])
    e.wear(e.a, ga)
    made = endpoints(e, *SSM, rules=[f"tcp/443 {ga}"])
    told = manage(e)
    assert told.verdict == "reachable"
    assert of(told) == {
        **dict.fromkeys(SSM, ("reachable", ENDPOINT)),
        "s3": ("unreachable", INTERNET),
    }
    assert [each.by for each in told.services[:3]] == [(str(vpce),) for vpce in made]
    assert manage(e, e.b).verdict == "unreachable"


def test_t_173() -> None:
    """T-173: as T-172 but endpoint SG admits nothing: Session Manager DENY."""
    e = Pair()
    e.wear(e.a, e.group(e.v1, ingress=[]))
    endpoints(e, *SSM, rules=[])
    told = manage(e)
    assert told.verdict == "unreachable"
    codes = {b.code for each in told.services[:2] for a in each.answers for b in a.explanations}
    assert codes == {"SG_HAS_NO_RULES"}


def test_an_endpoint_that_shuts_the_service_off() -> None:
    """R-SSM-2: the endpoint has the service's name; the way out by a NAT gateway is not taken."""
    e = Pair()
    e.natted(e.ta)
    assert manage(e).verdict == "reachable"
    endpoints(e, "ssm", rules=[])
    told = manage(e)
    assert told.verdict == "unreachable"
    assert of(told)["ssm"] == ("unreachable", ENDPOINT)
    assert of(told)["ssmmessages"] == ("reachable", INTERNET)


@pytest.mark.parametrize("lacking", REQUIRED)
def test_both_are_required(lacking: str) -> None:
    """R-SSM-1: ssm and ssmmessages; ec2messages is for older agents."""
    e = Pair()
    endpoints(e, *(name for name in REQUIRED if name != lacking))
    told = manage(e)
    assert told.verdict == "unreachable"
    assert of(told)[lacking] == ("unreachable", INTERNET)
    endpoints(e, lacking)
    told = manage(e)
    assert told.verdict == "reachable"
    assert of(told)["ec2messages"] == ("unreachable", INTERNET)
    assert [each.required for each in told.services] == [True, True, False, False]


def test_an_endpoint_of_another_region_is_none() -> None:
    """The agent speaks to its own Region's services."""
    e = Pair()
    for vpce in endpoints(e, *SSM):
        vpce.record["ServiceName"] = vpce.record["ServiceName"].replace("us-east-1", "us-west-2")
    assert manage(e).verdict == "unreachable"


@pytest.mark.parametrize("state", ["deleted", "failed", "rejected"])
def test_an_endpoint_that_is_gone(state: str) -> None:
    """R-VPCE-2: its name leads to the public address again."""
    e = Pair()
    e.natted(e.ta)
    endpoints(e, "ssm", rules=[])[0].record["State"] = state
    assert of(manage(e))["ssm"] == ("reachable", INTERNET)


def test_an_endpoint_on_its_way() -> None:
    """While it is pending or being deleted nobody knows who has the name."""
    e = Pair()
    e.natted(e.ta)
    (vpce,) = endpoints(e, "ssm", rules=[])
    vpce.record["State"] = "deleting"
    told = manage(e)
    assert told.verdict == "undecided"
    assert vpce in service(told, "ssm").text


# ------------------------------ who has the name


def dns(e: Pair, **switches: bool) -> None:
    for name, value in switches.items():
        key = {"support": "EnableDnsSupport", "names": "EnableDnsHostnames"}[name]
        e.scopes[e.home]["VpcAttributes"][0][key] = {"Value": value}


@pytest.mark.parametrize("off", ["private dns", "support", "names"])
def test_private_dns_is_off(off: str) -> None:
    """R-VPCE-6: the name leads to the public address: with a way out it is reached, without one
    nothing tells whether a name of one's own leads to the endpoint."""
    e = Pair()
    (vpce, *_) = endpoints(e, *SSM, dns=off != "private dns")
    assert manage(e).verdict == ("undecided" if off == "private dns" else "reachable")
    if off != "private dns":
        dns(e, **{off: False})
    told = manage(e)
    assert told.verdict == "undecided"
    assert vpce in service(told, "ssm").text
    e.natted(e.ta)
    assert of(manage(e))["ssm"] == ("reachable", INTERNET)


def test_an_endpoint_that_nobody_reaches_opens_nothing() -> None:
    """Control: without private DNS and shut, the endpoint leaves no doubt."""
    e = Pair()
    endpoints(e, *SSM, rules=[], dns=False)
    assert manage(e).verdict == "unreachable"


@pytest.mark.parametrize("natted", [False, True])
def test_dns_attributes_that_are_not_known(natted: bool) -> None:
    """Law 2: undecided, unless both ways come to the same."""
    e = Pair()
    if natted:
        e.natted(e.ta)
    endpoints(e, *SSM)
    e.drop("VpcAttributes")
    assert manage(e).verdict == ("reachable" if natted else "undecided")
    e = Pair()
    if natted:
        e.natted(e.ta)
    endpoints(e, *SSM, rules=[])
    e.drop("VpcAttributes")
    assert manage(e).verdict == ("undecided" if natted else "unreachable")


def test_endpoints_that_are_not_known() -> None:
    """Law 2: an endpoint that was never listed may have the names, and let in or shut out."""
    for natted in (False, True):
        e = Pair()
        if natted:
            e.natted(e.ta)
        e.drop("VpcEndpoints")
        told = manage(e)
        assert told.verdict == "undecided"
        assert "not listed" in service(told, "ssm").text


def test_a_participants_view_of_the_vpc() -> None:
    """R-SHARE-1: endpoints are the VPC owner's; a participant's call does not list them."""
    e = Pair()
    e.natted(e.ta)
    assert manage(e).verdict == "reachable"
    files = e.files()
    folder = {f"accounts/{e.home[0]}/{path}": text for path, text in files.items()}
    assert reach.can_manage(load_files(folder), e.a).verdict == "reachable"
    e.v1.record["OwnerId"] = "444455556666"
    folder = {f"accounts/{e.home[0]}/{path}": text for path, text in e.files().items()}
    assert reach.can_manage(load_files(folder), e.a).verdict == "undecided"


# ------------------------------ by public addresses


def test_by_a_nat_gateway() -> None:
    e = Pair()
    nat = e.natted(e.ta)
    told = manage(e)
    assert told.verdict == "reachable"
    assert of(told) == dict.fromkeys((*SSM, "s3"), ("reachable", INTERNET))
    assert told.services[0].by == (str(nat), str(e.gateway))
    assert any("13.248.36.5" in each.text for each in told.assumptions)


def test_by_an_internet_gateway() -> None:
    """With a public address; without one nothing goes out."""
    e = Pair()
    gateway = e.online(e.ta)
    assert manage(e).verdict == "unreachable"
    e.public(e.a, "198.51.100.7")
    assert manage(e).services[0].by == (str(gateway),)


def test_no_way_out() -> None:
    e = Pair()
    told = manage(e)
    assert told.verdict == "unreachable"
    codes = {b.code for a in told.services[0].answers for b in a.explanations if not b.aside}
    assert codes == {"NO_ROUTE_TO_DESTINATION"}


@pytest.mark.parametrize(
    ("egress", "verdict"),
    [
        (["tcp/443 0.0.0.0/0"], "reachable"),
        (["tcp/443 8.8.8.8/32"], "undecided"),
        (["tcp/443 52.94.0.0/16"], "undecided"),
        (["tcp/80 0.0.0.0/0"], "unreachable"),
        ([], "unreachable"),
    ],
)
def test_some_of_the_internet_is_not_the_service(egress: list[str], verdict: str) -> None:
    """Whose address ssm has is in no describe call: a rule for some addresses settles nothing."""
    e = Pair()
    e.natted(e.ta)
    e.wear(e.a, e.group(e.v1, ingress=[], egress=egress))
    assert manage(e).verdict == verdict


def test_an_address_of_ones_own_is_no_sample() -> None:
    """A sample that is an interface's own address in the snapshot tells nothing of services."""
    e = Pair()
    e.natted(e.ta)
    e.public(e.b, "44.192.0.9")
    e.wear(e.b, e.group(e.v1, ingress=[]))
    told = manage(e)
    assert told.verdict == "reachable"
    assert not any("44.192.0.9" in each.text for each in told.assumptions)


def test_ipv6_only() -> None:
    """R-NAT-10: by NAT64 it reaches IPv4 services; by IPv6 alone, if it is set to."""
    e = Pair(ipv6=True)
    six = e.subnet(e.v1, None, ipv6="2600:1f18:1a00:103::/64")
    table = e.table(e.v1, [six])
    lone = e.instance("lone", six, None, ipv6="2600:1f18:1a00:103::5")
    assert manage(e, lone).verdict == "unreachable"
    e.route(table, "::/0", e.eigw(e.v1))
    assert manage(e, lone).verdict == "undecided"
    nat = e.natted()
    e.route(table, "64:ff9b::/96", nat)
    told = manage(e, lone)
    assert told.verdict == "reachable"
    assert str(nat) in told.services[0].by


def test_s3_by_a_gateway_endpoint() -> None:
    e = Pair()
    endpoints(e, *SSM)
    gateway = e.endpoint_gateway(e.v1, [e.ta])
    told = manage(e)
    assert of(told)["s3"] == ("reachable", GATEWAY)
    assert service(told, "s3").by == (str(gateway),)
    assert of(manage(e, e.b))["s3"] == ("unreachable", INTERNET)


def test_an_endpoint_elsewhere() -> None:
    """Beyond a peering: reached by its address, but who names it so is not known."""
    e = Pair()
    e.peered()
    endpoint = e.endpoint_interface({e.s2: "10.2.0.40"}, "ssm")
    told = manage(e)
    assert service(told, "ssm").verdict == "undecided"
    assert endpoint in service(told, "ssm").text
    assert (told.verdict, of(told)["ssmmessages"][0]) == ("unreachable", "unreachable")


# ------------------------------ which instance


def test_named_as_people_do() -> None:
    e = Pair()
    e.natted(e.ta)
    for text in (e.a, e.a.arn, "a"):
        told = manage(e, text)
        assert (told.instance, told.name, told.verdict) == (e.a, "a", "reachable")


def test_no_such_instance() -> None:
    e = Pair()
    e.instance("b", e.sa, "10.0.0.9")
    for text, words in {
        "i-0000000000000dead": "is not in the snapshot",
        "nobody": "nothing in the snapshot is called",
        "b": "several instances",
        str(e.sa): "is no instance",
        "internet": "is no instance",
    }.items():
        with pytest.raises(reach.QuestionError, match=words):
            manage(e, text)


def test_a_stopped_instance() -> None:
    """R-ENI-8."""
    e = Pair()
    e.natted(e.ta)
    e.a.record["State"] = {"Code": 80, "Name": "stopped"}
    assert manage(e).verdict == "unreachable"


@pytest.mark.parametrize("call", ["Reservations", "NetworkInterfaces", "SecurityGroups", "Subnets"])
@pytest.mark.parametrize("open_", [False, True])
def test_missing_calls(call: str, open_: bool) -> None:
    """Law 2: nothing that is missing turns a no into a yes, or a yes into a no."""
    e = Pair()
    if open_:
        e.natted(e.ta)
    else:
        endpoints(e, *SSM, rules=[])
    was = manage(e).verdict
    assert was == ("reachable" if open_ else "unreachable")
    e.drop(call)
    assert manage(e).verdict in (was, "undecided")


# ------------------------------ what is told


def test_options_count() -> None:
    """As for any question; what an answer hangs on is noted."""
    e = Pair()
    assert reach.can_manage(e.load(), e.a, options={"nat-from-transit": "deny"}).verdict
    with pytest.raises(reach.QuestionError):
        reach.can_manage(e.load(), e.a, options={"no-such": "deny"})


def test_the_json_form() -> None:
    e = Pair()
    endpoints(e, *SSM)
    made = json.loads(json.dumps(manage(e).to_dict()))
    assert list(made) == [
        "format",
        "verdict",
        "instance",
        "name",
        "services",
        "assumptions",
        "notes",
    ]
    assert (made["format"], made["verdict"]) == (1, "reachable")
    first = made["services"][0]
    assert [first[key] for key in ("service", "required", "verdict", "way")] == [
        "ssm",
        True,
        "reachable",
        "interface endpoint",
    ]
    assert first["answers"][0]["witness"]["packet"]["destination_port"] == 443


def test_the_text() -> None:
    """The verdict, each service with what decides, what it rests on."""
    e = Pair()
    (ssm, other) = endpoints(e, *REQUIRED, rules=[])
    e.wear(other, e.open_group(e.v1))
    paper = Paper(colour=False, width=100)
    report.management(paper, manage(e))
    lines = paper.text.split("\n")
    assert lines[:8] == [
        f"UNREACHABLE  can Session Manager manage {e.a} (a)",
        "",
        "Services, on tcp 443",
        "  ssm          unreachable  the agent registers here",
        f"    interface endpoint {ssm}: private DNS gives it the service's name",
        f"    {ssm.eni.record['Groups'][0]['GroupId']} SG_HAS_NO_RULES: has no inbound rules",
        "  ssmmessages  reachable    sessions run over this",
        f"    interface endpoint {other}: private DNS gives it the service's name",
    ]
    assert "  - no inbound rule is needed: the agent on the instance dials out (R-SSM-1)" in lines
