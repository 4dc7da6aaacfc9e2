"""A Suricata rule: which packets it looks at, what it does, and whether a header tells it all.

    pass tcp $HOME_NET any -> any 443 (tls.sni; content:"example.org"; sid:1;)

A rule whose options say nothing that a header does not show is certain where its header matches;
any other may match there or not.  Of a TCP connection its opening packets carry nothing: a rule
about content, about an application's protocol or about established flows can match *later* packets
only, and one about flows that are ``not_established`` no more than the handshake.

Suricata user guide: "Rules Format", "Flow Keywords", "Meta Keywords".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum

from reach.network.address import ANY_IPV4, ANY_IPV6
from reach.network.field import ICMP, ICMPV6, TCP, UDP
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.suricata.expression import (
    ALL_ADDRESSES,
    ALL_PORTS,
    Extent,
    Lookup,
    addresses,
    ports,
)

SCTP = 132
_HIGHEST = 255
_FOUR, _SIX = (Ranges.prefixes((family,)) for family in (ANY_IPV4, ANY_IPV6))
_NOT_TCP = Ranges.span(0, _HIGHEST) - Ranges.of(TCP)
_ICMPS = Ranges.of(ICMP, ICMPV6)

# What a protocol's name means: the IP protocols that carry it (none: any).
_PACKETS: dict[str, tuple[int, ...]] = {
    **dict.fromkeys(("ip", "pkthdr", "ipv4", "ip4", "ipv6", "ip6"), ()),
    **dict.fromkeys(("tcp", "tcp-pkt", "tcp-stream"), (TCP,)),
    "udp": (UDP,),
    "icmp": (ICMP, ICMPV6),
    "icmpv4": (ICMP,),
    "icmpv6": (ICMPV6,),
    "sctp": (SCTP,),
}
_OVER_TCP = (
    *("http", "http1", "http2", "doh2", "ftp", "ftp-data", "tls", "ssl", "smb", "ssh", "smtp"),
    *("imap", "pop3", "msn", "modbus", "enip", "dnp3", "rdp", "rfb", "mqtt", "pgsql", "telnet"),
    "websocket",
)
_OVER_UDP = ("dhcp", "ntp", "tftp", "ike", "ikev2", "quic", "snmp", "mdns", "bittorrent-dht")
_OVER_BOTH = ("dns", "dcerpc", "krb5", "nfs", "sip", "ldap")
_APPLICATIONS: dict[str, tuple[int, ...]] = {
    **dict.fromkeys(_OVER_TCP, (TCP,)),
    **dict.fromkeys(_OVER_UDP, (UDP,)),
    **dict.fromkeys(_OVER_BOTH, (TCP, UDP)),
}

# What `ip_proto` may name, of the names of protocols(5); others are given as numbers.
_NUMBERED = {
    "icmp": ICMP,
    "igmp": 2,
    "ipencap": 4,
    "tcp": TCP,
    "udp": UDP,
    "gre": 47,
    "esp": 50,
    "ah": 51,
    "ipv6-icmp": ICMPV6,
    "ospf": 89,
    "pim": 103,
    "vrrp": 112,
    "sctp": SCTP,
}

# Keywords that say nothing of the packet.
_SILENT = frozenset(
    (
        *("msg", "sid", "rev", "gid", "classtype", "reference", "priority", "metadata"),
        *("target", "noalert", "alert"),
    )
)
# Keywords about a packet that carries nothing, its flags among them; a header here has them not.
_OF_ANY_PACKET = frozenset(
    (
        *("ttl", "ipopts", "sameip", "geoip", "fragbits", "fragoffset", "tos", "id", "flags"),
        *("tcp.flags", "seq", "ack", "window", "tcp.mss", "dsize", "icmp_id", "icmp_seq"),
        *("iprep", "xbits", "hostbits", "flowbits", "threshold", "detection_filter"),
    )
)
# Keywords about what a packet carries begin with one of these.
_OF_CONTENT = (
    *("content", "pcre", "uricontent", "http", "tls", "ssl", "dns", "file", "ssh", "ja3", "ja4"),
    *("krb5", "smb", "sip", "quic", "mqtt", "rfb", "base64", "byte_", "isdataat", "app-layer"),
    *("tcp.hdr", "smtp", "ftp", "snmp", "dcerpc", "stream_size", "urilen", "aws_domain_category"),
)


class Verb(Enum):
    """What a rule does; Suricata's kinds of reject all drop."""

    PASS = "pass"
    DROP = "drop"
    ALERT = "alert"


_VERBS = {
    "pass": Verb.PASS,
    "drop": Verb.DROP,
    "alert": Verb.ALERT,
    **dict.fromkeys(("reject", "rejectsrc", "rejectdst", "rejectboth"), Verb.DROP),
}


class When(Enum):
    """Which packets of a flow a rule can match."""

    EVERY = "every packet"
    HANDSHAKE = "the handshake"
    LATER = "later packets"


@dataclass(frozen=True, slots=True)
class Reading:
    """Headers of opening packets whose flows a rule is about, and when it can match them."""

    spaces: tuple[HeaderSpace, ...]
    when: When
    certain: bool


@dataclass(frozen=True, slots=True)
class Signature:
    """A rule.  ``unknown`` says what its header names that is not known, ``missing`` that a call
    would have told."""

    verb: Verb
    readings: tuple[Reading, ...]
    text: str
    sid: str = ""
    priority: int = 3
    unknown: str = ""
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Head:
    """Action, protocol, both ends with their ports, and the direction between them."""

    action: str
    protocol: str
    source: str
    source_port: str
    direction: str
    destination: str
    destination_port: str

    def __str__(self) -> str:
        ends = f"{self.source} {self.source_port} {self.direction} "
        ends += f"{self.destination} {self.destination_port}"
        return f"{self.action} {self.protocol} {ends}"


Options = tuple[tuple[str, str], ...]


def rules(text: str) -> Iterator[str]:
    """The rules of a text: no comments, no empty lines; a backslash joins a line to the next."""
    for line in text.replace("\\\r\n", " ").replace("\\\n", " ").splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            yield line.strip()


def parse(text: str) -> tuple[Head, Options]:
    """The head and the options of one rule.  Raises ValueError for what is no rule."""
    outside, opened, rest = _outside_brackets(text)
    words = outside.split()
    if not opened or len(words) != 7 or not rest.rstrip().endswith(")"):
        raise ValueError("is no rule: seven words and options in parentheses are expected")
    head = Head(*(word.replace("\0", " ") for word in words))
    return head, tuple(_options(rest.rstrip()[:-1]))


def _outside_brackets(text: str) -> tuple[str, str, str]:
    """What stands before the options, with the spaces inside its lists made NULs."""
    head, opened, rest = text.partition("(")
    depth, made = 0, ""
    for letter in head:
        depth += (letter == "[") - (letter == "]")
        made += "\0" if letter.isspace() and depth else letter
    return made, opened, rest


def _options(text: str) -> Iterator[tuple[str, str]]:
    """``keyword:value;`` again and again; quotes hide semicolons, and so does a backslash."""
    quoted = escaped = False
    part = ""
    for letter in text:
        if letter == ";" and not quoted and not escaped:
            yield _option(part)
            part = ""
            continue
        if letter == '"' and not escaped:
            quoted = not quoted
        escaped = letter == "\\" and not escaped
        part += letter
    if part.strip():
        yield _option(part)


def _option(text: str) -> tuple[str, str]:
    keyword, _, value = text.partition(":")
    return keyword.strip().lower(), value.strip()


def signature(
    head: Head,
    options: Options,
    address_of: Lookup,
    port_of: Lookup,
    text: str = "",
) -> Signature:
    """What a rule means.  Raises ValueError for an action or an expression that is none."""
    verb = _VERBS.get(head.action.lower())
    if verb is None:
        raise ValueError(f"{head.action!r} is no action")
    extents = (
        addresses(head.source, address_of),
        addresses(head.destination, address_of),
        ports(head.source_port, port_of),
        ports(head.destination_port, port_of),
    )
    unknown = next((extent.unknown for extent in extents if extent.unknown), "")
    readings = tuple(_readings(head, options, extents))
    if unknown:
        readings = tuple(replace(reading, certain=False) for reading in readings)
    named = dict(options)
    return Signature(
        verb,
        readings,
        text or str(head),
        named.get("sid", ""),
        int(named["priority"]) if named.get("priority", "").isdigit() else 3,
        unknown,
        any(extent.missing for extent in extents),
    )


def _readings(head: Head, options: Options, extents: tuple[Extent, ...]) -> Iterator[Reading]:
    name = head.protocol.lower()
    if not name:
        raise ValueError("no protocol")
    carriers = _APPLICATIONS.get(name, _PACKETS.get(name, ()))
    told = _Told.of(options)
    if name in _APPLICATIONS:
        told = replace(told, certain=False, content=True)
    elif name not in _PACKETS:
        told = replace(told, certain=False)
    space = _space(name, carriers, extents) & told.space
    spaces = _directed(space, head.direction, to_client=told.to_client)
    if told.when is When.EVERY and not told.content:
        yield Reading(spaces, When.EVERY, told.certain)
        return
    # Of TCP the handshake carries nothing; any other flow may begin with what the rule is about.
    when = When.HANDSHAKE if told.when is When.HANDSHAKE else When.LATER
    yield from _of(spaces, Ranges.of(TCP), when, told.certain)
    yield from _of(spaces, _NOT_TCP, When.EVERY, False)


def _of(
    spaces: Iterable[HeaderSpace], protocols: Ranges, when: When, certain: bool
) -> Iterator[Reading]:
    narrowed = [space & HeaderSpace.where(protocol=protocols) for space in spaces]
    kept = tuple(space for space in narrowed if not space.is_empty)
    if kept:
        yield Reading(kept, when, certain)


def _space(name: str, carriers: tuple[int, ...], extents: tuple[Extent, ...]) -> HeaderSpace:
    source, destination, source_port, destination_port = (extent.values for extent in extents)
    family = _FOUR if name in ("ipv4", "ip4") else _SIX if name in ("ipv6", "ip6") else None
    space = HeaderSpace.where(
        source=None if source == ALL_ADDRESSES else source,
        destination=None if destination == ALL_ADDRESSES else destination,
        protocol=Ranges.of(*carriers) if carriers else None,
        source_port=None if source_port == ALL_PORTS else source_port,
        destination_port=None if destination_port == ALL_PORTS else destination_port,
    )
    return space & HeaderSpace.where(source=family, destination=family)


def _directed(space: HeaderSpace, direction: str, *, to_client: bool) -> tuple[HeaderSpace, ...]:
    """The opening packets of the flows whose packets have this header in this direction."""
    if direction == "<>":
        return space, mirrored(space)
    if direction not in ("->", "=>"):
        raise ValueError(f"{direction!r} is no direction")
    return (mirrored(space),) if to_client else (space,)


_ACROSS = {
    "source": "destination",
    "destination": "source",
    "source_port": "destination_port",
    "destination_port": "source_port",
}


def mirrored(space: HeaderSpace) -> HeaderSpace:
    """The same with its ends exchanged."""
    return HeaderSpace.where(**{_ACROSS.get(name, name): values for name, values in space.fields})


def _protocols(value: str) -> Ranges | None:
    """The protocols of an `ip_proto`: a number or a name, all but one, above or below one.

    None for what cannot be read (Suricata, detect-ipproto.c).
    """
    sign = value[:1] if value[:1] in ("!", "<", ">") else ""
    name = value.removeprefix(sign).strip().lower()
    number = int(name) if name.isascii() and name.isdigit() else _NUMBERED.get(name)
    if number is None or number > _HIGHEST:
        return None
    every = Ranges.span(0, _HIGHEST)
    below = Ranges.span(0, number) - Ranges.of(number)
    match sign:
        case "!":
            return every - Ranges.of(number)
        case "<":
            return below
        case ">":
            return every - below - Ranges.of(number)
    return Ranges.of(number)


@dataclass(frozen=True, slots=True)
class _Told:
    """What the options say: of the header, of the flow, and whether that is all they say."""

    space: HeaderSpace = ANYTHING
    when: When = When.EVERY
    to_client: bool = False
    content: bool = False
    certain: bool = True

    @staticmethod
    def of(options: Options) -> _Told:
        told = _Told()
        for keyword, value in options:
            told = told._with(keyword, value)
        return told

    def _with(self, keyword: str, value: str) -> _Told:
        if keyword in _SILENT:
            return self
        if keyword == "flow":
            return self._of_flow({word.strip().lower() for word in value.split(",")})
        if keyword == "flowbits" and not value.lower().startswith(("isset", "isnotset")):
            return self
        protocols = _protocols(value) if keyword == "ip_proto" else None
        if protocols is not None:
            return replace(self, space=self.space & HeaderSpace.where(protocol=protocols))
        if keyword in ("itype", "icode") and value.isdigit():
            field = {"itype": "icmp_type", "icode": "icmp_code"}[keyword]
            more = HeaderSpace.where(protocol=_ICMPS, **{field: Ranges.of(int(value))})
            return replace(self, space=self.space & more)
        content = keyword not in _OF_ANY_PACKET and keyword.startswith(_OF_CONTENT)
        return replace(self, certain=False, content=self.content or content)

    def _of_flow(self, words: set[str]) -> _Told:
        told = self
        if words & {"to_client", "from_server"}:
            told = replace(told, to_client=True, when=When.LATER)
        if words & {"established", "only_stream"}:
            told = replace(told, when=When.LATER)
        elif "not_established" in words:
            told = replace(told, when=When.HANDSHAKE)
        known = {"to_client", "from_server", "to_server", "from_client", "established"}
        known |= {"not_established", "stateless", "no_stream", "only_stream"}
        return told if words <= known else replace(told, certain=False)
