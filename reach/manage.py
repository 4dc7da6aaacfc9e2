"""Whether Session Manager can manage an instance: a question of its own, made of ordinary ones.

    can_manage(snapshot, "i-0abc") -> Management

Nothing connects to the instance: its agent dials out on tcp/443 to ``ssm`` and ``ssmmessages``;
agents before 3.3.40.0 need ``ec2messages`` as well, updates and patches come from S3 (R-SSM-1).
Each service is reached by an interface endpoint of the VPC, where private DNS gives it the
service's name (R-SSM-2, R-VPCE-6: only with the VPC's DNS support and host names on), and by its
public address otherwise.  An endpoint that has the name and lets nobody in shuts the service off,
whatever other way there is.  Must not know rendering, nor how a question is answered.

Implements: R-SSM-1 R-SSM-2 R-VPCE-6
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from reach.answer import Answer, Remark, Verdict
from reach.asking import ask, ground_of
from reach.bearers import bearers, told_apart
from reach.errors import QuestionError
from reach.lower import Ground
from reach.network.address import is_ipv4, parse_address
from reach.options import Options
from reach.snapshot.records import Instance, NetworkInterface, Vpc, VpcAttribute, VpcEndpoint
from reach.snapshot.snapshot import Snapshot

FORMAT = 1
ENDPOINT, GATEWAY, INTERNET = "interface endpoint", "gateway endpoint", "internet path"
# What goes without saying on a path: the instance's own surroundings, and its far end.
_AROUND = ("network interface", "subnet", "vpc", "route table", "internet", "host services")
# Addresses of AWS services (AWS: ip-ranges.json); those of ssm are in no describe call.
SERVICE_ADDRESSES = (
    "13.248.36.5",
    "44.192.0.9",
    "52.94.5.5",
    "52.119.205.9",
    "54.239.28.85",
    "99.77.129.9",
)
_LIVE = ("available", "partial", "")
_GONE = ("deleted", "failed", "rejected", "expired")
_REACHABLE, _UNREACHABLE, _UNDECIDED = Verdict.REACHABLE, Verdict.UNREACHABLE, Verdict.UNDECIDED


@dataclass(frozen=True, slots=True)
class _Service:
    name: str
    required: bool
    words: str


_SERVICES = (
    _Service("ssm", True, "the agent registers here"),
    _Service("ssmmessages", True, "sessions run over this"),
    _Service("ec2messages", False, "only agents before 3.3.40.0 need it"),
    _Service("s3", False, "updates of the agent and patches come from here"),
)


@dataclass(frozen=True)
class ServiceAccess:
    """Whether the instance reaches one service, by which way, and the answers that say so.

    ``by`` are the things on the way, ``text`` says what decides, ``words`` what the service is for.
    Only what is ``required`` counts for the whole.
    """

    service: str
    words: str
    required: bool
    verdict: Verdict
    way: str = ""
    by: tuple[str, ...] = ()
    text: str = ""
    answers: tuple[Answer, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {
            "service": self.service,
            "words": self.words,
            "required": self.required,
            "verdict": self.verdict.value,
            "way": self.way,
            "by": list(self.by),
            "text": self.text,
            "answers": [answer.to_dict() for answer in self.answers],
        }


@dataclass(frozen=True)
class Management:
    """Whether Session Manager can manage an instance.

    Reachable iff every required service is; unreachable iff one of them is; else undecided.
    """

    instance: str
    name: str
    verdict: Verdict
    services: tuple[ServiceAccess, ...]
    assumptions: tuple[Remark, ...] = ()
    notes: tuple[Remark, ...] = field(default=())

    def to_dict(self) -> dict[str, Any]:
        """The stable JSON form."""
        return {
            "format": FORMAT,
            "verdict": self.verdict.value,
            "instance": self.instance,
            "name": self.name,
            "services": [each.to_dict() for each in self.services],
            "assumptions": [each.to_dict() for each in self.assumptions],
            "notes": [each.to_dict() for each in self.notes],
        }


_NOTES = (
    Remark("no inbound rule is needed: the agent on the instance dials out (R-SSM-1)"),
    Remark("that the agent runs, and that its role lets it, is in no snapshot (R-SSM-3)"),
)


def can_manage(
    snapshot: Snapshot, instance: str, *, options: Mapping[str, str] | None = None
) -> Management:
    """Whether Session Manager can manage an instance, named by its id, ARN or Name.

    Raises QuestionError if there is no such instance, and else as ``ask`` does.
    """
    agent = _agent(snapshot, instance, options or {})
    services = tuple(_access(agent, service) for service in _SERVICES)
    answers = [answer for each in services for answer in each.answers]
    taken = (remark for answer in answers for remark in answer.assumptions)
    noted = (remark for answer in answers for remark in answer.notes)
    return Management(
        instance=agent.instance,
        name=agent.name,
        verdict=_worst([each.verdict for each in services if each.required]),
        services=services,
        assumptions=tuple(dict.fromkeys((*_assumed(agent, services), *taken))),
        notes=tuple(dict.fromkeys((*_NOTES, *noted))),
    )


def _worst(verdicts: Sequence[Verdict]) -> Verdict:
    return next((v for v in (_UNREACHABLE, _UNDECIDED) if v in verdicts), _REACHABLE)


def _assumed(agent: _Agent, services: Sequence[ServiceAccess]) -> Iterator[Remark]:
    reached = [each.way for each in services if each.verdict is _REACHABLE]
    if reached:
        yield Remark(
            "assumed: no hosted zone and no other resolver gives the names other addresses"
        )
    if reached and agent.takes_names is False:
        yield Remark("assumed: the instance resolves public names", agent.vpc)
    if INTERNET in reached and agent.samples:
        shown = ", ".join(answer.destination for answer in agent.samples)
        yield Remark(f"assumed: the services' public addresses fare as {shown} do")


# ------------------------------------------------------------------- who asks


@dataclass(frozen=True)
class _Agent:
    """The agent on an instance: where it is, and what was asked for it already."""

    ground: Ground
    instance: str
    vpc: str
    region: str
    options: Mapping[str, str]

    @property
    def name(self) -> str:
        return self.ground.name_of(self.instance)

    def reaches(self, destination: str) -> Answer:
        question = f"can {self.instance} reach {destination} port 443"
        return ask(self.ground.snapshot, question, options=self.options)

    @cached_property
    def online(self) -> Answer:
        """Whether any host on the internet answers it, over IPv4."""
        return self.reaches("0.0.0.0/0")

    @cached_property
    def online_by_ipv6(self) -> Answer:
        return self.reaches("::/0")

    @cached_property
    def samples(self) -> tuple[Answer, ...]:
        """The same of single hosts, those that the snapshot does not know otherwise."""
        end, reached = self.ground.end("internet"), self.online.witness
        assert end is not None
        outside = end.addresses
        asked = (
            each for each in SERVICE_ADDRESSES if outside is None or parse_address(each) in outside
        )
        # R-NAT-10: without IPv4 of its own it sends to an IPv4 host inside an IPv6 address.
        embedded = reached is not None and not is_ipv4(reached.packet.destination)
        return tuple(self.reaches(f"64:ff9b::{each}" if embedded else each) for each in asked)

    @cached_property
    def takes_names(self) -> bool | None:
        """Whether the VPC's resolver gives endpoints' private names; None: not known."""
        told = self.ground.snapshot.get(VpcAttribute, self.vpc)
        switches = (told.enable_dns_support, told.enable_dns_hostnames) if told else (None, None)
        if any(switch is not None and not switch.value for switch in switches):
            return False
        return None if None in switches else True

    @cached_property
    def knows_endpoints(self) -> bool:
        """Whether all endpoints of its VPC are listed, by the VPC's owner (R-SHARE-1)."""
        vpc = self.ground.snapshot.get(Vpc, self.vpc)
        if vpc is None:
            return False
        seen_by = vpc.page.account
        owned = not seen_by or not vpc.owner_id or seen_by == vpc.owner_id
        return owned and self.ground.has(VpcEndpoint, vpc)

    def endpoints(self, service: str) -> list[VpcEndpoint]:
        """All endpoints to a service of the Region that are not gone."""
        return [
            each
            for each in self.ground.snapshot.records(VpcEndpoint)
            if each.state.lower() not in _GONE and _serves(each, service, self.region)
        ]


def _serves(endpoint: VpcEndpoint, service: str, region: str) -> bool:
    """Whether an endpoint is to this service: ``com.amazonaws.us-east-1.ssm``."""
    head, _, name = endpoint.service_name.rpartition(".")
    _, found, place = head.rpartition("amazonaws.")
    return name == service and bool(found) and region in ("", place)


def _agent(snapshot: Snapshot, text: str, options: Mapping[str, str]) -> _Agent:
    ground = ground_of(snapshot, Options.of(options))
    resource = text.rpartition("/")[2] if text.startswith("arn:") else text
    named = [each for each in bearers(ground, text) if isinstance(each, Instance)]
    if len(named) > 1:
        shown = [told_apart(ground, each) for each in named]
        words = f"{text!r} is the Name of several instances; name one by its id:"
        raise QuestionError(words, shown)
    resource = named[0].instance_id if named else resource
    near: Instance | NetworkInterface | None = snapshot.get(Instance, resource)
    if near is None:
        near = next(iter(ground.index.interfaces_by_instance.get(resource, ())), None)
    if near is None:
        # An unknown id is refused by the question itself, unless a call is missing.
        answer = ask(snapshot, f"can {resource} reach 0.0.0.0/0 port 443", options=options)
        if not resource.startswith("i-"):
            raise QuestionError(f"{text!r} is no instance, and has no agent: {answer.source}")
        return _Agent(ground, resource, "", "", options)
    return _Agent(ground, resource, near.vpc_id or "", snapshot.region_of(near), options)


# ------------------------------------------------------------------- one service


def _access(agent: _Agent, service: _Service) -> ServiceAccess:
    """By the endpoint that has the service's name, by its public address, or who knows."""
    own = [each for each in agent.endpoints(service.name) if each.vpc_id == agent.vpc]
    for gateway in own:
        if gateway.vpc_endpoint_type.lower() == "gateway":
            answer = agent.reaches(gateway.vpc_endpoint_id)
            if answer.verdict is _REACHABLE:
                words = "a route leads to it"
                return _told(service, answer, GATEWAY, (gateway.vpc_endpoint_id,), words)
    named = [each for each in own if _may_have_the_name(agent, each)]
    for endpoint in named:
        if _has_the_name(agent, service, endpoint):
            answer = agent.reaches(endpoint.vpc_endpoint_id)
            words = "private DNS gives it the service's name"
            return _told(service, answer, ENDPOINT, (endpoint.vpc_endpoint_id,), words)
    if not named and agent.knows_endpoints:
        return _by_public_address(agent, service)
    return _unsure(agent, service, named)


def _told(
    service: _Service, answer: Answer, way: str, by: tuple[str, ...], text: str
) -> ServiceAccess:
    verdict = answer.verdict
    if verdict is _UNDECIDED:
        text = f"{text}; {answer.reason}"
    return ServiceAccess(
        service.name, service.words, service.required, verdict, way, by, text, (answer,)
    )


def _may_have_the_name(agent: _Agent, endpoint: VpcEndpoint) -> bool:
    """R-VPCE-6: unless private DNS is off, for the endpoint or for the VPC."""
    interface = endpoint.vpc_endpoint_type.lower() == "interface"
    return (
        interface and endpoint.private_dns_enabled is not False and agent.takes_names is not False
    )


def _has_the_name(agent: _Agent, service: _Service, endpoint: VpcEndpoint) -> bool:
    """Of S3 the name may be given to clients on-premises only, which no field that is read says."""
    settled = endpoint.private_dns_enabled is True and agent.takes_names is True
    return settled and endpoint.state.lower() in _LIVE and service.name != "s3"


def _unsure(agent: _Agent, service: _Service, named: Sequence[VpcEndpoint]) -> ServiceAccess:
    """An endpoint may have the name, or not: certain only if it comes to the same."""
    public = _by_public_address(agent, service)
    answers = [agent.reaches(each.vpc_endpoint_id) for each in named]
    verdicts = {public.verdict, *(answer.verdict for answer in answers)}
    if len(verdicts) == 1 and agent.knows_endpoints:
        return public
    shown = " or ".join(each.vpc_endpoint_id for each in named) or "an endpoint that is not listed"
    return ServiceAccess(
        service.name,
        service.words,
        service.required,
        _UNDECIDED,
        text=f"whether {shown} has the service's name is not known",
        answers=(*public.answers, *answers),
    )


def _by_public_address(agent: _Agent, service: _Service) -> ServiceAccess:
    """Where the service's own name leads without an endpoint: out, to a public address."""
    answer = agent.online
    by = tuple(
        dict.fromkeys(
            step.resource
            for step in (answer.witness.forward if answer.witness else ())
            if step.kind not in _AROUND
        )
    )
    if answer.verdict is _REACHABLE:
        return _as_samples_fare(agent, service, _told(service, answer, INTERNET, by, ""))
    told = _told(service, answer, INTERNET, by, "no endpoint of its VPC has the service's name")
    if answer.verdict is _UNDECIDED:
        return told
    doubt = _elsewhere(agent, service)
    if doubt is None:
        return told
    other, words = doubt
    return ServiceAccess(
        service.name,
        service.words,
        service.required,
        _UNDECIDED,
        text=f"nothing public is reached, but {words}",
        answers=(answer, other),
    )


def _as_samples_fare(agent: _Agent, service: _Service, told: ServiceAccess) -> ServiceAccess:
    """Some host is reached; the service's own address may be another."""
    kept_out = [answer for answer in agent.samples if answer.verdict is not _REACHABLE]
    if not kept_out:
        return told
    first = kept_out[0]
    words = f"hosts on the internet are reached, but not {first.destination}"
    return ServiceAccess(
        service.name,
        service.words,
        service.required,
        _UNDECIDED,
        INTERNET,
        told.by,
        f"{words}: whether the service's own address is reached is not known",
        (*told.answers, first),
    )


def _elsewhere(agent: _Agent, service: _Service) -> tuple[Answer, str] | None:
    """Another way that needs names or settings that are not in a snapshot."""
    for endpoint in agent.endpoints(service.name):
        if endpoint.vpc_endpoint_type.lower() == "interface":
            answer = agent.reaches(endpoint.vpc_endpoint_id)
            if answer.verdict is not _UNREACHABLE:
                words = "is reached by its address: whether a name leads there is not known"
                return answer, f"{endpoint.vpc_endpoint_id} {words}"
    answer = agent.online_by_ipv6
    if answer.verdict is not _UNREACHABLE:
        return answer, "IPv6 is: whether the agent is set to use it is not known"
    return None
