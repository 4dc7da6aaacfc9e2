"""Flows on a small estate, walked by the concrete twin: what the tests of components share.

    g = ground(e)                                          # an Estate, loaded and lowered
    there = sent(g, e.a, packet(e.a.ip, e.b.ip, "tcp/22"))
    assert arrived(there, e.b.ip)
    assert arrived(replied(g, there), e.a.ip)
    assert dropped(there) == ("acl-0a1", "SUBNET_ACL_RESTRICTION")

A stage as plain data is a list of lines (`plain`), such as

    permit source 10.0.0.0/24; protocol tcp; destination port 22 (acl-0a1 inbound rule 100)
    else deny SUBNET_ACL_RESTRICTION (acl-0a1 inbound rule *)
    destination 10.0.1.0/24 -> subnet/subnet-0b2/switch

Packets are written as the estate writes protocols: tcp/443, udp/53, icmp/8, icmpv6/128/0, 47.
"""

from __future__ import annotations

from collections.abc import Iterable

from reach.evaluate import evaluate
from reach.lower import Ground, lower
from reach.network.address import format_address, parse_address
from reach.network.field import Header, parse_protocol, reply_to
from reach.network.header_space import HeaderSpace
from reach.network.stage import (
    Assign,
    Choose,
    Deliver,
    Filter,
    Forward,
    Lookup,
    Origin,
    Restore,
    Rewrite,
    Stage,
    Translate,
    Unmodelled,
)
from reach.trace import Choices, Fate, Trace
from tests.estate import Estate, Id

CLIENT = 40000  # the port that a client sends from, unless a test says otherwise
INTERNET = "internet/world/routes"


def ground(estate: Estate) -> Ground:
    """The estate's network."""
    return lower(estate.load())


def stages(where: Ground, node: str) -> tuple[Stage, ...]:
    """What a node does."""
    return where.network.node(node).stages


def plain(given: Iterable[Stage]) -> list[list[str]]:
    """Stages as plain data, to be compared with what a test writes down."""
    return [_lines(stage) for stage in given]


def _lines(stage: Stage) -> list[str]:
    match stage:
        case Filter():
            lines = [f"session {stage.session}"] if stage.session else []
            lines += [f"{r.action.value} {r.match}{_by(r.origin)}" for r in stage.rules]
            last = stage.otherwise
            return [*lines, " ".join(["else", last.action.value, *_why(last.origin)])]
        case Forward():
            lines = [
                f"{'reply ' if r.session else ''}{r.match} -> "
                + (r.next or " ".join(["drop", *_why(r.origin)]))
                for r in stage.routes
            ]
            return lines + _else(stage.otherwise)
        case Translate():
            lines = [
                f"{case.match}: " + ", ".join(map(_rewrite, case.rewrites)) for case in stage.cases
            ]
            return lines + _else(stage.otherwise)
        case Restore():
            return [f"restore {stage.session}", *_else(stage.otherwise)]
        case Choose():
            return [f"may -> {option.next}" for option in stage.options]
        case Deliver():
            return [f"deliver to {stage.owner}, reply from {stage.reply}"]
        case Unmodelled():
            return [f"unmodelled {stage.origin.resource}"]


def _rewrite(rewrite: Rewrite) -> str:
    if isinstance(rewrite, Assign):
        return str(HeaderSpace.where(**{rewrite.field: rewrite.values}))
    if isinstance(rewrite, Lookup):
        pairs = (f"{format_address(a)} = {format_address(b)}" for a, b in rewrite.table.pairs)
        return f"{rewrite.field} by {', '.join(pairs)}"
    return f"{rewrite.field} within {format_address(rewrite.base)}"


def _by(origin: Origin) -> str:
    return f" ({origin.resource} {origin.locator})".replace(" )", ")") if origin.resource else ""


def _why(origin: Origin) -> list[str]:
    return [*filter(None, [origin.code]), *filter(None, [_by(origin).strip()])]


def _else(origin: Origin | None) -> list[str]:
    return [] if origin is None else [" ".join(["else drop", *_why(origin)])]


def packet(
    source: str, destination: str, what: str = "tcp/443", client: int = CLIENT, identity: int = 0
) -> Header:
    """A header; the port is the destination's, of ICMP type and code."""
    name, *numbers = what.split("/")
    first, second, *_ = [*map(int, numbers), 0, 0]
    ends = parse_address(source), parse_address(destination), parse_protocol(name)
    if name in ("icmp", "icmpv6"):
        return Header(*ends, icmp_type=first, icmp_code=second, identity=identity)
    if name in ("tcp", "udp"):
        return Header(*ends, source_port=client, destination_port=first, identity=identity)
    return Header(*ends, identity=identity)


def sent(where: Ground, owner: Id, header: Header, choices: Choices | None = None) -> Trace:
    """The trace of a packet that an interface (of an instance, say) sends."""
    start = f"network_interface/{owner.eni}/send"
    return evaluate(where.network, start, header, choices=choices)


def came(where: Ground, header: Header) -> Trace:
    """The trace of a packet from the internet."""
    return evaluate(where.network, INTERNET, header)


def at(where: Ground, node: str, header: Header, choices: Choices | None = None) -> Trace:
    """The trace of a packet that is at a node already."""
    return evaluate(where.network, node, header, choices=choices)


def replied(where: Ground, trace: Trace, choices: Choices | None = None) -> Trace:
    """The trace of the reply to a packet that was delivered."""
    assert trace.fate is Fate.DELIVERED, tell(trace)
    header = reply_to(trace.final)
    return evaluate(where.network, trace.reply, header, sessions=trace.sessions, choices=choices)


def arrived(trace: Trace, address: str) -> bool:
    """Whether the packet was delivered, to this address."""
    assert trace.fate in (Fate.DELIVERED, Fate.DROPPED), tell(trace)
    return trace.fate is Fate.DELIVERED and trace.final.destination == parse_address(address)


def answered(where: Ground, trace: Trace, address: str) -> bool:
    """Whether the packet was delivered to this address and its reply gets back to the sender."""
    if not arrived(trace, address):
        return False
    back = replied(where, trace)
    home = reply_to(trace.hops[0].before)
    return back.fate is Fate.DELIVERED and back.final._replace(identity=0) == home


def dropped(trace: Trace) -> tuple[str, str]:
    """Who dropped the packet, and under which code."""
    assert trace.fate is Fate.DROPPED, tell(trace)
    return trace.origin.resource, trace.origin.code


def nodes(trace: Trace) -> list[str]:
    """The nodes that the packet came by."""
    return [hop.node for hop in trace.hops]


def passed(trace: Trace) -> list[tuple[str, str]]:
    """What let the packet pass, by resource and locator."""
    return [(o.resource, o.locator) for hop in trace.hops for o in hop.passed if o.resource]


def tell(trace: Trace) -> str:
    """A trace in a few words, for the message of a failed test."""
    return f"{trace.fate.value} at {trace.hops[-1].node}: {trace.origin} {trace.final}"
