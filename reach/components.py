"""Which components there are: found by file name in ``reach/aws/``, never listed.

    components() -> name -> Component       sections() -> key -> Section
    load(path) -> Snapshot, with the sections of all of them

Must not know any component by name, nor the engines.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
from collections.abc import Mapping
from functools import cache as once
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import reach.aws
from reach.component import Component
from reach.snapshot import load as loader
from reach.snapshot.core import SECTIONS
from reach.snapshot.section import Section
from reach.snapshot.snapshot import Snapshot

if TYPE_CHECKING:
    from reach.snapshot.crew import Crew

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
    cache = cache and not os.environ.get("REACH_NO_CACHE")
    return loader.load(path, sections(), cache, crew())


def crew() -> Crew | None:
    """Who helps to read a large snapshot: processes of this very program, if there can be any."""
    from reach.snapshot.crew import Crew
    from reach.snapshot.processors import processors

    count = processors()
    if count < 2 or not Path(sys.executable or "").name.startswith("python"):
        return None
    program = "import sys; sys.path[:] = sys.argv[1:]; from reach.reader import main; main()"
    return Crew((sys.executable, "-P", "-c", program, *map(str, sys.path)), min(count, MOST))
