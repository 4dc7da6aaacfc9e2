"""Prefix lists: customers' own as lists of blocks, AWS's own as services on the internet.

Rules and routes that name a list mean its current entries (R-SG-11, R-RT-9).  The lists of S3 and
DynamoDB name addresses that the service itself answers on: its own ports and ping, nothing else
(R-OBS-8); they open no connections.  Any other list is, as a source, whoever sends from one of its
addresses: a customer's networks, or hosts on the internet like the edges of CloudFront.

Implements: R-SG-11 R-RT-9 R-OBS-8
Not modelled: services that publish no prefix list.
"""

from __future__ import annotations

from collections.abc import Iterator

from reach.aim import Visit
from reach.component import Component, End, Lowering, node_name
from reach.network.address import Prefix
from reach.network.field import ICMP, TCP
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.network.stage import Action, Deliver, Filter, Origin, Route, Rule, Stage
from reach.snapshot.records import ManagedPrefixListEntries, PrefixList, VpcEndpoint

_NAME = "prefix_list"
_SERVICES = ("s3", "dynamodb")
_PORTS = Ranges.of(80, 443)
_PING = Ranges.of(8)


def _service(listed: PrefixList) -> str:
    """The service whose addresses the list holds, or nothing: com.amazonaws.<region>.s3."""
    parts = (listed.prefix_list_name or "").split(".")
    known = len(parts) == 4 and parts[:2] == ["com", "amazonaws"] and parts[3] in _SERVICES
    return parts[3] if known else ""


def _blocks(lowering: Lowering, list_id: str) -> Ranges:
    entries = lowering.index.prefix_list_entries(list_id) or ()
    return Ranges.prefixes(map(Prefix.parse, entries))


def _answer(lowering: Lowering, list_id: str, _: str) -> tuple[Stage, ...]:
    listed = lowering.snapshot.get(PrefixList, list_id)
    assert listed is not None
    name = listed.prefix_list_name or ""
    words = f"{_service(listed)} answers on tcp 80, tcp 443 and ping only"
    silent = Origin(list_id, words, "service", "NO_PATH", name)
    quiet = Origin("", "")
    return (
        Filter(
            (
                Rule(
                    HeaderSpace.where(protocol=Ranges.of(TCP), destination_port=_PORTS),
                    Action.PERMIT,
                    quiet,
                ),
                Rule(
                    HeaderSpace.where(protocol=Ranges.of(ICMP), icmp_type=_PING),
                    Action.PERMIT,
                    quiet,
                ),
            ),
            Rule(ANYTHING, Action.DENY, silent),
        ),
        Deliver(
            f"{_NAME}/{list_id}",
            "internet/world/routes",
            Origin(list_id, "the service receives the packet", name=name),
        ),
    )


def _announce(lowering: Lowering) -> Iterator[Route]:
    for listed in lowering.snapshot.records(PrefixList):
        if _service(listed):
            match = HeaderSpace.where(destination=_blocks(lowering, listed.prefix_list_id))
            words = f"an address of {listed.prefix_list_name}"
            origin = Origin(listed.prefix_list_id, words)
            yield Route(match, node_name(_NAME, listed.prefix_list_id, "answer"), origin)


def _end(lowering: Lowering, list_id: str) -> End | None:
    """As a destination: the service, straight or by a gateway endpoint; or who has the addresses.

    R-SG-11: as a source a rule that names a list means the addresses in it, and so does a question.
    """
    listed = lowering.snapshot.get(PrefixList, list_id)
    if listed is None:
        return None
    shown = f"{list_id} {listed.prefix_list_name or ''}".strip()
    if lowering.index.prefix_list_entries(list_id) is None:
        words = "the entries of this list are not known"
        return End(shown, gap=lowering.missing(ManagedPrefixListEntries, list_id, words))
    blocks = _blocks(lowering, list_id)
    if not _service(listed):
        unsaid = tuple(_unsaid(listed))
        return End(shown, goals=None, addresses=blocks, sends=blocks, may_send=unsaid)
    mute = Origin(
        list_id, "opens no connections", code="NO_PATH", name=listed.prefix_list_name or ""
    )
    return End(shown, goals=None, addresses=blocks, nobody=mute)


def _unsaid(listed: PrefixList) -> Iterator[Origin]:
    """R-LAT-1: the addresses of Lattice's list are no host's, and it calls targets from them."""
    name = listed.prefix_list_name or ""
    if name.startswith("com.amazonaws.") and name.endswith(".vpc-lattice"):
        words = "what VPC Lattice sends from these addresses is not named by the list"
        yield Origin(listed.prefix_list_id, words, name=name)


def _place(lowering: Lowering, list_id: str) -> Visit | None:
    """The service that a list of AWS's stands for, straight or by a gateway endpoint."""
    listed = lowering.snapshot.get(PrefixList, list_id)
    if listed is None or not _service(listed):
        return None
    endpoints = (
        each.vpc_endpoint_id
        for each in lowering.snapshot.records(VpcEndpoint)
        if each.vpc_endpoint_type.lower() == "gateway"
        and each.service_name == listed.prefix_list_name
    )
    return Visit(resources=frozenset((list_id, *endpoints)))


COMPONENT = Component(
    name=_NAME,
    reads=(PrefixList, ManagedPrefixListEntries),
    nodes={"answer": _answer},
    announce=_announce,
    ends={"pl-": _end},
    places={"pl-": _place},
)
