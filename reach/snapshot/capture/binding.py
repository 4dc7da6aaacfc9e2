"""Parameters of a call from the items of an earlier one.

    bind(per, {"VpcId": "vpc-1"}, account) -> {"VpcId": "vpc-1"}

Takes the plan's data and one item; gives the parameters of each request that it leads to.  Must not
know any service, nor who sends the requests.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from reach.snapshot.call import Call, Per

ACCOUNT = "{account}"  # as the value of ``only``: the account that asks


def bind(per: Per, item: Any, account: str) -> Iterator[dict[str, Any]]:
    """The parameters of each request that one item leads to."""
    if not _is_meant(per, item, account):
        return
    paths = {name: _steps(path) for name, path in per.values.items()}
    rows = _rows(item, paths)
    yield from _batched(rows, per) if per.batch else map(_nested, rows)


def _is_meant(per: Per, item: Any, account: str) -> bool:
    if per.unless is not None and per.unless[1] in values(item, per.unless[0]):
        return False
    if per.only is None:
        return True
    path, wanted = per.only
    return (account if wanted == ACCOUNT else wanted) in values(item, path)


def values(item: Any, path: str) -> list[Any]:
    """Everything at a path of an item."""
    return [row[""] for row in _rows(item, {"": _steps(path)})]


def requests(call: Call, bound: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The parameters of every request of a call: what is always given, times what was bound."""
    rows: Sequence[Mapping[str, Any]] = bound if call.per else ({},)
    return [{**given, **row} for row, given in product(rows, call.given)]


def _steps(path: str) -> tuple[str, ...]:
    """``Segments[].Name`` as its steps down: a key, ``[]`` for each member of a list."""
    return tuple(step for part in path.split(".") if part for step in _list_step(part))


def _list_step(part: str) -> tuple[str, ...]:
    return (part[:-2], "[]") if part.endswith("[]") else (part,)


def _rows(item: Any, paths: Mapping[str, tuple[str, ...]]) -> Iterator[dict[str, Any]]:
    """One value for each path, in step where paths share their beginning.

    Nothing where a path leads nowhere.
    """
    row = {name: item for name, steps in paths.items() if not steps}
    deeper: dict[str, dict[str, tuple[str, ...]]] = {}
    for name, steps in paths.items():
        if steps:
            deeper.setdefault(steps[0], {})[name] = steps[1:]
    found = [
        [each for inner in _down(item, step) for each in _rows(inner, rest)]
        for step, rest in deeper.items()
    ]
    for parts in product(*found):
        yield {**row, **{name: value for part in parts for name, value in part.items()}}


def _down(item: Any, step: str) -> Sequence[Any]:
    if step == "[]":
        return item if isinstance(item, list) else ()
    value = item.get(step) if isinstance(item, dict) else None
    return () if value is None or value == "" else (value,)


def _nested(row: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters whose names have dots, as objects in objects."""
    parameters: dict[str, Any] = {}
    for name, value in row.items():
        *outer, last = name.split(".")
        place = parameters
        for key in outer:
            place = place.setdefault(key, {})
        place[last] = value
    return parameters


def _batched(rows: Iterator[dict[str, Any]], per: Per) -> Iterator[dict[str, Any]]:
    """The last value of each row collected into lists; the others are the same in all of them."""
    *same, collected = per.values
    found = list(rows)
    for start in range(0, len(found), per.batch):
        some = found[start : start + per.batch]
        yield _nested(
            {**{name: some[0][name] for name in same}, collected: [row[collected] for row in some]}
        )
