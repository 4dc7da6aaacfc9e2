"""Law 2, U-17, of words: one that AWS does not have may mean anything, so nothing hangs on it.

Every question here is decided.  With a word that is none of AWS's the answer is undecided, and
names the word and, in the file, its place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest

from reach.components import sections
from reach.snapshot.record import Record
from reach.snapshot.section import Section
from reach.snapshot.words import WORDS
from tests.estate import Pair
from tests.estates.balancers import balancer, listen, target_group
from tests.estates.public_access import block, encrypt, exclude
from tests.estates.transit import joined
from tests.traps.rows import EIP_A, NET, NET6, allow, deny, unknown

NEW = "half-working"


class Case(NamedTuple):
    estate: Pair
    question: str
    record: Any
    key: str
    at: str  # the key's JSON pointer, as far as one can tell


def _balanced(kind: str = "network") -> tuple[Pair, str]:
    e = Pair()
    at = {e.sb: "10.0.1.30", e.sa: "10.0.0.30"} if kind == "application" else {e.sb: "10.0.1.30"}
    made = balancer(e, kind, "front", at)
    protocol = "HTTP" if kind == "application" else "TCP"
    listen(e, made, protocol, 80, target_group(e, e.v1, "web", protocol, 80, [e.b]))
    return e, f"can {e.a} reach 10.0.1.30 port 80"


def _target_type() -> Case:
    e, question = _balanced()
    (record,) = e.scopes[e.home]["TargetGroups"]
    return Case(e, question, record, "TargetType", "/TargetGroups/0/TargetType")


def _target_type_behind_an_application_balancer() -> Case:
    e, question = _balanced("application")
    (record,) = e.scopes[e.home]["TargetGroups"]
    question = f"can {e.a} reach front port 80"
    return Case(e, question, record, "TargetType", "/TargetGroups/0/TargetType")


def _protocol_of_a_group() -> Case:
    e, question = _balanced()
    (record,) = e.scopes[e.home]["TargetGroups"]
    return Case(e, question, record, "Protocol", "/TargetGroups/0/Protocol")


def _protocol_of_a_listener() -> Case:
    e, question = _balanced()
    (answer,) = e.scopes[e.home]["LoadBalancerListeners"]
    at = "/LoadBalancerListeners/0/Listeners/0"
    return Case(e, question, answer["Listeners"][0], "Protocol", at)


def _status_of_an_address() -> Case:
    e = Pair()
    nat = e.natted(e.ta)
    (address,) = nat.record["NatGatewayAddresses"]
    question = f"can {e.a} reach {NET} port 443"
    return Case(e, question, address, "Status", "/NatGateways/0/NatGatewayAddresses/0/Status")


def _state_of_an_association() -> Case:
    """SA would fall back to its VPC's main table."""
    e = Pair()
    e.peered()
    where = e.ta.record["Associations"][0]["AssociationState"]
    question = f"can {e.a} reach {e.b2} port 22"
    return Case(e, question, where, "State", "/Associations/0/AssociationState/State")


def _state_of_an_edge_association() -> Case:
    e = Pair()
    e.public(e.a, EIP_A)
    edge = e.table(e.v1, edge=e.online(e.ta), name="edge")
    where = edge.record["Associations"][0]["AssociationState"]
    question = f"can internet reach {e.a} port 22"
    return Case(e, question, where, "State", "/Associations/0/AssociationState/State")


def _origin_of_a_route() -> Case:
    e = Pair()
    e.peered()
    route = e.ta.record["Routes"][-1]
    return Case(e, f"can {e.a} reach {e.b2} port 22", route, "Origin", "Routes/1")


def _propagation() -> Case:
    e = Pair()
    joined(e)
    answers = e.scopes[e.home]["TransitGatewayPropagations"]
    for answer in answers:
        for each in answer["TransitGatewayRouteTablePropagations"]:
            if each["ResourceId"] == e.v2:
                return Case(e, f"can {e.a} reach {e.b2} port 22", each, "State", "/State")
    raise AssertionError


def _endpoint_type() -> Case:
    e = Pair()
    vpce = e.endpoint_interface({e.sb: "10.0.1.90"})
    question = f"can {e.a} reach 10.0.1.90 port 443"
    return Case(e, question, vpce.record, "VpcEndpointType", "")


def _block_of_a_vpc() -> Case:
    e = Pair(ipv6=True)
    e.online(e.ta)
    e.route(e.ta, "::/0", next(iter(e.scopes[e.home]["InternetGateways"]))["InternetGatewayId"])
    (block,) = e.sa.record["Ipv6CidrBlockAssociationSet"]
    question = f"can {e.a} reach 2606:4700:4700::1111 port 443"
    where = "/Ipv6CidrBlockAssociationSet/0/Ipv6CidrBlockState/State"
    return Case(e, question, block["Ipv6CidrBlockState"], "State", where)


def _six() -> tuple[Pair, str]:
    e = Pair(ipv6=True)
    e.route(e.ta, "::/0", e.eigw(e.v1))
    e.online(e.tb)
    return e, f"can {e.a} reach {NET6} port 443"


def _source_of_a_block() -> Case:
    e, question = _six()
    (block,) = e.sa.record["Ipv6CidrBlockAssociationSet"]
    return Case(e, question, block, "IpSource", "/Ipv6CidrBlockAssociationSet/0")


def _attribute_of_a_block() -> Case:
    e, question = _six()
    (block,) = e.v1.record["Ipv6CidrBlockAssociationSet"]
    return Case(e, question, block, "Ipv6AddressAttribute", "/Ipv6CidrBlockAssociationSet/0")


def _attribute_of_a_public_block() -> Case:
    e, _ = _six()
    (block,) = e.sb.record["Ipv6CidrBlockAssociationSet"]
    question = f"can ::/0 reach {e.b} port 443"
    return Case(e, question, block, "Ipv6AddressAttribute", "/Ipv6CidrBlockAssociationSet/0")


def _kind_of_a_nat_gateway(key: str) -> Case:
    e = Pair()
    nat = e.natted(e.ta)
    return Case(e, f"can {e.a} reach {NET} port 443", nat.record, key, f"/NatGateways/0/{key}")


def _mode_of_a_nat_gateway() -> Case:
    return _kind_of_a_nat_gateway("AvailabilityMode")


def _connectivity_of_a_nat_gateway() -> Case:
    return _kind_of_a_nat_gateway("ConnectivityType")


def _ip_version_of_a_group() -> Case:
    e, question = _balanced()
    (record,) = e.scopes[e.home]["TargetGroups"]
    return Case(e, question, record, "IpAddressType", "/TargetGroups/0/IpAddressType")


def _excluded() -> tuple[Pair, Any]:
    e = Pair()
    e.natted(e.ta)
    options = block(e, "block-bidirectional")
    exclude(e, e.sn)
    return e, options


def _health_of_a_target() -> Case:
    e, question = _balanced()
    (answer,) = e.scopes[e.home]["LoadBalancerTargetHealth"]
    health = answer["TargetHealthDescriptions"][0]["TargetHealth"]
    return Case(e, question, health, "State", "")


def _references_of_an_attachment() -> Case:
    """R-SG-17: where they may be off, nothing hangs on a reference; other rules stay decided."""
    e = Pair()
    two = joined(e, references=True).two
    ga = e.group(e.v1, name="ga")
    e.wear(e.a, ga)
    e.wear(e.b2, e.group(e.v2, [f"tcp/22 {ga}"]))
    (answer,) = (
        each
        for each in e.scopes[e.home]["TransitGatewayVpcAttachments"]
        if each["TransitGatewayAttachmentId"] == two
    )
    key = "SecurityGroupReferencingSupport"
    answer["Options"].setdefault(key, "enable")
    return Case(e, f"can {e.a} reach {e.b2} port 22", answer["Options"], key, key)


def _public_access_that_changes() -> Case:
    """B has no exclusion; the mode that was in force before may be any."""
    e = Pair()
    e.public(e.b, EIP_A)
    e.online(e.tb)
    options = block(e, "off")
    return Case(e, f"can {e.b} reach {NET} port 443", options, "State", "")


def _exclusions_that_are_allowed() -> Case:
    e, options = _excluded()
    return Case(e, f"can {e.a} reach {NET} port 443", options, "ExclusionsAllowed", "")


def _encryption_that_changes() -> Case:
    e = Pair()
    e.natted(e.ta)
    control = encrypt(e, e.v1, "monitor")
    return Case(e, f"can {e.a} reach {NET} port 443", control, "State", "")


CASES = {
    make.__name__.lstrip("_"): make
    for make in (
        _target_type,
        _target_type_behind_an_application_balancer,
        _protocol_of_a_group,
        _protocol_of_a_listener,
        _status_of_an_address,
        _state_of_an_association,
        _state_of_an_edge_association,
        _origin_of_a_route,
        _propagation,
        _endpoint_type,
        _block_of_a_vpc,
        _source_of_a_block,
        _attribute_of_a_block,
        _attribute_of_a_public_block,
        _mode_of_a_nat_gateway,
        _connectivity_of_a_nat_gateway,
        _ip_version_of_a_group,
        _health_of_a_target,
        _references_of_an_attachment,
        _public_access_that_changes,
        _exclusions_that_are_allowed,
        _encryption_that_changes,
    )
}


@pytest.mark.parametrize("make", CASES.values(), ids=CASES)
def test_a_word_that_is_none_of_awss(make: Callable[[], Case]) -> None:
    case = make()
    allow(case.estate, case.question)
    case.record[case.key] = NEW
    unknown(case.estate, case.question, NEW, case.at)


def test_what_does_not_hang_on_it() -> None:
    """By place: other ports of the balancer, other subnets."""
    e, question = _balanced()
    (answer,) = e.scopes[e.home]["LoadBalancerListeners"]
    answer["Listeners"][0]["Protocol"] = NEW
    deny(e, question.replace("port 80", "port 81"), "ELBV2_LISTENERS_MISMATCH")
    e = Pair()
    e.peered()
    e.ta.record["Associations"][0]["AssociationState"]["State"] = NEW
    allow(e, f"can {e.b} reach {e.b2} port 22")
    deny(e, f"can {e.b} reach 10.3.0.1 port 22")


# ------------------------------ the words are those of the API


def _shapes(section: Section) -> Iterator[Any]:
    session = pytest.importorskip("botocore.session").get_session()
    for call in section.calls:
        service, _, operation = call.operation.partition(".")
        yield session.get_service_model(service).operation_model(operation).output_shape


def _printed(kind: type[Record], path: str) -> list[str]:
    """The keys of a path, as they are printed."""
    names: list[str] = []
    at: Any = kind
    for step in path.split("."):
        name = step.removesuffix("[]")
        field = next(f for f in _fields(at) if f.name == name)
        names.append(field.encode_name)
        at = field.type
    return names


def _fields(kind: Any) -> Any:
    import msgspec

    while not hasattr(kind, "__struct_fields__"):
        kind = next(each for each in kind.__args__ if each not in (type(None), Ellipsis))
    return msgspec.structs.fields(kind)


def _enumerated(shape: Any, names: list[str], depth: int = 0) -> list[str] | None:
    while shape.type_name == "list":
        shape = shape.member
    if not names:
        return list(shape.enum) if getattr(shape, "enum", None) else None
    if shape.type_name != "structure":
        return None
    if names[0] in shape.members:
        found = _enumerated(shape.members[names[0]], names[1:], depth)
        if found is not None:
            return found
    inner = shape.members.values() if depth < 3 and len(names) else ()
    every = (_enumerated(each, names, depth + 1) for each in inner)
    return next((each for each in every if each is not None), None)


@pytest.mark.parametrize(
    ("key", "path"), [(key, path) for key, paths in WORDS.items() for path in paths]
)
def test_the_words_are_those_of_the_api(key: str, path: str) -> None:
    """botocore's own enumerations, no word more or less; a new one is to be looked at."""
    section = sections()[key]
    names = _printed(section.record, path)
    listed = (_enumerated(shape, names) for shape in _shapes(section))
    words = next((each for each in listed if each is not None), None)
    assert words is not None, names
    assert WORDS[key][path] == {each.lower() for each in words}
