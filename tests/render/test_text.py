"""The text of an answer, whole: what a person reads."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reach.answer import Answer, Remark, Witness
from reach.network.field import ICMP, Header
from reach.network.stage import Origin
from reach.render import render
from reach.render.paper import Paper, cells, visible
from tests.render import specimens

REACHABLE = """\
REACHABLE  can internet reach i-0abc port 22

  from    the internet
  to      i-0abc web-1
  packet  203.0.113.7:50000 -> 198.51.100.7:22 tcp
  reply   gets back

Path of the packet
  1 internet
     sends this in by igw-0a1
  2 igw-0a1 (main)  internet gateway
     puts the private address in the destination
     now 203.0.113.7:50000 -> 10.0.0.5:22 tcp
  3 subnet-0d1 (public-a)
     acl-0c1 (public) inbound rule 100: allows inbound 0.0.0.0/0
  4 eni-0f1 (web-1)  network interface
     sg-0e1 (web): allows inbound tcp 22 from any
     arrives

Path of the reply
  1 eni-0f1 (web-1)  network interface
     starts
  2 subnet-0d1 (public-a)
     rtb-0a9 (public) route 0.0.0.0/0: routes to igw-0a1
     acl-0c1 (public) outbound rule 100: allows outbound 0.0.0.0/0
  3 igw-0a1 (main)  internet gateway
     puts the public address in the source
     now 198.51.100.7:22 -> 203.0.113.7:50000 tcp
  4 internet
     arrives

Assumed
  - nat-0a5: serves this zone from another one

Notes
  - not for every source port
"""

UNREACHABLE = """\
UNREACHABLE  can internet reach i-0abc port 22

  from    the internet
  to      i-0abc web-1
  reply   has to get back as well

Blocked by
  1 sg-0e1 (web) inbound  ENI_SG_RULES_MISMATCH
     no inbound rule allows this
     on the way there, 203.0.113.7:50000 -> 10.0.0.5:22 tcp
  2 acl-0c1 (public) outbound rule *  SUBNET_ACL_RESTRICTION
     denies outbound what no rule allows
     on the way back, 10.0.0.5:22 -> 203.0.113.7:50000 tcp

The path, were it not for these
  1 internet
     sends this in by igw-0a1
  2 igw-0a1 (main)  internet gateway
     puts the private address in the destination
     now 203.0.113.7:50000 -> 10.0.0.5:22 tcp
  3 eni-0f1 (web-1)  network interface

The path of the reply, were it not for these
  1 eni-0f1 (web-1)  network interface
     starts
  2 igw-0a1 (main)  internet gateway
     puts the public address in the source
     now 198.51.100.7:22 -> 203.0.113.7:50000 tcp
  3 internet
"""

UNDECIDED = """\
UNDECIDED  can i-0abc reach 10.9.0.5 port 443

  from    i-0abc web-1
  to      10.9.0.5
  packet  10.0.0.5:50000 -> 10.9.0.5:443 tcp
  reply   has to get back as well

Why
  a packet gets as far as what the snapshot does not settle

Not known
  - tgw-0b7: is of a kind that is not modelled yet

Path of the packet, as far as it is known
  1 eni-0f1 (web-1)  network interface
     sg-0e1 (web): allows outbound all
  2 tgw-0b7  unmodelled
"""


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (specimens.reachable(), REACHABLE),
        (specimens.unreachable(), UNREACHABLE),
        (specimens.undecided(), UNDECIDED),
    ],
    ids=lambda value: value.verdict if isinstance(value, Answer) else "",
)
def test_whole_text(answer: Answer, expected: str) -> None:
    """Verdict, ends, evidence, what it rests on, in this order; idle hops are left out."""
    assert render(answer, width=100) == expected


def test_one_way_shows_no_reply() -> None:
    text = render(specimens.one_way())
    assert "  reply   not asked for\n" in text
    assert "Path of the reply" not in text


def test_a_message_that_nobody_answers_is_not_said_to_come_back() -> None:
    packet = Header(*specimens.INSIDE[:2], ICMP, icmp_type=3)
    answer = replace(specimens.reachable(), witness=Witness(packet, specimens.FORWARD[:1]))
    text = render(answer)
    assert "  reply   none is sent\n" in text
    assert "203.0.113.7 -> 10.0.0.5 icmp type 3 code 0" in text


def test_a_reason_that_quotes_its_gaps_is_enough() -> None:
    answer = specimens.undecided()
    said = "; ".join(f"{gap.resource}: {gap.text}" for gap in answer.gaps)
    assert "Not known" in render(answer)
    assert "Not known" not in render(replace(answer, reason=said))


def test_a_change_of_identity_alone_changes_nothing() -> None:
    """The group set that a packet carries is on no wire, so a hop that sets it is plumbing."""
    first, last = specimens.FORWARD[0], specimens.FORWARD[-1]
    inside = specimens.INSIDE
    ghost = specimens.step("x-1", "vpc", "", inside, after=inside._replace(identity=7))
    text = render(replace(specimens.one_way(), witness=Witness(inside, (first, ghost, last))))
    assert "x-1" not in text


def test_hostile_names_are_shown_and_obeyed_in_nothing() -> None:
    """No control character, no reading direction, no line that a name begins."""
    text = render(specimens.hostile(), colour=False)
    assert all(letter.isprintable() or letter == "\n" for letter in text)
    assert r"a\x1b[2J\x1b[1;32mREACHABLE\r\nREACHABLE\u202e\x9b31m\u200b\x07" in text
    assert [line for line in text.split("\n") if line.startswith("REACHABLE")] == []


def test_hostile_names_cannot_add_codes_to_coloured_text() -> None:
    text = render(specimens.hostile(), colour=True)
    bare = text
    for code in ("1", "2", "1;32", "1;31", "1;33", "36", "35", "0"):
        bare = bare.replace(f"\x1b[{code}m", "")
    assert "\x1b" not in bare
    assert bare == render(specimens.hostile(), colour=False)


@pytest.mark.parametrize("make", [specimens.reachable, specimens.unreachable, specimens.undecided])
def test_colour_changes_no_word(make: object) -> None:
    assert callable(make)
    plain, coloured = render(make()), render(make(), colour=True)
    assert "\x1b" not in plain
    assert "\x1b[" in coloured
    parts = coloured.replace("\x1b[0m", "").split("\x1b[")
    assert plain == parts[0] + "".join(part.partition("m")[2] for part in parts[1:])


@pytest.mark.parametrize("width", [1, 44, 72, 100])
def test_no_line_is_wider_than_asked_unless_a_word_is(width: int) -> None:
    for make in (specimens.reachable, specimens.unreachable, specimens.undecided):
        text = render(make(), width=width)
        assert max(map(len, text.split("\n"))) <= max(width, 40)
        assert "\n\n\n" not in text
        assert not any(line.endswith(" ") for line in text.split("\n"))


def test_an_unknown_form_is_refused() -> None:
    with pytest.raises(ValueError, match="text, json"):
        render(specimens.reachable(), "html")


def test_visible_keeps_what_shows_itself() -> None:
    assert visible("web-1 Zürich 数据库 \\n") == "web-1 Zürich 数据库 \\n"
    assert visible("a\tb\n\x7f\xa0\u2028\U000e0041") == r"a\tb\n\x7f\xa0\u2028\U000e0041"
    assert visible("\udcff") == r"\udcff"


def test_wide_letters_take_two_columns() -> None:
    """Columns of a table stay columns below names in any script."""
    assert (cells("web"), cells("数据库"), cells("e\u0301")) == (3, 6, 1)
    paper = Paper(colour=False, width=80)
    paper.table([("数据", "1"), ("abcd", "2")])
    assert paper.text == "  数据  1\n  abcd  2\n"


def test_the_last_column_of_a_table_wraps_below_itself() -> None:
    paper = Paper(colour=False, width=40)
    paper.table([("a", "b", "one two three four five six seven eight nine")], indent=2)
    assert paper.text == "  a  b  one two three four five six\n        seven eight nine\n"


def test_a_blocker_of_both_ways_is_said_once() -> None:
    """What stops the packet and its reply alike is one thing to mend, with both packets."""
    first = specimens.unreachable().explanations[0]
    back = replace(first, direction="reply", packet=specimens.BACK_INSIDE)
    text = render(replace(specimens.unreachable(), explanations=(first, back)))
    assert text.count(first.text) == 1
    assert "on the way there" in text
    assert "on the way back, 10.0.0.5:22 -> 203.0.113.7:50000 tcp" in text


def test_what_is_assumed_is_not_said_to_be_assumed_twice() -> None:
    """Under a title of that name the word goes without saying."""
    remark = Remark("assumed: the flow is sent to zone use1-az1", "tgw-attach-0a1")
    text = render(replace(specimens.reachable(), assumptions=(remark,)))
    assert "  - tgw-attach-0a1: the flow is sent to zone use1-az1" in text


def test_kinds_and_arns_on_the_way() -> None:
    """Abbreviations are spelt as AWS spells them; of an ARN at a hop stands what tells it apart,
    and no name that it has said itself."""
    rule = Origin("arn:aws:network-firewall:eu-west-1:1:stateful-rulegroup/sites", "passes", "rule")
    named = replace(rule, name="sites")
    hop = specimens.step("nat-0a5", "nat gateway", "nat-a", specimens.INSIDE, named)
    text = render(replace(specimens.one_way(), witness=Witness(specimens.INSIDE, (hop,))))
    assert "  1 nat-0a5 (nat-a)  NAT gateway\n     stateful-rulegroup/sites rule: passes\n" in text


def test_a_long_word_stands_beside_its_bullet() -> None:
    """On a line of its own it would be no less too long; and a remark's ARN is told in short."""
    paper = Paper(colour=False, width=40)
    word = "a" * 60
    paper.put("- ", word, " is long", indent=2, hang=4)
    paper.put("some words before ", word, indent=2, hang=4)
    assert paper.text.splitlines() == [
        f"  - {word}",
        "    is long",
        "  some words before",
        f"    {word}",
    ]
    arn = (
        "arn:aws:elasticloadbalancing:us-west-1:028403472736:loadbalancer/net/nlb-web/0934837d0f8f"
    )
    text = render(replace(specimens.reachable(), assumptions=(Remark("picks one", arn),)))
    assert "  - loadbalancer/net/nlb-web/0934837d0f8f: picks one\n" in text
