"""Whoever helps to read may fail in any way: then it is read without help."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import msgspec
import pytest

from reach.components import crew as helpers
from reach.components import sections
from reach.snapshot.crew import Crew, read_all, serve
from reach.snapshot.extract import Extract, extract
from reach.snapshot.files import find
from reach.snapshot.fingerprint import making
from tests.snapshot.writing import as_bytes, vpc, write

MADE = making(sections())
VPCS = {"Vpcs": [vpc()]}


def python(program: str, most: int = 2) -> Crew:
    path = f"import sys; sys.path[:] = {sys.path!r}; "
    return Crew((sys.executable, "-P", "-c", path + program), most)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path, {f"{name}.json": VPCS for name in "abcde"})


@pytest.mark.parametrize("most", [1, 2, 9])
def test_every_file_is_read_once(most: int, folder: Path) -> None:
    """However many help, and however few files there are."""
    helped = helpers()
    if helped is None:
        pytest.skip("one processor: nobody helps")
    told = read_all(find(folder), Crew(helped.command, most), MADE)
    assert told is not None
    expected = [extract(f"{name}.json", as_bytes(VPCS), sections()) for name in "abcde"]
    assert sorted(told, key=lambda each: each.file) == expected


@pytest.mark.parametrize(
    "program",
    [
        "raise SystemExit",
        "sys.stdout.write('no message'); sys.stdout.flush(); sys.stdin.read()",
        "import os; os.kill(os.getpid(), 9)",
        "from reach.snapshot import crew; "
        "crew.serve(b'other', {}, sys.stdin.buffer, sys.stdout.buffer)",
    ],
    ids=["ends at once", "speaks otherwise", "is killed", "is of another making"],
)
def test_who_does_not_help_is_no_help(program: str, folder: Path) -> None:
    """There is no answer then, rather than some of it."""
    assert read_all(find(folder), python(program), MADE) is None


DIES = """
from reach.reader import main
import reach.snapshot.crew as crew
real, count = crew.extract_file, [0]
def dies(*given):
    count[0] += 1
    if count[0] == 2:
        raise SystemExit(3)
    return real(*given)
crew.extract_file = dies
main()
"""


def test_who_dies_half_way_is_no_help(folder: Path) -> None:
    """What it had read is not taken for all."""
    program = f"exec({DIES!r})"
    assert read_all(find(folder), python(program, 1), MADE) is None


def test_a_program_that_is_not_there_is_no_help(folder: Path) -> None:
    assert read_all(find(folder), Crew(("/no/such/program",), 2), MADE) is None


def test_a_file_that_cannot_be_read_is_wrong(folder: Path) -> None:
    """Whoever reads it again says why."""
    job = msgspec.msgpack.encode(("x.json", bytes(folder / "x.json")))
    asked = io.BytesIO(len(job).to_bytes(8, "big") + job)
    told = io.BytesIO()
    serve(b"made", sections(), asked, told)
    text = told.getvalue()
    assert text[:4] == b"made"
    assert msgspec.msgpack.decode(text[12:], type=Extract) == Extract("x.json", wrong=True)
