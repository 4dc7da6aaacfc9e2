"""Section 23 of the reference, row by row: from JSON to the verdict.

Each row is a function whose docstring is the row; its number is the test's id. A row that gives two
polarities is asked both ways, and where a row says DENY for one reason a control without that
reason is asked as well, so that no test passes because of something else.
"""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

from tests.traps.rows import ROWS

REFERENCE = Path(__file__).resolve().parents[3] / "shared" / "reference" / "aws-semantics.md"
for module in sorted(Path(__file__).parent.glob("section23_*.py")):
    importlib.import_module(f"tests.traps.{module.stem}")


def _place(number: str) -> int:
    return int(number.removeprefix("T-"))


NUMBERS: list[str] = sorted(ROWS, key=_place)


@pytest.mark.parametrize("number", NUMBERS)
def test_row(number: str) -> None:
    ROWS[number]()


def reference_rows() -> list[str]:
    text = REFERENCE.read_text()
    section = text[text.index("## 23. ") : text.index("## 23b.")]
    return re.findall(r"^\| (T-\d+) \|", section, re.M)


@pytest.mark.skipif(not REFERENCE.exists(), reason=f"the reference is absent: {REFERENCE}")
def test_no_row_is_forgotten() -> None:
    """Every row of section 23 is tested, and nothing else is."""
    rows = reference_rows()
    assert len(rows) > 100
    assert sorted(rows) == sorted(ROWS)
