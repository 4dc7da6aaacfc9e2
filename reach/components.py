"""Which components there are: found by file name in ``reach/aws/``, never listed.

    components() -> name -> Component       sections() -> key -> Section
    load(path) -> Snapshot, with the sections of all of them

Must not know any component by name, nor the engines.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

import reach.aws
from reach.component import Component
from reach.snapshot import load as loader
from reach.snapshot.core import SECTIONS
from reach.snapshot.section import Section
from reach.snapshot.snapshot import Snapshot


@cache
def components() -> Mapping[str, Component]:
    """All components, by name, in the order of their names."""
    found = {}
    for module in sorted(pkgutil.iter_modules(reach.aws.__path__), key=lambda info: info.name):
        component = importlib.import_module(f"reach.aws.{module.name}").COMPONENT
        assert component.name == module.name
        found[module.name] = component
    return found


@cache
def sections() -> Mapping[str, Section]:
    """What a snapshot can hold, by key: the core's sections and those that components declare."""
    declared = (section for each in components().values() for section in each.sections)
    found = dict(SECTIONS)
    for section in declared:
        known = found.get(section.key, section)
        assert known is section, f"two components declare {section.key}, each their own"
        found[section.key] = section
    return MappingProxyType(found)


def load(path: str | os.PathLike[str]) -> Snapshot:
    """Read a snapshot: a folder of JSON files, the same as one ``.tar.zst``, or one file.

    Raises SnapshotError, with the file and the JSON pointer of what is wrong.
    """
    return loader.load(path, sections())
