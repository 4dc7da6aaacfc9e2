"""AWS's shape: what ``aws ec2 describe-network-insights-analyses`` would print of an answer.

    render(answer) -> {"NetworkInsightsAnalyses": [{...}]}

As real analyses are written: members in the shape's order and none that is empty, hops numbered
from 1, the whole header on the first and on the last component and only what changes between,
addresses as blocks in the order of their text.  There is no clock, so no ``StartDate``; the ids are
made from the question, which stands in tags.  What is undecided is a failed analysis: AWS's own has
no third verdict.  Sees answers and the network's words only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from reach.answer import Answer, Explanation, PathComponent, Remark, Verdict
from reach.network.address import Prefix
from reach.network.field import INDEX, TCP, UDP, Header
from reach.network.header_space import HeaderSpace, Ranges
from reach.render.json import dumps

Fields = dict[str, Any]

# In the order of the EC2 API's shapes (botocore, ec2 2016-11-15).
_PATH_COMPONENT = (
    *("AclRule", "AttachedTo", "Component", "DestinationVpc", "OutboundHeader", "InboundHeader"),
    *("RouteTableRoute", "SecurityGroupRule", "SourceVpc", "Subnet", "Vpc", "AdditionalDetails"),
    *("TransitGateway", "TransitGatewayRouteTableRoute", "Explanations"),
    *("ElasticLoadBalancerListener", "FirewallStatelessRule", "FirewallStatefulRule"),
    "ServiceName",
)
_EXPLANATION = (
    *("Acl", "AclRule", "Address", "Addresses", "AttachedTo", "AvailabilityZones"),
    *("AvailabilityZoneIds", "Cidrs", "Component", "CustomerGateway", "Destination"),
    *("DestinationVpc", "Direction", "ExplanationCode", "IngressRouteTable", "InternetGateway"),
    *("LoadBalancerArn", "ClassicLoadBalancerListener", "LoadBalancerListenerPort"),
    *("LoadBalancerTarget", "LoadBalancerTargetGroup", "LoadBalancerTargetGroups"),
    *("LoadBalancerTargetPort", "ElasticLoadBalancerListener", "MissingComponent", "NatGateway"),
    *("NetworkInterface", "PacketField", "VpcPeeringConnection", "Port", "PortRanges"),
    *("PrefixList", "Protocols", "RouteTableRoute", "RouteTable", "SecurityGroup"),
    *("SecurityGroupRule", "SecurityGroups", "SourceVpc", "State", "Subnet", "SubnetRouteTable"),
    *("Vpc", "VpcEndpoint", "VpnConnection", "VpnGateway", "TransitGateway"),
    *("TransitGatewayRouteTable", "TransitGatewayRouteTableRoute", "TransitGatewayAttachment"),
    *("ComponentAccount", "ComponentRegion", "FirewallStatelessRule", "FirewallStatefulRule"),
)
_TAG = "reach:"
_LONGEST_TAG = 256  # AWS: EC2 guide, "Tag your Amazon EC2 resources", restrictions
_EVERY_PORT = ((0, 65535),)


def render(answer: Answer) -> str:
    """The document, as the AWS CLI prints it."""
    return render_all((answer,))


def render_all(answers: Iterable[Answer]) -> str:
    """One document of several analyses."""
    return dumps({"NetworkInsightsAnalyses": [analysis(answer) for answer in answers]})


def analysis(answer: Answer) -> Fields:
    """One member of the list."""
    ident = _ident(answer)
    made: Fields = {
        "NetworkInsightsAnalysisId": f"nia-{ident}",
        "NetworkInsightsPathId": f"nip-{ident}",
        "FilterInArns": list(answer.through),
        "FilterOutArns": list(answer.avoid),
    }
    match answer.verdict:
        case Verdict.UNDECIDED:
            made |= {"Status": "failed", "StatusMessage": f"undecided: {answer.reason}"}
            made["Explanations"] = [_left_open(each) for each in answer.gaps if each.code]
        case Verdict.UNREACHABLE:
            made |= {"Status": "succeeded", "NetworkPathFound": False}
            made["Explanations"] = [_explanation(each) for each in answer.explanations]
        case Verdict.REACHABLE:
            made |= {"Status": "succeeded", "WarningMessage": _warning(answer)}
            made |= {"NetworkPathFound": True, **_paths(answer)}
    kept = {member: value for member, value in made.items() if value not in ("", [])}
    return {**kept, "Tags": [{"Key": key, "Value": value} for key, value in _tags(answer)]}


def _ident(answer: Answer) -> str:
    """The same question has the same id, in the form of AWS's."""
    conditions = (*_tags(answer), *answer.through, *answer.avoid)
    asked = "\n".join((answer.question, *map(str, conditions)))
    return "0" + hashlib.sha256(asked.encode()).hexdigest()[:16]


def _tags(answer: Answer) -> Iterator[tuple[str, str]]:
    """The question, for whoever reads this again."""
    if len(answer.question) <= _LONGEST_TAG:
        yield f"{_TAG}question", answer.question
    if answer.one_way:
        yield f"{_TAG}one-way", "true"
    if answer.port_at != "source":
        yield f"{_TAG}port-at", answer.port_at
    for name, pairs in (
        ("at-source", answer.at_source),
        ("at-destination", answer.at_destination),
        ("option", answer.options),
        ("assume", answer.assume),
    ):
        for field, value in pairs:
            yield f"{_TAG}{name}:{field}", value


def _warning(answer: Answer) -> str:
    """What the verdict rests on, in one text."""
    return "; ".join(f"{each.resource}: {each.text}" for each in answer.assumptions)


# ------------------------------------------------------------------------------- explanations


def _explanation(told: Explanation) -> Fields:
    return _ordered({**told.fields, "ExplanationCode": told.code}, _EXPLANATION)


def _left_open(told: Remark) -> Fields:
    made = {"ExplanationCode": told.code}
    return _ordered({**made, "MissingComponent": told.resource}, _EXPLANATION)


def _ordered(members: Mapping[str, Any], order: Sequence[str]) -> Fields:
    """In the shape's order, without what is empty."""
    return {name: members[name] for name in order if members.get(name) not in (None, "", [], {})}


# ------------------------------------------------------------------------------- paths


def _paths(answer: Answer) -> Fields:
    told = answer.analysis
    if told is None:
        return {}
    return {
        "ForwardPathComponents": _components(told.forward),
        "ReturnPathComponents": _components(told.reply),
        "AlternatePathHints": [dict(each) for each in told.hints],
    }


def _components(told: Sequence[PathComponent]) -> list[Fields]:
    last = len(told) - 1
    return [
        {"SequenceNumber": place + 1, **_component(each, place == 0, place == last)}
        for place, each in enumerate(told)
    ]


def _component(told: PathComponent, first: bool, last: bool) -> Fields:
    members = {**told.members, "Component": dict(told.component)}
    starts = told.component["Id"].startswith(("i-", "eni-"))
    into = _header(told.before, told.before_all, None)
    out = _header(told.after, told.after_all, None)
    changed = _header(told.after, told.after_all, told.before)
    if first and not last:
        # An interface or an instance sends; of a gateway: what comes in, and what it changes.
        headers = {"OutboundHeader": out} if starts else {"InboundHeader": into}
        members |= headers if starts else {**headers, "OutboundHeader": changed}
    elif last:
        members |= {"InboundHeader": into} if starts else {"OutboundHeader": out}
    else:
        members["OutboundHeader"] = changed
    return _ordered(members, _PATH_COMPONENT)


def _header(at: Header, spaces: Sequence[HeaderSpace], but: Header | None) -> Fields:
    """Which packets take the path, as far as ``but`` does not say so already."""
    space = next((each for each in spaces if at in each), None)
    made: Fields = {}
    for side in ("Destination", "Source"):
        name = side.lower()
        if but is None or but[INDEX[name]] != at[INDEX[name]]:
            made[f"{side}Addresses"] = _blocks(_values(space, name, at))
        port = f"{name}_port"
        if at.protocol in (TCP, UDP) and (but is None or but[INDEX[port]] != at[INDEX[port]]):
            made[f"{side}PortRanges"] = _ranges(_values(space, port, at))
    if but is None or but.protocol != at.protocol:
        made["Protocol"] = str(at.protocol)
    order = ("DestinationAddresses", "DestinationPortRanges", "Protocol")
    return _ordered(made, (*order, "SourceAddresses", "SourcePortRanges"))


def _values(space: HeaderSpace | None, name: str, at: Header) -> Ranges | None:
    """The values of a field; None for any at all."""
    if space is None:
        return Ranges.of(at[INDEX[name]])
    return space.by_name.get(name)


def _blocks(values: Ranges | None) -> list[str]:
    if values is None:
        return ["0.0.0.0/0", "::/0"]
    return sorted(map(_block, values.cover()))


def _block(prefix: Prefix) -> str:
    text = str(prefix)
    return text if "/" in text else f"{text}/{128 if ':' in text else 32}"


def _ranges(values: Ranges | None) -> list[Fields]:
    spans = _EVERY_PORT if values is None else values.intervals
    return [{"From": low, "To": high} for low, high in spans]
