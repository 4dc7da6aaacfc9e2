"""The internet: the boundary that everything public lies beyond.

It sends from any public address that nothing in the snapshot has (R-IGW-4: never RFC 1918 or RFC
6598), and delivers what the snapshot's gateways announce: public and Elastic IPs, IPv6 blocks,
service ranges.  An address that only a deleted or released resource names is nobody's (R-OBS-3).
Every other public address is a host that answers.

Implements: R-OBS-3 R-IGW-4 R-IGW-10 R-OBS-2
Not modelled: what hosts on the internet do; BYOIP advertisement.
"""

from __future__ import annotations

from collections.abc import Mapping

from reach.aim import Start
from reach.component import Component, End, Lowering, node_name
from reach.network.address import ANY_IPV4, GLOBAL_UNICAST_IPV6, NOT_PUBLIC_IPV4, Prefix
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.network.stage import Action, Deliver, Filter, Forward, Origin, Route, Rule, Stage

OWNER = "internet"
# A packet to one of these may become one to an IPv4 host (R-NAT-10).
NAT64 = Ranges.prefixes((Prefix.parse("64:ff9b::/96"),))
NODE = node_name("internet", "world", "routes")
_HOST = node_name("internet", "world", "host")
_DELIVERED = Deliver(OWNER, NODE, Origin("internet", "a host on the internet receives the packet"))
PUBLIC = (Ranges.prefixes((ANY_IPV4,)) - Ranges.prefixes(NOT_PUBLIC_IPV4)) | Ranges.prefixes(
    GLOBAL_UNICAST_IPV6
)


def _routes(lowering: Lowering, _: str, __: str) -> tuple[Stage, ...]:
    private = Origin("internet", "no host on the internet has this address", code="NO_PATH")
    public = Rule(HeaderSpace.where(destination=PUBLIC), Action.PERMIT, Origin("", ""))
    return (
        *_given_back(lowering),
        *lowering.slot("internet.apart", "world"),
        Forward(lowering.announcements()),
        Filter((public,), Rule(ANYTHING, Action.DENY, private)),
        _DELIVERED,
    )


def _given_back(lowering: Lowering) -> tuple[Stage, ...]:
    """What was announced, and is a host's on the internet since."""
    if not lowering.paired_in(""):
        return ()
    _, free = lowering.freed()
    route = Route(HeaderSpace.where(destination=free), _HOST, Origin("", ""))
    return (Forward((route,) if free else ()),)


def _host(lowering: Lowering, _: str, __: str) -> tuple[Stage, ...]:
    return (_DELIVERED,)


def hosts(lowering: Lowering) -> Ranges:
    """The addresses of hosts on the internet: public, and not announced by the snapshot."""

    known = lowering.table("internet hosts", _hosts)["all"]
    taken, free = lowering.freed()
    return (known - taken) | free if taken or free else known


def _hosts(lowering: Lowering) -> Mapping[str, Ranges]:
    taken = [
        span
        for route in lowering.announcements()
        if not route.session and (ends := route.match.by_name.get("destination")) is not None
        for span in ends.intervals
    ]
    return {"all": PUBLIC - Ranges.union(taken)}


def _end(lowering: Lowering, _: str) -> End:
    theirs = hosts(lowering)
    return End(
        words="the internet",
        starts=(Start(NODE, HeaderSpace.where(source=theirs), OWNER),),
        goals={OWNER: HeaderSpace.where(destination=theirs)},
        addresses=theirs | NAT64,
        as_sent=True,
    )


def _label(lowering: Lowering, resource: str, part: str, header: object) -> tuple[str, str] | None:
    return "internet", ""


COMPONENT = Component(
    name="internet", nodes={"routes": _routes, "host": _host}, ends={"internet": _end}, label=_label
)
