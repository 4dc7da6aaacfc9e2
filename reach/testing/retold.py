"""Results as plain data, read back: of another process, another machine or an earlier run.

    told_of(result) -> dict        result_of(told, case) -> Result        case_of(told) -> Case

What is read back tells the same: its own ``to_dict`` is what was read, and every report of it is
the report of what it was.  Of an answer only that is read which reports show; as JSON it stays what
it was.  Raises LookupError, TypeError or ValueError for what is no result.  Must not know who sends
it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from typing import Any

from reach.answer import Answer, Explanation, Remark, Verdict
from reach.heard import witness_from
from reach.network.header_text import header_from
from reach.testing.case import Case, Line, Outcome, Place, Result

_LISTS = ("options", "codes", "through", "tags")


def told_of(result: Result) -> dict[str, Any]:
    """A result with all that belongs to it, but for the time that it took."""
    return {
        **result.to_dict(),
        "places": places_told(result),
        "exercised": [line.to_dict() for line in sorted(result.exercised, key=str)],
    }


def places_told(result: Result) -> dict[str, list[str]]:
    return {name: [place.account, place.region] for name, place in result.places.items()}


def result_of(told: Mapping[str, Any], case: Case | None = None, seconds: float = 0.0) -> Result:
    """A result again; its case as well, unless it is given."""
    answer = told["answer"]
    return Result(
        case or case_of({**told, "expect": told["expected"]}),
        Outcome(told["outcome"]),
        None if answer is None else _answer(answer),
        reason=str(told["reason"]),
        seconds=seconds,
        places={name: Place(*where) for name, where in (told.get("places") or {}).items()},
        exercised=frozenset(Line(**line) for line in told.get("exercised") or ()),
        ended=bool(told["ended"]),
        said=Verdict(told["verdict"]).value if told["verdict"] else "",
        told=answer,
    )


def case_of(told: Mapping[str, Any]) -> Case:
    """A case, of whatever there is of its fields; its fingerprint is what it was."""
    made = {each.name: told[each.name] for each in fields(Case) if each.name in told}
    made["known_as"] = str(told.get("fingerprint") or "")
    made |= {name: tuple(map(str, told.get(name) or ())) for name in _LISTS}
    made["expect"] = Verdict(told["expect"])
    made["until"] = date.fromisoformat(told["until"]) if told.get("until") else None
    return Case(**made)


# ------------------------------------------------------------------- answers


def _answer(told: Mapping[str, Any]) -> Answer:
    return Answer(
        Verdict(told["verdict"]),
        str(told["question"]),
        str(told["source"]),
        str(told["destination"]),
        bool(told["one_way"]),
        witness=witness_from(told["witness"]),
        explanations=tuple(map(_explanation, told["explanations"])),
        blocked_path=witness_from(told["blocked_path"]),
        reason=str(told["reason"]),
        gaps=tuple(Remark(**each) for each in told["gaps"]),
    )


def _explanation(told: Mapping[str, Any]) -> Explanation:
    packet = told["packet"]
    return Explanation(
        told["code"],
        told["resource"],
        told["name"],
        told["locator"],
        told["text"],
        told["direction"],
        None if packet is None else header_from(packet),
        told["fields"],
        told["aside"],
    )
