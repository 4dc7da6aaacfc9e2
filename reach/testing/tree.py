"""The tree of a suite's file: YAML 1.2 in which every value knows the line that it stands in.

    root = read_tree(path)        root.fields(allowed, "a suite")["cases"].items()

So ``22:22`` is a text and ``no`` is one as well, and whatever is wrong is a SuiteError with file
and line.  Must not know what a suite means.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from reach.errors import SuiteError

_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def read_tree(file: str) -> Place:
    """The file's only document.  Raises SuiteError with the file and line of what is wrong."""
    return Place(file, _compose(file, _contents(file)))


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
class Place:
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

    def fields(self, allowed: Sequence[str], what: str) -> Mapping[str, Place]:
        """The values of a mapping by their keys, which must be among ``allowed``, each once."""
        if self.node.id != "mapping":
            raise self.error(f"{what} is a mapping with {', '.join(allowed)}")
        found: dict[str, Place] = {}
        for key_node, value in self.node.value:
            place = Place(self.file, key_node, "a key")
            key = place.text()
            if key not in allowed:
                near = get_close_matches(key, allowed, n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(allowed)}"
                raise place.error(f"{what} has no {key!r}; {hint}")
            if key in found:
                raise place.error(f"{key!r} is said twice")
            found[key] = Place(self.file, value, repr(key), place.line)
        return found

    def named(self, what: str) -> Mapping[str, Place]:
        """The values of a mapping whose keys are names."""
        if self.node.id != "mapping":
            raise self.error(f"{self.name} is a mapping of {what}")
        keys = [Place(self.file, key, "a key").text() for key, _ in self.node.value]
        return self.fields(keys, self.name)

    @property
    def is_list(self) -> bool:
        return bool(self.node.id == "sequence")

    def items(self) -> tuple[Place, ...]:
        if self.node.id != "sequence":
            raise self.error(f"{self.name} must be a list")
        return tuple(Place(self.file, node, self.name) for node in self.node.value)

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

    def any_of(self) -> tuple[Place, ...]:
        """The members of a list, at least one; of what is no list itself."""
        if not self.is_list:
            return (self,)
        found = self.items()
        if not found:
            raise self.error(f"{self.name} is an empty list; leave it out instead")
        return found

    def scalar(self, form: str, example: str) -> str:
        """A number or a text of some form, as it is written."""
        value = str(self.node.value) if self._tag in ("int", "str") else ""
        if not re.fullmatch(form, value):
            raise self.error(f"{self.name} is written {example}{self._found}")
        return value

    def day(self) -> date:
        value = str(self.node.value) if self._tag in ("str", "timestamp") else ""
        try:
            # Python reads more forms of a date than people do.
            return date.fromisoformat(value if _DAY.fullmatch(value) else "")
        except ValueError:
            raise self.error(f"{self.name} is a day, YYYY-MM-DD{self._found}") from None

    @property
    def is_switch(self) -> bool:
        return self._tag == "bool"

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
