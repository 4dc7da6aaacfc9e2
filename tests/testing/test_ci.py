"""What docs/ci offers to copy is well-formed, and says what the command takes."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import click
import pytest
from ruamel.yaml import YAML

from reach.cli import cli

CI = Path(__file__).resolve().parents[2] / "docs" / "ci"


def read(name: str) -> Any:
    return YAML(typ="safe", pure=True).load((CI / name).read_text())


def parsed(words: list[str], name: str = "test") -> dict[str, Any]:
    """The options of a command line of ``reach test``, as the command reads them."""
    assert words[:2] == ["reach", name]
    command = cli.commands[name]
    above = click.Context(cli, **cli.context_settings)
    with command.make_context(name, words[2:], parent=above) as context:
        return dict(context.params)


def test_the_workflow_asks_and_reports() -> None:
    """Each report that a later step reads is one that the run writes."""
    workflow = read("github-workflow.yml")
    (ask,) = (step for step in workflow["jobs"]["suites"]["steps"] if step.get("id") == "ask")
    script = re.sub(r"\$\{\{.*?\}\}", "--baseline baseline.json", ask["run"])
    (line,) = re.findall(r"^reach test (?:.*\\\n)*.*", script, re.M)
    options = parsed(shlex.split(line.replace("|| status=$?", "")))
    assert dict(options["reports"]) == {
        "json": "result.json",
        "junit": "reach.xml",
        "sarif": "reach.sarif",
        "markdown": "reach.md",
        "github": "annotations.txt",
    }
    assert options["baseline"] == "baseline.json"


def test_the_matrix_asks_every_shard_once_and_merges_them() -> None:
    """As many as it says there are, all of one day; what is uploaded is what is merged."""
    workflow = read("github-matrix.yml")
    jobs = workflow["jobs"]
    shards = jobs["shards"]["strategy"]["matrix"]["shard"]
    assert shards == list(range(1, workflow["env"]["SHARDS"] + 1))
    (ask,) = (step for step in jobs["shards"]["steps"] if step.get("name") == "Ask")
    assert ask["env"]["REACH_TODAY"] == "${{ needs.day.outputs.today }}"
    line = ask["run"].replace("$SHARDS", str(len(shards))).replace("$SHARD", "3")
    options = parsed(shlex.split(line.partition(" > ")[0]))
    assert (str(options["shard"]), options["reports"]) == ("3 of 4", (("json", "shard-3.json"),))
    assert (options["case_seconds"], options["case_memory"]) == (60, 2 << 30)
    (merge,) = (step for step in jobs["whole"]["steps"] if step.get("name") == "Merge")
    (line,) = re.findall(r"^reach merge (?:.*\\\n)*.*", merge["run"], re.M)
    words = shlex.split(line.replace("|| status=$?", "").replace("\\\n", " "))
    options = parsed(words, "merge")
    assert options["shards"] == ("shard-*.json",)
    assert dict(options["reports"])["junit"] == "reach.xml"


def test_the_workflow_puts_no_stranger_into_a_script() -> None:
    """What an event brings along reaches a script by the environment only."""
    files = [read("github-workflow.yml"), read("github-matrix.yml")]
    steps = [step for file in files for job in file["jobs"].values() for step in job["steps"]]
    brought = re.compile(r"\$\{\{[^}]*github\.event\.[^}]*\}\}")
    assert [step["run"] for step in steps if brought.search(step.get("run", ""))] == []


def test_the_hook_asks() -> None:
    ((hook,),) = (repo["hooks"] for repo in read("pre-commit-config.yaml")["repos"])
    options = parsed([*shlex.split(hook["entry"]), *hook["args"]])
    assert options["suites"] == ("suites/",)
    assert re.match(hook["files"], "suites/edge.reach.yaml")
    assert re.match(hook["files"], "snapshot/vpcs.json")
    assert hook["pass_filenames"] is False


@pytest.mark.parametrize(
    "name", ["github-workflow.yml", "github-matrix.yml", "pre-commit-config.yaml"]
)
def test_the_page_names_it(name: str) -> None:
    assert f"]({name})" in (CI / "README.md").read_text()
