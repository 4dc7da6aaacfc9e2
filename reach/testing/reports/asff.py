"""Findings for AWS Security Hub: the input of BatchImportFindings, a finding for each open matter.

https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_AwsSecurityFinding.html.  The path is
``NetworkPath``; what has an id of EC2 is a resource with its ARN.  A finding's id is its case's
fingerprint, so a later run updates it.  What could not be asked is no finding about a network.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reach.answer import Step
from reach.errors import SuiteError
from reach.network.address import format_address
from reach.network.field import TCP, UDP, Header, format_protocol
from reach.render.json import dumps
from reach.render.paper import visible
from reach.testing.case import Outcome, Place, Result
from reach.testing.reports.words import Rule, Where, details, headline, plain, rule_of
from reach.testing.session import Session

_TOLD = (Outcome.FAILS, Outcome.KNOWN, Outcome.UNDECIDED, Outcome.ACCEPTED)
_TYPE = "Software and Configuration Checks/AWS Security Best Practices/Network Reachability"
_TITLE, _DESCRIPTION, _NOTE, _FIELD, _COMPONENT = 256, 1024, 512, 1024, 32
_MOST_RESOURCES = 32
_SEVERITIES = {"open-way": "HIGH", "closed-way": "MEDIUM", "other-way": "MEDIUM"}
_COMPLIANCE = {Outcome.UNDECIDED: "WARNING", Outcome.ACCEPTED: "WARNING"}
# Prefix of an id: how Security Hub calls the kind, and how an ARN does.
_KINDS = {
    "i": ("AwsEc2Instance", "instance"),
    "eni": ("AwsEc2NetworkInterface", "network-interface"),
    "subnet": ("AwsEc2Subnet", "subnet"),
    "vpc": ("AwsEc2Vpc", "vpc"),
    "sg": ("AwsEc2SecurityGroup", "security-group"),
    "acl": ("AwsEc2NetworkAcl", "network-acl"),
    "rtb": ("AwsEc2RouteTable", "route-table"),
    "igw": ("AwsEc2InternetGateway", "internet-gateway"),
    "tgw": ("AwsEc2TransitGateway", "transit-gateway"),
    "pcx": ("AwsEc2VpcPeeringConnection", "vpc-peering-connection"),
}


def render(session: Session, where: Where) -> str:
    told = [each for each in session.results if each.outcome in _TOLD and each.answer is not None]
    return dumps({"Findings": [_finding(session, result, where) for result in told]})


def _finding(session: Session, result: Result, where: Where) -> dict[str, Any]:
    case, rule = result.case, rule_of(result)
    assert rule is not None
    place = _place(result, where)
    moment = f"{session.today.isoformat()}T00:00:00Z"
    severity = {"Label": _severity(rule, result), "Original": rule.id}
    product = f"{place.account}/default"
    made: dict[str, Any] = {
        "SchemaVersion": "2018-10-08",
        "Id": f"reach/{case.fingerprint}",
        "ProductArn": f"arn:{_partition(place.region)}:securityhub:{place.region}:{place.account}"
        f":product/{product}",
        "GeneratorId": f"reach/{rule.id}",
        "AwsAccountId": place.account,
        "Types": [_TYPE],
        "CreatedAt": moment,
        "UpdatedAt": moment,
        "Severity": severity,
        "FindingProviderFields": {"Severity": severity, "Types": [_TYPE]},
        "Title": _cut(f"{rule.title}: {headline(result)}", _TITLE),
        "Description": _cut("\n".join([headline(result), *details(result)]), _DESCRIPTION),
        "Compliance": {"Status": _COMPLIANCE.get(result.outcome, "FAILED")},
        "RecordState": "ACTIVE",
        "ProductFields": dict(_fields(result)),
        "Resources": _resources(result, place),
    }
    path = list(_path(result))
    if path:
        made["NetworkPath"] = path
    if result.outcome is Outcome.ACCEPTED:
        words = _cut(f"accepted until {case.until}: {visible(case.why)}", _NOTE)
        owner = _cut(plain(case.owner), _NOTE)
        made["Note"] = {"Text": words, "UpdatedBy": owner, "UpdatedAt": moment}
        made["Workflow"] = {"Status": "SUPPRESSED"}
    return made


def _place(result: Result, where: Where) -> Place:
    """The finding's account and Region: of its last thing that is placed, else as given."""
    placed = [result.places[each] for each in _ends(result) if each in result.places]
    whole = result.places.get("", Place())
    account = next((p.account for p in placed if p.account), whole.account) or where.account
    region = next((p.region for p in placed if p.region), whole.region) or where.region
    for value, option in ((account, "account"), (region, "region")):
        if not value:
            words = f"asff: the snapshot does not tell of what {option} this is; give --{option}"
            raise SuiteError(words, result.case.file, result.case.line)
    return Place(account, region)


def _severity(rule: Rule, result: Result) -> str:
    return "LOW" if result.outcome is Outcome.ACCEPTED else _SEVERITIES.get(rule.id, "LOW")


def _fields(result: Result) -> Iterator[tuple[str, str]]:
    case = result.case
    told = {
        "reach/suite": case.where,
        "reach/question": case.ask,
        "reach/expected": case.expect.value,
        "reach/verdict": result.verdict,
        "reach/outcome": result.outcome.value,
        "reach/owner": case.owner,
        "reach/why": case.why,
        "reach/tags": ", ".join(case.tags),
    }
    for name, text in told.items():
        if text.strip():
            yield name, _cut(plain(text), _FIELD)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


# ------------------------------------------------------------------- resources


def _ends(result: Result) -> list[str]:
    """The things a finding is about, the nearest to the destination first."""
    answer = result.answer
    if answer is None:
        return []
    if answer.witness is not None:
        found = [step.resource for step in reversed(answer.witness.forward)]
    else:
        found = [each for told in answer.explanations for each in told.resource.split(", ")]
        found += [gap.resource for gap in answer.gaps]
    return [each for each in dict.fromkeys(found) if each.strip()]


def _resources(result: Result, place: Place) -> list[dict[str, Any]]:
    known = [each for each in _ends(result) if _kind(each) is not None]
    found = [_resource(each, result.places.get(each, place), place) for each in known]
    if not found:
        other = f"reach/{result.case.fingerprint}"
        return [{"Type": "Other", "Id": other, "Partition": _partition(place.region)}]
    return found[:_MOST_RESOURCES]


def _resource(resource: str, own: Place, place: Place) -> dict[str, Any]:
    kind, path = _kind(resource) or ("Other", "")
    account, region = own.account or place.account, own.region or place.region
    partition = _partition(region)
    return {
        "Type": kind,
        "Id": f"arn:{partition}:ec2:{region}:{account}:{path}/{resource}",
        "Partition": partition,
        "Region": region,
    }


def _kind(resource: str) -> tuple[str, str] | None:
    return _KINDS.get(resource.rpartition("-")[0])


def _partition(region: str) -> str:
    prefixes: Mapping[str, str] = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}
    return next((name for each, name in prefixes.items() if region.startswith(each)), "aws")


# ------------------------------------------------------------------- the path


def _path(result: Result) -> Iterator[dict[str, Any]]:
    witness = result.answer.witness if result.answer is not None else None
    for step in witness.forward if witness is not None else ():
        yield {
            "ComponentId": _component(step),
            "ComponentType": _cut(visible(step.kind), _COMPONENT) or "component",
            "Ingress": _header(step.before),
            "Egress": _header(step.after),
        }


def _component(step: Step) -> str:
    """An id; of what is longer than Security Hub takes, such as an ARN, the end."""
    shown = visible(step.resource)
    return shown if len(shown) <= _COMPONENT else shown[-_COMPONENT:]


def _header(header: Header) -> dict[str, Any]:
    return {
        "Protocol": format_protocol(header.protocol).upper(),
        "Destination": _side(header, header.destination, header.destination_port),
        "Source": _side(header, header.source, header.source_port),
    }


def _side(header: Header, address: int, port: int) -> dict[str, Any]:
    made: dict[str, Any] = {"Address": [format_address(address)]}
    if header.protocol in (TCP, UDP):
        made["PortRanges"] = [{"Begin": port, "End": port}]
    return made
