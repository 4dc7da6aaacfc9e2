"""Laws of the repository itself: its shape, its names, and that nothing comes without its company.

    python -m tests.test_repository      prints the report on sizes

What a linter or a type checker can say is left to them, and import contracts to import-linter.
"""

from __future__ import annotations

import ast
import re
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import click
import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parent.parent
CODE = ("reach", "solver", "bench")
FILE_LIMIT = 600
FUNCTION_LIMIT = 60
LARGEST = 10  # files and functions that the report names

# Words that say what sort of thing something is to a programmer, and not what it is. "Model" is a
# satisfying assignment to one half of the readers and the network to the other.
VAGUE = {
    "helper",
    "helpers",
    "manager",
    "managers",
    "handler",
    "handlers",
    "util",
    "utils",
    "model",
}
BACKENDS = "solver/backends"  # where a solver's own words are spoken, "model" among them
VAGUE_MODULES = {*VAGUE, "common", "misc", "data", "info"}

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True, slots=True, order=True)
class Extent:
    """How many lines something has, and where it is."""

    lines: int
    where: str


@cache
def parsed() -> dict[Path, ast.Module]:
    """Every module of ours, parsed."""
    paths = sorted(path for top in CODE for path in (ROOT / top).rglob("*.py"))
    return {path.relative_to(ROOT): ast.parse(path.read_text()) for path in paths}


def files() -> list[Extent]:
    """The modules, longest first."""
    found = [Extent(len((ROOT / path).read_text().splitlines()), str(path)) for path in parsed()]
    return sorted(found, reverse=True)


def functions() -> list[Extent]:
    """The functions, longest first; a nested one counts in its outer one as well."""
    found = [
        Extent(
            (node.end_lineno or node.lineno) - node.lineno + 1, f"{path}:{node.lineno} {node.name}"
        )
        for path, tree in parsed().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    return sorted(found, reverse=True)


def report() -> str:
    """The largest files and functions, and how large they are as a rule."""
    lines = []
    for what, extents, limit in (
        ("files", files(), FILE_LIMIT),
        ("functions", functions(), FUNCTION_LIMIT),
    ):
        ranked = [extent.lines for extent in extents]
        middle, tenth = ranked[len(ranked) // 2], ranked[len(ranked) // 10]
        lines.append(f"{len(ranked)} {what}, median {middle}, p90 {tenth}, limit {limit}")
        lines += [f"  {extent.lines:5}  {extent.where}" for extent in extents[:LARGEST]]
    return "\n".join(lines)


# --- shape ----------------------------------------------------------------------------------------


def test_sizes() -> None:
    """No file is over 600 lines and no function over 60; what is near it is in the report."""
    print(report())
    assert [one for one in files() if one.lines > FILE_LIMIT] == []
    assert [one for one in functions() if one.lines > FUNCTION_LIMIT] == []


def test_every_module_says_what_it_is() -> None:
    """A module that holds anything opens with a docstring."""
    silent = [
        str(path) for path, tree in parsed().items() if tree.body and not ast.get_docstring(tree)
    ]
    assert silent == []


@pytest.mark.parametrize("package", ["reach", "solver"])
def test_types_are_published(package: str) -> None:
    """The typing of the package is there for those who import it."""
    assert (ROOT / package / "py.typed").is_file()


# --- names ----------------------------------------------------------------------------------------


def test_modules_are_named_after_what_they_hold() -> None:
    """No module is called after a vague word."""
    stems = {str(path): words(path.stem) for path in parsed()}
    assert [path for path, found in stems.items() if found & VAGUE_MODULES] == []


def test_identifiers_say_what_they_name() -> None:
    """No class, function, parameter or variable has a vague word in its name."""
    vague = [
        f"{path}:{line} {name}"
        for path, tree in parsed().items()
        for name, line in defined(tree)
        if words(name) & (VAGUE - {"model"} if path.is_relative_to(BACKENDS) else VAGUE)
    ]
    assert vague == []


def defined(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Every name that a module gives to something, with its line."""
    for node in ast.walk(tree):
        if isinstance(node, Definition):
            yield node.name, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, node.lineno


def words(name: str) -> set[str]:
    """The words of an identifier in lower case, be it CamelCase or snake_case."""
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", name)}


# --- components -----------------------------------------------------------------------------------


def components() -> list[str]:
    """The AWS components there are, by file name."""
    return sorted(p.stem for p in (ROOT / "reach" / "aws").glob("*.py") if p.stem[0] != "_")


@pytest.mark.parametrize("component", components())
def test_every_component_has_its_test_and_its_sample(component: str) -> None:
    """One component is one file, one test file and one sample, all of the same name."""
    sample = ROOT / "samples" / component
    wanted = [
        ROOT / "tests" / "aws" / f"test_{component}.py",
        sample / "README.md",
        sample / "cases.reach.yaml",
    ]
    assert [str(path.relative_to(ROOT)) for path in wanted if not path.is_file()] == []
    assert snapshot_of(sample).is_dir(), f"samples/{component} has no snapshot and names none"


def test_every_test_of_a_component_has_its_component() -> None:
    """A test or a sample does not outlive the component that it is named after."""
    tested = {
        path.stem.removeprefix("test_") for path in (ROOT / "tests" / "aws").glob("test_*.py")
    }
    assert sorted(tested - set(components())) == []


def snapshot_of(sample: Path) -> Path:
    """The snapshot of a sample: its own, or that which its cases name."""
    if (sample / "snapshot").is_dir():
        return sample / "snapshot"
    cases = YAML(typ="safe").load(sample / "cases.reach.yaml")
    named = cases.get("snapshot") if isinstance(cases, dict) else None
    return sample / str(named or "snapshot")


# --- the command line -----------------------------------------------------------------------------


def test_every_command_has_help_with_an_example() -> None:
    """``reach ... --help`` says what the command does and shows a line that one could type."""
    lacking = [
        path for path, text in helps() if not re.search(r"^\s*\$? ?reach \S", example(text), re.M)
    ]
    assert lacking == []


def example(text: str) -> str:
    """What follows the word "Example" or "Examples" in a help text."""
    return re.split(r"^\s*Examples?:?", text, maxsplit=1, flags=re.M | re.I)[-1] if text else ""


def helps() -> Iterator[tuple[str, str]]:
    """Every command as one would type it, with its help text."""
    from reach import cli

    groups = [value for value in vars(cli).values() if isinstance(value, click.Group)]
    nested = [command for group in groups for command in group.commands.values()]
    (root,) = {id(group): group for group in groups if group not in nested}.values()
    yield from walk(root, opened(root, "reach", None))


def opened(command: click.Command, name: str, above: click.Context | None) -> click.Context:
    """The context that running the command makes: click keeps the help option of the first."""
    return click.Context(command, above, name, **command.context_settings)


def walk(command: click.Command, context: click.Context) -> Iterator[tuple[str, str]]:
    """The command and, if it is a group, all below it."""
    yield context.command_path, command.get_help(context) if command.help else ""
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from walk(below, opened(below, name, context))


# --- what is published ----------------------------------------------------------------------------


def test_no_file_names_a_place_on_somebodys_disk() -> None:
    """No absolute path under a home directory, nor to where this clone or its neighbours lie."""
    places = re.compile(rf"(?<![\w.~-])(?:{'|'.join(map(re.escape, private_places()))})")
    homes = re.compile(r"(?<![\w.~-])/(?:home|root|Users)/[\w.-]+")
    named = []
    for path in tracked():
        text = (ROOT / path).read_bytes().decode(errors="replace")
        named += [
            f"{path}: {found[0]}" for found in (homes.search(text), places.search(text)) if found
        ]
    assert named == []


def private_places() -> list[str]:
    """Where this clone, its neighbours and its owner's files are, if that says anything."""
    shared = {Path("/"), Path(tempfile.gettempdir()), Path("/tmp")}
    return [f"{place}/" for place in (ROOT, ROOT.parent, Path.home()) if place not in shared]


def tracked() -> list[str]:
    """Every file that is in git, or would be if it were added."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    except (FileNotFoundError, subprocess.CalledProcessError):
        pytest.skip("not a git clone")
    return [path for path in listed.stdout.split("\0") if path and (ROOT / path).is_file()]


def test_the_changelog_has_a_place_for_verdicts() -> None:
    """A changed answer is the breaking change of a verifier: it has a heading of its own."""
    headings = [
        line
        for line in (ROOT / "CHANGELOG.md").read_text().splitlines()
        if line.startswith(("# ", "## ", "### "))
    ]
    assert headings[1:4] == ["## Unreleased", "### Added", "### Verdicts"]


if __name__ == "__main__":
    print(report())
