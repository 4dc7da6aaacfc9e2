"""A survey as plain data, read back: of another process or another machine.

    survey_from(told) -> Survey

What is read back tells the same, as text, JSON and CSV.  Raises LookupError, TypeError,
AttributeError or ValueError for what is none.  Must not know who sends it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reach.answer import EndPoint, Remark
from reach.heard import space_from, witness_from
from reach.survey.findings import FORMAT, Access, Group, Open, Survey

_SAME = ("kind", "question", "packet", "source", "destination", "by", "one_way", "complete")


def survey_from(told: Mapping[str, Any]) -> Survey:
    if told["format"] != FORMAT:
        raise ValueError(f"it is of format {told['format']}, and not of {FORMAT}")
    return Survey(
        **{name: told[name] for name in _SAME},
        proof=told["proof"],
        sources=_groups(told["sources"]),
        destinations=_groups(told["destinations"]),
        accesses=tuple(map(_access, told["accesses"])),
        open=tuple(map(_open, told["open"])),
        gaps=_remarks(told["gaps"]),
        notes=_remarks(told["notes"]),
    )


def _groups(told: Iterable[Mapping[str, Any]]) -> dict[str, Group]:
    return {
        each["key"]: Group(
            each["key"], each["name"], tuple(map(_end_point, each["members"])), each["private"]
        )
        for each in told
    }


def _end_point(told: Mapping[str, Any]) -> EndPoint:
    return EndPoint(told["resource"], told["name"], tuple(told["addresses"]))


def _access(told: Mapping[str, Any]) -> Access:
    witness = witness_from(told["witness"])
    if witness is None:
        raise ValueError("an access has no witness")
    return Access(
        told["source"],
        told["destination"],
        tuple(map(space_from, told["services"])),
        witness,
        tuple(told["ways"]),
        _remarks(told["assumptions"]),
    )


def _open(told: Mapping[str, Any]) -> Open:
    return Open(told["source"], told["destination"], _remarks(told["gaps"]))


def _remarks(told: Iterable[Mapping[str, str]]) -> tuple[Remark, ...]:
    return tuple(Remark(**each) for each in told)
