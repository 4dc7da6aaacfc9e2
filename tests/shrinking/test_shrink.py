"""How much smaller classes make a network, and who is in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from reach.cli import cli
from reach.render.paper import Paper
from reach.shrinking import report
from reach.shrinking.shrink import Shrunk, shrink
from tests.estate import Pair


class Town(Pair):
    """A and B alone; three of one kind beside B, two of another, one of them switched off."""

    def __init__(self) -> None:
        super().__init__()
        self.web = self.group(self.v1, ["tcp/443 any"], name="web")
        self.db = self.group(self.v1, ["tcp/5432 any"], name="db")
        self.webs = [
            self.instance(f"web-{n}", self.sb, f"10.0.1.2{n}", [self.web]) for n in range(3)
        ]
        self.dbs = [self.instance(f"db-{n}", self.sb, f"10.0.1.3{n}", [self.db]) for n in range(2)]
        self.instance("db-off", self.sb, "10.0.1.39", [self.db], state="stopped")


@pytest.fixture(scope="module")
def town() -> Town:
    return Town()


@pytest.fixture(scope="module")
def told(town: Town) -> Shrunk:
    return shrink(town.load())


def test_counts(told: Shrunk) -> None:
    """Eight interfaces as five nodes: a class of three, one of two, three alone."""
    assert (told.interfaces, told.nodes_of_interfaces, told.alone) == (8, 5, 3)
    assert told.factor == 1.6
    assert told.sizes == ((1, 3), (2, 1), (3, 1))


def test_members_are_named(town: Town, told: Shrunk) -> None:
    """The largest first; each member by interface, instance and Name."""
    webs, dbs = told.classes
    assert (webs.subnet, webs.subnet_name) == (str(town.sb), "sb")
    assert webs.groups == (f"{town.web} web",)
    assert {(m.interface, m.instance, m.name) for m in webs.members} == {
        (str(each.eni), str(each), f"web-{n}") for n, each in enumerate(town.webs)
    }
    assert {m.name for m in dbs.members} == {"db-0", "db-1"}


def test_nodes_with_and_without(told: Shrunk) -> None:
    """Two members of three and one of two are nodes of their own without the pass.

    Each has eight: it sends and receives, five services of its host, their answers.
    """
    assert told.passes is not None
    classes, _ = told.passes
    assert classes.name == "classes"
    assert classes.without - classes.nodes == 3 * 8


def test_nodes_of_a_slice(told: Shrunk) -> None:
    """No group says anything of port 22, so the running five beside B are one node."""
    assert told.passes is not None
    _, slices = told.passes
    assert slices.name == "slices"
    assert slices.without - slices.nodes == 8


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["show", "--classes", *arguments], prog_name="reach")


def test_text(told: Shrunk, town: Town) -> None:
    """The text counts, and names the members of the largest classes."""
    paper = Paper(colour=False, width=90)
    report.classes(paper, told)
    lines = [line.strip() for line in paper.text.splitlines()]
    assert lines[0].endswith("8 interfaces in 5 classes: 1.60 to one")
    assert f"3 in {town.sb} sb; {town.web} web" in lines
    assert f"{town.dbs[1].eni}  {town.dbs[1]}  db-1" in lines
    assert lines[2:6] == [
        "How many are alike",
        "3 classes  of one interface",
        "1 class    of 2 interfaces",
        "1 class    of 3 interfaces",
    ]


def test_json(town: Town, tmp_path: Path) -> None:
    """The same for programs."""
    result = run("--format", "json", "--snapshot", str(town.write(tmp_path)))
    data: dict[str, Any] = json.loads(result.stdout)
    assert (data["format"], data["interfaces"], data["alone"], data["factor"]) == (1, 8, 3, 1.6)
    assert [len(each["members"]) for each in data["classes"]] == [3, 2]
    assert {each["name"] for each in data["classes"][0]["members"]} == {"web-0", "web-1", "web-2"}


def test_a_large_class_is_cut_short() -> None:
    """Of more than eight members the rest is counted."""
    e = Pair()
    group = e.group(e.v1)
    for host in range(20, 31):
        e.instance(f"n{host}", e.sb, f"10.0.1.{host}", [group])
    paper = Paper(colour=False, width=90)
    report.classes(paper, shrink(e.load()))
    assert "and 3 more interfaces; all with --format json" in paper.text


def test_a_kind_has_no_classes() -> None:
    """--classes is about all interfaces; with a KIND it is refused."""
    result = run("subnets", "--snapshot", "nowhere")
    assert result.exit_code == 2
    assert "leave out KIND" in result.stderr
