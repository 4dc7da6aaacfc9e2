"""One case asked and judged.

    run(suite, load, ask, today) -> Result, ...        judge(case, answer, today) -> Result

The day is given: without one, no exception is accepted.  Reads nothing but snapshots, each once.
Must not know rendering or the command line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

from reach.answer import Answer, Step, Verdict, header_words
from reach.errors import QuestionError
from reach.options import Options
from reach.snapshot.errors import SnapshotError
from reach.testing.case import Case, Outcome, Result, Suite

if TYPE_CHECKING:
    from reach.snapshot.snapshot import Snapshot

Load = Callable[[str], "Snapshot"]
Ask = Callable[..., Answer]
_OPEN = Verdict.REACHABLE


def run(
    suite: Suite, load: Load | None = None, ask: Ask | None = None, today: date | None = None
) -> Iterator[Result]:
    """The result of each case, in order.

    A case that cannot be asked is refused and the others go on.  Raises Defect and SolverError.
    """
    if load is None or ask is None:
        import reach

        load, ask = load or reach.load, ask or reach.ask
    known: dict[str, Snapshot | SnapshotError] = {}
    for case in suite.cases:
        if case.snapshot not in known:
            known[case.snapshot] = loaded(load, case.snapshot)
        yield put(case, known[case.snapshot], ask, today)


def loaded(load: Load, path: str) -> Snapshot | SnapshotError:
    try:
        return load(path)
    except SnapshotError as error:
        return error


def put(
    case: Case, snapshot: Snapshot | SnapshotError, ask: Ask, today: date | None = None
) -> Result:
    """Ask a case and judge the answer."""
    if isinstance(snapshot, SnapshotError):
        return Result(case, Outcome.REFUSED, reason=str(snapshot))
    try:
        options = Options.parse(case.options)
        answer = ask(
            snapshot, case.ask, one_way=case.one_way, port_at=case.port_at, options=options
        )
    except QuestionError as error:
        return Result(case, Outcome.REFUSED, reason=str(error))
    return judge(case, answer, today)


def quickest(case: Case) -> Ask:
    """How to ask it so that its answer shows all that anybody will look at.

    Of a case that holds nobody sees the path, so none is looked for: it is the same verdict, proved
    or replayed as ever.  Not if what the case states is about that path.
    """
    import reach
    from reach.asking import expecting

    if case.codes or case.through or case.until is not None:
        return reach.ask
    return partial(expecting, expected=case.expect)


def judge(case: Case, answer: Answer, today: date | None = None) -> Result:
    """What a case's answer makes of it."""
    if answer.verdict is Verdict.UNDECIDED and case.expect is not Verdict.UNDECIDED:
        return Result(case, Outcome.UNDECIDED, answer, evidence(answer))
    if case.until is not None and answer.verdict is Verdict.REACHABLE:
        return _exception(case, answer, case.until, today)
    if case.until is not None and _is_over(case.until, today) and case.expect is _OPEN:
        return Result(case, Outcome.HOLDS, answer)
    if answer.verdict is not case.expect:
        return Result(case, Outcome.FAILS, answer, evidence(answer))
    wrong = _missing_codes(case, answer) or _missing_ways(case, answer)
    return Result(case, Outcome.FAILS if wrong else Outcome.HOLDS, answer, wrong)


def _exception(case: Case, answer: Answer, until: date, today: date | None) -> Result:
    """A way is open that somebody answers for, through a day."""
    if _is_over(until, today):
        over = f"the exception of {case.owner} ended with {until}, and the way is still open: "
        return Result(case, Outcome.FAILS, answer, f"{over}{evidence(answer)}", ended=True)
    if case.expect is Verdict.UNREACHABLE:
        reason = f"accepted by {case.owner} until {until}: {evidence(answer)}"
        return Result(case, Outcome.ACCEPTED, answer, reason)
    wrong = _missing_ways(case, answer)
    return Result(case, Outcome.FAILS if wrong else Outcome.HOLDS, answer, wrong)


def _is_over(until: date, today: date | None) -> bool:
    return today is None or today > until


def evidence(answer: Answer) -> str:
    """Why the answer is what it is, in short."""
    if answer.verdict is Verdict.REACHABLE and answer.witness is not None:
        ways = ", ".join(dict.fromkeys(step.resource for step in answer.witness.forward))
        return f"{header_words(answer.witness.packet)} by {ways}"
    if answer.verdict is Verdict.UNREACHABLE:
        return "; ".join(
            " ".join(filter(None, (e.code, e.resource, e.name and f"({e.name})", e.locator)))
            + f": {e.text}"
            for e in answer.explanations
        )
    return answer.reason


def _missing_codes(case: Case, answer: Answer) -> str:
    found = dict.fromkeys(each.code for each in answer.explanations)
    missing = [code for code in case.codes if code not in found]
    if not missing:
        return ""
    return f"no explanation is {' or '.join(missing)}; there is {', '.join(found) or 'none'}"


def _missing_ways(case: Case, answer: Answer) -> str:
    """Empty iff all of ``through`` is met in order; a hop is its resource and who let it pass."""
    hops = answer.witness.forward if answer.witness is not None else ()
    at = 0
    for wanted in case.through:
        found = next((n for n in range(at, len(hops)) if wanted in _ids(hops[n])), None)
        if found is None:
            ways = ", ".join(dict.fromkeys(step.resource for step in hops))
            later = "" if at == 0 else f" after {hops[at].resource}"
            return f"the path does not lead through {wanted}{later}; it leads through {ways}"
        at = found
    return ""


def _ids(step: Step) -> set[str]:
    return {step.resource, *(origin.resource for origin in step.passed)}
