"""Which components there are: found by file name in ``reach/aws/``, never listed.

    components() -> name -> Component       sections() -> key -> Section
    load(path) -> Snapshot, with the sections of all of them
    asked(path, ask) -> what is asked of it, and it

Must not know any component by name, nor the engines.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
from collections.abc import Callable, Mapping
from functools import cache as once
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

import reach.aws
from reach.component import Component
from reach.snapshot import load as loader
from reach.snapshot.core import SECTIONS
from reach.snapshot.section import Section
from reach.snapshot.snapshot import Snapshot
from reach.uncollected import uncollected

if TYPE_CHECKING:
    from reach.snapshot.cache import Likely
    from reach.snapshot.crew import Crew

T = TypeVar("T")

MOST = 8  # processes that read; each takes a quarter of a second to start


@once
def components() -> Mapping[str, Component]:
    """All components, by name, in the order of their names."""
    found = {}
    for module in sorted(pkgutil.iter_modules(reach.aws.__path__), key=lambda info: info.name):
        component = importlib.import_module(f"reach.aws.{module.name}").COMPONENT
        assert component.name == module.name
        found[module.name] = component
    return found


@once
def sections() -> Mapping[str, Section]:
    """What a snapshot can hold, by key: the core's sections and those that components declare."""
    declared = (section for each in components().values() for section in each.sections)
    found = dict(SECTIONS)
    for section in declared:
        known = found.get(section.key, section)
        assert known is section, f"two components declare {section.key}, each their own"
        found[section.key] = section
    return MappingProxyType(found)


def load(path: str | os.PathLike[str], *, cache: bool = False) -> Snapshot:
    """Read a snapshot: a folder of JSON files, the same as one ``.tar.zst``, or one file.

    With ``cache`` a large one is kept beside its files in a form that is read faster, and read from
    there as long as they hold the same bytes.  Without it nothing is written, nor believed that was
    written before.  Raises SnapshotError, with the file and the JSON pointer of what is wrong.
    """
    return loader.load(path, sections(), cache and _may_cache(), crew())


def asked(
    path: str | os.PathLike[str], ask: Callable[[Snapshot], T], *, cache: bool = False
) -> tuple[Snapshot, T]:
    """A snapshot, and what ``ask`` gives of it: the same as loading first and asking then.

    With ``cache`` its files are hashed while it is asked.  If they are not those of the cache, what
    came of it is dropped, an error too, and ``ask`` is called again, of what they say.
    """
    with uncollected():
        told = _ahead(path, ask) if cache and _may_cache() else None
        if told is None:
            snapshot = load(path, cache=cache)
            told = snapshot, ask(snapshot)
        return told


def _ahead(path: str | os.PathLike[str], ask: Callable[[Snapshot], T]) -> tuple[Snapshot, T] | None:
    """The same of a cache that proves to be right; None if there is none."""
    likely = loader.ahead(path, sections())
    if likely is None:
        return None
    withheld = _Withheld(likely)
    with withheld:
        found = ask(likely.snapshot)
    return (likely.snapshot, found) if withheld.is_so else None


class _Withheld:
    """While it is entered, something is worked out that may be of other files."""

    def __init__(self, likely: Likely) -> None:
        self._likely = likely
        self.is_so = False

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        """An error is nobody's if it is of other files.  Who interrupts need not wait for that."""
        if kind is not None and not issubclass(kind, Exception):
            self._likely.begun.give_up()
            return False
        self.is_so = self._likely.is_so()
        return not self.is_so


def _may_cache() -> bool:
    return not os.environ.get("REACH_NO_CACHE")


def crew() -> Crew | None:
    """Who helps to read a large snapshot: processes of this very program, if there can be any."""
    from reach.snapshot.crew import Crew
    from reach.snapshot.processors import processors

    count = processors()
    if count < 2 or not Path(sys.executable or "").name.startswith("python"):
        return None
    program = "import sys; sys.path[:] = sys.argv[1:]; from reach.reader import main; main()"
    return Crew((sys.executable, "-P", "-c", program, *map(str, sys.path)), min(count, MOST))
