"""What ``reach show``, ``components``, ``options``, ``test``, ``can-manage`` and ``check`` print.

Takes inventories, results and a sheet of :class:`~reach.render.paper.Paper`; writes on it.  Must
not know where the text goes, nor how anything was found.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from reach.answer import Verdict
from reach.catalogue import Told
from reach.check import Checked
from reach.inventory import Inventory, Item, Lack
from reach.manage import Management, ServiceAccess
from reach.options import Choice
from reach.recorded import Comparison
from reach.recorded import Outcome as Agreement
from reach.render.paper import Paper
from reach.render.text import put_remarks
from reach.suite import Outcome, Result

_STYLES = {
    Outcome.HOLDS: "good",
    Outcome.ACCEPTED: "change",
    Outcome.KNOWN: "change",
    Outcome.FAILS: "bad",
    Outcome.UNDECIDED: "open",
    Outcome.REFUSED: "bad",
    Outcome.CRASHED: "bad",
}
_MOST_WRONG = 5
_VERDICTS = {
    Verdict.REACHABLE: "good",
    Verdict.UNREACHABLE: "bad",
    Verdict.UNDECIDED: "open",
}
_AGREEMENTS = {
    Agreement.AGREES: ("good", "agree"),
    Agreement.DIFFERS: ("bad", "differ"),
    Agreement.UNDECIDED: ("open", "undecided"),
    Agreement.ASKED: ("bold", "only asked"),
    Agreement.REFUSED: ("bad", "refused"),
}
_SEVERITIES = {"error": "bad", "warning": "open", "note": "bold"}


# ------------------------------------------------------------------------------- reach show


def inventory(paper: Paper, held: Inventory) -> None:
    """What a snapshot holds, then what it lacks."""
    total = sum(kind.count for kind in held.kinds)
    paper.put(
        (held.path, "bold"), f"  {_count(total, 'object')} in {_count(held.files, 'file')}", hang=2
    )
    paper.title("Accounts and Regions")
    places = [
        (p.account or "account not said", p.region or "no Region", _count(p.count, "object"))
        for p in held.places
    ]
    paper.table(places or [("none",)])
    paper.title("Holds")
    asked = [(kind.kind, f"{kind.count:,}") for kind in held.kinds if kind.asked]
    paper.table(asked or [("nothing",)])
    others = len(held.kinds) - len(asked)
    if others:
        paper.put((f"{_count(others, 'other kind')} not asked for", "dim"), indent=2)
    _lacks(paper, held.lacks)
    if held.unread:
        paper.title("There, but not read")
        paper.table([(key, _count(len(files), "file")) for key, files in held.unread.items()])
    if held.diagnostics:
        paper.title("Remarks")
    for remark in held.diagnostics:
        where = ": ".join(part for part in (remark.file, remark.pointer) if part)
        paper.put(
            (remark.severity, _SEVERITIES[remark.severity]),
            f" {where}: " if where else ": ",
            remark.message,
            indent=2,
            hang=4,
        )


def _lacks(paper: Paper, lacks: Sequence[Lack]) -> None:
    """One line for each call: most are lacking everywhere."""
    paper.title("Lacks")
    if not lacks:
        paper.put("nothing that can be told: every call that is read was made", indent=2)
        return
    places: dict[tuple[str, str], list[str]] = {}
    for lack in lacks:
        place = "/".join(part for part in (lack.account, lack.region) if part) or lack.where
        words = f"{place} ({lack.where})" if lack.reason == "cut short" else place
        places.setdefault((lack.command, lack.reason), []).append(words)
    rows = [
        (
            command,
            "cut short" if reason == "cut short" else "not made",
            ", ".join(dict.fromkeys(where)),
        )
        for (command, reason), where in places.items()
    ]
    paper.table(rows)


def items(paper: Paper, listed: Sequence[Item]) -> None:
    """The objects of one kind, a line each; names last, for they may be anything."""
    rows = [(i.id, _or(i.account), _or(i.region), i.name) for i in listed]
    if rows:
        paper.table(rows, indent=0)


# ------------------------------------------------------------------------------- reach check


def checked(paper: Paper, told: Checked) -> None:
    """One line if all holds, or if there was nothing to hold; else each thing that does not."""
    if told.vacant:
        paper.put(("SHOWS NOTHING", "open"), f"  {told.words}", hang=2)
    elif told.holds:
        paper.put(("HOLDS", "good"), f"  {told.words}", hang=2)
    for each in told.wrong[:_MOST_WRONG]:
        paper.put(("DOES NOT HOLD", "bad"), f"  {each}", hang=2)
    if len(told.wrong) > _MOST_WRONG:
        paper.put(f"and {len(told.wrong) - _MOST_WRONG} more", indent=2)


# ------------------------------------------------------------------------------- reach components


def component(paper: Paper, told: Told) -> None:
    """One component's whole text."""
    paper.put((told.name, "bold"), f"  {told.summary}", hang=2)
    paper.blank()
    paper.put(told.text, indent=2, hang=2)
    paper.blank()
    _facts(paper, told)


def catalogue(
    paper: Paper,
    told: Sequence[Told],
    engine: Mapping[str, Sequence[str]],
    left_out: Mapping[str, str],
) -> None:
    """Every component in its own words, then the engine's rules and those that are left out."""
    for each in told:
        paper.blank()
        paper.put((each.name, "bold"), f"  {each.summary}", hang=2)
        _facts(paper, each)
    paper.title("By the engine")
    for rule, modules in engine.items():
        paper.put(f"{rule}  {', '.join(modules)}", indent=2, hang=4)
    paper.title("Left out")
    for rule, reason in left_out.items():
        paper.put(f"{rule}  {reason}", indent=2, hang=4)


def _facts(paper: Paper, told: Told) -> None:
    paper.put(("implements ", "dim"), " ".join(told.implements), indent=4, hang=6)
    if told.calls:
        paper.put(("reads ", "dim"), ", ".join(told.calls), indent=4, hang=6)
    if told.not_modelled:
        paper.put(("not modelled: ", "dim"), told.not_modelled, indent=4, hang=6)


# ------------------------------------------------------------------------------- reach options


def choices(paper: Paper, listed: Sequence[Choice]) -> None:
    """Each option, its values (the default first) and what it is about."""
    for choice in listed:
        conflict = f"  {choice.conflict}" if choice.conflict else ""
        paper.put((choice.name, "bold"), f"  {' | '.join(choice.values)}{conflict}", hang=2)
        paper.put(choice.words, indent=4, hang=4)


def _or(text: str) -> str:
    return text or "-"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


# ------------------------------------------------------------------------------- reach test


def result(paper: Paper, told: Result) -> None:
    """A case that does not hold: where it stands, what was asked, what came of it."""
    case = told.case
    paper.put(
        (told.outcome.upper(), _STYLES[told.outcome]),
        f"  {case.file}:{case.line}  ",
        (case.name, "bold"),
        hang=4,
    )
    options = " --one-way" if case.one_way else ""
    options += " --port-at destination" if case.port_at == "destination" else ""
    options += "".join(f" --option {each}" for each in case.options)
    paper.put(f"{case.ask}{options}", indent=4, hang=6)
    paper.put(f"{_compared(told)}:", indent=4, hang=6)
    for line in told.reason.split("\n"):
        paper.put(line, indent=6, hang=8)
    if case.why:
        paper.put(("why it matters: ", "dim"), case.why, indent=4, hang=6)
    if case.owner:
        paper.put(("owner: ", "dim"), case.owner, indent=4, hang=6)
    paper.blank()


def _compared(told: Result) -> str:
    expected = told.case.expect
    if told.outcome is Outcome.CRASHED:
        return f"expected {expected}, there is no answer"
    if not told.verdict:
        return f"expected {expected}, cannot be asked"
    if told.verdict == expected:
        return f"is {expected} as expected, but"
    return f"expected {expected}, is {told.verdict}"


def summary(paper: Paper, results: Iterable[Result]) -> None:
    """One line: how many of each."""
    counts = Counter(told.outcome for told in results)
    words = [(f"{counts[o]} {_plural(o, counts[o])}", _STYLES[o]) for o in Outcome if counts[o]]
    spans = [span for word in words for span in (word, ", ")][:-1]
    paper.put(f"{_count(counts.total(), 'case')}: ", *spans)


def _plural(outcome: Outcome, number: int) -> str:
    if outcome in (Outcome.HOLDS, Outcome.FAILS):
        return outcome if number == 1 else outcome.removesuffix("s")
    return outcome


# ------------------------------------------------------------------------------- --from-aws


def comparisons(paper: Paper, found: Sequence[Comparison]) -> None:
    """Each recorded analysis that is not simply confirmed, then one line that counts."""
    for each in found:
        if each.outcome is not Agreement.AGREES:
            _comparison(paper, each)
    counts = Counter(each.outcome for each in found)
    words = [f"{counts[one]} {_AGREEMENTS[one][1]}" for one in Agreement if counts[one]]
    paper.put(f"{_count(len(found), 'recorded question')}: {', '.join(words)}")


def _comparison(paper: Paper, told: Comparison) -> None:
    style, _ = _AGREEMENTS[told.outcome]
    asked = told.recorded.question
    paper.put((told.outcome.upper(), style), f"  {told.recorded.name}", hang=4)
    if asked is not None:
        paper.put(f"{asked}", indent=4, hang=6)
    if told.outcome is Agreement.ASKED and told.answer is not None:
        said = f" ({told.recorded.said})" if told.recorded.said else ""
        paper.put((told.answer.verdict.value, _VERDICTS[told.answer.verdict]), said, indent=4)
    for difference in told.differences:
        for line in difference.split("\n"):
            paper.put(line, indent=4, hang=6)
    if told.outcome is Agreement.UNDECIDED and told.answer is not None:
        paper.put(told.answer.reason, indent=4, hang=6)
    paper.blank()


# ------------------------------------------------------------------------------- reach can-manage


def management(paper: Paper, told: Management) -> None:
    """The verdict, then each service with what decides, then what it rests on."""
    verdict = told.verdict.upper()
    paper.put(
        (verdict, _VERDICTS[told.verdict]),
        f"  can Session Manager manage {told.instance}",
        f" ({told.name})" if told.name else "",
        hang=len(verdict) + 2,
    )
    paper.title("Services, on tcp 443")
    for access in told.services:
        _service(paper, access)
    put_remarks(paper, "Assumed", told.assumptions)
    put_remarks(paper, "Notes", told.notes)


def _service(paper: Paper, access: ServiceAccess) -> None:
    counts = "" if access.required else ", not required"
    paper.put(
        (f"{access.service:<13}", "bold"),
        (f"{access.verdict:<13}", _VERDICTS[access.verdict]),
        (f"{access.words}{counts}", "dim"),
        indent=2,
        hang=4,
    )
    way = ", ".join(access.by)
    words = ": ".join(part for part in (f"{access.way} {way}".strip(), access.text) if part)
    if words:
        paper.put(words, indent=4, hang=6)
    if access.verdict is Verdict.UNREACHABLE:
        blockers = (b for answer in access.answers for b in answer.explanations if not b.aside)
        for blocker in dict.fromkeys(blockers):
            spans = (blocker.resource, "id"), " ", (blocker.code, "bad"), ": ", blocker.text
            paper.put(*spans, indent=4, hang=6)
