"""AWS's own analyses, saved, asked again: the same questions of a snapshot, and what differs.

    read(documents) -> Recorded, ...        compare(snapshot, recorded) -> Comparison

Takes what ``aws ec2 describe-network-insights-paths`` and ``describe-network-insights-analyses``
printed; a path alone is only asked.  AWS's ``SourceIp`` and ``DestinationPort`` are of the packet
as it leaves and ``DestinationIp`` is of the packet as it arrives, since each excludes the filter at
that end.  A path that was found without a way back was analysed one way.  Must not know rendering
or the command line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from reach.analysis.analyse import analyse, analysis_of
from reach.answer import Answer, PathComponent, Verdict
from reach.asking import ask, ground_of
from reach.errors import QuestionError
from reach.network.field import TCP, UDP
from reach.options import Options
from reach.question import Packet, Question, parse
from reach.snapshot.snapshot import Snapshot

_PATHS, _ANALYSES = "NetworkInsightsPaths", "NetworkInsightsAnalyses"
_TAG = "reach:"
_OTHER_PATHS, _OTHER_WAYS = 8, 20
_PROTOCOLS = {"tcp": TCP, "udp": UDP}


class Outcome(StrEnum):
    """What became of one recorded analysis.

    ASKED: there was no answer of AWS's to compare with.  REFUSED: it cannot be asked.
    """

    AGREES = "agrees"
    DIFFERS = "differs"
    UNDECIDED = "undecided"
    ASKED = "asked"
    REFUSED = "refused"


@dataclass(frozen=True)
class Recorded:
    """A question that AWS was asked, and what it answered if it did.

    ``verdict`` is None where AWS gave none; ``said`` is why.  ``refused`` says why the question
    cannot be told from what was saved.
    """

    name: str
    question: Question | None
    verdict: Verdict | None = None
    said: str = ""
    forward: tuple[str, ...] = ()
    reply: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)
    refused: str = ""


@dataclass(frozen=True)
class Comparison:
    """One recorded analysis, our answer, and each difference in words."""

    recorded: Recorded
    outcome: Outcome
    answer: Answer | None = None
    differences: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        told = self.recorded
        return {
            "name": told.name,
            "question": None if told.question is None else str(told.question),
            "aws": None if told.verdict is None else told.verdict.value,
            "verdict": None if self.answer is None else self.answer.verdict.value,
            "outcome": self.outcome.value,
            "differences": list(self.differences),
        }


# ------------------------------------------------------------------------------- reading


def read(documents: Iterable[Mapping[str, Any]]) -> tuple[Recorded, ...]:
    """The analyses of all documents, then the paths that none of them is about."""
    saved = list(documents)
    if not any(key in each for each in saved for key in (_PATHS, _ANALYSES)):
        raise QuestionError(f"there is no {_ANALYSES} and no {_PATHS}: it is no such answer of AWS")
    paths = {
        str(path.get("NetworkInsightsPathId")): path
        for document in saved
        for path in _list(document, _PATHS)
    }
    analyses = [each for document in saved for each in _list(document, _ANALYSES)]
    found = [_analysis(each, paths) for each in analyses]
    seen = {str(each.get("NetworkInsightsPathId")) for each in analyses}
    found += [_only_asked(name, path) for name, path in paths.items() if name not in seen]
    return tuple(found)


def _list(document: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    listed = document.get(key, [])
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise QuestionError(f"{key} is to be a list of objects")
    return listed


def _only_asked(name: str, path: Mapping[str, Any]) -> Recorded:
    try:
        return Recorded(name, _of_path(path))
    except QuestionError as error:
        return Recorded(name, None, refused=str(error))


def _analysis(told: Mapping[str, Any], paths: Mapping[str, Mapping[str, Any]]) -> Recorded:
    name = str(told.get("NetworkInsightsAnalysisId", "an analysis without an id"))
    verdict, said = _verdict(told)
    forward, reply = (_ids(told.get(f"{way}PathComponents")) for way in ("Forward", "Return"))
    codes = tuple(str(each.get("ExplanationCode")) for each in told.get("Explanations") or ())
    made = Recorded(name, None, verdict, said, forward, reply, codes)
    try:
        question, options = _question(told, paths)
    except QuestionError as error:
        return replace(made, refused=str(error))
    if verdict is Verdict.REACHABLE and forward and not reply:
        question = replace(question, one_way=True)
    return replace(made, question=question, options=options)


def _verdict(told: Mapping[str, Any]) -> tuple[Verdict | None, str]:
    """What AWS found; a failed or running analysis found nothing."""
    status = told.get("Status")
    if status == "succeeded":
        found = bool(told.get("NetworkPathFound"))
        return (Verdict.REACHABLE if found else Verdict.UNREACHABLE), ""
    said = str(told.get("StatusMessage") or "")
    if said.startswith("undecided: "):
        return Verdict.UNDECIDED, said
    return None, f"the analysis is {status}" + (f": {said}" if said else "")


def _ids(components: Any) -> tuple[str, ...]:
    return tuple(str(each.get("Component", {}).get("Id", "")) for each in components or ())


def _question(
    told: Mapping[str, Any], paths: Mapping[str, Mapping[str, Any]]
) -> tuple[Question, Mapping[str, str]]:
    """From our own tags, else from its path, with the components to pass and to avoid."""
    through = tuple(map(str, told.get("FilterInArns") or ()))
    avoid = tuple(map(str, told.get("FilterOutArns") or ()))
    tags = {str(tag.get("Key")): str(tag.get("Value")) for tag in told.get("Tags") or ()}
    path_id = str(told.get("NetworkInsightsPathId"))
    if f"{_TAG}question" in tags:
        question, options = _of_tags(tags), _pairs(tags, "option")
    elif path_id in paths:
        question, options = _of_path(paths[path_id]), ()
    else:
        raise QuestionError(
            f"its path {path_id} is not among what was saved: describe-network-insights-paths "
            "tells what was asked"
        )
    return replace(question, through=through, avoid=avoid), dict(options)


def _of_tags(tags: Mapping[str, str]) -> Question:
    asked = parse(
        tags[f"{_TAG}question"],
        one_way=tags.get(f"{_TAG}one-way") == "true",
        port_at=tags.get(f"{_TAG}port-at", "source"),
    )
    return replace(
        asked,
        at_source=_pairs(tags, "at-source"),
        at_destination=_pairs(tags, "at-destination"),
        assume=_pairs(tags, "assume"),
    )


def _pairs(tags: Mapping[str, str], name: str) -> tuple[tuple[str, str], ...]:
    start = f"{_TAG}{name}:"
    return tuple(sorted((k.removeprefix(start), v) for k, v in tags.items() if k.startswith(start)))


def _of_path(path: Mapping[str, Any]) -> Question:
    """What a path asks."""
    source = path.get("SourceArn") or path.get("Source")
    leaving, arriving = path.get("FilterAtSource") or {}, path.get("FilterAtDestination") or {}
    sent_to = leaving.get("DestinationAddress")
    destination = path.get("DestinationArn") or path.get("Destination")
    destination = destination or path.get("DestinationIp") or sent_to
    if not source or not destination:
        raise QuestionError("it names no source or no destination")
    protocol = _PROTOCOLS.get(str(path.get("Protocol", "tcp")).lower())
    if protocol is None:
        raise QuestionError(f"its protocol is {path.get('Protocol')!r}; AWS has tcp and udp")
    port = path.get("DestinationPort")
    ports = (int(port), int(port)) if port is not None else None
    at_source = dict(_filter(leaving))
    if path.get("SourceIp"):
        at_source["source"] = str(path["SourceIp"])
    at_destination = dict(_filter(arriving))
    if path.get("DestinationIp") and path.get("Destination"):
        at_destination["destination"] = str(path["DestinationIp"])
    return Question(
        _end(str(source)),
        _end(str(destination)),
        Packet(protocol=protocol, ports=ports),
        at_source=tuple(sorted(at_source.items())),
        at_destination=tuple(sorted(at_destination.items())),
    )


def _end(text: str) -> str:
    """An id is known whatever its account; a load balancer's ARN is its own name."""
    return text.rpartition("/")[2] if text.startswith("arn:") and ":ec2:" in text else text


def _filter(told: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for side in ("source", "destination"):
        title = side.capitalize()
        if told.get(f"{title}Address"):
            yield side, str(told[f"{title}Address"])
        span = told.get(f"{title}PortRange") or {}
        low, high = span.get("FromPort", 0), span.get("ToPort", 65535)
        if (low, high) != (0, 65535):
            yield f"{side}-port", f"{low}-{high}"


# ------------------------------------------------------------------------------- comparing


def compare(snapshot: Snapshot, recorded: Recorded) -> Comparison:
    """Ask it of a snapshot.  Verdicts have to be the same; AWS's path has to be among the paths
    there are, and AWS's codes among those of a blocked way: AWS promises one reason only."""
    if recorded.question is None:
        return Comparison(recorded, Outcome.REFUSED, None, (recorded.refused,))
    try:
        answer = _ask(snapshot, recorded)
    except QuestionError as error:
        return Comparison(recorded, Outcome.REFUSED, None, (str(error),))
    if recorded.verdict is None:
        return Comparison(recorded, Outcome.ASKED, answer)
    if answer.verdict is not recorded.verdict:
        words = f"AWS says {recorded.verdict}, the snapshot {answer.verdict}"
        open_ = answer.verdict is Verdict.UNDECIDED
        outcome = Outcome.UNDECIDED if open_ else Outcome.DIFFERS
        return Comparison(recorded, outcome, answer, (words,))
    differences = tuple(_differences(snapshot, recorded, answer))
    outcome = Outcome.DIFFERS if differences else Outcome.AGREES
    return Comparison(recorded, outcome, answer, differences)


def _ask(snapshot: Snapshot, recorded: Recorded, **more: Any) -> Answer:
    assert recorded.question is not None
    return ask(snapshot, recorded.question, options=recorded.options, **more)


def _differences(snapshot: Snapshot, recorded: Recorded, answer: Answer) -> Iterator[str]:
    match answer.verdict:
        case Verdict.REACHABLE if recorded.forward:
            yield from _of_paths(snapshot, recorded, answer)
        case Verdict.UNREACHABLE if recorded.codes:
            missing = _missing_codes(recorded, answer)
            if missing:
                missing = _missing_codes(recorded, _ask(snapshot, recorded, blocked=_OTHER_WAYS))
            if missing:
                ours = ", ".join(dict.fromkeys(each.code for each in answer.explanations))
                yield f"AWS's codes {', '.join(missing)} are not among {ours}"
        case _:
            pass


def _missing_codes(recorded: Recorded, answer: Answer) -> tuple[str, ...]:
    """AWS's codes that the way lacks which has most of them."""
    ways = [answer.explanations, *(way.explanations for way in answer.blocked)]
    lacking = (
        tuple(code for code in recorded.codes if code not in {each.code for each in way})
        for way in ways
    )
    return min(lacking, key=len)


def _of_paths(snapshot: Snapshot, recorded: Recorded, answer: Answer) -> Iterator[str]:
    told = analyse(snapshot, answer).analysis
    assert told is not None
    if _same(told.forward, recorded.forward) and _same(told.reply, recorded.reply):
        return
    ground = ground_of(snapshot, Options.of(recorded.options))
    several = _ask(snapshot, recorded, paths=_OTHER_PATHS)
    for other in several.paths:
        found = analysis_of(ground, several, other)
        if _same(found.forward, recorded.forward) and _same(found.reply, recorded.reply):
            return
    for way, theirs, ours in (
        ("there", recorded.forward, told.forward),
        ("back", recorded.reply, told.reply),
    ):
        if not _same(ours, theirs):
            yield f"the way {way} is another:\n{_side_by_side(theirs, ours)}"


def _same(ours: Sequence[PathComponent], theirs: Sequence[str]) -> bool:
    return [each.component["Id"] for each in ours] == list(theirs)


def _side_by_side(theirs: Sequence[str], ours: Sequence[PathComponent]) -> str:
    """Both paths, a component a line."""
    own = [each.component["Id"] for each in ours]
    lines = max(len(theirs), len(own))
    pairs = zip(_padded(theirs, lines), _padded(own, lines), strict=True)
    width = max((len(each) for each in theirs), default=3)
    rows = [f"  {'AWS':<{width}}  snapshot"]
    rows += [f"{' ' if a == b else '!'} {a:<{width}}  {b}".rstrip() for a, b in pairs]
    return "\n".join(rows)


def _padded(ids: Sequence[str], length: int) -> list[str]:
    return [*ids, *([""] * (length - len(ids)))]
