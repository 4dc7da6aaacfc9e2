"""What a rule says of headers, and what only the packets themselves show."""

from __future__ import annotations

import pytest

from reach.network.field import Header, parse_protocol
from reach.network.header_space import HeaderSpace
from reach.suricata.expression import nothing_known
from reach.suricata.signature import (
    Head,
    Signature,
    Verb,
    When,
    mirrored,
    parse,
    rules,
    signature,
)
from tests.aws.ground import packet

EVERY, LATER, HANDSHAKE = When.EVERY, When.LATER, When.HANDSHAKE


def read(text: str) -> Signature:
    return signature(*parse(text), nothing_known, nothing_known, text)


def readings(text: str) -> list[tuple[When, bool]]:
    return [(reading.when, reading.certain) for reading in read(text).readings]


def met(text: str, header: Header) -> list[When]:
    """When the rule can match in a flow that this packet opens."""
    return [r.when for r in read(text).readings if any(header in space for space in r.spaces)]


TCP = packet("10.0.0.5", "8.8.8.8", "tcp/443")
UDP = packet("10.0.0.5", "8.8.8.8", "udp/53")
PING = packet("10.0.0.5", "8.8.8.8", "icmp/8")

# ------------------------------ parsing


def test_comments_and_long_lines() -> None:
    """One rule a line, unless a backslash joins it to the next; comments and blanks are none."""
    text = (
        "# a rule\n\npass tcp any any -> any 80 \\\n  (sid:1;)\r\n  # drop ip\ndrop ip (sid:2;)\n"
    )
    assert [" ".join(rule.split()) for rule in rules(text)] == [
        "pass tcp any any -> any 80 (sid:1;)",
        "drop ip (sid:2;)",
    ]


def test_a_rule_in_parts() -> None:
    """Lists may hold spaces; quotes and backslashes hide semicolons."""
    head, options = parse(
        "drop tcp [10.0.0.0/8, !10.1.0.0/16] any -> $EXTERNAL_NET [80, 443] "
        r'(msg:"a; b (c)"; content:"x\;y"; sid:7; flow: established,to_server; nocase;)'
    )
    assert head == Head(
        *("drop", "tcp", "[10.0.0.0/8, !10.1.0.0/16]", "any", "->", "$EXTERNAL_NET", "[80, 443]")
    )
    assert options == (
        ("msg", '"a; b (c)"'),
        ("content", r'"x\;y"'),
        ("sid", "7"),
        ("flow", "established,to_server"),
        ("nocase", ""),
    )


@pytest.mark.parametrize(
    "text",
    ["drop tcp any any -> any (sid:1;)", "drop", "pass tcp any any -> any 80", "x (sid:1;"],
)
def test_what_is_no_rule(text: str) -> None:
    with pytest.raises(ValueError, match="is no rule"):
        parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "accept tcp any any -> any any (sid:1;)",
        "drop tcp any any >> any any (sid:1;)",
        "drop tcp ten any -> any any (sid:1;)",
        "drop tcp any http -> any any (sid:1;)",
    ],
)
def test_what_means_nothing(text: str) -> None:
    """An action, a direction, an address or a port that is none is an error."""
    with pytest.raises(ValueError, match=r"."):
        read(text)


@pytest.mark.parametrize(
    ("action", "verb"),
    [
        ("pass", Verb.PASS),
        ("drop", Verb.DROP),
        ("reject", Verb.DROP),
        ("rejectboth", Verb.DROP),
        ("alert", Verb.ALERT),
    ],
)
def test_actions(action: str, verb: Verb) -> None:
    """All kinds of reject drop."""
    assert read(f"{action} ip any any -> any any (sid:1;)").verb is verb


# ------------------------------ what a header shows


def test_the_five_tuple() -> None:
    """R-NFW-9: a rule without more is certain where its header matches, in its direction."""
    text = 'drop tcp 10.0.0.0/8 any -> any 443 (msg:"x"; sid:1; rev:2; metadata:a b; priority:5;)'
    assert readings(text) == [(EVERY, True)]
    assert met(text, TCP) == [EVERY]
    assert met(text, packet("8.8.8.8", "10.0.0.5", "tcp/443")) == []
    assert met(text, packet("10.0.0.5", "8.8.8.8", "tcp/80")) == []
    assert met(text, UDP) == []
    assert read(text).priority == 5
    assert read(text).sid == "1"


def test_both_directions() -> None:
    """``<>`` is about flows either way."""
    text = "drop tcp 10.0.0.0/8 any <> any 443 (sid:1;)"
    assert met(text, TCP) == [EVERY]
    back = packet("8.8.8.8", "10.0.0.5", "tcp/50000", client=443)
    assert met(text, back) == [EVERY]
    assert met(text, packet("8.8.8.8", "10.0.0.5", "tcp/443", client=50000)) == []


@pytest.mark.parametrize(
    ("protocol", "expected"),
    [
        ("ip", [True, True, True]),
        ("tcp", [True, False, False]),
        ("udp", [False, True, False]),
        ("icmp", [False, False, True]),
        ("icmpv6", [False, False, False]),
        ("ipv6", [False, False, False]),
        ("ipv4", [True, True, True]),
    ],
)
def test_protocols(protocol: str, expected: list[bool]) -> None:
    text = f"drop {protocol} any any -> any any (sid:1;)"
    assert [bool(met(text, header)) for header in (TCP, UDP, PING)] == expected
    assert all(certain for _, certain in readings(text))


def test_options_that_a_header_shows() -> None:
    """ICMP's type and code, and the protocol's number."""
    text = "drop icmp any any -> any any (itype:8; icode:0; sid:1;)"
    assert readings(text) == [(EVERY, True)]
    assert met(text, PING) == [EVERY]
    assert met(text, packet("10.0.0.5", "8.8.8.8", "icmp/13")) == []
    by_number = "drop ip any any -> any any (ip_proto:47; sid:1;)"
    assert met(by_number, packet("10.0.0.5", "8.8.8.8", "47")) == [EVERY]
    assert met(by_number, TCP) == []


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("ip_proto:TCP; ", [True, False, False, False]),
        ("ip_proto:!TCP; ", [False, True, True, True]),
        ("ip_proto:!6; ip_proto:!udp; ", [False, False, True, True]),
        ("ip_proto:!TCP; ip_proto:!UDP; ip_proto:!ICMP; ", [False, False, False, True]),
        ("ip_proto:>6; ", [False, True, False, True]),
        ("ip_proto:<6; ", [False, False, True, False]),
        ("ip_proto:esp; ", [False, False, False, True]),
    ],
)
def test_protocols_by_number(options: str, expected: list[bool]) -> None:
    """A name or a number, all others, those above or below: certain, as a header shows it."""
    text = f"drop ip any any -> any any ({options}sid:1;)"
    esp = packet("10.0.0.5", "8.8.8.8", "50")
    assert [bool(met(text, header)) for header in (TCP, UDP, PING, esp)] == expected
    assert readings(text) == [(EVERY, True)]


@pytest.mark.parametrize("value", ["quux", "!quux", "256", ">", "!"])
def test_protocols_that_nobody_can_read(value: str) -> None:
    """What an `ip_proto` says of them may match anything."""
    assert readings(f"drop ip any any -> any any (ip_proto:{value}; sid:1;)") == [(EVERY, False)]


# ------------------------------ what only packets show


@pytest.mark.parametrize(
    "options",
    ['content:"x"; ', 'pcre:"/x/"; ', "http.host; ", 'tls.sni; content:"x"; ', "ja3.hash; "],
)
def test_content(options: str) -> None:
    """Of TCP the opening packet carries nothing, of any other protocol it may."""
    text = f"drop ip any any -> any any ({options}sid:1;)"
    assert readings(text) == [(LATER, False), (EVERY, False)]
    assert (met(text, TCP), met(text, UDP)) == ([LATER], [EVERY])


@pytest.mark.parametrize("option", ["ttl:<5", "geoip:src,US", "flags:S", "dsize:0", "sameip"])
def test_what_an_empty_packet_shows_as_well(option: str) -> None:
    """It may match the opening packet already."""
    assert readings(f"drop tcp any any -> any any ({option}; sid:1;)") == [(EVERY, False)]


def test_keywords_that_nobody_knows() -> None:
    """They may match any packet."""
    assert readings("drop tcp any any -> any any (brand_new:1; sid:1;)") == [(EVERY, False)]


@pytest.mark.parametrize(
    ("protocol", "carried"),
    [
        ("http", ["tcp"]),
        ("tls", ["tcp"]),
        ("ssh", ["tcp"]),
        ("dns", ["tcp", "udp"]),
        ("ntp", ["udp"]),
        ("quic", ["udp"]),
    ],
)
def test_applications(protocol: str, carried: list[str]) -> None:
    """An application's protocol rides on TCP or UDP; whether it is that one, packets show."""
    text = f"drop {protocol} any any -> any any (sid:1;)"
    found = {"tcp": met(text, TCP), "udp": met(text, UDP)}
    assert [name for name, when in found.items() if when] == carried
    assert found["tcp"] in ([], [LATER])
    assert not any(certain for _, certain in readings(text))


def test_a_protocol_that_nobody_knows() -> None:
    """It may be any."""
    text = "drop gopher any any -> any any (sid:1;)"
    assert readings(text) == [(EVERY, False)]
    assert met(text, UDP) == [EVERY]


# ------------------------------ flows


@pytest.mark.parametrize(
    ("flow", "when", "certain"),
    [
        ("to_server", EVERY, True),
        ("from_client", EVERY, True),
        ("stateless", EVERY, True),
        ("to_server,no_stream", EVERY, True),
        ("established", LATER, True),
        ("established,to_server", LATER, True),
        ("not_established", HANDSHAKE, True),
        ("only_frag", EVERY, False),
    ],
)
def test_flow(flow: str, when: When, certain: bool) -> None:
    """Of TCP: which packets of a flow a rule can match."""
    assert readings(f"drop tcp any any -> any 443 (flow:{flow}; sid:1;)") == [(when, certain)]


def test_flows_of_other_protocols() -> None:
    """Whether a UDP flow counts as established its opening packet does not tell."""
    text = "drop udp any any -> any 53 (flow:established; sid:1;)"
    assert readings(text) == [(EVERY, False)]


def test_packets_to_the_client() -> None:
    """They are the replies: the rule is about the flows that these answer."""
    text = "drop tcp 8.8.8.8 443 -> any any (flow:to_client; sid:1;)"
    assert met(text, TCP) == [LATER]
    assert met(text, packet("8.8.8.8", "10.0.0.5", "tcp/50000", client=443)) == []


def test_flowbits() -> None:
    """To set a bit asks nothing of the packet, to look at one does."""
    assert readings("drop tcp any any -> any any (flowbits:set,x; sid:1;)") == [(EVERY, True)]
    assert readings("drop tcp any any -> any any (flowbits:isset,x; sid:1;)") == [(EVERY, False)]


def test_names_that_are_not_known() -> None:
    """A rule about them may match wherever the rest of its header does."""
    given = read("drop tcp $HOME_NET any -> any 443 (sid:1;)")
    assert given.unknown == "$HOME_NET is not defined"
    assert [(r.when, r.certain) for r in given.readings] == [(EVERY, False)]
    assert met("drop tcp $HOME_NET any -> any 443 (sid:1;)", TCP) == [EVERY]


def test_mirrored_twice_is_the_same() -> None:
    space = HeaderSpace.where(source=None, destination_port=None)
    assert mirrored(mirrored(space)) == space
    text = "drop tcp 10.0.0.0/8 any -> 8.8.8.8 443 (sid:1;)"
    (there,) = read(text).readings[0].spaces
    assert mirrored(mirrored(there)) == there
    assert packet("8.8.8.8", "10.0.0.5", "tcp/50000", client=443) in mirrored(there)


def test_protocol_numbers_are_ours() -> None:
    """The names of the header's own protocols mean what they mean elsewhere."""
    for name in ("tcp", "udp", "icmp"):
        (reading,) = read(f"drop {name} any any -> any any (sid:1;)").readings
        assert parse_protocol(name) in reading.spaces[0].by_name["protocol"]
