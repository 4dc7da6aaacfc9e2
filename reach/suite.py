"""Regression suites: a file of questions on a snapshot, each with the verdict that it should get.

    load_suite(path) -> Suite        run(suite) -> Result, Result, ...

A suite is YAML 1.2 (`docs/suite.schema.json` has its form), so ``22:22`` is a text and ``no`` is
one as well.  Every case knows its file and line; anything wrong is a SuiteError that says where.
``run`` reads nothing but snapshots, each once.  Must not know rendering or the command line.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reach.answer import Answer, Step, Verdict, header_words
from reach.errors import QuestionError, SuiteError
from reach.options import Options
from reach.snapshot.errors import SnapshotError

if TYPE_CHECKING:
    from reach.snapshot.snapshot import Snapshot

__all__ = ["Case", "Outcome", "Result", "Suite", "load_suite", "run"]

Load = Callable[[str], "Snapshot"]
Ask = Callable[..., Answer]

SUITE_KEYS = ("snapshot", "cases")
CASE_KEYS = (
    "ask",
    "expect",
    "name",
    "one_way",
    "port_at",
    "options",
    "codes",
    "through",
    "why",
    "snapshot",
)
PORT_AT = ("source", "destination")


class Outcome(StrEnum):
    """What became of a case.  Undecided never holds unless it is what was expected.

    REFUSED: it could not be asked, for its snapshot or its question is wrong.
    """

    HOLDS = "holds"
    FAILS = "fails"
    UNDECIDED = "undecided"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Case:
    """One question and what it should give.

    ``options`` are NAME=VALUE.  ``codes`` must be among the explanations, ``through`` on the
    witness's way there, in this order.
    ``snapshot`` is a path; ``file`` and ``line`` say where the case begins.
    """

    ask: str
    expect: Verdict
    snapshot: str
    file: str
    line: int
    name: str = ""
    one_way: bool = False
    port_at: str = "source"
    options: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    through: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class Suite:
    """The cases of one file, in its order."""

    file: str
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """What a case gave; ``reason`` says in words why it does not hold."""

    case: Case
    outcome: Outcome
    answer: Answer | None = None
    reason: str = ""

    def to_dict(self) -> dict[str, Any]:
        case = self.case
        told = self.answer is not None and self.outcome is not Outcome.HOLDS
        return {
            "file": case.file,
            "line": case.line,
            "name": case.name,
            "ask": case.ask,
            "one_way": case.one_way,
            "port_at": case.port_at,
            "options": list(case.options),
            "expected": case.expect.value,
            "verdict": None if self.answer is None else self.answer.verdict.value,
            "outcome": self.outcome.value,
            "reason": self.reason,
            "answer": self.answer.to_dict() if told and self.answer is not None else None,
        }


# ------------------------------------------------------------------------------- running


def run(suite: Suite, load: Load | None = None, ask: Ask | None = None) -> Iterator[Result]:
    """The result of each case, in order.

    A case that cannot be asked is refused and the others go on.  Raises Defect and SolverError.
    """
    if load is None or ask is None:
        import reach

        load, ask = load or reach.load, ask or reach.ask
    known: dict[str, Snapshot | SnapshotError] = {}
    for case in suite.cases:
        if case.snapshot not in known:
            known[case.snapshot] = _loaded(load, case.snapshot)
        snapshot = known[case.snapshot]
        if isinstance(snapshot, SnapshotError):
            yield Result(case, Outcome.REFUSED, reason=str(snapshot))
        else:
            yield _asked(case, snapshot, ask)


def _loaded(load: Load, path: str) -> Snapshot | SnapshotError:
    try:
        return load(path)
    except SnapshotError as error:
        return error


def _asked(case: Case, snapshot: Snapshot, ask: Ask) -> Result:
    try:
        options = Options.parse(case.options)
        answer = ask(
            snapshot, case.ask, one_way=case.one_way, port_at=case.port_at, options=options
        )
    except QuestionError as error:
        return Result(case, Outcome.REFUSED, reason=str(error))
    if answer.verdict is not case.expect:
        undecided = answer.verdict is Verdict.UNDECIDED
        outcome = Outcome.UNDECIDED if undecided else Outcome.FAILS
        return Result(case, outcome, answer, _evidence(answer))
    wrong = _missing_codes(case, answer) or _missing_ways(case, answer)
    return Result(case, Outcome.FAILS if wrong else Outcome.HOLDS, answer, wrong)


def _evidence(answer: Answer) -> str:
    """Why the answer is what it is, in short."""
    if answer.verdict is Verdict.REACHABLE and answer.witness is not None:
        ways = ", ".join(dict.fromkeys(step.resource for step in answer.witness.forward))
        return f"{header_words(answer.witness.packet)} by {ways}"
    if answer.verdict is Verdict.UNREACHABLE:
        return "; ".join(
            " ".join(filter(None, (e.code, e.resource, e.name and f"({e.name})", e.locator)))
            + f": {e.text}"
            for e in answer.explanations
        )
    return answer.reason


def _missing_codes(case: Case, answer: Answer) -> str:
    found = dict.fromkeys(each.code for each in answer.explanations)
    missing = [code for code in case.codes if code not in found]
    if not missing:
        return ""
    return f"no explanation is {' or '.join(missing)}; there is {', '.join(found) or 'none'}"


def _missing_ways(case: Case, answer: Answer) -> str:
    """Empty iff all of ``through`` is met in order; a hop is its resource and who let it pass."""
    hops = answer.witness.forward if answer.witness is not None else ()
    at = 0
    for wanted in case.through:
        found = next((n for n in range(at, len(hops)) if wanted in _ids(hops[n])), None)
        if found is None:
            ways = ", ".join(dict.fromkeys(step.resource for step in hops))
            later = "" if at == 0 else f" after {hops[at].resource}"
            return f"the path does not lead through {wanted}{later}; it leads through {ways}"
        at = found
    return ""


def _ids(step: Step) -> set[str]:
    return {step.resource, *(origin.resource for origin in step.passed)}


# ------------------------------------------------------------------------------- loading


def load_suite(path: str | os.PathLike[str]) -> Suite:
    """Read a suite file.  Raises SuiteError with the file and line of the first thing wrong."""
    file = os.fspath(path)
    root = _Place(file, _compose(file, _contents(file)))
    fields = root.fields(SUITE_KEYS, "a suite")
    default = fields["snapshot"].text() if "snapshot" in fields else ""
    if "cases" not in fields:
        raise root.error("a suite needs 'cases', a list of questions")
    cases = tuple(_case(place, default) for place in fields["cases"].items())
    if not cases:
        raise fields["cases"].error("'cases' is empty: a suite asks something")
    names: dict[str, int] = {}
    for case in cases:
        first = names.setdefault(case.name, case.line)
        if case.name and first != case.line:
            words = f"{case.name!r} is already the name of the case in line {first}"
            raise SuiteError(words, file, case.line)
    return Suite(file, cases)


def _case(place: _Place, default: str) -> Case:
    fields = place.fields(CASE_KEYS, "a case")
    for key in ("ask", "expect"):
        if key not in fields:
            raise place.error(f"a case needs {key!r}")
    snapshot = fields["snapshot"].text() if "snapshot" in fields else default
    if not snapshot:
        raise place.error("no 'snapshot', neither in the case nor in the suite")
    expect = Verdict(fields["expect"].choice(tuple(Verdict)))
    for key, meant in (("codes", Verdict.UNREACHABLE), ("through", Verdict.REACHABLE)):
        if key in fields and expect is not meant:
            raise fields[key].error(f"{key!r} goes with 'expect: {meant}', not with {expect}")
    return Case(
        ask=fields["ask"].text(),
        expect=expect,
        snapshot=os.path.normpath(os.path.join(os.path.dirname(place.file), snapshot)),
        file=place.file,
        line=place.line,
        name=fields["name"].text() if "name" in fields else "",
        one_way=fields["one_way"].switch() if "one_way" in fields else False,
        port_at=fields["port_at"].choice(PORT_AT) if "port_at" in fields else "source",
        options=fields["options"].texts() if "options" in fields else (),
        codes=fields["codes"].texts() if "codes" in fields else (),
        through=fields["through"].texts() if "through" in fields else (),
        why=fields["why"].text() if "why" in fields else "",
    )


def _contents(file: str) -> str:
    try:
        if os.path.isdir(file):
            raise SuiteError("is a folder; a suite is one YAML file", file)
        if os.path.exists(file) and not os.path.isfile(file):
            raise SuiteError("is not an ordinary file", file)
        return Path(file).read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise SuiteError("is not UTF-8 text", file, line) from None
    except OSError as error:
        raise SuiteError(error.strerror or str(error), file) from None
    except ValueError:
        raise SuiteError("is not the name of a file", file) from None


def _compose(file: str, text: str) -> Any:
    """The tree of the file before any value is made: every node knows its tag and its line."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError
    from ruamel.yaml.reader import ReaderError

    try:
        root = YAML(typ="rt", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = error.problem or error.context or "cannot be read"
        raise SuiteError(f"is not YAML: {problem}", file, mark.line + 1 if mark else 0) from None
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise SuiteError("is not YAML: it holds a control character", file, line) from None
    except RecursionError:
        raise SuiteError("is not a suite: it is nested too deeply", file) from None
    except (YAMLError, ValueError) as error:
        raise SuiteError(f"is not YAML: {error}", file) from None
    if root is None:
        raise SuiteError("is empty; a suite has 'snapshot' and 'cases'", file, 1)
    return root


@dataclass(frozen=True, slots=True)
class _Place:
    """A node of a suite's tree: the value of ``name``, whose key stands in line ``after``."""

    file: str
    node: Any
    name: str = ""
    after: int = 0

    @property
    def line(self) -> int:
        # A value that is left out begins, for the parser, where the next thing does.
        if self.after and self.node.id == "scalar" and not self.node.value:
            return self.after
        return int(self.node.start_mark.line) + 1

    def error(self, message: str) -> SuiteError:
        return SuiteError(message, self.file, self.line)

    def fields(self, allowed: Sequence[str], what: str) -> Mapping[str, _Place]:
        """The values of a mapping by their keys, which must be among ``allowed``, each once."""
        if self.node.id != "mapping":
            raise self.error(f"{what} is a mapping with {', '.join(allowed)}")
        found: dict[str, _Place] = {}
        for key_node, value in self.node.value:
            place = _Place(self.file, key_node, "a key")
            key = place.text()
            if key not in allowed:
                near = get_close_matches(key, allowed, n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(allowed)}"
                raise place.error(f"{what} has no {key!r}; {hint}")
            if key in found:
                raise place.error(f"{key!r} is said twice")
            found[key] = _Place(self.file, value, repr(key), place.line)
        return found

    def items(self) -> tuple[_Place, ...]:
        if self.node.id != "sequence":
            raise self.error(f"{self.name} must be a list")
        return tuple(_Place(self.file, node, self.name) for node in self.node.value)

    def text(self) -> str:
        if self._tag != "str" or not self.node.value.strip():
            hint = "; put it in quotes" if self._tag in ("int", "float", "bool") else ""
            raise self.error(f"{self.name} must be a text{self._found}{hint}")
        value = str(self.node.value)
        if any("\ud800" <= letter <= "\udfff" for letter in value):
            raise self.error(f"{self.name} holds half a character")
        return value

    def texts(self) -> tuple[str, ...]:
        found = tuple(item.text() for item in self.items())
        if not found:
            raise self.error(f"{self.name} is an empty list; leave it out instead")
        return found

    def switch(self) -> bool:
        value = self.node.value.lower() if self._tag == "bool" else ""
        if value not in ("true", "false"):
            raise self.error(f"{self.name} must be true or false{self._found}")
        return bool(value == "true")

    def choice(self, allowed: Sequence[str]) -> str:
        value = str(self.node.value) if self._tag == "str" else ""
        if value not in allowed:
            raise self.error(f"{self.name} must be {' or '.join(allowed)}{self._found}")
        return value

    @property
    def _tag(self) -> str:
        """The last part of a scalar's tag; empty for what is no scalar."""
        return str(self.node.tag).rpartition(":")[2] if self.node.id == "scalar" else ""

    @property
    def _found(self) -> str:
        """What is there instead, as an addition to a sentence."""
        if self.node.id != "scalar":
            return f", not a {self.node.id}"
        if not self.node.value.strip():
            return ", not nothing"
        return f", not {self.node.value}"
