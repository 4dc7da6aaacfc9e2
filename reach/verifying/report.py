"""What ``reach verify`` prints: how a snapshot stands, then what is wrong, then what it lacks.

Takes what was found and a sheet of :class:`~reach.render.paper.Paper`; writes on it.  Must not
know where the text goes, nor how anything was found.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from reach.render.paper import Paper
from reach.verifying.verdict import Finding, Gap, Kind, Standing, Verified

_STANDINGS = {
    Standing.SOUND: ("SOUND", "good"),
    Standing.WRONG: ("WRONG", "bad"),
    Standing.GAPS: ("GAPS", "open"),
}
_TITLES = {
    Kind.UNREADABLE: "Cannot be read",
    Kind.MANIFEST: "Manifest",
    Kind.HASH: "Not as it was captured",
    Kind.CHANGE: "Changed while it was read",
    Kind.REFERENCE: "Names what is not there",
    Kind.CONTRADICTION: "Cannot all be true",
    Kind.FORM: "Form",
    Kind.LINT: "The network itself, which does not count",
}
_SEVERITIES = {"error": "bad", "warning": "open", "note": "bold"}
_MOST = 20


def verified(paper: Paper, told: Verified) -> None:
    """Everything that was found."""
    words, style = _STANDINGS[told.standing]
    paper.put((words, style), f"  {told.path}: {_summary(told)}", hang=2)
    for name in told.manifests:
        paper.put(f"{name}: {_count(told.hashed, 'file')} compared with it", indent=2, hang=4)
    if not told.manifests:
        paper.put("no manifest: nobody tells what else was captured", indent=2, hang=4)
    for kind, found in groupby(told.findings, key=_kind):
        _findings(paper, kind, tuple(found))
    if told.gaps:
        paper.title("Lacks: what depends on it will be undecided")
        _gaps(paper, told.gaps)


def _summary(told: Verified) -> str:
    held = f"{_count(told.objects, 'object')} in {_count(told.files, 'file')}"
    wrong = sum(each.counts for each in told.findings)
    parts = [held]
    if wrong:
        parts.append(f"{wrong:,} things are wrong" if wrong > 1 else "one thing is wrong")
    if told.gaps:
        parts.append(_count(len(told.gaps), "gap"))
    return ", ".join(parts)


def _kind(finding: Finding) -> Kind:
    return finding.kind


def _findings(paper: Paper, kind: Kind, found: Sequence[Finding]) -> None:
    paper.title(_TITLES[kind])
    for each in found[:_MOST]:
        where = ": ".join(part for part in (each.file, each.pointer) if part)
        paper.put(
            (each.severity, _SEVERITIES[each.severity]),
            f" {where}: " if where else ": ",
            each.message,
            indent=2,
            hang=4,
        )
    _more(paper, len(found))


def _gaps(paper: Paper, gaps: Sequence[Gap]) -> None:
    """Every gap: by its reason and where, then by service, for most are alike."""
    places: dict[tuple[str, str], list[str]] = {}
    for gap in gaps:
        place = "/".join(part for part in (gap.account, gap.region) if part)
        reason = f"{gap.reason}: {gap.why}" if gap.why else gap.reason
        shown = gap.where if gap.reason == "cut short" else place or gap.where
        places.setdefault((gap.call, reason), []).append(shown)
    alike: dict[str, list[str]] = {}
    for (call, reason), where in places.items():
        shown = f"{reason}, in {', '.join(where)}" if any(where) else reason
        alike.setdefault(shown, []).append(call)
    for shown, calls in alike.items():
        paper.put(shown, indent=2, hang=4)
        paper.table(_by_service(calls), indent=4)


def _by_service(calls: Sequence[str]) -> list[tuple[str, str]]:
    """The calls of each service in one row."""
    services: dict[str, list[str]] = {}
    for call in calls:
        service, _, name = call.removeprefix("aws ").partition(" ")
        services.setdefault(service or "every", []).append(name or "call")
    return [(service, ", ".join(names)) for service, names in services.items()]


def _more(paper: Paper, total: int) -> None:
    if total > _MOST:
        paper.put(f"and {total - _MOST:,} more; --format json tells all", indent=2)


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
