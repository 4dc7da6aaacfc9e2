"""The page for newcomers says what the code says."""

from __future__ import annotations

import re
from dataclasses import fields
from functools import cache
from pathlib import Path

import pytest

from reach.component import Component

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "adding-a-component.md"
FOLDERS = ("reach", "tests")


def excerpts() -> list[list[str]]:
    """Every fenced Python block of the page, as lines without their indentation."""
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    return [bare(block) for block in blocks]


def bare(text: str) -> list[str]:
    """The lines, indented as among themselves, without blank ones."""
    lines = [line for line in text.splitlines() if line.strip()]
    least = min((len(line) - len(line.lstrip()) for line in lines), default=0)
    return [line[least:] for line in lines]


@cache
def sources() -> dict[str, list[str]]:
    paths = (path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py")))
    return {
        str(path.relative_to(ROOT)): [s for s in path.read_text().splitlines() if s.strip()]
        for path in paths
        if path != Path(__file__)
    }


def stands_in(block: list[str], lines: list[str]) -> bool:
    """Whether the block is a run of these lines, all indented by so much more."""
    size = len(block)
    for start in range(len(lines) - size + 1):
        if lines[start].lstrip() == block[0].lstrip() and bare(
            "\n".join(lines[start : start + size])
        ) == bare("\n".join(block)):
            return True
    return False


def named(block: list[str]) -> str:
    return block[0].strip()[:40]


@pytest.mark.parametrize("block", excerpts(), ids=named)
def test_every_excerpt_stands_in_the_code(block: list[str]) -> None:
    """As it stands on the page, but for its indentation."""
    assert [where for where, lines in sources().items() if stands_in(block, lines)], "\n".join(
        block
    )


def test_there_are_excerpts() -> None:
    """The component, its test and its builder are all shown."""
    blocks = excerpts()
    assert len(blocks) >= 15
    shown = {
        where
        for block in blocks
        for where, lines in sources().items()
        if "carrier" in "".join(block).lower() and stands_in(block, lines)
    }
    assert {
        "reach/aws/carrier_gateway.py",
        "tests/aws/test_carrier_gateway.py",
        "tests/estates/access.py",
        "tests/traps/section23_access.py",
    } <= shown


def test_an_excerpt_that_is_not_there_is_found_out() -> None:
    """Control: a changed word, a changed indentation, a missing line."""
    (true,) = (block for block in excerpts() if block[0].startswith("class CarrierGateway"))
    lines = sources()["reach/snapshot/gateway_records.py"]
    assert stands_in(true, lines)
    for false in (
        [*true[:1], true[1].replace("Id", "str"), *true[2:]],
        [*true[:1], true[1].lstrip(), *true[2:]],
        [*true[:1], *true[2:]],
    ):
        assert not stands_in(false, lines)


@pytest.mark.parametrize("field", [each.name for each in fields(Component)])
def test_every_field_of_the_contract_is_told(field: str) -> None:
    """Whoever adds a field to the contract tells of it on the page."""
    contract = PAGE.read_text().split("## The contract, field by field")[1].split("\n## ")[0]
    assert f"`{field}`" in contract


def test_the_paths_on_the_page_are_there() -> None:
    """Every file and folder that it names."""
    paths = re.findall(r"`((?:reach|tests|samples|docs)/[\w/.-]+?)/?`", PAGE.read_text())
    assert len(paths) > 8
    assert [path for path in paths if not (ROOT / path).exists()] == []
