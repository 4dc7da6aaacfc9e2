"""``reach explain CODE``: what a code means and what to do, against a catalogue."""

from __future__ import annotations

from dataclasses import replace

import pytest
from click.testing import CliRunner

import reach
from reach.cards import report
from reach.cards.advice import ADVICE
from reach.cards.codes import card_of, is_code
from reach.cli import cli
from reach.codes import CODES as CATALOGUE
from reach.codes import PATH, Code
from reach.render.paper import Paper
from tests.estate import Pair

PLAIN = Code(
    "SG_HAS_NO_RULES",
    PATH,
    "No rule of the interface's security groups allows the packet.",
    "R-SG-1 R-SG-3",
    "Direction SecurityGroups",
)
CODES = {
    each.name: each
    for each in (
        PLAIN,
        replace(
            PLAIN,
            name="ENI_SG_RULES_MISMATCH",
            sample="security_group",
            case="login from anywhere else",
        ),
        replace(PLAIN, name="IGW_NAT_REFLECTION", never="it is followed"),
    )
}


def test_a_code_as_text() -> None:
    """Meaning, usual cause, what to change, rules with who implements them, an example."""
    paper = Paper(colour=False, width=100)
    report.code(paper, card_of("eni_sg_rules_mismatch", CODES))
    lines = paper.text.splitlines()
    assert lines[:3] == [
        "ENI_SG_RULES_MISMATCH  path is not reachable",
        "  No rule of the interface's security groups allows the packet.",
        "",
    ]
    assert "Usually" in lines
    assert "Look at, and change" in lines
    assert "Cannot stand in an answer" not in lines
    assert lines[-4:] == [
        "  rules              R-SG-1 R-SG-3",
        "  implemented by     security_group",
        "  AWS tells with it  Direction, SecurityGroups",
        '  example            samples/security_group, case "login from anywhere else"',
    ]


def test_a_code_that_cannot_arise_says_why() -> None:
    """In the place of an example there is the reason."""
    paper = Paper(colour=False, width=100)
    report.code(paper, card_of("IGW_NAT_REFLECTION", CODES))
    lines = paper.text.splitlines()
    assert lines[lines.index("Cannot stand in an answer") + 1] == "  it is followed"
    assert not any("example" in line for line in lines)


def test_an_unknown_code_names_the_nearest() -> None:
    """One letter off, or another word: what was meant, perhaps."""
    with pytest.raises(reach.QuestionError) as error:
        card_of("ENI_SG_RULE_MISMATCH", CODES)
    assert error.value.candidates[0] == "ENI_SG_RULES_MISMATCH"
    with pytest.raises(reach.QuestionError) as error:
        card_of("QQQ_ZZZ", CODES)
    assert error.value.candidates == ()
    assert str(error.value) == "'QQQ_ZZZ' is no explanation code"


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("ENI_SG_RULES_MISMATCH", True),
        ("no_path", True),
        ("BAD_STATE", True),
        ("sg-0123456789abcdef0", False),
        ("web", False),
        ("arn:aws:ec2:us-east-1:1:instance/i_0", False),
        ("my tag_1", False),
        ("", False),
    ],
)
def test_what_is_a_code_and_what_an_id(text: str, answer: bool) -> None:
    """Only words joined by underscores are a code."""
    assert is_code(text) is answer


def test_an_id_needs_a_snapshot() -> None:
    """Without one the usage is told, with status 2."""
    result = CliRunner().invoke(cli, ["explain", "sg-0123456789abcdef0"])
    assert result.exit_code == 2
    assert "--snapshot" in result.stderr


def test_a_name_with_underscores_is_a_thing_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a snapshot: a code is a code, else a Name is a Name, else the nearest code is told."""
    from reach.cards import codes, explaining

    for module in (codes, explaining):
        monkeypatch.setattr(module, "CODES", CODES)
    e = Pair()
    named = [e.instance(n, e.sb, f"10.0.1.{9 + i}") for i, n in enumerate(("MY_WEB", "NO_PATH"))]
    load = e.load

    def told(text: str) -> reach.Card | codes.CodeCard:
        return explaining.explain(text, load, seconds=60, options={})

    assert isinstance(told("SG_HAS_NO_RULES"), codes.CodeCard)
    assert isinstance(told("sg_has_no_rules"), codes.CodeCard)
    found = told("MY_WEB")
    assert isinstance(found, reach.Card)
    assert found.id == named[0]
    with pytest.raises(reach.QuestionError, match="no explanation code"):
        told("SG_HAS_NO_RULE")
    with pytest.raises(reach.QuestionError, match="not in the snapshot"):
        told("i-0123")


def test_every_code_of_the_catalogue_has_advice() -> None:
    """What is usually behind it and what to change, for each code and for no other."""
    assert set(ADVICE) == set(CATALOGUE)
    for name in CATALOGUE:
        told = card_of(name, CATALOGUE)
        assert told.cause
        assert told.change
        assert told.sample or told.never or not told.case


def test_advice_is_in_sentences() -> None:
    """Each text ends as a sentence does."""
    assert [name for name, each in ADVICE.items() if not all(t.endswith(".") for t in each)] == []
