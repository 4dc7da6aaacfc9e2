"""What is known of an explanation code: :class:`Code`."""

from __future__ import annotations

from dataclasses import dataclass

# AWS's three kinds of codes: Reachability Analyzer guide, "Explanation codes".
PATH = "path is not reachable"
SETTING = "configuration"
FILTER = "search filter"


@dataclass(frozen=True, slots=True)
class Code:
    """One code: what it means, the rules that it stands for, and where an answer shows it.

    ``rules`` and ``members`` are lists in one text; ``members`` are those of AWS's ``Explanation``
    that may come with the code.  A ``case`` of the ``sample`` produces it, or a ``test``
    (``tests/productions.py``), or it can ``never`` stand in an answer, for this reason.
    """

    name: str
    kind: str
    words: str
    rules: str
    members: str
    sample: str = ""
    case: str = ""
    test: bool = False
    never: str = ""
