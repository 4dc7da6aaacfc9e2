"""What is modelled is said by those who model it, and no rule of AWS is forgotten."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from reach.catalogue import LEFT_OUT, components_told, engine_rules
from reach.components import components

REFERENCE = Path(__file__).resolve().parents[2] / "shared" / "reference" / "aws-semantics.md"
needs_reference = pytest.mark.skipif(
    not REFERENCE.is_file(), reason=f"the reference is absent: {REFERENCE}"
)


def rules() -> set[str]:
    return set(re.findall(r"\*\*(R-[A-Z0-9]+-\d+)\*\*", REFERENCE.read_text()))


def implemented() -> set[str]:
    told = {rule for each in components_told() for rule in each.implements}
    return told | set(engine_rules())


@needs_reference
def test_no_rule_is_forgotten() -> None:
    """Every rule of the reference is implemented by somebody or left out with its reason."""
    assert len(rules()) > 300
    assert sorted(rules() - implemented() - set(LEFT_OUT)) == []


@needs_reference
def test_no_rule_is_invented() -> None:
    """Nobody implements, or leaves out, what the reference does not say."""
    assert sorted((implemented() | set(LEFT_OUT)) - rules()) == []


def test_what_is_left_out_is_implemented_by_nobody() -> None:
    assert sorted(implemented() & set(LEFT_OUT)) == []
    assert [rule for rule, reason in LEFT_OUT.items() if len(reason) < 20] == []


@pytest.mark.parametrize("name", components())
def test_a_component_tells_of_itself(name: str) -> None:
    """A sentence, an explanation, the rules it implements, each once, and what it leaves out."""
    (told,) = (each for each in components_told() if each.name == name)
    assert told.summary.endswith(".")
    assert len(told.summary) < 140
    assert told.implements
    assert len(told.implements) == len(set(told.implements))
    assert told.not_modelled.endswith((".", ")"))
