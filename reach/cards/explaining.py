"""What ``reach explain`` is asked -> a card: of a thing of a snapshot, or of an explanation code.

    explain(text, snapshot) -> Card | CodeCard

A text that is a code is one, whatever else is called so; else what the snapshot has goes first.
Must not know rendering or the command line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from reach.cards.card import Card
from reach.cards.codes import CodeCard, explain_code, is_code
from reach.codes import CODES
from reach.errors import QuestionError
from reach.snapshot.snapshot import Snapshot


def explain(
    text: str,
    snapshot: Callable[[], Snapshot] | None,
    *,
    seconds: float,
    options: Mapping[str, str],
) -> Card | CodeCard:
    """The card of what a text means; without a snapshot it can only be a code.

    Raises QuestionError.
    """
    if snapshot is None and not is_code(text):
        raise QuestionError(f"{text!r} is no explanation code; an id needs --snapshot PATH")
    if snapshot is None or (is_code(text) and text in CODES):
        return explain_code(text)
    from reach.cards.describe import describe

    try:
        return describe(snapshot(), text, seconds=seconds, options=options)
    except QuestionError:
        if not is_code(text):
            raise
        return explain_code(text)
