"""From a call's items to the bytes of its file, and back; and what two readings tell otherwise.

Takes results and the sections that will read them; gives bytes, items and ids.  A file that the
loader would refuse is none.  Must not know boto3, nor where files stand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from reach.snapshot.attribute_path import Values
from reach.snapshot.capture.folder import dumps
from reach.snapshot.capture.plan import Step
from reach.snapshot.capture.reading import Result
from reach.snapshot.check import check_records
from reach.snapshot.decode import decode
from reach.snapshot.record import content
from reach.snapshot.section import Section

# The key by which the loader sees that an answer was cut short.
_CUT, _WHY = "NextToken", "not everything was read: see the manifest of the capture"


def content_of(result: Result) -> bytes:
    """The file of a call: its items under the section's key."""
    if result.step.bare:
        return dumps(result.items[0])
    told: dict[str, Any] = {result.step.key: list(result.items)}
    return dumps({**told, _CUT: _WHY} if result.lacks else told)


def items_of(step: Step, text: bytes) -> Sequence[Any]:
    """The items of a file."""
    told = orjson.loads(text)
    items: Sequence[Any] = [told] if step.bare else told[step.key]
    return items


def check(name: str, text: bytes, sections: Mapping[str, Section]) -> None:
    """Raise SnapshotError where the loader would refuse the file."""
    for key, records in decode(name, text, sections).records.items():
        check_records(sections[key], Values(records))


def differing(one: bytes, other: bytes, sections: Mapping[str, Section]) -> tuple[str, ...]:
    """The ids of what two readings tell differently, as far as anything reads it."""
    first, second = _told(one, sections), _told(other, sections)
    return tuple(sorted(i for i in first.keys() | second.keys() if first.get(i) != second.get(i)))


def _told(text: bytes, sections: Mapping[str, Section]) -> dict[str, list[tuple[object, ...]]]:
    found: dict[str, list[tuple[object, ...]]] = {}
    for key, records in decode("", text, sections).records.items():
        for record in records:
            found.setdefault(str(getattr(record, sections[key].id)), []).append(content(record))
    return found
