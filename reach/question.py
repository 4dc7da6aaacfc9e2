"""Questions and their text form.

    [can] SOURCE reach [DESTINATION]
        [port PORT[-PORT][/PROTO]] [icmp [TYPE[/CODE]]] [protocol NUMBER]

Takes text or words, gives a frozen :class:`Question`; ``str`` of it is the canonical text.  What
the ends mean in a snapshot is for :mod:`reach.resolve`.  Must not know snapshots."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from reach.errors import QuestionError
from reach.network.address import ANY_IPV4, ANY_IPV6
from reach.network.field import (
    ICMP,
    ICMP_ANSWERS,
    ICMPV6,
    TCP,
    UDP,
    format_protocol,
    parse_protocol,
)
from reach.network.header_space import HeaderSpace, Ranges

_FORM = (
    "can SOURCE reach [DESTINATION] [port PORT[-PORT][/PROTO]] [icmp [TYPE[/CODE]]] "
    "[protocol NUMBER]"
)
_CLAUSES = ("port", "icmp", "protocol")
_FOUR = Ranges.prefixes((ANY_IPV4,))
_SIX = Ranges.prefixes((ANY_IPV6,))
# R-EPH-5: a client's own port.
_EPHEMERAL = Ranges.span(1024, 65535)
_PORTED = Ranges.of(TCP, UDP)
_ECHO = {ICMP: 8, ICMPV6: 128}


@dataclass(frozen=True, slots=True)
class Packet:
    """Which packets are asked about; None is any.

    ``ports`` are destination ports (of TCP and UDP only), ``echo`` an ICMP echo request of either
    family, ``icmp_type`` and ``icmp_code`` another ICMP message.
    """

    protocol: int | None = None
    ports: tuple[int, int] | None = None
    echo: bool = False
    icmp_type: int | None = None
    icmp_code: int | None = None

    def __str__(self) -> str:
        if self.echo:
            return "icmp"
        if self.icmp_type is not None:
            code = "" if self.icmp_code is None else f"/{self.icmp_code}"
            return f"icmp {self.icmp_type}{code}"
        if self.ports is not None:
            low, high = self.ports
            span = str(low) if low == high else f"{low}-{high}"
            return f"port {span}" + ("" if self.protocol == TCP else "/udp")
        return "" if self.protocol is None else f"protocol {format_protocol(self.protocol)}"

    @property
    def is_answered(self) -> bool:
        """Whether a packet of this kind gets a reply at all."""
        if self.icmp_type is None:
            return True
        return any(self.icmp_type in kinds for kinds in ICMP_ANSWERS.values())

    def spaces(self, ported: bool = True) -> tuple[HeaderSpace, ...]:
        """The packets as alternatives; without ``ported`` their destination port is left open."""
        if self.echo or self.icmp_type is not None:
            return tuple(self._icmp(number, ends) for number, ends in _FAMILIES)
        ports = Ranges.span(*self.ports) if self.ports and ported else None
        with_ports = HeaderSpace.where(
            protocol=_PORTED if self.protocol is None else Ranges.of(self.protocol),
            source_port=_EPHEMERAL,
            destination_port=ports,
        )
        if self.protocol in (TCP, UDP) or self.ports is not None:
            return (with_ports,)
        if self.protocol is not None:
            return (HeaderSpace.where(protocol=Ranges.of(self.protocol)),)
        others = Ranges.span(0, 255) - _PORTED
        return (with_ports, HeaderSpace.where(protocol=others))

    def _icmp(self, number: int, ends: Ranges) -> HeaderSpace:
        kind = _ECHO[number] if self.echo else self.icmp_type
        code = 0 if self.echo else self.icmp_code
        return HeaderSpace.where(
            source=ends,
            destination=ends,
            protocol=Ranges.of(number),
            icmp_type=None if kind is None else Ranges.of(kind),
            icmp_code=None if code is None else Ranges.of(code),
        )


_FAMILIES = ((ICMP, _FOUR), (ICMPV6, _SIX))


@dataclass(frozen=True, slots=True)
class Question:
    """From where, to where, which packets, one way or both.

    ``port_at`` says whether the port asked for is the one that leaves the source or the one that
    arrives at the destination.  The packet has to pass every thing in ``through`` and none in
    ``avoid``; ``assume`` settles what the snapshot leaves open about a thing: (id, "reachable") or
    (id, "unreachable").  ``at_source`` and ``at_destination`` ask more of the packet as it leaves
    and as it arrives: pairs of a field and a value (``reach.demand``).
    """

    source: str
    destination: str = "any"
    packet: Packet = Packet()
    one_way: bool = False
    port_at: str = "source"
    through: tuple[str, ...] = ()
    avoid: tuple[str, ...] = ()
    assume: tuple[tuple[str, str], ...] = ()
    at_source: tuple[tuple[str, str], ...] = ()
    at_destination: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        ends = f"can {_quote(self.source)} reach {_quote(self.destination)}"
        return f"{ends} {self.packet}".strip()


_PLAIN = re.compile(r"[\w./:=@+,-]+( +[\w./:=@+,-]+)*", re.ASCII)


def _quote(end: str) -> str:
    return shlex.quote(end) if " " in end or end in ("reach", *_CLAUSES) else end


def parse(text: str, *, one_way: bool = False, port_at: str = "source") -> Question:
    """Read a question.  Raises QuestionError that says what was not understood."""
    try:
        # Without quotes it is words and spaces, of which `shlex` makes the same in more time.
        words = text.split() if _PLAIN.fullmatch(text) else shlex.split(text)
    except ValueError as error:
        raise QuestionError(f"{text!r} is not a question: {error}") from None
    return parse_words(words, one_way=one_way, port_at=port_at)


def parse_words(
    words: Sequence[str], *, one_way: bool = False, port_at: str = "source"
) -> Question:
    """Read a question that is already split into words."""
    if port_at not in ("source", "destination"):
        raise QuestionError(f"port-at is {port_at!r}; it can be source or destination")
    left = list(words)
    if left and left[0].lower() == "can":
        left.pop(0)
    if "reach" not in left:
        raise QuestionError(f"a question needs the word 'reach': {_FORM}")
    middle = left.index("reach")
    source, rest = " ".join(left[:middle]), left[middle + 1 :]
    if "" in left:
        raise QuestionError(f"a word of the question is empty, like an unset variable's: {_FORM}")
    if not source:
        raise QuestionError(f"a question needs a source before 'reach': {_FORM}")
    cut = next((n for n, word in enumerate(rest) if word.lower() in _CLAUSES), len(rest))
    destination = " ".join(rest[:cut]) or "any"
    return Question(source, destination, _packet(rest[cut:]), one_way, port_at)


def _packet(words: list[str]) -> Packet:
    clauses: dict[str, str] = {}
    while words:
        name = words.pop(0).lower()
        if name not in _CLAUSES:
            meant = clauses.get("port")
            known = meant and "/" not in meant and name in ("tcp", "udp")
            form = f"did you mean port {meant}/{name}?" if known else _FORM
            raise QuestionError(f"{name!r} is not understood after the ends: {form}")
        if name in clauses:
            raise QuestionError(f"{name!r} is said twice")
        # `icmp` is a clause, and the name of a protocol where one is awaited.
        others = [each for each in _CLAUSES if (name, each) != ("protocol", "icmp")]
        takes = bool(words) and words[0].lower() not in others
        if not takes and name != "icmp":
            raise QuestionError(f"{name!r} needs a number after it: {_FORM}")
        clauses[name] = words.pop(0) if takes else ""
    if "icmp" in clauses:
        if len(clauses) > 1:
            raise QuestionError("icmp has no ports and is a protocol itself: ask for one of them")
        return _icmp(clauses["icmp"])
    return _transport(clauses.get("port"), clauses.get("protocol"))


def _icmp(text: str) -> Packet:
    if not text:
        return Packet(echo=True)
    kind, slash, code = text.partition("/")
    return Packet(
        icmp_type=_number(kind, 255, "an ICMP type"),
        icmp_code=_number(code, 255, "an ICMP code") if slash else None,
    )


def _transport(port: str | None, protocol: str | None) -> Packet:
    number = None if protocol is None else _protocol(protocol)
    if port is None:
        return Packet(protocol=number)
    span, slash, name = port.partition("/")
    if slash:
        named = _protocol(name)
        if number is not None and named != number:
            raise QuestionError(f"port {port} and protocol {protocol} contradict each other")
        number = named
    number = TCP if number is None else number
    if number not in (TCP, UDP):
        raise QuestionError(f"{format_protocol(number)} has no ports: only tcp and udp have")
    first, dash, last = span.partition("-")
    low = _number(first, 65535, "a port")
    high = _number(last, 65535, "a port") if dash else low
    if low > high:
        raise QuestionError(f"port {span} is empty: did you mean {high}-{low}?")
    return Packet(protocol=number, ports=(low, high))


def _protocol(text: str) -> int:
    try:
        return parse_protocol(text)
    except ValueError as error:
        raise QuestionError(str(error)) from None


def _number(text: str, most: int, what: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= most):
        raise QuestionError(f"{text!r} is not {what}: a number from 0 to {most}")
    return int(text)
