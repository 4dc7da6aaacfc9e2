"""An explanation code -> all that there is to know of it.

    explain_code("ENI_SG_RULES_MISMATCH") -> CodeCard

Meaning, rules and example are the catalogue's (``reach.codes``), which components implement the
rules is their own word, and what to do is :mod:`reach.cards.advice`'s.  Must not know rendering.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reach.cards.advice import ADVICE
from reach.cards.card import FORMAT
from reach.codes import CODES, Code
from reach.errors import QuestionError

_CODE = re.compile(r"[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)+")
MOST_NEAR = 3


@dataclass(frozen=True, slots=True)
class CodeCard:
    """One code: what it means, what is behind it, what to change, and where to see it.

    ``components`` are those that implement its ``rules``; ``members`` those of AWS's explanation
    that come with it.  Either a ``case`` of a ``sample`` shows it, or it can ``never`` stand in an
    answer for this reason, or neither is said.
    """

    code: str
    kind: str
    words: str
    cause: str
    change: str
    rules: tuple[str, ...]
    components: tuple[str, ...]
    members: tuple[str, ...]
    sample: str = ""
    case: str = ""
    never: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The stable JSON form."""
        told = {name: getattr(self, name) for name in self.__slots__}
        lists = {name: list(value) for name, value in told.items() if isinstance(value, tuple)}
        return {"format": FORMAT, **told, **lists}


def is_code(text: str) -> bool:
    """Whether a text can only be meant as a code: words joined by underscores."""
    return _CODE.fullmatch(text) is not None


def explain_code(text: str) -> CodeCard:
    """The card of a code, in whatever case it is written.  Raises QuestionError."""
    return card_of(text, CODES)


def card_of(text: str, codes: Mapping[str, Code]) -> CodeCard:
    """The card of a code of a catalogue."""
    known = codes.get(text.upper())
    if known is None:
        near = difflib.get_close_matches(text.upper(), sorted(codes), n=MOST_NEAR, cutoff=0.5)
        nearest = "; the nearest are:" if near else ""
        raise QuestionError(f"{text!r} is no explanation code{nearest}", near)
    rules = tuple(known.rules.split())
    advice = ADVICE[known.name]
    return CodeCard(
        code=known.name,
        kind=known.kind,
        words=known.words,
        cause=advice.cause,
        change=advice.change,
        rules=rules,
        components=_implementing(rules),
        members=tuple(known.members.split()),
        sample=known.sample,
        case=known.case,
        never=known.never,
    )


def _implementing(rules: tuple[str, ...]) -> tuple[str, ...]:
    from reach.catalogue import components_told

    wanted = set(rules)
    return tuple(each.name for each in components_told() if wanted & set(each.implements))
