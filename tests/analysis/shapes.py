"""AWS's own shapes, as botocore has them: what of a document does not fit.

misfits(document["NetworkInsightsAnalyses"][0], "NetworkInsightsAnalysis") -> "path: what", ...
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

session = pytest.importorskip("botocore.session")


@cache
def model() -> Any:
    return session.get_session().get_service_model("ec2")


def misfits(value: Any, name: str) -> list[str]:
    """Unknown members, wrong types, values that an enumeration does not hold, empty members."""
    return list(_misfits(value, model().shape_for(name), name))


def _misfits(value: Any, shape: Any, path: str) -> Iterator[str]:
    kind = shape.type_name
    if kind == "structure":
        yield from _of_structure(value, shape, path)
    elif kind == "list":
        if not isinstance(value, list):
            yield f"{path}: {value!r} is no list"
            return
        for place, each in enumerate(value):
            yield from _misfits(each, shape.member, f"{path}[{place}]")
    elif kind in ("integer", "long"):
        if not isinstance(value, int) or isinstance(value, bool):
            yield f"{path}: {value!r} is no whole number"
    elif kind == "boolean":
        if not isinstance(value, bool):
            yield f"{path}: {value!r} is neither true nor false"
    elif kind == "string":
        if not isinstance(value, str):
            yield f"{path}: {value!r} is no text"
        elif shape.enum and value not in shape.enum:
            yield f"{path}: {value!r} is none of {shape.enum}"
    else:
        yield f"{path}: a {kind} is not looked at"


def _of_structure(value: Any, shape: Any, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path}: {value!r} is no object"
        return
    order = [member for member in shape.members if member in value]
    known = [member for member in value if member in shape.members]
    if set(known) != set(value):
        yield f"{path}: there is no {sorted(set(value) - set(known))}"
    for member in order:
        if value[member] in ("", [], {}) and member != "Tags":
            yield f"{path}.{member}: empty members are left out"
        yield from _misfits(value[member], shape.members[member], f"{path}.{member}")
