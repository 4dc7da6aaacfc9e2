"""On-premises: the boundary beyond VPN connections and virtual interfaces.

What lies there is told by the lines that lead there: the addresses known to be beyond a line are
hosts that answer, and may send by that line.  Nothing in AWS tells what else a network on-premises
numbers its hosts with, and no line looks at their source: other private sources, and any source
where prefixes were learned that do not show, are doubted.  Prefixes that one of several lines has
told are assumed to lie beyond each.  A reply takes the line that its flow took, or, if that does
not work, another one that leads to the same addresses.  Where everything is sent to a line, the
internet may be reached by way of the network there (R-DEF-7), and any private address may be there;
whether it is, and whether packets are passed on, is assumed.  So is whether a network on-premises
passes on what is sent to it for a VPC's address.

Implements: R-CGWY-1 R-DEF-7
Not modelled: what hosts and routers on-premises do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
from reach.network.stage import (
    Action,
    Choose,
    Deliver,
    Filter,
    Forward,
    Option,
    Origin,
    Route,
    Rule,
    Stage,
    Unmodelled,
)
from reach.snapshot.index import vpc_blocks
from reach.snapshot.private_records import VpnGateway
from reach.snapshot.records import Record, Vpc
from reach.snapshot.transit_records import TransitGatewayAttachment

OWNER = "on_premises"
_NAME = "on_premises"
_BY = "on-premises-by-"
_QUIET = Origin("", "")
# R-IGW-4 and RFC 4193: what a network of one's own may number its hosts with.
PRIVATE = Ranges.prefixes((*RFC1918, *RFC6598, Prefix.parse("fc00::/7")))
PUBLIC = (Ranges.prefixes((ANY_IPV4,)) - Ranges.prefixes(NOT_PUBLIC_IPV4)) | Ranges.prefixes(
    GLOBAL_UNICAST_IPV6
)
# The calls that would show that there is a line at all.
_OPENINGS: tuple[type[Record], ...] = (VpnGateway, TransitGatewayAttachment)


_Part = Callable[[Lowering, str, str], tuple[Stage, ...]]


def _by_resource(lowering: Lowering) -> Mapping[str, Link]:
    def make() -> dict[str, Link]:
        return {link.resource: link for link in lowering.links()}

    return lowering.memo(f"{_NAME} by resource", make)


def _link(lowering: Lowering, resource: str) -> Link:
    return _by_resource(lowering)[resource]


def _beyond_line(make: _Part) -> _Part:
    """What lies beyond a line; of one that is no more, where nobody is led, nothing is known."""

    def stages(lowering: Lowering, resource: str, argument: str) -> tuple[Stage, ...]:
        if resource not in _by_resource(lowering):
            return (Unmodelled(Origin(resource, "is no line to a network on-premises")),)
        return make(lowering, resource, argument)

    return stages


def _told(link: Link) -> Ranges:
    return link.beyond | link.perhaps


def _sends(link: Link) -> Ranges:
    """What may come in by a line, known or not; what is not known is doubted on the way."""
    return _told(link) | PRIVATE | (PUBLIC if link.gap is not None else Ranges(()))


def _takes(link: Link) -> Ranges:
    """What may be sent to a host beyond a line."""
    if link.gap is None and not link.to_internet:
        return _told(link)
    return _sends(link)


def _goes(match: HeaderSpace, node: str) -> Forward:
    return Forward((Route(match, node, _QUIET),))


def _all_to(node: str) -> Forward:
    return Forward((Route(ANYTHING, node, _QUIET),), _QUIET)


def _doubtful(link: Link, side: str) -> Filter:
    """Addresses that nothing tells to be beyond the line."""
    words = "nothing tells whether a host beyond it has this address"
    origin = link.gap or Origin(link.resource, words, side)
    permit = Rule(HeaderSpace.where(**{side: _told(link)}), Action.PERMIT, _QUIET)
    return Filter((permit,), Rule(ANYTHING, Action.DOUBT, origin))


# ------------------------------------------------------------------- what a line delivers


def _hosts(lowering: Lowering, resource: str, _: str) -> tuple[Stage, ...]:
    """What a line delivers.  A public address that is not known to be there is the internet's."""
    link = _link(lowering, resource)
    blocks = HeaderSpace.where(destination=_blocks(lowering))
    stages: list[Stage] = [_goes(blocks, node_name(_NAME, resource, "across"))]
    if link.to_internet:
        outside = HeaderSpace.where(destination=PUBLIC - _told(link))
        inside = HeaderSpace.where(destination=PRIVATE - _told(link))
        stages.append(_goes(outside, node_name(_NAME, resource, "internet")))
        stages.append(_goes(inside, node_name(_NAME, resource, "somewhere")))
    return (*stages, _doubtful(link, "destination"), _deliver(resource))


def _deliver(resource: str) -> Deliver:
    received = Origin(resource, "a host on-premises receives the packet")
    return Deliver(OWNER, node_name(_NAME, resource, "reply"), received)


def _there(lowering: Lowering, resource: str, _: str) -> tuple[Stage, ...]:
    return (_deliver(resource),)


def _somewhere(lowering: Lowering, resource: str, _: str) -> tuple[Stage, ...]:
    words = "assumed: the network on-premises, which takes everything, has a host of this address"
    return (Choose((Option(node_name(_NAME, resource, "there"), Origin(resource, words)),)),)


def _internet(lowering: Lowering, resource: str, _: str) -> tuple[Stage, ...]:
    words = "assumed: the network on-premises passes packets on to the internet, and replies back"
    onward = node_name(_NAME, resource, "beyond")
    return (
        _goes(HeaderSpace.where(destination=_taken(lowering)), node_name(_NAME, resource, "round")),
        Choose((Option(onward, Origin(resource, words)),)),
    )


def _taken(lowering: Lowering) -> Ranges:
    """Public addresses that the snapshot's own networks have."""

    def make() -> Ranges:
        ends = (each.match.by_name.get("destination") for each in lowering.announcements())
        return Ranges.any_of(end for end in ends if end is not None)

    return lowering.memo(f"{_NAME} taken", make)


def _round(lowering: Lowering, resource: str, _: str) -> tuple[Stage, ...]:
    """Out by on-premises and back in from the internet: with what source, nobody here knows."""
    words = "what it sends to the internet for an address of these networks comes in translated"
    return (Unmodelled(Origin(resource, f"{words}, by an address that is not known")),)


def _beyond(lowering: Lowering, resource: str, _: str) -> tuple[Stage, ...]:
    received = Origin("internet", "a host on the internet receives the packet")
    return (Deliver("internet", _link(lowering, resource).node, received),)


def _blocks(lowering: Lowering) -> Ranges:
    """The blocks of all VPCs."""

    def make() -> Ranges:
        vpcs = lowering.snapshot.records(Vpc)
        return Ranges.prefixes(Prefix.parse(block) for vpc in vpcs for block in vpc_blocks(vpc))

    return lowering.memo(f"{_NAME} blocks", make)


def _across(lowering: Lowering, resource: str, _: str) -> tuple[Stage, ...]:
    """A VPC's address is sent on-premises: a host of that number there, or back by some line."""
    numbered = "assumed: a host on-premises has this address, which a VPC has as well"
    passed = "assumed: the network on-premises passes the packet on by"
    options = [Option(node_name(_NAME, resource, "there"), Origin(resource, numbered))]
    options += [
        Option(
            node_name(_NAME, other.resource, "send"), Origin(resource, f"{passed} {other.resource}")
        )
        for other in lowering.links()
        if other.up
    ]
    return (Choose(tuple(options)),)


# ------------------------------------------------------------------- what comes in by a line


def _send(lowering: Lowering, resource: str, _: str) -> tuple[Stage, ...]:
    """What hosts beyond a line send."""
    link = _link(lowering, resource)
    stages: list[Stage] = []
    for sources, part in (
        (link.perhaps - link.beyond, "one_of_several"),
        (PRIVATE - _told(link) if link.to_internet else Ranges(()), "from_somewhere"),
    ):
        if sources:
            stages.append(
                _goes(HeaderSpace.where(source=sources), node_name(_NAME, resource, part))
            )
    return (*stages, _doubtful(link, "source"), _all_to(link.node))


def _assumed(words: str, lowering: Lowering, resource: str, _: str) -> tuple[Stage, ...]:
    """A source that is not certain to send by this line."""
    onward = _link(lowering, resource).node
    return (Choose((Option(onward, Origin(resource, f"assumed: {words}")),)),)


def _reply(lowering: Lowering, resource: str, _: str) -> tuple[Stage, ...]:
    """By the line that the flow took; else by another one that leads to the same addresses."""
    link = _link(lowering, resource)
    own = node_name(_NAME, resource, "send")
    others = [
        other
        for other in lowering.links()
        if other.resource != resource and other.up and _share(link, other)
    ]
    if not others:
        return (_all_to(own),)
    words = "assumed: the reply comes back by"
    options = [
        Option(
            node_name(_NAME, other.resource, "send"), Origin(resource, f"{words} {other.resource}")
        )
        for other in others
    ]
    return (Choose((Option(own, _QUIET), *options)),)


def _share(one: Link, other: Link) -> bool:
    """Whether a host may lie beyond both."""
    if one.gap is not None or other.gap is not None or one.to_internet or other.to_internet:
        return True
    return bool(_told(one) & _told(other))


# ------------------------------------------------------------------- as an end of a question


def _end(lowering: Lowering, _: str) -> End:
    return lowering.memo(f"{_NAME} end", lambda: _by(lowering, lowering.links()))


def _end_by(lowering: Lowering, text: str) -> End:
    """On-premises by way of some lines only: what components make of their own ids."""
    wanted = set(text.removeprefix(_BY).split())
    return _by(lowering, tuple(link for link in lowering.links() if link.resource in wanted))


def _by(lowering: Lowering, links: tuple[Link, ...]) -> End:
    gap = _unlisted(lowering)
    if not links:
        words = "there is no line to a network on-premises"
        nobody = Origin("on-premises", words, code="NO_SOURCE_OR_DESTINATION")
        return End("on-premises", nobody=nobody, gap=gap)
    return End(
        words="on-premises",
        starts=tuple(_start(link) for link in links),
        goals={OWNER: ANYTHING},
        addresses=Ranges.any_of(_takes(link) for link in links),
        as_sent=True,
        gap=gap,
    )


def _unlisted(lowering: Lowering) -> Origin | None:
    """A call that could have shown a line was not made."""
    for kind in _OPENINGS:
        for scope in lowering.snapshot.scopes:
            if not lowering.snapshot.has(kind, scope.account, scope.region):
                words = "whether a line leads on-premises is not known"
                return lowering.missing(kind, "on-premises", words)
    return None


def _start(link: Link) -> Start:
    node = node_name(_NAME, link.resource, "send")
    return Start(node, HeaderSpace.where(source=_sends(link)), OWNER)


_PARTS: Mapping[str, _Part] = {
    "hosts": _hosts,
    "there": _there,
    "somewhere": _somewhere,
    "internet": _internet,
    "round": _round,
    "beyond": _beyond,
    "across": _across,
    "send": _send,
    "one_of_several": partial(
        _assumed, "the host lies beyond this line, of several that may have told its prefix"
    ),
    "from_somewhere": partial(
        _assumed, "the network on-premises, which takes everything, has a host of this address"
    ),
    "reply": _reply,
}

COMPONENT = Component(
    name=_NAME,
    nodes={part: _beyond_line(make) for part, make in _PARTS.items()},
    ends={"on-premises": _end, _BY: _end_by},
)
