"""The explanation codes of AWS's VPC Reachability Analyzer, and which of them an answer can show.

    CODES["BAD_STATE_ROUTE"].words        python -m reach.codes        (the page of the docs)

All 89 of AWS's list (Reachability Analyzer guide, "Explanation codes"), in our own words.  Answers
show codes of this list and no others.  Knows no component; must not know how an answer is found.
"""

from __future__ import annotations

from collections.abc import Mapping

from reach.codes import questions, services, vpc
from reach.codes.code import FILTER, PATH, SETTING, Code

__all__ = ["CODES", "FILTER", "PATH", "SETTING", "Code"]

CODES: Mapping[str, Code] = {
    each.name: each
    for each in sorted((*vpc.CODES, *services.CODES, *questions.CODES), key=lambda code: code.name)
}
