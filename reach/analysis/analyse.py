"""An answer with its path in AWS's words.

    analyse(snapshot, answer) -> the answer, with ``analysis``

Takes an answer that ``ask`` gave on this very snapshot.  Must not know rendering.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from reach.analysis.components import path
from reach.analysis.things import kind_of
from reach.answer import Analysis, Answer, PathComponent, Witness
from reach.asking import ground_behind
from reach.lower import Ground
from reach.snapshot.snapshot import Snapshot

# What AWS lets a path be forced through: Reachability Analyzer guide, "How it works".
_HINTED = (
    "loadbalancer",
    "natgateway",
    "firewall",
    "transit-gateway",
    "transit-gateway-attachment",
    "vpc-peering-connection",
)


def analyse(snapshot: Snapshot, answer: Answer) -> Answer:
    """The same answer; of an answer without a witness nothing is told besides."""
    if answer.witness is None:
        return answer
    ground = ground_behind(snapshot, answer)
    told = analysis_of(ground, answer, answer.witness)
    others = (analysis_of(ground, answer, other) for other in answer.paths)
    passed = {each.component["Id"] for each in (*told.forward, *told.reply)}
    hints = {
        each.component["Id"]: _hint(each)
        for other in others
        for each in other.forward
        if _is_hinted(each) and each.component["Id"] not in passed
    }
    return replace(answer, analysis=replace(told, hints=tuple(hints.values())))


def analysis_of(ground: Ground, answer: Answer, witness: Witness) -> Analysis:
    """One path of an answer; ends are told by the id that their words begin with."""
    start, end = (each.partition(" ")[0] for each in (answer.source, answer.destination))
    there = path(ground, witness.forward, start, end, witness.packets)
    back = path(ground, witness.reply, end, start)
    return Analysis(there, back)


def _is_hinted(each: PathComponent) -> bool:
    return kind_of(each.component.get("Arn", each.component["Id"])) in _HINTED


def _hint(each: PathComponent) -> Mapping[str, str]:
    return dict(_hint_members(each.component))


def _hint_members(component: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    yield "ComponentId", component["Id"]
    if "Arn" in component:
        yield "ComponentArn", component["Arn"]
