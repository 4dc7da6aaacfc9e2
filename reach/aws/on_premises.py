"""On-premises: the boundary beyond VPN connections and private virtual interfaces.

What lies there is told by the lines that lead there: the addresses known to be beyond a line are
hosts that answer, and may send by that line.  Beyond a line whose prefixes are not in the snapshot
(learned by BGP and propagated nowhere) anything private may lie: undecided.  A reply comes back by
the line that its flow took.  Where everything is sent to a line, the internet may be reached by
way of the network there (R-DEF-7); whether it passes packets on is assumed.

Implements: R-CGWY-1 R-DEF-7
Not modelled: what hosts and routers on-premises do; sites that reach each other by one gateway
(R-VGW-10).
"""

from __future__ import annotations

from functools import partial

from reach.aim import Start
from reach.component import Component, End, Link, Lowering, node_name
from reach.network.address import (
    ANY_IPV4,
    GLOBAL_UNICAST_IPV6,
    NOT_PUBLIC_IPV4,
    RFC1918,
    RFC6598,
    Prefix,
)
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.network.stage import Choose, Deliver, Forward, Option, Origin, Route, Stage

OWNER = "on_premises"
_NAME = "on_premises"
_QUIET = Origin("", "")
# R-IGW-4 and RFC 4193: what a network of one's own may number its hosts with.
PRIVATE = Ranges.prefixes((*RFC1918, *RFC6598, Prefix.parse("fc00::/7")))
PUBLIC = (Ranges.prefixes((ANY_IPV4,)) - Ranges.prefixes(NOT_PUBLIC_IPV4)) | Ranges.prefixes(
    GLOBAL_UNICAST_IPV6
)


def _link(lowering: Lowering, resource: str) -> Link:
    return next(link for link in lowering.links() if link.resource == resource)


def _hosts(lowering: Lowering, resource: str, _: str) -> tuple[Stage, ...]:
    """What a line delivers.  A public address that is not known to be there is the internet's."""
    link = _link(lowering, resource)
    received = Origin(resource, "a host on-premises receives the packet")
    there = Deliver(OWNER, link.node, received)
    if not link.to_internet:
        return (there,)
    onward = node_name(_NAME, resource, "internet")
    outside = HeaderSpace.where(destination=PUBLIC - link.beyond)
    return (Forward((Route(outside, onward, _QUIET),)), there)


def _internet(lowering: Lowering, resource: str, _: str) -> tuple[Stage, ...]:
    words = "assumed: the network on-premises passes packets on to the internet, and replies back"
    onward = node_name(_NAME, resource, "beyond")
    return (Choose((Option(onward, Origin(resource, words)),)),)


def _beyond(lowering: Lowering, resource: str, _: str) -> tuple[Stage, ...]:
    received = Origin("internet", "a host on the internet receives the packet")
    return (Deliver("internet", _link(lowering, resource).node, received),)


def _end(lowering: Lowering, _: str) -> End:
    return lowering.memo(f"{_NAME} end", partial(_any_line, lowering))


def _any_line(lowering: Lowering) -> End:
    links = lowering.links()
    if not links:
        words = "there is no line to a network on-premises"
        nobody = Origin("on-premises", words, code="NO_SOURCE_OR_DESTINATION")
        return End("on-premises", nobody=nobody)
    known = Ranges.union(span for link in links for span in link.beyond.intervals)
    gap = next((link.gap for link in links if link.gap is not None), None)
    return End(
        words="on-premises",
        starts=tuple(_start(link) for link in links),
        goals={OWNER: ANYTHING},
        addresses=known | PRIVATE if gap else known,
        as_sent=True,
        gap=gap,
    )


def _start(link: Link) -> Start:
    sends = link.beyond | PRIVATE if link.gap else link.beyond
    return Start(link.node, HeaderSpace.where(source=sends), OWNER)


COMPONENT = Component(
    name=_NAME,
    nodes={"hosts": _hosts, "internet": _internet, "beyond": _beyond},
    ends={"on-premises": _end},
)
