"""The JSON of an answer: one object, stable, harmless to look at."""

from __future__ import annotations

import json

import pytest

from reach.render import render
from reach.render.json import dumps, pieces
from tests.render import specimens

MAKERS = [
    specimens.reachable,
    specimens.unreachable,
    specimens.undecided,
    specimens.one_way,
    specimens.hostile,
]


@pytest.mark.parametrize("make", MAKERS)
def test_it_says_what_the_answer_says(make: object) -> None:
    """Reading it gives ``to_dict`` back, keys in the same order."""
    assert callable(make)
    answer = make()
    text = render(answer, "json")
    assert text.endswith("}\n")
    assert text.count("\n}\n") == 1
    read = json.loads(text)
    assert read == answer.to_dict()
    assert list(read) == list(answer.to_dict())
    assert text == render(make(), "json")


def test_the_contract() -> None:
    """Verdict always; a witness, explanations with codes, or a reason, by verdict."""
    reached, blocked, left_open = (json.loads(render(make(), "json")) for make in MAKERS[:3])
    assert reached["format"] == 1
    assert reached["verdict"] == "reachable"
    assert reached["witness"]["packet"]["destination_port"] == 22
    assert [each["code"] for each in blocked["explanations"]] == [
        "ENI_SG_RULES_MISMATCH",
        "SUBNET_ACL_RESTRICTION",
    ]
    assert left_open["verdict"] == "undecided"
    assert left_open["reason"]


def test_hostile_names_are_escaped_and_read_back() -> None:
    text = render(specimens.hostile(), "json")
    assert all(letter.isprintable() or letter == "\n" for letter in text)
    assert json.loads(text)["source"] == specimens.hostile().source


@pytest.mark.parametrize("odd", ["\u202e", "\x9b", "\x7f", "\U000e0041", "\udcff", "\u2028"])
def test_odd_characters_are_json_escapes(odd: str) -> None:
    """Also halves of a character, as names of files may hold them."""
    text = dumps({"name": f"ä{odd}"})
    assert all(letter.isprintable() or letter == "\n" for letter in text)
    assert json.loads(text) == {"name": f"ä{odd}"}


def test_what_is_written_piece_by_piece_is_the_same_text() -> None:
    """Iterators stand for lists wherever they are, empty or not."""
    inner = {"f": [2, {"g": []}], "h": [], "n": {"é\n": "\x7f"}}
    plain = {"a": 1, "b": [], "c": [1, {"x": "a\nb é"}], "d": {}, "e": inner, "k": None}
    lazy = plain | {
        "b": iter([]),
        "c": iter([1, {"x": "a\nb é"}]),
        "e": inner | {"f": iter([2, {"g": []}]), "h": iter([])},
    }
    assert "".join(pieces(lazy)) == dumps(plain)
    assert "".join(pieces({})) == dumps({})
