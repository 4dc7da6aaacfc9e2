"""Surveys as text, JSON, CSV and data frames, and as commands."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import reach
from reach.errors import QuestionError
from reach.render import surveys
from reach.render.paper import cells
from reach.survey.findings import COLUMNS, Isolation, Survey, framed, services_words
from tests.estate import Pair
from tests.terminal import call

ROOT = Path(__file__).parents[2]
TWINS = ROOT / "samples" / "network_acl" / "snapshot"
BALANCED = ROOT / "samples" / "network_load_balancer" / "snapshot"
SERVICES = ["tcp 8025", "tcp 25", "tcp 25-26"]
HOSTILE = '=cmd|" /C calc"!A0\n\x1b[31mred\x1b[0m\u202e,"quoted"'


@pytest.fixture(scope="module")
def balanced() -> Any:
    return reach.load(BALANCED)


def start(
    arguments: Sequence[str], seed: str = "0", **how: Any
) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed}
    how = {"capture_output": True} | how
    return subprocess.run(
        [sys.executable, "-m", "reach.cli", *arguments],
        cwd=ROOT,
        env=environment,
        text=True,
        timeout=120,
        check=False,
        **how,
    )


# ---------------------------------------------------------------- text

EXPOSED = """\
2  kinds of end points of any interface reached from the internet, port 25

In public subnets
  eni-0fb393c9047f679ad  10.110.0.10
    tcp 25  by igw-085c70e56b74ef441, eni-0fb393c9047f679ad
      for example 203.0.113.7:50000 -> 198.51.100.110:25 tcp

In private subnets all the same
  i-001634e7633d7f0d0 letters  10.110.2.5
    tcp 25  by igw-085c70e56b74ef441, eni-0fb393c9047f679ad
      for example 203.0.113.7:50000 -> 198.51.100.110:25 tcp

proved: """


def test_what_is_exposed(balanced: Any) -> None:
    """Who is reached, with what, by which way in, and an example; the private apart."""
    told = reach.exposure(balanced, packet="port 25")
    shown = surveys.text(told, colour=False, width=100)
    assert shown.startswith(EXPOSED)


TOGETHER = """\
1  kind of end point of any interface reached from any interface, port 22

i-0915772863c575b38 ledger and 1 alike reaches
  i-0915772863c575b38 ledger and 1 alike
    tcp 22
      for example 10.50.1.10:50000 -> 10.50.1.11:22 tcp

Told together, as every rule treats them alike
  i-0915772863c575b38 ledger and 1 alike: i-0915772863c575b38 ledger, i-068a8b65ed461dded audit

proved: """
BY_SUBNET = """\
In private subnets all the same
  subnet-04e64d4e18d7e298b sorting
    tcp 25, 8025  by igw-085c70e56b74ef441, eni-0fb393c9047f679ad
      for example 203.0.113.7:50000 -> 198.51.100.110:25 tcp

proved: """


def test_who_is_told_together_is_told_by_name() -> None:
    """Nobody has to know what else is "alike"."""
    told = reach.matrix(reach.load(TWINS), packet="port 22", by="endpoint")
    assert surveys.text(told, colour=False, width=100).startswith(TOGETHER)


def test_of_a_group_that_is_reached_nobody_is_told_as_reached(balanced: Any) -> None:
    """Some of a subnet are reached, and its name says no more than that."""
    shown = surveys.text(reach.exposure(balanced, by="subnet"), colour=False, width=100)
    assert BY_SUBNET in shown


@pytest.mark.parametrize("width", [80, 100])
def test_text_keeps_to_its_width(balanced: Any, width: int) -> None:
    """With colour and without it is the same text, and no line is too long."""
    every: list[Survey | Isolation] = [
        reach.exposure(balanced),
        reach.matrix(balanced, by="subnet"),
        reach.isolated(balanced, "letters", "parcels"),
        reach.exposure(balanced, "letters", "10.0.0.0/8", "port 22"),
    ]
    for told in every:
        plain = surveys.text(told, colour=False, width=width)
        coloured = surveys.text(told, colour=True, width=width)
        assert "\x1b" not in plain
        assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == plain
        assert "\x1b[" in coloured
        assert max(map(cells, plain.splitlines())) <= width


MANY = """\
From the internet to any interface
by igw-085c70e56b74ef441, eni-0fb393c9047f679ad
  1 kind of end point reaches 3 others: tcp 25-26, 8025
  from internet
  to i-0cdfb49de9f03c15b parcels; i-001634e7633d7f0d0 letters; 1 more
  for example 203.0.113.7:50000 -> 198.51.100.110:26 tcp
3 pairs: each with --format json or csv or --by vpc for fewer

proved: """


def test_very_many_pairs_are_told_by_their_way(
    balanced: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One fault lets thousands through, and is one thing to mend."""
    told = reach.isolated(balanced, "internet", "any")
    assert MANY not in surveys.text(told, colour=False, width=100)
    monkeypatch.setattr(surveys, "_MANY", 2)
    monkeypatch.setattr(surveys, "_FEW", 2)
    assert MANY in surveys.text(told, colour=False, width=100)
    for width in (60, 100):
        lines = surveys.text(told, colour=False, width=width).splitlines()
        assert max(map(cells, lines)) <= width
    told = reach.isolated(balanced, "internet", "any", by="vpc")
    monkeypatch.setattr(surveys, "_MANY", 0)
    shown = surveys.text(told, colour=False, width=100)
    assert "1 VPC reaches 1 others" not in shown
    assert "--by vpc" not in shown


def test_the_verdict_comes_first(balanced: Any) -> None:
    """In words that nobody takes for another."""
    heads: dict[str, Survey | Isolation] = {
        "NOTHING  the internet reaches nobody of any interface, port 119": reach.exposure(
            balanced, packet="port 119"
        ),
        "ISOLATED  letters and parcels": reach.isolated(balanced, "letters", "parcels", "port 1"),
    }
    for head, told in heads.items():
        assert surveys.text(told, colour=False, width=100).splitlines()[0] == head
    e = Pair()
    e.drop("NetworkInterfaces")
    left = surveys.text(reach.exposure(e.load()), colour=False, width=100)
    assert left.startswith("UNDECIDED  ")
    assert "settled by: aws ec2 describe-network-interfaces" in " ".join(left.split())


def hostile() -> Pair:
    e = Pair()
    e.a.record["Tags"] = [{"Key": "Name", "Value": HOSTILE}, {"Key": "Stage", "Value": HOSTILE}]
    return e


@pytest.mark.parametrize("by", ["endpoint", "tag:Stage"])
def test_names_come_from_strangers(by: str) -> None:
    """None moves a cursor, colours a line, or becomes a formula or a second cell."""
    told = reach.exposure(hostile().load(), "any", by=by)
    assert told.accesses
    shown = surveys.text(told, colour=False, width=100)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202e]", shown)
    rows = list(csv.reader(io.StringIO(surveys.table(told))))
    assert {len(row) for row in rows} == {len(COLUMNS)}
    for cell in (cell for row in rows for cell in row):
        assert cell.isprintable()
        assert cell.lstrip()[:1] not in tuple("=+-@\uff1d\uff0b\uff0d\uff20")


@pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@A", "\t=1", " =1", "\r=1", "\uff1d1"])
def test_no_cell_is_a_formula(cell: str) -> None:
    """What a spreadsheet might run is quoted."""
    assert surveys._harmless(cell).startswith("'")
    assert surveys._harmless(f"x{cell}")[0] == "x"


def test_csv(balanced: Any) -> None:
    """A line for each access under a line of names."""
    rows = list(csv.DictReader(io.StringIO(surveys.table(reach.exposure(balanced)))))
    assert [row["destination"] for row in rows] == [
        "i-0cdfb49de9f03c15b parcels",
        "i-001634e7633d7f0d0 letters",
        "eni-0fb393c9047f679ad",
    ]
    assert [row["services"] for row in rows] == SERVICES
    assert [row["destination_private"] for row in rows] == ["True", "True", "False"]


# ---------------------------------------------------------------- JSON


def test_json_is_the_same_in_every_process(balanced: Any) -> None:
    """In two runs, in other processes with other hash seeds: the same bytes."""
    arguments = ["matrix", "--by", "endpoint", "--format", "json", "--snapshot", str(BALANCED)]
    one, other = (start(arguments, seed) for seed in ("1", "2"))
    assert one.stdout == other.stdout
    told = json.loads(one.stdout)
    assert told == json.loads(json.dumps(reach.matrix(balanced, by="endpoint").to_dict()))
    pairs = [(each["source"], each["destination"]) for each in told["accesses"]]
    assert pairs == sorted(pairs)
    assert told["kind"] == "matrix"
    assert told["complete"] is True
    assert {each["key"] for each in told["sources"]} == {source for source, _ in pairs}


def test_json_of_both_directions(balanced: Any) -> None:
    """Isolation says yes, no or undecided, and has both surveys."""
    told = reach.isolated(balanced, "letters", "parcels", "port 1").to_dict()
    assert told["isolated"] == "yes"
    assert [told[way]["standing"] for way in ("there", "back")] == ["nothing", "nothing"]
    assert told["there"]["packet"] == "port 1"


# ---------------------------------------------------------------- data frames


def test_a_frame_of_pandas(balanced: Any) -> None:
    pytest.importorskip("pandas")
    frame = reach.exposure(balanced).to_frame()
    assert type(frame).__module__.startswith("pandas")
    assert list(frame.columns) == COLUMNS
    assert list(frame["services"]) == SERVICES
    assert list(reach.exposure(balanced, packet="port 119").to_frame().columns) == COLUMNS


def test_a_frame_of_polars(balanced: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no pandas."""
    pytest.importorskip("polars")
    monkeypatch.setitem(sys.modules, "pandas", None)
    frame = reach.exposure(balanced).to_frame()
    assert type(frame).__module__.startswith("polars")
    assert frame.columns == COLUMNS
    assert frame["destination_private"].to_list() == [True, True, False]
    empty = reach.exposure(balanced, packet="port 119").to_frame()
    assert (empty.columns, empty.height) == (COLUMNS, 0)


def test_no_frame_without_either(balanced: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What would do is said."""
    monkeypatch.setitem(sys.modules, "pandas", None)
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(ImportError, match="a data frame needs pandas or polars: pip install"):
        framed([])
    with pytest.raises(ImportError, match="pip install pandas"):
        reach.isolated(balanced, "letters", "parcels", "port 1").to_frame()


# ---------------------------------------------------------------- commands

STATUSES = {
    "exposure": 1,
    "exposure port 119": 0,
    "exposure --from letters --to 198.51.100.0/24 port 7 --by vpc": 0,
    "matrix": 0,
    "matrix --no-proof": 0,
    "exposure port 119 --no-proof": 3,
    "exposure protocol 47": 3,
    "matrix protocol 47": 3,
    "matrix protocol 47 --no-proof": 3,
    "isolated letters parcels port 1": 0,
    "isolated internet letters port 25": 1,
    "isolated letters parcels protocol 47": 3,
    "exposure --by nothing": 2,
    "exposure --from nowhere": 2,
    "isolated letters": 2,
    "exposure port twenty": 2,
}


@pytest.mark.parametrize("line", STATUSES)
def test_exit_status(line: str) -> None:
    """Nothing 0, something 1, bad input 2, undecided 3; errors on stderr, without a traceback."""
    done = call(*line.split(), "--snapshot", str(BALANCED))
    assert done.exit_code == STATUSES[line], done.output
    assert "Traceback" not in done.stderr
    assert bool(done.stdout) == (done.exit_code != 2)
    assert bool(done.stderr) == (done.exit_code == 2)


def test_progress_is_for_terminals() -> None:
    """On a terminal a line says how far it is, and is gone at the end; in a file there is none."""
    arguments = ["exposure", "port", "119", "--snapshot", str(BALANCED)]
    reading, writing = pty.openpty()
    done = start(arguments, capture_output=False, stdout=subprocess.PIPE, stderr=writing)
    os.close(writing)
    said = os.read(reading, 1 << 16).decode()
    os.close(reading)
    assert done.stdout.startswith("NOTHING")
    assert "proving that nothing is left out" in said
    assert said.endswith("\r\x1b[K")
    assert start(arguments).stderr == ""


def test_errors_say_what_was_meant(balanced: Any) -> None:
    """Of a grouping that there is not, all that there are; of an end, that it is not known."""
    with pytest.raises(QuestionError) as error:
        reach.matrix(balanced, by="subnets")
    for each in ("endpoint", "subnet", "group", "vpc", "account", "tag:KEY"):
        assert each in str(error.value)
    with pytest.raises(QuestionError, match="tag:"):
        reach.matrix(balanced, by="tag:")
    with pytest.raises(QuestionError, match="letter"):
        reach.exposure(balanced, "letter")
    with pytest.raises(QuestionError, match="'prot 22' is no packet"):
        reach.exposure(balanced, packet="prot 22")


def test_a_packet_may_be_one_word_of_the_shell_or_several() -> None:
    """As a question may; what is none is said before anything is read."""
    where = ["--by", "subnet", "--snapshot", "samples/two_tier/snapshot"]
    several = start(["matrix", "port", "5432", *where])
    assert "1  subnet of any interface reached" in several.stdout
    assert start(["matrix", "port 5432", *where]).stdout == several.stdout
    wrong = start(["matrix", "prot 22", "--snapshot", "samples/there_is_none"])
    assert wrong.returncode == 2
    assert wrong.stderr.startswith("error: 'prot 22' is no packet")


def test_words_for_services(balanced: Any) -> None:
    """As people say them."""
    told = reach.exposure(balanced, one_way=True)
    assert [services_words(each.services) for each in told.accesses] == SERVICES
