"""What is called nearly as somebody wrote, capitals aside.

Takes a text and names; gives the few that are most alike.  Must not know what they name.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

MOST = 5


def nearest(text: str, names: Iterable[str], cutoff: float) -> list[str]:
    """The names that are alike enough, the most alike first; the same in every run."""
    folded: dict[str, list[str]] = {}
    for name in sorted(names):
        folded.setdefault(name.casefold(), []).append(name)
    found = difflib.get_close_matches(text.casefold(), folded, n=MOST, cutoff=cutoff)
    return [name for each in found for name in folded[each]][:MOST]
