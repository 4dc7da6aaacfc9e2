"""reach: proves or refutes that a packet can get from A to B, and its reply back, on AWS.

    import reach
    snapshot = reach.load("snapshot/")
    answer = reach.ask(snapshot, "can 0.0.0.0/0 reach i-0abc port 22")
    answer.verdict        # reachable | unreachable | undecided

Everything public is exported here and loaded when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reach.answer import Answer, Explanation, Remark, Step, Verdict, Witness
    from reach.asking import ask
    from reach.cards.card import Card, Line, Standing
    from reach.cards.describe import describe
    from reach.comparing.diff import diff
    from reach.comparing.difference import Difference
    from reach.components import load
    from reach.errors import Defect, QuestionError, SuiteError
    from reach.estate import Edited, Estate
    from reach.manage import Management, ServiceAccess, can_manage
    from reach.question import Packet, Question, parse
    from reach.snapshot.errors import Diagnostic, SnapshotError
    from reach.snapshot.snapshot import Snapshot
    from reach.survey.asking import exposure, isolated, matrix
    from reach.survey.findings import Isolation, Survey

__version__ = "0.1.0"

_HOMES = {
    "Answer": "reach.answer",
    "Card": "reach.cards.card",
    "Defect": "reach.errors",
    "Difference": "reach.comparing.difference",
    "Diagnostic": "reach.snapshot.errors",
    "Edited": "reach.estate",
    "Estate": "reach.estate",
    "Explanation": "reach.answer",
    "Isolation": "reach.survey.findings",
    "Line": "reach.cards.card",
    "Management": "reach.manage",
    "Packet": "reach.question",
    "Question": "reach.question",
    "QuestionError": "reach.errors",
    "Remark": "reach.answer",
    "ServiceAccess": "reach.manage",
    "Snapshot": "reach.snapshot.snapshot",
    "SnapshotError": "reach.snapshot.errors",
    "Standing": "reach.cards.card",
    "Step": "reach.answer",
    "SuiteError": "reach.errors",
    "Survey": "reach.survey.findings",
    "Verdict": "reach.answer",
    "Witness": "reach.answer",
    "ask": "reach.asking",
    "can_manage": "reach.manage",
    "describe": "reach.cards.describe",
    "diff": "reach.comparing.diff",
    "exposure": "reach.survey.asking",
    "isolated": "reach.survey.asking",
    "load": "reach.components",
    "matrix": "reach.survey.asking",
    "parse": "reach.question",
}

__all__ = [
    "Answer",
    "Card",
    "Defect",
    "Diagnostic",
    "Difference",
    "Edited",
    "Estate",
    "Explanation",
    "Isolation",
    "Line",
    "Management",
    "Packet",
    "Question",
    "QuestionError",
    "Remark",
    "ServiceAccess",
    "Snapshot",
    "SnapshotError",
    "Standing",
    "Step",
    "SuiteError",
    "Survey",
    "Verdict",
    "Witness",
    "__version__",
    "ask",
    "can_manage",
    "describe",
    "diff",
    "exposure",
    "isolated",
    "load",
    "matrix",
    "parse",
]


def __dir__() -> list[str]:
    return sorted(__all__)


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'reach' has no attribute {name!r}")
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value
